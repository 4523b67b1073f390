"""Orders that the shop does not have any more: closed, never booked, and never lost from the books
(books/rules.md, "An order's life").
"""

import datetime as dt
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox
from tests.harness.clock import Clock
from tests.harness.inside import Inside
from tests.harness.world import an_order
from tests.system.test_adopt import book_each

DAY = 86_400
LATER = 3600
MARCH = dt.date(2026, 3, 14)
WAITING, FAILED, READY, SENT = "1001", "1002", "1003", "1004"
PUT: dict[str, Any] = {"side": "minox", "method": "PUT", "path": "transaction_line_batch"}
NEVER = Fault("drop_before", times=None, **PUT)
LOST = Fault("html", effect=True, times=None, **PUT)
CLOSED = ("skipped", "gone_from_shop")


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, number: str, **fields: Any) -> None:
    order = {"email": "a@example.nl", "date": MARCH, **fields}
    vendors.shop.add(an_order(int(number), total="121.00", **order))


@pytest.fixture
def shop(inside: Inside, vendors: Sandbox) -> Inside:
    """A shop with an order that waits for its status, one that failed and one that is ready."""
    offer(vendors, WAITING, status=1)
    offer(vendors, FAILED, email="")
    assert inside("fetch").status == 0
    assert inside("push").status == 3
    offer(vendors, READY)
    assert inside("fetch").status == 0
    return inside


def states(shop: Inside) -> dict[str, tuple[str, str | None]]:
    return {number: (order["state"], order["reason"]) for number, order in shop.report().items()}


def lose(shop: Inside, vendors: Sandbox, fault: Fault, number: str = SENT) -> None:
    """Push an order whose PUT meets this fault; after that all is well."""
    offer(vendors, number)
    assert shop("fetch").status == 0
    vendors.faults.append(Fault(**fault.as_dict()))
    shop("push", "--order", number)
    vendors.faults.clear()
    assert states(shop)[number] == ("failed", "outcome_unknown")


def test_what_is_not_booked_and_gone_is_closed_by_the_second_look_and_told_once(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    for number in (WAITING, FAILED, READY):
        vendors.shop.remove(number)
    clock.pass_by(DAY)
    told = shop("fetch")
    assert told.status == 0
    assert set(states(shop).values()) == {CLOSED}
    for number in (WAITING, FAILED, READY):
        assert f"Order {number} is no longer in the shop" in told.err

    clock.pass_by(DAY)
    again = shop("fetch")
    assert "no longer in the shop" not in again.out + again.err
    assert shop("push").status == 0
    assert vendors.minox.batches == {}


def test_a_ready_order_is_looked_for_however_old_it_is(
    inside: Inside, vendors: Sandbox, clock: Clock
) -> None:
    offer(vendors, READY, date=dt.date(2026, 1, 2))
    assert inside("fetch").status == 0
    vendors.shop.remove(READY)
    clock.pass_by(DAY)
    assert inside("fetch").status == 0
    assert states(inside) == {READY: CLOSED}


@pytest.mark.parametrize("number", [WAITING, FAILED, READY])
@pytest.mark.parametrize("command", [("retry",), ("fetch", "--order")])
def test_an_order_that_is_named_and_gone_is_closed_and_told(
    shop: Inside, vendors: Sandbox, number: str, command: tuple[str, ...]
) -> None:
    vendors.shop.remove(number)
    told = shop(*command, number)
    assert told.status == 0
    assert f"Order {number} is no longer in the shop" in told.out + told.err
    assert states(shop)[number] == CLOSED
    assert vendors.minox.batches == {}


def test_an_order_that_the_shop_never_had_is_still_a_mistake(shop: Inside) -> None:
    for command in (("retry",), ("fetch", "--order")):
        assert shop(*command, "4711").status == 2


def test_retry_of_all_closes_what_is_gone_and_books_the_rest(
    shop: Inside, vendors: Sandbox
) -> None:
    vendors.shop.change(READY, debtor={})
    assert shop("fetch", "--order", READY).status == 0
    assert shop("push").status == 3
    vendors.shop.remove(FAILED)
    vendors.shop.add(an_order(int(READY), total="121.00", email="b@example.nl", date=MARCH))
    assert shop("retry", "--all").status == 0
    assert states(shop)[FAILED] == CLOSED
    assert shop.booked() == [READY]


@pytest.mark.parametrize("status", [1, 2])
def test_an_order_that_comes_back_is_taken_in_again(
    shop: Inside, vendors: Sandbox, clock: Clock, status: int
) -> None:
    there = vendors.shop.orders[READY]
    vendors.shop.remove(READY)
    clock.pass_by(DAY)
    shop("fetch")
    assert states(shop)[READY] == CLOSED
    vendors.shop.add(there | {"status": status})
    clock.pass_by(DAY)
    assert shop("fetch").status == 0
    assert states(shop)[READY][0] == ("waiting" if status == 1 else "ready")


# What was sent before it went

SOON_OR_LATER = [1, LATER]


@pytest.mark.parametrize("again", ["push", "retry", "adopt"])
@pytest.mark.parametrize("seconds", SOON_OR_LATER)
def test_an_order_that_is_gone_after_a_put_that_arrived_is_booked_with_a_difference(
    shop: Inside, vendors: Sandbox, clock: Clock, seconds: int, again: str
) -> None:
    vendors.settings.lookup_lag = 20.0
    lose(shop, vendors, LOST)
    vendors.shop.remove(SENT)
    clock.pass_by(seconds)
    assert shop("fetch").status == 0
    assert states(shop)[SENT] == ("failed", "outcome_unknown"), "Minox was not asked yet"

    clock.pass_by(60)
    shop(*({"retry": ("retry", SENT)}.get(again, (again,))))
    assert SENT in shop.booked()
    assert shop.report()[SENT]["differences"] == ["the order is no longer in the shop"]


@pytest.mark.parametrize("command", ["push", "retry"])
def test_an_order_that_is_gone_after_a_put_that_never_arrived_is_not_booked(
    shop: Inside, vendors: Sandbox, clock: Clock, command: str
) -> None:
    lose(shop, vendors, NEVER)
    vendors.shop.remove(SENT)
    arguments = (command, SENT) if command == "retry" else (command, "--order", SENT)
    shop("fetch")
    assert shop(*arguments).status == 3, "its booking may still arrive"
    assert states(shop)[SENT] == ("failed", "outcome_unknown")
    assert vendors.minox.batches == {}

    clock.pass_by(LATER)
    told = shop(*arguments)
    assert told.status == 0
    assert f"Order {SENT} is no longer in the shop" in told.out + told.err
    assert states(shop)[SENT] == CLOSED
    assert vendors.minox.batches == {}


def test_what_was_sent_is_looked_for_in_the_shop_by_every_fetch(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    clock.pass_by(DAY)
    lose(shop, vendors, NEVER)
    vendors.shop.remove(SENT)
    clock.pass_by(LATER)
    assert shop("fetch").status == 0, "not the one of the day that looks at all"
    assert shop("push", "--order", SENT).status == 0
    assert states(shop)[SENT] == CLOSED


@pytest.mark.parametrize("since", ["2026-03-01", "2026-03-18"])
def test_that_it_is_gone_is_kept_whatever_else_changes_meanwhile(
    shop: Inside, vendors: Sandbox, clock: Clock, since: str
) -> None:
    lose(shop, vendors, NEVER)
    vendors.shop.remove(SENT)
    shop("fetch")
    config = vendors.config()
    config["shop"]["since"] = since
    shop.write_config({**config, "language": "en", "state": str(shop.state)})
    shop("fetch")
    shop("push", "--order", SENT)
    clock.pass_by(LATER)
    shop("push", "--order", SENT)
    assert states(shop)[SENT] == CLOSED
    assert vendors.minox.batches == {}


def test_an_order_that_is_back_before_minox_was_asked_is_booked(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    lose(shop, vendors, NEVER)
    there = vendors.shop.orders[SENT]
    vendors.shop.remove(SENT)
    shop("fetch")
    vendors.shop.add(there)
    shop("fetch")
    clock.pass_by(LATER)
    assert shop("push", "--order", SENT).status == 0
    assert shop.booked() == [SENT]
    assert shop.report()[SENT]["differences"] == []


def test_an_order_that_others_booked_and_that_is_gone_is_adopted_with_a_difference(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    book_each(vendors, [READY])
    vendors.shop.remove(READY)
    clock.pass_by(DAY)
    shop("fetch")
    assert shop("adopt").status == 0
    assert READY in shop.booked()
    assert "the order is no longer in the shop" in shop.report()[READY]["differences"]
