"""Requests and seconds of each command for 500 orders of about 100 customers, against the sandbox;
and what a report takes of few orders and of many: `make bench`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from mww2minox.output import Output
from mww2minox.sandbox import Sandbox, Settings, many_orders
from mww2minox.state import Store, Tokens
from tests.bench.states import many_orders_in

ORDERS = 500
COMMANDS = (
    ("fetch",),
    ("push",),
    ("verify",),
    ("fetch",),
    ("push",),
    ("report", "--format", "json"),
)
FEW, MANY = 600, 60_000
"""So many orders a report is made of."""
REPORTS = (
    (),
    ("--errors",),
    ("--all",),
    ("--format", "json"),
    ("--format", "csv"),
    ("--format", "html"),
)


def main() -> None:
    """Run the commands one after the other and show what each took."""
    with tempfile.TemporaryDirectory() as folder, sandbox_with_orders() as sandbox:
        prepare(Path(folder), sandbox)
        rows = [measure(Path(folder), sandbox, command) for command in COMMANDS]
        reports = [report for count in (FEW, MANY) for report in reports_of(Path(folder), count)]
    columns = [
        ("Command", "left"),
        *((name, "right") for name in ("Shop", "Minox", "Per order", "Seconds")),
    ]
    Output().table(f"{ORDERS} orders, sandbox without a rate limit, in this order", columns, rows)

    columns = [("Report", "left"), *((name, "right") for name in ("Orders", "Seconds", "MB"))]
    Output().table("Reports, by how many orders there are", columns, reports)


def sandbox_with_orders() -> Sandbox:
    """Return a sandbox whose shop has nothing but right orders."""
    sandbox = Sandbox(settings=Settings(rate_limit=10**6, page_size=100), samples=False)
    for order in many_orders(ORDERS, sandbox.today):
        sandbox.shop.add(order)
    return sandbox


def prepare(folder: Path, sandbox: Sandbox) -> None:
    """Write a config, and log in."""
    config = sandbox.config()
    config["state"] = str(folder / "state.db")
    config["minox"]["requests_per_second"] = 100
    (folder / "config.yaml").touch(mode=0o600)
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    issued = sandbox.minox.tokens.issue()
    with Store(folder / "state.db") as store:
        expires_at = datetime.now(UTC) + timedelta(hours=1)
        store.store_tokens(
            Tokens(
                access_token=issued["access_token"],
                refresh_token=issued["refresh_token"],
                previous_refresh_token=None,
                expires_at=expires_at,
            )
        )


def measure(folder: Path, sandbox: Sandbox, command: tuple[str, ...]) -> tuple[str, ...]:
    """Run one command; return its row."""
    sandbox.requests.clear()
    started = time.perf_counter()
    arguments = [*command_line(folder), *command]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, env={**os.environ})
    seconds = time.perf_counter() - started
    sides = Counter(request.side for request in sandbox.requests)
    return (
        command[0],
        str(sides["shop"]),
        str(sides["minox"]),
        f"{sides.total() / ORDERS:.2f}",
        f"{seconds:.1f}",
    )


def reports_of(folder: Path, count: int) -> Iterator[tuple[str, ...]]:
    """Make each report of a state of so many orders; yield a row for each."""
    state = folder / f"{count}.db"
    many_orders_in(state, count, datetime.now(UTC).date())
    for options in REPORTS:
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command_line(folder), "--state", str(state), "report", *options],
            stdout=subprocess.DEVNULL,
        )
        _pid, status, used = os.wait4(process.pid, 0)
        assert status == 0, options
        seconds = time.perf_counter() - started
        megabytes = used.ru_maxrss / 1024
        yield " ".join(options) or "table", str(count), f"{seconds:.1f}", f"{megabytes:.0f}"


def command_line(folder: Path) -> list[str]:
    """Return how the command is started with the config of a folder."""
    return [sys.executable, "-m", "mww2minox", "-q", "--config", str(folder / "config.yaml")]


if __name__ == "__main__":
    main()
