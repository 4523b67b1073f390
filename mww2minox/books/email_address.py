"""E-mail addresses: out of what people type, in one form, and the ways in which one may be known.

Source: books/rules.md, rule 9.
"""

import re
import unicodedata

import idna

UNKNOWN = "unknown@address.invalid"
"""Stands for an address that is known no more: there was one."""
WITH_NAME = re.compile(r"<([^<>]*@[^<>]*)>")
ENCODED = "xn--"
"""How a part of a domain begins that is written in plain letters for others (RFC 5890)."""


def address_of(given: str) -> str:
    """Return the bare e-mail address, as it was typed; empty where there is none.

    Out of `Name <address>`. Words like `geen`, `n.v.t.` and `-` are no address, nor is `geen@geen`:
    a domain has a dot.
    """
    text = unicodedata.normalize("NFC", given).strip()
    named = WITH_NAME.search(text)
    address = (named[1] if named else text).removeprefix("mailto:").strip(" .,;")

    local, _at, domain = address.rpartition("@")
    is_address = local and all(domain.split(".")) and "." in domain
    return address if is_address else ""


def one_form(address: str) -> str:
    """Return an address to compare by: in small letters, its domain in letters of its own."""
    local, at, domain = unicodedata.normalize("NFC", address).strip().lower().rpartition("@")

    return f"{local}{at}{_unicode(domain)}"


def spellings(address: str) -> tuple[str, ...]:
    """Return the ways in which another program may have written an address, its own one first."""
    lower = address.lower()
    local, at, domain = one_form(address).rpartition("@")
    encoded = f"{local}{at}{_ascii(domain)}"

    return tuple(dict.fromkeys((address, lower, f"{local}{at}{domain}", encoded)))


def _unicode(domain: str) -> str:
    """Write an international domain in its own letters; what is none comes back as it is."""
    if domain.isascii() and ENCODED not in domain:
        return domain

    try:
        return idna.decode(idna.encode(domain, uts46=True))
    except UnicodeError:
        return domain


def _ascii(domain: str) -> str:
    """Write an international domain in plain letters; what cannot be comes back as it is."""
    if domain.isascii():
        return domain

    try:
        return idna.encode(domain, uts46=True).decode()
    except UnicodeError:
        return domain
