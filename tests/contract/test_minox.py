"""Minox' client: every reading of what its API leaves open."""

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

import pytest
import requests_mock

from mww2minox.books.model import (
    Booking,
    BookingLine,
    BookingRules,
    Buyer,
    CustomerByEmail,
    DebtorLine,
    FixedCustomer,
    VatShare,
)
from mww2minox.books.vat_number import vat_number_of
from mww2minox.errors import (
    KeysRefused,
    Refused,
    ServerFails,
    Unreachable,
    UnusableAnswer,
    UsageError,
    VendorError,
)
from mww2minox.minox.wire import (
    booking_body,
    customer_body,
    errors_inside,
    sent_lines,
)
from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.settings import NoVat
from mww2minox.wiring import Wiring
from tests.harness.clients import INSIDE, Processes, asked, log_in

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = "0b5c3f0e-7d7e-5f6c-8b1a-0d1e2f3a4b5c"
ODD_EMAILS = [
    "jan+shop@example.nl",
    "a/b@example.nl",
    "50%@example.nl",
    "50%2F@example.nl",
    "nr#1@example.nl",
    "o'neil@example.nl",
    "Jan.De.Boer@Example.NL",
    "wat?ja@example.nl",
    "Jan+shop/50%#1.O'Neil@Example.com",
    "jörg@müller.example",
]
AT_HOME = BookingRules(journal="VERK", shop_country="NL", vat=())
LOOKUPS = ["collection", "object", "collection_404"]


@pytest.fixture
def samples() -> bool:
    """No test here needs an order."""
    return False


def debtor(email: str = "nieuw@example.nl", **fields: str) -> CustomerByEmail:
    """Give somebody with an e-mail address."""
    return CustomerByEmail(
        email=email, buyer=Buyer(**{"name": "Jan Jansen", "city": "Oss", **fields})
    )


def create(
    wiring: Wiring,
    email: str = "nieuw@example.nl",
    externalid: str = "ext-1",
    journal: str = "VERK",
) -> Any:
    """Create a customer."""
    return wiring.minox.create_customer(customer_body(debtor(email), externalid, AT_HOME), journal)


def booking(total: str = "12.10", net: str = "10.00", vat: str = "2.10", **fields: Any) -> Booking:
    """Give a booking of one line."""
    share = VatShare(
        code=1, region="NL", rate=Decimal(21), ledger="8000", net=Decimal(net), vat=Decimal(vat)
    )
    plain: dict[str, Any] = {
        "order_number": "1001",
        "invoice_number": 1001,
        "customer": FixedCustomer(number="10600"),
        "total": Decimal(total),
        "debtor_lines": (
            DebtorLine(
                debit=max(Decimal(total), Decimal(0)), credit=max(-Decimal(total), Decimal(0))
            ),
        ),
        "lines": (
            BookingLine(ledger="8000", credit=Decimal(net), vat_code=1, vat_amount=Decimal(vat)),
        ),
        "shares": (share,),
        "journal": "VERK",
        "document_date": dt.date(2026, 3, 14),
        "fiscal_year": 2026,
        "period": 3,
        "description": "1001",
    }
    return Booking(**plain | fields)


# Lists.


@pytest.mark.parametrize("paging", ["links", "metadata", "none"])
@pytest.mark.parametrize("size", [1, 5, 25])
def test_lists_are_whole_with_either_kind_of_paging(
    sandbox: Sandbox, wiring: Wiring, paging: str, size: int
) -> None:
    sandbox.settings.update({"paging": paging, "page_size": size})

    accounts = wiring.minox.ledger_accounts()
    assert [account.id for account in accounts] == list(sandbox.minox.administration.accounts)
    assert [account.id for account in accounts if account.blocked] == ["8999"]
    assert next((one.id, one.type) for one in wiring.minox.journals()) == ("VERK", "sales")
    codes = {code.code: code for code in wiring.minox.vat_codes()}
    assert codes.keys() == {"1", "2", "3", "4", "5", "6", "10", "11"}
    assert (codes["2"].percentage, codes["2"].type) == (Decimal("9.00"), "Af te dragen (1a, 1b)")


@pytest.mark.parametrize("paging", ["links", "metadata"])
def test_all_pages_of_a_periods_lines_keep_to_the_period(
    sandbox: Sandbox, wiring: Wiring, paging: str
) -> None:
    sandbox.settings.update({"paging": paging, "page_size": 2, "own_lines": False})
    for month in (2, 3):
        for number in range(3):
            uuid = f"00000000-0000-0000-000{month}-00000000000{number}"
            made = booking(
                document_date=dt.date(2026, month, 1),
                period=month,
                invoice_number=10 * month + number,
            )
            wiring.minox.put_booking(uuid, booking_body(made, "10600"))

    lines = wiring.minox.lines_of_period(2026, 3)
    assert lines is not None
    assert len(lines) == 6
    assert {line.period for line in lines} == {"3"}


@pytest.mark.parametrize(
    "following",
    [
        {"links": {"next": "?currentpage=2"}},
        {"links": {"next": {"href": "/x?currentpage=2"}}},
        {"links": {"next": "http://elsewhere.example/steal?currentpage=2"}},
        {"links": [], "metadata": {"currentpage": "1", "last": "2"}},
        {"metadata": {"currentpage": 1, "last": 2, "results": 2}},
    ],
)
def test_the_next_page_is_found_however_it_is_told_and_asked_of_the_same_host(
    wiring: Wiring, following: dict[str, Any]
) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(
            f"{wiring.config.minox.url}{INSIDE}/journal",
            json={"collection": [{"id": "A"}], **following},
        )
        minox.get(
            f"{wiring.config.minox.url}{INSIDE}/journal?currentpage=2",
            json={"collection": [{"id": "B"}]},
        )
        assert [journal.id for journal in wiring.minox.journals()] == ["A", "B"]


@pytest.mark.parametrize(
    "data", [{"links": {"next": None}}, {"links": {"next": ""}}, {"links": None}, {"metadata": []}]
)
def test_a_list_without_a_next_page_ends(wiring: Wiring, data: dict[str, Any]) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/journal", json={"collection": [{"id": "A"}], **data})
        assert len(wiring.minox.journals()) == 1
        assert minox.call_count == 1


def test_a_page_that_names_itself_as_the_next_ends(wiring: Wiring) -> None:
    data = {"collection": [{"id": "A"}], "links": {"next": "?currentpage=1"}}
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/journal", json=data)
        wiring.minox.journals()
        assert minox.call_count == 2


@pytest.mark.parametrize(
    "answer", [[{"id": "A"}], {"collection": [{"id": "A"}]}, {"collection": {"0": {"id": "A"}}}]
)
def test_a_list_is_read_bare_and_wrapped(wiring: Wiring, answer: object) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/journal", json=answer)
        assert [journal.id for journal in wiring.minox.journals()] == ["A"]


def test_the_administration_tells_its_years_and_currency(wiring: Wiring) -> None:
    found = wiring.minox.administration()
    assert (found.currency, found.number_of_periods, found.name) == (
        "EUR",
        12,
        "Voorbeeldwinkel BV",
    )
    assert [(year.year, year.start, year.end) for year in found.fiscal_years] == [
        (2025, dt.date(2025, 1, 1), dt.date(2025, 12, 31)),
        (2026, dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
    ]


def test_another_administration_lists_those_that_are_there(
    wiring: Wiring, processes: Processes
) -> None:
    del wiring
    another = processes.start(minox={"administration": 7})
    with pytest.raises(
        UsageError, match=r"no administration 7.*1 \(Voorbeeldwinkel BV\).*mww2minox check$"
    ):
        another.minox.administration()


def test_another_tenant_is_refused_in_a_sentence(wiring: Wiring, processes: Processes) -> None:
    del wiring
    with pytest.raises(KeysRefused, match=r"minox\.tenant.*mww2minox login$"):
        processes.start(minox={"tenant": 999}).minox.administration()


def test_a_fiscal_year_that_cannot_be_read_is_left_out(wiring: Wiring) -> None:
    good = {"fiscal_year": 2026, "start_date": "2026-01-01", "end_date": "2026-12-31"}
    years = [good, {**good, "start_date": None}, {"year": 2027}]
    with requests_mock.Mocker() as minox:
        minox.get("/api/1/tenant/12345/administration", json=[{"id": 1, "fiscal_years": years}])
        assert [year.year for year in wiring.minox.administration().fiscal_years] == [2026]


def test_an_administration_in_an_unknown_shape_is_unusable(wiring: Wiring) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(
            "/api/1/tenant/12345/administration", json=[{"id": 1, "number_of_periods": "many"}]
        )
        with pytest.raises(UnusableAnswer, match="mww2minox check$"):
            wiring.minox.administration()


@pytest.mark.parametrize(
    ("answer", "told"), [({}, "(HTTP 410)."), ({"message": "Weg"}, "(HTTP 410): Weg")]
)
def test_a_refusal_ends_in_what_minox_says_or_in_nothing(
    wiring: Wiring, answer: dict[str, str], told: str
) -> None:
    with requests_mock.Mocker() as minox:
        minox.get("/api/1/tenant/12345/administration", json=answer, status_code=410)
        with pytest.raises(UnusableAnswer) as caught:
            wiring.minox.administration()
    assert caught.value.message.endswith(told)


# What `setup` proposes a mapping by.


def test_the_administrations_of_a_tenant_are_told_by_their_names(wiring: Wiring) -> None:
    assert [(one.id, one.description) for one in wiring.minox.administrations()] == [
        ("1", "Voorbeeldwinkel BV")
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"id": 1, "name": "A"}, {"id": "2"}], [("1", "A"), ("2", "")]),
        ({"collection": [{"id": 1, "name": "\x1b[31mA"}]}, [("1", "[31mA")]),
        ([], []),
        ([7, None], []),
    ],
)
def test_administrations_are_read_in_every_shape(
    wiring: Wiring, rows: object, expected: list[tuple[str, str]]
) -> None:
    with requests_mock.Mocker() as minox:
        minox.get("/api/1/tenant/12345/administration", json=rows)
        assert [(one.id, one.description) for one in wiring.minox.administrations()] == expected


@pytest.mark.parametrize("vat", [{"id": 7}, {"id": "7"}, 7, "7"])
def test_an_accounts_vat_code_is_read_in_every_shape(wiring: Wiring, vat: object) -> None:
    rows = [
        {"id": "8000", "vat": vat},
        {"id": "8001", "vat": None},
        {"id": "8002"},
        {"id": "8003", "vat": {}},
    ]
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/ledger_account", json=rows)
        assert [account.vat for account in wiring.minox.ledger_accounts()] == ["7", "", "", ""]


@pytest.mark.parametrize(
    ("accounts", "expected"),
    [
        ({"transaction_rounding": "4990"}, "4990"),
        ({"transaction_rounding": 4990}, "4990"),
        ({"transaction_rounding": {"id": 4990}}, "4990"),
        ({"transaction_rounding": None}, ""),
        ({}, ""),
        (None, ""),
        ([], ""),
    ],
)
def test_the_account_for_rounding_is_read_in_every_shape(
    wiring: Wiring, accounts: object, expected: str
) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(
            "/api/1/tenant/12345/administration", json=[{"id": 1, "ledger_accounts": accounts}]
        )
        assert wiring.minox.administration().rounding_ledger == expected


@pytest.mark.parametrize("how", LOOKUPS)
@pytest.mark.parametrize(
    ("text", "expected"), [("kas", ["10600"]), ("GEDEELD", ["10620", "10621"]), ("zzz", [])]
)
def test_customers_are_found_by_a_part_of_their_name(
    sandbox: Sandbox, wiring: Wiring, text: str, expected: list[str], how: str
) -> None:
    sandbox.settings.update({"by_email": how})
    found = wiring.minox.customers_by_search(text)
    assert [customer.number for customer in found] == expected


def test_what_is_searched_for_is_in_no_log(wiring: Wiring, log: pytest.LogCaptureFixture) -> None:
    wiring.minox.customers_by_search("Sanne Visser")
    assert "Visser" not in log.text
    assert "search" in log.text


# Customers.


@pytest.mark.parametrize("email", ODD_EMAILS)
def test_a_customer_is_found_by_every_email_in_every_answer_shape(
    sandbox: Sandbox, wiring: Wiring, email: str
) -> None:
    number = create(wiring, email)
    for how in LOOKUPS:
        sandbox.settings.update({"by_email": how})
        for written in (email, email.upper(), email.lower()):
            assert [found.number for found in wiring.minox.customers_by_email(written)] == [number]
        assert wiring.minox.customers_by_email("not" + email) == []


@pytest.mark.parametrize("how", LOOKUPS)
def test_a_customer_is_found_by_externalid_in_every_answer_shape(
    sandbox: Sandbox, wiring: Wiring, how: str
) -> None:
    sandbox.settings.update({"by_externalid": how})
    number = create(wiring, externalid="a/b 1")
    assert [found.number for found in wiring.minox.customers_by_externalid("a/b 1")] == [number]
    assert wiring.minox.customers_by_externalid("a") == []


def test_customers_with_one_email_come_lowest_number_first(wiring: Wiring) -> None:
    rows: list[dict[str, Any]] = [
        {"id": number, "addresses": []} for number in ("20000", "9999", "10000")
    ]
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/by_email/a%40b.nl", json={"collection": rows})
        assert [found.number for found in wiring.minox.customers_by_email("a@b.nl")] == [
            "9999",
            "10000",
            "20000",
        ]


def test_a_customer_with_another_email_is_not_taken_whatever_the_lookup_says(
    wiring: Wiring,
) -> None:
    row = {"id": 10001, "addresses": [{"email_addresses": [{"email_address": "other@b.nl"}]}]}
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/by_email/a%40b.nl", json=row)
        assert wiring.minox.customers_by_email("a@b.nl") == []


@pytest.mark.parametrize(
    "answer",
    [
        *("[]", "{}", "false", '""'),
        *('{"collection": []}', '{"collection": {}}', '{"collection": null}'),
        *('{"collection": false}', '{"collection": ""}', '{"collection": [null, []]}'),
    ],
)
def test_nobody_found_is_nobody_in_every_empty_shape(wiring: Wiring, answer: str) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/by_email/a%40b.nl", text=answer)
        minox.get(f"{INSIDE}/journal", text=answer)
        assert wiring.minox.customers_by_email("a@b.nl") == []
        assert wiring.minox.journals() == []


@pytest.mark.parametrize(
    "answer",
    [
        *('"x"', "5", "true"),
        *('{"collection": "x"}', '{"collection": 5}', '{"collection": true}'),
    ],
)
def test_what_is_no_list_is_no_empty_list(wiring: Wiring, answer: str) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/by_email/a%40b.nl", text=answer)
        minox.get(f"{INSIDE}/journal", text=answer)
        for ask in (lambda: wiring.minox.customers_by_email("a@b.nl"), wiring.minox.journals):
            with pytest.raises(UnusableAnswer, match="in a form that is not known"):
                ask()


MAINTENANCE = [
    ("", "Minox gives an empty answer to GET "),
    ("null", "Minox gives an empty answer to GET "),
    ('{"message": "Onderhoud tot 03:00"}', "a message and no data: Onderhoud tot 03:00"),
    ('[{"message_code": "503", "message": "Onderhoud"}]', "a message and no data: Onderhoud"),
    ('{"messages": [{"message": "Onderhoud"}]}', "a message and no data: Onderhoud"),
    ('{"error": "maintenance"}', "a message and no data: maintenance"),
]


@pytest.mark.parametrize(("answer", "told"), MAINTENANCE)
def test_maintenance_is_told_in_minox_own_words_and_is_no_empty_list(
    wiring: Wiring, answer: str, told: str
) -> None:
    """Nor is it a customer or a booking that is not there."""
    calls: list[Callable[[], object]] = [
        wiring.minox.administration,
        wiring.minox.vat_codes,
        wiring.minox.journals,
        wiring.minox.ledger_accounts,
        lambda: wiring.minox.lines_of_period(2026, 3),
        lambda: wiring.minox.booking(BATCH),
        lambda: wiring.minox.customer("10600"),
        lambda: wiring.minox.customers_by_email("a@b.nl"),
        lambda: wiring.minox.customers_by_externalid("x"),
        lambda: wiring.minox.customers_by_search("x"),
    ]
    wiring.minox.journals()
    for call in calls:
        with requests_mock.Mocker() as minox:
            minox.get(requests_mock.ANY, text=answer)
            with pytest.raises(UnusableAnswer) as caught:
                call()
        assert told in caught.value.message
        assert caught.value.suggestion.startswith("Nothing is lost. Run the same command again")
        assert caught.value.suggestion.endswith("mww2minox check")
        assert "a@b.nl" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ('{"collection": [], "messages": [{"message_type": "warning", "message": "Let op"}]}', []),
        ('{"collection": [{"id": "VERK", "message": "Let op"}]}', ["VERK"]),
        ('[{"id": "VERK"}]', ["VERK"]),
    ],
)
def test_a_list_with_a_message_is_a_list(wiring: Wiring, answer: str, rows: list[str]) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/journal", text=answer)
        assert [journal.id for journal in wiring.minox.journals()] == rows


def test_an_answer_without_content_lists_nothing(wiring: Wiring) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/by_email/a%40b.nl", status_code=204)
        assert wiring.minox.customers_by_email("a@b.nl") == []


@pytest.mark.parametrize(
    "answer", ['["10001"]', "[10001]", '{"collection": ["10001"]}', '{"collection": {"0": 10001}}']
)
def test_a_customer_that_cannot_be_read_is_not_nobody(wiring: Wiring, answer: str) -> None:
    """Else one that is there would be made once more."""
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/by_email/a%40b.nl", text=answer)
        with pytest.raises(UnusableAnswer, match="in a form that is not known"):
            wiring.minox.customers_by_email("a@b.nl")


@pytest.mark.parametrize(
    ("told", "emails"),
    [
        (True, ()),
        ("x", ()),
        (5, ()),
        (False, ()),
        ([True, 5, None], ()),
        ({"email_address": "A@B.nl"}, ("a@b.nl",)),
        ([{"email_address": "A@B.nl"}, "x"], ("a@b.nl",)),
    ],
)
def test_emails_are_read_where_there_are_any(
    wiring: Wiring, told: object, emails: tuple[str, ...]
) -> None:
    row = {"id": 10001, "addresses": [{"name": "A", "email_addresses": told}, True, 5]}
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/10001", json=row)
        found = wiring.minox.customer("10001")
    assert found
    assert (found.name, found.emails) == ("A", emails)


def test_a_link_that_is_none_ends_the_list(wiring: Wiring) -> None:
    data = {"collection": [{"id": "A"}], "links": {"next": "http://["}}
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/journal", json=data)
        assert [journal.id for journal in wiring.minox.journals()] == ["A"]


@pytest.mark.parametrize("location", ["http://[", "", "/"])
def test_a_location_that_is_none_tells_no_number(wiring: Wiring, location: str) -> None:
    with requests_mock.Mocker() as minox:
        headers = {"Location": location}
        minox.post(f"{INSIDE}/customer", text="", status_code=201, headers=headers)
        assert create(wiring) is None


@pytest.mark.parametrize("number", ["²", "10001²"])
def test_a_number_of_odd_digits_is_a_number(wiring: Wiring, number: str) -> None:
    rows = {"collection": [{"id": number}, {"id": "10002"}]}
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/by_email/a%40b.nl", json=rows)
        found = wiring.minox.customers_by_email("a@b.nl")
    assert [customer.number for customer in found] == [number, "10002"]


@pytest.mark.parametrize(
    ("row", "blocked", "vat_number"),
    [
        (
            {"blocked": {"active": True}, "vat": {"vat_registration_number": "BE 0403.170.701"}},
            True,
            "BE0403170701",
        ),
        ({"blocked": {"active": False}, "vat": {"vat_registration_number": None}}, False, ""),
        ({"blocked": True, "vat": []}, True, ""),
        ({"blocked": None, "vat": None, "addresses": None}, False, ""),
        ({"addresses": {"email_addresses": [{"email_address": "A@B.nl"}]}}, False, ""),
    ],
)
def test_a_customer_is_read_in_every_shape(
    wiring: Wiring, row: dict[str, Any], vat_number: str, *, blocked: bool
) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/10001", json={"id": 10001, **row})
        found = wiring.minox.customer("10001")
    assert found
    assert (found.number, found.blocked, found.vat_number) == ("10001", blocked, vat_number)


def test_a_customer_that_is_not_there_is_none(wiring: Wiring) -> None:
    assert wiring.minox.customer("99999") is None


@pytest.mark.parametrize(
    ("answer", "told"), [("customer", True), ("id", True), ("location", True), ("nothing", False)]
)
def test_a_new_customer_is_known_by_each_kind_of_answer(
    sandbox: Sandbox, wiring: Wiring, answer: str, *, told: bool
) -> None:
    sandbox.settings.update({"post_customer": answer})
    number = create(wiring)
    made = max(
        sandbox.minox.customers, key=lambda one: sandbox.minox.customers[one]["externalid"] or ""
    )
    assert number == (made if told else None)
    assert asked(sandbox, "POST", "/customer")[0].query == {"journal_id": "VERK"}


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("10123", "10123"),
        ('"10123"', "10123"),
        ('{"id": 10123}', "10123"),
        ('{"customer": {"id": "10123"}}', "10123"),
        ('{"collection": [{"id": 10123}]}', "10123"),
        ('[{"id": 10123}]', "10123"),
        ('{"collection": 5}', None),
        ('{"collection": false}', None),
        ('["x"]', None),
        ("true", None),
        ("null", None),
        ("{}", None),
        ("[]", None),
    ],
)
def test_a_new_customers_number_is_found_wherever_it_stands(
    wiring: Wiring, body: str, number: str | None
) -> None:
    with requests_mock.Mocker() as minox:
        minox.post(f"{INSIDE}/customer", text=body, status_code=201)
        assert create(wiring) == number


def test_a_new_customer_has_the_data_of_the_order_and_nothing_odd() -> None:
    company = debtor(
        company="De\x1b[31m Korenaar",
        vat_number="NL004495445B01",
        country_code="NL",
        phone="06-1",
    )
    body = json.loads(customer_body(company, "ext", AT_HOME))
    address = body["addresses"][0]

    assert (address["name"], address["contact_name"]) == ("De [31m Korenaar", "Jan Jansen")
    assert address["phone_numbers"] == [{"phone_number_type": "phone", "phone_number": "06-1"}]
    assert body["vat"] == {"active": True, "vat_registration_number": "NL004495445B01"}
    assert (body["externalid"], "id" in body) == ("ext", False)
    nobody = CustomerByEmail(email="a@b.nl", buyer=Buyer())
    assert json.loads(customer_body(nobody, "ext", AT_HOME))["addresses"][0]["name"] == "a@b.nl"


@pytest.mark.parametrize(
    ("country", "given", "vat"),
    [
        ("NL", "", {"active": True}),
        ("", "", {"active": True}),
        ("NL", "NL004495445B01", {"active": True, "vat_registration_number": "NL004495445B01"}),
        ("DE", "", {"active": False}),
        ("US", "12-3456789", {"active": False}),
        ("BE", "0403.170.701", {"active": False, "vat_registration_number": "BE0403170701"}),
        ("BE", "BE 403.170.701", {"active": False, "vat_registration_number": "BE0403170701"}),
        ("GR", "GR094259216", {"active": False, "vat_registration_number": "EL094259216"}),
        ("BE", "BE0403170702", {"active": False}),  # check digits
        ("NL", "geen", {"active": True}),
        ("NL", "12345678", {"active": True}),  # of the chamber of commerce
    ],
)
def test_vat_is_ticked_for_customers_at_home_and_only_a_valid_number_is_sent(
    country: str, given: str, vat: dict[str, Any]
) -> None:
    # As the core gives it to a new customer.
    valid = vat_number_of(given, country=country) or ""
    buyer = debtor(country_code=country, vat_number=valid)
    assert json.loads(customer_body(buyer, "ext", AT_HOME))["vat"] == vat


def test_reminders_of_new_customers_are_blocked_where_the_config_says_so() -> None:
    no_reminders = replace(AT_HOME, block_reminders=True)
    assert json.loads(customer_body(debtor(), "ext", no_reminders))["block_sending_reminders"]
    assert "block_sending_reminders" not in json.loads(customer_body(debtor(), "ext", AT_HOME))


# Errors.


@pytest.mark.parametrize("status", [400, 200])
def test_a_refusal_is_one_with_every_status(sandbox: Sandbox, wiring: Wiring, status: int) -> None:
    sandbox.settings.update({"error_status": status})
    with pytest.raises(Refused) as customer:
        create(wiring, journal="KAS")
    with pytest.raises(Refused) as unknown:
        wiring.minox.put_booking(BATCH, booking_body(booking(), "99999"))

    assert customer.value.messages == ("Dagboek KAS is geen verkoopdagboek.",)
    assert unknown.value.messages == ("Debiteur 99999 bestaat niet.",)
    assert BATCH not in sandbox.minox.batches


def test_an_error_inside_a_line_of_a_2xx_is_a_refusal(wiring: Wiring) -> None:
    line = {
        "account": {"id": "1"},
        "debit": 1,
        "messages": [{"message_type": "ERROR", "message": "Nee."}],
    }
    with requests_mock.Mocker() as minox:
        minox.put(f"{INSIDE}/transaction_line_batch/{BATCH}", json=[line])
        with pytest.raises(Refused) as caught:
            wiring.minox.put_booking(BATCH, b"[]")
    assert caught.value.messages == ("Nee.",)


def test_warnings_are_no_errors(sandbox: Sandbox, wiring: Wiring) -> None:
    odd = booking(total="20.00", net="10.00", vat="10.00")
    wiring.minox.put_booking(BATCH, booking_body(odd, "10600"))
    assert BATCH in sandbox.minox.batches


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ([{"message_type": "warning", "message": "Let op"}], []),
        ([{"message_type": "info", "message": "Hallo"}], []),
        ([{"message_type": "error", "message_code": "E1", "field": "debit"}], ["E1 debit"]),
        ({"messages": [{"message_type": "Error", "message": "Nee"}]}, ["Nee"]),
        ({"a": {"b": [{"messages": [{"message_type": "fatal", "message": "Nee"}]}]}}, ["Nee"]),
        (None, []),
        ("error", []),
        ({"description": "error"}, []),
    ],
)
def test_errors_are_found_anywhere_and_told_from_warnings(data: object, errors: list[str]) -> None:
    assert errors_inside(data) == errors


@pytest.mark.parametrize(
    "body", ["", "null", '"ok"', "true", "<html>", *(answer for answer, _told in MAINTENANCE)]
)
def test_a_2xx_that_is_no_booking_is_not_taken_for_one(wiring: Wiring, body: str) -> None:
    with requests_mock.Mocker() as minox:
        minox.put(f"{INSIDE}/transaction_line_batch/{BATCH}", text=body)
        with pytest.raises(UnusableAnswer) as caught:
            wiring.minox.put_booking(BATCH, b"[]")
    assert caught.value.in_doubt


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("broken_json", times=None), UnusableAnswer),
        (Fault("html", times=None), UnusableAnswer),
        (Fault("truncated", times=None), Unreachable),
        (Fault("redirect", times=None), UnusableAnswer),
        (Fault("drop_before", times=None), Unreachable),
        (Fault("slow", seconds=31, times=None), Unreachable),
        (Fault("status", status=500, times=None), ServerFails),
        (Fault("status", status=403), KeysRefused),
        (Fault("status", status=400), UnusableAnswer),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else "",
)
def test_a_bad_answer_is_one_sentence_that_ends_in_a_command_without_the_token(
    sandbox: Sandbox,
    stranger: Wiring,
    log: pytest.LogCaptureFixture,
    fault: Fault,
    error: type[Exception],
) -> None:
    log_in(stranger)
    token = stranger.login.access_token()
    stranger.minox.put_booking(BATCH, booking_body(booking(), "10600"))
    calls: dict[str, Callable[[], object]] = {
        "/administration$": stranger.minox.administration,
        "/vat$": stranger.minox.vat_codes,
        "_batch": lambda: stranger.minox.booking(BATCH),
    }
    for path, call in calls.items():
        sandbox.faults[:] = [Fault(**{**fault.as_dict(), "side": "minox", "path": path})]
        with pytest.raises(error, match="mww2minox (check|login)$") as caught:
            call()
        assert type(caught.value) is error
        assert token not in str(caught.value) + log.text


def test_a_token_that_stays_refused_is_told_as_such(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.faults.append(Fault("status", side="minox", status=401, path="/api/", times=None))
    with pytest.raises(KeysRefused, match="mww2minox login$"):
        wiring.minox.journals()
    assert len(asked(sandbox, "POST", "/oauth/token")) == 1
    assert len(asked(sandbox, "GET", "/journal")) == 2


def test_a_right_that_is_missing_points_to_the_login(sandbox: Sandbox, wiring: Wiring) -> None:
    tokens = sandbox.minox.tokens
    for token, (_, ends) in tokens.access.items():
        tokens.access[token] = ("journal:read", ends)
    assert wiring.minox.journals()
    with pytest.raises(KeysRefused, match=r"vat:read.*mww2minox login$"):
        wiring.minox.vat_codes()


# Bookings.


@pytest.mark.parametrize("no_vat", get_args(NoVat))
@pytest.mark.parametrize("line_numbers", ["journal", "line"])
@pytest.mark.parametrize(("own_lines", "own_lines_vat"), [(1, 1), (1, 0), (0, 0)])
def test_a_booking_reads_back_as_it_was_sent_with_minox_own_lines_marked(
    sandbox: Sandbox,
    wiring: Wiring,
    *,
    own_lines: int,
    own_lines_vat: int,
    line_numbers: str,
    no_vat: str,
) -> None:
    sandbox.settings.update({"own_lines": bool(own_lines), "own_lines_vat": bool(own_lines_vat)})
    sandbox.settings.update({"line_numbers": line_numbers, "no_vat": no_vat})
    body = booking_body(booking(), "10600")
    wiring.minox.put_booking(BATCH, body)
    read = wiring.minox.booking(BATCH)

    ours = [line for line in read if not line.own]
    assert [
        (line.account, line.type, line.debit, line.credit, line.vat_code, line.vat_amount)
        for line in ours
    ] == [
        ("10600", "customer", Decimal("12.10"), Decimal(0), "", None),
        ("8000", "ledger_account", Decimal(0), Decimal("10.00"), "1", Decimal("2.10")),
    ]
    assert {(line.period, line.fiscal_year, line.description, line.batch_id) for line in ours} == {
        ("3", "2026", "1001", BATCH)
    }
    assert ours[0].invoice_number == "1001"
    assert [(line.account, line.credit) for line in read if line.own and line.credit] == (
        [("1500", Decimal("2.10"))] if own_lines else []
    )
    assert not any(line.vat_code or line.vat_amount for line in read if line.own)
    sent = sent_lines(body.decode())
    assert [(line.account, line.amount, line.vat_amount) for line in sent] == [
        (line.account, line.amount, line.vat_amount) for line in ours
    ]


def test_a_booking_that_is_put_twice_is_there_once(sandbox: Sandbox, wiring: Wiring) -> None:
    for _ in range(2):
        wiring.minox.put_booking(BATCH, booking_body(booking(), "10600"))
    assert len(sandbox.minox.batches) == 1
    assert len(sandbox.minox.batches[BATCH]) == 2


def test_a_booking_that_is_not_there_has_no_lines(wiring: Wiring) -> None:
    assert wiring.minox.booking(BATCH) == []


@pytest.mark.parametrize(
    "wrap", [lambda lines: {"collection": lines}, lambda lines: {"batch": {"lines": lines}}]
)
def test_a_bookings_lines_are_found_wherever_they_stand(wiring: Wiring, wrap: Any) -> None:
    lines = [
        {
            "account": {"id": 8000},
            "credit": "10.00",
            "vat": {"id": "1", "amount": "2.1"},
            "line_number": "8999",
        }
    ]
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/transaction_line_batch/{BATCH}", json=wrap(lines))
        read = wiring.minox.booking(BATCH)
    assert [(line.account, line.credit, line.vat_amount, line.own) for line in read] == [
        ("8000", Decimal("10.00"), Decimal("2.10"), False)
    ]


@pytest.mark.parametrize(
    "line",
    [
        {"account": "8000", "debit": 1},
        {"account": {}, "debit": "abc"},
        {"account": {}, "debit": {}},
    ],
)
def test_a_line_in_an_unknown_shape_is_unusable(wiring: Wiring, line: dict[str, Any]) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/transaction_line_batch/{BATCH}", json=[line])
        with pytest.raises(UnusableAnswer, match="mww2minox check$"):
            wiring.minox.booking(BATCH)


def test_what_is_sent_are_json_numbers_with_two_decimals_at_most() -> None:
    sent = booking_body(booking(total="-0.30", net="0.1", vat="123456789.99"), "10600").decode()
    assert '"debit": 0.0, "credit": 0.3' in sent
    assert '"credit": 0.1, "vat": {"id": 1, "amount": 123456789.99}' in sent
    for left_out in ("entry_number", "payment_term", "due_date"):
        assert left_out not in sent


def test_a_booking_is_deleted_once(sandbox: Sandbox, wiring: Wiring) -> None:
    wiring.minox.put_booking(BATCH, booking_body(booking(), "10600"))
    assert wiring.minox.delete_booking(BATCH, INSIDE)
    assert sandbox.minox.batches == {}
    assert not wiring.minox.delete_booking(BATCH, INSIDE)


@pytest.mark.parametrize("status", [400, 200])
def test_a_deletion_that_minox_refuses_is_a_refusal_with_every_status(
    wiring: Wiring, status: int
) -> None:
    message = {
        "message_code": "period_closed",
        "message_type": "error",
        "message": "Periode 3 is afgesloten.",
    }
    with requests_mock.Mocker() as minox:
        minox.delete(f"{INSIDE}/transaction_line_batch/{BATCH}", status_code=status, json=[message])
        with pytest.raises(Refused) as refused:
            wiring.minox.delete_booking(BATCH, INSIDE)
    assert refused.value.messages == ("Periode 3 is afgesloten.",)


@pytest.mark.parametrize("body", ["", "null", "{}", "[]", '"deleted"'])
def test_a_deletion_is_one_whatever_comes_with_it(wiring: Wiring, body: str) -> None:
    with requests_mock.Mocker() as minox:
        minox.delete(
            f"{INSIDE}/transaction_line_batch/{BATCH}",
            status_code=204 if not body else 200,
            text=body,
        )
        assert wiring.minox.delete_booking(BATCH, INSIDE)


@pytest.mark.parametrize("kind", ["drop_after", "status", "html"])
def test_a_put_that_is_not_to_be_repeated_goes_out_once(
    sandbox: Sandbox, wiring: Wiring, kind: Any
) -> None:
    sandbox.faults.append(Fault(kind, method="PUT", path=BATCH, status=503))
    with pytest.raises((Unreachable, UnusableAnswer)):
        wiring.minox.put_booking(BATCH, booking_body(booking(), "10600"), repeat=False)
    assert len(asked(sandbox, "PUT")) == 1


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("ends", ["refused", "forbidden", "no token"])
def test_a_token_that_is_withdrawn_meanwhile_hides_no_doubt(
    sandbox: Sandbox, wiring: Wiring, *, lost: bool, ends: str
) -> None:
    if lost:
        sandbox.faults.append(Fault("status", method="PUT", status=502))
    sandbox.faults.append(Fault("status", method="PUT", status=401))
    if ends == "no token":
        sandbox.faults.append(Fault("drop_after", path="/oauth/token", times=None))
    else:
        status = 400 if ends == "refused" else 403
        sandbox.faults.append(Fault("status", method="PUT", status=status))
    with pytest.raises((Refused, VendorError)) as ended:
        wiring.minox.put_booking(BATCH, booking_body(booking(), "10600"))
    assert isinstance(ended.value, Refused | VendorError)
    assert ended.value.in_doubt is lost


@pytest.mark.parametrize("lost", [True, False])
def test_an_error_inside_a_2xx_of_a_repetition_tells_nothing_of_the_first_attempt(
    sandbox: Sandbox, wiring: Wiring, *, lost: bool
) -> None:
    sandbox.settings.update({"error_status": 200})
    if lost:
        sandbox.faults.append(Fault("drop_after", method="PUT"))
    sandbox.minox.close_period(2026, 3)
    with pytest.raises(Refused) as refused:
        wiring.minox.put_booking(BATCH, booking_body(booking(), "10600"))
    assert refused.value.in_doubt is lost
