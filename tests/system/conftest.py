"""The real command in a process of its own, against a sandbox in this one."""

import json
import os
import socket
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest
import requests
from pexpect import fdpexpect

from mww2minox.sandbox import Sandbox, Settings
from tests.harness.inside import clock, inside, vendors  # noqa: F401 - fixtures
from tests.harness.prepared import log_in, write_config
from tests.harness.typed_setup import wizard  # noqa: F401 - a fixture

if TYPE_CHECKING:
    Spawn = fdpexpect.fdspawn[str]
else:
    Spawn = fdpexpect.fdspawn  # of texts or bytes: only its types tell

RUNNER = Path(__file__).parents[1] / "harness/runner.py"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


class Forker:
    """A process with all imports done, which forks for each command."""

    def __init__(self) -> None:
        command = [sys.executable, "-W", "error", str(RUNNER), "--serve"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, arguments: tuple[str, ...], *, now: str, env: dict[str, str], folder: Path
    ) -> Ended:
        """Run a command to its end."""
        status = self.status(self.start(arguments, now=now, env=env, folder=folder))
        return Ended(status, (folder / ".out").read_text(), (folder / ".err").read_text())

    def start(
        self,
        arguments: tuple[str, ...],
        *,
        now: str,
        env: dict[str, str],
        folder: Path,
        terminal: str = "",
    ) -> int:
        """Start a command, in a terminal or with its output in files; return its process id."""
        return self._ask(
            {
                "arguments": arguments,
                "now": now,
                "env": env,
                "cwd": str(folder),
                "out": str(folder / ".out"),
                "err": str(folder / ".err"),
                "terminal": terminal,
            }
        )

    def status(self, process: int) -> int:
        """Wait for a command's end; return its exit status, or the signal below zero."""
        return self._ask(process)

    def _ask(self, asked: dict[str, Any] | int) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def stop(self) -> None:
        """End the process."""
        with self._process as process:
            process.communicate()


class Process(subprocess.Popen[str]):
    """A command that is running; a test that fails meanwhile takes it along, and waits no more."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind:
            self.kill()
        super().__exit__(kind, error, trace)


class Terminal(Spawn):
    """A terminal of 80 columns in which the forker runs a command."""

    def __init__(
        self, forker: Forker, arguments: tuple[str, ...], *, env: dict[str, str], folder: Path
    ) -> None:
        master, slave = os.openpty()
        termios.tcsetwinsize(slave, (50, 80))
        name = os.ttyname(slave)
        self._forker = forker
        self.process = forker.start(arguments, now="-", env=env, folder=folder, terminal=name)
        os.close(slave)
        super().__init__(master, timeout=60, encoding="utf-8")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.send("\x03")

    def end(self) -> int:
        """Close the terminal; return how the command ended, as `Forker.status` does."""
        self.close()
        return self._forker.status(self.process)


@dataclass
class Cli:
    """Runs the command with one config and one state file."""

    folder: Path
    forker: Forker
    now: str = "-"
    env: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def state(self) -> Path:
        return self.folder / "state.db"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the command."""
        return {
            **os.environ,
            "PYTHONWARNINGS": "error",
            "COLUMNS": "80",
            "MWW2MINOX_CONFIG": str(self.config),
            **self.env,
        }

    def start(self, *arguments: str, **options: Any) -> Process:
        """Start the command in a fresh interpreter, with its output caught."""
        return Process(
            [sys.executable, str(RUNNER), self.now, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment,
            **options,
        )

    def __call__(self, *arguments: str) -> Ended:
        """Run the command to its end; whatever happens, the user sees no traceback."""
        ended = self.forker.run(arguments, now=self.now, env=self.environment, folder=self.folder)
        assert "Traceback" not in ended.out + ended.err, ended.err
        return ended

    def login(self) -> Ended:
        """Log in, consenting like the main user's browser."""
        with self.start("login", "--no-browser") as process:
            assert process.stdout
            url = process.stdout.readline().strip()
            requests.get(url, timeout=10)
            out, err = process.communicate(timeout=30)
        return Ended(process.returncode, url + out, err)

    def report(self) -> dict[str, dict[str, Any]]:
        """Return the orders of the JSON report, by number."""
        ended = self("report", "--format", "json")
        assert ended.status == 0, ended.err
        return {order["number"]: order for order in json.loads(ended.out)["orders"]}

    def write_config(self, config: dict[str, Any]) -> None:
        """Write the config file."""
        write_config(self.config, config)


@pytest.fixture
def settings() -> Settings:
    """The sandbox' switches; the client's clock runs ahead of the server's, so there is no rate
    limit.
    """
    return Settings(rate_limit=10**6)


@pytest.fixture
def samples() -> bool:
    """Whether the shop has the sample orders."""
    return True


@pytest.fixture
def sandbox(settings: Settings, samples: bool) -> Iterator[Sandbox]:
    """Both vendors, on loopback."""
    with Sandbox(settings=settings, samples=samples) as running:
        yield running


@pytest.fixture
def config(sandbox: Sandbox, tmp_path: Path, unused_port: int) -> dict[str, Any]:
    """A config that fits the sandbox."""
    config = sandbox.config()
    config["language"] = "en"
    config["state"] = str(tmp_path / "state.db")
    config["minox"]["redirect_uri"] = f"http://127.0.0.1:{unused_port}/callback"
    return config


@pytest.fixture
def unused_port() -> int:
    """A port for the login's redirect."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    """What runs commands without importing anew."""
    running = Forker()
    yield running
    running.stop()


@pytest.fixture
def cli(config: dict[str, Any], tmp_path: Path, sandbox: Sandbox, forker: Forker) -> Cli:
    """The command, logged in at the sandbox."""
    command = Cli(tmp_path, forker)
    command.write_config(config)
    log_in(command.state, sandbox)
    return command
