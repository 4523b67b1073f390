"""A booking shown as a table of its lines: before it is sent, and as it was sent."""

from collections.abc import Sequence

from mww2minox.books.model import Booking, BookingLine, DebtorLine, TransactionLine
from mww2minox.language.texts import _, day, number
from mww2minox.output import Output


def show_booking(output: Output, booking: Booking, customer: str) -> None:
    """Show a booking as a table of its lines; `customer` says whose the first ones are."""
    title = _(
        "Order {number} · {date} · {journal} · {year} period {period} · {description}"
    ).format(
        number=booking.order_number,
        date=day(booking.document_date),
        journal=booking.journal,
        year=booking.fiscal_year,
        period=booking.period,
        description=booking.description,
    )

    rows = [_row(customer, line) for line in booking.debtor_lines]
    rows += [_row(line.ledger, line) for line in booking.lines]
    output.table(title, _columns(), rows)


def show_sent(output: Output, order_number: str, lines: Sequence[TransactionLine]) -> None:
    """Show the lines of a body that was sent for an order."""
    first = lines[0]
    title = _("Order {number} · sent before · {journal} · {year} period {period} · {description}")
    title = title.format(
        number=order_number,
        journal=first.journal,
        year=first.fiscal_year,
        period=first.period,
        description=first.description,
    )

    output.table(title, _columns(), map(_sent_row, lines))


def _columns() -> list[tuple[str, str]]:
    return [
        (_("Account"), "left"),
        (_("Debit"), "right"),
        (_("Credit"), "right"),
        (_("VAT code"), "right"),
        (_("VAT"), "right"),
    ]


def _sent_row(line: TransactionLine) -> tuple[str, str, str, str, str]:
    account = line.account
    if line.type == "customer":
        account = _("customer {number}").format(number=account)
    vat = "" if line.vat_amount is None else number(line.vat_amount)
    return account, number(line.debit), number(line.credit), line.vat_code, vat


def _row(account: str, line: BookingLine | DebtorLine) -> tuple[str, str, str, str, str]:
    code = "" if line.vat_code is None else str(line.vat_code)
    vat = "" if line.vat_amount is None else number(line.vat_amount)
    return account, number(line.debit), number(line.credit), code, vat
