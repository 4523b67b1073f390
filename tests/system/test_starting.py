"""A command imports what it uses, and starts as soon: most runs of a day find nothing to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.inside import Inside

STARTED = """
import sys
from mww2minox.cli import run
status = run(sys.argv[1:])
print("modules:", *sys.modules, file=sys.stderr)
sys.exit(status)
"""
NETWORK = {
    "requests",
    "tenacity",
    "mww2minox.transport",
    "mww2minox.shop.api",
    "mww2minox.minox.api",
}
HEAVY = {"rich", "sqlite_utils", "babel"}


def modules_of(*arguments: str) -> set[str]:
    """Run a command in a process of its own; return what it imported."""
    # What measures coverage imports much itself.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [sys.executable, "-c", STARTED, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    return set(ended.stderr.rpartition("modules:")[2].split())


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_help_needs_no_more_than_click(option: str) -> None:
    light = {"pydantic", "sqlite3", "yaml", "logging", "pathlib", "dataclasses", "decimal"}
    assert modules_of(option) & (NETWORK | HEAVY | light) == set()


@pytest.mark.parametrize("command", ["push", "report --format json", "seen 1"])
@pytest.mark.parametrize("samples", [False])
def test_a_command_that_asks_nobody_imports_nothing_to_ask_with(
    inside: Inside, tmp_path: Path, command: str
) -> None:
    del tmp_path
    arguments = ("--config", str(inside.config), *command.split())
    assert modules_of(*arguments) & (NETWORK | HEAVY) == set()
