"""The sandbox' shop: keys, filters, pages and the shapes of its answers."""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
import requests

from mww2minox.sandbox import Sandbox, Settings, many_orders

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = dt.date(2026, 3, 20)
KEYS = {"token": "sandbox-shop-token", "partner_token": "sandbox-partner-token"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Start a shop with the samples of a fixed day."""
    with Sandbox(today=TODAY) as running:
        yield running


def _get(sandbox: Sandbox, path: str, **query: str | int) -> requests.Response:
    return requests.get(f"{sandbox.shop_url}/v1{path}", params={**KEYS, **query}, timeout=5)


def _numbers(sandbox: Sandbox, **query: str | int) -> list[str]:
    return [order["number"] for order in _get(sandbox, "/orders", **{"limit": 100, **query}).json()]


def _order(sandbox: Sandbox, number: str) -> dict[str, Any]:
    order: dict[str, Any] = _get(sandbox, f"/orders/{number}").json()
    return order


@pytest.mark.parametrize(
    "keys", [{}, {"token": "wrong"}, {"partner_token": "sandbox-partner-token"}]
)
def test_every_address_needs_the_token(sandbox: Sandbox, keys: dict[str, str]) -> None:
    """A missing or wrong token is a problem with status 401."""
    answer = requests.get(f"{sandbox.shop_url}/v1/orders", params=keys, timeout=5)

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 401


@pytest.mark.parametrize("path", ["/orderstatuses", "/payment/gateways"])
def test_two_addresses_need_the_partner_token_too(sandbox: Sandbox, path: str) -> None:
    """The merchant's token alone does not open these."""
    assert _get(sandbox, path, partner_token="wrong").status_code == 401
    assert _get(sandbox, path).status_code == 200


def test_unknown_order_is_not_found(sandbox: Sandbox) -> None:
    """An order that is not there, and a test order, are answered alike."""
    assert _get(sandbox, "/orders/99999").status_code == 404
    assert _get(sandbox, "/orders/1047").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 101},
        {"limit": 0},
        {"offset": -1},
        {"start_date": "20-03-2026"},
        {"status_changed_start_date": "2026-03-20"},
        {"archived": "perhaps"},
        {"ordering": "date"},
        {"status_id": "Betaald"},
        {"language": "xx_XX"},
        {"format": "xml"},
    ],
)
def test_wrong_parameters_are_refused(sandbox: Sandbox, query: dict[str, Any]) -> None:
    """The answer names the parameter."""
    answer = _get(sandbox, "/orders", **query)

    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["detail"]


def test_pages_follow_on_each_other() -> None:
    """Ten by default, a hundred at most, by number."""
    with Sandbox(today=TODAY, samples=False) as sandbox:
        for order in many_orders(25, TODAY):
            sandbox.shop.add(order)
        assert len(_get(sandbox, "/orders").json()) == 10
        pages = [_numbers(sandbox, limit=10, offset=offset) for offset in (0, 10, 20, 30)]
        assert list(chain(*pages)) == [str(number) for number in range(20001, 20026)]
        assert _numbers(sandbox, ordering="desc", limit=1) == ["20025"]
        assert _get(sandbox, "/orders/count", limit=1).json() == {"count": 25}


def _payments(sandbox: Sandbox, number: str, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _get(sandbox, f"/orders/{number}/payments", **query).json()[
        "payments"
    ]
    return found


def test_the_list_of_payments_tells_how_an_order_was_paid(sandbox: Sandbox) -> None:
    """In cents; what happened to a payment is told when it is asked for."""
    (payment,) = _payments(sandbox, "1001")

    assert (payment["gateway"], payment["method"]) == ("mollie", "ideal:ideal_INGBNL2A")
    assert payment["price"] == 12100
    assert "mutations" not in payment
    (payment,) = _payments(sandbox, "1001", embed="mutations")
    assert [part["type"] for part in payment["mutations"]] == ["authorize", "capture"]
    assert _get(sandbox, "/orders/1001/payments", embed="all").status_code == 400
    assert _get(sandbox, "/orders/99999/payments").status_code == 404


@pytest.mark.parametrize(
    ("reading", "happened"),
    [("none", []), ("failed", ["failed"]), ("retried", ["failed", "capture"])],
)
def test_payments_may_have_failed(sandbox: Sandbox, reading: str, happened: list[str]) -> None:
    """Each by a switch; a credit order has no payment at all."""
    sandbox.settings.update({"payments": reading})

    payments = _payments(sandbox, "1001", embed="mutations,properties")
    assert [payment["mutations"][-1]["type"] for payment in payments] == happened
    assert _payments(sandbox, "1021") == []


def test_orders_may_tell_no_payment(sandbox: Sandbox) -> None:
    """Then the list alone does; an order can have payments of its own there."""
    sandbox.settings.order_payment = False
    sandbox.shop.change("1001", payments=[{"gateway": "basic", "method": "cash"}])

    assert not {"payment", "payment_status", "payments"} & set(_order(sandbox, "1001"))
    assert [payment["method"] for payment in _payments(sandbox, "1001")] == ["cash"]


def test_archived_orders_come_when_asked_for(sandbox: Sandbox) -> None:
    """What an omitted `archived` means is a switch."""
    assert "1018" not in _numbers(sandbox)
    assert _numbers(sandbox, archived="true") == ["1018", "1027"]
    assert "1018" not in _numbers(sandbox, archived="false")
    sandbox.settings.archived_default = "both"
    assert "1018" in _numbers(sandbox)


def test_test_orders_come_only_when_asked_for(sandbox: Sandbox) -> None:
    """And never tell that they are one."""
    assert "1047" not in _numbers(sandbox)
    assert "1047" in _numbers(sandbox, test="true")


def test_order_dates_limit_the_list(sandbox: Sandbox) -> None:
    """Both ends belong to it."""
    assert _numbers(sandbox, start_date="2025-12-31", end_date="2026-01-01") == ["1064", "1065"]


def test_status_and_email_limit_the_list(sandbox: Sandbox) -> None:
    """An e-mail address is the same whatever its capitals."""
    assert _numbers(sandbox, status_id=6) == ["1042"]
    assert _numbers(sandbox, debtor_email="TRUUS.JANSEN@example.nl") == ["1001", "1024", "1061"]


def test_a_changed_status_is_found_by_its_moment(sandbox: Sandbox) -> None:
    """The order date stays what it was."""
    sandbox.shop.set_status("1043", 2, at=dt.datetime.fromisoformat("2026-03-20 14:00:05"))

    window = {
        "status_changed_start_date": "2026-03-20 14:00:05",
        "status_changed_end_date": "2026-03-20 14:00:05",
    }
    assert _numbers(sandbox, **window) == ["1043"]
    assert _order(sandbox, "1043")["status"] == 2
    assert _order(sandbox, "1043")["date"] == "2026-03-19"


def test_a_status_that_never_changed_may_be_empty(sandbox: Sandbox) -> None:
    """By default the moment is that of the order."""
    window = {"status_changed_start_date": "2026-03-19 00:00:00"}
    assert _order(sandbox, "1043")["status_changed_date"] == "2026-03-19"
    assert _numbers(sandbox, **window) == ["1043"]

    sandbox.settings.status_changed_empty = True
    assert _order(sandbox, "1043")["status_changed_date"] == ""
    assert _numbers(sandbox, **window) == []


def test_the_live_shape_is_what_the_service_really_answers(sandbox: Sandbox) -> None:
    """One price is an object, several are a list; an empty country is a list."""
    one, two = _order(sandbox, "1057"), _order(sandbox, "1003")

    assert one["number"] == "1057"
    assert one["price"]["tax"] == {"amount": "6.30", "rate": "21"}
    assert one["orderlines"][0]["price"]["amount_including_tax"] == "36.30"
    assert one["shipping"] == [{"country": []}]
    assert [tax["amount"] for tax in two["price"]["tax"]] == ["10.50", "0.90"]
    assert isinstance(_order(sandbox, "1005")["orderlines"][2]["price"], list)
    assert "payment" not in _order(sandbox, "1032")
    assert _order(sandbox, "1021")["credited_order_number"] == "1020"
    assert _order(sandbox, "1020")["credit_order_numbers"] == ["1021"]


def test_amounts_may_be_numbers(sandbox: Sandbox) -> None:
    """What is no amount stays as it is."""
    sandbox.settings.amounts = "numbers"

    order = _order(sandbox, "1001")
    assert order["price"] == {"tax": {"amount": 21.0, "rate": 21.0}, "total": 121.0}
    assert _order(sandbox, "1044")["orderlines"][0]["price"]["amount"] == "abc"


def test_the_document_shape_has_the_documents_types(sandbox: Sandbox) -> None:
    """Numbers are integers, amounts text, regions a bare list."""
    assert list(_get(sandbox, "/tax-policy/regions").json()) == ["regions"]
    sandbox.settings.shape = "document"

    order = _order(sandbox, "1021")
    assert (order["number"], order["credited_order_number"]) == (1021, 1020)
    assert order["price"]["tax"] == [{"amount": "-6.30", "rate": "21"}]
    assert isinstance(_get(sandbox, "/tax-policy/regions").json(), list)


def test_statuses_are_described_in_the_language(sandbox: Sandbox) -> None:
    """The number is the same in each."""
    dutch = _get(sandbox, "/orderstatuses", language="nl_NL").json()
    english = _get(sandbox, "/orderstatuses", language="en_GB").json()

    assert dutch[1] == {"status": 2, "description": "Betaald", "credit_order": False}
    assert english[1] == {"status": 2, "description": "Paid", "credit_order": False}
    assert [row["description"] for row in dutch if row["credit_order"]] == ["Gecrediteerd"]


def test_a_credit_order_is_noted_on_its_original(sandbox: Sandbox) -> None:
    """Also one that comes in later."""
    sandbox.shop.add(sandbox.shop.orders["1021"] | {"number": "1099"})

    assert _order(sandbox, "1020")["credit_order_numbers"] == ["1021", "1099"]


def test_a_wrong_switch_is_refused() -> None:
    """By name and by value, and nothing else changes."""
    settings = Settings()
    with pytest.raises(ValueError, match="archived_default"):
        settings.archived_default = "none"  # type: ignore[assignment]
    with pytest.raises(ValueError, match="no setting"):
        settings.update({"own_lines": False, "nonsense": 1})
    assert settings.own_lines is True
    with pytest.raises(ValueError, match="page_size"):
        Settings(page_size=True)
