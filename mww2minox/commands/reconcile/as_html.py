"""The document of a reconciliation, that a bookkeeper prints and signs: one HTML file.

No customer's name or address is in it; VAT numbers are, in the ICP listing, which is filed by them.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mww2minox.books.model import BookingRules, VatRow
from mww2minox.books.money import percentage
from mww2minox.books.reconciliation import ORDER, Point, canonical_lines, hash_of, root_hash
from mww2minox.commands.reconcile.document import Document, Gap
from mww2minox.commands.reconcile.words import (
    country,
    country_of,
    distance_sales,
    icp_check,
    is_shown,
    large_correction,
    not_over,
    notes,
    step_in_words,
    summary,
    verdict,
    vies_in_words,
)
from mww2minox.language.texts import _, day
from mww2minox.reasons import STRATEGIES, TYPES
from mww2minox.steps.html_page import html_page
from mww2minox.steps.reconciliation.closed_periods import explain_change
from mww2minox.steps.reconciliation.words import text_of

TEMPLATES = Path(__file__).with_name("templates")
CLOSED, OPEN = ("good", "✓"), ("bad", "!")
"""What the verdict looks like, and the sign before it."""


def as_html(document: Document, rules: BookingRules, proof_name: str) -> str:
    """Return the page; `rules` are the mapping in force, by which it was proven, and `proof_name`
    is the file with the proof beside it.
    """
    values = {
        "document": document,
        "period": document.reconciliation.period,
        "proof": document.proof,
        "reconciliation": document.reconciliation,
        "words": {**_words(document), **_words_of_proof(document, proof_name)},
        **_findings(document),
        # What it was proven by.
        "mapping": list(map(_row_in_words, rules.vat)),
        "settings": _settings(rules),
        "orders_hash": _hash_of_orders(document),
        "method": _method(document),
        "limits": _limits(),
    }
    filters: dict[str, Callable[..., str]] = {
        "country": country,
        "country_of": country_of,
        "rate": _rate,
        "box": _box,
        "vies": lambda number: vies_in_words(document.vies.get(number)),
    }
    return html_page(TEMPLATES, "reconciliation.html", values, filters)


def _findings(document: Document) -> Mapping[str, Any]:
    """Return what was proven or refuted, in words."""
    reconciliation = document.reconciliation
    period, is_closed = reconciliation.period.name, reconciliation.is_closed
    accepted = _accepted(reconciliation.points)
    level, sign = CLOSED if is_closed else OPEN

    return {
        "level": level,
        "sign": sign,
        "verdict": verdict(reconciliation),
        "steps": [(step_in_words(step), step) for step in document.bridge if is_shown(step)],
        "points": [(point, text_of(point, period)) for point in reconciliation.open_points],
        "accepted": [(point, text_of(point, period)) for point in accepted],
        "gaps": [(gap, _gap_in_words(gap)) for gap in document.gaps],
        "changed": document.changed and explain_change(document.changed),
        "large": large_correction(document),
        "threshold": distance_sales(document),
        "icp_check": icp_check(document),
    }


def _accepted(points: Iterable[Point]) -> list[Point]:
    return [point for point in points if point.accepted]


def _rate(rate: Any) -> str:  # noqa: ANN401 - a Decimal, or None where no order tells it
    return "" if rate is None else f"{percentage(rate)}%"


def _box(box: str) -> str:
    return box or "-"


def _gap_in_words(gap: Gap) -> str:
    causes = {
        "test": _("a test order"),
        "gone": _("no longer in the shop"),
        "elsewhere": _("dated in another period"),
        "": _("not known: a cart that was left, perhaps"),
    }
    return causes[gap.cause]


def _row_in_words(row: VatRow) -> Mapping[str, str]:
    kind = country(row.region or "")
    if row.strategy:
        kind = _(STRATEGIES[row.strategy])
    line_type = row.type or ""
    code = "-" if row.code is None else str(row.code)

    return {
        "kind": kind,
        "rate": _rate(row.rate),
        "type": _(TYPES.get(line_type, line_type)) if line_type else "",
        "code": code,
        "ledger": row.ledger,
        "vat_ledger": row.vat_ledger or "",
    }


def _settings(rules: BookingRules) -> list[tuple[str, str]]:
    others = [(f"ledgers.{kind}", ledger) for kind, ledger in sorted(rules.ledgers.items())]
    return [
        ("minox.journal", rules.journal),
        ("booking.vat_posting", rules.vat_posting),
        ("booking.invoice_number", rules.invoice_number),
        ("booking.date", rules.date),
        ("booking.rounding_ledger", rules.rounding_ledger or "-"),
        *others,
    ]


def _hash_of_orders(document: Document) -> str:
    lines = canonical_lines(document.reconciliation)
    return root_hash(hash_of(text) for kind, _key, text in lines if kind == ORDER)


def _method(document: Document) -> list[str]:
    """Say how it was proven, and what was compared otherwise than to the cent."""
    sentences = [
        _(
            "The shop's orders were listed anew and held against its own count; Minox' lines were"
            " read by period, the neighbouring periods too, and what differed by booking."
        ),
        _(
            "The period goes by document date: that of the order, or of its status change, as"
            " booking.date says."
        ),
    ]
    return [*sentences, *notes(document)]


def _limits() -> list[str]:
    """Say what is not proven."""
    return [
        _("That the shop recorded every sale."),
        _("That the money came in."),
        _("Purchases, and revenue from elsewhere than this shop."),
    ]


def _words(document: Document) -> Mapping[str, str]:
    """Return the labels of the page, in the reader's language."""
    period = document.reconciliation.period
    title = _("VAT period {name}").format(name=period.name)
    days = _("Document dates {first} to {last}; the return is due on {due}").format(
        first=day(period.first), last=day(period.last), due=day(period.due)
    )
    if document.proven_until:
        days = f"{days}. {not_over(document)}"
    return {
        # Who, and what came of it.
        "title": title,
        "days": days,
        "summary": summary(document.reconciliation),
        "verdict": _("Verdict"),
        "identity": _("Identity"),
        "shop": _("Shop"),
        "administration": _("Administration"),
        "program": _("Program"),
        "config": _("Mapping (sha256)"),
        "bridge": _("From the shop to the books"),
        "step": _("Step"),
        "orders": _("Orders"),
        "amount": _("Amount"),
        "by_box": _("VAT per box of the return"),
        "by_code": _("VAT per box and code, shop and Minox"),
        "box": _("Box"),
        "code": _("VAT code"),
        "country": _("Country"),
        "rate": _("Rate"),
        "turnover": _("Turnover"),
        "vat": _("VAT"),
        "in_minox": _("In Minox"),
        "filed": _("Filed"),
        "difference": _("Difference"),
        "other_revenue": _(
            "A difference is no fault by itself: other revenue may be in the return. Returns are"
            " filed in whole euros, so that less than a euro counts as none."
        ),
        "oss": _("Distance sales (OSS)"),
        "sold": _("Sold"),
        "taken_back": _("Taken back"),
        "icp": _("ICP listing"),
        "vat_number": _("VAT number"),
        "vies": _("VIES"),
        "open": _("Open points"),
        "no_open": _("There are none."),
        "accepted": _("Looked at, and left as it is"),
        "cause": _("Cause"),
        "to_do": _("What to do"),
        "numbers": _("Order numbers"),
        "from_to": _("from {first} to {last}"),
        "gaps": _("Numbers that no order of the period has"),
        "credits": _("Credit orders and what they take back"),
        "credit_order": _("Credit order"),
        "original": _("Original"),
        "no_changes": _("There are none."),
        "method": _("How this was proven"),
        "limits": _("What is not proven"),
        "mapping": _("Mapping in force"),
        "ledger": _("Ledger account"),
        "type": _("Line type"),
        "signed": _("Signed"),
        "name": _("Name"),
        "date": _("Date"),
        "signature": _("Signature"),
    }


def _words_of_proof(document: Document, proof_name: str) -> Mapping[str, str]:
    """Return the labels of the proof itself, and of the one that it is compared with."""
    recompute = _("To compute it anew: mww2minox reconcile --recompute {file}")
    number = str(document.proof.number) if document.proof.number else _("not stored")
    changes = _("Changes since the former proof, per box")
    if document.former:
        changes = _("Changes since proof {number} of {day}, per box").format(
            number=document.former.number, day=day(document.former.proven_at.astimezone())
        )

    return {
        "number": number,
        "proof": _("Proof"),
        "hash": _("Proof (sha256)"),
        "former": _("Former proof (sha256)"),
        "none": _("none"),
        "changes": changes,
        "orders_hash": _("Orders (sha256)"),
        "recompute": recompute.format(file=proof_name),
    }
