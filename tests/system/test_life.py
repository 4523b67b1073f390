"""An order's life after its first push: status changes, repairs, changes after booking, tampering
in Minox.
"""

import copy
import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from mww2minox.sandbox import Sandbox, Settings
from tests.harness.prepared import log_in
from tests.system.conftest import Cli, Forker

pytestmark = pytest.mark.thorough

BOOKED = "1001"
WAITING = "1041"
WITHOUT_EMAIL = "1035"


@dataclass(frozen=True)
class FirstDay:
    """What there is after the first fetch and push, on all three sides."""

    orders: dict[str, Any]
    customers: dict[str, Any]
    batches: dict[str, Any]
    state: bytes


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory, forker: Forker) -> FirstDay:
    """Fetch and push once for all tests."""
    folder = tmp_path_factory.mktemp("first day")
    with Sandbox(settings=Settings(rate_limit=10**6)) as sandbox:
        cli = Cli(folder, forker, env={"HOME": str(folder)})
        cli.write_config({**sandbox.config(), "language": "en", "state": str(cli.state)})
        log_in(cli.state, sandbox)
        assert cli("fetch").status == 0
        assert cli("push").status == 3
        minox = sandbox.minox
        return FirstDay(sandbox.shop.orders, minox.customers, minox.batches, cli.state.read_bytes())


@pytest.fixture
def pushed(cli: Cli, sandbox: Sandbox, first_day: FirstDay) -> Cli:
    """Go on where the first day ended."""
    sandbox.shop.orders.update(copy.deepcopy(first_day.orders))
    sandbox.minox.customers.update(copy.deepcopy(first_day.customers))
    sandbox.minox.batches.update(copy.deepcopy(first_day.batches))
    cli.state.write_bytes(first_day.state)
    log_in(cli.state, sandbox)
    return cli


def paid_status(sandbox: Sandbox) -> int:
    """The status of an order that was booked."""
    return int(sandbox.shop.orders[BOOKED]["status"])


def give_email(sandbox: Sandbox, number: str) -> None:
    order = sandbox.shop.orders[number]
    sandbox.shop.change(number, debtor={**order["debtor"], "email": "gevonden@example.nl"})


def test_a_status_change_is_booked_by_the_next_run(pushed: Cli, sandbox: Sandbox) -> None:
    assert pushed.report()[WAITING]["state"] == "waiting"
    sandbox.shop.set_status(WAITING, paid_status(sandbox))
    assert pushed("fetch").status == 0
    assert pushed.report()[WAITING]["state"] == "ready"
    pushed("push")
    assert pushed.report()[WAITING]["state"] == "booked"


def test_retry_books_an_order_whose_status_changed(pushed: Cli, sandbox: Sandbox) -> None:
    ended = pushed("retry", WAITING)
    assert ended.status == 0
    assert f"Order {WAITING} has status" in ended.err
    sandbox.shop.set_status(WAITING, paid_status(sandbox))
    assert pushed("retry", WAITING).status == 0
    assert pushed.report()[WAITING]["state"] == "booked"


def test_a_repaired_order_is_booked_by_retry(pushed: Cli, sandbox: Sandbox) -> None:
    assert pushed("retry", WITHOUT_EMAIL).status == 3
    give_email(sandbox, WITHOUT_EMAIL)
    ended = pushed("retry", WITHOUT_EMAIL)
    assert ended.status == 0, ended.err
    assert pushed.report()[WITHOUT_EMAIL]["state"] == "booked"


def test_a_repaired_order_is_booked_by_the_next_daily_run(pushed: Cli, sandbox: Sandbox) -> None:
    give_email(sandbox, WITHOUT_EMAIL)
    pushed.now = (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat()
    assert pushed("fetch").status == 0
    pushed("push")
    assert pushed.report()[WITHOUT_EMAIL]["state"] == "booked"


def test_retry_of_a_booked_order_says_so_and_writes_nothing(pushed: Cli, sandbox: Sandbox) -> None:
    sandbox.requests.clear()
    ended = pushed("retry", BOOKED)
    assert (ended.status, "booked already" in ended.err) == (0, True)
    assert not [request for request in sandbox.requests if request.method in ("PUT", "POST")]


def test_an_order_changed_after_its_booking_becomes_a_difference(
    pushed: Cli, sandbox: Sandbox
) -> None:
    books = dict(sandbox.minox.batches)
    order = sandbox.shop.orders[BOOKED]
    sandbox.shop.change(BOOKED, price={**order["price"], "total": "1.00"})
    sandbox.shop.set_status(BOOKED, paid_status(sandbox))
    assert pushed("fetch").status == 0
    pushed("push")
    assert sandbox.minox.batches == books
    changed = pushed.report()[BOOKED]
    assert changed["state"] == "booked"
    assert "total" in changed["differences"][0]
    assert pushed("verify").status == 3
    assert pushed.report()[BOOKED]["verified"] == "mismatch"


TAMPERING = {
    "amount": "ledger account",
    "deleted": "no longer in Minox",
    "customer": "customer: booked on",
    "vat": "VAT code",
    "extra": "ledger account 4990",
}


@pytest.mark.parametrize("way", TAMPERING)
def test_verify_finds_a_booking_that_was_tampered_with(
    pushed: Cli, sandbox: Sandbox, way: str
) -> None:
    assert pushed("verify").status == 0
    batch_id = pushed.report()[BOOKED]["batch_id"]
    tamper(sandbox, batch_id, way)
    assert pushed("verify").status == 0, "it was verified already"
    ended = pushed("verify", "--all")
    assert ended.status == 3
    assert f"Order {BOOKED}" in ended.err
    assert TAMPERING[way] in ended.err
    report = pushed.report()
    assert [number for number, order in report.items() if order["verified"] == "mismatch"] == [
        BOOKED
    ]
    assert pushed("report").status == 0


def tamper(sandbox: Sandbox, batch_id: str, way: str) -> None:
    """Change a booking behind our back."""
    lines = sandbox.minox.batches[batch_id]
    debtor = next(line for line in lines if line["account"]["type"] == "customer")
    revenue = next(line for line in lines if line["account"]["type"] == "ledger_account")
    if way == "deleted":
        del sandbox.minox.batches[batch_id]
    elif way == "customer":
        debtor["account"] = {**debtor["account"], "id": "10610"}
    elif way == "vat":
        revenue["vat"] = {**revenue["vat"], "id": 2}
    elif way == "extra":
        lines.append(
            {**revenue, "account": {**revenue["account"], "id": "4990"}, "credit": 1.0, "vat": None}
        )
    else:
        revenue["credit"] = revenue["credit"] + 1
