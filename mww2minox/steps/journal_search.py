"""The search in Minox' books for bookings of orders that the state does not hold as booked.

Nothing is written to Minox, nor to the state.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal

from mww2minox.books.email_address import UNKNOWN, address_of
from mww2minox.books.model import InvoiceNumber, State
from mww2minox.errors import Refused
from mww2minox.minox.journal import (
    NEAR,
    Found,
    Search,
    SoughtOrder,
    find_bookings,
    lines_of_days,
    own_booking,
)
from mww2minox.shop.orders import ReceivedOrder, read_stored_order
from mww2minox.state import StoredOrder
from mww2minox.steps.workers import work_through
from mww2minox.wiring import Wiring


def bookings_in_books(
    wiring: Wiring,
    orders: Sequence[StoredOrder],
    *,
    last: date | None = None,
    by_word: bool = False,
    by_uuid: bool = False,
) -> Mapping[str, Found]:
    """Return what the books hold for these orders as they are given, by order number.

    The periods are read from some days before the first order to the one that holds `last`; without
    it, to the end of the last fiscal year. Without an order that has a date Minox is not asked.
    `by_word`: a person asks, who may take back having said that a booking is not an order's.
    `by_uuid`: for each order that these periods do not show, Minox is asked for a booking of ours
    in any other. Raises VendorError when Minox cannot be asked.
    """
    dates = [date.fromisoformat(order.date) for order in orders if order.date]
    if not dates:
        return {}

    first = max(min(dates), date.min + NEAR) - NEAR
    lines = lines_of_days(wiring.minox, wiring.administration, first, last)

    search = search_for(wiring, orders)
    found = find_bookings(lines, [order.number for order in orders], search)
    if by_word:
        missing = [order.number for order in orders if order.number not in found]
        found |= find_bookings(lines, missing, replace(search, disowned=frozenset()))
    if by_uuid:
        missing = [order.number for order in orders if order.number not in found]
        found |= _ours_elsewhere(wiring, missing)
    return found


def _ours_elsewhere(wiring: Wiring, numbers: Sequence[str]) -> dict[str, Found]:
    """Ask for our own bookings of these orders one by one, whatever their dates are now."""
    elsewhere: dict[str, Found] = {}
    booker = wiring.booker

    def ask(number: str) -> None:
        batch_id = booker.batch_id(number)
        # Stored with what becomes of the order.
        with wiring.exchanges.noted(number):
            lines = wiring.minox.booking(batch_id)
        if lines:
            elsewhere[number] = Found(booking=own_booking(batch_id, lines, number))

    with closing(work_through(numbers, ask, transport=wiring.minox_transport)) as answers:
        for failure in filter(None, answers):
            raise failure
    return elsewhere


def search_for(wiring: Wiring, sought: Iterable[StoredOrder]) -> Search:
    """Gather what is known beside the books: other orders, and whose the bookings are already."""
    # Those that are sought may be as the shop has them now, and not as they were booked.
    given = {order.number: order for order in sought}
    facts = _Facts(wiring, given)

    # All orders: a booking of ours for another order stands for none of those that are sought.
    totals = {number: _euros(cents) for number, cents in wiring.store.totals().items()}
    totals |= {number: stored_total(order) for number, order in given.items()}

    return Search(
        journal=wiring.config.minox.journal,
        orders={number: _sought(wiring, number, total) for number, total in totals.items()},
        dates_of=facts.dates_of,
        has_customer=facts.has_customer,
        taken=wiring.store.orders_of_bookings(),
        disowned=wiring.store.disowned(),
        by_invoice_number=wiring.config.booking.invoice_number is InvoiceNumber.ORDER,
    )


def _sought(wiring: Wiring, number: str, total: Decimal | None) -> SoughtOrder:
    return SoughtOrder(number=number, total=total, batch_id=wiring.booker.batch_id(number))


class _Facts:
    """What is looked up only for an order that a booking names: reading an order takes time, and
    finding its customer may take a request.
    """

    def __init__(self, wiring: Wiring, given: Mapping[str, StoredOrder]) -> None:
        self._wiring = wiring
        self._orders: dict[str, StoredOrder | None] = dict(given)
        self._customers: dict[str, frozenset[str]] = {}

    def _order(self, number: str) -> StoredOrder | None:
        if number not in self._orders:
            self._orders[number] = self._wiring.store.order(number)
        return self._orders[number]

    def dates_of(self, number: str) -> Iterable[date]:
        """Yield the dates of an order and of its status change, as far as they are known."""
        stored = self._order(number)
        if stored and stored.date:
            yield date.fromisoformat(stored.date)
        if stored and stored.order and stored.order.status_changed:
            yield stored.order.status_changed

    def has_customer(self, number: str, customer: str) -> bool:
        """Tell whether an order's e-mail finds this customer in Minox."""
        stored = self._order(number)
        order = stored.order if stored else None
        email = address_of(order.email) if order else ""
        if order is None or email in ("", UNKNOWN) or not customer:
            return False

        if email not in self._customers:
            self._wiring.minox.keep_private(order.buyer, email)
            self._customers[email] = self._found_by(email)
        return customer in self._customers[email]

    def _found_by(self, email: str) -> frozenset[str]:
        try:
            customers = self._wiring.minox.customers_by_email(email)
        except Refused:  # an e-mail address that Minox does not take
            return frozenset()
        return frozenset(customer.number for customer in customers)


def stored_total(order: StoredOrder) -> Decimal | None:
    """Return an order's total in euros; None where the shop's answer did not tell it."""
    return _euros(order.total_cents)


def _euros(cents: int | None) -> Decimal | None:
    return None if cents is None else Decimal(cents) / 100


def stored_order(order: ReceivedOrder) -> StoredOrder:
    """Return an order as the shop has it now, in the shape of one that the state keeps."""
    return StoredOrder(
        number=order.number,
        date=order.date,
        status=order.status,
        state=State.BOOKED,
        rejection=None,
        total_cents=int(order.order.total * 100) if order.order else None,
        payload=order.payload,
        read=read_stored_order,
    )
