"""The sandbox' own address, `/_sandbox/`, on both ports: for tests and play in another process.

The reference of the commands tells it to people who practise.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, jsonify, request

from mww2minox.sandbox.current import current
from mww2minox.sandbox.faults import Fault

NAMING_FIELDS = ("invoice_number", "description")


@dataclass(frozen=True)
class _Route:
    path: str
    method: str
    view: Callable[..., Response]


def create_blueprint() -> Blueprint:
    """Return the control API. It asks for no key: it is a stand-in on loopback."""
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
    blueprint.register_error_handler(LookupError, _unknown)
    blueprint.register_error_handler(TypeError, _wrong)
    blueprint.register_error_handler(ValueError, _wrong)

    for route in _ROUTES:
        name = route.view.__name__
        blueprint.add_url_rule(route.path, name, route.view, methods=[route.method])
    return blueprint


# Switches and faults


def _settings() -> Response:
    return jsonify(current().settings.as_dict())


def _change_settings() -> Response:
    current().settings.update(_object())
    return _settings()


def _faults() -> Response:
    return jsonify([fault.as_dict() for fault in current().faults])


def _add_faults() -> Response:
    """Add one fault, or a list of them: all, or none when one of them is wrong."""
    body = _body()
    bodies = body if isinstance(body, list) else [body]
    current().faults.extend([Fault(**fields) for fields in bodies])
    return _faults()


def _clear_faults() -> Response:
    current().faults.clear()
    return _faults()


# What was asked


def _requests() -> Response:
    entries = [entry.as_dict() for entry in current().requests]
    counts = Counter(entry["side"] for entry in entries)
    return jsonify({"requests": entries, "counts": counts})


def _clear_requests() -> Response:
    current().requests.clear()
    return _requests()


# Minox, past its own rules


def _ledger() -> Response:
    return jsonify(current().minox.batches)


def _put_batch(batch: str) -> Response:
    current().minox.batches[batch] = _body()
    return _ledger()


def _delete_batch(batch: str) -> Response:
    current().minox.delete_batch(batch)
    return _ledger()


def _bookings(number: str) -> Response:
    """Show the bookings of an order, by their UUIDs."""
    batches = current().minox.batches
    return jsonify({batch: batches[batch] for batch in _batches_of(number)})


def _delete_bookings(number: str) -> Response:
    """Delete the bookings of an order, as somebody might in Minox."""
    batches = _batches_of(number)
    if not batches:
        raise LookupError(number)

    for batch in batches:
        current().minox.delete_batch(batch)
    return jsonify({"deleted": batches})


def _batches_of(number: str) -> list[str]:
    """Return the batches whose lines have an order's number, as invoice number or description."""
    found = []
    for batch, lines in current().minox.batches.items():
        names = {str(line.get(field)) for line in lines for field in NAMING_FIELDS}
        if number in names:
            found.append(batch)
    return found


def _customers() -> Response:
    return jsonify(current().minox.customers)


def _change_customer(number: str) -> Response:
    customer = current().minox.customers[number]
    customer.update(_merged(customer, _object()))
    return jsonify(customer)


def _change_journal(number: str) -> Response:
    """Change fields of a journal, such as `next_invoice_number`."""
    journal = current().minox.administration.journals[number]
    journal.update(_object())
    return jsonify(journal)


def _change_ledger_account(number: str) -> Response:
    """Change fields of a ledger account, such as `vat` or `allow_free_vat_input`."""
    account = current().minox.administration.accounts[number]
    account.update(_object())
    return jsonify(account)


def _periods() -> Response:
    """Close or open a period: `{"fiscal_year": 2026, "period": 3, "closed": true}`."""
    body = _object()
    minox = current().minox

    close_or_open = minox.close_period if body.get("closed", True) else minox.open_period
    close_or_open(int(body["fiscal_year"]), int(body["period"]))
    return jsonify(sorted(minox.administration.closed))


# The shop's orders


def _order(number: str) -> Response:
    return jsonify(current().shop.orders[number])


def _put_order(number: str) -> Response:
    current().shop.add(_object() | {"number": number})
    return _order(number)


def _change_order(number: str) -> Response:
    """Change fields, also some within an address; a status alone moves the moment of its change
    too.
    """
    shop = current().shop
    fields = _merged(shop.orders[number], _object())

    if "status" in fields and "status_changed_date" not in fields:
        shop.set_status(number, fields.pop("status"))
    shop.change(number, **fields)
    return _order(number)


def _delete_order(number: str) -> Response:
    current().shop.remove(number)
    return Response(status=204)


def _vies(country: str, number: str) -> Response:
    """Answer as VIES does about a VAT number."""
    mode = current().settings.vies
    if mode == "down":
        return Response("Service Unavailable", status=503)
    if mode == "member_state_down":
        return jsonify({"isValid": False, "userError": "MS_UNAVAILABLE"})

    known = mode == "known"
    return jsonify(
        {
            "isValid": known,
            "countryCode": country,
            "requestDate": dt.datetime.now(dt.UTC).isoformat(),
            "userError": "VALID" if known else "INVALID",
            "vatNumber": number,
            "requestIdentifier": "",
        }
    )


_ROUTES = (
    _Route("/vies/ms/<country>/vat/<number>", "GET", _vies),
    _Route("/settings", "GET", _settings),
    _Route("/settings", "PATCH", _change_settings),
    _Route("/faults", "GET", _faults),
    _Route("/faults", "POST", _add_faults),
    _Route("/faults", "DELETE", _clear_faults),
    _Route("/requests", "GET", _requests),
    _Route("/requests", "DELETE", _clear_requests),
    _Route("/ledger", "GET", _ledger),
    _Route("/ledger/<batch>", "PUT", _put_batch),
    _Route("/ledger/<batch>", "DELETE", _delete_batch),
    _Route("/bookings/<number>", "GET", _bookings),
    _Route("/bookings/<number>", "DELETE", _delete_bookings),
    _Route("/customers", "GET", _customers),
    _Route("/customers/<number>", "PATCH", _change_customer),
    _Route("/orders/<number>", "GET", _order),
    _Route("/orders/<number>", "PUT", _put_order),
    _Route("/orders/<number>", "PATCH", _change_order),
    _Route("/orders/<number>", "DELETE", _delete_order),
    _Route("/journals/<number>", "PATCH", _change_journal),
    _Route("/ledger_accounts/<number>", "PATCH", _change_ledger_account),
    _Route("/periods", "POST", _periods),
)


def _merged(present: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes with, of what holds fields itself, those that they leave alone."""
    merged = {}
    for key, value in changes.items():
        under = present.get(key)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = {**under, **_merged(under, value)}
        else:
            merged[key] = value
    return merged


def _body() -> Any:  # noqa: ANN401 - JSON is anything
    # `curl -d` calls it a form.
    return request.get_json(force=True)


def _object() -> dict[str, Any]:
    body = _body()
    if not isinstance(body, dict):
        raise TypeError("the body is not an object")
    return body


def _unknown(error: Exception) -> tuple[Response, int]:
    return jsonify({"unknown": str(error.args[0])}), 404


def _wrong(error: Exception) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), 400
