"""Books one order in Minox, exactly once: intent, effect, outcome, each stored
(minox/exactly_once.md, "Intent, effect, outcome").

The UUID of a booking is derived, and its exact body is stored before the first PUT. An answer that
never came is unknown, not failed: Minox is asked. What was once sent is only ever sent again as the
same bytes.
"""

import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from mww2minox.books.booking import customer_of_sale
from mww2minox.books.decision import decide
from mww2minox.books.differences import order_changes
from mww2minox.books.model import (
    Administration,
    Booking,
    BookingCustomer,
    BookingRules,
    CustomerByEmail,
    CustomerOfOriginal,
    FixedCustomer,
    MinoxCustomer,
    Reason,
    Rejection,
    State,
)
from mww2minox.errors import OrderNotInShop, Refused, Unreachable, UnusableAnswer
from mww2minox.minox.api import Minox
from mww2minox.minox.customers import Customers, poll, said
from mww2minox.minox.wire import booking_body
from mww2minox.shop.api import Webshop
from mww2minox.shop.orders import read_stored_order
from mww2minox.state import Store, StoredBooking, StoredOrder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an order: booked on `customer`, or the reason why not."""

    order: StoredOrder
    state: State
    customer: str = ""
    rejection: Rejection | None = None


class Booker:
    """Books orders, one by one."""

    def __init__(  # noqa: PLR0913 - both sides, the state, and the three facts that bookings depend on
        self,
        *,
        store: Store,
        minox: Minox,
        shop: Webshop,
        rules: BookingRules,
        administration: Administration,
        namespace: uuid.UUID,
    ) -> None:
        """`namespace` stands for tenant, administration and shop: the UUIDs of bookings are derived
        in it.
        """
        self._store = store
        self._minox = minox
        self._shop = shop
        self._mapping = rules
        self._administration = administration
        self._namespace = namespace
        self.customers = Customers(minox, store, namespace=namespace, journal=rules.journal)

    def book(self, order: StoredOrder) -> Outcome:
        """Book an order, or store why it is not booked.

        Raises VendorError when a vendor cannot be used.
        """
        known = read_stored_order(order.payload).order
        if known:
            self._minox.keep_private(known.buyer, known.email)
        sent = self._store.booking(order.number)
        if sent is None:
            return self._first_time(order)
        if sent.booked_at is None:
            return self._resume(order, sent)
        return Outcome(order=order, state=State.BOOKED, customer=sent.customer)

    def decide(self, order: StoredOrder) -> Booking | Rejection:
        """Return the booking of a stored order, or the reason why it has none. Sends nothing."""
        taken = read_stored_order(order.payload)
        if taken.order is None:
            values = {"number": order.number, "problem": taken.problem}
            return Rejection(reason=Reason.ORDER_INVALID, values=values)
        return decide(taken.order, self._mapping, self._administration).outcome

    def batch_id(self, number: str) -> str:
        """Return the UUID of an order's booking: the same on every attempt, and after a lost state
        file.
        """
        return str(uuid.uuid5(self._namespace, f"order {number}"))

    def _first_time(self, order: StoredOrder) -> Outcome:
        booking = self.decide(order)
        if isinstance(booking, Rejection):
            return self._not_booked(order, booking)
        customer = self._customer(booking.customer, order.number)
        if isinstance(customer, Rejection):
            return self._not_booked(order, customer)
        outcome = self._send(order, self._intend(order, booking, customer))
        if outcome.rejection and outcome.rejection.reason is Reason.REJECTED_BY_MINOX:
            return self._perhaps_another_customer(order, booking, customer) or outcome
        return outcome

    def _not_booked(self, order: StoredOrder, rejection: Rejection) -> Outcome:
        state = State.SKIPPED if rejection.reason is Reason.NOTHING_TO_BOOK else State.FAILED
        self._store.mark(order.number, state, rejection)
        return Outcome(order=order, state=state, rejection=rejection)

    def _intend(self, order: StoredOrder, booking: Booking, customer: str) -> StoredBooking:
        intent = StoredBooking(
            number=order.number,
            batch_id=self.batch_id(order.number),
            customer=customer,
            total_cents=int(booking.total * 100),
            body=booking_body(booking, customer).decode(),
            payload=order.payload,
            sent_at=datetime.now(UTC),
            booked_at=None,
        )
        self._store.intend_booking(intent)
        return intent

    def _send(self, order: StoredOrder, intent: StoredBooking) -> Outcome:
        """PUT the stored body; ask Minox when the answer does not come."""
        try:
            self._minox.put_booking(intent.batch_id, intent.body.encode())
        except Refused as refused:
            rejection = Rejection(
                reason=Reason.REJECTED_BY_MINOX,
                values={"number": order.number, "message": said(refused)},
            )
            self._store.mark_refused(order.number, rejection)
            return Outcome(order=order, state=State.FAILED, rejection=rejection)
        except (Unreachable, UnusableAnswer):
            return self._ask(order, intent)
        return self._booked(order, intent)

    def _ask(self, order: StoredOrder, intent: StoredBooking) -> Outcome:
        """Find out whether a booking whose answer was lost is there.

        Look-ups may lag behind the write.
        """
        rejection = Rejection(reason=Reason.OUTCOME_UNKNOWN, values={"number": order.number})
        self._store.mark(order.number, State.FAILED, rejection)
        if poll(lambda: self._minox.booking(intent.batch_id)):
            return self._booked(order, intent)
        return Outcome(order=order, state=State.FAILED, rejection=rejection)

    def _resume(self, order: StoredOrder, intent: StoredBooking) -> Outcome:
        """Finish what an earlier run began: ask, then send the same bytes again."""
        if self._minox.booking(intent.batch_id):
            return self._booked(order, intent)
        return self._send(order, intent)

    def _booked(self, order: StoredOrder, intent: StoredBooking) -> Outcome:
        self._store.mark_booked(order.number)
        was, now = read_stored_order(intent.payload).order, read_stored_order(order.payload).order
        if was and now:
            self._store.mark_changed_in_shop(order.number, order_changes(was, now))
        log.info("Order %s is booked on customer %s.", order.number, intent.customer)
        return Outcome(order=order, state=State.BOOKED, customer=intent.customer)

    # Customers

    def _customer(self, debtor: BookingCustomer, order: str) -> str | Rejection:
        if isinstance(debtor, FixedCustomer):
            return debtor.number
        if isinstance(debtor, CustomerByEmail):
            return self.customers.number(debtor, order)
        return self._customer_of_original(debtor, order)

    def _customer_of_original(self, debtor: CustomerOfOriginal, order: str) -> str | Rejection:
        """The customer of the original's booking, else that of the original as the shop has it
        (books/rules.md, rule 11).
        """
        booked = self._customer_of_booking(debtor)
        if booked:
            return booked
        by_rule_9 = self._debtor_of_original(debtor, order)
        return by_rule_9 if isinstance(by_rule_9, Rejection) else self._customer(by_rule_9, order)

    def _customer_of_booking(self, debtor: CustomerOfOriginal) -> str | None:
        booked = self._store.booking(debtor.order_number)
        return booked.customer if booked and booked.booked_at else None

    def _debtor_of_original(
        self, debtor: CustomerOfOriginal, order: str
    ) -> BookingCustomer | Rejection:
        try:
            original = self._shop.order(debtor.order_number).order
        except OrderNotInShop:
            missing = Rejection(reason=Reason.EMAIL_MISSING, values={"number": order})
            return debtor.fallback or missing
        if original is None:
            problem = f"credited_order_number {debtor.order_number}"
            return Rejection(
                reason=Reason.ORDER_INVALID, values={"number": order, "problem": problem}
            )
        missing = Rejection(reason=Reason.EMAIL_MISSING, values={"number": order})
        return customer_of_sale(original, self._mapping) or missing

    def _perhaps_another_customer(
        self, order: StoredOrder, booking: Booking, customer: str
    ) -> Outcome | None:
        """After a refusal, see whether it was for the debtor: blocked or gone. None when it was
        not.

        Forget the number, look up once more (books/rules.md, rule 9).
        """
        try:
            there = poll(lambda: self._minox.customer(customer))  # it may have been made just now
        except Refused:
            return None
        if there and not there.blocked:
            return None
        replacement = self._replacement(booking.customer, order.number)
        if isinstance(replacement, str) and (
            replacement != customer or there is None
        ):  # Minox may use a number anew
            return self._send(order, self._intend(order, booking, replacement))
        if isinstance(replacement, Rejection):
            return self._not_booked(order, replacement)
        return self._not_booked(order, _blocked(order, customer)) if _is_blocked(there) else None

    def _replacement(
        self, debtor: BookingCustomer | Rejection, order: str
    ) -> str | Rejection | None:
        if isinstance(debtor, CustomerOfOriginal) and not self._customer_of_booking(debtor):
            debtor = self._debtor_of_original(debtor, order)
        if isinstance(debtor, CustomerByEmail):
            self.customers.forget(debtor)
            return self.customers.number(debtor, order)
        return None


def _is_blocked(customer: MinoxCustomer | None) -> bool:
    return customer is not None and customer.blocked


def _blocked(order: StoredOrder, customer: str) -> Rejection:
    return Rejection(
        reason=Reason.CUSTOMER_BLOCKED, values={"number": order.number, "customer": customer}
    )
