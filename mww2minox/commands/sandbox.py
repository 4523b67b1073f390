"""`sandbox`: both vendors' APIs on loopback until interrupted, to try things without touching real
books.
"""

import select
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _
from mww2minox.output import Output
from mww2minox.steps.running_sandbox import running_sandbox, save_config

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
            save_config(write_config, running.config() | {"state": "state.db"})
            output.data(_("Config: {path}").format(path=write_config))

        _tell_keys(output, running.config())
        output.say(_("Stop it with Ctrl-C."))
        # Never long: a signal that comes just before a wait is noticed only after it.
        while not signals:
            select.select([], [], [], WAIT_SECONDS)

    return ExitStatus.OK


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


def _tell_keys(output: Output, config: Mapping[str, Any]) -> None:
    """Tell what `setup` asks for."""
    shop, minox = config["shop"], config["minox"]

    trial = f"mww2minox --config trial/config.yaml setup --shop-url {shop['url']}"
    trial += f" --minox-url {minox['url']}"
    output.say(_("To try setup: {command}").format(command=trial))

    keys = _(
        "The keys that it asks for: token {token}, partner token {partner}, client id {id},"
        " client secret {secret}"
    )
    output.say(
        keys.format(
            token=shop["token"],
            partner=shop["partner_token"],
            id=minox["client_id"],
            secret=minox["client_secret"],
        )
    )
