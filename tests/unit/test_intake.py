"""The life of an order (books/rules.md, "An order's life"): every transition of one that is not
booked.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mww2minox.books.model import Difference, Reason, Rejection, State
from mww2minox.shop.intake import Counts, Statuses, changes_since, next_order, sort_again, take_in
from mww2minox.shop.orders import ReceivedOrder, read_order, read_stored_order
from mww2minox.state import Store, StoredBooking, StoredOrder

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
PAID, NEW = 2, 1
STATUSES = Statuses(selected=frozenset({PAID}), names={NEW: "Nieuw", PAID: "Betaald"})
ALL_STATUSES = Statuses(selected=frozenset({NEW, PAID}))
NO_STATUSES = Statuses(selected=frozenset())
WAITS = Rejection(
    reason=Reason.STATUS_NOT_SELECTED, values={"number": "1024", "status": "Nieuw (1)"}
)
FAILED = Rejection(reason=Reason.EMAIL_MISSING, values={"number": "1024"})
SKIPPED = Rejection(reason=Reason.NOTHING_TO_BOOK, values={"number": "1024"})
BY_HAND = Rejection(reason=Reason.SKIPPED_BY_HAND, values={"number": "1024", "note": "-"})
UNKNOWN = Rejection(reason=Reason.OUTCOME_UNKNOWN, values={"number": "1024"})
MALFORMED = Rejection(
    reason=Reason.ORDER_INVALID, values={"number": "1024", "problem": "price.total"}
)


def _taken(status: int = PAID, total: object = "12.10", **changes: Any) -> ReceivedOrder:
    raw = {
        "number": "1024",
        "date": "2026-03-14",
        "status": status,
        "price": {"total": total, "tax": {"rate": 21, "amount": "2.10"}},
        "orderlines": [
            {
                "type": "article",
                "price": {"rate": 21, "amount": "10", "amount_including_tax": "12.10"},
            }
        ],
        "debtor": {"email": "truus@example.nl"},
    }

    return read_order(raw | changes)


def _known(
    state: State, rejection: Rejection | None = None, taken: ReceivedOrder | None = None
) -> StoredOrder:
    taken = taken or _taken()
    return StoredOrder(
        number="1024",
        date="2026-03-14",
        status=taken.status,
        state=state,
        rejection=rejection,
        total_cents=1210,
        payload=taken.payload,
        read=read_stored_order,
    )


def _next(
    known: StoredOrder | None,
    taken: ReceivedOrder,
    statuses: Statuses = STATUSES,
    *,
    under_way: bool = False,
) -> tuple[State, Rejection | None]:
    found = next_order(known, taken, statuses, under_way=under_way)
    assert (found.number, found.date, found.status) == ("1024", "2026-03-14", taken.status)
    assert found.payload == taken.payload
    return found.state, found.rejection


READY = (State.READY, None)
WAITING = (State.WAITING, WAITS)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (_taken(), READY),
        (_taken(NEW), WAITING),
        (_taken(total="?"), (State.FAILED, MALFORMED)),
        (_taken(NEW, total="?"), WAITING),
    ],
)
def test_a_new_order_is_ready_waits_or_is_not_understood(
    taken: ReceivedOrder, expected: tuple[State, Rejection | None]
) -> None:
    assert _next(None, taken) == expected


@pytest.mark.parametrize(
    ("known", "taken", "expected"),
    [
        # Waiting: until its status books.
        (_known(State.WAITING, WAITS, _taken(NEW)), _taken(NEW), WAITING),
        (_known(State.WAITING, WAITS, _taken(NEW)), _taken(NEW, total="24.20"), WAITING),
        (_known(State.WAITING, WAITS, _taken(NEW)), _taken(), READY),
        # Ready: as long as its status books.
        (_known(State.READY), _taken(), READY),
        (_known(State.READY), _taken(total="24.20"), READY),
        (_known(State.READY), _taken(NEW), WAITING),
        (_known(State.READY), _taken(total="?"), (State.FAILED, MALFORMED)),
        # Failed: with its reason, until something changes.
        (_known(State.FAILED, FAILED), _taken(), (State.FAILED, FAILED)),
        (_known(State.FAILED, FAILED), _taken(total="24.20"), READY),
        (_known(State.FAILED, FAILED), _taken(NEW), WAITING),
        (_known(State.FAILED, FAILED), _taken(total="?"), (State.FAILED, MALFORMED)),
        (
            _known(State.FAILED, MALFORMED, _taken(total="?")),
            _taken(total="?"),
            (State.FAILED, MALFORMED),
        ),
        (_known(State.FAILED, MALFORMED, _taken(total="?")), _taken(), READY),
        # Skipped: unless the order changes.
        (_known(State.SKIPPED, SKIPPED), _taken(), (State.SKIPPED, SKIPPED)),
        (_known(State.SKIPPED, SKIPPED), _taken(total="24.20"), READY),
        (_known(State.SKIPPED, SKIPPED), _taken(NEW), WAITING),
    ],
)
def test_an_order_that_is_seen_again_moves_on_only_when_it_changed(
    known: StoredOrder, taken: ReceivedOrder, expected: tuple[State, Rejection | None]
) -> None:
    assert _next(known, taken) == expected


def test_an_unchanged_order_follows_the_statuses_of_the_config_unless_it_is_skipped() -> None:
    assert _next(_known(State.WAITING, WAITS, _taken(NEW)), _taken(NEW), ALL_STATUSES) == READY
    assert _next(_known(State.READY), _taken(), NO_STATUSES)[0] is State.WAITING
    assert _next(_known(State.FAILED, FAILED), _taken(), NO_STATUSES)[0] is State.WAITING
    assert _next(_known(State.SKIPPED, SKIPPED), _taken(), NO_STATUSES) == (State.SKIPPED, SKIPPED)


@pytest.mark.parametrize("taken", [_taken(), _taken(total="24.20"), _taken(total="?")])
@pytest.mark.parametrize("known", [_known(State.FAILED, UNKNOWN), _known(State.READY)])
def test_an_order_that_may_be_in_minox_is_unknown_whatever_happens_in_the_shop(
    known: StoredOrder, taken: ReceivedOrder
) -> None:
    found = next_order(known, taken, STATUSES, under_way=True)
    assert (found.state, found.rejection) == (State.FAILED, UNKNOWN)
    assert found.waits is None


def test_an_order_that_may_be_in_minox_keeps_that_its_status_no_longer_books() -> None:
    cancelled = next_order(_known(State.FAILED, UNKNOWN), _taken(NEW), STATUSES, under_way=True)
    assert cancelled.state is State.FAILED
    assert cancelled.rejection is not None
    assert cancelled.rejection.reason is Reason.OUTCOME_UNKNOWN
    assert cancelled.waits == WAITS
    mended = next_order(cancelled, _taken(), STATUSES, under_way=True)
    assert mended.waits is None


@pytest.mark.parametrize(
    ("total", "cents"),
    [("12.10", 1210), (47.45, 4745), ("-0.05", -5), ("10000000000", None), ("?", None)],
)
def test_the_total_is_stored_in_cents_where_it_is_understood(
    total: object, cents: int | None
) -> None:
    assert next_order(None, _taken(total=total), STATUSES, under_way=False).total_cents == cents


@pytest.mark.parametrize(
    ("status", "shown"), [(PAID, None), (None, None), (NEW, "Nieuw (1)"), (7, "7")]
)
def test_a_status_that_does_not_book_is_told_by_name_and_number(
    status: int | None, shown: str | None
) -> None:
    rejection = STATUSES.rejection("1024", status)
    assert (rejection.values["status"] if rejection else None) == shown


# With the state


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state.db", read=read_stored_order) as opened:
        yield opened


def _taken_in(store: Store, *page: ReceivedOrder) -> Counts:
    counts = Counts()
    with store.transaction():
        take_in(store, page, STATUSES, counts)
    return counts


def _state(store: Store) -> State:
    order = store.order("1024")
    assert order is not None
    return order.state


def _book(store: Store, *, booked: bool = True) -> None:
    example = store.order("1024")
    assert example is not None
    store.intend_booking(_intent(example))
    if booked:
        store.mark_booked("1024")


def _intent(order: StoredOrder) -> StoredBooking:
    fields: dict[str, Any] = {
        "number": order.number,
        "batch_id": "5f0c0c3e-0000-5000-8000-000000000000",
        "customer": "10001",
        "total_cents": 1210,
        "body": "[]",
        "payload": order.payload,
        "sent_at": NOW,
        "booked_at": None,
        "verified": None,
        "differences": (),
        "shop_differences": (),
    }

    return StoredBooking(**fields)


def test_a_booked_order_is_finished_and_a_change_becomes_a_difference(store: Store) -> None:
    assert _taken_in(store, _taken()).new == 1
    _book(store)
    counts = _taken_in(store, _taken(NEW, total="24.20"))
    assert (counts.new, counts.changed, counts.differing, counts.seen) == (0, 0, ["1024"], {"1024"})

    assert _state(store) is State.BOOKED
    booking = store.booking("1024")
    assert booking is not None
    values = {"field": "total", "expected": "12.10", "found": "24.20"}
    undone = {"expected": "Betaald (2)", "found": "Nieuw (1)"}
    assert booking.shop_differences == (
        Difference(code="order_changed", values=values),
        Difference(code="status_differs", values=undone),
    )
    assert booking.payload == _taken().payload

    assert _taken_in(store, _taken(NEW, total="24.20")).differing == []  # told already
    assert _taken_in(store, _taken()).differing == []
    mended = store.booking("1024")
    assert mended is not None
    assert mended.shop_differences == ()


def test_a_booking_whose_answer_was_lost_holds_its_order(store: Store) -> None:
    _taken_in(store, _taken())
    _book(store, booked=False)
    store.mark("1024", State.FAILED, UNKNOWN)
    _taken_in(store, _taken(NEW, total="24.20"))
    assert _state(store) is State.FAILED
    sort_again(store, NO_STATUSES)
    assert _state(store) is State.FAILED
    order = store.order("1024")
    assert order is not None
    assert order.waits is not None
    sort_again(store, ALL_STATUSES)
    order = store.order("1024")
    assert order is not None
    assert (order.state, order.rejection) == (State.FAILED, UNKNOWN)


def test_new_and_changed_orders_are_counted(store: Store) -> None:
    assert _taken_in(store, _taken(NEW)).new == 1
    again = _taken_in(store, _taken(NEW))
    assert (again.new, again.changed) == (0, 0)
    changed = _taken_in(store, _taken())
    assert (changed.new, changed.changed) == (0, 1)
    assert _state(store) is State.READY


def test_other_statuses_in_the_config_sort_the_orders_again_but_not_the_skipped(
    store: Store,
) -> None:
    _taken_in(store, _taken(NEW))
    sort_again(store, ALL_STATUSES)
    assert _state(store) is State.READY
    sort_again(store, STATUSES)
    assert _state(store) is State.WAITING
    store.mark("1024", State.SKIPPED, SKIPPED)
    sort_again(store, ALL_STATUSES)
    assert _state(store) is State.SKIPPED


def test_a_booked_order_that_is_now_malformed_is_a_difference() -> None:
    assert changes_since(_taken(), _taken()) == ()
    (told,) = changes_since(_taken(), _taken(total="?"))
    assert (told.code, told.values["field"]) == ("order_changed", "price.total")


# An order is read once


def _read_payloads(monkeypatch: pytest.MonkeyPatch, store: Store) -> list[dict[str, Any]]:
    """Return the payloads that are read from now on, as a list that grows."""
    payloads: list[dict[str, Any]] = []

    def reading(payload: dict[str, Any]) -> ReceivedOrder:
        payloads.append(payload)
        return read_stored_order(payload)

    monkeypatch.setattr(store, "_reader", reading)
    return payloads


def test_a_stored_order_is_read_once_and_only_when_it_is_looked_into(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _taken_in(store, _taken())
    payloads = _read_payloads(monkeypatch, store)
    order = store.order("1024")
    assert order is not None
    assert payloads == []
    assert (order.order, order.order, order.problem) == (_taken().order, _taken().order, "")
    assert payloads == [_taken().payload]


def test_an_order_that_did_not_change_is_not_read_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _taken_in(store, _taken())
    payloads = _read_payloads(monkeypatch, store)
    sort_again(store, STATUSES)
    _book(store)
    _taken_in(store, _taken())
    assert payloads == []
    _taken_in(store, _taken(total="24.20"))
    assert payloads == [_taken().payload]


def test_a_state_that_was_opened_for_its_rows_alone_reads_no_order(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as rows:
        _taken_in(rows, _taken())
        order = rows.order("1024")
        assert order is not None
        with pytest.raises(NotImplementedError, match="1024"):
            _ = order.order


@pytest.mark.parametrize(
    "taken",
    [
        _taken(),
        _taken(status=NEW),
        _taken(total="24.20"),
        _taken(total="twelve"),
        _taken(total="0"),
    ],
)
@pytest.mark.parametrize("statuses", [STATUSES, ALL_STATUSES, NO_STATUSES])
def test_an_order_that_was_skipped_by_hand_stays_so_whatever_changes(
    taken: ReceivedOrder, statuses: Statuses
) -> None:
    known = _known(State.SKIPPED, BY_HAND)
    assert _next(known, taken, statuses) == (State.SKIPPED, BY_HAND)


def test_no_other_config_takes_back_that_an_order_was_skipped_by_hand(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db", read=read_stored_order) as store:
        store.take_in(_known(State.SKIPPED, BY_HAND))
        sort_again(store, Statuses(selected=frozenset({PAID}), since="2027-01-01"))
        (order,) = store.orders()
        assert (order.state, order.rejection) == (State.SKIPPED, BY_HAND)
