"""`verify`: read bookings back from Minox, and their orders from the shop, and compare."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mww2minox.books.differences import booking_differences
from mww2minox.books.model import Booking, Difference, TransactionLine, VatPosting
from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.texts import _, ngettext
from mww2minox.minox.asking import poll
from mww2minox.minox.journal import order_lines, total
from mww2minox.minox.wire import sent_lines
from mww2minox.reasons import euros, explain_differences
from mww2minox.shop.intake import changes_since
from mww2minox.shop.rereading import reread
from mww2minox.state import StoredBooking
from mww2minox.wiring import Wiring

FRESH = timedelta(minutes=5)
"""A booking this young may not be found yet because look-ups lag."""


def verify(wiring: Wiring, *, everything: bool = False, numbers: Sequence[str] = ()) -> ExitStatus:
    """Compare bookings: those not verified as right yet, or `everything`, or `numbers`.

    ATTENTION on a difference.
    """
    bookings = _chosen(wiring, everything, numbers)
    if not bookings:
        wiring.output.say(_("There is nothing to verify."))
        return ExitStatus.OK
    gone = _compare_with_shop(wiring, bookings)
    vat_accounts = frozenset(code.account for code in wiring.minox.vat_codes() if code.account)
    wrong: dict[str, Sequence[Difference]] = {}
    for booking in wiring.output.each("verify", bookings):
        found = [*_differences(wiring, booking, vat_accounts), *gone.get(booking.number, ())]
        wiring.store.mark_verified(booking.number, found)
        in_shop = _now(wiring, booking).shop_differences
        if found or in_shop:
            wrong[booking.number] = [*found, *in_shop]
    _tell(wiring, len(bookings), wrong)
    return ExitStatus.ATTENTION if wrong else ExitStatus.OK


def _chosen(wiring: Wiring, everything: bool, numbers: Sequence[str]) -> list[StoredBooking]:  # noqa: FBT001 - local
    booked = {booking.number: booking for booking in wiring.store.bookings() if booking.booked_at}
    unknown = [number for number in numbers if number not in booked]
    if unknown:
        message = _("Order {numbers} is not booked.").format(numbers=", ".join(unknown))
        raise UsageError(message, _("See why: mww2minox report"))
    if numbers:
        return [booking for number, booking in booked.items() if number in numbers]
    return [booking for booking in booked.values() if everything or booking.verified != "ok"]


def _compare_with_shop(
    wiring: Wiring, bookings: Sequence[StoredBooking]
) -> dict[str, list[Difference]]:
    """Read the orders again and store what changed; return what can be said of those that the shop
    lacks.
    """
    wanted = {booking.number: str(booking.payload.get("date", "")) for booking in bookings}
    by_number = {booking.number: booking for booking in bookings}
    seen: set[str] = set()
    for page in reread(wiring.shop, wanted):
        with wiring.store.transaction():
            for taken in page:
                seen.add(taken.number)
                changes = changes_since(by_number[taken.number], taken)
                wiring.store.mark_changed_in_shop(taken.number, changes)
    return {
        number: [Difference(code="order_gone", values={})]
        for number in wanted
        if number not in seen
    }


def _differences(
    wiring: Wiring, booking: StoredBooking, vat_accounts: frozenset[str]
) -> Iterable[Difference]:
    found = _read_back(wiring, booking)
    if not found:
        return [Difference(code="booking_gone", values={"batch_id": booking.batch_id})]
    if not booking.body:
        return _adopted_differences(booking, found)
    return booking_differences(
        sent_lines(booking.body),
        found,
        vat_accounts=vat_accounts,
        tolerance=wiring.config.verify.tolerance,
        made_vat=_made_vat(wiring, booking),
    )


def _adopted_differences(
    booking: StoredBooking, found: Sequence[TransactionLine]
) -> Iterable[Difference]:
    """Compare a booking that another connector made, or a person, by its total alone."""
    wanted, there = Decimal(booking.total_cents) / 100, total(order_lines(booking.number, found))
    if there != wanted:
        shown = "-" if there is None else euros(there)
        yield Difference(code="total_differs", values={"expected": euros(wanted), "found": shown})


def _read_back(wiring: Wiring, booking: StoredBooking) -> list[TransactionLine]:
    fresh = booking.booked_at and datetime.now(UTC) - booking.booked_at < FRESH
    if fresh:
        return poll(lambda: wiring.minox.booking(booking.batch_id)) or []
    return wiring.minox.booking(booking.batch_id)


def _made_vat(wiring: Wiring, booking: StoredBooking) -> Decimal | None:
    """Return the order's VAT in euros where Minox makes it; None where it was sent, or can no
    longer be told.
    """
    if wiring.rules.vat_posting is not VatPosting.LEDGER:
        return None
    decided = wiring.booker.decide(booking)
    if not isinstance(decided, Booking):
        return None
    return sum((share.vat for share in decided.shares), Decimal(0))


def _now(wiring: Wiring, booking: StoredBooking) -> StoredBooking:
    return wiring.store.booking(booking.number) or booking


def _tell(wiring: Wiring, count: int, wrong: dict[str, Sequence[Difference]]) -> None:
    sentence = ngettext(
        "Verified: {count} booking, {differing} with differences.",
        "Verified: {count} bookings, {differing} with differences.",
        count,
    )
    wiring.output.say(sentence.format(count=count, differing=len(wrong)))
    for number, differences in wrong.items():
        text = explain_differences(number, differences)
        wiring.output.warn(text.message, f"  {text.suggestion}")
