"""The pace of several workers against a server that counts requests: near its limit, never over it.

Nothing is sent: a server of a few lines counts, on a clock that jumps from one event to the next.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from unittest import mock

import pytest

from mww2minox.transport.limiter import MOST_CAUTION, Limiter

SECONDS = 120.0
UNEVEN = 0.05
"""By so much of itself an answer takes more or less time than the one before."""


@dataclass
class Server:
    """Counts requests in windows that begin with their first one."""

    limit: int
    length: float
    ends: float = 0.0
    used: int = 0
    refused: int = 0
    moments: list[float] = field(default_factory=list)

    def count(self, now: float) -> dict[str, str]:
        """Count a request; return the headers of its answer."""
        if now >= self.ends:
            self.ends, self.used = now + self.length, 0
        self.refused += self.used >= self.limit
        self.used = min(self.used + 1, self.limit)
        self.moments.append(now)
        return {
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(self.limit - self.used),
            "X-Rate-Limit-Reset": str(int(self.ends * 1000) + 1),
        }


@dataclass
class Line:
    """The way to a server and back, on a clock of its own."""

    now: float = 1000.0
    events: list[tuple[float, int, str, float]] = field(default_factory=list)
    sent: int = 0

    def tell(self) -> float:
        """Stand in for the clocks."""
        return self.now

    def run(self, limiter: Limiter, server: Server, *, there: float, back: float) -> None:
        """Send as fast as the limiter lets, for two minutes; the first request goes alone."""
        chance = random.Random(1)  # noqa: S311 - the line's moods
        headers: dict[int, dict[str, str]] = {}
        under_way = answered = 0
        stopped_until = 0.0
        while self.now < 1000 + SECONDS:
            waits = max(limiter.seconds_to_turn(), stopped_until - self.now)
            if waits <= 0 and (answered or not under_way):
                limiter.leave()
                under_way += 1
                self._later(there * chance.uniform(1 - UNEVEN, 1 + UNEVEN), "count", self.now)
                continue

            next_turn = self.now + waits if waits > 0 else SECONDS * 1000
            if not self.events or self.events[0][0] > next_turn:
                self.now = next_turn
                continue

            self.now, number, what, left_at = heapq.heappop(self.events)
            if what == "count":
                headers[self.sent + 1] = server.count(self.now)
                self._later(back * chance.uniform(1 - UNEVEN, 1 + UNEVEN), "answer", left_at)
                continue

            under_way -= 1
            answered += 1
            limiter.come_back()
            seconds = limiter.learn(headers.pop(number), took=self.now - left_at)
            if seconds:
                stopped_until = self.now + seconds

    def _later(self, seconds: float, what: str, left_at: float) -> None:
        self.sent += 1
        heapq.heappush(self.events, (self.now + seconds, self.sent, what, left_at))


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    with mock.patch("time.monotonic", made.tell), mock.patch("time.time", made.tell):
        yield made


@pytest.mark.parametrize(("there", "back"), [(0.01, 0.01), (0.2, 0.0), (0.0, 0.8), (0.8, 0.0)])
@pytest.mark.parametrize(("limit", "length"), [(20, 4.0), (100, 5.0), (300, 60.0)])
def test_the_limit_is_nearly_reached_and_never_met_however_slow_answers_are(
    line: Line, limit: int, length: float, there: float, back: float
) -> None:
    server = Server(limit, length)
    line.run(Limiter(per_second=50), server, there=there, back=back)
    seconds = server.moments[-1] - server.moments[0]
    assert server.refused == 0
    assert (len(server.moments) - 1) / seconds > 0.95 * limit / length


def test_the_configured_pace_is_reached_where_the_limit_is_above_it(line: Line) -> None:
    server = Server(10**6, 60.0)
    line.run(Limiter(per_second=5), server, there=0.4, back=0.4)
    assert 590 <= len(server.moments) <= 601


def test_a_429_makes_all_slower_for_a_while(line: Line) -> None:
    limiter = Limiter(per_second=1000)
    server = Server(20, 4.0)
    limiter.learn(server.count(line.now), took=0.1)
    usual = limiter.rate
    for _ in range(100):
        limiter.refused()
    assert limiter.rate == pytest.approx(usual / MOST_CAUTION)


def test_answers_that_overtake_each_other_teach_the_newest(line: Line) -> None:
    limiter = Limiter(per_second=1000)
    server = Server(3, 60.0)
    first, second, third = (server.count(line.now) for _ in range(3))
    for headers in (third, first, second):
        limiter.learn(headers, took=0.1)
    limiter.leave()
    assert limiter.seconds_to_turn() > 55, "nothing remains, whichever answer came last"
