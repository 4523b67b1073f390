"""What another connector, or a person, booked is held against what the order wants."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from mww2minox.books.adopted import Adopted, Wanted, compare_adopted
from mww2minox.books.differences import VatAccounts
from mww2minox.books.model import TransactionLine, VatCode, VatShare
from mww2minox.reasons import DIFFERENCES, describe


def _code(code: str, percentage: str, kind: str, account: str = "1500") -> VatCode:
    return VatCode(
        code=code, percentage=Decimal(percentage), type=kind, description="", account=account
    )


CODES = {
    "1": _code("1", "21", "Af te dragen (1a, 1b)"),
    "2": _code("2", "9", "Af te dragen (1a, 1b)", "1501"),
    "4": _code("4", "21", "Af te dragen (1a, 1b)", "1504"),
    "6": _code("6", "0", "Verlegd binnen EU - levering (3b)"),
}
VAT = VatAccounts(codes=CODES)
HIGH = VatShare(
    code=1, region="NL", rate=Decimal(21), ledger="8000", net=Decimal(100), vat=Decimal(21)
)
FREE = VatShare(
    code=6, region="BE", rate=Decimal(0), ledger="8100", net=Decimal(121), vat=Decimal(0)
)


def _line(
    account: str, amount: str, code: str = "", vat: str | None = None, *, own: bool = False
) -> TransactionLine:
    """Build a line that is credited with an amount; one on 10001 is a customer's."""
    value = Decimal(amount)
    return TransactionLine(
        batch_id="b",
        account=account,
        type="customer" if account.startswith("10") else "ledger_account",
        debit=max(-value, Decimal(0)),
        credit=max(value, Decimal(0)),
        vat_code=code,
        vat_amount=None if vat is None else Decimal(vat),
        invoice_number="",
        period="3",
        fiscal_year="2026",
        description="",
        journal="VERK",
        own=own,
    )


def _compared(
    lines: Sequence[TransactionLine],
    share: VatShare = HIGH,
    customers: tuple[str, ...] = ("10001",),
    of_order: Sequence[TransactionLine] | None = None,
) -> Adopted:
    debtors = [line for line in lines if line.type == "customer"]
    adopted = compare_adopted(
        lines,
        debtors if of_order is None else of_order,
        Wanted(total=Decimal(121), customers=customers, shares=(share,)),
        vat=VAT,
        tolerance=Decimal(0),
    )
    assert {difference.code for difference in adopted.differences} <= set(DIFFERENCES)
    return adopted


def _told(adopted: Adopted) -> list[str]:
    return list(map(describe, adopted.differences))


DEBTOR = _line("10001", "-121")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([_line("8000", "100", "1", "21")], []),
        ([_line("8000", "100", "4", "20.97")], []),
        ([_line("8000", "100", "1")], []),
        ([_line("8000", "100", "1", "20.96")], ["VAT at 21%, box 1a, 1b: 21.00 by the order"]),
        ([_line("8000", "100", "77", "21")], ["VAT code 77: - booked", "VAT at 21%, box 1a, 1b"]),
        ([_line("8100", "121", "6")], ["VAT at 0%, box 3b: -", "VAT at 21%, box 1a, 1b: 21.00"]),
        ([_line("8000", "100"), _line("1500", "21", own=True)], []),
        ([_line("8000", "100"), _line("1501", "21")], ["VAT account 1500", "VAT account 1501"]),
        ([_line("8000", "121", "0", "0.00"), _line("1500", "21", own=True)], []),
    ],
)
def test_vat_is_compared_per_rate_and_box_or_else_per_account(
    lines: list[TransactionLine], told: list[str]
) -> None:
    adopted = _compared([DEBTOR, *lines])
    assert adopted.tells_vat
    texts = _told(adopted)
    assert len(texts) == len(told)
    assert all(text.startswith(start) for text, start in zip(texts, told, strict=True))


def test_vat_on_the_debtors_line_counts_as_that_of_the_sale() -> None:
    adopted = _compared([_line("10001", "-121", "1", "21"), _line("8000", "100")])
    assert (_told(adopted), adopted.tells_vat) == ([], True)


def test_what_the_lines_do_not_tell_is_no_difference() -> None:
    for share in (HIGH, FREE):
        adopted = _compared([DEBTOR, _line("8000", "121")], share)
        assert (_told(adopted), adopted.tells_vat) == ([], False)


def test_the_vat_of_a_booking_for_several_orders_tells_nothing_of_one() -> None:
    other = _line("10002", "-109")
    lines = [DEBTOR, other, _line("8000", "230", "2", "9")]
    adopted = _compared(lines, of_order=[DEBTOR])
    assert (_told(adopted), adopted.tells_vat) == ([], False)


def test_the_customer_is_compared_where_it_is_known() -> None:
    lines = [DEBTOR, _line("8000", "100", "1", "21")]
    assert _told(_compared(lines, customers=("10009", "10001"))) == []
    assert _told(_compared(lines, customers=("10009",))) == [
        "customer: 10009 by the order, 10001 in Minox"
    ]
    unknown = _compared(lines, customers=())
    assert (_told(unknown), unknown.tells_customer) == ([], False)


def test_another_total_or_none_is_a_difference() -> None:
    revenue = _line("8000", "100", "1", "21")
    assert _told(_compared([_line("10001", "-120.99"), revenue])) == [
        "total: 121.00 booked, 120.99 in Minox"
    ]
    assert _told(_compared([revenue])) == ["total: 121.00 booked, - in Minox"]
