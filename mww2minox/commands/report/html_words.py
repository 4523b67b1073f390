"""What the page says in words: its headings, and a sentence for what is a value in the report."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.model import VatNeed, VatRow
from mww2minox.books.vat_return import NO_BOX
from mww2minox.books.vat_rows import need_met_by
from mww2minox.commands.report.rows import Row
from mww2minox.commands.report.value import (
    NOTHING,
    Freshness,
    Group,
    Kind,
    Mood,
    Report,
    ThisQuarter,
    Total,
)
from mww2minox.commands.report.verdict import verdict_in_words
from mww2minox.errors import ExitStatus
from mww2minox.language.texts import N_, _, country_name, money, ngettext, percentage
from mww2minox.reasons import STRATEGIES, TYPES, brief_difference, brief_warning, state_in_words
from mww2minox.state import PastRun
from mww2minox.steps.html_page import moment

WORDS = {
    "verdict": N_("How things stand"),
    "periods": N_("VAT periods of the last year"),
    "period": N_("Period"),
    "how_it_stands": N_("How it stands"),
    "needs_you": N_("What needs attention"),
    "nothing_needs_you": N_("Nothing needs attention."),
    "order": N_("Order"),
    "orders": N_("Orders"),
    "matter": N_("What is the matter"),
    "amount": N_("Amount"),
    "more_orders": N_("All of them are listed by:"),
    "quarter": N_("This quarter: {first} to {last} {year}"),
    "vat_so_far": N_("VAT booked so far"),
    "not_in_it": N_("Not in it yet"),
    "due": N_("VAT return, ICP and OSS at the latest"),
    "distance_sales": N_("Distance sales in {year}"),
    "of_limit": N_("{share} of the limit of {limit}"),
    "unexplained": N_("Bookings of which the VAT is not known here"),
    "boxes": N_("What is booked of this quarter, by box of the VAT return"),
    "box": N_("Box"),
    "turnover": N_("Turnover"),
    "vat": N_("VAT"),
    "total": N_("Total"),
    "no_orders": N_("There are no orders."),
    "as_table": N_("The numbers as a table"),
    "vat_rows": N_("VAT of this quarter"),
    "vat_rows_caption": N_("By box, country, rate, VAT code and ledger account"),
    "country": N_("Country"),
    "rate": N_("Rate"),
    "code": N_("VAT code"),
    "account": N_("Ledger account"),
    "newest": N_("The newest orders that are booked"),
    "newest_caption": N_("By order date, the newest {count}. ✓: read back from Minox, and right."),
    "nothing_booked": N_("Nothing is booked yet."),
    "customer": N_("Customer"),
    "remark": N_("Remark"),
    "ways": N_("By way of paying"),
    "ways_caption": N_("Booked orders of this year"),
    "way": N_("Way of paying"),
    "runs": N_("The runs of the last week"),
    "runs_caption": N_("How often each command ran, and how it ended"),
    "nothing_ran": N_("Nothing ran."),
    "command": N_("Command"),
    "times": N_("Runs"),
    "went_wrong": N_("Did not end well"),
    "last": N_("Last"),
    "mapping": N_("The mapping in force"),
    "mapping_caption": N_("VAT codes and ledger accounts by what is sold"),
    "sales": N_("Sales"),
    "journal": N_("Journal"),
    "vat_posting": N_("How VAT is sent"),
    "rounding": N_("Account for roundings"),
    "fixed_customer": N_("Customer of {way}"),
    "not_told": N_("not told"),
    "none": N_("none"),
    "made": N_("Made on {moment} by mww2minox {version}."),
    "inputs": N_("Hash of the data that it was made of:"),
    "mapping_hash": N_("Hash of the mapping:"),
}
"""The words of the template, by the names that it uses."""

BOXES = {
    "1a": N_("high rate"),
    "1b": N_("low rate"),
    "1c": N_("other rates"),
    "1e": N_("at 0%, or not taxed"),
    "3a": N_("outside the EU"),
    "3b": N_("to businesses in the EU"),
    "3c": N_("distance sales in the EU, or in the OSS return"),
}
"""What the boxes of the VAT return are about."""

COMMANDS = {
    "fetch": N_("Shop: orders fetched"),
    "push": N_("Minox: orders booked"),
    "verify": N_("Minox: bookings verified"),
}
"""What was done when a command last ended well."""

FAILED = N_("failed ({status})")
ENDINGS: dict[int, tuple[str, str]] = {
    ExitStatus.OK: ("good", N_("well")),
    ExitStatus.ATTENTION: ("good", N_("well; something needs attention")),
    ExitStatus.VENDOR: ("bad", N_("shop or Minox not reached, or keys refused")),
    ExitStatus.INTERRUPTED: ("wait", N_("interrupted")),
}
"""How a run ended, by its exit status: colour, and words."""

MOODS = {
    Mood.EMPTY: ("wait", "…"),
    Mood.WELL: ("good", "✓"),
    Mood.LATE: ("wait", "!"),
    Mood.ATTENTION: ("wait", "!"),
}
"""The colour and the sign of how things stand."""

KINDS = {
    Kind.FAILURE: ("bad", "✗", N_("Orders that are not booked")),
    Kind.DIFFERENCE: ("wait", "≠", N_("Booked orders that differ")),
    Kind.WARNING: ("wait", "!", N_("Booked orders that somebody should look at")),
}
"""How what somebody has to see to looks: colour, sign, and what its table is of."""


def words() -> dict[str, str]:
    """Return the words of the template in the reader's language."""
    return {name: _(text) for name, text in WORDS.items()}


def count_of_orders(count: int) -> str:
    """Write how many orders."""
    return ngettext("{count} order", "{count} orders", count).format(count=count)


def orders_and_amount(total: Total) -> str:
    """Write how many orders, and what they come to."""
    return f"{count_of_orders(total.orders)} · {money(total.total)}"


# How things stand


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand: a colour, a sign that says the same, and a sentence."""

    level: str
    sign: str
    sentence: str


def standing(report: Report) -> Standing:
    """Return how things stand; that orders are not booked is worse than all else."""
    level, sign = MOODS[report.verdict.mood]
    if report.verdict.unbooked.orders:
        level, sign = "bad", "✗"

    sentence = verdict_in_words(report.verdict, report.freshness)
    return Standing(level=level, sign=sign, sentence=sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """When a command last ended well, in words."""

    what: str
    when: str
    level: str
    remark: str


def fresh_in_words(fresh: Freshness) -> Fresh:
    """Return when a command last ended well, and whether that is too long ago."""
    what = _(COMMANDS[fresh.command]) if fresh.command in COMMANDS else fresh.command
    when = moment(fresh.ended_well) if fresh.ended_well else ""
    if fresh.is_late:
        return Fresh(what=what, when=when, level="bad", remark=_("late"))
    if not fresh.ended_well:
        return Fresh(what=what, when=when, level="wait", remark=_("never yet"))

    return Fresh(what=what, when=when, level="good", remark=_("on time"))


# What needs somebody


@dataclass(frozen=True, slots=True)
class Step:
    """Words, and the command that they end in, if any."""

    text: str
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A group of orders as the page shows it; `left` is how many more there are, or empty."""

    group: Group
    level: str
    sign: str
    caption: str
    total: str
    steps: Sequence[Step]
    left: str


def matter_of(group: Group) -> Matter:
    """Return a group in words."""
    level, sign, caption = KINDS[group.kind]
    left = group.count - len(group.orders)
    more = ngettext("And {count} more order.", "And {count} more orders.", left)

    return Matter(
        group=group,
        level=level,
        sign=sign,
        caption=_(caption),
        total=orders_and_amount(Total(orders=group.count, total=group.total)),
        steps=list(_steps(f"{group.advice} {group.then}".strip(), group.commands)),
        left=more.format(count=left) if left else "",
    )


def _steps(sentence: str, commands: Iterable[str]) -> Iterator[Step]:
    """Part a sentence at the commands in it."""
    for command in commands:
        text, found, sentence = sentence.partition(command)
        if not found:
            sentence = text
            break
        yield Step(text.strip(" ."), command)

    # What is left behind the last one is its full stop, most often.
    if sentence.strip(" .)"):
        yield Step(sentence.strip())


def capitalised(text: str) -> str:
    """Return a text that begins with a capital, as a heading does."""
    return text[:1].upper() + text[1:]


# The VAT


def missing_in_words(quarter: ThisQuarter) -> tuple[str, str]:
    """Return what is not in the return yet: an amount, and how many orders are in which state."""
    states = [(state, quarter.missing.get(state, NOTHING)) for state in quarter.missing]
    total = sum((missing.total for _state, missing in states), Decimal(0))
    counts = [
        f"{missing.orders} {state_in_words(state)}" for state, missing in states if missing.orders
    ]
    return money(total), ", ".join(counts)


def box_in_words(box: str) -> str:
    """Return a box with what it is about: `1a: high rate`."""
    if box == NO_BOX:
        return _("in no box")
    return f"{box}: {_(BOXES[box])}" if box in BOXES else box


def place_in_words(need: VatNeed) -> str:
    """Return whose VAT it is: a country, behind a strategy where there is one."""
    strategy = _(STRATEGIES[need.strategy]) if need.strategy in STRATEGIES else need.strategy
    country = country_name(need.region) if need.region else ""
    return ": ".join(filter(None, (strategy, country)))


def sales_in_words(row: VatRow) -> str:
    """Return what a row of the mapping is for: `Netherlands 21%`, `Germany 19% (shipping)`."""
    need = need_met_by(row)
    rate = "" if need.strategy else f"{percentage(need.rate)}%"
    kind = f"({need.type})" if need.type else ""
    return " ".join(filter(None, (place_in_words(need), rate, kind)))


def line_type_in_words(line_type: str) -> str:
    """Return a type of order lines in words."""
    return _(TYPES[line_type]) if line_type in TYPES else line_type


def whole(share: Decimal) -> str:
    """Write a percentage without what comes behind the comma, rounded down: 99.9% is not all."""
    return f"{int(share)}%"


# Orders and runs


def remark(row: Row) -> str:
    """Say what is most worth knowing of a booked order in a few words, none of them private."""
    matters = [*map(brief_difference, row.unseen_differences)]
    matters += [brief_warning(warning.code) for warning in row.unseen_warnings]
    if matters:
        return "; ".join(dict.fromkeys(matters))
    if row.seen_at:
        return _("looked at")
    return "✓" if row.verified == "ok" else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How often a command ran, how often it did not end well, and how its last run ended."""

    command: str
    times: int
    went_wrong: int
    last: dt.datetime
    level: str
    ended: str


def runs_in_words(runs: Iterable[PastRun]) -> list[Ran]:
    """Return a line for each command that ran; `runs` are the newest first."""
    by_command: dict[str, list[PastRun]] = {}
    for run in runs:
        by_command.setdefault(run.command, []).append(run)

    return [_ran(command, of_it) for command, of_it in sorted(by_command.items())]


def _ran(command: str, runs: Sequence[PastRun]) -> Ran:
    newest = runs[0]
    level, ended = _ending(newest)

    return Ran(
        command=command,
        times=len(runs),
        went_wrong=sum(_ending(run)[0] == "bad" for run in runs),
        last=newest.started,
        level=level,
        ended=ended,
    )


def _ending(run: PastRun) -> tuple[str, str]:
    """Return the colour of how a run ended, and that in words."""
    if run.refused:
        return "bad", _("refused")
    if run.exit_status is None:
        return "wait", _("not ended")

    level, text = ENDINGS.get(run.exit_status, ("bad", FAILED))
    return level, _(text).format(status=run.exit_status)
