"""What the tests of the clients share: logging in as the main user's browser does, and looking at
what was asked.
"""

import contextlib
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from mww2minox.config.loading import load_config
from mww2minox.minox.consent import Consent
from mww2minox.output import Output
from mww2minox.sandbox import Request, Sandbox
from mww2minox.shop.orders import read_stored_order
from mww2minox.state import Store
from mww2minox.wiring import Wiring
from tests.harness.prepared import make_state, write_config

SHOP_TOKEN = "sandbox-shop-token"
CLIENT_SECRET = "sandbox-client-secret"
LINE_SHAPES: list[dict[str, Any]] = [
    {"no_vat": "empty"},
    {"no_vat": "absent", "own_lines_vat": True},
    {"no_vat": "zero", "own_lines_vat": True},
    {"no_vat": "null_code", "own_lines_vat": True, "line_numbers": "line"},
]
"""How the lines of a booking can read back, beside the ordinary way."""
INSIDE = "/api/1/tenant/12345/administration/1"


@dataclass
class Processes:
    """Starts "processes": each with its own connection to one state file, and clients that are
    wired as in a run.
    """

    folder: Path
    config: dict[str, Any]
    closing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def start(self, state: str = "state.db", **changes: dict[str, Any]) -> Wiring:
        """Wire a run on the state file; `changes` are per section of the config."""
        make_state(self.folder / state)
        opened = Store(self.folder / state, read=read_stored_order)
        store = self.closing.enter_context(opened)
        return Wiring(self._config(changes), store, Output(quiet=True))

    def _config(self, changes: dict[str, dict[str, Any]]) -> Any:
        sections = self.config | {
            name: self.config.get(name, {}) | change for name, change in changes.items()
        }
        path = self.folder / f"config-{threading.get_ident()}.yaml"
        write_config(path, sections | {"state": str(self.folder / "state.db")})
        return load_config(path)


def redirected(url: str) -> str:
    """Consent at Minox, and return the address that the browser is sent to."""
    answer = requests.get(url, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def log_in(wiring: Wiring) -> None:
    """Walk the whole way: consent, redirect, exchange of the code."""
    consent = Consent()
    address = redirected(consent.url(wiring.config.minox.url, wiring.client))
    wiring.login.exchange(consent.code(address), consent.verifier)


def asked(sandbox: Sandbox, method: str = "", path: str = "") -> list[Request]:
    """Return the requests that came in, by method and a part of the path."""
    return [
        seen for seen in sandbox.requests if seen.method.startswith(method) and path in seen.path
    ]
