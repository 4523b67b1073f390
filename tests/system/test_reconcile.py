"""`reconcile`: a period whose books are complete is closed, and each fault in another is named
(books/rules.md, "Reconciliation").
"""

import pytest
import yaml

from mww2minox.sandbox import Sandbox
from tests.harness.clock import Clock
from tests.harness.inside import Inside
from tests.harness.reconciled import Books, add, booked, booked_before, plant_faults

CLEAN, FAULTY = "2026-01", "2026-02"
NUMBERS = {
    "missing": 1120,
    "backdated": 1201,
    "booked twice": 1101,
    "a wrong VAT code": 1102,
    "an edited amount": 1103,
    "refunded": 1104,
    "cancelled": 1105,
    "a wrong period": 1106,
    "a wrong journal": 1107,
    "deleted": 1108,
    "of nobody": 1109,
    "a wrong account": 1110,
    "a wrong country": 1113,
    "a credit order without its original": 1114,
}
"""Which order each fault is planted in."""
WAYS = ("net", "gross", "ledger", "line", "debtor")


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture
def books(inside: Inside, vendors: Sandbox) -> Books:
    return booked_before(inside, vendors)


def test_a_clean_period_is_closed_and_adds_up(books: Books) -> None:
    status, proof = books.reconcile(CLEAN)
    assert (status, proof["closed"], proof["differences"]) == (0, True, [])
    assert proof["orders"] == {"booked": 5, "excluded": 1, "missing": 0, "unknown": 0}
    assert [(step["step"], step["orders"], step["amount"]) for step in proof["bridge"]] == [
        ("shop", 6, "482.00"),
        ("elsewhere", 0, "0.00"),
        ("status_not_selected", 1, "121.00"),
        ("to_book", 5, "361.00"),
        ("booked", 5, "361.00"),
        ("differing", 0, "0.00"),
        ("read_back", 5, "361.00"),
    ]
    assert [
        (line["code"], line["region"], line["rate"], line["box"], line["minox"])
        for line in proof["lines"]
    ] == [
        (1, "NL", "21.00", "1a", {"turnover": "200.00", "vat": "42.00"}),
        (10, "DE", "19.00", "3c", {"turnover": "100.00", "vat": "19.00"}),
    ]
    assert all(line["shop"] == line["minox"] for line in proof["lines"])
    assert books.reconcile(CLEAN)[1]["sha256"] == proof["sha256"]


def test_each_fault_is_named_and_no_other(books: Books) -> None:
    planted = plant_faults(books, NUMBERS)
    status, proof = books.reconcile(FAULTY)
    assert (status, proof["closed"]) == (3, False)
    named = {point["order"] or point["batch_id"] for point in proof["points"]}
    assert named == planted
    assert len(proof["differences"]) == len(planted)
    high = next(line for line in proof["lines"] if line["code"] == 1)
    assert high["shop"] == {"turnover": "1300.00", "vat": "273.00"}
    # Twelve sales, less the deleted one and the one on another code; one has twice its amount, and
    # two bookings are too many.
    assert high["minox"] == {"turnover": "1300.00", "vat": "273.00"}
    status, proof = books.reconcile(CLEAN)
    assert (status, proof["differences"]) == (0, []), "none falsely"


@pytest.mark.thorough
@pytest.mark.parametrize("numbering", ["order", "minox"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_booking_closes_and_names_faults(
    inside: Inside, vendors: Sandbox, way: str, numbering: str
) -> None:
    vendors.settings.update({"vat_on_sub": True} if way == "debtor" else {"vat_posting": way})
    config = {**vendors.config(), "language": "en", "state": str(inside.state)}
    config["booking"]["invoice_number"] = numbering
    inside.write_config(config)
    books = booked(inside, vendors)
    status, proof = books.reconcile(CLEAN)
    assert (status, proof["differences"]) == (0, [])
    assert [(line["code"], line["minox"]) for line in proof["lines"]] == [
        (1, {"turnover": "200.00", "vat": "42.00"}),
        (10, {"turnover": "100.00", "vat": "19.00"}),
    ]

    # Where no line has a code, a wrong one cannot be told from a right one: it is an account.
    numbers = {**NUMBERS}
    if way in ("ledger", "line"):
        del numbers["a wrong VAT code"]
    planted = plant_faults(books, numbers)
    status, proof = books.reconcile(FAULTY)
    named = {point["order"] or point["batch_id"] for point in proof["points"]}
    assert (status, named) == (3, planted)
    assert books.reconcile(CLEAN)[0] == 0, "none falsely"


# Closed and then changed


def test_what_changes_in_a_closed_period_is_told_once_with_box_and_amount(books: Books) -> None:
    assert books.reconcile(CLEAN)[0] == 0
    told = books.command("-q", "fetch")
    assert told.err == ""

    add(books.vendors, 1010)
    told = books.command("fetch", "--order", "1010")
    sentence = " ".join(told.err.split())
    assert "Period 2026-01 was closed on 20 Mar 2026, and has changed since" in sentence
    assert "order 1010 was added" in sentence
    assert "box 1a: +€100.00, VAT +€21.00" in sentence
    assert "mww2minox reconcile 2026-01" in sentence
    assert "has changed since" not in books.command("fetch").err, "told once"

    assert books.command("push").status == 0
    assert "has changed since" not in books.command("fetch").err
    assert books.reconcile(CLEAN)[0] == 0
    books.vendors.shop.change("1002", tax_region="BE")
    told = books.command("fetch", "--order", "1002")
    sentence = " ".join(told.err.split())
    assert "order 1002 is another now. box 1a: -€100.00, VAT -€21.00" in sentence
    assert "box 3c: +€100.00, VAT +€21.00" in sentence
    assert "has changed since" not in books.command("fetch", "--order", "1002").err


def test_the_weekly_verify_finds_what_was_changed_in_minox(books: Books, clock: Clock) -> None:
    assert books.reconcile(CLEAN)[0] == 0
    del books.vendors.minox.batches[books.batch(1003)]
    clock.pass_by(200 * 86_400)
    for command in ("fetch", "verify"):
        told = books.command(command)
    sentence = " ".join(told.err.split())
    assert "order 1003 is another now. box 1a: -€100.00, VAT -€21.00" in sentence
    assert told.status == 3
    assert "has changed since" not in books.command("fetch").err, "told once"

    clock.pass_by(8 * 86_400)
    assert "has changed since" not in books.command("verify").err


def test_a_period_within_another_is_not_read_twice_nor_changed_by_another_mapping(
    books: Books, clock: Clock
) -> None:
    for period in (CLEAN, "2026-02", "2026-Q1"):
        assert books.reconcile(period)[0] == 0
    config = yaml.safe_load(books.command.config.read_text())
    config["vat"][0]["ledger"] = 8010
    books.command.write_config(config)
    clock.pass_by(200 * 86_400)
    books.vendors.requests.clear()
    ended = books.command("verify")
    assert "has changed since" not in ended.err
    read = [
        request.path for request in books.vendors.requests if "transaction_lines" in request.path
    ]
    assert len(read) <= 8, "the five months of the quarter and its neighbours, by page"


def test_a_large_correction_says_since_when_it_is_known(books: Books) -> None:
    assert books.reconcile(CLEAN)[0] == 0
    add(books.vendors, 1010, "12100.00")
    told = books.command("fetch", "--order", "1010").err
    assert "has to be filed within 8 weeks; it is known since 20 Mar 2026" in " ".join(told.split())
    books.command("push")
    ended = books.command("reconcile", CLEAN, "--format", "html")
    assert ended.status == 0
    assert "within 8 weeks; it is known since 20 Mar 2026." in ended.out
    changes = books.reconcile(CLEAN)[1]["changes"]
    assert changes["since_proof"] == 1
    assert changes["boxes"] == {"1a": {"turnover": "10000.00", "vat": "2100.00"}}
    assert "Changes since proof 1" in books.command("reconcile", CLEAN).out
