"""A sandbox of both services that runs while it is needed, and a config file that works with it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mww2minox.errors import CannotWrite, UsageError
from mww2minox.language.texts import _, system_problem

if TYPE_CHECKING:
    from mww2minox.sandbox import Sandbox


@contextmanager
def running_sandbox(shop_port: int = 0, minox_port: int = 0) -> Iterator["Sandbox"]:
    """Run a sandbox on these ports (0: any free one).

    UsageError without the extra or when a port is taken.
    """
    sandbox = _new_sandbox()
    try:
        sandbox.start(shop_port=shop_port, minox_port=minox_port)
    except OSError as error:
        message = _("Cannot listen on port {first} or {second}: {problem}.").format(
            first=shop_port, second=minox_port, problem=system_problem(error)
        )
        raise UsageError(
            message, _("Choose others: mww2minox sandbox --shop-port N --minox-port N")
        ) from None

    try:
        yield sandbox
    finally:
        sandbox.stop()


def _new_sandbox() -> "Sandbox":
    # Its Flask is an extra: who only books needs none.
    try:
        from mww2minox.sandbox import Sandbox
    except ImportError:
        message = _("The sandbox needs Flask, which is not installed.")
        suggestion = _(
            "Install mww2minox with its extra `sandbox`: pipx install --force"
            " './mww2minox[notify,sandbox]'"
        )
        raise UsageError(message, suggestion) from None

    return Sandbox()


def save_config(path: Path, config: Mapping[str, Any]) -> None:
    """Write a config of a sandbox, that only its owner can read, over one of a sandbox at most.

    UsageError where another config is there, CannotWrite where it cannot be written.
    """
    text = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    suggestion = _("Choose another file: mww2minox sandbox --write-config FILE")

    try:
        if path.exists() and _token_of(path.read_bytes()) != config["shop"]["token"]:
            message = _("{path} is there already, and was not written by the sandbox.")
            raise UsageError(message.format(path=path), suggestion)

        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CannotWrite(path, error, suggestion) from None


def _token_of(text: bytes) -> object:
    """Return the shop's token of a config: that of a sandbox stands in no other. None without."""
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        return None

    shop = config.get("shop") if isinstance(config, dict) else None
    return shop.get("token") if isinstance(shop, dict) else None
