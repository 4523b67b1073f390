"""The two charts of the page, drawn as bars: the orders of each day, the revenue of each month.

A drawing is 100 high, and 10 wide for each bar. What a chart shows stands beside it as a table.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mww2minox.books.model import State
from mww2minox.commands.report.html_words import count_of_orders
from mww2minox.commands.report.value import NOTHING, Day, Month, Total
from mww2minox.language.texts import _, day_in_year, money, month, month_name
from mww2minox.reasons import state_in_words

HEIGHT = Decimal(100)
STEP = 10
"""From one bar to the next."""
WIDTH = 8
"""Of a bar, with as much room on either side."""
MONDAY = 0
ROOM = 4
"""So many days from the end on there is no room for a label."""
STATES = (State.BOOKED, State.READY, State.WAITING, State.FAILED, State.SKIPPED)
"""From the bottom up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a bar shows: orders, or euros, by kind and from the bottom up.

    `name` is that of its row in the table, `label` stands under the bar.
    """

    name: str
    label: str
    amounts: Mapping[str, Decimal]

    @property
    def height(self) -> Decimal:
        """What can be drawn: a month of more credit than sales has no height."""
        return sum((max(amount, Decimal(0)) for amount in self.amounts.values()), Decimal(0))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar; `y` is its top, counted from the top of the drawing."""

    kind: str
    y: str
    height: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A bar, from its left side on; a pointer on it shows `title`."""

    x: int
    parts: Sequence[Part]
    title: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart, and its numbers as a table with headings.

    `highest` is what its full height stands for; `legend` is each kind in it, and its words.
    `is_labelled`: each bar has a label of its own. `is_of_money`: of what is booked, in euros.
    """

    name: str
    title: str
    bars: Sequence[Bar]
    highest: str
    legend: Sequence[tuple[str, str]]
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    is_labelled: bool = False
    is_of_money: bool = False
    bar_width: int = WIDTH

    @property
    def width(self) -> int:
        """Its width, in the drawing's units."""
        return STEP * len(self.bars)


def per_day(days: Sequence[Day]) -> Chart:
    """Draw how many orders each day has, by state."""
    columns = [
        _column_of_day(a_day.date, a_day.states, left) for left, a_day in enumerate(reversed(days))
    ]
    kinds = {state.value: state_in_words(state) for state in STATES}

    title = _("Orders per day, the last {count} days").format(count=len(days))
    chart = _chart("per-day", title, columns[::-1], kinds, _("Day"), str)
    return replace(chart, highest=count_of_orders(int(chart.highest)))


def _column_of_day(date: dt.date, states: Mapping[State, Total], left: int) -> Column:
    is_labelled = date.weekday() == MONDAY and left >= ROOM

    return Column(
        name=day_in_year(date),
        label=day_in_year(date) if is_labelled else "",
        amounts={state.value: Decimal(states.get(state, NOTHING).orders) for state in STATES},
    )


def per_month(months: Sequence[Month]) -> Chart:
    """Draw what is in the books of each month, without VAT and as VAT."""
    columns = [
        Column(
            name=month(a_month.date),
            label=month_name(a_month.date, short=True),
            amounts={"net": a_month.net, "vat": a_month.vat},
        )
        for a_month in months
    ]
    kinds = {"net": _("revenue without VAT"), "vat": _("VAT")}

    title = _("Revenue per month, {count} months").format(count=len(months))
    return _chart("per-month", title, columns, kinds, _("Month"), money)


def _chart(  # noqa: PLR0913 - what a chart is made of
    name: str,
    title: str,
    columns: Sequence[Column],
    kinds: Mapping[str, str],
    heading: str,
    write: Callable[[Decimal], str],
) -> Chart:
    highest = max((column.height for column in columns), default=Decimal(0))

    # What there is none of needs no place in the legend and no column.
    present = {kind for column in columns for kind, amount in column.amounts.items() if amount}
    legend = [(kind, text) for kind, text in kinds.items() if kind in present]
    return Chart(
        name=name,
        title=title,
        bars=[_bar(place, column, highest, legend, write) for place, column in enumerate(columns)],
        highest=write(highest),
        legend=legend,
        headings=[heading, *(text for _kind, text in legend)],
        rows=[_row(column, legend, write) for column in columns],
        is_labelled=all(column.label for column in columns),
        is_of_money=write is money,
    )


def _row(
    column: Column, legend: Sequence[tuple[str, str]], write: Callable[[Decimal], str]
) -> Sequence[str]:
    return [column.name, *(write(column.amounts[kind]) for kind, _text in legend)]


def _bar(
    place: int,
    column: Column,
    highest: Decimal,
    legend: Sequence[tuple[str, str]],
    write: Callable[[Decimal], str],
) -> Bar:
    parts: list[Part] = []
    top = HEIGHT
    for kind, amount in column.amounts.items():
        if amount > 0:
            height = HEIGHT * amount / highest
            top -= height
            parts.append(Part(kind, f"{top:.2f}", f"{height:.2f}"))

    numbers = [f"{text}: {write(column.amounts[kind])}" for kind, text in legend]
    return Bar(
        x=STEP * place + (STEP - WIDTH) // 2,
        parts=parts,
        title=f"{column.name} ({', '.join(numbers)})",
        label=column.label,
    )
