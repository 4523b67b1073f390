"""Every order that can be booked, in all five ways of sending VAT, against an oracle that knows
nothing of the core.

Source: books/rules.md, rules 3 to 6 and 10.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, event, given, settings, strategies as st

from mww2minox.books.decision import decide
from mww2minox.books.differences import VatAccounts, booking_differences, posting_of
from mww2minox.books.model import (
    REVERSE_CHARGED,
    ZERO_PERCENT,
    Booking,
    BookingRules,
    Line,
    Order,
    Price,
    Tax,
    VatCode,
    VatPosting,
    VatRow,
)
from mww2minox.minox.wire import booking_body, sent_lines
from tests.harness.builders import ADMINISTRATION, BELGIAN_VAT_NUMBER, BUYER, RULES, mirrored
from tests.harness.oracle import Books, Due, books, due, expected, half_up

GIFT_CARD = VatRow(region="NL", rate=Decimal(0), type="gift_card", code=None, ledger="1850")
WITH_GIFT_CARDS = replace(RULES, vat=(*RULES.vat, GIFT_CARD))
OWN_LEDGERS = {"shipping": "8900", "payment": "8910", "discount": "8920"}
VAT = VatAccounts(
    codes={
        str(row.code): VatCode(
            code=str(row.code),
            percentage=row.rate or Decimal(0),
            type="",
            description="",
            account=row.vat_ledger or "1599",
        )
        for row in RULES.vat
    },
    sent_to=frozenset(row.vat_ledger for row in RULES.vat if row.vat_ledger),
)


def _euros(cents: int | Fraction, places: int = 2) -> Decimal:
    return (Decimal(Fraction(cents).numerator) / Fraction(cents).denominator / 100).quantize(
        Decimal(1).scaleb(-places)
    )


# Orders as shops make them: each can be booked


BASKETS: Sequence[tuple[str | None, str, tuple[str, ...]]] = [
    ("NL", "", ("21", "9")),
    ("NL", "", ("21", "9")),
    (None, "", ("21", "9")),
    ("BE", "", ("21",)),
    ("FI", "", ("25.5",)),
    ("BE", REVERSE_CHARGED, ("0",)),
    ("US", ZERO_PERCENT, ("0",)),
]


@st.composite
def price_entries(draw: st.DrawFn, rates: Sequence[str], *, sign: int, within: bool) -> Price:
    """A line total; `within`: the shop prices with VAT, so that the net has six decimals."""
    rate = draw(st.sampled_from(rates))
    if within:
        gross = sign * draw(st.integers(100, 30_000))
        net = _euros(Fraction(gross) * 100 / (100 + Fraction(rate)), 6)
        return Price(rate=Decimal(rate), excluding=net, including=_euros(gross))

    # A unit price in cents, or in fractions of them, times how many.
    micro = sign * draw(st.integers(1_000_000, 30_000_000)) * draw(st.integers(1, 3))
    gross = half_up(Fraction(micro, 10_000) * (100 + Fraction(rate)) / 100)
    left_out = draw(st.sampled_from([False, False, True]))
    return Price(
        rate=Decimal(rate),
        excluding=Decimal(micro).scaleb(-6),
        including=None if left_out else _euros(gross),
    )


@st.composite
def shop_orders(draw: st.DrawFn) -> Order:
    """An order of goods, perhaps with costs, and a discount that may be more than a rate has."""
    region, strategy, rates = draw(st.sampled_from(BASKETS))
    within = draw(st.booleans())

    def lines(kinds: Sequence[str], sign: int, most: int) -> list[Line]:
        entries = price_entries(rates, sign=sign, within=within)
        made = st.builds(
            Line,
            type=st.sampled_from(kinds),
            prices=st.lists(entries, min_size=1, max_size=2).map(tuple),
        )
        return draw(st.lists(made, min_size=most > 1, max_size=most))

    all_lines = lines(("article", "custom", "never seen"), 1, 3)
    all_lines += lines(("shipping", "payment"), 1, 1) + lines(("discount",), -1, 1)
    if region in ("NL", None):
        all_lines += draw(st.lists(gift_cards(all_lines), max_size=1))
    return _order(draw, tuple(all_lines), region, strategy)


@st.composite
def gift_cards(draw: st.DrawFn, lines: Sequence[Line]) -> Line:
    """A gift card that is sold, or that pays a part of the order, or all of it."""
    amounts = [price.including for line in lines for price in line.prices]
    all_of_it = -sum((amount or Decimal(0) for amount in amounts), Decimal(0))
    cents = st.integers(100, 30_000) | st.integers(-30_000, -100)
    amount = draw(st.just(all_of_it) | cents.map(_euros))
    assume(abs(amount) >= 1)
    return Line(
        type="gift_card", prices=(Price(rate=Decimal(0), excluding=amount, including=amount),)
    )


def _order(draw: st.DrawFn, lines: tuple[Line, ...], region: str | None, strategy: str) -> Order:
    gross: Counter[Decimal] = Counter()
    vat: dict[Decimal, Fraction] = {}
    for line in lines:
        for price in line.prices:
            net, rate = Fraction(str(price.excluding)) * 100, Fraction(str(price.rate))
            including = price.including
            amount = (
                half_up(net * (100 + rate) / 100) if including is None else int(including * 100)
            )
            gross[price.rate] += amount
            vat[price.rate] = vat.get(price.rate, Fraction(0)) + amount - net

    # The invoice rounds in its own way; so does the total.
    off = draw(st.integers(-2, 2))
    tax = tuple(
        Tax(rate=rate, amount=_euros(half_up(amount) + off)) for rate, amount in vat.items()
    )
    total = sum(gross.values()) + draw(st.sampled_from([0, 0, 0, 1, -1, 2, -5, 5]))
    order = Order(
        number=str(draw(st.integers(1, 99_999_999))),
        date=dt.date(2026, 3, 14),
        status=1,
        total=_euros(total),
        lines=lines,
        tax=draw(st.sampled_from([tax, tax, None])),
        tax_region=region,
        tax_strategy=strategy,
        email="truus@example.nl",
        buyer=replace(BUYER, vat_number=BELGIAN_VAT_NUMBER),
    )
    assume(abs(total) >= 100 or total == 0)
    credit = draw(st.sampled_from([False, False, True])) or total < 0
    if credit and total > 0:
        order = mirrored(order)
    return replace(order, credited_order_number="1") if credit else order


ROUNDINGS = st.sampled_from([None, "4990"])


def _booked(order: Order, rules: BookingRules) -> tuple[Booking, bytes]:
    outcome = decide(order, rules, ADMINISTRATION).outcome
    assert isinstance(outcome, Booking), outcome
    return outcome, booking_body(outcome, "10001")


def _can_be_booked(what: Due) -> bool:
    """Tell whether there is something to book, and no rate that cents of rounding could turn."""
    return what.is_plain and any(rate.gross for rate in what.rates.values())


def _filled(sums: Mapping[Any, int]) -> dict[Any, int]:
    return {key: amount for key, amount in sums.items() if amount}


def _same(found: Books, wanted: Books) -> None:
    assert found.over == 0, "debit is credit, and the VAT beside it"
    assert found.owed == wanted.owed
    assert _filled(found.accounts) == _filled(wanted.accounts)
    assert _filled(found.owed_by_code) == _filled(wanted.owed_by_code)
    assert _filled(found.turnover) == _filled(wanted.turnover)
    assert _filled(found.vat) == _filled(wanted.vat)


@pytest.mark.thorough
@settings(max_examples=100)
@given(shop_orders(), ROUNDINGS)
def test_every_order_is_in_the_books_to_the_cent_in_all_five_ways(
    order: Order, rounding_ledger: str | None
) -> None:
    rules = replace(WITH_GIFT_CARDS, rounding_ledger=rounding_ledger)
    what = due(order, rules)
    assume(_can_be_booked(what))
    event(f"rates: {len(what.rates)}, rounding: {bool(what.rounding)}")

    for posting in VatPosting:
        using = replace(rules, vat_posting=posting)
        _, body = _booked(order, using)
        _same(books(body, posting), expected(what, using))


@pytest.mark.thorough
@settings(max_examples=50)
@given(shop_orders(), ROUNDINGS)
def test_accounts_of_their_own_for_line_types_move_revenue_and_no_vat(
    order: Order, rounding_ledger: str | None
) -> None:
    rules = replace(WITH_GIFT_CARDS, rounding_ledger=rounding_ledger)
    split = replace(rules, ledgers=OWN_LEDGERS)
    what = due(order, rules)
    assume(_can_be_booked(what) and _parts_are_plain(order))

    nets = []
    for posting in (VatPosting.NET, VatPosting.GROSS, VatPosting.LINE, VatPosting.DEBTOR):
        _, whole = _booked(order, replace(rules, vat_posting=posting))
        _, apart = _booked(order, replace(split, vat_posting=posting))
        before, after = books(whole, posting), books(apart, posting)
        assert after.over == 0
        assert (after.owed, _filled(after.vat)) == (before.owed, _filled(before.vat))
        assert _filled(after.owed_by_code) == _filled(before.owed_by_code)
        assert sum(after.accounts.values()) == sum(before.accounts.values())
        if posting is not VatPosting.GROSS:
            kept = [row.vat_ledger for row in rules.vat]
            nets.append({k: v for k, v in _filled(after.accounts).items() if k not in kept})
    assert nets[0] == nets[1] == nets[2], "the revenue accounts are the same in each way"


def _parts_are_plain(order: Order) -> bool:
    """Tell whether no line type of a rate is so small that cents could turn its VAT."""
    parts: Counter[tuple[Decimal, str]] = Counter()
    for line in order.lines:
        kind = line.type if line.type in OWN_LEDGERS else "goods"
        for price in line.prices:
            parts[price.rate, kind] += int((price.including or price.excluding or 0) * 100)
    return all(abs(amount) >= 100 for amount in parts.values())


@pytest.mark.thorough
@settings(max_examples=40)
@given(shop_orders(), ROUNDINGS, st.sampled_from(VatPosting))
def test_what_reads_back_as_it_was_sent_has_no_difference_and_tells_its_way(
    order: Order, rounding_ledger: str | None, posting: VatPosting
) -> None:
    rules = replace(WITH_GIFT_CARDS, vat_posting=posting, rounding_ledger=rounding_ledger)
    what = due(order, rules)
    assume(_can_be_booked(what))
    booking, body = _booked(order, rules)
    sent = sent_lines(body.decode())
    assert booking_differences(sent, sent, vat=VAT, tolerance=Decimal(0)) == ()
    # Without VAT lines of its own `line` is told from `ledger` by nothing.
    if posting not in (VatPosting.LINE, VatPosting.LEDGER) and booking.shares:
        is_net = any(share.vat for share in booking.shares)
        known = posting if is_net or posting is VatPosting.DEBTOR else posting_of(sent, VAT)
        assert posting_of(sent, VAT) is known


@pytest.mark.thorough
@settings(max_examples=50)
@given(shop_orders(), st.data())
def test_any_cent_or_code_that_moves_on_a_debtors_line_is_a_difference(
    order: Order, data: st.DataObject
) -> None:
    rules = replace(WITH_GIFT_CARDS, vat_posting=VatPosting.DEBTOR, rounding_ledger="4990")
    assume(_can_be_booked(due(order, rules)))
    _, body = _booked(order, rules)
    sent = sent_lines(body.decode())

    place = data.draw(st.integers(0, _count_of_debtors_lines(sent) - 1))
    line = sent[place]
    cent = Decimal("0.01")
    # Where Minox shows no code, its amount of VAT is none.
    more_vat = line.vat_amount + cent if line.vat_code and line.vat_amount is not None else cent
    changed = data.draw(
        st.sampled_from(
            [
                replace(line, vat_code="99"),
                replace(line, vat_code=line.vat_code or "1", vat_amount=more_vat),
                replace(line, debit=line.debit + cent),
                replace(line, debit=line.credit, credit=line.debit),
                replace(line, account="10002"),
                replace(line, invoice_number="7"),
            ]
        )
    )
    found = [changed if at == place else each for at, each in enumerate(sent)]
    assert booking_differences(sent, found, vat=VAT, tolerance=Decimal(0)) != ()


def _count_of_debtors_lines(lines: Iterable[Any]) -> int:
    return sum(line.type == "customer" for line in lines)
