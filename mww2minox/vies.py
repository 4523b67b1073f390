"""VIES, the EU's service that tells whether a VAT number is known to its member state.

Source: https://ec.europa.eu/taxation_customs/vies, its REST service. Whatever it answers, and
whether it answers at all, holds nothing up.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from urllib.parse import quote

from mww2minox.errors import VendorError
from mww2minox.transport import Transport

URL = "https://ec.europa.eu/taxation_customs/vies/rest-api"
PER_SECOND = 1.0
"""Member states answer few requests at a time."""
COUNTRY_LETTERS = 2
VALID, INVALID = "VALID", "INVALID"


class Silence(Enum):
    """Why there is no answer about a number."""

    COUNTRY = auto()
    """Its member state does not answer now."""
    SERVICE = auto()
    """VIES itself does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViesAnswer:
    """Whether VIES knows a number. `consultation` is its own number for the request, or empty."""

    valid: bool
    consultation: str


class Vies:
    """Asks VIES, once for each number: what was not answered is for the next run."""

    def __init__(self, transport: Transport) -> None:
        """Use the transport."""
        self._transport = transport

    def ask(self, vat_number: str) -> ViesAnswer | Silence:
        """Ask for a VAT number in its one form: two letters of the country, and the rest."""
        country, rest = vat_number[:COUNTRY_LETTERS], vat_number[COUNTRY_LETTERS:]
        path = f"/ms/{quote(country, safe='')}/vat/{quote(rest, safe='')}"
        self._transport.hide(vat_number)
        try:
            answer = self._transport.request(
                "GET", path, shown=f"/ms/{country}/vat/...", repeat=False
            )
        except VendorError:
            return Silence.SERVICE
        return _read(answer.data)


def messages(data: Any) -> list[str]:  # noqa: ANN401 - an error answer is any JSON
    """Read the codes of an error answer: `{errorWrappers: [{error}]}`."""
    wrappers = data.get("errorWrappers") if isinstance(data, dict) else None
    return [str(wrapper.get("error")) for wrapper in wrappers or () if isinstance(wrapper, dict)]


def _read(data: object) -> ViesAnswer | Silence:
    """Read an answer; an error of a member state comes with status 200 as well."""
    if not isinstance(data, dict):
        return Silence.SERVICE

    error = str(data.get("userError") or "").upper()
    valid = data.get("isValid", data.get("valid"))
    if error.startswith("MS_"):
        return Silence.COUNTRY
    if not isinstance(valid, bool) or error not in ("", VALID, INVALID):
        return Silence.SERVICE

    consultation = str(data.get("requestIdentifier") or "")[:40]
    return ViesAnswer(valid=valid, consultation=consultation)
