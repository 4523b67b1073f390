"""The listings beside the VAT return: ICP per customer abroad, and OSS per country and rate. Pure.

Source: books/rules.md, "ICP and OSS". All amounts are Decimal euros, signed.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.amounts import ZERO
from mww2minox.books.differences import VatAccounts
from mww2minox.books.reconciliation import NOTHING, Amounts, ReconciledOrder, Share, Standing
from mww2minox.books.vat_return import box_of_code, quarter_of

WITHIN_EU, DISTANCE_SALES = "3b", "3c"
# no text: what a column of the CSV holds
BY_BOTH, BY_REGION, BY_ADDRESS = "region and invoice address", "region", "invoice address"
"""What tells a customer's country."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IcpLine:
    """What is declared of one customer in another EU country: its turnover, over so many orders."""

    country: str
    vat_number: str
    turnover: Decimal
    orders: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OssLine:
    """Distance sales to one country at one rate: what was sold, and what was taken back of it."""

    country: str
    rate: Decimal
    sold: Amounts
    taken_back: Amounts

    @property
    def net(self) -> Amounts:
        """What is left."""
        return self.sold + self.taken_back


@dataclass(frozen=True, slots=True, kw_only=True)
class OssSale:
    """One sale, as it has to be kept for ten years.

    `known_by` is what tells the customer's country. `corrects` is the quarter of what a credit
    order takes back, where that is an earlier one, such as `2025-Q4`; else it is empty.

    Source: Council Implementing Regulation (EU) No 282/2011, article 63c.
    """

    number: str
    date: str
    country: str
    rate: Decimal
    amounts: Amounts
    customer_country: str
    known_by: str
    credited: str
    corrects: str


def icp_lines(orders: Iterable[ReconciledOrder], codes: VatAccounts) -> tuple[IcpLine, ...]:
    """Add up the booked orders of box 3b per VAT number; an order without one has an empty one."""
    sums: dict[tuple[str, str], tuple[Decimal, list[str]]] = {}
    for order in _booked(orders):
        shares = list(_of_box(order, codes, WITHIN_EU))
        if not shares:
            continue

        key = (order.vat_number[:2] or order.country, order.vat_number)
        turnover, numbers = sums.setdefault(key, (ZERO, []))
        turnover += sum((share.turnover for share in shares), ZERO)
        sums[key] = (turnover, [*numbers, order.number])

    return tuple(
        IcpLine(country=country, vat_number=number, turnover=turnover, orders=tuple(numbers))
        for (country, number), (turnover, numbers) in sorted(sums.items())
    )


def oss_sales(orders: Iterable[ReconciledOrder], codes: VatAccounts) -> Iterator[OssSale]:
    """Yield the booked sales of box 3c, one for each country and rate of an order."""
    for order in _booked(orders):
        # A mixed basket has several rates of one country.
        for share in _of_box(order, codes, DISTANCE_SALES):
            yield OssSale(
                number=order.number,
                date=order.document_date,
                country=share.region,
                rate=share.rate or ZERO,
                amounts=share.amounts,
                customer_country=order.country,
                known_by=_known_by(order),
                credited=order.credited,
                corrects=_corrected(order),
            )


def _known_by(order: ReconciledOrder) -> str:
    """Return what tells a customer's country: the shop's region, the invoice address, or both."""
    if not order.region:
        return BY_ADDRESS
    return BY_BOTH if order.region == order.invoice_country else BY_REGION


def _corrected(order: ReconciledOrder) -> str:
    """Return the quarter that a credit order corrects, where it is not its own one."""
    if not order.original_date or not order.document_date:
        return ""

    days = (order.original_date, order.document_date)
    original, own = (quarter_of(dt.date.fromisoformat(day)) for day in days)
    return "" if original == own else f"{original.year}-Q{original.number}"


def oss_lines(sales: Iterable[OssSale]) -> tuple[OssLine, ...]:
    """Add up sales per country and rate; credit orders are corrections, and stand apart."""
    sums: dict[tuple[str, Decimal], list[Amounts]] = {}
    for sale in sales:
        sold_and_back = sums.setdefault((sale.country, sale.rate), [NOTHING, NOTHING])
        sold_and_back[bool(sale.credited)] += sale.amounts

    return tuple(
        OssLine(country=country, rate=rate, sold=sold, taken_back=taken_back)
        for (country, rate), (sold, taken_back) in sorted(sums.items())
    )


def _booked(orders: Iterable[ReconciledOrder]) -> Iterator[ReconciledOrder]:
    return (order for order in orders if order.standing is Standing.BOOKED)


def _of_box(order: ReconciledOrder, codes: VatAccounts, box: str) -> Iterator[Share]:
    return (share for share in order.in_shop if box_of_code(codes.codes.get(share.code)) == box)
