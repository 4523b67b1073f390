"""What helps against a refusal of Minox, by the words of its message (books/rules.md, rule 14)."""

import pytest

from mww2minox.books.model import Reason
from mww2minox.reasons import explain

PERIOD = "Open the period in Minox"
YEAR = "Open the fiscal year in Minox"
ACCOUNT = "Lift the block on the account in Minox, or choose another account in the config"
CODE_BLOCKED = "Lift the block on the VAT code in Minox"
NOT_ALLOWED = "Allow the VAT code on that ledger account in Minox"
NUMBER = "Fill in the VAT number of the customer in Minox"
CODES = "Check the VAT codes at vat and booking.vat_posting in the config"
JOURNAL = "Put a sales journal at minox.journal in the config"
JOURNAL_BLOCKED = "Lift the block on the journal in Minox"
POSTING = "Choose another booking.vat_posting"
NOTHING_KNOWN = "Solve what Minox says, or ask your accountant"

MESSAGES = {
    PERIOD: [
        "Periode 1 van boekjaar 2025 is afgesloten.",
        "De periode is gesloten",
        "Period 1 of fiscal year 2025 is closed.",
        "Dagboek VERK is in deze periode geblokkeerd",
        "Alles voor 1 februari is afgesloten",
        "The books are closed",
    ],
    YEAR: [
        "Het boekjaar 2025 is afgesloten.",
        "Boekjaar 2031 bestaat niet.",
        "Fiscal year 2025 is closed",
    ],
    ACCOUNT: [
        "Grootboekrekening 8000 is geblokkeerd.",
        "Rekening 8000 is geblokkeerd (Niet meer gebruiken)",
        "Ledger account 8000 is blocked",
        "Rekening 8000 is afgesloten",
        "Account 8000 is closed",
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
    ],
    JOURNAL: ["Dagboek INK is geen verkoopdagboek.", "Unknown journal"],
    JOURNAL_BLOCKED: ["Dagboek VERK is geblokkeerd", "Journal VERK is blocked"],
    POSTING: [
        "De boeking is niet in evenwicht: debet 121.00, credit 100.00.",
        "Debit and credit differ",
    ],
    NOTHING_KNOWN: [
        "Private accounts are refused",
        "Account 8000 was deactivated",
        "Onverwachte fout",
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
    assert text.message == f"Minox refuses order 1024: {change(message)}".rstrip()
