"""Whose booking is this: what a description names, and that a long journal takes no longer per
order than a short one.
"""

import time
import uuid
from decimal import Decimal

import pytest

from mww2minox.books.model import TransactionLine
from mww2minox.minox.journal import Search, SoughtOrder, find_bookings, numbers_named


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1007", {"1007"}),
        (" #1007. ", {"1007"}),
        ("Bestelling 1007", {"1007"}),
        ("BESTELLING: 1007 Jansen", {"1007"}),
        ("bestelnr. 1007", {"1007"}),
        ("Bestelnummer 1007", {"1007"}),
        ("order #1007", {"1007"}),
        ("Ordernr 1007, 10 stuks", {"1007"}),
        ("order1007", {"1007"}),
        ("Factuur 1007", {"1007"}),
        ("factuurnummer: 1007", {"1007"}),
        ("Invoice no 1007", {"1007"}),
        ("#1007 en #1008", {"1007", "1008"}),
        ("Order 0150 en 1500", {"0150"}),
        ("Order (1007)", {"1007"}),
        ("Order [1007], Jansen", {"1007"}),
        ("Bestelling: nr. 1007", {"1007"}),
        ("Bestelling nummer: 1007", {"1007"}),
        ("Order-id: 1007", {"1007"}),
        ("Order ID 1007", {"1007"}),
        ("ordernummer=1007", {"1007"}),
        ("order_1007", {"1007"}),
        ("Verkoopfactuur 1007", {"1007"}),
        ("Verkooporder 1007", {"1007"}),
        ("webshopbestelling 1007", {"1007"}),
        ("Webwinkel-order 1007", {"1007"}),
        ("(1007)", {"1007"}),
        ("'1007'", {"1007"}),
        ("1007,", {"1007"}),
        ("Nr. 1007", {"1007"}),
        ("No. 1007", {"1007"}),
        ("nummer: #1007", {"1007"}),
        ("Order 1007, 1008", {"1007"}),
        ("Order 1007 maar zonder handvat", {"1007"}),
        ("Order 1007 junior", {"1007"}),
        ("Huur kraam maart 2026", set()),
        ("12 dozen wijn", set()),
        ("Molenstraat 62", set()),
        ("2026-03-14", set()),
        ("Bestelling van 14-3-2026", set()),
        ("Factuur 2026-0012", set()),
        ("Factuur 2026/12", set()),
        ("order 12.50 euro", set()),
        ("order 12,50 euro", set()),
        ("order 12 %", set()),
        ("Factuur 12%", set()),
        ("Factuur 12:30 uur", set()),
        ("Factuur 14 maart", set()),
        ("Factuur 14 maart 2026", set()),
        ("Factuur maart 2026", set()),
        ("Bestelling 3 mrt. 2026", set()),
        ("bestelling 14 mei", set()),
        ("Invoice 14 March 2026", set()),
        ("Invoice March 14", set()),
        ("order 1st of May 2026", set()),
        ("Huisnr 62", set()),
        ("Molenstraat nr. 62", set()),
        ("Inkooporder 62", set()),
        ("reorder 12", set()),
        ("bestellingslijst 12", set()),
        ("#" * 20_000, set()),
        ("order" + " nr-" * 20_000, set()),
        ("", set()),
    ],
)
def test_a_description_names_an_order_alone_or_right_after_a_word_for_one(
    text: str, names: set[str]
) -> None:
    assert numbers_named(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("WEB-1024", {"WEB-1024"}),
        (" #WEB-1024. ", {"WEB-1024"}),
        ("Bestelling WEB-1024", {"WEB-1024"}),
        ("Order: WEB-1024, 10 stuks", {"WEB-1024"}),
        ("#2026-0012 en #WEB-1024", {"2026-0012", "WEB-1024"}),
        ("Factuur 2026-0012", {"2026-0012"}),
        ("A 7", {"A 7"}),
        ("Order 1007", {"1007"}),
        ("Order WEB-10", set()),
        ("Order XWEB-1024", set()),
        ("Voor WEB-1024", set()),
        ("Bestelling van Jansen", set()),
    ],
)
def test_an_order_number_that_is_not_digits_alone_is_named_where_it_is_known(
    text: str, names: set[str]
) -> None:
    assert numbers_named(text, {"WEB-1024", "2026-0012", "A 7"}) == names


def line(batch_id: str, *, invoice_number: str, amount: Decimal) -> TransactionLine:
    return TransactionLine(
        batch_id=batch_id,
        account="10001",
        type="customer",
        debit=amount,
        credit=Decimal(0),
        vat_code="",
        vat_amount=None,
        invoice_number=invoice_number,
        period="3",
        fiscal_year="2026",
        description="",
        journal="VERK",
        own=False,
    )


def seconds(count: int) -> float:
    """Look for so many orders that another connector booked, in batches of a day's orders."""
    numbers = [str(number) for number in range(1, count + 1)]
    orders = {
        number: SoughtOrder(
            number=number,
            total=Decimal(number) + (int(number) % 2),
            batch_id=str(uuid.uuid5(uuid.NAMESPACE_OID, number)),
        )
        for number in numbers
    }
    lines = [
        line(f"day {int(number) // 50}", invoice_number=number, amount=Decimal(number))
        for number in numbers
    ]
    search = Search(
        journal="VERK",
        orders=orders,
        dates_of=lambda _number: (),
        has_customer=lambda _number, _customer: False,
    )

    started = time.process_time()
    found = find_bookings(lines, numbers, search)
    taken = time.process_time() - started

    assert sum(there.booking is not None for there in found.values()) == count // 2
    assert sum(len(there.candidates) for there in found.values()) == count // 2
    return taken


@pytest.mark.thorough
def test_the_time_that_it_takes_grows_with_the_journal_and_no_faster() -> None:
    few, many = min(seconds(2_000) for _ in range(3)), seconds(16_000)
    assert many < 8 * few * 4, (few, many)
