"""Commands in texts carry the config and the state where these are not the usual ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mww2minox.cli import cli
from mww2minox.config.loading import is_usual
from mww2minox.language.commands import carried, carry, carry_nothing
from mww2minox.output import log_beside
from mww2minox.register import COMMANDS

CONFIG, STATE = Path("/a.yaml"), Path("/shops/my kaas.db")


@pytest.fixture(autouse=True)
def nothing_afterwards() -> Iterator[None]:
    """Let no test leave its files to another."""
    yield
    carry_nothing()


def use_files(*, config: Path | None = None, state: Path | None = None) -> None:
    """Use these files, as the command line does."""
    names = [command.name for command in COMMANDS.values() if command.takes_config]
    carry(commands=names, config=config, state=state)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Run: mww2minox retry 1040", "Run: mww2minox --config /a.yaml retry 1040"),
        (
            "mww2minox fetch && mww2minox adopt",
            "mww2minox --config /a.yaml fetch && mww2minox --config /a.yaml adopt",
        ),
        ("See: mww2minox -v check", "See: mww2minox --config /a.yaml -v check"),
        (
            "mww2minox --state PATH fetch",
            "mww2minox --config /a.yaml --state PATH fetch",
        ),
    ],
)
def test_a_command_carries_a_config_of_its_own_once(text: str, shown: str) -> None:
    use_files(config=CONFIG)
    assert carried(text) == shown
    assert carried(carried(text)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "mww2minox --config /shops/wijn.yaml setup",
        "mww2minox help commands",
        "mww2minox sandbox",
        "mww2minox: 2 matters need attention",
        "a newer version of mww2minox wrote it",
        "mww2minox COMMAND --help",
        "/opt/mww2minox/bin/other check",
    ],
)
def test_what_is_no_command_of_this_shop_stays(text: str) -> None:
    use_files(config=CONFIG, state=STATE)
    assert carried(text) == text


def test_a_path_is_quoted_for_the_shell() -> None:
    use_files(state=STATE)
    assert carried("mww2minox push") == "mww2minox --state '/shops/my kaas.db' push"
    assert carried("mww2minox --state PATH push") == "mww2minox --state PATH push"
    use_files(config=CONFIG, state=STATE)
    shown = "mww2minox --config /a.yaml --state '/shops/my kaas.db' push"
    assert carried("mww2minox push") == carried(shown) == shown


def test_the_usual_files_are_not_carried() -> None:
    use_files()
    assert carried("mww2minox push") == "mww2minox push"


def test_every_command_but_those_without_a_config_carries() -> None:
    without = {command.name for command in COMMANDS.values() if not command.takes_config}
    assert without == {"sandbox", "demo", "help"}
    assert without < set(cli.commands)


def test_the_config_that_is_found_first_is_the_usual_one(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = home / ".config/mww2minox/config.yaml"
    assert is_usual(own)
    (tmp_path / "config.yaml").touch()
    assert not is_usual(own)
    assert is_usual(tmp_path / "config.yaml")
    assert not is_usual(tmp_path / "kaas.yaml")


@pytest.mark.parametrize(
    ("state", "log"),
    [
        ("state.db", "mww2minox.log"),
        ("kaas.db", "kaas.log"),
        ("wijn.log", "wijn.log.log"),
        ("state.sqlite", "state.log"),
    ],
)
def test_each_state_has_a_log_of_its_own(state: str, log: str) -> None:
    assert log_beside(Path("/shops", state)) == Path("/shops", log)
