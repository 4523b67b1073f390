"""The report for a person in a terminal: how fresh it is, the verdict, what needs attention, months
and the newest days; about forty lines, however many orders there are. With `everything` all of it.

It is made line by line, so that of all orders none but a few are in memory. Lines are laid out for
the width of the terminal: nothing is cut off, at any width.
"""

import datetime as dt
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from mww2minox.books.model import State
from mww2minox.commands.report.rows import Row
from mww2minox.commands.report.value import (
    NOTHING,
    Days,
    Freshness,
    Group,
    Kind,
    Month,
    Mood,
    OrderToSeeTo,
    Report,
    ThisQuarter,
    Total,
)
from mww2minox.commands.report.verdict import verdict_in_words
from mww2minox.language.texts import N_, _, day, day_in_year, local, money, month, ngettext
from mww2minox.reasons import brief, brief_warning, describe, state_in_words
from mww2minox.steps.reconciliation.period_states import state_in_words as period_in_words

MOST_LINES = 40
"""So many lines a report has, about, unless all of it is asked for."""
FOR_ATTENTION = 19
"""So many of them are for what needs attention."""
MONTHS_SHOWN = 5
"""So many months are shown beside what needs attention."""
ORDERS_OF_GROUP = 6
"""So many orders of a group are named where it is one of several."""
NARROW, WIDE, WIDEST = 60, 92, 130
"""From these widths on there are columns, the customer, and the booking."""
BAR = {State.BOOKED: "#", State.WAITING: ".", State.FAILED: "!"}
"""What each state has in the bar of a month."""
SHOWN_STATES = (State.BOOKED, State.WAITING, State.READY, State.FAILED, State.SKIPPED)
UNBROKEN = "\N{NO-BREAK SPACE}"
FRESH: Mapping[str, tuple[str, str]] = {
    "fetch": (N_("fetched {when}"), N_("never fetched")),
    "push": (N_("booked {when}"), N_("never booked")),
    "verify": (N_("verified {when}"), N_("never verified")),
}
"""What a command that runs every day did last, or never did."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report. One that is laid out keeps its spaces; another is a sentence, which a
    terminal breaks between words.
    """

    text: str = ""
    style: str = ""
    laid_out: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """What is written on, `width` characters wide: `everything`, or `errors` only."""

    width: int
    everything: bool = False
    errors: bool = False

    def height(self, lines: Iterable[Line]) -> int:
        """Return how many lines of a terminal these take."""
        return sum(1 + max(0, len(line.text) - 1) // (self.width - 1) for line in lines)


def table_lines(report: Report, paper: Paper) -> Iterator[Line]:
    """Yield the report, line by line."""
    top = [*_head(report, paper), *_attention(report, paper)]
    if not paper.errors:
        top += _months(report, paper)
    yield from top

    if paper.errors:
        # A group names the first of many.
        if any(group.count > len(group.orders) for group in report.groups):
            yield from _all_orders(report, paper)
        return
    if paper.everything:
        yield from _all_orders(report, paper)
        return
    yield from _newest_days(report, paper, MOST_LINES - paper.height(top))
    if report.states:
        yield from _elsewhere()


def wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    """Break a text between words, and not at a no-break space; from the second line on indented."""
    lines = textwrap.wrap(
        text,
        width - 1,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(UNBROKEN, " ") for line in lines]


def _joined(parts: Iterable[str], width: int) -> Iterator[str]:
    """Join parts on as few lines as they fit on, each part whole."""
    whole = (part.replace(" ", UNBROKEN) for part in parts)
    return iter(wrapped(" · ".join(whole), width))


# How it stands


def _head(report: Report, paper: Paper) -> Iterator[Line]:
    parts = chain(_names(report), (_freshness(one, report) for one in report.freshness))
    for text in _joined(parts, paper.width):
        yield Line(text)

    style = "green" if report.verdict.mood is Mood.WELL else "bold"
    yield Line(verdict_in_words(report.verdict, report.freshness), style)
    if report.verdict.mood is not Mood.EMPTY:
        yield Line(_quarter(report.quarter))
        yield from _periods(report, paper)


def _names(report: Report) -> Iterator[str]:
    identity = report.identity
    number = f"{identity.tenant}/{identity.administration}"

    yield identity.shop
    if identity.administration_name:
        yield f"{identity.administration_name} ({number})"
    else:
        yield _("administration {number}").format(number=number)


def _freshness(command: Freshness, report: Report) -> str:
    done, never = FRESH[command.command]
    if command.ended_well is None:
        text = _(never)
    else:
        text = _(done).format(when=_when(command.ended_well, report.generated_at))

    return _("{what} (LATE)").format(what=text) if command.is_late else text


def _when(moment: dt.datetime, now: dt.datetime) -> str:
    local = moment.astimezone(now.tzinfo)
    if local.date() == now.date():
        return f"{local:%H:%M}"

    return f"{day_in_year(local)} {local:%H:%M}"


def _quarter(quarter: ThisQuarter) -> str:
    text = _("VAT of quarter {number}, {year} so far: {amount}; return due by {day}.")
    return text.format(
        number=quarter.quarter.number,
        year=quarter.quarter.year,
        amount=money(quarter.vat),
        day=day(quarter.due),
    )


def _periods(report: Report, paper: Paper) -> Iterator[Line]:
    """Yield how the VAT periods of the last year stand, once any was proven."""
    if any(state.proof for state in report.periods):
        parts = (f"{state.period.name} {period_in_words(state)}" for state in report.periods)
        for text in _joined(parts, paper.width):
            yield Line(text)


# What needs attention


def _attention(report: Report, paper: Paper) -> Iterator[Line]:
    if not (report.groups or report.uncounted or report.changed):
        return

    yield Line()
    count = report.verdict.attention.orders
    yield Line(_("Needs attention: {count}").format(count=count), "bold")
    shown = _shown_groups(report.groups, paper)
    for group in shown:
        yield from _block(group, paper)

    left = len(report.groups) - len(shown)
    if left:
        text = ngettext(
            "And {count} more reason: {command}", "And {count} more reasons: {command}", left
        )
        yield Line(text.format(count=left, command="mww2minox report --errors"))
    for message, suggestion in (*report.uncounted, *report.changed):
        yield Line(message)
        yield Line(f"  {suggestion}")


def _shown_groups(groups: Sequence[Group], paper: Paper) -> Sequence[Group]:
    """Return the groups that there is room for: the largest of each kind, then the others."""
    if paper.everything or paper.errors:
        return groups

    largest = [next((one for one in groups if one.kind is kind), None) for kind in Kind]
    ranked = [one for one in largest if one] + [one for one in groups if one not in largest]
    room = FOR_ATTENTION
    shown: list[Group] = []
    for group in ranked:
        room -= paper.height(_block(group, paper))
        if room < 0 and shown:
            break
        shown.append(group)
    return [group for group in groups if group in shown]


def _block(group: Group, paper: Paper) -> list[Line]:
    """Return what a group takes: its orders, and what to do once for all of them."""
    is_full = paper.everything or paper.errors
    lines = list(_in_full(group, paper) if is_full else _in_short(group, paper))

    return [*lines, Line(f"  {group.advice} {group.then}")]


def _in_short(group: Group, paper: Paper) -> Iterator[Line]:
    orders = ", ".join(map(_in_brackets, group.orders[:ORDERS_OF_GROUP]))
    text = f"{group.brief}: {orders}"
    if group.count > ORDERS_OF_GROUP:
        more = _("and {count} more").format(count=group.count - ORDERS_OF_GROUP)
        text = f"{_counted(group)}: {orders} {more}"

    for line in wrapped(text, paper.width):
        yield Line(line, "yellow", laid_out=True)


def _counted(group: Group) -> str:
    text = ngettext(
        "{what}, {count} order, {amount}", "{what}, {count} orders, {amount}", group.count
    )
    return text.format(what=group.brief, count=group.count, amount=money(group.total))


def _in_brackets(order: OrderToSeeTo) -> str:
    details = [day(order.date)] if order.date else []
    details += [money(order.total)] if order.total is not None else []
    text = f"{order.number} ({', '.join(details)})" if details else order.number

    return text.replace(" ", UNBROKEN)


def _in_full(group: Group, paper: Paper) -> Iterator[Line]:
    del paper
    yield Line(_counted(group), "yellow")
    for order in group.orders:
        yield Line(f"  {_in_brackets(order)}: {order.message}".replace(UNBROKEN, " "))
    if group.count > len(group.orders):
        more = _("and {count} more").format(count=group.count - len(group.orders))
        yield Line(f"  {more}")


# Months


def _months(report: Report, paper: Paper) -> Iterator[Line]:
    months = [one for one in report.months if one.states]
    # Where nothing needs attention there is room for all of them.
    is_short = report.groups and not paper.everything
    shown = months[-MONTHS_SHOWN:] if is_short else months
    if not shown:
        return

    yield Line()
    if paper.width < NARROW:
        for one in reversed(shown):
            yield Line(f"{month(one.date)}: {_per_state(one.states)}")
        return

    heading = _month_columns(_("Month"), _bar_words(), _("booked €"))
    yield Line(heading.rstrip(), "bold", laid_out=True)
    most = max(sum(_bar_counts(one).values()) for one in shown)
    for one in reversed(shown):
        yield Line(_month_row(one, most, paper.width), laid_out=True)


def _bar_words() -> list[str]:
    """Return what each part of a bar stands for: the headings of the counts."""
    return [f"{state_in_words(state)} {mark}" for state, mark in BAR.items()]


def _month_columns(name: str, counts: Iterable[str], amount: str) -> str:
    columns = [f"{count:>{len(word)}}" for count, word in zip(counts, _bar_words(), strict=True)]
    return f"{name:<8}  {'  '.join(columns)}  {amount:>13}  "


def _month_row(one: Month, most: int, width: int) -> str:
    counts = _bar_counts(one)
    booked = one.states.get(State.BOOKED, NOTHING)
    row = _month_columns(month(one.date), map(str, counts.values()), money(booked.total))

    room = width - 1 - len(row)
    bar = "".join(
        BAR[state] * max(bool(count), count * room // most) for state, count in counts.items()
    )
    return f"{row}{bar[:room]}".rstrip()


def _bar_counts(one: Month) -> dict[State, int]:
    """Return how many orders of a month are booked, are still to come, and failed."""
    counts = {state: one.states.get(state, NOTHING).orders for state in BAR}
    ready = one.states.get(State.READY, NOTHING).orders

    return {**counts, State.WAITING: counts[State.WAITING] + ready}


# Days, and their orders


def _newest_days(report: Report, paper: Paper, room: int) -> Iterator[Line]:
    """Yield the newest days as far as there is room, each with what it adds up to."""
    rows = list(report.latest(max(room, 1)))
    if not rows:
        return

    days = report.days_of(rows[-1].date)
    lines = (line for line in _by_day(rows, days, paper))
    left = max(room - 3, 4)
    yield Line()
    for line in lines:
        left -= paper.height([line])
        if left < 0:
            return
        yield line


def _all_orders(report: Report, paper: Paper) -> Iterator[Line]:
    yield Line()
    yield from _by_day(report.rows(), report.days_of(None), paper)


def _by_day(rows: Iterable[Row], days: Days, paper: Paper) -> Iterator[Line]:
    for date, of_day in groupby(rows, key=lambda row: row.date):
        states = days.get(date, {})
        name = day(date) if date else _("without a date")
        yield Line(f"{name}: {_per_state(states)}", "bold")
        for row in of_day:
            yield from _row(row, paper)


def _per_state(states: Mapping[State, Total]) -> str:
    parts = []
    for state in SHOWN_STATES:
        total = states.get(state)
        if total:
            parts.append(f"{total.orders} {state_in_words(state)} {money(total.total)}")
    return " · ".join(parts)


def _row(row: Row, paper: Paper) -> Iterator[Line]:
    amount = "" if row.total is None else money(row.total)
    remark = _remark(row)
    if paper.width < NARROW:
        yield Line(f"  {row.number} {amount} {state_in_words(row.state)} {remark}".rstrip())
        return

    columns = f"  {row.number:<8}  {amount:>12}  {state_in_words(row.state):<12}  "
    if paper.width >= WIDE:
        columns += f"{row.customer or '':<10}  "
    if paper.width >= WIDEST:
        columns += f"{row.batch_id or '':<36}  "
    indent = " " * len(columns)
    for text in wrapped(f"{columns}{remark}", paper.width, indent) if remark else [columns]:
        yield Line(text.rstrip(), laid_out=True)


def _remark(row: Row) -> str:
    """Say what is most worth knowing in a few words."""
    if row.rejection:
        return brief(row.rejection)
    if row.seen_at:
        seen = _("differs, looked at on {day}") if row.differences else _("looked at on {day}")
        return seen.format(day=day(local(row.seen_at)))

    matters = [*map(describe, row.differences)]
    matters += [brief_warning(warning.code) for warning in row.unseen_warnings]
    if matters:
        return "; ".join(matters)
    return _("verified") if row.verified == "ok" else ""


def _elsewhere() -> Iterator[Line]:
    yield Line()
    yield Line(_("All orders: mww2minox report --all"))
    yield Line(_("What needs attention, in full: mww2minox report --errors"))
    yield Line(_("Why one order is as it is: mww2minox explain NUMBER"))
