"""The tables of the state file, and each step from an older version's to today's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from mww2minox.state.turnover import explained, rows_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database


class Step(NamedTuple):
    """A step from one version to the next, by its name in the state file."""

    name: str
    take: Callable[[Database], None]


class Migrations:
    """The steps, in their order. sqlite-utils takes them, and keeps which were taken.

    It is imported where a step is due alone: nearly every command opens a file that is up to date.
    """

    def __init__(self, name: str) -> None:
        """`name` tells them from those of others in one file."""
        self._name = name
        self._migrations: list[Step] = []

    def __call__(self) -> Callable[[Callable[[Database], None]], Callable[[Database], None]]:
        """Return what adds a step."""

        def add(take: Callable[[Database], None]) -> Callable[[Database], None]:
            self._migrations.append(Step(take.__name__, take))
            return take

        return add

    def names(self) -> list[str]:
        """Return the names of the steps."""
        return [step.name for step in self._migrations]

    def applied(self, db: sqlite3.Connection) -> list[str]:
        """Return the names of the steps that were taken, in that order."""
        table = "SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"
        if db.execute(table).fetchone() is None:
            return []

        taken = "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid"
        return [name for (name,) in db.execute(taken, (self._name,))]

    def pending(self, db: sqlite3.Connection) -> list[str]:
        """Return the names of the steps that are due."""
        applied = set(self.applied(db))
        return [name for name in self.names() if name not in applied]

    def apply(self, db: sqlite3.Connection, *, stop_before: str | None = None) -> None:
        """Take the steps that are due."""
        from sqlite_utils import Database, Migrations as Library

        library = Library(self._name)
        for step in self._migrations:
            library(name=step.name)(step.take)
        library.apply(Database(db), stop_before=stop_before)


migrations = Migrations("mww2minox")

TABLES = (
    """CREATE TABLE orders (
        number TEXT PRIMARY KEY,
        date TEXT NOT NULL,
        status INTEGER,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'booked', 'failed', 'skipped')),
        reason TEXT,
        detail TEXT NOT NULL DEFAULT '{}',
        total_cents INTEGER,
        payload TEXT NOT NULL,
        seen_at TEXT NOT NULL,
        looked_for INTEGER NOT NULL DEFAULT 0
    ) STRICT""",
    """CREATE TABLE bookings (
        number TEXT PRIMARY KEY REFERENCES orders (number),
        batch_id TEXT NOT NULL,
        customer TEXT NOT NULL,
        total_cents INTEGER NOT NULL,
        body TEXT NOT NULL,
        payload TEXT NOT NULL,
        sent_at TEXT NOT NULL,
        booked_at TEXT,
        verified TEXT CHECK (verified IN ('ok', 'mismatch')),
        verified_at TEXT,
        differences TEXT NOT NULL DEFAULT '[]',
        shop_differences TEXT NOT NULL DEFAULT '[]'
    ) STRICT""",
    """CREATE TABLE customers (
        externalid TEXT PRIMARY KEY,
        number TEXT,
        posted_at TEXT
    ) STRICT""",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY,
        command TEXT NOT NULL,
        pid INTEGER NOT NULL,
        started_at TEXT NOT NULL,
        finished_at TEXT,
        exit_status INTEGER
    ) STRICT""",
    """CREATE TABLE tokens (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        access_token TEXT NOT NULL,
        refresh_token TEXT NOT NULL,
        previous_refresh_token TEXT,
        expires_at TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    "CREATE INDEX orders_by_state ON orders (state, date)",
)


@migrations()
def m001_first_tables(db: Database) -> None:
    """Create the tables of version 0.1."""
    for table in TABLES:
        db.execute(table)


@migrations()
def m002_told(db: Database) -> None:
    """Add the matters that people were told about, by keys of order numbers and codes."""
    db.execute("CREATE TABLE told (key TEXT PRIMARY KEY, told_at TEXT NOT NULL) STRICT")


@migrations()
def m003_vat_numbers_of_customers(db: Database) -> None:
    """Add what Minox told of a remembered customer, and when. Of older ones nothing is known."""
    db.execute("ALTER TABLE customers ADD COLUMN vat_number TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE customers ADD COLUMN read_at TEXT")


@migrations()
def m004_orders_asked_for(db: Database) -> None:
    """Add whether somebody asked for an order from before `shop.since`. Of none it is known."""
    db.execute("ALTER TABLE orders ADD COLUMN asked_for INTEGER NOT NULL DEFAULT 0")


@migrations()
def m005_not_adopted(db: Database) -> None:
    """Add the bookings of which a person said that they are not an order's.

    Which orders were looked for in the journal before counts no more: each is, before it is sent.
    """
    db.execute(
        """CREATE TABLE not_adopted (
            number TEXT NOT NULL REFERENCES orders (number),
            batch_id TEXT NOT NULL,
            PRIMARY KEY (number, batch_id)
        ) STRICT"""
    )
    db.execute("ALTER TABLE orders DROP COLUMN looked_for")
    db.execute("DELETE FROM notes WHERE key = 'first push'")


@migrations()
def m006_refused_runs(db: Database) -> None:
    """Add whether a run refused to do its work. Of older ones that is not known."""
    db.execute("ALTER TABLE runs ADD COLUMN refused INTEGER NOT NULL DEFAULT 0")


@migrations()
def m007_seen_differences(db: Database) -> None:
    """Add the differences that somebody has looked at, and since when."""
    db.execute("ALTER TABLE bookings ADD COLUMN seen TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE bookings ADD COLUMN seen_at TEXT")


@migrations()
def m008_warnings(db: Database) -> None:
    """Add what somebody should look at of a booking, and what of it was looked at; and what of a
    remembered customer gives a warning.

    Of older bookings no warning is known: they stood in the log alone.
    """
    db.execute("ALTER TABLE bookings ADD COLUMN warnings TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE bookings ADD COLUMN seen_warnings TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE customers ADD COLUMN others TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE customers ADD COLUMN name_marks TEXT")


@migrations()
def m009_urls_that_answered(db: Database) -> None:
    """Add that a vendor has answered, where what is kept shows it; at which url is not known."""
    # Each key ends in the vendor's name, as the transport has it.
    for insert in (
        "INSERT INTO notes SELECT 'url of The shop', '' FROM notes WHERE key = 'shop region'",
        "INSERT INTO notes SELECT 'url of Minox', '' FROM tokens",
    ):
        db.execute(insert)


@migrations()
def m009_ways_of_paying(db: Database) -> None:
    """Add how each order was paid, as far as the orders tell it."""
    db.execute("ALTER TABLE orders ADD COLUMN paid_by TEXT")
    db.execute(
        """UPDATE orders SET paid_by =
           coalesce(json_extract(payload, '$.payment.gateway_name'), '') || '/' ||
           coalesce(json_extract(payload, '$.payment.method_name'), '')
           WHERE json_type(payload, '$.payment') = 'object'"""
    )


@migrations()
def m010_where_orders_stand(db: Database) -> None:
    """Add whether the shop no longer has an order, and the date that it last gave of one.

    That a booked order is gone was a difference between shop and books that only `verify` told of:
    it is one of the shop's now, like all that happens there after the booking.
    """
    db.execute("ALTER TABLE orders ADD COLUMN gone INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE orders ADD COLUMN shop_date TEXT")

    rows = db.query("SELECT number, differences, shop_differences FROM bookings")
    for row in list(rows):
        differences = json.loads(row["differences"])
        gone = [difference for difference in differences if difference[0] == "order_gone"]
        if gone:
            others = [difference for difference in differences if difference not in gone]
            in_shop = [*json.loads(row["shop_differences"]), *gone]
            db.execute(
                "UPDATE bookings SET differences = ?, shop_differences = ? WHERE number = ?",
                (json_text(others), json_text(in_shop), row["number"]),
            )
            db.execute("UPDATE orders SET gone = 1 WHERE number = ?", (row["number"],))


@migrations()
def m010_which_orders_credit(db: Database) -> None:
    """Add what a credit order takes back, as its payload tells it: it is looked for with every
    booking.
    """
    db.execute(
        """ALTER TABLE orders ADD COLUMN credits TEXT GENERATED ALWAYS AS
           (CASE WHEN json_valid(payload)
                 THEN nullif(json_extract(payload, '$.credited_order_number'), '0') END) VIRTUAL"""
    )
    db.execute("CREATE INDEX orders_by_credited ON orders (credits) WHERE credits IS NOT NULL")


@migrations()
def m011_skipped_before(db: Database) -> None:
    """Decide again what was skipped because its total is 0.00, whatever was under it.

    That it was skipped stays known: somebody may have booked it by hand since, so that it is not
    booked before a person says so.
    """
    db.execute("ALTER TABLE orders ADD COLUMN skipped_before INTEGER NOT NULL DEFAULT 0")
    db.execute(
        """UPDATE orders SET skipped_before = 1, state = 'ready', reason = NULL, detail = '{}'
           WHERE state = 'skipped' AND reason = 'nothing_to_book'"""
    )


@migrations()
def m012_decisions(db: Database) -> None:
    """Add what was worked out on the way to a booking, and the requests about each order.

    Of older bookings neither is known.
    """
    db.execute("ALTER TABLE bookings ADD COLUMN decision TEXT")

    db.execute(
        """CREATE TABLE exchanges (
            id INTEGER PRIMARY KEY,
            number TEXT NOT NULL REFERENCES orders (number) ON DELETE CASCADE,
            at TEXT NOT NULL,
            method TEXT NOT NULL,
            what TEXT NOT NULL,
            status INTEGER,
            milliseconds INTEGER NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX exchanges_by_number ON exchanges (number)")


VAT_SUMS = """CREATE TABLE booking_vat (
    number TEXT NOT NULL REFERENCES bookings (number) ON DELETE CASCADE,
    document_date TEXT NOT NULL,
    fiscal_year INTEGER NOT NULL,
    period INTEGER NOT NULL,
    country TEXT NOT NULL,
    strategy TEXT NOT NULL,
    region TEXT NOT NULL,
    rate TEXT NOT NULL,
    code TEXT NOT NULL,
    ledger TEXT NOT NULL,
    net_cents INTEGER NOT NULL,
    vat_cents INTEGER NOT NULL,
    PRIMARY KEY (number, strategy, region, rate, code, ledger)
) STRICT, WITHOUT ROWID"""
FOR_REPORTS = (
    """CREATE INDEX booking_vat_by_date ON booking_vat
       (document_date, strategy, region, rate, code, ledger, country, net_cents, vat_cents)""",
    """CREATE INDEX orders_by_day ON orders
       (date, length(number), number, state, total_cents, paid_by)""",
    "CREATE INDEX bookings_in_doubt ON bookings (number, total_cents) WHERE booked_at IS NULL",
    """CREATE INDEX bookings_to_look_at ON bookings (number)
       WHERE differences != '[]' OR shop_differences != '[]' OR warnings != '[]'""",
    "CREATE INDEX runs_by_start ON runs (started_at)",
)
INSERT_SUM = """INSERT INTO booking_vat VALUES
    (:number, :document_date, :fiscal_year, :period, :country, :strategy, :region, :rate, :code,
     :ledger, :net_cents, :vat_cents)"""


@migrations()
def m013_vat_sums(db: Database) -> None:
    """Add the VAT sums of each booking, as far as it and its order tell them, and the indexes by
    which a report adds up.

    A booked order has the total that was booked from now on, whatever the shop said since.
    """
    db.execute(VAT_SUMS)
    for row in _sums_of_bookings(db):
        db.execute(INSERT_SUM, row)

    db.execute(
        """UPDATE orders SET total_cents = sent.total_cents FROM bookings AS sent
           WHERE sent.number = orders.number AND sent.body != '' AND orders.state = 'booked'
           AND orders.total_cents IS NOT sent.total_cents"""
    )
    # An index is made faster of what is there than along with it.
    for statement in FOR_REPORTS:
        db.execute(statement)


def _sums_of_bookings(db: Database) -> Iterator[dict[str, Any]]:
    region = db.execute("SELECT value FROM notes WHERE key = 'shop region'").fetchone() or ("",)

    for number, body, payload in db.execute("SELECT number, body, payload FROM bookings"):
        turnover = explained(body, payload, region[0])
        if turnover:
            yield from rows_of(number, turnover)


@migrations()
def m014_payload_once(db: Database) -> None:
    """Keep the JSON of a booked order once, where its booking has the same: an empty text there."""
    db.execute(
        """UPDATE bookings SET payload = '' WHERE booked_at IS NOT NULL
           AND payload = (SELECT payload FROM orders WHERE orders.number = bookings.number)"""
    )


NOTHING_TO_DO = (
    "CREATE INDEX bookings_to_verify ON bookings (number) WHERE verified IS NOT 'ok'",
    "CREATE INDEX bookings_by_moment ON bookings (booked_at)",
    "CREATE INDEX bookings_with_long_numbers ON bookings (number) WHERE length(number) > 8",
    """CREATE INDEX orders_with_addresses ON orders (date)
       WHERE state = 'booked' AND instr(payload, '"emptied": true') = 0""",
)
"""By these a run that finds nothing to do looks at nothing else."""


@migrations()
def m015_nothing_to_do(db: Database) -> None:
    """Add the indexes of what is to be done, which is little of what there is."""
    for statement in NOTHING_TO_DO:
        db.execute(statement)


@migrations()
def m016_counts_of_runs(db: Database) -> None:
    """Add what each run did, as counts by name. Of older ones that stood in the log alone."""
    db.execute("ALTER TABLE runs ADD COLUMN counts TEXT NOT NULL DEFAULT '{}'")


@migrations()
def m017_proofs(db: Database) -> None:
    """Add the proofs of periods of the VAT return, and what each order of the last one that closed
    came to.
    """
    db.execute(
        """CREATE TABLE proofs (
            id INTEGER PRIMARY KEY,
            period TEXT NOT NULL,
            proven_at TEXT NOT NULL,
            closed INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            former_sha256 TEXT,
            config TEXT NOT NULL,
            boxes TEXT NOT NULL
        ) STRICT"""
    )
    db.execute("CREATE INDEX proofs_by_period ON proofs (period, id)")

    db.execute(
        """CREATE TABLE proven_orders (
            period TEXT NOT NULL,
            number TEXT NOT NULL,
            standing TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            boxes TEXT NOT NULL,
            PRIMARY KEY (period, number)
        ) STRICT"""
    )


@migrations()
def m018_vies(db: Database) -> None:
    """Add what VIES answered about the VAT numbers of orders, and when: the evidence of it."""
    db.execute(
        """CREATE TABLE vies_answers (
            number TEXT NOT NULL REFERENCES orders (number),
            vat_number TEXT NOT NULL,
            valid INTEGER NOT NULL,
            asked_at TEXT NOT NULL,
            consultation TEXT NOT NULL,
            PRIMARY KEY (number, vat_number)
        ) STRICT"""
    )


def json_text(value: object) -> str:
    """Return a value as the JSON that the state file holds, always in the same form."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
