"""What is not as it was booked: in Minox, and in the shop.

Pure (books/rules.md, "Reading back" and "After the booking").
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from mww2minox.books.booking import cents, percentage
from mww2minox.books.model import Difference, Order, TransactionLine

ZERO = Decimal(0)


def booking_differences(
    sent: Sequence[TransactionLine],
    found: Sequence[TransactionLine],
    *,
    vat_accounts: frozenset[str],
    tolerance: Decimal,
    made_vat: Decimal | None = None,
) -> tuple[Difference, ...]:
    """Compare what was sent with what reads back: debtor, totals, ledger accounts, VAT, period.

    Lines that Minox made itself (VAT accounts, collective debtors) are no difference. `made_vat` is
    the order's VAT in euros where Minox makes it from the ledger accounts (`vat_posting: ledger`).
    `tolerance` is in euros.
    """
    debtor = next(line for line in sent if line.type == "customer")
    others = [line for line in found if line.type != "customer"]
    return (
        *_debtor_differences(
            debtor, [line for line in found if line.type == "customer"], tolerance
        ),
        *_ledger_differences(
            _without(sent, debtor), others, vat_accounts, tolerance, -debtor.amount
        ),
        *_vat_differences(sent, others, vat_accounts, tolerance, made_vat),
    )


def _without(lines: Iterable[TransactionLine], left_out: TransactionLine) -> list[TransactionLine]:
    return [line for line in lines if line is not left_out]


def _difference(kind: str, expected: str, found: str, **values: str) -> Difference:
    return Difference(code=kind, values={"expected": expected, "found": found, **values})


def _debtor_differences(
    sent: TransactionLine, found: list[TransactionLine], tolerance: Decimal
) -> Iterable[Difference]:
    accounts = sorted({line.account for line in found})
    if accounts != [sent.account]:
        yield _difference("customer_differs", sent.account, ", ".join(accounts) or "-")
    total = -sum((line.amount for line in found), ZERO)
    if abs(total + sent.amount) > tolerance:
        yield _difference("total_differs", _euros(-sent.amount), _euros(total))
    for line in found:
        if line.period and (line.fiscal_year, line.period) != (sent.fiscal_year, sent.period):
            expected = f"{sent.fiscal_year}-{sent.period}"
            yield _difference("period_differs", expected, f"{line.fiscal_year}-{line.period}")
        if line.invoice_number and line.invoice_number != sent.invoice_number:
            yield _difference("invoice_number_differs", sent.invoice_number, line.invoice_number)


def _ledger_differences(
    sent: list[TransactionLine],
    found: list[TransactionLine],
    vat_accounts: frozenset[str],
    tolerance: Decimal,
    total: Decimal,
) -> Iterable[Difference]:
    """Compare per ledger account.

    Where Minox split the VAT off a gross line itself, net plus that VAT counts.
    """
    expected = _per_account(sent)
    shown = _per_account(line for line in found if not line.own or line.account in expected)
    split_off = _vat_per_account(found)
    if _split_off_unsaid(sent, found, vat_accounts, tolerance):
        return
    for account in sorted(expected | shown):
        want, have = expected.get(account, ZERO), shown.get(account, ZERO)
        minox_made = account not in expected and (
            account in vat_accounts or abs(abs(have) - abs(total)) <= tolerance
        )
        if minox_made or abs(want - have) <= tolerance:
            continue
        if (
            not any(line.vat_code for line in sent)
            and abs(want - have - split_off.get(account, ZERO)) <= tolerance
        ):
            continue
        yield _difference("ledger_differs", _euros(want), _euros(have), ledger=account)


def _split_off_unsaid(
    sent: list[TransactionLine],
    found: list[TransactionLine],
    vat_accounts: frozenset[str],
    tolerance: Decimal,
) -> bool:
    """Tell whether Minox split the VAT off gross lines onto VAT accounts, without a word of it on
    the lines.
    """
    if any(line.vat_code for line in sent) or any(line.vat_amount is not None for line in found):
        return False
    expected, shown = _per_account(sent), _per_account(found)
    vat = sum((shown[account] for account in vat_accounts & shown.keys() - expected.keys()), ZERO)
    gap = sum((want - shown.get(account, ZERO) for account, want in expected.items()), ZERO)
    strangers = shown.keys() - expected.keys() - vat_accounts
    return vat != 0 and not strangers and abs(gap - vat) <= tolerance


def _per_account(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.account] = sums.get(line.account, ZERO) + line.amount
    return sums


def _vat_per_account(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.account] = sums.get(line.account, ZERO) + _vat(line)
    return sums


def _vat(line: TransactionLine) -> Decimal:
    """The VAT on a line, signed like its amount."""
    return (line.vat_amount or ZERO) * (-1 if line.amount < 0 else 1)


def _vat_differences(
    sent: Sequence[TransactionLine],
    found: list[TransactionLine],
    vat_accounts: frozenset[str],
    tolerance: Decimal,
    made_vat: Decimal | None,
) -> Iterable[Difference]:
    """Compare VAT per code; in total where Minox makes it, or shows it only on its own VAT
    lines.
    """
    theirs = [line for line in found if not line.own]
    on_lines = any(line.vat_amount is not None for line in theirs)
    on_accounts = sum((line.amount for line in found if line.account in vat_accounts), ZERO)
    total = sum((_vat(line) for line in theirs), ZERO) if on_lines else on_accounts
    if made_vat is not None:
        if abs(total - made_vat) > tolerance:
            yield _difference("vat_differs", _euros(made_vat), _euros(total), code="*")
        return
    expected, shown = _vat_per_code(sent), _vat_per_code(theirs)
    if expected and not on_lines:
        expected, shown = {"*": sum(expected.values(), ZERO)}, {"*": total}
    for code in sorted(expected | shown):
        want, have = expected.get(code), shown.get(code)
        if want is None or have is None or abs(want - have) > tolerance:
            yield _difference("vat_differs", _euros_or_none(want), _euros_or_none(have), code=code)


def _vat_per_code(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        if line.vat_code:
            sums[line.vat_code] = sums.get(line.vat_code, ZERO) + _vat(line)
    return sums


def order_changes(booked: Order, now: Order) -> tuple[Difference, ...]:
    """Return how an order differs from what it was when it was booked, in what matters to its
    booking.
    """
    was, found = _facts(booked), _facts(now)
    return tuple(
        _difference("order_changed", was.get(field, "-"), found.get(field, "-"), field=field)
        for field in dict.fromkeys([*was, *found])
        if was.get(field) != found.get(field)
    )


def _facts(order: Order) -> Mapping[str, str]:
    """What a booking depends on. An e-mail address is told by a mark only: it is personal data."""
    facts = {
        "total": _euros(order.total),
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
            gross = price.including if price.including is not None else price.excluding
            _add(sums, f"{percentage(price.rate)}%", gross or ZERO)
    for tax in order.tax or ():
        _add(sums, f"VAT {percentage(tax.rate)}%", tax.amount)
    return facts | {field: _euros(amount) for field, amount in sums.items()}


def _add(sums: dict[str, Decimal], field: str, amount: Decimal) -> None:
    sums[field] = sums.get(field, ZERO) + amount


def _mark(email: str) -> str:
    return f"#{hashlib.sha256(email.encode()).hexdigest()[:6]}" if email else ""


def _euros(amount: Decimal) -> str:
    return f"{cents(amount):.2f}"


def _euros_or_none(amount: Decimal | None) -> str:
    return "-" if amount is None else _euros(amount)
