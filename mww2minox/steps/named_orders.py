"""The orders that somebody names, and their bookings."""

from collections.abc import Callable, Sequence

from mww2minox.errors import ExitStatus, OrderNotInShop, UsageError
from mww2minox.language.texts import _
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.wiring import Wiring


def known_orders(wiring: Wiring, numbers: Sequence[str]) -> list[StoredOrder]:
    """Return these orders, in this order.

    UsageError names those that the state does not know: the shop may have them all the same.
    """
    orders = [wiring.store.order(number) for number in numbers]
    unknown = [number for number, order in zip(numbers, orders, strict=True) if order is None]
    if unknown:
        message = _("There is no order {numbers} among those that were fetched.")
        suggestion = _(
            "Look up the number in the shop. If it is right, run: mww2minox fetch {options}"
        )
        options = " ".join(f"--order {number}" for number in unknown)
        raise UsageError(
            message.format(numbers=", ".join(unknown)), suggestion.format(options=options)
        )

    return [order for order in orders if order is not None]


def known_order(wiring: Wiring, number: str) -> StoredOrder:
    """Return this order. UsageError as in `known_orders`."""
    (order,) = known_orders(wiring, [number])

    return order


def booked_order(wiring: Wiring, number: str) -> StoredBooking:
    """Return the booking of this order. UsageError where it is not known, or not booked."""
    known_order(wiring, number)

    booking = wiring.store.booking(number)
    if booking is None or booking.booked_at is None:
        message = _("Order {numbers} is not booked.").format(numbers=number)
        raise UsageError(message, _("See why: mww2minox report"))
    return booking


def booked_orders(wiring: Wiring, numbers: Sequence[str]) -> list[StoredBooking]:
    """Return the bookings of these orders. UsageError as in `booked_order`."""
    return [booked_order(wiring, number) for number in numbers]


def each_alone(
    wiring: Wiring, numbers: Sequence[str], act: Callable[[str], ExitStatus]
) -> ExitStatus:
    """Do this to each of these orders, and return the highest status.

    What is wrong with one is told, and keeps it from no other.
    """
    status = ExitStatus.OK
    for number in numbers:
        try:
            status = max(status, act(number))
        except (UsageError, OrderNotInShop) as error:
            wiring.output.warn(error.message, f"  {error.suggestion}")
            status = max(status, ExitStatus.USAGE)

    return status
