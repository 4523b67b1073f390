"""Which customer in Minox an order is booked on: known by e-mail, remembered, else created once.

Source: books/rules.md, rule 9. What a customer gives to warn of is told with each order that is
booked on it, and never from memory of an earlier run: somebody may have put it right since. So a
remembered customer is read again where there is something to warn of; and once in a while for
reverse-charged orders, which ask for its VAT number.

`POST customer` may make a second customer when it is repeated, so its intent is stored first, and
after any doubt Minox is asked before it is sent again (minox/exactly_once.md, "Customers").
"""

import hashlib
import re
import threading
import time
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mww2minox.books.email_address import one_form
from mww2minox.books.model import (
    BookingRules,
    BookingWarning,
    CustomerByEmail,
    FoundBy,
    MinoxCustomer,
    Reason,
    Rejection,
    WarningCode,
)
from mww2minox.books.vat_number import is_same_vat_number
from mww2minox.errors import Refused, Unreachable, UnusableAnswer, VendorError
from mww2minox.minox.api import Minox
from mww2minox.minox.asking import GHOST_SECONDS, LAG_SECONDS, poll
from mww2minox.minox.wire import customer_body, refuses_types
from mww2minox.state import RememberedCustomer, Store
from mww2minox.transport.waiting import go_on

READ_AGAIN_AFTER = timedelta(days=30)
NAME_WORD = re.compile(r"\w{3,}")
COMMON_WORDS = frozenset({"van", "den", "der", "het", "ten", "ter", "von", "the", "and", "vof"})
"""What names of strangers share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCustomer:
    """The customer's number in Minox, how it was found, and what somebody should look at of it."""

    number: str
    found_by: FoundBy
    warnings: tuple[BookingWarning, ...] = ()


class Customers:
    """Looks customers up and creates them; a remembered one costs no request.

    Where there is something to warn of it costs one a run, for a reverse-charged order one a month,
    and one after a refusal.
    """

    def __init__(
        self, minox: Minox, store: Store, *, namespace: uuid.UUID, rules: BookingRules
    ) -> None:
        """`namespace` is this shop's and administration's.

        Of `rules` the journal sets the number range, and the rest what new customers get.
        """
        self._minox = minox
        self._store = store
        self._namespace = namespace
        self._rules = rules
        self._with_types = True
        self._started = time.monotonic()
        self._read: set[str] = set()
        self._posted: dict[str, float] = {}
        self._being_found: dict[str, threading.Lock] = {}

    def find(self, customer: CustomerByEmail, order: str) -> FoundCustomer | Rejection:
        """Return the customer, creating it where Minox has none.

        `order` is the order's number, for texts. One worker at a time finds a customer: the next
        one knows what the first has made.
        """
        email = one_form(customer.email)
        with self._being_found.setdefault(email, threading.Lock()):
            return self._find(customer, order)

    def _find(self, customer: CustomerByEmail, order: str) -> FoundCustomer | Rejection:
        remembered = self._store.customer(self.externalid(customer))
        self._minox.keep_private(customer.buyer, customer.email)

        try:
            if remembered and remembered.number:
                return self._remembered(customer, remembered, remembered.number, order)
            if remembered and remembered.posted_at:
                return self._after_doubt(customer, order)
            return self._by_email(customer, order) or self._create(customer, order)
        except Refused as refused:  # of a look-up: an e-mail address that Minox does not take
            return _refused(refused, order)

    def remembered(self, customer: CustomerByEmail) -> str | None:
        """Return the number that is known without asking Minox, or None."""
        return remembered_number(self._store, self._namespace, customer)

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
        self._store.distrust_customer(self.externalid(customer))

    def externalid(self, customer: CustomerByEmail) -> str:
        """Return what Minox knows a customer of ours by: derived from its e-mail.

        Capitals and the way in which a domain is written make no other customer (books/rules.md,
        rule 9). One that an earlier version made by another way to write it keeps that.
        """
        return externalid_of(self._store, self._namespace, customer)

    def _remembered(
        self, customer: CustomerByEmail, remembered: RememberedCustomer, number: str, order: str
    ) -> FoundCustomer | Rejection:
        warnings = self._warnings(customer, order)
        if self._is_up_to_date(customer, remembered, warnings):
            return _remembered_as(number, warnings)

        try:
            return self._read_again(customer, remembered, number, order)
        except Refused:  # to be shown a customer is no condition for booking on it
            return _remembered_as(number, warnings)

    def _is_up_to_date(
        self,
        customer: CustomerByEmail,
        remembered: RememberedCustomer,
        warnings: Sequence[BookingWarning],
    ) -> bool:
        """Tell whether what is remembered will do: a warning has to be of this run."""
        # Of what a version before this one found it is not known whether there is one.
        if remembered.name_marks is None:
            return False
        if warnings and remembered.externalid not in self._read:
            return False

        return not customer.reverse_charged or _was_read_lately(remembered)

    def _read_again(
        self, customer: CustomerByEmail, remembered: RememberedCustomer, number: str, order: str
    ) -> FoundCustomer | Rejection:
        candidates: Sequence[MinoxCustomer] = ()
        if remembered.others or remembered.name_marks is None:
            candidates = self._minox.customers_by_email(customer.email)

        # Of several with one e-mail address somebody may have left another one.
        is_there = any(each.number == number and not each.blocked for each in candidates)
        if is_there or (remembered.others and candidates):
            return self._chosen(candidates, customer, order, remembered=number)

        in_minox = self._minox.customer(number)
        # One that is gone or blocked shows when the booking is refused, which looks further.
        if in_minox is None or in_minox.blocked:
            return _remembered_as(number)
        if not still_fits(customer, in_minox):
            self.forget(customer)
            return self._by_email(customer, order) or self._create(customer, order)

        return self._settle(customer, in_minox, order, found_by=FoundBy.REMEMBERED)

    def _by_email(self, customer: CustomerByEmail, order: str) -> FoundCustomer | Rejection | None:
        candidates = self._minox.customers_by_email(customer.email)
        return self._chosen(candidates, customer, order) if candidates else None

    def _chosen(
        self,
        candidates: Sequence[MinoxCustomer],
        customer: CustomerByEmail,
        order: str,
        *,
        remembered: str = "",
        found_by: FoundBy = FoundBy.LOOKED_UP,
    ) -> FoundCustomer | Rejection:
        """Take the remembered number, else the lowest, that is not blocked; of one at least.

        Where there are several there is a warning. `found_by` is how they were found.
        """
        usable = [candidate for candidate in candidates if not candidate.blocked]
        if not usable:
            values = {"number": order, "customer": candidates[0].number}
            return Rejection(reason=Reason.CUSTOMER_BLOCKED, values=values)

        chosen = next((each for each in usable if each.number == remembered), usable[0])
        others = [other.number for other in candidates if other.number != chosen.number]
        if chosen.number == remembered:
            found_by = FoundBy.REMEMBERED
        return self._settle(customer, chosen, order, found_by=found_by, others=others)

    def _settle(
        self,
        customer: CustomerByEmail,
        in_minox: MinoxCustomer,
        order: str,
        *,
        found_by: FoundBy,
        others: Sequence[str] = (),
    ) -> FoundCustomer:
        """Remember a customer as Minox has it, and return it with what there is to warn of."""
        externalid = self.externalid(customer)
        self._store.settle_customer(
            externalid,
            in_minox.number,
            vat_number=in_minox.vat_number,
            others=others,
            name_marks=_marks(_name_words(in_minox.names), externalid),
        )
        self._read.add(externalid)

        warnings = self._warnings(customer, order)
        return FoundCustomer(number=in_minox.number, found_by=found_by, warnings=warnings)

    def _warnings(self, customer: CustomerByEmail, order: str) -> tuple[BookingWarning, ...]:
        """Return what there is to warn of by what is remembered of a customer.

        An existing customer is never changed: a person has to put it right in Minox.
        """
        externalid = self.externalid(customer)
        remembered = self._store.customer(externalid)
        if remembered is None or remembered.number is None:
            return ()

        values = {"number": order, "customer": remembered.number}
        warnings: list[BookingWarning] = []
        if remembered.others:
            values_of_several = {**values, "others": ", ".join(remembered.others)}
            warnings.append(
                BookingWarning(code=WarningCode.CUSTOMER_AMBIGUOUS, values=values_of_several)
            )

        marks = _marks(_name_words(_names(customer)), externalid)
        if marks and remembered.name_marks and set(marks).isdisjoint(remembered.name_marks):
            warnings.append(BookingWarning(code=WarningCode.CUSTOMER_OTHER_NAME, values=values))
        if customer.reverse_charged and _icp_misses(customer, remembered):
            warnings.append(BookingWarning(code=WarningCode.ICP_NUMBER_MISSING, values=values))
        return tuple(warnings)

    def _create(self, customer: CustomerByEmail, order: str) -> FoundCustomer | Rejection:
        externalid = self.externalid(customer)

        try:
            number = self._post(customer, externalid)
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
            made = _as_made(customer, number)
            return self._settle(customer, made, order, found_by=FoundBy.CREATED)
        return self._made(customer, order, seconds=LAG_SECONDS) or _unknown(order)

    def _post(self, customer: CustomerByEmail, externalid: str) -> str | None:
        """Make a customer; once more without types where Minox refuses these.

        A refusal is no doubt: nothing was made. What it refuses once it is not sent again.
        """
        try:
            return self._post_once(customer, externalid)
        except Refused as refused:
            if refused.in_doubt or not self._with_types or not refuses_types(refused):
                raise

        self._with_types = False
        return self._post_once(customer, externalid)

    def _post_once(self, customer: CustomerByEmail, externalid: str) -> str | None:
        body = customer_body(customer, externalid, self._rules, with_types=self._with_types)
        go_on()
        self._store.intend_customer(externalid)
        self._posted[externalid] = time.monotonic()

        return self._minox.create_customer(body, self._rules.journal)

    def _after_doubt(self, customer: CustomerByEmail, order: str) -> FoundCustomer | Rejection:
        """Ask for the customer that may have been made; only when it can come no more, make it."""
        # An earlier run's POST is at least as old as this run. Its own moment is by a clock that
        # may have been set in between.
        posted = self._posted.get(self.externalid(customer), self._started)
        seconds = posted + GHOST_SECONDS + LAG_SECONDS - time.monotonic()
        return self._made(customer, order, seconds=seconds) or self._create(customer, order)

    def _made(
        self, customer: CustomerByEmail, order: str, *, seconds: float
    ) -> FoundCustomer | Rejection | None:
        """Look so long for the customer that a POST may have made, then once by e-mail."""
        externalid = self.externalid(customer)
        candidates = poll(lambda: self._minox.customers_by_externalid(externalid), seconds=seconds)
        # An older one of ours may have become somebody else's since.
        ours = [candidate for candidate in candidates or () if still_fits(customer, candidate)]
        if ours:
            return self._chosen(ours, customer, order, found_by=FoundBy.CREATED)
        return self._by_email(customer, order)


def _remembered_as(number: str, warnings: tuple[BookingWarning, ...] = ()) -> FoundCustomer:
    return FoundCustomer(number=number, found_by=FoundBy.REMEMBERED, warnings=warnings)


def externalid_of(store: Store, namespace: uuid.UUID, customer: CustomerByEmail) -> str:
    """Return what Minox knows a customer of ours by (see `Customers.externalid`)."""
    externalid = _derived(namespace, one_form(customer.email))
    if not customer.former_email or store.customer(externalid):
        return externalid

    former = _derived(namespace, customer.former_email)
    return former if store.customer(former) else externalid


def _derived(namespace: uuid.UUID, email: str) -> str:
    # no text: a key in the state, or what a UUID is derived from
    return str(uuid.uuid5(namespace, f"customer {email}"))


def remembered_number(store: Store, namespace: uuid.UUID, customer: CustomerByEmail) -> str | None:
    """Return a customer's number that is known without asking Minox, or None."""
    remembered = store.customer(externalid_of(store, namespace, customer))
    return remembered.number if remembered else None


def said(refused: Refused) -> str:
    """Return Minox' own words for a refusal."""
    return " ".join(dict.fromkeys(refused.messages)) or f"HTTP {refused.status}"


def still_fits(customer: CustomerByEmail, in_minox: MinoxCustomer) -> bool:
    """Tell whether a number in Minox is still this customer's: by its e-mail, or by its name.

    Where one of the two names has no word to compare ("3M", "Bo Li", none at all), nothing speaks
    against it. Else it was given to somebody else.
    """
    if one_form(customer.email) in in_minox.emails:
        return True

    names = _name_words(_names(customer))
    names_in_minox = _name_words(in_minox.names)
    if not names or not names_in_minox:
        return True
    return not names.isdisjoint(names_in_minox)


def _names(customer: CustomerByEmail) -> str:
    return f"{customer.buyer.name} {customer.buyer.company}"


def _name_words(names: str) -> set[str]:
    """Return the words that tell people apart, whatever their capitals and accents."""
    letters = unicodedata.normalize("NFKD", names.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))

    return set(NAME_WORD.findall(plain)) - COMMON_WORDS


def _marks(words: set[str], externalid: str) -> list[str]:
    """Return a mark for each word that tells it from others of this customer: no name is kept."""
    return sorted(hashlib.sha256(f"{externalid} {word}".encode()).hexdigest()[:8] for word in words)


def _as_made(customer: CustomerByEmail, number: str) -> MinoxCustomer:
    """Return a customer as it was just made."""
    return MinoxCustomer(
        number=number,
        blocked=False,
        emails=(one_form(customer.email),),
        vat_number=customer.buyer.vat_number,
        names=_names(customer),
    )


def _was_read_lately(remembered: RememberedCustomer) -> bool:
    if remembered.read_at is None:
        return False

    # A moment that is still to come is of a clock that was wrong.
    return timedelta() <= datetime.now(UTC) - remembered.read_at < READ_AGAIN_AFTER


def _refused(refused: Refused, order: str) -> Rejection:
    values = {"number": order, "message": said(refused), "refused": "customer"}
    return Rejection(reason=Reason.REJECTED_BY_MINOX, values=values)


def _unknown(order: str) -> Rejection:
    return Rejection(reason=Reason.OUTCOME_UNKNOWN, values={"number": order})


def _icp_misses(customer: CustomerByEmail, remembered: RememberedCustomer) -> bool:
    """Tell whether the ICP return, which goes by the VAT number in Minox, will miss the order."""
    buyer = customer.buyer
    given = buyer.vat_number
    return not is_same_vat_number(given, remembered.vat_number, country=buyer.country_code)
