"""`explain` tells why an order is booked the way it is, or why it is not, and asks nobody."""

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.order_parts import credit, goods, invoice, order, person
from mww2minox.shop.orders import read_stored_order
from mww2minox.state import Store
from tests.harness.inside import Inside
from tests.system.test_adopt import book, debtor, offer_one, revenue, uuid_of

NUMBER = "1001"
PUT: dict[str, Any] = {"side": "minox", "method": "PUT", "path": "transaction_line_batch"}


@pytest.fixture
def samples() -> bool:
    return False


def explained(inside: Inside, number: str = NUMBER) -> str:
    """Return what is shown of an order, on one line."""
    ended = inside("explain", number)
    assert (ended.status, ended.err) == (0, "")
    return " ".join(re.sub(r"[─ \n]+", " ", ended.out).split())


def told(inside: Inside, number: str = NUMBER) -> dict[str, Any]:
    ended = inside("explain", number, "--format", "json")
    assert ended.status == 0
    document: dict[str, Any] = json.loads(ended.out)
    return document


def booked(inside: Inside, vendors: Sandbox, *numbers: str, **fields: Any) -> None:
    for number in numbers or [NUMBER]:
        offer_one(vendors, number, **fields)
    assert inside("fetch").status == 0
    assert inside("push").status == 0


def test_a_booked_order_is_told_from_the_shops_lines_to_the_request(
    inside: Inside, vendors: Sandbox
) -> None:
    assert inside("check").status in (0, 3)
    booked(inside, vendors)
    asked = len(vendors.requests)

    shown = explained(inside)
    for words in (
        "Order 1001 · 14 Mar 2026 · €12.10 · booked",
        "made in Minox for this order",
        "14 Mar 2026 (order date), journal VERK, 2026 period 3, invoice 1001",
        "Verified not yet",
        "articles 21% 12.10 2.10 1 Btw hoog 21% · 8000 Omzet 21%",
        "VAT country: Netherlands, as the order says.",
        "8000 Omzet 21% 10.00 2.10 1 Btw hoog 21% Total 12.10 10.00 2.10",
        "customer looked up by e-mail 200 done",
        "customer made 201 done",
        "booking sent 200 done",
        "The VAT codes and accounts in the config are those of then.",
    ):
        assert words in shown

    document = told(inside)
    assert document["decided_by"] == "then"
    assert document["decision"]["customer"]["found_by"] == "created"
    assert [line["debit"] for line in document["booking"]["lines"]] == ["12.10", "0.00"]
    assert [(one["method"], one["what"], one["status"]) for one in document["exchanges"]] == [
        ("GET", "read_booking", 404),
        ("GET", "customer_by_email", 200),
        ("POST", "post_customer", 201),
        ("PUT", "put_booking", 200),
    ]
    assert len(vendors.requests) == asked, "nobody is asked anything"


def test_no_name_and_no_address_is_told_or_kept(inside: Inside, vendors: Sandbox) -> None:
    booked(inside, vendors)
    with Store(inside.state) as store:
        booking = store.booking(NUMBER)
        assert booking
        kept = booking.decision or ""
    for personal in ("truus", "Truus"):
        assert personal not in explained(inside) + json.dumps(told(inside)) + kept


def test_it_needs_no_keys_and_no_lock(inside: Inside, vendors: Sandbox) -> None:
    booked(inside, vendors)
    config = {**vendors.config(), "language": "en", "state": str(inside.state)}
    config["shop"] = {**config["shop"], "token": "${NO_SUCH_VARIABLE}"}
    del config["minox"]["client_secret"]
    config["minox"]["client_secret_file"] = "/no/such/file"
    inside.write_config(config)
    assert inside("report").status == 2

    with Store(inside.state, read=read_stored_order) as store, store.run():
        assert "booking sent 200 done" in explained(inside)


def test_an_order_that_is_not_known_is_a_mistake_of_who_asks(inside: Inside) -> None:
    ended = inside("explain", "4711")
    assert (ended.status, ended.out) == (2, "")
    assert "There is no order 4711" in ended.err


def test_of_a_failed_order_the_other_rules_are_told_too(inside: Inside, vendors: Sandbox) -> None:
    lines = [goods("21", "12.10"), goods("20", "12.00")]
    nobody = person("Truus", "")
    vendors.shop.add(order(NUMBER, vendors.today, nobody, lines, invoice("50.00")))
    inside("fetch")
    assert inside("push").status == 3

    document = told(inside)
    reasons = [objection["reason"] for objection in document["objections"]]
    assert reasons == ["totals_mismatch", "vat_rate_unmapped", "email_missing"]
    assert document["reason"] == "totals_mismatch"
    assert (document["decided_by"], document["booking"], document["exchanges"]) == (None, None, [])

    shown = explained(inside)
    assert "Order 1001: the total is 50.00 euros" in shown
    assert "What the other rules say of it now: - Order 1001 has VAT rate 20% in NL" in shown
    assert "- Order 1001 has no e-mail address" in shown
    assert "articles 20% 12.00 2.00 no row in the config" in shown


def test_of_a_waiting_or_ready_order_it_is_told_how_it_would_be_booked(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, NUMBER, status=1)
    offer_one(vendors, "1002")
    inside("fetch")

    waiting = explained(inside)
    assert "No other rule is against it: it would be booked as follows." in waiting
    assert "customer by e-mail 12.10" in waiting
    ready = explained(inside, "1002")
    assert "No rule is against it: the next push books it as follows." in ready
    assert "Period and fiscal year are told by Minox with the first push." in ready

    inside("push")
    assert "told by Minox with the first push" not in explained(inside)


def test_what_minox_refused_is_told_with_its_answers(inside: Inside, vendors: Sandbox) -> None:
    offer_one(vendors, NUMBER, date="2025-01-14")
    config = {**vendors.config(), "language": "en", "state": str(inside.state)}
    config["shop"] = {**config["shop"], "since": "2024-01-01"}
    inside.write_config(config)
    inside("fetch")
    assert inside("push").status == 3

    shown = explained(inside)
    assert "Minox refuses the booking of order 1001" in shown
    assert "booking sent 400 refused" in shown
    assert "No other rule is against it: it would be booked as follows." in shown


def test_an_answer_that_was_lost_is_told_as_that(inside: Inside, vendors: Sandbox) -> None:
    offer_one(vendors, NUMBER)
    inside("fetch")
    vendors.faults.append(Fault("drop_before", times=None, **PUT))
    inside("push")

    shown = explained(inside)
    assert "it is not known yet whether Minox has it" in shown
    assert "booking sent no answer" in shown
    assert "Lines as they were sent" in shown
    assert "it would be booked" not in shown


def test_an_adopted_order_tells_which_booking_it_is_and_how_it_was_known(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, NUMBER)
    book(vendors, "theirs", debtor("12.10", invoice_number=1001), revenue("10.00"))
    inside("fetch")
    inside("adopt")

    shown = explained(inside)
    assert "Adopted journal VERK, 14 Mar 2026, 12.10 euros; it was in the journal" in shown
    assert f"Booking {uuid_of('theirs')}" in shown
    assert "It was booked by others, so nothing was worked out then." in shown
    assert "Which VAT codes and accounts the config had then is not known." in shown
    assert told(inside)["adopted"]["by"] == "name"


def test_what_an_earlier_version_booked_is_told_from_what_there_is(
    inside: Inside, vendors: Sandbox
) -> None:
    booked(inside, vendors)
    with closing(sqlite3.connect(inside.state)) as db, db:
        db.execute("UPDATE bookings SET decision = NULL")
        db.execute("DELETE FROM exchanges")

    shown = explained(inside)
    assert "booked by an earlier version, which kept nothing" in shown
    assert "articles 21% 12.10 2.10 1 · 8000" in shown
    assert "Lines as they were sent" in shown
    assert "Requests about this order" not in shown
    assert told(inside)["decided_by"] == "now"

    # Nor did that version keep what Minox tells of the administration.
    with closing(sqlite3.connect(inside.state)) as db, db:
        db.execute("DELETE FROM notes WHERE key = 'administration'")
    assert "with the first push" not in explained(inside)


def test_another_mapping_is_told_and_whether_it_would_book_otherwise(
    inside: Inside, vendors: Sandbox
) -> None:
    booked(inside, vendors)
    config = {**vendors.config(), "language": "en", "state": str(inside.state)}

    config["vat"] = [*config["vat"], {"region": "FR", "rate": 20, "code": 12, "ledger": 8320}]
    inside.write_config(config)
    assert "would still be booked the same way" in explained(inside)

    config["vat"] = [row | {"ledger": 8999} for row in config["vat"]]
    inside.write_config(config)
    assert "the same order would be booked otherwise" in explained(inside)
    assert told(inside)["mapping"]["is_another"] is True


def test_differences_warnings_and_that_somebody_looked_are_told(
    inside: Inside, vendors: Sandbox
) -> None:
    booked(inside, vendors, payment_status="refunded")
    (lines,) = vendors.minox.batches.values()
    lines[1]["account"]["id"] = "8010"
    assert inside("verify").status == 3

    shown = explained(inside)
    assert "with differences" in shown
    assert "! ledger account 8000: 10.00 booked, 0.00 in Minox" in shown
    assert '! Order 1001: the payment status in the shop is "refunded".' in shown

    inside("seen", NUMBER)
    assert "Somebody looked at that on 20 Mar 2026" in explained(inside)


def test_a_credit_order_and_cents_and_accounts_of_their_own_are_told_in_words(
    inside: Inside, vendors: Sandbox
) -> None:
    config = {**vendors.config(), "language": "en", "state": str(inside.state)}
    inside.write_config({**config, "ledgers": {"shipping": 8900}})
    booked(inside, vendors, total="12.10")
    credited = order(
        "1002",
        vendors.today,
        person("Truus", "truus1001@example.nl"),
        [goods("21", "-12.10"), {**goods("21", "-6.95"), "type": "shipping"}],
        invoice("-19.06", ("21", "-3.32")),
        **credit(NUMBER),
    )
    vendors.shop.add(credited)
    inside("fetch")
    inside("push")

    shown = explained(inside, "1002")
    for words in (
        "that of the booking of order 1001",
        "It takes back order 1001, so it is booked the other way round.",
        "VAT at 21% is that of the invoice, -3.32; by the lines it is -3.31",
        "The total differs -0.01 from the lines: that goes to the ledger account for roundings",
        "A ledger account of their own, 8900: shipping costs.",
    ):
        assert words in shown


def test_reverse_charge_is_told_without_the_vat_number(inside: Inside, vendors: Sandbox) -> None:
    buyer = person("Truus", "truus@example.be", country="BE", vat_number="BE0403170701")
    sale = order(NUMBER, vendors.today, buyer, [goods("0", "50.00")], invoice("50.00"))
    vendors.shop.add(sale | {"tax_strategy": "reverse_charged_vat", "tax_region": "BE"})
    inside("fetch")
    inside("push")

    shown = explained(inside)
    assert "VAT is reverse-charged, as the shop says." in shown
    assert "VAT number (Belgium)" in shown
    assert "0403170701" not in shown


def test_forty_columns_are_enough(inside: Inside, vendors: Sandbox) -> None:
    booked(inside, vendors)
    inside.env["COLUMNS"] = "40"
    shown = explained(inside)
    assert "customer 10001 Debit: 12.10" in shown
    assert "Total Debit: 12.10 Credit: 10.00 VAT: 2.10" in shown
