"""The report as JSON: money as plain text to the cent, dates and moments in ISO form.

It is written order by order, so that none but one is in memory.
"""

import datetime as dt
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from mww2minox.books.model import State
from mww2minox.books.money import euros
from mww2minox.commands.report.rows import Entry, Row, Value, fields_of
from mww2minox.commands.report.value import NOTHING, Total
from mww2minox.reasons import Text


def json_lines(
    rows: Iterable[Row], *, generated_at: dt.datetime, uncounted: Iterable[Text] = ()
) -> Iterator[str]:
    """Yield the orders, and what they add up to per state, as text (docs/json.md).

    `uncounted` are the days of which the shop counts other orders than are known.
    """
    sums: dict[State, Total] = {}
    needing = 0

    moment = generated_at.astimezone(dt.UTC).isoformat(timespec="seconds")
    yield "{\n" + _key("generated_at", moment) + ",\n"
    yield '  "orders": ['
    separator = "\n"
    for row in rows:
        sums[row.state] = sums.get(row.state, NOTHING).plus(row.total)
        needing += row.needs_attention
        # A line for each: with the spaces of a longer form it takes twice the time.
        yield f"{separator}    {json.dumps(_order(row), ensure_ascii=False)}"
        separator = ",\n"
    yield "\n  ],\n" if sums else "],\n"
    yield _key("totals", _totals(sums, needing)) + ",\n"
    yield _key("uncounted", [text._asdict() for text in uncounted]) + "\n}\n"


def _key(name: str, value: object) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return f'  "{name}": {textwrap.indent(text, "  ").lstrip()}'


def _order(row: Row) -> dict[str, Any]:
    return {field: _written(value) for field, value in fields_of(row).items()}


def _written(value: Value) -> str | list[Entry] | None:
    match value:
        case Decimal():
            return euros(value)
        case dt.date():
            return value.isoformat()
        case tuple():
            return list(value)
        case _:
            return value


def _totals(sums: Mapping[State, Total], needing: int) -> dict[str, Any]:
    totals: dict[str, Any] = {}
    for state in State:
        total = sums.get(state, NOTHING)
        totals[state.value] = {"orders": total.orders, "total": euros(total.total)}
    return {**totals, "needs_attention": needing}
