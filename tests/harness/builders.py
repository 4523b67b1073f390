"""Builders of the field's values: orders of plain texts, the mapping and the administration they
are booked in.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from mww2minox.books.decision import decide
from mww2minox.books.model import (
    REVERSE_CHARGED,
    ZERO_PERCENT,
    Administration,
    Booking,
    BookingLine,
    BookingRules,
    Buyer,
    DebtorLine,
    FiscalYear,
    Line,
    Order,
    Price,
    Rejection,
    Tax,
    VatRow,
)

DAY = dt.date(2026, 3, 14)
BELGIAN_VAT_NUMBER = "BE0403170701"
BUYER = Buyer(name="Truus Voorbeeldig", company="Voorbeeldig BV", country_code="NL")
VAT = (
    VatRow(region="NL", rate=Decimal(21), code=1, ledger="8000", vat_ledger="1500"),
    VatRow(region="NL", rate=Decimal(9), code=2, ledger="8010", vat_ledger="1510"),
    VatRow(region="BE", rate=Decimal(21), code=11, ledger="8310", vat_ledger="1520"),
    VatRow(region="FI", rate=Decimal("25.5"), code=12, ledger="8320", vat_ledger="1530"),
    VatRow(strategy=REVERSE_CHARGED, code=6, ledger="8100"),
    VatRow(strategy=ZERO_PERCENT, code=5, ledger="8200"),
)
RULES = BookingRules(journal="VERK", shop_country="NL", vat=VAT)
ADMINISTRATION = Administration(
    currency="EUR",
    number_of_periods=12,
    fiscal_years=(FiscalYear(year=2026, start=dt.date(2026, 1, 1), end=dt.date(2026, 12, 31)),),
)
MICRO = Decimal("0.000001")


def price(gross: str | None, rate: str = "21", net: str | None = "") -> Price:
    """Build a price entry; a `net` that is not given is the shop's own, of six decimals.

    None leaves one out.
    """
    including = None if gross is None else Decimal(gross)
    excluding = Decimal(net) if net else None
    if net == "" and including is not None:
        excluding = (including / (1 + Decimal(rate) / 100)).quantize(MICRO)
    return Price(rate=Decimal(rate), excluding=excluding, including=including)


def line(
    gross: str | None,
    rate: str = "21",
    net: str | None = "",
    *,
    type: str = "article",  # noqa: A002 - the shop's word
) -> Line:
    """Build an order line of one price entry."""
    return Line(type=type, prices=(price(gross, rate, net),))


def order(
    *lines: Line, total: str = "", tax: Mapping[str, str] | None = None, **changes: Any
) -> Order:
    """Build an order.

    A total that is not given is that of its lines; without `tax` the shop tells no `price.tax`.
    """
    amounts = [one.including for each in lines for one in each.prices if one.including is not None]
    fields: dict[str, Any] = {
        "number": "1024",
        "date": DAY,
        "status": 1,
        "total": Decimal(total) if total else sum(amounts, Decimal(0)),
        "lines": lines,
        "tax": None
        if tax is None
        else tuple(Tax(rate=Decimal(r), amount=Decimal(a)) for r, a in tax.items()),
        "currency": "EUR",
        "tax_region": "NL",
        "email": "truus@example.nl",
        "buyer": BUYER,
    }
    return Order(**fields | changes)


def reverse_charged(
    vat_number: str = BELGIAN_VAT_NUMBER, region: str | None = "BE", **changes: Any
) -> Order:
    """Build an order of 100.00 whose VAT is reverse-charged."""
    buyer = replace(BUYER, vat_number=vat_number)
    fields = {"tax_strategy": REVERSE_CHARGED, "tax_region": region, "buyer": buyer}
    return order(line("100.00", "0"), tax={"0": "0.00"}, **fields | changes)


def mirrored(given: Order, **changes: Any) -> Order:
    """Return the order with every amount negated: what a credit order of the whole looks like."""

    def negated(amount: Decimal | None) -> Decimal | None:
        return None if amount is None else -amount

    lines = tuple(
        replace(
            each,
            prices=tuple(
                replace(one, excluding=negated(one.excluding), including=negated(one.including))
                for one in each.prices
            ),
        )
        for each in given.lines
    )
    tax = (
        None if given.tax is None else tuple(replace(one, amount=-one.amount) for one in given.tax)
    )
    return replace(given, total=-given.total, lines=lines, tax=tax, **changes)


def rules(**changes: Any) -> BookingRules:
    """Return the mapping with changes."""
    return replace(RULES, **changes)


def booked(
    given: Order, using: BookingRules = RULES, administration: Administration = ADMINISTRATION
) -> Booking:
    """Book an order that has to be accepted."""
    found = decide(given, using, administration).outcome
    assert isinstance(found, Booking), found
    return found


def refused(
    given: Order, using: BookingRules = RULES, administration: Administration = ADMINISTRATION
) -> Rejection:
    """Book an order that has to be refused."""
    found = decide(given, using, administration).outcome
    assert isinstance(found, Rejection), found
    return found


def written(lines: tuple[BookingLine, ...]) -> list[str]:
    """Write lines down as `ledger D|C amount [code:vat]`, so that an expectation is a text."""
    return [f"{each.ledger} {_written(each, zero='C')}" for each in lines]


def owed(lines: tuple[DebtorLine, ...]) -> list[str]:
    """Write a debtor's lines down as `D|C amount [code:vat]`."""
    return [_written(each, zero="D") for each in lines]


def _written(each: BookingLine | DebtorLine, *, zero: str) -> str:
    side, amount = ("D", each.debit) if each.debit else ("C", each.credit)
    side = side if amount else zero
    assert not (each.debit and each.credit)
    assert (each.vat_code is None) == (each.vat_amount is None)
    vat = "" if each.vat_amount is None else f" {each.vat_code}:{each.vat_amount:.2f}"
    return f"{side} {amount:.2f}{vat}"
