"""The kill sweep: the command is killed at every place that matters, run again, and both sides are
looked at.

Each trial begins in a scene: what both vendors and the state file hold. A fork of a warm,
single-threaded process runs the scene's command and is killed; another fork runs the command again,
and then `fetch`, `push` and `verify`. What is in Minox and in the state afterwards must be what it
is without a kill (minox/exactly_once.md).
"""

import functools
import gc
import json
import multiprocessing
import os
import pkgutil
import random
import re
import shutil
import signal
import socket
import sqlite3
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Self, get_args

import yaml

import mww2minox
import mww2minox.commands
from mww2minox.cli import run
from mww2minox.errors import ExitStatus
from mww2minox.language.texts import Language, day, money, use
from mww2minox.output import stop_logging
from tests.crash.trial import Ended, Kill, in_fork, run_watched, set_clock
from tests.crash.vendors import (
    EDITED,
    JUDGED,
    ORDERS,
    ORIGINAL,
    REFUSED,
    SECOND,
    TODAY,
    WAITING,
    Remote,
)

WORKERS = 2
SPAWN = multiprocessing.get_context("spawn")
FIRST_DAY = datetime(TODAY.year, TODAY.month, TODAY.day, 8, tzinfo=UTC)
LATER = FIRST_DAY + timedelta(days=4)
EXPIRED = FIRST_DAY + timedelta(days=11)
"""After the life of the access token."""
AGAIN = timedelta(minutes=1)
"""How long after the kill the next run begins, and each one after it."""
EARLY = (EDITED, ORIGINAL, WAITING)
"""The orders that were there before the later fetch."""
AT_ONCE = 4
"""So many workers begin, however quick the answers are."""
SMALL_PAGE = 6
SMALL_LOG = 2500
"""So that orders come in several pages, and the log is rotated."""
IDENTITY = re.compile(r"/(by_email/.*|[0-9a-f-]{36}|[0-9]+)(?=/|$)")
"""The part of a path that tells one customer, order or booking from another."""
SHOWN = 20
"""So many failures are told in full."""
FAILURES = ("duplicates", "lost", "customers twice", "damaged state files", "wrong exits")

STATE = (
    "SELECT number, date, status, state, reason, detail, total_cents FROM orders ORDER BY number",
    """SELECT number, batch_id, customer, total_cents, body, booked_at IS NOT NULL, verified,
    differences,
       shop_differences, seen FROM bookings ORDER BY number""",
    "SELECT externalid, number FROM customers ORDER BY externalid",
    "SELECT number, batch_id FROM not_adopted ORDER BY number, batch_id",
)
"""What the state must hold after a trial; moments and runs may differ."""


@dataclass(frozen=True)
class Scene:
    """A starting point: `command` is what is killed, at that moment of the set clock.

    `repeated` is how it ends, other than well, where it was done already.
    """

    name: str
    command: str
    moment: datetime = FIRST_DAY
    repeated: frozenset[int] = frozenset()

    def ended_well(self, statuses: Sequence[int] | None) -> bool:
        """Tell whether the runs after a kill ended as they may: all is well, or needs attention."""
        return bool(statuses) and set(statuses or ()) <= {0, 3} | self.repeated


LOGIN = Scene("login", "login")
FIRST_FETCH = Scene("fetch, the first", "fetch")
FETCH = Scene("fetch, a later one", "fetch", LATER)
PUSH = Scene("push", "push")
REFRESH = Scene("push, token expired", "push", EXPIRED)
VERIFY = Scene("verify", "verify")
SKIP = Scene("skip, sent before", f"skip {REFUSED}", FIRST_DAY + timedelta(hours=1))
SEEN = Scene("seen", f"seen {EDITED}")
ADOPT = Scene("adopt", "adopt")
ADOPT_ORDER = Scene("adopt --order", f"adopt --order {JUDGED}")
UNDO = Scene("adopt --undo", f"adopt --undo {JUDGED}", repeated=frozenset({ExitStatus.USAGE}))
NOT_ADOPTED = Scene("retry --not-adopted", f"retry --not-adopted {JUDGED}")
RETRY = Scene("retry", f"retry {WAITING}")
SCENES = (
    *(LOGIN, FIRST_FETCH, FETCH, PUSH, REFRESH, VERIFY),
    *(SEEN, ADOPT, ADOPT_ORDER, UNDO, NOT_ADOPTED, RETRY, SKIP),
)


@dataclass(frozen=True)
class Found:
    """What there is at the end of a trial. `state` is None when the file is damaged."""

    batches: dict[str, Any]
    customers: dict[str, Any]
    state: list[Any] | None


@dataclass(frozen=True)
class Amount:
    """How much is tried of each scene: so many lines, and `every` boundary by all signals, or by
    KILL one of a kind.
    """

    every: bool
    lines: int


@dataclass
class Tally:
    """What came of the trials of a scene."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __iadd__(self, other: "Tally") -> Self:
        """Take another's counts and failures in."""
        self.counts += other.counts
        self.failures += other.failures
        return self

    @property
    def failed(self) -> bool:
        """Tell whether anything is wrong; a sweep that tried nothing proves nothing."""
        return not self.counts["points"] or any(self.counts[name] for name in FAILURES)

    def __str__(self) -> str:
        """Tell all counts in one line."""
        counts = self.counts
        tried = f"{counts['boundary']} at boundaries, {counts['line']} at lines"
        if counts["missed"]:
            tried += f", {counts['missed']} not reached"
        return f"{counts['points']} points tried ({tried}), " + ", ".join(
            f"{counts[name]} {name}" for name in FAILURES
        )


class Bench:
    """A worker's place: vendors of its own, a config for them, and the folder of the state file."""

    def __init__(self, folder: Path) -> None:
        """Start the vendors, and prepare the scenes."""
        self.vendors = Remote()
        self.live = folder / "live"
        self.output = folder / "output"
        self._folder = folder
        os.environ["MWW2MINOX_CONFIG"] = str(self._write_config(folder / "config.yaml"))
        self._prepare()

    def _write_config(self, path: Path) -> Path:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        config = self.vendors.config | {"language": "en", "state": str(self.live / "state.db")}
        config["shop"]["since"] = (TODAY - timedelta(days=60)).isoformat()
        config["minox"]["redirect_uri"] = f"http://127.0.0.1:{port}/callback"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(config))
        return path

    def _prepare(self) -> None:
        """Make the starting points, each from one before it."""
        self.live.mkdir(mode=0o700)
        self._save(LOGIN)
        self._do(LOGIN)
        self._save(FIRST_FETCH)
        self._do(FIRST_FETCH)
        self._save(PUSH)
        self.vendors("expire_access")
        self._save(REFRESH)
        self.restore(PUSH)
        self._do(PUSH)
        self.vendors("change_order", EDITED, {"payment": None})
        self.vendors(
            "change_order",
            EDITED,
            {"price": {"total": "131.00", "tax": [{"amount": "21.00", "rate": "21"}]}},
        )
        self._save(VERIFY)
        self._do(VERIFY)
        self._save(SEEN)
        self._prepare_adoption()
        self._prepare_skip()
        self._prepare_later_fetch()

    def _prepare_skip(self) -> None:
        """A push that was killed before its first booking left: nobody knows whether it did."""
        self.restore(PUSH)
        labels = (self.run(PUSH, None).returned or {})["labels"]
        place = next(n for n, label in enumerate(labels, 1) if label.startswith("before PUT"))

        self.restore(PUSH)
        self.run(PUSH, Kill("boundary", place, signal.SIGKILL))
        self._save(SKIP)

    def _prepare_adoption(self) -> None:
        """Orders that a person booked before we did, one to the cent and one to be judged, and one
        that was paid since.
        """
        self.restore(PUSH)
        self.vendors("book_by_hand", SECOND, 0)
        self.vendors("book_by_hand", JUDGED, 1)
        self._do(PUSH)
        status = {"status": 2, "status_changed_date": TODAY.isoformat()}
        self.vendors("change_order", WAITING, status)
        for scene in (ADOPT, ADOPT_ORDER, NOT_ADOPTED, RETRY):
            self._save(scene)
        self._do(ADOPT_ORDER)
        self._save(UNDO)

    def _prepare_later_fetch(self) -> None:
        """New orders, one that was paid since, and one that is booked and then changed."""
        self.restore(FIRST_FETCH)
        self.vendors("clear_shop")
        self.vendors("stock", EARLY)
        self._do(FIRST_FETCH)
        self._do(PUSH)
        yesterday = (LATER.date() - timedelta(days=1)).isoformat()
        self.vendors("stock", list(ORDERS), yesterday, TODAY.isoformat())
        status = {"status": 2, "status_changed_date": yesterday, "status_changed_time": "09:15:00"}
        self.vendors("change_order", WAITING, status)
        self.vendors("change_order", EDITED, status | {"status": 3, "locale": "de_DE"})
        self._save(FETCH)

    def _do(self, scene: Scene) -> None:
        """Run a scene's command to its end."""
        ended = self.run(scene, None)
        if ended.signal or ended.returned is None or ended.returned["status"] not in (0, 3):
            raise RuntimeError(f"{scene.name}: {ended}\n{self.output.read_text()}")

    def _save(self, scene: Scene) -> None:
        self.vendors("save", scene.name)
        shutil.copytree(self.live, self._folder / scene.name)

    def restore(self, scene: Scene) -> None:
        """Put vendors and state file back to the start of a scene."""
        self.vendors("restore", scene.name)
        shutil.rmtree(self.live)
        shutil.copytree(self._folder / scene.name, self.live)

    def warm_up(self) -> None:
        """Go the ways of most trials once in this process: what is made when it is first needed,
        such as models and patterns, is then there in every fork.
        """
        with self.output.open("w") as output, redirect_stdout(output), redirect_stderr(output):
            for scene in (FETCH, PUSH, VERIFY):
                self.restore(scene)
                run(scene.command.split())
        stop_logging()

    def run(self, scene: Scene, kill: Kill | None, *, lines: bool = False) -> Ended:
        """Run the scene's command, to be killed or to its end; with `lines` count them."""
        return in_fork(
            lambda: run_watched(scene.command.split(), scene.moment, kill, lines=lines), self.output
        )

    def run_again(self, scene: Scene, *, may_log_in: bool) -> Ended:
        """Run the command again, then all three; return the exit statuses."""
        commands = (
            ("fetch", "push", "verify")
            if scene.command == "fetch"
            else (scene.command, "fetch", "push", "verify")
        )

        def act() -> list[int]:
            clock = set_clock(scene.moment + AGAIN)
            statuses: list[int] = []
            for command in commands:
                status = run(command.split())
                if (
                    status == ExitStatus.VENDOR
                    and may_log_in
                    and re.search(r"mww2minox (--\S+ \S+ )*login", self.output.read_text())
                ):
                    statuses.append(run(["login"]))
                    status = run(command.split())
                statuses.append(status)
                clock.shift(AGAIN)
            return statuses

        return in_fork(act, self.output)

    def look(self) -> Found:
        """Look at both sides."""
        batches, customers = self.vendors("look")
        return Found(batches, customers, _state(self.live / "state.db"))


def _state(path: Path) -> list[Any] | None:
    try:
        with closing(sqlite3.connect(path)) as db:
            if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return None
            return [db.execute(query).fetchall() for query in STATE]
    except sqlite3.Error:
        return None


class Trials:
    """The trials of one scene on one bench, held against a run that nothing interrupted."""

    def __init__(self, bench: Bench, scene: Scene) -> None:
        """Make the reference run, counting the places."""
        self._bench = bench
        self._scene = scene
        self.tally = Tally()
        bench.restore(scene)
        ended = bench.run(scene, None, lines=True)
        statuses = bench.run_again(scene, may_log_in=False).returned
        self._reference = bench.look()
        self.labels: list[str] = (ended.returned or {}).get("labels", [])
        self.lines: int = (ended.returned or {}).get("lines", 0)
        if not self.labels or not scene.ended_well(statuses) or self._reference.state is None:
            raise RuntimeError(
                f"{scene.name}: {ended.returned}, {statuses}\n{bench.output.read_text()}"
            )

    def kills(self, amount: Amount, seed: int) -> list[Kill]:
        """Choose where to kill: boundaries by all three signals, lines by KILL."""
        chance = random.Random(f"{seed} {self._scene.name}")  # noqa: S311 - a choice of trials
        places: Sequence[int] = range(1, len(self.labels) + 1)
        signals = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
        if not amount.every:
            places, signals = one_of_a_kind(self.labels), signals[:1]
        kills = [Kill("boundary", place, number) for place in places for number in signals]
        lines = chance.sample(range(1, self.lines + 1), min(amount.lines, self.lines))
        return kills + [Kill("line", place, signal.SIGKILL) for place in sorted(lines)]

    def try_one(self, kill: Kill) -> None:
        """Kill once, run again, and count what is wrong."""
        bench, scene = self._bench, self._scene
        bench.restore(scene)
        ended = bench.run(scene, kill, lines=kill.kind == "line")
        struck = ended.signal == kill.signal or (
            kill.signal == signal.SIGINT and ended.signal is None
        )
        may_log_in = bench.vendors("last_request") == "/oauth/token"
        again = bench.run_again(scene, may_log_in=may_log_in)
        wrong = compare(self._reference, bench.look())
        if not (_ends_well(kill, ended) and scene.ended_well(again.returned)):
            wrong["wrong exits"] += 1
        self.tally.counts.update(wrong)
        self.tally.counts.update(("points", kill.kind) if struck else ("missed",))
        if any(wrong.values()):
            self._tell(kill, ended, again, wrong)

    def _tell(self, kill: Kill, ended: Ended, again: Ended, wrong: Counter[str]) -> None:
        where = self.labels[kill.place - 1] if kill.kind == "boundary" else f"line {kill.place}"
        told = "; ".join(f"{count} {name}" for name, count in wrong.items() if count)
        status = (
            f"signal {ended.signal}"
            if ended.signal
            else f"exit {(ended.returned or {}).get('status')}"
        )
        self.tally.failures.append(
            f"{self._scene.name}: {kill.signal.name} {where} ({kill.place}): {told}. {status}, then"
            f" {again.returned}"
        )


def _ends_well(kill: Kill, ended: Ended) -> bool:
    """KILL and TERM end the process, or it came never there; INT is told by the exit status."""
    if kill.signal == signal.SIGINT:
        return bool(ended.returned) and ended.returned["status"] == ExitStatus.INTERRUPTED
    return ended.signal == kill.signal or bool(ended.returned)


def one_of_a_kind(labels: Sequence[str]) -> list[int]:
    """Choose from the boundaries after something: the first and the last of each kind.

    The kind is which request came last, and how many other boundaries since. What comes before
    something leaves the same behind as what came after the thing before.
    """
    first: dict[tuple[str, int], int] = {}
    last: dict[tuple[str, int], int] = {}
    request, since = "", 0
    for place, label in enumerate(labels, 1):
        word, what = label.split(" ", 1)
        if word != "after":
            continue
        is_request = what.split(" ")[0] in ("GET", "PUT", "POST")
        request, since = (IDENTITY.sub("", what), 0) if is_request else (request, since + 1)
        first.setdefault((request, since), place)
        last[request, since] = place
    return sorted({*first.values(), *last.values()})


def compare(reference: Found, found: Found) -> Counter[str]:
    """Count what differs from the run that nothing interrupted."""
    wrong: Counter[str] = Counter()
    wanted, there = _bookings(reference), _bookings(found)
    wrong["duplicates"] = sum(
        max(0, len(booked) - len(wanted.get(order, ()))) for order, booked in there.items()
    )
    wrong["lost"] = sum(booked[0] not in there.get(order, ()) for order, booked in wanted.items())
    wrong["customers twice"] = (
        _namesakes(found.customers) - _namesakes(reference.customers)
    ).total()
    wrong["damaged state files"] = found.state is None
    wrong["lost"] += (_namesakes(reference.customers) - _namesakes(found.customers)).total()
    wrong["lost"] += _differing_rows(_rows(reference), _rows(found))
    return wrong


def _bookings(found: Found) -> dict[str, list[Any]]:
    """Return the bookings of each order, which every line names: their lines, without what tells
    one from another.
    """
    by_order: dict[str, list[Any]] = {}
    for lines in found.batches.values():
        plain = [
            {key: value for key, value in line.items() if key not in ("id", "batch_id")}
            for line in lines
        ]
        named = json.loads(_with_externalids(json.dumps(plain, default=str), found.customers))
        by_order.setdefault(lines[0]["description"], []).append(named)
    return by_order


def _rows(found: Found) -> list[set[str]]:
    """Return the rows of the state, as text."""
    queries = found.state or []
    return [
        {_with_externalids(json.dumps(row), found.customers) for row in rows} for rows in queries
    ]


def _with_externalids(text: str, customers: dict[str, Any]) -> str:
    """Put what we know our customers by in the place of their numbers: of several workers either
    may be the first to make one.
    """
    for number, customer in customers.items():
        if customer.get("externalid"):
            text = re.sub(rf"\b{number}\b", str(customer["externalid"]), text)
    return text


def _namesakes(customers: dict[str, Any]) -> Counter[str]:
    """Count the customers by externalid and by e-mail address."""
    emails = (
        str(email["email_address"]).strip().lower()
        for customer in customers.values()
        for address in customer["addresses"]
        for email in address.get("email_addresses") or ()
    )
    return Counter(emails) + Counter(
        str(one["externalid"]) for one in customers.values() if one.get("externalid")
    )


def _differing_rows(wanted: Sequence[set[str]], there: Sequence[set[str]]) -> int:
    """Count the rows of the state that are missing, differ, or should not be there."""
    return sum(len(rows ^ others) for rows, others in zip(wanted, there, strict=False))


def sweep(
    amount: Amount, say: Callable[[str], None], *, seed: int = 1, scenes: Sequence[Scene] = SCENES
) -> bool:
    """Try all scenes in two processes at once; tell each scene's figures in a line, then all
    together.

    Returns whether all is well.
    """
    total, well = Tally(), True
    with _folder() as folder, ProcessPoolExecutor(WORKERS, SPAWN) as pool:
        shares = {
            scene: [pool.submit(_try_share, folder, scene, n, amount, seed) for n in range(WORKERS)]
            for scene in scenes
        }
        for scene in scenes:
            tally = Tally()
            for share in shares[scene]:
                tally += share.result()
            say(f"{scene.name}: {tally}")
            for failure in tally.failures[:SHOWN]:
                say(f"  {failure}")
            total += tally
            well = well and not tally.failed
    say(f"all scenes: {total}")
    return well


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder, in memory where the machine has one."""
    memory = Path("/dev/shm")  # noqa: S108 - for speed only; the folder in it is private
    with tempfile.TemporaryDirectory(
        prefix="mww2minox-crash-", dir=memory if memory.is_dir() else None
    ) as name:
        yield Path(name)


@functools.cache
def _bench(folder: Path) -> Bench:
    """Prepare this process: all is imported and made before the first fork."""
    home = Path(tempfile.mkdtemp(dir=folder))
    os.environ.clear()
    os.environ |= {"HOME": str(home), "COLUMNS": "80"}
    _warm_up()
    bench = Bench(home)
    bench.warm_up()
    gc.collect()
    gc.freeze()
    return bench


def _try_share(folder: Path, scene: Scene, share: int, amount: Amount, seed: int) -> Tally:
    """Try every other point of a scene."""
    trials = Trials(_bench(folder), scene)
    for kill in trials.kills(amount, seed)[share::WORKERS]:
        trials.try_one(kill)
    if threading.active_count() != 1:
        raise RuntimeError("A process that forks must have one thread.")
    return trials.tally


def _warm_up() -> None:
    """Import all that the commands need, read how amounts and dates are written, and make pages
    and log small.
    """
    for package in (mww2minox, mww2minox.commands):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if not module.name.endswith((".__main__", ".sandbox")):
                import_module(module.name)
    for language in get_args(Language):
        use(language)
        money(Decimal(0))
        day(TODAY)
    settings: list[tuple[str, str, int]] = [
        ("mww2minox.shop.api", "PAGE", SMALL_PAGE),
        ("mww2minox.output", "LOG_BYTES", SMALL_LOG),
        ("mww2minox.steps.workers", "FIRST", AT_ONCE),
    ]
    for name, constant, value in settings:
        setattr(import_module(name), constant, value)
