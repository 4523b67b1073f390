"""The crontab of this user: our lines in it, and all others as they are."""

import re
from pathlib import Path

from mww2minox.commands.schedule.cron import crontab, marks
from mww2minox.commands.schedule.job import Job
from mww2minox.commands.schedule.programs import expect_success, ran
from mww2minox.errors import UsageError
from mww2minox.language.texts import _

NO_CRONTAB = re.compile("no crontab|no such file", re.IGNORECASE)


def current_crontab() -> str:
    """Return what `crontab -l` shows.

    Only a crontab that is not there yet is an empty one, not one that fails.
    """
    done = ran(["crontab", "-l"])
    if done is not None and done.returncode and NO_CRONTAB.search(done.stderr):
        return ""
    return expect_success(done, "crontab -l")


def write_crontab(text: str) -> None:
    """Put a text in the place of the crontab."""
    expect_success(ran(["crontab", "-"], text), "crontab -")


def with_lines(text: str, job: Job) -> str:
    """Put our block in the place of the former one, or at the end. All else stays as it is."""
    lines = _lines(text)
    start, end = _block(lines, job.config)
    return "\n".join([*lines[:start], *crontab(job), *lines[end:]]) + "\n"


def without_lines(text: str, config: Path) -> str:
    """Take the block of a config out. All else stays as it is."""
    lines = _lines(text)
    start, end = _block(lines, config)
    left = [*lines[:start], *lines[end:]]
    return "\n".join(left) + "\n" if left else ""


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _block(lines: list[str], config: Path) -> tuple[int, int]:
    """Return where the block of a config begins and ends; both at the end where there is none.

    Whoever has edited them may have put lines of their own between ours: UsageError.
    """
    first, last = marks(config)
    counts = (lines.count(first), lines.count(last))
    if counts == (0, 0):
        return len(lines), len(lines)

    if counts != (1, 1) or lines.index(last) < lines.index(first):
        message = _(
            "The crontab must hold the lines `{first}` and `{last}` once each, or not at all."
        )
        raise UsageError(
            message.format(first=first, last=last),
            _("Correct it with `crontab -e`, then run: mww2minox schedule --cron --install"),
        )
    return lines.index(first), lines.index(last) + 1
