"""The rows of the report, in values that keep their types: a renderer writes them down."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mww2minox.books.model import BookingWarning, Difference, Rejection, State
from mww2minox.reasons import describe, explain_rejection, explain_warning
from mww2minox.state import StoredBooking, StoredOrder

Entry = str | Mapping[str, str]
"""One of several things in a field: a sentence, or what there is to tell by name."""
Value = str | Decimal | dt.date | tuple[Entry, ...] | None
"""What a field holds; a moment (`datetime`) is a `date` too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An order. `date` is None where the shop's could not be read.

    `total` is euros: as it was sent, once it was sent.

    `batch_id` is that of a booking that was sent; `customer`, `booked_at` and what follows are
    there once it is known to be booked. `verified` is `ok`, `mismatch`, or None before `verify`.
    `seen_at` is when somebody looked at all of its differences and warnings.
    """

    number: str
    date: dt.date | None
    total: Decimal | None
    state: State
    rejection: Rejection | None = None
    batch_id: str | None = None
    customer: str | None = None
    booked_at: dt.datetime | None = None
    verified: str | None = None
    differences: tuple[Difference, ...] = ()
    warnings: tuple[BookingWarning, ...] = ()
    unseen_differences: tuple[Difference, ...] = ()
    unseen_warnings: tuple[BookingWarning, ...] = ()
    seen_at: dt.datetime | None = None

    @property
    def needs_attention(self) -> bool:
        """Whether a person has to see to it."""
        return self.state is State.FAILED or bool(self.unseen_differences or self.unseen_warnings)

    def is_dated(self, since: dt.date | None, until: dt.date | None) -> bool:
        """Tell whether it is dated `since` to `until`; one without a date is from before all."""
        date = self.date or dt.date.min
        return (since is None or date >= since) and (until is None or date <= until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many orders there are in a state, and what they add up to in euros."""

    orders: int
    total: Decimal


def rows_of(orders: Iterable[StoredOrder], bookings: Iterable[StoredBooking]) -> list[Row]:
    """Return a row for each order, in their order."""
    by_number = {booking.number: booking for booking in bookings}
    return [_row(order, by_number.get(order.number)) for order in orders]


def _row(order: StoredOrder, booking: StoredBooking | None) -> Row:
    cents = order.total_cents
    # What was sent counts, not what the shop says since. What was adopted has no body of ours.
    if booking and booking.body:
        cents = booking.total_cents
    total = None if cents is None else Decimal(cents) / 100
    date = dt.date.fromisoformat(order.date) if order.date else None

    row = Row(
        number=order.number,
        date=date,
        total=total,
        state=order.state,
        rejection=order.rejection,
    )
    if booking is None:
        return row

    # Sent, but Minox' answer was lost: it can be looked up there by its batch.
    if booking.booked_at is None:
        return replace(row, batch_id=booking.batch_id)

    return replace(
        row,
        batch_id=booking.batch_id,
        customer=booking.customer,
        booked_at=booking.booked_at,
        verified=booking.verified,
        differences=booking.all_differences,
        warnings=booking.warnings,
        unseen_differences=booking.unseen_differences,
        unseen_warnings=booking.unseen_warnings,
        seen_at=booking.seen_at,
    )


def fields_of(row: Row) -> dict[str, Value]:
    """Return what programs get of a row, by field: JSON and CSV write the same ones."""
    fields: dict[str, Value] = {
        "number": row.number,
        "date": row.date or "",
        "customer": row.customer,
        "total": row.total,
        "state": row.state,
    }

    # Of an order that is booked, or still to be, there is nothing to explain.
    fields |= dict.fromkeys(("reason", "message", "suggestion"))
    if row.rejection:
        text = explain_rejection(row.rejection)
        fields |= {"reason": row.rejection.reason, **text._asdict()}

    return fields | {
        "batch_id": row.batch_id,
        "booked_at": row.booked_at,
        "verified": row.verified,
        "differences": tuple(map(describe, row.differences)),
        "warnings": tuple(map(_warning, row.warnings)),
        "seen_at": row.seen_at,
    }


def _warning(warning: BookingWarning) -> dict[str, str]:
    return {"code": warning.code.value, **explain_warning(warning)._asdict()}


def totals(rows: Sequence[Row]) -> Mapping[State, Total]:
    """Count and add up per state; an order without a total counts for nothing."""
    sums: dict[State, Total] = {}
    for state in State:
        amounts = [row.total or Decimal(0) for row in rows if row.state is state]
        sums[state] = Total(orders=len(amounts), total=sum(amounts, Decimal(0)))
    return sums
