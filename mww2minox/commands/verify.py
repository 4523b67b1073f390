"""`verify`: read bookings back from Minox, and their orders from the shop, and compare."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mww2minox.books.differences import booking_differences
from mww2minox.books.model import Booking, Difference, TransactionLine, VatPosting
from mww2minox.books.money import euros
from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.texts import _, ngettext
from mww2minox.minox.asking import poll
from mww2minox.minox.journal import order_lines, total
from mww2minox.minox.wire import sent_lines
from mww2minox.reasons import explain_differences
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

    gone_from_shop = _compare_with_shop(wiring, bookings)
    vat_accounts = frozenset(code.account for code in wiring.minox.vat_codes() if code.account)

    # Stored one by one: a run that is cut short keeps what it has read back.
    wrong: dict[str, Sequence[Difference]] = {}
    for booking in wiring.output.each("verify", bookings):
        differences = list(_differences(wiring, booking, vat_accounts))
        if booking.number in gone_from_shop:
            differences.append(Difference(code="order_gone", values={}))
        wiring.store.mark_verified(booking.number, differences)

        differences += _shop_differences(wiring, booking)
        if differences:
            wrong[booking.number] = differences

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


def _compare_with_shop(wiring: Wiring, bookings: Sequence[StoredBooking]) -> set[str]:
    """Read the orders again and store what changed; return the numbers that the shop lacks."""
    by_number = {booking.number: booking for booking in bookings}
    dates = {booking.number: str(booking.payload.get("date", "")) for booking in bookings}

    missing = set(by_number)
    for page in reread(wiring.shop, dates):
        with wiring.store.transaction():
            for order in page:
                missing.discard(order.number)
                changes = changes_since(by_number[order.number], order)
                wiring.store.mark_changed_in_shop(order.number, changes)
    return missing


def _differences(
    wiring: Wiring, booking: StoredBooking, vat_accounts: frozenset[str]
) -> Iterable[Difference]:
    """Return what is not in Minox as it was sent."""
    lines = _read_back(wiring, booking)
    if not lines:
        return [Difference(code="booking_gone", values={"batch_id": booking.batch_id})]

    # Adopted: what was sent for it is another's business.
    if not booking.body:
        return _adopted_differences(booking, lines)

    return booking_differences(
        sent_lines(booking.body),
        lines,
        vat_accounts=vat_accounts,
        tolerance=wiring.config.verify.tolerance,
        made_vat=_made_vat(wiring, booking),
    )


def _adopted_differences(
    booking: StoredBooking, lines: Sequence[TransactionLine]
) -> Iterable[Difference]:
    """Compare a booking that another connector made, or a person, by its total alone."""
    order_total = Decimal(booking.total_cents) / 100
    booked_total = total(order_lines(booking.number, lines))

    if booked_total != order_total:
        found = "-" if booked_total is None else euros(booked_total)
        values = {"expected": euros(order_total), "found": found}
        yield Difference(code="total_differs", values=values)


def _read_back(wiring: Wiring, booking: StoredBooking) -> list[TransactionLine]:
    if booking.booked_at and datetime.now(UTC) - booking.booked_at < FRESH:
        return poll(lambda: wiring.minox.booking(booking.batch_id)) or []
    return wiring.minox.booking(booking.batch_id)


def _made_vat(wiring: Wiring, booking: StoredBooking) -> Decimal | None:
    """Return the order's VAT in euros where Minox makes it; None where that cannot be told."""
    # In every other way of posting the VAT was sent, and is compared with what was sent.
    if wiring.rules.vat_posting is not VatPosting.LEDGER:
        return None

    # By the order as it was booked; one that the config of today refuses has no VAT to tell.
    decision = wiring.booker.decide(booking)
    if not isinstance(decision, Booking):
        return None
    return sum((share.vat for share in decision.shares), Decimal(0))


def _shop_differences(wiring: Wiring, booking: StoredBooking) -> Sequence[Difference]:
    """Return how its order differs in the shop, as it was stored a moment ago."""
    stored = wiring.store.booking(booking.number)
    return stored.shop_differences if stored else ()


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
