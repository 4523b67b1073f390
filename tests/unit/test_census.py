"""The census: which days are read, by how many counts, and what is left (books/rules.md, "The
census").
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings, strategies as st

from mww2minox.shop.census import (
    Left,
    Stretch,
    divided,
    explain_left,
    kept,
    read_kept,
    take_census,
)

SINCE = dt.date(2026, 1, 1)
TODAY = dt.date(2026, 12, 31)
DAYS = (TODAY - SINCE).days + 1
A_DAY = dt.date(2026, 3, 4)


def day(place: int) -> dt.date:
    return SINCE + dt.timedelta(days=place)


@dataclass
class Sides:
    """A shop that counts, shows and a state that knows so many orders a day."""

    shop: Counter[dt.date]
    state: Counter[dt.date]
    hidden: Counter[dt.date] = field(default_factory=Counter)
    """What the shop counts and never shows."""
    nameless: Counter[dt.date] = field(default_factory=Counter)
    """What the shop shows and the state cannot count."""
    counts: int = 0
    reads: list[Stretch] = field(default_factory=list)

    def counted(self, days: Stretch) -> int:
        self.counts += 1
        return _in(days, self.shop) + _in(days, self.hidden) + _in(days, self.nameless)

    def known(self, days: Stretch) -> int:
        return _in(days, self.state)

    def read(self, days: Stretch) -> int:
        self.reads.append(days)
        for place in {*self.shop, *self.state}:
            if days.holds(place):
                self.state[place] = self.shop[place]
        return _in(days, self.shop) + _in(days, self.nameless)


def _in(days: Stretch, orders: Counter[dt.date]) -> int:
    return sum(count for place, count in orders.items() if days.holds(place))


orders = st.dictionaries(st.integers(0, DAYS + 20), st.integers(0, 150), max_size=20).map(
    lambda places: Counter({day(place): count for place, count in places.items()})
)


def test_where_nothing_differs_both_halves_are_counted_and_no_day_is_read() -> None:
    shop = Counter({day(place): 3 for place in range(0, DAYS, 7)})
    sides = Sides(shop, shop.copy())
    assert take_census(sides, SINCE, TODAY) == []
    assert (sides.counts, sides.reads) == (2, []), "each is a count of live and one of archived"


@pytest.mark.parametrize("since", [TODAY, TODAY + dt.timedelta(days=10)])
def test_a_first_day_of_today_or_later_is_one_stretch(since: dt.date) -> None:
    assert divided(since, TODAY) == [Stretch(first=since)]


def test_one_too_many_and_one_too_few_do_not_hide_each_other_for_ever() -> None:
    """On some day the stretch is divided between them."""
    found = 0
    for later in range(30):
        shop, state = Counter({day(40): 1}), Counter({day(80): 1})
        sides = Sides(shop, state)
        take_census(sides, SINCE, TODAY + dt.timedelta(days=later))
        found += sides.state[day(40)] == 1
    assert 1 <= found < 30


def test_a_day_among_many_is_found_by_few_counts_and_little_is_read() -> None:
    shop = Counter({day(place): 40 for place in range(DAYS)})
    sides = Sides(shop, shop - Counter({A_DAY: 1}))
    assert take_census(sides, SINCE, TODAY) == []
    (read,) = sides.reads
    assert read.holds(A_DAY)
    assert _in(read, shop) <= 100
    assert sides.counts <= 12


@settings(max_examples=60, deadline=None)
@given(orders, orders)
def test_whatever_differs_is_read_and_nothing_is_left(
    shop: Counter[dt.date], state: Counter[dt.date]
) -> None:
    sides = Sides(shop, state.copy())
    assert take_census(sides, SINCE, TODAY) == []
    for half in divided(SINCE, TODAY):
        if _in(half, shop) != _in(half, state):
            assert any(half.holds(read.first) for read in sides.reads)
        assert _in(half, sides.state) == _in(half, shop)


@settings(max_examples=40, deadline=None)
@given(orders, st.sets(st.integers(0, DAYS - 1), min_size=1, max_size=5))
def test_what_the_shop_counts_and_does_not_show_is_left_with_its_days(
    shop: Counter[dt.date], places: set[int]
) -> None:
    hidden = Counter({day(place): 1 for place in places})
    sides = Sides(shop, shop.copy(), hidden)
    left = take_census(sides, SINCE, TODAY)
    assert {each.days.first for each in left} == set(hidden)
    assert all(each.counted - each.known == 1 and not each.explained for each in left)
    assert {each.days.last for each in left} <= {*hidden, None}

    sides.counts, sides.reads = 0, []
    assert sorted(map(repr, take_census(sides, SINCE, TODAY, left))) == sorted(map(repr, left))
    assert (sides.counts, sides.reads) == (2, []), "it is not read every day"


def test_what_is_left_and_comes_right_leaves() -> None:
    sides = Sides(Counter({A_DAY: 2}), Counter({A_DAY: 2}), Counter({A_DAY: 1}))
    left = take_census(sides, SINCE, TODAY)
    sides.hidden.clear()
    assert take_census(sides, SINCE, TODAY, left) == []


def test_an_order_without_a_number_explains_itself() -> None:
    sides = Sides(Counter({A_DAY: 2}), Counter({A_DAY: 2}), nameless=Counter({A_DAY: 1}))
    (left,) = take_census(sides, SINCE, TODAY)
    assert left.explained
    assert (left.counted, left.known) == (3, 2)


def test_of_days_that_all_differ_no_more_than_a_month_is_found_one_by_one() -> None:
    shop = Counter({day(place): 1 for place in range(DAYS)})
    sides = Sides(shop, shop.copy(), shop.copy())
    left = take_census(sides, SINCE, TODAY)
    assert sum(each.counted - each.known for each in left) == DAYS
    assert 31 <= len(left) < 50
    assert sides.counts < 150


def test_what_is_left_is_read_back_as_it_was_kept() -> None:
    left = [
        Left(days=Stretch(first=A_DAY, last=A_DAY), counted=3, known=2),
        Left(days=Stretch(first=TODAY), counted=1, known=2, explained=True),
    ]
    assert read_kept(kept(left)) == left
    assert read_kept(None) == []


def test_what_is_left_is_told_with_its_days_and_how_to_read_them() -> None:
    of_a_day = Left(days=Stretch(first=A_DAY, last=A_DAY), counted=3, known=2)
    text = explain_left(of_a_day)
    assert text.message == "The shop counts 3 orders of 4 Mar 2026, and 2 are known here."
    assert text.suggestion.endswith("mww2minox fetch --since 2026-03-04 --until 2026-03-04")
    days = Stretch(first=A_DAY, last=A_DAY + dt.timedelta(days=3))
    text = explain_left(Left(days=days, counted=1, known=2))
    assert "1 order of 4 Mar 2026 to 7 Mar 2026" in text.message
    assert text.suggestion.endswith("mww2minox fetch --since 2026-03-04 --until 2026-03-07")
