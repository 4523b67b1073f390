"""From an order to a booking, or to the reason why not: `book`, a pure function
(books/rules.md, rules 1 to 13).

The steps stand in the order of the rules, and the first that fails gives the reason.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

from mww2minox.books.model import (
    REVERSE_CHARGED,
    ZERO_PERCENT,
    Administration,
    Booking,
    BookingCustomer,
    BookingLine,
    BookingRules,
    CustomerByEmail,
    CustomerOfOriginal,
    DateChoice,
    FixedCustomer,
    Order,
    Price,
    Reason,
    Rejection,
    VatNeed,
    VatPosting,
    VatRow,
    VatShare,
)
from mww2minox.books.periods import period_of

CENT = Decimal("0.01")
ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
LARGEST = Decimal(10) ** 10
"""Amounts of ten billion euros and more are not understood: floats in Minox' JSON stay exact to the
cent below.
"""
VAT_TOLERANCE = Decimal("0.02")
VAT_TOLERANCE_PER_PRICE = Decimal("0.01")
DESCRIPTION_LENGTH = 100
NAME_LENGTH = 60
COSTS = ("shipping", "payment")
OWN_LEDGER_TYPES = ("shipping", "payment", "discount")


@dataclass(slots=True)
class _Part:
    """What one rate has on one ledger account, in euros; `None` is the account of the rate's `vat`
    row.
    """

    rate: Decimal
    ledger: str | None
    gross: Decimal
    line_vat: Decimal
    vat: Decimal = ZERO


def book(order: Order, rules: BookingRules, administration: Administration) -> Booking | Rejection:
    """Return the booking of `order`, or the reason why it has none. Pure; never raises.

    Source: books/rules.md, "From an order to a booking". `customer_blocked` and
    `rejected_by_minox` are Minox' own to tell, so they never come from here.
    """
    refusal = (
        _not_understood(order) or _other_currency(order, administration) or _nothing_to_book(order)
    )
    if refusal:
        return refusal
    parts = _parts(order, rules)
    rounding = order.total - sum((part.gross for part in parts), ZERO)
    refusal = _take_invoice_vat(order, parts) or _beyond_rounding(order, rounding, rules, parts)
    if refusal:
        return refusal
    if not rules.rounding_ledger:
        _largest_net(parts, rounding)
    rows = _rows(order, rules, parts)
    if isinstance(rows, Rejection):
        return rows
    refusal = _vat_number_refusal(order, rules)
    if refusal:
        return refusal
    debtor = _debtor(order, rules)
    if isinstance(debtor, Rejection):
        return debtor
    shares = tuple(_share(part, rows[part.rate], order, rules) for part in parts)
    return _booking(order, rules, administration, debtor, shares, rounding)


def _booking(  # noqa: PLR0913 - the six things that a booking is put together from
    order: Order,
    rules: BookingRules,
    administration: Administration,
    debtor: BookingCustomer,
    shares: tuple[VatShare, ...],
    rounding: Decimal,
) -> Booking | Rejection:
    """Lines, credit orders, period, description (books/rules.md, rules 10 to 13)."""
    lines = _lines(order, rules.vat_posting, shares)
    if isinstance(lines, Rejection):
        return lines
    if rounding and rules.rounding_ledger:
        lines += (_line(rules.rounding_ledger, rounding),)
    if order.credited_order_number and order.total > 0:
        return _reject(
            order,
            Reason.CREDIT_ORDER_POSITIVE,
            total=_euros(order.total),
            original=order.credited_order_number,
        )
    by_status = rules.date is DateChoice.STATUS_CHANGED and order.status_changed
    document_date = by_status or order.date
    placed = period_of(document_date, administration)
    if placed is None:
        return _reject(order, Reason.FISCAL_YEAR_MISSING, date=document_date.isoformat())
    return Booking(
        order_number=order.number,
        invoice_number=int(order.number),
        customer=debtor,
        total=order.total,
        lines=lines,
        shares=shares,
        journal=rules.journal,
        document_date=document_date,
        fiscal_year=placed[0],
        period=placed[1],
        description=_description(order, rules.description),
    )


def _reject(order: Order, reason: Reason, **values: str) -> Rejection:
    return Rejection(reason=reason, values={"number": order.number, **values})


def _euros(amount: Decimal) -> str:
    return f"{amount:.2f}"


def cents(amount: Decimal) -> Decimal:
    """Round euros half up to whole cents (books/rules.md, "VAT facts": away from zero, as invoices
    do).
    """
    return ZERO + amount.quantize(CENT, rounding=ROUND_HALF_UP)  # never -0.00


def percentage(rate: Decimal) -> str:
    """Write a rate without needless zeros: 21, 25.5."""
    return f"{rate.normalize():f}"


# books/rules.md, rules 1 and 2: what is not understood, other currencies, nothing to book


def _not_understood(order: Order) -> Rejection | None:
    problem = _problem(order)
    return _reject(order, Reason.ORDER_INVALID, problem=problem) if problem else None


def _problem(order: Order) -> str:
    """Say what in the order cannot be understood, or return an empty text."""
    if not re.fullmatch(r"0*[1-9][0-9]{0,14}", order.number):
        return "number"
    if not _is_money(order.total) or order.total != cents(order.total):
        return "price.total"
    if order.tax_strategy not in ("", REVERSE_CHARGED, ZERO_PERCENT):
        return "tax_strategy"
    if not all(_is_rate(tax.rate) and _is_money(tax.amount) for tax in order.tax or ()):
        return "price.tax"
    if not all(_is_price(price) for line in order.lines for price in line.prices):
        return "orderlines"
    return ""


def _is_money(amount: Decimal) -> bool:
    return amount.is_finite() and abs(amount) < LARGEST


def _is_rate(rate: Decimal) -> bool:
    return rate.is_finite() and 0 <= rate <= HUNDRED


def _is_price(price: Price) -> bool:
    amounts = [amount for amount in (price.excluding, price.including) if amount is not None]
    return _is_rate(price.rate) and bool(amounts) and all(_is_money(amount) for amount in amounts)


def _other_currency(order: Order, administration: Administration) -> Rejection | None:
    if order.currency is None or order.currency == administration.currency:
        return None
    values = {"currency": order.currency, "expected": administration.currency}
    return _reject(order, Reason.CURRENCY_UNSUPPORTED, **values)


def _nothing_to_book(order: Order) -> Rejection | None:
    return _reject(order, Reason.NOTHING_TO_BOOK) if order.total == 0 else None


# books/rules.md, rules 3 to 6: gross, VAT and net per rate, and the rounding difference


def _parts(order: Order, rules: BookingRules) -> list[_Part]:
    """Sum gross and VAT of the lines per rate and ledger account, in the order of the lines
    (books/rules.md, rule 3).
    """
    parts: dict[tuple[Decimal, str | None], _Part] = {}
    for line in order.lines:
        for price in line.prices:
            ledger = _own_ledger(line.type, price.rate, order, rules)
            part = parts.setdefault((price.rate, ledger), _Part(price.rate, ledger, ZERO, ZERO))
            gross = _gross(price)
            part.gross += gross
            part.line_vat += gross - _net(price)
    for tax in order.tax or ():
        if not any(part.rate == tax.rate for part in parts.values()):
            parts[tax.rate, None] = _Part(tax.rate, None, ZERO, ZERO)
    for part in parts.values():
        part.gross = cents(part.gross)
    return list(parts.values())


def _own_ledger(line_type: str, rate: Decimal, order: Order, rules: BookingRules) -> str | None:
    """Return the ledger account of a line type; None where that is the account of the rate's `vat`
    row as well.
    """
    own = rules.ledgers.get(line_type) if line_type in OWN_LEDGER_TYPES else None
    row = _row(order, rate, rules)
    return None if row and row.ledger == own else own


def _gross(price: Price) -> Decimal:
    if price.including is not None:
        return price.including
    return cents((price.excluding or ZERO) * (1 + price.rate / HUNDRED))


def _net(price: Price) -> Decimal:
    if price.excluding is not None:
        return price.excluding
    return (price.including or ZERO) / (1 + price.rate / HUNDRED)


def _take_invoice_vat(order: Order, parts: list[_Part]) -> Rejection | None:
    """Divide the VAT of each rate, as the invoice shows it, by part: books/rules.md, rule 4."""
    tolerance = VAT_TOLERANCE + VAT_TOLERANCE_PER_PRICE * sum(
        len(line.prices) for line in order.lines
    )
    for rate in {part.rate: None for part in parts}:
        of_rate = [part for part in parts if part.rate == rate]
        from_lines = cents(sum((part.line_vat for part in of_rate), ZERO))
        on_invoice = _invoice_vat(order, rate)
        vat = from_lines if on_invoice is None else on_invoice
        if abs(vat - from_lines) > tolerance:
            shown = {"rate": percentage(rate), "invoice": _euros(vat), "lines": _euros(from_lines)}
            return _reject(order, Reason.VAT_MISMATCH, **shown)
        _divide(vat, of_rate, sign=-1 if order.total < 0 else 1)
    return None


def _invoice_vat(order: Order, rate: Decimal) -> Decimal | None:
    if order.tax is None:
        return None
    return cents(sum((tax.amount for tax in order.tax if tax.rate == rate), ZERO))


def _divide(vat: Decimal, parts: list[_Part], *, sign: int) -> None:
    """Divide `vat` over `parts` by largest remainder, so that it adds up (books/rules.md, rule 10).

    What the invoice shows more or less than the lines is divided in proportion. `sign` is that of
    the order: a credit order is divided as its original was.
    """
    parts = [part for part in parts if part.gross] or parts
    weight = sum((abs(part.line_vat) for part in parts), ZERO)
    more = vat - sum((part.line_vat for part in parts), ZERO)
    quotas = [
        sign
        * (part.line_vat + more * (abs(part.line_vat) / weight if weight else ONE / len(parts)))
        for part in parts
    ]
    floors = [quota.quantize(CENT, rounding=ROUND_FLOOR) for quota in quotas]
    left = int((sign * vat - sum(floors, ZERO)) / CENT)
    by_remainder = sorted(range(len(parts)), key=lambda place: floors[place] - quotas[place])
    for place in by_remainder[:left]:
        floors[place] += CENT
    for part, floor in zip(parts, floors, strict=True):
        part.vat = ZERO + sign * floor


def _beyond_rounding(
    order: Order, rounding: Decimal, rules: BookingRules, parts: list[_Part]
) -> Rejection | None:
    """Refuse a difference that is no rounding, or has no account (books/rules.md, rule 6)."""
    homeless = rounding and not parts and not rules.rounding_ledger
    if abs(rounding) <= rules.max_rounding and not homeless:
        return None
    lines = _euros(order.total - rounding)
    return _reject(
        order,
        Reason.TOTALS_MISMATCH,
        total=_euros(order.total),
        lines=lines,
        difference=_euros(rounding),
    )


def _largest_net(parts: list[_Part], rounding: Decimal) -> None:
    """Put the difference into the largest net by absolute value (books/rules.md, rule 6)."""
    if not rounding:
        return
    nets: dict[Decimal, Decimal] = {}
    for part in parts:
        nets[part.rate] = nets.get(part.rate, ZERO) + part.gross - part.vat
    rate = max(nets, key=lambda rate: (abs(nets[rate]), rate))
    of_rate = [part for part in parts if part.rate == rate]
    max(of_rate, key=lambda part: abs(part.gross - part.vat)).gross += rounding


# books/rules.md, rule 7: the rows of `vat`


def _rows(
    order: Order, rules: BookingRules, parts: list[_Part]
) -> Mapping[Decimal, VatRow] | Rejection:
    """Find the `vat` row of every rate that has something to book; drop the parts that have
    nothing.
    """
    parts[:] = [part for part in parts if part.gross or part.vat]
    found = {part.rate: _row(order, part.rate, rules) for part in parts}
    unmapped = sorted(rate for rate, row in found.items() if row is None)
    if not unmapped:
        return {rate: row for rate, row in found.items() if row}
    if unmapped == [0] and not order.tax_strategy and _only_costs_at_zero(order):
        return _reject(order, Reason.SHIPPING_WITHOUT_VAT)
    where = _region(order, rules) + (f" ({order.tax_strategy})" if order.tax_strategy else "")
    rates = ", ".join(percentage(rate) for rate in unmapped)
    return _reject(order, Reason.VAT_RATE_UNMAPPED, rate=rates, region=where)


def vat_needs(order: Order, shop_country: str) -> tuple[VatNeed, ...]:
    """Return what an order of a shop in the country `shop_country` needs rows of `vat` for
    (books/rules.md, rule 7), each once: amounts only.

    Costs at 0% beside taxed goods need none: they are a mistake in the shop
    (`shipping_without_vat`). Nor does an order that is not understood.
    """
    if _problem(order):
        return ()
    rates = [price.rate for line in order.lines for price in line.prices if _gross(price)]
    rates += [tax.rate for tax in order.tax or () if tax.amount]
    mistaken = not order.tax_strategy and _only_costs_at_zero(order)
    return tuple(
        _need(order, rate, shop_country) for rate in dict.fromkeys(rates) if rate or not mistaken
    )


def row_for(need: VatNeed, rows: Iterable[VatRow]) -> VatRow | None:
    """Return the row of `vat` for a need (books/rules.md, rule 7), or None.

    A strategy's row carries no VAT, so a rate above 0 under a strategy has no row.
    """
    if need.strategy:
        by_strategy = (row for row in rows if row.strategy == need.strategy)
        return next(by_strategy, None) if need.rate == 0 else None
    return next((row for row in rows if (row.region, row.rate) == (need.region, need.rate)), None)


def _row(order: Order, rate: Decimal, rules: BookingRules) -> VatRow | None:
    return row_for(_need(order, rate, rules.shop_country), rules.vat)


def _need(order: Order, rate: Decimal, shop_country: str) -> VatNeed:
    """A strategy's row is for all regions."""
    region = "" if order.tax_strategy else (order.tax_region or shop_country).upper()
    return VatNeed(strategy=order.tax_strategy, region=region, rate=rate)


def _region(order: Order, rules: BookingRules) -> str:
    return (order.tax_region or rules.shop_country).upper()


def _only_costs_at_zero(order: Order) -> bool:
    """Tell whether nothing but shipping and payment costs is at 0%, beside goods at a rate."""
    at_zero = {
        line.type
        for line in order.lines
        for price in line.prices
        if price.rate == 0 and _gross(price) != 0
    }
    taxed_goods = any(
        price.rate > 0 for line in order.lines if line.type not in COSTS for price in line.prices
    )
    return bool(at_zero) and at_zero <= set(COSTS) and taxed_goods


# books/rules.md, rules 8 and 9: the VAT number, and who the debtor is


def _vat_number_refusal(order: Order, rules: BookingRules) -> Rejection | None:
    """Reverse charge needs a valid number of another EU country, the region's (article 138 VAT
    directive).
    """
    if order.tax_strategy != REVERSE_CHARGED:
        return None
    given = order.buyer.vat_number
    if not given.strip():
        return _reject(order, Reason.VAT_NUMBER_MISSING)
    region = (order.tax_region or order.buyer.country_code).upper()
    number = valid_vat_number(given)
    if (
        number
        and number[:2] != _prefix(rules.shop_country)
        and number[:2] == _prefix(region or number[:2])
    ):
        return None
    return _reject(order, Reason.VAT_NUMBER_INVALID, vat_number=_plain(given, 30), region=region)


def _prefix(region: str) -> str:
    """Greek VAT numbers begin with EL, all others with the country's code."""
    return {"GR": "EL"}.get(region.upper(), region.upper())


def valid_vat_number(given: str) -> str | None:
    """Return an EU VAT number in its compact form (`BE0403170701`), or None when form or check
    digits are wrong.

    A number of the one-stop shop (EU, IM) passes stdnum's check, but is no VAT number of a
    customer.
    """
    try:
        number = str(eu_vat.validate(given)).upper()
    except ValidationError:
        return None
    return None if number.startswith(("EU", "IM")) else number


def _debtor(order: Order, rules: BookingRules) -> BookingCustomer | Rejection:
    by_email = _email_debtor(order)
    if order.credited_order_number:
        return CustomerOfOriginal(order_number=order.credited_order_number, fallback=by_email)
    return customer_of_sale(order, rules)


def customer_of_sale(
    order: Order, rules: BookingRules
) -> FixedCustomer | CustomerByEmail | Rejection:
    """The fixed debtor of a sale's way of paying, else its e-mail (books/rules.md, rule 9)."""
    fixed = rules.payment_debtors.get(order.payment or "")
    if fixed:
        return FixedCustomer(number=fixed)
    return _email_debtor(order) or _reject(order, Reason.EMAIL_MISSING)


def _email_debtor(order: Order) -> CustomerByEmail | None:
    email = order.email.strip()
    if not email:
        return None
    reverse_charged = order.tax_strategy == REVERSE_CHARGED
    return CustomerByEmail(email=email, buyer=order.buyer, reverse_charged=reverse_charged)


# books/rules.md, rule 10: the lines


def _share(part: _Part, row: VatRow, order: Order, rules: BookingRules) -> VatShare:
    return VatShare(
        code=row.code,
        region=_region(order, rules),
        rate=part.rate,
        ledger=part.ledger or row.ledger,
        net=part.gross - part.vat,
        vat=part.vat,
        vat_ledger=row.vat_ledger,
    )


def _lines(
    order: Order, posting: VatPosting, shares: tuple[VatShare, ...]
) -> tuple[BookingLine, ...] | Rejection:
    """Make the lines on ledger accounts, in the administration's way of taking VAT.

    VAT on the other side than its line cannot be told to Minox; on a line of 0.00 it counts as
    credit.
    """
    if posting is VatPosting.LEDGER:
        return _per_ledger(shares)
    if posting is VatPosting.LINE:
        return tuple(line for share in shares for line in _with_vat_line(share))
    for share in shares:
        base = share.net if posting is VatPosting.NET else share.gross
        if (base or ONE) * share.vat < 0:
            by_lines = cents(share.gross * share.rate / (HUNDRED + share.rate))
            shown = {
                "rate": percentage(share.rate),
                "invoice": _euros(share.vat),
                "lines": _euros(by_lines),
            }
            return _reject(order, Reason.VAT_MISMATCH, **shown)
    return tuple(_with_vat(share, posting) for share in shares)


def _with_vat(share: VatShare, posting: VatPosting) -> BookingLine:
    base = share.net if posting is VatPosting.NET else share.gross
    return _line(share.ledger, base, vat_code=share.code, vat_amount=abs(share.vat))


def _per_ledger(shares: tuple[VatShare, ...]) -> tuple[BookingLine, ...]:
    """One gross line a ledger account: the account's own code makes the VAT."""
    gross: dict[str, Decimal] = {}
    for share in shares:
        gross[share.ledger] = gross.get(share.ledger, ZERO) + share.gross
    return tuple(_line(ledger, amount) for ledger, amount in gross.items() if amount)


def _with_vat_line(share: VatShare) -> Iterable[BookingLine]:
    """The net, and its VAT on a line of its own."""
    if share.net:
        yield _line(share.ledger, share.net)
    if share.vat:
        yield _line(share.vat_ledger or share.ledger, share.vat)


def _line(
    ledger: str,
    amount: Decimal,
    *,
    vat_code: int | str | None = None,
    vat_amount: Decimal | None = None,
) -> BookingLine:
    """Credit a positive amount and debit a negative one."""
    debit, credit = (-amount, ZERO) if amount < 0 else (ZERO, amount)
    return BookingLine(
        ledger=ledger, debit=debit, credit=credit, vat_code=vat_code, vat_amount=vat_amount
    )


# books/rules.md, rule 13: the description


def _description(order: Order, template: str) -> str:
    values = {
        "number": order.number,
        "name": _plain(order.buyer.name, NAME_LENGTH),
        "company": _plain(order.buyer.company, NAME_LENGTH),
        "date": order.date.isoformat(),
    }
    return _plain(template.format(**values), DESCRIPTION_LENGTH) or order.number


def _plain(text: str, length: int) -> str:
    """Leave out control and direction characters, fold white space, and cut to `length`
    characters.
    """
    visible = "".join(
        char if unicodedata.category(char)[0] not in "CZ" else " " for char in text[: 4 * length]
    )
    return " ".join(visible.split())[:length].strip()
