"""What is kept of a decision with its booking: every amount on the way, small, for `explain`.

It holds no name, address, e-mail address or VAT number, so that it stays as long as the booking.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from pydantic import TypeAdapter, ValidationError

from mww2minox.books.amounts import ZERO, Entry, RateVat, Rounding
from mww2minox.books.booking import place_of
from mww2minox.books.model import (
    AdoptedBy,
    Booking,
    BookingRules,
    CustomerOfOriginal,
    DateChoice,
    FixedCustomer,
    FoundBy,
    VatPosting,
    VatShare,
)
from mww2minox.books.money import cents, percentage
from mww2minox.books.vat_number import read_vat_number
from mww2minox.books.vat_rows import region_of

if TYPE_CHECKING:
    from mww2minox.books.decision import Workings

MAPPING_LENGTH = 12
"""So many characters of a hash tell one mapping from the next."""

Code = int | str | None
LEDGER, CODE = "ledger", "code"
"""What Minox has names of: ledger accounts, VAT codes."""
NO_NAMES: Mapping[str, str] = {}


class KeptAmount(NamedTuple):
    """What the lines of one type have at one rate, in signed euros, and where they go.

    `vat` is by the lines, to the cent; `entries` is the number of price entries. `code` is None
    where there is no turnover.
    """

    type: str
    rate: Decimal
    entries: int
    gross: Decimal
    vat: Decimal
    code: Code
    ledger: str


class KeptVat(NamedTuple):
    """The VAT of one rate in signed euros: by the lines, by the invoice (None: it tells none), and
    as it is booked.
    """

    rate: Decimal
    by_lines: Decimal
    by_invoice: Decimal | None
    booked: Decimal


class KeptShare(NamedTuple):
    """What one VAT code has on one ledger account, in signed euros."""

    code: Code
    rate: Decimal
    ledger: str
    net: Decimal
    vat: Decimal


class KeptRounding(NamedTuple):
    """What the total is more than the lines, in signed euros: on an account of its own, or in the
    net of a rate.
    """

    difference: Decimal
    ledger: str | None
    rate: Decimal | None


class KeptCustomer(NamedTuple):
    """The customer's number in Minox, and how it was found.

    `of` is the way of paying that has a fixed customer, or the order that a credit order takes
    back.
    """

    number: str
    found_by: FoundBy
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDecision:
    """What was worked out of an order when its booking was decided. Amounts are signed euros.

    `region` is whose VAT it has, and `region_told` whether the order said so; `vat_country` is that
    of its VAT number under reverse charge. `date_by` is the date of the order that became the
    document date. `mapping` tells the config's mapping of then from another one. `names` are Minox'
    own of ledger accounts and VAT codes, by `name_key`.
    """

    total: Decimal
    mapping: str
    customer: KeptCustomer
    document_date: dt.date
    fiscal_year: int
    period: int
    journal: str
    amounts: tuple[KeptAmount, ...] = ()
    vat: tuple[KeptVat, ...] = ()
    shares: tuple[KeptShare, ...] = ()
    rounding: KeptRounding | None = None
    strategy: str = ""
    region: str = ""
    region_told: bool = True
    vat_country: str = ""
    payment: str = ""
    credits: str = ""
    posting: VatPosting = VatPosting.NET
    invoice_number: int | None = None
    date_by: DateChoice = DateChoice.ORDER
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAdoption:
    """The booking that an order was taken to be booked by: how it was known, and what it was then.

    `total` is signed euros, None where no line told it.
    """

    by: AdoptedBy
    journal: str
    date: dt.date | None = None
    total: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of how an order came to its booking: it was decided, adopted, or both."""

    decision: KeptDecision | None = None
    adoption: KeptAdoption | None = None


def name_key(kind: str, number: object) -> str:
    """Return by what the name of a ledger account (`LEDGER`) or VAT code (`CODE`) is kept."""
    return f"{kind}:{number}"


def kept_of(
    booking: Booking, number: str, found_by: FoundBy, names: Mapping[str, str] = NO_NAMES
) -> KeptDecision | None:
    """Return what is kept of a decided booking, on the customer with this number; None of one that
    was not decided.

    `names` are those that are known of ledger accounts and VAT codes, of whatever booking.
    """
    workings = booking.workings
    if workings is None:
        return None

    order, rules = workings.order, workings.rules
    return KeptDecision(
        total=cents(booking.total),
        mapping=mapping_of(rules),
        customer=KeptCustomer(number, found_by, _customer_of(booking, order.payment)),
        document_date=booking.document_date,
        fiscal_year=booking.fiscal_year,
        period=booking.period,
        journal=booking.journal,
        amounts=amounts_of(workings),
        vat=tuple(map(_vat, workings.vat)),
        shares=kept_shares(booking.shares),
        rounding=_rounding(workings.rounding),
        strategy=order.tax_strategy,
        region=region_of(order, rules.shop_country),
        region_told=bool(order.tax_region),
        vat_country=_vat_country(workings),
        payment=order.payment or "",
        credits=order.credited_order_number or "",
        posting=rules.vat_posting,
        invoice_number=booking.invoice_number,
        date_by=DateChoice.ORDER if booking.document_date == order.date else rules.date,
        names=_names_of(booking, names),
    )


def _names_of(booking: Booking, names: Mapping[str, str]) -> Mapping[str, str]:
    """Return the names of a booking's own ledger accounts and VAT codes."""
    keys = {name_key(LEDGER, line.ledger) for line in booking.lines}
    keys |= {name_key(CODE, share.code) for share in booking.shares}

    return {key: names[key] for key in sorted(keys) if key in names}


def _customer_of(booking: Booking, payment: str | None) -> str:
    match booking.customer:
        case FixedCustomer():
            return payment or ""
        case CustomerOfOriginal(order_number=number):
            return number
        case _:
            return ""


def _vat_country(workings: "Workings") -> str:
    """Return the country of the VAT number that a reverse-charged order goes by: no more of it."""
    order = workings.order
    if not order.tax_strategy or not order.buyer.vat_number:
        return ""

    number = read_vat_number(
        order.buyer.vat_number, country=order.tax_region or order.buyer.country_code
    )
    return "" if number.cause else number.country


def amounts_of(workings: "Workings") -> tuple[KeptAmount, ...]:
    """Sum the order's lines per type and rate, each with where it goes; nowhere (an empty ledger
    account) where no row of the config is for it.
    """
    entries: dict[tuple[str, Decimal], list[Entry]] = {}
    for entry in workings.entries:
        entries.setdefault((entry.type, entry.rate), []).append(entry)

    return tuple(_amount(workings, alike) for alike in entries.values())


def _amount(workings: "Workings", entries: Sequence[Entry]) -> KeptAmount:
    line_type, rate = entries[0].type, entries[0].rate
    place = place_of(line_type, rate, workings.order, workings.rules)
    code, ledger = (place.row.code, place.row.ledger) if place.row else (None, "")

    return KeptAmount(
        type=line_type,
        rate=_rate(rate),
        entries=len(entries),
        gross=cents(sum((entry.gross for entry in entries), ZERO)),
        vat=cents(sum((entry.vat for entry in entries), ZERO)),
        code=code,
        ledger=place.ledger or ledger,
    )


def _vat(vat: RateVat) -> KeptVat:
    return KeptVat(_rate(vat.rate), vat.by_lines, vat.by_invoice, cents(vat.booked))


def kept_shares(shares: Iterable[VatShare]) -> tuple[KeptShare, ...]:
    """Return what is kept of what each VAT code has on each ledger account."""
    return tuple(
        KeptShare(share.code, _rate(share.rate), share.ledger, cents(share.net), cents(share.vat))
        for share in shares
    )


def _rounding(rounding: Rounding) -> KeptRounding | None:
    if not rounding.difference:
        return None
    rate = None if rounding.rate is None else _rate(rounding.rate)
    return KeptRounding(cents(rounding.difference), rounding.ledger, rate)


def _rate(rate: Decimal) -> Decimal:
    """Return a rate without needless zeros."""
    return Decimal(percentage(rate))


def mapping_of(rules: BookingRules) -> str:
    """Return a mark that is another one when the part of the config is that decides bookings."""
    decisive = (
        rules.vat,
        sorted(rules.ledgers.items()),
        sorted(rules.payment_debtors.items()),
        rules.journal,
        rules.shop_country,
        rules.vat_posting.value,
        rules.rounding_ledger,
        percentage(rules.max_rounding),
        rules.date.value,
        rules.description,
        rules.invoice_number.value,
    )

    return sha256(repr(decisive).encode()).hexdigest()[:MAPPING_LENGTH]


# As text: rows without names, and nothing that is as it mostly is


@cache
def _adapter() -> TypeAdapter[Kept]:
    return TypeAdapter(Kept)


def kept_text(kept: Kept) -> str:
    """Return what is kept as the state holds it: JSON."""
    return _adapter().dump_json(kept, exclude_defaults=True).decode()


def read_kept(text: str | None) -> Kept:
    """Read what the state holds; nothing is known where it is not there, or in another form."""
    if not text:
        return Kept()
    try:
        return _adapter().validate_json(text)
    except ValidationError:  # a state file that a later version has written
        return Kept()
