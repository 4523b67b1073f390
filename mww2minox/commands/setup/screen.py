"""The installation screen of `setup`: the whole mapping on one screen, each line of which can be
changed.

What both sides' lists leave no doubt about is filled in; what they leave open is asked first.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import NoReturn

from mww2minox.books.email_address import address_of
from mww2minox.books.model import (
    Administration,
    InvoiceNumber,
    ListEntry,
    MinoxCustomer,
    Order,
    VatCode,
    VatNeed,
)
from mww2minox.books.money import percentage
from mww2minox.books.order_check import INVOICE_NUMBER
from mww2minox.books.vat_return import fits
from mww2minox.commands.setup import proposal
from mww2minox.commands.setup.answers import Answers
from mww2minox.commands.setup.dialogue import NONE, Dialogue
from mww2minox.commands.setup.proposal import Lists
from mww2minox.config.values import is_no_code
from mww2minox.config.yaml_file import Value
from mww2minox.errors import Refused, UsageError
from mww2minox.language.dates import date_of, typed
from mww2minox.language.texts import N_, _, day, ngettext, percentage as shown
from mww2minox.minox.api import Minox
from mww2minox.minox.customers import said
from mww2minox.reasons import STRATEGIES, journal_type
from mww2minox.shop.api import Status, others_book

VatRow = dict[str, Value]

ACCOUNT_OR_NONE = N_("The ledger account: its number, or a part of its name (- : none)")
MOST_NAMED = 8
"""So many are named where an answer fits several."""


@dataclass(frozen=True, kw_only=True)
class BothSides:
    """What was read of both sides: the shop's newest orders and its lists, and the administration
    with its lists.
    """

    orders: Sequence[Order]
    statuses: Sequence[Status]
    methods: dict[str, str]
    rates: dict[str, list[Decimal]]
    administration: Administration
    journals: Sequence[ListEntry]
    lists: Lists


class Screen:
    """The mapping in the making."""

    def __init__(
        self, answers: Answers, dialogue: Dialogue, both_sides: BothSides, minox: Minox
    ) -> None:
        """Fill `answers`, by what was read of `both_sides`; customers are looked up in `minox`."""
        self.answers = answers
        self.dialogue = dialogue
        self.output = dialogue.output
        self.both_sides = both_sides
        self.minox = minox
        self.changes: list[Callable[[], None]] = []
        self.hint = ""
        self._customers: dict[str, MinoxCustomer | None] = {}

    def fill(self) -> None:
        """Put in what is beyond doubt, and ask for the rest."""
        if not self._has_journal():
            self._fill_journal()
        self._mend_accounts()
        if self.answers.get("shop", "statuses") is None:
            self._fill_statuses()
        elif self._unknown_statuses():
            self._ask_statuses()
        if self.answers.get("shop", "since") is None:
            self._ask_since()
        if self.answers.get("booking", "invoice_number") is None:
            self._fill_invoice_number()

        # The first time only: later, no account for rounding is an answer too.
        if not self.vat and self.answers.get("booking", "rounding_ledger") is None:
            self._fill_rounding_ledger()
        self._fill_vat()
        self._mend_vat()
        self._mend_customers()
        self._ask_nameless_payments()

    def confirm(self) -> None:
        """Show all, and change lines, until the user is content."""
        question = _("Enter if this is right, or the number of a line to change")
        while True:
            self._show()
            self._tell()
            line = self.dialogue.text("setup.line", question, default="", check=self._line)

            if line:
                self.changes[int(line) - 1]()
            # A script cannot answer once more; `complete` tells what its config lacks.
            elif self.vat or not self.dialogue.interactive:
                return
            else:
                self.hint = _(
                    "Without a VAT code no order can be booked: choose one for a line of VAT."
                )

    def _tell(self) -> None:
        """Say below the screen, where it is seen, what came of the last answer."""
        if self.hint:
            self.output.warn(self.hint)
        self.hint = ""

    def _line(self, answer: str) -> str:
        if answer and not (answer.isdecimal() and 1 <= int(answer) <= len(self.changes)):
            raise ValueError(_("There is no line {answer}.").format(answer=repr(answer)))
        return answer

    # Journal, statuses, first date

    def _has_journal(self) -> bool:
        """Tell whether a journal is chosen that Minox still has, as far as it tells; one for
        purchases is as good as none.
        """
        chosen = self.answers.get("minox", "journal")
        journals = {journal.id: journal for journal in self.both_sides.journals}
        if chosen is None or not journals:
            return chosen is not None

        journal = journals.get(str(chosen))
        if journal is None or journal.type.lower() not in proposal.NO_SALES_JOURNAL:
            return journal is not None
        self.output.warn(_not_for_sales(journal))
        return False

    def _fill_journal(self) -> None:
        likely = proposal.journals(self.both_sides.journals)
        if len(likely) == 1:
            self.answers.put(likely[0].id, "minox", "journal")
        else:
            self._ask_journal()

    def _ask_journal(self) -> None:
        """Ask among the journals for sales."""
        journals = self.both_sides.journals
        offered = proposal.journals_to_choose(journals)
        options = [(journal.id, _journal(journal)) for journal in offered]
        question = _("The sales journal")

        if journals and not offered:
            raise _no_sales_journal(journals)
        if options:
            present = str(self.answers.get("minox", "journal"))
            chosen = self.dialogue.choose(
                "minox.journal",
                question,
                options,
                default=present if present in dict(options) else None,
                check=self._refuse_other_journal,
            )
        else:
            # Minox tells none, so that nothing can be held against one.
            chosen = self.dialogue.text("minox.journal", question)
        self.answers.put(chosen, "minox", "journal")

    def _refuse_other_journal(self, answer: str) -> str:
        """Say of a journal that is not offered what it is for."""
        offered = {journal.id for journal in proposal.journals_to_choose(self.both_sides.journals)}
        for journal in self.both_sides.journals:
            if journal.id.lower() == answer.lower() and journal.id not in offered:
                raise ValueError(_not_for_sales(journal))
        return answer

    def _fill_statuses(self) -> None:
        likely = proposal.statuses(self.both_sides.statuses)
        if likely:
            self.answers.put([self._status(status) for status in likely], "shop", "statuses")
        else:
            self._ask_statuses()

    def _status(self, status: Status) -> Value:
        """Return what stands for a status in the config: its name, where that tells it from all
        others.
        """
        names = [other.name.lower() for other in self.both_sides.statuses]
        usable = status.name and not status.name.isdecimal() and "${" not in status.name
        return status.name if usable and names.count(status.name.lower()) == 1 else status.number

    def _unknown_statuses(self) -> bool:
        """Tell whether a status is chosen that the shop does not have."""
        chosen = self.answers.get("shop", "statuses")
        # Without a partner token the shop tells no statuses: nothing can be held against them.
        if not self.both_sides.statuses or not isinstance(chosen, list):
            return False

        numbers = {str(status.number) for status in self.both_sides.statuses}
        names = {status.name.lower() for status in self.both_sides.statuses}
        return not (numbers | names).issuperset(str(status).lower() for status in chosen)

    def _ask_statuses(self) -> None:
        """By name where the shop tells names, else by the numbers that its orders have."""
        named = [(str(status.number), status.name) for status in self.both_sides.statuses]
        if not named:
            self.output.paragraph(others_book())
        question = _("The numbers of the statuses that are booked, with commas between them")
        numbers = self.dialogue.several(
            "shop.statuses",
            question,
            named or self._statuses_of_orders(),
            default=self._status_numbers() or None,
            any_number=not named,
        )

        by_number = {
            str(status.number): self._status(status) for status in self.both_sides.statuses
        }
        chosen: list[Value] = [by_number.get(number) or int(number) for number in numbers]
        self.answers.put(chosen, "shop", "statuses")

    def _statuses_of_orders(self) -> list[tuple[str, str]]:
        """Return the numbers that the newest orders have as a status, each with how many do and an
        example, which the shop shows with the status' name.
        """
        orders = self.both_sides.orders
        counts = Counter(order.status for order in orders)
        credited = {order.status for order in orders if order.credited_order_number}
        examples = {order.status: order for order in sorted(orders, key=lambda order: order.date)}

        listed = []
        for number, count in sorted(counts.items()):
            description = _("{count}, like {number} of {date}").format(
                count=_count_of_orders(count, of_credit=number in credited),
                number=examples[number].number,
                date=day(examples[number].date),
            )
            listed.append((str(number), description))
        return listed

    def _status_numbers(self) -> str:
        """Return the chosen statuses by their numbers, as the user would type them."""
        chosen = self.answers.get("shop", "statuses")
        if not isinstance(chosen, list):
            return ""
        numbers = {status.name.lower(): str(status.number) for status in self.both_sides.statuses}
        return ",".join(numbers.get(str(status).lower(), str(status)) for status in chosen)

    def _ask_since(self) -> None:
        present = self.answers.get("shop", "since")
        question = _("The date of the first order to book, like 2026-01-31")
        chosen = self.dialogue.text(
            "shop.since",
            question,
            default=_since_typed(present) or typed(self._first_day()),
            expected=_("a date like 2026-01-31"),
            check=_day,
        )
        self.answers.put(chosen, "shop", "since")

    def _first_day(self) -> date:
        """Propose the beginning of the fiscal year, or today where Minox has none for it."""
        today = date.today()  # noqa: DTZ011 - a proposal only
        for year in self.both_sides.administration.fiscal_years:
            if year.start <= today <= year.end:
                return year.start
        return today

    def _fill_invoice_number(self) -> None:
        """Ask only where the shop's order numbers are none that Minox has room for."""
        numbers = [order.number for order in self.both_sides.orders]
        unfit = [number for number in numbers if not INVOICE_NUMBER.fullmatch(number)]
        if not unfit:
            return

        question = _(
            "Order numbers like {number} do not fit as invoice numbers in Minox (8 digits at most)."
            " Let Minox number the invoices, with the order number in the description?"
        )
        by_minox = self.dialogue.yes(
            "booking.invoice_number", question.format(number=unfit[0]), default=True
        )
        chosen = InvoiceNumber.MINOX if by_minox else InvoiceNumber.ORDER
        self.answers.put(str(chosen), "booking", "invoice_number")

    # What is not there any more, or is blocked: who runs `setup` again wants to mend that

    def _mend_accounts(self) -> None:
        """Ask for an account of the config again that Minox does not have, or has blocked."""
        places = [("booking", "rounding_ledger")]
        ledgers = self.answers.get("ledgers")
        if isinstance(ledgers, dict):
            places += [("ledgers", key) for key in ledgers]

        for place in places:
            account = self.answers.get(*place)
            if account is not None and self._is_gone(str(account)):
                self.output.warn(self._no_open_account(str(account), ".".join(place)))
                self._change_account(_(ACCOUNT_OR_NONE), *place)()

    def _is_gone(self, account: str) -> bool:
        """Tell whether an account has to be chosen anew; not where nobody is there to do so."""
        listed = bool(self.both_sides.lists.accounts)
        return self.dialogue.interactive and listed and not self._usable(account)

    def _no_open_account(self, account: str, key: str) -> str:
        sentence = _("{key}: Minox has no open ledger account {account}.")
        return sentence.format(key=key, account=account)

    def _mend_vat(self) -> None:
        """Ask again for the rows whose VAT code or account cannot be booked on."""
        if not self.dialogue.interactive or not self.both_sides.lists.codes:
            return

        for row in self.vat:
            need, problem = _need_of(row), self._problem_of(row)
            if problem:
                self.output.warn(problem)
                self._change_row(need)()
                self._tell()

    def _problem_of(self, row: VatRow) -> str:
        """Return what is wrong with a row; empty where nothing is."""
        need, ledger = _need_of(row), str(row.get("ledger"))
        if self._is_gone(ledger):
            return self._no_open_account(ledger, kind(need))

        # What is no turnover has no code.
        if is_no_code(row.get("code")):
            return ""
        lists = self.both_sides.lists
        codes = {code.code: code for code in proposal.possible_codes(need, lists)}
        code = codes.get(str(row.get("code")))
        if code is None:
            sentence = _("{kind}: Minox has no VAT code {code} for sales at that rate.")
            return sentence.format(kind=kind(need), code=row.get("code"))

        # Minox' type may name no box: then nothing speaks against it.
        if fits(need, lists.shop_country, code.type) is not False:
            return ""
        sentence = _("{kind}: VAT code {code} is for another box of the VAT return ({type}).")
        return sentence.format(kind=kind(need), code=code.code, type=code.type)

    def _mend_customers(self) -> None:
        """Ask again for the fixed customers that Minox does not have, or has blocked."""
        if not self.dialogue.interactive:
            return

        for payment, number in list(self._fixed_customers.items()):
            if number is None:
                continue
            customer = self._customer(str(number))
            if customer is None or customer.blocked:
                sentence = _("{payment}: Minox has no open customer {number}.")
                self.output.warn(sentence.format(payment=self._method(payment), number=number))
                self.answers.put(None, "payment_debtors", payment)
                self._ask_debtor(payment)

    # Ledger accounts

    def _rounding_ledger(self) -> str:
        return self.both_sides.administration.rounding_ledger

    def _fill_rounding_ledger(self) -> None:
        """Propose Minox' own account for rounding, the first time: later, none is an answer."""
        if self._usable(self._rounding_ledger()):
            self.answers.put(_number(self._rounding_ledger()), "booking", "rounding_ledger")

    def _usable(self, number: str) -> bool:
        return any(account.id == number for account in self._open_accounts())

    def _open_accounts(self) -> list[ListEntry]:
        return [account for account in self.both_sides.lists.accounts if not account.blocked]

    def _ask_account(self, key: str, question: str, *, default: str | None = None) -> str:
        """Ask for a ledger account by its number or a part of its name; NONE is an answer too."""

        def account_number(answer: str) -> str:
            if answer == NONE or self._usable(answer):
                return answer
            return _the_only(self._accounts_named(answer)) or _none(
                _("Minox has no open ledger account {answer}."), answer
            )

        expected = _("an account's number, like 8000, or a part of its name")
        return self.dialogue.text(
            key, question, default=default, expected=expected, check=account_number
        )

    def _accounts_named(self, part: str) -> list[tuple[str, str]]:
        """Return number and description of the open accounts in whose name or type `part` is."""
        if not part:
            return []
        return [
            (account.id, f"{account.id} {_described(account)}")
            for account in self._open_accounts()
            if part.lower() in _described(account).lower()
        ]

    def _change_account(self, question: str, *place: str) -> Callable[[], None]:
        def change() -> None:
            chosen = self._ask_account(".".join(place), question, default=NONE)
            self.answers.put(None if chosen == NONE else _number(chosen), *place)

        return change

    # VAT

    @property
    def vat(self) -> list[VatRow]:
        """The rows of `vat` so far."""
        rows = self.answers.get("vat")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def _proposals(self) -> list[proposal.Row]:
        both = self.both_sides
        of_types = {need for need in map(_need_of, self.vat) if need.type}
        return proposal.rows(both.orders, both.rates, both.lists, of_types)

    def _fill_vat(self) -> None:
        """A row for all that orders need; on the first time also for what the shop is set up for.

        What is certain comes first: who is interrupted at a question has the whole of that.
        """
        missing = self._missing_rows()
        for row in missing:
            if row.code and row.account:
                self._put_row(row.need, row.code.code, row.account.id)

        for row in missing:
            if row.codes and not row.is_certain:
                self._ask_row(row.need, row.codes)

    def _missing_rows(self) -> list[proposal.Row]:
        present = self.vat
        missing = []
        for row in self._proposals():
            # Once there are rows, what no order needs was left out on purpose.
            is_needed = row.orders > 0 or not present
            if is_needed and not _in_rows(row.need, present):
                missing.append(row)
        return missing

    def _ask_row(self, need: VatNeed, codes: Sequence[VatCode]) -> None:
        """Ask for a row's VAT code, where there is a choice, and ledger account; NONE leaves it
        out.
        """
        self.output.line(_("Revenue of {kind}:").format(kind=kind(need)), style="bold")
        certain = len(codes) == 1 and proposal.is_beyond_doubt(
            need, codes[0], self.both_sides.lists
        )
        code = codes[0].code if certain else self._ask_code(codes)

        ledger = NONE
        if code != NONE:
            chosen = next(candidate for candidate in codes if candidate.code == code)
            ledger = self._ask_ledger(need, chosen)

        if ledger == NONE:
            self.answers.put([row for row in self.vat if not _is_row_of(need, row)] or None, "vat")
        else:
            self._put_row(need, code, ledger)

    def _ask_ledger(self, need: VatNeed, code: VatCode) -> str:
        likely = proposal.accounts_for(need, code, self.both_sides.lists)
        for account in likely:
            self.output.line(f"  {account.id:>8}  {_described(account)}")

        # A script gets no default where there is a choice: it has to say.
        question = _("The ledger account: its number, or a part of its name (- : leave this out)")
        has_default = len(likely) == 1 or (likely and self.dialogue.interactive)
        return self._ask_account("vat", question, default=likely[0].id if has_default else None)

    def _ask_code(self, codes: Sequence[VatCode]) -> str:
        options = [
            (code.code, f"{code.description} · {shown(code.percentage)}% · {code.type}")
            for code in codes
        ]
        return self.dialogue.choose(
            "vat", _("The VAT code"), options, none=_("leave this out: not booked")
        )

    def _put_row(self, need: VatNeed, code: str, ledger: str) -> None:
        """Put a row in the place of the one for the same need, or at the end."""
        made: VatRow = {"region": need.region, "rate": _rate(need.rate)}
        if need.strategy:
            made = {"strategy": need.strategy}
        if need.type:
            made["type"] = need.type
        made |= {"code": _number(code), "ledger": _number(ledger)}

        others = [row for row in self.vat if not _is_row_of(need, row)]
        places = [place for place, row in enumerate(self.vat) if _is_row_of(need, row)]
        place = places[0] if places else len(others)
        self.answers.put([*others[:place], made, *others[place:]], "vat")

    def _change_row(self, need: VatNeed) -> Callable[[], None]:
        def change() -> None:
            codes = proposal.possible_codes(need, self.both_sides.lists)

            if need.strategy and need.rate:
                self.hint = _("No row can cover that: look at these orders in the shop.")
            elif codes:
                self._ask_row(need, codes)
            else:
                hint = _(
                    "Minox has no VAT code of {rate}%: add one there, then run: mww2minox setup"
                )
                self.hint = hint.format(rate=shown(need.rate))

        return change

    # Ways of paying

    def _payments(self) -> Counter[str]:
        return Counter(order.payment for order in self.both_sides.orders if order.payment)

    def _ask_nameless_payments(self) -> None:
        """A way of paying most of whose orders have no e-mail address, like cash, needs a fixed
        customer.
        """
        payments = self._payments()
        without_email = [order for order in self.both_sides.orders if not address_of(order.email)]
        nameless = Counter(order.payment for order in without_email if order.payment)

        for payment, count in nameless.items():
            is_answered = self.answers.get("payment_debtors", self._key(payment)) is not None
            if 2 * count > payments[payment] and not is_answered:
                sentence = ngettext(
                    "Of {all} order paid with {payment}, {count} has no e-mail address: it needs a"
                    " fixed customer.",
                    "Of {all} orders paid with {payment}, {count} have no e-mail address: these"
                    " need a fixed customer.",
                    payments[payment],
                )
                self.output.paragraph(
                    sentence.format(
                        all=payments[payment], count=count, payment=self._method(payment)
                    )
                )
                self._ask_debtor(payment, self._propose_customer())

    def _propose_customer(self) -> str:
        """Name the customers that Minox has for sales at the counter; return the only one."""
        # A script has to say it.
        if not self.dialogue.interactive:
            return ""

        found: list[MinoxCustomer] = []
        for word in proposal.CASH_WORDS:
            with suppress(Refused):
                found += self.minox.customers_by_search(word)

        customers = proposal.cash_customers(found)
        for customer in customers[:MOST_NAMED]:
            self.output.line(f"  {customer.number:>8}  {customer.name}")
        return customers[0].number if len(customers) == 1 else ""

    def _ask_debtor(self, payment: str, proposed: str = "") -> None:
        question = _("The customer: its number, or a part of its name (- : by e-mail address)")
        default = str(self.answers.get("payment_debtors", self._key(payment)) or proposed or NONE)
        chosen = ask_customer(
            self.dialogue, self.minox, "payment_debtors", question, default=default, none=True
        )
        customer = None if chosen == NONE else _number(chosen)
        self.answers.put(customer, "payment_debtors", self._key(payment))

    @property
    def _fixed_customers(self) -> Mapping[str, Value]:
        """The customers of ways of paying that are answered so far."""
        fixed = self.answers.get("payment_debtors")
        return fixed if isinstance(fixed, dict) else {}

    def _key(self, payment: str) -> str:
        """Return the key of a way of paying, as it is written there: capitals make no other one."""
        keys = {key.casefold(): key for key in self._fixed_customers}
        return keys.get(payment.casefold(), payment)

    def _method(self, payment: str) -> str:
        name = self.both_sides.methods.get(payment)
        return f"{name} ({payment})" if name else payment

    # Showing

    def _show(self) -> None:
        self.changes = []
        self._show_general()
        self._show_vat()
        self._show_payments()

    def _numbered(self, change: Callable[[], None]) -> str:
        self.changes.append(change)
        return str(len(self.changes))

    def _show_general(self) -> None:
        statuses = self.answers.get("shop", "statuses")
        listed = ", ".join(map(str, statuses)) if isinstance(statuses, list) else ""
        since = _since_shown(self.answers.get("shop", "since"))
        rows = [
            (self._numbered(self._ask_journal), _("Journal"), self._journal_shown()),
            (self._numbered(self._ask_statuses), _("Statuses that are booked"), listed),
            (self._numbered(self._ask_since), _("First order date"), since),
        ]

        accounts = [
            (_("Rounding"), ("booking", "rounding_ledger"), _("with the largest amount")),
            (_("Shipping costs"), ("ledgers", "shipping"), _("with the goods")),
            (_("Payment costs"), ("ledgers", "payment"), _("with the goods")),
            (_("Discounts"), ("ledgers", "discount"), _("with the goods")),
        ]
        question = _(ACCOUNT_OR_NONE)
        for name, place, otherwise in accounts:
            account = self.answers.get(*place)
            shown = otherwise if account is None else self._account_shown(str(account))
            rows.append((self._numbered(self._change_account(question, *place)), name, shown))

        columns = [("", "right"), (_("What"), "left"), (_("Choice"), "left")]
        self.output.table(_("Orders and journal"), columns, rows)

    def _journal_shown(self) -> str:
        journal = str(self.answers.get("minox", "journal"))
        return _with_name(journal, self.both_sides.journals)

    def _account_shown(self, number: str) -> str:
        return _with_name(number, self.both_sides.lists.accounts)

    def _show_vat(self) -> None:
        counts = {row.need: row.orders for row in self._proposals()}
        needed = [need for need in counts if counts[need]]
        needs = dict.fromkeys([*needed, *map(_need_of, self.vat)])

        rows = []
        for need in needs:
            change = self._numbered(self._change_row(need))
            rows.append((change, kind(need), str(counts.get(need, 0)), *self._row_shown(need)))

        columns = [
            ("", "right"),
            (_("Revenue"), "left"),
            (_("Orders"), "right"),
            (_("VAT code"), "left"),
            (_("Ledger account"), "left"),
        ]
        self.output.table(_("VAT"), columns, rows)

    def _row_shown(self, need: VatNeed) -> tuple[str, str]:
        row = next((row for row in self.vat if _is_row_of(need, row)), None)
        if row is None:
            codes = proposal.codes_for(need, self.both_sides.lists)
            # Short, for a narrow column.
            return ("" if codes else _("none in Minox"), _("not booked"))

        names = {code.code: code.description for code in self.both_sides.lists.codes}
        return _named(str(row.get("code")), names), self._account_shown(str(row.get("ledger")))

    def _show_payments(self) -> None:
        customers = self._fixed_customers
        counts = self._payments()
        by_frequency = [payment for payment, _count in counts.most_common()]
        used = {self._key(payment) for payment in by_frequency}
        unused = [payment for payment in customers if payment not in used]

        rows = []
        for payment in (*by_frequency, *unused):
            change = self._numbered(partial(self._ask_debtor, payment))
            customer = self._customer_shown(customers.get(self._key(payment)))
            rows.append((change, self._method(payment), str(counts[payment]), customer))

        columns = [
            ("", "right"),
            (_("Way of paying"), "left"),
            (_("Orders"), "right"),
            (_("Customer"), "left"),
        ]
        if rows:
            self.output.table(_("Ways of paying"), columns, rows)

    def _customer_shown(self, number: Value) -> str:
        if number is None:
            return _("by e-mail address")

        customer = self._customer(str(number))
        return f"{number} {customer.name if customer else ''}".strip()

    def _customer(self, number: str) -> MinoxCustomer | None:
        """Return a customer. The screen is shown again after each change: Minox is asked once."""
        if number not in self._customers:
            self._customers[number] = None
            with suppress(Refused):  # a number that no customer can have
                self._customers[number] = self.minox.customer(number)
        return self._customers[number]


def ask_customer(  # noqa: PLR0913 - a question, and what holds for its answer
    dialogue: Dialogue,
    minox: Minox,
    key: str,
    question: str,
    *,
    default: str | None = None,
    none: bool = False,
) -> str:
    """Ask for a customer by its number or a part of its name; with `none` NONE is an answer too."""

    def customer_number(answer: str) -> str:
        if answer == NONE and none:
            return answer
        customers = [
            (customer.number, f"{customer.number} {customer.name}".strip())
            for customer in _open_customers(minox, answer)
        ]
        return _the_only(customers) or _none(
            _("Minox finds no open customer for {answer}."), answer
        )

    expected = _("a customer's number, like 10600, or a part of its name")
    return dialogue.text(key, question, default=default, expected=expected, check=customer_number)


def _the_only(candidates: Sequence[tuple[str, str]]) -> str:
    """Return the number of the only candidate, each a number and a description; empty where there
    is none at all. Raises ValueError where there is a choice.
    """
    if len(candidates) > 1:
        names = "; ".join(description for _number, description in candidates[:MOST_NAMED])
        raise ValueError(_("Which of these? {names}").format(names=names))
    return candidates[0][0] if candidates else ""


def _none(sentence: str, answer: str) -> NoReturn:
    raise ValueError(sentence.format(answer=repr(answer)))


def _open_customers(minox: Minox, answer: str) -> list[MinoxCustomer]:
    """Return the customer with that number, else all that a search finds; none of them blocked."""
    try:
        customers = _customers(minox, answer)
    except Refused as refused:
        raise ValueError(
            _("Minox does not take it: {message}").format(message=said(refused))
        ) from None
    return [customer for customer in customers if not customer.blocked]


def _customers(minox: Minox, answer: str) -> list[MinoxCustomer]:
    customer = minox.customer(answer) if answer.isdecimal() else None
    if customer:
        return [customer]
    # An empty search would find everybody.
    return minox.customers_by_search(answer) if answer else []


def kind(need: VatNeed) -> str:
    """Name a kind of revenue for the reader: a country and a rate, or a strategy."""
    strategy = _(STRATEGIES[need.strategy]) if need.strategy in STRATEGIES else need.strategy
    # A strategy alone tells that there is no VAT: 0% would say it twice.
    rate = "" if need.strategy and not need.rate else f"{shown(need.rate)}%"
    return " ".join(filter(None, (strategy, need.region, rate, need.type)))


def _count_of_orders(count: int, *, of_credit: bool) -> str:
    """Write how many orders have a status, and whether it is one of credit orders."""
    if of_credit:
        return ngettext("{count} credit order", "{count} credit orders", count).format(count=count)
    return ngettext("{count} order", "{count} orders", count).format(count=count)


def _described(entry: ListEntry) -> str:
    return " · ".join(filter(None, (entry.description, entry.type)))


def _journal(entry: ListEntry) -> str:
    return " · ".join(filter(None, (entry.description, journal_type(entry.type))))


def _with_name(number: str, entries: Sequence[ListEntry]) -> str:
    return _named(number, {entry.id: entry.description for entry in entries})


def _named(number: str, names: dict[str, str]) -> str:
    return f"{number} {names.get(number, '')}".strip()


def _number(text: str) -> Value:
    """Numbers stay numbers in the config where writing them so loses nothing."""
    return int(text) if text.isdecimal() and str(int(text)) == text else text


def _rate(rate: Decimal) -> Value:
    return _number(percentage(rate))


def _need_of(row: VatRow) -> VatNeed:
    """Return what a row of the config is for; one that cannot be read is for nothing."""
    strategy = str(row.get("strategy") or "")
    written = str(row.get("rate") or 0)
    rate = Decimal(written) if written.replace(".", "", 1).isdecimal() else Decimal(-1)
    return VatNeed(
        strategy=strategy,
        region=str(row.get("region") or "").upper(),
        rate=rate,
        type=str(row.get("type") or "").lower(),
    )


def _is_row_of(need: VatNeed, row: VatRow) -> bool:
    return _need_of(row) == need


def _in_rows(need: VatNeed, rows: Sequence[VatRow]) -> bool:
    return any(_is_row_of(need, row) for row in rows)


def _day(answer: str) -> str:
    try:
        return date_of(answer).isoformat()
    except ValueError:
        raise ValueError(_("{answer} is not a date.").format(answer=repr(answer))) from None


def _since_typed(value: Value) -> str:
    """Write the date so far as one would type it; empty without one."""
    if value is None:
        return ""
    try:
        return typed(date_of(str(value)))
    except ValueError:
        return str(value)


def _since_shown(value: Value) -> str:
    try:
        return day(date_of(str(value)))
    except ValueError:
        return str(value)


def _not_for_sales(journal: ListEntry) -> str:
    return _("{journal} is a journal for {type}, not for sales.").format(
        journal=journal.id, type=journal_type(journal.type)
    )


def _no_sales_journal(journals: Sequence[ListEntry]) -> UsageError:
    names = ", ".join(f"{journal.id} ({_journal(journal)})" for journal in journals[:MOST_NAMED])
    return UsageError(
        _("Minox has no sales journal; it has {names}.").format(names=names),
        _("Add one in Minox (Onderhoud > Algemeen > Dagboeken), then run: mww2minox setup"),
    )
