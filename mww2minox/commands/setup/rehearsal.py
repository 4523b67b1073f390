"""A real order as the booking that it would become, and the trial booking that shows how VAT has to
be sent.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from mww2minox.books.decision import decide
from mww2minox.books.model import (
    Administration,
    Booking,
    BookingCustomer,
    BookingRules,
    CustomerByEmail,
    FixedCustomer,
    MinoxCustomer,
    Order,
    VatCode,
    VatPosting,
)
from mww2minox.commands.setup.screen import BothSides, ask_customer
from mww2minox.commands.setup.session import Session
from mww2minox.config.yaml_file import Value
from mww2minox.errors import Refused
from mww2minox.language.texts import _
from mww2minox.minox import TRIAL
from mww2minox.minox.kept_lists import names_of
from mww2minox.minox.trial_booking import Tried, take_out, try_out
from mww2minox.reasons import advice_for_any_way, describe
from mww2minox.steps.booking_table import show_booking
from mww2minox.wiring import Wiring

DEMO_ADMINISTRATION = "99998"
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

    def __init__(self, session: Session, both_sides: BothSides) -> None:
        """Take the order from those that were read of `both_sides`."""
        self.session = session
        self.answers = session.answers
        self.dialogue = session.dialogue
        self.output = session.output
        self.store = session.store
        self.both_sides = both_sides
        self.failure: tuple[str, str] | None = None
        """Where a trial was made and no way was right: a sentence, and what to do."""
        self._was_in_minox = False

    def show_and_try(self) -> None:
        """Show one real order as the booking it would become; where the user agrees, try it in
        Minox.
        """
        wiring = self.session.wiring
        self._clear_up(wiring)
        self._begin_with_debtor()

        sample = self._sample(wiring)
        if sample is None:
            self.output.paragraph(
                _(
                    "None of the newest orders can be booked with this mapping, so there is nothing"
                    " to show."
                )
            )
            return

        self._show(sample)
        self._tell_of_demo()
        question = _(
            "Trial booking: put this one booking into Minox, read it back, and delete it again?"
        )
        if self.session.agreed("trial", question, default=False):
            self._try(wiring, sample)

    def _tell_of_demo(self) -> None:
        """Name the place where nothing can be spoilt, unless this is it."""
        if self.session.config.minox.administration == DEMO_ADMINISTRATION:
            return

        sentence = _(
            "Minox has a demo administration, {number} (Import Holland), as the place to try it. To"
            " do so, answer no, and run: mww2minox --config trial.yaml setup"
        )
        self.output.paragraph(sentence.format(number=DEMO_ADMINISTRATION))

    def _clear_up(self, wiring: Wiring) -> None:
        """Take out of Minox what a setup that was interrupted left there."""
        if self.store.note(TRIAL):
            with self.store.run():
                take_out(self.store, wiring.minox)
            self.output.line(_("An earlier trial booking was still in Minox; it is deleted now."))

    def _begin_with_debtor(self) -> None:
        """Start from what the administration says of itself, which a trial may still correct."""
        chosen = self.answers.get("booking", "vat_posting")
        if chosen is not None or not self.both_sides.administration.vat_on_sub:
            return

        self.answers.put(str(VatPosting.DEBTOR), "booking", "vat_posting")
        self.output.paragraph(
            _(
                "This administration books VAT on the sub-administration, so VAT is sent with the"
                " debtor: booking.vat_posting is debtor."
            )
        )

    def _rules(self) -> BookingRules:
        return self.session.config.rules(self.both_sides.lists.shop_country)

    def _sample(self, wiring: Wiring) -> Sample | None:
        """Choose an order with as many VAT rates as there are, of a customer that Minox knows."""
        rules = self._rules()
        selected = wiring.statuses.selected
        orders = [order for order in self.both_sides.orders if order.status in selected]
        samples = list(_bookable(orders, rules, self.both_sides.administration))
        # Of as many rates those go first whose customer need not be asked for.
        samples.sort(key=lambda sample: (-_count_of_rates(sample), _is_by_email(sample)))

        for sample in samples[:CANDIDATES]:
            customer = _customer_in_minox(wiring, sample.booking.customer)
            if customer:
                return replace(sample, customer=customer)
        return samples[0] if samples else None

    def _show(self, sample: Sample) -> None:
        customer = _("customer by e-mail")
        if sample.customer:
            customer = _("customer {number}").format(number=sample.customer)

        self.output.line("")
        lists = self.both_sides.lists
        names = names_of(self._rules(), lists.accounts, lists.codes)
        show_booking(self.output, sample.booking, customer, names)

    def _try(self, wiring: Wiring, sample: Sample) -> None:
        """Try the ways of sending VAT until one reads back right, and propose that one."""
        customer = sample.customer or self._ask_customer(wiring)
        rules = self._rules()
        codes = list(self.both_sides.lists.codes)

        with self.store.run(), self._telling_what_is_left():
            attempts = try_out(
                self.store,
                wiring.minox,
                sample.order,
                rules=rules,
                administration=self.both_sides.administration,
                customer=customer,
                codes=codes,
            )
            posting = self._first_right(attempts)

        if self._was_in_minox and posting is None:
            self.output.line(_("The trial booking is deleted."))
        if posting is not None and posting is not rules.vat_posting:
            self._propose(posting, codes)

    def _ask_customer(self, wiring: Wiring) -> str:
        question = _("A customer in Minox to try it on: its number, or a part of its name")
        answered = self.answers.about_setup.get("trial_customer")
        default = None if answered is None else str(answered)
        return ask_customer(
            self.dialogue, wiring.minox, "setup.trial_customer", question, default=default
        )

    def _first_right(self, attempts: Iterator[Tried]) -> VatPosting | None:
        """Make one attempt after another and tell what came of it; return the way that reads back
        right.
        """
        for number, tried in enumerate(attempts):
            self._was_in_minox |= not tried.refused
            # What speaks against the first way whatever its VAT, speaks against all.
            advice = "" if number else advice_for_any_way(tried.refused)
            if advice:
                self._tell_refusal(tried.refused, advice)
                return None

            self._tell(tried)
            if tried.right:
                return tried.posting

        self._fail(
            _("None of the ways of sending VAT reads back correctly."),
            _("Show this to your accountant, or to Minox. Then run: mww2minox setup"),
        )
        return None

    def _tell_refusal(self, message: str, advice: str) -> None:
        refusal = _("Minox refuses the trial booking: {message}").format(message=message)
        other_ways = _("Another way of sending VAT does not help against that.")
        then = _("Then run: mww2minox setup")
        self._fail(f"{refusal} {other_ways}", f"{advice} {then}")

    def _fail(self, sentence: str, suggestion: str) -> None:
        """Tell why no way is right, and keep it: it is told once more at the end."""
        self.failure = (sentence, suggestion)
        self.output.warn(sentence, suggestion)

    @contextmanager
    def _telling_what_is_left(self) -> Iterator[None]:
        """Whatever ends the trial: say so when its booking may still be in Minox."""
        try:
            yield
        finally:
            if self.store.note(TRIAL):
                self.output.warn(
                    _("The trial booking may still be in Minox. The next run takes it out."),
                    _("Run: mww2minox setup"),
                )

    def _tell(self, tried: Tried) -> None:
        if tried.right:
            sentence = _("{way}: reads back correctly. The trial booking is deleted.")
            self.output.line(sentence.format(way=tried.posting))

        elif tried.refused:
            sentence = _("{way}: Minox refuses it: {message}")
            self.output.paragraph(sentence.format(way=tried.posting, message=tried.refused))

        else:
            sentence = _("{way}: reads back otherwise: {differences}")
            differences = "; ".join(map(describe, tried.differences))
            self.output.paragraph(sentence.format(way=tried.posting, differences=differences))

    def _propose(self, posting: VatPosting, codes: Iterable[VatCode]) -> None:
        question = _(
            "Send VAT the way that reads back correctly, booking.vat_posting: {way}?"
        ).format(way=posting)
        if not self.session.agreed("use_what_reads_back", question, default=True):
            return
        self.answers.put(str(posting), "booking", "vat_posting")

        # Where the account decides the VAT, one account for the shipping of all rates cannot.
        if posting is VatPosting.LEDGER and self.answers.get("ledgers"):
            self.output.warn(
                _(
                    "Shipping costs, payment costs and discounts then go with the goods: ledgers is"
                    " dropped."
                )
            )
            self.answers.put(None, "ledgers")

        # VAT lines of their own need an account: the one that Minox has with the code.
        if posting is VatPosting.LINE:
            self._put_vat_ledgers({code.code: code.account for code in codes})

    def _put_vat_ledgers(self, accounts: Mapping[str, str]) -> None:
        rows = self.answers.get("vat")
        if not isinstance(rows, list):
            self.answers.put(None, "vat")
            return

        with_ledgers: list[Value] = [
            _with_vat_ledger(row, accounts) for row in rows if isinstance(row, dict)
        ]
        self.answers.put(with_ledgers, "vat")


def _bookable(
    orders: Iterable[Order], rules: BookingRules, administration: Administration
) -> Iterator[Sample]:
    """Yield the sales that have a booking."""
    for order in orders:
        booking = decide(order, rules, administration).outcome
        if not isinstance(booking, Booking) or booking.total <= 0:
            continue

        # A credit order goes to its original's customer, which nothing has booked yet.
        if isinstance(booking.customer, FixedCustomer | CustomerByEmail):
            yield Sample(order=order, booking=booking, customer=None)


def _count_of_rates(sample: Sample) -> int:
    return len({share.rate for share in sample.booking.shares if share.vat})


def _is_by_email(sample: Sample) -> bool:
    return not isinstance(sample.booking.customer, FixedCustomer)


def _customer_in_minox(wiring: Wiring, customer: BookingCustomer) -> str | None:
    """Return the number of a booking's customer, where Minox knows an open one."""
    if isinstance(customer, FixedCustomer):
        return customer.number
    if not isinstance(customer, CustomerByEmail):
        return None

    candidates: Iterable[MinoxCustomer] = ()
    with suppress(Refused):  # an e-mail address that Minox does not take
        candidates = wiring.minox.customers_by_email(customer.email.strip())
    return next((candidate.number for candidate in candidates if not candidate.blocked), None)


def _with_vat_ledger(row: dict[str, Value], accounts: Mapping[str, str]) -> dict[str, Value]:
    """Return a row of `vat` with the account for its VAT, where it needs one and has none."""
    account = accounts.get(str(row.get("code")))
    if not account or not row.get("rate") or row.get("vat_ledger"):
        return row
    return {**row, "vat_ledger": account}
