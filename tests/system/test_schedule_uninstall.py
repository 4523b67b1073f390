"""`schedule --uninstall` takes away what `--install` put in place, and nothing else."""

import os
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from mww2minox.config.passing import PASSING
from tests.harness.inside import Ended, Inside

pytestmark = pytest.mark.usefixtures("programs")

OTHERS = "MAILTO=anna@example.com\n0 1 * * * backup\n"
CRONTAB = """\
#!/bin/sh
case $1 in
    -l) [ -f "$TABLE" ] || { echo "no crontab for anna" >&2; exit 1; }; cat "$TABLE" ;;
    -) cat > "$TABLE" ;;
esac
"""
SYSTEMCTL = """\
#!/bin/sh
echo "$@" >> "$CALLS"
case "$REFUSED,$*" in
    reload,*reload) exit 1 ;;
    *,*enable*)
        mkdir -p "$UNITS/timers.target.wants"
        for word; do
            case $word in *.timer) ln -sf "$UNITS/x" "$UNITS/timers.target.wants/$word" ;; esac
        done ;;
esac
"""


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture
def units() -> Path:
    """The folder of the user's units."""
    return Path(os.environ["HOME"]) / ".config/systemd/user"


@pytest.fixture
def programs(inside: Inside, tmp_path: Path, units: Path) -> None:
    """A crontab and a systemctl of this test's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("crontab", CRONTAB), ("systemctl", SYSTEMCTL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    inside.env |= {
        "PATH": f"{folder}:/usr/bin:/bin",
        "TABLE": str(tmp_path / "table"),
        "CALLS": str(tmp_path / "calls"),
        "UNITS": str(units),
        "REFUSED": "",
    }


def calls(inside: Inside) -> list[str]:
    """Return how systemctl was called since the last time."""
    path = Path(inside.env["CALLS"])
    lines = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines


def shop(inside: Inside, name: str) -> tuple[str, str]:
    """Return the options for a config of another shop."""
    path = inside.folder / f"a b%h $x {name}" / f"{name}.yaml"
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(inside.config.read_text())
    return "--config", str(path)


def uninstalled(inside: Inside, *options: str) -> Ended:
    ended = inside(*options, "schedule", "--uninstall")
    assert ended.status == 0, ended.err
    return ended


def test_where_nothing_is_installed_it_says_so(inside: Inside) -> None:
    ended = uninstalled(inside)
    assert f"No timer and no crontab line runs {inside.config}." in ended.err
    assert calls(inside) == []


@pytest.mark.parametrize("kind", ["--user", "--template"])
def test_units_are_stopped_and_deleted(inside: Inside, units: Path, kind: str) -> None:
    options = shop(inside, "kaas")
    assert inside(*options, "schedule", kind, "--install").status == 0
    (units / "backup.timer").write_text("[Timer]\n")
    calls(inside)

    ended = uninstalled(inside, *options)
    at = "@kaas" if kind == "--template" else ""
    timers = f"mww2minox-fetch{at}.timer mww2minox{at}.timer"
    assert calls(inside) == [f"--user disable --now {timers}", "--user daemon-reload"]
    assert ended.err.count("Deleted: ") == 4
    assert sorted(path.name for path in units.rglob("*")) == ["backup.timer", "timers.target.wants"]
    assert "The config, the keys and the state file stay" in ended.err
    assert "No timer" in uninstalled(inside, *options).err


def test_of_several_shops_only_one_is_stopped(inside: Inside, units: Path) -> None:
    shops = [inside.folder / f"{name}.yaml" for name in ("kaas", "bier")]
    for config in shops:
        config.touch(mode=0o600)
        config.write_text(inside.config.read_text())
        named = ("--config", str(config))
        assert inside(*named, "schedule", "--template", "--install").status == 0

    ended = uninstalled(inside, "--config", str(shops[0]))
    assert "stay for the other shops: mww2minox-fetch@bier.timer, mww2minox@bier.ti" in ended.err
    assert len(list(units.glob("mww2minox*@.*"))) == 4
    assert "No timer" in uninstalled(inside, "--config", str(shops[0])).err
    uninstalled(inside, "--config", str(shops[1]))
    assert not list(units.glob("mww2minox*"))


def test_units_of_another_config_or_of_somebody_else_stay(inside: Inside, units: Path) -> None:
    options = shop(inside, "kaas")
    assert inside("schedule", "--user", "--install").status == 0
    assert "No timer" in uninstalled(inside, *options).err
    assert len(list(units.glob("mww2minox*"))) == 4

    (units / "mww2minox-fetch.timer").write_text("[Timer]\nOnCalendar=daily\n")
    (units / "mww2minox.service.d").mkdir()
    ended = uninstalled(inside)
    assert "mww2minox-fetch.timer was not written by mww2minox: it stays." in ended.err
    assert "mww2minox.service.d holds changes of your own: it stays." in ended.err
    left = sorted(path.name for path in units.glob("mww2minox*"))
    assert left == ["mww2minox-fetch.timer", "mww2minox.service.d"]


def test_lines_are_taken_out_of_the_crontab(inside: Inside) -> None:
    table = Path(inside.env["TABLE"])
    table.write_text(OTHERS)
    options = shop(inside, "kaas")
    assert inside("schedule", "--cron", "--install").status == 0
    first = table.read_text()
    assert inside(*options, "schedule", "--cron", "--install").status == 0

    ended = uninstalled(inside, *options)
    assert table.read_text() == first
    assert "Taken out of the crontab: 6 lines." in ended.err
    uninstalled(inside)
    assert table.read_text() == OTHERS
    assert "No timer" in uninstalled(inside).err


def test_a_config_that_is_gone_or_broken_can_be_left_too(inside: Inside) -> None:
    table = Path(inside.env["TABLE"])
    for text in ("shop: [", None):
        assert inside("schedule", "--cron", "--install").status == 0
        before = inside.config.read_text()
        if text:
            inside.config.write_text(text)
        else:
            inside.config.unlink()
        uninstalled(inside)
        assert table.read_text() == ""
        inside.write_config(yaml.safe_load(before))


def test_without_a_manager_that_answers_they_are_taken_away_all_the_same(
    inside: Inside, units: Path
) -> None:
    assert inside("schedule", "--user", "--install").status == 0
    Path(inside.env["PATH"].partition(":")[0], "systemctl").write_text("#!/bin/sh\nexit 1\n")
    ended = uninstalled(inside)
    assert "systemd does not answer here" in ended.err
    assert not list(units.rglob("mww2minox*"))


def test_an_install_that_starts_nothing_ends_in_3(inside: Inside) -> None:
    inside.env["REFUSED"] = "reload"
    ended = inside("schedule", "--user", "--install")
    assert (ended.status, "so the timers are not started" in ended.err) == (3, True)


def test_units_of_the_system_are_named_and_take_root(
    inside: Inside, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    system = tmp_path / "etc"
    system.mkdir()
    monkeypatch.setattr("mww2minox.commands.schedule.units.SYSTEM_UNITS", system)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert inside("schedule", "--system", "--install").status == 0
    assert "Units of the system run it too." in uninstalled(inside).err

    monkeypatch.setattr("os.geteuid", lambda: 12345)
    ended = inside("schedule", "--system", "--uninstall")
    assert (ended.status, "sudo mww2minox --config" in ended.err) == (2, True)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert inside("schedule", "--system", "--uninstall").status == 0
    assert not list(system.glob("mww2minox*"))
    assert "disable --now mww2minox-fetch.timer mww2minox.timer" in calls(inside)


def test_both_at_once_are_refused(inside: Inside) -> None:
    ended = inside("schedule", "--install", "--uninstall")
    assert (ended.status, "either --install or --uninstall" in ended.err) == (2, True)


# Files that are gone some day.


@pytest.fixture
def real(inside: Inside, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """A config of real services; this test's folder is all that is emptied."""
    config: dict[str, Any] = yaml.safe_load(inside.config.read_text())
    config["shop"]["url"] = "https://api.myonlinestore.com"
    monkeypatch.setattr("mww2minox.config.passing.PASSING", (tmp_path,))
    return config


def test_files_among_temporary_ones_are_warned_of(inside: Inside, real: dict[str, Any]) -> None:
    assert Path("/tmp") in PASSING  # noqa: S108 - it is looked at only
    assert "temporary" not in inside("schedule", "--cron").err, "a sandbox has nothing to lose"
    inside.write_config(real)
    ended = inside("schedule", "--cron")
    assert ended.status == 0
    for path in (inside.config, inside.state):
        assert f"{path} stands among temporary files" in ended.err


def test_check_warns_of_them_too(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "temporary" not in inside("check").out
    monkeypatch.setattr("mww2minox.config.passing.is_on_loopback", lambda _url: False)
    ended = inside("check")
    assert ended.out.count("it stands among temporary files") == 2
    assert ended.status == 0
    assert shlex.quote(str(inside.config)) in ended.out
