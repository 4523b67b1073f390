"""`seen`: somebody has looked at the differences and warnings of these orders, and they may stay as
they are.
"""

from collections.abc import Sequence

from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _
from mww2minox.reasons import brief_warning, describe_all
from mww2minox.steps.named_orders import booked_order, each_alone
from mww2minox.wiring import Wiring


def seen(wiring: Wiring, numbers: Sequence[str]) -> ExitStatus:
    """Take the differences and warnings of these orders off the list, until there is another one.

    One that is not known or not booked makes the status USAGE, and keeps no other on the list.
    """
    return each_alone(wiring, numbers, lambda number: _look_at(wiring, number))


def _look_at(wiring: Wiring, number: str) -> ExitStatus:
    booking = booked_order(wiring, number)
    differences = booking.all_differences
    matters = [describe_all(differences)] if differences else []
    matters += [brief_warning(warning.code) for warning in booking.warnings]
    if not matters:
        sentence = _("Order {number} has no differences and no warnings.")
        wiring.output.say(sentence.format(number=number))
        return ExitStatus.OK

    wiring.store.mark_seen(number)
    sentence = _("Order {number} is off the list, until something else comes up. Seen: {matters}.")
    wiring.output.say(sentence.format(number=number, matters="; ".join(matters)))
    return ExitStatus.OK
