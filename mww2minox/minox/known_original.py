"""What is known of the order that a credit order takes back, by the state and by this run."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from mww2minox.books.model import Order, Original, Rejection, State
from mww2minox.reasons import state_of
from mww2minox.state import Store, StoredOrder

Judged = Mapping[str, Rejection | None]
"""What a run made of orders so far, by number: why not, or None where it sends them."""
NOT_JUDGED: Judged = {}


def known_original(store: Store, order: Order, judged: Judged = NOT_JUDGED) -> Original | None:
    """Return what is known of the order that a credit order takes back; None without one."""
    number = order.credited_order_number
    stored = store.order(number) if number else None
    if stored is None:
        return None

    total = None if stored.total_cents is None else Decimal(stored.total_cents) / 100
    original = Original(
        state=stored.state,
        reason=stored.rejection.reason if stored.rejection else None,
        total=total,
        credited=store.credited(stored.number, without=order.number),
        leads_back=_leads_back(store, stored, order.number),
    )
    if stored.state is State.BOOKED or stored.number not in judged:
        return original

    # It is tried before this one.
    rejection = judged[stored.number]
    if rejection is None:
        return replace(original, state=State.READY, reason=None)
    return replace(original, state=state_of(rejection.reason), reason=rejection.reason)


def _leads_back(store: Store, original: StoredOrder, number: str) -> bool:
    """Tell whether an original takes back the order of this number, itself or over others."""
    passed: set[str] = set()
    link: StoredOrder | None = original
    while link and link.number != number and link.number not in passed:
        passed.add(link.number)
        link = store.order(link.credited) if link.credited else None

    return link is not None and link.number == number
