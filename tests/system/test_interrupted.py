"""A long run that is interrupted tells what was done so far, and ends in 130."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from mww2minox import cli
from mww2minox.commands import verify as verify_module
from mww2minox.minox.api import Minox
from mww2minox.sandbox import Sandbox
from mww2minox.shop.api import Webshop
from tests.harness.inside import Inside
from tests.system.test_adopt import offer


@pytest.fixture
def samples() -> bool:
    return False


def interrupted_at(count: int, action: Callable[..., Any]) -> Callable[..., Any]:
    """Return an action that is interrupted when it is called for so many a time."""
    calls = 0

    def called(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            raise KeyboardInterrupt
        return action(*arguments, **options)

    return called


def test_what_was_done_is_told_when_it_is_interrupted(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(vendors, 4)
    with monkeypatch.context() as patch:
        patch.setattr(Webshop, "pages", interrupted_at(1, Webshop.pages))
        ended = inside("fetch")
        assert (ended.status, "Fetched so far: 0 new" in ended.err) == (130, True)
    inside("fetch")

    with monkeypatch.context() as patch:
        patch.setattr(Minox, "put_booking", interrupted_at(3, Minox.put_booking))
        ended = inside("push")
        assert (ended.status, "Booked so far: 2 orders" in ended.err) == (130, True)
        assert "Interrupted." in ended.err

    with monkeypatch.context() as patch:
        patch.setattr(verify_module, "_verify", interrupted_at(2, lambda *_arguments: None))
        ended = inside("verify")
        assert (ended.status, "Verified so far: 1 booking." in ended.err) == (130, True)

    # Nothing is lost.
    assert inside("push").status == 0
    assert len(inside.booked()) == 4


def test_a_few_orders_that_were_booked_are_named_by_their_numbers(
    inside: Inside, vendors: Sandbox
) -> None:
    first, *_others = offer(vendors, 6)
    inside("fetch")
    total = vendors.shop.orders[first]["price"]["total"]
    pushed = inside("push", "--limit", "1")
    assert f"Order {first}: customer 10001, {total} euros, invoice {first}" in pushed.err
    name = vendors.shop.orders[first]["debtor"]["address"]["invoice"]["name"]
    assert name not in pushed.out + pushed.err + inside.log

    assert inside("push").err.count("customer 1000") == 5


def test_to_be_stopped_is_to_be_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(sys, "argv", ["mww2minox", "--version"])
    monkeypatch.setattr(os, "_exit", sys.exit)
    try:
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
