"""Asking Minox until a thing is there: its look-ups may lag behind a write, its answers get lost.

All times are seconds of the monotonic clock. Why: minox/exactly_once.md, "An answer that never
came" and "Customers".
"""

import time
from collections.abc import Callable
from typing import TypeVar

from mww2minox.transport.waiting import wait

LAG_SECONDS = 4
"""Look-ups may lag behind a write for so long; so long is asked unless told otherwise."""
GHOST_SECONDS = 20
"""A write whose answer was lost may still be carried out for so long.

A POST is not sent again before (minox/exactly_once.md, "Customers").
"""
BINDING_SECONDS = 120
"""So long after it left, a booking whose answer was lost binds its order.

Longer than a PUT's time limit (40 seconds, `transport`), `GHOST_SECONDS` and `LAG_SECONDS`
together: what Minox does not have after that never comes (minox/exactly_once.md, "What binds").
"""
FIRST_PAUSE_SECONDS = 0.25
PAUSES_GROW_BY = 3
"""What is there is seen soon, and a long wait takes few requests all the same."""

Thing = TypeVar("Thing")


def poll(look: Callable[[], Thing | None], *, seconds: float = LAG_SECONDS) -> Thing | None:
    """Look until there is something, for so many seconds: at once, and a last time at their end.

    Returns what `look` gave, or None when it never gave anything; raises what `look` raises.
    """
    deadline = time.monotonic() + seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        thing = look()
        if thing:
            return thing

        seconds_left = deadline - time.monotonic()
        if seconds_left <= 0:
            return None
        wait(min(pause, seconds_left))
        pause *= PAUSES_GROW_BY
