"""What `setup` proposes: the mapping that both sides' own lists suggest. Pure; what it leaves open,
the user is asked.

VAT codes by percentage and by the box of the VAT return that Minox names in their type, ledger
accounts by the VAT code that they carry, both first by what the administration itself has for a
country (`distance_sales`), statuses by what their names mean.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.model import (
    REVERSE_CHARGED,
    ZERO_PERCENT,
    DistanceSale,
    ListEntry,
    MinoxCustomer,
    Order,
    VatCode,
    VatNeed,
)
from mww2minox.books.money import percentage
from mww2minox.books.vat_return import DISTANCE_SALES, EXPORTS, PURCHASES, WITHIN_EU, boxes_of, fits
from mww2minox.books.vat_rows import vat_needs
from mww2minox.shop.api import Status

Countries = Mapping[str, tuple[str, ...]]
"""The names that a country goes by, in lower case, by its two letters."""

SALE = re.compile(
    r"\b(betaald|verzonden|afgehaald|afgerond|afgehandeld|voltooid|geleverd|gecrediteerd"
    r"|terugbetaald"
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
"""The percentage of a VAT code whose own cannot be read (`minox/wire.py`)."""
NO_SALES_JOURNAL = ("purchase", "bank", "cash")
ABROAD = EXPORTS | WITHIN_EU | DISTANCE_SALES
"""The boxes of the VAT return for what leaves the country."""
CASH_WORDS = ("kas", "contant", "balie")
"""What a customer for sales at the counter is looked for by."""
CASH = re.compile(
    r"\b(kas(sa)?(verko(op|pen)|klant(en)?)?|contant\w*|balie\w*|toonbank\w*|cash)\b", re.IGNORECASE
)
REVENUE = re.compile(
    r"omzet|verkoop|verkopen|opbrengst|levering|uitvoer|revenue|sales|turnover|income"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of `vat` in the making: what it is needed for, by how many of the newest orders, and
    what may fill it.
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

    @property
    def is_certain(self) -> bool:
        """Whether code and account are both beyond doubt."""
        return self.code is not None and self.account is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What both sides have: the shop's own country, and Minox' VAT codes and ledger accounts.

    `distance_sales` are the administration's own choice of these, where it tells that.
    """

    shop_country: str
    codes: Sequence[VatCode]
    accounts: Sequence[ListEntry]
    countries: Countries
    distance_sales: Sequence[DistanceSale] = ()


def rows(
    orders: Iterable[Order],
    rates: Mapping[str, Sequence[Decimal]],
    lists: Lists,
    of_types: Collection[VatNeed] = (),
) -> list[Row]:
    """Return a row for all that the orders need, the most frequent first, then for what the shop is
    set up for.

    `rates` are percentages by region. Of what no order needed yet, only that is proposed which
    Minox has a code for. `of_types` are the line types that have a row of their own already.
    """
    counts: Counter[VatNeed] = Counter()
    for order in orders:
        counts.update(vat_needs(order, lists.shop_country, of_types))
    needed = [_row(need, count, lists) for need, count in counts.most_common()]

    others = [need for need in _possible_needs(rates) if need not in counts]
    proposed = [_row(need, 0, lists) for need in others]
    return needed + [row for row in proposed if row.is_certain]


def _possible_needs(rates: Mapping[str, Sequence[Decimal]]) -> list[VatNeed]:
    """Return what an order may need by the shop's own rates, and by the strategies; each once."""
    needs = []
    for region, percentages in rates.items():
        needs += [VatNeed(strategy="", region=region, rate=rate) for rate in percentages]
    for strategy in (REVERSE_CHARGED, ZERO_PERCENT):
        needs.append(VatNeed(strategy=strategy, region="", rate=Decimal(0)))
    return list(dict.fromkeys(needs))


def _row(need: VatNeed, count: int, lists: Lists) -> Row:
    codes = codes_for(need, lists)
    if len(codes) != 1:
        # The accounts depend on the code, which the user chooses first.
        return Row(need=need, orders=count, codes=codes, accounts=(), code=None)

    code = codes[0]
    accounts = accounts_for(need, code, lists)
    certain = is_beyond_doubt(need, code, lists)
    return Row(
        need=need, orders=count, codes=codes, accounts=accounts, code=code if certain else None
    )


def is_beyond_doubt(need: VatNeed, code: VatCode, lists: Lists) -> bool:
    """Tell whether the code's box is the need's, and whether it names the country where the goods
    go.

    Countries share rates, and a regular 0% has no box of its own: what does not say so itself, the
    user is asked.
    """
    sale = _distance_sale(need, lists)
    if sale and sale.code == code.code:
        return True
    if not fits(need, lists.shop_country, code.type):
        return False
    if need.strategy or need.region == lists.shop_country:
        return True
    return _countries_in(code.description, lists) == {need.region}


def codes_for(need: VatNeed, lists: Lists) -> tuple[VatCode, ...]:
    """Return the VAT codes with the need's percentage and box; abroad that which the administration
    has for the country, else those that name it, where any does.
    """
    # A strategy says that no VAT is due: no code goes with VAT all the same.
    if need.strategy and need.rate:
        return ()
    sale = _distance_sale(need, lists)
    if sale:
        return tuple(code for code in lists.codes if code.code == sale.code)

    fitting = _fitting_codes(need, lists)
    if need.strategy:
        return tuple(fitting)
    if need.region == lists.shop_country:
        return tuple(code for code in fitting if _is_for_home(code, lists))

    # Abroad: a code without a country serves those countries that have none of their own.
    of_country = [code for code in fitting if need.region in _countries_in(code.description, lists)]
    of_any_country = [code for code in fitting if not _countries_in(code.description, lists)]
    return tuple(of_country or of_any_country)


def _distance_sale(need: VatNeed, lists: Lists) -> DistanceSale | None:
    """Return what the administration itself has for sales to a country, by the need's percentage.

    None where that is nothing, or more than one.
    """
    if need.strategy or need.region == lists.shop_country:
        return None

    of_rate = {
        code.code
        for code in lists.codes
        if code.percentage == need.rate and not boxes_of(code.type) & PURCHASES
    }
    sales = {
        sale
        for sale in lists.distance_sales
        if sale.country == need.region and sale.code in of_rate
    }
    return sales.pop() if len(sales) == 1 else None


def _fitting_codes(need: VatNeed, lists: Lists) -> list[VatCode]:
    """Return the codes of the need's percentage that go to its box, or else those whose type tells
    no box.
    """
    certain, perhaps = [], []
    for code in lists.codes:
        if code.percentage == need.rate:
            fitting = fits(need, lists.shop_country, code.type)
            if fitting:
                certain.append(code)
            elif fitting is None:
                perhaps.append(code)
    return certain or perhaps


def _is_for_home(code: VatCode, lists: Lists) -> bool:
    """Tell whether a code is for sales in the shop's own country, as far as its box and its name
    tell.
    """
    if boxes_of(code.type) & ABROAD:
        return False
    return _countries_in(code.description, lists) <= {lists.shop_country}


def possible_codes(need: VatNeed, lists: Lists) -> list[VatCode]:
    """Return every VAT code that a user may choose: for sales, with the need's percentage or one
    that is unreadable.
    """
    rates = (need.rate, UNREADABLE)
    of_rate = [code for code in lists.codes if code.percentage in rates]
    return [code for code in of_rate if not boxes_of(code.type) & PURCHASES]


def accounts_for(need: VatNeed, code: VatCode, lists: Lists) -> tuple[ListEntry, ...]:
    """Return the ledger accounts that suit: that of the administration's own choice, those that
    carry the code, or else are named after what it is for.
    """
    usable = [account for account in lists.accounts if _may_hold_revenue(account, code)]
    sale = _distance_sale(need, lists)
    if sale and sale.code == code.code:
        chosen = tuple(account for account in usable if account.id == sale.ledger)
        if chosen:
            return chosen

    carrying = [account for account in usable if account.vat == code.code]
    if carrying:
        for_revenue = [account for account in carrying if _is_for_revenue(account)]
        return tuple(for_revenue or carrying)

    # What accounts for a strategy are called, nobody has agreed on.
    if need.strategy:
        return ()
    return tuple(account for account in usable if _is_named_after(account, need, lists))


def _may_hold_revenue(account: ListEntry, code: VatCode) -> bool:
    # The code's own account is the one for VAT.
    return not account.blocked and account.id != code.account


def _is_for_revenue(account: ListEntry) -> bool:
    return REVENUE.search(account.description.lower()) is not None


def _is_named_after(account: ListEntry, need: VatNeed, lists: Lists) -> bool:
    """Tell whether a revenue account names the need: at home its percentage, abroad its country,
    and no other country.
    """
    if need.region == lists.shop_country:
        words: Sequence[str] = (f"{percentage(need.rate)}%",)
    else:
        words = lists.countries.get(need.region, ())

    if not _is_for_revenue(account) or not _holds_word(account.description, words):
        return False
    return _countries_in(account.description, lists) <= {need.region}


def _countries_in(text: str, lists: Lists) -> set[str]:
    """Return the countries that a text names, by their names or, in capitals, by their two
    letters.
    """
    countries = lists.countries.keys() & set(re.findall(r"\b[A-Z]{2}\b", text))
    for region, names in lists.countries.items():
        if _holds_word(text, names):
            countries.add(region)
    return countries


def _holds_word(text: str, words: Iterable[str]) -> bool:
    lowered = text.lower()
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", lowered) for word in words)


def journals(entries: Sequence[ListEntry]) -> list[ListEntry]:
    """Return the journals that are for sales: those of that type, or else those of no other type
    that are called so.
    """
    of_type = _of_sales(entries)
    if of_type:
        return of_type
    return [
        journal
        for journal in journals_to_choose(entries)
        if re.search("verk|sales", f"{journal.id} {journal.description}".lower())
    ]


def journals_to_choose(entries: Sequence[ListEntry]) -> list[ListEntry]:
    """Return the journals that a user may choose: those for sales, or where no type tells that,
    those of no other type.
    """
    others = [journal for journal in entries if journal.type.lower() not in NO_SALES_JOURNAL]
    return _of_sales(entries) or others


def _of_sales(entries: Sequence[ListEntry]) -> list[ListEntry]:
    return [journal for journal in entries if journal.type.lower() in ("sales", "verkoop")]


def cash_customers(customers: Iterable[MinoxCustomer]) -> list[MinoxCustomer]:
    """Return the customers that stand for sales at the counter by their names, each once."""
    named = {
        customer.number: customer
        for customer in customers
        if not customer.blocked and CASH.search(customer.name)
    }
    return list(named.values())


def statuses(shop_statuses: Iterable[Status]) -> list[Status]:
    """Return the statuses that mean a sale was made or taken back, by their names, and all of
    credit orders.
    """
    return [status for status in shop_statuses if _is_of_sale(status)]


def _is_of_sale(status: Status) -> bool:
    if status.credit_order:
        return True
    name = status.name.lower()
    return SALE.search(name) is not None and not NO_SALE.search(name)
