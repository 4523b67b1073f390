"""What a fetch has seen: a clock that was wrong for a while hides nothing, and years are taken in piece by piece."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from mww2minox.errors import ExitStatus
from mww2minox.sandbox import Fault, Settings
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
            an_order(number, total="12.10", email="b@example.nl", date=TODAY + dt.timedelta(days=day))
        )
    assert shop.run("fetch", numbers=["3"]) is ExitStatus.OK
    assert shop.run("fetch") is ExitStatus.OK
    assert shop.states() == {"1": "ready", "2": "ready", "3": "ready"}


@pytest.fixture
def years(shop: World) -> World:
    """A shop with an order in every month since January 2024, of which it left the old ones alone so far."""
    for place in range(27):
        day = dt.date(2024 + place // 12, place % 12 + 1, 10)
        shop.sandbox.shop.add(an_order(1001 + place, total="12.10", email="a@example.nl", date=day))
    return shop


FROM = dt.date(2024, 1, 1)


def test_years_are_taken_in_by_half_a_year(years: World) -> None:
    assert years.run("fetch", since=FROM) is ExitStatus.OK
    assert len(years.states()) == 27
    windows = {request.query.get("start_date") for request in years.sandbox.requests if "limit" in request.query}
    assert len(windows) == 5, "half a year at a time"


def test_an_interrupted_history_goes_on_where_it_was(years: World) -> None:
    years.sandbox.faults.append(Fault(kind="drop_before", side="shop", path="/v1/orders", skip=12, times=100))
    assert years.run("fetch", since=FROM) is ExitStatus.VENDOR
    before = len(years.states())
    assert 0 < before < 27
    years.sandbox.faults.clear()
    years.sandbox.requests.clear()
    assert years.run("fetch", since=FROM) is ExitStatus.OK
    starts = [request.query["start_date"] for request in years.sandbox.requests if "start_date" in request.query]
    assert min(starts) > "2024-01-01", "what was read already is not read again"
    assert len(years.states()) == 27


def test_a_history_that_is_done_is_read_anew(years: World) -> None:
    years.run("fetch", since=FROM)
    years.sandbox.requests.clear()
    years.run("fetch", since=FROM)
    starts = [request.query["start_date"] for request in years.sandbox.requests if "start_date" in request.query]
    assert min(starts) == "2024-01-01"


def test_a_history_that_was_left_for_days_is_read_anew(years: World) -> None:
    years.sandbox.faults.append(Fault(kind="drop_before", side="shop", path="/v1/orders", skip=12, times=100))
    years.run("fetch", since=FROM)
    years.sandbox.faults.clear()
    years.sandbox.requests.clear()
    years.clock.pass_by(3 * DAY)
    years.run("fetch", since=FROM)
    starts = [request.query["start_date"] for request in years.sandbox.requests if "start_date" in request.query]
    assert min(starts) == "2024-01-01", "orders may have changed since"
