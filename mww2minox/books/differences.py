"""What is not as it was booked: in Minox, and in the shop. Pure.

Source: books/rules.md, "Reading back" and "After the booking".
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from mww2minox.books.amounts import HUNDRED, ZERO
from mww2minox.books.decision import lacks_money
from mww2minox.books.email_address import address_of, one_form
from mww2minox.books.model import (
    PAYMENT_UNDONE,
    Difference,
    Order,
    TransactionLine,
    VatCode,
    VatPosting,
)
from mww2minox.books.money import cents, euros, percentage
from mww2minox.books.vat_number import vat_number_on

OF_THEIR_OWN = frozenset(
    {"shipping", "payment", "discount", "gift_card", "store_credit", "surcharge"}
)
"""The line types that may go to another ledger account than the goods of their rate."""
NO_CODE = ("", "0")
"""What Minox shows in the place of a VAT code where a line has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VatAccounts:
    """Where Minox keeps VAT.

    `codes` are Minox' own, by code. `sent_to` are the accounts that the config sends VAT to.
    `of_ledgers` are the codes that ledger accounts carry themselves, by account, where known.
    """

    codes: Mapping[str, VatCode]
    sent_to: frozenset[str] = frozenset()
    of_ledgers: Mapping[str, VatCode] = field(default_factory=dict)

    @property
    def accounts(self) -> frozenset[str]:
        """All accounts that VAT is kept on."""
        own = frozenset(code.account for code in self.codes.values() if code.account)
        return own | self.sent_to

    def account_of(self, code: str) -> str:
        """Return the account that the VAT of a code goes to; empty where that is not known."""
        return self.codes[code].account if code in self.codes else ""


def booking_differences(
    sent: Sequence[TransactionLine],
    found: Sequence[TransactionLine],
    *,
    vat: VatAccounts,
    tolerance: Decimal,
    made_vat: Decimal | None = None,
) -> tuple[Difference, ...]:
    """Compare what was sent with what reads back: customer, journal, totals, accounts, VAT, dates.

    Lines that Minox made itself (VAT accounts, collective debtors) are no difference. Where Minox
    makes the VAT (see `makes_vat`), `made_vat` is the order's in euros, or None where it cannot be
    compared. `tolerance` is in euros.
    """
    debtor_sent = [line for line in sent if line.type == "customer"]
    revenue_sent = [line for line in sent if line.type != "customer"]
    debtor = [line for line in found if line.type == "customer"]
    revenue = [line for line in found if line.type != "customer"]

    limits = _Limits(
        vat=vat,
        tolerance=tolerance,
        total=-sum((line.amount for line in debtor_sent), ZERO),
        posting=posting_of(sent, vat),
    )
    # On the sub-administration VAT stands with the debtor, and on a ledger account it is a second.
    with_vat = found if limits.posting is VatPosting.DEBTOR else revenue
    return (
        *_customer_differences(debtor_sent, debtor, limits),
        *_place_differences(debtor_sent[0], found),
        *_ledger_differences(revenue_sent, revenue, limits),
        *_vat_differences(sent, with_vat, limits, made_vat),
    )


def makes_vat(sent: Iterable[TransactionLine], vat: VatAccounts) -> bool:
    """Tell whether a booking that was sent leaves its VAT to Minox (`vat_posting: ledger`).

    What was sent says so: it has no VAT code, and no line on an account for VAT.
    """
    return not any(tells_vat(line) or line.account in vat.accounts for line in sent)


def posting_of(sent: Sequence[TransactionLine], vat: VatAccounts) -> VatPosting:
    """Return the way in which a booking that was sent has its VAT."""
    if makes_vat(sent, vat):
        return VatPosting.LEDGER
    if not any(map(tells_vat, sent)):
        return VatPosting.LINE
    if any(tells_vat(line) for line in sent if line.type == "customer"):
        return VatPosting.DEBTOR

    # Gross lines are in balance as they stand; net ones with their VAT.
    balance = sum((line.amount for line in sent), ZERO)
    return VatPosting.NET if balance else VatPosting.GROSS


def shows_vat(found: Iterable[TransactionLine], vat: VatAccounts) -> bool:
    """Tell whether Minox shows VAT when reading back: on the lines, or on the accounts for it."""
    return any(tells_vat(line) or line.account in vat.accounts for line in found)


def tells_vat(line: TransactionLine) -> bool:
    """Tell whether a line has a VAT code, or VAT; no VAT may read as code 0 with amount 0."""
    return line.vat_code not in NO_CODE or bool(line.vat_amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """What is no difference: Minox' own VAT accounts, and so many euros.

    `total` is the order's; `posting` is the way in which the VAT was sent.
    """

    vat: VatAccounts
    tolerance: Decimal
    total: Decimal
    posting: VatPosting

    @property
    def minox_makes_vat(self) -> bool:
        """Tell whether the VAT was left to Minox."""
        return self.posting is VatPosting.LEDGER

    def same(self, expected: Decimal, amount: Decimal) -> bool:
        """Tell whether two amounts differ by no more than the tolerance."""
        return abs(expected - amount) <= self.tolerance


def _difference(kind: str, expected: str, found: str, **values: str) -> Difference:
    return Difference(code=kind, values={"expected": expected, "found": found, **values})


def _customer_differences(
    sent: Sequence[TransactionLine], found: Sequence[TransactionLine], limits: _Limits
) -> Iterable[Difference]:
    """Compare the debtor's lines; those that were sent have one customer and invoice number."""
    customer, invoice_number = sent[0].account, sent[0].invoice_number
    accounts = sorted({line.account for line in found})
    if accounts != [customer]:
        yield _difference("customer_differs", customer, ", ".join(accounts) or "-")

    total = -sum((line.amount for line in found), ZERO)
    if not limits.same(limits.total, total):
        yield _difference("total_differs", euros(limits.total), euros(total))
    if limits.posting is VatPosting.DEBTOR:
        yield from _debtor_line_differences(sent, found, limits)

    # An open item is matched by it, so that a line without one is another open item. What was sent
    # without one has a number of Minox' own.
    for number in dict.fromkeys(line.invoice_number for line in found):
        if invoice_number and number != invoice_number:
            yield _difference("invoice_number_differs", invoice_number, number or "-")


def _debtor_line_differences(
    sent: Sequence[TransactionLine], found: Sequence[TransactionLine], limits: _Limits
) -> Iterable[Difference]:
    """Compare the debtor's lines one by one, by VAT code: turnover in the return follows them."""
    by_code = any(map(tells_vat, found))
    expected, shown = _owed(sent, by_code=by_code), _owed(found, by_code=by_code)

    for code in sorted(expected.keys() | shown.keys()):
        want, have = expected.get(code, []), shown.get(code, [])
        # A code that is on one side only is told with its VAT.
        if code and not (want and have):
            continue
        if len(want) != len(have) or not all(map(limits.same, want, have)):
            yield _difference("debtor_line_differs", _sum(want), _sum(have), code=code or "-")


def _owed(lines: Iterable[TransactionLine], *, by_code: bool) -> dict[str, list[Decimal]]:
    """Return what each debtor's line is for, by its VAT code; empty for lines without one."""
    owed: dict[str, list[Decimal]] = {}
    for line in lines:
        code = line.vat_code if by_code and line.vat_code not in NO_CODE else ""
        owed.setdefault(code, []).append(-line.amount)

    return {code: sorted(amounts) for code, amounts in owed.items()}


def _sum(amounts: Iterable[Decimal]) -> str:
    return " + ".join(map(euros, amounts)) or "-"


def _place_differences(
    sent: TransactionLine, found: Sequence[TransactionLine]
) -> Iterable[Difference]:
    """Compare where each line stands: journal, period and date, as far as Minox tells them."""
    expected = _places(sent)
    shown: dict[str, dict[str, None]] = {kind: {} for kind in expected}
    for line in found:
        # What Minox made itself it may gather in a place of its own.
        if not line.own:
            for kind, place in _places(line).items():
                shown[kind][place] = None

    for kind, places in shown.items():
        for place in places:
            if place and expected[kind] and place != expected[kind]:
                yield _difference(kind, expected[kind], place)


def _places(line: TransactionLine) -> dict[str, str]:
    """Return the places of a line, by the difference that another place is."""
    date = line.document_date.isoformat() if line.document_date else ""

    return {
        "journal_differs": line.journal,
        "period_differs": f"{line.fiscal_year}-{line.period}" if line.period else "",
        "date_differs": date,
    }


# Ledger accounts


def _ledger_differences(
    sent: Sequence[TransactionLine], found: Sequence[TransactionLine], limits: _Limits
) -> Iterable[Difference]:
    """Compare per ledger account.

    Where Minox split the VAT off a gross line itself, net plus that VAT counts.
    """
    if _vat_moved_unsaid(sent, found, limits):
        return

    expected = _per_account(sent)
    shown = _per_account(line for line in found if not line.own or line.account in expected)
    made_by_minox = limits.vat.accounts | _collective(expected, shown, limits)
    # VAT that we sent on lines is compared as VAT; only what Minox made counts with the net.
    vat_is_ours = limits.posting not in (VatPosting.LEDGER, VatPosting.LINE)
    vat_split_off = {} if vat_is_ours else _vat_per_account(found)

    for account in sorted(expected | shown):
        want, have = expected.get(account, ZERO), shown.get(account, ZERO)
        if limits.same(want, have):
            continue
        if account not in expected and account in made_by_minox:
            continue
        if limits.same(want, have + vat_split_off.get(account, ZERO)):
            continue
        yield _difference("ledger_differs", euros(want), euros(have), ledger=account)


def _collective(
    expected: Mapping[str, Decimal], shown: Mapping[str, Decimal], limits: _Limits
) -> frozenset[str]:
    """Return the account on which Minox gathers debtors: nothing was sent to it, and it has the
    total.

    There is one at most. Lines that a person adds are in balance: of two with the total neither is.
    """
    accounts = frozenset(
        account
        for account in shown.keys() - expected.keys() - limits.vat.accounts
        if shown[account] and limits.same(abs(limits.total), abs(shown[account]))
    )
    return accounts if len(accounts) == 1 else frozenset()


def _vat_moved_unsaid(
    sent: Sequence[TransactionLine], found: Sequence[TransactionLine], limits: _Limits
) -> bool:
    """Tell whether Minox moved the VAT of gross lines to VAT accounts, with no word on the lines.

    Then each ledger account lacks its VAT, and together they lack what the VAT accounts have.
    """
    if not limits.minox_makes_vat or any(map(tells_vat, found)):
        return False

    expected, shown = _per_account(sent), _per_account(found)
    added = shown.keys() - expected.keys()
    if added - limits.vat.accounts:
        return False

    vat = sum((shown[account] for account in added), ZERO)
    lacking = {account: want - shown.get(account, ZERO) for account, want in expected.items()}
    made = _vat_made(sent, limits.vat)
    if made and not all(
        limits.same(made.get(account, ZERO), lack) for account, lack in lacking.items()
    ):
        return False
    return vat != 0 and limits.same(sum(lacking.values(), ZERO), vat)


def _vat_made(sent: Iterable[TransactionLine], vat: VatAccounts) -> dict[str, Decimal]:
    """Return the VAT that the accounts' own codes make of gross lines, by account.

    Nothing where no code of an account is known.
    """
    made: dict[str, Decimal] = {}
    for account, gross in _per_account(sent).items():
        code = vat.of_ledgers.get(account)
        if code:
            made[account] = cents(gross * code.percentage / (HUNDRED + code.percentage))

    return made


def _per_account(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        _add(sums, line.account, line.amount)

    return sums


def _vat_per_account(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        _add(sums, line.account, vat_on(line))

    return sums


def vat_on(line: TransactionLine) -> Decimal:
    """Return the VAT on a line in signed euros: negative where turnover is taken back.

    A sale is debited to the debtor, and credited to a ledger account.
    """
    sold = -line.amount if line.type == "customer" else line.amount

    return (line.vat_amount or ZERO) * (-1 if sold < 0 else 1)


# VAT


def _vat_differences(
    sent: Sequence[TransactionLine],
    found: Sequence[TransactionLine],
    limits: _Limits,
    made_vat: Decimal | None,
) -> Iterable[Difference]:
    """Compare VAT in total, where Minox makes it or shows it on its own lines only; else per code.

    Where the total is right, compare how it is divided over codes and VAT accounts.
    """
    not_own = [line for line in found if not line.own]
    shown_on_lines = any(line.vat_amount is not None and tells_vat(line) for line in not_own)
    on_accounts = _on_vat_accounts(sent, found, limits)
    if shown_on_lines:
        total = sum((vat_on(line) for line in not_own), ZERO)
    else:
        total = sum((line.amount for line in found if line.account in limits.vat.accounts), ZERO)

    # What Minox makes has the codes of the ledger accounts, where these are known.
    minox_makes_it = limits.minox_makes_vat
    if minox_makes_it and made_vat is None:
        return
    expected = _made_per_code(sent, limits.vat) if minox_makes_it else _vat_per_code(sent)
    expected_total = sum(expected.values(), ZERO)
    if made_vat is not None and minox_makes_it:
        expected_total = made_vat

    in_total = minox_makes_it or (expected and not shown_on_lines)
    if in_total and not limits.same(expected_total, total):
        yield _difference("vat_differs", euros(expected_total), euros(total), code="*")
        return
    if minox_makes_it and not expected:
        return

    if shown_on_lines:
        shown = _vat_per_code(not_own)
        if minox_makes_it:
            shown = {code: amount for code, amount in shown.items() if amount}
        yield from _code_differences(expected, shown, limits)
    yield from _vat_account_differences(expected, on_accounts, limits)


def _code_differences(
    expected: Mapping[str, Decimal], shown: Mapping[str, Decimal], limits: _Limits
) -> Iterable[Difference]:
    for code in sorted(expected.keys() | shown.keys()):
        want, have = expected.get(code), shown.get(code)
        if want is None or have is None or not limits.same(want, have):
            yield _difference("vat_differs", _euros_or_none(want), _euros_or_none(have), code=code)


def _vat_account_differences(
    expected: Mapping[str, Decimal], shown: Mapping[str, Decimal], limits: _Limits
) -> Iterable[Difference]:
    """Compare what Minox put on each VAT account with the VAT of its codes, where it shows any."""
    wanted: dict[str, Decimal] = {}
    for code, amount in expected.items():
        account = limits.vat.account_of(code)
        if amount and not account:
            return
        _add(wanted, account, amount)

    for account in sorted(shown):
        want, have = wanted.get(account, ZERO), shown[account]
        if not limits.same(ZERO, have) and not limits.same(want, have):
            yield _difference("ledger_differs", euros(want), euros(have), ledger=account)


def _on_vat_accounts(
    sent: Iterable[TransactionLine], found: Iterable[TransactionLine], limits: _Limits
) -> dict[str, Decimal]:
    """Return what stands on the VAT accounts that nothing was sent to: that is Minox' own."""
    sent_to = {line.account for line in sent}
    accounts = limits.vat.accounts - sent_to

    return _per_account(line for line in found if line.account in accounts)


def _vat_per_code(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        if line.vat_code not in NO_CODE:
            _add(sums, line.vat_code, vat_on(line))

    return sums


def _made_per_code(sent: Iterable[TransactionLine], vat: VatAccounts) -> dict[str, Decimal]:
    """Return the VAT that the accounts' own codes make, by code; codes of 0% make none."""
    sums: dict[str, Decimal] = {}
    for account, amount in _vat_made(sent, vat).items():
        if amount:
            _add(sums, vat.of_ledgers[account].code, amount)

    return sums


# The order in the shop


def order_changes(booked: Order, now: Order) -> tuple[Difference, ...]:
    """Return how an order differs from what it was when booked, in what matters to its booking."""
    before, after = _facts(booked), _facts(now)
    # The shop may cease to tell how orders were paid (shop/api.md, "How it was paid").
    if not now.payment:
        before, after = _without_payment(before), _without_payment(after)

    fields = dict.fromkeys([*before, *after])
    changed = [field for field in fields if before.get(field) != after.get(field)]

    # What moved between goods and costs shows in no sum of a rate; beside such a sum it says less.
    told = [field for field in changed if field.partition(" ")[0] not in {*changed} - {field}]
    return tuple(
        _difference("order_changed", before.get(field, "-"), after.get(field, "-"), field=field)
        for field in told
    )


def payment_undone(booked: Order, now: Order) -> Difference | None:
    """Return that the money of a booked order was paid back, or never came, since it was decided.

    Source: books/rules.md, "After the booking".
    """
    before, after = booked.payment_status, now.payment_status
    if after == before or not lacks_money(now):
        return None

    return _difference(PAYMENT_UNDONE, before or "-", after)


def _without_payment(facts: Mapping[str, str]) -> Mapping[str, str]:
    return {field: text for field, text in facts.items() if field != "payment"}


def _facts(order: Order) -> Mapping[str, str]:
    """What a booking depends on. An e-mail address is told by a mark only: it is personal data."""
    facts = {
        "total": euros(order.total),
        "date": order.date.isoformat(),
        "currency": order.currency or "",
        "tax_region": order.tax_region or "",
        "tax_strategy": order.tax_strategy,
        "country": order.buyer.country_code,
        "payment": order.payment or "",
        "credited_order_number": order.credited_order_number or "",
        "e-mail": _mark(one_form(address_of(order.email))),
        "taxnumber": vat_number_on(order),
    }

    sums: dict[str, Decimal] = {}
    for line in order.lines:
        for price in line.prices:
            gross = price.excluding if price.including is None else price.including
            rate = f"{percentage(price.rate)}%"
            _add(sums, rate, gross or ZERO)
            # Costs may have a ledger account of their own.
            if line.type in OF_THEIR_OWN:
                _add(sums, f"{rate} {line.type}", gross or ZERO)
    for tax in order.tax or ():
        _add(sums, f"VAT {percentage(tax.rate)}%", tax.amount)

    return facts | {field: euros(amount) for field, amount in sums.items()}


def _add(sums: dict[str, Decimal], field: str, amount: Decimal) -> None:
    sums[field] = sums.get(field, ZERO) + amount


def _mark(email: str) -> str:
    return f"#{hashlib.sha256(email.encode()).hexdigest()[:6]}" if email else ""


def _euros_or_none(amount: Decimal | None) -> str:
    return "-" if amount is None else euros(amount)
