"""Alerts (`notify` in the config): what needs a person is sent to them once, and again should it
come back.

A matter is an order that failed, a booking with differences or with a warning, keys that a vendor
refuses, a run that refused to book, order numbers that do not fit as invoice numbers, or a command
that has not ended well for a day. After a run the matters are gathered from the state; those that
nobody was told about go out in one message, and are remembered once somebody's service has taken
it. A kill in between tells them again. All this happens outside the run lock, so that a slow
service holds up no other run, and under a lock of its own, so that two runs do not tell the same
thing.
"""

import hashlib
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from mww2minox.books.model import (
    BookingWarning,
    Difference,
    InvoiceNumber,
    Rejection,
    State,
)
from mww2minox.errors import ExitStatus, KeysRefused, LoginNeeded, StateError, TokenRefused
from mww2minox.language.commands import carried
from mww2minox.language.texts import _, day, local, ngettext
from mww2minox.messenger import ping, send
from mww2minox.output import log_beside
from mww2minox.reasons import (
    HIDDEN,
    REASONS,
    discreet_difference,
    discreet_rejection,
    discreet_warning,
    explain_differences,
    explain_rejection,
    explain_warning,
    long_numbers,
)
from mww2minox.register import DAILY, Command
from mww2minox.shop.census import LEFT, Left, explain_left, read_kept
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.steps.reconciliation.closed_periods import changed_periods, explain_change
from mww2minox.steps.reconciliation.period_states import in_the_way
from mww2minox.wiring import Wiring

WELL = (ExitStatus.OK, ExitStatus.ATTENTION)
MOST_ORDERS = 10
SHORTEST_VAT_NUMBER = 6
BETWEEN = r"[\W_]{0,2}"
"""What may stand between two signs of a VAT number."""
OF_ORDER = "order "
"""Before the number in the key of an order that failed."""
REFUSED = "refused "
"""Before the cause in the key of a run that refused: over when a `push` did its work."""
# no text: a key in the state, or what a UUID is derived from
LOGIN, MINOX_KEYS, SHOP_TOKEN = "login", "keys of minox", "token of the shop"
# no text: a key in the state, or what a UUID is derived from
LONG_NUMBERS = "long invoice numbers"
ASKED: Mapping[str, Literal["shop_transport", "minox_transport"]] = {
    LOGIN: "minox_transport",
    MINOX_KEYS: "minox_transport",
    SHOP_TOKEN: "shop_transport",
}
"""Whom a run must have asked, and ended well, before these matters are over."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Run:
    """The run to tell about: `number` is 0 until it holds the lock, `error` is how it failed."""

    command: Command
    number: int = 0
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """What a person has to see to, and what to do about it.

    `keys` are its causes, each of them told once. `former_key` is how an older version named the
    whole of it.
    """

    keys: frozenset[str]
    message: str
    suggestion: str
    of_order: bool = False
    former_key: str = ""

    def is_news(self, told_keys: Collection[str]) -> bool:
        """Tell whether there is a cause in it that nobody was told of."""
        return self.former_key not in told_keys and not self.keys.issubset(told_keys)


@contextmanager
def told_about(wiring: Wiring, command: Command) -> Iterator[Run]:
    """Tell what the run inside has brought to light, as soon as it is over.

    One that is interrupted tells nothing.
    """
    run = Run(command)
    try:
        yield run
    except Exception as error:
        run.error = error
        _tell(wiring, run)
        raise
    _tell(wiring, run)


def _tell(wiring: Wiring, run: Run) -> None:
    """Send what is new, and tell the dead man's switch.

    Whatever comes of it, the run's exit status stays.
    """
    notify = wiring.config.notify

    # A run that did not get the lock did nothing: the one that holds it tells what there is.
    if not run.number or not run.command.alerts:
        return

    try:
        if notify.urls:
            _tell_people(wiring, run)
        if notify.dead_mans_switch and _all_is_well(wiring, run):
            ping(notify.dead_mans_switch.get_secret_value())
    except StateError as error:
        log.warning("Nobody was told: %s", error)
        wiring.output.warn(error.message, error.suggestion)


def _tell_people(wiring: Wiring, run: Run) -> None:
    with wiring.store.telling() as our_turn:
        if not our_turn:
            log.info(
                "Another run is telling what needs attention; the next run tells what is new in"
                " this one."
            )
            return

        matters = list(_matters(wiring, run))
        told_keys = wiring.store.told()
        news = [matter for matter in matters if matter.is_news(told_keys)]
        news_keys = _keys(news) - told_keys
        gone_keys = told_keys - _keys(matters)

        # What was told by an older version keeps its causes under names of their own.
        renamed_keys = _keys(matters) - told_keys - news_keys
        if renamed_keys:
            wiring.store.mark_told(renamed_keys)

        # What is over is forgotten, so that it is told again when it comes back.
        tried_anew = {order.number for order in wiring.store.orders((State.READY,))}
        wiring.store.forget_told(key for key in gone_keys if _is_over(wiring, run, key, tried_anew))

        # Remembered only once a service has taken it: a kill in between tells it twice, not never.
        if news and _sent(wiring, news):
            wiring.store.mark_told(news_keys)


def _keys(matters: Iterable[Matter]) -> set[str]:
    return {key for matter in matters for key in matter.keys}


# What there is to tell


def _matters(wiring: Wiring, run: Run) -> Iterator[Matter]:
    yield from _refused_keys(run)
    yield from _refused_run(wiring)
    yield from _long_numbers(wiring)
    for command in DAILY:
        yield from _not_for_a_day(wiring, run, command)
    yield from _new_ways_of_paying(wiring)

    yield from _of_periods(wiring)

    for left in read_kept(wiring.store.note(LEFT)):
        yield from _counted_otherwise(left)
    for order in wiring.store.orders((State.FAILED,)):
        yield from _failed(order)
    for booking in wiring.store.bookings_to_look_at():
        yield from _differing(booking)
        yield from _warned(booking)


def _is_over(wiring: Wiring, run: Run, key: str, tried_anew: Collection[str]) -> bool:
    """Tell whether a cause that was not found now is over.

    That of an order is not while the order is to be tried anew: a change in the shop alone, such as
    its status, cures nothing. Keys are good again when the vendor has taken them, and what a run
    refused for is out of the way when a `push` did its work.
    """
    if key.startswith(OF_ORDER):
        return key.split()[1] not in tried_anew
    if key.startswith(REFUSED):
        return run.command.name == "push" and _ended_well(wiring, run)

    vendor = ASKED.get(key)
    return vendor is None or (_ended_well(wiring, run) and wiring.asked(vendor))


def _ended_well(wiring: Wiring, run: Run) -> bool:
    return wiring.refusal is None and wiring.store.exit_status(run.number) in WELL


def _refused_run(wiring: Wiring) -> Iterator[Matter]:
    refusal = wiring.refusal
    if refusal:
        key = f"{REFUSED}{refusal.cause}"
        yield Matter(frozenset({key}), refusal.message, refusal.suggestion)


def _long_numbers(wiring: Wiring) -> Iterator[Matter]:
    """Tell that what was booked so far is about to be refused, for as long as it is so."""
    by_order = wiring.config.booking.invoice_number is InvoiceNumber.ORDER
    if by_order and wiring.store.has_long_invoice_numbers():
        yield Matter(frozenset({LONG_NUMBERS}), *long_numbers())


def _refused_keys(run: Run) -> Iterator[Matter]:
    match run.error:
        case TokenRefused() as error:  # the shop's; it is a `KeysRefused` too, so it comes first
            yield Matter(frozenset({SHOP_TOKEN}), error.message, error.suggestion)
        case KeysRefused() as error:
            yield Matter(frozenset({MINOX_KEYS}), error.message, error.suggestion)
        case LoginNeeded() as error:
            yield Matter(frozenset({LOGIN}), error.message, error.suggestion)
        case _:
            return


def _not_for_a_day(wiring: Wiring, run: Run, command: str) -> Iterator[Matter]:
    """Tell that a command had not ended well for a day before this run, if it ever ran."""
    past = wiring.store.past_runs(command, before=run.number)
    if past is None:
        return
    if not past.is_late(datetime.now(UTC)):
        return

    since = past.ended_well or past.began
    here = local(since)
    values = {"command": f"mww2minox {command}", "day": day(here), "time": f"{here:%H:%M}"}

    # The run that ends the silence still tells of it: the machine may have been off for days.
    if command == run.command.name and _ended_well(wiring, run):
        message = _("{command} had not ended well since {day}, {time}; now it has.")
        suggestion = _(
            "Was this machine off? If not, see in {log} what happened. What is not booked: {report}"
        )
    else:
        message = _("{command} has not ended well since {day}, {time}.")
        suggestion = _(
            "Look whether cron or its timer runs it, and at the end of {log}; then run: {command}"
        )

    # no text: a key in the state, or what a UUID is derived from
    key = f"not since {command} {since.isoformat()}"
    suggestion = suggestion.format(
        report="mww2minox report --errors", log=log_beside(wiring.store.path), **values
    )
    yield Matter(frozenset({key}), message.format(**values), suggestion)


def _of_periods(wiring: Wiring) -> Iterator[Matter]:
    """Tell of VAT periods that were closed and have changed, and of returns that are due soon."""
    for changed in changed_periods(wiring):
        orders = " ".join(sorted(change.number for change in changed.changes))
        # no text: a key in the state
        key = f"period {changed.name} {changed.proof} {_digest([orders])}"
        yield Matter(frozenset({key}), *explain_change(changed))

    for name, text in in_the_way(wiring, wiring.today):
        # no text: a key in the state
        yield Matter(frozenset({f"return due {name}"}), *text)


def _counted_otherwise(left: Left) -> Iterator[Matter]:
    """Tell of days of which the shop counts other orders than are known."""
    if left.explained:
        return

    # no text: a key in the state, or what a UUID is derived from
    key = f"census {left.days.first} {left.counted} {left.known}"
    yield Matter(frozenset({key}), *explain_left(left))


def _new_ways_of_paying(wiring: Wiring) -> Iterator[Matter]:
    """Tell of ways of paying before they are booked on the customers with the e-mail addresses."""
    ways = wiring.payments.new_ways()
    if not ways:
        return

    message = ngettext(
        "A new way of paying: {ways}. It has no fixed customer, so its orders go to the customers"
        " with their e-mail addresses.",
        "New ways of paying: {ways}. They have no fixed customer, so their orders go to the"
        " customers with their e-mail addresses.",
        len(ways),
    )
    listed = ", ".join(
        _("{way} (order {number})").format(way=way, number=number) for way, number in ways.items()
    )
    suggestion = _(
        "If one belongs to a fixed customer, add it to payment_debtors in the config before the"
        " next push. To see all, run: mww2minox check"
    )
    # no text: a key in the state, or what a UUID is derived from
    keys = frozenset(f"way of paying {way.casefold()}" for way in ways)
    yield Matter(keys, message.format(ways=listed), suggestion)


def _failed(order: StoredOrder) -> Iterator[Matter]:
    if order.rejection is None:
        return

    # Another message of Minox, or another rate without a row, is another cause.
    text = explain_rejection(_discreet(order, order.rejection))
    by_reason = f"{OF_ORDER}{order.number} {order.rejection.reason.value}"
    cause = f"{by_reason} {_digest(_shown(order.rejection))}"
    yield Matter(
        frozenset({cause}), text.message, text.suggestion, of_order=True, former_key=by_reason
    )


def _shown(rejection: Rejection) -> list[tuple[str, str]]:
    """Return the values that the reader sees: what goes along unseen, such as the status by now,
    would tell the same sentence again.
    """
    shown = {"number", *REASONS[rejection.reason].values}
    return sorted((key, value) for key, value in rejection.values.items() if key in shown)


def _discreet(order: StoredOrder, rejection: Rejection) -> Rejection:
    """Leave out what is private, and the customer's VAT number wherever it stands.

    Names, addresses and e-mails were taken out of Minox' words before (`Minox.keep_private`).
    """
    vat_number = order.order.buyer.vat_number if order.order else ""

    discreet = discreet_rejection(rejection)
    values = {key: _without(vat_number, value) for key, value in discreet.values.items()}

    # An order number that happens to be part of the VAT number stays: without it nobody can look.
    return Rejection(reason=rejection.reason, values={**values, "number": order.number})


def _without(vat_number: str, text: str) -> str:
    """Hide a VAT number, with or without its country and however it is spaced."""
    signs = "".join(sign for sign in vat_number if sign.isalnum())

    # People also write `-` or `none` there, which would blot out half the message.
    if len(signs) < SHORTEST_VAT_NUMBER:
        return text

    pattern = _spaced(signs)
    if signs[:2].isalpha():
        pattern = f"(?:{_spaced(signs[:2])}{BETWEEN})?{_spaced(signs[2:])}"
    return re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)


def _spaced(signs: str) -> str:
    return BETWEEN.join(map(re.escape, signs))


def _differing(booking: StoredBooking) -> Iterator[Matter]:
    differences = booking.unseen_differences
    if not (booking.booked_at and differences):
        return

    text = explain_differences(booking.number, map(discreet_difference, differences))
    # no text: a key in the state, or what a UUID is derived from
    of_booking = f"difference {booking.number}"
    causes = {f"{of_booking} {_digest([_content(difference)])}" for difference in differences}
    yield Matter(
        frozenset(causes),
        text.message,
        text.suggestion,
        of_order=True,
        former_key=f"{of_booking} {_digest([_content(difference) for difference in differences])}",
    )


def _warned(booking: StoredBooking) -> Iterator[Matter]:
    if not booking.booked_at:
        return

    for warning in booking.unseen_warnings:
        text = explain_warning(discreet_warning(warning))
        # no text: a key in the state, or what a UUID is derived from
        cause = f"warning {booking.number} {_digest(_content(warning))}"
        yield Matter(frozenset({cause}), text.message, text.suggestion, of_order=True)


def _content(of: Difference | BookingWarning) -> tuple[str, list[tuple[str, str]]]:
    return str(of.code), sorted(of.values.items())


def _digest(content: object) -> str:
    """Tell a cause from others; nothing that it holds can be read back from this."""
    return hashlib.sha256(repr(content).encode()).hexdigest()[:12]


# Telling it


def _sent(wiring: Wiring, news: Sequence[Matter]) -> bool:
    """Send one message; warn of the URLs that did not take it. Return whether any of them did."""
    urls = [url.get_secret_value() for url in wiring.config.notify.urls]
    accepted = send(urls, *_message(news))

    if not all(accepted):
        # By their place in the config: a URL is a secret.
        places = ", ".join(f"notify.urls[{index}]" for index, ok in enumerate(accepted) if not ok)
        log.warning("Not sent by %s.", places)
        _warn(wiring, accepted)

    log.info(
        "%d matter(s) to tell; the message was taken by %d of %d.",
        len(news),
        sum(accepted),
        len(accepted),
    )
    return any(accepted)


def _warn(wiring: Wiring, accepted: Sequence[bool]) -> None:
    address = _("address {number} of notify.urls")
    missed = [address.format(number=number) for number, ok in enumerate(accepted, 1) if not ok]
    places = ", ".join(missed)

    if any(accepted):
        message = _(
            "The message about what needs attention did not reach {places}; it did reach the"
            " others."
        )
    else:
        message = _(
            "The message about what needs attention did not reach {places}; the next run tries"
            " again."
        )

    suggestion = _(
        "Check the URL and the connection. What needs attention is also shown by: mww2minox report"
        " --errors"
    )
    wiring.output.warn(message.format(places=places), suggestion)


def _message(news: Sequence[Matter]) -> tuple[str, str]:
    """Return the title and the text: all matters, but of orders no more than fit in a message."""
    of_orders = [matter for matter in news if matter.of_order]
    shown = [matter for matter in news if not matter.of_order] + of_orders[:MOST_ORDERS]
    blocks = [f"{matter.message}\n{matter.suggestion}" for matter in shown]

    left = len(of_orders[MOST_ORDERS:])
    if left:
        more = ngettext(
            "And {count} more order: {command}", "And {count} more orders: {command}", left
        )
        blocks.append(more.format(count=left, command="mww2minox report --errors"))

    title = ngettext(
        "mww2minox: {count} matter needs attention",
        "mww2minox: {count} matters need attention",
        len(news),
    )
    return title.format(count=len(news)), carried("\n\n".join(blocks))


def _all_is_well(wiring: Wiring, run: Run) -> bool:
    """Tell whether the dead man's switch is to be told: this run ended well, and no part of the
    work stands still.
    """
    if not run.command.pings or not _ended_well(wiring, run):
        return False

    for command in DAILY:
        past = wiring.store.past_runs(command)
        if past is None:
            # A command that nobody ever ran is not missed, but without fetch nothing is booked.
            if command == "fetch":
                return False
        elif past.ended_well is None or past.is_late(datetime.now(UTC)):
            return False
    return True
