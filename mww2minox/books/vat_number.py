"""The VAT number that reverse charge needs (books/rules.md, rule 8; article 138 VAT directive)."""

from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

NO_COUNTRY = ("EU", "IM")
"""Numbers of the one-stop shop pass the check of the digits, but are no customer's VAT number."""


def valid_vat_number(given: str) -> str | None:
    """Return an EU VAT number in its compact form (`BE0403170701`), or None.

    None when its form or its check digits are wrong.
    """
    try:
        number = str(eu_vat.validate(given)).upper()
    except ValidationError:
        return None

    return None if number.startswith(NO_COUNTRY) else number


def allows_reverse_charge(given: str, *, region: str, shop_country: str) -> bool:
    """Tell whether a VAT number is valid, of the region, and not of the shop's own country.

    With an empty `region` that of any other country will do.
    """
    number = valid_vat_number(given)
    if number is None:
        return False

    prefix = number[:2]
    return prefix != _prefix(shop_country) and prefix == _prefix(region or prefix)


def _prefix(region: str) -> str:
    """Greek VAT numbers begin with EL, all others with the country's code."""
    return {"GR": "EL"}.get(region.upper(), region.upper())
