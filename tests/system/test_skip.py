"""`skip`: what we are never to book leaves the list for good; what may be in Minox is not skipped
before Minox was asked.
"""

import datetime as dt
import json
from typing import Any

import pytest

from mww2minox.minox.asking import BINDING_SECONDS
from mww2minox.sandbox import Fault, Sandbox
from tests.harness.clock import Clock
from tests.harness.inside import Ended, Inside
from tests.harness.world import an_order

NUMBER, OTHER = "1001", "1002"
CANCELLED = 6
DAY = dt.date(2026, 3, 20)
PUT: dict[str, Any] = {"side": "minox", "method": "PUT", "path": "transaction_line_batch"}


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture
def shop(inside: Inside, vendors: Sandbox) -> Inside:
    """Give a shop of which one order fails, and another one is ready."""
    for number, email in ((NUMBER, None), (OTHER, "a@example.nl")):
        order = an_order(int(number), total="68.00", email=email or "x@example.nl", date=DAY)
        if email is None:
            del order["debtor"]["email"]
        vendors.shop.add(order)
    assert inside("fetch").status == 0
    return inside


def state(shop: Inside, number: str = NUMBER) -> tuple[str, str | None]:
    order = shop.report()[number]
    return order["state"], order["reason"]


def attention(shop: Inside) -> int:
    totals = json.loads(shop("report", "--format", "json").out)["totals"]
    return int(totals["needs_attention"])


SKIPPED = ("skipped", "skipped_by_hand")


def test_a_skipped_order_leaves_the_list_with_its_note(shop: Inside, vendors: Sandbox) -> None:
    assert shop("push").status == 3
    assert attention(shop) == 1
    ended = shop("skip", f"#{NUMBER}", "--note", "Booked in\n2025")
    assert ended.status == 0
    assert "Note: Booked in 2025" in ended.err
    assert f"mww2minox skip --undo {NUMBER}" in ended.err

    assert (state(shop), attention(shop)) == (SKIPPED, 0)
    assert "Note: Booked in 2025" in shop.report()[NUMBER]["message"]
    assert shop("push").status == 0
    assert len(vendors.minox.batches) == 1


def test_it_stays_skipped_whatever_changes_and_whatever_is_run(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    shop("skip", NUMBER, OTHER)
    order = an_order(int(NUMBER), total="50.00", email="a@example.nl", date=DAY)
    vendors.shop.change(NUMBER, **{name: order[name] for name in ("price", "orderlines", "debtor")})
    vendors.shop.set_status(OTHER, CANCELLED)
    clock.pass_by(86_400)
    for command in (
        "fetch",
        f"fetch --order {NUMBER}",
        "fetch --since 2026-03-01",
        "push",
        f"push --order {NUMBER}",
        "retry --all",
        f"retry {NUMBER}",
        "adopt",
        "verify",
    ):
        ended = shop(*command.split())
        assert ended.status == 0, f"{command}: {ended.err}"
        assert (state(shop), state(shop, OTHER)) == (SKIPPED, SKIPPED), command
    assert f"mww2minox skip --undo {NUMBER}" in shop("retry", NUMBER).err
    assert vendors.minox.batches == {}


def test_what_is_taken_back_is_decided_anew_as_the_shop_has_it_now(
    shop: Inside, vendors: Sandbox
) -> None:
    shop("skip", NUMBER, OTHER)
    vendors.shop.set_status(NUMBER, CANCELLED)
    ended = shop("skip", "--undo", NUMBER, OTHER)
    assert ended.status == 0
    assert f"Order {NUMBER} is no longer skipped. Its status: waiting." in ended.err
    assert f"Order {OTHER} is no longer skipped. Its status: ready." in ended.err
    assert state(shop) == ("waiting", "status_not_selected")
    assert shop("push").status == 0
    assert shop.booked() == [OTHER]


def test_a_booked_order_is_never_skipped(shop: Inside) -> None:
    shop("push")
    ended = shop("skip", OTHER, NUMBER)
    assert ended.status == 2
    assert f"Order {OTHER} is booked, so it cannot be skipped." in ended.err
    assert (shop.booked(), state(shop)) == ([OTHER], SKIPPED)


@pytest.mark.parametrize("arguments", [("skip", "77"), ("skip", "--undo", "77")])
def test_an_order_that_nobody_fetched_keeps_no_other_from_being_skipped(
    shop: Inside, arguments: tuple[str, ...]
) -> None:
    if "--undo" in arguments:
        shop("skip", NUMBER)
    ended = shop(*arguments, NUMBER)
    assert ended.status == 2
    assert "There is no order 77 " in ended.err
    assert "mww2minox fetch --order 77" in ended.err
    assert (state(shop) == SKIPPED) == ("--undo" not in arguments)


def test_only_what_was_skipped_by_hand_can_be_taken_back(shop: Inside) -> None:
    ended = shop("skip", "--undo", OTHER)
    assert (ended.status, "was not skipped by hand" in ended.err) == (2, True)
    assert state(shop, OTHER) == ("ready", None)


def test_what_the_shop_no_longer_has_is_skipped_for_that_when_it_is_taken_back(
    shop: Inside, vendors: Sandbox
) -> None:
    shop("skip", OTHER)
    del vendors.shop.orders[OTHER]
    ended = shop("skip", "--undo", OTHER)
    assert (ended.status, state(shop, OTHER)) == (0, ("skipped", "gone_from_shop"))
    assert f"Order {OTHER} is not skipped by hand any more." in ended.err
    assert shop("skip", OTHER).status == 0, "and it can be skipped by hand again"
    assert state(shop, OTHER) == SKIPPED


def test_a_later_note_replaces_the_former_and_none_keeps_it(shop: Inside) -> None:
    assert "Note" not in shop("skip", NUMBER).err
    shop("skip", NUMBER, "--note", "first")
    assert "Note: first" in shop("skip", NUMBER).err
    assert "Note: second" in shop("skip", NUMBER, "--note", "second").err
    assert shop("skip", NUMBER, "--undo", "--note", "x").status == 2
    assert shop("skip").status == 2
    assert state(shop) == SKIPPED


def test_another_run_holds_it_up(shop: Inside) -> None:
    from mww2minox.state import Store  # noqa: PLC0415 - here alone

    with Store(shop.state) as store, store.run():
        assert shop("skip", NUMBER).status == 75


# What was sent and not answered


def lose(shop: Inside, vendors: Sandbox, *faults: Fault) -> None:
    """Push while every PUT meets these faults; after that all is well."""
    vendors.faults += faults
    shop("push", "--order", OTHER)
    vendors.faults.clear()


def skip(shop: Inside, vendors: Sandbox) -> tuple[Ended, int]:
    """Skip the order; return how that ended and how many requests it took."""
    vendors.requests.clear()
    ended = shop("skip", OTHER)
    return ended, len([request for request in vendors.requests if request.side == "minox"])


def test_what_may_still_come_is_not_skipped_before_it_cannot(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    lose(shop, vendors, Fault("drop_before", times=None, **PUT))
    ended, asked = skip(shop, vendors)
    assert (ended.status, asked > 0) == (3, True)
    assert f"In a few minutes run: mww2minox skip {OTHER}" in ended.err
    assert state(shop, OTHER) == ("failed", "outcome_unknown")

    clock.pass_by(BINDING_SECONDS + 1)
    ended, asked = skip(shop, vendors)
    assert (ended.status, asked > 0, state(shop, OTHER)) == (0, True, SKIPPED)
    assert shop.report()[OTHER]["batch_id"] is None
    assert shop("push", "--order", OTHER).status == 0
    assert vendors.minox.batches == {}


@pytest.mark.parametrize("seconds", [60, BINDING_SECONDS + 1])
def test_what_is_in_minox_after_all_is_booked_and_not_skipped(
    shop: Inside, vendors: Sandbox, clock: Clock, seconds: float
) -> None:
    not_found = Fault("status", status=404, method="GET", path="line_batch", times=None)
    lose(shop, vendors, not_found, Fault("drop_after", times=None, **PUT))
    assert state(shop, OTHER) == ("failed", "outcome_unknown")
    clock.pass_by(seconds)
    ended, _asked = skip(shop, vendors)
    assert ended.status == 3
    assert "turns out to be in Minox: it is booked" in ended.err
    assert shop.booked() == [OTHER]
    assert len(vendors.minox.batches) == 1
    assert shop("verify").status == 0


def test_without_minox_what_was_sent_is_not_skipped(shop: Inside, vendors: Sandbox) -> None:
    lose(shop, vendors, Fault("drop_before", times=None, **PUT))
    vendors.faults.append(Fault("drop_before", side="minox", times=None))
    assert shop("skip", OTHER).status == 4
    assert state(shop, OTHER)[0] == "failed"
    assert shop("skip", NUMBER).status == 0, "and one that was not sent needs no Minox"
