"""The programs that put a schedule in place: systemctl and crontab."""

import os
import shutil
import subprocess
from collections.abc import Sequence

from mww2minox.errors import UsageError
from mww2minox.language.texts import _


def ran(command: Sequence[str], given: str = "") -> "subprocess.CompletedProcess[str] | None":
    """Run a program to its end, with `given` as its input; None when there is no such program."""
    program = shutil.which(command[0])
    if program is None:
        return None

    # In C's language, so that `table.py` knows what it says.
    return subprocess.run(  # noqa: S603 - systemctl or crontab, with our own arguments
        [program, *command[1:]],
        input=given,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )


def expect_success(done: "subprocess.CompletedProcess[str] | None", command: str) -> str:
    """Return what a program printed. UsageError when it failed, or is not there."""
    if done is not None and done.returncode == 0:
        return done.stdout
    if done is None:
        message = _("The program {name} is not there.").format(name=command.partition(" ")[0])
    else:
        problem = " ".join(done.stderr.split()) or done.returncode
        message = _("`{command}` failed: {problem}").format(command=command, problem=problem)
    raise UsageError(message, _("To put the schedule in place by hand, run: mww2minox schedule"))
