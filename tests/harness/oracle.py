"""What the books must hold for an order, worked out apart from the core: whole cents and fractions.

It reads the order and the bytes that are sent, and nothing that the core makes in between.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mww2minox.books.model import BookingRules, Order, VatPosting, VatRow

Cents = int
HALF = Fraction(1, 2)


def half_up(amount: Fraction) -> Cents:
    """Round to whole cents, halves away from zero."""
    rounded = int(abs(amount) + HALF)
    return rounded if amount >= 0 else -rounded


def _cents(euros: Any) -> Fraction:
    return Fraction(str(euros)) * 100


@dataclass(frozen=True)
class Rate:
    """What a VAT rate comes to, in signed cents: `vat` is what is booked of it."""

    gross: Cents
    vat: Cents


@dataclass(frozen=True)
class Due:
    """What an order comes to per row of `vat`, and the cents that its total has beside them."""

    total: Cents
    rates: Mapping[VatRow, Rate]
    rounding: Cents

    @property
    def is_plain(self) -> bool:
        """Tell whether no rate is so small that cents of rounding could turn it."""
        return all(abs(rate.gross) >= 100 or rate == Rate(0, 0) for rate in self.rates.values())


def due(order: Order, rules: BookingRules) -> Due:
    """Work out what an order comes to; each of its rates has a row."""
    gross: Counter[VatRow] = Counter()
    by_lines: dict[VatRow, Fraction] = {}
    for line in order.lines:
        for price in line.prices:
            rate = Fraction(str(price.rate))
            row = _row(order, rules, rate, line.type)
            net = None if price.excluding is None else _cents(price.excluding)
            if price.including is None:
                assert net is not None
                with_vat = Fraction(half_up(net * (100 + rate) / 100))
            else:
                with_vat = _cents(price.including)
            gross[row] += int(with_vat)
            net = with_vat * 100 / (100 + rate) if net is None else net
            by_lines[row] = by_lines.get(row, Fraction(0)) + with_vat - net

    charged = {row: half_up(vat) for row, vat in by_lines.items()}
    if order.tax is not None:
        charged = dict.fromkeys(by_lines, 0)
        # At 0% there is no VAT, whatever the row.
        for tax in order.tax:
            if tax.rate:
                row = _row(order, rules, Fraction(str(tax.rate)), "")
                charged[row] += half_up(_cents(tax.amount))

    rates = {}
    for row, vat in charged.items():
        goes_with = vat * gross[row] > 0 and bool(row.rate)
        rates[row] = Rate(gross[row], vat if goes_with else 0)
    total = int(_cents(order.total))
    return Due(total, rates, total - sum(rate.gross for rate in rates.values()))


def _row(order: Order, rules: BookingRules, rate: Fraction, line_type: str) -> VatRow:
    # A row of a line type goes before that of all.
    for row in sorted(rules.vat, key=lambda row: row.type is None):
        if row.type not in (None, line_type):
            continue
        if order.tax_strategy:
            fits = row.strategy == order.tax_strategy
        else:
            region = order.tax_region or rules.shop_country
            fits = row.rate is not None and (row.region, Fraction(row.rate)) == (region, rate)
        if fits:
            return row
    raise LookupError(rate)


@dataclass(frozen=True)
class Books:
    """What is sent for one order, as Minox adds it up: signed cents, a sale positive.

    `turnover` and `vat` are per VAT code, where codes are sent; `accounts` per ledger account.
    `over` is what debit has more than credit, where it must be 0.
    """

    owed: Cents
    accounts: Mapping[str, Cents]
    turnover: Mapping[int | str | None, Cents]
    vat: Mapping[int | str | None, Cents]
    owed_by_code: Mapping[int | str | None, Cents]
    over: Cents


def books(body: bytes, posting: VatPosting) -> Books:
    """Add up the lines that are sent, in the way in which they tell VAT."""
    accounts: Counter[str] = Counter()
    owed_by_code: Counter[int | str | None] = Counter()
    turnover: Counter[int | str | None] = Counter()
    vat: Counter[int | str | None] = Counter()
    for line in json.loads(body, parse_float=str):
        is_debtor = line["account"]["type"] == "customer"
        debit, credit = int(_cents(line["debit"])), int(_cents(line["credit"]))
        assert min(debit, credit) == 0 <= max(debit, credit)
        sold = debit - credit if is_debtor else credit - debit
        code = line["vat"]["id"] if "vat" in line else None
        if is_debtor:
            owed_by_code[code] += sold
        else:
            accounts[line["account"]["id"]] += sold

        if code is not None:
            assert is_debtor == (posting is VatPosting.DEBTOR)
            amount = int(_cents(line["vat"]["amount"])) * (-1 if sold < 0 else 1)
            vat[code] += amount
            turnover[code] += sold if posting is VatPosting.NET else sold - amount

    # VAT beside its line is on top of what is credited; VAT within it is not.
    beside = posting in (VatPosting.NET, VatPosting.DEBTOR)
    credited = sum(accounts.values()) + (sum(vat.values()) if beside else 0)
    owed = sum(owed_by_code.values())
    return Books(owed, accounts, turnover, vat, owed_by_code, owed - credited)


def expected(what: Due, rules: BookingRules) -> Books:
    """Return the books that an order must come to, where line types have no accounts of their own.

    A rounding without an account of its own is in the largest net; with one, the largest line of
    the debtor has it too (books/rules.md, rules 6 and 10).
    """
    booked, vat = _with_rounding(what, rules)

    accounts: Counter[str] = Counter()
    turnover: Counter[int | str | None] = Counter()
    vat_of: Counter[int | str | None] = Counter()
    owed: Counter[int | str | None] = Counter()
    posting = rules.vat_posting
    for row, amount in booked.items():
        net = amount - vat[row]
        accounts[row.ledger] += net if posting in NET_REVENUE else amount
        if posting is VatPosting.LINE and vat[row]:
            accounts[row.vat_ledger or ""] += vat[row]
        owed[row.code if posting is VatPosting.DEBTOR else None] += amount
        if posting in CODES_SENT and row.code is not None:
            turnover[row.code] += net
            vat_of[row.code] += vat[row]

    if what.rounding and rules.rounding_ledger:
        accounts[rules.rounding_ledger] += what.rounding
        # Where nothing but the rounding is booked, the debtor's line has no code.
        by_code = posting is VatPosting.DEBTOR and booked
        largest = _largest(booked).code if by_code else None
        owed[largest] += what.rounding
        if posting is VatPosting.DEBTOR and largest is not None:
            turnover[largest] += what.rounding
    return Books(what.total, accounts, turnover, vat_of, owed, 0)


def _with_rounding(
    what: Due, rules: BookingRules
) -> tuple[Mapping[VatRow, Cents], Mapping[VatRow, Cents]]:
    """Return gross and VAT of what is booked: a rounding without an account is in the largest."""
    gross = {row: rate.gross for row, rate in what.rates.items()}
    if what.rounding and not rules.rounding_ledger:
        nets = {row: rate.gross - rate.vat for row, rate in what.rates.items()}
        turnover_alone = {row: net for row, net in nets.items() if row.code is not None}
        gross[_largest(turnover_alone or nets)] += what.rounding

    # What comes to nothing at all is not booked.
    booked = {row: amount for row, amount in gross.items() if amount or what.rates[row].vat}
    return booked, {row: what.rates[row].vat for row in booked}


NET_REVENUE = {VatPosting.NET, VatPosting.LINE, VatPosting.DEBTOR}
CODES_SENT = {VatPosting.NET, VatPosting.GROSS, VatPosting.DEBTOR}


def _largest(amounts: Mapping[VatRow, Cents]) -> VatRow:
    return max(amounts, key=lambda row: (abs(amounts[row]), row.rate or 0))


# What is refused, and why


COSTS = {"shipping", "payment"}
NO_GOODS = COSTS | {"discount", "gift_card", "store_credit", "surcharge"}


def refusal(order: Order, rules: BookingRules) -> str | None:
    """Return the reason for which an order's amounts are refused or skipped, or None.

    Source: books/rules.md, rules 2, 4, 6 and 7. Of its customer nothing is looked at, nor of how
    VAT is sent: see `turns`.
    """
    entries = list(_entries(order))
    rates = {rate: [each for each in entries if each.rate == rate] for rate in _rates(order)}
    charged = {rate: _charged(order, rate, of_rate) for rate, of_rate in rates.items()}

    if order.total == 0 and _is_nothing(order, rules, rates, charged):
        return "nothing_to_book"
    if any(_is_off(of_rate, charged[rate], rate) for rate, of_rate in rates.items()):
        return "vat_mismatch"
    if abs(_cents(order.total) - sum(each.gross for each in entries)) > _limit(order, rules):
        return "totals_mismatch"
    if not order.tax_strategy and _costs_lack_vat(entries):
        return "shipping_without_vat"
    return None


@dataclass(frozen=True)
class _Entry:
    """A price entry: gross in whole cents, its VAT exact."""

    kind: str
    rate: Fraction
    gross: Cents
    vat: Fraction


def _entries(order: Order) -> Iterator[_Entry]:
    for line in order.lines:
        for price in line.prices:
            rate = Fraction(str(price.rate))
            net = None if price.excluding is None else _cents(price.excluding)
            if price.including is None:
                gross = half_up((net or Fraction(0)) * (100 + rate) / 100)
            else:
                gross = int(_cents(price.including))
            net = gross * 100 / (100 + rate) if net is None else net
            yield _Entry(line.type, rate, gross, (gross - net) if rate else Fraction(0))


def _rates(order: Order) -> set[Fraction]:
    of_lines = {Fraction(str(price.rate)) for line in order.lines for price in line.prices}
    return of_lines | {Fraction(str(tax.rate)) for tax in order.tax or ()}


def _charged(order: Order, rate: Fraction, entries: Sequence[_Entry]) -> Cents:
    if order.tax is None:
        return half_up(sum((each.vat for each in entries), Fraction(0)))
    amounts = [_cents(tax.amount) for tax in order.tax if Fraction(str(tax.rate)) == rate]
    return half_up(sum(amounts, Fraction(0)))


def _is_nothing(
    order: Order,
    rules: BookingRules,
    rates: Mapping[Fraction, Sequence[_Entry]],
    charged: Mapping[Fraction, Cents],
) -> bool:
    for rate, entries in rates.items():
        apart: Counter[VatRow] = Counter()
        for each in entries:
            apart[_row(order, rules, rate, each.kind)] += each.gross
        if any(apart.values()) or abs(charged[rate]) > 2 + len(entries):
            return False
    return True


def _is_off(entries: Sequence[_Entry], charged: Cents, rate: Fraction) -> bool:
    gross = sum(each.gross for each in entries)
    by_lines = half_up(sum((each.vat for each in entries), Fraction(0)))
    not_booked = 0 if rate and charged * gross > 0 else charged
    return max(abs(charged - by_lines), abs(not_booked)) > 2 + len(entries)


def _limit(order: Order, rules: BookingRules) -> Fraction:
    count = sum(len(line.prices) for line in order.lines)
    limit = _cents(rules.max_rounding)
    return limit if order.prices_include_tax is not False else max(limit, Fraction(count, 2))


def _costs_lack_vat(entries: Sequence[_Entry]) -> bool:
    at_nought: Counter[str] = Counter()
    for each in entries:
        if not each.rate:
            at_nought[each.kind] += each.gross
    untaxed = {kind for kind, gross in at_nought.items() if gross}
    taxed_goods = any(each.rate and each.kind not in NO_GOODS for each in entries)
    return taxed_goods and not untaxed - NO_GOODS and bool(untaxed & COSTS)


def turns(what: Due, rules: BookingRules) -> bool:
    """Tell whether VAT would stand on the other side than the line that tells it: then it cannot be
    told (books/rules.md, rule 10).
    """
    gross, vat = _with_rounding(what, rules)
    base: Counter[object] = Counter()
    on_it: Counter[object] = Counter()
    for row, amount in gross.items():
        key = row.code if rules.vat_posting is VatPosting.DEBTOR else row
        base[key] += amount - (vat[row] if rules.vat_posting is VatPosting.NET else 0)
        on_it[key] += vat[row]
    if rules.vat_posting is VatPosting.DEBTOR and rules.rounding_ledger and gross:
        base[_largest(gross).code] += what.rounding

    told = rules.vat_posting in CODES_SENT
    return told and any((base[key] or 1) * on_it[key] < 0 for key in base)
