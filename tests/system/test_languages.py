"""The same job in Dutch: by `language` in the config, and by the locale.

No English is left over.
"""

import csv
import io
import json
import re
from typing import Any

import pytest

from mww2minox.sandbox import Sandbox
from tests.harness.sample_results import sample_results
from tests.harness.words import ENGLISH
from tests.system.conftest import Cli, Ended

pytestmark = pytest.mark.thorough

DUTCH_AMOUNT = re.compile(r"€ -?[0-9.]+,[0-9]{2}")
DUTCH_DATE = re.compile(r"\b[0-9]{2}-[0-9]{2}-20[0-9]{2}\b")


@pytest.fixture(params=["config", "locale"])
def dutch(request: pytest.FixtureRequest, cli: Cli, config: dict[str, Any]) -> Cli:
    """The command for a Dutch reader."""
    config["language"] = "nl" if request.param == "config" else None
    cli.env["LANG"] = "en_GB.UTF-8" if request.param == "config" else "nl_NL.UTF-8"
    cli.write_config(config)
    return cli


@pytest.fixture
def in_holland(cli: Cli) -> Cli:
    """The command where the locale is Dutch."""
    cli.env["LANG"] = "nl_NL.UTF-8"
    return cli


def shown(ended: Ended, status: int = 0) -> str:
    """Return what was shown, after a look that it is Dutch."""
    text = ended.out + ended.err
    assert not ENGLISH.search(text), text
    assert ended.status == status, text
    return text


def test_the_whole_job_is_told_in_dutch(dutch: Cli, sandbox: Sandbox) -> None:
    results = sample_results(sandbox.today)
    assert f"Opgehaald: {results.fetched} nieuw" in shown(dutch("fetch"))
    tried = shown(dutch("push", "--dry-run", "--order", "1021", "--order", "1040"), 3)
    assert "Rekening" in tried
    assert "debiteur van bestelling 1020" in tried
    assert "Er is niets verstuurd." in tried
    booked = shown(dutch("push"), 3)
    assert re.search(
        rf"Geboekt: {results.booked} bestellingen, [0-9.]+,\d\d euro\."
        rf" Overgeslagen: {results.skipped}\. Mislukt: {results.failed}\.",
        booked,
    )
    assert "btw-tarief 25,5% in FI" in booked
    assert "het totaal is 37,30 euro" in booked
    verified = f"Gecontroleerd: {results.booked} boekingen, 0 met verschillen."
    assert verified in shown(dutch("verify"))
    sandbox.shop.change("1001", tax_region="BE")
    differing = shown(dutch("verify", "--order", "1001"), 3)
    assert "btw-land was NL, is nu BE" in differing
    assert "Gecontroleerd: 1 boeking, 1 met verschillen." in differing
    assert "al geboekt" in shown(dutch("retry", "1001"))
    assert "geen bestelling '4711'" in shown(dutch("retry", "4711"), 2)
    assert f"Overgenomen: 0 van {results.not_booked}" in shown(dutch("adopt"))


def test_check_and_schedule_speak_dutch(dutch: Cli) -> None:
    dutch("fetch")
    checked = shown(dutch("check"), 3)
    assert "✗ btw FI 25,5%: 1 bestelling heeft dit, 1062, en geen rij van vat past erbij" in checked
    assert re.search(r"✓ laatste keer fetch: [0-9]{2}-[0-9]{2}-20", checked)
    assert "cron mailt wat deze regels tonen" in shown(dutch("schedule", "--cron"))


def test_the_report_is_in_the_readers_form_and_its_data_are_plain(
    dutch: Cli, sandbox: Sandbox
) -> None:
    dutch("push", "--limit", "1")
    dutch("fetch")
    dutch("push")
    table = shown(dutch("report", "--all"))
    for word in (
        "opgehaald",
        "geboekt",
        "mislukt",
        "wacht",
        "overgeslagen",
        "btw-nummer ontbreekt",
        "Vraagt aandacht",
    ):
        assert word in table
    rows = [line for line in table.splitlines() if re.match(r"  10\d\d  ", line)]
    results = sample_results(sandbox.today)
    assert len(rows) == results.fetched
    readable = [row for row in rows if DUTCH_AMOUNT.search(row)]
    assert len(readable) >= results.fetched - results.unreadable
    assert DUTCH_DATE.search(table)
    orders = dutch.report()
    assert orders["1001"]["total"] == "121.00"
    assert orders["1009"]["reason"] == "vat_number_missing"
    assert orders["1009"]["state"] == "failed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", orders["1001"]["date"])
    assert all(
        not ENGLISH.search(f"{order['message']} {order['suggestion']}") for order in orders.values()
    )
    written = list(csv.DictReader(io.StringIO(dutch("report", "--format", "csv").out)))
    assert {row["number"]: row["total"] for row in written}["1001"] == "121.00"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_tables_fit_a_terminal_of_80_columns(
    cli: Cli, config: dict[str, Any], language: str
) -> None:
    cli.write_config(config | {"language": language})
    cli("fetch")
    tried = cli("push", "--dry-run").out
    cli("push")
    # Elsewhere than in a terminal sentences stay whole.
    report = cli("report", "--all").out.splitlines()
    table = "\n".join(line for line in report if re.match("  10[0-9]+  ", line))
    assert table
    lines = [line for line in f"{tried}{table}".splitlines() if not line.startswith("Order 10")]
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if "…" in line]


def test_english_is_as_it_was(cli: Cli, sandbox: Sandbox) -> None:
    results = sample_results(sandbox.today)
    cli("fetch")
    ended = cli("push")
    assert (
        f"Booked: {results.booked} orders, {results.euros} euros."
        f" Skipped: {results.skipped}. Failed: {results.failed}."
    ) in ended.err
    assert "the total is 37.30 euros" in ended.err
    assert "VAT number missing" in cli("report", "--errors").out


def test_the_config_goes_before_the_locale(in_holland: Cli) -> None:
    assert "Fetched: " in in_holland("fetch").err  # the config says en


def test_a_wrong_config_is_told_in_dutch(dutch: Cli, config: dict[str, Any]) -> None:
    config["shop"] |= {"since": "yesterday", "timezone": "Mars", "statuses": []}
    config["minox"] |= {"jurnal": "VERK", "url": "http://example.com", "requests_per_second": 0}
    del config["minox"]["journal"]
    config["booking"] = {"vat_posting": "maybe", "max_rounding": "0,05", "description": "{naam}"}
    config["vat"][0] |= {"rate": 210, "region": "Nederland"}
    config["vat"] += [dict(config["vat"][1]), {"code": 1, "ledger": 8000}]
    config["ledgers"] = "8900"
    dutch.write_config(config)
    told = shown(dutch("fetch"), 2)
    assert re.search(r"^1\d problemen in /", told)
    assert "shop.since (regel " in told
    assert "bedoelt u journal?" in told
    assert "'net', 'gross', 'ledger', 'line' of 'debtor'" in told
    assert told.endswith("Verbeter de config. Voer daarna uit: mww2minox check\n")


def test_a_config_that_is_no_yaml_is_told_in_dutch(dutch: Cli) -> None:
    dutch.config.write_text(f"{dutch.config.read_text()}shop:\n\tx: y\n")
    assert "spring in met spaties" in shown(dutch("fetch"), 2)


def test_the_language_is_found_however_it_is_written(cli: Cli, config: dict[str, Any]) -> None:
    cli.config.write_text(json.dumps(config | {"language": "nl", "bookin": {}}))
    assert "bedoelt u booking?" in shown(cli("fetch"), 2)


def test_a_missing_config_is_told_in_dutch(in_holland: Cli) -> None:
    in_holland.config.unlink()
    assert "dat bestand is er niet" in shown(in_holland("report"), 2)
    del in_holland.env["LANG"]
    assert "there is no such file" in in_holland("report").err


def test_a_damaged_state_file_is_told_in_dutch(dutch: Cli) -> None:
    for file in dutch.folder.glob("state.db*"):
        file.unlink()
    dutch.state.write_bytes(b"no database at all, " * 100)
    assert "het is geen gegevensbestand" in shown(dutch("report"), 2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--nonsense",), "De optie '--nonsense' bestaat niet."),
        (("fetch", "--untill", "x"), "Bedoelt u '--until'?"),
        (("frobnicate",), "De opdracht 'frobnicate' bestaat niet."),
        (("fetch", "--since"), "Bij de optie '--since' hoort een waarde."),
        (("push", "1003", "1005"), "; bestellingen noemt u met --order 1003 --order 1005"),
        (("push", "nu", "1005"), "Er staan argumenten te veel (nu 1005)"),
        (("fetch", "--since", "soon"), "'soon' is geen datum; typ die als 31-1-2026 of"),
        (("schedule", "--at", "25:00"), "'25:00' is geen tijdstip; typ dat als 06:15."),
        (("push", "--limit", "x"), "'x' is geen geldig geheel getal."),
        (("push", "--limit", "0"), "0 kan niet: het moet 1 of meer zijn."),
        (("push", "--dry-run=yes"), "Bij de optie '--dry-run' hoort geen waarde."),
        (("report", "--format", "xls"), "'xls' is niet een van 'table'"),
        (("verify", "1001"), "Er staat een argument te veel (1001)"),
        (("retry",), "Geef de bestellingen die opnieuw moeten, of --all."),
        (("-v", "-q", "report"), "Geef --verbose of --quiet, niet allebei."),
    ],
)
def test_a_usage_error_is_told_in_dutch(
    in_holland: Cli, arguments: tuple[str, ...], told: str
) -> None:
    text = shown(in_holland(*arguments), 2)
    assert told in text
    assert text.startswith(("Gebruik: mww2minox ", "Fout: "))


def test_the_help_is_in_dutch(in_holland: Cli) -> None:
    overview = shown(in_holland("--help"))
    assert "Boek de bestellingen van een Mijnwebwinkel in Minox" in overview
    assert "Opdrachten:" in overview
    assert shown(in_holland(), 2) == overview
    for command in re.findall(r"^  ([a-z]+)  ", overview, flags=re.MULTILINE):
        text = shown(in_holland(command, "--help"))
        assert text.startswith(f"Gebruik: mww2minox {command} [OPTIES]")
        assert "Toon deze uitleg." in text


def test_json_is_the_same_whatever_the_language_but_for_its_sentences(
    in_holland: Cli, config: dict[str, Any]
) -> None:
    in_holland("fetch")
    english = json.loads(in_holland("report", "--format", "json").out)
    in_holland.write_config(config | {"language": "nl"})
    dutch = json.loads(in_holland("report", "--format", "json").out)
    told = ("message", "suggestion", "differences")
    for one, other in zip(english["orders"], dutch["orders"], strict=True):
        assert {key: value for key, value in one.items() if key not in told} == {
            key: value for key, value in other.items() if key not in told
        }
    assert english["totals"] == dutch["totals"]
