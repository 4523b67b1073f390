"""The VAT return as it was filed, beside what the books have per box. Pure.

Source: books/rules.md, "Against the return". Amounts are Decimal euros. A return is filed in whole
euros, so that less than one is no difference; and other revenue may be in it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.reconciliation import NOTHING, Amounts

AMOUNT = r"(-?[0-9]+(?:[.,][0-9]{1,2})?)"
WRITTEN = re.compile(rf"([1-5][a-g])={AMOUNT}(?:/{AMOUNT})?")
ONE_EURO = Decimal(1)
# no text: who told it, in the JSON
BY_MINOX, BY_HAND = "minox", "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledBox:
    """What was filed in one box; boxes without VAT have none."""

    turnover: Decimal
    vat: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledReturn:
    """A return by box; `source` is `BY_MINOX` or `BY_HAND`."""

    source: str
    boxes: Mapping[str, FiledBox]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxLine:
    """A box of the return: what the books have of it, what was filed, and what that differs by.

    `filed` and `difference` are None where it is not known what was filed. A difference of less
    than a euro counts as none.
    """

    box: str
    books: Amounts
    filed: FiledBox | None
    difference: Amounts | None


def read_filed(written: Iterable[str]) -> FiledReturn | str:
    """Read `1a=1234.56/259.26` and the like; return the first that is none of those as it is."""
    boxes: dict[str, FiledBox] = {}
    for text in written:
        parts = WRITTEN.fullmatch(text.strip().lower())
        if parts is None:
            return text
        vat = None if parts[3] is None else _amount(parts[3])
        boxes[parts[1]] = FiledBox(turnover=_amount(parts[2]), vat=vat)

    return FiledReturn(source=BY_HAND, boxes=boxes)


def _amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def box_lines(books: Mapping[str, Amounts], filed: FiledReturn | None) -> tuple[BoxLine, ...]:
    """Put what was filed beside what the books have, box by box."""
    boxes = sorted({*books, *(filed.boxes if filed else ())})

    return tuple(_line(box, books.get(box, NOTHING), filed) for box in boxes)


def _line(box: str, books: Amounts, filed: FiledReturn | None) -> BoxLine:
    in_return = filed.boxes.get(box) if filed else None
    if filed is None or (in_return is None and filed.source == BY_HAND):
        return BoxLine(box=box, books=books, filed=None, difference=None)

    told = in_return or FiledBox(turnover=Decimal(0), vat=Decimal(0))
    vat = books.vat if told.vat is None else told.vat
    difference = Amounts(
        turnover=_beyond_a_euro(told.turnover - books.turnover),
        vat=_beyond_a_euro(vat - books.vat),
    )
    return BoxLine(box=box, books=books, filed=told, difference=difference)


def _beyond_a_euro(difference: Decimal) -> Decimal:
    return difference if abs(difference) >= ONE_EURO else Decimal(0)
