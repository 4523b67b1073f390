"""Workers: who goes at once, who after whom, when another one begins, and how they end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from mww2minox.errors import ServerFails, Stopped, VendorError
from mww2minox.steps import workers
from mww2minox.steps.workers import work_through
from mww2minox.transport import waiting
from mww2minox.transport.waiting import wait


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four workers begin, and look up often."""
    monkeypatch.setattr(workers, "FIRST", 4)
    monkeypatch.setattr(waiting, "LOOKS_UP_EVERY", 0.02)


def vendor(**fields: Any) -> Any:
    """Return what tells how many workers are wanted."""
    limiter = SimpleNamespace(rate=20.0, slowest=0.0)
    return SimpleNamespace(**{"limiter": limiter, "missed": 0.0, "is_failing": False} | fields)


def all_of(items: list[Any], act: Callable[[Any], Any], **options: Any) -> list[Any]:
    return list(work_through(items, act, transport=options.pop("transport", vendor()), **options))


def test_one_worker_goes_through_them_in_their_order() -> None:
    began: list[int] = []
    all_of([3, 1, 2], began.append)
    assert began == [3, 1, 2]


@pytest.mark.usefixtures("several")
def test_several_go_at_once_and_none_waits_for_a_slow_one() -> None:
    together = threading.Barrier(4)

    def act(item: int) -> int:
        together.wait(5)
        return item

    assert sorted(all_of([1, 2, 3, 4], act)) == [1, 2, 3, 4]


@pytest.mark.usefixtures("several")
def test_what_shares_a_key_goes_one_after_another_in_its_order() -> None:
    began: list[int] = []
    busy: set[int] = set()

    def act(item: int) -> None:
        assert not busy & {item % 3}
        busy.add(item % 3)
        began.append(item)
        time.sleep(0.002)
        busy.remove(item % 3)

    assert all_of(list(range(12)), act, keys=lambda item: [item % 3]) == [None] * 12
    for key in range(3):
        assert [item for item in began if item % 3 == key] == [key, key + 3, key + 6, key + 9]


def busiest(transport: Any) -> int:
    """Return how many workers were busy at most with forty things that take a moment."""
    busy: list[int] = []
    most = 0
    lock = threading.Lock()

    def act(item: int) -> None:
        nonlocal most
        with lock:
            busy.append(item)
            most = max(most, len(busy))
        time.sleep(0.005)
        transport.missed += transport.misses
        with lock:
            busy.remove(item)

    all_of(list(range(40)), act, transport=transport)
    return most


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({"misses": 0.0}, 1),
        ({"misses": 1.0}, 22),
        ({"misses": 1.0, "is_failing": True}, 1),
        ({"misses": 1.0, "limiter": SimpleNamespace(rate=2.0, slowest=0.8)}, 4),
    ],
    ids=["enough", "slow answers", "a vendor that fails", "a slow pace"],
)
def test_another_worker_begins_when_a_request_might_have_left_and_none_was_there(
    fields: dict[str, Any], most: int
) -> None:
    assert 1 <= busiest(vendor(**fields)) <= most
    assert fields["misses"] == 0 or fields.get("is_failing") or most > 1


@pytest.mark.usefixtures("several")
def test_a_failure_of_a_vendor_comes_as_what_it_is_and_stops_nobody() -> None:
    def act(item: int) -> int:
        if item == 2:
            raise ServerFails("no")
        return item

    results = all_of([1, 2, 3], act)
    assert [result for result in results if not isinstance(result, VendorError)] == [1, 3]
    assert len(results) == 3


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("how", [KeyError, KeyboardInterrupt])
def test_who_is_interrupted_ends_all_workers_and_waits_for_them(how: type[BaseException]) -> None:
    ended: list[BaseException] = []

    def act(item: int) -> None:
        if item == 0:
            raise how
        try:
            wait(60)
        except Stopped as stopped:
            ended.append(stopped)
            raise

    started = time.monotonic()
    with pytest.raises(how):
        all_of([1, 2, 3, 0, 4, 5], act)
    assert len(ended) == 3, "those that were busy; the others never began"
    assert time.monotonic() - started < 5
    assert all_of([0.01], wait) == [None], "the next ones begin anew"


@pytest.mark.usefixtures("several")
def test_who_closes_the_iterator_ends_all_workers() -> None:
    def act(item: int) -> Iterator[int]:
        wait(0 if item == 0 else 60)
        return iter([item])

    with closing(work_through([0, 1, 2, 3], act, transport=vendor())) as results:
        assert not isinstance(next(results), VendorError)
    assert threading.active_count() == 1
