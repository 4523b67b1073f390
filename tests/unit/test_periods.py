"""Period and fiscal year of a date (books/rules.md, rule 12)."""

import datetime as dt
import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from mww2minox.books.model import Administration, FiscalYear
from mww2minox.books.periods import period_of

YEAR = FiscalYear(year=2026, start=date(2026, 1, 1), end=date(2026, 12, 31))
LEAP_YEAR = FiscalYear(year=2028, start=date(2028, 1, 1), end=date(2028, 12, 31))
FROM_JULY = FiscalYear(year=2026, start=date(2025, 7, 1), end=date(2026, 6, 30))
LONG = FiscalYear(year=2026, start=date(2025, 10, 1), end=date(2026, 12, 31))
BROKEN = FiscalYear(year=2026, start=date(2026, 9, 15), end=date(2026, 12, 31))
FROM_THE_LAST = FiscalYear(year=2028, start=date(2028, 1, 31), end=date(2029, 1, 30))


def _period(day: str, count: int, *years: FiscalYear) -> tuple[int, int] | None:
    administration = Administration(currency="EUR", number_of_periods=count, fiscal_years=years)
    return period_of(date.fromisoformat(day), administration)


@pytest.mark.parametrize(
    ("year", "count", "days"),
    [
        (YEAR, 1, {"2026-01-01": 1, "2026-12-31": 1}),
        (
            YEAR,
            4,
            {
                "2026-01-01": 1,
                "2026-03-31": 1,
                "2026-04-01": 2,
                "2026-09-30": 3,
                "2026-10-01": 4,
                "2026-12-31": 4,
            },
        ),
        (
            YEAR,
            12,
            {"2026-01-01": 1, "2026-01-31": 1, "2026-02-01": 2, "2026-02-28": 2, "2026-12-31": 12},
        ),
        (
            YEAR,
            13,
            {
                "2026-01-28": 1,
                "2026-01-29": 2,
                "2026-12-02": 12,
                "2026-12-03": 13,
                "2026-12-31": 13,
            },
        ),
        (YEAR, 6, {"2026-01-31": 1, "2026-02-01": 2, "2026-06-01": 6, "2026-12-31": 6}),
        (YEAR, 24, {"2026-01-31": 1, "2026-12-01": 12, "2026-12-31": 12}),
        (LEAP_YEAR, 12, {"2028-02-29": 2, "2028-03-01": 3}),
        (LEAP_YEAR, 4, {"2028-02-29": 1, "2028-03-31": 1, "2028-04-01": 2}),
        (LEAP_YEAR, 13, {"2028-02-25": 2, "2028-02-26": 3, "2028-12-31": 13}),
        (FROM_JULY, 1, {"2025-07-01": 1, "2026-06-30": 1}),
        (FROM_JULY, 4, {"2025-07-01": 1, "2025-10-01": 2, "2026-01-01": 3, "2026-06-30": 4}),
        (FROM_JULY, 12, {"2025-07-31": 1, "2025-12-31": 6, "2026-01-01": 7, "2026-06-30": 12}),
        (FROM_JULY, 13, {"2025-07-28": 1, "2025-07-29": 2, "2026-06-30": 13}),
        (LONG, 1, {"2026-12-31": 1}),
        (LONG, 4, {"2025-12-31": 1, "2026-01-01": 2, "2026-07-01": 4, "2026-12-31": 4}),
        (LONG, 12, {"2025-10-01": 1, "2026-09-01": 12, "2026-12-31": 12}),
        (LONG, 15, {"2025-10-01": 1, "2026-12-01": 15}),
        (BROKEN, 4, {"2026-09-15": 1, "2026-12-14": 1, "2026-12-15": 2, "2026-12-31": 2}),
        (BROKEN, 12, {"2026-10-14": 1, "2026-10-15": 2, "2026-12-31": 4}),
        (BROKEN, 13, {"2026-09-15": 1, "2026-10-12": 1, "2026-10-13": 2, "2026-12-31": 4}),
        (
            FROM_THE_LAST,
            12,
            {"2028-02-28": 1, "2028-02-29": 2, "2028-03-30": 2, "2028-03-31": 3, "2029-01-30": 12},
        ),
    ],
)
def test_days_have_the_period_of_their_fiscal_year(
    year: FiscalYear, count: int, days: dict[str, int]
) -> None:
    assert {day: _period(day, count, year) for day in days} == {
        day: (year.year, n) for day, n in days.items()
    }


def test_of_several_years_the_one_that_holds_the_date_counts() -> None:
    short = FiscalYear(year=2027, start=date(2027, 1, 1), end=date(2027, 3, 31))
    years = (YEAR, short, FiscalYear(year=2028, start=date(2027, 4, 1), end=date(2028, 3, 31)))
    days = {
        "2026-12-31": (2026, 12),
        "2027-01-01": (2027, 1),
        "2027-03-31": (2027, 3),
        "2027-04-01": (2028, 1),
    }
    assert {day: _period(day, 12, *years) for day in days} == days


def test_a_years_own_number_of_periods_goes_before_that_of_the_administration() -> None:
    quarters = FiscalYear(
        year=2027, start=date(2027, 1, 1), end=date(2027, 12, 31), number_of_periods=4
    )
    assert _period("2026-12-31", 12, YEAR, quarters) == (2026, 12)
    assert _period("2027-12-31", 12, YEAR, quarters) == (2027, 4)


@pytest.mark.parametrize("day", ["2025-12-31", "2027-01-01"])
def test_a_date_outside_all_years_has_no_period(day: str) -> None:
    assert _period(day, 12, YEAR) is None
    assert _period(day, 12) is None


@st.composite
def _years(draw: st.DrawFn) -> tuple[FiscalYear, int]:
    start = draw(st.dates(date(2020, 1, 1), date(2032, 12, 31)))
    end = start + timedelta(days=draw(st.integers(0, 750)))
    count = draw(st.sampled_from([1, 4, 12, 13]) | st.integers(1, 30))
    return FiscalYear(year=end.year, start=start, end=end), count


@settings(max_examples=60)
@given(_years())
def test_periods_run_from_one_without_going_back_or_skipping_over_every_day(
    given_year: tuple[FiscalYear, int],
) -> None:
    year, count = given_year
    administration = Administration(currency="EUR", number_of_periods=count, fiscal_years=(year,))
    days = [
        year.start + timedelta(days=passed) for passed in range((year.end - year.start).days + 1)
    ]

    periods = [placed for day in days if (placed := period_of(day, administration))]
    assert len(periods) == len(days)

    numbers = [number for _, number in periods]
    assert {fiscal_year for fiscal_year, _ in periods} == {year.year}
    assert numbers[0] == 1
    assert max(numbers) <= count
    assert {after - before for before, after in itertools.pairwise(numbers)} <= {0, 1}


@settings(max_examples=60)
@given(st.integers(2020, 2032), st.sampled_from([1, 4, 12, 13]), st.integers(1, 12))
def test_a_year_of_twelve_months_uses_all_its_periods(start: int, count: int, month: int) -> None:
    first = date(start, month, 1)
    year = FiscalYear(year=start, start=first, end=date(start + 1, month, 1) - dt.timedelta(days=1))
    days = [first + timedelta(days=passed) for passed in range((year.end - first).days + 1)]
    administration = Administration(currency="EUR", number_of_periods=count, fiscal_years=(year,))
    found = {period_of(day, administration) for day in days}
    assert found == {(start, number) for number in range(1, count + 1)}
