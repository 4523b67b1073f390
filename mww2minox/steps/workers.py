"""Workers: several things done at once, so that slow answers cost no rate.

One is enough where answers are quick: the pace keeps it waiting, not the vendor. Another one begins
whenever a request might have left and none was there. What they share, the transports and the state
file, each uses alone for a moment; all else that they change is of what they work on.
"""

import heapq
import math
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import Generic, TypeVar

from mww2minox.errors import VendorError
from mww2minox.transport import Transport
from mww2minox.transport.waiting import end, end_is_over

FIRST = 1
"""So many workers begin."""
SLOW_SECONDS = 1.0
"""There are workers for answers that take so long. Who takes longer is too busy for more."""
SPARE = 2
"""So many more than that: a worker has something to do between two requests."""
MOST = 60
MISSED_SECONDS = 0.2
"""So much time without a request, in which one might have left, brings another worker."""
LOOKS_UP_EVERY = 0.1

Item = TypeVar("Item")
Result = TypeVar("Result")


def no_keys(_item: object) -> Iterable[Hashable]:
    """Let everything go at once."""
    return ()


def work_through(
    items: Sequence[Item],
    act: Callable[[Item], Result],
    *,
    transport: Transport,
    keys: Callable[[Item], Iterable[Hashable]] = no_keys,
) -> Generator[Result | VendorError, None, None]:
    """Do this with each item, and yield what came of it, as it comes: a VendorError too.

    They begin in their order. Items that share a key go one after another. `transport` tells how
    many workers are wanted. Whoever closes the iterator, or is interrupted, ends them: what has
    left is waited for, and nothing more begins. Any other exception of a worker is raised.
    """
    crew = _Crew(items, act, transport, keys)
    with _pool() as pool:
        while crew.is_busy():
            crew.begin(pool)
            yield from crew.ended()


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """Give workers that end with it, each after the request that it has sent."""
    pool = ThreadPoolExecutor(MOST)
    try:
        yield pool
    finally:
        end()
        pool.shutdown()
        end_is_over()


class _Crew(Generic[Item, Result]):
    """Who works on what, and what may begin next."""

    def __init__(
        self,
        items: Sequence[Item],
        act: Callable[[Item], Result],
        transport: Transport,
        keys: Callable[[Item], Iterable[Hashable]],
    ) -> None:
        self._items = items
        self._act = act
        self._transport = transport
        self._sorter = _in_turn([keys(item) for item in items])
        self._ready: list[int] = []
        self._busy: dict[Future[Result], int] = {}
        self._wanted = FIRST
        self._missed = transport.missed

    def is_busy(self) -> bool:
        """Tell whether anything is still to be done."""
        return self._sorter.is_active()

    def begin(self, pool: ThreadPoolExecutor) -> None:
        """Give each worker that has nothing to do the first item that may begin."""
        for place in self._sorter.get_ready():
            heapq.heappush(self._ready, place)

        while self._ready and len(self._busy) < self._wanted:
            place = heapq.heappop(self._ready)
            self._busy[pool.submit(self._act, self._items[place])] = place

    def ended(self) -> Iterator[Result | VendorError]:
        """Wait a moment for workers, and yield what came of what they did."""
        done, _busy = wait(self._busy, LOOKS_UP_EVERY, FIRST_COMPLETED)
        self._want_more()

        for future in sorted(done, key=self._busy.__getitem__):
            self._sorter.done(self._busy.pop(future))
            error = future.exception()
            if error is None:
                yield future.result()
            elif isinstance(error, VendorError):
                yield error
            else:
                raise error

    def _want_more(self) -> None:
        """Have another worker where those that there are leave the vendor without a request."""
        missed = self._transport.missed - self._missed
        if missed < MISSED_SECONDS:
            return

        self._missed += missed
        # A vendor that fails is not asked for more at once.
        if self._transport.is_failing:
            return

        limiter = self._transport.limiter
        for_answers = math.ceil(limiter.rate * min(limiter.slowest, SLOW_SECONDS)) + 1
        enough = math.ceil(limiter.rate * SLOW_SECONDS) + SPARE
        self._wanted = min(max(self._wanted + 1, for_answers), enough, MOST)


def _in_turn(keys: Iterable[Iterable[Hashable]]) -> TopologicalSorter[int]:
    """Return the places in an order in which each comes after those before it with a key of its."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    last: dict[Hashable, int] = {}
    for place, own in enumerate(map(set, keys)):
        sorter.add(place, *{last[key] for key in own if key in last})
        last.update(dict.fromkeys(own, place))

    sorter.prepare()
    return sorter
