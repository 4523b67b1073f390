"""What an order comes to per VAT rate and ledger account: gross, VAT, net and the rounding.

Source: books/rules.md, rules 3 to 6. All amounts are Decimal euros, signed: negative on a credit
order. Every step returns new values, and edits none.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal

from mww2minox.books.model import Order, Price, Tax, VatRow
from mww2minox.books.money import CENT, cents

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
VAT_TOLERANCE = Decimal("0.02")
VAT_TOLERANCE_PER_PRICE = Decimal("0.01")
ROUNDING_PER_PRICE = Decimal("0.005")
"""The most that rounding one price entry to cents takes off or adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One price entry of an order line: the line's type, and its VAT, not rounded."""

    type: str
    rate: Decimal
    gross: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class Place:
    """Where something of a rate goes: its row of `vat`, or None where it has none.

    `ledger` is the account that its line type has of its own, None for that of the row.
    """

    row: VatRow | None = None
    ledger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one rate has in one place. `vat_by_lines` is not rounded; `vat` is what is booked."""

    rate: Decimal
    place: Place
    gross: Decimal = ZERO
    vat_by_lines: Decimal = ZERO
    vat: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """Excluding VAT."""
        return self.gross - self.vat


@dataclass(frozen=True, slots=True, kw_only=True)
class RateVat:
    """The VAT of one rate: by the lines, and as the customer's invoice shows it.

    `by_invoice` is None where the shop tells no VAT at all; then that of the lines counts.
    `entry_count` price entries have the rate.
    """

    rate: Decimal
    gross: Decimal
    entry_count: int
    by_lines: Decimal
    by_invoice: Decimal | None

    @property
    def charged(self) -> Decimal:
        """The VAT that the customer was charged."""
        return self.by_lines if self.by_invoice is None else self.by_invoice

    @property
    def booked(self) -> Decimal:
        """The VAT that is booked: what was charged, or 0.00 where that can be a rounding only."""
        return self.charged if self._goes_with_gross else ZERO

    @property
    def is_nothing(self) -> bool:
        """Tell whether there is neither gross nor VAT; cents of VAT on nothing are a rounding."""
        return self.gross == 0 and abs(self.charged) <= self.tolerance

    @property
    def is_mismatch(self) -> bool:
        """Tell whether more than rounding lies between the invoice and the lines, or in VAT that
        does not go with its gross.
        """
        not_booked = self.charged - self.booked

        return (
            abs(self.charged - self.by_lines) > self.tolerance or abs(not_booked) > self.tolerance
        )

    @property
    def tolerance(self) -> Decimal:
        """So many euros of VAT are a rounding: each price entry may have been rounded alone."""
        return VAT_TOLERANCE + VAT_TOLERANCE_PER_PRICE * self.entry_count

    @property
    def _goes_with_gross(self) -> bool:
        """Tell whether VAT and gross are both a sale's or both a credit's; at 0% nothing is VAT."""
        return self.rate != 0 and self.charged * self.gross > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """What the total is more than the lines: on a ledger account of its own, or in a rate's net.

    Both are None where there is no difference, or nothing that it can go to.
    """

    difference: Decimal
    ledger: str | None = None
    rate: Decimal | None = None


NO_ROUNDING = Rounding(difference=ZERO)


# books/rules.md, rule 3: gross


def entries_of(order: Order) -> tuple[Entry, ...]:
    """Return the price entries of an order that is understood, in the order of its lines."""
    return tuple(
        Entry(type=line.type, rate=price.rate, gross=_gross(price), vat=_vat(price))
        for line in order.lines
        for price in line.prices
    )


def _gross(price: Price) -> Decimal:
    if price.including is not None:
        return price.including

    return cents((price.excluding or ZERO) * (1 + price.rate / HUNDRED))


def _vat(price: Price) -> Decimal:
    # At 0% a net of six decimals beside a gross in cents is a rounding.
    if price.rate == 0:
        return ZERO

    return _gross(price) - _net(price)


def _net(price: Price) -> Decimal:
    if price.excluding is not None:
        return price.excluding

    return (price.including or ZERO) / (1 + price.rate / HUNDRED)


def parts_of(
    entries: Iterable[Entry],
    taxes: Iterable[Tax],
    place_of: Callable[[str, Decimal], Place],
) -> tuple[Part, ...]:
    """Sum the entries per rate and place; a rate that only the invoice has is a part of 0.

    `place_of(type, rate)` is the place of a line type; that of no type is the rate's.
    """
    parts: dict[tuple[Decimal, Place], Part] = {}
    for entry in entries:
        place = place_of(entry.type, entry.rate)
        part = parts.get((entry.rate, place), Part(rate=entry.rate, place=place))
        parts[entry.rate, place] = replace(
            part, gross=part.gross + entry.gross, vat_by_lines=part.vat_by_lines + entry.vat
        )

    rates = {part.rate for part in parts.values()}
    for tax in taxes:
        if tax.rate not in rates:
            place = place_of("", tax.rate)
            parts.setdefault((tax.rate, place), Part(rate=tax.rate, place=place))

    return tuple(replace(part, gross=cents(part.gross)) for part in parts.values())


def is_nothing(parts: Iterable[Part], vat: Iterable[RateVat]) -> bool:
    """Tell whether every rate comes to nothing; a row of a line type counts apart.

    Source: books/rules.md, rule 2.
    """
    gross: dict[tuple[Decimal, VatRow | None], Decimal] = {}
    for part in parts:
        # Accounts of their own (`ledgers`) do not count apart: it is the same revenue.
        key = (part.rate, part.place.row)
        gross[key] = gross.get(key, ZERO) + part.gross

    return not any(gross.values()) and all(rate_vat.is_nothing for rate_vat in vat)


# books/rules.md, rules 4 and 5: VAT, and what is left of the gross


def vat_by_rate(
    entries: Sequence[Entry], parts: Sequence[Part], taxes: Sequence[Tax] | None
) -> tuple[RateVat, ...]:
    """Return the VAT of each rate by the lines and by the invoice.

    `parts` are those of the entries. `taxes` is None where the shop tells no VAT; a rate that is
    missing in it has none.
    """
    return tuple(
        RateVat(
            rate=rate,
            gross=sum((part.gross for part in parts if part.rate == rate), ZERO),
            entry_count=sum(entry.rate == rate for entry in entries),
            by_lines=cents(sum((part.vat_by_lines for part in parts if part.rate == rate), ZERO)),
            by_invoice=_invoice_vat(rate, taxes),
        )
        for rate in dict.fromkeys(part.rate for part in parts)
    )


def vat_in(gross: Decimal, rate: Decimal) -> Decimal:
    """Return the VAT in an amount with VAT, half up to cents; `rate` is a percentage."""
    return cents(gross * rate / (HUNDRED + rate))


def _invoice_vat(rate: Decimal, taxes: Sequence[Tax] | None) -> Decimal | None:
    if taxes is None:
        return None

    return cents(sum((tax.amount for tax in taxes if tax.rate == rate), ZERO))


def vat_mismatch(vat: Iterable[RateVat]) -> RateVat | None:
    """Return the first rate whose VAT is off by more than rounding, or None."""
    return next((rate_vat for rate_vat in vat if rate_vat.is_mismatch), None)


def with_vat(parts: Sequence[Part], vat: Iterable[RateVat], *, sign: int) -> tuple[Part, ...]:
    """Return the parts with the VAT of each rate divided over those of that rate.

    `sign` is that of the order: a credit order is divided as its original was.
    """
    divided: dict[tuple[Decimal, Place], Decimal] = {}
    for rate_vat in vat:
        of_rate = [part for part in parts if part.rate == rate_vat.rate]
        # A part of 0.00 bears no VAT, unless there is nothing else to put it on.
        bearing = [part for part in of_rate if part.gross] or of_rate
        for part, amount in zip(bearing, _divide(rate_vat.booked, bearing, sign), strict=True):
            divided[part.rate, part.place] = amount

    return tuple(replace(part, vat=divided.get((part.rate, part.place), ZERO)) for part in parts)


def _divide(vat: Decimal, parts: Sequence[Part], sign: int) -> list[Decimal]:
    """Divide `vat` over `parts` by largest remainder, so that it adds up to the cent.

    Source: books/rules.md, rule 10.
    """
    quotas = [sign * quota for quota in _quotas(vat, parts)]
    amounts = [quota.quantize(CENT, rounding=ROUND_FLOOR) for quota in quotas]

    cents_left = int((sign * vat - sum(amounts, ZERO)) / CENT)
    by_remainder = sorted(range(len(parts)), key=lambda place: amounts[place] - quotas[place])
    for place in by_remainder[:cents_left]:
        amounts[place] += CENT

    return [ZERO + sign * amount for amount in amounts]  # never -0.00


def _quotas(vat: Decimal, parts: Sequence[Part]) -> list[Decimal]:
    """Return each part's VAT by its lines, and its share of what the invoice shows more or less.

    That is divided in proportion to the VAT of the lines, or equally where they have none.
    """
    weight = sum((abs(part.vat_by_lines) for part in parts), ZERO)
    more = vat - sum((part.vat_by_lines for part in parts), ZERO)
    if not weight:
        return [part.vat_by_lines + more * (ONE / len(parts)) for part in parts]

    return [part.vat_by_lines + more * (abs(part.vat_by_lines) / weight) for part in parts]


# books/rules.md, rule 6: the rounding


def largest_rounding(entry_count: int, setting: Decimal, *, includes_tax: bool) -> Decimal:
    """Return so many euros of difference between total and lines as are a rounding.

    A shop whose prices exclude VAT rounds each price entry when it adds the VAT, and the total
    once: with many lines that is more than the setting.
    """
    if includes_tax:
        return setting

    return max(setting, ROUNDING_PER_PRICE * entry_count)


def rounding_of(difference: Decimal, parts: Sequence[Part], ledger: str | None) -> Rounding:
    """Return where a difference goes: to `ledger`, or else into the net that is largest by size."""
    if not difference:
        return NO_ROUNDING
    if ledger:
        return Rounding(difference=difference, ledger=ledger)
    if not parts:
        return Rounding(difference=difference)

    nets: dict[Decimal, Decimal] = {}
    for part in _turnover(parts):
        nets[part.rate] = nets.get(part.rate, ZERO) + part.net
    rate = max(nets, key=lambda rate: (abs(nets[rate]), rate))

    return Rounding(difference=difference, rate=rate)


def with_rounding(parts: Sequence[Part], rounding: Rounding) -> tuple[Part, ...]:
    """Return the parts with the difference in the largest net of the rate that it goes to."""
    of_rate = [part for part in _turnover(parts) if part.rate == rounding.rate]
    if not of_rate:
        return tuple(parts)

    largest = max(of_rate, key=lambda part: abs(part.net))
    return tuple(
        replace(part, gross=part.gross + rounding.difference) if part is largest else part
        for part in parts
    )


def _turnover(parts: Sequence[Part]) -> Sequence[Part]:
    """Return the parts with a VAT code: cents of rounding are no debt. Where none has one, all."""
    turnover = [part for part in parts if part.place.row is None or part.place.row.code is not None]

    return turnover or parts
