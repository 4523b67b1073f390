"""Bookings read by whole periods, where that takes fewer requests than one by one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from mww2minox.books.model import TransactionLine
from mww2minox.books.periods import period_of
from mww2minox.minox.wire import sent_lines
from mww2minox.state import StoredBooking
from mww2minox.wiring import Wiring

FEW = 3
"""So few of a period are read one by one: a list has other bookings too, and may have pages."""

Period = tuple[int, int]
"""Fiscal year, and period in it."""


def lines_in_periods(
    wiring: Wiring, bookings: Sequence[StoredBooking]
) -> Mapping[str, Sequence[TransactionLine]]:
    """Return the lines of these bookings that periods show, by UUID.

    A period is read where half of the bookings of its month are wanted, and while that takes fewer
    requests than they are. What a person has moved to another period is not among them, or in part.
    Raises VendorError.
    """
    wanted: dict[Period, int] = {}
    for booking in _of_months_that_are_wanted(wiring, bookings):
        period = _period(wiring, booking)
        if period:
            wanted[period] = wanted.get(period, 0) + 1

    lines: dict[str, list[TransactionLine]] = {}
    for (fiscal_year, period_number), count in wanted.items():
        if count <= FEW:
            continue
        of_period = wiring.minox.lines_of_period(fiscal_year, period_number, most=count - 1)
        for line in of_period or ():
            lines.setdefault(line.batch_id, []).append(line)
    return lines


def _of_months_that_are_wanted(
    wiring: Wiring, bookings: Sequence[StoredBooking]
) -> Iterable[StoredBooking]:
    """Yield those of which at least half of the orders' month is wanted.

    A few new ones would not be worth all that the period has.
    """
    wanted = Counter(map(_month, bookings))
    known = Counter(map(_month, wiring.store.bookings()))

    return (
        booking for booking in bookings if 2 * wanted[_month(booking)] >= known[_month(booking)]
    )


def _month(booking: StoredBooking) -> str:
    return str(booking.payload.get("date", ""))[:7]


def _period(wiring: Wiring, booking: StoredBooking) -> Period | None:
    """Return the period that a booking was sent to; of an adopted one that of its order's date."""
    if booking.body:
        line = sent_lines(booking.body)[0]
        is_told = line.fiscal_year.isdecimal() and line.period.isdecimal()
        return (int(line.fiscal_year), int(line.period)) if is_told else None

    day = booking.order.date if booking.order else None
    return period_of(day, wiring.administration) if day else None
