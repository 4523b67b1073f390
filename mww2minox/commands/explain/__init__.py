"""`explain`: why an order is booked the way it is, or why it is not. Nobody is asked anything."""

from mww2minox.commands.explain.as_json import as_json
from mww2minox.commands.explain.as_table import show_explanation
from mww2minox.commands.explain.explanation import explained
from mww2minox.errors import ExitStatus
from mww2minox.wiring import ADMINISTRATION, Wiring


def explain(wiring: Wiring, number: str, *, form: str = "table") -> ExitStatus:
    """Show what was decided about an order, as it was stored then, as `table` or `json`.

    Raises UsageError for an order that is not known, StateError for a state file of other books.
    """
    wiring.refuse_other_books(ADMINISTRATION, wiring.books)
    explanation = explained(wiring, number)

    if form == "json":
        wiring.output.data(as_json(explanation))
    else:
        show_explanation(wiring.output, explanation)
    return ExitStatus.OK
