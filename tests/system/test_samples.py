"""Every sample order ends as it was made for, and a booked one is exact in Minox."""

from collections import Counter
from typing import Any

import pytest

from mww2minox.books.model import Reason
from mww2minox.sandbox import Sample, Sandbox, Settings, samples as sample_orders
from tests.harness.sample_results import NO_SAMPLE
from tests.system.conftest import Cli

pytestmark = pytest.mark.thorough

Line = tuple[str, str, str, str, str]


def money(amount: object) -> str:
    return f"{float(str(amount)):.2f}"


def sent(line: dict[str, Any]) -> Line:
    """A line in Minox: account, debit, credit, VAT code, VAT."""
    vat = line.get("vat") or {}
    code = str(vat.get("id", ""))
    return (
        line["account"]["id"],
        money(line["debit"]),
        money(line["credit"]),
        code,
        money(vat["amount"]) if code else "",
    )


def expected_lines(sample: Sample, customer: str) -> list[Line]:
    expected = sample.expected
    debtor = (customer, *sides(expected.debtor_side, str(expected.debtor_amount)), "", "")
    others = [
        (
            line.ledger,
            *sides(line.side, line.net),
            "" if line.vat_code is None else str(line.vat_code),
            line.vat or "",
        )
        for line in expected.lines
    ]
    return sorted([debtor, *others])


def sides(side: str, amount: str) -> tuple[str, str]:
    return (amount, "0.00") if side == "debit" else ("0.00", amount)


def own_lines(sandbox: Sandbox, batch_id: str) -> list[dict[str, Any]]:
    return [
        line for line in sandbox.minox.batches[batch_id] if int(line.get("line_number", 0)) < 9000
    ]


@pytest.mark.parametrize("shape", ["live", "document"])
def test_all_samples_end_as_they_were_made_for(
    cli: Cli, sandbox: Sandbox, settings: Settings, shape: str
) -> None:
    settings.update({"shape": shape})
    assert cli("fetch").status == 0
    assert cli("push").status == 3
    assert cli("verify").status == 0
    report = cli.report()
    samples = {sample.number: sample for sample in sample_orders(sandbox.today)}
    assert set(report) == {
        number for number, sample in samples.items() if sample.expected.state != "absent"
    }
    for number, order in report.items():
        expected = samples[number].expected
        assert (order["state"], order["reason"]) == (expected.state, expected.reason), samples[
            number
        ].why
        warnings = tuple(warning["code"] for warning in order["warnings"])
        assert warnings == expected.warnings, samples[number].why
        if expected.state == "booked":
            assert_exact(sandbox, samples[number], order)
    assert sum(order["state"] == "booked" for order in report.values()) == len(
        sandbox.minox.batches
    )
    assert {order["reason"] for order in report.values()} >= set(Reason) - set(NO_SAMPLE)


def assert_exact(sandbox: Sandbox, sample: Sample, order: dict[str, Any]) -> None:
    """Debtor, amounts, VAT codes, ledger accounts, period and description are those of the
    literals.
    """
    expected = sample.expected
    customer = order["customer"]
    lines = own_lines(sandbox, order["batch_id"])
    assert sorted(map(sent, lines)) == expected_lines(sample, customer), sample.why
    if expected.customer:
        assert customer == expected.customer, sample.why
    elif expected.email:
        emails = [
            email["email_address"]
            for address in sandbox.minox.customers[customer]["addresses"]
            for email in address.get("email_addresses", [])
        ]
        assert expected.email.lower() in [email.lower() for email in emails], sample.why
    day = expected.document_date
    assert day
    assert {line["document_date"] for line in lines} == {day.isoformat()}
    assert {(line["period"]["fiscal_year"], line["period"]["id"]) for line in lines} == {
        (day.year, day.month)
    }
    assert {line["description"] for line in lines} == {sample.number}
    assert {line["journal"]["id"] for line in lines} == {"VERK"}
    assert [
        line.get("invoice_number") for line in lines if line["account"]["type"] == "customer"
    ] == [int(sample.number)]
    assert order["verified"] == "ok"


def test_a_second_fetch_and_push_change_nothing(cli: Cli, sandbox: Sandbox) -> None:
    cli("fetch")
    cli("push")
    books, customers = dict(sandbox.minox.batches), dict(sandbox.minox.customers)
    before = cli.report()
    sandbox.requests.clear()
    assert cli("fetch").status == 0
    assert cli("push").status == 3
    assert cli.report() == before
    assert (sandbox.minox.batches, sandbox.minox.customers) == (books, customers)
    methods = Counter(request.method for request in sandbox.requests)
    refused = sum(order["reason"] == "rejected_by_minox" for order in before.values())
    assert methods["PUT"] == refused
    assert methods["POST"] == 0


@pytest.mark.parametrize("posting", ["gross", "ledger", "line"])
def test_each_way_of_posting_vat_books_and_verifies(
    cli: Cli, sandbox: Sandbox, posting: str
) -> None:
    sandbox.settings.vat_posting = posting  # type: ignore[assignment]
    config = sandbox.config()
    config["state"] = str(cli.state)
    config["language"] = "en"
    cli.write_config(config)
    cli("fetch")
    assert cli("push").status == 3
    assert cli("verify").status == 0
    report = cli.report()
    for sample in sample_orders(sandbox.today):
        if sample.expected.state != "absent":
            assert report[sample.number]["state"] == sample.expected.state, sample.why
