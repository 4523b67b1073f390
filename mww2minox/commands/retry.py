"""`retry`: read orders again from the shop and book them now."""

from collections.abc import Sequence

from mww2minox.books.model import Reason, State
from mww2minox.errors import ExitStatus, OrderNotInShop, UsageError
from mww2minox.language.texts import _
from mww2minox.reasons import explain_rejection
from mww2minox.shop.intake import Counts, close_gone, take_in
from mww2minox.steps.booking_run import book_all
from mww2minox.steps.first_date import keep_to_since
from mww2minox.steps.gone import is_known
from mww2minox.steps.named_orders import known_orders
from mww2minox.steps.originals import originals_first
from mww2minox.wiring import Wiring


def retry(
    wiring: Wiring, numbers: Sequence[str], *, everything: bool = False, not_adopted: bool = False
) -> ExitStatus:
    """Read these orders again (`everything`: all that failed) and book those whose status books.

    Who names an order from before `shop.since` asks for it: then it is booked all the same.
    `not_adopted`: what was found in the books is not theirs. An order that is booked already is
    told so and left alone. One that the shop no longer has is closed; one that it never had makes
    the status USAGE.
    """
    keep_to_since(wiring)
    if everything:
        numbers = [order.number for order in wiring.store.orders((State.FAILED,))]
        if not numbers:
            wiring.output.say(_("There is no order that failed."))
    if not_adopted:
        _disown(wiring, numbers)
    asked_for = not everything
    missing = [number for number in numbers if not _read_again(wiring, number, asked_for=asked_for)]
    # Who names an order that an earlier version skipped has looked whether it is booked.
    if asked_for:
        for number in numbers:
            wiring.store.book_after_all(number)

    able = wiring.store.orders((State.READY, State.FAILED), numbers)
    able = [order for order in able if order.number not in missing]
    orders = originals_first(wiring.store, able)
    _say_why_not(wiring, numbers)

    status = book_all(wiring, orders) if orders else ExitStatus.OK
    if wiring.config.vies:
        from mww2minox.steps.vies import ask_vies

        ask_vies(wiring)
    return ExitStatus.USAGE if missing else status


def _disown(wiring: Wiring, numbers: Sequence[str]) -> None:
    """Remember that the bookings that these orders are perhaps booked by are not theirs.

    Raises UsageError for an order that does not wait for that, before anything is changed.
    """
    # A run that was cut short may have stored that and got no further.
    told_before = {name for name, _batch_id in wiring.store.disowned()}

    shown: dict[str, list[str]] = {}
    for order in known_orders(wiring, numbers):
        rejection = order.rejection
        if rejection and rejection.reason is Reason.PERHAPS_BOOKED:
            shown[order.number] = rejection.values.get("batch_ids", "").split()
        elif order.number not in told_before and order.state is not State.BOOKED:
            message = _("Nothing was found in the books that order {number} could be.")
            raise UsageError(
                message.format(number=order.number),
                _("Retry it like any other order: mww2minox retry {number}").format(
                    number=order.number
                ),
            )

    # Those that it was told of: another one asks anew.
    with wiring.store.transaction():
        for name, batch_ids in shown.items():
            wiring.store.disown(name, batch_ids)


def _read_again(wiring: Wiring, number: str, *, asked_for: bool) -> bool:
    """Take an order in as the shop has it now; return False when the shop does not have it."""
    booking = wiring.store.booking(number)
    if booking and booking.booked_at:
        sentence = _("Order {number} is booked already, on customer {customer}; nothing was sent.")
        wiring.output.say(sentence.format(number=number, customer=booking.customer))
        return True

    try:
        order = wiring.shop.order(number)
    except OrderNotInShop as missing:
        if is_known(wiring, number):
            with wiring.store.transaction():
                close_gone(wiring.store, [number], Counts())
            return True
        wiring.output.warn(missing.message, missing.suggestion)
        return False

    # Asked for before the transaction, which would hold up others and lose a pause.
    statuses = wiring.statuses
    with wiring.store.transaction():
        take_in(wiring.store, [order], statuses, Counts(), asked_for=asked_for)
    return True


def _say_why_not(wiring: Wiring, numbers: Sequence[str]) -> None:
    """Say of each order that is not to be booked now why that is."""
    for order in wiring.store.orders((State.WAITING, State.SKIPPED), numbers):
        if order.rejection:
            text = explain_rejection(order.rejection)
            wiring.output.say(f"{text.message} {text.suggestion}")
