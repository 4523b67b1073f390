"""The report as CSV, for a spreadsheet."""

import csv
import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal

from mww2minox.books.money import euros
from mww2minox.commands.report.rows import Entry, Row, Value, fields_of

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
    "warnings",
    "seen_at",
)
"""The columns, in their order."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Sequence[Row]) -> str:
    """Return a header row, and a row for each order."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")

    writer.writeheader()
    for row in rows:
        writer.writerow({field: _written(value) for field, value in fields_of(row).items()})
    return out.getvalue()


def _written(value: Value) -> str:
    match value:
        case None:
            return ""
        case Decimal():  # a negative amount is no formula
            return euros(value)
        case dt.date():
            return value.isoformat()
        case tuple():
            return _harmless("; ".join(map(_entry, value)))
        case str():
            return _harmless(value)


def _entry(entry: Entry) -> str:
    return entry if isinstance(entry, str) else entry["message"]


def _harmless(text: str) -> str:
    """Put a `'` before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
