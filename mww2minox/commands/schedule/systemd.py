"""systemd's service and timer units, as text.

A space, a quote, a `%` or a `$` in a path stays what it is.
"""

import re
from functools import partial

from mww2minox.commands.schedule.job import FETCH, PUSH, VERIFY, Job, arguments, secrets, specified
from mww2minox.commands.schedule.units import unit_name
from mww2minox.language.texts import _

# no text: a word of systemd, or of crontab's block
EACH = """\
"$@" {push}; push=$?; \
"$@" {verify}; verify=$?; \
case $push in 0|3) ;; *) exit $push ;; esac; \
case $verify in 0) exit $push ;; *) exit $verify ;; esac"""
"""What the shell runs: whatever becomes of `push`, `verify` runs too, and the end is the worse of
the two. Of several ExecStart lines systemd would skip the second, or not tell how the first ended.
"""
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


def systemd(job: Job) -> dict[str, str]:
    """Return the units' texts by the names of their files."""
    taking = _("Get the orders of the shop")
    booking = _("Book the orders in Minox, and verify the bookings")
    daily = f"*-*-* {job.at:%H:%M}:00"

    name = partial(unit_name, template=job.template)

    return {
        name("service", fetch=True): _service(job, taking, _command(job, *FETCH)),
        name("timer", fetch=True): _timer(job, taking, when="*:0/30", delay="5min"),
        name("service", fetch=False): _service(job, booking, _push_and_verify(job)),
        name("timer", fetch=False): _timer(job, booking, when=daily, delay="10min"),
    }


def _service(job: Job, description: str, command: str) -> str:
    # A user's manager knows no network target, and runs everything as that user.
    network = "Wants=network-online.target\nAfter=network-online.target\n" if job.user else ""
    user = f"User={job.user}\n" if job.user else ""
    hardened = HARDENED + HARDENED_SYSTEM if job.user else HARDENED

    done = _comment(_("Exit code 3: done, but an order or a booking needs attention"))
    writable = _comment(_("All that it may write to: the folder of the state file"))
    return (
        # no text: a word of systemd, or of crontab's block
        f"{_heading(job)}[Unit]\nDescription={_described(job, description)}\n{network}\n"
        "[Service]\nType=oneshot\n"
        f"ExecStart={command}\n{done}SuccessExitStatus=3\n"
        f"{_credentials(job)}{user}"
        f"{writable}"
        f"ReadWritePaths={_quoted(f'-{specified(job, job.writable)}')}\n"
        f"{hardened}"
    )


def _timer(job: Job, description: str, *, when: str, delay: str) -> str:
    late = _comment(_("After the machine was off at that time: as soon as it is on"))
    return (
        # no text: a word of systemd, or of crontab's block
        f"{_heading(job)}[Unit]\nDescription={_described(job, description)}\n\n"
        f"[Timer]\nOnCalendar={when}\nRandomizedDelaySec={delay}\n"
        f"{late}Persistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _heading(job: Job) -> str:
    # no text: a command
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


def _push_and_verify(job: Job) -> str:
    """Return the command line of the day: a shell, with our own as its arguments."""
    script = EACH.format(push=" ".join(PUSH), verify=" ".join(VERIFY)).replace("$", "$$")

    program = _quoted(job.program[0].replace("%", "%%")).replace("$", "$$")
    return " ".join(["/bin/sh -c", f"'{script}'", "mww2minox", program, *_arguments(job)])


def _command(job: Job, *command: str) -> str:
    """Return a command line for ExecStart. systemd leaves a `$` in the program alone."""
    program = _quoted(job.program[0].replace("%", "%%"))

    return " ".join([program, *_arguments(job), *command])


def _arguments(job: Job) -> list[str]:
    """Return what stands between the program and the command, with `$` doubled."""
    words = [*job.program[1:], *arguments(job, lambda path: specified(job, path))]

    return [_quoted(word).replace("$", "$$") for word in words]


def _quoted(word: str) -> str:
    """Quote a word of a unit where it must be."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return word if PLAIN.fullmatch(word) else f'"{escaped}"'


def _comment(text: str) -> str:
    return f"# {text}\n"
