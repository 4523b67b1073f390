"""`sandbox`: both vendors' APIs on loopback until interrupted, to try things without touching real
books.
"""

import json
import select
import shlex
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from mww2minox.errors import ExitStatus
from mww2minox.language.texts import N_, _
from mww2minox.output import Output
from mww2minox.steps.running_sandbox import running_sandbox, save_config

if TYPE_CHECKING:
    from mww2minox.sandbox import Sandbox
    from mww2minox.sandbox.administration import Administration

SETUP_CONFIG = "practice.yaml"
"""What `setup` is tried with: a file in this folder, that no other command writes."""
ACCOUNTS_TO_CHOOSE = frozenset(
    ("1850", "4990", "8000", "8010", "8020", "8100", "8200", "8300", "8310", "8900", "8910", "8920")
)
STOPPING = (signal.SIGINT, signal.SIGTERM)
WAIT_SECONDS = 0.2


def sandbox(
    output: Output, *, shop_port: int, minox_port: int, write_config: Path | None
) -> ExitStatus:
    """Serve both APIs until interrupted; with `write_config` write a config that works with
    them.
    """
    with running_sandbox(shop_port, minox_port) as running, _signals_to_stop() as signals:
        output.data(_("Shop:  {url}").format(url=running.shop_url))
        output.data(_("Minox: {url}").format(url=running.minox_url))
        if write_config:
            save_config(write_config, running.config() | {"state": _state_beside(write_config)})
            output.data(_("Config: {path}").format(path=write_config))

        if not output.quiet:
            _tell_how_to_set_up(output, running.config(), write_config)
            _tell_accounts(output, running.minox.administration)
            _tell_how_to_practise(output, running, write_config)
        output.say(_("Stop it with Ctrl-C."))
        # Never long: a signal that comes just before a wait is noticed only after it.
        while not signals:
            select.select([], [], [], WAIT_SECONDS)

    return ExitStatus.OK


def _state_beside(config: Path) -> str:
    """Name the state file by its config, so that two configs in one folder do not share one."""
    return "state.db" if config.stem == "config" else f"{config.stem}.db"


@dataclass(frozen=True, slots=True)
class Exercise:
    """Something to do to the shop or the books, and the command of ours that notices it."""

    what: str
    command: str
    then: tuple[str, ...]


@contextmanager
def _signals_to_stop() -> Iterator[list[int]]:
    """Give a list that SIGINT and SIGTERM are noted in while inside."""
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    # What a script starts with `&` ignores SIGINT, and Python leaves it so: it is asked for here.
    before = {number: signal.signal(number, note) for number in STOPPING}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_how_to_set_up(
    output: Output, config: Mapping[str, Any], write_config: Path | None
) -> None:
    """Tell what `setup` asks for. It makes a config of its own, beside any that is written here."""
    shop, minox = config["shop"], config["minox"]
    name = SETUP_CONFIG
    if write_config and write_config.name == name:
        name = f"setup-{name}"

    addresses = ("--shop-url", shop["url"], "--minox-url", minox["url"])
    command = shlex.join(["mww2minox", "--config", name, "setup", *addresses])
    output.data("")
    output.data(_("To try setup, with {config} as a config of its own:").format(config=name))
    output.data(f"  {command}")

    keys = (
        (_("Token"), shop["token"]),
        (_("Partner token"), shop["partner_token"]),
        (_("Client id"), minox["client_id"]),
        (_("Client secret"), minox["client_secret"]),
    )
    for key, value in keys:
        output.data(f"  {key}: {value}")


def _tell_accounts(output: Output, administration: "Administration") -> None:
    """Tell the accounts that orders can be booked on, with the VAT code that goes with each."""
    output.data("")
    output.data(_("Ledger accounts to book on:"))
    for number, account in sorted(administration.accounts.items()):
        if number not in ACCOUNTS_TO_CHOOSE:
            continue

        line = f"  {number} {account['description']}"
        code = (account["vat"] or {}).get("id")
        if code is not None:
            named = administration.vat_codes[code]["description"]
            line += f" · {_('VAT code')} {code} {named}"
        output.data(line)


def _tell_how_to_practise(output: Output, sandbox: "Sandbox", write_config: Path | None) -> None:
    """Tell what can be done to the shop and the books, each as a command, and what notices it."""
    program = ("mww2minox", "--config", str(write_config or SETUP_CONFIG))

    output.data("")
    output.data(_("To practise (the ' are part of it; more: mww2minox help commands):"))
    for exercise in exercises(sandbox.shop_url, sandbox.minox_url, sandbox.today):
        then = shlex.join([*program, *exercise.then])
        output.data(f"  # {_(exercise.what)} · {then}")
        output.data(f"  {exercise.command}")


def exercises(shop_url: str, minox_url: str, today: date) -> list[Exercise]:
    """Return what is worth practising, by commands that run as they stand."""
    number = {"debtor": {"address": {"invoice": {"taxnumber": "BE0428759497"}}}}
    period = {"fiscal_year": today.year, "period": today.month}
    blocked = {"blocked": {"active": True}}

    return [
        Exercise(
            N_("give order 1009 the VAT number that it lacks"),
            _curl("PATCH", f"{shop_url}/_sandbox/orders/1009", number),
            ("retry", "1009"),
        ),
        Exercise(
            N_("close a period in Minox"),
            _curl("POST", f"{minox_url}/_sandbox/periods", period),
            ("push",),
        ),
        Exercise(
            N_("block a customer in Minox"),
            _curl("PATCH", f"{minox_url}/_sandbox/customers/10610", blocked),
            ("push",),
        ),
        Exercise(
            N_("delete the booking of order 1001 in Minox"),
            _curl("DELETE", f"{minox_url}/_sandbox/bookings/1001"),
            ("verify", "--all"),
        ),
    ]


def _curl(method: str, url: str, body: Mapping[str, Any] | None = None) -> str:
    """Write a request as a command line of curl."""
    data = [] if body is None else ["-d", json.dumps(body)]
    return shlex.join(["curl", "-X", method, url, *data])
