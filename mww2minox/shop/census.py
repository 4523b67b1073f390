"""The census: what the shop counts, held against what is known; the days that differ are found by
halving, and read once more.

Source: books/rules.md, "The census". An order can be entered with an earlier date, so that no
window of `fetch` ever shows it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol

from mww2minox.language.texts import _, day as written_day, ngettext
from mww2minox.reasons import Text
from mww2minox.shop import PAGE

# no text: a key in the state, or what a UUID is derived from
LEFT = "census left"
"""A note of what still differed after the last census."""
ONE_DAY = timedelta(days=1)
MOST_DAYS = 31
"""So many days that differ are found one by one; of what is left the whole stretch is told."""
TURN, OF_TURNS = 618_034, 1_000_000
"""The golden ratio: the days on which a stretch is divided are spread evenly over it in the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Order dates from `first` to `last`; without `last` to the end of time."""

    first: date
    last: date | None = None

    def holds(self, day: date) -> bool:
        """Tell whether a day is one of these."""
        return day >= self.first and (self.last is None or day <= self.last)

    def halves(self, today: date) -> "tuple[Stretch, Stretch] | None":
        """Divide the days in two; None where there is one, or where only days to come are left."""
        last = self.last or today
        if self.first >= last:
            return None

        middle = self.first + (last - self.first) // 2
        return Stretch(first=self.first, last=middle), Stretch(
            first=middle + ONE_DAY, last=self.last
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Days of which the shop counts another number of orders than are known, though they were read.

    `explained`: the shop showed all that it counts, and what cannot be counted here, such as an
    order without a number, is told by itself.
    """

    days: Stretch
    counted: int
    known: int
    explained: bool = False


class Sources(Protocol):
    """Both sides of the census."""

    def counted(self, days: Stretch) -> int:
        """Return how many orders of these days the shop counts, live and archived."""

    def known(self, days: Stretch) -> int:
        """Return how many orders of these days are known, by the date that the shop last gave."""

    def read(self, days: Stretch) -> int:
        """Read these days once more, and what is known of them and was not shown one by one.

        Return how many orders the shop showed.
        """


def take_census(
    sources: Sources, since: date, today: date, before: Sequence[Left] = ()
) -> list[Left]:
    """Find the days from `since` on of which the shop counts another number than is known, and read
    them; return what still differs.

    `before` is what was left the last time: what still differs by as much is not read again. Where
    nothing differs it takes four requests at most.
    """
    census = _Census(sources, today, before)
    for stretch in divided(since, today):
        census.examine(stretch, sources.counted(stretch))
    return census.left


def divided(since: date, today: date) -> list[Stretch]:
    """Divide the days from `since` on in two, each day elsewhere.

    One order too many and one too few would else hide each other for ever.
    """
    days = (today - since).days
    if days <= 0:
        return [Stretch(first=since)]

    middle = since + timedelta(days=today.toordinal() * TURN % OF_TURNS * days // OF_TURNS)
    return [Stretch(first=since, last=middle), Stretch(first=middle + ONE_DAY)]


@dataclass(slots=True)
class _Census:
    """A census under way; `left` is what still differs so far."""

    sources: Sources
    today: date
    before: Sequence[Left]
    left: list[Left] = field(default_factory=list)

    def examine(self, days: Stretch, counted: int, *, was_read: bool = False) -> None:
        """Hold a count against what is known, read what differs, and halve it further."""
        lasting = [left for left in self.before if days.holds(left.days.first)]
        expected = self.sources.known(days) + sum(left.counted - left.known for left in lasting)
        if counted == expected:
            self.left += lasting
            return

        # Reading a page takes fewer requests than finding the day in it.
        halves = days.halves(self.today)
        if not was_read and (counted <= PAGE or halves is None):
            shown = self.sources.read(days)
            was_read = True

            # Orders came in meanwhile; and nothing is missed of what was shown as a whole.
            counted = self.sources.counted(days)
            known = self.sources.known(days)
            if counted in (known, shown):
                self._leave(days, counted, known, explained=True)
                return

        if halves is None or len(self.left) >= MOST_DAYS:
            self._leave(days, counted, self.sources.known(days))
            return
        self._examine_halves(halves, counted, was_read=was_read)

    def _examine_halves(
        self, halves: tuple[Stretch, Stretch], counted: int, *, was_read: bool
    ) -> None:
        """Count one half; the other one has the rest."""
        first, second = halves
        of_first = self.sources.counted(first)

        self.examine(first, of_first, was_read=was_read)
        self.examine(second, counted - of_first, was_read=was_read)

    def _leave(self, days: Stretch, counted: int, known: int, *, explained: bool = False) -> None:
        if counted != known:
            left = Left(days=days, counted=counted, known=known, explained=explained)
            self.left.append(left)


# What is left, as the state keeps it and as people read it


def kept(lefts: Sequence[Left]) -> str:
    """Return what is left as a small fact for the state."""
    rows = [
        [
            left.days.first.isoformat(),
            left.days.last.isoformat() if left.days.last else None,
            left.counted,
            left.known,
            left.explained,
        ]
        for left in lefts
    ]
    return json.dumps(rows)


def read_kept(text: str | None) -> list[Left]:
    """Read what is left back from the state; nothing where no census was taken yet."""
    return [
        Left(
            days=Stretch(
                first=date.fromisoformat(first), last=date.fromisoformat(last) if last else None
            ),
            counted=counted,
            known=known,
            explained=explained,
        )
        for first, last, counted, known, explained in json.loads(text or "[]")
    ]


def explain_left(left: Left) -> Text:
    """Return what still differs, and what to do about it."""
    first, last = left.days.first, left.days.last or left.days.first
    message = ngettext(
        "The shop counts {counted} order of {days}, and {known} are known here.",
        "The shop counts {counted} orders of {days}, and {known} are known here.",
        left.counted,
    )
    days = written_day(first)
    if last != first:
        days = _("{first} to {last}").format(first=written_day(first), last=written_day(last))

    suggestion = _(
        "Look in the shop for orders of these days that are missing here, or the other way round,"
        " and save them again; then run: {command}"
    )
    command = f"mww2minox fetch --since {first} --until {last}"
    return Text(
        message.format(counted=left.counted, days=days, known=left.known),
        suggestion.format(command=command),
    )
