"""One run of the command in a fork: with clock and sleep set, and killed at a chosen place.

Places are counted from the start of the command. A *boundary* is where something outside the
process changes: an HTTP request (before it is sent, after its answer), a COMMIT (before, after),
the closing of the state file, a file that is written, renamed or removed. A *line* is a line of the
package that is about to be executed.
"""

import functools
import gc
import http.client
import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import sys
import threading
import time
import traceback
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, Literal, NoReturn, TypeVar
from urllib.parse import urlsplit

import pytest_socket
import requests
import time_machine

import mww2minox
from mww2minox.cli import run

PACKAGE = str(Path(mww2minox.__file__).parent) + os.sep
SANDBOX = f"{PACKAGE}sandbox{os.sep}"
HANGS_SECONDS = 60
"""A fork that takes so long is ended by the kernel."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Kill:
    """A signal at the so many-th boundary or line."""

    kind: Literal["boundary", "line"]
    place: int
    signal: signal.Signals


@dataclass(frozen=True)
class Ended:
    """How a fork ended: by a signal, or else with what its function returned."""

    signal: int | None
    returned: Any


class Places:
    """Counts the places that a process comes by, in whichever thread, and sends it the signal at
    the chosen one.
    """

    def __init__(self, kill: Kill | None) -> None:
        """Without `kill` the places are only counted."""
        self._kill = kill
        self._boundary = kill.place if kill and kill.kind == "boundary" else 0
        self._line = kill.place if kill and kill.kind == "line" else 0
        self.labels: list[str] = []
        self._lock = threading.Lock()
        self._lines = itertools.count(1)

    def boundary(self, label: str) -> None:
        """Come by a boundary."""
        with self._lock:
            self.labels.append(label)
            struck = len(self.labels) == self._boundary
        if struck:
            self._strike()

    def lines_so_far(self) -> int:
        """Return how many lines were executed."""
        return next(self._lines) - 1

    def trace(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        """Follow the package's own functions (see `sys.settrace`)."""
        return self._trace_line if _is_ours(frame.f_code.co_filename) else None

    def _trace_line(self, _frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        # One step for all threads: no two come by the same line.
        if event == "line" and next(self._lines) == self._line:
            self._strike()
        return self._trace_line

    def _strike(self) -> None:
        if self._kill:
            os.kill(os.getpid(), self._kill.signal)


@functools.cache
def _is_ours(path: str) -> bool:
    return path.startswith(PACKAGE) and not path.startswith(SANDBOX)


def in_fork(act: Callable[[], object], output: Path) -> Ended:
    """Run `act` in a fork, its output in a file; what it returns must be JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_child(act, output, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Ended(-status if status < 0 else None, json.loads(told) if told else None)


def _be_child(act: Callable[[], object], output: Path, writing: int) -> NoReturn:
    gc.disable()  # a collection would touch, and so copy, the parent's memory
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.alarm(HANGS_SECONDS)
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os.write(writing, json.dumps(act()).encode())
    except BaseException:  # noqa: BLE001 - must not come back into the parent's code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def set_clock(moment: datetime) -> time_machine.Traveller:
    """Stop this process' clock at a moment; sleeping moves it.

    Only loopback can be reached from here on.
    """
    traveller = time_machine.travel(moment, tick=False).start()
    time.sleep = traveller.shift  # type: ignore[assignment]
    time.monotonic = time.time
    random.seed(0)
    webbrowser.open = _consent  # type: ignore[assignment]
    pytest_socket.socket_allow_hosts(["127.0.0.1"], allow_unix_socket=True)
    return traveller


def _consent(url: str) -> None:
    """Say yes in the place of a browser; our own listener finds the redirected request in its
    queue.
    """
    parts = urlsplit(url)
    minox = http.client.HTTPConnection(parts.netloc)
    minox.request("GET", f"{parts.path}?{parts.query}")
    target = urlsplit(minox.getresponse().headers["Location"])
    minox.close()
    listener = socket.create_connection((target.hostname, target.port))
    listener.sendall(f"GET {target.path}?{target.query} HTTP/1.0\r\n\r\n".encode())
    _open_sockets.append(listener)


_open_sockets: list[socket.socket] = []


def run_watched(
    command: Sequence[str], moment: datetime, kill: Kill | None, *, lines: bool
) -> dict[str, Any]:
    """Run the command in this process, which must be a fork; return its exit status and the places
    it came by.
    """
    set_clock(moment)
    places = Places(kill)
    _watch(places)
    if lines:
        sys.settrace(places.trace)
        threading.settrace(places.trace)
    status = run(command)
    sys.settrace(None)
    return {"status": status, "labels": places.labels, "lines": places.lines_so_far()}


def _watch(places: Places) -> None:
    """Come by a boundary around each call that changes something outside this process."""
    connect = sqlite3.connect
    sqlite3.connect = functools.partial(connect, factory=_connection(places))  # type: ignore[assignment]
    send = requests.adapters.HTTPAdapter.send

    def watched_send(
        self: Any, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        label = f"{request.method} {urlsplit(request.url or '').path!s}"
        return _around(places, label, lambda: send(self, request, *args, **kwargs))

    requests.adapters.HTTPAdapter.send = watched_send  # type: ignore[method-assign]
    _watch_files(places)


def _watch_files(places: Places) -> None:
    for name in ("rename", "replace", "remove", "unlink"):
        setattr(os, name, _watched(places, name, getattr(os, name)))
    write_text = Path.write_text

    def watched_write(self: Path, *args: Any, **kwargs: Any) -> int:
        def write() -> int:
            self.open("w").close()
            places.boundary(f"half-way writing {self.name}")
            return write_text(self, *args, **kwargs)

        return _around(places, f"writing {self.name}", write)

    Path.write_text = watched_write  # type: ignore[method-assign]


def _watched(places: Places, label: str, act: Callable[..., Result]) -> Callable[..., Result]:
    return lambda *args, **kwargs: _around(places, label, lambda: act(*args, **kwargs))


def _around(places: Places, label: str, act: Callable[[], Result]) -> Result:
    places.boundary(f"before {label}")
    result = act()
    places.boundary(f"after {label}")
    return result


def _connection(places: Places) -> type[sqlite3.Connection]:
    class Watched(sqlite3.Connection):
        """A connection whose commits are boundaries, however they are written."""

        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql.lstrip().upper().startswith("COMMIT"):
                return _around(places, "COMMIT", lambda: super(Watched, self).execute(sql, *args))
            return super().execute(sql, *args)

        def commit(self) -> None:
            _around(places, "COMMIT", super().commit)

        def close(self) -> None:
            _around(places, "closing the state file", super().close)

    return Watched
