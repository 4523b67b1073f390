"""The form in which Minox shows a line of a booking, by the switches for what is open in it.

Source: minox/api.md, "Bookings" and "Open: answers".
"""

from collections.abc import Mapping
from typing import Any

from mww2minox.sandbox.settings import NoVat, Settings

Line = dict[str, Any]
NO_VAT: dict[NoVat, object] = {
    "null": None,
    "empty": {},
    "zero": {"id": 0, "amount": 0.0},
    "null_code": {"id": None, "amount": 0.0},
}


def shown(
    line: Line, place: int, journals: Mapping[str, Mapping[str, Any]], settings: Settings
) -> Line:
    """Return a line that is kept as it is shown; `place` numbers one that has no number yet."""
    fields = dict(line)
    number = fields.pop("line_number", None) or place

    journal = dict(fields.get("journal") or {})
    known = journals.get(str(journal.get("id")), {})
    journal |= {name: known.get(name) for name in ("description", "type")}
    # Public examples have both numbers here; a client that knows them from elsewhere is served too.
    numbers = {"page_number": 1, "line_number": number}
    if settings.line_numbers == "journal":
        journal |= numbers
    else:
        fields |= numbers

    if not fields.get("vat"):
        fields.pop("vat", None)
        if settings.no_vat != "absent":
            fields["vat"] = NO_VAT[settings.no_vat]
    currency = fields.get("currency") or {"id": "EUR"}
    return fields | {
        "journal": journal,
        "currency": {"exchange_rate": 1.0} | currency,
        "document_id": None,
        "cost_type": None,
        "messages": fields.get("messages") or [],
    }
