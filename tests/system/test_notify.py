"""Being told: each matter once, again when it comes back, to whoever takes the message, and nothing
private in it.
"""

import hashlib
import json
import logging
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
import yaml

from mww2minox import messenger
from mww2minox.books import order_check
from mww2minox.books.model import Reason, Rejection, State
from mww2minox.errors import ExitStatus
from mww2minox.reasons import REASONS
from mww2minox.sandbox import Fault, Sandbox, ledger, shop_api
from mww2minox.sandbox.gate import Gate
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from mww2minox.sandbox.server import Answer, HttpServer, Incoming
from mww2minox.state import Store, StoredOrder
from mww2minox.steps import booking_run
from mww2minox.wiring import Wiring
from tests.harness.clock import Clock
from tests.harness.inside import Ended, Inside
from tests.system.conftest import Cli

HOUR = 3600.0
DAY = 24 * HOUR
PATH_SECRET = "canary-topic"
VAT_NUMBER = "BE0897223571"
BOOKED = "1001"
PRIVATE = ("name", "company", "street", "phone", "taxnumber", "city", "zipcode")


class Service:
    """Somebody's messenger and dead man's switch on loopback. `status` is what it answers."""

    def __init__(self) -> None:
        self.status = 200
        self.messages: list[dict[str, Any]] = []
        self.pings: list[str] = []
        self.came: list[Incoming] = []
        self.free = threading.Event()
        self.free.set()
        self.arrived = threading.Event()
        self._server = HttpServer(self._respond)
        self.port = self._server.start()

    def _respond(self, incoming: Incoming) -> Answer:
        self.came.append(incoming)
        self.arrived.set()
        self.free.wait(30)
        if incoming.method == "POST":
            if self.status == 200:
                self.messages.append(json.loads(incoming.body))
            return Answer(self.status)
        self.pings.append(incoming.target)
        return Answer(self.status, [("Location", f"http://127.0.0.1:{self.port}/elsewhere")])

    def stop(self) -> None:
        self.free.set()
        self._server.stop()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/{PATH_SECRET}?rto=60"

    @property
    def switch(self) -> str:
        return f"http://127.0.0.1:{self.port}/ping/{PATH_SECRET}?key={PATH_SECRET}"

    def taken(self) -> str:
        """Return what arrived since the last time that was asked."""
        found = "\n\n".join(
            f"{message['title']}\n{message['message']}" for message in self.messages
        )
        self.messages.clear()
        return found


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.stop()


def config_of(vendors: Sandbox) -> dict[str, Any]:
    """Return a config without fixed customers, where no way of paying is news."""
    return vendors.config() | {"payment_debtors": {}}


@pytest.fixture
def told(inside: Inside, vendors: Sandbox, service: Service) -> Inside:
    """The command with somebody to tell."""
    notify = {"urls": [service.url], "dead_mans_switch": service.switch}
    inside.write_config(
        {**config_of(vendors), "language": "en", "state": str(inside.state), "notify": notify}
    )
    return inside


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, number: str, *, email: str = "klant@example.nl", **fields: Any) -> None:
    """Put an order in the shop; without an e-mail address it cannot be booked."""
    buyer = person("Klant", email)
    vendors.shop.add(
        order(number, vendors.today, buyer, [goods("21", "12.10")], invoice("12.10"), **fields)
    )


def give_email(vendors: Sandbox, number: str, email: str) -> None:
    vendors.shop.change(number, debtor={**vendors.shop.orders[number]["debtor"], "email": email})


def run(command: Inside, *lines: str) -> list[int]:
    return [command(*line.split()).status for line in lines]


# Orders


def test_a_warning_is_told_once_and_again_of_another_order_only(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", payment_status="voided")
    assert run(told, "fetch", "push") == [0, 0]
    assert service.taken() == (
        "mww2minox: 1 matter needs attention\nOrder 501: the payment status in"
        ' the shop is "voided".\nLook in the shop whether a credit order is missing, or whether the'
        " payment is still to come. Then run: mww2minox seen 501"
    )
    assert run(told, "fetch", "push", "verify", "seen 501", "push") == [0] * 5
    assert service.taken() == ""
    offer(vendors, "502", payment_status="failed")
    assert run(told, "fetch", "push") == [0, 0]
    assert "Order 502: the payment status" in service.taken()


def test_an_order_that_fails_is_told_once_with_what_to_do(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", email="")
    assert run(told, "fetch") == [0]
    assert service.taken() == ""
    assert run(told, "push") == [3]
    assert (
        service.taken()
        == "mww2minox: 1 matter needs attention\nOrder 501 has no e-mail address, so its customer"
        " cannot be found.\nFill in the e-mail address in the shop, or add the way of paying to"
        " payment_debtors in the config. Then run: mww2minox retry 501"
    )
    assert run(told, "push", "fetch", "verify", "adopt", "retry 501") == [3, 0, 0, 0, 3]
    assert service.taken() == ""


def test_only_what_is_new_is_told(told: Inside, vendors: Sandbox, service: Service) -> None:
    offer(vendors, "501", email="")
    run(told, "fetch", "push")
    service.taken()
    offer(vendors, "502", email="")
    run(told, "fetch", "push")
    message = service.taken()
    assert ("502" in message, "501" in message) == (True, False)


def test_an_order_that_was_solved_is_told_again_when_it_comes_back(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    vendors.minox.close_period(vendors.today.year, vendors.today.month)
    offer(vendors, "501")
    assert run(told, "fetch", "push") == [0, 3]
    assert "Minox refuses the booking of order 501" in service.taken()
    vendors.shop.set_status("501", 1)
    assert run(told, "retry 501") == [0]
    assert told.report()["501"]["state"] == "waiting"
    vendors.shop.set_status("501", 2)
    assert run(told, "retry 501") == [3]
    assert "Minox refuses the booking of order 501" in service.taken()


def test_another_reason_of_the_same_order_is_told(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", email="")
    run(told, "fetch", "push")
    service.taken()
    vendors.minox.close_period(vendors.today.year, vendors.today.month)
    give_email(vendors, "501", "gevonden@example.nl")
    run(told, "retry 501")
    assert "Minox refuses the booking of order 501" in service.taken()


def test_another_cause_under_the_same_reason_is_told(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", orderlines=[goods("7", "12.10")])
    run(told, "fetch", "push")
    assert "Order 501 has VAT rate 7% in NL" in service.taken()
    run(told, "push", "retry 501")
    assert service.taken() == ""
    vendors.shop.change("501", orderlines=[goods("8", "12.10")])
    run(told, "retry 501", "push")
    message = service.taken()
    assert message.startswith("mww2minox: 1 matter needs attention\n")
    assert "Order 501 has VAT rate 8% in NL" in message


def test_another_status_that_books_does_not_end_what_is_wrong_with_an_order(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", email="")
    run(told, "fetch", "push")
    service.taken()
    for status in (3, 2, 3):
        vendors.shop.set_status("501", status)
        assert run(told, "fetch") == [0]
        assert told.report()["501"]["state"] == "ready"
        assert run(told, "push") == [3]
    assert service.taken() == ""
    give_email(vendors, "501", "gevonden@example.nl")
    assert run(told, "fetch", "push") == [0, 0]
    with Store(told.state) as store:
        assert store.told() == set()


def test_a_status_that_changes_while_the_outcome_is_unknown_tells_nothing_anew(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501")
    run(told, "fetch")
    vendors.faults.append(Fault("status", side="minox", method="PUT", times=None))
    assert run(told, "push") == [4]
    assert "answer was lost" in service.taken()
    for status in (6, 2, 6, 1):
        vendors.shop.set_status("501", status)
        assert run(told, "fetch") == [0]
        assert told.report()["501"]["reason"] == "outcome_unknown"
    assert service.taken() == ""


def test_what_an_older_version_told_is_not_told_again(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", orderlines=[goods("7", "12.10")])
    offer(vendors, "502")
    run(told, "fetch", "push")
    (lines,) = vendors.minox.batches.values()
    lines[0]["invoice_number"] = 77
    lines[1]["credit"] += 1
    run(told, "verify")
    service.taken()
    with Store(told.state) as store:
        (booking,) = store.bookings()
        assert len(booking.differences) > 1
        values = [(one.code, sorted(one.values.items())) for one in booking.differences]
        digest = hashlib.sha256(repr(values).encode()).hexdigest()[:12]
        store.forget_told(store.told())
        store.mark_told(["order 501 vat_rate_unmapped", f"difference 502 {digest}"])
    run(told, "fetch", "push", "verify", "fetch")
    assert service.taken() == ""
    vendors.shop.change("501", orderlines=[goods("8", "12.10")])
    run(told, "retry 501")
    assert "VAT rate 8% in NL" in service.taken()


def test_a_difference_that_is_left_of_several_is_not_told_again(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, BOOKED)
    run(told, "fetch", "push")
    (lines,) = vendors.minox.batches.values()
    lines[0]["invoice_number"] = 77
    lines[1]["credit"] += 1
    run(told, "verify")
    assert service.taken().count("invoice number") == 1
    lines[1]["credit"] -= 1
    run(told, "verify", "verify")
    assert service.taken() == ""
    lines[1]["credit"] += 1
    run(told, "verify")
    assert f"Order {BOOKED}" in service.taken(), "it was over, and came back"


def test_a_reason_whose_row_says_skipped_skips_and_is_told_to_nobody(
    told: Inside, vendors: Sandbox, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = replace(REASONS[Reason.EMAIL_MISSING], state=State.SKIPPED)
    monkeypatch.setitem(REASONS, Reason.EMAIL_MISSING, row)
    offer(vendors, "502", email="")
    assert run(told, "fetch", "push --dry-run", "push") == [0, 0, 0]
    assert service.taken() == ""
    with Store(told.state) as store:
        stored = store.order("502")
    assert stored is not None
    assert stored.state is State.SKIPPED


def test_more_than_ten_orders_are_told_by_their_number(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    for number in range(501, 514):
        offer(vendors, str(number), email="")
    run(told, "fetch", "push")
    message = service.taken()
    assert message.startswith("mww2minox: 13 matters need attention\n")
    assert message.count("has no e-mail address") == 10
    assert message.endswith("\n\nAnd 3 more orders: mww2minox report --errors")
    run(told, "push")
    assert service.taken() == ""


def test_a_run_that_ends_in_an_error_tells_what_it_did_before(
    told: Inside, vendors: Sandbox, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(vendors, "501", email="")
    run(told, "fetch")
    real = booking_run.tell

    def stumble(*arguments: Any, **options: Any) -> None:
        real(*arguments, **options)
        raise RuntimeError

    monkeypatch.setattr(booking_run, "tell", stumble)
    assert run(told, "push") == [1]
    assert "Order 501" in service.taken()


def test_a_run_that_is_interrupted_tells_nothing_and_the_next_one_does(
    told: Inside, vendors: Sandbox, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(vendors, "501", email="")
    run(told, "fetch")
    with monkeypatch.context() as broken:
        broken.setattr(booking_run, "tell", mock.Mock(side_effect=KeyboardInterrupt))
        assert run(told, "push") == [130]
    assert service.taken() == ""
    run(told, "fetch")
    assert "Order 501" in service.taken()


def test_a_dry_run_tells_nobody_and_does_not_count_as_a_push(
    told: Inside, vendors: Sandbox, service: Service, clock: Clock
) -> None:
    offer(vendors, "501", email="")
    run(told, "fetch", "push")
    service.taken()
    service.pings.clear()
    clock.pass_by(2 * DAY)
    assert run(told, "push --dry-run") == [3]
    assert service.came[2:] == []
    run(told, "fetch")
    assert "mww2minox push has not ended well since 20 Mar 2026" in service.taken()


def test_a_process_of_its_own_tells_too_and_says_nothing_itself(
    cli: Cli, config: dict[str, Any], sandbox: Sandbox, service: Service
) -> None:
    cli.write_config(
        {**config, "notify": {"urls": [service.url], "dead_mans_switch": service.switch}}
    )
    assert (cli("-q", "fetch").err, cli("-q", "push").err) == ("", "")
    offer(sandbox, "501", email="")
    cli("-q", "fetch")
    with cli.start("-q", "push") as process:
        _, err = process.communicate(timeout=60)
    assert (process.returncode, len(err.splitlines())) == (3, 2)
    assert "Order 501" in service.taken()
    assert len(service.pings) == 2


# Differences


def test_a_difference_is_told_once_and_another_one_again(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, BOOKED)
    run(told, "fetch", "push", "verify")
    assert service.taken() == ""
    (lines,) = vendors.minox.batches.values()
    lines[1]["credit"] += 1
    assert run(told, "verify --all", "verify", "fetch") == [3, 3, 0]
    message = service.taken()
    assert message.startswith(f"mww2minox: 1 matter needs attention\nOrder {BOOKED}: ")
    assert message.endswith(
        f"Correct it in Minox or in the shop, then run: mww2minox verify --order {BOOKED}. Or,"
        f" if it may stay as it is: mww2minox seen {BOOKED}"
    )
    lines[1]["credit"] += 1
    assert run(told, "verify") == [3]
    assert f"Order {BOOKED}" in service.taken()
    lines[1]["credit"] -= 2
    assert run(told, "verify") == [0]
    lines[1]["credit"] += 2
    assert run(told, "verify --all") == [3]
    assert f"Order {BOOKED}" in service.taken(), "it was over, and came back"


def test_an_order_that_changed_after_its_booking_is_told_by_fetch(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, BOOKED)
    run(told, "fetch", "push")
    price = vendors.shop.orders[BOOKED]["price"]
    vendors.shop.change(BOOKED, price={**price, "total": "99.00"})
    run(told, "fetch")
    assert "changed in the shop after it was booked" in service.taken()


# Keys


def test_a_dead_login_is_told_once_until_it_has_worked_again(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501")
    run(told, "fetch")
    for _attempt in range(2):
        vendors.minox.tokens.access.clear()
        vendors.minox.tokens.refresh.clear()
        assert run(told, "push", "fetch", "push") == [4, 0, 4]
        message = service.taken()
        assert message.startswith("mww2minox: 1 matter needs attention\n")
        assert message.endswith("mww2minox login")
        told.log_in(vendors)
        assert run(told, "push") == [0]
        offer(vendors, "502")
        run(told, "fetch")
    assert service.taken() == ""


def test_order_numbers_that_are_long_for_invoice_numbers_are_told_once(
    told: Inside, vendors: Sandbox, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the state of a version that knew nothing of 8 digits."""
    monkeypatch.setattr(ledger, "MAX_INVOICE_NUMBER", 10**15)
    offer(vendors, "202600777")
    with monkeypatch.context() as before:
        before.setattr(order_check, "INVOICE_NUMBER", order_check.LONG_NUMBER)
        run(told, "fetch", "push")
    assert "booking.invoice_number: minox" in service.taken()
    assert run(told, "fetch", "push", "verify") == [0, 0, 0]
    assert service.taken() == ""


def test_a_token_of_the_shop_that_is_refused_is_told_once(
    told: Inside, vendors: Sandbox, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(vendors, "501")
    run(told, "fetch")
    for _attempt in range(2):
        with monkeypatch.context() as renewed:
            renewed.setattr(shop_api, "TOKEN", "another")
            assert run(told, "fetch", "push", "fetch") == [4, 0, 4]
        assert "The shop does not accept shop.token" in service.taken()
        assert run(told, "fetch") == [0]


def test_rights_that_minox_refuses_are_told_once(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501")
    run(told, "fetch")
    vendors.faults.append(Fault("status", side="minox", method="GET", status=403, times=None))
    assert run(told, "push", "push", "fetch", "push") == [4, 4, 0, 4]
    vendors.faults.insert(0, Fault("html", side="minox", times=None))
    assert run(told, "push") == [4], "it was asked, but its rights were not taken"
    del vendors.faults[0]
    assert run(told, "push") == [4]
    assert service.taken().count("Minox refuses our keys or rights") == 1
    vendors.faults.clear()
    assert run(told, "push") == [0]
    with Store(told.state) as store:
        assert store.told() == set()


# A run that refused


def in_journal(vendors: Sandbox, number: str) -> None:
    """Put a booking of another connector in the journal, by the number of an order."""
    day = vendors.today.isoformat()
    common: dict[str, Any] = {
        "batch_id": str(uuid.uuid5(uuid.NAMESPACE_OID, number)),
        "document_date": day,
        "journal": {"id": "VERK"},
        "period": {"id": int(day[5:7]), "fiscal_year": int(day[:4])},
        "description": number,
    }
    accounts = ({"id": "10611", "type": "customer"}, {"id": "8000", "type": "ledger_account"})
    sides = ({"debit": 12.1, "credit": 0.0}, {"debit": 0.0, "credit": 12.1})
    vendors.minox.batches[common["batch_id"]] = [
        {"account": {"scheme": "MINOX", **account}, **side, **common, "line_number": place}
        for place, (account, side) in enumerate(zip(accounts, sides, strict=True), 1)
    ]


def test_a_push_that_finds_its_orders_in_the_journal_is_told_and_is_no_sign_of_life(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501")
    in_journal(vendors, "501")
    run(told, "fetch")
    assert run(told, "push") == [3]
    message = service.taken()
    assert message.startswith("mww2minox: 2 matters need attention\n")
    assert "The journal in Minox already holds a booking for 1 of these orders: 501." in message
    assert "mww2minox adopt" in message
    assert service.pings == []

    # One that stands in the way of no other does not stop the run.
    offer(vendors, "502")
    assert run(told, "fetch", "push") == [0, 3]
    assert (service.taken(), len(service.pings)) == ("", 1)
    assert run(told, "adopt", "push") == [0, 0]
    with Store(told.state) as store:
        assert store.told() == set()


REFUSAL = (
    "Something stands in the way: 5. Nothing was sent.",
    "Clear it, then run: mww2minox push",
)


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[str, str]]:
    """What makes `push` refuse, by its cause; without any it books."""
    causes: dict[str, tuple[str, str]] = {}
    real = booking_run.book_all

    def refuse_or_book(wiring: Wiring, orders: Sequence[StoredOrder], **options: Any) -> ExitStatus:
        for cause, (message, suggestion) in causes.items():
            wiring.refuse(cause, message, suggestion)
            wiring.output.warn(message, suggestion)
            return ExitStatus.ATTENTION
        return real(wiring, orders, **options)

    monkeypatch.setattr("mww2minox.steps.booking_run.book_all", refuse_or_book)
    return causes


def test_a_run_that_refused_is_told_once_until_a_push_has_booked_again(
    told: Inside, vendors: Sandbox, service: Service, refusing: dict[str, tuple[str, str]]
) -> None:
    offer(vendors, "501")
    run(told, "fetch")
    for _time in range(2):
        refusing["journal"] = REFUSAL
        ended = told("push")
        assert (ended.status, ended.err) == (3, f"{REFUSAL[0]}\n{REFUSAL[1]}\n")
        assert service.taken() == f"mww2minox: 1 matter needs attention\n{chr(10).join(REFUSAL)}"
        refusing["journal"] = ("The same: 6.", REFUSAL[1])
        assert run(told, "push", "fetch", "verify", "push") == [3, 0, 0, 3]
        assert service.taken() == ""
        refusing.clear()
        assert run(told, "push") == [0]
        offer(vendors, "502")
        run(told, "fetch")


def test_a_run_that_refused_for_another_cause_is_told(
    told: Inside, vendors: Sandbox, service: Service, refusing: dict[str, tuple[str, str]]
) -> None:
    offer(vendors, "501")
    refusing["journal"] = REFUSAL
    run(told, "fetch", "push")
    service.taken()
    del refusing["journal"]
    refusing["shop"] = ("The shop is another one.", REFUSAL[1])
    run(told, "push")
    assert "The shop is another one." in service.taken()


def test_a_run_that_refused_is_no_sign_of_life(
    told: Inside,
    vendors: Sandbox,
    service: Service,
    clock: Clock,
    refusing: dict[str, tuple[str, str]],
) -> None:
    run(told, "fetch", "push", "verify")
    offer(vendors, "501")
    refusing["journal"] = REFUSAL
    service.pings.clear()
    run(told, "fetch", "push")
    assert service.pings == []
    for _half_day in range(3):
        clock.pass_by(12 * HOUR)
        run(told, "fetch", "push")
    service.taken()
    run(told, "verify")
    assert service.pings == [], "push stands still"
    refusing.clear()
    run(told, "push")
    assert len(service.pings) == 1


def test_a_push_that_only_refuses_is_missed_after_a_day(
    told: Inside,
    vendors: Sandbox,
    service: Service,
    clock: Clock,
    refusing: dict[str, tuple[str, str]],
) -> None:
    run(told, "fetch", "push")
    offer(vendors, "501")
    refusing["journal"] = REFUSAL
    for _half_day in range(3):
        clock.pass_by(12 * HOUR)
        run(told, "fetch", "push")
    assert "mww2minox push has not ended well since" in service.taken()


def test_check_is_red_where_the_last_run_refused(
    told: Inside, vendors: Sandbox, refusing: dict[str, tuple[str, str]]
) -> None:
    offer(vendors, "501")
    run(told, "fetch", "push")
    assert told("check").status == 0
    offer(vendors, "502")
    run(told, "fetch")
    refusing["journal"] = REFUSAL
    run(told, "push", "verify")
    ended = told("check")
    assert ended.status == 3
    assert "last run of push: it refused and did nothing" in " ".join(ended.out.split())
    assert "mww2minox push" in ended.out
    refusing.clear()
    run(told, "push")
    assert told("check").status == 0


# Nothing ran for a day


def test_a_machine_that_was_off_says_so_when_it_is_back(
    told: Inside, service: Service, clock: Clock
) -> None:
    run(told, "fetch", "push", "verify")
    clock.pass_by(25 * HOUR)
    run(told, "fetch", "push", "verify")
    assert service.taken() == ""
    clock.pass_by(27 * HOUR)
    run(told, "fetch")
    message = service.taken()
    assert "mww2minox fetch had not ended well since 21 Mar 2026, " in message
    assert "mww2minox push has not ended well since 21 Mar 2026, " in message
    assert "then run: mww2minox verify" in message
    run(told, "fetch", "push", "verify", "fetch")
    assert service.taken() == ""
    clock.pass_by(27 * HOUR)
    run(told, "fetch")
    assert "fetch had not ended well" in service.taken(), "it is told again"


def test_a_push_that_no_longer_ends_well_is_told_after_a_day(
    told: Inside, vendors: Sandbox, service: Service, clock: Clock
) -> None:
    run(told, "fetch", "push")
    offer(vendors, "501")
    vendors.faults.append(Fault("html", side="minox", times=None))
    for _half_day in range(4):
        clock.pass_by(12 * HOUR)
        assert run(told, "fetch", "push") == [0, 4]
    message = service.taken()
    assert message.startswith(
        "mww2minox: 1 matter needs attention\nmww2minox push has not ended well since 20 Mar"
    )
    assert message.count("mww2minox push has") == 1


def test_a_command_that_never_ended_well_counts_from_its_first_start(
    told: Inside, vendors: Sandbox, service: Service, clock: Clock
) -> None:
    offer(vendors, "501")
    vendors.faults.append(Fault("html", side="minox", times=None))
    run(told, "fetch", "push")
    clock.pass_by(14 * HOUR)
    run(told, "fetch", "push")
    clock.pass_by(14 * HOUR)
    run(told, "fetch")
    assert "mww2minox push has not ended well since 20 Mar 2026" in service.taken()


def test_a_command_that_nobody_ever_ran_is_not_missed(
    told: Inside, service: Service, clock: Clock
) -> None:
    for _day in range(3):
        run(told, "fetch", "adopt")
        clock.pass_by(DAY)
    assert service.taken() == ""


# Who is told, and when that fails


def test_a_message_that_nobody_took_is_sent_by_the_next_run(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", email="")
    run(told, "fetch")
    service.status = 500
    ended = told("-v", "push")
    assert ended.status == 3
    assert ended.err.count("did not reach address 1 of notify.urls; the next run tries again.") == 1
    assert PATH_SECRET not in ended.err + ended.out + told.log
    service.status = 200
    assert run(told, "fetch") == [0]
    assert "Order 501" in service.taken()
    run(told, "fetch")
    assert service.taken() == ""


def test_a_service_that_is_gone_does_not_keep_the_others_from_being_told(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    gone = f"json://user:{PATH_SECRET}@127.0.0.1:9/"
    set_notify(told, vendors, urls=[gone, service.url])
    offer(vendors, "501", email="")
    run(told, "fetch")
    ended = told("push")
    assert "did not reach address 1 of notify.urls; it did reach the others." in ended.err
    assert PATH_SECRET not in ended.err + told.log
    assert "Order 501" in service.taken()
    assert "notify" not in told("push").err


def set_notify(command: Inside, vendors: Sandbox, **notify: Any) -> None:
    config = {**config_of(vendors), "language": "en", "state": str(command.state), "notify": notify}
    command.write_config(config)


@pytest.mark.parametrize("error", [TypeError, OSError])
def test_whatever_a_plugin_trips_over_is_no_bug_and_tells_no_url(
    told: Inside,
    vendors: Sandbox,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    offer(vendors, "501", email="")
    run(told, "fetch")
    monkeypatch.setattr(logging.root, "handlers", [])  # as in the real command

    def stumble(*_: object, **__: object) -> None:
        logging.getLogger("apprise").error("cannot reach %s", service.url)
        logging.getLogger("of.a.plugin").error("cannot reach %s", service.url)
        raise error(service.url)

    with mock.patch("apprise.Apprise.notify", stumble):
        ended = told("-v", "push")
    assert ended.status == 3
    assert f"notify.urls[0]: {error.__name__}" in told.log
    assert PATH_SECRET not in ended.err + told.log


def test_a_kill_between_sending_and_remembering_tells_it_again(
    told: Inside, vendors: Sandbox, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(vendors, "501", email="")
    run(told, "fetch")
    with monkeypatch.context() as killed:
        killed.setattr(Store, "mark_told", mock.Mock(side_effect=KeyboardInterrupt))
        assert run(told, "push") == [130]
    assert "Order 501" in service.taken()
    run(told, "fetch")
    assert "Order 501" in service.taken()


def test_a_service_that_never_answers_is_left_after_a_while(
    told: Inside, vendors: Sandbox, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messenger, "SEND_SECONDS", 0.05)
    offer(vendors, "501", email="")
    run(told, "fetch")
    service.free.clear()
    set_notify(told, vendors, urls=[service.url])
    assert "the next run tries again" in told("push").err


def test_a_url_cannot_ask_for_more_patience_than_there_is(
    told: Inside, vendors: Sandbox, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messenger, "SILENCE_SECONDS", 0.05)
    set_notify(told, vendors, urls=[service.url])
    offer(vendors, "501", email="")
    run(told, "fetch")
    service.free.clear()
    began = time.perf_counter()
    assert "the next run tries again" in told("push").err
    assert time.perf_counter() - began < 15


def test_a_slow_service_holds_up_no_other_run_and_nothing_is_told_twice(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    set_notify(told, vendors, urls=[service.url])
    offer(vendors, "501", email="")
    run(told, "fetch")
    service.free.clear()
    ended: list[Ended] = []
    slow = threading.Thread(target=lambda: ended.append(told("push")))
    slow.start()
    assert service.arrived.wait(30)
    with Store(told.state) as store, store.run(), store.telling() as our_turn:
        assert not our_turn
    service.free.set()
    slow.join()
    assert ended[0].status == 3
    with Store(told.state) as store, store.telling() as our_turn:
        assert our_turn
    run(told, "fetch")
    assert len(service.messages) == 1


def test_while_another_run_tells_this_one_leaves_it_to_the_next(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", email="")
    with Store(told.state) as store, store.telling():
        assert run(told, "fetch", "push") == [0, 3]
        assert service.taken() == ""
    run(told, "fetch")
    assert "Order 501" in service.taken()


def test_a_run_that_did_not_get_the_lock_tells_nothing(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", email="")
    with Store(told.state) as store, store.telling():
        run(told, "fetch", "push")
    service.came.clear()
    with Store(told.state) as store, store.run():
        assert run(told, "push") == [75]
    assert service.came == []


def test_without_notify_nothing_is_imported_asked_or_told(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.setattr("mww2minox.alerts.send", mock.Mock(side_effect=AssertionError))
    monkeypatch.setattr("mww2minox.alerts.ping", mock.Mock(side_effect=AssertionError))
    offer(vendors, "501", email="")
    assert run(inside, "fetch", "push", "verify") == [0, 3, 0]
    with Store(inside.state) as store:
        assert store.told() == set()


def test_urls_without_the_extra_are_a_problem_of_the_config(
    told: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    ended = told("fetch")
    assert ended.status == 2
    assert "value 1 of notify.urls" in ended.err
    assert "pipx install --force './mww2minox[notify,sandbox]'" in ended.err
    assert PATH_SECRET not in ended.err


# The dead man's switch


def test_the_switch_is_told_after_a_push_a_verify_and_a_retry_that_ended_well(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    offer(vendors, "501", email="")
    assert run(told, "push") == [0]
    assert service.pings == [], "nothing was fetched yet"
    run(told, "fetch", "adopt")
    assert service.pings == []
    assert run(told, "push", "verify", "retry 501") == [3, 0, 3]
    assert service.pings == [f"/ping/{PATH_SECRET}?key={PATH_SECRET}"] * 3


def test_the_switch_goes_off_when_a_run_ends_badly(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    assert run(told, "fetch", "push") == [0, 0]
    service.pings.clear()
    offer(vendors, "501")
    run(told, "fetch")
    vendors.faults.append(Fault("html", side="minox", times=None))
    assert run(told, "push") == [4]
    assert service.pings == []


@pytest.mark.parametrize("stopped", ["fetch", "push", "verify"])
def test_the_switch_goes_off_when_any_part_stands_still(
    told: Inside, service: Service, clock: Clock, stopped: str
) -> None:
    run(told, "fetch", "push", "verify")
    clock.pass_by(27 * HOUR)
    others = [command for command in ("fetch", "push", "verify") if command != stopped]
    run(told, *others)
    service.pings.clear()
    run(told, *others)
    assert service.pings == []
    run(told, stopped, *others)
    assert service.pings


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_switch_that_fails_is_a_line_in_the_log(
    told: Inside, vendors: Sandbox, service: Service, status: int
) -> None:
    set_notify(told, vendors, dead_mans_switch=service.switch)
    run(told, "fetch")
    service.status = status
    ended = told("-q", "push")
    assert (ended.status, ended.err) == (0, "")
    assert len(service.pings) == 1, "a redirect is not followed"
    assert f"The dead man's switch answers with HTTP {status}." in told.log
    service.stop()
    ended = told("-q", "push")
    assert (ended.status, ended.err) == (0, "")
    assert "The dead man's switch gives no answer (ConnectionError)." in told.log
    assert PATH_SECRET not in told.log


def test_a_switch_on_a_host_that_is_no_name_leaves_the_run_as_it_ended(
    told: Inside, vendors: Sandbox
) -> None:
    set_notify(told, vendors, dead_mans_switch="https://a..example/key")
    run(told, "fetch")
    assert told("-q", "push") == Ended(0, "", "")
    assert "The dead man's switch gives no answer (LocationParseError)." in told.log


def test_a_push_of_a_clock_that_was_years_ahead_does_not_stand_for_those_that_fail(
    told: Inside, service: Service, clock: Clock
) -> None:
    run(told, "fetch", "verify")
    clock.set_forward(4000 * 24 * HOUR)
    run(told, "push")
    clock.set_forward(-4000 * 24 * HOUR)
    service.pings.clear()
    run(told, "verify")
    assert service.pings == []
    assert "mww2minox push has not ended well since" in service.taken()


# What is in a message


def test_a_message_is_plain_text_that_a_service_may_dress_up(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    set_notify(told, vendors, urls=[f"{service.url}&format=html"])
    offer(vendors, "501", email="")
    run(told, "fetch", "push")
    assert "found.<br" in service.taken()


def test_a_vat_number_is_left_out_however_it_is_written(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    abroad = person(
        "Klant", "klant@example.be", country="BE", company="Zaak BV", vat_number="BE0123456789" * 4
    )
    reverse_charged = {"tax_strategy": "reverse_charged_vat", "tax_region": "BE"}
    vendors.shop.add(
        order(
            "501",
            vendors.today,
            abroad,
            [goods("0", "75.00")],
            invoice("75.00", ("0", "0.00")),
            **reverse_charged,
        )
    )
    run(told, "fetch", "push")
    assert "Order 501: *** does not have the form of a VAT number" in service.taken()


def test_a_vat_number_in_the_words_of_minox_is_left_out_without_its_dots(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    buyer = person(
        "Klant", "klant@example.be", country="BE", company="Zaak BV", vat_number="BE 0897.223.571"
    )
    vendors.shop.add(order("501", vendors.today, buyer, [goods("21", "12.10")], invoice("12.10")))
    run(told, "fetch")
    number, words = "501", "BE0897223571, 0897223571 or be-0897-223-571 is not known"
    with Store(told.state) as store:
        values = {"number": number, "message": words, "suggestion": ""}
        store.mark(number, State.FAILED, Rejection(reason=Reason.REJECTED_BY_MINOX, values=values))
    run(told, "fetch")
    message = service.taken()
    assert "***, *** or *** is not known" in message
    assert "571" not in message


@pytest.mark.parametrize("typed", ["5", "0", "-", "nee", "501"])
def test_what_is_no_vat_number_spoils_no_message(
    told: Inside, vendors: Sandbox, service: Service, typed: str
) -> None:
    buyer = person("Klant", "", company="Zaak BV", vat_number=typed)
    vendors.shop.add(order("501", vendors.today, buyer, [goods("21", "12.10")], invoice("12.10")))
    run(told, "fetch", "push")
    message = service.taken()
    assert "Order 501 " in message
    assert "mww2minox retry 501" in message


@pytest.mark.parametrize("samples", [True])
def test_no_customer_and_no_key_is_in_what_arrives(
    told: Inside, vendors: Sandbox, service: Service, monkeypatch: pytest.MonkeyPatch, samples: bool
) -> None:
    """All that is known of the customers of all sample orders, against all that any service was
    sent.
    """
    del samples
    run(told, "fetch")
    private = set(_private(vendors.shop.orders))
    assert len(private) > 100
    monkeypatch.setattr("mww2minox.alerts.MOST_ORDERS", 1000)
    assert run(told, "push") == [3]
    monkeypatch.setattr(Gate, "_go_wrong", refuse_number)
    vendors.faults.append(Fault("status", side="minox", method="PUT", status=400, times=None))
    for number in vendors.shop.orders:
        _change(vendors, number)
    run(told, "fetch", "retry --all", "verify --all")
    sent = json.dumps(
        [message["message"] + message["title"] for message in service.messages], ensure_ascii=False
    )
    assert "its check digits are wrong." in sent
    assert "taxnumber was ***, is now ***" in sent
    assert "Btw-nummer *** onbekend" in sent
    keys = [
        shop_api.TOKEN,
        shop_api.PARTNER_TOKEN,
        *vendors.minox.tokens.access,
        *vendors.minox.tokens.refresh,
    ]
    assert [text for text in (*private, *keys, VAT_NUMBER, PATH_SECRET) if text in sent] == []
    beside_it = json.dumps([[incoming.target, incoming.headers] for incoming in service.came])
    assert [text for text in private if text in beside_it] == []


def _private(orders: dict[str, Any]) -> Iterator[str]:
    """Yield names, addresses, e-mails and VAT numbers; what is too short to be looked for is left
    out.
    """
    for one in orders.values():
        debtor = one["debtor"]
        address = debtor["address"]["invoice"]
        texts = [debtor.get("email"), *(address.get(key) for key in PRIVATE)]
        yield from (str(text).strip() for text in texts if text and len(str(text).strip()) > 4)


def _change(vendors: Sandbox, number: str) -> None:
    """Give an order another VAT number, so that a booked one differs and a failed one is looked at
    again.
    """
    debtor = json.loads(json.dumps(vendors.shop.orders[number]["debtor"]))
    debtor["address"]["invoice"]["taxnumber"] = VAT_NUMBER
    vendors.shop.change(number, debtor=debtor)


def refuse_number(*_: object) -> Answer:
    """Answer a booking with what Minox might say of its customer."""
    body = [{"message": f"Btw-nummer {VAT_NUMBER} onbekend", "message_type": "error"}]
    return Answer(400, [("Content-Type", "application/json")], json.dumps(body).encode())


# Ways of paying


def pay_by(gateway: str, method: str) -> dict[str, Any]:
    return {"payment": {"gateway_name": gateway, "method_name": method}}


def test_a_way_of_paying_is_told_once_before_it_goes_by_email(
    told: Inside, vendors: Sandbox, service: Service
) -> None:
    config = yaml.safe_load(told.config.read_text())
    told.write_config(config | {"payment_debtors": {"Basic/Cash": 10600}})
    offer(vendors, "501", **pay_by("mollie", "ideal"))
    offer(vendors, "502", **pay_by("basic", "cash"))
    run(told, "fetch")
    message = service.taken()
    assert message.count("matter") == 1
    assert "A new way of paying: mollie/ideal (order 501)." in message
    assert "way of paying mollie/ideal: it is new" in told("check").out
    run(told, "fetch")
    assert not service.taken()

    # What was booked is known, whatever its capitals; a name that changes is another way.
    run(told, "push")
    assert "it is new" not in told("check").out
    offer(vendors, "503", **pay_by("Mollie", "iDEAL"))
    offer(vendors, "504", **pay_by("mollie", "wero"))
    run(told, "fetch")
    assert "A new way of paying: mollie/wero (order 504)." in service.taken()
    run(told, "push", "fetch", "push")
    assert not service.taken()


def test_what_is_in_the_way_of_a_return_is_told_once_a_week_before_it_is_due(
    told: Inside, vendors: Sandbox, service: Service, clock: Clock
) -> None:
    offer(vendors, "1001")
    for command in ("fetch", "push", "verify"):
        told(command)
    clock.pass_by(35 * 86_400)
    offer(vendors, "1002", email="b@example.nl")
    service.taken()
    told("fetch", "--order", "1002")
    message = service.taken()
    sentence = "The VAT return of 2026-Q1 is due on 30 Apr 2026, and the period is not closed."
    assert f"{sentence} 1 order of it is not booked." in message
    assert "mww2minox reconcile 2026-Q1" in message
    told("fetch")
    assert sentence not in service.taken(), "once"

    assert told("push").status == 0
    assert told("reconcile", "2026-Q1").status == 0
    offer(vendors, "1003", email="c@example.nl")
    told("fetch", "--order", "1003")
    message = service.taken()
    assert "Period 2026-Q1 was closed on 24 Apr 2026, and has changed since" in message
