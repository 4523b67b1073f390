"""How near `push` comes to the rate that Minox permits, with quick and with slow answers, and what
processor time an order takes: `python -m tests.bench.rate`.

The rate is that of the requests from the first booking to the last one, as the sandbox counts
them. The floor of the processor time is one PUT of a `requests.Session` and one commit of SQLite,
measured in the same minute.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import requests

from mww2minox.output import Output
from mww2minox.sandbox import Fault, Sandbox, Settings, many_orders
from mww2minox.sandbox.rate_limit import Admission, RateLimit
from tests.bench.running import prepare

LATENCIES = (0.02, 0.2, 0.8)
"""Seconds that Minox takes for an answer."""
LIMIT, WINDOW = 100, 5.0
"""So many requests in so many seconds: 20 a second."""
CUSTOMERS = 60
"""The orders that come first: they make the customers that all others are of."""
ORDERS = CUSTOMERS * 6
FLOOR_TIMES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What came of a push: `share` of the permitted rate, answers 429, and seconds of processor
    time for each order.
    """

    latency: float
    share: float
    refused: int
    cpu: float


@dataclass(slots=True)
class Admissions:
    """When requests were counted (seconds of the monotonic clock), and how many were refused."""

    moments: list[float]
    refused: int = 0


def rates(latencies: Iterator[float] | tuple[float, ...] = LATENCIES) -> Iterator[Rate]:
    """Push the same orders with each latency, and yield what came of it."""
    for latency in latencies:
        with tempfile.TemporaryDirectory() as folder, _sandbox() as sandbox:
            yield _measure(Path(folder), sandbox, latency)


def _sandbox() -> Sandbox:
    sandbox = Sandbox(settings=Settings(rate_limit=10**6, page_size=1000), samples=False)
    for order in many_orders(ORDERS, sandbox.today):
        sandbox.shop.add(order)
    return sandbox


def _measure(folder: Path, sandbox: Sandbox, latency: float) -> Rate:
    prepare(folder, sandbox)
    _run(folder, "fetch")
    _run(folder, "push", "--limit", str(CUSTOMERS))

    # A run of one order takes what every run takes.
    start = _run(folder, "push", "--limit", "1")
    sandbox.settings.update({"rate_limit": LIMIT, "rate_window": WINDOW})
    # What was asked before counts in the window that is running.
    time.sleep(WINDOW)
    sandbox.faults.append(Fault("slow", side="minox", seconds=latency, times=None))
    with _admissions() as admissions:
        cpu = _run(folder, "push")

    return Rate(
        latency=latency,
        share=_per_second(admissions.moments) / (LIMIT / WINDOW),
        refused=admissions.refused,
        cpu=(cpu - start) / (ORDERS - CUSTOMERS - 2),
    )


@contextmanager
def _admissions() -> Iterator[Admissions]:
    """Note when each booking is counted."""
    noted = Admissions([])
    real = RateLimit.admit

    def admit(self: RateLimit) -> Admission:
        admission = real(self)
        noted.moments.append(time.monotonic())
        noted.refused += not admission.allowed
        return admission

    with mock.patch.object(RateLimit, "admit", admit):
        yield noted


def _per_second(moments: list[float]) -> float:
    """Return the rate of the bookings: the look before them is over when half has been asked."""
    bookings = moments[-(ORDERS - CUSTOMERS - 1) :]
    return (len(bookings) - 1) / (bookings[-1] - bookings[0])


def _run(folder: Path, *command: str) -> float:
    """Run a command; return its seconds of processor time."""
    config = str(folder / "config.yaml")
    process = subprocess.Popen(
        [sys.executable, "-m", "mww2minox", "-q", "--config", config, *command],
        stdout=subprocess.DEVNULL,
        env={**os.environ},
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def floor() -> float:
    """Return the seconds of processor time of one PUT and one commit, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(samples=False) as sandbox:
        sandbox.settings.update({"rate_limit": 10**6})
        token = sandbox.minox.tokens.issue()["access_token"]
        arguments = [sandbox.config()["minox"]["url"], token, folder]
        told = subprocess.run(
            [sys.executable, "-m", "tests.bench.rate", "--floor", *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ},
        )
        return float(told.stdout)


def _be_floor(url: str, token: str, folder: str) -> float:
    path = f"{url}/api/1/tenant/12345/administration/1/transaction_line_batch/nothing"
    with closing(sqlite3.connect(Path(folder) / "floor.db")) as db, requests.Session() as session:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE bookings (number INTEGER, body TEXT)")
        session.headers["Authorization"] = f"Bearer {token}"
        before = time.process_time()
        for number in range(FLOOR_TIMES):
            session.put(path, json=[{"number": number}] * 3, timeout=10)
            with db:
                db.execute("INSERT INTO bookings VALUES (?, ?)", (number, "x" * 1000))
        return (time.process_time() - before) / FLOOR_TIMES


def main() -> None:
    """Show a row for each latency."""
    lowest = floor()
    rows = [
        (
            f"{rate.latency * 1000:.0f} ms",
            f"{rate.share:.1%}",
            str(rate.refused),
            f"{rate.cpu * 1000:.1f} ms",
            f"{rate.cpu / lowest:.1f}",
        )
        for rate in rates()
    ]
    columns = [
        ("Answers take", "left"),
        *((name, "right") for name in ("Of the rate", "429", "CPU per order", "Times the floor")),
    ]
    title = (
        f"{ORDERS - CUSTOMERS} orders of known customers, {LIMIT / WINDOW:.0f} requests a second"
    )
    Output().table(f"{title}; the floor is {lowest * 1000:.2f} ms", columns, rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--floor"]:
        print(_be_floor(*sys.argv[2:]))  # noqa: T201 - what the parent reads
    else:
        main()
