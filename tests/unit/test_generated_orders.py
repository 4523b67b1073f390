"""Thousands of generated orders, in all ways of sending VAT, against an oracle that knows nothing
of the core: to the cent, and no refusal that the rules do not ask for.

MWW2MINOX_ORDERS sets how many: 20000 take some minutes.
"""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mww2minox.books.decision import decide
from mww2minox.books.model import Booking, BookingRules, Order, VatPosting, VatRow
from mww2minox.minox.wire import booking_body
from mww2minox.shop.orders import read_order
from tests.harness.builders import ADMINISTRATION, RULES
from tests.harness.generated_orders import orders
from tests.harness.oracle import Due, books, due, expected, refusal, turns

COUNT = int(os.environ.get("MWW2MINOX_ORDERS") or 500)
ROWS = (
    *RULES.vat,
    VatRow(region="NL", rate=Decimal(0), code=3, ledger="8020"),
    VatRow(region="NL", rate=Decimal(0), type="gift_card", code=None, ledger="1850"),
)
WAYS = [
    replace(RULES, vat=ROWS, vat_posting=posting, rounding_ledger=rounding_ledger)
    for posting in VatPosting
    for rounding_ledger in (None, "4990")
]


def read(raw: dict[str, Any]) -> Order:
    """Read an order of the shop; each of these can be read."""
    received = read_order(raw)
    assert received.order, received.problem
    return received.order


def filled(sums: Mapping[Any, int]) -> dict[Any, int]:
    """Leave out what comes to nothing."""
    return {key: amount for key, amount in sums.items() if amount}


def reason_why_not(order: Order, rules: BookingRules, what: Due, refused: str | None) -> str | None:
    """Return why the rules have an order not booked that is sent in this way, or None.

    `refused` is the reason in whichever way.
    """
    if refused or turns(what, rules):
        return refused or "vat_mismatch"

    is_positive = bool(order.credited_order_number) and order.total > 0
    return "credit_order_positive" if is_positive else None


def outcome_of(order: Order, rules: BookingRules, what: Due, reason: str | None) -> str:
    """Hold one order against the oracle; return what became of it."""
    found = decide(order, rules, ADMINISTRATION).outcome
    if not isinstance(found, Booking):
        assert found.reason == reason, (found, reason, order)
        return str(found.reason)

    assert reason is None, (reason, order)
    sent = books(booking_body(found, "10001"), rules.vat_posting)
    wanted = expected(what, rules)
    assert sent.over == 0, order
    assert sent.owed == wanted.owed, order
    for name in ("accounts", "owed_by_code", "turnover", "vat"):
        assert filled(getattr(sent, name)) == filled(getattr(wanted, name)), (name, order)
    return "booked"


@pytest.mark.thorough
def test_every_generated_order_is_booked_to_the_cent_or_refused_by_a_rule() -> None:
    counts: Counter[str] = Counter()
    for place, raw in enumerate(orders(20260314, COUNT)):
        order = read(raw)
        what, refused = due(order, WAYS[0]), refusal(order, WAYS[0])
        # All ways, and every other order with an account for its rounding.
        for rules in WAYS[place % 2 :: 2]:
            reason = reason_why_not(order, rules, what, refused)
            counts[outcome_of(order, rules, what, reason)] += 1

    print(dict(counts.most_common()))  # noqa: T201 - shown with -s
    assert counts["booked"] > 0.85 * counts.total()
