"""What `setup` proposes: the mapping that both sides' own lists suggest. Pure; what it leaves open,
the user is asked.

VAT codes by percentage and by the box of the VAT return that Minox names in their type, ledger
accounts by the VAT code that they carry, statuses by what their names mean.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.model import REVERSE_CHARGED, ZERO_PERCENT, ListEntry, Order, VatCode, VatNeed
from mww2minox.books.money import percentage
from mww2minox.books.vat_return import DISTANCE_SALES, EXPORTS, PURCHASES, WITHIN_EU, boxes_of, fits
from mww2minox.books.vat_rows import vat_needs
from mww2minox.shop.api import Status

Countries = Mapping[str, tuple[str, ...]]
"""The names that a country goes by, in lower case, by its two letters."""

SALE = re.compile(
    r"\b(betaald|verzonden|afgehaald|afgerond|afgehandeld|voltooid|geleverd|gecrediteerd|terugbetaald"
    r"|paid|shipped|sent|dispatched|collected|picked up|completed|delivered|credited|refunded"
    r"|bezahlt|versandt|versendet|abgeholt|abgeschlossen|geliefert|gutgeschrieben|erstattet"
    r"|payée?s?|expédiée?s?|livrée?s?|remboursée?s?)\b"
)
"""A sale that is paid, delivered or taken back, in Dutch, English, German and French."""
NO_SALE = re.compile(
    r"\b(niet|nog|te|kan|klaar|worden|wordt|not|to be|can be|ready|nicht|noch|zu|wird|non|pas|à)\b"
    r"|wacht|deels|gedeeltelijk|await|pending|partial|cancel|geannuleerd|mislukt|failed"
    r"|teilweise|storniert|fehlgeschlagen|en attente|annul|partiel|échou"
)
"""What is still to come, was called off, or is true of a part only."""
EU = frozenset(re.findall("..", "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK"))
"""The member states: those that distance sales go to."""
UNREADABLE = Decimal(-1)
"""The percentage of a VAT code whose own cannot be read (`minox.py`)."""
NO_SALES_JOURNAL = ("purchase", "bank", "cash")
ABROAD = EXPORTS | WITHIN_EU | DISTANCE_SALES
REVENUE = re.compile(
    r"omzet|verkoop|verkopen|opbrengst|levering|uitvoer|revenue|sales|turnover|income"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of `vat` in the making: what it is needed for, in how many of the orders seen, and what
    may fill it.
    """

    need: VatNeed
    orders: int
    codes: tuple[VatCode, ...]
    accounts: tuple[ListEntry, ...]
    code: VatCode | None
    """The VAT code, where it is beyond doubt."""

    @property
    def account(self) -> ListEntry | None:
        """The ledger account, where it is beyond doubt."""
        return self.accounts[0] if len(self.accounts) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What both sides have: the shop's own country, and Minox' VAT codes and ledger accounts."""

    shop_country: str
    codes: Sequence[VatCode]
    accounts: Sequence[ListEntry]
    countries: Countries


def rows(
    orders: Iterable[Order], rates: Mapping[str, Sequence[Decimal]], lists: Lists
) -> list[Row]:
    """Return a row for all that the orders need, the most frequent first, then for what the shop is
    set up for.

    `rates` are percentages by region. Of what no order needed yet, only that is proposed which
    Minox has a code for.
    """
    seen = Counter(need for order in orders for need in vat_needs(order, lists.shop_country))
    possible = [
        *(
            VatNeed(strategy="", region=region, rate=rate)
            for region, known in rates.items()
            for rate in known
        ),
        *(
            VatNeed(strategy=strategy, region="", rate=Decimal(0))
            for strategy in (REVERSE_CHARGED, ZERO_PERCENT)
        ),
    ]
    made = [_row(need, count, lists) for need, count in seen.most_common()]
    extra = [_row(need, 0, lists) for need in dict.fromkeys(possible) if need not in seen]
    return made + [row for row in extra if row.code and row.account]


def _row(need: VatNeed, count: int, lists: Lists) -> Row:
    codes = codes_for(need, lists)
    accounts = accounts_for(need, codes[0], lists) if len(codes) == 1 else ()
    code = codes[0] if len(codes) == 1 and is_beyond_doubt(need, codes[0], lists) else None
    return Row(need=need, orders=count, codes=codes, accounts=accounts, code=code)


def is_beyond_doubt(need: VatNeed, code: VatCode, lists: Lists) -> bool:
    """Tell whether the code's box is the need's, and whether it names the country where the goods
    go.

    Countries share rates, and a regular 0% has no box of its own: what does not say so itself, the
    user is asked.
    """
    named = (
        need.strategy
        or need.region == lists.shop_country
        or _named_after(code.description, lists) == {need.region}
    )
    return bool(fits(need, lists.shop_country, code.type) and named)


def codes_for(need: VatNeed, lists: Lists) -> tuple[VatCode, ...]:
    """Return the VAT codes with the need's percentage and box; abroad those that name the country,
    where any does.
    """
    if need.strategy and need.rate:
        return ()
    of_rate = [code for code in lists.codes if code.percentage == need.rate]
    fitting = [code for code in of_rate if fits(need, lists.shop_country, code.type)]
    fitting = fitting or [
        code for code in of_rate if fits(need, lists.shop_country, code.type) is None
    ]
    if need.strategy:
        return tuple(fitting)
    if need.region == lists.shop_country:
        fitting = [code for code in fitting if not boxes_of(code.type) & ABROAD]
        return tuple(
            code for code in fitting if _named_after(code.description, lists) <= {need.region}
        )
    own = [code for code in fitting if need.region in _named_after(code.description, lists)]
    nobodys = [code for code in fitting if not _named_after(code.description, lists)]
    return tuple(own or nobodys)


def possible_codes(need: VatNeed, lists: Lists) -> list[VatCode]:
    """Return every VAT code that a user may choose: for sales, with the need's percentage or one
    that is unreadable.
    """
    rates = (need.rate, UNREADABLE)
    return [
        code
        for code in lists.codes
        if code.percentage in rates and PURCHASES not in boxes_of(code.type)
    ]


def accounts_for(need: VatNeed, code: VatCode, lists: Lists) -> tuple[ListEntry, ...]:
    """Return the ledger accounts that suit: those that carry the code, or else are named after what
    it is for.
    """
    usable = [
        account for account in lists.accounts if not account.blocked and account.id != code.account
    ]
    carrying = [account for account in usable if account.vat == code.code]
    if carrying:
        return tuple(
            [one for one in carrying if REVENUE.search(one.description.lower())] or carrying
        )
    if need.strategy:
        return ()
    words = (
        lists.countries.get(need.region, ())
        if need.region != lists.shop_country
        else (f"{percentage(need.rate)}%",)
    )
    return tuple(
        account
        for account in usable
        if REVENUE.search(account.description.lower())
        and _names(account.description, words)
        and _named_after(account.description, lists) <= {need.region}
    )


def _named_after(text: str, lists: Lists) -> set[str]:
    """Return the countries that a text names, by their names or, in capitals, by their two
    letters.
    """
    short = set(re.findall(r"\b[A-Z]{2}\b", text))
    return {
        region
        for region, names in lists.countries.items()
        if region in short or _names(text, names)
    }


def _names(text: str, words: Iterable[str]) -> bool:
    lowered = text.lower()
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lowered) for word in words)


def journals(there: Sequence[ListEntry]) -> list[ListEntry]:
    """Return the journals that are for sales: those of that type, or else those of no other type
    that are called so.
    """
    of_type = [journal for journal in there if journal.type.lower() in ("sales", "verkoop")]
    others = [journal for journal in there if journal.type.lower() not in NO_SALES_JOURNAL]
    called = [
        journal
        for journal in others
        if re.search("verk|sales", f"{journal.id} {journal.description}".lower())
    ]
    return of_type or called


def statuses(there: Iterable[Status]) -> list[Status]:
    """Return the statuses that mean a sale was made or taken back, by their names, and all of
    credit orders.
    """
    return [
        status
        for status in there
        if status.credit_order
        or (SALE.search(status.name.lower()) and not NO_SALE.search(status.name.lower()))
    ]
