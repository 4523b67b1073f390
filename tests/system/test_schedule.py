"""`schedule`: what it writes is what systemd and cron take, and it puts that in place once.

`crontab` and `systemctl` are small programs of this test's own, first in PATH.
"""

import os
import pwd
import re
import shlex
import shutil
import subprocess
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from mww2minox.cli import run
from mww2minox.commands.schedule import RUNNING
from mww2minox.commands.schedule.job import Job
from mww2minox.commands.schedule.systemd import systemd
from mww2minox.sandbox import Fault, Sandbox
from tests.system.conftest import Cli, Ended

pytestmark = pytest.mark.thorough

ANALYZE = shutil.which("systemd-analyze")
CRONTAB = """\
#!/bin/sh
[ "$1" != "$REFUSED" ] || { echo "You (anna) are not allowed to use this program" >&2; exit 1; }
case $1 in
    -l) [ -f "$TABLE" ] || { echo "no crontab for anna" >&2; exit 1; }; cat "$TABLE" ;;
    -) cat > "$TABLE" ;;
esac
"""
SYSTEMCTL = """\
#!/bin/sh
echo "$@" >> "$CALLS"
case "$REFUSED,$*" in reload,*reload | enable,*enable*) echo "Failed: refused" >&2; exit 1 ;; esac
"""
NAMES = ["mww2minox-fetch.service", "mww2minox-fetch.timer", "mww2minox.service", "mww2minox.timer"]


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder whose name systemd, cron and the shell all have their own ideas about."""
    folder = tmp_path / "a b%h $HOME 'c' \"d\""
    folder.mkdir()
    return folder


@pytest.fixture
def machine(cli: Cli, tmp_path: Path) -> Cli:
    """The command on a machine with a crontab and a systemctl of this test's own."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (("crontab", CRONTAB), ("systemctl", SYSTEMCTL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    cli.env |= {
        "PATH": f"{programs}:/usr/bin:/bin",
        "TABLE": str(tmp_path / "table"),
        "CALLS": str(tmp_path / "calls"),
        "REFUSED": "",
    }
    return cli


def units(home: Path) -> Path:
    """Return the folder of a user's units."""
    return home / ".config/systemd/user"


def files(out: str) -> dict[Path, str]:
    """Return the files that were shown, by their paths."""
    parts = re.split(r"^# (/.*)\n", out, flags=re.MULTILINE)[1:]
    return {
        Path(path): f"{text.strip()}\n" for path, text in zip(parts[::2], parts[1::2], strict=True)
    }


def calls(cli: Cli) -> list[str]:
    """Return how systemctl was called since the last time."""
    path = Path(cli.env["CALLS"])
    lines = path.read_text().splitlines()
    path.unlink()
    return lines


def moved(cli: Cli, folder: Path, name: str = "kaas.yaml") -> str:
    """Put the config elsewhere, its secrets into the env file and a file of their own; return its
    path.
    """
    text = cli.config.read_text().replace("sandbox-shop-token", "${MWW_TOKEN}")
    text = text.replace("client_secret: sandbox-client-secret", "client_secret_file: client secret")
    assert "sandbox-client-secret" not in text
    config = folder / name
    for path, content in (
        (config, text),
        (config.with_suffix(".env"), "MWW_TOKEN=sandbox-shop-token\n"),
        (folder / "client secret", "sandbox-client-secret\n"),
    ):
        path.touch(mode=0o600)
        path.write_text(content)
    return str(config)


def words(line: str) -> list[str]:
    """Return the words of an ExecStart line as systemd takes them."""
    return [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line)]


# What it shows.


def test_without_install_it_only_shows_what_it_would_write(machine: Cli, home: Path) -> None:
    ended = machine("schedule", "--systemd", "--at", "07:05")
    assert (ended.status, ended.err) == (0, "")
    shown = files(ended.out)
    assert list(shown) == [units(home) / name for name in NAMES]
    assert "OnCalendar=*-*-* 07:05:00\n" in shown[units(home) / "mww2minox.timer"]
    service = shown[units(home) / "mww2minox.service"]
    assert f"--config {machine.config}\n" in service
    assert service.index("push --wait") < service.index("verify --wait")
    assert "--state" not in ended.out
    assert f"ReadWritePaths=-{machine.folder}\n" in ended.out
    assert [
        *home.rglob("*"),
        Path(machine.env["CALLS"]).exists(),
        Path(machine.env["TABLE"]).exists(),
    ] == [
        False,
        False,
    ]


def test_neither_the_vendors_nor_the_state_are_asked(machine: Cli, config: dict[str, Any]) -> None:
    config["shop"]["url"] = config["minox"]["url"] = "http://127.0.0.1:1"
    config["state"] = str(machine.folder / "absent" / "state.db")
    machine.write_config(config)
    for kind in ("--systemd", "--cron"):
        assert machine("schedule", kind).status == 0
    assert not (machine.folder / "absent").exists()


def test_systemd_is_chosen_where_it_is(machine: Cli, tmp_path: Path) -> None:
    assert "OnCalendar" in machine("schedule").out
    machine.env["PATH"] = str(tmp_path)
    assert ("OnCalendar" in machine("schedule").out) == RUNNING.is_dir()
    assert "OnCalendar" in machine("schedule", "--template").out
    assert "OnCalendar" not in machine("schedule", "--cron").out


@pytest.mark.parametrize("kind", ["--systemd", "--cron"])
def test_the_state_is_named_with_its_full_path_when_it_was_given(machine: Cli, kind: str) -> None:
    option = machine("--state", "sub/other.db", "schedule", kind)
    machine.env["MWW2MINOX_STATE"] = "sub/other.db"
    assert option.out == machine("schedule", kind).out
    # The service of the day names it once, for both commands.
    count = option.out.count(f"--state {machine.folder}/sub/other.db")
    assert count == (3 if kind == "--cron" else 2)
    assert kind == "--cron" or f"ReadWritePaths=-{machine.folder}/sub\n" in option.out


def test_the_state_is_named_where_only_this_shell_says_where_it_is(
    machine: Cli, config: dict[str, Any], home: Path
) -> None:
    del config["state"]
    machine.write_config(config)
    assert "--state" not in machine("schedule").out
    machine.env["XDG_STATE_HOME"] = str(home / "elsewhere")
    assert f"--state {home}/elsewhere/mww2minox/state.db fetch" in machine("schedule").out


def test_a_config_named_by_a_detour_is_named_straight(machine: Cli) -> None:
    (machine.folder / "sub").mkdir()
    assert (
        f"--config {machine.config} fetch"
        in machine("--config", "sub/../config.yaml", "schedule", "--cron").out
    )


def test_a_secret_that_only_this_shell_has_is_told_of(machine: Cli) -> None:
    text = machine.config.read_text().replace("sandbox-shop-token", "${MY_TOKEN}")
    machine.config.write_text(text)
    machine.env["MY_TOKEN"] = "sandbox-shop-token"
    ended = machine("schedule")
    assert ended.status == 0
    assert "MY_TOKEN" in ended.err
    assert f"{machine.folder}/config.env" in ended.err
    assert "MY_TOKEN" in files(ended.out)[next(iter(files(ended.out)))]
    machine.config.with_suffix(".env").write_text("MY_TOKEN=sandbox-shop-token\n")
    assert machine("schedule").err == ""
    assert "sandbox-shop-token" not in machine("schedule").out


def test_a_secret_that_is_left_empty_in_the_env_file_is_told_of(machine: Cli) -> None:
    machine.config.write_text(
        machine.config.read_text().replace("sandbox-shop-token", "${MY_TOKEN}")
    )
    machine.config.with_suffix(".env").write_text("MY_TOKEN=\n")
    machine.env["MY_TOKEN"] = "sandbox-shop-token"
    ended = machine("schedule")
    assert (ended.status, "MY_TOKEN" in ended.err) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--cron", "--system"), "--user, --system and --template are about systemd"),
        (("--cron", "--template"), "--user, --system and --template are about systemd"),
        (("--at", "25:00"), "25:00"),
    ],
)
def test_options_that_cannot_be(machine: Cli, arguments: tuple[str, ...], says: str) -> None:
    ended = machine("schedule", *arguments)
    assert (ended.status, says in ended.err) == (2, True)


# What systemd says of it.


def verified(texts: dict[Path, str], folder: Path, *, user: bool, instance: str = "") -> str:
    """Return what `systemd-analyze verify` complains of in these units, or in those made from these
    templates.
    """
    assert ANALYZE
    folder.mkdir()
    for path, text in texts.items():
        (folder / path.name).write_text(text)
    names = [path.name.replace("@", f"@{instance}") for path in texts]
    command = [
        ANALYZE,
        *(["--user"] if user else []),
        "--man=no",
        "verify",
        *(str(folder / name) for name in names),
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
    )
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "mww2minox" in line]
    return "\n".join(ours) or str(done.returncode or "")


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("scope", ["--user", "--system"])
@pytest.mark.parametrize("template", [True, False])
def test_systemd_finds_nothing_wrong_with_the_units(
    machine: Cli, odd: Path, tmp_path: Path, scope: str, template: bool
) -> None:
    config = moved(machine, odd)
    options = [scope, *(["--template"] if template else [])]
    state = str(odd / "kaas.db")
    for number, arguments in enumerate(
        (("--config", config), ("--config", config, "--state", state))
    ):
        ended = machine(*arguments, "schedule", *options)
        assert (ended.status, ended.err) == (0, "")
        instance = "kaas" if template else ""
        folder = tmp_path / f"units{number}"
        assert verified(files(ended.out), folder, user=scope == "--user", instance=instance) == ""


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not installed")
def test_systemd_would_say_what_is_wrong(machine: Cli, tmp_path: Path) -> None:
    broken = {
        path: text.replace("ExecStart=/", "ExecStart=")
        for path, text in files(machine("schedule").out).items()
    }
    assert "mww2minox" in verified(broken, tmp_path / "units", user=True)


def test_a_service_of_the_system_runs_as_the_owner_of_the_state_or_else_of_the_config(
    machine: Cli, config: dict[str, Any]
) -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    owner, stranger = me, me
    if me == "root":  # nobody else can give files away
        owner, stranger = "nobody", "12345"
        os.chown(machine.state, pwd.getpwnam(owner).pw_uid, -1)
        os.chown(machine.config, int(stranger), -1)
    assert machine("schedule", "--system").out.count(f"User={owner}\n") == 2
    config["state"] = str(machine.folder / "absent.db")
    machine.write_config(config)
    assert machine("schedule", "--system").out.count(f"User={stranger}\n") == 2


# What runs.


def alone(command: list[str], **environment: str) -> Ended:
    """Run a command with nothing in its environment but what is given."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", env=environment
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_service_runs_on_the_env_file_or_on_credentials_alone(
    machine: Cli, odd: Path, tmp_path: Path
) -> None:
    config = moved(machine, odd)
    shown = files(machine("--config", config, "schedule").out)
    service = next(text for path, text in shown.items() if path.name == "mww2minox-fetch.service")
    (start,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    handed = re.findall(r"^LoadCredential=([^:]*):(.*)$", service, re.MULTILINE)
    assert [name for name, _ in handed] == ["environment", "minox.client_secret"]
    assert "Fetched" in alone(words(start)).err
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    for name, path in handed:
        shutil.move(path.replace("%%", "%"), credentials / name)
    assert alone(words(start)).status == 2
    assert "Fetched" in alone(words(start), CREDENTIALS_DIRECTORY=str(credentials)).err


STUB = """\
#!/bin/sh
echo "$@" >> "$CALLED"
case "$*" in *" push "*) exit "$PUSH" ;; *" verify "*) exit "$VERIFY" ;; esac
"""


@pytest.mark.parametrize(
    ("push", "verify", "ends_in"),
    [
        (0, 0, 0),
        (3, 0, 3),
        (0, 3, 3),
        (4, 0, 4),
        (4, 3, 4),
        (0, 4, 4),
        (3, 4, 4),
        (1, 3, 1),
        (2, 0, 2),
        (75, 0, 75),
        (0, 130, 130),
    ],
)
def test_the_days_service_runs_both_and_ends_with_the_worse_of_the_two(
    odd: Path, push: int, verify: int, ends_in: int
) -> None:
    program = odd / "mww2minox"
    program.write_text(STUB)
    program.chmod(0o755)
    job = Job(
        program=(str(program),),
        config=odd / "kaas.yaml",
        state=odd / "%i.db",
        writable=odd,
        at=time(6, 15),
        credentials={},
    )

    (start,) = re.findall(r"^ExecStart=(.*)$", systemd(job)["mww2minox.service"], re.MULTILINE)
    called = odd / "called"
    ended = alone(words(start), PUSH=str(push), VERIFY=str(verify), CALLED=str(called))

    assert (ended.status, ended.out, ended.err) == (ends_in, "", "")
    before = f"--config {odd / 'kaas.yaml'} --state {odd / '%i.db'}"
    assert called.read_text().splitlines() == [
        f"{before} push --wait 3600",
        f"{before} verify --wait 3600",
    ]


def test_the_days_service_runs(machine: Cli, odd: Path, sandbox: Sandbox) -> None:
    config = moved(machine, odd)
    shown = files(machine("--config", config, "schedule").out)
    service = next(text for path, text in shown.items() if path.name == "mww2minox.service")
    (start,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    machine("--config", config, "fetch")

    ended = alone(words(start))
    assert (ended.status, "Booked:" in ended.err, "Verified:" in ended.err) == (3, True, True)
    sandbox.faults.append(Fault("status", side="minox", method="GET", status=403, times=None))
    assert alone(words(start)).status == 4


def test_the_crontab_lines_run(machine: Cli, odd: Path) -> None:
    config = moved(machine, odd)
    lines = machine("--config", config, "schedule", "--cron", "--at", "7:05").out.splitlines()
    fetch, daily = (line for line in lines if not line.startswith("#"))
    assert fetch.startswith("*/30 * * * * ")
    assert daily.startswith("5 7 * * * ")
    for line in (fetch, daily):
        command = line.split(" ", 5)[5].replace("\\%", "%")  # as cron does
        ended = alone(["/bin/sh", "-c", command])
        assert "Fetched" not in ended.err  # quiet
        assert ended.status == 0
    states = {order["state"] for order in machine.report().values()}
    assert "ready" not in states
    assert "booked" in states


# Putting it in place.


def test_install_writes_the_units_and_starts_the_timers(machine: Cli, home: Path) -> None:
    shown = files(machine("schedule").out)
    ended = machine("schedule", "--install")
    assert (ended.status, ended.out) == (0, "")
    assert {path: path.read_text() for path in units(home).iterdir()} == shown
    assert all(str(path) in ended.err for path in shown)
    started = ["--user daemon-reload", "--user enable --now mww2minox-fetch.timer mww2minox.timer"]
    assert calls(machine) == started
    for command in ("systemctl --user list-timers", "journalctl --user", "loginctl enable-linger"):
        assert command in ended.err
    assert machine("-q", "schedule", "--install") == Ended(0, "", "")
    assert {path: path.read_text() for path in units(home).iterdir()} == shown
    assert calls(machine) == started


def test_install_of_a_template_starts_the_timers_of_this_shop(machine: Cli, home: Path) -> None:
    for shop in ("kaas", "bier"):
        config = moved(machine, machine.folder, f"{shop}.yaml")
        assert machine("--config", config, "schedule", "--template", "--install").status == 0
        timers = f"mww2minox-fetch@{shop}.timer mww2minox@{shop}.timer"
        assert calls(machine)[1] == f"--user enable --now {timers}"
    assert sorted(path.name for path in units(home).iterdir()) == [
        name.replace(".", "@.") for name in NAMES
    ]


@pytest.mark.parametrize("folder", ["plain", "odd"])
def test_a_shop_whose_units_are_replaced_is_told_of(machine: Cli, odd: Path, folder: str) -> None:
    first = moved(machine, odd if folder == "odd" else machine.folder)
    for config, other in ((first, ""), (first, ""), (machine.config, first), (machine.config, "")):
        ended = machine("--config", str(config), "-q", "schedule", "--install")
        assert ended.status == 0
        warned = re.search("were there ran (.*); from now", ended.err)
        assert (words(warned[1])[0] if warned else "") == other


def test_where_no_manager_answers_the_commands_are_told(
    machine: Cli, home: Path, tmp_path: Path
) -> None:
    started = (
        "systemctl --user daemon-reload && systemctl --user enable --now mww2minox-fetch.timer"
        " mww2minox.timer"
    )
    machine.env["REFUSED"] = "reload"
    ended = machine("-q", "schedule", "--install")
    assert (ended.status, f"Run: {started}" in ended.err) == (3, True)
    assert calls(machine) == ["--user daemon-reload"]
    machine.env["PATH"] = str(tmp_path)
    assert f"Run: {started}" in machine("schedule", "--systemd", "--install").err
    assert len(list(units(home).iterdir())) == 4


def test_what_systemctl_refuses_is_told(machine: Cli) -> None:
    machine.env["REFUSED"] = "enable"
    ended = machine("schedule", "--install")
    assert ended.status == 2
    assert "Failed: refused" in ended.err
    assert "mww2minox schedule" in ended.err


def test_a_folder_that_cannot_be_written_is_told(machine: Cli, home: Path) -> None:
    (home / ".config").write_text("a file")
    ended = machine("schedule", "--install")
    assert (ended.status, "Cannot write" in ended.err) == (2, True)
    assert not Path(machine.env["CALLS"]).exists()


@pytest.fixture
def somebody(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be somebody without rights, in this process."""
    monkeypatch.setattr("os.geteuid", lambda: 12345)
    monkeypatch.setenv("MWW2MINOX_CONFIG", str(cli.config))


@pytest.mark.usefixtures("somebody")
def test_units_of_the_system_are_put_in_place_by_root_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["schedule", "--system", "--install"]) == 2
    assert "Only root" in capsys.readouterr().err
    assert run(["schedule", "--system"]) == 0
    assert "# /etc/systemd/system/mww2minox.timer\n" in capsys.readouterr().out


def test_a_state_in_the_home_of_another_than_runs_is_refused(
    machine: Cli, config: dict[str, Any], home: Path
) -> None:
    config["state"] = "~/state.db"
    machine.write_config(config)
    ended = machine("schedule", "--system")
    assert (ended.status, "--state PATH" in ended.err) == (2, True)
    assert machine("--state", str(home / "state.db"), "schedule", "--system").status == 0


def table(cli: Cli) -> Path:
    """Return the file of this test's crontab."""
    return Path(cli.env["TABLE"])


OTHERS = b"MAILTO=anna@example.com\n\n# caf\xe9\x0b\n0 1 * * * backup %d"


@pytest.mark.parametrize("others", [OTHERS, OTHERS + b"\n", b""])
def test_cron_install_replaces_its_own_lines_and_keeps_all_others(
    machine: Cli, others: bytes
) -> None:
    table(machine).write_bytes(others)
    shown = machine("schedule", "--cron").out.encode()
    assert machine("schedule", "--cron", "--install").status == 0
    first = table(machine).read_bytes()
    assert first == (others.removesuffix(b"\n") + b"\n" if others else b"") + shown
    ended = machine("schedule", "--cron", "--install")
    assert (ended.status, "already" in ended.err, table(machine).read_bytes()) == (0, True, first)
    table(machine).write_bytes(first + b"0 2 * * * more\n")
    assert machine("-q", "schedule", "--cron", "--install", "--at", "23:59") == Ended(0, "", "")
    changed = first.replace(b"\n15 6 * * *", b"\n59 23 * * *")
    assert (
        table(machine).read_bytes() == changed + b"0 2 * * * more\n" != first + b"0 2 * * * more\n"
    )


def test_a_first_crontab_is_made_and_each_config_has_lines_of_its_own(machine: Cli) -> None:
    assert machine("schedule", "--cron", "--install").status == 0
    one = table(machine).read_text()
    assert one == machine("schedule", "--cron").out
    config = moved(machine, machine.folder)
    assert machine("--config", config, "schedule", "--cron", "--install").status == 0
    assert table(machine).read_text() == one + machine("--config", config, "schedule", "--cron").out


@pytest.mark.parametrize(
    "lines", ["# mww2minox {config}: begin\n0 1 * * * x\n", "# mww2minox {config}: end\n"]
)
def test_a_crontab_with_half_of_our_lines_is_left_alone(machine: Cli, lines: str) -> None:
    text = lines.format(config=machine.config)
    table(machine).write_text(text)
    ended = machine("schedule", "--cron", "--install")
    assert (ended.status, "crontab -e" in ended.err, table(machine).read_text()) == (2, True, text)


@pytest.mark.parametrize("refused", ["-l", "-"])
def test_what_crontab_refuses_is_told(machine: Cli, tmp_path: Path, refused: str) -> None:
    machine.env["REFUSED"] = refused
    ended = machine("schedule", "--cron", "--install")
    assert (ended.status, "not allowed to use this program" in ended.err) == (2, True)
    assert not table(machine).exists()
    machine.env["PATH"] = str(tmp_path)
    ended = machine("schedule", "--cron", "--install")
    assert (ended.status, "crontab is not there" in ended.err) == (2, True)
