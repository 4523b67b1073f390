"""What runs the command at its times, as text: systemd's service and timer units, or lines for a crontab.

The day's booking is `push` and then `verify`; `fetch` runs every half hour. Each waits for the other's lock, so that a
run is late and not lost. Paths are written so that a space, a quote, a `%` or a `$` in them stays what it is.
"""

import os
import re
import shlex
from collections.abc import Callable, Iterable, Mapping as Map
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from mww2minox.credentials import ENVIRONMENT
from mww2minox.errors import UsageError
from mww2minox.texts import _

FETCH = ("fetch", "--wait", "1500")
PUSH = ("push", "--wait", "3600")
VERIFY = ("verify", "--wait", "3600")
PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
INSTANCE = re.compile(r"[A-Za-z0-9_.-]+")

HARDENED = """\
UMask=0077
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=true
ProtectControlGroups=true
LockPersonality=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
SystemCallArchitectures=native
"""
HARDENED_SYSTEM = """\
PrivateDevices=true
ProtectClock=true
ProtectHostname=true
ProtectKernelModules=true
ProtectProc=invisible
"""
"""These take capabilities away, which a user's own manager may not: the service would end with 218/CAPABILITIES."""


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
    credentials: Map[str, Path]
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
    """Raise UsageError for what cannot be written down: a line break in a path, a stem that is no instance."""
    paths = [*job.program, job.config, job.writable, *([job.state] if job.state else []), *job.credentials.values()]
    for path in map(str, paths):
        if not path.isprintable() or path != path.strip() or path.endswith("\\"):
            message = _("The path {path} holds a character that a schedule cannot hold.").format(path=repr(path))
            raise UsageError(message, _("Rename it, then run: mww2minox schedule"))
    if job.template:
        _refuse_no_template(job)


def _refuse_no_template(job: Job) -> None:
    if not INSTANCE.fullmatch(job.instance):
        message = _("The name {name} cannot be that of a unit.").format(name=job.config.name)
        raise UsageError(
            message, _("Rename the config with letters, digits, - and _ only; then run: mww2minox schedule --template")
        )
    if job.state and str(job.state) == _shown(job, job.state):
        message = _("All shops would share the state file {path}.").format(path=job.state)
        raise UsageError(
            message, _("Put `state` in each config instead of --state, then run: mww2minox schedule --template")
        )


def unit_name(job: Job, kind: str, *, fetch: bool, instance: str = "") -> str:
    """Return the name of a unit's file, or with `instance` that of the unit made from a template."""
    return f"mww2minox{'-fetch' if fetch else ''}{'@' if job.template else ''}{instance}.{kind}"


def systemd(job: Job) -> dict[str, str]:
    """Return the units' texts by the names of their files."""
    taking, booking = _("Take in the orders of the shop"), _("Book the orders in Minox, and verify the bookings")
    daily = f"*-*-* {job.at:%H:%M}:00"
    return {
        unit_name(job, "service", fetch=True): _service(job, taking, [FETCH]),
        unit_name(job, "timer", fetch=True): _timer(job, taking, when="*:0/30", delay="5min"),
        unit_name(job, "service", fetch=False): _service(job, booking, [PUSH, VERIFY]),
        unit_name(job, "timer", fetch=False): _timer(job, booking, when=daily, delay="10min"),
    }


def _service(job: Job, description: str, commands: Iterable[tuple[str, ...]]) -> str:
    network = "Wants=network-online.target\nAfter=network-online.target\n" if job.user else ""
    user = f"User={job.user}\n" if job.user else ""
    # The `-`: whatever becomes of `push`, `verify` still runs, and tells how the service ended.
    *before, last = (_command(job, command) for command in commands)
    starts = "".join(f"ExecStart=-{command}\n" for command in before) + f"ExecStart={last}\n"
    done = _comment(_("Exit code 3: done, but an order or a booking needs attention"))
    writable = _comment(_("All that it may write to: the folder of the state file"))
    return (
        f"{_heading(job)}[Unit]\nDescription={_described(job, description)}\n{network}\n[Service]\nType=oneshot\n"
        f"{starts}{done}SuccessExitStatus=3\n"
        f"{_credentials(job)}{user}"
        f"{writable}"
        f"ReadWritePaths={_quoted(f'-{_specified(job, job.writable)}')}\n"
        f"{HARDENED}{HARDENED_SYSTEM if job.user else ''}"
    )


def _timer(job: Job, description: str, *, when: str, delay: str) -> str:
    late = _comment(_("After the machine was off at that time: as soon as it is on"))
    return (
        f"{_heading(job)}[Unit]\nDescription={_described(job, description)}\n\n"
        f"[Timer]\nOnCalendar={when}\nRandomizedDelaySec={delay}\n"
        f"{late}Persistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _heading(job: Job) -> str:
    edit = f"systemctl {'' if job.user else '--user '}edit UNIT"
    text = _("Written by `mww2minox schedule`, which writes it anew. Your own changes: {command}")
    return _comment(text.format(command=edit))


def _described(job: Job, description: str) -> str:
    return f"mww2minox: {description}{' (%i)' if job.template else ''}"


def _credentials(job: Job) -> str:
    """Have systemd read the secrets, for a service that may not be able to."""
    lines = (f"LoadCredential={name}:{_specified(job, path)}\n" for name, path in job.credentials.items())
    return "".join(map(_comment, secrets(job))) + "".join(lines)


def secrets(job: Job) -> list[str]:
    """Say where each secret comes from."""
    variables = _("Secrets: the variables of the config come from {path}")
    single = _("Secrets: {key} comes from {path}")
    sentences = [
        (variables if name == ENVIRONMENT else single).format(key=name, path=_shown(job, path))
        for name, path in job.credentials.items()
    ]
    if job.missing:
        text = _("Secrets: nothing here gives {names}, which the config takes from the environment")
        sentences.append(text.format(names=", ".join(job.missing)))
    return sentences or [_("Secrets: the config holds them itself")]


def _command(job: Job, command: tuple[str, ...]) -> str:
    """Return a command line for ExecStart: `$` is doubled, except in the program, where systemd leaves it alone."""
    program, *rest = job.program
    words = [*rest, *_arguments(job, lambda path: _specified(job, path)), *command]
    return " ".join([_quoted(program.replace("%", "%%")), *(_quoted(word).replace("$", "$$") for word in words)])


def _arguments(job: Job, write: Callable[[Path], str]) -> list[str]:
    """Return what stands before the command."""
    return ["--config", write(job.config), *(["--state", write(job.state)] if job.state else [])]


def _quoted(word: str) -> str:
    """Quote a word of a unit where it must be."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return word if PLAIN.fullmatch(word) else f'"{escaped}"'


def _specified(job: Job, path: Path) -> str:
    """Write a path with `%` doubled and, for a template, with %i where the config's stem stands.

    What it has in common with the config's folder stays: a home may well be called like a shop.
    """
    if not job.template:
        return str(path).replace("%", "%%")
    shared = Path(os.path.commonpath([job.config.parent, path]))
    own = str(path.relative_to(shared)).replace("%", "%%")
    stem = rf"(?<![A-Za-z0-9]){re.escape(job.instance)}(?![A-Za-z0-9])"
    return str(Path(str(shared).replace("%", "%%"), re.sub(stem, "%i", own)))


def _shown(job: Job, path: Path) -> str:
    """Write a path for people, with %i where it stands for each shop."""
    return _specified(job, path).replace("%%", "%")


def _comment(text: str) -> str:
    return f"# {text}\n"


def marks(job: Job) -> tuple[str, str]:
    """Return the lines that enclose what is ours in a crontab: one block for each config."""
    return f"# mww2minox {job.config}: begin", f"# mww2minox {job.config}: end"


def crontab(job: Job) -> list[str]:
    """Return the lines for a crontab. `;` lets `verify` run after a `push` that ends in 3."""
    first, last = marks(job)
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
    return shlex.join([*job.program, "-q", *_arguments(job, str), *command]).replace("%", "\\%")
