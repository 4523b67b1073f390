"""What a schedule is to run, whichever kind of timer runs it.

The day's booking is `push` and then `verify`; `fetch` runs every half hour. Each waits for the
other's lock, so that a run is late and not lost.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Literal

from mww2minox.config.secrets import ENVIRONMENT
from mww2minox.errors import UsageError
from mww2minox.language.texts import _

FETCH = ("fetch", "--wait", "1500")
PUSH = ("push", "--wait", "3600")
VERIFY = ("verify", "--wait", "3600")
INSTANCE = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the options ask for; None where they leave the choice to us."""

    kind: Literal["systemd", "cron"] | None
    scope: Literal["user", "system"] | None
    template: bool
    install: bool
    at: time
    uninstall: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to run. Paths are absolute; `state` is None when the config says where it is."""

    program: tuple[str, ...]
    config: Path
    state: Path | None
    writable: Path
    """The state's folder: all that a run may write to."""
    at: time
    """When the day's booking is, on this machine's clock."""
    credentials: Mapping[str, Path]
    """The files that hold secrets, by the name of the credential."""
    missing: tuple[str, ...] = ()
    """The variables of the config that no file holds."""
    user: str = ""
    """Whose the service is, for units of the system; empty for units of a user."""
    template: bool = False
    """One unit for several shops: the config's stem becomes the instance."""

    @property
    def instance(self) -> str:
        """What stands behind the @ of a unit's name; empty without a template."""
        return self.config.stem if self.template else ""


def refuse_unwritable(job: Job) -> None:
    """Raise UsageError for what cannot be written down: a line break in a path, a stem that is no
    instance.
    """
    for path in _paths(job):
        # A unit's line would end there, lose the space, or go on with the next line.
        if not path.isprintable() or path != path.strip() or path.endswith("\\"):
            message = _("The path {path} holds a character that a schedule cannot hold.").format(
                path=repr(path)
            )
            raise UsageError(message, _("Rename it, then run: mww2minox schedule"))

    if job.template:
        _refuse_no_template(job)


def _paths(job: Job) -> list[str]:
    paths = [*job.program, job.config, job.writable]
    if job.state:
        paths.append(job.state)
    return [str(path) for path in (*paths, *job.credentials.values())]


def _refuse_no_template(job: Job) -> None:
    if not INSTANCE.fullmatch(job.instance):
        message = _("The name {name} cannot be that of a unit.").format(name=job.config.name)
        raise UsageError(
            message,
            _(
                "Rename the config with letters, digits, - and _ only; then run: mww2minox schedule"
                " --template"
            ),
        )

    # Where the name of the state holds no stem, it is the same for each instance.
    if job.state and str(job.state) == shown_path(job, job.state):
        message = _("All shops would share the state file {path}.").format(path=job.state)
        raise UsageError(
            message,
            _(
                "Put `state` in each config instead of --state, then run: mww2minox schedule"
                " --template"
            ),
        )


def secrets(job: Job) -> list[str]:
    """Say where each secret comes from."""
    variables = _("Secrets: the variables of the config come from {path}")
    single = _("Secrets: {key} comes from {path}")

    sentences = []
    for name, path in job.credentials.items():
        sentence = variables if name == ENVIRONMENT else single
        sentences.append(sentence.format(key=name, path=shown_path(job, path)))

    if job.missing:
        text = _("Secrets: nothing here gives {names}, which the config takes from the environment")
        sentences.append(text.format(names=", ".join(job.missing)))

    return sentences or [_("Secrets: the config holds them itself")]


def arguments(job: Job, write: Callable[[Path], str]) -> list[str]:
    """Return what stands before the command."""
    state = ["--state", write(job.state)] if job.state else []
    return ["--config", write(job.config), *state]


def specified(job: Job, path: Path) -> str:
    """Write a path with `%` doubled and, for a template, with %i where the config's stem stands.

    What it has in common with the config's folder stays: a home may well be called like a shop.
    """
    if not job.template:
        return str(path).replace("%", "%%")

    shared = Path(os.path.commonpath([job.config.parent, path]))
    own = str(path.relative_to(shared)).replace("%", "%%")
    stem = rf"(?<![A-Za-z0-9]){re.escape(job.instance)}(?![A-Za-z0-9])"
    return str(Path(str(shared).replace("%", "%%"), re.sub(stem, "%i", own)))


def shown_path(job: Job, path: Path) -> str:
    """Write a path for people, with %i where it stands for each shop."""
    return specified(job, path).replace("%%", "%")
