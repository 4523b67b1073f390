"""Which row of `vat` goes with what an order has to book (books/rules.md, rule 7)."""

from collections.abc import Iterable
from decimal import Decimal

from mww2minox.books.amounts import Entry, entries_of
from mww2minox.books.model import BookingRules, Order, VatNeed, VatRow
from mww2minox.books.order_check import problem_of

COSTS = frozenset({"shipping", "payment"})
"""The line types that are costs beside the goods."""


def region_of(order: Order, shop_country: str) -> str:
    """Return the region whose VAT an order has: the shop's own where the order names none."""
    return (order.tax_region or shop_country).upper()


def need_of(order: Order, rate: Decimal, shop_country: str) -> VatNeed:
    """Return what a rate (a percentage) of an order needs a row for."""
    # A strategy's row is for all regions.
    region = "" if order.tax_strategy else region_of(order, shop_country)

    return VatNeed(strategy=order.tax_strategy, region=region, rate=rate)


def row_for(need: VatNeed, rows: Iterable[VatRow]) -> VatRow | None:
    """Return the row of `vat` for a need, or None."""
    if not need.strategy:
        by_rate = (row for row in rows if (row.region, row.rate) == (need.region, need.rate))
        return next(by_rate, None)

    # A strategy's row carries no VAT, so a rate above 0 under a strategy has no row.
    if need.rate != 0:
        return None
    return next((row for row in rows if row.strategy == need.strategy), None)


def row_of(order: Order, rate: Decimal, rules: BookingRules) -> VatRow | None:
    """Return the row of `vat` for a rate (a percentage) of an order, or None."""
    return row_for(need_of(order, rate, rules.shop_country), rules.vat)


def vat_needs(order: Order, shop_country: str) -> tuple[VatNeed, ...]:
    """Return what an order of a shop in the country `shop_country` needs rows for, each once.

    Amounts only: an order that is not understood needs none.
    """
    if problem_of(order):
        return ()

    # A rate that only the invoice has is cents that are not booked, or a mismatch.
    entries = entries_of(order)
    rates = [entry.rate for entry in entries if entry.gross]

    # Costs at 0% beside taxed goods are a mistake in the shop, which no row is to cover.
    if costs_lack_vat(order, entries):
        rates = [rate for rate in rates if rate]

    return tuple(need_of(order, rate, shop_country) for rate in dict.fromkeys(rates))


def costs_lack_vat(order: Order, entries: Iterable[Entry]) -> bool:
    """Tell whether nothing but shipping and payment costs is at 0%, beside goods at a rate.

    Under a strategy 0% is right.
    """
    if order.tax_strategy:
        return False

    types_at_zero: set[str] = set()
    taxed_goods = False
    for entry in entries:
        if entry.rate == 0 and entry.gross != 0:
            types_at_zero.add(entry.type)
        if entry.rate > 0 and entry.type not in COSTS:
            taxed_goods = True

    return bool(types_at_zero) and types_at_zero <= COSTS and taxed_goods
