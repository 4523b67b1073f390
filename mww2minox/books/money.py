"""Money and rates as plain text and to the cent: for JSON, CSV, the state and sentences.

What a reader is shown in their own form is written by `language/texts.py`.
"""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Round euros half up to whole cents: away from zero (books/rules.md, "VAT facts")."""
    return Decimal(0) + amount.quantize(CENT, rounding=ROUND_HALF_UP)  # never -0.00


def euros(amount: Decimal | int) -> str:
    """Write euros (Decimal) or cents (int) as plain `1234.56`."""
    exact = Decimal(amount) / 100 if isinstance(amount, int) else amount
    return f"{cents(exact):.2f}"


def percentage(rate: Decimal) -> str:
    """Write a rate without needless zeros: 21, 25.5."""
    return f"{rate.normalize():f}"
