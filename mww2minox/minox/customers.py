"""Which customer in Minox an order is booked on: known by e-mail, remembered, else created once.

Source: books/rules.md, rule 9. A remembered customer is read again for reverse-charged orders
alone, since only those ask for something of it: its VAT number.

`POST customer` may make a second customer when it is repeated, so its intent is stored first, and
after any doubt Minox is asked before it is sent again (minox/exactly_once.md, "Customers").
"""

import logging
import re
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from mww2minox.books.model import CustomerByEmail, MinoxCustomer, Reason, Rejection
from mww2minox.books.vat_number import is_same_vat_number
from mww2minox.errors import Refused, Unreachable, UnusableAnswer, VendorError
from mww2minox.minox.api import Minox
from mww2minox.minox.asking import GHOST_SECONDS, LAG_SECONDS, poll
from mww2minox.minox.wire import customer_body
from mww2minox.state import RememberedCustomer, Store

READ_AGAIN_AFTER = timedelta(days=30)
NAME_WORD = re.compile(r"\w{3,}")
COMMON_WORDS = frozenset({"van", "den", "der", "het", "ten", "ter", "von", "the", "and", "vof"})
"""What names of strangers share."""

log = logging.getLogger(__name__)


class Customers:
    """Looks customers up and creates them; a remembered one costs no request.

    For a reverse-charged order it costs one a month, and one after a refusal.
    """

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
        if remembered and remembered.number and not customer.reverse_charged:
            return remembered.number

        self._minox.keep_private(customer.buyer, customer.email)
        try:
            if remembered and remembered.number:
                return self._for_reverse_charge(customer, remembered, remembered.number, order)
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
        """Forget a number that Minox no longer takes, so that it is looked up again.

        That a new customer may be on its way there is not forgotten.
        """
        if self.remembered(customer):
            self._store.settle_customer(self.externalid(customer), None)

    def distrust(self, customer: CustomerByEmail) -> None:
        """Have a customer read again before its next reverse-charged order.

        After a refusal somebody may change it in Minox.
        """
        number = self.remembered(customer)
        if number:
            self._store.settle_customer(self.externalid(customer), number)

    def externalid(self, customer: CustomerByEmail) -> str:
        """Return what Minox knows a customer of ours by: derived from its e-mail.

        Capitals make no other customer (books/rules.md, rule 9).
        """
        # no text: a key in the state, or what a UUID is derived from
        return str(uuid.uuid5(self._namespace, f"customer {customer.email.strip().lower()}"))

    def _for_reverse_charge(
        self, customer: CustomerByEmail, remembered: RememberedCustomer, number: str, order: str
    ) -> str | Rejection:
        """Return the remembered number, with the warning where its VAT number is not the order's.

        The ICP return goes by the VAT number that the customer has in Minox.
        """
        if _was_read_lately(remembered):
            _warn_of_icp(customer, number, remembered.vat_number, order)
            return number

        in_minox = self._read(number)
        # One that is gone or blocked shows when the booking is refused, which looks further.
        if in_minox is None or in_minox.blocked:
            return number
        if not still_fits(customer, in_minox):
            self.forget(customer)
            return self._by_email(customer, order) or self._create(customer, order)

        _warn_of_icp(customer, number, in_minox.vat_number, order)
        return self._settle(customer, number, in_minox.vat_number)

    def _read(self, number: str) -> MinoxCustomer | None:
        try:
            return self._minox.customer(number)
        except Refused:  # a warning less is no reason not to book
            return None

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
        _warn_of_icp(customer, chosen.number, chosen.vat_number, order)
        return self._settle(customer, chosen.number, chosen.vat_number)

    def _settle(self, customer: CustomerByEmail, number: str, vat_number: str) -> str:
        self._store.settle_customer(self.externalid(customer), number, vat_number=vat_number)
        return number

    def _create(self, customer: CustomerByEmail, order: str) -> str | Rejection:
        externalid = self.externalid(customer)
        body = customer_body(customer, externalid)
        self._store.intend_customer(externalid)
        self._posted[externalid] = time.monotonic()

        try:
            number = self._minox.create_customer(body, self._journal)
        except Refused as refused:
            self._store.settle_customer(externalid, None)
            return _refused(refused, order)
        except VendorError as error:
            # What was never carried out leaves nothing to ask for.
            if not error.in_doubt:
                self._store.settle_customer(externalid, None)
                raise
            if not isinstance(error, Unreachable | UnusableAnswer):
                raise
            number = None  # no answer is no refusal: it may have been made

        if number:
            return self._settle(customer, number, customer.buyer.vat_number)
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
        # An older one of ours may have become somebody else's since.
        ours = [candidate for candidate in candidates or () if still_fits(customer, candidate)]
        return self._chosen(ours, customer, order) or self._by_email(customer, order)


def said(refused: Refused) -> str:
    """Return Minox' own words for a refusal."""
    return " ".join(dict.fromkeys(refused.messages)) or f"HTTP {refused.status}"


def still_fits(customer: CustomerByEmail, in_minox: MinoxCustomer) -> bool:
    """Tell whether a number in Minox is still this customer's: by its e-mail, or by its name.

    Where one of the two names has no word to compare ("3M", "Bo Li", none at all), nothing speaks
    against it. Else it was given to somebody else.
    """
    if customer.email.strip().lower() in in_minox.emails:
        return True

    names = _name_words(f"{customer.buyer.name} {customer.buyer.company}")
    names_in_minox = _name_words(in_minox.name)
    if not names or not names_in_minox:
        return True
    return not names.isdisjoint(names_in_minox)


def _name_words(name: str) -> set[str]:
    return set(NAME_WORD.findall(name.casefold())) - COMMON_WORDS


def _was_read_lately(remembered: RememberedCustomer) -> bool:
    if remembered.read_at is None:
        return False

    # A moment that is still to come is of a clock that was wrong.
    return timedelta() <= datetime.now(UTC) - remembered.read_at < READ_AGAIN_AFTER


def _refused(refused: Refused, order: str) -> Rejection:
    return Rejection(
        reason=Reason.REJECTED_BY_MINOX, values={"number": order, "message": said(refused)}
    )


def _unknown(order: str) -> Rejection:
    return Rejection(reason=Reason.OUTCOME_UNKNOWN, values={"number": order})


def _warn_of_icp(customer: CustomerByEmail, number: str, vat_number: str, order: str) -> None:
    """An existing customer is never changed: the user has to put the VAT number there."""
    buyer = customer.buyer
    is_same = is_same_vat_number(buyer.vat_number, vat_number, country=buyer.country_code)
    if customer.reverse_charged and not is_same:
        log.warning(
            "Order %s: customer %s has another VAT number in Minox, or none: the ICP return will"
            " miss this order.",
            order,
            number,
        )
