"""Bookings that are in the journal already, ours or another's, are found before anything is sent,
and taken over.
"""

import uuid
from collections.abc import Iterable
from typing import Any

import pytest

from mww2minox.sandbox import Fault, Sandbox, samples as sample_orders
from mww2minox.sandbox.bulk import many_orders
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from tests.harness.inside import Inside

pytestmark = pytest.mark.thorough

KEES = "10611"
"""A customer of the sandbox that nobody's order is from."""


@pytest.fixture
def samples() -> bool:
    return False


def offer(vendors: Sandbox, count: int = 3) -> list[str]:
    orders = many_orders(count, vendors.today)
    for one in orders:
        vendors.shop.add(one)
    return [one["number"] for one in orders]


def offer_one(
    vendors: Sandbox, number: str, total: str = "12.10", date: str = "2026-03-14", **fields: object
) -> None:
    made = order(
        number,
        vendors.today.fromisoformat(date),
        person("Truus", f"truus{number}@example.nl"),
        [goods("21", total)],
        invoice(total),
    )
    vendors.shop.add(made | fields)


def debtor(
    amount: str, *, of: str = KEES, invoice_number: int | None = None, text: str = ""
) -> dict[str, Any]:
    """A customer's line of another connector; a negative amount is a credit."""
    side = {"debit": max(float(amount), 0.0), "credit": max(-float(amount), 0.0)}
    account = {"id": of, "scheme": "MINOX", "type": "customer"}
    return {"account": account, **side, "invoice_number": invoice_number, "description": text}


def revenue(amount: str, text: str = "") -> dict[str, Any]:
    side = {"debit": max(-float(amount), 0.0), "credit": max(float(amount), 0.0)}
    return {
        "account": {"id": "8000", "scheme": "MINOX", "type": "ledger_account"},
        **side,
        "description": text,
    }


def book(
    vendors: Sandbox,
    name: str,
    *lines: dict[str, Any],
    day: str = "2026-03-14",
    journal: str = "VERK",
) -> None:
    """Put a booking in the books that is not ours; its UUID is made from `name`."""
    batch = uuid_of(name)
    period = {"id": int(day[5:7]), "fiscal_year": int(day[:4])}
    common = {"batch_id": batch, "document_date": day, "journal": {"id": journal}, "period": period}
    vendors.minox.batches[batch] = [
        {**line, **common, "line_number": place} for place, line in enumerate(lines, 1)
    ]


def uuid_of(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def book_each(vendors: Sandbox, numbers: Iterable[str]) -> None:
    """Book as another connector does: a batch for each order, its number as the invoice number."""
    for number in numbers:
        made = vendors.shop.orders[number]
        total = made["price"]["total"]
        lines = debtor(total, invoice_number=int(number)), revenue(total)
        book(vendors, f"other-{number}", *lines, day=made["date"])


def written(vendors: Sandbox) -> list[str]:
    inside_tenant = [seen for seen in vendors.requests if "/tenant/" in seen.path]
    return [f"{seen.method} {seen.path}" for seen in inside_tenant if seen.method != "GET"]


def adopted(inside: Inside, vendors: Sandbox) -> list[str]:
    """Adopt, which writes nothing to Minox; return which orders are booked now."""
    books, customers = dict(vendors.minox.batches), dict(vendors.minox.customers)
    vendors.requests.clear()
    assert inside("adopt").status == 0
    assert (written(vendors), vendors.minox.batches, vendors.minox.customers) == (
        [],
        books,
        customers,
    )
    return inside.booked()


def reasons(inside: Inside) -> dict[str, str]:
    return {n: one["reason"] for n, one in inside.report().items() if one["reason"]}


def unbroken(text: str) -> str:
    return " ".join(text.replace("\N{NO-BREAK SPACE}", " ").split())


def lose_state(inside: Inside, vendors: Sandbox) -> None:
    for path in inside.folder.glob("state.db*"):
        path.unlink()
    inside.log_in(vendors)


def test_a_lost_state_file_costs_fetch_and_adopt_and_books_nothing_twice(
    inside: Inside, vendors: Sandbox
) -> None:
    for sample in sample_orders(vendors.today):
        vendors.shop.add(sample.order)
    inside("fetch")
    inside("push")
    before, books, customers = (
        inside.report(),
        dict(vendors.minox.batches),
        dict(vendors.minox.customers),
    )
    lose_state(inside, vendors)
    assert inside("fetch").status == 0
    vendors.requests.clear()
    for command in ("retry 1001", "push --limit 3", "push"):
        ended = inside(*command.split())
        assert "Already in Minox, booked by mww2minox" in ended.err
        assert (vendors.minox.batches, vendors.minox.customers) == (books, customers)
    assert adopted(inside, vendors) == [
        number for number, one in before.items() if one["state"] == "booked"
    ]
    offer_one(vendors, "1999", date="2026-03-20")
    inside("fetch")
    inside("push")
    added = vendors.minox.batches.keys() - books.keys()
    assert [
        line["invoice_number"]
        for line in vendors.minox.batches[added.pop()]
        if "invoice_number" in line
    ] == [1999]
    assert (added, len(vendors.minox.customers)) == (set(), len(customers) + 1)
    assert inside("verify").status == 0
    assert {n: o["customer"] for n, o in inside.report().items() if n != "1999"} == {
        number: one["customer"] for number, one in before.items()
    }


def test_a_merchant_who_comes_from_another_connector_cannot_book_a_year_twice(
    inside: Inside, vendors: Sandbox
) -> None:
    numbers = offer(vendors, 40)
    book_each(vendors, numbers)
    books = dict(vendors.minox.batches)
    inside("fetch")
    for command in (
        "push",
        "push --limit 1",
        f"push --order {numbers[-1]}",
        f"retry {numbers[7]}",
        "push --dry-run",
    ):
        inside(*command.split())
    assert vendors.minox.batches == books
    assert adopted(inside, vendors) == numbers
    assert [inside(command).status for command in ("push", "verify", "adopt")] == [0, 0, 0]
    assert vendors.minox.batches == books
    assert {(o["customer"], *o["differences"]) for o in inside.report().values()} == {(KEES,)}


def test_push_books_what_the_other_connector_did_not(inside: Inside, vendors: Sandbox) -> None:
    numbers = offer(vendors, 5)
    book_each(vendors, numbers[:4])
    inside("fetch")
    assert adopted(inside, vendors) == numbers[:4]
    assert inside("push").status == 0
    assert inside.booked() == numbers
    assert len(vendors.minox.batches) == 5


def test_an_order_that_came_after_adopt_is_looked_for_too(inside: Inside, vendors: Sandbox) -> None:
    inside("adopt")
    numbers = offer(vendors)
    book_each(vendors, numbers)
    inside("fetch")
    assert inside("push").status == 3
    assert len(vendors.minox.batches) == 3


@pytest.mark.parametrize(
    "text",
    [
        "Bestelling {}",
        "#{}",
        "MWW-{} Mijnwebwinkel",
        "{}",
        "bestelling {} dd 14-03-2026",
        "webshop;{};ideal",
    ],
)
def test_a_booking_with_the_order_number_in_its_description_is_found(
    inside: Inside, vendors: Sandbox, text: str
) -> None:
    [number] = offer(vendors, 1)
    total = vendors.shop.orders[number]["price"]["total"]
    book(
        vendors, "other", debtor(total, invoice_number=77, text=text.format(number)), revenue(total)
    )
    inside("fetch")
    assert inside("push").status == 3
    assert adopted(inside, vendors) == [number]
    assert inside("verify").status == 0


def test_a_batch_of_several_orders_is_taken_over_for_each(inside: Inside, vendors: Sandbox) -> None:
    numbers = offer(vendors)
    totals = [vendors.shop.orders[number]["price"]["total"] for number in numbers]
    lines = [
        debtor(total, invoice_number=int(number))
        for number, total in zip(numbers, totals, strict=True)
    ]
    book(vendors, "day", *lines, revenue(f"{sum(map(float, totals)):.2f}", "Dagomzet"))
    inside("fetch")
    assert adopted(inside, vendors) == numbers
    assert inside("verify").status == 0
    assert {one["batch_id"] for one in inside.report().values()} == {uuid_of("day")}


def test_orders_that_were_booked_as_one_amount_are_left_to_a_person(
    inside: Inside, vendors: Sandbox
) -> None:
    """One booking is one order's only."""
    numbers = offer(vendors, 2)
    text = f"Bestelling {numbers[0]}, bestelling {numbers[1]}"
    book(vendors, "day", debtor("500.00", invoice_number=9, text=text), revenue("500"))
    inside("fetch")
    assert adopted(inside, vendors) == []
    assert inside("push").status == 3
    assert reasons(inside) == dict.fromkeys(numbers, "perhaps_booked")
    assert inside("adopt", "--order", numbers[0]).status == 0
    assert inside("push").status == 0
    assert inside.booked() == numbers
    assert len(vendors.minox.batches) == 2


def test_another_amount_is_taken_over_by_a_persons_word_and_reported(
    inside: Inside, vendors: Sandbox
) -> None:
    number, _ = offer(vendors, 2)
    book(vendors, "other", debtor("12.00", invoice_number=int(number)), revenue("12.00"))
    inside("fetch")
    assert f"mww2minox adopt --order {number}" in unbroken(inside("adopt").err)
    told = inside("adopt", "--order", number)
    assert (told.status, "1 of them has another amount" in told.err) == (0, True)
    total = vendors.shop.orders[number]["price"]["total"]
    differences = [f"total: {total} booked, 12.00 in Minox"]
    assert (inside.report()[number]["state"], inside.report()[number]["differences"]) == (
        "booked",
        differences,
    )
    assert number in inside("report", "--errors").out
    assert inside("verify").status == 3
    assert inside("push").status == 0
    assert vendors.minox.batches.keys() >= {uuid_of("other")}
    assert len(vendors.minox.batches) == 2


def test_since_leaves_older_orders_to_a_later_adopt(inside: Inside, vendors: Sandbox) -> None:
    offer_one(vendors, "501", date="2026-02-10")
    offer_one(vendors, "502", date="2026-03-10")
    book_each(vendors, ["501", "502"])
    inside("fetch")
    assert inside("adopt", "--since", "2026-03-01").status == 0
    assert inside.booked() == ["502"]
    assert inside("push").status == 3, "the older one is in the journal too"
    assert adopted(inside, vendors) == ["501", "502"]


def test_a_line_in_another_journal_is_no_booking_of_the_order(
    inside: Inside, vendors: Sandbox
) -> None:
    [number] = offer(vendors, 1)
    total = vendors.shop.orders[number]["price"]["total"]
    book(
        vendors,
        "bank",
        debtor(f"-{total}", text=f"iDEAL bestelling {number}"),
        revenue(total),
        journal="BANK",
    )
    inside("fetch")
    assert adopted(inside, vendors) == []
    assert inside("push").status == 0
    assert len(vendors.minox.batches) == 2


def test_a_number_inside_a_longer_one_or_in_a_date_is_not_an_orders(
    inside: Inside, vendors: Sandbox
) -> None:
    for number in ("3", "14", "2026", "15"):
        offer_one(vendors, number)
    lines = (
        debtor("99.00", invoice_number=77, text="Abonnement 2026-03-14, 14-3-2026, 14.03.26"),
        revenue("99.00"),
    )
    book(vendors, "other", *lines, day="2026-03-15")
    book(
        vendors,
        "another",
        debtor("15.00", invoice_number=150, text="Order 0150 en 1500"),
        revenue("15.00"),
    )
    inside("fetch")
    assert adopted(inside, vendors) == []
    assert inside("push").status == 0
    assert inside.booked() == ["3", "14", "15", "2026"]


def test_a_booking_that_fits_one_order_is_not_taken_over_for_another_that_it_names(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, "501", "24.20")
    offer_one(vendors, "10", "12.10")
    book(
        vendors,
        "other",
        debtor("24.20", invoice_number=77, text="Order 501, 10 stuks"),
        revenue("24.20"),
    )
    inside("fetch")
    assert adopted(inside, vendors) == ["501"]
    assert inside("push").status == 0
    assert (inside.booked(), len(vendors.minox.batches)) == (["10", "501"], 2)


def test_our_own_booking_is_not_taken_over_for_an_order_that_its_description_names(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, "501", "24.20")
    inside("fetch")
    inside("push")
    [batch] = vendors.minox.batches.values()
    for line in batch:
        line["description"] = "501 (ruil voor 502)"
    offer_one(vendors, "502", "24.20", date="2026-03-20")
    inside("fetch")
    assert adopted(inside, vendors) == ["501"]
    assert inside("push").status == 0
    assert (inside.booked(), len(vendors.minox.batches)) == (["501", "502"], 2)


def test_another_invoice_that_merely_mentions_an_order_is_not_its_booking(
    inside: Inside, vendors: Sandbox
) -> None:
    """A credit order names the order that it takes back."""
    offer_one(vendors, "501", "24.20")
    offer_one(vendors, "502", "-12.10", credited_order_number="501", status=8, payment=None)
    book(
        vendors,
        "credit",
        debtor("-12.10", invoice_number=502, text="Credit 501"),
        revenue("-12.10", "Credit 501"),
    )
    inside("fetch")
    assert adopted(inside, vendors) == ["502"]
    assert inside("push").status == 0
    assert inside.report()["501"]["customer"] != KEES


def test_of_two_bookings_that_name_an_order_the_one_of_its_amount_is_taken_over(
    inside: Inside, vendors: Sandbox
) -> None:
    """Another connector numbers its invoices itself, and comes past our order numbers."""
    offer_one(vendors, "501", "24.20")
    offer_one(vendors, "502", "36.30")
    book(vendors, "a", debtor("36.30", invoice_number=501, text="Order 502"), revenue("36.30"))
    book(vendors, "b", debtor("24.20", invoice_number=500, text="Order 501"), revenue("24.20"))
    inside("fetch")
    assert adopted(inside, vendors) == ["501", "502"]
    batch_ids = {number: one["batch_id"] for number, one in inside.report().items()}
    assert batch_ids == {"501": uuid_of("b"), "502": uuid_of("a")}
    assert inside("verify").status == 0


def test_an_invoice_of_another_customer_under_an_orders_number_is_for_a_person_to_judge(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, "501", "24.20")
    book(
        vendors, "by-hand", debtor("1815.00", invoice_number=501, text="Advies"), revenue("1815.00")
    )
    inside("fetch")
    assert adopted(inside, vendors) == []
    assert inside("push").status == 3, "nothing is sent under a number that is taken"
    assert reasons(inside) == {"501": "perhaps_booked"}


@pytest.mark.parametrize("status", [2, 7])
def test_a_waiting_failed_or_skipped_order_is_taken_over_too(
    inside: Inside, vendors: Sandbox, status: int
) -> None:
    offer_one(vendors, "501", "24.20", status=status, currency="USD")
    offer_one(vendors, "502", "0.00", status=status)
    book_each(vendors, ["501", "502"])
    inside("fetch")
    assert adopted(inside, vendors) == ["501", "502"]
    assert inside("push").status == 0
    assert len(vendors.minox.batches) == 2


def test_a_booking_from_just_before_midnight_in_the_month_before_is_found(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_one(vendors, "501", "24.20", date="2026-03-01")
    book(vendors, "other", debtor("24.20", invoice_number=501), revenue("24.20"), day="2026-02-28")
    inside("fetch")
    assert inside("push").status == 3
    assert adopted(inside, vendors) == ["501"]


def test_what_was_sent_stays_what_a_booking_is_compared_with(
    inside: Inside, vendors: Sandbox
) -> None:
    """The answer was lost, and the order changed before the booking could be found."""
    offer_one(vendors, "501", "24.20")
    inside("fetch")
    vendors.faults += [Fault("drop_after", side="minox", method="PUT", times=6)]
    path = "transaction_line_batch"
    vendors.faults += [Fault("status", side="minox", method="GET", path=path, skip=1, times=None)]
    assert inside("push").status in (3, 4)
    assert vendors.minox.batches
    vendors.faults.clear()
    offer_one(vendors, "501", "36.30")
    inside("fetch", "--order", "501")
    assert adopted(inside, vendors) == ["501"]
    assert any("was 24.20, is now 36.30" in text for text in inside.report()["501"]["differences"])
    assert inside("verify").status == 3


def test_adopt_that_breaks_off_takes_over_nothing_and_can_be_run_again(
    inside: Inside, vendors: Sandbox
) -> None:
    numbers = offer(vendors, 40)
    book_each(vendors, numbers)
    inside("fetch")
    vendors.faults.append(
        Fault("status", side="minox", path="transaction_lines", skip=2, times=None)
    )
    assert inside("adopt").status == 4
    assert inside.booked() == []
    assert inside("push").status == 4
    vendors.faults.clear()
    assert adopted(inside, vendors) == numbers
    assert "Adopted: 0 of 0" in inside("adopt").err


@pytest.mark.parametrize("paging", ["links", "metadata", "none"])
def test_every_page_of_the_journal_is_read(inside: Inside, vendors: Sandbox, paging: Any) -> None:
    vendors.settings.update({"paging": paging, "page_size": 3})
    numbers = offer(vendors, 12)
    book_each(vendors, numbers)
    inside("fetch")
    assert adopted(inside, vendors) == numbers
