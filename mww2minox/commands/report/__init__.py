"""`report`: what was booked, when and where; what was not, why, and what to do."""

from datetime import date
from pathlib import Path

from mww2minox.commands.report.as_csv import DUTCH, csv_lines
from mww2minox.commands.report.as_json import json_lines
from mww2minox.commands.report.as_table import show_table
from mww2minox.commands.report.gathering import Selection, gather
from mww2minox.commands.report.value import Report
from mww2minox.errors import CannotWrite, ExitStatus
from mww2minox.language.texts import _
from mww2minox.output import Output
from mww2minox.wiring import Wiring


def report(  # noqa: PLR0913 - the command's options
    wiring: Wiring,
    *,
    errors: bool = False,
    since: date | None = None,
    until: date | None = None,
    form: str = "table",
    target: Path | None = None,
) -> ExitStatus:
    """Show the orders dated `since` to `until`, or with `errors` only those that need attention.

    `form` is `table`, `json` or `csv`. UsageError when `target` cannot be written.
    """
    selection = Selection(since=since, until=until, errors=errors)
    with wiring.store.snapshot():
        gathered = gather(wiring, selection)
        if target is None:
            _render(wiring.output, gathered, form)
        else:
            _write(target, gathered, form)
            wiring.output.say(_("Written: {path}").format(path=target))
    return ExitStatus.OK


def _write(target: Path, gathered: Report, form: str) -> None:
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            _render(Output(data=file), gathered, form)
    except OSError as error:
        suggestion = _("Choose another file: mww2minox report --output FILE")
        raise CannotWrite(target, error, suggestion) from None


def _render(output: Output, gathered: Report, form: str) -> None:
    match form:
        case "json":
            moment, uncounted = gathered.generated_at, gathered.uncounted
            rows = gathered.rows()
            output.stream(json_lines(rows, generated_at=moment, uncounted=uncounted))
        case "csv":
            output.stream(csv_lines(gathered.rows()))
        case "csv-nl":
            output.stream(csv_lines(gathered.rows(), DUTCH))
        case _:
            show_table(output, gathered)
