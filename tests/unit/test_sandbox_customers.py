"""The sandbox' Minox: its lists, its pages, and its customers."""

from __future__ import annotations

import datetime as dt
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import requests
import time_machine

from mww2minox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = dt.date(2026, 3, 20)
STRANGE = "Jan+shop/50%#1.O'Neil@Example.com"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Start an administration without orders."""
    with Sandbox(today=TODAY, samples=False) as running:
        yield running


def _call(sandbox: Sandbox, method: str, path: str, **more: Any) -> requests.Response:
    url = (
        path
        if path.startswith("http")
        else f"{sandbox.minox_url}/api/1/tenant/12345/administration{path}"
    )
    token = sandbox.minox.tokens.issue()["access_token"]
    return requests.request(
        method, url, headers={"Authorization": f"Bearer {token}"}, timeout=5, **more
    )


def _get(sandbox: Sandbox, path: str, **query: str | int) -> requests.Response:
    return _call(sandbox, "GET", path, params=query)


def _new(email: str, **fields: object) -> dict[str, Any]:
    emails = [{"email_address_type": "general", "email_address": email}]
    return {
        "addresses": [{"address_type": "postal", "name": "Jan", "email_addresses": emails}],
        **fields,
    }


def _create(sandbox: Sandbox, customer: object, journal: str = "VERK") -> requests.Response:
    return _call(sandbox, "POST", "/1/customer", json=customer, params={"journal_id": journal})


def _by_email(sandbox: Sandbox, email: str) -> requests.Response:
    return _get(sandbox, f"/1/customer/by_email/{quote(email, safe='')}")


def _ids(answer: requests.Response) -> list[str]:
    return [row["id"] for row in answer.json()["collection"]]


def test_the_administration_tells_its_fiscal_years(sandbox: Sandbox) -> None:
    """This calendar year and the one before."""
    (administration,) = _get(sandbox, "").json()["collection"]

    assert administration["number_of_periods"] == 12
    assert administration["currency"] == {"id": "EUR"}
    assert [year["start_date"] for year in administration["fiscal_years"]] == [
        "2025-01-01",
        "2026-01-01",
    ]


@pytest.mark.parametrize("path", ["/1/ledger_account", "/1/vat", "/1/journal", "/1/payment_term"])
def test_lists_come_as_collections(sandbox: Sandbox, path: str) -> None:
    """Each needs a token, and is in this administration of this tenant only."""
    assert _get(sandbox, path).json()["collection"]
    assert _get(sandbox, path.replace("1", "2", 1)).status_code == 404
    foreign = f"{sandbox.minox_url}/api/1/tenant/99/administration{path}"
    assert _get(sandbox, foreign).status_code == 404
    assert requests.get(foreign, timeout=5).status_code == 401


def test_a_ledger_account_and_what_a_customer_is_are_told(sandbox: Sandbox) -> None:
    """One account by its number; whether a customer stands for many."""
    assert _get(sandbox, "/1/ledger_account/8000").json()["description"] == "Omzet 21%"
    assert _get(sandbox, "/1/ledger_account/7777").status_code == 404
    assert _get(sandbox, "/1/customer/10600").json()["is_one_time"] is True
    assert _get(sandbox, "/1/customer/10610").json()["is_one_time"] is False


def test_pages_by_link(sandbox: Sandbox) -> None:
    """Each page but the last names the next one in full."""
    sandbox.settings.page_size = 6
    seen, url = [], "/1/ledger_account"
    while url:
        page = _get(sandbox, url)
        seen.append(_ids(page))
        url = page.json()["links"].get("next", "")

    assert [len(page) for page in seen] == [6, 6, 6, 1]
    assert list(chain(*seen)) == list(sandbox.minox.administration.accounts)


def test_pages_by_number(sandbox: Sandbox) -> None:
    """The answer tells how many there are."""
    sandbox.settings.update({"paging": "metadata", "page_size": 6})
    pages = [_get(sandbox, "/1/ledger_account", currentpage=number) for number in (1, 2, 3, 4)]

    assert pages[1].json()["metadata"] == {"last": 4, "results": 19, "currentpage": 2}
    assert list(chain.from_iterable(map(_ids, pages))) == list(
        sandbox.minox.administration.accounts
    )


def test_no_pages(sandbox: Sandbox) -> None:
    """All at once."""
    sandbox.settings.update({"paging": "none", "page_size": 1})
    assert len(_ids(_get(sandbox, "/1/vat"))) == 8


def test_distance_sales_name_their_countries(sandbox: Sandbox) -> None:
    """With ledger account and VAT code; whether they are told at all is a switch."""
    germany, belgium = _get(sandbox, "/1/distance_sales").json()["collection"]
    assert germany == {"country_code": "DE", "ledger_account_id": "8300", "vat_id": 10}
    assert belgium["country_code"] == "BE"

    for reading, status in (("forbidden", 403), ("absent", 404)):
        sandbox.settings.update({"distance_sales": reading})
        assert _get(sandbox, "/1/distance_sales").status_code == status


def test_new_customers_are_numbered_from_the_range(sandbox: Sandbox) -> None:
    """The same externalid twice makes two customers: a repeated POST is not safe."""
    first = _create(sandbox, _new("a@example.nl", externalid="x1"))
    second = _create(sandbox, _new("a@example.nl", externalid="x1"))

    assert (first.status_code, first.json()["id"], second.json()["id"]) == (201, "10001", "10002")
    assert _ids(_get(sandbox, "/1/customer/by_externalid/x1")) == ["10001", "10002"]
    assert _get(sandbox, "/1/customer/10001").json()["blocked"] == {"active": False, "reason": None}


@pytest.mark.parametrize(
    ("customer", "journal"),
    [
        (_new("a@example.nl"), "INK"),
        (_new("a@example.nl"), "NONE"),
        ({"addresses": []}, "VERK"),
        ([], "VERK"),
    ],
)
def test_wrong_customers_are_refused(sandbox: Sandbox, customer: object, journal: str) -> None:
    """Without a sales journal or a name there is no customer."""
    before = dict(sandbox.minox.customers)
    answer = _create(sandbox, customer, journal)

    assert answer.status_code == 400
    assert answer.json()[0]["message_type"] == "error"
    assert sandbox.minox.customers == before


@pytest.mark.parametrize("how", ["customer", "id", "location", "nothing"])
def test_a_new_customer_is_answered_in_four_ways(sandbox: Sandbox, how: str) -> None:
    """The customer is made in each."""
    sandbox.settings.update({"post_customer": how})
    answer = _create(sandbox, _new("a@example.nl"))

    assert answer.status_code == 201
    assert "10001" in sandbox.minox.customers
    assert ("/customer/10001" in answer.headers.get("Location", "")) is (how == "location")
    if how in {"location", "nothing"}:
        assert answer.content == b""
    else:
        assert answer.json()["id"] == "10001"
        assert ("addresses" in answer.json()) is (how == "customer")


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("none", []),
        ("email", ["email_address_type_invalid"]),
        ("both", ["email_address_type_invalid", "phone_number_type_invalid"]),
    ],
)
def test_types_of_contacts_may_be_refused(sandbox: Sandbox, kind: str, codes: list[str]) -> None:
    """By a switch; the message names the field, and without a type all is well."""
    sandbox.settings.update({"refused_types": kind})
    phones = [{"phone_number_type": "phone", "phone_number": "06-1"}]
    customer = _new("a@example.nl")
    customer["addresses"][0]["phone_numbers"] = phones
    answer = _create(sandbox, customer)
    assert [row["message_code"] for row in answer.json() if codes] == codes
    assert all(row["field"].startswith("addresses[0].") for row in answer.json() if codes)

    del phones[0]["phone_number_type"]
    del customer["addresses"][0]["email_addresses"][0]["email_address_type"]
    assert _create(sandbox, customer).status_code == 201


@pytest.mark.parametrize(
    ("email", "address", "more", "code"),
    [
        ("geen", {}, {}, "email_address_invalid"),
        ("a@example.nl", {"country_code": "Nederland"}, {}, "country_code_invalid"),
        ("a@example.nl", {"country_code": "NL", "postal_code": "12"}, {}, "postal_code_invalid"),
        (
            "a@example.nl",
            {},
            {"vat": {"vat_registration_number": "12"}},
            "vat_registration_number_invalid",
        ),
    ],
)
def test_data_of_a_customer_may_be_looked_at(
    sandbox: Sandbox, email: str, address: dict[str, str], more: dict[str, Any], code: str
) -> None:
    """By a switch: else Minox takes it as it is."""
    customer = _new(email, **more)
    customer["addresses"][0] |= address
    assert _create(sandbox, customer).status_code == 201
    sandbox.settings.customer_checks = True
    assert [row["message_code"] for row in _create(sandbox, customer).json()] == [code]


def test_patch_replaces_fields(sandbox: Sandbox) -> None:
    """The rest stays; an unknown number is 404."""
    blocked = {"blocked": {"active": True, "reason": "Nee"}}
    assert (
        _call(sandbox, "PATCH", "/1/customer/10610", json=blocked).json()["blocked"]["active"]
        is True
    )
    assert _ids(_by_email(sandbox, "sanne.visser@example.nl")) == ["10610"]
    assert _call(sandbox, "PATCH", "/1/customer/77", json={}).status_code == 404


@pytest.mark.parametrize(
    "email", [STRANGE, "a%2Fb@example.nl", "a b@example.nl", "ü?&=@example.nl", "//@x.nl"]
)
def test_email_addresses_arrive_whole(sandbox: Sandbox, email: str) -> None:
    """Whatever a path makes of their characters."""
    _create(sandbox, _new(email))

    assert _ids(_by_email(sandbox, email)) == ["10001"]
    assert _ids(_by_email(sandbox, email.upper())) == ["10001"]
    assert _ids(_by_email(sandbox, email.replace("@", "x@"))) == []


@pytest.mark.parametrize(
    ("how", "status", "nobody"),
    [("collection", 200, 200), ("object", 200, 404), ("collection_404", 200, 404)],
)
def test_lookups_are_answered_in_three_ways(
    sandbox: Sandbox, how: str, status: int, nobody: int
) -> None:
    """A collection, one object, and none at all."""
    sandbox.settings.update({"by_email": how})
    found = _by_email(sandbox, "gedeeld@example.nl")

    assert found.status_code == status
    assert (
        (found.json()["id"] == "10620") if how == "object" else (_ids(found) == ["10620", "10621"])
    )
    assert _by_email(sandbox, "nobody@example.nl").status_code == nobody


def test_search_finds_by_number_name_and_email(sandbox: Sandbox) -> None:
    """Part of the word will do."""
    assert _ids(_get(sandbox, "/1/customer", search="kasverk")) == ["10600"]
    assert _ids(_get(sandbox, "/1/customer", search="TWEELING@example.nl")) == ["10630", "10631"]
    assert _ids(_get(sandbox, "/1/customer", search="10610")) == ["10610"]


def test_lookups_may_lag(sandbox: Sandbox) -> None:
    """A new customer shows some seconds later; the old ones are there all the time."""
    sandbox.settings.lookup_lag = 3.0
    with time_machine.travel(dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC), tick=False) as clock:
        assert _create(sandbox, _new("a@example.nl")).json()["id"] == "10001"
        assert _ids(_by_email(sandbox, "a@example.nl")) == []
        assert _get(sandbox, "/1/customer/10001").status_code == 404
        assert _get(sandbox, "/1/customer/10600").status_code == 200
        clock.shift(3)
        assert _ids(_by_email(sandbox, "a@example.nl")) == ["10001"]
