"""Which fiscal year and period a document date falls in (books/rules.md, rule 12)."""

import calendar
from datetime import date

from mww2minox.books.model import Administration, FiscalYear

WEEKS_PERIODS = 13
DAYS_PER_PERIOD = 28
QUARTERS = 4
MONTHS_PER_QUARTER = 3


def period_of(day: date, administration: Administration) -> tuple[int, int] | None:
    """Return (fiscal year, period) of `day`, or None where there is no fiscal year for it."""
    for year in administration.fiscal_years:
        if year.start <= day <= year.end:
            count = year.number_of_periods or administration.number_of_periods
            return year.year, _period(day, year, count)

    return None


def _period(day: date, year: FiscalYear, count: int) -> int:
    """Count from the start of the year; what is left over at its end is of the last period."""
    if count == WEEKS_PERIODS:
        passed = (day - year.start).days // DAYS_PER_PERIOD
    elif count == QUARTERS:
        passed = _whole_months(year.start, day) // MONTHS_PER_QUARTER
    else:
        passed = _whole_months(year.start, day)

    return min(passed + 1, count)


def _whole_months(start: date, day: date) -> int:
    """Months from `start` to `day`, counting only those that are complete."""
    months = (day.year - start.year) * 12 + day.month - start.month

    # A year that starts on the 31st counts a month of 30 days from its last day.
    first_of_month = min(start.day, calendar.monthrange(day.year, day.month)[1])
    return months if day.day >= first_of_month else months - 1
