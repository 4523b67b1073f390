"""Orders whose total is 0.00: booked or refused by what is under them, also those of before."""

import datetime as dt
import sqlite3
from contextlib import closing
from typing import Literal

import pytest

from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.order_parts import goods, invoice, line, order, person, rated
from tests.harness.inside import Inside

EXCHANGE = order(
    "501",
    dt.date(2026, 3, 14),
    person("Jan Jansen", "jan@example.nl"),
    [goods("21", "12.10"), line("custom", "Retour thee", rated("9", "-12.10"))],
    invoice("0.00", ("21", "2.10"), ("9", "-1.00")),
    payment=None,
)

PAYMENT = {"gateway_name": "mollie", "method_name": "ideal"}


@pytest.fixture
def samples() -> bool:
    return False


def skip_as_before(inside: Inside) -> None:
    """Leave the state as one of the version before is after its migration."""
    inside("fetch")
    with closing(sqlite3.connect(inside.state)) as db, db:
        db.execute("UPDATE orders SET skipped_before = 1")


def test_an_exchange_is_booked_on_a_debtors_line_of_nothing_and_reads_back_right(
    inside: Inside, vendors: Sandbox
) -> None:
    vendors.shop.add(EXCHANGE)
    inside("fetch")
    assert inside("push").status == 0
    (booking,) = vendors.minox.batches.values()
    assert [(line["account"]["id"], line["debit"], line["credit"]) for line in booking][1:] == [
        ("8000", 0.0, 10.0),
        ("8010", 11.1, 0.0),
    ]
    assert (booking[0]["debit"], booking[0]["credit"]) == (0.0, 0.0)

    assert inside("verify").status == 0
    assert inside.report()["501"]["verified"] == "ok"


@pytest.mark.parametrize("posting", ["net", "gross", "line"])
def test_a_gift_card_is_sold_and_used_without_vat_and_reads_back_right(
    inside: Inside, vendors: Sandbox, posting: Literal["net", "gross", "line"]
) -> None:
    vendors.settings.vat_posting = posting
    config = vendors.config()
    gift_card = {"region": "NL", "rate": 0, "type": "gift_card", "code": "none", "ledger": 8920}
    config["vat"].append(gift_card)
    inside.write_config({**config, "language": "en", "state": str(inside.state)})

    sale = [line("gift_card", "Cadeaubon", rated("0", "50.00"))]
    vendors.shop.add(
        {**EXCHANGE, "payment": PAYMENT, "orderlines": sale, "price": invoice("50.00")}
    )
    use = [goods("21", "50.00"), line("gift_card", "Cadeaubon", rated("0", "-50.00"))]
    price = invoice("0.00", ("21", "8.68"))
    vendors.shop.add({**EXCHANGE, "number": "502", "orderlines": use, "price": price})

    inside("fetch")
    assert inside("push").status == 0
    ended = inside("verify")
    assert (ended.status, ended.err) == (0, "Verified: 2 bookings, 0 with differences.\n")
    on_card = [
        (line["debit"], line["credit"], line.get("vat"))
        for lines in vendors.minox.batches.values()
        for line in lines
        if line["account"]["id"] == "8920"
    ]
    assert sorted(on_card) == [(0.0, 50.0, None), (50.0, 0.0, None)]


def test_what_was_skipped_before_is_booked_only_when_somebody_says_so(
    inside: Inside, vendors: Sandbox
) -> None:
    vendors.shop.add(EXCHANGE)
    skip_as_before(inside)

    for command in ("push", "retry --all", "push --order 501"):
        ended = inside(*command.split())
        assert ended.status == 3
        assert "An earlier version skipped it" in ended.err
        assert "mww2minox skip 501" in ended.err
    vendors.shop.change("501", comments="changed")
    inside("fetch")
    assert inside("push").status == 3
    assert vendors.minox.batches == {}

    assert inside("retry", "501").status == 0
    assert inside.booked() == ["501"]


def test_what_was_skipped_before_and_has_nothing_to_book_is_skipped_once_more(
    inside: Inside, vendors: Sandbox
) -> None:
    free = [goods("21", "12.10"), line("discount", "Korting", rated("21", "-12.10"))]
    vendors.shop.add({**EXCHANGE, "orderlines": free, "price": invoice("0.00")})
    skip_as_before(inside)
    assert inside("push").status == 0
    assert inside.report()["501"]["reason"] == "nothing_to_book"
