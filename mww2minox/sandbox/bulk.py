"""Many ordinary orders, for measuring."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from mww2minox.sandbox.order_parts import goods, invoice, order, person

if TYPE_CHECKING:
    from mww2minox.sandbox.order_parts import Order

FIRST_NUMBER = 20_001
ORDERS_PER_CUSTOMER = 5
DAYS = 30


def many_orders(count: int, today: dt.date) -> list[Order]:
    """Make `count` right orders, always the same, of a fifth as many customers, from the last 30
    days.
    """
    return [_order(index, count, today) for index in range(count)]


def _order(index: int, count: int, today: dt.date) -> Order:
    customers = max(1, count // ORDERS_PER_CUSTOMER)
    customer = index % customers + 1
    date = today - dt.timedelta(days=DAYS - index * DAYS // max(1, count))
    # A whole number of euros without VAT, so that no cent is in doubt.
    high, low = Decimal(10 + index % 90), Decimal(5 + index % 40)
    lines = [goods("21", f"{high * Decimal('1.21'):.2f}")]
    taxes = [("21", f"{high * Decimal('0.21'):.2f}")]
    total = high * Decimal("1.21")
    if index % 3 == 0:
        lines.append(goods("9", f"{low * Decimal('1.09'):.2f}", "Theedoek"))
        taxes.append(("9", f"{low * Decimal('0.09'):.2f}"))
        total += low * Decimal("1.09")
    debtor = person(f"Klant {customer:04}", f"klant{customer:04}@example.nl")
    return order(str(FIRST_NUMBER + index), date, debtor, lines, invoice(f"{total:.2f}", *taxes))
