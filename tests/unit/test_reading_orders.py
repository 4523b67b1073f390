"""An order of the shop's JSON in the core's words, however the shop writes what is empty."""

import copy
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from mww2minox.sandbox.order_parts import goods, invoice, order, person
from mww2minox.shop.orders import read_order

PLAIN = order(
    "1024",
    dt.date(2026, 3, 14),
    person("Jan Jansen", "jan@example.nl", company="Kaas BV"),
    [goods("21", "12.10")],
    invoice("12.10", ("21", "2.10")),
)
OPTIONAL = [
    ("status_changed_date",),
    ("archived",),
    ("test",),
    ("taxed",),
    ("currency",),
    ("tax_region",),
    ("tax_strategy",),
    ("payment",),
    ("payment", "gateway_name"),
    ("payment_status",),
    ("credited_order_number",),
    ("debtor",),
    ("debtor", "email"),
    ("debtor", "address"),
    ("debtor", "address", "invoice"),
    ("debtor", "address", "invoice", "company"),
    ("debtor", "address", "invoice", "number"),
    ("price", "tax"),
    ("orderlines",),
    ("orderlines", 0, "type"),
    ("orderlines", 0, "price"),
    ("orderlines", 0, "price", 0, "amount"),
]


def changed(*place: str | int, value: object) -> dict[str, Any]:
    """Return the plain order with something else in one place."""
    raw = copy.deepcopy(PLAIN)
    inner: Any = raw
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return raw


@pytest.mark.parametrize("empty", [None, False, "", [], {}])
@pytest.mark.parametrize("place", OPTIONAL, ids=lambda place: ".".join(map(str, place)))
def test_whatever_means_empty_is_as_if_the_field_were_not_there(
    place: tuple[str | int, ...], empty: object
) -> None:
    raw = changed(*place, value=empty)
    absent = copy.deepcopy(PLAIN)
    inner: Any = absent
    for name in place[:-1]:
        inner = inner[name]
    inner.pop(place[-1], None)

    assert read_order(raw).order is not None
    assert read_order(raw).order == read_order(absent).order


@pytest.mark.parametrize("empty", [None, False, "", [], {}])
def test_what_is_empty_in_a_list_is_no_entry_of_it(empty: object) -> None:
    raw = changed("orderlines", value=[empty, *PLAIN["orderlines"], empty])
    assert read_order(raw).order == read_order(PLAIN).order


@pytest.mark.parametrize(
    ("number", "street"),
    [
        (62, "Molenstraat 62"),
        (62.0, "Molenstraat 62"),
        # What has a point in the shop's JSON is read as Decimal.
        (Decimal("62.0"), "Molenstraat 62"),
        (Decimal("62.5"), "Molenstraat 62.5"),
        (Decimal("1E+999999"), "Molenstraat 1E+999999"),
        ("62.0", "Molenstraat 62.0"),
    ],
)
def test_a_house_number_may_be_a_number(number: object, street: str) -> None:
    found = read_order(changed("debtor", "address", "invoice", "number", value=number)).order
    assert found
    assert found.buyer.street == street


def test_any_number_in_the_shops_json_may_have_a_point() -> None:
    text = json.dumps(PLAIN | {"number": 1024.0, "status": 2.0, "credited_order_number": 1001.0})
    found = read_order(json.loads(text, parse_float=Decimal)).order
    assert found
    assert (found.number, found.status, found.credited_order_number) == ("1024", 2, "1001")


@pytest.mark.parametrize("kind", ["Shipping", "SHIPPING", " shipping "])
def test_a_type_of_line_is_the_same_in_capitals(kind: str) -> None:
    found = read_order(changed("orderlines", 0, "type", value=kind)).order
    assert found
    assert found.lines[0].type == "shipping"


@pytest.mark.parametrize("currency", ["eur", "Eur", " EUR "])
def test_a_currency_is_the_same_in_small_letters(currency: str) -> None:
    found = read_order(changed("currency", value=currency)).order
    assert found
    assert found.currency == "EUR"


@pytest.mark.parametrize(
    ("code", "country"), [("UK", "GB"), ("uk", "GB"), ("EL", "GR"), ("NL", "NL"), ("GB", "GB")]
)
def test_two_countries_go_by_the_code_that_vat_has_for_them(code: str, country: str) -> None:
    found = read_order(changed("tax_region", value=code)).order
    assert found
    assert found.tax_region == country
    place = ("debtor", "address", "invoice", "country_code")
    found = read_order(changed(*place, value=code)).order
    assert found
    assert found.buyer.country_code == country


# An order without a number


def nameless(**fields: object) -> dict[str, Any]:
    """Return the plain order without its number."""
    return {name: value for name, value in PLAIN.items() if name != "number"} | fields


def test_an_order_without_a_number_is_known_by_its_uuid_whatever_changes() -> None:
    first, later = read_order(nameless()), read_order(nameless(comments="changed", number=""))
    assert first.number == later.number
    assert first.number.startswith("?")
    assert read_order(nameless(uuid="another")).number != first.number

    # When it has come with a number, it is known what it stood as before.
    assert first.number in read_order(PLAIN).stand_ins
    assert read_order(PLAIN).number == "1024"


def test_an_order_without_number_and_uuid_is_known_by_all_of_it() -> None:
    without = nameless(uuid=None)
    assert read_order(without).number == read_order(dict(without)).number
    assert read_order(without).number != read_order(without | {"comments": "x"}).number
