"""Dates as people write them."""

from datetime import date

import pytest

from mww2minox.language.dates import date_of, typed
from mww2minox.language.texts import use


@pytest.mark.parametrize("text", ["2026-01-31", "31-1-2026", "31-01-2026", " 31-01-2026 "])
def test_a_date_is_taken_in_either_order(text: str) -> None:
    assert date_of(text) == date(2026, 1, 31)


@pytest.mark.parametrize(
    "text",
    ["", "31-2-2026", "1-31-2026", "31-1-26", "31/1/2026", "\u0663\u0661-1-2026", "x"],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - who asks has the sentence
        date_of(text)


def test_what_is_shown_can_be_typed() -> None:
    day = date(2026, 1, 5)
    assert (typed(day), date_of(typed(day))) == ("2026-01-05", day)
    use("nl")
    assert (typed(day), date_of(typed(day))) == ("5-1-2026", day)
