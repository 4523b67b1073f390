"""An order as the shop's API tells it: read into the core's words, reduced to what booking needs.

Takes every known shape (shop/api.md, "Live and documented shapes"): numbers as text or number, an
object or a list, `[]` for empty, missing fields. Texts that booking does not need (comments,
articles, delivery address) are never kept.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mww2minox.books.email_address import UNKNOWN
from mww2minox.books.model import Buyer, Line, Order, Price, Tax
from mww2minox.books.order_check import missing
from mww2minox.language.cleaning import one_line, without_format_marks
from mww2minox.state import EMPTIED

MICRO = Decimal("0.000001")
"""The vendor's amounts excluding tax have up to six decimals."""
UNREADABLE = "?"
LONGEST_TEXT = 200
MOST_READ = 10 * LONGEST_TEXT
LARGEST_AMOUNT = 10**12
LARGEST_STATUS = 10**9


def read_amount(value: object) -> Decimal:
    """Read money or a rate from text or number, to six decimals. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        # no text: never shown: the place alone is
        raise ValueError("not a number")  # noqa: TRY004 - what pydantic collects

    try:
        # Beyond the vendor's own decimals a float carries noise.
        amount = Decimal(str(value).strip()).quantize(MICRO)
    except InvalidOperation:
        # no text: never shown: the place alone is
        raise ValueError("not a number") from None

    if not amount.is_finite() or abs(amount) >= LARGEST_AMOUNT:
        # no text: never shown: the place alone is
        raise ValueError("not a number")
    return amount


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        # no text: never shown: the place alone is
        raise ValueError("not a text")  # noqa: TRY004 - what pydantic collects

    # A house number may come as 62.0; what has a point in JSON is read as Decimal.
    text = str(value)
    return plain_text(text if isinstance(value, str) else text.removesuffix(".0"))


def plain_text(text: str) -> str:
    """Return a text on one line, of at most 200 characters, without what cannot be printed.

    Gone are escapes, direction marks and halves of characters, so that a text of the shop is
    harmless wherever it is shown.
    """
    return one_line(without_format_marks(text[:MOST_READ]), longest=LONGEST_TEXT)


def read_number(value: object) -> str:
    """Read an order number: text in live answers, an integer in the document."""
    text = _text(value)
    if not text:
        # no text: never shown: the place alone is
        raise ValueError("no number")
    is_whole = text.isascii() and text.isdigit()
    return str(int(text)) if is_whole else text


def can_be_asked_for(number: str) -> bool:
    """Tell whether the shop can be asked for an order of this number.

    It may have letters, and has a digit; `?` begins what stands for an unreadable one.
    """
    return not number.startswith(UNREADABLE) and any(map(str.isdigit, number))


def _day(value: object) -> object:
    """Read a date, without its time; the empty one of MySQL (0000-00-00) means none."""
    return None if str(value).startswith("0000") else str(value)[:10]


def _listed(value: object) -> object:
    """Read a list; live answers send one object where a list would hold one.

    What is empty in it is no entry.
    """
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if not _is_empty(entry)]


def read_flag(value: object) -> bool:
    """Read a boolean from text, number or JSON's own."""
    return str(value).lower() in ("true", "1")


Amount = Annotated[Decimal, BeforeValidator(read_amount)]
Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[str, BeforeValidator(read_number)]
Day = Annotated[date | None, BeforeValidator(_day)]
Flag = Annotated[bool, BeforeValidator(read_flag)]


class _Shape(BaseModel):
    """A part of an order.

    What is empty in any of PHP's ways is left out, so that the default holds.
    """

    # Built when an order is first read: many commands read none.
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if not _is_empty(value)}


def _is_empty(value: object) -> bool:
    return value is None or value is False or value in ("", [], {})


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
    invoice: _Address = _Address.model_construct()


class _Debtor(_Shape):
    email: Text = ""
    name: Text = ""
    company: Text = ""
    phone: Text = ""
    address: _Addresses = _Addresses.model_construct()


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
    taxed: Text = ""
    payment: _Payment | None = None
    reference: Text = ""
    payment_status: Text = ""
    debtor: _Debtor = _Debtor.model_construct()
    orderlines: Annotated[list[_OrderLine], BeforeValidator(_listed)] = []

    def order(self) -> Order:
        """Return the order in the core's words."""
        original = self.credited_order_number
        if original == "0":  # a way of saying that there is none
            original = None

        return Order(
            number=self.number,
            date=self.date,
            status=self.status,
            total=self.price.total,
            lines=tuple(_line(line) for line in self.orderlines),
            tax=_taxes(self.price.tax),
            currency=self.currency and self.currency.upper(),
            status_changed=self.status_changed_date,
            tax_region=self.tax_region and _country(self.tax_region),
            tax_strategy=self.tax_strategy,
            prices_include_tax=_includes_tax(self.taxed),
            email=self.debtor.email,
            payment=_payment(self.payment),
            payment_status=self.payment_status.lower(),
            credited_order_number=original,
            reference=self.reference,
            buyer=_buyer(self.debtor),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedOrder:
    """An order as it came: what it is known by, the reduced JSON, and the order itself.

    `order` is None when it is malformed; `problem` then names the place that could not be read, and
    says where it is missing. `stand_ins` are what the order is known by, or was, while it has no
    number.
    """

    number: str
    date: str
    status: int | None
    payload: dict[str, Any]
    order: Order | None
    problem: str = ""
    stand_ins: tuple[str, ...] = field(default=(), compare=False)


def read_order(raw: object) -> ReceivedOrder:
    """Read one order of the API's JSON; a malformed one has no `order`, and is never an error."""
    try:
        shop_order = ShopOrder.model_validate(raw)
    except ValidationError as error:
        return _malformed(raw, error)

    payload = shop_order.model_dump(mode="json", exclude_defaults=True)
    return replace(_received(shop_order, payload), stand_ins=_stand_ins(raw))


def read_stored_order(payload: dict[str, Any]) -> ReceivedOrder:
    """Read an order back from the reduced JSON in the state (the `payload` of `read_order`)."""
    if "malformed" not in payload:
        return _received(ShopOrder.model_validate(payload), payload)
    return ReceivedOrder(payload=payload, order=None, **payload["malformed"])


def without_addresses(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the reduced JSON without the customer's name, address, phone and e-mail.

    What the law wants kept stays: amounts, rates, numbers, the country and the VAT number; and that
    there was an e-mail address, without which there would be no booking to compare with.
    """
    shop_order = ShopOrder.model_validate(payload)
    invoice = shop_order.debtor.address.invoice
    address = _Address(country_code=invoice.country_code, taxnumber=invoice.taxnumber)
    email = shop_order.debtor.email and EMPTIED

    # People write names there too.
    shop_order.reference = ""
    shop_order.debtor = _Debtor(email=email, address=_Addresses(invoice=address))
    return {**shop_order.model_dump(mode="json", exclude_defaults=True), EMPTIED: True}


def _received(shop_order: ShopOrder, payload: dict[str, Any]) -> ReceivedOrder:
    order = shop_order.order()

    return ReceivedOrder(
        number=shop_order.number,
        date=shop_order.date.isoformat(),
        status=shop_order.status,
        payload=payload,
        order=_with_unknown_email(order) if payload.get(EMPTIED) else order,
    )


def _with_unknown_email(order: Order) -> Order:
    """Return an order whose addresses were emptied: there was an e-mail address, or there was none.

    What stands in its place in the state is no address.
    """
    return replace(order, email=order.email and UNKNOWN)


def _malformed(raw: object, error: ValidationError) -> ReceivedOrder:
    """Keep what the order is known by, the place of the first problem, and a hash of all of it.

    The hash tells when the order changes.
    """
    digest = hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()
    fields = raw if isinstance(raw, dict) else {}
    status = str(fields.get("status"))
    # An earlier version knew it by its content alone, and so does this one without a UUID.
    stand_ins = (*_stand_ins(raw), f"{UNREADABLE}{digest[:8]}")

    readable: dict[str, Any] = {
        "number": _or_empty(read_number, fields.get("number")) or stand_ins[0],
        "date": _or_empty(_iso_date, fields.get("date")),
        "status": int(status) if re.fullmatch("[0-9]{1,9}", status) else None,
        "problem": _problem(error),
    }
    payload = {"malformed": readable, "sha256": digest}
    return ReceivedOrder(payload=payload, order=None, stand_ins=stand_ins, **readable)


def _stand_ins(raw: object) -> tuple[str, ...]:
    """Return what an order is known by as long as it has no number: by its UUID, where it has one.

    That stays when the order is changed, so that it is known again when it has come with a number.
    """
    fields = raw if isinstance(raw, dict) else {}
    uuid = fields.get("uuid")
    if not isinstance(uuid, str) or not uuid:
        return ()

    digest = hashlib.sha256(uuid.lower().encode()).hexdigest()
    return (f"{UNREADABLE}{digest[:8]}",)


def _problem(error: ValidationError) -> str:
    """Name the first place that cannot be read, and whether it is missing."""
    first = error.errors(include_input=False)[0]
    place = ".".join(map(str, first["loc"])) or "JSON"

    return missing(place) if first["type"] == "missing" else place


def _or_empty(read: Callable[[object], str], value: object) -> str:
    try:
        return read(value)
    except ValueError:
        return ""


def _iso_date(value: object) -> str:
    return date.fromisoformat(str(value)[:10]).isoformat()


def _taxes(taxes: list[_Tax] | None) -> tuple[Tax, ...] | None:
    """Return the VAT per rate of the invoice; None where the shop tells none at all."""
    if taxes is None:
        return None
    return tuple(Tax(rate=tax.rate, amount=tax.amount) for tax in taxes)


def _country(code: str) -> str:
    """Return a country by its code of ISO 3166: two also go by the code that VAT has for them."""
    capitals = code.upper()

    return {"UK": "GB", "EL": "GR"}.get(capitals, capitals)


def _includes_tax(taxed: str) -> bool | None:
    """Read whether an order's prices include VAT (`include`, `exclude`); else None: not told."""
    word = taxed.lower()
    if word.startswith("incl"):
        return True

    return False if word.startswith("excl") else None


def _payment(payment: _Payment | None) -> str | None:
    """Return how it was paid as `gateway/method`; orders of 0.00 and credit orders have none."""
    if payment is None or not (payment.gateway_name or payment.method_name):
        return None
    return f"{payment.gateway_name}/{payment.method_name}"


def read_paid_by(payments: Iterable[Mapping[str, Any]]) -> str:
    """Read how an order was paid from its payments: as `gateway/method`, or empty.

    The last that was captured counts; of its method what is before a colon (shop/api.md, "How it
    was paid"). Raises AttributeError, TypeError or ValueError for a shape that is not known.
    """
    captured = [(_captured_at(payment), payment) for payment in payments]
    received = [(moment, payment) for moment, payment in captured if moment is not None]
    if not received:
        return ""

    # Of two at once the one that is listed last.
    _moment, last = max(reversed(received), key=itemgetter(0))
    gateway = _text(last.get("gateway") or "")
    method = _text(last.get("method") or "").partition(":")[0].strip()
    return f"{gateway}/{method}" if gateway or method else ""


def _captured_at(payment: Mapping[str, Any]) -> float | None:
    """Return when a payment was captured (seconds since 1970), 0 where only that is told; else
    None.
    """
    mutations = payment.get("mutations") or ()
    captures = [mutation for mutation in mutations if mutation.get("type") == "capture"]
    if not captures:
        return 0.0 if payment.get("status") == "captured" else None

    return max(_timestamp(capture.get("createdAt")) for capture in captures)


def _timestamp(moment: object) -> float:
    try:
        return datetime.fromisoformat(str(moment)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _line(line: _OrderLine) -> Line:
    prices = tuple(
        Price(rate=price.rate, excluding=price.amount, including=price.amount_including_tax)
        for price in line.price
    )
    return Line(type=line.type.lower(), prices=prices)


def _buyer(debtor: _Debtor) -> Buyer:
    invoice = debtor.address.invoice
    street = f"{invoice.street} {invoice.number}".strip()

    return Buyer(
        # An invoice address can lack what the shop's account of the buyer has.
        name=invoice.name or debtor.name,
        company=invoice.company or debtor.company,
        street=street,
        postal_code=invoice.zipcode,
        city=invoice.city,
        country_code=_country(invoice.country_code),
        phone=invoice.phone or debtor.phone,
        vat_number=invoice.taxnumber,
    )
