"""Compares a booking that was read back with its order: as it was sent, and as the order is now.

Source: books/rules.md, "Reading back", "Adopted bookings" and "How a difference ends". What was
sent decides how VAT is compared, and not the config, which may send it otherwise by now.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from mww2minox.books.adopted import Adopted, Wanted, compare_adopted
from mww2minox.books.booking import customer_of, lacks_payment
from mww2minox.books.decision import Decision, decide
from mww2minox.books.differences import (
    VatAccounts,
    booking_differences,
    makes_vat,
    posting_of,
    shows_vat,
)
from mww2minox.books.email_address import one_form
from mww2minox.books.kept_decision import Kept, KeptAdoption, kept_of, kept_text, read_kept
from mww2minox.books.model import (
    Administration,
    AdoptedBy,
    Booking,
    BookingRules,
    CustomerByEmail,
    CustomerOfOriginal,
    Difference,
    FixedCustomer,
    FoundBy,
    InvoiceNumber,
    Order,
    TransactionLine,
    VatCode,
    VatPosting,
)
from mww2minox.books.vat_number import is_same_vat_number
from mww2minox.books.vat_sums import turnover_of
from mww2minox.config.loading import LEDGER_TOLERANCE
from mww2minox.errors import Refused
from mww2minox.minox.api import Minox
from mww2minox.minox.customers import Customers
from mww2minox.minox.journal import order_lines
from mww2minox.minox.wire import booking_body, sent_lines
from mww2minox.state import ReadOrder, Store, StoredBooking

STANDING = ("status", "payment_status")
"""The fields of an order's JSON that say how far it is; no booking shows them."""
CUSTOMER_FIELDS = frozenset({"e-mail", "payment", "credited_order_number"})
"""The fields of an order that its customer follows from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """How a booking that was read back differs from its order, and what could not be compared.

    `agreed` is the booking as it is and the order as it is now, where the two agree again.
    """

    differences: tuple[Difference, ...]
    tells_vat: bool = True
    tells_customer: bool = True
    agreed: StoredBooking | None = None


class Readback:
    """Compares bookings, one by one; Minox' lists are asked for once."""

    def __init__(  # noqa: PLR0913 - both sides, the state, and what a booking depends on
        self,
        *,
        store: Store,
        minox: Minox,
        customers: Callable[[], Customers],
        rules: BookingRules,
        administration: Callable[[], Administration],
        tolerance: Decimal,
    ) -> None:
        """`customers` and `administration` are called when they are needed: they cost requests.

        `tolerance` is in euros.
        """
        self._store = store
        self._minox = minox
        self._customers = customers
        self._rules = rules
        self._administration = administration
        self._tolerance = tolerance
        self._by_email: dict[str, tuple[str, ...]] = {}

    def compare(
        self,
        booking: StoredBooking,
        lines: Sequence[TransactionLine],
        now: ReadOrder | None,
        changes: Sequence[Difference],
    ) -> Compared:
        """Compare the lines of a booking with what was sent, or adopted, for it.

        `now` is the order as the shop has it, None when it is gone; `changes` are what changed on
        it since. Where anything differs but `now` and the lines agree, nothing differs any more.
        Raises VendorError.
        """
        if booking.body:
            compared = self._with_sent(booking.body, booking.order, lines)
        else:
            compared = _compared(self._with_adopted(booking, lines))

        if now is None or now.order is None or not (compared.differences or changes):
            return compared

        order = _as_paid(now.order, booking.order)
        agreed = self._agreed(booking, lines, now, order, changes)
        return replace(compared, differences=(), agreed=agreed) if agreed else compared

    def entered_anew(
        self, booking: StoredBooking, batch_id: str, now: ReadOrder
    ) -> Compared | None:
        """Compare a booking that a person entered for an order whose own one is gone.

        None where Minox does not have it. Raises VendorError.
        """
        lines = self._minox.booking(batch_id)
        if not lines or now.order is None:
            return None

        compared = _compared(self._with_wanted(booking.number, now.order, now.order.total, lines))
        customer = order_lines(booking.number, lines)[0].account
        adoption = KeptAdoption(
            by=AdoptedBy.ANEW,
            journal=lines[0].journal,
            date=lines[0].document_date,
            total=now.order.total,
        )
        kept = kept_text(Kept(adoption=adoption))
        agreed = _on(booking, now, now.order, customer=customer, body="")
        return replace(compared, agreed=replace(agreed, batch_id=batch_id, decision=kept))

    # With what was sent

    def _with_sent(
        self, body: str, order: Order | None, lines: Sequence[TransactionLine]
    ) -> Compared:
        sent = sent_lines(body)
        if not makes_vat(sent, self.vat):
            differences = booking_differences(sent, lines, vat=self.vat, tolerance=self._tolerance)
            return Compared(differences=differences)

        # What Minox does not show cannot be compared: that is said, and is no difference.
        made_vat = self._vat_of(order)
        told = made_vat is not None and (made_vat == 0 or shows_vat(lines, self.vat))
        # Where there is no VAT, as in the sale of a gift card, Minox rounds nothing.
        tolerance = self._tolerance if made_vat == 0 else self._tolerance_of_made_vat
        differences = booking_differences(
            sent,
            lines,
            vat=replace(self.vat, of_ledgers=self._codes_of_ledgers),
            tolerance=tolerance,
            made_vat=made_vat if told else None,
        )
        return Compared(differences=differences, tells_vat=told)

    @property
    def _tolerance_of_made_vat(self) -> Decimal:
        """What Minox may round otherwise; the config tells it when this is its way of today."""
        if self._rules.vat_posting is VatPosting.LEDGER:
            return self._tolerance

        return max(self._tolerance, Decimal(LEDGER_TOLERANCE))

    def _vat_of(self, order: Order | None) -> Decimal | None:
        """Return an order's VAT in euros, whatever else the config of today makes of it."""
        if order is None:
            return None

        rates = self._decided(order, self.any_number).workings.vat
        return sum((rate.booked for rate in rates), Decimal(0)) if rates else None

    @property
    def any_number(self) -> BookingRules:
        """The rules for what needs no invoice number from us."""
        return replace(self._rules, invoice_number=InvoiceNumber.MINOX)

    def _decided(self, order: Order, rules: BookingRules) -> Decision:
        """Decide an order that is booked, also where it is not known how it was paid: its customer
        is compared apart.
        """
        return decide(replace(order, payment=order.payment or None), rules, self._administration())

    @cached_property
    def vat(self) -> VatAccounts:
        """Where Minox keeps VAT, as its lists and the config tell."""
        sent_to = [row.vat_ledger for row in self._rules.vat if row.vat_ledger]

        return VatAccounts(
            codes={code.code: code for code in self._minox.vat_codes()}, sent_to=frozenset(sent_to)
        )

    @cached_property
    def _codes_of_ledgers(self) -> dict[str, VatCode]:
        codes = self.vat.codes
        accounts = self._minox.ledger_accounts()

        return {account.id: codes[account.vat] for account in accounts if account.vat in codes}

    # With what the order wants

    def _with_adopted(self, booking: StoredBooking, lines: Sequence[TransactionLine]) -> Adopted:
        """Compare the lines of an adopted booking with the order as it was then.

        Its customer was right when its addresses were emptied: no e-mail address finds it any more.
        """
        total = Decimal(booking.total_cents) / 100
        customers = (booking.customer,) if booking.is_emptied else None

        return self._with_wanted(booking.number, booking.order, total, lines, customers=customers)

    def _with_wanted(
        self,
        number: str,
        order: Order | None,
        total: Decimal,
        lines: Sequence[TransactionLine],
        *,
        customers: tuple[str, ...] | None = None,
    ) -> Adopted:
        """Compare lines with what an order wants; None for its `customers`: those that fit it."""
        shares = None
        if order:
            shares = self._decided(order, self.any_number).workings.shares or None
        if customers is None:
            customers = self._customers_of(order) if order else ()

        return compare_adopted(
            lines,
            order_lines(number, lines),
            Wanted(total=total, customers=customers, shares=shares),
            vat=self.vat,
            tolerance=self._tolerance,
        )

    def _customers_of(self, order: Order) -> tuple[str, ...]:
        """Return the numbers that fit an order by books/rules.md, rules 9 and 11; none are made."""
        # The shop was asked how it was paid, and could not tell: whoever booked it may know.
        was_asked = order.payment is not None
        if was_asked and lacks_payment(order, self._rules.payment_debtors):
            return ()

        customer = customer_of(order, self._rules)
        if isinstance(customer, CustomerOfOriginal):
            original = self._store.booking(customer.order_number)
            if original and original.booked_at:
                return (original.customer,)
            customer = customer.fallback

        match customer:
            case FixedCustomer():
                return (customer.number,)
            case CustomerByEmail():
                return self._customers_by_email(customer)
            case _:
                return ()

    def _customers_by_email(self, customer: CustomerByEmail) -> tuple[str, ...]:
        email = one_form(customer.email)
        if email not in self._by_email:
            self._minox.keep_private(customer.buyer, customer.email)
            try:
                candidates = self._minox.customers_by_email(customer.email)
            except Refused:  # an e-mail address that Minox does not take
                candidates = []

            numbers = [candidate.number for candidate in candidates]
            remembered = self._customers().remembered(customer)
            self._by_email[email] = tuple(
                dict.fromkeys([remembered, *numbers] if remembered else numbers)
            )
        return self._by_email[email]

    # With the order as it is now

    def _agreed(
        self,
        booking: StoredBooking,
        lines: Sequence[TransactionLine],
        now: ReadOrder,
        order: Order,
        changes: Sequence[Difference],
    ) -> StoredBooking | None:
        """Return the booking and the order as they are now, when they agree; else None."""
        customers = {line.account for line in order_lines(booking.number, lines)}
        if len(customers) != 1:
            return None
        (customer,) = customers

        changed = {change.values.get("field", "") for change in changes}
        if not self._fits_customer(booking, order, customer, changed):
            return None

        if booking.body:
            return self._agreed_as_sent(booking, now, order, customer, lines)

        agrees = self._adopted_agrees(booking.number, order, lines, changed)
        return _on(booking, now, order, customer=customer, body="") if agrees else None

    def _fits_customer(
        self, booking: StoredBooking, order: Order, customer: str, changed: set[str]
    ) -> bool:
        """Tell whether the customer in Minox is the order's, with its VAT number if it changed."""
        stays = customer == booking.customer and not changed & CUSTOMER_FIELDS
        if not stays and customer not in self._customers_of(order):
            return False
        if "taxnumber" not in changed:
            return True

        # The lines do not show it, and the ICP return takes it from the customer.
        try:
            in_minox = self._minox.customer(customer)
        except Refused:  # a number that Minox does not take
            return False
        return in_minox is not None and is_same_vat_number(
            order.buyer.vat_number,
            in_minox.vat_number,
            country=order.tax_region or order.buyer.country_code,
        )

    def _adopted_agrees(
        self, number: str, order: Order, lines: Sequence[TransactionLine], changed: set[str]
    ) -> bool:
        """Tell whether an adopted booking is right for the order with what `changed` on it."""
        wanted = self._with_wanted(number, order, order.total, lines)
        if wanted.differences:
            return False
        # Another's date is its own, so only the period tells whether a date was followed.
        if "date" in changed and not self._is_in_period(order, order_lines(number, lines)):
            return False

        # Lines that tell no VAT agree with a change only where the total shows it.
        return wanted.tells_vat or "total" in changed

    def _is_in_period(self, order: Order, lines: Sequence[TransactionLine]) -> bool:
        """Tell whether all these lines are in the period that the order is to be booked in."""
        decided = self._decided(order, self.any_number).outcome
        if not isinstance(decided, Booking):
            return False

        period = (str(decided.fiscal_year), str(decided.period))
        return all((line.fiscal_year, line.period) == period for line in lines)

    def _agreed_as_sent(
        self,
        booking: StoredBooking,
        now: ReadOrder,
        order: Order,
        customer: str,
        lines: Sequence[TransactionLine],
    ) -> StoredBooking | None:
        """Return the booking with the body by which the lines are right for the order; None where
        there is none.

        VAT may be on them as it was sent, or in the way of today. The invoice number is that which
        was sent, if any.
        """
        sent = sent_lines(booking.body)
        has_number = any(line.invoice_number for line in sent)
        numbers = InvoiceNumber.ORDER if has_number else InvoiceNumber.MINOX
        as_sent = replace(self._rules, invoice_number=numbers, takes_long_numbers=True)

        for posting in dict.fromkeys((posting_of(sent, self.vat), self._rules.vat_posting)):
            rules = replace(as_sent, vat_posting=posting)
            decided = self._decided(order, rules).outcome
            if not isinstance(decided, Booking):
                continue

            body = booking_body(decided, customer).decode()
            if not self._with_sent(body, order, lines).differences:
                agreed = _on(booking, now, order, customer=customer, body=body)
                return replace(
                    agreed,
                    turnover=turnover_of(order, decided),
                    decision=_kept_anew(booking, decided, customer),
                )
        return None


def _as_paid(now: Order, booked: Order | None) -> Order:
    """Return an order of the shop as it is now, with how it was paid where that is told no more."""
    if now.payment or booked is None:
        return now
    return replace(now, payment=booked.payment)


def _compared(adopted: Adopted) -> Compared:
    return Compared(
        differences=adopted.differences,
        tells_vat=adopted.tells_vat,
        tells_customer=adopted.tells_customer,
    )


def _kept_anew(booking: StoredBooking, decided: Booking, customer: str) -> str:
    """Return what is kept of a booking that was put right on both sides since it was sent."""
    kept = read_kept(booking.decision)
    # Who was put in the place of its customer is one of those that its e-mail address finds.
    found_by = FoundBy.LOOKED_UP
    if kept.decision and customer == booking.customer:
        found_by = kept.decision.customer.found_by

    names = kept.decision.names if kept.decision else {}
    return kept_text(replace(kept, decision=kept_of(decided, customer, found_by, names)))


def _on(
    booking: StoredBooking, now: ReadOrder, order: Order, *, customer: str, body: str
) -> StoredBooking:
    return replace(
        booking,
        customer=customer,
        total_cents=int(order.total * 100),
        body=body,
        payload=_held_on_to(booking.payload, now.payload),
    )


def _held_on_to(booked: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Return the order as it is now, but where it stood when it was decided: what became of that
    since is told whatever is put right.
    """
    # What was adopted unread has no such fields.
    if "status" not in booked:
        return now

    others = {key: value for key, value in now.items() if key not in STANDING}
    return others | {key: booked[key] for key in STANDING if key in booked}
