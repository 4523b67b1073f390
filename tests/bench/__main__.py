"""What is measured, each figure beside its floor of the same run, in one table: `make bench`.

Requests per order, the share of the permitted rate and the processor time of an order, the time to
start, what a command takes of few orders and of many, and what the state file keeps of an order.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from mww2minox.output import Output
from mww2minox.sandbox import Sandbox
from mww2minox.state import Store
from tests.bench import rate, running
from tests.bench.states import many_orders_in, with_nothing_to_do

ORDERS = 600
CUSTOMERS = ORDERS // 5
"""The orders that come first are of another customer each, and the rest are of these."""
FEW, MANY = 600, 60_000
TIMES = 5
"""So often a start is measured: the quickest one counts."""
IDLE = (("fetch",), ("push",), ("verify",))
REPORTS = (
    ("report",),
    ("report", "--errors"),
    ("report", "--all"),
    ("report", "--format", "json"),
    ("report", "--format", "csv"),
    ("report", "--format", "html"),
)

Row = tuple[str, str, str, str]
"""What is measured, the figure, its floor, and how many times the floor it is."""


def main() -> None:
    """Measure it all, and show the table."""
    parts: tuple[Callable[[], Iterator[Row]], ...] = (requests, rates, starts, sizes)
    rows = [row for part in parts for row in part()]

    columns = [
        ("Measured", "left"),
        ("Figure", "right"),
        ("Floor, or of few", "right"),
        ("Times", "right"),
    ]
    Output().table(f"Figures beside their floors, of {sys.version.split()[0]}", columns, rows)


def row(what: str, figure: float, floor: float, unit: str = "", digits: int = 2) -> Row:
    """Return a row of figures in one unit."""
    times = f"{figure / floor:.2f}" if floor else "-"
    return what, f"{figure:.{digits}f}{unit}", f"{floor:.{digits}f}{unit}", times


def requests() -> Iterator[Row]:
    """Fetch, push and verify the same orders, and count what each took."""
    with tempfile.TemporaryDirectory() as name, running.sandbox_of(ORDERS) as sandbox:
        folder = Path(name)
        running.prepare(folder, sandbox)

        running.command(folder, "fetch")
        shop = running.asked(sandbox)["shop"]
        yield row("requests per order: fetch", shop / ORDERS, 1 / 100, digits=4)
        yield from _pushes(folder, sandbox)

        running.command(folder, "verify")
        counts = running.asked(sandbox)
        yield row("requests per order: verify, the shop", counts["shop"] / ORDERS, 0.01, digits=4)
        yield row("requests per order: verify, Minox", counts["minox"] / ORDERS, 0.01, digits=4)
        yield from _idle(folder, sandbox)

        used = (folder / "state.db").stat().st_size / ORDERS
        yield row("bytes of state per order", used, _texts(folder / "state.db"), digits=0)


def _pushes(folder: Path, sandbox: Sandbox) -> Iterator[Row]:
    for what, count, floor, options in (
        ("all of new customers", CUSTOMERS, 3, ("--limit", str(CUSTOMERS))),
        ("of known customers", ORDERS - CUSTOMERS, 1, ()),
    ):
        running.command(folder, "push", *options)
        counts = running.asked(sandbox)
        by_uuid, periods = counts["GET transaction_line_batch"], counts["GET year"]
        sent = counts["minox"] - by_uuid - periods
        yield row(f"requests per order: push, {what}", sent / count, floor, digits=3)
        yield row("  the look before it: periods, a run", periods, 2, digits=0)
        yield row("  the look before it: UUIDs, per order", by_uuid / count, 0, digits=2)


def _idle(folder: Path, sandbox: Sandbox) -> Iterator[Row]:
    # The census and the second look of the day come with the first one.
    running.command(folder, "fetch")
    for command, floor in (("fetch", 4), ("push", 0), ("verify", 0)):
        running.asked(sandbox)
        running.command(folder, command)
        counts = running.asked(sandbox)
        total = counts["shop"] + counts["minox"]
        yield row(f"requests with nothing to do: {command}", total, floor, digits=0)


def _texts(state: Path) -> float:
    """Return how many bytes of JSON there are for an order: as the shop has it, and as sent."""
    with Store(state) as store:
        sql = """SELECT avg(length(orders.payload) + length(body))
                 FROM bookings JOIN orders USING (number)"""
        return float(store.db.execute(sql).fetchone()[0])


def rates() -> Iterator[Row]:
    """Push at a rate limit, with answers that take their time."""
    floor = rate.floor()
    for of in rate.rates():
        what = f"share of the permitted rate, answers of {1000 * of.latency:.0f} ms"
        yield row(what, of.share, 1)
        yield row("  answers 429", of.refused, 0, digits=0)
        yield row("  processor time per order, beside a PUT and a commit", *_ms(of.cpu, floor), 1)


def _ms(figure: float, floor: float) -> tuple[float, float, str]:
    return 1000 * figure, 1000 * floor, " ms"


def starts() -> Iterator[Row]:
    """Start the command and what it is made of; in seconds of processor time."""
    click = _start("-c", "import click")
    bare = _start("-c", "pass")

    yield row("start: import click, beside python", 1000 * click, 1000 * bare, " ms", 0)
    for option in ("--help", "--version"):
        used = _start("-m", "mww2minox", option)
        yield row(f"start: {option}, beside import click", 1000 * used, 1000 * click, " ms", 0)


def _start(*arguments: str) -> float:
    return min(running.process([sys.executable, *arguments]).cpu for _time in range(TIMES))


def sizes() -> Iterator[Row]:
    """Run each command on few orders and on many, where it finds nothing to do."""
    with tempfile.TemporaryDirectory() as name, running.sandbox_of(0) as sandbox:
        folder = Path(name)
        running.prepare(folder, sandbox)
        few, many = (_state(folder, count, sandbox) for count in (FEW, MANY))

        for command in (*IDLE, *REPORTS):
            used = [running.command(folder, *command, state=state) for state in (few, many)]
            what = f"{' '.join(command)}, of {MANY} orders"
            yield row(what, used[1].seconds, used[0].seconds, " s")
            yield row("  memory", used[1].megabytes, used[0].megabytes, " MB", 0)


def _state(folder: Path, count: int, sandbox: Sandbox) -> Path:
    """Make a state of so many orders that was brought up to date a moment ago."""
    state = folder / f"{count}.db"
    today = datetime.now(UTC).date()
    many_orders_in(state, count, today)
    running.log_in(state, sandbox)
    with_nothing_to_do(state, since=date.fromisoformat(str(sandbox.config()["shop"]["since"])))

    # What the day's first runs do is not measured here.
    for command in IDLE:
        running.command(folder, *command, state=state)
    return state


if __name__ == "__main__":
    main()
