"""How the bookings of orders differ, and what they warn of, where nobody has looked at it yet."""

from collections.abc import Iterable, Mapping, Sequence

from mww2minox.books.model import BookingWarning, Difference
from mww2minox.reasons import explain_differences, explain_warning
from mww2minox.wiring import Wiring


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


def tell_of_unseen_warnings(wiring: Wiring, numbers: Iterable[str]) -> None:
    """Tell of these orders what somebody should look at, where they are booked and nobody did."""
    for number in numbers:
        booking = wiring.store.booking(number)
        if booking and booking.booked_at:
            tell_of_warnings(wiring, booking.unseen_warnings)


def tell_of_warnings(wiring: Wiring, warnings: Iterable[BookingWarning]) -> None:
    """Tell what somebody should look at, and what to do then."""
    for warning in warnings:
        text = explain_warning(warning)
        wiring.output.warn(text.message, f"  {text.suggestion}")
