"""The report for a person: a table of all orders, and under it what to do about some of them."""

from collections.abc import Iterator

from mww2minox.commands.report.rows import Row
from mww2minox.commands.report.value import Report
from mww2minox.language.texts import N_, _, day, money
from mww2minox.output import Output
from mww2minox.reasons import (
    Text,
    brief,
    brief_warning,
    describe,
    explain_differences,
    explain_rejection,
    explain_warning,
    state_in_words,
)

COLUMNS = (
    (N_("No"), "right"),
    (N_("Date"), "left"),
    (N_("Customer"), "right"),
    (N_("Amount"), "right"),
    (N_("State"), "left"),
    (N_("Remark"), "left"),
)


def show_table(output: Output, report: Report) -> None:
    """Show the table, and a message and a suggestion for each order that needs attention."""
    rows = list(report.rows())
    columns = [(_(heading), justify) for heading, justify in COLUMNS]
    output.table(_("Orders"), columns, [_cells(row) for row in rows])

    needing = [row for row in rows if row.needs_attention]
    if needing:
        output.line(_("Needs attention: {count}").format(count=len(needing)), style="bold")
    for row in needing:
        _show_what_to_do(output, row)
    for message, suggestion in report.uncounted:
        output.line(message)
        output.line(f"  {suggestion}")


def _show_what_to_do(output: Output, row: Row) -> None:
    for text in _what_to_do(row):
        output.line(text.message)
        output.line(f"  {text.suggestion}")


def _what_to_do(row: Row) -> Iterator[Text]:
    if row.rejection:
        yield explain_rejection(row.rejection)
    if row.unseen_differences:
        yield explain_differences(row.number, row.unseen_differences)
    yield from map(explain_warning, row.unseen_warnings)


def _cells(row: Row) -> list[str]:
    date = day(row.date) if row.date else ""
    amount = "" if row.total is None else money(row.total)
    state = state_in_words(row.state)
    return [row.number, date, row.customer or "", amount, state, _remark(row)]


def _remark(row: Row) -> str:
    """Say what is most worth knowing in a few words."""
    if row.rejection:
        return brief(row.rejection)
    if row.seen_at:
        seen = _("differs, looked at on {day}") if row.differences else _("looked at on {day}")
        return seen.format(day=day(row.seen_at.astimezone()))

    matters = [*map(describe, row.differences)]
    matters += [brief_warning(warning.code) for warning in row.unseen_warnings]
    if matters:
        return "; ".join(matters)
    return _("verified") if row.verified == "ok" else ""
