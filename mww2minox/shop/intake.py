"""Takes orders of the shop into the state: what an order's next state is, and what changed on a
booked one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mww2minox.books.differences import order_changes
from mww2minox.books.model import Difference, Reason, Rejection, State
from mww2minox.shop.orders import EMPTIED, ReceivedOrder, read_stored_order, without_addresses
from mww2minox.state import Store, StoredOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """The statuses that book, by number, and the names that the shop gives them."""

    selected: frozenset[int]
    names: Mapping[int, str] = field(default_factory=dict)

    def rejection(self, number: str, status: int | None) -> Rejection | None:
        """Return why an order with this status waits, or None when its status books."""
        if status is None or status in self.selected:
            return None
        name = self.names.get(status)
        shown = f"{name} ({status})" if name else str(status)
        return Rejection(
            reason=Reason.STATUS_NOT_SELECTED, values={"number": number, "status": shown}
        )


@dataclass(slots=True)
class Counts:
    """How many orders a fetch saw, and what became of them."""

    new: int = 0
    changed: int = 0
    differing: int = 0
    seen: set[str] = field(default_factory=set)


def take_in(
    store: Store, page: Iterable[ReceivedOrder], statuses: Statuses, counts: Counts
) -> None:
    """Store the orders of a page: new ones, and what changed. Call inside a transaction."""
    for taken in page:
        counts.seen.add(taken.number)
        booking = store.booking(taken.number)
        known = store.order(taken.number)
        if booking and booking.booked_at:
            changes = changes_since(booking.payload, taken)
            counts.differing += bool(changes) and changes != booking.shop_differences
            store.mark_changed_in_shop(taken.number, changes)
            continue
        counts.new += known is None
        counts.changed += known is not None and known.payload != taken.payload
        store.take_in(next_order(known, taken, statuses, under_way=booking is not None))


def next_order(
    known: StoredOrder | None, taken: ReceivedOrder, statuses: Statuses, *, under_way: bool
) -> StoredOrder:
    """Return an order that is not booked, as it should be stored now that it was seen as `taken`.

    A failed or skipped order stays so while nothing changed; one that may be in Minox already
    (`under_way`) keeps its state whatever happens to it in the shop, until Minox has been asked.
    """
    state, rejection = _next_state(taken, statuses)
    if known and (under_way or (known.payload == taken.payload and _stays(known, state))):
        state, rejection = known.state, known.rejection
    total = taken.order.total if taken.order else None
    return StoredOrder(
        number=taken.number,
        date=taken.date,
        status=taken.status,
        state=state,
        rejection=rejection,
        total_cents=int(total * 100) if total is not None and abs(total) < 10**10 else None,
        payload=taken.payload,
    )


def _stays(known: StoredOrder, following: State) -> bool:
    """Tell whether an unchanged order stays as it is: a failed one does while its status books."""
    return known.state is State.SKIPPED or (
        known.state is State.FAILED and following is State.READY
    )


def _next_state(taken: ReceivedOrder, statuses: Statuses) -> tuple[State, Rejection | None]:
    waits = statuses.rejection(taken.number, taken.status)
    if waits:
        return State.WAITING, waits
    if taken.order is None:
        values = {"number": taken.number, "problem": taken.problem}
        return State.FAILED, Rejection(reason=Reason.ORDER_INVALID, values=values)
    return State.READY, None


def changes_since(payload: dict[str, Any], taken: ReceivedOrder) -> tuple[Difference, ...]:
    """Return how an order differs in the shop from the `payload` that was booked."""
    if payload.get(EMPTIED) and taken.order:
        taken = read_stored_order(without_addresses(taken.payload))
    booked = read_stored_order(payload).order
    if booked is None:
        return ()
    if taken.order is None:
        values = {"field": taken.problem, "expected": "", "found": "?"}
        return (Difference(code="order_changed", values=values),)
    return order_changes(booked, taken.order)


def sort_again(store: Store, statuses: Statuses) -> None:
    """Sort the orders that are not booked by the statuses of the config, which may have changed."""
    for order in store.orders((State.WAITING, State.READY, State.FAILED)):
        if store.booking(order.number):
            continue
        taken = read_stored_order(order.payload)
        fresh = next_order(order, taken, statuses, under_way=False)
        if fresh.state is not order.state:
            store.mark(order.number, fresh.state, fresh.rejection)
