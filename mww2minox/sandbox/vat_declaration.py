"""Minox' own VAT returns, a quarter each, from what is booked.

Source: minox/api.md, "VAT returns". Amounts are euros; GS is turnover, AB the VAT on it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mww2minox.sandbox.ledger import Books, Line, sale_of

PERIODS = 3
"""Of a quarter: periods are months."""
HIGH, LOW = 21.0, 9.0
BOXES = {
    "(1e)": "AfdragenNulProcent",
    "(3a)": "LeveringNaarBuitenEU",
    "(3b)": "LeveringNaarBinnenEU",
    "(3c)": "AfstandsVerkopenBinnenEU",
}
WITH_VAT = ("AfdragenHoog", "AfdragenLaag", "AfdragenOverige")


@dataclass(frozen=True)
class Declaration:
    """The return of a quarter of a fiscal year, which is a calendar year."""

    year: int
    quarter: int

    @property
    def number(self) -> str:
        """The id by which it is asked for."""
        return f"{self.year}{self.quarter:02}"

    def header(self) -> dict[str, Any]:
        """Return what the list shows of it."""
        last = self.quarter * PERIODS
        return {
            "id": self.number,
            "Aangiftejaar": self.year,
            "Tijdvak": self.quarter,
            "Boekjaar": self.year,
            "VanafPeriode": last - PERIODS + 1,
            "TotEnMetPeriode": last,
        }

    def whole(self, lines: Iterable[Line], books: Books) -> dict[str, Any]:
        """Return it with its amounts by box, from the lines that were sent for all bookings."""
        amounts = dict.fromkeys(_names(), Decimal(0))
        for line in lines:
            period = line.get("period") or {}
            quarter = (int(period.get("id") or 0) + PERIODS - 1) // PERIODS
            if (period.get("fiscal_year"), quarter) == (self.year, self.quarter):
                for name, amount in _amounts(line, books).items():
                    amounts[name] += amount

        # Only sales are booked here: nothing to deduct.
        amounts["Totaal"] = sum((amounts[f"{box}AB"] for box in WITH_VAT), Decimal(0))
        return self.header() | {name: float(amount) for name, amount in amounts.items()}


def declarations(today: dt.date, fiscal_years: Iterable[int]) -> list[Declaration]:
    """Return the returns of all quarters that have begun, the oldest first."""
    begun = (today.year, (today.month + PERIODS - 1) // PERIODS)
    quarters = [(year, quarter) for year in fiscal_years for quarter in (1, 2, 3, 4)]

    return [Declaration(year, quarter) for year, quarter in quarters if (year, quarter) <= begun]


def _names() -> Iterator[str]:
    for box in WITH_VAT:
        yield f"{box}GS"
        yield f"{box}AB"
    for box in BOXES.values():
        yield f"{box}GS"


def _amounts(line: Line, books: Books) -> dict[str, Decimal]:
    sale = sale_of(line, books)
    if sale is None:
        return {}

    amounts: dict[str, Decimal] = defaultdict(Decimal)
    kind = str(sale.code["type"])
    for mark, box in BOXES.items():
        if mark in kind:
            amounts[f"{box}GS"] = sale.net
    if "(1a" in kind:
        box = {HIGH: "AfdragenHoog", LOW: "AfdragenLaag"}.get(
            sale.code["percentage"], "AfdragenOverige"
        )
        amounts[f"{box}GS"], amounts[f"{box}AB"] = sale.net, sale.vat
    return amounts
