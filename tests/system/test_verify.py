"""What `verify` sees, and what it does not take for a difference: in Minox and in the shop, now."""

import copy
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from tests.harness.clients import LINE_SHAPES
from tests.harness.inside import Ended, Inside
from tests.system.test_adopt import book, debtor, uuid_of

pytestmark = pytest.mark.thorough

NUMBER = "1001"
BUYER = "10610"
"""The sandbox' customer with the e-mail address of these orders' buyer."""
Lines = list[dict[str, Any]]


@pytest.fixture
def samples() -> bool:
    return False


def offer(
    vendors: Sandbox, number: str = NUMBER, *, goods_at_21: str = "121.00", **fields: object
) -> None:
    """Add an order of 230.00, with 21.00 VAT at 21% and 9.00 at 9%."""
    high = f"{float(goods_at_21) * 21 / 121:.2f}"
    total = f"{float(goods_at_21) + 109:.2f}"
    made = order(
        number,
        vendors.today.fromisoformat("2026-03-14"),
        person("Sanne Visser", "sanne.visser@example.nl"),
        [goods("21", goods_at_21), goods("9", "109.00")],
        invoice(total, ("21", high), ("9", "9.00")),
    )
    vendors.shop.add(made | fields)


def offer_reverse_charged(vendors: Sandbox) -> None:
    buyer = person(
        "Sanne Visser",
        "sanne.visser@example.nl",
        country="BE",
        company="Visser BV",
        vat_number="BE0403170701",
    )
    day = vendors.today.fromisoformat("2026-03-14")
    lines, price = [goods("0", "100.00")], invoice("100.00", ("0", "0.00"))
    vendors.shop.add(order(NUMBER, day, buyer, lines, price, tax_strategy="reverse_charged_vat"))


def change(vendors: Sandbox, goods_at_21: str) -> None:
    """Correct the order in the shop."""
    offer(vendors, goods_at_21=goods_at_21, status_changed_date="2026-03-20")


def push(inside: Inside) -> None:
    assert [inside(command).status for command in ("fetch", "push")] == [0, 0]


def lines_of(vendors: Sandbox) -> Lines:
    (lines,) = vendors.minox.batches.values()
    return lines


def set_posting(inside: Inside, vendors: Sandbox, posting: str) -> None:
    """Let another way of sending VAT count from now on."""
    config = yaml.safe_load(inside.config.read_text())
    config["booking"]["vat_posting"] = posting
    for row in config["vat"]:
        code = vendors.minox.administration.vat_code(row["code"]) or {}
        row["vat_ledger"] = code["account_id"]
    inside.write_config(config)


def told(inside: Inside, number: str = NUMBER) -> list[str]:
    """Return the differences of an order."""
    return list(inside.report()[number]["differences"])


# What somebody changed in Minox


def every(**changes: Any) -> Callable[[Lines], None]:
    """Change every line."""

    def alter(lines: Lines) -> None:
        for line in lines:
            line.update(copy.deepcopy(changes))

    return alter


def revenue(**changes: Any) -> Callable[[Lines], None]:
    """Change the lines on ledger accounts."""

    def alter(lines: Lines) -> None:
        for line in lines[1:]:
            line.update(copy.deepcopy(changes))

    return alter


def without_invoice_number(lines: Lines) -> None:
    del lines[0]["invoice_number"]


def extra_pair(*accounts: str, amount: float = 230.0) -> Callable[[Lines], None]:
    """Add a line in debit and one in credit."""

    def alter(lines: Lines) -> None:
        for account, side in zip(accounts, ("debit", "credit"), strict=True):
            line = {**lines[1], "vat": None, "debit": 0.0, "credit": 0.0, side: amount}
            line["account"] = {**lines[1]["account"], "id": account}
            lines.append({**line, "line_number": len(lines) + 1})

    return alter


EDITS: dict[str, tuple[Callable[[Lines], None], str]] = {
    "journal": (every(journal={"id": "MEMO"}), "journal: booked in VERK, in Minox in MEMO"),
    "period of revenue": (
        revenue(period={"id": 4, "fiscal_year": 2026}),
        "period: 2026-3 booked, 2026-4 in Minox",
    ),
    "document date": (
        every(document_date="2026-03-15"),
        "date: 14 Mar 2026 booked, 15 Mar 2026 in Minox",
    ),
    "invoice number": (without_invoice_number, "invoice number: 1001 booked, - in Minox"),
    "two lines of the total": (extra_pair("8100", "8200"), "ledger account 8100"),
    "two VAT lines": (extra_pair("1500", "1501", amount=5.0), "ledger account 1500"),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("own_lines", [True, False])
def test_an_edit_in_minox_is_seen(
    inside: Inside, vendors: Sandbox, edit: str, own_lines: bool
) -> None:
    vendors.settings.own_lines = own_lines
    offer(vendors)
    push(inside)
    assert inside("verify").status == 0
    alter, text = EDITS[edit]
    alter(lines_of(vendors))
    ended = inside("verify", "--all")
    assert (ended.status, text in ended.err) == (3, True), ended.err


@pytest.mark.parametrize("shape", LINE_SHAPES, ids=str)
def test_however_lines_read_back_a_changed_vat_code_is_all_that_differs(
    inside: Inside, vendors: Sandbox, shape: dict[str, Any]
) -> None:
    vendors.settings.update(shape)
    offer(vendors)
    push(inside)
    assert (inside("verify").status, told(inside)) == (0, [])
    lines_of(vendors)[1]["vat"] = {"id": 3, "amount": 21.0}
    assert inside("verify", "--all").status == 3
    assert told(inside) == [
        "VAT code 1: 21.00 booked, - in Minox",
        "VAT code 3: - booked, 21.00 in Minox",
        # Where Minox put it thereupon.
        "ledger account 1510: 0.00 booked, 21.00 in Minox",
    ]


def move_vat(lines: Lines) -> None:
    """Put the VAT of 21% on the account for that of 9%."""
    for line in lines:
        if line["account"]["id"] == "1500":
            line["account"] = {**line["account"], "id": "1501"}


def test_vat_that_was_moved_between_vat_accounts_is_seen(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(vendors)
    push(inside)
    assert inside("verify").status == 0
    read = vendors.minox.batch

    def moved(batch: str) -> Lines:
        lines = copy.deepcopy(read(batch))
        move_vat(lines)
        return lines

    monkeypatch.setattr(vendors.minox, "batch", moved)
    assert inside("verify", "--all").status == 3
    assert told(inside) == ["ledger account 1501: 9.00 booked, 30.00 in Minox"]


def test_vat_lines_of_ours_that_were_moved_are_seen(inside: Inside, vendors: Sandbox) -> None:
    vendors.settings.vat_posting = "line"
    set_posting(inside, vendors, "line")
    offer(vendors)
    push(inside)
    assert inside("verify").status == 0
    move_vat(lines_of(vendors))
    assert inside("verify", "--all").status == 3


def test_revenue_that_was_moved_between_the_accounts_of_rates_is_seen(
    inside: Inside, vendors: Sandbox
) -> None:
    vendors.settings.vat_posting = "ledger"
    vendors.settings.ledger_reading = "net"
    set_posting(inside, vendors, "ledger")
    offer(vendors)
    push(inside)
    assert inside("verify").status == 0
    _, high, low = lines_of(vendors)
    high["credit"], low["credit"] = high["credit"] - 10, low["credit"] + 10
    assert inside("verify", "--all").status == 3


# What is no difference


@pytest.mark.parametrize("posting", ["net", "gross", "ledger", "line"])
@pytest.mark.parametrize("later", ["net", "gross", "ledger", "line"])
def test_what_was_sent_decides_and_not_the_way_of_today(
    inside: Inside, vendors: Sandbox, posting: str, later: str
) -> None:
    vendors.settings.update({"vat_posting": posting})
    set_posting(inside, vendors, posting)
    offer(vendors)
    push(inside)
    set_posting(inside, vendors, later)
    ended = inside("verify")
    assert (ended.status, told(inside)) == (0, []), ended.err


def test_an_administration_that_shows_no_vat_is_told_once_and_is_no_difference(
    inside: Inside, vendors: Sandbox
) -> None:
    vendors.settings.update({"vat_posting": "ledger", "own_lines": False})
    set_posting(inside, vendors, "ledger")
    for number in ("1001", "1002", "1003"):
        offer(vendors, number)
    push(inside)
    ended = inside("verify")
    assert (ended.status, ended.err.count("does not show it")) == (0, 1), ended.err
    assert inside.report()[NUMBER]["verified"] == "ok"


# Adopted bookings


def adopted_line(ledger: str, amount: str, code: int | None = None, vat: str = "0.00") -> Any:
    side = {"debit": 0.0, "credit": float(amount)}
    line: dict[str, Any] = {
        "account": {"id": ledger, "scheme": "MINOX", "type": "ledger_account"},
        **side,
        "description": "",
    }
    return line | ({} if code is None else {"vat": {"id": code, "amount": float(vat)}})


def adopt(inside: Inside, vendors: Sandbox, *lines: dict[str, Any], of: str = BUYER) -> Ended:
    """Take over a booking of another's, and verify it."""
    total = vendors.shop.orders[NUMBER]["price"]["total"]
    book(vendors, "other", debtor(total, of=of, invoice_number=int(NUMBER)), *lines)
    assert [inside(command).status for command in ("fetch", "adopt")] == [0, 0]
    return inside("verify")


RIGHT = (adopted_line("8000", "100", 1, "21.00"), adopted_line("8010", "100", 2, "9.00"))


def test_an_adopted_booking_that_is_right_is_verified(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors)
    ended = adopt(inside, vendors, *RIGHT)
    assert (ended.status, told(inside)) == (0, [])
    assert "do not show" not in ended.err


@pytest.mark.parametrize(
    "lines",
    [
        [adopted_line("8000", "100", 1, "21.01"), adopted_line("8010", "100", 2, "9.00")],
        [adopted_line("8999", "121", 1, "21.00"), adopted_line("8999", "109", 2, "9.00")],
        [
            adopted_line("8999", "200"),
            adopted_line("1500", "21.00"),
            adopted_line("1501", "9.00"),
        ],
    ],
)
def test_another_way_of_booking_the_same_vat_is_no_difference(
    inside: Inside, vendors: Sandbox, lines: Lines
) -> None:
    offer(vendors)
    ended = adopt(inside, vendors, *lines)
    assert (ended.status, told(inside)) == (0, []), ended.err


@pytest.mark.parametrize(
    "lines",
    [
        [adopted_line("8010", "211.01", 2, "18.99")],
        [adopted_line("8000", "190.08", 1, "39.92")],
        [adopted_line("8000", "100", 3, "21.00"), adopted_line("8010", "100", 2, "9.00")],
        [adopted_line("8999", "211.01"), adopted_line("1501", "18.99")],
    ],
)
def test_an_adopted_booking_with_the_vat_of_another_rate_or_box_is_a_difference(
    inside: Inside, vendors: Sandbox, lines: Lines
) -> None:
    offer(vendors)
    ended = adopt(inside, vendors, *lines)
    assert (ended.status, "VAT" in ended.err) == (3, True), ended.err


@pytest.mark.parametrize("line", [("8000", "100", 1, "0.00"), ("8000", "82.64", 1, "17.36")])
def test_a_reverse_charged_order_that_was_booked_as_one_at_home_is_a_difference(
    inside: Inside, vendors: Sandbox, line: tuple[str, str, int, str]
) -> None:
    offer_reverse_charged(vendors)
    assert adopt(inside, vendors, adopted_line(*line)).status == 3


def test_a_reverse_charged_order_that_was_booked_right_is_none(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_reverse_charged(vendors)
    ended = adopt(inside, vendors, adopted_line("8999", "100", 6))
    assert (ended.status, told(inside)) == (0, []), ended.err


def test_an_adopted_booking_on_another_customer_is_a_difference(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    assert adopt(inside, vendors, *RIGHT, of="10630").status == 3
    assert told(inside) == ["customer: 10610 by the order, 10630 in Minox"]


def test_what_the_lines_of_an_adopted_booking_do_not_tell_is_said(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    ended = adopt(inside, vendors, adopted_line("8999", "230"))
    assert (ended.status, told(inside)) == (0, [])
    assert "do not show the VAT" in ended.err


# Differences end


def test_a_booking_that_was_corrected_as_the_order_was_ends_the_difference(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    change(vendors, "60.50")
    inside("fetch")
    assert inside("verify").status == 3

    debtor_line, high, _ = lines_of(vendors)
    debtor_line["debit"], high["credit"] = 169.5, 50.0
    high["vat"] = high["vat"] | {"amount": 10.5}
    ended = inside("verify")
    assert (ended.status, told(inside)) == (0, []), ended.err
    assert [inside(command).status for command in ("fetch", "verify", "verify --all")][:2] == [0, 0]
    assert inside("verify", "--all").status == 0
    assert inside.report()[NUMBER]["total"] == "169.50"

    high["credit"] = 40.0
    assert inside("verify", "--all").status == 3, "what it was corrected to is held on to"


def test_an_order_that_is_put_back_ends_the_difference(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors)
    push(inside)
    change(vendors, "60.50")
    assert inside("verify").status == 3
    offer(vendors)
    assert inside("verify").status == 0
    assert told(inside) == []


def test_a_correction_in_minox_that_is_wrong_still_differs(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    change(vendors, "60.50")
    lines_of(vendors)[0]["debit"] = 200.0
    assert inside("verify").status == 3


def test_a_booking_that_was_entered_anew_by_hand_is_found(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors)
    offer(vendors, "1002")
    push(inside)
    own = inside.report()[NUMBER]["batch_id"]
    del vendors.minox.batches[own]
    assert inside("verify").status == 3
    book(vendors, "by hand", debtor("230.00", of=BUYER, invoice_number=1001), *RIGHT)
    ended = inside("verify")
    assert (ended.status, told(inside)) == (0, []), ended.err
    assert inside.report()[NUMBER]["batch_id"] != own
    assert [inside(command).status for command in ("fetch", "push", "verify --all")][:2] == [0, 0]
    assert inside("verify", "--all").status == 0


@pytest.mark.parametrize("how", ["customer and total", "date"])
def test_what_was_entered_anew_for_an_order_as_it_was_corrected_is_found(
    inside: Inside, vendors: Sandbox, how: str
) -> None:
    offer(vendors)
    push(inside)
    vendors.minox.batches.clear()
    if how == "date":
        vendors.shop.change(NUMBER, date="2026-01-10", status_changed_date="2026-01-10")
        book(vendors, "by hand", debtor("230.00", of=BUYER, text=NUMBER), *RIGHT, day="2026-01-10")
    else:
        change(vendors, "60.50")
        give_email(vendors, "gedeeld@example.nl")
        lines = (adopted_line("8000", "50", 1, "10.50"), RIGHT[1])
        book(vendors, "by hand", debtor("169.50", of="10621", text=NUMBER), *lines)
    ended = inside("verify")
    assert (ended.status, told(inside)) == (0, []), ended.err
    assert inside.report()[NUMBER]["batch_id"] == uuid_of("by hand")


def test_the_booking_of_another_order_is_not_taken_for_one_entered_anew(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    offer(vendors, "1002")
    text = "bestelling 1002, bestelling 1001"
    book(vendors, "other", debtor("230.00", of=BUYER, invoice_number=1002, text=text), *RIGHT)
    commands = ("fetch", "adopt --order 1002", "verify")
    assert [inside(*command.split()).status for command in commands] == [0, 0, 0]
    assert inside.report()["1002"]["verified"] == "ok"
    del vendors.minox.batches[inside.report()[NUMBER]["batch_id"]]
    assert [inside(*command.split()).status for command in ("verify --all", "verify")] == [3, 3]
    assert "no longer in Minox" in told(inside)[0]


@pytest.mark.parametrize("how", ["gone", "cancelled"])
def test_an_order_that_wants_no_booking_any_more_and_has_none_is_no_difference(
    inside: Inside, vendors: Sandbox, how: str
) -> None:
    offer(vendors)
    push(inside)
    if how == "gone":
        vendors.shop.remove(NUMBER)
        assert inside("verify").status == 3
    else:
        vendors.shop.set_status(NUMBER, 1)
    vendors.minox.batches.clear()
    ended = inside("verify")
    assert (ended.status, told(inside)) == (0, []), ended.err

    offer(vendors)
    assert [inside(command).status for command in ("fetch", "push", "verify")] == [0, 0, 3]
    assert "no longer in Minox" in told(inside)[0]


def test_a_corrected_mapping_that_the_books_were_brought_to_ends_the_difference(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    lines_of(vendors)[1]["account"]["id"] = "8900"
    assert inside("verify").status == 3
    config = yaml.safe_load(inside.config.read_text())
    for row in config["vat"]:
        if row.get("region") == "NL" and row.get("rate") == 21:
            row["ledger"] = 8900
    inside.write_config(config)
    assert inside("verify").status == 0


def give_email(vendors: Sandbox, email: str) -> None:
    made = vendors.shop.orders[NUMBER]
    vendors.shop.change(NUMBER, debtor={**made["debtor"], "email": email})


def test_another_customer_in_the_shop_and_the_same_in_minox_agree(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    give_email(vendors, "gedeeld@example.nl")
    assert inside("verify").status == 3
    lines_of(vendors)[0]["account"]["id"] = "10630"
    assert inside("verify").status == 3, "somebody else's number"
    lines_of(vendors)[0]["account"]["id"] = "10621"
    ended = inside("verify")
    assert (ended.status, told(inside)) == (0, []), ended.err
    assert inside.report()[NUMBER]["customer"] == "10621"


def test_another_vat_number_agrees_when_the_customer_in_minox_has_it(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_reverse_charged(vendors)
    push(inside)
    made = vendors.shop.orders[NUMBER]
    address = made["debtor"]["address"]["invoice"] | {"taxnumber": "BE0428759497"}
    vendors.shop.change(NUMBER, debtor={**made["debtor"], "address": {"invoice": address}})
    assert inside("verify").status == 3
    vat = {"active": True, "vat_registration_number": "BE 0428.759.497"}
    vendors.minox.customers[BUYER]["vat"] = vat
    ended = inside("verify")
    assert (ended.status, told(inside)) == (0, []), ended.err


def test_a_customer_that_minox_refuses_to_show_does_not_agree(
    inside: Inside, vendors: Sandbox
) -> None:
    offer_reverse_charged(vendors)
    push(inside)
    made = vendors.shop.orders[NUMBER]
    address = made["debtor"]["address"]["invoice"] | {"taxnumber": "BE0428759497"}
    vendors.shop.change(NUMBER, debtor={**made["debtor"], "address": {"invoice": address}})
    refusal = Fault("status", side="minox", method="GET", path="/customer/", status=400, times=None)
    vendors.faults.append(refusal)
    ended = inside("verify")
    assert (ended.status, len(told(inside))) == (3, 1), ended.err


def test_an_adopted_booking_agrees_with_the_order_as_it_was_corrected(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    assert adopt(inside, vendors, *RIGHT).status == 0
    change(vendors, "60.50")
    inside("fetch")
    assert inside("verify").status == 3
    debtor_line, high, _ = lines_of(vendors)
    debtor_line["debit"], high["credit"] = 169.5, 50.0
    assert inside("verify").status == 3, "the VAT is still that of before"
    high["vat"] = high["vat"] | {"amount": 10.5}
    ended = inside("verify")
    assert (ended.status, told(inside)) == (0, []), ended.err


def test_what_an_adopted_booking_cannot_show_does_not_agree_by_itself(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    assert adopt(inside, vendors, adopted_line("8999", "230")).status == 0
    vendors.shop.change(NUMBER, price=invoice("230.00", ("21", "21.01"), ("9", "9.00")))
    inside("fetch")
    assert inside("verify").status == 3


def test_another_date_agrees_with_an_adopted_booking_once_its_period_is_that_of_the_date(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    assert adopt(inside, vendors, *RIGHT).status == 0
    vendors.shop.change(NUMBER, date="2026-04-10", status_changed_date="2026-04-10")
    inside("fetch")
    assert [inside("verify").status, len(told(inside))] == [3, 1], "it is in March"
    for line in lines_of(vendors):
        line["period"]["id"] = 4
    ended = inside("verify")
    assert (ended.status, told(inside)) == (0, []), ended.err


# Looked at


def test_what_was_looked_at_leaves_the_list_until_there_is_another_difference(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    lines = lines_of(vendors)
    lines[1]["account"]["id"] = "8900"
    assert inside("verify").status == 3
    assert f"mww2minox seen {NUMBER}" in inside("verify").err
    assert inside.report()[NUMBER]["seen_at"] is None

    ended = inside("seen", NUMBER)
    assert (ended.status, NUMBER in ended.err) == (0, True), ended.err
    looked_at = inside.report()[NUMBER]
    assert (looked_at["verified"], bool(looked_at["seen_at"])) == ("mismatch", True)
    assert len(looked_at["differences"]) == 2
    assert inside("verify").status == 0
    assert inside("verify", "--all").status == 0
    assert NUMBER not in inside("report", "--errors").out

    lines[2]["account"]["id"] = "8900"
    assert inside("verify").status == 3
    assert inside.report()[NUMBER]["seen_at"] is None
    assert NUMBER in inside("report", "--errors").out


def test_a_difference_that_was_over_and_came_back_is_another_one(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    lines = lines_of(vendors)
    lines[1]["account"]["id"] = "8900"
    inside("verify")
    inside("seen", NUMBER)
    lines[1]["account"]["id"] = "8000"
    assert inside("verify").status == 0
    lines[1]["account"]["id"] = "8900"
    assert inside("verify", "--all").status == 3


def test_a_change_in_the_shop_that_was_over_and_came_back_is_another_one(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    for goods_at_21, command in (("60.50", "seen"), ("121.00", "fetch"), ("60.50", "fetch")):
        change(vendors, goods_at_21)
        inside("fetch")
        inside(command, *([NUMBER] if command == "seen" else []))
    assert inside.report()[NUMBER]["seen_at"] is None
    assert NUMBER in inside("report", "--errors").out
    assert inside("verify").status == 3


def test_an_order_without_a_booking_cannot_be_looked_at(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors)
    inside("fetch")
    ended = inside("seen", NUMBER)
    assert (ended.status, f"Order {NUMBER} is not booked" in ended.err) == (2, True)
    assert inside("seen").status == 2


def test_a_number_that_is_wrong_keeps_no_other_order_on_the_list(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    lines_of(vendors)[1]["account"]["id"] = "8900"
    inside("verify")
    ended = inside("seen", "77", NUMBER)
    assert ended.status == 2
    assert "There is no order 77 " in ended.err
    assert f"Order {NUMBER} is off the list" in ended.err
    assert inside.report()[NUMBER]["seen_at"]


@pytest.mark.parametrize(
    "command", ["seen", "verify --order", "push --order", "adopt --order", "retry --not-adopted"]
)
def test_of_an_order_that_nobody_fetched_the_advice_can_be_followed(
    inside: Inside, vendors: Sandbox, command: str
) -> None:
    ended = inside(*command.split(), NUMBER)
    assert ended.status == 2
    advice = f"If it is right, run: mww2minox fetch --order {NUMBER}"
    assert advice in ended.err
    offer(vendors)
    assert inside("fetch", "--order", NUMBER).status == 0
    assert advice not in inside(*command.split(), NUMBER).err


def test_the_report_says_what_to_do_about_a_difference_and_how_to_leave_it(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    lines_of(vendors)[1]["account"]["id"] = "8900"
    inside("verify")
    shown = inside("report", "--errors").out
    assert "Correct it in Minox or in the shop" in shown
    assert f"mww2minox verify --order {NUMBER}." in shown
    assert f"mww2minox seen {NUMBER}" in shown


def test_an_order_without_a_difference_has_nothing_to_look_at(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    ended = inside("seen", f"#{NUMBER}")
    assert (ended.status, "no differences" in ended.err) == (0, True)
    assert inside.report()[NUMBER]["seen_at"] is None


def test_differences_of_a_state_from_before_can_be_looked_at(
    inside: Inside, vendors: Sandbox
) -> None:
    offer(vendors)
    push(inside)
    old = '[["total_differs", {"expected": "68.00", "found": "67.00"}]]'
    with sqlite3.connect(inside.state) as db:
        db.execute("UPDATE bookings SET differences = ?, verified = 'mismatch'", [old])
    assert told(inside) == ["total: 68.00 booked, 67.00 in Minox"]
    assert inside("seen", NUMBER).status == 0
    assert inside("report", "--errors").out.count(NUMBER) == 0
