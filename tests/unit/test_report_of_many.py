"""The report of a state: what it adds up to, and the table at each width."""

import datetime as dt
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine

from mww2minox.books.model import State
from mww2minox.cli import run
from mww2minox.commands.report.as_table import MOST_LINES, Paper, table_lines
from mww2minox.commands.report.gathering import Selection, gather
from mww2minox.commands.report.value import Kind, Mood, Report
from mww2minox.config.settings import Config
from mww2minox.output import Output
from mww2minox.shop.orders import read_stored_order
from mww2minox.state import Store
from mww2minox.wiring import Wiring
from tests.bench.states import many_orders_in

NOON = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
COUNT = 1_200
LOW_RATE = 9
CONFIG: dict[str, Any] = {
    "language": "nl",
    "shop": {"token": "t", "statuses": [2], "since": "2025-01-01"},
    "minox": {
        "client_id": "c",
        "client_secret": "s",
        "redirect_uri": "http://127.0.0.1:8765/callback",
        "tenant": "12345",
        "administration": "1",
        "journal": "VERK",
    },
    "vat": [{"region": "NL", "rate": 21, "code": 1, "ledger": "8000"}],
}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state of 13 months, in which few orders need attention."""
    path = tmp_path_factory.mktemp("many") / "state.db"
    with time_machine.travel(NOON, tick=False):
        many_orders_in(path, COUNT, NOON.date())
    return path


@pytest.fixture
def wiring(many: Path) -> Iterator[Wiring]:
    with (
        time_machine.travel(NOON, tick=False),
        Store(many, read=read_stored_order) as store,
    ):
        yield Wiring(Config.model_validate(CONFIG | {"state": many}), store, Output())


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Wiring]:
    path = tmp_path / "state.db"
    with time_machine.travel(NOON, tick=False), Store(path, read=read_stored_order) as store:
        yield Wiring(Config.model_validate(CONFIG | {"state": path}), store, Output())


def shown(report: Report, width: int = 80, *, everything: bool = False) -> list[str]:
    return [line.text for line in table_lines(report, Paper(width, everything=everything))]


def test_it_adds_up_what_the_rows_hold(wiring: Wiring) -> None:
    report = gather(wiring)
    rows = list(report.rows())
    assert len(rows) == COUNT
    assert sum(total.orders for total in report.states.values()) == COUNT
    for state, total in report.states.items():
        assert total.total == sum(row.total or 0 for row in rows if row.state is state)

    booked = [row for row in rows if row.turnover and row.turnover.document_date.year == 2026]
    vat = [part.vat for row in booked if row.turnover for part in row.turnover.sums]
    assert sum(one.figure.vat for one in report.vat_of_year) == sum(vat)
    assert sum(month.states[State.BOOKED].orders for month in report.months) == len(
        [row for row in rows if row.state is State.BOOKED]
    )


def test_the_quarter_says_what_is_in_it_and_what_is_not(wiring: Wiring) -> None:
    quarter = gather(wiring).quarter
    assert (quarter.quarter.number, quarter.due) == (4, dt.date(2027, 1, 31))
    assert [box.name for box in quarter.boxes] == ["1a", "1b"]
    assert quarter.vat == sum(box.vat for box in quarter.boxes)
    assert set(quarter.missing) <= {State.WAITING, State.FAILED, State.READY}
    assert (quarter.unexplained, quarter.distance_sales_share) == (0, Decimal(0))


def test_groups_name_one_command_for_all_of_their_orders(wiring: Wiring) -> None:
    report = gather(wiring)
    assert report.verdict.mood is Mood.ATTENTION
    failure, warning = report.groups
    assert (failure.kind, warning.kind) == (Kind.FAILURE, Kind.WARNING)
    numbers = " ".join(order.number for order in failure.orders)
    assert failure.commands == (f"mww2minox retry {numbers}",)
    assert (failure.count, len(failure.orders)) == (2, 2)
    assert warning.commands == (f"mww2minox seen {warning.orders[0].number}",)


def test_dates_select_what_needs_attention_and_the_rows(wiring: Wiring) -> None:
    report = gather(wiring)
    first, last = (order.date for order in report.groups[0].orders)
    selected = gather(wiring, Selection(since=last, until=last))
    assert [order.date for order in selected.groups[0].orders] == [last]
    assert {row.date for row in selected.rows()} == {last} != {first}
    assert [row.date for row in gather(wiring, Selection(errors=True)).rows()][:1] == [first]


@pytest.mark.parametrize("width", [40, 80, 100, 140])
def test_nothing_is_cut_off_at_any_width(wiring: Wiring, width: int) -> None:
    report = gather(wiring)
    lines = list(table_lines(report, Paper(width)))
    assert all(len(line.text) < width for line in lines if line.laid_out)
    newest = next(report.latest(1))
    assert any(newest.number in line.text for line in lines)
    assert any(str(newest.customer) in line.text for line in lines) is (width >= 100)
    assert any(str(newest.batch_id) in line.text for line in lines) is (width >= 140)


def test_it_has_about_forty_lines_unless_all_is_asked_for(wiring: Wiring) -> None:
    report = gather(wiring)
    paper = Paper(80)
    assert MOST_LINES - 5 <= paper.height(table_lines(report, paper)) <= MOST_LINES + 2
    everything = "\n".join(shown(report, everything=True))
    assert all(row.number in everything for row in report.rows())


def test_an_empty_state_says_what_to_run(empty: Wiring) -> None:
    assert gather(empty).verdict.mood is Mood.EMPTY
    lines = shown(gather(empty))
    assert "never fetched" in lines[0]
    assert lines[-1].endswith("mww2minox fetch")


def test_a_clean_shop_is_in_order_until_nothing_runs_for_a_day(wiring: Wiring) -> None:
    since = dt.date(2026, 11, 20)
    clean = gather(wiring, Selection(since=since))
    assert clean.verdict.mood is Mood.WELL
    assert "All is in order" in " ".join(shown(clean))

    with time_machine.travel(NOON + dt.timedelta(days=2), tick=False):
        late = gather(wiring, Selection(since=since))
    assert late.verdict.mood is Mood.LATE
    assert " ".join(shown(late)).count("(LATE)") == 3


def test_a_booking_counts_for_the_limit_of_distance_sales_by_its_country(wiring: Wiring) -> None:
    with wiring.store.snapshot():  # which takes back what is changed inside
        wiring.store.db.execute("UPDATE booking_vat SET country = 'DE' WHERE rate = '9'")
        report = gather(wiring)
    low = [one.figure.net for one in report.vat_of_year if one.figure.need.rate == LOW_RATE]
    assert report.quarter.distance_sales == sum(low) > 0


def test_what_needs_attention_is_named_in_full_however_much_it_is(wiring: Wiring) -> None:
    with wiring.store.snapshot():  # which takes back what is changed inside
        wiring.store.db.execute(
            """UPDATE orders SET state = 'failed', reason = 'email_missing',
               detail = json_object('number', number) WHERE date >= '2026-11-01'"""
        )
        report = gather(wiring, Selection(errors=True))
        (group,) = [one for one in report.groups if one.code == "email_missing"]
        lines = [line.text for line in table_lines(report, Paper(80, errors=True))]
        numbers = [row.number for row in report.rows()]
    assert (group.count > len(group.orders), group.commands) == (True, ("mww2minox retry --all",))
    assert [number for number in numbers if number not in "\n".join(lines)] == []


# The command


@pytest.mark.parametrize(
    ("name", "start"),
    [("r.json", "{"), ("r.csv", "number,date"), ("r.txt", "api.myonlinestore.com · ")],
)
def test_a_file_has_the_form_of_its_ending_and_is_for_its_owner(
    many: Path, tmp_path: Path, name: str, start: str
) -> None:
    config, target = tmp_path / "config.yaml", tmp_path / name
    config.write_text(json.dumps(CONFIG | {"state": str(many)}))
    config.chmod(0o600)
    assert run(["-q", "--config", str(config), "report", "--output", str(target)]) == 0
    assert target.read_text().startswith(start)
    assert target.stat().st_mode & 0o777 == 0o600


def test_csv_for_a_dutch_spreadsheet(
    many: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps(CONFIG | {"state": str(many)}))
    config.chmod(0o600)
    assert run(["--config", str(config), "report", "--format", "csv-nl"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("\ufeffnumber;date;")
    assert any(";2025-" in line and ",00%" in line for line in lines)


# Bookings of earlier versions


def test_a_state_of_the_version_before_gets_the_sums_of_its_bookings(
    many: Path, tmp_path: Path
) -> None:
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(many)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
        expected = target.execute("SELECT * FROM booking_vat ORDER BY 1, 6").fetchall()
        for name in (
            "INDEX booking_vat_by_date",
            "TABLE booking_vat",
            "INDEX orders_by_day",
            "INDEX bookings_in_doubt",
            "INDEX bookings_to_look_at",
            "INDEX runs_by_start",
            "INDEX bookings_to_verify",
            "INDEX bookings_by_moment",
            "INDEX bookings_with_long_numbers",
            "INDEX orders_with_addresses",
            "TABLE vies_answers",
            "TABLE proven_orders",
            "TABLE proofs",
        ):
            target.execute(f"DROP {name}")
        target.execute("ALTER TABLE runs DROP COLUMN counts")
        target.execute(
            """UPDATE bookings SET payload =
               (SELECT payload FROM orders WHERE orders.number = bookings.number)
               WHERE payload = ''"""
        )
        target.execute("DELETE FROM _sqlite_migrations WHERE name >= 'm013'")
        target.execute("UPDATE orders SET total_cents = 1 WHERE state = 'booked'")
        target.commit()

    path.chmod(0o600)
    with Store(path) as store:
        rows = store.db.execute("SELECT * FROM booking_vat ORDER BY 1, 6").fetchall()
        totals = store.db.execute("SELECT count(*) FROM orders WHERE total_cents = 1").fetchone()
    assert rows == expected
    assert totals[0] == 0
    assert path.with_name("state.db.before-m013_vat_sums").exists()


@pytest.mark.parametrize("options", [["--all"], ["--format", "json"], ["--format", "csv"]])
def test_a_reader_who_goes_away_ends_it_well(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(json.dumps(CONFIG | {"state": str(many)}))
    config.chmod(0o600)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as gone:
        monkeypatch.setattr("sys.stdout", gone)
        monkeypatch.setattr("mww2minox.cli._let_go_of_stdout", lambda: None)
        assert run(["--config", str(config), "report", *options]) == 0
        monkeypatch.undo()
        # What is left to be flushed goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)
