"""The report as CSV, for a spreadsheet."""

import csv
import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal

from mww2minox.books.money import euros
from mww2minox.commands.report.rows import Row
from mww2minox.reasons import describe, explain_rejection

FIELDS = (
    "number",
    "date",
    "customer",
    "total",
    "state",
    "reason",
    "message",
    "suggestion",
    "batch_id",
    "booked_at",
    "verified",
    "differences",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cell = str | Decimal | dt.date | None
"""A `datetime` is a `date` too."""


def as_csv(rows: Sequence[Row]) -> str:
    """Return a header row, and a row for each order."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows([_written(cell) for cell in _cells(row)] for row in rows)
    return out.getvalue()


def _cells(row: Row) -> tuple[Cell, ...]:
    """Return the values of `FIELDS`."""
    text = explain_rejection(row.rejection) if row.rejection else None
    return (
        row.number,
        row.date,
        row.customer,
        row.total,
        row.state,
        row.rejection.reason if row.rejection else None,
        text.message if text else None,
        text.suggestion if text else None,
        row.batch_id,
        row.booked_at,
        row.verified,
        "; ".join(map(describe, row.differences)),
    )


def _written(cell: Cell) -> str:
    """Write a cell; a text that a spreadsheet would take for a formula gets a `'` before it."""
    match cell:
        case None:
            return ""
        case Decimal():  # a negative amount is no formula
            return euros(cell)
        case dt.date():
            return cell.isoformat()
        case str():
            return f"'{cell}" if cell.startswith(FORMULA_STARTS) else str(cell)
