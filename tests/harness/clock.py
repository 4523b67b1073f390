"""A clock that waits for nobody: `time.sleep` moves it, and comes back at once."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

import time_machine

_real_sleep = time.sleep
YIELD_SECONDS = 0.0005
"""What a sleep really takes: other threads get their turn, and who polls a lock does not race ahead
of its holder.
"""


class Clock:
    """The clock of this process; every thread sees the same one.

    `slept` holds what was asked of `time.sleep`.
    """

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller
        self._lock = threading.Lock()
        self._alarms: list[Alarm] = []
        self.slept: list[float] = []
        self.wrong_by = 0.0
        """How far the clock was set forward, against the time that really passed."""

    def sleep(self, seconds: float) -> None:
        """Stand in for `time.sleep`."""
        self.slept.append(seconds)
        self.pass_by(seconds)
        _real_sleep(YIELD_SECONDS)

    def pass_by(self, seconds: float) -> None:
        """Let this much time go by at once; what is due in it happens at its moment."""
        end = self.true_time() + seconds
        while alarm := self._next_alarm(end):
            self._shift(alarm.at - self.true_time())
            alarm.action()
        self._shift(end - self.true_time())

    def _next_alarm(self, end: float) -> "Alarm | None":
        with self._lock:
            due = min(
                (alarm for alarm in self._alarms if alarm.at <= end),
                key=lambda alarm: alarm.at,
                default=None,
            )
            if due:
                self._alarms.remove(due)
            return due

    def _shift(self, seconds: float) -> None:
        if seconds > 0:
            with self._lock:
                self._traveller.shift(seconds)

    def set_forward(self, seconds: float) -> None:
        """Set the clock forward (or back) without any time passing: `time.monotonic` does not
        notice.
        """
        with self._lock:
            self._traveller.shift(seconds)
            self.wrong_by += seconds

    def true_time(self) -> float:
        """Return the time as a clock tells it that nobody sets: the vendors'."""
        return time.time() - self.wrong_by

    def at(self, moment: float, action: Callable[[], object]) -> None:
        """Do something when that true time has come."""
        with self._lock:
            self._alarms.append(Alarm(moment, action))


@dataclass(frozen=True, eq=False)
class Alarm:
    """What is to happen at a true time."""

    at: float
    action: Callable[[], object] = field(repr=False)


@contextmanager
def fast_clock(start: dt.datetime) -> Iterator[Clock]:
    """Start the clock at a moment; it ticks on as ever, and sleeping takes no time.

    `time.monotonic` goes along.
    """
    with time_machine.travel(start, tick=True) as traveller:
        clock = Clock(traveller)
        with mock.patch("time.sleep", clock.sleep), mock.patch("time.monotonic", clock.true_time):
            yield clock
