"""The report tells how the VAT periods of the last year stand."""

import datetime as dt

import pytest

from mww2minox.sandbox import Sandbox
from tests.harness.clock import Clock
from tests.harness.inside import Inside
from tests.harness.world import an_order

DAY = 86_400


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture
def shop(inside: Inside, vendors: Sandbox, clock: Clock) -> Inside:
    """A shop with an order in the first quarter, booked; it is 24 April."""
    vendors.shop.add(an_order(1001, total="121.00", email="a@example.nl"))
    for command in ("fetch", "push", "verify"):
        assert inside(command).status == 0
    clock.pass_by(35 * DAY)
    return inside


def test_a_period_that_closes_is_told_and_that_it_changed_too(
    shop: Inside, vendors: Sandbox
) -> None:
    assert "2026-Q1" not in shop("report").out, "nothing was proven yet"
    assert shop("reconcile", "2026-Q1").status == 0
    assert "2026-Q1 closed on 24 Apr 2026" in shop("report").out

    vendors.shop.add(an_order(1002, total="121.00", email="b@example.nl", date=dt.date(2026, 3, 3)))
    shop("fetch", "--order", "1002")
    report = shop("report").out
    assert "2026-Q1 closed on 24 Apr 2026, changed since" in report
    assert "mww2minox reconcile 2026-Q1" in report
    page = shop("report", "--format", "html").out
    assert "closed on 24 Apr 2026, changed since" in page
