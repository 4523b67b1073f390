"""`check`: every kind of line, green, yellow or red, made by changing the config, the files or the
vendors.
"""

import io
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pexpect
import pytest

from mww2minox.commands.check import show, sqlite
from mww2minox.commands.check.findings import Finding, Status
from mww2minox.minox.oauth import SCOPES
from mww2minox.output import Output
from mww2minox.sandbox import Fault, Sandbox, Settings
from mww2minox.state import Store, Tokens
from tests.system.conftest import RUNNER, Cli, Ended

Config = dict[str, Any]
Row = dict[str, Any]


def rows(ended: Ended) -> list[Row]:
    """Return the lines of the JSON form."""
    found: list[Row] = json.loads(ended.out)["checks"]
    return found


def of(ended: Ended, status: str) -> list[Row]:
    """Return the lines that have this status."""
    return [row for row in rows(ended) if row["status"] == status]


def look(cli: Cli) -> Ended:
    return cli("check", "--format", "json")


def log_in(cli: Cli, sandbox: Sandbox, scope: str = SCOPES) -> None:
    """Store new tokens, with these rights."""
    issued = sandbox.minox.tokens.issue(scope)
    ends = datetime.now(UTC) + timedelta(hours=1)
    with Store(cli.state) as store:
        store.store_tokens(
            Tokens(
                access_token=issued["access_token"],
                refresh_token=issued["refresh_token"],
                previous_refresh_token=None,
                expires_at=ends,
            )
        )


def test_a_terminal_that_has_letters_only_tells_them_apart() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="replace")
    output = Output(data=stream)
    for status in Status:
        show(output, Finding(name="x", what="that", status=status, suggestion="Do this."))
    stream.seek(0)
    assert stream.read().splitlines()[::2] == ["ok    that", "note  that", "WRONG that"]


def test_all_is_well(cli: Cli) -> None:
    ended = look(cli)
    told = json.loads(ended.out)
    assert (ended.status, told["ok"], of(ended, "problem")) == (0, True, [])
    assert {row["name"] for row in of(ended, "warning")} == {"last_run", "rate"}
    names = {
        "config_file",
        "state_file",
        "sqlite",
        "shop",
        "status",
        "payment_method",
        "scopes",
        "tenant",
    }
    names |= {
        "administration",
        "fiscal_year",
        "journal",
        "ledger_account",
        "vat_code",
        "vat_posting",
        "fixed_debtor",
        "clock",
    }
    assert {row["name"] for row in of(ended, "ok")} == names
    assert all(
        set(row) == {"name", "what", "status", "problem", "suggestion"} for row in told["checks"]
    )
    assert all(row["problem"] is row["suggestion"] is None for row in of(ended, "ok"))


# The mapping: what each mistake in the config shows.


def last_row(**changes: Any) -> Callable[[Config], None]:
    return lambda config: config["vat"].append(changes)


def minox(**changes: Any) -> Callable[[Config], None]:
    return lambda config: config["minox"].update(changes)


def row(place: int, **changes: Any) -> Callable[[Config], None]:
    return lambda config: config["vat"][place].update(changes)


def statuses(*wanted: Any) -> Callable[[Config], None]:
    return lambda config: config["shop"].update(statuses=list(wanted))


def debtor(number: int) -> Callable[[Config], None]:
    return lambda config: config.update(payment_debtors={"basic/cash": number})


MISTAKES: dict[str, tuple[Callable[[Config], None], str, str]] = {
    "a journal of another type": (minox(journal="INK"), "journal", "for purchases"),
    "no such journal": (minox(journal="XX"), "journal", "VERK, INK, BANK, KAS, MEMO"),
    "no such tenant": (minox(tenant=999), "tenant", "12345"),
    "no such administration": (minox(administration=7), "administration", "1 (Voorbeeldwinkel BV)"),
    "no such ledger account": (row(0, ledger=9999), "ledger_account", "does not have it"),
    "no such rounding account": (
        lambda config: config["booking"].update(rounding_ledger=9998),
        "ledger_account",
        "does not have it",
    ),
    "a blocked ledger account": (row(0, ledger=8999), "ledger_account", "blocked"),
    "no such VAT code": (row(0, code=77), "vat_code", "does not have it"),
    "21% on a 9% code": (row(0, code=2), "vat_code", "it is 9%"),
    "21% on a code for purchases": (row(0, code=3), "vat_code", "purchases"),
    "21% at home on distance sales": (row(0, code=11), "vat_code", "box 1a, 1b"),
    "21% abroad on home's code": (row(3, code=1), "vat_code", "box 3c"),
    "reverse charge on exports": (row(4, code=5), "vat_code", "box 3b"),
    "exports on reverse charge": (row(5, code=6), "vat_code", "box 3a"),
    "no such debtor": (debtor(99999), "fixed_debtor", "does not have it"),
    "a blocked debtor": (debtor(10640), "fixed_debtor", "blocked"),
    "no such status": (statuses("Betaald", "Betaalt"), "status", "Verzonden (3)"),
    "no status with that number": (statuses(2, 99), "status", "Verzonden (3)"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mapping_that_does_not_fit_is_one_red_line(
    cli: Cli, config: Config, mistake: str
) -> None:
    change, name, problem = MISTAKES[mistake]
    change(config)
    cli.write_config(config)
    ended = look(cli)
    assert (ended.status, json.loads(ended.out)["ok"]) == (3, False)
    (red,) = of(ended, "problem")
    assert red["name"] == name
    assert problem in red["problem"]
    assert red["suggestion"].endswith("run: mww2minox check")


@pytest.mark.parametrize("box", ["2a", "4a", "4b"])
def test_a_code_for_what_is_bought_is_red(cli: Cli, sandbox: Sandbox, box: str) -> None:
    sandbox.minox.administration.vat_codes[6]["type"] = f"Verlegd - verwerving ({box})"
    ended = look(cli)
    (red,) = of(ended, "problem")
    assert (ended.status, red["name"]) == (3, "vat_code")
    assert "purchases" in red["problem"]


@pytest.mark.parametrize(
    ("chosen", "told"),
    [([2], True), (["Betaald", 8], False), (["Betaald", "gecrediteerd"], False)],
)
def test_where_no_status_of_credit_orders_books_it_names_them(
    cli: Cli, config: Config, chosen: list[Any], told: bool
) -> None:
    config["shop"]["statuses"] = chosen
    cli.write_config(config)
    ended = look(cli)
    assert ended.status == 0
    rows_of_credit = [row for row in of(ended, "warning") if row["name"] == "status"]
    assert bool(rows_of_credit) is told
    assert all("Gecrediteerd (8)" in row["problem"] for row in rows_of_credit)


@pytest.mark.parametrize(("number", "kind"), [(2, "ok"), ("Betaald", "ok"), (" betaald ", "ok")])
def test_a_status_may_be_a_number_or_a_name(
    cli: Cli, config: Config, number: Any, kind: str
) -> None:
    statuses(number)(config)
    cli.write_config(config)
    assert [row["status"] for row in rows(look(cli)) if row["name"] == "status"][:1] == [kind]


def test_a_name_that_two_statuses_have_stands_for_both(
    cli: Cli, config: Config, sandbox: Sandbox
) -> None:
    statuses("Betaald")(config)
    cli.write_config(config)
    twice = [
        {"status": number, "description": "Betaald", "credit_order": number > 7}
        for number in (2, 8)
    ]
    with mock.patch("mww2minox.sandbox.shop_api.statuses", return_value=twice):
        told = [row["what"] for row in rows(look(cli)) if row["name"] == "status"]
        cli("fetch")
    assert told == ["status Betaald (2) is booked", "status Betaald (8) is booked"]
    ready = {
        str(sandbox.shop.orders[number]["status"])
        for number, one in cli.report().items()
        if one["reason"] is None
    }
    assert ready == {"2", "8"}


def test_without_a_partner_token_statuses_and_ways_of_paying_cannot_be_told(
    cli: Cli, config: Config
) -> None:
    config["shop"].update(statuses=[2])
    del config["shop"]["partner_token"]
    cli.write_config(config)
    ended = look(cli)
    assert ended.status == 0
    (row,) = [row for row in of(ended, "warning") if row["name"] == "status"]
    assert row["suggestion"].startswith("Other connectors book 2, 3 and 6")
    assert "payment_method" not in {row["name"] for row in rows(ended)}


def test_a_way_of_paying_that_the_shop_does_not_have_is_worth_a_look(
    cli: Cli, config: Config
) -> None:
    config["payment_debtors"]["paypal/express"] = 10600
    cli.write_config(config)
    ended = look(cli)
    assert ended.status == 0
    assert any(
        "paypal/express" in row["what"] and "basic/cash" in row["problem"]
        for row in of(ended, "warning")
    )


def test_a_shop_that_does_not_tell_its_ways_of_paying_is_no_problem(
    cli: Cli, sandbox: Sandbox
) -> None:
    sandbox.faults.append(
        Fault(kind="status", status=403, side="shop", path="gateways", times=None)
    )
    ended = look(cli)
    assert ended.status == 0
    assert "payment_method" in {row["name"] for row in of(ended, "warning")}


@pytest.mark.parametrize("vat_type", ["", "Btw hoog"])
def test_a_vat_code_whose_type_names_no_box_is_worth_a_look(
    cli: Cli, sandbox: Sandbox, vat_type: str
) -> None:
    sandbox.minox.administration.vat_codes[1]["type"] = vat_type
    ended = look(cli)
    assert ended.status == 0
    assert any(
        row["name"] == "vat_code" and "bookkeeper" in row["suggestion"]
        for row in of(ended, "warning")
    )


def test_a_journal_whose_type_does_not_tell_is_worth_a_look(cli: Cli, config: Config) -> None:
    config["minox"]["journal"] = "MEMO"
    cli.write_config(config)
    ended = look(cli)
    assert ended.status == 0
    assert any(
        row["name"] == "journal" and "general" in row["problem"] for row in of(ended, "warning")
    )


class TestWhereTheLedgerAccountDecides:
    """With `vat_posting: ledger` Minox takes the VAT code of the account, whatever the row says."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(rate_limit=10**6, vat_posting="ledger")

    @pytest.mark.parametrize(
        ("vat", "found"), [({"id": 1}, "it is 1,"), (None, "it carries none,")]
    )
    def test_an_account_with_another_code_is_red(
        self, cli: Cli, sandbox: Sandbox, vat: Any, found: str
    ) -> None:
        assert of(look(cli), "problem") == []
        sandbox.minox.administration.accounts["8310"]["vat"] = vat
        ended = look(cli)
        (red,) = of(ended, "problem")
        assert (ended.status, red["name"], "8310" in red["what"]) == (3, "ledger_vat_code", True)
        assert found in red["problem"]
        assert "11" in red["problem"]


class TestWhereVatIsALineOfItsOwn:
    """With `vat_posting: line` an account that carries a code would have Minox make VAT again."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(rate_limit=10**6, vat_posting="line")

    def test_an_account_without_a_code_is_well(self, cli: Cli) -> None:
        ended = look(cli)
        assert (ended.status, of(ended, "problem")) == (0, [])
        wells = [row["what"] for row in of(ended, "ok") if row["name"] == "ledger_vat_code"]
        assert len(wells) == len(set(wells)) == 6

    def test_an_account_with_a_code_is_red(
        self, cli: Cli, config: Config, sandbox: Sandbox
    ) -> None:
        sandbox.settings.line_with_codes = True
        for account in sandbox.minox.administration.accounts.values():
            account["vat"] = {"id": 0} if account["id"] != "8900" else {"id": 1}
        config["ledgers"] = {"shipping": "8900"}
        cli.write_config(config)
        ended = look(cli)
        (red,) = of(ended, "problem")
        assert (ended.status, red["name"], "8900" in red["what"]) == (3, "ledger_vat_code", True)
        assert "code 1" in red["problem"]
        assert "twice" in red["problem"]
        assert "Onderhoud > Grootboek" in red["suggestion"]


@pytest.mark.parametrize(
    ("posting", "warns"), [("net", True), ("gross", True), ("ledger", False), ("debtor", False)]
)
def test_an_account_that_takes_no_vat_of_ones_own_is_worth_a_look(
    cli: Cli, config: Config, sandbox: Sandbox, posting: str, *, warns: bool
) -> None:
    sandbox.settings.vat_on_sub = posting == "debtor"
    config["booking"]["vat_posting"] = posting
    cli.write_config(config)
    sandbox.minox.administration.accounts["8010"]["allow_free_vat_input"] = False
    del sandbox.minox.administration.accounts["8000"]["allow_free_vat_input"]
    ended = look(cli)
    told = [row["what"] for row in of(ended, "warning") if row["name"] == "free_vat_input"]
    assert ended.status == 0
    assert told == (["VAT amounts on ledger account 8010"] if warns else [])


def test_a_fiscal_year_that_is_not_open(cli: Cli, sandbox: Sandbox) -> None:
    sandbox.minox.administration.fiscal_years = (2019, 2020)
    ended = look(cli)
    assert [row["name"] for row in of(ended, "problem")] == ["fiscal_year"]
    assert ended.status == 3


# The login.


def test_rights_that_are_missing_ask_for_a_new_login(cli: Cli, sandbox: Sandbox) -> None:
    log_in(cli, sandbox, SCOPES.replace(" customer:write", ""))
    ended = look(cli)
    (red,) = of(ended, "problem")
    assert (ended.status, red["name"], "customer:write" in red["problem"]) == (3, "scopes", True)
    assert red["suggestion"].endswith("mww2minox login")


def test_tenants_may_be_told_by_their_ids_alone(cli: Cli, sandbox: Sandbox) -> None:
    sandbox.settings.inspect = "ids"
    assert {"tenant", "scopes"} <= {row["name"] for row in of(look(cli), "ok")}


@pytest.mark.parametrize("status", [None, 400, 404, 501])
def test_a_minox_that_does_not_tell_rights_is_no_problem(
    cli: Cli, sandbox: Sandbox, status: int | None
) -> None:
    sandbox.settings.inspect = "nothing"
    if status:
        sandbox.faults.append(
            Fault(kind="status", status=status, side="minox", path="inspect", times=None)
        )
    ended = look(cli)
    assert ended.status == 0
    assert {"tenant", "scopes"} <= {row["name"] for row in of(ended, "warning")}


@pytest.mark.parametrize("lost", ["never logged in", "revoked"])
def test_without_a_login_the_shop_is_looked_at_all_the_same(
    cli: Cli, config: Config, sandbox: Sandbox, lost: str, tmp_path: Path
) -> None:
    if lost == "revoked":
        sandbox.minox.tokens.revoke()
    else:
        config["state"] = str(tmp_path / "new.db")
        cli.write_config(config)
    ended = look(cli)
    (red,) = of(ended, "problem")
    assert (ended.status, red["name"]) == (4, "login")
    assert red["suggestion"].endswith("mww2minox login")
    assert "shop" in {row["name"] for row in of(ended, "ok")}


# Vendors out of reach.


def test_with_minox_out_of_reach_the_shop_is_looked_at(
    cli: Cli, config: Config, unused_port: int
) -> None:
    config["minox"]["url"] = f"http://127.0.0.1:{unused_port}"
    config["shop"]["statuses"].append("Betaalt")
    cli.write_config(config)
    ended = look(cli)
    assert ended.status == 4
    assert {row["name"] for row in of(ended, "problem")} == {"administration", "status"}
    assert "shop" in {row["name"] for row in of(ended, "ok")}
    guesses = {"scopes", "tenant", "clock"}
    assert not guesses & {row["name"] for row in of(ended, "warning")}


def test_with_the_shop_out_of_reach_minox_is_looked_at(
    cli: Cli, config: Config, unused_port: int
) -> None:
    config["shop"]["url"] = f"http://127.0.0.1:{unused_port}"
    config["minox"]["journal"] = "INK"
    cli.write_config(config)
    ended = look(cli)
    assert ended.status == 4
    assert {row["name"] for row in of(ended, "problem")} == {"shop", "journal"}
    assert {"administration", "ledger_account", "fixed_debtor"} <= {
        row["name"] for row in of(ended, "ok")
    }


@pytest.mark.parametrize("part", ["journal", "ledger_account", "vat", "customer"])
def test_a_list_that_fails_does_not_hide_the_others(cli: Cli, sandbox: Sandbox, part: str) -> None:
    names = {
        "journal": "journal",
        "ledger_account": "ledger_account",
        "vat": "vat_code",
        "customer": "fixed_debtor",
    }
    sandbox.faults.append(Fault(kind="html", side="minox", path=rf"/1/{part}(/|$)", times=None))
    ended = look(cli)
    assert ended.status == 4
    assert [row["name"] for row in of(ended, "problem")] == [names[part]]
    assert set(names.values()) - {names[part]} <= {row["name"] for row in of(ended, "ok")}


def test_a_debtor_that_minox_does_not_take(cli: Cli, sandbox: Sandbox) -> None:
    sandbox.faults.append(
        Fault(kind="status", status=400, side="minox", path="customer", times=None)
    )
    ended = look(cli)
    assert (ended.status, [row["name"] for row in of(ended, "problem")]) == (3, ["fixed_debtor"])


# What was fetched.


def test_rates_of_orders_that_no_row_covers(cli: Cli, config: Config, sandbox: Sandbox) -> None:
    config["vat"] = [row for row in config["vat"] if row.get("region") == "NL"]
    cli.write_config(config)
    sandbox.shop.change("1001", tax_strategy="reverse_charged_vat")
    cli("fetch")
    ended = look(cli)
    red = {row["what"]: row for row in of(ended, "problem") if row["name"] == "rate"}
    assert ended.status == 3
    assert {"VAT reverse_charged_vat", "VAT zero_percent", "VAT DE 19%", "VAT FI 25.5%"} <= set(red)
    assert not {"VAT NL 21%", "VAT NL 9%"} & set(red)
    assert any(row["what"].startswith("VAT NL 21%: ") for row in of(ended, "ok"))

    german = [
        number for number, order in sandbox.shop.orders.items() if order.get("tax_region") == "DE"
    ]
    assert red["VAT DE 19%"]["problem"].startswith(f"1 order has it, {german[0]}, ")
    assert "orders have it, such as " in red["VAT reverse_charged_vat"]["problem"]
    assert red["VAT DE 19%"]["suggestion"].endswith("mww2minox check")
    assert red["VAT reverse_charged_vat 21%"]["suggestion"].startswith("No row can cover that")
    assert red["VAT reverse_charged_vat 21%"]["suggestion"].endswith("mww2minox retry 1001")


def test_a_rate_of_orders_that_are_booked_keeps_nothing_from_being_booked(
    cli: Cli, config: Config
) -> None:
    for command in ("fetch", "push"):
        cli(command)
    config["vat"] = [row for row in config["vat"] if row.get("region") != "DE"]
    cli.write_config(config)
    assert "VAT DE 19%" in {row["what"] for row in of(look(cli), "warning")}


# This machine.


@pytest.mark.parametrize(("what", "known"), [("administration", "12345/9"), ("shop", "another")])
def test_a_state_file_of_other_books_is_red(cli: Cli, what: str, known: str) -> None:
    assert look(cli).status == 0
    if what == "administration":
        cli("fetch")
    with Store(cli.state) as store:
        store.set_note(f"books of {what}", known)
    ended = look(cli)
    red = [row for row in of(ended, "problem") if row["name"] == "books"]
    assert (ended.status, len(red), known in red[0]["problem"]) == (3, 1, True)
    refused = cli("push" if what == "administration" else "fetch")
    assert (refused.status, known in refused.err) == (2, True), "what the red line foretold"


def test_each_file_with_a_secret_that_others_can_read(cli: Cli, config: Config) -> None:
    token = cli.folder / "shop-token"
    token.write_text(config["shop"].pop("token"))
    secrets = cli.folder / "config.env"
    secrets.write_text("NOTHING=1\n")
    config["shop"]["token_file"] = "shop-token"
    cli.write_config(config)
    for file in (token, secrets, cli.config):
        file.chmod(0o600)
    assert look(cli).status == 0
    for file, mode in ((token, 0o640), (secrets, 0o604), (cli.config, 0o660)):
        file.chmod(mode)
    ended = look(cli)
    red = {row["name"]: row["suggestion"] for row in of(ended, "problem")}
    assert ended.status == 3
    assert red == {
        "secret_file": f"Run: chmod 600 {token}",
        "env_file": f"Run: chmod 600 {secrets}",
        "config_file": f"Run: chmod 600 {cli.config}",
    }


@pytest.mark.parametrize(("minutes", "words"), [(5, "ahead of that of"), (-5, "behind that of")])
def test_a_clock_that_is_wrong(cli: Cli, minutes: int, words: str) -> None:
    cli.now = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    ended = look(cli)
    (red,) = of(ended, "problem")
    assert (ended.status, red["name"], words in red["problem"]) == (3, "clock", True)
    seconds = re.search(r"[0-9]+", red["problem"])
    assert seconds
    assert abs(int(seconds[0]) - 300) < 30
    assert "timedatectl" in red["suggestion"]


def test_a_clock_that_is_a_little_wrong_is_well(cli: Cli) -> None:
    cli.now = (datetime.now(UTC) + timedelta(seconds=20)).isoformat()
    assert look(cli).status == 0


def test_a_run_that_is_under_way_is_no_run_that_went_wrong(cli: Cli) -> None:
    with Store(cli.state) as store:
        store.start_run("fetch")
    assert "last run of fetch" in {row["what"] for row in of(look(cli), "warning")}


def test_with_both_vendors_out_of_reach_that_is_told_alone(
    cli: Cli, config: Config, unused_port: int
) -> None:
    for side in ("shop", "minox"):
        config[side]["url"] = f"http://127.0.0.1:{unused_port}"
    cli.write_config(config)
    ended = look(cli)
    assert ended.status == 4
    assert {row["name"] for row in of(ended, "problem")} == {"shop", "administration"}
    assert "clock" not in {row["name"] for row in rows(ended)}


def test_runs_that_no_longer_end_well(cli: Cli, sandbox: Sandbox) -> None:
    real = datetime.now(UTC)
    cli.now = (real - timedelta(hours=40)).isoformat()
    assert (cli("fetch").status, cli("verify").status) == (0, 0)
    cli.now = (real - timedelta(hours=30)).isoformat()
    assert cli("verify").status == 0
    sandbox.faults.append(Fault(kind="status", status=403, side="minox", times=None))
    assert cli("push").status == 4
    sandbox.faults.clear()

    cli.now = "-"
    ended = look(cli)
    red = {row["what"]: row for row in of(ended, "problem") if row["name"] == "last_run"}
    assert ended.status == 3
    assert set(red) == {"last run of fetch", "last run of push"}
    assert f"{(real - timedelta(hours=40)):%b %Y}" in red["last run of fetch"]["problem"]
    assert "never ended well" in red["last run of push"]["problem"]
    assert all(str(cli.folder / "mww2minox.log") in row["suggestion"] for row in red.values())
    assert all("mww2minox schedule" in row["suggestion"] for row in red.values())
    assert any(row["what"].startswith("last run of verify: ") for row in of(ended, "ok"))


def test_a_run_that_a_wrong_clock_dated_years_ahead_is_none_that_ended_well(cli: Cli) -> None:
    cli.now = (datetime.now(UTC) + timedelta(days=4000)).isoformat()
    assert cli("verify").status == 0
    cli.now = "-"
    ended = look(cli)
    assert (ended.status, [row["what"] for row in of(ended, "problem")]) == (
        3,
        ["last run of verify"],
    )
    assert cli("verify").status == 0
    assert look(cli).status == 0


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 37, 0), Status.OK), ((3, 50, 1), Status.OK), ((3, 36, 9), Status.PROBLEM)],
)
def test_sqlite_has_strict_tables_since_3_37(version: tuple[int, int, int], status: Status) -> None:
    assert sqlite(version).status is status


# How it is shown.


def test_the_table_marks_each_line(cli: Cli, config: Config) -> None:
    config["minox"]["journal"] = "INK"
    cli.write_config(config)
    lines = cli("check").out.splitlines()
    assert "✗ journal INK: it is a journal for purchases, not for sales" in lines
    assert "  Correct minox.journal in the config, then run: mww2minox check" in lines
    assert "✓ tenant 12345" in lines
    assert "· last run of push: there was none yet" in lines


def test_quiet_shows_what_is_red_only_and_json_all_the_same(cli: Cli, config: Config) -> None:
    assert cli("-q", "check").out == ""
    config["minox"]["journal"] = "INK"
    cli.write_config(config)
    quiet = cli("-q", "check")
    assert quiet.status == 3
    assert [line[0] for line in quiet.out.splitlines()] == ["✗", " "]
    told = cli("-q", "check", "--format", "json")
    assert rows(told) == rows(look(cli))


def test_in_a_terminal_long_lines_go_on_under_their_beginning(cli: Cli, config: Config) -> None:
    config["minox"]["journal"] = "XX"
    config["payment_debtors"]["paypal/express"] = 10600
    cli.write_config(config)
    env = {**cli.environment, "TERM": "xterm"}
    arguments = [str(RUNNER), "-", "check"]
    shown = pexpect.spawn(
        sys.executable, arguments, env=env, cwd=str(cli.folder), timeout=60, encoding="utf-8"
    )
    shown.expect(pexpect.EOF)
    lines = [
        re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in str(shown.before).splitlines()
    ]
    # A command is never broken, however long the path in it is.
    assert all(len(line) <= 80 or str(cli.folder) in line for line in lines)
    place = next(place for place, line in enumerate(lines) if "paypal/express (payment" in line)
    assert lines[place].startswith("· ")
    assert re.match("  [a-z]", lines[place + 1])


def test_a_vendors_words_cannot_forge_a_line(cli: Cli, sandbox: Sandbox) -> None:
    sandbox.minox.administration.accounts["8000"]["description"] = "x\n✗ forged\x1b[31m\u202e"
    assert not any(line.startswith("✗") for line in cli("check").out.splitlines())
    assert "\x1b" not in look(cli).out.encode().decode("unicode_escape")


def test_looking_does_not_tie_the_state_to_an_administration(cli: Cli) -> None:
    look(cli)
    with Store(cli.state) as store:
        assert store.note("books of administration") is None
