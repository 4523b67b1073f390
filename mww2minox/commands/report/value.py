"""What a report says, in values that keep their types: each renderer writes them down in its way.

Money is Decimal euros, a date is the shop's own, a moment is aware. Texts are in the reader's
language. Whatever there is one of for each order comes as an iterator: no more than a few of them
are in memory at once.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from mww2minox.books.model import State, VatRow
from mww2minox.books.vat_return import Quarter
from mww2minox.commands.report.rows import Row
from mww2minox.reasons import Text
from mww2minox.state import PastRun, VatFigure
from mww2minox.steps.reconciliation.period_states import PeriodState

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many orders, and what they add up to in euros."""

    orders: int = 0
    total: Decimal = ZERO

    def plus(self, total: Decimal | None) -> "Total":
        """Return this with an order more; one without a total counts for nothing."""
        return Total(orders=self.orders + 1, total=self.total + (total or ZERO))

    def __add__(self, other: "Total") -> "Total":
        """Return both together."""
        return Total(orders=self.orders + other.orders, total=self.total + other.total)


NOTHING = Total()
Days = Mapping[dt.date | None, Mapping[State, Total]]
"""The orders of each day by their state; None is the day of those without a date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose report it is. Names are empty where they are not known."""

    shop: str
    administration: str
    tenant: str
    administration_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """When a command last ended well; None: it never did. It is late after a day and some hours.

    One that never ran is not late: `began` is None.
    """

    command: str
    began: dt.datetime | None = None
    ended_well: dt.datetime | None = None
    is_late: bool = False


class Mood(Enum):
    """What a reader should feel about the whole."""

    EMPTY = auto()
    """There are no orders, or none of the days that were asked for."""
    WELL = auto()
    """All is in order."""
    LATE = auto()
    """Nobody knows: a command has not ended well for a day."""
    ATTENTION = auto()
    """Somebody has to see to something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether all is in order. An order counts once, and its amount whatever its sign.

    `unbooked` failed; `to_look_at` are booked, with differences or warnings. `uncounted`: the shop
    counts other orders than are known here. `elsewhere`: there are orders, be it of other days.
    """

    mood: Mood
    unbooked: Total = NOTHING
    to_look_at: Total = NOTHING
    uncounted: bool = False
    elsewhere: bool = False

    @property
    def attention(self) -> Total:
        """All that somebody has to see to."""
        return self.unbooked + self.to_look_at


class Kind(Enum):
    """What somebody has to see to."""

    FAILURE = auto()
    DIFFERENCE = auto()
    WARNING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderToSeeTo:
    """An order in a group. `message` is for this machine; what is private is not in `discreet`."""

    number: str
    date: dt.date | None
    total: Decimal | None
    message: str
    discreet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Orders that ask for the same: by reason, code of difference or code of warning.

    `brief` names it in a few words. `orders` are the first of `count`, by date. `advice` is what to
    do, once for all of them, without private values; `then` is how to go on, a sentence with
    `commands`. `is_private`: its messages can hold what must
    stay on this machine.
    """

    kind: Kind
    code: str
    brief: str
    count: int
    total: Decimal
    orders: tuple[OrderToSeeTo, ...]
    advice: str
    then: str
    commands: tuple[str, ...]
    is_private: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What is in a box of the VAT return; an empty name where it is in none."""

    name: str
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ThisQuarter:
    """The VAT return that is coming, as far as it is booked.

    `due` holds for the return, ICP and OSS alike. `vat` is that of the boxes of one's own country.
    `missing` are the orders of these days that are not booked: by their state. `distance_sales`
    are those of the calendar year, without VAT. Of `unexplained` bookings no VAT is known here.
    """

    quarter: Quarter
    boxes: tuple[Box, ...]
    vat: Decimal
    missing: Mapping[State, Total]
    distance_sales: Decimal
    distance_sales_limit: Decimal
    unexplained: int

    @property
    def due(self) -> dt.date:
        """The last day to file."""
        return self.quarter.due

    @property
    def distance_sales_share(self) -> Decimal:
        """Which part of the limit is used, as a percentage."""
        return 100 * self.distance_sales / self.distance_sales_limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The orders of a day, by their state; a state without orders is left out."""

    date: dt.date
    states: Mapping[State, Total]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The orders of a month (its first day), by their state; and what is in the books of it, by
    document date.
    """

    date: dt.date
    states: Mapping[State, Total]
    net: Decimal = ZERO
    vat: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class VatTotal:
    """A row of the VAT table: a figure of the state, with its box."""

    box: str
    figure: VatFigure


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOfPaying:
    """What was booked of a way of paying, `gateway/method`; an empty one where it is not told."""

    name: str
    booked: Total


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingInForce:
    """The part of the config that decides what a booking looks like, and its hash."""

    journal: str
    vat_posting: str
    document_date: str
    rounding_ledger: str
    vat: tuple[VatRow, ...]
    ledgers: Mapping[str, str]
    payment_debtors: Mapping[str, str]
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a report says.

    Days, months and what follows them are of all orders, whatever dates were asked for: `days` has
    the last 30, `months` the last 13, the newest last. `vat_of_quarter` and `vat_of_year` are of
    this quarter and calendar year, `ways_of_paying` of this year. `groups` and `rows` are of the
    dates that were asked for; so is `states`.
    """

    generated_at: dt.datetime
    """By the shop's clock."""
    today: dt.date
    version: str
    identity: Identity
    freshness: tuple[Freshness, ...]
    verdict: Verdict
    groups: tuple[Group, ...]
    uncounted: tuple[Text, ...]
    periods: tuple[PeriodState, ...]
    """The VAT periods of the last year, the newest first."""
    changed: tuple[Text, ...]
    """What has changed in periods that were closed."""
    states: Mapping[State, Total]
    quarter: ThisQuarter
    days: tuple[Day, ...]
    months: tuple[Month, ...]
    vat_of_quarter: tuple[VatTotal, ...]
    vat_of_year: tuple[VatTotal, ...]
    ways_of_paying: tuple[WayOfPaying, ...]
    mapping: MappingInForce
    runs: Callable[[], Iterator[PastRun]]
    """The runs of the last week, the newest first."""
    rows: Callable[[], Iterator[Row]]
    """Each order of the dates that were asked for, by date; or with `errors` those to see to."""
    newest: Callable[[int], Iterator[Row]]
    """So many booked orders of the dates that were asked for, the newest first."""
    latest: Callable[[int], Iterator[Row]]
    """So many orders of those dates, whatever their state, the newest first."""
    days_of: Callable[[dt.date | None], Days]
    """The days from one on (None: all) that have orders, of the dates that were asked for."""
