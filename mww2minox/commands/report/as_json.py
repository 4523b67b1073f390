"""The report as JSON: money as plain text to the cent, dates and moments in ISO form."""

import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from mww2minox.books.money import euros
from mww2minox.commands.report.rows import Entry, Row, Value, fields_of, totals


def as_json(rows: Sequence[Row]) -> str:
    """Return the orders, and what they add up to per state (docs/json.md)."""
    report = {
        "generated_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "orders": [_order(row) for row in rows],
        "totals": _totals(rows),
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def _order(row: Row) -> dict[str, Any]:
    return {field: _written(value) for field, value in fields_of(row).items()}


def _written(value: Value) -> str | list[Entry] | None:
    match value:
        case Decimal():
            return euros(value)
        case dt.date():
            return value.isoformat()
        case tuple():
            return list(value)
        case _:
            return value


def _totals(rows: Sequence[Row]) -> dict[str, Any]:
    sums: dict[str, Any] = {
        state.value: {"orders": total.orders, "total": euros(total.total)}
        for state, total in totals(rows).items()
    }
    sums["needs_attention"] = sum(row.needs_attention for row in rows)
    return sums
