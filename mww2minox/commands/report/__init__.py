"""`report`: what was booked, when and where; what was not, why, and what to do."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mww2minox.books.model import Reason, State
from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.texts import N_, _, day, money, system_problem
from mww2minox.output import Output, csv_text
from mww2minox.reasons import Text, brief, describe, euros, explain_rejection
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.wiring import Wiring

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
COLUMNS = (
    (N_("No"), "right"),
    (N_("Date"), "left"),
    (N_("Customer"), "right"),
    (N_("Amount"), "right"),
    (N_("State"), "left"),
    (N_("Remark"), "left"),
)
STATES = {
    State.WAITING: N_("waiting"),
    State.READY: N_("ready"),
    State.BOOKED: N_("booked"),
    State.FAILED: N_("failed"),
    State.SKIPPED: N_("skipped"),
}


def report(  # noqa: PLR0913 - the command's options
    wiring: Wiring,
    *,
    errors: bool = False,
    since: date | None = None,
    until: date | None = None,
    form: str = "table",
    target: Path | None = None,
) -> ExitStatus:
    """Show the orders dated `since` to `until`, or with `errors` only those that need attention."""
    rows = [
        row
        for row in _rows(wiring)
        if _within(row, since, until) and (not errors or _needs_attention(row))
    ]
    if target is None:
        _render(wiring.output, rows, form)
        return ExitStatus.OK
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            _render(Output(data=file), rows, form)
    except OSError as error:
        message = _("Cannot write {path}: {problem}.").format(
            path=target, problem=system_problem(error)
        )
        raise UsageError(
            message, _("Choose another file: mww2minox report --output FILE")
        ) from None
    wiring.output.say(_("Written: {path}").format(path=target))
    return ExitStatus.OK


def _render(output: Output, rows: Sequence[dict[str, Any]], form: str) -> None:
    if form == "json":
        output.data(_json(rows))
    elif form == "csv":
        output.data(_csv(rows))
    else:
        _show(output, rows)


def _rows(wiring: Wiring) -> list[dict[str, Any]]:
    bookings = {booking.number: booking for booking in wiring.store.bookings()}
    return [_row(order, bookings.get(order.number)) for order in wiring.store.orders()]


def _row(order: StoredOrder, booking: StoredBooking | None) -> dict[str, Any]:
    """Return an order as docs/json.md, says."""
    text = explain_rejection(order.rejection) if order.rejection else Text("", "")
    booked = booking if booking and booking.booked_at else None
    differences = (*booked.differences, *booked.shop_differences) if booked else ()
    return {
        "number": order.number,
        "date": order.date,
        "customer": booked.customer if booked else None,
        "total": None if order.total_cents is None else euros(order.total_cents),
        "state": order.state.value,
        "reason": order.rejection.reason.value if order.rejection else None,
        "message": text.message or None,
        "suggestion": text.suggestion or None,
        "batch_id": booking.batch_id if booking else None,
        "booked_at": booked.booked_at.isoformat() if booked and booked.booked_at else None,
        "verified": booked.verified if booked else None,
        "differences": [describe(difference) for difference in differences],
    }


def _within(row: dict[str, Any], since: date | None, until: date | None) -> bool:
    dated = row["date"]
    return (since is None or dated >= since.isoformat()) and (
        until is None or dated <= until.isoformat()
    )


def _needs_attention(row: dict[str, Any]) -> bool:
    return row["state"] == "failed" or bool(row["differences"])


def _totals(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Count and add up per state, in plain euros."""
    totals: dict[str, Any] = {}
    for state in State:
        amounts = [row["total"] or "0" for row in rows if row["state"] == state]
        total = sum((Decimal(amount) for amount in amounts), Decimal(0))
        totals[state.value] = {"orders": len(amounts), "total": euros(total)}
    totals["needs_attention"] = sum(map(_needs_attention, rows))
    return totals


def _json(rows: Sequence[dict[str, Any]]) -> str:
    generated_at = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps(
        {"generated_at": generated_at, "orders": rows, "totals": _totals(rows)},
        indent=2,
        ensure_ascii=False,
    )


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    return csv_text(FIELDS, ([_joined(row[field]) for field in FIELDS] for row in rows))


def _joined(value: Any) -> str | None:  # noqa: ANN401 - a JSON value
    return "; ".join(value) if isinstance(value, list) else value


def _show(output: Output, rows: Sequence[dict[str, Any]]) -> None:
    """Show a table of all orders, and under it what to do about those that need attention."""
    columns = [(_(heading), justify) for heading, justify in COLUMNS]
    output.table(_("Orders"), columns, [_cells(row) for row in rows])
    needing = [row for row in rows if _needs_attention(row)]
    if needing:
        output.line(_("Needs attention: {count}").format(count=len(needing)), style="bold")
    for row in needing:
        differing = _("Order {number}: {differences}.")
        output.line(
            row["message"]
            or differing.format(number=row["number"], differences="; ".join(row["differences"]))
        )
        output.line("  " + (row["suggestion"] or f"mww2minox verify --order {row['number']}"))


def _cells(row: dict[str, Any]) -> list[str]:
    reason = brief(Reason(row["reason"])) if row["reason"] else ""
    verified = _("verified") if row["verified"] == "ok" else ""
    return [
        row["number"],
        day(date.fromisoformat(row["date"])) if row["date"] else "",
        row["customer"] or "",
        money(Decimal(row["total"])) if row["total"] else "",
        _(STATES[State(row["state"])]),
        reason or "; ".join(row["differences"]) or verified,
    ]
