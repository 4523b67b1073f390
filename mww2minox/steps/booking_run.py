"""The run that books orders one by one, whether they are new or tried again."""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal

from mww2minox.books.email_address import address_of, one_form
from mww2minox.books.model import InvoiceNumber, Reason, State
from mww2minox.errors import OF_ONE_REQUEST, ExitStatus, VendorError
from mww2minox.language.texts import _, ngettext, number
from mww2minox.minox.booker import Outcome
from mww2minox.reasons import brief, explain_rejection
from mww2minox.state import StoredOrder
from mww2minox.steps.booked_orders import (
    tell_of_differences,
    tell_of_unseen_warnings,
    tell_of_warnings,
    unseen_differences,
)
from mww2minox.steps.look import booked_by_others, look_in_books, tell_of_look
from mww2minox.steps.workers import work_through
from mww2minox.wiring import Wiring

FEW = 5
"""So many orders that were booked are named one by one."""


def book_all(
    wiring: Wiring, orders: Sequence[StoredOrder], *, tells_again: bool = True
) -> ExitStatus:
    """Book these orders one by one, tell what became of them, and return OK or ATTENTION.

    What failed before in the same way is told in full where `tells_again`, else as a count.

    A booking that turns out to differ from its order needs attention as well as a failed order.
    A vendor that cannot be used ends the run (VendorError), after what was done is told. One that
    fails on one order alone does not stop the others; that too is told at the end, as a
    VendorError.
    """
    look = look_in_books(wiring, orders)
    to_book = [order for order in orders if order.number not in look.numbers]
    tell_of_look(wiring, look)

    # They are noted while the run goes on, so that what was booked is told whatever ends it.
    noted: dict[str, Outcome] = {}
    try:
        _book_each(wiring, to_book, noted, undecided=look.undecided)
        for number, outcome in noted.items():
            noted[number] = wiring.booker.settle(outcome)
    finally:
        by_order = [noted[order.number] for order in to_book if order.number in noted]
        outcomes = [*look.outcomes, *by_order]
        tell(wiring, outcomes, tells_again=tells_again)
        tell_of_unseen_warnings(wiring, look.ours)
        booked = [o.order.number for o in outcomes if o.state is State.BOOKED]
        # Only what was sent before can differ already: the shop may have changed since.
        differing = unseen_differences(wiring, [*look.ours, *booked])
        tell_of_differences(wiring, differing)

    # What others booked already kept all that was to be booked from being sent.
    if look.fitting and not (booked or look.ours):
        wiring.refuse("journal", *booked_by_others(look))

    failed = any(outcome.state is State.FAILED for outcome in outcomes)
    return ExitStatus.ATTENTION if failed or differing or look.fitting else ExitStatus.OK


def _book_each(
    wiring: Wiring,
    orders: Sequence[StoredOrder],
    noted: dict[str, Outcome],
    *,
    undecided: Mapping[str, VendorError],
) -> None:
    """Book these orders, several at once where answers are slow, and note what became of each.

    Raises when a vendor fails on two in a row, or at the end when it failed on one, or before on
    those that are `undecided`.
    """
    booker = wiring.booker

    def book(order: StoredOrder) -> Outcome:
        noted[order.number] = booker.book(order)
        return noted[order.number]

    last = next(iter(undecided.values()), None)
    previous: VendorError | None = None
    work = work_through(orders, book, transport=wiring.minox_transport, keys=_keys)
    with closing(work):
        for result in wiring.output.each("push", work, total=len(orders)):
            failure = result.failure if isinstance(result, Outcome) else result
            # Once may be this order's fault; twice in a row is the server's. Other failures are no
            # order's.
            if failure and (previous or not isinstance(failure, OF_ONE_REQUEST)):
                raise failure
            previous = failure
            last = failure or last

    if last:
        raise last


def _keys(order: StoredOrder) -> Iterator[str]:
    """Yield what an order shares with those that it is not to be booked at once with.

    That is its customer, which it may make; and what it takes back, which is booked first.
    """
    yield order.number
    if order.credited:
        yield order.credited

    email = address_of(order.order.email) if order.order else ""
    if email:
        yield one_form(email)


# What became of the orders


def tell(wiring: Wiring, outcomes: Sequence[Outcome], *, tells_again: bool = True) -> None:
    """Tell how many orders were booked, and of which somebody should look; and of each that was
    not, why and what to do (see `book_all`).
    """
    booked = [outcome for outcome in outcomes if outcome.state is State.BOOKED]
    failed = [outcome for outcome in outcomes if outcome.state is State.FAILED]
    skipped = sum(outcome.state is State.SKIPPED for outcome in outcomes)
    cents = sum(outcome.total_cents for outcome in booked)
    wiring.count(booked=len(booked), cents=cents, skipped=skipped, failed=len(failed))

    sentence = ngettext(
        "Booked: {count} order, {total} euros. Skipped: {skipped}. Failed: {failed}.",
        "Booked: {count} orders, {total} euros. Skipped: {skipped}. Failed: {failed}.",
        len(booked),
    )
    if isinstance(sys.exception(), KeyboardInterrupt):
        sentence = ngettext(
            "Booked so far: {count} order, {total} euros. Skipped: {skipped}. Failed: {failed}.",
            "Booked so far: {count} orders, {total} euros. Skipped: {skipped}. Failed: {failed}.",
            len(booked),
        )
    total = number(Decimal(cents) / 100)
    wiring.output.say(
        sentence.format(count=len(booked), total=total, skipped=skipped, failed=len(failed))
    )
    _name_booked(wiring, booked)

    known = [] if tells_again else [outcome for outcome in failed if _failed_before(outcome)]
    for outcome in failed:
        if outcome.rejection and outcome not in known:
            text = explain_rejection(outcome.rejection)
            wiring.output.warn(text.message, f"  {text.suggestion}")
    _tell_known(wiring, known)

    for outcome in booked:
        tell_of_warnings(wiring, outcome.warnings)

    # Sent before and never carried out; meanwhile its status does not book any more, or the shop
    # does not have it any more.
    for outcome in outcomes:
        closed = outcome.order.gone and outcome.state is State.SKIPPED
        if outcome.rejection and (closed or outcome.state is State.WAITING):
            wiring.output.say(explain_rejection(outcome.rejection).message)


def _name_booked(wiring: Wiring, booked: Sequence[Outcome]) -> None:
    """Name what was booked, where it is a few: who books for the first time looks it up in Minox.

    By numbers alone: these lines may end up in a mail.
    """
    if len(booked) > FEW:
        return

    numbered_by_us = wiring.config.booking.invoice_number is InvoiceNumber.ORDER
    line = _("  Order {number}: customer {customer}, {total} euros, numbered by Minox")
    if numbered_by_us:
        line = _("  Order {number}: customer {customer}, {total} euros, invoice {number}")
    for outcome in booked:
        total = number(Decimal(outcome.total_cents) / 100)
        wiring.output.say(
            line.format(number=outcome.order.number, customer=outcome.customer, total=total)
        )


def _failed_before(outcome: Outcome) -> bool:
    """Tell whether an order failed in a run before for just this reason, with the same values."""
    order, rejection = outcome.order, outcome.rejection

    # What cannot be read fails as it comes in, which tells no reason: this run may be the first.
    unread = rejection is not None and rejection.reason is Reason.ORDER_INVALID
    return not unread and order.state is State.FAILED and order.rejection == rejection


def _tell_known(wiring: Wiring, outcomes: Sequence[Outcome]) -> None:
    """Tell how many failed as before, a line for each reason: a nightly mail is for what is new."""
    if not outcomes:
        return

    sentence = _("Failed as before: {count}. See: mww2minox report --errors")
    counts = Counter(brief(outcome.rejection) for outcome in outcomes if outcome.rejection)
    lines = "\n".join(f"  {count} x {reason}" for reason, count in counts.most_common())
    wiring.output.warn(sentence.format(count=len(outcomes)), lines)
