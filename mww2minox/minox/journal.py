"""Which orders the sales journal in Minox already holds: booked by us, by a former connector, or by
hand.

A booking is an order's by its derived UUID, else by the order number as invoice number or in the
description (minox/exactly_once.md, "Whose booking is this?").
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A booking that stands for an order.

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
    """Read every line of the sales journal in the periods from `first` on."""
    return [
        line
        for fiscal_year, period in _periods(administration, first)
        for line in minox.lines_of_period(fiscal_year, period)
        if line.batch_id and line.journal in ("", journal)
    ]


def _periods(administration: Administration, first: date) -> Iterable[tuple[int, int]]:
    """Return the periods from the one that `first` falls in, and those of all later fiscal
    years.
    """
    for year in administration.fiscal_years:
        if year.end < first:
            continue
        placed = period_of(max(first, year.start), administration)
        count = year.number_of_periods or administration.number_of_periods
        for period in range(placed[1] if placed else 1, count + 1):
            yield year.year, period


def find(
    lines: Sequence[TransactionLine], totals: Mapping[str, Decimal | None], ours: Mapping[str, str]
) -> dict[str, Found]:
    """Return the bookings of the orders in `totals`; `ours` has the derived UUIDs of all orders
    that are known.

    Another's booking that fits an order to the cent is that order's alone; one of another amount
    may be anybody's that it names.
    """
    batches: dict[str, list[TransactionLine]] = {}
    for line in lines:
        batches.setdefault(line.batch_id, []).append(line)
    found = {
        number: _found(number, ours[number], batches[ours[number]], ours=True)
        for number in totals
        if ours[number] in batches
    }
    others = {
        batch_id: batch for batch_id, batch in batches.items() if batch_id not in set(ours.values())
    }
    named = _named(others, totals.keys() - found.keys())
    fitting = {
        number: [one for one in named[number] if one.total == totals[number]] for number in named
    }
    found |= {number: ones[0] for number, ones in fitting.items() if ones}
    taken = {line for one in found.values() for line in one.customer_lines}
    for number in named.keys() - found.keys():
        free = [
            one
            for one in named[number]
            if taken.isdisjoint(one.customer_lines) and not _is_of(one, ours, number)
        ]
        if free:
            found[number] = free[0]
    return found


def _is_of(one: Found, known: Collection[str], number: str) -> bool:
    """Tell whether a booking has the invoice number of another order than `number`, so that it
    merely mentions it.
    """
    invoices = {line.invoice_number for line in one.customer_lines}
    return number not in invoices and not invoices.isdisjoint(known)


def _named(
    batches: Mapping[str, Sequence[TransactionLine]], wanted: Collection[str]
) -> dict[str, list[Found]]:
    """Return the bookings that name each order: those by invoice number first, then those in a
    description.
    """
    by_invoice: dict[str, list[Found]] = {}
    by_text: dict[str, list[Found]] = {}
    for batch_id, lines in batches.items():
        invoices = {line.invoice_number for line in lines}
        texts = {number for line in lines for number in numbers_in(line.description)}
        for number in invoices.intersection(wanted):
            by_invoice.setdefault(number, []).append(_found(number, batch_id, lines, ours=False))
        for number in (texts - invoices).intersection(wanted):
            by_text.setdefault(number, []).append(_found(number, batch_id, lines, ours=False))
    return {number: [*by_invoice.get(number, ()), *by_text.get(number, ())] for number in wanted}


def numbers_in(description: str) -> list[str]:
    """Return the numbers in a description that may be an order's: those of a date are not."""
    return NUMBERS.findall(DATES.sub(" ", description))


def _found(number: str, batch_id: str, lines: Sequence[TransactionLine], *, ours: bool) -> Found:
    customer_lines = order_lines(number, lines)
    return Found(
        batch_id=batch_id,
        ours=ours,
        customer=customer_lines[0].account if customer_lines else "",
        total=total(customer_lines),
        customer_lines=tuple(customer_lines),
    )


def order_lines(number: str, lines: Sequence[TransactionLine]) -> list[TransactionLine]:
    """Return the customers' lines that are about one order: a batch of another's may hold
    several.
    """
    customers = [line for line in lines if line.type == "customer"]
    by_invoice = [line for line in customers if line.invoice_number == number]
    by_text = [line for line in customers if number in numbers_in(line.description)]
    return by_invoice or by_text or customers


def total(debtor_lines: Sequence[TransactionLine]) -> Decimal | None:
    """Return debit minus credit of the customers' lines in euros, or None where there are none."""
    return -sum((line.amount for line in debtor_lines), Decimal(0)) if debtor_lines else None
