"""The report as CSV, for a spreadsheet; written order by order, so that none but one is in
memory.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

from mww2minox.books.money import euros
from mww2minox.commands.report.rows import Entry, Row, Value, fields_of
from mww2minox.steps.spreadsheet import PLAIN, Dialect, harmless

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
    "payment",
    "country",
    "document_date",
    "period",
    "net",
    "vat",
    "lines",
)
"""The columns, in their order."""


def csv_lines(rows: Iterable[Row], dialect: Dialect = PLAIN) -> Iterator[str]:
    """Yield a header row, and a row for each order, as text."""
    line = io.StringIO()
    writer = csv.DictWriter(line, FIELDS, delimiter=dialect.delimiter, lineterminator="\n")

    writer.writeheader()
    yield dialect.mark + _taken(line)
    for row in rows:
        fields = fields_of(row).items()
        writer.writerow({field: _written(value, dialect) for field, value in fields})
        yield _taken(line)


def _taken(line: io.StringIO) -> str:
    """Return what was written so far, and begin anew."""
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text


def _written(value: Value, dialect: Dialect) -> str:
    match value:
        case None:
            return ""
        case Decimal():  # a negative amount is no formula
            return euros(value).replace(".", dialect.point)
        case dt.date():
            return value.isoformat()
        case tuple():
            return harmless("; ".join(_entry(entry, dialect) for entry in value))
        case str():
            return harmless(value)


def _entry(entry: Entry, dialect: Dialect) -> str:
    if isinstance(entry, str):
        return entry
    if "message" in entry:
        return entry["message"]

    # What a booking has under one VAT code: code, region or strategy, rate, account, net and VAT.
    whose = entry["strategy"] or entry["region"]
    amounts = f"{entry['net']} + {entry['vat']}".replace(".", dialect.point)
    rate = entry["rate"].replace(".", dialect.point)
    return f"{entry['code']} {whose} {rate}% {entry['ledger']}: {amounts}"
