"""systemd's units as files: what ours are called, where they are, and whose a file is."""

import re
import shlex
from pathlib import Path

from platformdirs.unix import Unix

SYSTEM_UNITS = Path("/etc/systemd/system")
NAMED_CONFIG = re.compile(r"""^ExecStart=.* --config ("(?:[^"\\]|\\.)*"|\S+)""", re.MULTILINE)
# Both languages name the command in the first line of our units.
WRITTEN = re.compile("`mww2minox ([^`]* )?schedule`")


def units_folder(*, system: bool) -> Path:
    """Return the folder of the system's units, or of this user's."""
    return SYSTEM_UNITS if system else Unix("systemd").user_config_path / "user"


def unit_name(kind: str, *, fetch: bool, template: bool, instance: str = "") -> str:
    """Return the name of a unit's file, or with `instance` that of the unit made from a
    template.
    """
    name = "mww2minox-fetch" if fetch else "mww2minox"
    at = "@" if template else ""
    return f"{name}{at}{instance}.{kind}"


def timer_names(*, template: bool, instance: str = "") -> list[str]:
    """Return the names of both timers."""
    return [
        unit_name("timer", fetch=fetch, template=template, instance=instance)
        for fetch in (True, False)
    ]


def file_names(*, template: bool) -> list[str]:
    """Return the names of all files of a schedule."""
    return [
        unit_name(kind, fetch=fetch, template=template)
        for fetch in (True, False)
        for kind in ("service", "timer")
    ]


def text_of(path: Path) -> str:
    """Return what a unit says; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def is_ours(path: Path) -> bool:
    """Tell whether `schedule` wrote a unit; a file of that name may be somebody else's."""
    return WRITTEN.search(text_of(path).partition("\n")[0]) is not None


def config_in(unit: str) -> str:
    """Return the config of a unit, as it is written there; empty without one."""
    match = NAMED_CONFIG.search(unit)
    return match[1] if match else ""


def config_of(unit: str, instance: str) -> Path | None:
    """Return the path of a unit's config, with the name of an instance in it where it is a
    template's.
    """
    written = config_in(unit)
    if not written:
        return None

    meant = {"%%": "%", "%i": instance, "$$": "$"}
    plain = re.sub(r"%%|%i|\$\$", lambda match: meant[match[0]], shlex.split(written)[0])
    return Path(plain)
