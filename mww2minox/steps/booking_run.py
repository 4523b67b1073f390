"""The run that books orders one by one, whether they are new or tried again."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from mww2minox.books.model import State
from mww2minox.errors import ExitStatus, ServerFails
from mww2minox.language.texts import _, ngettext, number
from mww2minox.minox.booker import Booker, Outcome
from mww2minox.reasons import explain_rejection
from mww2minox.state import FIRST_PUSH, StoredOrder
from mww2minox.steps.journal_search import bookings_in_journal
from mww2minox.wiring import Wiring

MOST_NAMED = 5
"""So many order numbers are named: enough to look up."""


def book_all(wiring: Wiring, orders: Sequence[StoredOrder]) -> ExitStatus:
    """Book these orders one by one, tell what became of them, and return OK or ATTENTION.

    A vendor that cannot be used ends the run (VendorError), after what was done is told. A server
    that fails on one order alone does not stop the others; that too is told at the end, as a
    VendorError.
    """
    if _journal_holds_bookings(wiring, orders):
        return ExitStatus.ATTENTION

    booker = wiring.booker
    outcomes: list[Outcome] = []
    try:
        # The list grows while the run goes on, so that what was booked is told whatever ends it.
        outcomes.extend(_book_each(booker, wiring.output.each("push", orders)))
    finally:
        tell(wiring, outcomes)

    failed = any(outcome.state is State.FAILED for outcome in outcomes)
    return ExitStatus.ATTENTION if failed else ExitStatus.OK


def _book_each(booker: Booker, orders: Iterable[StoredOrder]) -> Iterator[Outcome]:
    """Book order after order; raise when the server fails on two in a row, or at the end when it
    failed on one.
    """
    failure: ServerFails | None = None
    previous_failed = False
    for order in orders:
        try:
            yield booker.book(order)
            previous_failed = False
        except ServerFails as error:
            # Once may be this order's fault; twice in a row is the server's.
            if previous_failed:
                raise
            failure, previous_failed = error, True

    if failure:
        raise failure


# What the journal holds already


def _journal_holds_bookings(wiring: Wiring, orders: Sequence[StoredOrder]) -> bool:
    """Tell whether the journal holds bookings for these orders that the state does not know of; say
    so.

    Whoever comes from another connector, or has lost a state file, must not book a year twice
    (minox/exactly_once.md, "The look before the first push").
    """
    unsearched = _never_searched(wiring, orders)
    bookings = bookings_in_journal(wiring, unsearched)

    if bookings:
        _warn_of_bookings(wiring, list(bookings))
        return True

    with wiring.store.transaction():
        wiring.store.mark_searched_in_journal(order.number for order in unsearched)
        _note_first_push(wiring)
    return False


def _never_searched(wiring: Wiring, orders: Sequence[StoredOrder]) -> list[StoredOrder]:
    """Return the orders whose bookings the journal may hold without our knowing.

    Orders from after our first push are not searched for, unless a backup of the state was put
    back.
    """
    store = wiring.store
    first_push = store.moment(FIRST_PUSH)
    last_day = first_push.astimezone(_zone(wiring)).date().isoformat() if first_push else None

    unsearched = []
    for order in orders:
        from_before = last_day is None or order.date <= last_day
        if from_before and not order.searched_in_journal and store.booking(order.number) is None:
            unsearched.append(order)
    return unsearched


def _warn_of_bookings(wiring: Wiring, numbers: Sequence[str]) -> None:
    more = " ..." if len(numbers) > MOST_NAMED else ""
    message = ngettext(
        "The journal in Minox already holds bookings for {count} of these orders: {numbers}."
        " Nothing was sent.",
        "The journal in Minox already holds bookings for {count} of these orders: {numbers}."
        " Nothing was sent.",
        len(numbers),
    )

    wiring.output.warn(
        message.format(count=len(numbers), numbers=", ".join(numbers[:MOST_NAMED]) + more),
        _("Take them over, then push again: mww2minox adopt"),
    )


def _note_first_push(wiring: Wiring) -> None:
    """Keep when we first booked, not before the newest order that the shop has shown: a clock that
    is behind that day is wrong.
    """
    if wiring.store.moment(FIRST_PUSH) is not None:
        return

    moment = datetime.now(UTC)
    newest = wiring.store.newest_order_date()
    if newest:
        moment = max(moment, datetime.fromisoformat(newest).replace(tzinfo=_zone(wiring)))
    wiring.store.set_note(FIRST_PUSH, moment.isoformat())


def _zone(wiring: Wiring) -> ZoneInfo:
    return ZoneInfo(wiring.config.shop.timezone)


# What became of the orders


def tell(wiring: Wiring, outcomes: Sequence[Outcome]) -> None:
    """Tell how many orders were booked, and of each that was not, why and what to do."""
    booked = [outcome for outcome in outcomes if outcome.state is State.BOOKED]
    failed = [outcome for outcome in outcomes if outcome.state is State.FAILED]
    skipped = sum(outcome.state is State.SKIPPED for outcome in outcomes)
    cents = sum(outcome.total_cents for outcome in booked)

    sentence = ngettext(
        "Booked: {count} order, {total} euros. Skipped: {skipped}. Failed: {failed}.",
        "Booked: {count} orders, {total} euros. Skipped: {skipped}. Failed: {failed}.",
        len(booked),
    )
    total = number(Decimal(cents) / 100)
    wiring.output.say(
        sentence.format(count=len(booked), total=total, skipped=skipped, failed=len(failed))
    )

    for outcome in failed:
        if outcome.rejection:
            text = explain_rejection(outcome.rejection)
            wiring.output.warn(text.message, f"  {text.suggestion}")

    # Sent before and never carried out; meanwhile its status does not book any more.
    for outcome in outcomes:
        if outcome.state is State.WAITING and outcome.rejection:
            wiring.output.say(explain_rejection(outcome.rejection).message)
