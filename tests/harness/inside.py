"""The command run in this process, for tests that run it often, with the fixtures that takes."""

import datetime as dt
import io
import json
import os
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from mww2minox.cli import run
from mww2minox.output import stop_logging
from mww2minox.sandbox import Sandbox, Settings
from mww2minox.state import Store, Tokens
from tests.harness.clock import Clock, fast_clock
from tests.harness.prepared import make_state, write_config

NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass
class Inside:
    """The command with one config and one state file."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> Ended:
        """Run the command to its end, in its folder, where its config is the usual one; whatever
        happens, the user sees no traceback.
        """
        out, err = (
            io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)
        )
        env = {"COLUMNS": "80", "MWW2MINOX_CONFIG": str(self.config), **self.env}
        with (
            chdir(self.folder),
            mock.patch.dict(os.environ, env),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            status = run(arguments)
            stop_logging()
        ended = Ended(status, _written(out), _written(err))
        assert "Traceback" not in ended.out + ended.err, ended.err
        return ended

    @property
    def config(self) -> Path:
        """The config file."""
        return self.folder / "config.yaml"

    @property
    def state(self) -> Path:
        """The state file."""
        return self.folder / "state.db"

    @property
    def log(self) -> str:
        """All that was logged."""
        return (self.folder / "mww2minox.log").read_text()

    def report(self) -> dict[str, dict[str, Any]]:
        """Return the orders of the JSON report, by number."""
        ended = self("report", "--format", "json")
        assert ended.status == 0, ended.err
        return {order["number"]: order for order in json.loads(ended.out)["orders"]}

    def booked(self) -> list[str]:
        """Return the numbers of the orders that are booked."""
        return [number for number, order in self.report().items() if order["state"] == "booked"]

    def write_config(self, config: dict[str, Any]) -> None:
        """Write the config file."""
        write_config(self.config, config)

    def log_in(self, sandbox: Sandbox) -> None:
        """Store new tokens, as a login does."""
        make_state(self.state)
        tokens = sandbox.minox.tokens.issue()
        self.give_tokens(tokens["access_token"], tokens["refresh_token"])

    def give_tokens(self, access: str, refresh: str) -> None:
        """Store these tokens."""
        expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
        with Store(self.state) as store:
            store.store_tokens(
                Tokens(
                    access_token=access,
                    refresh_token=refresh,
                    previous_refresh_token=None,
                    expires_at=expires_at,
                )
            )


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@pytest.fixture
def clock() -> Iterator[Clock]:
    """It is noon on 20 March 2026, and no sleep takes time."""
    with fast_clock(NOON) as running:
        yield running


@pytest.fixture
def vendors(clock: Clock, samples: bool) -> Iterator[Sandbox]:
    """Both vendors on loopback, living by that clock."""
    del clock
    with Sandbox(settings=Settings(rate_limit=10**6), samples=samples) as running:
        yield running


@pytest.fixture
def inside(vendors: Sandbox, tmp_path: Path) -> Inside:
    """The command, logged in at those vendors, in a folder that others may enter."""
    command = Inside(tmp_path)
    command.write_config({**vendors.config(), "language": "en", "state": str(command.state)})
    command.log_in(vendors)
    return command
