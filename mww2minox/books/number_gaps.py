"""The order numbers between a period's first and its last that no order of it has. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRange:
    """A stretch of whole order numbers, both ends in it."""

    first: int
    last: int

    def __len__(self) -> int:
        """Return how many numbers these are."""
        return self.last - self.first + 1


def range_of(numbers: Iterable[str]) -> NumberRange | None:
    """Return the stretch from the lowest to the highest; other numbers than digits do not count."""
    whole = [int(number) for number in numbers if number.isdecimal()]
    return NumberRange(first=min(whole), last=max(whole)) if whole else None


def gaps_in(numbers: Iterable[str]) -> Iterator[NumberRange]:
    """Yield the stretches of numbers that are missing between these."""
    whole = sorted({int(number) for number in numbers if number.isdecimal()})
    for before, after in pairwise(whole):
        if after - before > 1:
            yield NumberRange(first=before + 1, last=after - 1)
