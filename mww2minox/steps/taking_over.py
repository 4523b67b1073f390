"""Orders that turn out to be in Minox already are stored as booked. Nothing is written to Minox."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from mww2minox.books.kept_decision import Kept, KeptAdoption, kept_of, kept_text
from mww2minox.books.model import (
    ORDER_GONE,
    AdoptedBy,
    Booking,
    Difference,
    FoundBy,
    Reason,
    Rejection,
    State,
)
from mww2minox.books.money import euros
from mww2minox.books.vat_sums import turnover_of
from mww2minox.language.texts import _, ngettext
from mww2minox.minox.booker import Arrival, outcome_unknown
from mww2minox.minox.journal import JournalBooking
from mww2minox.minox.kept_lists import kept_names
from mww2minox.minox.wire import booking_body
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.steps.journal_search import stored_total
from mww2minox.wiring import Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """The booking that an order is booked by now, and whether they differ; or why it is `in_doubt`
    whether the order is booked already.
    """

    batch_id: str
    differs: bool = False
    in_doubt: Rejection | None = None


def take_over(
    wiring: Wiring, order: StoredOrder, booking: JournalBooking, by: AdoptedBy = AdoptedBy.NAME
) -> TakenOver:
    """Store an order as booked by this booking, unless we sent one that is there or may come.

    `by` is how another's booking was known as the order's.
    """
    intent = wiring.store.booking(order.number)
    by = AdoptedBy.OURS if booking.ours else by
    if intent is None:
        return TakenOver(batch_id=booking.batch_id, differs=_adopt(wiring, order, booking, by))

    # Forgotten for another's booking, ours would come beside it.
    arrival = Arrival.THERE if booking.ours else wiring.booker.arrival(intent)
    if arrival is Arrival.UNKNOWN:
        return TakenOver(batch_id=intent.batch_id, in_doubt=leave_in_doubt(wiring, order))
    if arrival is Arrival.THERE:
        return TakenOver(batch_id=intent.batch_id, differs=settle_arrived(wiring, order, intent))
    return TakenOver(batch_id=booking.batch_id, differs=_adopt(wiring, order, booking, by))


def leave_in_doubt(wiring: Wiring, order: StoredOrder) -> Rejection:
    """Store that an order may be booked already, and return that; why it waits by now is kept."""
    rejection = order.rejection or outcome_unknown(order)
    wiring.store.mark(order.number, State.FAILED, rejection)

    return rejection


def settle_arrived(wiring: Wiring, order: StoredOrder, intended: StoredBooking) -> bool:
    """Store that our own booking arrived whose answer was lost: what was sent stays what it is
    compared with. Return whether the order differs from it by now.
    """
    changes = (ORDER_GONE,) if order.gone else wiring.changes_since(intended, order)

    with wiring.store.transaction():
        wiring.store.mark_booked(order.number)
        wiring.store.mark_changed_in_shop(order.number, changes)
    return bool(changes)


def _adopt(wiring: Wiring, order: StoredOrder, booking: JournalBooking, by: AdoptedBy) -> bool:
    """Store a booking that the state knows nothing of."""
    differences = _differences(order, booking)
    adopted = _stored_booking(wiring, order, booking, by)

    with wiring.store.transaction():
        wiring.store.intend_booking(adopted)
        wiring.store.mark_booked(order.number)
        wiring.exchanges.keep(order.number)
        wiring.store.own_again(order.number, booking.batch_id)
        if differences:
            wiring.store.mark_verified(order.number, differences)
        if order.gone:
            wiring.store.mark_changed_in_shop(order.number, (ORDER_GONE,))
    return bool(differences)


def _differences(order: StoredOrder, booking: JournalBooking) -> tuple[Difference, ...]:
    expected = stored_total(order)
    if booking.total == expected:
        return ()

    values = {"expected": _euros_or_dash(expected), "found": _euros_or_dash(booking.total)}
    return (Difference(code="total_differs", values=values),)


def _euros_or_dash(total: Decimal | None) -> str:
    return "-" if total is None else euros(total)


def _stored_booking(
    wiring: Wiring, order: StoredOrder, booking: JournalBooking, by: AdoptedBy
) -> StoredBooking:
    now = datetime.now(UTC)
    adoption = KeptAdoption(by=by, journal=booking.journal, date=booking.date, total=booking.total)
    adopted = StoredBooking(
        number=order.number,
        batch_id=booking.batch_id,
        customer=booking.customer,
        total_cents=order.total_cents or 0,
        body="",
        payload=order.payload,
        read=order.read,
        paid_by=order.paid_by,
        sent_at=now,
        booked_at=now,
        decision=kept_text(Kept(adoption=adoption)),
    )

    # One of ours is compared with what we would send for it; another's has no body, and is compared
    # with its order (books/rules.md, "Adopted bookings").
    decided = wiring.booker.decide(order, is_there=True) if booking.ours else None
    if not isinstance(decided, Booking):
        return adopted
    body = booking_body(decided, booking.customer).decode()
    kept = Kept(
        decision=kept_of(decided, booking.customer, FoundBy.IN_BOOKING, kept_names(wiring.store)),
        adoption=adoption,
    )
    return replace(
        adopted,
        body=body,
        warnings=decided.warnings,
        turnover=turnover_of(order.order, decided) if order.order else None,
        decision=kept_text(kept),
    )


def perhaps_booked(order: StoredOrder, candidates: Sequence[JournalBooking]) -> Rejection:
    """Return why an order is not sent that these bookings may stand for; the first is shown."""
    first = candidates[0]
    values = {
        "number": order.number,
        "journal": first.journal,
        "date": first.date.isoformat() if first.date else "-",
        "total": _euros_or_dash(first.total),
        "text": first.text,
        "count": str(len(candidates)),
        "batch_ids": " ".join(candidate.batch_id for candidate in candidates),
    }
    return Rejection(reason=Reason.PERHAPS_BOOKED, values=values)


def tell_of_other_amounts(wiring: Wiring, differing: int) -> None:
    """Tell how many of the orders that were taken over differ from their booking, if any do."""
    if not differing:
        return

    sentence = ngettext(
        "{count} of them has another amount.", "{count} of them have another amount.", differing
    )
    wiring.output.warn(sentence.format(count=differing), _("See which: mww2minox report --errors"))
