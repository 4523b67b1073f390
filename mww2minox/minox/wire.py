"""What goes to Minox and comes back as JSON: bodies of bookings and customers, and readers of
answers.

Takes every reading (minox/api.md, "Open: answers"): either kind of paging, look-ups that answer a
collection, one object or 404, a created customer as a whole, an id, a `Location` or nothing, errors
inside a 2xx.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mww2minox.books.model import (
    Administration,
    Booking,
    BookingLine,
    CustomerByEmail,
    FiscalYear,
    ListEntry,
    MinoxCustomer,
    TransactionLine,
)
from mww2minox.transport import Answer

FIRST_OWN_LINE = 9_000
"""Minox' own counter and collective lines are numbered from here (Minox' manual)."""


CENT = Decimal("0.01")


LONGEST_ID = 100


def booking_body(booking: Booking, customer: str) -> bytes:
    """Return the exact bytes of a booking for `customer`: amounts as JSON numbers of at most two
    decimals.

    `entry_number`, `payment_term` and `due_date` are Minox' own business and left out
    (books/rules.md, rule 10).
    """
    debtor = {
        "account": {"id": customer, "scheme": "MINOX", "type": "customer"},
        "debit": _json_number(max(booking.total, Decimal(0))),
        "credit": _json_number(max(-booking.total, Decimal(0))),
        "invoice_number": booking.invoice_number,
    }
    common = {
        "document_date": booking.document_date.isoformat(),
        "journal": {"id": booking.journal},
        "period": {"id": booking.period, "fiscal_year": booking.fiscal_year},
        "description": booking.description,
    }
    lines = [{**line, **common} for line in (debtor, *map(_ledger_line, booking.lines))]
    return json.dumps(lines, ensure_ascii=False).encode()


def without_names(body: str, number: str) -> str:
    """Return a body that was sent with the order number as its description: a template can put a
    name there.
    """
    lines = [{**line, "description": number} for line in json.loads(body)] if body else []
    return json.dumps(lines, ensure_ascii=False) if body else ""


def _ledger_line(line: BookingLine) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "account": {"id": line.ledger, "scheme": "MINOX", "type": "ledger_account"},
        "debit": _json_number(line.debit),
        "credit": _json_number(line.credit),
    }
    if line.vat_code is not None and line.vat_amount is not None:
        sent["vat"] = {"id": line.vat_code, "amount": _json_number(line.vat_amount)}
    return sent


def _json_number(amount: Decimal) -> float:
    """The float nearest to whole cents: its shortest form has at most two decimals below ten
    billion.
    """
    return float(amount)


def customer_body(debtor: CustomerByEmail, externalid: str) -> bytes:
    """Return a new customer: company as name with the person as contact, else the person
    (books/rules.md, rule 9).
    """
    buyer = debtor.buyer
    address = {
        "address_type": "postal",
        "name": buyer.company or buyer.name or debtor.email,
        "contact_name": buyer.name if buyer.company else "",
        "streetname_and_number": buyer.street,
        "postal_code": buyer.postal_code,
        "city": buyer.city,
        "country_code": buyer.country_code,
        "email_addresses": [{"email_address_type": "general", "email_address": debtor.email}],
        "phone_numbers": [{"phone_number_type": "general", "phone_number": buyer.phone}]
        if buyer.phone
        else [],
    }
    body: dict[str, Any] = {"externalid": externalid, "addresses": [_filled(address)]}
    if buyer.vat_number:
        body["vat"] = {"active": True, "vat_registration_number": compact(buyer.vat_number)}
    return json.dumps(body, ensure_ascii=False).encode()


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _visible(value) if isinstance(value, str) else value
        for key, value in fields.items()
        if value
    }


def _visible(text: str) -> str:
    """Leave out control and direction characters, so that a name is harmless wherever it is
    shown.
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def compact(vat_number: str) -> str:
    """Write a VAT number without spaces, dots and dashes, in capitals."""
    return "".join(char for char in vat_number.upper() if char.isalnum())


def error_messages(data: object) -> list[str]:
    """Read Minox' error answer: a list of `{message_code, message_type, message, field}`, or
    OAuth's `error`.
    """
    if isinstance(data, dict) and isinstance(data.get("error"), str):
        return [data["error"]]
    return [_message(entry) for entry in _messages(data)]


def errors_inside(data: object) -> list[str]:
    """Return the messages of type `error` in a 2xx answer, those inside lines too; warnings are
    none.
    """
    return [
        _message(entry)
        for entry in _messages(data)
        if str(entry.get("message_type", "")).lower() in ("error", "fatal")
    ]


def _message(entry: Mapping[str, Any]) -> str:
    """The message; where Minox gives none, its code and field."""
    return str(
        entry.get("message") or f"{entry.get('message_code', '')} {entry.get('field', '')}"
    ).strip()


def _messages(data: object) -> Iterator[Mapping[str, Any]]:
    """Find the messages anywhere in an answer."""
    if isinstance(data, list):
        for entry in data:
            yield from _messages(entry)
    elif isinstance(data, dict):
        if "message" in data or "message_type" in data:
            yield data
        for value in data.values():
            if isinstance(value, list | dict):
                yield from _messages(value)


def rows_of(data: object) -> list[Mapping[str, Any]]:
    """Return the rows of an answer: a bare list, a `collection`, or one object."""
    if isinstance(data, dict):
        inner = data.get("collection")
        data = (
            inner if isinstance(inner, list) else [data] if inner is None else list(inner.values())
        )
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def lines_of(data: object) -> Iterator[Mapping[str, Any]]:
    """Find a booking's lines anywhere in an answer: what has an account and a side."""
    if isinstance(data, dict) and "account" in data and ("debit" in data or "credit" in data):
        yield data
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from lines_of(value)


def sent_lines(body: str) -> list[TransactionLine]:
    """Read the lines of a body that was sent (see `booking_body`)."""
    return [read_line(row) for row in json.loads(body, parse_float=Decimal)]


def next_page(data: object, asked: Mapping[str, str]) -> dict[str, str] | None:
    """Return the query of the next page, or None. Only the query is taken: the host stays ours."""
    if not isinstance(data, dict):
        return None
    links, metadata = data.get("links"), data.get("metadata")
    following = links.get("next") if isinstance(links, dict) else None
    if isinstance(following, dict):
        following = following.get("href")
    if isinstance(following, str) and following:
        return {**asked, **dict(parse_qsl(urlsplit(following).query))}
    if (
        isinstance(metadata, dict)
        and str(metadata.get("currentpage")).isdigit()
        and str(metadata.get("last")).isdigit()
    ):
        page = int(metadata["currentpage"])
        return {**asked, "currentpage": str(page + 1)} if page < int(metadata["last"]) else None
    return None


def id_of(row: Mapping[str, Any]) -> str:
    """Return a row's id as text; empty without one."""
    found = row.get("id")
    return "" if found is None else plain_id(str(found))


def plain_id(text: str) -> str:
    """Return an identifier without what cannot be printed, and cut: no real one has any, or is so
    long.
    """
    return "".join(char for char in text[:LONGEST_ID] if char.isprintable())


def _blocked(row: Mapping[str, Any]) -> bool:
    blocked = row.get("blocked")
    return bool(blocked.get("active")) if isinstance(blocked, dict) else bool(blocked)


def read_entry(row: Mapping[str, Any]) -> ListEntry:
    """Read an entry of a list: a journal, a ledger account."""
    return ListEntry(
        id=id_of(row),
        description=str(row.get("description") or ""),
        type=str(row.get("type") or ""),
        blocked=_blocked(row),
        vat=_vat_of(row),
    )


def _vat_of(row: Mapping[str, Any]) -> str:
    """Read an account's VAT code: an object with its id, or the id alone."""
    vat = row.get("vat")
    return id_of(vat) if isinstance(vat, dict) else "" if vat is None else plain_id(str(vat))


def _fiscal_year(year: Mapping[str, Any]) -> FiscalYear | None:
    """Read a fiscal year; one that cannot be read is left out, and orders of its dates are told
    so.
    """
    try:
        return FiscalYear(
            year=int(year["fiscal_year"]),
            start=date.fromisoformat(str(year["start_date"])[:10]),
            end=date.fromisoformat(str(year["end_date"])[:10]),
            number_of_periods=int(year.get("number_of_periods") or 0) or None,
        )
    except (KeyError, TypeError, ValueError):
        return None


def read_administration(row: Mapping[str, Any]) -> Administration:
    """Read an administration of the list.

    Raises KeyError, TypeError or ValueError for a shape that is not known.
    """
    currency = row.get("currency")
    years = tuple(filter(None, map(_fiscal_year, row.get("fiscal_years") or ())))
    return Administration(
        currency=str((currency.get("id") if isinstance(currency, dict) else currency) or "EUR"),
        number_of_periods=int(row.get("number_of_periods") or 12),
        fiscal_years=years,
        name=str(row.get("name") or ""),
        rounding_ledger=_rounding_ledger(row.get("ledger_accounts")),
    )


def _rounding_ledger(accounts: object) -> str:
    """Read where Minox itself keeps cents of rounding, or return an empty text."""
    found = accounts.get("transaction_rounding") if isinstance(accounts, dict) else None
    return id_of(found) if isinstance(found, dict) else plain_id(str(found or ""))


def read_customer(row: Mapping[str, Any]) -> MinoxCustomer:
    """Read a customer."""
    addresses = row.get("addresses")
    addresses = addresses if isinstance(addresses, list) else [addresses]
    emails = [
        str(email.get("email_address") or "").strip().lower()
        for address in addresses
        if isinstance(address, dict)
        for email in address.get("email_addresses") or ()
        if isinstance(email, dict)
    ]
    vat = row.get("vat")
    number = vat.get("vat_registration_number") if isinstance(vat, dict) else None
    return MinoxCustomer(
        number=id_of(row),
        name=next(
            (
                plain_id(str(address.get("name") or ""))
                for address in addresses
                if isinstance(address, dict)
            ),
            "",
        ),
        blocked=_blocked(row),
        emails=tuple(filter(None, emails)),
        vat_number=compact(str(number or "")),
    )


def by_number(customer: MinoxCustomer) -> tuple[int, str]:
    """The lowest number first, as numbers."""
    return (int(customer.number) if customer.number.isdigit() else 0, customer.number)


def created_number(answer: Answer) -> str | None:
    """Find the number of a new customer: in the customer, as a bare id, or at the end of
    `Location`.
    """
    data = answer.data
    if isinstance(data, str | int) and not isinstance(data, bool):
        return plain_id(str(data)) or None
    for row in rows_of(data):
        inner = row.get("customer")
        number = id_of(inner if isinstance(inner, dict) else row)
        if number:
            return number
    location = urlsplit(answer.headers.get("Location", "")).path.rstrip("/")
    return plain_id(location.rpartition("/")[2]) or None


def _decimal(value: object) -> Decimal | None:
    """Read an amount to the cent; None where there is none."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    return Decimal(str(value)).quantize(CENT)


def read_percentage(value: object) -> Decimal:
    """Read a VAT code's percentage; what is no number fits no rate, and `check` says so."""
    try:
        return _decimal(value) or Decimal(0)
    except (InvalidOperation, ValueError):
        return Decimal(-1)


def read_line(row: Mapping[str, Any]) -> TransactionLine:
    """Read a booking's line. Raises InvalidOperation, TypeError, ValueError or AttributeError."""
    account, vat, period, journal = (
        row.get(key) or {} for key in ("account", "vat", "period", "journal")
    )
    number = str(row.get("line_number") or row.get("entry_line") or row.get("sequence") or "")
    return TransactionLine(
        batch_id=plain_id(str(row.get("batch_id") or "").lower()),
        account=id_of(account),
        type=str(account.get("type") or ""),
        debit=_decimal(row.get("debit")) or Decimal(0),
        credit=_decimal(row.get("credit")) or Decimal(0),
        vat_code=id_of(vat),
        vat_amount=_decimal(vat.get("amount")),
        invoice_number=str(row.get("invoice_number") or ""),
        period=id_of(period),
        fiscal_year=str(period.get("fiscal_year") or ""),
        description=str(row.get("description") or ""),
        journal=id_of(journal),
        own=number.isdigit() and int(number) >= FIRST_OWN_LINE,
    )
