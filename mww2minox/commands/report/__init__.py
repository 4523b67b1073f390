"""`report`: what was booked, when and where; what was not, why, and what to do."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from mww2minox.commands.report.as_csv import as_csv
from mww2minox.commands.report.as_json import as_json
from mww2minox.commands.report.as_table import show_table
from mww2minox.commands.report.rows import Row, rows_of
from mww2minox.errors import CannotWrite, ExitStatus
from mww2minox.language.texts import _
from mww2minox.output import Output
from mww2minox.shop.census import explain_left
from mww2minox.steps.census import left_over
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
    bookings = wiring.store.bookings()
    rows = rows_of(wiring.store.orders(), bookings)

    rows = [row for row in rows if row.is_dated(since, until)]
    if errors:
        rows = [row for row in rows if row.needs_attention]

    if target is None:
        _render(wiring.output, rows, form)
        if form == "table":
            _show_uncounted(wiring)
    else:
        _write(target, rows, form)
        wiring.output.say(_("Written: {path}").format(path=target))
    return ExitStatus.OK


def _show_uncounted(wiring: Wiring) -> None:
    """Show the days of which the shop counts other orders than are known: no row tells of them."""
    for left in left_over(wiring):
        if not left.explained:
            message, suggestion = explain_left(left)
            wiring.output.line(message)
            wiring.output.line(f"  {suggestion}")


def _write(target: Path, rows: Sequence[Row], form: str) -> None:
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            _render(Output(data=file), rows, form)
    except OSError as error:
        suggestion = _("Choose another file: mww2minox report --output FILE")
        raise CannotWrite(target, error, suggestion) from None


def _render(output: Output, rows: Sequence[Row], form: str) -> None:
    match form:
        case "json":
            output.data(as_json(rows))
        case "csv":
            output.data(as_csv(rows))
        case _:
            show_table(output, rows)
