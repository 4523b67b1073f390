"""Reads known orders from the shop once more: by page or one by one, the fewer requests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from mww2minox.errors import OrderNotInShop
from mww2minox.shop import PAGE
from mww2minox.shop.orders import ReceivedOrder, can_be_asked_for

if TYPE_CHECKING:
    from mww2minox.shop.api import Webshop

FEW = 6
"""So few are read one by one without counting first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """Orders as the shop has them now, and the numbers of those that it does not have any more."""

    orders: Sequence[ReceivedOrder] = ()
    gone: Sequence[str] = ()


def reread(shop: "Webshop", wanted: Mapping[str, str]) -> Iterator[Reread]:
    """Yield the wanted orders (number -> order date) as the shop has them now.

    Of one without a number that can be asked for nothing is told where no page holds it.
    """
    missing = dict(wanted)

    if len(missing) > FEW:
        for page in _by_page(shop, missing):
            orders = [order for order in page if missing.pop(order.number, None) is not None]
            yield Reread(orders=orders)

    # What no page held: too few for pages, a date that was changed, gone from the shop.
    for number in missing:
        # An order without a readable number cannot be asked for.
        if can_be_asked_for(number):
            yield read_one(shop, number)


def read_one(shop: "Webshop", number: str) -> Reread:
    """Read one order, whose number can be asked for."""
    try:
        return Reread(orders=(shop.order(number),))
    except OrderNotInShop:
        return Reread(gone=(number,))


def _by_page(shop: "Webshop", wanted: Mapping[str, str]) -> Iterator[list[ReceivedOrder]]:
    """Read the span of the order dates by page, where that is fewer requests than one by one."""
    dates = sorted(date.fromisoformat(day) for day in wanted.values() if day)
    if not dates:
        return

    first, last = dates[0], dates[-1]
    counts = {
        archived: shop.count(archived=archived, since=first, until=last)
        for archived in (False, True)
    }
    # Each page but the first begins with a row of the one before.
    requests = sum(count // (PAGE - 1) + 1 for count in counts.values() if count)
    if requests >= len(wanted):
        return

    for archived, count in counts.items():
        # What was counted a moment ago as none is not asked for.
        if not count:
            continue
        pages = shop.pages(archived=archived, since=first, until=last, expected=count)
        for page in pages:
            yield page.orders
