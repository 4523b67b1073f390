"""The config file as frozen settings. Every problem is told at once, each with its place and what to do.

`find_config` looks for the file, `load_config` reads it; `config.example.yaml` explains each key to users.
"""

import difflib
import ipaddress
import os
import re
import shlex
from collections.abc import Iterator, Mapping as Map
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from platformdirs.unix import Unix
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from mww2minox.credentials import environment, handed_over
from mww2minox.document import Document, Place, Value, fill_in, read_document, shown, written
from mww2minox.errors import ConfigError
from mww2minox.messenger import takes
from mww2minox.model import DateChoice, Mapping, VatPosting, VatRow
from mww2minox.texts import N_, _, default_language, system_problem, use

SECRETS = {"token", "partner_token", "client_secret", "urls", "dead_mans_switch"}
SECRET_FILES = {("shop", "token"), ("shop", "partner_token"), ("minox", "client_secret")}
PLACEHOLDERS = {"number", "name", "date", "company"}
NOT_ISO = {"EL": "GR", "UK": "GB"}
HUNDRED = Decimal(100)
FASTEST = 1000
DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
LEDGER_TOLERANCE = "0.03"
"""Where Minox works out the VAT itself, it may round otherwise (interface.md, `verify.tolerance`)."""
FOLDERS = Unix("mww2minox")
LANGUAGE = re.compile(rb"^language: *['\"]?(nl|en)\b", re.MULTILINE)


# What a value may be: each takes it as written and returns it, or raises what to say after it.


def _text(value: Value) -> str:
    """Take a text or a whole number: account and customer numbers are texts that look like numbers."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(_("is not a text; write a text or a number"))  # noqa: TRY004 - pydantic wants ValueError
    text = str(value).strip()
    if not text:
        raise ValueError(_("says nothing; fill it in, or remove the key"))
    if not text.isprintable():
        raise ValueError(_("holds a character that cannot be printed; remove it"))
    return text


def _secret(value: Value) -> str:
    """Take a secret: one word, since a space or a line break came along by accident."""
    text = _text(value)
    if any(character.isspace() for character in text):
        raise ValueError(_("holds a space; give the secret alone"))
    return text


def _code(value: Value) -> int | str:
    """Take a VAT code as it is written: 1 is sent as a number, "1H" as a text."""
    text = _text(value)
    return value if isinstance(value, int) else text


def _status(value: Value) -> int | str:
    """Take a status number, or the name of a status."""
    text = _text(value)
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else text


def _decimal(value: Value) -> Decimal:
    """Take a number without ever making it binary."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if not DECIMAL.fullmatch(text):
        with_comma = _("is not a number; write 21.5, with a point")
        raise ValueError(with_comma if "," in text else _("is not a number; write it like 21 or 25.5"))
    return Decimal(text) + 0


def _percentage(value: Value) -> Decimal:
    rate = _decimal(value)
    if not 0 <= rate <= HUNDRED:
        raise ValueError(_("is not a percentage; write a number from 0 to 100"))
    return rate


def _euros(value: Value) -> Decimal:
    amount = _decimal(value)
    if amount < 0 or amount != round(amount, 2):
        raise ValueError(_("is not an amount in euros; write it like 0.05, and not below 0"))
    return amount


def _pace(value: Value) -> float:
    pace = _decimal(value)
    if not 0 < pace <= FASTEST:
        raise ValueError(_("is not a pace; write a number above 0, up to 1000"))
    return float(pace)


def _days(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(_("is not a number of days; write a whole number from 1"))
    return value


def _day(value: Value) -> date:
    text = str(value)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ValueError(_("is not a date; write it like 2026-01-31"))
    return day


def _region(value: Value) -> str:
    region = _text(value).upper()
    if not re.fullmatch("[A-Z]{2}", region):
        raise ValueError(_("is not a country; write its code of two letters, like NL"))
    if region in NOT_ISO:
        raise ValueError(_("is not the code the shop uses; write {code}").format(code=NOT_ISO[region]))
    return region


def _locale(value: Value) -> str:
    text = _text(value)
    if not re.fullmatch("[a-z]{2}_[A-Z]{2}", text):
        raise ValueError(_("is not a language of the shop; write it like nl_NL"))
    return text


def _timezone(value: Value) -> str:
    text = _text(value)
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        raise ValueError(_("is not a time zone; write it like Europe/Amsterdam")) from None
    return text


def _description(value: Value) -> str:
    """Take a template of plain `{name}` fields: no attributes, indexes, conversions or formats."""
    text = _text(value)
    names = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
    try:
        fields = [part[1:] for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        raise ValueError(_("has a brace without its partner; write {{ or }} for a brace itself")) from None
    if any(name not in PLACEHOLDERS or spec or conversion for name, spec, conversion in fields):
        raise ValueError(_("has a field that does not exist; the fields are {names}").format(names=names))
    return text


def _items(value: Value) -> Value:
    """Take a list that is not empty."""
    if not isinstance(value, list) or not value:
        raise ValueError(_("stands here; write a list with at least one item"))
    return value


def _payment(value: str) -> str:
    gateway, _slash, method = value.partition("/")
    if not gateway.strip() or not method.strip():
        raise ValueError(_("is not a way of paying; write it as gateway/method, like basic/cash"))
    return value


def _url(value: Value) -> str:
    text = _text(value).rstrip("/")
    parts = _address(text)
    if parts.scheme != "https" and not _is_loopback(parts):
        raise ValueError(_("must start with https:// (http:// only on this machine)"))
    return text


def _redirect_uri(value: Value) -> str:
    text = _text(value)
    parts = _address(text)
    if parts.scheme != "https" and not (_is_loopback(parts) and parts.port):
        raise ValueError(_("must be on this machine with a port, like http://127.0.0.1:8765/callback, or https"))
    return text


def _message_url(value: Value) -> str:
    """Take a URL of Apprise, which knows more than a hundred services, each with a form of its own."""
    url = _secret(value)
    try:
        taken = takes(url)
    except ImportError:
        raise ValueError(_("needs Apprise, which is missing; run: pipx install --force '.[notify]'")) from None
    if not taken:
        raise ValueError(_("is not a URL that Apprise takes; see https://github.com/caronc/apprise/wiki"))
    return url


def _ping_url(value: Value) -> str:
    """Take a URL with all its keys in it: unlike the other addresses it may have a query."""
    url = _secret(value)
    address, _mark, query = url.partition("?")
    _url(address)
    if "#" in query:
        raise ValueError(_("holds a #; remove it and what follows"))
    return url


def _address(text: str) -> SplitResult:
    """Take an http(s) URL apart. The sentences never repeat it: somebody may have put a password in it."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port)
    except ValueError:
        usable = None
    if not usable or re.search(r"[\s\\]", text):
        raise ValueError(_("is not a URL; write it like https://example.com"))
    if parts.username is not None or parts.password is not None:
        raise ValueError(_("holds a user name or password; remove what stands before the @"))
    if "?" in text or "#" in text:
        raise ValueError(_("holds a ? or #; remove it and what follows"))
    return parts


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Text = Annotated[str, BeforeValidator(_text)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
Url = Annotated[str, BeforeValidator(_url)]
MessageUrl = Annotated[SecretStr, BeforeValidator(_message_url)]
PingUrl = Annotated[SecretStr, BeforeValidator(_ping_url)]
RedirectUri = Annotated[str, BeforeValidator(_redirect_uri)]
Code = Annotated[int | str, BeforeValidator(_code)]
Status = Annotated[int | str, BeforeValidator(_status)]
Percentage = Annotated[Decimal, BeforeValidator(_percentage)]
Euros = Annotated[Decimal, BeforeValidator(_euros)]
Pace = Annotated[float, BeforeValidator(_pace)]
Days = Annotated[int, BeforeValidator(_days)]
Day = Annotated[date, BeforeValidator(_day)]
Region = Annotated[str, BeforeValidator(_region)]
Locale = Annotated[str, BeforeValidator(_locale)]
Timezone = Annotated[str, BeforeValidator(_timezone)]
Description = Annotated[str, BeforeValidator(_description)]
Payment = Annotated[str, AfterValidator(_payment)]
Items = BeforeValidator(_items)


# The sections. A description says what a missing key needs.


class Settings(BaseModel):
    """What all sections share: they never change, know all their keys, and keep values out of error texts."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: object) -> object:
        """Treat a key without a value as if it were not there."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in _keys(cls)}


class ShopSettings(Settings):
    """`shop`: where the orders come from, and which of them are booked."""

    url: Url = "https://api.myonlinestore.com"
    token: Secret = Field(description=N_("the shop's API token, here or in token_file"))
    partner_token: Secret | None = None
    language: Locale = "nl_NL"
    timezone: Timezone = "Europe/Amsterdam"
    statuses: Annotated[tuple[Status, ...], Items] = Field(description=N_("the statuses that are booked, like [1, 2]"))
    since: Day = Field(description=N_("the first order date that is booked, like 2026-01-01"))


class MinoxSettings(Settings):
    """`minox`: which administration the bookings go to."""

    url: Url = "https://app.minox.nl"
    client_id: Text = Field(description=N_("the client id that Minox gave you"))
    client_secret: Secret = Field(description=N_("the client secret from Minox, here or in client_secret_file"))
    redirect_uri: RedirectUri = Field(description=N_("the address registered with Minox for this client id"))
    tenant: Text = Field(description=N_("the number of your Minox subscription"))
    administration: Text = Field(description=N_("the number of the administration"))
    journal: Text = Field(description=N_("the sales journal, like VERK"))
    requests_per_second: Pace = 5.0


class BookingSettings(Settings):
    """`booking`: how an order becomes a booking."""

    date: DateChoice = DateChoice.ORDER
    description: Description = "{number}"
    vat_posting: VatPosting = VatPosting.NET
    rounding_ledger: Text | None = None
    max_rounding: Euros = Decimal("0.05")


class VatSettings(Settings):
    """A row of `vat`: by strategy, or by region and rate."""

    region: Region | None = None
    rate: Percentage | None = None
    strategy: Literal["reverse_charged_vat", "zero_percent"] | None = None
    code: Code = Field(description=N_("the VAT code in Minox"))
    ledger: Text = Field(description=N_("the ledger account in Minox for the revenue"))
    vat_ledger: Text | None = None

    def row(self) -> VatRow:
        """Return the row as the booking core knows it."""
        return VatRow(**self.model_dump())


class LedgerSettings(Settings):
    """`ledgers`: ledger accounts of their own for some types of order lines."""

    shipping: Text | None = None
    payment: Text | None = None
    discount: Text | None = None


class VerifySettings(Settings):
    """`verify`: when a booking that was read back counts as right."""

    tolerance: Euros = Decimal("0.00")


class NotifySettings(Settings):
    """`notify`: who is told what needs attention. Without it stderr and the exit code tell."""

    urls: Annotated[tuple[MessageUrl, ...], Items] = ()
    dead_mans_switch: PingUrl | None = None


class Config(Settings):
    """All settings. `state_path` is absolute; secrets show only where `get_secret_value` is called."""

    language: Literal["nl", "en"]
    shop: ShopSettings = Field(description=N_("the section that says where orders come from"))
    minox: MinoxSettings = Field(description=N_("the section that says where bookings go"))
    booking: BookingSettings = BookingSettings()
    vat: Annotated[tuple[VatSettings, ...], Items] = Field(description=N_("the list of VAT codes and ledger accounts"))
    ledgers: LedgerSettings = LedgerSettings()
    payment_debtors: dict[Payment, Text] = Field(default_factory=dict)
    verify: VerifySettings = VerifySettings()
    notify: NotifySettings = NotifySettings()
    retention_days: Days | None = None
    state_path: Path = Field(alias="state")

    def mapping(self, region: str) -> Mapping:
        """Return what the booking core needs, for a shop in the country `region` (two letters)."""
        return Mapping(
            journal=self.minox.journal,
            region=region,
            vat=tuple(row.row() for row in self.vat),
            ledgers=self.ledgers.model_dump(exclude_none=True),
            payment_debtors=self.payment_debtors,
            **dict(self.booking),
        )


# Finding and reading the file.


def find_config(explicit: Path | None) -> Path:
    """Return the config file: the one named, by option or environment, else the first that exists."""
    named = str(explicit) if explicit else os.environ.get("MWW2MINOX_CONFIG")
    if named:
        return _expanded(named, Path())
    for place in usual_places():
        if os.path.lexists(place):
            return place
    looked = ", ".join(map(str, usual_places()))
    problem = _("there is none: looked at {places}; name yours with --config")
    raise ConfigError([problem.format(places=looked)], suggestion=_("To make one, run: mww2minox setup"))


def usual_places() -> list[Path]:
    """Return where the config is looked for, in this order."""
    return [Path("config.yaml"), FOLDERS.user_config_path / "config.yaml", Path("/etc/mww2minox/config.yaml")]


def place_for_config(explicit: Path | None) -> Path:
    """Return where `setup` writes: the file named, else the one that is there, else the user's own place."""
    try:
        return find_config(explicit).absolute()
    except ConfigError:
        return FOLDERS.user_config_path / "config.yaml"


def load_config(path: Path) -> Config:
    """Read the settings. Raise one ConfigError that tells every problem, and never a secret."""
    if not os.path.lexists(path):
        suggestion = _("Name yours with --config. To make this one, run: mww2minox --config {path} setup")
        raise ConfigError([_("there is no such file")], path, suggestion.format(path=shlex.quote(str(path))))
    _peek_at_language(path)
    return settings_of(read_document(path))


def settings_of(document: Document) -> Config:
    """Return the settings that a document holds (see `load_config`)."""
    _use_language(document)
    values = fill_in(document, environment(document))
    _read_secret_files(document, values)
    _set_defaults(document, values)
    config = _validated(document, values)
    _check_statuses(document, values)
    _check_vat(document, values)
    if config is None or document.problems:
        raise document.error()
    return config


def _peek_at_language(path: Path) -> None:
    """Take the language from a line of the file, for what is told where it is no YAML."""
    with suppress(OSError):
        asked = LANGUAGE.search(path.read_bytes())
        if asked:
            use("nl" if asked[1] == b"nl" else "en")


def _use_language(document: Document) -> None:
    """Tell all that follows, the problems of this file included, in the language that it asks for."""
    match document.values.get("language"):
        case "nl":
            use("nl")
        case "en":
            use("en")
        case _:
            use(default_language(os.environ))


def _read_secret_files(document: Document, values: dict[str, Value]) -> None:
    """Put what each `*_file` holds in the place of the secret itself."""
    for section, key in sorted(SECRET_FILES):
        settings = values.get(section)
        if not isinstance(settings, dict) or (name := settings.pop(f"{key}_file", None)) is None:
            continue
        place = (section, f"{key}_file")
        if settings.get(key) is not None:
            document.add(place, _("stands beside {key}; keep one of the two").format(key=key))
        else:
            settings[key] = _file_secret(document, place, name)


def _file_secret(document: Document, place: Place, name: Value) -> str:
    """Read one secret. A problem does not repeat the name: it may be the secret, put in the wrong key."""
    try:
        named = _expanded(_text(name), document.path.parent)
        path = handed_over(written(place).removesuffix("_file")) or named
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
        problem = "" if secret else _("the file is empty")
    except OSError as error:
        unreadable = _("the file cannot be read: {problem} (a relative path starts at this config's folder)")
        problem = unreadable.format(problem=system_problem(error))
    except ValueError:
        problem = _("must be the path of a text file")
    if problem:
        document.add(place, problem)
        return "unreadable"
    return secret


def secret_files(document: Document) -> dict[str, Path]:
    """Return the files that a config names for its secrets, by the secret's key, like `shop.token`."""
    values = fill_in(document, environment(document))
    named = ((f"{section}.{key}", values.get(section), f"{key}_file") for section, key in sorted(SECRET_FILES))
    return {
        key: _expanded(_text(settings[name]), document.path.parent)
        for key, settings, name in named
        if isinstance(settings, dict) and settings.get(name) is not None
    }


def _set_defaults(document: Document, values: dict[str, Value]) -> None:
    """Set the defaults that depend on the environment, on the place of the config, or on another key."""
    values["language"] = values.get("language") or default_language(os.environ)
    state = values.get("state")
    if state is None:
        values["state"] = str(FOLDERS.user_state_path / "state.db")
    else:
        values["state"] = _state(document, state)
    verify = values.get("verify") or {}
    if isinstance(verify, dict) and verify.get("tolerance") is None and _posting(values) is VatPosting.LEDGER:
        values["verify"] = verify | {"tolerance": LEDGER_TOLERANCE}


def _state(document: Document, value: Value) -> str:
    try:
        return str(_expanded(_text(value), document.path.parent))
    except ValueError as error:
        document.add(("state",), f"{shown(document.at(('state',)))} {error}")
        return "unusable"


def _expanded(text: str, folder: Path) -> Path:
    """Replace `~`, and let a relative path start at `folder`."""
    return folder.absolute() / os.path.expanduser(text)  # noqa: PTH111 - Path's own raises for an unknown user


# The rules: those of one key by pydantic, then those between keys, so that none hides another.


def _validated(document: Document, values: dict[str, Value]) -> Config | None:
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            place = tuple(part for part in detail["loc"] if part != "[key]")
            document.add(place, _sentence(document, place, detail))
    return None


def _sentence(document: Document, place: Place, detail: ErrorDetails) -> str:
    value = _shown(document, place)
    match detail["type"]:
        case "missing":
            needed = _(_fields(place[:-1])[str(place[-1])].description)
            return _("is missing: {needed}").format(needed=needed)
        case "extra_forbidden":
            return _no_key(str(place[-1]), list(_keys_at(place[:-1])))
        case "value_error":
            subject = repr(place[-1]) if detail["loc"][-1] == "[key]" else value
            return f"{subject} {detail['ctx']['error']}"
        case "enum" | "literal_error":
            return _("{value} is not one of {choices}").format(value=value, choices=_choices(detail))
        case _:
            return _("{value} stands here; write a section of keys with values").format(value=value)


def _shown(document: Document, place: Place) -> str:
    """Show a value as it is written, unless it is a secret, or an address with a part that can be one."""
    value = document.at(place)
    if SECRETS.intersection(place) or (isinstance(value, str) and "://" in value and set("@?#") & set(value)):
        return _("this")
    return shown(value)


def _choices(detail: ErrorDetails) -> str:
    """Write the values that a key takes, with the reader's "or" between the last two."""
    others, last = str(detail["ctx"]["expected"]).rsplit(" or ", 1)
    return _("{others} or {last}").format(others=others, last=last)


def _no_key(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    if ":" in key:
        return _("is no key here; put a space after its colon")
    if close:
        return _("is no key here; did you mean {key}?").format(key=close[0])
    return _("is no key here; the keys are {keys}").format(keys=", ".join(known))


def _fields(place: Place) -> Map[str, Any]:
    """Return the fields of the section at a place."""
    return _model(place).model_fields


def _model(place: Place) -> type[Settings]:
    sections: dict[str | int, type[Settings]] = {
        "shop": ShopSettings,
        "minox": MinoxSettings,
        "booking": BookingSettings,
        "vat": VatSettings,
        "ledgers": LedgerSettings,
        "verify": VerifySettings,
        "notify": NotifySettings,
    }
    return sections[place[0]] if place else Config


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _keys_at(place: Place) -> list[str]:
    """Return the keys that a section takes, those that name a file included."""
    return _keys(_model(place)) + [f"{key}_file" for section, key in sorted(SECRET_FILES) if (section,) == place]


def _check_statuses(document: Document, values: dict[str, Value]) -> None:
    """Names of statuses need the partner token: the shop lists them with it only."""
    shop = values.get("shop")
    if not isinstance(shop, dict) or shop.get("partner_token") is not None:
        return
    statuses = shop.get("statuses")
    for index, status in enumerate(statuses if isinstance(statuses, list) else []):
        if isinstance(status, str) and not status.strip().isdecimal():
            place = ("shop", "statuses", index)
            problem = _("{status} is a name; give its number, or a partner_token")
            document.add(place, problem.format(status=shown(document.at(place))))


def _check_vat(document: Document, values: dict[str, Value]) -> None:
    """Check the rules between the rows of `vat`, and those that follow from `booking.vat_posting`."""
    rows = list(_rows(values))
    posting = _posting(values)
    for place, row in rows:
        _check_kind(document, place, row)
        _check_vat_ledger(document, place, row, posting)
    _check_twins(document, rows)
    if posting is VatPosting.LEDGER:
        _check_ledger_codes(document, rows)
        if values.get("ledgers"):
            problem = _("cannot go with vat_posting ledger: one account cannot hold two rates; remove it")
            document.add(("ledgers",), problem)


def _rows(values: dict[str, Value]) -> Iterator[tuple[Place, dict[str, Value]]]:
    rows = values.get("vat")
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        if isinstance(row, dict):
            yield ("vat", index), {key: value for key, value in row.items() if value is not None}


def _posting(values: dict[str, Value]) -> VatPosting | None:
    """Return how VAT is sent; None when the config says something else."""
    booking = values.get("booking")
    posting = booking.get("vat_posting") if isinstance(booking, dict) else None
    if posting is None:
        return VatPosting.NET
    return VatPosting(posting) if posting in set(map(str, VatPosting)) else None


def _check_kind(document: Document, place: Place, row: dict[str, Value]) -> None:
    if "strategy" in row and ("region" in row or "rate" in row):
        document.add(place, _("has a strategy and a region or rate; keep the strategy alone, or region and rate"))
    elif "strategy" not in row and not ("region" in row and "rate" in row):
        document.add(place, _("needs region and rate, or a strategy (reverse_charged_vat, zero_percent)"))


def _check_vat_ledger(document: Document, place: Place, row: dict[str, Value], posting: VatPosting | None) -> None:
    place = (*place, "vat_ledger")
    if posting is VatPosting.LINE and "vat_ledger" not in row and _has_vat(row):
        document.add(place, _("is missing: with vat_posting line, a rate needs the ledger account of its VAT"))


def _has_vat(row: dict[str, Value]) -> bool:
    try:
        return _percentage(row.get("rate")) > 0
    except ValueError:
        return False


def _check_twins(document: Document, rows: list[tuple[Place, dict[str, Value]]]) -> None:
    """No two rows may stand for the same orders."""
    seen: dict[object, Place] = {}
    for place, row in rows:
        identity = _identity(row)
        first = seen.setdefault(identity, place)
        if identity is not None and first != place:
            problem = _("has the same strategy, or region and rate, as {row} (line {line}); keep one")
            document.add(place, problem.format(row=written(first), line=document.line(first)))


def _identity(row: dict[str, Value]) -> object:
    """Return what a row stands for, or None when that cannot be told."""
    if "strategy" in row:
        return str(row["strategy"])
    try:
        return _region(row.get("region")), _percentage(row.get("rate"))
    except ValueError:
        return None


def _check_ledger_codes(document: Document, rows: list[tuple[Place, dict[str, Value]]]) -> None:
    """Where the ledger account decides the VAT code, an account has one code only."""
    seen: dict[str, tuple[Place, str]] = {}
    for place, row in rows:
        first, code = seen.setdefault(str(row.get("ledger")), (place, str(row.get("code"))))
        if code != str(row.get("code")):
            problem = _(
                "is also that of {row} (line {line}), with another code; with vat_posting ledger each needs its own"
            )
            document.add((*place, "ledger"), problem.format(row=written(first), line=document.line(first)))
