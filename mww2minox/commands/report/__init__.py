"""`report`: what was booked, when and where; what was not, why, and what to do."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from mww2minox.commands.report.as_csv import csv_lines
from mww2minox.commands.report.as_json import json_lines
from mww2minox.commands.report.as_table import Paper, table_lines
from mww2minox.commands.report.gathering import Selection, gather
from mww2minox.commands.report.value import Report
from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.commands import carried
from mww2minox.language.texts import _, day
from mww2minox.steps.output_file import write_output
from mww2minox.steps.spreadsheet import DUTCH
from mww2minox.wiring import ADMINISTRATION, Wiring

TABLE = "table"
ENDINGS = {".json": "json", ".csv": "csv", ".html": "html"}
"""The form of a file by how its name ends, where none is asked for."""


def report(  # noqa: PLR0913 - the command's options
    wiring: Wiring,
    *,
    numbers: Sequence[str] = (),
    errors: bool = False,
    since: date | None = None,
    until: date | None = None,
    everything: bool = False,
    form: str | None = None,
    target: Path | None = None,
) -> ExitStatus:
    """Show the orders dated `since` to `until`, or with `errors` only those that need attention.

    `form` is `table`, `json`, `csv`, `csv-nl` or `html`; None: by the ending of `target`, else a
    table. A table has about forty lines, unless `everything` is asked for. UsageError when `target`
    cannot be written, where there are no such days, and for `numbers` of single orders; StateError
    for a state file of other books.
    """
    _refuse_orders(numbers)
    _refuse_no_days(since, until)
    if form is None:
        form = ENDINGS.get(target.suffix.lower(), TABLE) if target else TABLE

    wiring.refuse_other_books(ADMINISTRATION, wiring.books)
    selection = Selection(since=since, until=until, errors=errors)
    paper = Paper(wiring.output.width, everything=everything, errors=errors)
    with wiring.store.snapshot():
        gathered = gather(wiring, selection)
        if target:
            suggestion = _("Choose another file: mww2minox report --output FILE")
            write_output(target, _parts(gathered, form, paper), suggestion)
            wiring.output.say(_("Written: {path}").format(path=target))
        elif form == TABLE:
            _show(wiring, gathered, paper)
        else:
            wiring.output.stream(_parts(gathered, form, paper))
    return ExitStatus.OK


def _refuse_orders(numbers: Sequence[str]) -> None:
    """Refuse a report of single orders: `explain` tells of those."""
    if numbers:
        raise UsageError(
            _("A report is about all orders, and not about one."),
            _("For one order, run: mww2minox explain {number}").format(number=numbers[0]),
        )


def _refuse_no_days(since: date | None, until: date | None) -> None:
    if since and until and until < since:
        message = _("There are no days from {first} until {until}.")
        command = f"mww2minox report --since {until} --until {since}"
        raise UsageError(
            message.format(first=day(since), until=day(until)),
            _("Give the first day first, like: {command}").format(command=command),
        )


def _show(wiring: Wiring, gathered: Report, paper: Paper) -> None:
    output = wiring.output
    for line in table_lines(gathered, paper):
        show = output.laid_out if line.laid_out else output.line
        show(line.text, style=line.style)


def _parts(gathered: Report, form: str, paper: Paper) -> Iterator[str]:
    """Return the report as text, piece by piece."""
    match form:
        case "json":
            moment, uncounted = gathered.generated_at, gathered.uncounted
            return json_lines(gathered.rows(), generated_at=moment, uncounted=uncounted)
        case "csv":
            return csv_lines(gathered.rows())
        case "csv-nl":
            return csv_lines(gathered.rows(), DUTCH)
        case "html":
            from mww2minox.commands.report.as_html import as_html

            return iter([as_html(gathered)])
        case _:
            return (f"{carried(line.text)}\n" for line in table_lines(gathered, paper))
