"""The rows of the report, in values that keep their types: a renderer writes them down."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice

from mww2minox.books.model import BookingWarning, Difference, Rejection, State
from mww2minox.books.money import euros
from mww2minox.books.vat_sums import Turnover, VatSum
from mww2minox.reasons import describe, explain_rejection, explain_warning
from mww2minox.state import Store, StoredBooking, StoredOrder
from mww2minox.state.turnover import country_of

BATCH = 200
"""So many orders are read from the state file at once."""
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
    `seen_at` is when somebody looked at all of its differences and warnings. `payment` is how it
    was paid, `gateway/method`, or None; `country` is that of the customer's invoice address.
    `turnover` is what its booking adds to the books, where it is known to be there.
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
    payment: str | None = None
    country: str = ""
    turnover: Turnover | None = None

    @property
    def needs_attention(self) -> bool:
        """Whether a person has to see to it."""
        return self.state is State.FAILED or bool(self.unseen_differences or self.unseen_warnings)


def rows_of(store: Store, orders: Iterable[StoredOrder]) -> Iterator[Row]:
    """Yield a row for each order, in their order, with what the state knows of its booking.

    A few hundred are in memory at once.
    """
    orders = iter(orders)
    while batch := list(islice(orders, BATCH)):
        numbers = [order.number for order in batch if order.state is not State.WAITING]
        bookings, turnovers = store.bookings_of(numbers), store.turnovers_of(numbers)
        for order in batch:
            yield row_of(order, bookings.get(order.number), turnovers.get(order.number))


def row_of(
    order: StoredOrder, booking: StoredBooking | None = None, turnover: Turnover | None = None
) -> Row:
    """Return the row of an order; `turnover` is what its booking adds to the books."""
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
        payment=order.paid_by or None,
        country=country_of(order.payload),
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
        turnover=turnover,
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
        "payment": row.payment,
        "country": row.country or None,
        **_books_of(row.turnover),
    }


def _books_of(turnover: Turnover | None) -> dict[str, Value]:
    """Return where a booking stands in the books, and its sums; nothing where that is not known."""
    if turnover is None:
        return {**dict.fromkeys(("document_date", "period", "net", "vat")), "lines": ()}

    period = f"{turnover.fiscal_year}-{turnover.period:02}" if turnover.period else None
    return {
        "document_date": turnover.document_date,
        "period": period,
        "net": sum((part.net for part in turnover.sums), Decimal(0)),
        "vat": sum((part.vat for part in turnover.sums), Decimal(0)),
        "lines": tuple(map(_line, turnover.sums)),
    }


def _line(part: VatSum) -> dict[str, str]:
    return {
        "code": part.code,
        "strategy": part.strategy,
        "region": part.region,
        "rate": f"{part.rate:.2f}",
        "ledger": part.ledger,
        "net": euros(part.net),
        "vat": euros(part.vat),
    }


def _warning(warning: BookingWarning) -> dict[str, str]:
    return {"code": warning.code.value, **explain_warning(warning)._asdict()}
