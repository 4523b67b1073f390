"""What the page for bookkeepers shows of bookings is what the sample orders are booked as."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import mww2minox
from mww2minox.books.model import (
    REVERSE_CHARGED,
    ZERO_PERCENT,
    Booking,
    BookingLine,
    BookingRules,
    DebtorLine,
    VatPosting,
    VatRow,
)
from mww2minox.sandbox.samples import samples
from mww2minox.sandbox.sandbox import VAT_ROWS
from mww2minox.shop.orders import read_order
from tests.harness.builders import booked

PAGE = Path(mww2minox.__file__).with_name("docs") / "nl" / "boekhouder.md"
TABLE = re.compile(r"^\| bestelling (\d+), `(\w+)` \|.*\n\|[- |:]*\n((?:\|.*\n)+)", re.MULTILINE)
TABLES = {(number, way): rows for number, way, rows in TABLE.findall(PAGE.read_text("utf-8"))}
RULES = BookingRules(
    journal="VERK",
    shop_country="NL",
    rounding_ledger="4990",
    vat=(
        *(
            VatRow(
                region=row.region,
                rate=Decimal(row.rate),
                code=row.code,
                ledger=str(row.ledger),
                vat_ledger=str(row.vat_ledger),
            )
            for row in VAT_ROWS
        ),
        VatRow(strategy=REVERSE_CHARGED, code=6, ledger="8100"),
        VatRow(strategy=ZERO_PERCENT, code=5, ledger="8200"),
    ),
)
Row = tuple[str, str, str, str, str]


def amount(euros: Decimal | None) -> str:
    """Write an amount as the page does; a side without one stays empty."""
    return "" if euros is None else f"{euros:.2f}".replace(".", ",")


def row(account: str, line: DebtorLine | BookingLine) -> Row:
    """Return a line of a booking as a row of the page."""
    code = "" if line.vat_code is None else str(line.vat_code)
    sides = (amount(line.debit or None), amount(line.credit or None))
    return account, *sides, code, amount(line.vat_amount)


def total(booking: Booking) -> Row:
    """Return the last row: what the lines add up to."""
    lines: list[DebtorLine | BookingLine] = [*booking.debtor_lines, *booking.lines]
    vat = [line.vat_amount for line in lines if line.vat_amount is not None]
    debit = sum((line.debit for line in lines), Decimal(0))
    credit = sum((line.credit for line in lines), Decimal(0))
    return "totaal", amount(debit), amount(credit), "", amount(sum(vat, Decimal(0))) if vat else ""


def rows(booking: Booking) -> Iterator[Row]:
    """Yield the rows of a booking as the page has them."""
    yield from (row("debiteur", line) for line in booking.debtor_lines)
    yield from (row(line.ledger, line) for line in booking.lines)
    yield total(booking)


@pytest.mark.parametrize(("number", "way"), TABLES)
def test_a_booking_on_the_page_is_that_of_the_sample_order(number: str, way: str) -> None:
    by_number = {sample.number: sample for sample in samples(dt.date(2026, 3, 20))}
    order = read_order(by_number[number].order).order
    assert order is not None

    booking = booked(order, replace(RULES, vat_posting=VatPosting(way)))
    shown = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in TABLES[number, way].splitlines()
    ]
    assert shown == list(rows(booking))


def test_the_page_shows_one_order_in_all_five_ways() -> None:
    assert {way for number, way in TABLES if number == "1003"} == set(map(str, VatPosting))
