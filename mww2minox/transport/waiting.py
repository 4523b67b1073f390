"""Waiting, in a worker too, which ends when the run does."""

import threading
import time

from mww2minox.errors import Stopped

LOOKS_UP_EVERY = 1.0
"""A worker that waits looks so often (seconds) whether the run ends."""

_ends = threading.Event()


def wait(seconds: float) -> None:
    """Wait. Raises Stopped in a worker whose run ends meanwhile; Ctrl-C is the main thread's."""
    if threading.current_thread() is threading.main_thread():
        time.sleep(seconds)
        return

    go_on()
    while seconds > 0:
        time.sleep(min(seconds, LOOKS_UP_EVERY))
        go_on()
        seconds -= LOOKS_UP_EVERY


def go_on() -> None:
    """Raise Stopped in a worker whose run ends: it begins nothing more."""
    if _ends.is_set() and threading.current_thread() is not threading.main_thread():
        # no text: nobody is told, but of why the run ends
        raise Stopped("The run ends: nothing more is sent.")


def end() -> None:
    """Have all workers end, each after the request that it has sent."""
    _ends.set()


def end_is_over() -> None:
    """Let the next workers begin."""
    _ends.clear()
