"""The config: what it accepts, and that it tells every problem at once, with its place and no
secret.
"""

import contextlib
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings, strategies as st
from pydantic_core import PydanticUndefined

from mww2minox.books.model import BookingRules, DateChoice, VatPosting, VatRow
from mww2minox.config.loading import find_config, load_config
from mww2minox.config.settings import Config, Settings
from mww2minox.config.yaml_file import Document, read_document
from mww2minox.errors import ConfigError, ExitStatus
from mww2minox.language.texts import default_language

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
CANARY = "canary-3f9a"
VALID = """\
shop:
  token: t
  statuses: [1, "2"]
  since: 2026-01-01
minox:
  client_id: 123
  client_secret: s
  redirect_uri: http://127.0.0.1:8765/callback
  tenant: 12345
  administration: 1
  journal: 100
vat:
  - {region: nl, rate: 21, code: 1, ledger: 8000}
  - {strategy: zero_percent, code: 5H, ledger: "8200"}
"""


class Folder:
    """A folder with a config that can be changed and loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path / "config.yaml"

    def load(self, text: str | bytes = VALID) -> Config:
        self.path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(self.path)

    def problems(self, text: str | bytes) -> tuple[str, ...]:
        with pytest.raises(ConfigError) as caught:
            self.load(text)
        assert caught.value.exit_status is ExitStatus.USAGE
        return caught.value.problems

    def problem(self, text: str | bytes) -> str:
        (problem,) = self.problems(text)
        return problem


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def valid(**changes: Any) -> str:
    """Return a valid config with some keys replaced: `shop__url=...`; None takes a key away."""
    tree = yaml.load(VALID, Loader=yaml.BaseLoader)  # noqa: S506 - makes texts only
    for name, value in changes.items():
        *sections, key = name.split("__")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[key] = value
    return yaml.safe_dump(_without_none(tree), sort_keys=False)


def _without_none(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_none(value) for key, value in tree.items() if value is not None}
    return tree


NL21 = {"region": "NL", "rate": 21, "code": 1, "ledger": "8000"}
NL9 = {"region": "NL", "rate": 9, "code": 2, "ledger": "8010"}
GIFT_CARD = {"region": "NL", "rate": 0, "type": "gift_card", "code": "none", "ledger": 1850}


# What it accepts.


def test_a_short_config_gets_the_defaults(folder: Folder, home: Path) -> None:
    config = folder.load()
    assert config.language == "en"
    assert config.shop.url == "https://api.myonlinestore.com"
    assert (config.shop.language, config.shop.timezone) == ("nl_NL", "Europe/Amsterdam")
    assert config.shop.partner_token is None
    assert config.minox.url == "https://app.minox.nl"
    assert config.minox.requests_per_second == 5.0
    assert config.verify.tolerance == Decimal("0.00")
    assert config.state_path == home / ".local/state/mww2minox/state.db"


def test_numbers_are_texts_where_texts_are_meant(folder: Folder) -> None:
    config = folder.load()
    minox = config.minox
    assert (minox.client_id, minox.tenant, minox.administration, minox.journal) == (
        "123",
        "12345",
        "1",
        "100",
    )
    assert config.shop.statuses == (1, 2)
    assert config.shop.since == date(2026, 1, 1)


def test_the_mapping_is_what_the_booking_core_needs(folder: Folder) -> None:
    extra = (
        "ledgers: {shipping: 8900}\npayment_debtors: {' Basic / CASH ': 10600}\nbooking: {date:"
        " status_changed}\n"
    )
    assert folder.load(VALID + extra).rules("BE") == BookingRules(
        journal="100",
        shop_country="BE",
        vat=(
            VatRow(code=1, ledger="8000", region="NL", rate=Decimal(21)),
            VatRow(code="5H", ledger="8200", strategy="zero_percent"),
        ),
        vat_posting=VatPosting.NET,
        ledgers={"shipping": "8900"},
        payment_debtors={"basic/cash": "10600"},
        rounding_ledger=None,
        max_rounding=Decimal("0.05"),
        date=DateChoice.STATUS_CHANGED,
        description="{number}",
    )


def test_money_never_is_binary(folder: Folder) -> None:
    config = folder.load(valid(booking__max_rounding="0.10", verify__tolerance=0.07))
    assert str(config.booking.max_rounding) == "0.10"
    assert str(config.verify.tolerance) == "0.07"
    config = folder.load(valid(booking__max_rounding="0,07", verify__tolerance="0,5"))
    assert (config.booking.max_rounding, config.verify.tolerance) == (
        Decimal("0.07"),
        Decimal("0.5"),
    )


def test_a_number_of_minox_stays_as_it_is_written(folder: Folder) -> None:
    """The UUIDs of all bookings are derived from it."""
    config = folder.load(valid(minox__tenant="012345", minox__administration=7))
    assert (config.minox.tenant, config.minox.administration) == ("012345", "7")


@pytest.mark.parametrize("written", ["2026-02-01", "1-2-2026", "01-02-2026"])
def test_a_date_is_taken_as_people_write_it(folder: Folder, written: str) -> None:
    assert folder.load(valid(shop__since=written)).shop.since == date(2026, 2, 1)


def test_account_numbers_keep_their_zeros_and_norway_is_no_boolean(folder: Folder) -> None:
    config = folder.load(VALID + "  - {region: NO, rate: 25.0, code: 010, ledger: 0100}\n")
    assert config.vat[2].row() == VatRow(
        code="010", ledger="0100", region="NO", rate=Decimal("25.0")
    )


def test_a_row_of_a_line_type_may_have_no_code(folder: Folder) -> None:
    config = folder.load(valid(vat=[NL21, GIFT_CARD, NL21 | {"type": "Shipping", "code": 4}]))
    assert config.rules("NL").vat[1:] == (
        VatRow(code=None, ledger="1850", region="NL", rate=Decimal(0), type="gift_card"),
        VatRow(code=4, ledger="8000", region="NL", rate=Decimal(21), type="shipping"),
    )


def test_without_turnover_under_a_strategy_there_is_no_code_either(folder: Folder) -> None:
    row = {"strategy": "zero_percent", "type": "gift_card", "code": "None", "ledger": 1850}
    config = folder.load(valid(vat=[NL21, row]))
    assert config.rules("NL").vat[1].code is None


def test_keys_without_a_value_are_absent(folder: Folder) -> None:
    config = folder.load(VALID + "booking:\nledgers: ~\nverify: {tolerance: }\nstate:\nlanguage:\n")
    assert config.booking.max_rounding == Decimal("0.05")


def test_trailing_slashes_of_urls_go(folder: Folder) -> None:
    assert (
        folder.load(valid(shop__url="https://example.com/api//")).shop.url
        == "https://example.com/api"
    )


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:80", "http://LOCALHOST"]
)
def test_http_is_fine_on_loopback(folder: Folder, url: str) -> None:
    assert folder.load(valid(minox__url=url)).minox.url == url


def test_environment_variables_are_taken(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", CANARY)
    config = folder.load(valid(shop__token="a${MY_TOKEN}b"))
    assert config.shop.token.get_secret_value() == f"a{CANARY}b"


def test_secrets_come_from_files(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "one").write_text(f"{CANARY}\n")
    (tmp_path / "two").write_text("two\r\n")
    changes = {
        "shop__token": None,
        "shop__token_file": "one",
        "shop__partner_token_file": str(tmp_path / "two"),
    }
    config = folder.load(
        valid(minox__client_secret=None, minox__client_secret_file="one", **changes)
    )
    assert config.shop.token.get_secret_value() == CANARY
    assert config.minox.client_secret.get_secret_value() == CANARY
    assert config.shop.partner_token
    assert config.shop.partner_token.get_secret_value() == "two"


ENV_FILE = f"""\
# comment
export MWW_TOKEN={CANARY}
PARTNER = 'p#$HOME'  # comment
SECRET="s\\"$MWW_TOKEN"
EMPTY=
"""


def test_what_the_environment_lacks_comes_from_the_env_file(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.path.with_suffix(".env").write_text(f"\ufeff{ENV_FILE}OVER=no\n")
    monkeypatch.setenv("OVER", "over")
    monkeypatch.setenv("PARTNER", "")
    changes = {
        "minox__client_secret": "${SECRET}",
        "minox__journal": "${OVER}",
        "shop__partner_token": "${PARTNER}",
    }
    config = folder.load(valid(shop__token="${MWW_TOKEN}", **changes))
    assert config.shop.token.get_secret_value() == CANARY
    assert config.shop.partner_token
    assert config.shop.partner_token.get_secret_value() == "p#$HOME"
    assert config.minox.client_secret.get_secret_value() == 's"$MWW_TOKEN'
    assert config.minox.journal == "over"


def test_the_env_file_has_the_name_of_the_config(tmp_path: Path) -> None:
    for name in ("kaas", "bier"):
        (tmp_path / f"{name}.yaml").write_text(valid(shop__token="${MWW_TOKEN}"))
        (tmp_path / f"{name}.env").write_text(f"MWW_TOKEN={name}-token\n")
    tokens = [
        load_config(tmp_path / f"{name}.yaml").shop.token.get_secret_value()
        for name in ("kaas", "bier")
    ]
    assert tokens == ["kaas-token", "bier-token"]


@pytest.fixture
def credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which systemd hands credentials over; the files that the config names cannot be
    read.
    """
    path = tmp_path / "credentials"
    path.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(path))
    return path


def test_credentials_come_before_the_files_that_the_config_names(
    folder: Folder, credentials: Path
) -> None:
    (credentials / "environment").write_text("JOURNAL=100\n")
    folder.path.with_suffix(".env").mkdir()
    changes: dict[str, Any] = {
        "minox__client_secret": None,
        "minox__journal": "${JOURNAL}",
        "shop__token": None,
    }
    for key in ("shop.token", "shop.partner_token", "minox.client_secret"):
        (credentials / key).write_text(f"{key} from systemd\n".replace(" ", "-"))
        changes[f"{key}_file".replace(".", "__")] = "absent"
    config = folder.load(valid(**changes))
    assert config.minox.journal == "100"
    assert config.shop.token.get_secret_value() == "shop.token-from-systemd"
    assert config.shop.partner_token
    assert config.shop.partner_token.get_secret_value() == "shop.partner_token-from-systemd"
    assert config.minox.client_secret.get_secret_value() == "minox.client_secret-from-systemd"


@pytest.mark.usefixtures("credentials")
def test_what_systemd_does_not_hand_over_comes_from_the_files(folder: Folder) -> None:
    folder.path.with_suffix(".env").write_text("JOURNAL=100\n")
    folder.path.with_name("token").write_text(CANARY)
    config = folder.load(
        valid(minox__journal="${JOURNAL}", shop__token=None, shop__token_file="token")
    )
    assert (config.minox.journal, config.shop.token.get_secret_value()) == ("100", CANARY)


def test_a_credential_that_the_config_does_not_ask_for_is_no_secret_of_its_own(
    folder: Folder, credentials: Path
) -> None:
    (credentials / "shop.token").write_text("from-systemd")
    assert folder.load().shop.token.get_secret_value() == "t"


@pytest.mark.parametrize(
    ("state", "expected"),
    [("~/x.db", "{home}/x.db"), ("sub/x.db", "{folder}/sub/x.db"), ("/var/x.db", "/var/x.db")],
)
def test_the_state_path_is_absolute(folder: Folder, home: Path, state: str, expected: str) -> None:
    path = folder.load(valid(state=state)).state_path
    assert str(path) == expected.format(home=home, folder=folder.path.parent)


def test_the_dashboard_is_a_path_like_that_of_the_state_or_none(folder: Folder) -> None:
    assert folder.load(valid()).dashboard is None
    assert folder.load(valid(dashboard="x.html")).dashboard == folder.path.parent / "x.html"


def test_who_is_told_is_optional(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)  # nobody who has no URL needs it
    assert (folder.load().notify.urls, folder.load().notify.dead_mans_switch) == ((), None)
    switch = "https://hc-ping.com/0a1b?create=1"
    told = folder.load(valid(notify__dead_mans_switch=switch)).notify.dead_mans_switch
    assert told
    assert told.get_secret_value() == switch


def test_urls_of_apprise_are_taken_from_the_environment_too(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_URL", f"json://{CANARY}:1/x?rto=5")
    urls = folder.load(
        valid(notify__urls=["${NOTIFY_URL}", "mailto://me:pw@example.com"])
    ).notify.urls
    assert [url.get_secret_value() for url in urls] == [
        f"json://{CANARY}:1/x?rto=5",
        "mailto://me:pw@example.com",
    ]


def test_where_minox_works_out_the_vat_cents_may_differ(folder: Folder) -> None:
    ledger = {"booking__vat_posting": "ledger"}
    assert folder.load(valid(**ledger)).verify.tolerance == Decimal("0.03")
    assert folder.load(valid(**ledger, verify__tolerance="0.01")).verify.tolerance == Decimal(
        "0.01"
    )


def test_names_of_statuses_are_fine_with_a_partner_token(folder: Folder) -> None:
    config = folder.load(valid(shop__statuses=["Betaald", 7, "8"], shop__partner_token="p"))
    assert config.shop.statuses == ("Betaald", 7, 8)


def test_vat_on_a_line_of_its_own_has_a_ledger(folder: Folder) -> None:
    config = folder.load(valid(booking__vat_posting="line", vat=[NL21 | {"vat_ledger": 1500}]))
    assert config.vat[0].vat_ledger == "1500"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "nl_NL.UTF-8"}, "nl"),
        ({"LANG": "nl_BE", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "", "LC_ALL": "nl"}, "nl"),
    ],
)
def test_the_language_is_that_of_the_locale(environment: dict[str, str], language: str) -> None:
    assert default_language(environment) == language


# The example.


@pytest.fixture
def _example_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MWW_TOKEN", "MWW_PARTNER_TOKEN", "MINOX_CLIENT_SECRET"):
        monkeypatch.setenv(name, "secret")


@pytest.mark.usefixtures("_example_secrets")
def test_the_example_loads(home: Path) -> None:
    config = load_config(EXAMPLE)
    assert config.state_path == home / ".local/state/mww2minox/state.db"
    assert config.rules("NL").vat[0] == VatRow(code=1, ledger="8000", region="NL", rate=Decimal(21))


def test_the_example_has_every_key_and_explains_it() -> None:
    text = EXAMPLE.read_text()
    example = yaml.safe_load(text)
    assert set(example) == {field.alias or name for name, field in Config.model_fields.items()}
    for name, field in Config.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, Settings):
            assert set(example[name]) == set(model.model_fields)
    assert {key for row in example["vat"] for key in row} == {
        "region",
        "rate",
        "strategy",
        "type",
        "code",
        "ledger",
    }
    assert all(f"{key}_file" in text for key in ("token", "partner_token", "client_secret"))
    assert "vat_ledger" in text


@pytest.mark.usefixtures("_example_secrets")
def test_the_example_gives_the_defaults_that_there_are() -> None:
    config = load_config(EXAMPLE)
    for section in (config.shop, config.minox, config.booking, config.verify):
        for key, field in type(section).model_fields.items():
            assert field.default in {PydanticUndefined, None, getattr(section, key)}


# The problems.


def test_five_mistakes_are_told_at_once_with_their_places(folder: Folder) -> None:
    text = """\
shop:
  tokn: t
  statuses: [Betaald]
  since: 31-02-2026
minox:
  url: http://app.minox.nl
  client_id: a
  client_secret: ${UNSET}
  redirect_uri: http://127.0.0.1:8765/callback
  tenant: 1
  administration: 1
  journal: VERK
vat:
  - {region: NL, rate: 21, code: 1, ledger: 8000}
  - {region: NL, rate: 121, code: 1, ledger: 8000}
"""
    problems = folder.problems(text)
    assert problems == (
        "shop.token (line 1): is missing: the shop's API token, here or in token_file",
        "shop.tokn (line 2): is not a setting here; did you mean token?",
        (
            "value 1 of shop.statuses (line 3): 'Betaald' is a name; give its number, or a"
            " partner_token"
        ),
        "shop.since (line 4): '31-02-2026' is not a date; write it like 2026-01-31",
        (
            "minox.url (line 6): 'http://app.minox.nl' must start with https:// (http:// only on"
            " this machine)"
        ),
        (
            "minox.client_secret (line 8): the environment variable UNSET is not set; set it, or"
            f" add a line UNSET=... to {folder.path.with_suffix('.env')}"
        ),
        "row 2 of vat, rate (line 15): 121 is not a percentage; write a number from 0 to 100",
    )
    with pytest.raises(ConfigError) as caught:
        load_config(folder.path)
    assert str(folder.path) in str(caught.value)
    assert all(problem in str(caught.value) for problem in problems)


@pytest.mark.parametrize(
    ("changes", "place", "says"),
    [
        ({"minox": None}, "minox", "is missing: the section"),
        ({"shop__since": None}, "shop.since", "is missing: the first order date"),
        ({"vat": None}, "vat", "is missing: the list of VAT codes"),
        ({"vat": []}, "vat", "at least one item"),
        ({"vat": {"a": 1}}, "vat", "a section stands here; write a list"),
        ({"vat": ["x"]}, "row 1 of vat", "'x' stands here; write a section"),
        ({"shop__statuses": []}, "shop.statuses", "at least one item"),
        ({"shop__statuses": "1"}, "shop.statuses", "write a list"),
        ({"shop__statuses": [True]}, "value 1 of shop.statuses", "true is not a text"),
        ({"booking": "net"}, "booking", "write a section"),
        ({"shop__url": "example.com"}, "shop.url", "is not a URL"),
        ({"shop__url": "https://"}, "shop.url", "is not a URL"),
        ({"shop__url": "https://a b"}, "shop.url", "is not a URL"),
        ({"shop__url": "https://a\\@b"}, "shop.url", "is not a URL"),
        ({"shop__url": "https://a:99999"}, "shop.url", "is not a URL"),
        ({"shop__url": "https://[::1"}, "shop.url", "is not a URL"),
        ({"shop__url": "https://me:pw@example.com"}, "shop.url", "holds a user name or password"),
        ({"shop__url": "https://example.com?a=1"}, "shop.url", "holds a ? or #"),
        ({"shop__url": "https://example.com#a"}, "shop.url", "holds a ? or #"),
        ({"shop__url": "http://localhost.example.com"}, "shop.url", "must start with https"),
        ({"shop__url": "http://10.0.0.1"}, "shop.url", "must start with https"),
        ({"minox__redirect_uri": "http://127.0.0.1/callback"}, "minox.redirect_uri", "with a port"),
        (
            {"minox__redirect_uri": "http://example.com:80/"},
            "minox.redirect_uri",
            "on this machine",
        ),
        ({"shop__language": "nl"}, "shop.language", "like nl_NL"),
        ({"shop__timezone": "Europe/Delft"}, "shop.timezone", "is not a time zone"),
        ({"shop__timezone": "../etc"}, "shop.timezone", "is not a time zone"),
        ({"shop__timezone": "Europe"}, "shop.timezone", "is not a time zone"),
        ({"shop__since": "2026-02-30"}, "shop.since", "is not a date"),
        ({"shop__since": "20260101"}, "shop.since", "is not a date"),
        ({"shop__since": [1]}, "shop.since", "a list is not a date"),
        ({"shop__token": "a b"}, "shop.token", "this holds a space"),
        ({"minox__journal": ""}, "minox.journal", "is empty"),
        ({"minox__journal": "V\tK"}, "minox.journal", "cannot be printed"),
        ({"minox__tenant": True}, "minox.tenant", "true is not a number"),
        ({"minox__tenant": "Kaas BV"}, "minox.tenant", "'Kaas BV' is not a number"),
        ({"minox__administration": "1.5"}, "minox.administration", "'1.5' is not a number"),
        ({"minox__administration": -1}, "minox.administration", "-1 is not a number"),
        ({"minox__requests_per_second": 0}, "minox.requests_per_second", "above 0"),
        ({"minox__requests_per_second": 1001}, "minox.requests_per_second", "up to 1000"),
        ({"minox__requests_per_second": True}, "minox.requests_per_second", "true is not a number"),
        ({"booking__max_rounding": "0,0,5"}, "booking.max_rounding", "like 0.05"),
        ({"booking__max_rounding": "1.000,05"}, "booking.max_rounding", "like 0.05"),
        ({"booking__max_rounding": 0.005}, "booking.max_rounding", "not an amount"),
        ({"booking__max_rounding": -1}, "booking.max_rounding", "not below 0"),
        ({"booking__max_rounding": float("nan")}, "booking.max_rounding", "is not a number"),
        (
            {"customers__block_reminders": "ja"},
            "customers.block_reminders",
            "must be true or false",
        ),
        ({"customers__block_reminders": 1}, "customers.block_reminders", "must be true or false"),
        ({"verify__tolerance": float("inf")}, "verify.tolerance", "is not a number"),
        (
            {"booking__date": "today"},
            "booking.date",
            "'today' is not one of 'order' or 'status_changed'",
        ),
        (
            {"booking__vat_posting": "netto"},
            "booking.vat_posting",
            "is not one of 'net', 'gross', 'ledger', 'line' or 'debtor'",
        ),
        ({"booking__description": ""}, "booking.description", "is empty"),
        (
            {"booking__description": "{order}"},
            "booking.description",
            "the fields are {company}, {date}",
        ),
        (
            {"booking__description": "{number.real}"},
            "booking.description",
            "a field that does not exist",
        ),
        (
            {"booking__description": "{number[0]}"},
            "booking.description",
            "a field that does not exist",
        ),
        (
            {"booking__description": "{number!r}"},
            "booking.description",
            "a field that does not exist",
        ),
        (
            {"booking__description": "{number:>9}"},
            "booking.description",
            "a field that does not exist",
        ),
        ({"booking__description": "{}"}, "booking.description", "a field that does not exist"),
        ({"booking__description": "{number"}, "booking.description", "a brace without its partner"),
        ({"vat": [NL21 | {"rate": True}]}, "row 1 of vat, rate", "true is not a number"),
        ({"vat": [NL21 | {"rate": -1}]}, "row 1 of vat, rate", "-1 is not a percentage"),
        ({"vat": [NL21 | {"region": "NLD"}]}, "row 1 of vat, region", "a country"),
        ({"vat": [NL21 | {"region": "el"}]}, "row 1 of vat, region", "write GR"),
        ({"vat": [NL21 | {"code": True}]}, "row 1 of vat, code", "true is not a text"),
        (
            {"vat": [{"region": "NL", "rate": 21, "ledger": 1}]},
            "row 1 of vat, code",
            "is missing: the VAT code",
        ),
        (
            {"vat": [{"region": "NL", "rate": 21, "code": 1}]},
            "row 1 of vat, ledger",
            "is missing: the ledger account",
        ),
        (
            {"vat": [NL21 | {"strategy": "zero_percent"}]},
            "row 1 of vat",
            "has a strategy and a region or rate",
        ),
        (
            {"vat": [{"code": 1, "ledger": 1}]},
            "row 1 of vat",
            "needs region and rate, or a strategy",
        ),
        (
            {"vat": [{"region": "NL", "code": 1, "ledger": 1}]},
            "row 1 of vat",
            "needs region and rate",
        ),
        (
            {"vat": [{"strategy": "none", "code": 1, "ledger": 1}]},
            "row 1 of vat, strategy",
            "is not one of",
        ),
        (
            {"vat": [NL21, NL9, NL21 | {"rate": "21.00"}]},
            "row 3 of vat",
            "region and rate, and type as row 1 of vat (line ",
        ),
        (
            {"vat": [NL21, GIFT_CARD, GIFT_CARD | {"type": "GIFT_CARD", "ledger": 1851}]},
            "row 3 of vat",
            "region and rate, and type as row 2 of vat (line ",
        ),
        (
            {"vat": [NL21 | {"code": "none"}]},
            "row 1 of vat, code",
            "which goes with a rate of 0",
        ),
        (
            {"vat": [NL21 | {"type": "gift card"}]},
            "row 1 of vat, type",
            "is not a type of order lines",
        ),
        ({"vat": [NL21 | {"type": True}]}, "row 1 of vat, type", "true is not a text"),
        (
            {"booking__vat_posting": "ledger", "ledgers__gift_card": 1},
            "ledgers",
            "cannot hold two rates",
        ),
        (
            {"booking__vat_posting": "line"},
            "row 1 of vat, vat_ledger",
            "is missing: with vat_posting line",
        ),
        (
            {"booking__vat_posting": "ledger", "ledgers__shipping": 1},
            "ledgers",
            "cannot hold two rates",
        ),
        (
            {"booking__vat_posting": "ledger", "vat": [NL21, NL9 | {"ledger": "8000"}]},
            "row 2 of vat, ledger",
            "is also that of row 1 of vat (line ",
        ),
        (
            {"booking__invoice_number": "minox", "booking__description": "Order van {name}"},
            "booking.description",
            "needs {number}: with invoice_number minox",
        ),
        ({"booking__invoice_number": "mine"}, "booking.invoice_number", "not one of"),
        ({"ledgers__shiping": 1}, "ledgers.shiping", "did you mean shipping?"),
        ({"payment_debtors": {"cash": 1}}, "payment_debtors.cash", "'cash' is not a way of paying"),
        (
            {"payment_debtors": {"basic/cash": []}},
            "payment_debtors.basic/cash",
            "a list is not a text",
        ),
        ({"payment_debtors": [1]}, "payment_debtors", "a list stands here"),
        (
            {"payment_debtors": {"basic/cash": 1, "Basic / Cash": 2}},
            "payment_debtors.Basic / Cash",
            "is the same way of paying as basic/cash; keep one",
        ),
        ({"notify__urls": []}, "notify.urls", "at least one item"),
        ({"notify__urls": "json://a"}, "notify.urls", "this stands here; write a list"),
        (
            {"notify__urls": ["json://a", "nonsense://b"]},
            "value 2 of notify.urls",
            "this is not a URL that Apprise takes",
        ),
        (
            {"notify__urls": ["https://"]},
            "value 1 of notify.urls",
            "this is not a URL that Apprise takes",
        ),
        ({"notify__urls": [1]}, "value 1 of notify.urls", "this is not a URL that Apprise takes"),
        (
            {"notify__dead_mans_switch": "http://hc-ping.com/a"},
            "notify.dead_mans_switch",
            "must start with https",
        ),
        ({"notify__dead_mans_switch": "hc-ping.com"}, "notify.dead_mans_switch", "is not a URL"),
        ({"notify__dead_mans_switch": "https://a/?b#c"}, "notify.dead_mans_switch", "holds a #"),
        (
            {"notify__dead_mans_switch": "https://a/#c?b"},
            "notify.dead_mans_switch",
            "holds a ? or #",
        ),
        ({"notify__mail": "x"}, "notify.mail", "the settings are urls, dead_mans_switch"),
        ({"language": "fr"}, "language", "'fr' is not one of 'nl' or 'en'"),
        ({"state": []}, "state", "a list is not a text"),
        ({"dashboard": []}, "dashboard", "a list is not a text"),
        ({"webshop": {}}, "webshop", "did you mean shop?"),
        ({"zzz": 1}, "zzz", "the settings are language, shop, minox"),
    ],
)
def test_each_problem_has_its_place_and_the_fix(
    folder: Folder, changes: dict[str, Any], place: str, says: str
) -> None:
    problem = folder.problem(valid(**changes))
    assert problem.startswith(f"{place} (line ")
    assert says in problem


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("just a text", "must hold keys"),
        ("- 1\n", "must hold keys"),
        ("shop: {", "line 1, column 8: this is no valid YAML"),
        ("shop: &x 1", "cannot start with & or *"),
        ("a: 1\n---\nb: 2\n", "this is no valid YAML"),
        (b"shop: \xff", "save it as UTF-8"),
        ("shop: \x00", "a character that YAML does not allow"),
        ('shop: "\\Uffffffff"', "YAML"),
        pytest.param("[" * 5000, "nested too deeply", marks=pytest.mark.thorough),
    ],
)
def test_a_file_that_is_no_config_is_one_problem(
    folder: Folder, text: str | bytes, says: str
) -> None:
    assert says in folder.problem(text)


@pytest.mark.parametrize("name", ["missing.yaml", "", "no\0file"])
def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        load_config(tmp_path / name)


def test_a_key_given_twice_is_a_problem(folder: Folder) -> None:
    text = VALID.replace("  journal: 100\n", "  journal: 100\n  journal: 200\n")
    assert (
        folder.problem(text)
        == "minox.journal (line 11): is given twice, on lines 11 and 12; keep one"
    )


def test_tags_are_harmless(folder: Folder, tmp_path: Path) -> None:
    text = VALID.replace(
        "journal: 100", f"journal: !!python/object/apply:os.mkdir ['{tmp_path}/made']"
    )
    assert "cannot start with !" in folder.problem(text)
    assert not (tmp_path / "made").exists()


def test_a_key_that_is_no_word_is_a_problem(folder: Folder) -> None:
    assert "a key must be a word" in folder.problem(VALID + "? [a]\n: 1\n")


@pytest.mark.parametrize(
    ("written", "says"),
    [("${}", "followed by the name"), ("${A", "followed by"), ("${E}", "empty")],
)
def test_references_that_lead_nowhere(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, written: str, says: str
) -> None:
    monkeypatch.setenv("E", "")
    assert says in folder.problem(valid(minox__journal=written))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"shop__token_file": "x"},
            "shop.token_file (line 7): cannot go with token; keep one of the two",
        ),
        (
            {"shop__token": None, "shop__token_file": "absent"},
            "cannot be read: No such file or directory",
        ),
        ({"shop__token": None, "shop__token_file": "."}, "cannot be read: Is a directory"),
        ({"shop__token": None, "shop__token_file": "hollow"}, "the file is empty"),
        ({"shop__token": None, "shop__token_file": "binary"}, "must be the path of a text file"),
        ({"shop__token": None, "shop__token_file": ["x"]}, "must be the path of a text file"),
        (
            {"shop__token": None, "shop__token_file": "two words"},
            "shop.token (line 1): this holds a space",
        ),
        ({"shop__token": None, "shop__tokenfile": "x"}, "did you mean token_file?"),
    ],
)
def test_secret_files_that_cannot_be_used(
    folder: Folder, tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    (tmp_path / "hollow").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "two words").write_text("two words\n")
    assert any(says in problem for problem in folder.problems(valid(**changes)))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe", "config.env beside it is no text in UTF-8"),
        (b"A=1\n=x\nB='x\n", "config.env beside it has lines that are not NAME=VALUE: 2, 3"),
        (None, "config.env beside it cannot be read: Is a directory"),
    ],
)
def test_env_files_that_cannot_be_used(folder: Folder, content: bytes | None, says: str) -> None:
    env_file = folder.path.with_suffix(".env")
    if content is None:
        env_file.mkdir()
    else:
        env_file.write_bytes(content)
    assert folder.problem(VALID) == f"the file (line 1): {says}"


# Secrets.

LEAKS = [
    (
        f"notify: {{urls: ['nonsense://{CANARY}', '{CANARY}', 'json://a {CANARY}', {{{CANARY}: 1}},"
        f" 'json://${{{CANARY}}}']}}"
    ),
    f"notify: {{urls: json://{CANARY}}}",
    f"notify: {{urls: {{json://{CANARY}: 1}}, dead_mans_switch: [{CANARY}]}}",
    f"notify: {{url: json://{CANARY}, dead_mans_switch: 'http://example.com/{CANARY}?{CANARY}'}}",
    f"notify: {{json://{CANARY}: 1, dead_mans_switch: 'https://me:{CANARY}@example.com/'}}",
    f"notify: ['json://{CANARY}']",
    f"shop: {{token: {CANARY}, partner_token: {CANARY}}}\nminox: {{client_secret: {CANARY}}}",
    f"shop: {{token: [{CANARY}]}}",
    f"shop: {{token: {{{CANARY}: 1}}}}",
    f"shop: {{token: '{CANARY} x'}}",
    f"shop: {{tokn: {CANARY}}}",
    f"shop: {{token:{CANARY}}}",
    f"shop:\n  token:{CANARY}\n  url: x",
    f"shop:\n  url: x\n  token:{CANARY}\n",
    f"shop: {{token: *{CANARY}}}",
    f"shop: {{token: &{CANARY} x}}",
    f"shop: {{token: !{CANARY} x}}",
    f"shop: {{token: !x!{CANARY} x}}",
    f"shop: {{token: %{CANARY}}}",
    f"shop: {{token: '{CANARY}",
    f"shop: {{token_file: {CANARY}}}",
    f"shop: {{token: {CANARY}, token_file: {CANARY}}}",
    "shop: {token: 'x ${CANARY}', url: '${CANARY}', since: '${CANARY}', statuses: '${CANARY}'}",
    "vat: [{code: 1, rate: '${CANARY}', strategy: '${CANARY}', region: '${CANARY}'}]",
    "payment_debtors: {x: '${CANARY}'}\nstate: ['${CANARY}']\nverify: {tolerance: '${CANARY}'}",
]


@pytest.mark.parametrize("text", LEAKS)
def test_no_secret_is_ever_told(folder: Folder, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    with pytest.raises(ConfigError) as caught:
        folder.load(text)
    assert CANARY not in f"{caught.value} {caught.value!r} {caught.value.problems}"


NAMES = ("MWW_TOKEN", "MWW_PARTNER_TOKEN", "MINOX_CLIENT_SECRET")
BROKEN = st.text(alphabet="='\"\\#$ \t\n\r\0aé\ud800", max_size=4)


@pytest.mark.thorough
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(
        st.tuples(BROKEN, st.sampled_from((*NAMES, "export A", "")), BROKEN, BROKEN), max_size=4
    )
)
def test_whatever_the_env_file_holds_no_secret_is_told(
    folder: Folder, parts: list[tuple[str, str, str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    text = "\n".join(
        f"{before}{name}{between}{CANARY}{after}" for before, name, between, after in parts
    )
    folder.path.with_suffix(".env").write_bytes(text.encode("utf-8", "surrogatepass"))
    references = {"shop__token": "${MWW_TOKEN}", "shop__since": "${MWW_PARTNER_TOKEN}"}
    with pytest.raises(ConfigError) as caught:
        folder.load(valid(minox__client_secret="${MINOX_CLIENT_SECRET}", **references))
    assert CANARY not in f"{caught.value} {caught.value!r} {caught.value.problems} {caplog.text}"


@pytest.mark.parametrize("key", ["shop__url", "minox__url", "minox__redirect_uri"])
def test_a_password_in_a_url_is_not_told(folder: Folder, key: str) -> None:
    assert CANARY not in folder.problem(valid(**{key: f"https://me:{CANARY}@example.com"}))


def test_a_loaded_config_does_not_show_its_secrets(folder: Folder) -> None:
    secrets = {"shop__token": CANARY, "shop__partner_token": CANARY, "minox__client_secret": CANARY}
    urls = {
        "notify__urls": [f"json://{CANARY}"],
        "notify__dead_mans_switch": f"https://example.com/{CANARY}",
    }
    config = folder.load(valid(**secrets, **urls))
    assert CANARY not in f"{config} {config!r} {config.model_dump()} {config.model_dump_json()}"


# Finding the file.


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_named_config_comes_first(
    elsewhere: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = home / ".config/mww2minox/config.yaml"
    user.parent.mkdir(parents=True)
    user.touch()
    assert find_config(None) == user
    (elsewhere / "config.yaml").touch()
    assert find_config(None).absolute() == elsewhere / "config.yaml"
    monkeypatch.setenv("MWW2MINOX_CONFIG", "~/other.yaml")
    assert find_config(None) == home / "other.yaml"
    assert find_config(Path("named.yaml")).absolute() == elsewhere / "named.yaml"


@pytest.mark.usefixtures("elsewhere")
def test_without_a_config_the_places_are_told(home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find_config(None)
    for place in (
        "config.yaml",
        str(home / ".config/mww2minox/config.yaml"),
        "/etc/mww2minox/config.yaml",
        "--config",
    ):
        assert place in str(caught.value)


# Whatever stands in the file.

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates()
keys = st.sampled_from(
    [*Config.model_fields, "state", "token", "statuses", "rate", "region", "strategy"]
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(), inner, max_size=5)
    ),
)


def _sections() -> st.SearchStrategy[dict[str, Any]]:
    """Return configs that are almost right: the valid one with some places changed."""
    tree = yaml.safe_load(VALID)
    places = [(name, key) for name in ("shop", "minox") for key in tree[name]]
    places += [("booking", "vat_posting"), ("booking", "description"), ("verify", "tolerance")]
    changes = st.dictionaries(st.sampled_from(places), scalars | trees, max_size=3)
    return changes.map(_changed)


def _changed(changes: dict[tuple[str, str], Any]) -> dict[str, Any]:
    tree: dict[str, Any] = yaml.safe_load(VALID)
    for (section, key), value in changes.items():
        tree.setdefault(section, {})[key] = value
    return tree


def test_without_a_config_it_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MWW2MINOX_CONFIG", raising=False)
    with pytest.raises(ConfigError) as nowhere:
        find_config(None)
    assert nowhere.value.suggestion.endswith("run: mww2minox setup")
    missing = tmp_path / "of the shop.yaml"
    with pytest.raises(ConfigError) as named:
        load_config(missing)
    assert named.value.suggestion.endswith(f"run: mww2minox --config '{missing}' setup")


@pytest.mark.thorough
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tree=trees | _sections())
def test_whatever_it_says_only_a_config_error_is_raised(folder: Folder, tree: object) -> None:
    _load_or_refuse(
        folder, yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.binary() | st.text(alphabet="{}[]:-,#&*!|>'\"%@`?\\${}~ \n\tax01").map(str.encode))
@example(text=b"0: !<x> ${")
def test_whatever_bytes_it_holds_only_a_config_error_is_raised(folder: Folder, text: bytes) -> None:
    _load_or_refuse(folder, text)


def _load_or_refuse(folder: Folder, text: bytes) -> None:
    with contextlib.suppress(ConfigError):
        folder.load(text)


EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"
READ_ALIKE = [
    EXAMPLE.read_text(),
    "a: 1\nb: [x, 2.50, 007, yes, ~, 2026-01-31, 0x1F, '08']\n",
    "a: |\n  two\n  lines\nb: >-\n  folded\n  text\n'c d': \"e\\tf\"\n",
    "a: {b: {c: [1, {d: !x 2}]}}\n",
    "# nothing but a comment\n",
    "é: ☃\n",
    "a: 1\na: 2\n",
]


@pytest.mark.parametrize("text", READ_ALIKE)
def test_a_config_is_read_alike_with_libyaml_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    with_libyaml = _read(path)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert _read(path) == with_libyaml


def _read(path: Path) -> Document | str:
    try:
        return read_document(path)
    except ConfigError as error:
        return str(error)
