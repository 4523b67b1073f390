"""The HTTP face of the shop: MyOnlineStore API v1, as far as reading orders needs it.

Source: shop/api.md, "What we ask for" and "Errors and strange answers".
"""

import functools
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, jsonify, request

from mww2minox.sandbox import control, shapes
from mww2minox.sandbox.current import current
from mww2minox.sandbox.payments import EMBEDDABLE, payments
from mww2minox.sandbox.settings import Settings
from mww2minox.sandbox.shop import (
    LANGUAGES,
    BadParameterError,
    OrderFilter,
    Shop,
    parse_filter,
    statuses,
)

TOKEN = "sandbox-shop-token"  # noqa: S105 - opens nothing but the sandbox
PARTNER_TOKEN = "sandbox-partner-token"  # noqa: S105 - the same
PAYMENT_FIELDS = frozenset({"payment", "payment_status"})
PARTNER_PATHS = ("/v1/orderstatuses", "/v1/payment/gateways")


@dataclass(frozen=True)
class _Region:
    """A country and its VAT rates, as fractions of one."""

    country: str
    rate: str
    reduced_rate: str
    vat_number: str | None = None
    """The merchant's own."""


REGIONS = (
    _Region("NL", "0.21", "0.09", vat_number="NL000099998B57"),
    _Region("BE", "0.21", "0.06"),
    _Region("DE", "0.19", "0.07"),
)

STORE: dict[str, Any] = {
    "id": "e5fc33df-b2bf-40ec-8d8d-56fc34b495cc",
    "name": "Voorbeeldwinkel",
    "primary_domain": "https://www.voorbeeldwinkel.example",
    "description": "Van alles een beetje",
    "open": True,
    "version": "Pro",
    "administration_language": "nl_NL",
    "currency": "EUR",
    "prices_include_tax": True,
    "default_language": "nl_NL",
    "active_languages": ["nl_NL", "en_GB"],
    "currency_format_locale": "nl_NL",
    "available_business_models": "ALL",
    "region_code": "NL",
}

GATEWAYS: dict[str, Any] = {
    "gateways": [
        {
            "name": "basic",
            "displayName": "Basis",
            "websiteUrl": "https://www.mijnwebwinkel.nl/",
            "methods": [
                {"name": "advance", "displayName": "Vooruitbetaling"},
                {"name": "cash", "displayName": "Contant bij afhalen"},
            ],
        },
        {
            "name": "mollie",
            "displayName": "Mollie",
            "websiteUrl": "https://www.mollie.com/",
            "methods": [
                {"name": "ideal", "displayName": "iDEAL"},
                {"name": "bancontact", "displayName": "Bancontact"},
            ],
        },
    ]
}


class NoOrderError(Exception):
    """There is no such order."""


@functools.cache
def application() -> Flask:
    """Return the shop's application, which serves all sandboxes."""
    app = Flask("mww2minox.sandbox.shop", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False

    _ShopApi().register(app)
    app.register_blueprint(control.create_blueprint())
    return app


class _ShopApi:
    @property
    def _shop(self) -> Shop:
        return current().shop

    @property
    def _settings(self) -> Settings:
        return current().settings

    def register(self, app: Flask) -> None:
        app.before_request(_refuse)
        app.register_error_handler(BadParameterError, _bad_parameter)
        app.register_error_handler(NoOrderError, _no_order)
        app.register_error_handler(
            404, lambda _error: _problem(404, "Not Found", "There is nothing here.")
        )
        app.register_error_handler(
            405, lambda _error: _problem(405, "Method Not Allowed", "Only GET.")
        )

        app.add_url_rule("/v1/orders", view_func=self.orders)
        app.add_url_rule("/v1/orders/count", view_func=self.count)
        app.add_url_rule("/v1/orders/<number>", view_func=self.order)
        app.add_url_rule("/v1/orders/<number>/payments", view_func=self.payments)
        app.add_url_rule("/v1/orderstatuses", view_func=self.statuses)
        app.add_url_rule("/v1/payment/gateways", view_func=self.gateways)
        app.add_url_rule("/v1/store", view_func=self.store)
        app.add_url_rule("/v1/tax-policy/regions", view_func=self.regions)

    def orders(self) -> Response:
        order_filter = self._filter()
        orders = order_filter.page(self._shop.find(order_filter))
        return jsonify([self._shown(order) for order in orders])

    def count(self) -> Response:
        return jsonify({"count": len(self._shop.find(self._filter()))})

    def order(self, number: str) -> Response:
        return jsonify(self._shown(self._order(number)))

    def payments(self, number: str) -> Response:
        order = self._order(number)
        embed = request.args.get("embed", "").split(",") if request.args.get("embed") else []
        if not EMBEDDABLE.issuperset(embed):
            raise BadParameterError("embed")

        reading = self._settings.payments
        found = payments(order, reading, embed=embed, store=STORE["id"])
        return jsonify({"payments": found})

    def statuses(self) -> Response:
        return jsonify(statuses(request.args.get("language", "nl_NL")))

    def gateways(self) -> Response:
        return jsonify(GATEWAYS)

    def store(self) -> Response:
        return jsonify(STORE)

    def regions(self) -> Response:
        regions = [_shown_region(region) for region in REGIONS]
        # The service wraps the list that its document has bare.
        return jsonify({"regions": regions} if self._settings.shape == "live" else regions)

    def _order(self, number: str) -> dict[str, Any]:
        order = self._shop.orders.get(number)
        # The shop never shows a test order by its number.
        if order is None or order.get("test"):
            raise NoOrderError(number)
        return order

    def _filter(self) -> OrderFilter:
        return parse_filter(
            request.args,
            archived_default=self._settings.archived_default,
            changed_may_be_empty=self._settings.status_changed_empty,
        )

    def _shown(self, order: dict[str, Any]) -> dict[str, Any]:
        # Both are deprecated in favour of the list of payments.
        if not self._settings.order_payment:
            order = {key: part for key, part in order.items() if key not in PAYMENT_FIELDS}

        empty = self._settings.status_changed_empty
        if self._settings.shape == "document":
            return shapes.document(order, changed_may_be_empty=empty)

        numbers = self._settings.amounts == "numbers"
        return shapes.live(order, numbers=numbers, changed_may_be_empty=empty)


def _refuse() -> Response | None:
    """Look at the tokens, and at the parameters that every address takes."""
    # The sandbox' own address asks for no key.
    if not request.path.startswith("/v1/"):
        return None

    if request.args.get("token") != TOKEN:
        return _problem(401, "Unauthorized", "The token is missing or not valid.")
    if request.path in PARTNER_PATHS and request.args.get("partner_token") != PARTNER_TOKEN:
        return _problem(401, "Unauthorized", "The partner token is missing or not valid.")

    if request.args.get("language", "nl_NL") not in LANGUAGES:
        raise BadParameterError("language")
    if request.args.get("format", "json") != "json":
        raise BadParameterError("format")
    return None


def _bad_parameter(error: BadParameterError) -> Response:
    return _problem(400, "Bad Request", f"The value of parameter {error} is not valid.")


def _no_order(error: NoOrderError) -> Response:
    return _problem(404, "Not Found", f"Order {error} does not exist.")


def _problem(status: int, title: str, detail: str) -> Response:
    response = jsonify({"type": "about:blank", "title": title, "detail": detail, "status": status})
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


def _shown_region(region: _Region) -> dict[str, Any]:
    reduced = [{"type": "collection", "references": ["collection-1"]}]
    return {
        "regionCode": region.country,
        "taxEnabled": True,
        "taxNumber": region.vat_number,
        "taxRate": region.rate,
        "shippingTaxMethod": "proportional",
        "shippingTaxRate": None,
        "transactionTaxMethod": "proportional",
        "transactionTaxRate": None,
        # Goods of some collections have the reduced rate.
        "overrides": [{"taxRate": region.reduced_rate, "items": reduced}],
    }
