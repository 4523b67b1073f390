"""The catalogue of texts: reason or difference code -> a sentence and what to do, in Dutch and in English.

The state keeps codes and values only; the texts are made when somebody reads them.
"""

import re
from collections.abc import Mapping as Map
from decimal import Decimal
from typing import Literal, NamedTuple

from mww2minox.model import Difference, Reason, Rejection

Language = Literal["nl", "en"]


class Text(NamedTuple):
    """A sentence for the user, and what to do about it."""

    message: str
    suggestion: str


class _Values(dict[str, str]):
    """Values for a sentence; one that is missing (an older state file) shows as its name."""

    def __missing__(self, key: str) -> str:
        return f"({key})"


BY_HAND = {
    "nl": "(of boek haar met de hand met factuurnummer {number}, en draai: mww2minox adopt)",
    "en": "(or book it by hand with invoice number {number}, and run: mww2minox adopt)",
}
RETRY = {"nl": "Draai daarna: mww2minox retry {number}", "en": "Then run: mww2minox retry {number}"}

REASONS: dict[Reason, dict[Language, Text]] = {
    Reason.STATUS_NOT_SELECTED: {
        "nl": Text(
            "Bestelling {number} heeft status {status}, en die wordt niet geboekt.",
            "Wacht tot de status in de webwinkel verandert, of zet de status bij shop.statuses in de config.",
        ),
        "en": Text(
            "Order {number} has status {status}, which is not one that books.",
            "Wait for its status to change in the shop, or add the status to shop.statuses in the config.",
        ),
    },
    Reason.NOTHING_TO_BOOK: {
        "nl": Text(
            "Bestelling {number} is 0,00 euro: er valt niets te boeken.",
            "U hoeft niets te doen, tenzij het bedrag niet klopt: verbeter dan de bestelling in de webwinkel.",
        ),
        "en": Text(
            "Order {number} totals 0.00 euros: there is nothing to book.",
            "Nothing to do, unless the total is wrong: then correct the order in the shop.",
        ),
    },
    Reason.ORDER_INVALID: {
        "nl": Text(
            "Bestelling {number} is niet te begrijpen: {problem} ontbreekt of klopt niet.",
            "Bekijk de bestelling in de webwinkel en sla haar opnieuw op {by_hand}.",
        ),
        "en": Text(
            "Order {number} cannot be understood: {problem} is missing or wrong.",
            "Look at the order in the shop and save it again {by_hand}.",
        ),
    },
    Reason.CURRENCY_UNSUPPORTED: {
        "nl": Text(
            "Bestelling {number} is in {currency}; de administratie voert {expected}.",
            "Verander de munt in de webwinkel {by_hand}.",
        ),
        "en": Text(
            "Order {number} is in {currency}; the administration keeps {expected}.",
            "Change its currency in the shop {by_hand}.",
        ),
    },
    Reason.TOTALS_MISMATCH: {
        "nl": Text(
            "Bestelling {number}: het totaal is {total} euro, de regels tellen op tot {lines} (verschil {difference}).",
            "Verbeter de bestelling in de webwinkel, of verhoog booking.max_rounding als dit een afronding is.",
        ),
        "en": Text(
            "Order {number}: the total is {total} euros, the lines add up to {lines} (difference {difference}).",
            "Correct the order in the shop, or raise booking.max_rounding if this is a rounding.",
        ),
    },
    Reason.VAT_MISMATCH: {
        "nl": Text(
            "Bestelling {number}: de btw van {rate}% is {invoice} euro op de factuur, maar {lines} volgens de regels.",
            "Vergelijk de factuur met de regels in de webwinkel en verbeter de bestelling.",
        ),
        "en": Text(
            "Order {number}: VAT at {rate}% is {invoice} euros on the invoice, but {lines} by its lines.",
            "Compare the invoice with the lines in the shop, and correct the order.",
        ),
    },
    Reason.VAT_RATE_UNMAPPED: {
        "nl": Text(
            "Bestelling {number} heeft btw-tarief {rate}% in {region}, en dat staat niet in de config.",
            "Zet een regel voor dit tarief bij vat in de config: btw-code en grootboekrekening.",
        ),
        "en": Text(
            "Order {number} has VAT rate {rate}% in {region}, which no row of the config covers.",
            "Add a row for it to vat in the config: VAT code and ledger account.",
        ),
    },
    Reason.SHIPPING_WITHOUT_VAT: {
        "nl": Text(
            "Bestelling {number}: verzend- of betaalkosten staan op 0% btw naast belaste artikelen.",
            "Zet in de webwinkel btw op de verzend- en betaalkosten, en verbeter de bestelling.",
        ),
        "en": Text(
            "Order {number}: shipping or payment costs are at 0% VAT beside taxed goods.",
            "Put VAT on shipping and payment costs in the shop, and correct the order.",
        ),
    },
    Reason.VAT_NUMBER_MISSING: {
        "nl": Text(
            "Bestelling {number}: de btw is verlegd, maar de klant heeft geen btw-nummer.",
            "Vraag de klant om het btw-nummer en zet het in de webwinkel bij het factuuradres.",
        ),
        "en": Text(
            "Order {number}: VAT is reverse-charged, but the customer has no VAT number.",
            "Ask the customer for it, and put it in the invoice address in the shop.",
        ),
    },
    Reason.VAT_NUMBER_INVALID: {
        "nl": Text(
            "Bestelling {number}: btw-nummer {vat_number} is geen geldig nummer van {region} voor verlegde btw.",
            "Controleer het nummer (VIES) en verbeter het in de webwinkel bij het factuuradres.",
        ),
        "en": Text(
            "Order {number}: VAT number {vat_number} is not a valid number of {region} for reverse charge.",
            "Check the number (VIES), and correct it in the invoice address in the shop.",
        ),
    },
    Reason.EMAIL_MISSING: {
        "nl": Text(
            "Bestelling {number} heeft geen e-mailadres, dus de debiteur is niet te vinden.",
            "Vul het e-mailadres in de webwinkel in, of zet de betaalwijze bij payment_debtors in de config.",
        ),
        "en": Text(
            "Order {number} has no e-mail address, so its customer cannot be found.",
            "Fill in the e-mail address in the shop, or add the way of paying to payment_debtors in the config.",
        ),
    },
    Reason.CUSTOMER_BLOCKED: {
        "nl": Text(
            "Bestelling {number}: debiteur {customer} is geblokkeerd in Minox.",
            "Hef in Minox de blokkade van debiteur {customer} op.",
        ),
        "en": Text(
            "Order {number}: customer {customer} is blocked in Minox.",
            "Lift the block on customer {customer} in Minox.",
        ),
    },
    Reason.CREDIT_ORDER_POSITIVE: {
        "nl": Text(
            "Bestelling {number} crediteert bestelling {original}, maar haar totaal is positief: {total} euro.",
            "Verbeter de creditbestelling in de webwinkel: haar bedragen horen negatief te zijn.",
        ),
        "en": Text(
            "Order {number} credits order {original}, but its total is positive: {total} euros.",
            "Correct the credit order in the shop: its amounts should be negative.",
        ),
    },
    Reason.FISCAL_YEAR_MISSING: {
        "nl": Text(
            "Bestelling {number} is van {date}, en voor die datum heeft de administratie geen boekjaar.",
            "Open het boekjaar in Minox {by_hand}.",
        ),
        "en": Text(
            "Order {number} is dated {date}, and the administration has no fiscal year for that date.",
            "Open the fiscal year in Minox {by_hand}.",
        ),
    },
    Reason.REJECTED_BY_MINOX: {
        "nl": Text("Minox weigert bestelling {number}: {message}", "{advice}"),
        "en": Text("Minox refuses order {number}: {message}", "{advice}"),
    },
    Reason.OUTCOME_UNKNOWN: {
        "nl": Text(
            "Bestelling {number} is verstuurd, maar het antwoord van Minox kwam niet aan;"
            " het is nog onzeker of zij geboekt is.",
            "U hoeft niets met de hand te boeken: de volgende push vraagt het na aan Minox.",
        ),
        "en": Text(
            "Order {number} was sent, but Minox' answer was lost; it is not certain yet whether it is booked.",
            "Do not book it by hand: the next push asks Minox.",
        ),
    },
}

ADVICE: tuple[tuple[tuple[str, ...], dict[Language, str]], ...] = (
    (
        ("periode", "period"),
        {
            "nl": "Open de periode in Minox {by_hand}.",
            "en": "Open the period in Minox {by_hand}.",
        },
    ),
    (
        ("boekjaar", "fiscal year"),
        {"nl": "Open het boekjaar in Minox.", "en": "Open the fiscal year in Minox."},
    ),
    (
        ("btw-nummer", "vat number", "vat registration"),
        {
            "nl": "Vul het btw-nummer bij de debiteur in Minox in.",
            "en": "Fill in the VAT number of the customer in Minox.",
        },
    ),
    (
        ("btw", r"\bvat\b"),
        {
            "nl": "Controleer de btw-codes bij vat en booking.vat_posting in de config, met: mww2minox check.",
            "en": "Check the VAT codes at vat and booking.vat_posting in the config, with: mww2minox check.",
        },
    ),
    (
        ("geblokkeerd", "blocked"),
        {
            "nl": "Hef de blokkade van de rekening in Minox op, of kies een andere rekening in de config.",
            "en": "Lift the block on the account in Minox, or choose another account in the config.",
        },
    ),
    (
        ("dagboek", "journal"),
        {
            "nl": "Zet bij minox.journal een verkoopdagboek in de config.",
            "en": "Put a sales journal at minox.journal in the config.",
        },
    ),
    (
        ("balans", "evenwicht", "balance", "debet", "debit"),
        {
            "nl": "Kies een andere booking.vat_posting: deze administratie wil de btw anders aangeleverd krijgen.",
            "en": "Choose another booking.vat_posting: this administration takes VAT another way.",
        },
    ),
)
OTHERWISE: dict[Language, str] = {
    "nl": "Los op wat Minox meldt, of vraag uw boekhouder.",
    "en": "Solve what Minox says, or ask your accountant.",
}

DIFFERENCES: dict[str, dict[Language, str]] = {
    "booking_gone": {
        "nl": "de boeking {batch_id} is niet meer in Minox",
        "en": "the booking {batch_id} is no longer in Minox",
    },
    "customer_differs": {
        "nl": "debiteur: geboekt op {expected}, in Minox op {found}",
        "en": "customer: booked on {expected}, in Minox on {found}",
    },
    "total_differs": {
        "nl": "totaal: {expected} geboekt, in Minox {found}",
        "en": "total: {expected} booked, {found} in Minox",
    },
    "ledger_differs": {
        "nl": "grootboekrekening {ledger}: {expected} geboekt, in Minox {found}",
        "en": "ledger account {ledger}: {expected} booked, {found} in Minox",
    },
    "vat_differs": {
        "nl": "btw-code {code}: {expected} geboekt, in Minox {found}",
        "en": "VAT code {code}: {expected} booked, {found} in Minox",
    },
    "period_differs": {
        "nl": "periode: {expected} geboekt, in Minox {found}",
        "en": "period: {expected} booked, {found} in Minox",
    },
    "invoice_number_differs": {
        "nl": "factuurnummer: {expected} geboekt, in Minox {found}",
        "en": "invoice number: {expected} booked, {found} in Minox",
    },
    "order_gone": {
        "nl": "de bestelling is niet meer in de webwinkel",
        "en": "the order is no longer in the shop",
    },
    "order_changed": {
        "nl": "in de webwinkel gewijzigd na het boeken: {field} was {expected}, is nu {found}",
        "en": "changed in the shop after it was booked: {field} was {expected}, is now {found}",
    },
}


def explain(reason: Reason, values: Map[str, str], language: Language) -> Text:
    """Return the sentence and the suggestion of `reason`, with its values filled in.

    The suggestion says what to do and ends in the command to run (domain.md, end of the rules).
    """
    message, suggestion = REASONS[reason][language]
    suggestion = suggestion.replace("{advice}", _advice(values.get("message", ""), language))
    suggestion = f"{suggestion} {RETRY[language]}".replace("{by_hand}", BY_HAND[language])
    known = _Values(values)
    return Text(" ".join(message.format_map(known).split()), " ".join(suggestion.format_map(known).split()))


def explain_rejection(rejection: Rejection, language: Language) -> Text:
    """Return the texts of a rejection (see `explain`)."""
    return explain(rejection.reason, rejection.values, language)


def describe(difference: Difference, language: Language) -> str:
    """Return a difference as half a sentence."""
    texts = DIFFERENCES.get(difference.code)
    return texts[language].format_map(_Values(difference.values)) if texts else difference.code


def euros(amount: Decimal | int) -> str:
    """Write euros (Decimal) or cents (int) as plain `1234.56`, for JSON, CSV and messages."""
    return f"{Decimal(amount) / 100 if isinstance(amount, int) else amount:.2f}"


def _advice(message: str, language: Language) -> str:
    """Find what helps against a refusal of Minox by the words in its message (rule 14)."""
    lowered = message.lower()
    return next(
        (texts[language] for words, texts in ADVICE if any(re.search(word, lowered) for word in words)),
        OTHERWISE[language],
    )
