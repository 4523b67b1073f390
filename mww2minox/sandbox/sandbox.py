"""The sandbox as a whole: a shop and an administration, each on a port of its own."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from mww2minox.sandbox import minox_api, oauth, shop_api
from mww2minox.sandbox.administration import ADMINISTRATION, TENANT
from mww2minox.sandbox.current import serving
from mww2minox.sandbox.faults import Fault, FaultBox, Side
from mww2minox.sandbox.gate import Gate, Request
from mww2minox.sandbox.minox import Minox
from mww2minox.sandbox.samples import samples as sample_orders, since
from mww2minox.sandbox.server import HOST, HttpServer
from mww2minox.sandbox.settings import Settings
from mww2minox.sandbox.shop import ZONE, Shop

if TYPE_CHECKING:
    from types import TracebackType

    from flask import Flask

VAT_ROWS: tuple[tuple[str, int, int, int, int], ...] = (
    ("NL", 21, 1, 8000, 1500),
    ("NL", 9, 2, 8010, 1501),
    ("DE", 19, 10, 8300, 1502),
    ("BE", 21, 11, 8310, 1503),
)
"""Region, rate, VAT code, ledger account, VAT ledger account."""


class Sandbox:
    """Both vendors on loopback; a context manager that starts and stops.

    All state is open: change `settings`, `faults`, `shop.orders`, `minox.batches` while it runs.
    """

    def __init__(
        self,
        *,
        today: dt.date | None = None,
        settings: Settings | None = None,
        samples: bool = True,
    ) -> None:
        """Fill the shop with the sample orders, dated relative to `today` (default: the clock's
        date).
        """
        self.today = today or dt.datetime.fromtimestamp(time.time(), tz=ZONE).date()
        self.settings = settings or Settings()
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self._lock = threading.RLock()
        orders = [sample.order for sample in sample_orders(self.today)] if samples else []
        self.shop = Shop(orders, today=today, lock=self._lock)
        self.minox = Minox(self.settings, today=self.today, lock=self._lock)
        self.shop_url = self.minox_url = ""
        box = FaultBox(self.faults, self.settings)
        self._gates = {
            "shop": self._gate("shop", shop_api.application(), box),
            "minox": self._gate("minox", minox_api.application(), box),
        }
        self._servers: list[HttpServer] = []

    def start(self, *, shop_port: int = 0, minox_port: int = 0) -> None:
        """Listen on both ports (0: a free one). `OSError` when one is taken."""
        try:
            self.shop_url = self._listen("shop", shop_port)
            self.minox_url = self._listen("minox", minox_port)
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening; the state stays, and `start` goes on with it."""
        for gate in self._gates.values():
            gate.close()
        for server in self._servers:
            server.stop()
        self._servers.clear()

    def __enter__(self) -> Self:
        """Start on free ports."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def config(self) -> dict[str, Any]:
        """Give a configuration for this sandbox, ready to be written as YAML; the state file is up
        to you.
        """
        return {
            "shop": {
                "url": self.shop_url,
                "token": shop_api.TOKEN,
                "partner_token": shop_api.PARTNER_TOKEN,
                "statuses": [
                    "Betaald",
                    "Verzonden",
                    "Betaald en verzonden",
                    "Afgehaald",
                    "Gecrediteerd",
                ],
                "since": since(self.today).isoformat(),
            },
            "minox": {
                "url": self.minox_url,
                "client_id": oauth.CLIENT_ID,
                "client_secret": oauth.CLIENT_SECRET,
                "redirect_uri": "http://127.0.0.1:8765/callback",
                "tenant": TENANT,
                "administration": ADMINISTRATION,
                "journal": "VERK",
                "requests_per_second": 50,
            },
            "booking": {
                "vat_posting": self.settings.vat_posting,
                "rounding_ledger": 4990,
                "max_rounding": 0.05,
            },
            "vat": self._vat_rows(),
            "payment_debtors": {"basic/cash": 10600},
        }

    def _vat_rows(self) -> list[dict[str, Any]]:
        own_line = self.settings.vat_posting == "line"
        rows = [
            {"region": region, "rate": rate, "code": code, "ledger": ledger}
            | ({"vat_ledger": vat_ledger} if own_line else {})
            for region, rate, code, ledger, vat_ledger in VAT_ROWS
        ]
        return [
            *rows,
            {"strategy": "reverse_charged_vat", "code": 6, "ledger": 8100},
            {"strategy": "zero_percent", "code": 5, "ledger": 8200},
        ]

    def _gate(self, side: Side, app: Flask, faults: FaultBox) -> Gate:
        application = serving(self, app.wsgi_app)
        return Gate(side, application, faults=faults, log=self.requests, lock=self._lock)

    def _listen(self, side: Side, port: int) -> str:
        server = HttpServer(self._gates[side])
        url = f"http://{HOST}:{server.start(port)}"
        self._servers.append(server)
        return url
