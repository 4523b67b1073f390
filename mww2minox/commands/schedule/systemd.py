"""systemd's service and timer units, as text.

A space, a quote, a `%` or a `$` in a path stays what it is.
"""

import re
from collections.abc import Iterable

from mww2minox.commands.schedule.job import FETCH, PUSH, VERIFY, Job, arguments, secrets, specified
from mww2minox.language.texts import _

PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
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
"""These take capabilities away, which a user's own manager may not: the service would end with
218/CAPABILITIES.
"""


def unit_name(job: Job, kind: str, *, fetch: bool, instance: str = "") -> str:
    """Return the name of a unit's file, or with `instance` that of the unit made from a
    template.
    """
    name = "mww2minox-fetch" if fetch else "mww2minox"
    at = "@" if job.template else ""
    return f"{name}{at}{instance}.{kind}"


def systemd(job: Job) -> dict[str, str]:
    """Return the units' texts by the names of their files."""
    taking = _("Take in the orders of the shop")
    booking = _("Book the orders in Minox, and verify the bookings")
    daily = f"*-*-* {job.at:%H:%M}:00"

    return {
        unit_name(job, "service", fetch=True): _service(job, taking, [FETCH]),
        unit_name(job, "timer", fetch=True): _timer(job, taking, when="*:0/30", delay="5min"),
        unit_name(job, "service", fetch=False): _service(job, booking, [PUSH, VERIFY]),
        unit_name(job, "timer", fetch=False): _timer(job, booking, when=daily, delay="10min"),
    }


def _service(job: Job, description: str, commands: Iterable[tuple[str, ...]]) -> str:
    # The `-`: whatever becomes of `push`, `verify` still runs, and tells how the service ended.
    *before, last = (_command(job, command) for command in commands)
    starts = "".join(f"ExecStart=-{command}\n" for command in before) + f"ExecStart={last}\n"

    # A user's manager knows no network target, and runs everything as that user.
    network = "Wants=network-online.target\nAfter=network-online.target\n" if job.user else ""
    user = f"User={job.user}\n" if job.user else ""
    hardened = HARDENED + HARDENED_SYSTEM if job.user else HARDENED

    done = _comment(_("Exit code 3: done, but an order or a booking needs attention"))
    writable = _comment(_("All that it may write to: the folder of the state file"))
    return (
        f"{_heading(job)}[Unit]\nDescription={_described(job, description)}\n{network}\n"
        "[Service]\nType=oneshot\n"
        f"{starts}{done}SuccessExitStatus=3\n"
        f"{_credentials(job)}{user}"
        f"{writable}"
        f"ReadWritePaths={_quoted(f'-{specified(job, job.writable)}')}\n"
        f"{hardened}"
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
    lines = (
        f"LoadCredential={name}:{specified(job, path)}\n" for name, path in job.credentials.items()
    )
    return "".join(map(_comment, secrets(job))) + "".join(lines)


def _command(job: Job, command: tuple[str, ...]) -> str:
    """Return a command line for ExecStart: `$` is doubled, except in the program, where systemd
    leaves it alone.
    """
    program, *rest = job.program
    words = [*rest, *arguments(job, lambda path: specified(job, path)), *command]

    quoted = [_quoted(word).replace("$", "$$") for word in words]
    return " ".join([_quoted(program.replace("%", "%%")), *quoted])


def _quoted(word: str) -> str:
    """Quote a word of a unit where it must be."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return word if PLAIN.fullmatch(word) else f'"{escaped}"'


def _comment(text: str) -> str:
    return f"# {text}\n"
