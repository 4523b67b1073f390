"""`verify`: read bookings back from Minox, and their orders from the shop, and compare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from mww2minox.books.model import Difference, Reason, Rejection, State, TransactionLine
from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _, ngettext
from mww2minox.minox.asking import poll
from mww2minox.minox.readback import Compared, Readback
from mww2minox.minox.wire import without_names
from mww2minox.shop.intake import (
    Counts,
    changes_since,
    close_gone,
    note_in_shop,
    undone_since,
)
from mww2minox.shop.orders import ReceivedOrder, without_addresses
from mww2minox.shop.rereading import reread
from mww2minox.state import Store, StoredBooking
from mww2minox.steps.booked_orders import tell_of_differences, unseen_differences
from mww2minox.steps.journal_search import bookings_in_books, stored_order
from mww2minox.steps.named_orders import booked_orders
from mww2minox.steps.period_lines import lines_in_periods
from mww2minox.steps.reconciliation.closed_periods import prove_again
from mww2minox.wiring import Wiring

WEEKLY = timedelta(days=7) - timedelta(hours=4)
"""The daily run of a week later must not miss its day by seconds."""
LAST_DAYS = timedelta(days=100)
# no text: a key in the state, or what a UUID is derived from
VERIFIED_ALL = "verified all at"
FRESH = timedelta(minutes=5)
"""A booking this young may not be found yet because look-ups lag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InShop:
    """An order as the shop has it now, and what changed on it since it was booked.

    `undone` is what a booking cannot show, however right it is.
    """

    order: ReceivedOrder
    changes: tuple[Difference, ...]
    undone: tuple[Difference, ...]


@dataclass(slots=True)
class Untold:
    """What could not be compared: of how many bookings the VAT, or of adopted ones the customer."""

    made_vat: int = 0
    adopted_vat: int = 0
    adopted_customer: int = 0

    def count(self, booking: StoredBooking, compared: Compared) -> None:
        """Add what a booking did not tell."""
        if booking.body:
            self.made_vat += not compared.tells_vat
        else:
            self.adopted_vat += not compared.tells_vat
            self.adopted_customer += not compared.tells_customer


@dataclass(slots=True)
class Verification:
    """A run of `verify`: both sides as they are now, and what came of it so far.

    `listed` are the lines by UUID that were read by period, `verified` how many were compared.
    """

    wiring: Wiring
    readback: Readback
    in_shop: Mapping[str, InShop]
    listed: Mapping[str, Sequence[TransactionLine]]
    missing: list[StoredBooking] = field(default_factory=list)
    untold: Untold = field(default_factory=Untold)
    verified: int = 0


def verify(
    wiring: Wiring,
    *,
    everything: bool = False,
    since: date | None = None,
    numbers: Sequence[str] = (),
) -> ExitStatus:
    """Compare bookings: `numbers`, those of orders dated `since` on, or `everything`; else those
    not verified as right yet, and once a week those of the last 100 days.

    ATTENTION on a difference that nobody has looked at.
    """
    now = datetime.now(UTC)
    is_plain = not (everything or since or numbers)
    is_weekly = is_plain and _was_long_ago(wiring, now)

    bookings = booked_orders(wiring, numbers)
    if is_plain:
        lasts = now - LAST_DAYS if is_weekly else None
        bookings = _due(wiring.store, lasts)
    elif not numbers:
        bookings = wiring.store.bookings_dated(since.isoformat() if since else "")
    if not bookings:
        said = _say_nothing_to_verify(wiring, any_booked=wiring.store.count(State.BOOKED) > 0)
        return _closed_periods(wiring, now) if is_weekly else said

    in_shop = _compare_with_shop(wiring, bookings)
    listed = lines_in_periods(wiring, bookings)
    run = Verification(wiring, wiring.readback, in_shop, listed)

    # Stored one by one: a run that is cut short keeps what it has read back.
    with wiring.output.telling_so_far(lambda: _so_far(run)):
        for booking in wiring.output.each("verify", bookings):
            _verify(run, booking)
            run.verified += 1
    _look_for_missing(run)

    # As it was stored a moment ago.
    wrong = unseen_differences(wiring, [booking.number for booking in bookings])
    _tell(wiring, len(bookings), wrong, run.untold)
    status = _closed_periods(wiring, now) if is_weekly else ExitStatus.OK
    if everything and not numbers:
        wiring.store.set_note(VERIFIED_ALL, now.isoformat())
    return ExitStatus.ATTENTION if wrong else status


def _closed_periods(wiring: Wiring, now: datetime) -> ExitStatus:
    """Prove the closed periods again, once a week, and note that all was looked at.

    Last, so that bookings are read back whatever comes of it.
    """
    changed = prove_again(wiring, now.date())
    wiring.store.set_note(VERIFIED_ALL, now.isoformat())

    return ExitStatus.ATTENTION if changed else ExitStatus.OK


def _was_long_ago(wiring: Wiring, now: datetime) -> bool:
    """Tell whether what was right before is to be looked at again.

    A moment ahead was noted by a clock that was wrong.
    """
    verified_at = wiring.store.moment(VERIFIED_ALL)
    return verified_at is None or not timedelta() <= now - verified_at < WEEKLY


def _due(store: Store, lasts: datetime | None) -> list[StoredBooking]:
    """Return the bookings that are to be looked at: not found right, or booked or dated since."""
    day = lasts.date().isoformat() if lasts else None
    candidates = store.bookings_to_verify(booked_since=lasts, dated_since=day)

    return [booking for booking in candidates if _is_due(booking, lasts)]


def _is_due(booking: StoredBooking, lasts: datetime | None) -> bool:
    """Tell whether a booking is to be looked at; what somebody has looked at before, or what is a
    warning alone, is right.
    """
    if booking.verified != "ok" or booking.unseen_differences:
        return True
    if lasts is None or booking.booked_at is None:
        return False

    return booking.booked_at >= lasts or _day(booking) >= lasts.date().isoformat()


def _day(booking: StoredBooking) -> str:
    """Return the date of a booking's order, ISO 8601; an empty text where it is not known."""
    return str(booking.payload.get("date", ""))


def _compare_with_shop(wiring: Wiring, bookings: Sequence[StoredBooking]) -> dict[str, InShop]:
    """Read the orders again and store what changed; return those that the shop has."""
    by_number = {booking.number: booking for booking in bookings}
    dates = {booking.number: _day(booking) for booking in bookings}
    # Asked for before any transaction, which would hold up others and lose a pause.
    statuses = wiring.statuses

    in_shop: dict[str, InShop] = {}
    for read in reread(wiring.shop, dates):
        with wiring.store.transaction():
            for order in read.orders:
                booking = by_number[order.number]
                changes = changes_since(booking, order)
                undone = undone_since(booking, order, statuses)
                note_in_shop(wiring.store, order, (*changes, *undone))
                in_shop[order.number] = InShop(order=order, changes=changes, undone=undone)
            close_gone(wiring.store, read.gone, Counts())
    return in_shop


def _verify(run: Verification, booking: StoredBooking) -> None:
    """Read a booking back, compare it, and store what came of it."""
    in_shop = run.in_shop.get(booking.number)
    order, changes = (in_shop.order, in_shop.changes) if in_shop else (None, ())

    compared = None
    if booking.batch_id in run.listed and not changes:
        compared = run.readback.compare(booking, run.listed[booking.batch_id], order, changes)
    # What is not right by the list of its period may stand in another one, in part.
    if compared is None or compared.differences or compared.agreed:
        lines = _read_back(run.wiring, booking)
        if not lines:
            _settle_missing(run, booking)
            return
        compared = run.readback.compare(booking, lines, order, changes)
    run.untold.count(booking, compared)

    _store(run, booking, compared)


def _read_back(wiring: Wiring, booking: StoredBooking) -> list[TransactionLine]:
    if booking.booked_at and datetime.now(UTC) - booking.booked_at < FRESH:
        return poll(lambda: wiring.minox.booking(booking.batch_id)) or []
    return wiring.minox.booking(booking.batch_id)


def _store(run: Verification, booking: StoredBooking, compared: Compared) -> None:
    """Store how a booking differs; where both sides agree again, what they agree on."""
    store = run.wiring.store
    with store.transaction():
        if compared.agreed:
            in_shop = run.in_shop[booking.number]
            agreed = _as_emptied(booking, compared.agreed)
            store.mark_agreed(agreed, in_shop.order, in_shop.undone)
        store.mark_verified(booking.number, compared.differences)


def _as_emptied(booking: StoredBooking, agreed: StoredBooking) -> StoredBooking:
    """Return what order and booking agree on, without the addresses that were emptied before."""
    # Of an order that cannot be read no address is kept.
    if not booking.is_emptied or "malformed" in agreed.payload:
        return agreed

    return replace(
        agreed,
        payload=without_addresses(agreed.payload),
        body=without_names(agreed.body, agreed.number),
    )


# Bookings that are no longer in Minox


def _settle_missing(run: Verification, booking: StoredBooking) -> None:
    """Store that a booking is gone, which is right for as long as the order wants none."""
    in_shop = run.in_shop.get(booking.number)
    if _wants_booking(run.wiring, in_shop):
        difference = Difference(code="booking_gone", values={"batch_id": booking.batch_id})
        _store(run, booking, Compared(differences=(difference,)))
        # The journal is read for what somebody is to see to, and not for ever.
        stored = run.wiring.store.booking(booking.number)
        if stored and stored.unseen_differences:
            run.missing.append(booking)
        return

    store = run.wiring.store
    with store.transaction():
        if in_shop:
            agreed = replace(booking, payload=in_shop.order.payload)
            store.mark_agreed(_as_emptied(booking, agreed), in_shop.order)
        else:
            # Both are gone: nothing differs.
            store.mark_changed_in_shop(booking.number, ())
        store.mark_absent(booking.number)


def _wants_booking(wiring: Wiring, in_shop: InShop | None) -> bool:
    """Tell whether an order is to have a booking: it is there, its status books, and so does it."""
    if in_shop is None or wiring.statuses.rejection("", in_shop.order.status):
        return False

    booked = wiring.booker.decide(stored_order(in_shop.order))
    return not (isinstance(booked, Rejection) and booked.reason is Reason.NOTHING_TO_BOOK)


def _look_for_missing(run: Verification) -> None:
    """Look in the journal for bookings that a person entered in the place of those that are gone.

    They are found as `adopt` finds them, and taken when they have the order's amount.
    """
    orders = [stored_order(run.in_shop[booking.number].order) for booking in run.missing]
    found = bookings_in_books(run.wiring, orders, last=datetime.now(UTC).date())

    for booking in run.missing:
        order = run.in_shop[booking.number].order
        entered = found[booking.number].booking if booking.number in found else None
        if entered is None or order.order is None or entered.total != order.order.total:
            continue

        compared = run.readback.entered_anew(booking, entered.batch_id, order)
        if compared and compared.agreed:
            run.untold.count(compared.agreed, compared)
            _store(run, booking, compared)


# What came of it


def _say_nothing_to_verify(wiring: Wiring, *, any_booked: bool) -> ExitStatus:
    wiring.output.say(_("There is nothing to verify."))
    if any_booked:
        wiring.output.say(_("To verify again what was right: mww2minox verify --all"))
    else:
        wiring.output.say(_("Nothing is booked yet. To book: mww2minox push"))
    return ExitStatus.OK


def _so_far(run: Verification) -> str:
    sentence = ngettext(
        "Verified so far: {count} booking.", "Verified so far: {count} bookings.", run.verified
    )
    return sentence.format(count=run.verified)


def _tell(
    wiring: Wiring, count: int, wrong: Mapping[str, Sequence[Difference]], untold: Untold
) -> None:
    sentence = ngettext(
        "Verified: {count} booking, {differing} with differences.",
        "Verified: {count} bookings, {differing} with differences.",
        count,
    )
    wiring.output.say(sentence.format(count=count, differing=len(wrong)))
    wiring.count(looked_at=count, differing=len(wrong))
    _tell_untold(wiring, untold)

    tell_of_differences(wiring, wrong)


def _tell_untold(wiring: Wiring, untold: Untold) -> None:
    """Say once what could not be compared, and of how many bookings."""
    made = ngettext(
        "Minox works out the VAT of {count} booking itself and does not show it, so it was not"
        " compared.",
        "Minox works out the VAT of {count} bookings itself and does not show it, so it was not"
        " compared.",
        untold.made_vat,
    )
    adopted = ngettext(
        "The lines of {count} adopted booking do not show the VAT, so it was not compared.",
        "The lines of {count} adopted bookings do not show the VAT, so it was not compared.",
        untold.adopted_vat,
    )
    customers = ngettext(
        "Minox does not know the e-mail address of {count} adopted order: its customer was not"
        " compared.",
        "Minox does not know the e-mail addresses of {count} adopted orders: their customers were"
        " not compared.",
        untold.adopted_customer,
    )

    counts = (untold.made_vat, untold.adopted_vat, untold.adopted_customer)
    for count, sentence in zip(counts, (made, adopted, customers), strict=True):
        if count:
            wiring.output.say(sentence.format(count=count))
