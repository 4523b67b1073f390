"""The catalogue of reasons, differences and warnings: a row for each, with its texts and what its
values are.
The states have their words here too.

The state keeps codes and values as text; a row says which of the values are money or rates, and
which may not leave this machine. The texts are made in the reader's language when somebody reads
them.
"""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import Enum, auto
from functools import partial
from typing import NamedTuple

from mww2minox.books.model import (
    PAYMENT_UNDONE,
    REVERSE_CHARGED,
    STATUS_DIFFERS,
    ZERO_PERCENT,
    BookingWarning,
    Difference,
    Reason,
    Rejection,
    State,
    WarningCode,
)
from mww2minox.books.order_check import MISSING
from mww2minox.language.commands import carried
from mww2minox.language.texts import N_, _, country_name, day_of, number, percentage

HIDDEN = "***"
"""What a message shows in the place of a private value."""


class Kind(Enum):
    """What a value is: how the reader sees it, and whether it may leave this machine."""

    TEXT = auto()
    MONEY = auto()
    """Euros, or `-` where there is no amount."""
    RATES = auto()
    """Percentages, with commas between them."""
    FIELD = auto()
    """The name of a field of an order."""
    PAYMENT_STATUS = auto()
    """What the shop says of the payment, in its own word."""
    LINE_TYPES = auto()
    """Types of order lines, with commas between them."""
    STRATEGY = auto()
    """A VAT strategy of the shop."""
    STATE = auto()
    """The state of an order."""
    REASON = auto()
    """The reason of an order, in a few words."""
    COUNTRY = auto()
    """A country, by two letters."""
    PROBLEM = auto()
    """What is wrong with an order, by its place in the shop's JSON."""
    DATE = auto()
    """A date in ISO 8601, or `-` where there is none."""
    PRIVATE = auto()
    """A person can be known by it: it is shown here, and in no message."""


(
    TEXT,
    MONEY,
    RATES,
    FIELD,
    PAYMENT_STATUS,
    LINE_TYPES,
    STRATEGY,
    STATE,
    REASON,
    COUNTRY,
    PROBLEM,
    DATE,
    PRIVATE,
) = Kind


class Text(NamedTuple):
    """A sentence for the user, and what to do about it."""

    message: str
    suggestion: str


BY_HAND = N_("(or book it by hand with invoice number {number}, and run: mww2minox adopt)")
BY_HAND_BY_TEXT = N_(
    "(or book it by hand with {number} as its description, and run: mww2minox adopt)"
)
SEVERAL_BY_HAND = N_(
    "(or book them by hand, each with its number as invoice number, and run: mww2minox adopt)"
)
SEVERAL_BY_HAND_BY_TEXT = N_(
    "(or book them by hand, each with its number as description, and run: mww2minox adopt)"
)
MOST_IN_COMMAND = 20
"""So many orders are named in one command."""
RETRY_ALL = N_("Then run: mww2minox retry --all")
NO_INVOICE_NUMBER = re.compile(r"[^\W\d]|\d\D|\D\d")
"""Letters, or anything else beside digits: that is no invoice number, whoever books the order."""
RETRY = N_("Then run: mww2minox retry {number}")
UNDO_SKIP = N_("To take that back, run: mww2minox skip --undo {number}")
SEEN = N_("Then run: mww2minox seen {number}")
SKIP_OR_BOOK = N_(
    "If so, run: mww2minox skip {number}. If it is to be booked, run: mww2minox retry {number}"
)
TAKE_OR_BOOK = N_(
    "If it is, run: mww2minox adopt --order {number}. If it is not, run: mww2minox retry"
    " --not-adopted {number}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonRow:
    """A reason why an order is not booked.

    `brief` is what a table has room for, `then` ends the suggestion with the command to run.
    `values` names all that its texts show beside `number`; what is not named there counts as
    private. `cases` are the texts where a value `cause` says more of it.
    """

    message: str
    suggestion: str
    brief: str
    then: str = RETRY
    state: State = State.FAILED
    values: Mapping[str, Kind] = field(default_factory=dict)
    cases: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceRow:
    """A difference, as half a sentence. `brief` and `values` as in `ReasonRow`.

    `next` is what is left of the text where one of its kind stands right before it.
    """

    text: str
    brief: str
    next: str = ""
    values: Mapping[str, Kind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningRow:
    """A warning: an order is booked, and somebody should look. Its fields are as in `ReasonRow`."""

    message: str
    suggestion: str
    brief: str
    values: Mapping[str, Kind] = field(default_factory=dict)


class _Values(dict[str, str]):
    """Values for a sentence; one that is missing (an older state file) shows as its name."""

    def __missing__(self, key: str) -> str:
        return f"({key})"


STATES: dict[State, str] = {
    State.WAITING: N_("waiting"),
    State.READY: N_("ready"),
    State.BOOKED: N_("booked"),
    State.FAILED: N_("failed"),
    State.SKIPPED: N_("skipped"),
}
"""The states of an order, in words for a table."""


REASONS: dict[Reason, ReasonRow] = {
    Reason.STATUS_NOT_SELECTED: ReasonRow(
        message=N_("Order {number} has status {status}, which is not booked."),
        suggestion=N_(
            "Wait for its status to change in the shop, or add the status to shop.statuses in the"
            " config."
        ),
        brief=N_("status is not booked"),
        state=State.WAITING,
        values={"status": TEXT},
    ),
    Reason.BEFORE_SINCE: ReasonRow(
        message=N_("Order {number} is of {date}, before shop.since ({since}), and is not booked."),
        suggestion=N_(
            "Nothing to do if it is booked elsewhere. Otherwise put an earlier date at shop.since"
            " in the config, or have just this order booked."
        ),
        brief=N_("before shop.since"),
        state=State.WAITING,
        values={"date": DATE, "since": DATE},
    ),
    Reason.NOTHING_TO_BOOK: ReasonRow(
        message=N_("Order {number} comes to 0.00 euros at every rate: there is nothing to book."),
        suggestion=N_(
            "Nothing to do, unless the amounts are wrong: then correct the order in the shop."
        ),
        brief=N_("nothing to book"),
        state=State.SKIPPED,
    ),
    Reason.GONE_FROM_SHOP: ReasonRow(
        message=N_("Order {number} is no longer in the shop: it is closed, and not booked."),
        suggestion=N_("Nothing to do, unless it should be there: then put it back in the shop."),
        brief=N_("gone from the shop"),
        state=State.SKIPPED,
    ),
    Reason.ORDER_INVALID: ReasonRow(
        message=N_("Order {number} is incomplete or damaged: {problem}."),
        suggestion=N_("Look at the order in the shop and save it again {by_hand}."),
        brief=N_("incomplete or damaged"),
        values={"problem": PROBLEM},
    ),
    Reason.CURRENCY_UNSUPPORTED: ReasonRow(
        message=N_("Order {number} is in {currency}; the administration is in {expected}."),
        suggestion=N_("Change its currency in the shop {by_hand}."),
        brief=N_("other currency"),
        values={"currency": TEXT, "expected": TEXT},
    ),
    Reason.TOTALS_MISMATCH: ReasonRow(
        message=N_(
            "Order {number}: the total is {total} euros, the lines add up to {lines} (difference"
            " {difference})."
        ),
        suggestion=N_(
            "Correct the order in the shop, or raise booking.max_rounding if this is a rounding"
            " difference."
        ),
        brief=N_("totals differ"),
        values={"total": MONEY, "lines": MONEY, "difference": MONEY},
    ),
    Reason.VAT_MISMATCH: ReasonRow(
        message=N_(
            "Order {number}: VAT at {rate}% is {invoice} euros on the invoice, but {lines} by its"
            " lines."
        ),
        suggestion=N_("Compare the invoice with the lines in the shop, and correct the order."),
        brief=N_("VAT differs"),
        values={"rate": RATES, "invoice": MONEY, "lines": MONEY},
    ),
    Reason.VAT_RATE_UNMAPPED: ReasonRow(
        message=N_(
            "Order {number} has VAT rate {rate}% in {region}, for which the config has no row."
        ),
        suggestion=N_("Add a row for it to vat in the config: VAT code and ledger account."),
        brief=N_("VAT rate not in the config"),
        values={"rate": RATES, "region": TEXT},
    ),
    Reason.VAT_UNDER_STRATEGY: ReasonRow(
        message=N_(
            "Order {number} has VAT of {rate}% on {lines}, though {strategy} says that no VAT is"
            " due."
        ),
        suggestion=N_(
            "No row of the config can cover that. Take that VAT off, or the strategy, in the shop"
            " {by_hand}."
        ),
        brief=N_("VAT where none is due"),
        values={"rate": RATES, "lines": LINE_TYPES, "strategy": STRATEGY},
    ),
    Reason.SHIPPING_WITHOUT_VAT: ReasonRow(
        message=N_(
            "Order {number}: shipping or payment costs are at 0% VAT, while the goods carry VAT."
        ),
        suggestion=N_(
            "Put VAT on shipping and payment costs in the shop, and correct the order. If 0% is"
            " right, add a row for 0% to vat in the config that names the costs, with type:"
            " shipping or type: payment."
        ),
        brief=N_("shipping without VAT"),
    ),
    Reason.VAT_NUMBER_MISSING: ReasonRow(
        message=N_("Order {number}: VAT is reverse-charged, but the customer has no VAT number."),
        suggestion=N_("Ask the customer for it, and put it in the invoice address in the shop."),
        brief=N_("VAT number missing"),
    ),
    Reason.VAT_NUMBER_INVALID: ReasonRow(
        message=N_(
            "Order {number}: {vat_number} is not a valid VAT number of another EU country, so VAT"
            " cannot be reverse-charged."
        ),
        suggestion=N_(
            "Check the number (VIES), and correct it in the invoice address in the shop."
        ),
        brief=N_("VAT number invalid"),
        values={"vat_number": PRIVATE, "tried": PRIVATE, "region": COUNTRY},
        cases={
            "form": Text(
                N_(
                    "Order {number}: {vat_number}{as_tried} does not have the form of a VAT number"
                    " of an EU country, so VAT cannot be reverse-charged."
                ),
                N_("Ask the customer for the number, and correct it in the invoice address."),
            ),
            "check_digits": Text(
                N_(
                    "Order {number}: {vat_number}{as_tried} is not a valid VAT number of {region},"
                    " so VAT cannot be reverse-charged: its check digits are wrong."
                ),
                N_("Check the number (VIES), and correct it in the invoice address in the shop."),
            ),
            "own_country": Text(
                N_(
                    "Order {number}: this customer is in {region}, by VAT number"
                    " {vat_number}{as_tried}. VAT can only be reverse-charged to another EU"
                    " country."
                ),
                N_("Put VAT on the order in the shop, or another VAT number {by_hand}."),
            ),
        },
    ),
    Reason.EMAIL_MISSING: ReasonRow(
        message=N_("Order {number} has no e-mail address, so its customer cannot be found."),
        suggestion=N_(
            "Fill in the e-mail address in the shop, or add the way of paying to payment_debtors in"
            " the config."
        ),
        brief=N_("e-mail address missing"),
    ),
    Reason.PAYMENT_MISSING: ReasonRow(
        message=N_(
            "Order {number}: the shop shows no payment received, and with payment_debtors the"
            " customer depends on how the order was paid."
        ),
        suggestion=N_(
            "Look at the payment in the shop (of a credit order: at that of the order it credits),"
            " and register it there {by_hand}."
        ),
        brief=N_("not known how it was paid"),
    ),
    Reason.CUSTOMER_BLOCKED: ReasonRow(
        message=N_("Order {number}: customer {customer} is blocked in Minox."),
        suggestion=N_("Lift the block on customer {customer} in Minox (Onderhoud > Debiteuren)."),
        brief=N_("customer blocked"),
        values={"customer": TEXT},
    ),
    Reason.CREDIT_ORDER_POSITIVE: ReasonRow(
        message=N_(
            "Order {number} credits order {original}, but its total is positive: {total} euros."
        ),
        suggestion=N_("Correct the credit order in the shop: its amounts should be negative."),
        brief=N_("credit order positive"),
        values={"total": MONEY, "original": TEXT},
    ),
    Reason.ORIGINAL_NOT_BOOKED: ReasonRow(
        message=N_(
            "Order {number} credits order {original}, which is not booked ({original_state}:"
            " {original_reason}), so there is nothing to take back."
        ),
        suggestion=N_(
            "Solve order {original} first; if it is booked elsewhere, run: mww2minox skip"
            " {original}. If this order should not be booked either, run: mww2minox skip {number}."
        ),
        brief=N_("original not booked"),
        values={"original": TEXT, "original_state": STATE, "original_reason": REASON},
    ),
    Reason.FISCAL_YEAR_MISSING: ReasonRow(
        message=N_(
            "Order {number} is dated {date}, and the administration has no fiscal year for that"
            " date."
        ),
        suggestion=N_("Create the fiscal year in Minox {by_hand}."),
        brief=N_("fiscal year missing"),
        values={"date": DATE},
    ),
    Reason.PERHAPS_BOOKED: ReasonRow(
        message=N_(
            "Order {number} may be in the books already: journal {journal}, {date}, {total} euros,"
            ' "{text}" (bookings found: {count}).'
        ),
        suggestion=N_("Look in Minox whether that is this order."),
        brief=N_("perhaps booked already"),
        then=TAKE_OR_BOOK,
        values={
            "journal": TEXT,
            "date": DATE,
            "total": MONEY,
            "text": PRIVATE,
            "count": TEXT,
        },
    ),
    Reason.SKIPPED_BEFORE: ReasonRow(
        message=N_(
            "Order {number} totals 0.00 euros. An earlier version skipped it, but there are amounts"
            " under that total, with {rate}% VAT, which are to be booked."
        ),
        suggestion=N_("Look in Minox whether somebody has booked it since."),
        brief=N_("skipped before, not now"),
        then=SKIP_OR_BOOK,
        values={"rate": RATES},
    ),
    Reason.REJECTED_BY_MINOX: ReasonRow(
        message=N_("Minox refuses the booking of order {number}: {message}"),
        suggestion="{advice}",
        brief=N_("refused by Minox"),
        values={"message": TEXT},
    ),
    Reason.OUTCOME_UNKNOWN: ReasonRow(
        message=N_(
            "Order {number} was sent, but Minox' answer was lost; it is not certain yet whether it"
            " is booked."
        ),
        suggestion=N_("Do not book it by hand: the next push asks Minox."),
        brief=N_("outcome uncertain"),
    ),
    Reason.SKIPPED_BY_HAND: ReasonRow(
        message=N_("Order {number} was skipped by hand, and is never booked. Note: {note}."),
        suggestion=N_("Nothing to do."),
        brief=N_("skipped by hand"),
        then=UNDO_SKIP,
        state=State.SKIPPED,
        values={"note": PRIVATE},
    ),
}

NO_NOTE = "-"
"""Stands in the place of a note where there is none."""
SKIPPED_WITHOUT_NOTE = replace(
    REASONS[Reason.SKIPPED_BY_HAND],
    message=N_("Order {number} was skipped by hand, and is never booked."),
)
UNFIT_NUMBER = ReasonRow(
    message=N_(
        "Order {number} cannot have its own number as invoice number in Minox: that is a whole"
        " number of at most 8 digits."
    ),
    suggestion=N_(
        "Let Minox number the invoices, with booking.invoice_number: minox in the config (or book"
        " it by hand with {number} as its description, and run: mww2minox adopt --order {number})."
    ),
    brief=N_("order number does not fit"),
)
"""The row of `order_invalid` where the order itself is right."""
NAMELESS = ReasonRow(
    message=N_("An order in the shop has no number; it stands here as {number}."),
    suggestion=N_(
        "Save that order again in the shop, so that it gets one. The next fetch gets it, and"
        " {number} leaves the list."
    ),
    brief=N_("order without a number"),
    then=N_(
        "Then run: mww2minox fetch. If that order is known by a number already, run: mww2minox skip"
        " {number}"
    ),
)
"""The row of `order_invalid` for an order that the shop can be asked for by no number."""
STAND_IN = re.compile(r"\?[0-9a-f]{8}")
"""What an order without a number is known by (`shop/orders.py`)."""

CUSTOMER_REFUSED = ReasonRow(
    message=N_("Minox refuses the customer of order {number}: {message}"),
    suggestion="{advice}",
    brief=N_("customer refused by Minox"),
    values=REASONS[Reason.REJECTED_BY_MINOX].values,
)
"""The row of `rejected_by_minox` where it is not the booking that was refused."""


AS_TRIED = N_(" (tried as {tried})")


def _all_of(*patterns: str) -> str:
    """Return what matches a text in which each pattern stands somewhere."""
    return "".join(f"(?=.*(?:{pattern}))" for pattern in patterns)


# Whole words: `berekening` is no account, `debiteur` no debit, and a balance sheet no sum.
_PERIOD = r"\b(boek|aangifte|btw-?)?periode[ns]?\b|\bperiods?\b"
_YEAR = r"\bboekja(ar|ren)\b|\b(fiscal|financial) years?\b"
_VAT = r"btw|\bvat\b"
_VAT_NUMBER = r"btw[- ]?(nummer|id\b|identificatie)|\bvat[- ]?(number|identification|registration)"
# no text: a pattern
_VAT_CODE = r"btw[- ]?codes?\b|\bvat codes?\b"
# no text: a pattern
_LEDGER_ACCOUNT = r"\bgrootboekrekening(en)?\b|\b(ledger|balance sheet) accounts?\b"
_ACCOUNT = r"\b(?!\w*berekening)\w*rekening(en|nummer)?\b|\baccounts?\b"
_CUSTOMER = r"\bdebiteur(nummer)?\b|\bklant(en)?\b|\b(debtor|customer)s?\b"
_JOURNAL = r"dagboek|\bjournals?\b(?! (entry|entries|line))"
_INVOICE_NUMBER = r"\bfactuurnummers?\b|\binvoice[ _]numbers?\b"
_ADDRESS = (
    r"\bpostcodes?\b|\b(postal|zip) ?codes?\b|\bhuisnummer\b|\bstraat(naam)?\b|\bwoonplaats\b"
    r"|\b(e-?mail)?adres\b|\be-?mail\b|\baddress(es)?\b|\bland(code)?\b|\bcountry\b"
)
_EMAIL = r"\be-?mail\w*"
# no text: a pattern
_NUMBER_RANGE = r"\b(nummer)?reeks\b|\bbereik\b|\bnumber range\b|\brange of (customer )?numbers\b"
_DEBIT = r"\bdebet\w*|\bdebits?\b"
_CREDIT = r"\bcredit(bedrag|zijde|kant|totaal|s)?\b"
_AMOUNT = r"bedrag(en)?\b|\bamounts?\b|\bcent(en|s)?\b|\bverschil(len)?\b|\bdifferences?\b"
_SUM = r"\bso(m|mmen)\b|\btota(al|len)\b|\b(sum|total)s?\b"

_BLOCKED = r"\bgeblokkeerde?\b|\bblocked\b"
_CLOSED = r"\b(af)?gesloten\b|\bclosed\b"
# no text: a pattern
_UNKNOWN = r"bestaat niet|onbekend|niet gevonden|does not exist|unknown|not found|\bno\b.*found"
_NOT_ALLOWED = (
    # no text: a pattern
    "niet toegestaan|staat .*niet toe|(mag|kan) (geen|niet|hier niet)|niet (geldig|mogelijk)"
    "|not (be )?(allowed|permitted|valid|possible)|cannot|may not|does not (allow|accept)"
)
# no text: a pattern
_TAKEN = r"bestaat al|in gebruik|\bdubbel|already|in use|duplicate"
# no text: a pattern
_TOO_LONG = r"\b(te lang|too long)\b|\b(8|acht|eight) (posities|cijfers|tekens|positions|digits)\b"
_MISSING = r"\bontbreekt\b|\bverplicht\b|\bleeg\b|\bmissing\b|\brequired\b|\bempty\b"
_UNEQUAL = (
    # no text: a pattern
    r"niet gelijk|niet overeen|wijkt? .*\baf\b|verschil|differ|not (equal|match)|unequal|mismatch"
)
_UNFITTING = (
    # no text: a pattern
    r"past niet|klopt niet|\bonjuist|niet (juist|correct)|verwacht|bereken|te (hoog|laag|groot)\b"
    r"|incorrect|\bwrong\b|expected|calculated|computed|too (high|low|large)\b|exceed"
)
_UNBALANCED = (
    # no text: a pattern
    r"(niet|uit) (in )?(balans|evenwicht)\b|\bonbalans\b|\bsluit niet\b"
    r"|not (in )?balanced?\b|out of balance\b|\bunbalanced\b"
)

Advice = tuple[tuple[tuple[str, ...], str], ...]
_ABOUT_JOURNALS: Advice = (
    (
        (_all_of(_JOURNAL, _BLOCKED),),
        N_(
            "Lift the block on the journal in Minox, or choose another sales journal at"
            " minox.journal in the config."
        ),
    ),
    ((_JOURNAL,), N_("Put a sales journal at minox.journal in the config.")),
)
ADVICE: Advice = (
    ((_all_of(_YEAR, _UNKNOWN),), N_("Create the fiscal year in Minox.")),
    ((_PERIOD,), N_("Open the period in Minox {by_hand}.")),
    ((_YEAR,), N_("Open the fiscal year in Minox.")),
    (
        (_VAT_NUMBER,),
        N_("Fill in the VAT number of the customer in Minox."),
    ),
    (
        (rf"({_VAT_CODE}).*({_BLOCKED})|({_BLOCKED}) ({_VAT_CODE})",),
        N_("Lift the block on the VAT code in Minox, or choose another code at vat in the config."),
    ),
    (
        (_all_of(_VAT, _ACCOUNT, _NOT_ALLOWED),),
        N_(
            "Allow the VAT code on that ledger account in Minox, or choose another code or ledger"
            " account at vat in the config."
        ),
    ),
    (
        (_all_of(_VAT, _AMOUNT, f"{_UNEQUAL}|{_UNFITTING}"),),
        N_(
            "If it is about cents, let Minox accept larger VAT differences: Onderhoud > Algemeen >"
            " Basisgegevens administratie, tab BTW. Otherwise check the VAT codes at vat and"
            " booking.vat_posting in the config, with: mww2minox check."
        ),
    ),
    (
        (_VAT,),
        N_(
            "Check the VAT codes at vat and booking.vat_posting in the config, with: mww2minox"
            " check."
        ),
    ),
    (
        (_all_of(_INVOICE_NUMBER, _TAKEN),),
        N_(
            "Look in Minox which booking of this customer has that invoice number. If it is this"
            " order, run: mww2minox adopt --order {number}. If another shop or Minox itself uses"
            " these numbers, set booking.invoice_number: minox in the config."
        ),
    ),
    (
        (_all_of(_INVOICE_NUMBER, _TOO_LONG),),
        N_("Let Minox number the invoices, with booking.invoice_number: minox in the config."),
    ),
    (
        (_all_of(_INVOICE_NUMBER, _MISSING),),
        N_("Send the order number along, with booking.invoice_number: order in the config."),
    ),
    (
        (_UNBALANCED, _all_of(_DEBIT, f"{_CREDIT}|{_UNEQUAL}"), _all_of(_SUM, _UNEQUAL)),
        N_(
            "Choose another booking.vat_posting: this administration wants VAT sent in another way."
        ),
    ),
    ((_ADDRESS,), N_("Correct the customer's address on the order in the shop.")),
    *_ABOUT_JOURNALS,
    (
        (_all_of(_LEDGER_ACCOUNT, f"{_BLOCKED}|{_CLOSED}"),),
        N_("Lift the block on the account in Minox, or choose another account in the config."),
    ),
    ((_all_of(_CUSTOMER, _BLOCKED),), N_("Lift the block on the customer in Minox.")),
    (
        (_all_of(_ACCOUNT, f"{_BLOCKED}|{_CLOSED}"),),
        N_("Lift the block on the account in Minox, or choose another account in the config."),
    ),
    (
        (_all_of(_ACCOUNT, f"{_UNKNOWN}|{_NOT_ALLOWED}"),),
        N_("Correct the ledger account in Minox, or choose another one in the config."),
    ),
    ((_CUSTOMER,), N_("Look at the customer in Minox, and at payment_debtors in the config.")),
    ((_CLOSED,), N_("Open the period in Minox {by_hand}.")),
)
"""What helps, by the words of a refusal in either language. The first that fits counts, so that the
more special case stands before the more general one.
"""
CUSTOMER_ADVICE: Advice = (
    (
        (_VAT_NUMBER,),
        N_("Correct the VAT number in the invoice address of the order in the shop."),
    ),
    ((_NUMBER_RANGE,), N_("Give the sales journal a wider range of customer numbers.")),
    *_ABOUT_JOURNALS,
    ((_EMAIL,), N_("Correct the e-mail address on the order in the shop.")),
    ((_ADDRESS,), N_("Correct the customer's address on the order in the shop.")),
)
"""What helps where the customer was refused: most of it comes from the order in the shop."""
OTHERWISE_CUSTOMER = N_(
    "Correct the customer's data on the order in the shop. Or enter the customer in Minox yourself,"
    " with the e-mail address of the order."
)
OTHERWISE = N_("Solve what Minox says, or ask your bookkeeper.")

ORDER_CHANGED = "order_changed"
DIFFERENCES: dict[str, DifferenceRow] = {
    "booking_gone": DifferenceRow(
        brief=N_("booking gone from Minox"),
        text=N_("the booking {batch_id} is no longer in Minox"),
        values={"batch_id": TEXT},
    ),
    "customer_differs": DifferenceRow(
        brief=N_("other customer in Minox"),
        text=N_("customer: booked on {expected}, in Minox on {found}"),
        values={"expected": TEXT, "found": TEXT},
    ),
    "customer_not_of_order": DifferenceRow(
        brief=N_("customer is not that of the order"),
        text=N_("customer: {expected} by the order, {found} in Minox"),
        values={"expected": TEXT, "found": TEXT},
    ),
    "total_differs": DifferenceRow(
        brief=N_("other total in Minox"),
        text=N_("total: {expected} booked, {found} in Minox"),
        values={"expected": MONEY, "found": MONEY},
    ),
    "debtor_line_differs": DifferenceRow(
        brief=N_("other debtor's line in Minox"),
        text=N_("debtor's line with VAT code {code}: {expected} booked, {found} in Minox"),
        values={"code": TEXT, "expected": MONEY, "found": MONEY},
    ),
    "ledger_differs": DifferenceRow(
        brief=N_("other amount on a ledger account"),
        text=N_("ledger account {ledger}: {expected} booked, {found} in Minox"),
        values={"ledger": TEXT, "expected": MONEY, "found": MONEY},
    ),
    "vat_differs": DifferenceRow(
        brief=N_("other VAT in Minox"),
        text=N_("VAT code {code}: {expected} booked, {found} in Minox"),
        values={"code": TEXT, "expected": MONEY, "found": MONEY},
    ),
    "vat_kind_differs": DifferenceRow(
        brief=N_("VAT of another kind in Minox"),
        text=N_("VAT at {rate}%, box {box}: {expected} by the order, {found} in Minox"),
        values={"rate": RATES, "box": TEXT, "expected": MONEY, "found": MONEY},
    ),
    "vat_account_differs": DifferenceRow(
        brief=N_("other amount on a VAT account"),
        text=N_("VAT account {ledger}: {expected} by the order, {found} in Minox"),
        values={"ledger": TEXT, "expected": MONEY, "found": MONEY},
    ),
    "period_differs": DifferenceRow(
        brief=N_("other period in Minox"),
        text=N_("period: {expected} booked, {found} in Minox"),
        values={"expected": TEXT, "found": TEXT},
    ),
    "invoice_number_differs": DifferenceRow(
        brief=N_("other invoice number in Minox"),
        text=N_("invoice number: {expected} booked, {found} in Minox"),
        values={"expected": TEXT, "found": TEXT},
    ),
    "journal_differs": DifferenceRow(
        brief=N_("other journal in Minox"),
        text=N_("journal: booked in {expected}, in Minox in {found}"),
        values={"expected": TEXT, "found": TEXT},
    ),
    "date_differs": DifferenceRow(
        brief=N_("other date in Minox"),
        text=N_("date: {expected} booked, {found} in Minox"),
        values={"expected": DATE, "found": DATE},
    ),
    STATUS_DIFFERS: DifferenceRow(
        brief=N_("status by now is not booked"),
        text=N_(
            "its status was {expected} when it was booked, and is now {found}, which is not booked"
        ),
        values={"expected": TEXT, "found": TEXT},
    ),
    PAYMENT_UNDONE: DifferenceRow(
        brief=N_("payment undone"),
        text=N_('its payment was "{expected}" when it was booked, and is now "{found}"'),
        values={"expected": PAYMENT_STATUS, "found": PAYMENT_STATUS},
    ),
    "order_gone": DifferenceRow(
        brief=N_("order gone from the shop"), text=N_("the order is no longer in the shop")
    ),
    ORDER_CHANGED: DifferenceRow(
        brief=N_("changed after it was booked"),
        text=N_("changed in the shop after it was booked: {field} was {expected}, is now {found}"),
        next=N_("{field} was {expected}, is now {found}"),
        values={"field": FIELD},
    ),
}
FIELDS: dict[str, Kind] = {
    N_("total"): MONEY,
    N_("date"): DATE,
    N_("currency"): TEXT,
    N_("tax_region"): TEXT,
    N_("tax_strategy"): TEXT,
    N_("country"): TEXT,
    N_("payment"): TEXT,
    N_("credited_order_number"): TEXT,
    N_("e-mail"): TEXT,  # a mark of it only, which tells two addresses apart
    N_("taxnumber"): PRIVATE,
}
"""What can change on an order, as the state keeps it, and what its values are."""
PLACES: dict[str, str] = {
    "JSON": N_("all of it"),
    "number": N_("the order number"),
    "date": N_("the order date"),
    "status": N_("the status"),
    "currency": N_("the currency"),
    "price": N_("the total"),
    "price.tax": N_("the VAT of the invoice"),
    "tax_region": N_("the country whose VAT it has"),
    "tax_strategy": N_("the kind of VAT (tax_strategy)"),
    "orderlines": N_("the list of order lines"),
    "payment": N_("the way of paying"),
    "reference": N_("the customer's own order number"),
    "debtor": N_("the customer's name or address"),
    "debtor.email": N_("the e-mail address"),
    "debtor.address.invoice.taxnumber": N_("the VAT number"),
    "credited_order_number": N_("the order that it credits"),
    "status_changed_date": N_("the date of the status"),
    "payment_status": N_("the status of the payment"),
    "taxed": N_("the field that says whether prices include VAT"),
}
"""The places in an order of the shop, in words; what is inside one of them is it too."""
LINE_PLACES: dict[str, str] = {
    "line": N_("the whole line"),
    "type": N_("the type"),
    "price": N_("the price"),
    "rate": N_("the VAT rate"),
    "amount": N_("the amount without VAT"),
    "amount_including_tax": N_("the amount with VAT"),
}
"""The places in an order line, in words."""
IN_LINE = re.compile(
    r"orderlines\.(?P<line>[0-9]+)(?:\.(?P<name>price)(?:\.[0-9]+)?)?(?:\.(?P<inner>\w+))?"
)
"""A place in an order line: the line, and what is in it."""
VAT_OF = "VAT "
"""Before the rate in the name of a field that is about VAT."""


WARNINGS: dict[WarningCode, WarningRow] = {
    WarningCode.ICP_NUMBER_MISSING: WarningRow(
        message=N_(
            "Order {number}: customer {customer} has another VAT number in Minox than the order, or"
            " none, so the ICP return will miss this order."
        ),
        suggestion=N_("Enter the order's VAT number at customer {customer} in Minox."),
        brief=N_("VAT number not in Minox"),
        values={"customer": TEXT},
    ),
    WarningCode.CUSTOMER_AMBIGUOUS: WarningRow(
        message=N_(
            "Order {number}: Minox has several customers with its e-mail address. It is booked on"
            " {customer}; the others: {others}."
        ),
        suggestion=N_(
            "Look in Minox which of them it is. If this is the wrong one, put the booking on"
            " another customer there, and leave the e-mail address on one customer only."
        ),
        brief=N_("several customers fit"),
        values={"customer": TEXT, "others": TEXT},
    ),
    WarningCode.CUSTOMER_OTHER_NAME: WarningRow(
        message=N_(
            "Order {number} is booked on customer {customer} by its e-mail address, but that"
            " customer has another name in Minox."
        ),
        suggestion=N_(
            "Look in Minox whether customer {customer} is this buyer. If not, put the booking on"
            " the right customer there, and correct the e-mail address of {customer}."
        ),
        brief=N_("customer has another name"),
        values={"customer": TEXT},
    ),
    WarningCode.VAT_NUMBER_OTHER_COUNTRY: WarningRow(
        message=N_(
            "Order {number}: VAT is reverse-charged to {region}, by a VAT number of {country}."
        ),
        suggestion=N_(
            "Look whether the goods really went to {region}, and whether the customer meant this"
            " VAT number."
        ),
        brief=N_("VAT number of other country"),
        values={"country": COUNTRY, "region": COUNTRY},
    ),
    WarningCode.PAYMENT_STATUS: WarningRow(
        message=N_('Order {number}: the payment status in the shop is "{status}".'),
        suggestion=N_(
            "Look in the shop whether a credit order is missing, or whether the payment is still to"
            " come."
        ),
        brief=N_("payment not there"),
        values={"status": PAYMENT_STATUS},
    ),
    WarningCode.CREDITED_TOO_MUCH: WarningRow(
        message=N_(
            "Order {number}: this brings what is credited of order {original} to {credited} euros,"
            " more than its total of {total}."
        ),
        suggestion=N_("Look in the shop whether order {original} was credited twice."),
        brief=N_("credited too much"),
        values={"credited": MONEY, "original": TEXT, "total": MONEY},
    ),
    WarningCode.VIES_INVALID: WarningRow(
        message=N_(
            "Order {number}: VAT is reverse-charged, but VIES did not know the VAT number on"
            " {date}."
        ),
        suggestion=N_(
            "Ask the customer for the right VAT number. Without one the order is to be charged with"
            " VAT: credit it in the shop, and make it anew there."
        ),
        brief=N_("VAT number not in VIES"),
        values={"date": DATE},
    ),
}
"""What somebody should look at of an order that is booked. The command to run stands behind each
suggestion (`SEEN`).
"""
PAYMENT_STATUSES: dict[str, str] = {
    "new": N_("new"),
    "pending": N_("pending"),
    "authorized": N_("authorized"),
    "captured": N_("captured"),
    "incomplete": N_("incomplete"),
    "unknown": N_("unknown"),
    "refunded": N_("refunded"),
    "voided": N_("voided"),
    "failed": N_("failed"),
}
"""What the shop says of a payment, in the reader's words; others are shown as they are."""
TYPES: dict[str, str] = {
    "article": N_("articles"),
    "custom": N_("other goods"),
    "shipping": N_("shipping costs"),
    "payment": N_("payment costs"),
    "discount": N_("discounts"),
    "gift_card": N_("gift cards"),
    "store_credit": N_("store credit"),
    "surcharge": N_("surcharges"),
}
"""The types of order lines, in words."""
STRATEGIES: dict[str, str] = {
    REVERSE_CHARGED: N_("reverse charge (EU)"),
    ZERO_PERCENT: N_("export (outside the EU)"),
}
"""The strategies of the shop, in words."""
JOURNAL_TYPES = {
    "sales": N_("sales"),
    "purchase": N_("purchases"),
    "bank": N_("bank"),
    "cash": N_("cash"),
    "general": N_("general entries"),
}
"""The types of Minox' journals, in words."""


def journal_type(code: str) -> str:
    """Return a type of journals in words; one that is not known, as Minox has it."""
    return _(JOURNAL_TYPES[code.lower()]) if code.lower() in JOURNAL_TYPES else code


def state_in_words(state: State) -> str:
    """Return a state as a table shows it."""
    return _(STATES[state])


def state_of(reason: Reason) -> State:
    """Return the state of an order that is not booked for this reason."""
    return REASONS[reason].state


def brief(rejection: Rejection) -> str:
    """Return a reason in a few words."""
    return _(_row_of(rejection.reason, rejection.values).brief)


def _row_of(reason: Reason, values: Mapping[str, str]) -> ReasonRow:
    if reason is Reason.ORDER_INVALID and values.get("problem") == "invoice_number":
        return UNFIT_NUMBER
    # That the value is there says it: what it is goes into no text.
    if reason is Reason.REJECTED_BY_MINOX and "refused" in values:
        return CUSTOMER_REFUSED
    if reason is Reason.SKIPPED_BY_HAND and values.get("note") == NO_NOTE:
        return SKIPPED_WITHOUT_NOTE
    if reason is Reason.ORDER_INVALID and STAND_IN.fullmatch(values.get("number", "")):
        return NAMELESS
    return REASONS[reason]


def explain(reason: Reason, values: Mapping[str, str]) -> Text:
    """Return the sentence and the suggestion of `reason`, with its values filled in.

    The suggestion says what to do and ends in the command to run (books/rules.md, "Texts").
    """
    row = _row_of(reason, values)
    advice = _advice(values.get("message", ""), of_customer=row is CUSTOMER_REFUSED)
    by_hand = BY_HAND_BY_TEXT if _is_known_by_text(values) else BY_HAND
    # An older state knows no cause.
    texts = row.cases.get(values.get("cause", ""), Text(row.message, row.suggestion))

    suggestion = _(texts.suggestion).replace("{advice}", advice)
    suggestion = f"{suggestion} {_(row.then)}".replace("{by_hand}", _(by_hand))

    # The form that was looked at is told where it is not the one that was given.
    as_tried = _(AS_TRIED) if values.get("tried") != values.get("vat_number") else ""
    message = _(texts.message).replace("{as_tried}", as_tried)

    shown = _shown(values, row.values)
    return Text(_filled(message, shown), carried(_filled(suggestion, _as_typed(shown))))


def _is_known_by_text(values: Mapping[str, str]) -> bool:
    """Tell whether a booking by hand would name its order by its description."""
    return "by_hand" in values or bool(NO_INVOICE_NUMBER.search(values.get("number", "")))


def explain_rejection(rejection: Rejection) -> Text:
    """Return the texts of a rejection (see `explain`)."""
    return explain(rejection.reason, rejection.values)


def brief_warning(code: WarningCode) -> str:
    """Return a warning in a few words."""
    return _(WARNINGS[code].brief)


def explain_warning(warning: BookingWarning) -> Text:
    """Return the sentence of a warning, and what to do about it (see `explain`)."""
    row = WARNINGS[warning.code]
    suggestion = f"{_(row.suggestion)} {_(SEEN)}"

    shown = _shown(warning.values, row.values)
    return Text(_filled(_(row.message), shown), carried(_filled(suggestion, _as_typed(shown))))


def explain_differences(number: str, differences: Iterable[Difference]) -> Text:
    """Return what is not as it was booked with the order `number`, and what to do about it."""
    message = _("Order {number}: {differences}.")
    found = list(differences)

    # The booking is as it was sent: what the shop took back is missing beside it.
    if any(difference.code in (STATUS_DIFFERS, PAYMENT_UNDONE) for difference in found):
        suggestion = _(
            "If the sale was reversed, make a credit order for it in the shop, which is booked"
            " like any other; or correct it there and run: mww2minox verify --order {number}. Or,"
            " if it may stay as it is: mww2minox seen {number}"
        )
    else:
        suggestion = _(
            "Correct it in Minox or in the shop, then run: mww2minox verify --order {number}. Or,"
            " if it may stay as it is: mww2minox seen {number}"
        )
    return Text(
        message.format(number=number, differences=describe_all(found)),
        carried(suggestion.format(number=shlex.quote(number))),
    )


def describe_all(differences: Iterable[Difference]) -> str:
    """Return differences as half a sentence; what several begin with is said once."""
    parts = []
    before = ""
    for difference in differences:
        parts.append(_described(difference, is_next=difference.code == before))
        before = difference.code
    return "; ".join(parts)


def describe(difference: Difference) -> str:
    """Return a difference as half a sentence."""
    return _described(difference, is_next=False)


def _described(difference: Difference, *, is_next: bool) -> str:
    row = DIFFERENCES.get(difference.code)
    if row is None:  # a state file that a later version has written
        return difference.code

    text = row.text
    if is_next and row.next:
        text = row.next
    return _(text).format_map(_shown(difference.values, _kinds(difference)))


# What to do once for several orders


def advise(rejection: Rejection, numbers: Sequence[str]) -> Text:
    """Return what to do about orders that were rejected alike, and how to go on then.

    `numbers` are those of the orders, of which the commands name no more than the first.
    """
    row, values = _row_of(rejection.reason, rejection.values), rejection.values
    texts = row.cases.get(values.get("cause", ""), Text(row.message, row.suggestion))
    of_customer = row is CUSTOMER_REFUSED
    advice = _advice(values.get("message", ""), of_customer=of_customer)

    by_hand = BY_HAND_BY_TEXT if _is_known_by_text(values) else BY_HAND
    if len(numbers) > 1:
        by_text = by_hand == BY_HAND_BY_TEXT
        by_hand = SEVERAL_BY_HAND_BY_TEXT if by_text else SEVERAL_BY_HAND
    suggestion = _(texts.suggestion).replace("{advice}", advice).replace("{by_hand}", _(by_hand))

    then = RETRY_ALL if row.then == RETRY and len(numbers) > MOST_IN_COMMAND else row.then
    shown = _shown(values, row.values)
    return Text(_for_all(suggestion, shown, numbers), _for_all(_(then), shown, numbers))


def advise_on_warning(warning: BookingWarning, numbers: Sequence[str]) -> Text:
    """Return what to do about orders with a warning alike, and how to go on then (see `advise`)."""
    row = WARNINGS[warning.code]
    shown = _shown(warning.values, row.values)

    return Text(_for_all(_(row.suggestion), shown, numbers), _for_all(_(SEEN), shown, numbers))


def advise_on_difference(difference: Difference, numbers: Sequence[str]) -> Text:
    """Return what to do about orders that differ alike, and how to go on then (see `advise`)."""
    advice = _("Correct it in Minox or in the shop.")
    if difference.code in (STATUS_DIFFERS, PAYMENT_UNDONE):
        advice = _(
            "If the sale was reversed, make a credit order for it in the shop, which is booked"
            " like any other; or correct it there."
        )

    then = _(
        "Then run: mww2minox verify --order {number}. Or, if it may stay as it is: mww2minox seen"
        " {number}"
    )
    return Text(advice, _for_all(then, _Values(), numbers))


def _for_all(template: str, values: _Values, numbers: Sequence[str]) -> str:
    """Fill in a text, with the numbers of all orders where there is room for that of one."""
    named = [shlex.quote(number) for number in numbers[:MOST_IN_COMMAND]]
    options = " ".join(f"--order {number}" for number in named)

    filled = template.replace("--order {number}", options or "--order")
    return _filled(filled, _Values({**values, "number": " ".join(named)}))


def brief_difference(difference: Difference) -> str:
    """Return a difference in a few words."""
    row = DIFFERENCES.get(difference.code)
    return _(row.brief) if row else difference.code


def long_numbers() -> Text:
    """Return what a shop is told that books order numbers longer than invoice numbers can be."""
    message = _(
        "Order numbers of more than 8 digits are sent as invoice numbers, for which Minox has room"
        " for 8. They are still booked as before."
    )
    suggestion = _(
        "Better set booking.invoice_number: minox in the config, then run: mww2minox check"
    )
    return Text(message, carried(suggestion))


# What may leave this machine


def discreet_rejection(rejection: Rejection) -> Rejection:
    """Return a rejection for a message to others: without its private values."""
    kinds = {"number": TEXT, "cause": TEXT, **REASONS[rejection.reason].values}
    return Rejection(reason=rejection.reason, values=_discreet(rejection.values, kinds))


def has_private_values(code: Reason | WarningCode) -> bool:
    """Tell whether the sentence of a reason or warning can hold what must stay on this machine."""
    row = REASONS[code] if isinstance(code, Reason) else WARNINGS[code]
    return PRIVATE in row.values.values()


def discreet_warning(warning: BookingWarning) -> BookingWarning:
    """Return a warning for a message to others: without its private values."""
    kinds = {"number": TEXT, **WARNINGS[warning.code].values}
    return BookingWarning(code=warning.code, values=_discreet(warning.values, kinds))


def discreet_difference(difference: Difference) -> Difference:
    """Return a difference for a message to others: without its private values."""
    return Difference(code=difference.code, values=_discreet(difference.values, _kinds(difference)))


def _discreet(values: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, str]:
    """Hide what is private, and what no row knows: a new value stays here until its row says that
    it may go.
    """
    return {
        key: HIDDEN if kinds.get(key, PRIVATE) is PRIVATE else value
        for key, value in values.items()
    }


# Values: from text to what they are, to what the reader sees


def _kinds(difference: Difference) -> Mapping[str, Kind]:
    """Return what the values of a difference are; on a changed order that depends on the field."""
    row = DIFFERENCES.get(difference.code)
    if row is None:
        return {}
    if difference.code != ORDER_CHANGED:
        return row.values
    kind = _kind_of_field(difference.values.get("field", ""))
    return {**row.values, "expected": kind, "found": kind}


def _kind_of_field(name: str) -> Kind:
    if name in FIELDS:
        return FIELDS[name]
    if _rate_of_field(name) is not None:
        return MONEY
    return TEXT  # a place that can no longer be read, with nothing and a question mark as values


def _shown(values: Mapping[str, str], kinds: Mapping[str, Kind]) -> _Values:
    """Write amounts and rates as the reader does, and name fields in the reader's words."""
    return _Values({key: _written(value, kinds.get(key, TEXT)) for key, value in values.items()})


def _written(value: str, kind: Kind) -> str:
    return WRITERS[kind](value)


def _money(value: str) -> str:
    return " + ".join(map(_euros, value.split(" + ")))


def _rates(value: str) -> str:
    return ", ".join(percentage(Decimal(rate)) for rate in value.split(", "))


def _words(value: str, words: Mapping[str, str]) -> str:
    """Write words of the shop, or our codes, as the reader knows them; what this version does not
    know shows by itself.
    """
    return ", ".join(_(words.get(word, word)) for word in value.split(", "))


def _euros(value: str) -> str:
    amount = _read(value)
    return value if amount is None else number(amount)


def _read(value: str) -> Decimal | None:
    """Read an amount of the state; None for `-`, and for what an older version wrote otherwise."""
    try:
        amount = Decimal(value)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _name_of_field(name: str) -> str:
    """Name a field of an order: one of `FIELDS`, a rate's gross (`21%`, of costs alone
    `21% shipping`) or its VAT (`VAT 21%`).
    """
    if name in FIELDS:
        return _(name)
    rate = _rate_of_field(name)
    if rate is None:
        line, what = _place_in_words(name.partition(" ")[0])
        return _("{what} of line {line}").format(what=what, line=line) if line else what

    shown = f"{percentage(rate)}%"
    line_type = name.partition("% ")[2]
    if line_type:
        return f"{shown} {_(TYPES.get(line_type, line_type))}"

    named = _("VAT {rate}") if name.startswith(VAT_OF) else _("amount at {rate}")
    return named.format(rate=shown)


def _problem_in_words(problem: str) -> str:
    """Write what is wrong with an order as half a sentence: `in line 1 the price is missing`."""
    place, _space, rest = problem.partition(" ")
    line, what = _place_in_words(place)
    # An order that a credit order names goes by its number.
    if rest and rest != MISSING:
        what = f"{what} ({rest})"

    if line:
        sentence = _("in line {line} {what} cannot be used")
        if rest == MISSING:
            sentence = _("in line {line} {what} is missing")
        return sentence.format(line=line, what=what)
    sentence = _("{what} is missing") if rest == MISSING else _("{what} cannot be used")
    return sentence.format(what=what)


def _place_in_words(place: str) -> tuple[int, str]:
    """Return the order line that a place in the shop's JSON is in (0: none), and what is there."""
    in_line = IN_LINE.fullmatch(place)
    if in_line:
        name = in_line["inner"] or in_line["name"] or "line"
        return int(in_line["line"]) + 1, _(LINE_PLACES.get(name, name))

    # The first names that are known say enough.
    names = place.split(".")
    for count in range(len(names), 0, -1):
        known = ".".join(names[:count])
        if known in PLACES:
            return 0, _(PLACES[known])
    return 0, place


def _rate_of_field(name: str) -> Decimal | None:
    """Return the rate that a field is about, or None where it is about something else."""
    rate = name.removeprefix(VAT_OF)
    if "% " in rate:
        rate = f"{rate.partition('% ')[0]}%"
    return _read(rate.removesuffix("%")) if rate.endswith("%") else None


def _as_typed(values: _Values) -> _Values:
    """Return values for a text with commands in it, in which an order number is one word."""
    number = values.get("number")
    return _Values({**values, "number": shlex.quote(number)}) if number else values


WRITERS: dict[Kind, Callable[[str], str]] = {
    Kind.TEXT: str,
    Kind.PRIVATE: str,
    Kind.MONEY: _money,
    Kind.RATES: _rates,
    Kind.FIELD: _name_of_field,
    Kind.COUNTRY: country_name,
    Kind.PROBLEM: _problem_in_words,
    Kind.DATE: day_of,
    Kind.PAYMENT_STATUS: partial(_words, words=PAYMENT_STATUSES),
    Kind.LINE_TYPES: partial(_words, words=TYPES),
    Kind.STRATEGY: partial(_words, words=STRATEGIES),
    Kind.STATE: partial(_words, words={state.value: words for state, words in STATES.items()}),
    Kind.REASON: partial(_words, words={str(code): row.brief for code, row in REASONS.items()}),
}
"""How each kind of value is written for the reader."""


def _filled(template: str, values: _Values) -> str:
    return " ".join(template.format_map(values).split())


def advice_for_any_way(message: str) -> str:
    """Return what helps against a refusal of a trial booking that no other way of sending VAT gets
    round, as that of its journal; empty where another way may.
    """
    lowered = " ".join(message.lower().split())
    if any(re.search(word, lowered) for word in (_VAT, _UNBALANCED, _all_of(_SUM, _UNEQUAL))):
        return ""

    closed = _all_of(_ACCOUNT, f"{_BLOCKED}|{_CLOSED}")
    if not any(re.search(word, lowered) for word in (_JOURNAL, _PERIOD, _YEAR, _CUSTOMER, closed)):
        return ""
    advice = _advice(message, of_customer=False).format(by_hand="", number="")
    return " ".join(advice.split()).replace(" .", ".")


def _advice(message: str, *, of_customer: bool) -> str:
    """Find what helps against a refusal by the words in its message (books/rules.md, rule 14)."""
    lowered = " ".join(message.lower().split())
    known, otherwise = ADVICE, OTHERWISE
    if of_customer:
        known, otherwise = CUSTOMER_ADVICE, OTHERWISE_CUSTOMER

    for words, text in known:
        if any(re.search(word, lowered) for word in words):
            return _(text)
    return _(otherwise)
