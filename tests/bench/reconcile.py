"""Requests, seconds and memory of `reconcile`, and whether it names what is planted in many orders:
`python -m tests.bench.reconcile [ORDERS]`.

Generated orders of two quarters are booked in a sandbox of this process. The first quarter is to
close, and each fault in the second to be named, and nothing else.
"""

import datetime as dt
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

from mww2minox.books.model import Rejection, State
from mww2minox.books.vat_sums import turnover_of
from mww2minox.config.loading import load_config
from mww2minox.minox.wire import booking_body
from mww2minox.output import Output
from mww2minox.sandbox import Sandbox, Settings, ledger
from mww2minox.state import Store, StoredBooking
from mww2minox.wiring import Wiring, read_order
from tests.harness.inside import Inside
from tests.harness.reconciled import FAULTS, Books, generated, plant_faults, prepare

ORDERS = 2_000
TODAY = dt.date(2026, 7, 10)
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
CLEAN, FAULTY, YEAR = "2026-Q1", "2026-Q2", "2026"
CUSTOMER = "10610"
NEW = 90_001
"""From here on are the numbers of orders that a fault brings along."""
BRINGING = ("missing", "backdated", "a credit order without its original")


def main(count: int) -> None:
    """Book so many orders, prove both quarters, and show what it took."""
    settings = Settings(rate_limit=10**6, page_size=1_000)
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(today=TODAY, settings=settings, samples=False) as vendors,
        # The sandbox looks through all bookings for each; here no invoice number is taken.
        mock.patch.object(ledger, "taken", return_value=[]),
    ):
        books = _booked(Path(folder), vendors, count)
        if count > ORDERS:
            rows = [_measured_alone(books, period) for period in (CLEAN, YEAR)]
        else:
            rows = [_measured(books, period, set()) for period in (CLEAN, FAULTY)]
            rows.append(_measured(books, FAULTY, _planted(books)))
    columns = [
        ("Period", "left"),
        *((name, "right") for name in ("Orders", "Shop", "Minox", "Seconds", "MB", "Points")),
    ]
    Output().table(f"{count} generated orders, two quarters", columns, rows)


def _booked(folder: Path, vendors: Sandbox, count: int) -> Books:
    command = Inside(folder)
    config = {**prepare(vendors), "language": "en", "state": str(command.state)}
    config["shop"]["since"] = FIRST.isoformat()
    config["minox"]["requests_per_second"] = 1_000
    command.write_config(config)
    command.log_in(vendors)
    for raw in generated(11, count, FIRST, LAST):
        vendors.shop.add(raw)

    command("fetch")
    if count > ORDERS:
        _book_at_once(command, vendors)
    command("push")
    refused = [number for number, order in command.report().items() if order["state"] == "failed"]
    # What adds up to nothing is booked nowhere, and closes the period only when somebody says so.
    if refused:
        command("skip", *refused)
    return Books(command, vendors, day=dt.date(2026, 5, 20))


def _book_at_once(command: Inside, vendors: Sandbox) -> None:
    """Put the bookings of all orders on both sides, without a request each."""
    config, now = load_config(command.config), dt.datetime.now(dt.UTC)
    with Store(command.state, read=read_order) as store:
        wiring = Wiring(config, store, Output(quiet=True))
        with store.transaction():
            booked = {""}
            for order in store.orders((State.READY,)):
                booking = wiring.booker.decide(order)
                if isinstance(booking, Rejection) or order.order is None:
                    continue
                # What was never booked is not taken back: `push` says so.
                if (order.order.credited_order_number or "") not in booked:
                    continue
                booked.add(order.number)
                batch, body = wiring.booker.batch_id(order.number), booking_body(booking, CUSTOMER)
                vendors.minox.batches[batch] = [
                    ledger.stored(line, batch=batch, number=place)
                    for place, line in enumerate(json.loads(body), 1)
                ]
                store.intend_booking(
                    StoredBooking(
                        number=order.number,
                        batch_id=batch,
                        customer=CUSTOMER,
                        total_cents=order.total_cents or 0,
                        body=body.decode(),
                        payload=order.payload,
                        read=read_order,
                        sent_at=now,
                        booked_at=None,
                        turnover=turnover_of(order.order, booking),
                    )
                )
                store.mark_booked(order.number)


def _planted(books: Books) -> set[str]:
    """Plant each fault in an ordinary sale of its own, at home and at one rate; return what is to
    be named.
    """
    numbers: dict[str, int] = {}
    ordinary = iter(_ordinary(books))
    for place, name in enumerate(FAULTS):
        numbers[name] = NEW + 10 * place if name in BRINGING else int(next(ordinary))
    return plant_faults(books, numbers)


def _ordinary(books: Books) -> list[str]:
    orders = books.command.report()
    ordinary = []
    for number, order in orders.items():
        raw: dict[str, Any] = books.vendors.shop.orders[number]
        plain = order["state"] == "booked" and "2026-04-02" <= order["date"] <= "2026-06-20"
        codes = [str(line["code"]) for line in order["lines"]]
        if plain and codes == ["1"] and not raw.get("credit_order_numbers"):
            ordinary += [] if raw.get("credited_order_number") else [number]
    return ordinary


def _measured_alone(books: Books, period: str) -> tuple[str, ...]:
    """Measure without what the sandbox does for each page of lines: it has them at hand."""
    minox = books.vendors.minox
    with mock.patch.object(minox, "_all_lines", return_value=minox._all_lines()):  # noqa: SLF001
        return _measured(books, period, set())


def _measured(books: Books, period: str, planted: set[str]) -> tuple[str, ...]:
    books.vendors.requests.clear()
    started = time.perf_counter()
    ended = books.command("reconcile", period, "--format", "json")
    seconds = time.perf_counter() - started

    assert ended.out, ended.err
    proof = json.loads(ended.out)
    named = {point["order"] or point["batch_id"] for point in proof["points"]}
    assert named == planted, (period, named ^ planted, proof["differences"])
    sides = Counter(request.side for request in books.vendors.requests)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return (
        period,
        str(sum(proof["orders"].values())),
        str(sides["shop"]),
        str(sides["minox"]),
        f"{seconds:.1f}",
        str(memory),
        str(len(proof["points"])),
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS)
