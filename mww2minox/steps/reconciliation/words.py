"""The sentences of what reconciling shows: what is wrong, and what to do."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from mww2minox.books.model import Rejection, State
from mww2minox.books.reconciliation import Finding, Point
from mww2minox.language.texts import N_, _, day, number
from mww2minox.reasons import (
    PAYMENT_STATUSES,
    Text,
    explain_differences,
    explain_rejection,
    state_in_words,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """The sentence of a finding, and what to do."""

    text: str
    suggestion: str


FINDINGS: dict[str, FindingRow] = {
    "not_fetched": FindingRow(
        text=N_("Order {number} of {date} is in the shop, and was not fetched."),
        suggestion=N_("Fetch and book it: mww2minox fetch --order {number} && mww2minox push"),
    ),
    "not_pushed": FindingRow(
        text=N_("Order {number} is ready, and not booked yet."),
        suggestion=N_("Book it: mww2minox push --order {number}"),
    ),
    "not_known_as_booked": FindingRow(
        text=N_(
            "Order {number} is in Minox (booking {batch_id}), and is not known here as booked."
        ),
        suggestion=N_("Take that booking over: mww2minox adopt --order {number}"),
    ),
    "booked_though_excluded": FindingRow(
        text=N_("Order {number} is not to be booked, and booking {batch_id} in Minox is of it."),
        suggestion=N_(
            "Delete that booking in Minox, or take it over: mww2minox adopt --order {number}"
        ),
    ),
    "credits_what_is_not_booked": FindingRow(
        text=N_("Order {number} takes back order {original}, which is not booked (it is {state})."),
        suggestion=N_("Look why, and book it first: mww2minox retry {original}"),
    ),
    "paid_back_uncredited": FindingRow(
        text=N_(
            'Order {number} is booked, its payment is "{payment_status}", and no credit order takes'
            " it back."
        ),
        suggestion=N_(
            "Make a credit order for it in the shop, then run: mww2minox fetch && mww2minox push."
            " Or, if it may stay as it is: mww2minox seen {number}"
        ),
    ),
    "booked_twice": FindingRow(
        text=N_(
            "Order {number} is booked, and booking {batch_id} in journal {journal} ({date}, {total}"
            " euros) is named after it as well."
        ),
        suggestion=N_(
            "Delete the one that is too many in Minox, then run: mww2minox verify --order {number}"
        ),
    ),
    "of_nobody": FindingRow(
        text=N_(
            "Booking {batch_id} in journal {journal} ({date}, {total} euros) names order {number},"
            " which the shop does not have."
        ),
        suggestion=N_(
            "Delete it in Minox, or move it to another journal, where it is not of the shop; then"
            " run: mww2minox reconcile PERIOD"
        ),
    ),
    "count_differs": FindingRow(
        text=N_(
            "The shop counts {counted} orders from {first} to {last}, and shows {shown} of them."
        ),
        suggestion=N_("Read them again: mww2minox fetch --since {first} --until {last}"),
    ),
}
"""A row for each code of a finding."""


def text_of(point: Point, period: str) -> Text:
    """Return what is wrong, and what to do about it."""
    match point.cause:
        case Rejection():
            return explain_rejection(point.cause)
        case Finding():
            return _finding(point.cause, period)
        case differences:
            return explain_differences(point.number, differences)


def _finding(finding: Finding, period: str) -> Text:
    row = FINDINGS[finding.code]
    shown = _shown(finding.values)
    typed = {**finding.values, "number": shlex.quote(finding.values.get("number", ""))}

    suggestion = _(row.suggestion).replace("PERIOD", period)
    return Text(_(row.text).format_map(shown), suggestion.format_map(typed))


def _shown(values: Mapping[str, str]) -> dict[str, str]:
    shown = dict(values)
    for key in ("date", "first", "last"):
        if shown.get(key):
            shown[key] = day(date.fromisoformat(shown[key]))
    if shown.get("total"):
        shown["total"] = number(Decimal(shown["total"]))

    status = shown.get("payment_status", "")
    if status in PAYMENT_STATUSES:
        shown["payment_status"] = _(PAYMENT_STATUSES[status])
    if shown.get("state"):
        shown["state"] = state_in_words(State(shown["state"]))
    return shown
