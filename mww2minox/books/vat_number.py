"""VAT numbers: their one form, whether they are valid, and what reverse charge asks of them.

Source: books/rules.md, rule 8; article 138 of the VAT directive.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_uppercase

from stdnum.eu import vat as eu_vat
from stdnum.exceptions import InvalidChecksum, ValidationError

from mww2minox.books.model import Order

NO_COUNTRY = ("EU", "IM")
"""Numbers of the one-stop shop pass the check of the digits, but are no customer's VAT number."""
LABEL = re.compile(
    "^(BTW|VAT|TVA|UST|UMSATZSTEUER|MWST|IVA|PIVA|MOMS|UID)(REG|ID(ENTIFICATIE)?)?"
    "(NUMMER|NUMBER|NUMMERO|NR|NO)?(?=[A-Z0-9]{4})"
)
"""A word before the number, as people write it; no country's code begins like one."""
OLD_BELGIAN = re.compile("BE[0-9]{9}")
"""Belgian numbers got a 0 in front in 2008."""
PREFIXES = {"GR": "EL", "GB": "XI", "MC": "FR"}
"""The prefixes that are not the country's own code: Greece's own word, Northern Ireland, Monaco."""
COUNTRIES = {"EL": "GR"}
"""The prefixes that are no country's code: of XI and FR more than one country has numbers."""
KNOWN_PREFIXES = {state.upper() for state in eu_vat.MEMBER_STATES} | {"EL", "GB", *NO_COUNTRY}


class Cause(StrEnum):
    """Why a VAT number cannot be used for reverse charge."""

    FORM = "form"
    CHECK_DIGITS = "check_digits"
    OWN_COUNTRY = "own_country"


@dataclass(frozen=True, slots=True, kw_only=True)
class VatNumber:
    """A VAT number in its one form (`BE0403170701`); `cause` says why it is none, where it is none.

    The cause is never OWN_COUNTRY: a number of the merchant's own country is a valid one.
    """

    number: str
    cause: Cause | None = None

    @property
    def country(self) -> str:
        """The country that its prefix stands for, by two letters."""
        return COUNTRIES.get(self.number[:2], self.number[:2])


def read_vat_number(given: str, *, country: str) -> VatNumber:
    """Bring a VAT number into its one form, and check its form and check digits.

    `country` (two letters) is that of a number without a prefix. A number that is empty, or has
    neither letters nor digits, comes back empty.
    """
    number = _in_one_form(given, country)
    if number.startswith(NO_COUNTRY):
        return VatNumber(number=number, cause=Cause.FORM)

    try:
        eu_vat.validate(number)
    except InvalidChecksum:
        return VatNumber(number=number, cause=Cause.CHECK_DIGITS)
    except ValidationError:
        return VatNumber(number=number, cause=Cause.FORM)
    return VatNumber(number=number)


def vat_number_of(given: str, *, country: str) -> str | None:
    """Return a valid VAT number in its one form; None for one that is not valid, or for none.

    `country` (two letters) is that of a number without a prefix.
    """
    read = read_vat_number(given, country=country)
    return read.number if read.cause is None else None


def is_of(number: VatNumber, country: str) -> bool:
    """Tell whether a number is one of this country: XI is of GB too, and FR of MC."""
    return number.number[:2] == _prefix(country)


def is_same_vat_number(first: str, second: str, *, country: str) -> bool:
    """Tell whether two VAT numbers are one, however each is written.

    `country` is that of a number without a prefix. Two empty ones are the same.
    """
    return _in_one_form(first, country) == _in_one_form(second, country)


def _in_one_form(given: str, country: str) -> str:
    """Write a number as `BE0403170701`: no label, no spaces, its country's prefix, valid or not."""
    letters = unicodedata.normalize("NFKC", given).upper()
    number = LABEL.sub("", "".join(sign for sign in letters if sign.isascii() and sign.isalnum()))
    if not number:
        return ""

    # A French number may begin with two letters of its own.
    prefix, start = _prefix(country), number[:2]
    if not start.isalpha() or (prefix == "FR" and start not in KNOWN_PREFIXES):
        number = prefix + number

    number = _as_today(number)
    return number if eu_vat.is_valid(number) else _behind_words(number) or number


def _as_today(number: str) -> str:
    """Write a Greek number with EL, the one country with two prefixes, and a Belgian with its 0."""
    if number.startswith("GR"):
        number = f"EL{number[2:]}"

    return f"BE0{number[2:]}" if OLD_BELGIAN.fullmatch(number) else number


def _behind_words(text: str) -> str | None:
    """Return the valid number, its prefix and all, that follows on letters alone; None without one.

    There are more words for a VAT number than can be listed: its check digits tell where it begins.
    """
    letters = len(text) - len(text.lstrip(ascii_uppercase))
    for start in range(1, letters - 1):
        number = _as_today(text[start:])
        if not number.startswith(NO_COUNTRY) and eu_vat.is_valid(number):
            return number

    return None


def _prefix(country: str) -> str:
    """Return what the VAT numbers of a country begin with."""
    return PREFIXES.get(country.upper(), country.upper())


def vat_number_on(order: Order) -> str:
    """Return the VAT number of an order in its one form; empty where there is none.

    Source: books/rules.md, rule 8.
    """
    country = order.tax_region or order.buyer.country_code

    return read_vat_number(order.buyer.vat_number, country=country).number
