"""`sandbox`: both vendors' APIs on loopback until interrupted, to try things without touching real books."""

import os
import time
from collections.abc import Iterator, Mapping as Map
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mww2minox.errors import ExitStatus, UsageError
from mww2minox.output import Output

if TYPE_CHECKING:
    from mww2minox.sandbox import Sandbox


def sandbox(output: Output, *, shop_port: int, minox_port: int, write_config: Path | None) -> ExitStatus:
    """Serve both APIs until interrupted; with `write_config` write a config that works with them."""
    with started(shop_port, minox_port) as running:
        output.data(f"Shop:  {running.shop_url}\nMinox: {running.minox_url}")
        if write_config:
            save_config(write_config, running.config() | {"state": "state.db"})
            output.data(f"Config: {write_config}")
        output.say("Stop it with Ctrl-C.")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return ExitStatus.OK


@contextmanager
def started(shop_port: int = 0, minox_port: int = 0) -> Iterator["Sandbox"]:
    """Run a sandbox on these ports (0: any free one). UsageError without the extra or when a port is taken."""
    try:
        from mww2minox.sandbox import Sandbox
    except ImportError:
        message = "The sandbox needs Flask, which is not installed."
        raise UsageError(
            message, "Install mww2minox with its extra `sandbox`: pipx install --force '.[sandbox]'"
        ) from None
    running = Sandbox()
    try:
        running.start(shop_port=shop_port, minox_port=minox_port)
    except OSError as error:
        message = f"Cannot listen on port {shop_port} or {minox_port}: {error.strerror}."
        raise UsageError(message, "Choose others: mww2minox sandbox --shop-port N --minox-port N") from None
    try:
        yield running
    finally:
        running.stop()


def save_config(path: Path, config: Map[str, Any]) -> None:
    """Write a config that only its owner can read."""
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        message = f"Cannot write {path}: {error.strerror}."
        raise UsageError(message, "Choose another file: mww2minox sandbox --write-config FILE") from None
