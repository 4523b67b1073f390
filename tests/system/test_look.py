"""No order is sent for the first time before the books were looked at for it."""

import copy
import shutil

import pytest

from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.bulk import many_orders
from tests.harness.clock import Clock
from tests.harness.inside import Inside
from tests.system.test_adopt import (
    KEES,
    book,
    debtor,
    lose_state,
    offer_one,
    reasons,
    revenue,
    unbroken,
    uuid_of,
)

pytestmark = pytest.mark.thorough


@pytest.fixture
def samples() -> bool:
    return False


def back_up(inside: Inside) -> None:
    """Put a copy of the state's folder away: state file and lock file together."""
    shutil.copytree(inside.folder, inside.folder.with_name("backup"))


def put_back(inside: Inside, vendors: Sandbox) -> None:
    for path in inside.folder.glob("state.db*"):
        path.unlink()
    for path in inside.folder.with_name("backup").glob("state.db*"):
        shutil.copy2(path, inside.folder)
    inside.log_in(vendors)


def customer_of(vendors: Sandbox, order: str) -> str:
    """Make the customer of an order, as a former connector would; return its number."""
    email = f"truus{order}@example.nl"
    address = {"name": "Truus", "email_addresses": [{"email_address": email}]}
    made = vendors.minox.create_customer({"addresses": [address]}, "VERK")
    return str(made["id"])


def periods_read(vendors: Sandbox) -> int:
    return sum("transaction_lines" in request.path for request in vendors.requests)


def sent(vendors: Sandbox) -> int:
    return sum(request.method == "PUT" for request in vendors.requests)


# Ours


def test_a_whole_folder_from_a_backup_books_nothing_twice_and_overwrites_nothing(
    inside: Inside, vendors: Sandbox, clock: Clock
) -> None:
    """Also of days after the first push; nothing beside the state file can tell its age."""
    offer_one(vendors, "501")
    inside("fetch")
    assert inside("push").status == 0
    back_up(inside)

    clock.pass_by(2 * 86_400)
    for number in ("502", "503", "504"):
        offer_one(vendors, number, date="2026-03-22")
    lines = debtor("12.10", invoice_number=77, text="Bestelling 504"), revenue("12.10")
    book(vendors, "by-hand", *lines, day="2026-03-22")
    inside("fetch")
    assert inside("adopt").status == 0
    assert inside("push").status == 0
    assert inside.booked() == ["501", "502", "503", "504"]
    for batch in vendors.minox.batches.values():
        batch[-1]["description"] = "by a person"
    books = copy.deepcopy(vendors.minox.batches)

    put_back(inside, vendors)
    offer_one(vendors, "503", "24.20", date="2026-03-22")
    offer_one(vendors, "505", date="2026-03-22")
    inside("fetch")
    assert inside("push").status == 3, "504 is another's booking: for adopt to take over"
    assert {batch: vendors.minox.batches[batch] for batch in books} == books
    assert len(vendors.minox.batches) == 5
    assert reasons(inside) == {"504": "perhaps_booked"}
    assert inside.report()["503"]["differences"] == ["total: 24.20 booked, 12.10 in Minox"]
    assert inside("adopt").status == 0
    assert inside("push").status == 0
    assert len(vendors.minox.batches) == 5


@pytest.mark.parametrize("command", ["push", "retry 501", "adopt"])
def test_our_own_booking_in_another_journal_is_the_orders_and_never_overwritten(
    inside: Inside, vendors: Sandbox, command: str
) -> None:
    offer_one(vendors, "501")
    inside("fetch")
    inside("push")
    [batch] = vendors.minox.batches.values()
    for line in batch:
        line["journal"] = {"id": "VERK2"}
    books = {
        batch: [dict(line) for line in lines] for batch, lines in vendors.minox.batches.items()
    }
    lose_state(inside, vendors)
    inside("fetch")
    vendors.requests.clear()
    assert inside(*command.split()).status == 0
    assert (inside.booked(), sent(vendors)) == (["501"], 0)
    assert vendors.minox.batches == books


@pytest.mark.parametrize("who", ["a person", "the shop"])
def test_our_own_booking_in_a_period_that_is_not_read_is_never_overwritten(
    inside: Inside, vendors: Sandbox, who: str
) -> None:
    """A person moved it to another period, or the order's date changed in the shop."""
    offer_one(vendors, "501", date="2026-01-20" if who == "the shop" else "2026-03-14")
    inside("fetch", "--since", "2026-01-01")
    inside("push")
    [batch] = vendors.minox.batches.values()
    if who == "a person":
        for line in batch:
            line.update(document_date="2026-01-20", period={"id": 1, "fiscal_year": 2026})
    books = copy.deepcopy(vendors.minox.batches)

    lose_state(inside, vendors)
    offer_one(vendors, "501", "24.20")
    inside("fetch")
    vendors.requests.clear()
    inside("push")
    assert (inside.booked(), sent(vendors), vendors.minox.batches) == (["501"], 0, books)
    assert inside.report()["501"]["differences"] == ["total: 24.20 booked, 12.10 in Minox"]


def test_our_own_booking_that_was_changed_since_is_a_difference(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, "501")
    inside("fetch")
    inside("push")
    lose_state(inside, vendors)
    offer_one(vendors, "501", "36.30")
    inside("fetch")
    told = inside("push")
    assert told.status == 3
    assert "Order 501: total: 36.30 booked, 12.10 in Minox." in told.err
    assert "mww2minox seen 501" in told.err
    assert inside.report()["501"]["differences"] == ["total: 36.30 booked, 12.10 in Minox"]


def test_nothing_is_read_for_an_order_that_a_rule_refuses_and_no_customer_is_made_before(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, "501", currency="USD")
    inside("fetch")
    vendors.requests.clear()
    assert inside("push").status == 3
    assert periods_read(vendors) == 0

    offer_one(vendors, "502")
    book(vendors, "other", debtor("99.00", invoice_number=502), revenue("99.00"))
    customers = dict(vendors.minox.customers)
    inside("fetch")
    assert inside("push").status == 3
    assert vendors.minox.customers == customers


@pytest.mark.parametrize("period", ["all", "none but a further page", "an empty one"])
def test_a_journal_that_is_not_there_is_not_an_empty_one(
    inside: Inside, vendors: Sandbox, period: str
) -> None:
    vendors.settings.update({"page_size": 1})
    offer_one(vendors, "501")
    book(vendors, "by-hand", debtor("12.10", text="Bestelling 501"), revenue("12.10"))
    inside("fetch")
    skip = {"all": 0, "none but a further page": 2, "an empty one": 0}[period]
    times = 1 if period == "an empty one" else None
    path = "transaction_lines"
    vendors.faults.append(
        Fault("status", side="minox", method="GET", path=path, status=404, skip=skip, times=times)
    )
    assert inside("push").status == (3 if period == "an empty one" else 4)
    assert len(vendors.minox.batches) == 1


# What it costs


def test_an_ordinary_day_costs_two_periods_and_once_a_week_those_of_the_periods_to_come(
    inside: Inside, vendors: Sandbox
) -> None:
    vendors.settings.update({"page_size": 1000})
    for order in many_orders(20, vendors.today):
        vendors.shop.add(order | {"date": vendors.today.isoformat()})
    inside("fetch")
    vendors.requests.clear()
    assert inside("push").status == 0
    assert periods_read(vendors) == 11, "February to December: the first time"

    for order in many_orders(40, vendors.today)[20:]:
        vendors.shop.add(order | {"date": vendors.today.isoformat()})
    inside("fetch")
    vendors.requests.clear()
    assert inside("push").status == 0
    assert (periods_read(vendors), sent(vendors)) == (2, 20)
    asked = [r for r in vendors.requests if r.method == "GET" and "line_batch" in r.path]
    assert len(asked) == 20, "one for each first PUT: ours may stand in any period"


# Whose it is: names and fits


@pytest.mark.parametrize(
    ("number", "total", "text"),
    [
        ("2026", "121.00", "Huur kraam maart 2026"),
        ("12", "12.10", "12 dozen wijn"),
        ("62", "12.10", "Molenstraat 62"),
        ("2026", "12.10", "Factuur 2026-0012"),
        ("12", "12.10", "Lidmaatschap 12/2026"),
        ("14", "12.10", "Bestelling van 14-3-2026"),
    ],
)
def test_a_text_that_names_no_order_holds_up_nobody(
    inside: Inside, vendors: Sandbox, number: str, total: str, text: str
) -> None:
    offer_one(vendors, number, total)
    offer_one(vendors, "901")
    book(vendors, "rent", debtor("500.00", invoice_number=77, text=text), revenue("500"))
    inside("fetch")
    assert inside("push").status == 0
    assert set(inside.booked()) == {number, "901"}


def test_a_description_goes_before_the_invoice_number(inside: Inside, vendors: Sandbox) -> None:
    """The former connector leaves the invoice number to Minox."""
    offer_one(vendors, "873")
    offer_one(vendors, "1024")
    book(vendors, "b", debtor("12.10", invoice_number=1024, text="873"), revenue("12.10"))
    inside("fetch")
    assert inside("adopt").status == 0
    assert inside("push").status == 0
    report = inside.report()
    assert report["873"]["batch_id"] == uuid_of("b")
    assert report["1024"]["batch_id"] not in (None, uuid_of("b"))


def test_it_does_so_whether_or_not_that_order_is_known(inside: Inside, vendors: Sandbox) -> None:
    offer_one(vendors, "1024")
    book(vendors, "b", debtor("12.10", invoice_number=1024, text="Order 873"), revenue("12.10"))
    inside("fetch")
    assert inside("push").status == 0
    assert len(vendors.minox.batches) == 2


def candidate(vendors: Sandbox) -> None:
    """Offer order 1005 and another, and book 1005 by hand for somebody else, half a year later."""
    offer_one(vendors, "1005")
    offer_one(vendors, "1006")
    lines = debtor("500.00", invoice_number=1005, text="Advies"), revenue("500.00")
    book(vendors, "by-hand", *lines, day="2026-09-14")


def test_a_candidate_fails_alone_and_a_person_decides(inside: Inside, vendors: Sandbox) -> None:
    candidate(vendors)
    inside("fetch")
    told = inside("push")
    assert told.status == 3
    assert (
        "Order 1005 may be in the books already: journal VERK, 14 Sept 2026, 500.00 euros, "
        '"Advies" (bookings found: 1).' in unbroken(told.err)
    )
    assert (inside.booked(), reasons(inside)) == (["1006"], {"1005": "perhaps_booked"})
    assert inside("adopt").status == 0
    assert inside.booked() == ["1006"], "never in silence"

    assert inside("adopt", "--order", "1005").status == 0
    report = inside.report()["1005"]
    assert (report["batch_id"], report["customer"]) == (uuid_of("by-hand"), KEES)
    assert report["differences"] == ["total: 12.10 booked, 500.00 in Minox"]

    assert inside("adopt", "--undo", "1005").status == 0
    assert inside.report()["1005"]["state"] == "ready"
    assert inside("push").status == 0, "it was told that this is another's"
    assert inside.report()["1005"]["batch_id"] not in (None, uuid_of("by-hand"))
    assert inside("adopt", "--undo", "1005").status == 2, "we booked it"


def test_not_adopted_books_it_and_another_candidate_asks_anew(
    inside: Inside, vendors: Sandbox
) -> None:
    candidate(vendors)
    inside("fetch")
    inside("push")
    lines = debtor("600.00", invoice_number=1005), revenue("600.00")
    book(vendors, "second", *lines, day="2026-03-15")
    assert inside("retry", "--not-adopted", "1005").status == 3
    assert "600.00" in inside("report", "--format", "json").out
    assert inside("retry", "--not-adopted", "1005").status == 0
    assert inside.booked() == ["1005", "1006"]
    assert len(vendors.minox.batches) == 4
    assert inside("retry", "--not-adopted", "1005").status == 0, "booked already"


def test_not_adopted_can_be_said_again_after_a_run_that_got_no_further(
    inside: Inside, vendors: Sandbox
) -> None:
    candidate(vendors)
    inside("fetch")
    inside("push")
    vendors.faults.append(Fault("drop_before", side="minox", method="PUT", times=None))
    assert inside("retry", "--not-adopted", "1005").status == 3
    vendors.faults.clear()
    assert inside("retry", "--not-adopted", "1005").status == 0
    assert inside.booked() == ["1005", "1006"]


def test_of_several_candidates_a_person_chooses(inside: Inside, vendors: Sandbox) -> None:
    candidate(vendors)
    lines = debtor("600.00", invoice_number=1005, text="Tweede"), revenue("600.00")
    book(vendors, "second", *lines)
    inside("fetch")
    inside("push")
    told = inside("adopt", "--order", "1005")
    assert (told.status, inside.booked()) == (2, ["1006"])
    assert all(uuid_of(name) in told.err for name in ("by-hand", "second"))
    wrong = inside("adopt", "--order", "1005", "--booking", uuid_of("nothing"))
    assert (wrong.status, inside.booked()) == (2, ["1006"])
    chosen = inside("adopt", "--order", "1005", "--booking", uuid_of("second").upper())
    assert (chosen.status, inside.report()["1005"]["batch_id"]) == (0, uuid_of("second"))
    inside("adopt", "--undo", "1005")
    assert inside("adopt", "--order", "1005").status == 0, "of the other one nobody said no"
    assert inside.report()["1005"]["batch_id"] == uuid_of("by-hand")


def test_it_is_a_persons_word_that_can_be_taken_back(inside: Inside, vendors: Sandbox) -> None:
    candidate(vendors)
    inside("fetch")
    for command in ("adopt --order 1005", "adopt --undo 1005", "adopt --order 1005"):
        assert inside(*command.split()).status == 0
    assert inside.report()["1005"]["batch_id"] == uuid_of("by-hand")
    assert inside("adopt", "--order", "1005").status == 0, "it is booked already"


def test_two_bookings_that_fit_are_for_a_person(inside: Inside, vendors: Sandbox) -> None:
    offer_one(vendors, "501")
    for name in ("a", "b"):
        book(vendors, name, debtor("12.10", invoice_number=501), revenue("12.10"))
    inside("fetch")
    assert inside("adopt").status == 0
    assert inside.booked() == []
    assert "bookings found: 2" in unbroken(inside("push").err)


def test_another_amount_on_the_orders_own_customer_fits(inside: Inside, vendors: Sandbox) -> None:
    offer_one(vendors, "501", "24.20")
    lines = debtor("24.00", of=customer_of(vendors, "501"), text="Order 501"), revenue("24.00")
    book(vendors, "other", *lines)
    inside("fetch")
    told = inside("push")
    assert (told.status, "mww2minox adopt" in unbroken(told.err)) == (3, True)
    assert inside("adopt").status == 0
    assert inside.report()["501"]["differences"] == ["total: 24.20 booked, 24.00 in Minox"]


@pytest.mark.parametrize(
    ("amount", "day"), [("-24.00", "2026-03-14"), ("24.20", "2026-06-14"), ("24.20", "2026-02-10")]
)
def test_money_back_or_another_month_does_not_fit(
    inside: Inside, vendors: Sandbox, amount: str, day: str
) -> None:
    offer_one(vendors, "501", "24.20")
    lines = debtor(amount, of=customer_of(vendors, "501"), text="Order 501"), revenue(amount)
    book(vendors, "other", *lines, day=day)
    inside("fetch")
    assert inside("adopt").status == 0
    assert (inside.booked(), inside("push").status) == ([], 3)
    assert reasons(inside) == {"501": "perhaps_booked"}


def test_a_booking_that_is_one_orders_is_no_others_candidate(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, "501", "24.20")
    offer_one(vendors, "502")
    text = "Order 501, order 502"
    book(vendors, "other", debtor("24.20", invoice_number=77, text=text), revenue("24.20"))
    inside("fetch")
    assert inside("adopt").status == 0
    assert inside("push").status == 0
    assert inside.booked() == ["501", "502"]
    assert inside.report()["501"]["batch_id"] == uuid_of("other")


@pytest.mark.parametrize(
    "arguments",
    [
        "adopt --order 999",
        "adopt --undo 999",
        "adopt --undo 501",
        "adopt --order 501",
        "adopt --order 501 --undo 501",
        "adopt --booking x",
        "adopt --order 501 --order 502 --booking x",
        "retry --all --not-adopted",
        "retry --not-adopted 501",
        "retry --not-adopted 999",
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    inside: Inside, vendors: Sandbox, arguments: str
) -> None:
    offer_one(vendors, "501")
    inside("fetch")
    before = inside.report()
    assert inside(*arguments.split()).status == 2
    assert (inside.report(), vendors.minox.batches) == (before, {})


def test_an_order_that_waits_is_adopted_and_waits_again(inside: Inside, vendors: Sandbox) -> None:
    offer_one(vendors, "501", status=1)
    book(vendors, "other", debtor("12.10", invoice_number=501), revenue("12.10"))
    inside("fetch")
    assert inside("adopt").status == 0
    assert inside.booked() == ["501"]
    assert inside("adopt", "--undo", "501").status == 0
    assert reasons(inside) == {"501": "status_not_selected"}
    assert inside("push").status == 0
    assert len(vendors.minox.batches) == 1


def test_an_adoption_that_is_taken_back_leaves_the_order_as_the_shop_has_it_now(
    inside: Inside, vendors: Sandbox
) -> None:
    for number in ("501", "502"):
        offer_one(vendors, number)
        book(vendors, number, debtor("12.10", invoice_number=int(number)), revenue("12.10"))
    inside("fetch")
    assert inside("adopt").status == 0
    offer_one(vendors, "501", "24.20")
    offer_one(vendors, "502", status=1)

    assert inside("adopt", "--undo", "501", "--undo", "502").status == 0
    assert inside("push").status == 0
    report = inside.report()
    assert (report["501"]["state"], str(report["501"]["total"])) == ("booked", "24.20")
    assert reasons(inside) == {"502": "status_not_selected"}


def test_of_several_adoptions_one_that_is_gone_from_the_shop_keeps_no_other(
    inside: Inside, vendors: Sandbox
) -> None:
    for number in ("501", "502"):
        offer_one(vendors, number)
        book(vendors, number, debtor("12.10", invoice_number=int(number)), revenue("12.10"))
    inside("fetch")
    assert inside("adopt").status == 0
    vendors.shop.remove("502")

    ended = inside("adopt", "--undo", "501", "--undo", "502")
    assert (ended.status, "502" in ended.err) == (0, True)
    report = inside.report()
    assert [report[number]["state"] for number in ("501", "502")] == ["ready", "skipped"]
    assert reasons(inside) == {"502": "gone_from_shop"}
