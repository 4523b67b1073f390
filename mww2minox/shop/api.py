"""The Mijnwebwinkel (MyOnlineStore) API, read only: orders and the shop's facts (shop/api.md)."""

import logging
import re
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from mww2minox.errors import (
    MwwError,
    OrderNotInShop,
    Refused,
    TokenRefused,
    UnusableAnswer,
    VendorError,
    with_words,
)
from mww2minox.language.texts import _
from mww2minox.shop import PAGE
from mww2minox.shop.orders import (
    ReceivedOrder,
    can_be_asked_for,
    plain_text,
    read_amount,
    read_flag,
    read_number,
    read_order,
    read_paid_by,
)
from mww2minox.transport import Transport, has_message

MOST_TESTS = 1_000
"""Among so many orders test orders are looked for."""
ROUND = 5
"""The most rows that a shop gives at once is a multiple of it, whatever it may be."""
PASSES = 3
"""How often a window is read from its start, where rows move between its pages meanwhile."""
NOT_THERE = (404, 410)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of orders; `complete` on the last one, when nothing of the window was missed."""

    orders: list[ReceivedOrder]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """The store's country (two letters) and identity, the same for every token of the store.

    `uuid` and `name` are empty where the store does not tell them; a store that does not tell
    whether its prices include VAT has them so.
    """

    country: str
    identity: str
    uuid: str
    name: str = ""
    prices_include_tax: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """An order status of the shop."""

    number: int
    name: str
    credit_order: bool


def named(wanted: int | str, statuses: Iterable[Status]) -> list[Status]:
    """Return the status with this number, or else all with this name, whatever its capitals.

    A name can be that of two: a status of orders, and one of credit orders.
    """
    choices = list(statuses)
    name = str(wanted).strip().lower()
    by_number = [status for status in choices if str(status.number) == name]
    return by_number or [status for status in choices if status.name.strip().lower() == name]


def selected_statuses(
    wanted: Iterable[int | str], available: Sequence[Status]
) -> tuple[frozenset[int], list[str]]:
    """Return the numbers of the wanted statuses, and the names that no status has."""
    numbers: set[int] = set()
    unknown: list[str] = []
    for name in dict.fromkeys(map(str, wanted)):
        statuses = named(name, available)
        numbers.update(status.number for status in statuses)
        if not statuses:
            unknown.append(name)
    return frozenset(numbers), unknown


def others_book() -> str:
    """Return which statuses others book, for a shop that tells no names of statuses.

    Source: shop/api.md, "Statuses".
    """
    return _(
        "Other connectors book 2, 3 and 6: paid, sent, and collected (orders in the shop tell"
        " which is which). Credit orders have a status of their own."
    )


def error_messages(data: object) -> list[str]:
    """Read the shop's error answer: `{code, message, description}` or problem+json."""
    if not isinstance(data, dict):
        return []
    parts = [data.get(key) for key in ("message", "title", "description", "detail")]
    texts = [str(part) for part in parts if part]
    return [" ".join(dict.fromkeys(texts))]


def exchange_of(method: str, path: str) -> str:
    """Return a code for what a request about one order is for; empty for another one."""
    if method != "GET" or not re.match("/v1/orders/[0-9]", path):
        return ""
    return "read_payments" if path.endswith("/payments") else "read_order"


class Webshop:
    """The shop's API over a transport that carries the tokens."""

    def __init__(self, transport: Transport, timezone: ZoneInfo) -> None:
        """`timezone` is the shop's: its API tells and takes local times without a zone."""
        self._transport = transport
        self._timezone = timezone

    def store(self) -> StoreFacts:
        """Return the store's country (`region_code`), and what tells it from other stores."""
        store = self._get("/v1/store", needs=_("shop.token (or it wants shop.partner_token too)"))
        fields = store if isinstance(store, dict) else {}
        uuid = str(fields.get("id") or "")
        identity = uuid or str(fields.get("primary_domain") or fields.get("name") or "")

        # The UUIDs of all bookings are derived from it: an answer without one is no store's.
        if not identity:
            raise self._unusable("/v1/store", store)
        country = str(fields.get("region_code") or "NL").upper()
        name = plain_text(str(fields.get("name") or ""))
        includes_tax = fields.get("prices_include_tax")
        return StoreFacts(
            country=country,
            identity=identity,
            uuid=uuid,
            name=name,
            prices_include_tax=includes_tax is None or read_flag(includes_tax),
        )

    def statuses(self) -> list[Status]:
        """Return all order statuses, in the configured language. Needs the partner token."""
        rows = self._rows("/v1/orderstatuses", needs=_("shop.token and shop.partner_token"))
        try:
            return [_status(row) for row in rows]
        except (KeyError, TypeError, ValueError):
            raise self._unusable("/v1/orderstatuses", rows) from None

    def payment_methods(self) -> dict[str, str]:
        """Return the ways of paying: `gateway/method` and the name that the shop shows.

        Needs the partner token.
        """
        needs = _("shop.token and shop.partner_token")
        gateways = self._rows("/v1/payment/gateways", needs=needs)

        names: dict[str, str] = {}
        try:
            for gateway in gateways:
                for method in gateway.get("methods") or ():
                    payment = f"{plain_text(gateway['name'])}/{plain_text(method['name'])}"
                    names[payment] = plain_text(str(method.get("displayName") or ""))
        except (AttributeError, KeyError, TypeError):
            raise self._unusable("/v1/payment/gateways", gateways) from None
        return names

    def tax_rates(self) -> dict[str, list[Decimal]]:
        """Return the rates (percentages) that the shop is set up for, by region (two letters)."""
        rows = self._rows("/v1/tax-policy/regions")
        try:
            return {
                str(row["regionCode"]).upper(): _region_rates(row)
                for row in rows
                if read_flag(row["taxEnabled"])
            }
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._unusable("/v1/tax-policy/regions", rows) from None

    def latest(self, count: int) -> list[ReceivedOrder]:
        """Return the `count` newest orders, the newest first.

        Test orders and what cannot be read are left out.
        """
        # What a list without `archived` holds is open (shop/api.md, "Open"): both are asked for.
        orders = self._highest(count, archived=False) + self._highest(count, archived=True)
        readable = [order for order in orders if order.order]

        # The shop orders by number alone; an order can be entered with an earlier date.
        readable.sort(key=lambda order: (order.date, order.number.zfill(20)), reverse=True)
        return readable[:count]

    def _highest(self, count: int, *, archived: bool) -> list[ReceivedOrder]:
        """Return at least the `count` orders with the highest numbers, in whole pages."""
        filters = self._filters(archived=archived)
        orders: list[ReceivedOrder] = []
        for offset in range(0, count, PAGE):
            rows = self._page(filters, offset, ordering="desc")
            orders += _for_real(map(read_order, rows))
            if len(rows) < PAGE:
                break
        return orders

    def order(self, number: str) -> ReceivedOrder:
        """Return one order. Raises OrderNotInShop, for a test order too."""
        if not can_be_asked_for(number):
            raise _not_in_shop(number)
        path = f"/v1/orders/{quote(number, safe='')}"
        data = self._get(path, absent=_not_in_shop(number))
        order = read_order(data)

        if not _for_real([order]):
            raise _not_in_shop(number)
        # A page of maintenance comes with status 200 too: only what was asked for is an answer.
        if order.number != read_number(number):
            raise self._unusable(path, data)
        return order

    def paid_by(self, number: str) -> str:
        """Return how an order was paid, as `gateway/method`, by the list of its payments.

        Empty where none was captured, or the shop has no such order.
        """
        if not (number.isascii() and number.isdigit()):
            return ""

        path = f"/v1/orders/{number}/payments"
        try:
            # What happened to a payment is told to who asks for it alone.
            rows = self._rows(path, {"embed": "mutations"}, absent=_not_in_shop(number))
        except OrderNotInShop:
            return ""

        try:
            return read_paid_by(rows)
        except (AttributeError, TypeError, ValueError):
            raise self._unusable(path, rows) from None

    def pages(
        self,
        *,
        archived: bool,
        since: date | None = None,
        until: date | None = None,
        changed_since: datetime | None = None,
        expected: int | None = None,
    ) -> Iterator[Page]:
        """Yield a window's orders by page: of order dates `since` to `until`, or changed since.

        Rows can move between pages while orders change (shop/api.md, "Open"): each page begins with
        the last row of the one before. A page that is not full is the last one; where it may be as
        much as the shop gives at once, what came is compared with `expected`, which was counted
        before, or with `/orders/count`. The window is read again, up to three times, while
        something is missing.
        """
        filters = self._filters(
            archived=archived, since=since, until=until, changed_since=changed_since
        )
        for _pass in range(PASSES):
            if (yield from self._read_through(filters, expected)):
                return
        log.warning("The shop counts more orders than it shows, or they changed all the while.")

    def _read_through(
        self, filters: dict[str, str], expected: int | None
    ) -> Generator[Page, None, bool]:
        """Yield a window's pages from its start.

        Returns False when rows moved between pages, or some never came.
        """
        numbers: set[str] = set()
        last, offset = "", 0
        while True:
            page = [read_order(row) for row in self._page(filters, offset)]
            if not last:
                fresh = page
            elif page and page[0].number == last:
                fresh = page[1:]
            else:
                # The page does not begin where the one before ended: a row between them moved.
                return False
            numbers |= {order.number for order in fresh}

            complete = len(page) < PAGE and self._is_last(page, numbers, filters, expected)
            self._note_size(len(page))
            if fresh or complete:
                yield Page(orders=_for_real(fresh), complete=complete)
            if complete or not fresh:
                return complete

            last, offset = page[-1].number, offset + len(page) - 1

    def _is_last(
        self,
        page: Sequence[ReceivedOrder],
        numbers: Collection[str],
        filters: dict[str, str],
        expected: int | None,
    ) -> bool:
        """Tell whether a page that is not full is the last one of its window.

        It may be a page of a shop that gives fewer rows than it is asked for: a round number of
        them, and as many as any page ever had.
        """
        if expected is None:
            is_short = len(page) % ROUND or len(page) < self._largest_page()
            if not page or is_short:
                return True
        elif len(numbers) >= expected:
            return True

        is_last = len(numbers) >= self._count(filters)
        # It may give fewer rows at once by now.
        if not is_last and page:
            self._transport.notes.set_note(self._size_key, str(len(page)))
        return is_last

    def _largest_page(self) -> int:
        """Return how many rows the shop gave at once, at most."""
        return int(self._transport.notes.note(self._size_key) or 0)

    def _note_size(self, rows: int) -> None:
        if rows > self._largest_page():
            self._transport.notes.set_note(self._size_key, str(rows))

    @property
    def _size_key(self) -> str:
        # no text: a key in the state, or what a UUID is derived from
        return f"page {self._transport.base_url}"

    def count(self, *, archived: bool, since: date, until: date | None = None) -> int:
        """Return how many orders the shop has with order dates `since` to `until`, or later on."""
        return self._count(self._filters(archived=archived, since=since, until=until))

    def test_orders(self, since: date, until: date) -> frozenset[str]:
        """Return the numbers of the test orders with order dates `since` to `until`.

        None where there are so many orders that looking through them takes more than a few pages:
        whether such a list holds test orders alone is open (shop/api.md, "Open").
        """
        numbers: set[str] = set()
        for archived in (False, True):
            real = self._filters(archived=archived, since=since, until=until)
            filters = real | {"test": "true"}
            count = self._count(filters)
            # None but real ones.
            if count == self._count(real) or count > MOST_TESTS:
                continue
            for offset in range(0, count, PAGE):
                numbers |= {read_order(row).number for row in self._page(filters, offset)}
        return frozenset(numbers)

    def _filters(
        self,
        *,
        archived: bool,
        since: date | None = None,
        until: date | None = None,
        changed_since: datetime | None = None,
    ) -> dict[str, str]:
        filters: dict[str, str] = {}
        if since:
            filters["start_date"] = since.isoformat()
        if until:
            filters["end_date"] = until.isoformat()
        if changed_since:
            # The shop's times are local, without a zone.
            local = changed_since.astimezone(self._timezone)
            filters["status_changed_start_date"] = local.strftime("%Y-%m-%d %H:%M:%S")

        return filters | {"archived": str(archived).lower(), "test": "false"}

    def _page(self, filters: dict[str, str], offset: int, *, ordering: str = "asc") -> list[Any]:
        page = {"limit": str(PAGE), "offset": str(offset), "ordering": ordering}
        return self._rows("/v1/orders", filters | page)

    def _count(self, filters: dict[str, str]) -> int:
        data = self._get("/v1/orders/count", filters)
        count = data.get("count") if isinstance(data, dict) else data
        if not str(count).isdigit():
            raise self._unusable("/v1/orders/count", data)
        return int(str(count))

    def _rows(
        self,
        path: str,
        params: dict[str, str] | None = None,
        *,
        needs: str = "shop.token",
        absent: MwwError | None = None,
    ) -> list[Any]:
        """GET the rows of a listing: bare, or wrapped in an object as live answers are."""
        data = self._get(path, params, needs=needs, absent=absent)
        rows = data
        # What lists nothing but has something to say is no empty list.
        if isinstance(data, dict) and not has_message(data):
            rows = next((value for value in data.values() if isinstance(value, list)), None)

        if not isinstance(rows, list):
            raise self._unusable(path, data)
        return rows

    def _get(
        self,
        path: str,
        params: dict[str, str] | None = None,
        *,
        needs: str = "shop.token",
        absent: MwwError | None = None,
    ) -> Any:  # noqa: ANN401 - JSON
        """GET a path; a refusal becomes a sentence.

        `needs` names the keys that it takes; `absent` is raised for what is not there, when given.
        """
        try:
            return self._transport.request("GET", path, params=params).data
        except Refused as refused:
            if absent and refused.status in NOT_THERE:
                raise absent from None
            raise self._refusal(refused, path, needs) from None

    def _refusal(self, refused: Refused, path: str, needs: str) -> VendorError:
        if refused.status in (401, 403):
            message = _("The shop does not accept {keys} (HTTP {status}).").format(
                keys=needs, status=refused.status
            )
            suggestion = _(
                "Copy the token again from the shop (Instellingen > API, or Add-ons & Modules >"
                " Integraties & koppelingen; it takes the package PREMIUM or above) into the"
                " config or config.env, then run: mww2minox check"
            )
            return TokenRefused(message, suggestion)

        message = _("The shop at {url} refuses {path} (HTTP {status})").format(
            url=self._transport.base_url, path=path, status=refused.status
        )
        words = "; ".join(refused.messages)
        return UnusableAnswer(with_words(message, words), self._transport.advice())

    def _unusable(self, path: str, data: object) -> UnusableAnswer:
        return self._transport.unusable(f"GET {path}", data)


def _status(row: dict[str, Any]) -> Status:
    return Status(
        number=int(row["status"]),
        name=plain_text(str(row["description"])),
        credit_order=bool(row.get("credit_order")),
    )


def _region_rates(region: dict[str, Any]) -> list[Decimal]:
    """Return a region's rate and reduced rates as percentages; the shop tells fractions of one."""
    reduced = [override["taxRate"] for override in region.get("overrides") or ()]
    percentages = [100 * read_amount(rate) for rate in (region["taxRate"], *reduced)]
    return list(dict.fromkeys(percentage.normalize() for percentage in percentages))


def _for_real(orders: Iterable[ReceivedOrder]) -> list[ReceivedOrder]:
    """Leave test orders out: they are never taken in."""
    return [order for order in orders if not order.payload.get("test")]


def _not_in_shop(number: str) -> OrderNotInShop:
    message = _("The shop has no order {number}.").format(number=repr(number[:40]))
    return OrderNotInShop(
        message,
        _("Check the number in the shop. To see those that are known, run: mww2minox report"),
    )
