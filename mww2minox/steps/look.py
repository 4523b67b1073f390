"""The look before a first PUT: whether the books hold orders that this state never sent.

Source: minox/exactly_once.md, "The look before a first PUT".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from mww2minox.books.model import Booking, Rejection, State
from mww2minox.errors import OF_ONE_REQUEST, VendorError
from mww2minox.language.texts import _, ngettext
from mww2minox.minox.booker import Arrival, Outcome
from mww2minox.minox.journal import Found
from mww2minox.reasons import Text
from mww2minox.state import StoredOrder
from mww2minox.steps.journal_search import bookings_in_books
from mww2minox.steps.taking_over import (
    leave_in_doubt,
    perhaps_booked,
    take_over,
)
from mww2minox.wiring import Wiring

MOST_NAMED = 5
"""So many order numbers are named: enough to look up."""
# no text: a key in the state, or what a UUID is derived from
READ_TO_THE_END = "journal read to the end"
"""A note of when the look last read the periods that are still to come."""
TO_THE_END_EVERY = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the books hold for the orders that were never sent.

    `ours` are booked by us already; `fitting` are booked by others; `outcomes` are those of orders
    that only a person can tell of. `undecided` are those of which a vendor could not be asked what
    decides them, and how that ended.
    """

    ours: Sequence[str] = ()
    fitting: Sequence[str] = ()
    outcomes: Sequence[Outcome] = ()
    undecided: Mapping[str, VendorError] = field(default_factory=dict)

    @property
    def numbers(self) -> frozenset[str]:
        """The orders that nothing is sent for."""
        of_persons = (outcome.order.number for outcome in self.outcomes)
        return frozenset((*self.ours, *self.fitting, *of_persons, *self.undecided))


def look_in_books(wiring: Wiring, orders: Sequence[StoredOrder]) -> Look:
    """Look in the books for the orders whose PUT would come now, and store what is there.

    A former connector, a person, or we ourselves before a backup of the state was put back, may
    have booked them (minox/exactly_once.md, "The look before a first PUT"). What an earlier run
    sent is sought as well: until it is sent again others may book it.
    """
    unsent, last, undecided = _before_put(wiring, orders)
    found = bookings_in_books(wiring, unsent, last=last, by_uuid=True)

    ours: list[str] = []
    fitting: list[str] = []
    outcomes: list[Outcome] = []
    for order in unsent:
        there = found.get(order.number)
        if there is None:
            continue

        arrival = _arrival(wiring, order, there)
        # Whoever booked it as well: the booking of it stores what was sent as booked.
        if arrival is Arrival.THERE:
            continue
        # Ours is never sent again: this state knows nothing of what it holds.
        if there.booking and there.booking.ours:
            take_over(wiring, order, there.booking)
            ours.append(order.number)
            continue

        rejection = _not_sent(wiring, order, there, arrival)
        if there.booking and arrival is Arrival.NEVER:
            fitting.append(order.number)
        else:
            outcomes.append(Outcome(order=order, state=State.FAILED, rejection=rejection))

    if unsent and last is None:
        wiring.store.set_note(READ_TO_THE_END, datetime.now(UTC).isoformat())
    return Look(ours=ours, fitting=fitting, outcomes=outcomes, undecided=undecided)


def foresee(wiring: Wiring, orders: Sequence[StoredOrder]) -> Mapping[str, Found]:
    """Return what the books hold for the orders whose PUT would come now, and store nothing."""
    unsent, last, _undecided = _before_put(wiring, orders)

    return bookings_in_books(wiring, unsent, last=last, by_uuid=True)


def _arrival(wiring: Wiring, order: StoredOrder, there: Found) -> Arrival:
    """Find out whether what an earlier run sent for an order is in Minox, beside another's."""
    intent = wiring.store.booking(order.number)
    if intent is None:
        return Arrival.NEVER
    if there.booking and there.booking.ours:
        return Arrival.THERE

    return wiring.booker.arrival(intent)


def _not_sent(wiring: Wiring, order: StoredOrder, there: Found, arrival: Arrival) -> Rejection:
    """Store and return why an order is not sent that others may have booked."""
    if arrival is Arrival.UNKNOWN:
        return leave_in_doubt(wiring, order)

    rejection = perhaps_booked(order, there.all)
    # What an earlier run sent, if anything, never comes.
    wiring.store.drop_intent(order.number, State.FAILED, rejection)
    return rejection


def _before_put(
    wiring: Wiring, orders: Sequence[StoredOrder]
) -> tuple[list[StoredOrder], date | None, Mapping[str, VendorError]]:
    """Return the orders that would be sent, or sent again, the last day to look at, and what could
    not be decided.

    The day is today, or later where an order is: our clock may be behind. Once in a while it is
    None: bookings can be dated ahead.
    """
    days = [datetime.now(UTC).date()]
    newest = wiring.store.newest_order_date()
    if newest:
        days.append(date.fromisoformat(newest))

    unsent: list[StoredOrder] = []
    judged: dict[str, Rejection | None] = {}
    undecided: dict[str, VendorError] = {}
    previous_failed = False
    for order in orders:
        # It is not sent again, whatever the books hold.
        if order.waits:
            judged[order.number] = None
            continue

        # Nothing is asked of Minox for what a rule of ours refuses, but was not sent before.
        try:
            booking = wiring.booker.decide(order, judged=judged)
        except OF_ONE_REQUEST as error:
            # Once may be this order's fault; twice in a row is the vendor's.
            if previous_failed:
                raise
            previous_failed = True
            judged[order.number] = None
            undecided[order.number] = error
            continue

        previous_failed = False
        if isinstance(booking, Booking):
            days.append(booking.document_date)
        elif wiring.store.booking(order.number) is None:
            judged[order.number] = booking
            continue

        judged[order.number] = None
        unsent.append(order)

    return unsent, max(days) if _was_read_to_the_end(wiring) else None, undecided


def _was_read_to_the_end(wiring: Wiring) -> bool:
    """Tell whether the periods that are still to come were read not long ago."""
    moment = wiring.store.moment(READ_TO_THE_END)

    # A moment ahead was noted by a clock that was wrong.
    return moment is not None and timedelta() <= datetime.now(UTC) - moment < TO_THE_END_EVERY


def tell_of_look(wiring: Wiring, look: Look) -> None:
    """Tell what is in the books already, and what to do about it."""
    if look.ours:
        sentence = ngettext(
            "Already in Minox, booked by mww2minox: {count} order ({numbers}). It was taken over as"
            " it is in Minox; nothing was sent.",
            "Already in Minox, booked by mww2minox: {count} orders ({numbers}). They were taken"
            " over as they are in Minox; nothing was sent.",
            len(look.ours),
        )
        wiring.output.say(sentence.format(count=len(look.ours), numbers=_some(look.ours)))

    if look.fitting:
        wiring.output.warn(*booked_by_others(look))


def booked_by_others(look: Look) -> Text:
    """Return the sentence on the orders that others booked, and what to do about it."""
    sentence = ngettext(
        "The journal in Minox already holds a booking for {count} of these orders: {numbers}."
        " Nothing was sent for it.",
        "The journal in Minox already holds bookings for {count} of these orders: {numbers}."
        " Nothing was sent for them.",
        len(look.fitting),
    )

    return Text(
        sentence.format(count=len(look.fitting), numbers=_some(look.fitting)),
        _("Take them over: mww2minox adopt"),
    )


def _some(numbers: Sequence[str]) -> str:
    more = " ..." if len(numbers) > MOST_NAMED else ""
    return ", ".join(numbers[:MOST_NAMED]) + more
