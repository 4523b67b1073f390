"""`reconcile` at the edges: periods of all kinds, what was booked elsewhere, what changes meanwhile
(books/rules.md, "Reconciliation").
"""

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from filelock import FileLock

from mww2minox.minox.oauth import SCOPES, VAT_RETURN_SCOPE
from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.faults import Fault
from mww2minox.sandbox.order_parts import credit
from mww2minox.shop.api import Webshop
from mww2minox.state import Store
from mww2minox.steps.reconciliation import storing
from tests.harness.clock import Clock
from tests.harness.inside import Inside
from tests.harness.reconciled import CANCELLED, Books, add, add_abroad, booked, booked_before

JANUARY = "2026-01"


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture
def books(inside: Inside, vendors: Sandbox) -> Books:
    return booked_before(inside, vendors)


def codes(proof: dict[str, Any]) -> list[str]:
    """Return what each point is about: its order, or else its booking."""
    return [point["order"] or point["batch_id"] for point in proof["points"]]


def change_config(command: Inside, vendors: Sandbox, **sections: dict[str, Any]) -> None:
    config = {**vendors.config(), "language": "en", "state": str(command.state)}
    for section, values in sections.items():
        config[section] = {**config[section], **values}
    command.write_config(config)


# Periods


def test_a_period_without_anything_is_closed_where_minox_has_no_list_of_it(books: Books) -> None:
    books.vendors.faults.append(
        Fault("status", side="minox", path="transaction_lines", status=404, times=None)
    )
    for period in ("2025-06", "2024-02"):
        status, proof = books.reconcile(period)
        assert (status, proof["closed"], proof["lines"]) == (0, True, [])

    ended = books.command("reconcile", JANUARY)
    assert ended.status == 4, "where orders are booked there must be a list"


def test_a_period_of_which_no_day_is_over_is_refused(books: Books) -> None:
    ended = books.command("reconcile", "2026-Q4")
    assert (ended.status, ended.out) == (2, "")
    assert "no day is over yet: it begins on 1 Oct 2026" in ended.err
    assert "mww2minox reconcile 2026" in ended.err
    with Store(books.command.state) as store:
        assert store.proofs("2026-Q4") == []


@pytest.mark.parametrize("written", ["", "2026-Q5", "2026-13", "26", "9999", "maart"])
def test_what_is_no_period_is_refused(inside: Inside, written: str) -> None:
    ended = inside("reconcile", *([written] if written else []))
    assert ended.status == 2
    assert "2026-Q1" in ended.err
    assert "mww2minox reconcile --help" in ended.err


def test_orders_from_before_since_are_left_out_by_name(inside: Inside, vendors: Sandbox) -> None:
    change_config(inside, vendors, shop={"since": "2026-01-02"})
    books = booked(inside, vendors)
    status, proof = books.reconcile(JANUARY)
    assert (status, proof["orders"]["excluded"]) == (0, 2)
    assert ("before_since", 1) in [(step["step"], step["orders"]) for step in proof["bridge"]]


def test_a_fiscal_year_that_starts_in_july_with_periods_of_four_weeks(
    inside: Inside, vendors: Sandbox
) -> None:
    administration = vendors.minox.administration
    year = {"number_of_periods": 13, "start_date": "2025-07-01", "end_date": "2026-06-30"}
    told = {**administration.as_dict(vat_on_sub=False), "number_of_periods": 13}
    told["fiscal_years"] = [{**year, "fiscal_year": 2025}]
    start = dt.date(2025, 7, 1)

    def dates(_year: int, period: int) -> tuple[dt.date, dt.date]:
        first = start + dt.timedelta(days=28 * (period - 1))
        last = dt.date(2026, 6, 30) if period == 13 else first + dt.timedelta(days=27)
        return first, last

    with (
        mock.patch.object(administration, "as_dict", return_value=told),
        mock.patch.object(administration, "period_dates", dates),
        mock.patch("mww2minox.sandbox.ledger.NUMBER_OF_PERIODS", 13),
    ):
        books = booked(inside, vendors)
        for period in (JANUARY, "2026-02", "2026-Q1", "2026"):
            status, proof = books.reconcile(period)
            assert (status, proof["differences"]) == (0, []), period
    assert books.lines(1001)[0]["period"]["id"] == 7


def test_by_status_change_the_period_is_that_of_the_change(
    inside: Inside, vendors: Sandbox
) -> None:
    change_config(inside, vendors, booking={"date": "status_changed"})
    add(vendors, 1001, status_changed_date="2026-02-03 10:00:00")
    add(vendors, 1002, status_changed_date="2026-01-05 10:00:00")
    for command in ("fetch", "push"):
        assert inside(command).status == 0
    books = Books(inside, vendors)
    january, february = (books.reconcile(period)[1] for period in (JANUARY, "2026-02"))
    assert (january["closed"], january["orders"]["booked"]) == (True, 1)
    assert january["bridge"][1] == {"step": "elsewhere", "orders": 1, "amount": "121.00"}
    assert (february["closed"], february["orders"]["booked"]) == (True, 1)


def test_what_comes_in_a_period_that_is_not_over_is_no_change_of_it(books: Books) -> None:
    books.command("reconcile", "2026-Q1")
    assert "proven are its orders until 19 Mar 2026" in books.command("reconcile", "2026-Q1").out

    add(books.vendors, 1301, date=dt.date(2026, 3, 20))
    assert "changed since" not in books.command("fetch").err
    add(books.vendors, 1302, date=dt.date(2026, 3, 19))
    told = books.command("fetch", "--order", "1302").err
    assert "order 1302 was added" in told
    assert "1301" not in told


# What was booked, and by whom


def test_orders_that_others_booked_close_a_period_or_say_what_to_do(books: Books) -> None:
    batches = books.vendors.minox.batches
    batch = "6f1e77aa-0000-4000-8000-000000000003"
    both = [*books.lines(1002), *books.lines(1003)]
    for number in (1002, 1003):
        del batches[books.batch(number)]
    batches[batch] = [{**line, "batch_id": batch} for line in both]
    # The state is lost: what stands in Minox is all there is.
    with Store(books.command.state) as store, store.transaction():
        for table in ("bookings", "booking_vat", "orders"):
            store._write(f"DELETE FROM {table}")  # noqa: S608, SLF001

    status, proof = books.reconcile(JANUARY)
    assert (status, codes(proof)) == (3, ["1001", "1002", "1003", "1004", "1005"])
    assert all("mww2minox adopt --order 100" in point["suggestion"] for point in proof["points"])

    assert books.command("fetch", "--since", "2026-01-01").status == 0
    assert books.command("adopt").status == 0
    status, proof = books.reconcile(JANUARY)
    assert (status, proof["differences"], proof["untold"]) == (0, [], 2)
    assert all(line["shop"] == line["minox"] for line in proof["lines"])
    assert "Of 2 bookings Minox does not tell the VAT" in books.command("reconcile", JANUARY).out


def test_skipped_and_seen_and_gone(books: Books) -> None:
    add(books.vendors, 1007)
    books.command("fetch", "--order", "1007")
    assert codes(books.reconcile(JANUARY)[1]) == ["1007"]
    books.command("skip", "1007")
    assert books.reconcile(JANUARY)[0] == 0

    books.vendors.shop.change("1002", payment_status="refunded")
    books.command("fetch", "--order", "1002")
    assert codes(books.reconcile(JANUARY)[1]) == ["1002"]
    books.command("seen", "1002")
    status, proof = books.reconcile(JANUARY)
    assert (status, proof["closed"], [one["accepted"] for one in proof["points"]]) == (
        0,
        True,
        [True],
    )
    assert "changed since" not in books.command("fetch", "--order", "1002").err

    books.vendors.shop.orders.pop("1003")
    status, proof = books.reconcile(JANUARY)
    assert (status, proof["differences"]) == (
        3,
        ["Order 1003: the order is no longer in the shop."],
    )


def test_a_booking_that_was_moved_into_a_period_is_told_in_both(books: Books) -> None:
    for line in books.lines(1101):
        line |= {"document_date": "2026-01-31", "period": {"id": 1, "fiscal_year": 2026}}
    for period in (JANUARY, "2026-02"):
        status, proof = books.reconcile(period)
        assert (status, codes(proof)) == (3, ["1101"])


def test_an_order_that_waits_again_and_stands_in_minox_is_named(books: Books) -> None:
    batches = books.vendors.minox.batches
    with Store(books.command.state) as store, store.transaction():
        store._write("DELETE FROM bookings WHERE number = '1002'")  # noqa: SLF001
        store._write("UPDATE orders SET state = 'waiting' WHERE number = '1002'")  # noqa: SLF001
    books.vendors.shop.set_status("1002", CANCELLED)
    status, proof = books.reconcile(JANUARY)
    assert (status, codes(proof)) == (3, ["1002"])
    assert "is not to be booked" in proof["differences"][0]
    assert batches


def test_other_revenue_in_the_journal_is_told_and_no_fault(books: Books) -> None:
    batch = "6f1e77aa-0000-4000-8000-000000000004"
    books.vendors.minox.batches[batch] = [
        {**line, "batch_id": batch, "description": "Huur kraam", "invoice_number": None}
        for line in books.lines(1001)
    ]
    status, proof = books.reconcile(JANUARY)
    assert (status, proof["other_bookings"]) == (0, 1)
    filed = books.command("reconcile", JANUARY, "--filed", "1a=300/63", "--filed", "3c=100.40")
    assert "other revenue may be in the return" in filed.out
    assert books.command("reconcile", JANUARY, "--filed", "9z=1").status == 2


# What changes meanwhile


def test_an_order_that_comes_between_list_and_count_is_read_again(books: Books) -> None:
    real = Webshop.count
    more = iter([1])

    def count(shop: Webshop, **filters: Any) -> int:
        return real(shop, **filters) + next(more, 0)

    with mock.patch.object(Webshop, "count", count):
        assert books.reconcile("2026-02")[1]["closed"]
    with mock.patch.object(Webshop, "count", lambda shop, **filters: real(shop, **filters) + 1):
        status, proof = books.reconcile(JANUARY)
    assert status == 3
    assert proof["differences"] == [
        "The shop counts 8 orders from 1 Jan 2026 to 31 Jan 2026, and shows 6 of them."
    ]


def test_nothing_is_written_to_minox_nor_to_the_state_but_the_proof(
    books: Books, clock: Clock
) -> None:
    clock.pass_by(60)  # where this test is the first one, they were booked a moment ago
    books.vendors.requests.clear()
    before = books.command.report()
    books.reconcile(JANUARY)
    books.vendors.settings.update({"lookup_lag": 30.0})
    books.reconcile(JANUARY)
    methods = {(request.side, request.method) for request in books.vendors.requests}
    assert methods == {("shop", "GET"), ("minox", "GET")}
    assert books.command.report() == before
    with Store(books.command.state) as store:
        assert [proof.number for proof in store.proofs(JANUARY)] == [1]


def test_a_run_that_goes_on_leaves_the_proof_shown_and_not_stored(books: Books) -> None:
    with FileLock(f"{books.command.state}.lock"), mock.patch.object(storing, "WAIT_SECONDS", 0):
        ended = books.command("reconcile", JANUARY)
        page = books.command("reconcile", JANUARY, "--format", "html")
    assert ended.status == 0
    assert "CLOSED" in ended.out
    assert "not stored" in ended.out
    assert "mww2minox reconcile 2026-01" in ended.err
    assert "not stored" in page.out
    assert books.reconcile(JANUARY)[1]["proof"] == 1


# What is written


def test_the_parts_as_csv(books: Books) -> None:
    columns = {
        part: books.command("reconcile", JANUARY, "--part", part).out.splitlines()[0].split(",")
        for part in ("orders", "lines", "icp", "oss")
    }
    assert columns["icp"][:4] == ["country", "vat_number", "turnover", "orders"]
    assert books.command("reconcile", "2025-06", "--part", "icp").out.count("\n") == 1

    (sale,) = csv.DictReader(io.StringIO(books.command("reconcile", JANUARY, "--part", "oss").out))
    assert (sale["order"], sale["country"], sale["rate"]) == ("1005", "DE", "19.00")
    assert (sale["turnover"], sale["vat"], sale["kind"]) == ("100.00", "19.00", "goods")
    assert (sale["customer_country"], sale["country_known_by"]) == (
        "DE",
        "region and invoice address",
    )

    dutch = books.command("reconcile", JANUARY, "--part", "lines", "--format", "csv-nl").out
    assert dutch.startswith("\N{ZERO WIDTH NO-BREAK SPACE}code;region;")
    assert "200,00;42,00" in dutch
    assert books.command("reconcile", JANUARY, "--part", "icp", "--format", "html").status == 2


def test_corrections_of_an_earlier_quarter_say_which(books: Books) -> None:
    add_abroad(books.vendors, 1012, date=dt.date(2025, 12, 30))
    add_abroad(books.vendors, 1013, sign="-", **credit("1012"))
    books.command("fetch", "--order", "1012", "--order", "1013")
    books.command("push")
    rows = csv.DictReader(io.StringIO(books.command("reconcile", JANUARY, "--part", "oss").out))
    assert [(row["order"], row["kind"], row["corrects_period"]) for row in rows] == [
        ("1005", "goods", ""),
        ("1013", "correction", "2025-Q4"),
    ]


def test_document_and_proof_beside_it_and_the_hash_of_its_rows(
    books: Books, tmp_path: Path
) -> None:
    folder = tmp_path / "proofs"
    folder.mkdir()
    for period in (JANUARY, "2026-02", JANUARY):
        ended = books.command("reconcile", period, "--output", str(folder / f"{period}.html"))
        assert ended.status == 0, ended.err
    assert sorted(path.name for path in folder.iterdir()) == [
        "2026-01.html",
        "2026-02.html",
        "proof-2026-02.csv",
        "proof.csv",
    ]
    sha256 = books.reconcile(JANUARY)[1]["sha256"]
    assert sha256 in (folder / "2026-01.html").read_text()
    assert "Klant" not in (folder / "2026-01.html").read_text(), "no names"

    books.vendors.requests.clear()
    proof = folder / "proof.csv"
    ended = books.command("reconcile", "--recompute", str(proof))
    assert (ended.status, sha256 in ended.out) == (0, True)
    assert not books.vendors.requests
    proof.write_text(proof.read_text().replace("121.00", "212.00", 1))
    ended = books.command("reconcile", "--recompute", str(proof))
    assert (ended.status, "Changed: order 1001" in ended.out) == (3, True)
    assert books.command("reconcile", "--recompute", str(folder / "2026-01.html")).status == 2
    assert books.command("reconcile", "--recompute", str(folder / "none.csv")).status == 2


def test_gaps_in_the_numbers_are_explained_where_they_can_be(books: Books) -> None:
    add(books.vendors, 1008, test=True)
    add(books.vendors, 1010)
    books.command("fetch", "--order", "1010")
    books.command("push")
    status, proof = books.reconcile(JANUARY)
    assert status == 0, "a gap alone is no fault"
    assert proof["gaps"] == [
        {"first": 1007, "last": 1007, "cause": None},
        {"first": 1008, "last": 1008, "cause": "test"},
        {"first": 1009, "last": 1009, "cause": None},
    ]


def test_minox_own_return_is_read_where_the_login_may(books: Books) -> None:
    assert books.reconcile("2026-Q1")[1]["filed_by"] is None
    tokens = books.vendors.minox.tokens.issue(f"{SCOPES} {VAT_RETURN_SCOPE}")
    books.command.give_tokens(tokens["access_token"], tokens["refresh_token"])
    proof = books.reconcile("2026-Q1")[1]
    assert proof["filed_by"] == "minox"
    high = proof["boxes"][0]
    assert (high["box"], high["filed"]) == ("1a", {"turnover": "1400.00", "vat": "294.00"})
    assert high["difference"] == {"turnover": "0.00", "vat": "0.00"}
    assert "Against the return" in books.command("reconcile", "2026-Q1").out
