"""Verified once is not for ever: `verify` looks again once a week (books/rules.md, "Reading
back").
"""

import datetime as dt
from typing import Any

import pytest

from mww2minox.sandbox import Sandbox
from tests.harness.clock import Clock
from tests.harness.inside import Inside
from tests.harness.world import an_order

DAY = 86_400
MARCH = dt.date(2026, 3, 10)
BATCH = "/transaction_line_batch/"


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, number: int, **fields: Any) -> None:
    order = {"email": "a@example.nl", "date": MARCH, **fields}
    vendors.shop.add(an_order(number, total="121.00", **order))


@pytest.fixture
def shop(inside: Inside, vendors: Sandbox) -> Inside:
    """A shop with twelve bookings of March and two of January, all verified today."""
    for number in range(1001, 1013):
        offer(vendors, number)
    for number in (1013, 1014):
        offer(vendors, number, date=dt.date(2026, 1, 2))
    for command in ("fetch", "push", "verify"):
        assert inside(command).status == 0
    return inside


def batch_of(shop: Inside, number: str) -> str:
    return str(shop.report()[number]["batch_id"])


def read_one_by_one(vendors: Sandbox) -> int:
    return sum(BATCH in request.path for request in vendors.requests)


def test_a_booking_that_is_deleted_weeks_after_it_was_verified_is_told_within_a_week(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    for _week in range(3):
        clock.pass_by(7 * DAY)
        assert shop("verify").status == 0
    vendors.minox.delete_batch(batch_of(shop, "1005"))
    ended = []
    for _day in range(7):  # as the timers run it
        clock.pass_by(DAY)
        ended.append(shop("verify").status)
    assert ended == [0] * 6 + [3]
    (told,) = shop.report()["1005"]["differences"]
    assert "is no longer in Minox" in told


def test_between_the_weeks_nothing_that_was_right_is_read_again(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    clock.pass_by(2 * DAY)
    vendors.requests.clear()
    assert "nothing to verify" in shop("verify").err
    assert vendors.requests == []
    clock.pass_by(5 * DAY)
    assert "Verified: 14 bookings" in shop("verify").err
    assert "nothing to verify" in shop("verify").err


def test_the_hour_of_the_daily_run_does_not_matter_to_the_week(shop: Inside, clock: Clock) -> None:
    clock.pass_by(7 * DAY - 3600)
    assert "Verified: 14 bookings" in shop("verify").err


def test_what_was_booked_or_dated_longer_ago_is_left(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    clock.pass_by(60 * DAY)
    offer(vendors, 1020, date=dt.date(2026, 1, 3))
    for command in ("fetch", "push", "verify"):
        assert shop(command).status == 0
    clock.pass_by(60 * DAY)
    assert "Verified: 1 booking," in shop("verify").err, "an old order that was booked of late"
    assert "Verified: 15 bookings" in shop("verify", "--all").err


@pytest.mark.parametrize("arguments", [("--order", "1001"), ("--since", "2026-03-01")])
def test_a_part_that_somebody_asks_for_is_not_the_weeks(
    shop: Inside, clock: Clock, arguments: tuple[str, str]
) -> None:
    clock.pass_by(8 * DAY)
    asked = shop("verify", *arguments)
    assert f"Verified: {1 if '--order' in arguments else 12} booking" in asked.err
    assert "Verified: 14 bookings" in shop("verify").err


def test_all_that_somebody_asks_for_is_the_weeks(shop: Inside, clock: Clock) -> None:
    clock.pass_by(8 * DAY)
    assert "Verified: 14 bookings" in shop("verify", "--all").err
    assert "nothing to verify" in shop("verify").err


def test_a_week_that_breaks_off_is_looked_at_by_the_next_run(
    shop: Inside, vendors: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.pass_by(8 * DAY)
    vendors.minox.delete_batch(batch_of(shop, "1005"))
    with monkeypatch.context() as broken:
        broken.setattr("mww2minox.commands.verify._look_for_missing", _interrupted)
        assert shop("verify").status == 130
    assert "Verified: 14 bookings" in shop("verify").err


def _interrupted(_run: object) -> None:
    raise KeyboardInterrupt


# By period


def test_many_bookings_of_a_period_are_read_by_page_and_few_one_by_one(
    shop: Inside, vendors: Sandbox
) -> None:
    vendors.requests.clear()
    assert shop("verify", "--all").status == 0
    assert read_one_by_one(vendors) == 2, "those of January"
    assert len([seen for seen in vendors.requests if "transaction_lines" in seen.path]) <= 3


def test_a_few_new_ones_are_not_worth_a_whole_period(shop: Inside, vendors: Sandbox) -> None:
    vendors.settings.page_size = 5
    assert shop("verify", "--all").status == 0
    for number in range(1020, 1025):
        offer(vendors, number)
    for command in ("fetch", "push"):
        assert shop(command).status == 0
    vendors.requests.clear()
    assert shop("verify").status == 0
    assert read_one_by_one(vendors) == 5


def test_a_new_tenth_of_a_period_is_read_by_page_where_that_is_known_to_be_less(
    shop: Inside, vendors: Sandbox
) -> None:
    vendors.settings.page_size = 100
    assert shop("verify", "--all").status == 0
    for number in range(1020, 1025):
        offer(vendors, number)
    for command in ("fetch", "push"):
        assert shop(command).status == 0
    vendors.requests.clear()
    assert shop("verify").status == 0
    assert read_one_by_one(vendors) == 0, "one page has them all"


def test_a_list_of_more_pages_than_bookings_is_left(shop: Inside, vendors: Sandbox) -> None:
    vendors.settings.page_size = 1
    vendors.requests.clear()
    assert shop("verify", "--all").status == 0
    assert len([seen for seen in vendors.requests if "transaction_lines" in seen.path]) <= 11
    assert read_one_by_one(vendors) == 14


@pytest.mark.parametrize("lines", [1, 2])
def test_what_was_moved_to_another_period_is_told_as_that(
    shop: Inside, vendors: Sandbox, lines: int
) -> None:
    batch = vendors.minox.batches[batch_of(shop, "1005")]
    for line in batch[:lines]:
        line["period"] = {"id": 4, "fiscal_year": 2026}
    assert shop("verify", "--all").status == 3
    differences = shop.report()["1005"]["differences"]
    assert differences == ["period: 2026-3 booked, 2026-4 in Minox"]


def test_what_differs_and_comes_right_is_seen_by_period_too(shop: Inside, vendors: Sandbox) -> None:
    batch = vendors.minox.batches[batch_of(shop, "1005")]
    before = batch[0]["debit"]
    batch[0]["debit"] = 120.0
    assert shop("verify", "--all").status == 3
    batch[0]["debit"] = before
    assert shop("verify").status == 0
    assert shop.report()["1005"]["differences"] == []


def test_where_there_is_nothing_to_do_it_says_what_to_run(inside: Inside, vendors: Sandbox) -> None:
    assert "first: mww2minox fetch" in inside("push").err
    assert "To book: mww2minox push" in inside("verify").err
    assert "no order that failed" in inside("retry", "--all").err

    offer(vendors, 1001)
    for command in ("fetch", "push", "verify"):
        inside(command)
    assert inside("push").err == "There is nothing to book.\n"
    assert "was right: mww2minox verify --all" in inside("verify").err
