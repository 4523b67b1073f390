"""The order in which orders are booked: what is taken back comes before what takes it back."""

from collections.abc import Iterable

from mww2minox.books.model import State
from mww2minox.state import Store, StoredOrder


def originals_first(store: Store, orders: Iterable[StoredOrder]) -> list[StoredOrder]:
    """Return these orders, each credit order after its original (books/rules.md, rule 11).

    An original that is ready and not among them joins them. All else stays in its order.
    """
    given = {order.number: order for order in orders}

    ordered: dict[str, StoredOrder] = {}
    for order in given.values():
        chain = [order]
        original = _original(store, given, order)
        # Orders that credit each other are nonsense, and have no first one.
        while original and original.number not in {link.number for link in chain}:
            chain.append(original)
            original = _original(store, given, original)

        for link in reversed(chain):
            ordered.setdefault(link.number, link)
    return list(ordered.values())


def _original(
    store: Store, given: dict[str, StoredOrder], order: StoredOrder
) -> StoredOrder | None:
    """Return the original of a credit order, where it is to be booked in the same run."""
    if order.credited is None:
        return None
    if order.credited in given:
        return given[order.credited]

    original = store.order(order.credited)
    return original if original and original.state is State.READY else None
