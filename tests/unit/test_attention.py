"""What needs attention, gathered by what it asks for, with one command for all of it."""

import datetime as dt
from decimal import Decimal

import pytest

from mww2minox.books.model import (
    BookingWarning,
    Difference,
    Reason,
    Rejection,
    State,
    WarningCode,
)
from mww2minox.commands.report.as_table import Paper, _block
from mww2minox.commands.report.attention import Attention
from mww2minox.commands.report.rows import Row
from mww2minox.commands.report.value import Group, Kind

DAY = dt.date(2026, 3, 14)


def failed(number: str, reason: Reason = Reason.EMAIL_MISSING, **values: str) -> Row:
    rejection = Rejection(reason=reason, values={"number": number, **values})
    return Row(
        number=number,
        date=DAY,
        total=Decimal("12.10"),
        state=State.FAILED,
        rejection=rejection,
    )


def booked(number: str, *differences: Difference, warnings: tuple[BookingWarning, ...] = ()) -> Row:
    return Row(
        number=number,
        date=DAY,
        total=Decimal("-5.00"),
        state=State.BOOKED,
        differences=differences,
        unseen_differences=differences,
        warnings=warnings,
        unseen_warnings=warnings,
    )


def groups_of(*rows: Row) -> tuple[Group, ...]:
    attention = Attention()
    attention.add(rows)
    return attention.groups()


def test_orders_that_ask_for_the_same_are_one_group_and_others_are_not() -> None:
    blocked, others, missing = groups_of(
        failed("1", Reason.CUSTOMER_BLOCKED, customer="10001"),
        failed("2", Reason.CUSTOMER_BLOCKED, customer="10001"),
        failed("3", Reason.CUSTOMER_BLOCKED, customer="10002"),
        failed("4"),
        Row(number="5", date=DAY, total=None, state=State.WAITING),
    )
    assert (blocked.count, blocked.total, blocked.commands) == (
        2,
        Decimal("24.20"),
        ("mww2minox retry 1 2",),
    )
    assert "10001" in blocked.advice
    assert (others.code, others.commands) == ("customer_blocked", ("mww2minox retry 3",))
    assert missing.code == "email_missing"


def test_of_many_orders_the_first_are_named_and_all_are_retried() -> None:
    (group,) = groups_of(*(failed(str(1000 + index)) for index in range(25)))
    assert (group.count, len(group.orders), group.commands) == (
        25,
        20,
        ("mww2minox retry --all",),
    )
    short, *_advice = _block(group, Paper(500))
    assert short.text.endswith("1005 (14 Mar 2026, €12.10) and 19 more")
    full = _block(group, Paper(500, errors=True))
    assert (len(full), full[-2].text) == (23, "  and 5 more")


def test_several_orders_are_booked_by_hand_each_by_its_own_number() -> None:
    (alone,) = groups_of(failed("1040", Reason.ORDER_INVALID, problem="price missing"))
    assert "invoice number 1040" in alone.advice
    (both,) = groups_of(
        failed("1040", Reason.ORDER_INVALID, problem="price missing"),
        failed("1041", Reason.ORDER_INVALID, problem="price missing"),
    )
    assert "each with its number as invoice number" in both.advice
    (by_text,) = groups_of(
        failed("A1", Reason.ORDER_INVALID, problem="price missing"),
        failed("A2", Reason.ORDER_INVALID, problem="price missing"),
    )
    assert "each with its number as description" in by_text.advice


def test_every_order_has_its_option_in_a_command_that_takes_one_each() -> None:
    (group,) = groups_of(
        *(
            failed(number, Reason.PERHAPS_BOOKED, journal="VERK", text="Jansen")
            for number in ("1", "2")
        )
    )
    assert "mww2minox adopt --order 1 --order 2." in group.then
    assert "mww2minox retry --not-adopted 1 2" in group.then


def test_differences_and_warnings_are_seen_by_one_command_each() -> None:
    gone = Difference(code="order_gone", values={})
    undone = Difference(code="status_differs", values={"expected": "2", "found": "9"})
    warning = BookingWarning(code=WarningCode.PAYMENT_STATUS, values={"status": "refunded"})
    difference, reversal, warned = groups_of(
        booked("1", gone),
        booked("2", gone, undone),
        booked("3", undone),
        booked("4", warnings=(warning,)),
    )
    assert [one.kind for one in (difference, reversal, warned)] == [
        Kind.DIFFERENCE,
        Kind.DIFFERENCE,
        Kind.WARNING,
    ]
    assert difference.commands == (
        "mww2minox verify --order 1 --order 2",
        "mww2minox seen 1 2",
    )
    assert "credit order" in reversal.advice
    assert warned.commands == ("mww2minox seen 4",)


def test_an_order_counts_once_and_by_its_amount_whatever_its_sign() -> None:
    attention = Attention()
    gone = Difference(code="order_gone", values={})
    warning = BookingWarning(code=WarningCode.PAYMENT_STATUS, values={"status": "refunded"})
    attention.add([booked("1", gone, warnings=(warning,)), failed("2")])
    assert len(attention.groups()) == 3
    assert (attention.to_look_at.orders, attention.to_look_at.total) == (1, Decimal(5))
    assert (attention.unbooked.orders, attention.unbooked.total) == (1, Decimal("12.10"))


@pytest.mark.parametrize("reason", [Reason.VAT_NUMBER_INVALID, Reason.PERHAPS_BOOKED])
def test_what_is_private_is_in_no_discreet_message(reason: Reason) -> None:
    (group,) = groups_of(failed("1", reason, vat_number="BE0403170701", text="Truus Jansen"))
    (order,) = group.orders
    assert group.is_private
    assert ("BE04" in order.message, "Truus" in order.message).count(True) == 1
    assert not any(word in order.discreet for word in ("BE04", "Truus"))


def test_a_private_field_that_changed_is_in_no_discreet_message() -> None:
    values = {"field": "taxnumber", "expected": "BE0403170701", "found": "BE0403170702"}
    (group,) = groups_of(booked("1", Difference(code="order_changed", values=values)))
    (order,) = group.orders
    assert (group.is_private, "BE04" in order.message, "BE04" in order.discreet) == (
        True,
        True,
        False,
    )
