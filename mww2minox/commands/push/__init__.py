"""`push`: book what is ready, and try again what failed; with `dry_run` show the bookings and send
nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from mww2minox.books.model import Rejection, State
from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _, ngettext
from mww2minox.reasons import explain_rejection
from mww2minox.state import StoredOrder
from mww2minox.steps.first_date import keep_to_since
from mww2minox.steps.named_orders import known_orders
from mww2minox.steps.originals import originals_first
from mww2minox.wiring import Wiring


def push(  # noqa: PLR0913 - the command's options
    wiring: Wiring,
    *,
    dry_run: bool = False,
    limit: int | None = None,
    until: date | None = None,
    numbers: Sequence[str] = (),
    form: str = "table",
) -> ExitStatus:
    """Book the orders that are ready or failed, by date, dated `until` at the latest.

    `form` is `table` or `json`, for `dry_run`.

    With `limit` at most so many of those that can be booked as they are now, the oldest first;
    those that failed before come after those that are ready.
    """
    known_orders(wiring, numbers)  # or refuse, before anything is done
    keep_to_since(wiring)
    orders = _candidates(wiring, until, numbers)
    if limit is not None:
        orders = sorted(orders, key=lambda order: order.state is State.FAILED)
    orders = originals_first(wiring.store, orders)
    if limit is not None:
        orders = _bookable(wiring, orders, limit)

    if dry_run and (orders or form == "json"):
        from mww2minox.commands.push.dry_run import show_plans

        return show_plans(wiring, orders, in_full=bool(numbers), form=form)

    status = _book(wiring, orders, numbers)
    if wiring.config.vies and not dry_run:
        from mww2minox.steps.vies import ask_vies

        ask_vies(wiring)
    return status


def _book(wiring: Wiring, orders: Sequence[StoredOrder], numbers: Sequence[str]) -> ExitStatus:
    if not orders:
        return _say_nothing_to_book(wiring, numbers)

    # On most days there is nothing to book: what books is imported when there is.
    from mww2minox.steps.booking_run import book_all

    return book_all(wiring, orders, tells_again=bool(numbers))


def _bookable(wiring: Wiring, orders: Sequence[StoredOrder], limit: int) -> list[StoredOrder]:
    """Return the first orders that no local rule refuses; the first ones where it refuses all.

    Who tries a first booking is to see one, however many older orders have something the matter.
    """
    judged: dict[str, Rejection | None] = {}
    bookable: list[StoredOrder] = []
    for order in orders:
        judged[order.number] = _refusal(wiring, order, judged)
        if judged[order.number] is None:
            bookable.append(order)
        if len(bookable) == limit:
            break

    passed_over = sum(rejection is not None for rejection in judged.values())
    if not bookable:
        return list(orders[:limit])
    if passed_over:
        sentence = ngettext(
            "Passed over: {count} order that cannot be booked as it is now. To see why, run:"
            " mww2minox push --dry-run",
            "Passed over: {count} orders that cannot be booked as they are now. To see why, run:"
            " mww2minox push --dry-run",
            passed_over,
        )
        wiring.output.say(sentence.format(count=passed_over))
    return bookable


def _refusal(
    wiring: Wiring, order: StoredOrder, judged: Mapping[str, Rejection | None]
) -> Rejection | None:
    """Return why a local rule refuses an order; what was sent before is for Minox to tell."""
    if wiring.store.booking(order.number):
        return None

    decided = wiring.booker.decide(order, judged=judged)
    return decided if isinstance(decided, Rejection) else None


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
