"""`seen`: somebody has looked at the differences of these orders, and they may stay as they are."""

from collections.abc import Sequence

from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _
from mww2minox.reasons import describe
from mww2minox.steps.booked_orders import booked_orders
from mww2minox.wiring import Wiring


def seen(wiring: Wiring, numbers: Sequence[str]) -> ExitStatus:
    """Take the differences of these orders off the list, until there is another one.

    UsageError for an order that is not booked; then none is taken off.
    """
    for booking in booked_orders(wiring, numbers):
        differences = "; ".join(map(describe, booking.all_differences))
        if not differences:
            sentence = _("Order {number} has no differences.")
            wiring.output.say(sentence.format(number=booking.number))
            continue

        wiring.store.mark_seen(booking.number)
        sentence = _("Order {number}, off the list until something else differs: {differences}.")
        wiring.output.say(sentence.format(number=booking.number, differences=differences))
    return ExitStatus.OK
