"""Finding and reading the config.

`find_config` looks for the file, `load_config` reads it. Every problem is told at once, each with
its place and what to do.
"""

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from platformdirs.unix import Unix
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mww2minox.books.model import InvoiceNumber, VatPosting
from mww2minox.config.keys import needed
from mww2minox.config.secrets import environment, handed_over
from mww2minox.config.settings import SECTIONS, Config, Settings, keys_of
from mww2minox.config.values import (
    is_no_code,
    take_line_type,
    take_payment,
    take_percentage,
    take_region,
    take_text,
)
from mww2minox.config.yaml_file import (
    Document,
    Place,
    Value,
    fill_in,
    read_document,
    shown,
    written,
)
from mww2minox.errors import ConfigError
from mww2minox.language.texts import _, default_language, system_problem, use

SECRETS = {"token", "partner_token", "client_secret", "urls", "dead_mans_switch"}
SECRET_FILES = {("shop", "token"), ("shop", "partner_token"), ("minox", "client_secret")}
"""The secrets that can stand in a file of their own, which `token_file` and the like name."""
OPTIONAL_SECTIONS = ("booking", "ledgers", "customers", "verify", "notify")
"""Those that are as their keys' own defaults where a config does not have them."""
LEDGER_TOLERANCE = "0.03"
"""Euros. Where Minox works out the VAT itself, it may round otherwise (books/rules.md, "Reading
back").
"""
NO_KEY = "-"
"""Stands in the place of a key that nobody needs."""
FOLDERS = Unix("mww2minox")
LANGUAGE = re.compile(rb"^language: *['\"]?(nl|en)\b", re.MULTILINE)


def find_config(explicit: Path | None) -> Path:
    """Return the config file: the one that is named, else the first that exists."""
    named = str(explicit) if explicit else os.environ.get("MWW2MINOX_CONFIG")
    if named:
        return _expanded(named, Path())

    for place in usual_places():
        if os.path.lexists(place):
            return place

    looked = ", ".join(map(str, usual_places()))
    problem = _("no config found (looked at {places}); give its path with --config")
    raise ConfigError(
        [problem.format(places=looked)], suggestion=_("To make one, run: mww2minox setup")
    )


def usual_places() -> list[Path]:
    """Return where the config is looked for, in this order."""
    return [
        Path("config.yaml"),
        FOLDERS.user_config_path / "config.yaml",
        Path("/etc/mww2minox/config.yaml"),
    ]


def is_usual(path: Path) -> bool:
    """Tell whether a command in this folder takes this config by itself, or will once it is made.

    By itself: without an option, and without an environment that another shell may not have.
    """
    for place in usual_places():
        if place.absolute() == path.absolute():
            return True
        if os.path.lexists(place):
            return False
    return False


def place_for_config(explicit: Path | None) -> Path:
    """Return where `setup` writes: the file named, or the one that is there, or the user's own."""
    try:
        return find_config(explicit).absolute()
    except ConfigError:
        return FOLDERS.user_config_path / "config.yaml"


def load_config(path: Path, *, keyless: bool = False) -> Config:
    """Read the settings. Raise one ConfigError that tells every problem, and never a secret.

    `keyless`: for who asks nobody anything, so that what the keys stand in need not be there.
    """
    if not os.path.lexists(path):
        suggestion = _(
            "Give its path with --config. To make this one, run: mww2minox --config {path} setup"
        )
        raise ConfigError(
            [_("there is no such file")], path, suggestion.format(path=shlex.quote(str(path)))
        )

    _peek_at_language(path)
    document = read_document(path)
    return settings_of(_without_keys(document) if keyless else document)


def _without_keys(document: Document) -> Document:
    """Return a document in which a dash stands for each key of a vendor, and nobody is told of
    anything.
    """
    values = dict(document.values)
    for section, key in sorted(SECRET_FILES | {("minox", "client_id")}):
        settings = values.get(section)
        if not isinstance(settings, dict):
            continue

        names = {key, f"{key}_file"}
        others = {name: value for name, value in settings.items() if name not in names}
        # Where it is optional, that there is one decides what else may stand in the config.
        is_there = bool(names & settings.keys()) or key != "partner_token"
        values[section] = others | ({key: NO_KEY} if is_there else {})

    values.pop("notify", None)
    return replace(document, values=values)


def settings_of(document: Document) -> Config:
    """Return the settings that a document holds (see `load_config`)."""
    _use_language(document)
    values = fill_in(document, environment(document))
    _read_secret_files(document, values)
    _set_defaults(document, values)

    # All checks look at a config that cannot be used too: its mistakes are told at once.
    config = _validated(document, values)
    _check_statuses(document, values)
    _check_debtors(document, values)
    _check_vat(document, values)
    _check_description(document, values)

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
    """Tell all that follows, this file's problems too, in the language that it asks for."""
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
            document.add(place, _("cannot go with {key}; keep one of the two").format(key=key))
        else:
            settings[key] = _file_secret(document, place, name)


def _file_secret(document: Document, place: Place, name: Value) -> str:
    """Read one secret.

    A problem does not repeat the name: it may be the secret, put in the wrong key.
    """
    try:
        named = _expanded(take_text(name), document.path.parent)
        path = handed_over(written(place).removesuffix("_file")) or named
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
        problem = "" if secret else _("the file is empty")
    except OSError as error:
        unreadable = _(
            "the file cannot be read: {problem} (a relative path starts at this config's folder)"
        )
        problem = unreadable.format(problem=system_problem(error))
    except ValueError:
        problem = _("must be the path of a text file")

    # A secret that there is none of is no second problem.
    if problem:
        document.add(place, problem)
        return "unreadable"
    return secret


def secret_files(document: Document) -> dict[str, Path]:
    """Return the files that a config names for its secrets, by keys like `shop.token`."""
    values = fill_in(document, environment(document))

    files = {}
    for section, key in sorted(SECRET_FILES):
        settings = values.get(section)
        name = settings.get(f"{key}_file") if isinstance(settings, dict) else None
        if name is not None:
            files[f"{section}.{key}"] = _expanded(take_text(name), document.path.parent)
    return files


def _set_defaults(document: Document, values: dict[str, Value]) -> None:
    """Set the defaults that depend on the machine, the place of the config, or another key."""
    values["language"] = values.get("language") or default_language(os.environ)
    for section in OPTIONAL_SECTIONS:
        values.setdefault(section, {})

    state = values.get("state")
    if state is None:
        values["state"] = str(FOLDERS.user_state_path / "state.db")
    else:
        values["state"] = _path(document, "state", state)

    dashboard = values.get("dashboard")
    if dashboard is not None:
        values["dashboard"] = _path(document, "dashboard", dashboard)

    verify = values.get("verify") or {}
    if not isinstance(verify, dict):
        return  # told of as a problem later
    if _posting(values) is VatPosting.LEDGER and verify.get("tolerance") is None:
        values["verify"] = verify | {"tolerance": LEDGER_TOLERANCE}


def _path(document: Document, key: str, value: Value) -> str:
    try:
        return str(_expanded(take_text(value), document.path.parent))
    except ValueError as error:
        document.add((key,), f"{shown(document.at((key,)))} {error}")
        return "unusable"


def _expanded(text: str, folder: Path) -> Path:
    """Replace `~`, and let a relative path start at `folder`."""
    return folder.absolute() / os.path.expanduser(text)  # noqa: PTH111 - Path's own raises for an unknown user


def _validated(document: Document, values: dict[str, Value]) -> Config | None:
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            # A key that is wrong itself, as in payment_debtors, is told of at its own place.
            place = tuple(part for part in detail["loc"] if part != "[key]")
            document.add(place, _sentence(document, place, detail))
    return None


def _sentence(document: Document, place: Place, detail: ErrorDetails) -> str:
    value = _shown(document, place)

    match detail["type"]:
        case "missing":
            description = _model(place[:-1]).model_fields[str(place[-1])].description or ""
            return _("is missing: {needed}").format(needed=needed(description))
        case "extra_forbidden":
            return _no_key(str(place[-1]), list(_keys_at(place[:-1])))
        case "value_error":
            subject = repr(place[-1]) if detail["loc"][-1] == "[key]" else value
            return f"{subject} {detail['ctx']['error']}"
        case "enum" | "literal_error":
            return _("{value} is not one of {choices}").format(
                value=value, choices=_choices(detail)
            )
        case _:
            return _("{value} stands here; write a section of keys with values").format(value=value)


def _shown(document: Document, place: Place) -> str:
    """Show a value as it is written, unless it holds a secret, or may do so."""
    value = document.at(place)
    if SECRETS.intersection(place):
        return _("this")

    # An address can have a password before its @, and a key after its ? or #.
    if isinstance(value, str) and "://" in value and set("@?#") & set(value):
        return _("this")
    return shown(value)


def _choices(detail: ErrorDetails) -> str:
    """Write the values that a key takes, with the reader's "or" between the last two."""
    others, last = str(detail["ctx"]["expected"]).rsplit(" or ", 1)
    return _("{others} or {last}").format(others=others, last=last)


def _no_key(key: str, keys: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(key, keys, n=1)

    # To YAML `token:secret` is one word; what follows the colon may be a secret.
    if ":" in key:
        return _("is not a setting here; put a space after its colon")
    if close:
        return _("is not a setting here; did you mean {key}?").format(key=close[0])
    return _("is not a setting here; the settings are {keys}").format(keys=", ".join(keys))


def _model(place: Place) -> type[Settings]:
    """Return the section at a place; of a row of `vat`, what each row is."""
    return SECTIONS[str(place[0])] if place else Config


def _keys_at(place: Place) -> list[str]:
    """Return the keys that a section takes, those that name a file included."""
    return keys_of(_model(place)) + [
        f"{key}_file" for section, key in sorted(SECRET_FILES) if (section,) == place
    ]


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


def _check_description(document: Document, values: dict[str, Value]) -> None:
    """Where Minox numbers the invoices, the description alone tells whose booking it is."""
    booking = values.get("booking")
    if not isinstance(booking, dict) or booking.get("invoice_number") != InvoiceNumber.MINOX:
        return

    description = booking.get("description")
    if isinstance(description, str) and "{number}" not in description:
        problem = _(
            "needs {field}: with invoice_number minox nothing else tells whose booking it is"
        )
        document.add(("booking", "description"), problem.format(field="{number}"))


def _check_debtors(document: Document, values: dict[str, Value]) -> None:
    """No two keys may be one way of paying: capitals and spaces make no other."""
    debtors = values.get("payment_debtors")
    keys: dict[str, str] = {}
    for key in debtors if isinstance(debtors, dict) else ():
        # What is no way of paying is told of already.
        with suppress(ValueError, AttributeError):
            first = keys.setdefault(take_payment(key), key)
            if first != key:
                problem = _("is the same way of paying as {key}; keep one")
                document.add(("payment_debtors", key), problem.format(key=first))


def _check_vat(document: Document, values: dict[str, Value]) -> None:
    """Check what the rows of `vat` have to be to each other and to `booking.vat_posting`."""
    rows = list(_rows(values))
    posting = _posting(values)

    for place, row in rows:
        _check_kind(document, place, row)
        _check_vat_ledger(document, place, row, posting)
        _check_no_code(document, place, row)
    _check_twins(document, rows)

    # Minox then takes the code from the account, and shipping can have the rate of any goods.
    if posting is VatPosting.LEDGER:
        _check_ledger_codes(document, rows)
        if values.get("ledgers"):
            problem = _(
                "cannot go with vat_posting ledger: one account cannot hold two rates; remove it"
            )
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

    # What else stands there is told of as a problem already.
    return VatPosting(posting) if posting in set(map(str, VatPosting)) else None


def _check_kind(document: Document, place: Place, row: dict[str, Value]) -> None:
    if "strategy" in row and ("region" in row or "rate" in row):
        document.add(
            place,
            _("has a strategy and a region or rate; keep the strategy alone, or region and rate"),
        )
    elif "strategy" not in row and not ("region" in row and "rate" in row):
        document.add(
            place, _("needs region and rate, or a strategy (reverse_charged_vat, zero_percent)")
        )


def _check_vat_ledger(
    document: Document, place: Place, row: dict[str, Value], posting: VatPosting | None
) -> None:
    place = (*place, "vat_ledger")
    if posting is VatPosting.LINE and "vat_ledger" not in row and _has_vat(row):
        document.add(
            place,
            _("is missing: with vat_posting line, a rate needs the ledger account of its VAT"),
        )


def _check_no_code(document: Document, place: Place, row: dict[str, Value]) -> None:
    """Without turnover there is no VAT to tell, so a rate with VAT needs a code."""
    if is_no_code(row.get("code")) and _has_vat(row):
        problem = _("is none, which goes with a rate of 0 only; write the VAT code of this rate")
        document.add((*place, "code"), problem)


def _has_vat(row: dict[str, Value]) -> bool:
    try:
        return take_percentage(row.get("rate")) > 0
    except ValueError:
        return False


def _check_twins(document: Document, rows: list[tuple[Place, dict[str, Value]]]) -> None:
    """No two rows may stand for the same orders."""
    places: dict[object, Place] = {}
    for place, row in rows:
        identity = _identity(row)
        first = places.setdefault(identity, place)
        if identity is not None and first != place:
            problem = _(
                "has the same strategy, or region and rate, and type as {row} (line {line}); keep"
                " one"
            )
            document.add(place, problem.format(row=written(first), line=document.line(first)))


def _identity(row: dict[str, Value]) -> object:
    """Return what a row stands for, or None when that cannot be told."""
    try:
        line_type = take_line_type(row["type"]) if "type" in row else ""
        if "strategy" in row:
            return str(row["strategy"]), line_type
        return take_region(row.get("region")), take_percentage(row.get("rate")), line_type
    except ValueError:
        return None


def _check_ledger_codes(document: Document, rows: list[tuple[Place, dict[str, Value]]]) -> None:
    """Where the ledger account decides the VAT code, an account has one code only."""
    codes: dict[str, tuple[Place, str]] = {}
    for place, row in rows:
        first, code = codes.setdefault(str(row.get("ledger")), (place, str(row.get("code"))))
        if code != str(row.get("code")):
            problem = _(
                "is also that of {row} (line {line}), with another code; with vat_posting ledger"
                " each needs its own"
            )
            document.add(
                (*place, "ledger"), problem.format(row=written(first), line=document.line(first))
            )
