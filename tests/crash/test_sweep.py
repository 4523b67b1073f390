"""A short kill sweep of what takes in and books: each kind of boundary once or twice by KILL, and a
few lines.

`make crash` takes them all, in all that runs daily and the commands that a person gives.
"""

import pytest

from tests.crash.sweep import FETCH, PUSH, Amount, one_of_a_kind, sweep

pytestmark = pytest.mark.thorough

SHORT = Amount(every=False, lines=3)


@pytest.mark.timeout(300)
def test_a_kill_at_any_place_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        monkeypatch.delenv(name, raising=False)  # what is killed cannot tell what it covered
    told: list[str] = []
    assert sweep(SHORT, told.append, scenes=(FETCH, PUSH)), "\n".join(told)


def test_of_boundaries_alike_the_first_and_the_last_are_chosen() -> None:
    get, put = "GET /customer/by_email/a%40b.nl", "PUT /batch/{}"
    labels = [
        get,
        "COMMIT",
        put.format(1),
        "COMMIT",
        put.format(2),
        "COMMIT",
        put.format(3),
        "COMMIT",
        "COMMIT",
    ]
    around = [f"{when} {label}" for label in labels for when in ("before", "after")]
    assert one_of_a_kind(around) == [2, 4, 6, 8, 14, 16, 18]
