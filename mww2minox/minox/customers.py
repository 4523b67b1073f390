"""Which customer in Minox an order is booked on: known by e-mail, remembered, else created once.

Source: books/rules.md, rule 9. `POST customer` may make a second customer when it is repeated, so
its intent is stored first, and after any doubt Minox is asked before it is sent again
(minox/exactly_once.md, "Customers").
"""

import logging
import time
import uuid
from collections.abc import Sequence

from mww2minox.books.model import CustomerByEmail, MinoxCustomer, Reason, Rejection
from mww2minox.errors import Refused, Unreachable, UnusableAnswer
from mww2minox.minox.api import Minox
from mww2minox.minox.asking import GHOST_SECONDS, LAG_SECONDS, poll
from mww2minox.minox.wire import compact_vat_number, customer_body
from mww2minox.state import Store

log = logging.getLogger(__name__)


class Customers:
    """Looks customers up and creates them; a remembered one costs no request."""

    def __init__(self, minox: Minox, store: Store, *, namespace: uuid.UUID, journal: str) -> None:
        """`namespace` is this shop's and administration's; `journal` sets the number range."""
        self._minox = minox
        self._store = store
        self._namespace = namespace
        self._journal = journal
        self._started = time.monotonic()
        self._posted: dict[str, float] = {}

    def number(self, customer: CustomerByEmail, order: str) -> str | Rejection:
        """Return the customer's number, creating the customer where Minox has none.

        `order` is the order's number, for texts.
        """
        remembered = self._store.customer(self.externalid(customer))
        if remembered and remembered.number:
            return remembered.number

        self._minox.keep_private(customer.buyer, customer.email)
        try:
            if remembered and remembered.posted_at:
                return self._after_doubt(customer, order)
            return self._by_email(customer, order) or self._create(customer, order)
        except Refused as refused:  # of a look-up: an e-mail address that Minox does not take
            return _refused(refused, order)

    def remembered(self, customer: CustomerByEmail) -> str | None:
        """Return the number that is known without asking Minox, or None."""
        remembered = self._store.customer(self.externalid(customer))
        return remembered.number if remembered else None

    def forget(self, customer: CustomerByEmail) -> None:
        """Forget a number that Minox no longer takes, so that it is looked up again."""
        self._store.settle_customer(self.externalid(customer), None)

    def externalid(self, customer: CustomerByEmail) -> str:
        """Return what Minox knows a customer of ours by: derived from its e-mail.

        Capitals make no other customer (books/rules.md, rule 9).
        """
        return str(uuid.uuid5(self._namespace, f"customer {customer.email.strip().lower()}"))

    def _by_email(self, customer: CustomerByEmail, order: str) -> str | Rejection | None:
        candidates = self._minox.customers_by_email(customer.email.strip())
        return self._chosen(candidates, customer, order)

    def _chosen(
        self, candidates: Sequence[MinoxCustomer], customer: CustomerByEmail, order: str
    ) -> str | Rejection | None:
        """Take the lowest number that is not blocked, with a warning where there are several."""
        if not candidates:
            return None

        usable = [candidate for candidate in candidates if not candidate.blocked]
        if not usable:
            values = {"number": order, "customer": candidates[0].number}
            return Rejection(reason=Reason.CUSTOMER_BLOCKED, values=values)

        chosen = usable[0]
        if len(candidates) > 1:
            log.warning(
                "Order %s: Minox has customers %s with one e-mail; booked on %s.",
                order,
                ", ".join(candidate.number for candidate in candidates),
                chosen.number,
            )
        _warn_of_icp(customer, chosen, order)
        return self._settle(customer, chosen.number)

    def _settle(self, customer: CustomerByEmail, number: str) -> str:
        self._store.settle_customer(self.externalid(customer), number)
        return number

    def _create(self, customer: CustomerByEmail, order: str) -> str | Rejection:
        externalid = self.externalid(customer)
        body = customer_body(customer, externalid)
        self._store.intend_customer(externalid)
        self._posted[externalid] = time.monotonic()

        try:
            number = self._minox.create_customer(body, self._journal)
        except Refused as refused:
            self.forget(customer)
            return _refused(refused, order)
        except (Unreachable, UnusableAnswer):
            number = None  # no answer is no refusal: it may have been made

        if number:
            return self._settle(customer, number)
        return self._made(customer, order, seconds=LAG_SECONDS) or _unknown(order)

    def _after_doubt(self, customer: CustomerByEmail, order: str) -> str | Rejection:
        """Ask for the customer that may have been made; only when it can come no more, make it."""
        # An earlier run's POST is at least as old as this run. Its own moment is by a clock that
        # may have been set in between.
        posted = self._posted.get(self.externalid(customer), self._started)
        seconds = posted + GHOST_SECONDS + LAG_SECONDS - time.monotonic()
        return self._made(customer, order, seconds=seconds) or self._create(customer, order)

    def _made(
        self, customer: CustomerByEmail, order: str, *, seconds: float
    ) -> str | Rejection | None:
        """Look so long for the customer that a POST may have made, then once by e-mail."""
        externalid = self.externalid(customer)
        candidates = poll(lambda: self._minox.customers_by_externalid(externalid), seconds=seconds)
        return self._chosen(candidates or (), customer, order) or self._by_email(customer, order)


def said(refused: Refused) -> str:
    """Return Minox' own words for a refusal."""
    return " ".join(dict.fromkeys(refused.messages)) or f"HTTP {refused.status}"


def _refused(refused: Refused, order: str) -> Rejection:
    return Rejection(
        reason=Reason.REJECTED_BY_MINOX, values={"number": order, "message": said(refused)}
    )


def _unknown(order: str) -> Rejection:
    return Rejection(reason=Reason.OUTCOME_UNKNOWN, values={"number": order})


def _warn_of_icp(customer: CustomerByEmail, chosen: MinoxCustomer, order: str) -> None:
    """An existing customer is never changed: the user has to put the VAT number there."""
    vat_number = compact_vat_number(customer.buyer.vat_number)
    if customer.reverse_charged and chosen.vat_number != vat_number:
        log.warning(
            "Order %s: customer %s has another VAT number in Minox, or none: the ICP return will"
            " miss this order.",
            order,
            chosen.number,
        )
