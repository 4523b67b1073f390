"""Gathers both sides of a period: the shop's orders, listed anew, and Minox' lines of the period
and of the ones beside it, where a booking may have been moved to.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from mww2minox.books.decision import document_date_of
from mww2minox.books.model import DateChoice, TransactionLine
from mww2minox.books.return_period import ReturnPeriod
from mww2minox.minox.journal import (
    JournalBooking,
    Search,
    by_batch,
    lines_of_days,
    named_bookings,
)
from mww2minox.shop.orders import ReceivedOrder
from mww2minox.shop.rereading import reread
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.steps.journal_search import search_for, stored_order
from mww2minox.wiring import Wiring

ONE_DAY = dt.timedelta(days=1)
PASSES = 2
"""So often the shop is listed where it counts otherwise than it shows."""
ARCHIVED = (False, True)
"""What an omitted `archived` means is open, so both are asked for (shop/api.md, "Open")."""


@dataclass(frozen=True)
class BothSides:
    """What shop and books hold of a period.

    `listed` are the orders that the shop shows, by number; `counted` is how many it counts of the
    order dates of the period, and `shown` how many of these it showed. `gone` are the orders of
    bookings in the period that the shop does not have any more. `booked` has the booking's id of
    every order that is booked, `bookings` what was sent for those at hand.
    """

    wiring: Wiring
    period: ReturnPeriod
    listed: Mapping[str, ReceivedOrder]
    counted: int
    shown: int
    gone: frozenset[str]
    batches: Mapping[str, Sequence[TransactionLine]]
    booked: Mapping[str, str]
    bookings: Mapping[str, StoredBooking]

    def stored(self, number: str) -> StoredOrder | None:
        """Return an order as the state has it, or None."""
        return self.wiring.store.order(number)

    def document_date(self, order: ReceivedOrder) -> dt.date | None:
        """Return the date that an order is booked on; of one that cannot be read its order date."""
        if order.order:
            return document_date_of(order.order, self.wiring.rules)
        return dt.date.fromisoformat(order.date) if order.date else None

    def is_of_period(self, lines: Iterable[TransactionLine]) -> bool:
        """Tell whether a booking's document date is in the period."""
        return any(line.document_date and self.period.holds(line.document_date) for line in lines)

    @cached_property
    def search(self) -> Search:
        """What is known beside the books, with the listed orders as the shop has them now."""
        return search_for(self.wiring, [stored_order(order) for order in self.listed.values()])

    @cached_property
    def named(self) -> Mapping[str, Sequence[JournalBooking]]:
        """The bookings in the sales journal that name each order, those of ours left out."""
        return named_bookings(self.batches, self.search)


def gather(wiring: Wiring, period: ReturnPeriod) -> BothSides:
    """Read both sides. Writes nothing. Raises VendorError."""
    listed, counted, shown = _listed_and_counted(wiring, period)
    # Read after the shop was, so that what is booked meanwhile is not missing.
    batches = by_batch(_lines(wiring, period, listed))
    booked = wiring.store.booked_batches()

    wanted = _also_of_period(wiring, period, listed, batches, booked)
    gone: set[str] = set()
    for read in reread(wiring.shop, wanted):
        listed |= {order.number: order for order in read.orders}
        gone.update(read.gone)

    return BothSides(
        wiring=wiring,
        period=period,
        listed=listed,
        counted=counted,
        shown=shown,
        gone=frozenset(gone),
        batches=batches,
        booked=booked,
        bookings=wiring.store.bookings_of([*listed, *gone]),
    )


def _listed_and_counted(
    wiring: Wiring, period: ReturnPeriod
) -> tuple[dict[str, ReceivedOrder], int, int]:
    """Return the shop's orders by number, how many it counts of the period, and how many of these
    it showed.
    """
    listed: dict[str, ReceivedOrder] = {}
    counted = shown = 0
    for _pass in range(PASSES):
        listed |= {order.number: order for order in _listed(wiring, period)}
        counted = sum(
            wiring.shop.count(archived=archived, since=period.first, until=period.last)
            for archived in ARCHIVED
        )
        shown = sum(_is_dated(order, period) for order in listed.values())
        # One that was placed between listing and count is in the next list.
        if counted == shown:
            break

    return listed, counted, shown


def _lines(
    wiring: Wiring, period: ReturnPeriod, listed: Mapping[str, ReceivedOrder]
) -> list[TransactionLine]:
    """Read Minox' lines of the period and of the ones beside it.

    Where none of its orders is booked Minox may have no list of these periods at all.
    """
    booked = wiring.store.booked_batches().keys()

    return lines_of_days(
        wiring.minox,
        wiring.administration,
        period.first - ONE_DAY,
        period.last + ONE_DAY,
        may_be_empty=booked.isdisjoint(listed),
    )


def _listed(wiring: Wiring, period: ReturnPeriod) -> Iterator[ReceivedOrder]:
    """Yield the shop's orders by order date, and by status change where that is the document date.

    Changes are told until now: those after the period are left out by their document date.
    """
    for archived in ARCHIVED:
        windows = [wiring.shop.pages(archived=archived, since=period.first, until=period.last)]
        if wiring.rules.date is DateChoice.STATUS_CHANGED:
            midnight = dt.datetime.combine(
                period.first, dt.time(), ZoneInfo(wiring.config.shop.timezone)
            )
            windows.append(wiring.shop.pages(archived=archived, changed_since=midnight))
        for window in windows:
            for page in window:
                yield from page.orders


def _is_dated(order: ReceivedOrder, period: ReturnPeriod) -> bool:
    return bool(order.date) and period.holds(dt.date.fromisoformat(order.date))


def _also_of_period(
    wiring: Wiring,
    period: ReturnPeriod,
    listed: Mapping[str, ReceivedOrder],
    batches: Mapping[str, Sequence[TransactionLine]],
    booked: Mapping[str, str],
) -> dict[str, str]:
    """Return the orders whose bookings are of the period though the shop does not list them there,
    with the dates that they are known by: their date has changed, they are gone, or were moved.
    """
    numbers = wiring.store.booked_on(period.first, period.last)
    for number, batch_id in booked.items():
        lines = batches.get(batch_id, ())
        if any(line.document_date and period.holds(line.document_date) for line in lines):
            numbers.add(number)

    missing = wiring.store.bookings_of(sorted(numbers & booked.keys() - listed.keys()))
    return {number: str(booking.payload.get("date", "")) for number, booking in missing.items()}
