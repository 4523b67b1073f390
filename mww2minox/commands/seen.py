"""`seen`: somebody has looked at the differences and warnings of these orders, and they may stay as
they are.
"""

from collections.abc import Sequence

from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.texts import _
from mww2minox.reasons import brief_warning, describe
from mww2minox.state import StoredBooking
from mww2minox.steps.named_orders import booked_order
from mww2minox.wiring import Wiring


def seen(wiring: Wiring, numbers: Sequence[str]) -> ExitStatus:
    """Take the differences and warnings of these orders off the list, until there is another one.

    One that is not known or not booked makes the status USAGE, and keeps none of the others on it.
    """
    status = ExitStatus.OK
    for number in numbers:
        try:
            booking = booked_order(wiring, number)
        except UsageError as error:
            wiring.output.warn(error.message, f"  {error.suggestion}")
            status = ExitStatus.USAGE
        else:
            _look_at(wiring, booking)

    return status


def _look_at(wiring: Wiring, booking: StoredBooking) -> None:
    what = [*map(describe, booking.all_differences)]
    what += [brief_warning(warning.code) for warning in booking.warnings]
    if not what:
        sentence = _("Order {number} has no differences and no warnings.")
        wiring.output.say(sentence.format(number=booking.number))
        return

    wiring.store.mark_seen(booking.number)
    sentence = _("Order {number}, off the list until there is something else: {matters}.")
    wiring.output.say(sentence.format(number=booking.number, matters="; ".join(what)))
