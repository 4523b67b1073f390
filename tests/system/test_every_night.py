"""What `push` does and says night after night: the oldest that can be booked, and what is new."""

import pytest

from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from tests.harness.inside import Inside


def offer(vendors: Sandbox, *numbers: str, email: str = "truus@example.nl") -> None:
    """Let the shop have these orders, each a day younger than the one before."""
    for number in numbers:
        date = vendors.today.replace(month=3, day=int(number[-2:]))
        buyer = person("Truus", email)
        vendors.shop.add(order(number, date, buyer, [goods("21", "12.10")], invoice("12.10")))


@pytest.fixture
def samples() -> bool:
    """Only the orders that a test offers are there."""
    return False


def test_a_limit_takes_the_oldest_that_can_be_booked(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors, "1001", "1002", "1003", email="")
    offer(vendors, "1004", "1005", "1006")
    inside("fetch")
    ended = inside("push", "--limit", "2")
    assert (ended.status, inside.booked()) == (0, ["1004", "1005"]), ended.err
    assert "Passed over: 3 orders that cannot be booked as they are now." in ended.err
    assert [request.status for request in vendors.requests if request.method == "PUT"] == [200] * 2
    # Once that failed, they come last.
    inside("push", "--limit", "1")
    assert inside.booked() == ["1004", "1005", "1006"]
    ended = inside("push", "--limit", "2")
    assert (ended.status, ended.err.count("has no e-mail")) == (3, 2), ended.err


def test_what_failed_as_before_is_told_as_a_line_for_each_reason(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors, "1001", "1002", email="")
    inside("fetch")
    ended = inside("push")
    assert ended.err.count("Then run: mww2minox retry") == 2, ended.err
    inside("fetch")
    offer(vendors, "1003", email="")
    inside("fetch")
    ended = inside("push")
    assert ended.status == 3
    assert ended.err.count("Then run: mww2minox retry") == 1
    assert "Failed as before: 2. See: mww2minox report --errors\n  2 x " in ended.err
    assert inside("push", "--order", "1001").err.count("Then run: mww2minox retry 1001") == 1
    ended = inside("-q", "push")
    assert ended.err.startswith("Failed as before: 3.")
