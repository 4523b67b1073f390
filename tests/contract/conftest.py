"""Both vendors on loopback with fresh state for each test, a clock that waits for nobody, and
clients as in a run.
"""

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from mww2minox.sandbox import Sandbox, Settings
from mww2minox.wiring import Wiring
from tests.harness.clients import Processes
from tests.harness.clock import Clock, fast_clock
from tests.harness.prepared import give_tokens

NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    """It is noon on 20 March 2026, and no sleep takes time: not the client's, not the sandbox'."""
    with fast_clock(NOON) as running:
        yield running


@pytest.fixture(
    params=[Settings(), Settings(amounts="numbers"), Settings(shape="document")],
    ids=lambda s: s.shape,
)
def each_shape(request: pytest.FixtureRequest) -> Settings:
    """Give the switches for every shape of the shop's answers, in turn."""
    return Settings(**request.param.as_dict())


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    """Give the sandbox' switches; a test that asks for `each_shape` has those."""
    return (
        request.getfixturevalue("each_shape")
        if "each_shape" in request.fixturenames
        else Settings()
    )


@pytest.fixture
def samples() -> bool:
    """Whether the shop has the sample orders; a module without a use for them says no."""
    return True


@pytest.fixture
def sandbox(clock: Clock, settings: Settings, samples: bool) -> Iterator[Sandbox]:
    """Start both vendors."""
    del clock  # the sandbox lives by it
    with Sandbox(today=NOON.date(), settings=settings, samples=samples) as running:
        yield running


@pytest.fixture
def processes(sandbox: Sandbox, tmp_path: Path) -> Iterator[Processes]:
    """Start runs on one state file, as often as a test wants."""
    running = Processes(tmp_path, sandbox.config())
    with running.closing:
        yield running


@pytest.fixture
def stranger(processes: Processes) -> Wiring:
    """Give a run on a new state file: nobody has logged in."""
    return processes.start()


@pytest.fixture
def wiring(sandbox: Sandbox, stranger: Wiring) -> Wiring:
    """Give a run that is logged in."""
    give_tokens(stranger.store, sandbox)
    return stranger


@pytest.fixture
def log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    """Catch all that the tool itself logs."""
    monkeypatch.setattr(logging.getLogger("mww2minox"), "propagate", True)
    caplog.set_level(logging.DEBUG, "mww2minox")
    return caplog
