"""`push`: book what is ready, and try again what failed; with `dry_run` show the bookings and send
nothing.
"""

from collections.abc import Sequence
from datetime import date

from mww2minox.books.model import Booking, CustomerByEmail, FixedCustomer, Rejection, State
from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _
from mww2minox.reasons import explain_rejection, state_of
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.steps.booked_orders import tell_of_warnings
from mww2minox.steps.booking_table import show_booking, show_sent
from mww2minox.steps.first_date import keep_to_since
from mww2minox.steps.named_orders import known_orders
from mww2minox.steps.originals import originals_first
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
    known_orders(wiring, numbers)  # or refuse, before anything is done
    keep_to_since(wiring)
    orders = _candidates(wiring, until, numbers)
    if limit is not None:
        orders = sorted(orders, key=lambda order: order.state is State.FAILED)
    orders = originals_first(wiring.store, orders)[:limit]

    if not orders:
        return _say_nothing_to_book(wiring, numbers)
    if dry_run:
        return _show(wiring, orders)

    # On most days there is nothing to book: what books is imported when there is.
    from mww2minox.steps.booking_run import book_all

    return book_all(wiring, orders)


def _candidates(wiring: Wiring, until: date | None, numbers: Sequence[str]) -> list[StoredOrder]:
    orders = wiring.store.orders((State.READY, State.FAILED), numbers or None)
    if until is None:
        return orders
    return [order for order in orders if order.date <= until.isoformat()]


def _say_nothing_to_book(wiring: Wiring, numbers: Sequence[str]) -> ExitStatus:
    wiring.output.say(_("There is nothing to book."))
    if not wiring.store.newest_order_date():
        wiring.output.say(_("Get the shop's orders first: mww2minox fetch"))

    for order in wiring.store.orders(numbers=numbers):
        if order.rejection:
            text = explain_rejection(order.rejection)
            wiring.output.say(f"{text.message} {text.suggestion}")
        else:
            wiring.output.say(_("Order {number} is booked already.").format(number=order.number))
    return ExitStatus.OK


# With `dry_run`


def _show(wiring: Wiring, orders: Sequence[StoredOrder]) -> ExitStatus:
    """Show each booking as a table of its lines, or why there is none."""
    status = ExitStatus.OK
    judged: dict[str, Rejection | None] = {}
    for order in orders:
        planned = wiring.booker.preview(order, judged=judged)
        judged[order.number] = planned if isinstance(planned, Rejection) else None

        if isinstance(planned, Booking):
            show_booking(wiring.output, planned, _customer(wiring, planned))
            tell_of_warnings(wiring, planned.warnings)
        elif isinstance(planned, StoredBooking):
            _show_intent(wiring, planned)
        elif _show_rejection(wiring, planned):
            status = ExitStatus.ATTENTION

    wiring.output.say(_("Nothing was sent. To book: mww2minox push"))
    return status


def _show_intent(wiring: Wiring, intent: StoredBooking) -> None:
    """Show the very lines that were sent before."""
    from mww2minox.minox.wire import sent_lines

    show_sent(wiring.output, intent.number, sent_lines(intent.body))
    wiring.output.say(
        _(
            "Order {number} was sent before, and the answer was lost: push asks Minox, and sends"
            " the same again where it is not there."
        ).format(number=intent.number)
    )
    tell_of_warnings(wiring, intent.warnings)


def _show_rejection(wiring: Wiring, rejection: Rejection) -> bool:
    """Show why an order is not booked; return whether that needs attention."""
    text = explain_rejection(rejection)
    wiring.output.warn(text.message, f"  {text.suggestion}")
    return state_of(rejection.reason) is State.FAILED


def _customer(wiring: Wiring, booking: Booking) -> str:
    """Name the customer as far as it is known without asking Minox."""
    customer = booking.customer
    if isinstance(customer, FixedCustomer):
        return _("customer {number}").format(number=customer.number)

    if isinstance(customer, CustomerByEmail):
        number = wiring.booker.customers.remembered(customer)
        return _("customer {number}").format(number=number) if number else _("customer by e-mail")

    return _("customer of order {number}").format(number=customer.order_number)
