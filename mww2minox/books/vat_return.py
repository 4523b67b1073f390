"""Which box of the Dutch VAT return sales belong in, and whether a VAT code goes there; and when
the returns are due. Pure.

Minox tells a code's box in its type, as in `Af te dragen (1a, 1b)` (minox/api.md, "Lists"). ICP is
the listing beside box 3b.
"""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

from stdnum.eu import vat as eu_vat

from mww2minox.books.model import REVERSE_CHARGED, ZERO_PERCENT, VatCode, VatNeed
from mww2minox.books.vat_sums import NO_TURNOVER

BOX = re.compile(r"\b(?:[1-5][a-g]|icp)\b")
DOMESTIC = frozenset({"1a", "1b"})
DISTANCE_SALES = frozenset({"3c"})
WITHIN_EU = frozenset({"3b", "icp"})
EXPORTS = frozenset({"3a"})
PURCHASES = frozenset({"2a", "4a", "4b", "5b"})
"""The boxes of what is bought: never those of a sale."""
SALES_BOXES = ("1a", "1b", "1c", "1d", "1e", "3a", "3b", "3c")


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


# What one sum is declared as, where no list of Minox is at hand

NO_BOX = ""
"""What is in no box of the return: no turnover, or VAT of a country outside the EU."""
HIGH_RATE = Decimal(21)
LOW_RATES = frozenset({Decimal(9), Decimal(6)})
"""The Netherlands' low rate, and that of before 2019."""
EU_COUNTRIES = frozenset({state.upper() for state in eu_vat.MEMBER_STATES} - {"XI"})
"""The member states, by the codes that regions have; Northern Ireland is of GB there."""
DISTANCE_SALES_LIMIT = Decimal(10_000)
"""So many euros of distance sales a calendar year may have the VAT of one's own country (article
5a of the Dutch VAT act, "Wet op de omzetbelasting 1968").
"""
DOMESTIC_BOXES = frozenset({"1a", "1b", "1c", "1e"})
"""The boxes of sales with the VAT of one's own country."""
MONTHS_PER_QUARTER = 3


def box_of(need: VatNeed, code: str, shop_country: str) -> str:
    """Return the box of the Dutch return in which sales are declared, such as `1a`.

    Sales with VAT of another member state are `3c`: of a shop that takes part in OSS they are in
    the OSS return instead. `NO_BOX` where there is none. Source: books/rules.md, "VAT facts".
    """
    if code == NO_TURNOVER:
        return NO_BOX
    if need.strategy:
        return {REVERSE_CHARGED: "3b", ZERO_PERCENT: "3a"}.get(need.strategy, NO_BOX)
    if need.region != shop_country:
        return "3c" if need.region in EU_COUNTRIES else NO_BOX

    return _domestic_box(need.rate)


def _domestic_box(rate: Decimal) -> str:
    if rate == 0:
        return "1e"
    if rate == HIGH_RATE:
        return "1a"

    return "1b" if rate in LOW_RATES else "1c"


def is_distance_sale(need: VatNeed, code: str, country: str, shop_country: str) -> bool:
    """Tell whether sales count for the limit of distance sales: to consumers in another member
    state, whichever country's VAT they have.

    `country` is that of the customer; the region stands in where it is not told.
    """
    if need.strategy or code == NO_TURNOVER:
        return False

    abroad = {need.region, country} - {shop_country, ""}
    return bool(abroad & EU_COUNTRIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """A quarter of a calendar year, for which the VAT return is filed."""

    year: int
    number: int

    @property
    def start(self) -> dt.date:
        """Its first day."""
        return dt.date(self.year, MONTHS_PER_QUARTER * (self.number - 1) + 1, 1)

    @property
    def end(self) -> dt.date:
        """Its last day."""
        return next_month(next_month(next_month(self.start))) - dt.timedelta(days=1)

    @property
    def due(self) -> dt.date:
        """The last day to file: that of the month after it, for the return, ICP and OSS alike."""
        return next_month(next_month(self.end)) - dt.timedelta(days=1)


def quarter_of(day: dt.date) -> Quarter:
    """Return the quarter that a day is in."""
    return Quarter(year=day.year, number=(day.month - 1) // MONTHS_PER_QUARTER + 1)


def next_month(day: dt.date) -> dt.date:
    """Return the first day of the month after that of `day`."""
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)


# What a VAT code of Minox is declared as


def box_of_code(code: VatCode | None) -> str:
    """Return the box of the return that sales with this VAT code belong in.

    `NO_BOX` where there is none, or its type does not tell.
    """
    boxes = boxes_of(code.type) if code else frozenset()
    if code and boxes & DOMESTIC:
        return _domestic_box(code.percentage)

    # The listing of ICP is about the sales of box 3b.
    if "icp" in boxes:
        return "3b"
    return next((box for box in SALES_BOXES if box in boxes), NO_BOX)
