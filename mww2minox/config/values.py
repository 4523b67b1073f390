"""What a value of the config may be.

Each function takes a value as it is written and returns what it means, or raises ValueError with
what to say after it.
"""

import ipaddress
import re
from datetime import date
from decimal import Decimal
from string import Formatter
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from mww2minox.config.yaml_file import Value
from mww2minox.language.dates import date_of
from mww2minox.language.texts import _
from mww2minox.messenger import takes

NOT_ISO = {"EL": "GR", "UK": "GB"}
"""The codes that VAT numbers of two countries begin with; the shop has those of ISO 3166."""
HUNDRED = Decimal(100)
FASTEST = 1000
"""Requests per second."""
DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")


def take_text(value: Value) -> str:
    """Take a text or a whole number: numbers of accounts and customers are texts."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(_("is not a text; write a text or a number"))  # noqa: TRY004 - pydantic wants ValueError

    text = str(value).strip()
    if not text:
        raise ValueError(_("is empty; fill it in, or remove it"))
    if not text.isprintable():
        raise ValueError(_("holds a character that cannot be printed; remove it"))
    return text


def take_number(value: Value) -> str:
    """Take a number of Minox as it is written: what is derived from it never changes."""
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch("[0-9]{1,18}", text):
        raise ValueError(_("is not a number; write it like 12345"))
    return text


def take_secret(value: Value) -> str:
    """Take a secret: one word, since a space or a line break came along by accident."""
    text = take_text(value)
    if any(character.isspace() for character in text):
        raise ValueError(_("holds a space; give the secret alone"))
    return text


def take_code(value: Value) -> int | str | None:
    """Take a VAT code as it is written: 1 is sent as a number, "1H" as a text, none not at all."""
    text = take_text(value)
    if is_no_code(text):
        return None
    return value if isinstance(value, int) else text


def is_no_code(value: Value) -> bool:
    """Tell whether a VAT code says that there is no turnover."""
    return str(value).strip().lower() == "none"


def take_line_type(value: Value) -> str:
    """Take a type of order lines, as the shop has it; there may be types that nobody knows yet."""
    text = take_text(value).lower()
    if not re.fullmatch("[a-z][a-z0-9_-]*", text):
        raise ValueError(_("is not a type of order lines; write it like shipping or gift_card"))
    return text


def take_status(value: Value) -> int | str:
    """Take a status number, or the name of a status."""
    text = take_text(value)
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else text


def _decimal(value: Value) -> Decimal:
    """Take a number without ever making it binary."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if DECIMAL.fullmatch(text):
        return Decimal(text) + 0  # no -0

    if "," in text:
        raise ValueError(_("is not a number; write 21.5, with a point"))
    raise ValueError(_("is not a number; write it like 21 or 25.5"))


def take_percentage(value: Value) -> Decimal:
    """Take a rate from 0 to 100."""
    rate = _decimal(value)
    if not 0 <= rate <= HUNDRED:
        raise ValueError(_("is not a percentage; write a number from 0 to 100"))
    return rate


def take_euros(value: Value) -> Decimal:
    """Take an amount in euros, not negative, to the cent; `0,05` is 0.05."""
    text = str(value).strip()
    if "," in text:
        if not re.fullmatch("[0-9]+,[0-9]{1,2}", text):
            raise ValueError(_("is not an amount in euros; write it like 0.05, and not below 0"))
        value = text.replace(",", ".")

    amount = _decimal(value)
    if amount < 0 or amount != round(amount, 2):
        raise ValueError(_("is not an amount in euros; write it like 0.05, and not below 0"))
    return amount


def take_pace(value: Value) -> float:
    """Take a number of requests per second."""
    pace = _decimal(value)
    if not 0 < pace <= FASTEST:
        raise ValueError(_("is not a pace; write a number above 0, up to 1000"))
    return float(pace)


def take_flag(value: Value) -> bool:
    """Take a yes or no."""
    if not isinstance(value, bool):
        raise ValueError(_("must be true or false"))  # noqa: TRY004 - pydantic wants ValueError
    return value


def take_days(value: Value) -> int:
    """Take a whole number of days."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(_("is not a number of days; write a whole number from 1"))
    return value


def take_day(value: Value) -> date:
    """Take a date as people write it."""
    try:
        return date_of(str(value))
    except ValueError:
        raise ValueError(_("is not a date; write it like 2026-01-31")) from None


def take_region(value: Value) -> str:
    """Take a country's code of two letters, as the shop writes it."""
    region = take_text(value).upper()
    if not re.fullmatch("[A-Z]{2}", region):
        raise ValueError(_("is not a country; write its code of two letters, like NL"))
    if region in NOT_ISO:
        raise ValueError(
            _("is not the code the shop uses; write {code}").format(code=NOT_ISO[region])
        )
    return region


def take_locale(value: Value) -> str:
    """Take a language of the shop."""
    text = take_text(value)
    if not re.fullmatch("[a-z]{2}_[A-Z]{2}", text):
        raise ValueError(_("is not a language of the shop; write it like nl_NL"))
    return text


def take_timezone(value: Value) -> str:
    """Take a time zone by its name."""
    text = take_text(value)
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        raise ValueError(_("is not a time zone; write it like Europe/Amsterdam")) from None
    return text


def take_description(value: Value) -> str:
    """Take a template of plain `{name}` fields: no attributes, indexes, conversions or formats."""
    # All of the bookkeeping comes with it, for the one key that most configs do without.
    from mww2minox.books.booking import FIELDS

    text = take_text(value)
    names = ", ".join(f"{{{name}}}" for name in sorted(FIELDS))

    try:
        fields = [part[1:] for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        raise ValueError(
            _("has a brace without its partner; write {{ or }} for a brace itself")
        ) from None

    if any(name not in FIELDS or spec or conversion for name, spec, conversion in fields):
        raise ValueError(
            _("has a field that does not exist; the fields are {names}").format(names=names)
        )
    return text


def take_items(value: Value) -> Value:
    """Take a list that is not empty."""
    if not isinstance(value, list) or not value:
        raise ValueError(_("stands here; write a list with at least one item"))
    return value


def take_payment(value: str) -> str:
    """Take a way of paying, `gateway/method`, in small letters: capitals make no other one."""
    gateway, _slash, method = value.partition("/")
    if not gateway.strip() or not method.strip():
        raise ValueError(_("is not a way of paying; write it as gateway/method, like basic/cash"))
    return f"{gateway.strip()}/{method.strip()}".casefold()


def take_url(value: Value) -> str:
    """Take a URL: https, or http on this machine."""
    text = take_text(value).rstrip("/")
    parts = _address(text)
    if parts.scheme != "https" and not _is_loopback(parts):
        raise ValueError(_("must start with https:// (http:// only on this machine)"))
    return text


def take_redirect_uri(value: Value) -> str:
    """Take the address that Minox sends the browser back to."""
    text = take_text(value)
    parts = _address(text)
    if parts.scheme != "https" and not (_is_loopback(parts) and parts.port):
        raise ValueError(
            _("must be on this machine with a port, like http://127.0.0.1:8765/callback, or https")
        )
    return text


def take_message_url(value: Value) -> str:
    """Take a URL of Apprise, which has a form for each of more than a hundred services."""
    url = take_secret(value)

    try:
        is_taken = takes(url)
    except ImportError:
        raise ValueError(
            _(
                "needs Apprise, which is missing; run: pipx install --force"
                " './mww2minox[notify,sandbox]'"
            )
        ) from None

    if not is_taken:
        raise ValueError(
            _("is not a URL that Apprise takes; see https://github.com/caronc/apprise/wiki")
        )
    return url


def take_vies(value: Value) -> bool | str:
    """Take whether VIES is asked, or the URL of a service in its place."""
    if isinstance(value, str) and "://" in value:
        return take_url(value)
    return take_flag(value)


def take_ping_url(value: Value) -> str:
    """Take a URL with all its keys in it: unlike the other addresses it may have a query."""
    url = take_secret(value)
    address, _mark, query = url.partition("?")
    take_url(address)
    if "#" in query:
        raise ValueError(_("holds a #; remove it and what follows"))
    return url


def _address(text: str) -> SplitResult:
    """Take an http(s) URL apart.

    The sentences never repeat it: somebody may have put a password in it.
    """
    try:
        parts = urlsplit(text)
        usable = (
            parts.scheme in {"http", "https"}
            and parts.hostname
            and (parts.port is None or parts.port)
        )
    except ValueError:
        usable = None

    if not usable or re.search(r"[\s\\]", text):
        raise ValueError(_("is not a URL; write it like https://example.com"))
    if parts.username is not None or parts.password is not None:
        raise ValueError(_("holds a user name or password; remove what stands before the @"))
    if "?" in text or "#" in text:
        raise ValueError(_("holds a ? or #; remove it and what follows"))
    return parts


def is_on_loopback(url: str) -> bool:
    """Tell whether a URL is one of this machine, as a sandbox has."""
    return _is_loopback(urlsplit(url))


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
