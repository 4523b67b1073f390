"""A reconciliation as CSV: its orders, its VAT lines, ICP or OSS."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from mww2minox.books.listings import OssSale
from mww2minox.books.money import euros
from mww2minox.books.reconciliation import (
    NOTHING,
    ReconciledOrder,
    Reconciliation,
    Share,
    VatLine,
)
from mww2minox.commands.reconcile.document import Document
from mww2minox.steps.reconciliation.words import text_of
from mww2minox.steps.spreadsheet import PLAIN, Dialect, harmless

PARTS: Mapping[str, tuple[str, ...]] = {
    "orders": (
        "number",
        "date",
        "document_date",
        "total",
        "standing",
        "reason",
        "batch_id",
        "customer",
        "country",
        "credits",
        "shop_turnover",
        "shop_vat",
        "minox_turnover",
        "minox_vat",
        "points",
    ),
    "lines": (
        "code",
        "region",
        "rate",
        "box",
        "shop_turnover",
        "shop_vat",
        "minox_turnover",
        "minox_vat",
        "turnover_difference",
        "vat_difference",
    ),
    "icp": ("country", "vat_number", "turnover", "orders", "vies_valid", "vies_asked_at"),
    "oss": (
        "order",
        "date",
        "country",
        "rate",
        "turnover",
        "vat",
        "kind",
        "credits",
        "corrects_period",
        "customer_country",
        "country_known_by",
    ),
}
"""The columns of each part, in their order."""

Cell = str | Decimal | None
Record = Mapping[str, Cell]


def as_csv(document: Document, part: str, dialect: Dialect = PLAIN) -> str:
    """Return a header row, and a row for each of the `part`: one of `PARTS`."""
    return _written(PARTS[part], _records(document, part), dialect)


def _records(document: Document, part: str) -> Iterator[Record]:
    reconciliation = document.reconciliation
    match part:
        case "lines":
            return map(_line, reconciliation.lines)
        case "icp":
            return _icp(document)
        case "oss":
            return map(_sale, document.oss_sales)
        case _:
            return (_order(order, reconciliation) for order in reconciliation.orders)


def _written(columns: Iterable[str], records: Iterable[Record], dialect: Dialect) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), delimiter=dialect.delimiter, lineterminator="\n")

    writer.writeheader()
    for record in records:
        writer.writerow({key: _cell(value, dialect) for key, value in record.items()})
    return dialect.mark + out.getvalue()


def _cell(value: Cell, dialect: Dialect) -> str:
    match value:
        case None:
            return ""
        case Decimal():  # a negative amount is no formula
            return euros(value).replace(".", dialect.point)
        case text:
            return harmless(text)


def _order(order: ReconciledOrder, reconciliation: Reconciliation) -> Record:
    points = (text_of(point, reconciliation.period.name).message for point in order.points)

    return {
        "number": order.number,
        "date": order.date,
        "document_date": order.document_date,
        "total": order.total,
        "standing": order.standing,
        "reason": order.rejection.reason if order.rejection else "",
        "batch_id": order.batch_id,
        "customer": order.customer,
        "country": order.country,
        "credits": order.credited,
        **_amounts("shop", order.in_shop),
        **_amounts("minox", order.in_books),
        "points": "; ".join(points),
    }


def _amounts(side: str, shares: Iterable[Share] | None) -> Record:
    if shares is None:
        return {f"{side}_turnover": None, f"{side}_vat": None}

    amounts = sum((share.amounts for share in shares), NOTHING)
    return {f"{side}_turnover": amounts.turnover, f"{side}_vat": amounts.vat}


def _line(line: VatLine) -> Record:
    return {
        "code": line.code,
        "region": line.region,
        "rate": line.rate,
        "box": line.box,
        # As the shop has it, and as Minox does.
        "shop_turnover": line.shop.turnover,
        "shop_vat": line.shop.vat,
        "minox_turnover": line.books.turnover,
        "minox_vat": line.books.vat,
        "turnover_difference": line.difference.turnover,
        "vat_difference": line.difference.vat,
    }


def _icp(document: Document) -> Iterator[Record]:
    for line in document.icp:
        record: dict[str, Cell] = {
            "country": line.country,
            "vat_number": line.vat_number,
            "turnover": line.turnover,
            "orders": " ".join(line.orders),
        }

        answer = document.vies.get(line.vat_number)
        if answer:
            valid = "true" if answer.valid else "false"
            asked_at = answer.asked_at.isoformat(timespec="seconds")
            record |= {"vies_valid": valid, "vies_asked_at": asked_at}
        yield record


def _sale(sale: OssSale) -> Record:
    return {
        "order": sale.number,
        "date": sale.date,
        "country": sale.country,
        "rate": sale.rate,
        "turnover": sale.amounts.turnover,
        "vat": sale.amounts.vat,
        # What is taken back stands apart in the return.
        "kind": "correction" if sale.credited else "goods",
        "credits": sale.credited,
        "corrects_period": sale.corrects,
        "customer_country": sale.customer_country,
        "country_known_by": sale.known_by,
    }
