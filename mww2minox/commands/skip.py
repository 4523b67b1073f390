"""`skip`: an order that we are never to book leaves the list; or take that back."""

from collections.abc import Sequence

from mww2minox.books.model import Reason, Rejection, State
from mww2minox.errors import ExitStatus, OrderNotInShop, UsageError
from mww2minox.language.texts import _
from mww2minox.minox.booker import Arrival
from mww2minox.reasons import NO_NOTE, explain_rejection, state_in_words
from mww2minox.shop.intake import Counts, close_gone, take_in
from mww2minox.shop.orders import plain_text
from mww2minox.state import StoredOrder
from mww2minox.steps.booked_orders import tell_of_unseen_warnings
from mww2minox.steps.gone import is_known, tell_closed
from mww2minox.steps.named_orders import each_alone, known_order
from mww2minox.steps.taking_over import leave_in_doubt, settle_arrived
from mww2minox.wiring import Wiring


def skip(wiring: Wiring, numbers: Sequence[str], *, note: str = "") -> ExitStatus:
    """Never book these orders, whatever becomes of them in the shop; `note` says why.

    One that was sent is asked for in Minox first: where it is there it is booked, and while it may
    still come it stays as it is, both with ATTENTION. One that is not known or booked already makes
    the status USAGE, and keeps no other from being skipped.
    """
    given = plain_text(note).rstrip(".")

    return each_alone(wiring, numbers, lambda number: _skip(wiring, number, given))


def _skip(wiring: Wiring, number: str, note: str) -> ExitStatus:
    order = known_order(wiring, number)
    if order.state is State.BOOKED:
        message = _("Order {number} is booked, so it cannot be skipped.")
        suggestion = _(
            "What is booked is reversed by a credit order in the shop. To see it: {report}"
        )
        raise UsageError(
            message.format(number=number), suggestion.format(report="mww2minox report")
        )

    arrival = _arrival(wiring, order)
    if arrival is Arrival.UNKNOWN:
        return _leave(wiring, order)
    if arrival is Arrival.THERE:
        return _say_booked(wiring, number)

    # What an earlier run sent, if anything, never comes.
    rejection = _by_hand(order, note)
    wiring.store.drop_intent(number, State.SKIPPED, rejection)
    text = explain_rejection(rejection)
    wiring.output.say(f"{text.message} {text.suggestion}")
    return ExitStatus.OK


def _arrival(wiring: Wiring, order: StoredOrder) -> Arrival:
    """Find out whether an order is in Minox that an earlier run sent; where it is, it is booked."""
    intent = wiring.store.booking(order.number)
    if intent is None:
        return Arrival.NEVER

    arrival = wiring.booker.arrival(intent)
    if arrival is Arrival.THERE:
        settle_arrived(wiring, order, intent)
    return arrival


def _leave(wiring: Wiring, order: StoredOrder) -> ExitStatus:
    message = explain_rejection(leave_in_doubt(wiring, order)).message
    suggestion = _(
        "The order is not skipped: its booking may still arrive. In a few minutes run: mww2minox"
        " skip {number}"
    )
    wiring.output.warn(message, f"  {suggestion.format(number=order.number)}")
    return ExitStatus.ATTENTION


def _say_booked(wiring: Wiring, number: str) -> ExitStatus:
    message = _("Order {number} turns out to be in Minox: it is booked, and not skipped.")
    suggestion = _("Compare it: mww2minox verify --order {number}")
    wiring.output.warn(message.format(number=number), f"  {suggestion.format(number=number)}")
    tell_of_unseen_warnings(wiring, [number])
    return ExitStatus.ATTENTION


def _by_hand(order: StoredOrder, note: str) -> Rejection:
    """Return that an order is skipped by hand; a note of before stays where there is no other."""
    before = order.rejection.values.get("note", "") if order.rejection else ""
    values = {"number": order.number, "note": note or before or NO_NOTE}

    return Rejection(reason=Reason.SKIPPED_BY_HAND, values=values)


def undo(wiring: Wiring, numbers: Sequence[str]) -> ExitStatus:
    """Take back that these orders were skipped by hand: they are as the shop has them now.

    One that it has no longer is closed as such. One that was not skipped makes the status USAGE,
    and keeps no other.
    """
    return each_alone(wiring, numbers, lambda number: _undo(wiring, number))


def _undo(wiring: Wiring, number: str) -> ExitStatus:
    if not known_order(wiring, number).is_skipped_by_hand:
        message = _("Order {number} was not skipped by hand, so there is nothing to undo.")
        raise UsageError(message.format(number=number), _("See what it is: mww2minox report"))

    # Asked for before the transaction, which would hold up others and lose a pause.
    try:
        received = wiring.shop.order(number)
    except OrderNotInShop:
        if not is_known(wiring, number):
            raise
        return _undo_gone(wiring, number)

    statuses = wiring.statuses
    with wiring.store.transaction():
        wiring.store.mark(number, State.READY, None)
        take_in(wiring.store, [received], statuses, Counts())

    _say_undone(wiring, known_order(wiring, number))
    return ExitStatus.OK


def _undo_gone(wiring: Wiring, number: str) -> ExitStatus:
    """Take it back for an order that the shop has no longer: that is why it is skipped from now."""
    with wiring.store.transaction():
        wiring.store.mark(number, State.READY, None)
        close_gone(wiring.store, [number], Counts())

    sentence = _("Order {number} is not skipped by hand any more.")
    wiring.output.say(sentence.format(number=number))
    tell_closed(wiring, [number])
    return ExitStatus.OK


def _say_undone(wiring: Wiring, order: StoredOrder) -> None:
    sentence = _("Order {number} is no longer skipped. Its status: {state}.")
    wiring.output.say(sentence.format(number=order.number, state=state_in_words(order.state)))
    if order.rejection:
        text = explain_rejection(order.rejection)
        wiring.output.say(f"{text.message} {text.suggestion}")
