"""A real order as the booking that it would become, and the trial booking that shows how VAT has to
be sent.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from mww2minox.books.decision import decide
from mww2minox.books.model import (
    Booking,
    BookingRules,
    CustomerByEmail,
    FixedCustomer,
    MinoxCustomer,
    Order,
    VatCode,
    VatPosting,
)
from mww2minox.commands.setup.screen import Seen, ask_customer
from mww2minox.commands.setup.session import Session
from mww2minox.config.yaml_file import Value
from mww2minox.errors import Refused
from mww2minox.language.texts import _
from mww2minox.minox.trial_booking import NOTE, Tried, take_out, try_out
from mww2minox.reasons import describe
from mww2minox.steps.booking_table import show_booking
from mww2minox.wiring import Wiring

CANDIDATES = 25
"""So many orders are tried for one whose customer Minox knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A real order, the booking that it would become, and its customer's number where Minox knows
    it.
    """

    order: Order
    booking: Booking
    customer: str | None


class Rehearsal:
    """Shows what the mapping makes of a real order, and tries it in Minox where the user agrees."""

    def __init__(self, session: Session, seen: Seen) -> None:
        """Take the order from those that were `seen`."""
        self.session = session
        self.answers = session.answers
        self.dialogue = session.dialogue
        self.output = session.output
        self.store = session.store
        self.seen = seen

    def show_and_try(self) -> None:
        """Show one real order as the booking it would become; where the user agrees, try it in
        Minox.
        """
        wiring = self.session.wiring
        self._clear_up(wiring)
        sample = self._sample(wiring, self.seen)
        if sample is None:
            self.output.paragraph(
                _(
                    "None of the newest orders can be booked with this mapping, so there is nothing"
                    " to show."
                )
            )
            return
        self.output.line("")
        customer = sample.customer
        debtor = (
            _("customer {number}").format(number=customer) if customer else _("customer by e-mail")
        )
        show_booking(self.output, sample.booking, debtor)
        question = _(
            "Trial booking: put this one booking into Minox, read it back, and delete it again?"
        )
        if self.session.agreed("trial", question, default=False):
            self._try(wiring, self.seen, sample)

    def _clear_up(self, wiring: Wiring) -> None:
        if self.store.note(NOTE):
            with self.store.run():
                take_out(self.store, wiring.minox)
            self.output.line(_("An earlier trial booking was still in Minox; it is deleted now."))

    def _sample(self, wiring: Wiring, seen: Seen) -> Sample | None:
        """Choose an order with as many VAT rates as there are, of a customer that Minox knows."""
        rules = self.session.config.rules(seen.lists.shop_country)
        selected = wiring.statuses.selected
        able = list(
            _bookable([order for order in seen.orders if order.status in selected], rules, seen)
        )
        able.sort(
            key=lambda sample: -len({share.rate for share in sample.booking.shares if share.vat})
        )
        with_customer = (_with_customer(wiring, sample) for sample in able[:CANDIDATES])
        return next(
            (sample for sample in with_customer if sample.customer), able[0] if able else None
        )

    def _try(self, wiring: Wiring, seen: Seen, sample: Sample) -> None:
        customer = sample.customer
        if customer is None:
            question = _("A customer in Minox to try it on: its number, or a part of its name")
            told = self.answers.about_setup.get("trial_customer")
            given = None if told is None else str(told)
            customer = ask_customer(
                self.dialogue, wiring.minox, "setup.trial_customer", question, default=given
            )
        rules = self.session.config.rules(seen.lists.shop_country)
        codes = list(seen.lists.codes)
        with self.store.run(), self._telling_what_is_left():
            tried = list(
                self._told(
                    try_out(
                        self.store,
                        wiring.minox,
                        sample.order,
                        rules=rules,
                        administration=seen.administration,
                        customer=customer,
                        codes=codes,
                    )
                )
            )
        right = next((one for one in tried if one.right), None)
        if right is None:
            self.output.warn(
                _(
                    "None of the ways of sending VAT reads back right. The trial booking is"
                    " deleted."
                ),
                _("Show this to your accountant, or to Minox. Then run: mww2minox setup"),
            )
        elif right.posting is not rules.vat_posting:
            self._propose(right.posting, codes)

    @contextmanager
    def _telling_what_is_left(self) -> Iterator[None]:
        """Whatever ends the trial: say so when its booking may still be in Minox."""
        try:
            yield
        finally:
            if self.store.note(NOTE):
                self.output.warn(
                    _("The trial booking may still be in Minox. The next run takes it out."),
                    _("Run: mww2minox setup"),
                )

    def _told(self, attempts: Iterator[Tried]) -> Iterator[Tried]:
        for tried in attempts:
            if tried.right:
                self.output.line(
                    _("{way}: reads back right. The trial booking is deleted.").format(
                        way=tried.posting
                    )
                )
            elif tried.refused:
                said = _("{way}: Minox refuses it: {message}").format(
                    way=tried.posting, message=tried.refused
                )
                self.output.paragraph(said)
            else:
                differences = "; ".join(map(describe, tried.differences))
                self.output.paragraph(
                    _("{way}: reads back otherwise: {differences}").format(
                        way=tried.posting, differences=differences
                    )
                )
            yield tried

    def _propose(self, posting: VatPosting, codes: Iterable[VatCode]) -> None:
        question = _("Send VAT the way that reads back right, booking.vat_posting: {way}?").format(
            way=posting
        )
        if not self.session.agreed("use_what_reads_back", question, default=True):
            return
        self.answers.put(str(posting), "booking", "vat_posting")
        if posting is VatPosting.LEDGER and self.answers.get("ledgers"):
            self.output.warn(
                _(
                    "Shipping costs, payment costs and discounts then go with the goods: ledgers is"
                    " dropped."
                )
            )
            self.answers.put(None, "ledgers")
        if posting is VatPosting.LINE:
            accounts = {code.code: code.account for code in codes}
            rows = self.answers.get("vat")
            self.answers.put(
                (
                    [_with_vat_ledger(row, accounts) for row in rows if isinstance(row, dict)]
                    if isinstance(rows, list)
                    else None
                ),
                "vat",
            )


def _bookable(orders: Iterable[Order], rules: BookingRules, seen: Seen) -> Iterator[Sample]:
    """Yield the sales that have a booking."""
    for order in orders:
        booking = decide(order, rules, seen.administration).outcome
        if (
            isinstance(booking, Booking)
            and booking.total > 0
            and isinstance(booking.customer, FixedCustomer | CustomerByEmail)
        ):
            yield Sample(order=order, booking=booking, customer=None)


def _with_customer(wiring: Wiring, sample: Sample) -> Sample:
    debtor = sample.booking.customer
    if isinstance(debtor, FixedCustomer):
        return Sample(order=sample.order, booking=sample.booking, customer=debtor.number)
    found: Iterable[MinoxCustomer] = ()
    if isinstance(debtor, CustomerByEmail):
        with suppress(Refused):  # an e-mail address that Minox does not take
            found = wiring.minox.customers_by_email(debtor.email.strip())
    usable = next((customer.number for customer in found if not customer.blocked), None)
    return Sample(order=sample.order, booking=sample.booking, customer=usable)


def _with_vat_ledger(row: dict[str, Value], accounts: Mapping[str, str]) -> dict[str, Value]:
    account = accounts.get(str(row.get("code")))
    return (
        {**row, "vat_ledger": account}
        if account and row.get("rate") and not row.get("vat_ledger")
        else row
    )
