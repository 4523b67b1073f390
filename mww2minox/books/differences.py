"""What is not as it was booked: in Minox, and in the shop. Pure.

Source: books/rules.md, "Reading back" and "After the booking".
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.amounts import ZERO
from mww2minox.books.model import Difference, Order, TransactionLine
from mww2minox.books.money import euros, percentage


def booking_differences(
    sent: Sequence[TransactionLine],
    found: Sequence[TransactionLine],
    *,
    vat_accounts: frozenset[str],
    tolerance: Decimal,
    made_vat: Decimal | None = None,
) -> tuple[Difference, ...]:
    """Compare what was sent with what reads back: customer, totals, ledger accounts, VAT, period.

    Lines that Minox made itself (VAT accounts, collective debtors) are no difference. `made_vat` is
    the order's VAT in euros where Minox makes it from the ledger accounts (`vat_posting: ledger`).
    `tolerance` is in euros.
    """
    customer_sent = next(line for line in sent if line.type == "customer")
    revenue_sent = [line for line in sent if line is not customer_sent]
    customers = [line for line in found if line.type == "customer"]
    others = [line for line in found if line.type != "customer"]

    limits = _Limits(vat_accounts=vat_accounts, tolerance=tolerance, total=-customer_sent.amount)
    return (
        *_customer_differences(customer_sent, customers, tolerance),
        *_ledger_differences(revenue_sent, others, limits),
        *_vat_differences(sent, others, limits, made_vat),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """What is no difference: Minox' own VAT accounts, and so many euros. `total` is the order's."""

    vat_accounts: frozenset[str]
    tolerance: Decimal
    total: Decimal

    def same(self, expected: Decimal, amount: Decimal) -> bool:
        """Tell whether two amounts differ by no more than the tolerance."""
        return abs(expected - amount) <= self.tolerance


def _difference(kind: str, expected: str, found: str, **values: str) -> Difference:
    return Difference(code=kind, values={"expected": expected, "found": found, **values})


def _customer_differences(
    sent: TransactionLine, found: Sequence[TransactionLine], tolerance: Decimal
) -> Iterable[Difference]:
    accounts = sorted({line.account for line in found})
    if accounts != [sent.account]:
        yield _difference("customer_differs", sent.account, ", ".join(accounts) or "-")

    total = -sum((line.amount for line in found), ZERO)
    if abs(total + sent.amount) > tolerance:
        yield _difference("total_differs", euros(-sent.amount), euros(total))

    for line in found:
        # A line may tell neither its period nor its invoice number.
        if line.period and (line.fiscal_year, line.period) != (sent.fiscal_year, sent.period):
            expected = f"{sent.fiscal_year}-{sent.period}"
            yield _difference("period_differs", expected, f"{line.fiscal_year}-{line.period}")
        if line.invoice_number and line.invoice_number != sent.invoice_number:
            yield _difference("invoice_number_differs", sent.invoice_number, line.invoice_number)


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
    # VAT that we sent on lines is compared as VAT; only what Minox made counts with the net.
    vat_split_off = {} if _tells_vat(sent) else _vat_per_account(found)

    for account in sorted(expected | shown):
        want, have = expected.get(account, ZERO), shown.get(account, ZERO)
        if limits.same(want, have):
            continue
        if account not in expected and _made_by_minox(account, have, limits):
            continue
        if limits.same(want, have + vat_split_off.get(account, ZERO)):
            continue
        yield _difference("ledger_differs", euros(want), euros(have), ledger=account)


def _made_by_minox(account: str, amount: Decimal, limits: _Limits) -> bool:
    """Tell whether an account that nothing was sent to is a VAT account, or a collective debtor."""
    return account in limits.vat_accounts or limits.same(abs(limits.total), abs(amount))


def _tells_vat(sent: Iterable[TransactionLine]) -> bool:
    return any(line.vat_code for line in sent)


def _vat_moved_unsaid(
    sent: Sequence[TransactionLine], found: Sequence[TransactionLine], limits: _Limits
) -> bool:
    """Tell whether Minox moved the VAT of gross lines to VAT accounts, with no word on the lines.

    Then what the ledger accounts lack together is what the VAT accounts have.
    """
    if _tells_vat(sent) or any(line.vat_amount is not None for line in found):
        return False

    expected, shown = _per_account(sent), _per_account(found)
    added = shown.keys() - expected.keys()
    if added - limits.vat_accounts:
        return False

    vat = sum((shown[account] for account in added), ZERO)
    lacking = sum((want - shown.get(account, ZERO) for account, want in expected.items()), ZERO)
    return vat != 0 and limits.same(lacking, vat)


def _per_account(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        _add(sums, line.account, line.amount)

    return sums


def _vat_per_account(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        _add(sums, line.account, _vat(line))

    return sums


def _vat(line: TransactionLine) -> Decimal:
    """The VAT on a line, signed like its amount."""
    return (line.vat_amount or ZERO) * (-1 if line.amount < 0 else 1)


# VAT


def _vat_differences(
    sent: Sequence[TransactionLine],
    found: Sequence[TransactionLine],
    limits: _Limits,
    made_vat: Decimal | None,
) -> Iterable[Difference]:
    """Compare VAT per code; in total where Minox makes it, or shows it on its own lines only."""
    not_own = [line for line in found if not line.own]
    shown_on_lines = any(line.vat_amount is not None for line in not_own)
    if shown_on_lines:
        total = sum((_vat(line) for line in not_own), ZERO)
    else:
        total = sum((line.amount for line in found if line.account in limits.vat_accounts), ZERO)

    # The codes are those of the ledger accounts, which we did not send.
    if made_vat is not None:
        if not limits.same(made_vat, total):
            yield _difference("vat_differs", euros(made_vat), euros(total), code="*")
        return

    expected, shown = _vat_per_code(sent), _vat_per_code(not_own)
    if expected and not shown_on_lines:
        expected, shown = {"*": sum(expected.values(), ZERO)}, {"*": total}
    for code in sorted(expected | shown):
        want, have = expected.get(code), shown.get(code)
        if want is None or have is None or not limits.same(want, have):
            yield _difference("vat_differs", _euros_or_none(want), _euros_or_none(have), code=code)


def _vat_per_code(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        if line.vat_code:
            _add(sums, line.vat_code, _vat(line))

    return sums


# The order in the shop


def order_changes(booked: Order, now: Order) -> tuple[Difference, ...]:
    """Return how an order differs from what it was when booked, in what matters to its booking."""
    before, after = _facts(booked), _facts(now)

    return tuple(
        _difference("order_changed", before.get(field, "-"), after.get(field, "-"), field=field)
        for field in dict.fromkeys([*before, *after])
        if before.get(field) != after.get(field)
    )


def _facts(order: Order) -> Mapping[str, str]:
    """What a booking depends on. An e-mail address is told by a mark only: it is personal data."""
    facts = {
        "total": euros(order.total),
        "date": order.date.isoformat(),
        "currency": order.currency or "",
        "tax_region": order.tax_region or "",
        "tax_strategy": order.tax_strategy,
        "payment": order.payment or "",
        "credited_order_number": order.credited_order_number or "",
        "e-mail": _mark(order.email.strip().lower()),
        "taxnumber": order.buyer.vat_number,
    }

    sums: dict[str, Decimal] = {}
    for line in order.lines:
        for price in line.prices:
            gross = price.excluding if price.including is None else price.including
            _add(sums, f"{percentage(price.rate)}%", gross or ZERO)
    for tax in order.tax or ():
        _add(sums, f"VAT {percentage(tax.rate)}%", tax.amount)

    return facts | {field: euros(amount) for field, amount in sums.items()}


def _add(sums: dict[str, Decimal], field: str, amount: Decimal) -> None:
    sums[field] = sums.get(field, ZERO) + amount


def _mark(email: str) -> str:
    return f"#{hashlib.sha256(email.encode()).hexdigest()[:6]}" if email else ""


def _euros_or_none(amount: Decimal | None) -> str:
    return "-" if amount is None else euros(amount)
