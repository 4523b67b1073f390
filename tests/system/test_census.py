"""Once a day what the shop counts is held against what is known (books/rules.md, "The census")."""

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest

from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.shop import OrderFilter
from tests.harness.clock import Clock
from tests.harness.inside import Inside
from tests.harness.world import an_order

DAY = 86_400
MARCH = dt.date(2026, 3, 1)
COUNT = "/v1/orders/count"


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, number: int, **fields: Any) -> None:
    order = {"email": "a@example.nl", "date": MARCH + dt.timedelta(days=number % 14), **fields}
    vendors.shop.add(an_order(number, total="121.00", **order))


@pytest.fixture
def shop(inside: Inside, vendors: Sandbox, clock: Clock) -> Inside:
    """A shop with thirty orders, that is fetched every day; today not yet."""
    for number in range(1001, 1031):
        offer(vendors, number, archived=number % 3 == 0)
    for _day in range(3):
        assert inside("fetch").status == 0
        clock.pass_by(DAY)
    return inside


def counts(vendors: Sandbox) -> list[str]:
    """Return the queries of the counts that no window of a fetch asks for."""
    return [
        request.query.get("start_date", "")
        for request in vendors.requests
        if request.path == COUNT and "status_changed_start_date" not in request.query
    ]


def test_an_order_that_is_entered_ten_days_back_is_found_by_the_census_of_the_day(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    offer(vendors, 1031, date=dt.date(2026, 3, 10), status_changed_date="2026-03-10")
    assert shop("fetch").status == 0
    assert shop.report()["1031"]["state"] == "ready"
    clock.pass_by(DAY)
    told = shop("fetch")
    assert "counts" not in told.err


@pytest.mark.parametrize("archived", [True, False])
def test_it_is_found_among_live_and_archived_orders(
    shop: Inside, vendors: Sandbox, *, archived: bool
) -> None:
    offer(vendors, 1031, date=MARCH, archived=archived)
    assert shop("fetch").status == 0
    assert "1031" in shop.report()


def test_the_fetch_after_the_first_holds_the_census_too(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors, 1001)
    assert inside("fetch").status == 0
    offer(vendors, 1002, date=MARCH)
    assert inside("fetch").status == 0
    assert set(inside.report()) == {"1001", "1002"}


def test_where_nothing_differs_it_takes_four_requests_once_a_day(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    with mock.patch("mww2minox.commands.fetch.hold_census"):
        vendors.requests.clear()
        shop("fetch")
        without = len(vendors.requests)
    vendors.requests.clear()
    shop("fetch")
    assert len(vendors.requests) <= without + 4

    vendors.requests.clear()
    clock.pass_by(1800)
    shop("fetch")
    assert len(vendors.requests) < without


def test_test_orders_are_none_and_orders_from_before_the_first_date_neither(
    shop: Inside, vendors: Sandbox
) -> None:
    since = dt.date.fromisoformat(vendors.config()["shop"]["since"])
    offer(vendors, 1031, date=MARCH, test=True)
    offer(vendors, 1032, date=since - dt.timedelta(days=3))
    assert shop("fetch", "--order", "1032").status == 0
    offer(vendors, 1033, date=since - dt.timedelta(days=3))
    vendors.requests.clear()
    told = shop("fetch")
    assert told.err.count("\n") == 1
    assert len(counts(vendors)) <= 12
    assert not {"1031", "1033"} & set(shop.report())


def test_a_booked_order_that_is_gone_is_told_by_the_census(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    assert shop("push").status == 0
    vendors.shop.remove("1010")
    told = shop("fetch")
    assert "Order 1010: the order is no longer in the shop" in " ".join(told.err.split())
    assert shop.report()["1010"]["differences"] == ["the order is no longer in the shop"]
    assert shop("seen", "1010").status == 0

    clock.pass_by(DAY)
    vendors.requests.clear()
    told = shop("-q", "fetch")
    assert told.err == ""
    assert "/v1/orders/1010" not in [request.path for request in vendors.requests]
    assert shop("verify").status == 0, "somebody has looked at it"


def test_an_order_that_moved_to_another_day_counts_on_that_day(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    assert shop("push").status == 0
    vendors.shop.change("1010", date="2026-03-14")
    for _day in range(40):  # the days are divided between the two on one of these
        shop("fetch")
        if shop.report()["1010"]["differences"]:
            break
        clock.pass_by(DAY)
    (told,) = shop.report()["1010"]["differences"]
    assert told.endswith("date was 3 Mar 2026, is now 14 Mar 2026")
    clock.pass_by(DAY)
    vendors.requests.clear()
    shop("fetch")
    assert not any(request.path == "/v1/orders/1010" for request in vendors.requests)


@contextmanager
def hidden(number: str) -> Iterator[None]:
    """Let the shop count an order and never show it."""
    page = OrderFilter.page

    def without(wanted: OrderFilter, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one for one in page(wanted, found) if str(one["number"]) != number]

    with mock.patch.object(OrderFilter, "page", without):
        yield


def test_what_still_differs_is_told_once_with_the_day(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    offer(vendors, 1031, date=dt.date(2026, 3, 10))
    with hidden("1031"):
        told = " ".join(shop("fetch").err.split())
        assert "The shop counts 3 orders of 10 Mar 2026, and 2 are known here." in told
        assert "mww2minox fetch --since 2026-03-10 --until 2026-03-10" in told
        clock.pass_by(DAY)
        assert "The shop counts 3" not in shop("fetch").err
        clock.pass_by(7 * DAY)
        assert "The shop counts 3" not in shop("fetch").err
        (uncounted,) = json.loads(shop("report", "--format", "json").out)["uncounted"]
        assert "The shop counts 3 orders of 10" in uncounted["message"]
        for command in (("report",), ("check",)):
            assert "The shop counts 3 orders of 10" in " ".join(shop(*command).out.split())

    clock.pass_by(7 * DAY)
    assert shop("fetch").status == 0
    assert "1031" in shop.report()
    assert "The shop counts" not in shop("report").out


def test_an_order_without_a_number_is_told_by_itself_alone(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    nameless = an_order(1031, total="12.10", email="a@example.nl", date=dt.date(2026, 3, 10))
    vendors.shop.orders["1031"] = nameless | {"number": ""}
    for _day in range(2):
        told = shop("fetch")
        assert "The shop counts" not in told.err
        clock.pass_by(DAY)
    (name,) = [number for number in shop.report() if number.startswith("?")]
    assert shop.report()[name]["reason"] == "order_invalid"


def test_a_census_that_breaks_off_is_held_by_the_next_fetch(shop: Inside, vendors: Sandbox) -> None:
    offer(vendors, 1031, date=dt.date(2026, 3, 10))
    with mock.patch("mww2minox.steps.census.take_census", side_effect=KeyboardInterrupt):
        assert shop("fetch").status == 130
    assert shop("fetch").status == 0
    assert "1031" in shop.report()
