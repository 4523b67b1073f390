"""What `setup` proposes: what both sides' lists leave no doubt about, and never another country's
VAT code.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from mww2minox.books.model import (
    REVERSE_CHARGED,
    ZERO_PERCENT,
    DistanceSale,
    ListEntry,
    Order,
    VatCode,
    VatNeed,
)
from mww2minox.commands.setup.proposal import (
    EU,
    Lists,
    Row,
    accounts_for,
    codes_for,
    journals,
    possible_codes,
    rows,
    statuses,
)
from mww2minox.language.texts import country_names
from mww2minox.shop.api import Status
from tests.harness.builders import line, order, reverse_charged

DOMESTIC = "Af te dragen (1a, 1b)"
PURCHASE = "Te vorderen (5b)"
DISTANCE = "Afstandsverkopen binnen de EU (3c)"
WITHIN_EU = "Verlegd binnen EU - levering (3b)"
EXPORT = "Verlegd buiten EU - levering (3a)"
DOMESTIC_REVERSE = "Verlegd binnenland - levering (1e)"
HOME_21 = VatNeed(strategy="", region="NL", rate=Decimal(21))
SHARE_21 = ["BE", "ES", "CZ", "LV", "LT"]
COUNTRIES = {region: country_names(region) for region in EU}


def code(
    number: int, rate: str, kind: str, description: str = "Btw", account: str = "1500"
) -> VatCode:
    """Give a VAT code."""
    return VatCode(
        code=str(number),
        percentage=Decimal(rate),
        type=kind,
        description=description,
        account=account,
    )


def account(number: str, description: str, vat: str = "", *, blocked: bool = False) -> ListEntry:
    """Give a ledger account."""
    return ListEntry(id=number, description=description, type="", blocked=blocked, vat=vat)


HIGH = code(1, "21", DOMESTIC, "Btw hoog")
REVENUE = account("8000", "Omzet 21%", "1")


def lists(
    codes: Iterable[VatCode] = (HIGH,), accounts: Iterable[ListEntry] = (REVENUE,), home: str = "NL"
) -> Lists:
    """Give what both sides have."""
    return Lists(shop_country=home, codes=list(codes), accounts=list(accounts), countries=COUNTRIES)


def abroad(region: str, rate: str = "21") -> VatNeed:
    """Give what a distance sale needs."""
    return VatNeed(strategy="", region=region, rate=Decimal(rate))


def sold(region: str = "NL", rate: str = "21") -> Order:
    """Give an order to a country."""
    return order(line("12.10", rate), tax_region=region)


def proposed(
    orders: Iterable[Order], there: Lists, rates: Mapping[str, list[Decimal]] | None = None
) -> dict[VatNeed, Row]:
    """Return the rows by what they are needed for."""
    return {row.need: row for row in rows(orders, rates or {}, there)}


# Codes


def test_the_code_has_the_percentage_and_the_box() -> None:
    there = lists(
        [HIGH, code(2, "9", DOMESTIC), code(3, "21", PURCHASE), code(11, "21", DISTANCE, "België")]
    )
    row = proposed([sold()], there)[HOME_21]
    assert (row.code, row.account, row.orders) == (HIGH, REVENUE, 1)


def test_a_line_type_that_has_a_row_of_its_own_asks_for_no_other() -> None:
    gift_card = VatNeed(strategy="", region="NL", rate=Decimal(0), type="gift_card")
    sale = order(line("12.10"), line("25.00", "0", type="gift_card"))
    needs = {row.need: row.orders for row in rows([sale], {}, lists(), {gift_card})}
    assert needs == {HOME_21: 1, gift_card: 1}

    other = order(line("12.10"), line("25.00", "0"), line("-5.00", "0", type="gift_card"))
    at_zero = replace(gift_card, type="")
    assert {row.need for row in rows([other], {}, lists(), {gift_card})} == {
        HOME_21,
        at_zero,
        gift_card,
    }


def test_several_codes_that_fit_are_asked_for() -> None:
    other = code(7, "21", DOMESTIC, "Btw hoog, marge")
    row = proposed([sold()], lists([HIGH, other]))[HOME_21]
    assert row.code is None
    assert row.codes == (HIGH, other)


@pytest.mark.parametrize("region", SHARE_21)
def test_countries_that_share_a_rate_each_have_their_own_code(region: str) -> None:
    own = {
        other: code(number, "21", DISTANCE, f"{country_names(other)[0].title()} 21%")
        for number, other in enumerate(SHARE_21)
    }
    row = proposed([sold(region)], lists([HIGH, *own.values()]))[abroad(region)]
    assert row.code == own[region]


@pytest.mark.parametrize("region", SHARE_21)
@pytest.mark.parametrize(
    "name", ["{full} 21%", "OSS {short} 21%", "Btw 21% ({short})", "21% {english} sales"]
)
def test_a_code_named_after_another_country_is_never_proposed(region: str, name: str) -> None:
    names = {other: country_names(other) for other in SHARE_21 if other != region}
    foreign = [
        code(number, "21", kind, name.format(full=full[0].title(), english=full[-1], short=other))
        for number, (other, full) in enumerate(names.items())
        for kind in (DISTANCE, "")
    ]
    assert codes_for(abroad(region), lists(foreign)) == ()
    assert codes_for(HOME_21, lists(foreign)) == ()


@pytest.mark.parametrize("name", ["BE 21%", "OSS BE", "België hoog", "Belgium 21%", "btw (BE)"])
def test_a_country_is_known_by_its_names_and_its_two_letters(name: str) -> None:
    belgian = code(11, "21", DISTANCE, name)
    assert proposed([sold("BE")], lists([HIGH, belgian]))[abroad("BE")].code == belgian


TWO = [code(11, "21", DISTANCE, "OSS hoog"), code(12, "6", DISTANCE, "OSS laag")]
ABROAD = [account("8310", "Omzet BE"), account("8320", "Verkopen in het buitenland")]


def choice(country: str, number: str = "11", ledger: str = "8320") -> DistanceSale:
    """Give what the administration has for a country."""
    return DistanceSale(country=country, code=number, ledger=ledger)


@pytest.mark.parametrize(("rate", "number"), [("21", "11"), ("6", "12")])
def test_the_administrations_own_choice_for_a_country_is_beyond_doubt(
    rate: str, number: str
) -> None:
    """Whatever its codes and accounts are called, by the rate that the orders have."""
    sales = [choice("BE"), choice("BE", "12"), choice("ES")]
    there = replace(lists([HIGH, *TWO], ABROAD), distance_sales=sales)
    row = proposed([sold("BE", rate)], there)[abroad("BE", rate)]
    assert row.code is not None
    assert row.account is not None
    assert (row.code.code, row.account.id) == (number, "8320")
    assert row.is_certain


@pytest.mark.parametrize(
    "sales",
    [
        [],
        [choice("ES")],
        [choice("BE", "12")],
        [choice("BE", "99")],
        [choice("BE"), choice("BE", ledger="8310")],
    ],
    ids=["none", "another country", "another rate", "no such code", "two"],
)
def test_without_one_choice_of_its_own_it_is_as_without_any(sales: list[DistanceSale]) -> None:
    there = lists([HIGH, *TWO], ABROAD)
    without = proposed([sold("BE")], there)
    assert proposed([sold("BE")], replace(there, distance_sales=sales)) == without
    assert not without[abroad("BE")].is_certain


def test_an_account_that_is_blocked_is_not_chosen_by_the_administration_either() -> None:
    accounts = [account("8310", "Omzet België"), account("8320", "Oud", blocked=True)]
    there = replace(lists([HIGH, *TWO], accounts), distance_sales=[choice("BE")])
    row = proposed([sold("BE")], there)[abroad("BE")]
    assert [one.id for one in row.accounts] == ["8310"]


def test_a_code_for_purchases_is_no_choice_for_sales() -> None:
    bought = code(13, "21", "Verlegd binnen EU - verwerving (4b)", "België")
    there = replace(lists([HIGH, bought], ABROAD), distance_sales=[choice("BE", "13")])
    assert proposed([sold("BE")], there)[abroad("BE")].codes == ()


def test_a_code_that_names_no_country_is_asked_about_abroad() -> None:
    general = code(11, "21", DISTANCE, "Afstandsverkopen hoog, Spaanse btw")
    row = proposed([sold("BE")], lists([HIGH, general]))[abroad("BE")]
    assert row.codes == (general,)
    assert row.code is None, "it may be Spain's"


def test_a_domestic_code_without_a_box_does_not_become_another_countrys() -> None:
    row = proposed([sold("BE")], lists([code(1, "21", "Af te dragen")]))[abroad("BE")]
    assert row.code is None


def test_a_purchase_code_without_a_box_is_not_taken_for_sales() -> None:
    row = proposed(
        [sold()], lists([code(3, "21", "Te vorderen")], [account("7000", "Inkopen", "3")])
    )[HOME_21]
    assert row.code is None


@pytest.mark.parametrize("kind", [DOMESTIC_REVERSE, "Geen", EXPORT, WITHIN_EU])
@pytest.mark.parametrize("region", ["NL", "BE"])
def test_a_regular_0_percent_is_always_asked_about(kind: str, region: str) -> None:
    zero = code(9, "0", kind, "Nul")
    there = lists([zero], [account("8005", "Omzet verlegd", "9")])
    row = proposed([sold(region, "0")], there)[abroad(region, "0")]
    assert row.code is None


def test_the_strategies_go_to_their_own_boxes() -> None:
    within, export = code(6, "0", WITHIN_EU), code(5, "0", EXPORT)
    there = lists([HIGH, within, export, code(9, "0", DOMESTIC_REVERSE)])
    orders = [
        reverse_charged(),
        order(line("10.00", "0"), tax_strategy=ZERO_PERCENT, tax_region="CH"),
    ]
    found = proposed(orders, there)
    assert {need.strategy: row.code for need, row in found.items()} == {
        REVERSE_CHARGED: within,
        ZERO_PERCENT: export,
    }
    assert {need.region for need in found} == {""}, "whatever the region (books/rules.md, rule 7)"


def test_services_and_goods_within_the_eu_are_asked_about() -> None:
    codes = [code(6, "0", WITHIN_EU), code(7, "0", "Diensten binnen de EU (ICP)")]
    (row,) = proposed([reverse_charged()], lists(codes)).values()
    assert row.code is None
    assert row.codes == tuple(codes)


def test_a_rate_under_a_strategy_has_no_code() -> None:
    given = order(line("12.10", "21"), tax_strategy=REVERSE_CHARGED, tax_region="BE")
    (row,) = proposed([given], lists()).values()
    assert row.codes == ()


def test_a_rate_that_only_the_invoice_has_needs_no_row() -> None:
    assert list(proposed([order(line("12.10"), tax={"21": "2.10", "9": "0.02"})], lists())) == [
        HOME_21
    ]


def test_without_codes_there_is_a_row_for_what_orders_need_and_nothing_in_it() -> None:
    found = proposed([sold(), sold("DE", "19")], lists([], []), {"NL": [Decimal(21), Decimal(9)]})
    assert {need: (row.codes, row.accounts, row.code) for need, row in found.items()} == {
        HOME_21: ((), (), None),
        abroad("DE", "19"): ((), (), None),
    }


def test_what_the_shop_is_set_up_for_is_proposed_only_where_it_is_certain() -> None:
    low, belgian = code(2, "9", DOMESTIC), code(11, "21", DISTANCE, "België 21%")
    accounts = [
        REVENUE,
        account("8010", "Omzet 9%", "2"),
        account("8310", "Afstandsverkopen België", "11"),
    ]
    rates = {"NL": [Decimal(21), Decimal(9)], "BE": [Decimal(21), Decimal(6)], "DE": [Decimal(19)]}
    found = proposed([sold()], lists([HIGH, low, belgian], accounts), rates)
    assert list(found) == [HOME_21, abroad("NL", "9"), abroad("BE")]


def test_the_most_frequent_comes_first() -> None:
    found = proposed([sold(), sold("DE", "19"), sold("DE", "19")], lists())
    assert list(found) == [abroad("DE", "19"), HOME_21]


def test_another_home_has_its_own_boxes() -> None:
    row = proposed([sold("BE")], lists(home="BE"))[abroad("BE")]
    assert row.code == HIGH


def test_a_user_may_choose_any_code_of_the_rate_that_is_for_sales() -> None:
    unreadable, foreign = code(8, "-1", DOMESTIC), code(11, "21", DISTANCE, "België")
    there = lists([HIGH, code(2, "9", DOMESTIC), code(3, "21", PURCHASE), unreadable, foreign])
    assert possible_codes(HOME_21, there) == [HIGH, unreadable, foreign]


# Ledger accounts


def test_a_blocked_account_is_not_proposed() -> None:
    blocked = account("8000", "Omzet 21%", "1", blocked=True)
    assert accounts_for(HOME_21, HIGH, lists(accounts=[blocked])) == ()


def test_the_vat_account_itself_is_not_proposed() -> None:
    assert (
        accounts_for(HOME_21, HIGH, lists(accounts=[account("1500", "Btw omzet 21%", "1")])) == ()
    )


def test_of_accounts_that_carry_the_code_those_for_revenue_come_first() -> None:
    there = [account("1600", "Tussenrekening", "1"), REVENUE]
    assert accounts_for(HOME_21, HIGH, lists(accounts=there)) == (REVENUE,)


def test_two_accounts_for_revenue_are_asked_about() -> None:
    there = [REVENUE, account("8001", "Omzet winkel 21%", "1")]
    assert proposed([sold()], lists(accounts=there))[HOME_21].account is None


def test_accounts_without_vat_codes_are_known_by_their_names() -> None:
    named = [
        account("8000", "Omzet hoog 21%"),
        account("8310", "Omzet België 21%"),
        account("4000", "Kosten 21%"),
    ]
    assert [one.id for one in accounts_for(HOME_21, HIGH, lists(accounts=named))] == ["8000"]
    belgian = code(11, "21", DISTANCE, "België 21%")
    assert [one.id for one in accounts_for(abroad("BE"), belgian, lists(accounts=named))] == [
        "8310"
    ]


@pytest.mark.parametrize("description", ["Omzet 19%", "Omzet 29%", "Omzet 9%5"])
def test_a_percentage_is_a_whole_word(description: str) -> None:
    need = abroad("NL", "9")
    assert (
        accounts_for(need, code(2, "9", DOMESTIC), lists(accounts=[account("8010", description)]))
        == ()
    )


# Statuses

SALES = {
    "nl": [
        "Betaald",
        "Verzonden",
        "Betaald en verzonden",
        "Afgehaald",
        "Afgerond",
        "Terugbetaald",
        "BETAALD",
    ],
    "en": ["Paid", "Shipped", "Completed", "Picked up", "Refunded", "Sent"],
    "de": ["Bezahlt", "Versandt", "Abgeschlossen", "Geliefert", "Erstattet"],
    "fr": ["Payé", "Payée", "Expédié", "Livrée", "Remboursé"],
}
NO_SALES = {
    "nl": (
        """Nieuw, Wacht op betaling, Niet betaald, Onbetaald, Deels verzonden,
        Nog niet verzonden, Te betalen, Kan worden afgehaald,
        Klaar om te worden verzonden, Betaling mislukt, Geannuleerd"""
    ),
    "en": (
        """New, Awaiting payment, Unpaid, Not paid, Partially shipped, To be paid, Undelivered,
        Ready to be collected, Unshipped, Cancelled"""
    ),
    "de": (
        """Neu, Unbezahlt, Nicht bezahlt, Teilweise geliefert, Zu bezahlen, Storniert,
        Noch nicht versandt"""
    ),
    "fr": (
        """Nouveau, En attente de paiement, Non payé, Impayé, À payer, À expédier,
        Pas encore expédié,
        Partiellement expédié, Annulé"""
    ),
}


def named(names: Iterable[str], *, credit_order: bool = False) -> list[Status]:
    """Give statuses."""
    return [
        Status(number=place, name=name, credit_order=credit_order)
        for place, name in enumerate(names, 1)
    ]


@pytest.mark.parametrize("language", SALES)
def test_statuses_are_chosen_by_what_they_mean(language: str) -> None:
    there = named([*SALES[language], *map(str.strip, NO_SALES[language].split(","))])
    assert [status.name for status in statuses(there)] == SALES[language]


def test_every_status_of_credit_orders_books() -> None:
    there = named(["Nieuw", "Iets anders"], credit_order=True)
    assert statuses(there) == there


# Journals


def journal(name: str, kind: str, description: str = "") -> ListEntry:
    """Give a journal."""
    return ListEntry(id=name, description=description, type=kind, blocked=False)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([journal("VERK", "sales"), journal("VERK2", "general", "Verkoop oud")], ["VERK"]),
        ([journal("VERK", "general"), journal("INK", "general")], ["VERK"]),
        ([journal("V1", "zsj", "Verkoopboek"), journal("M", "zmj")], ["V1"]),
        ([journal("INK", "purchase", "Inkoop verkoopmateriaal"), journal("MEMO", "general")], []),
        ([journal("BANK", "bank")], []),
        ([], []),
    ],
)
def test_a_journal_is_for_sales_by_its_type_or_else_its_name(
    there: list[ListEntry], expected: list[str]
) -> None:
    assert [found.id for found in journals(there)] == expected
