"""Many ordinary orders, for measuring."""

import datetime as dt
from decimal import Decimal

from mww2minox.sandbox.order_parts import Order, goods, invoice, order, person

FIRST_NUMBER = 20_001
ORDERS_PER_CUSTOMER = 5
DAYS = 30
SECOND_RATE_EVERY = 3
"""One order in so many has goods at the low rate as well."""


def many_orders(count: int, today: dt.date) -> list[Order]:
    """Return `count` right orders from the last 30 days, always the same.

    They are of a fifth as many customers.
    """
    return [_order(index, count, today) for index in range(count)]


def _order(index: int, count: int, today: dt.date) -> Order:
    customers = max(1, count // ORDERS_PER_CUSTOMER)
    customer = index % customers + 1
    buyer = person(f"Klant {customer:04}", f"klant{customer:04}@example.nl")
    date = today - dt.timedelta(days=DAYS - index * DAYS // max(1, count))

    # A whole number of euros without VAT, so that no cent is in doubt.
    high, low = Decimal(10 + index % 90), Decimal(5 + index % 40)

    lines = [goods("21", f"{high * Decimal('1.21'):.2f}")]
    taxes = [("21", f"{high * Decimal('0.21'):.2f}")]
    total = high * Decimal("1.21")
    if index % SECOND_RATE_EVERY == 0:
        lines.append(goods("9", f"{low * Decimal('1.09'):.2f}", "Theedoek"))
        taxes.append(("9", f"{low * Decimal('0.09'):.2f}"))
        total += low * Decimal("1.09")

    return order(str(FIRST_NUMBER + index), date, buyer, lines, invoice(f"{total:.2f}", *taxes))
