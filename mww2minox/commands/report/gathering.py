"""Fills the report: asks the state for counts and sums, and for no order that is not shown."""

import datetime as dt
import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from mww2minox import __version__
from mww2minox.books.model import State
from mww2minox.books.vat_return import (
    DISTANCE_SALES_LIMIT,
    DOMESTIC_BOXES,
    box_of,
    is_distance_sale,
    next_month,
    quarter_of,
)
from mww2minox.commands.report.attention import Attention
from mww2minox.commands.report.rows import Row, rows_of
from mww2minox.commands.report.value import (
    ZERO,
    Box,
    Day,
    Freshness,
    Identity,
    MappingInForce,
    Month,
    Mood,
    Report,
    ThisQuarter,
    Total,
    VatTotal,
    Verdict,
    WayOfPaying,
)
from mww2minox.reasons import Text
from mww2minox.register import DAILY
from mww2minox.shop.census import explain_left
from mww2minox.state import StateSum
from mww2minox.steps.census import left_over
from mww2minox.wiring import ADMINISTRATION_NAME, SHOP_NAME, Wiring

DAYS, MONTHS = 30, 13
A_WEEK = dt.timedelta(days=7)
NOT_BOOKED = (State.WAITING, State.READY, State.FAILED)
"""The states of orders that may still come into the books."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which orders were asked for: dated `since` to `until`, and with `errors` those to see to."""

    since: dt.date | None = None
    until: dt.date | None = None
    errors: bool = False

    @property
    def first(self) -> dt.date:
        """The first day; an order without a date is from before all."""
        return self.since or dt.date.min

    @property
    def last(self) -> dt.date:
        """The last day."""
        return self.until or dt.date.max


ALL = Selection()


def gather(wiring: Wiring, selection: Selection = ALL) -> Report:
    """Return the report. Its iterators read the state file when they are gone through."""
    now = dt.datetime.now(ZoneInfo(wiring.config.shop.timezone))
    today = now.date()

    attention = Attention()
    attention.add(_rows_to_see_to(wiring, selection))
    uncounted = _uncounted(wiring)
    freshness = tuple(_freshness(wiring, command, now) for command in DAILY)
    states = _by_state(wiring.store.sums_per_state(selection.first, selection.last))

    return Report(
        generated_at=now,
        today=today,
        version=__version__,
        identity=_identity(wiring),
        freshness=freshness,
        verdict=_verdict(attention, states, freshness, uncounted),
        groups=attention.groups(),
        uncounted=uncounted,
        states=states,
        quarter=_this_quarter(wiring, today),
        days=_days(wiring, today),
        months=_months(wiring, today),
        vat_of_quarter=_vat(wiring, quarter_of(today).start, quarter_of(today).end),
        vat_of_year=_vat(wiring, *_year_of(today)),
        ways_of_paying=_ways_of_paying(wiring, *_year_of(today)),
        mapping=_mapping(wiring),
        runs=lambda: wiring.store.past_runs_since((now - A_WEEK).astimezone(dt.UTC)),
        rows=lambda: _rows(wiring, selection),
        newest=lambda count: _newest(wiring, selection, count, {State.BOOKED}),
        latest=lambda count: _newest(wiring, selection, count, set(State)),
        days_of=lambda first: _days_of(wiring, selection, first),
    )


# Whose it is, and how it stands


def _identity(wiring: Wiring) -> Identity:
    config, store = wiring.config, wiring.store
    host = urlsplit(config.shop.url).hostname or config.shop.url

    return Identity(
        shop=store.note(SHOP_NAME) or host,
        tenant=config.minox.tenant,
        administration=config.minox.administration,
        administration_name=store.note(ADMINISTRATION_NAME) or "",
    )


def _freshness(wiring: Wiring, command: str, now: dt.datetime) -> Freshness:
    past = wiring.store.past_runs(command)
    if past is None:
        return Freshness(command=command)

    return Freshness(
        command=command,
        began=past.began,
        ended_well=past.ended_well,
        is_late=past.is_late(now),
    )


def _uncounted(wiring: Wiring) -> tuple[Text, ...]:
    """Return the days of which the shop counts other orders than are known: no row tells them."""
    return tuple(explain_left(left) for left in left_over(wiring) if not left.explained)


def _verdict(
    attention: Attention,
    states: Mapping[State, Total],
    freshness: Iterable[Freshness],
    uncounted: Iterable[Text],
) -> Verdict:
    return Verdict(
        mood=_mood(attention, states, freshness, uncounted),
        unbooked=attention.unbooked,
        to_look_at=attention.to_look_at,
        uncounted=bool(uncounted),
    )


def _mood(
    attention: Attention,
    states: Mapping[State, Total],
    freshness: Iterable[Freshness],
    uncounted: Iterable[Text],
) -> Mood:
    if attention.unbooked.orders or attention.to_look_at.orders or uncounted:
        return Mood.ATTENTION
    # What is late says less than it seems to.
    if any(command.is_late for command in freshness):
        return Mood.LATE

    return Mood.WELL if states else Mood.EMPTY


# The orders


def _rows_to_see_to(wiring: Wiring, selection: Selection) -> Iterator[Row]:
    orders = wiring.store.each_to_see_to(selection.first, selection.last)

    return (row for row in rows_of(wiring.store, orders) if row.needs_attention)


def _rows(wiring: Wiring, selection: Selection) -> Iterator[Row]:
    if selection.errors:
        return _rows_to_see_to(wiring, selection)

    return rows_of(wiring.store, wiring.store.each_order(selection.first, selection.last))


def _newest(
    wiring: Wiring, selection: Selection, count: int, states: Container[State]
) -> Iterator[Row]:
    orders = wiring.store.each_order(selection.first, selection.last, newest_first=True)
    wanted = (order for order in orders if order.state in states)

    return rows_of(wiring.store, islice(wanted, count))


def _days_of(
    wiring: Wiring, selection: Selection, first: dt.date | None
) -> dict[dt.date | None, Day]:
    """Return the days with orders; there are far fewer of them than orders."""
    since = max(first or dt.date.min, selection.first)
    states = _per_key(wiring.store.sums_per_day(since, selection.last))

    days = (Day(date=_date_of(key), states=of_day) for key, of_day in states.items())
    return {day.date: day for day in days}


def _date_of(key: str) -> dt.date | None:
    return dt.date.fromisoformat(key) if key else None


# What they add up to


def _by_state(sums: Iterable[StateSum]) -> dict[State, Total]:
    return {one.state: Total(orders=one.orders, total=one.total) for one in sums}


def _per_key(sums: Iterable[StateSum]) -> dict[str, dict[State, Total]]:
    per_key: dict[str, dict[State, Total]] = {}
    for one in sums:
        per_key.setdefault(one.key, {})[one.state] = Total(orders=one.orders, total=one.total)
    return per_key


def _year_of(day: dt.date) -> tuple[dt.date, dt.date]:
    return day.replace(month=1, day=1), day.replace(month=12, day=31)


def _days(wiring: Wiring, today: dt.date) -> tuple[Day, ...]:
    first = today - dt.timedelta(days=DAYS - 1)
    states = _per_key(wiring.store.sums_per_day(first, today))

    days = (first + dt.timedelta(days=count) for count in range(DAYS))
    return tuple(Day(date=day, states=states.get(day.isoformat(), {})) for day in days)


def _months(wiring: Wiring, today: dt.date) -> tuple[Month, ...]:
    firsts = _first_days(today)
    last = next_month(today) - dt.timedelta(days=1)
    states = _per_key(wiring.store.sums_per_month(firsts[0], last))
    figures = {one.month: one for one in wiring.store.vat_per_month(firsts[0], last)}

    months = []
    for first in firsts:
        figure = figures.get(f"{first:%Y-%m}")
        net, vat = (figure.net, figure.vat) if figure else (ZERO, ZERO)
        of_month = states.get(f"{first:%Y-%m}", {})
        months.append(Month(date=first, states=of_month, net=net, vat=vat))
    return tuple(months)


def _first_days(today: dt.date) -> list[dt.date]:
    """Return the first days of the last 13 months."""
    months = today.year * 12 + today.month - MONTHS

    return [dt.date(month // 12, month % 12 + 1, 1) for month in range(months, months + MONTHS)]


def _shop_country(wiring: Wiring) -> str:
    """Return the shop's own country, as the state keeps it: nothing is asked for a report."""
    return wiring.store.note("shop region") or "NL"


def _vat(wiring: Wiring, first: dt.date, last: dt.date) -> tuple[VatTotal, ...]:
    country = _shop_country(wiring)
    figures = wiring.store.vat_figures(first, last)

    totals = [VatTotal(box=box_of(one.need, one.code, country), figure=one) for one in figures]
    # What is in no box comes last; in one box the larger rate first.
    return tuple(sorted(totals, key=lambda total: (not total.box, total.box)))


def _this_quarter(wiring: Wiring, today: dt.date) -> ThisQuarter:
    quarter = quarter_of(today)
    boxes = _boxes(_vat(wiring, quarter.start, quarter.end))
    missing = _by_state(wiring.store.sums_per_state(quarter.start, quarter.end))

    return ThisQuarter(
        quarter=quarter,
        boxes=boxes,
        vat=sum((box.vat for box in boxes if box.name in DOMESTIC_BOXES), ZERO),
        missing={state: missing[state] for state in NOT_BOOKED if state in missing},
        distance_sales=_distance_sales(wiring, today),
        distance_sales_limit=DISTANCE_SALES_LIMIT,
        unexplained=wiring.store.unexplained(),
    )


def _boxes(totals: Iterable[VatTotal]) -> tuple[Box, ...]:
    boxes: dict[str, Box] = {}
    for total in totals:
        before = boxes.get(total.box, Box(name=total.box, net=ZERO, vat=ZERO))
        boxes[total.box] = Box(
            name=total.box, net=before.net + total.figure.net, vat=before.vat + total.figure.vat
        )
    return tuple(boxes.values())


def _distance_sales(wiring: Wiring, today: dt.date) -> Decimal:
    country = _shop_country(wiring)
    figures = wiring.store.vat_per_country(*_year_of(today))

    return sum(
        (
            figure.net
            for figure in figures
            if is_distance_sale(figure.need, figure.code, figure.country, country)
        ),
        ZERO,
    )


def _ways_of_paying(wiring: Wiring, first: dt.date, last: dt.date) -> tuple[WayOfPaying, ...]:
    sums = _per_key(wiring.store.sums_per_way_of_paying(first, last))
    ways = [
        WayOfPaying(name=name, booked=states[State.BOOKED])
        for name, states in sums.items()
        if State.BOOKED in states
    ]

    return tuple(sorted(ways, key=lambda way: (-way.booked.total, way.name)))


def _mapping(wiring: Wiring) -> MappingInForce:
    config = wiring.config
    rules = config.rules("")
    # Secrets, urls and whom to tell decide nothing of a booking.
    deciding = config.model_dump_json(
        include={
            "booking": True,
            "vat": True,
            "ledgers": True,
            "payment_debtors": True,
            "minox": {"tenant", "administration", "journal"},
        }
    )

    return MappingInForce(
        journal=rules.journal,
        vat_posting=rules.vat_posting.value,
        document_date=rules.date.value,
        rounding_ledger=rules.rounding_ledger or "",
        vat=rules.vat,
        ledgers=rules.ledgers,
        payment_debtors=rules.payment_debtors,
        sha256=hashlib.sha256(deciding.encode()).hexdigest(),
    )
