"""`adopt`: mark orders as booked that the sales journal already holds.

Nothing is written to Minox.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from mww2minox.books.model import Booking, Difference, State
from mww2minox.books.money import euros
from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _, ngettext
from mww2minox.minox.journal import JournalBooking, find_bookings, lines_since
from mww2minox.minox.wire import booking_body
from mww2minox.shop.intake import changes_since
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.wiring import Wiring

UNBOOKED = (State.WAITING, State.READY, State.FAILED, State.SKIPPED)
MIDNIGHT = timedelta(days=1)
"""Another connector's day may be a time zone behind the shop's."""


def adopt(wiring: Wiring, *, since: date | None = None) -> ExitStatus:
    """Adopt what is found for the orders that are not booked, dated `since` at the earliest.

    A booking of another amount is adopted too, and reported as a difference.
    """
    orders = [
        order
        for order in wiring.store.orders(UNBOOKED)
        if since is None or order.date >= since.isoformat()
    ]
    found = in_journal(wiring, orders)
    by_number = {order.number: order for order in orders}
    differing = 0
    for number, booking in found.items():
        differing += _adopt(wiring, by_number[number], booking)
    wiring.store.mark_searched_in_journal(by_number)
    sentence = ngettext(
        "Adopted: {found} of {count} order that was not booked; nothing was sent.",
        "Adopted: {found} of {count} orders that were not booked; nothing was sent.",
        len(orders),
    )
    wiring.output.say(sentence.format(found=len(found), count=len(orders)))
    if differing:
        told = ngettext(
            "{count} of them has another amount.", "{count} of them have another amount.", differing
        )
        wiring.output.warn(told.format(count=differing), _("See which: mww2minox report --errors"))
    return ExitStatus.OK


def in_journal(wiring: Wiring, orders: Sequence[StoredOrder]) -> Mapping[str, JournalBooking]:
    """Return the bookings that the sales journal holds for these orders, by order number."""
    dates = [date.fromisoformat(order.date) for order in orders if order.date]
    if not dates:
        return {}
    first = max(min(dates), date.min + MIDNIGHT) - MIDNIGHT
    lines = lines_since(wiring.minox, wiring.administration, first, wiring.config.minox.journal)
    ours = {order.number: wiring.booker.batch_id(order.number) for order in wiring.store.orders()}
    return find_bookings(lines, {order.number: _total(order) for order in orders}, ours)


def _total(order: StoredOrder) -> Decimal | None:
    return None if order.total_cents is None else Decimal(order.total_cents) / 100


def _adopt(wiring: Wiring, order: StoredOrder, found: JournalBooking) -> bool:
    """Store an order as booked; return whether its amount differs."""
    sent = wiring.store.booking(order.number) if found.ours else None
    if sent:  # its answer was lost; what was sent stays what it is compared with
        changes = changes_since(sent, order)
        with wiring.store.transaction():
            wiring.store.mark_booked(order.number)
            wiring.store.mark_changed_in_shop(order.number, changes)
        return bool(changes)
    differences = tuple(_differences(order, found))
    with wiring.store.transaction():
        wiring.store.intend_booking(_taken_over(wiring, order, found))
        wiring.store.mark_booked(order.number)
        if differences:
            wiring.store.mark_verified(order.number, differences)
    return bool(differences)


def _taken_over(wiring: Wiring, order: StoredOrder, found: JournalBooking) -> StoredBooking:
    now = datetime.now(UTC)
    return StoredBooking(
        number=order.number,
        batch_id=found.batch_id,
        customer=found.customer,
        total_cents=order.total_cents or 0,
        body=_body(wiring, order, found),
        payload=order.payload,
        read=order.read,
        sent_at=now,
        booked_at=now,
    )


def _differences(order: StoredOrder, found: JournalBooking) -> Iterable[Difference]:
    wanted = _total(order)
    if found.total != wanted:
        values = {
            "expected": "-" if wanted is None else euros(wanted),
            "found": "-" if found.total is None else euros(found.total),
        }
        yield Difference(code="total_differs", values=values)


def _body(wiring: Wiring, order: StoredOrder, found: JournalBooking) -> str:
    """For a booking of ours, what we would send for it; nothing for another's, which is compared by
    its total.
    """
    decided = wiring.booker.decide(order) if found.ours else None
    return booking_body(decided, found.customer).decode() if isinstance(decided, Booking) else ""
