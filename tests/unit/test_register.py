"""The register of commands: complete, and in step with what a schedule runs."""

from mww2minox.cli import cli
from mww2minox.commands.schedule.job import FETCH, PUSH, VERIFY
from mww2minox.register import COMMANDS, DAILY


def test_every_command_has_a_row() -> None:
    assert {name.partition(" ")[0] for name in COMMANDS} == set(cli.commands)


def test_what_is_missed_when_it_stands_still_is_what_a_schedule_runs() -> None:
    assert set(DAILY) == {FETCH[0], PUSH[0], VERIFY[0]}


def test_only_a_run_that_is_noted_is_told_about() -> None:
    """Alerts and the switch go by how the state says a run ended."""
    for command in COMMANDS.values():
        assert command.locks or not (
            command.alerts or command.pings or command.draws or command.daily
        )
        assert command.locks or not command.removes_trial
