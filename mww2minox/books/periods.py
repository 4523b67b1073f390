"""Which fiscal year and period a document date falls in (books/rules.md, rule 12)."""

import calendar
from datetime import date

from mww2minox.books.model import Administration, FiscalYear

WEEKS_PERIODS = 13
DAYS_PER_PERIOD = 28


def period_of(day: date, administration: Administration) -> tuple[int, int] | None:
    """Return (fiscal year, period) of `day`, or None when the administration has no fiscal year for
    it.
    """
    for year in administration.fiscal_years:
        if year.start <= day <= year.end:
            return year.year, _period(
                day, year, year.number_of_periods or administration.number_of_periods
            )
    return None


def _period(day: date, year: FiscalYear, count: int) -> int:
    """Count from the start of the fiscal year; what is left over at its end belongs to the last
    period.
    """
    if count == WEEKS_PERIODS:
        passed = (day - year.start).days // DAYS_PER_PERIOD
    else:
        passed = _whole_months(year.start, day) // (3 if count == 4 else 1)  # noqa: PLR2004 - four quarters
    return min(passed + 1, count)


def _whole_months(start: date, day: date) -> int:
    """Months from `start` to `day`, counting only those that are complete."""
    months = (day.year - start.year) * 12 + day.month - start.month
    first_of_month = min(start.day, calendar.monthrange(day.year, day.month)[1])
    return months if day.day >= first_of_month else months - 1
