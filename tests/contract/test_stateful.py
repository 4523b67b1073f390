"""Any sequence of runs, edits, faults, clock jumps, lost and restored state files books each order
exactly once.

`MWW2MINOX_EXAMPLES=2000 pytest tests/contract/test_stateful.py` searches longer, with a new seed
each time.
"""

import copy
import datetime as dt
import os
import tempfile
import uuid
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, note, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mww2minox.errors import ExitStatus
from mww2minox.sandbox import Fault
from mww2minox.sandbox.faults import Kind
from tests.harness.clients import LINE_SHAPES
from tests.harness.world import FIRST_CUSTOMERS, TODAY, World, an_order, world

pytestmark = pytest.mark.thorough

EXAMPLES = os.environ.get("MWW2MINOX_EXAMPLES")
STEPS = 20
PHASES = (Phase.generate, Phase.shrink)
"""Explaining a failure takes a tracer, which takes minutes."""
PENDING, PAID, SENT, CANCELLED, CREDITED = 1, 2, 3, 6, 8
BOOKS = (PAID, SENT, CREDITED)
HOUR, DAY = 3600, 86_400
ONE_DAY = dt.timedelta(days=1)
EMAILS = (
    "anna@example.nl",
    "Anna@Example.NL",
    "sanne.visser@example.nl",
    "klant{}@example.nl",
    "klant{}@example.nl",
)
TOTALS = ("12.10", "24.20", "121.00", "36.30", "0.00")

COMMANDS = ("fetch", "fetch 1", "push", "push 1", "verify", "retry 1", "retry", "adopt")
"""`1`: with one order, or a limit."""
which = st.integers(0, 30)
"""An order, by its place among those that there are."""
POST = {"side": "minox", "method": "POST", "path": "/customer$"}
PUT: dict[str, Any] = {"side": "minox", "method": "PUT", "path": "batch"}
PLACES = (
    POST,
    PUT,
    {"side": "minox", "method": "POST", "path": "/oauth/token"},
    {"side": "minox", "method": "GET", "path": "batch"},
    {"side": "minox", "method": "GET", "path": "/by_"},
    {"side": "minox", "method": "GET", "path": "transaction_lines"},
    {"side": "shop", "path": "/v1/orders"},
    {"side": "shop"},
    {"side": "minox"},
)
faults = st.builds(
    lambda place, **fields: Fault(**place, **fields),
    st.sampled_from(PLACES),
    kind=st.sampled_from(get_args(Kind)),
    status=st.sampled_from((500, 503, 408, 404, 403, 401, 400)),
    retry_after=st.sampled_from((None, "0", "2", "200", "1000", "Fri, 20 Mar 2026 12:00:10 GMT")),
    seconds=st.sampled_from((0.2, 2.0, 8.0, 15.0, 40.0)),
    effect=st.booleans(),
    times=st.sampled_from((1, 1, 2, 6, 20)),
    skip=st.sampled_from((0, 0, 1, 2, 5)),
)
lost_writes = st.lists(
    st.builds(
        lambda place, **fields: Fault(**place, **fields),
        st.sampled_from((PUT, POST)),
        kind=st.sampled_from(("html", "ghost", "drop_after", "truncated")),
        seconds=st.sampled_from((15.0, 8.0, 2.0)),
        effect=st.just(True),  # noqa: FBT003 - a field
        times=st.sampled_from((1, 6)),
    ),
    min_size=1,
    max_size=2,
)
"""Minox does what it is told to, and the client does not hear of it, or Minox does it later."""
never_done = st.builds(
    lambda **fields: Fault(**PUT, **fields),
    kind=st.sampled_from(("429", "status", "drop_before", "html")),
    retry_after=st.sampled_from(("1000", None)),
    times=st.sampled_from((6, 1, 20)),
)
"""Minox does nothing, whether the client knows that or not."""


def with_total(known: dict[str, Any], total: str) -> dict[str, Any]:
    """Return what changes when an order gets another total; a credit order stays one."""
    signed = f"-{total}" if known.get("credited_order_number") and Decimal(total) else total
    other = an_order(int(known["number"]), total=signed, email="")
    return {"price": other["price"], "orderlines": other["orderlines"]}


class ExactlyOnce(RuleBasedStateMachine):
    """The world, and what people, vendors and machines do in it."""

    def __init__(self) -> None:
        super().__init__()
        self.closing = ExitStack()
        root = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - in memory: it is synced at every commit
        folder = Path(self.closing.enter_context(tempfile.TemporaryDirectory(dir=root)))
        self.world: World = self.closing.enter_context(world(folder, samples=False, workers=4))
        self.shop = self.world.sandbox.shop
        self.minox = self.world.sandbox.minox
        self.copy: Path | None = None
        self.taken_out: set[str] = set()
        self.books = self.snapshot()

    def snapshot(self) -> dict[str, Any]:
        return copy.deepcopy(self.minox.batches)

    def number(self, place: int) -> str:
        numbers = list(self.shop.orders)
        return numbers[place % len(numbers)]

    # The shop

    @initialize(
        orders=st.lists(
            st.tuples(st.sampled_from(TOTALS), st.sampled_from(EMAILS)), min_size=2, max_size=6
        ),
        booked_elsewhere=st.sets(st.integers(0, 5), max_size=1),
        wrong_by=st.sampled_from((0, 0, 0, -900 * DAY, 20 * DAY)),
        shape=st.sampled_from(({}, {"vat_on_sub": True}, *LINE_SHAPES)),
    )
    def a_shop_with_orders(
        self,
        orders: list[tuple[str, str]],
        booked_elsewhere: set[int],
        wrong_by: int,
        shape: dict[str, Any],
    ) -> None:
        self.world.sandbox.settings.update(shape)
        for total, email in orders:
            self.an_order_comes_in(total, email, PAID)
        for place in booked_elsewhere:
            self.another_connector_books(self.number(place))
        self.world.pending()
        self.world.clock.set_forward(wrong_by)

    def another_connector_books(self, number: str) -> None:
        account = {"scheme": "MINOX", "type": "customer", "id": "10610"}
        common = {
            "journal": {"id": "VERK"},
            "period": {"id": 3, "fiscal_year": 2026},
            "document_date": "2026-03-20",
            "description": f"Bestelling {number}",
        }
        lines = [
            {
                "account": account,
                "debit": Decimal("12.10"),
                "invoice_number": int(number),
                **common,
            },
            {
                "account": {**account, "type": "ledger_account", "id": "8200"},
                "credit": Decimal("12.10"),
                **common,
            },
        ]
        self.minox.put_batch(str(uuid.UUID(int=int(number))), lines)
        self.books = self.snapshot()

    @rule(
        total=st.sampled_from(TOTALS),
        email=st.sampled_from(EMAILS),
        status=st.sampled_from((PAID, PENDING)),
        archived=st.booleans(),
    )
    def an_order_comes_in(
        self,
        total: str,
        email: str,
        status: int,
        archived: bool = False,  # noqa: FBT002
    ) -> None:
        number = 1001 + len(self.shop.orders)
        fields: dict[str, Any] = {
            "total": total,
            "email": email.format(number),
            "status": status,
            "archived": archived,
        }
        self.shop.add(an_order(number, date=self.today, **fields))

    @property
    def today(self) -> dt.date:
        return dt.datetime.fromtimestamp(self.world.clock.true_time(), tz=dt.UTC).date()

    @rule(place=which, total=st.sampled_from(TOTALS[:4]))
    def an_order_is_credited(self, place: int, total: str) -> None:
        number = 1001 + len(self.shop.orders)
        fields: dict[str, Any] = {
            "total": f"-{total}",
            "email": EMAILS[0],
            "credited_order_number": self.number(place),
        }
        self.shop.add(an_order(number, date=self.today, status=CREDITED, **fields))

    @rule(place=which, status=st.sampled_from((PENDING, PAID, PAID, SENT, CANCELLED)))
    def a_status_changes(self, place: int, status: int) -> None:
        self.shop.set_status(self.number(place), status)

    @rule(place=which, total=st.sampled_from(TOTALS))
    def the_shop_changes_an_order(self, place: int, total: str) -> None:
        number = self.number(place)
        self.shop.change(number, **with_total(self.shop.orders[number], total))

    # Minox: people take their time, so that nothing is on its way there any more

    @rule(
        place=which,
        what=st.sampled_from(("change", "take out", "block", "unblock", "close", "open")),
    )
    def a_person_works_in_minox(self, place: int, what: str) -> None:
        self.world.pending()
        for batch in self.world.bookings_of(self.number(place)):
            if what == "change":
                for line in self.minox.batches[batch]:
                    line.update(
                        {side: 50.0 for side in ("debit", "credit") if line[side]}, vat=None
                    )
            elif what == "take out":
                self.minox.delete_batch(batch)
                self.taken_out.add(self.number(place))
        if what in ("block", "unblock"):
            number = sorted(self.minox.customers)[place % len(self.minox.customers)]
            self.minox.customers[number]["blocked"] = {"active": what == "block", "reason": None}
        elif what in ("close", "open"):
            (self.minox.close_period if what == "close" else self.minox.open_period)(
                2026, 3 + place % 2
            )
        self.books = self.snapshot()

    @rule(place=which, keep=st.booleans())
    def a_person_merges_customers(self, place: int, keep: bool) -> None:
        self.world.pending()
        ours = sorted(self.minox.customers.keys() - FIRST_CUSTOMERS - self.world.merged)
        if ours:
            self.world.merge(ours[place % len(ours)], keep=keep)
            self.an_order_comes_in("12.10", EMAILS[0], PAID)
            self.fetch_and_push()

    # What goes wrong

    @rule(lag=st.sampled_from((0.0, 1.0, 3.0)))
    def nothing_goes_wrong_but_that_look_ups_lag(self, lag: float) -> None:
        self.world.sandbox.faults.clear()
        self.world.sandbox.settings.lookup_lag = lag

    @rule(what=st.sampled_from(("expire_access", "revoke")))
    def tokens_end(self, what: str) -> None:
        getattr(self.minox.tokens, what)()

    @rule(seconds=st.sampled_from((1, 10, HOUR, DAY, 3 * DAY)))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.pass_by(seconds)

    @rule(
        seconds=st.sampled_from(
            (0, 30, -30, 2 * HOUR, -2 * HOUR, 2 * DAY, -2 * DAY, 40 * DAY, -40 * DAY)
        )
    )
    def the_clock_is_wrong_by(self, seconds: int) -> None:
        self.world.clock.set_forward(seconds - self.world.clock.wrong_by)

    @rule(what=st.sampled_from(("save", "put back", "put back all", "lose", "lose all")))
    def the_state_file(self, what: str) -> None:
        self.world.pending()
        if what == "save":
            self.copy = self.world.save()
        elif what.startswith("put back") and self.copy:
            self.world.put_back(self.copy, whole=what == "put back all")
        elif what.startswith("lose"):
            self.world.forget_everything(lock_too=what == "lose all")
            self.world.log_in()

    @rule(days=st.sampled_from((0, -30, 1, 3, 60)), command=st.sampled_from(("push", "fetch")))
    def the_first_date_is_moved(self, days: int, command: str) -> None:
        """Later or earlier; with orders that were fetched and not booked by then."""
        if command == "push":
            self.run("fetch")
        self.world.move_since(TODAY + days * ONE_DAY)
        self.run(command)

    # The tool

    def run(self, command: str, *arguments: Any, **options: Any) -> ExitStatus:
        status = self.world.run(command, *arguments, **options)
        note(
            f"{command} ends with {status!r}"
            f" {self.world.errors[-1:] if status == ExitStatus.VENDOR else ''}"
        )
        refusable = ("retry", "verify", "adopt --order")
        expected = (0, 2, 3, 4) if command in refusable else (0, 3, 4)
        assert status in expected, self.world.errors[-1:]
        return status

    @rule()
    def fetch_and_push(self) -> None:
        self.run("fetch")
        if self.run("push") is ExitStatus.ATTENTION:
            self.run("adopt")
            self.run("push")

    @rule(
        place=which,
        what=st.sampled_from(
            ("fetch", "fetch 1", "push", "push 1", "verify", "retry 1", "retry", "adopt")
        ),
    )
    def another_command(self, what: str, place: int) -> None:
        command, _, some = what.partition(" ")
        numbers = [self.number(place)]
        if command == "retry":
            self.run("retry", numbers if some else [], everything=not some)
        elif some:
            self.run(
                command,
                **({"numbers": numbers} if command == "fetch" else {"limit": 1 + place % 3}),
            )
        else:
            self.run(command)

    @rule()
    def a_whole_folder_comes_back_after_more_was_booked(self) -> None:
        """As a nightly backup does: state file and lock file together."""
        self.fetch_and_push()
        self.the_state_file("save")
        self.time_passes(DAY)
        self.an_order_comes_in("12.10", EMAILS[0], PAID)
        self.an_order_comes_in("24.20", "klant{}@example.nl", PAID)
        self.fetch_and_push()
        self.the_state_file("put back all")
        self.the_shop_changes_an_order(-1, "36.30")
        self.fetch_and_push()

    @rule()
    def a_person_judges_what_is_perhaps_booked(self) -> None:
        doubtful = [
            number for number, state in self.world.states().items() if "perhaps_booked" in state
        ]
        if doubtful:
            self.run("adopt --order", doubtful)

    @rule(lost=lost_writes, seconds=st.sampled_from((0, 5, 30)), email=st.sampled_from(EMAILS[2:]))
    def writes_get_lost(self, lost: list[Fault], seconds: int, email: str) -> None:
        """The next run comes soon, with another order of the same customer."""
        email = email.format(len(self.shop.orders))
        self.an_order_comes_in("12.10", email, PAID)
        self.world.sandbox.faults[:] = lost
        self.fetch_and_push()
        self.time_passes(seconds)
        self.an_order_comes_in("24.20", email, PAID)
        self.fetch_and_push()

    @rule(
        lost=st.one_of(never_done, lost_writes.map(lambda both: both[0])),
        change=st.sampled_from(("cancel", "correct")),
        seconds=st.sampled_from((0, 5, 30, 200, HOUR)),
        refused=st.booleans(),
    )
    def an_order_changes_after_a_put_that_got_lost(
        self, lost: Fault, change: str, seconds: int, refused: bool
    ) -> None:
        """The next run sees the order changed, and may be refused the repetition."""
        number = str(1001 + len(self.shop.orders))
        self.an_order_comes_in("68.00", "klant{}@example.nl", PAID)
        self.world.sandbox.faults[:] = [lost]
        self.fetch_and_push()
        self.world.sandbox.faults.clear()
        booked_already = bool(self.world.bookings_of(number)) or lost.kind == "ghost"

        if change == "cancel":
            self.shop.set_status(number, CANCELLED)
        else:
            self.shop.change(number, **with_total(self.shop.orders[number], "50.00"))
        self.time_passes(seconds)
        is_seen = self.run("fetch", numbers=[number]) is ExitStatus.OK
        if refused:
            self.world.sandbox.faults[:] = [Fault("status", status=400, times=2, **PUT)]
        self.run("push")
        if change == "cancel" and is_seen and not booked_already:
            assert self.world.bookings_of(number) == [], "cancelled, and sent all the same"

    @rule(fault=faults)
    def a_push_on_which_something_goes_wrong(self, fault: Fault) -> None:
        self.an_order_comes_in("12.10", "klant{}@example.nl", PAID)
        self.world.sandbox.faults.append(fault)
        self.fetch_and_push()

    @rule(place=which, total=st.sampled_from(TOTALS))
    def an_order_changes_and_all_is_run(self, place: int, total: str) -> None:
        self.the_shop_changes_an_order(place, total)
        self.fetch_and_push()

    @rule(
        archived=st.booleans(),
        days=st.sampled_from((3, 0, 1)),
        skip=st.sampled_from((2, 0, 1, 3, 4, 6)),
    )
    def a_fetch_that_breaks_off(self, archived: bool, days: int, skip: int) -> None:
        self.an_order_comes_in("12.10", EMAILS[0], PAID, archived)
        self.time_passes(days * DAY)
        self.an_order_comes_in("12.10", EMAILS[0], PAID)
        self.world.sandbox.faults[:] = [
            Fault("status", side="shop", path="/v1/orders", times=6, skip=skip)
        ]
        self.run("fetch")

    # What must hold

    @invariant()
    def nothing_is_there_twice(self) -> None:
        assert self.world.duplicates() == []

    @invariant()
    def what_is_booked_stays_as_it_is(self) -> None:
        """Whatever anyone does but a person in Minox: not changed by a second PUT, not taken
        out.
        """
        there = self.snapshot()
        assert {batch: there.get(batch) for batch in self.books} == self.books
        self.books = there

    def teardown(self) -> None:
        try:
            if self.shop.orders:
                self.all_is_well_again()
        finally:
            self.closing.close()

    def all_is_well_again(self) -> None:
        """After the faults end, a few runs bring every order to where it belongs."""
        self.world.sandbox.faults.clear()
        self.world.sandbox.settings.lookup_lag = 0.0
        for customer in self.minox.customers.values():
            customer["blocked"] = {"active": False, "reason": None}
        self.minox.administration.closed.clear()
        self.the_clock_is_wrong_by(0)
        self.world.move_since(TODAY)
        for _ in range(2):
            self.time_passes(2 * DAY)
            self.run("fetch")
            self.run("adopt")
            self.run("push")
            self.a_person_judges_what_is_perhaps_booked()
            self.run("verify", everything=True)
            self.nothing_is_there_twice()
            self.what_is_booked_stays_as_it_is()
        self.every_order_is_where_it_belongs()

    def every_order_is_where_it_belongs(self) -> None:
        states = self.world.states()
        with self.world.opened() as store:
            bookings = {booking.number: booking for booking in store.bookings()}
        for number, found in self.shop.orders.items():
            there = self.world.bookings_of(number)
            should = found["status"] in BOOKS and Decimal(found["price"]["total"]) != 0
            # What was never booked is not taken back.
            original = states.get(found.get("credited_order_number") or "", "booked")
            should = should and (
                original == "booked" or states.get(number) != "failed original_not_booked"
            )
            # What is not to be booked is not booked by us, whatever another connector did with it.
            if not should and states.get(number) != "booked":
                assert set(there) <= {str(uuid.UUID(int=int(number)))}, (number, states.get(number))
                continue
            assert len(there) == 1 or number in self.taken_out or not should, (
                number,
                states.get(number),
            )
            if number not in self.taken_out:
                assert bool(there) == (states.get(number) == "booked"), (number, states.get(number))
            for batch in there:
                differs = self.total(batch, number) != Decimal(found["price"]["total"])
                told = bookings[number].differences + bookings[number].shop_differences
                assert bool(told) or not differs, (number, self.minox.batches[batch])

    def total(self, batch: str, number: str) -> Decimal:
        lines = [
            line for line in self.minox.batches[batch] if line.get("invoice_number") == int(number)
        ]
        return sum(
            (Decimal(str(line["debit"])) - Decimal(str(line["credit"])) for line in lines),
            Decimal(0),
        )


def test_whatever_happens_every_order_is_booked_exactly_once() -> None:
    run_state_machine_as_test(
        ExactlyOnce,
        settings=settings(
            max_examples=int(EXAMPLES or 4),
            stateful_step_count=STEPS,
            derandomize=EXAMPLES is None,
            deadline=None,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )
