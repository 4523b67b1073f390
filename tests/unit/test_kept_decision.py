"""What is kept of a decision: every amount on the way, in little room, and nobody's data."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from mww2minox.books.kept_decision import (
    Kept,
    KeptAdoption,
    KeptDecision,
    kept_of,
    kept_text,
    mapping_of,
    read_kept,
)
from mww2minox.books.model import AdoptedBy, DateChoice, FoundBy, Order, VatRow
from tests.harness.builders import (
    BUYER,
    RULES,
    VAT,
    booked,
    line,
    mirrored,
    order,
    reverse_charged,
    rules,
)

MIXED = order(
    line("121.00"),
    line("10.90", "9"),
    line("6.95", type="shipping"),
    tax={"21": "22.21", "9": "0.91"},
    total="138.86",
)


def kept(given: Order, found_by: FoundBy = FoundBy.LOOKED_UP, **changes: object) -> KeptDecision:
    decision = kept_of(booked(given, rules(**changes)), "10001", found_by)
    assert decision
    return decision


def test_every_amount_on_the_way_is_kept_and_read_back_as_it_was() -> None:
    decision = kept(MIXED, ledgers={"shipping": "8900"})
    assert read_kept(kept_text(Kept(decision=decision))) == Kept(decision=decision)

    assert [tuple(amount) for amount in decision.amounts] == [
        ("article", Decimal(21), 1, Decimal("121.00"), Decimal("21.00"), 1, "8000"),
        ("article", Decimal(9), 1, Decimal("10.90"), Decimal("0.90"), 2, "8010"),
        ("shipping", Decimal(21), 1, Decimal("6.95"), Decimal("1.21"), 1, "8900"),
    ]
    assert [tuple(vat) for vat in decision.vat] == [
        (Decimal(21), Decimal("22.21"), Decimal("22.21"), Decimal("22.21")),
        (Decimal(9), Decimal("0.90"), Decimal("0.91"), Decimal("0.91")),
    ]
    assert decision.rounding
    assert tuple(decision.rounding) == (Decimal("0.01"), None, Decimal(21))
    assert sum(share.net + share.vat for share in decision.shares) == Decimal("138.86")


def test_it_takes_little_room_and_holds_nothing_of_a_person() -> None:
    text = kept_text(Kept(decision=kept(MIXED)))
    assert len(text) < 600

    business = kept_text(Kept(decision=kept(reverse_charged())))
    for personal in ("truus", BUYER.name, BUYER.company, "0403170701"):
        assert personal not in text + business
    assert '"vat_country":"BE"' in business


def test_of_whom_and_of_when_a_booking_is_is_kept() -> None:
    cash = replace(order(line("121.00")), payment="basic/cash")
    fixed = kept(cash, FoundBy.FIXED, payment_debtors={"basic/cash": "10600"})
    assert tuple(fixed.customer) == ("10001", FoundBy.FIXED, "basic/cash")

    credit = mirrored(order(line("121.00")), credited_order_number="1023")
    assert tuple(kept(credit, FoundBy.ORIGINAL).customer) == ("10001", FoundBy.ORIGINAL, "1023")

    later = order(line("121.00"), status_changed=dt.date(2026, 4, 2), tax_region=None)
    by_status = kept(later, date=DateChoice.STATUS_CHANGED)
    assert (by_status.date_by, by_status.period) == (DateChoice.STATUS_CHANGED, 4)
    assert (by_status.region, by_status.region_told) == ("NL", False)


def test_another_mapping_has_another_mark_and_what_decides_nothing_has_none() -> None:
    assert mapping_of(rules(block_reminders=True, takes_long_numbers=True)) == mapping_of(RULES)

    more = (*VAT, VatRow(region="FR", rate=Decimal(20), code=9, ledger="8330"))
    for changed in ({"vat": more}, {"ledgers": {"shipping": "8900"}}, {"rounding_ledger": "4990"}):
        assert mapping_of(rules(**changed)) != mapping_of(RULES)


def test_what_was_not_decided_here_or_is_of_another_version_is_not_read() -> None:
    made_by_hand = replace(booked(order(line("121.00"))), workings=None)
    assert kept_of(made_by_hand, "10001", FoundBy.LOOKED_UP) is None

    assert read_kept(None) == read_kept("") == read_kept('{"decision": {"v": 9}}') == Kept()

    adopted = Kept(
        adoption=KeptAdoption(
            by=AdoptedBy.NAME, journal="VERK", date=dt.date(2026, 3, 14), total=Decimal("68.00")
        )
    )
    assert read_kept(kept_text(adopted)) == adopted
