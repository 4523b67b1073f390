"""None falsely: generated orders of all kinds, booked in each of the ways, make periods that close
to the cent (books/rules.md, "Reconciliation").
"""

import datetime as dt
import json

import pytest

from mww2minox.sandbox import Sandbox
from tests.harness.inside import Inside
from tests.harness.reconciled import generated, prepare

pytestmark = pytest.mark.thorough
COUNT = 60


@pytest.fixture
def samples() -> bool:
    return False


@pytest.mark.parametrize("way", ["net", "gross", "ledger", "line", "debtor"])
def test_what_is_booked_closes_to_the_cent(inside: Inside, vendors: Sandbox, way: str) -> None:
    vendors.settings.update({"vat_on_sub": True} if way == "debtor" else {"vat_posting": way})
    config = {**prepare(vendors), "language": "en", "state": str(inside.state)}
    # There Minox works VAT out itself; an invoice may round each of forty lines.
    config["verify"] = {"tolerance": 0.6 if way == "ledger" else 0}
    inside.write_config(config)
    for raw in generated(7, COUNT, dt.date(2026, 1, 1), dt.date(2026, 2, 28)):
        vendors.shop.add(raw)

    assert inside("fetch").status == 0
    inside("push")
    orders = inside.report()
    refused = [number for number, order in orders.items() if order["state"] == "failed"]
    assert refused, "some add up to nothing"
    assert len(refused) < COUNT / 3
    assert inside("skip", *refused).status == 0
    assert inside("verify").status == 0

    for period in ("2026-01", "2026-02", "2026-Q1"):
        ended = inside("reconcile", period, "--format", "json")
        proof = json.loads(ended.out)
        assert proof["differences"] == []
        assert ended.status == 0
        rounding = proof["rounded_by_minox"]
        assert way == "ledger" or rounding == "0.00"
        for line in proof["lines"]:
            off = abs(float(line["difference"]["vat"]))
            assert off == 0 or way == "ledger", line
            assert float(line["difference"]["turnover"]) == -float(line["difference"]["vat"]), line
