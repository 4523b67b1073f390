"""Both vendors without a rate limit, a state and a config, and one command run on them."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from mww2minox.sandbox import Sandbox, Settings, many_orders
from mww2minox.state import Store, Tokens

NOT_OURS = ("PYTHONDONTWRITEBYTECODE",)
"""Variables under which every start would compile all modules, as for no user."""
MEASURED = """
import re, sys
from mww2minox.cli import run
status = run(sys.argv[1:])
most = re.search("VmHWM: +([0-9]+)|$", open("/proc/self/status").read().replace(chr(9), " "))[1]
print(f"memory {most or 0}", file=sys.stderr)
sys.exit(status)
"""
"""A command that tells at its end how much memory it took at most, in kB: what `wait4` tells may be
that of the process that started it.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a process took: seconds by the clock and of the processor, and megabytes at most, where
    it told that.
    """

    seconds: float
    cpu: float
    megabytes: float = 0.0


def sandbox_of(orders: int) -> Sandbox:
    """Return a sandbox whose shop has nothing but so many right orders."""
    sandbox = Sandbox(settings=Settings(rate_limit=10**6, page_size=100), samples=False)
    for order in many_orders(orders, sandbox.today):
        sandbox.shop.add(order)
    return sandbox


def prepare(folder: Path, sandbox: Sandbox) -> None:
    """Write a config, and log in."""
    config = sandbox.config()
    config["state"] = str(folder / "state.db")
    config["minox"]["requests_per_second"] = 100
    (folder / "config.yaml").touch(mode=0o600)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    log_in(folder / "state.db", sandbox)


def log_in(state: Path, sandbox: Sandbox) -> None:
    """Store new tokens, as a login does."""
    issued = sandbox.minox.tokens.issue()
    with Store(state) as store:
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        store.store_tokens(
            Tokens(
                access_token=issued["access_token"],
                refresh_token=issued["refresh_token"],
                previous_refresh_token=None,
                expires_at=expires_at,
            )
        )


def command(folder: Path, *arguments: str, state: Path | None = None) -> Used:
    """Run a command of ours to its end, with the config of a folder."""
    line = [sys.executable, "-c", MEASURED, "-q", "--config", str(folder / "config.yaml")]
    if state:
        line += ["--state", str(state)]
    return process([*line, *arguments])


def process(line: Sequence[str]) -> Used:
    """Run a process to its end; RuntimeError where that is not a good one."""
    # Compiled once, as they are for a user: elsewhere the environment may say otherwise.
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    started = time.perf_counter()
    running = subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, text=True
    )
    assert running.stderr
    told = running.stderr.read()
    _pid, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        raise RuntimeError(f"{line} ended with {running.returncode}: {told}")

    memory = told.rpartition("memory ")[2].strip()
    return Used(
        seconds=time.perf_counter() - started,
        cpu=usage.ru_utime + usage.ru_stime,
        megabytes=int(memory) / 1024 if memory.isdigit() else 0.0,
    )


def asked(sandbox: Sandbox) -> Counter[str]:
    """Count the requests since the last time: of the shop, of Minox, and by what they ask."""
    counts: Counter[str] = Counter()
    for request in sandbox.requests:
        counts[request.side] += 1
        what = request.path.partition("administration/1/")[2].partition("/")[0]
        counts[f"{request.method} {what}"] += 1
    sandbox.requests.clear()
    return counts
