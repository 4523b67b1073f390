"""The catalogue of texts: every code, in both languages, with the values that the code really
gives.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from string import Formatter
from typing import cast

import pytest

from mww2minox.alerts import _failed
from mww2minox.books.differences import order_changes
from mww2minox.books.model import (
    BookingWarning,
    Buyer,
    Difference,
    Order,
    Reason,
    Rejection,
    State,
    WarningCode,
)
from mww2minox.books.money import euros
from mww2minox.books.vat_number import Cause
from mww2minox.language.texts import Language, day_of, use
from mww2minox.reasons import (
    ADVICE,
    DIFFERENCES,
    FIELDS,
    PAYMENT_STATUSES,
    PLACES,
    REASONS,
    WARNINGS,
    DifferenceRow,
    Kind,
    ReasonRow,
    brief,
    brief_warning,
    describe,
    discreet_difference,
    discreet_rejection,
    discreet_warning,
    explain,
    explain_differences,
    explain_rejection,
    explain_warning,
    state_in_words,
    state_of,
)
from mww2minox.shop.orders import ShopOrder, read_stored_order
from mww2minox.state import StoredOrder

LANGUAGES: tuple[Language, ...] = ("nl", "en")
DUTCH = {
    "12.16": "12,16",
    "4.20 + 12.11": "4,20 + 12,11",
    "12.10": "12,10",
    "0.06": "0,06",
    "4.20": "4,20",
    "2.10": "2,10",
    "25.5": "25,5",
    "captured": "ontvangen",
    "waiting": "in de wacht",
    "status_not_selected": "status wordt niet geboekt",
    "refunded": "terugbetaald",
} | {
    "47.45": "47,45",
    "12.11": "12,11",
    "10.00": "10,00",
    "9.00": "9,00",
    "24.20": "24,20",
    "total": "totaal",
    "1234.50": "1.234,50",
    "voided": "geannuleerd",
    "shipping, gift_wrap": "verzendkosten, gift_wrap",
    "reverse_charged_vat": "btw verlegd (EU)",
    "orderlines.0.price missing": "in regel 1 ontbreekt de prijs",
    "BE": "België",
    "DE": "Duitsland",
}
"""What a Dutch reader is shown for the values below; all others stay as they are."""
ENGLISH = {
    "shipping, gift_wrap": "shipping costs, gift_wrap",
    "reverse_charged_vat": "reverse charge (EU)",
    "status_not_selected": "status is not booked",
    "orderlines.0.price missing": "in line 1 the price is missing",
    "BE": "Belgium",
    "DE": "Germany",
}
"""What an English reader is shown."""
VALUES: dict[Reason, dict[str, str]] = {
    Reason.STATUS_NOT_SELECTED: {"status": "Nieuw (1)"},
    Reason.BEFORE_SINCE: {"date": "2026-02-28", "since": "2026-03-01"},
    Reason.ORDER_INVALID: {"problem": "orderlines.0.price missing"},
    Reason.CURRENCY_UNSUPPORTED: {"currency": "USD", "expected": "EUR"},
    Reason.TOTALS_MISMATCH: {"total": "12.16", "lines": "12.10", "difference": "0.06"},
    Reason.VAT_MISMATCH: {"rate": "21", "invoice": "4.20", "lines": "2.10"},
    Reason.VAT_RATE_UNMAPPED: {"rate": "25.5", "region": "FI"},
    Reason.VAT_UNDER_STRATEGY: {
        "rate": "25.5",
        "lines": "shipping, gift_wrap",
        "strategy": "reverse_charged_vat",
    },
    Reason.VAT_NUMBER_INVALID: {
        "cause": "check_digits",
        "vat_number": "0403.170.702",
        "tried": "BE0403170702",
        "region": "BE",
    },
    Reason.CUSTOMER_BLOCKED: {"customer": "10007"},
    Reason.CREDIT_ORDER_POSITIVE: {"total": "47.45", "original": "28"},
    Reason.ORIGINAL_NOT_BOOKED: {
        "original": "28",
        "original_state": "waiting",
        "original_reason": "status_not_selected",
    },
    Reason.FISCAL_YEAR_MISSING: {"date": "2027-01-01"},
    Reason.PERHAPS_BOOKED: {
        "journal": "VERK",
        "date": "2026-09-14",
        "total": "47.45",
        "text": "Advies",
        "count": "2",
    },
    Reason.SKIPPED_BEFORE: {"rate": "25.5"},
    Reason.REJECTED_BY_MINOX: {"message": "Something else."},
    Reason.SKIPPED_BY_HAND: {"note": "booked in 2025"},
}
"""The values beside the number that decision, intake, booker and customers give with a reason; a
reason that has none needs no row.
"""
DIFFERENCE_VALUES: dict[str, dict[str, str]] = {
    "booking_gone": {"batch_id": "5f0c0c3e-0000-5000-8000-000000000000"},
    "customer_differs": {"expected": "10001", "found": "10002"},
    "customer_not_of_order": {"expected": "10001", "found": "10002"},
    "total_differs": {"expected": "12.10", "found": "12.11"},
    "debtor_line_differs": {"expected": "12.10", "found": "4.20 + 12.11", "code": "1"},
    "ledger_differs": {"expected": "10.00", "found": "9.00", "ledger": "8000"},
    "vat_differs": {"expected": "2.10", "found": "-", "code": "1"},
    "vat_kind_differs": {"expected": "2.10", "found": "-", "rate": "25.5", "box": "3c"},
    "vat_account_differs": {"expected": "2.10", "found": "-", "ledger": "1500"},
    "journal_differs": {"expected": "VERK", "found": "MEMO"},
    "date_differs": {"expected": "2026-03-14", "found": "2026-03-15"},
    "period_differs": {"expected": "2026-3", "found": "2026-4"},
    "invoice_number_differs": {"expected": "1024", "found": "1025"},
    "status_differs": {"expected": "Betaald (2)", "found": "Geannuleerd (6)"},
    "payment_undone": {"expected": "captured", "found": "refunded"},
    "order_gone": {},
    "order_changed": {"expected": "12.10", "found": "24.20", "field": "total"},
}


WARNING_VALUES: dict[WarningCode, dict[str, str]] = {
    WarningCode.ICP_NUMBER_MISSING: {"customer": "10650"},
    WarningCode.CUSTOMER_AMBIGUOUS: {"customer": "10630", "others": "10631, 10632"},
    WarningCode.CUSTOMER_OTHER_NAME: {"customer": "10650"},
    WarningCode.VAT_NUMBER_OTHER_COUNTRY: {"country": "BE", "region": "DE"},
    WarningCode.PAYMENT_STATUS: {"status": "voided"},
    WarningCode.CREDITED_TOO_MUCH: {"credited": "1234.50", "original": "28", "total": "47.45"},
    WarningCode.VIES_INVALID: {"date": "2026-03-14"},
}

UNFIT_NUMBER = Rejection(
    reason=Reason.ORDER_INVALID, values={"number": "WEB-1024", "problem": "invoice_number"}
)
NUMBER: dict[Language, str] = {"en": "invoice number {}", "nl": "factuurnummer {}"}
DESCRIPTION: dict[Language, str] = {
    "en": "{} as its description",
    "nl": "{} als omschrijving",
}
REFUSED_CUSTOMER = Rejection(
    reason=Reason.REJECTED_BY_MINOX,
    values={"number": "1024", "message": "De debiteur heeft geen naam.", "refused": "customer"},
)
CHANGED = {"order_changed": {"expected", "found"}}
"""Values whose kind depends on the field that changed."""


def _fields(template: str) -> set[str]:
    """Name the values in a template; `by_hand` and `as_tried` are texts of the catalogue
    themselves.
    """
    names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    return (names | ({"tried"} if "as_tried" in names else set())) - {"by_hand", "as_tried"}


def _written(values: Iterable[str], language: Language) -> list[str]:
    words = DUTCH if language == "nl" else ENGLISH
    return [words.get(value, day_of(value)) for value in values if value not in set(Cause)]


def test_every_reason_of_the_interface_has_its_texts() -> None:
    """The codes stand here once more on purpose: they are in state files and in the JSON of users.

    A new one is added here too. One that is renamed or removed breaks what others have made.
    """
    assert set(REASONS) == set(Reason)
    assert {str(reason) for reason in Reason} == {
        "status_not_selected",
        "before_since",
        "nothing_to_book",
        "gone_from_shop",
        "order_invalid",
        "currency_unsupported",
        "totals_mismatch",
        "vat_mismatch",
        "vat_rate_unmapped",
        "vat_under_strategy",
        "shipping_without_vat",
        "vat_number_missing",
        "vat_number_invalid",
        "email_missing",
        "payment_missing",
        "customer_blocked",
        "credit_order_positive",
        "original_not_booked",
        "fiscal_year_missing",
        "perhaps_booked",
        "skipped_before",
        "rejected_by_minox",
        "outcome_unknown",
        "skipped_by_hand",
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_a_reason_shows_all_its_values_and_ends_in_the_command_to_run(
    reason: Reason, language: Language
) -> None:
    use(language)
    values = {"number": "1024", **VALUES.get(reason, {})}
    text = explain_rejection(Rejection(reason=reason, values=values))
    for value in _written(values.values(), language):
        assert value in text.message
    command = r"(Voer daarna uit|Then run): mww2minox retry 1024$"
    if reason is Reason.PERHAPS_BOOKED:
        command = (
            r"(Zo ja, voer uit|If it is, run): mww2minox adopt --order 1024\."
            r" (Zo nee, voer uit|If it is not, run): mww2minox retry --not-adopted 1024$"
        )
    if reason is Reason.SKIPPED_BEFORE:
        command = (
            r"(Zo ja, voer uit|If so, run): mww2minox skip 1024\."
            r" (Moet die geboekt worden, voer uit|If it is to be booked, run):"
            r" mww2minox retry 1024$"
        )
    if reason is Reason.SKIPPED_BY_HAND:
        command = r"(Terugdraaien|To take that back, run): mww2minox skip --undo 1024$"
    assert re.search(rf"[^\s] {command}", text.suggestion)
    assert not re.search(r"[{}]|\([a-z_]+\)|  ", text.message + text.suggestion)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_uses_the_values_that_the_code_gives_and_no_others(reason: Reason) -> None:
    row = REASONS[reason]
    shown = _fields(f"{row.message} {row.suggestion}") - {"advice"}
    for texts in row.cases.values():
        shown |= _fields(f"{texts.message} {texts.suggestion}")
    assert shown == {"number", *VALUES.get(reason, {})} - {"cause"} == {"number", *row.values}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", Cause)
def test_each_cause_of_a_vat_number_that_is_none_has_a_sentence_of_its_own(
    cause: Cause, language: Language
) -> None:
    use(language)
    rejection = Rejection(
        reason=Reason.VAT_NUMBER_INVALID,
        values={
            "number": "1024",
            "cause": cause,
            "vat_number": "0403.170.702",
            "tried": "BE0403170702",
            "region": "BE",
        },
    )
    text = explain_rejection(rejection)
    assert "0403.170.702" in text.message
    assert "BE0403170702" in text.message
    assert text.suggestion.endswith("mww2minox retry 1024")
    row = REASONS[Reason.VAT_NUMBER_INVALID]
    assert row.cases[cause].message != row.message
    assert not re.search(r"[{}]|\([a-z_]+\)", text.message + text.suggestion)

    hidden = explain_rejection(discreet_rejection(rejection)).message
    tried = {"en": " (tried as BE0403170702)", "nl": " (geprobeerd als BE0403170702)"}[language]
    assert tried in text.message
    assert hidden == text.message.replace(tried, "").replace("0403.170.702", "***")

    same = {**rejection.values, "vat_number": "BE0403170702"}
    assert "BE0403170702" in explain(Reason.VAT_NUMBER_INVALID, same).message
    assert " als " not in explain(Reason.VAT_NUMBER_INVALID, same).message
    assert "tried" not in explain(Reason.VAT_NUMBER_INVALID, same).message


@pytest.mark.parametrize(
    ("problem", "english", "dutch"),
    [
        ("price.total", "the total cannot be used", "het totaal is niet bruikbaar"),
        ("price missing", "the total is missing", "het totaal ontbreekt"),
        (
            "orderlines missing",
            "the list of order lines is missing",
            "de lijst met bestelregels ontbreekt",
        ),
        (
            "orderlines.1.price.0.rate missing",
            "in line 2 the VAT rate is missing",
            "in regel 2 ontbreekt het btw-tarief",
        ),
        (
            "orderlines.0.price.0.amount",
            "in line 1 the amount without VAT cannot be used",
            "in regel 1 is het bedrag zonder btw niet bruikbaar",
        ),
        (
            "debtor.address.invoice.zipcode",
            "the customer's name or address cannot be used",
            "de naam of het adres van de klant is niet bruikbaar",
        ),
        (
            "credited_order_number 903",
            "the order that it credits (903) cannot be used",
            "de bestelling die gecrediteerd wordt (903) is niet bruikbaar",
        ),
        ("JSON", "all of it cannot be used", "het geheel is niet bruikbaar"),
    ],
)
def test_what_is_wrong_with_an_order_is_told_in_words(
    problem: str, english: str, dutch: str
) -> None:
    values = {"number": "1044", "problem": problem}
    use("en")
    assert explain(Reason.ORDER_INVALID, values).message == (
        f"Order 1044 is incomplete or damaged: {english}."
    )
    use("nl")
    assert explain(Reason.ORDER_INVALID, values).message == (
        f"Bestelling 1044 is onvolledig of beschadigd: {dutch}."
    )


def test_each_field_of_an_order_that_can_be_unreadable_has_its_words() -> None:
    """What is inside a field goes by it."""
    places = {place.partition(".")[0] for place in PLACES}
    # A flag is read whatever stands there.
    assert set(ShopOrder.model_fields) - places == {"archived", "test"}


def test_an_order_without_a_number_is_told_with_what_can_be_done() -> None:
    values = {"number": "?8eb050b5", "problem": "number missing"}
    text = explain(Reason.ORDER_INVALID, values)
    assert text.message == "An order in the shop has no number; it stands here as ?8eb050b5."
    assert "mww2minox retry" not in text.suggestion
    assert text.suggestion.endswith("mww2minox skip '?8eb050b5'")


def test_a_cause_that_an_older_state_lacks_leaves_the_general_sentence() -> None:
    values = {"number": "1024", "vat_number": "BE1", "region": "BE"}
    assert explain(Reason.VAT_NUMBER_INVALID, values).message == (
        "Order 1024: BE1 is not a valid VAT number of another EU country, so VAT cannot be"
        " reverse-charged."
    )


@pytest.mark.parametrize(
    "rejection",
    [*(Rejection(reason=reason, values={}) for reason in Reason), UNFIT_NUMBER, REFUSED_CUSTOMER],
)
def test_a_reason_is_told_in_a_few_words_of_each_language(rejection: Rejection) -> None:
    english = brief(rejection)
    use("nl")
    assert english != brief(rejection)
    assert len(brief(rejection)) <= 28


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_order_number_that_does_not_fit_has_two_ways_out(language: Language) -> None:
    use(language)
    text = explain_rejection(UNFIT_NUMBER)
    for way in ("booking.invoice_number: minox", "mww2minox adopt --order WEB-1024"):
        assert way in text.suggestion
    assert text.suggestion.endswith("mww2minox retry WEB-1024")
    assert "8" in text.message


def test_an_order_number_is_one_word_of_a_command() -> None:
    """It may come with spaces, or with what a shell takes for more commands."""
    number = "7; rm x"
    text = explain(Reason.NOTHING_TO_BOOK, {"number": number})
    assert text.message.startswith("Order 7; rm x ")
    assert text.suggestion.endswith("mww2minox retry '7; rm x'")
    difference = Difference(code="order_gone", values={})
    assert explain_differences(number, [difference]).suggestion.endswith("seen '7; rm x'")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "rejection",
    [
        Rejection(reason=Reason.FISCAL_YEAR_MISSING, values={"date": "2027-01-01"}),
        Rejection(reason=Reason.REJECTED_BY_MINOX, values={"message": "De periode is gesloten"}),
    ],
)
def test_a_booking_by_hand_is_named_by_what_the_order_was_decided_by(
    rejection: Rejection, language: Language
) -> None:
    use(language)
    values = {**rejection.values, "number": "1024"}
    by_number = explain(rejection.reason, values)
    by_text = explain(rejection.reason, values | {"by_hand": "description"})
    assert by_number.message == by_text.message
    for text, words in ((by_number, NUMBER), (by_text, DESCRIPTION)):
        assert words[language].format("1024") in text.suggestion
        assert text.suggestion.count("mww2minox adopt") == 1


CUSTOMER_REFUSALS = [
    ("Btw-nummer NL1 is ongeldig.", "Correct the VAT number in the invoice address of the order"),
    ("Invalid vat number", "Correct the VAT number in the invoice address of the order"),
    ("Het e-mailadres is ongeldig.", "Correct the e-mail address on the order in the shop"),
    ("Email is not valid", "Correct the e-mail address on the order in the shop"),
    ("Postcode 12 is ongeldig.", "Correct the customer's address on the order in the shop"),
    ("Landcode XX bestaat niet.", "Correct the customer's address on the order in the shop"),
    ("Dagboek KAS is geen verkoopdagboek.", "Put a sales journal at minox.journal"),
    ("Dagboek VERK is geblokkeerd.", "Lift the block on the journal in Minox"),
    ("De nummerreeks van dagboek VERK is vol.", "Give the sales journal a wider range"),
    ("De debiteur heeft geen naam.", "Or enter the customer in Minox yourself"),
    ("Debiteur is geblokkeerd", "Or enter the customer in Minox yourself"),
    ("Kredietlimiet: totaal debet wijkt af", "Or enter the customer in Minox yourself"),
]


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("reason", [Reason.EMAIL_MISSING, Reason.ORDER_INVALID])
def test_no_order_number_with_letters_is_to_be_an_invoice_number(
    reason: Reason, language: Language
) -> None:
    use(language)
    values = {"number": "WEB-1024", "problem": "date"}
    assert NUMBER[language].format("WEB-1024") not in explain(reason, values).suggestion


@pytest.mark.parametrize(("message", "advice"), CUSTOMER_REFUSALS)
def test_a_refused_customer_is_told_as_that_with_advice_for_the_order_in_the_shop(
    message: str, advice: str
) -> None:
    values = {**REFUSED_CUSTOMER.values, "message": message}
    text = explain(Reason.REJECTED_BY_MINOX, values)
    assert text.message == f"Minox refuses the customer of order 1024: {message}"
    assert text.suggestion.startswith(advice) or advice in text.suggestion
    assert text.suggestion.endswith(" Then run: mww2minox retry 1024")

    told = discreet_rejection(Rejection(reason=Reason.REJECTED_BY_MINOX, values=values))
    assert explain_rejection(told) == text
    use("nl")
    assert "debiteur van bestelling 1024" in explain_rejection(told).message


def test_a_value_that_an_older_state_lacks_shows_as_its_name() -> None:
    assert explain(Reason.CUSTOMER_BLOCKED, {"number": "1024"}).message == (
        "Order 1024: customer (customer) is blocked in Minox."
    )


def test_values_are_shown_as_they_are_on_one_line() -> None:
    text = explain(
        Reason.REJECTED_BY_MINOX, {"number": "1024", "message": "{number}\n  {0} {advice} %s"}
    )
    assert text.message == "Minox refuses the booking of order 1024: {number} {0} {advice} %s"


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
        ("Account 8000 was deactivated", "ask your bookkeeper"),
        ("Private accounts are refused", "ask your bookkeeper"),
        ("Onverwachte fout", "ask your bookkeeper"),
        ("", "ask your bookkeeper"),
    ],
)
def test_a_refusal_of_minox_comes_with_advice_where_its_text_is_known(
    message: str, words: str
) -> None:
    suggestion = explain(
        Reason.REJECTED_BY_MINOX, {"number": "1024", "message": message}
    ).suggestion
    assert words in suggestion
    assert "{" not in suggestion
    assert suggestion.endswith(" Then run: mww2minox retry 1024")


def test_an_advice_uses_no_value_but_the_number() -> None:
    for _words, text in ADVICE:
        assert _fields(text) <= {"number"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", DIFFERENCES)
def test_a_difference_shows_all_its_values(code: str, language: Language) -> None:
    use(language)
    text = describe(Difference(code=code, values=DIFFERENCE_VALUES[code]))
    assert all(value in text for value in _written(DIFFERENCE_VALUES[code].values(), language))
    assert not re.search(r"[{}]|\([a-z_]+\)", text)
    row = DIFFERENCES[code]
    assert _fields(row.text) == set(DIFFERENCE_VALUES[code])
    assert _fields(row.text) == set(row.values) | CHANGED.get(code, set())


def test_every_warning_of_the_interface_has_its_texts() -> None:
    """As of the reasons: the codes stand here once more on purpose."""
    assert set(WARNINGS) == set(WarningCode)
    assert {str(code) for code in WarningCode} == {
        "icp_number_missing",
        "customer_ambiguous",
        "customer_other_name",
        "vat_number_other_country",
        "payment_status",
        "credited_too_much",
        "vies_invalid",
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", WarningCode)
def test_a_warning_shows_all_its_values_and_ends_in_the_command_to_run(
    code: WarningCode, language: Language
) -> None:
    use(language)
    values = {"number": "1024", **WARNING_VALUES[code]}
    text = explain_warning(BookingWarning(code=code, values=values))
    for value in _written(values.values(), language):
        assert value in text.message
    assert re.search(r"\. (Voer daarna uit|Then run): mww2minox seen 1024$", text.suggestion), (
        text.suggestion
    )
    assert not re.search(r"[{}]|\([a-z_]+\)|  ", text.message + text.suggestion)

    row = WARNINGS[code]
    assert _fields(f"{row.message} {row.suggestion}") == {"number", *row.values}
    assert set(row.values) == set(WARNING_VALUES[code])


@pytest.mark.parametrize("code", WarningCode)
def test_a_warning_is_told_in_a_few_words_of_each_language(code: WarningCode) -> None:
    english = brief_warning(code)
    use("nl")
    assert english != brief_warning(code)
    assert max(len(english), len(brief_warning(code))) <= 28


@pytest.mark.parametrize("status", PAYMENT_STATUSES)
def test_what_the_shop_says_of_a_payment_is_shown_in_the_readers_words(status: str) -> None:
    use("nl")
    values = {"number": "1024", "status": status}
    shown = explain_warning(BookingWarning(code=WarningCode.PAYMENT_STATUS, values=values)).message
    assert status not in shown


@pytest.mark.parametrize("code", WarningCode)
def test_what_a_warning_shows_may_leave_this_machine_and_what_no_row_knows_may_not(
    code: WarningCode,
) -> None:
    """Its values stay with the booking for as long as the state does: no person is among them."""
    values = {"number": "1024", **WARNING_VALUES[code]}
    told = discreet_warning(BookingWarning(code=code, values={**values, "name": "Truus"}))
    assert told.values == {**values, "name": "***"}


@pytest.mark.parametrize(
    ("field", "dutch"),
    [
        ("date", "datum"),
        ("9%", "bedrag met 9% btw"),
        ("25.5%", "bedrag met 25,5% btw"),
        ("VAT 25.5%", "btw 25,5%"),
        ("25.5% shipping", "25,5% verzendkosten"),
        ("?", "?"),
    ],
)
def test_a_field_of_an_order_is_named_in_the_readers_words(field: str, dutch: str) -> None:
    use("nl")
    text = describe(
        Difference(code="order_changed", values={"field": field, "expected": "a", "found": "b"})
    )
    assert f": {dutch} was a, is nu b" in text


def test_every_field_that_can_change_has_a_dutch_name() -> None:
    order = Order(
        number="1", date=dt.date(2026, 3, 1), status=1, total=Decimal(1), lines=(), tax=None
    )
    other = Order(
        number="1",
        date=dt.date(2026, 3, 2),
        status=1,
        total=Decimal(2),
        lines=(),
        tax=None,
        currency="USD",
        tax_region="BE",
        tax_strategy="zero_percent",
        email="a@example.com",
        payment="a/b",
        credited_order_number="2",
        buyer=Buyer(vat_number="X", country_code="BE"),
    )
    assert {difference.values["field"] for difference in order_changes(order, other)} == set(FIELDS)


def test_amounts_have_the_readers_thousands_and_customers_do_not() -> None:
    values = {"number": "10240", "total": "12345.60", "lines": "-0.05", "difference": "12345.65"}
    use("nl")
    message = explain(Reason.TOTALS_MISMATCH, values).message
    assert (
        "het totaal is 12.345,60 euro, de regels tellen op tot -0,05 (verschil 12.345,65)"
        in message
    )
    assert "10240" in message


def test_a_difference_of_a_later_version_shows_its_code() -> None:
    assert describe(Difference(code="never_seen", values={})) == "never_seen"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (1234567, "12345.67"),
        (-5, "-0.05"),
        (0, "0.00"),
        (Decimal("47.4"), "47.40"),
        (Decimal(-3), "-3.00"),
    ],
)
def test_money_is_written_plainly_from_euros_or_cents(amount: Decimal | int, text: str) -> None:
    assert euros(amount) == text


# What may leave this machine, and where a reason leads: by the row alone


class MadeUp(StrEnum):
    """A reason that the catalogue does not have yet."""

    OF_A_LATER_DAY = "of_a_later_day"


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Reason:
    """A reason whose values hold an e-mail address, and that leads to `skipped`."""
    reason = cast("Reason", MadeUp.OF_A_LATER_DAY)
    row = ReasonRow(
        message="Order {number} is for {email} in {region}, of {total} euros.",
        suggestion="Ask {email}.",
        brief="later",
        state=State.SKIPPED,
        values={"email": Kind.PRIVATE, "region": Kind.TEXT, "total": Kind.MONEY},
    )
    monkeypatch.setitem(REASONS, reason, row)
    return reason


def _in_a_message(rejection: Rejection) -> str:
    order = StoredOrder(
        number="1024",
        date="2026-03-01",
        status=1,
        state=State.FAILED,
        rejection=rejection,
        total_cents=1210,
        payload={"malformed": {"number": "1024", "date": "", "status": None, "problem": "JSON"}},
        read=read_stored_order,
    )
    (matter,) = _failed(order)
    return f"{matter.message} {matter.suggestion}"


def test_a_private_value_of_a_new_reason_is_shown_here_and_in_no_message(made_up: Reason) -> None:
    values = {"number": "1024", "email": "a@example.com", "region": "BE", "total": "12.10"}
    rejection = Rejection(reason=made_up, values=values)
    here = "Order 1024 is for a@example.com in BE, of 12.10 euros."
    assert explain_rejection(rejection).message == here
    assert _in_a_message(rejection) == (
        "Order 1024 is for *** in BE, of 12.10 euros. Ask ***. Then run: mww2minox retry 1024"
    )


def test_a_value_that_the_row_does_not_name_is_in_no_message(
    made_up: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REASONS, made_up, replace(REASONS[made_up], values={}))
    rejection = Rejection(reason=made_up, values={"number": "1024", "email": "a@example.com"})
    assert "a@example.com" in explain_rejection(rejection).message
    assert "Order 1024 is for *** in" in _in_a_message(rejection)


def test_an_amount_of_a_new_reason_is_in_the_readers_form(made_up: Reason) -> None:
    use("nl")
    assert "of 1.234,50 euros" in explain(made_up, {"number": "1", "total": "1234.50"}).message


def test_a_value_that_is_no_amount_after_all_shows_as_it_is(made_up: Reason) -> None:
    for text in ("-", "", "NaN", "twelve"):
        assert f"of {text} euros".replace("  ", " ") in explain(made_up, {"total": text}).message


def test_a_reason_leads_to_the_state_of_its_row(made_up: Reason) -> None:
    assert state_of(made_up) is State.SKIPPED
    assert {reason for reason in Reason if state_of(reason) is State.SKIPPED} == {
        Reason.NOTHING_TO_BOOK,
        Reason.GONE_FROM_SHOP,
        Reason.SKIPPED_BY_HAND,
    }
    assert {reason for reason in Reason if state_of(reason) is State.WAITING} == {
        Reason.STATUS_NOT_SELECTED,
        Reason.BEFORE_SINCE,
    }


@pytest.mark.parametrize("state", State)
def test_a_state_has_its_words_in_each_language(state: State) -> None:
    english = state_in_words(state)
    use("nl")
    assert english != state_in_words(state)


def test_a_private_value_of_a_new_difference_is_in_no_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = {"expected": Kind.TEXT, "found": Kind.PRIVATE}
    row = DifferenceRow(brief="", text="address: {expected}, now {found}", values=values)
    monkeypatch.setitem(DIFFERENCES, "moved", row)
    moved = Difference(code="moved", values={"expected": "-", "found": "Dorpsstraat 1"})
    assert describe(moved) == "address: -, now Dorpsstraat 1"
    assert describe(discreet_difference(moved)) == "address: -, now ***"


def test_a_changed_vat_number_is_in_no_message_and_a_changed_total_is() -> None:
    values = {"expected": "12.10", "found": "24.20"}
    number, total = (
        discreet_difference(Difference(code="order_changed", values={**values, "field": field}))
        for field in ("taxnumber", "total")
    )
    assert describe(number).endswith("taxnumber was ***, is now ***")
    assert describe(total).endswith("total was 12.10, is now 24.20")


def test_a_difference_that_no_row_knows_keeps_its_values_here() -> None:
    unknown = Difference(code="never_seen", values={"found": "Dorpsstraat 1"})
    assert discreet_difference(unknown).values == {"found": "***"}


def test_what_several_differences_begin_with_is_said_once() -> None:
    changed = [
        Difference(
            code="order_changed", values={"field": field, "expected": "2.00", "found": "1.00"}
        )
        for field in ("total", "21%", "VAT 21%")
    ]
    message = explain_differences("1024", changed).message
    assert message == (
        "Order 1024: changed in the shop after it was booked: total was 2.00, is now 1.00; amount"
        " at 21% was 2.00, is now 1.00; VAT 21% was 2.00, is now 1.00."
    )
