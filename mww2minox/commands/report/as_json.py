"""The report as JSON: money as plain text to the cent, moments and dates in ISO form."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mww2minox.books.money import euros
from mww2minox.commands.report.rows import Row, totals
from mww2minox.reasons import describe, explain_rejection


def as_json(rows: Sequence[Row]) -> str:
    """Return the orders, and what they add up to per state (README.md, "The report as JSON")."""
    report = {
        "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "orders": [_order(row) for row in rows],
        "totals": _totals(rows),
    }
    return json.dumps(report, indent=2, ensure_ascii=False)


def _order(row: Row) -> dict[str, Any]:
    text = explain_rejection(row.rejection) if row.rejection else None
    return {
        "number": row.number,
        "date": row.date.isoformat() if row.date else "",
        "customer": row.customer,
        "total": None if row.total is None else euros(row.total),
        "state": row.state.value,
        "reason": row.rejection.reason.value if row.rejection else None,
        "message": text.message if text else None,
        "suggestion": text.suggestion if text else None,
        "batch_id": row.batch_id,
        "booked_at": row.booked_at.isoformat() if row.booked_at else None,
        "verified": row.verified,
        "differences": [describe(difference) for difference in row.differences],
    }


def _totals(rows: Sequence[Row]) -> dict[str, Any]:
    sums: dict[str, Any] = {
        state.value: {"orders": total.orders, "total": euros(total.total)}
        for state, total in totals(rows).items()
    }
    sums["needs_attention"] = sum(row.needs_attention for row in rows)
    return sums
