"""What a booking is made of: its customer, its lines on ledger accounts, its description.

Source: books/rules.md, rules 9 to 11, and books/rules.md, rule 13.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mww2minox.books.amounts import ONE, ZERO, Part, Place
from mww2minox.books.email_address import address_of, one_form
from mww2minox.books.model import (
    REVERSE_CHARGED,
    BookingCustomer,
    BookingLine,
    BookingRules,
    CustomerByEmail,
    CustomerOfOriginal,
    DebtorLine,
    FixedCustomer,
    Order,
    VatPosting,
    VatRow,
    VatShare,
)
from mww2minox.books.vat_number import vat_number_of
from mww2minox.books.vat_rows import region_of, row_of
from mww2minox.language.cleaning import one_line

DESCRIPTION_LENGTH = 100
NAME_LENGTH = 60
NUMBER_HERE = "\0"
"""Stands for the order number while the rest is cut; no template has it as a character."""
OWN_LEDGER_TYPES = ("shipping", "payment", "discount", "gift_card", "store_credit", "surcharge")
FIELDS: Mapping[str, Callable[[Order], str]] = {
    "number": lambda order: order.number,
    "name": lambda order: plain(order.buyer.name, NAME_LENGTH),
    "company": lambda order: plain(order.buyer.company, NAME_LENGTH),
    "date": lambda order: order.date.isoformat(),
    "reference": lambda order: plain(order.reference, NAME_LENGTH),
}
"""What a template of `booking.description` can have of an order, by its name between braces."""


# books/rules.md, rules 9 and 11: whose booking it is


def customer_of(order: Order, rules: BookingRules) -> BookingCustomer | None:
    """Return the customer of an order, or None for a sale without one: no e-mail, no fixed one."""
    if order.credited_order_number:
        by_email = _customer_by_email(order)
        return CustomerOfOriginal(order_number=order.credited_order_number, fallback=by_email)

    return customer_of_sale(order, rules)


def customer_of_sale(order: Order, rules: BookingRules) -> FixedCustomer | CustomerByEmail | None:
    """Return the fixed customer of a sale's way of paying, else that of its e-mail, or None.

    Capitals make no other way of paying (`payment_debtors` is in small letters). Also for the
    original of a credit order: what a sale was booked on, its credit order is too.
    """
    fixed = rules.payment_debtors.get((order.payment or "").casefold())
    if fixed:
        return FixedCustomer(number=fixed)

    return _customer_by_email(order)


def lacks_payment(order: Order, debtors: Mapping[str, str]) -> bool:
    """Tell whether an order is a sale whose customer depends on how it was paid, untold so far.

    `debtors` are the fixed customers of ways of paying (books/rules.md, rule 9).
    """
    is_paid = not order.credited_order_number and order.total != 0
    return bool(debtors) and is_paid and not order.payment


def _customer_by_email(order: Order) -> CustomerByEmail | None:
    email = address_of(order.email)
    if not email:
        return None

    # What is no valid VAT number does not get into the books with a customer.
    country = order.tax_region or order.buyer.country_code
    vat_number = vat_number_of(order.buyer.vat_number, country=country)
    return CustomerByEmail(
        email=email,
        former_email=_former_email(order.email, email),
        buyer=replace(order.buyer, vat_number=vat_number or ""),
        reverse_charged=order.tax_strategy == REVERSE_CHARGED,
    )


def _former_email(given: str, email: str) -> str:
    """Return what an earlier version knew the address by, where that is another than today."""
    former = given.strip().lower()

    return "" if former == one_form(email) else former


# books/rules.md, rule 10: the lines


def place_of(line_type: str, rate: Decimal, order: Order, rules: BookingRules) -> Place:
    """Return where lines of a type go at a rate: by a row of their own, else by the rate's."""
    row = row_of(order, rate, rules, line_type)
    # A row that names the type decides its account too.
    if row and row.type:
        return Place(row)

    own = rules.ledgers.get(line_type) if line_type in OWN_LEDGER_TYPES else None
    # Where the rate's `vat` row has the same account, the two are one line.
    return Place(row, None if row and row.ledger == own else own)


def share_of(part: Part, row: VatRow, order: Order, rules: BookingRules) -> VatShare:
    """Return what a part is booked as, with its row of `vat`."""
    return VatShare(
        code=row.code,
        region=region_of(order, rules.shop_country),
        rate=part.rate,
        ledger=part.place.ledger or row.ledger,
        net=part.net,
        vat=part.vat,
        vat_ledger=row.vat_ledger,
    )


def merged(shares: Iterable[VatShare]) -> tuple[VatShare, ...]:
    """Return the shares with those of one VAT code, rate and ledger account as one."""
    sums: dict[VatShare, VatShare] = {}
    for share in shares:
        line = replace(share, net=ZERO, vat=ZERO)
        before = sums.get(line, line)
        sums[line] = replace(share, net=before.net + share.net, vat=before.vat + share.vat)

    return tuple(sums.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What the customer owes under one VAT code, in signed euros; without one, `code` is None.

    `rate` is the highest that has the code.
    """

    code: int | str | None
    rate: Decimal
    gross: Decimal = ZERO
    vat: Decimal = ZERO


def vat_on_other_side(
    posting: VatPosting, shares: Sequence[VatShare], total: Decimal
) -> VatShare | Charge | None:
    """Return the first whose VAT would stand on the other side than its line, or None.

    Minox cannot be told that where VAT stands on the line; one of 0.00 is a sale's. `total` is the
    order's, in signed euros.
    """
    if posting in (VatPosting.LEDGER, VatPosting.LINE):
        return None
    if posting is VatPosting.DEBTOR:
        charges = charges_of(shares, total)
        return next((charge for charge in charges if _turned(charge.gross, charge.vat)), None)

    return next((share for share in shares if _turned(_base(share, posting), share.vat)), None)


def _turned(amount: Decimal, vat: Decimal) -> bool:
    return (amount or ONE) * vat < 0


def lines_of(posting: VatPosting, shares: Sequence[VatShare]) -> tuple[BookingLine, ...]:
    """Return the lines on ledger accounts, in the administration's way of taking VAT."""
    match posting:
        case VatPosting.LEDGER:
            return _line_per_ledger(shares)
        case VatPosting.LINE:
            return tuple(line for share in shares for line in _net_and_vat_lines(share))
        case VatPosting.DEBTOR:
            return tuple(line_of(share.ledger, share.net) for share in shares if share.net)
        case VatPosting.NET | VatPosting.GROSS:
            return tuple(_line_with_vat(share, _base(share, posting)) for share in shares)


def debtor_lines_of(
    posting: VatPosting, shares: Sequence[VatShare], total: Decimal
) -> tuple[DebtorLine, ...]:
    """Return the lines on the customer: one for the total, or one for each VAT code.

    The latter where VAT is booked on the sub-administration; they add up to `total`, signed euros.
    """
    charges = charges_of(shares, total) if posting is VatPosting.DEBTOR else ()
    whole = Charge(code=None, rate=ZERO, gross=ZERO + total)  # never -0.00

    return tuple(map(_debtor_line, charges or (whole,)))


def charges_of(shares: Sequence[VatShare], total: Decimal) -> tuple[Charge, ...]:
    """Sum the shares per VAT code, without those that come to nothing at all.

    A rounding that has a ledger account of its own is in the largest one: the customer owes it too.
    """
    per_code: dict[int | str | None, Charge] = {}
    for share in shares:
        charge = per_code.get(share.code, Charge(code=share.code, rate=share.rate))
        per_code[share.code] = replace(
            charge,
            rate=max(charge.rate, share.rate),
            gross=charge.gross + share.gross,
            vat=charge.vat + share.vat,
        )

    charges = [charge for charge in per_code.values() if charge.gross or charge.vat]
    rounding = total - sum((charge.gross for charge in charges), ZERO)
    largest = max(charges, key=lambda charge: (abs(charge.gross), charge.rate), default=None)
    return tuple(
        replace(charge, gross=charge.gross + rounding) if charge is largest else charge
        for charge in charges
    )


def _debtor_line(charge: Charge) -> DebtorLine:
    """Debit what the customer owes, and credit what is taken back."""
    debit, credit = (ZERO, -charge.gross) if charge.gross < 0 else (charge.gross, ZERO)
    if charge.code is None:
        return DebtorLine(debit=debit, credit=credit)

    return DebtorLine(debit=debit, credit=credit, vat_code=charge.code, vat_amount=abs(charge.vat))


def _line_with_vat(share: VatShare, amount: Decimal) -> BookingLine:
    # Without turnover there is no VAT, not even of 0.00.
    vat = None if share.code is None else abs(share.vat)

    return line_of(share.ledger, amount, vat_code=share.code, vat_amount=vat)


def _base(share: VatShare, posting: VatPosting) -> Decimal:
    """The amount of the line that carries the VAT."""
    return share.net if posting is VatPosting.NET else share.gross


def _line_per_ledger(shares: Iterable[VatShare]) -> tuple[BookingLine, ...]:
    """One gross line a ledger account: the account's own code makes the VAT."""
    gross: dict[str, Decimal] = {}
    for share in shares:
        gross[share.ledger] = gross.get(share.ledger, ZERO) + share.gross

    return tuple(line_of(ledger, amount) for ledger, amount in gross.items() if amount)


def _net_and_vat_lines(share: VatShare) -> Iterable[BookingLine]:
    """The net, and its VAT on a line of its own."""
    if share.net:
        yield line_of(share.ledger, share.net)
    if share.vat:
        yield line_of(share.vat_ledger or share.ledger, share.vat)


def line_of(
    ledger: str,
    amount: Decimal,
    *,
    vat_code: int | str | None = None,
    vat_amount: Decimal | None = None,
) -> BookingLine:
    """Credit a positive amount (euros) and debit a negative one."""
    debit, credit = (-amount, ZERO) if amount < 0 else (ZERO, amount)

    return BookingLine(
        ledger=ledger, debit=debit, credit=credit, vat_code=vat_code, vat_amount=vat_amount
    )


# books/rules.md, rule 13: the description


def description_of(order: Order, template: str) -> str:
    """Fill in the template of `booking.description`; the order number where nothing is left.

    What is too long is cut, never the number where the template has it: by that people and other
    programs know whose booking it is.
    """
    values = {name: value_of(order) for name, value_of in FIELDS.items()}
    values["number"] = NUMBER_HERE
    before, mark, after = template.format(**values).partition(NUMBER_HERE)
    if not mark:
        return plain(before, DESCRIPTION_LENGTH) or order.number

    room = DESCRIPTION_LENGTH - len(order.number) - 1
    start = plain(before, room)
    # Text that was cut would run into the number.
    is_apart = len(start) == room or not plain(before[-1:], 1)
    space = " " if is_apart else ""
    rest = after.replace(NUMBER_HERE, order.number)
    return plain(f"{start}{space}{order.number}{rest}", DESCRIPTION_LENGTH)


def plain(text: str, length: int) -> str:
    """Return a text on one line of at most `length` characters, without what cannot be printed."""
    return one_line(text, read=4 * length, longest=length)
