"""What Minox carries out after the client gave up or died, and what can be read only later: never a
second time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mww2minox.errors import ExitStatus
from mww2minox.minox.api import Minox
from mww2minox.sandbox import Fault, Settings
from tests.harness.world import World, an_order, emails, world

pytestmark = pytest.mark.thorough

NUMBER = "1001"
EMAIL = "Anna@Example.nl"
BATCH, CUSTOMER = "transaction_line_batch", "/customer$"
BOOKED, UNKNOWN = "booked", "failed outcome_unknown"
DELAYS = (0.5, 3.0, 10.0, 19.0)


class KilledError(BaseException):
    """Stands for a kill: no code of ours catches it."""


@pytest.fixture
def settings() -> Settings:
    return Settings(rate_limit=10**6)


@pytest.fixture
def fetched(tmp_path: Path, settings: Settings) -> Iterator[World]:
    """A shop whose one order is in the state; its customer is not known in Minox."""
    with world(tmp_path, settings=settings, samples=False, workers=4) as made:
        made.sandbox.shop.add(an_order(int(NUMBER), total="121.00", email=EMAIL))
        assert made.run("fetch") is ExitStatus.OK
        made.sandbox.requests.clear()
        yield made


def push(made: World) -> str:
    """Push the one order, and return what became of it."""
    made.run("push", numbers=[NUMBER])
    return made.states()[NUMBER]


def ghost(made: World, method: str, path: str, *, seconds: float, times: int = 1) -> None:
    made.sandbox.faults.append(
        Fault("ghost", method=method, path=path, seconds=seconds, times=times)
    )


def sent(made: World, method: str) -> int:
    return sum(
        request.method == method and "oauth" not in request.path
        for request in made.sandbox.requests
    )


def booked_once(made: World) -> bool:
    """Tell whether the order is in the books once, and its customer too, after everything under way
    has come.
    """
    made.pending()
    customers = [
        one for one in made.sandbox.minox.customers.values() if EMAIL.lower() in emails(one)
    ]
    return (len(made.bookings_of(NUMBER)), len(customers), made.duplicates()) == (1, 1, [])


@pytest.mark.parametrize("seconds", DELAYS)
@pytest.mark.parametrize(
    "pause", [0.0, 5.0, 3600.0], ids=lambda pause: f"next run after {pause:.0f} s"
)
def test_a_customer_that_is_made_late_is_made_once(
    fetched: World, seconds: float, pause: float
) -> None:
    ghost(fetched, "POST", CUSTOMER, seconds=seconds)
    first = push(fetched)
    assert first == (BOOKED if seconds < 4 else UNKNOWN)
    fetched.clock.pass_by(pause)
    assert push(fetched) == BOOKED
    assert booked_once(fetched)
    assert sent(fetched, "POST") == 1


@pytest.mark.parametrize("wrong_by", [-86_400, 30, 86_400])
def test_a_clock_that_is_set_meanwhile_makes_no_second_customer(
    fetched: World, wrong_by: int
) -> None:
    ghost(fetched, "POST", CUSTOMER, seconds=19.0)
    assert push(fetched) == UNKNOWN
    fetched.clock.set_forward(wrong_by)
    assert push(fetched) == BOOKED
    assert booked_once(fetched)


@pytest.mark.parametrize("seconds", DELAYS)
def test_a_booking_that_comes_late_is_the_same_booking(fetched: World, seconds: float) -> None:
    ghost(fetched, "PUT", BATCH, seconds=seconds)
    assert push(fetched) == BOOKED
    there = dict(fetched.sandbox.minox.batches)
    assert booked_once(fetched)
    assert fetched.sandbox.minox.batches == there


@pytest.mark.parametrize("pause", [0.0, 5.0, 3600.0])
def test_a_run_whose_puts_all_come_late_is_finished_by_the_next(
    fetched: World, pause: float
) -> None:
    ghost(fetched, "PUT", BATCH, seconds=15.0, times=6)
    push(fetched)
    fetched.clock.pass_by(pause)
    assert push(fetched) == BOOKED
    assert booked_once(fetched)


@pytest.mark.parametrize(("method", "path"), [("POST", CUSTOMER), ("PUT", BATCH)])
@pytest.mark.parametrize("seconds", DELAYS)
@pytest.mark.parametrize("pause", [0.0, 60.0])
def test_what_is_carried_out_after_a_kill_is_not_done_again(
    fetched: World,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    seconds: float,
    pause: float,
) -> None:
    ghost(fetched, method, path, seconds=seconds)
    with monkeypatch.context() as patch:
        kill_after(patch, "create_customer" if method == "POST" else "put_booking")
        with pytest.raises(KilledError):
            push(fetched)
    fetched.clock.pass_by(pause)
    assert push(fetched) == BOOKED
    assert booked_once(fetched)
    assert sent(fetched, "POST") == 1


def kill_after(patch: pytest.MonkeyPatch, call: str) -> None:
    """Die at the moment at which a request has left and nothing was heard of it."""
    real = getattr(Minox, call)

    def dying(self: Minox, *arguments: Any, **options: Any) -> None:
        patch.setattr("mww2minox.transport.ATTEMPTS", 1)
        try:
            real(self, *arguments, **options)
        finally:
            raise KilledError

    patch.setattr(Minox, call, dying)


def test_an_order_that_changes_meanwhile_is_booked_as_it_was_sent(fetched: World) -> None:
    ghost(fetched, "PUT", BATCH, seconds=15.0, times=6)
    fetched.sandbox.faults.append(Fault("status", method="GET", path=BATCH, skip=1, times=6))
    push(fetched)
    price = fetched.sandbox.shop.orders[NUMBER]["price"]
    fetched.sandbox.shop.change(NUMBER, price=price | {"total": "1.00"})
    fetched.run("fetch", numbers=[NUMBER])
    assert push(fetched) == BOOKED
    assert booked_once(fetched)
    with fetched.opened() as store:
        booking = store.booking(NUMBER)
    assert booking
    assert "total" in [difference.values["field"] for difference in booking.shop_differences]


@pytest.mark.parametrize("lag", [1.0, 3.0])
@pytest.mark.parametrize("kind", ["drop_after", "truncated", "html"])
def test_look_ups_that_lag_are_waited_for(
    fetched: World, settings: Settings, lag: float, kind: Any
) -> None:
    settings.lookup_lag = lag
    fetched.sandbox.faults.append(Fault(kind, method="POST", path=CUSTOMER, effect=True))
    fetched.sandbox.faults.append(Fault(kind, method="PUT", path=BATCH, effect=True))
    assert push(fetched) == BOOKED
    assert booked_once(fetched)
    assert sent(fetched, "POST") == 1


@pytest.mark.parametrize(("method", "path"), [("POST", CUSTOMER), ("PUT", BATCH)])
def test_what_cannot_be_decided_is_unknown_until_a_later_run_has_asked(
    fetched: World, settings: Settings, method: str, path: str
) -> None:
    settings.lookup_lag = 12.0
    fetched.sandbox.faults.append(Fault("html", method=method, path=path, effect=True))
    assert push(fetched) == UNKNOWN
    settings.lookup_lag = 0.0
    fetched.sandbox.requests.clear()
    assert push(fetched) == BOOKED
    assert sent(fetched, method) == 0, "it was asked for, and not sent again"
    assert booked_once(fetched)


@pytest.mark.parametrize("lag", [1.0, 3.0])
def test_a_new_customer_is_not_gone_because_look_ups_lag(
    fetched: World, settings: Settings, lag: float
) -> None:
    settings.lookup_lag = lag
    fetched.sandbox.minox.close_period(2026, 3)
    assert push(fetched) == "failed rejected_by_minox"
    fetched.sandbox.minox.open_period(2026, 3)
    assert push(fetched) == BOOKED
    assert booked_once(fetched)


def test_a_customer_that_was_blocked_meanwhile_is_not_made_again(fetched: World) -> None:
    ghost(fetched, "POST", CUSTOMER, seconds=10.0)
    assert push(fetched) == UNKNOWN
    fetched.pending()
    newest = max(
        fetched.sandbox.minox.customers,
        key=lambda number: int(number) if int(number) < 10600 else 0,
    )
    fetched.sandbox.minox.customers[newest]["blocked"] = {"active": True, "reason": None}
    assert push(fetched) == "failed customer_blocked"
    fetched.sandbox.minox.customers[newest]["blocked"] = {"active": False, "reason": None}
    assert push(fetched) == BOOKED
    assert booked_once(fetched)


@pytest.mark.parametrize("seconds", DELAYS)
def test_what_comes_late_is_done_once_while_other_workers_go_on(
    fetched: World, seconds: float
) -> None:
    numbers = [str(number) for number in range(1002, 1012)]
    for number in numbers:
        email = f"klant{int(number) // 3}@example.nl"
        fetched.sandbox.shop.add(an_order(int(number), total="12.10", email=email))
    fetched.run("fetch")
    ghost(fetched, "POST", CUSTOMER, seconds=seconds, times=2)
    ghost(fetched, "PUT", BATCH, seconds=seconds, times=3)
    for _ in range(2):
        fetched.run("push")
        fetched.clock.pass_by(HOUR)
    assert set(fetched.states().values()) == {BOOKED}
    assert [len(fetched.bookings_of(number)) for number in numbers] == [1] * len(numbers)
    assert fetched.duplicates() == []


# What happens to the order between a lost PUT and the next run.


CANCELLED, HOUR = 6, 3600.0
REFUSED: dict[str, Any] = {"kind": "status", "method": "PUT", "path": BATCH, "status": 400}


def cancel(made: World) -> None:
    made.sandbox.shop.set_status(NUMBER, CANCELLED)


def correct(made: World) -> None:
    order = an_order(int(NUMBER), total="50.00", email=EMAIL)
    made.sandbox.shop.change(NUMBER, price=order["price"], orderlines=order["orderlines"])


def lose(made: World, kind: Any, **fields: Any) -> None:
    """Push while each PUT meets this, and no look-up tells."""
    made.sandbox.faults.append(Fault(kind, method="PUT", path=BATCH, times=6, **fields))
    made.sandbox.faults.append(Fault("status", method="GET", path=BATCH, skip=1, times=6))
    push(made)
    made.sandbox.faults.clear()


def debited(made: World) -> list[float]:
    """Return what customers are debited in all bookings."""
    return [
        line["debit"]
        for lines in made.sandbox.minox.batches.values()
        for line in lines
        if line["account"]["type"] == "customer"
    ]


def sent_cents(made: World) -> int:
    """Return what the state says was sent."""
    with made.opened() as store:
        booking = store.booking(NUMBER)
    assert booking
    return booking.total_cents


@pytest.mark.parametrize("change", [cancel, correct])
@pytest.mark.parametrize("seconds", DELAYS)
@pytest.mark.parametrize("pause", [0.0, 5.0, HOUR])
@pytest.mark.parametrize("wrong_by", [0, -86_400, 86_400])
def test_what_comes_late_is_neither_lost_nor_overwritten(
    fetched: World, change: Any, seconds: float, pause: float, wrong_by: int
) -> None:
    lose(fetched, "ghost", seconds=seconds)
    change(fetched)
    fetched.run("fetch", numbers=[NUMBER])
    fetched.clock.set_forward(wrong_by)
    fetched.clock.pass_by(pause)
    push(fetched)
    fetched.clock.pass_by(HOUR)
    assert push(fetched) == BOOKED
    assert booked_once(fetched)
    assert debited(fetched) == [121.0]
    assert sent_cents(fetched) == 12100


@pytest.mark.parametrize("wrong_by", [0, -86_400, 86_400])
@pytest.mark.parametrize("kind", ["status", "drop_before", "429"])
def test_what_never_comes_is_not_sent_once_it_is_cancelled(
    fetched: World, kind: Any, wrong_by: int
) -> None:
    lose(fetched, kind, retry_after="1000")
    cancel(fetched)
    fetched.run("fetch", numbers=[NUMBER])
    fetched.clock.set_forward(wrong_by)
    for pause in (0.0, 5.0, HOUR):
        fetched.clock.pass_by(pause)
        fetched.run("push")
        assert debited(fetched) == []
    assert fetched.states()[NUMBER] == "waiting status_not_selected"


@pytest.mark.parametrize("kind", ["status", "drop_before", "429"])
def test_what_never_came_is_sent_as_the_order_is_by_then(fetched: World, kind: Any) -> None:
    lose(fetched, kind, retry_after="1000")
    correct(fetched)
    fetched.run("fetch", numbers=[NUMBER])
    fetched.clock.pass_by(HOUR)
    assert push(fetched) == BOOKED
    assert booked_once(fetched)
    assert debited(fetched) == [50.0]


@pytest.mark.parametrize("seconds", DELAYS)
def test_a_repetition_that_is_refused_at_once_waits_for_what_comes_late(
    fetched: World, seconds: float
) -> None:
    ghost(fetched, "PUT", BATCH, seconds=seconds)
    fetched.sandbox.faults.append(Fault(**REFUSED))
    assert push(fetched) == BOOKED
    assert booked_once(fetched)
    assert sent(fetched, "PUT") == 2


@pytest.mark.parametrize("seconds", DELAYS)
@pytest.mark.parametrize("pause", [0.0, 60.0])
def test_a_repetition_that_is_refused_after_a_kill_waits_for_what_comes_late(
    fetched: World, monkeypatch: pytest.MonkeyPatch, seconds: float, pause: float
) -> None:
    ghost(fetched, "PUT", BATCH, seconds=seconds)
    with monkeypatch.context() as patch:
        kill_after(patch, "put_booking")
        with pytest.raises(KilledError):
            push(fetched)
    fetched.sandbox.faults.append(Fault(**REFUSED, times=None))
    fetched.clock.pass_by(pause)
    assert push(fetched) == BOOKED
    assert booked_once(fetched)


def test_a_repetition_that_is_refused_is_decided_anew_when_nothing_came(fetched: World) -> None:
    fetched.sandbox.faults.append(Fault("drop_before", method="PUT", path=BATCH))
    fetched.sandbox.faults.append(Fault(**REFUSED))
    assert push(fetched) == "failed rejected_by_minox"
    correct(fetched)
    fetched.run("fetch", numbers=[NUMBER])
    assert push(fetched) == BOOKED
    assert debited(fetched) == [50.0]
