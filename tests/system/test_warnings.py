"""Warnings: an order that is booked and that somebody should look at is told everywhere but in the
log alone, once, and changes no exit code.
"""

import csv
import io
import json
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from tests.harness.inside import Inside

NUMBER = "1001"
PAID_BACK = 'Order 1001: the payment status in the shop is "refunded".'
WHAT_TO_DO = "Then run: mww2minox seen 1001"


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, number: str = NUMBER, **fields: Any) -> None:
    """Put an order in the shop that was paid back, although its status books."""
    buyer = person("Klant", f"klant{number}@example.nl")
    given = {"payment_status": "refunded", **fields}
    vendors.shop.add(
        order(number, vendors.today, buyer, [goods("21", "12.10")], invoice("12.10"), **given)
    )


def attention(inside: Inside) -> int:
    """Return how many orders the report has on its list."""
    totals = json.loads(inside("report", "--format", "json").out)["totals"]
    return int(totals["needs_attention"])


def test_a_warning_is_told_by_push_and_changes_no_exit_code(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    inside("fetch")
    shown = inside("push", "--dry-run")
    assert (shown.status, PAID_BACK in shown.err) == (0, True), "before it is sent as well"
    pushed = inside("push")
    assert pushed.status == 0
    assert PAID_BACK in pushed.err
    assert WHAT_TO_DO in pushed.err
    assert [inside(command).status for command in ("push", "verify", "report")] == [0, 0, 0]
    assert PAID_BACK in inside("-q", "report", "--errors").out


def test_retry_tells_with_which_warnings_it_booked(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors)
    retried = inside("retry", NUMBER)
    assert (retried.status, PAID_BACK in retried.err) == (0, True)
    assert PAID_BACK not in inside("retry", NUMBER).err, "it books nothing"


def test_the_report_has_a_warning_in_each_of_its_forms(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors)
    offer(vendors, "1002", payment_status="captured")
    inside("fetch")
    inside("push")
    report = inside.report()
    (warning,) = report[NUMBER]["warnings"]
    assert warning["code"] == "payment_status"
    assert warning["message"] == PAID_BACK
    assert warning["suggestion"].endswith(WHAT_TO_DO)
    assert (report["1002"]["warnings"], attention(inside)) == ([], 1)

    assert "payment not there: 1001" in inside("report").out
    listed = inside("report", "--errors").out
    assert (PAID_BACK in listed, "Then run: mww2minox seen 1001" in listed) == (True, True)
    assert "1002" not in listed

    rows = csv.DictReader(io.StringIO(inside("report", "--format", "csv").out))
    assert [row["warnings"] for row in rows] == [PAID_BACK, ""]


def test_a_warning_that_somebody_looked_at_is_off_the_list_and_on_record(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    inside("fetch")
    inside("push")
    ended = inside("seen", NUMBER)
    assert (ended.status, "payment not there" in ended.err) == (0, True)
    told = inside.report()[NUMBER]
    assert (len(told["warnings"]), bool(told["seen_at"]), attention(inside)) == (1, True, 0)
    assert NUMBER not in inside("report", "--errors").out
    assert "looked at on" in inside("report").out


def test_a_difference_brings_an_order_back_but_not_the_warning_that_was_looked_at(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    inside("fetch")
    inside("push")
    inside("seen", NUMBER)
    (lines,) = vendors.minox.batches.values()
    lines[1]["account"]["id"] = "8900"
    assert inside("verify").status == 3
    listed = inside("report", "--errors").out
    assert (NUMBER in listed, PAID_BACK in listed) == (True, False)
    assert inside.report()[NUMBER]["seen_at"] is None


def test_a_warning_outlives_an_answer_that_was_lost(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors)
    inside("fetch")
    vendors.faults.append(Fault("drop_after", method="PUT", times=None))
    vendors.faults.append(Fault("status", path="/transaction_line_batch/", times=None, status=503))
    inside("push")
    assert inside.report()[NUMBER]["warnings"] == [], "it is not known to be booked"
    vendors.faults.clear()
    pushed = inside("push")
    assert inside.booked() == [NUMBER]
    assert PAID_BACK in pushed.err


@pytest.mark.parametrize("command", ["push", "adopt", "adopt --order 1001"])
def test_an_order_that_we_booked_before_the_state_was_lost_has_its_warning_again(
    inside: Inside, vendors: Sandbox, command: str
) -> None:
    offer(vendors)
    inside("fetch")
    inside("push")
    for file in inside.folder.glob("state.db*"):
        file.unlink()
    inside.log_in(vendors)
    inside("fetch")
    assert PAID_BACK in inside(*command.split()).err
    assert [warning["code"] for warning in inside.report()[NUMBER]["warnings"]] == [
        "payment_status"
    ]
    assert len(vendors.minox.batches) == 1


def test_a_customer_with_another_name_is_told_in_dutch(inside: Inside, vendors: Sandbox) -> None:
    inside.write_config({**vendors.config(), "language": "nl", "state": str(inside.state)})
    buyer = person("Jan Jansen", "sanne.visser@example.nl")
    vendors.shop.add(order(NUMBER, vendors.today, buyer, [goods("21", "12.10")], invoice("12.10")))
    inside("fetch")
    pushed = inside("push")
    assert pushed.status == 0
    assert "debiteur 10610, maar die heeft in Minox een andere naam" in pushed.err
    assert "Jansen" not in pushed.err + inside.log
