"""What a push would send, as JSON (docs/json.md): byte for byte what leaves."""

import json
from collections.abc import Sequence
from typing import Any

from mww2minox.books.model import Booking, Rejection
from mww2minox.books.money import euros
from mww2minox.commands.push.plans import Plan, Sum, sums_of
from mww2minox.minox.api import Minox
from mww2minox.minox.wire import booking_body
from mww2minox.reasons import explain_rejection
from mww2minox.state import StoredBooking


def as_json(minox: Minox, plans: Sequence[Plan]) -> str:
    """Return what would be sent for each order, or why nothing, and what it adds up to."""
    document = {
        "orders": [_plan(minox, plan) for plan in plans],
        "totals": [_sum(total) for total in sums_of(plans)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _plan(minox: Minox, plan: Plan) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "number": plan.order.number,
        "date": plan.order.date,
        "action": _action(plan),
        "customer": plan.customer,
        "batch_id": plan.batch_id,
        **dict.fromkeys(("url", "body", "reason", "message", "suggestion")),
    }

    match plan.outcome:
        case Booking() as booking:
            body = booking_body(booking, plan.customer).decode()
            return fields | {"url": minox.booking_url(plan.batch_id), "body": body}
        case StoredBooking(body=body):
            return fields | {"url": minox.booking_url(plan.batch_id), "body": body}
        case Rejection() as rejection:
            text = explain_rejection(rejection)
            return fields | {"reason": rejection.reason.value, **text._asdict()}
        case None:
            return fields


def _action(plan: Plan) -> str:
    match plan.outcome:
        case Booking():
            return "send"
        case StoredBooking():
            return "send_again"
        case Rejection():
            return "none"
        case None:
            return "is_there"


def _sum(total: Sum) -> dict[str, Any]:
    return {
        "code": total.code,
        "ledger": total.ledger,
        "orders": total.orders,
        "net": euros(total.net),
        "vat": euros(total.vat),
    }
