"""Booking one order exactly once, whatever gets lost, refused or changed on the way."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from mww2minox.books.model import Booking, CustomerByEmail, Reason, State
from mww2minox.errors import KeysRefused, Unreachable, WaitTooLong
from mww2minox.minox.booker import Outcome
from mww2minox.sandbox import Fault, Sandbox
from mww2minox.shop.orders import read_order, read_stored_order
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.wiring import Wiring
from tests.harness.clients import Processes, asked, log_in
from tests.harness.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

PUT: dict[str, Any] = {"method": "PUT", "path": "transaction_line_batch"}


def order(wiring: Wiring, number: str) -> StoredOrder:
    """Take an order in from the shop, ready to be booked."""
    taken = wiring.shop.order(number)
    assert taken.order
    ready = StoredOrder(
        number=taken.number,
        date=taken.date,
        status=taken.status,
        state=State.READY,
        rejection=None,
        total_cents=int(taken.order.total * 100),
        payload=taken.payload,
        read=read_stored_order,
    )

    wiring.store.take_in(ready)
    return ready


def settle(wiring: Wiring, number: str = "1001") -> Outcome:
    """Book an order."""
    outcome = wiring.booker.book(wiring.store.order(number) or order(wiring, number))
    outcome = wiring.booker.settle(outcome)
    stored = wiring.store.order(number)
    assert stored
    assert stored.state is outcome.state
    assert stored.rejection == outcome.rejection
    return outcome


def reason(outcome: Outcome) -> Reason | None:
    """Return why it was not booked."""
    return outcome.rejection.reason if outcome.rejection else None


def sent(wiring: Wiring, number: str = "1001") -> StoredBooking:
    """Return what is stored of a booking."""
    found = wiring.store.booking(number)
    assert found
    return found


def debtors(sandbox: Sandbox) -> list[str]:
    """Return the customers that were booked on, a booking each."""
    return [
        line["account"]["id"]
        for lines in sandbox.minox.batches.values()
        for line in lines
        if is_debtor(line)
    ]


def is_debtor(line: dict[str, Any]) -> bool:
    """Tell whether a line is the debtor's."""
    return bool(line["account"]["type"] == "customer")


@pytest.fixture
def bodies(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """Collect all bookings that the run sends, in the order in which it does."""
    return watch(wiring, monkeypatch)


def watch(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bytes]]:
    """Collect all bookings that a run sends."""
    seen: list[tuple[str, bytes]] = []
    put: Callable[..., None] = wiring.minox.put_booking

    def spy(batch_id: str, body: bytes, **options: Any) -> None:
        seen.append((batch_id, body))
        put(batch_id, body, **options)

    monkeypatch.setattr(wiring.minox, "put_booking", spy)
    return seen


# Once.


def test_an_order_is_booked_once_and_then_left_alone(sandbox: Sandbox, wiring: Wiring) -> None:
    outcome = settle(wiring)
    assert (outcome.state, outcome.customer) == (State.BOOKED, debtors(sandbox)[0])
    sandbox.requests.clear()

    assert settle(wiring).state is State.BOOKED
    assert not sandbox.requests
    assert len(sandbox.minox.batches) == 1


def test_every_sample_that_can_be_booked_is_there_once(sandbox: Sandbox, wiring: Wiring) -> None:
    numbers = [
        number
        for number, one in sandbox.shop.orders.items()
        if read_order(one).order and not one.get("test")
    ]
    booked = [number for number in numbers if settle(wiring, number).state is State.BOOKED]
    before = json.dumps(sandbox.minox.batches)
    again = [number for number in numbers if settle(wiring, number).state is State.BOOKED]

    assert booked == again
    assert len(booked) == len(sandbox.minox.batches) >= 30
    assert json.dumps(sandbox.minox.batches) == before


def test_the_intent_with_the_exact_body_is_stored_before_it_is_sent(
    wiring: Wiring, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: Callable[..., None] = wiring.minox.put_booking
    seen: list[str] = []

    def spy(batch_id: str, body: bytes, **options: Any) -> None:
        intent = sent(processes.start())
        assert (intent.batch_id, intent.body.encode(), intent.booked_at) == (batch_id, body, None)
        seen.append(batch_id)
        put(batch_id, body, **options)

    monkeypatch.setattr(wiring.minox, "put_booking", spy)
    assert settle(wiring).state is State.BOOKED
    assert sent(wiring).booked_at
    assert len(seen) == 1


def test_a_new_state_file_books_in_the_same_place_with_the_same_bytes(
    sandbox: Sandbox, wiring: Wiring, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = watch(wiring, monkeypatch)
    settle(wiring)
    lost = processes.start("another.db")
    tokens = wiring.store.tokens()
    assert tokens
    lost.store.store_tokens(tokens)
    second = watch(lost, monkeypatch)
    settle(lost)

    assert first == second
    assert len(sandbox.minox.batches) == 1
    assert len(asked(sandbox, "POST", "/customer")) == 1


def test_another_administration_tenant_or_order_has_another_place(
    wiring: Wiring, processes: Processes
) -> None:
    places = {wiring.namespace}
    places.add(processes.start("second.db", minox={"administration": 2}).namespace)
    places.add(processes.start("third.db", minox={"tenant": 12346}).namespace)
    assert len(places) == 3
    assert wiring.booker.batch_id("1001") != wiring.booker.batch_id("1002")
    assert wiring.booker.batch_id("1001") == processes.start().booker.batch_id("1001")


# Lost.


LOST_BEFORE = [
    Fault("drop_before", **PUT),
    Fault("html", **PUT),
    Fault("redirect", **PUT),
    Fault("status", **PUT),
]
LOST_AFTER = [
    Fault("drop_after", **PUT),
    Fault("html", effect=True, **PUT),
    Fault("truncated", **PUT),
    Fault("broken_json", **PUT),
]


@pytest.mark.parametrize("repetitions", ["taken", "refused"])
@pytest.mark.parametrize("lag", [0, 2])
@pytest.mark.parametrize("fault", LOST_AFTER, ids=lambda fault: fault.kind)
def test_an_answer_that_was_lost_after_the_effect_is_asked_for(
    sandbox: Sandbox, wiring: Wiring, fault: Fault, lag: float, repetitions: str
) -> None:
    sandbox.settings.update({"lookup_lag": lag, "repetitions": repetitions})
    sandbox.faults.append(Fault(**{**fault.as_dict(), "times": 6}))
    assert settle(wiring).state is State.BOOKED
    assert len(sandbox.minox.batches) == 1


@pytest.mark.parametrize("fault", LOST_BEFORE, ids=lambda fault: fault.kind)
def test_a_booking_that_never_arrived_is_unknown_and_sent_by_the_next_run_as_the_same_bytes(
    sandbox: Sandbox,
    wiring: Wiring,
    bodies: list[tuple[str, bytes]],
    processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    sandbox.faults.append(Fault(**{**fault.as_dict(), "times": None}))
    assert reason(settle(wiring)) is Reason.OUTCOME_UNKNOWN
    assert not sandbox.minox.batches

    sandbox.faults.clear()
    sandbox.shop.change(
        "1001", debtor={"email": "iemand.anders@example.nl"}, price={"total": "99.00"}
    )
    another = processes.start()
    again = watch(another, monkeypatch)
    assert settle(another).state is State.BOOKED
    assert again == bodies
    assert len(sandbox.minox.batches) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status"])
def test_a_single_failure_is_overcome_at_once(sandbox: Sandbox, wiring: Wiring, kind: str) -> None:
    sandbox.faults.append(Fault(kind, **PUT))  # type: ignore[arg-type]
    assert settle(wiring).state is State.BOOKED
    assert len(sandbox.minox.batches) == 1


def test_a_booking_that_is_there_after_all_is_not_sent_again(
    sandbox: Sandbox, wiring: Wiring, bodies: list[tuple[str, bytes]], clock: Clock
) -> None:
    sandbox.settings.update({"lookup_lag": 60})
    sandbox.faults.append(Fault("html", effect=True, **PUT))
    assert reason(settle(wiring)) is Reason.OUTCOME_UNKNOWN
    clock.pass_by(60)
    assert settle(wiring).state is State.BOOKED
    assert len(bodies) == 1


def test_minox_that_is_gone_ends_the_run_and_keeps_the_doubt(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    ready, booker = order(wiring, "1001"), wiring.booker
    sandbox.faults.append(Fault("drop_after", path="transaction_line_batch", times=None))
    with pytest.raises(Unreachable):
        booker.book(ready)
    stored = wiring.store.order("1001")
    assert stored
    assert stored.rejection
    assert stored.rejection.reason is Reason.OUTCOME_UNKNOWN

    sandbox.faults.clear()
    assert settle(wiring).state is State.BOOKED
    assert len(sandbox.minox.batches) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("effect", [True, False])
def test_a_kill_around_the_put_leads_to_one_booking(
    sandbox: Sandbox,
    wiring: Wiring,
    processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
    *,
    effect: bool,
) -> None:
    put: Callable[..., None] = wiring.minox.put_booking

    def killed(batch_id: str, body: bytes, **options: Any) -> None:
        if effect:
            put(batch_id, body, **options)
        raise error

    monkeypatch.setattr(wiring.minox, "put_booking", killed)
    with pytest.raises(error):
        settle(wiring)
    assert settle(processes.start()).state is State.BOOKED
    assert len(sandbox.minox.batches) == 1


def test_an_order_that_changed_after_it_was_sent_is_a_difference(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    sandbox.faults.append(Fault("drop_before", times=None, **PUT))
    settle(wiring)
    sandbox.faults.clear()
    sandbox.shop.change("1001", price={"total": "99.00"})
    order(wiring, "1001")

    assert settle(wiring).state is State.BOOKED
    assert sent(wiring).shop_differences
    assert [
        line["debit"] for line in next(iter(sandbox.minox.batches.values())) if is_debtor(line)
    ] == [121.0]


# Refused.


@pytest.mark.parametrize("status", [400, 200])
def test_a_refusal_is_told_in_minox_own_words_and_tried_anew(
    sandbox: Sandbox, wiring: Wiring, status: int
) -> None:
    sandbox.settings.update({"error_status": status})
    outcome = settle(wiring, "1039")
    assert reason(outcome) is Reason.REJECTED_BY_MINOX
    assert outcome.rejection
    assert outcome.rejection.values["message"] == "Periode 1 van boekjaar 2025 is afgesloten."
    assert wiring.store.booking("1039") is None

    sandbox.minox.open_period(2025, 1)
    assert settle(wiring, "1039").state is State.BOOKED


def test_an_order_that_was_refused_is_booked_as_it_is_in_the_shop_by_then(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    settle(wiring, "1039")
    sandbox.shop.change("1039", date="2026-03-01")
    order(wiring, "1039")
    assert settle(wiring, "1039").state is State.BOOKED
    assert '"document_date": "2026-03-01"' in sent(wiring, "1039").body


def test_local_rules_come_before_any_request_to_minox(sandbox: Sandbox, wiring: Wiring) -> None:
    booker = wiring.booker
    for number, expected in {
        "1030": "totals_mismatch",
        "1035": "email_missing",
        "1034": "currency_unsupported",
    }.items():
        ready = order(wiring, number)
        sandbox.requests.clear()
        assert reason(booker.book(ready)) == expected
        assert not sandbox.requests


def test_a_free_order_is_skipped(sandbox: Sandbox, wiring: Wiring) -> None:
    assert settle(wiring, "1032").state is State.SKIPPED
    assert not sandbox.minox.batches


def test_keys_that_are_refused_end_the_run(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.faults.append(Fault("status", status=403, **PUT))
    with pytest.raises(KeysRefused):
        settle(wiring)
    assert settle(wiring).state is State.BOOKED


def test_a_wait_that_is_too_long_ends_the_run_and_loses_nothing(
    sandbox: Sandbox, wiring: Wiring, clock: Clock
) -> None:
    ready = order(wiring, "1001")
    sandbox.faults.append(Fault("429", retry_after="1000", **PUT))
    with pytest.raises(WaitTooLong):
        wiring.booker.book(ready)
    clock.pass_by(1000)
    assert settle(wiring).state is State.BOOKED
    assert len(sandbox.minox.batches) == 1


# Customers that changed.


def block(sandbox: Sandbox, number: str) -> None:
    """Block a customer in Minox."""
    sandbox.minox.customers[number]["blocked"] = {"active": True, "reason": "Betaalt niet"}


def test_a_remembered_customer_that_was_blocked_is_customer_blocked(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    customer = settle(wiring).customer
    block(sandbox, customer)
    outcome = settle(wiring, "1061")

    assert reason(outcome) is Reason.CUSTOMER_BLOCKED
    assert outcome.rejection
    assert outcome.rejection.values == {"number": "1061", "customer": customer}

    sandbox.minox.customers[customer]["blocked"] = {"active": False, "reason": None}
    assert settle(wiring, "1061").customer == customer


def test_a_remembered_customer_that_was_blocked_gives_way_to_another_with_its_email(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    assert settle(wiring, "1037").customer == "10630"
    block(sandbox, "10630")
    sandbox.shop.change("1001", debtor=sandbox.shop.orders["1037"]["debtor"])
    assert settle(wiring, "1001").customer == "10631"
    assert debtors(sandbox) == ["10630", "10631"]


@pytest.mark.parametrize("another", [True, False])
def test_a_remembered_customer_that_was_deleted_is_looked_up_or_made_anew(
    sandbox: Sandbox, wiring: Wiring, *, another: bool
) -> None:
    old = settle(wiring).customer
    gone = sandbox.minox.customers.pop(old)
    if another:
        sandbox.minox.customers["10700"] = gone | {"id": "10700"}

    assert settle(wiring, "1061").customer == (
        "10700" if another else old
    )  # Minox uses the number anew
    assert len(asked(sandbox, "POST", "/customer")) == (1 if another else 2)


@pytest.mark.parametrize(
    ("change", "expected"), [("block", "customer_blocked"), ("delete", "rejected_by_minox")]
)
def test_a_fixed_debtor_has_no_replacement(
    sandbox: Sandbox, wiring: Wiring, change: str, expected: str
) -> None:
    if change == "block":
        block(sandbox, "10600")
    else:
        del sandbox.minox.customers["10600"]
    assert reason(settle(wiring, "1007")) == expected


def test_a_refusal_for_another_reason_leaves_the_customer_as_it_is(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    settle(wiring, "1039")
    customers = len(sandbox.minox.customers)
    settle(wiring, "1039")
    assert len(sandbox.minox.customers) == customers
    assert len(asked(sandbox, "POST", "/customer")) == 1


# How it was paid, where the order does not tell.


@pytest.fixture
def untold(sandbox: Sandbox) -> Sandbox:
    """Give a shop whose orders have ceased to tell how they were paid."""
    sandbox.settings.order_payment = False
    return sandbox


@pytest.mark.parametrize("reading", ["told", "retried"])
def test_the_list_of_payments_is_asked_once_for_the_customer_of_a_way_of_paying(
    untold: Sandbox, wiring: Wiring, processes: Processes, reading: str
) -> None:
    untold.settings.update({"payments": reading})
    taken = order(wiring, "1007")
    for _run in range(2):
        assert isinstance(wiring.booker.decide(taken), Booking)
        wiring = processes.start()
    assert settle(wiring, "1007").customer == "10600"
    assert len(asked(untold, "GET", "/orders/1007/payments")) == 1
    booked = wiring.store.booking("1007")
    assert booked
    assert booked.order
    assert booked.order.payment == "basic/cash"


@pytest.mark.parametrize("reading", ["failed", "none"])
def test_an_order_without_a_payment_goes_to_nobody_until_there_is_one(
    untold: Sandbox, wiring: Wiring, processes: Processes, reading: str
) -> None:
    untold.settings.update({"payments": reading})
    assert reason(settle(wiring)) is Reason.PAYMENT_MISSING
    assert reason(settle(wiring)) is Reason.PAYMENT_MISSING
    assert len(asked(untold, "GET", "/orders/1001/payments")) == 1
    assert not asked(untold, "POST")

    untold.settings.update({"payments": "told"})
    assert settle(processes.start()).state is State.BOOKED


def test_without_fixed_customers_nobody_asks_how_it_was_paid(
    untold: Sandbox, processes: Processes
) -> None:
    processes.config["payment_debtors"] = {}
    wiring = processes.start()
    log_in(wiring)
    assert settle(wiring).state is State.BOOKED
    assert not asked(untold, "GET", "/payments")


@pytest.mark.parametrize(
    ("reading", "expected"), [("told", "10600"), ("none", Reason.PAYMENT_MISSING)]
)
def test_a_credit_order_asks_how_its_original_was_paid(
    untold: Sandbox, wiring: Wiring, reading: str, expected: str
) -> None:
    untold.settings.update({"payments": reading})
    outcome = settle(wiring, "1023")
    assert (reason(outcome) or outcome.customer) == expected
    assert asked(untold, "GET", f"/orders/{untold.shop.orders['1023']['credited_order_number']}/p")


# Credit orders.


def test_a_credit_order_goes_to_the_customer_of_the_originals_booking(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    original = settle(wiring, "1020").customer
    assert settle(wiring, "1021").customer == original
    assert len(asked(sandbox, "POST", "/customer")) == 1


def test_without_such_a_booking_the_original_in_the_shop_decides(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    assert settle(wiring, "1023").customer == "10600"
    emails = sandbox.minox.customers[settle(wiring, "1025").customer]["addresses"][0][
        "email_addresses"
    ]
    assert [email["email_address"] for email in emails] == ["vroeg@example.nl"]


def test_without_the_original_its_own_email_decides(sandbox: Sandbox, wiring: Wiring) -> None:
    emails = sandbox.minox.customers[settle(wiring, "1026").customer]["addresses"][0][
        "email_addresses"
    ]
    assert [email["email_address"] for email in emails] == ["wees@example.nl"]


def test_the_customer_of_an_original_that_was_not_booked_is_replaced_when_it_is_gone(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    first = settle(wiring, "1025").customer
    credit = sandbox.shop.orders["1025"] | {"number": "1099", "credited_order_number": "902"}
    sandbox.shop.add(credit)
    sandbox.minox.customers["10700"] = sandbox.minox.customers.pop(first) | {"id": "10700"}

    assert settle(wiring, "1099").customer == "10700"
    assert debtors(sandbox) == [first, "10700"]


def merge(sandbox: Sandbox, number: str, into: str) -> None:
    """Merge a customer in Minox: its data go on under another number."""
    sandbox.minox.customers[into] = sandbox.minox.customers.pop(number) | {"id": into}


@pytest.mark.parametrize("sale_first", [True, False])
def test_a_credit_order_of_a_booked_original_follows_a_merged_customer(
    sandbox: Sandbox, wiring: Wiring, *, sale_first: bool
) -> None:
    old = settle(wiring, "1020").customer
    merge(sandbox, old, "10700")
    if sale_first:
        sandbox.shop.change("1001", debtor=sandbox.shop.orders["1020"]["debtor"])
        assert settle(wiring, "1001").customer == "10700"

    assert settle(wiring, "1021").customer == "10700"
    assert not asked(sandbox, "POST", "/customer")[1:]


def test_a_credit_order_of_a_booked_original_follows_the_email_when_its_customer_is_blocked(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    old = settle(wiring, "1020").customer
    sandbox.minox.customers["10700"] = sandbox.minox.customers[old] | {"id": "10700"}
    block(sandbox, old)
    assert settle(wiring, "1021").customer == "10700"


def test_a_credit_order_of_a_booked_original_that_the_shop_lost_goes_by_its_own_email(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    merge(sandbox, settle(wiring, "1020").customer, "10700")
    sandbox.shop.change("1021", debtor=sandbox.shop.orders["1020"]["debtor"])
    del sandbox.shop.orders["1020"]
    assert settle(wiring, "1021").customer == "10700"


def test_a_credit_order_never_moves_a_fixed_debtor(sandbox: Sandbox, wiring: Wiring) -> None:
    settle(wiring, "1022")
    block(sandbox, "10600")
    assert reason(settle(wiring, "1023")) is Reason.CUSTOMER_BLOCKED


def test_a_lost_new_customer_stays_in_doubt_when_a_credit_order_looks_its_email_up(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    merge(sandbox, settle(wiring, "1020").customer, "10700")
    sandbox.minox.customers["10700"] |= {"addresses": [], "externalid": None}
    sandbox.shop.change("1001", debtor=sandbox.shop.orders["1020"]["debtor"])
    wiring.booker.customers.forget(customer_of_order(wiring, "1001"))
    sandbox.settings.update({"lookup_lag": 10})
    sandbox.faults.append(Fault("drop_after", method="POST", path="/customer"))
    assert reason(settle(wiring, "1001")) is Reason.OUTCOME_UNKNOWN

    made = settle(wiring, "1021").customer
    assert made not in ("", "10700")
    assert len(asked(sandbox, "POST", "/customer")) == 2, "the doubt was not forgotten"


def customer_of_order(wiring: Wiring, number: str) -> CustomerByEmail:
    """Return the customer that an order names by its e-mail."""
    taken = wiring.shop.order(number)
    assert taken.order
    return CustomerByEmail(email=taken.order.email, buyer=taken.order.buyer)


def hand_on(sandbox: Sandbox, number: str) -> None:
    """Let Minox give a customer's number to somebody else; the customer itself goes on as 10700."""
    merge(sandbox, number, "10700")
    somebody = sandbox.minox.customers["10610"]
    sandbox.minox.customers[number] = somebody | {"id": number}


@pytest.mark.parametrize(("first", "then"), [("1001", "1061"), ("1020", "1021")])
def test_a_number_that_was_given_to_somebody_else_is_forgotten_where_it_is_read_again(
    sandbox: Sandbox, wiring: Wiring, first: str, then: str
) -> None:
    hand_on(sandbox, settle(wiring, first).customer)
    sandbox.faults.append(Fault("status", status=400, **PUT))
    assert settle(wiring, then).customer == "10700"


@pytest.mark.parametrize("what", ["name", "email"])
def test_a_customer_of_whom_name_or_email_still_fits_stays_the_same(
    sandbox: Sandbox, wiring: Wiring, what: str
) -> None:
    number = settle(wiring).customer
    (address,) = sandbox.minox.customers[number]["addresses"]
    if what == "name":
        address["email_addresses"] = [{"email_address": "nieuw.adres@example.nl"}]
    else:
        address["name"] = "Heel Iemand Anders"
    sandbox.faults.append(Fault("status", status=400, **PUT))
    assert reason(settle(wiring, "1061")) is Reason.REJECTED_BY_MINOX
    assert settle(wiring, "1061").customer == number


def test_an_adopted_booking_keeps_its_customer_whatever_it_is_called(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    original = order(wiring, "1020")
    adopted = StoredBooking(
        number="1020",
        batch_id="5f0c0c3e-0000-4000-8000-000000000000",
        customer="10610",
        total_cents=original.total_cents or 0,
        body="",
        payload=original.payload,
        sent_at=datetime.now(UTC),
        booked_at=None,
    )
    wiring.store.intend_booking(adopted)
    wiring.store.mark_booked("1020")
    sandbox.faults.append(Fault("status", status=400, **PUT))
    assert reason(settle(wiring, "1021")) is Reason.REJECTED_BY_MINOX
    assert settle(wiring, "1021").customer == "10610"


def test_a_credit_order_on_a_blocked_customer_is_customer_blocked(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    block(sandbox, settle(wiring, "1020").customer)
    assert reason(settle(wiring, "1021")) is Reason.CUSTOMER_BLOCKED


# All together.


def test_no_email_and_no_token_gets_into_the_log(
    sandbox: Sandbox, wiring: Wiring, log: pytest.LogCaptureFixture
) -> None:
    sandbox.settings.update({"fault_rate": 0.2, "fault_seed": 3})
    for number in ("1001", "1002", "1003", "1037", "1048", "1059"):
        try:
            settle(wiring, number)
        except Unreachable:
            continue

    tokens = wiring.store.tokens()
    assert tokens
    assert len(log.records) > 20
    for secret in (
        "example",
        "jansen",
        tokens.access_token,
        tokens.refresh_token,
        "sandbox-shop-token",
    ):
        assert secret not in log.text.lower() if secret.islower() else secret not in log.text


@pytest.mark.parametrize("seed", range(5))
def test_whatever_goes_wrong_on_the_network_each_order_is_booked_once(
    sandbox: Sandbox, wiring: Wiring, processes: Processes, seed: int
) -> None:
    numbers = ("1001", "1002", "1003", "1020", "1061")
    for number in numbers:
        order(wiring, number)

    sandbox.settings.update({"fault_rate": 0.3, "fault_seed": seed, "lookup_lag": 1.0})
    sandbox.settings.repetitions = "refused" if seed % 2 else "taken"
    for _ in range(3):
        run = processes.start()
        for number in numbers:
            try:
                settle(run, number)
            except (Unreachable, KeysRefused, WaitTooLong):
                break

    sandbox.settings.update({"fault_rate": 0.0})
    last = processes.start()
    assert {settle(last, number).state for number in numbers} == {State.BOOKED}
    assert len(sandbox.minox.batches) == len(numbers)
    assert len([one for one in sandbox.minox.customers.values() if one["externalid"]]) == 4
