"""The Mijnwebwinkel (MyOnlineStore) API, read only: orders by page or one by one, and the shop's
own facts.
"""

import logging
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mww2minox.errors import (
    MwwError,
    OrderNotInShop,
    Refused,
    TokenRefused,
    UnusableAnswer,
    VendorError,
)
from mww2minox.language.texts import _
from mww2minox.shop.orders import (
    ReceivedOrder,
    plain_text,
    read_amount,
    read_flag,
    read_number,
    read_order,
)
from mww2minox.transport import Transport

PAGE = 100


PASSES = 3


NOT_THERE = (404, 410)


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of orders.

    `complete` is True on the last one, when nothing of the window was missed.
    """

    orders: list[ReceivedOrder]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFacts:
    """The store's country, and its identity: the same for every token of the store; its UUID, where
    it tells one.
    """

    country: str
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
    """Return the status with this number, or else all that have this name: of orders and of credit
    orders, say.
    """
    there, name = list(statuses), str(wanted).strip().lower()
    by_number = [status for status in there if str(status.number) == name]
    return by_number or [status for status in there if status.name.strip().lower() == name]


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
        identity = next(
            (store[key] for key in ("id", "primary_domain", "name") if store.get(key)), ""
        )
        country = str(store.get("region_code") or "NL").upper()
        name = plain_text(str(store.get("name") or ""))
        return StoreFacts(
            country=country, identity=str(identity), uuid=str(store.get("id") or ""), name=name
        )

    def statuses(self) -> list[Status]:
        """Return all order statuses, in the configured language. Needs the partner token."""
        rows = self._get("/v1/orderstatuses", needs=_("shop.token and shop.partner_token"))
        try:
            return [
                Status(
                    number=int(row["status"]),
                    name=plain_text(str(row["description"])),
                    credit_order=bool(row.get("credit_order")),
                )
                for row in _collection(rows)
            ]
        except (KeyError, TypeError, ValueError):
            raise self._strange("/v1/orderstatuses") from None

    def payment_methods(self) -> dict[str, str]:
        """Return the ways of paying: `gateway/method` and the name that the shop shows.

        Needs the partner token.
        """
        rows = _collection(
            self._get("/v1/payment/gateways", needs=_("shop.token and shop.partner_token"))
        )
        try:
            return {
                f"{plain_text(gateway['name'])}/{plain_text(method['name'])}": plain_text(
                    str(method.get("displayName") or "")
                )
                for gateway in rows
                for method in gateway.get("methods") or ()
            }
        except (AttributeError, KeyError, TypeError):
            raise self._strange("/v1/payment/gateways") from None

    def tax_rates(self) -> dict[str, list[Decimal]]:
        """Return the rates (percentages) that the shop is set up for, by region (two letters)."""
        rows = _collection(self._get("/v1/tax-policy/regions"))
        try:
            return {
                str(row["regionCode"]).upper(): _region_rates(row)
                for row in rows
                if read_flag(row["taxEnabled"])
            }
        except (AttributeError, KeyError, TypeError, ValueError):
            raise self._strange("/v1/tax-policy/regions") from None

    def latest(self, count: int) -> list[ReceivedOrder]:
        """Return the `count` newest orders, the newest first; test orders and what cannot be read
        are left out.
        """
        found: list[ReceivedOrder] = []
        for archived in (False, True):
            filters = self._filters(archived=archived, since=None, until=None, changed_since=None)
            for offset in range(0, count, PAGE):
                page = {"limit": str(PAGE), "offset": str(offset), "ordering": "desc"}
                rows = _collection(self._get("/v1/orders", filters | page))
                found += _for_real(map(read_order, rows))
                if len(rows) < PAGE:
                    break
        readable = [taken for taken in found if taken.order]
        return sorted(
            readable, key=lambda taken: (taken.date, taken.number.zfill(20)), reverse=True
        )[:count]

    def order(self, number: str) -> ReceivedOrder:
        """Return one order. Raises OrderNotInShop, for a test order too."""
        if not (number.isascii() and number.isdigit()):
            raise _not_in_shop(number)
        taken = read_order(self._get(f"/v1/orders/{number}", absent=_not_in_shop(number)))
        if not _for_real([taken]):
            raise _not_in_shop(number)
        if taken.number != read_number(number):
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
        """Yield the orders of a window by page: order dates `since` to `until`, or status changed
        since.

        Rows can move between pages while orders change: each page begins with the last row of the
        one before, and what came is compared with `/orders/count`. The window is read again, up to
        three times, while something is missing.
        """
        filters = self._filters(
            archived=archived, since=since, until=until, changed_since=changed_since
        )
        for _pass in range(PASSES):
            if (yield from self._read_through(filters)):
                return
        log.warning("The shop counts more orders than it shows, or they changed all the while.")

    def _read_through(self, filters: dict[str, str]) -> Generator[Page, None, bool]:
        """Yield a window's pages from its start; return False when rows moved, or some never
        came.
        """
        seen: set[str] = set()
        last, offset = "", 0
        while True:
            rows = [read_order(row) for row in self._page(filters, offset)]
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
        return self._count(
            self._filters(archived=archived, since=since, until=until, changed_since=None)
        )

    def _filters(
        self,
        *,
        archived: bool,
        since: date | None,
        until: date | None,
        changed_since: datetime | None,
    ) -> dict[str, str]:
        changed = changed_since and changed_since.astimezone(self._timezone).strftime(
            "%Y-%m-%d %H:%M:%S"
        )
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
        """GET a path.

        A refusal becomes a sentence; one that says "not there" becomes `absent`, when given.
        """
        try:
            return self._transport.request("GET", path, params=params).data
        except Refused as refused:
            raise (
                absent
                if refused.status in NOT_THERE and absent
                else self._refusal(refused, path, needs)
            ) from None

    def _refusal(self, refused: Refused, path: str, needs: str) -> VendorError:
        if refused.status in (401, 403):
            message = _("The shop does not accept {keys} (HTTP {status}).").format(
                keys=needs, status=refused.status
            )
            return TokenRefused(
                message,
                _(
                    "Put a valid token in the config (Instellingen > API), then run: mww2minox"
                    " check"
                ),
            )
        message = _("The shop at {url} refuses {path} (HTTP {status}): {words}").format(
            url=self._transport.base_url,
            path=path,
            status=refused.status,
            words="; ".join(refused.messages),
        )
        return UnusableAnswer(message, _("Check shop.url in the config, then run: mww2minox check"))

    def _strange(self, path: str) -> UnusableAnswer:
        message = _("The shop answers {path} in a shape that is not known.").format(path=path)
        return UnusableAnswer(message, _("Check shop.url in the config, then run: mww2minox check"))


def _region_rates(region: dict[str, Any]) -> list[Decimal]:
    """Return a region's rate and reduced rates as percentages; the shop tells fractions of one."""
    told = [region["taxRate"], *(override["taxRate"] for override in region.get("overrides") or ())]
    return list(dict.fromkeys((100 * read_amount(rate)).normalize() for rate in told))


def _for_real(page: Iterable[ReceivedOrder]) -> list[ReceivedOrder]:
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
        message,
        _("Check the number in the shop. To see those that are known, run: mww2minox report"),
    )
