"""The bookkeeping rules: what Minox refuses of a batch, and what it adds when the batch is read.

Source: minox/api.md, "Bookings" and "Open: how VAT is sent". Amounts are euros.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeGuard

from mww2minox.sandbox.administration import NUMBER_OF_PERIODS, RECEIVABLES, Administration
from mww2minox.sandbox.settings import Settings
from mww2minox.sandbox.shown_lines import shown as shown_line

MAX_LINES = 8_999
"""Of one page of a journal."""
MAX_INVOICE_NUMBER = 99_999_999
"""The field has 8 positions."""
FIRST_OWN_LINE = 9_000
TOLERANCE = Decimal("0.05")
"""Euros between a VAT amount and what its percentage comes to, and a hundredth of it besides."""
CENT = Decimal("0.01")
DECIMALS = 2
SIDES = ("debit", "credit")

Line = dict[str, Any]
Vat = dict[str, Any]
"""The code's `id` and the `amount` in a line."""


@dataclass(frozen=True)
class Message:
    """One message of the API, in Dutch; `field` says where."""

    message_code: str
    message: str
    field: str
    message_type: str = "error"

    def as_dict(self) -> dict[str, Any]:
        """Return its fields by name."""
        return asdict(self)


@dataclass(frozen=True)
class Books:
    """What a batch is held against."""

    administration: Administration
    customers: Mapping[str, Mapping[str, Any]]
    settings: Settings


@dataclass(frozen=True)
class Sale:
    """What a line says for the VAT return, in euros: a sale is positive, what is taken back not."""

    code: Mapping[str, Any]
    net: Decimal
    vat: Decimal


@dataclass(frozen=True)
class _OwnLine:
    """What one of Minox' own lines adds up: a ledger account on one side."""

    account: str
    side: str
    description: str
    vat_code: int | None = None


def refusals(body: object, books: Books) -> list[Message]:
    """Return all that is wrong with the lines of a batch; where nothing is, with the whole."""
    if not isinstance(body, list):
        return [Message("body_invalid", "De boeking is geen lijst van regels.", "")]
    if not body:
        return [Message("body_empty", "De boeking heeft geen regels.", "")]
    if len(body) > MAX_LINES:
        text = f"Een dagboekpagina heeft ten hoogste {MAX_LINES} regels."
        return [Message("too_many_lines", text, "")]

    messages: list[Message] = []
    for index, line in enumerate(body):
        messages.extend(_line(line, f"[{index}]", books))
    return messages or [*_as_one(body), *_balance(body, books), *_vat_numbers(body, books)]


def warnings(line: Line, books: Books) -> list[Message]:
    """Return what is odd about a right line: VAT that is far from its percentage of the net."""
    vat = line.get("vat")
    if books.settings.posting != "net" or not vat:
        return []

    expected = _amount(line) * _percentage(books, vat["id"]) / 100
    if _near(Decimal(str(vat["amount"])), expected):
        return []

    text = f"Het btw-bedrag {vat['amount']} wijkt af van het berekende bedrag {expected:.2f}."
    return [Message("vat_amount_differs", text, "vat.amount", "warning")]


def read_back(lines: list[Line], books: Books, settings: Settings) -> list[Line]:
    """Return a stored batch as Minox shows it, its own lines included when the switch says so."""
    shown = lines
    # Where the ledger account's code decides, Minox may split what was sent as one amount.
    if settings.posting == "ledger" and settings.ledger_reading == "net":
        shown = [_net_of_account(line, books) for line in shown]

    if settings.own_lines and shown:
        shown = [*shown, *own_lines(lines, books)]

    journals = books.administration.journals
    return [shown_line(line, place, journals, settings) for place, line in enumerate(shown, 1)]


def own_lines(lines: list[Line], books: Books) -> list[Line]:
    """Return the lines that Minox makes itself: VAT per VAT account, and the customers' total."""
    totals: dict[_OwnLine, Decimal] = defaultdict(Decimal)
    for line in lines:
        if _kind(line) == "customer":
            totals[_OwnLine(RECEIVABLES, _side(line), "Debiteuren")] += _amount(line)

        vat = _vat_of(line, books)
        if vat is not None:
            code = books.administration.vat_code(vat["id"]) or {}
            told = code.get("id") if books.settings.own_lines_vat else None
            own_line = _OwnLine(str(code.get("account_id")), _vat_side(line), "Btw", told)
            totals[own_line] += Decimal(str(vat["amount"]))

    booked = [(own_line, amount) for own_line, amount in totals.items() if amount]
    return [
        _own(lines[0], number, own_line, amount)
        for number, (own_line, amount) in enumerate(booked, FIRST_OWN_LINE)
    ]


def sale_of(line: Line, books: Books) -> Sale | None:
    """Return what a line that was sent says for the VAT return; None for one without a VAT code."""
    vat = _vat_of(line, books)
    code = books.administration.vat_code(vat["id"]) if vat else None
    if vat is None or code is None:
        return None

    amount, vat_amount = _amount(line), Decimal(str(vat["amount"]))
    # Only on top of a net amount VAT is not in the amount already.
    net = amount if books.settings.posting == "net" else amount - vat_amount
    # A sale is in credit on revenue, and in debit on the customer.
    sign = 1 if (_side(line) == "debit") == is_customers(line) else -1
    return Sale(code, sign * net, sign * vat_amount)


def taken(body: Iterable[Line], others: Iterable[Line]) -> list[Message]:
    """Return a message for each customer's invoice number that other bookings have already."""
    items = dict.fromkeys(_open_item(line) for line in body if is_customers(line))
    numbers = {number for _account, number in items}
    # The number first: there may be thousands of lines.
    alike = (line for line in others if line.get("invoice_number") in numbers)
    known = {_open_item(line) for line in alike if is_customers(line)}

    return [
        Message(
            "invoice_number_taken",
            f"Factuurnummer {number} bestaat al bij debiteur {account}.",
            "invoice_number",
        )
        for account, number in items
        if number is not None and (account, number) in known
    ]


def _open_item(line: Line) -> tuple[object, object]:
    return _id(line.get("account")), line.get("invoice_number")


def is_customers(line: Line) -> bool:
    """Tell whether a line is on a customer."""
    return _kind(line) == "customer"


def stored(line: Line, *, batch: str, number: int) -> Line:
    """Return a right line with the marks that Minox keeps with it, amounts as JSON numbers."""
    fields: Line = {
        name: float(value) if isinstance(value, Decimal) else value for name, value in line.items()
    }
    if fields.get("vat"):
        fields["vat"] = fields["vat"] | {"amount": float(fields["vat"]["amount"])}
    fields.setdefault("currency", {"id": "EUR"})

    return fields | {
        "id": f"{batch}-{number}",
        "batch_id": batch,
        "line_number": number,
        "debit": float(line.get("debit") or 0),
        "credit": float(line.get("credit") or 0),
        "messages": [],
    }


# One line


def _line(line: object, place: str, books: Books) -> Iterator[Message]:
    if not isinstance(line, dict):
        yield Message("line_invalid", "De regel is geen object.", place)
        return

    for look in (_amounts, _account, _invoice, _journal, _dates, _vat, _currency, _payment_term):
        for message in look(line, books):
            yield Message(message.message_code, message.message, f"{place}.{message.field}")


def _amounts(line: Line, _books: Books) -> Iterator[Message]:
    sides = [side for side in SIDES if line.get(side) is not None]
    if not sides:
        yield Message("amount_missing", "De regel heeft geen bedrag.", "debit")
    for side in sides:
        yield from _money(line[side], side)

    # Both sides may be named, as long as one of them is zero.
    if len(sides) == len(SIDES) and all(line[side] != 0 for side in SIDES):
        yield Message("amount_twice", "De regel heeft een debet- en een creditbedrag.", "credit")


def _money(value: object, field: str) -> Iterator[Message]:
    # A bool is an int in Python; in JSON it is no number.
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        yield Message("amount_invalid", f"Het bedrag {value!r} is geen getal.", field)
    elif value < 0:
        yield Message("amount_negative", f"Het bedrag {value} is negatief.", field)
    elif _decimals(value) > DECIMALS:
        text = f"Het bedrag {value} heeft meer dan twee decimalen."
        yield Message("amount_decimals", text, field)


def _decimals(value: Decimal | int) -> int:
    exponent = Decimal(value).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _account(line: Line, books: Books) -> Iterator[Message]:
    account = line.get("account")
    if not isinstance(account, dict) or not isinstance(account.get("id"), str):
        text = "De rekening ontbreekt of haar nummer is geen tekst."
        yield Message("account_invalid", text, "account.id")
        return

    if account.get("scheme") != "MINOX":
        text = "Het schema van de rekening is niet MINOX."
        yield Message("account_scheme_invalid", text, "account.scheme")

    number = account["id"]
    match _kind(line):
        case "ledger_account":
            ledger_account = books.administration.accounts.get(number)
            name = f"Grootboekrekening {number}"
            yield from _usable("ledger_account", name, ledger_account)
        case "customer":
            yield from _usable("customer", f"Debiteur {number}", books.customers.get(number))
        case kind:
            text = f"Het soort rekening {kind} is hier niet mogelijk."
            yield Message("account_type_invalid", text, "account.type")


def _usable(kind: str, name: str, account: Mapping[str, Any] | None) -> Iterator[Message]:
    if account is None:
        yield Message(f"{kind}_unknown", f"{name} bestaat niet.", "account.id")
    elif (account.get("blocked") or {}).get("active"):
        yield Message(f"{kind}_blocked", f"{name} is geblokkeerd.", "account.id")


def _invoice(line: Line, _books: Books) -> Iterator[Message]:
    number = line.get("invoice_number")
    # Minox itself numbers what comes without.
    if number is None:
        return

    if not _is_whole_number(number) or number < 1:
        text = f"Het factuurnummer {number!r} is geen geheel getal groter dan nul."
        yield Message("invoice_number_invalid", text, "invoice_number")
    elif number > MAX_INVOICE_NUMBER:
        text = f"Het factuurnummer {number} heeft meer dan 8 cijfers."
        yield Message("invoice_number_invalid", text, "invoice_number")


def _journal(line: Line, books: Books) -> Iterator[Message]:
    number = _id(line.get("journal"))
    journal = books.administration.journals.get(str(number))
    if journal is None:
        yield Message("journal_unknown", f"Dagboek {number} bestaat niet.", "journal.id")
    elif journal["type"] != "sales":
        text = f"Dagboek {number} is geen verkoopdagboek."
        yield Message("journal_not_sales", text, "journal.id")


def _dates(line: Line, books: Books) -> Iterator[Message]:
    date = _date(line.get("document_date"))
    if date is None:
        text = f"De datum {line.get('document_date')!r} is geen datum."
        yield Message("document_date_invalid", text, "document_date")
        return

    period = line.get("period")
    if not isinstance(period, dict):
        period = {}
    year, number = period.get("fiscal_year"), period.get("id")

    if year not in books.administration.fiscal_years:
        yield Message("fiscal_year_unknown", f"Boekjaar {year} bestaat niet.", "period.fiscal_year")
    elif not _is_whole_number(number) or not 1 <= number <= NUMBER_OF_PERIODS:
        text = f"Periode {number} van boekjaar {year} bestaat niet."
        yield Message("period_unknown", text, "period.id")
    else:
        yield from _period(date, year, number, books)


def _period(date: dt.date, year: int, number: int, books: Books) -> Iterator[Message]:
    first, last = books.administration.period_dates(year, number)
    if not first <= date <= last:
        text = f"De datum {date} valt niet in periode {number} van boekjaar {year}."
        yield Message("period_mismatch", text, "period.id")
    elif (year, number) in books.administration.closed:
        text = f"Periode {number} van boekjaar {year} is afgesloten."
        yield Message("period_closed", text, "period.id")


def _vat(line: Line, books: Books) -> Iterator[Message]:
    vat = line.get("vat")
    if vat is None:
        return

    on_customer = _kind(line) == "customer"
    # Here VAT comes from the ledger account's own code, or is a line of its own.
    if books.settings.posting in {"ledger", "line"}:
        yield Message("vat_not_allowed", "Op deze regel kan geen btw worden opgegeven.", "vat")
    elif books.settings.vat_on_sub and not on_customer:
        text = "Btw op de sub-administratie: de btw staat op de debiteurregel."
        yield Message("vat_on_sub", text, "vat")
    elif not isinstance(vat, dict) or books.administration.vat_code(_id(vat)) is None:
        yield Message("vat_unknown", f"Btw-code {_id(vat)} bestaat niet.", "vat.id")
    elif on_customer and not books.settings.vat_on_sub:
        yield Message("vat_on_customer", "Op een debiteurregel kan geen btw staan.", "vat")
    else:
        yield from _money(vat.get("amount"), "vat.amount")
        yield from _allowed(line, vat, books)


def _allowed(line: Line, vat: Vat, books: Books) -> Iterator[Message]:
    if not books.settings.own_vat_codes:
        return

    number = str(_id(line.get("account")))
    own = (books.administration.accounts.get(number) or {}).get("vat")
    if own and str(own["id"]) != str(vat["id"]):
        text = f"Btw-code {vat['id']} is niet toegestaan op grootboekrekening {number}."
        yield Message("vat_not_allowed_on_account", text, "vat.id")


def _currency(line: Line, _books: Books) -> Iterator[Message]:
    currency = line.get("currency")
    if currency is not None and _id(currency) != "EUR":
        yield Message("currency_unknown", f"Valuta {_id(currency)} bestaat niet.", "currency.id")


def _payment_term(line: Line, books: Books) -> Iterator[Message]:
    term = line.get("payment_term")
    if term is not None and _id(term) not in books.administration.payment_terms:
        text = f"Betalingsconditie {_id(term)} bestaat niet."
        yield Message("payment_term_unknown", text, "payment_term.id")


# The batch as a whole


def _as_one(lines: list[Line]) -> Iterator[Message]:
    for name in ("document_date", "journal", "period"):
        if any(line.get(name) != lines[0].get(name) for line in lines):
            text = f"Niet alle regels hebben dezelfde waarde voor {name}."
            yield Message("lines_differ", text, name)


def _balance(lines: list[Line], books: Books) -> Iterator[Message]:
    totals = dict.fromkeys(SIDES, Decimal(0))
    for line in lines:
        totals[_side(line)] += _amount(line)
        # VAT on top of a net amount counts, and so does what a debtor owes beside the net revenue;
        # in a gross amount on a ledger account it is there already.
        if books.settings.posting in {"net", "debtor"} and line.get("vat"):
            totals[_vat_side(line)] += Decimal(line["vat"]["amount"])

    if totals["debit"] != totals["credit"]:
        debit, credit = f"{totals['debit']:.2f}", f"{totals['credit']:.2f}"
        text = f"De boeking is niet in evenwicht: debet {debit}, credit {credit}."
        yield Message("not_balanced", text, "")

    if books.settings.posting in {"gross", "debtor"}:
        for index, line in enumerate(lines):
            yield from _vat_within(line, f"[{index}].vat.amount", books)


def _vat_numbers(lines: list[Line], books: Books) -> Iterator[Message]:
    if not books.settings.vat_number_needed or not any(_within_eu(line, books) for line in lines):
        return

    for line in lines:
        if _kind(line) != "customer":
            continue
        number = str(_id(line.get("account")))
        customer = books.customers.get(number)
        if customer and not (customer.get("vat") or {}).get("vat_registration_number"):
            text = f"Debiteur {number} heeft geen btw-nummer."
            yield Message("vat_number_missing", text, "account.id")


def _within_eu(line: Line, books: Books) -> bool:
    """Tell whether a line goes into box 3b of the VAT return: deliveries within the EU."""
    vat = _vat_of(line, books)
    if vat is None:
        return False
    code = books.administration.vat_code(vat["id"]) or {}
    return "(3b)" in str(code.get("type"))


def _vat_within(line: Line, field: str, books: Books) -> Iterator[Message]:
    if not line.get("vat"):
        return

    amount, vat = _amount(line), Decimal(line["vat"]["amount"])
    expected = _included(amount, _percentage(books, line["vat"]["id"]))
    if vat > amount or not _near(vat, expected):
        text = f"Het btw-bedrag {vat} past niet bij het bedrag {amount}: verwacht {expected}."
        yield Message("vat_amount_invalid", text, field)


# Reading


def _net_of_account(line: Line, books: Books) -> Line:
    vat = _account_vat(line, books)
    if vat is None:
        return line

    net = Decimal(str(line[_side(line)])) - Decimal(str(vat["amount"]))
    return line | {_side(line): float(net), "vat": vat}


def _vat_of(line: Line, books: Books) -> Vat | None:
    """Return a line's VAT: what was sent along, or what the ledger account's code makes."""
    if _accounts_make_vat(books.settings):
        return _account_vat(line, books)
    return line.get("vat") or None


def _accounts_make_vat(settings: Settings) -> bool:
    return settings.posting == "ledger" or (settings.posting == "line" and settings.line_with_codes)


def _account_vat(line: Line, books: Books) -> Vat | None:
    account = books.administration.accounts.get(str(_id(line.get("account")))) or {}
    if _kind(line) != "ledger_account" or not account.get("vat"):
        return None

    code = account["vat"]["id"]
    return {"id": code, "amount": float(_included(_amount(line), _percentage(books, code)))}


def _own(like: Line, number: int, own_line: _OwnLine, amount: Decimal) -> Line:
    """Return one of Minox' own lines; what all lines of a batch share is as in `like`."""
    vat = None
    if own_line.vat_code is not None:
        vat = {"id": own_line.vat_code, "amount": float(amount)}

    return {
        "id": f"{like.get('batch_id')}-{number}",
        "batch_id": like.get("batch_id"),
        "line_number": number,
        "account": {"id": own_line.account, "scheme": "MINOX", "type": "ledger_account"},
        "debit": 0.0,
        "credit": 0.0,
        own_line.side: float(amount),
        # As the lines that were sent.
        "document_date": like.get("document_date"),
        "journal": like.get("journal"),
        "period": like.get("period"),
        "description": own_line.description,
        "vat": vat,
        "currency": {"id": "EUR"},
        "messages": [],
    }


# Small words


def _side(line: Line) -> str:
    return "debit" if line.get("debit") else "credit"


def _vat_side(line: Line) -> str:
    """Return where a line's VAT is booked: with its revenue, across from the debtor."""
    if _kind(line) != "customer":
        return _side(line)
    return "credit" if line.get("debit") else "debit"


def _amount(line: Line) -> Decimal:
    return Decimal(str(line.get(_side(line)) or 0))


def _percentage(books: Books, code: object) -> Decimal:
    vat_code = books.administration.vat_code(code)
    return Decimal(str(vat_code["percentage"])) if vat_code else Decimal(0)


def _included(gross: Decimal, percentage: Decimal) -> Decimal:
    return (gross * percentage / (100 + percentage)).quantize(CENT, ROUND_HALF_UP)


def _near(vat: Decimal, expected: Decimal) -> bool:
    return abs(vat - expected) <= TOLERANCE + abs(expected) / 100


def _kind(line: Line) -> str:
    account = line.get("account")
    return str(account.get("type")) if isinstance(account, dict) else ""


def _id(value: object) -> str | int | None:
    number = value.get("id") if isinstance(value, dict) else None
    return number if isinstance(number, (str, int)) else None


def _is_whole_number(value: object) -> TypeGuard[int]:
    """Tell whether JSON had a number without decimals; a bool is an int in Python as well."""
    return isinstance(value, int) and not isinstance(value, bool)


def _date(value: object) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
