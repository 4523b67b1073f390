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
from tests.harness.world import TODAY, World, an_order, world

pytestmark = pytest.mark.thorough

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


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more than seven orders are read as one."""
    monkeypatch.setattr("mww2minox.commands.fetch.MOST_AT_ONCE", 7)


def windows_of(years: World) -> list[str | None]:
    return [
        request.query.get("start_date")
        for request in years.sandbox.requests
        if "limit" in request.query
    ]


@pytest.mark.usefixtures("few_at_once")
def test_years_are_taken_in_by_so_many_orders(years: World) -> None:
    assert years.run("fetch", since=FROM) is ExitStatus.OK
    assert len(years.states()) == 27
    windows = windows_of(years)
    assert len(windows) == len(set(windows)) == 4, "and none for what is counted as none"


def test_a_few_orders_of_many_years_take_a_request_of_each_kind(years: World) -> None:
    years.since = dt.date(2019, 1, 1)
    assert years.run("fetch") is ExitStatus.OK
    assert len(years.states()) == 27
    asked = [request.path for request in years.sandbox.requests]
    assert sorted(asked) == ["/v1/orders", "/v1/orders", "/v1/orderstatuses", "/v1/store"]


def test_a_fetch_that_finds_nothing_new_takes_four_requests(years: World) -> None:
    years.since = FROM
    for _time in range(2):
        years.run("fetch")
    years.sandbox.requests.clear()
    assert years.run("fetch") is ExitStatus.OK
    assert [request.path for request in years.sandbox.requests] == ["/v1/orders"] * 4


@pytest.mark.usefixtures("few_at_once")
def test_a_first_fetch_of_many_orders_goes_by_stretches(years: World) -> None:
    years.since = FROM
    for place in range(100):
        day = FROM + dt.timedelta(days=8 * place)
        years.sandbox.shop.add(an_order(2001 + place, total="12.10", email="a@a.nl", date=day))
    assert years.run("fetch") is ExitStatus.OK
    assert len(years.states()) == 127
    assert len(set(windows_of(years))) > 16


@pytest.mark.usefixtures("few_at_once")
def test_an_interrupted_history_goes_on_where_it_was(years: World) -> None:
    years.sandbox.faults.append(
        Fault(kind="drop_before", side="shop", path="/v1/orders", skip=10, times=100)
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


@pytest.mark.usefixtures("few_at_once")
def test_a_history_that_was_left_for_days_is_read_anew(years: World) -> None:
    years.sandbox.faults.append(
        Fault(kind="drop_before", side="shop", path="/v1/orders", skip=10, times=100)
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


# `shop.since` is moved

WAITS = "waiting before_since"
APRIL = dt.date(2026, 4, 1)


def states_of(shop: World, *numbers: str) -> list[str]:
    """Return the states of these orders; that of an order that is not known is empty."""
    states = shop.states()
    return [states.get(number, "") for number in numbers]


@pytest.fixture
def three(shop: World) -> World:
    """A shop with orders of January, February and March; only those since February are known."""
    for number, month in ((1, 1), (2, 2), (3, 3)):
        day = dt.date(2026, month, 10)
        shop.sandbox.shop.add(an_order(number, total="12.10", email="a@example.nl", date=day))
    shop.move_since(dt.date(2026, 2, 1))
    assert shop.run("fetch") is ExitStatus.OK
    assert states_of(shop, "1", "2", "3") == ["", "ready", "ready"]
    return shop


@pytest.mark.parametrize("command", ["fetch", "push"])
def test_orders_from_before_a_later_since_wait(three: World, command: str) -> None:
    three.move_since(dt.date(2026, 3, 1))
    assert three.run(command) is ExitStatus.OK
    assert three.run("push") is ExitStatus.OK
    assert states_of(three, "2", "3") == [WAITS, "booked"]
    assert three.bookings_of("2") == []


def test_failed_orders_from_before_a_later_since_wait_too(three: World) -> None:
    three.sandbox.shop.change("2", debtor={})
    assert three.run("fetch", numbers=["2"]) is ExitStatus.OK
    assert three.run("push") is ExitStatus.ATTENTION
    assert states_of(three, "2") == ["failed email_missing"]
    three.move_since(dt.date(2026, 3, 1))
    assert three.run("retry", [], everything=True) is ExitStatus.OK
    assert states_of(three, "2") == [WAITS]


def test_a_change_in_the_shop_lets_no_order_from_before_since_go(three: World) -> None:
    three.move_since(dt.date(2026, 3, 1))
    assert three.run("fetch") is ExitStatus.OK
    changed = an_order(2, total="24.20", email="b@example.nl", date=dt.date(2026, 2, 10))
    del changed["number"]
    three.sandbox.shop.change("2", **changed)
    three.clock.pass_by(2 * DAY)
    assert three.run("fetch") is ExitStatus.OK
    assert three.run("push") is ExitStatus.OK
    assert states_of(three, "2", "3") == [WAITS, "booked"]


def test_an_order_whose_date_moves_before_since_waits(three: World) -> None:
    three.sandbox.shop.change("2", date="2026-01-20")
    assert three.run("fetch", numbers=["3"]) is ExitStatus.OK
    three.clock.pass_by(2 * DAY)
    assert three.run("fetch") is ExitStatus.OK
    assert states_of(three, "2", "3") == [WAITS, "ready"]


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("fetch", {"numbers": ["2"]}),
        ("fetch", {"since": dt.date(2026, 2, 1)}),
        ("fetch", {"since": dt.date(2026, 2, 1), "until": dt.date(2026, 2, 28)}),
    ],
)
def test_an_option_asks_for_an_order_from_before_since_for_good(
    three: World, command: str, options: dict[str, Any]
) -> None:
    three.move_since(dt.date(2026, 3, 1))
    assert three.run("fetch") is ExitStatus.OK
    assert states_of(three, "2") == [WAITS]
    assert three.run(command, **options) is ExitStatus.OK
    assert states_of(three, "2") == ["ready"]
    three.clock.pass_by(2 * DAY)
    three.move_since(dt.date(2026, 3, 5))
    assert three.run("fetch") is ExitStatus.OK
    assert three.run("push") is ExitStatus.OK
    assert states_of(three, "1", "2", "3") == ["", "booked", "booked"]


def test_a_retry_of_an_order_from_before_since_books_it(three: World) -> None:
    three.move_since(dt.date(2026, 3, 1))
    assert three.run("fetch") is ExitStatus.OK
    assert three.run("retry", ["1", "2"]) is ExitStatus.OK
    assert states_of(three, "1", "2", "3") == ["booked", "booked", "ready"]


def test_an_option_asks_for_no_order_that_since_let_in_itself(three: World) -> None:
    assert three.run("fetch", since=dt.date(2026, 2, 1)) is ExitStatus.OK
    three.move_since(dt.date(2026, 3, 1))
    assert three.run("fetch") is ExitStatus.OK
    assert states_of(three, "2") == [WAITS]


def test_since_moved_earlier_takes_in_what_lies_between(three: World) -> None:
    three.run("push")
    three.move_since(dt.date(2026, 1, 1))
    assert three.run("fetch") is ExitStatus.OK
    assert states_of(three, "1", "2", "3") == ["ready", "booked", "booked"]
    three.sandbox.requests.clear()
    assert three.run("fetch") is ExitStatus.OK
    starts = [
        request.query["start_date"]
        for request in three.sandbox.requests
        if "start_date" in request.query and "limit" in request.query
    ]
    assert min(starts) > "2026-03-01", "once"


def test_since_moved_there_and_back_loses_and_doubles_nothing(three: World) -> None:
    three.move_since(dt.date(2026, 3, 20))
    assert three.run("fetch") is ExitStatus.OK
    late = an_order(4, total="12.10", email="a@example.nl", date=dt.date(2026, 2, 20))
    three.sandbox.shop.add(late)
    assert three.run("fetch") is ExitStatus.OK
    assert states_of(three, "2", "3", "4") == [WAITS, WAITS, ""]
    three.move_since(dt.date(2026, 2, 1))
    assert three.run("fetch") is ExitStatus.OK
    assert states_of(three, "1", "2", "3", "4") == ["", "ready", "ready", "ready"]


def test_a_fetch_that_breaks_off_after_since_moved_earlier_leaves_nothing_out(
    three: World,
) -> None:
    three.move_since(dt.date(2026, 1, 1))
    orders = Fault(kind="drop_before", side="shop", path="/v1/orders$", times=100)
    three.sandbox.faults.append(orders)
    assert three.run("fetch") is ExitStatus.VENDOR
    three.sandbox.faults.clear()
    assert three.run("fetch") is ExitStatus.OK
    assert states_of(three, "1", "2", "3") == ["ready", "ready", "ready"]


def test_a_booking_whose_answer_was_lost_is_finished_whatever_since_is(three: World) -> None:
    lost = Fault(kind="drop_after", method="PUT", path="transaction_line_batch", times=100)
    three.sandbox.faults.append(lost)
    three.sandbox.settings.update({"lookup_lag": 600})
    three.run("push", numbers=["2"])
    assert three.bookings_of("2")
    three.sandbox.faults.clear()
    three.move_since(dt.date(2026, 3, 1))
    assert three.run("fetch") is ExitStatus.OK
    assert states_of(three, "2") != [WAITS]
    three.clock.pass_by(700)
    assert three.run("push") is ExitStatus.OK
    assert states_of(three, "2", "3") == ["booked", "booked"]


@pytest.mark.parametrize("command", ["fetch", "push"])
def test_it_is_told_once_that_orders_wait_for_since(
    three: World, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    three.move_since(dt.date(2026, 3, 1))
    three.run(command)
    assert "1 order from before shop.since (1 Mar 2026) waits" in capsys.readouterr().err
    three.run("fetch")
    three.run("push")
    assert "shop.since" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["fetch", "push"])
def test_it_is_told_that_an_order_that_waited_for_its_status_waits_for_since(
    three: World, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    three.sandbox.shop.set_status("2", 1)
    three.clock.pass_by(2 * DAY)
    three.run("fetch")
    assert states_of(three, "2") == ["waiting status_not_selected"]
    capsys.readouterr()
    three.move_since(dt.date(2026, 3, 1))
    three.run(command)
    assert "1 order from before shop.since (1 Mar 2026) waits" in capsys.readouterr().err
    assert states_of(three, "2") == [WAITS]
    three.run("fetch")
    three.run("push")
    assert "shop.since" not in capsys.readouterr().err


def test_orders_from_before_since_are_not_read_every_day(three: World) -> None:
    three.move_since(APRIL)
    assert three.run("fetch") is ExitStatus.OK
    three.sandbox.requests.clear()
    three.clock.pass_by(2 * DAY)
    assert three.run("fetch") is ExitStatus.OK
    assert not {"/v1/orders/2", "/v1/orders/3"} & {seen.path for seen in three.sandbox.requests}


def test_a_state_of_an_older_version_is_read_once_from_since_on(three: World) -> None:
    with three.opened() as store:
        store.set_note("orders seen from", None)
    three.move_since(dt.date(2026, 1, 1))
    assert three.run("fetch") is ExitStatus.OK
    assert states_of(three, "1", "2", "3") == ["ready", "ready", "ready"]


# How orders were paid


def test_how_orders_were_paid_is_asked_by_fetch_once(shop: World) -> None:
    shop.sandbox.settings.order_payment = False
    for number in (1, 2):
        shop.sandbox.shop.add(an_order(number, total="12.10", email="a@example.nl"))
    shop.sandbox.faults.append(Fault("html", path="/payments", times=6))
    assert shop.run("fetch") is ExitStatus.OK
    assert shop.states() == {"1": "ready", "2": "ready"}

    for command in ("fetch", "fetch", "push"):
        assert shop.run(command) is ExitStatus.OK
    asked = [request for request in shop.sandbox.requests if request.path.endswith("/payments")]
    assert len(asked) == 6 + 2


def test_a_shop_that_ceases_to_tell_how_it_was_paid_changes_no_order(shop: World) -> None:
    cash: Any = {"payment": {"gateway_name": "basic", "method_name": "cash"}}
    for number in (1, 2):
        shop.sandbox.shop.add(an_order(number, total="12.10", email="a@example.nl", **cash))
    shop.run("fetch")
    assert shop.run("push", numbers=["1"]) is ExitStatus.OK

    shop.sandbox.settings.order_payment = False
    shop.sandbox.shop.set_status("2", 3)
    shop.clock.pass_by(DAY)
    for command in ("fetch", "push", "verify"):
        assert shop.run(command) is ExitStatus.OK
    assert shop.states() == {"1": "booked", "2": "booked"}
    assert not [request for request in shop.sandbox.requests if "/payments" in request.path]
    customers = {
        line["account"]["id"]
        for batch in shop.sandbox.minox.batches.values()
        for line in batch
        if line["account"]["type"] == "customer"
    }
    assert customers == {"10600"}
