"""The README holds: its command lines run, and it leaves out no command, option, reason, exit code
or key.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import BaseModel

from mww2minox.books.model import Reason
from mww2minox.cli import cli as group
from mww2minox.config.loading import SECRET_FILES
from mww2minox.config.settings import Config, VatSettings
from mww2minox.errors import ExitStatus
from tests.system.conftest import Cli

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^ *```(?P<kind>\w+)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE)
PROMPTED = re.compile(r"^ *(?:\$ )?(mww2minox .*)$", re.MULTILINE)
SCHEDULED = re.compile(r"/mww2minox ([^;&\n]*)")
PARSED_ONLY = {"login", "sandbox", "demo"}
"""They wait for a person, or run until interrupted; the demo has a test of its own."""


def blocks(*kinds: str) -> str:
    """Return the fenced blocks of these kinds as one text."""
    return "".join(block["text"] for block in BLOCK.finditer(README) if block["kind"] in kinds)


LINES = [shlex.split(line, comments=True)[1:] for line in PROMPTED.findall(blocks("console", "sh"))]
CRON_LINES = [shlex.split(line) for line in SCHEDULED.findall(blocks("crontab"))]


def parsed(arguments: list[str]) -> click.Context:
    """Parse a command line as click would, and run nothing; a wrong option raises UsageError."""
    context = group.make_context("mww2minox", list(arguments))
    _, words, _ = group.make_parser(context).parse_args(list(arguments))
    name, command, rest = group.resolve_command(context, words)
    assert command
    return command.make_context(name, rest, parent=context)


def section(command: str) -> str:
    """Return what the README says under a command's heading."""
    return README.partition(f"### `{command}`\n")[2].partition("\n##")[0]


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield every key of the config as `section.key`, and of a row as `vat[].key`."""
    for name, field in model.model_fields.items():
        kind = VatSettings if name == "vat" else field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{prefix}{name}{'[]' if name == 'vat' else ''}.")
        else:
            yield f"{prefix}{field.alias or name}"


COMMANDS = sorted(group.commands)
KEYS = [*keys(Config), *(f"{part}.{key}_file" for part, key in sorted(SECRET_FILES))]


def test_command_lines_are_found() -> None:
    assert len(LINES) > 15
    assert len(CRON_LINES) == 3


@pytest.mark.parametrize("arguments", LINES + CRON_LINES, ids=shlex.join)
def test_a_command_line_has_the_right_options(arguments: list[str]) -> None:
    assert parsed(arguments).command.name in COMMANDS


def test_a_wrong_option_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        parsed(["-q", "push", "--all"])


@pytest.mark.timeout(300)
def test_the_command_lines_run_in_order(cli: Cli) -> None:
    """0, or 3 because of the sample orders that need attention; a name that does not exist would be
    2.
    """
    for arguments in LINES:
        if parsed(arguments).command.name in PARSED_ONLY:
            continue
        assert "--install" not in arguments, "that would change this machine"
        ended = cli(*arguments)
        assert ended.status in (ExitStatus.OK, ExitStatus.ATTENTION), (
            f"{shlex.join(arguments)}: {ended.err}"
        )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_described_with_its_options(command: str) -> None:
    text = section(command)
    assert text
    options = [
        name
        for param in group.commands[command].params
        for name in param.opts
        if name.startswith("-")
    ]
    assert [name for name in options if f"`{name}" not in text] == []


def test_the_options_of_all_commands_are_described() -> None:
    text = README.partition("## Commands\n")[2].partition("\n###")[0]
    assert [name for param in group.params for name in param.opts if f"`{name}" not in text] == []


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_a_row(reason: Reason) -> None:
    assert re.search(rf"^\| `{reason.value}` \|", README, re.MULTILINE)


@pytest.mark.parametrize("status", ExitStatus)
def test_an_exit_code_has_a_row(status: ExitStatus) -> None:
    assert re.search(rf"^\| {status.value} \|", README, re.MULTILINE)


@pytest.mark.parametrize("key", KEYS)
def test_a_config_key_has_a_row(key: str) -> None:
    text = README.partition("\n## Config\n")[2].partition("\n## ")[0]
    assert f"`{key}`" in text
