"""Runs the command line as a process whose clock is set, whose sleep only moves that clock, and
that cannot leave here.

`python runner.py MOMENT ARGUMENT...` runs one command; the moment is ISO 8601, or `-` for the real
one. `python runner.py --serve` reads a JSON line a command and forks, so that a command costs no
imports; it answers with the process id. A line with a process id asks for its exit status.
"""

import fcntl
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import termios
import time
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn, get_args

import pytest_socket
import time_machine

import mww2minox
from mww2minox.cli import run
from mww2minox.config.settings import Config
from mww2minox.language.texts import Language, day, money, use
from mww2minox.shop.orders import ShopOrder

LIBRARIES = (
    "dotenv.parser",
    "filelock",
    "rich.progress",
    "rich.table",
    "sqlite_utils",
    "zoneinfo",
)
"""What a command imports when it needs it, beside all that is ours."""


def run_at(moment: str, arguments: list[str]) -> int:
    """Run one command with its clock set, and return its exit status."""
    started = datetime.now(UTC) if moment == "-" else datetime.fromisoformat(moment)
    traveller = time_machine.travel(started, tick=True).start()
    time.sleep = traveller.shift  # type: ignore[assignment]
    time.monotonic = time.time
    pytest_socket.socket_allow_hosts(["127.0.0.1", "localhost", "::1"], allow_unix_socket=True)
    return run(arguments)


def serve() -> None:
    """Fork for each line with a command, and wait for each line with a process id."""
    read_ahead()
    save_coverage()
    # What is frozen no collection goes through: it would copy most of the memory into the fork.
    gc.collect()
    gc.freeze()

    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked, int):
            answer = os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1])
        else:
            answer = start(asked)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def start(asked: dict[str, Any]) -> int:
    """Fork; return the process id of what runs the command."""
    # A terminal that nobody has open has come to its end: it is open before who asked goes on.
    terminal = os.open(asked["terminal"], os.O_RDWR | os.O_NOCTTY) if asked["terminal"] else None
    child = os.fork()
    if child == 0:
        become(asked, terminal)
    if terminal is not None:
        os.close(terminal)
    return child


def save_coverage() -> None:
    """Save what was measured until here, if anything: each fork would save it too."""
    coverage = sys.modules.get("coverage")
    measuring = coverage and coverage.Coverage.current()
    if measuring:
        measuring.save()


def read_ahead() -> None:
    """Import and read what most commands would do anew: how amounts and dates are written too."""
    ours = pkgutil.walk_packages(mww2minox.__path__, "mww2minox.")
    for name in (*(module.name for module in ours), *LIBRARIES):
        if name != "mww2minox.__main__" and not name.startswith("mww2minox.sandbox"):
            importlib.import_module(name)

    for model in (Config, ShopOrder):
        model.model_rebuild()
    for language in get_args(Language):
        use(language)
        money(Decimal(0))
        day(date.min)


def become(asked: dict[str, Any], terminal: int | None) -> NoReturn:
    """Be the process that was asked for: its folder, environment and output."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    if terminal is None:
        use_files(asked["out"], asked["err"])
    else:
        use_terminal(terminal)
    end_with(lambda: run_at(asked["now"], asked["arguments"]))


def use_files(out: str, err: str) -> None:
    """Write to two files, and have nothing to read."""
    for descriptor, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def use_terminal(terminal: int) -> None:
    """Read and write there, in a session of its own, in which Ctrl-C interrupts."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for descriptor in range(3):
        os.dup2(terminal, descriptor)
    # What Python began with holds lines back, as for a pipe, and knows its place, as in a file.
    sys.stdout, sys.stderr = (os.fdopen(number, "w", 1, encoding="utf-8") for number in (1, 2))


def end_with(act: Callable[[], int]) -> NoReturn:
    """End this fork with the status that `act` returns, without the way back into `serve`.

    Python's own end takes down every module that the parent has, which takes longer than most
    commands. What that would find left open is looked for here.
    """
    status = 1
    try:
        status = act()
    except BaseException:  # noqa: BLE001 - no exception may come out of a fork
        traceback.print_exc()
    finally:
        gc.collect()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        serve()
    else:
        sys.exit(run_at(sys.argv[1], sys.argv[2:]))
