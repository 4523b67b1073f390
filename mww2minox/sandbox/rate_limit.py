"""A rate limit by fixed windows, told in headers as Minox does (minox/api.md, "Rate limit")."""

import math
import time
from dataclasses import dataclass
from email.utils import formatdate

from mww2minox.sandbox.settings import Settings


@dataclass(frozen=True)
class Admission:
    """Whether a request may pass, and the headers that tell the client how it stands."""

    allowed: bool
    headers: dict[str, str]


class RateLimit:
    """Counts requests; a window begins with its first request."""

    def __init__(self, settings: Settings) -> None:
        """Read limit and window anew at each request, so that they can be changed."""
        self._settings = settings
        self._ends = 0.0
        self._used = 0

    def admit(self) -> Admission:
        """Count a request, or refuse it."""
        now = time.time()
        # A window that was made shorter, or a clock that was set back, begins a new one as well.
        if now >= self._ends or self._ends - now > self._settings.rate_window:
            self._ends, self._used = now + self._settings.rate_window, 0

        limit = self._settings.rate_limit
        allowed = self._used < limit
        self._used += allowed

        headers = {
            "X-Rate-Limit-Limit": str(limit),
            "X-Rate-Limit-Remaining": str(max(0, limit - self._used)),
            "X-Rate-Limit-Reset": str(math.ceil(self._ends * 1000)),
        }
        if not allowed:
            headers |= self._retry_after(now)
        return Admission(allowed, headers)

    def _retry_after(self, now: float) -> dict[str, str]:
        if self._settings.retry_after == "none":
            return {}
        if self._settings.retry_after == "date":
            return {"Retry-After": formatdate(math.ceil(self._ends), usegmt=True)}
        return {"Retry-After": str(max(1, math.ceil(self._ends - now)))}
