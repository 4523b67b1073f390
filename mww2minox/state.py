"""The state file: orders, the bookings that were sent, customers, tokens, runs and notes.

The only module that speaks SQL. Every change is one named transition in one transaction (`BEGIN
IMMEDIATE`, WAL, `synchronous=FULL`; minox/exactly_once.md, "The state file"). Money is integer
cents, time is ISO 8601 in UTC.
"""

import contextlib
import json
import os
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

from filelock import FileLock, Timeout
from sqlite_utils import Database, Migrations

from mww2minox.books.model import (
    PAYMENT_UNDONE,
    STATUS_DIFFERS,
    BookingWarning,
    Difference,
    Order,
    Reason,
    Rejection,
    State,
    WarningCode,
)
from mww2minox.errors import RunInProgress, StateError
from mww2minox.language.texts import N_, _, system_problem

APPLICATION_ID = 0x6D777732
"""`mww2` in ASCII: tells our file from another program's."""
APPLICATION_ID_AT = 68
"""Where SQLite keeps it in the file, four bytes long (https://www.sqlite.org/fileformat2.html)."""
PRIVATE = 0o600
"""The mode of all that is ours: for its owner only."""
BUSY_SECONDS = 30
"""How long a write waits for that of another process."""
EMPTIED = "emptied"
"""A mark on an order's reduced JSON that its addresses are gone."""

Stored = TypeVar("Stored")

migrations = Migrations("mww2minox")

TABLES = (
    """CREATE TABLE orders (
        number TEXT PRIMARY KEY,
        date TEXT NOT NULL,
        status INTEGER,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'booked', 'failed', 'skipped')),
        reason TEXT,
        detail TEXT NOT NULL DEFAULT '{}',
        total_cents INTEGER,
        payload TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        looked_for INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE TABLE bookings (
        number TEXT PRIMARY KEY REFERENCES orders (number),
        batch_id TEXT NOT NULL,
        customer TEXT NOT NULL,
        total_cents INTEGER NOT NULL,
        body TEXT NOT NULL,
        payload TEXT NOT NULL,
        sent_at TEXT NOT NULL,
        booked_at TEXT,
        verified TEXT CHECK (verified IN ('ok', 'mismatch')),
        verified_at TEXT,
        differences TEXT NOT NULL DEFAULT '[]',
        shop_differences TEXT NOT NULL DEFAULT '[]'
    ) STRICT""",
    """CREATE TABLE customers (
        externalid TEXT PRIMARY KEY,
        number TEXT,
        posted_at TEXT
    ) STRICT""",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        command TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started_at TEXT NOT NULL,
        finished_at TEXT,
        exit_status INTEGER
    ) STRICT""",
    """CREATE TABLE tokens (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        access_token TEXT NOT NULL,
        refresh_token TEXT NOT NULL,
        previous_refresh_token TEXT,
        expires_at TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE INDEX orders_by_state ON orders (state, date)",
)


@migrations()
def m001_first_tables(db: Database) -> None:
    """Create the tables of version 0.1."""
    for table in TABLES:
        db.execute(table)


@migrations()
def m002_told(db: Database) -> None:
    """Add the matters that people were told about, by keys of order numbers and codes."""
    db.execute("CREATE TABLE told (key TEXT PRIMARY KEY, told_at TEXT NOT NULL) STRICT")


@migrations()
def m003_vat_numbers_of_customers(db: Database) -> None:
    """Add what Minox told of a remembered customer, and when. Of older ones nothing is known."""
    db.execute("ALTER TABLE customers ADD COLUMN vat_number TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE customers ADD COLUMN read_at TEXT")


@migrations()
def m004_orders_asked_for(db: Database) -> None:
    """Add whether somebody asked for an order from before `shop.since`. Of none it is known."""
    db.execute("ALTER TABLE orders ADD COLUMN asked_for INTEGER NOT NULL DEFAULT 0")


@migrations()
def m005_not_adopted(db: Database) -> None:
    """Add the bookings of which a person said that they are not an order's.

    Which orders were looked for in the journal before counts no more: each is, before it is sent.
    """
    db.execute(
        """CREATE TABLE not_adopted (
            number TEXT NOT NULL REFERENCES orders (number),
            batch_id TEXT NOT NULL,
            PRIMARY KEY (number, batch_id)
        ) STRICT"""
    )
    db.execute("ALTER TABLE orders DROP COLUMN looked_for")
    db.execute("DELETE FROM notes WHERE key = 'first push'")


@migrations()
def m006_refused_runs(db: Database) -> None:
    """Add whether a run refused to do its work. Of older ones that is not known."""
    db.execute("ALTER TABLE runs ADD COLUMN refused INTEGER NOT NULL DEFAULT 0")


@migrations()
def m007_seen_differences(db: Database) -> None:
    """Add the differences that somebody has looked at, and since when."""
    db.execute("ALTER TABLE bookings ADD COLUMN seen TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE bookings ADD COLUMN seen_at TEXT")


@migrations()
def m008_warnings(db: Database) -> None:
    """Add what somebody should look at of a booking, and what of it was looked at; and what of a
    remembered customer gives a warning.

    Of older bookings no warning is known: they stood in the log alone.
    """
    db.execute("ALTER TABLE bookings ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE bookings ADD COLUMN seen_warnings TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE customers ADD COLUMN others TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE customers ADD COLUMN name_marks TEXT")


@migrations()
def m009_urls_that_answered(db: Database) -> None:
    """Add that a vendor has answered, where what is kept shows it; at which url is not known."""
    # Each key ends in the vendor's name, as the transport has it.
    for insert in (
        "INSERT INTO notes SELECT 'url of The shop', '' FROM notes WHERE key = 'shop region'",
        "INSERT INTO notes SELECT 'url of Minox', '' FROM tokens",
    ):
        db.execute(insert)


@migrations()
def m009_ways_of_paying(db: Database) -> None:
    """Add how each order was paid, as far as the orders tell it."""
    db.execute("ALTER TABLE orders ADD COLUMN paid_by TEXT")
    db.execute(
        """UPDATE orders SET paid_by =
           coalesce(json_extract(payload, '$.payment.gateway_name'), '') || '/' ||
           coalesce(json_extract(payload, '$.payment.method_name'), '')
           WHERE json_type(payload, '$.payment') = 'object'"""
    )


@migrations()
def m010_where_orders_stand(db: Database) -> None:
    """Add whether the shop no longer has an order, and the date that it last gave of one.

    That a booked order is gone was a difference between shop and books that only `verify` told of:
    it is one of the shop's now, like all that happens there after the booking.
    """
    db.execute("ALTER TABLE orders ADD COLUMN gone INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE orders ADD COLUMN shop_date TEXT")

    rows = db.query("SELECT number, differences, shop_differences FROM bookings")
    for row in list(rows):
        differences = json.loads(row["differences"])
        gone = [difference for difference in differences if difference[0] == "order_gone"]
        if gone:
            others = [difference for difference in differences if difference not in gone]
            in_shop = [*json.loads(row["shop_differences"]), *gone]
            db.execute(
                "UPDATE bookings SET differences = ?, shop_differences = ? WHERE number = ?",
                (_json(others), _json(in_shop), row["number"]),
            )
            db.execute("UPDATE orders SET gone = 1 WHERE number = ?", (row["number"],))


@migrations()
def m010_which_orders_credit(db: Database) -> None:
    """Add what a credit order takes back, as its payload tells it: it is looked for with every
    booking.
    """
    db.execute(
        """ALTER TABLE orders ADD COLUMN credits TEXT GENERATED ALWAYS AS
           (CASE WHEN json_valid(payload)
                 THEN nullif(json_extract(payload, '$.credited_order_number'), '0') END) VIRTUAL"""
    )
    db.execute("CREATE INDEX orders_by_credited ON orders (credits) WHERE credits IS NOT NULL")


@migrations()
def m011_skipped_before(db: Database) -> None:
    """Decide again what was skipped because its total is 0.00, whatever was under it.

    That it was skipped stays known: somebody may have booked it by hand since, so that it is not
    booked before a person says so.
    """
    db.execute("ALTER TABLE orders ADD COLUMN skipped_before INTEGER NOT NULL DEFAULT 0")
    db.execute(
        """UPDATE orders SET skipped_before = 1, state = 'ready', reason = NULL, detail = '{}'
           WHERE state = 'skipped' AND reason = 'nothing_to_book'"""
    )


BOOKINGS = """SELECT bookings.*, orders.paid_by,
    (SELECT -sum(credit.total_cents) FROM orders AS credit
     WHERE credit.credits = bookings.number
     AND (credit.state IN ('booked', 'ready')
          OR credit.reason IN ('skipped_by_hand', 'before_since'))
    ) AS credited_cents
    FROM bookings JOIN orders USING (number)"""
"""Bookings, with how their orders were paid, and with what the credit orders take back that are
booked here or elsewhere, or will be.
"""


class ReadOrder(Protocol):
    """An order's JSON, and what was read from it: the order, or the place of the problem."""

    @property
    def payload(self) -> dict[str, Any]:
        """The shop's JSON, reduced to what booking needs."""

    @property
    def order(self) -> Order | None:
        """The order, or None when its JSON cannot be read."""

    @property
    def problem(self) -> str:
        """The place that cannot be read, or an empty text."""


class OrderNow(ReadOrder, Protocol):
    """An order as the shop has it now, with where it stands there."""

    @property
    def date(self) -> str:
        """The order date, ISO 8601, or an empty text."""

    @property
    def status(self) -> int | None:
        """Its status, by number."""


OrderReader = Callable[[dict[str, Any]], ReadOrder]
"""Reads a payload: the shop's own knowledge, so that it comes from whoever opens the state."""


def rows_alone(payload: dict[str, Any]) -> ReadOrder:
    """Read no order: a state that is opened for its rows alone has nobody who looks into one."""
    raise NotImplementedError(payload.get("number"))


@dataclass(frozen=True, kw_only=True)
class _KeptOrder:
    """What holds the payload of an order, and reads it once, when its order is first asked for.

    Many more rows are read than orders are looked into, hence not before.

    `paid_by` is how it was paid as the shop last told, empty where it was asked and no payment was
    received; it stands in where the order itself does not tell.
    """

    payload: dict[str, Any]
    read: OrderReader = field(default=rows_alone, repr=False, compare=False)
    paid_by: str | None = None

    @cached_property
    def _reading(self) -> ReadOrder:
        return self.read(self.payload)

    @cached_property
    def order(self) -> Order | None:
        """The order, or None when its JSON cannot be read."""
        order = self._reading.order
        if order is None or order.payment:
            return order
        return replace(order, payment=self.paid_by)

    @property
    def problem(self) -> str:
        """The place in the JSON that cannot be read, or an empty text."""
        return self._reading.problem

    @property
    def is_emptied(self) -> bool:
        """Whether its addresses are gone, e-mail too: `retention_days` was over."""
        return bool(self.payload.get(EMPTIED))


@dataclass(frozen=True, kw_only=True)
class StoredOrder(_KeptOrder):
    """An order as the state knows it.

    `asked_for`: it is to be booked although it is from before `shop.since`. `gone`: the shop had it
    no longer when it was asked last. `skipped_before`: an earlier version skipped it by a rule that
    is another now.
    """

    number: str
    date: str
    status: int | None
    state: State
    rejection: Rejection | None
    total_cents: int | None
    asked_for: bool = False
    gone: bool = False
    skipped_before: bool = False

    @property
    def is_skipped_by_hand(self) -> bool:
        """Whether somebody said that it is never to be booked."""
        return self.rejection is not None and self.rejection.reason is Reason.SKIPPED_BY_HAND

    @property
    def credited(self) -> str | None:
        """The number of the order that a credit order takes back; None of any other order."""
        number = self.payload.get("credited_order_number")
        return None if number in (None, "0") else str(number)

    @property
    def waits(self) -> Rejection | None:
        """Why an order that may be in Minox is not sent again, such as its status by now.

        Its own reason keeps that until Minox was asked.
        """
        if self.rejection is None or "waits" not in self.rejection.values:
            return None

        values = dict(self.rejection.values)
        reason = Reason(values.pop("waits"))
        return Rejection(reason=reason, values=values)


@dataclass(frozen=True, kw_only=True)
class StoredBooking(_KeptOrder):
    """A booking that was sent, at last on `sent_at`: `body` is the exact text, `order` as it was.

    An intent, not known to be booked, while `booked_at` is None. `seen` are the differences that
    somebody has looked at, last at `looked_at`, and `seen_warnings` the warnings. `credited_cents`
    is what credit orders take back of it in the books; None: there are none.
    """

    number: str
    batch_id: str
    customer: str
    total_cents: int
    body: str
    sent_at: datetime
    booked_at: datetime | None
    verified: str | None = None
    verified_at: datetime | None = None
    differences: tuple[Difference, ...] = ()
    shop_differences: tuple[Difference, ...] = ()
    seen: tuple[Difference, ...] = ()
    warnings: tuple[BookingWarning, ...] = ()
    seen_warnings: tuple[BookingWarning, ...] = ()
    looked_at: datetime | None = None
    credited_cents: int | None = None

    @property
    def is_absent(self) -> bool:
        """Whether it was not in Minox when it was asked for last, which was right."""
        return self.verified is None and self.verified_at is not None

    @property
    def all_differences(self) -> tuple[Difference, ...]:
        """What is not as it was booked, in Minox and in the shop."""
        return (*self.differences, *self.open_shop_differences)

    @property
    def open_shop_differences(self) -> tuple[Difference, ...]:
        """What is not as it was booked in the shop, and what no credit order stands for."""
        return tuple(
            difference for difference in self.shop_differences if not self._is_credited(difference)
        )

    def _is_credited(self, difference: Difference) -> bool:
        """Tell whether the books have taken back what the shop has (books/rules.md, "After the
        booking").
        """
        if self.credited_cents is None:
            return False

        # Money can be paid back in part, and then so much of it is credited.
        if difference.code == PAYMENT_UNDONE:
            return True
        return difference.code == STATUS_DIFFERS and self.credited_cents >= self.total_cents

    @property
    def seen_at(self) -> datetime | None:
        """When somebody looked at all of its differences and warnings; None where there is another
        one, or none at all.
        """
        if not (self.all_differences or self.warnings):
            return None

        is_unseen = self.unseen_differences or self.unseen_warnings
        return None if is_unseen else self.looked_at

    @property
    def unseen_differences(self) -> tuple[Difference, ...]:
        """All of its differences, unless somebody has looked at them."""
        differences = self.all_differences
        return () if all(difference in self.seen for difference in differences) else differences

    @property
    def unseen_warnings(self) -> tuple[BookingWarning, ...]:
        """Its warnings that nobody has looked at."""
        return tuple(warning for warning in self.warnings if warning not in self.seen_warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedCustomer:
    """A customer's number in Minox, or since when a POST for it may be under way.

    `vat_number` is what Minox had at `read_at`; while that is None, nobody knows. `others` are the
    numbers that have its e-mail address as well; `name_marks` tell the words of its name apart, and
    nobody can be known by them. None: an older version, or nobody, looked for either.
    """

    externalid: str
    number: str | None
    posted_at: datetime | None
    vat_number: str
    read_at: datetime | None
    others: tuple[str, ...] = ()
    name_marks: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRuns:
    """When a command first began, last ended, and last ended well, if it ever did.

    Well is exit 0 or 3 of a run that did its work; `refused` tells that the last one did not.
    """

    began: datetime
    ended: datetime
    ended_well: datetime | None
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The OAuth tokens. `previous_refresh_token` is kept until the new one has worked.

    `expires_at` is when the access token is to be renewed, a little before it expires.
    """

    access_token: str
    refresh_token: str
    previous_refresh_token: str | None
    expires_at: datetime


def _problem(error: sqlite3.Error | OSError) -> str:
    return system_problem(error) if isinstance(error, OSError) else str(error)


class Store:
    """The state file, opened. Use as a context manager."""

    def __init__(self, path: Path, *, read: OrderReader = rows_alone) -> None:
        """Open the state file at `path`, making it (mode 0600) or migrating it where needed.

        `read` reads the orders that are looked into. Raises StateError when the file is damaged, of
        a newer version, or not ours.
        """
        self.path = path
        self._reader = read
        with self._translated():
            self._make_file()

            self.db = Database(sqlite3.connect(path, timeout=BUSY_SECONDS))
            try:
                self._prepare()
            except BaseException:
                self.db.close()
                raise

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Close the file."""
        self.db.close()

    def _make_file(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A device or a pipe is not to be opened, and its mode is not ours. A folder says so itself.
        if self.path.exists() and not (self.path.is_file() or self.path.is_dir()):
            raise self._not_ours()

        # A backup may have put it back read-only.
        if self.path.is_file() and self._says_ours():
            self._close_to_others()
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, PRIVATE))

    def _says_ours(self) -> bool:
        """Tell whether the file says that it is ours, without opening it to write."""
        with self.path.open("rb") as file:
            file.seek(APPLICATION_ID_AT)
            return file.read(4) == APPLICATION_ID.to_bytes(4)

    def _prepare(self) -> None:
        self._refuse_strangers()
        self._close_to_others()

        # What is committed survives a power cut; what is deleted is overwritten.
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            self.db.execute(f"PRAGMA {pragma}").fetchall()

        self._migrate()

    def _close_to_others(self) -> None:
        """Set the modes back that somebody, or a copy, has changed: what a backup puts back may be
        open to others, or closed to us.

        SQLite gives new files that of the first.
        """
        for suffix in ("", "-wal", "-shm", ".lock", ".tokens.lock", ".told.lock"):
            file = self.path.with_name(f"{self.path.name}{suffix}")
            if file.is_file() and stat.S_IMODE(file.stat().st_mode) != PRIVATE:
                file.chmod(PRIVATE)

    def _refuse_strangers(self) -> None:
        """Refuse another program's file, and one that a newer version of ours has written."""
        # A file without tables was made a moment ago. They are asked for first: another process may
        # make them and the id in between.
        tables = self.db.table_names()
        application_id = self.db.execute("PRAGMA application_id").fetchone()[0]
        if tables and application_id != APPLICATION_ID:
            raise self._not_ours()

        our_steps = {migration.name for migration in migrations.pending(Database(memory=True))}
        newer = {migration.name for migration in migrations.applied(self.db)} - our_steps
        if newer:
            message = _("{path} was written by a newer version of mww2minox ({steps}).")
            raise StateError(
                message.format(path=self.path, steps=", ".join(sorted(newer))),
                _("Install that version, then run: mww2minox report"),
            )

    def _not_ours(self) -> StateError:
        message = _("{path} is not a state file of mww2minox.").format(path=self.path)
        return StateError(message, _("Name the right one: mww2minox --state PATH report"))

    def _migrate(self) -> None:
        if not migrations.pending(self.db):
            return

        with self.transaction():
            # Another process may have done it since: a copy made now would be no way back.
            pending = migrations.pending(self.db)
            if not pending:
                return

            # A new file has nothing to go back to.
            if migrations.applied(self.db):
                self._back_up(self.path.with_name(f"{self.path.name}.before-{pending[0].name}"))
            self.db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrations.apply(self.db)

    def _back_up(self, target: Path) -> None:
        """Copy the state file as it is, for the way back. Call inside a transaction."""
        os.close(os.open(target, os.O_RDWR | os.O_CREAT, PRIVATE))

        # By a connection of its own: SQLite copies nothing by one that may write.
        with (
            contextlib.closing(sqlite3.connect(self.path)) as source,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn SQLite's and the file system's errors into a sentence."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(_problem(error)) from None

    def _unusable(self, problem: str) -> StateError:
        message = _("The state file {path} cannot be used: {problem}.")
        suggestion = _(
            "Look at the disk (df) and at the file's owner. If the file is damaged, put a backup"
            " back, or move it away and log in again; then run: mww2minox fetch && mww2minox adopt"
        )
        return StateError(message.format(path=self.path, problem=_(problem)), suggestion)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that happens inside, or nothing.

        Inside another transaction it is part of that one.
        """
        if self.db.conn.in_transaction:
            yield
            return

        with self._translated():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.commit()
            except BaseException:
                self.db.rollback()
                raise

    def _write(self, sql: str, **values: object) -> None:
        with self.transaction():
            self.db.execute(sql, values)

    def _rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        with self._translated():
            return list(self.db.query(sql, values))

    def _read(
        self, make: Callable[[dict[str, Any]], Stored], sql: str, **values: object
    ) -> list[Stored]:
        """Return what `make` makes of the rows."""
        rows = self._rows(sql, **values)
        # SQLite does not see damage inside a text: that shows here.
        try:
            return [make(row) for row in rows]
        except ValueError:
            raise self._unusable(N_("what it holds cannot be read")) from None

    # One run at a time

    @contextlib.contextmanager
    def run(self, *, wait: float = 0) -> Iterator[None]:
        """Hold the run lock while inside, waiting up to `wait` seconds for it.

        The kernel frees it after a kill. Raises RunInProgress with who holds it since when.
        """
        try:
            lock = FileLock(self._lock_file, mode=PRIVATE).acquire(timeout=wait, poll_interval=0.1)
        except Timeout:
            raise self._in_progress() from None
        except OSError as error:
            raise self._unusable(_problem(error)) from None

        with lock:
            self._refuse_damage()
            yield

    @property
    def _lock_file(self) -> Path:
        """The file that is locked."""
        return self.path.with_name(f"{self.path.name}.lock")

    def _refuse_damage(self) -> None:
        result = self._rows("PRAGMA quick_check(1)")[0]["quick_check"]
        if result != "ok":
            raise self._unusable(str(result).splitlines()[0])

    def _in_progress(self) -> RunInProgress:
        sql = "SELECT * FROM runs WHERE finished_at IS NULL ORDER BY id DESC LIMIT 1"
        message = _("Another run is busy.")
        # It may hold the lock and not have noted its start yet.
        for run in self._rows(sql):
            busy = _("Another run is busy ({command}, process {pid}, since {moment}).")
            message = busy.format(command=run["command"], pid=run["pid"], moment=run["started_at"])

        suggestion = _("Wait until it is done, or give --wait SECONDS: mww2minox --help")
        return RunInProgress(message, suggestion)

    def start_run(self, command: str) -> int:
        """Note that a run has begun, and return its id. Earlier ones that were killed are over."""
        with self.transaction():
            self._write("UPDATE runs SET finished_at = :now WHERE finished_at IS NULL", now=_now())
            self._write(
                "INSERT INTO runs (command, pid, started_at) VALUES (:command, :pid, :now)",
                command=command,
                pid=os.getpid(),
                now=_now(),
            )
            return int(self._rows("SELECT last_insert_rowid() AS id")[0]["id"])

    def finish_run(self, run: int, exit_status: int, *, refused: bool = False) -> None:
        """Note how a run ended; `refused`: it did nothing of its work."""
        self._write(
            """UPDATE runs SET finished_at = :now, exit_status = :exit_status, refused = :refused
               WHERE id = :run""",
            now=_now(),
            exit_status=exit_status,
            refused=refused,
            run=run,
        )

    def past_runs(self, command: str, *, before: int | None = None) -> PastRuns | None:
        """Return when a command ran, or None when it never ran to its end.

        `before` leaves out that run and later ones. The last is the one that began last: by the
        clock it may be another, where that was wrong for a while.
        """
        sql = """WITH mine AS (
                   SELECT * FROM runs
                   WHERE command = :command AND (:before IS NULL OR id < :before)
                 )
                 SELECT (SELECT started_at FROM mine ORDER BY id LIMIT 1) AS began,
                 (SELECT finished_at FROM mine WHERE finished_at IS NOT NULL
                  ORDER BY id DESC LIMIT 1) AS ended,
                 (SELECT refused FROM mine WHERE finished_at IS NOT NULL
                  ORDER BY id DESC LIMIT 1) AS refused,
                 (SELECT finished_at FROM mine WHERE exit_status IN (0, 3) AND NOT refused
                  ORDER BY id DESC LIMIT 1) AS ended_well"""
        row = self._rows(sql, command=command, before=before)[0]

        began, ended = _moment(row["began"]), _moment(row["ended"])
        if began is None or ended is None:
            return None

        ended_well = _moment(row["ended_well"])
        return PastRuns(
            began=began, ended=ended, ended_well=ended_well, refused=bool(row["refused"])
        )

    def exit_status(self, run: int) -> int | None:
        """Return how a run ended, or None while it has not."""
        rows = self._rows("SELECT exit_status FROM runs WHERE id = :run", run=run)
        return rows[0]["exit_status"] if rows else None

    # What people were told

    @contextlib.contextmanager
    def telling(self) -> Iterator[bool]:
        """Let one process at a time tell people something; yield whether it is this one.

        No process waits for another.
        """
        try:
            lock = FileLock(f"{self.path}.told.lock", mode=PRIVATE).acquire(timeout=0)
        except Timeout:
            yield False
            return
        except OSError as error:
            raise self._unusable(_problem(error)) from None

        with lock:
            yield True

    def told(self) -> set[str]:
        """Return the keys of the matters that people were told about and that are not over."""
        return {row["key"] for row in self._rows("SELECT key FROM told")}

    def mark_told(self, keys: Iterable[str]) -> None:
        """Remember that people were told about these matters."""
        self._write(
            "INSERT OR REPLACE INTO told SELECT value, :now FROM json_each(:keys)",
            now=_now(),
            keys=json.dumps(list(keys)),
        )

    def forget_told(self, keys: Iterable[str]) -> None:
        """These matters are over: should they come back, people are to be told again."""
        self._write(
            "DELETE FROM told WHERE key IN (SELECT value FROM json_each(:keys))",
            keys=json.dumps(list(keys)),
        )

    # Small facts: watermarks, the store's region, until when a vendor must be left alone

    def note(self, key: str) -> str | None:
        """Return a small fact, or None."""
        rows = self._rows("SELECT value FROM notes WHERE key = :key", key=key)
        return rows[0]["value"] if rows else None

    def set_note(self, key: str, value: str | None) -> None:
        """Remember a small fact, or forget it."""
        if value is None:
            self._write("DELETE FROM notes WHERE key = :key", key=key)
        else:
            self._write("INSERT OR REPLACE INTO notes VALUES (:key, :value)", key=key, value=value)

    def moment(self, key: str) -> datetime | None:
        """Return a small fact that is a moment (aware, UTC), or None."""
        return _moment(self.note(key))

    # Orders

    def order(self, number: str) -> StoredOrder | None:
        """Return the order with this number, or None."""
        sql = "SELECT * FROM orders WHERE number = :number"
        orders = self._read(self._order, sql, number=number)
        return orders[0] if orders else None

    def orders(
        self, states: Iterable[State] = State, numbers: Sequence[str] | None = None
    ) -> list[StoredOrder]:
        """Return the orders in these states, by date and number; of `numbers` only, when given."""
        sql = """SELECT * FROM orders WHERE state IN (SELECT value FROM json_each(:states))
                 AND (:numbers IS NULL OR number IN (SELECT value FROM json_each(:numbers)))
                 ORDER BY date, length(number), number"""
        chosen = None if numbers is None else json.dumps(list(numbers))
        return self._read(self._order, sql, states=json.dumps(list(states)), numbers=chosen)

    def _order(self, row: dict[str, Any]) -> StoredOrder:
        rejection = None
        if row["reason"]:
            values = json.loads(row["detail"])
            rejection = Rejection(reason=Reason(row["reason"]), values=values)

        return StoredOrder(
            number=row["number"],
            date=row["date"],
            status=row["status"],
            state=State(row["state"]),
            rejection=rejection,
            total_cents=row["total_cents"],
            payload=json.loads(row["payload"]),
            read=self._reader,
            paid_by=row["paid_by"],
            asked_for=bool(row["asked_for"]),
            gone=bool(row["gone"]),
            skipped_before=bool(row["skipped_before"]),
        )

    def take_in(self, order: StoredOrder) -> None:
        """Store an order as the shop has it now, with the state it is in.

        A booked order stays as it was booked. How it was paid stays, where it is told no more.
        """
        sql = """INSERT INTO orders
                 (number, date, status, state, reason, detail, total_cents, payload, seen_at,
                  asked_for, paid_by)
                 VALUES
                 (:number, :date, :status, :state, :reason, :detail, :total_cents, :payload, :now,
                  :asked_for, :paid_by)
                 ON CONFLICT (number) DO UPDATE SET date = excluded.date, status = excluded.status,
                 state = excluded.state, reason = excluded.reason, detail = excluded.detail,
                 total_cents = excluded.total_cents, payload = excluded.payload,
                 seen_at = excluded.seen_at, asked_for = excluded.asked_for, gone = 0,
                 shop_date = NULL, paid_by = coalesce(excluded.paid_by, orders.paid_by)
                 WHERE orders.state != 'booked'"""

        self._write(
            sql,
            number=order.number,
            date=order.date,
            status=order.status,
            total_cents=order.total_cents,
            payload=_json(order.payload),
            now=_now(),
            asked_for=order.asked_for,
            paid_by=order.paid_by,
            **_state_columns(order.state, order.rejection),
        )

    def mark(self, number: str, state: State, rejection: Rejection | None) -> None:
        """Put an order that is not booked into `state`, with the reason."""
        self._write(
            """UPDATE orders SET state = :state, reason = :reason, detail = :detail
               WHERE number = :number AND state != 'booked'""",
            number=number,
            **_state_columns(state, rejection),
        )

    def mark_in_shop(self, number: str, date: str) -> None:
        """The shop has this booked order, and dates it so (ISO 8601); it stays as it was booked."""
        self._write(
            "UPDATE orders SET gone = 0, shop_date = nullif(:date, date) WHERE number = :number",
            number=number,
            date=date,
        )

    def mark_gone(self, number: str) -> None:
        """The shop does not have this order any more."""
        self._write("UPDATE orders SET gone = 1 WHERE number = :number", number=number)

    def book_after_all(self, number: str) -> None:
        """A person says that an order which an earlier version skipped is to be booked."""
        self._write("UPDATE orders SET skipped_before = 0 WHERE number = :number", number=number)

    def dated(self, first: date, last: date | None) -> list[str]:
        """Return the numbers of the orders of these dates, as the shop last told them.

        Left out are those that it does not have any more, and those without a number.
        """
        sql = """SELECT number FROM orders WHERE coalesce(shop_date, date) >= :first
                 AND (:last IS NULL OR coalesce(shop_date, date) <= :last)
                 AND NOT gone AND number NOT LIKE '?%'"""
        limit = last.isoformat() if last else None
        return [row["number"] for row in self._rows(sql, first=first.isoformat(), last=limit)]

    def keep_paid_by(self, number: str, paid_by: str) -> None:
        """Store how an order was paid, told by the shop apart from it; empty: not received yet."""
        self._write(
            "UPDATE orders SET paid_by = :paid_by WHERE number = :number",
            number=number,
            paid_by=paid_by,
        )

    def ways_of_paying(self, *states: State) -> dict[str, str]:
        """Return the ways of paying of the orders in these states, each with its first order."""
        rows = self._rows(
            """SELECT paid_by, number, min(date) FROM orders
               WHERE paid_by != '' AND state IN (SELECT value FROM json_each(:states))
               AND total_cents != 0 GROUP BY paid_by""",
            states=json.dumps(states),
        )
        return {row["paid_by"]: row["number"] for row in rows}

    def forget_stand_in(self, number: str) -> None:
        """Forget the row of an order that had no number, and so was never sent: it has one now."""
        self._write("DELETE FROM orders WHERE number = :number", number=number)

    def newest_order_date(self) -> str:
        """Return the latest order date that is known, or an empty text."""
        return str(self._rows("SELECT coalesce(max(date), '') AS newest FROM orders")[0]["newest"])

    # Bookings

    def booking(self, number: str) -> StoredBooking | None:
        """Return the booking of an order, sent or booked, or None."""
        # no text: SQL
        sql = f"{BOOKINGS} WHERE number = :number"
        bookings = self._read(self._booking, sql, number=number)
        return bookings[0] if bookings else None

    def bookings(self) -> list[StoredBooking]:
        """Return all bookings, sent or booked, by the date of their order."""
        # no text: SQL
        sql = f"{BOOKINGS} ORDER BY orders.date, length(number), number"
        return self._read(self._booking, sql)

    def intents(self) -> list[StoredBooking]:
        """Return the bookings that were sent and are not known to be in Minox."""
        return self._read(self._booking, f"{BOOKINGS} WHERE booked_at IS NULL")

    def _booking(self, row: dict[str, Any]) -> StoredBooking:
        differences = _differences(row["differences"])
        shop_differences = _differences(row["shop_differences"])

        booking = StoredBooking(
            number=row["number"],
            batch_id=row["batch_id"],
            customer=row["customer"],
            total_cents=row["total_cents"],
            body=row["body"],
            payload=json.loads(row["payload"]),
            read=self._reader,
            paid_by=row["paid_by"],
            sent_at=datetime.fromisoformat(row["sent_at"]),
            booked_at=_moment(row["booked_at"]),
            verified=row["verified"],
            verified_at=_moment(row["verified_at"]),
            differences=differences,
            shop_differences=shop_differences,
            seen=_differences(row["seen"]),
            warnings=_warnings(row["warnings"]),
            seen_warnings=_warnings(row["seen_warnings"]),
            looked_at=_moment(row["seen_at"]),
            credited_cents=row["credited_cents"],
        )

        # A credit order that was booked since took the last difference away.
        if booking.verified == "mismatch" and not booking.all_differences:
            return replace(booking, verified=None)
        return booking

    def credited(self, number: str, *, without: str) -> Decimal:
        """Return what the booked credit orders of an order take back, in euros, one left out."""
        sql = """SELECT coalesce(-sum(total_cents), 0) AS cents FROM orders
                 WHERE credits = :number AND state = 'booked' AND number != :without"""
        return Decimal(self._rows(sql, number=number, without=without)[0]["cents"]) / 100

    def intend_booking(self, booking: StoredBooking) -> None:
        """Store the intent, with the exact body, before the first PUT."""
        # What is known of an earlier intent goes: this one is not known to be booked.
        sql = """INSERT OR REPLACE INTO bookings
                 (number, batch_id, customer, total_cents, body, payload, sent_at, warnings)
                 VALUES (:number, :batch_id, :customer, :total_cents, :body, :payload, :sent_at,
                         :warnings)"""

        with self.transaction():
            self._write(
                sql,
                number=booking.number,
                batch_id=booking.batch_id,
                customer=booking.customer,
                total_cents=booking.total_cents,
                body=booking.body,
                payload=_json(booking.payload),
                sent_at=booking.sent_at.isoformat(),
                warnings=_warnings_json(booking.warnings),
            )
            # Why it failed before holds no more: after a kill it may be in Minox.
            self.mark(booking.number, State.READY, None)

    def mark_leaving(self, number: str) -> None:
        """A booking that is not known to be booked leaves, for the first time or once more."""
        self._write(
            "UPDATE bookings SET sent_at = :now WHERE number = :number AND booked_at IS NULL",
            number=number,
            now=_now(),
        )

    def mark_booked(self, number: str) -> None:
        """The booking is in Minox: the order is finished."""
        with self.transaction():
            # Of a booking that is seen to be there again, the first moment counts.
            self._write(
                "UPDATE bookings SET booked_at = coalesce(booked_at, :now) WHERE number = :number",
                number=number,
                now=_now(),
            )

            self._write(
                """UPDATE orders SET state = 'booked', reason = NULL, detail = '{}'
                   WHERE number = :number""",
                number=number,
            )

    def drop_intent(self, number: str, state: State, rejection: Rejection | None) -> None:
        """What was to be booked is not in Minox and never will be: the order is in `state`."""
        with self.transaction():
            self._write(
                "DELETE FROM bookings WHERE number = :number AND booked_at IS NULL", number=number
            )
            self.mark(number, state, rejection)

    def mark_verified(self, number: str, differences: Sequence[Difference]) -> None:
        """Store what reading a booking back showed, and since when it has been right.

        What was looked at and is over is forgotten: should it come back, it is another one.
        """
        sql = """UPDATE bookings SET differences = :differences, verified = :verified,
                 verified_at = CASE WHEN :verified = 'ok' AND verified = 'ok'
                                    THEN verified_at ELSE :now END
                 WHERE number = :number"""

        with self.transaction():
            # A booking that reads back as it was sent may still differ from the shop.
            booking = self.booking(number)
            differs = differences or (booking and booking.open_shop_differences)
            self._write(
                sql,
                number=number,
                now=_now(),
                differences=_differences_json(differences),
                verified="mismatch" if differs else "ok",
            )
            self._forget_seen(number)

    def mark_absent(self, number: str) -> None:
        """An order that wants no booking has none: right for now, and to be asked again.

        The order may come to want it once more, so that this is not held as verified; since when
        it has been right is.
        """
        with self.transaction():
            self._write(
                """UPDATE bookings SET differences = '[]', verified = NULL,
                   verified_at = CASE WHEN verified IS NULL THEN coalesce(verified_at, :now)
                                      ELSE :now END
                   WHERE number = :number""",
                number=number,
                now=_now(),
            )
            self._forget_seen(number)

    def _forget_seen(self, number: str) -> None:
        """Forget what was looked at of an order and is no difference any more."""
        booking = self.booking(number)
        if booking is None or not booking.seen:
            return

        lasting = [seen for seen in booking.seen if seen in booking.all_differences]
        self._write(
            "UPDATE bookings SET seen = :seen WHERE number = :number",
            number=number,
            seen=_differences_json(lasting),
        )

    def mark_seen(self, number: str) -> None:
        """Somebody has looked at all differences and warnings that there are of a booking now."""
        with self.transaction():
            booking = self.booking(number)
            differences = booking.all_differences if booking else ()
            self._write(
                """UPDATE bookings SET seen = :seen, seen_warnings = warnings, seen_at = :now
                   WHERE number = :number""",
                number=number,
                now=_now(),
                seen=_differences_json(differences),
            )

    def mark_agreed(
        self, booking: StoredBooking, order: OrderNow, undone: Sequence[Difference] = ()
    ) -> None:
        """Shop and Minox agree again: what they agree on is what the order is held on to.

        `undone` stays: what happened to the order in the shop that no booking shows.
        """
        with self.transaction():
            self._write(
                """UPDATE bookings SET batch_id = :batch_id, customer = :customer,
                   total_cents = :total_cents, body = :body, payload = :payload,
                   shop_differences = :undone WHERE number = :number""",
                number=booking.number,
                batch_id=booking.batch_id,
                customer=booking.customer,
                total_cents=booking.total_cents,
                body=booking.body,
                payload=_json(booking.payload),
                undone=_differences_json(undone),
            )

            self._write(
                """UPDATE orders SET date = :date, status = :status, total_cents = :total_cents,
                   payload = :payload WHERE number = :number""",
                number=booking.number,
                date=order.date,
                status=order.status,
                total_cents=booking.total_cents,
                payload=_json(booking.payload),
            )

    def mark_changed_in_shop(self, number: str, differences: Sequence[Difference]) -> None:
        """Store how a booked order now differs in the shop.

        A new difference has to be verified again. What was looked at and is over is forgotten.
        """
        sql = """UPDATE bookings SET shop_differences = :differences,
                 verified = CASE WHEN shop_differences = :differences THEN verified END
                 WHERE number = :number"""

        with self.transaction():
            self._write(sql, number=number, differences=_differences_json(differences))
            self._forget_seen(number)

    # Whose a booking is, and whose not

    def orders_of_bookings(self) -> dict[str, set[str]]:
        """Return the booked orders that each booking stands for, by its UUID.

        One that another connector made may stand for several.
        """
        sql = "SELECT batch_id, number FROM bookings WHERE booked_at IS NOT NULL"

        numbers: dict[str, set[str]] = {}
        for row in self._rows(sql):
            numbers.setdefault(row["batch_id"], set()).add(row["number"])
        return numbers

    def disowned(self) -> set[tuple[str, str]]:
        """Return order number and UUID of what, by a person's word, does not belong together."""
        rows = self._rows("SELECT number, batch_id FROM not_adopted")
        return {(row["number"], row["batch_id"]) for row in rows}

    def disown(self, number: str, batch_ids: Iterable[str]) -> None:
        """Remember that a person said that these bookings are not the order's."""
        self._write(
            """INSERT OR IGNORE INTO not_adopted
               SELECT :number, value FROM json_each(:batch_ids)""",
            number=number,
            batch_ids=json.dumps(list(batch_ids)),
        )

    def has_long_invoice_numbers(self) -> bool:
        """Tell whether Minox took an order number of more than 8 digits as invoice number."""
        sql = """SELECT EXISTS (
                   SELECT 1 FROM bookings WHERE booked_at IS NOT NULL
                   AND length(number) > 8 AND body LIKE '%"invoice_number": %'
                 ) AS found"""
        return bool(self._rows(sql)[0]["found"])

    def highest_number(self) -> int:
        """Return the highest order number that Minox took as invoice number.

        Where it took none, the highest that it could take; 0 where there is none.
        """
        sql = """SELECT coalesce(
                   (SELECT max(CAST(number AS INTEGER)) FROM bookings
                    WHERE booked_at IS NOT NULL AND body LIKE '%"invoice_number": %'),
                   (SELECT max(CAST(number AS INTEGER)) FROM orders
                    WHERE number NOT GLOB '*[^0-9]*' AND length(number) <= 8),
                   0
                 ) AS highest"""
        return int(self._rows(sql)[0]["highest"])

    def own_again(self, number: str, batch_id: str) -> None:
        """A person now says that this booking is the order's."""
        self._write(
            "DELETE FROM not_adopted WHERE number = :number AND batch_id = :batch_id",
            number=number,
            batch_id=batch_id,
        )

    def undo_adoption(self, number: str, batch_id: str) -> None:
        """Take back that an order was booked by this booking: it is to be taken in again."""
        with self.transaction():
            self._write("DELETE FROM bookings WHERE number = :number", number=number)
            self._write(
                """UPDATE orders SET state = 'ready', reason = NULL, detail = '{}'
                   WHERE number = :number""",
                number=number,
            )
            self.disown(number, [batch_id])

    def reduce(self, number: str, payload: dict[str, Any], body: str) -> None:
        """Put a reduced payload and body in the place of a booked order's, and of its booking's."""
        with self.transaction():
            self._write(
                "UPDATE orders SET payload = :payload WHERE number = :number",
                number=number,
                payload=_json(payload),
            )

            self._write(
                "UPDATE bookings SET payload = :payload, body = :body WHERE number = :number",
                number=number,
                payload=_json(payload),
                body=body,
            )

    # Customers, by externalid, which is derived from their e-mail address: nobody's name is here

    def customer(self, externalid: str) -> RememberedCustomer | None:
        """Return what is known of a customer, or None."""
        rows = self._rows(
            "SELECT * FROM customers WHERE externalid = :externalid", externalid=externalid
        )
        return _customer(rows[0]) if rows else None

    def intend_customer(self, externalid: str) -> None:
        """Store the intent to POST a customer, before it is sent."""
        sql = "INSERT OR REPLACE INTO customers (externalid, posted_at) VALUES (:externalid, :now)"
        self._write(sql, externalid=externalid, now=_now())

    def settle_customer(
        self,
        externalid: str,
        number: str | None,
        *,
        vat_number: str | None = None,
        others: Sequence[str] = (),
        name_marks: Sequence[str] | None = None,
    ) -> None:
        """Remember a customer's number (None: forget it); no POST is under way any more.

        `vat_number` is what Minox has of it now, an empty one too; None: not known. For `others`
        and `name_marks` see `RememberedCustomer`.
        """
        sql = """INSERT OR REPLACE INTO customers
                 (externalid, number, vat_number, read_at, others, name_marks)
                 VALUES (:externalid, :number, coalesce(:vat_number, ''),
                         CASE WHEN :vat_number IS NOT NULL THEN :now END, :others, :name_marks)"""
        marks = None if name_marks is None else _json(list(name_marks))

        self._write(
            sql,
            externalid=externalid,
            number=number,
            vat_number=vat_number,
            now=_now(),
            others=_json(list(others)),
            name_marks=marks,
        )

    def distrust_customer(self, externalid: str) -> None:
        """What is known of a customer may hold no more: it is to be read again."""
        self._write(
            "UPDATE customers SET read_at = NULL WHERE externalid = :externalid",
            externalid=externalid,
        )

    # Tokens

    @contextlib.contextmanager
    def token_lock(self) -> Iterator[None]:
        """Let one process at a time refresh the tokens, waiting for the others."""
        with self._translated():
            lock = FileLock(f"{self.path}.tokens.lock", mode=PRIVATE).acquire()
        with lock:
            yield

    def tokens(self) -> Tokens | None:
        """Return the stored tokens, or None before the first login."""
        rows = self._rows("SELECT * FROM tokens")
        if not rows:
            return None

        row = rows[0]
        return Tokens(
            access_token=row["access_token"],
            refresh_token=row["refresh_token"],
            previous_refresh_token=row["previous_refresh_token"],
            expires_at=datetime.fromisoformat(row["expires_at"]),
        )

    def store_tokens(self, tokens: Tokens) -> None:
        """Store new tokens, before they are used."""
        self._write(
            "INSERT OR REPLACE INTO tokens VALUES (1, :access, :refresh, :previous, :expires)",
            access=tokens.access_token,
            refresh=tokens.refresh_token,
            previous=tokens.previous_refresh_token,
            expires=tokens.expires_at.isoformat(),
        )

    def tokens_worked(self) -> None:
        """The new tokens have worked: the previous refresh token is of no use any more."""
        self._write(
            """UPDATE tokens SET previous_refresh_token = NULL
               WHERE previous_refresh_token IS NOT NULL"""
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _state_columns(state: State, rejection: Rejection | None) -> dict[str, object]:
    columns: dict[str, object] = {"state": state.value, "reason": None, "detail": "{}"}
    if rejection:
        columns |= {"reason": rejection.reason.value, "detail": _json(dict(rejection.values))}
    return columns


def _differences_json(differences: Sequence[Difference]) -> str:
    return _json([[difference.code, dict(difference.values)] for difference in differences])


def _differences(text: str) -> tuple[Difference, ...]:
    return tuple(Difference(code=code, values=values) for code, values in json.loads(text))


def _warnings_json(warnings: Sequence[BookingWarning]) -> str:
    return _json([[warning.code.value, dict(warning.values)] for warning in warnings])


def _warnings(text: str) -> tuple[BookingWarning, ...]:
    return tuple(
        BookingWarning(code=WarningCode(code), values=values) for code, values in json.loads(text)
    )


def _customer(row: dict[str, Any]) -> RememberedCustomer:
    marks = row["name_marks"]

    return RememberedCustomer(
        externalid=row["externalid"],
        number=row["number"],
        posted_at=_moment(row["posted_at"]),
        vat_number=row["vat_number"],
        read_at=_moment(row["read_at"]),
        others=tuple(json.loads(row["others"])),
        name_marks=None if marks is None else tuple(json.loads(marks)),
    )
