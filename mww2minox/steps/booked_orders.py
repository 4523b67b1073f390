"""The bookings of orders that somebody names."""

from collections.abc import Sequence

from mww2minox.errors import UsageError
from mww2minox.language.texts import _
from mww2minox.state import StoredBooking
from mww2minox.wiring import Wiring


def booked_orders(wiring: Wiring, numbers: Sequence[str]) -> list[StoredBooking]:
    """Return the bookings of these orders, or all where none is named, by order date.

    UsageError names those that are not booked.
    """
    booked = {booking.number: booking for booking in wiring.store.bookings() if booking.booked_at}
    unknown = [number for number in numbers if number not in booked]
    if unknown:
        message = _("Order {numbers} is not booked.").format(numbers=", ".join(unknown))
        raise UsageError(message, _("See why: mww2minox report"))

    if not numbers:
        return list(booked.values())
    return [booking for number, booking in booked.items() if number in numbers]
