"""Whatever a customer types or a vendor answers, it stays a text: in table, csv, json, log, SQL,
YAML and Minox.
"""

import csv
import io
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox, shop
from mww2minox.sandbox.gate import Gate
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from mww2minox.sandbox.server import Answer
from tests.harness.inside import Inside

pytestmark = pytest.mark.thorough

HOSTILE = {
    "terminal escapes": "\x1b[31;5mred\x1b]0;title\x07\x1b[2J\x9b31m\b\b",
    "rich markup": (
        "[bold red]x[/bold red] [link=https://evil.example]here[/link] [/nothing] :smile:"
    ),
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069\u200f \u200b\ufeff",
    "formula": "=cmd|' /C calc'!A0",
    "plus": "+31612345678",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab": "\t=1+1",
    "html": "<script>alert('x')</script><img src=x onerror=alert(1)>&amp;",
    "lines": 'a\r\nb\n2026-03-20 12:00:00,000 ERROR forged\u2028c\x0bd\x85e","f;g',
    "long": "x" * 100_000,
    "long and wide": "\U0001f600\u0301" * 17_000,
    "sql": "x'; DROP TABLE orders; -- \" ` ; %",
    "yaml": "!!python/object/apply:os.system ['touch hacked']\n&a *a {{ }} # x: [",
    "templates": "{number} {0.__class__} %s %(x)s ${HOME} $(touch hacked) `touch hacked`",
    "half a character": "\ud83d x \udcff",
    "nul": "a\0b",
    "path": "../../etc/passwd%2f..%5c?x=1#y",
}
WAITS = 7


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, text: str) -> None:
    """Put orders in the shop with the text in all places where a customer or a shop can write."""
    orders: dict[str, dict[str, object]] = {
        "501": {},
        "502": {"status": WAITS, "reference": text, "comments": {"customer": text}},
        "503": {"currency": text},
        "504": {"tax_region": text, "tax_strategy": text},
        "505": {"payment": {"gateway_name": text, "method_name": text}},
        "600": {"number": f"6{text}"},
        "506": {"price": {"total": text}},
        "507": {"status": text},
    }
    for number, fields in orders.items():
        buyer = person(text, "truus@example.nl", company=text)
        buyer["address"]["invoice"] |= dict.fromkeys(
            ("street", "number", "zipcode", "city", "phone"), text
        )
        line = {**goods("21", "12.10", description=text), "sku": text}
        made = order(number, vendors.today, buyer, [line], invoice("12.10", ("21", "2.10")))
        vendors.shop.add(made | fields)
    customer_with_it = order(
        "508", vendors.today, person("x", text), [goods("21", "12.10")], invoice("12.10")
    )
    vendors.shop.add(customer_with_it)


def assert_plain(text: str) -> None:
    """Nothing in it moves a cursor, changes a colour, turns a direction, or cannot be written at
    all.
    """
    assert sorted({char for char in text if not char.isprintable() and char != "\n"}) == []


def all_strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in [str(key), *all_strings(inner)]]
    if isinstance(value, list):
        return [text for inner in value for text in all_strings(inner)]
    return [value] if isinstance(value, str) else []


def assert_harmless(inside: Inside, vendors: Sandbox) -> None:
    """Run what shows or sends a text, and look at what comes out."""
    for line in ("fetch", "push --dry-run", "push", "verify", "check", "report --errors"):
        ended = inside("-v", *line.split())
        assert ended.status in (0, 3), (line, ended.err[-900:])
        assert_plain(ended.out + ended.err)
        assert len(ended.out + ended.err) < 60_000
    assert_plain(inside.log)
    assert all(
        re.match(r"2026-03-20 12:\d\d:\d\d,\d{3} [A-Z]+ ", line) for line in inside.log.splitlines()
    )
    assert_harmless_data(inside)
    for text in all_strings([vendors.minox.customers, vendors.minox.batches]):
        assert_plain(text)
        assert len(text) <= 420, "a text has its limits"
    assert not list(inside.folder.rglob("hacked"))


def assert_harmless_data(inside: Inside) -> None:
    as_json = inside("report", "--format", "json").out
    assert_plain(as_json)
    orders = json.loads(as_json)["orders"]
    as_csv = inside("report", "--format", "csv").out
    assert_plain(as_csv)
    rows = list(csv.DictReader(io.StringIO(as_csv)))
    assert len(rows) == len(orders) == as_csv.count("\n") - 1, "an order is a line"
    for row, one in zip(rows, orders, strict=True):
        assert row.keys() == one.keys(), "no text adds a column"
        for name, cell in row.items():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r")) or name == "total"
        assert row["number"].removeprefix("'") == one["number"]
    with closing(sqlite3.connect(inside.state)) as db:
        assert db.execute("SELECT count(*) FROM orders").fetchone() == (len(orders),)


@pytest.mark.parametrize("kind", HOSTILE)
def test_text_of_the_shop_is_harmless(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    text = HOSTILE[kind]
    statuses = [
        (number, text if number == WAITS else name, name, credit)
        for number, name, _, credit in shop.STATUSES
    ]
    monkeypatch.setattr(shop, "STATUSES", tuple(statuses))
    offer(vendors, text)
    assert_harmless(inside, vendors)
    assert {"501", "505"} <= {*inside.booked()}, "a strange name is no reason not to book"
    assert inside.report()["502"]["state"] == "waiting"


@pytest.mark.parametrize("kind", HOSTILE)
def test_text_of_minox_is_harmless(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    text = HOSTILE[kind]
    message = {"message": text, "message_code": text, "message_type": "error", "field": text}
    answer = Answer(
        400,
        [("Content-Type", "application/json")],
        json.dumps([message] * (50 if len(text) < 1000 else 3)).encode(),
    )
    monkeypatch.setattr(Gate, "_go_wrong", lambda *_: answer)
    vendors.faults.append(Fault("status", side="minox", method="PUT", status=400, times=None))
    vendors.minox.administration.accounts["8000"]["description"] = text
    for number in ("501", "502"):
        lines = [goods("21", "12.10")]
        vendors.shop.add(
            order(number, vendors.today, person("T", "t@example.nl"), lines, invoice("12.10"))
        )
    assert_harmless(inside, vendors)
    assert {one["reason"] for one in inside.report().values()} == {"rejected_by_minox"}


def test_markup_is_shown_as_it_was_typed(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "[bold red]Let op[/]"
    monkeypatch.setattr(shop, "STATUSES", (*shop.STATUSES, (WAITS, text, text, False)))
    offer(vendors, text)
    inside.env["COLUMNS"] = "200"
    inside("fetch")
    assert f"has status {text} ({WAITS})" in inside("retry", "502").err
    assert f"6{text}" in inside("report").out


def test_a_formula_gets_a_quote_and_an_amount_does_not(inside: Inside, vendors: Sandbox) -> None:
    lines, bill = [goods("21", "-12.10")], invoice("-12.10", ("21", "-2.10"))
    buyer = person("x", "x@example.nl")
    for number in ("=1+1", "-1", "@x", "+x"):
        vendors.shop.add(order(number, vendors.today, buyer, lines, bill))
    inside("fetch")
    rows = list(csv.DictReader(io.StringIO(inside("report", "--format", "csv").out)))
    assert {row["number"] for row in rows} == {"'=1+1", "'-1", "'@x", "'+x"}
    assert {row["total"] for row in rows} == {"-12.10"}


@pytest.mark.parametrize(
    "total", ["NaN", "Infinity", "-Infinity", "1e30", "99999999999999999999.99", "0x10", "1_0"]
)
def test_an_amount_that_is_none_is_an_order_that_cannot_be_understood(
    inside: Inside, vendors: Sandbox, total: str
) -> None:
    lines = [goods("21", "12.10")]
    vendors.shop.add(
        order("501", vendors.today, person("x", "x@example.nl"), lines, {"total": total})
    )
    vendors.shop.add(
        order("502", vendors.today, person("x", "x@example.nl"), lines, invoice("12.10"))
    )
    assert inside("fetch").status == 0
    assert inside("push").status == 3
    assert inside.report()["501"]["reason"] in ("order_invalid", "totals_mismatch")
    assert inside.booked() == ["502"]


@pytest.mark.parametrize("status", [10**30, -5, "9" * 40, 2.5, None, [], True])
def test_a_status_that_is_none_stops_nothing(
    inside: Inside, vendors: Sandbox, status: object
) -> None:
    lines = [goods("21", "12.10")]
    vendors.shop.add(
        order("501", vendors.today, person("x", "x@example.nl"), lines, invoice("12.10"))
    )
    vendors.shop.add(
        order("502", vendors.today, person("x", "x@example.nl"), lines, invoice("12.10"))
    )
    vendors.shop.change("501", status=status)
    assert inside("fetch").status == 0
    assert inside("push").status in (0, 3)
    assert inside.booked() == ["502"]


@pytest.mark.parametrize(
    "date", ["0001-01-01", "9999-12-31", "0000-00-00", "2026-02-30", "x" * 100]
)
def test_a_date_that_is_none_stops_nothing(inside: Inside, vendors: Sandbox, date: str) -> None:
    lines = [goods("21", "12.10")]
    vendors.shop.add(
        order("501", vendors.today, person("x", "x@example.nl"), lines, invoice("12.10"))
    )
    vendors.shop.add(
        order("502", vendors.today, person("x", "x@example.nl"), lines, invoice("12.10"))
    )
    vendors.shop.change("501", date=date)
    for line in ("fetch --order 501", "fetch", "push", "adopt", "verify", "report"):
        assert inside(*line.split()).status in (0, 3), line
    assert inside.booked() == ["502"]


def enter_by_hand(vendors: Sandbox, number: int, text: str, amount: float) -> None:
    """Put an order in the shop, and a booking that names it with this text around in the books."""
    vendors.shop.add(
        order(
            str(number),
            vendors.today,
            person("x", "x@example.nl"),
            [goods("21", "12.10")],
            invoice("12.10"),
        )
    )
    line = {
        "batch_id": text[:500],
        "journal": {"id": "VERK"},
        "period": {"id": 3, "fiscal_year": 2026},
        "document_date": vendors.today.isoformat(),
        "account": {"id": text[:500], "scheme": "MINOX", "type": "customer"},
        "debit": amount,
        "credit": 0,
        "description": f"{text} bestelling {number} {text}",
    }
    vendors.minox.batches[text] = [line]


def test_the_journal_s_text_is_harmless_when_it_is_taken_over(
    inside: Inside, vendors: Sandbox
) -> None:
    for number, text in enumerate(HOSTILE.values(), 501):
        enter_by_hand(vendors, number, text, 12.1)
    inside("fetch")
    ended = inside("-v", "adopt")
    assert ended.status == 0
    assert_plain(ended.out + ended.err + inside.log)
    assert len(inside.booked()) == len(HOSTILE)
    assert_harmless_data(inside)
    assert inside("verify").status == 0, "read by period"
    assert inside("verify", "--order", "501").status in (3, 4), "asked for by a UUID that is none"


def test_the_journal_s_text_is_harmless_when_it_is_left_to_a_person(
    inside: Inside, vendors: Sandbox
) -> None:
    for number, text in enumerate(HOSTILE.values(), 501):
        enter_by_hand(vendors, number, text, 99)
    inside("fetch")
    for line in ("push", "adopt", "adopt --order 501 --booking x", "report --errors"):
        ended = inside("-v", *line.split())
        assert_plain(ended.out + ended.err)
        assert "bestelling 501" in ended.out + ended.err or line == "report --errors"
        assert len(ended.out + ended.err) < 60_000
    assert_plain(inside.log)
    assert {one["reason"] for one in inside.report().values()} == {"perhaps_booked"}
    assert_harmless_data(inside)


@pytest.mark.parametrize(
    "yaml",
    [
        "shop: !!python/object/apply:os.system ['touch hacked']",
        "!!python/object/new:subprocess.Popen [touch, hacked]",
        "shop: {token: !!python/name:os.system }",
    ],
)
def test_a_yaml_tag_in_the_config_runs_nothing(
    inside: Inside, yaml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(inside.folder)
    inside.config.write_text(yaml)
    assert inside("fetch").status == 2
    assert not Path("hacked").exists()
