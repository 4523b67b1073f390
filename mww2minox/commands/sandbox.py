"""`sandbox`: both vendors' APIs on loopback until interrupted, to try things without touching real
books.
"""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mww2minox.errors import CannotWrite, ExitStatus, UsageError
from mww2minox.language.texts import _, system_problem
from mww2minox.output import Output

if TYPE_CHECKING:
    from mww2minox.sandbox import Sandbox

STOPPING = (signal.SIGINT, signal.SIGTERM)


def sandbox(
    output: Output, *, shop_port: int, minox_port: int, write_config: Path | None
) -> ExitStatus:
    """Serve both APIs until interrupted; with `write_config` write a config that works with
    them.
    """
    with started(shop_port, minox_port) as running, _stoppable(), suppress(KeyboardInterrupt):
        output.data(_("Shop:  {url}").format(url=running.shop_url))
        output.data(_("Minox: {url}").format(url=running.minox_url))
        if write_config:
            save_config(write_config, running.config() | {"state": "state.db"})
            output.data(_("Config: {path}").format(path=write_config))
        _tell_keys(output, running.config())
        output.say(_("Stop it with Ctrl-C."))

        while True:
            signal.pause()
    return ExitStatus.OK


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise KeyboardInterrupt inside the block."""
    # What a script starts with `&` ignores SIGINT, and Python leaves it so: it is asked for here.
    before = {number: signal.signal(number, signal.default_int_handler) for number in STOPPING}

    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_keys(output: Output, config: Mapping[str, Any]) -> None:
    """Tell what `setup` asks for."""
    shop, minox = config["shop"], config["minox"]
    trial = (
        f"mww2minox --config trial/config.yaml setup --shop-url {shop['url']} --minox-url"
        f" {minox['url']}"
    )
    output.say(_("To try setup: {command}").format(command=trial))
    output.say(
        _(
            "The keys that it asks for: token {token}, partner token {partner}, client id {id},"
            " client secret {secret}"
        ).format(
            token=shop["token"],
            partner=shop["partner_token"],
            id=minox["client_id"],
            secret=minox["client_secret"],
        )
    )


@contextmanager
def started(shop_port: int = 0, minox_port: int = 0) -> Iterator["Sandbox"]:
    """Run a sandbox on these ports (0: any free one).

    UsageError without the extra or when a port is taken.
    """
    try:
        from mww2minox.sandbox import Sandbox
    except ImportError:
        message = _("The sandbox needs Flask, which is not installed.")
        raise UsageError(
            message,
            _("Install mww2minox with its extra `sandbox`: pipx install --force '.[sandbox]'"),
        ) from None
    running = Sandbox()
    try:
        running.start(shop_port=shop_port, minox_port=minox_port)
    except OSError as error:
        message = _("Cannot listen on port {first} or {second}: {problem}.").format(
            first=shop_port, second=minox_port, problem=system_problem(error)
        )
        raise UsageError(
            message, _("Choose others: mww2minox sandbox --shop-port N --minox-port N")
        ) from None
    try:
        yield running
    finally:
        running.stop()


def save_config(path: Path, config: Mapping[str, Any]) -> None:
    """Write a config that only its owner can read."""
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        suggestion = _("Choose another file: mww2minox sandbox --write-config FILE")
        raise CannotWrite(path, error, suggestion) from None
