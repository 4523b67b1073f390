"""The sandbox' switches: one for each reading that the vendors leave open.

Source: shop/api.md, "Live and documented shapes" and "Open"; minox/api.md, "Open: how VAT is sent"
and "Open: answers".
"""

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

Payments = Literal["told", "retried", "failed", "none"]
NoVat = Literal["null", "empty", "zero", "null_code", "absent"]
Lookup = Literal["collection", "object", "collection_404"]


@dataclass
class Settings:
    """How the sandbox behaves: change it while it runs; a wrong value raises `ValueError`."""

    # The shop.
    shape: Literal["live", "document"] = "live"
    """As the service answers, or as its OpenAPI document says it does."""
    amounts: Literal["strings", "numbers"] = "strings"
    """How the live shape writes amounts and rates."""
    archived_default: Literal["live", "both"] = "live"
    """What a list without `archived` holds."""
    status_changed_empty: bool = False
    """Whether an order whose status never changed has an empty `status_changed_date`."""

    payments: Payments = "told"
    """What the list of an order's payments holds: what the order tells, a failed payment before it,
    only a failed one, or nothing."""
    order_payment: bool = True
    """Whether orders still tell `payment` and `payment_status`, which are deprecated."""

    # Minox: signing in.
    pkce: Literal["check", "ignore"] = "check"
    consent: Literal["granted", "denied"] = "granted"
    token_body: Literal["both", "form", "json"] = "both"  # noqa: S105 - a kind of body
    """Which kind of body `/oauth/token` takes; the other one is answered with 415."""
    rotate_refresh_tokens: bool = True
    inspect: Literal["objects", "ids", "nothing"] = "objects"
    """How `/api/1/inspect` tells the tenants that a token reaches, if it does."""
    expires_in: int = 3600
    """Life of an access token in seconds."""

    # Minox: answers.
    paging: Literal["links", "metadata", "none"] = "links"
    page_size: int = 25
    by_email: Lookup = "collection"
    by_externalid: Lookup = "collection"
    refused_types: Literal["none", "email", "phone", "both"] = "none"
    """Of which parts of a new customer the type is refused that public examples give."""
    customer_checks: bool = False
    """Whether a new customer's e-mail address, postal code, country and VAT number are looked at.
    """
    post_customer: Literal["customer", "id", "location", "nothing"] = "customer"
    distance_sales: Literal["told", "forbidden", "absent"] = "told"
    """Whether the list of OSS countries is there: 403 or 404 where it is not."""
    error_status: Literal[400, 200] = 400
    """The HTTP status that a refusal by the bookkeeping rules comes with."""
    lookup_lag: float = 0.0
    """Seconds before a new customer or booking can be read."""

    # Minox: booking.
    vat_posting: Literal["net", "gross", "ledger", "line"] = "net"
    vat_on_sub: bool = False
    """Whether VAT is booked on the sub-administration, with the debtor: goes before the former."""
    line_with_codes: bool = False
    """Whether, with `line`, ledger accounts carry VAT codes all the same: VAT is made twice."""
    ledger_reading: Literal["gross", "net"] = "gross"
    """How revenue reads back where the ledger account's own VAT code decides."""
    own_lines: bool = True
    """Whether reading back shows the VAT and collective lines that Minox adds."""
    own_lines_vat: bool = False
    """Whether Minox' own lines for VAT tell its code and amount too."""
    line_numbers: Literal["journal", "line"] = "journal"
    """Where a line that is read has its page and its number."""
    no_vat: NoVat = "null"
    """What a line without VAT has as its `vat`."""
    repetitions: Literal["taken", "refused"] = "taken"
    """Whether a booking that is there may be sent again, or its invoice number is taken then."""
    own_vat_codes: bool = False
    """Whether a ledger account that carries a VAT code takes no other."""
    vat_number_needed: bool = False
    """Whether sales that are reverse-charged within the EU need a customer with a VAT number."""

    # VIES.
    vies: Literal["known", "unknown", "member_state_down", "down"] = "known"
    """What the stand-in of VIES, `/_sandbox/vies`, answers about every VAT number, if it does."""

    # Minox: rate limit.
    rate_limit: int = 300
    rate_window: float = 5.0
    """Seconds in which `rate_limit` requests may be made."""
    retry_after: Literal["seconds", "date", "none"] = "seconds"

    # The network.
    fault_rate: float = 0.0
    """Share of all requests, 0 to 1, that go wrong in one of the usual ways."""
    fault_seed: int = 0

    @property
    def posting(self) -> str:
        """How this administration takes VAT: in the way of `vat_posting`, or with the debtor."""
        return "debtor" if self.vat_on_sub else self.vat_posting

    def __setattr__(self, name: str, value: object) -> None:
        """Set a switch after looking at its value."""
        _check(name, value)
        super().__setattr__(name, value)

    def update(self, values: Mapping[str, Any]) -> None:
        """Set several switches, or none when one of them is wrong."""
        for name, value in values.items():
            _check(name, value)

        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """Return all switches by name."""
        return asdict(self)


@functools.cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Settings)


def _check(name: str, value: object) -> None:
    hint = _hints().get(name)
    if hint is None:
        raise ValueError(f"there is no setting {name!r}")
    if not _fits(hint, value):
        raise ValueError(f"{name}: {value!r} is not {_values(hint)}")


def _fits(hint: object, value: object) -> bool:
    if get_origin(hint) is Literal:
        # True would pass as 1, and what cannot be hashed is no choice either.
        return not isinstance(value, (bool, list, dict)) and value in get_args(hint)

    # A bool is an int in Python, and neither of a number's kinds here.
    if hint is bool or isinstance(value, bool):
        return hint is bool and isinstance(value, bool)

    kinds = (int, float) if hint is float else int
    return isinstance(value, kinds) and value >= 0


def _values(hint: object) -> str:
    """Say which values a switch takes."""
    if get_origin(hint) is Literal:
        return "one of " + ", ".join(str(choice) for choice in get_args(hint))
    return "true or false" if hint is bool else "a number of 0 or more"
