"""What holds for every test: a home of its own, a clean environment, and no skips where none are
allowed.
"""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from mww2minox.language.texts import use

settings.register_profile("default", derandomize=True, deadline=None)
settings.load_profile("default")

MEMORY = Path("/dev/shm")  # noqa: S108 - for speed only; pytest makes a private folder in it
ENOUGH = 2**30
REAL_CLOCK = (time.sleep, time.monotonic)
NO_SKIPS = "MWW2MINOX_NO_SKIPS" in os.environ
CLEARED = (
    "LANG",
    "LANGUAGE",
    "COLUMNS",
    "NO_COLOR",
    "FORCE_COLOR",
    "CREDENTIALS_DIRECTORY",
    "PYTHONUNBUFFERED",
)
CLEARED_PREFIXES = ("LC_", "XDG_", "MWW2MINOX_")
CLEARED_SUFFIX = "_proxy"


def pytest_configure() -> None:
    """Keep what tests write in memory, where the machine has enough of it.

    A state file waits for the disk at each commit: a fifth of the time that most tests took.
    """
    if MEMORY.is_dir() and _takes_programs(MEMORY) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def _takes_programs(folder: Path) -> bool:
    """Tell whether a test can start a program that it writes there: containers often forbid it."""
    return not os.statvfs(folder).f_flag & os.ST_NOEXEC


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty home, and the environment of a machine that was just installed."""
    folder = tmp_path_factory.mktemp("home")
    for name in list(os.environ):
        if (
            name in CLEARED
            or name.startswith(CLEARED_PREFIXES)
            or name.lower().endswith(CLEARED_SUFFIX)
        ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    for kind, place in {"CONFIG": ".config", "STATE": ".local/state", "CACHE": ".cache"}.items():
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(folder / place))
    return folder


@pytest.fixture(autouse=True)
def english() -> None:
    """Begin each test in English: a command in this process leaves its own reader's language
    behind.
    """
    use("en")


@pytest.fixture(autouse=True)
def real_clock_afterwards() -> Iterator[None]:
    """Let no test leave a clock behind that it has set."""
    yield
    assert (time.sleep, time.monotonic) == REAL_CLOCK


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a skip fail the run where `MWW2MINOX_NO_SKIPS` is set: all that a test needs is there."""
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if NO_SKIPS and reporter else []
    if skipped:
        reporter.write_sep("=", f"MWW2MINOX_NO_SKIPS is set, and {len(skipped)} skipped", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
