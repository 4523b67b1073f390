"""What goes to Minox and comes back as JSON: bodies of bookings and customers, readers of answers.

Takes every reading (minox/api.md, "Open: answers"): either kind of paging, look-ups that answer a
collection, one object or 404, a created customer as a whole, an id, a `Location` or nothing, errors
inside a 2xx.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mww2minox.books.differences import NO_CODE
from mww2minox.books.email_address import address_of, one_form
from mww2minox.books.filed_return import BY_MINOX, FiledBox, FiledReturn
from mww2minox.books.model import (
    Administration,
    Booking,
    BookingLine,
    BookingRules,
    CustomerByEmail,
    DebtorLine,
    DistanceSale,
    FiscalYear,
    ListEntry,
    MinoxCustomer,
    TransactionLine,
    VatCode,
)
from mww2minox.config.values import NOT_ISO
from mww2minox.errors import Refused
from mww2minox.language.cleaning import one_line, visible
from mww2minox.transport import Answer

FIRST_OWN_LINE = 9_000
"""Minox' own counter and collective lines are numbered from here (Minox' manual)."""
CENT = Decimal("0.01")
LONGEST_ID = 100
LONGEST_WHOLE = 15
"""So many digits of a whole number are read."""
NAME_FIELDS = ("name", "extended_name", "contact_name")
"""Where an address of Minox has names."""
_FLAGS = {"true": True, "1": True, "false": False, "0": False}

TYPE_OF_CONTACT = re.compile(
    r"(e-?mail|phone|telefoon)\w*[ _-]?(type|soort)|\b(type|soort)\b.*(e-?mail|phone|telefoon)"
    r"|\b(type|soort) general\b",
    re.IGNORECASE,
)
"""The type of an e-mail address or phone number, by its field or in words."""


# Bodies


def booking_body(booking: Booking, customer: str | None) -> bytes:
    """Return the exact bytes of a booking on `customer`, a number in Minox; None for one to show,
    while the number is not known.

    Amounts are JSON numbers in euros, of at most two decimals. `entry_number`, `payment_term` and
    `due_date` are Minox' own business and left out (books/rules.md, rule 10).
    """
    account = {"id": customer, "scheme": "MINOX", "type": "customer"}
    common = {
        "document_date": booking.document_date.isoformat(),
        "journal": {"id": booking.journal},
        "period": {"id": booking.period, "fiscal_year": booking.fiscal_year},
        "description": booking.description,
    }

    # Open items are matched by the invoice number, so that each of several has it.
    numbered = {}
    if booking.invoice_number is not None:
        numbered["invoice_number"] = booking.invoice_number
    lines = [{"account": account, **_amounts(line), **numbered} for line in booking.debtor_lines]
    lines += [_ledger_line(line) for line in booking.lines]
    return json.dumps([line | common for line in lines], ensure_ascii=False).encode()


def without_names(body: str, number: str) -> str:
    """Return a body that was sent, with the order number as the description of its lines.

    The template for descriptions can put a name there. An empty body stays empty.
    """
    if not body:
        return ""
    lines = [{**line, "description": number} for line in json.loads(body)]
    return json.dumps(lines, ensure_ascii=False)


def _ledger_line(line: BookingLine) -> dict[str, Any]:
    account = {"id": line.ledger, "scheme": "MINOX", "type": "ledger_account"}

    return {"account": account, **_amounts(line)}


def _amounts(line: BookingLine | DebtorLine) -> dict[str, Any]:
    body: dict[str, Any] = {
        "debit": _json_number(line.debit),
        "credit": _json_number(line.credit),
    }
    if line.vat_code is not None and line.vat_amount is not None:
        body["vat"] = {"id": line.vat_code, "amount": _json_number(line.vat_amount)}
    return body


def _json_number(amount: Decimal) -> float:
    """Return the float nearest to whole cents.

    Below ten billion its shortest form has at most two decimals.
    """
    return float(amount)


def customer_body(
    customer: CustomerByEmail, externalid: str, rules: BookingRules, *, with_types: bool = True
) -> bytes:
    """Return a new customer: the company as name with the person as contact, else the person.

    `with_types` says of what kind the e-mail address and the phone number are. Source:
    books/rules.md, rule 9.
    """
    buyer = customer.buyer
    email = {"email_address_type": "general", "email_address": customer.email}
    phone = {"phone_number_type": "phone", "phone_number": buyer.phone}
    if not with_types:
        del email["email_address_type"], phone["phone_number_type"]

    address = {
        "address_type": "postal",
        "name": buyer.company or buyer.name or customer.email,
        "contact_name": buyer.name if buyer.company else "",
        "streetname_and_number": buyer.street,
        "postal_code": buyer.postal_code,
        "city": buyer.city,
        "country_code": buyer.country_code,
        "email_addresses": [email],
    }
    if buyer.phone:
        address["phone_numbers"] = [phone]

    # Minox' manual has the tick off for customers abroad. No country is the shop's own.
    is_at_home = (buyer.country_code or rules.shop_country) == rules.shop_country
    vat: dict[str, Any] = {"active": is_at_home}
    if buyer.vat_number:
        vat["vat_registration_number"] = buyer.vat_number

    body: dict[str, Any] = {
        "externalid": externalid,
        "addresses": [_without_empty(address)],
        "vat": vat,
    }
    if rules.block_reminders:
        body["block_sending_reminders"] = True
    return json.dumps(body, ensure_ascii=False).encode()


def _without_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is empty, and from texts what cannot be printed."""
    filled = {key: value for key, value in fields.items() if value}
    for key, value in filled.items():
        if isinstance(value, str):
            filled[key] = one_line(value)
    return filled


def compact_vat_number(vat_number: str) -> str:
    """Write a VAT number without spaces, dots and dashes, in capitals."""
    return "".join(char for char in vat_number.upper() if char.isalnum())


# Messages in answers


def error_messages(data: object) -> list[str]:
    """Return the texts of an error answer.

    Minox answers a list of `{message_code, message_type, message, field}`, OAuth its `error`.
    """
    if isinstance(data, dict) and isinstance(data.get("error"), str):
        return [data["error"]]
    return [_message_text(message) for message in _find_messages(data)]


def errors_inside(data: object) -> list[str]:
    """Return the messages of type `error` in a 2xx answer, those inside lines too.

    Warnings are none.
    """
    errors = [message for message in _find_messages(data) if _is_error(message)]
    return [_message_text(error) for error in errors]


def only_messages(data: object) -> bool:
    """Tell whether an answer has something to say and lists nothing: no `collection`, no row with
    an id, no line.
    """
    return bool(error_messages(data)) and not _lists_something(data)


def _lists_something(data: object) -> bool:
    if isinstance(data, dict):
        is_row = bool(data.keys() & {"collection", "id", "account"})
        return is_row or any(map(_lists_something, data.values()))

    return isinstance(data, list) and any(map(_lists_something, data))


def _is_error(message: Mapping[str, Any]) -> bool:
    return str(message.get("message_type", "")).lower() in ("error", "fatal")


def _message_text(message: Mapping[str, Any]) -> str:
    """Return a message's text; where Minox gives none, its code and field."""
    code_and_field = f"{message.get('message_code', '')} {message.get('field', '')}"
    return str(message.get("message") or code_and_field).strip()


def _find_messages(data: object) -> Iterator[Mapping[str, Any]]:
    """Find the messages, which can stand anywhere in an answer (minox/api.md, "Errors")."""
    if isinstance(data, list):
        for entry in data:
            yield from _find_messages(entry)
    elif isinstance(data, dict):
        if "message" in data or "message_type" in data:
            yield data
        for value in data.values():
            if isinstance(value, list | dict):
                yield from _find_messages(value)


def refuses_types(refused: Refused) -> bool:
    """Tell whether Minox refuses the type of an e-mail address or of a phone number.

    By the field or the words of its message: which types it takes is open (minox/api.md, "Open:
    answers").
    """
    return any(
        TYPE_OF_CONTACT.search(f"{message.get('field', '')} {message.get('message', '')}")
        for message in _find_messages(refused.data)
    )


# Rows, pages, ids


def read_rows(data: object) -> list[Mapping[str, Any]]:
    """Return the rows of an answer: a bare list, a `collection`, or one object.

    What is empty in any of PHP's ways has none. Raises ValueError for what is no list.
    """
    return [row for row in _entries(data) if isinstance(row, dict)]


def read_look_up(data: object) -> list[Mapping[str, Any]]:
    """Return the rows of a look-up, as `read_rows`.

    Raises ValueError also for a list of anything but objects with an id: what cannot be read is not
    nobody, or a customer that is there would be made once more.
    """
    rows = [row for row in read_rows(data) if read_id(row)]
    if len(rows) < len(_entries(data)):
        raise ValueError(rows)
    return rows


def _entries(data: object) -> list[Any]:
    """Return what an answer lists, without what is empty."""
    entries = data
    if isinstance(data, dict):
        # Without it the answer is one object, as a look-up may give.
        entries = data.get("collection", [data])
    if isinstance(entries, dict):  # rows by their keys
        entries = list(entries.values())

    if not entries:
        return []
    if not isinstance(entries, list):
        raise ValueError(entries)  # noqa: TRY004 - as for rows that cannot be read
    return [entry for entry in entries if entry]


def find_lines(data: object) -> Iterator[Mapping[str, Any]]:
    """Find a booking's lines anywhere in an answer: what has an account and a side."""
    if isinstance(data, dict) and "account" in data and ("debit" in data or "credit" in data):
        yield data
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from find_lines(value)


def read_next_page(data: object, query: Mapping[str, str]) -> dict[str, str] | None:
    """Return the query of the page after the one that `query` gave, or None after the last.

    Whether Minox links to it or counts pages is open (minox/api.md, "Open: answers").
    """
    if not isinstance(data, dict):
        return None

    # Of a link only the query is taken: the host stays ours.
    link = _next_link(data.get("links"))
    if link:
        return {**query, **dict(parse_qsl(urlsplit(link).query))}

    number = _next_number(data.get("metadata"))
    if number is None:
        return None
    return {**query, "currentpage": str(number)}


def _next_link(links: object) -> str:
    link = _object(links).get("next")
    if isinstance(link, dict):
        link = link.get("href")
    return link if isinstance(link, str) and _is_link(link) else ""


def _is_link(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


def _next_number(metadata: object) -> int | None:
    current = str(_object(metadata).get("currentpage"))
    last = str(_object(metadata).get("last"))
    if not (current.isdecimal() and last.isdecimal()) or int(current) >= int(last):
        return None
    return int(current) + 1


def read_id(row: Mapping[str, Any]) -> str:
    """Return a row's id as text; empty without one."""
    value = row.get("id")
    return "" if value is None else printable_id(str(value))


def printable_id(text: str) -> str:
    """Return an identifier without what cannot be printed, and of at most 100 characters.

    No real one has any, or is so long.
    """
    return visible(text[:LONGEST_ID], instead="")


def _reference(value: object) -> str:
    """Read what refers to another row: an object with its id, or the id alone; else empty."""
    if not isinstance(value, dict):
        value = {"id": value}
    return read_id(value)


def _object(value: object) -> Mapping[str, Any]:
    """Return an object of an answer; an empty one in the place of anything else."""
    return value if isinstance(value, dict) else {}


def _text(row: Mapping[str, Any], key: str) -> str:
    """Read a text; what cannot be printed could not be written to the state or a terminal."""
    return visible(str(row.get(key) or "")).strip()


def _is_blocked(row: Mapping[str, Any]) -> bool:
    blocked = row.get("blocked")
    if isinstance(blocked, dict):
        blocked = blocked.get("active")
    return bool(blocked)


# Lists


def read_entry(row: Mapping[str, Any]) -> ListEntry:
    """Read an entry of a list: a journal, a ledger account."""
    return ListEntry(
        id=read_id(row),
        description=_text(row, "description"),
        type=_text(row, "type"),
        blocked=_is_blocked(row),
        vat=_reference(row.get("vat")),
        next_invoice_number=_whole_number(row.get("next_invoice_number")),
        free_vat_input=_flag(row.get("allow_free_vat_input")) is not False,
    )


def _whole_number(value: object) -> int:
    """Read a whole number that may come as a text; 0 where there is none."""
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_WHOLE else 0


def read_administration_entry(row: Mapping[str, Any]) -> ListEntry:
    """Read an administration as an entry of the tenant's list, with its name as description."""
    return replace(read_entry(row), description=printable_id(_text(row, "name")))


def read_vat_code(row: Mapping[str, Any]) -> VatCode:
    """Read a VAT code. A percentage that is no number becomes -1, which fits no rate."""
    return VatCode(
        code=read_id(row),
        percentage=_percentage(row.get("percentage")),
        type=_text(row, "type"),
        description=_text(row, "description"),
        account=_text(row, "account_id"),
    )


def read_distance_sale(row: Mapping[str, Any]) -> DistanceSale:
    """Read what the administration books sales to consumers in one country with."""
    country = _text(row, "country_code").upper()

    return DistanceSale(
        country=NOT_ISO.get(country, country),
        ledger=printable_id(_text(row, "ledger_account_id")),
        code=printable_id(_text(row, "vat_id")),
    )


RETURN_BOXES = {
    "1a": ("AfdragenHoogGS", "AfdragenHoogAB"),
    "1b": ("AfdragenLaagGS", "AfdragenLaagAB"),
    "1c": ("AfdragenOverigeGS", "AfdragenOverigeAB"),
    "1e": ("AfdragenNulProcentGS", ""),
    "3a": ("LeveringNaarBuitenEUGS", ""),
    "3b": ("LeveringNaarBinnenEUGS", ""),
    "3c": ("AfstandsVerkopenBinnenEUGS", ""),
}
"""Where a return of Minox has the turnover and the VAT of each box."""


def covers(row: Mapping[str, Any], first: tuple[int, int], last: tuple[int, int]) -> bool:
    """Tell whether a return of Minox is over just these periods (fiscal year, number)."""
    # no text: a field of Minox
    year = str(row.get("Boekjaar"))
    start, end = str(row.get("VanafPeriode")), str(row.get("TotEnMetPeriode"))

    return (year, start) == tuple(map(str, first)) and (year, end) == tuple(map(str, last))


def read_vat_return(data: object) -> FiledReturn:
    """Read the amounts of a return of Minox by box; what it does not tell is left out."""
    row = _object(data)
    boxes: dict[str, FiledBox] = {}
    for box, (turnover, vat) in RETURN_BOXES.items():
        if row.get(turnover) is not None:
            told_vat = row.get(vat) if vat else None
            boxes[box] = FiledBox(
                turnover=_filed_amount(row[turnover]),
                vat=None if told_vat is None else _filed_amount(told_vat),
            )
    return FiledReturn(source=BY_MINOX, boxes=boxes)


def _filed_amount(value: object) -> Decimal:
    """Read an amount of a return; what is none counts as nothing."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() else Decimal(0)


def _percentage(value: object) -> Decimal:
    try:
        return _amount(value) or Decimal(0)
    except (InvalidOperation, ValueError):
        return Decimal(-1)  # `check` tells of a rate without a code


def read_administration(row: Mapping[str, Any]) -> Administration:
    """Read an administration.

    Raises KeyError, TypeError or ValueError for a shape that is not known.
    """
    years = tuple(filter(None, map(_fiscal_year, row.get("fiscal_years") or ())))
    currency = row.get("currency")
    if isinstance(currency, dict):
        currency = currency.get("id")

    return Administration(
        currency=printable_id(str(currency or "EUR")),
        number_of_periods=int(row.get("number_of_periods") or 12),
        fiscal_years=years,
        name=_text(row, "name"),
        rounding_ledger=_rounding_ledger(row.get("ledger_accounts")),
        vat_on_sub=_flag(row.get("vat_on_sub")),
    )


def _fiscal_year(year: Mapping[str, Any]) -> FiscalYear | None:
    """Read a fiscal year; one that cannot be read is None, and orders of its dates are told so."""
    try:
        return FiscalYear(
            year=int(year["fiscal_year"]),
            start=date.fromisoformat(str(year["start_date"])[:10]),
            end=date.fromisoformat(str(year["end_date"])[:10]),
            number_of_periods=int(year.get("number_of_periods") or 0) or None,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _flag(value: object) -> bool | None:
    """Read a yes or no, in any of PHP's ways; None where it is told in none."""
    return _FLAGS.get(str(value).strip().lower())


def _rounding_ledger(accounts: object) -> str:
    """Read where Minox itself keeps cents of rounding, or return an empty text."""
    return _reference(_object(accounts).get("transaction_rounding") or None)


# Customers


def read_customer(row: Mapping[str, Any]) -> MinoxCustomer:
    """Read a customer: its name is that of its first address; its e-mails, and the names to compare
    with, are those of all.
    """
    addresses = _objects(row.get("addresses"))
    name = _text(addresses[0], "name") if addresses else ""
    emails: list[str] = []
    names: list[str] = []
    for address in addresses:
        emails += _emails(address)
        names += [_text(address, field) for field in NAME_FIELDS]

    vat_number = _text(_object(row.get("vat")), "vat_registration_number")

    return MinoxCustomer(
        number=read_id(row),
        name=printable_id(name),
        names=" ".join(names),
        blocked=_is_blocked(row),
        emails=tuple(emails),
        vat_number=compact_vat_number(vat_number),
    )


def _objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list, or of one that stands alone."""
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if isinstance(entry, dict)]


def _emails(address: Mapping[str, Any]) -> list[str]:
    entries = _objects(address.get("email_addresses"))
    emails = [one_form(address_of(_text(entry, "email_address"))) for entry in entries]
    return [email for email in emails if email]


def by_number(customer: MinoxCustomer) -> tuple[int, str]:
    """Sort customers by number, as numbers: the lowest first."""
    number = int(customer.number) if customer.number.isdecimal() else 0
    return (number, customer.number)


def read_created_number(answer: Answer) -> str | None:
    """Return the number of a new customer, or None where the answer does not tell it.

    Where it stands is open (minox/api.md, "Open: answers"): in the customer, as a bare id, or at
    the end of `Location`.
    """
    data = answer.data
    if isinstance(data, str | int) and not isinstance(data, bool):
        return printable_id(str(data)) or None

    for row in _rows_if_any(data):
        customer = row.get("customer")
        number = read_id(customer if isinstance(customer, dict) else row)
        if number:
            return number

    # no text: a word of HTTP
    location = answer.headers.get("Location", "")
    path = urlsplit(location).path.rstrip("/") if _is_link(location) else ""
    return printable_id(path.rpartition("/")[2]) or None


def _rows_if_any(data: object) -> list[Mapping[str, Any]]:
    """Return the rows of an answer to a POST: one that is no list only does not tell the number."""
    try:
        return read_rows(data)
    except ValueError:
        return []


# Bookings


def sent_lines(body: str) -> list[TransactionLine]:
    """Read the lines of a body that was sent (see `booking_body`)."""
    return [read_line(row) for row in json.loads(body, parse_float=Decimal)]


def read_line(row: Mapping[str, Any]) -> TransactionLine:
    """Read a booking's line. Raises InvalidOperation, TypeError, ValueError or AttributeError."""
    account = row.get("account") or {}
    period = row.get("period") or {}
    journal = row.get("journal") or {}
    line_number = _line_number(row, _object(journal))
    own = line_number.isdecimal() and int(line_number) >= FIRST_OWN_LINE
    # What Minox' own lines tell of VAT is that of the lines which were sent, once more.
    vat_code, vat_amount = ("", None) if own else _vat_of_line(row.get("vat") or {})

    return TransactionLine(
        batch_id=printable_id(_text(row, "batch_id").lower()),
        account=read_id(account),
        type=_text(account, "type"),
        debit=_amount(row.get("debit")) or Decimal(0),
        credit=_amount(row.get("credit")) or Decimal(0),
        vat_code=vat_code,
        vat_amount=vat_amount,
        invoice_number=printable_id(_text(row, "invoice_number")),
        period=read_id(period),
        fiscal_year=printable_id(_text(period, "fiscal_year")),
        description=_text(row, "description"),
        journal=read_id(journal),
        own=own,
        document_date=_day(row.get("document_date")),
    )


def _vat_of_line(vat: Mapping[str, Any]) -> tuple[str, Decimal | None]:
    """Read a line's VAT as code and amount: neither without VAT, however Minox writes that."""
    code, amount = read_id(vat), _amount(vat.get("amount"))
    if code in NO_CODE and not amount:
        return "", None
    return code, amount


def _line_number(row: Mapping[str, Any], journal: Mapping[str, Any]) -> str:
    """Read a line's number: lines that are read back have it inside their journal."""
    numbers = (journal.get("line_number"), *map(row.get, ("line_number", "entry_line", "sequence")))

    return next((str(number) for number in numbers if number), "")


def _day(value: object) -> date | None:
    """Read a calendar date; None for a moment of a day, whose time zone is not told."""
    day, _mark, time = str(value or "").partition("T")
    if time.strip("0:.Z"):
        return None

    try:
        return date.fromisoformat(day)
    except ValueError:
        return None


def _amount(value: object) -> Decimal | None:
    """Read an amount to the cent; None where there is none."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    return Decimal(str(value)).quantize(CENT)
