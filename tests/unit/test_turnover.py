"""The VAT sums of a booking: those that it was stored with, and those that an earlier version's
body and order tell.
"""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from mww2minox.books.decision import decide
from mww2minox.books.model import Booking, Order, State, VatPosting, VatRow
from mww2minox.books.vat_sums import UNKNOWN, Turnover, turnover_of
from mww2minox.minox.wire import booking_body
from mww2minox.sandbox import samples
from mww2minox.shop.orders import read_order, read_stored_order
from mww2minox.state import Store, StoredBooking, StoredOrder
from mww2minox.state.turnover import explained, rows_of
from tests.harness.builders import ADMINISTRATION, RULES, VAT

TODAY = dt.date(2026, 3, 20)
GIFT_CARD = VatRow(region="NL", rate=Decimal(0), type="gift_card", code=None, ledger="1850")


def booked_samples(posting: VatPosting) -> Iterator[tuple[Order, Booking, str]]:
    """Yield the sample orders that are booked, with their bookings and their JSON in the state."""
    rules = replace(RULES, vat_posting=posting, vat=(*VAT, GIFT_CARD), rounding_ledger="4990")
    for sample in samples(TODAY):
        received = read_order(sample.order)
        outcome = received.order and decide(received.order, rules, ADMINISTRATION).outcome
        if received.order and isinstance(outcome, Booking):
            yield received.order, outcome, json.dumps(received.payload)


def by_rate(turnover: Turnover) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Return cents of net and VAT by strategy, region and rate."""
    sums: dict[tuple[str, str, str], tuple[int, int]] = {}
    for row in rows_of("1", turnover):
        key = (row["strategy"], row["region"], row["rate"])
        net, vat = sums.get(key, (0, 0))
        sums[key] = (net + row["net_cents"], vat + row["vat_cents"])
    return sums


@pytest.mark.parametrize("posting", [VatPosting.NET, VatPosting.GROSS])
def test_a_body_with_vat_codes_tells_what_was_booked(posting: VatPosting) -> None:
    count = 0
    for order, booking, payload in booked_samples(posting):
        stored = turnover_of(order, booking)
        told = explained(booking_body(booking, "10001").decode(), payload, "NL")
        assert told is not None
        assert sorted(map(repr, rows_of("1", told))) == sorted(map(repr, rows_of("1", stored)))
        count += 1
    assert count > 20


@pytest.mark.parametrize("posting", [VatPosting.LEDGER, VatPosting.LINE, VatPosting.DEBTOR])
def test_where_a_body_tells_no_codes_the_order_tells_its_vat(posting: VatPosting) -> None:
    for order, booking, payload in booked_samples(posting):
        told = explained(booking_body(booking, "10001").decode(), payload, "NL")
        assert told is not None
        assert (told.fiscal_year, told.period) == (booking.fiscal_year, booking.period)
        assert {part.code for part in told.sums} == {UNKNOWN}
        stored = by_rate(turnover_of(order, booking))
        assert {key: vat for key, (_net, vat) in by_rate(told).items()} == {
            key: vat for key, (_net, vat) in stored.items()
        }


def test_another_ones_booking_has_the_sums_of_its_order_and_no_codes() -> None:
    (sample,) = [sample for sample in samples(TODAY) if sample.number == "1003"]
    told = explained("", json.dumps(read_order(sample.order).payload), "NL")
    assert told is not None
    assert (told.period, told.country) == (0, "NL")
    assert [(part.code, part.ledger) for part in told.sums] == [(UNKNOWN, UNKNOWN)] * 2


@pytest.mark.parametrize(
    ("body", "payload"),
    [("", "{}"), ("[]", "{}"), ("[{}]", "{}"), ("", '{"malformed": {}}'), ("{", "{")],
)
def test_what_tells_nothing_is_not_explained(body: str, payload: str) -> None:
    assert explained(body, payload, "NL") is None


# In the state file


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state.db", read=read_stored_order) as opened:
        opened.set_note("shop region", "NL")
        yield opened


def stored(number: str) -> tuple[StoredOrder, StoredBooking, Order, Booking]:
    """Return a sample order and its booking as they are stored."""
    sample = next(one for one in samples(TODAY) if one.number == number)
    received = read_order(sample.order)
    assert received.order
    booking = decide(received.order, RULES, ADMINISTRATION).outcome
    assert isinstance(booking, Booking)

    order = StoredOrder(
        number=number,
        date=received.date,
        status=2,
        state=State.READY,
        rejection=None,
        total_cents=int(booking.total * 100),
        payload=received.payload,
    )
    intent = StoredBooking(
        number=number,
        batch_id="a",
        customer="10001",
        total_cents=int(booking.total * 100),
        body=booking_body(booking, "10001").decode(),
        payload=received.payload,
        sent_at=dt.datetime(2026, 3, 20, tzinfo=dt.UTC),
        booked_at=None,
        turnover=turnover_of(received.order, booking),
    )
    return order, intent, received.order, booking


def vat_in_books(store: Store) -> Decimal:
    figures = store.vat_figures(dt.date(2020, 1, 1), dt.date(2030, 1, 1))
    return sum((one.vat for one in figures), Decimal(0))


def test_the_sums_of_a_booking_count_once_it_is_booked(store: Store) -> None:
    order, intent, _order, booking = stored("1003")
    store.take_in(order)
    store.intend_booking(intent)
    assert (vat_in_books(store), store.unexplained()) == (Decimal(0), 0)

    store.mark_booked("1003")
    assert vat_in_books(store) == sum(share.vat for share in booking.shares)
    assert store.turnovers_of(["1003"])["1003"] == intent.turnover


def test_a_booking_that_is_rightly_gone_has_no_sums_until_it_is_back(store: Store) -> None:
    order, intent, _order, _booking = stored("1003")
    store.take_in(order)
    store.intend_booking(intent)
    store.mark_booked("1003")
    before = vat_in_books(store)

    store.mark_absent("1003")
    assert (vat_in_books(store), store.unexplained()) == (Decimal(0), 0)
    store.mark_verified("1003", ())
    assert vat_in_books(store) == before


def test_the_sums_go_with_a_booking_that_is_dropped_or_no_longer_adopted(store: Store) -> None:
    order, intent, _order, _booking = stored("1003")
    store.take_in(order)
    store.intend_booking(intent)
    store.drop_intent("1003", State.READY, None)
    assert store.turnovers_of(["1003"]) == {}

    store.intend_booking(intent)
    store.mark_booked("1003")
    store.undo_adoption("1003", "a")
    assert store.turnovers_of(["1003"]) == {}


def test_what_was_sent_is_the_total_of_a_booked_order(store: Store) -> None:
    order, intent, _order, _booking = stored("1003")
    store.take_in(order)
    store.intend_booking(intent)
    store.take_in(replace(order, total_cents=1))
    (before,) = store.sums_per_day()
    store.mark_booked("1003")
    (after,) = store.sums_per_day()
    assert before.total == after.total == Decimal(intent.total_cents) / 100


def test_a_booking_that_nothing_explains_is_counted(store: Store) -> None:
    order, intent, _order, _booking = stored("1003")
    store.take_in(order)
    store.intend_booking(replace(intent, turnover=None, body="", payload={}))
    store.mark_booked("1003")
    assert store.unexplained() == 1


def test_what_both_sides_agree_on_later_is_what_counts(store: Store) -> None:
    order, intent, _order, _booking = stored("1003")
    store.take_in(order)
    store.intend_booking(intent)
    store.mark_booked("1003")

    _other, agreed, _order, booking = stored("1001")
    now = read_stored_order(agreed.payload)
    store.mark_agreed(replace(agreed, number="1003", turnover=None), now)
    assert vat_in_books(store) == sum(share.vat for share in booking.shares)
