"""`fetch`: take in what is new in the shop, and look again at every order that is not booked yet.

A window over order date and one over status change, each for live and for archived orders, with a
day of overlap; once a day all that is not booked (books/rules.md, "An order's life"). The last page
of a window and the watermark that says it was seen are one transaction.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from mww2minox.books.model import State
from mww2minox.errors import ExitStatus, OrderNotInShop, UsageError, VendorError
from mww2minox.language.texts import _, day, ngettext
from mww2minox.minox.wire import without_names
from mww2minox.reasons import explain_differences
from mww2minox.shop.api import Page
from mww2minox.shop.census import Stretch
from mww2minox.shop.intake import Counts, close_gone, is_before, sort_again, take_in
from mww2minox.shop.orders import ReceivedOrder, without_addresses
from mww2minox.shop.rereading import reread
from mww2minox.steps.census import TAKEN, hold_census
from mww2minox.steps.first_date import keep_to_since
from mww2minox.steps.gone import is_known, tell_closed
from mww2minox.steps.reconciliation.closed_periods import note_changes
from mww2minox.wiring import Wiring

OVERLAP = timedelta(days=1)
DAILY = timedelta(hours=20)
"""Cron's daily run must not miss its day by seconds."""
LONG_AGO = timedelta(days=60)
FEW_DAYS = timedelta(days=183)
"""So many days are read without asking first how many orders they have."""
MOST_AT_ONCE = 2_000
"""Orders that are read as one: what is interrupted, or moves meanwhile, is read again."""
MOST_TOLD = 5
"""Of so many changed orders each change is told; the report has them all."""
# no text: a key in the state, or what a UUID is derived from
BY_DATE = "orders seen until"
# no text: a key in the state, or what a UUID is derived from
BY_STATUS = "status changes seen until"
# no text: a key in the state, or what a UUID is derived from
SEEN_FROM = "orders seen from"
"""`shop.since` as it was at the last fetch without options."""
# no text: a key in the state, or what a UUID is derived from
LOOKED_AGAIN = "looked again at"
Expected = Mapping[bool, int]
"""How many orders the shop counts in a window, archived (True) or not."""
ARCHIVED = (False, True)
"""What an omitted `archived` means is open, so both are asked for (shop/api.md, "Open")."""

log = logging.getLogger(__name__)


def fetch(
    wiring: Wiring,
    *,
    since: date | None = None,
    until: date | None = None,
    numbers: Sequence[str] = (),
) -> ExitStatus:
    """Take orders in. With any option the watermarks stay where they are."""
    counts = Counts()
    keep_to_since(wiring)
    wiring.know_shop()
    # Asked for before any transaction, which would hold up others and lose a pause.
    statuses = wiring.statuses

    with wiring.output.telling_so_far(lambda: _so_far(counts)):
        if numbers:
            status = _fetch_numbers(wiring, numbers, counts)
        elif since or until:
            status = _fetch_dates(wiring, since, until, counts)
        else:
            status = _fetch_new(wiring, counts)

    sort_again(wiring.store, statuses)
    note_changes(wiring, wiring.today)
    _ask_how_paid(wiring)
    _forget_addresses(wiring, datetime.now(UTC))
    _tell(wiring, counts)
    return status


def _fetch_numbers(wiring: Wiring, numbers: Sequence[str], counts: Counts) -> ExitStatus:
    status = ExitStatus.OK
    for number in numbers:
        try:
            _store(wiring, [wiring.shop.order(number)], counts, asked_for=True)
        except OrderNotInShop as missing:
            if is_known(wiring, number):
                _close(wiring, [number], counts)
                continue
            wiring.output.warn(missing.message, missing.suggestion)
            status = ExitStatus.USAGE
    return status


def _fetch_dates(
    wiring: Wiring, since: date | None, until: date | None, counts: Counts
) -> ExitStatus:
    """Read by stretches of so many orders, the earliest first.

    What an interrupted run has read today is not read again.
    """
    first, today = since or wiring.config.shop.since, wiring.today
    last = until or today
    _refuse_no_days(first, until)

    # no text: a key in the state, or what a UUID is derived from
    history = f"history {first} {until or ''}".strip()
    start = max(first, _read_today(wiring, history) or first)
    if start > first:
        wiring.output.say(_("Continuing from {date}.").format(date=day(start)))

    whole = True
    # The last stretch may go on past today: an order may be dated ahead of our clock.
    stretches = _stretches(wiring, Stretch(first=start, last=until), today)
    for days, expected in wiring.output.each("fetch", stretches):
        whole = _read_dates(wiring, counts, days, expected) and whole
        if whole:
            end = days.last or today
            wiring.store.set_note(history, f"{datetime.now(UTC).isoformat()} {end}")

    if whole:
        wiring.store.set_note(history, None)
    else:
        _warn_of_missing(wiring, first, last)
    return ExitStatus.OK


def _refuse_no_days(first: date, until: date | None) -> None:
    if until and until < first:
        message = _("There are no days from {first} until {until}.").format(
            first=day(first), until=day(until)
        )
        command = f"mww2minox fetch --since {until} --until {until}"
        raise UsageError(
            message, _("Give the first day as well, like: {command}").format(command=command)
        )


def _read_dates(wiring: Wiring, counts: Counts, days: Stretch, expected: Expected | None) -> bool:
    """Read the orders of these days; return whether nothing was missed."""
    complete = 0
    for page in _window(wiring, since=days.first, until=days.last, expected=expected):
        complete += page.complete
        _store(wiring, page.orders, counts, asked_for=True)
    return complete == len(ARCHIVED)


def _warn_of_missing(wiring: Wiring, first: date, last: date) -> None:
    command = f"mww2minox fetch --since {first} --until {last}"
    wiring.output.warn(
        _("The shop counts more orders than it shows; some orders of these days are missing."),
        _("Read them again: {command}").format(command=command),
    )


def _stretches(
    wiring: Wiring, days: Stretch, today: date
) -> Iterator[tuple[Stretch, Expected | None]]:
    """Divide days by how many orders the shop counts in them, none where it counts none.

    Yields each stretch with these counts; a few days are read without counting.
    """
    if (days.last or today) - days.first <= FEW_DAYS:
        yield days, None
    else:
        yield from _divided(wiring, days, _counted(wiring, days), today)


def _divided(
    wiring: Wiring, days: Stretch, expected: Expected, today: date
) -> Iterator[tuple[Stretch, Expected | None]]:
    """Halve days while they have too many orders."""
    halves = days.halves(today)
    if halves is None or sum(expected.values()) <= MOST_AT_ONCE:
        yield days, expected
        return

    first, second = halves
    of_first = _counted(wiring, first)
    # An order may have come in between.
    of_second = {archived: max(0, expected[archived] - of_first[archived]) for archived in ARCHIVED}
    yield from _divided(wiring, first, of_first, today)
    yield from _divided(wiring, second, of_second, today)


def _counted(wiring: Wiring, days: Stretch) -> Expected:
    return {
        archived: wiring.shop.count(archived=archived, since=days.first, until=days.last)
        for archived in ARCHIVED
    }


def _read_today(wiring: Wiring, history: str) -> date | None:
    """Return until which date an interrupted run has read, unless that is too long ago: orders may
    have changed.
    """
    moment, _space, end = (wiring.store.note(history) or "").partition(" ")
    if moment and _is_recent(datetime.fromisoformat(moment), datetime.now(UTC)):
        return date.fromisoformat(end)
    return None


def _is_recent(moment: datetime, now: datetime) -> bool:
    """Tell whether a moment is less than a day ago; one ahead was noted by a clock that was
    wrong.
    """
    return timedelta() <= now - moment < DAILY


def _fetch_new(wiring: Wiring, counts: Counts) -> ExitStatus:
    now = datetime.now(UTC)
    _go_back_with_since(wiring)
    is_first = wiring.store.moment(BY_DATE) is None
    changes_read_until = wiring.store.moment(BY_STATUS)

    _by_date(wiring, now, counts)
    _by_status(wiring, changes_read_until, now, counts)

    looked_again = wiring.store.moment(LOOKED_AGAIN)
    if looked_again is None or not _is_recent(looked_again, now):
        _read_again(wiring, _not_booked(wiring, now), counts)
        wiring.store.set_note(LOOKED_AGAIN, now.isoformat())
    else:
        _read_again(wiring, _under_way(wiring), counts)

    # What was just read from `shop.since` on is counted by the next one.
    counted_at = wiring.store.moment(TAKEN)
    if not is_first and (counted_at is None or not _is_recent(counted_at, now)):
        hold_census(wiring, wiring.today, _Intake(wiring, counts))
    return ExitStatus.OK


@dataclass(frozen=True, slots=True)
class _Intake:
    """What becomes of the orders that the census reads."""

    wiring: Wiring
    counts: Counts

    def store(self, orders: Sequence[ReceivedOrder]) -> None:
        _store(self.wiring, orders, self.counts)

    def close(self, numbers: Sequence[str]) -> None:
        _close(self.wiring, numbers, self.counts)


def _go_back_with_since(wiring: Wiring) -> None:
    """Take the watermark back where `shop.since` was moved earlier: what lies between was left
    alone.

    Where a version before this one fetched, it is not known from when on: that is read once more.
    """
    since = wiring.config.shop.since.isoformat()
    seen_from = wiring.store.note(SEEN_FROM)
    if seen_from == since:
        return

    with wiring.store.transaction():
        if seen_from is None or since < seen_from:
            wiring.store.set_note(BY_DATE, None)
        wiring.store.set_note(SEEN_FROM, since)


def _by_date(wiring: Wiring, now: datetime, counts: Counts) -> None:
    """Read by order date, in stretches where there is a lot to catch up with.

    The watermark stays before the first stretch of which something was missed.
    """
    zone = ZoneInfo(wiring.config.shop.timezone)
    today = now.astimezone(zone).date()
    read_until = wiring.store.moment(BY_DATE)
    start = wiring.config.shop.since
    if read_until:
        start = max(start, (read_until - OVERLAP).astimezone(zone).date())

    # The last stretch has no end: an order may be dated ahead of our clock.
    days = Stretch(first=start)
    if today - start > FEW_DAYS and _read_at_once(wiring, counts, start, now):
        return

    whole = True
    for stretch, expected in _stretches(wiring, days, today):
        end = stretch.last
        midnight = datetime(end.year, end.month, end.day, tzinfo=zone) if end else now
        watermark = BY_DATE if whole else None
        whole = (
            _read(
                wiring,
                counts,
                watermark,
                midnight,
                since=stretch.first,
                until=end,
                expected=expected,
            )
            and whole
        )


def _read_at_once(wiring: Wiring, counts: Counts, since: date, now: datetime) -> bool:
    """Read the orders from a day on where the shop has few of each kind, and move the watermark;
    return whether all were read.
    """
    for archived in ARCHIVED:
        complete = False
        for place, page in enumerate(wiring.shop.pages(archived=archived, since=since)):
            complete = page.complete
            with wiring.store.transaction():
                _store(wiring, _not_left_alone(wiring, page.orders), counts)
                if complete and archived == ARCHIVED[-1]:
                    _move(wiring, BY_DATE, now)

            # Most shops have no more than a page of either.
            is_first = place == 0 and not complete
            if is_first and wiring.shop.count(archived=archived, since=since) > MOST_AT_ONCE:
                return False

        if not complete:
            return False
    return True


def _move(wiring: Wiring, watermark: str, read_until: datetime) -> None:
    """Move a watermark, at the furthest to the day of the newest order: our clock may be ahead of
    the shop's.
    """
    newest = wiring.store.newest_order_date()
    if not newest:
        return

    day = max(date.fromisoformat(newest), wiring.config.shop.since)
    zone = ZoneInfo(wiring.config.shop.timezone)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    wiring.store.set_note(watermark, min(read_until, midnight).astimezone(UTC).isoformat())


def _by_status(wiring: Wiring, read_until: datetime | None, now: datetime, counts: Counts) -> None:
    """Read what changed its status.

    Before the first fetch nothing was missed: all orders were just read.
    """
    if read_until is None:
        _move(wiring, BY_STATUS, now)
    else:
        _read(wiring, counts, BY_STATUS, now, changed_since=read_until - OVERLAP)


def _read(  # noqa: PLR0913 - a window, and the watermark that it moves
    wiring: Wiring,
    counts: Counts,
    watermark: str | None,
    read_until: datetime,
    *,
    since: date | None = None,
    until: date | None = None,
    changed_since: datetime | None = None,
    expected: Expected | None = None,
) -> bool:
    """Read a window, live then archived; the watermark moves with the last page, if nothing was
    missed.

    Return whether nothing was.
    """
    complete = 0
    pages = _window(
        wiring, since=since, until=until, changed_since=changed_since, expected=expected
    )

    for page in wiring.output.each("fetch", pages):
        complete += page.complete
        with wiring.store.transaction():
            _store(wiring, _not_left_alone(wiring, page.orders), counts)
            if watermark and complete == len(ARCHIVED):
                _move(wiring, watermark, read_until)

    if complete < len(ARCHIVED):
        wiring.output.warn(
            _("The shop counts more orders than it shows; this window is read again next time."),
            _("Nothing is lost. Run: mww2minox fetch"),
        )
    return complete == len(ARCHIVED)


def _window(
    wiring: Wiring,
    *,
    since: date | None = None,
    until: date | None = None,
    changed_since: datetime | None = None,
    expected: Expected | None = None,
) -> Iterator[Page]:
    for archived in ARCHIVED:
        count = expected[archived] if expected else None
        # What was counted a moment ago as none is not asked for.
        if count == 0:
            yield Page(orders=[], complete=True)
            continue

        yield from wiring.shop.pages(
            archived=archived,
            since=since,
            until=until,
            changed_since=changed_since,
            expected=count,
        )


def _store(
    wiring: Wiring, orders: Sequence[ReceivedOrder], counts: Counts, *, asked_for: bool = False
) -> None:
    with wiring.store.transaction():
        take_in(wiring.store, orders, wiring.statuses, counts, asked_for=asked_for)


def _not_left_alone(wiring: Wiring, orders: Sequence[ReceivedOrder]) -> list[ReceivedOrder]:
    """Orders from before `shop.since` are left alone, unless they are known: asked for, waiting, or
    booked.
    """
    since = wiring.config.shop.since.isoformat()
    return [
        order for order in orders if not is_before(order, since) or wiring.store.order(order.number)
    ]


def _read_again(wiring: Wiring, dates: Mapping[str, str], counts: Counts) -> None:
    """Read these orders (number -> date) once more, but those that this run has seen."""
    unseen = {number: day for number, day in dates.items() if number not in counts.seen}

    for read in reread(wiring.shop, unseen):
        _store(wiring, read.orders, counts)
        _close(wiring, read.gone, counts)


def _close(wiring: Wiring, gone: Sequence[str], counts: Counts) -> None:
    with wiring.store.transaction():
        close_gone(wiring.store, gone, counts)


def _under_way(wiring: Wiring) -> dict[str, str]:
    """Return the dates of the orders that were sent and are not known to be booked: they are few.

    Before they are sent again: the shop may have changed or deleted them meanwhile.
    """
    numbers = [booking.number for booking in wiring.store.intents()]
    orders = [wiring.store.order(number) for number in numbers]
    return {order.number: order.date for order in orders if order}


def _not_booked(wiring: Wiring, now: datetime) -> dict[str, str]:
    """Return the dates of all orders that are not booked; skipped ones for 60 days.

    What is skipped hardly changes after a while, and what waits for `shop.since` alone is read when
    that is moved; all else may be booked any day.
    """
    recent = (now - LONG_AGO).date().isoformat()
    return wiring.store.to_look_at_again(recent)


def _ask_how_paid(wiring: Wiring) -> None:
    """Ask how the orders that are ready were paid, where that decides their customer.

    `push` asks what is not known by then; asked here, a new way of paying is told before it books.
    """
    if not wiring.config.payment_debtors:
        return

    ready = wiring.store.orders((State.READY,))
    unasked = [order for order in ready if order.paid_by is None]
    try:
        for stored in wiring.output.each("fetch", unasked):
            if stored.order:
                wiring.payments.told(stored.order)
    except VendorError as error:
        log.warning("How orders were paid is asked for later: %s", error.message)


def _forget_addresses(wiring: Wiring, now: datetime) -> None:
    """Empty the addresses of orders that were booked, and have been right for longer than
    `retention_days`: verified, or without a booking that they do not want any more. A copy of the
    state file that is as old goes whole.
    """
    days = wiring.config.retention_days
    if days is None:
        return

    right_before = now - timedelta(days=days)
    wiring.store.forget_copies(right_before)
    for booking in wiring.store.bookings_with_addresses(right_before):
        # Of what never was an order's there is nothing to empty.
        if not booking.all_differences and "malformed" not in booking.payload:
            body = without_names(booking.body, booking.number)
            wiring.store.reduce(booking.number, without_addresses(booking.payload), body)


def _so_far(counts: Counts) -> str:
    sentence = _("Fetched so far: {new} new, {changed} changed.")
    return sentence.format(new=counts.new, changed=counts.changed)


def _tell(wiring: Wiring, counts: Counts) -> None:
    wiring.count(looked_at=len(counts.seen), new=counts.new, changed=counts.changed)
    states = (State.READY, State.WAITING, State.FAILED)
    by_state = {state.value: wiring.store.count(state) for state in states}

    sentence = _(
        "Fetched: {new} new, {changed} changed. Now {ready} ready to book, {waiting} waiting,"
        " {failed} failed."
    )
    wiring.output.say(sentence.format(new=counts.new, changed=counts.changed, **by_state))

    tell_closed(wiring, counts.closed)
    _tell_differing(wiring, counts.differing)


def _tell_differing(wiring: Wiring, numbers: Iterable[str]) -> None:
    """Tell what changed on booked orders, unless a credit order stands for it, or somebody looked
    at it.
    """
    bookings = [wiring.store.booking(number) for number in dict.fromkeys(numbers)]
    differing = [booking for booking in bookings if booking and booking.unseen_differences]
    if not differing:
        return

    changed = ngettext(
        "{count} booked order changed in the shop; nothing was booked again.",
        "{count} booked orders changed in the shop; nothing was booked again.",
        len(differing),
    )
    wiring.output.warn(
        changed.format(count=len(differing)), _("See what differs: mww2minox report --errors")
    )
    for booking in differing[:MOST_TOLD]:
        text = explain_differences(booking.number, booking.unseen_differences)
        wiring.output.warn(text.message, f"  {text.suggestion}")
