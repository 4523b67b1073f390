"""The parts that sample orders are put together from, in the canonical form of `shop.Shop`.

Amounts are euros as text, rates percentages as text. What they mean: shop/api.md, "Money on an
order" and "Orders".
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Order = dict[str, Any]
OrderLine = dict[str, Any]
Price = dict[str, str]

NAMESPACE = uuid.UUID("7c0a7d0e-4f0e-5f39-9a57-0d4f4d2d8a11")
SIX_DECIMALS = Decimal("0.000001")
PAID = 2
CREDITED = 8
COUNTRIES = {
    "NL": "Nederland",
    "BE": "België",
    "DE": "Duitsland",
    "FR": "Frankrijk",
    "GR": "Griekenland",
    "CH": "Zwitserland",
    "FI": "Finland",
    "US": "Verenigde Staten",
}


def rated(rate: str, gross: str) -> Price:
    """Return the price `gross` at a rate; without VAT it has six decimals, as in the shop."""
    net = Decimal(gross) / (1 + Decimal(rate) / 100)
    return {
        "amount": str(net.quantize(SIX_DECIMALS, ROUND_HALF_UP)),
        "amount_including_tax": gross,
        "rate": rate,
    }


def net_price(rate: str, net: str) -> Price:
    """Return the price `net` at a rate as old orders have it, without an amount with VAT."""
    return {"amount": net, "rate": rate}


def line(kind: str, description: str, *prices: Price, quantity: int = 1) -> OrderLine:
    """Return an order line; its prices are for the whole line, one per rate."""
    return {"type": kind, "quantity": quantity, "description": description, "price": list(prices)}


def goods(rate: str, gross: str, description: str = "Theepot", quantity: int = 1) -> OrderLine:
    """Return a line of goods at one rate."""
    return line("article", description, rated(rate, gross), quantity=quantity)


def invoice(total: str, *taxes: tuple[str, str]) -> dict[str, Any]:
    """Return what the customer's invoice says: the total, and VAT as pairs of rate and amount."""
    tax = [{"amount": amount, "rate": rate} for rate, amount in taxes]
    return {"tax": tax, "total": total} if tax else {"total": total}


def person(
    name: str,
    email: str | None,
    *,
    country: str = "NL",
    company: str | None = None,
    vat_number: str | None = None,
) -> dict[str, Any]:
    """Return the shop's `debtor`: who buys, with one invoice address; what is None is absent."""
    address = {
        "name": name,
        "company": company,
        "street": "Molenstraat",
        "number": "62",
        "zipcode": "5341GE",
        "city": "Oss",
        "country": COUNTRIES[country],
        "country_code": country,
        "phone": "06-12345678",
        "taxnumber": vat_number,
    }
    invoice_address = {field: value for field, value in address.items() if value is not None}

    debtor: dict[str, Any] = {"email": email} if email else {}
    return debtor | {"address": {"invoice": invoice_address}}


def order(
    number: str,
    date: dt.date,
    debtor: dict[str, Any],
    lines: Sequence[OrderLine],
    price: dict[str, Any],
    **fields: object,
) -> Order:
    """Return an order. `fields` replace or add to the ordinary ones; None leaves one out."""
    buyer = debtor["address"]["invoice"]
    country = buyer["country_code"]
    order_lines = [{"id": _line_id(number, place), **part} for place, part in enumerate(lines)]

    ordinary: Order = {
        "number": number,
        "uuid": str(uuid.uuid5(NAMESPACE, f"order {number}")),
        "date": date.isoformat(),
        "time": "13:37:12",
        "status": PAID,
        "status_changed_date": None,
        "status_changed_time": None,
        "archived": False,
        "finished": True,
        "taxed": "include",
        "locale": "nl_NL",
        "currency": "EUR",
        "business_model": "B2B" if "company" in buyer else "B2C",
        "tax_region": country,
        "tax_strategy": "",
        "payment": {
            "gateway_name": "mollie",
            "method_name": "ideal",
            "status": {"id": 1, "text": "Betaald"},
        },
        "payment_status": "captured",
        "debtor": debtor,
        "price": price,
        "orderlines": order_lines,
        "shipping": [{"country": {"description": COUNTRIES[country], "isocode": country}}],
        "credit_order_numbers": [],
    }
    return ordinary | fields


def cash() -> dict[str, Any]:
    """Return a payment at the counter."""
    return {"gateway_name": "basic", "method_name": "cash", "status": {"id": 1, "text": "Betaald"}}


def credit(number: str, **fields: object) -> dict[str, Any]:
    """Return the fields that make an order a credit order on another."""
    unpaid = {"payment": None, "payment_status": None, "status": CREDITED}
    return {**unpaid, "credited_order_number": number, **fields}


def _line_id(number: str, place: int) -> str:
    return str(uuid.uuid5(NAMESPACE, f"order {number} line {place}"))
