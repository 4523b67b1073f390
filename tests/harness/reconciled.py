"""Books to prove complete: a few orders of two months, or generated ones, in any of the ways."""

import copy
import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from tests.harness.generated_orders import orders
from tests.harness.inside import Inside
from tests.harness.world import an_order

CREDITED, CANCELLED = 8, 6
"""Statuses of the sandbox' shop."""

EXTRA_CODES = (
    (3, 0.0, "Vrijgesteld", "1500"),
    (12, 25.5, "Afstandsverkopen binnen de EU (3c)", "1504"),
)
EXTRA_ACCOUNTS = (("8020", 3), ("8320", 12), ("1504", None), ("1850", None))
EXTRA_ROWS = (
    {"region": "NL", "rate": 0, "code": 3, "ledger": 8020},
    {"region": "NL", "rate": 0, "type": "gift_card", "code": "none", "ledger": 1850},
    {"region": "FI", "rate": 25.5, "code": 12, "ledger": 8320},
)
VAT_LEDGERS = {3: 1500, 12: 1504}


def prepare(vendors: Sandbox) -> dict[str, Any]:
    """Give the administration what generated orders need, and return a config for them."""
    administration = vendors.minox.administration
    for number, percentage, kind, account in EXTRA_CODES:
        administration.vat_codes[number] = {
            "id": number,
            "percentage": percentage,
            "type": kind,
            "account_id": account,
            "description": kind,
        }
    for account_number, code in EXTRA_ACCOUNTS:
        administration.accounts[account_number] = {
            "id": account_number,
            "description": account_number,
            "vat": None if code is None else {"id": code},
            "allow_free_vat_input": True,
            "blocked": {"active": False, "reason": None},
        }

    config = vendors.config()
    rows = [dict(row) for row in EXTRA_ROWS]
    if vendors.settings.posting == "line":
        for row in rows:
            if row["code"] in VAT_LEDGERS:
                row["vat_ledger"] = VAT_LEDGERS[row["code"]]
    config["vat"] += rows
    return config


def generated(seed: int, count: int, first: dt.date, last: dt.date) -> Iterator[dict[str, Any]]:
    """Yield generated orders with dates from `first` to `last`, one after the other."""
    days = (last - first).days + 1
    for index, raw in enumerate(orders(seed, count)):
        day = first + dt.timedelta(days=index * days // count)
        yield {**raw, "date": day.isoformat()}


def day(number: int) -> dt.date:
    """Return the date of an order: 1001 to 1020 in January, 1101 to 1128 in February."""
    return dt.date(2026, 1 if number < 1100 else 2, number % 100)


def add(vendors: Sandbox, number: int, total: str = "121.00", **fields: Any) -> None:
    email = fields.pop("email", f"klant{number}@example.nl")
    date = fields.pop("date", day(number))
    vendors.shop.add(an_order(number, total=total, email=email, date=date, **fields))


def add_abroad(
    vendors: Sandbox,
    number: int,
    country: str = "DE",
    rate: str = "19",
    sign: str = "",
    **fields: Any,
) -> None:
    buyer = person("Klant", f"klant{number}@example.de", country=country)
    total = f"{sign}119.00"
    date = fields.pop("date", None) or day(number)
    vendors.shop.add(
        order(
            str(number),
            date,
            buyer,
            [goods(rate, total)],
            invoice(total, (rate, f"{sign}19.00")),
            tax_region=country,
            **fields,
        )
    )


@dataclass
class Books:
    """The command, and both vendors: January is right, February has what a test plants."""

    command: Inside
    vendors: Sandbox
    day: dt.date = dt.date(2026, 2, 20)
    """When a fault is dated that brings an order along."""

    def batch(self, number: int) -> str:
        """Return the UUID of an order's booking."""
        return next(
            batch
            for batch, lines in self.vendors.minox.batches.items()
            if any(line["description"] == str(number) for line in lines)
        )

    def lines(self, number: int) -> list[dict[str, Any]]:
        """Return the lines of an order's booking, to change them as a person does in Minox."""
        return self.vendors.minox.batches[self.batch(number)]

    def reconcile(self, period: str) -> tuple[int, dict[str, Any]]:
        """Run the command; return its exit status and what it proved."""
        ended = self.command("reconcile", period, "--format", "json")
        assert ended.out, ended.err
        return ended.status, json.loads(ended.out)


def booked(inside: Inside, vendors: Sandbox) -> Books:
    """Book January and February."""
    for number in (1001, 1002, 1003, *range(1101, 1113)):
        add(vendors, number)
    add(vendors, 1004, "-121.00", status=CREDITED, credited_order_number="1001")
    for number in (1005, 1113):
        add_abroad(vendors, number)
    add(vendors, 1006, status=1)
    for command in ("fetch", "push", "verify"):
        assert inside(command).status == 0
    return Books(inside, vendors)


@dataclass(frozen=True)
class _Kept:
    """What both vendors and the state hold once January and February are booked."""

    orders: dict[str, Any]
    batches: dict[str, Any]
    customers: dict[str, Any]
    state: bytes


_KEPT: list[_Kept] = []


def booked_before(inside: Inside, vendors: Sandbox) -> Books:
    """Return the same as `booked` with the usual config, which is done once for all tests."""
    shop, minox = vendors.shop, vendors.minox
    if _KEPT:
        kept = copy.deepcopy(_KEPT[0])
        shop.orders.update(kept.orders)
        minox.batches.update(kept.batches)
        minox.customers.update(kept.customers)
        inside.state.write_bytes(kept.state)
        inside.log_in(vendors)
        return Books(inside, vendors)

    books = booked(inside, vendors)
    kept = _Kept(shop.orders, minox.batches, minox.customers, inside.state.read_bytes())
    _KEPT.append(copy.deepcopy(kept))
    return books


# Faults, each planted in one order: what is named afterwards is the order, or else the booking


def _missing(books: Books, number: int) -> str:
    add(books.vendors, number, date=books.day)
    return str(number)


def _backdated(books: Books, number: int) -> str:
    add(books.vendors, number, date=books.day)
    books.command("fetch", "--order", str(number))
    return str(number)


def _booked_twice(books: Books, number: int) -> str:
    batch = "6f1e77aa-0000-4000-8000-000000000001"
    books.vendors.minox.batches[batch] = [
        {**line, "batch_id": batch} for line in books.lines(number)
    ]
    return str(number)


def _wrong_vat_code(books: Books, number: int) -> str:
    for line in books.lines(number):
        if line.get("vat"):
            line["vat"] = {**line["vat"], "id": 2}
    return str(number)


def _edited_amount(books: Books, number: int) -> str:
    for line in books.lines(number):
        for side in ("debit", "credit"):
            line[side] = round(line[side] * 2, 2)
        if line.get("vat"):
            line["vat"] = {**line["vat"], "amount": round(line["vat"]["amount"] * 2, 2)}
    return str(number)


def _refunded(books: Books, number: int) -> str:
    books.vendors.shop.change(str(number), payment_status="refunded")
    return str(number)


def _cancelled(books: Books, number: int) -> str:
    books.vendors.shop.set_status(str(number), CANCELLED)
    return str(number)


def _wrong_period(books: Books, number: int) -> str:
    for line in books.lines(number):
        line["period"] = {"id": line["period"]["id"] + 1, "fiscal_year": 2026}
    return str(number)


def _wrong_journal(books: Books, number: int) -> str:
    for line in books.lines(number):
        line["journal"] = {"id": "MEMO"}
    return str(number)


def _deleted(books: Books, number: int) -> str:
    del books.vendors.minox.batches[books.batch(number)]
    return str(number)


def _of_nobody(books: Books, number: int) -> str:
    batch = "6f1e77aa-0000-4000-8000-000000000002"
    books.vendors.minox.batches[batch] = [
        {**line, "batch_id": batch, "description": "99999"}
        | ({"invoice_number": 99999} if line.get("invoice_number") else {})
        for line in books.lines(number)
    ]
    return batch


def _wrong_account(books: Books, number: int) -> str:
    for line in books.lines(number):
        if line["account"]["type"] != "customer":
            line["account"] = {**line["account"], "id": "8010"}
    return str(number)


def _wrong_country(books: Books, number: int) -> str:
    books.vendors.shop.change(str(number), tax_region="BE")
    return str(number)


def _credit_without_original(books: Books, number: int) -> str:
    add(books.vendors, number, status=1, date=books.day)
    fields = {"status": CREDITED, "credited_order_number": str(number)}
    add(books.vendors, number + 1, "-121.00", date=books.day, **fields)
    books.command("fetch", "--order", str(number), "--order", str(number + 1))
    return str(number + 1)


FAULTS: dict[str, Callable[[Books, int], str]] = {
    "missing": _missing,
    "backdated": _backdated,
    "booked twice": _booked_twice,
    "a wrong VAT code": _wrong_vat_code,
    "an edited amount": _edited_amount,
    "refunded": _refunded,
    "cancelled": _cancelled,
    "a wrong period": _wrong_period,
    "a wrong journal": _wrong_journal,
    "deleted": _deleted,
    "of nobody": _of_nobody,
    "a wrong country": _wrong_country,
    "a credit order without its original": _credit_without_original,
    "a wrong account": _wrong_account,
}


def plant_faults(books: Books, numbers: Mapping[str, int]) -> set[str]:
    """Plant these faults, each in an order; return what is to be named."""
    return {FAULTS[name](books, number) for name, number in numbers.items()}
