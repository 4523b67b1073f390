"""The rows of the report keep their types, and each renderer writes them in its own way."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

from mww2minox.books.model import Difference, Reason, Rejection, State
from mww2minox.commands.report.as_csv import FIELDS, csv_lines
from mww2minox.commands.report.as_json import json_lines
from mww2minox.commands.report.rows import Row, row_of
from mww2minox.state import StoredBooking, StoredOrder

MOMENT = dt.datetime(2026, 3, 2, 6, 15, tzinfo=dt.UTC)
CREDIT = Row(
    number="1025",
    date=dt.date(2026, 3, 1),
    total=Decimal("-12.1"),
    state=State.BOOKED,
    batch_id="5f0c",
    customer="10001",
    booked_at=MOMENT,
    verified="mismatch",
    differences=(
        Difference(code="order_gone", values={}),
        Difference(code="invoice_number_differs", values={"expected": "1", "found": "2"}),
    ),
)
UNREADABLE = Row(
    number="=1+1",
    date=None,
    total=None,
    state=State.FAILED,
    rejection=Rejection(reason=Reason.ORDER_INVALID, values={"number": "?", "problem": "date"}),
)


def _csv(row: Row) -> dict[str, str]:
    (read,) = csv.DictReader(io.StringIO("".join(csv_lines([row]))))
    return read


def _json(row: Row) -> dict[str, Any]:
    (read,) = json.loads("".join(json_lines([row], generated_at=MOMENT)))["orders"]
    return dict(read)


def test_csv_and_json_have_the_same_fields() -> None:
    assert tuple(_json(CREDIT)) == tuple(_csv(CREDIT)) == FIELDS


def test_a_negative_amount_is_no_formula_and_a_text_can_be_one() -> None:
    assert _csv(CREDIT)["total"] == _json(CREDIT)["total"] == "-12.10"
    assert _csv(UNREADABLE)["number"] == "'=1+1"
    assert _json(UNREADABLE)["number"] == "=1+1"


def test_what_is_not_known_is_empty() -> None:
    empty = {"customer", "total", "batch_id", "booked_at", "verified"}
    assert all(_csv(UNREADABLE)[field] == "" for field in {*empty, "date", "differences"})
    assert all(_json(UNREADABLE)[field] is None for field in empty)
    assert (_json(UNREADABLE)["date"], _json(UNREADABLE)["differences"]) == ("", [])


def test_moments_and_differences_are_written_for_programs() -> None:
    written = _json(CREDIT)
    assert written["booked_at"] == _csv(CREDIT)["booked_at"] == "2026-03-02T06:15:00+00:00"
    assert _csv(CREDIT)["differences"] == "; ".join(written["differences"])
    assert len(written["differences"]) == 2


def test_a_booking_whose_answer_was_lost_shows_where_to_look_and_no_more() -> None:
    order = StoredOrder(
        number="1026",
        date="2026-03-01",
        status=1,
        state=State.FAILED,
        rejection=Rejection(reason=Reason.OUTCOME_UNKNOWN, values={"number": "1026"}),
        total_cents=1210,
        payload={},
    )
    booking = StoredBooking(
        number="1026",
        batch_id="5f0c",
        customer="10001",
        total_cents=1210,
        body="",
        payload={},
        sent_at=MOMENT,
        booked_at=None,
    )
    row = row_of(order, booking)
    assert (row.batch_id, row.customer, row.booked_at) == ("5f0c", None, None)
    assert row.total == Decimal("12.10")
