"""The bookings of orders that somebody names, and how they differ."""

from collections.abc import Iterable, Mapping, Sequence

from mww2minox.books.model import Difference
from mww2minox.errors import UsageError
from mww2minox.language.texts import _
from mww2minox.reasons import explain_differences
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


def unseen_differences(
    wiring: Wiring, numbers: Iterable[str]
) -> Mapping[str, Sequence[Difference]]:
    """Return how the bookings of these orders differ, where nobody has looked at it yet."""
    differing: dict[str, Sequence[Difference]] = {}
    for number in numbers:
        booking = wiring.store.booking(number)
        if booking and booking.unseen_differences:
            differing[number] = booking.unseen_differences
    return differing


def tell_of_differences(wiring: Wiring, differing: Mapping[str, Sequence[Difference]]) -> None:
    """Tell of each order how its booking differs, and what to do about it."""
    for number, differences in differing.items():
        text = explain_differences(number, differences)
        wiring.output.warn(text.message, f"  {text.suggestion}")
