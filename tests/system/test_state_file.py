"""The state file under the real command: its mode, damage, a full disk, I/O errors, and an older
one put back.
"""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.bulk import many_orders
from tests.harness.inside import Ended, Inside
from tests.system.conftest import RUNNER, Cli

pytestmark = pytest.mark.thorough

WRITES = ("PUT", "POST")


@pytest.fixture
def samples() -> bool:
    return False


def offer(shop: Sandbox, count: int = 3) -> list[str]:
    """Put orders in the shop; the first and the last are of one customer each."""
    orders = many_orders(count, shop.today)
    for order in orders:
        shop.shop.add(order)
    return [order["number"] for order in orders]


def written(vendors: Sandbox) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in vendors.requests if seen.method in WRITES]


def others_may(folder: Path) -> dict[str, int]:
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) & 0o077
        for path in folder.iterdir()
        if path.is_file()
    }
    return {name: mode for name, mode in modes.items() if mode}


def assert_refused(ended: Ended, *texts: str) -> None:
    assert ended.status == 2, ended.err
    for text in (*texts, "mww2minox "):
        assert text in ended.err


# Modes


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_nobody_else_can_read_the_state_its_locks_or_the_log(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mww2minox.output.LOG_BYTES", 1000)
    offer(vendors)
    with closing(sqlite3.connect(inside.state)) as reader:
        reader.execute("SELECT * FROM notes").fetchall()  # keeps -wal and -shm there
        for command in ("fetch", "push", "verify"):
            assert inside(command).status == 0
        there = {path.name for path in inside.folder.iterdir()}
        assert there >= {
            "state.db-wal",
            "state.db-shm",
            "state.db.lock",
            "mww2minox.log",
            "mww2minox.log.1",
        }
        assert others_may(inside.folder) == {}


def test_files_that_were_opened_to_others_are_closed_to_them_by_the_next_run(
    inside: Inside,
) -> None:
    inside("push")
    for path in inside.folder.iterdir():
        path.chmod(0o666)
    inside("fetch")
    assert others_may(inside.folder) == {"config.yaml": 0o066}


# Damage


def garbage_in_the_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(os.urandom(4096))


def of_a_newer_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "INSERT INTO _sqlite_migrations VALUES (99, 'mww2minox', 'm099_from_afar', 'now')"
        )
        db.commit()


def of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE photos (id INTEGER)")


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda path: os.truncate(path, path.stat().st_size // 2), "cannot be used"),
    "garbage": (
        lambda path: path.write_bytes(os.urandom(20_000)),
        "cannot be used: file is not a database",
    ),
    "garbage in the middle": (garbage_in_the_middle, "cannot be used"),
    "another program's": (of_another_program, "is not a state file of mww2minox"),
    "newer": (of_a_newer_version, "was written by a newer version of mww2minox (m099_from_afar)"),
    "a folder": (a_folder, "cannot be used: Is a directory"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_state_file_that_cannot_be_used_is_refused_before_anything_is_sent(
    inside: Inside, vendors: Sandbox, kind: str
) -> None:
    offer(vendors, 30)
    inside("fetch")
    damage, says = DAMAGE[kind]
    damage(inside.state)
    vendors.requests.clear()
    for command in ("push", "adopt", "retry --all", "fetch", "verify"):
        assert_refused(inside(*command.split()), "state.db", says)
    assert vendors.requests == []
    assert vendors.minox.batches == {}


def test_the_way_out_of_damage_that_is_told_leads_to_one_booking_per_order(
    inside: Inside, vendors: Sandbox
) -> None:
    numbers = offer(vendors)
    inside("fetch")
    inside("push")
    books = dict(vendors.minox.batches)
    garbage_in_the_middle(inside.state)
    assert_refused(
        inside("push"),
        "put a backup back, or move it away and log in again",
        "fetch && mww2minox adopt",
    )
    inside.state.rename(inside.folder / "damaged.db")
    inside.log_in(vendors)
    vendors.requests.clear()
    assert [inside(command).status for command in ("fetch", "adopt", "push", "verify")] == [
        0,
        0,
        0,
        0,
    ]
    assert (inside.booked(), written(vendors), vendors.minox.batches) == (numbers, [], books)


@pytest.mark.parametrize("target", ["/dev/full", "folder"])
def test_a_log_that_cannot_be_written_gets_a_sentence(
    inside: Inside, vendors: Sandbox, target: str
) -> None:
    offer(vendors)
    log = inside.folder / "mww2minox.log"
    log.unlink(missing_ok=True)
    if target == "folder":
        log.mkdir()
        assert_refused(inside("fetch"), "mww2minox.log cannot be written: Is a directory")
        return
    log.symlink_to(target)
    ended = inside("fetch")
    assert (ended.status, ended.err.count("mww2minox.log cannot be written")) == (0, 1)


# An older state file that was put back


def test_push_looks_in_the_journal_after_an_older_state_file_was_put_back(
    inside: Inside, vendors: Sandbox
) -> None:
    inside("push")
    numbers = offer(vendors)
    inside("fetch")
    backup = inside.state.read_bytes()
    assert inside("push").status == 0
    books = dict(vendors.minox.batches)
    inside.state.write_bytes(backup)
    vendors.requests.clear()
    assert inside("push", "--order", numbers[-1]).status == 0
    assert inside.booked() == numbers[-1:], "it is taken over as it is in Minox"
    assert inside("adopt", "--since", "2026-03-12").status == 0
    assert inside("push").status == 0
    assert (inside.booked(), written(vendors), vendors.minox.batches) == (numbers, [], books)


@pytest.mark.parametrize(
    ("corrected", "commands", "statuses"),
    [
        # It can be booked: the look finds it, and what differs needs attention.
        ("17.58", ("push", "push", "verify"), [3, 0, 3]),
        # A rule of ours refuses it, so Minox is not asked, and it fails: `adopt` finds it.
        ("12.13", ("push", "adopt", "push", "verify"), [3, 0, 0, 3]),
    ],
)
def test_an_order_that_changed_since_is_not_overwritten_after_an_older_state_file_was_put_back(
    inside: Inside,
    vendors: Sandbox,
    corrected: str,
    commands: tuple[str, ...],
    statuses: list[int],
) -> None:
    [number] = offer(vendors, 1)
    inside("fetch")
    backup = inside.state.read_bytes()
    inside("push")
    inside.state.write_bytes(backup)
    vendors.shop.change(number, price={**vendors.shop.orders[number]["price"], "total": corrected})
    vendors.shop.set_status(number, 3)
    inside("fetch")
    books = dict(vendors.minox.batches)
    assert [inside(command).status for command in commands] == statuses
    assert vendors.minox.batches == books
    difference = f"total: {corrected} booked, {total(vendors, number)} in Minox"
    assert difference in inside.report()[number]["differences"]


def total(vendors: Sandbox, number: str) -> str:
    lines = [line for lines in vendors.minox.batches.values() for line in lines]
    return next(
        f"{line['debit']:.2f}" for line in lines if str(line.get("invoice_number")) == number
    )


# A full disk and I/O errors, made by strace in the real command


def why_not_traced() -> str:
    """Tell why no process can be traced here, or nothing."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    command = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-e",
        "inject=pwrite64:error=ENOSPC:when=1+",
        "-o",
        os.devnull,
        "true",
    ]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode else ""


@dataclass(frozen=True)
class Failing:
    """A kind of system call that fails from the `first` on the state file (or its write-ahead log)
    on.
    """

    call: str
    error: str
    first: int

    def __str__(self) -> str:
        return f"{self.call} {self.error} {self.first}+"

    def push(self, cli: Cli) -> Ended:
        traced = [
            *(
                "strace",
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-o",
                str(cli.folder / "trace"),
                "-e",
                f"trace={self.call}",
            ),
            *("-e", f"inject={self.call}:error={self.error}:when={self.first}+"),
            *(
                part
                for name in ("state.db", "state.db-wal", "state.db.lock")
                for part in ("-P", str(cli.folder / name))
            ),
            *(sys.executable, str(RUNNER), cli.now, "push"),
        ]
        env = {**os.environ, "MWW2MINOX_CONFIG": str(cli.config), "PYTHONDONTWRITEBYTECODE": "1"}
        ended = subprocess.run(
            traced, capture_output=True, text=True, check=False, cwd=cli.folder, env=env
        )
        assert "INJECTED" in (cli.folder / "trace").read_text(), "nothing failed"
        return Ended(ended.returncode, ended.stdout, ended.stderr)


FULL = [Failing("pwrite64", "ENOSPC", first) for first in (1, 26, 40)]
BROKEN = [Failing("fdatasync", "EIO", first) for first in (2, 10)]


@pytest.mark.skipif(bool(why_not_traced()), reason=f"cannot trace a process: {why_not_traced()}")
@pytest.mark.parametrize("failing", [*FULL, *BROKEN], ids=str)
def test_a_disk_that_fails_during_push_costs_no_booking_and_makes_none_twice(
    cli: Cli, sandbox: Sandbox, failing: Failing
) -> None:
    numbers = offer(sandbox)
    assert cli("fetch").status == 0
    ended = failing.push(cli)
    assert_refused(ended, "The state file", "cannot be used", "df")
    assert "Traceback" not in ended.out + ended.err
    assert sent_batches(sandbox) <= intended(cli.state), (
        "a booking was sent before its intent was stored"
    )
    assert set(numbers) == {*cli.report()}, "what was committed is there"
    assert (cli("push").status, cli("push").status) == (0, 0)
    assert sorted(invoice_numbers(sandbox)) == numbers
    assert len(sandbox.minox.customers) == len(Sandbox(samples=False).minox.customers) + 1
    assert {order["state"] for order in cli.report().values()} == {"booked"}


def sent_batches(sandbox: Sandbox) -> set[str]:
    return {seen.path.rpartition("/")[2] for seen in sandbox.requests if seen.method == "PUT"}


def intended(state: Path) -> set[str]:
    with closing(sqlite3.connect(state)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in db.execute("SELECT batch_id FROM bookings")}


def invoice_numbers(sandbox: Sandbox) -> list[str]:
    lines = [line for lines in sandbox.minox.batches.values() for line in lines]
    return [str(line["invoice_number"]) for line in lines if line["account"]["type"] == "customer"]
