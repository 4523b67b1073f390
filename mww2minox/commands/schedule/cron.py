"""Lines for a crontab, as text. A space, a quote or a `%` in a path stays what it is."""

import shlex
from pathlib import Path

from mww2minox.commands.schedule.job import FETCH, PUSH, VERIFY, Job, arguments, secrets
from mww2minox.language.texts import _
from mww2minox.steps.timers import marks_of


def marks(config: Path) -> tuple[str, str]:
    """Return the lines that enclose what is ours in a crontab: one block for each config."""
    return marks_of(config)


def crontab(job: Job) -> list[str]:
    """Return the lines for a crontab. `;` lets `verify` run after a `push` that ends in 3."""
    first, last = marks(job.config)
    fetch, push, verify = (_cron_command(job, command) for command in (FETCH, PUSH, VERIFY))
    mail = _("cron mails what these lines print: only what needs attention")

    return [
        first,
        *(f"# {text}" for text in (*secrets(job), mail)),
        f"*/30 * * * * {fetch}",
        f"{job.at.minute} {job.at.hour} * * * {push}; {verify}",
        last,
    ]


def _cron_command(job: Job, command: tuple[str, ...]) -> str:
    """Quote for the shell, and then for cron: it takes a bare `%` for a line break."""
    return shlex.join([*job.program, "-q", *arguments(job, str), *command]).replace("%", "\\%")
