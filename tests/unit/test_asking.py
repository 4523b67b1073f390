"""Asking until a thing is there: soon at first, and seldom in the end."""

import time
from collections.abc import Iterator

import pytest

from mww2minox.minox.asking import GHOST_SECONDS, LAG_SECONDS, poll


@pytest.fixture
def pauses() -> Iterator[list[float]]:
    """The seconds of each pause; none of them takes any time."""
    slept: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", slept.append)
        patch.setattr(time, "monotonic", lambda: sum(slept))
        yield slept


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(LAG_SECONDS, [0.25, 0.75, 2.25, 0.75]), (GHOST_SECONDS, [0.25, 0.75, 2.25, 6.75, 10.0])],
)
def test_what_is_not_there_is_looked_for_until_the_end(
    pauses: list[float], seconds: float, expected: list[float]
) -> None:
    assert poll(lambda: None, seconds=seconds) is None
    assert pauses == expected


def test_what_is_there_a_moment_later_is_seen_after_a_quarter_of_a_second(
    pauses: list[float],
) -> None:
    answers = iter([None, "there"])
    assert poll(lambda: next(answers)) == "there"
    assert pauses == [0.25]
