"""What helps against a refusal of Minox, by the words of its message (books/rules.md, rule 14)."""

import pytest

from mww2minox.books.model import Reason
from mww2minox.reasons import explain

PERIOD = "Open the period in Minox"
YEAR = "Open the fiscal year in Minox"
NO_YEAR = "Create the fiscal year in Minox"
ACCOUNT = "Lift the block on the account in Minox, or choose another account in the config"
CODE_BLOCKED = "Lift the block on the VAT code in Minox"
NOT_ALLOWED = "Allow the VAT code on that ledger account in Minox"
NUMBER = "Fill in the VAT number of the customer in Minox"
CODES = "Check the VAT codes at vat and booking.vat_posting in the config"
JOURNAL = "Put a sales journal at minox.journal in the config"
JOURNAL_BLOCKED = "Lift the block on the journal in Minox"
ACCOUNT_OTHER = "Correct the ledger account in Minox, or choose another one in the config"
CUSTOMER_BLOCKED = "Lift the block on the customer in Minox"
CUSTOMER = "Look at the customer in Minox, and at payment_debtors in the config"
ADDRESS = "Correct the customer's address on the order in the shop"
INVOICE = "Look in Minox which booking of this customer"
POSTING = "Choose another booking.vat_posting"
BY_MINOX = "Let Minox number the invoices, with booking.invoice_number: minox in the config"
BY_ORDER = "Send the order number along, with booking.invoice_number: order in the config"
CENTS = "If it is about cents, let Minox accept larger VAT differences: Onderhoud > Algemeen"
NOTHING_KNOWN = "Solve what Minox says, or ask your bookkeeper"

MESSAGES = {
    PERIOD: [
        "Periode 1 van boekjaar 2025 is afgesloten.",
        "De periode is gesloten",
        "Period 1 of fiscal year 2025 is closed.",
        "Dagboek VERK is in deze periode geblokkeerd",
        "Alles voor 1 februari is afgesloten",
        "The books are closed",
        "Boekdatum ligt in een afgesloten boekperiode.",
        "De debiteur kan in periode 3 niet geboekt worden",
        "Posting to closed periods is not allowed",
    ],
    YEAR: [
        "Het boekjaar 2025 is afgesloten.",
        "Fiscal year 2025 is closed",
        "Documentdatum valt buiten het boekjaar",
    ],
    NO_YEAR: [
        "Boekjaar 2031 bestaat niet.",
        "Het boekjaar van deze periode bestaat niet.",
        "No fiscal year was found for this period",
    ],
    ACCOUNT: [
        "Grootboekrekening 8000 is geblokkeerd.",
        "Rekening 8000 is geblokkeerd (Niet meer gebruiken)",
        "Ledger account 8000 is blocked",
        "Rekening 8000 is afgesloten",
        "Account 8000 is closed",
        "Debiteur 10650 is gekoppeld aan een geblokkeerde grootboekrekening",
        "Rekening 8000 is geblokkeerd door uw accountant",
    ],
    ACCOUNT_OTHER: [
        "Grootboekrekening 8000 bestaat niet.",
        "Ledger account 8000 does not exist",
        "Rekening 1300 is een balansrekening en mag hier niet gebruikt worden",
        "Balansrekening 1300 is niet toegestaan",
        "Account 1300 is a balance sheet account: it cannot be used here",
        "Unknown account 8999",
    ],
    CUSTOMER_BLOCKED: [
        "Debiteur 10650 is geblokkeerd.",
        "Customer 10650 is blocked",
        "Account 10650 of type customer is blocked",
        "Blocked debtor: 10650",
        "Deze klant is geblokkeerd wegens openstaande facturen",
    ],
    CUSTOMER: [
        "Debiteur 10650 bestaat niet.",
        "Debiteur is verplicht",
        "De kredietlimiet van debiteur 10650 is overschreden",
        "Customer 10650 does not exist",
        "Customer 10650 exceeds its credit limit: its balance is 1200.00",
        "Unknown debtor",
    ],
    ADDRESS: [
        "Postcode van de debiteur is ongeldig.",
        "De postcode van debiteur 10650 heeft niet de juiste vorm",
        "Postcode 1234 hoort niet bij het land van de debiteur.",
        "Het e-mailadres van de debiteur is ongeldig",
        "Debiteur: huisnummer ontbreekt",
        "Straat mag niet leeg zijn",
        "Postal code of the debtor is invalid",
        "Invalid zip code",
        "The customer's address is incomplete",
        "Unknown country code XX",
        "Landcode UK is onbekend",
    ],
    INVOICE: [
        "Factuurnummer 1024 bestaat al.",
        "Factuurnummer is al in gebruik bij debiteur 10650",
        "Dubbel factuurnummer in dagboek VERK",
        "Invoice number 1024 already exists",
        "Duplicate invoice number",
    ],
    CODE_BLOCKED: [
        "Btw-code 2 is geblokkeerd.",
        "Btw code 2 is geblokkeerd voor grootboekrekening 8000",
        "Rekening 8000 heeft een geblokkeerde btw-code",
        "VAT code 2 is blocked",
        "Blocked VAT code on account 8000",
    ],
    NOT_ALLOWED: [
        "Btw-code 2 is niet toegestaan op grootboekrekening 8000.",
        "Grootboekrekening 8000 staat btw-code 2 niet toe",
        "Op rekening 8000 mag geen btw geboekt worden",
        "De btw-code is niet geldig voor deze rekening",
        "VAT code 2 is not allowed on ledger account 8000",
        "VAT code 2 cannot be used on account 8000",
        "Account 8000 does not accept VAT",
        "Btw-code 2 is niet toegestaan op deze balansrekening",
    ],
    NUMBER: [
        "Debiteur 10650 heeft geen btw-nummer.",
        "Btw-nummer ontbreekt",
        "Het btw nummer van de debiteur is niet toegestaan op deze rekening",
        "Btw-identificatienummer is verplicht",
        "The customer has no VAT number",
        "VAT registration number missing",
    ],
    CODES: [
        "Btw-code 77 bestaat niet.",
        "Unknown VAT code 77",
        "Op deze regel kan geen btw worden opgegeven.",
        "De berekening van de btw is niet mogelijk",
        "Btw-code 11 hoort bij een debiteur in een ander land",
        "Ask your accountant: this VAT is not possible",
    ],
    CENTS: [
        "Het btw-bedrag wijkt af van het berekende bedrag",
        "Het btw-bedrag 21.03 past niet bij het bedrag 121.00: verwacht 21.00.",
        "Btw bedrag onjuist",
        "Het verschil tussen de berekende en de ingevoerde btw is te groot",
        "Btw: 0,03 cent verschil met het berekende bedrag",
        "VAT amount does not match the VAT code",
        "The VAT amount 21.03 differs from the calculated amount",
        "VAT difference exceeds the maximum",
        "Expected a VAT amount of 21.00",
    ],
    JOURNAL: ["Dagboek INK is geen verkoopdagboek.", "Unknown journal", "Dagboek onbekend"],
    JOURNAL_BLOCKED: ["Dagboek VERK is geblokkeerd", "Journal VERK is blocked"],
    POSTING: [
        "De boeking is niet in evenwicht: debet 121.00, credit 100.00.",
        "Debit and credit differ",
        "Debet en credit zijn niet gelijk.",
        "Debetbedrag en creditbedrag verschillen 21,00",
        "De boeking van debiteur 10650 is niet in balans",
        "De boeking is uit balans",
        "Dagboek VERK: de boeking sluit niet",
        "Journal entry does not balance",
        "The entry is out of balance",
        "Unbalanced batch",
        "De som van de regels komt niet overeen met het factuurbedrag",
        "Total of the lines does not equal the debit amount",
    ],
    BY_MINOX: [
        "Het factuurnummer 123456789 heeft meer dan 8 cijfers.",
        "Factuurnummer is te lang",
        "The invoice number may have 8 digits at most",
        "max_length invoice_number: too long",
    ],
    BY_ORDER: [
        "Het factuurnummer ontbreekt.",
        "Factuurnummer is verplicht",
        "The invoice number is required",
    ],
    NOTHING_KNOWN: [
        "Private accounts are refused",
        "Account 8000 was deactivated",
        "Onverwachte fout",
        "Periodieke boekingen zijn hier niet mogelijk",
        "Debiteurenadministratie niet beschikbaar",
        "De beginbalans is nog niet ingevoerd",
        "Opening balance is missing",
        "Crediteuren zijn niet toegestaan",
        "Valuta USD wordt niet ondersteund",
        "Enclosed document was disclosed",
        "De koppeling met de bankrekening is niet aangesloten",
        "Uw accountant heeft dit geblokkeerd",
        "The batch is blocked",
        "",
    ],
}
CASES = [(message, advice) for advice, messages in MESSAGES.items() for message in messages]


@pytest.mark.parametrize("change", [str, str.upper, str.lower], ids=["as it is", "upper", "lower"])
@pytest.mark.parametrize(("message", "advice"), CASES)
def test_the_words_of_a_refusal_tell_what_helps(
    message: str, advice: str, change: type[str]
) -> None:
    text = explain(Reason.REJECTED_BY_MINOX, {"number": "1024", "message": change(message)})
    assert text.suggestion.startswith(advice)
    assert text.suggestion.endswith(" Then run: mww2minox retry 1024")
    assert "{" not in text.suggestion
    assert text.message == f"Minox refuses the booking of order 1024: {change(message)}".rstrip()
