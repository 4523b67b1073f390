"""What the state file holds, as values: orders, bookings, customers, runs and tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from mww2minox.books.model import (
    PAYMENT_UNDONE,
    STATUS_DIFFERS,
    BookingWarning,
    Difference,
    Order,
    Reason,
    Rejection,
    State,
)
from mww2minox.books.vat_sums import Turnover

A_DAY = timedelta(hours=26)
"""With a margin: a daily run may wait for another one, or take long."""
EMPTIED = "emptied"
"""A mark on an order's reduced JSON that its addresses are gone."""


class ReadOrder(Protocol):
    """An order's JSON, and what was read from it: the order, or the place of the problem."""

    @property
    def payload(self) -> dict[str, Any]:
        """The shop's JSON, reduced to what booking needs."""

    @property
    def order(self) -> Order | None:
        """The order, or None when its JSON cannot be read."""

    @property
    def problem(self) -> str:
        """The place that cannot be read, or an empty text."""


class OrderNow(ReadOrder, Protocol):
    """An order as the shop has it now, with where it stands there."""

    @property
    def date(self) -> str:
        """The order date, ISO 8601, or an empty text."""

    @property
    def status(self) -> int | None:
        """Its status, by number."""


OrderReader = Callable[[dict[str, Any]], ReadOrder]
"""Reads a payload: the shop's own knowledge, so that it comes from whoever opens the state."""


def rows_alone(payload: dict[str, Any]) -> ReadOrder:
    """Read no order: a state that is opened for its rows alone has nobody who looks into one."""
    raise NotImplementedError(payload.get("number"))


@dataclass(frozen=True, kw_only=True)
class _KeptOrder:
    """What holds the payload of an order, and reads it once, when its order is first asked for.

    Many more rows are read than orders are looked into, hence not before.

    `paid_by` is how it was paid as the shop last told, empty where it was asked and no payment was
    received; it stands in where the order itself does not tell.
    """

    payload: dict[str, Any]
    read: OrderReader = field(default=rows_alone, repr=False, compare=False)
    paid_by: str | None = None

    @cached_property
    def _reading(self) -> ReadOrder:
        return self.read(self.payload)

    @cached_property
    def order(self) -> Order | None:
        """The order, or None when its JSON cannot be read."""
        order = self._reading.order
        if order is None or order.payment:
            return order
        return replace(order, payment=self.paid_by)

    @property
    def problem(self) -> str:
        """The place in the JSON that cannot be read, or an empty text."""
        return self._reading.problem

    @property
    def is_emptied(self) -> bool:
        """Whether its addresses are gone, e-mail too: `retention_days` was over."""
        return bool(self.payload.get(EMPTIED))


@dataclass(frozen=True, kw_only=True)
class StoredOrder(_KeptOrder):
    """An order as the state knows it.

    `asked_for`: it is to be booked although it is from before `shop.since`. `gone`: the shop had it
    no longer when it was asked last. `skipped_before`: an earlier version skipped it by a rule that
    is another now.
    """

    number: str
    date: str
    status: int | None
    state: State
    rejection: Rejection | None
    total_cents: int | None
    asked_for: bool = False
    gone: bool = False
    skipped_before: bool = False

    @property
    def is_skipped_by_hand(self) -> bool:
        """Whether somebody said that it is never to be booked."""
        return self.rejection is not None and self.rejection.reason is Reason.SKIPPED_BY_HAND

    @property
    def credited(self) -> str | None:
        """The number of the order that a credit order takes back; None of any other order."""
        number = self.payload.get("credited_order_number")
        return None if number in (None, "0") else str(number)

    @property
    def waits(self) -> Rejection | None:
        """Why an order that may be in Minox is not sent again, such as its status by now.

        Its own reason keeps that until Minox was asked.
        """
        if self.rejection is None or "waits" not in self.rejection.values:
            return None

        values = dict(self.rejection.values)
        reason = Reason(values.pop("waits"))
        return Rejection(reason=reason, values=values)


@dataclass(frozen=True, kw_only=True)
class StoredBooking(_KeptOrder):
    """A booking that was sent, at last on `sent_at`: `body` is the exact text, `order` as it was.

    An intent, not known to be booked, while `booked_at` is None. `seen` are the differences that
    somebody has looked at, last at `looked_at`, and `seen_warnings` the warnings. `credited_cents`
    is what credit orders take back of it in the books; None: there are none. `decision` is what was
    worked out on the way to it, as `books/kept_decision.py` writes it; None: nothing was kept.
    """

    number: str
    batch_id: str
    customer: str
    total_cents: int
    body: str
    sent_at: datetime
    booked_at: datetime | None
    verified: str | None = None
    verified_at: datetime | None = None
    differences: tuple[Difference, ...] = ()
    shop_differences: tuple[Difference, ...] = ()
    seen: tuple[Difference, ...] = ()
    warnings: tuple[BookingWarning, ...] = ()
    seen_warnings: tuple[BookingWarning, ...] = ()
    looked_at: datetime | None = None
    credited_cents: int | None = None
    turnover: Turnover | None = field(default=None, compare=False)
    """What it adds to the books, where it is to be stored with it: it is not read back."""
    decision: str | None = None

    @property
    def is_absent(self) -> bool:
        """Whether it was not in Minox when it was asked for last, which was right."""
        return self.verified is None and self.verified_at is not None

    @property
    def all_differences(self) -> tuple[Difference, ...]:
        """What is not as it was booked, in Minox and in the shop."""
        return (*self.differences, *self.open_shop_differences)

    @property
    def open_shop_differences(self) -> tuple[Difference, ...]:
        """What is not as it was booked in the shop, and what no credit order stands for."""
        return tuple(
            difference for difference in self.shop_differences if not self._is_credited(difference)
        )

    def _is_credited(self, difference: Difference) -> bool:
        """Tell whether the books have taken back what the shop has (books/rules.md, "After the
        booking").
        """
        if self.credited_cents is None:
            return False

        # Money can be paid back in part, and then so much of it is credited.
        if difference.code == PAYMENT_UNDONE:
            return True
        return difference.code == STATUS_DIFFERS and self.credited_cents >= self.total_cents

    @property
    def seen_at(self) -> datetime | None:
        """When somebody looked at all of its differences and warnings; None where there is another
        one, or none at all.
        """
        if not (self.all_differences or self.warnings):
            return None

        is_unseen = self.unseen_differences or self.unseen_warnings
        return None if is_unseen else self.looked_at

    @property
    def unseen_differences(self) -> tuple[Difference, ...]:
        """All of its differences, unless somebody has looked at them."""
        differences = self.all_differences
        return () if all(difference in self.seen for difference in differences) else differences

    @property
    def unseen_warnings(self) -> tuple[BookingWarning, ...]:
        """Its warnings that nobody has looked at."""
        return tuple(warning for warning in self.warnings if warning not in self.seen_warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request about an order, and how it was answered: by an HTTP status, or None by nothing.

    `what` is a code for what was asked or sent (`minox/exchanges.py`): no path, which may have an
    e-mail address in it.
    """

    at: datetime
    method: str
    what: str
    status: int | None
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedCustomer:
    """A customer's number in Minox, or since when a POST for it may be under way.

    `vat_number` is what Minox had at `read_at`; while that is None, nobody knows. `others` are the
    numbers that have its e-mail address as well; `name_marks` tell the words of its name apart, and
    nobody can be known by them. None: an older version, or nobody, looked for either.
    """

    externalid: str
    number: str | None
    posted_at: datetime | None
    vat_number: str
    read_at: datetime | None
    others: tuple[str, ...] = ()
    name_marks: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRuns:
    """When a command first began, last ended, and last ended well, if it ever did.

    Well is exit 0 or 3 of a run that did its work; `refused` tells that the last one did not.
    """

    began: datetime
    ended: datetime
    ended_well: datetime | None
    refused: bool = False

    def is_late(self, now: datetime) -> bool:
        """Tell whether the command has not ended well for a day.

        A moment that is further ahead was noted by a clock that was wrong, and counts as long ago.
        """
        return abs(now - (self.ended_well or self.began)) > A_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The run of a command that began last. `ended` is None while it runs.

    `exit_status` is None where it was killed; `counts` is what it did, by name, in orders, bookings
    or cents.
    """

    began: datetime
    ended: datetime | None
    exit_status: int | None
    refused: bool
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The OAuth tokens. `previous_refresh_token` is kept until the new one has worked.

    `expires_at` is when the access token is to be renewed, a little before it expires;
    `login_ends_at` is until when that can be done, None where Minox does not tell it.
    """

    access_token: str
    refresh_token: str
    previous_refresh_token: str | None
    expires_at: datetime
    login_ends_at: datetime | None = None


Boxes = dict[str, tuple[int, int]]
"""Turnover and VAT in cents, by box of the VAT return."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProof:
    """A proof of a period of the VAT return. `number` counts all proofs of this state file.

    `former_sha256` is the hash of the period's proof before it, if there is one. `config` is the
    hash of the mapping that it was proven by.
    """

    number: int
    period: str
    proven_at: datetime
    closed: bool
    sha256: str
    former_sha256: str | None
    config: str
    boxes: Boxes


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenOrder:
    """An order of the last proof that closed a period: where it stood, its canonical line's hash,
    and what it came to per box.
    """

    number: str
    standing: str
    sha256: str
    boxes: Boxes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredViesAnswer:
    """What VIES answered about the VAT number of an order, and when.

    `consultation` is its own number for the request, or empty.
    """

    number: str
    vat_number: str
    valid: bool
    asked_at: datetime
    consultation: str
