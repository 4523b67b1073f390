"""How an order was paid is asked of the shop where that decides its customer: what the shop cannot
tell of one order holds up no other (books/rules.md, rule 9).
"""

from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.order_parts import credit
from tests.harness.inside import Inside
from tests.system.test_adopt import offer_one

OF_ONE = "orders/502/payments"
ODD = '[{"mutations": "x"}]'
FAULTS = [Fault("status", status=500), Fault("html"), Fault("instead", body=ODD)]


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture
def shop(inside: Inside, vendors: Sandbox) -> Inside:
    """A shop whose orders do not tell how they were paid, with three orders."""
    vendors.settings.order_payment = False
    for number in ("501", "502", "503"):
        offer_one(vendors, number)
    return inside


def break_off(vendors: Sandbox, fault: Fault, path: str = OF_ONE) -> None:
    lasting: dict[str, Any] = {"side": "shop", "path": path, "times": None}
    vendors.faults.append(Fault(**{**fault.as_dict(), **lasting}))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_one_order_whose_payments_the_shop_cannot_tell_holds_up_no_other(
    shop: Inside, vendors: Sandbox, fault: Fault
) -> None:
    """It is told each time, with exit 4, and is booked as soon as the shop can tell."""
    break_off(vendors, fault)
    shop("fetch")
    for _run in range(2):
        ended = shop("push")
        assert (ended.status, OF_ONE in ended.err) == (4, True)
        assert sorted(shop.booked()) == ["501", "503"]

    vendors.faults.clear()
    assert shop("push").status == 0
    assert sorted(shop.booked()) == ["501", "502", "503"]


def test_a_shop_that_cannot_tell_of_two_orders_in_a_row_ends_the_run(
    shop: Inside, vendors: Sandbox
) -> None:
    break_off(vendors, FAULTS[0], "payments")
    shop("fetch")
    vendors.requests.clear()
    assert shop("push").status == 4
    assert {seen.path for seen in vendors.requests if seen.path.endswith("/payments")} == {
        "/v1/orders/501/payments",
        "/v1/orders/502/payments",
    }
    assert shop.booked() == []


def test_a_credit_order_of_what_the_shop_cannot_tell_of_waits_for_it(
    shop: Inside, vendors: Sandbox
) -> None:
    """Nothing is taken back that was not sold, nor on a customer of the credit order's own."""
    break_off(vendors, FAULTS[0])
    offer_one(vendors, "504", "-12.10", **credit("502"))
    shop("fetch")
    assert shop("push").status == 4
    assert sorted(shop.booked()) == ["501", "503"]

    vendors.faults.clear()
    assert shop("push").status == 0
    assert sorted(shop.booked()) == ["501", "502", "503", "504"]


def test_an_original_of_which_the_shop_cannot_tell_holds_up_its_credit_order_alone(
    shop: Inside, vendors: Sandbox
) -> None:
    """Booked elsewhere, so that the shop has to tell whose it was."""
    offer_one(vendors, "400", "-12.10", date="2026-03-10", **credit("502"))
    break_off(vendors, FAULTS[2])
    shop("fetch")
    shop("skip", "502")
    assert shop("push").status == 4
    assert sorted(shop.booked()) == ["501", "503"]

    vendors.faults.clear()
    assert shop("push").status == 0
    assert sorted(shop.booked()) == ["400", "501", "503"]
