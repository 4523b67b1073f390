"""What was asked and sent about an order, and how it was answered: a line each, for `explain`.

A code stands for each request: its path may have an e-mail address in it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from mww2minox.state import Exchange, Store
from mww2minox.transport import Observer

_about: ContextVar[str | None] = ContextVar("about", default=None)


class Exchanges:
    """Notes the requests about orders, and stores them with what becomes of each order."""

    def __init__(self, store: Store) -> None:
        """Keep them in `store`."""
        self._store = store
        self._noted: dict[str, list[Exchange]] = {}

    @contextmanager
    def about(self, number: str) -> Iterator[None]:
        """Note the requests of this thread as being about one order while inside.

        What is still to be stored of them is stored at the end.
        """
        with self.noted(number):
            try:
                yield
            finally:
                self.keep(number)

    @contextmanager
    def noted(self, number: str) -> Iterator[None]:
        """Note requests as `about` does, to be stored with later ones or by `keep`."""
        before = _about.set(number)
        try:
            yield
        finally:
            _about.reset(before)

    def keep(self, number: str) -> None:
        """Store what was noted of an order: best in the transaction of what became of it."""
        noted = self._noted.pop(number, None)
        if noted:
            self._store.keep_exchanges(number, noted)

    def observer(self, what_of: Callable[[str, str], str]) -> Observer:
        """Return what observes a vendor; `what_of` gives the code of a method and a path."""

        def note(method: str, path: str, status: int | None, milliseconds: int) -> None:
            number, what = _about.get(), what_of(method, path)
            if number is None or not what:
                return

            exchange = Exchange(
                at=datetime.now(UTC),
                method=method,
                what=what,
                status=status,
                milliseconds=milliseconds,
            )
            self._noted.setdefault(number, []).append(exchange)

        return note
