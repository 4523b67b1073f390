"""The state file as a file: opening and migrating it, transactions, and one run at a time.

Each transaction is `BEGIN IMMEDIATE`, with WAL and `synchronous=FULL` (minox/exactly_once.md, "The
state file"). Workers share it: each reads and writes alone.
"""

import contextlib
import errno
import glob
import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from mww2minox.errors import RunInProgress, StateError, advice_on_full_disk
from mww2minox.language.texts import _, moment, system_problem
from mww2minox.state.stored import OrderReader, rows_alone
from mww2minox.state.tables import migrations

APPLICATION_ID = 0x6D777732
"""`mww2` in ASCII: tells our file from another program's."""
APPLICATION_ID_AT = 68
"""Where SQLite keeps it in the file, four bytes long (https://www.sqlite.org/fileformat2.html)."""
PRIVATE = 0o600
"""The mode of all that is ours: for its owner only."""
QUICK_TO_CHECK = 16 * 1024 * 1024
"""Bytes that are looked through in a moment, so that each run does."""
CHECK_EVERY = timedelta(hours=20)
"""The daily run must not miss its day by seconds."""
# no text: a key in the state, or what a UUID is derived from
CHECKED = "checked for damage at"
UNREADABLE = (ArithmeticError, ValueError)
"""What reading a text may raise that is no JSON, moment or number."""
BUSY_SECONDS = 30
"""How long a write waits for that of another process."""

Stored = TypeVar("Stored")


class StateFile:
    """The state file, opened: ours, migrated, one run at a time. Use as a context manager."""

    def __init__(self, path: Path, *, read: OrderReader = rows_alone) -> None:
        """Open the state file at `path`, making it (mode 0600) or migrating it where needed.

        `read` reads the orders that are looked into. Raises StateError when the file is damaged, of
        a newer version, or not ours.
        """
        self.path = path
        self._reader = read
        self._alone = threading.RLock()
        with self._translated():
            self._make_file()

            # Transactions are begun and ended by name. Workers use it one at a time (`_alone`).
            self.db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
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
        tables = self._has_tables()
        application_id = self.db.execute("PRAGMA application_id").fetchone()[0]
        if tables and application_id != APPLICATION_ID:
            raise self._not_ours()

        newer = set(migrations.applied(self.db)) - set(migrations.names())
        if newer:
            message = _("{path} was written by a newer version of mww2minox ({steps}).")
            raise StateError(
                message.format(path=self.path, steps=", ".join(sorted(newer))),
                _("Install that version, then run: mww2minox report"),
            )

    def _has_tables(self) -> bool:
        sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' LIMIT 1"
        return self.db.execute(sql).fetchone() is not None

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
                self._back_up(self.path.with_name(f"{self.path.name}.before-{pending[0]}"))
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

    def forget_copies(self, before: datetime) -> None:
        """Remove the copies that were made before a moment, each ahead of an upgrade.

        They hold all that the state file did then, whatever has been emptied in it since.
        """
        with self._translated():
            for copy in self.path.parent.glob(f"{glob.escape(self.path.name)}.before-*"):
                if copy.stat().st_mtime < before.timestamp():
                    copy.unlink()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn SQLite's and the file system's errors into a sentence."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from None

    def _failed(self, error: sqlite3.Error | OSError) -> StateError:
        """Return the failure of SQLite or the file system; a full disk is told as that."""
        failure = error
        if isinstance(error, sqlite3.Error) and self._is_full(error):
            failure = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        if isinstance(failure, OSError):
            return self._unusable(system_problem(failure), advice_on_full_disk(failure))
        return self._unusable(_(str(failure)))

    def _is_full(self, error: sqlite3.Error) -> bool:
        """Tell whether there is no room; SQLite calls it an I/O error where it makes a file."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
        if code & 0xFF == sqlite3.SQLITE_IOERR:
            return not shutil.disk_usage(self.path.parent).free
        return bool(code == sqlite3.SQLITE_FULL)

    def _unusable(self, problem: str, suggestion: str = "") -> StateError:
        message = _("The state file {path} cannot be used: {problem}.")
        suggestion = suggestion or _(
            "Look at the disk (df) and at the file's owner. If the file is damaged, put a backup"
            " back, or move it away and log in again; then run: mww2minox fetch && mww2minox adopt"
        )
        return StateError(message.format(path=self.path, problem=problem), suggestion)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that happens inside, or nothing.

        Inside another transaction it is part of that one. Other workers wait meanwhile.
        """
        with self._alone:
            if self.db.in_transaction:
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
        with self._alone, self._translated():
            cursor = self.db.execute(sql, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def _read(
        self, make: Callable[[dict[str, Any]], Stored], sql: str, **values: object
    ) -> list[Stored]:
        """Return what `make` makes of the rows."""
        rows = self._rows(sql, **values)
        # SQLite does not see damage inside a text: that shows here.
        try:
            return [make(row) for row in rows]
        except UNREADABLE:
            raise self._unusable(_("what it holds cannot be read")) from None

    def _each(
        self, make: Callable[[dict[str, Any]], Stored], sql: str, **values: object
    ) -> Iterator[Stored]:
        """Yield what `make` makes of each row, with no more than one of them in memory."""
        with self._translated():
            cursor = self.db.execute(sql, values)
            names = [column[0] for column in cursor.description]
            try:
                for row in cursor:
                    yield make(dict(zip(names, row, strict=True)))
            except UNREADABLE:
                raise self._unusable(_("what it holds cannot be read")) from None

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """See the state as it is now while inside, whatever other processes write meanwhile."""
        with self._translated():
            self.db.execute("BEGIN")
        try:
            yield
        finally:
            self.db.execute("ROLLBACK")

    # One at a time

    @contextlib.contextmanager
    def run(self, *, wait: float = 0) -> Iterator[None]:
        """Hold the run lock while inside, waiting up to `wait` seconds for it.

        The kernel frees it after a kill. Raises RunInProgress with who holds it since when.
        """
        from filelock import FileLock, Timeout

        try:
            lock = FileLock(self._lock_file, mode=PRIVATE).acquire(timeout=wait, poll_interval=0.1)
        except Timeout:
            raise self._in_progress() from None
        except OSError as error:
            raise self._failed(error) from None

        with lock:
            self._refuse_damage()
            yield

    @property
    def _lock_file(self) -> Path:
        """The file that is locked."""
        return self.path.with_name(f"{self.path.name}.lock")

    @contextlib.contextmanager
    def telling(self) -> Iterator[bool]:
        """Let one process at a time tell people something; yield whether it is this one.

        No process waits for another.
        """
        from filelock import FileLock, Timeout

        try:
            lock = FileLock(f"{self.path}.told.lock", mode=PRIVATE).acquire(timeout=0)
        except Timeout:
            yield False
            return
        except OSError as error:
            raise self._failed(error) from None

        with lock:
            yield True

    @contextlib.contextmanager
    def token_lock(self) -> Iterator[None]:
        """Let one process at a time refresh the tokens, waiting for the others."""
        from filelock import FileLock

        with self._translated():
            lock = FileLock(f"{self.path}.tokens.lock", mode=PRIVATE).acquire()
        with lock:
            yield

    def _refuse_damage(self) -> None:
        """Look through the whole file: a large one once a day, and after a run that was killed.

        In between SQLite tells of the damage that it comes across.
        """
        if not self._is_check_due():
            return

        result = self._rows("PRAGMA quick_check(1)")[0]["quick_check"]
        if result != "ok":
            raise self._unusable(str(result).splitlines()[0])

        self._write(
            "INSERT OR REPLACE INTO notes VALUES (:key, :moment)",
            key=CHECKED,
            moment=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _is_check_due(self) -> bool:
        if self.path.stat().st_size <= QUICK_TO_CHECK:
            return True
        if self._rows("SELECT 1 FROM runs WHERE finished_at IS NULL LIMIT 1"):
            return True

        checked = self._rows("SELECT value FROM notes WHERE key = :key", key=CHECKED)
        if not checked:
            return True

        # A moment ahead was noted by a clock that was wrong.
        since = datetime.now(UTC) - datetime.fromisoformat(checked[0]["value"])
        return not timedelta() <= since < CHECK_EVERY

    def _in_progress(self) -> RunInProgress:
        sql = "SELECT * FROM runs WHERE finished_at IS NULL ORDER BY id DESC LIMIT 1"
        message = _("Another run is busy.")
        # It may hold the lock and not have noted its start yet.
        for run in self._rows(sql):
            busy = _("Another run is busy ({command}, process {pid}, since {moment}).")
            since = _local(run["started_at"])
            message = busy.format(command=run["command"], pid=run["pid"], moment=since)

        suggestion = _("Wait until it is done, or give --wait SECONDS: mww2minox --help")
        return RunInProgress(message, suggestion)


def _local(kept: str) -> str:
    """Write a moment of the state by the reader's clock; one that is damaged stays as it is."""
    try:
        return moment(datetime.fromisoformat(kept))
    except ValueError:
        return kept
