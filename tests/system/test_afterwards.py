"""What happens to an order after it was booked is told, whatever it is (books/rules.md, "After the
booking").
"""

import datetime as dt
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox
from tests.harness.clock import Clock
from tests.harness.inside import Inside
from tests.harness.world import an_order

DAY = 86_400
MARCH = dt.date(2026, 3, 14)
NUMBER, CREDIT = "1001", "1002"
PAID, SENT, CANCELLED, CREDITED = 2, 3, 6, 8
CANCELLATION = (
    "its status was Betaald (2) when it was booked, and is now Geannuleerd (6), which is not booked"
)


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, number: str = NUMBER, total: str = "121.00", **fields: Any) -> None:
    order = {"email": "a@example.nl", "date": MARCH, "payment_status": "captured", **fields}
    vendors.shop.add(an_order(int(number), total=total, **order))


def credit(vendors: Sandbox, number: str = CREDIT, total: str = "-121.00", **fields: Any) -> None:
    order = {"status": CREDITED, "credited_order_number": NUMBER, "payment_status": "refunded"}
    offer(vendors, number, total, **{**order, **fields})


def refund(vendors: Sandbox, status: str = "refunded") -> None:
    """As a way of paying does: the order's status changes along, from one that books to another."""
    vendors.shop.set_status(NUMBER, SENT)
    vendors.shop.change(NUMBER, payment_status=status)


def cancel(vendors: Sandbox) -> None:
    vendors.shop.set_status(NUMBER, CANCELLED)


@pytest.fixture
def shop(inside: Inside, vendors: Sandbox, clock: Clock) -> Inside:
    """A shop whose one order, of 121.00, was booked and verified days ago."""
    offer(vendors)
    for command in ("fetch", "push", "verify"):
        assert inside(command).status == 0
    clock.pass_by(7 * DAY)
    assert inside("fetch").status == 0
    return inside


def differences(shop: Inside, number: str = NUMBER) -> list[str]:
    return list(shop.report()[number]["differences"])


def listed(shop: Inside) -> str:
    """Return what needs attention, as the report shows it."""
    _table, _heading, needing = shop("report", "--errors").out.partition("Needs attention")
    return needing


# Its status


def test_a_cancellation_is_told_by_the_next_fetch_with_both_statuses(
    shop: Inside, vendors: Sandbox
) -> None:
    assert differences(shop) == []
    cancel(vendors)
    told = shop("fetch")
    assert told.status == 0
    assert CANCELLATION in " ".join(told.err.split())
    assert differences(shop) == [CANCELLATION]
    assert "Geannuleerd (6)" in listed(shop)

    again = shop("-q", "fetch")
    assert again.err == "", "told once"
    for arguments in (("verify",), ("verify", "--all"), ("verify", "--order", NUMBER)):
        assert shop(*arguments).status == 3, arguments
    assert differences(shop) == [CANCELLATION], "a booking that reads back right ends it not"
    assert shop("verify").status == 3


def test_what_was_cancelled_before_push_knew_is_told_by_the_next_fetch(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    assert inside("fetch").status == 0
    cancel(vendors)
    assert inside("push").status == 0
    assert inside("fetch").status == 0
    assert differences(inside) == [CANCELLATION]


def test_a_status_that_is_put_back_ends_it(shop: Inside, vendors: Sandbox) -> None:
    cancel(vendors)
    shop("fetch")
    vendors.shop.set_status(NUMBER, SENT)
    assert shop("fetch").status == 0
    assert differences(shop) == []
    assert shop("verify").status == 0


def test_a_credit_order_that_is_booked_ends_it(shop: Inside, vendors: Sandbox) -> None:
    cancel(vendors)
    shop("fetch")
    shop("verify")
    credit(vendors)
    assert [shop(command).status for command in ("fetch", "push", "verify")] == [0, 0, 0]
    assert differences(shop) == []
    assert shop.report()[NUMBER]["verified"] == "ok"
    assert "Order 1001" not in listed(shop)


def test_a_cancellation_with_its_credit_order_is_no_news(shop: Inside, vendors: Sandbox) -> None:
    cancel(vendors)
    credit(vendors)
    told = shop("fetch")
    assert "Geannuleerd" not in told.err
    assert differences(shop) == []


@pytest.mark.parametrize(
    "credited",
    [
        {"status": 1},
        {"total": "-21.00"},
        {"total": "121.00"},
        {"credited_order_number": "4711"},
    ],
)
def test_what_is_not_taken_back_as_a_whole_in_the_books_stays_a_difference(
    shop: Inside, vendors: Sandbox, credited: dict[str, Any]
) -> None:
    """A credit order that waits, that is in part, that fails, or that is another order's."""
    cancel(vendors)
    credit(vendors, **credited)
    shop("fetch")
    shop("push")
    assert differences(shop) == [CANCELLATION]


def test_credit_orders_in_parts_end_it_together(shop: Inside, vendors: Sandbox) -> None:
    cancel(vendors)
    for number, total in (("1002", "-100.00"), ("1003", "-21.00")):
        credit(vendors, number, total)
        assert [shop(command).status for command in ("fetch", "push")] == [0, 0]
        assert differences(shop) == ([CANCELLATION] if number == "1002" else [])


def test_seen_takes_it_off_the_list_until_there_is_another(shop: Inside, vendors: Sandbox) -> None:
    cancel(vendors)
    shop("fetch")
    assert shop("seen", NUMBER).status == 0
    for arguments in (("fetch",), ("verify",), ("verify", "--all")):
        assert shop(*arguments).status == 0, arguments
    assert "Order 1001" not in listed(shop)
    vendors.shop.set_status(NUMBER, 7)
    shop("fetch")
    assert "Wacht op betaling (7)" in listed(shop)
    assert shop("verify").status == 3


def test_another_choice_of_statuses_in_the_config_undoes_nothing(
    shop: Inside, vendors: Sandbox
) -> None:
    config = vendors.config()
    config["shop"]["statuses"] = ["Verzonden"]
    shop.write_config({**config, "language": "en", "state": str(shop.state)})
    assert shop("fetch", "--order", NUMBER).status == 0
    assert shop("verify", "--all").status == 0
    assert differences(shop) == []


def test_what_is_put_right_does_not_hide_where_the_order_stands(
    shop: Inside, vendors: Sandbox
) -> None:
    corrected = an_order(int(NUMBER), total="60.50", email="a@example.nl", date=MARCH)
    vendors.shop.change(NUMBER, price=corrected["price"], orderlines=corrected["orderlines"])
    cancel(vendors)
    shop("fetch")
    assert len(differences(shop)) > 1
    (lines,) = vendors.minox.batches.values()
    lines[0]["debit"], lines[1]["credit"], lines[1]["vat"]["amount"] = 60.5, 50.0, 10.5
    assert shop("verify").status == 3
    assert differences(shop) == [CANCELLATION], "the amounts agree again, the status does not"
    assert shop("verify", "--all").status == 3
    assert differences(shop) == [CANCELLATION]


def test_an_order_that_is_cancelled_and_whose_booking_was_taken_out_is_right(
    shop: Inside, vendors: Sandbox
) -> None:
    cancel(vendors)
    shop("fetch")
    vendors.minox.batches.clear()
    assert shop("verify").status == 0
    assert shop("fetch").status == 0
    assert differences(shop) == []


def test_a_cancelled_order_whose_put_arrived_after_all_is_told(
    inside: Inside, vendors: Sandbox, clock: Clock
) -> None:
    offer(vendors)
    inside("fetch")
    vendors.settings.lookup_lag = 20.0
    vendors.faults.append(
        Fault("html", effect=True, side="minox", method="PUT", path="transaction_line_batch")
    )
    vendors.faults.append(Fault("status", side="minox", method="PUT", times=None))
    inside("push")
    vendors.faults.clear()
    cancel(vendors)
    inside("fetch")
    clock.pass_by(3600)
    inside("push")
    assert inside.booked() == [NUMBER]
    assert differences(inside) == [CANCELLATION]


# Its payment


@pytest.mark.parametrize("status", ["refunded", "voided", "failed"])
def test_a_payment_that_was_undone_is_a_difference(
    shop: Inside, vendors: Sandbox, status: str
) -> None:
    refund(vendors, status)
    shop("fetch")
    told = f'its payment was "captured" when it was booked, and is now "{status}"'
    assert differences(shop) == [told]
    assert shop("verify").status == 3
    credit(vendors, total="-21.00")
    assert [shop(command).status for command in ("fetch", "push", "verify")] == [0, 0, 0]
    assert differences(shop) == []


@pytest.mark.parametrize(("before", "after"), [("pending", "captured"), ("refunded", "refunded")])
def test_another_change_of_the_payment_is_none(
    inside: Inside, vendors: Sandbox, before: str, after: str
) -> None:
    offer(vendors, payment_status=before)
    inside("fetch")
    inside("push")
    refund(vendors, after)
    inside("fetch")
    assert differences(inside) == []
    assert inside("verify").status == 0


def test_a_payment_that_is_back_ends_it(shop: Inside, vendors: Sandbox) -> None:
    refund(vendors)
    shop("fetch")
    vendors.shop.change(NUMBER, payment_status="captured")
    assert shop("verify").status == 0
    assert differences(shop) == []


def test_a_credit_order_is_the_paying_back_itself(shop: Inside, vendors: Sandbox) -> None:
    credit(vendors, payment_status="captured")
    for command in ("fetch", "push"):
        shop(command)
    vendors.shop.change(CREDIT, payment_status="refunded")
    assert shop("verify", "--all").status == 0
    assert differences(shop, CREDIT) == []


# What an older version kept


def test_bookings_of_an_older_version_are_judged_with_a_word(
    shop: Inside, vendors: Sandbox
) -> None:
    with closing(sqlite3.connect(shop.state)) as db, db:
        db.execute("UPDATE orders SET payload = json_remove(payload, '$.payment_status')")
    assert shop("verify", "--all").status == 0, "nothing happened to it"
    assert differences(shop) == []
    refund(vendors)
    told = shop("fetch")
    assert 'its payment was "-" when it was booked, and is now "refunded"' in " ".join(
        told.err.split()
    )


def test_an_order_that_failed_stays_as_it_is_where_the_older_version_kept_less(
    inside: Inside, vendors: Sandbox, clock: Clock
) -> None:
    offer(vendors, email="")
    inside("fetch")
    inside("push")
    with closing(sqlite3.connect(inside.state)) as db, db:
        db.execute(
            "UPDATE orders SET payload = json_remove(payload, '$.payment_status', '$.taxed')"
        )
    clock.pass_by(DAY)
    assert "0 new, 0 changed" in inside("fetch").err
    assert inside.report()[NUMBER]["reason"] == "email_missing"


# Gone


def test_a_booked_order_that_is_gone_is_a_difference_and_not_when_it_is_back(
    shop: Inside, vendors: Sandbox
) -> None:
    there = vendors.shop.orders[NUMBER]
    vendors.shop.remove(NUMBER)
    assert shop("fetch", "--order", NUMBER).status == 0
    assert differences(shop) == ["the order is no longer in the shop"]
    assert shop("verify").status == 3
    vendors.shop.add(there)
    assert shop("verify").status == 0
    assert differences(shop) == []
