"""`schedule`: the timer units or crontab lines that run it; shown, or put in place."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Literal

from platformdirs.unix import Unix

from mww2minox.commands.schedule.cron import crontab, marks
from mww2minox.commands.schedule.job import Job, refuse_unwritable
from mww2minox.commands.schedule.systemd import systemd, unit_name
from mww2minox.config.loading import FOLDERS, load_config, secret_files
from mww2minox.config.secrets import ENVIRONMENT, env_values, variables
from mww2minox.config.settings import Config
from mww2minox.config.yaml_file import Document, env_file, read_document
from mww2minox.errors import CannotWrite, ExitStatus, UsageError
from mww2minox.language.texts import _
from mww2minox.output import Output

RUNNING = Path("/run/systemd/system")
SYSTEM_UNITS = Path("/etc/systemd/system")
NAMED_CONFIG = re.compile(r"""^ExecStart=.* --config ("(?:[^"\\]|\\.)*"|\S+)""", re.MULTILINE)
NO_CRONTAB = re.compile("no crontab|no such file", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the options ask for; None where they leave the choice to us."""

    kind: Literal["systemd", "cron"] | None
    scope: Literal["user", "system"] | None
    template: bool
    install: bool
    at: time


def schedule(output: Output, config_path: Path, state: Path | None, wanted: Wanted) -> ExitStatus:
    """Show what runs the command at its times, or put it in place. Asks nothing of the vendors."""
    kind = _kind(wanted)
    job = _job(config_path, state, wanted)
    refuse_unwritable(job)

    _warn(output, job)
    if kind == "systemd":
        _units(output, job, install=wanted.install)
    else:
        _cron(output, job, install=wanted.install)
    return ExitStatus.OK


def _kind(wanted: Wanted) -> Literal["systemd", "cron"]:
    """Return what is to run it; UsageError for options that do not go together."""
    about_systemd = wanted.scope is not None or wanted.template
    if wanted.kind == "cron" and about_systemd:
        message = _("--user, --system and --template are about systemd's units.")
        raise UsageError(
            message, _("Leave them out with --cron, or run: mww2minox schedule --systemd")
        )

    if wanted.kind:
        return wanted.kind
    return "systemd" if about_systemd or _has_systemd() else "cron"


def _has_systemd() -> bool:
    return RUNNING.is_dir() or shutil.which("systemctl") is not None


def _job(config_path: Path, state: Path | None, wanted: Wanted) -> Job:
    config = load_config(config_path)
    path = _absolute(config_path)
    named_state = _absolute(state) if state else _state_by_shell(config)

    document = read_document(config_path)
    held = {name for name, value in env_values(document).items() if value}
    is_system = wanted.scope == "system"
    return Job(
        program=_program(),
        config=path,
        state=named_state,
        writable=_absolute(named_state or config.state_path).parent,
        at=wanted.at,
        credentials=_credentials(path, document),
        missing=tuple(sorted(variables(document) - held)),
        user=_user(path, named_state, config.state_path) if is_system else "",
        template=wanted.template,
    )


def _credentials(config_path: Path, document: Document) -> dict[str, Path]:
    """Return the files that hold secrets, by the name of the credential."""
    credentials = {key: _absolute(file) for key, file in secret_files(document).items()}

    # A link counts even where its target is not there now.
    env = env_file(config_path)
    return {ENVIRONMENT: env, **credentials} if os.path.lexists(env) else credentials


def _absolute(path: Path) -> Path:
    """Return the full path. A link stays as it is named, unless a `..` after it would mislead."""
    folder = path.absolute().parent
    return (folder.resolve() if ".." in folder.parts else folder) / path.name


def _program() -> tuple[str, ...]:
    """Return the command beside this Python, wherever the caller's PATH leads."""
    beside = Path(sys.executable).with_name("mww2minox")
    return (str(beside),) if os.access(beside, os.X_OK) else (sys.executable, "-m", "mww2minox")


def _state_by_shell(config: Config) -> Path | None:
    """Return the state file where XDG_STATE_HOME of this shell decides: a timer does not know of
    it.
    """
    # By the function that platformdirs uses, so that both give the same path.
    default = Path(os.path.expanduser("~/.local/state/mww2minox/state.db"))  # noqa: PTH111
    here = FOLDERS.user_state_path / "state.db"
    return here if config.state_path == here != default else None


def _user(config: Path, named: Path | None, state: Path) -> str:
    """Return who a service of the system runs as: whose the state file is, or else the config."""
    used = named or state
    owner = (used if used.exists() else config).stat().st_uid
    try:
        user = pwd.getpwuid(owner)
    except KeyError:
        return str(owner)

    # The service's own home would be another one, with another state file.
    home = Path.home()
    if named is None and state.is_relative_to(home) and Path(user.pw_dir) != home:
        message = _("The state file {path} is in your home, and the service will run as {user}.")
        raise UsageError(
            message.format(path=state, user=user.pw_name),
            _("Name the state file: mww2minox --state PATH schedule --system"),
        )
    return user.pw_name


def _warn(output: Output, job: Job) -> None:
    """Warn of what only this shell knows."""
    if job.missing:
        message = _(
            "The config takes {names} from the environment, which a schedule does not have."
        )
        advice = _("Put it in {path} as NAME=VALUE, then run: mww2minox schedule")
        output.warn(
            message.format(names=", ".join(job.missing)), advice.format(path=env_file(job.config))
        )


# systemd.


def _units(output: Output, job: Job, *, install: bool) -> None:
    folder = SYSTEM_UNITS if job.user else Unix("systemd").user_config_path / "user"
    files = {folder / name: text for name, text in systemd(job).items()}
    if not install:
        output.data("\n".join(f"# {path}\n{text}" for path, text in files.items()))
        return

    _refuse_without_rights(job)
    _warn_of_others(output, files)
    for path, text in files.items():
        _write(path, text)
        output.say(_("Written: {path}").format(path=path))
    _enable(output, job)


def _refuse_without_rights(job: Job) -> None:
    if job.user and os.geteuid() != 0:
        message = _("Only root can put units of the system in place.")
        raise UsageError(
            message,
            _("Run it with sudo, or for yourself alone: mww2minox schedule --user --install"),
        )


def _warn_of_others(output: Output, files: Mapping[Path, str]) -> None:
    """Warn where the units that are there are those of another config: two shops need a
    template.
    """
    others = set()
    for path, text in files.items():
        present = _config_in(_text_of(path))
        if present not in ("", _config_in(text)):
            others.add(present)

    for other in sorted(others):
        output.warn(
            _("The units that were there ran {config}; from now on they do not.").format(
                config=other
            ),
            _(
                "For several shops, run for each of them: mww2minox --config SHOP.yaml schedule"
                " --template --install"
            ),
        )


def _config_in(unit: str) -> str:
    """Return the config of a unit, as it is written there; empty without one."""
    match = NAMED_CONFIG.search(unit)
    return match[1] if match else ""


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _write(path: Path, text: str) -> None:
    """Write a unit; UsageError where that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    except OSError as error:
        suggestion = _("To put the units there yourself, run: mww2minox schedule")
        raise CannotWrite(path, error, suggestion) from None


def _enable(output: Output, job: Job) -> None:
    """Start the timers where a manager answers, else say how; then say how to see them run."""
    manager = ["systemctl"] if job.user else ["systemctl", "--user"]
    timers = [
        unit_name(job, "timer", fetch=fetch, instance=job.instance) for fetch in (True, False)
    ]
    reload, enable = [*manager, "daemon-reload"], [*manager, "enable", "--now", *timers]

    # In a container, say, the program is there and nobody answers it.
    reloaded = _ran(reload)
    if reloaded is None or reloaded.returncode:
        advice = _("Run: {commands}").format(commands=f"{' '.join(reload)} && {' '.join(enable)}")
        output.warn(_("systemd does not answer here, so the timers are not started."), advice)
    else:
        _expect_success(_ran(enable), " ".join(enable))
        output.say(_("The timers are started: {names}").format(names=", ".join(timers)))

    _tell_more(output, " ".join(manager), user=not job.user)


def _tell_more(output: Output, manager: str, *, user: bool) -> None:
    # no text: a command
    journal = f"journalctl {'--user ' if user else ''}-u 'mww2minox*'"
    output.say(
        _("To see when they run: {command}").format(command=f"{manager} list-timers 'mww2minox*'")
    )
    output.say(_("To see what they said: {command}").format(command=journal))
    if user:
        output.say(_("To let them run while you are not logged in: loginctl enable-linger"))


# cron.


def _cron(output: Output, job: Job, *, install: bool) -> None:
    if not install:
        output.data("\n".join(crontab(job)))
        return

    before = _current_crontab()
    after = _replaced(before, job)
    if after == before:
        output.say(_("The crontab has these lines already."))
    else:
        _expect_success(_ran(["crontab", "-"], after), "crontab -")
        output.say(_("The crontab has the lines now."))

    output.say(_("To see them: crontab -l. To see what was done: mww2minox report"))


def _current_crontab() -> str:
    """Return what `crontab -l` shows.

    Only a crontab that is not there yet is an empty one, not one that fails.
    """
    done = _ran(["crontab", "-l"])
    if done is not None and done.returncode and NO_CRONTAB.search(done.stderr):
        return ""
    return _expect_success(done, "crontab -l")


def _replaced(text: str, job: Job) -> str:
    """Put our block in the place of the former one, or at the end. All else stays as it is."""
    first, last = marks(job)
    lines = text.removesuffix("\n").split("\n") if text else []

    # Whoever has edited them may have put lines of their own between ours.
    if (lines.count(first), lines.count(last)) not in {(0, 0), (1, 1)}:
        message = _(
            "The crontab must hold the lines `{first}` and `{last}` once each, or not at all."
        )
        raise UsageError(
            message.format(first=first, last=last),
            _("Correct it with `crontab -e`, then run: mww2minox schedule --cron --install"),
        )

    start = lines.index(first) if first in lines else len(lines)
    end = lines.index(last) + 1 if last in lines else start
    return "\n".join([*lines[:start], *crontab(job), *lines[max(start, end) :]]) + "\n"


# Other programs.


def _ran(command: Sequence[str], given: str = "") -> "subprocess.CompletedProcess[str] | None":
    """Run a program to its end, with `given` as its input; None when there is no such program."""
    program = shutil.which(command[0])
    if program is None:
        return None

    # In C's language, so that NO_CRONTAB knows what it says.
    return subprocess.run(  # noqa: S603 - systemctl or crontab, with our own arguments
        [program, *command[1:]],
        input=given,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )


def _expect_success(done: "subprocess.CompletedProcess[str] | None", command: str) -> str:
    """Return what a program printed. UsageError when it failed, or is not there."""
    if done is not None and done.returncode == 0:
        return done.stdout
    if done is None:
        message = _("The program {name} is not there.").format(name=command.partition(" ")[0])
    else:
        problem = " ".join(done.stderr.split()) or done.returncode
        message = _("`{command}` failed: {problem}").format(command=command, problem=problem)
    raise UsageError(message, _("To put the schedule in place by hand, run: mww2minox schedule"))
