"""The search in Minox' sales journal for bookings of orders that the state does not hold as booked.

Nothing is written to Minox, nor to the state.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from mww2minox.minox.journal import JournalBooking, find_bookings, lines_since
from mww2minox.state import StoredOrder
from mww2minox.wiring import Wiring

ONE_DAY = timedelta(days=1)
"""Another connector's day may be a time zone behind the shop's."""


def bookings_in_journal(
    wiring: Wiring, orders: Sequence[StoredOrder]
) -> Mapping[str, JournalBooking]:
    """Return the bookings that the sales journal holds for these orders, by order number.

    Without an order that has a date Minox is not asked. Raises VendorError when it cannot be.
    """
    dates = [date.fromisoformat(order.date) for order in orders if order.date]
    if not dates:
        return {}

    first = max(min(dates), date.min + ONE_DAY) - ONE_DAY
    lines = lines_since(wiring.minox, wiring.administration, first, wiring.config.minox.journal)

    # The UUIDs of all orders: a booking of ours for another order stands for none of these.
    ours = {order.number: wiring.booker.batch_id(order.number) for order in wiring.store.orders()}
    totals = {order.number: stored_total(order) for order in orders}
    return find_bookings(lines, totals, ours)


def stored_total(order: StoredOrder) -> Decimal | None:
    """Return an order's total in euros; None where the shop's answer did not tell it."""
    return None if order.total_cents is None else Decimal(order.total_cents) / 100
