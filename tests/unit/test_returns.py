"""Which box of the VAT return sales belong in, and which VAT codes of Minox go there."""

import datetime as dt
from decimal import Decimal

import pytest

from mww2minox.books.model import REVERSE_CHARGED, ZERO_PERCENT, VatNeed
from mww2minox.books.vat_return import box_of, boxes_of, fits, is_distance_sale, quarter_of
from mww2minox.books.vat_sums import NO_TURNOVER

OWED = "Af te dragen (1a, 1b)"
PURCHASES = "Te vorderen (5b)"
INLAND = "Verlegd binnenland - levering (1e)"
EXPORTS = "Verlegd buiten EU - levering (3a)"
WITHIN_EU = "Verlegd binnen EU - levering (3b)"
DISTANCE = "Afstandsverkopen binnen de EU (3c)"
SERVICES = "Diensten binnen de EU (ICP)"
UNTOLD = ("", "Btw", "Iets nieuws (zie 12a)")

HOME = VatNeed(strategy="", region="NL", rate=Decimal(21))
EXEMPT = VatNeed(strategy="", region="NL", rate=Decimal(0))
ABROAD = VatNeed(strategy="", region="BE", rate=Decimal(21))
SHIFTED = VatNeed(strategy=REVERSE_CHARGED, region="", rate=Decimal(0))
EXPORTED = VatNeed(strategy=ZERO_PERCENT, region="", rate=Decimal(0))

RIGHT = {
    (HOME, OWED),
    (ABROAD, DISTANCE),
    (SHIFTED, WITHIN_EU),
    (SHIFTED, SERVICES),
    (EXPORTED, EXPORTS),
}


@pytest.mark.parametrize(
    "vat_type", [OWED, PURCHASES, INLAND, EXPORTS, WITHIN_EU, DISTANCE, SERVICES]
)
@pytest.mark.parametrize(
    "need", [HOME, ABROAD, SHIFTED, EXPORTED], ids=lambda need: f"{need.strategy}{need.region}"
)
def test_sales_go_to_their_own_box_and_to_no_other(need: VatNeed, vat_type: str) -> None:
    assert fits(need, "NL", vat_type) is ((need, vat_type) in RIGHT)


@pytest.mark.parametrize("vat_type", UNTOLD)
@pytest.mark.parametrize(
    "need", [HOME, ABROAD, SHIFTED, EXPORTED], ids=lambda need: f"{need.strategy}{need.region}"
)
def test_a_type_without_a_box_that_is_known_tells_nothing(need: VatNeed, vat_type: str) -> None:
    assert fits(need, "NL", vat_type) is None


def test_the_country_of_the_shop_decides_what_is_abroad() -> None:
    assert fits(ABROAD, "BE", OWED) is True
    assert fits(HOME, "BE", OWED) is False
    assert fits(HOME, "", OWED) is None
    assert fits(SHIFTED, "", WITHIN_EU) is True


@pytest.mark.parametrize("vat_type", [OWED, EXPORTS, *UNTOLD])
def test_the_box_of_a_regular_0_percent_depends_on_the_goods(vat_type: str) -> None:
    assert fits(EXEMPT, "NL", vat_type) is None


@pytest.mark.parametrize(
    "vat_type",
    [
        PURCHASES,
        "Verlegd binnenland - verwerving (2a)",
        "Verlegd buiten EU - verwerving (4a)",
        "Verlegd binnen EU - verwerving (4b)",
    ],
)
@pytest.mark.parametrize("need", [HOME, EXEMPT, ABROAD, SHIFTED, EXPORTED])
def test_vat_on_purchases_is_never_for_sales(need: VatNeed, vat_type: str) -> None:
    assert fits(need, "NL", vat_type) is False
    assert fits(need, "", vat_type) is False
    assert fits(need, "", "Verlegd binnen EU - inkoop (4b, 5b)") is False


def test_boxes_are_read_between_brackets_in_any_capitals() -> None:
    assert boxes_of("Af te dragen (1A en 1B)") == {"1a", "1b"}
    assert boxes_of("Diensten 3a binnen de EU (icp)") == {"icp"}


# What a sum is declared as


@pytest.mark.parametrize(
    ("strategy", "region", "rate", "code", "box"),
    [
        ("", "NL", "21", "1", "1a"),
        ("", "NL", "9", "2", "1b"),
        ("", "NL", "6", "2", "1b"),
        ("", "NL", "13", "2", "1c"),
        ("", "NL", "0", "5", "1e"),
        ("", "NL", "0", NO_TURNOVER, ""),
        ("", "DE", "19", "10", "3c"),
        ("", "GR", "24", "10", "3c"),
        ("", "CH", "8.1", "10", ""),
        (REVERSE_CHARGED, "BE", "0", "6", "3b"),
        (ZERO_PERCENT, "CH", "0", "5", "3a"),
        ("something_new", "CH", "0", "5", ""),
    ],
)
def test_a_sum_is_in_one_box(strategy: str, region: str, rate: str, code: str, box: str) -> None:
    need = VatNeed(strategy=strategy, region=region, rate=Decimal(rate))
    assert box_of(need, code, "NL") == box


@pytest.mark.parametrize(
    ("need", "code", "country", "counts"),
    [
        (HOME, "1", "NL", False),
        (HOME, "1", "", False),
        (HOME, "1", "DE", True),
        (ABROAD, "11", "", True),
        (ABROAD, "11", "NL", True),
        (HOME, "1", "CH", False),
        (HOME, NO_TURNOVER, "DE", False),
        (SHIFTED, "6", "BE", False),
    ],
)
def test_distance_sales_are_those_to_consumers_in_another_member_state(
    need: VatNeed, code: str, country: str, *, counts: bool
) -> None:
    assert is_distance_sale(need, code, country, "NL") is counts


@pytest.mark.parametrize(
    ("day", "start", "end", "due"),
    [
        ("2026-01-01", "2026-01-01", "2026-03-31", "2026-04-30"),
        ("2026-11-26", "2026-10-01", "2026-12-31", "2027-01-31"),
        ("2028-02-29", "2028-01-01", "2028-03-31", "2028-04-30"),
        ("2026-09-30", "2026-07-01", "2026-09-30", "2026-10-31"),
    ],
)
def test_a_return_is_due_on_the_last_day_of_the_month_after_its_quarter(
    day: str, start: str, end: str, due: str
) -> None:
    quarter = quarter_of(dt.date.fromisoformat(day))
    dates = [one.isoformat() for one in (quarter.start, quarter.end, quarter.due)]
    assert dates == [start, end, due]
