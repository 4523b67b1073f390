"""The VAT sums of bookings as the state file keeps them: rows of `booking_vat`.

A booking that is stored with its sums keeps those. One of an earlier version, or another's, is
explained by the body that was sent for it and by its order, as far as these tell; what cannot be
explained has no rows, and is counted as such.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from mww2minox.books.money import cents
from mww2minox.books.vat_sums import NO_TURNOVER, UNKNOWN, Turnover, VatSum

ZERO, HUNDRED = Decimal(0), Decimal(100)
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    InvalidOperation,
    KeyError,
    LookupError,
    TypeError,
    ValueError,
)
"""What reading an older version's JSON may raise."""

Row = dict[str, Any]


def rows_of(number: str, turnover: Turnover) -> list[Row]:
    """Return the rows of a booking's sums, each of one strategy, region, rate, code and account.

    Money is integer cents.
    """
    rows: dict[tuple[str, ...], Row] = {}
    for part in turnover.sums:
        key = (part.strategy, part.region, f"{part.rate.normalize():f}", part.code, part.ledger)
        row = rows.setdefault(key, _empty_row(number, turnover, key))
        row["net_cents"] = _added(row["net_cents"], part.net)
        row["vat_cents"] = _added(row["vat_cents"], part.vat)

    return list(rows.values())


def _added(so_far: int, amount: Decimal) -> int:
    return so_far + int(cents(amount) * 100)


def _empty_row(number: str, turnover: Turnover, key: tuple[str, ...]) -> Row:
    strategy, region, rate, code, ledger = key

    return {
        "number": number,
        "document_date": turnover.document_date.isoformat(),
        "fiscal_year": turnover.fiscal_year,
        "period": turnover.period,
        "country": turnover.country,
        "strategy": strategy,
        "region": region,
        "rate": rate,
        "code": code,
        "ledger": ledger,
        "net_cents": 0,
        "vat_cents": 0,
    }


def with_row(turnover: Turnover | None, row: Row) -> Turnover:
    """Return what a booking adds to the books with one row more, read back; None: its first."""
    part = VatSum(
        strategy=row["strategy"],
        region=row["region"],
        rate=Decimal(row["rate"]),
        code=row["code"],
        ledger=row["ledger"],
        net=Decimal(row["net_cents"]) / HUNDRED,
        vat=Decimal(row["vat_cents"]) / HUNDRED,
    )
    if turnover:
        return replace(turnover, sums=(*turnover.sums, part))

    return Turnover(
        document_date=dt.date.fromisoformat(row["document_date"]),
        country=row["country"],
        fiscal_year=row["fiscal_year"],
        period=row["period"],
        sums=(part,),
    )


# What an earlier version kept


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rate:
    """What an order has at one rate, in euros."""

    rate: Decimal
    net: Decimal
    vat: Decimal


def explained(body: str, payload: str, shop_region: str) -> Turnover | None:
    """Return the sums of a booking by the body that was sent and its order, both JSON.

    `shop_region` is the shop's own country. Without a body, or where that tells no VAT codes, the
    order tells them, and codes and accounts are `UNKNOWN`. None where neither tells.
    """
    try:
        return _explained(json.loads(body) if body else [], json.loads(payload), shop_region)
    except UNREADABLE:
        return None


def _explained(
    lines: Sequence[Mapping[str, Any]], payload: Mapping[str, Any], shop_region: str
) -> Turnover | None:
    rates = _rates_of(payload)
    sums = _sums_of_lines(lines, rates) or tuple(_sum(rate) for rate in rates)
    if not sums:
        return None

    strategy = str(payload.get("tax_strategy") or "")
    region = _one_code(str(payload.get("tax_region") or shop_region))
    first = lines[0] if lines else {}
    period = first.get("period") or {}
    date = first.get("document_date") or payload["date"]
    return Turnover(
        document_date=dt.date.fromisoformat(str(date)[:10]),
        country=country_of(payload),
        fiscal_year=int(period.get("fiscal_year") or 0),
        period=int(period.get("id") or 0),
        sums=tuple(replace(part, strategy=strategy, region=region) for part in sums),
    )


def _sum(rate: _Rate, code: str = UNKNOWN, ledger: str = UNKNOWN) -> VatSum:
    return VatSum(
        strategy="", region="", rate=rate.rate, code=code, ledger=ledger, net=rate.net, vat=rate.vat
    )


def country_of(payload: Mapping[str, Any]) -> str:
    """Return the country of the customer's invoice address (two letters), or an empty text."""
    address = ((payload.get("debtor") or {}).get("address") or {}).get("invoice") or {}
    return _one_code(str(address.get("country_code") or ""))


def _one_code(country: str) -> str:
    return {"UK": "GB", "EL": "GR"}.get(country.upper(), country.upper())


def _rates_of(payload: Mapping[str, Any]) -> list[_Rate]:
    """Return what the order has per rate: gross by its lines, VAT by its invoice where told."""
    gross: dict[Decimal, Decimal] = {}
    vat: dict[Decimal, Decimal] = {}
    for line in payload.get("orderlines") or ():
        for price in line.get("price") or ():
            rate, including = _price(price)
            gross[rate] = gross.get(rate, ZERO) + including
            vat[rate] = vat.get(rate, ZERO) + including * rate / (HUNDRED + rate)

    taxes = payload["price"].get("tax")
    if taxes is not None:
        vat = {}
        for tax in taxes:
            rate = Decimal(tax["rate"])
            vat[rate] = vat.get(rate, ZERO) + Decimal(tax["amount"])

    rates = []
    for rate, amount in gross.items():
        charged = cents(vat.get(rate, ZERO)) if rate else ZERO
        rates.append(_Rate(rate=rate, net=cents(amount) - charged, vat=charged))
    return [rate for rate in rates if rate.net or rate.vat] or rates[:1]


def _price(price: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    """Return the rate of a price entry, and its amount with VAT."""
    rate = Decimal(price["rate"])
    if price.get("amount_including_tax") is not None:
        return rate, Decimal(price["amount_including_tax"])

    return rate, cents(Decimal(price.get("amount") or 0) * (1 + rate / HUNDRED))


def _sums_of_lines(
    lines: Sequence[Mapping[str, Any]], rates: Sequence[_Rate]
) -> tuple[VatSum, ...]:
    """Return the sums that the lines tell on ledger accounts; none where they tell no VAT codes."""
    ledgers = [line for line in lines if line["account"]["type"] != "customer"]
    coded = [line for line in ledgers if line.get("vat")]
    if not coded:
        return ()

    # Debit is credit, or credit and the VAT on top of it: that tells net from gross.
    vat = sum((_side(line) * _vat(line) for line in coded), ZERO)
    is_gross = vat != 0 and sum(map(_amount, lines), ZERO) == 0
    sums = [_sum_of_line(line, rates, is_gross=is_gross) for line in ledgers if line.get("vat")]
    return (*sums, *_without_turnover(ledgers, rates))


def _sum_of_line(line: Mapping[str, Any], rates: Sequence[_Rate], *, is_gross: bool) -> VatSum:
    vat = _side(line) * _vat(line)
    net = _amount(line) - vat if is_gross else _amount(line)

    rate = _nearest([rate.rate for rate in rates], net, vat)
    line_sum = _Rate(rate=rate, net=net, vat=vat)
    return _sum(line_sum, str(line["vat"]["id"]), str(line["account"]["id"]))


def _without_turnover(
    ledgers: Iterable[Mapping[str, Any]], rates: Sequence[_Rate]
) -> Iterable[VatSum]:
    """Yield the lines without a VAT code beside others that have one: gift cards, deposits.

    At a rate above 0% there is none: what has no code there is the rounding.
    """
    if all(rate.rate for rate in rates):
        return

    for line in ledgers:
        amount = _amount(line)
        if not line.get("vat") and amount:
            no_vat = _Rate(rate=ZERO, net=amount, vat=ZERO)
            yield _sum(no_vat, NO_TURNOVER, str(line["account"]["id"]))


def _nearest(rates: Sequence[Decimal], net: Decimal, vat: Decimal) -> Decimal:
    """Return the rate of the order that VAT on a net comes nearest to."""
    if not rates:
        return cents(HUNDRED * vat / net) if net else ZERO

    return min(rates, key=lambda rate: abs(net * rate / HUNDRED - vat))


def _amount(line: Mapping[str, Any]) -> Decimal:
    """Return credit minus debit, in euros."""
    return Decimal(str(line.get("credit") or 0)) - Decimal(str(line.get("debit") or 0))


def _side(line: Mapping[str, Any]) -> int:
    """Return the sign of the side that a line is on."""
    return -1 if _amount(line) < 0 else 1


def _vat(line: Mapping[str, Any]) -> Decimal:
    return Decimal(str(line["vat"].get("amount") or 0))
