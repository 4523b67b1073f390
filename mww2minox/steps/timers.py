"""What a schedule will run next for one config: systemd's timers, or the lines of a crontab.

Only reads, and asks the programs of this machine alone.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from platformdirs.unix import Unix

SYSTEM_UNITS = Path("/etc/systemd/system")
SECONDS = 5
"""How long a program of this machine may take to answer."""
CONFIG_OF_UNIT = re.compile(r"""^ExecStart=.* --config ("(?:[^"\\]|\\.)*"|\S+)""", re.MULTILINE)
CRON_LINE = re.compile(r"^(\S+) (\S+) \* \* \* (.*)$")
MINUTES_OF_A_DAY = 24 * 60
FETCH, PUSH, VERIFY = "fetch", "push", "verify"
BY_TIMER = {"mww2minox-fetch": (FETCH,), "mww2minox": (PUSH, VERIFY)}
"""What each timer runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRun:
    """What runs next, by `systemd` or `cron`, in this order; `at` is None where nobody knows."""

    commands: tuple[str, ...]
    kind: str
    at: datetime | None


def marks_of(config: Path) -> tuple[str, str]:
    """Return the lines that enclose what is ours in a crontab: one block for each config."""
    # no text: a word of systemd, or of crontab's block
    return f"# mww2minox {config}: begin", f"# mww2minox {config}: end"


def next_runs(config: Path, now: datetime) -> list[NextRun]:
    """Return what is in place for this config (a full path), the first to run first.

    `now` is aware, in the zone of this machine's clock, by which timers go.
    """
    runs = [*_of_systemd(config), *_of_cron(config, now)]
    return sorted(runs, key=lambda run: run.at or datetime.max.replace(tzinfo=now.tzinfo))


# systemd


def _of_systemd(config: Path) -> Iterator[NextRun]:
    own = Unix("systemd").user_config_path / "user"
    for folder, manager in ((own, ["--user"]), (SYSTEM_UNITS, [])):
        timers = [timer for timer in _timers(folder) if _config_of(timer, config) == str(config)]
        if not timers:
            continue

        elapses = _elapses(manager)
        for timer in timers:
            name = timer.name.removesuffix(".timer")
            base, at, _instance = name.partition("@")
            unit = f"{base}@{config.stem}.timer" if at else timer.name
            yield NextRun(commands=BY_TIMER[base], kind="systemd", at=elapses.get(unit))


def _timers(folder: Path) -> Iterator[Path]:
    for base in BY_TIMER:
        for name in (f"{base}.timer", f"{base}@.timer"):
            if (folder / name).is_file():
                yield folder / name


def _config_of(timer: Path, config: Path) -> str:
    """Return the config that a timer's service names; that of a template is filled in for ours."""
    try:
        text = timer.with_suffix(".service").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

    match = CONFIG_OF_UNIT.search(text)
    if match is None:
        return ""
    path = match[1].strip('"').replace('\\"', '"').replace("\\\\", "\\").replace("$$", "$")
    return path.replace("%i", config.stem).replace("%%", "%")


def _elapses(manager: Sequence[str]) -> dict[str, datetime]:
    """Return when each timer that systemd knows of elapses next."""
    answer = _answer(["systemctl", *manager, "list-timers", "--all", "--output=json", "mww2minox*"])
    try:
        rows = json.loads(answer or "[]")
        # Microseconds; none of a timer that is not started.
        return {
            row["unit"]: datetime.fromtimestamp(row["next"] / 1e6).astimezone()
            for row in rows
            if row["next"]
        }
    except (ValueError, TypeError, KeyError, OverflowError):
        return {}


# cron


def _of_cron(config: Path, now: datetime) -> Iterator[NextRun]:
    lines = (_answer(["crontab", "-l"]) or "").splitlines()
    first, last = marks_of(config)
    if first not in lines or last not in lines:
        return

    for line in lines[lines.index(first) : lines.index(last)]:
        match = CRON_LINE.match(line)
        if match:
            commands = (FETCH,) if f" {FETCH} " in match[3] else (PUSH, VERIFY)
            at = _next_minute(match[1], match[2], now)
            yield NextRun(commands=commands, kind="cron", at=at)


def _next_minute(minute: str, hour: str, now: datetime) -> datetime | None:
    """Return when a line of cron is next due: the next minute of a day that its fields hold."""
    start = now.replace(second=0, microsecond=0)
    for later in range(1, MINUTES_OF_A_DAY + 1):
        at = start + timedelta(minutes=later)
        if _holds(minute, at.minute) and _holds(hour, at.hour):
            return at
    return None


def _holds(field: str, value: int) -> bool:
    """Tell whether a field that we write, such as `*`, `*/30` or `15`, holds this value."""
    if field.startswith("*"):
        step = field.removeprefix("*").removeprefix("/") or "1"
        return step.isdigit() and value % max(1, int(step)) == 0
    return field.isdigit() and int(field) == value


def _answer(command: Sequence[str]) -> str | None:
    """Return what a program prints; None where it is not there, fails, or does not answer."""
    program = shutil.which(command[0])
    if program is None:
        return None

    try:
        done = subprocess.run(  # noqa: S603 - systemctl or crontab, with our own arguments
            [program, *command[1:]],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "LC_ALL": "C"},
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout
