"""What the state file adds up to: counts and sums that SQLite makes, however many orders there are.

Money comes out in Decimal euros, dates and moments as such.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from mww2minox.books.model import State, VatNeed
from mww2minox.state.file import StateFile

SENT = """orders LEFT JOIN bookings AS sent INDEXED BY bookings_in_doubt
    ON sent.number = orders.number AND sent.booked_at IS NULL"""
"""Orders, with what was sent for those of which it is not known whether they are booked."""
CENTS = "coalesce(sum(coalesce(sent.total_cents, orders.total_cents)), 0)"
"""What orders come to, in cents: as it was sent, once it was sent."""
IN_BOOKS = """booking_vat.document_date >= :first AND booking_vat.document_date <= :last
    AND booking_vat.number NOT IN (SELECT number FROM bookings WHERE booked_at IS NULL)"""
"""The sums of the bookings of a period that are known to be in Minox."""
TO_LOOK_AT = "differences != '[]' OR shop_differences != '[]' OR warnings != '[]'"
"""The bookings with something that somebody is to look at, or has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSum:
    """How many orders of a day or a way of paying are in a state; the sum in euros.

    `key` is the day in ISO 8601, or `gateway/method`.
    """

    key: str
    state: State
    orders: int
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class VatFigure:
    """What bookings have under one strategy or region, rate, VAT code and ledger account, of
    customers in one country.

    `net` and `vat` are euros. `country` is empty where it is not told, or for all of them together.
    """

    need: VatNeed
    code: str
    ledger: str
    bookings: int
    net: Decimal
    vat: Decimal
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFigure:
    """What the bookings of a month have without VAT and as VAT, in euros."""

    month: str
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A run of a command; what is not over yet has no end, and one that was killed no status."""

    command: str
    started: datetime
    finished: datetime | None
    exit_status: int | None
    refused: bool


class Figures(StateFile):
    """What the state file adds up to. Dates are document dates where VAT is meant, else of orders.

    Both ends of a period belong to it.
    """

    def sums_per_day(self, first: date = date.min, last: date = date.max) -> list[StateSum]:
        """Return the orders of each day and state, by day; the key of those without a date is
        empty.
        """
        return self._sums("orders.date", first, last)

    def sums_per_way_of_paying(self, first: date, last: date) -> list[StateSum]:
        """Return the orders of each way of paying and state; an empty one where it is not told."""
        return self._sums("coalesce(orders.paid_by, '')", first, last)

    def _sums(self, key: str, first: date, last: date) -> list[StateSum]:
        # The callers above give the expression.
        sql = f"""SELECT {key} AS key, state, count(*) AS orders, {CENTS} AS cents FROM {SENT}
                  WHERE date >= :first AND date <= :last GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608
        return self._read(_state_sum, sql, first=from_day(first), last=last.isoformat())

    def vat_figures(self, first: date, last: date) -> list[VatFigure]:
        """Return what is in the books, per strategy or region, rate, code, ledger account and
        customers' country.
        """
        sql = f"""SELECT strategy, region, rate, code, ledger, country, count(*) AS bookings,
                  sum(net_cents) AS net_cents, sum(vat_cents) AS vat_cents FROM booking_vat
                  WHERE {IN_BOOKS} GROUP BY strategy, region, rate, code, ledger, country
                  ORDER BY strategy, region, CAST(rate AS REAL) DESC, code, ledger"""  # noqa: S608
        return self._read(_vat_figure, sql, first=first.isoformat(), last=last.isoformat())

    def vat_per_month(self, first: date, last: date) -> list[MonthFigure]:
        """Return what is in the books, per month of the document date."""
        sql = f"""SELECT substr(document_date, 1, 7) AS month, sum(net_cents) AS net_cents,
                  sum(vat_cents) AS vat_cents FROM booking_vat
                  WHERE {IN_BOOKS} GROUP BY 1 ORDER BY 1"""  # noqa: S608
        return self._read(_month_figure, sql, first=first.isoformat(), last=last.isoformat())

    def unexplained(self) -> int:
        """Return of how many bookings no VAT sums are known: those of an earlier version of which
        neither body nor order told them.
        """
        # Counts of indexes tell that there are none, without a look into each booking.
        counted = """SELECT (SELECT count(*) FROM orders WHERE state = 'booked')
                     <= (SELECT count(DISTINCT number) FROM booking_vat WHERE number NOT IN (
                         SELECT number FROM bookings WHERE booked_at IS NULL)) AS explained"""
        if self._rows(counted)[0]["explained"]:
            return 0

        # What has none because it is gone, and right so, lacks nothing.
        sql = """SELECT count(*) AS missing FROM bookings WHERE booked_at IS NOT NULL
                 AND number NOT IN (SELECT number FROM booking_vat)
                 AND (verified IS NOT NULL OR verified_at IS NULL)"""
        return int(self._rows(sql)[0]["missing"])

    def past_runs_since(self, moment: datetime) -> Iterator[PastRun]:
        """Yield the runs that began since a moment, the newest first."""
        sql = "SELECT * FROM runs WHERE started_at >= :moment ORDER BY started_at DESC, id DESC"
        return self._each(_past_run, sql, moment=moment.isoformat(timespec="seconds"))


def from_day(first: date) -> str:
    """Return from where on order dates are, as text; one without a date is from before all."""
    return "" if first == date.min else first.isoformat()


def _euros(cents: int) -> Decimal:
    return Decimal(cents) / 100


def _state_sum(row: dict[str, Any]) -> StateSum:
    return StateSum(
        key=row["key"],
        state=State(row["state"]),
        orders=row["orders"],
        total=_euros(row["cents"]),
    )


def _vat_figure(row: dict[str, Any]) -> VatFigure:
    need = VatNeed(strategy=row["strategy"], region=row["region"], rate=Decimal(row["rate"]))

    return VatFigure(
        need=need,
        code=row["code"],
        ledger=row["ledger"],
        bookings=row["bookings"],
        net=_euros(row["net_cents"]),
        vat=_euros(row["vat_cents"]),
        country=row["country"],
    )


def _month_figure(row: dict[str, Any]) -> MonthFigure:
    return MonthFigure(
        month=row["month"], net=_euros(row["net_cents"]), vat=_euros(row["vat_cents"])
    )


def _past_run(row: dict[str, Any]) -> PastRun:
    finished = row["finished_at"]

    return PastRun(
        command=row["command"],
        started=datetime.fromisoformat(row["started_at"]),
        finished=datetime.fromisoformat(finished) if finished else None,
        exit_status=row["exit_status"],
        refused=bool(row["refused"]),
    )
