"""What a fetch has seen: a clock that was wrong for a while hides nothing, and years are taken in
piece by piece.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from mww2minox.errors import ExitStatus
from mww2minox.sandbox import Fault, Settings
from mww2minox.sandbox.shop import OrderFilter
from tests.world import TODAY, World, an_order, world

DAY = 86_400


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    """A shop without orders, at noon on 20 March 2026."""
    with world(tmp_path, settings=Settings(rate_limit=10**6), samples=False) as made:
        yield made


def test_a_clock_that_ran_ahead_hides_no_order(shop: World) -> None:
    shop.sandbox.shop.add(an_order(1, total="12.10", email="a@example.nl"))
    shop.clock.set_forward(400 * DAY)
    assert shop.run("fetch") is ExitStatus.OK
    shop.clock.set_forward(-400 * DAY)
    shop.clock.pass_by(30 * DAY)
    for number, day in ((2, 5), (3, 30)):
        shop.sandbox.shop.add(
            an_order(
                number, total="12.10", email="b@example.nl", date=TODAY + dt.timedelta(days=day)
            )
        )
    assert shop.run("fetch", numbers=["3"]) is ExitStatus.OK
    assert shop.run("fetch") is ExitStatus.OK
    assert shop.states() == {"1": "ready", "2": "ready", "3": "ready"}


@pytest.fixture
def years(shop: World) -> World:
    """A shop with an order in every month since January 2024, of which it left the old ones alone
    so far.
    """
    for place in range(27):
        day = dt.date(2024 + place // 12, place % 12 + 1, 10)
        shop.sandbox.shop.add(an_order(1001 + place, total="12.10", email="a@example.nl", date=day))
    return shop


FROM = dt.date(2024, 1, 1)


def test_years_are_taken_in_by_half_a_year(years: World) -> None:
    assert years.run("fetch", since=FROM) is ExitStatus.OK
    assert len(years.states()) == 27
    windows = {
        request.query.get("start_date")
        for request in years.sandbox.requests
        if "limit" in request.query
    }
    assert len(windows) == 5, "half a year at a time"


def test_an_interrupted_history_goes_on_where_it_was(years: World) -> None:
    years.sandbox.faults.append(
        Fault(kind="drop_before", side="shop", path="/v1/orders", skip=12, times=100)
    )
    assert years.run("fetch", since=FROM) is ExitStatus.VENDOR
    before = len(years.states())
    assert 0 < before < 27
    years.sandbox.faults.clear()
    years.sandbox.requests.clear()
    assert years.run("fetch", since=FROM) is ExitStatus.OK
    starts = [
        request.query["start_date"]
        for request in years.sandbox.requests
        if "start_date" in request.query
    ]
    assert min(starts) > "2024-01-01", "what was read already is not read again"
    assert len(years.states()) == 27


def test_a_history_that_is_done_is_read_anew(years: World) -> None:
    years.run("fetch", since=FROM)
    years.sandbox.requests.clear()
    years.run("fetch", since=FROM)
    starts = [
        request.query["start_date"]
        for request in years.sandbox.requests
        if "start_date" in request.query
    ]
    assert min(starts) == "2024-01-01"


def test_a_history_that_was_left_for_days_is_read_anew(years: World) -> None:
    years.sandbox.faults.append(
        Fault(kind="drop_before", side="shop", path="/v1/orders", skip=12, times=100)
    )
    years.run("fetch", since=FROM)
    years.sandbox.faults.clear()
    years.sandbox.requests.clear()
    years.clock.pass_by(3 * DAY)
    years.run("fetch", since=FROM)
    starts = [
        request.query["start_date"]
        for request in years.sandbox.requests
        if "start_date" in request.query
    ]
    assert min(starts) == "2024-01-01", "orders may have changed since"


@contextmanager
def hidden(number: str) -> Iterator[None]:
    """Let the shop count an order and not show it, as when it moves between pages all the while."""
    page = OrderFilter.page

    def without(wanted: OrderFilter, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one for one in page(wanted, found) if str(one["number"]) != number]

    with mock.patch.object(OrderFilter, "page", without):
        yield


def test_a_history_of_which_something_was_missed_is_read_again(
    years: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with hidden("1008"):
        assert years.run("fetch", since=FROM) is ExitStatus.OK
    assert len(years.states()) == 26
    assert "mww2minox fetch --since 2024-01-01" in capsys.readouterr().err
    assert years.run("fetch", since=FROM) is ExitStatus.OK
    assert len(years.states()) == 27


def test_the_watermark_stays_before_what_was_missed_years_ago(years: World) -> None:
    years.since = FROM
    with hidden("1003"):
        assert years.run("fetch") is ExitStatus.OK
    assert len(years.states()) == 26, "what comes after it is taken in"
    assert years.run("fetch") is ExitStatus.OK
    assert len(years.states()) == 27


@pytest.mark.parametrize("since", [None, dt.date(9999, 12, 31), dt.date(2026, 4, 1)])
def test_until_may_be_as_late_as_a_date_can_be(years: World, since: dt.date | None) -> None:
    years.sandbox.shop.add(
        an_order(2001, total="12.10", email="a@example.nl", date=dt.date(2026, 5, 1))
    )
    assert years.run("fetch", since=since, until=dt.date.max) is ExitStatus.OK
    assert ("2001" in years.states()) is (since != dt.date.max), (
        "dated in the future, and asked for"
    )


@pytest.mark.parametrize("since", [None, dt.date(2026, 2, 1)])
def test_days_that_are_none_are_refused(years: World, since: dt.date | None) -> None:
    assert years.run("fetch", since=since, until=dt.date(2025, 1, 31)) is ExitStatus.USAGE
    assert "mww2minox fetch --since 2025-01-31 --until 2025-01-31" in years.errors[-1].suggestion


@pytest.mark.parametrize("command", ["fetch", "retry"])
def test_a_pause_that_the_statuses_ask_for_is_remembered(shop: World, command: str) -> None:
    shop.sandbox.shop.add(an_order(1, total="12.10", email="a@example.nl"))
    shop.sandbox.faults.append(
        Fault(kind="429", side="shop", path="/v1/orderstatuses", retry_after="4000")
    )
    numbers = [["1"]] if command == "retry" else []
    assert shop.run(command, *numbers) is ExitStatus.VENDOR
    shop.sandbox.requests.clear()
    assert shop.run(command, *numbers) is ExitStatus.VENDOR
    assert shop.sandbox.requests == [], "the shop is left alone"
