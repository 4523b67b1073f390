"""Which row of `vat` goes with what an order has to book (books/rules.md, rule 7)."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from mww2minox.books.amounts import ZERO, Entry, entries_of
from mww2minox.books.model import BookingRules, Order, VatNeed, VatRow
from mww2minox.books.order_check import problem_of

COSTS = frozenset({"shipping", "payment"})
"""The line types that are costs beside the goods."""
NO_GOODS = COSTS | {"discount", "gift_card", "store_credit", "surcharge"}
"""The line types that are no goods: their rate says nothing of what costs should have."""


def region_of(order: Order, shop_country: str) -> str:
    """Return the region whose VAT an order has: the shop's own where the order names none."""
    return (order.tax_region or shop_country).upper()


def need_of(order: Order, rate: Decimal, shop_country: str, line_type: str = "") -> VatNeed:
    """Return what a rate (a percentage) of an order needs a row for, for lines of a type."""
    # A strategy's row is for all regions.
    region = "" if order.tax_strategy else region_of(order, shop_country)

    return VatNeed(strategy=order.tax_strategy, region=region, rate=rate, type=line_type)


def need_met_by(row: VatRow) -> VatNeed:
    """Return what a row of `vat` is there for."""
    return VatNeed(
        strategy=row.strategy or "",
        region=row.region or "",
        rate=row.rate or ZERO,
        type=row.type or "",
    )


def row_for(need: VatNeed, rows: Iterable[VatRow]) -> VatRow | None:
    """Return the row of `vat` for a need, or None.

    One that names the line's type goes before one that names none.
    """
    fitting = [row for row in rows if _covers(row, need)]
    of_type = [row for row in fitting if row.type]

    return next(iter(of_type or fitting), None)


def _covers(row: VatRow, need: VatNeed) -> bool:
    if row.type and row.type != need.type:
        return False
    if not need.strategy:
        return (row.region, row.rate) == (need.region, need.rate)

    # A strategy's row carries no VAT, so a rate above 0 under a strategy has no row.
    return need.rate == 0 and row.strategy == need.strategy


def row_of(order: Order, rate: Decimal, rules: BookingRules, line_type: str = "") -> VatRow | None:
    """Return the row of `vat` for lines of a type at a rate (a percentage) of an order, or None."""
    return row_for(need_of(order, rate, rules.shop_country, line_type), rules.vat)


def vat_needs(
    order: Order, shop_country: str, of_types: Collection[VatNeed] = ()
) -> tuple[VatNeed, ...]:
    """Return what an order of a shop in the country `shop_country` needs rows for, each once.

    `of_types` are the needs of line types that have a row of their own; what has none is one need,
    whatever its type. Amounts only: an order that is not understood needs none.
    """
    if problem_of(order):
        return ()

    # A rate that only the invoice has is cents that are not booked, or a mismatch. Costs at 0%
    # beside taxed goods are a mistake in the shop, which no row is to cover.
    entries = entries_of(order)
    mistaken = costs_without_vat(order, entries, shop_country, of_types)

    needs: dict[VatNeed, None] = {}
    for entry in entries:
        is_mistake = entry.rate == 0 and entry.type in mistaken
        if entry.gross and not is_mistake:
            own = need_of(order, entry.rate, shop_country, entry.type)
            needs[own if own in of_types else need_of(order, entry.rate, shop_country)] = None
    return tuple(needs)


def costs_without_vat(
    order: Order, entries: Iterable[Entry], shop_country: str, of_types: Collection[VatNeed]
) -> frozenset[str]:
    """Return the types of costs that are at 0% although all goods are taxed.

    Under a strategy 0% is right, and a row at 0% that names the type is a decision (`of_types`).
    """
    if order.tax_strategy:
        return frozenset()

    at_zero: dict[str, Decimal] = {}
    goods_are_taxed = False
    for entry in entries:
        if entry.rate == 0:
            at_zero[entry.type] = at_zero.get(entry.type, ZERO) + entry.gross
        elif entry.type not in NO_GOODS:
            goods_are_taxed = True

    types = frozenset(line_type for line_type, gross in at_zero.items() if gross)
    if not goods_are_taxed or types - NO_GOODS:
        return frozenset()

    undecided = (
        line_type
        for line_type in types & COSTS
        if need_of(order, ZERO, shop_country, line_type) not in of_types
    )
    return frozenset(undecided)
