"""Whatever goes wrong on the line, the books end right after a few runs, and hardly more is asked
than must be.
"""

import datetime as dt
import logging
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from mww2minox import transport
from mww2minox.errors import ExitStatus
from mww2minox.sandbox import Fault, Settings
from tests.harness.world import NOON, World, an_order, noted_faults, world

pytestmark = pytest.mark.thorough

OK, ATTENTION, VENDOR = ExitStatus.OK, ExitStatus.ATTENTION, ExitStatus.VENDOR
RUNS = ("fetch", "push")
ROUNDS = 6
SEEDS = range(2)
NUMBER = "1001"

log = logging.getLogger(__name__)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[World]:
    """A shop with one order."""
    with world(tmp_path, settings=Settings(rate_limit=10**6), samples=False) as made:
        made.sandbox.shop.add(an_order(int(NUMBER), total="121.00", email="anna@example.nl"))
        yield made


def booked(made: World) -> bool:
    made.pending()
    return (len(made.bookings_of(NUMBER)), made.duplicates(), made.states()[NUMBER]) == (
        1,
        [],
        "booked",
    )


REFUSING = [
    Fault("status", status=500),
    Fault("status", status=408),
    Fault("429", retry_after="7"),
    Fault("429", retry_after="0"),
    Fault("429", retry_after=format_datetime(NOON + dt.timedelta(seconds=20), usegmt=True)),
    Fault("429"),
    Fault("drop_before"),
    Fault("drop_after"),
    Fault("html"),
    Fault("html", effect=True),
    Fault("instead", body="null"),
    Fault("instead", body='{"message": "Onderhoud"}', effect=True),
    Fault("truncated"),
    Fault("broken_json"),
    Fault("slow", seconds=40.0),
    Fault("ghost", seconds=9.0),
]
PLACES = [
    ("shop", "GET", ""),
    ("minox", "GET", ""),
    ("minox", "POST", "customer$"),
    ("minox", "PUT", ""),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: " ".join(place[:2]))
@pytest.mark.parametrize(
    "fault", REFUSING, ids=lambda fault: f"{fault.kind} {fault.retry_after or fault.status}"
)
def test_one_fault_costs_at_most_one_more_run(
    small: World, fault: Fault, place: tuple[Any, str, str]
) -> None:
    side, method, path = place
    small.sandbox.faults.append(
        Fault(**fault.as_dict() | {"side": side, "method": method, "path": path})
    )
    statuses = [small.run(command) for _ in range(2) for command in RUNS]
    assert statuses[-2:] == [OK, OK]
    assert set(statuses) <= {OK, ATTENTION, VENDOR}
    assert small.sandbox.faults == [], "it happened"
    assert booked(small)


def test_a_silent_vendor_ends_the_run_with_4(small: World) -> None:
    small.sandbox.faults.append(
        Fault("slow", side="shop", seconds=transport.SILENCE_SECONDS + 1, times=None)
    )
    before = small.clock.true_time()
    assert small.run("fetch") is VENDOR
    assert small.clock.true_time() - before < 3 * transport.SILENCE_SECONDS
    assert "gives no answer" in small.errors[-1].message


def test_a_silent_vendor_ends_all_workers_and_each_order_is_booked_once_later(
    tmp_path: Path,
) -> None:
    with world(tmp_path, settings=Settings(rate_limit=10**6), samples=False, workers=4) as made:
        numbers = range(1001, 1009)
        for number in numbers:
            order = an_order(number, total="12.10", email=f"{number}@example.nl")
            made.sandbox.shop.add(order)
        made.run("fetch")
        # It falls silent after the look, which asks for each by UUID.
        slow = Fault("slow", path="batch", seconds=transport.SILENCE_SECONDS + 1, skip=8)
        slow.times = None
        made.sandbox.faults.append(slow)
        assert made.run("push") is VENDOR
        sent = [request.path for request in made.sandbox.requests if request.method == "PUT"]
        assert len(sent) == len(set(sent)) <= 5, "who finds it silent sends nothing again"
        assert len(set(made.states().values())) > 1, "some were never begun"

        made.sandbox.faults.clear()
        made.pending()
        assert made.run("push") is OK
        assert [len(made.bookings_of(str(number))) for number in numbers] == [1] * 8
        assert made.duplicates() == []


@pytest.mark.parametrize("how", ["expire_access", "revoke"])
def test_tokens_that_end_are_renewed_or_asked_for_again(small: World, how: str) -> None:
    small.run("fetch")
    getattr(small.sandbox.minox.tokens, how)()
    assert small.run("push") is (OK if how == "expire_access" else VENDOR)
    if how == "revoke":
        assert "mww2minox login" in small.errors[-1].suggestion
        assert small.run("push") is OK, "after a new login"
    assert booked(small)


# A longer `Retry-After` than a run may wait


@pytest.mark.parametrize("date", [False, True], ids=["seconds", "date"])
@pytest.mark.parametrize(("command", "side"), [("fetch", "shop"), ("push", "minox")])
def test_a_long_retry_after_is_remembered_and_waited_out(
    small: World, command: str, side: Any, date: bool
) -> None:
    if command == "push":
        small.run("fetch")
    until = NOON + dt.timedelta(seconds=1000)
    wait = format_datetime(until, usegmt=True) if date else "1000"
    small.sandbox.faults.append(Fault("429", side=side, retry_after=wait))
    assert small.run(command) is VENDOR
    assert "takes no requests until" in small.errors[-1].message
    asked = len(small.sandbox.requests)
    assert small.run(command) is VENDOR
    assert [request for request in small.sandbox.requests[asked:] if request.side == side] == []
    small.clock.pass_by(800)
    slept = sum(small.clock.slept)
    assert small.run(command) is OK
    assert sum(small.clock.slept) - slept > 150, "the rest of the wait was sat out"
    small.run("push")
    assert booked(small)


def test_several_waits_are_added_up(small: World) -> None:
    small.sandbox.faults.append(Fault("429", side="shop", retry_after="200", times=2))
    before = small.clock.true_time()
    assert small.run("fetch") is VENDOR
    assert small.clock.true_time() - before < transport.WAIT_SECONDS


@pytest.mark.parametrize("wrong_by", [-900 * 86_400, -300, 300, 900 * 86_400])
def test_a_wrong_clock_slows_nothing_down(small: World, wrong_by: int) -> None:
    small.sandbox.settings.rate_limit = 300
    small.clock.set_forward(wrong_by)
    before = small.clock.true_time()
    assert [small.run(command) for command in RUNS] == [OK, OK]
    assert small.clock.true_time() - before < 10
    assert booked(small)


# A quarter of all requests


def work(folder: Path, *, rounds: int, **settings: Any) -> tuple[World, list[ExitStatus], int]:
    """Fetch, push and verify; return the world, how the runs ended, and how many requests the
    client is to answer for.

    Those are not: a request that something happened to, since it has to be sent again; and the two
    look-ups, by externalid and by e-mail, that must come before a customer whose POST got lost is
    sent again.
    """
    chosen = Settings(rate_limit=10**6, rotate_refresh_tokens=False, **settings)
    with world(folder, settings=chosen) as made, noted_faults() as struck:
        statuses = []
        for _ in range(rounds):
            made.clock.pass_by(3600)
            statuses += [made.run(command) for command in RUNS]
        statuses.append(made.run("verify"))
        lost = [
            kind
            for kind, request in struck
            if request.startswith("POST") and "customer" in request and kind != "429"
        ]
        return made, statuses, len(made.sandbox.requests) - len(struck) - 2 * len(lost)


@pytest.fixture(scope="module")
def good_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], int]:
    """The books, and the requests that it takes, when nothing fails."""
    good, _, needed = work(tmp_path_factory.mktemp("good"), rounds=ROUNDS)
    return good.books(), needed


@pytest.mark.parametrize("seed", SEEDS)
def test_with_a_quarter_of_all_requests_failing_the_books_end_right(
    tmp_path: Path, good_day: tuple[dict[str, Any], int], seed: int
) -> None:
    """Over need is what the client is to answer for beyond the same runs on a day without
    faults.
    """
    books, needed = good_day
    bad, statuses, asked = work(tmp_path, rounds=ROUNDS, fault_rate=0.25, fault_seed=seed)
    assert bad.duplicates() == []
    assert bad.books() == books
    assert set(statuses) <= {OK, ATTENTION, VENDOR}
    over = asked - needed
    log.info(
        "seed %d: %d requests, %d needed, %d over need, %d runs end with 4",
        seed,
        asked,
        needed,
        over,
        statuses.count(VENDOR),
    )
    assert over <= needed / 10 + 10
