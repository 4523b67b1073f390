"""The shop's client, against every shape of the shop's answers."""

import copy
import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import requests_mock

from mww2minox.books.model import Price, Tax
from mww2minox.errors import (
    ConfigError,
    OrderNotInShop,
    ServerFails,
    TokenRefused,
    Unreachable,
    UnusableAnswer,
)
from mww2minox.sandbox import SAMPLES, Fault, Sandbox, Settings, many_orders
from mww2minox.shop.orders import ReceivedOrder, read_order, read_stored_order
from mww2minox.wiring import Wiring
from tests.harness.clients import SHOP_TOKEN, Processes, asked

pytestmark = pytest.mark.thorough

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = dt.date(2026, 3, 20)
MALFORMED = {"1044", "1045"}
NEVER_SHOWN = {sample.number for sample in SAMPLES if sample.order.get("test")}


def everything(wiring: Wiring) -> dict[str, ReceivedOrder]:
    """Read all orders, archived or not, by number."""
    pages = [page for archived in (False, True) for page in wiring.shop.pages(archived=archived)]
    return {taken.number: taken for page in pages for taken in page.orders}


# Shapes.


@pytest.mark.parametrize("empty", [False, True])
def test_every_shape_gives_the_same_orders(
    sandbox: Sandbox, each_shape: Settings, wiring: Wiring, *, empty: bool
) -> None:
    sandbox.settings.status_changed_empty = empty
    found = everything(wiring)

    sandbox.settings.update(Settings(status_changed_empty=empty).as_dict())
    assert each_shape is sandbox.settings
    same = everything(wiring)
    assert {number: taken.order for number, taken in found.items()} == {
        n: taken.order for n, taken in same.items()
    }
    assert all(
        taken.payload == same[number].payload for number, taken in found.items() if taken.order
    )
    assert found.keys() == sandbox.shop.orders.keys() - NEVER_SHOWN
    assert {number for number, taken in found.items() if taken.order is None} == MALFORMED


@pytest.mark.usefixtures("each_shape")
def test_the_vendors_own_example_reads_to_the_last_decimal(wiring: Wiring) -> None:
    order = wiring.shop.order("1027").order

    assert order
    assert order.total == Decimal("47.45")
    assert order.tax == (
        Tax(rate=Decimal(9), amount=Decimal("0.83")),
        Tax(rate=Decimal(21), amount=Decimal("6.50")),
    )
    assert order.lines[4].type == "payment"
    assert order.lines[4].prices == (
        Price(rate=Decimal(9), excluding=Decimal("0.192571"), including=Decimal("0.21")),
        Price(rate=Decimal(21), excluding=Decimal("0.652972"), including=Decimal("0.79")),
    )
    assert (order.payment, order.tax_region, order.currency) == ("basic/advance", "NL", "EUR")
    assert (order.buyer.company, order.buyer.street) == ("Voorbeeldig BV", "Molenstraat 62")


@pytest.mark.usefixtures("each_shape")
def test_what_is_missing_or_empty_is_none(wiring: Wiring) -> None:
    found = {number: taken.order for number, taken in everything(wiring).items()}
    cash, free, no_tax, old, credit = (
        found[number] for number in ("1007", "1032", "1060", "1051", "1021")
    )
    no_region = found["1052"]

    assert cash
    assert cash.email == ""
    assert free
    assert free.payment is None
    assert no_tax
    assert no_tax.tax is None
    assert old
    assert old.lines[0].prices[0].including is None
    assert credit
    assert (credit.credited_order_number, credit.total) == ("1020", Decimal("-36.30"))
    assert no_region
    assert no_region.tax_region is None


@pytest.mark.usefixtures("each_shape")
def test_what_was_kept_reads_back_as_the_same_order(wiring: Wiring) -> None:
    for taken in everything(wiring).values():
        assert read_stored_order(taken.payload) == taken


def test_texts_that_booking_does_not_need_are_not_kept(wiring: Wiring) -> None:
    kept = str(wiring.shop.order("1027").payload)
    assert "Please send quickly" not in kept
    assert "Article" not in kept


PLAIN: dict[str, Any] = {
    "number": "1001",
    "date": "2026-03-14",
    "status": 2,
    "price": {"total": "12.10", "tax": {"rate": "21", "amount": "2.10"}},
    "orderlines": [
        {
            "type": "article",
            "price": {"rate": "21", "amount": "10.00", "amount_including_tax": "12.10"},
        }
    ],
}


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"number": 1001}, "number", "1001"),
        ({"number": " 01001"}, "number", "1001"),
        ({"status": "2"}, "status", 2),
        ({"date": "2026-03-14T23:59:59"}, "date", dt.date(2026, 3, 14)),
        ({"price": {"total": 12.1}}, "total", Decimal("12.10")),
        ({"price": {"total": 0.1 + 0.2}}, "total", Decimal("0.30")),
        ({"price": {"total": "1e1"}}, "total", Decimal(10)),
        ({"price": {"total": "12.10", "tax": []}}, "tax", None),
        ({"price": {"total": "12.10", "tax": None}}, "tax", None),
        (
            {"price": {"total": "1", "tax": [{"rate": 25.5, "amount": 0}]}},
            "tax",
            (Tax(rate=Decimal("25.5"), amount=Decimal(0)),),
        ),
        ({"orderlines": {"type": "article", "price": []}}, "lines", ()),
        ({"orderlines": []}, "lines", ()),
        ({"payment": []}, "payment", None),
        ({"payment": {"gateway_name": "basic", "method_name": "cash"}}, "payment", "basic/cash"),
        ({"debtor": []}, "email", ""),
        ({"debtor": {"email": " Jan@Example.nl ", "address": []}}, "email", "Jan@Example.nl"),
        ({"credited_order_number": 0}, "credited_order_number", None),
        ({"credited_order_number": "0"}, "credited_order_number", None),
        ({"credited_order_number": 999}, "credited_order_number", "999"),
        (
            {"credit_order_numbers": ["7"], "shipping": [{"country": []}], "new": {"in": 2027}},
            "number",
            "1001",
        ),
        ({"status_changed_date": ""}, "status_changed", None),
        ({"status_changed_date": "0000-00-00"}, "status_changed", None),
        ({"status_changed_date": "2026-03-15"}, "status_changed", dt.date(2026, 3, 15)),
        ({"tax_strategy": None}, "tax_strategy", ""),
    ],
)
def test_each_known_way_of_writing_a_field_is_read(
    change: dict[str, Any], field: str, expected: object
) -> None:
    order = read_order(PLAIN | change).order
    assert order
    found = getattr(order, field)
    assert (tuple(line for line in found if line.prices) if field == "lines" else found) == expected


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"price": None}, "price missing"),
        ({"price": {"total": "abc"}}, "price.total"),
        ({"price": {"total": "NaN"}}, "price.total"),
        ({"price": {"total": True}}, "price.total"),
        ({"price": {"total": "1e999999"}}, "price.total"),
        ({"date": "14-03-2026"}, "date"),
        ({"date": None}, "date missing"),
        ({"status": "paid"}, "status"),
        ({"orderlines": ["x"]}, "orderlines.0"),
        ({"orderlines": [{"price": [{"amount": "1"}]}]}, "orderlines.0.price.0.rate missing"),
        ({"debtor": "Jan"}, "debtor"),
    ],
)
def test_a_malformed_order_keeps_its_number_and_names_the_place(
    change: dict[str, Any], problem: str
) -> None:
    taken = read_order(PLAIN | change)
    assert (taken.number, taken.order, taken.problem) == ("1001", None, problem)
    assert read_stored_order(taken.payload) == taken


@pytest.mark.parametrize("raw", [None, "order", 7, [], {}, {"number": None}, {"number": {"a": 1}}])
def test_what_has_no_number_gets_one_that_stays_the_same(raw: object) -> None:
    assert read_order(raw).order is None
    assert read_order(raw).number.startswith("?")
    assert read_order(raw) == read_order(copy.deepcopy(raw))


def test_a_malformed_order_shows_when_it_changes() -> None:
    broken = PLAIN | {"price": {"total": "abc"}}
    assert read_order(broken).payload != read_order(broken | {"currency": "USD"}).payload


@pytest.mark.parametrize("price", [None, "abc", [], {"total": {"a": 1}}, {"total": []}])
@pytest.mark.usefixtures("each_shape")
def test_a_malformed_order_does_not_stop_its_page(
    sandbox: Sandbox, wiring: Wiring, price: object
) -> None:
    number_of_orders = len(everything(wiring))
    sandbox.shop.change("1001", price={"total": "x"} if price is None else {"total": price})
    found = everything(wiring)

    assert len(found) == number_of_orders
    assert found["1001"].order is None
    assert found["1002"].order


# Pages.


def fill(sandbox: Sandbox, count: int = 250) -> list[str]:
    """Put only so many ordinary orders in the shop; return their numbers."""
    sandbox.shop.orders.clear()
    for order in many_orders(count, TODAY):
        sandbox.shop.add(order)
    return list(sandbox.shop.orders)


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250])
@pytest.mark.usefixtures("each_shape")
def test_all_pages_come_once_and_the_last_says_so(
    sandbox: Sandbox, wiring: Wiring, count: int
) -> None:
    numbers = fill(sandbox, count)
    pages = list(wiring.shop.pages(archived=False))

    assert [taken.number for page in pages for taken in page.orders] == numbers
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    assert len(asked(sandbox, "GET", "/v1/orders")) <= count // 98 + 2


def test_250_orders_are_asked_for_by_a_hundred_and_not_counted(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    fill(sandbox)
    list(wiring.shop.pages(archived=False))

    queries = [
        seen.query for seen in asked(sandbox, "GET", "/v1/orders") if "count" not in seen.path
    ]
    assert {query["limit"] for query in queries} == {"100"}
    assert {query["ordering"] for query in queries} == {"asc"}
    assert len(queries) == 3
    assert asked(sandbox, "GET", "/count") == []


@pytest.mark.parametrize("default", ["live", "both"])
@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.usefixtures("each_shape")
def test_archived_is_always_asked_and_test_orders_never(
    sandbox: Sandbox, wiring: Wiring, default: str, *, archived: bool
) -> None:
    sandbox.settings.update({"archived_default": default})
    found = {taken.number for page in wiring.shop.pages(archived=archived) for taken in page.orders}

    wanted = {
        number
        for number, order in sandbox.shop.orders.items()
        if bool(order.get("archived")) is archived
    }
    assert found == wanted - NEVER_SHOWN
    for seen in asked(sandbox, "GET", "/v1/orders"):
        assert (seen.query["archived"], seen.query["test"]) == (str(archived).lower(), "false")


def test_a_test_order_that_is_listed_all_the_same_is_left_out(wiring: Wiring) -> None:
    with requests_mock.Mocker() as shop:
        shop.get("/v1/orders", json=[PLAIN, PLAIN | {"number": "1002", "test": True}])
        shop.get("/v1/orders/count", json={"count": 2})
        pages = list(wiring.shop.pages(archived=False))
        shop.get("/v1/orders/1002", json=PLAIN | {"number": "1002", "test": True})
        with pytest.raises(OrderNotInShop):
            wiring.shop.order("1002")

    assert [taken.number for page in pages for taken in page.orders] == ["1001"]


def test_an_order_that_leaves_while_pages_are_read_hides_no_other(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    numbers = fill(sandbox)
    pages = wiring.shop.pages(archived=False)
    found = {taken.number for taken in next(pages).orders}
    sandbox.shop.change(numbers[0], archived=True)
    rest = list(pages)

    assert found | {taken.number for page in rest for taken in page.orders} == set(numbers)
    assert rest[-1].complete


def test_an_order_that_comes_while_pages_are_read_is_seen(sandbox: Sandbox, wiring: Wiring) -> None:
    numbers = fill(sandbox)
    sandbox.shop.change(numbers[0], archived=True)
    pages = wiring.shop.pages(archived=False)
    found = {taken.number for taken in next(pages).orders}
    sandbox.shop.change(numbers[0], archived=False)
    rest = list(pages)

    assert found | {taken.number for page in rest for taken in page.orders} == set(numbers)
    assert rest[-1].complete


def test_one_that_comes_and_one_that_leaves_do_not_make_up_for_each_other(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    numbers = fill(sandbox)
    sandbox.shop.change(numbers[5], archived=True)
    pages = wiring.shop.pages(archived=False)
    found = {taken.number for taken in next(pages).orders}
    sandbox.shop.change(numbers[0], archived=True)
    next(pages)
    sandbox.shop.change(numbers[5], archived=False)
    rest = list(pages)

    assert rest[-1].complete
    assert found | {taken.number for page in rest for taken in page.orders} == set(numbers)


def test_a_window_in_which_the_shop_counts_more_than_it_shows_is_not_complete(
    wiring: Wiring, log: pytest.LogCaptureFixture
) -> None:
    numbers = [str(1001 + place) for place in range(5)]
    with requests_mock.Mocker() as shop:
        shop.get("/v1/orders", json=[PLAIN | {"number": number} for number in numbers])
        shop.get("/v1/orders/count", json={"count": 6})
        pages = list(wiring.shop.pages(archived=False))

    assert {taken.number for page in pages for taken in page.orders} == set(numbers)
    assert not any(page.complete for page in pages)
    assert "counts more orders than it shows" in log.text


def test_a_window_that_never_stands_still_is_not_complete(sandbox: Sandbox, wiring: Wiring) -> None:
    numbers = fill(sandbox)
    complete = False
    for page in wiring.shop.pages(archived=False):
        complete |= page.complete
        if page.orders and page.orders[-1].number == numbers[-1]:
            continue
        left = next(number for number in numbers if not sandbox.shop.orders[number]["archived"])
        sandbox.shop.change(left, archived=True)
    assert not complete


def test_a_shop_with_smaller_pages_is_read_to_the_end(sandbox: Sandbox, wiring: Wiring) -> None:
    numbers = fill(sandbox, 70)
    rows = [PLAIN | {"number": number} for number in numbers]
    with requests_mock.Mocker() as shop:
        shop.get("/v1/orders", json=lambda asked, _: rows[int(asked.qs["offset"][0]) :][:30])
        shop.get("/v1/orders/count", json={"count": 70})
        pages = list(wiring.shop.pages(archived=False))

    assert [taken.number for page in pages for taken in page.orders] == numbers
    assert pages[-1].complete


def test_a_shop_that_gives_fewer_at_once_than_before_is_read_to_the_end(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    fill(sandbox)
    list(wiring.shop.pages(archived=False))

    rows = [PLAIN | {"number": str(number)} for number in range(1001, 1071)]
    with requests_mock.Mocker() as shop:
        shop.get("/v1/orders", json=lambda asked, _: rows[int(asked.qs["offset"][0]) :][:30])
        shop.get("/v1/orders/count", json={"count": 70})
        counted = list(wiring.shop.pages(archived=False, expected=70))
        after = list(wiring.shop.pages(archived=False))

    for pages in (counted, after):
        assert sum(len(page.orders) for page in pages) == 70
        assert pages[-1].complete


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (38, 1), (40, 2), (101, 2)])
def test_a_page_that_cannot_be_all_that_the_shop_gives_at_once_ends_a_window(
    sandbox: Sandbox, wiring: Wiring, count: int, requests: int
) -> None:
    fill(sandbox, count)
    pages = list(wiring.shop.pages(archived=False))
    assert pages[-1].complete
    assert len(asked(sandbox, "GET", "/v1/orders")) == requests


def test_what_was_counted_before_is_not_counted_again(sandbox: Sandbox, wiring: Wiring) -> None:
    fill(sandbox, 40)
    list(wiring.shop.pages(archived=False, expected=40))
    assert len(asked(sandbox, "GET", "/v1/orders")) == 1


def test_a_window_is_asked_for_in_the_shops_own_time(sandbox: Sandbox, wiring: Wiring) -> None:
    summer = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)
    list(
        wiring.shop.pages(
            archived=False,
            since=dt.date(2026, 3, 1),
            until=dt.date(2026, 3, 2),
            changed_since=summer,
        )
    )

    query = asked(sandbox, "GET", "/v1/orders")[0].query
    assert (query["start_date"], query["end_date"]) == ("2026-03-01", "2026-03-02")
    assert query["status_changed_start_date"] == "2026-07-02 00:30:00"


@pytest.mark.usefixtures("each_shape")
def test_a_status_change_is_found_by_its_window(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.shop.set_status("1041", 2, at=dt.datetime(2026, 3, 20, 12, 59))  # noqa: DTZ001 - local shop time
    since = dt.datetime(2026, 3, 20, 11, 58, tzinfo=dt.UTC)
    found = [
        taken
        for page in wiring.shop.pages(archived=False, changed_since=since)
        for taken in page.orders
        if taken.order
    ]

    assert [(taken.number, taken.status) for taken in found] == [("1041", 2)]
    assert found[0].order
    assert found[0].order.status_changed == dt.date(2026, 3, 20)


# One order, the store, the statuses.


@pytest.mark.parametrize(
    "number", ["99999", "1047", "abc", "", "../store", "\uff11\uff10\uff10\uff11"]
)
def test_an_order_that_the_shop_does_not_have_is_told_by_its_number(
    wiring: Wiring, number: str
) -> None:
    with pytest.raises(OrderNotInShop, match="The shop has no order.*mww2minox report$"):
        wiring.shop.order(number)


def test_the_store_tells_its_country_and_what_it_is_known_by(wiring: Wiring) -> None:
    store = wiring.shop.store()
    assert (store.country, store.identity) == ("NL", "e5fc33df-b2bf-40ec-8d8d-56fc34b495cc")


def test_statuses_are_known_by_their_name_in_the_configured_language(
    sandbox: Sandbox, processes: Processes
) -> None:
    english = processes.start(shop={"language": "en_GB", "statuses": ["paid", "COLLECTED "]})
    assert english.statuses.selected == {2, 5}
    assert asked(sandbox, "GET", "/v1/orderstatuses")[0].query["language"] == "en_GB"

    dutch = processes.start(shop={"statuses": ["Betaald", "5"]})
    assert dutch.statuses.selected == {2, 5}


@pytest.mark.parametrize(
    ("told", "includes_tax"), [(True, True), (False, False), ("false", False), (None, True)]
)
def test_whether_prices_include_vat_is_kept_for_orders_that_do_not_tell_it(
    wiring: Wiring, told: object, *, includes_tax: bool
) -> None:
    with requests_mock.Mocker() as shop:
        shop.get(
            "/v1/store", json={"name": "Kaas", "region_code": "BE", "prices_include_tax": told}
        )
        wiring.ask_shop()
    assert wiring.rules.prices_include_tax is includes_tax
    assert wiring.rules.shop_country == "BE"


@pytest.mark.parametrize(
    ("told", "includes_tax"), [("include", True), ("Exclude", False), ("", None), (None, None)]
)
def test_an_order_tells_whether_its_prices_include_vat(
    told: object, *, includes_tax: bool | None
) -> None:
    plain = next(sample.order for sample in SAMPLES if sample.number == "1001")
    order = read_order(plain | {"taxed": told}).order
    assert order
    assert order.prices_include_tax is includes_tax


def test_an_unknown_status_lists_the_available_ones(processes: Processes) -> None:
    with pytest.raises(ConfigError, match=r"'Betaalt'.*Betaald \(2\).*Afgehaald \(5\)"):
        _ = processes.start(shop={"statuses": ["Betaalt"]}).statuses


def test_numbers_of_statuses_need_no_partner_token(sandbox: Sandbox, processes: Processes) -> None:
    wiring = processes.start(shop={"statuses": [2, 5], "partner_token": None})
    assert wiring.statuses.selected == {2, 5}
    assert not sandbox.requests

    with pytest.raises(TokenRefused, match=r"shop\.partner_token"):
        wiring.shop.statuses()


# Bad answers.


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
        (Fault("status", status=503, times=None), ServerFails),
        (Fault("status", status=400), UnusableAnswer),
        (Fault("status", status=401), TokenRefused),
        (Fault("status", status=403), TokenRefused),
        (Fault("status", status=404), UnusableAnswer),
        (Fault("status", status=418), UnusableAnswer),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Fault) else "",
)
def test_a_bad_answer_is_one_sentence_that_ends_in_a_command_without_the_token(
    sandbox: Sandbox,
    wiring: Wiring,
    log: pytest.LogCaptureFixture,
    fault: Fault,
    error: type[Exception],
) -> None:
    calls: dict[str, Callable[[], object]] = {
        "/v1/orders": lambda: list(wiring.shop.pages(archived=False)),
        "/v1/orders/count": lambda: wiring.shop.count(archived=False, since=TODAY, until=TODAY),
        "/v1/store": wiring.shop.store,
        "/v1/orderstatuses": wiring.shop.statuses,
        "/v1/payment/gateways": wiring.shop.payment_methods,
        "/v1/tax-policy/regions": wiring.shop.tax_rates,
    }
    for path, call in calls.items():
        sandbox.faults[:] = [Fault(**{**fault.as_dict(), "path": f"{path}$"})]
        with pytest.raises(error) as caught:
            call()

        assert type(caught.value) is error
        assert str(caught.value).endswith("mww2minox check")
        assert "token=" not in str(caught.value) + log.text
        assert SHOP_TOKEN not in str(caught.value) + log.text


@pytest.mark.parametrize(
    "kind",
    [
        Fault("broken_json"),
        Fault("html"),
        Fault("truncated"),
        Fault("drop_after"),
        Fault("status", status=502),
    ],
)
def test_a_bad_answer_that_passes_is_no_problem(
    sandbox: Sandbox, wiring: Wiring, kind: Fault
) -> None:
    sandbox.faults.append(Fault(**{**kind.as_dict(), "path": "/v1/orders$", "times": 3}))
    numbers = fill(sandbox)
    found = [taken.number for page in wiring.shop.pages(archived=False) for taken in page.orders]
    assert found == numbers


@pytest.mark.parametrize(
    "body", ["null", "7", '"x"', "{}", '{"message": "x"}', "", "[1", "\ufeff[]", '{"a": 1e99}']
)
def test_json_that_is_no_list_of_orders_is_not_an_empty_shop(wiring: Wiring, body: str) -> None:
    with requests_mock.Mocker() as shop:
        shop.get("/v1/orders", text=body)
        shop.get("/v1/orders/count", text='{"count": 0}')
        with pytest.raises(UnusableAnswer, match="mww2minox check$"):
            list(wiring.shop.pages(archived=False))


PAGE = "<html><head><title>Onderhoud</title><style>p {}</style></head><body><p>Tot 03:00</p>"
MAINTENANCE = [
    ("", "application/json", "The shop gives an empty answer to GET {path}."),
    ("null", "application/json", "The shop gives an empty answer to GET {path}."),
    (
        '{"message": "Onderhoud tot 03:00"}',
        "application/json",
        "The shop answers GET {path} with a message and no data: Onderhoud tot 03:00",
    ),
    (
        '{"message": "Onderhoud", "orders": []}',
        "application/json",
        "The shop answers GET {path} with a message and no data: Onderhoud",
    ),
    (
        PAGE,
        "text/html; charset=utf-8",
        "The shop answers GET {path} with a page and no data: Onderhoud Tot 03:00",
    ),
    (
        f"Even geduld\x1b[31m, {SHOP_TOKEN} van jan@example.nl",
        "text/plain",
        "The shop answers GET {path} with a page and no data: Even geduld [31m, *** van ***",
    ),
]


@pytest.mark.parametrize("worked", [True, False])
@pytest.mark.parametrize(("answer", "kind", "told"), MAINTENANCE)
def test_maintenance_is_told_in_the_shops_own_words(
    wiring: Wiring, answer: str, kind: str, told: str, *, worked: bool
) -> None:
    """The url is suspected only where no answer from there ever made sense."""
    calls: dict[str, Callable[[], object]] = {
        "/v1/orders": lambda: list(wiring.shop.pages(archived=False)),
        "/v1/orders/count": lambda: wiring.shop.count(archived=False, since=TODAY, until=TODAY),
        "/v1/orders/1001": lambda: wiring.shop.order("1001"),
        "/v1/store": wiring.shop.store,
        "/v1/orderstatuses": wiring.shop.statuses,
        "/v1/payment/gateways": wiring.shop.payment_methods,
        "/v1/tax-policy/regions": wiring.shop.tax_rates,
    }
    if worked:
        wiring.shop.store()
    advice = "Nothing is lost. Run the same command again later, or: mww2minox check"
    url = f"Check that {wiring.config.shop.url} is the right url in the config. If it is, try again"

    for path, call in calls.items():
        with requests_mock.Mocker() as shop:
            shop.get(requests_mock.ANY, text=answer, headers={"Content-Type": kind})
            with pytest.raises(UnusableAnswer) as caught:
                call()
        assert caught.value.message == told.format(path=path)
        assert caught.value.suggestion == (advice if worked else f"{url} later: mww2minox check")


def test_a_url_that_was_changed_is_suspected_again(processes: Processes) -> None:
    processes.start().shop.store()
    moved = processes.start(shop={"url": "https://shop.example"})
    with requests_mock.Mocker() as shop:
        shop.get(requests_mock.ANY, text="null")
        with pytest.raises(UnusableAnswer, match=r"https://shop\.example is the right url"):
            moved.shop.store()


# How it was paid.


def a_payment(way: str, *happened: str, at: str = "2026-03-14T10:00:00+01:00") -> dict[str, Any]:
    """Give a payment as the list tells it, and what happened to it."""
    gateway, method = way.split("/")
    mutations = [{"type": kind, "createdAt": at} for kind in happened]
    return {"gateway": gateway, "method": method, "mutations": mutations}


LATER = "2026-03-14 09:30:00+00:00"
CASH, IDEAL = (
    a_payment(way, "authorize", "capture") for way in ("basic/cash", "mollie/ideal:ideal_INGBNL2A")
)


@pytest.mark.parametrize(
    ("payments", "paid_by"),
    [
        ([IDEAL], "mollie/ideal"),
        ([CASH, IDEAL], "mollie/ideal"),
        ([IDEAL, a_payment("paypal/paypal", "failed")], "mollie/ideal"),
        ([a_payment("paypal/paypal", "capture", at=LATER), IDEAL], "paypal/paypal"),
        ([a_payment("paypal/paypal", "capture", at=""), IDEAL], "mollie/ideal"),
        ([a_payment("mollie/ideal", "authorize", "capture", "refund")], "mollie/ideal"),
        ([{"gateway": "basic", "method": "cash", "status": "captured"}], "basic/cash"),
        ([a_payment("mollie/ideal", "authorize")], ""),
        ([{"gateway": "basic", "method": "cash", "mutations": None}], ""),
        ([], ""),
    ],
)
def test_the_last_captured_payment_tells_how_an_order_was_paid(
    wiring: Wiring, payments: list[dict[str, Any]], paid_by: str
) -> None:
    for body in (payments, {"payments": payments}):
        with requests_mock.Mocker() as shop:
            shop.get("/v1/orders/1001/payments", json=body)
            assert wiring.shop.paid_by("1001") == paid_by
            assert "embed=mutations" in shop.last_request.query


@pytest.mark.parametrize("number", ["99999", "abc", "../store", ""])
def test_an_order_that_is_not_there_was_not_paid(wiring: Wiring, number: str) -> None:
    assert not wiring.shop.paid_by(number)


@pytest.mark.parametrize("body", ["null", "7", '{"message": "x"}', '["x"]', '[{"mutations": 7}]'])
def test_payments_in_an_unknown_shape_are_unusable(wiring: Wiring, body: str) -> None:
    with requests_mock.Mocker() as shop:
        shop.get("/v1/orders/1001/payments", text=body)
        with pytest.raises(UnusableAnswer, match="mww2minox check$"):
            wiring.shop.paid_by("1001")


# What `setup` proposes a mapping by.


@pytest.mark.usefixtures("each_shape")
def test_ways_of_paying_are_known_as_orders_name_them(wiring: Wiring) -> None:
    there = wiring.shop.payment_methods()
    assert there["basic/cash"] == "Contant bij afhalen"
    assert there["mollie/ideal"] == "iDEAL"
    used = {
        taken.order.payment
        for taken in wiring.shop.latest(200)
        if taken.order and taken.order.payment
    }
    assert used & there.keys()


@pytest.mark.usefixtures("each_shape")
def test_rates_are_percentages_by_region(wiring: Wiring) -> None:
    assert wiring.shop.tax_rates() == {
        "NL": [Decimal(21), Decimal(9)],
        "BE": [Decimal(21), Decimal(6)],
        "DE": [Decimal(19), Decimal(7)],
    }


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ({"regionCode": "fi", "taxEnabled": True, "taxRate": 0.255}, {"FI": [Decimal("25.5")]}),
        (
            {"regionCode": "NL", "taxEnabled": "1", "taxRate": "0.21", "overrides": None},
            {"NL": [Decimal(21)]},
        ),
        ({"regionCode": "US", "taxEnabled": False}, {}),
    ],
)
def test_each_way_of_writing_a_region_is_read(
    wiring: Wiring, region: dict[str, Any], expected: dict[str, list[Decimal]]
) -> None:
    for body in ([region], {"regions": [region]}):
        with requests_mock.Mocker() as shop:
            shop.get("/v1/tax-policy/regions", json=body)
            assert wiring.shop.tax_rates() == expected


@pytest.mark.parametrize(
    "body", ["null", "7", "{}", '["x"]', "[{}]", '[{"name": "a", "methods": 7}]', "[[1]]"]
)
def test_lists_in_an_unknown_shape_are_unusable(wiring: Wiring, body: str) -> None:
    wrong = body.replace('"name"', '"regionCode": "NL", "taxEnabled": true, "taxRate": "x", "name"')
    with requests_mock.Mocker() as shop:
        shop.get("/v1/payment/gateways", text=body.replace("[{}]", '[{"methods": [{}]}]'))
        shop.get("/v1/tax-policy/regions", text=wrong)
        for look in (wiring.shop.payment_methods, wiring.shop.tax_rates):
            with pytest.raises(UnusableAnswer, match="mww2minox check$"):
                look()


@pytest.mark.usefixtures("each_shape")
@pytest.mark.parametrize("count", [1, 5, 200])
def test_the_newest_orders_come_first_archived_or_not(
    sandbox: Sandbox, wiring: Wiring, count: int
) -> None:
    found = [taken.order for taken in wiring.shop.latest(count)]
    dates = [order.date for order in found if order]
    readable = sandbox.shop.orders.keys() - NEVER_SHOWN - MALFORMED
    assert len(dates) == min(count, len(readable))
    assert dates == sorted(dates, reverse=True)
    assert dates[0] == max(taken.order.date for taken in everything(wiring).values() if taken.order)
    if count > len(readable):
        assert {order.number for order in found if order} == readable


def test_of_many_orders_no_more_are_asked_for_than_are_wanted(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    fill(sandbox, 450)
    found = wiring.shop.latest(200)
    assert len({taken.number for taken in found}) == 200
    assert len(asked(sandbox, path="/v1/orders")) <= 4


def test_an_empty_shop_has_no_newest_orders(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.shop.orders.clear()
    assert wiring.shop.latest(200) == []


@pytest.mark.parametrize("body", ["null", "{}", '{"count": "many"}', '{"count": -1}', "[]"])
def test_a_count_that_is_no_number_is_not_none(wiring: Wiring, body: str) -> None:
    with requests_mock.Mocker() as shop:
        shop.get("/v1/orders", json=[PLAIN] * 5)
        shop.get("/v1/orders/count", text=body)
        with pytest.raises(UnusableAnswer, match="mww2minox check$"):
            list(wiring.shop.pages(archived=False))


@pytest.mark.parametrize("number", ["1e99999999999999999999", "NaN", "9" * 5000])
def test_a_number_that_no_one_can_read_is_an_unusable_answer(wiring: Wiring, number: str) -> None:
    with requests_mock.Mocker() as shop:
        shop.get("/v1/orders/1001", text=f'{{"number": {number}}}')
        with pytest.raises(UnusableAnswer):
            wiring.shop.order("1001")


def test_what_the_shop_says_is_shown_without_the_token(wiring: Wiring) -> None:
    with requests_mock.Mocker() as shop:
        shop.get(
            "/v1/store",
            status_code=400,
            json={"title": "Bad", "detail": f"token {SHOP_TOKEN}\x1b[31m is odd"},
        )
        with pytest.raises(UnusableAnswer, match=r"Bad token \*\*\* \[31m is odd"):
            wiring.shop.store()
