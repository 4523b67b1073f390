"""Books one order in Minox, exactly once: intent, effect, outcome, each stored.

Source: minox/exactly_once.md, "Intent, effect, outcome". The UUID of a booking is derived, and its
exact body is stored before the first PUT. An answer that never came is unknown, not failed: Minox
is asked. What may still be carried out is only sent again as the same bytes; what was never carried
out binds nobody ("What binds").
"""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import cached_property

from mww2minox.books.booking import customer_of_sale, lacks_payment
from mww2minox.books.decision import decide
from mww2minox.books.kept_decision import Kept, kept_of, kept_text
from mww2minox.books.model import (
    ORDER_GONE,
    Administration,
    Booking,
    BookingCustomer,
    BookingRules,
    BookingWarning,
    CustomerByEmail,
    CustomerOfOriginal,
    Difference,
    Facts,
    FixedCustomer,
    FoundBy,
    MinoxCustomer,
    Order,
    Reason,
    Rejection,
    State,
)
from mww2minox.books.money import percentage
from mww2minox.books.vat_sums import turnover_of
from mww2minox.errors import (
    OrderNotInShop,
    Refused,
    ServerFails,
    Unreachable,
    UnusableAnswer,
    VendorError,
)
from mww2minox.minox.api import Minox
from mww2minox.minox.asking import BINDING_SECONDS, GHOST_SECONDS, LAG_SECONDS, poll
from mww2minox.minox.customers import Customers, FoundCustomer, said, still_fits
from mww2minox.minox.exchanges import Exchanges
from mww2minox.minox.kept_lists import Names, kept_names
from mww2minox.minox.known_original import NOT_JUDGED, Judged, known_original
from mww2minox.minox.wire import booking_body
from mww2minox.reasons import state_of
from mww2minox.state import OrderNow, ReadOrder, Store, StoredBooking, StoredOrder
from mww2minox.transport.waiting import go_on

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an order: booked on `customer` for `total_cents`, with `warnings`, or the
    reason why not.

    `failure`: Minox answered its booking with server errors only. The run counts those.
    `refused`: a repetition of its booking was refused, and the first attempt may still come
    (`Booker.settle`).
    """

    order: StoredOrder
    state: State
    customer: str = ""
    total_cents: int = 0
    rejection: Rejection | None = None
    warnings: tuple[BookingWarning, ...] = ()
    failure: ServerFails | None = None
    refused: Refused | None = None


class Arrival(Enum):
    """Whether a booking that was sent is in Minox."""

    THERE = auto()
    UNKNOWN = auto()
    """It is not there, and may still come."""
    NEVER = auto()


def batch_id_of(namespace: uuid.UUID, number: str) -> str:
    """Return the UUID of an order's booking, derived in the `namespace` of its shop and books."""
    # no text: a key in the state, or what a UUID is derived from
    return str(uuid.uuid5(namespace, f"order {number}"))


class Booker:
    """Books orders, one by one or several at once.

    Of one customer, or of an order and what takes it back, it is asked for one after the other.
    """

    def __init__(  # noqa: PLR0913 - both sides, the state, and the three facts that bookings depend on
        self,
        *,
        store: Store,
        minox: Minox,
        original: Callable[[str], ReadOrder],
        with_payment: Callable[[Order], Order],
        rules: BookingRules,
        administration: Administration,
        namespace: uuid.UUID,
        changes: Callable[[ReadOrder, OrderNow], Sequence[Difference]],
        exchanges: Exchanges,
    ) -> None:
        """`original` asks the shop for the order that a credit order takes back, by its number.

        It raises OrderNotInShop. `with_payment` fills in how an order was paid, where that decides
        its customer. `namespace` stands for tenant, administration and shop: the UUIDs of bookings
        are derived in it. `changes` tells how an order differs from what was booked. `exchanges`
        keeps what is asked and sent on the way.
        """
        self._store = store
        self._minox = minox
        self._original = original
        self._with_payment = with_payment
        self._rules = rules
        self._administration = administration
        self._namespace = namespace
        self._changes = changes
        self._exchanges = exchanges

        self.customers = Customers(minox, store, namespace=namespace, rules=rules)
        self._started = time.monotonic()
        self._left: dict[str, float] = {}

    def book(self, order: StoredOrder) -> Outcome:
        """Book an order, or store why it is not booked.

        Raises VendorError when a vendor cannot be used.
        """
        if order.order:
            self._minox.keep_private(order.order.buyer, order.order.email)

        with self._exchanges.about(order.number):
            booking = self._store.booking(order.number)
            if booking is None:
                return self._first_time(order)
            if booking.booked_at is None:
                return self._resume(order, booking)
            return _as_booked(order, booking)

    def settle(self, outcome: Outcome) -> Outcome:
        """Find out whether a booking is there whose repetition was refused, and store that.

        It waits until the first attempt can come no more, so it comes after all other orders: the
        wait for one is that for all of them.
        """
        if outcome.refused is None:
            return outcome
        with self._exchanges.about(outcome.order.number):
            return self._settled(outcome, outcome.refused)

    def _settled(self, outcome: Outcome, refused: Refused) -> Outcome:
        order = outcome.order
        intent = self._store.booking(order.number)
        if intent is None:
            return outcome
        if self._comes(intent):
            return self._booked(order, intent)

        refusal = self._refused(order, refused)
        booking = self.decide(order)
        if isinstance(booking, Rejection):
            return refusal
        return self._perhaps_another_customer(order, booking, intent.customer) or refusal

    def preview(
        self, order: StoredOrder, *, judged: Judged = NOT_JUDGED
    ) -> Booking | StoredBooking | Rejection:
        """Return what `book` would send for an order that is not booked, or why nothing.

        `judged` is what the same run made of others. Minox is asked for what was sent before: where
        it has that, it comes back as booked now, and nothing is sent. While it may still come, it
        stands for its own bytes.
        """
        intent = self._store.booking(order.number)
        if intent is None:
            return self.decide(order, judged=judged)
        if self._minox.booking(intent.batch_id):
            return replace(intent, booked_at=datetime.now(UTC))
        if _binds(intent):
            return outcome_unknown(order) if order.waits else intent
        return order.waits or self.decide(order, judged=judged)

    def decide(
        self,
        stored: StoredOrder | StoredBooking,
        *,
        is_there: bool = False,
        judged: Judged = NOT_JUDGED,
    ) -> Booking | Rejection:
        """Return the booking of an order as it is stored, or the reason why not. Sends nothing.

        `is_there`: Minox has it, so that it took its invoice number and its customer, and was
        booked whatever became of its original. `judged` is what the same run made of others before
        it. Raises VendorError where the shop has to tell how it was paid.
        """
        if stored.order is None:
            return self._invalid(stored.number, stored.problem)

        rules, original = self._rules, known_original(self._store, stored.order, judged)
        if is_there:
            order = replace(stored.order, payment=stored.order.payment or None)
            rules = replace(rules, takes_long_numbers=True)
            if original:
                original = replace(original, state=State.BOOKED, leads_back=False)
        else:
            order = self._with_payment(stored.order)

        outcome = decide(order, rules, self._administration, Facts(original=original)).outcome
        if isinstance(outcome, Booking) and isinstance(stored, StoredOrder):
            return _skipped_before(stored, outcome) or outcome
        return outcome

    def _invalid(self, order: str, problem: str) -> Rejection:
        values = {"number": order, "problem": problem, **self._rules.by_hand}
        return Rejection(reason=Reason.ORDER_INVALID, values=values)

    def batch_id(self, number: str) -> str:
        """Return the UUID of an order's booking.

        It is the same on every attempt, and after a lost state file.
        """
        return batch_id_of(self._namespace, number)

    def arrival(self, intent: StoredBooking) -> Arrival:
        """Find out whether a booking that an earlier run sent is there. Sends nothing."""
        if _binds(intent):
            is_there = bool(self._minox.booking(intent.batch_id))
            return Arrival.THERE if is_there else Arrival.UNKNOWN

        return Arrival.THERE if self._comes(intent) else Arrival.NEVER

    def _first_time(self, order: StoredOrder) -> Outcome:
        booking = self.decide(order)
        if isinstance(booking, Rejection):
            return self._not_booked(order, booking)
        # A server that failed on the original alone: it is booked before what takes it back.
        if self._is_ready(order.credited):
            return Outcome(order=order, state=order.state, rejection=order.rejection)
        customer = self._customer_in_minox(booking.customer, order.number)
        if isinstance(customer, Rejection):
            return self._not_booked(order, customer)

        outcome = self._send_first(order, self._intend(order, booking, customer))
        if outcome.rejection and outcome.rejection.reason is Reason.REJECTED_BY_MINOX:
            return self._perhaps_another_customer(order, booking, customer.number) or outcome
        return outcome

    def _is_ready(self, number: str | None) -> bool:
        order = self._store.order(number) if number else None
        return order is not None and order.state is State.READY

    def _not_booked(self, order: StoredOrder, rejection: Rejection) -> Outcome:
        state = state_of(rejection.reason)
        self._store.mark(order.number, state, rejection)

        return Outcome(order=order, state=state, rejection=rejection)

    def _intend(
        self, order: StoredOrder, booking: Booking, customer: FoundCustomer
    ) -> StoredBooking:
        intent = StoredBooking(
            number=order.number,
            batch_id=self.batch_id(order.number),
            customer=customer.number,
            total_cents=int(booking.total * 100),
            body=booking_body(booking, customer.number).decode(),
            payload=order.payload,
            read=order.read,
            paid_by=order.paid_by,
            sent_at=datetime.now(UTC),
            booked_at=None,
            warnings=(*booking.warnings, *customer.warnings),
            turnover=turnover_of(order.order, booking) if order.order else None,
            decision=self._kept(booking, customer),
        )
        go_on()
        self._store.intend_booking(intent)

        return intent

    def _kept(self, booking: Booking, customer: FoundCustomer) -> str:
        """Return what the state keeps of a decision, for who asks why later."""
        decision = kept_of(booking, customer.number, customer.found_by, self._names)

        return kept_text(Kept(decision=decision))

    @cached_property
    def _names(self) -> Names:
        return kept_names(self._store)

    def _send_first(self, order: StoredOrder, intent: StoredBooking) -> Outcome:
        """PUT a new intent. What was certainly not carried out leaves none."""
        try:
            self._put(intent)
        except Refused as refused:
            if refused.in_doubt:
                return self._refused_in_doubt(order, intent, refused)
            return self._refused(order, refused)
        except VendorError as error:
            if error.in_doubt:
                return self._ask(order, intent, error)
            self._store.drop_intent(order.number, order.state, order.rejection)
            raise

        return self._booked(order, intent)

    def _send_again(self, order: StoredOrder, intent: StoredBooking) -> Outcome:
        """PUT the same bytes once more: whatever comes of it tells nothing of the first time."""
        try:
            self._put(intent)
        except Refused as refused:
            return self._refused_in_doubt(order, intent, refused)
        except VendorError as error:
            return self._ask(order, intent, error)

        return self._booked(order, intent)

    def _put(self, intent: StoredBooking) -> None:
        self._minox.put_booking(
            intent.batch_id, intent.body.encode(), leaving=lambda: self._leaves(intent.number)
        )

    def _leaves(self, number: str) -> None:
        self._store.mark_leaving(number)
        self._left[number] = time.monotonic()

    def _refused(self, order: StoredOrder, refused: Refused) -> Outcome:
        values = {"number": order.number, "message": said(refused), **self._rules.by_hand}
        rejection = Rejection(reason=Reason.REJECTED_BY_MINOX, values=values)
        self._store.drop_intent(order.number, State.FAILED, rejection)

        return Outcome(order=order, state=State.FAILED, rejection=rejection)

    def _refused_in_doubt(
        self, order: StoredOrder, intent: StoredBooking, refused: Refused
    ) -> Outcome:
        """Tell whether a booking whose repetition was refused is there: booked, or unknown for now.

        The first attempt may be the very reason: "invoice number exists".
        """
        rejection = self._mark_unknown(order)

        if self._minox.booking(intent.batch_id):
            return self._booked(order, intent)
        return Outcome(order=order, state=State.FAILED, rejection=rejection, refused=refused)

    def _ask(self, order: StoredOrder, intent: StoredBooking, error: VendorError) -> Outcome:
        """Find out whether a booking whose answer was lost is there.

        Look-ups may lag behind the write. Raises `error` where Minox cannot be asked.
        """
        rejection = self._mark_unknown(order)
        if not isinstance(error, Unreachable | UnusableAnswer):
            raise error

        if poll(lambda: self._minox.booking(intent.batch_id)):
            return self._booked(order, intent)
        failure = error if isinstance(error, ServerFails) else None
        return Outcome(order=order, state=State.FAILED, rejection=rejection, failure=failure)

    def _mark_unknown(self, order: StoredOrder) -> Rejection:
        """Store the doubt, before Minox is asked: a kill must not leave the order as it was."""
        rejection = outcome_unknown(order)
        self._store.mark(order.number, State.FAILED, rejection)

        return rejection

    def _resume(self, order: StoredOrder, intent: StoredBooking) -> Outcome:
        """Finish what an earlier run began: ask, then send the same bytes again while they bind."""
        if _binds(intent):
            if self._minox.booking(intent.batch_id):
                return self._booked(order, intent)
            if order.waits:
                # Neither sent again nor given up: the first PUT may still come.
                return Outcome(order=order, state=State.FAILED, rejection=order.rejection)
            return self._send_again(order, intent)

        if self._comes(intent):
            return self._booked(order, intent)
        return self._anew(order)

    def _comes(self, intent: StoredBooking) -> bool:
        """Ask for a booking until it can come no more; return whether it is there."""
        # An earlier run's PUT is at least as old as this run. Its own moment is by a clock that may
        # have been set in between.
        left = self._left.get(intent.number, self._started)
        seconds = left + GHOST_SECONDS + LAG_SECONDS - time.monotonic()

        return bool(poll(lambda: self._minox.booking(intent.batch_id), seconds=seconds))

    def _anew(self, order: StoredOrder) -> Outcome:
        """Decide an order whose booking never came as it is now.

        Its status may book no more, and the shop may have it no more.
        """
        waits = order.waits
        if waits:
            state = state_of(waits.reason)
            self._store.drop_intent(order.number, state, waits)
            return Outcome(order=order, state=state, rejection=waits)

        self._store.drop_intent(order.number, State.READY, None)
        return self._first_time(replace(order, state=State.READY, rejection=None))

    def _booked(self, order: StoredOrder, intent: StoredBooking) -> Outcome:
        with self._store.transaction():
            self._store.mark_booked(order.number)
            self._exchanges.keep(order.number)

        # The order may have changed in the shop since an earlier run sent the booking, or be gone.
        if order.gone:
            self._store.mark_changed_in_shop(order.number, (ORDER_GONE,))
        elif order.payload != intent.payload and intent.order and order.order:
            changes = self._changes(intent, order)
            self._store.mark_changed_in_shop(order.number, changes)

        log.info("Order %s is booked on customer %s.", order.number, intent.customer)
        for warning in intent.warnings:
            log.warning("Order %s is booked with a warning: %s.", order.number, warning.code.value)
        return _as_booked(order, intent)

    # Customers

    def _customer_in_minox(
        self, customer: BookingCustomer, order: str
    ) -> FoundCustomer | Rejection:
        if isinstance(customer, FixedCustomer):
            return FoundCustomer(number=customer.number, found_by=FoundBy.FIXED)
        if isinstance(customer, CustomerByEmail):
            return self.customers.find(customer, order)

        return self._of_original(customer, order)

    def _of_original(self, customer: CustomerOfOriginal, order: str) -> FoundCustomer | Rejection:
        """Return the customer of the original's booking, else that of the original as a sale.

        Source: books/rules.md, rule 11.
        """
        number = self._number_of_booking(customer)
        if number:
            return FoundCustomer(number=number, found_by=FoundBy.ORIGINAL)

        of_sale = self._customer_of_original(customer, order)
        if isinstance(of_sale, Rejection):
            return of_sale
        return self._customer_in_minox(of_sale, order)

    def _number_of_booking(self, customer: CustomerOfOriginal) -> str | None:
        booking = self._store.booking(customer.order_number)

        return booking.customer if booking and booking.booked_at else None

    def _customer_of_original(
        self, customer: CustomerOfOriginal, order: str
    ) -> FixedCustomer | CustomerByEmail | Rejection:
        """Return the customer of the original as the shop has it now."""
        without_email = Rejection(reason=Reason.EMAIL_MISSING, values={"number": order})
        try:
            original = self._original(customer.order_number).order
        except OrderNotInShop:
            # Only then the credit order's own e-mail counts.
            return customer.fallback or without_email

        if original is None:
            return self._invalid(order, f"credited_order_number {customer.order_number}")

        original = self._with_payment(original)
        if lacks_payment(original, self._rules.payment_debtors):
            values = {"number": order, **self._rules.by_hand}
            return Rejection(reason=Reason.PAYMENT_MISSING, values=values)
        return customer_of_sale(original, self._rules) or without_email

    def _perhaps_another_customer(
        self, order: StoredOrder, booking: Booking, number: str
    ) -> Outcome | None:
        """After a refusal, see whether it was for the customer: blocked, gone or somebody else now.

        None when not. Else the number is forgotten and looked up once more: the new number, or
        `customer_blocked` (books/rules.md, rule 9).
        """
        try:
            customer = poll(lambda: self._minox.customer(number))  # it may have been made just now
        except Refused:
            return None
        if customer and not customer.blocked and not self._is_somebody_else(customer, booking):
            if isinstance(booking.customer, CustomerByEmail):
                self.customers.distrust(booking.customer)
            return None

        replacement = self._replacement(booking, number)
        if isinstance(replacement, Rejection):
            return self._not_booked(order, replacement)
        # A customer that is gone may have left its number to another.
        if replacement is not None and (replacement.number != number or customer is None):
            return self._send_first(order, self._intend(order, booking, replacement))
        return self._not_booked(order, _blocked(order, number)) if _is_blocked(customer) else None

    def _is_somebody_else(self, in_minox: MinoxCustomer, booking: Booking) -> bool:
        """Tell whether Minox gave a customer's number to somebody else since we remember it.

        A customer that we never found by e-mail, such as a fixed one or that of an adopted
        booking, need not fit.
        """
        customer = booking.customer
        if isinstance(customer, CustomerOfOriginal):
            # Mostly the credit order names the same buyer, and the shop need not be asked.
            if customer.fallback and still_fits(customer.fallback, in_minox):
                return False
            of_sale = self._customer_of_original(customer, booking.order_number)
        else:
            of_sale = customer

        if not isinstance(of_sale, CustomerByEmail):
            return False
        is_remembered = self.customers.remembered(of_sale) == in_minox.number
        return is_remembered and not still_fits(of_sale, in_minox)

    def _replacement(self, booking: Booking, number: str) -> FoundCustomer | Rejection | None:
        """Look the customer up anew; None where nobody but `number` can be.

        For a credit order it is that of its original as a sale, whether or not that is booked:
        what new sales find, credit orders find too.
        """
        of_sale: BookingCustomer | Rejection = booking.customer
        if isinstance(of_sale, CustomerOfOriginal):
            of_sale = self._customer_of_original(of_sale, booking.order_number)
        if isinstance(of_sale, FixedCustomer):
            if of_sale.number == number:
                return None
            return FoundCustomer(number=of_sale.number, found_by=FoundBy.FIXED)
        if not isinstance(of_sale, CustomerByEmail):
            return None

        self.customers.forget(of_sale)
        return self.customers.find(of_sale, booking.order_number)


def _binds(intent: StoredBooking) -> bool:
    """Tell whether only the same bytes may be sent again.

    A moment that is still to come was noted by a clock that was wrong.
    """
    age = datetime.now(UTC) - intent.sent_at

    return timedelta() <= age < timedelta(seconds=BINDING_SECONDS)


def _as_booked(order: StoredOrder, booking: StoredBooking) -> Outcome:
    return Outcome(
        order=order,
        state=State.BOOKED,
        customer=booking.customer,
        total_cents=booking.total_cents,
        warnings=booking.warnings,
    )


def outcome_unknown(order: StoredOrder) -> Rejection:
    """Return why an order is left alone whose booking may be in Minox or still come."""
    return Rejection(reason=Reason.OUTCOME_UNKNOWN, values={"number": order.number})


def _is_blocked(customer: MinoxCustomer | None) -> bool:
    return customer is not None and customer.blocked


def _blocked(order: StoredOrder, customer: str) -> Rejection:
    values = {"number": order.number, "customer": customer}

    return Rejection(reason=Reason.CUSTOMER_BLOCKED, values=values)


def _skipped_before(order: StoredOrder, booking: Booking) -> Rejection | None:
    """Return why an order that an earlier version skipped is not booked yet: a person decides.

    Somebody may have booked it by hand since (books/rules.md, rule 2).
    """
    if not order.skipped_before:
        return None

    rates = sorted({share.rate for share in booking.shares})
    values = {"number": order.number, "rate": ", ".join(map(percentage, rates))}
    return Rejection(reason=Reason.SKIPPED_BEFORE, values=values)
