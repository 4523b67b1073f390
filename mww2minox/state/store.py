"""All changes of the state file and all questions to it: each change one named transition.

Money is integer cents, time is ISO 8601 in UTC.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from mww2minox.books.model import (
    BookingWarning,
    Difference,
    Reason,
    Rejection,
    State,
    WarningCode,
)
from mww2minox.books.vat_sums import Turnover
from mww2minox.state.figures import TO_LOOK_AT, Figures, from_day
from mww2minox.state.stored import (
    Boxes,
    Exchange,
    LastRun,
    OrderNow,
    PastRuns,
    ProvenOrder,
    RememberedCustomer,
    StoredBooking,
    StoredOrder,
    StoredProof,
    StoredViesAnswer,
    Tokens,
)
from mww2minox.state.tables import INSERT_SUM, json_text
from mww2minox.state.turnover import explained, rows_of, with_row

NONE = "[]"
"""An empty list, as the state file holds it."""
MOST_EXCHANGES = 20
"""So many requests are kept of an order: what is tried every day does not grow."""
BOOKINGS = """SELECT bookings.*, orders.paid_by,
    CASE bookings.payload WHEN '' THEN orders.payload ELSE bookings.payload END AS kept_payload,
    (SELECT -sum(credit.total_cents) FROM orders AS credit
     WHERE credit.credits = bookings.number
     AND (credit.state IN ('booked', 'ready')
          OR credit.reason IN ('skipped_by_hand', 'before_since'))
    ) AS credited_cents
    FROM bookings JOIN orders USING (number)"""
"""Bookings, with the JSON of their orders as they were booked, with how these were paid, and with
what the credit orders take back that are booked here or elsewhere, or will be.
"""

# no text: a key in the state, or what a UUID is derived from
LOGIN_ENDS = "login ends"
"""A note: until when the tokens can be renewed, where Minox tells it."""


class Store(Figures):
    """The state file, opened. Use as a context manager."""

    def start_run(self, command: str) -> int:
        """Note that a run has begun, and return its id. Earlier ones that were killed are over."""
        with self.transaction():
            self._write("UPDATE runs SET finished_at = :now WHERE finished_at IS NULL", now=_now())
            self._write(
                "INSERT INTO runs (command, pid, started_at) VALUES (:command, :pid, :now)",
                command=command,
                pid=os.getpid(),
                now=_now(),
            )
            return int(self._rows("SELECT last_insert_rowid() AS id")[0]["id"])

    def finish_run(
        self,
        run: int,
        exit_status: int,
        *,
        refused: bool = False,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Note how a run ended, and what it did; `refused`: it did nothing of its work."""
        self._write(
            """UPDATE runs SET finished_at = :now, exit_status = :exit_status, refused = :refused,
               counts = :counts WHERE id = :run""",
            counts=json_text(dict(counts or {})),
            now=_now(),
            exit_status=exit_status,
            refused=refused,
            run=run,
        )

    def past_runs(self, command: str, *, before: int | None = None) -> PastRuns | None:
        """Return when a command ran, or None when it never ran to its end.

        `before` leaves out that run and later ones. The last is the one that began last: by the
        clock it may be another, where that was wrong for a while.
        """
        sql = """WITH mine AS (
                   SELECT * FROM runs
                   WHERE command = :command AND (:before IS NULL OR id < :before)
                 )
                 SELECT (SELECT started_at FROM mine ORDER BY id LIMIT 1) AS began,
                 (SELECT finished_at FROM mine WHERE finished_at IS NOT NULL
                  ORDER BY id DESC LIMIT 1) AS ended,
                 (SELECT refused FROM mine WHERE finished_at IS NOT NULL
                  ORDER BY id DESC LIMIT 1) AS refused,
                 (SELECT finished_at FROM mine WHERE exit_status IN (0, 3) AND NOT refused
                  ORDER BY id DESC LIMIT 1) AS ended_well"""

        return self._read(_past_runs, sql, command=command, before=before)[0]

    def last_run(self, command: str) -> LastRun | None:
        """Return the run of a command that began last, or None where there is none."""
        sql = "SELECT * FROM runs WHERE command = :command ORDER BY id DESC LIMIT 1"
        runs = self._read(_last_run, sql, command=command)
        return runs[0] if runs else None

    def exit_status(self, run: int) -> int | None:
        """Return how a run ended, or None while it has not."""
        rows = self._rows("SELECT exit_status FROM runs WHERE id = :run", run=run)
        return rows[0]["exit_status"] if rows else None

    # What people were told

    def told(self) -> set[str]:
        """Return the keys of the matters that people were told about and that are not over."""
        return {row["key"] for row in self._rows("SELECT key FROM told")}

    def mark_told(self, keys: Iterable[str]) -> None:
        """Remember that people were told about these matters."""
        self._write(
            "INSERT OR REPLACE INTO told SELECT value, :now FROM json_each(:keys)",
            now=_now(),
            keys=json.dumps(list(keys)),
        )

    def forget_told(self, keys: Iterable[str]) -> None:
        """These matters are over: should they come back, people are to be told again."""
        self._write(
            "DELETE FROM told WHERE key IN (SELECT value FROM json_each(:keys))",
            keys=json.dumps(list(keys)),
        )

    # Small facts: watermarks, the store's region, until when a vendor must be left alone

    def note(self, key: str) -> str | None:
        """Return a small fact, or None."""
        rows = self._rows("SELECT value FROM notes WHERE key = :key", key=key)
        return rows[0]["value"] if rows else None

    def set_note(self, key: str, value: str | None) -> None:
        """Remember a small fact, or forget it."""
        if value is None:
            self._write("DELETE FROM notes WHERE key = :key", key=key)
        else:
            self._write("INSERT OR REPLACE INTO notes VALUES (:key, :value)", key=key, value=value)

    def moment(self, key: str) -> datetime | None:
        """Return a small fact that is a moment (aware, UTC), or None."""
        sql = "SELECT value FROM notes WHERE key = :key"
        moments = self._read(lambda row: _moment(row["value"]), sql, key=key)
        return moments[0] if moments else None

    # Orders

    def order(self, number: str) -> StoredOrder | None:
        """Return the order with this number, or None."""
        sql = "SELECT * FROM orders WHERE number = :number"
        orders = self._read(self._order, sql, number=number)
        return orders[0] if orders else None

    def orders(
        self, states: Iterable[State] = State, numbers: Sequence[str] | None = None
    ) -> list[StoredOrder]:
        """Return the orders in these states, by date and number; of `numbers` only, when given."""
        sql = """SELECT * FROM orders WHERE state IN (SELECT value FROM json_each(:states))
                 AND (:numbers IS NULL OR number IN (SELECT value FROM json_each(:numbers)))
                 ORDER BY date, length(number), number"""
        chosen = None if numbers is None else json.dumps(list(numbers))
        return self._read(self._order, sql, states=json.dumps(list(states)), numbers=chosen)

    def each_order(
        self, first: date, last: date, *, newest_first: bool = False
    ) -> Iterator[StoredOrder]:
        """Yield the orders dated from `first` to `last`, by date and number.

        None but one is in memory. One without a date is from before all.
        """
        way = "DESC" if newest_first else "ASC"
        # The index has them in this order: sorted by SQLite, all of them would be in memory.
        sql = f"""SELECT * FROM orders INDEXED BY orders_by_day
                  WHERE date >= :first AND date <= :last
                  ORDER BY date {way}, length(number) {way}, number {way}"""  # noqa: S608
        return self._each(self._order, sql, first=from_day(first), last=last.isoformat())

    def each_to_see_to(self, first: date, last: date) -> Iterator[StoredOrder]:
        """Yield the orders among `each_order` that failed, or whose booking has something that
        somebody is to look at, or has.
        """
        sql = f"""SELECT * FROM orders WHERE date >= :first AND date <= :last AND number IN (
                    SELECT number FROM orders WHERE state = 'failed'
                    UNION SELECT number FROM bookings WHERE {TO_LOOK_AT})
                  ORDER BY date, length(number), number"""  # noqa: S608
        return self._each(self._order, sql, first=from_day(first), last=last.isoformat())

    def count_orders(self) -> dict[State, int]:
        """Return how many orders there are in each state."""
        rows = self._rows("SELECT state, count(*) AS orders FROM orders GROUP BY state")
        counts = {State(row["state"]): row["orders"] for row in rows}
        return {state: counts.get(state, 0) for state in State}

    def _order(self, row: dict[str, Any]) -> StoredOrder:
        rejection = None
        if row["reason"]:
            values = json.loads(row["detail"])
            rejection = Rejection(reason=Reason(row["reason"]), values=values)

        return StoredOrder(
            number=row["number"],
            date=row["date"],
            status=row["status"],
            state=State(row["state"]),
            rejection=rejection,
            total_cents=row["total_cents"],
            payload=json.loads(row["payload"]),
            read=self._reader,
            paid_by=row["paid_by"],
            asked_for=bool(row["asked_for"]),
            gone=bool(row["gone"]),
            skipped_before=bool(row["skipped_before"]),
        )

    def take_in(self, order: StoredOrder) -> None:
        """Store an order as the shop has it now, with the state it is in.

        A booked order stays as it was booked. How it was paid stays, where it is told no more.
        """
        sql = """INSERT INTO orders
                 (number, date, status, state, reason, detail, total_cents, payload, seen_at,
                  asked_for, paid_by)
                 VALUES
                 (:number, :date, :status, :state, :reason, :detail, :total_cents, :payload, :now,
                  :asked_for, :paid_by)
                 ON CONFLICT (number) DO UPDATE SET date = excluded.date, status = excluded.status,
                 state = excluded.state, reason = excluded.reason, detail = excluded.detail,
                 total_cents = excluded.total_cents, payload = excluded.payload,
                 seen_at = excluded.seen_at, asked_for = excluded.asked_for, gone = 0,
                 shop_date = NULL, paid_by = coalesce(excluded.paid_by, orders.paid_by)
                 WHERE orders.state != 'booked'"""

        self._write(
            sql,
            number=order.number,
            date=order.date,
            status=order.status,
            total_cents=order.total_cents,
            payload=json_text(order.payload),
            now=_now(),
            asked_for=order.asked_for,
            paid_by=order.paid_by,
            **_state_columns(order.state, order.rejection),
        )

    def mark(self, number: str, state: State, rejection: Rejection | None) -> None:
        """Put an order that is not booked into `state`, with the reason."""
        self._write(
            """UPDATE orders SET state = :state, reason = :reason, detail = :detail
               WHERE number = :number AND state != 'booked'""",
            number=number,
            **_state_columns(state, rejection),
        )

    def mark_in_shop(self, number: str, date: str) -> None:
        """The shop has this booked order, and dates it so (ISO 8601); it stays as it was booked."""
        self._write(
            "UPDATE orders SET gone = 0, shop_date = nullif(:date, date) WHERE number = :number",
            number=number,
            date=date,
        )

    def mark_gone(self, number: str) -> None:
        """The shop does not have this order any more."""
        self._write("UPDATE orders SET gone = 1 WHERE number = :number", number=number)

    def book_after_all(self, number: str) -> None:
        """A person says that an order which an earlier version skipped is to be booked."""
        self._write("UPDATE orders SET skipped_before = 0 WHERE number = :number", number=number)

    def dated(self, first: date, last: date | None) -> list[str]:
        """Return the numbers of the orders of these dates, as the shop last told them.

        Left out are those that it does not have any more, and those without a number.
        """
        sql = """SELECT number FROM orders WHERE coalesce(shop_date, date) >= :first
                 AND (:last IS NULL OR coalesce(shop_date, date) <= :last)
                 AND NOT gone AND number NOT LIKE '?%'"""
        limit = last.isoformat() if last else None
        return [row["number"] for row in self._rows(sql, first=first.isoformat(), last=limit)]

    def count(self, state: State) -> int:
        """Return how many orders are in a state."""
        rows = self._rows("SELECT count(*) AS number FROM orders WHERE state = :state", state=state)
        return int(rows[0]["number"])

    def to_look_at_again(self, recent: str) -> dict[str, str]:
        """Return the dates (ISO 8601) of the orders that are not booked, by number.

        Without those that wait for `shop.since`, and those that are skipped and from before
        `recent`.
        """
        sql = """SELECT number, date FROM orders WHERE state IN ('waiting', 'ready', 'failed')
                 AND reason IS NOT 'before_since'
                 UNION ALL
                 SELECT number, date FROM orders WHERE state = 'skipped' AND date >= :recent
                 AND reason IS NOT 'before_since'
                 ORDER BY date, number"""
        return {row["number"]: row["date"] for row in self._rows(sql, recent=recent)}

    def totals(self) -> dict[str, int | None]:
        """Return the totals of all orders in cents, by number; None where it is not known."""
        # By an index that has both: no order is looked into.
        sql = "SELECT number, total_cents FROM orders INDEXED BY orders_by_day"
        return {row["number"]: row["total_cents"] for row in self._rows(sql)}

    def keep_paid_by(self, number: str, paid_by: str) -> None:
        """Store how an order was paid, told by the shop apart from it; empty: not received yet."""
        self._write(
            "UPDATE orders SET paid_by = :paid_by WHERE number = :number",
            number=number,
            paid_by=paid_by,
        )

    def ways_of_paying(self, *states: State) -> dict[str, str]:
        """Return the ways of paying of the orders in these states, each with its first order."""
        rows = self._rows(
            """SELECT paid_by, number, min(date) FROM orders
               WHERE paid_by != '' AND state IN (SELECT value FROM json_each(:states))
               AND total_cents != 0 GROUP BY paid_by""",
            states=json.dumps(states),
        )
        return {row["paid_by"]: row["number"] for row in rows}

    def forget_stand_in(self, number: str) -> None:
        """Forget the row of an order that had no number, and so was never sent: it has one now."""
        self._write("DELETE FROM orders WHERE number = :number", number=number)

    def has_unbooked_before(self, since: str) -> bool:
        """Tell whether an order from before a date (ISO 8601) is neither booked nor waits for it.

        Those that the shop has no more, and those that somebody asked for, do not count.
        """
        sql = """SELECT EXISTS (
                   SELECT 1 FROM orders WHERE state IN ('waiting', 'ready', 'failed')
                   AND date != '' AND date < :since AND reason IS NOT 'before_since'
                   AND NOT asked_for AND NOT gone
                 ) AS found"""
        return bool(self._rows(sql, since=since)[0]["found"])

    def newest_order_date(self) -> str:
        """Return the latest order date that is known, or an empty text."""
        return str(self._rows("SELECT coalesce(max(date), '') AS newest FROM orders")[0]["newest"])

    # Bookings

    def booking(self, number: str) -> StoredBooking | None:
        """Return the booking of an order, sent or booked, or None."""
        # no text: SQL
        sql = f"{BOOKINGS} WHERE number = :number"
        bookings = self._read(self._booking, sql, number=number)
        return bookings[0] if bookings else None

    def bookings(self) -> list[StoredBooking]:
        """Return all bookings, sent or booked, by the date of their order."""
        # no text: SQL
        sql = f"{BOOKINGS} ORDER BY orders.date, length(number), number"
        return self._read(self._booking, sql)

    def bookings_of(self, numbers: Sequence[str]) -> dict[str, StoredBooking]:
        """Return the bookings of these orders, by number; those that have none are left out."""
        # no text: SQL
        sql = f"{BOOKINGS} WHERE number IN (SELECT value FROM json_each(:numbers))"  # noqa: S608
        bookings = self._read(self._booking, sql, numbers=json.dumps(list(numbers)))
        return {booking.number: booking for booking in bookings}

    def booked_batches(self) -> dict[str, str]:
        """Return the id of the booking of each order that is booked, by number."""
        rows = self._rows("SELECT number, batch_id FROM bookings WHERE booked_at IS NOT NULL")
        return {row["number"]: row["batch_id"] for row in rows}

    def booked_on(self, first: date, last: date) -> set[str]:
        """Return the orders whose bookings have a document date from `first` to `last`."""
        rows = self._rows(
            """SELECT DISTINCT number FROM booking_vat
               WHERE document_date BETWEEN :first AND :last""",
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return {row["number"] for row in rows}

    def bookings_to_look_at(self) -> list[StoredBooking]:
        """Return the bookings with differences or warnings, whether or not somebody looked."""
        return self._bookings_where(TO_LOOK_AT)

    def bookings_to_verify(
        self, *, booked_since: datetime | None = None, dated_since: str | None = None
    ) -> list[StoredBooking]:
        """Return the bookings in Minox that are not verified as right, or that differ; and those
        booked since a moment, or of orders dated since a day (ISO 8601).
        """
        # Each part has an index of its own: together they would have none.
        numbers = f"""SELECT number FROM bookings WHERE verified IS NOT 'ok'
            UNION SELECT number FROM bookings WHERE {TO_LOOK_AT}
            UNION SELECT number FROM bookings WHERE booked_at >= :booked_since
            UNION SELECT number FROM orders WHERE date >= :dated_since AND state = 'booked'"""  # noqa: S608
        return self._bookings_where(
            f"bookings.number IN ({numbers}) AND booked_at IS NOT NULL",
            booked_since=booked_since.isoformat() if booked_since else None,
            dated_since=dated_since,
        )

    def bookings_dated(self, since: str = "") -> list[StoredBooking]:
        """Return the bookings in Minox of orders dated since a day (ISO 8601), or all."""
        return self._bookings_where("orders.date >= :since AND booked_at IS NOT NULL", since=since)

    def bookings_with_addresses(self, right_before: datetime) -> list[StoredBooking]:
        """Return the bookings that are right since before a moment, and whose orders have their
        addresses.
        """
        return self._bookings_where(
            """bookings.number IN (
                 SELECT number FROM orders WHERE state = 'booked'
                 AND instr(payload, '"emptied": true') = 0 AND date <= :day
               ) AND verified_at < :moment""",
            day=right_before.date().isoformat(),
            moment=right_before.isoformat(),
        )

    def _bookings_where(self, condition: str, **values: object) -> list[StoredBooking]:
        # no text: SQL
        sql = f"{BOOKINGS} WHERE {condition} ORDER BY orders.date, length(number), number"
        return self._read(self._booking, sql, **values)

    def booked_in_month(self, month: str) -> int:
        """Return how many orders of a month (`2026-03`) are booked."""
        sql = """SELECT count(*) AS number FROM orders WHERE state = 'booked'
                 AND date >= :month AND date < :month || '~'"""
        return int(self._rows(sql, month=month)[0]["number"])

    def turnovers_of(self, numbers: Sequence[str]) -> dict[str, Turnover]:
        """Return what the bookings of these orders add to the books, by number, where known."""
        sql = """SELECT * FROM booking_vat WHERE number IN (SELECT value FROM json_each(:numbers))
                 ORDER BY number, CAST(rate AS REAL) DESC, code, ledger"""

        turnovers: dict[str, Turnover] = {}

        def add(row: dict[str, Any]) -> None:
            turnovers[row["number"]] = with_row(turnovers.get(row["number"]), row)

        self._read(add, sql, numbers=json.dumps(list(numbers)))
        return turnovers

    def intents(self) -> list[StoredBooking]:
        """Return the bookings that were sent and are not known to be in Minox."""
        return self._read(self._booking, f"{BOOKINGS} WHERE booked_at IS NULL")

    def _booking(self, row: dict[str, Any]) -> StoredBooking:
        differences = _differences(row["differences"])
        shop_differences = _differences(row["shop_differences"])

        booking = StoredBooking(
            number=row["number"],
            batch_id=row["batch_id"],
            customer=row["customer"],
            total_cents=row["total_cents"],
            body=row["body"],
            payload=json.loads(row["kept_payload"]),
            read=self._reader,
            paid_by=row["paid_by"],
            sent_at=datetime.fromisoformat(row["sent_at"]),
            booked_at=_moment(row["booked_at"]),
            verified=row["verified"],
            verified_at=_moment(row["verified_at"]),
            differences=differences,
            shop_differences=shop_differences,
            seen=_differences(row["seen"]),
            warnings=_warnings(row["warnings"]),
            seen_warnings=_warnings(row["seen_warnings"]),
            looked_at=_moment(row["seen_at"]),
            credited_cents=row["credited_cents"],
            decision=row["decision"],
        )

        # A credit order that was booked since took the last difference away.
        if booking.verified == "mismatch" and not booking.all_differences:
            return replace(booking, verified=None)
        return booking

    def credited(self, number: str, *, without: str) -> Decimal:
        """Return what the booked credit orders of an order take back, in euros, one left out."""
        sql = """SELECT coalesce(-sum(total_cents), 0) AS cents FROM orders
                 WHERE credits = :number AND state = 'booked' AND number != :without"""
        return Decimal(self._rows(sql, number=number, without=without)[0]["cents"]) / 100

    def intend_booking(self, booking: StoredBooking) -> None:
        """Store the intent, with the exact body, before the first PUT."""
        # What is known of an earlier intent goes: this one is not known to be booked.
        sql = """INSERT OR REPLACE INTO bookings
                 (number, batch_id, customer, total_cents, body, payload, sent_at, warnings,
                  decision)
                 VALUES (:number, :batch_id, :customer, :total_cents, :body, :payload, :sent_at,
                         :warnings, :decision)"""

        with self.transaction():
            self._write(
                sql,
                number=booking.number,
                batch_id=booking.batch_id,
                customer=booking.customer,
                total_cents=booking.total_cents,
                body=booking.body,
                payload=json_text(booking.payload),
                sent_at=booking.sent_at.isoformat(),
                warnings=_warnings_json(booking.warnings),
                decision=booking.decision,
            )
            self._store_sums(booking)
            # Why it failed before holds no more: after a kill it may be in Minox.
            self.mark(booking.number, State.READY, None)

    def _store_sums(self, booking: StoredBooking) -> None:
        """Store what a booking adds to the books, in the place of what it did before.

        Where that is not told with it, as of another's booking, its order tells it.
        """
        turnover = booking.turnover or explained(
            booking.body, json_text(booking.payload), self.note("shop region") or ""
        )

        self._write("DELETE FROM booking_vat WHERE number = :number", number=booking.number)
        for row in rows_of(booking.number, turnover) if turnover else ():
            self._write(INSERT_SUM, **row)

    def mark_leaving(self, number: str) -> None:
        """A booking that is not known to be booked leaves, for the first time or once more."""
        self._write(
            "UPDATE bookings SET sent_at = :now WHERE number = :number AND booked_at IS NULL",
            number=number,
            now=_now(),
        )

    def mark_booked(self, number: str) -> None:
        """The booking is in Minox: the order is finished."""
        with self.transaction():
            # Of a booking that is seen to be there again, the first moment counts.
            self._write(
                """UPDATE bookings SET booked_at = coalesce(booked_at, :now)
                   WHERE number = :number""",
                number=number,
                now=_now(),
            )
            self._keep_once(number)

            # What was sent is booked, not what the shop says since; another's has no body of ours.
            self._write(
                """UPDATE orders SET state = 'booked', reason = NULL, detail = '{}',
                   total_cents = coalesce(
                     (SELECT total_cents FROM bookings WHERE number = :number AND body != ''),
                     total_cents)
                   WHERE number = :number""",
                number=number,
            )

    def _keep_once(self, number: str) -> None:
        """Keep the JSON of a booked order once, where its booking has the same.

        From now on it changes for both.
        """
        self._write(
            """UPDATE bookings SET payload = '' WHERE number = :number
               AND payload = (SELECT payload FROM orders WHERE number = :number)""",
            number=number,
        )

    def drop_intent(self, number: str, state: State, rejection: Rejection | None) -> None:
        """What was to be booked is not in Minox and never will be: the order is in `state`."""
        with self.transaction():
            self._write(
                "DELETE FROM bookings WHERE number = :number AND booked_at IS NULL", number=number
            )
            self.mark(number, state, rejection)

    def mark_verified(self, number: str, differences: Sequence[Difference]) -> None:
        """Store what reading a booking back showed, and since when it has been right.

        What was looked at and is over is forgotten: should it come back, it is another one.
        """
        sql = """UPDATE bookings SET differences = :differences, verified = :verified,
                 verified_at = CASE WHEN :verified = 'ok' AND verified = 'ok'
                                    THEN verified_at ELSE :now END
                 WHERE number = :number"""

        with self.transaction():
            # A booking that reads back as it was sent may still differ from the shop.
            booking = self.booking(number)
            differs = differences or (booking and booking.open_shop_differences)
            self._write(
                sql,
                number=number,
                now=_now(),
                differences=_differences_json(differences),
                verified="mismatch" if differs else "ok",
            )
            self._forget_seen(number)
            # One that was gone, and right so, is there again.
            if booking and not self._has_sums(number):
                self._store_sums(booking)

    def _has_sums(self, number: str) -> bool:
        sql = "SELECT EXISTS (SELECT 1 FROM booking_vat WHERE number = :number) AS there"
        return bool(self._rows(sql, number=number)[0]["there"])

    def mark_absent(self, number: str) -> None:
        """An order that wants no booking has none: right for now, and to be asked again.

        The order may come to want it once more, so that this is not held as verified; since when
        it has been right is.
        """
        with self.transaction():
            self._write(
                """UPDATE bookings SET differences = '[]', verified = NULL,
                   verified_at = CASE WHEN verified IS NULL THEN coalesce(verified_at, :now)
                                      ELSE :now END
                   WHERE number = :number""",
                number=number,
                now=_now(),
            )
            self._write("DELETE FROM booking_vat WHERE number = :number", number=number)
            self._forget_seen(number)

    def _forget_seen(self, number: str) -> None:
        """Forget what was looked at of an order and is no difference any more."""
        booking = self.booking(number)
        if booking is None or not booking.seen:
            return

        lasting = [seen for seen in booking.seen if seen in booking.all_differences]
        self._write(
            "UPDATE bookings SET seen = :seen WHERE number = :number",
            number=number,
            seen=_differences_json(lasting),
        )

    def mark_seen(self, number: str) -> None:
        """Somebody has looked at all differences and warnings that there are of a booking now."""
        with self.transaction():
            booking = self.booking(number)
            differences = booking.all_differences if booking else ()
            self._write(
                """UPDATE bookings SET seen = :seen, seen_warnings = warnings, seen_at = :now
                   WHERE number = :number""",
                number=number,
                now=_now(),
                seen=_differences_json(differences),
            )

    def mark_agreed(
        self, booking: StoredBooking, order: OrderNow, undone: Sequence[Difference] = ()
    ) -> None:
        """Shop and Minox agree again: what they agree on is what the order is held on to.

        `undone` stays: what happened to the order in the shop that no booking shows.
        """
        with self.transaction():
            self._write(
                """UPDATE bookings SET batch_id = :batch_id, customer = :customer,
                   total_cents = :total_cents, body = :body, payload = :payload,
                   decision = :decision, shop_differences = :undone WHERE number = :number""",
                number=booking.number,
                batch_id=booking.batch_id,
                customer=booking.customer,
                total_cents=booking.total_cents,
                body=booking.body,
                payload=json_text(booking.payload),
                decision=booking.decision,
                undone=_differences_json(undone),
            )
            self._store_sums(booking)

            self._write(
                """UPDATE orders SET date = :date, status = :status, total_cents = :total_cents,
                   payload = :payload WHERE number = :number""",
                number=booking.number,
                date=order.date,
                status=order.status,
                total_cents=booking.total_cents,
                payload=json_text(booking.payload),
            )
            self._keep_once(booking.number)

    def mark_changed_in_shop(self, number: str, differences: Sequence[Difference]) -> None:
        """Store how a booked order now differs in the shop.

        A new difference has to be verified again. What was looked at and is over is forgotten.
        """
        sql = """UPDATE bookings SET shop_differences = :differences,
                 verified = CASE WHEN shop_differences = :differences THEN verified END
                 WHERE number = :number"""

        with self.transaction():
            self._write(sql, number=number, differences=_differences_json(differences))
            self._forget_seen(number)

    # The requests about an order

    def keep_exchanges(self, number: str, exchanges: Iterable[Exchange]) -> None:
        """Store requests about an order and their answers, and forget its oldest ones."""
        with self.transaction():
            for exchange in exchanges:
                self._write(
                    """INSERT INTO exchanges (number, at, method, what, status, milliseconds)
                       VALUES (:number, :at, :method, :what, :status, :milliseconds)""",
                    number=number,
                    at=exchange.at.isoformat(timespec="seconds"),
                    method=exchange.method,
                    what=exchange.what,
                    status=exchange.status,
                    milliseconds=exchange.milliseconds,
                )

            self._write(
                """DELETE FROM exchanges WHERE number = :number AND id NOT IN
                   (SELECT id FROM exchanges WHERE number = :number ORDER BY id DESC LIMIT :most)
                """,
                number=number,
                most=MOST_EXCHANGES,
            )

    def exchanges(self, number: str) -> list[Exchange]:
        """Return the last requests about an order, the oldest first."""
        sql = "SELECT * FROM exchanges WHERE number = :number ORDER BY id"
        return self._read(_exchange, sql, number=number)

    # Whose a booking is, and whose not

    def orders_of_bookings(self) -> dict[str, set[str]]:
        """Return the booked orders that each booking stands for, by its UUID.

        One that another connector made may stand for several.
        """
        sql = "SELECT batch_id, number FROM bookings WHERE booked_at IS NOT NULL"

        numbers: dict[str, set[str]] = {}
        for row in self._rows(sql):
            numbers.setdefault(row["batch_id"], set()).add(row["number"])
        return numbers

    def disowned(self) -> set[tuple[str, str]]:
        """Return order number and UUID of what, by a person's word, does not belong together."""
        rows = self._rows("SELECT number, batch_id FROM not_adopted")
        return {(row["number"], row["batch_id"]) for row in rows}

    def disown(self, number: str, batch_ids: Iterable[str]) -> None:
        """Remember that a person said that these bookings are not the order's."""
        self._write(
            """INSERT OR IGNORE INTO not_adopted
               SELECT :number, value FROM json_each(:batch_ids)""",
            number=number,
            batch_ids=json.dumps(list(batch_ids)),
        )

    def has_long_invoice_numbers(self) -> bool:
        """Tell whether Minox took an order number of more than 8 digits as invoice number."""
        sql = """SELECT EXISTS (
                   SELECT 1 FROM bookings WHERE booked_at IS NOT NULL
                   AND length(number) > 8 AND body LIKE '%"invoice_number": %'
                 ) AS found"""
        return bool(self._rows(sql)[0]["found"])

    def highest_number(self) -> int:
        """Return the highest order number that Minox took as invoice number.

        Where it took none, the highest that it could take; 0 where there is none.
        """
        sql = """SELECT coalesce(
                   (SELECT max(CAST(number AS INTEGER)) FROM bookings
                    WHERE booked_at IS NOT NULL AND body LIKE '%"invoice_number": %'),
                   (SELECT max(CAST(number AS INTEGER)) FROM orders
                    WHERE number NOT GLOB '*[^0-9]*' AND length(number) <= 8),
                   0
                 ) AS highest"""
        return int(self._rows(sql)[0]["highest"])

    def own_again(self, number: str, batch_id: str) -> None:
        """A person now says that this booking is the order's."""
        self._write(
            "DELETE FROM not_adopted WHERE number = :number AND batch_id = :batch_id",
            number=number,
            batch_id=batch_id,
        )

    def undo_adoption(self, number: str, batch_id: str) -> None:
        """Take back that an order was booked by this booking: it is to be taken in again."""
        with self.transaction():
            self._write("DELETE FROM bookings WHERE number = :number", number=number)
            self._write(
                """UPDATE orders SET state = 'ready', reason = NULL, detail = '{}'
                   WHERE number = :number""",
                number=number,
            )
            self.disown(number, [batch_id])

    def reduce(self, number: str, payload: dict[str, Any], body: str) -> None:
        """Put a reduced payload and body in the place of a booked order's, and of its booking's."""
        with self.transaction():
            self._write(
                "UPDATE orders SET payload = :payload WHERE number = :number",
                number=number,
                payload=json_text(payload),
            )

            self._write(
                "UPDATE bookings SET payload = '', body = :body WHERE number = :number",
                number=number,
                body=body,
            )

    # Customers, by externalid, which is derived from their e-mail address: nobody's name is here

    def customer(self, externalid: str) -> RememberedCustomer | None:
        """Return what is known of a customer, or None."""
        rows = self._rows(
            "SELECT * FROM customers WHERE externalid = :externalid", externalid=externalid
        )
        return _customer(rows[0]) if rows else None

    def intend_customer(self, externalid: str) -> None:
        """Store the intent to POST a customer, before it is sent."""
        sql = "INSERT OR REPLACE INTO customers (externalid, posted_at) VALUES (:externalid, :now)"
        self._write(sql, externalid=externalid, now=_now())

    def settle_customer(
        self,
        externalid: str,
        number: str | None,
        *,
        vat_number: str | None = None,
        others: Sequence[str] = (),
        name_marks: Sequence[str] | None = None,
    ) -> None:
        """Remember a customer's number (None: forget it); no POST is under way any more.

        `vat_number` is what Minox has of it now, an empty one too; None: not known. For `others`
        and `name_marks` see `RememberedCustomer`.
        """
        sql = """INSERT OR REPLACE INTO customers
                 (externalid, number, vat_number, read_at, others, name_marks)
                 VALUES (:externalid, :number, coalesce(:vat_number, ''),
                         CASE WHEN :vat_number IS NOT NULL THEN :now END, :others, :name_marks)"""
        marks = None if name_marks is None else json_text(list(name_marks))

        self._write(
            sql,
            externalid=externalid,
            number=number,
            vat_number=vat_number,
            now=_now(),
            others=json_text(list(others)),
            name_marks=marks,
        )

    def distrust_customer(self, externalid: str) -> None:
        """What is known of a customer may hold no more: it is to be read again."""
        self._write(
            "UPDATE customers SET read_at = NULL WHERE externalid = :externalid",
            externalid=externalid,
        )

    # Proofs of periods

    def proofs(self, period: str) -> list[StoredProof]:
        """Return the proofs of a period, the last one first."""
        return self._read(
            _proof,
            "SELECT * FROM proofs WHERE period = :period ORDER BY id DESC",
            period=period,
        )

    def closed_periods(self) -> list[StoredProof]:
        """Return the last proof that closed each period, by period."""
        return self._read(
            _proof,
            """SELECT * FROM proofs WHERE id IN
               (SELECT max(id) FROM proofs WHERE closed GROUP BY period) ORDER BY period""",
        )

    def proven_orders(self, period: str) -> dict[str, ProvenOrder]:
        """Return the orders of the last proof that closed a period, by number."""
        orders = self._read(
            _proven_order, "SELECT * FROM proven_orders WHERE period = :period", period=period
        )
        return {order.number: order for order in orders}

    def changed_since_proof(self, proof: StoredProof, first: date, last: date) -> list[str]:
        """Return the orders of a period of `first` to `last` that may not be as they were when a
        proof closed it: those that came in since, and those that differ.
        """
        # When it closed nothing was ready or failed, and what was booked is among the proven.
        sql = f"""SELECT number FROM orders
                  WHERE state IN ('ready', 'failed') AND date BETWEEN :first AND :last
                  UNION
                  SELECT number FROM bookings JOIN orders USING (number)
                  WHERE booked_at >= :proven_at AND date BETWEEN :first AND :last
                  AND NOT EXISTS (SELECT 1 FROM proven_orders AS proven WHERE period = :period
                                  AND proven.number = bookings.number
                                  AND standing != 'excluded')
                  UNION
                  SELECT number FROM bookings
                  CROSS JOIN proven_orders AS proven USING (number)
                  WHERE ({TO_LOOK_AT}) AND period = :period AND standing != 'excluded'
                  ORDER BY 1"""  # noqa: S608
        rows = self._rows(
            sql,
            period=proof.period,
            proven_at=proof.proven_at.isoformat(timespec="seconds"),
            first=first.isoformat(),
            last=last.isoformat(),
        )

        return [row["number"] for row in rows]

    def store_proof(self, proof: StoredProof, orders: Iterable[ProvenOrder]) -> StoredProof:
        """Store a proof under the next number, with its orders where it closed the period."""
        with self.transaction():
            # The next number is that of all proofs of this state file.
            self._write(
                """INSERT INTO proofs
                   (period, proven_at, closed, sha256, former_sha256, config, boxes)
                   VALUES (:period, :proven_at, :closed, :sha256, :former, :config, :boxes)""",
                period=proof.period,
                proven_at=proof.proven_at.isoformat(timespec="seconds"),
                closed=proof.closed,
                sha256=proof.sha256,
                former=proof.former_sha256,
                config=proof.config,
                boxes=json_text(proof.boxes),
            )
            number = int(self._rows("SELECT last_insert_rowid() AS id")[0]["id"])
            if proof.closed:
                self._store_proven_orders(proof.period, orders)
        return replace(proof, number=number)

    def _store_proven_orders(self, period: str, orders: Iterable[ProvenOrder]) -> None:
        self._write("DELETE FROM proven_orders WHERE period = :period", period=period)
        for order in orders:
            self._write(
                "INSERT INTO proven_orders VALUES (:period, :number, :standing, :sha256, :boxes)",
                period=period,
                number=order.number,
                standing=order.standing,
                sha256=order.sha256,
                boxes=json_text(order.boxes),
            )

    def count_dated(self, first: date, last: date, states: Iterable[State]) -> int:
        """Count the orders in one of these states that are dated `first` to `last`."""
        marks = ", ".join(f"'{state.value}'" for state in states)
        rows = self._rows(
            f"""SELECT count(*) AS count FROM orders
                WHERE state IN ({marks}) AND date BETWEEN :first AND :last""",  # noqa: S608 - ours
            first=first.isoformat(),
            last=last.isoformat(),
        )
        return int(rows[0]["count"])

    # VIES

    def not_asked_of_vies(self, since: date) -> list[str]:
        """Return the reverse-charged orders that are booked on a date from `since` on, and of whose
        VAT numbers VIES has told nothing yet.
        """
        rows = self._rows(
            """SELECT DISTINCT number FROM booking_vat JOIN bookings USING (number)
               WHERE booking_vat.document_date >= :since AND booked_at IS NOT NULL
               AND strategy = 'reverse_charged_vat'
               AND number NOT IN (SELECT number FROM vies_answers) ORDER BY number""",
            since=since.isoformat(),
        )
        return [row["number"] for row in rows]

    def keep_vies_answer(self, answer: StoredViesAnswer) -> None:
        """Store what VIES answered about an order's VAT number."""
        self._write(
            """INSERT OR REPLACE INTO vies_answers
               VALUES (:number, :vat_number, :valid, :asked_at, :consultation)""",
            number=answer.number,
            vat_number=answer.vat_number,
            valid=answer.valid,
            asked_at=answer.asked_at.isoformat(timespec="seconds"),
            consultation=answer.consultation,
        )

    def vies_answers(self, number: str) -> list[StoredViesAnswer]:
        """Return what VIES answered about the VAT numbers of an order."""
        return self._read(
            _vies_answer, "SELECT * FROM vies_answers WHERE number = :number", number=number
        )

    def warn_of(self, number: str, warning: BookingWarning) -> None:
        """Add a warning to a booking, unless it has that one."""
        booking = self.booking(number)
        if booking is None or warning.code in {known.code for known in booking.warnings}:
            return
        self._write(
            "UPDATE bookings SET warnings = :warnings WHERE number = :number",
            number=number,
            warnings=_warnings_json([*booking.warnings, warning]),
        )

    # Tokens

    def tokens(self) -> Tokens | None:
        """Return the stored tokens, or None before the first login."""
        rows = self._rows("SELECT * FROM tokens")
        if not rows:
            return None

        row = rows[0]
        return Tokens(
            access_token=row["access_token"],
            refresh_token=row["refresh_token"],
            previous_refresh_token=row["previous_refresh_token"],
            expires_at=datetime.fromisoformat(row["expires_at"]),
            login_ends_at=self.moment(LOGIN_ENDS),
        )

    def store_tokens(self, tokens: Tokens) -> None:
        """Store new tokens, before they are used."""
        ends_at = tokens.login_ends_at
        with self.transaction():
            self._write(
                "INSERT OR REPLACE INTO tokens VALUES (1, :access, :refresh, :previous, :expires)",
                access=tokens.access_token,
                refresh=tokens.refresh_token,
                previous=tokens.previous_refresh_token,
                expires=tokens.expires_at.isoformat(),
            )
            self.set_note(LOGIN_ENDS, ends_at.isoformat() if ends_at else None)

    def tokens_worked(self, access_token: str) -> None:
        """This access token has worked: where it is the newest, the refresh token before it is of
        no use any more.
        """
        self._write(
            """UPDATE tokens SET previous_refresh_token = NULL
               WHERE previous_refresh_token IS NOT NULL AND access_token = :access_token""",
            access_token=access_token,
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _past_runs(row: dict[str, Any]) -> PastRuns | None:
    began, ended = _moment(row["began"]), _moment(row["ended"])
    if began is None or ended is None:
        return None

    ended_well = _moment(row["ended_well"])
    return PastRuns(began=began, ended=ended, ended_well=ended_well, refused=bool(row["refused"]))


def _last_run(row: dict[str, Any]) -> LastRun:
    return LastRun(
        began=datetime.fromisoformat(row["started_at"]),
        ended=_moment(row["finished_at"]),
        exit_status=row["exit_status"],
        refused=bool(row["refused"]),
        counts=json.loads(row["counts"]),
    )


def _state_columns(state: State, rejection: Rejection | None) -> dict[str, object]:
    columns: dict[str, object] = {"state": state.value, "reason": None, "detail": "{}"}
    if rejection:
        columns |= {"reason": rejection.reason.value, "detail": json_text(dict(rejection.values))}
    return columns


def _differences_json(differences: Sequence[Difference]) -> str:
    return json_text([[difference.code, dict(difference.values)] for difference in differences])


def _differences(text: str) -> tuple[Difference, ...]:
    # Most bookings have none, and many are read.
    if text == NONE:
        return ()
    return tuple(Difference(code=code, values=values) for code, values in json.loads(text))


def _warnings_json(warnings: Sequence[BookingWarning]) -> str:
    return json_text([[warning.code.value, dict(warning.values)] for warning in warnings])


def _warnings(text: str) -> tuple[BookingWarning, ...]:
    if text == NONE:
        return ()
    return tuple(
        BookingWarning(code=WarningCode(code), values=values) for code, values in json.loads(text)
    )


def _exchange(row: dict[str, Any]) -> Exchange:
    return Exchange(
        at=datetime.fromisoformat(row["at"]),
        method=row["method"],
        what=row["what"],
        status=row["status"],
        milliseconds=row["milliseconds"],
    )


def _customer(row: dict[str, Any]) -> RememberedCustomer:
    marks = row["name_marks"]

    return RememberedCustomer(
        externalid=row["externalid"],
        number=row["number"],
        posted_at=_moment(row["posted_at"]),
        vat_number=row["vat_number"],
        read_at=_moment(row["read_at"]),
        others=tuple(json.loads(row["others"])),
        name_marks=None if marks is None else tuple(json.loads(marks)),
    )


def _boxes(text: str) -> Boxes:
    return {box: (turnover, vat) for box, (turnover, vat) in json.loads(text).items()}


def _proof(row: dict[str, Any]) -> StoredProof:
    return StoredProof(
        number=row["id"],
        period=row["period"],
        proven_at=datetime.fromisoformat(row["proven_at"]),
        closed=bool(row["closed"]),
        sha256=row["sha256"],
        former_sha256=row["former_sha256"],
        config=row["config"],
        boxes=_boxes(row["boxes"]),
    )


def _proven_order(row: dict[str, Any]) -> ProvenOrder:
    return ProvenOrder(
        number=row["number"],
        standing=row["standing"],
        sha256=row["sha256"],
        boxes=_boxes(row["boxes"]),
    )


def _vies_answer(row: dict[str, Any]) -> StoredViesAnswer:
    return StoredViesAnswer(
        number=row["number"],
        vat_number=row["vat_number"],
        valid=bool(row["valid"]),
        asked_at=datetime.fromisoformat(row["asked_at"]),
        consultation=row["consultation"],
    )
