"""A reconciliation as JSON: money as plain text to the cent (docs/json.md)."""

import json
from typing import Any

from mww2minox.books.filed_return import BoxLine, FiledBox
from mww2minox.books.listings import IcpLine, OssLine
from mww2minox.books.money import euros
from mww2minox.books.reconciliation import (
    Amounts,
    Point,
    Standing,
    VatLine,
)
from mww2minox.commands.reconcile.document import Document
from mww2minox.state import StoredViesAnswer
from mww2minox.steps.reconciliation.words import text_of


def as_json(document: Document) -> str:
    """Return everything that was proven or refuted, and what stands beside it."""
    proven = {**_verdict(document), **_beside(document), **_proof(document)}

    return json.dumps(proven, indent=2, ensure_ascii=False)


def _verdict(document: Document) -> dict[str, Any]:
    """Return whether the period is closed, and how both sides add up."""
    reconciliation = document.reconciliation
    period, until = reconciliation.period, document.proven_until
    bridge = [
        {"step": step.name, "orders": step.count, "amount": euros(step.amount)}
        for step in document.bridge
    ]

    return {
        "period": period.name,
        "first": period.first.isoformat(),
        "last": period.last.isoformat(),
        "closed": reconciliation.is_closed,
        "proven_until": until and until.isoformat(),
        "orders": {standing.value: reconciliation.count(standing) for standing in Standing},
        "bridge": bridge,
        "lines": [_line(line) for line in reconciliation.lines],
        "boxes": [_box(line) for line in document.by_box],
        "filed_by": document.filed.source if document.filed else None,
    }


def _beside(document: Document) -> dict[str, Any]:
    """Return the listings beside the return, and the gaps in the numbers."""
    gaps = [
        {"first": gap.numbers.first, "last": gap.numbers.last, "cause": gap.cause or None}
        for gap in document.gaps
    ]

    return {
        "icp": [_icp(line, document.vies.get(line.vat_number)) for line in document.icp],
        "icp_total": euros(document.icp_total),
        "oss": list(map(_oss, document.oss)),
        "distance_sales": euros(document.distance_sales),
        "gaps": gaps,
    }


def _proof(document: Document) -> dict[str, Any]:
    """Return the points, and what the proof is known by."""
    reconciliation, proof = document.reconciliation, document.proof
    period = reconciliation.period.name

    return {
        "differences": [_sentence(point, period) for point in reconciliation.open_points],
        "points": [_point(point, period) for point in reconciliation.points],
        "untold": reconciliation.untold,
        "rounded_by_minox": euros(reconciliation.rounded_by_minox),
        "other_bookings": reconciliation.other_bookings,
        # One that was not stored has no number.
        "proof": proof.number or None,
        "proven_at": proof.proven_at.isoformat(timespec="seconds"),
        "sha256": proof.sha256,
        "former_sha256": proof.former_sha256,
        "changes": _changes(document),
    }


def _icp(line: IcpLine, answer: StoredViesAnswer | None) -> dict[str, Any]:
    vies = answer and {
        "valid": answer.valid,
        "asked_at": answer.asked_at.isoformat(timespec="seconds"),
        "consultation": answer.consultation or None,
    }

    return {
        "country": line.country,
        "vat_number": line.vat_number,
        "turnover": euros(line.turnover),
        "orders": list(line.orders),
        "vies": vies,
    }


def _oss(line: OssLine) -> dict[str, Any]:
    return {
        "country": line.country,
        "rate": euros(line.rate),
        "sold": _amounts(line.sold),
        "taken_back": _amounts(line.taken_back),
    }


def _changes(document: Document) -> dict[str, Any] | None:
    """Return what has changed since the proof that the period is compared with, per box."""
    if document.former is None:
        return None

    return {
        "since_proof": document.former.number,
        "boxes": {box: _amounts(amounts) for box, amounts in document.since_former.items()},
        "known_since": document.known_since and document.known_since.isoformat(),
    }


def _line(line: VatLine) -> dict[str, Any]:
    code = int(line.code) if line.code.isdecimal() else line.code

    return {
        "code": code or None,
        "region": line.region,
        "rate": "" if line.rate is None else euros(line.rate),
        "box": line.box or "none",
        "shop": _amounts(line.shop),
        "minox": _amounts(line.books),
        "difference": _amounts(line.difference),
    }


def _box(line: BoxLine) -> dict[str, Any]:
    difference = None if line.difference is None else _amounts(line.difference)

    return {
        "box": line.box,
        "minox": _amounts(line.books),
        "filed": line.filed and _filed(line.filed),
        "difference": difference,
    }


def _filed(filed: FiledBox) -> dict[str, Any]:
    vat = None if filed.vat is None else euros(filed.vat)
    return {"turnover": euros(filed.turnover), "vat": vat}


def _amounts(amounts: Amounts) -> dict[str, str]:
    return {"turnover": euros(amounts.turnover), "vat": euros(amounts.vat)}


def _sentence(point: Point, period: str) -> str:
    return text_of(point, period).message


def _point(point: Point, period: str) -> dict[str, Any]:
    return {
        "order": point.number or None,
        "batch_id": point.batch_id or None,
        "amount": None if point.amount is None else euros(point.amount),
        "accepted": point.accepted,
        **text_of(point, period)._asdict(),
    }
