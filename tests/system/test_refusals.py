"""What Minox refuses of a booking, told with Minox' own message and with what helps
(books/rules.md, rule 14).
"""

from collections.abc import Callable
from typing import Any

import pytest

from mww2minox.sandbox import Sandbox
from tests.system.conftest import Cli

ORDER = "1001"
REVERSE_CHARGED = "1059"
"""Of a customer that Minox knows without its VAT number."""


def close_periods(sandbox: Sandbox, _config: dict[str, Any]) -> None:
    for year in sandbox.minox.administration.fiscal_years:
        for period in range(1, 13):
            sandbox.minox.close_period(year, period)


def block_account(sandbox: Sandbox, _config: dict[str, Any]) -> None:
    sandbox.minox.administration.accounts["8000"]["blocked"]["active"] = True


def insist_on_codes(sandbox: Sandbox, config: dict[str, Any]) -> None:
    sandbox.settings.own_vat_codes = True
    config["vat"][0]["code"] = 2


def insist_on_vat_numbers(sandbox: Sandbox, _config: dict[str, Any]) -> None:
    sandbox.settings.vat_number_needed = True


def look_at_customers(sandbox: Sandbox, _config: dict[str, Any]) -> None:
    sandbox.settings.customer_checks = True
    set_postal_code(sandbox, "12")


def set_postal_code(sandbox: Sandbox, code: str) -> None:
    debtor = sandbox.shop.orders[ORDER]["debtor"]
    debtor["address"]["invoice"]["zipcode"] = code


REFUSALS: dict[str, tuple[Callable[[Sandbox, dict[str, Any]], None], str, str, str, str]] = {
    "closed period": (close_periods, ORDER, "is afgesloten.", "Open the period", "Open de periode"),
    "blocked account": (
        block_account,
        ORDER,
        "Grootboekrekening 8000 is geblokkeerd.",
        "Lift the block on the account",
        "Hef de blokkade van de rekening",
    ),
    "VAT code not allowed": (
        insist_on_codes,
        ORDER,
        "Btw-code 2 is niet toegestaan op grootboekrekening 8000.",
        "Allow the VAT code on that ledger account",
        "grootboekrekening",
    ),
    "customer": (
        look_at_customers,
        ORDER,
        "1001: Postcode 12 is ongeldig voor land NL.",
        "Correct the customer's address on the order in the shop",
        "Verbeter het adres van de klant",
    ),
    "no VAT number": (
        insist_on_vat_numbers,
        REVERSE_CHARGED,
        "Debiteur 10650 heeft geen btw-nummer.",
        "Fill in the VAT number of the customer in Minox",
        "Vul het btw-nummer",
    ),
}


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_is_told_with_what_helps(
    cli: Cli, sandbox: Sandbox, config: dict[str, Any], kind: str, language: str
) -> None:
    refuse, number, message, english, dutch = REFUSALS[kind]
    refuse(sandbox, config)
    cli.write_config(config | {"language": language})
    cli("fetch")
    ended = cli("push", "--order", number)
    row = cli.report()[number]

    assert (ended.status, row["reason"]) == (3, "rejected_by_minox")
    assert message in row["message"]
    assert message in ended.err
    assert (english if language == "en" else dutch) in row["suggestion"]
    assert row["suggestion"].endswith(f"mww2minox retry {number}")
    assert not sandbox.minox.batches


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_helps_helps(cli: Cli, sandbox: Sandbox, config: dict[str, Any], kind: str) -> None:
    refuse, number, *_ = REFUSALS[kind]
    before = config["vat"][0]["code"]
    refuse(sandbox, config)
    cli.write_config(config)
    cli("fetch")
    assert cli("push", "--order", number).status == 3

    set_postal_code(sandbox, "5341GE")
    sandbox.minox.administration.closed.clear()
    sandbox.minox.administration.accounts["8000"]["blocked"]["active"] = False
    sandbox.minox.customers["10650"]["vat"] = {
        "active": True,
        "vat_registration_number": "BE0403170701",
    }
    config["vat"][0]["code"] = before
    cli.write_config(config)
    assert cli("retry", number).status == 0
    assert len(sandbox.minox.batches) == 1
