"""An administration with VAT on the sub-administration, from the first `push` to what is seen
afterwards: the VAT stands with the debtor.
"""

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import yaml

from mww2minox.sandbox import Sample, Sandbox, samples as sample_orders
from mww2minox.sandbox.order_parts import goods, invoice
from tests.harness.inside import Ended, Inside

Line = dict[str, Any]
NUMBER = "1003"
"""Two rates: 21% on 60.50, 9% on 10.90."""
ANOTHERS = "a95c87e6-58dc-4f26-9c33-0ec5a2b4c1f0"


@pytest.fixture
def samples() -> bool:
    """The tests that need orders offer them."""
    return False


@pytest.fixture(autouse=True)
def on_sub(vendors: Sandbox) -> None:
    """Let VAT be on the sub-administration, before a config is written for it."""
    vendors.settings.vat_on_sub = True


def offer(vendors: Sandbox, *numbers: str) -> list[Sample]:
    """Put these sample orders into the shop, or all."""
    offered = [
        sample for sample in sample_orders(vendors.today) if not numbers or sample.number in numbers
    ]
    for sample in offered:
        vendors.shop.add(sample.order)
    return offered


def set_posting(inside: Inside, posting: str) -> None:
    config = yaml.safe_load(inside.config.read_text())
    config["booking"]["vat_posting"] = posting
    inside.write_config(config)


# What is booked


def expected_lines(sample: Sample) -> list[str]:
    """Work out the lines of a booking from the literals of the sample: net, and VAT beside it."""
    expected = sample.expected
    sign = 1 if expected.debtor_side == "debit" else -1
    owed: dict[int | None, tuple[Decimal, Decimal]] = {}
    lines = []
    for line in expected.lines:
        side = 1 if line.side == "credit" else -1
        net, vat = Decimal(line.net) * side, Decimal(line.vat or "0.00") * side
        lines.append(f"{line.ledger} {-net:.2f}")
        gross, vat_before = owed.get(line.vat_code, (Decimal(0), Decimal(0)))
        owed[line.vat_code] = gross + net + vat, vat_before + vat

    # A line without a code is the rounding here, which the largest line of the debtor takes.
    rounding, _ = owed.pop(None, (Decimal(0), Decimal(0)))
    largest = max(owed, key=lambda code: abs(owed[code][0]))
    for code, (gross, vat) in owed.items():
        amount = gross + (rounding if code == largest else 0)
        if amount or vat:
            lines.append(f"debtor {amount:.2f} {code}:{abs(vat):.2f}")
    assert sum(gross for gross, _ in owed.values()) + rounding == sign * Decimal(
        expected.debtor_amount or 0
    )
    return sorted(lines)


def booked_lines(lines: list[Line]) -> list[str]:
    written = []
    for line in lines:
        account = line["account"]
        name = "debtor" if account["type"] == "customer" else account["id"]
        vat = f" {line['vat']['id']}:{line['vat']['amount']:.2f}" if line.get("vat") else ""
        written.append(f"{name} {line['debit'] - line['credit']:.2f}{vat}")
    return sorted(written)


def test_all_samples_are_booked_to_the_cent_and_verify(inside: Inside, vendors: Sandbox) -> None:
    offered = offer(vendors)
    assert inside("fetch").status == 0
    assert inside("push").status == 3
    verified = inside("verify")
    assert (verified.status, "0 with differences" in verified.err) == (0, True), verified.err

    report = inside.report()
    for sample in offered:
        expected = sample.expected
        if expected.state == "absent":
            continue
        order = report[sample.number]
        assert (order["state"], order["reason"]) == (expected.state, expected.reason), sample.why
        if expected.state == "booked":
            assert (order["verified"], order["differences"]) == ("ok", []), sample.why
            lines = vendors.minox.batches[order["batch_id"]]
            assert booked_lines(lines) == expected_lines(sample), sample.why
            numbers = {
                line.get("invoice_number")
                for line in lines
                if line["account"]["type"] == "customer"
            }
            assert numbers == {int(sample.number)}, sample.why


def test_a_dry_run_shows_the_debtors_lines(inside: Inside, vendors: Sandbox) -> None:
    offer(vendors, NUMBER)
    inside("fetch")
    rows = [line.split() for line in inside("push", "--dry-run").out.splitlines()]
    assert [
        "customer",
        "by",
        "e-mail",
        "Anna",
        "Smit",
        "60.50",
        "10.50",
        "1",
        "Btw",
        "hoog",
        "21%",
    ] in rows
    assert [
        "customer",
        "by",
        "e-mail",
        "Anna",
        "Smit",
        "10.90",
        "0.90",
        "2",
        "Btw",
        "laag",
        "9%",
    ] in rows
    assert ["8000", "Omzet", "21%", "50.00"] in rows


@pytest.mark.parametrize("posting", ["net", "gross"])
def test_minox_takes_no_vat_on_ledger_accounts_here(
    inside: Inside, vendors: Sandbox, posting: str
) -> None:
    offer(vendors, NUMBER)
    set_posting(inside, posting)
    inside("fetch")
    assert inside("push").status == 3
    order = inside.report()[NUMBER]
    assert order["reason"] == "rejected_by_minox"
    assert "sub-administratie" in order["message"]
    assert "mww2minox check" in order["suggestion"]


# What somebody changed in Minox


def pushed(inside: Inside, vendors: Sandbox, *numbers: str) -> list[Line]:
    """Book sample orders, verify them, and return the lines of the one that was offered last."""
    offer(vendors, *(numbers or (NUMBER,)))
    assert [inside(command).status for command in ("fetch", "push", "verify")] == [0, 0, 0]
    lines: list[Line] = list(vendors.minox.batches.values())[-1]
    return lines


def put_together(lines: list[Line]) -> None:
    high, low = lines[0], lines.pop(1)
    high["debit"] += low["debit"]
    high["vat"]["amount"] += low["vat"]["amount"]


def take_apart(lines: list[Line]) -> None:
    half = copy.deepcopy(lines[0])
    half["debit"], half["vat"]["amount"] = 30.25, 5.25
    lines[0:1] = [half, copy.deepcopy(half)]


def another_code(lines: list[Line]) -> None:
    lines[0]["vat"]["id"] = 11


def another_amount(lines: list[Line]) -> None:
    lines[1]["vat"]["amount"] = 0.91


def vat_twice(lines: list[Line]) -> None:
    lines[2]["vat"] = {"id": 1, "amount": 10.50}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            another_code,
            ["VAT code 1: 10.50 booked, - in Minox", "VAT code 11: - booked, 10.50 in Minox"],
        ),
        (another_amount, ["VAT code 2: 0.90 booked, 0.91 in Minox"]),
        (take_apart, ["debtor's line with VAT code 1: 60.50 booked, 30.25 + 30.25 in Minox"]),
        (
            put_together,
            [
                "debtor's line with VAT code 1: 60.50 booked, 71.40 in Minox",
                "VAT code 1: 10.50 booked, 11.40 in Minox",
                "VAT code 2: 0.90 booked, - in Minox",
            ],
        ),
        (vat_twice, ["VAT code 1: 10.50 booked, 21.00 in Minox"]),
    ],
)
def test_a_change_of_the_debtors_lines_is_seen(
    inside: Inside, vendors: Sandbox, change: Callable[[list[Line]], None], told: list[str]
) -> None:
    lines = pushed(inside, vendors)
    # Minox' own lines would follow; what a person sees is what was changed.
    vendors.settings.own_lines = False
    change(lines)
    assert inside("verify", "--all").status == 3
    assert inside.report()[NUMBER]["differences"] == told


@pytest.mark.parametrize("own_lines", [True, False])
def test_a_booking_that_was_put_right_after_a_change_in_the_shop_agrees(
    inside: Inside, vendors: Sandbox, *, own_lines: bool
) -> None:
    """The order is decided anew in the way in which its booking was sent."""
    lines = pushed(inside, vendors)
    vendors.settings.own_lines = own_lines
    order = vendors.shop.orders[NUMBER]
    goods_now = [goods("21", "60.50"), goods("9", "21.80")]
    price_now = invoice("82.30", ("21", "10.50"), ("9", "1.80"))
    vendors.shop.add(order | {"orderlines": goods_now, "price": price_now})
    assert inside("verify", "--all").status == 3

    lines[1] |= {"debit": 21.80, "vat": {"id": 2, "amount": 1.80}}
    lines[3]["credit"] = 20.00
    assert inside("verify", "--all").status == 0, inside.report()[NUMBER]["differences"]


# Another way of sending VAT, before or after


@pytest.mark.parametrize("later", ["net", "gross", "line", "ledger"])
def test_what_was_sent_decides_and_not_the_way_of_today(
    inside: Inside, vendors: Sandbox, later: str
) -> None:
    pushed(inside, vendors)
    config = yaml.safe_load(inside.config.read_text())
    config["booking"]["vat_posting"] = later
    for row in config["vat"]:
        row["vat_ledger"] = "1500"
    inside.write_config(config)
    ended = inside("verify", "--all")
    assert (ended.status, inside.report()[NUMBER]["differences"]) == (0, [])


def test_with_the_state_lost_nothing_is_booked_twice(inside: Inside, vendors: Sandbox) -> None:
    pushed(inside, vendors)
    before = copy.deepcopy(vendors.minox.batches)
    for file in inside.folder.glob("state.db*"):
        file.unlink()
    inside.log_in(vendors)
    assert [inside(command).status for command in ("fetch", "adopt", "push", "verify")] == [0] * 4
    assert vendors.minox.batches == before
    assert inside.report()[NUMBER]["differences"] == []


def test_a_booking_by_hand_with_several_debtors_lines_is_adopted_and_verified(
    inside: Inside, vendors: Sandbox
) -> None:
    lines = pushed(inside, vendors)
    vendors.minox.batches.clear()
    vendors.minox.batches[ANOTHERS] = [line | {"batch_id": ANOTHERS} for line in lines]
    for file in inside.folder.glob("state.db*"):
        file.unlink()
    inside.log_in(vendors)
    assert [inside(command).status for command in ("fetch", "adopt", "verify")] == [0] * 3
    assert inside.report()[NUMBER]["batch_id"] == ANOTHERS

    vendors.minox.batches[ANOTHERS][0]["vat"]["id"] = 11
    assert inside("verify", "--all").status == 3


# `check`


def look(inside: Inside) -> tuple[int, str]:
    """Return how `check` ended, and what it says of the way of sending VAT, in one line."""
    ended: Ended = inside("check")
    text = " ".join(ended.out.split())
    start = text.find("VAT on ")
    return ended.status, text[start - 2 : start + 400]


def test_check_is_green_where_both_say_the_same(inside: Inside) -> None:
    status, text = look(inside)
    assert status == 0
    assert text.startswith("✓ VAT on the sub-administration (booking.vat_posting: debtor)")


@pytest.mark.parametrize("posting", ["net", "gross", "ledger"])
def test_check_is_red_where_vat_goes_to_ledger_accounts_and_names_the_right_way(
    inside: Inside, posting: str
) -> None:
    set_posting(inside, posting)
    status, text = look(inside)
    assert status == 3
    assert text.startswith(f"✗ VAT on the sub-administration (booking.vat_posting: {posting})")
    assert "Set booking.vat_posting: debtor in the config" in text


def test_check_is_red_where_vat_goes_to_the_debtor_and_names_the_right_way(
    inside: Inside, vendors: Sandbox
) -> None:
    vendors.settings.vat_on_sub = False
    status, text = look(inside)
    assert status == 3
    assert text.startswith("✗ VAT on ledger accounts (booking.vat_posting: debtor)")
    assert "Set booking.vat_posting: net in the config" in text


def test_check_only_warns_once_bookings_of_that_way_have_verified(
    inside: Inside, vendors: Sandbox
) -> None:
    pushed(inside, vendors)
    # The administration says another thing by now; what reads back right is right.
    vendors.settings.vat_on_sub = False
    status, text = look(inside)
    assert status == 0
    assert text.startswith("· VAT on ledger accounts (booking.vat_posting: debtor)")
    assert "It may stay" in text

    set_posting(inside, "gross")
    vendors.settings.vat_on_sub = True
    assert look(inside)[0] == 3, "no booking was sent in this way"


def test_check_says_nothing_where_minox_does_not_tell(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = vendors.minox.administration.as_dict(vat_on_sub=True)
    del told["vat_on_sub"]
    monkeypatch.setattr(vendors.minox.administration, "as_dict", lambda **_: told)
    set_posting(inside, "net")
    ended = inside("check")
    assert (ended.status, "sub-administration" in ended.out) == (0, False)
