"""What is told as a difference, and what is not: in Minox after booking, and in the shop."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from mww2minox.books.differences import VatAccounts, booking_differences, order_changes
from mww2minox.books.model import Order, Tax, TransactionLine, VatCode, VatPosting
from mww2minox.minox.wire import booking_body, sent_lines
from mww2minox.reasons import DIFFERENCES
from tests.harness.builders import BUYER, booked, line, mirrored, order, rules
from tests.unit.test_booking_properties import orders

ORDER = order(line("12.10"), line("10.90", "9"), tax={"21": "2.10", "9": "0.90"})


def _code(code: str, percentage: str, account: str) -> VatCode:
    return VatCode(
        code=code, percentage=Decimal(percentage), type="", description="", account=account
    )


HIGH, LOW = _code("1", "21", "1500"), _code("2", "9", "1510")
VAT = VatAccounts(codes={"1": HIGH, "2": LOW})
OF_LEDGERS = replace(VAT, of_ledgers={"8000": HIGH, "8010": LOW})


def _sent(
    given_order: Order = ORDER, posting: VatPosting = VatPosting.NET, **changes: Any
) -> list[TransactionLine]:
    """Return the lines of a booking as they are sent: debtor 10001, 8000 for 21%, 8010 for 9%."""
    body = booking_body(booked(given_order, rules(vat_posting=posting, **changes)), "10001")
    return sent_lines(body.decode())


def _own(account: str, amount: str, number: int = 9000) -> TransactionLine:
    """Build a line that Minox made itself."""
    value = Decimal(amount)
    return replace(
        _sent()[1],
        account=account,
        debit=max(-value, Decimal(0)),
        credit=max(value, Decimal(0)),
        vat_code="",
        vat_amount=None,
        own=number >= 9000,
    )


def _with(
    lines: Sequence[TransactionLine], account: str, /, **changes: Any
) -> list[TransactionLine]:
    """Change the line on an account."""
    assert any(each.account == account for each in lines)
    return [replace(each, **changes) if each.account == account else each for each in lines]


def _told(
    sent: Sequence[TransactionLine],
    found: Sequence[TransactionLine],
    tolerance: str = "0.00",
    made_vat: str | None = None,
    vat: VatAccounts = VAT,
) -> list[str]:
    """Write the differences down as `code expected -> found [place]`."""
    told = booking_differences(
        sent,
        found,
        vat=vat,
        tolerance=Decimal(tolerance),
        made_vat=None if made_vat is None else Decimal(made_vat),
    )
    assert {difference.code for difference in told} <= set(DIFFERENCES)

    rest = [
        " ".join(v for k, v in each.values.items() if k not in ("expected", "found"))
        for each in told
    ]
    return [
        f"{each.code} {each.values['expected']} -> {each.values['found']} {place}".strip()
        for each, place in zip(told, rest, strict=True)
    ]


@pytest.mark.parametrize("posting", VatPosting)
@pytest.mark.parametrize(
    "given_order", [ORDER, mirrored(ORDER), replace(ORDER, total=Decimal("23.02"))]
)
def test_what_reads_back_as_it_was_sent_is_no_difference(
    given_order: Order, posting: VatPosting
) -> None:
    sent = _sent(given_order, posting, rounding_ledger="4990")
    assert _told(sent, sent) == []
    assert _told(sent, list(reversed(sent))) == []


@pytest.mark.parametrize("number", [9000, 12])
@pytest.mark.parametrize("given_order", [ORDER, mirrored(ORDER)])
def test_vat_and_collective_lines_of_minox_are_no_difference(
    given_order: Order, number: int
) -> None:
    sent = _sent(given_order)
    sign = "-" if given_order.total < 0 else ""
    vat = [_own("1500", f"{sign}2.10", number), _own("1510", f"{sign}0.90", number)]
    assert _told(sent, [*sent, *vat, _own("1300", f"{sign}23.00", number)]) == []


@pytest.mark.parametrize(
    ("account", "changes", "told"),
    [
        ("10001", {"account": "10002"}, ["customer_differs 10001 -> 10002"]),
        ("10001", {"debit": Decimal("23.01")}, ["total_differs 23.00 -> 23.01"]),
        ("10001", {"debit": Decimal(0), "credit": Decimal(23)}, ["total_differs 23.00 -> -23.00"]),
        ("10001", {"period": "4"}, ["period_differs 2026-3 -> 2026-4"]),
        ("10001", {"fiscal_year": "2027"}, ["period_differs 2026-3 -> 2027-3"]),
        ("10001", {"period": "", "fiscal_year": ""}, []),
        ("10001", {"invoice_number": "1025"}, ["invoice_number_differs 1024 -> 1025"]),
        ("10001", {"invoice_number": ""}, ["invoice_number_differs 1024 -> -"]),
        ("8000", {"period": "4"}, ["period_differs 2026-3 -> 2026-4"]),
        ("8000", {"journal": "MEMO"}, ["journal_differs VERK -> MEMO"]),
        ("10001", {"journal": ""}, []),
        (
            "10001",
            {"document_date": dt.date(2026, 3, 15)},
            ["date_differs 2026-03-14 -> 2026-03-15"],
        ),
        ("10001", {"document_date": None}, []),
        ("8000", {"credit": Decimal("9.99")}, ["ledger_differs 10.00 -> 9.99 8000"]),
        (
            "8000",
            {"credit": Decimal("7.90")},
            ["ledger_differs 10.00 -> 7.90 8000"],
        ),  # less the VAT beside it
        (
            "8000",
            {"account": "8999"},
            ["ledger_differs 10.00 -> 0.00 8000", "ledger_differs 0.00 -> 10.00 8999"],
        ),
        ("8000", {"vat_amount": Decimal("2.11")}, ["vat_differs 2.10 -> 2.11 1"]),
        ("8000", {"vat_code": "3"}, ["vat_differs 2.10 -> - 1", "vat_differs - -> 2.10 3"]),
        ("8000", {"vat_code": "2"}, ["vat_differs 2.10 -> - 1", "vat_differs 0.90 -> 3.00 2"]),
    ],
)
def test_an_edit_in_minox_is_a_difference(
    account: str, changes: dict[str, Any], told: list[str]
) -> None:
    sent = _sent()
    assert _told(sent, _with(sent, account, **changes)) == told


def test_lines_that_minox_numbers_as_its_own_are_no_difference_unless_they_were_sent() -> None:
    sent = _sent()
    told_on_vat_line = replace(_own("1500", "2.10"), vat_code="1", vat_amount=Decimal("2.10"))
    assert _told(sent, [*sent, told_on_vat_line, _own("1999", "5.00")]) == []
    sent = _sent(posting=VatPosting.LINE)
    assert _told(sent, _with(sent, "1500", own=True)) == []


def test_a_missing_or_doubled_line_is_a_difference() -> None:
    debtor, first, second = sent = _sent()
    assert _told(sent, [first, second]) == [
        "customer_differs 10001 -> -",
        "total_differs 23.00 -> 0.00",
    ]
    assert _told(sent, [debtor, first]) == [
        "ledger_differs 10.00 -> 0.00 8010",
        "vat_differs 0.90 -> - 2",
    ]

    assert _told(sent, [debtor, first, first, second]) == [
        "ledger_differs 10.00 -> 20.00 8000",
        "vat_differs 2.10 -> 4.20 1",
    ]
    assert _told(sent, sent + sent)[0] == "total_differs 23.00 -> 46.00"


def test_a_line_that_somebody_added_is_a_difference() -> None:
    sent = _sent()
    assert _told(sent, [*sent, _own("4500", "1.00", 4)]) == ["ledger_differs 0.00 -> 1.00 4500"]


def test_a_difference_up_to_the_tolerance_is_none() -> None:
    sent = _sent()
    off = _with(
        _with(sent, "10001", debit=Decimal("23.03")),
        "8000",
        credit=Decimal("10.03"),
        vat_amount=Decimal("2.13"),
    )

    assert _told(sent, off, tolerance="0.03") == []
    assert _told(sent, off, tolerance="0.02") == [
        "total_differs 23.00 -> 23.03",
        "ledger_differs 10.00 -> 10.03 8000",
        "vat_differs 2.10 -> 2.13 1",
    ]


@pytest.mark.parametrize(("vat", "told"), [("2.10", []), ("2.09", ["vat_differs 3.00 -> 2.99 *"])])
def test_vat_that_reads_back_on_vat_accounts_only_is_compared_in_total(
    vat: str, told: list[str]
) -> None:
    sent = _sent()
    bare = [replace(each, vat_code="", vat_amount=None) for each in sent]
    assert _told(sent, [*bare, _own("1500", vat), _own("1510", "0.90")]) == told


# Where the ledger account decides on the VAT


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    ("vat", "told"),
    [
        ("2.10", []),
        ("2.13", []),
        ("2.14", ["vat_differs 3.00 -> 3.04 *"]),
        ("1.00", ["vat_differs 3.00 -> 1.90 *"]),
    ],
)
def test_with_the_ledgers_vat_gross_and_the_vat_in_all_are_compared(
    vat: str, told: list[str], sign: str
) -> None:
    sent = _sent(mirrored(ORDER) if sign else ORDER, VatPosting.LEDGER)
    made = [_own("1500", sign + vat), _own("1510", f"{sign}0.90")]
    side = "debit" if sign else "credit"
    net = {
        account: {side: Decimal(gross) - Decimal(tax)}
        for account, gross, tax in [("8000", "12.10", vat), ("8010", "10.90", "0.90")]
    }

    split = _with(sent, "8000", vat_code="1", vat_amount=Decimal(vat), **net["8000"])
    split = _with(split, "8010", vat_code="2", vat_amount=Decimal("0.90"), **net["8010"])
    expected = (
        [text.replace("3.0", "-3.0").replace("1.9", "-1.9") for text in told] if sign else told
    )

    for found in ([*sent, *made], [*split, *made], split):
        assert _told(sent, found, tolerance="0.03", made_vat=f"{sign}3.00") == expected


def test_with_the_ledgers_vat_another_gross_is_a_difference() -> None:
    sent = _sent(posting=VatPosting.LEDGER)
    found = [
        *_with(sent, "8000", credit=Decimal("12.00")),
        _own("1500", "2.10"),
        _own("1510", "0.90"),
    ]
    assert _told(sent, found, tolerance="0.03", made_vat="3.00") == [
        "ledger_differs 12.10 -> 12.00 8000"
    ]


def test_with_vat_on_lines_of_its_own_an_edit_of_such_a_line_is_a_difference() -> None:
    sent = _sent(posting=VatPosting.LINE)
    assert _told(sent, _with(sent, "1500", credit=Decimal("2.00"))) == [
        "ledger_differs 2.10 -> 2.00 1500"
    ]
    assert _told(sent, _with(sent, "8000", vat_code="1", vat_amount=Decimal("2.10"))) == [
        "vat_differs - -> 2.10 1"
    ]


# What changed in the shop


def _changed(now: Order, was: Order = ORDER) -> list[str]:
    told = order_changes(was, now)
    assert {difference.code for difference in told} <= {"order_changed"}
    return [
        f"{each.values['field']}: {each.values['expected']} -> {each.values['found']}"
        for each in told
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"total": Decimal("24.00")}, ["total: 23.00 -> 24.00"]),
        ({"date": dt.date(2026, 3, 15)}, ["date: 2026-03-14 -> 2026-03-15"]),
        ({"currency": "USD"}, ["currency: EUR -> USD"]),
        ({"tax_region": "BE"}, ["tax_region: NL -> BE"]),
        ({"tax_strategy": "zero_percent"}, ["tax_strategy:  -> zero_percent"]),
        ({"payment": "basic/cash"}, ["payment:  -> basic/cash"]),
        ({"credited_order_number": "1001"}, ["credited_order_number:  -> 1001"]),
        (
            {"buyer": replace(BUYER, vat_number="BE0403170701")},
            ["taxnumber:  -> BE0403170701"],
        ),
        ({"lines": (line("13.10"), line("10.90", "9"))}, ["21%: 12.10 -> 13.10"]),
        ({"lines": (line("12.10"), line("10.90", "6"))}, ["9%: 10.90 -> -", "6%: - -> 10.90"]),
        (
            {"tax": (Tax(rate=Decimal(21), amount=Decimal("2.11")), *(ORDER.tax or ())[1:])},
            ["VAT 21%: 2.10 -> 2.11"],
        ),
        ({"tax": None}, ["VAT 21%: 2.10 -> -", "VAT 9%: 0.90 -> -"]),
        ({"buyer": replace(BUYER, country_code="BE")}, ["country: NL -> BE"]),
        (
            {"lines": (line("7.10"), line("5.00", type="shipping"), line("10.90", "9"))},
            ["21% shipping: - -> 5.00"],
        ),
        (
            {"lines": (line("12.10"), line("5.00", type="shipping"), line("10.90", "9"))},
            ["21%: 12.10 -> 17.10"],
        ),
    ],
)
def test_a_change_in_what_was_booked_is_told(changes: dict[str, Any], told: list[str]) -> None:
    assert _changed(replace(ORDER, **changes)) == told


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"status": 5, "status_changed": dt.date(2026, 4, 1)},
        {"email": " Truus@EXAMPLE.nl "},
        {"buyer": replace(BUYER, phone="06-12345678", street="Molenstraat 62")},
        {"total": Decimal("23.000000")},
        {"lines": (line("10.90", "9.00"), line("12.10", "21.000000"))},
        {"lines": (line("6.05"), line("6.05"), line("10.90", "9"))},
    ],
)
def test_what_does_not_touch_the_booking_is_no_change(changes: dict[str, Any]) -> None:
    assert _changed(replace(ORDER, **changes)) == []


def test_another_email_is_a_change_that_does_not_tell_the_address() -> None:
    (told,) = _changed(replace(ORDER, email="iemand.anders@example.com"))
    assert told.startswith("e-mail: #")
    assert "@" not in told
    assert "anders" not in told


def test_vat_told_twice_for_a_rate_is_added_up() -> None:
    halves = tuple(Tax(rate=Decimal(21), amount=Decimal(amount)) for amount in ("2.00", "0.10"))
    assert _changed(replace(ORDER, tax=(*halves, *(ORDER.tax or ())[1:]))) == []


def test_small_amounts_are_added_up_before_they_are_rounded() -> None:
    thirds = order(*[line(None, net="0.004")] * 5, total="0.02")
    whole = order(line(None, net="0.02"), total="0.02")
    assert _changed(whole, thirds) == []


@pytest.mark.thorough
@settings(max_examples=50)
@given(orders(), orders())
def test_an_order_never_differs_from_itself_and_a_change_is_seen_from_both_sides(
    one: Order, other: Order
) -> None:
    assert order_changes(one, replace(one)) == ()
    assert bool(order_changes(one, other)) == bool(order_changes(other, one))


@pytest.mark.parametrize(("vat", "told"), [("3.00", []), ("2.90", ["vat_differs 3.00 -> 2.90 *"])])
def test_gross_lines_that_minox_split_without_saying_so_are_net_and_its_vat_lines(
    vat: str, told: list[str]
) -> None:
    sent = _sent(posting=VatPosting.LEDGER)
    net = _with(
        _with(sent, "8000", credit=Decimal("10.00")),
        "8010",
        credit=Decimal("23.00") - Decimal(vat) - 10,
    )
    assert _told(sent, [*net, _own("1500", vat, number=3)], made_vat="3.00") == told


def test_a_code_of_no_vat_may_read_back_without_an_amount() -> None:
    sent = _sent()
    free = replace(sent[2], vat_code="5", vat_amount=Decimal(0))
    assert _told([*sent[:2], free], [*sent[:2], replace(free, vat_amount=None)]) == []


# Lines that only look like Minox' own


@pytest.mark.parametrize("sign", ["", "-"])
def test_of_two_lines_of_the_total_neither_is_a_collective_debtor(sign: str) -> None:
    sent = _sent(mirrored(ORDER) if sign else ORDER)
    extra = [_own("8100", f"{sign}23.00", 4), replace(_own("8200", f"{sign}23.00", 5))]
    turned = [extra[0], replace(extra[1], debit=extra[1].credit, credit=extra[1].debit)]
    told = _told(sent, [*sent, *turned])
    assert [text.split()[-1] for text in told] == ["8100", "8200"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([("1500", "2.10"), ("1510", "0.90")], []),
        ([("1500", "2.10")], []),
        ([("1510", "3.00")], ["ledger_differs 0.90 -> 3.00 1510"]),
        (
            [("1500", "5.00"), ("1510", "-5.00")],
            ["ledger_differs 2.10 -> 5.00 1500", "ledger_differs 0.90 -> -5.00 1510"],
        ),
    ],
)
@pytest.mark.parametrize("number", [4, 9001])
def test_vat_belongs_on_the_account_of_its_code(
    lines: list[tuple[str, str]], told: list[str], number: int
) -> None:
    sent = _sent()
    found = [*sent, *(_own(account, amount, number) for account, amount in lines)]
    assert _told(sent, found) == told


def test_vat_that_was_sent_on_lines_of_its_own_may_not_move_to_another_vat_account() -> None:
    sent = _sent(order(line("12.10"), tax={"21": "2.10"}), VatPosting.LINE)
    assert _told(sent, _with(sent, "1500", account="1510")) == [
        "ledger_differs 2.10 -> 0.00 1500",
        "ledger_differs 0.00 -> 2.10 1510",
    ]


def test_a_code_of_nothing_is_no_code() -> None:
    sent = _sent(posting=VatPosting.LINE)
    bare = [replace(each, vat_code="0", vat_amount=Decimal(0)) for each in sent]
    assert _told(sent, bare) == []


# Where the ledger account's own code is known


def _ledger_lines(
    high: str, low: str, *own: TransactionLine
) -> tuple[list[TransactionLine], list[TransactionLine]]:
    sent = _sent(posting=VatPosting.LEDGER)
    found = _with(sent, "8000", credit=Decimal(high))
    return sent, [*_with(found, "8010", credit=Decimal(low)), *own]


def test_net_that_moved_between_the_accounts_of_two_rates_is_a_difference() -> None:
    vat = _own("1500", "2.10"), _own("1510", "0.90")
    sent, right = _ledger_lines("10.00", "10.00", *vat)
    assert _told(sent, right, "0.03", "3.00", OF_LEDGERS) == []
    sent, moved = _ledger_lines("9.00", "11.00", *vat)
    assert _told(sent, moved, "0.03", "3.00", OF_LEDGERS) != []


def test_vat_that_minox_made_belongs_on_the_accounts_of_the_ledgers_codes() -> None:
    sent, right = _ledger_lines("12.10", "10.90", _own("1500", "2.10"), _own("1510", "0.90"))
    assert _told(sent, right, "0.03", "3.00", OF_LEDGERS) == []
    sent, moved = _ledger_lines("12.10", "10.90", _own("1510", "3.00"))
    assert _told(sent, moved, "0.03", "3.00", OF_LEDGERS) == ["ledger_differs 0.90 -> 3.00 1510"]


def test_vat_that_is_not_known_is_not_compared() -> None:
    sent, found = _ledger_lines("12.10", "10.90")
    assert _told(sent, found, "0.03") == []
    assert _told(sent, found, "0.03", "3.00") == ["vat_differs 3.00 -> 0.00 *"]


def test_a_vat_number_that_is_written_otherwise_is_no_change() -> None:
    booked = order(line("12.10"), buyer=replace(BUYER, vat_number="be 403.170.701"))
    same = replace(booked, buyer=replace(BUYER, vat_number="BE0403170701"))
    other = replace(booked, buyer=replace(BUYER, vat_number="DE136695976"))
    assert order_changes(booked, same) == ()
    (change,) = order_changes(booked, other)
    assert change.values == {
        "field": "taxnumber",
        "expected": "BE0403170701",
        "found": "DE136695976",
    }
