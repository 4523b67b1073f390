"""An explanation as JSON (docs/json.md): money and rates as plain text, moments in ISO form."""

import json
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from mww2minox.books.kept_decision import CODE, LEDGER, KeptDecision, name_key
from mww2minox.books.model import Rejection, TransactionLine
from mww2minox.books.money import euros, percentage
from mww2minox.commands.explain.explanation import Explanation
from mww2minox.reasons import describe, explain_rejection, explain_warning
from mww2minox.state import Exchange, StoredOrder

RATES = ("rate",)
"""The values that are percentages, by name; every other Decimal is euros."""


def as_json(explanation: Explanation) -> str:
    """Return an explanation as JSON."""
    kept = explanation.kept

    document = {
        **_order(explanation.order),
        "objections": [_rejection(other) for other in explanation.objections],
        "decided_by": _decided_by(explanation),
        "amounts": [_plain(amount._asdict()) for amount in explanation.amounts],
        "decision": _decision(explanation.decision),
        "adopted": _plain(asdict(kept.adoption)) if kept.adoption else None,
        "mapping": _mapping(explanation),
        "booking": _booking(explanation),
        "exchanges": [_exchange(exchange) for exchange in explanation.exchanges],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _order(order: StoredOrder) -> dict[str, Any]:
    """Return an order as the report has it, as far as it is not booked."""
    total = None if order.total_cents is None else euros(order.total_cents)
    refused: dict[str, Any] = dict.fromkeys(("reason", "message", "suggestion"))
    if order.rejection:
        refused = _rejection(order.rejection)

    fields = {"number": order.number, "date": order.date, "total": total}
    return {**fields, "state": order.state.value, **refused}


def _mapping(explanation: Explanation) -> dict[str, Any]:
    decision = explanation.kept.decision
    return {
        "then": decision.mapping if decision else None,
        "now": explanation.mapping,
        "is_another": explanation.mapping_is_another,
        "books_otherwise": explanation.books_otherwise,
    }


def _decided_by(explanation: Explanation) -> str | None:
    """Return when the decision is of: `then`, when it was booked, or `now`, by what is kept."""
    if explanation.kept.decision:
        return "then"
    return "now" if explanation.decision else None


def _rejection(rejection: Rejection) -> dict[str, Any]:
    return {"reason": rejection.reason.value, **explain_rejection(rejection)._asdict()}


def _decision(decision: KeptDecision | None) -> dict[str, Any] | None:
    if decision is None:
        return None

    fields = asdict(decision)
    del fields["mapping"], fields["amounts"]  # they stand beside it
    rounding = decision.rounding
    return {
        **{name: _plain(value) for name, value in fields.items()},
        "customer": _plain(decision.customer._asdict()),
        "vat": [_plain(vat._asdict()) for vat in decision.vat],
        "shares": [_plain(share._asdict()) for share in decision.shares],
        "rounding": _plain(rounding._asdict()) if rounding else None,
    }


def _booking(explanation: Explanation) -> dict[str, Any] | None:
    booking = explanation.booking
    if booking is None:
        return None

    warnings = [
        {"code": warning.code.value, **explain_warning(warning)._asdict()}
        for warning in booking.warnings
    ]
    return {
        "batch_id": booking.batch_id,
        "customer": booking.customer,
        "lines": [_line(line, explanation) for line in explanation.sent],
        **{
            name: _plain(getattr(booking, name))
            for name in ("sent_at", "booked_at", "verified", "verified_at", "seen_at")
        },
        "differences": [describe(difference) for difference in booking.all_differences],
        "warnings": warnings,
        "vies": [
            {
                "valid": answer.valid,
                "asked_at": _plain(answer.asked_at),
                "consultation": answer.consultation or None,
            }
            for answer in explanation.vies
        ],
    }


def _line(line: TransactionLine, explanation: Explanation) -> dict[str, Any]:
    kind = "customer" if line.type == "customer" else "ledger"
    name = explanation.names.get(name_key(LEDGER, line.account)) if kind == "ledger" else None
    code_name = explanation.names.get(name_key(CODE, line.vat_code))

    return {
        kind: line.account,
        "name": name,
        "debit": euros(line.debit),
        "credit": euros(line.credit),
        "code": line.vat_code or None,
        "code_name": code_name,
        "vat": None if line.vat_amount is None else euros(line.vat_amount),
    }


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {**asdict(exchange), "at": exchange.at.isoformat()}


def _plain(value: object, name: str = "") -> Any:  # noqa: ANN401 - JSON is anything
    """Return a value as JSON takes it."""
    match value:
        case Decimal():
            return percentage(value) if name in RATES else euros(value)
        case datetime() | date():
            return value.isoformat()
        case Enum():
            return value.value
        case dict():
            return {key: _plain(each, key) for key, each in value.items()}
        case _:
            return value
