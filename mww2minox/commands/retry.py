"""`retry`: read orders again from the shop and book them now."""

from collections.abc import Sequence

from mww2minox.books.model import State
from mww2minox.commands.push import book_all
from mww2minox.errors import ExitStatus, OrderNotInShop
from mww2minox.language.texts import _
from mww2minox.reasons import explain_rejection
from mww2minox.shop.intake import Counts, take_in
from mww2minox.wiring import Wiring


def retry(wiring: Wiring, numbers: Sequence[str], *, everything: bool = False) -> ExitStatus:
    """Read these orders again (`everything`: all that failed) and book those whose status books.

    An order that is booked already is told so and left alone. One that the shop lacks makes the
    status USAGE.
    """
    if everything:
        numbers = [order.number for order in wiring.store.orders((State.FAILED,))]
    unknown = [number for number in numbers if not _read_again(wiring, number)]
    ready = [
        order
        for order in wiring.store.orders((State.READY, State.FAILED), numbers)
        if order.number not in unknown
    ]
    for order in wiring.store.orders((State.WAITING, State.SKIPPED), numbers):
        if order.rejection:
            text = explain_rejection(order.rejection)
            wiring.output.say(f"{text.message} {text.suggestion}")
    status = book_all(wiring, ready) if ready else ExitStatus.OK
    return ExitStatus.USAGE if unknown else status


def _read_again(wiring: Wiring, number: str) -> bool:
    """Take an order in as the shop has it now; return False when the shop does not have it."""
    booking = wiring.store.booking(number)
    if booking and booking.booked_at:
        told = _("Order {number} is booked already, on customer {customer}; nothing was sent.")
        wiring.output.say(told.format(number=number, customer=booking.customer))
        return True
    try:
        taken = wiring.shop.order(number)
    except OrderNotInShop as missing:
        wiring.output.warn(missing.message, missing.suggestion)
        return False
    statuses = (
        wiring.statuses
    )  # asked for before the transaction, which would hold up others and lose a pause
    with wiring.store.transaction():
        take_in(wiring.store, [taken], statuses, Counts())
    return True
