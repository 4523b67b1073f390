"""What Minox last told of the administration, kept in the state for who asks without a network."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache

from pydantic import TypeAdapter, ValidationError

from mww2minox.books.kept_decision import CODE, LEDGER, name_key
from mww2minox.books.model import Administration, BookingRules, ListEntry, VatCode
from mww2minox.state import Store

# no text: a key in the state, or what a UUID is derived from
ADMINISTRATION, NAMES, NAMED_AT = "administration", "names in Minox", "names in Minox at"
OLD = timedelta(days=30)
"""Names that were asked for before that are asked for anew, where somebody looks at them."""

Names = Mapping[str, str]
"""Minox' own names of ledger accounts and VAT codes, by `name_key`."""


@cache
def _administrations() -> TypeAdapter[Administration]:
    return TypeAdapter(Administration)


@cache
def _names() -> TypeAdapter[dict[str, str]]:
    return TypeAdapter(dict[str, str])


def keep_administration(store: Store, administration: Administration) -> None:
    """Keep what Minox tells of the administration, where it is another than is kept."""
    text = _administrations().dump_json(administration, exclude_defaults=True).decode()

    if store.note(ADMINISTRATION) != text:
        store.set_note(ADMINISTRATION, text)


def kept_administration(store: Store) -> Administration | None:
    """Return the administration as Minox last told it; None before that."""
    try:
        return _administrations().validate_json(store.note(ADMINISTRATION) or "")
    except ValidationError:
        return None


def keep_names(
    store: Store, rules: BookingRules, accounts: Iterable[ListEntry], codes: Iterable[VatCode]
) -> Names:
    """Keep and return the names of the ledger accounts and VAT codes that the config books with."""
    used = names_of(rules, accounts, codes)
    with store.transaction():
        store.set_note(NAMES, _names().dump_json(dict(used)).decode())
        store.set_note(NAMED_AT, datetime.now(UTC).isoformat())
    return used


def names_of(rules: BookingRules, accounts: Iterable[ListEntry], codes: Iterable[VatCode]) -> Names:
    """Return the names of the ledger accounts and VAT codes that these rules book with."""
    names = {name_key(LEDGER, account.id): account.description for account in accounts}
    names |= {name_key(CODE, code.code): code.description for code in codes}

    return {key: names[key] for key in used_keys(rules) if names.get(key)}


def kept_names(store: Store) -> Names:
    """Return the names that are kept; none where none are."""
    try:
        return _names().validate_json(store.note(NAMES) or "{}")
    except ValidationError:
        return {}


def are_fresh(store: Store) -> bool:
    """Tell whether the names were asked for not long ago.

    A moment ahead was noted by a clock that was wrong.
    """
    moment = store.moment(NAMED_AT)
    return moment is not None and timedelta() <= datetime.now(UTC) - moment < OLD


def used_keys(rules: BookingRules) -> tuple[str, ...]:
    """Return the keys of the names that bookings by these rules can need."""
    accounts = [row.ledger for row in rules.vat]
    accounts += [row.vat_ledger for row in rules.vat if row.vat_ledger]
    accounts += [*rules.ledgers.values(), *filter(None, [rules.rounding_ledger])]
    codes = [row.code for row in rules.vat if row.code is not None]

    keys = [name_key(LEDGER, account) for account in accounts]
    keys += [name_key(CODE, code) for code in codes]
    return tuple(dict.fromkeys(keys))
