"""Reads known orders once more from the shop: by page or one by one, whichever is fewer
requests.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from mww2minox.errors import OrderNotInShop
from mww2minox.shop.api import PAGE, Webshop
from mww2minox.shop.orders import ReceivedOrder

FEW = 6
"""So few are read one by one without counting first."""


def reread(shop: Webshop, wanted: Mapping[str, str]) -> Iterator[list[ReceivedOrder]]:
    """Yield the wanted orders (number -> order date) as the shop has them now; one that it lacks is
    left out.
    """
    left = dict(wanted)
    if len(left) > FEW:
        for page in _by_page(shop, left):
            yield [taken for taken in page if left.pop(taken.number, None) is not None]
    for number in left:
        if number.isdigit():
            yield list(_one(shop, number))


def _one(shop: Webshop, number: str) -> Iterable[ReceivedOrder]:
    try:
        return [shop.order(number)]
    except OrderNotInShop:
        return []


def _by_page(shop: Webshop, wanted: Mapping[str, str]) -> Iterator[list[ReceivedOrder]]:
    """Read the span of the order dates by page, where that is fewer requests than one for each
    order.
    """
    dates = sorted(date.fromisoformat(day) for day in wanted.values() if day)
    if not dates:
        return
    first, last = dates[0], dates[-1]
    counts = [shop.count(archived=archived, since=first, until=last) for archived in (False, True)]
    if sum(count // PAGE + 2 for count in counts) >= len(wanted):
        return
    for archived in (False, True):
        for page in shop.pages(archived=archived, since=first, until=last):
            yield page.orders
