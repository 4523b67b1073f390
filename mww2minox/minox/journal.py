"""Which orders the sales journal in Minox already holds, whoever booked them.

A booking is ours, a former connector's, or made by hand. It is an order's by its derived UUID, else
by the order number as invoice number or in the description (minox/exactly_once.md, "Whose booking
is this?").
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mww2minox.books.model import Administration, TransactionLine
from mww2minox.books.periods import period_of
from mww2minox.minox.api import Minox

NUMBERS = re.compile(r"[0-9]+")
DATES = re.compile(
    r"\b(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2}))\b"
)

Batches = Mapping[str, Sequence[TransactionLine]]
"""Lines by the id of the booking that they are of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalBooking:
    """A booking in the journal that stands for an order.

    `total` is signed euros, None where no customer's line tells it.
    """

    batch_id: str
    ours: bool
    customer: str
    total: Decimal | None
    customer_lines: tuple[TransactionLine, ...]


def lines_since(
    minox: Minox, administration: Administration, first: date, journal: str
) -> list[TransactionLine]:
    """Read every line of the sales journal in the periods from the one that holds `first` on."""
    lines: list[TransactionLine] = []
    for fiscal_year, period in _periods(administration, first):
        lines += minox.lines_of_period(fiscal_year, period)
    return [line for line in lines if _is_of_journal(line, journal)]


def _is_of_journal(line: TransactionLine, journal: str) -> bool:
    """A line that names no journal may be of this one; one of no booking is nobody's."""
    return bool(line.batch_id) and line.journal in ("", journal)


def _periods(administration: Administration, first: date) -> Iterable[tuple[int, int]]:
    """Yield fiscal year and period from the one that `first` falls in, to the last one."""
    for year in administration.fiscal_years:
        if year.end < first:
            continue

        start = period_of(max(first, year.start), administration)
        count = year.number_of_periods or administration.number_of_periods
        # A year whose end is before its start holds no date: all of its periods are read.
        first_period = start[1] if start else 1
        for period in range(first_period, count + 1):
            yield year.year, period


def find_bookings(
    lines: Sequence[TransactionLine], totals: Mapping[str, Decimal | None], ours: Mapping[str, str]
) -> dict[str, JournalBooking]:
    """Return the bookings of orders, by order number.

    `totals` are the signed euros of the orders that are looked for; `ours` has the derived UUIDs of
    all known orders. A booking of another's that fits an order to the cent is that order's alone;
    one of another amount may be anybody's that it names.
    """
    batches: dict[str, list[TransactionLine]] = {}
    for line in lines:
        batches.setdefault(line.batch_id, []).append(line)

    bookings = _by_uuid(batches, totals, ours)

    our_batches = set(ours.values())
    others = {batch_id: batch for batch_id, batch in batches.items() if batch_id not in our_batches}
    candidates = _by_name(others, totals.keys() - bookings.keys())
    bookings |= _of_its_amount(candidates, totals)

    # One booking of another amount may stand for several orders, so its lines stay free.
    fitting_lines: set[TransactionLine] = set()
    for booking in bookings.values():
        fitting_lines.update(booking.customer_lines)
    unfitting = {number: candidates[number] for number in candidates.keys() - bookings.keys()}
    return bookings | _of_another_amount(unfitting, fitting_lines, ours.keys())


def _by_uuid(
    batches: Batches, numbers: Iterable[str], ours: Mapping[str, str]
) -> dict[str, JournalBooking]:
    bookings: dict[str, JournalBooking] = {}
    for number in numbers:
        batch_id = ours[number]
        if batch_id in batches:
            bookings[number] = _booking(number, batch_id, batches[batch_id], ours=True)
    return bookings


def _by_name(batches: Batches, numbers: Collection[str]) -> dict[str, list[JournalBooking]]:
    """Return the bookings that name each order: first by invoice number, then in a description."""
    by_invoice: dict[str, list[JournalBooking]] = {number: [] for number in numbers}
    by_text: dict[str, list[JournalBooking]] = {number: [] for number in numbers}
    for batch_id, lines in batches.items():
        invoices = {line.invoice_number for line in lines}
        texts: set[str] = set()
        for line in lines:
            texts.update(numbers_in(line.description))

        for number in invoices.intersection(numbers):
            by_invoice[number].append(_booking(number, batch_id, lines, ours=False))
        for number in (texts - invoices).intersection(numbers):
            by_text[number].append(_booking(number, batch_id, lines, ours=False))

    return {number: by_invoice[number] + by_text[number] for number in numbers}


def _of_its_amount(
    candidates: Mapping[str, Sequence[JournalBooking]], totals: Mapping[str, Decimal | None]
) -> dict[str, JournalBooking]:
    """Return for each order the first candidate that fits it to the cent."""
    bookings: dict[str, JournalBooking] = {}
    for number, choices in candidates.items():
        fitting = [booking for booking in choices if booking.total == totals[number]]
        if fitting:
            bookings[number] = fitting[0]
    return bookings


def _of_another_amount(
    candidates: Mapping[str, Sequence[JournalBooking]],
    fitting_lines: AbstractSet[TransactionLine],
    known_numbers: Collection[str],
) -> dict[str, JournalBooking]:
    """Return for each order the first candidate that is not plainly another order's."""
    bookings: dict[str, JournalBooking] = {}
    for number, choices in candidates.items():
        for booking in choices:
            fits_another = not fitting_lines.isdisjoint(booking.customer_lines)
            if not fits_another and not _is_invoice_of_another(booking, number, known_numbers):
                bookings[number] = booking
                break
    return bookings


def _is_invoice_of_another(
    booking: JournalBooking, number: str, known_numbers: Collection[str]
) -> bool:
    """Tell whether a booking has another order's invoice number, and merely mentions this one."""
    invoices = {line.invoice_number for line in booking.customer_lines}
    return number not in invoices and not invoices.isdisjoint(known_numbers)


def numbers_in(description: str) -> list[str]:
    """Return the numbers in a description that may be an order's: those of a date are not."""
    return NUMBERS.findall(DATES.sub(" ", description))


def _booking(
    number: str, batch_id: str, lines: Sequence[TransactionLine], *, ours: bool
) -> JournalBooking:
    customer_lines = order_lines(number, lines)
    customer = customer_lines[0].account if customer_lines else ""
    return JournalBooking(
        batch_id=batch_id,
        ours=ours,
        customer=customer,
        total=total(customer_lines),
        customer_lines=tuple(customer_lines),
    )


def order_lines(number: str, lines: Sequence[TransactionLine]) -> list[TransactionLine]:
    """Return the customers' lines of a booking that are about one order.

    A booking of another connector's may hold several orders.
    """
    customers = [line for line in lines if line.type == "customer"]
    by_invoice = [line for line in customers if line.invoice_number == number]
    by_text = [line for line in customers if number in numbers_in(line.description)]
    return by_invoice or by_text or customers


def total(customer_lines: Sequence[TransactionLine]) -> Decimal | None:
    """Return debit minus credit of the customers' lines in euros, or None where there are none."""
    if not customer_lines:
        return None
    return -sum((line.amount for line in customer_lines), Decimal(0))
