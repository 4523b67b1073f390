"""The sandbox on the line: rate limit, faults, the control address, starting and stopping."""

from __future__ import annotations

import datetime as dt
import http.client
import time
from contextlib import closing
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
import requests
import time_machine

from mww2minox.sandbox import Fault, Sandbox, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = dt.date(2026, 3, 20)
NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
CUSTOMER = {"addresses": [{"address_type": "postal", "name": "Jan"}]}
GONE = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Start a sandbox with samples."""
    with Sandbox(today=TODAY) as running:
        yield running


def _minox(
    sandbox: Sandbox, method: str = "GET", path: str = "customer/10600", json: object = None
) -> requests.Response:
    url = f"{sandbox.minox_url}/api/1/tenant/12345/administration/1/{path}"
    token = sandbox.minox.tokens.issue()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(
        method, url, headers=headers, allow_redirects=False, timeout=5, json=json
    )


def _create(sandbox: Sandbox) -> requests.Response:
    return _minox(sandbox, "POST", "customer?journal_id=VERK", json=CUSTOMER)


def _shop(sandbox: Sandbox) -> requests.Response:
    query = {"token": "sandbox-shop-token", "archived": "false"}
    return requests.get(f"{sandbox.shop_url}/v1/orders", params=query, timeout=5)


def _control(sandbox: Sandbox, method: str, path: str, json: object = None) -> requests.Response:
    return requests.request(method, f"{sandbox.minox_url}/_sandbox/{path}", json=json, timeout=5)


# Rate limit.


def test_the_rate_limit_counts_down_and_starts_anew(sandbox: Sandbox) -> None:
    """A window begins with its first request; refused ones do not count."""
    sandbox.settings.update({"rate_limit": 2, "rate_window": 5.0})
    with time_machine.travel(NOON, tick=False) as clock:
        answers = [_minox(sandbox) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["X-Rate-Limit-Remaining"] for answer in answers] == ["1", "0", "0"]
        assert answers[0].headers["X-Rate-Limit-Limit"] == "2"
        assert answers[0].headers["X-Rate-Limit-Reset"] == str(int(NOON.timestamp() + 5) * 1000)
        assert answers[2].headers["Retry-After"] == "5"
        clock.shift(5)
        assert _minox(sandbox).headers["X-Rate-Limit-Remaining"] == "1"


def test_retry_after_has_three_forms(sandbox: Sandbox) -> None:
    """Seconds, a date, or none at all."""
    sandbox.settings.update({"rate_limit": 0, "retry_after": "date"})
    with time_machine.travel(NOON, tick=False):
        told = parsedate_to_datetime(_minox(sandbox).headers["Retry-After"])
        assert told == NOON + dt.timedelta(seconds=5)
        sandbox.settings.retry_after = "none"
        assert "Retry-After" not in _minox(sandbox).headers


# Faults.


def test_a_status_is_answered_once(sandbox: Sandbox) -> None:
    """Then all is well again."""
    fault = Fault("status", side="minox", status=503)
    sandbox.faults.append(fault)

    assert [_minox(sandbox).status_code for _ in range(2)] == [503, 200]
    assert (fault.times, sandbox.faults) == (0, [])


def test_a_fault_waits_for_its_request(sandbox: Sandbox) -> None:
    """By side, method, path and how many went well before."""
    sandbox.faults.append(
        Fault("status", side="minox", method="get", path=r"/customer/\d+$", skip=1, times=None)
    )

    assert _shop(sandbox).status_code == 200
    assert _create(sandbox).status_code == 201
    assert _minox(sandbox, path="vat").status_code == 200
    assert [_minox(sandbox).status_code for _ in range(4)] == [200, 500, 500, 500]


def test_too_many_requests_with_a_retry_after(sandbox: Sandbox) -> None:
    """Of whatever text."""
    sandbox.faults.append(Fault("429", retry_after="120"))
    answer = _minox(sandbox)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "120")


@pytest.mark.parametrize(
    ("fault", "done"),
    [
        (Fault("drop_before"), False),
        (Fault("drop_after"), True),
        (Fault("truncated"), True),
    ],
)
def test_the_connection_breaks(sandbox: Sandbox, fault: Fault, *, done: bool) -> None:
    """Whether anything happened is not to be seen from outside."""
    sandbox.faults.append(fault)
    with pytest.raises(GONE):
        _create(sandbox)
    assert ("10001" in sandbox.minox.customers) is done


@pytest.mark.parametrize("effect", [True, False])
def test_a_page_instead_of_json(sandbox: Sandbox, *, effect: bool) -> None:
    """Status 200 says nothing about what was done."""
    sandbox.faults.append(Fault("html", effect=effect))
    answer = _create(sandbox)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert ("10001" in sandbox.minox.customers) is effect


@pytest.mark.parametrize("effect", [True, False])
def test_another_answer_instead(sandbox: Sandbox, *, effect: bool) -> None:
    """As the shop answers during maintenance, when that is no page."""
    sandbox.faults.append(Fault("instead", effect=effect, body='{"message": "Onderhoud"}'))
    answer = _create(sandbox)

    assert (answer.status_code, answer.json()) == (200, {"message": "Onderhoud"})
    assert ("10001" in sandbox.minox.customers) is effect


def test_broken_json_and_redirects(sandbox: Sandbox) -> None:
    """Whole answers that are of no use."""
    sandbox.faults.append(Fault("broken_json"))
    with pytest.raises(requests.exceptions.JSONDecodeError):
        _minox(sandbox).json()
    sandbox.faults.append(Fault("redirect"))
    answer = _minox(sandbox)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:9/elsewhere")


def test_slow_answers_come(sandbox: Sandbox) -> None:
    """After the seconds that were asked."""
    sandbox.faults.append(Fault("slow", seconds=0.05))
    start = time.monotonic()
    assert _minox(sandbox).status_code == 200
    assert time.monotonic() - start >= 0.05


def test_a_ghost_does_its_work_afterwards(sandbox: Sandbox) -> None:
    """The connection is closed long before."""
    sandbox.faults.append(Fault("ghost", seconds=0.05))
    with pytest.raises(GONE):
        _create(sandbox)
    assert "10001" not in sandbox.minox.customers
    deadline = time.monotonic() + 5
    while "10001" not in sandbox.minox.customers and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "10001" in sandbox.minox.customers


def test_seeded_faults_are_the_same_each_time() -> None:
    """And are there at about the rate that was asked."""

    def run(seed: int) -> list[int]:
        with Sandbox(today=TODAY, settings=Settings(fault_rate=0.5, fault_seed=seed)) as sandbox:
            for _ in range(40):
                try:
                    _shop(sandbox)
                except GONE:
                    continue
            return [seen.status for seen in sandbox.requests]

    first = run(1)
    assert run(1) == first
    assert run(2) != first
    assert {0, 200, 429, 500} <= set(first)


def test_wrong_faults_are_refused() -> None:
    """When they are made, not when they should strike."""
    with pytest.raises(ValueError, match="there is no fault"):
        Fault("explode")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="side"):
        Fault("429", side="both")  # type: ignore[arg-type]


# What was asked, and the control address.


def test_requests_are_written_down_without_tokens(sandbox: Sandbox) -> None:
    """Those to the control address are not."""
    _shop(sandbox)
    sandbox.faults.append(Fault("drop_before"))
    with pytest.raises(GONE):
        _minox(sandbox)
    _control(sandbox, "GET", "settings")

    seen = [(entry.side, entry.method, entry.query, entry.status) for entry in sandbox.requests]
    assert seen == [("shop", "GET", {"archived": "false"}, 200), ("minox", "GET", {}, 0)]
    assert _control(sandbox, "GET", "requests").json()["counts"] == {"shop": 1, "minox": 1}
    _control(sandbox, "DELETE", "requests")
    assert sandbox.requests == []


def test_switches_over_http(sandbox: Sandbox) -> None:
    """On both ports; a wrong one is refused."""
    assert _control(sandbox, "PATCH", "settings", {"paging": "none"}).json()["paging"] == "none"
    shop = requests.get(f"{sandbox.shop_url}/_sandbox/settings", timeout=5)
    assert shop.json()["paging"] == "none"
    assert _control(sandbox, "PATCH", "settings", {"paging": "books"}).status_code == 400
    assert sandbox.settings.paging == "none"


def test_faults_over_http(sandbox: Sandbox) -> None:
    """A wrong one is refused with its reason."""
    _control(sandbox, "POST", "faults", [{"kind": "status", "status": 503}, {"kind": "429"}])
    assert [fault.kind for fault in sandbox.faults] == ["status", "429"]
    assert _control(sandbox, "POST", "faults", {"kind": "429", "sort": 1}).status_code == 400
    assert _control(sandbox, "DELETE", "faults").json() == []
    assert _minox(sandbox).status_code == 200


def test_the_books_can_be_tampered_with_over_http(sandbox: Sandbox) -> None:
    """Without any rule."""
    assert _control(sandbox, "PUT", "ledger/x", [{"debit": -1}]).json() == {"x": [{"debit": -1}]}
    assert _minox(sandbox, path="receivable").status_code == 200
    _control(sandbox, "DELETE", "ledger/x")
    assert _control(sandbox, "GET", "ledger").json() == {}
    _control(sandbox, "PATCH", "customers/10610", {"externalid": "x"})
    assert _control(sandbox, "GET", "customers").json()["10610"]["externalid"] == "x"
    assert _control(sandbox, "PATCH", "customers/1", {}).status_code == 404


def test_orders_and_periods_over_http(sandbox: Sandbox) -> None:
    """A status moves its moment."""
    changed = _control(sandbox, "PATCH", "orders/1043", {"status": 2}).json()
    assert (changed["status"], changed["status_changed_date"]) == (2, TODAY.isoformat())
    order = _control(sandbox, "GET", "orders/1001").json()
    _control(sandbox, "PUT", "orders/2001", order)
    assert sandbox.shop.orders["2001"]["number"] == "2001"
    assert _control(sandbox, "DELETE", "orders/2001").status_code == 204
    assert _control(sandbox, "GET", "orders/2001").status_code == 404
    _control(sandbox, "POST", "periods", {"fiscal_year": 2026, "period": 2, "closed": True})
    assert (2026, 2) in sandbox.minox.administration.closed
    _control(sandbox, "POST", "periods", {"fiscal_year": 2026, "period": 2, "closed": False})
    assert (2026, 2) not in sandbox.minox.administration.closed


# Starting and stopping.


def test_a_connection_serves_many_requests(sandbox: Sandbox) -> None:
    """It stays open, bodies read or not."""
    connection = http.client.HTTPConnection(sandbox.minox_url.removeprefix("http://"), timeout=5)
    with closing(connection):
        connection.connect()
        line = connection.sock
        for method, path in (
            ("POST", "/nowhere"),
            ("GET", "/oauth/authorize"),
            ("PUT", "/_sandbox/settings"),
        ):
            connection.request(method, path, body=b"x" * 100_000)
            connection.getresponse().read()
            assert connection.sock is line


def test_after_stop_nobody_answers(sandbox: Sandbox) -> None:
    """On open connections neither; the state is there when it starts again."""
    _create(sandbox)
    with requests.Session() as session:
        session.get(f"{sandbox.shop_url}/v1/store", timeout=5)
        sandbox.stop()
        with pytest.raises(GONE):
            session.get(f"{sandbox.shop_url}/v1/store", timeout=5)
    sandbox.start()
    assert _minox(sandbox, path="customer/10001").status_code == 200


def test_a_taken_port_is_an_error(sandbox: Sandbox) -> None:
    """And nothing is left listening."""
    port = int(sandbox.shop_url.rpartition(":")[2])
    other = Sandbox(today=TODAY)
    with pytest.raises(OSError, match="in use"):
        other.start(minox_port=port)
    with pytest.raises(GONE):
        requests.get(f"{other.shop_url}/v1/store", timeout=5)


def test_the_config_fits_the_sandbox(sandbox: Sandbox) -> None:
    """Addresses, and a VAT ledger account where VAT gets a line of its own."""
    config = sandbox.config()
    assert (config["shop"]["url"], config["minox"]["url"]) == (sandbox.shop_url, sandbox.minox_url)
    assert config["shop"]["since"] == "2024-12-01"
    assert config["vat"][0] == {"region": "NL", "rate": 21, "code": 1, "ledger": 8000}
    sandbox.settings.vat_posting = "line"
    assert [row.get("vat_ledger") for row in sandbox.config()["vat"]] == [
        1500,
        1501,
        1502,
        1503,
        None,
        None,
    ]
