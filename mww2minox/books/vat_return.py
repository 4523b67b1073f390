"""Which box of the Dutch VAT return sales belong in, and whether a VAT code goes there. Pure.

Minox tells a code's box in its type, as in `Af te dragen (1a, 1b)` (minox/api.md, "Lists"). ICP is
the listing beside box 3b.
"""

import re

from mww2minox.books.model import REVERSE_CHARGED, VatNeed

BOX = re.compile(r"\b(?:[1-5][a-g]|icp)\b")
DOMESTIC = frozenset({"1a", "1b"})
DISTANCE_SALES = frozenset({"3c"})
WITHIN_EU = frozenset({"3b", "icp"})
EXPORTS = frozenset({"3a"})
PURCHASES = frozenset({"2a", "4a", "4b", "5b"})
"""The boxes of what is bought: never those of a sale."""


def boxes_of(vat_type: str) -> frozenset[str]:
    """Return the boxes that a type of VAT code names between brackets, in small letters."""
    named = " ".join(re.findall(r"\(([^)]*)\)", vat_type.lower()))

    return frozenset(BOX.findall(named))


def boxes_for(need: VatNeed, shop_country: str) -> frozenset[str]:
    """Return the boxes for sales of a shop in the country `shop_country`.

    None where they do not follow from rate and region.
    """
    if need.strategy:
        return WITHIN_EU if need.strategy == REVERSE_CHARGED else EXPORTS
    # A regular 0% has no box of its own: exempt goods are not declared, others can be in 1e.
    if not need.rate or not shop_country:
        return frozenset()

    return DOMESTIC if need.region == shop_country else DISTANCE_SALES


def fits(need: VatNeed, shop_country: str, vat_type: str) -> bool | None:
    """Tell whether a VAT code of this type is for these sales.

    None when its type does not tell its boxes, or the need has none.
    """
    boxes, wanted = boxes_of(vat_type), boxes_for(need, shop_country)
    if boxes & PURCHASES:
        return False

    return bool(boxes & wanted) if boxes and wanted else None
