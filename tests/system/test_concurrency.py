"""Two runs at once, runs that were killed, and eight processes whose access token has just
expired.
"""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mww2minox.sandbox import Fault, Sandbox
from mww2minox.state import Store
from tests.harness.world import an_order
from tests.system.conftest import Cli, Process

pytestmark = pytest.mark.thorough

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EIGHT = """
import os, sys
from pathlib import Path
from mww2minox.config.loading import load_config
from mww2minox.output import Output
from mww2minox.state import Store
from mww2minox.wiring import Wiring

def ask(config, gate):
    os.read(gate, 1)
    with Store(config.state_path) as store:
        wiring = Wiring(config, store, Output(quiet=True))
        wiring.minox.administration()
        wiring.minox.vat_codes()

config = load_config(Path(sys.argv[1]))
gate, opening = os.pipe()
children = []
for _ in range(8):
    child = os.fork()
    if not child:
        ask(config, gate)
        os._exit(0)
    children.append(child)
os.write(opening, b"12345678")
sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
"""


@pytest.fixture
def samples() -> bool:
    """These tests need no orders."""
    return False


def busy(cli: Cli, sandbox: Sandbox, seconds: float) -> Process:
    """Start a run that is busy so long, and wait until it is."""
    sandbox.faults.append(Fault("slow", side="shop", seconds=seconds))
    started = cli.start("fetch")
    deadline = time.monotonic() + 30
    while not running(cli):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return started


def running(cli: Cli) -> list[int]:
    """Return the processes that the state names as running."""
    with closing(sqlite3.connect(cli.state)) as db:
        return [row[0] for row in db.execute("SELECT pid FROM runs WHERE finished_at IS NULL")]


def test_a_second_run_ends_at_once_and_says_who_is_busy_and_a_kill_leaves_no_lock(
    cli: Cli, sandbox: Sandbox
) -> None:
    with busy(cli, sandbox, 25) as first:
        second = cli("push")
        assert second.status == 75
        found = re.search(r"\(fetch, process (\d+), since ([^)]+)\)", second.err)
        assert found, second.err
        assert int(found[1]) == first.pid
        since = datetime.strptime(found[2], "%d %b %Y %H:%M").replace(tzinfo=AMSTERDAM)
        assert timedelta(seconds=-2) < datetime.now(UTC) - since < timedelta(seconds=120)
        assert first.poll() is None, "the first run goes on"
        first.send_signal(signal.SIGKILL)
    sandbox.faults.clear()
    assert cli("push").status == 0
    assert running(cli) == [], "the killed run is over"


def test_a_run_that_waits_begins_when_the_other_has_ended(cli: Cli, sandbox: Sandbox) -> None:
    with busy(cli, sandbox, 4) as first:
        assert cli("fetch", "--wait", "60").status == 0
        assert first.wait(30) == 0


def test_reading_needs_no_lock(cli: Cli) -> None:
    with Store(cli.state) as store, store.run():
        assert cli("report").status == 0


@pytest.mark.parametrize("known", [True, False], ids=["the clock says so", "Minox says so"])
def test_eight_processes_whose_token_expired_refresh_it_once(
    cli: Cli, sandbox: Sandbox, tmp_path: Path, known: bool
) -> None:
    if known:
        with closing(sqlite3.connect(cli.state)) as db, db:
            db.execute("UPDATE tokens SET expires_at = '2026-01-01T00:00:00+00:00'")
    sandbox.minox.tokens.expire_access()
    sandbox.requests.clear()
    script = tmp_path / "eight.py"
    script.write_text(EIGHT)
    ended = subprocess.run(
        [sys.executable, str(script), str(cli.config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    refreshes = [request for request in sandbox.requests if request.path == "/oauth/token"]
    assert len(refreshes) == 1
    assert [request.status for request in sandbox.requests].count(200) == 8 * 2 + 1


def test_ctrl_c_lets_what_has_left_come_back_and_begins_nothing_more(
    cli: Cli, sandbox: Sandbox
) -> None:
    for number in range(1001, 1011):
        sandbox.shop.add(an_order(number, total="12.10", email=f"{number}@example.nl"))
    assert cli("fetch").status == 0
    sandbox.faults.append(Fault("slow", side="minox", method="PUT", seconds=0.3, times=None))
    with cli.start("push") as push:
        deadline = time.monotonic() + 30
        while not sandbox.minox.batches:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        push.send_signal(signal.SIGINT)
        assert push.wait(30) == 130

    with closing(sqlite3.connect(cli.state)) as db:
        intents = [row[0] for row in db.execute("SELECT number FROM bookings")]
        booked = [row[0] for row in db.execute("SELECT number FROM orders WHERE state = 'booked'")]
    assert 1 <= len(intents) < 10
    assert sorted(intents) == sorted(booked), "each is settled"
    assert len(booked) == len(sandbox.minox.batches)
    sandbox.faults.clear()
    assert cli("push").status == 0
    assert len(sandbox.minox.batches) == 10
