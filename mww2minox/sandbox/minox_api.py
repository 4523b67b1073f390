"""The HTTP face of Minox: its REST API v1, as far as booking sales needs it (minox/api.md)."""

import functools
import json
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlencode

from flask import Flask, Response, g, jsonify, request
from werkzeug.routing import BaseConverter

from mww2minox.sandbox import control, oauth
from mww2minox.sandbox.administration import ADMINISTRATION, TENANT
from mww2minox.sandbox.current import current
from mww2minox.sandbox.ledger import Message
from mww2minox.sandbox.minox import Minox, RefusedError, UnknownError
from mww2minox.sandbox.settings import Lookup, Settings

PREFIX = "/api/1/tenant/<int:tenant>/administration"
INSIDE = PREFIX + "/<int:administration>"
CUSTOMER = f"{INSIDE}/customer"
BATCH = f"{INSIDE}/transaction_line_batch/<batch>"
DECLARATION = f"{INSIDE}/vat_declaration"
RECEIVABLE = f"{INSIDE}/receivable"


@dataclass(frozen=True)
class _Route:
    path: str
    method: str
    scope: str
    view: Callable[..., Response]


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
    """Return Minox' application, which serves all sandboxes."""
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

        for route in self._routes():
            view = self._guarded(route.view, route.scope)
            app.add_url_rule(route.path, route.view.__name__, view, methods=[route.method])

    def _routes(self) -> list[_Route]:
        lists = [
            _Route(PREFIX, "GET", "administration:read", self.administrations),
            _Route(f"{INSIDE}/ledger_account", "GET", "ledger_account:read", self.ledger_accounts),
            _Route(f"{INSIDE}/ledger_account/<number>", "GET", "ledger_account:read", self.ledger),
            _Route(f"{INSIDE}/vat", "GET", "vat:read", self.vat_codes),
            _Route(f"{INSIDE}/journal", "GET", "journal:read", self.journals),
            _Route(f"{INSIDE}/payment_term", "GET", "payment_term:read", self.payment_terms),
            _Route(f"{INSIDE}/distance_sales", "GET", "administration:read", self.distance_sales),
        ]

        # An e-mail address or an externalid is one segment, whatever it holds.
        by_email = f"{CUSTOMER}/by_email/<segment:email>"
        by_externalid = f"{CUSTOMER}/by_externalid/<segment:externalid>"
        customers = [
            _Route(CUSTOMER, "GET", "customer:read", self.customers),
            _Route(CUSTOMER, "POST", "customer:write", self.create_customer),
            _Route(f"{CUSTOMER}/<number>", "GET", "customer:read", self.customer),
            _Route(f"{CUSTOMER}/<number>", "PATCH", "customer:write", self.change_customer),
            _Route(by_email, "GET", "customer:read", self.by_email),
            _Route(by_externalid, "GET", "customer:read", self.by_externalid),
        ]

        transaction_lines = f"{INSIDE}/year/<int:year>/transaction_lines"
        invoice = f"{RECEIVABLE}/account/<number>/invoice/<int:invoice>"
        bookings = [
            _Route(BATCH, "GET", "transaction:read", self.batch),
            _Route(BATCH, "PUT", "transaction:write", self.put_batch),
            _Route(BATCH, "DELETE", "transaction:write", self.delete_batch),
            _Route(transaction_lines, "GET", "transaction:read", self.lines),
            _Route(RECEIVABLE, "GET", "transaction:read", self.receivables),
            _Route(invoice, "GET", "transaction:read", self.receivable),
        ]
        returns = [
            _Route(DECLARATION, "GET", "vatdeclaration:read", self.declarations),
            _Route(f"{DECLARATION}/<number>", "GET", "vatdeclaration:read", self.declaration),
        ]
        return [*lists, *customers, *bookings, *returns]

    # Lists

    def administrations(self) -> Response:
        administration = self._minox.administration
        return self._page([administration.as_dict(vat_on_sub=self._settings.vat_on_sub)])

    def ledger_accounts(self) -> Response:
        return self._page(
            list(map(self._minox.ledger_account, self._minox.administration.accounts))
        )

    def ledger(self, number: str) -> Response:
        return jsonify(self._minox.ledger_account(number))

    def vat_codes(self) -> Response:
        return self._page(list(self._minox.administration.vat_codes.values()))

    def journals(self) -> Response:
        return self._page(list(self._minox.administration.journals.values()))

    def payment_terms(self) -> Response:
        return self._page(list(self._minox.administration.payment_terms.values()))

    def distance_sales(self) -> Response:
        # Which scope it needs, and whether it is there at all, is open.
        if self._settings.distance_sales == "forbidden":
            raise ApiError(403, "forbidden", "Het token heeft hier geen recht op.")
        if self._settings.distance_sales == "absent":
            raise UnknownError("distance_sales")
        return self._page(self._minox.administration.distance_sales)

    # Customers

    def customers(self) -> Response:
        return self._page(self._minox.search_customers(request.args.get("search", "")))

    def customer(self, number: str) -> Response:
        return jsonify(self._minox.customer(number))

    def create_customer(self) -> Response:
        customer = self._minox.create_customer(_json(), request.args.get("journal_id"))
        number = customer["id"]

        # Minox may answer the customer, its id alone, where it is, or nothing.
        answer = self._settings.post_customer
        if answer == "nothing":
            return Response(status=201)
        if answer == "location":
            return Response(status=201, headers={"Location": f"{request.base_url}/{number}"})

        response = jsonify(customer if answer == "customer" else {"id": number})
        response.status_code = 201
        return response

    def change_customer(self, number: str) -> Response:
        return jsonify(self._minox.change_customer(number, _json()))

    def by_email(self, email: str) -> Response:
        return _lookup(self._minox.customers_by_email(email), self._settings.by_email)

    def by_externalid(self, externalid: str) -> Response:
        customers = self._minox.customers_by_externalid(externalid)
        return _lookup(customers, self._settings.by_externalid)

    # Bookings

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

    # VAT returns

    def declarations(self) -> Response:
        return self._page([one.header() for one in self._minox.declarations()])

    def declaration(self, number: str) -> Response:
        return jsonify(self._minox.declaration(number))

    # What all of them share

    def _count(self) -> None:
        # Signing in and the sandbox' own address count for nothing.
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

    def _page(self, items: list[Any]) -> Response:
        """Return one page of a list, and the way to the next (minox/api.md, "Open: answers")."""
        if self._settings.paging == "none":
            return jsonify({"links": {}, "collection": items})

        size = max(1, self._settings.page_size)
        last = max(1, math.ceil(len(items) / size))
        number = min(last, max(1, request.args.get("currentpage", 1, type=int)))
        rows = items[(number - 1) * size : number * size]

        page: dict[str, Any] = {"links": {}, "collection": rows}
        if self._settings.paging == "metadata":
            page["metadata"] = {"last": last, "results": len(items), "currentpage": number}
        elif number < last:
            query = urlencode(request.args.to_dict() | {"currentpage": str(number + 1)})
            page["links"] = {"next": f"{request.base_url}?{query}"}
        return jsonify(page)


_NOT_FOUND = Message("not_found", "Niet gevonden.", "")
_NOT_ALLOWED = Message("method_not_allowed", "Dat kan hier niet.", "")


def _lookup(customers: list[dict[str, Any]], reading: Lookup) -> Response:
    """Return what a look-up answers in this reading: a collection, one object, or 404."""
    if not customers and reading != "collection":
        raise ApiError(404, "customer_unknown", "De debiteur is niet gevonden.")
    if reading == "object":
        return jsonify(customers[0])
    return jsonify({"links": {}, "collection": customers})


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
