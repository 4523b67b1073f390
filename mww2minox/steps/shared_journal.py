"""Whether another shop books in the journal too, as far as the books show it."""

import re
import uuid
from collections.abc import Iterable
from datetime import date

from mww2minox.books.model import Administration, TransactionLine
from mww2minox.errors import VendorError
from mww2minox.minox.booker import batch_id_of
from mww2minox.minox.journal import NEAR, lines_of_days
from mww2minox.wiring import Wiring

DERIVED = 5
"""The version of the UUIDs that mww2minox derives; other programs take random ones."""


def bookings_of_other_shops(
    wiring: Wiring, administration: Administration, today: date
) -> list[str]:
    """Return the descriptions of bookings in the journal that mww2minox made for another shop.

    Looked at are the periods of the last 31 days; none where these cannot be read. Source:
    minox/exactly_once.md, "Whose booking is this?".
    """
    try:
        identity = wiring.store.note("shop identity") or wiring.shop_store.identity
        lines = lines_of_days(wiring.minox, administration, today - NEAR, today)
    except VendorError:  # told by other lines, or an administration without any booking yet
        return []

    batches: dict[str, list[TransactionLine]] = {}
    for line in lines:
        if line.journal == wiring.config.minox.journal and _is_derived(line.batch_id):
            batches.setdefault(line.batch_id, []).append(line)

    namespace = wiring.namespace_of(identity)
    adopted = wiring.store.orders_of_bookings()
    return [
        batch[0].description
        for batch_id, batch in batches.items()
        # Not every order is known, such as after a lost state.
        if batch_id not in adopted
        and batch_id not in {batch_id_of(namespace, number) for number in _numbers(batch)}
    ]


def _is_derived(batch_id: str) -> bool:
    try:
        return uuid.UUID(batch_id).version == DERIVED
    except ValueError:
        return False


def _numbers(lines: Iterable[TransactionLine]) -> set[str]:
    """Return all that may be the order number of a booking of ours."""
    numbers: set[str] = set()
    for line in lines:
        text = line.description
        numbers |= {line.invoice_number, text, *text.split(), *re.findall("[0-9]+", text)}
    return numbers
