"""`setup` where things are not as usual: odd shops and administrations, odd answers, interruptions,
broken files.
"""

import json
import re
import shlex
from collections import Counter
from typing import Any
from unittest import mock

import pytest
import yaml

from mww2minox.books.model import ListEntry
from mww2minox.minox import TRIAL as NOTE
from mww2minox.minox.api import Minox
from mww2minox.minox.oauth import MinoxLogin, TokenFacts
from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.oauth import CLIENT_ID, CLIENT_SECRET
from mww2minox.sandbox.shop_api import PARTNER_TOKEN, TOKEN
from mww2minox.shop.api import Status, Webshop
from mww2minox.state import Store
from tests.harness.inside import Ended
from tests.harness.typed_setup import SCREEN, Typed, Wizard

pytestmark = pytest.mark.thorough

KEYS = {TOKEN, PARTNER_TOKEN, CLIENT_SECRET}
FRESH = ["kas", "", "n"]
"""What a shop owner answers where the keys are given: the customer for cash, the screen, no
trial.
"""
STATUSES, SHIPPING, ROUNDING, NL_21 = "2", "5", "4", "8"
"""Lines of the screen."""


@pytest.fixture
def samples() -> bool:
    return True


# Shops


@pytest.mark.parametrize("samples", [False], ids=["empty"])
def test_an_empty_shop_is_set_up_by_its_lists(wizard: Wizard) -> None:
    ended = wizard("")
    assert ended.status == 0, ended.err
    assert "nothing to show" in " ".join(ended.out.split())
    assert [row["code"] for row in wizard.settings["vat"]] == [1, 2, 11, 10, 6, 5]


@pytest.mark.parametrize("samples", [False], ids=["empty"])
def test_an_empty_shop_without_a_partner_token_takes_numbers_of_statuses(wizard: Wizard) -> None:
    del wizard.given["shop"]["partner_token"]
    ended = wizard("", "", "2, 17", "")
    assert ended.status == 0, ended.err
    assert "Other connectors book 2, 3 and 6" in ended.out
    assert wizard.settings["shop"]["statuses"] == [2, 17]


def test_a_status_that_the_newest_orders_do_not_have_is_right_too(wizard: Wizard) -> None:
    del wizard.given["shop"]["partner_token"]
    ended = wizard("", "2,99", *FRESH)
    assert re.search(r"^ +8 +[0-9]+ credit orders, like 1\d+ of ", ended.out, re.MULTILINE)
    assert wizard.settings["shop"]["statuses"] == [2, 99]


def test_no_status_at_all_is_no_answer(wizard: Wizard) -> None:
    ended = wizard("kas", STATUSES, ",", "2", "", "n")
    assert "one at least" in ended.err
    assert wizard.settings["shop"]["statuses"] == ["Betaald"]


@pytest.mark.parametrize("number", ["WEB-1001", "202600001"])
@pytest.mark.parametrize(("answer", "chosen"), [("", "minox"), ("n", "order")])
def test_where_order_numbers_do_not_fit_it_asks_who_numbers_the_invoices(
    wizard: Wizard, number: str, answer: str, chosen: str
) -> None:
    orders = wizard.vendors.shop.orders
    orders[number] = orders["1001"] | {"number": number}
    ended = wizard(answer, *FRESH)
    assert f"Order numbers like {number} do not fit" in " ".join(ended.err.split())
    assert wizard.settings["booking"]["invoice_number"] == chosen


def test_where_order_numbers_fit_it_does_not_ask(wizard: Wizard) -> None:
    assert "invoice" not in wizard(*FRESH).err
    assert "invoice_number" not in wizard.settings.get("booking", {})


def statuses(*there: tuple[int, str]) -> Any:
    """Let the shop have these statuses."""
    made = [Status(number=number, name=name, credit_order=False) for number, name in there]
    return mock.patch.object(Webshop, "statuses", return_value=made)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        ([(2, "Betaald")], ["Betaald"]),
        ([(2, "Betaald"), (3, "betaald")], [2, 3]),
        ([(2, "Paid ${x}"), (3, "Verzonden")], [2, "Verzonden"]),
        ([(2, "Betaald: # 'x'"), (7, "7")], ["Betaald: # 'x'"]),
    ],
)
def test_a_status_is_named_where_its_name_tells_it_from_others(
    wizard: Wizard, there: list[tuple[int, str]], chosen: list[Any]
) -> None:
    with statuses(*there):
        wizard(*FRESH)
    assert wizard.settings["shop"]["statuses"] == chosen


def test_a_status_that_the_shop_has_no_more_is_asked_for(wizard: Wizard) -> None:
    wizard(*FRESH)
    del wizard.given["shop"]
    with statuses((2, "Voldaan"), (3, "Verzonden")):
        ended = wizard("2", "", "n", "y")
    assert "There is no" not in ended.err
    assert wizard.settings["shop"]["statuses"] == ["Voldaan"]


def test_a_partner_token_that_is_no_longer_good_leaves_numbers_of_statuses(wizard: Wizard) -> None:
    wizard(*FRESH)
    wizard.vendors.faults.append(
        Fault("status", side="shop", path="orderstatuses", status=401, times=None)
    )
    assert wizard(script=False).status == 130
    ended = wizard("", "2,3", "", "n", "", script=False)
    assert wizard.settings["shop"]["statuses"] == [2, 3], ended.err
    assert "partner_token" not in wizard.settings["shop"]


def test_a_partner_token_is_asked_for_again_and_names_stay(wizard: Wizard) -> None:
    wizard("kas", STATUSES, "2", "", "n")
    wizard.vendors.faults.append(Fault("status", side="shop", path="orderstatuses", status=401))
    wizard(PARTNER_TOKEN, "", "n", "", script=False)
    assert wizard.settings["shop"]["statuses"] == ["Betaald"]


def test_a_shop_that_does_not_tell_its_rates_or_ways_of_paying_is_set_up_all_the_same(
    wizard: Wizard,
) -> None:
    wizard.vendors.faults.append(
        Fault("broken_json", side="shop", path="tax-policy|gateways", times=None)
    )
    ended = wizard(*FRESH)
    assert wizard.target.exists(), ended.err
    assert "The shop" in ended.err, "and it is told"


def test_a_shop_that_wants_the_partner_token_everywhere_is_asked_for_it(wizard: Wizard) -> None:
    del wizard.given["shop"]["partner_token"], wizard.given["shop"]["token"]
    wizard.given["shop"]["statuses"] = [2]
    wizard.vendors.faults.append(Fault("status", side="shop", path="/v1/store", status=401))
    wizard(TOKEN, TOKEN, PARTNER_TOKEN, *FRESH)
    env = wizard.target.with_suffix(".env").read_text()
    assert f"MWW_PARTNER_TOKEN={PARTNER_TOKEN}\n" in env


# Minox


def test_one_of_several_tenants_and_administrations_is_asked_for(wizard: Wizard) -> None:
    two = [
        ListEntry(id=number, description=f"BV {number}", type="", blocked=False)
        for number in ("2", "1")
    ]
    facts = TokenFacts(tenants=("777", "12345"))
    with (
        mock.patch.object(MinoxLogin, "inspect", return_value=facts),
        mock.patch.object(Minox, "administrations", return_value=two),
    ):
        ended = wizard("12346", "12345", "3", "1", *FRESH)
    assert ended.err.count("There is no") == 2
    assert (wizard.settings["minox"]["tenant"], wizard.settings["minox"]["administration"]) == (
        12345,
        1,
    )


def test_a_tenant_without_administrations_is_told(wizard: Wizard) -> None:
    with mock.patch.object(Minox, "administrations", return_value=[]):
        ended = wizard()
    assert ended.status == 2
    assert "no administration for tenant 12345" in ended.err


def test_a_minox_that_does_not_tell_tenants_is_asked_by_number(wizard: Wizard) -> None:
    wizard.vendors.settings.update({"inspect": "nothing", "paging": "metadata", "page_size": 2})
    ended = wizard("99", "n", "12345", *FRESH)
    assert wizard.settings["minox"]["tenant"] == 12345, ended.err
    assert "HTTP 404" in ended.err or "HTTP 403" in ended.err


def renamed(vendors: Sandbox) -> None:
    """Call codes and accounts of distance sales by nothing that tells a country."""
    books = vendors.minox.administration
    for number, account in ((10, "8300"), (11, "8310")):
        books.vat_codes[number]["description"] = "OSS"
        books.accounts[account] |= {"description": "Omzet OSS", "vat": None}


@pytest.mark.parametrize("reading", ["told", "forbidden", "absent"])
def test_distance_sales_are_mapped_as_the_administration_has_them(
    wizard: Wizard, reading: str
) -> None:
    """Where it does not tell them, what no name tells is asked for."""
    renamed(wizard.vendors)
    wizard.vendors.settings.update({"distance_sales": reading})
    ended = wizard(*FRESH)
    assert (ended.status in (0, 3)) is (reading == "told")
    if reading == "told":
        rows = {row.get("region"): (row["code"], row["ledger"]) for row in wizard.settings["vat"]}
        assert (rows["DE"], rows["BE"]) == ((10, 8300), (11, 8310))


def test_what_minox_told_a_moment_ago_it_is_not_asked_for_again(wizard: Wizard) -> None:
    """The `check` at the end reads all anew; before that each is asked for once."""
    wizard(*FRESH)
    paths = [request.path for request in wizard.vendors.requests]
    asked = Counter(paths[: len(paths) - 1 - paths[::-1].index("/v1/store")])
    assert asked["/api/1/inspect"] == 1
    assert asked["/api/1/tenant/12345/administration"] == 2
    assert asked["/api/1/tenant/12345/administration/1/customer/10600"] == 1


def test_a_login_without_all_rights_is_told_at_once(wizard: Wizard) -> None:
    tokens = wizard.vendors.minox.tokens
    for token, (scope, ends) in tokens.access.items():
        tokens.access[token] = (scope.replace("vat:read", ""), ends)
    ended = wizard("n", *FRESH)
    assert ended.status == 4
    assert "it lacks vat:read" in ended.err
    assert not wizard.target.exists()


@pytest.mark.parametrize("kind", ["bank", "purchase"])
def test_a_journal_that_is_not_for_sales_is_not_taken_because_it_is_the_only_one(
    wizard: Wizard, kind: str
) -> None:
    only = [ListEntry(id="X", description="Bank", type=kind, blocked=False)]
    with mock.patch.object(Minox, "journals", return_value=only):
        ended = wizard()
    assert "Minox has no sales journal; it has X" in ended.err
    assert ended.status == 2


def test_a_minox_that_lists_no_journals_is_told_one(wizard: Wizard) -> None:
    with mock.patch.object(Minox, "journals", return_value=[]):
        wizard("VERK", *FRESH)
    assert wizard.settings["minox"]["journal"] == "VERK"


def test_without_any_vat_code_nothing_is_written(wizard: Wizard) -> None:
    before = "language: en\n"
    wizard.target.parent.mkdir()
    wizard.target.write_text(before)
    with mock.patch.object(Minox, "vat_codes", return_value=[]):
        ended = wizard("kas", "", NL_21, "")
    assert ended.status == 130
    assert ended.err.count("choose one for a line of VAT") == 2
    assert "Minox has no VAT code of" in ended.err
    assert wizard.target.read_text() == before


def test_a_script_without_any_vat_code_is_told_and_nothing_is_written(
    wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    wizard.given["payment_debtors"] = {"basic/cash": 10600}
    monkeypatch.setattr(Typed, "isatty", lambda _: False)
    with mock.patch.object(Minox, "vat_codes", return_value=[]):
        ended = wizard()
    assert ended.status == 2
    assert "vat" in ended.err
    assert "is missing" in ended.err
    assert not wizard.target.exists()


def test_every_row_can_be_left_out_but_not_all(wizard: Wizard) -> None:
    wizard.given["vat"] = [{"region": "NL", "rate": 21, "code": 1, "ledger": 8000}]
    wizard.vendors.shop.orders = {"1001": wizard.vendors.shop.orders["1001"]}
    ended = wizard(NL_21, "-", "", NL_21, "3", "1", "8000", "", "n")
    assert ended.err.count("There is no '3'") == 1, "that one is for purchases"
    assert ended.err.count("choose one for a line of VAT") == 1
    assert [row["region"] for row in wizard.settings["vat"]] == ["NL"]


def test_a_mapping_that_is_empty_for_now_can_be_taken_up_again(wizard: Wizard) -> None:
    wizard.given["vat"] = [{"region": "NL", "rate": 21, "code": 1, "ledger": 8000}]
    wizard.vendors.shop.orders = {"1001": wizard.vendors.shop.orders["1001"]}
    assert wizard(NL_21, "-").status == 130
    assert wizard("", "n", script=False).status in (0, 3)
    assert {"region": "NL", "rate": 21, "code": 1, "ledger": 8000} in wizard.settings["vat"]


def test_a_choice_of_ledger_accounts_is_not_made_for_a_script(
    wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = wizard.vendors.minox.administration.accounts
    accounts["8001"] = {**accounts["8000"], "id": "8001", "description": "Omzet 21% winkel"}
    with monkeypatch.context() as patched:
        patched.setattr(Typed, "isatty", lambda _: False)
        ended = wizard()
    assert ended.status == 2
    assert "vat is not answered" in ended.err
    assert wizard("8001", *FRESH).status in (0, 3)
    assert {"region": "NL", "rate": 21, "code": 1, "ledger": 8001} in wizard.settings["vat"]


def test_a_rate_under_a_strategy_gets_no_row(wizard: Wizard) -> None:
    order = wizard.vendors.shop.orders["1001"]
    wizard.vendors.shop.orders = {
        "1001": {**order, "tax_strategy": "reverse_charged_vat", "tax_region": "BE"}
    }
    ended = wizard(NL_21, "", "n")
    assert "No row can cover that" in ended.err
    assert [row.get("strategy") for row in wizard.settings["vat"]].count("reverse_charged_vat") == 1


# Customers


@pytest.mark.parametrize("path", ["customer/by_email", "customer\\?", "customer/[0-9]+$"])
def test_what_minox_refuses_to_look_up_is_no_bug(wizard: Wizard, path: str) -> None:
    wizard.vendors.faults.append(
        Fault("status", side="minox", method="GET", path=path, status=400, times=3)
    )
    ended = wizard("10600", "kas", "kas", "kas", "kas", "kas", *FRESH[1:])
    assert ended.status in (0, 3, 130)


def test_a_blocked_customer_is_no_fixed_debtor(wizard: Wizard) -> None:
    ended = wizard("10640", "Wanbetaler", "-kas", "zzz", *FRESH)
    assert ended.err.count("finds no open customer") == 4
    assert wizard.settings["payment_debtors"] == {"basic/cash": 10600}


def test_several_customers_are_told_by_number_and_name_alone(wizard: Wizard) -> None:
    ended = wizard("tweeling", "10630", *FRESH[1:])
    assert "10630 Tweeling Een; 10631 Tweeling Twee" in ended.err
    assert "@example" not in ended.err
    assert wizard.settings["payment_debtors"] == {"basic/cash": 10630}


@pytest.mark.parametrize(
    "odd", ["x" * 20_000, "日本 ☃", "a/b?c=d#e", "%2e%2e", "' OR 1=1 --", "   kas   "]
)
def test_odd_answers_are_texts_and_nothing_else(wizard: Wizard, odd: str) -> None:
    ended = wizard(odd, "kas", *FRESH[1:]) if "kas" not in odd else wizard(odd, *FRESH[1:])
    assert wizard.settings["payment_debtors"] == {"basic/cash": 10600}, ended.err


# Answers that must not get lost, or come back


def test_run_again_without_a_change_it_writes_the_same(wizard: Wizard) -> None:
    wizard(*FRESH)
    before = wizard.settings
    ended = wizard("", "n", "", script=False)
    assert ended.status in (0, 3), ended.err
    assert wizard.settings == before


def test_an_answer_that_was_taken_away_does_not_come_back(wizard: Wizard) -> None:
    wizard("kas", ROUNDING, "-", "", "n")
    assert "booking" not in wizard.settings
    wizard("", "n", "", script=False)
    assert "booking" not in wizard.settings


def test_a_key_without_a_value_in_the_present_config_takes_an_answer(wizard: Wizard) -> None:
    wizard(*FRESH)
    wizard.target.write_text(wizard.target.read_text() + "ledgers:\n")
    wizard(SHIPPING, "verzend", "", "n", "", script=False)
    assert wizard.settings["ledgers"] == {"shipping": 8900}


def test_a_redirect_address_elsewhere_is_pasted_since_it_cannot_be_waited_on(
    wizard: Wizard, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(wizard.inside.state) as store, store.transaction():
        store.db.execute("DELETE FROM tokens")
    asked: list[bool] = []

    def consented(_wiring: Any, *, browser: bool, paste: bool) -> None:
        assert not browser
        asked.append(paste)
        wizard.inside.log_in(vendors)

    monkeypatch.setattr("mww2minox.commands.setup.keys.consent", consented)
    ended = wizard("", *FRESH, options=("--redirect-uri", "https://shop.example/oauth"))
    assert (ended.status, asked) == (0, [True]), ended.err
    assert wizard.settings["minox"]["redirect_uri"] == "https://shop.example/oauth"


def test_a_wrong_option_does_not_stand_in_the_way_of_the_next_run(wizard: Wizard) -> None:
    ended = wizard(options=("--redirect-uri", "nonsense"))
    assert ended.status == 2
    assert "minox.redirect_uri" in ended.err
    assert not wizard.draft.exists()
    wizard(*FRESH)
    assert wizard.target.exists()


def test_a_token_in_a_file_that_is_refused_is_asked_for(wizard: Wizard) -> None:
    (wizard.inside.folder / "token").write_text("wrong\n")
    del wizard.given["shop"]["token"]
    wizard.given["shop"]["token_file"] = str(wizard.inside.folder / "token")
    wizard(TOKEN, PARTNER_TOKEN, *FRESH)
    assert "token_file" not in wizard.settings["shop"]
    assert f"MWW_TOKEN={TOKEN}\n" in wizard.target.with_suffix(".env").read_text()


def test_a_secret_that_looks_like_a_reference_is_asked_for_again(wizard: Wizard) -> None:
    del wizard.given["minox"]["client_secret"]
    ended = wizard("${NOWHERE", "a b", CLIENT_SECRET, *FRESH)
    assert "stands for a variable" in ended.err
    assert "holds a space" in ended.err
    assert wizard.target.exists()


def test_another_value_in_the_environment_is_told(wizard: Wizard) -> None:
    wizard.inside.env["MWW_TOKEN"] = "another"
    ended = wizard(*FRESH)
    assert "another MWW_TOKEN" in ended.err


def test_what_else_is_in_the_env_file_stays(wizard: Wizard) -> None:
    wizard.target.parent.mkdir()
    env = wizard.target.with_suffix(".env")
    env.write_text("# for the proxy\nHTTPS_PROXY=http://127.0.0.1:1\n")
    wizard(*FRESH)
    assert env.read_text().startswith("# for the proxy\nHTTPS_PROXY=http://127.0.0.1:1\n")
    assert env.stat().st_mode & 0o777 == 0o600


def test_a_config_that_would_be_its_own_env_file_is_refused(wizard: Wizard) -> None:
    wizard.target = wizard.target.with_name("shop.env")
    assert wizard().status == 2
    assert not wizard.target.exists()


# Interruptions


@pytest.mark.parametrize("typed", range(6))
def test_a_terminal_that_is_closed_at_a_question_loses_nothing(wizard: Wizard, typed: int) -> None:
    del wizard.given["minox"]["client_id"], wizard.given["shop"]["since"]
    lines = [CLIENT_ID, "2026-02-01", "kas", SHIPPING, "verzend", "", "n"]
    ended = wizard(*lines[:typed])
    assert ended.status == 130
    assert "run the same command again" in ended.err
    assert not wizard.target.exists()
    assert wizard.vendors.minox.batches == {}
    done = 0 if typed < 1 else 1 if typed < 2 else 2 if typed < 3 else 3
    rest = lines[done:] if typed < 5 else ["", "n"]
    assert wizard(*rest).status in (0, 3)
    assert wizard.settings["ledgers"] == {"shipping": 8900}
    assert str(wizard.settings["shop"]["since"]) == "2026-02-01"
    assert wizard.settings["payment_debtors"] == {"basic/cash": 10600}
    assert not wizard.draft.exists()


def test_a_question_half_way_the_mapping_costs_no_certain_rows(wizard: Wizard) -> None:
    zero = wizard.vendors.minox.administration.vat_codes
    zero[9] = {**zero[5], "id": 9, "description": "Uitvoer, andere"}
    ended = wizard()
    assert ended.status == 130
    assert ended.err.endswith(
        "The VAT code: Interrupted. Nothing is lost: run the same command again.\n"
    )
    rows = yaml.safe_load(wizard.draft.read_text())["vat"]
    assert {(row.get("region"), row.get("rate")) for row in rows} >= {
        ("NL", 21),
        ("BE", 21),
        ("DE", 19),
    }


def test_minox_gone_at_the_end_of_the_trial_is_told(wizard: Wizard) -> None:
    wizard.vendors.faults.append(Fault("drop_before", side="minox", method="DELETE", times=None))
    ended = wizard("kas", "", "y")
    assert ended.status == 4
    assert "may still be in Minox" in ended.err
    assert len(wizard.vendors.minox.batches) == 1
    wizard.vendors.faults.clear()
    ended = wizard("", "n")
    assert "it is deleted now" in ended.out
    assert wizard.vendors.minox.batches == {}
    with Store(wizard.inside.state) as store:
        assert store.note(NOTE) is None


def of_a_stranger(vendors: Sandbox) -> None:
    """Leave one order, of a customer that Minox does not know."""
    text = json.dumps(vendors.shop.orders["1001"]).replace("@example", "@elsewhere")
    vendors.shop.orders = {"1001": json.loads(text)}


def test_where_minox_knows_no_customer_the_trial_asks_for_one(wizard: Wizard) -> None:
    of_a_stranger(wizard.vendors)
    ended = wizard("", "y", "-", "nobody", "kas")
    assert ended.err.count("finds no open customer") == 2
    assert "net: reads back correctly" in ended.out
    assert wizard.vendors.minox.batches == {}


def test_a_script_says_on_which_customer_the_trial_is(
    wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_a_stranger(wizard.vendors)
    wizard.given["setup"] = {"trial": True, "trial_customer": 10600}
    monkeypatch.setattr(Typed, "isatty", lambda _: False)
    ended = wizard()
    assert "net: reads back correctly" in ended.out, ended.err
    assert len([one for one in wizard.vendors.requests if one.method == "PUT"]) == 1


# Files


@pytest.mark.parametrize("which", ["config.yaml", "config.yaml.draft"])
@pytest.mark.parametrize(
    "text", ["vat: [", "nonsense: 1\n", "language: en\nlanguage: nl\n", "shop:\n  token: a b\n"]
)
def test_a_broken_file_is_named_and_left_alone(wizard: Wizard, which: str, text: str) -> None:
    wizard.target.parent.mkdir()
    broken = wizard.target.with_name(which)
    broken.write_text(text)
    ended = wizard(*FRESH)
    assert ended.status == 2
    assert f"{which}:" in ended.err.replace("\n", "")
    config = shlex.quote(str(wizard.target))
    assert ended.err.rstrip().endswith(f"mww2minox --config {config} setup")
    assert broken.read_text() == text


def test_a_place_that_cannot_be_written_is_told_at_once(wizard: Wizard) -> None:
    wizard.target.parent.write_text("a file, not a folder")
    ended = wizard(*FRESH)
    assert ended.status == 2
    assert "Cannot write" in ended.err
    assert ended.err.rstrip().endswith("mww2minox --config FILE setup")


# What nobody may see


def test_no_secret_and_no_address_is_shown_or_logged(wizard: Wizard) -> None:
    seen = wizard("kas", "", "y")
    shown = seen.out + seen.err + wizard.inside.log
    assert not any(secret in shown for secret in KEYS)
    assert "@example" not in shown.lower()
    orders = json.dumps(list(wizard.vendors.shop.orders.values()), default=str)
    streets = {"Molenstraat", "Dorpsstraat"}
    assert any(street in orders for street in streets)
    assert not any(street in shown for street in streets)


def test_the_draft_holds_no_customers(wizard: Wizard) -> None:
    wizard("kas", "")
    text = wizard.draft.read_text()
    assert wizard.draft.stat().st_mode & 0o777 == 0o600
    assert "@" not in text
    assert "10600" in text


def test_each_run_asks_no_more_than_it_needs(wizard: Wizard) -> None:
    assert questions(wizard(*FRESH)) == 3
    again = wizard("", "n", "", script=False)
    assert questions(again) == 3
    assert "The customer" not in again.err, "an answer is not asked for twice"


def questions(ended: Ended) -> int:
    """Count what was asked."""
    return sum(
        ended.err.count(question) for question in (SCREEN, "[y/N]: ", "[Y/n]: ", "The customer: ")
    )
