"""Whether a booking that another connector made, or a person, is what its order wants. Pure.

Source: books/rules.md, "Adopted bookings". Such a booking has lines of its own kind, so only what
every kind tells is compared: the total, the customer, and the VAT per rate and box of the return.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from mww2minox.books.amounts import ZERO
from mww2minox.books.differences import NO_CODE, VatAccounts, tells_vat, vat_on
from mww2minox.books.model import Difference, TransactionLine, VatShare
from mww2minox.books.money import euros, percentage
from mww2minox.books.vat_return import boxes_of

Key = TypeVar("Key")

ANOTHERS_ROUNDING = Decimal("0.03")
"""So many euros of VAT another may round otherwise: no other rate comes so near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an order wants of its booking.

    `customers` are the numbers that fit it, none where that is not known. `shares` are None where
    the order cannot be decided. `total` is in euros.
    """

    total: Decimal
    customers: tuple[str, ...]
    shares: tuple[VatShare, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """How an adopted booking differs, and whether its lines tell its VAT, and its customer."""

    differences: tuple[Difference, ...]
    tells_vat: bool
    tells_customer: bool


def compare_adopted(
    lines: Sequence[TransactionLine],
    of_order: Sequence[TransactionLine],
    wanted: Wanted,
    *,
    vat: VatAccounts,
    tolerance: Decimal,
) -> Adopted:
    """Compare the lines of a booking with what its order wants, as far as they tell.

    `of_order` are the customers' lines that are about the order: a booking may hold several orders,
    and then its VAT tells nothing of one. `tolerance` is in euros, and holds for VAT.
    """
    differences = [*_total_differences(of_order, wanted), *_customer_differences(of_order, wanted)]

    customers = [line for line in lines if line.type == "customer"]
    vat_differences = None
    if len(of_order) == len(customers) and wanted.shares is not None:
        limit = max(tolerance, ANOTHERS_ROUNDING)
        vat_differences = _vat_differences(lines, wanted.shares, vat, limit)

    return Adopted(
        differences=(*differences, *(vat_differences or ())),
        tells_vat=vat_differences is not None,
        tells_customer=bool(wanted.customers),
    )


def _total_differences(of_order: Sequence[TransactionLine], wanted: Wanted) -> Iterable[Difference]:
    total = -sum((line.amount for line in of_order), ZERO)
    if not of_order or total != wanted.total:
        found = euros(total) if of_order else "-"
        values = {"expected": euros(wanted.total), "found": found}
        yield Difference(code="total_differs", values=values)


def _customer_differences(
    of_order: Sequence[TransactionLine], wanted: Wanted
) -> Iterable[Difference]:
    accounts = sorted({line.account for line in of_order})
    if wanted.customers and not set(accounts) <= set(wanted.customers):
        values = {"expected": wanted.customers[0], "found": ", ".join(accounts)}
        yield Difference(code="customer_not_of_order", values=values)


# VAT


def _vat_differences(
    lines: Sequence[TransactionLine],
    shares: Sequence[VatShare],
    vat: VatAccounts,
    limit: Decimal,
) -> list[Difference] | None:
    """Compare VAT by what the lines tell it by: codes, else VAT accounts; None where by neither."""
    not_own = [line for line in lines if not line.own]
    coded = [line for line in not_own if line.vat_code not in NO_CODE]
    # With VAT on the sub-administration it is the debtor's line that has the code.
    on_ledgers = [line for line in coded if line.type != "customer"]
    if coded:
        return list(_kind_differences(on_ledgers or coded, shares, vat, limit))

    if any(line.account in vat.accounts for line in lines):
        return list(_account_differences(lines, shares, vat, limit))
    return None


def _kind_differences(
    coded: Sequence[TransactionLine], shares: Sequence[VatShare], vat: VatAccounts, limit: Decimal
) -> Iterable[Difference]:
    """Compare per rate and box: of two codes for the same, another may have used either."""
    wanted: dict[tuple[str, str], Decimal] = {}
    for share in shares:
        # What is no turnover has no code to be told by.
        if share.code is not None and (share.gross or share.vat):
            _add(wanted, _kind(str(share.code), vat), share.vat)

    shown: dict[tuple[str, str], Decimal] = {}
    for line in coded:
        _add(shown, _kind(line.vat_code, vat), vat_on(line))

    tells_amounts = any(map(_has_vat_amount, coded))
    for kind in sorted(wanted.keys() | shown.keys()):
        want, have = wanted.get(kind), shown.get(kind)
        # A code may be told without an amount: then it says no more than rate and box.
        on_both_sides = want is not None and have is not None
        if on_both_sides and (not tells_amounts or _near(want, have, limit)):
            continue
        yield _kind_difference(kind, _euros_or_none(want), _euros_or_none(have))


def _kind_difference(kind: tuple[str, str], expected: str, found: str) -> Difference:
    rate, box = kind
    values = {"expected": expected, "found": found}
    if not rate:
        return Difference(code="vat_differs", values={"code": box, **values})

    return Difference(code="vat_kind_differs", values={"rate": rate, "box": box, **values})


def _near(want: Decimal | None, have: Decimal | None, limit: Decimal) -> bool:
    return abs((want or ZERO) - (have or ZERO)) <= limit


def _has_vat_amount(line: TransactionLine) -> bool:
    return line.vat_amount is not None and tells_vat(line)


def _kind(code: str, vat: VatAccounts) -> tuple[str, str]:
    """Return the rate and the boxes of a VAT code; no rate and the code where it is not known."""
    known = vat.codes.get(code)
    if known is None:
        return "", code

    return percentage(known.percentage), ", ".join(sorted(boxes_of(known.type))) or "-"


def _account_differences(
    lines: Sequence[TransactionLine], shares: Sequence[VatShare], vat: VatAccounts, limit: Decimal
) -> Iterable[Difference]:
    """Compare per VAT account, where no line has a code."""
    wanted: dict[str, Decimal] = {}
    for share in shares:
        if share.vat:
            _add(wanted, vat.account_of(str(share.code)), share.vat)

    shown: dict[str, Decimal] = {}
    for line in lines:
        if line.account in vat.accounts:
            _add(shown, line.account, line.amount)

    for account in sorted(wanted.keys() | shown.keys()):
        want, have = wanted.get(account, ZERO), shown.get(account, ZERO)
        if abs(want - have) > limit:
            values = {"expected": euros(want), "found": euros(have), "ledger": account or "-"}
            yield Difference(code="vat_account_differs", values=values)


def _add(sums: dict[Key, Decimal], key: Key, amount: Decimal) -> None:
    sums[key] = sums.get(key, ZERO) + amount


def _euros_or_none(amount: Decimal | None) -> str:
    return "-" if amount is None else euros(amount)
