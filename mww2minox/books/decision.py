"""From an order to a booking, or to the reason why not: `decide`, a pure function.

The steps stand in the order of books/rules.md, "From an order to a booking", and the first that
fails gives the reason. Each returns a new value, so that a decision holds every amount on the way.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial

from mww2minox.books.amounts import (
    NO_ROUNDING,
    ZERO,
    Entry,
    Part,
    RateVat,
    Rounding,
    entries_of,
    is_nothing,
    largest_rounding,
    parts_of,
    rounding_of,
    vat_by_rate,
    vat_in,
    vat_mismatch,
    with_rounding,
    with_vat,
)
from mww2minox.books.booking import (
    customer_of,
    debtor_lines_of,
    description_of,
    lacks_payment,
    line_of,
    lines_of,
    merged,
    place_of,
    plain,
    share_of,
    vat_on_other_side,
)
from mww2minox.books.model import (
    NO_FACTS,
    REVERSE_CHARGED,
    Administration,
    Booking,
    BookingCustomer,
    BookingLine,
    BookingRules,
    BookingWarning,
    DateChoice,
    Facts,
    InvoiceNumber,
    Order,
    Reason,
    Rejection,
    VatShare,
    WarningCode,
)
from mww2minox.books.money import euros, percentage
from mww2minox.books.order_check import problem_of, problem_of_number
from mww2minox.books.periods import period_of
from mww2minox.books.vat_number import Cause, VatNumber, is_of, read_vat_number
from mww2minox.books.vat_rows import costs_without_vat, need_met_by, region_of

REFUNDED = "refunded"
UNPAID = frozenset({REFUNDED, "voided", "failed"})
"""What `payment_status` is where the money is not there (books/rules.md, rule 15)."""
VAT_NUMBER_LENGTH = 30
"""So much of a VAT number that is not one is shown."""
TYPE_LENGTH = 20
"""So much of a line type is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workings:
    """What was worked out of an order so far, from the facts and rules that it was decided by.

    `parts` are per rate, row of `vat` and ledger account, `vat` is per rate. Amounts are euros.
    `period` is the fiscal year, and the period in it. `warnings` keep nothing from being booked.
    What a decision did not come to is empty.
    """

    order: Order
    rules: BookingRules
    administration: Administration
    facts: Facts = NO_FACTS
    entries: tuple[Entry, ...] = ()
    parts: tuple[Part, ...] = ()
    vat: tuple[RateVat, ...] = ()
    rounding: Rounding = NO_ROUNDING
    shares: tuple[VatShare, ...] = ()
    customer: BookingCustomer | None = None
    document_date: dt.date | None = None
    period: tuple[int, int] | None = None
    warnings: tuple[BookingWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of an order, and everything that was worked out on the way to it."""

    workings: Workings
    outcome: Booking | Rejection


def decide(
    order: Order, rules: BookingRules, administration: Administration, facts: Facts = NO_FACTS
) -> Decision:
    """Decide what becomes of an order: its booking, or the reason why it has none. Never raises.

    `facts` were gathered beforehand; without them an order is decided as if it stood alone.

    Source: books/rules.md, "From an order to a booking". `customer_blocked` and
    `rejected_by_minox` are Minox' own to tell, so they never come from here.
    """
    workings = Workings(order=order, rules=rules, administration=administration, facts=facts)
    for step in STEPS:
        after = step(workings)
        if isinstance(after, Rejection):
            return Decision(workings=workings, outcome=_by_hand(after, rules))
        workings = after

    return Decision(workings=workings, outcome=_booking(workings))


def objections(
    order: Order, rules: BookingRules, administration: Administration, facts: Facts = NO_FACTS
) -> tuple[Rejection, ...]:
    """Return what each rule by itself says against booking an order, in their order: the first is
    the reason why it is not booked, and the others show once that is solved.
    """
    workings = Workings(order=order, rules=rules, administration=administration, facts=facts)
    refusals: dict[Reason, Rejection] = {}
    for step in STEPS:
        after = step(workings)
        if isinstance(after, Workings):
            workings = after
            continue

        refusals.setdefault(after.reason, _by_hand(after, rules))
        # What is not understood, or is nothing, cannot be asked any further.
        if after.reason is Reason.NOTHING_TO_BOOK or (step is _understood and problem_of(order)):
            break
        # Whatever its size: it is no rounding that could go anywhere.
        if after.reason is Reason.TOTALS_MISMATCH:
            workings = replace(workings, rounding=NO_ROUNDING)
    return tuple(refusals.values())


def _by_hand(rejection: Rejection, rules: BookingRules) -> Rejection:
    """Return a refusal with what a booking by hand names its order by."""
    return replace(rejection, values={**rejection.values, **rules.by_hand})


def _reject(order: Order, reason: Reason, **values: str) -> Rejection:
    return Rejection(reason=reason, values={"number": order.number, **values})


def _warned(workings: Workings, code: WarningCode, **values: str) -> Workings:
    """Return the same with one warning more: the order is booked, and somebody should look."""
    warning = BookingWarning(code=code, values={"number": workings.order.number, **values})
    return replace(workings, warnings=(*workings.warnings, warning))


# books/rules.md, rule 1: what is not understood, and other currencies


def _understood(workings: Workings) -> Workings | Rejection:
    order = workings.order
    problem = problem_of_number(order.number, workings.rules) or problem_of(order)
    # Each of such orders would wait for another, and none of them has anything to take back.
    original = workings.facts.original
    if original and original.leads_back:
        problem = problem or f"credited_order_number {order.credited_order_number}"
    if problem:
        return _reject(order, Reason.ORDER_INVALID, problem=problem)

    return workings


def _in_our_currency(workings: Workings) -> Workings | Rejection:
    currency, expected = workings.order.currency, workings.administration.currency
    # Not every shop tells the currency; then it is the administration's.
    if currency is None or currency == expected:
        return workings

    return _reject(
        workings.order, Reason.CURRENCY_UNSUPPORTED, currency=currency, expected=expected
    )


# books/rules.md, rules 2 to 6: gross, VAT and net per rate, what is nothing, and the rounding


def _gross_per_rate(workings: Workings) -> Workings:
    order, rules = workings.order, workings.rules
    entries = entries_of(order)

    parts = parts_of(entries, order.tax or (), partial(place_of, order=order, rules=rules))
    return replace(workings, entries=entries, parts=parts)


def _vat_per_rate(workings: Workings) -> Workings:
    vat = vat_by_rate(workings.entries, workings.parts, workings.order.tax)

    return replace(workings, vat=vat)


def _something_to_book(workings: Workings) -> Workings | Rejection:
    """Skip what comes to nothing at every rate; amounts under a total of 0.00 are to be booked."""
    if workings.order.total == 0 and is_nothing(workings.parts, workings.vat):
        return _reject(workings.order, Reason.NOTHING_TO_BOOK)

    return workings


def _vat_agrees(workings: Workings) -> Workings | Rejection:
    vat = vat_mismatch(workings.vat)
    if vat is None:
        return workings

    # Without an invoice the lines are what is off: then the gross tells what they should say.
    by_lines = vat.by_lines
    if vat.by_lines == vat.charged:
        by_lines = vat_in(vat.gross, vat.rate)
    return _vat_mismatch(workings.order, vat.rate, charged=vat.charged, by_lines=by_lines)


def _vat_mismatch(order: Order, rate: Decimal, *, charged: Decimal, by_lines: Decimal) -> Rejection:
    return _reject(
        order,
        Reason.VAT_MISMATCH,
        rate=percentage(rate),
        invoice=euros(charged),
        lines=euros(by_lines),
    )


def _vat_per_part(workings: Workings) -> Workings:
    """Divide the VAT of each rate, that of a credit order as its original's was."""
    order = workings.order
    takes_back = order.total < 0 or (order.total == 0 and order.credited_order_number)

    sign = -1 if takes_back else 1
    return replace(workings, parts=with_vat(workings.parts, workings.vat, sign=sign))


def _rounding(workings: Workings) -> Workings:
    difference = workings.order.total - sum((part.gross for part in workings.parts), ZERO)

    rounding = rounding_of(difference, workings.parts, workings.rules.rounding_ledger)
    return replace(workings, rounding=rounding)


def _total_agrees(workings: Workings) -> Workings | Rejection:
    """Refuse a difference that is no rounding, or that has no account to go to."""
    order, rounding = workings.order, workings.rounding
    homeless = rounding.difference and not rounding.ledger and rounding.rate is None
    if abs(rounding.difference) <= _largest_rounding(workings) and not homeless:
        return workings

    return _reject(
        order,
        Reason.TOTALS_MISMATCH,
        total=euros(order.total),
        lines=euros(order.total - rounding.difference),
        difference=euros(rounding.difference),
    )


def _largest_rounding(workings: Workings) -> Decimal:
    rules = workings.rules
    includes_tax = workings.order.prices_include_tax
    # Not every order tells it; then the store does.
    if includes_tax is None:
        includes_tax = rules.prices_include_tax

    return largest_rounding(len(workings.entries), rules.max_rounding, includes_tax=includes_tax)


def _rounding_in_net(workings: Workings) -> Workings:
    return replace(workings, parts=with_rounding(workings.parts, workings.rounding))


# books/rules.md, rules 7 and 8: the rows of `vat`, and the VAT number


def _something_in_each_part(workings: Workings) -> Workings:
    """Leave out what has nothing to book, whether it has a row or not."""
    parts = tuple(part for part in workings.parts if part.gross or part.vat)

    return replace(workings, parts=parts)


def _costs_have_vat(workings: Workings) -> Workings | Rejection:
    """Refuse costs at 0% beside taxed goods, whether or not 0% has a row: costs follow the goods,
    so that is mostly a mistake in the shop.
    """
    order, rules = workings.order, workings.rules
    of_types = frozenset(need_met_by(row) for row in rules.vat if row.type)

    if costs_without_vat(order, workings.entries, rules.shop_country, of_types):
        return _reject(order, Reason.SHIPPING_WITHOUT_VAT)
    return workings


def _no_vat_under_strategy(workings: Workings) -> Workings | Rejection:
    """Refuse a rate above 0 under a strategy, with the types of the lines that carry it."""
    order = workings.order
    rates = sorted({part.rate for part in workings.parts if part.rate})
    if not order.tax_strategy or not rates:
        return workings

    types = {entry.type for entry in workings.entries if entry.rate in rates and entry.gross}
    return _reject(
        order,
        Reason.VAT_UNDER_STRATEGY,
        rate=_listed(rates),
        lines=", ".join(sorted(plain(line_type, TYPE_LENGTH) for line_type in types)),
        strategy=order.tax_strategy,
    )


def _vat_rows(workings: Workings) -> Workings | Rejection:
    """Refuse an order with a rate that no row of `vat` covers."""
    order = workings.order
    rates = sorted({part.rate for part in workings.parts if part.place.row is None})
    if not rates:
        return workings

    region = region_of(order, workings.rules.shop_country)
    if order.tax_strategy:
        region += f" ({order.tax_strategy})"
    return _reject(order, Reason.VAT_RATE_UNMAPPED, rate=_listed(rates), region=region)


def _listed(rates: list[Decimal]) -> str:
    return ", ".join(percentage(rate) for rate in rates)


def _vat_number(workings: Workings) -> Workings | Rejection:
    """Reverse charge needs a valid number of another EU country, if not the region's."""
    order = workings.order
    if order.tax_strategy != REVERSE_CHARGED:
        return workings

    region = (order.tax_region or order.buyer.country_code).upper()
    number = read_vat_number(order.buyer.vat_number, country=region)
    if not number.number:
        return _reject(order, Reason.VAT_NUMBER_MISSING)

    cause = number.cause
    if cause is None and is_of(number, workings.rules.shop_country):
        cause = Cause.OWN_COUNTRY
    if cause:
        return _invalid_vat_number(order, number, cause)
    # Article 138 asks for a number of a member state other than that of dispatch, whichever.
    if region and not is_of(number, region):
        code = WarningCode.VAT_NUMBER_OTHER_COUNTRY
        return _warned(workings, code, country=number.country, region=region)
    return workings


def _invalid_vat_number(order: Order, number: VatNumber, cause: Cause) -> Rejection:
    return _reject(
        order,
        Reason.VAT_NUMBER_INVALID,
        cause=cause,
        vat_number=plain(order.buyer.vat_number, VAT_NUMBER_LENGTH),
        tried=plain(number.number, VAT_NUMBER_LENGTH),
        region=number.country,
    )


# books/rules.md, rules 9 to 13: the customer, the lines, credit orders, the period


def _shares(workings: Workings) -> Workings:
    order, rules = workings.order, workings.rules
    shares: list[VatShare] = []
    for part in workings.parts:
        row = part.place.row
        if row:  # `_vat_rows` refused what has none
            shares.append(share_of(part, row, order, rules))

    return replace(workings, shares=merged(shares))


def _payment_received(workings: Workings) -> Workings | Rejection:
    """Refuse a sale of which the shop was asked how it was paid, and told of no payment.

    By its e-mail address it could go to another customer than the one of its way of paying.
    """
    order = workings.order
    was_asked = order.payment is not None
    if was_asked and lacks_payment(order, workings.rules.payment_debtors):
        return _reject(order, Reason.PAYMENT_MISSING)

    return workings


def _customer(workings: Workings) -> Workings | Rejection:
    customer = customer_of(workings.order, workings.rules)
    if customer is None:
        return _reject(workings.order, Reason.EMAIL_MISSING)

    return replace(workings, customer=customer)


def _vat_can_be_told(workings: Workings) -> Workings | Rejection:
    order, posting = workings.order, workings.rules.vat_posting
    share = vat_on_other_side(posting, workings.shares, order.total)
    if share is None:
        return workings

    by_lines = vat_in(share.gross, share.rate)
    return _vat_mismatch(order, share.rate, charged=share.vat, by_lines=by_lines)


def _to_credit(workings: Workings) -> Workings | Rejection:
    """A credit order takes back, so that its total is negative, and what was never booked is not
    taken back.
    """
    order, original = workings.order, workings.facts.original
    if not order.credited_order_number:
        return workings
    if order.total > 0:
        return _reject(
            order,
            Reason.CREDIT_ORDER_POSITIVE,
            total=euros(order.total),
            original=order.credited_order_number,
        )
    if original is None or original.is_in_books:
        return workings

    return _reject(
        order,
        Reason.ORIGINAL_NOT_BOOKED,
        original=order.credited_order_number,
        original_state=original.state,
        original_reason=original.reason or "-",
    )


def _period(workings: Workings) -> Workings | Rejection:
    order = workings.order
    document_date = document_date_of(order, workings.rules)
    period = period_of(document_date, workings.administration)
    if period is None:
        return _reject(order, Reason.FISCAL_YEAR_MISSING, date=document_date.isoformat())

    return replace(workings, document_date=document_date, period=period)


# books/rules.md, rule 15: paid back, or never paid


def _payment_status(workings: Workings) -> Workings:
    """Warn where the money is not there, although the status books."""
    if not lacks_money(workings.order):
        return workings

    return _warned(workings, WarningCode.PAYMENT_STATUS, status=workings.order.payment_status)


def lacks_money(order: Order) -> bool:
    """Tell whether an order was paid back, or not paid at all, whatever its status."""
    status = order.payment_status
    # A credit order is the paying back itself.
    return status in UNPAID and not (order.credited_order_number and status == REFUNDED)


# books/rules.md, rule 11: more is credited than was sold


def _credited_enough(workings: Workings) -> Workings:
    """Warn where credit orders together take back more than their original."""
    order, original = workings.order, workings.facts.original
    if original is None or original.total is None or order.credited_order_number is None:
        return workings
    credited = original.credited - order.total
    if credited <= original.total:
        return workings

    return _warned(
        workings,
        WarningCode.CREDITED_TOO_MUCH,
        credited=euros(credited),
        original=order.credited_order_number,
        total=euros(original.total),
    )


STEPS: tuple[Callable[[Workings], Workings | Rejection], ...] = (
    _understood,
    _in_our_currency,
    _gross_per_rate,
    _vat_per_rate,
    _something_to_book,
    _vat_agrees,
    _vat_per_part,
    _rounding,
    _total_agrees,
    _rounding_in_net,
    _something_in_each_part,
    _costs_have_vat,
    _no_vat_under_strategy,
    _vat_rows,
    _vat_number,
    _shares,
    _payment_received,
    _customer,
    _vat_can_be_told,
    _to_credit,
    _period,
    _credited_enough,
    _payment_status,
)
"""What is worked out and looked at, in the order of the rules."""


def _booking(workings: Workings) -> Booking:
    """Return the booking of what was worked out, which no step refused.

    Source: books/rules.md, rules 9 to 13.
    """
    order, rules = workings.order, workings.rules
    if workings.customer is None or workings.document_date is None or workings.period is None:
        raise ValueError(workings)  # their steps refuse what has none

    fiscal_year, number_of_period = workings.period
    return Booking(
        order_number=order.number,
        invoice_number=_invoice_number(order, rules),
        customer=workings.customer,
        total=order.total,
        debtor_lines=debtor_lines_of(rules.vat_posting, workings.shares, order.total),
        lines=_lines(workings),
        shares=workings.shares,
        journal=rules.journal,
        document_date=workings.document_date,
        fiscal_year=fiscal_year,
        period=number_of_period,
        description=description_of(order, rules.description),
        warnings=workings.warnings,
        workings=workings,
    )


def _lines(workings: Workings) -> tuple[BookingLine, ...]:
    lines = lines_of(workings.rules.vat_posting, workings.shares)
    rounding = workings.rounding
    if rounding.difference and rounding.ledger:
        lines += (line_of(rounding.ledger, rounding.difference),)

    return lines


def _invoice_number(order: Order, rules: BookingRules) -> int | None:
    return int(order.number) if rules.invoice_number is InvoiceNumber.ORDER else None


def document_date_of(order: Order, rules: BookingRules) -> dt.date:
    """Return the date that an order is booked on (books/rules.md, rule 12)."""
    by_status = rules.date is DateChoice.STATUS_CHANGED and order.status_changed

    return by_status or order.date
