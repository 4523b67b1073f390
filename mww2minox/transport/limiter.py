"""The pace of all requests to one vendor, whichever worker sends them.

They leave evenly, at most `per_second` and just under the limit that the answers tell, so that slow
answers cost no rate and none is a 429 (minox/exactly_once.md, "Waiting and pace"). Times are
seconds, and moments are of the monotonic clock where nothing else is said.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from mww2minox.transport.headers import number_in, vendors_time

SOON = 0.001
"""What is not worth a wait."""
LATE = 0.05
"""A request that leaves so much late does not make the next one late as well."""
LEAST_MARGIN, MOST_MARGIN = 0.01, 0.04
"""By how much of itself a window is taken to be longer than it is: requests leave evenly, and
arrive as they can.
"""
FORGETS = 0.05
"""By so much of the way the slowest and the quickest answer come nearer to each new one."""
CAUTION, MOST_CAUTION, TRUST = 1.1, 3.0, 0.95
"""A 429 makes all slower by so much, at most so much; each window without one, quicker again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What an answer tells: `remaining` of `limit` requests may be made until `reset`, which is a
    moment by the vendor's clock, and `ends_at` by ours.
    """

    limit: float
    remaining: float
    reset: float
    ends_at: float

    @property
    def seconds_left(self) -> float:
        """The seconds until the reset; below 0 when it is over."""
        return self.ends_at - time.monotonic()

    @property
    def is_new(self) -> bool:
        """Whether the answer is to the first request in it."""
        return self.remaining == self.limit - 1 and self.seconds_left > 0


@dataclass(slots=True)
class Limiter:
    """Tells when the next request may leave; any number of workers may ask at once."""

    per_second: float
    missed: float = 0.0
    """The seconds in all in which a request might have left, and none was there."""
    slowest: float = 0.0
    """How long answers take at most, by the last ones."""
    _next_at: float = 0.0
    _under_way: int = 0
    _window: Window | None = None
    _length: float = 0.0
    """How long the server's windows are, by those that began with a request of ours."""
    _longest: float = 0.0
    """The most that an answer told to be left of one: all that is known while others use it too."""
    _first_reset: float = 0.0
    """The reset of the last window that began with a request of ours."""
    _quickest: float = 0.0
    """How long answers take at least, by the last ones."""
    _caution: float = 1.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def seconds_to_turn(self) -> float:
        """Return the seconds until the next request may leave: 0 when it may leave now."""
        with self._lock:
            seconds = max(self._next_at, self._used_up_until()) - time.monotonic()

        return seconds if seconds > SOON else 0.0

    def _used_up_until(self) -> float:
        """Return the moment until which requests that are under way use all that remains.

        What leaves so shortly before the reset that it may arrive after it is left to the pace.
        """
        window = self._window
        if window is None or window.remaining > self._under_way:
            return 0.0
        return window.ends_at - self.slowest

    def leave(self) -> None:
        """Count a request that leaves now."""
        with self._lock:
            self._under_way += 1
            self._next_at = max(self._next_at, time.monotonic() - LATE) + self._interval()

    def idle(self) -> float:
        """Return the seconds since which a request might leave; 0 before the first one."""
        with self._lock:
            since = max(self._next_at, self._used_up_until())
            return max(time.monotonic() - since, 0.0) if self._next_at else 0.0

    @property
    def rate(self) -> float:
        """The requests that may leave in a second."""
        with self._lock:
            return 1 / self._interval()

    def come_back(self) -> None:
        """Count a request that is answered, or never will be."""
        with self._lock:
            self._under_way -= 1

    def refused(self) -> None:
        """Be more careful after a 429: others use the limit too, or answers are uneven."""
        with self._lock:
            self._caution = min(self._caution * CAUTION, MOST_CAUTION)

    def learn(self, headers: Mapping[str, str], *, took: float) -> float:
        """Learn from an answer that took so many seconds.

        Returns the seconds to wait when nothing remains.
        """
        told = _window_in(headers)
        with self._lock:
            self._learn_speed(took)
            if told is None:
                return 0.0

            # Another limit has windows of another kind.
            if self._window is None or told.limit != self._window.limit:
                self._window = None
                self._length = self._longest = self._first_reset = 0.0
            if told.is_new:
                self._learn_length(told, took)
            self._longest = max(self._longest, told.seconds_left)
            self._window = _newest(told, self._window)

        return max(told.seconds_left, 0.0) if told.remaining <= 0 else 0.0

    def _learn_speed(self, took: float) -> None:
        self.slowest = max(took, self.slowest + FORGETS * (took - self.slowest))
        quickest = self._quickest or took
        self._quickest = min(took, quickest + FORGETS * (took - quickest))

    def _learn_length(self, told: Window, took: float) -> None:
        """Learn how long windows are, from one that has just begun.

        It is what lies between its first request and its reset. When that was counted is known but
        for the time that the answer took. From one reset to the next it is that long too, and the
        time without requests in between: so the shortest counts.
        """
        least = told.seconds_left
        known = (self._length, told.reset - self._first_reset)
        self._length = min([least + took, *(length for length in known if length >= least)])
        self._first_reset = told.reset
        self._caution = max(1.0, self._caution * TRUST)

    # Between two requests

    def _interval(self) -> float:
        """Return the seconds from a request to the next one."""
        window = self._window
        interval = 1 / self.per_second
        if window is None:
            return interval

        # Whoever else uses it: what remains has to last. What leaves at its very end arrives later.
        left = window.seconds_left - self.slowest
        remaining = max(window.remaining - self._under_way, 0)
        return max(interval, self._evenly(window), left / (remaining + 1))

    def _evenly(self, window: Window) -> float:
        """Return the interval at which `limit` requests arrive within no window, but just after."""
        length = self._length or self._longest
        uneven = self.slowest - self._quickest + LATE
        margin = min(max(uneven, LEAST_MARGIN * length), MOST_MARGIN * length)

        return (length + margin) / window.limit * self._caution


def _window_in(headers: Mapping[str, str]) -> Window | None:
    """Return the window that the headers of an answer tell of, or None."""
    limit = number_in(headers.get("X-Rate-Limit-Limit"))
    remaining = number_in(headers.get("X-Rate-Limit-Remaining"))
    reset = number_in(headers.get("X-Rate-Limit-Reset"))
    if limit is None or remaining is None or reset is None or limit < 1:
        return None

    # The reset is in milliseconds since 1970, by the vendor's clock.
    seconds_left = reset / 1000 - vendors_time(headers)
    ends_at = time.monotonic() + seconds_left
    return Window(limit=limit, remaining=remaining, reset=reset / 1000, ends_at=ends_at)


def _newest(told: Window, known: Window | None) -> Window:
    """Return the window as it is now: answers may overtake each other."""
    if known is None or told.reset > known.reset or known.seconds_left <= 0:
        return told

    if told.reset < known.reset or told.remaining > known.remaining:
        return known
    return told
