"""Which customer in Minox an order is booked on: by e-mail, remembered, else created once
(books/rules.md, rule 9).

`POST customer` may make a second customer when it is repeated, so its intent is stored first, and
after any doubt Minox is asked before it is sent again (minox/exactly_once.md, "Customers").
"""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from typing import TypeVar

from mww2minox.books.model import CustomerByEmail, MinoxCustomer, Reason, Rejection
from mww2minox.errors import Refused, Unreachable, UnusableAnswer
from mww2minox.minox.api import Minox
from mww2minox.minox.wire import compact, customer_body
from mww2minox.state import Store

LAG_SECONDS = 4
"""Look-ups may lag behind a write for so long."""
PAUSES_GROW_BY = 5
"""The first pause between looks is `LAG_SECONDS`: a long wait takes few requests."""
GHOST_SECONDS = 20
"""A POST whose answer was lost may still be carried out for so long; it is not sent again
before.
"""

log = logging.getLogger(__name__)


Found = TypeVar("Found")


def poll(look: Callable[[], Found | None], *, seconds: float = LAG_SECONDS) -> Found | None:
    """Look until something is found, for so many seconds; None when nothing was."""
    deadline = time.monotonic() + seconds
    pause: float = LAG_SECONDS
    while True:
        found = look()
        if found:
            return found
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))
        pause *= PAUSES_GROW_BY


class Customers:
    """Finds and creates customers; remembers their numbers, so that a known one costs no
    request.
    """

    def __init__(self, minox: Minox, store: Store, *, namespace: uuid.UUID, journal: str) -> None:
        """`namespace` makes externalids of this shop and administration; `journal` sets the number
        range.
        """
        self._minox = minox
        self._store = store
        self._namespace = namespace
        self._journal = journal
        self._started = time.monotonic()
        self._posted: dict[str, float] = {}

    def number(self, debtor: CustomerByEmail, order: str) -> str | Rejection:
        """Return the customer's number, creating the customer where Minox has none; `order` goes
        into texts.
        """
        known = self._store.customer(self.externalid(debtor))
        if known and known.number:
            return known.number
        self._minox.keep_private(debtor.buyer, debtor.email)
        try:
            if known and known.posted_at:
                return self._after_doubt(debtor, order)
            return self._known_to_minox(debtor, order) or self._create(debtor, order)
        except Refused as refused:  # of a look-up: an e-mail address that Minox does not take
            return _refused(refused, order)

    def remembered(self, debtor: CustomerByEmail) -> str | None:
        """Return the number that is known without asking Minox, or None."""
        known = self._store.customer(self.externalid(debtor))
        return known.number if known else None

    def forget(self, debtor: CustomerByEmail) -> None:
        """Forget a number that Minox no longer takes, so that it is looked up again."""
        self._store.settle_customer(self.externalid(debtor), None)

    def externalid(self, debtor: CustomerByEmail) -> str:
        """Return what Minox knows a customer of ours by: derived from its e-mail, whatever its
        capitals (books/rules.md, rule 9).
        """
        return str(uuid.uuid5(self._namespace, f"customer {debtor.email.strip().lower()}"))

    def _known_to_minox(self, debtor: CustomerByEmail, order: str) -> str | Rejection | None:
        return self._chosen(self._minox.customers_by_email(debtor.email.strip()), debtor, order)

    def _chosen(
        self, found: Sequence[MinoxCustomer], debtor: CustomerByEmail, order: str
    ) -> str | Rejection | None:
        """Take the lowest number that is not blocked, with a warning where there are several."""
        if not found:
            return None
        usable = [customer for customer in found if not customer.blocked]
        if not usable:
            values = {"number": order, "customer": found[0].number}
            return Rejection(reason=Reason.CUSTOMER_BLOCKED, values=values)
        if len(found) > 1:
            numbers = ", ".join(customer.number for customer in found)
            log.warning(
                "Order %s: Minox has customers %s with one e-mail; booked on %s.",
                order,
                numbers,
                usable[0].number,
            )
        _warn_of_icp(debtor, usable[0], order)
        return self._settle(debtor, usable[0].number)

    def _settle(self, debtor: CustomerByEmail, number: str) -> str:
        self._store.settle_customer(self.externalid(debtor), number)
        return number

    def _create(self, debtor: CustomerByEmail, order: str) -> str | Rejection:
        externalid = self.externalid(debtor)
        self._store.intend_customer(externalid)
        self._posted[externalid] = time.monotonic()
        try:
            number = self._minox.create_customer(customer_body(debtor, externalid), self._journal)
        except Refused as refused:
            self.forget(debtor)
            return _refused(refused, order)
        except (Unreachable, UnusableAnswer):
            number = None
        if number:
            return self._settle(debtor, number)
        return self._made(debtor, order, seconds=LAG_SECONDS) or _unknown(order)

    def _after_doubt(self, debtor: CustomerByEmail, order: str) -> str | Rejection:
        """Ask for the customer that may have been made; only when it cannot come any more, make it.

        An earlier run's POST is at least as old as this run: the clock may have been set in
        between.
        """
        posted = self._posted.get(self.externalid(debtor), self._started)
        seconds = posted + GHOST_SECONDS + LAG_SECONDS - time.monotonic()
        return self._made(debtor, order, seconds=seconds) or self._create(debtor, order)

    def _made(
        self, debtor: CustomerByEmail, order: str, *, seconds: float
    ) -> str | Rejection | None:
        """Look so long for the customer that a POST may have made, by externalid, then once by
        e-mail.
        """
        externalid = self.externalid(debtor)
        made = poll(lambda: self._minox.customers_by_externalid(externalid), seconds=seconds)
        return self._chosen(made or (), debtor, order) or self._known_to_minox(debtor, order)


def said(refused: Refused) -> str:
    """Return Minox' own words for a refusal."""
    return " ".join(dict.fromkeys(refused.messages)) or f"HTTP {refused.status}"


def _refused(refused: Refused, order: str) -> Rejection:
    return Rejection(
        reason=Reason.REJECTED_BY_MINOX, values={"number": order, "message": said(refused)}
    )


def _unknown(order: str) -> Rejection:
    return Rejection(reason=Reason.OUTCOME_UNKNOWN, values={"number": order})


def _warn_of_icp(debtor: CustomerByEmail, found: MinoxCustomer, order: str) -> None:
    """An existing customer is never changed, so the user has to put the VAT number there."""
    if debtor.reverse_charged and found.vat_number != compact(debtor.buyer.vat_number):
        log.warning(
            "Order %s: customer %s has another VAT number in Minox, or none: the ICP return will"
            " miss this order.",
            order,
            found.number,
        )
