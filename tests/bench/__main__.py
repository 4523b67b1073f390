"""Requests and seconds of each command for 500 orders of about 100 customers, against the sandbox:
`make bench`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from mww2minox.output import Output
from mww2minox.sandbox import Sandbox, Settings, many_orders
from mww2minox.state import Store, Tokens

ORDERS = 500
COMMANDS = (
    ("fetch",),
    ("push",),
    ("verify",),
    ("fetch",),
    ("push",),
    ("report", "--format", "json"),
)


def main() -> None:
    """Run the commands one after the other and show what each took."""
    with tempfile.TemporaryDirectory() as folder, sandbox_with_orders() as sandbox:
        prepare(Path(folder), sandbox)
        rows = [measure(Path(folder), sandbox, command) for command in COMMANDS]
    columns = [
        ("Command", "left"),
        *((name, "right") for name in ("Shop", "Minox", "Per order", "Seconds")),
    ]
    Output().table(f"{ORDERS} orders, sandbox without a rate limit, in this order", columns, rows)


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
    arguments = [
        sys.executable,
        "-m",
        "mww2minox",
        "-q",
        "--config",
        str(folder / "config.yaml"),
        *command,
    ]
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


if __name__ == "__main__":
    main()
