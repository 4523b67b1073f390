"""How a table is written as CSV, for programs and for a spreadsheet."""

from dataclasses import dataclass

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a spreadsheet wants it: what stands between cells, for a decimal point, and at the very
    beginning.
    """

    delimiter: str = ","
    point: str = "."
    mark: str = ""


PLAIN = Dialect()
DUTCH = Dialect(delimiter=";", point=",", mark="\N{ZERO WIDTH NO-BREAK SPACE}")
"""For a spreadsheet in Dutch, which takes the file for UTF-8 by its mark."""


def harmless(text: str) -> str:
    """Put a `'` before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
