"""The VAT number that reverse charge needs (books/rules.md, rule 8; article 138 VAT directive)."""

import re

from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

NO_COUNTRY = ("EU", "IM")
"""Numbers of the one-stop shop pass the check of the digits, but are no customer's VAT number."""
LABEL = re.compile("^(BTW|VAT|TVA|UST|MWST)(ID)?(NUMMER|NUMBER|NR|NO)?(?=[A-Z0-9]{8})")
"""A word before the number, as people write it; no country's code begins like one."""
OLD_BELGIAN = re.compile("BE[0-9]{9}")
"""Belgian numbers got a 0 in front in 2008."""


def valid_vat_number(given: str) -> str | None:
    """Return an EU VAT number in its compact form (`BE0403170701`), or None.

    None when its form or its check digits are wrong.
    """
    try:
        number = str(eu_vat.validate(given)).upper()
    except ValidationError:
        return None

    return None if number.startswith(NO_COUNTRY) else number


def vat_number_of(given: str, *, country: str) -> str | None:
    """Return an EU VAT number in its compact form, or None for one that is not valid.

    `country` is that of a number without a prefix.
    """
    return valid_vat_number(_in_one_form(given, country))


def allows_reverse_charge(given: str, *, region: str, shop_country: str) -> bool:
    """Tell whether a VAT number is valid, of the region, and not of the shop's own country.

    With an empty `region` that of any other country will do.
    """
    number = valid_vat_number(given)
    if number is None:
        return False

    prefix = number[:2]
    return prefix != _prefix(shop_country) and prefix == _prefix(region or prefix)


def is_same_vat_number(first: str, second: str, *, country: str) -> bool:
    """Tell whether two VAT numbers are one, however each is written.

    `country` is that of a number without a prefix. Two empty ones are the same.
    """
    return _in_one_form(first, country) == _in_one_form(second, country)


def _in_one_form(given: str, country: str) -> str:
    """Write a number as `BE0403170701`: no label, no spaces, its country's prefix, valid or not."""
    number = LABEL.sub("", "".join(char for char in given.upper() if char.isalnum()))
    if not number:
        return ""

    if not number[:2].isalpha():
        number = country.upper() + number
    number = _prefix(number[:2]) + number[2:]
    return f"BE0{number[2:]}" if OLD_BELGIAN.fullmatch(number) else number


def _prefix(region: str) -> str:
    """Greek VAT numbers begin with EL, all others with the country's code."""
    return {"GR": "EL"}.get(region.upper(), region.upper())
