"""The census of a `fetch`: once a day, and told once (books/rules.md, "The census")."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from mww2minox.shop.census import LEFT, Left, Stretch, explain_left, kept, read_kept, take_census

if TYPE_CHECKING:
    from mww2minox.shop.orders import ReceivedOrder
    from mww2minox.wiring import Wiring

# no text: a key in the state, or what a UUID is derived from
TAKEN, READ_ALL = "census taken at", "census read all at"
READ_AGAIN_AFTER = timedelta(days=7)
"""Days that still differ are read again once in so long, without another count."""


class Intake(Protocol):
    """What becomes of orders that are read."""

    def store(self, orders: "Sequence[ReceivedOrder]") -> None:
        """Take orders in as the shop has them."""

    def close(self, numbers: Sequence[str]) -> None:
        """Note that the shop does not have these orders any more."""


def hold_census(wiring: "Wiring", today: date, intake: Intake) -> None:
    """Count the shop's orders since `shop.since`, read the days that differ, and tell what is left.

    Raises VendorError.
    """
    before = left_over(wiring)
    now = datetime.now(UTC)
    read_at = wiring.store.moment(READ_ALL)
    lately = read_at is not None and timedelta() <= now - read_at < READ_AGAIN_AFTER

    sides = _Sides(wiring, intake)
    left = take_census(sides, wiring.config.shop.since, today, before if lately else ())

    with wiring.store.transaction():
        wiring.store.set_note(LEFT, kept(left))
        wiring.store.set_note(TAKEN, now.isoformat())
        if not lately:
            wiring.store.set_note(READ_ALL, now.isoformat())
    for news in left:
        if news not in before and not news.explained:
            wiring.output.warn(*explain_left(news))


def left_over(wiring: "Wiring") -> list[Left]:
    """Return what still differed after the last census."""
    return read_kept(wiring.store.note(LEFT))


@dataclass(frozen=True, slots=True)
class _Sides:
    """The shop, and what is known of it; see `Sources`."""

    wiring: "Wiring"
    intake: Intake

    def counted(self, days: Stretch) -> int:
        return sum(
            self.wiring.shop.count(archived=archived, since=days.first, until=days.last)
            for archived in (False, True)
        )

    def known(self, days: Stretch) -> int:
        return len(self.wiring.store.dated(days.first, days.last))

    def read(self, days: Stretch) -> int:
        from mww2minox.shop.orders import can_be_asked_for
        from mww2minox.shop.rereading import read_one

        shown: set[str] = set()
        for archived in (False, True):
            # However few a page has, it is not taken for the last one: what was missed is sought.
            expected = self.wiring.shop.count(archived=archived, since=days.first, until=days.last)
            pages = self.wiring.shop.pages(
                archived=archived, since=days.first, until=days.last, expected=expected
            )
            for page in pages:
                shown.update(order.number for order in page.orders)
                self.intake.store(page.orders)

        # Deleted there, or moved to a day that no window shows.
        for number in self.wiring.store.dated(days.first, days.last):
            if number not in shown and can_be_asked_for(number):
                found = read_one(self.wiring.shop, number)
                self.intake.store(found.orders)
                self.intake.close(found.gone)
        return len(shown)
