"""`setup` when something is wrong: what it says, and what it asks once more."""

from typing import Any

import pytest
import requests
import yaml

from mww2minox.language.texts import use
from mww2minox.minox.consent import Consent
from mww2minox.minox.oauth import Client
from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.oauth import CLIENT_ID, CLIENT_SECRET
from mww2minox.sandbox.shop_api import PARTNER_TOKEN, TOKEN
from mww2minox.state import Store
from tests.harness.typed_setup import SCREEN, Typed, Wizard

TRIAL = "Trial booking:"
REPLACE = "Replace "


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture(autouse=True)
def some_orders(vendors: Sandbox) -> None:
    """The shop has a few orders, one of them paid in cash without an e-mail address."""
    with Sandbox() as other:
        for number in ("1001", "1003", "1007"):
            vendors.shop.add(other.shop.orders[number])


def block(vendors: Sandbox, number: str = "10600") -> None:
    vendors.minox.customers[number]["blocked"] = {"active": True, "reason": "oud"}


def test_a_first_setup_says_in_three_lines_what_it_is(wizard: Wizard) -> None:
    ended = wizard("", "", "n")
    assert ended.out.splitlines()[0].endswith("Nothing is booked yet.")
    assert "Ctrl-C is safe" in ended.out.splitlines()[2]
    again = wizard("", "n", "", script=False)
    assert "Ctrl-C is safe" not in again.out


def test_a_first_setup_of_another_shop_is_a_first_one_too(wizard: Wizard) -> None:
    wizard.target = wizard.target.with_name("cheese.yaml")
    del wizard.given["state"]
    ended = wizard(options=("--paste",))
    assert ended.out.splitlines()[0].endswith("Nothing is booked yet.")
    assert "are taken up" not in ended.out
    assert "are taken up" in wizard(options=("--paste",)).out


def test_the_config_of_another_shop_names_itself_in_the_command_that_checks_it(
    wizard: Wizard,
) -> None:
    wizard.target = wizard.target.with_name("cheese.yaml")
    assert wizard("", "", "n").status == 0
    text = wizard.target.read_text()
    assert f"After a change, run:\n# mww2minox --config {wizard.target} check\n" in text


def test_a_journal_stays_by_enter_and_the_only_one_is_named_as_that(wizard: Wizard) -> None:
    ended = wizard("", "1", "INK", "", "", "n")
    assert "Expected: VERK." in ended.err
    assert "The sales journal [VERK]: " in ended.err
    assert wizard.settings["minox"]["journal"] == "VERK"


def test_what_cannot_be_seen_while_it_is_typed_says_so(wizard: Wizard) -> None:
    del wizard.given["shop"]["token"], wizard.given["shop"]["partner_token"]
    ended = wizard("a b", TOKEN, PARTNER_TOKEN, "", "", "n")
    assert ended.err.count("Token (what you type stays invisible): ") == 2
    assert "Expected: the token as the shop shows it, without spaces." in ended.err
    assert ended.out.index("The shop answers") < ended.out.index("The partner token, from")


def test_the_same_token_once_more_asks_for_the_partner_token(wizard: Wizard) -> None:
    del wizard.given["shop"]["token"], wizard.given["shop"]["partner_token"]
    wizard.given["shop"]["statuses"] = [2]
    ended = wizard("wrong", "wrong", PARTNER_TOKEN, TOKEN, PARTNER_TOKEN, "", "", "n")
    assert "may want the partner token with it" in ended.out
    assert wizard.target.exists(), ended.err


def test_a_client_that_minox_does_not_know_ends_a_script_before_it_waits(
    wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Typed, "isatty", lambda _: False)
    with Store(wizard.inside.state) as store, store.transaction():
        store.db.execute("DELETE FROM tokens")
    wizard.given["minox"]["client_secret"] = "mistyped"
    ended = wizard()
    assert ended.status == 4
    assert "does not know this application" in ended.err
    assert "/oauth/authorize" not in ended.out


def test_only_journals_for_sales_are_offered_and_another_is_told_by_its_type(
    wizard: Wizard,
) -> None:
    ended = wizard("", "1", "ink", "NIX", "VERK", "", "n")
    assert "INK is a journal for purchases, not for sales." in ended.err
    assert "Expected: VERK." in ended.err
    assert "Inkoopboek" not in ended.out


def test_a_journal_for_purchases_in_the_config_is_asked_for_again(wizard: Wizard) -> None:
    wizard.given["minox"]["journal"] = "INK"
    ended = wizard("", "", "n")
    assert "INK is a journal for purchases" in ended.err
    assert wizard.settings["minox"]["journal"] == "VERK"


@pytest.mark.parametrize(("typed", "taken"), [("31-1-2026", "2026-01-31"), ("", "2026-01-01")])
def test_dates_are_taken_as_people_write_them(wizard: Wizard, typed: str, taken: str) -> None:
    wizard.given |= {"language": "nl"}
    del wizard.given["shop"]["since"]
    ended = wizard("31-2-2026", typed, "", "", "n")
    use("en")
    assert "'31-2-2026' is geen datum." in ended.err
    assert "[1-1-2026]" in ended.err
    assert str(wizard.settings["shop"]["since"]) == taken


def test_a_customer_for_sales_at_the_counter_is_proposed(wizard: Wizard) -> None:
    ended = wizard("", "", "n")
    assert "10600 Kasverkopen" in ended.out
    assert "[10600]" in ended.err
    assert wizard.settings["payment_debtors"] == {"basic/cash": 10600}


def test_of_several_of_them_none_is_proposed(wizard: Wizard, vendors: Sandbox) -> None:
    vendors.minox.customers["10601"] = {**vendors.minox.customers["10600"], "id": "10601"}
    ended = wizard("", "", "n")
    assert "10601 Kasverkopen" in ended.out
    assert "payment_debtors" not in wizard.settings


def test_statuses_without_names_are_shown_with_an_example(wizard: Wizard) -> None:
    del wizard.given["shop"]["partner_token"]
    ended = wizard("", "2", "", "", "n")
    assert "1 order, like 1001 of " in ended.out


def test_after_a_red_check_it_says_what_to_mend_and_asks_only_that(
    wizard: Wizard, vendors: Sandbox
) -> None:
    wizard.given["payment_debtors"] = {"basic/cash": 10610}
    accounts = vendors.minox.administration.accounts
    wizard("", "n")
    block(vendors, "10610")
    accounts["8010"]["blocked"] = {"active": True, "reason": "oud"}
    red = wizard("10610", "10610", "8010", "8010")  # neither is taken any more: it is closed
    assert red.status == 130

    ended = wizard("8010", "8000", "10600", "", "n", "y", script=False)
    assert ended.status == 0, ended.err + ended.out
    assert "NL 9%: Minox has no open ledger account 8010." in ended.err
    assert "Minox has no open customer 10610." in ended.err
    assert wizard.settings["payment_debtors"] == {"basic/cash": 10600}


def test_the_setup_after_a_red_check_asks_nothing_else(wizard: Wizard, vendors: Sandbox) -> None:
    accounts = vendors.minox.administration.accounts
    scripted: dict[str, Any] = {"rounding_ledger": 4991}
    wizard.given |= {"booking": scripted, "payment_debtors": {"basic/cash": 10600}}
    accounts["4991"] = {**accounts["4990"], "id": "4991"}
    wizard("", "n")
    assert yaml.safe_load(wizard.target.read_text())["booking"] == scripted

    with Store(wizard.inside.state) as store:
        store.set_note("setup ended with something to mend", "mapping")
    del accounts["4991"]
    ended = wizard("4990", script=False)
    assert ended.status == 0, ended.err
    assert "booking.rounding_ledger: Minox has no open ledger account 4991." in ended.err
    assert [word for word in (SCREEN, TRIAL, REPLACE) if word in ended.err] == []
    assert wizard.settings["booking"] == {"rounding_ledger": 4990}
    again = wizard("", "n", "", script=False)
    assert SCREEN in again.err, "nothing is left to mend"


def test_a_red_check_ends_with_what_has_to_be_mended(wizard: Wizard, vendors: Sandbox) -> None:
    wizard.given["booking"] = {"vat_posting": "debtor"}
    ended = wizard("", "", "n")
    assert ended.status == 3
    last = ended.out.partition("Mend this before anything is booked:")[2]
    assert "✗ " in last
    assert "It asks only about what has to be mended." in last
    assert "mww2minox push" not in last
    again = wizard("n", "", script=False)
    assert TRIAL in again.err or SCREEN in again.err
    del vendors


def test_a_journal_that_refuses_bookings_is_told_as_that(wizard: Wizard, vendors: Sandbox) -> None:
    vendors.minox.administration.journals["VERK"]["type"] = "verkoop"
    ended = wizard("", "", "y")
    assert ended.status == 3
    shown = " ".join((ended.out + ended.err).split())
    assert "Minox refuses the trial booking: Dagboek VERK is geen verkoopdagboek." in shown
    assert "is deleted" not in shown
    assert "None of the ways" not in shown


def test_an_address_that_is_not_this_logins_is_asked_for_again(
    wizard: Wizard, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mww2minox.minox.consent.secrets.token_urlsafe", lambda size: f"is-{size}")
    redirect = "http://127.0.0.1:8765/callback"
    client = Client(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uri=redirect)
    url = Consent().url(vendors.minox_url, client)
    address = requests.get(url, timeout=10, allow_redirects=False).headers["Location"]
    pasted = ("https://example.com/[", f"{redirect}?code=old-code&state=old", address)
    monkeypatch.setattr("sys.stdin", Typed("".join(f"{line}\n" for line in pasted)))

    ended = wizard.inside("login", "--paste")
    assert ended.status == 0, ended.err
    assert "This is not the address that the browser was sent to." in ended.err
    assert "This address belongs to an earlier attempt." in ended.err
    assert ended.err.count(f"Expected: the whole address, beginning with {redirect}?") == 2
    assert "old-code" not in ended.err


@pytest.mark.parametrize("held", [True, False])
def test_keys_that_stay_in_the_environment_are_told(wizard: Wizard, *, held: bool) -> None:
    wizard.inside.env["MWW_TOKEN"] = TOKEN
    wizard.given["shop"]["token"] = "${MWW_TOKEN}"
    env = wizard.target.with_suffix(".env")
    if held:
        wizard.target.parent.mkdir()
        env.touch(mode=0o600)
        env.write_text(f"MWW_TOKEN={TOKEN}\n")
    ended = wizard("", "", "n")
    told = f"MWW_TOKEN stays in the environment: setup did not write it to {env}."
    assert (told in " ".join(ended.err.split())) is not held
    assert wizard.settings["shop"]["token"] == "${MWW_TOKEN}"
    assert CLIENT_SECRET in env.read_text()
    assert wizard.settings["minox"]["client_id"] == CLIENT_ID
