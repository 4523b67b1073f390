"""The sample orders: their expectations add up, and the sandbox takes what they expect."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

import pytest

from mww2minox.books.model import Reason
from mww2minox.sandbox import Sample, Sandbox, many_orders, samples
from mww2minox.sandbox.samples import since
from tests.harness.sample_results import NO_SAMPLE

if TYPE_CHECKING:
    from mww2minox.sandbox.minox import Minox

TODAY = dt.date(2026, 3, 20)
DAYS = [TODAY, dt.date(2027, 1, 1), dt.date(2027, 1, 2), dt.date(2028, 2, 29), dt.date(2028, 3, 1)]
BOOKED = [sample for sample in samples(TODAY) if sample.expected.state == "booked"]
TAXED = [sample for sample in BOOKED if "tax" in sample.order["price"]]


def _batch(sample: Sample, customer: str) -> list[dict[str, Any]]:
    """Write the expectation down as Minox wants it."""
    expected = sample.expected
    shared = {
        "document_date": str(expected.document_date),
        "invoice_number": int(sample.number),
        "journal": {"id": "VERK"},
        "period": {"id": expected.period, "fiscal_year": expected.fiscal_year},
        "description": sample.number,
    }
    lines = [
        _line("customer", customer, expected.debtor_side, Decimal(expected.debtor_amount or 0))
    ]
    for wanted in expected.lines:
        made = _line("ledger_account", wanted.ledger, wanted.side, Decimal(wanted.net))
        if wanted.vat is not None:
            made["vat"] = {"id": wanted.vat_code, "amount": Decimal(wanted.vat)}
        lines.append(made)
    return [line | shared for line in lines]


def _line(kind: str, account: str, side: str, amount: Decimal) -> dict[str, Any]:
    return {"account": {"id": account, "scheme": "MINOX", "type": kind}, side: amount}


def _total(sample: Sample, side: str) -> Decimal:
    expected = sample.expected
    lines = [line for line in expected.lines if line.side == side]
    debtor = Decimal(expected.debtor_amount or 0) if expected.debtor_side == side else Decimal(0)
    return debtor + sum((Decimal(line.net) + Decimal(line.vat or 0) for line in lines), Decimal(0))


@pytest.mark.parametrize("sample", BOOKED, ids=lambda sample: sample.number)
def test_each_expectation_adds_up(sample: Sample) -> None:
    """Debit is credit and VAT, and the debtor owes what the invoice says."""
    total = Decimal(sample.order["price"]["total"])
    side = sample.expected.debtor_side

    assert _total(sample, "debit") == _total(sample, "credit")
    assert Decimal(sample.expected.debtor_amount or 0) == abs(total)
    assert side == ("debit" if total > 0 else "credit")


@pytest.mark.parametrize("sample", TAXED, ids=lambda sample: sample.number)
def test_each_expectation_has_the_vat_of_the_invoice(sample: Sample) -> None:
    """Per amount, whichever side it is on."""
    told = sample.order["price"]["tax"]
    expected = Counter(Decimal(line.vat) for line in sample.expected.lines if line.vat is not None)
    assert expected == Counter(abs(Decimal(tax["amount"])) for tax in told)


@pytest.mark.parametrize("sample", BOOKED, ids=lambda sample: sample.number)
def test_each_expectation_has_the_gross_of_its_lines(sample: Sample) -> None:
    """Per rate, told by the percentage of the VAT code; what is rounded has no code."""
    gross: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
    for line in sample.order["orderlines"]:
        for price in line["price"]:
            gross[Decimal(price["rate"])] += _gross(price)
    vat_codes = Sandbox(today=TODAY).minox.administration.vat_codes
    for wanted in sample.expected.lines:
        if wanted.vat_code is None:
            continue
        sign = 1 if wanted.side == "credit" else -1
        rate = Decimal(str(vat_codes[wanted.vat_code]["percentage"]))
        gross[rate] -= sign * (Decimal(wanted.net) + Decimal(wanted.vat or 0))

    assert not any(gross.values())


def _gross(price: dict[str, str]) -> Decimal:
    if "amount_including_tax" in price:
        return Decimal(price["amount_including_tax"])
    gross = Decimal(price["amount"]) * (1 + Decimal(price["rate"]) / 100)
    return gross.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.parametrize("sample", BOOKED, ids=lambda sample: sample.number)
def test_the_sandbox_takes_each_expectation(sample: Sample) -> None:
    """Nothing is even odd about it."""
    minox = Sandbox(today=TODAY).minox
    customer = sample.expected.customer or _made(minox)
    assert sample.expected.customer is None or customer in minox.customers

    answer = minox.put_batch(str(uuid.uuid4()), _batch(sample, customer))
    assert [line["messages"] for line in answer if line["messages"]] == []


def _made(minox: Minox) -> str:
    customer = {"addresses": [{"address_type": "postal", "name": "Nieuw"}]}
    return str(minox.create_customer(customer, "VERK")["id"])


def test_customers_that_are_made_are_not_there_beforehand() -> None:
    """And each has an e-mail address to be made for."""
    minox = Sandbox(today=TODAY).minox
    for sample in BOOKED:
        if sample.expected.customer_kind == "new":
            assert sample.expected.email
            assert minox.customers_by_email(sample.expected.email) == []


def test_existing_customers_are_found_by_the_email() -> None:
    """Unless it is the fixed one for cash."""
    minox = Sandbox(today=TODAY).minox
    for sample in BOOKED:
        number = sample.expected.customer
        if number in {None, "10600"}:
            continue
        assert number in [
            found["id"] for found in minox.customers_by_email(sample.order["debtor"]["email"])
        ]


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_samples_fit_any_day(today: dt.date) -> None:
    """No order lies in the future; expectations do not depend on the day, dates apart."""
    made = samples(today)
    dates = {sample.number: dt.date.fromisoformat(sample.order["date"]) for sample in made}
    years = Sandbox(today=today).minox.administration.fiscal_years

    assert max(dates.values()) <= today
    assert [sample.number for sample in made] == [sample.number for sample in samples(TODAY)]
    for sample in made:
        if sample.expected.state == "booked":
            assert dates[sample.number].year in years
        assert (dates[sample.number] < since(today)) is (sample.number in {"901", "902"})


def test_samples_cover_every_reason() -> None:
    """Each but those of `NO_SAMPLE`."""
    made = samples(TODAY)
    assert {sample.expected.reason for sample in made} - {None} == set(Reason) - set(NO_SAMPLE)
    assert {sample.expected.state for sample in made} == {
        "booked",
        "failed",
        "skipped",
        "waiting",
        "absent",
    }
    assert len({sample.number for sample in made}) == len(made) >= 45


def test_the_vendors_example_is_booked_to_the_cent() -> None:
    """VAT 0.83 and 6.50, although the lines come to a cent more."""
    (example,) = [sample for sample in samples(TODAY) if sample.number == "1027"]
    assert example.expected.debtor_amount == "47.45"
    assert {(line.net, line.vat) for line in example.expected.lines} == {
        ("30.99", "6.50"),
        ("9.13", "0.83"),
    }
    assert "credited_order_number" not in example.order


def test_many_orders_are_ordinary_and_always_the_same() -> None:
    """A fifth as many customers; lines, VAT and total agree."""
    orders = many_orders(100, TODAY)

    assert orders == many_orders(100, TODAY)
    assert len({order["debtor"]["email"] for order in orders}) == 20
    assert max(order["date"] for order in orders) <= TODAY.isoformat()
    for order in orders:
        prices = [price for line in order["orderlines"] for price in line["price"]]
        assert sum(Decimal(price["amount_including_tax"]) for price in prices) == Decimal(
            order["price"]["total"]
        )
        net = sum(Decimal(price["amount"]) for price in prices)
        vat = sum(Decimal(tax["amount"]) for tax in order["price"]["tax"])
        assert net + vat == Decimal(order["price"]["total"])
