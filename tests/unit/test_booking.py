"""The rules of a right booking, one by one (books/rules.md, rules 1 to 13), with the amounts
worked out by hand.
"""

import copy
import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mww2minox.books.amounts import ZERO, RateVat, Rounding
from mww2minox.books.booking import FIELDS, OWN_LEDGER_TYPES, lacks_payment
from mww2minox.books.decision import decide
from mww2minox.books.model import (
    ZERO_PERCENT,
    Administration,
    Booking,
    BookingRules,
    CustomerByEmail,
    CustomerOfOriginal,
    DateChoice,
    Facts,
    FiscalYear,
    FixedCustomer,
    InvoiceNumber,
    Line,
    Order,
    Original,
    Price,
    Reason,
    Rejection,
    State,
    Tax,
    VatPosting,
    VatRow,
    WarningCode,
)
from mww2minox.books.vat_rows import vat_needs
from mww2minox.minox.wire import booking_body
from mww2minox.shop.orders import read_order
from tests.harness.builders import (
    ADMINISTRATION,
    BELGIAN_VAT_NUMBER,
    BUYER,
    RULES,
    VAT,
    booked,
    line,
    mirrored,
    order,
    price,
    refused,
    reverse_charged,
    rules,
    written,
)

OWN_LEDGERS = rules(ledgers={"shipping": "8900", "payment": "8910", "discount": "8920"})
ZERO_ROW = VatRow(region="NL", rate=Decimal(0), code=3, ledger="8020")
GIFT_CARD = VatRow(region="NL", rate=Decimal(0), type="gift_card", code=None, ledger="1850")
NAN, INFINITY = Decimal("NaN"), Decimal("Infinity")

EXAMPLE: dict[str, Any] = {
    "number": 27,
    "date": "2015-11-03",
    "time": "13:37:12",
    "status": 1,
    "archived": True,
    "taxed": "include",
    "business_model": "B2B",
    "currency": "EUR",
    "credited_order_number": 28,
    "credit_order_numbers": [99, 101],
    "payment": {"gateway_name": "basic", "method_name": "advance"},
    "payment_status": "captured",
    "debtor": {
        "email": "support@mijnwebwinkel.nl",
        "address": {
            "invoice": {
                "name": "Truus voorbeeldig",
                "company": "Voorbeeldig BV",
                "street": "Molenstraat",
                "number": "62",
                "zipcode": "5341GE",
                "city": "Oss",
                "country_code": "NL",
                "phone": "06-12345678",
            }
        },
    },
    "price": {
        "tax": [{"amount": 0.83, "rate": 9.0}, {"amount": 6.5, "rate": 21.0}],
        "total": 47.45,
    },
    "orderlines": [
        {
            "type": "article",
            "price": {"amount": 12.396694, "amount_including_tax": 15.0, "rate": 21.0},
        },
        {
            "type": "article",
            "price": {"amount": 8.181818, "amount_including_tax": 9.9, "rate": 21.0},
        },
        {
            "type": "article",
            "price": {"amount": 4.83471, "amount_including_tax": 5.85, "rate": 21.0},
        },
        {
            "type": "article",
            "price": {"amount": 8.94495, "amount_including_tax": 9.75, "rate": 9.0},
        },
        {
            "type": "payment",
            "price": [
                {"amount": 0.192571, "rate": 9.0, "amount_including_tax": 0.21},
                {"amount": 0.652972, "rate": 21.0, "amount_including_tax": 0.79},
            ],
        },
        {
            "type": "payment",
            "price": {"amount": 4.917355, "amount_including_tax": 5.95, "rate": 21.0},
        },
    ],
    "shipping": [{"country": {"description": "Nederland", "isocode": "NL"}}],
}
"""The order in the vendor's own OpenAPI document: its VAT at 21% is a cent less than its lines
say.
"""
YEAR_2015 = replace(
    ADMINISTRATION,
    fiscal_years=(FiscalYear(year=2015, start=dt.date(2015, 1, 1), end=dt.date(2015, 12, 31)),),
)


def _taken(raw: dict[str, Any]) -> Order:
    found = read_order(raw).order
    assert found is not None
    return found


def _sale_of_the_example() -> dict[str, Any]:
    raw = copy.deepcopy(EXAMPLE)
    del raw["credited_order_number"]
    return raw | {"tax_region": "NL"}


def _texts(value: object) -> object:
    """Write every number of some JSON as a text, as old answers do."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


# The vendor's own example


@pytest.mark.parametrize("shape", [dict, _texts], ids=["numbers", "texts"])
@pytest.mark.parametrize(
    ("posting", "lines"),
    [
        (VatPosting.NET, ["8000 C 30.99 1:6.50", "8010 C 9.13 2:0.83"]),
        (VatPosting.GROSS, ["8000 C 37.49 1:6.50", "8010 C 9.96 2:0.83"]),
        (VatPosting.LEDGER, ["8000 C 37.49", "8010 C 9.96"]),
        (VatPosting.LINE, ["8000 C 30.99", "1500 C 6.50", "8010 C 9.13", "1510 C 0.83"]),
        (VatPosting.DEBTOR, ["8000 C 30.99", "8010 C 9.13"]),
    ],
)
def test_the_vendors_example_is_booked_with_its_invoices_vat(
    posting: VatPosting, lines: list[str], shape: Any
) -> None:
    booking = booked(_taken(shape(_sale_of_the_example())), rules(vat_posting=posting), YEAR_2015)
    assert booking.total == Decimal("47.45")
    assert written(booking.lines) == lines
    assert [(share.rate, share.vat) for share in booking.shares] == [
        (Decimal(21), Decimal("6.50")),
        (Decimal(9), Decimal("0.83")),
    ]
    assert (booking.invoice_number, booking.fiscal_year, booking.period) == (27, 2015, 11)


def test_the_vendors_example_has_its_payment_costs_on_an_account_of_their_own() -> None:
    # 21%: goods 30.75 with 5.336778 VAT, costs 6.74 with 1.169673; together 6.50 on the invoice.
    lines = booked(_taken(_sale_of_the_example()), OWN_LEDGERS, YEAR_2015).lines
    assert written(lines) == [
        "8000 C 25.42 1:5.33",
        "8010 C 8.94 2:0.81",
        "8910 C 0.19 2:0.02",
        "8910 C 5.57 1:1.17",
    ]


def test_the_vendors_example_as_printed_is_a_credit_order_with_a_positive_total() -> None:
    rejection = refused(_taken(EXAMPLE), administration=YEAR_2015)
    assert rejection.reason is Reason.CREDIT_ORDER_POSITIVE
    assert rejection.values == {"number": "27", "original": "28", "total": "47.45"}


def test_one_object_for_the_tax_of_an_order_is_read_like_a_list_of_one() -> None:
    raw = _sale_of_the_example()
    raw["price"] = {"total": "15.00", "tax": {"amount": "2.61", "rate": "21"}}
    raw["orderlines"] = raw["orderlines"][:1]
    assert written(booked(_taken(raw), administration=YEAR_2015).lines) == ["8000 C 12.39 1:2.61"]


# books/rules.md, rule 1: what is not understood, and other currencies


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        *[
            ({"number": number}, "invoice_number")
            for number in ("0", "000", "-5", "1.5", "12a", "١٢", "1\n", "100000000", "9" * 16)
        ],
        *[
            ({"total": total}, "price.total")
            for total in (
                Decimal("10.001"),
                NAN,
                Decimal("sNaN"),
                INFINITY,
                Decimal(10) ** 10,
                -(Decimal(10) ** 10),
            )
        ],
        ({"number": ""}, "number"),
        ({"tax_strategy": "margin_scheme"}, "tax_strategy"),
        *[
            ({"tax": (Tax(rate=rate, amount=amount),)}, "price.tax")
            for rate, amount in [
                (Decimal(-1), Decimal(0)),
                (Decimal(101), Decimal(0)),
                (NAN, Decimal(0)),
                (Decimal(21), NAN),
                (Decimal(21), INFINITY),
            ]
        ],
        *[
            (
                {
                    "lines": (
                        Line(
                            type="article",
                            prices=(Price(rate=rate, excluding=net, including=gross),),
                        ),
                    )
                },
                "orderlines.0.price" + missing,
            )
            for rate, net, gross, missing in [
                (Decimal(21), None, None, " missing"),
                (Decimal(21), NAN, Decimal(10), ""),
                (Decimal(21), Decimal(10), -INFINITY, ""),
                (Decimal("-0.1"), Decimal(10), Decimal(10), ""),
                (INFINITY, Decimal(10), Decimal(10), ""),
            ]
        ],
    ],
)
def test_what_is_not_understood_is_refused_before_all_else(
    changes: dict[str, Any], problem: str
) -> None:
    rejection = refused(replace(order(line("10.00"), currency="USD"), **changes))
    assert rejection.reason is Reason.ORDER_INVALID
    assert rejection.values == {"number": changes.get("number", "1024"), "problem": problem}


def test_another_currency_is_refused() -> None:
    rejection = refused(order(line("10.00"), currency="USD", email=""))
    assert rejection.reason is Reason.CURRENCY_UNSUPPORTED
    assert rejection.values == {"number": "1024", "currency": "USD", "expected": "EUR"}


def test_the_administrations_own_currency_counts_not_the_euro() -> None:
    pounds = replace(ADMINISTRATION, currency="GBP")
    assert (
        refused(order(line("10.00")), administration=pounds).reason is Reason.CURRENCY_UNSUPPORTED
    )
    assert booked(order(line("10.00"), currency="GBP"), administration=pounds).total == Decimal(
        "10.00"
    )


def test_an_order_without_a_currency_is_in_the_administrations() -> None:
    assert booked(order(line("10.00"), currency=None)).total == Decimal("10.00")


# books/rules.md, rule 2: nothing to book


@pytest.mark.parametrize("tax", [None, {}, {"21": "0.00"}, {"21": "0.02"}])
@pytest.mark.parametrize(
    "lines",
    [
        (),
        (line("0.00"),),
        (line("10.00"), line("-10.00", type="discount")),
        (line("10.00", "6"), line("-10.00", "6", type="never seen")),
    ],
)
def test_only_what_comes_to_nothing_at_every_rate_is_nothing_to_book(
    lines: tuple[Line, ...], tax: dict[str, str] | None
) -> None:
    for using in (rules(), OWN_LEDGERS):
        rejection = refused(order(*lines, total="0.00", tax=tax, email=""), using)
        assert (rejection.reason, rejection.values) == (Reason.NOTHING_TO_BOOK, {"number": "1024"})


@pytest.mark.parametrize("sign", [1, -1])
def test_a_total_of_nothing_over_two_rates_is_booked(sign: int) -> None:
    exchange = order(line("12.10"), line("-12.10", "9"), tax={"21": "2.10", "9": "-1.00"})
    given = exchange
    if sign < 0:
        given = mirrored(exchange, number="1030", credited_order_number="1024")
    booking = booked(given)

    assert booking.total == ZERO
    sides = ["8000 C 10.00 1:2.10", "8010 D 11.10 2:1.00"]
    if sign < 0:
        sides = ["8000 D 10.00 1:2.10", "8010 C 11.10 2:1.00"]
    assert written(booking.lines) == sides


def test_the_debtors_line_of_a_total_of_nothing_is_of_nothing() -> None:
    booking = booked(order(line("12.10"), line("-12.10", "9")))
    debtor = json.loads(booking_body(booking, "10001"))[0]
    assert (debtor["debit"], debtor["credit"]) == (0.0, 0.0)
    assert ": -" not in booking_body(booking, "10001").decode()


def test_what_a_gift_card_pays_is_booked() -> None:
    given = order(line("50.00"), line("-50.00", "0", type="discount"), tax={"21": "8.68"})
    assert written(booked(given, rules(vat=(*VAT, ZERO_ROW))).lines) == [
        "8000 C 41.32 1:8.68",
        "8020 D 50.00 3:0.00",
    ]
    assert refused(given).reason is Reason.VAT_RATE_UNMAPPED


def test_a_line_type_with_a_row_of_its_own_counts_apart() -> None:
    given = order(line("50.00", "0"), line("-50.00", "0", type="gift_card"))
    assert refused(given, rules(vat=(*VAT, ZERO_ROW))).reason is Reason.NOTHING_TO_BOOK
    assert written(booked(given, rules(vat=(*VAT, ZERO_ROW, GIFT_CARD))).lines) == [
        "8020 C 50.00 3:0.00",
        "1850 D 50.00",
    ]

    at_21 = order(line("12.10"), line("-12.10", type="gift_card"), tax={"21": "0.00"})
    own = replace(VAT[0], type="gift_card", code=4, ledger="8005")
    assert written(booked(at_21, rules(vat=(*VAT, own))).lines) == [
        "8000 C 10.00 1:2.10",
        "8005 D 10.00 4:2.10",
    ]


def test_lines_that_do_not_add_up_to_a_total_of_nothing_are_refused_like_any_other() -> None:
    rejection = refused(order(line("10.00"), total="0.00"))
    assert rejection.reason is Reason.TOTALS_MISMATCH
    cents = order(line("0.03"), total="0.00")
    assert written(booked(cents, rules(rounding_ledger="4990")).lines) == [
        "8000 C 0.02 1:0.01",
        "4990 D 0.03",
    ]


def test_a_total_over_lines_of_nothing_is_no_nothing() -> None:
    assert refused(order(line("0.00"), total="50.00")).reason is Reason.TOTALS_MISMATCH


def test_vat_on_nothing_that_is_no_rounding_is_refused() -> None:
    given = order(line("10.00"), line("-10.00", type="discount"), tax={"21": "2.10"})
    assert refused(given).reason is Reason.VAT_MISMATCH


def test_nothing_to_book_in_another_currency_is_refused_for_its_currency() -> None:
    assert refused(order(total="0.00", currency="USD")).reason is Reason.CURRENCY_UNSUPPORTED


# books/rules.md, rules 3 to 5: gross, VAT and net per rate


def test_gross_is_the_sum_over_all_price_entries_of_a_rate() -> None:
    both = Line(type="discount", prices=(price("-1.21"), price("-1.09", "9")))
    booking = booked(order(line("12.10"), line("10.90", "9"), line("6.05", type="custom"), both))
    assert written(booking.lines) == ["8000 C 14.00 1:2.94", "8010 C 9.00 2:0.81"]


@pytest.mark.parametrize(
    ("net", "gross", "written_line"),
    [
        ("8.264463", "10.00", "8000 C 8.26 1:1.74"),
        ("0.50", "0.61", "8000 C 0.50 1:0.11"),  # 0.605: half up, not to even
        ("-0.50", "-0.61", "8000 D 0.50 1:0.11"),
    ],
)
def test_gross_that_the_shop_does_not_tell_is_made_from_the_net_half_up(
    net: str, gross: str, written_line: str
) -> None:
    assert written(booked(order(line(None, net=net), total=gross)).lines) == [written_line]


def test_each_missing_gross_is_rounded_on_its_own() -> None:
    twice = order(line(None, net="0.50"), line(None, net="0.50"), total="1.22")
    assert written(booked(twice).lines) == ["8000 C 1.00 1:0.22"]


def test_vat_is_what_the_invoice_shows_not_what_the_lines_say() -> None:
    assert written(booked(order(line("10.00"), tax={"21": "1.73"})).lines) == ["8000 C 8.27 1:1.73"]


@pytest.mark.parametrize(
    ("lines", "written_lines"),
    [
        ([line("10.00")], ["8000 C 8.26 1:1.74"]),
        ([line("10.90", "9"), line("12.10")], ["8010 C 10.00 2:0.90", "8000 C 10.00 1:2.10"]),
        ([line("0.03", net="0.025")], ["8000 C 0.02 1:0.01"]),  # 0.005: half up, not to even
        (
            [line("0.04", net="0.036"), line("0.04", net="0.036")],
            ["8000 C 0.07 1:0.01"],
        ),  # 0.008 together
        ([line("10.00", net=None)], ["8000 C 8.26 1:1.74"]),
    ],
)
def test_without_an_invoice_vat_is_that_of_the_lines_half_up(
    lines: list[Line], written_lines: list[str]
) -> None:
    assert written(booked(order(*lines)).lines) == written_lines


def test_a_rate_that_the_invoice_leaves_out_counts_as_nothing() -> None:
    small = order(
        line("12.10"), line("0.20", "9"), tax={"21": "2.10"}
    )  # 0.02 VAT at 9% by its lines
    assert written(booked(small).lines) == ["8000 C 10.00 1:2.10", "8010 C 0.20 2:0.00"]
    large = refused(order(line("12.10"), line("10.90", "9"), tax={"21": "2.10"}))
    assert large.reason is Reason.VAT_MISMATCH
    assert large.values == {"number": "1024", "rate": "9", "invoice": "0.00", "lines": "0.90"}


def test_a_rate_without_lines_counts_as_lines_of_nothing() -> None:
    large = refused(order(line("12.10"), tax={"21": "2.10", "9": "0.03"}))
    assert large.reason is Reason.VAT_MISMATCH
    assert large.values == {"number": "1024", "rate": "9", "invoice": "0.03", "lines": "0.00"}
    small = order(line("12.10"), tax={"21": "2.10", "9": "0.02"})
    using = rules(vat_posting=VatPosting.LINE)
    assert written(booked(small, using).lines) == ["8000 C 10.00", "1500 C 2.10"]


def test_a_rate_with_nothing_in_it_is_left_out_mapped_or_not() -> None:
    given = order(line("12.10"), line("0.00", "6"), tax={"21": "2.10", "6": "0.00", "0": "0.00"})
    assert written(booked(given).lines) == ["8000 C 10.00 1:2.10"]


def test_the_vat_of_a_rate_that_the_invoice_tells_twice_is_added_up() -> None:
    twice = (
        Tax(rate=Decimal(21), amount=Decimal("1.00")),
        Tax(rate=Decimal("21.00"), amount=Decimal("1.10")),
    )
    assert written(booked(replace(order(line("12.10")), tax=twice)).lines) == [
        "8000 C 10.00 1:2.10"
    ]


@pytest.mark.parametrize(
    ("entries", "within", "beyond"),
    [(1, "2.13", "2.14"), (1, "2.07", "2.06"), (3, "2.15", "2.16"), (3, "2.05", "2.04")],
)
def test_invoice_and_lines_may_differ_by_two_cents_and_one_for_each_price_entry_of_the_rate(
    entries: int, within: str, beyond: str
) -> None:
    lines = [line("12.10"), *[line("0.00")] * (entries - 1)]
    # Price entries of other rates give this one no room.
    lines += [line("5.00", "9", "5.00")] * 5

    accepted = booked(order(*lines, tax={"21": within}))
    assert accepted.shares[0].vat == Decimal(within)
    rejection = refused(order(*lines, tax={"21": beyond}))
    assert rejection.reason is Reason.VAT_MISMATCH
    assert rejection.values == {"number": "1024", "rate": "21", "invoice": beyond, "lines": "2.10"}


@pytest.mark.parametrize("tax", [None, {}, {"0": "0.00"}, {"0": "0.03"}, {"0": "-0.03"}])
@pytest.mark.parametrize(("gross", "net"), [("8.26", "8.256198"), ("8.25", "8.256198")])
def test_nothing_is_vat_at_a_rate_of_0(gross: str, net: str, tax: dict[str, str] | None) -> None:
    """A shop that prices with VAT tells the net of a reverse-charged line in six decimals."""
    given = order(line(gross, "0", net), tax=tax)
    using = rules(vat=(*VAT, ZERO_ROW))
    assert written(booked(given, using).lines) == [f"8020 C {gross} 3:0.00"]


@pytest.mark.parametrize("invoice", ["0.04", "-0.04", "21.00"])
def test_vat_at_a_rate_of_0_that_is_no_rounding_is_refused(invoice: str) -> None:
    rejection = refused(order(line("100.00", "0"), tax={"0": invoice}))
    assert rejection.reason is Reason.VAT_MISMATCH
    assert rejection.values == {"number": "1024", "rate": "0", "invoice": invoice, "lines": "0.00"}


@pytest.mark.parametrize("posting", VatPosting)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("lines", "invoice", "written_lines"),
    [
        ([line("-0.01", "9")], "0.01", ["8010 D 0.01 2:0.00"]),
        ([line("0.05", "9")], "-0.02", ["8010 C 0.05 2:0.00"]),
        ([line("3.00", "9"), line("-3.00", "9", "-2.76")], "0.01", []),
        ([line("3.00", "9"), line("-3.00", "9", "-2.76")], None, []),
    ],
)
def test_cents_of_vat_against_their_gross_or_on_none_are_booked_as_0(
    lines: list[Line],
    invoice: str | None,
    written_lines: list[str],
    sign: int,
    posting: VatPosting,
) -> None:
    tax = invoice and {"21": "2.10", "9": invoice}
    sale = order(line("12.10"), *lines, tax=tax or None)
    given = sale if sign > 0 else mirrored(sale)
    booking = booked(given, rules(vat_posting=posting, rounding_ledger="4990"))

    assert sum((share.vat for share in booking.shares), ZERO) == sign * Decimal("2.10")
    assert "4990" not in {each.ledger for each in booking.lines}
    if (posting, sign) == (VatPosting.NET, 1):
        assert written(booking.lines) == ["8000 C 10.00 1:2.10", *written_lines]


def test_vat_against_its_gross_that_is_no_rounding_is_refused() -> None:
    rejection = refused(order(line("1.00", net="5.00")))
    assert rejection.reason is Reason.VAT_MISMATCH
    assert rejection.values == {"number": "1024", "rate": "21", "invoice": "-4.00", "lines": "0.17"}


def test_a_decision_tells_the_cents_of_vat_that_are_not_booked() -> None:
    given = order(line("12.10"), line("-0.01", "9"), tax={"21": "2.10", "9": "0.01"})
    goods, small = decide(given, rules(), ADMINISTRATION).workings.vat
    assert (goods.charged, goods.booked) == (Decimal("2.10"), Decimal("2.10"))
    assert (small.charged, small.booked) == (Decimal("0.01"), ZERO)


def test_the_doubled_vat_of_an_old_vendor_bug_is_refused() -> None:
    assert refused(order(line("121.00"), tax={"21": "42.00"})).reason is Reason.VAT_MISMATCH


# books/rules.md, rule 6: the rounding difference


@pytest.mark.parametrize(
    ("total", "into_net", "on_its_own"),
    [
        ("12.15", "8000 C 10.05 1:2.10", "4990 C 0.05"),
        ("12.05", "8000 C 9.95 1:2.10", "4990 D 0.05"),
        ("12.11", "8000 C 10.01 1:2.10", "4990 C 0.01"),
    ],
)
def test_a_rounding_goes_to_its_ledger_or_else_into_the_net(
    total: str, into_net: str, on_its_own: str
) -> None:
    given = order(line("12.10"), total=total, tax={"21": "2.10"})
    assert written(booked(given).lines) == [into_net]
    assert written(booked(given, rules(rounding_ledger="4990")).lines) == [
        "8000 C 10.00 1:2.10",
        on_its_own,
    ]


def test_without_a_rounding_there_is_no_line_for_it() -> None:
    assert written(booked(order(line("12.10")), rules(rounding_ledger="4990")).lines) == [
        "8000 C 10.00 1:2.10"
    ]


@pytest.mark.parametrize("rounding_ledger", [None, "4990"])
@pytest.mark.parametrize(("total", "difference"), [("12.16", "0.06"), ("12.04", "-0.06")])
def test_a_difference_beyond_the_largest_rounding_is_refused(
    total: str, difference: str, rounding_ledger: str | None
) -> None:
    rejection = refused(order(line("12.10"), total=total), rules(rounding_ledger=rounding_ledger))
    assert rejection.reason is Reason.TOTALS_MISMATCH
    assert rejection.values == {
        "number": "1024",
        "total": total,
        "lines": "12.10",
        "difference": difference,
    }


def test_the_largest_rounding_is_a_setting() -> None:
    given = order(line("12.10"), total="12.11")
    assert refused(given, rules(max_rounding=Decimal(0))).reason is Reason.TOTALS_MISMATCH
    assert booked(
        replace(given, total=Decimal("13.10")), rules(max_rounding=Decimal(1))
    ).total == Decimal("13.10")


@pytest.mark.parametrize(
    ("lines", "written_lines"),
    [
        ([line("12.10"), line("32.70", "9")], ["8000 C 10.00 1:2.10", "8010 C 30.01 2:2.70"]),
        ([line("36.30"), line("10.90", "9")], ["8000 C 30.01 1:6.30", "8010 C 10.00 2:0.90"]),
        ([line("12.10"), line("-32.70", "9")], ["8000 C 10.00 1:2.10", "8010 D 29.99 2:2.70"]),
    ],
)
def test_a_rounding_goes_into_the_net_that_is_largest_by_absolute_value(
    lines: list[Line], written_lines: list[str]
) -> None:
    total = sum((each.prices[0].including or 0 for each in lines), Decimal("0.01"))
    assert written(booked(order(*lines, total=str(total))).lines) == written_lines


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("off", ["0.20", "-0.20"])
@pytest.mark.parametrize(
    ("of_order", "of_store", "is_booked"),
    [
        (False, True, True),
        (None, False, True),
        (True, False, False),
        (None, True, False),
    ],
)
def test_where_prices_exclude_vat_half_a_cent_per_price_entry_is_a_rounding(
    of_order: bool | None, of_store: bool, is_booked: bool, off: str, sign: int
) -> None:
    lines = [line("1.21") for _ in range(38)] + [line("5.45", "9"), line("1.00", type="shipping")]
    total = Decimal("52.43") + Decimal(off)
    sale = order(*lines, total=str(total), prices_include_tax=of_order)
    given = sale if sign > 0 else mirrored(sale)
    using = rules(rounding_ledger="4990", prices_include_tax=of_store)

    if not is_booked:
        assert refused(given, using).reason is Reason.TOTALS_MISMATCH
        return
    assert booked(given, using).total == sign * total
    side = "C" if sign * Decimal(off) > 0 else "D"
    assert written(booked(given, using).lines)[-1] == f"4990 {side} 0.20"

    one_cent_more = replace(given, total=given.total + sign * Decimal(off) / 20)
    assert refused(one_cent_more, using).reason is Reason.TOTALS_MISMATCH


def test_where_prices_exclude_vat_the_setting_still_counts_for_few_lines() -> None:
    given = order(line("12.10"), total="12.15", prices_include_tax=False)
    assert booked(given).total == Decimal("12.15")
    beyond = replace(given, total=Decimal("12.16"))
    assert refused(beyond).reason is Reason.TOTALS_MISMATCH


def test_a_rounding_goes_to_what_has_a_vat_code() -> None:
    lines = [line("12.10"), line("-50.00", "0", type="gift_card")]
    using = rules(vat=(*VAT, GIFT_CARD))
    assert written(booked(order(*lines, total="-37.88"), using).lines) == [
        "8000 C 10.02 1:2.10",
        "1850 D 50.00",
    ]

    at_nought = [line("5.00", "0"), line("-50.00", "0", type="gift_card")]
    with_zero = rules(vat=(*VAT, ZERO_ROW, GIFT_CARD))
    assert written(booked(order(*at_nought, total="-44.98"), with_zero).lines) == [
        "8020 C 5.02 3:0.00",
        "1850 D 50.00",
    ]


def test_only_where_nothing_has_a_vat_code_another_line_takes_a_rounding() -> None:
    given = order(line("50.00", "0", type="gift_card"), total="50.02")
    assert written(booked(given, rules(vat=(*VAT, GIFT_CARD))).lines) == ["1850 C 50.02"]


def test_of_two_nets_of_one_size_that_of_the_higher_rate_takes_a_rounding() -> None:
    for lines in ([line("12.10"), line("10.90", "9")], [line("10.90", "9"), line("12.10")]):
        booking = booked(order(*lines, total="23.01"))
        assert {each.ledger: each.credit for each in booking.lines} == {
            "8000": Decimal("10.01"),
            "8010": Decimal("10.00"),
        }


@pytest.mark.parametrize("total", ["50.00", "0.03", "-12.10"])
@pytest.mark.parametrize("lines", [(), (Line(type="article", prices=()),)])
def test_an_order_with_a_total_and_no_lines_is_not_understood(
    lines: tuple[Line, ...], total: str
) -> None:
    rejection = refused(order(*lines, total=total))
    assert rejection.reason is Reason.ORDER_INVALID
    assert rejection.values["problem"] == "orderlines missing"


def test_vat_is_checked_before_the_total() -> None:
    assert (
        refused(order(line("12.10"), total="99.00", tax={"21": "9.99"})).reason
        is Reason.VAT_MISMATCH
    )


# books/rules.md, rule 7: the row of `vat`


@pytest.mark.parametrize(
    ("changes", "rate", "expected"),
    [
        ({"tax_region": "NL"}, "21", "8000 C 10.00 1:2.10"),
        ({"tax_region": "BE"}, "21", "8310 C 10.00 11:2.10"),
        ({"tax_region": "be"}, "21.000000", "8310 C 10.00 11:2.10"),
        ({"tax_region": "FI"}, "25.5", "8320 C 10.00 12:2.55"),
        ({"tax_region": None}, "21", "8000 C 10.00 1:2.10"),
        ({"tax_region": "US", "tax_strategy": ZERO_PERCENT}, "0", "8200 C 10.00 5:0.00"),
        ({"tax_region": None, "tax_strategy": ZERO_PERCENT}, "0", "8200 C 10.00 5:0.00"),
    ],
)
def test_strategy_or_region_and_rate_choose_code_and_ledger(
    changes: dict[str, Any], rate: str, expected: str
) -> None:
    gross = str(10 * (1 + Decimal(rate) / 100))
    assert written(booked(order(line(gross, rate), **changes)).lines) == [expected]


def test_without_a_tax_region_the_stores_own_country_counts() -> None:
    booking = booked(order(line("12.10"), tax_region=None), rules(shop_country="BE"))
    assert [(share.region, share.code) for share in booking.shares] == [("BE", 11)]


@pytest.mark.parametrize(
    ("given", "rate", "region"),
    [
        (order(line("10.60", "6")), "6", "NL"),
        (order(line("12.10"), tax_region="DE"), "21", "DE"),
        (order(line("10.00", "0")), "0", "NL"),
        (order(line("10.00", "0"), line("10.60", "6")), "0, 6", "NL"),
    ],
)
def test_a_rate_without_a_row_is_refused(given: Order, rate: str, region: str) -> None:
    rejection = refused(given)
    assert rejection.reason is Reason.VAT_RATE_UNMAPPED
    assert rejection.values == {"number": "1024", "rate": rate, "region": region}


def test_a_strategy_without_a_row_is_refused_though_the_region_has_one() -> None:
    rows = (*VAT[:4], VatRow(region="BE", rate=Decimal(0), code=9, ledger="8990"))
    assert refused(reverse_charged(), rules(vat=rows)).reason is Reason.VAT_RATE_UNMAPPED


@pytest.mark.parametrize("others", [(line("12.10"),), (line("12.10"), line("0.00", "0"))])
@pytest.mark.parametrize("kind", ["shipping", "payment"])
def test_costs_at_nought_beside_taxed_goods_have_a_reason_of_their_own(
    kind: str, others: tuple[Line, ...]
) -> None:
    rejection = refused(order(*others, line("4.95", "0", type=kind)))
    assert (rejection.reason, rejection.values) == (Reason.SHIPPING_WITHOUT_VAT, {"number": "1024"})


@pytest.mark.parametrize(
    "lines",
    [
        (line("12.10"), line("4.95", "0", type="shipping"), line("1.00", "0")),  # goods at 0% too
        (line("4.95", "0", type="shipping"),),  # no taxed goods
        (line("12.10", type="surcharge"), line("4.95", "0", type="payment")),
    ],
)
def test_other_orders_with_costs_at_nought_are_refused_for_the_rate(
    lines: tuple[Line, ...],
) -> None:
    assert refused(order(*lines)).reason is Reason.VAT_RATE_UNMAPPED


@pytest.mark.parametrize(
    "others",
    [
        (line("12.10"),),
        (line("12.10"), line("10.60", "6")),  # a rate without a row is told later
        (line("12.10"), line("-5.00", "0", type="gift_card")),
        (line("12.10"), line("-5.00", "0", type="store_credit")),
        (line("12.10"), line("-5.00", "0", type="discount")),
        (line("12.10"), line("5.00", "0", type="surcharge")),
        (line("12.10"), line("5.00", "0"), line("-5.00", "0")),
    ],
)
@pytest.mark.parametrize("kind", ["shipping", "payment"])
def test_costs_at_nought_are_asked_about_whether_or_not_0_has_a_row(
    kind: str, others: tuple[Line, ...]
) -> None:
    given = order(*others, line("4.95", "0", type=kind))
    for rows in (VAT, (*VAT, ZERO_ROW)):
        assert refused(given, rules(vat=rows)).reason is Reason.SHIPPING_WITHOUT_VAT


@pytest.mark.parametrize(
    "lines",
    [
        (line("12.10"), line("4.95", "0", type="shipping"), line("1.00", "0")),
        (line("12.10"), line("4.95", "0", type="shipping"), line("-4.95", "0", type="shipping")),
        (line("4.95", "0", type="shipping"),),
    ],
)
def test_costs_at_nought_that_follow_their_goods_or_come_to_nothing_are_booked(
    lines: tuple[Line, ...],
) -> None:
    assert booked(order(*lines), rules(vat=(*VAT, ZERO_ROW))).total


def test_costs_at_nought_are_booked_where_a_row_names_them() -> None:
    shipping = VatRow(region="NL", rate=Decimal(0), type="shipping", code=4, ledger="8030")
    using = rules(vat=(*VAT, ZERO_ROW, shipping), ledgers={"shipping": "8900"})
    given = order(line("12.10"), line("4.95", "0", type="shipping"))
    assert written(booked(given, using).lines) == ["8000 C 10.00 1:2.10", "8030 C 4.95 4:0.00"]

    both = order(*given.lines, line("1.00", "0", type="payment"))
    assert refused(both, using).reason is Reason.SHIPPING_WITHOUT_VAT


def test_costs_at_nought_that_are_a_mistake_need_no_row_and_the_rest_does() -> None:
    discount = line("-1.00", "0", type="discount")
    given = order(line("12.10"), line("4.95", "0", type="shipping"), discount)
    rates = [need.rate for need in vat_needs(given, "NL")]
    assert rates == [Decimal(21), ZERO]
    assert [need.rate for need in vat_needs(replace(given, lines=given.lines[:2]), "NL")] == [
        Decimal(21)
    ]


def test_a_rate_under_a_strategy_is_refused_with_the_lines_that_carry_it() -> None:
    lines = (
        line("10.00", "0"),
        line("6.05", type="shipping"),
        line("1.09", "9", type="payment"),
        line("0.00", type="discount"),
    )
    rejection = refused(order(*lines, tax_strategy=ZERO_PERCENT, tax_region="US"))
    assert rejection.reason is Reason.VAT_UNDER_STRATEGY
    assert rejection.values == {
        "number": "1024",
        "rate": "9, 21",
        "lines": "payment, shipping",
        "strategy": "zero_percent",
    }


def test_a_rate_under_a_strategy_is_told_before_a_strategy_without_a_row() -> None:
    given = order(line("12.10"), line("1.00", "0"), tax_strategy=ZERO_PERCENT, tax_region="US")
    assert refused(given, rules(vat=VAT[:4])).reason is Reason.VAT_UNDER_STRATEGY


def test_a_rate_under_a_strategy_with_nothing_in_it_is_left_out() -> None:
    given = order(line("10.00", "0"), line("0.00"), tax_strategy=ZERO_PERCENT, tax_region="US")
    assert written(booked(given).lines) == ["8200 C 10.00 5:0.00"]


# books/rules.md, rule 7: rows of a line type


@pytest.mark.parametrize("rows", [(*VAT, GIFT_CARD, ZERO_ROW), (*VAT, ZERO_ROW, GIFT_CARD)])
def test_a_row_of_a_type_goes_before_that_of_its_rate(rows: tuple[VatRow, ...]) -> None:
    given = order(line("12.10"), line("5.00", "0"), line("-7.00", "0", type="gift_card"))
    assert written(booked(given, rules(vat=rows)).lines) == [
        "8000 C 10.00 1:2.10",
        "8020 C 5.00 3:0.00",
        "1850 D 7.00",
    ]


def test_a_row_of_a_type_is_for_no_other_type() -> None:
    given = order(line("12.10"), line("5.00", "0", type="store_credit"))
    assert refused(given, rules(vat=(*VAT, GIFT_CARD))).reason is Reason.VAT_RATE_UNMAPPED


def test_a_row_of_a_type_decides_the_account_before_ledgers() -> None:
    shipping = replace(VAT[0], type="shipping", code=4, ledger="8005")
    using = rules(vat=(*VAT, shipping), ledgers={"shipping": "8900", "payment": "8910"})
    given = order(
        line("12.10"),
        line("6.05", type="shipping"),
        line("1.21", type="payment"),
        line("1.09", "9", type="shipping"),
        tax={"21": "3.36", "9": "0.09"},
    )
    assert written(booked(given, using).lines) == [
        "8000 C 10.00 1:2.10",
        "8005 C 5.00 4:1.05",
        "8910 C 1.00 1:0.21",
        "8900 C 1.00 2:0.09",
    ]


def test_a_row_of_a_type_may_be_for_a_strategy() -> None:
    shipping = VatRow(strategy=ZERO_PERCENT, type="shipping", code=5, ledger="8210")
    given = order(
        line("10.00", "0"),
        line("5.00", "0", type="shipping"),
        tax_strategy=ZERO_PERCENT,
        tax_region="US",
    )
    assert written(booked(given, rules(vat=(*VAT, shipping))).lines) == [
        "8200 C 10.00 5:0.00",
        "8210 C 5.00 5:0.00",
    ]


def test_rows_of_one_code_and_account_make_one_line() -> None:
    shipping = replace(VAT[0], type="shipping")
    given = order(line("12.10"), line("6.05", type="shipping"))
    assert written(booked(given, rules(vat=(*VAT, shipping))).lines) == ["8000 C 15.00 1:3.15"]


@pytest.mark.parametrize("posting", VatPosting)
@pytest.mark.parametrize("gross", ["25.00", "-25.00"])
def test_a_line_without_turnover_has_no_vat_however_vat_is_sent(
    posting: VatPosting, gross: str
) -> None:
    given = order(line("121.00"), line(gross, "0", type="gift_card"))
    booking = booked(given, rules(vat=(*VAT, GIFT_CARD), vat_posting=posting))
    (gift_card,) = [each for each in booking.lines if each.ledger == "1850"]
    assert (gift_card.credit - gift_card.debit, gift_card.vat_code) == (Decimal(gross), None)
    assert gift_card.vat_amount is None


@pytest.mark.parametrize("line_type", OWN_LEDGER_TYPES)
def test_each_type_that_has_an_account_of_its_own_goes_there(line_type: str) -> None:
    given = order(line("12.10"), line("6.05", type=line_type))
    assert written(booked(given, rules(ledgers={line_type: "8999"})).lines) == [
        "8000 C 10.00 1:2.10",
        "8999 C 5.00 1:1.05",
    ]


# books/rules.md, rule 8: the VAT number of a reverse-charged order


@pytest.mark.parametrize(
    ("vat_number", "region", "one_form"),
    [
        (BELGIAN_VAT_NUMBER, "BE", "BE0403170701"),
        (" be 0403.170.701 ", "be", "BE0403170701"),
        ("0403170701", "BE", "BE0403170701"),
        ("403 170 701", "BE", "BE0403170701"),  # from before 2008
        ("BTW: BE 403.170.701", "BE", "BE0403170701"),
        ("VAT no. 0403,170,701", "BE", "BE0403170701"),
        ("EL094259216", "GR", "EL094259216"),
        ("GR094259216", "GR", "EL094259216"),
        ("094259216", "GR", "EL094259216"),
        ("USt-IdNr. DE136695976", "DE", "DE136695976"),
        ("136 695 976", "DE", "DE136695976"),
        ("UID: ATU13585627", "AT", "ATU13585627"),
        ("N\u00b0 TVA FR83404833048", "FR", "FR83404833048"),
        ("TVA intracommunautaire: FR 83 404 833 048", "FR", "FR83404833048"),
        ("CIF ES-B58378431", "ES", "ESB58378431"),
        ("Partita IVA IT00743110157", "IT", "IT00743110157"),
        ("Tax ID DE136695976", "DE", "DE136695976"),
        ("KBO BE 403.170.701", "BE", "BE0403170701"),
        ("ondernemingsnummer BE0403170701", None, "BE0403170701"),
        ("AFM GR094259216", "GR", "EL094259216"),
        ("XI110305878", "GB", "XI110305878"),
        ("110305878", "GB", "XI110305878"),
        ("FR83404833048", "MC", "FR83404833048"),
        ("83404833048", "MC", "FR83404833048"),
        (BELGIAN_VAT_NUMBER, None, "BE0403170701"),
        ("0403170701", None, "BE0403170701"),  # the invoice country's
    ],
)
def test_a_vat_number_is_brought_into_its_one_form(
    vat_number: str, region: str | None, one_form: str
) -> None:
    given = reverse_charged(vat_number, region)
    given = replace(given, buyer=replace(given.buyer, country_code=region or "BE"))
    booking = booked(given)
    assert written(booking.lines) == ["8100 C 100.00 6:0.00"]
    assert booking.warnings == ()
    assert isinstance(booking.customer, CustomerByEmail)
    assert booking.customer.buyer.vat_number == one_form


@pytest.mark.parametrize("vat_number", ["", "   ", "-", " . , "])
def test_reverse_charge_without_a_number_is_refused(vat_number: str) -> None:
    rejection = refused(reverse_charged(vat_number, email=""))
    assert (rejection.reason, rejection.values) == (Reason.VAT_NUMBER_MISSING, {"number": "1024"})


@pytest.mark.parametrize(
    ("vat_number", "region", "tried", "cause"),
    [
        ("BE0403170702", "BE", "BE0403170702", "check_digits"),
        ("0403170702", "BE", "BE0403170702", "check_digits"),
        ("DE136695977", "BE", "DE136695977", "check_digits"),
        ("BE04031707", "BE", "BE04031707", "form"),
        ("KBO BE0403170702", "BE", "KBOBE0403170702", "form"),
        ("ons nummer EU372022452", "BE", "ONSNUMMEREU372022452", "form"),
        ("none", "BE", "NONE", "form"),
        ("n.v.t.", "BE", "NVT", "form"),
        ("GB110305878", "GB", "GB110305878", "form"),  # Great Britain is no member state
        ("EU372022452", "BE", "EU372022452", "form"),  # an OSS registration
        ("NL004495445B01", "NL", "NL004495445B01", "own_country"),
        ("NL004495445B01", "BE", "NL004495445B01", "own_country"),
        ("004495445B01", "NL", "NL004495445B01", "own_country"),
    ],
)
def test_reverse_charge_with_a_wrong_number_is_refused_with_its_cause(
    vat_number: str, region: str, tried: str, cause: str
) -> None:
    rejection = refused(reverse_charged(vat_number, region))
    assert rejection.reason is Reason.VAT_NUMBER_INVALID
    assert rejection.values == {
        "number": "1024",
        "cause": cause,
        "vat_number": vat_number,
        "tried": tried,
        "region": tried[:2],
    }


@pytest.mark.parametrize(
    ("vat_number", "region", "country"),
    [
        ("DE136695976", "BE", "DE"),
        ("EL094259216", "BE", "GR"),
        ("XI110305878", "IE", "XI"),
        (BELGIAN_VAT_NUMBER, "NL", "BE"),
    ],
)
def test_a_number_of_another_member_state_than_the_regions_is_booked_with_a_warning(
    vat_number: str, region: str, country: str
) -> None:
    (warning,) = booked(reverse_charged(vat_number, region)).warnings
    assert warning.code is WarningCode.VAT_NUMBER_OTHER_COUNTRY
    assert warning.values == {"number": "1024", "country": country, "region": region}


@pytest.mark.parametrize(
    ("vat_number", "region", "one_form"),
    [
        ("-", "NL", ""),
        ("n.v.t.", "NL", ""),
        ("BE0403170702", "NL", ""),
        ("nl 0044.95.445.B01", "NL", "NL004495445B01"),
        ("004495445B01", None, "NL004495445B01"),
        (BELGIAN_VAT_NUMBER, "NL", "BE0403170701"),
    ],
)
def test_a_customer_gets_a_vat_number_only_where_it_is_valid(
    vat_number: str, region: str | None, one_form: str
) -> None:
    given = order(line("12.10"), buyer=replace(BUYER, vat_number=vat_number), tax_region=region)
    customer = booked(given).customer
    assert isinstance(customer, CustomerByEmail)
    assert customer.buyer.vat_number == one_form


def test_an_oss_registration_is_no_vat_number_of_any_country() -> None:
    given = reverse_charged("EU372022452", None)
    rejection = refused(replace(given, buyer=replace(given.buyer, country_code="")))
    assert rejection.reason is Reason.VAT_NUMBER_INVALID


def test_the_number_of_a_greek_merchants_own_country_is_wrong_too() -> None:
    assert (
        refused(reverse_charged("EL094259216", "GR"), rules(shop_country="GR")).reason
        is Reason.VAT_NUMBER_INVALID
    )


def test_a_regular_order_needs_no_vat_number_right_or_wrong() -> None:
    assert booked(order(line("12.10"), buyer=replace(BUYER, vat_number="none"))).total == Decimal(
        "12.10"
    )


# books/rules.md, rule 9: the customer


def test_a_mapped_way_of_paying_has_its_fixed_debtor_even_without_an_email() -> None:
    using = rules(payment_debtors={"basic/cash": "10600"})
    given = order(line("12.10"), payment="basic/cash", email="")
    assert booked(given, using).customer == FixedCustomer(number="10600")
    assert refused(replace(given, payment="basic/advance"), using).reason is Reason.EMAIL_MISSING


def test_capitals_make_no_other_way_of_paying() -> None:
    using = rules(payment_debtors={"basic/cash": "10600"})
    given = order(line("12.10"), payment="Basic/Cash", email="")
    assert booked(given, using).customer == FixedCustomer(number="10600")


@pytest.mark.parametrize("payment", ["", None])
def test_what_was_paid_in_no_known_way_goes_to_no_customer_where_that_decides_it(
    payment: str | None,
) -> None:
    """Where the shop was not asked it goes by e-mail, as a booked order that is looked at."""
    using = rules(payment_debtors={"basic/cash": "10600"})
    given = order(line("12.10"), payment=payment)
    assert lacks_payment(given, using.payment_debtors)
    assert not lacks_payment(given, {})
    assert booked(given).customer is not None
    if payment is None:
        assert booked(given, using).customer is not None
    else:
        assert refused(given, using).reason is Reason.PAYMENT_MISSING


@pytest.mark.parametrize(
    "given",
    [
        order(line("-12.10"), credited_order_number="1001", payment=""),
        order(line("12.10"), line("-12.10"), payment=""),
        order(line("12.10"), payment="mollie/ideal"),
    ],
)
def test_how_it_was_paid_is_asked_of_sales_alone_that_were_paid(given: Order) -> None:
    assert not lacks_payment(given, {"basic/cash": "10600"})


def test_other_orders_are_on_the_customer_with_their_email_and_its_data() -> None:
    booking = booked(order(line("12.10"), payment="basic/advance", email="  Truus@Example.nl "))
    assert booking.customer == CustomerByEmail(
        email="Truus@Example.nl", buyer=BUYER, reverse_charged=False
    )
    debtor = booked(reverse_charged()).customer
    assert isinstance(debtor, CustomerByEmail)
    assert debtor.reverse_charged


def test_an_address_with_a_name_is_the_address_alone() -> None:
    customer = booked(order(line("12.10"), email="Truus <Truus@Example.nl>")).customer
    assert isinstance(customer, CustomerByEmail)
    assert customer.email == "Truus@Example.nl"


@pytest.mark.parametrize("email", ["", "  ", "geen", "n.v.t.", "-", "Truus", "@"])
def test_without_an_email_the_customer_is_missing(email: str) -> None:
    rejection = refused(order(line("12.10"), email=email))
    assert (rejection.reason, rejection.values) == (Reason.EMAIL_MISSING, {"number": "1024"})


# books/rules.md, rule 10: the lines


@pytest.mark.parametrize(
    ("posting", "lines"),
    [
        (VatPosting.NET, ["8000 C 10.00 1:2.10", "8010 D 20.00 2:1.80"]),
        (VatPosting.GROSS, ["8000 C 12.10 1:2.10", "8010 D 21.80 2:1.80"]),
        (VatPosting.LEDGER, ["8000 C 12.10", "8010 D 21.80"]),
        (VatPosting.LINE, ["8000 C 10.00", "1500 C 2.10", "8010 D 20.00", "1510 D 1.80"]),
        (VatPosting.DEBTOR, ["8000 C 10.00", "8010 D 20.00"]),
    ],
)
def test_a_negative_line_changes_side_with_its_vat(posting: VatPosting, lines: list[str]) -> None:
    booking = booked(
        order(line("12.10"), line("-21.80", "9", type="discount")), rules(vat_posting=posting)
    )
    assert written(booking.lines) == lines
    assert booking.total == Decimal("-9.70")


def test_line_types_with_a_ledger_of_their_own_go_there_others_to_the_rates() -> None:
    given = order(
        line("12.10"),
        line("2.42", type="custom"),
        line("1.21", type="never seen"),
        line("6.05", type="shipping"),
        line("1.09", "9", type="shipping"),
        line("0.61", type="payment", net="0.50"),
        line("-1.21", type="discount"),
    )

    assert written(booked(given, OWN_LEDGERS).lines) == [
        "8000 C 13.00 1:2.73",
        "8900 C 5.00 1:1.05",
        "8900 C 1.00 2:0.09",
        "8910 C 0.50 1:0.11",
        "8920 D 1.00 1:0.21",
    ]


@pytest.mark.parametrize(
    ("invoice", "lines"),
    [
        # By their lines: goods 1.735537, shipping 0.859091, discount -0.347107; together 2.247521.
        ("2.25", ["8000 C 8.26 1:1.74", "8900 C 4.09 1:0.86", "8920 D 1.65 1:0.35"]),
        ("2.24", ["8000 C 8.27 1:1.73", "8900 C 4.09 1:0.86", "8920 D 1.65 1:0.35"]),
    ],
)
def test_vat_is_divided_over_ledgers_by_largest_remainder(invoice: str, lines: list[str]) -> None:
    given = order(
        line("10.00"),
        line("4.95", type="shipping"),
        line("-2.00", type="discount"),
        tax={"21": invoice},
    )
    assert written(booked(given, OWN_LEDGERS).lines) == lines


def test_a_difference_with_the_invoice_is_divided_in_proportion() -> None:
    given = order(
        line("10.00"), line("0.01", type="shipping"), tax={"21": "1.78"}
    )  # 1.74 by the lines
    assert written(booked(given, OWN_LEDGERS).lines) == ["8000 C 8.22 1:1.78", "8900 C 0.01 1:0.00"]


def test_a_ledger_without_an_amount_gets_no_vat() -> None:
    using = replace(
        OWN_LEDGERS, vat=(*VAT, VatRow(region="NL", rate=Decimal(0), code=3, ledger="8020"))
    )
    given = order(line("0.00", "0", type="shipping"), line("10.00", "0"), tax={"0": "0.02"})
    assert written(booked(given, using).lines) == ["8020 C 10.00 3:0.00"]


@pytest.mark.parametrize(
    "ledgers", [{"discount": "8000"}, {"discount": "8920", "shipping": "8920"}]
)
def test_a_rate_has_one_line_on_each_ledger(ledgers: dict[str, str]) -> None:
    given = order(line("12.10"), line("6.05", type="shipping"), line("-1.21", type="discount"))
    lines = booked(given, rules(ledgers=ledgers)).lines
    accounts = [each.ledger for each in lines]
    assert len(accounts) == len(set(accounts)), written(lines)


def test_a_rounding_goes_to_the_goods_where_the_rate_has_several_ledgers() -> None:
    given = order(line("12.10"), line("6.05", type="shipping"), total="18.17")
    assert written(booked(given, OWN_LEDGERS).lines) == [
        "8000 C 10.02 1:2.10",
        "8900 C 5.00 1:1.05",
    ]


def test_accounts_with_one_ledger_get_one_gross_line_where_the_ledger_decides() -> None:
    rows = (replace(VAT[0], ledger="8000"), replace(VAT[2], ledger="8000"))
    given = order(line("12.10"), line("6.05", type="shipping"))
    assert written(booked(given, rules(vat=rows, vat_posting=VatPosting.LEDGER)).lines) == [
        "8000 C 18.15"
    ]


@pytest.mark.parametrize("posting", [VatPosting.NET, VatPosting.GROSS, VatPosting.DEBTOR])
@pytest.mark.parametrize("sign", [1, -1])
def test_vat_against_its_line_cannot_be_told_to_minox_and_is_refused(
    posting: VatPosting, sign: int
) -> None:
    # The rounding takes the line to the other side, and leaves the VAT where it was.
    given = order(line("0.04"), total="-0.01", tax={"21": "0.01"})
    rejection = refused(given if sign > 0 else mirrored(given), rules(vat_posting=posting))
    assert rejection.reason is Reason.VAT_MISMATCH
    assert rejection.values["lines"] == "0.00"


def test_vat_on_a_line_of_nothing_counts_as_credit_so_debit_is_refused() -> None:
    given = order(line("12.10"), line("0.01", "9"), tax={"21": "2.10", "9": "0.01"})
    assert written(booked(given).lines) == ["8000 C 10.00 1:2.10", "8010 C 0.00 2:0.01"]
    assert refused(mirrored(given)).reason is Reason.VAT_MISMATCH


def test_the_body_tells_the_debtor_and_the_lines_and_leaves_minox_its_own() -> None:
    booking = booked(order(line("12.10"), line("-2.18", "9", type="discount")))
    common = {
        "document_date": "2026-03-14",
        "journal": {"id": "VERK"},
        "period": {"id": 3, "fiscal_year": 2026},
        "description": "1024",
    }

    assert json.loads(booking_body(booking, "10001")) == [
        {
            "account": {"id": "10001", "scheme": "MINOX", "type": "customer"},
            "debit": 9.92,
            "credit": 0.0,
            "invoice_number": 1024,
            **common,
        },
        {
            "account": {"id": "8000", "scheme": "MINOX", "type": "ledger_account"},
            "debit": 0.0,
            "credit": 10.0,
            "vat": {"id": 1, "amount": 2.1},
            **common,
        },
        {
            "account": {"id": "8010", "scheme": "MINOX", "type": "ledger_account"},
            "debit": 2.0,
            "credit": 0.0,
            "vat": {"id": 2, "amount": 0.18},
            **common,
        },
    ]


# books/rules.md, rule 11: credit orders


@pytest.mark.parametrize("using", [rules(), OWN_LEDGERS, rules(rounding_ledger="4990")])
@pytest.mark.parametrize("posting", VatPosting)
def test_a_credit_order_is_booked_the_other_way_round(
    posting: VatPosting, using: BookingRules
) -> None:
    using = replace(using, vat_posting=posting)
    sale = order(line("10.00"), line("4.95", type="shipping"), line("5.45", "9"), total="20.41")
    credit = booked(mirrored(sale, number="1030", credited_order_number="1024"), using)
    turned = [
        replace(each, debit=each.credit, credit=each.debit) for each in booked(sale, using).lines
    ]
    assert credit.lines == tuple(turned)
    owed_before = booked(sale, using).debtor_lines
    assert credit.debtor_lines == tuple(
        replace(each, debit=each.credit, credit=each.debit) for each in owed_before
    )
    assert credit.total == Decimal("-20.41")


def test_equal_halves_of_a_cent_fall_the_same_way_in_a_credit_order() -> None:
    sale = order(
        line("0.03", net="0.025"), line("0.03", net="0.025", type="shipping"), tax={"21": "0.01"}
    )
    lines = booked(sale, OWN_LEDGERS).lines
    turned = tuple(replace(each, debit=each.credit, credit=each.debit) for each in lines)
    assert booked(mirrored(sale), OWN_LEDGERS).lines == turned


def test_a_credit_order_is_on_the_customer_of_its_original() -> None:
    using = rules(payment_debtors={"basic/cash": "10600"})
    credit = order(line("-12.10"), credited_order_number="1001", payment="basic/cash")
    fallback = CustomerByEmail(email="truus@example.nl", buyer=BUYER)
    assert booked(credit, using).customer == CustomerOfOriginal(
        order_number="1001", fallback=fallback
    )
    assert booked(replace(credit, email=""), using).customer == CustomerOfOriginal(
        order_number="1001", fallback=None
    )


def test_a_credit_order_with_a_positive_total_is_refused_after_its_vat() -> None:
    rejection = refused(order(line("12.10"), credited_order_number="1001"))
    assert rejection.reason is Reason.CREDIT_ORDER_POSITIVE
    assert rejection.values == {"number": "1024", "original": "1001", "total": "12.10"}
    assert (
        refused(order(line("10.60", "6"), credited_order_number="1001")).reason
        is Reason.VAT_RATE_UNMAPPED
    )


CREDIT = mirrored(order(line("121.00")), number="1030", credited_order_number="1001")


def _with_original(state: State, reason: Reason | None = None, **known: Any) -> Booking | Rejection:
    facts = Facts(original=Original(state=state, reason=reason, **known))
    return decide(CREDIT, rules(), ADMINISTRATION, facts).outcome


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.WAITING, Reason.STATUS_NOT_SELECTED),
        (State.FAILED, Reason.EMAIL_MISSING),
        (State.FAILED, Reason.OUTCOME_UNKNOWN),
        (State.SKIPPED, Reason.NOTHING_TO_BOOK),
        (State.SKIPPED, Reason.GONE_FROM_SHOP),
    ],
)
def test_what_was_never_booked_is_not_taken_back(state: State, reason: Reason) -> None:
    rejection = _with_original(state, reason)
    assert isinstance(rejection, Rejection)
    assert rejection.reason is Reason.ORIGINAL_NOT_BOOKED
    assert rejection.values == {
        "number": "1030",
        "original": "1001",
        "original_state": state.value,
        "original_reason": reason.value,
    }


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.BOOKED, None),
        (State.READY, None),
        (State.WAITING, Reason.BEFORE_SINCE),
        (State.SKIPPED, Reason.SKIPPED_BY_HAND),
    ],
)
def test_what_is_booked_here_or_elsewhere_or_will_be_is_taken_back(
    state: State, reason: Reason | None
) -> None:
    assert _with_original(state, reason) == booked(CREDIT)


def test_what_takes_back_each_other_is_not_understood() -> None:
    facts = Facts(original=Original(state=State.READY, leads_back=True))
    rejection = decide(CREDIT, rules(), ADMINISTRATION, facts).outcome
    assert isinstance(rejection, Rejection)
    assert rejection.reason is Reason.ORDER_INVALID
    assert rejection.values == {"number": "1030", "problem": "credited_order_number 1001"}


def test_a_positive_total_tells_before_the_original() -> None:
    facts = Facts(original=Original(state=State.FAILED, reason=Reason.EMAIL_MISSING))
    positive = order(line("12.10"), credited_order_number="1001")
    rejection = decide(positive, rules(), ADMINISTRATION, facts).outcome
    assert isinstance(rejection, Rejection)
    assert rejection.reason is Reason.CREDIT_ORDER_POSITIVE
    in_no_year = replace(CREDIT, date=dt.date(2030, 1, 1))
    rejection = decide(in_no_year, rules(), ADMINISTRATION, facts).outcome
    assert isinstance(rejection, Rejection)
    assert rejection.reason is Reason.ORIGINAL_NOT_BOOKED


@pytest.mark.parametrize(
    ("credited", "total", "warned"),
    [
        ("0.00", "121.00", False),
        ("0.01", "121.00", True),
        ("121.00", "121.00", True),
        ("121.00", "242.00", False),
        ("0.00", "120.99", True),
        ("500.00", None, False),
    ],
)
def test_credit_orders_that_exceed_their_original_are_booked_with_a_warning(
    credited: str, total: str | None, *, warned: bool
) -> None:
    booking = _with_original(
        State.BOOKED, total=total and Decimal(total), credited=Decimal(credited)
    )
    assert isinstance(booking, Booking)
    codes = [warning.code for warning in booking.warnings]
    assert codes == ([WarningCode.CREDITED_TOO_MUCH] if warned else [])
    if warned:
        together = f"{Decimal(credited) + 121:.2f}"
        values = {"number": "1030", "credited": together, "original": "1001", "total": total}
        assert booking.warnings[0].values == values


# books/rules.md, rule 12: date, fiscal year and period


@pytest.mark.parametrize(
    ("choice", "status_changed", "expected"),
    [
        (DateChoice.ORDER, dt.date(2026, 4, 2), (dt.date(2026, 3, 14), 3)),
        (DateChoice.STATUS_CHANGED, dt.date(2026, 4, 2), (dt.date(2026, 4, 2), 4)),
        (DateChoice.STATUS_CHANGED, None, (dt.date(2026, 3, 14), 3)),
    ],
)
def test_the_document_date_is_the_orders_or_that_of_its_status(
    choice: DateChoice, status_changed: dt.date | None, expected: tuple[dt.date, int]
) -> None:
    booking = booked(order(line("12.10"), status_changed=status_changed), rules(date=choice))
    assert (booking.document_date, booking.period) == expected
    assert booking.fiscal_year == 2026


def test_a_date_without_a_fiscal_year_is_refused() -> None:
    rejection = refused(order(line("12.10"), date=dt.date(2027, 1, 1)))
    assert (rejection.reason, rejection.values) == (
        Reason.FISCAL_YEAR_MISSING,
        {"number": "1024", "date": "2027-01-01"},
    )
    empty = Administration(currency="EUR", number_of_periods=12, fiscal_years=())
    assert refused(order(line("12.10")), administration=empty).reason is Reason.FISCAL_YEAR_MISSING


@pytest.mark.parametrize("number", ["1024", "202600001", "WEB-1024", "2026-A 7", "9" * 60])
def test_minox_numbers_the_invoices_of_any_order_number(number: str) -> None:
    """The order number stands in the description alone, where it is never cut."""
    using = rules(invoice_number=InvoiceNumber.MINOX, description="x" * 120 + " {number}")
    booking = booked(order(line("12.10"), number=number), using)
    assert (booking.invoice_number, booking.order_number) == (None, number)
    assert booking.description.endswith(f" {number}")
    for sent in json.loads(booking_body(booking, "10001")):
        assert "invoice_number" not in sent


@pytest.mark.parametrize("numbers", list(InvoiceNumber))
@pytest.mark.parametrize("number", ["", "2026/7", "9" * 61])
def test_an_order_number_has_to_be_one_that_both_sides_can_be_asked_for(
    number: str, numbers: InvoiceNumber
) -> None:
    """Of no such number it is told that Minox could number its invoice: that would not help."""
    rejection = refused(order(line("12.10"), number=number), rules(invoice_number=numbers))
    assert (rejection.reason, rejection.values["problem"]) == (Reason.ORDER_INVALID, "number")


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("99999999", True),
        ("00000000099999999", True),
        ("100000000", False),
        ("9" * 15, False),
    ],
)
def test_an_invoice_number_has_8_digits_unless_minox_took_longer_ones(
    number: str, fits: bool
) -> None:
    given = order(line("12.10"), number=number)
    assert isinstance(decide(given, RULES, ADMINISTRATION).outcome, Booking) is fits
    assert booked(given, rules(takes_long_numbers=True)).invoice_number == int(number)


def test_where_minox_numbers_a_booking_by_hand_names_its_order_by_description() -> None:
    given = order(line("12.10"), currency="USD")
    assert "by_hand" not in refused(given).values
    using = rules(invoice_number=InvoiceNumber.MINOX)
    assert refused(given, using).values["by_hand"] == "description"


# books/rules.md, rule 13: the description


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{number}", "1024"),
        ("Webshop {number} {date}", "Webshop 1024 2026-03-14"),
        ("{number} {name}, {company}", "1024 Truus Voorbeeldig, Voorbeeldig BV"),
        ("{{{number}}}", "{1024}"),
        ("{{number}} {number}", "{number} 1024"),
        ("{number} {reference}", "1024 MOS103271"),
        ("Order #{number}, {number}", "Order #1024, 1024"),
        ("x" * 120 + " {number}", "x" * 95 + " 1024"),
        ("x" * 120 + "{number} {name}", "x" * 95 + " 1024"),
        ("x" * 90 + " {number} {name}", "x" * 90 + " 1024 Truu"),
        ("\x1b" * 500 + "#{number}", "1024"),
        ("{number} " + "x" * 120, "1024 " + "x" * 95),
        ("x" * 120, "x" * 100),
    ],
)
def test_the_description_follows_the_template(template: str, expected: str) -> None:
    given = order(line("12.10"), reference="MOS103271")
    assert booked(given, rules(description=template)).description == expected


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_of_a_description_is_filled_in_alone_and_beside_others(field: str) -> None:
    everything = " ".join(f"{{{name}}}" for name in FIELDS)
    given = order(line("12.10"), reference="MOS103271")

    alone = booked(given, rules(description=f"{{{field}}}")).description
    assert alone
    assert alone == FIELDS[field](given)
    assert alone in booked(given, rules(description=everything)).description


def test_a_description_of_nothing_is_the_order_number() -> None:
    given = order(line("12.10"), buyer=replace(BUYER, company=" \u202e\n"))
    assert booked(given, rules(description="{company}")).description == "1024"


# The order of the rules


def test_of_several_reasons_the_first_rule_tells() -> None:
    """An order against which every rule has something is mended rule by rule."""
    wrong = order(
        line("10.00", "7"),
        total="90.00",
        tax={"7": "9.00"},
        number="x",
        currency="USD",
        tax_strategy="reverse_charged_vat",
        email="",
        payment="",
        credited_order_number="",
        date=dt.date(2030, 1, 1),
    )
    repairs: list[dict[str, Any]] = [
        {"number": "1024"},
        {"currency": "EUR"},
        {"tax": (Tax(rate=Decimal(7), amount=Decimal("0.65")),)},
        {"total": Decimal("10.00")},
        {"lines": (line("10.00", "0"),), "tax": (), "tax_strategy": "", "tax_region": "FR"},
        {"tax_strategy": "reverse_charged_vat", "tax_region": "NL"},
        {"buyer": replace(BUYER, vat_number="BE0403170702")},
        {"buyer": replace(BUYER, vat_number=BELGIAN_VAT_NUMBER), "tax_region": "BE"},
        {"payment": "mollie/ideal"},
        {"email": "truus@example.nl"},
        {"credited_order_number": "1001"},
        {"credited_order_number": None},
    ]

    using = rules(payment_debtors={"basic/cash": "10600"})
    reasons = [refused(wrong, using).reason]
    for repair in repairs:
        wrong = replace(wrong, **repair)
        reasons.append(refused(wrong, using).reason)

    assert [str(reason) for reason in reasons] == [
        "order_invalid",
        "currency_unsupported",
        "vat_mismatch",
        "totals_mismatch",
        "vat_under_strategy",
        "vat_rate_unmapped",
        "vat_number_missing",
        "vat_number_invalid",
        "payment_missing",
        "email_missing",
        "fiscal_year_missing",
        "credit_order_positive",
        "fiscal_year_missing",
    ]


# What a decision holds


def test_a_decision_holds_every_amount_on_the_way_to_its_booking() -> None:
    given = order(line("12.10"), line("6.05", type="shipping"), total="18.17", tax={"21": "3.16"})
    decision = decide(given, OWN_LEDGERS, ADMINISTRATION)
    workings = decision.workings
    rate = Decimal(21)

    assert decision.outcome == booked(given, OWN_LEDGERS)
    assert [(entry.type, entry.gross) for entry in workings.entries] == [
        ("article", Decimal("12.10")),
        ("shipping", Decimal("6.05")),
    ]
    assert workings.vat == (
        RateVat(
            rate=rate,
            gross=Decimal("18.15"),
            entry_count=2,
            by_lines=Decimal("3.15"),
            by_invoice=Decimal("3.16"),
        ),
    )
    assert workings.rounding == Rounding(difference=Decimal("0.02"), rate=rate)
    assert {part.place.row for part in workings.parts} == {VAT[0]}
    assert [(part.place.ledger, part.gross, part.vat, part.net) for part in workings.parts] == [
        (None, Decimal("12.12"), Decimal("2.11"), Decimal("10.01")),
        ("8900", Decimal("6.05"), Decimal("1.05"), Decimal("5.00")),
    ]
    assert workings.customer == booked(given).customer


def test_a_decision_says_that_the_rounding_went_to_its_own_ledger() -> None:
    given = order(line("12.10"), total="12.12")
    workings = decide(given, rules(rounding_ledger="4990"), ADMINISTRATION).workings

    assert workings.rounding == Rounding(difference=Decimal("0.02"), ledger="4990")
    assert [part.gross for part in workings.parts] == [Decimal("12.10")]


def test_a_refusal_holds_the_amounts_it_is_about_and_none_of_what_would_follow() -> None:
    workings = decide(order(line("12.10"), tax={"21": "4.20"}), rules(), ADMINISTRATION).workings

    (vat,) = workings.vat
    assert (vat.by_lines, vat.by_invoice) == (Decimal("2.10"), Decimal("4.20"))
    assert [part.vat for part in workings.parts] == [ZERO]
    assert (workings.shares, workings.customer) == ((), None)


# books/rules.md, rule 15: paid back, or never paid


@pytest.mark.parametrize("status", ["refunded", "voided", "failed"])
def test_an_order_without_its_money_is_booked_with_a_warning(status: str) -> None:
    given = order(line("12.10"))
    (warning,) = booked(replace(given, payment_status=status)).warnings
    assert warning.code is WarningCode.PAYMENT_STATUS
    assert warning.values == {"number": "1024", "status": status}
    assert replace(booked(replace(given, payment_status=status)), warnings=()) == booked(given)


@pytest.mark.parametrize("status", ["", "captured", "pending", "new", "authorized", "incomplete"])
def test_other_words_of_the_shop_on_a_payment_give_no_warning(status: str) -> None:
    assert booked(order(line("12.10"), payment_status=status)).warnings == ()


def test_a_credit_order_is_the_paying_back_itself() -> None:
    credit = mirrored(order(line("12.10")), credited_order_number="1020")
    assert booked(replace(credit, payment_status="refunded")).warnings == ()
    (warning,) = booked(replace(credit, payment_status="failed")).warnings
    assert warning.code is WarningCode.PAYMENT_STATUS


def test_the_shops_word_on_a_payment_is_read_whatever_its_capitals() -> None:
    raw = _sale_of_the_example() | {"payment_status": "Refunded"}
    assert _taken(raw).payment_status == "refunded"
    assert _taken(raw | {"payment_status": None}).payment_status == ""
