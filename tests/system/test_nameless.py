"""An order that comes without a number: what it stands as, and that it leaves when it has one."""

import datetime as dt
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from tests.harness.inside import Inside

WITH_NUMBER = order(
    "501",
    dt.date(2026, 3, 14),
    person("Jan Jansen", "jan@example.nl"),
    [goods("21", "12.10")],
    invoice("12.10", ("21", "2.10")),
)


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, raw: dict[str, Any]) -> None:
    """Let the shop have this order alone."""
    vendors.shop.orders.clear()
    vendors.shop.orders["501"] = dict(raw)


def stand_ins(inside: Inside) -> list[str]:
    return [number for number in inside.report() if number.startswith("?")]


def test_an_order_without_a_number_leaves_the_list_when_it_has_come_with_one(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors, WITH_NUMBER | {"number": ""})
    inside("fetch")
    (number,) = stand_ins(inside)
    ended = inside("push")
    assert ended.status == 3
    assert f"it stands here as {number}." in ended.err
    assert ended.err.rstrip().endswith(f"run: mww2minox skip '{number}'")

    offer(vendors, WITH_NUMBER | {"number": "", "comments": {"customer": "changed"}})
    inside("fetch")
    assert stand_ins(inside) == [number]

    offer(vendors, WITH_NUMBER)
    inside("fetch")
    assert list(inside.report()) == ["501"]
    assert inside("push").status == 0


def test_the_row_of_an_earlier_version_goes_on_under_its_new_name(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors, WITH_NUMBER | {"number": ""})
    inside("fetch")
    (number,) = stand_ins(inside)

    # That version knew an order without a number by all that the shop told of it.
    with closing(sqlite3.connect(inside.state)) as db, db:
        payload = json.loads(db.execute("SELECT payload FROM orders").fetchone()[0])
        former = f"?{payload['sha256'][:8]}"
        payload["malformed"]["number"] = former
        db.execute("UPDATE orders SET number = ?, payload = ?", (former, json.dumps(payload)))
    assert stand_ins(inside) == [former]

    inside("fetch")
    assert stand_ins(inside) == [number]
