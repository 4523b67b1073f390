"""`push --dry-run`: show what a push would do with each order, and send nothing."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from mww2minox.books.kept_decision import CODE, LEDGER
from mww2minox.books.model import Booking, Rejection
from mww2minox.commands.push.as_json import as_json
from mww2minox.commands.push.plans import Plan, Sum, plans_of, sums_of
from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _, day, money, ngettext, number
from mww2minox.minox.wire import sent_lines
from mww2minox.reasons import brief, explain_rejection
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.steps.booked_orders import tell_of_warnings
from mww2minox.steps.booking_table import (
    customer_of_booking,
    named,
    show_booking,
    show_sent,
)
from mww2minox.wiring import Wiring

FEW = 5
"""So many orders are shown with all their lines; more take a line each."""


def show_plans(
    wiring: Wiring, orders: Sequence[StoredOrder], *, in_full: bool, form: str
) -> ExitStatus:
    """Show what a push would do with these orders: ATTENTION where it would fail on one.

    `in_full`: each with its lines, however many there are.
    """
    plans = plans_of(wiring, orders)

    if form == "json":
        wiring.output.data(as_json(wiring.minox, plans))
    elif in_full or len(plans) <= FEW:
        for plan in plans:
            _show_in_full(wiring, plan)
        wiring.output.say(_how_to_book(plans, named_orders=in_full))
    else:
        _show_in_lines(wiring, plans)
        wiring.output.say(_how_to_book(plans, named_orders=False))
    return ExitStatus.ATTENTION if any(plan.fails for plan in plans) else ExitStatus.OK


def _how_to_book(plans: Sequence[Plan], *, named_orders: bool) -> str:
    """Say that nothing was sent, and what books just these orders, where any would be booked."""
    to_book = [plan.order.number for plan in plans if plan.is_sent or plan.is_there]
    if not to_book:
        return _("Nothing was sent.")
    if not named_orders:
        return _("Nothing was sent. To book: mww2minox push")

    options = " ".join(f"--order {numbered}" for numbered in to_book)
    sentence = ngettext(
        "Nothing was sent. To book just this order: mww2minox push {options}",
        "Nothing was sent. To book just these orders: mww2minox push {options}",
        len(to_book),
    )
    return sentence.format(options=options)


# A table for each order


def _show_in_full(wiring: Wiring, plan: Plan) -> None:
    match plan.outcome:
        case Booking() as booking:
            customer = customer_of_booking(booking, plan.customer, with_name=True)
            show_booking(wiring.output, booking, customer, wiring.names)
            tell_of_warnings(wiring, booking.warnings)

        case StoredBooking() as intent:
            _show_intent(wiring, intent)
        case Rejection() as rejection:
            text = explain_rejection(rejection)
            wiring.output.warn(text.message, f"  {text.suggestion}")
        case None:
            _say_it_is_there(wiring, plan.order.number)


def _say_it_is_there(wiring: Wiring, numbered: str) -> None:
    sentence = _(
        "Order {number} is in Minox already, as it was sent before: push stores that, and sends"
        " nothing."
    )
    wiring.output.say(sentence.format(number=numbered))


def _show_intent(wiring: Wiring, intent: StoredBooking) -> None:
    """Show the very lines that were sent before."""
    show_sent(wiring.output, intent.number, sent_lines(intent.body), wiring.names)
    wiring.output.say(
        _(
            "Order {number} was sent before, and the answer was lost. Minox does not have it now:"
            " push asks once more, and sends the same again."
        ).format(number=intent.number)
    )
    tell_of_warnings(wiring, intent.warnings)


# A line for each order


def _show_in_lines(wiring: Wiring, plans: Sequence[Plan]) -> None:
    columns = [
        (_("Order"), "right"),
        (_("Date"), "left"),
        (_("Customer"), "right"),
        (_("Total"), "right"),
        (_("What push does"), "left"),
    ]
    title = _("Orders: {count}").format(count=len(plans))
    wiring.output.table(title, columns, map(_line, plans))
    for plan in plans:
        if isinstance(plan.outcome, Booking | StoredBooking):
            tell_of_warnings(wiring, plan.outcome.warnings)

    _show_sums(wiring, plans)
    failing = sum(plan.fails for plan in plans)
    if failing:
        sentence = ngettext(
            "{count} order cannot be booked as it is now. Why, and what to do: mww2minox push"
            " --dry-run --order NUMBER",
            "{count} orders cannot be booked as they are now. Why, and what to do: mww2minox push"
            " --dry-run --order NUMBER",
            failing,
        )
        wiring.output.warn(sentence.format(count=failing))


def _line(plan: Plan) -> tuple[str, ...]:
    order = plan.order
    dated = day(date.fromisoformat(order.date)) if order.date else "-"
    total = "-" if plan.cents is None else number(Decimal(plan.cents) / 100)

    return order.number, dated, plan.customer or "", total, _what(plan)


def _what(plan: Plan) -> str:
    """Say in a few words what becomes of an order."""
    match plan.outcome:
        case Booking():
            return _("books it")
        case StoredBooking():
            return _("sends it again")
        case Rejection() as rejection:
            return brief(rejection)
        case None:
            return _("finds it in Minox")


def _show_sums(wiring: Wiring, plans: Sequence[Plan]) -> None:
    """Show what would be sent in all; nothing where nothing would be."""
    sent = [plan for plan in plans if plan.is_sent]
    if not sent:
        return

    columns = [
        (_("VAT code"), "left"),
        (_("Account"), "left"),
        (_("Orders"), "right"),
        (_("Without VAT"), "right"),
        (_("VAT"), "right"),
    ]
    sums = sums_of(sent)
    rows = [_sum_row(total, wiring) for total in sums]
    rows.append(
        (
            _("Total"),
            "",
            "",
            number(_added(total.net for total in sums)),
            number(_added(total.vat for total in sums)),
        )
    )
    cents = sum(plan.cents or 0 for plan in sent)
    title = ngettext(
        "To be booked: {count} order, {total}; per VAT code and ledger account",
        "To be booked: {count} orders, {total}; per VAT code and ledger account",
        len(sent),
    ).format(count=len(sent), total=money(Decimal(cents) / 100))
    wiring.output.table(title, columns, rows)


def _sum_row(total: Sum, wiring: Wiring) -> tuple[str, ...]:
    code = _("none")
    if total.code is not None:
        code = named(str(total.code), CODE, wiring.names)

    ledger = named(total.ledger, LEDGER, wiring.names)
    return code, ledger, str(total.orders), number(total.net), number(total.vat)


def _added(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
