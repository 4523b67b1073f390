"""What can go wrong with a request, and which request it happens to."""

import random
import re
import threading
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from mww2minox.sandbox.settings import Settings

Side = Literal["shop", "minox"]
Kind = Literal[
    "status",
    "429",
    "drop_before",
    "drop_after",
    "html",
    "instead",
    "truncated",
    "slow",
    "ghost",
    "redirect",
    "broken_json",
]
USUAL: tuple[Kind, ...] = ("status", "429", "drop_before", "drop_after", "html", "truncated")
"""What `Settings.fault_rate` draws from."""


@dataclass
class Fault:
    """One fault, waiting for a request that it fits.

    `status`: answers with that status, nothing is done. `429`: too many requests, with
    `retry_after` when set. `drop_before`, `drop_after`: closes the connection without an answer,
    without or with the effect. `html`: a page with status 200, the effect by `effect`. `instead`:
    the same with `body`, as JSON. `truncated`, `broken_json`: half an answer, with the effect.
    `slow`: waits `seconds` first. `ghost`: closes at once and does it `seconds` later. `redirect`:
    302 to `location`, nothing is done.
    """

    kind: Kind
    side: Side | None = None
    method: str | None = None
    path: str = ""
    """A regular expression, searched in the path as it was sent: percent-encoded, no query."""
    status: int = 500
    retry_after: str | None = None
    seconds: float = 0.0
    effect: bool = False
    body: str = ""
    location: str = "http://127.0.0.1:9/elsewhere"
    times: int | None = 1
    """How many requests it happens to; None is for ever."""
    skip: int = 0
    """How many fitting requests go well first."""

    def __post_init__(self) -> None:
        """Refuse what could never happen."""
        if self.kind not in get_args(Kind):
            kinds = ", ".join(get_args(Kind))
            raise ValueError(f"there is no fault {self.kind!r}: it is one of {kinds}")
        if self.side not in {None, *get_args(Side)}:
            raise ValueError(f"side: {self.side!r} is not shop or minox")
        re.compile(self.path)

    def fits(self, *, side: Side, method: str, path: str) -> bool:
        """Tell whether this request is one it may happen to."""
        if self.side not in {None, side} or self.times == 0:
            return False
        if self.method is not None and self.method.upper() != method:
            return False
        return re.search(self.path, path) is not None

    def as_dict(self) -> dict[str, Any]:
        """Return its fields by name."""
        return asdict(self)


class FaultBox:
    """Hands out the faults of a list, and seeded ones besides."""

    def __init__(self, faults: list[Fault], settings: Settings) -> None:
        """Take faults from that very list, so that its owner sees them go."""
        self._faults = faults
        self._settings = settings
        self._lock = threading.Lock()
        self._seed: int | None = None
        self._random = random.Random()  # noqa: S311 - a coin for tests, not a secret

    def take(self, *, side: Side, method: str, path: str) -> Fault | None:
        """Return the fault that happens to this request, counting it down."""
        with self._lock:
            # Of a copy: a fault that has had its times leaves the list.
            for fault in list(self._faults):
                if fault.fits(side=side, method=method, path=path) and self._strikes(fault):
                    return fault

            return self._chance()

    def _strikes(self, fault: Fault) -> bool:
        if fault.skip > 0:
            fault.skip -= 1
            return False

        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._faults.remove(fault)
        return True

    def _chance(self) -> Fault | None:
        if self._settings.fault_rate <= 0:
            return None

        # A seed that is set while the sandbox runs begins its own row of faults.
        if self._seed != self._settings.fault_seed:
            self._seed = self._settings.fault_seed
            self._random.seed(self._seed)

        if self._random.random() >= self._settings.fault_rate:
            return None
        return self._any()

    def _any(self) -> Fault:
        effect = self._random.random() < 1 / 2
        return Fault(self._random.choice(USUAL), effect=effect, retry_after="0")
