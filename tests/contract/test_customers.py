"""Which customer an order is booked on: found, remembered, or made once, whatever gets lost on the
way.
"""

import copy
import datetime as dt
import json
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from mww2minox.books.booking import customer_of_sale
from mww2minox.books.model import (
    BookingRules,
    Buyer,
    CustomerByEmail,
    MinoxCustomer,
    Reason,
    Rejection,
    WarningCode,
)
from mww2minox.errors import KeysRefused, VendorError, WaitTooLong
from mww2minox.minox.api import Minox
from mww2minox.minox.asking import GHOST_SECONDS, LAG_SECONDS
from mww2minox.minox.customers import Customers
from mww2minox.minox.wire import customer_body
from mww2minox.sandbox import Fault, Sandbox
from mww2minox.wiring import Wiring
from tests.harness.builders import line, order as a_sale, rules
from tests.harness.clients import INSIDE, Processes, asked
from tests.harness.clock import Clock

SPACE = uuid.UUID("11111111-2222-3333-4444-555555555555")
NEW = "nieuw@example.nl"
AT_HOME = BookingRules(journal="VERK", shop_country="NL", vat=())
AMBIGUOUS = WarningCode.CUSTOMER_AMBIGUOUS
OTHER_NAME = WarningCode.CUSTOMER_OTHER_NAME
ICP = WarningCode.ICP_NUMBER_MISSING


@pytest.fixture
def samples() -> bool:
    """No test here needs an order."""
    return False


@pytest.fixture
def customers(wiring: Wiring) -> Customers:
    """Give the customers of a run that is logged in."""
    return customers_of(wiring)


def customers_of(wiring: Wiring, journal: str = "VERK") -> Customers:
    """Give the customers of a run."""
    return Customers(
        wiring.minox, wiring.store, namespace=SPACE, rules=replace(AT_HOME, journal=journal)
    )


def debtor(email: str = NEW, *, reverse_charged: bool = False, **fields: str) -> CustomerByEmail:
    """Give somebody with an e-mail address."""
    customer = Buyer(**{"name": "Jan Jansen", **fields})
    return CustomerByEmail(email=email, buyer=customer, reverse_charged=reverse_charged)


def buyer_of(email: str) -> CustomerByEmail:
    """Give the customer of an order with what somebody typed as an e-mail address."""
    customer = customer_of_sale(a_sale(line("12.10"), email=email), rules())
    assert isinstance(customer, CustomerByEmail)
    return customer


def in_books(sandbox: Sandbox, email: str, **fields: str) -> str:
    """Put a customer into Minox; return its number."""
    address = {"name": "Jan Jansen", "email_addresses": [{"email_address": email}]}
    return str(sandbox.minox.create_customer({"addresses": [address], **fields}, "VERK")["id"])


def made(sandbox: Sandbox) -> list[str]:
    """Return the numbers of the customers that were made, not there beforehand."""
    return [
        number for number, customer in sandbox.minox.customers.items() if customer["externalid"]
    ]


def number_of(customers: Customers, customer: CustomerByEmail, order: str) -> str | Rejection:
    """Return the number that an order is booked on, or why there is none."""
    found = customers.find(customer, order)
    return found if isinstance(found, Rejection) else found.number


def warnings_of(
    customers: Customers, customer: CustomerByEmail, order: str = "1001"
) -> dict[WarningCode, dict[str, str]]:
    """Return what somebody should look at of the customer that an order is booked on."""
    found = customers.find(customer, order)
    assert not isinstance(found, Rejection)
    return {warning.code: dict(warning.values) for warning in found.warnings}


def reason(found: str | Rejection) -> Reason | None:
    """Return why there is no number."""
    return found.reason if isinstance(found, Rejection) else None


def test_workers_that_need_the_same_new_customer_make_it_once(
    sandbox: Sandbox, customers: Customers, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = Minox.customers_by_email

    def slow(self: Minox, email: str) -> list[MinoxCustomer]:
        candidates = look_up(self, email)
        threading.Event().wait(0.1)
        return candidates

    monkeypatch.setattr(Minox, "customers_by_email", slow)
    orders = [str(number) for number in range(1001, 1005)]
    spellings = [NEW, NEW.upper(), f"Jan <{NEW}>", NEW]
    with ThreadPoolExecutor(4) as pool:
        buyers = map(buyer_of, spellings)
        numbers = list(
            pool.map(lambda one: number_of(customers, *one), zip(buyers, orders, strict=True))
        )
    assert [numbers[0]] * 4 == numbers
    assert made(sandbox) == [numbers[0]]
    assert len(asked(sandbox, "POST", "/customer")) == 1


# Found.


@pytest.mark.parametrize(
    "email", ["sanne.visser@example.nl", " Sanne.Visser@Example.NL ", "SANNE.VISSER@EXAMPLE.NL"]
)
@pytest.mark.parametrize("how", ["collection", "object", "collection_404"])
def test_a_customer_is_found_whatever_the_capitals(
    sandbox: Sandbox, customers: Customers, email: str, how: str
) -> None:
    sandbox.settings.update({"by_email": how})
    assert number_of(customers, debtor(email), "1001") == "10610"
    assert not made(sandbox)


def test_a_known_customer_costs_no_request_in_this_run_and_the_next(
    sandbox: Sandbox, customers: Customers, processes: Processes
) -> None:
    for email, name in (("sanne.visser@example.nl", "S. Vísser"), (NEW, "Jan Jansen")):
        number = number_of(customers, debtor(email, name=name), "1001")
        sandbox.requests.clear()
        assert number_of(customers, debtor(f" {email.upper()}", name=name), "1002") == number
        again = customers_of(processes.start())
        assert number_of(again, debtor(email, name=name), "1003") == number
        assert not warnings_of(again, debtor(email, name=name), "1004")
        assert not sandbox.requests


def test_of_several_the_lowest_that_is_not_blocked_with_a_warning(
    sandbox: Sandbox, customers: Customers
) -> None:
    twins, shared = debtor("tweeling@example.nl", name="Tweeling"), debtor("gedeeld@example.nl")
    assert number_of(customers, twins, "1037") == "10630"
    assert number_of(customers, shared, "1038") == "10621"

    assert warnings_of(customers, twins, "1037") == {
        AMBIGUOUS: {"number": "1037", "customer": "10630", "others": "10631"}
    }
    # One that is blocked has the address as well, and may be the right one.
    assert warnings_of(customers, shared, "1038")[AMBIGUOUS]["others"] == "10620"
    assert not made(sandbox)


def test_of_several_each_order_is_warned_of_until_one_alone_has_the_address(
    sandbox: Sandbox, customers: Customers, processes: Processes
) -> None:
    twins = debtor("tweeling@example.nl", name="Tweeling")
    assert warnings_of(customers, twins, "1").keys() == {AMBIGUOUS}
    sandbox.requests.clear()
    assert warnings_of(customers, twins, "2").keys() == {AMBIGUOUS}
    assert not sandbox.requests, "what this run has read is known"

    again = customers_of(processes.start())
    assert warnings_of(again, twins, "3").keys() == {AMBIGUOUS}
    assert len(asked(sandbox, path="/customer")) == 1

    # The second one it is, as somebody found.
    sandbox.minox.customers["10630"]["addresses"][0]["email_addresses"] = []
    last = customers_of(processes.start())
    assert (number_of(last, twins, "4"), warnings_of(last, twins, "5")) == ("10631", {})


def test_a_lower_number_that_comes_later_takes_no_bookings_from_a_known_one(
    sandbox: Sandbox, customers: Customers, processes: Processes
) -> None:
    twins = debtor("tweeling@example.nl", name="Tweeling")
    assert number_of(customers, twins, "1") == "10630"
    there = sandbox.minox.customers
    there["10600"] = there["10631"] | {"id": "10600"}

    again = customers_of(processes.start())
    assert number_of(again, twins, "2") == "10630"
    assert warnings_of(again, twins, "3")[AMBIGUOUS]["others"] == "10600, 10631"


# Another name


def test_a_customer_with_another_name_than_the_orders_is_warned_of_with_each_order(
    sandbox: Sandbox, customers: Customers, processes: Processes
) -> None:
    sanne = "sanne.visser@example.nl"
    assert not warnings_of(customers, debtor(sanne, name="Sanne Visser"), "1")
    sandbox.requests.clear()
    stranger = debtor(sanne, name="Jan Jansen")
    assert warnings_of(customers, stranger, "2") == {
        OTHER_NAME: {"number": "2", "customer": "10610"}
    }
    assert not sandbox.requests
    assert not warnings_of(customers, debtor(sanne, name="Mevr. S. Visser"), "3")

    # Memory alone warns of nothing: somebody may have put it right.
    assert warnings_of(customers_of(processes.start()), stranger, "4").keys() == {OTHER_NAME}
    sandbox.minox.customers["10610"]["addresses"][0]["contact_name"] = "J. Jansen"
    assert not warnings_of(customers_of(processes.start()), stranger, "5")
    assert number_of(customers, stranger, "6") == "10610"


def test_a_company_and_its_people_are_one_customer(sandbox: Sandbox, customers: Customers) -> None:
    firm = debtor(name="Truus Voorbeeldig", company="De Kaasboer BV")
    assert not warnings_of(customers, firm)
    for name, company in (("Truus Voorbeeldig", ""), ("Piet Bakker", "KAASBOER"), ("", "")):
        assert not warnings_of(customers, debtor(name=name, company=company))
    assert warnings_of(customers, debtor(name="Piet Bakker")).keys() == {OTHER_NAME}
    assert len(made(sandbox)) == 1


def test_accents_and_capitals_make_no_other_name(sandbox: Sandbox, customers: Customers) -> None:
    for address in sandbox.minox.customers["10610"]["addresses"]:
        address["name"] = "RENEE MULLER"
    assert not warnings_of(customers, debtor("sanne.visser@example.nl", name="Renée"))
    assert not warnings_of(customers, debtor("sanne.visser@example.nl", name="Müller"))


def test_no_name_is_kept_with_a_remembered_customer(wiring: Wiring, customers: Customers) -> None:
    customers.find(debtor(name="Truus Voorbeeldig"), "1")
    customers.find(debtor("sanne.visser@example.nl", name="Truus Voorbeeldig"), "2")
    (first, second) = wiring.store.db.execute("SELECT * FROM customers").fetchall()
    assert not re.search("(?i)truus|voorbeeldig|sanne|visser", f"{first} {second}")


def test_a_customer_that_a_version_before_found_is_looked_up_once_more(
    sandbox: Sandbox, wiring: Wiring, customers: Customers
) -> None:
    """It told of several in the log alone, and of another name nowhere."""
    twins = debtor("tweeling@example.nl", name="Jan Jansen")
    wiring.store.settle_customer(customers.externalid(twins), "10631", vat_number="")
    for order in ("1", "2"):
        assert number_of(customers, twins, order) == "10631"
        assert warnings_of(customers, twins, order).keys() == {AMBIGUOUS, OTHER_NAME}
    assert len(asked(sandbox, path="/customer")) == 1


def test_a_customer_of_a_version_before_whose_address_was_changed_stays(
    sandbox: Sandbox, wiring: Wiring, customers: Customers
) -> None:
    sanne = debtor("sanne.visser@example.nl", name="Sanne Visser")
    wiring.store.settle_customer(customers.externalid(sanne), "10610", vat_number="")
    there = sandbox.minox.customers
    there["10600"] = copy.deepcopy(there["10610"]) | {"id": "10600"}
    there["10610"]["addresses"][0]["email_addresses"] = []
    assert number_of(customers, sanne, "1") == "10610"


def test_a_look_up_that_tells_only_the_blocked_one_is_followed_by_a_search(
    sandbox: Sandbox, customers: Customers
) -> None:
    sandbox.settings.by_email = "object"
    assert number_of(customers, debtor("gedeeld@example.nl"), "1001") == "10621"


def test_a_look_up_that_minds_capitals_is_tried_without_them(
    sandbox: Sandbox, customers: Customers
) -> None:
    sandbox.faults.append(Fault("status", status=404, path="by_email/Gedeeld%40example.nl"))
    assert number_of(customers, debtor("Gedeeld@example.nl"), "1001") == "10621"
    assert made(sandbox) == []


def test_only_blocked_ones_are_no_customer(sandbox: Sandbox, customers: Customers) -> None:
    found = number_of(customers, debtor("geblokkeerd@example.nl"), "1036")
    assert found == Rejection(
        reason=Reason.CUSTOMER_BLOCKED, values={"number": "1036", "customer": "10640"}
    )
    assert not made(sandbox)

    sandbox.minox.customers["10640"]["blocked"] = {"active": False}
    assert number_of(customers, debtor("geblokkeerd@example.nl"), "1036") == "10640"


def test_a_reverse_charged_order_on_a_customer_without_its_vat_number_is_warned_of(
    customers: Customers,
) -> None:
    domestic = debtor("sanne.visser@example.nl", name="Visser", vat_number="BE0403170701")
    assert not warnings_of(customers, domestic)
    values = {"number": "1059", "customer": "10650"}
    assert warnings_of(customers, reverse_charged(), "1059") == {ICP: values}


BELGIAN = "BE0428759497"
MONTH = 31 * 86_400


def reverse_charged(vat_number: str = BELGIAN, email: str = "inkoop1059@example.com") -> Any:
    """Give a business elsewhere in the EU, with its VAT number on the order."""
    fields = {"country_code": "BE", "vat_number": vat_number, "company": "Zaak 1059"}
    return debtor(email, reverse_charged=True, **fields)


def warned(customers: Customers, customer: CustomerByEmail, number: str = "1059") -> bool:
    """Tell whether an order is booked with the warning that the ICP return will miss it."""
    return ICP in warnings_of(customers, customer, number)


def test_the_icp_warning_comes_with_every_order_of_a_remembered_customer(
    customers: Customers, processes: Processes
) -> None:
    for number in ("1059", "1060"):
        assert number_of(customers, reverse_charged(), number) == "10650"
        assert warned(customers, reverse_charged(), number)
    assert warned(customers_of(processes.start()), reverse_charged(), "1061")


def test_an_icp_warning_ends_as_soon_as_the_number_is_in_minox(
    sandbox: Sandbox, customers: Customers, processes: Processes
) -> None:
    assert warned(customers, reverse_charged())
    sandbox.minox.customers["10650"]["vat"] = {"vat_registration_number": BELGIAN}
    sandbox.requests.clear()
    again = customers_of(processes.start())
    assert not warned(again, reverse_charged(), "1060")
    assert not warned(again, reverse_charged(), "1061")
    assert len(asked(sandbox, path="/customer")) == 1


def test_a_customer_that_was_first_met_without_reverse_charge_is_warned_of_later(
    sandbox: Sandbox, customers: Customers
) -> None:
    first = debtor("inkoop1059@example.com", company="Zaak 1059")
    assert not warnings_of(customers, first, "1058")
    sandbox.requests.clear()
    assert warned(customers, reverse_charged())
    assert not sandbox.requests, "what the look-up told is known"


def test_a_new_customer_has_the_vat_number_that_it_was_made_with(customers: Customers) -> None:
    made_with = number_of(customers, reverse_charged(email=NEW), "1")
    assert not warned(customers, reverse_charged(email=NEW), "2")
    other = reverse_charged("BE0403170701", NEW)
    assert (number_of(customers, other, "3"), warned(customers, other)) == (made_with, True)


def test_a_remembered_customer_is_read_again_once_a_month_for_reverse_charge_alone(
    sandbox: Sandbox, customers: Customers, clock: Clock
) -> None:
    sandbox.minox.customers["10650"]["vat"] = {"vat_registration_number": BELGIAN}
    assert not warned(customers, reverse_charged(), "1")
    sandbox.minox.customers["10650"]["vat"] = {}
    sandbox.requests.clear()
    assert not warned(customers, reverse_charged(), "2")

    clock.pass_by(MONTH)
    first = debtor("inkoop1059@example.com", company="Zaak 1059")
    assert number_of(customers, first, "3") == "10650"
    assert not sandbox.requests
    for number in ("4", "5"):
        assert warned(customers, reverse_charged(), number)
    paths = [request.path for request in asked(sandbox, path="/customer")]
    assert paths == [f"{INSIDE}/customer/10650"]


def test_a_number_of_which_nothing_else_is_known_is_read_again(
    sandbox: Sandbox, wiring: Wiring, customers: Customers
) -> None:
    wiring.store.settle_customer(customers.externalid(reverse_charged()), "10650")
    for number in ("1", "2"):
        assert warned(customers, reverse_charged(), number)
    assert len(asked(sandbox, path="/customer")) == 1


def test_a_refusal_to_read_a_customer_again_stops_no_order(
    sandbox: Sandbox, wiring: Wiring, customers: Customers
) -> None:
    wiring.store.settle_customer(customers.externalid(reverse_charged()), "10650")
    sandbox.faults.append(Fault("status", status=400, path="/customer/"))
    assert number_of(customers, reverse_charged(), "1") == "10650"
    assert not sandbox.faults


def test_a_number_that_went_to_somebody_else_is_noticed_by_the_monthly_look(
    sandbox: Sandbox, customers: Customers, clock: Clock
) -> None:
    assert number_of(customers, reverse_charged(), "1") == "10650"
    there = sandbox.minox.customers
    there["10700"] = there["10650"] | {"id": "10700"}
    there["10650"] = there["10610"] | {"id": "10650"}
    clock.pass_by(MONTH)
    assert number_of(customers, reverse_charged(), "2") == "10700"


@pytest.mark.parametrize(
    ("ours", "in_minox"),
    [
        ("Bo Li", "Bo Li"),
        ("3M", "3M"),
        ("AH BV", "Albert Heijn"),
        ("Van der", "Jansen"),
        ("Jansen", ""),
    ],
)
def test_a_name_without_a_word_to_compare_makes_no_second_customer(
    sandbox: Sandbox, customers: Customers, clock: Clock, ours: str, in_minox: str
) -> None:
    customer = debtor("inkoop1059@example.com", reverse_charged=True, name=ours)
    assert number_of(customers, customer, "1") == "10650"
    for address in sandbox.minox.customers["10650"]["addresses"]:
        address["name"] = in_minox
        address["email_addresses"] = [{"email_address": "boekhouding@example.com"}]
    clock.pass_by(MONTH)
    assert number_of(customers, customer, "2") == "10650"
    assert made(sandbox) == []


@pytest.mark.parametrize(
    ("country", "on_order", "in_minox"),
    [
        ("BE", "BE0428759497", "BE 0428.759.497"),
        ("BE", "BE0428759497", "0428759497"),
        ("BE", "be 428 759 497", "BE0428759497"),
        ("BE", "BTW BE 0428.759.497", "be0428759497"),
        ("DE", "USt-IdNr. DE136695976", "DE 136 695 976"),
        ("GR", "GR094259216", "EL094259216"),
        ("GR", "EL094259216", "094259216"),
        ("AT", "ATU13585627", "U13585627"),
    ],
)
def test_vat_numbers_are_compared_in_one_form(
    sandbox: Sandbox,
    customers: Customers,
    country: str,
    on_order: str,
    in_minox: str,
) -> None:
    sandbox.minox.customers["10650"]["vat"] = {"vat_registration_number": in_minox}
    buyer = {"country_code": country, "vat_number": on_order}
    customer = debtor("inkoop1059@example.com", reverse_charged=True, **buyer)
    assert not warned(customers, customer)


def test_an_existing_customer_is_never_changed(sandbox: Sandbox, customers: Customers) -> None:
    before = json.dumps(sandbox.minox.customers)
    customer = debtor("inkoop1059@example.com", name="Anders", vat_number="BE0428759497")
    number_of(customers, customer, "1059")
    assert json.dumps(sandbox.minox.customers) == before
    assert not asked(sandbox, "P")


def test_an_email_that_minox_does_not_take_is_that_orders_problem_alone(
    sandbox: Sandbox, customers: Customers
) -> None:
    sandbox.faults.append(Fault("status", status=400, path="by_email"))
    assert reason(number_of(customers, debtor("geen adres"), "1001")) is Reason.REJECTED_BY_MINOX
    assert not made(sandbox)


# Made.


@pytest.mark.parametrize("answer", ["customer", "id", "location", "nothing"])
@pytest.mark.parametrize("how", ["collection", "object", "collection_404"])
def test_a_new_customer_is_made_once_with_every_kind_of_answer(
    sandbox: Sandbox, customers: Customers, processes: Processes, answer: str, how: str
) -> None:
    sandbox.settings.update({"post_customer": answer, "by_email": how, "by_externalid": how})
    number = number_of(customers, debtor(), "1001")

    assert [number] == made(sandbox)
    assert number_of(customers_of(processes.start()), debtor(), "2") == number
    assert len(asked(sandbox, "POST", "/customer")) == 1


def test_the_intent_is_stored_before_it_is_sent(
    wiring: Wiring, customers: Customers, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = wiring.minox.create_customer

    def spy(body: bytes, journal: str) -> Any:
        known = processes.start().store.customer(customers.externalid(debtor()))
        assert known
        assert known.number is None
        assert known.posted_at
        assert json.loads(body)["externalid"] == known.externalid
        return create(body, journal)

    monkeypatch.setattr(wiring.minox, "create_customer", spy)
    assert isinstance(number_of(customers, debtor(), "1001"), str)


@pytest.mark.parametrize("lag", [0, 2])
@pytest.mark.parametrize("kind", ["drop_after", "truncated", "html", "broken_json"])
def test_a_lost_answer_to_a_post_makes_one_customer(
    sandbox: Sandbox, customers: Customers, kind: str, lag: float
) -> None:
    sandbox.settings.update({"lookup_lag": lag})
    sandbox.faults.append(Fault(kind, method="POST", path="/customer", effect=True))  # type: ignore[arg-type]
    number = number_of(customers, debtor(), "1001")
    assert [number] == made(sandbox)
    assert number_of(customers, debtor(), "1002") == number
    assert len(asked(sandbox, "POST", "/customer")) == 1


@pytest.mark.parametrize("broken", ["by_externalid", "(by_email|customer$)"])
def test_after_a_lost_answer_either_look_up_is_enough(
    sandbox: Sandbox, customers: Customers, broken: str
) -> None:
    sandbox.faults.append(Fault("status", status=404, method="GET", path=broken, times=None))
    sandbox.faults.append(Fault("drop_after", method="POST", path="/customer"))
    assert [number_of(customers, debtor(), "1001")] == made(sandbox)
    assert len(asked(sandbox, "POST", "/customer")) == 1


@pytest.mark.parametrize("lag", [0, 2])
def test_a_post_that_never_arrived_is_unknown_and_made_by_a_later_attempt(
    sandbox: Sandbox, customers: Customers, processes: Processes, clock: Clock, lag: float
) -> None:
    sandbox.settings.update({"lookup_lag": lag})
    sandbox.faults.append(Fault("drop_before", method="POST", path="/customer"))
    assert reason(number_of(customers, debtor(), "1001")) is Reason.OUTCOME_UNKNOWN
    assert sum(clock.slept) >= 3  # minox/exactly_once.md, "An answer that never came"
    assert not made(sandbox)

    number = number_of(customers_of(processes.start()), debtor(), "1001")
    assert sum(clock.slept) >= GHOST_SECONDS - 2
    assert [number] == made(sandbox)
    assert len(asked(sandbox, "POST", "/customer")) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_a_server_error_to_a_post_is_not_sent_again_in_the_same_attempt(
    sandbox: Sandbox, customers: Customers, status: int
) -> None:
    sandbox.faults.append(Fault("status", method="POST", path="/customer", status=status))
    assert reason(number_of(customers, debtor(), "1001")) is Reason.OUTCOME_UNKNOWN
    assert len(asked(sandbox, "POST", "/customer")) == 1


def test_a_post_that_is_carried_out_late_is_found_by_the_next_attempt(
    sandbox: Sandbox, customers: Customers, clock: Clock
) -> None:
    sandbox.faults.append(Fault("drop_before", method="POST", path="/customer"))
    assert reason(number_of(customers, debtor(), "1001")) is Reason.OUTCOME_UNKNOWN

    clock.pass_by(GHOST_SECONDS - 8)
    body = customer_body(debtor(), customers.externalid(debtor()), AT_HOME)
    sandbox.minox.create_customer(json.loads(body), "VERK")
    number = number_of(customers, debtor(), "1001")
    assert [number] == made(sandbox)
    assert len(asked(sandbox, "POST", "/customer")) == 1


def test_a_customer_that_was_made_after_all_and_blocked_is_not_made_again(
    sandbox: Sandbox, customers: Customers
) -> None:
    sandbox.settings.update({"lookup_lag": 10})
    sandbox.faults.append(Fault("drop_after", method="POST", path="/customer"))
    assert reason(number_of(customers, debtor(), "1001")) is Reason.OUTCOME_UNKNOWN
    sandbox.minox.customers[made(sandbox)[0]]["blocked"] = {"active": True}

    assert reason(number_of(customers, debtor(), "1001")) is Reason.CUSTOMER_BLOCKED
    assert len(made(sandbox)) == 1


def test_a_kill_after_the_intent_leads_to_one_customer(
    sandbox: Sandbox,
    wiring: Wiring,
    customers: Customers,
    monkeypatch: pytest.MonkeyPatch,
    processes: Processes,
) -> None:
    create = wiring.minox.create_customer

    def killed(body: bytes, journal: str) -> None:
        create(body, journal)
        raise KeyboardInterrupt

    monkeypatch.setattr(wiring.minox, "create_customer", killed)
    with pytest.raises(KeyboardInterrupt):
        number_of(customers, debtor(), "1001")

    assert [number_of(customers_of(processes.start()), debtor(), "1001")] == made(sandbox)


@pytest.mark.parametrize("status", [400, 200])
def test_a_refusal_of_a_new_customer_is_told_in_minox_own_words_and_tried_again_later(
    sandbox: Sandbox, wiring: Wiring, clock: Clock, status: int
) -> None:
    sandbox.settings.update({"error_status": status})
    wrong = customers_of(wiring, journal="KAS")
    assert number_of(wrong, debtor(), "1001") == Rejection(
        reason=Reason.REJECTED_BY_MINOX,
        values={
            "number": "1001",
            "message": "Dagboek KAS is geen verkoopdagboek.",
            "refused": "customer",
        },
    )
    assert len(asked(sandbox, "POST", "/customer")) == 1
    slept = sum(clock.slept)
    assert [number_of(customers_of(wiring), debtor(), "1001")] == made(sandbox)
    assert sum(clock.slept) - slept < 1


def emails_and_phones(sandbox: Sandbox, number: str) -> list[dict[str, Any]]:
    """Return how a customer can be reached, as Minox has it."""
    (address,) = sandbox.minox.customers[number]["addresses"]
    return [*address["email_addresses"], *address["phone_numbers"]]


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize("refused", ["email", "phone", "both"])
def test_where_minox_refuses_a_type_the_customer_is_made_without(
    sandbox: Sandbox, customers: Customers, refused: str, status: int
) -> None:
    sandbox.settings.update({"refused_types": refused, "error_status": status})
    first = number_of(customers, debtor(phone="06-1"), "1001")
    second = number_of(customers, debtor("ander@example.nl", phone="06-2"), "1002")

    assert [first, second] == made(sandbox)
    assert emails_and_phones(sandbox, str(first)) == [
        {"email_address": NEW},
        {"phone_number": "06-1"},
    ]
    # In one run Minox is tried with them once.
    assert len(asked(sandbox, "POST", "/customer")) == 3


def test_types_are_sent_where_minox_takes_them(sandbox: Sandbox, customers: Customers) -> None:
    number = number_of(customers, debtor(phone="06-1"), "1001")
    assert emails_and_phones(sandbox, str(number)) == [
        {"email_address_type": "general", "email_address": NEW},
        {"phone_number_type": "phone", "phone_number": "06-1"},
    ]


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status"])
def test_doubt_over_the_customer_without_types_makes_one(
    sandbox: Sandbox, customers: Customers, processes: Processes, kind: str
) -> None:
    sandbox.settings.refused_types = "both"
    # The first request with the path is the one that is refused.
    sandbox.faults.append(Fault(kind, method="POST", path="/customer", skip=1))  # type: ignore[arg-type]
    number_of(customers, debtor(), "1001")
    assert [number_of(customers_of(processes.start()), debtor(), "1001")] == made(sandbox)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"postal_code": "12"}, "Postcode 12 is ongeldig voor land NL."),
        ({"country_code": "Nederland"}, "Landcode Nederland bestaat niet."),
    ],
)
def test_data_of_a_customer_that_minox_refuses_is_told_as_that_and_sent_once(
    sandbox: Sandbox, customers: Customers, data: dict[str, Any], message: str
) -> None:
    sandbox.settings.customer_checks = True
    found = number_of(customers, debtor(**({"country_code": "NL"} | data)), "1001")
    assert isinstance(found, Rejection)
    assert found.values == {"number": "1001", "message": message, "refused": "customer"}
    assert len(asked(sandbox, "POST", "/customer")) == 1

    assert [number_of(customers, debtor(postal_code="5341GE"), "1001")] == made(sandbox)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("status", status=403, method="POST", path="/customer"), KeysRefused),
        (Fault("429", retry_after="900", method="POST", path="/customer"), WaitTooLong),
    ],
    ids=["403", "429"],
)
def test_a_vendor_that_cannot_be_used_ends_it_and_leaves_one_customer_later(
    sandbox: Sandbox, customers: Customers, clock: Clock, fault: Fault, error: type[VendorError]
) -> None:
    sandbox.faults.append(Fault(**fault.as_dict()))
    with pytest.raises(error):
        number_of(customers, debtor(), "1001")
    clock.pass_by(1000)
    assert [number_of(customers, debtor(), "1001")] == made(sandbox)


@pytest.mark.parametrize(
    ("given", "former"),
    [
        ("Jan@Example.NL ", "jan@example.nl"),
        ("info@bücher.example", "info@bücher.example"),
        ("Jan Jansen <jan@example.nl>", "jan jansen <jan@example.nl>"),
        ("info@xn--bcher-kva.example", "info@xn--bcher-kva.example"),
        ("jose\u0301@example.nl", "jose\u0301@example.nl"),
    ],
)
@pytest.mark.parametrize("in_doubt", [False, True])
def test_a_customer_of_an_earlier_version_is_not_made_again_however_it_was_known(
    sandbox: Sandbox, wiring: Wiring, given: str, former: str, *, in_doubt: bool
) -> None:
    """What an earlier version derived from is what was typed, trimmed, in small letters."""
    externalid = str(uuid.uuid5(SPACE, f"customer {former}"))
    number = in_books(sandbox, given, externalid=externalid)
    wiring.store.intend_customer(externalid)
    if not in_doubt:
        wiring.store.settle_customer(externalid, number, vat_number="")

    assert number_of(customers_of(wiring), buyer_of(given), "1001") == number
    assert made(sandbox) == [number]


@pytest.mark.parametrize("in_minox", ["Info@bücher.example", "info@xn--bcher-kva.example"])
@pytest.mark.parametrize("given", ["info@bücher.example", "Bob <INFO@xn--bcher-kva.example>"])
def test_an_international_address_finds_its_customer_in_either_form(
    sandbox: Sandbox, customers: Customers, in_minox: str, given: str
) -> None:
    number = in_books(sandbox, in_minox)
    assert number_of(customers, buyer_of(given), "1001") == number
    assert not made(sandbox)


def test_one_address_in_two_forms_is_one_customer(sandbox: Sandbox, customers: Customers) -> None:
    numbers = set()
    for given in ("info@bücher.example", "Bob <info@xn--bcher-kva.example>", "INFO@Bücher.example"):
        numbers.add(number_of(customers, buyer_of(given), "1001"))
    assert numbers == set(made(sandbox))
    assert len(numbers) == 1


def test_externalids_are_the_same_for_a_new_state_file_and_differ_between_people(
    sandbox: Sandbox, customers: Customers
) -> None:
    number_of(customers, debtor(), "1001")
    number_of(customers, debtor("ander@example.nl"), "1002")
    ids = [sandbox.minox.customers[number]["externalid"] for number in made(sandbox)]
    assert len(set(ids)) == 2
    assert (
        ids[0]
        == customers.externalid(debtor(f" {NEW.upper()} "))
        == str(uuid.uuid5(SPACE, f"customer {NEW}"))
    )


def test_a_number_that_was_forgotten_is_looked_up_again(
    sandbox: Sandbox, customers: Customers
) -> None:
    assert number_of(customers, debtor("tweeling@example.nl"), "1001") == "10630"
    sandbox.minox.customers["10630"]["blocked"] = {"active": True, "reason": None}
    customers.forget(debtor("Tweeling@example.nl"))
    assert number_of(customers, debtor("tweeling@example.nl"), "1001") == "10631"


def test_a_look_up_polls_for_as_long_as_answers_may_lag(
    sandbox: Sandbox, customers: Customers, clock: Clock
) -> None:
    sandbox.settings.update({"lookup_lag": 3, "post_customer": "nothing"})
    begun = dt.datetime.now(dt.UTC)
    assert [number_of(customers, debtor(), "1001")] == made(sandbox)
    assert 3 <= (dt.datetime.now(dt.UTC) - begun).total_seconds() < LAG_SECONDS + 1
    assert clock.slept
