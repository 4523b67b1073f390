"""The webshop's orders, and the filters of its order list.

Source: shop/api.md, "What we ask for" and "Open".
"""

import datetime as dt
import json
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Amsterdam")
MAX_LIMIT = 100
DATE = "%Y-%m-%d"
MOMENT = "%Y-%m-%d %H:%M:%S"


class _Status(NamedTuple):
    number: int
    dutch: str
    english: str
    for_credit_orders: bool = False


STATUSES: tuple[_Status, ...] = (
    _Status(1, "In behandeling", "Pending"),
    _Status(2, "Betaald", "Paid"),
    _Status(3, "Verzonden", "Shipped"),
    _Status(4, "Betaald en verzonden", "Paid and shipped"),
    _Status(5, "Afgehaald", "Collected"),
    _Status(6, "Geannuleerd", "Cancelled"),
    _Status(7, "Wacht op betaling", "Awaiting payment"),
    _Status(8, "Gecrediteerd", "Credited", for_credit_orders=True),
)

LANGUAGES = frozenset(
    {
        *("nl_NL", "en_GB", "de_DE", "fr_FR", "es_ES", "en_US", "pt_PT"),
        *("it_IT", "da_DK", "sv_SE", "no_NO", "tr_TR", "pl_PL"),
    }
)


class BadParameterError(ValueError):
    """A query parameter that the API does not take."""


@dataclass(frozen=True)
class OrderFilter:
    """The query of an order list; dates and moments are ISO text, which sorts by time."""

    archived: bool | None = None
    test: bool = False
    status: int | None = None
    email: str | None = None
    first_date: str | None = None
    last_date: str | None = None
    changed_from: str | None = None
    changed_until: str | None = None
    changed_may_be_empty: bool = False
    descending: bool = False
    limit: int = 10
    offset: int = 0

    def lets_through(self, order: Mapping[str, Any]) -> bool:
        """Tell whether the order belongs in the list."""
        # Without `test` only real orders are listed; with it both are.
        if order.get("test") and not self.test:
            return False

        # A list without `archived` may hold both.
        if self.archived is not None and bool(order.get("archived")) is not self.archived:
            return False

        if self.status is not None and order.get("status") != self.status:
            return False
        return self._has_email(order) and self._dated(order) and self._changed(order)

    def page(self, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Cut the page out of a list."""
        return orders[self.offset : self.offset + self.limit]

    def _has_email(self, order: Mapping[str, Any]) -> bool:
        email = (order.get("debtor") or {}).get("email") or ""
        return self.email is None or email.strip().lower() == self.email.strip().lower()

    def _dated(self, order: Mapping[str, Any]) -> bool:
        return _between(order["date"], self.first_date, self.last_date)

    def _changed(self, order: Mapping[str, Any]) -> bool:
        if self.changed_from is None and self.changed_until is None:
            return True

        moment = self._moment(order)
        return moment is not None and _between(moment, self.changed_from, self.changed_until)

    def _moment(self, order: Mapping[str, Any]) -> str | None:
        if order.get("status_changed_date"):
            return f"{order['status_changed_date']} {order['status_changed_time']}"

        # On a new order the shop fills the moment of the order itself, or nothing.
        return None if self.changed_may_be_empty else f"{order['date']} {order['time']}"


class Shop:
    """The orders by number, in the canonical form that `shapes` turns into answers.

    Canonical: `number` and amounts are strings, `price.tax` and each `orderlines[].price` are
    lists, a missing value is absent or None, `status_changed_date` is None while the status never
    changed, `test` marks a test order.
    """

    def __init__(
        self,
        orders: Iterable[dict[str, Any]] = (),
        *,
        today: dt.date | None = None,
        lock: "threading.RLock | None" = None,
    ) -> None:
        """Open with these orders; `today` dates later status changes (None: the clock's)."""
        self.orders: dict[str, dict[str, Any]] = {}
        self.lock = lock or threading.RLock()
        self._today = today

        for order in orders:
            self.add(order)

    def add(self, order: dict[str, Any]) -> None:
        """Take an order in, and note it on the order that it credits."""
        with self.lock:
            number = str(order["number"])
            # By way of JSON, which an order is: a copy in a fifth of the time of `deepcopy`.
            self.orders[number] = json.loads(json.dumps(order)) | {"number": number}

            original = self.orders.get(str(order.get("credited_order_number")))
            if original is not None:
                numbers = original.setdefault("credit_order_numbers", [])
                numbers.extend({number}.difference(numbers))

    def set_status(self, number: str, status: int, *, at: dt.datetime | None = None) -> None:
        """Change an order's status, now or at a local shop time."""
        moment = at or self._now()
        self.change(
            number,
            status=status,
            status_changed_date=moment.date().isoformat(),
            status_changed_time=moment.strftime("%H:%M:%S"),
        )

    def change(self, number: str, **fields: object) -> None:
        """Replace some of an order's fields. `KeyError` when there is no such order."""
        with self.lock:
            self.orders[number].update(fields)

    def remove(self, number: str) -> None:
        """Take an order away. `KeyError` when there is no such order."""
        with self.lock:
            del self.orders[number]

    def find(self, order_filter: OrderFilter) -> list[dict[str, Any]]:
        """Return the orders that the filter lets through, in its order, the page not yet taken."""
        with self.lock:
            orders = [order for order in self.orders.values() if order_filter.lets_through(order)]
        return sorted(orders, key=_by_number, reverse=order_filter.descending)

    def _now(self) -> dt.datetime:
        now = dt.datetime.fromtimestamp(time.time(), tz=ZONE)
        return dt.datetime.combine(self._today or now.date(), now.time().replace(microsecond=0))


def parse_filter(
    query: Mapping[str, str], *, archived_default: str = "live", changed_may_be_empty: bool = False
) -> OrderFilter:
    """Read a query; `BadParameterError` names the first parameter that is wrong."""
    archived = None if archived_default == "both" else False

    return OrderFilter(
        archived=_flag(query, "archived", default=archived),
        test=bool(_flag(query, "test", default=False)),
        status=_number(query, "status_id"),
        email=query.get("debtor_email"),
        first_date=_moment(query, "start_date", DATE),
        last_date=_moment(query, "end_date", DATE),
        changed_from=_moment(query, "status_changed_start_date", MOMENT),
        changed_until=_moment(query, "status_changed_end_date", MOMENT),
        changed_may_be_empty=changed_may_be_empty,
        descending=_choice(query, "ordering", ("asc", "desc")) == "desc",
        limit=_at_least(query, "limit", default=10, least=1, most=MAX_LIMIT),
        offset=_at_least(query, "offset", default=0, least=0),
    )


def statuses(language: str) -> list[dict[str, Any]]:
    """Return the order statuses, described in the language (Dutch, or else English)."""
    in_dutch = language == "nl_NL"
    return [
        {
            "status": number,
            "description": dutch if in_dutch else english,
            "credit_order": for_credit_orders,
        }
        for number, dutch, english, for_credit_orders in STATUSES
    ]


def _by_number(order: Mapping[str, Any]) -> tuple[int, str]:
    number = str(order["number"])
    return (int(number) if number.isdecimal() else 0, number)


def _between(value: str, first: str | None, last: str | None) -> bool:
    return (first is None or value >= first) and (last is None or value <= last)


def _flag(query: Mapping[str, str], name: str, *, default: bool | None) -> bool | None:
    if name not in query:
        return default

    values = {"true": True, "1": True, "false": False, "0": False}
    if query[name].lower() not in values:
        raise BadParameterError(name)
    return values[query[name].lower()]


def _number(query: Mapping[str, str], name: str) -> int | None:
    if name not in query:
        return None
    if not query[name].isdecimal():
        raise BadParameterError(name)
    return int(query[name])


def _at_least(
    query: Mapping[str, str], name: str, *, default: int, least: int, most: int | None = None
) -> int:
    number = _number(query, name)
    if number is None:
        return default

    if number < least or (most is not None and number > most):
        raise BadParameterError(name)
    return number


def _moment(query: Mapping[str, str], name: str, form: str) -> str | None:
    if name not in query:
        return None

    try:
        return dt.datetime.strptime(query[name], form).strftime(form)  # noqa: DTZ007 - local shop time
    except ValueError:
        raise BadParameterError(name) from None


def _choice(query: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = query.get(name, choices[0])
    if value not in choices:
        raise BadParameterError(name)
    return value
