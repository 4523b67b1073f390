"""The report as a page for a browser, in one file: `templates/report.html` filled in.

It may be sent to others, so it holds no names, addresses or e-mail addresses of customers, and
nothing of what the table of reasons marks as private (`reasons.py`).
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from mww2minox.books.model import State
from mww2minox.commands.report.as_charts import per_day, per_month
from mww2minox.commands.report.html_words import (
    box_in_words,
    capitalised,
    count_of_orders,
    fresh_in_words,
    line_type_in_words,
    matter_of,
    missing_in_words,
    place_in_words,
    remark,
    runs_in_words,
    sales_in_words,
    standing,
    whole,
    words,
)
from mww2minox.commands.report.rows import Row
from mww2minox.commands.report.value import NOTHING, Report, Total
from mww2minox.language.texts import _
from mww2minox.steps.html_page import html_page
from mww2minox.steps.reconciliation.period_states import state_in_words as period_in_words

TEMPLATES = Path(__file__).with_name("templates")
NEWEST = 300
"""So many booked orders are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedDay:
    """The booked orders of a day that are shown, and what all booked orders of it come to."""

    date: dt.date | None
    rows: Sequence[Row]
    booked: Total

    @property
    def size(self) -> int:
        """How many are shown."""
        return len(self.rows)

    @property
    def count(self) -> str:
        """How many there are, in words."""
        orders = count_of_orders(self.booked.orders)
        if self.size == self.booked.orders:
            return orders
        return _("{orders}, of which {count} are here").format(orders=orders, count=self.size)


def as_html(report: Report) -> str:
    """Return the page, whole."""
    newest = list(report.newest(NEWEST))

    values = {
        "report": report,
        "words": words(),
        "verdict": standing(report),
        "freshness": [fresh_in_words(fresh) for fresh in report.freshness],
        "matters": [matter_of(group) for group in report.groups],
        "missing": missing_in_words(report.quarter),
        "charts": [per_day(report.days), per_month(report.months)],
        "newest": list(_days_of(report, newest)),
        "runs": runs_in_words(report.runs()),
        "sha256": _sha256(report, newest),
    }
    filters: dict[str, Callable[..., str]] = {
        "period": period_in_words,
        "box": box_in_words,
        "capitalised": capitalised,
        "place": place_in_words,
        "sales": sales_in_words,
        "remark": remark,
        "line_type": line_type_in_words,
        "whole": whole,
    }
    return html_page(TEMPLATES, "report.html", values, filters)


def _days_of(report: Report, newest: Sequence[Row]) -> Iterator[BookedDay]:
    """Yield the days of the newest orders. Of the last one not all orders may be among them."""
    days = report.days_of(newest[-1].date) if newest else {}

    for date, of_day in groupby(newest, key=lambda row: row.date):
        states = days.get(date, {})
        yield BookedDay(date=date, rows=list(of_day), booked=states.get(State.BOOKED, NOTHING))


def _sha256(report: Report, newest: Sequence[Row]) -> str:
    """Return a hash of the data, whatever the reader's language, the clock and the version are."""
    groups = [(group.code, group.count, group.total) for group in report.groups]
    named = [order.number for group in report.groups for order in group.orders]

    sums = (report.quarter, report.days, report.months, report.vat_of_quarter)
    data = (report.mapping.sha256, sums, report.ways_of_paying, groups, named, newest)
    return hashlib.sha256(repr(data).encode("utf-8", "backslashreplace")).hexdigest()
