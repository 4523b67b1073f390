"""Fills the report: asks the state for counts and sums, and for no order that is not shown."""

import datetime as dt
import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
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
    NOTHING,
    ZERO,
    Box,
    Day,
    Days,
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
from mww2minox.state import StateSum, VatFigure
from mww2minox.steps.census import left_over
from mww2minox.steps.reconciliation.closed_periods import changed_periods, explain_change
from mww2minox.steps.reconciliation.period_states import period_states
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
    changed = tuple(map(explain_change, changed_periods(wiring)))
    freshness = tuple(_freshness(wiring, command, now) for command in DAILY)
    days = _all_days(wiring)
    states = _together(days, selection.first, selection.last)
    vat_of_year = wiring.store.vat_figures(*_year_of(today))
    vat_of_quarter = _vat_of_quarter(wiring, today)
    verdict = _verdict(attention, states, freshness, (*uncounted, *changed))

    return Report(
        generated_at=now,
        today=today,
        version=__version__,
        identity=_identity(wiring),
        freshness=freshness,
        verdict=replace(verdict, elsewhere=bool(days)),
        groups=attention.groups(),
        uncounted=uncounted,
        periods=period_states(wiring, today),
        changed=changed,
        states=states,
        quarter=_this_quarter(wiring, today, days, vat_of_quarter, vat_of_year),
        days=_last_days(days, today),
        months=_months(wiring, today, days),
        vat_of_quarter=vat_of_quarter,
        vat_of_year=_vat(wiring, vat_of_year),
        ways_of_paying=_ways_of_paying(wiring, *_year_of(today)),
        mapping=_mapping(wiring),
        runs=lambda: wiring.store.past_runs_since((now - A_WEEK).astimezone(dt.UTC)),
        rows=lambda: _rows(wiring, selection),
        newest=lambda count: _newest(wiring, selection, count, {State.BOOKED}),
        latest=lambda count: _newest(wiring, selection, count, set(State)),
        days_of=lambda first: _days_of(days, selection, first),
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


def _days_of(days: Days, selection: Selection, first: dt.date | None) -> Days:
    since = max(first or dt.date.min, selection.first)

    return {
        date: states
        for date, states in days.items()
        if since <= (date or dt.date.min) <= selection.last
    }


# What they add up to


def _all_days(wiring: Wiring) -> Days:
    """Return the orders of each day by their state; there are far fewer days than orders."""
    sums = _per_key(wiring.store.sums_per_day())

    return {dt.date.fromisoformat(key) if key else None: states for key, states in sums.items()}


def _per_key(sums: Iterable[StateSum]) -> dict[str, dict[State, Total]]:
    per_key: dict[str, dict[State, Total]] = {}
    for one in sums:
        per_key.setdefault(one.key, {})[one.state] = Total(orders=one.orders, total=one.total)
    return per_key


def _together(days: Days, first: dt.date, last: dt.date) -> dict[State, Total]:
    """Return the orders of these days by their state; one without a date is from before all."""
    states: dict[State, Total] = {}
    for date, of_day in days.items():
        if first <= (date or dt.date.min) <= last:
            for state, total in of_day.items():
                states[state] = states.get(state, NOTHING) + total
    return states


def _year_of(day: dt.date) -> tuple[dt.date, dt.date]:
    return day.replace(month=1, day=1), day.replace(month=12, day=31)


def _last_days(days: Days, today: dt.date) -> tuple[Day, ...]:
    first = today - dt.timedelta(days=DAYS - 1)
    dates = (first + dt.timedelta(days=count) for count in range(DAYS))

    return tuple(Day(date=date, states=days.get(date, {})) for date in dates)


def _months(wiring: Wiring, today: dt.date, days: Days) -> tuple[Month, ...]:
    firsts = _first_days(today)
    last = next_month(today) - dt.timedelta(days=1)
    figures = {one.month: one for one in wiring.store.vat_per_month(firsts[0], last)}

    months = []
    for first in firsts:
        figure = figures.get(f"{first:%Y-%m}")
        net, vat = (figure.net, figure.vat) if figure else (ZERO, ZERO)
        states = _together(days, first, next_month(first) - dt.timedelta(days=1))
        months.append(Month(date=first, states=states, net=net, vat=vat))
    return tuple(months)


def _first_days(today: dt.date) -> list[dt.date]:
    """Return the first days of the last 13 months."""
    months = today.year * 12 + today.month - MONTHS

    return [dt.date(month // 12, month % 12 + 1, 1) for month in range(months, months + MONTHS)]


def _shop_country(wiring: Wiring) -> str:
    """Return the shop's own country, as the state keeps it: nothing is asked for a report."""
    return wiring.store.note("shop region") or "NL"


def _vat_of_quarter(wiring: Wiring, today: dt.date) -> tuple[VatTotal, ...]:
    quarter = quarter_of(today)
    return _vat(wiring, wiring.store.vat_figures(quarter.start, quarter.end))


def _vat(wiring: Wiring, figures: Iterable[VatFigure]) -> tuple[VatTotal, ...]:
    """Return the rows of the VAT table, of all customers' countries together."""
    country = _shop_country(wiring)
    rows: dict[VatFigure, VatTotal] = {}
    for one in figures:
        key = replace(one, country="", bookings=0, net=ZERO, vat=ZERO)
        before = rows[key].figure if key in rows else key
        figure = replace(
            key,
            bookings=before.bookings + one.bookings,
            net=before.net + one.net,
            vat=before.vat + one.vat,
        )
        rows[key] = VatTotal(box=box_of(one.need, one.code, country), figure=figure)

    # What is in no box comes last; in one box the larger rate first.
    return tuple(sorted(rows.values(), key=lambda total: (not total.box, total.box)))


def _this_quarter(
    wiring: Wiring,
    today: dt.date,
    days: Days,
    of_quarter: Iterable[VatTotal],
    of_year: Iterable[VatFigure],
) -> ThisQuarter:
    quarter = quarter_of(today)
    boxes = _boxes(of_quarter)
    states = _together(days, quarter.start, quarter.end)

    return ThisQuarter(
        quarter=quarter,
        boxes=boxes,
        vat=sum((box.vat for box in boxes if box.name in DOMESTIC_BOXES), ZERO),
        missing={state: states[state] for state in NOT_BOOKED if state in states},
        distance_sales=_distance_sales(of_year, _shop_country(wiring)),
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


def _distance_sales(figures: Iterable[VatFigure], shop_country: str) -> Decimal:
    return sum(
        (
            figure.net
            for figure in figures
            if is_distance_sale(figure.need, figure.code, figure.country, shop_country)
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
