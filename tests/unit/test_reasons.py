"""The catalogue of texts: every code, in both languages, with the values that the code really gives."""

import re
from decimal import Decimal
from string import Formatter

import pytest

from mww2minox.model import Difference, Reason, Rejection
from mww2minox.reasons import (
    ADVICE,
    DIFFERENCES,
    OTHERWISE,
    REASONS,
    Language,
    describe,
    euros,
    explain,
    explain_rejection,
)

LANGUAGES: tuple[Language, ...] = ("nl", "en")
VALUES: dict[Reason, dict[str, str]] = {
    Reason.STATUS_NOT_SELECTED: {"status": "Nieuw (1)"},
    Reason.NOTHING_TO_BOOK: {},
    Reason.ORDER_INVALID: {"problem": "price.total"},
    Reason.CURRENCY_UNSUPPORTED: {"currency": "USD", "expected": "EUR"},
    Reason.TOTALS_MISMATCH: {"total": "12.16", "lines": "12.10", "difference": "0.06"},
    Reason.VAT_MISMATCH: {"rate": "21", "invoice": "4.20", "lines": "2.10"},
    Reason.VAT_RATE_UNMAPPED: {"rate": "25.5", "region": "FI"},
    Reason.SHIPPING_WITHOUT_VAT: {},
    Reason.VAT_NUMBER_MISSING: {},
    Reason.VAT_NUMBER_INVALID: {"vat_number": "BE0403170702", "region": "BE"},
    Reason.EMAIL_MISSING: {},
    Reason.CUSTOMER_BLOCKED: {"customer": "10007"},
    Reason.CREDIT_ORDER_POSITIVE: {"total": "47.45", "original": "28"},
    Reason.FISCAL_YEAR_MISSING: {"date": "2027-01-01"},
    Reason.REJECTED_BY_MINOX: {"message": "Something else."},
    Reason.OUTCOME_UNKNOWN: {},
}
"""The values beside the number that booking, intake, posting and customers give with each reason."""
DIFFERENCE_VALUES: dict[str, dict[str, str]] = {
    "booking_gone": {"batch_id": "5f0c0c3e-0000-5000-8000-000000000000"},
    "customer_differs": {"expected": "10001", "found": "10002"},
    "total_differs": {"expected": "12.10", "found": "12.11"},
    "ledger_differs": {"expected": "10.00", "found": "9.00", "ledger": "8000"},
    "vat_differs": {"expected": "2.10", "found": "-", "code": "1"},
    "period_differs": {"expected": "2026-3", "found": "2026-4"},
    "invoice_number_differs": {"expected": "1024", "found": "1025"},
    "order_gone": {},
    "order_changed": {"expected": "12.10", "found": "24.20", "field": "total"},
}


def _fields(template: str) -> set[str]:
    """Name the values in a template; `by_hand` is a text of the catalogue itself."""
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None} - {"by_hand"}


def test_every_reason_of_the_interface_has_its_texts() -> None:
    assert set(REASONS) == set(Reason) == set(VALUES)
    assert {str(reason) for reason in Reason} == {
        "status_not_selected",
        "nothing_to_book",
        "order_invalid",
        "currency_unsupported",
        "totals_mismatch",
        "vat_mismatch",
        "vat_rate_unmapped",
        "shipping_without_vat",
        "vat_number_missing",
        "vat_number_invalid",
        "email_missing",
        "customer_blocked",
        "credit_order_positive",
        "fiscal_year_missing",
        "rejected_by_minox",
        "outcome_unknown",
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_a_reason_shows_all_its_values_and_ends_in_the_command_to_run(reason: Reason, language: Language) -> None:
    text = explain_rejection(Rejection(reason=reason, values={"number": "1024", **VALUES[reason]}), language)
    for value in ("1024", *VALUES[reason].values()):
        assert value in text.message
    assert re.search(r"[^\s] (Draai daarna|Then run): mww2minox retry 1024$", text.suggestion)
    assert not re.search(r"[{}]|\([a-z_]+\)|  ", text.message + text.suggestion)


@pytest.mark.parametrize("reason", Reason)
def test_both_languages_use_the_same_values_and_no_others(reason: Reason) -> None:
    shown = {language: _fields(" ".join(REASONS[reason][language])) - {"advice", "by_hand"} for language in LANGUAGES}
    assert shown["nl"] == shown["en"] == {"number", *VALUES[reason]}
    assert REASONS[reason]["nl"] != REASONS[reason]["en"]


def test_a_value_that_an_older_state_lacks_shows_as_its_name() -> None:
    assert explain(Reason.CUSTOMER_BLOCKED, {"number": "1024"}, "en").message == (
        "Order 1024: customer (customer) is blocked in Minox."
    )


def test_values_are_shown_as_they_are_on_one_line() -> None:
    text = explain(Reason.REJECTED_BY_MINOX, {"number": "1024", "message": "{number}\n  {0} {advice} %s"}, "en")
    assert text.message == "Minox refuses order 1024: {number} {0} {advice} %s"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("De periode is afgesloten", "Open the period"),
        ("Period 3 is closed", "Open the period"),
        ("Het boekjaar is afgesloten", "Open the fiscal year"),
        ("Grootboekrekening 8000 is geblokkeerd", "Lift the block"),
        ("Account is blocked", "Lift the block"),
        ("Btw-nummer ontbreekt", "VAT number of the customer"),
        ("Onbekende BTW-code 7", "VAT codes"),
        ("Unknown VAT code", "VAT codes"),
        ("Dagboek VERK bestaat niet", "sales journal"),
        ("De boeking is niet in balans", "vat_posting"),
        ("Account 8000 was deactivated", "ask your accountant"),
        ("Private accounts are refused", "ask your accountant"),
        ("Onverwachte fout", "ask your accountant"),
        ("", "ask your accountant"),
    ],
)
def test_a_refusal_of_minox_comes_with_advice_where_its_text_is_known(message: str, words: str) -> None:
    suggestion = explain(Reason.REJECTED_BY_MINOX, {"number": "1024", "message": message}, "en").suggestion
    assert words in suggestion
    assert "{" not in suggestion
    assert suggestion.endswith(" Then run: mww2minox retry 1024")


def test_every_advice_is_in_both_languages() -> None:
    for texts in (*(texts for _, texts in ADVICE), OTHERWISE):
        assert set(texts) == set(LANGUAGES)
        assert texts["nl"] != texts["en"]
        assert _fields(texts["nl"] + texts["en"]) <= {"by_hand"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", DIFFERENCES)
def test_a_difference_shows_all_its_values(code: str, language: Language) -> None:
    text = describe(Difference(code=code, values=DIFFERENCE_VALUES[code]), language)
    assert all(value in text for value in DIFFERENCE_VALUES[code].values())
    assert not re.search(r"[{}]|\([a-z_]+\)", text)
    assert _fields(DIFFERENCES[code][language]) == set(DIFFERENCE_VALUES[code])


def test_a_difference_of_a_later_version_shows_its_code() -> None:
    assert describe(Difference(code="never_seen", values={}), "nl") == "never_seen"


@pytest.mark.parametrize(
    ("amount", "text"),
    [(1234567, "12345.67"), (-5, "-0.05"), (0, "0.00"), (Decimal("47.4"), "47.40"), (Decimal(-3), "-3.00")],
)
def test_money_is_written_plainly_from_euros_or_cents(amount: Decimal | int, text: str) -> None:
    assert euros(amount) == text
