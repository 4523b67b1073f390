"""What there is to tell of an order: as it was decided then, and what the rules say of it now.

All of it comes from the state and the config: no vendor is asked.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mww2minox.books.decision import decide, objections
from mww2minox.books.kept_decision import (
    Kept,
    KeptAmount,
    KeptDecision,
    amounts_of,
    kept_of,
    mapping_of,
    read_kept,
)
from mww2minox.books.model import (
    Administration,
    Booking,
    BookingRules,
    CustomerByEmail,
    Facts,
    FiscalYear,
    FixedCustomer,
    FoundBy,
    Order,
    Rejection,
    State,
    TransactionLine,
)
from mww2minox.minox.customers import remembered_number
from mww2minox.minox.kept_lists import kept_administration, kept_names
from mww2minox.minox.known_original import known_original
from mww2minox.minox.wire import sent_lines
from mww2minox.state import Exchange, Store, StoredBooking, StoredOrder, StoredViesAnswer
from mww2minox.steps.named_orders import known_order
from mww2minox.wiring import SHOP_IDENTITY, Wiring

NOBODY = "nobody@example.invalid"
"""Stands in the place of an e-mail address that was emptied: it found its customer long ago."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """An order and all that is known of how it came to where it is.

    `booking` is what was sent or adopted, with `kept` of its decision. `now` is how the rules and
    the config of now would book the order, `amounts_now` what they make of its lines, and
    `objections` what they say against it. `mapping` is the config's of now. `is_dated` tells
    whether the fiscal years of the administration are known, and `remembered` is the number of the
    customer that it would be booked on. `vies` is what VIES
    answered about its VAT number. `zone` is where moments are shown.
    """

    order: StoredOrder
    booking: StoredBooking | None
    kept: Kept
    now: Booking | None
    amounts_now: tuple[KeptAmount, ...]
    objections: tuple[Rejection, ...]
    exchanges: tuple[Exchange, ...]
    mapping: str
    shop_country: str
    known_names: Mapping[str, str]
    is_dated: bool
    remembered: str | None
    vies: tuple[StoredViesAnswer, ...]
    zone: ZoneInfo

    @property
    def is_booked(self) -> bool:
        """Whether the order is known to be booked."""
        return self.booking is not None and self.booking.booked_at is not None

    @cached_property
    def sent(self) -> tuple[TransactionLine, ...]:
        """The lines that were sent; none of what was adopted, or never sent."""
        body = self.booking.body if self.booking else ""
        return tuple(sent_lines(body)) if body else ()

    @cached_property
    def decision(self) -> KeptDecision | None:
        """What was decided then; where nothing was, or is known of that, what would be now."""
        return self.kept.decision or self.decision_now

    @property
    def amounts(self) -> tuple[KeptAmount, ...]:
        """What the order's lines came to then, else what they do now."""
        return self.kept.decision.amounts if self.kept.decision else self.amounts_now

    @cached_property
    def decision_now(self) -> KeptDecision | None:
        """What the rules and the config of now make of the order; None where they refuse it."""
        if self.now is None:
            return None

        customer, found_by = "", FoundBy.LOOKED_UP
        if self.kept.decision:
            customer, found_by, _of = self.kept.decision.customer
        return kept_of(self.now, customer, found_by)

    @property
    def mapping_is_another(self) -> bool | None:
        """Whether the config's mapping is another now than then; None where that of then is not
        known.
        """
        decision = self.kept.decision
        return None if decision is None else decision.mapping != self.mapping

    @property
    def books_otherwise(self) -> bool:
        """Whether the same order would be booked otherwise now."""
        then, now = self.kept.decision, self.decision_now
        if then is None:
            return False

        return now is None or _booked_way(then) != _booked_way(now)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Minox' names of then, else those that it told last."""
        then = self.kept.decision.names if self.kept.decision else {}
        return {**self.known_names, **then}


def _booked_way(decision: KeptDecision) -> tuple[object, ...]:
    """Return what tells one way of booking an order from another."""
    return (
        decision.shares,
        decision.rounding,
        decision.posting,
        decision.journal,
        decision.document_date,
        (decision.fiscal_year, decision.period),
        decision.invoice_number is None,
    )


def explained(wiring: Wiring, number: str) -> Explanation:
    """Gather what is known of an order. Raises UsageError for one that is not known."""
    store, rules = wiring.store, wiring.kept_rules
    order = known_order(wiring, number)
    booking = store.booking(number)
    administration = kept_administration(store)

    is_booked = booking is not None and booking.booked_at is not None
    read = booking.order if booking and is_booked else order.order
    now = NOTHING_READ
    if read:
        now = _decided_now(
            store,
            _with_an_email(read, is_emptied=order.is_emptied),
            _rules_for(rules, is_booked=is_booked),
            administration or _assumed(read),
            is_booked=is_booked,
        )

    return Explanation(
        order=order,
        booking=booking,
        kept=read_kept(booking.decision if booking else None),
        now=now.booking,
        amounts_now=now.amounts,
        objections=now.objections,
        exchanges=tuple(store.exchanges(number)),
        mapping=mapping_of(rules),
        shop_country=rules.shop_country,
        known_names=kept_names(store),
        is_dated=administration is not None,
        remembered=_remembered(wiring, now.booking),
        vies=tuple(store.vies_answers(number)),
        zone=ZoneInfo(wiring.config.shop.timezone),
    )


class _Now(NamedTuple):
    """What the rules make of an order now: its booking, or what they say against that."""

    booking: Booking | None
    amounts: tuple[KeptAmount, ...]
    objections: tuple[Rejection, ...]


NOTHING_READ = _Now(None, (), ())
"""Of an order that cannot be read."""


def _decided_now(
    store: Store,
    order: Order,
    rules: BookingRules,
    administration: Administration,
    *,
    is_booked: bool,
) -> _Now:
    """Return how an order would be booked now, and what the rules say against it."""
    original = known_original(store, order)
    # It was booked, whatever became of its original since.
    if original and is_booked:
        original = replace(original, state=State.BOOKED, leads_back=False)

    facts = Facts(original=original)
    decision = decide(order, rules, administration, facts)
    amounts = amounts_of(decision.workings)
    if isinstance(decision.outcome, Booking):
        return _Now(decision.outcome, amounts, ())
    return _Now(None, amounts, objections(order, rules, administration, facts))


def _remembered(wiring: Wiring, booking: Booking | None) -> str | None:
    """Return the number of the customer that a booking names, where it is known."""
    customer = booking.customer if booking else None
    if isinstance(customer, FixedCustomer):
        return customer.number

    identity = wiring.store.note(SHOP_IDENTITY)
    if identity is None or not isinstance(customer, CustomerByEmail):
        return None

    return remembered_number(wiring.store, wiring.namespace_of(identity), customer)


def _rules_for(rules: BookingRules, *, is_booked: bool) -> BookingRules:
    """Return the rules for an order: of one that is booked Minox took the number."""
    return replace(rules, takes_long_numbers=rules.takes_long_numbers or is_booked)


def _with_an_email(order: Order, *, is_emptied: bool) -> Order:
    return replace(order, email=NOBODY) if is_emptied and not order.email else order


def _assumed(order: Order) -> Administration:
    """Return an administration for an order before Minox told of any: its year, in euros."""
    year = order.date.year
    whole = FiscalYear(year=year, start=dt.date(year, 1, 1), end=dt.date(year, 12, 31))

    return Administration(currency="EUR", number_of_periods=12, fiscal_years=(whole,))
