"""`adopt`: mark orders as booked that the books already hold; or take that back.

Nothing is written to Minox.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from mww2minox.books.model import AdoptedBy, Rejection, State
from mww2minox.errors import ExitStatus, OrderNotInShop, UsageError
from mww2minox.language.texts import _, day, ngettext, number
from mww2minox.minox.journal import JournalBooking
from mww2minox.reasons import explain_rejection
from mww2minox.shop.intake import Counts, close_gone, take_in
from mww2minox.shop.orders import ReceivedOrder
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.steps.booked_orders import tell_of_unseen_warnings
from mww2minox.steps.gone import is_known, tell_closed
from mww2minox.steps.journal_search import bookings_in_books
from mww2minox.steps.named_orders import known_order, known_orders
from mww2minox.steps.taking_over import perhaps_booked, take_over, tell_of_other_amounts
from mww2minox.wiring import Wiring

UNBOOKED = (State.WAITING, State.READY, State.FAILED, State.SKIPPED)


def adopt(wiring: Wiring, *, since: date | None = None) -> ExitStatus:
    """Adopt what is found for the orders that are not booked, dated `since` at the earliest.

    An order that we sent and that may still come is left alone, whoever booked it as well.
    What names an order without fitting it is listed, and left to a person.
    """
    orders = _unbooked(wiring, since)
    found = bookings_in_books(wiring, list(orders.values()))

    adopted = differing = 0
    in_doubt: list[Rejection] = []
    for name, there in found.items():
        if there.booking is None:
            continue

        taken_over = take_over(wiring, orders[name], there.booking)
        if taken_over.in_doubt:
            in_doubt.append(taken_over.in_doubt)
        else:
            adopted += 1
            differing += taken_over.differs

    _tell(wiring, len(orders), adopted, differing)
    tell_of_unseen_warnings(wiring, found)
    for rejection in in_doubt:
        _warn(wiring, rejection)
    for name, there in found.items():
        if not there.booking:
            _warn(wiring, perhaps_booked(orders[name], there.candidates))
    return ExitStatus.OK


def _unbooked(wiring: Wiring, since: date | None) -> Mapping[str, StoredOrder]:
    """Return the orders that are not booked, by number, in the order of their dates.

    Who skipped one by hand has decided.
    """
    first = "" if since is None else since.isoformat()
    orders = [order for order in wiring.store.orders(UNBOOKED) if not order.is_skipped_by_hand]
    return {order.number: order for order in orders if order.date >= first}


def _tell(wiring: Wiring, count: int, adopted: int, differing: int) -> None:
    sentence = ngettext(
        "Adopted: {found} of {count} order that was not booked; nothing was sent.",
        "Adopted: {found} of {count} orders that were not booked; nothing was sent.",
        count,
    )
    wiring.output.say(sentence.format(found=adopted, count=count))
    tell_of_other_amounts(wiring, differing)


def _warn(wiring: Wiring, rejection: Rejection) -> None:
    text = explain_rejection(rejection)
    wiring.output.warn(text.message, f"  {text.suggestion}")


# By a person's word


def adopt_orders(
    wiring: Wiring, numbers: Sequence[str], *, booking: str | None = None
) -> ExitStatus:
    """Take for each of these orders the booking that may be its own, whatever its amount.

    Where there are several, `booking` (a UUID) chooses; without it they are listed, and the status
    is USAGE. An order that we sent and that may still come is left alone: ATTENTION. Raises
    UsageError for an order that is not known.
    """
    orders = known_orders(wiring, numbers)
    unbooked = [order for order in orders if order.state is not State.BOOKED]
    found = bookings_in_books(wiring, unbooked, by_word=True)

    status = ExitStatus.OK
    for order in orders:
        if order.state is State.BOOKED:
            sentence = _("Order {number} is booked already.")
            wiring.output.say(sentence.format(number=order.number))
            continue

        there = found.get(order.number)
        chosen = _chosen(wiring, order, there.all if there else (), booking)
        if chosen is None:
            status = max(status, ExitStatus.USAGE)
            continue

        taken_over = take_over(wiring, order, chosen, AdoptedBy.PERSON)
        if taken_over.in_doubt:
            _warn(wiring, taken_over.in_doubt)
            status = max(status, ExitStatus.ATTENTION)
            continue

        sentence = _("Order {number} is adopted: it is booking {batch_id}; nothing was sent.")
        wiring.output.say(sentence.format(number=order.number, batch_id=taken_over.batch_id))
        tell_of_other_amounts(wiring, int(taken_over.differs))
        tell_of_unseen_warnings(wiring, [order.number])
    return status


def _chosen(
    wiring: Wiring,
    order: StoredOrder,
    candidates: Sequence[JournalBooking],
    batch_id: str | None,
) -> JournalBooking | None:
    """Return the candidate that is meant, or say why it is not clear and return None."""
    wanted = batch_id.lower() if batch_id else None
    choices = [candidate for candidate in candidates if wanted in (None, candidate.batch_id)]
    if len(choices) == 1:
        return choices[0]

    if not candidates:
        message = _("The books hold nothing that names order {number}.")
        suggestion = _("See why it is not booked: mww2minox report --errors")
    else:
        message = _("Which of these is order {number}?")
        suggestion = _("Choose: mww2minox adopt --order {number} --booking UUID")
    wiring.output.warn(
        message.format(number=order.number), f"  {suggestion.format(number=order.number)}"
    )
    for candidate in candidates:
        wiring.output.warn(_line(candidate))
    return None


def _line(candidate: JournalBooking) -> str:
    line = _('{batch_id}: journal {journal}, {date}, {total} euros, customer {customer}, "{text}"')
    date_shown = day(candidate.date) if candidate.date else "-"
    total = "-" if candidate.total is None else number(candidate.total)

    shown = line.format(
        batch_id=candidate.batch_id,
        journal=candidate.journal,
        date=date_shown,
        total=total,
        customer=candidate.customer or "-",
        text=candidate.text,
    )
    return f"    {shown}"


def undo(wiring: Wiring, numbers: Sequence[str]) -> ExitStatus:
    """Take back that these orders were adopted: they are as the shop has them now, and not booked.

    One that the shop has no longer is closed as such. Raises UsageError for one that was not
    adopted, before anything is changed.
    """
    # What the state has of an adopted order is as old as its adoption: it is not to be booked.
    adopted = [_adopted(wiring, name) for name in numbers]
    orders = [_in_shop(wiring, booking.number) for booking in adopted]
    statuses = wiring.statuses

    for booking, order in zip(adopted, orders, strict=True):
        with wiring.store.transaction():
            wiring.store.undo_adoption(booking.number, booking.batch_id)
            if order:
                take_in(wiring.store, [order], statuses, Counts())
            else:
                close_gone(wiring.store, [booking.number], Counts())

        sentence = _("Order {number} no longer counts as booking {batch_id}; nothing was sent.")
        wiring.output.say(sentence.format(number=booking.number, batch_id=booking.batch_id))
        if not order:
            tell_closed(wiring, [booking.number])
    return ExitStatus.OK


def _in_shop(wiring: Wiring, number: str) -> ReceivedOrder | None:
    """Return an order as the shop has it; None where it has it no longer."""
    try:
        return wiring.shop.order(number)
    except OrderNotInShop:
        if not is_known(wiring, number):
            raise
        return None


def _adopted(wiring: Wiring, name: str) -> StoredBooking:
    booking = wiring.store.booking(known_order(wiring, name).number)

    is_ours = booking is not None and booking.batch_id == wiring.booker.batch_id(name)
    if booking is None or booking.booked_at is None or is_ours:
        message = _("Order {number} was not adopted, so there is nothing to undo.")
        raise UsageError(message.format(number=name), _("See what it is: mww2minox report"))
    return booking
