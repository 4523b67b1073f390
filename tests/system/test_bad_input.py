"""What bad input gets: one clear sentence with what to do, the right exit code, nothing lost, no
traceback.
"""

import os
import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox
from tests.harness.inside import Inside
from tests.system.conftest import RUNNER, Cli, Ended

pytestmark = pytest.mark.thorough


def assert_says(ended: Ended, status: int, *texts: str) -> None:
    assert ended.status == status, ended.err
    for text in texts:
        assert text in ended.err
    assert re.search(r"mww2minox (--(config|state) \S+ )*[a-z]+", ended.err), (
        "it ends in a command to run"
    )


@pytest.mark.parametrize("kind", ["broken_json", "html", "truncated", "redirect", "drop_before"])
@pytest.mark.parametrize("side", ["shop", "minox"])
def test_a_vendor_that_answers_nonsense_ends_the_run_with_4(
    cli: Cli, sandbox: Sandbox, side: Any, kind: Any
) -> None:
    # One that is booked and one that fails are enough.
    for number in {*sandbox.shop.orders} - {"1001", "1009"}:
        sandbox.shop.remove(number)
    assert cli("fetch").status == 0
    before = cli.report()
    sandbox.faults.append(Fault(kind, side=side, method="GET", times=None))
    command = "fetch" if side == "shop" else "push"
    assert_says(cli(command), 4, "shop" if side == "shop" else "Minox")
    sandbox.faults.clear()
    assert cli.report() == before
    assert cli("fetch").status == 0
    assert cli("push").status == 3


@pytest.mark.parametrize("side", ["shop", "minox"])
def test_maintenance_is_told_in_the_vendors_words_and_not_as_a_wrong_url(
    inside: Inside, vendors: Sandbox, side: Any
) -> None:
    assert inside("fetch").status == 0
    assert inside("push", "--order", "1001").status == 0
    body = '{"message": "Onderhoud tot 03:00"}'
    vendors.faults.append(Fault("instead", side=side, method="GET", body=body, times=None))
    before = inside.report()

    for command in ("fetch" if side == "shop" else "push", "check"):
        ended = inside(command)
        told = " ".join((ended.out + ended.err).split())
        assert ended.status == 4, told
        assert "a message and no data: Onderhoud tot 03:00" in told
        assert "Run the same command again later" in told
        assert ".url" not in told
        assert "right url" not in told
    assert inside.report() == before


def test_a_shop_that_is_down(cli: Cli, config: dict[str, Any], unused_port: int) -> None:
    config["shop"]["url"] = f"http://127.0.0.1:{unused_port}"
    cli.write_config(config)
    assert_says(cli("fetch"), 4, "gives no answer")


@pytest.mark.parametrize(("section", "key"), [("shop", "token"), ("shop", "partner_token")])
def test_a_wrong_token(cli: Cli, config: dict[str, Any], section: str, key: str) -> None:
    config[section][key] = "canary-wrong-token"
    cli.write_config(config)
    ended = cli("-v", "fetch")
    assert_says(ended, 4, key)
    assert "canary" not in ended.err + ended.out + (cli.folder / "mww2minox.log").read_text()


def test_a_login_that_was_revoked(cli: Cli) -> None:
    cli("fetch")
    with sqlite3.connect(cli.state) as db:
        db.execute("UPDATE tokens SET access_token = 'gone', refresh_token = 'gone'")
    assert_says(cli("push"), 4, "mww2minox login")


def test_before_the_first_login(cli: Cli) -> None:
    cli("fetch")
    with sqlite3.connect(cli.state) as db:
        db.execute("DELETE FROM tokens")
    assert_says(cli("push"), 4, "mww2minox login")


@pytest.mark.parametrize("command", [("fetch", "--order"), ("retry",)])
def test_an_unknown_order(cli: Cli, command: tuple[str, ...]) -> None:
    assert_says(cli(*command, "999999"), 2, "999999")
    assert_says(cli(*command, "../store"), 2, "../store")


@pytest.mark.parametrize("seconds", ["nan", "inf", "-nan", "1e999", "-1", "soon"])
def test_a_wait_that_is_no_number_of_seconds(cli: Cli, seconds: str) -> None:
    ended = cli("fetch", f"--wait={seconds}")
    assert (ended.status, "--wait" in ended.err) == (2, True)


def test_a_state_that_is_no_file_is_refused_and_stays_what_it_is(cli: Cli) -> None:
    """A pipe, which is as little a file as /dev/null is, and no loss."""
    pipe = cli.folder / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    ended = cli("--state", str(pipe), "fetch")
    assert (ended.status, f"{pipe} is not a state file" in ended.err) == (2, True)
    assert "mww2minox --state PATH report" in ended.err
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o666
    assert [*cli.folder.glob("pipe?*")] == []


def test_push_and_verify_of_an_unknown_order(cli: Cli) -> None:
    assert_says(cli("push", "--order", "999999"), 2, "999999")
    assert_says(cli("verify", "--order", "999999"), 2, "999999")


def test_a_config_with_five_mistakes_tells_all_five(cli: Cli, config: dict[str, Any]) -> None:
    del config["minox"]["journal"]
    config["shop"]["url"] = "http://example.com"
    config["shop"]["sinc"] = config["shop"].pop("since")
    config["vat"][0]["rate"] = 210
    config["booking"]["vat_posting"] = "nett"
    cli.write_config(config)
    ended = cli("check")
    assert_says(
        ended,
        2,
        "minox.journal",
        "shop.url",
        "shop.sinc",
        "row 1 of vat, rate",
        "booking.vat_posting",
    )


def test_a_missing_config(cli: Cli) -> None:
    assert_says(cli("--config", str(cli.folder / "none.yaml"), "fetch"), 2, "none.yaml")


def test_an_unknown_status_lists_the_available_ones(cli: Cli, config: dict[str, Any]) -> None:
    config["shop"]["statuses"] = ["Betaalt"]
    cli.write_config(config)
    assert_says(cli("fetch"), 2, "Betaalt", "Betaald (")


def test_an_unknown_administration_lists_the_available_ones(
    cli: Cli, config: dict[str, Any]
) -> None:
    config["minox"]["administration"] = 7
    cli.write_config(config)
    cli("fetch")
    assert_says(cli("push"), 2, "Voorbeeldwinkel BV")


@pytest.mark.parametrize(
    "content", [b"this is no database", b"SQLite format 3\x00" + b"\xff" * 4000]
)
def test_a_state_file_that_is_not_ours(cli: Cli, content: bytes) -> None:
    other = cli.folder / "other.db"
    other.write_bytes(content)
    assert_says(cli("--state", str(other), "report"), 2, "other.db")
    assert other.read_bytes() == content


def test_one_order_that_minox_chokes_on_does_not_stop_the_others(
    cli: Cli, sandbox: Sandbox
) -> None:
    cli("fetch")
    sandbox.faults.append(Fault("status", side="minox", method="PUT", status=500, times=6))
    assert_says(cli("push"), 4, "server error (500)", "Failed: 1", "not certain yet")
    report = cli.report()
    assert [order["reason"] for order in report.values()].count("outcome_unknown") == 1
    cli("push")
    assert "outcome_unknown" not in [order["reason"] for order in cli.report().values()]


def test_orders_by_number_and_by_date_do_not_go_together(cli: Cli) -> None:
    for dates in ("--since", "--until"):
        ended = cli("fetch", "--order", "1001", dates, "2026-01-01")
        assert (ended.status, "either --order or" in ended.err) == (2, True)


def test_usage_errors_end_with_2(cli: Cli) -> None:
    for arguments in (
        ["nonsense"],
        ["push", "--limit", "0"],
        ["retry"],
        ["fetch", "--since", "yesterday"],
    ):
        assert cli(*arguments).status == 2


def test_a_look_up_that_the_server_fails_on_does_not_stop_the_other_orders(
    cli: Cli, sandbox: Sandbox
) -> None:
    cli("fetch")
    sandbox.faults.append(
        Fault("status", side="minox", path="by_email/sanne", status=500, times=None)
    )
    ended = cli("push")
    assert_says(ended, 4, "server error (500)", "Booked: 4")
    assert [order["number"] for order in cli.report().values() if order["state"] == "ready"] == [
        "1049"
    ]


def test_an_order_that_the_shop_shows_twice_is_taken_once(cli: Cli, sandbox: Sandbox) -> None:
    cli("fetch")
    cli("push")
    for number in ("1001", "1002"):
        sandbox.shop.orders[f"{number} again"] = sandbox.shop.orders[number]
    assert cli("verify").status == 0


def test_a_terminal_that_knows_no_utf8_gets_what_it_can_show(cli: Cli) -> None:
    cli.env["PYTHONIOENCODING"] = "ascii"
    with cli.start("check") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, "ok    the shop answers" in out) == (0, True), err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "command", [["report"], ["report", "--format", "json"], ["schedule", "--cron"], ["--help"]]
)
def test_output_that_has_no_room_is_no_bug(cli: Cli, command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        arguments = [sys.executable, str(RUNNER), "-", *command]
        ended = subprocess.run(
            arguments,
            env=cli.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, "No space left on device" in ended.stderr) == (2, True)
    assert "bug" not in ended.stderr


def test_a_state_in_the_home_of_nobody_is_no_bug(cli: Cli) -> None:
    for command in (["report"], ["schedule", "--cron"]):
        ended = cli("--state", "~nobody-has-this-name/state.db", *command)
        assert ended.status == 0
    assert "/~nobody-has-this-name/state.db" in ended.out


def test_an_order_number_of_thousands_of_digits(cli: Cli) -> None:
    assert_says(cli("retry", "9" * 5000), 2, "has no order")


def test_a_config_that_is_wrong_is_told_without_a_word_from_the_log(cli: Cli) -> None:
    cli.config.write_text("shop: {}")
    assert "logger" not in cli("fetch").err
