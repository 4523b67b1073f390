"""The register of commands: what each does beside its work. A row for every command, and no other
list of them.
"""

from typing import NamedTuple


class Command(NamedTuple):
    """A command as a run of it is named in the log and in the state."""

    name: str
    locks: bool = False
    """It changes the state: one at a time, each noted as a run."""
    removes_trial: bool = False
    """It looks at the books, so a trial booking that `setup` left in Minox goes first."""
    alerts: bool = False
    """People are told afterwards what has come to need them."""
    pings: bool = False
    """The dead man's switch is told when it ends well."""
    draws: bool = False
    """The dashboard is written anew when it has ended, where the config names one."""
    keyless: bool = False
    """It asks neither vendor anything, so that it needs none of the keys in the config."""
    takes_config: bool = True
    """It is about the shop of a config: where a text names it, it carries the files in use."""
    daily: bool = False
    """A schedule runs it every day at least: one that stands still is missed."""


COMMANDS = {
    command.name: command
    for command in (
        Command(name="fetch", locks=True, alerts=True, draws=True, daily=True),
        Command(
            name="push",
            locks=True,
            removes_trial=True,
            alerts=True,
            pings=True,
            draws=True,
            daily=True,
        ),
        Command(name="push --dry-run", locks=True, removes_trial=True),
        Command(
            name="verify",
            locks=True,
            removes_trial=True,
            alerts=True,
            pings=True,
            draws=True,
            daily=True,
        ),
        Command(name="retry", locks=True, removes_trial=True, alerts=True, pings=True, draws=True),
        Command(name="skip", locks=True, draws=True),
        Command(name="adopt", locks=True, removes_trial=True, alerts=True, draws=True),
        Command(name="seen", locks=True, draws=True),
        Command(name="setup"),
        Command(name="login"),
        Command(name="check"),
        Command(name="status"),
        Command(name="report"),
        Command(name="reconcile"),
        Command(name="explain", keyless=True),
        Command(name="schedule"),
        Command(name="sandbox", takes_config=False),
        Command(name="demo", takes_config=False),
        Command(name="help", takes_config=False),
    )
}
DAILY = tuple(command.name for command in COMMANDS.values() if command.daily)
