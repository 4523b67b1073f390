"""`adopt`: mark orders as booked that the sales journal already holds.

Nothing is written to Minox.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from mww2minox.books.model import Booking, Difference, State
from mww2minox.books.money import euros
from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _, ngettext
from mww2minox.minox.journal import JournalBooking
from mww2minox.minox.wire import booking_body
from mww2minox.shop.intake import changes_since
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.steps.journal_search import bookings_in_journal, stored_total
from mww2minox.wiring import Wiring

UNBOOKED = (State.WAITING, State.READY, State.FAILED, State.SKIPPED)


def adopt(wiring: Wiring, *, since: date | None = None) -> ExitStatus:
    """Adopt what is found for the orders that are not booked, dated `since` at the earliest.

    A booking of another amount is adopted too, and reported as a difference.
    """
    orders = _unbooked(wiring, since)
    bookings = bookings_in_journal(wiring, list(orders.values()))

    differing = 0
    for number, booking in bookings.items():
        differing += _adopt(wiring, orders[number], booking)
    wiring.store.mark_searched_in_journal(orders)

    _tell(wiring, len(orders), len(bookings), differing)
    return ExitStatus.OK


def _unbooked(wiring: Wiring, since: date | None) -> Mapping[str, StoredOrder]:
    """Return the orders that are not booked, by number, in the order of their dates."""
    first = "" if since is None else since.isoformat()
    orders = wiring.store.orders(UNBOOKED)
    return {order.number: order for order in orders if order.date >= first}


def _adopt(wiring: Wiring, order: StoredOrder, booking: JournalBooking) -> bool:
    """Store an order as booked; return whether its amount differs."""
    intended = wiring.store.booking(order.number) if booking.ours else None
    if intended:
        return _settle(wiring, order, intended)
    return _take_over(wiring, order, booking)


def _settle(wiring: Wiring, order: StoredOrder, intended: StoredBooking) -> bool:
    """Store that our own booking arrived whose answer was lost: what was sent stays what it is
    compared with.
    """
    changes = changes_since(intended, order)

    with wiring.store.transaction():
        wiring.store.mark_booked(order.number)
        wiring.store.mark_changed_in_shop(order.number, changes)
    return bool(changes)


def _take_over(wiring: Wiring, order: StoredOrder, booking: JournalBooking) -> bool:
    """Store a booking that the state knows nothing of."""
    differences = _differences(order, booking)
    adopted = _stored_booking(wiring, order, booking)

    with wiring.store.transaction():
        wiring.store.intend_booking(adopted)
        wiring.store.mark_booked(order.number)
        if differences:
            wiring.store.mark_verified(order.number, differences)
    return bool(differences)


def _differences(order: StoredOrder, booking: JournalBooking) -> tuple[Difference, ...]:
    expected = stored_total(order)
    if booking.total == expected:
        return ()

    values = {"expected": _euros_or_dash(expected), "found": _euros_or_dash(booking.total)}
    return (Difference(code="total_differs", values=values),)


def _euros_or_dash(total: Decimal | None) -> str:
    return "-" if total is None else euros(total)


def _stored_booking(wiring: Wiring, order: StoredOrder, booking: JournalBooking) -> StoredBooking:
    now = datetime.now(UTC)

    return StoredBooking(
        number=order.number,
        batch_id=booking.batch_id,
        customer=booking.customer,
        total_cents=order.total_cents or 0,
        body=_body(wiring, order, booking),
        payload=order.payload,
        read=order.read,
        sent_at=now,
        booked_at=now,
    )


def _body(wiring: Wiring, order: StoredOrder, booking: JournalBooking) -> str:
    """For a booking of ours, what we would send for it; nothing for another's, which is compared by
    its total.
    """
    if not booking.ours:
        return ""
    decided = wiring.booker.decide(order)
    return booking_body(decided, booking.customer).decode() if isinstance(decided, Booking) else ""


def _tell(wiring: Wiring, count: int, adopted: int, differing: int) -> None:
    sentence = ngettext(
        "Adopted: {found} of {count} order that was not booked; nothing was sent.",
        "Adopted: {found} of {count} orders that were not booked; nothing was sent.",
        count,
    )
    wiring.output.say(sentence.format(found=adopted, count=count))

    if differing:
        sentence = ngettext(
            "{count} of them has another amount.", "{count} of them have another amount.", differing
        )
        wiring.output.warn(
            sentence.format(count=differing), _("See which: mww2minox report --errors")
        )
