"""`booking.invoice_number`: the order number, of 8 digits at most, or one that Minox gives."""

import uuid
from typing import Any

import pytest
import yaml

from mww2minox.books import order_check
from mww2minox.sandbox import Sandbox, ledger, shop_api
from tests.harness.inside import Inside
from tests.system.test_adopt import (
    adopted,
    book,
    debtor,
    lose_state,
    offer_one,
    reasons,
    revenue,
    unbroken,
)

NUMBERS = ("501", "202600777", "WEB-1024", "2026-12 B")


@pytest.fixture
def samples() -> bool:
    return False


def let_minox_number(inside: Inside) -> None:
    config = yaml.safe_load(inside.config.read_text())
    config.setdefault("booking", {})["invoice_number"] = "minox"
    inside.write_config(config)


def debtors_lines(vendors: Sandbox) -> dict[str, dict[str, Any]]:
    """Return the customers' lines of the books, by description."""
    return {lines[0]["description"]: lines[0] for lines in vendors.minox.batches.values()}


@pytest.fixture
def numbered(inside: Inside, vendors: Sandbox) -> Inside:
    """The command with orders of any number, which Minox has numbered."""
    let_minox_number(inside)
    for number in NUMBERS:
        offer_one(vendors, number)
    assert inside("fetch").status == 0
    assert inside("push").status == 0
    return inside


def test_minox_numbers_the_invoice_of_any_order(numbered: Inside, vendors: Sandbox) -> None:
    lines = debtors_lines(vendors)
    assert sorted(lines) == sorted(NUMBERS)
    given = {line["invoice_number"] for line in lines.values()}
    assert given == {20260001, 20260002, 20260003, 20260004}
    assert numbered("verify").status == 0
    assert {one["verified"] for one in numbered.report().values()} == {"ok"}


@pytest.mark.parametrize("commands", [["adopt", "push"], ["push"]])
def test_with_the_state_lost_nothing_is_booked_twice(
    numbered: Inside, vendors: Sandbox, commands: list[str]
) -> None:
    """By the derived UUID, also without `adopt`; orders that are new are booked."""
    lose_state(numbered, vendors)
    offer_one(vendors, "WEB-1025")
    books = dict(vendors.minox.batches)
    assert numbered("fetch").status == 0
    for command in commands:
        assert numbered(command).status == 0
    assert {batch: vendors.minox.batches[batch] for batch in books} == books
    assert len(vendors.minox.batches) == len(books) + 1
    assert sorted(numbered.booked()) == sorted([*NUMBERS, "WEB-1025"])
    assert numbered("verify").status == 0
    assert not any(one["differences"] for one in numbered.report().values())


def test_what_others_booked_is_named_by_description_alone(inside: Inside, vendors: Sandbox) -> None:
    """Minox' own number may be any order's: 20260001 is an order here, and that invoice another."""
    let_minox_number(inside)
    for number in ("WEB-1024", "20260001"):
        offer_one(vendors, number)
    book(
        vendors,
        "by hand",
        debtor("12.10", invoice_number=20260001, text="Bestelling WEB-1024"),
        revenue("12.10"),
    )
    book(vendors, "rent", debtor("12.10", invoice_number=20260001, text="Huur"), revenue("12.10"))
    inside("fetch")
    assert adopted(inside, vendors) == ["WEB-1024"]
    assert inside("push").status == 0
    assert sorted(inside.booked()) == ["20260001", "WEB-1024"]


def test_a_number_that_does_not_fit_is_refused_with_two_ways_out(
    inside: Inside, vendors: Sandbox
) -> None:
    for number in ("501", "202600777", "WEB-1024"):
        offer_one(vendors, number)
    inside("fetch")
    assert inside("push").status == 3
    assert reasons(inside) == {"202600777": "order_invalid", "WEB-1024": "order_invalid"}
    told = inside.report()["WEB-1024"]
    assert "booking.invoice_number: minox" in told["suggestion"]

    book(vendors, "by hand", debtor("12.10", text="202600777"), revenue("12.10"))
    assert inside("adopt", "--order", "202600777").status == 0
    let_minox_number(inside)
    assert inside("retry", "WEB-1024").status == 0
    assert sorted(inside.booked()) == ["202600777", "501", "WEB-1024"]
    assert inside("verify").status == 0


@pytest.fixture
def long_numbers(inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Inside:
    """The command where a version that knew nothing of 8 digits booked an order of 9.

    Minox took it.
    """
    monkeypatch.setattr(ledger, "MAX_INVOICE_NUMBER", 10**15)
    offer_one(vendors, "202600777")
    inside("fetch")
    with monkeypatch.context() as before:
        before.setattr(order_check, "INVOICE_NUMBER", order_check.LONG_NUMBER)
        assert inside("push").status == 0
    return inside


def test_a_shop_that_books_long_numbers_goes_on(long_numbers: Inside, vendors: Sandbox) -> None:
    """Also after the state was lost: what is in Minox was taken."""
    for number in ("202600778", "202600779"):
        offer_one(vendors, number)
        long_numbers("fetch")
        assert long_numbers("adopt").status == 0
        assert long_numbers("push").status == 0
        assert long_numbers("verify").status == 0
        lose_state(long_numbers, vendors)
    given = [line["invoice_number"] for line in debtors_lines(vendors).values()]
    assert given == [202600777, 202600778, 202600779]


def test_check_names_what_is_better_for_long_numbers(long_numbers: Inside) -> None:
    words = "booking.invoice_number: minox"
    assert words in unbroken(long_numbers("check").out)
    let_minox_number(long_numbers)
    assert words not in unbroken(long_numbers("check").out)


@pytest.mark.parametrize(("following", "told"), [(1, False), (2, True), (502, True), (503, False)])
def test_check_tells_where_minox_own_numbers_are_to_pass_ours(
    inside: Inside, vendors: Sandbox, following: int, told: bool
) -> None:
    """By the highest that is booked, or else known; a journal that gave none out tells nothing."""
    vendors.minox.administration.journals["VERK"]["next_invoice_number"] = following
    offer_one(vendors, "502")
    inside("fetch")
    for command in ("push", "fetch"):
        shown = unbroken(inside("check").out)
        assert ("Minox' own numbering is at" in shown) is told
        inside(command)
        offer_one(vendors, "777")
    let_minox_number(inside)
    assert "own number" not in inside("check").out


def test_a_number_that_another_booking_of_the_customer_has_is_told_with_what_helps(
    inside: Inside, vendors: Sandbox
) -> None:
    """Such as another shop's order, or an invoice that Minox numbered itself."""
    offer_one(vendors, "501")
    inside("fetch")
    of_truus = {
        "addresses": [{"name": "T", "email_addresses": [{"email_address": "truus501@example.nl"}]}]
    }
    customer = str(vendors.minox.create_customer(of_truus, "VERK")["id"])
    theirs = debtor("99.00", of=customer, invoice_number=501, text="Abonnement 2025")
    book(vendors, "other", theirs, revenue("99.00"), day="2026-01-02", journal="MEMO")

    ended = inside("push")
    told = inside.report()["501"]
    assert (ended.status, told["reason"]) == (3, "rejected_by_minox")
    assert f"Factuurnummer 501 bestaat al bij debiteur {customer}." in told["message"]
    assert "mww2minox adopt --order 501" in told["suggestion"]
    assert "booking.invoice_number: minox" in told["suggestion"]

    let_minox_number(inside)
    assert inside("push").status == 0
    assert inside.booked() == ["501"]


def test_check_tells_where_another_shop_books_in_the_journal(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what mww2minox derived for another; a person's or a connector's bookings are nobody's."""
    words = "of another shop"
    let_minox_number(inside)
    offer_one(vendors, "WEB-1024")
    inside("fetch")
    inside("push")
    vendors.minox.batches[str(uuid.uuid4())] = [
        line | {"batch_id": str(uuid.uuid4()), "description": "Huur"}
        for line in next(iter(vendors.minox.batches.values()))
    ]
    assert words not in inside("check").out
    lose_state(inside, vendors)
    assert words not in unbroken(inside("check").out), "ours, though no order is known"

    lose_state(inside, vendors)
    monkeypatch.setitem(shop_api.STORE, "id", "another")
    told = unbroken(inside("check").out)
    assert f"1 booking of the last month is {words}, 'WEB-1024'" in told
    assert "journal of its own" in told
