"""Takes orders of the shop into the state: an order's next state, and what changed on a booked one.

Source: books/rules.md, "An order's life".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mww2minox import __version__
from mww2minox.books.differences import order_changes, payment_undone
from mww2minox.books.model import (
    ORDER_GONE,
    STATUS_DIFFERS,
    Difference,
    Reason,
    Rejection,
    State,
)
from mww2minox.shop.orders import ReceivedOrder, read_stored_order, without_addresses
from mww2minox.state import EMPTIED, OrderNow, ReadOrder, Store, StoredOrder

KEPT_SINCE = ("payment_status", "taxed")
"""The fields that versions before this one did not keep of an order."""
# no text: a key in the state, or what a UUID is derived from
SORTED_BY = "sorted by"
"""A note of the statuses and the first date that orders were sorted by last."""
LARGEST_TOTAL = 10**10
"""A total of so many euros is not understood; its cents are not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """The statuses that book, by number, and the names that the shop gives them.

    `since` is the first order date that books (ISO 8601); an empty one lets all in. `by_hand` is
    what `BookingRules.by_hand` says.
    """

    selected: frozenset[int]
    names: Mapping[int, str] = field(default_factory=dict)
    since: str = ""
    by_hand: Mapping[str, str] = field(default_factory=dict)

    def rejection(self, number: str, status: int | None) -> Rejection | None:
        """Return why an order with this status waits, or None when its status books."""
        # A malformed order may have no status; it is not to wait for one in silence.
        if status is None or status in self.selected:
            return None

        values = {"number": number, "status": self.shown(status)}
        return Rejection(reason=Reason.STATUS_NOT_SELECTED, values=values)

    def shown(self, status: int) -> str:
        """Return a status by its name, where that is known, and its number."""
        name = self.names.get(status)
        return f"{name} ({status})" if name else str(status)


@dataclass(slots=True)
class Counts:
    """How many orders a fetch saw, and what became of them."""

    new: int = 0
    changed: int = 0
    differing: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def take_in(
    store: Store,
    page: Iterable[ReceivedOrder],
    statuses: Statuses,
    counts: Counts,
    *,
    asked_for: bool = False,
) -> None:
    """Store the orders of a page: new ones, and what changed. Call inside a transaction.

    `asked_for`: somebody named these orders or their dates, so that one from before `shop.since`
    is let in, for good.
    """
    for received in page:
        counts.seen.add(received.number)
        _forget_stand_ins(store, received)
        booking = store.booking(received.number)
        stored = store.order(received.number)

        # A booked order is finished: a change is told, and never booked.
        if booking and booking.booked_at:
            changes = (
                *changes_since(booking, received),
                *undone_since(booking, received, statuses),
            )
            if changes and changes != booking.shop_differences:
                counts.differing.append(received.number)
            note_in_shop(store, received, changes)
            continue

        counts.new += stored is None
        counts.changed += stored is not None and _is_changed(stored, received)
        order = next_order(
            stored, received, statuses, under_way=booking is not None, asked_for=asked_for
        )
        store.take_in(order)


def _forget_stand_ins(store: Store, received: ReceivedOrder) -> None:
    """Take the row off that stood for an order while it had no number."""
    for stand_in in received.stand_ins:
        if stand_in != received.number:
            store.forget_stand_in(stand_in)


def note_in_shop(store: Store, received: ReceivedOrder, changes: Sequence[Difference]) -> None:
    """Store that the shop has a booked order, and what changed on it. Call inside a transaction."""
    store.mark_in_shop(received.number, received.date)
    store.mark_changed_in_shop(received.number, changes)


def close_gone(store: Store, numbers: Iterable[str], counts: Counts) -> None:
    """Store that the shop does not have these orders any more. Call inside a transaction.

    What is not booked is closed, and what is booked differs. Of what was sent and may be in Minox
    neither is known: it is not sent again, and Minox is asked (books/rules.md, "An order's life").
    """
    for number in numbers:
        order = store.order(number)
        if order is None:
            continue
        store.mark_gone(number)

        booking = store.booking(number)
        # Where both are gone nothing differs.
        if booking and booking.booked_at and not booking.is_absent:
            if ORDER_GONE not in booking.shop_differences:
                counts.differing.append(number)
            store.mark_changed_in_shop(number, (ORDER_GONE,))
        elif booking and booking.booked_at is None:
            store.mark(number, State.FAILED, _unknown(number, _gone(number)))
        elif order.state not in (State.SKIPPED, State.BOOKED):
            store.mark(number, State.SKIPPED, _gone(number))
            counts.closed.append(number)


def _gone(number: str) -> Rejection:
    return Rejection(reason=Reason.GONE_FROM_SHOP, values={"number": number})


def next_order(
    stored: StoredOrder | None,
    received: ReceivedOrder,
    statuses: Statuses,
    *,
    under_way: bool,
    asked_for: bool = False,
) -> StoredOrder:
    """Return an order that is not booked, as it should be stored now that it was `received`.

    A failed or skipped order stays so while nothing changed, one that was skipped by hand for good;
    one that is back in the shop does not. One that may be in Minox already (`under_way`) is
    `outcome_unknown` whatever happens to it in the shop, until Minox was asked.
    """
    # Who asks for an order that books anyway says nothing of a later `shop.since`.
    is_let_in = asked_for and is_before(received, statuses.since)
    is_let_in = is_let_in or (stored is not None and stored.asked_for)

    state, rejection = _next_state(received, statuses, asked_for=is_let_in)
    if under_way:
        waits = _reason_to_wait(received, statuses, asked_for=is_let_in)
        state, rejection = State.FAILED, _unknown(received.number, waits)
    elif stored and _stays(stored, received, state):
        state, rejection = stored.state, stored.rejection

    return StoredOrder(
        number=received.number,
        date=received.date,
        status=received.status,
        state=state,
        rejection=rejection,
        total_cents=_total_cents(received),
        payload=received.payload,
        read=read_stored_order,
        paid_by=received.order.payment if received.order else None,
        asked_for=is_let_in,
    )


def is_before(order: ReceivedOrder | StoredOrder, since: str) -> bool:
    """Tell whether an order is dated before `since`.

    One whose date cannot be read is not: it is to be told as invalid.
    """
    return bool(order.date) and order.date < since


def _next_state(
    order: ReceivedOrder | StoredOrder, statuses: Statuses, *, asked_for: bool
) -> tuple[State, Rejection | None]:
    waits = _reason_to_wait(order, statuses, asked_for=asked_for)
    if waits:
        return State.WAITING, waits
    if order.order is None:
        values = {"number": order.number, "problem": order.problem, **statuses.by_hand}
        return State.FAILED, Rejection(reason=Reason.ORDER_INVALID, values=values)

    return State.READY, None


def _reason_to_wait(
    order: ReceivedOrder | StoredOrder, statuses: Statuses, *, asked_for: bool
) -> Rejection | None:
    if is_before(order, statuses.since) and not asked_for:
        return _before_since(order, statuses.since)

    return statuses.rejection(order.number, order.status)


def _before_since(order: ReceivedOrder | StoredOrder, since: str) -> Rejection:
    values = {"number": order.number, "date": order.date, "since": since}
    return Rejection(reason=Reason.BEFORE_SINCE, values=values)


def _unknown(number: str, waits: Rejection | None) -> Rejection:
    """Return that it is not certain whether an order is booked.

    Why it is to wait, should it not be, goes along: see `StoredOrder.waits`.
    """
    values = {"number": number}
    if waits:
        values |= {**waits.values, "waits": waits.reason.value}
    return Rejection(reason=Reason.OUTCOME_UNKNOWN, values=values)


def _stays(stored: StoredOrder, received: ReceivedOrder, following: State) -> bool:
    """Tell whether an order stays as it is: one that was skipped by hand does whatever changes, an
    unchanged one that was skipped, or that failed and whose status books.
    """
    if stored.is_skipped_by_hand:
        return True
    if _is_changed(stored, received) or _is_closed_as_gone(stored):
        return False

    return stored.state is State.SKIPPED or (
        stored.state is State.FAILED and following is State.READY
    )


def _is_changed(stored: StoredOrder, received: ReceivedOrder) -> bool:
    """Tell whether an order changed since it was stored; what an older version did not keep of it
    is no change.
    """
    unknown = [field for field in KEPT_SINCE if field not in stored.payload]
    now = {field: value for field, value in received.payload.items() if field not in unknown}
    return now != stored.payload


def _is_closed_as_gone(order: StoredOrder) -> bool:
    return order.rejection is not None and order.rejection.reason is Reason.GONE_FROM_SHOP


def _total_cents(received: ReceivedOrder) -> int | None:
    if received.order is None or abs(received.order.total) >= LARGEST_TOTAL:
        return None

    return int(received.order.total * 100)


def changes_since(booked: ReadOrder, now: ReadOrder) -> tuple[Difference, ...]:
    """Return how an order differs `now` from what was `booked`, in what its booking shows."""
    # Addresses that were emptied on one side only are no change.
    if booked.payload.get(EMPTIED) and now.order:
        now = read_stored_order(without_addresses(now.payload))
    if booked.payload == now.payload or booked.order is None:
        return ()

    if now.order is None:
        values = {"field": now.problem, "expected": "", "found": "?"}
        return (Difference(code="order_changed", values=values),)
    return order_changes(booked.order, now.order)


def undone_since(booked: ReadOrder, now: OrderNow, statuses: Statuses) -> tuple[Difference, ...]:
    """Return what happened to a booked order that its booking cannot show: it does not book any
    more, or its payment was undone.
    """
    if booked.payload == now.payload or booked.order is None:
        return ()

    undone: list[Difference] = []
    before = booked.order.status
    # Which statuses book may have changed in the config: that undoes nothing.
    if now.status not in (None, before) and statuses.rejection("", now.status):
        values = {"expected": statuses.shown(before), "found": statuses.shown(now.status)}
        undone.append(Difference(code=STATUS_DIFFERS, values=values))

    payment = payment_undone(booked.order, now.order) if now.order else None
    return (*undone, payment) if payment else tuple(undone)


def sort_again(store: Store, statuses: Statuses) -> None:
    """Sort the orders that are not booked by the config's statuses and first date, which may have
    changed.

    What waits is looked through when they have: it may be all that was ever cancelled.
    """
    sorted_by = f"{__version__} {sorted(statuses.selected)} {statuses.since}"
    states = [State.READY, State.FAILED]
    if store.note(SORTED_BY) != sorted_by:
        states.append(State.WAITING)

    for order in store.orders(states):
        waits = _reason_to_wait(order, statuses, asked_for=order.asked_for)
        # What the shop no longer has is not sent again, whatever its status was.
        if order.gone:
            continue
        # Minox is to be asked first; until then only whether it is sent again changes.
        if store.booking(order.number):
            store.mark(order.number, State.FAILED, _unknown(order.number, waits))
            continue

        if waits and not _is_same(order.rejection, waits):
            store.mark(order.number, State.WAITING, waits)
        # One that failed stays so while it may be booked: the next push tries it again.
        elif not waits and order.state is State.WAITING:
            store.mark(order.number, *_next_state(order, statuses, asked_for=order.asked_for))
    store.set_note(SORTED_BY, sorted_by)


def _is_same(stored: Rejection | None, following: Rejection) -> bool:
    """Tell whether an order waits for the same; how its status is called by now is none of it."""
    if stored is None or following.reason is Reason.BEFORE_SINCE:
        return stored == following
    return stored.reason is following.reason


def wait_for_since(store: Store, since: str) -> int:
    """Let the orders that are not booked and dated before `since` wait for it; return how many did
    not.

    What somebody asked for does not wait. What waited for its status does now for its date, which
    it would else do without a word.
    """
    count = 0
    with store.transaction():
        for order in store.orders((State.WAITING, State.READY, State.FAILED)):
            if order.asked_for or not is_before(order, since) or _waits_for_since(order):
                continue
            # It is not sent again anyhow.
            if order.gone:
                continue

            # Minox is to be asked first; until then it is only not sent again.
            waits = _before_since(order, since)
            if store.booking(order.number):
                store.mark(order.number, State.FAILED, _unknown(order.number, waits))
                continue

            store.mark(order.number, State.WAITING, waits)
            count += 1
    return count


def _waits_for_since(order: StoredOrder) -> bool:
    reason = order.rejection.reason if order.rejection else None
    return order.state is State.WAITING and reason is Reason.BEFORE_SINCE
