"""`push --dry-run` shows what a push would really do, and sends and stores nothing."""

import json
import re
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.order_parts import invoice
from mww2minox.state import Store
from tests.harness.inside import Inside
from tests.system.test_adopt import book, debtor, lose_state, offer, offer_one, revenue

NUMBER = "1001"
PUT: dict[str, Any] = {"side": "minox", "method": "PUT", "path": "transaction_line_batch"}


@pytest.fixture
def samples() -> bool:
    return False


def dry_run(inside: Inside, *arguments: str, status: int = 0) -> str:
    """Return what a dry run shows, on one line; it stores nothing of an order."""
    before = inside.report()
    ended = inside("push", "--dry-run", *arguments)
    assert ended.status == status, ended.err
    assert inside.report() == before
    return " ".join(re.sub(r"[─ \n]+", " ", ended.out + ended.err).split())


def planned(inside: Inside, *arguments: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        inside("push", "--dry-run", "--format", "json", *arguments).out
    )
    return document


def test_one_order_is_shown_with_names_a_total_and_the_command_that_books_it(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, NUMBER)
    offer_one(vendors, "1002")
    inside("fetch")

    shown = dry_run(inside, "--order", NUMBER)
    assert "customer by e-mail Truus 12.10" in shown
    assert "8000 Omzet 21% 10.00 2.10 1 Btw hoog 21%" in shown
    assert "Total 12.10 10.00 2.10" in shown
    assert shown.endswith("To book just this order: mww2minox push --order 1001")
    assert "mww2minox push --order 1001 --order 1002" in dry_run(
        inside, "--order", NUMBER, "--order", "1002"
    )
    assert dry_run(inside).endswith("mww2minox push")


def test_what_others_may_have_booked_is_not_shown_as_a_booking(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, NUMBER)
    inside("fetch")
    book(vendors, "theirs", debtor("12.10", invoice_number=1001), revenue("10.00"))

    shown = dry_run(inside, status=3)
    assert "Order 1001 may be in the books already" in shown
    assert "Account" not in shown
    assert shown.endswith("Nothing was sent.")

    # Nor is it afterwards, when a push has stored that.
    assert inside("push").status == 3
    assert dry_run(inside, status=3) == shown
    (plan,) = planned(inside)["orders"]
    assert (plan["action"], plan["reason"], plan["body"]) == ("none", "perhaps_booked", None)


def test_what_minox_has_already_is_not_said_to_be_sent_again(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, NUMBER)
    inside("fetch")
    vendors.settings.lookup_lag = 20.0
    vendors.faults.append(Fault("html", effect=True, times=None, **PUT))
    inside("push")
    vendors.faults.clear()
    vendors.settings.lookup_lag = 0.0
    assert inside.report()[NUMBER]["reason"] == "outcome_unknown"

    shown = dry_run(inside)
    assert "Order 1001 is in Minox already, as it was sent before" in shown
    assert planned(inside)["orders"][0]["action"] == "is_there"

    inside("push")
    lose_state(inside, vendors)
    inside("fetch")
    assert "Order 1001 is in Minox already, as it was sent before" in dry_run(inside)


def test_what_minox_does_not_have_is_sent_again_as_it_was(inside: Inside, vendors: Sandbox) -> None:
    offer_one(vendors, NUMBER)
    inside("fetch")
    vendors.faults.append(Fault("drop_before", times=None, **PUT))
    inside("push")
    vendors.faults.clear()

    assert "Minox does not have it now: push asks once more" in dry_run(inside)
    with Store(inside.state) as store:
        (intent,) = store.intents()
    (plan,) = planned(inside)["orders"]
    assert (plan["action"], plan["body"]) == ("send_again", intent.body)


def test_many_orders_take_a_line_each_and_add_up_per_code_and_account(
    inside: Inside, vendors: Sandbox
) -> None:
    numbers = offer(vendors, 7)
    vendors.shop.change(numbers[0], debtor={})
    inside("fetch")
    assert len(planned(inside)["totals"]) >= 1

    shown = dry_run(inside, status=3)
    assert shown.count("books it") == 6
    assert "e-mail address missing" in shown
    assert "To be booked: 6 orders" in shown
    assert "1 order cannot be booked as it is now." in shown
    assert "Account Debit" not in shown, "no table of lines for each"
    assert dry_run(inside, *(f"--order={each}" for each in numbers), status=3).count("Debit") == 6


def test_the_sums_come_to_the_totals_where_a_rounding_has_its_own_account(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, NUMBER)
    vendors.shop.change(NUMBER, price=invoice("12.12", ("21", "2.10")))
    inside("fetch")

    sums = planned(inside)["totals"]
    assert {total["ledger"]: total["net"] for total in sums} == {"8000": "10.00", "4990": "0.02"}
    assert sums[0]["code"] is None


def test_the_json_holds_the_very_bytes_that_are_sent(inside: Inside, vendors: Sandbox) -> None:
    offer_one(vendors, NUMBER)
    inside("fetch")
    assert json.loads(planned(inside)["orders"][0]["body"])[0]["account"]["id"] is None
    inside("push")

    offer_one(vendors, "1002", debtor=vendors.shop.orders[NUMBER]["debtor"])
    inside("fetch")
    (plan,) = planned(inside)["orders"]
    inside("push")
    with Store(inside.state) as store:
        sent = store.booking("1002")
    assert sent
    assert (plan["body"], plan["batch_id"]) == (sent.body, sent.batch_id)
    assert plan["url"].endswith(f"/transaction_line_batch/{sent.batch_id}")
    assert plan["url"].startswith(vendors.config()["minox"]["url"])


def test_json_is_of_a_dry_run_only(inside: Inside) -> None:
    ended = inside("push", "--format", "json")
    assert (ended.status, ended.out) == (2, "")
    assert "--dry-run" in ended.err
