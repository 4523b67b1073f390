"""What the shop tells of itself, kept in the state for a day: few runs have to ask for it.

Source: shop/api.md, "What is asked how often".
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mww2minox.shop.api import Status
from mww2minox.state import Store

KEPT_FOR = timedelta(hours=20)
"""Cron's daily run must not miss its day by seconds."""
# no text: a key in the state, or what a UUID is derived from
STORE_ASKED, STATUSES = "shop asked at", "shop statuses"


def mark_of(*keys: str) -> str:
    """Return what tells these keys from others; none of them can be read back from it."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFacts:
    """What is kept of the shop that `mark` stands for: the keys it was asked with."""

    store: Store
    mark: str

    def knows_store(self) -> bool:
        """Tell whether the shop told today which one it is."""
        kept = self._kept(STORE_ASKED)
        return kept is not None and self._is_of_today(kept[0])

    def note_store(self) -> None:
        """Note that the shop told just now which one it is."""
        self._keep(STORE_ASKED, [])

    def statuses(self) -> list[Status]:
        """Return the statuses that the shop told today; none where it was not asked."""
        kept = self._kept(STATUSES)
        if kept is None or not self._is_of_today(kept[0]):
            return []

        return [
            Status(number=number, name=name, credit_order=credit_order)
            for number, name, credit_order in kept[1]
        ]

    def keep_statuses(self, statuses: Sequence[Status]) -> None:
        """Keep the statuses that the shop told just now."""
        rows = [[status.number, status.name, status.credit_order] for status in statuses]
        self._keep(STATUSES, rows)

    def _keep(self, key: str, value: object) -> None:
        now = datetime.now(UTC).isoformat()
        self.store.set_note(key, json.dumps([now, self.mark, value]))

    def _kept(self, key: str) -> tuple[datetime, list[tuple[int, str, bool]]] | None:
        """Return when something was kept, and what; None where other keys were used then, or where
        it cannot be read.
        """
        note = self.store.note(key)
        if note is None:
            return None

        try:
            moment, mark, value = json.loads(note)
            kept_at = datetime.fromisoformat(moment)
        # It is asked again.
        except (TypeError, ValueError):
            return None
        return (kept_at, value) if mark == self.mark else None

    def _is_of_today(self, moment: datetime) -> bool:
        """Tell whether that is less than a day ago; one ahead was noted by a wrong clock."""
        return timedelta() <= datetime.now(UTC) - moment < KEPT_FOR
