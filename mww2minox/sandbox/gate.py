"""Where every request comes in, is answered or goes wrong, and is written down."""

import io
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.test import run_wsgi_app

from mww2minox.sandbox.faults import Fault, FaultBox, Side
from mww2minox.sandbox.server import HOST, Answer, Incoming

Way = Callable[[Fault, Incoming], Answer]

CONTROL = "/_sandbox/"
SECRET_PARAMETERS = frozenset({"token", "partner_token", "code", "code_verifier", "client_secret"})
JSON = ("Content-Type", "application/json")
PAGE = (
    b"<!DOCTYPE html><html><head><title>Onderhoud</title></head>"
    b"<body><h1>Even geduld</h1></body></html>"
)
"""As the shop answers during maintenance (shop/api.md, "Errors and strange answers")."""


@dataclass(frozen=True)
class Request:
    """A request that was answered; `status` is 0 when the connection was closed instead."""

    side: Side
    method: str
    path: str
    query: dict[str, str]
    status: int

    def as_dict(self) -> dict[str, Any]:
        """Return its fields by name."""
        return asdict(self)


class Gate:
    """Stands before one side's application."""

    def __init__(
        self,
        side: Side,
        application: WSGIApplication,
        *,
        faults: FaultBox,
        log: list[Request],
        lock: threading.RLock,
    ) -> None:
        """Take the application's calls one at a time, under the lock of the sandbox' state."""
        self._side: Side = side
        self._application = application
        self._faults = faults
        self._log = log
        self._lock = lock
        self._ghosts: list[threading.Timer] = []

    def __call__(self, incoming: Incoming) -> Answer:
        """Answer a request, in the way that the fault that happens to it wants."""
        path, _, query = incoming.target.partition("?")
        # The sandbox' own address never fails, and is no request to a vendor.
        if path.startswith(CONTROL):
            return self._answer(incoming)

        fault = self._faults.take(side=self._side, method=incoming.method, path=path)
        answer = self._answer(incoming) if fault is None else self._go_wrong(fault, incoming)

        status = 0 if answer.send == "nothing" else answer.status
        self._log.append(Request(self._side, incoming.method, path, _public(query), status))
        return answer

    def close(self) -> None:
        """Call off what a ghost was still going to do."""
        for ghost in self._ghosts:
            ghost.cancel()

    def _answer(self, incoming: Incoming) -> Answer:
        with self._lock:
            body, status, headers = run_wsgi_app(self._application, _environ(incoming))
        return Answer(int(status.split()[0]), list(headers), b"".join(body))

    def _go_wrong(self, fault: Fault, incoming: Incoming) -> Answer:
        ways: dict[str, Way] = {
            "drop_after": self._drop_after,
            "html": self._html,
            "instead": self._instead,
            "truncated": self._truncated,
            "broken_json": self._broken_json,
            "slow": self._slow,
            "ghost": self._ghost,
        }
        way = ways.get(fault.kind)
        # The other kinds never reach the application.
        return way(fault, incoming) if way else _refusal(fault)

    def _drop_after(self, _fault: Fault, incoming: Incoming) -> Answer:
        return replace(self._answer(incoming), send="nothing")

    def _html(self, fault: Fault, incoming: Incoming) -> Answer:
        if fault.effect:
            self._answer(incoming)
        return Answer(200, [("Content-Type", "text/html; charset=utf-8")], PAGE)

    def _instead(self, fault: Fault, incoming: Incoming) -> Answer:
        if fault.effect:
            self._answer(incoming)
        return Answer(200, [JSON], fault.body.encode())

    def _truncated(self, _fault: Fault, incoming: Incoming) -> Answer:
        return replace(self._answer(incoming), send="half")

    def _broken_json(self, _fault: Fault, incoming: Incoming) -> Answer:
        answer = self._answer(incoming)
        return replace(answer, body=answer.body[: len(answer.body) // 2] + b'"')

    def _slow(self, fault: Fault, incoming: Incoming) -> Answer:
        time.sleep(fault.seconds)
        return self._answer(incoming)

    def _ghost(self, fault: Fault, incoming: Incoming) -> Answer:
        ghost = threading.Timer(fault.seconds, self._answer, args=(incoming,))
        ghost.daemon = True
        self._ghosts.append(ghost)
        ghost.start()
        return Answer(0, send="nothing")


def _refusal(fault: Fault) -> Answer:
    if fault.kind == "drop_before":
        return Answer(0, send="nothing")
    if fault.kind == "redirect":
        return Answer(302, [("Location", fault.location)])

    status = 429 if fault.kind == "429" else fault.status
    headers = [JSON]
    if fault.retry_after is not None:
        headers.append(("Retry-After", fault.retry_after))
    return Answer(status, headers, b'{"title": "Fault", "detail": "The sandbox was told to fail."}')


def _public(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    return {name: value for name, value in pairs if name not in SECRET_PARAMETERS}


def _environ(incoming: Incoming) -> WSGIEnvironment:
    path, _, query = incoming.target.partition("?")
    headers = {name.upper().replace("-", "_"): value for name, value in incoming.headers}

    environ: WSGIEnvironment = {f"HTTP_{name}": value for name, value in headers.items()}
    environ |= {
        "REQUEST_METHOD": incoming.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(_keep_separators(path)).decode("latin-1"),
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(incoming.body)),
        "SERVER_NAME": HOST,
        "SERVER_PORT": headers.get("HOST", "").rpartition(":")[2] or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(incoming.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    return environ


def _keep_separators(path: str) -> str:
    """Encode `%2F` and `%25` once more: an encoded slash is part of a segment, not the end of it.

    `PATH_INFO` is decoded before it is divided into segments; `Segment` in `minox_api` decodes the
    rest.
    """
    return re.sub(r"%(2[fF5])", r"%25\1", path)
