"""Whether an order can be understood: its number, amounts, rates and VAT strategy.

Source: books/rules.md, rule 1, and of its number books/rules.md, rule 10.
"""

import re
from decimal import Decimal

from mww2minox.books.amounts import HUNDRED
from mww2minox.books.model import (
    REVERSE_CHARGED,
    ZERO_PERCENT,
    BookingRules,
    InvoiceNumber,
    Order,
    Price,
)
from mww2minox.books.money import cents

MISSING = "missing"
"""Stands behind a place that cannot be understood because nothing is there."""
LARGEST = Decimal(10) ** 10
"""Amounts of ten billion euros and more are not understood: floats in Minox' JSON stay exact to
the cent below."""
ANY_NUMBER = re.compile(r"[^/]{1,60}")
"""It leaves room for more in a description; of one with a slash the shop cannot be asked."""
INVOICE_NUMBER = re.compile(r"0*[1-9][0-9]{0,7}")
"""What Minox has room for."""
LONG_NUMBER = re.compile(r"0*[1-9][0-9]{0,14}")
"""What some shops were booked with before that was known."""


def missing(place: str) -> str:
    """Return that nothing is in a place of an order."""
    return f"{place} {MISSING}"


def problem_of_number(number: str, rules: BookingRules) -> str:
    """Return what an order number cannot be, or an empty text."""
    if not ANY_NUMBER.fullmatch(number):
        return "number"
    if rules.invoice_number is InvoiceNumber.MINOX:
        return ""

    fitting = LONG_NUMBER if rules.takes_long_numbers else INVOICE_NUMBER
    return "" if fitting.fullmatch(number) else "invoice_number"


def problem_of(order: Order) -> str:
    """Return the place in the order that cannot be understood, or an empty text.

    It is that of the shop's JSON; MISSING behind it says that nothing is there.
    Its number is not looked at: what that may be the rules decide.
    """
    if not _is_money(order.total) or order.total != cents(order.total):
        return "price.total"
    if order.tax_strategy not in ("", REVERSE_CHARGED, ZERO_PERCENT):
        return "tax_strategy"
    if not all(_is_rate(tax.rate) and _is_money(tax.amount) for tax in order.tax or ()):
        return "price.tax"
    return _problem_of_lines(order)


def _problem_of_lines(order: Order) -> str:
    for place, line in enumerate(order.lines):
        if not all(map(_is_price, line.prices)):
            price = f"orderlines.{place}.price"
            return price if all(map(_has_amount, line.prices)) else missing(price)

    # A total of 0.00 is all that an order without lines can have.
    is_empty = not any(line.prices for line in order.lines)
    return missing("orderlines") if order.total and is_empty else ""


def _is_money(amount: Decimal) -> bool:
    return amount.is_finite() and abs(amount) < LARGEST


def _is_rate(rate: Decimal) -> bool:
    return rate.is_finite() and 0 <= rate <= HUNDRED


def _is_price(price: Price) -> bool:
    """Tell whether a price entry has a rate and an amount; one of the two amounts is enough."""
    amounts = [amount for amount in (price.excluding, price.including) if amount is not None]

    return _is_rate(price.rate) and _has_amount(price) and all(map(_is_money, amounts))


def _has_amount(price: Price) -> bool:
    return price.excluding is not None or price.including is not None
