"""The field's values, frozen: an order of the shop, the mapping, the administration, and a booking.

Money is Decimal euros. A date is the shop's own calendar date (Europe/Amsterdam).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mww2minox.books.decision import Workings


class State(StrEnum):
    """Where an order is in its life (books/rules.md, "An order's life")."""

    WAITING = "waiting"
    READY = "ready"
    BOOKED = "booked"
    FAILED = "failed"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why an order is not booked: docs/reasons.md."""

    STATUS_NOT_SELECTED = "status_not_selected"
    BEFORE_SINCE = "before_since"
    NOTHING_TO_BOOK = "nothing_to_book"
    GONE_FROM_SHOP = "gone_from_shop"
    ORDER_INVALID = "order_invalid"
    CURRENCY_UNSUPPORTED = "currency_unsupported"
    TOTALS_MISMATCH = "totals_mismatch"
    VAT_MISMATCH = "vat_mismatch"
    VAT_RATE_UNMAPPED = "vat_rate_unmapped"
    VAT_UNDER_STRATEGY = "vat_under_strategy"
    SHIPPING_WITHOUT_VAT = "shipping_without_vat"
    VAT_NUMBER_MISSING = "vat_number_missing"
    VAT_NUMBER_INVALID = "vat_number_invalid"
    EMAIL_MISSING = "email_missing"
    PAYMENT_MISSING = "payment_missing"
    CUSTOMER_BLOCKED = "customer_blocked"
    CREDIT_ORDER_POSITIVE = "credit_order_positive"
    ORIGINAL_NOT_BOOKED = "original_not_booked"
    FISCAL_YEAR_MISSING = "fiscal_year_missing"
    PERHAPS_BOOKED = "perhaps_booked"
    SKIPPED_BEFORE = "skipped_before"
    REJECTED_BY_MINOX = "rejected_by_minox"
    OUTCOME_UNKNOWN = "outcome_unknown"
    SKIPPED_BY_HAND = "skipped_by_hand"


class WarningCode(StrEnum):
    """Why somebody should look at an order that is booked all the same: docs/reasons.md."""

    ICP_NUMBER_MISSING = "icp_number_missing"
    CUSTOMER_AMBIGUOUS = "customer_ambiguous"
    CUSTOMER_OTHER_NAME = "customer_other_name"
    VAT_NUMBER_OTHER_COUNTRY = "vat_number_other_country"
    PAYMENT_STATUS = "payment_status"
    CREDITED_TOO_MUCH = "credited_too_much"
    VIES_INVALID = "vies_invalid"


class FoundBy(StrEnum):
    """How the customer of a booking was found (books/rules.md, rule 9)."""

    FIXED = "fixed"
    """The config has one for the way of paying."""
    REMEMBERED = "remembered"
    """By its e-mail address, from an earlier order."""
    LOOKED_UP = "looked_up"
    """By its e-mail address, in Minox."""
    CREATED = "created"
    """In Minox, for this order."""
    ORIGINAL = "original"
    """It is that of the order which a credit order takes back."""
    IN_BOOKING = "in_booking"
    """The booking was in Minox before the state knew of it, on this customer."""


class AdoptedBy(StrEnum):
    """By what a booking was known as an order's that the state had not sent (minox/exactly_once.md,
    "Whose booking is this?").
    """

    OURS = "ours"
    """Its UUID is the one that is derived for the order."""
    NAME = "name"
    """It names the order, and fits it."""
    PERSON = "person"
    """A person said so."""
    ANEW = "anew"
    """A person entered it in the place of ours, which is gone."""


class VatPosting(StrEnum):
    """How VAT is sent to Minox (books/rules.md, rule 10)."""

    NET = "net"
    GROSS = "gross"
    LEDGER = "ledger"
    LINE = "line"
    DEBTOR = "debtor"


class InvoiceNumber(StrEnum):
    """Whose numbers the invoices in Minox have (books/rules.md, rule 10)."""

    ORDER = "order"
    MINOX = "minox"


class DateChoice(StrEnum):
    """Which date of the order is the document date."""

    ORDER = "order"
    STATUS_CHANGED = "status_changed"


REVERSE_CHARGED = "reverse_charged_vat"
ZERO_PERCENT = "zero_percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """One price entry of an order line: a line total in euros, at one VAT rate (a percentage)."""

    rate: Decimal
    excluding: Decimal | None
    including: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An order line.

    `type` is the shop's: article, custom, shipping, payment, discount, gift_card, store_credit,
    surcharge, or one never seen.
    """

    type: str
    prices: tuple[Price, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """The VAT of one rate as the customer's invoice shows it, in euros."""

    rate: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """The customer's data on an order, from its invoice address."""

    name: str = ""
    company: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country_code: str = ""
    phone: str = ""
    vat_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of the shop, as far as booking it needs.

    `payment` is the way of paying, `gateway/method`: None where it is not told, empty where the
    shop was asked for it and no payment was received. `prices_include_tax` is None where the order
    does not tell it.
    """

    number: str
    date: dt.date
    status: int
    total: Decimal
    lines: tuple[Line, ...]
    tax: tuple[Tax, ...] | None
    currency: str | None = None
    status_changed: dt.date | None = None
    tax_region: str | None = None
    tax_strategy: str = ""
    prices_include_tax: bool | None = None
    email: str = ""
    payment: str | None = None
    payment_status: str = ""
    credited_order_number: str | None = None
    reference: str = ""
    """The customer's own order number, on orders of businesses."""
    buyer: Buyer = field(default_factory=Buyer)


BOOKED_ELSEWHERE = frozenset({Reason.BEFORE_SINCE, Reason.SKIPPED_BY_HAND})
"""The reasons of orders that others booked, so that they can be credited here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The order that a credit order takes back, as far as it is known here.

    `total` is its own in euros, None where that cannot be read; `credited` is what other credit
    orders in the books take back of it, in euros. `leads_back`: it takes back that very credit
    order, by itself or over others.
    """

    state: State
    reason: Reason | None = None
    total: Decimal | None = None
    credited: Decimal = Decimal(0)
    leads_back: bool = False

    @property
    def is_in_books(self) -> bool:
        """Tell whether there is a booking that can be taken back: ours, coming, or elsewhere."""
        return self.state in (State.BOOKED, State.READY) or self.reason in BOOKED_ELSEWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an order is decided by beside itself, gathered beforehand; None is what is not known."""

    original: Original | None = None


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class FiscalYear:
    """A fiscal year of the administration; both dates belong to it."""

    year: int
    start: dt.date
    end: dt.date
    number_of_periods: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """The administration in Minox, as far as booking needs it.

    `vat_on_sub` says whether VAT is booked on the sub-administration, with the debtor, and None
    that Minox does not tell it.
    """

    currency: str
    number_of_periods: int
    fiscal_years: tuple[FiscalYear, ...]
    name: str = ""
    rounding_ledger: str = ""
    vat_on_sub: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VatRow:
    """One row of `vat` in the config: by strategy, or by region and rate (a percentage).

    With a `type` it is for order lines of that type alone. `code` is None where there is no
    turnover, and so no VAT: a gift card that is sold or used, a deposit.
    """

    code: int | str | None
    ledger: str
    region: str | None = None
    rate: Decimal | None = None
    strategy: str | None = None
    type: str | None = None
    vat_ledger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VatNeed:
    """What an order needs a row of `vat` for: a strategy, or else a region and a rate (a
    percentage).

    Under a strategy the region is empty, and the rate is 0 where all is well. `type` is that of the
    order line, or empty for all lines that have no row of their own.
    """

    strategy: str
    region: str
    rate: Decimal
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRules:
    """How this shop's orders become bookings: the config, the shop's own country as `shop_country`,
    and whether its prices include VAT.

    `takes_long_numbers`: Minox took invoice numbers of more than 8 digits before.
    """

    journal: str
    shop_country: str
    vat: tuple[VatRow, ...]
    vat_posting: VatPosting = VatPosting.NET
    ledgers: Mapping[str, str] = field(default_factory=dict)
    payment_debtors: Mapping[str, str] = field(default_factory=dict)
    rounding_ledger: str | None = None
    max_rounding: Decimal = Decimal("0.05")
    date: DateChoice = DateChoice.ORDER
    description: str = "{number}"
    prices_include_tax: bool = True
    invoice_number: InvoiceNumber = InvoiceNumber.ORDER
    takes_long_numbers: bool = False
    block_reminders: bool = False
    """Whether new customers get no reminders of Minox."""

    @property
    def by_hand(self) -> Mapping[str, str]:
        """The value of a rejection that says by what a booking by hand names its order.

        None where that is the invoice number.
        """
        return {"by_hand": "description"} if self.invoice_number is InvoiceNumber.MINOX else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedCustomer:
    """A customer number in Minox that the config names for a way of paying."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerByEmail:
    """A customer that is known by e-mail, with the data to create it from.

    `email` is the bare address, as it was typed; `former_email` is what an earlier version knew it
    by, where that is another. The buyer's VAT number is in its one form, and empty where it is not
    valid.
    """

    email: str
    buyer: Buyer
    reverse_charged: bool = False
    former_email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerOfOriginal:
    """The customer of the order that a credit order takes back; `fallback` when the shop no longer
    has it.
    """

    order_number: str
    fallback: CustomerByEmail | None


BookingCustomer = FixedCustomer | CustomerByEmail | CustomerOfOriginal


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingLine:
    """A line on a ledger account, in euros: never negative, on one side.

    The VAT stands on the same side.
    """

    ledger: str
    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    vat_code: int | str | None = None
    vat_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorLine:
    """A line on the customer, in euros: never negative, on one side.

    VAT that it tells is a part of its amount.
    """

    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    vat_code: int | str | None = None
    vat_amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VatShare:
    """What one VAT code carries of an order, in signed euros: `gross` = `net` + `vat`.

    `code` is None where there is no turnover.
    """

    code: int | str | None
    region: str
    rate: Decimal
    ledger: str
    net: Decimal
    vat: Decimal
    vat_ledger: str | None = None

    @property
    def gross(self) -> Decimal:
        """Including VAT."""
        return self.net + self.vat


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingWarning:
    """What somebody should look at, though the order is booked: a code of the catalogue, and the
    values that its sentence shows.
    """

    code: WarningCode
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """What Minox gets for one order. `total` is signed euros: negative for a credit order.

    `debtor_lines` add up to it. `warnings` are those of the rules alone; what the customer in Minox
    gives comes when it is found. Where `invoice_number` is None, Minox numbers the invoice.
    `workings` is what was worked out on the way to it.
    """

    order_number: str
    invoice_number: int | None
    customer: BookingCustomer
    total: Decimal
    debtor_lines: tuple[DebtorLine, ...]
    lines: tuple[BookingLine, ...]
    shares: tuple[VatShare, ...]
    journal: str
    document_date: dt.date
    fiscal_year: int
    period: int
    description: str
    warnings: tuple[BookingWarning, ...] = ()
    workings: "Workings | None" = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why an order is not booked: a code of the catalogue, and the values that its sentence
    shows.
    """

    reason: Reason
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not as it was booked: a code of the catalogue, and the values for its
    sentence.
    """

    code: str
    values: Mapping[str, str]


STATUS_DIFFERS, PAYMENT_UNDONE = "status_differs", "payment_undone"
"""What happened to a booked order in the shop that its booking cannot show: its status books no
more, its payment was undone.
"""
ORDER_GONE = Difference(code="order_gone", values={})
"""The order of a booking is no longer in the shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinoxCustomer:
    """A customer in Minox. `emails` are in their one form; `vat_number` is without spaces and dots.

    `names` is all that its addresses are named, contacts included, to compare with; `name` is the
    one to show.
    """

    number: str
    blocked: bool
    emails: tuple[str, ...]
    vat_number: str
    name: str = ""
    names: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionLine:
    """A line as Minox tells it; a text that it does not tell is empty.

    `own` says that Minox numbers it among the lines that it made itself. `document_date` is None
    where the line tells none.
    """

    batch_id: str
    account: str
    type: str
    debit: Decimal
    credit: Decimal
    vat_code: str
    vat_amount: Decimal | None
    invoice_number: str
    period: str
    fiscal_year: str
    description: str
    journal: str
    own: bool
    document_date: dt.date | None = None

    @property
    def amount(self) -> Decimal:
        """Credit minus debit, in euros: positive for revenue."""
        return self.credit - self.debit


@dataclass(frozen=True, slots=True, kw_only=True)
class VatCode:
    """A VAT code of Minox."""

    code: str
    percentage: Decimal
    type: str
    description: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceSale:
    """What the administration itself books sales to consumers in a country of the EU with."""

    country: str
    ledger: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """An entry of one of Minox' lists: journals, ledger accounts.

    `vat` is the VAT code that an account carries, `free_vat_input` whether it takes a VAT amount of
    one's own; `next_invoice_number` is what a journal numbers an invoice with, and 0 where that is
    not told.
    """

    id: str
    description: str
    type: str
    blocked: bool
    vat: str = ""
    next_invoice_number: int = 0
    free_vat_input: bool = True
