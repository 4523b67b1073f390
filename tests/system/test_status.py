"""`status`: what ran, how it ended, what waits, what needs attention, without asking a vendor."""

import json
import os
from pathlib import Path

import pytest

from mww2minox.sandbox import Sandbox
from mww2minox.state import Store, Tokens
from tests.harness.clock import Clock
from tests.harness.inside import NOON, Ended, Inside

WIDTH = 80
LABELS = ("shop", "fetch", "push", "verify", "waits", "attention", "login", "next")
CRON = """\
# mww2minox {config}: begin
*/30 * * * * mww2minox -q --config {config} fetch --wait 1500
15 6 * * * mww2minox -q --config {config} push --wait 3600; mww2minox -q verify --wait 3600
# mww2minox {config}: end
"""
SERVICE = "[Service]\nExecStart=/usr/bin/mww2minox --config {config} fetch --wait 1500\n"


@pytest.fixture
def samples() -> bool:
    """The sample orders are there."""
    return True


@pytest.fixture
def programs(inside: Inside, tmp_path: Path) -> Path:
    """A machine of its own: neither systemd nor cron knows of anything, until a test says so."""
    folder = tmp_path / "bin"
    folder.mkdir()
    inside.env["PATH"] = str(folder)
    answer(folder, "systemctl", "[]")
    answer(folder, "crontab", "")
    return folder


def answer(folder: Path, program: str, text: str) -> None:
    """Let a program print this."""
    path = folder / program
    path.write_text(f"#!/bin/sh\nprintf '%s' '{text}'\n")
    path.chmod(0o755)


def lines(ended: Ended) -> dict[str, str]:
    """Return what stands behind each label."""
    assert (ended.status, ended.err) == (0, "")
    # A config may have any path.
    short = ended.out.splitlines()[1:]
    assert all(len(line) <= WIDTH for line in short), ended.out
    told = [line.split(None, 1) for line in ended.out.splitlines() if line[:1] != " "]
    return {label: text for label, text in told}  # noqa: C416 - a row has two


def test_before_the_first_run_every_line_says_what_to_run(
    inside: Inside, vendors: Sandbox, programs: Path
) -> None:
    del programs
    vendors.requests.clear()
    told = lines(inside("status"))
    assert tuple(told) == LABELS
    assert told["fetch"] == "never ran; run: mww2minox fetch"
    assert told["waits"] == "no orders yet; run: mww2minox fetch"
    assert told["attention"] == "nothing"
    assert told["next"] == "nothing is scheduled; run: mww2minox schedule --install"
    assert vendors.requests == []


def test_what_ran_is_told_with_counts_and_local_times(
    inside: Inside, vendors: Sandbox, programs: Path
) -> None:
    del programs, vendors
    inside("fetch")
    inside("push")
    inside("verify")
    told = lines(inside("status"))
    assert told["fetch"].startswith("20 Mar 2026 13:0")
    assert "well: 66 looked at, 66 new, 0 changed" in told["fetch"]
    assert "needs attention: " in told["push"]
    assert " booked, " in told["push"]
    assert " compared, " in told["verify"]
    assert told["attention"].endswith(": mww2minox report --errors")

    shown = json.loads(inside("status", "--format", "json").out)
    booked = shown["runs"]["push"]["counts"]["booked"]
    assert booked == shown["orders"]["booked"]
    assert f" {booked} booked" in told["push"]
    assert shown["runs"]["push"]["exit_status"] == 3
    assert shown["needs_attention"]["failed"] == shown["orders"]["failed"]
    assert shown["login"] == {"present": True, "ends_at": None}
    assert set(shown["runs"]["push"]["counts"]) == {"booked", "failed", "skipped", "total"}


def test_a_run_that_failed_is_told_with_when_it_last_ended_well(
    inside: Inside, vendors: Sandbox, programs: Path, clock: Clock
) -> None:
    del programs
    inside("fetch")
    clock.pass_by(3600)
    vendors.stop()
    assert inside("fetch").status == 4
    ended = inside("status")
    told = lines(ended)
    assert told["fetch"].endswith("the shop or Minox could not be used")
    assert "it last ended well on 20 Mar 2026 13:0" in ended.out
    assert "; run: mww2minox fetch" in ended.out


def test_a_run_that_was_killed_or_runs_still_is_told(
    inside: Inside, vendors: Sandbox, programs: Path
) -> None:
    del vendors, programs
    with Store(inside.state) as store:
        store.start_run("push")
        store.start_run("fetch")
        number = store.start_run("verify")
        store.finish_run(number, 3, refused=True)
    told = lines(inside("status"))
    assert told["push"].endswith("cut off")
    assert told["fetch"].endswith("cut off")
    assert told["verify"].endswith("refused, and nothing was done")


def test_when_the_login_ends_is_told_where_minox_tells_it(
    inside: Inside, vendors: Sandbox, programs: Path
) -> None:
    del vendors, programs
    tokens = {"access_token": "a", "refresh_token": "r", "previous_refresh_token": None}
    with Store(inside.state) as store:
        later = NOON.replace(month=6)
        store.store_tokens(Tokens(**tokens, expires_at=NOON, login_ends_at=later))  # type: ignore[arg-type]
    assert lines(inside("status"))["login"] == "ends on 20 Jun 2026 14:00"
    with Store(inside.state) as store:
        before = NOON.replace(month=1)
        store.store_tokens(Tokens(**tokens, expires_at=NOON, login_ends_at=before))  # type: ignore[arg-type]
    assert lines(inside("status"))["login"] == "ended on 20 Jan 2026 13:00; run: mww2minox login"
    with Store(inside.state) as store:
        store.db.execute("DELETE FROM tokens")
        store.db.commit()
    assert lines(inside("status"))["login"] == "none at Minox; run: mww2minox login"


def test_the_next_runs_of_a_crontab_are_told(
    inside: Inside, vendors: Sandbox, programs: Path
) -> None:
    del vendors
    other = CRON.format(config="/other/config.yaml")
    answer(programs, "crontab", other)
    assert lines(inside("status"))["next"].startswith("nothing is scheduled")
    answer(programs, "crontab", other + CRON.format(config=inside.config))
    shown = json.loads(inside("status", "--format", "json").out)
    commands = [run["commands"] for run in shown["next_runs"]]
    assert commands == [["fetch"], ["push", "verify"]]
    assert (
        "fetch 20 Mar 2026 13:30, push and verify 21 Mar 2026 " in lines(inside("status"))["next"]
    )


@pytest.mark.parametrize("template", [False, True])
def test_the_next_runs_of_systemds_timers_are_told(
    inside: Inside, vendors: Sandbox, programs: Path, home: Path, *, template: bool
) -> None:
    del vendors
    folder = home / ".config/systemd/user"
    folder.mkdir(parents=True)
    at = "@" if template else ""
    config = str(inside.config).replace("config.yaml", "%i.yaml") if template else inside.config
    (folder / f"mww2minox-fetch{at}.timer").touch()
    (folder / f"mww2minox-fetch{at}.service").write_text(SERVICE.format(config=config))
    (folder / f"mww2minox{at}.timer").touch()
    (folder / f"mww2minox{at}.service").write_text(SERVICE.format(config="/other.yaml"))

    assert lines(inside("status"))["next"] == "fetch: not started (systemd)"
    unit = "mww2minox-fetch@config.timer" if template else "mww2minox-fetch.timer"
    elapses = int(NOON.timestamp() + 1800) * 1_000_000
    answer(programs, "systemctl", json.dumps([{"unit": unit, "next": elapses}]))
    assert lines(inside("status"))["next"] == "fetch 20 Mar 2026 13:30 (systemd)"
    answer(programs, "systemctl", "no JSON")
    assert lines(inside("status"))["next"] == "fetch: not started (systemd)"


def test_in_dutch_no_line_is_longer_than_a_terminal(
    inside: Inside, vendors: Sandbox, programs: Path
) -> None:
    inside.write_config({**vendors.config(), "language": "nl", "state": str(inside.state)})
    inside("fetch")
    inside("push")
    ended = inside("status")
    assert "mww2minox report --errors" in ended.out
    assert len(lines(ended)) == len(LABELS)
    assert os.access(programs, os.X_OK)
