"""Orders that tools like this one got wrong, in the shop's own JSON: read and decided as a whole.

What stands behind each is a rule of books/rules.md; these are the situations in which it counts.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mww2minox.books.decision import decide
from mww2minox.books.model import (
    REVERSE_CHARGED,
    Booking,
    CustomerByEmail,
    Reason,
    Rejection,
    VatRow,
)
from mww2minox.language.texts import use
from mww2minox.reasons import explain_rejection
from mww2minox.sandbox.order_parts import goods, invoice, line, order, person, rated
from mww2minox.shop.orders import read_order
from tests.harness.builders import ADMINISTRATION, VAT, rules, written

DAY = dt.date(2026, 3, 14)
GERMAN_VAT_NUMBER = "DE136695976"
ROWS = (*VAT, VatRow(region="DE", rate=Decimal(19), code=10, ledger="8300", vat_ledger="1540"))
ZERO_ROW = VatRow(region="NL", rate=Decimal(0), code=3, ledger="8020")
SOMEBODY = person("Jan Jansen", "jan@example.nl")


def outcome(raw: dict[str, Any], rows: Sequence[VatRow] = ROWS) -> Booking | Rejection:
    """Return what becomes of an order as the shop tells it."""
    received = read_order(raw)
    assert received.order, received.problem

    using = rules(vat=tuple(rows), rounding_ledger="4990")
    return decide(received.order, using, ADMINISTRATION).outcome


def booking_of(raw: dict[str, Any], rows: Sequence[VatRow] = ROWS) -> Booking:
    """Return the booking of an order that has to have one."""
    found = outcome(raw, rows)
    assert isinstance(found, Booking), found
    return found


def refusal_of(raw: dict[str, Any], rows: Sequence[VatRow] = ROWS) -> Rejection:
    """Return why an order is not booked that must not be."""
    found = outcome(raw, rows)
    assert isinstance(found, Rejection), found
    return found


def customer_of(booking: Booking) -> CustomerByEmail:
    """Return the customer by e-mail that a booking is on."""
    assert isinstance(booking.customer, CustomerByEmail)
    return booking.customer


def german(vat_number: str | None, country: str = "DE") -> dict[str, Any]:
    """Return a business abroad."""
    return person(
        "Karl Zoll", "zoll@example.com", country=country, company="Zoll", vat_number=vat_number
    )


def exact(rate: str, net: str, gross: str) -> dict[str, str]:
    """Return a price of which the shop tells both amounts."""
    return {"amount": net, "amount_including_tax": gross, "rate": rate}


# Totals of 0.00 (books/rules.md, rule 2)


def test_an_order_that_a_gift_card_pays_is_booked_although_its_total_is_nothing() -> None:
    raw = order(
        "1307",
        DAY,
        SOMEBODY,
        [goods("21", "50.00"), line("discount", "Cadeaubon", rated("0", "-50.00"))],
        invoice("0.00", ("21", "8.68")),
    )
    booking = booking_of(raw, (*ROWS, ZERO_ROW))
    assert booking.total == 0
    assert written(booking.lines) == ["8000 C 41.32 1:8.68", "8020 D 50.00 3:0.00"]


# 0% on costs, and VAT where none is due (books/rules.md, rule 7)


@pytest.mark.parametrize("rows", [ROWS, (*ROWS, ZERO_ROW)])
def test_shipping_at_0_beside_taxed_goods_is_asked_about_with_or_without_a_row(
    rows: tuple[VatRow, ...],
) -> None:
    raw = order(
        "540",
        DAY,
        SOMEBODY,
        [goods("21", "121.00"), line("shipping", "Verzending", rated("0", "6.95"))],
        invoice("127.95", ("21", "21.00")),
    )
    assert refusal_of(raw, rows).reason is Reason.SHIPPING_WITHOUT_VAT

    decided = booking_of(raw, (*rows, replace(ZERO_ROW, type="shipping")))
    assert written(decided.lines) == [
        "8000 C 100.00 1:21.00",
        "8020 C 6.95 3:0.00",
    ]


def test_vat_on_the_shipping_of_a_reverse_charged_order_names_the_line_and_its_rate() -> None:
    raw = order(
        "516",
        DAY,
        german(GERMAN_VAT_NUMBER),
        [goods("0", "100.00"), line("shipping", "Verzending", rated("21", "6.95"))],
        invoice("106.95", ("21", "1.21")),
        tax_strategy=REVERSE_CHARGED,
    )
    rejection = refusal_of(raw)
    assert rejection.reason is Reason.VAT_UNDER_STRATEGY

    use("en")
    assert "VAT of 21% on shipping costs" in explain_rejection(rejection).message
    use("nl")
    assert "btw van 21% op verzendkosten" in explain_rejection(rejection).message


# Rounding by price entry (books/rules.md, rule 6)


@pytest.mark.parametrize("sign", [1, -1])
def test_forty_lines_of_a_shop_whose_prices_exclude_vat_are_booked(sign: int) -> None:
    # 1.235 without VAT is 1.49435 with it: each line loses a part of a cent.
    lines = [
        line("article", "Knoop", exact("21", str(sign * Decimal("1.235")), str(sign * 1.49)))
        for _ in range(40)
    ]
    price = invoice(str(sign * Decimal("59.80")), ("21", str(sign * Decimal("10.37"))))
    raw = order("1016", DAY, SOMEBODY, lines, price, taxed="exclude")

    sides = ("C", "C") if sign > 0 else ("D", "D")
    assert written(booking_of(raw).lines) == [
        f"8000 {sides[0]} 49.23 1:10.37",
        f"4990 {sides[1]} 0.20",
    ]
    assert refusal_of({**raw, "taxed": "include"}).reason is Reason.TOTALS_MISMATCH


# VAT numbers (books/rules.md, rule 8)


@pytest.mark.parametrize("vat_number", ["-", "n.v.t."])
def test_a_domestic_order_with_no_vat_number_in_words_is_booked_on_a_customer_without_one(
    vat_number: str,
) -> None:
    company = person("Jan Jansen", "jan@example.nl", company="Bedrijf BV", vat_number=vat_number)
    raw = order("301", DAY, company, [goods("21", "121.00")], invoice("121.00", ("21", "21.00")))
    assert customer_of(booking_of(raw)).buyer.vat_number == ""


@pytest.mark.parametrize(
    ("vat_number", "country", "one_form"),
    [("GR094259216", "GR", "EL094259216"), ("136695976", "DE", "DE136695976")],
)
def test_a_vat_number_as_the_customer_wrote_it_is_booked_in_its_one_form(
    vat_number: str, country: str, one_form: str
) -> None:
    raw = order(
        "205",
        DAY,
        german(vat_number, country),
        [goods("0", "500.00")],
        {"tax": [], "total": "500.00"},
        tax_strategy=REVERSE_CHARGED,
    )
    booking = booking_of(raw)
    assert written(booking.lines) == ["8100 C 500.00 6:0.00"]
    assert customer_of(booking).buyer.vat_number == one_form


# The customer (books/rules.md, rule 9)


@pytest.mark.parametrize("email", ["geen", "n.v.t.", "-"])
def test_an_order_with_no_e_mail_address_in_words_is_refused(email: str) -> None:
    debtor = person("Klant A", email)
    raw = order("327", DAY, debtor, [goods("21", "10.00")], invoice("10.00", ("21", "1.74")))
    assert refusal_of(raw).reason is Reason.EMAIL_MISSING


# What the shop writes otherwise (books/rules.md, rule 1)


@pytest.mark.parametrize("company", [False, None, "", [], {}])
def test_a_company_that_is_false_is_none(company: object) -> None:
    raw = order("344", DAY, SOMEBODY, [goods("21", "10.00")], invoice("10.00", ("21", "1.74")))
    raw["debtor"]["address"]["invoice"] |= {"company": company, "number": 62.0}
    buyer = customer_of(booking_of(raw)).buyer
    assert (buyer.company, buyer.street) == ("", "Molenstraat 62")


def test_an_order_with_a_total_and_no_lines_is_not_understood() -> None:
    rejection = refusal_of(order("345", DAY, SOMEBODY, [], invoice("10.00", ("21", "1.74"))))
    assert rejection.reason is Reason.ORDER_INVALID
    use("nl")
    message = explain_rejection(rejection).message
    assert message == (
        "Bestelling 345 is onvolledig of beschadigd: de lijst met bestelregels ontbreekt."
    )


@pytest.mark.parametrize(("region", "row"), [("UK", "GB"), ("EL", "GR")])
def test_a_region_by_the_code_that_vat_has_for_it_has_the_row_of_its_country(
    region: str, row: str
) -> None:
    debtor = person("Jane", "jane@example.com", country="GR")
    lines, price = [goods("20", "12.00")], invoice("12.00", ("20", "2.00"))
    raw = order("346", DAY, debtor, lines, price, tax_region=region)
    assert refusal_of(raw).values["region"] == row

    rows = (*ROWS, VatRow(region=row, rate=Decimal(20), code=20, ledger="8400"))
    assert written(booking_of(raw, rows).lines) == ["8400 C 10.00 20:2.00"]


def test_a_currency_in_small_letters_is_the_administrations() -> None:
    lines, price = [goods("21", "12.10")], invoice("12.10", ("21", "2.10"))
    assert booking_of(order("347", DAY, SOMEBODY, lines, price, currency="eur")).total
