"""The period of a VAT return: a month, a quarter or a year, by document date. Pure."""

import datetime as dt
import re
from dataclasses import dataclass

from mww2minox.books.vat_return import MONTHS_PER_QUARTER, next_month, quarter_of

WRITTEN = re.compile(r"((?:19|20)[0-9]{2})(?:-(?:[Qq]([1-4])|(0[1-9]|1[0-2])))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPeriod:
    """The days from `first` to `last`, which both belong to it; `name` is as it is written."""

    name: str
    first: dt.date
    last: dt.date

    @property
    def due(self) -> dt.date:
        """The last day on which its return can be filed and paid: that of the next month.

        Source: Algemene wet inzake rijksbelastingen, articles 10 and 19; Uitvoeringsregeling AWR.
        """
        return next_month(next_month(self.last)) - dt.timedelta(days=1)

    def contains(self, other: "ReturnPeriod") -> bool:
        """Tell whether all days of another one are of this one too."""
        return self.first <= other.first and other.last <= self.last

    def holds(self, day: dt.date) -> bool:
        """Tell whether a day is one of these."""
        return self.first <= day <= self.last


def read_return_period(text: str) -> ReturnPeriod | None:
    """Read `2026-Q1`, `2026-03` or `2026`; None for anything else."""
    written = WRITTEN.fullmatch(text.strip())
    if written is None:
        return None

    year, quarter, month = int(written[1]), written[2], written[3]
    if month:
        return _months(f"{year:04}-{month}", year, int(month), 1)
    if quarter:
        start = (int(quarter) - 1) * MONTHS_PER_QUARTER + 1
        return _months(f"{year:04}-Q{quarter}", year, start, MONTHS_PER_QUARTER)
    return _months(f"{year:04}", year, 1, 12)


def _months(name: str, year: int, start: int, count: int) -> ReturnPeriod:
    last = next_month(dt.date(year, start + count - 1, 1)) - dt.timedelta(days=1)
    return ReturnPeriod(name=name, first=dt.date(year, start, 1), last=last)


def quarters_before(today: dt.date, count: int) -> list[ReturnPeriod]:
    """Return so many quarters that have ended before today, the newest first."""
    quarters: list[ReturnPeriod] = []
    quarter = quarter_of(today)
    for _place in range(count):
        quarter = quarter_of(quarter.start - dt.timedelta(days=1))
        start = quarter.start.month
        name = f"{quarter.year:04}-Q{quarter.number}"
        quarters.append(_months(name, quarter.year, start, MONTHS_PER_QUARTER))
    return quarters
