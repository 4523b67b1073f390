"""The command line as people type it: options before and after the command, dates as written."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from mww2minox.alerts import Matter, _message
from mww2minox.language.commands import carry, carry_nothing
from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.samples import samples as samples_of
from tests.harness.inside import Inside
from tests.system.test_adopt import offer_one


@pytest.fixture
def samples() -> bool:
    """No orders are needed."""
    return False


def test_what_stands_before_a_command_may_stand_after_it(inside: Inside) -> None:
    other = inside.folder / "kaas.db"
    ended = inside("fetch", "-q", "--state", str(other))
    assert (ended.status, ended.err) == (0, f"A new, empty state file was made: {other}\n")
    assert other.exists()
    assert (inside.folder / "kaas.log").exists()

    config = inside.folder / "kaas.yaml"
    inside.config.rename(config)
    ended = inside("push", "--config", str(config))
    assert (ended.status, "There is nothing to book." in ended.err) == (0, True)
    verbose = inside("fetch", "-v", "--config", str(config))
    assert f"INFO [{config}] fetch starts" in verbose.err
    assert "INFO [Voorbeeldwinkel] push starts" in inside("push", "--config", str(config), "-v").err


@pytest.mark.parametrize("arguments", [("-q", "push", "-v"), ("push", "-q", "-v")])
def test_quiet_and_verbose_do_not_go_together_wherever_they_stand(
    inside: Inside, arguments: tuple[str, ...]
) -> None:
    ended = inside(*arguments)
    assert (ended.status, "Give either --verbose or --quiet." in ended.err) == (2, True)


def test_help_shows_these_options_once(inside: Inside) -> None:
    assert "--config" not in inside("push", "--help").out
    assert "--config" in inside("--help").out


@pytest.mark.parametrize("both", [("--systemd", "--cron"), ("--user", "--system")])
def test_two_options_that_are_one_choice_do_not_go_together(
    inside: Inside, both: tuple[str, str]
) -> None:
    ended = inside("schedule", *both)
    assert (ended.status, "Give either " in ended.err) == (2, True), ended.err
    assert all(option in ended.err for option in both)


@pytest.mark.parametrize("day", ["2026-03-01", "1-3-2026", "01-03-2026"])
def test_a_date_is_taken_as_people_write_it(inside: Inside, day: str) -> None:
    ended = inside("report", "--since", day, "--format", "json")
    assert ended.status == 0, ended.err
    assert json.loads(ended.out)["orders"] == []


@pytest.mark.parametrize("day", ["1/3/2026", "31-02-2026", "2026-3", "soon"])
def test_what_is_no_date_is_told_with_an_example(inside: Inside, day: str) -> None:
    ended = inside("report", "--since", day)
    assert ended.status == 2
    assert f"'{day}' is not a date; type it like 2026-01-31." in ended.err


BARE = re.compile(
    r"mww2minox (?:fetch|push|retry|report|explain|check|adopt|verify|skip|seen|login|schedule)\b"
)


def test_every_output_names_commands_with_the_config_in_use(
    inside: Inside, vendors: Sandbox
) -> None:
    for sample in samples_of(vendors.today):
        if sample.order["number"] in ("1001", "1009", "1037"):
            vendors.shop.add(sample.order)
    config = inside.folder / "my kaas.yaml"
    inside.config.rename(config)
    page = inside.folder / "page.html"

    told = ""
    for command in ("fetch", "push", "report", "report --format json", "report --errors", "check"):
        ended = inside(*command.split(), "--config", str(config))
        told += ended.out + ended.err
    ended = inside("report", "1040", "--config", str(config))
    assert (ended.status, "explain 1040" in ended.err) == (2, True)
    told += ended.err
    inside("report", "--output", str(page), "--config", str(config))
    told += page.read_text() + inside.log

    assert not BARE.findall(told), told
    assert f"mww2minox --config '{config}' retry 1009" in told
    assert f"mww2minox --config &#39;{config}&#39; retry 1009" in told


def test_a_message_names_commands_with_the_config_in_use() -> None:
    carry(commands=["retry"], config=Path("/shops/kaas.yaml"))
    matter = Matter(frozenset({"order 1"}), "Order 1 failed.", "Run: mww2minox retry 1")
    _title, text = _message([matter])
    carry_nothing()
    assert text == "Order 1 failed.\nRun: mww2minox --config /shops/kaas.yaml retry 1"


def test_a_report_of_days_without_orders_does_not_say_that_there_are_none(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, "1001")
    inside("fetch")
    assert "There are no orders of these days." in inside("report", "--since", "1-4-2026").out
    assert "There are no orders of these days." not in inside("report").out

    ended = inside("report", "--since", "2026-04-01", "--until", "2026-03-01")
    assert (ended.status, ended.out) == (2, "")
    assert "mww2minox report --since 2026-03-01 --until 2026-04-01" in ended.err


def test_closed_streams_are_no_bug() -> None:
    command = shlex.join([sys.executable, "-m", "mww2minox", "--version"])
    for closed in ("<&- >&- 2>&-", ">&-"):
        shell = ["sh", "-c", f"{command} {closed}"]
        ended = subprocess.run(shell, check=False, capture_output=True, text=True)
        assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")
