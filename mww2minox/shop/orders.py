"""An order as the shop's API tells it, read into the core's words, and reduced to what booking
needs.

Takes every known shape (shop/api.md, "Live and documented shapes"): numbers as text or
number, an object or a list, `[]` for empty, missing fields. Texts that booking does not need
(comments, articles, delivery address) are never kept.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from unicodedata import category

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mww2minox.books.model import Buyer, Line, Order, Price, Tax

MICRO = Decimal("0.000001")


EMPTIED = "emptied"
"""A mark on reduced JSON that its addresses are gone."""


LONGEST_TEXT = 200


MOST_READ = 10 * LONGEST_TEXT


LARGEST_AMOUNT = 10**12


LARGEST_STATUS = 10**9


def read_amount(value: object) -> Decimal:
    """Read money or a rate from text or number, to the vendor's six decimals (floats carry noise
    beyond).
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("not a number")  # noqa: TRY004 - what pydantic collects
    try:
        amount = Decimal(str(value).strip()).quantize(MICRO)
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not amount.is_finite() or abs(amount) >= LARGEST_AMOUNT:
        raise ValueError("not a number")
    return amount


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("not a text")  # noqa: TRY004 - what pydantic collects
    return plain_text(str(value))


def plain_text(text: str) -> str:
    """Return a text on one line and cut, without what cannot be printed: escapes, direction marks,
    half characters.
    """
    chars = (
        char if char.isprintable() else "" if category(char) == "Cf" else " "
        for char in text[:MOST_READ]
    )
    return " ".join("".join(chars).split())[:LONGEST_TEXT].rstrip()


def read_number(value: object) -> str:
    """Read an order number; the live API sends text, the document says integer."""
    text = _text(value)
    if not text:
        raise ValueError("no number")
    return str(int(text)) if text.isascii() and text.isdigit() else text


def _day(value: object) -> object:
    """Read a date; MySQL's empty one means none."""
    return None if str(value).startswith("0000") else str(value)[:10]


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def read_flag(value: object) -> bool:
    """Read a boolean from text, number or JSON's own."""
    return str(value).lower() in ("true", "1")


Amount = Annotated[Decimal, BeforeValidator(read_amount)]


Text = Annotated[str, BeforeValidator(_text)]


Number = Annotated[str, BeforeValidator(read_number)]


Day = Annotated[date | None, BeforeValidator(_day)]


Flag = Annotated[bool, BeforeValidator(read_flag)]


class _Shape(BaseModel):
    """A part of an order; what is empty in any of PHP's ways is left out, so that the default
    holds.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {
            key: value
            for key, value in data.items()
            if value is not None and value not in ("", [], {})
        }


class _Price(_Shape):
    rate: Amount
    amount: Amount | None = None
    amount_including_tax: Amount | None = None


class _Tax(_Shape):
    rate: Amount
    amount: Amount


class _OrderPrice(_Shape):
    total: Amount
    tax: Annotated[list[_Tax], BeforeValidator(_listed)] | None = None


class _OrderLine(_Shape):
    type: Text = ""
    price: Annotated[list[_Price], BeforeValidator(_listed)] = []


class _Address(_Shape):
    name: Text = ""
    company: Text = ""
    street: Text = ""
    number: Text = ""
    zipcode: Text = ""
    city: Text = ""
    country_code: Text = ""
    phone: Text = ""
    taxnumber: Text = ""


class _Addresses(_Shape):
    invoice: _Address = _Address()


class _Debtor(_Shape):
    email: Text = ""
    name: Text = ""
    company: Text = ""
    phone: Text = ""
    address: _Addresses = _Addresses()


class _Payment(_Shape):
    gateway_name: Text = ""
    method_name: Text = ""


class ShopOrder(_Shape):
    """An order as the shop tells it, reduced to what booking and proof need."""

    number: Number
    date: Annotated[date, BeforeValidator(lambda value: str(value)[:10])]
    status: Annotated[int, Field(ge=0, lt=LARGEST_STATUS)]
    price: _OrderPrice
    status_changed_date: Day = None
    archived: Flag = False
    test: Flag = False
    currency: Text | None = None
    credited_order_number: Number | None = None
    tax_region: Text | None = None
    tax_strategy: Text = ""
    payment: _Payment | None = None
    debtor: _Debtor = _Debtor()
    orderlines: Annotated[list[_OrderLine], BeforeValidator(_listed)] = []

    def order(self) -> Order:
        """Return the order in the core's words."""
        payment = self.payment
        return Order(
            number=self.number,
            date=self.date,
            status=self.status,
            total=self.price.total,
            lines=tuple(_line(line) for line in self.orderlines),
            tax=None
            if self.price.tax is None
            else tuple(Tax(rate=t.rate, amount=t.amount) for t in self.price.tax),
            currency=self.currency,
            status_changed=self.status_changed_date,
            tax_region=self.tax_region,
            tax_strategy=self.tax_strategy,
            email=self.debtor.email,
            payment=f"{payment.gateway_name}/{payment.method_name}" if payment else None,
            credited_order_number=self.credited_order_number
            if self.credited_order_number != "0"
            else None,
            buyer=_buyer(self.debtor),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedOrder:
    """An order as it came: what it is known by, the reduced JSON, and the order, or None when it is
    malformed.

    `problem` names the place that could not be read.
    """

    number: str
    date: str
    status: int | None
    payload: dict[str, Any]
    order: Order | None
    problem: str = ""


def read_order(raw: object) -> ReceivedOrder:
    """Read one order of the API's JSON; a malformed one becomes a `Taken` without an order, never
    an error.
    """
    try:
        known = ShopOrder.model_validate(raw)
    except ValidationError as error:
        return _malformed(raw, error)
    payload = known.model_dump(mode="json", exclude_defaults=True)
    return _taken(known, payload)


def read_stored_order(payload: dict[str, Any]) -> ReceivedOrder:
    """Read an order back from the state's reduced JSON (see `take`)."""
    if "malformed" not in payload:
        return _taken(ShopOrder.model_validate(payload), payload)
    found = payload["malformed"]
    return ReceivedOrder(payload=payload, order=None, **found)


def without_addresses(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the reduced JSON without the customer's name, address, phone and e-mail.

    What the law wants kept stays: amounts, rates, numbers, the country and the VAT number; and that
    there was an e-mail address, without which there would be no booking to compare with.
    """
    kept = ShopOrder.model_validate(payload)
    invoice = kept.debtor.address.invoice
    address = _Address(country_code=invoice.country_code, taxnumber=invoice.taxnumber)
    kept.debtor = _Debtor(email=kept.debtor.email and EMPTIED, address=_Addresses(invoice=address))
    return {**kept.model_dump(mode="json", exclude_defaults=True), EMPTIED: True}


def _taken(known: ShopOrder, payload: dict[str, Any]) -> ReceivedOrder:
    return ReceivedOrder(
        number=known.number,
        date=known.date.isoformat(),
        status=known.status,
        payload=payload,
        order=known.order(),
    )


def _malformed(raw: object, error: ValidationError) -> ReceivedOrder:
    """Keep what the order is known by, the place of the first problem, and a hash that tells when
    it changes.
    """
    digest = hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()
    fields = raw if isinstance(raw, dict) else {}
    status = fields.get("status")
    found: dict[str, Any] = {
        "number": _or_empty(read_number, fields.get("number")) or f"?{digest[:8]}",
        "date": _or_empty(
            lambda value: date.fromisoformat(str(value)[:10]).isoformat(), fields.get("date")
        ),
        "status": int(str(status)) if re.fullmatch("[0-9]{1,9}", str(status)) else None,
        "problem": ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        or "JSON",
    }
    return ReceivedOrder(payload={"malformed": found, "sha256": digest}, order=None, **found)


def _or_empty(read: Any, value: object) -> str:  # noqa: ANN401 - any of the readers above
    try:
        return str(read(value))
    except ValueError:
        return ""


def _line(line: _OrderLine) -> Line:
    prices = tuple(
        Price(rate=price.rate, excluding=price.amount, including=price.amount_including_tax)
        for price in line.price
    )
    return Line(type=line.type, prices=prices)


def _buyer(debtor: _Debtor) -> Buyer:
    invoice = debtor.address.invoice
    return Buyer(
        name=invoice.name or debtor.name,
        company=invoice.company or debtor.company,
        street=f"{invoice.street} {invoice.number}".strip(),
        postal_code=invoice.zipcode,
        city=invoice.city,
        country_code=invoice.country_code.upper(),
        phone=invoice.phone or debtor.phone,
        vat_number=invoice.taxnumber,
    )
