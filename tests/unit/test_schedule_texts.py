"""Units and crontab lines: every path in them stays what it is, and a template fits every shop."""

import re
import shlex
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from mww2minox.commands.schedule.cron import crontab
from mww2minox.commands.schedule.job import Job, refuse_unwritable
from mww2minox.commands.schedule.systemd import systemd
from mww2minox.errors import ExitStatus, UsageError

ODD = Path('/srv/a b%h/$HOME "q"\'s\\x')
COMMANDS = ["fetch --wait 1500", "push --wait 3600", "verify --wait 3600"]


def job(**changes: Any) -> Job:
    """Return a plain job with some of it replaced."""
    plain: dict[str, Any] = {
        "program": ("/usr/bin/mww2minox",),
        "config": Path("/etc/mww2minox/kaas.yaml"),
        "state": None,
        "writable": Path("/var/lib/mww2minox"),
        "at": time(6, 5),
        "credentials": {},
    }
    return Job(**plain | changes)


def values(text: str, key: str) -> list[str]:
    """Return what stands behind a key of a unit."""
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def unquoted(line: str, doubled: str = "%$") -> list[str]:
    """Return the words of a line as systemd takes them: it knows more escapes than the shell, so
    these are barred.
    """
    assert "\\" not in re.sub(r'\\[\\"]', "", line)
    for sign in doubled:
        assert sign not in line.replace(sign * 2, "")
        line = line.replace(sign * 2, sign)
    return shlex.split(line)


def service_words(units: dict[str, str], at: str) -> list[list[str]]:
    """Return the words of each command in the services, as systemd and then the shell take them."""
    (fetch,) = values(units[f"mww2minox-fetch{at}.service"], "ExecStart")
    (daily,) = values(units[f"mww2minox{at}.service"], "ExecStart")

    shell, option, script, name, *arguments = unquoted(daily)
    assert (shell, option, name) == ("/bin/sh", "-c", "mww2minox")
    commands = re.findall(r'"\$@" ([a-z]+ --wait [0-9]+);', script)

    # systemd leaves $ alone in the program.
    program, rest = fetch.split(" --config ")
    fetch_words = [*unquoted(program, "%"), *unquoted(f"--config {rest}")]
    return [fetch_words, *([*arguments, *command.split()] for command in commands)]


def cron_words(lines: list[str]) -> list[list[str]]:
    """Return the words of each command in a crontab, as cron and then the shell take them."""
    timed = (line.split(" ", 5)[5] for line in lines if not line.startswith("#"))
    fetch, daily = (shlex.split(re.sub(r"\\?%", _from_cron, line)) for line in timed)
    middle = next(place for place, word in enumerate(daily) if word.endswith(";"))
    return [fetch, [*daily[:middle], daily[middle].removesuffix(";")], daily[middle + 1 :]]


def _from_cron(found: re.Match[str]) -> str:
    assert found[0] == "\\%", "cron takes a bare % for a line break"
    return "%"


def test_the_day_is_push_and_then_verify_and_fetch_runs_every_half_hour() -> None:
    units = systemd(job())
    assert list(units) == [
        "mww2minox-fetch.service",
        "mww2minox-fetch.timer",
        "mww2minox.service",
        "mww2minox.timer",
    ]
    before = ["/usr/bin/mww2minox", "--config", "/etc/mww2minox/kaas.yaml"]
    assert service_words(units, "") == [[*before, *command.split()] for command in COMMANDS]
    assert values(units["mww2minox-fetch.timer"], "OnCalendar") == ["*:0/30"]
    assert values(units["mww2minox.timer"], "OnCalendar") == ["*-*-* 06:05:00"]
    for name in ("mww2minox-fetch", "mww2minox"):
        assert values(units[f"{name}.timer"], "Persistent") == ["true"]
        assert values(units[f"{name}.timer"], "RandomizedDelaySec")
        assert values(units[f"{name}.timer"], "WantedBy") == ["timers.target"]
        assert values(units[f"{name}.service"], "SuccessExitStatus") == ["3"]
        assert values(units[f"{name}.service"], "Type") == ["oneshot"]


@pytest.mark.parametrize("user", ["", "anna"])
def test_a_service_may_write_to_the_folder_of_the_state_only(user: str) -> None:
    text = systemd(job(user=user))["mww2minox.service"]
    assert values(text, "ReadWritePaths") == ["-/var/lib/mww2minox"]
    hardened = {
        "ProtectSystem": "strict",
        "ProtectHome": "read-only",
        "PrivateTmp": "true",
        "UMask": "0077",
    }
    for key, value in (hardened | {"NoNewPrivileges": "true"}).items():
        assert values(text, key) == [value]


def test_only_units_of_the_system_take_what_a_manager_of_a_user_cannot_do() -> None:
    of_user, of_system = (systemd(job(user=user))["mww2minox.service"] for user in ("", "anna"))
    for key in ("User", "After", "PrivateDevices", "ProtectKernelModules", "ProtectClock"):
        assert (values(of_user, key), len(values(of_system, key))) == ([], 1)
    assert values(of_system, "User") == ["anna"]


def test_secrets_are_handed_over_and_their_files_are_named() -> None:
    credentials = {"environment": Path("/etc/mww2minox/kaas.env"), "shop.token": Path("/etc/a b%")}
    text = systemd(job(credentials=credentials))["mww2minox-fetch.service"]
    assert values(text, "LoadCredential") == [
        "environment:/etc/mww2minox/kaas.env",
        "shop.token:/etc/a b%%",
    ]
    told = [line for line in text.splitlines() if line.startswith("# Secrets")]
    assert [path for line in told for path in ("kaas.env", "/etc/a b%") if line.endswith(path)] == [
        "kaas.env",
        "/etc/a b%",
    ]
    assert told == [
        line for line in crontab(job(credentials=credentials)) if line.startswith("# Secrets")
    ]
    assert "# Secrets: the config holds them itself\n" in systemd(job())["mww2minox.service"]
    assert "MWW_TOKEN" in systemd(job(missing=("MWW_TOKEN",)))["mww2minox.service"]


def test_odd_paths_stay_what_they_are() -> None:
    odd = job(
        program=(str(ODD / "mww2minox"),),
        config=ODD / "kaas.yaml",
        state=ODD / "%i.db",
        writable=ODD,
    )
    words = ["--config", str(ODD / "kaas.yaml"), "--state", str(ODD / "%i.db")]
    texts = systemd(odd).values()
    assert service_words(systemd(odd), "") == [
        [str(ODD / "mww2minox"), *words, *command.split()] for command in COMMANDS
    ]
    assert [unquoted(line, "%") for text in texts for line in values(text, "ReadWritePaths")] == [
        [f"-{ODD}"]
    ] * 2
    quiet = [str(ODD / "mww2minox"), "-q", *words]
    assert cron_words(crontab(odd)) == [[*quiet, *command.split()] for command in COMMANDS]


PATHS = st.text(st.characters(codec="utf-8"), min_size=1).map(
    lambda name: Path("/srv", name.replace("/", "%"))
)


@pytest.mark.thorough
@given(config=PATHS, state=PATHS)
def test_any_path_stays_what_it_is_or_is_refused(config: Path, state: Path) -> None:
    one = job(config=config, state=state)
    try:
        refuse_unwritable(one)
    except UsageError:
        assume(False)  # noqa: FBT003 - hypothesis
    expected = ["--config", str(config), "--state", str(state)]
    (start,) = values(systemd(one)["mww2minox-fetch.service"], "ExecStart")
    assert unquoted(start)[1:-3] == expected
    assert cron_words(crontab(one))[0][2:-3] == expected


def test_without_a_program_of_its_own_python_runs_the_module() -> None:
    program = ("/usr/bin/python3", "-m", "mww2minox")
    (start,) = values(systemd(job(program=program))["mww2minox-fetch.service"], "ExecStart")
    assert start.startswith("/usr/bin/python3 -m mww2minox --config ")


def test_a_template_has_the_instance_in_the_place_of_the_configs_stem() -> None:
    config = Path("/home/kaas/shops/kaas.yaml")
    credentials = {
        "environment": config.with_suffix(".env"),
        "shop.token": Path("/home/kaas/shops/keys/kaas-token"),
    }
    units = systemd(
        job(
            config=config,
            template=True,
            credentials=credentials,
            writable=Path("/home/kaas/state/kaas/kaasboer"),
        )
    )
    assert list(units) == [
        "mww2minox-fetch@.service",
        "mww2minox-fetch@.timer",
        "mww2minox@.service",
        "mww2minox@.timer",
    ]
    text = units["mww2minox@.service"]
    (daily,) = values(text, "ExecStart")
    assert daily.endswith(" mww2minox /usr/bin/mww2minox --config /home/kaas/shops/%i.yaml")
    (fetch,) = values(units["mww2minox-fetch@.service"], "ExecStart")
    assert fetch == "/usr/bin/mww2minox --config /home/kaas/shops/%i.yaml fetch --wait 1500"
    assert values(text, "LoadCredential") == [
        "environment:/home/kaas/shops/%i.env",
        "shop.token:/home/kaas/shops/keys/%i-token",
    ]
    assert values(text, "ReadWritePaths") == ["-/home/kaas/state/%i/kaasboer"]
    assert "from /home/kaas/shops/%i.env" in text
    assert "(%i)" in units["mww2minox@.timer"]


def test_a_template_may_be_given_a_state_file_that_is_each_shops_own() -> None:
    state = Path("/var/lib/mww2minox/kaas.db")
    own = job(template=True, state=state)
    refuse_unwritable(own)
    assert values(systemd(own)["mww2minox-fetch@.service"], "ExecStart")[0].split()[3:5] == [
        "--state",
        "/var/lib/mww2minox/%i.db",
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"config": Path("/etc/a\nb.yaml")}, "a character that a schedule cannot hold"),
        ({"program": ("/opt/\x1b/mww2minox",)}, "a character that a schedule cannot hold"),
        (
            {"credentials": {"shop.token": Path("/etc/token ")}},
            "a character that a schedule cannot hold",
        ),
        (
            {"credentials": {"shop.token": Path("/etc/token\\")}},
            "a character that a schedule cannot hold",
        ),
        ({"state": Path("/var/\x85.db")}, "a character that a schedule cannot hold"),
        ({"writable": Path("/var/\t")}, "a character that a schedule cannot hold"),
        (
            {"template": True, "config": Path("/etc/kaas en wijn.yaml")},
            "kaas en wijn.yaml cannot be that of a unit",
        ),
        (
            {"template": True, "state": Path("/var/lib/state.db")},
            "would share the state file /var/lib/state.db",
        ),
    ],
)
def test_what_cannot_be_written_down_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        refuse_unwritable(job(**changes))
    assert caught.value.exit_status is ExitStatus.USAGE
    assert "mww2minox schedule" in caught.value.suggestion
