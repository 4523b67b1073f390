"""VAT on the sub-administration: a debtor's line for each VAT code, and what is seen of it later.

Source: books/rules.md, rule 10, "Reading back" and "Adopted bookings".
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mww2minox.books.adopted import Wanted, compare_adopted
from mww2minox.books.booking import Charge, charges_of
from mww2minox.books.differences import VatAccounts, booking_differences, posting_of
from mww2minox.books.model import (
    Booking,
    BookingRules,
    Order,
    TransactionLine,
    VatCode,
    VatPosting,
    VatShare,
)
from mww2minox.minox.wire import booking_body, sent_lines
from mww2minox.reasons import describe
from tests.harness.builders import (
    RULES,
    booked,
    line,
    mirrored,
    order,
    owed,
    reverse_charged,
    rules,
    written,
)

DEBTOR = rules(vat_posting=VatPosting.DEBTOR)
OWN_LEDGERS = replace(DEBTOR, ledgers={"shipping": "8900", "discount": "8920"})
MIXED = order(
    line("121.00"),
    line("10.90", "9"),
    line("6.05", type="shipping"),
    line("-12.10", type="discount"),
    tax={"21": "19.95", "9": "0.90"},
)
VAT = VatAccounts(
    codes={
        code: VatCode(
            code=code, percentage=Decimal(rate), type=kind, description="", account=account
        )
        for code, rate, kind, account in [
            ("1", "21", "Af te dragen (1a, 1b)", "1500"),
            ("2", "9", "Af te dragen (1a, 1b)", "1510"),
            ("11", "21", "Afstandsverkopen binnen de EU (3c)", "1520"),
        ]
    }
)


def lines_of(given: Order, using: BookingRules = DEBTOR) -> tuple[list[str], list[str]]:
    """Return the debtor's lines and those on ledger accounts, as texts."""
    booking = booked(given, using)
    return owed(booking.debtor_lines), written(booking.lines)


# books/rules.md, rule 10: the lines


def test_the_debtor_has_a_line_for_each_code_and_the_revenue_lines_are_net() -> None:
    assert lines_of(MIXED) == (
        ["D 114.95 1:19.95", "D 10.90 2:0.90"],
        ["8000 C 95.00", "8010 C 10.00"],
    )


def test_several_revenue_accounts_of_a_rate_are_one_line_of_the_debtor() -> None:
    assert lines_of(MIXED, OWN_LEDGERS) == (
        ["D 114.95 1:19.95", "D 10.90 2:0.90"],
        ["8000 C 100.00", "8010 C 10.00", "8900 C 5.00", "8920 D 10.00"],
    )


def test_a_credit_order_swaps_the_sides() -> None:
    assert lines_of(mirrored(MIXED), OWN_LEDGERS) == (
        ["C 114.95 1:19.95", "C 10.90 2:0.90"],
        ["8000 D 100.00", "8010 D 10.00", "8900 D 5.00", "8920 C 10.00"],
    )


def test_a_discount_that_turns_a_rate_turns_its_line_of_the_debtor() -> None:
    given = order(line("121.00"), line("10.90", "9"), line("-21.80", "9", type="discount"))
    assert lines_of(given) == (
        ["D 121.00 1:21.00", "C 10.90 2:0.90"],
        ["8000 C 100.00", "8010 D 10.00"],
    )
    assert lines_of(given, OWN_LEDGERS)[1] == ["8000 C 100.00", "8010 C 10.00", "8920 D 20.00"]


def test_a_rate_that_a_discount_takes_back_as_a_whole_leaves_the_debtor_nothing() -> None:
    given = order(line("12.10"), line("-12.10", type="discount"), line("10.90", "9"))
    assert lines_of(given, OWN_LEDGERS) == (
        ["D 10.90 2:0.90"],
        ["8000 C 10.00", "8920 D 10.00", "8010 C 10.00"],
    )


def test_a_code_without_vat_stands_on_the_debtors_line_too() -> None:
    assert lines_of(reverse_charged()) == (["D 100.00 6:0.00"], ["8100 C 100.00"])


@pytest.mark.parametrize(
    ("total", "ledger", "debtor", "revenue"),
    [
        ("22.98", None, ["D 12.08 1:2.10", "D 10.90 2:0.90"], ["8000 C 9.98", "8010 C 10.00"]),
        ("23.03", None, ["D 12.13 1:2.10", "D 10.90 2:0.90"], ["8000 C 10.03", "8010 C 10.00"]),
        (
            "23.03",
            "4990",
            ["D 12.13 1:2.10", "D 10.90 2:0.90"],
            ["8000 C 10.00", "8010 C 10.00", "4990 C 0.03"],
        ),
        (
            "22.98",
            "4990",
            ["D 12.08 1:2.10", "D 10.90 2:0.90"],
            ["8000 C 10.00", "8010 C 10.00", "4990 D 0.02"],
        ),
    ],
)
def test_a_rounding_is_in_the_debtors_largest_line(
    total: str, ledger: str | None, debtor: list[str], revenue: list[str]
) -> None:
    given = order(line("12.10"), line("10.90", "9"), total=total)
    assert lines_of(given, replace(DEBTOR, rounding_ledger=ledger)) == (debtor, revenue)


def share(code: int | str | None, rate: str, net: str, vat: str = "0.00") -> VatShare:
    return VatShare(
        code=code,
        region="NL",
        rate=Decimal(rate),
        ledger="8000",
        net=Decimal(net),
        vat=Decimal(vat),
    )


def charged(*shares: VatShare, total: str) -> list[str]:
    """Write charges down as `code gross vat`."""
    charges = charges_of(shares, Decimal(total))
    return [f"{charge.code} {charge.gross} {charge.vat}" for charge in charges]


def test_what_is_no_turnover_is_a_line_without_a_code() -> None:
    sale, gift_card = share(1, "21", "100.00", "21.00"), share(None, "0", "-50.00")
    assert charged(sale, gift_card, total="71.00") == ["1 121.00 21.00", "None -50.00 0.00"]
    assert charged(sale, gift_card, total="71.02") == ["1 121.02 21.00", "None -50.00 0.00"]


def test_a_total_of_nothing_is_what_its_codes_add_up_to() -> None:
    exchange = share(1, "21", "100.00", "21.00"), share(2, "9", "-111.01", "-9.99")
    assert charged(*exchange, total="0.00") == ["1 121.00 21.00", "2 -121.00 -9.99"]
    sold = share(1, "21", "50.00", "10.50"), share(None, "0", "-60.50")
    assert charged(*sold, total="0.00") == ["1 60.50 10.50", "None -60.50 0.00"]


def test_of_equal_lines_the_one_of_the_higher_rate_takes_the_rounding() -> None:
    low, high = share(2, "9", "9.17", "0.83"), share(1, "21", "8.26", "1.74")
    assert charged(low, high, total="20.01") == ["2 10.00 0.83", "1 10.01 1.74"]
    assert charged(high, low, total="20.01") == ["1 10.01 1.74", "2 10.00 0.83"]


def test_rates_of_one_code_are_one_charge() -> None:
    assert charges_of((share(1, "9", "1.00"), share(1, "21", "2.00")), Decimal("3.00")) == (
        Charge(code=1, rate=Decimal(21), gross=Decimal("3.00"), vat=Decimal("0.00")),
    )


def test_the_body_has_the_invoice_number_on_each_line_of_the_debtor() -> None:
    body = json.loads(booking_body(booked(MIXED, DEBTOR), "10001"))
    debtor = [row for row in body if row["account"]["type"] == "customer"]
    assert [(row["debit"], row["vat"], row["invoice_number"]) for row in debtor] == [
        (114.95, {"id": 1, "amount": 19.95}, 1024),
        (10.9, {"id": 2, "amount": 0.9}, 1024),
    ]
    others = [row for row in body if row["account"]["type"] != "customer"]
    assert not any("vat" in row or "invoice_number" in row for row in others)
    assert {row["account"]["id"] for row in debtor} == {"10001"}


def test_another_way_has_one_line_of_the_debtor_as_ever() -> None:
    for posting in set(VatPosting) - {VatPosting.DEBTOR}:
        assert owed(booked(MIXED, rules(vat_posting=posting)).debtor_lines) == ["D 125.85"]


# Reading back


def sent(given: Order = MIXED, using: BookingRules = OWN_LEDGERS) -> list[TransactionLine]:
    return sent_lines(booking_body(booked(given, using), "10001").decode())


def told(
    found: Sequence[TransactionLine], of: Sequence[TransactionLine], tolerance: str = "0.00"
) -> list[str]:
    """Return the differences as English half sentences."""
    found_differences = booking_differences(of, found, vat=VAT, tolerance=Decimal(tolerance))
    return [describe(each) for each in found_differences]


def own(account: str, amount: str) -> TransactionLine:
    """Build a line that Minox made itself; credit is positive."""
    value = Decimal(amount)
    return replace(
        sent()[-1],
        account=account,
        debit=max(-value, Decimal(0)),
        credit=max(value, Decimal(0)),
        own=True,
    )


@pytest.mark.parametrize("using", [DEBTOR, OWN_LEDGERS])
@pytest.mark.parametrize(
    "given", [MIXED, mirrored(MIXED), reverse_charged(), replace(MIXED, total=Decimal("125.88"))]
)
def test_what_reads_back_as_it_was_sent_is_no_difference(given: Order, using: BookingRules) -> None:
    of = sent(given, replace(using, rounding_ledger="4990"))
    assert posting_of(of, VAT) is VatPosting.DEBTOR
    assert told(of, of) == []
    assert told(list(reversed(of)), of) == []


@pytest.mark.parametrize("sign", ["", "-"])
def test_the_lines_of_minox_itself_are_no_difference(sign: str) -> None:
    of = sent(mirrored(MIXED) if sign else MIXED)
    turned = "" if sign else "-"
    vat = [own("1500", f"{sign}19.95"), own("1510", f"{sign}0.90")]
    assert told([*of, *vat, own("1300", f"{turned}125.85")], of) == []
    by_code = own("1300", f"{turned}114.95"), own("1300", f"{turned}10.90")
    assert told([*of, *vat, *by_code], of) == []


def changed(place: int, **changes: Any) -> list[TransactionLine]:
    return [
        replace(each, **changes) if index == place else each for index, each in enumerate(sent())
    ]


@pytest.mark.parametrize(
    ("place", "changes", "differences"),
    [
        (
            0,
            {"vat_code": "11"},
            ["VAT code 1: 19.95 booked, - in Minox", "VAT code 11: - booked, 19.95 in Minox"],
        ),
        (0, {"vat_amount": Decimal("19.96")}, ["VAT code 1: 19.95 booked, 19.96 in Minox"]),
        (
            1,
            {"vat_code": "", "vat_amount": None},
            [
                "debtor's line with VAT code -: - booked, 10.90 in Minox",
                "VAT code 2: 0.90 booked, - in Minox",
            ],
        ),
        (
            1,
            {"vat_code": "1"},
            [
                "debtor's line with VAT code 1: 114.95 booked, 10.90 + 114.95 in Minox",
                "VAT code 1: 19.95 booked, 20.85 in Minox",
                "VAT code 2: 0.90 booked, - in Minox",
            ],
        ),
        (
            0,
            {"debit": Decimal("114.96")},
            [
                "total: 125.85 booked, 125.86 in Minox",
                "debtor's line with VAT code 1: 114.95 booked, 114.96 in Minox",
            ],
        ),
        (
            1,
            {"account": "10002"},
            ["customer: booked on 10001, in Minox on 10001, 10002"],
        ),
        (1, {"invoice_number": ""}, ["invoice number: 1024 booked, - in Minox"]),
        (1, {"period": "4"}, ["period: 2026-3 booked, 2026-4 in Minox"]),
        (
            2,
            {"vat_code": "1", "vat_amount": Decimal("21.00")},
            ["VAT code 1: 19.95 booked, 40.95 in Minox"],
        ),
        (
            2,
            {"credit": Decimal("79.00"), "vat_code": "1", "vat_amount": Decimal("21.00")},
            [
                "ledger account 8000: 100.00 booked, 79.00 in Minox",
                "VAT code 1: 19.95 booked, 40.95 in Minox",
            ],
        ),
    ],
)
def test_an_edit_in_minox_is_a_difference(
    place: int, changes: dict[str, Any], differences: list[str]
) -> None:
    assert told(changed(place, **changes), sent()) == differences


def test_lines_of_the_debtor_that_were_put_together_or_taken_apart_are_a_difference() -> None:
    high, low, *revenue = of = sent()
    together = replace(high, debit=Decimal("125.85"), vat_amount=Decimal("20.85"))
    assert told([together, *revenue], of) == [
        "debtor's line with VAT code 1: 114.95 booked, 125.85 in Minox",
        "VAT code 1: 19.95 booked, 20.85 in Minox",
        "VAT code 2: 0.90 booked, - in Minox",
    ]
    without_vat = replace(high, debit=Decimal("125.85"), vat_code="", vat_amount=None)
    assert told([without_vat, *revenue], of) != []

    halves = [
        replace(high, debit=Decimal("100.00"), vat_amount=Decimal("17.35")),
        replace(high, debit=Decimal("14.95"), vat_amount=Decimal("2.60")),
    ]
    assert told([*halves, low, *revenue], of) == [
        "debtor's line with VAT code 1: 114.95 booked, 14.95 + 100.00 in Minox"
    ]
    moved = replace(high, debit=Decimal("115.95")), replace(low, debit=Decimal("9.90"))
    assert told([*moved, *revenue], of) == [
        "debtor's line with VAT code 1: 114.95 booked, 115.95 in Minox",
        "debtor's line with VAT code 2: 10.90 booked, 9.90 in Minox",
    ]


def test_a_line_of_the_debtor_that_is_gone_or_there_twice_is_a_difference() -> None:
    high, low, *revenue = of = sent()
    assert told([high, *revenue], of) == [
        "total: 125.85 booked, 114.95 in Minox",
        "VAT code 2: 0.90 booked, - in Minox",
    ]
    assert told([high, low, low, *revenue], of)[0] == "total: 125.85 booked, 136.75 in Minox"


def test_a_difference_up_to_the_tolerance_is_none() -> None:
    off = changed(0, debit=Decimal("114.97"), vat_amount=Decimal("19.97"))
    assert told(off, sent(), "0.02") == []
    assert told(off, sent(), "0.01") != []


def test_vat_that_reads_back_on_vat_accounts_only_is_compared_in_total() -> None:
    of = sent()
    bare = [replace(each, vat_code="", vat_amount=None) for each in of]
    assert told([*bare, own("1500", "19.95"), own("1510", "0.90")], of) == []
    assert told([*bare, own("1500", "19.00"), own("1510", "0.90")], of) == [
        "VAT code *: 20.85 booked, 19.90 in Minox"
    ]


# Adopted bookings


def adopted(lines: Sequence[TransactionLine], booking: Booking) -> list[str]:
    debtor = [each for each in lines if each.type == "customer"]
    wanted = Wanted(total=booking.total, customers=("10001",), shares=booking.shares)
    compared = compare_adopted(lines, debtor, wanted, vat=VAT, tolerance=Decimal(0))
    assert compared.tells_vat
    return [describe(each) for each in compared.differences]


@pytest.mark.parametrize("given", [MIXED, mirrored(MIXED)])
@pytest.mark.parametrize("posting", [VatPosting.NET, VatPosting.DEBTOR])
def test_an_adopted_booking_of_several_debtors_lines_is_read(
    given: Order, posting: VatPosting
) -> None:
    """Whatever way we send VAT ourselves: another connector has its own."""
    of = sent(given)
    wanted = booked(given, replace(RULES, vat_posting=posting))
    assert adopted(of, wanted) == []

    other = [replace(each, vat_code="11") if each.vat_code == "1" else each for each in of]
    signed = "-19.95" if given.total < 0 else "19.95"
    assert adopted(other, wanted) == [
        f"VAT at 21%, box 1a, 1b: {signed} by the order, - in Minox",
        f"VAT at 21%, box 3c: - by the order, {signed} in Minox",
    ]
