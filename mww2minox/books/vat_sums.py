"""What bookings add up to for the VAT return: the sums of one, per VAT code and ledger account.

Pure. Source: books/rules.md, rule 10. A report adds up such sums, and looks into no booking.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.model import Booking, Order

NO_TURNOVER = "none"
"""The code of what is no turnover, as the config writes it."""
UNKNOWN = ""
"""The code or ledger account of a booking that another made, or that does not tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VatSum:
    """What is sold under one strategy or region, rate, VAT code and ledger account.

    `net` and `vat` are signed euros, `rate` is a percentage. `code` is `NO_TURNOVER` without
    turnover; it and `ledger` are `UNKNOWN` where they are not told.
    """

    strategy: str
    region: str
    rate: Decimal
    code: str
    ledger: str
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """A booking's sums, with where they belong in the books.

    `country` is that of the customer's invoice address (two letters), or empty. Fiscal year and
    period are 0 where they are not told.
    """

    document_date: dt.date
    country: str = ""
    fiscal_year: int = 0
    period: int = 0
    sums: tuple[VatSum, ...] = ()


def turnover_of(order: Order, booking: Booking) -> Turnover:
    """Return what a booking that was decided for an order adds to the books, in Decimal euros."""
    sums = tuple(
        VatSum(
            strategy=order.tax_strategy,
            region=share.region,
            rate=share.rate,
            code=NO_TURNOVER if share.code is None else str(share.code),
            ledger=share.ledger,
            net=share.net,
            vat=share.vat,
        )
        for share in booking.shares
    )

    return Turnover(
        document_date=booking.document_date,
        country=order.buyer.country_code,
        fiscal_year=booking.fiscal_year,
        period=booking.period,
        sums=sums,
    )
