"""After `retention_days` the state file holds no more of a customer than the law wants kept, and
still works.
"""

import datetime as dt
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mww2minox.commands.adopt import adopt
from mww2minox.commands.fetch import fetch
from mww2minox.commands.push import push
from mww2minox.commands.verify import verify
from mww2minox.sandbox import Sandbox, Settings
from mww2minox.sandbox.order_parts import Order, goods, invoice, order, person
from mww2minox.state import Store, StoredBooking, StoredOrder
from tests.harness.clients import Processes, log_in
from tests.harness.clock import Clock, fast_clock
from tests.system.test_adopt import KEES, book, debtor, revenue, uuid_of

pytestmark = pytest.mark.thorough

NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
DAYS = 30
VAT_NUMBER = "BE0403170701"
PERSONAL = [
    b"Kanarie",
    b"Zangzaad",
    b"helene",
    b"kooi.example",
    b"Vogelkooilaan",
    b"2311VK",
    b"Vogelenzang",
    b"98765432",
]


@dataclass
class Books:
    """One state file, and the vendors."""

    processes: Processes
    sandbox: Sandbox
    clock: Clock

    @property
    def path(self) -> Path:
        return self.processes.folder / "state.db"

    def run(self, *commands: Any, **options: bool) -> int:
        """Run commands, each in a run of its own; return the last status."""
        for command in commands:
            status = command(self.processes.start(), **options)
            self.processes.closing.pop_all().close()
        return int(status)

    def pass_days(self, days: float) -> None:
        self.clock.pass_by(days * 86400)

    def stored(self, number: str = "501") -> tuple[StoredOrder, StoredBooking]:
        with Store(self.path) as store:
            found = store.order(number), store.booking(number)
        assert found[0]
        assert found[1]
        return found[0], found[1]

    def personal(self) -> list[bytes]:
        """Return what the bytes of the files still hold of the person."""
        with Store(self.path) as store:
            store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            content = b"".join(file.read_bytes() for file in self.path.parent.glob("state.db*"))
        return [text for text in PERSONAL if text in content]


def offered(number: str, **fields: object) -> Order:
    buyer = person(
        "Hélène Kanarie",
        "helene@kooi.example",
        company="Zangzaad BV",
        country="BE",
        vat_number=VAT_NUMBER,
    )
    buyer["address"]["invoice"] |= {
        "street": "Vogelkooilaan",
        "number": "2311",
        "zipcode": "2311VK",
        "city": "Vogelenzang",
        "phone": "06-98765432",
    }
    made = order(
        number, NOON.date(), buyer, [goods("21", "24.20")], invoice("24.20", ("21", "4.20"))
    )
    return made | fields


def start(tmp_path: Path, *, vat_posting: Any = "net") -> Iterator[Books]:
    settings = Settings(vat_posting=vat_posting)
    with fast_clock(NOON) as clock, Sandbox(settings=settings, samples=False) as sandbox:
        sandbox.shop.add(offered("501"))
        processes = Processes(tmp_path, sandbox.config() | {"retention_days": DAYS})
        log_in(processes.start())
        yield Books(processes, sandbox, clock)
        processes.closing.close()


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    yield from start(tmp_path)


def test_the_person_is_gone_from_the_bytes_of_the_file(books: Books) -> None:
    books.run(fetch, push, verify)
    assert books.personal() == PERSONAL
    books.pass_days(DAYS + 1)
    books.run(fetch)
    assert books.personal() == []


def test_what_the_law_wants_kept_stays(books: Books) -> None:
    books.run(fetch, push, verify)
    order_before, booking_before = books.stored()
    books.pass_days(DAYS + 1)
    books.run(fetch)
    order_after, booking_after = books.stored()
    kept = ["number", "date", "status", "price", "orderlines", "tax_region", "currency", "payment"]
    assert {key: order_after.payload.get(key) for key in kept} == {
        key: order_before.payload.get(key) for key in kept
    }
    assert order_after.payload["debtor"]["address"] == {
        "invoice": {"country_code": "BE", "taxnumber": VAT_NUMBER}
    }
    assert booking_after.payload == order_after.payload
    for fact in (
        "batch_id",
        "customer",
        "total_cents",
        "body",
        "booked_at",
        "verified",
        "verified_at",
    ):
        assert getattr(booking_after, fact) == getattr(booking_before, fact)


def test_a_name_in_the_description_goes_too(books: Books) -> None:
    books.processes.config["booking"] = {"description": "{number} {name} {company}"}
    books.run(fetch, push, verify)
    assert "Hélène" in books.stored()[1].body
    books.pass_days(DAYS + 1)
    books.run(fetch)
    assert books.personal() == []
    assert books.run(verify, everything=True) == 0


def test_nothing_goes_before_its_time(books: Books) -> None:
    books.run(fetch, push)
    books.pass_days(3)
    books.run(verify)
    books.pass_days(DAYS - 1)
    books.run(fetch)
    assert books.personal() == PERSONAL


def test_the_person_of_an_order_that_is_not_booked_or_not_verified_stays(books: Books) -> None:
    books.run(fetch)
    books.pass_days(DAYS + 1)
    books.run(fetch)
    assert books.personal() == PERSONAL, "it has to be booked yet"
    books.run(push)
    books.pass_days(DAYS + 1)
    books.run(fetch)
    assert books.personal() == PERSONAL, "it has to be verified yet"


def test_the_person_of_a_booking_that_is_not_right_stays(books: Books) -> None:
    books.run(fetch, push)
    [lines] = books.sandbox.minox.batches.values()
    lines[1]["credit"] += 1
    assert books.run(verify) == 3
    books.pass_days(DAYS + 1)
    books.run(fetch)
    assert books.personal() == PERSONAL


def test_a_copy_from_before_an_upgrade_goes_when_it_is_as_old(books: Books) -> None:
    books.run(fetch, push, verify)
    old, new = (books.path.with_name(f"state.db.before-{name}") for name in ("m001", "m002"))
    for copy, days in ((old, DAYS + 1), (new, DAYS - 1)):
        copy.write_bytes(b"Kanarie")
        made = (NOON - dt.timedelta(days=days)).timestamp()
        os.utime(copy, (made, made))

    books.run(fetch)
    assert (old.exists(), new.exists()) == (False, True)


def test_without_the_setting_nothing_goes(books: Books) -> None:
    del books.processes.config["retention_days"]
    books.run(fetch, push, verify)
    books.pass_days(4000)
    books.run(fetch)
    assert books.personal() == PERSONAL


def test_verifying_each_day_does_not_put_it_off(books: Books) -> None:
    books.run(fetch, push)
    for _ in range(DAYS // 5 + 1):
        books.run(verify, everything=True)
        books.pass_days(5)
    books.run(fetch)
    assert books.personal() == []


@pytest.mark.parametrize("vat_posting", ["net", "gross", "ledger", "line"])
def test_an_unchanged_order_is_no_difference_however_vat_is_sent(
    tmp_path: Path, vat_posting: str
) -> None:
    for books in start(tmp_path, vat_posting=vat_posting):
        books.run(fetch, push, verify)
        books.pass_days(DAYS + 1)
        books.run(fetch)
        assert books.personal() == []
        assert books.run(verify, everything=True) == 0
        books.sandbox.shop.set_status("501", 3)
        books.run(fetch)
        order, booking = books.stored()
        assert (order.state, booking.verified, booking.shop_differences) == ("booked", "ok", ())
        assert books.personal() == [], "what the shop tells again is not kept again"


@pytest.mark.parametrize("how", ["cancelled", "gone"])
def test_the_person_of_an_order_that_has_no_booking_any_more_goes_too(
    books: Books, how: str
) -> None:
    books.run(fetch, push, verify)
    books.sandbox.minox.batches.clear()
    if how == "gone":
        books.sandbox.shop.remove("501")
    else:
        books.sandbox.shop.set_status("501", 6)
    for _ in range(3):
        assert books.run(verify, everything=True) == 0
        books.run(fetch)
        books.pass_days(DAYS / 3 - 1)
    assert books.personal() == PERSONAL
    books.pass_days(4)
    books.run(fetch)
    assert books.personal() == []
    assert books.run(verify) == 0
    assert books.personal() == [], "what the shop tells again is not kept again"


def test_the_person_does_not_come_back_when_a_later_change_is_put_right(books: Books) -> None:
    books.run(fetch, push, verify)
    books.pass_days(DAYS + 1)
    books.run(fetch)
    lines, price = [goods("21", "36.30")], invoice("36.30", ("21", "6.30"))
    books.sandbox.shop.change("501", orderlines=lines, price=price)
    [(debtor, revenue)] = books.sandbox.minox.batches.values()
    debtor["debit"], revenue["credit"], revenue["vat"]["amount"] = 36.3, 30.0, 6.3
    assert books.run(verify, everything=True) == 0
    assert books.stored()[1].total_cents == 3630
    assert books.personal() == []


def test_the_person_stays_while_a_change_has_to_be_looked_at(books: Books) -> None:
    books.run(fetch, push, verify)
    books.sandbox.shop.change("501", **CHANGES["currency"])
    books.sandbox.shop.set_status("501", 3)
    books.pass_days(DAYS + 1)
    books.run(fetch)
    assert books.personal() == PERSONAL


CHANGES: dict[str, dict[str, Any]] = {
    "total": {"price": invoice("36.30", ("21", "4.20"))},
    "21%": {"orderlines": [goods("21", "36.30")]},
    "taxnumber": {
        "debtor": offered("501")["debtor"] | {"address": {"invoice": {"country_code": "BE"}}}
    },
    "currency": {"currency": "USD"},
    "tax_region": {"tax_region": "DE"},
}


@pytest.mark.parametrize("field", CHANGES)
def test_a_later_change_in_the_shop_is_still_recognised(books: Books, field: str) -> None:
    books.run(fetch, push, verify)
    books.pass_days(DAYS + 1)
    books.run(fetch)
    books.sandbox.shop.change("501", **CHANGES[field])
    books.sandbox.shop.set_status("501", 3)
    books.run(fetch)
    assert [one.values["field"] for one in books.stored()[1].shop_differences] == [field]
    assert books.run(verify) == 3
    assert books.personal() == []


def test_a_change_of_the_person_is_no_difference_any_more(books: Books) -> None:
    books.run(fetch, push, verify)
    books.pass_days(DAYS + 1)
    books.run(fetch)
    debtor = books.sandbox.shop.orders["501"]["debtor"]
    books.sandbox.shop.change("501", debtor=debtor | {"email": "kanarie@elders.example"})
    books.sandbox.shop.set_status("501", 3)
    books.run(fetch)
    assert books.stored()[1].shop_differences == ()


def test_a_credit_order_finds_the_customer_of_an_emptied_original(books: Books) -> None:
    books.run(fetch, push, verify)
    books.pass_days(DAYS + 1)
    books.run(fetch)
    lines, bill = [goods("21", "-24.20")], invoice("-24.20", ("21", "-4.20"))
    today = NOON.date() + dt.timedelta(days=DAYS)
    credit = offered(
        "502", credited_order_number="501", status=8, payment=None, orderlines=lines, price=bill
    )
    books.sandbox.shop.add(credit | {"date": today.isoformat()})
    books.run(fetch)
    assert books.run(push) == 0
    assert books.stored("502")[1].customer == books.stored("501")[1].customer


def test_an_adopted_booking_is_held_to_its_customer_when_no_address_is_known_any_more(
    books: Books,
) -> None:
    """Minox is not asked for an e-mail address that nobody has."""
    addresses = [{"name": "H", "email_addresses": [{"email_address": "helene@kooi.example"}]}]
    customer = str(books.sandbox.minox.create_customer({"addresses": addresses}, "VERK")["id"])
    day = NOON.date().isoformat()
    theirs = debtor("24.20", of=customer, invoice_number=501), revenue("24.20")
    book(books.sandbox, "by hand", *theirs, day=day)
    books.run(fetch, adopt, verify)
    books.pass_days(DAYS + 1)
    books.run(fetch)
    assert books.personal() == []

    books.sandbox.requests.clear()
    assert books.run(verify, everything=True) == 0
    assert not [seen.path for seen in books.sandbox.requests if "by_email" in seen.path]
    for line in books.sandbox.minox.batches[uuid_of("by hand")][:1]:
        line["account"] = line["account"] | {"id": KEES}
    assert books.run(verify, everything=True) == 3
    assert [one.code for one in books.stored()[1].differences] == ["customer_not_of_order"]
