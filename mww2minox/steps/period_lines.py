"""Bookings read by whole periods, where that takes fewer requests than one by one."""

from collections.abc import Mapping, Sequence

from mww2minox.books.model import TransactionLine
from mww2minox.books.periods import period_of
from mww2minox.minox.wire import sent_lines
from mww2minox.state import StoredBooking
from mww2minox.wiring import Wiring

FEW = 3
"""So few of a period are read one by one: a list has other bookings too, and may have pages."""

# no text: a key in the state, or what a UUID is derived from
PER_BOOKING = "pages of a period per booking"
"""A note of how many requests the list of a period took, for each booking of ours in it."""
Period = tuple[int, int]
"""Fiscal year, and period in it."""


def lines_in_periods(
    wiring: Wiring, bookings: Sequence[StoredBooking]
) -> Mapping[str, Sequence[TransactionLine]]:
    """Return the lines of these bookings that periods show, by UUID.

    A period is read where that takes fewer requests than the bookings of it do. What a person has
    moved to another period is not among them, or in part. Raises VendorError.
    """
    periods: dict[Period, list[StoredBooking]] = {}
    for booking in bookings:
        period = _period(wiring, booking)
        if period:
            periods.setdefault(period, []).append(booking)

    lines: dict[str, list[TransactionLine]] = {}
    for period, wanted in periods.items():
        if len(wanted) <= FEW or not _is_worth_it(wiring, wanted):
            continue
        for line in _lines_of(wiring, period, wanted):
            lines.setdefault(line.batch_id, []).append(line)
    return lines


def _is_worth_it(wiring: Wiring, wanted: Sequence[StoredBooking]) -> bool:
    """Tell whether the list of a period takes fewer requests than its bookings do.

    Until one was read, that is where half of the bookings of these months are wanted: a few new
    ones would not be worth all that the period has.
    """
    known = _known_in_months(wiring, wanted)
    per_booking = wiring.store.note(PER_BOOKING)
    if per_booking is None:
        return 2 * len(wanted) >= known

    return float(per_booking) * known < len(wanted)


def _lines_of(
    wiring: Wiring, period: Period, wanted: Sequence[StoredBooking]
) -> Sequence[TransactionLine]:
    """Read the list of a period, if it has fewer pages than `wanted` bookings, and note how many it
    takes for each booking that is known.
    """
    sent_before = wiring.minox_transport.requests_sent
    fiscal_year, number = period
    lines = wiring.minox.lines_of_period(fiscal_year, number, most=len(wanted) - 1)

    pages = wiring.minox_transport.requests_sent - sent_before
    known = max(1, _known_in_months(wiring, wanted))
    wiring.store.set_note(PER_BOOKING, f"{pages / known:.4f}")
    return lines or ()


def _known_in_months(wiring: Wiring, bookings: Sequence[StoredBooking]) -> int:
    return sum(wiring.store.booked_in_month(month) for month in set(map(_month, bookings)))


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
