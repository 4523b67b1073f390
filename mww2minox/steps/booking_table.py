"""A booking shown as a table of its lines: before it is sent, and as it was sent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.kept_decision import CODE, LEDGER, NO_NAMES, name_key
from mww2minox.books.model import (
    Booking,
    BookingLine,
    CustomerByEmail,
    CustomerOfOriginal,
    DebtorLine,
    TransactionLine,
)
from mww2minox.language.texts import _, day, number
from mww2minox.output import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A line as it is shown: amounts in euros, None where there is none."""

    account: str
    debit: Decimal | None
    credit: Decimal | None
    vat: Decimal | None
    code: str


def show_booking(
    output: Output, booking: Booking, customer: str, names: Mapping[str, str] = NO_NAMES
) -> None:
    """Show a booking as a table of its lines; `customer` says whose the first ones are.

    `names` are Minox' own, by `name_key`.
    """
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

    show_lines(output, title, shown_lines(booking, customer, names))


def customer_of_booking(booking: Booking, number: str | None, *, with_name: bool = False) -> str:
    """Name the customer of a booking as far as it is known without asking Minox.

    `number` is its number in Minox, if that is known; `with_name` adds that of the order.
    """
    shown = _("customer by e-mail")
    if number:
        shown = _("customer {number}").format(number=number)
    elif isinstance(booking.customer, CustomerOfOriginal):
        shown = _("customer of order {number}").format(number=booking.customer.order_number)

    if not (with_name and isinstance(booking.customer, CustomerByEmail)):
        return shown
    buyer = booking.customer.buyer
    return f"{shown} {buyer.company or buyer.name}".strip()


def shown_lines(booking: Booking, customer: str, names: Mapping[str, str]) -> list[Shown]:
    """Return the lines of a booking that is not sent yet, as they are shown."""
    shown = [_line(customer, line, names) for line in booking.debtor_lines]
    shown += [_line(named(line.ledger, LEDGER, names), line, names) for line in booking.lines]
    return shown


def show_sent(
    output: Output,
    order_number: str,
    lines: Sequence[TransactionLine],
    names: Mapping[str, str] = NO_NAMES,
) -> None:
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

    show_lines(output, title, sent_as_shown(lines, names))


def sent_as_shown(
    lines: Iterable[TransactionLine], names: Mapping[str, str], customer: str = ""
) -> list[Shown]:
    """Return the lines of a body that was sent, as they are shown; `customer` is its name, if it
    is known.
    """
    return [_sent_line(line, names, customer) for line in lines]


def show_lines(output: Output, title: str, shown: Sequence[Shown]) -> None:
    """Show lines under a title, debit and credit apart, with what they add up to."""
    columns = [
        (_("Account"), "left"),
        (_("Debit"), "right"),
        (_("Credit"), "right"),
        (_("VAT"), "right"),
        (_("VAT code"), "left"),
    ]
    rows = map(_cells, [*shown, _total(shown)])
    output.table(title, columns, rows)


def named(numbered: str, kind: str, names: Mapping[str, str]) -> str:
    """Return a ledger account (`LEDGER`) or VAT code (`CODE`) by its number, with its name."""
    name = names.get(name_key(kind, numbered), "")
    return f"{numbered} {name}".strip()


def _line(account: str, line: BookingLine | DebtorLine, names: Mapping[str, str]) -> Shown:
    code = "" if line.vat_code is None else str(line.vat_code)

    return Shown(
        account=account,
        debit=_on_its_side(line.debit, line.credit),
        credit=line.credit or None,
        vat=line.vat_amount,
        code=named(code, CODE, names),
    )


def _sent_line(line: TransactionLine, names: Mapping[str, str], customer: str) -> Shown:
    account = named(line.account, LEDGER, names)
    if line.type == "customer":
        account = f"{_('customer {number}').format(number=line.account)} {customer}".strip()

    return Shown(
        account=account,
        debit=_on_its_side(line.debit, line.credit),
        credit=line.credit or None,
        vat=line.vat_amount,
        code=named(line.vat_code, CODE, names),
    )


def _on_its_side(debit: Decimal, credit: Decimal) -> Decimal | None:
    """Return what stands on the debit side: an amount of 0.00 too, where nothing is credit."""
    return debit if debit or not credit else None


def _total(lines: Sequence[Shown]) -> Shown:
    """Add the lines up; VAT counts on the side of its line."""
    vat = Decimal(0)
    for line in lines:
        vat += (line.vat or 0) * (1 if line.debit is None else -1)

    return Shown(
        account=_("Total"),
        debit=sum((line.debit or Decimal(0) for line in lines), Decimal(0)),
        credit=sum((line.credit or Decimal(0) for line in lines), Decimal(0)),
        vat=abs(vat) if any(line.vat is not None for line in lines) else None,
        code="",
    )


def _cells(line: Shown) -> tuple[str, ...]:
    return line.account, _amount(line.debit), _amount(line.credit), _amount(line.vat), line.code


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else number(amount)
