"""Which box of the VAT return sales belong in, and which VAT codes of Minox go there."""

from decimal import Decimal

import pytest

from mww2minox.books.model import REVERSE_CHARGED, ZERO_PERCENT, VatNeed
from mww2minox.books.vat_return import boxes_of, fits

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
