"""A shop, an administration and one state file, with every command run in this process, on a clock
that we set.

Ghosts of the sandbox come when the clock says so; the vendors' own clock is never wrong.
"""

import datetime as dt
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from mww2minox.commands.adopt import adopt, adopt_orders
from mww2minox.commands.fetch import fetch
from mww2minox.commands.push import push
from mww2minox.commands.retry import retry
from mww2minox.commands.verify import verify
from mww2minox.config.loading import load_config
from mww2minox.errors import ExitStatus, LoginNeeded, MwwError
from mww2minox.output import Output
from mww2minox.sandbox import Sandbox, Settings
from mww2minox.sandbox.administration import first_customers
from mww2minox.sandbox.faults import FaultBox
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from mww2minox.shop.orders import read_stored_order
from mww2minox.state import Store
from mww2minox.wiring import Wiring
from tests.harness.clock import Clock, fast_clock
from tests.harness.prepared import give_tokens, make_state, write_config

NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
TODAY = NOON.date()
COMMANDS: dict[str, Callable[..., ExitStatus]] = {
    "fetch": fetch,
    "push": push,
    "retry": retry,
    "verify": verify,
    "adopt": adopt,
    "adopt --order": adopt_orders,
}
FIRST_CUSTOMERS = frozenset(first_customers())
Line = dict[str, Any]


@dataclass
class World:
    """Everything there is. `errors` are the failures that runs ended with, `merged` the customers
    that a person put another in the place of.
    """

    folder: Path
    sandbox: Sandbox
    clock: Clock
    errors: list[MwwError]
    since: dt.date
    merged: set[str] = field(default_factory=set)

    @property
    def state(self) -> Path:
        return self.folder / "state.db"

    def run(self, command: str, *arguments: Any, **options: Any) -> ExitStatus:
        """Run a command as the command line does: under the lock, with a failure told as an exit
        status.
        """
        with self.opened() as store, store.run():
            number = store.start_run(command)
            status = ExitStatus.BUG
            try:
                status = COMMANDS[command](self.wiring(store), *arguments, **options)
            except MwwError as error:
                self.errors.append(error)
                status = error.exit_status
            finally:
                store.finish_run(number, status)
        if status is ExitStatus.VENDOR and isinstance(self.errors[-1], LoginNeeded):
            self.log_in()
        return status

    def wiring(self, store: Store) -> Wiring:
        """Wire a run on an open state file."""
        return Wiring(self._config, store, Output(quiet=True))

    def log_in(self) -> None:
        """Store new tokens, as after a consent."""
        make_state(self.state)
        with self.opened() as store:
            give_tokens(store, self.sandbox)

    def opened(self) -> Store:
        """Open the state file."""
        return Store(self.state, read=read_stored_order)

    def states(self) -> dict[str, str]:
        """Return each order's state, with the reason where there is one."""
        with self.opened() as store:
            return {
                order.number: f"{order.state} {order.rejection.reason}"
                if order.rejection
                else order.state.value
                for order in store.orders()
            }

    def forget_everything(self, *, lock_too: bool) -> None:
        """Lose the state file; the lock file beside it may stay."""
        for path in self.folder.glob("state.db*"):
            if lock_too or path.suffix != ".lock":
                path.unlink()

    def save(self) -> Path:
        """Put a copy of the state file away, and of the lock file beside it."""
        copy = self.folder / "copy.db"
        _copy_what_is_there(self.state, copy, ("", ".lock"))
        return copy

    def put_back(self, copy: Path, *, whole: bool = False) -> None:
        """Put a copy in the place of the state file; `whole`: with the lock file of then."""
        self.forget_everything(lock_too=whole)
        _copy_what_is_there(copy, self.state, ("", ".lock") if whole else ("",))

    def move_since(self, day: dt.date) -> None:
        """Set `shop.since` in the config."""
        self.since = day
        self.__dict__.pop("_config", None)

    @cached_property
    def _config(self) -> Any:
        path = self.folder / "config.yaml"
        config = self.sandbox.config() | {"state": str(self.state)}
        config["shop"]["since"] = self.since.isoformat()
        write_config(path, config)
        return load_config(path)

    def merge(self, number: str, *, keep: bool) -> None:
        """Make another customer with the same e-mail, and block the first, or take it out."""
        customers = self.sandbox.minox.customers
        first = customers[number]
        self.sandbox.minox.create_customer({"addresses": first["addresses"]}, "VERK")
        self.merged.add(number)

        if keep:
            first["blocked"] = {"active": True, "reason": None}
        else:
            del customers[number]

    # What the books show

    def bookings_of(self, number: str) -> list[str]:
        """Return the batches that stand for an order: by invoice number or by description."""
        return [
            batch for batch, lines in self.sandbox.minox.batches.items() if number in named(lines)
        ]

    def duplicates(self) -> list[str]:
        """Return the orders that are booked more than once, and the customers that exist twice."""
        batches = self.sandbox.minox.batches.values()
        orders = Counter(number for lines in batches for number in named(lines))
        customers = self.sandbox.minox.customers
        keys = Counter(
            key
            for number, customer in customers.items()
            if number not in FIRST_CUSTOMERS | self.merged
            # A person's customers have no externalid.
            for key in {str(customer["externalid"] or number), *emails(customer)}
        )
        first = Counter(email for number in FIRST_CUSTOMERS for email in emails(customers[number]))
        return [key for key, count in (orders + keys).items() if count + bool(first[key]) > 1]

    def books(self) -> dict[str, list[Line]]:
        """Return the ledger with customers by e-mail: their numbers depend on which came first."""
        customers = self.sandbox.minox.customers
        return {
            batch: [line | {"account": _by_email(line["account"], customers)} for line in lines]
            for batch, lines in self.sandbox.minox.batches.items()
        }

    def pending(self) -> None:
        """Let enough time pass for everything that was sent to have been carried out."""
        self.clock.pass_by(60)


def _copy_what_is_there(source: Path, target: Path, suffixes: Iterable[str]) -> None:
    """Copy a state file and what stands beside it; before the first run no lock file does."""
    for suffix in suffixes:
        file = source.with_name(f"{source.name}{suffix}")
        if file.exists():
            shutil.copy(file, target.with_name(f"{target.name}{suffix}"))


def named(lines: list[Line]) -> set[str]:
    """Return the order numbers that a booking names."""
    numbers = {str(line["invoice_number"]) for line in lines if line.get("invoice_number")}
    return numbers | {
        number for line in lines for number in re.findall("[0-9]+", line.get("description", ""))
    }


def emails(customer: dict[str, Any]) -> set[str]:
    """Return a customer's e-mail addresses, in small letters."""
    found = [
        email for address in customer["addresses"] for email in address.get("email_addresses", [])
    ]
    return {str(email["email_address"]).lower() for email in found if email["email_address"]}


def an_order(
    number: int, *, total: str, email: str, date: dt.date = TODAY, **fields: Any
) -> dict[str, Any]:
    """Make an order with one line at 21%."""
    vat = (Decimal(total) * 21 / 121).quantize(Decimal("0.01"), ROUND_HALF_UP)
    price = invoice(total, ("21", str(vat)))
    return order(
        str(number), date, person(f"Klant {number}", email), [goods("21", total)], price, **fields
    )


def _by_email(account: dict[str, Any], customers: dict[str, Any]) -> dict[str, Any]:
    found = customers.get(account["id"]) if account["type"] == "customer" else None
    return account | {"id": min(emails(found) or {account["id"]})} if found else account


def _ghosts_by(clock: Clock) -> type:
    """Return a stand-in for `threading.Timer` that goes off when our clock says so."""

    class Ghost:
        daemon = True

        def __init__(
            self, seconds: float, action: Callable[..., object], args: tuple[Any, ...] = ()
        ) -> None:
            self.at = clock.true_time() + seconds
            self.calls: list[Callable[[], object]] = [lambda: action(*args)]

        def start(self) -> None:
            clock.at(self.at, lambda: [call() for call in self.calls])

        def cancel(self) -> None:
            self.calls.clear()

    return Ghost


@contextmanager
def world(
    folder: Path, *, settings: Settings | None = None, samples: bool = True, workers: int = 1
) -> Iterator[World]:
    """Make a world at noon on 20 March 2026, logged in, with sample orders or none.

    So many `workers` begin at once, whether or not answers are slow.
    """
    with ExitStack() as stack:
        stack.enter_context(mock.patch("mww2minox.steps.workers.FIRST", workers))
        clock = stack.enter_context(fast_clock(NOON))
        vendors = SimpleNamespace(time=clock.true_time, sleep=clock.sleep)
        for module in ("minox", "oauth", "rate_limit", "shop", "gate", "server"):
            stack.enter_context(mock.patch(f"mww2minox.sandbox.{module}.time", vendors))
        stack.enter_context(mock.patch("threading.Timer", _ghosts_by(clock)))
        sandbox = stack.enter_context(Sandbox(settings=settings, samples=samples))
        since = dt.date.fromisoformat(sandbox.config()["shop"]["since"]) if samples else TODAY
        made = World(folder, sandbox, clock, [], since)
        made.log_in()
        yield made


@contextmanager
def noted_faults() -> Iterator[list[tuple[str, str]]]:
    """Note the requests that something happens to: the kind of fault, and the method and path."""
    struck: list[tuple[str, str]] = []
    real = FaultBox.take

    def take(self: FaultBox, **request: Any) -> Any:
        fault = real(self, **request)
        struck.extend([(fault.kind, f"{request['method']} {request['path']}")] if fault else [])
        return fault

    with mock.patch.object(FaultBox, "take", take):
        yield struck
