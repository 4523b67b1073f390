"""`schedule`: the timer units or crontab lines that run it; shown, or put in place."""

import os
import pwd
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from mww2minox.commands.schedule.cron import crontab
from mww2minox.commands.schedule.job import Job, Wanted, refuse_unwritable
from mww2minox.commands.schedule.programs import expect_success, ran
from mww2minox.commands.schedule.removal import uninstall
from mww2minox.commands.schedule.systemd import systemd
from mww2minox.commands.schedule.table import current_crontab, with_lines, write_crontab
from mww2minox.commands.schedule.units import config_in, text_of, timer_names, units_folder
from mww2minox.config.loading import FOLDERS, load_config, secret_files
from mww2minox.config.passing import passing
from mww2minox.config.secrets import ENVIRONMENT, env_values, variables
from mww2minox.config.settings import Config
from mww2minox.config.yaml_file import Document, env_file, read_document
from mww2minox.errors import CannotWrite, ExitStatus, UsageError
from mww2minox.language.texts import _
from mww2minox.output import Output

RUNNING = Path("/run/systemd/system")


def schedule(output: Output, config_path: Path, state: Path | None, wanted: Wanted) -> ExitStatus:
    """Show what runs the command at its times, put it in place, or take it away again. Asks
    nothing of the vendors.
    """
    if wanted.uninstall:
        return uninstall(output, _absolute(config_path), wanted)

    kind = _kind(wanted)
    job = _job(config_path, state, wanted)
    refuse_unwritable(job)

    _warn(output, job)
    _warn_of_passing(output, config_path, job)
    if kind == "systemd":
        return _units(output, job, install=wanted.install)
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


def _warn_of_passing(output: Output, config_path: Path, job: Job) -> None:
    """Warn of files that are gone some day; a service does not even see what is under /tmp."""
    config = load_config(config_path)
    for path in passing(config, job.config, job.state or config.state_path):
        message = _("{path} stands among temporary files, which are emptied at a restart.")
        advice = _("Move it to a folder that stays, then run: mww2minox schedule --install")
        output.warn(message.format(path=path), advice)


# systemd.


def _units(output: Output, job: Job, *, install: bool) -> ExitStatus:
    folder = units_folder(system=bool(job.user))
    files = {folder / name: text for name, text in systemd(job).items()}
    if not install:
        output.data("\n".join(f"# {path}\n{text}" for path, text in files.items()))
        return ExitStatus.OK

    _refuse_without_rights(job)
    _warn_of_others(output, files)
    for path, text in files.items():
        _write(path, text)
        output.say(_("Written: {path}").format(path=path))
    return _enable(output, job)


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
        present = config_in(text_of(path))
        if present not in ("", config_in(text)):
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


def _write(path: Path, text: str) -> None:
    """Write a unit; UsageError where that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    except OSError as error:
        suggestion = _("To put the units there yourself, run: mww2minox schedule")
        raise CannotWrite(path, error, suggestion) from None


def _enable(output: Output, job: Job) -> ExitStatus:
    """Start the timers where a manager answers, else say how; then say how to see them run."""
    manager = ["systemctl"] if job.user else ["systemctl", "--user"]
    timers = timer_names(template=job.template, instance=job.instance)
    reload, enable = [*manager, "daemon-reload"], [*manager, "enable", "--now", *timers]

    # In a container, say, the program is there and nobody answers it.
    reloaded = ran(reload)
    started = reloaded is not None and reloaded.returncode == 0
    if started:
        expect_success(ran(enable), " ".join(enable))
        output.say(_("The timers are started: {names}").format(names=", ".join(timers)))
    else:
        advice = _("Run: {commands}").format(commands=f"{' '.join(reload)} && {' '.join(enable)}")
        output.warn(_("systemd does not answer here, so the timers are not started."), advice)

    _tell_more(output, " ".join(manager), user=not job.user)
    return ExitStatus.OK if started else ExitStatus.ATTENTION


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

    before = current_crontab()
    after = with_lines(before, job)
    if after == before:
        output.say(_("The crontab has these lines already."))
    else:
        write_crontab(after)
        output.say(_("The crontab has the lines now."))

    output.say(_("To see them: crontab -l. To see what was done: mww2minox report"))
