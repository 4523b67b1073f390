"""The catalogue of texts: reason or difference code -> a sentence and what to do.

The state keeps codes and values only; the texts are made in the reader's language when somebody
reads them.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from mww2minox.books.model import Difference, Reason, Rejection
from mww2minox.language.texts import N_, _, number, percentage

AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}")
RATE = re.compile(r"(VAT )?([0-9]+(?:\.[0-9]+)?)%")
AMOUNTS = ("total", "lines", "difference", "invoice", "expected", "found")
"""Values that are plain euros, where they look like them."""


class Text(NamedTuple):
    """A sentence for the user, and what to do about it."""

    message: str
    suggestion: str


class _Values(dict[str, str]):
    """Values for a sentence; one that is missing (an older state file) shows as its name."""

    def __missing__(self, key: str) -> str:
        return f"({key})"


BY_HAND = N_("(or book it by hand with invoice number {number}, and run: mww2minox adopt)")
RETRY = N_("Then run: mww2minox retry {number}")

REASONS: dict[Reason, Text] = {
    Reason.STATUS_NOT_SELECTED: Text(
        N_("Order {number} has status {status}, which is not one that books."),
        N_(
            "Wait for its status to change in the shop, or add the status to shop.statuses in the"
            " config."
        ),
    ),
    Reason.NOTHING_TO_BOOK: Text(
        N_("Order {number} totals 0.00 euros: there is nothing to book."),
        N_("Nothing to do, unless the total is wrong: then correct the order in the shop."),
    ),
    Reason.ORDER_INVALID: Text(
        N_("Order {number} cannot be understood: {problem} is missing or wrong."),
        N_("Look at the order in the shop and save it again {by_hand}."),
    ),
    Reason.CURRENCY_UNSUPPORTED: Text(
        N_("Order {number} is in {currency}; the administration keeps {expected}."),
        N_("Change its currency in the shop {by_hand}."),
    ),
    Reason.TOTALS_MISMATCH: Text(
        N_(
            "Order {number}: the total is {total} euros, the lines add up to {lines} (difference"
            " {difference})."
        ),
        N_("Correct the order in the shop, or raise booking.max_rounding if this is a rounding."),
    ),
    Reason.VAT_MISMATCH: Text(
        N_(
            "Order {number}: VAT at {rate}% is {invoice} euros on the invoice, but {lines} by its"
            " lines."
        ),
        N_("Compare the invoice with the lines in the shop, and correct the order."),
    ),
    Reason.VAT_RATE_UNMAPPED: Text(
        N_("Order {number} has VAT rate {rate}% in {region}, which no row of the config covers."),
        N_("Add a row for it to vat in the config: VAT code and ledger account."),
    ),
    Reason.SHIPPING_WITHOUT_VAT: Text(
        N_("Order {number}: shipping or payment costs are at 0% VAT beside taxed goods."),
        N_("Put VAT on shipping and payment costs in the shop, and correct the order."),
    ),
    Reason.VAT_NUMBER_MISSING: Text(
        N_("Order {number}: VAT is reverse-charged, but the customer has no VAT number."),
        N_("Ask the customer for it, and put it in the invoice address in the shop."),
    ),
    Reason.VAT_NUMBER_INVALID: Text(
        N_(
            "Order {number}: VAT number {vat_number} is not a valid number of {region} for reverse"
            " charge."
        ),
        N_("Check the number (VIES), and correct it in the invoice address in the shop."),
    ),
    Reason.EMAIL_MISSING: Text(
        N_("Order {number} has no e-mail address, so its customer cannot be found."),
        N_(
            "Fill in the e-mail address in the shop, or add the way of paying to payment_debtors in"
            " the config."
        ),
    ),
    Reason.CUSTOMER_BLOCKED: Text(
        N_("Order {number}: customer {customer} is blocked in Minox."),
        N_("Lift the block on customer {customer} in Minox."),
    ),
    Reason.CREDIT_ORDER_POSITIVE: Text(
        N_("Order {number} credits order {original}, but its total is positive: {total} euros."),
        N_("Correct the credit order in the shop: its amounts should be negative."),
    ),
    Reason.FISCAL_YEAR_MISSING: Text(
        N_(
            "Order {number} is dated {date}, and the administration has no fiscal year for that"
            " date."
        ),
        N_("Open the fiscal year in Minox {by_hand}."),
    ),
    Reason.REJECTED_BY_MINOX: Text(N_("Minox refuses order {number}: {message}"), "{advice}"),
    Reason.OUTCOME_UNKNOWN: Text(
        N_(
            "Order {number} was sent, but Minox' answer was lost; it is not certain yet whether it"
            " is booked."
        ),
        N_("Do not book it by hand: the next push asks Minox."),
    ),
}

BRIEF: dict[Reason, str] = {
    Reason.STATUS_NOT_SELECTED: N_("status does not book"),
    Reason.NOTHING_TO_BOOK: N_("nothing to book"),
    Reason.ORDER_INVALID: N_("order cannot be understood"),
    Reason.CURRENCY_UNSUPPORTED: N_("other currency"),
    Reason.TOTALS_MISMATCH: N_("totals differ"),
    Reason.VAT_MISMATCH: N_("VAT differs"),
    Reason.VAT_RATE_UNMAPPED: N_("VAT rate not in the config"),
    Reason.SHIPPING_WITHOUT_VAT: N_("shipping without VAT"),
    Reason.VAT_NUMBER_MISSING: N_("VAT number missing"),
    Reason.VAT_NUMBER_INVALID: N_("VAT number invalid"),
    Reason.EMAIL_MISSING: N_("e-mail address missing"),
    Reason.CUSTOMER_BLOCKED: N_("customer blocked"),
    Reason.CREDIT_ORDER_POSITIVE: N_("credit order positive"),
    Reason.FISCAL_YEAR_MISSING: N_("fiscal year missing"),
    Reason.REJECTED_BY_MINOX: N_("refused by Minox"),
    Reason.OUTCOME_UNKNOWN: N_("outcome uncertain"),
}
"""What a table has room for."""

_NOT_ALLOWED = (
    "niet toegestaan|staat .*niet toe|(mag|kan) (geen|niet)|niet (geldig|mogelijk)"
    "|not (be )?(allowed|permitted|valid|possible)|cannot|may not|does not (allow|accept)"
)
ADVICE: tuple[tuple[tuple[str, ...], str], ...] = (
    (("periode", "period"), N_("Open the period in Minox {by_hand}.")),
    (("boekjaar", "fiscal year"), N_("Open the fiscal year in Minox.")),
    (
        (r"btw[- ]?(nummer|id\b|identificatie)", r"\bvat[- ]?(number|identification|registration)"),
        N_("Fill in the VAT number of the customer in Minox."),
    ),
    (
        (
            r"btw[- ]?code.*geblokkeerd",
            r"geblokkeerde btw[- ]?code",
            r"\bvat code.*blocked",
            "blocked vat code",
        ),
        N_("Lift the block on the VAT code in Minox, or choose another code at vat in the config."),
    ),
    (
        (rf"(?=.*(btw|\bvat\b))(?=.*(rekening|account))(?=.*({_NOT_ALLOWED}))",),
        N_(
            "Allow the VAT code on that ledger account in Minox, or choose another code or ledger"
            " account at vat in the config."
        ),
    ),
    (
        ("btw", r"\bvat\b"),
        N_(
            "Check the VAT codes at vat and booking.vat_posting in the config, with: mww2minox"
            " check."
        ),
    ),
    (
        ("dagboek.*geblokkeerd", "journal.*blocked"),
        N_(
            "Lift the block on the journal in Minox, or choose another sales journal at"
            " minox.journal in the config."
        ),
    ),
    (
        ("geblokkeerd", "blocked", "rekening.*gesloten", "account.*closed"),
        N_("Lift the block on the account in Minox, or choose another account in the config."),
    ),
    (("dagboek", "journal"), N_("Put a sales journal at minox.journal in the config.")),
    (
        ("balans", "evenwicht", "balance", "debet", "debit"),
        N_("Choose another booking.vat_posting: this administration takes VAT another way."),
    ),
    (("afgesloten", r"\bclosed\b"), N_("Open the period in Minox {by_hand}.")),
)
OTHERWISE = N_("Solve what Minox says, or ask your accountant.")

DIFFERENCES: dict[str, str] = {
    "booking_gone": N_("the booking {batch_id} is no longer in Minox"),
    "customer_differs": N_("customer: booked on {expected}, in Minox on {found}"),
    "total_differs": N_("total: {expected} booked, {found} in Minox"),
    "ledger_differs": N_("ledger account {ledger}: {expected} booked, {found} in Minox"),
    "vat_differs": N_("VAT code {code}: {expected} booked, {found} in Minox"),
    "period_differs": N_("period: {expected} booked, {found} in Minox"),
    "invoice_number_differs": N_("invoice number: {expected} booked, {found} in Minox"),
    "order_gone": N_("the order is no longer in the shop"),
    "order_changed": N_(
        "changed in the shop after it was booked: {field} was {expected}, is now {found}"
    ),
}
FIELDS = (
    N_("total"),
    N_("date"),
    N_("currency"),
    N_("tax_region"),
    N_("tax_strategy"),
    N_("payment"),
    N_("credited_order_number"),
    N_("e-mail"),
    N_("taxnumber"),
)
"""What can change on an order, as the state keeps it."""


def explain(reason: Reason, values: Mapping[str, str]) -> Text:
    """Return the sentence and the suggestion of `reason`, with its values filled in.

    The suggestion says what to do and ends in the command to run (books/rules.md, "Texts").
    """
    message, suggestion = map(_, REASONS[reason])
    suggestion = suggestion.replace("{advice}", _advice(values.get("message", "")))
    suggestion = f"{suggestion} {_(RETRY)}".replace("{by_hand}", _(BY_HAND))
    known = _shown(values)
    return Text(
        " ".join(message.format_map(known).split()), " ".join(suggestion.format_map(known).split())
    )


def explain_rejection(rejection: Rejection) -> Text:
    """Return the texts of a rejection (see `explain`)."""
    return explain(rejection.reason, rejection.values)


def brief(reason: Reason) -> str:
    """Return a reason in a few words."""
    return _(BRIEF[reason])


def explain_differences(number: str, differences: Iterable[Difference]) -> Text:
    """Return what is not as it was booked with the order `number`, and what to do about it."""
    message = _("Order {number}: {differences}.")
    suggestion = _(
        "Put it right in Minox, or in the shop, then run: mww2minox verify --order {number}"
    )
    listing = "; ".join(map(describe, differences))
    return Text(
        message.format(number=number, differences=listing), suggestion.format(number=number)
    )


def describe(difference: Difference) -> str:
    """Return a difference as half a sentence."""
    text = DIFFERENCES.get(difference.code)
    return _(text).format_map(_shown(difference.values)) if text else difference.code


def _shown(values: Mapping[str, str]) -> _Values:
    """Write amounts and rates as the reader does, and name fields in the reader's words."""
    shown = _Values(values)
    shown |= {
        key: number(Decimal(values[key]))
        for key in AMOUNTS
        if AMOUNT.fullmatch(values.get(key, ""))
    }
    if "rate" in values:
        shown["rate"] = ", ".join(percentage(Decimal(rate)) for rate in values["rate"].split(", "))
    if "field" in values:
        shown["field"] = _field(values["field"])
    return shown


def _field(field: str) -> str:
    """Name a field of an order: one of `FIELDS`, a rate's gross (`21%`) or its VAT (`VAT 21%`)."""
    if field in FIELDS:
        return _(field)
    rate = RATE.fullmatch(field)
    if rate is None:
        return field
    shown = f"{percentage(Decimal(rate[2]))}%"
    return _("VAT {rate}").format(rate=shown) if rate[1] else shown


def euros(amount: Decimal | int) -> str:
    """Write euros (Decimal) or cents (int) as plain `1234.56`, for JSON, CSV and the state."""
    return f"{Decimal(amount) / 100 if isinstance(amount, int) else amount:.2f}"


def _advice(message: str) -> str:
    """Find what helps against a refusal by the words in its message (books/rules.md, rule 14)."""
    lowered = message.lower()
    known = (text for words, text in ADVICE if any(re.search(word, lowered) for word in words))
    return _(next(known, OTHERWISE))
