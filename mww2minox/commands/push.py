"""`push`: book what is ready, and try again what failed; with `dry_run` show the bookings and send
nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from mww2minox.books.model import Booking, CustomerByEmail, FixedCustomer, Rejection, State
from mww2minox.commands.adopt import in_journal
from mww2minox.errors import ExitStatus, ServerFails, UsageError
from mww2minox.language.texts import _, day, ngettext, number
from mww2minox.minox.booker import Booker, Outcome
from mww2minox.output import Output
from mww2minox.reasons import explain_rejection, state_of
from mww2minox.state import FIRST_PUSH, StoredOrder
from mww2minox.wiring import Wiring


def push(
    wiring: Wiring,
    *,
    dry_run: bool = False,
    limit: int | None = None,
    until: date | None = None,
    numbers: Sequence[str] = (),
) -> ExitStatus:
    """Book the orders that are ready or failed, by date, dated `until` at the latest.

    With `limit` at most so many, and those that failed before come after those that are ready.
    """
    orders = _candidates(wiring, until, numbers)
    if limit is not None:
        orders = sorted(orders, key=lambda order: order.state is State.FAILED)[:limit]
    if not orders:
        return _nothing(wiring, numbers)
    if dry_run:
        return _show(wiring, orders)
    return book_all(wiring, orders)


def _candidates(wiring: Wiring, until: date | None, numbers: Sequence[str]) -> list[StoredOrder]:
    unknown = [number for number in numbers if wiring.store.order(number) is None]
    if unknown:
        message = _("There is no order {numbers} in the state.").format(numbers=", ".join(unknown))
        raise UsageError(
            message, _("Fetch it first: mww2minox fetch --order {number}").format(number=unknown[0])
        )
    orders = wiring.store.orders((State.READY, State.FAILED), numbers or None)
    return [order for order in orders if until is None or order.date <= until.isoformat()]


def _nothing(wiring: Wiring, numbers: Sequence[str]) -> ExitStatus:
    wiring.output.say(_("There is nothing to book."))
    for order in wiring.store.orders(numbers=numbers):
        if order.rejection:
            text = explain_rejection(order.rejection)
            wiring.output.say(f"{text.message} {text.suggestion}")
        else:
            wiring.output.say(_("Order {number} is booked already.").format(number=order.number))
    return ExitStatus.OK


def book_all(wiring: Wiring, orders: Sequence[StoredOrder]) -> ExitStatus:
    """Book these orders one by one, tell what became of them, and return OK or ATTENTION.

    A vendor that cannot be used ends the run (VendorError), after what was done is told. A server
    that fails on one order alone does not stop the others; that too is told at the end, as a
    VendorError.
    """
    if _booked_before(wiring, orders):
        return ExitStatus.ATTENTION
    booker = wiring.booker
    outcomes: list[Outcome] = []
    try:
        outcomes.extend(_settled(booker, wiring.output.each("push", orders)))
    finally:
        tell(wiring, outcomes)
    failed = any(outcome.state is State.FAILED for outcome in outcomes)
    return ExitStatus.ATTENTION if failed else ExitStatus.OK


def _settled(booker: Booker, orders: Iterable[StoredOrder]) -> Iterator[Outcome]:
    """Book order after order; raise when the server fails on two in a row, or at the end when it
    failed on one.
    """
    failing: ServerFails | None = None
    before = False
    for order in orders:
        try:
            yield booker.book(order)
            before = False
        except ServerFails as error:
            if before:
                raise
            failing, before = error, True
    if failing:
        raise failing


def _booked_before(wiring: Wiring, orders: Sequence[StoredOrder]) -> bool:
    """Tell whether the journal holds bookings for these orders that the state does not know of; say
    so.

    Whoever comes from another connector, or has lost a state file, must not book a year twice
    (minox/exactly_once.md, "The look before the first push"). Orders from after our
    first push are not looked for, unless a backup of the state was put back.
    """
    store = wiring.store
    zone = ZoneInfo(wiring.config.shop.timezone)
    first = store.moment(FIRST_PUSH)
    last = first.astimezone(zone).date().isoformat() if first else None
    unknown = [
        order
        for order in orders
        if not order.searched_in_journal
        and store.booking(order.number) is None
        and (last is None or order.date <= last)
    ]
    there = in_journal(wiring, unknown) if unknown else {}
    if there:
        some = ", ".join(list(there)[:5]) + (" ..." if len(there) > 5 else "")  # noqa: PLR2004 - enough to look up
        message = ngettext(
            "The journal in Minox already holds bookings for {count} of these orders: {numbers}."
            " Nothing was sent.",
            "The journal in Minox already holds bookings for {count} of these orders: {numbers}."
            " Nothing was sent.",
            len(there),
        )
        wiring.output.warn(
            message.format(count=len(there), numbers=some),
            _("Take them over, then push again: mww2minox adopt"),
        )
        return True
    with store.transaction():
        store.mark_searched_in_journal(order.number for order in unknown)
        if first is None:
            store.set_note(FIRST_PUSH, _now_at_least(store.newest_order_date(), zone).isoformat())
    return False


def _now_at_least(day: str, zone: ZoneInfo) -> datetime:
    """Return this moment, or the beginning of `day` where the clock is behind it: then it is
    wrong.
    """
    now = datetime.now(UTC)
    return max(now, datetime.fromisoformat(day).replace(tzinfo=zone)) if day else now


def tell(wiring: Wiring, outcomes: Sequence[Outcome]) -> None:
    """Tell how many orders were booked, and of each that was not, why and what to do."""
    booked = [outcome for outcome in outcomes if outcome.state is State.BOOKED]
    total = sum(outcome.order.total_cents or 0 for outcome in booked)
    skipped = sum(outcome.state is State.SKIPPED for outcome in outcomes)
    failed = [outcome for outcome in outcomes if outcome.state is State.FAILED]
    sentence = ngettext(
        "Booked: {count} order, {total} euros. Skipped: {skipped}. Failed: {failed}.",
        "Booked: {count} orders, {total} euros. Skipped: {skipped}. Failed: {failed}.",
        len(booked),
    )
    amount = number(Decimal(total) / 100)
    wiring.output.say(
        sentence.format(count=len(booked), total=amount, skipped=skipped, failed=len(failed))
    )
    for outcome in failed:
        if outcome.rejection:
            text = explain_rejection(outcome.rejection)
            wiring.output.warn(text.message, f"  {text.suggestion}")


def _show(wiring: Wiring, orders: Sequence[StoredOrder]) -> ExitStatus:
    """Show each booking as a table of its lines."""
    status = ExitStatus.OK
    for order in orders:
        booking = wiring.booker.decide(order)
        if isinstance(booking, Booking):
            show_booking(wiring.output, booking, _debtor(wiring, booking))
        else:
            status = ExitStatus.ATTENTION if _show_rejection(wiring, booking) else status
    wiring.output.say(_("Nothing was sent. To book: mww2minox push"))
    return status


def _show_rejection(wiring: Wiring, rejection: Rejection) -> bool:
    """Show why an order is not booked; return whether that needs attention."""
    text = explain_rejection(rejection)
    wiring.output.warn(text.message, f"  {text.suggestion}")
    return state_of(rejection.reason) is State.FAILED


def show_booking(output: Output, booking: Booking, debtor: str) -> None:
    """Show a booking as a table of its lines; `debtor` says whose the first one is."""
    title = _(
        "Order {number} · {date} · {journal} · {year} period {period} · {description}"
    ).format(
        number=booking.order_number,
        date=day(booking.document_date),
        journal=booking.journal,
        year=booking.fiscal_year,
        period=booking.period,
        description=booking.description,
    )
    debit, credit = number(max(booking.total, Decimal(0))), number(max(-booking.total, Decimal(0)))
    rows = [(debtor, debit, credit, "", "")]
    rows += [
        (
            line.ledger,
            number(line.debit),
            number(line.credit),
            "" if line.vat_code is None else str(line.vat_code),
            "" if line.vat_amount is None else number(line.vat_amount),
        )
        for line in booking.lines
    ]
    columns = [(_("Account"), "left"), (_("Debit"), "right"), (_("Credit"), "right")]
    output.table(title, [*columns, (_("VAT code"), "right"), (_("VAT"), "right")], rows)


def _debtor(wiring: Wiring, booking: Booking) -> str:
    debtor = booking.customer
    if isinstance(debtor, FixedCustomer):
        return _("customer {number}").format(number=debtor.number)
    if isinstance(debtor, CustomerByEmail):
        known = wiring.booker.customers.remembered(debtor)
        return _("customer {number}").format(number=known) if known else _("customer by e-mail")
    return _("customer of order {number}").format(number=debtor.order_number)
