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
from tests.world import World, an_order, emails, world

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
    with world(tmp_path, settings=settings, samples=False) as made:
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
    fetched.sandbox.faults.append(Fault("status", method="GET", path=BATCH, times=6))
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
