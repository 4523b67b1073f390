"""What was sent and never carried out binds nobody; what may be in Minox is not said to be away."""

import datetime as dt
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox
from tests.harness.clock import Clock
from tests.harness.inside import Inside
from tests.harness.world import an_order
from tests.system.test_adopt import book_each, uuid_of

pytestmark = pytest.mark.thorough

NUMBER = "1001"
CANCELLED = 6
PUT: dict[str, Any] = {"side": "minox", "method": "PUT", "path": "transaction_line_batch"}
NEVER = {
    "a long Retry-After": Fault("429", retry_after="1000", times=None, **PUT),
    "server errors": Fault("status", times=None, **PUT),
    "no answers": Fault("drop_before", times=None, **PUT),
}
"""Ways in which a booking never gets into Minox."""
LATER = 3600


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture
def shop(inside: Inside, vendors: Sandbox) -> Inside:
    """A shop whose one order, of 68.00, is in the state."""
    day = dt.date(2026, 3, 20)
    vendors.shop.add(an_order(int(NUMBER), total="68.00", email="a@example.nl", date=day))
    assert inside("fetch").status == 0
    return inside


def cancel(vendors: Sandbox) -> None:
    vendors.shop.set_status(NUMBER, CANCELLED)


def correct(vendors: Sandbox, total: str = "50.00") -> None:
    order = an_order(int(NUMBER), total=total, email="a@example.nl")
    vendors.shop.change(NUMBER, price=order["price"], orderlines=order["orderlines"])


def debits(vendors: Sandbox) -> list[float]:
    """Return what the customers of all bookings are debited."""
    return [
        line["debit"]
        for lines in vendors.minox.batches.values()
        for line in lines
        if line["account"]["type"] == "customer"
    ]


def lose(shop: Inside, vendors: Sandbox, fault: Fault) -> None:
    """Push while every PUT meets this fault; after that all is well."""
    vendors.faults.append(Fault(**fault.as_dict()))
    shop("push")
    vendors.faults.clear()


@pytest.mark.parametrize("never", NEVER)
def test_an_order_that_is_cancelled_after_a_push_that_did_nothing_is_not_booked(
    shop: Inside, vendors: Sandbox, clock: Clock, never: str
) -> None:
    lose(shop, vendors, NEVER[never])
    cancel(vendors)
    clock.pass_by(LATER)
    assert shop("fetch").status == 0
    shop("push")
    assert debits(vendors) == []
    assert shop.report()[NUMBER]["reason"] == "status_not_selected"


@pytest.mark.parametrize("never", NEVER)
def test_an_order_that_is_corrected_after_a_push_that_did_nothing_is_booked_as_it_is_now(
    shop: Inside, vendors: Sandbox, clock: Clock, never: str
) -> None:
    lose(shop, vendors, NEVER[never])
    correct(vendors)
    clock.pass_by(LATER)
    assert shop("fetch").status == 0
    shown = shop("push", "--dry-run")
    assert "50.00" in shown.out
    ended = shop("push")
    assert ended.status == 0
    assert "50.00 euros" in ended.err + ended.out
    assert debits(vendors) == [50.0]
    assert shop("verify").status == 0
    assert shop.report()[NUMBER]["differences"] == []


def test_a_push_that_never_left_leaves_an_order_that_is_cancelled_at_once(
    shop: Inside, vendors: Sandbox
) -> None:
    before = shop.report()[NUMBER]["state"]
    lose(shop, vendors, NEVER["a long Retry-After"])
    assert shop.report()[NUMBER]["state"] == before
    assert shop.report()[NUMBER]["batch_id"] is None
    cancel(vendors)
    shop("fetch")
    assert shop.report()[NUMBER]["state"] == "waiting"


@pytest.mark.parametrize("change", [cancel, correct])
def test_what_may_be_in_minox_is_sent_again_as_it_was_or_not_at_all(
    shop: Inside, vendors: Sandbox, change: Any
) -> None:
    lose(shop, vendors, NEVER["server errors"])
    change(vendors)
    shop("fetch")
    shown = shop("push", "--dry-run")
    ended = shop("push")
    order = shop.report()[NUMBER]
    if change is cancel:
        assert debits(vendors) == []
        assert order["reason"] == "outcome_unknown"
        assert "68.00" not in shown.out
    else:
        assert debits(vendors) == [68.0]
        assert "68.00" in shown.out
        assert "50.00" not in shown.out
        assert "68.00 euros" in ended.err + ended.out
        assert order["total"] == "68.00"
        assert "total was 68.00, is now 50.00" in order["differences"][0]
        assert ended.status == 3
        assert "total was 68.00, is now 50.00" in ended.err


def test_a_cancelled_order_whose_booking_is_in_minox_after_all_is_booked(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    vendors.settings.lookup_lag = 20.0
    lose(shop, vendors, Fault("html", effect=True, **PUT))
    cancel(vendors)
    shop("fetch")
    clock.pass_by(LATER)
    ended = shop("push")
    assert (ended.status, shop.report()[NUMBER]["differences"][0] in ended.err) == (3, True)
    assert debits(vendors) == [68.0]
    assert shop.booked() == [NUMBER]


def test_a_body_that_minox_always_chokes_on_is_not_sent_for_ever(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    vendors.faults.append(Fault(**NEVER["server errors"].as_dict()))
    shop("push")
    clock.pass_by(LATER)
    config = vendors.config()
    for row in config["vat"]:
        row["ledger"] = "8010"
    shop.write_config({**config, "language": "en", "state": str(shop.state)})
    vendors.faults.clear()
    assert shop("push").status == 0
    accounts = {line["account"]["id"] for lines in vendors.minox.batches.values() for line in lines}
    assert "8010" in accounts


@pytest.mark.parametrize("there", [True, False])
def test_a_refusal_of_a_repetition_counts_only_when_the_booking_is_not_there(
    shop: Inside, vendors: Sandbox, *, there: bool
) -> None:
    vendors.faults.append(Fault("drop_after" if there else "drop_before", **PUT))
    vendors.faults.append(Fault("status", status=400, **PUT))
    shop("push")
    order = shop.report()[NUMBER]
    assert order["state"] == ("booked" if there else "failed")
    assert order["reason"] == (None if there else "rejected_by_minox")


def test_refusals_of_repetitions_are_waited_for_together(
    shop: Inside, vendors: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each order meets two faults, so that one comes after the other.
    monkeypatch.setattr("mww2minox.steps.workers.MOST", 1)
    for number in range(1002, 1006):
        vendors.shop.add(an_order(number, total="12.10", email=f"{number}@example.nl"))
    shop("fetch")
    for there in (False, True, False, True, False):
        vendors.faults.append(Fault("drop_after" if there else "drop_before", **PUT))
        vendors.faults.append(Fault("status", status=400, **PUT))
    slept = sum(clock.slept)
    assert shop("push").status == 3
    assert sum(clock.slept) - slept < 40
    assert shop.booked() == ["1002", "1004"]
    assert shop.report()["1003"]["reason"] == "rejected_by_minox"


def test_a_refusal_in_a_later_run_counts_only_when_the_booking_is_not_there(
    shop: Inside, vendors: Sandbox
) -> None:
    vendors.settings.lookup_lag = 20.0
    vendors.faults.append(Fault("html", effect=True, **PUT))
    shop("push")
    assert shop.report()[NUMBER]["reason"] == "outcome_unknown"
    vendors.faults.append(Fault("status", status=400, **PUT))
    shop("push")
    assert shop.booked() == [NUMBER]


def test_an_order_from_before_a_first_date_that_was_moved_meanwhile_is_not_sent_again(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    lose(shop, vendors, NEVER["server errors"])
    config = vendors.config()
    config["shop"]["since"] = "2026-03-21"
    shop.write_config({**config, "language": "en", "state": str(shop.state)})
    shop("push")
    assert shop.report()[NUMBER]["reason"] == "outcome_unknown"
    clock.pass_by(LATER)
    assert shop("push").status == 0
    assert shop.report()[NUMBER]["reason"] == "before_since"
    assert debits(vendors) == []


def test_an_order_that_may_be_in_minox_is_never_to_be_booked_by_hand(
    shop: Inside, vendors: Sandbox
) -> None:
    vendors.minox.close_period(2026, 3)
    shop("push")
    assert "by hand" in shop.report()[NUMBER]["suggestion"]
    vendors.minox.open_period(2026, 3)
    fault = Fault("status", side="minox", method="GET", path="batch", skip=1, times=None)
    vendors.faults.append(fault)
    lose(shop, vendors, Fault("drop_before", times=None, **PUT))
    order = shop.report()[NUMBER]
    assert order["reason"] == "outcome_unknown"
    assert "Do not book it by hand" in order["suggestion"]


@pytest.mark.parametrize(("failing", "puts"), [(8, 2), (1, 8)])
def test_a_minox_that_fails_on_two_bookings_in_a_row_ends_the_run(
    inside: Inside, vendors: Sandbox, failing: int, puts: int
) -> None:
    for number in range(1001, 1009):
        vendors.shop.add(an_order(number, total="12.10", email=f"{number}@example.nl"))
    assert inside("fetch").status == 0
    vendors.faults.append(Fault("status", times=6 * failing, **PUT))
    assert inside("push").status == 4
    sent = {request.path for request in vendors.requests if request.method == "PUT"}
    unknown = [o for o in inside.report().values() if o["reason"] == "outcome_unknown"]
    # While one worker asks whether the first is there another one goes on.
    assert len(sent) - puts in (0, 1)
    assert len(unknown) - min(failing, 2) in (0, 1)
    assert len(inside.booked()) == len(sent) - len(unknown)


def test_a_window_that_others_use_up_ends_no_push(
    inside: Inside, vendors: Sandbox, clock: Clock
) -> None:
    for number in range(1001, 1041):
        vendors.shop.add(an_order(number, total="12.10", email=f"{number}@example.nl"))
    assert inside("fetch").status == 0
    vendors.settings.update({"rate_limit": 4, "rate_window": 60.0})
    slept = sum(clock.slept)
    assert inside("push").status == 0
    assert sum(clock.slept) - slept > 300
    assert 429 not in {request.status for request in vendors.requests}
    assert len(inside.booked()) == 40


# Another's booking for an order that may be in Minox

ADOPT = [("adopt",), ("adopt", "--order", NUMBER)]


@pytest.mark.parametrize("adopt", ADOPT)
def test_a_booking_that_may_still_come_is_not_replaced_by_anothers(
    shop: Inside, vendors: Sandbox, clock: Clock, adopt: tuple[str, ...]
) -> None:
    lose(shop, vendors, NEVER["server errors"])
    sent = shop.report()[NUMBER]["batch_id"]
    book_each(vendors, [NUMBER])
    ended = shop(*adopt)
    order = shop.report()[NUMBER]
    assert (order["reason"], order["batch_id"]) == ("outcome_unknown", sent)
    assert "not certain yet" in ended.err
    assert ended.status == (3 if "--order" in adopt else 0)

    clock.pass_by(LATER)
    assert shop(*adopt).status == 0
    assert shop.report()[NUMBER]["batch_id"] == uuid_of(f"other-{NUMBER}")
    assert shop.booked() == [NUMBER]


@pytest.mark.parametrize("adopt", ADOPT)
@pytest.mark.parametrize("seconds", [1, LATER])
def test_a_booking_that_came_late_is_the_orders_whatever_others_booked(
    shop: Inside, vendors: Sandbox, clock: Clock, adopt: tuple[str, ...], seconds: int
) -> None:
    vendors.settings.lookup_lag = 20.0
    lose(shop, vendors, Fault("html", effect=True, **PUT))
    (sent,) = vendors.minox.batches
    book_each(vendors, [NUMBER])
    clock.pass_by(seconds)
    shop(*adopt)
    clock.pass_by(60)
    shop(*adopt)
    assert shop.report()[NUMBER]["batch_id"] == sent
    assert shop.booked() == [NUMBER]


def test_what_never_came_is_not_sent_anew_when_others_booked_it_meanwhile(
    shop: Inside, vendors: Sandbox, clock: Clock
) -> None:
    lose(shop, vendors, NEVER["server errors"])
    clock.pass_by(LATER)
    book_each(vendors, [NUMBER])
    assert shop("push").status == 3
    assert shop.report()[NUMBER]["reason"] == "perhaps_booked"
    assert debits(vendors) == [68.0]
    assert shop("adopt").status == 0
    assert shop.report()[NUMBER]["batch_id"] == uuid_of(f"other-{NUMBER}")


def test_what_may_still_come_is_not_sent_again_when_others_booked_it_meanwhile(
    shop: Inside, vendors: Sandbox
) -> None:
    lose(shop, vendors, NEVER["server errors"])
    book_each(vendors, [NUMBER])
    assert shop("push").status == 3
    assert shop.report()[NUMBER]["reason"] == "outcome_unknown"
    assert debits(vendors) == [68.0]
