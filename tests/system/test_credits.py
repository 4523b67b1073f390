"""Credit orders look at what they credit (books/rules.md, rule 11)."""

import datetime as dt
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox
from mww2minox.state import Store
from tests.harness.inside import Ended, Inside
from tests.harness.world import an_order
from tests.system.test_adopt import lose_state

MARCH = dt.date(2026, 3, 14)
NUMBER, CREDIT = "1005", "1001"
"""The credit order has the lower number, so that it comes first by itself."""
CANCELLED, CREDITED = 6, 8


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, number: str = NUMBER, total: str = "121.00", **fields: Any) -> None:
    order = {"email": "a@example.nl", "date": MARCH, **fields}
    vendors.shop.add(an_order(int(number), total=total, **order))


def credit(vendors: Sandbox, number: str = CREDIT, total: str = "-121.00", **fields: Any) -> None:
    order = {"status": CREDITED, "credited_order_number": NUMBER}
    offer(vendors, number, total, **{**order, **fields})


def run(inside: Inside, *commands: str) -> Ended:
    """Run these commands, and return how the last one ended."""
    ended = None
    for command in commands:
        ended = inside(command)
    assert ended
    return ended


def reasons(inside: Inside) -> dict[str, str | None]:
    return {number: order["reason"] for number, order in inside.report().items()}


def test_what_was_never_booked_is_not_taken_back(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors, status=CANCELLED)
    credit(vendors)
    told = run(inside, "fetch", "push")
    assert told.status == 3
    assert vendors.minox.batches == {}
    assert reasons(inside) == {NUMBER: "status_not_selected", CREDIT: "original_not_booked"}
    assert f"credits order {NUMBER}, which is not booked (waiting: status" in told.err

    vendors.shop.set_status(NUMBER, 2)
    assert run(inside, "fetch", "push").status == 0
    assert inside.booked() == [CREDIT, NUMBER], "both in one run, the original first"


def test_a_credit_order_that_comes_first_waits_for_its_original_in_the_same_run(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    credit(vendors, date=dt.date(2026, 3, 1))
    assert run(inside, "fetch", "push").status == 0
    puts = [request.path for request in vendors.requests if request.method == "PUT"]
    batches = {number: order["batch_id"] for number, order in inside.report().items()}
    order = [path.rpartition("/")[2] for path in puts]
    assert order == [batches[NUMBER], batches[CREDIT]]


@pytest.mark.parametrize(
    "arguments", [("push", "--order", CREDIT), ("retry", CREDIT), ("push", "--limit", "2")]
)
def test_an_original_that_is_ready_is_booked_first_whatever_was_named(
    inside: Inside, vendors: Sandbox, arguments: tuple[str, ...]
) -> None:
    offer(vendors)
    credit(vendors)
    offer(vendors, "1009")
    run(inside, "fetch")
    assert inside(*arguments).status == 0
    assert inside.booked() == [CREDIT, NUMBER]


def test_a_limit_takes_the_original_and_leaves_what_takes_it_back(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    credit(vendors)
    run(inside, "fetch")
    assert inside("push", "--limit", "1").status == 0
    assert inside.booked() == [NUMBER]


def test_an_original_that_fails_and_is_corrected_is_booked_with_what_takes_it_back(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors, email="")
    credit(vendors)
    assert run(inside, "fetch", "push").status == 3
    assert reasons(inside) == {NUMBER: "email_missing", CREDIT: "original_not_booked"}
    offer(vendors)
    inside("fetch", "--order", NUMBER)
    assert inside("push").status == 0
    assert inside.booked() == [CREDIT, NUMBER]


def test_the_books_are_looked_at_for_a_credit_order_whose_original_failed_before(
    inside: Inside, vendors: Sandbox
) -> None:
    """No first PUT without the look, also where the original is booked in this very run."""
    vendors.minox.close_period(2026, 3)
    offer(vendors)
    credit(vendors)
    assert run(inside, "fetch", "push").status == 3
    vendors.minox.open_period(2026, 3)
    vendors.requests.clear()
    assert inside("push").status == 0
    batch = inside.report()[CREDIT]["batch_id"]
    methods = [request.method for request in vendors.requests if batch in request.path]
    assert methods[0] == "GET"


def test_nothing_is_asked_of_minox_for_a_credit_order_whose_original_our_rules_refuse(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors, email="")
    credit(vendors)
    run(inside, "fetch")
    vendors.requests.clear()
    inside("push")
    assert [seen.path for seen in vendors.requests if "transaction_line" in seen.path] == []


def test_a_server_that_fails_on_the_original_alone_books_nothing_that_takes_it_back(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    credit(vendors)
    offer(vendors, "1009")
    run(inside, "fetch")
    vendors.faults.append(Fault("drop_before", side="minox", method="PUT", times=6))
    inside("push")
    assert CREDIT not in inside.booked()
    vendors.faults.clear()
    assert inside("push").status == 0
    assert inside.booked() == [CREDIT, NUMBER, "1009"]


def test_a_dry_run_shows_a_credit_order_with_its_original(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors)
    credit(vendors)
    run(inside, "fetch")
    shown = inside("push", "--dry-run")
    assert shown.status == 0
    assert "not booked" not in shown.err
    vendors.shop.change(NUMBER, debtor={})
    inside("fetch", "--order", NUMBER)
    shown = inside("push", "--dry-run")
    assert shown.status == 3
    assert f"credits order {NUMBER}, which is not booked" in shown.err


@pytest.mark.parametrize("known", [True, False])
def test_an_original_from_before_the_first_date_counts_as_booked_elsewhere(
    inside: Inside, vendors: Sandbox, *, known: bool
) -> None:
    offer(vendors, date=dt.date(2026, 2, 1))
    if known:
        run(inside, "fetch")
    config = vendors.config()
    config["shop"]["since"] = "2026-03-01"
    inside.write_config({**config, "language": "en", "state": str(inside.state)})
    credit(vendors)
    assert run(inside, "fetch", "push").status == 0
    assert inside.booked() == [CREDIT]


def test_an_original_that_is_skipped_by_hand_counts_as_booked_elsewhere(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors, status=CANCELLED)
    credit(vendors)
    assert run(inside, "fetch", "push").status == 3
    assert inside("skip", NUMBER).status == 0
    assert inside("retry", CREDIT).status == 0
    assert inside.booked() == [CREDIT]


@pytest.mark.parametrize("members", [(NUMBER,), (NUMBER, CREDIT), (NUMBER, CREDIT, "1009")])
def test_orders_that_credit_each_other_are_told_and_hold_up_nobody(
    inside: Inside, vendors: Sandbox, members: tuple[str, ...]
) -> None:
    """None of them has a first one to take back, so that each would wait for another for ever."""
    for place, number in enumerate(members):
        credit(vendors, number, credited_order_number=members[place - 1])
    credit(vendors, "1020", credited_order_number=NUMBER)
    offer(vendors, "1021")
    told = run(inside, "fetch", "push")
    assert told.status == 3
    expected = dict.fromkeys(members, "order_invalid")
    assert reasons(inside) == {**expected, "1020": "original_not_booked", "1021": None}
    assert inside.booked() == ["1021"]


def test_three_credit_orders_of_the_whole_are_booked_with_a_warning_from_the_second_on(
    inside: Inside, vendors: Sandbox
) -> None:
    """So too when the state was lost and they are taken over."""
    offer(vendors)
    for number in ("1001", "1002", "1003"):
        credit(vendors, number)
    assert run(inside, "fetch", "push").status == 0
    assert len(vendors.minox.batches) == 4
    expected = {"1001": [], "1002": ["242.00"], "1003": ["363.00"], NUMBER: []}
    assert credited_too_much(inside) == expected

    lose_state(inside, vendors)
    vendors.shop.set_status(NUMBER, CANCELLED)
    run(inside, "fetch", "adopt")
    assert credited_too_much(inside) == expected
    assert len(vendors.minox.batches) == 4


def credited_too_much(inside: Inside) -> dict[str, list[str]]:
    with Store(inside.state) as store:
        found = store.bookings()
    return {
        booking.number: [warning.values["credited"] for warning in booking.warnings]
        for booking in found
    }
