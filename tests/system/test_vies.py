"""VIES is asked about the VAT numbers of reverse-charged orders, once each, and holds nothing up
(books/rules.md, "VIES").
"""

import datetime as dt
from typing import Any

import pytest

from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from mww2minox.state import Store, StoredViesAnswer
from tests.harness.inside import Inside

KNOWN, UNKNOWN = "BE0403170701", "BE0428759497"
WARNING = "VIES did not know the VAT number on"


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, number: int, vat_number: str) -> None:
    buyer = person("Klant", f"klant{number}@example.be", country="BE", vat_number=vat_number)
    price = invoice("75.00", ("0", "0.00"))
    vendors.shop.add(
        order(
            str(number),
            dt.date(2026, 3, 14),
            buyer,
            [goods("0", "75.00")],
            price,
            tax_region="BE",
            tax_strategy="reverse_charged_vat",
        )
    )


@pytest.fixture
def shop(inside: Inside, vendors: Sandbox) -> Inside:
    offer(vendors, 1001, "BE 0403.170.701")
    config: dict[str, Any] = {**vendors.config(), "language": "en", "state": str(inside.state)}
    inside.write_config({**config, "vies": f"{vendors.minox_url}/_sandbox/vies"})
    assert inside("fetch").status == 0
    return inside


def answers(shop: Inside, number: str) -> list[StoredViesAnswer]:
    with Store(shop.state) as store:
        return store.vies_answers(number)


def test_an_answer_is_kept_and_a_number_that_is_not_known_is_a_warning(
    shop: Inside, vendors: Sandbox
) -> None:
    assert shop("push").err.count("VIES") == 0
    offer(vendors, 1002, UNKNOWN)
    vendors.settings.vies = "unknown"
    shop("fetch")
    ended = shop("push")
    assert ended.status == 0, "a warning alone never changes the exit code"
    assert f"Order 1002: VAT is reverse-charged, but {WARNING}" in " ".join(ended.err.split())
    (known,) = answers(shop, "1001")
    (unknown,) = answers(shop, "1002")
    assert (known.vat_number, known.valid) == (KNOWN, True)
    assert (unknown.vat_number, unknown.valid) == (UNKNOWN, False)
    assert known.asked_at == dt.datetime(2026, 3, 20, 12, 0, known.asked_at.second, tzinfo=dt.UTC)
    codes = [warning["code"] for warning in shop.report()["1002"]["warnings"]]
    assert codes == ["vies_invalid"]
    assert UNKNOWN not in shop.log
    explained = " ".join(shop("explain", "1002").out.split())
    assert "VIES did not know the VAT number on 20 Mar 2026" in explained

    vendors.settings.vies = "down"
    again = shop("push")
    assert (again.status, WARNING in again.err) == (0, False), "asked once"
    assert len(answers(shop, "1001")) == 1


@pytest.mark.parametrize("outage", ["down", "member_state_down"])
def test_an_outage_holds_nothing_up_and_the_next_run_asks_again(
    shop: Inside, vendors: Sandbox, outage: Any
) -> None:
    vendors.settings.vies = outage
    ended = shop("push")
    assert ended.status == 0
    assert "the next run asks again" in ended.err
    assert shop.booked() == ["1001"]
    assert answers(shop, "1001") == []

    vendors.settings.vies = "unknown"
    assert WARNING in " ".join(shop("push").err.split())
    assert [answer.valid for answer in answers(shop, "1001")] == [False]


def test_nobody_is_asked_unless_the_config_says_so(shop: Inside, vendors: Sandbox) -> None:
    shop.write_config({**vendors.config(), "language": "en", "state": str(shop.state)})
    assert shop("push").status == 0
    assert answers(shop, "1001") == []
