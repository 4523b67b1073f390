"""A small threaded HTTP/1.1 server on loopback, able to break off its answers.

A WSGI server cannot close a connection half-way an answer, and the one for development closes it
after each. Here the connection stays open between requests, and what is sent of an answer is up to
the one who answers.
"""

import contextlib
import http.client
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Literal, cast

HOST = "127.0.0.1"
Connection = socket.socket | tuple[bytes, socket.socket]
ENDS_WITHIN = 5.0
"""Seconds."""


@dataclass(frozen=True)
class Incoming:
    """A request as it came over the line: `target` is the raw path with the query."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An answer, and how much of it is sent before the connection closes (`all` keeps it open)."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    send: Literal["all", "half", "nothing"] = "all"


class HttpServer:
    """Listens on a port of 127.0.0.1, a thread per connection; `respond` answers each request."""

    def __init__(self, respond: Callable[[Incoming], Answer]) -> None:
        """Prepare; nothing listens before `start`."""
        self._respond = respond
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    def start(self, port: int = 0) -> int:
        """Listen on the port (0: a free one) and return its number; OSError when it is taken."""
        listener = _Listener(port, self._respond)
        self._listener = listener

        # The socket queues connections from here on: a client need not wait for the thread.
        self._thread = threading.Thread(target=listener.serve, daemon=True)
        self._thread.start()
        return int(listener.server_address[1])

    def stop(self) -> None:
        """Stop listening and close what is open. Harmless when it does not run."""
        if self._listener is None or self._thread is None:
            return

        self._listener.end()
        self._thread.join()
        self._listener.server_close()
        self._listener.close_connections()
        self._listener = self._thread = None


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, respond: Callable[[Incoming], Answer]) -> None:
        self.respond = respond
        self._open: set[Connection] = set()
        self._ends = False
        super().__init__((HOST, port), _Handler)

    def serve(self) -> None:
        """Take connections until `end`, without looking up in between."""
        while not self._ends:
            self.handle_request()

    def end(self) -> None:
        """Let `serve` return: it wakes up for one more connection, and refuses it."""
        self._ends = True
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, self.server_address[1]), ENDS_WITHIN).close()

    def verify_request(self, request: Connection, client_address: object) -> bool:
        """Take a connection, but for the last one."""
        del request, client_address
        return not self._ends

    def process_request(self, request: Connection, client_address: object) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Connection) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Connection, client_address: object) -> None:
        """Say nothing of a client that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        for connection in list(self._open):
            # Datagrams, says the base class; over TCP a connection is a socket.
            if isinstance(connection, tuple):
                continue
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece

    def __getattr__(self, name: str) -> Callable[[], None]:
        # The base class asks for `do_GET` and the like: all methods go one way.
        if name.startswith("do_"):
            return self._exchange
        raise AttributeError(name)

    def _exchange(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        incoming = Incoming(self.command, self.path, self.headers.items(), self.rfile.read(length))
        self._send(cast("_Listener", self.server).respond(incoming))

    def _send(self, answer: Answer) -> None:
        if answer.send == "nothing":
            self._hang_up()
            return

        body = b"" if self.command == "HEAD" else answer.body
        if answer.send == "half":
            body = body[: len(body) // 2]

        self.wfile.write(_head(answer) + body)
        self.wfile.flush()

        if answer.send == "half":
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Keep the terminal for the user."""


def _head(answer: Answer) -> bytes:
    """Write status and headers; the length is that of the whole body, however much is sent."""
    lines = [f"HTTP/1.1 {answer.status} {http.client.responses.get(answer.status, '')}"]
    for name, value in answer.headers:
        if name.lower() != "content-length":
            lines.append(f"{name}: {value}")
    lines.append(f"Date: {formatdate(time.time(), usegmt=True)}")
    lines.append(f"Content-Length: {len(answer.body)}")

    return "\r\n".join([*lines, "", ""]).encode("latin-1")
