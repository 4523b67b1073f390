"""The config as `setup` writes it: every key with a comment, secrets in a file of their own beside
it.
"""

import contextlib
import io
import os
import re
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from dotenv.parser import parse_stream

from mww2minox.config.yaml_file import Value
from mww2minox.errors import UsageError
from mww2minox.language.texts import N_, _, system_problem

SECRET_NAMES = {
    ("shop", "token"): "MWW_TOKEN",
    ("shop", "partner_token"): "MWW_PARTNER_TOKEN",
    ("minox", "client_secret"): "MINOX_CLIENT_SECRET",
}
"""The environment variables that hold the secrets of the config."""

COMMENTS = {
    "language": N_("The language of messages: nl or en."),
    "shop": N_("The shop: where the orders come from, and which of them are booked."),
    "shop.url": N_("The address of the shop's API."),
    "shop.token": N_("The shop's token. In the shop: Instellingen > API > Token toevoegen."),
    "shop.partner_token": N_(
        "The application's token, from MyOnlineStore. It tells the names of statuses."
    ),
    "shop.language": N_("The language of the names of statuses."),
    "shop.timezone": N_("The time zone of the shop's clock."),
    "shop.statuses": N_("Orders with these statuses are booked: names, or numbers."),
    "shop.since": N_("The first order date that is booked. Older orders are left alone."),
    "minox": N_("Minox: where the bookings go."),
    "minox.url": N_("The address of Minox."),
    "minox.client_id": N_(
        "What Minox gave you for its API: an id, a secret, and for which address."
    ),
    "minox.tenant": N_("The number of the subscription, and that of the administration in it."),
    "minox.journal": N_("The sales journal."),
    "minox.requests_per_second": N_(
        "The most requests per second. What Minox itself asks for comes first."
    ),
    "booking": N_("How an order becomes a booking."),
    "booking.date": N_("The document date: order, or status_changed."),
    "booking.description": N_(
        "The description of each line. The fields are {number}, {name}, {date} and {company}."
    ),
    "booking.vat_posting": N_("How VAT is sent: net, gross, ledger or line (see the README)."),
    "booking.rounding_ledger": N_("The ledger account for cents of rounding."),
    "booking.max_rounding": N_(
        "The most euros of rounding in one order; with more it is not booked."
    ),
    "vat": N_(
        "The VAT code and the ledger account for each kind of revenue: by country and rate, or by"
        " one of the shop's strategies, reverse_charged_vat (businesses elsewhere in the EU) and"
        " zero_percent (outside the EU)."
    ),
    "ledgers": N_("Ledger accounts of their own for shipping costs, payment costs and discounts."),
    "payment_debtors": N_(
        "Fixed customers for ways of paying. All others are looked up by e-mail address."
    ),
    "verify": N_("From how many euros on `mww2minox verify` reports a difference."),
    "notify": N_("Who is told, and how, when something needs attention."),
    "retention_days": N_(
        "After so many days the address of a booked order is emptied in the state file."
    ),
    "state": N_("The file that remembers what was booked: keep it, and back it up."),
}


def config_text(values: Mapping[str, Value]) -> str:
    """Return the config as YAML with comments, in the reader's language."""
    opening = _("The settings of mww2minox. After a change, run: mww2minox check")
    blocks = [_comment(opening), *(_block(key, value) for key, value in _in_order(values))]
    return "\n".join(blocks)


def _in_order(values: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    known = [key for key in COMMENTS if "." not in key]
    for key in (*known, *(key for key in values if key not in known)):
        if values.get(key) is not None:
            yield key, values[key]


def _block(key: str, value: Value) -> str:
    comment = _comment(_(COMMENTS[key])) if key in COMMENTS else ""
    if isinstance(value, dict) and any(f"{key}.{inner}" in COMMENTS for inner in value):
        inside = "".join(
            _line(f"{key}.{inner}", inner, item)
            for inner, item in value.items()
            if item is not None
        )
        return f"{comment}{key}:\n{inside}"
    if isinstance(value, list):
        return f"{comment}{key}:\n" + "".join(
            f"  - {_flow(_with_exact_code(item))}\n" for item in value
        )
    return f"{comment}{key}: {_flow(value)}\n"


def _line(place: str, key: str, value: Value) -> str:
    comment = _comment(_(COMMENTS[place]), "  ") if place in COMMENTS else ""
    return f"{comment}  {key}: {_flow(value)}\n"


def _comment(text: str, indent: str = "") -> str:
    lines = textwrap.wrap(text, 96 - len(indent), break_long_words=False, break_on_hyphens=False)
    return "".join(f"{indent}# {line}\n" for line in lines)


class _Dumper(yaml.SafeDumper):
    """Writes numbers and dates without quotes; our reader takes both as they are written
    (`document.py`).
    """


def _plain(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    kinds = (
        (r"0|[1-9][0-9]{0,17}", "int"),
        (r"[0-9]{1,12}\.[0-9]{1,12}", "float"),
        (r"\d{4}-\d\d-\d\d", "timestamp"),
    )
    tag = next((kind for pattern, kind in kinds if re.fullmatch(pattern, text, re.ASCII)), "str")
    return dumper.represent_scalar(f"tag:yaml.org,2002:{tag}", text)


class _Exact(str):
    """A text that stays one where it looks like a number."""

    __slots__ = ()


def _with_exact_code(item: Value) -> Value:
    """A VAT code is sent as it is written: the text "1" is not the number 1."""
    code = item.get("code") if isinstance(item, dict) else None
    return (
        {**item, "code": _Exact(code)} if isinstance(item, dict) and isinstance(code, str) else item
    )


_Dumper.add_representer(str, _plain)
_Dumper.add_representer(
    _Exact, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text)
)


def _flow(value: Value) -> str:
    """Write a value on one line."""
    options: dict[str, Any] = {
        "default_flow_style": True,
        "sort_keys": False,
        "allow_unicode": True,
        "width": 10**6,
    }
    return str(yaml.dump(value, Dumper=_Dumper, **options)).removesuffix("...\n").strip()


def secrets_apart(values: dict[str, Value]) -> dict[str, str]:
    """Put `${NAME}` in the place of each secret that stands in `values` itself; return name ->
    secret.
    """
    found: dict[str, str] = {}
    for (section, key), name in SECRET_NAMES.items():
        inner = values.get(section)
        secret = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and secret is not None and "${" not in str(secret):
            found[name] = str(secret)
            inner[key] = f"${{{name}}}"
    return found


def env_text(secrets: Mapping[str, str], present: str = "") -> str:
    """Return the env file: NAME=VALUE lines, quoted where a shell's reader would want that.

    What else is `present` in it stays as it is.
    """
    opening = _comment(_("The secrets of the config beside this file. Keep it to yourself."))
    kept = "".join(
        one.original.string for one in parse_stream(io.StringIO(present)) if one.key not in secrets
    )
    above = f"{kept.rstrip()}\n" if kept.strip() else opening
    return above + "".join(f"{name}={_quoted(secret)}\n" for name, secret in secrets.items())


def _quoted(secret: str) -> str:
    if re.fullmatch(r"[\w.~+/=:@%-]+", secret, re.ASCII):
        return secret
    return "'" + secret.replace("\\", "\\\\").replace("'", "\\'") + "'"


def save_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all. Raises UsageError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(made).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(made).unlink()
            raise
    except OSError as error:
        message = _("Cannot write {path}: {problem}.").format(
            path=path, problem=system_problem(error)
        )
        raise UsageError(message, _("Choose another file: mww2minox --config FILE setup")) from None
