"""State files of many orders, made without the sandbox: to measure what reads them."""

import datetime as dt
import json
import random
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

from mww2minox.books.money import cents
from mww2minox.commands.fetch import BY_DATE, BY_STATUS, LOOKED_AGAIN, SEEN_FROM
from mww2minox.commands.verify import VERIFIED_ALL
from mww2minox.state import Store
from mww2minox.state.tables import INSERT_SUM
from mww2minox.state.turnover import explained, rows_of
from mww2minox.steps.census import TAKEN

FIRST_NUMBER = 100_001
DAYS = 390
"""The orders are spread over 13 months."""
FAILED_EVERY, WAITING_EVERY, WARNED_EVERY = 1_000, 500, 1_500
WAYS = (("mollie", "ideal"), ("paypal", "paypal"), ("mollie", "creditcard"))
ORDER = """INSERT INTO orders
    (number, date, status, state, reason, detail, total_cents, payload, seen_at, paid_by)
    VALUES (:number, :date, 2, :state, :reason, :detail, :total_cents, :payload, :now, :paid_by)"""
BOOKING = """INSERT INTO bookings
    (number, batch_id, customer, total_cents, body, payload, sent_at, booked_at, verified,
     verified_at, warnings)
    VALUES (:number, :batch_id, :customer, :total_cents, :body, '', :now, :now, 'ok', :now,
     :warnings)"""
LOOKED_AT = (BY_DATE, BY_STATUS, LOOKED_AGAIN, TAKEN, VERIFIED_ALL)
"""The notes of when what was looked at."""

Made = dict[str, Any]


def many_orders_in(path: Path, count: int, today: dt.date) -> None:
    """Make a state file of so many orders, most of them booked; always the same ones."""
    with Store(path) as store:
        store.set_note("shop region", "NL")

    chance = random.Random(count)  # noqa: S311 - nothing secret
    with sqlite3.connect(path) as db:
        for index in range(count):
            made = _order(index, count, today, chance)
            db.execute(ORDER, made)
            if made["state"] == "booked":
                db.execute(BOOKING, made)
                turnover = explained(made["body"], made["payload"], "NL")
                assert turnover
                db.executemany(INSERT_SUM, rows_of(made["number"], turnover))
        _runs(db, today)
    db.close()


def _order(index: int, count: int, today: dt.date, chance: random.Random) -> Made:
    number = str(FIRST_NUMBER + index)
    date = today - dt.timedelta(days=DAYS - 1 - index * DAYS // count)
    nets = {"21": Decimal(chance.randint(100, 30_000)) / 100}
    if index % 3 == 0:
        nets["9"] = Decimal(chance.randint(100, 9_000)) / 100
    vat = {rate: cents(net * Decimal(rate) / 100) for rate, net in nets.items()}
    total = sum(nets.values(), Decimal(0)) + sum(vat.values(), Decimal(0))
    way = chance.choice(WAYS)

    return {
        "number": number,
        "date": date.isoformat(),
        "total_cents": int(total * 100),
        "payload": json.dumps(_payload(number, date, nets, vat, way, index)),
        "paid_by": "/".join(way),
        "now": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "batch_id": f"00000000-0000-5000-8000-{index:012}",
        "customer": str(10_000 + index % 5_000),
        "body": json.dumps(_body(number, date, nets, vat, total)),
        **_state(index, number),
    }


def _state(index: int, number: str) -> Made:
    """Return how an order stands: most are booked, and few need attention."""
    made: Made = {"state": "booked", "reason": None, "detail": "{}", "warnings": "[]"}
    if index % FAILED_EVERY == 1:
        detail = {"number": number, "rate": "20", "region": "FR"}
        made |= {"state": "failed", "reason": "vat_rate_unmapped", "detail": json.dumps(detail)}
    elif index % WAITING_EVERY == 1:
        detail = {"number": number, "status": "1"}
        made |= {"state": "waiting", "reason": "status_not_selected", "detail": json.dumps(detail)}
    elif index % WARNED_EVERY == 2:
        values = {"number": number, "customer": "10001"}
        made["warnings"] = json.dumps([["customer_other_name", values]])
    return made


def _payload(
    number: str,
    date: dt.date,
    nets: dict[str, Decimal],
    vat: dict[str, Decimal],
    way: tuple[str, str],
    index: int,
) -> Made:
    prices = [
        {
            "rate": f"{rate}.000000",
            "amount": f"{net:.6f}",
            "amount_including_tax": f"{net + vat[rate]:.6f}",
        }
        for rate, net in nets.items()
    ]
    address = {"name": "Truus Voorbeeldig", "street": "Molenstraat", "number": "62"}
    address |= {"zipcode": "5341GE", "city": "Oss", "country_code": "NL", "phone": "06-12345678"}
    total = sum(nets.values(), Decimal(0)) + sum(vat.values(), Decimal(0))
    return {
        "number": number,
        "date": date.isoformat(),
        "status": 2,
        "currency": "EUR",
        "tax_region": "NL",
        "debtor": {"email": f"klant{index}@example.nl", "address": {"invoice": address}},
        "orderlines": [{"type": "article", "price": [price]} for price in prices],
        "payment": {"gateway_name": way[0], "method_name": way[1]},
        "payment_status": "captured",
        "price": {
            "total": f"{total:.6f}",
            "tax": [{"rate": f"{rate}.000000", "amount": f"{vat[rate]:.6f}"} for rate in nets],
        },
    }


def _body(
    number: str,
    date: dt.date,
    nets: dict[str, Decimal],
    vat: dict[str, Decimal],
    total: Decimal,
) -> list[Made]:
    common = {
        "document_date": date.isoformat(),
        "journal": {"id": "VERK"},
        "period": {"id": date.month, "fiscal_year": date.year},
        "description": number,
    }
    customer = {"id": "10001", "scheme": "MINOX", "type": "customer"}
    debtor = {"account": customer, "debit": float(total), "credit": 0.0}
    lines: list[Made] = [{**debtor, "invoice_number": int(number)}]
    for rate, net in nets.items():
        account = {"id": f"80{rate}", "scheme": "MINOX", "type": "ledger_account"}
        told = {"id": 1 if rate == "21" else 2, "amount": float(vat[rate])}
        lines.append({"account": account, "debit": 0.0, "credit": float(net), "vat": told})
    return [line | common for line in lines]


def _runs(db: sqlite3.Connection, today: dt.date) -> None:
    """Note that every command ended well today."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    del today
    for command in ("fetch", "push", "verify"):
        db.execute(
            """INSERT INTO runs (command, pid, started_at, finished_at, exit_status)
               VALUES (?, 1, ?, ?, 0)""",
            (command, now, now),
        )


def with_nothing_to_do(path: Path, *, since: dt.date) -> None:
    """Let each command find nothing to do: nothing failed or waits, and all was looked at today."""
    now = dt.datetime.now(dt.UTC).isoformat()
    with sqlite3.connect(path) as db:
        db.execute(
            """UPDATE orders SET state = 'skipped', reason = 'skipped_by_hand', detail = '{}'
               WHERE state IN ('failed', 'waiting')"""
        )
    db.close()

    with Store(path) as store:
        for note in LOOKED_AT:
            store.set_note(note, now)
        store.set_note(SEEN_FROM, since.isoformat())
