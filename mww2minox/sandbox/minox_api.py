"""The HTTP face of Minox: its REST API v1, as far as booking sales needs it."""

from __future__ import annotations

import functools
import json
import math
import uuid
from decimal import Decimal
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from flask import Flask, Response, g, jsonify, request
from werkzeug.routing import BaseConverter

from mww2minox.sandbox import control, oauth
from mww2minox.sandbox.administration import ADMINISTRATION, TENANT
from mww2minox.sandbox.current import current
from mww2minox.sandbox.ledger import Message
from mww2minox.sandbox.minox import RefusedError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mww2minox.sandbox.minox import Minox
    from mww2minox.sandbox.settings import Settings

PREFIX = "/api/1/tenant/<int:tenant>/administration"
INSIDE = PREFIX + "/<int:administration>"


class Segment(BaseConverter):
    """One segment of a path that may hold encoded slashes (see `gate`)."""

    def to_python(self, value: str) -> str:
        """Decode what the gate kept encoded."""
        return unquote(value)


class ApiError(Exception):
    """An answer that is an error without being a refusal by the bookkeeping rules."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Keep the status and the one message."""
        super().__init__(message)
        self.status = status
        self.message = Message(code, message, "")


@functools.cache
def application() -> Flask:
    """Give Minox' application, which serves all sandboxes."""
    app = Flask("mww2minox.sandbox.minox", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.converters["segment"] = Segment
    app.url_map.merge_slashes = False
    app.register_blueprint(oauth.create_blueprint())
    _MinoxApi().register(app)
    app.register_blueprint(control.create_blueprint())
    return app


class _MinoxApi:
    @property
    def _minox(self) -> Minox:
        return current().minox

    @property
    def _settings(self) -> Settings:
        return current().settings

    def register(self, app: Flask) -> None:
        app.before_request(self._count)
        app.after_request(_tell_rate)
        app.register_error_handler(ApiError, lambda error: _messages([error.message], error.status))
        app.register_error_handler(RefusedError, self._refused)
        app.register_error_handler(UnknownError, lambda _error: _messages([_NOT_FOUND], 404))
        app.register_error_handler(404, lambda _error: _messages([_NOT_FOUND], 404))
        app.register_error_handler(405, lambda _error: _messages([_NOT_ALLOWED], 405))
        for rule, method, scope, view in self._routes():
            app.add_url_rule(rule, view.__name__, self._guarded(view, scope), methods=[method])

    def _routes(self) -> list[tuple[str, str, str, Callable[..., Response]]]:
        customer, batch = f"{INSIDE}/customer", f"{INSIDE}/transaction_line_batch/<batch>"
        return [
            (PREFIX, "GET", "administration:read", self.administrations),
            (f"{INSIDE}/ledger_account", "GET", "ledger_account:read", self.ledger_accounts),
            (f"{INSIDE}/vat", "GET", "vat:read", self.vat_codes),
            (f"{INSIDE}/journal", "GET", "journal:read", self.journals),
            (f"{INSIDE}/payment_term", "GET", "payment_term:read", self.payment_terms),
            (customer, "GET", "customer:read", self.customers),
            (customer, "POST", "customer:write", self.create_customer),
            (f"{customer}/<number>", "GET", "customer:read", self.customer),
            (f"{customer}/<number>", "PATCH", "customer:write", self.change_customer),
            (f"{customer}/by_email/<segment:email>", "GET", "customer:read", self.by_email),
            (
                f"{customer}/by_externalid/<segment:externalid>",
                "GET",
                "customer:read",
                self.by_externalid,
            ),
            (batch, "GET", "transaction:read", self.batch),
            (batch, "PUT", "transaction:write", self.put_batch),
            (batch, "DELETE", "transaction:write", self.delete_batch),
            (f"{INSIDE}/year/<int:year>/transaction_lines", "GET", "transaction:read", self.lines),
            (f"{INSIDE}/receivable", "GET", "transaction:read", self.receivables),
            (
                f"{INSIDE}/receivable/account/<number>/invoice/<int:invoice>",
                "GET",
                "transaction:read",
                self.receivable,
            ),
        ]

    # Lists.

    def administrations(self) -> Response:
        return self._page([self._minox.administration.as_dict()])

    def ledger_accounts(self) -> Response:
        return self._page(list(self._minox.administration.accounts.values()))

    def vat_codes(self) -> Response:
        return self._page(list(self._minox.administration.vat_codes.values()))

    def journals(self) -> Response:
        return self._page(list(self._minox.administration.journals.values()))

    def payment_terms(self) -> Response:
        return self._page(list(self._minox.administration.payment_terms.values()))

    # Customers.

    def customers(self) -> Response:
        return self._page(self._minox.search_customers(request.args.get("search", "")))

    def customer(self, number: str) -> Response:
        return jsonify(self._minox.customer(number))

    def create_customer(self) -> Response:
        customer = self._minox.create_customer(_json(), request.args.get("journal_id"))
        how = self._settings.post_customer
        if how in {"location", "nothing"}:
            location = f"{request.base_url}/{customer['id']}"
            return Response(
                status=201, headers={"Location": location} if how == "location" else None
            )
        response = jsonify(customer if how == "customer" else {"id": customer["id"]})
        response.status_code = 201
        return response

    def change_customer(self, number: str) -> Response:
        return jsonify(self._minox.change_customer(number, _json()))

    def by_email(self, email: str) -> Response:
        return self._found(self._minox.customers_by_email(email), self._settings.by_email)

    def by_externalid(self, externalid: str) -> Response:
        found = self._minox.customers_by_externalid(externalid)
        return self._found(found, self._settings.by_externalid)

    # Bookings.

    def batch(self, batch: str) -> Response:
        return jsonify(self._minox.batch(_uuid(batch)))

    def put_batch(self, batch: str) -> Response:
        return jsonify(self._minox.put_batch(_uuid(batch), _json()))

    def delete_batch(self, batch: str) -> Response:
        self._minox.delete_batch(_uuid(batch))
        return Response(status=204)

    def lines(self, year: int) -> Response:
        if year not in self._minox.administration.fiscal_years:
            raise UnknownError(year)
        period = request.args.get("period")
        if period is not None and not period.isdecimal():
            raise ApiError(400, "period_unknown", f"Periode {period} bestaat niet.")
        return self._page(self._minox.lines(year, None if period is None else int(period)))

    def receivables(self) -> Response:
        return self._page(self._minox.receivables())

    def receivable(self, number: str, invoice: int) -> Response:
        for item in self._minox.receivables():
            if (item["account"]["id"], item["invoice_number"]) == (number, invoice):
                return jsonify(item)
        raise UnknownError(invoice)

    # What all of them share.

    def _count(self) -> None:
        if not request.path.startswith("/api/"):
            return
        admission = self._minox.rate_limit.admit()
        g.rate = admission.headers
        if not admission.allowed:
            raise ApiError(429, "too_many_requests", "Te veel verzoeken.")

    def _guarded(self, view: Callable[..., Response], scope: str) -> Callable[..., Response]:
        @functools.wraps(view)
        def guarded(tenant: int, administration: int = ADMINISTRATION, **parts: object) -> Response:
            granted = self._granted()
            if (tenant, administration) != (TENANT, ADMINISTRATION):
                raise UnknownError(tenant)
            if scope not in granted:
                raise ApiError(403, "forbidden", f"Het token heeft geen recht op {scope}.")
            return view(**parts)

        return guarded

    def _granted(self) -> list[str]:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        scope = self._minox.tokens.scope_of(token) if kind.lower() == "bearer" else None
        if scope is None:
            raise ApiError(401, "unauthorized", "Het token ontbreekt of is verlopen.")
        return scope.split()

    def _refused(self, error: RefusedError) -> Response:
        return _messages(error.messages, self._settings.error_status)

    def _found(self, found: list[dict[str, Any]], how: str) -> Response:
        if not found and how != "collection":
            raise ApiError(404, "customer_unknown", "De debiteur is niet gevonden.")
        return jsonify(found[0]) if how == "object" else jsonify({"links": {}, "collection": found})

    def _page(self, items: list[Any]) -> Response:
        if self._settings.paging == "none":
            return jsonify({"links": {}, "collection": items})
        size = max(1, self._settings.page_size)
        last = max(1, math.ceil(len(items) / size))
        current = min(last, max(1, request.args.get("currentpage", 1, type=int)))
        page: dict[str, Any] = {
            "links": {},
            "collection": items[(current - 1) * size : current * size],
        }
        if self._settings.paging == "metadata":
            page["metadata"] = {"last": last, "results": len(items), "currentpage": current}
        elif current < last:
            query = urlencode(request.args.to_dict() | {"currentpage": str(current + 1)})
            page["links"] = {"next": f"{request.base_url}?{query}"}
        return jsonify(page)


_NOT_FOUND = Message("not_found", "Niet gevonden.", "")
_NOT_ALLOWED = Message("method_not_allowed", "Dat kan hier niet.", "")


def _messages(messages: list[Message], status: int) -> Response:
    response = jsonify([message.as_dict() for message in messages])
    response.status_code = status
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _tell_rate(response: Response) -> Response:
    response.headers.update(g.get("rate", {}))
    return response


def _json() -> object:
    """Read the body with its decimals as they were written."""
    try:
        return json.loads(request.get_data(), parse_float=Decimal, parse_constant=_not_json)
    except ValueError:
        raise RefusedError([Message("body_invalid", "De inhoud is geen JSON.", "")]) from None


def _not_json(name: str) -> object:
    raise ValueError(name)


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ApiError(400, "uuid_invalid", f"{text} is geen UUID.") from None
