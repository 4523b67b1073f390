"""What `sandbox` says to practise with runs as it stands, and is noticed."""

import datetime as dt
import re
import shlex
from pathlib import Path

import pytest
import requests

from mww2minox.commands.sandbox import exercises
from mww2minox.sandbox import Sandbox
from tests.harness.inside import NOON, Inside

REFERENCE = Path(__file__).parents[2] / "mww2minox/docs/commands.md"
TODAY = NOON.date()


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture(autouse=True)
def some_orders(vendors: Sandbox) -> None:
    """The shop has an order, one that lacks a VAT number, and one of a customer that Minox has."""
    with Sandbox(today=TODAY) as other:
        orders = {number: other.shop.orders[number] for number in ("1001", "1009")}
    for order in orders.values():
        vendors.shop.add(order)
    known = {**orders["1001"]["debtor"], "email": "sanne.visser@example.nl"}
    vendors.shop.add(orders["1001"] | {"number": "1002", "debtor": known})


def curl(line: str) -> requests.Response:
    """Do what curl does with these few of its options."""
    words = shlex.split(line)
    assert words[0] == "curl"
    method = words[words.index("-X") + 1]
    (url,) = [word for word in words if word.startswith("http://")]
    body = words[words.index("-d") + 1] if "-d" in words else None

    form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    return requests.request(method, url, data=body, headers=form, timeout=10)


def practise(vendors: Sandbox, number: int, today: dt.date = TODAY) -> tuple[str, ...]:
    """Do one of the exercises; return what is to be run then."""
    exercise = exercises(vendors.shop_url, vendors.minox_url, today)[number]
    assert curl(exercise.command).status_code == 200
    return exercise.then


def test_an_order_is_corrected(inside: Inside, vendors: Sandbox) -> None:
    inside("fetch")
    assert inside("push").status == 3
    assert inside(*practise(vendors, 0)).status == 0
    assert "1009" in inside.booked()
    assert vendors.shop.orders["1009"]["debtor"]["address"]["invoice"]["company"], "the rest stays"


def test_a_period_is_closed(inside: Inside, vendors: Sandbox) -> None:
    dated = dt.date.fromisoformat(vendors.shop.orders["1001"]["date"])
    inside("fetch")
    inside(*practise(vendors, 1, dated))
    assert inside.report()["1001"]["reason"] == "rejected_by_minox"


def test_a_customer_is_blocked(inside: Inside, vendors: Sandbox) -> None:
    inside("fetch")
    inside(*practise(vendors, 2))
    assert inside.report()["1002"]["reason"] == "customer_blocked"


def test_a_booking_is_deleted(inside: Inside, vendors: Sandbox) -> None:
    inside("fetch")
    inside("push")
    url = f"{vendors.minox_url}/_sandbox/bookings/1001"
    assert len(requests.get(url, timeout=10).json()) == 1

    assert inside(*practise(vendors, 3)).status == 3
    assert "no longer in Minox" in str(inside.report()["1001"]["differences"])
    assert requests.delete(url, timeout=10).status_code == 404


def test_the_lines_of_the_reference_run(inside: Inside, vendors: Sandbox) -> None:
    inside("fetch")
    inside("push")
    lines = re.findall("^curl .*$", REFERENCE.read_text(), re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        here = line.replace("http://127.0.0.1:8001", vendors.shop_url)
        here = here.replace("http://127.0.0.1:8002", vendors.minox_url)
        assert curl(here).status_code == 200, line
