"""The state file: who may read it, what it refuses, and how it is migrated."""

import errno
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from unittest import mock

import pytest
import time_machine
from sqlite_utils import Database

from mww2minox.books.model import BookingWarning, Reason, Rejection, State, WarningCode
from mww2minox.errors import LogUnwritable, RunInProgress, StateError
from mww2minox.state import (
    Exchange,
    Store,
    StoredBooking,
    StoredOrder,
    file,
    store as store_module,
    tables,
)
from mww2minox.state.file import StateFile

PAGE = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "state.db"


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def later() -> Iterator[None]:
    """Forget the migrations that a test adds."""
    before = list(tables.migrations._migrations)  # noqa: SLF001 - there is no other way to take one back
    yield
    tables.migrations._migrations[:] = before  # noqa: SLF001


def order(number: str = "1001", **changes: str) -> StoredOrder:
    payload = {"number": number, "note": "x" * 500, **changes}
    return StoredOrder(
        number=number,
        date="2026-03-14",
        status=2,
        state=State.READY,
        rejection=None,
        total_cents=1,
        payload=payload,
    )


def booking(number: str = "1001") -> StoredBooking:
    return StoredBooking(
        number=number,
        batch_id="a",
        customer="10001",
        total_cents=1,
        body="[]",
        payload={},
        sent_at=datetime.now(UTC),
        booked_at=None,
    )


def filled(path: Path, count: int = 40) -> Path:
    """Fill a state of any version: with the columns of the first one."""
    with Store(path) as store, store.transaction():
        for number in range(1001, 1001 + count):
            store.db.execute(
                "INSERT INTO orders (number, date, status, state, total_cents, payload, seen_at)"
                " VALUES (?, '2026-03-14', 2, 'ready', 1, ?, '2026-03-14T12:00:00+00:00')",
                (str(number), json.dumps(order(str(number)).payload, sort_keys=True)),
            )
    return path


def others_may(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) & 0o077


def problem(path: Path) -> str:
    """What opening the file for a run says; it has to refuse."""
    with pytest.raises(StateError) as refused, Store(path) as store, store.run():
        pass
    assert refused.value.exit_status == 2
    assert "mww2minox " in refused.value.suggestion
    return refused.value.message


# Who may read it


@pytest.mark.usefixtures("open_umask")
def test_nobody_else_can_read_any_of_the_files_whatever_the_umask(path: Path) -> None:
    with Store(path) as store, store.run(), store.token_lock():
        store.start_run("push")
        store.take_in(order())
        files = sorted(file.name for file in path.parent.iterdir())
        assert files == [
            "state.db",
            "state.db-shm",
            "state.db-wal",
            "state.db.lock",
            "state.db.tokens.lock",
        ]
        assert {file.name: others_may(file) for file in path.parent.iterdir()} == dict.fromkeys(
            files, 0
        )
    assert others_may(path.parent) == 0


def test_files_that_were_opened_to_others_are_closed_to_them_again(path: Path) -> None:
    with Store(filled(path)) as store, store.run(), store.token_lock():
        pass
    for beside in path.parent.iterdir():
        beside.chmod(0o666)
    with Store(path) as store, store.run(), store.token_lock():
        store.take_in(order("2001"))
        assert {
            file.name: others_may(file) for file in path.parent.iterdir() if others_may(file)
        } == {}


# What it holds


def test_every_table_is_strict(path: Path) -> None:
    with Store(path) as store:
        db = Database(store.db)
        ours = [table for table in db.tables if not table.name.startswith("_")]
        assert {"orders", "bookings", "customers", "runs", "tokens", "notes"} <= {
            table.name for table in ours
        }
        assert [table.name for table in ours if not table.strict] == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE orders SET total_cents = 12.5",
        "UPDATE orders SET total_cents = 'free'",
        "UPDATE orders SET state = 'done'",
        "UPDATE orders SET payload = NULL",
        "INSERT INTO tokens VALUES (2, 'a', 'b', NULL, 'c')",
        "UPDATE bookings SET number = 'of no order'",
    ],
)
def test_a_value_of_the_wrong_kind_does_not_get_in(path: Path, sql: str) -> None:
    with Store(path) as store:
        store.take_in(order())
        store.intend_booking(booking())
        with pytest.raises(sqlite3.IntegrityError):
            store.db.execute(sql)


def test_a_commit_is_on_the_disk_before_it_returns(path: Path) -> None:
    with Store(path) as store:
        pragmas = {
            name: store.db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2}


def test_a_transaction_that_breaks_off_leaves_nothing(path: Path) -> None:
    with Store(path) as store:
        with suppress(KeyboardInterrupt), store.transaction():
            store.take_in(order("1001"))
            with store.transaction():
                store.take_in(order("1002"))
            raise KeyboardInterrupt
        assert store.orders() == []


def test_sql_in_a_text_is_a_text(path: Path) -> None:
    nasty = "1'); DROP TABLE orders; --"
    with Store(path) as store:
        store.take_in(order(nasty, name=nasty))
        store.set_note(nasty, nasty)
        store.mark(
            nasty, State.FAILED, Rejection(reason=Reason.ORDER_INVALID, values={"problem": nasty})
        )
        found = store.order(nasty)
        assert found
        assert found.payload["name"] == store.note(nasty) == nasty
        assert [one.number for one in store.orders(numbers=[nasty])] == [nasty]


# Damage


def test_a_truncated_file_is_refused(path: Path) -> None:
    os.truncate(filled(path), path.stat().st_size // 2)
    assert "cannot be used" in problem(path)


@pytest.mark.parametrize(
    "content", [b"this is no database" * 9, b"SQLite format 3\0" + b"\xff" * PAGE]
)
def test_garbage_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(content)
    assert "cannot be used" in problem(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("page", range(1, 12))
@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"junk"])
def test_garbage_in_the_middle_is_refused_or_harms_nothing(
    path: Path, page: int, filler: bytes
) -> None:
    filled(path)
    with Store(path) as store:
        before = store.orders()
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write((filler * PAGE)[:PAGE])
    try:
        with Store(path) as store, store.run():
            assert store.orders() == before
    except StateError as refused:
        assert "cannot be used" in refused.message  # noqa: PT017 - either end is right


def test_a_payload_that_no_longer_can_be_read_is_damage_and_no_bug(path: Path) -> None:
    filled(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b'{"note"', b'{"not\0"', 1))
    with pytest.raises(StateError, match="cannot be used"), Store(path) as store, store.run():
        store.orders()


def test_another_programs_file_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE photos (id INTEGER)")
    path.chmod(0o644)
    before = path.read_bytes()
    assert "is not a state file of mww2minox" in problem(path)
    assert (path.read_bytes(), others_may(path)) == (before, 0o044)
    assert [file.name for file in tmp_path.iterdir()] == ["photos.db"]


def test_a_file_of_a_newer_version_is_refused_and_kept(path: Path) -> None:
    with Store(filled(path)) as store, store.transaction():
        store.db.execute(
            "INSERT INTO _sqlite_migrations VALUES (99, 'mww2minox', 'm099_from_afar', 'now')"
        )
    before = path.read_bytes()
    assert "newer version of mww2minox (m099_from_afar)" in problem(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("damage", "ask"),
    [
        ("UPDATE runs SET started_at = '?'", lambda store: store.past_runs("fetch")),
        ("UPDATE notes SET value = '?'", lambda store: store.moment("seen until")),
        ("UPDATE booking_vat SET rate = '?'", lambda store: store.turnovers_of(["1001"])),
        ("UPDATE booking_vat SET document_date = '?'", lambda store: store.turnovers_of(["1001"])),
    ],
)
def test_damage_inside_a_text_is_told_where_it_is_read(
    path: Path, damage: str, ask: Callable[[Store], object]
) -> None:
    with Store(path) as store:
        store.finish_run(store.start_run("fetch"), 0)
        store.set_note("seen until", "2026-03-20T12:00:00+00:00")
        store.take_in(order())
        store.intend_booking(booking())
        store.db.execute(
            """INSERT OR REPLACE INTO booking_vat VALUES
               ('1001', '2026-03-14', 2026, 3, 'NL', '', 'NL', '21', '1', '8000', 1000, 210)"""
        )
        assert ask(store)

        store.db.execute(damage)
        with pytest.raises(StateError, match="what it holds cannot be read"):
            ask(store)


def test_a_folder_in_its_place_is_refused(tmp_path: Path) -> None:
    assert "Is a directory" in problem(tmp_path)


def test_a_file_where_its_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be used" in problem(tmp_path / "file" / "state.db")


# Migrations


def test_a_migration_backs_up_first_and_keeps_what_is_there(path: Path, later: None) -> None:
    del later
    filled(path)

    @tables.migrations()
    def m900_add(db: Database) -> None:
        db.execute("ALTER TABLE orders ADD COLUMN colour TEXT")

    with Store(path) as store:
        assert len(store.orders()) == 40
        assert "colour" in Database(store.db)["orders"].columns_dict
    backup = path.with_name("state.db.before-m900_add")
    assert others_may(backup) == 0
    with closing(sqlite3.connect(backup)) as db:
        assert db.execute("SELECT count(*) FROM orders").fetchone() == (40,)
        assert "colour" not in [row[1] for row in db.execute("PRAGMA table_info(orders)")]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_of_two_processes_that_migrate_at_once_the_first_alone_makes_the_way_back(
    path: Path, later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del later
    filled(path)

    @tables.migrations()
    def m900_add(db: Database) -> None:
        db.execute("ALTER TABLE orders ADD COLUMN colour TEXT")

    real_back_up = Store._back_up  # noqa: SLF001 - the moment in between
    copied: list[Path] = []

    def open_and_close() -> None:
        Store(path).db.close()

    other = Thread(target=open_and_close)

    def back_up(store: Store, target: Path) -> None:
        copied.append(target)
        if len(copied) == 1:
            other.start()
            other.join(timeout=0.5)
        real_back_up(store, target)

    monkeypatch.setattr(Store, "_back_up", back_up)
    open_and_close()
    other.join()
    assert [target.name for target in copied] == ["state.db.before-m900_add"]
    with closing(sqlite3.connect(copied[0])) as db:
        assert "colour" not in [row[1] for row in db.execute("PRAGMA table_info(orders)")]


def test_a_migration_that_fails_halfway_leaves_the_file_as_it_was(path: Path, later: None) -> None:
    del later
    with Store(filled(path)) as store:
        before = "\n".join(store.db.iterdump())
    known = list(tables.migrations._migrations)  # noqa: SLF001 - what the older version knows

    @tables.migrations()
    def m900_half(db: Database) -> None:
        db.execute("ALTER TABLE orders ADD COLUMN colour TEXT")
        db.execute("DELETE FROM orders WHERE number < '1020'")
        db.execute("INSERT INTO nowhere VALUES (1)")

    assert "no such table: nowhere" in problem(path)
    tables.migrations._migrations[:] = known  # noqa: SLF001
    with Store(path) as store:
        assert "\n".join(store.db.iterdump()) == before
    assert path.with_name("state.db.before-m900_half").exists()


def test_a_state_of_the_first_version_learns_what_people_were_told(path: Path, later: None) -> None:
    del later
    newer = tables.migrations._migrations[1:]  # noqa: SLF001 - what the first version did not know
    del tables.migrations._migrations[1:]  # noqa: SLF001
    filled(path)
    tables.migrations._migrations.extend(newer)  # noqa: SLF001
    with Store(path) as store:
        store.mark_told(["order 1001 email_missing", "login"])
        store.forget_told(["login", "never told"])
        assert store.told() == {"order 1001 email_missing"}
        assert len(store.orders()) == 40
    assert path.with_name("state.db.before-m002_told").exists()


def test_a_customer_of_an_older_version_keeps_its_number_and_nothing_else_is_known(
    path: Path, later: None
) -> None:
    del later
    newer = tables.migrations._migrations[2:]  # noqa: SLF001 - what the version before did not know
    del tables.migrations._migrations[2:]  # noqa: SLF001
    filled(path)
    with Store(path) as store, store.transaction():
        store.db.execute("INSERT INTO customers (externalid, number) VALUES ('a', '10001')")
        store.db.execute(
            "INSERT INTO customers (externalid, posted_at) VALUES ('b', '2026-03-01T00:00:00Z')"
        )
    tables.migrations._migrations.extend(newer)  # noqa: SLF001
    with Store(path) as store:
        known, under_way = store.customer("a"), store.customer("b")
        assert known
        assert (known.number, known.vat_number, known.read_at) == ("10001", "", None)
        assert under_way
        assert (under_way.number, under_way.posted_at) == (None, datetime(2026, 3, 1, tzinfo=UTC))
        store.settle_customer("a", "10002", vat_number="BE0428759497")
        known = store.customer("a")
        assert known
        assert (known.number, known.vat_number) == ("10002", "BE0428759497")
        assert known.read_at
    assert path.with_name("state.db.before-m003_vat_numbers_of_customers").exists()


def test_nobody_asked_for_an_order_of_an_older_version(path: Path, later: None) -> None:
    del later
    newer = tables.migrations._migrations[3:]  # noqa: SLF001 - what the version before did not know
    del tables.migrations._migrations[3:]  # noqa: SLF001
    filled(path)
    tables.migrations._migrations.extend(newer)  # noqa: SLF001
    with Store(path) as store:
        known = store.order("1001")
        assert known
        assert not known.asked_for
        store.take_in(replace(known, asked_for=True))
        known = store.order("1001")
        assert known
        assert known.asked_for
    assert path.with_name("state.db.before-m004_orders_asked_for").exists()


def test_the_runs_of_an_older_version_count_as_runs_that_did_their_work(
    path: Path, later: None
) -> None:
    del later
    known = list(tables.migrations._migrations)  # noqa: SLF001
    place = [migration.name for migration in known].index("m006_refused_runs")
    tables.migrations._migrations[:] = known[:place]  # noqa: SLF001
    filled(path)
    with Store(path) as store:
        run = store.start_run("push")
        store._write("UPDATE runs SET finished_at = started_at, exit_status = 3")  # noqa: SLF001
    tables.migrations._migrations[:] = known  # noqa: SLF001
    with Store(path) as store:
        before = store.past_runs("push")
        assert before
        assert (before.ended_well == before.ended, before.refused) == (True, False)
        assert store.exit_status(run) == 3
        store.finish_run(store.start_run("push"), 3, refused=True)
        after = store.past_runs("push")
        assert after
        assert (after.ended_well, after.refused) == (before.ended_well, True)


def test_what_the_runs_of_an_older_version_did_is_not_known(path: Path, later: None) -> None:
    del later
    known = list(tables.migrations._migrations)  # noqa: SLF001
    place = [migration.name for migration in known].index("m016_counts_of_runs")
    tables.migrations._migrations[:] = known[:place]  # noqa: SLF001
    filled(path)
    with Store(path) as store:
        store.start_run("push")
        store._write("UPDATE runs SET finished_at = started_at, exit_status = 3")  # noqa: SLF001
    tables.migrations._migrations[:] = known  # noqa: SLF001
    with Store(path) as store:
        before = store.last_run("push")
        assert before
        assert (before.ended, before.exit_status, before.counts) == (before.began, 3, {})
        store.finish_run(store.start_run("push"), 0, counts={"booked": 2})
        after = store.last_run("push")
        assert after
        assert (after.exit_status, after.counts) == (0, {"booked": 2})
        assert store.last_run("verify") is None
    assert path.with_name("state.db.before-m016_counts_of_runs").exists()


OLD_DIFFERENCES = '[["total_differs", {"expected": "68.00", "found": "67.00"}]]'


def test_differences_of_the_version_before_can_be_looked_at(path: Path, later: None) -> None:
    del later
    newer = tables.migrations._migrations[6:]  # noqa: SLF001 - what that version did not know
    del tables.migrations._migrations[6:]  # noqa: SLF001
    filled(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            """INSERT INTO bookings (number, batch_id, customer, total_cents, body, payload,
               sent_at, booked_at, verified, differences)
               VALUES ('1001', 'b', '10001', 6800, '[]', '{}', :then, :then, 'mismatch', :old)""",
            {"then": "2026-03-20T12:00:00+00:00", "old": OLD_DIFFERENCES},
        )
    tables.migrations._migrations.extend(newer)  # noqa: SLF001

    with Store(path) as store:
        (booking,) = store.bookings()
        assert (len(booking.unseen_differences), booking.seen_at) == (1, None)
        store.mark_seen("1001")
        (booking,) = store.bookings()
        assert (booking.unseen_differences, len(booking.all_differences)) == ((), 1)
        assert booking.seen_at
    assert path.with_name("state.db.before-m007_seen_differences").exists()


def test_a_booking_of_the_version_before_has_no_warnings_and_keeps_what_was_looked_at(
    path: Path, later: None
) -> None:
    del later
    place = [one.name for one in tables.migrations._migrations].index("m008_warnings")  # noqa: SLF001
    newer = tables.migrations._migrations[place:]  # noqa: SLF001 - what that version did not know
    del tables.migrations._migrations[place:]  # noqa: SLF001
    filled(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            """INSERT INTO bookings (number, batch_id, customer, total_cents, body, payload,
               sent_at, booked_at, verified, differences, seen, seen_at)
               VALUES ('1001', 'b', '10001', 6800, '[]', '{}', :then, :then, 'mismatch', :old, :old,
               :then)""",
            {"then": "2026-03-20T12:00:00+00:00", "old": OLD_DIFFERENCES},
        )
    tables.migrations._migrations.extend(newer)  # noqa: SLF001

    with Store(path) as store:
        (there,) = store.bookings()
        assert (there.warnings, there.unseen_warnings, there.unseen_differences) == ((), (), ())
        assert there.seen_at == datetime(2026, 3, 20, 12, tzinfo=UTC)
    assert path.with_name("state.db.before-m008_warnings").exists()


def test_what_the_version_before_skipped_for_its_total_is_decided_again(
    path: Path, later: None
) -> None:
    del later
    known = tables.migrations._migrations  # noqa: SLF001
    place = [migration.name for migration in known].index("m011_skipped_before")
    newer = known[place:]
    del known[place:]
    filled(path, 3)
    with closing(sqlite3.connect(path)) as db, db:
        skipped = "UPDATE orders SET state = 'skipped', reason = ? WHERE number = ?"
        db.execute(skipped, ("nothing_to_book", "1001"))
        db.execute("UPDATE orders SET state = 'booked' WHERE number = '1002'")
    known.extend(newer)

    with Store(path) as store:
        orders = {order.number: order for order in store.orders()}
        assert [number for number, order in orders.items() if order.skipped_before] == ["1001"]
        assert (orders["1001"].state, orders["1001"].rejection) == (State.READY, None)
        assert orders["1002"].state is State.BOOKED

        # What the shop tells of it since changes nothing about that.
        store.take_in(order("1001", note="changed"))
        taken_in = store.order("1001")
        assert taken_in
        assert taken_in.skipped_before
        store.book_after_all("1001")
        settled = store.order("1001")
        assert settled
        assert not settled.skipped_before
    assert path.with_name("state.db.before-m011_skipped_before").exists()


def test_of_what_the_version_before_booked_no_decision_and_no_request_is_known(
    path: Path, later: None
) -> None:
    del later
    known = tables.migrations._migrations  # noqa: SLF001
    place = [migration.name for migration in known].index("m012_decisions")
    newer = known[place:]
    del known[place:]
    filled(path, 1)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            """INSERT INTO bookings (number, batch_id, customer, total_cents, body, payload,
               sent_at, booked_at)
               VALUES ('1001', 'b', '10001', 6800, '[]', '{}', :then, :then)""",
            {"then": "2026-03-20T12:00:00+00:00"},
        )
    known.extend(newer)

    with Store(path) as store:
        (there,) = store.bookings()
        assert there.decision is None
        assert store.exchanges("1001") == []
    assert path.with_name("state.db.before-m012_decisions").exists()


def test_of_an_order_only_the_last_requests_are_kept(path: Path) -> None:
    def exchange(status: int | None) -> Exchange:
        return Exchange(
            at=datetime(2026, 3, 20, 12, tzinfo=UTC),
            method="PUT",
            what="put_booking",
            status=status,
            milliseconds=31,
        )

    with Store(filled(path, 2)) as store:
        store.keep_exchanges("1002", [exchange(None)])
        store.keep_exchanges("1001", [exchange(status) for status in range(500, 515)])
        store.keep_exchanges("1001", [exchange(status) for status in range(515, 525)])

        kept = store.exchanges("1001")
        assert [each.status for each in kept] == list(range(505, 525))
        assert store.exchanges("1002") == [exchange(None)]


OTHER_NAME, AMBIGUOUS = (
    BookingWarning(code=code, values={"number": "1001", "customer": "10001"})
    for code in (WarningCode.CUSTOMER_OTHER_NAME, WarningCode.CUSTOMER_AMBIGUOUS)
)


def test_a_warning_stays_with_its_booking_and_off_the_list_once_somebody_looked(
    path: Path,
) -> None:
    with Store(filled(path, 1)) as store:
        store.intend_booking(replace(booking(), warnings=(OTHER_NAME, AMBIGUOUS)))
        store.mark_booked("1001")
        (there,) = store.bookings()
        assert (there.warnings, there.seen_at) == ((OTHER_NAME, AMBIGUOUS), None)
        assert there.unseen_warnings == there.warnings

        store.mark_seen("1001")
        (there,) = store.bookings()
        assert (there.warnings, there.unseen_warnings) == ((OTHER_NAME, AMBIGUOUS), ())
        assert there.seen_at


def test_a_difference_after_a_look_brings_back_no_warning(path: Path) -> None:
    different = store_module._differences(OLD_DIFFERENCES)  # noqa: SLF001
    with Store(filled(path, 1)) as store:
        store.intend_booking(replace(booking(), warnings=(OTHER_NAME,)))
        store.mark_booked("1001")
        store.mark_seen("1001")
        store.mark_verified("1001", different)
        (there,) = store.bookings()
        assert (there.unseen_warnings, there.unseen_differences) == ((), different)
        assert there.seen_at is None


def test_an_intent_that_is_stored_anew_has_the_warnings_of_its_own_decision(path: Path) -> None:
    with Store(filled(path, 1)) as store:
        store.intend_booking(replace(booking(), warnings=(OTHER_NAME,)))
        store.intend_booking(replace(booking(), warnings=(AMBIGUOUS,)))
        (there,) = store.bookings()
        assert there.warnings == (AMBIGUOUS,)


def test_a_state_of_the_version_before_knows_who_answered_and_how_orders_were_paid(
    path: Path, later: None
) -> None:
    del later
    known = list(tables.migrations._migrations)  # noqa: SLF001
    place = [migration.name for migration in known].index("m009_urls_that_answered")
    tables.migrations._migrations[:] = known[:place]  # noqa: SLF001
    payloads = {
        "1": '{"payment": {"gateway_name": "mollie", "method_name": "ideal"}}',
        "2": '{"payment": {"gateway_name": "basic"}}',
        "3": '{"malformed": {"number": "3"}}',
    }
    with Store(path) as store:
        store.set_note("shop region", "NL")
        with store.transaction():
            store.db.execute(
                """INSERT INTO orders (number, date, state, payload, seen_at, total_cents)
                   SELECT key, '2026-03-14', 'booked', value, '', 1210 FROM json_each(:orders)""",
                {"orders": json.dumps(payloads)},
            )
    tables.migrations._migrations[:] = known  # noqa: SLF001
    with Store(path) as store:
        assert (store.note("url of The shop"), store.note("url of Minox")) == ("", None)
        orders = store.orders()
        assert [order.paid_by for order in orders] == ["mollie/ideal", "basic/", None]
        assert store.ways_of_paying(State.BOOKED) == {"mollie/ideal": "1", "basic/": "2"}
    assert path.with_name("state.db.before-m009_urls_that_answered").exists()


def test_orders_that_the_version_before_knew_to_be_gone_differ_in_the_shop(
    path: Path, later: None
) -> None:
    del later
    known = list(tables.migrations._migrations)  # noqa: SLF001
    place = [migration.name for migration in known].index("m010_where_orders_stand")
    tables.migrations._migrations[:] = known[:place]  # noqa: SLF001
    filled(path, 2)
    gone = [["order_gone", {}]]
    with closing(sqlite3.connect(path)) as db, db:
        for number, found in (("1001", json.loads(OLD_DIFFERENCES) + gone), ("1002", [])):
            db.execute(
                """INSERT INTO bookings (number, batch_id, customer, total_cents, body, payload,
                   sent_at, booked_at, verified, differences, seen, seen_at)
                   VALUES (?, 'b', '10001', 6800, '[]', '{}', :then, :then, 'mismatch', ?, ?,
                           :then)""".replace(":then", "'2026-03-20T12:00:00+00:00'"),
                (number, json.dumps(found), json.dumps(found)),
            )
    tables.migrations._migrations[:] = known  # noqa: SLF001

    with Store(path) as store:
        first, second = store.bookings()
        assert [difference.code for difference in first.differences] == ["total_differs"]
        assert [difference.code for difference in first.shop_differences] == ["order_gone"]
        assert first.unseen_differences == (), "what somebody has looked at stays so"
        assert second.all_differences == ()
        orders = {order.number: order.gone for order in store.orders()}
        assert orders == {"1001": True, "1002": False}


def test_past_runs_can_leave_out_the_one_that_is_asked_for(path: Path) -> None:
    with Store(path) as store:
        first, second = (store.start_run("push") for _ in range(2))
        store.finish_run(second, 3)
        assert (store.exit_status(first), store.exit_status(second), store.exit_status(99)) == (
            None,
            3,
            None,
        )
        before, all_of_them = store.past_runs("push", before=second), store.past_runs("push")
        assert before
        assert before.ended_well is None
        assert all_of_them
        assert all_of_them.ended_well
        assert store.past_runs("push", before=first) is None


def test_the_last_run_is_the_one_that_began_last_whatever_the_clock_said(path: Path) -> None:
    with Store(path) as store:
        for day in (datetime(2036, 1, 1, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC)):
            with time_machine.travel(day, tick=False):
                store.finish_run(store.start_run("push"), 0)
        runs = store.past_runs("push")
        assert runs
        assert (runs.began.year, runs.ended.year, runs.ended_well) == (2036, 2026, day)


def test_of_two_migrations_the_second_failing_takes_the_first_back(path: Path, later: None) -> None:
    del later
    filled(path)
    ours = [(name,) for name in tables.migrations.names()]

    @tables.migrations()
    def m900_good(db: Database) -> None:
        db.execute("ALTER TABLE orders ADD COLUMN colour TEXT")

    @tables.migrations()
    def m901_bad(db: Database) -> None:
        db.execute("INSERT INTO nowhere VALUES (1)")

    problem(path)
    with closing(sqlite3.connect(path)) as db:
        assert "colour" not in [row[1] for row in db.execute("PRAGMA table_info(orders)")]
        assert db.execute("SELECT name FROM _sqlite_migrations").fetchall() == ours


# The file itself


@pytest.mark.parametrize("mode", [0o400, 0o444, 0o640, 0o666])
def test_a_file_that_was_put_back_with_another_mode_is_ours_alone_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    filled(path)
    path.chmod(mode)
    real, modes = os.open, []

    def noting(name: Path, *arguments: int) -> int:
        modes.append(stat.S_IMODE(path.stat().st_mode))
        return real(name, *arguments)

    # Whoever is not root cannot open a file to write that is read-only.
    monkeypatch.setattr("mww2minox.state.file.os.open", noting)
    with Store(path) as store:
        assert len(store.orders()) == 40
    assert (modes, stat.S_IMODE(path.stat().st_mode)) == ([0o600], 0o600)


def test_what_is_no_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, mode=0o644)
    link = tmp_path / "state.db"
    link.symlink_to(pipe)
    for path in (pipe, link):
        before = path.stat().st_mode
        with pytest.raises(StateError, match="is not a state file of mww2minox"):
            Store(path)
        assert path.stat().st_mode == before
    assert {file.name for file in tmp_path.iterdir()} == {"pipe", "state.db"}


def test_two_processes_may_make_one_state_at_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = StateFile._has_tables  # noqa: SLF001 - the moment in between
    others = [path]

    def meanwhile(self: StateFile) -> bool:
        if others:
            with Store(others.pop()) as store:
                store.set_note("by", "the other")
        return real(self)

    monkeypatch.setattr(StateFile, "_has_tables", meanwhile)
    with Store(path) as store:
        assert store.note("by") == "the other"
    assert [file.name for file in path.parent.glob("*.before-*")] == []


# A state file of the version before


def of_the_version_before(path: Path) -> Path:
    """Make a state file as it was before: an order that was looked for, and one that was not."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        tables.migrations.apply(db, stop_before="m005_not_adopted")
        db.execute(f"PRAGMA application_id = {file.APPLICATION_ID}")
        for number, looked_for in (("1001", 1), ("1002", 0)):
            db.execute(
                """INSERT INTO orders (number, date, state, payload, seen_at, looked_for)
                   VALUES (?, '2026-03-14', 'ready', '{}', '', ?)""",
                (number, looked_for),
            )
        db.execute("INSERT INTO notes VALUES ('first push', '2026-03-14T12:00:00+00:00')")
        db.execute("INSERT INTO notes VALUES ('watermark', 'kept')")
        db.commit()
    return path


def test_a_file_of_the_version_before_goes_on_and_none_of_its_orders_counts_as_looked_for(
    path: Path,
) -> None:
    with Store(of_the_version_before(path)) as store:
        assert [order.number for order in store.orders()] == ["1001", "1002"]
        assert (store.note("first push"), store.note("watermark")) == (None, "kept")
        store.disown("1001", ["a", "b"])
        assert store.disowned() == {("1001", "a"), ("1001", "b")}
    assert path.with_name("state.db.before-m005_not_adopted").exists()


# Whose a booking is


def test_what_a_person_said_of_a_booking_is_kept_and_can_be_taken_back(path: Path) -> None:
    with Store(filled(path)) as store:
        store.intend_booking(booking("1001"))
        assert store.orders_of_bookings() == {}
        store.mark_booked("1001")
        assert store.orders_of_bookings() == {"a": {"1001"}}
        store.undo_adoption("1001", "a")
        found = store.order("1001")
        assert found
        assert (found.state, store.booking("1001")) == (State.READY, None)
        assert store.disowned() == {("1001", "a")}
        store.own_again("1001", "a")
        assert store.disowned() == set()


# One at a time


def test_a_second_run_is_told_who_holds_the_lock(path: Path) -> None:
    with Store(path) as store, store.run():
        store.start_run("push")
        with (
            Store(path) as other,
            pytest.raises(RunInProgress, match=rf"push, process {os.getpid()}, since \d+ \w+ 20"),
        ):
            other.run().__enter__()


def test_a_full_disk_is_told_as_that(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(path) as store:
        pages = store.db.execute("PRAGMA page_count").fetchone()[0]
        store.db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StateError, match="No space left on device") as full:
            store.set_note("long", "x" * 100_000)
    assert "Make room on the disk" in full.value.suggestion

    # Where SQLite cannot make a file beside it, it says no more than that something failed.
    failed = sqlite3.OperationalError("disk I/O error")
    failed.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: mock.Mock(free=0))
    told = pytest.raises(StateError, match="No space left on device")
    with Store(path) as store, told, store.transaction():
        raise failed


def test_a_log_without_room_says_so_and_any_other_log_says_what_is_wrong(path: Path) -> None:
    full = LogUnwritable(path, OSError(errno.ENOSPC, "No space left on device"))
    assert "Make room on the disk" in full.suggestion
    assert "at the file's owner" in LogUnwritable(path, ValueError()).suggestion


# What is stored once, and what is not looked at


def payload_of_booking(store: Store, number: str) -> str:
    sql = "SELECT payload FROM bookings WHERE number = ?"
    return str(store.db.execute(sql, (number,)).fetchone()[0])


def test_the_order_of_a_booking_is_kept_once_from_when_it_is_booked(path: Path) -> None:
    there = replace(booking(), payload=order().payload)
    with Store(filled(path, 1)) as store:
        store.intend_booking(there)
        assert payload_of_booking(store, "1001"), "the shop may change the order meanwhile"
        store.mark_booked("1001")
        assert payload_of_booking(store, "1001") == ""
        stored = store.booking("1001")
        assert stored
        assert stored.payload == there.payload


def test_an_order_that_changed_before_it_is_known_to_be_booked_is_kept_as_it_was(
    path: Path,
) -> None:
    there = replace(booking(), payload=order().payload)
    with Store(filled(path, 1)) as store:
        store.intend_booking(there)
        store.take_in(order("1001", reference="another"))
        store.mark_booked("1001")
        stored, now = store.booking("1001"), store.order("1001")
        assert stored
        assert now
        assert (stored.payload, now.payload["reference"]) == (there.payload, "another")


def test_a_state_of_the_version_before_keeps_each_order_once_and_loses_none(
    path: Path, later: None
) -> None:
    del later
    known = list(tables.migrations._migrations)  # noqa: SLF001
    place = tables.migrations.names().index("m014_payload_once")
    tables.migrations._migrations[:] = known[:place]  # noqa: SLF001
    filled(path, 3)
    with closing(sqlite3.connect(path)) as db, db:
        # The first is as its order is, the second was changed in the shop, the third is an intent.
        db.execute(
            """INSERT INTO bookings
               (number, batch_id, customer, total_cents, body, payload, sent_at, booked_at)
               SELECT number, 'b', '10001', 1, '[]',
                      CASE number WHEN '1002' THEN '{"as": "it was"}' ELSE payload END,
                      '2026-03-20T12:00:00+00:00',
                      CASE number WHEN '1003' THEN NULL ELSE '2026-03-20T12:00:00+00:00' END
               FROM orders"""
        )
        before = dict(db.execute("SELECT number, payload FROM bookings"))
    tables.migrations._migrations[:] = known  # noqa: SLF001

    with Store(path) as store:
        after = {there.number: there.payload for there in store.bookings()}
        assert after == {number: json.loads(text) for number, text in before.items()}
        kept = [payload_of_booking(store, number) for number in before]
        assert kept == ["", before["1002"], before["1003"]]
    assert path.with_name("state.db.before-m014_payload_once").exists()


def test_a_run_with_nothing_to_do_looks_through_no_table(path: Path) -> None:
    statements: list[str] = []
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    with Store(filled(path, 1)) as store:
        store.db.set_trace_callback(statements.append)
        store.bookings_to_verify()
        store.bookings_to_verify(booked_since=moment, dated_since="2026-03-01")
        store.bookings_to_look_at()
        store.bookings_with_addresses(moment)
        store.intents()
        store.has_long_invoice_numbers()
        store.has_unbooked_before("2026-01-01")
        store.to_look_at_again("2026-01-01")
        store.count(State.READY)
        store.booked_in_month("2026-03")
        store.totals()
        store.db.set_trace_callback(None)

        for statement in statements:
            plan = store.db.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            tables_scanned = [
                row[3]
                for row in plan
                if row[3].startswith("SCAN") and "USING" not in row[3] and " bookings" in row[3]
            ]
            assert tables_scanned == [], statement
