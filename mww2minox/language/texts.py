"""The reader's language: every text that a user sees goes through `_` or `ngettext` (GNU gettext).

The texts in the code are English and are the keys; `locale/nl/LC_MESSAGES/mww2minox.po` holds the
Dutch ones. Amounts and dates are written in the reader's form for tables; JSON and CSV stay plain.
Money as plain text is written by `books/money.py`. What other packages say to our users
(`borrowed.py`) is in the catalogue too.
"""

from __future__ import annotations

import gettext
import os
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, tzinfo
    from decimal import Decimal

Language = Literal["nl", "en"]

DOMAIN = "mww2minox"
CATALOGUES = os.path.join(os.path.dirname(__file__), "locale")  # noqa: PTH118, PTH120 - pathlib is heavy for `--help`
LOCALES = {"nl": "nl_NL", "en": "en_GB"}


class _Reader:
    """Who reads: one for a process."""

    language: Language = "en"
    catalogue: gettext.NullTranslations = gettext.NullTranslations()
    zone: tzinfo | None = None


def use(language: Language) -> None:
    """Show all texts from now on in `language`, click's own words too."""
    _Reader.language = language

    # English texts are the keys themselves; without the Dutch catalogue the package is broken.
    _Reader.catalogue = gettext.translation(
        DOMAIN, CATALOGUES, [language], fallback=language == "en"
    )

    # Click looks its words up in Python's global domain.
    gettext.bindtextdomain(DOMAIN, CATALOGUES)
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = language  # what that domain goes by, before any LANG


def use_zone(zone: tzinfo | None) -> None:
    """Show all moments from now on by the clock of this zone; None: by that of this machine."""
    _Reader.zone = zone


def language() -> Language:
    """Return the reader's language."""
    return _Reader.language


def default_language(environment: Mapping[str, str]) -> Language:
    """Return the reader's language by the locale: the first of these that is set decides."""
    locales = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "nl" if next(filter(None, locales), "").startswith("nl") else "en"


def _(text: str) -> str:
    """Return a text in the reader's language."""
    return _Reader.catalogue.gettext(text)


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the text for so many, in the reader's language."""
    return _Reader.catalogue.ngettext(singular, plural, count)


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a text for the catalogues that is translated where it is shown."""
    return text


def system_problem(error: OSError) -> str:
    """Return what the operating system says of a failure, in the reader's words where known."""
    return _(error.strerror or type(error).__name__)


def money(euros: Decimal) -> str:
    """Write Decimal euros as the reader does: `€ 1.234,56`, `€1,234.56`."""
    from babel.numbers import format_currency

    written = str(format_currency(euros, "EUR", locale=LOCALES[_Reader.language]))
    return written.replace("\N{NO-BREAK SPACE}", " ")


def number(amount: Decimal) -> str:
    """Write Decimal euros without their sign, for columns and sentences that say euros: `1.234,56`.

    In English it is the plain `1234.56` that the sentences have in JSON and CSV too.
    """
    from babel.numbers import format_decimal

    pattern = "#,##0.00" if _Reader.language == "nl" else "0.00"
    return str(format_decimal(amount, pattern, locale=LOCALES[_Reader.language]))


def percentage(rate: Decimal) -> str:
    """Write a rate without needless zeros and without its sign: `25,5`, `25.5`."""
    from babel.numbers import format_decimal

    return str(format_decimal(rate, "0.######", locale=LOCALES[_Reader.language]))


def day(when: date) -> str:
    """Write a date as the reader does: `31-01-2026`, `31 Jan 2026`."""
    from babel.dates import format_date

    style = "short" if _Reader.language == "nl" else "medium"
    return str(format_date(when, style, locale=LOCALES[_Reader.language]))


def day_in_year(when: date) -> str:
    """Write a date of this year as the reader does: `31-01`, `31 Jan`."""
    from babel.dates import format_date

    pattern = "dd-MM" if _Reader.language == "nl" else "d MMM"
    return str(format_date(when, pattern, locale=LOCALES[_Reader.language]))


def month(first: date) -> str:
    """Write a month as the reader does: `jan 2026`, `Jan 2026`."""
    from babel.dates import format_date

    written = str(format_date(first, "MMM y", locale=LOCALES[_Reader.language]))
    return written.replace(".", "")


def day_of(text: str) -> str:
    """Write a date that is kept in ISO 8601 as the reader does; what is none stays as it is."""
    from datetime import date

    try:
        return day(date.fromisoformat(text))
    except ValueError:
        return text


def local(when: datetime) -> datetime:
    """Return an aware moment by the reader's clock: the shop's, or before the config this one's."""
    return when.astimezone(_Reader.zone)


def moment(when: datetime, zone: tzinfo | None = None) -> str:
    """Write an aware moment by the reader's clock, or that of `zone`: `31-01-2026 06:15`."""
    here = when.astimezone(zone) if zone else local(when)
    return f"{day(here.date())} {here:%H:%M}"


def country_names(region: str) -> tuple[str, ...]:
    """Return what a country (two letters) is called in Dutch and in English, in lower case."""
    from babel import Locale

    names = (Locale.parse(locale).territories.get(region.upper()) for locale in LOCALES.values())
    return tuple(dict.fromkeys(name.lower() for name in names if name))


def country_name(region: str) -> str:
    """Return what the reader calls a country (two letters); what is none comes back as it is."""
    from babel import Locale

    territories = Locale.parse(LOCALES[_Reader.language]).territories
    return str(territories.get(region.upper(), region))


def weekday(when: date) -> str:
    """Write a date with the day of the week, for a heading: `donderdag 26 november 2026`."""
    from babel.dates import format_date

    return str(format_date(when, "full", locale=LOCALES[_Reader.language]))


def month_name(when: date, *, short: bool = False) -> str:
    """Write a month: `november`, `November`, or in short `nov`, `Nov`."""
    from babel.dates import format_date

    pattern = "LLL" if short else "LLLL"
    return str(format_date(when, pattern, locale=LOCALES[_Reader.language])).rstrip(".")
