"""The sandbox' own address, `/_sandbox/`, on both ports: for tests and play in another process."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, jsonify, request

from mww2minox.sandbox.current import current
from mww2minox.sandbox.faults import Fault

if TYPE_CHECKING:
    from mww2minox.sandbox.sandbox import Sandbox


def create_blueprint() -> Blueprint:
    """Give the control API. It asks for no key: it is a stand-in on loopback."""
    control = _Control()
    blueprint = Blueprint("control", __name__, url_prefix="/_sandbox")
    blueprint.register_error_handler(
        LookupError, lambda error: (jsonify({"unknown": str(error.args[0])}), 404)
    )
    blueprint.register_error_handler(TypeError, lambda error: (jsonify({"error": str(error)}), 400))
    blueprint.register_error_handler(
        ValueError, lambda error: (jsonify({"error": str(error)}), 400)
    )
    for rule, method, view in control.routes():
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])
    return blueprint


class _Control:
    @property
    def _sandbox(self) -> Sandbox:
        return current()

    def routes(self) -> list[tuple[str, str, Any]]:
        return [
            ("/settings", "GET", self.settings),
            ("/settings", "PATCH", self.change_settings),
            ("/faults", "GET", self.faults),
            ("/faults", "POST", self.add_faults),
            ("/faults", "DELETE", self.clear_faults),
            ("/requests", "GET", self.requests),
            ("/requests", "DELETE", self.clear_requests),
            ("/ledger", "GET", self.ledger),
            ("/ledger/<batch>", "PUT", self.put_batch),
            ("/ledger/<batch>", "DELETE", self.delete_batch),
            ("/customers", "GET", self.customers),
            ("/customers/<number>", "PATCH", self.change_customer),
            ("/orders/<number>", "GET", self.order),
            ("/orders/<number>", "PUT", self.put_order),
            ("/orders/<number>", "PATCH", self.change_order),
            ("/orders/<number>", "DELETE", self.delete_order),
            ("/periods", "POST", self.periods),
        ]

    def settings(self) -> Response:
        return jsonify(self._sandbox.settings.as_dict())

    def change_settings(self) -> Response:
        self._sandbox.settings.update(_object())
        return self.settings()

    def faults(self) -> Response:
        return jsonify([fault.as_dict() for fault in self._sandbox.faults])

    def add_faults(self) -> Response:
        body = request.get_json()
        wanted = [Fault(**fault) for fault in (body if isinstance(body, list) else [body])]
        self._sandbox.faults.extend(wanted)
        return self.faults()

    def clear_faults(self) -> Response:
        self._sandbox.faults.clear()
        return self.faults()

    def requests(self) -> Response:
        seen = [seen.as_dict() for seen in self._sandbox.requests]
        return jsonify({"requests": seen, "counts": Counter(entry["side"] for entry in seen)})

    def clear_requests(self) -> Response:
        self._sandbox.requests.clear()
        return self.requests()

    def ledger(self) -> Response:
        return jsonify(self._sandbox.minox.batches)

    def put_batch(self, batch: str) -> Response:
        self._sandbox.minox.batches[batch] = request.get_json()
        return self.ledger()

    def delete_batch(self, batch: str) -> Response:
        self._sandbox.minox.delete_batch(batch)
        return self.ledger()

    def customers(self) -> Response:
        return jsonify(self._sandbox.minox.customers)

    def change_customer(self, number: str) -> Response:
        self._sandbox.minox.customers[number].update(_object())
        return jsonify(self._sandbox.minox.customers[number])

    def order(self, number: str) -> Response:
        return jsonify(self._sandbox.shop.orders[number])

    def put_order(self, number: str) -> Response:
        self._sandbox.shop.add(_object() | {"number": number})
        return self.order(number)

    def change_order(self, number: str) -> Response:
        """Change fields; a status alone moves the moment of its change too."""
        fields = _object()
        if "status" in fields and "status_changed_date" not in fields:
            self._sandbox.shop.set_status(number, fields.pop("status"))
        self._sandbox.shop.change(number, **fields)
        return self.order(number)

    def delete_order(self, number: str) -> Response:
        self._sandbox.shop.remove(number)
        return Response(status=204)

    def periods(self) -> Response:
        """Close or open a period: `{"fiscal_year": 2026, "period": 3, "closed": true}`."""
        body = _object()
        minox = self._sandbox.minox
        act = minox.close_period if body.get("closed", True) else minox.open_period
        act(int(body["fiscal_year"]), int(body["period"]))
        return jsonify(sorted(minox.administration.closed))


def _object() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict):
        msg = "the body is not an object"
        raise TypeError(msg)
    return body
