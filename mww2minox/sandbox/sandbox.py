"""The sandbox as a whole: a shop and an administration, each on a port of its own."""

import datetime as dt
import functools
import threading
import time
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Self

from flask import Flask

from mww2minox.sandbox import minox_api, oauth, shop_api
from mww2minox.sandbox.administration import ADMINISTRATION, TENANT
from mww2minox.sandbox.current import serving
from mww2minox.sandbox.faults import Fault, FaultBox, Side
from mww2minox.sandbox.gate import Gate, Request
from mww2minox.sandbox.minox import Minox
from mww2minox.sandbox.samples import samples as samples_of, since
from mww2minox.sandbox.server import HOST, HttpServer
from mww2minox.sandbox.settings import Settings
from mww2minox.sandbox.shop import ZONE, Shop


@dataclass(frozen=True)
class _VatRow:
    """A row of `vat` in the config: which VAT code and ledger accounts a rate is booked on."""

    region: str
    rate: int
    code: int
    ledger: int
    vat_ledger: int


VAT_ROWS = (
    _VatRow("NL", 21, code=1, ledger=8000, vat_ledger=1500),
    _VatRow("NL", 9, code=2, ledger=8010, vat_ledger=1501),
    _VatRow("DE", 19, code=10, ledger=8300, vat_ledger=1502),
    _VatRow("BE", 21, code=11, ledger=8310, vat_ledger=1503),
)
STATUSES = ("Betaald", "Verzonden", "Betaald en verzonden", "Afgehaald", "Gecrediteerd")
"""Those whose orders are booked."""


@functools.lru_cache(maxsize=8)
def _sample_orders(today: dt.date) -> tuple[dict[str, Any], ...]:
    """Return the sample orders of a day, for shops to copy: tests open many on one day."""
    return tuple(sample.order for sample in samples_of(today))


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
        """Fill the shop with sample orders, dated relative to `today` (default: the clock's)."""
        self.today = today or dt.datetime.fromtimestamp(time.time(), tz=ZONE).date()
        self.settings = settings or Settings()
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self._lock = threading.RLock()

        orders = _sample_orders(self.today) if samples else ()
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
        # The second port may be taken when the first one is listened on already.
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
        """Return a config for this sandbox, ready to be written as YAML, but for `state`."""
        shop = {
            "url": self.shop_url,
            "token": shop_api.TOKEN,
            "partner_token": shop_api.PARTNER_TOKEN,
            "statuses": [*STATUSES],
            "since": since(self.today).isoformat(),
        }

        minox = {
            "url": self.minox_url,
            "client_id": oauth.CLIENT_ID,
            "client_secret": oauth.CLIENT_SECRET,
            "redirect_uri": "http://127.0.0.1:8765/callback",
            "tenant": TENANT,
            "administration": ADMINISTRATION,
            "journal": "VERK",
            "requests_per_second": 50,
        }

        booking = {
            "vat_posting": self.settings.posting,
            "rounding_ledger": 4990,
            "max_rounding": 0.05,
        }
        return {
            "shop": shop,
            "minox": minox,
            "booking": booking,
            "vat": self._vat_rows(),
            "payment_debtors": {"basic/cash": 10600},
        }

    def _vat_rows(self) -> list[dict[str, Any]]:
        rows = [asdict(row) for row in VAT_ROWS]
        # Only VAT on a line of its own needs a ledger account of its own.
        if self.settings.posting != "line":
            for row in rows:
                del row["vat_ledger"]

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
