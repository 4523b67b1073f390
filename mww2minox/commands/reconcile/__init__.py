"""`reconcile`: prove that a period of the VAT return is complete, or name each fault.

Both sides are gathered anew, held against each other by pure rules, and shown; what was proven is
stored with its hash.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mww2minox.books.filed_return import FiledReturn, read_filed
from mww2minox.books.return_period import ReturnPeriod, read_return_period
from mww2minox.commands.reconcile.as_csv import as_csv
from mww2minox.commands.reconcile.as_html import as_html
from mww2minox.commands.reconcile.as_json import as_json
from mww2minox.commands.reconcile.as_table import show_table
from mww2minox.commands.reconcile.document import Document, document_of
from mww2minox.commands.reconcile.proof_file import PROOF_NAME, proof_as_csv, proof_beside
from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.texts import _, day
from mww2minox.output import Output
from mww2minox.steps.output_file import write_output
from mww2minox.steps.reconciliation.both_sides import gather
from mww2minox.steps.reconciliation.closed_periods import changed_periods
from mww2minox.steps.reconciliation.proving import prove
from mww2minox.steps.reconciliation.storing import store_proof
from mww2minox.steps.spreadsheet import DUTCH
from mww2minox.wiring import ADMINISTRATION, Wiring

TABLE, CSV, CSV_NL, HTML = "table", "csv", "csv-nl", "html"
ENDINGS = {".json": "json", ".csv": CSV, ".html": HTML}
ORDERS = "orders"


def reconcile(  # noqa: PLR0913 - the command's options
    wiring: Wiring,
    written: str,
    *,
    form: str | None = None,
    part: str | None = None,
    target: Path | None = None,
    filed: Sequence[str] = (),
) -> ExitStatus:
    """Hold shop and books of a period against each other; OK when it is closed, else ATTENTION.

    `written` is the period: `2026-Q1`, `2026-03` or `2026`. Without `form` the ending of `target`
    tells it, or that a `part` is asked for. `filed` is what a person says was filed, by box. Raises
    UsageError, StateError, VendorError, and CannotWrite for `target`.
    """
    period, filed_return = _period(written), _filed(filed)
    form = _form(form, part, target)
    # What another administration's state has booked is missing in these books.
    wiring.refuse_other_books(ADMINISTRATION, wiring.books)
    _refuse_what_is_to_come(wiring, period)

    sides = gather(wiring, period)
    reconciliation = prove(sides)
    # What had changed until now; a proof that closes the period again ends it.
    changed = next((one for one in changed_periods(wiring) if one.name == period.name), None)
    proof = store_proof(wiring, reconciliation, wiring.readback.vat)
    document = document_of(sides, reconciliation, proof, changed=changed, filed=filed_return)

    rendering = _Rendering(wiring, document, form, part or ORDERS)
    if target:
        _write(rendering, target)
    else:
        rendering.show(wiring.output)
    return ExitStatus.OK if reconciliation.is_closed else ExitStatus.ATTENTION


def _period(written: str) -> ReturnPeriod:
    period = read_return_period(written)
    if period:
        return period

    message = _("{written} is no period; type it like 2026-Q1, 2026-03 or 2026.")
    if not written:
        message = _("Which period? Type it like 2026-Q1, 2026-03 or 2026.")
    raise UsageError(message.format(written=repr(written)), _("See: mww2minox reconcile --help"))


def _refuse_what_is_to_come(wiring: Wiring, period: ReturnPeriod) -> None:
    """Refuse a period of which no day is over: nothing would be proven of it."""
    today = wiring.today
    if period.first < today:
        return

    message = _("Of {period} no day is over yet: it begins on {day}.")
    raise UsageError(
        message.format(period=period.name, day=day(period.first)),
        _("Name a period that has begun, like: mww2minox reconcile {name}").format(
            name=f"{today:%Y}"
        ),
    )


def _filed(written: Sequence[str]) -> FiledReturn | None:
    if not written:
        return None

    filed = read_filed(written)
    if isinstance(filed, str):
        message = _("{written} is no box of the return; type it like 1a=1234.56/259.26.")
        raise UsageError(message.format(written=repr(filed)), _("See: mww2minox reconcile --help"))
    return filed


def _form(form: str | None, part: str | None, target: Path | None) -> str:
    if form is None:
        usual = CSV if part else TABLE
        form = ENDINGS.get(target.suffix, usual) if target else usual

    if part and form not in (CSV, CSV_NL):
        raise UsageError(
            _("A part is written as CSV, and not as {format}.").format(format=form),
            _("Give --format csv, or leave --part out: mww2minox reconcile --help"),
        )
    return form


@dataclass(frozen=True)
class _Rendering:
    """What is written, and how; `proof_name` is what the file of the proof is called."""

    wiring: Wiring
    document: Document
    form: str
    part: str
    proof_name: str = PROOF_NAME

    def show(self, output: Output) -> None:
        """Write it down."""
        match self.form:
            case "json":
                output.data(as_json(self.document))
            case "csv":
                output.data(as_csv(self.document, self.part))
            case "csv-nl":
                output.data(as_csv(self.document, self.part, DUTCH))
            case "html":
                output.data(as_html(self.document, self.wiring.rules, self.proof_name))
            case _:
                show_table(output, self.document)


def _write(rendering: _Rendering, target: Path) -> None:
    """Write to a file; beside a document the proof that its hash can be computed from."""
    wiring, reconciliation = rendering.wiring, rendering.document.reconciliation
    suggestion = _("Choose another file: mww2minox reconcile {period} --output FILE")
    suggestion = suggestion.format(period=reconciliation.period.name)

    has_proof = rendering.form == HTML and (target.is_file() or not target.exists())
    proof = proof_beside(target, reconciliation.period) if has_proof else None
    if proof:
        rendering = replace(rendering, proof_name=proof.name)

    out = io.StringIO()
    rendering.show(Output(data=out))
    write_output(target, [out.getvalue()], suggestion)
    wiring.output.say(_("Written: {path}").format(path=target))

    if proof:
        write_output(proof, [proof_as_csv(reconciliation)], suggestion)
        wiring.output.say(_("Written: {path}").format(path=proof))
