"""`schedule --uninstall`: takes away what `--install` put in place for a config, nothing else."""

import os
import shlex
import shutil
from contextlib import suppress
from pathlib import Path

from mww2minox.commands.schedule.job import Wanted
from mww2minox.commands.schedule.programs import ran
from mww2minox.commands.schedule.table import current_crontab, without_lines, write_crontab
from mww2minox.commands.schedule.units import (
    config_of,
    file_names,
    is_ours,
    text_of,
    timer_names,
    unit_name,
    units_folder,
)
from mww2minox.config.loading import load_config
from mww2minox.errors import CannotWrite, ConfigError, ExitStatus, UsageError
from mww2minox.language.texts import _
from mww2minox.output import Output

WANTS = "timers.target.wants"
"""The folder, beside the units, of links to the timers that are enabled."""


def uninstall(output: Output, config: Path, wanted: Wanted) -> ExitStatus:
    """Take away the timers and crontab lines that run `config`, and say which these were."""
    # Only for its language: who leaves may have a config that cannot be used any more.
    with suppress(ConfigError):
        load_config(config)

    system = wanted.scope == "system"
    removed = False
    if wanted.kind != "cron":
        for template in (False, True):
            removed |= _remove_units(output, config, system=system, template=template)
    if wanted.kind != "systemd" and not system:
        removed |= _remove_lines(output, config)

    if removed:
        output.say(_("The config, the keys and the state file stay where they are."))
    else:
        output.say(_("No timer and no crontab line runs {config}.").format(config=config))
    _tell_of_system(output, config, told=system)
    return ExitStatus.OK


# systemd.


def _remove_units(output: Output, config: Path, *, system: bool, template: bool) -> bool:
    """Take away the units of a config; return whether there were any."""
    folder = units_folder(system=system)
    instance = config.stem if template else ""
    if not _runs(folder, config, template=template):
        return False
    _refuse_without_rights(config, system=system)

    timers = timer_names(template=template, instance=instance)
    _stop(output, timers, system=system)
    for timer in timers:
        (folder / WANTS / timer).unlink(missing_ok=True)

    # One template serves all shops.
    others = _other_instances(folder) if template else []
    if others:
        sentence = _("The units stay for the other shops: {names}")
        output.say(sentence.format(names=", ".join(others)))
    else:
        _delete(output, folder, template=template)
    _reload(system=system)
    return True


def _runs(folder: Path, config: Path, *, template: bool) -> bool:
    """Tell whether units of ours in a folder run a config."""
    instance = config.stem if template else ""
    service = folder / unit_name("service", fetch=False, template=template)
    if not is_ours(service) or config_of(text_of(service), instance) != config:
        return False

    # A template fits every shop beside this one: only links tell which are enabled.
    enabled = any(
        os.path.lexists(folder / WANTS / timer)
        for timer in timer_names(template=template, instance=instance)
    )
    return not template or enabled or not _other_instances(folder)


def _other_instances(folder: Path) -> list[str]:
    """Return the timers of templates that are enabled."""
    return sorted(path.name for path in (folder / WANTS).glob("mww2minox*@*.timer"))


def _refuse_without_rights(config: Path, *, system: bool) -> None:
    if system and os.geteuid() != 0:
        message = _("Only root can take units of the system away.")
        raise UsageError(message, _as_root(config))


def _stop(output: Output, timers: list[str], *, system: bool) -> None:
    """Stop the timers, and let nothing start them again."""
    done = ran([*_manager(system=system), "disable", "--now", *timers])

    # In a container nobody answers: then nothing runs either.
    if done is None or done.returncode:
        output.warn(_("systemd does not answer here; the timers are taken away all the same."))
    else:
        output.say(_("The timers are stopped: {names}").format(names=", ".join(timers)))


def _delete(output: Output, folder: Path, *, template: bool) -> None:
    """Delete our units; a file of that name that somebody else wrote stays, and what was edited."""
    for name in file_names(template=template):
        path = folder / name
        if is_ours(path):
            _unlink(path)
            output.say(_("Deleted: {path}").format(path=path))
        elif path.exists():
            output.warn(_("{path} was not written by mww2minox: it stays.").format(path=path))

        changes = folder / f"{name}.d"
        if changes.exists():
            output.warn(_("{path} holds changes of your own: it stays.").format(path=changes))


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        suggestion = _("Delete it yourself, then run: mww2minox schedule --uninstall")
        raise CannotWrite(path, error, suggestion) from None


def _reload(*, system: bool) -> None:
    ran([*_manager(system=system), "daemon-reload"])


def _manager(*, system: bool) -> list[str]:
    return ["systemctl"] if system else ["systemctl", "--user"]


def _tell_of_system(output: Output, config: Path, *, told: bool) -> None:
    """Say that units of the system run the config too: those take root."""
    folder = units_folder(system=True)
    if not told and any(_runs(folder, config, template=template) for template in (False, True)):
        output.warn(_("Units of the system run it too."), _as_root(config))


def _as_root(config: Path) -> str:
    # no text: a command
    command = f"sudo mww2minox --config {shlex.quote(str(config))} schedule --system --uninstall"
    return _("Run: {commands}").format(commands=command)


# cron.


def _remove_lines(output: Output, config: Path) -> bool:
    """Take our lines out of the crontab; return whether there were any."""
    if not shutil.which("crontab"):
        return False
    before = current_crontab()
    after = without_lines(before, config)
    if after == before:
        return False

    write_crontab(after)
    count = len(before.splitlines()) - len(after.splitlines())
    output.say(_("Taken out of the crontab: {count} lines.").format(count=count))
    return True
