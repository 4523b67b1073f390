"""What holds for every order whatever: `book` never raises, and what it books adds up to the
cent.
"""

import datetime as dt
import json
import shlex
from collections.abc import Iterable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import assume, event, given, settings, strategies as st

from mww2minox.books.booking import FIELDS
from mww2minox.books.decision import decide
from mww2minox.books.model import (
    REVERSE_CHARGED,
    ZERO_PERCENT,
    Booking,
    BookingRules,
    Buyer,
    DateChoice,
    Line,
    Order,
    Price,
    Rejection,
    Tax,
    VatPosting,
)
from mww2minox.language.texts import Language, use
from mww2minox.minox.wire import booking_body
from mww2minox.reasons import REASONS, explain_rejection
from tests.harness.builders import ADMINISTRATION, BELGIAN_VAT_NUMBER, BUYER, MICRO, RULES, mirrored

CENT = Decimal("0.01")
ZERO = Decimal(0)
TYPES = ("article", "custom", "shipping", "payment", "discount", "never seen")
LANGUAGES: tuple[Language, ...] = ("nl", "en")
OWN_LEDGERS = {"shipping": "8900", "payment": "8910", "discount": "8000"}

# Orders as a shop makes them: most are accepted


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([usual] * (9 * len(others)) + [*others])


AMOUNTS = (st.integers(1, 20_000) | st.integers(-2_000, 20_000) | st.integers(-3, 3)).map(
    lambda cents: CENT * cents
)


def _price(rate: Decimal, gross: Decimal, left_out: str) -> Price:
    net = (gross / (1 + rate / 100)).quantize(MICRO)
    price = Price(rate=rate, excluding=net, including=gross)
    if left_out == "net":
        return replace(price, excluding=None)
    return replace(price, including=None) if left_out == "gross" else price


def _lines(*rates: str) -> st.SearchStrategy[tuple[Line, ...]]:
    prices = st.builds(
        _price,
        st.sampled_from([Decimal(rate) for rate in rates]),
        AMOUNTS,
        _mostly("", "net", "gross"),
    )
    entries = st.lists(prices, min_size=1, max_size=2).map(tuple)
    return st.lists(
        st.builds(Line, type=st.sampled_from(TYPES), prices=entries), min_size=1, max_size=4
    ).map(tuple)


def _gross(price: Price) -> Decimal:
    """As in books/rules.md, rule 3."""
    if price.including is not None:
        return price.including
    return _cents((price.excluding or ZERO) * (1 + price.rate / 100))


def _vat(price: Price) -> Decimal:
    net = price.excluding if price.excluding is not None else _gross(price) / (1 + price.rate / 100)
    return _gross(price) - net


def _prices(order: Order) -> Iterable[Price]:
    return (price for line in order.lines for price in line.prices)


def _sums(order: Order) -> dict[Decimal, tuple[Decimal, Decimal]]:
    """Gross and VAT of each rate, by the lines alone."""
    sums: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for price in _prices(order):
        gross, vat = sums.get(price.rate, (ZERO, ZERO))
        sums[price.rate] = (gross + _gross(price), vat + _vat(price))
    return sums


BASKETS = [
    *[("NL", "", _lines("21", "9"))] * 6,
    (None, "", _lines("21", "9.00")),
    ("BE", "", _lines("21")),
    ("FI", "", _lines("25.5")),
    ("BE", REVERSE_CHARGED, _lines("0")),
    ("US", ZERO_PERCENT, _lines("0")),
    ("NL", "", _lines("21", "0")),
]
DATES = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
OTHER_FIELDS = st.fixed_dictionaries(
    {
        "number": st.integers(1, 10**9).map(str),
        "date": DATES,
        "currency": _mostly("EUR", "USD", None),
        "status_changed": st.none() | DATES | st.just(dt.date(2027, 1, 31)),
        "email": _mostly("truus@example.nl", ""),
        "payment": st.sampled_from(["basic/cash", "basic/advance", None]),
        "buyer": _mostly(BELGIAN_VAT_NUMBER, "", "BE1").map(
            lambda number: replace(BUYER, vat_number=number)
        ),
    }
)
OFF_BY = _mostly(ZERO, *[CENT * cents for cents in (-6, -5, -3, -2, -1, 1, 2, 3, 5, 6)])


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Orders that a shop could make, now and then with something wrong."""
    region, strategy, lines = draw(st.sampled_from(BASKETS))
    fields = draw(OTHER_FIELDS)
    order = Order(
        status=1,
        total=ZERO,
        lines=draw(lines),
        tax=None,
        tax_region=region,
        tax_strategy=strategy,
        **fields,
    )

    sums = _sums(order)
    tax, vat_off = None, draw(OFF_BY)
    if draw(st.booleans()):
        tax = tuple(Tax(rate=rate, amount=_cents(vat) + vat_off) for rate, (_, vat) in sums.items())
    total = sum((gross for gross, _ in sums.values()), draw(OFF_BY))
    order = replace(order, tax=tax, total=total)
    return mirrored(order, credited_order_number="1") if draw(_mostly(False, True)) else order  # noqa: FBT003


# Orders as nobody makes them

SPECIAL = [
    Decimal(text)
    for text in ("NaN", "sNaN", "Infinity", "-Infinity", "-0", "1E+400", "1E-400", "0E+99", "9E9")
]
DECIMALS = st.sampled_from(SPECIAL) | st.decimals() | st.decimals(-100, 100, places=2)
RATES = DECIMALS | st.sampled_from([Decimal(21), Decimal(9), ZERO])
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["", "0", "1024", "NL", "EUR", REVERSE_CHARGED, "BE0403170701", "EU", "{}"]
)
ABSURD_LINES = st.builds(
    Line,
    type=TEXTS | st.sampled_from(TYPES),
    prices=st.lists(
        st.builds(
            Price, rate=RATES, excluding=st.none() | DECIMALS, including=st.none() | DECIMALS
        ),
        max_size=3,
    ).map(tuple),
)
ABSURD: dict[str, st.SearchStrategy[Any]] = {
    "number": TEXTS,
    "date": st.dates(),
    "total": DECIMALS,
    "lines": st.lists(ABSURD_LINES, max_size=3).map(tuple),
    "tax": st.none() | st.lists(st.builds(Tax, rate=RATES, amount=DECIMALS), max_size=3).map(tuple),
    "currency": st.none() | TEXTS,
    "status_changed": st.none() | st.dates(),
    "tax_region": st.none() | TEXTS,
    "tax_strategy": TEXTS,
    "email": TEXTS,
    "payment": st.none() | TEXTS,
    "credited_order_number": st.none() | TEXTS,
    "buyer": st.builds(
        Buyer, **dict.fromkeys(("name", "company", "country_code", "vat_number"), TEXTS)
    ),
}


@st.composite
def spoilt_orders(draw: st.DrawFn) -> Order:
    """Orders with some fields of a shop's order replaced by whatever fits their type."""
    fields = draw(st.sets(st.sampled_from(sorted(ABSURD)), min_size=1, max_size=4))
    return replace(draw(orders()), **{field: draw(ABSURD[field]) for field in sorted(fields)})


WHATEVER = orders() | spoilt_orders() | st.builds(Order, status=st.integers(), **ABSURD)
MAPPINGS = st.builds(
    replace,
    st.just(RULES),
    vat_posting=st.sampled_from(VatPosting),
    ledgers=st.sampled_from([{}, OWN_LEDGERS]),
    payment_debtors=st.sampled_from([{}, {"basic/cash": "10600"}]),
    rounding_ledger=st.sampled_from([None, "4990"]),
    date=st.sampled_from(DateChoice),
    description=st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, unique=True).map(
        lambda names: " ".join(f"{{{name}}}" for name in names)
    ),
)


def _book(order: Order, rules: BookingRules) -> Booking | None:
    """Book an order; None when it is refused."""
    found = decide(order, rules, ADMINISTRATION).outcome
    event("accepted" if isinstance(found, Booking) else f"refused: {found.reason}")
    return found if isinstance(found, Booking) else None


@pytest.mark.thorough
def test_at_least_a_third_of_the_orders_made_here_are_accepted() -> None:
    accepted: list[bool] = []

    @settings(max_examples=150, database=None)
    @given(orders(), MAPPINGS)
    def count(order: Order, rules: BookingRules) -> None:
        accepted.append(_book(order, rules) is not None)

    count()
    assert sum(accepted) >= len(accepted) / 3, f"{sum(accepted)} of {len(accepted)}"


@pytest.mark.thorough
@settings(max_examples=250)
@given(WHATEVER, MAPPINGS)
def test_every_order_has_a_booking_or_a_reason_and_always_the_same(
    order: Order, rules: BookingRules
) -> None:
    found = decide(order, rules, ADMINISTRATION).outcome
    assert isinstance(found, Booking | Rejection)
    assert decide(replace(order), replace(rules), ADMINISTRATION).outcome == found


@pytest.mark.thorough
@settings(max_examples=250)
@given(WHATEVER, MAPPINGS)
def test_every_refusal_can_be_told_in_both_languages(order: Order, rules: BookingRules) -> None:
    found = decide(order, rules, ADMINISTRATION).outcome
    if isinstance(found, Booking):
        return
    event(found.reason)

    assert found.reason in REASONS
    number = " ".join(order.number.split())
    for language in LANGUAGES:
        use(language)
        text = explain_rejection(found)
        assert number in text.message
        # In a shell any number is one word.
        typed = " ".join(shlex.quote(order.number).split()) if order.number else ""
        assert text.suggestion.endswith(f"mww2minox retry {typed}".rstrip())
        assert not any(
            f"({name})" in text.message + text.suggestion
            for name in ("rate", "lines", "total", "problem")
        )


def _in_cents(amount: Decimal) -> int:
    assert amount * 100 == int(amount * 100), amount
    return int(amount * 100)


@pytest.mark.thorough
@settings(max_examples=200)
@given(orders() | spoilt_orders(), MAPPINGS)
def test_debit_is_credit_and_the_vat_that_stands_beside_it(
    order: Order, rules: BookingRules
) -> None:
    booking = _book(order, rules)
    if booking is None:
        return

    beside = rules.vat_posting is VatPosting.NET
    with_debtor = rules.vat_posting is VatPosting.DEBTOR
    # With the debtor the VAT is what is owed beside the revenue.
    balance = 0
    for owed in booking.debtor_lines:
        assert min(owed.debit, owed.credit) == 0
        vat = _in_cents(owed.vat_amount or ZERO) if with_debtor else 0
        amount = _in_cents(owed.debit + owed.credit) - vat
        balance += amount if owed.credit else -amount
    assert sum(owed.debit - owed.credit for owed in booking.debtor_lines) == booking.total

    for line in booking.lines:
        assert min(line.debit, line.credit) == 0 <= max(line.debit, line.credit)
        vat = _in_cents(line.vat_amount or ZERO) if beside else 0
        amount = _in_cents(line.debit + line.credit) + vat
        balance += -amount if line.debit else amount
    assert balance == 0
    assert booking.total == order.total

    if rules.vat_posting in (VatPosting.NET, VatPosting.GROSS):
        # A rounding may follow the shares.
        for line, share in zip(booking.lines, booking.shares, strict=False):
            base = share.net if beside else share.gross
            assert line.credit - line.debit == base
            assert line.vat_amount == abs(share.vat)
            assert (base or 1) * share.vat >= 0


@pytest.mark.thorough
@settings(max_examples=150)
@given(orders(), MAPPINGS)
def test_the_body_that_is_sent_is_exact_to_the_cent(order: Order, rules: BookingRules) -> None:
    booking = _book(order, rules)
    if booking is None:
        return

    body = booking_body(booking, "10001")
    assert body == booking_body(booking, "10001")
    rows = json.loads(body, parse_float=Decimal)
    debtor = [row for row in rows if row["account"]["type"] == "customer"]
    lines = rows[len(debtor) :]

    amounts = [row[side] for row in rows for side in ("debit", "credit")]
    amounts += [row["vat"]["amount"] for row in rows if "vat" in row]
    for amount in amounts:
        assert not amount.is_signed(), amount
        assert amount.as_tuple().exponent >= -2, amount
    assert sum(row["debit"] - row["credit"] for row in debtor) == booking.total
    assert {row["invoice_number"] for row in debtor} == {int(order.number)}

    with_vat = [line for line in lines if "vat" in line and rules.vat_posting is VatPosting.NET]
    vat = [line["vat"]["amount"] * (-1 if line["debit"] else 1) for line in with_vat]
    net = [line["credit"] - line["debit"] for line in lines]
    vat += [row["vat"]["amount"] * (-1 if row["credit"] else 1) for row in debtor if "vat" in row]
    assert sum(net, ZERO) + sum(vat, ZERO) == booking.total

    tells_vat = rules.vat_posting in (VatPosting.NET, VatPosting.GROSS)
    assert any("vat" in row for row in lines) <= tells_vat
    assert any("vat" in row for row in debtor) <= (rules.vat_posting is VatPosting.DEBTOR)
    assert {row["description"] for row in rows} == {booking.description}


def _booked_vat(rate: Decimal, gross: Decimal, charged: Decimal) -> Decimal:
    """As in books/rules.md, rule 4: VAT goes with its gross, and there is none at 0%."""
    return _cents(charged) if rate and charged * gross > 0 else ZERO


@pytest.mark.thorough
@settings(max_examples=150)
@given(orders(), MAPPINGS)
def test_gross_and_vat_of_a_rate_are_those_of_lines_and_invoice(
    order: Order, rules: BookingRules
) -> None:
    booking = _book(order, rules)
    if booking is None:
        return

    by_lines = _sums(order)
    rates = {*by_lines, *(tax.rate for tax in order.tax or ())}
    rounding = order.total - sum((_cents(gross) for gross, _ in by_lines.values()), ZERO)

    off = []
    for rate in rates:
        shares = [share for share in booking.shares if share.rate == rate]
        gross, vat = by_lines.get(rate, (ZERO, ZERO))
        if order.tax is not None:
            vat = sum((tax.amount for tax in order.tax if tax.rate == rate), ZERO)
        assert sum((share.vat for share in shares), ZERO) == _booked_vat(rate, _cents(gross), vat)
        off.append(sum((share.gross for share in shares), ZERO) - _cents(gross))

    assert sorted(filter(None, off)) == (
        [] if rules.rounding_ledger or not rounding else [rounding]
    )
    assert abs(rounding) <= rules.max_rounding


# Sales without VAT of a shop that prices with VAT: the net of a line has six decimals


@st.composite
def sales_without_vat(draw: st.DrawFn) -> Order:
    """Reverse-charged and export orders, without `price.tax`."""
    region, strategy = draw(st.sampled_from([("BE", REVERSE_CHARGED), ("US", ZERO_PERCENT)]))
    in_cents = draw(st.booleans())
    with_gross = draw(_mostly(True, False))  # noqa: FBT003
    lines = []
    for shop_price in draw(st.lists(AMOUNTS, min_size=1, max_size=12)):
        net = (shop_price / draw(st.sampled_from([Decimal("1.21"), Decimal("1.09")]))).quantize(
            MICRO
        )
        gross = _cents(net) if in_cents else net
        price = Price(rate=ZERO, excluding=net, including=gross if with_gross else None)
        lines.append(Line(type=draw(st.sampled_from(TYPES)), prices=(price,)))

    order = Order(
        number="1024",
        date=draw(DATES),
        status=1,
        total=ZERO,
        lines=tuple(lines),
        tax=None,
        tax_region=region,
        tax_strategy=strategy,
        email="truus@example.nl",
        buyer=replace(BUYER, vat_number=BELGIAN_VAT_NUMBER),
    )
    total = sum((gross for gross, _ in _sums(order).values()), ZERO)
    return replace(order, total=_cents(total))


@pytest.mark.thorough
@settings(max_examples=300)
@given(sales_without_vat(), st.sampled_from(VatPosting), st.booleans())
def test_a_sale_without_vat_is_booked_without_vat(
    order: Order,
    posting: VatPosting,
    credit: bool,
) -> None:
    assume(order.total)
    given_order = mirrored(order) if credit else order
    found = decide(given_order, replace(RULES, vat_posting=posting), ADMINISTRATION).outcome
    assert isinstance(found, Booking), found
    assert [share.vat for share in found.shares] == [ZERO] * len(found.shares)
    assert sum((share.net for share in found.shares), ZERO) == given_order.total
    assert not any(line.vat_amount for line in found.lines)


@pytest.mark.thorough
@settings(max_examples=150)
@given(orders(), MAPPINGS)
def test_a_credit_order_takes_back_exactly_what_its_original_booked(
    order: Order, rules: BookingRules
) -> None:
    sale = _book(replace(order, credited_order_number=None), rules)
    credit = _book(mirrored(order, credited_order_number=None), rules)
    if sale is None or credit is None:
        return
    turned = [replace(line, debit=line.credit, credit=line.debit) for line in sale.lines]
    assert list(credit.lines) == turned
    owed = [replace(line, debit=line.credit, credit=line.debit) for line in sale.debtor_lines]
    assert list(credit.debtor_lines) == owed
    assert [share.vat for share in credit.shares] == [-share.vat for share in sale.shares]


@pytest.mark.parametrize("posting", VatPosting)
def test_the_largest_amounts_stay_exact(posting: VatPosting) -> None:
    gross = Decimal("9999999999.99")
    line = Line(type="article", prices=(Price(rate=Decimal(21), excluding=None, including=gross),))
    order = Order(
        number="1",
        date=dt.date(2026, 1, 1),
        status=1,
        total=gross,
        lines=(line,),
        tax=None,
        email="a@example.nl",
    )

    found = decide(order, replace(RULES, vat_posting=posting), ADMINISTRATION).outcome
    assert isinstance(found, Booking)
    sent = json.loads(booking_body(found, "1"), parse_float=Decimal)
    assert sent[0]["debit"] == gross
    assert len([row for row in sent if row["account"]["type"] == "customer"]) == 1
    assert sum((each.vat for each in found.shares), ZERO) == Decimal("1735537190.08")
