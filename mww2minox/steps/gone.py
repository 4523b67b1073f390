"""Orders that the shop does not have any more: whether they can be closed, and what is told."""

from collections.abc import Sequence

from mww2minox.reasons import explain_rejection
from mww2minox.shop.orders import can_be_asked_for
from mww2minox.wiring import Wiring


def is_known(wiring: Wiring, number: str) -> bool:
    """Tell whether an order that the shop lacks is one that it had.

    One whose number it cannot be asked for may well be there.
    """
    return can_be_asked_for(number) and wiring.store.order(number) is not None


def tell_closed(wiring: Wiring, numbers: Sequence[str]) -> None:
    """Tell of each of these orders that it is closed, since the shop does not have it any more."""
    for order in wiring.store.orders(numbers=numbers):
        if order.rejection:
            wiring.output.warn(*explain_rejection(order.rejection))
