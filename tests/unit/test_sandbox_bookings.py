"""The sandbox' bookkeeping: what it refuses, what it keeps, and what reads back."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests
import time_machine

from mww2minox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = dt.date(2026, 3, 20)
BATCH = "0b8f1f0e-6d0c-5c57-8a2c-6d8c4f1f2a11"
CUSTOMER, LEDGER = "customer", "ledger_account"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Start an administration without orders."""
    with Sandbox(today=TODAY, samples=False) as running:
        yield running


def _call(sandbox: Sandbox, method: str, path: str, **more: Any) -> requests.Response:
    url = f"{sandbox.minox_url}/api/1/tenant/12345/administration/1/{path}"
    token = sandbox.minox.tokens.issue()["access_token"]
    return requests.request(
        method, url, headers={"Authorization": f"Bearer {token}"}, timeout=5, **more
    )


def _put(sandbox: Sandbox, body: object, batch: str = BATCH) -> requests.Response:
    return _call(sandbox, "PUT", f"transaction_line_batch/{batch}", json=body)


def _read(sandbox: Sandbox) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = _call(sandbox, "GET", f"transaction_line_batch/{BATCH}").json()
    return lines


def _line(kind: str, account: str, **fields: object) -> dict[str, Any]:
    return {
        "account": {"id": account, "scheme": "MINOX", "type": kind},
        "document_date": "2026-03-14",
        "invoice_number": 1001,
        "journal": {"id": "VERK"},
        "period": {"id": 3, "fiscal_year": 2026},
        "description": "1001",
        **fields,
    }


def _net() -> list[dict[str, Any]]:
    """Book 121.00 with the VAT on top of the revenue line."""
    return [
        _line(CUSTOMER, "10600", debit=121.0),
        _line(LEDGER, "8000", credit=100.0, vat={"id": 1, "amount": 21.0}),
    ]


def _gross(vat: float = 21.0) -> list[dict[str, Any]]:
    return [
        _line(CUSTOMER, "10600", debit=121.0),
        _line(LEDGER, "8000", credit=121.0, vat={"id": 1, "amount": vat}),
    ]


def _by_account() -> list[dict[str, Any]]:
    return [_line(CUSTOMER, "10600", debit=121.0), _line(LEDGER, "8000", credit=121.0)]


def _own_vat_line() -> list[dict[str, Any]]:
    return [
        _line(CUSTOMER, "10600", debit=121.0),
        _line(LEDGER, "8000", credit=100.0),
        _line(LEDGER, "1500", credit=21.0),
    ]


def _codes(answer: requests.Response) -> list[str]:
    assert answer.status_code == 400, answer.text
    assert all(row["message_type"] == "error" and row["message"] for row in answer.json())
    return [row["message_code"] for row in answer.json()]


def test_a_right_batch_is_kept(sandbox: Sandbox) -> None:
    """What was sent comes back, with the lines that Minox makes itself behind it."""
    answer = _put(sandbox, _net())

    assert answer.status_code == 200
    assert answer.json() == _read(sandbox)
    sent, own = _read(sandbox)[:2], _read(sandbox)[2:]
    assert [(line["debit"], line["credit"], line["messages"]) for line in sent] == [
        (121, 0, []),
        (0, 100, []),
    ]
    assert sent[1]["vat"] == {"id": 1, "amount": 21}
    assert {line["batch_id"] for line in sent} == {BATCH}
    assert {(line["account"]["id"], line["debit"], line["credit"]) for line in own} == {
        ("1300", 121, 0),
        ("1500", 0, 21),
    }
    assert [line["journal"]["line_number"] for line in _read(sandbox)] == [1, 2, 9000, 9001]
    assert sent[0]["journal"]["description"] == "Verkoopboek"
    assert sent[0]["currency"] == {"id": "EUR", "exchange_rate": 1}
    sandbox.settings.own_lines = False
    assert len(_read(sandbox)) == 2


@pytest.mark.parametrize(
    ("no_vat", "shown"),
    [("null", None), ("empty", {}), ("zero", {"id": 0, "amount": 0}), ("absent", "-")],
)
def test_a_line_without_vat_reads_back_in_several_ways(
    sandbox: Sandbox, no_vat: str, shown: object
) -> None:
    """And Minox' own lines may tell the VAT that they are of; numbers can be on the line itself."""
    _put(sandbox, _net())
    sandbox.settings.update({"no_vat": no_vat, "own_lines_vat": True, "line_numbers": "line"})

    lines = _read(sandbox)
    assert [line.get("vat", "-") for line in lines] == [
        *(shown, {"id": 1, "amount": 21}),
        *(shown, {"id": 1, "amount": 21}),
    ]
    assert [line["line_number"] for line in lines] == [1, 2, 9000, 9001]


def test_the_same_uuid_replaces(sandbox: Sandbox) -> None:
    """Upper or lower case, there is one booking; a refused one leaves it."""
    _put(sandbox, _net())
    changed = _net()
    changed[0]["description"] = "anders"
    _put(sandbox, changed, BATCH.upper())
    assert _put(sandbox, []).status_code == 400

    assert list(sandbox.minox.batches) == [BATCH]
    assert _read(sandbox)[0]["description"] == "anders"


def test_a_batch_can_be_deleted(sandbox: Sandbox) -> None:
    """Once."""
    _put(sandbox, _net())
    path = f"transaction_line_batch/{BATCH}"
    assert _call(sandbox, "DELETE", path).status_code == 204
    assert _call(sandbox, "DELETE", path).status_code == 404
    assert _call(sandbox, "GET", path).status_code == 404


_FIRST: list[tuple[str, dict[str, Any]]] = [
    ("amount_decimals", {"debit": 121.001}),
    ("amount_negative", {"debit": -121.0}),
    ("amount_invalid", {"debit": "121.00"}),
    ("amount_invalid", {"debit": True}),
    ("amount_missing", {"debit": None}),
    ("amount_twice", {"credit": 121.0}),
    ("account_invalid", {"account": {"id": 10600, "scheme": "MINOX", "type": CUSTOMER}}),
    ("account_invalid", {"account": "10600"}),
    ("account_scheme_invalid", {"account": {"id": "10600", "scheme": "RGS", "type": CUSTOMER}}),
    ("account_type_invalid", {"account": {"id": "10600", "scheme": "MINOX", "type": "supplier"}}),
    ("customer_unknown", {"account": {"id": "10001", "scheme": "MINOX", "type": CUSTOMER}}),
    ("customer_blocked", {"account": {"id": "10640", "scheme": "MINOX", "type": CUSTOMER}}),
    ("ledger_account_unknown", {"account": {"id": "7777", "scheme": "MINOX", "type": LEDGER}}),
    ("ledger_account_blocked", {"account": {"id": "8999", "scheme": "MINOX", "type": LEDGER}}),
    ("invoice_number_invalid", {"invoice_number": "1001"}),
    ("invoice_number_invalid", {"invoice_number": 123456789}),
    ("journal_unknown", {"journal": {"id": "NONE"}}),
    ("journal_not_sales", {"journal": {"id": "INK"}}),
    ("document_date_invalid", {"document_date": "14-03-2026"}),
    (
        "fiscal_year_unknown",
        {"document_date": "2024-03-14", "period": {"id": 3, "fiscal_year": 2024}},
    ),
    ("period_unknown", {"period": {"id": 13, "fiscal_year": 2026}}),
    ("period_mismatch", {"period": {"id": 4, "fiscal_year": 2026}}),
    ("period_mismatch", {"period": {"id": 3, "fiscal_year": 2025}}),
    ("period_closed", {"document_date": "2025-01-15", "period": {"id": 1, "fiscal_year": 2025}}),
    ("currency_unknown", {"currency": {"id": "USD"}}),
    ("payment_term_unknown", {"payment_term": {"id": 99}}),
    ("payment_term_unknown", {"payment_term": {"id": []}}),
    ("vat_on_customer", {"vat": {"id": 1, "amount": 0}}),
]


@pytest.mark.parametrize(("code", "change"), _FIRST)
def test_a_wrong_line_is_refused(sandbox: Sandbox, code: str, change: dict[str, Any]) -> None:
    """With one message that says which line; nothing is kept."""
    lines = _net()
    lines[0] |= change
    answer = _put(sandbox, lines)

    assert _codes(answer) == [code]
    assert answer.json()[0]["field"].startswith("[0].")
    assert sandbox.minox.batches == {}


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("body_invalid", {}),
        ("body_empty", []),
        ("line_invalid", ["x"]),
        ("too_many_lines", [{}] * 9000),
        ("vat_unknown", [_net()[0], _net()[1] | {"vat": {"id": 99, "amount": 21.0}}]),
        ("amount_decimals", [_net()[0], _net()[1] | {"vat": {"id": 1, "amount": 21.001}}]),
        ("lines_differ", [_net()[0], _net()[1] | {"document_date": "2026-03-13"}]),
        ("not_balanced", [_net()[0] | {"debit": 121.01}, _net()[1]]),
        ("not_balanced", _gross()),
    ],
)
def test_a_wrong_batch_is_refused(sandbox: Sandbox, code: str, body: object) -> None:
    """As a whole."""
    assert _codes(_put(sandbox, body)) == [code]


def test_what_is_no_json_is_refused(sandbox: Sandbox) -> None:
    """NaN is none either."""
    for body in (b"{", b"<html>", b'[{"debit": NaN}]'):
        answer = _call(sandbox, "PUT", f"transaction_line_batch/{BATCH}", data=body)
        assert _codes(answer) == ["body_invalid"]


def test_a_wrong_uuid_is_refused(sandbox: Sandbox) -> None:
    """The client chooses it, but one it must be."""
    assert _codes(_put(sandbox, _net(), "1001")) == ["uuid_invalid"]


def test_refusals_may_come_with_status_200(sandbox: Sandbox) -> None:
    """By a switch: then only the body tells."""
    sandbox.settings.error_status = 200
    answer = _put(sandbox, [])
    assert (answer.status_code, answer.json()[0]["message_type"]) == (200, "error")
    assert sandbox.minox.batches == {}


def test_periods_close_and_open(sandbox: Sandbox) -> None:
    """The message is the one that Minox' user would read."""
    sandbox.minox.close_period(2026, 3)
    answer = _put(sandbox, _net())
    assert answer.json()[0]["message"] == "Periode 3 van boekjaar 2026 is afgesloten."
    sandbox.minox.open_period(2026, 3)
    assert _put(sandbox, _net()).status_code == 200


def test_odd_vat_is_a_warning(sandbox: Sandbox) -> None:
    """In the line of the answer; it is booked all the same."""
    odd = [_net()[0], _net()[1] | {"credit": 95.0, "vat": {"id": 1, "amount": 26.0}}]
    answer = _put(sandbox, odd)

    assert answer.status_code == 200
    assert [message["message_type"] for message in answer.json()[1]["messages"]] == ["warning"]
    assert _read(sandbox)[1]["messages"] == []


_WAYS: dict[str, list[dict[str, Any]]] = {
    "net": _net(),
    "gross": _gross(),
    "ledger": _by_account(),
    "line": _own_vat_line(),
}


@pytest.mark.parametrize("taken", _WAYS)
@pytest.mark.parametrize("sent", _WAYS)
def test_the_administration_takes_one_way_of_vat(sandbox: Sandbox, taken: str, sent: str) -> None:
    """Lines without VAT balance in each; with VAT only where it belongs."""
    sandbox.settings.update({"vat_posting": taken})
    without_vat = {"ledger", "line"}
    fits = sent == taken or sent in without_vat
    assert (_put(sandbox, _WAYS[sent]).status_code == 200) is fits


@pytest.mark.parametrize(
    ("vat", "status"), [(21.0, 200), (21.2, 200), (25.41, 400), (0.0, 400), (130.0, 400)]
)
def test_gross_vat_must_fit(sandbox: Sandbox, vat: float, status: int) -> None:
    """A VAT amount that was computed over the gross is found."""
    sandbox.settings.vat_posting = "gross"
    assert _put(sandbox, _gross(vat)).status_code == status


def _with_the_debtor(vat: float = 21.0, code: int = 1) -> list[dict[str, Any]]:
    """Book 121.00 with its VAT on the debtor's line, and the net beside it."""
    debtor, revenue = _net()
    del revenue["vat"]
    return [debtor | {"vat": {"id": code, "amount": vat}}, revenue]


def test_vat_on_the_sub_administration_stands_with_the_debtor_alone(sandbox: Sandbox) -> None:
    assert _put(sandbox, _with_the_debtor()).status_code == 400
    sandbox.settings.vat_on_sub = True
    for way in ("net", "gross"):
        messages = _put(sandbox, _WAYS[way]).json()
        assert "vat_on_sub" in {message["message_code"] for message in messages}

    assert _put(sandbox, _with_the_debtor()).status_code == 200
    vat = [line for line in _read(sandbox) if line["account"]["id"] == "1500"]
    assert [(line["debit"], line["credit"]) for line in vat] == [(0.0, 21.0)]


@pytest.mark.parametrize(
    ("vat", "code", "net", "status"),
    [
        (21.0, 1, 100.0, 200),
        (20.98, 1, 100.02, 200),
        (21.0, 1, 100.01, 400),
        (25.41, 1, 95.59, 400),
        (21.0, 2, 100.0, 400),
        (9.99, 2, 111.01, 200),
    ],
)
def test_vat_with_the_debtor_must_fit_its_code_and_the_net(
    sandbox: Sandbox, vat: float, code: int, net: float, status: int
) -> None:
    sandbox.settings.vat_on_sub = True
    lines = _with_the_debtor(vat, code)
    lines[1]["credit"] = net
    assert _put(sandbox, lines).status_code == status


def test_the_accounts_of_an_administration_with_vat_lines_carry_no_codes(sandbox: Sandbox) -> None:
    sandbox.settings.vat_posting = "line"
    sandbox.settings.page_size = 100
    accounts = _call(sandbox, "GET", "ledger_account").json()["collection"]
    assert {account["vat"] for account in accounts} == {None}
    _put(sandbox, _own_vat_line())
    assert [line["credit"] for line in _read(sandbox) if line["account"]["id"] == "1500"] == [21.0]

    # Where they do all the same, Minox makes the VAT again.
    sandbox.settings.line_with_codes = True
    accounts = _call(sandbox, "GET", "ledger_account").json()["collection"]
    assert {"id": 1} in [account["vat"] for account in accounts]
    vat = [line["credit"] for line in _read(sandbox) if line["account"]["id"] == "1500"]
    assert vat == [21.0, 17.36]


@pytest.mark.parametrize(("reading", "credit"), [("gross", 121.0), ("net", 100.0)])
def test_the_ledger_accounts_own_code(sandbox: Sandbox, reading: str, credit: float) -> None:
    """Minox makes the VAT itself: a line of its own, and by a switch in the revenue line too."""
    sandbox.settings.update({"vat_posting": "ledger", "ledger_reading": reading})
    _put(sandbox, _by_account())
    lines = _read(sandbox)

    assert lines[1]["credit"] == credit
    assert lines[1].get("vat") == (None if reading == "gross" else {"id": 1, "amount": 21.0})
    assert [line["credit"] for line in lines if line["account"]["id"] == "1500"] == [21.0]


def test_a_period_lists_its_lines(sandbox: Sandbox) -> None:
    """Paged like every list, own lines included."""
    for place in range(3):
        lines = _net()
        lines[0]["invoice_number"] += place
        assert _put(sandbox, lines, str(uuid.UUID(int=place))).status_code == 200
    sandbox.settings.page_size = 5
    first = _call(sandbox, "GET", "year/2026/transaction_lines?period=3").json()

    assert len(first["collection"]) == 5
    assert "period=3" in first["links"]["next"]
    assert _call(sandbox, "GET", "year/2026/transaction_lines?period=2").json()["collection"] == []
    assert _call(sandbox, "GET", "year/2020/transaction_lines").status_code == 404


def test_open_items_go_by_invoice_number(sandbox: Sandbox) -> None:
    """What the bank has for it is paid."""
    _put(sandbox, _net())
    payment = _line(CUSTOMER, "10600", debit=0.0, credit=60.5, journal={"id": "BANK"})
    sandbox.minox.batches[str(uuid.UUID(int=7))] = [payment]

    item = _call(sandbox, "GET", "receivable/account/10600/invoice/1001").json()
    assert (item["total"], item["paid"], item["balance"]) == (121, 60.5, 60.5)
    assert (item["invoice_date"], item["due_date"]) == ("2026-03-14", "2026-03-28")
    assert len(_call(sandbox, "GET", "receivable").json()["collection"]) == 1
    assert _call(sandbox, "GET", "receivable/account/10600/invoice/9").status_code == 404


def test_an_invoice_number_is_one_bookings_per_customer(sandbox: Sandbox) -> None:
    """Another booking with it is refused; the same one only by a switch."""
    assert _put(sandbox, _net()).status_code == 200
    another = str(uuid.uuid4())
    assert _codes(_put(sandbox, _net(), another)) == ["invoice_number_taken"]
    elsewhere = _net()
    elsewhere[0]["account"] = elsewhere[0]["account"] | {"id": "10610"}
    assert _put(sandbox, elsewhere, another).status_code == 200

    assert _put(sandbox, _net()).status_code == 200
    sandbox.settings.repetitions = "refused"
    assert _codes(_put(sandbox, _net())) == ["invoice_number_taken"]


def test_vat_returns_add_up_what_is_booked(sandbox: Sandbox) -> None:
    """Per quarter and box, negative where more was taken back; they need a right of their own."""
    _put(sandbox, _net())
    lines = [
        _line(CUSTOMER, "10600", debit=0.0, credit=54.5, invoice_number=1002),
        _line(LEDGER, "8010", debit=50.0, credit=0.0, vat={"id": 2, "amount": 4.5}),
    ]
    assert _put(sandbox, lines, str(uuid.uuid4())).status_code == 200
    token = sandbox.minox.tokens.issue("vatdeclaration:read")["access_token"]

    def ask(path: str) -> Any:
        url = f"{sandbox.minox_url}/api/1/tenant/12345/administration/1/vat_declaration{path}"
        return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=5).json()

    headers = ask("")["collection"]
    assert [(one["Boekjaar"], one["Tijdvak"]) for one in headers] == [
        *((2025, quarter) for quarter in (1, 2, 3, 4)),
        (2026, 1),
    ]
    last = ask(f"/{headers[-1]['id']}")
    assert (last["VanafPeriode"], last["TotEnMetPeriode"]) == (1, 3)
    assert (last["AfdragenHoogGS"], last["AfdragenHoogAB"]) == (100, 21)
    assert (last["AfdragenLaagGS"], last["AfdragenLaagAB"], last["Totaal"]) == (-50, -4.5, 16.5)
    assert ask("/202503")["Totaal"] == 0
    assert _call(sandbox, "GET", "vat_declaration").status_code == 403


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ({"vat_posting": "net"}, _net()),
        ({"vat_posting": "gross"}, _gross()),
        ({"vat_posting": "ledger"}, _by_account()),
        ({"vat_on_sub": True}, _with_the_debtor()),
    ],
)
def test_vat_returns_are_the_same_however_vat_is_sent(
    sandbox: Sandbox, settings: dict[str, Any], lines: list[dict[str, Any]]
) -> None:
    """What counts is turnover without VAT."""
    sandbox.settings.update(settings)
    assert _put(sandbox, lines).status_code == 200
    found = sandbox.minox.declaration("202601")
    assert (found["AfdragenHoogGS"], found["AfdragenHoogAB"]) == (100, 21)


def test_minox_numbers_an_invoice_that_has_no_number(sandbox: Sandbox) -> None:
    """By its journal; what is replaced keeps its number, and the next booking gets the next."""
    without = _net()
    del without[0]["invoice_number"]
    for batch in (BATCH, BATCH, str(uuid.uuid4())):
        assert _put(sandbox, without, batch).status_code == 200

    numbers = [lines[0]["invoice_number"] for lines in sandbox.minox.batches.values()]
    assert numbers == [20260001, 20260002]
    (journal, *others) = _call(sandbox, "GET", "journal").json()["collection"]
    assert journal["next_invoice_number"] == 20260003
    assert {other["next_invoice_number"] for other in others} == {None}


def test_a_new_booking_may_lag(sandbox: Sandbox) -> None:
    """Reading it back finds nothing at first; replacing it hides nothing."""
    sandbox.settings.lookup_lag = 2.0
    path = f"transaction_line_batch/{BATCH}"
    with time_machine.travel(dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC), tick=False) as clock:
        assert _put(sandbox, _net()).status_code == 200
        assert _call(sandbox, "GET", path).status_code == 404
        clock.shift(2)
        assert _put(sandbox, _net()).status_code == 200
        assert _call(sandbox, "GET", path).status_code == 200
