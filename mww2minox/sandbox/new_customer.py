"""What Minox may refuse of a new customer, by switches.

Source: minox/api.md, "Customers" and "Open: answers".
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mww2minox.sandbox.ledger import Message
from mww2minox.sandbox.settings import Settings

PARTS = {
    "email": ("email_addresses", "email_address_type", "e-mailadres"),
    "phone": ("phone_numbers", "phone_number_type", "telefoonnummer"),
}
"""Where each part with a type stands, its field for that, and the word for it."""
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
COUNTRY = re.compile("[A-Z]{2}")
POSTAL_CODES = {"NL": re.compile("[1-9][0-9]{3} ?[A-Z]{2}"), "BE": re.compile("[1-9][0-9]{3}")}
VAT_NUMBER = re.compile("[A-Z]{2}[0-9A-Z]{8,12}")


def refused_types(data: Mapping[str, Any], settings: Settings) -> Iterator[Message]:
    """Yield a message for each e-mail address or phone number whose type is refused."""
    for kind, (name, field, word) in PARTS.items():
        if settings.refused_types not in {kind, "both"}:
            continue

        for place, part in _parts(data, name):
            if part.get(field):
                text = f"Het type {part[field]} van het {word} bestaat niet."
                yield Message(f"{field}_invalid", text, f"{place}.{field}")


def refused_data(data: Mapping[str, Any]) -> Iterator[Message]:
    """Yield a message for each e-mail address, country, postal code and VAT number that is none."""
    for place, part in _parts(data, "email_addresses"):
        if not EMAIL.fullmatch(str(part.get("email_address"))):
            field = f"{place}.email_address"
            yield Message("email_address_invalid", "Het e-mailadres is ongeldig.", field)

    for place, address in _addresses(data):
        country, code = address.get("country_code"), address.get("postal_code")
        if country and not COUNTRY.fullmatch(str(country)):
            text = f"Landcode {country} bestaat niet."
            yield Message("country_code_invalid", text, f"{place}.country_code")
        if code and not POSTAL_CODES.get(str(country), re.compile(".*")).fullmatch(str(code)):
            text = f"Postcode {code} is ongeldig voor land {country}."
            yield Message("postal_code_invalid", text, f"{place}.postal_code")

    number = (data.get("vat") or {}).get("vat_registration_number")
    if number and not VAT_NUMBER.fullmatch(str(number)):
        text = f"Btw-nummer {number} is ongeldig."
        yield Message("vat_registration_number_invalid", text, "vat.vat_registration_number")


def _addresses(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    addresses = data.get("addresses")
    for index, address in enumerate(addresses if isinstance(addresses, list) else []):
        if isinstance(address, dict):
            yield f"addresses[{index}]", address


def _parts(data: Mapping[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, address in _addresses(data):
        for index, part in enumerate(address.get(name) or []):
            if isinstance(part, dict):
                yield f"{place}.{name}[{index}]", part
