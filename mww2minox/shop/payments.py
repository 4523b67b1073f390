"""How orders were paid, where they do not tell it themselves: asked of the shop once, and kept.

Source: books/rules.md, rule 9, and shop/api.md, "How it was paid".
"""

from collections.abc import Mapping
from dataclasses import replace

from mww2minox.books.booking import lacks_payment
from mww2minox.books.model import Order, State
from mww2minox.shop.api import Webshop
from mww2minox.state import Store


class Payments:
    """Tells how orders were paid, where that decides their customer."""

    def __init__(self, shop: Webshop, store: Store, debtors: Mapping[str, str]) -> None:
        """`debtors` are the fixed customers of ways of paying; without any nothing is asked."""
        self._shop = shop
        self._store = store
        self._debtors = debtors
        self._answers: dict[str, str] = {}

    def told(self, order: Order) -> Order:
        """Return the order with how it was paid; with an empty text where no payment was received.

        Asks the shop where that is not known, once a run. Raises VendorError.
        """
        if not lacks_payment(order, self._debtors):
            return order
        return replace(order, payment=self._paid_by(order.number))

    def _paid_by(self, number: str) -> str:
        stored = self._store.order(number)
        if stored and stored.paid_by:
            return stored.paid_by

        if number not in self._answers:
            self._answers[number] = self._shop.paid_by(number)
            self._store.keep_paid_by(number, self._answers[number])
        return self._answers[number]

    def new_ways(self) -> dict[str, str]:
        """Return the ways of paying that are about to be booked by e-mail address for the first
        time, each with an order: neither has one a fixed customer, nor was it booked before.
        """
        if not self._debtors:
            return {}

        booked = self._store.ways_of_paying(State.BOOKED)
        known = {way.casefold() for way in (*booked, *self._debtors)}
        to_book = self._store.ways_of_paying(State.READY, State.FAILED)
        return {way: number for way, number in to_book.items() if way.casefold() not in known}
