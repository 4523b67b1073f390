"""The public client for Python reads the sandbox' shop: its live shapes are those that the client
met.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from myonlinestore import AuthenticationError, ConnectClient, NotFoundError
from myonlinestore.pagination import iterate_all

from mww2minox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = dt.date(2026, 3, 20)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Start a shop in live shapes, amounts as strings: the client's models take no numbers."""
    with Sandbox(today=TODAY) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[ConnectClient]:
    """Give the public client the sandbox' keys."""
    with ConnectClient(
        "sandbox-shop-token", partner_token="sandbox-partner-token", base_url=sandbox.shop_url
    ) as made:
        yield made


@pytest.mark.parametrize("empty", [True, False])
def test_it_reads_every_order(sandbox: Sandbox, client: ConnectClient, *, empty: bool) -> None:
    """Page by page, malformed ones too: what is wrong with them is not their shape."""
    sandbox.settings.status_changed_empty = empty
    orders = list(iterate_all(client.orders.list, page_size=20, archived=False))
    orders += iterate_all(client.orders.list, page_size=20, archived=True)

    wanted = {number for number, order in sandbox.shop.orders.items() if not order.get("test")}
    assert {order.number for order in orders} == wanted
    assert len(orders) == client.orders.count(archived=False) + client.orders.count(archived=True)


def test_it_reads_one_order(client: ConnectClient) -> None:
    """With its amounts, its rates and its customer."""
    order = client.orders.get(order_number=1027).model_dump()

    assert (order["number"], order["price"]["total"]) == ("1027", "47.45")
    assert [(tax["rate"], tax["amount"]) for tax in order["price"]["tax"]] == [
        ("9.0", "0.83"),
        ("21.0", "6.50"),
    ]
    assert order["debtor"]["address"]["invoice"]["company"] == "Voorbeeldig BV"
    prices = order["orderlines"][4]["price"]
    assert [price["amount_including_tax"] for price in prices] == ["0.21", "0.79"]


def test_it_reads_credit_orders(client: ConnectClient) -> None:
    """Both ends of the reference."""
    assert client.orders.get(order_number=1021).credited_order_number == 1020
    assert client.orders.get(order_number=1020).credit_order_numbers == ["1021"]


def test_it_reads_statuses(client: ConnectClient) -> None:
    """With the partner token."""
    statuses = {status.description: status for status in client.order_statuses.list().items}
    assert statuses["Betaald"].status == 2
    assert statuses["Gecrediteerd"].credit_order is True


def test_it_tells_errors_apart(sandbox: Sandbox, client: ConnectClient) -> None:
    """A wrong token, an unknown order."""
    with pytest.raises(NotFoundError):
        client.orders.get(order_number=99999)
    with (
        ConnectClient(store_token="wrong", base_url=sandbox.shop_url) as stranger,
        pytest.raises(AuthenticationError),
    ):
        stranger.orders.list()
