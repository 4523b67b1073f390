"""Orders as a shop makes them, from a seed: many kinds of baskets, each priced as shops price.

In the shop's own JSON. All amounts are worked out in fractions of a euro, and rounded where a shop
rounds: each price entry, the VAT of each rate, and the total.
"""

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mww2minox.books.model import REVERSE_CHARGED, ZERO_PERCENT
from mww2minox.sandbox.order_parts import credit, line, order, person

DAY = dt.date(2026, 3, 14)
MICRO = Fraction(1, 1_000_000)
CENT = Fraction(1, 100)
COUNTRIES: Sequence[tuple[str, str, Sequence[str]]] = (
    ("NL", "", ("21", "9")),
    ("NL", "", ("21", "9")),
    ("NL", "", ("21",)),
    ("NL", "", ("21", "9", "0")),
    ("BE", "", ("21",)),
    ("FI", "", ("25.5",)),
    ("BE", REVERSE_CHARGED, ("21", "9")),
    ("US", ZERO_PERCENT, ("21", "9")),
)
"""Country, strategy, and the rates that the goods have at home: a strategy makes them 0."""


def rounded(amount: Fraction, unit: Fraction = CENT) -> Fraction:
    """Round half away from zero."""
    steps = int(abs(amount) / unit + Fraction(1, 2))
    return (steps if amount >= 0 else -steps) * unit


def written(amount: Fraction, places: int = 2) -> str:
    """Write an amount that has no more than so many places."""
    scaled = amount * 10**places
    assert scaled.denominator == 1, amount
    sign = "-" if scaled < 0 else ""
    digits = str(abs(int(scaled))).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


@dataclass(frozen=True)
class Entry:
    """A price entry of a line: exact, before the shop rounds it."""

    kind: str
    rate: Fraction
    net: Fraction
    gross: Fraction

    def times(self, part: Fraction) -> "Entry":
        """Return a part of it, as when it is credited."""
        return Entry(self.kind, self.rate, self.net * part, self.gross * part)


def orders(seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Yield so many orders, credit orders on some of them included."""
    chance = random.Random(seed)  # noqa: S311 - a seed makes the same orders again
    made = 0
    while made < count:
        for raw in _orders_of_a_customer(chance, 1001 + made):
            made += 1
            if made <= count:
                yield raw


def _orders_of_a_customer(chance: random.Random, number: int) -> Iterator[dict[str, Any]]:
    """Make an order, and perhaps the credit orders that take it back in parts."""
    shop = _Shop(chance)
    entries = shop.basket()
    yield shop.order(number, entries)

    if chance.random() < 0.25:
        parts = chance.choice((1, 2, 3))
        for part in range(1, parts + 1):
            taken_back = [entry.times(Fraction(-1, parts)) for entry in entries]
            yield shop.order(number + part, taken_back, credited=number)


class _Shop:
    """A shop with its prices with or without VAT, selling to one country."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.country, self.strategy, self.rates = chance.choice(COUNTRIES)
        self.with_vat = chance.random() < 0.6
        self.tells_gross = chance.random() < 0.8
        self.tells_tax = chance.random() < 0.85

    def basket(self) -> list[Entry]:
        """Goods, with a discount, costs and a gift card now and then."""
        chance = self.chance
        most = chance.choice((1, 2, 3, 5, 12, 40))
        entries = [self._article() for _ in range(chance.randint(1, most))]
        # Many of one kind, each on a line of its own: all are rounded the same way.
        if chance.random() < 0.1:
            entries += [self._article()] * 40
        if chance.random() < 0.3:
            entries += self._spread("discount", -self._some_of(entries))
        if chance.random() < 0.5:
            entries += self._spread("shipping", Fraction(chance.randint(195, 1295), 100))
        if chance.random() < 0.2:
            entries += self._spread("payment", Fraction(chance.randint(5, 250), 100))
        if self.country == "NL" and chance.random() < 0.2:
            entries.append(self._gift_card(entries))
        return entries

    def _article(self) -> Entry:
        chance = self.chance
        # Cents, or fractions of them as of goods by weight; at times next to nothing.
        price = Fraction(chance.randint(*chance.choice(((1, 30), (100, 20_000)))), 100)
        if chance.random() < 0.3:
            price = Fraction(chance.randint(1, 99_999_999), 1_000_000)
        # With VAT it ends in half a cent.
        if chance.random() < 0.1:
            price = Fraction(chance.randint(0, 20)) + Fraction(1, 2)
        price *= chance.randint(1, 5)
        kind = chance.choice(("article", "article", "custom", "giftwrap"))
        return self._entry(kind, chance.choice(self.rates), price)

    def _entry(self, kind: str, rate: str, price: Fraction) -> Entry:
        """Price something as this shop does: with the VAT of home in it, or without any."""
        at_home = 1 + Fraction(rate) / 100
        net = price / at_home if self.with_vat else price
        if self.strategy:
            return Entry(kind, Fraction(0), net, net)
        return Entry(kind, Fraction(rate), net, net * at_home)

    def _some_of(self, entries: Sequence[Entry]) -> Fraction:
        gross = sum((entry.gross for entry in entries), Fraction(0))
        percent = self.chance.choice((5, 10, 25, 100))
        return gross * percent / 100

    def _spread(self, kind: str, amount: Fraction) -> list[Entry]:
        """Spread costs or a discount over the rates of the goods, by what these come to."""
        rates = self.rates if not self.strategy else ("0",)
        weights = [self.chance.randint(1, 9) for _ in rates]
        parts = [amount * weight / sum(weights) for weight in weights]
        return [
            Entry(kind, Fraction(rate), part / (1 + Fraction(rate) / 100), part)
            for rate, part in zip(rates, parts, strict=True)
        ]

    def _gift_card(self, entries: Sequence[Entry]) -> Entry:
        """A gift card that is sold, or pays a part or all; it has whole cents."""
        total = sum((rounded(entry.gross) for entry in entries), Fraction(0))
        amount = self.chance.choice((Fraction(25), -total, -rounded(total / 2)))
        kind = self.chance.choice(("gift_card", "gift_card", "store_credit"))
        return Entry(kind, Fraction(0), amount, amount)

    def order(self, number: int, entries: Sequence[Entry], *, credited: int = 0) -> dict[str, Any]:
        """Write an order down as the shop tells it."""
        lines = [line(entry.kind, "", self._price(entry)) for entry in entries]
        fields: dict[str, Any] = {
            "tax_strategy": self.strategy,
            "taxed": "include" if self.with_vat else "exclude",
        }
        if credited:
            fields |= credit(str(credited))
        vat_number = "BE0403170701" if self.strategy == REVERSE_CHARGED else None
        buyer = person("Jan", "jan@example.com", country=self.country, vat_number=vat_number)
        return order(str(number), DAY, buyer, lines, self._bill(entries), **fields)

    def _price(self, entry: Entry) -> dict[str, str]:
        price = {
            "amount": written(rounded(entry.net, MICRO), 6),
            "rate": written(entry.rate),
        }
        if self.tells_gross:
            price["amount_including_tax"] = written(rounded(entry.gross))
        return price

    def _bill(self, entries: Sequence[Entry]) -> dict[str, Any]:
        """Total and VAT per rate: of the lines as they are rounded, or rounded once."""
        total = sum((rounded(entry.gross) for entry in entries), Fraction(0))
        if not self.with_vat:
            total = rounded(sum((entry.gross for entry in entries), Fraction(0)))
        # Now and then what no rule explains.
        total += self.chance.choice((0,) * 60 + (1, -1, 3, -5, 6, -7, 100)) * CENT
        if not self.tells_tax:
            return {"total": written(total)}

        tax = []
        for rate in dict.fromkeys(entry.rate for entry in entries):
            vat = sum((e.gross - e.net for e in entries if e.rate == rate), Fraction(0))
            off = self.chance.choice((0,) * 40 + (1, -1, 2, -2, 3, 50)) * CENT
            tax.append({"rate": written(rate), "amount": written(rounded(vat) + off)})
        return {"total": written(total), "tax": tax}
