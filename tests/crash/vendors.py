"""The sandbox in a process of its own, which goes back to a saved state at once."""

import copy
import datetime as dt
import multiprocessing
import signal
import uuid
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mww2minox.sandbox import Sample, Sandbox

TODAY = dt.date(2026, 12, 23)
CLOSED = (2026, 11)
"""A period in which nothing can be booked."""
REFUSED, WAITING, EDITED, ORIGINAL, SECOND, JUDGED = "1002", "1041", "1001", "1022", "1061", "1059"
ARCHIVED = (ORIGINAL, SECOND)
"""The page that moves the watermark is one of archived orders, which are older than what was read
before.
"""
ORDERS = {
    EDITED: "a customer who is new",
    SECOND: "a second order of that customer",
    REFUSED: "refused by Minox, dated in the closed period; its customer is new too",
    ORIGINAL: "a fixed debtor, credited by the next one",
    "1023": "the credit order",
    "1035": "fails on our side: no e-mail address",
    "1036": "fails after a look-up: the customer is blocked",
    WAITING: "waits for its payment",
    JUDGED: "reverse charge, on a customer who is there",
}
"""The small set: each number of the samples, and why it is there."""


class Vendors:
    """What the sweep does to the sandbox.

    The methods are called by name through a pipe (`Remote`).
    """

    def __init__(self, sandbox: "Sandbox", samples: "Sequence[Sample]") -> None:
        """Close a period, and put the orders into the shop."""
        self._sandbox = sandbox
        self._samples = samples
        self._saved: dict[str, list[dict[str, Any]]] = {}
        sandbox.minox.close_period(*CLOSED)
        self.stock(list(ORDERS))

    def save(self, name: str) -> None:
        """Keep a copy of all that the vendors know."""
        self._saved[name] = copy.deepcopy(self._live())

    def restore(self, name: str) -> None:
        """Go back to a copy."""
        for live, saved in zip(self._live(), copy.deepcopy(self._saved[name]), strict=True):
            live.clear()
            live.update(saved)
        self._sandbox.requests.clear()

    def look(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the bookings by UUID, and the customers by number."""
        return self._sandbox.minox.batches, self._sandbox.minox.customers

    def last_request(self) -> str:
        """Return the path of the last request to Minox, or an empty text."""
        return next(
            (seen.path for seen in reversed(self._sandbox.requests) if seen.side == "minox"), ""
        )

    def stock(self, numbers: Sequence[str], date: str = "", archived_date: str = "") -> None:
        """Add the orders that are new to the shop, dated as the samples are or as told."""
        shop = self._sandbox.shop
        for sample in self._samples:
            archived = sample.number in ARCHIVED
            dated = (archived_date if archived else date) or sample.order["date"]
            if sample.number in numbers and sample.number not in shop.orders:
                shop.add(sample.order | {"archived": archived, "date": dated})
        if REFUSED in shop.orders:
            shop.change(REFUSED, date=dt.date(*CLOSED, 20).isoformat())

    def clear_shop(self) -> None:
        """Take all orders away."""
        self._sandbox.shop.orders.clear()

    def change_order(self, number: str, fields: dict[str, Any]) -> None:
        """Replace some of an order's fields."""
        self._sandbox.shop.change(number, **fields)

    def book_by_hand(self, number: str, euros_more: int) -> None:
        """Book an order as a person does, for its total or another amount, on another customer."""
        order = self._sandbox.shop.orders[number]
        amount = Decimal(order["price"]["total"]) + euros_more
        day = dt.date.fromisoformat(order["date"])
        common = {
            "journal": {"id": "VERK"},
            "period": {"id": day.month, "fiscal_year": day.year},
            "document_date": day.isoformat(),
            "description": f"bestelling {number}",
        }
        customer = {"id": "10610", "scheme": "MINOX", "type": "customer"}
        revenue = {"id": "8200", "scheme": "MINOX", "type": "ledger_account"}
        self._sandbox.minox.put_batch(
            str(uuid.UUID(int=int(number))),
            [
                {**common, "account": customer, "debit": amount, "invoice_number": int(number)},
                {**common, "account": revenue, "credit": amount},
            ],
        )

    def expire_access(self) -> None:
        """End all access tokens."""
        self._sandbox.minox.tokens.expire_access()

    def _live(self) -> list[dict[str, Any]]:
        minox = self._sandbox.minox
        return [
            self._sandbox.shop.orders,
            minox.customers,
            minox.batches,
            minox.tokens.access,
            minox.tokens.refresh,
        ]


class Remote:
    """The vendors, as seen from the process that asks: starts theirs; `config` is one that fits
    them.
    """

    def __init__(self) -> None:
        """Start the process and wait until it listens."""
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self.config: dict[str, Any] = self._pipe.recv()

    def __call__(self, method: str, *arguments: object) -> Any:
        """Call a method of `Vendors`."""
        self._pipe.send((method, arguments))
        return self._pipe.recv()


def _serve(pipe: Connection) -> None:
    """Be the vendors' process: do what comes through the pipe until it is closed."""
    from mww2minox.sandbox import Sandbox, Settings, samples  # noqa: PLC0415 - too large for processes that fork

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = Settings(
        rate_limit=10**6,
        rate_window=10.0**6,
        expires_in=10 * 86_400,
        rotate_refresh_tokens=True,
        # Lines read back as they may at worst.
        no_vat="null_code",
        own_lines_vat=True,
    )
    with Sandbox(today=TODAY, settings=settings, samples=False) as sandbox:
        vendors = Vendors(sandbox, samples(TODAY))
        pipe.send(sandbox.config())
        with suppress(EOFError):
            while True:
                method, arguments = pipe.recv()
                pipe.send(getattr(vendors, method)(*arguments))
