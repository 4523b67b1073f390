"""The Mijnwebwinkel (MyOnlineStore) API, read only: the only module that knows its JSON.

Takes every shape that is known of it (vendors.md): numbers as text or number, an object or a list, `[]` for empty,
missing fields. Texts that booking does not need (comments, articles, delivery address) are never kept.
"""

import hashlib
import json
import logging
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from unicodedata import category
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mww2minox.errors import MwwError, OrderNotInShop, Refused, TokenRefused, UnusableAnswer, VendorError
from mww2minox.model import Customer, Line, Order, Price, Tax
from mww2minox.texts import _
from mww2minox.transport import Transport

PAGE = 100
PASSES = 3
NOT_THERE = (404, 410)
MICRO = Decimal("0.000001")
EMPTIED = "emptied"
"""A mark on reduced JSON that its addresses are gone."""
LONGEST_TEXT = 200
MOST_READ = 10 * LONGEST_TEXT
LARGEST_AMOUNT = 10**12
LARGEST_STATUS = 10**9

log = logging.getLogger(__name__)


def _amount(value: object) -> Decimal:
    """Read money or a rate from text or number, to the vendor's six decimals (floats carry noise beyond)."""
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
    return _plain(str(value))


def _plain(text: str) -> str:
    """Return a text on one line and cut, without what cannot be printed: escapes, direction marks, half characters."""
    chars = (char if char.isprintable() else "" if category(char) == "Cf" else " " for char in text[:MOST_READ])
    return " ".join("".join(chars).split())[:LONGEST_TEXT].rstrip()


def _number(value: object) -> str:
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


def _flag(value: object) -> bool:
    return str(value).lower() in ("true", "1")


Amount = Annotated[Decimal, BeforeValidator(_amount)]
Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[str, BeforeValidator(_number)]
Day = Annotated[date | None, BeforeValidator(_day)]
Flag = Annotated[bool, BeforeValidator(_flag)]


class _Shape(BaseModel):
    """A part of an order; what is empty in any of PHP's ways is left out, so that the default holds."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None and value not in ("", [], {})}


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
            tax=None if self.price.tax is None else tuple(Tax(rate=t.rate, amount=t.amount) for t in self.price.tax),
            currency=self.currency,
            status_changed=self.status_changed_date,
            tax_region=self.tax_region,
            tax_strategy=self.tax_strategy,
            email=self.debtor.email,
            payment=f"{payment.gateway_name}/{payment.method_name}" if payment else None,
            credited_order_number=self.credited_order_number if self.credited_order_number != "0" else None,
            customer=_customer(self.debtor),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An order as it came: what it is known by, the reduced JSON, and the order, or None when it is malformed.

    `problem` names the place that could not be read.
    """

    number: str
    date: str
    status: int | None
    payload: dict[str, Any]
    order: Order | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of orders. `complete` is True on the last one, when nothing of the window was missed."""

    orders: list[Taken]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """The store's country, and its identity: the same for every token of the store; its UUID, where it tells one."""

    region: str
    identity: str
    uuid: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """An order status of the shop."""

    number: int
    name: str
    credit_order: bool


def named(wanted: int | str, statuses: Iterable[Status]) -> list[Status]:
    """Return the status with this number, or else all that have this name: of orders and of credit orders, say."""
    there, name = list(statuses), str(wanted).strip().lower()
    by_number = [status for status in there if str(status.number) == name]
    return by_number or [status for status in there if status.name.strip().lower() == name]


def take(raw: object) -> Taken:
    """Read one order of the API's JSON; a malformed one becomes a `Taken` without an order, never an error."""
    try:
        known = ShopOrder.model_validate(raw)
    except ValidationError as error:
        return _malformed(raw, error)
    payload = known.model_dump(mode="json", exclude_defaults=True)
    return _taken(known, payload)


def stored(payload: dict[str, Any]) -> Taken:
    """Read an order back from the state's reduced JSON (see `take`)."""
    if "malformed" not in payload:
        return _taken(ShopOrder.model_validate(payload), payload)
    found = payload["malformed"]
    return Taken(payload=payload, order=None, **found)


def without_addresses(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the reduced JSON without the customer's name, address, phone and e-mail.

    What the law wants kept stays: amounts, rates, numbers, the country and the VAT number; and that there was an
    e-mail address, without which there would be no booking to compare with.
    """
    kept = ShopOrder.model_validate(payload)
    invoice = kept.debtor.address.invoice
    address = _Address(country_code=invoice.country_code, taxnumber=invoice.taxnumber)
    kept.debtor = _Debtor(email=kept.debtor.email and EMPTIED, address=_Addresses(invoice=address))
    return {**kept.model_dump(mode="json", exclude_defaults=True), EMPTIED: True}


def _taken(known: ShopOrder, payload: dict[str, Any]) -> Taken:
    return Taken(
        number=known.number, date=known.date.isoformat(), status=known.status, payload=payload, order=known.order()
    )


def _malformed(raw: object, error: ValidationError) -> Taken:
    """Keep what the order is known by, the place of the first problem, and a hash that tells when it changes."""
    digest = hashlib.sha256(json.dumps(raw, sort_keys=True, default=str).encode()).hexdigest()
    fields = raw if isinstance(raw, dict) else {}
    status = fields.get("status")
    found: dict[str, Any] = {
        "number": _or_empty(_number, fields.get("number")) or f"?{digest[:8]}",
        "date": _or_empty(lambda value: date.fromisoformat(str(value)[:10]).isoformat(), fields.get("date")),
        "status": int(str(status)) if re.fullmatch("[0-9]{1,9}", str(status)) else None,
        "problem": ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"]) or "JSON",
    }
    return Taken(payload={"malformed": found, "sha256": digest}, order=None, **found)


def _or_empty(read: Any, value: object) -> str:  # noqa: ANN401 - any of the readers above
    try:
        return str(read(value))
    except ValueError:
        return ""


def _line(line: _OrderLine) -> Line:
    prices = tuple(
        Price(rate=price.rate, excluding=price.amount, including=price.amount_including_tax) for price in line.price
    )
    return Line(type=line.type, prices=prices)


def _customer(debtor: _Debtor) -> Customer:
    invoice = debtor.address.invoice
    return Customer(
        name=invoice.name or debtor.name,
        company=invoice.company or debtor.company,
        street=f"{invoice.street} {invoice.number}".strip(),
        postal_code=invoice.zipcode,
        city=invoice.city,
        country_code=invoice.country_code.upper(),
        phone=invoice.phone or debtor.phone,
        vat_number=invoice.taxnumber,
    )


def error_messages(data: object) -> list[str]:
    """Read the shop's error answer: `{code, message, description}` or problem+json."""
    if not isinstance(data, dict):
        return []
    parts = (data.get(key) for key in ("message", "title", "description", "detail"))
    return [" ".join(dict.fromkeys(str(part) for part in parts if part))]


class Webshop:
    """The shop's API over a transport that carries the tokens."""

    def __init__(self, transport: Transport, timezone: ZoneInfo) -> None:
        """`timezone` is the shop's: its API tells and takes local times without a zone."""
        self._transport = transport
        self._timezone = timezone

    def store(self) -> StoreFacts:
        """Return the store's country (`region_code`), and what tells it from other stores."""
        store = self._get("/v1/store", needs=_("shop.token (or it wants shop.partner_token too)"))
        if not isinstance(store, dict):
            raise self._strange("/v1/store")
        identity = next((store[key] for key in ("id", "primary_domain", "name") if store.get(key)), "")
        region = str(store.get("region_code") or "NL").upper()
        name = _plain(str(store.get("name") or ""))
        return StoreFacts(region=region, identity=str(identity), uuid=str(store.get("id") or ""), name=name)

    def statuses(self) -> list[Status]:
        """Return all order statuses, in the configured language. Needs the partner token."""
        rows = self._get("/v1/orderstatuses", needs=_("shop.token and shop.partner_token"))
        try:
            return [
                Status(
                    number=int(row["status"]),
                    name=_plain(str(row["description"])),
                    credit_order=bool(row.get("credit_order")),
                )
                for row in _collection(rows)
            ]
        except (KeyError, TypeError, ValueError):
            raise self._strange("/v1/orderstatuses") from None

    def payment_methods(self) -> dict[str, str]:
        """Return the ways of paying: `gateway/method` and the name that the shop shows. Needs the partner token."""
        rows = _collection(self._get("/v1/payment/gateways", needs=_("shop.token and shop.partner_token")))
        try:
            return {
                f"{_plain(gateway['name'])}/{_plain(method['name'])}": _plain(str(method.get("displayName") or ""))
                for gateway in rows
                for method in gateway.get("methods") or ()
            }
        except (AttributeError, KeyError, TypeError):
            raise self._strange("/v1/payment/gateways") from None

    def tax_rates(self) -> dict[str, list[Decimal]]:
        """Return the rates (percentages) that the shop is set up for, by region (two letters)."""
        rows = _collection(self._get("/v1/tax-policy/regions"))
        try:
            return {str(row["regionCode"]).upper(): _region_rates(row) for row in rows if _flag(row["taxEnabled"])}
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._strange("/v1/tax-policy/regions") from None

    def latest(self, count: int) -> list[Taken]:
        """Return the `count` newest orders, the newest first; test orders and what cannot be read are left out."""
        found: list[Taken] = []
        for archived in (False, True):
            filters = self._filters(archived=archived, since=None, until=None, changed_since=None)
            for offset in range(0, count, PAGE):
                page = {"limit": str(PAGE), "offset": str(offset), "ordering": "desc"}
                rows = _collection(self._get("/v1/orders", filters | page))
                found += _for_real(map(take, rows))
                if len(rows) < PAGE:
                    break
        readable = [taken for taken in found if taken.order]
        return sorted(readable, key=lambda taken: (taken.date, taken.number.zfill(20)), reverse=True)[:count]

    def order(self, number: str) -> Taken:
        """Return one order. Raises OrderNotInShop, for a test order too."""
        if not (number.isascii() and number.isdigit()):
            raise _not_in_shop(number)
        taken = take(self._get(f"/v1/orders/{number}", absent=_not_in_shop(number)))
        if not _for_real([taken]):
            raise _not_in_shop(number)
        if taken.number != _number(number):
            raise self._strange(f"/v1/orders/{number}")
        return taken

    def pages(
        self,
        *,
        archived: bool,
        since: date | None = None,
        until: date | None = None,
        changed_since: datetime | None = None,
    ) -> Iterator[Page]:
        """Yield the orders of a window by page: order dates `since` to `until`, or status changed since.

        Rows can move between pages while orders change: each page begins with the last row of the one before, and what
        came is compared with `/orders/count`. The window is read again, up to three times, while something is missing.
        """
        filters = self._filters(archived=archived, since=since, until=until, changed_since=changed_since)
        for _pass in range(PASSES):
            if (yield from self._read_through(filters)):
                return
        log.warning("The shop counts more orders than it shows, or they changed all the while.")

    def _read_through(self, filters: dict[str, str]) -> Generator[Page, None, bool]:
        """Yield a window's pages from its start; return False when rows moved, or some never came."""
        seen: set[str] = set()
        last, offset = "", 0
        while True:
            rows = [take(row) for row in self._page(filters, offset)]
            if last and [row.number for row in rows[:1]] != [last]:
                return False
            fresh = rows[1:] if last else rows
            seen |= {taken.number for taken in fresh}
            complete = len(rows) < PAGE and len(seen) >= self._count(filters)
            if fresh or complete:
                yield Page(orders=_for_real(fresh), complete=complete)
            if complete or not fresh:
                return complete
            last, offset = rows[-1].number, offset + len(rows) - 1

    def count(self, *, archived: bool, since: date, until: date) -> int:
        """Return how many orders the shop has with order dates `since` to `until`."""
        return self._count(self._filters(archived=archived, since=since, until=until, changed_since=None))

    def _filters(
        self, *, archived: bool, since: date | None, until: date | None, changed_since: datetime | None
    ) -> dict[str, str]:
        changed = changed_since and changed_since.astimezone(self._timezone).strftime("%Y-%m-%d %H:%M:%S")
        given = {
            "start_date": since and since.isoformat(),
            "end_date": until and until.isoformat(),
            "status_changed_start_date": changed,
            "archived": str(archived).lower(),
            "test": "false",
        }
        return {key: value for key, value in given.items() if value}

    def _page(self, filters: dict[str, str], offset: int) -> list[Any]:
        page = {"limit": str(PAGE), "offset": str(offset), "ordering": "asc"}
        return _collection(self._get("/v1/orders", filters | page))

    def _count(self, filters: dict[str, str]) -> int:
        data = self._get("/v1/orders/count", filters)
        count = data.get("count") if isinstance(data, dict) else data
        if not str(count).isdigit():
            raise self._strange("/v1/orders/count")
        return int(str(count))

    def _get(
        self,
        path: str,
        params: dict[str, str] | None = None,
        *,
        needs: str = "shop.token",
        absent: MwwError | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        """GET a path. A refusal becomes a sentence; one that says "not there" becomes `absent`, when given."""
        try:
            return self._transport.request("GET", path, params=params).data
        except Refused as refused:
            raise (absent if refused.status in NOT_THERE and absent else self._refusal(refused, path, needs)) from None

    def _refusal(self, refused: Refused, path: str, needs: str) -> VendorError:
        if refused.status in (401, 403):
            message = _("The shop does not accept {keys} (HTTP {status}).").format(keys=needs, status=refused.status)
            return TokenRefused(
                message, _("Put a valid token in the config (Instellingen > API), then run: mww2minox check")
            )
        message = _("The shop at {url} refuses {path} (HTTP {status}): {words}").format(
            url=self._transport.base_url, path=path, status=refused.status, words="; ".join(refused.messages)
        )
        return UnusableAnswer(message, _("Check shop.url in the config, then run: mww2minox check"))

    def _strange(self, path: str) -> UnusableAnswer:
        message = _("The shop answers {path} in a shape that is not known.").format(path=path)
        return UnusableAnswer(message, _("Check shop.url in the config, then run: mww2minox check"))


def _region_rates(region: dict[str, Any]) -> list[Decimal]:
    """Return a region's rate and reduced rates as percentages; the shop tells fractions of one."""
    told = [region["taxRate"], *(override["taxRate"] for override in region.get("overrides") or ())]
    return list(dict.fromkeys((100 * _amount(rate)).normalize() for rate in told))


def _for_real(page: Iterable[Taken]) -> list[Taken]:
    """Leave test orders out: they are never taken in."""
    return [taken for taken in page if not taken.payload.get("test")]


def _collection(data: object) -> list[Any]:
    """Return the rows of a listing: bare, or wrapped in an object."""
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list)), None)
    if not isinstance(data, list):
        message = _("The shop answers a listing with something that is not a list.")
        raise UnusableAnswer(message, _("Check shop.url in the config, then run: mww2minox check"))
    return data


def _not_in_shop(number: str) -> OrderNotInShop:
    message = _("The shop has no order {number}.").format(number=repr(number[:40]))
    return OrderNotInShop(
        message, _("Check the number in the shop. To see those that are known, run: mww2minox report")
    )
