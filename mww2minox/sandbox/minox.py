"""The administration's customers and bookings, and what may be done with them."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any, cast

from mww2minox.sandbox import ledger, new_customer
from mww2minox.sandbox.administration import FIRST_CUSTOMER, Administration, first_customers
from mww2minox.sandbox.ledger import Books, Line, Message
from mww2minox.sandbox.oauth import Tokens
from mww2minox.sandbox.rate_limit import RateLimit
from mww2minox.sandbox.settings import Settings
from mww2minox.sandbox.vat_declaration import Declaration, declarations

Customer = dict[str, Any]


class RefusedError(Exception):
    """Minox does not do it; `messages` say why."""

    def __init__(self, messages: list[Message]) -> None:
        """Keep the messages."""
        super().__init__("; ".join(message.message for message in messages))
        self.messages = messages


class UnknownError(LookupError):
    """There is no such customer or batch, or not yet."""


class Minox:
    """The state of Minox: `customers` and `batches` are open, only the methods obey the rules."""

    def __init__(
        self, settings: Settings, *, today: dt.date, lock: "threading.RLock | None" = None
    ) -> None:
        """Open an administration with its first customers and no bookings."""
        self.settings = settings
        self.lock = lock or threading.RLock()
        self.administration = Administration(today)
        self._today = today
        self.customers: dict[str, Customer] = first_customers()
        self.batches: dict[str, list[Line]] = {}
        self.tokens = Tokens(settings)
        self.rate_limit = RateLimit(settings)
        self._born: dict[tuple[str, str], float] = {}
        """When a customer or batch was made, by its kind and key: a look-up can lag behind."""

    # Customers

    def create_customer(self, data: object, journal: str | None) -> Customer:
        """Add a customer; without a number of its own it gets one from the sales journal's range.

        Source: minox/api.md, "Customers".
        """
        fields = _object(data)
        messages = self._customer_refusals(fields, journal)
        if messages:
            raise RefusedError(messages)

        with self.lock:
            number = str(fields.get("id") or self._next_number())
            self.customers[number] = _complete(fields, number)
            self._born["customer", number] = time.time()
            return self.customers[number]

    def change_customer(self, number: str, data: object) -> Customer:
        """Replace some of a customer's fields."""
        changes = _object(data)
        customer = self.customer(number)
        if str(changes.get("id", number)) != number:
            text = "Het debiteurnummer kan niet veranderen."
            raise RefusedError([Message("id_fixed", text, "id")])

        customer.update(changes)
        return customer

    def customer(self, number: str) -> Customer:
        """Return a customer. `UnknownError` when there is none, or not yet."""
        if not self._visible("customer", number):
            raise UnknownError(number)
        return self.customers[number]

    def customers_by_email(self, email: str) -> list[Customer]:
        """Find customers by one of their e-mail addresses, whatever its capitals."""
        address = email.strip().lower()
        return self._customers_where(lambda customer: address in _emails(customer))

    def customers_by_externalid(self, externalid: str) -> list[Customer]:
        """Find customers by the number that someone else's system knows them by."""
        return self._customers_where(lambda customer: customer.get("externalid") == externalid)

    def search_customers(self, text: str) -> list[Customer]:
        """Find customers with this text in number, name or e-mail."""
        part = text.strip().lower()
        return self._customers_where(
            lambda customer: any(part in word for word in _words(customer))
        )

    # Ledger accounts

    def ledger_account(self, number: str) -> dict[str, Any]:
        """Return a ledger account. `UnknownError` when there is none."""
        account = self.administration.accounts.get(number)
        if account is None:
            raise UnknownError(number)

        # Where VAT is booked on lines of its own, codes on accounts would make it once more.
        if self.settings.posting == "line" and not self.settings.line_with_codes:
            return account | {"vat": None}
        return account

    # Bookings

    def put_batch(self, batch: str, body: object) -> list[Line]:
        """Book, or replace, a batch; `RefusedError` leaves what was there."""
        messages = ledger.refusals(body, self.books) or self._taken(cast("list[Line]", body), batch)
        if messages:
            raise RefusedError(messages)

        with self.lock:
            sent = self._with_invoice_number(cast("list[Line]", body), batch)
            numbered = enumerate(sent, 1)
            lines = [ledger.stored(line, batch=batch, number=number) for number, line in numbered]
            # Only a new batch can lag: one that is replaced is there to be read.
            if batch not in self.batches:
                self._born["batch", batch] = time.time()
            self.batches[batch] = lines

            shown = ledger.read_back(lines, self.books, self.settings)
            return [self._with_warnings(line) for line in shown]

    def batch(self, batch: str) -> list[Line]:
        """Read a batch back. `UnknownError` when there is none, or not yet."""
        if not self._visible("batch", batch):
            raise UnknownError(batch)
        return ledger.read_back(self.batches[batch], self.books, self.settings)

    def delete_batch(self, batch: str) -> None:
        """Take a batch out of the books. `UnknownError` when there is none."""
        with self.lock:
            if self.batches.pop(batch, None) is None:
                raise UnknownError(batch)

    def lines(self, fiscal_year: int, period: int | None = None) -> list[Line]:
        """Read all lines of a fiscal year, or of one of its periods."""
        return [line for line in self._all_lines() if _in_period(line, fiscal_year, period)]

    def receivables(self) -> list[dict[str, Any]]:
        """Return the open items: what each customer owes, per invoice number."""
        owed: dict[tuple[Any, Any], dict[str, Any]] = {}
        for line in self._all_lines():
            account = line.get("account") or {}
            if account.get("type") != "customer":
                continue

            key = account.get("id"), line.get("invoice_number")
            item = owed.setdefault(key, _open_item(line, self.customers))
            _count(line, item)

        return list(owed.values())

    def declarations(self) -> list[Declaration]:
        """Return the VAT returns of the quarters that have begun, the oldest first."""
        return declarations(self._today, self.administration.fiscal_years)

    def declaration(self, number: str) -> dict[str, Any]:
        """Return a VAT return with its amounts. `UnknownError` when there is none."""
        for declaration in self.declarations():
            if declaration.number == number:
                return declaration.whole(chain.from_iterable(self.batches.values()), self.books)
        raise UnknownError(number)

    def close_period(self, fiscal_year: int, period: int) -> None:
        """Close a period: nothing can be booked in it."""
        self.administration.closed.add((fiscal_year, period))

    def open_period(self, fiscal_year: int, period: int) -> None:
        """Open a period again."""
        self.administration.closed.discard((fiscal_year, period))

    @property
    def books(self) -> Books:
        """What a batch is held against now."""
        return Books(self.administration, self.customers, self.settings)

    def _taken(self, lines: list[Line], batch: str) -> list[Message]:
        """Say which invoice numbers are another booking's, or, by a switch, this one's already."""
        refused = self.settings.repetitions == "refused"
        with self.lock:
            others = [known for name, known in self.batches.items() if refused or name != batch]
        return ledger.taken(lines, chain.from_iterable(others))

    def _with_invoice_number(self, lines: list[Line], batch: str) -> list[Line]:
        """Give customers' lines without an invoice number the journal's next one.

        A booking that is replaced keeps the number that it has.
        """
        lacking = [line for line in lines if ledger.is_customers(line) and _lacks_number(line)]
        if not lacking:
            return lines

        had = next(filter(ledger.is_customers, self.batches.get(batch, ())), {})
        number = had.get("invoice_number")
        if number is None:
            journal = self.administration.journals[lines[0]["journal"]["id"]]
            number = journal["next_invoice_number"]
            journal["next_invoice_number"] = number + 1
        return [line | {"invoice_number": number} if line in lacking else line for line in lines]

    def _with_warnings(self, line: Line) -> Line:
        warnings = ledger.warnings(line, self.books)
        return line | {"messages": [warning.as_dict() for warning in warnings]}

    def _all_lines(self) -> list[Line]:
        visible = [batch for batch in self.batches if self._visible("batch", batch)]
        return [line for batch in visible for line in self.batch(batch)]

    def _visible(self, kind: str, key: str) -> bool:
        """Tell whether a look-up finds it; what was made by no request is there at once."""
        if key not in (self.customers if kind == "customer" else self.batches):
            return False
        return time.time() - self._born.get((kind, key), 0.0) >= self.settings.lookup_lag

    def _customers_where(self, fits: Callable[[Customer], bool]) -> list[Customer]:
        """Return the customers that fit, by number, the lowest first."""
        numbers = [number for number in self.customers if self._visible("customer", number)]
        numbers.sort(key=lambda number: (len(number), number))

        customers = [self.customers[number] for number in numbers]
        return [customer for customer in customers if fits(customer)]

    def _next_number(self) -> int:
        number = FIRST_CUSTOMER
        while str(number) in self.customers:
            number += 1
        return number

    def _customer_refusals(self, data: Customer, journal: str | None) -> list[Message]:
        messages = []
        if self.administration.journals.get(journal or "", {}).get("type") != "sales":
            text = f"Dagboek {journal} is geen verkoopdagboek."
            messages.append(Message("journal_not_sales", text, "journal_id"))

        if not any(address.get("name") for address in _addresses(data)):
            messages.append(Message("name_missing", "De debiteur heeft geen naam.", "addresses"))

        if str(data.get("id")) in self.customers:
            messages.append(Message("id_taken", f"Debiteur {data['id']} bestaat al.", "id"))

        messages += new_customer.refused_types(data, self.settings)
        if self.settings.customer_checks:
            messages += new_customer.refused_data(data)
        return messages


def _object(data: object) -> Customer:
    if not isinstance(data, dict):
        raise RefusedError([Message("body_invalid", "De debiteur is geen object.", "")])
    return data


def _complete(data: Customer, number: str) -> Customer:
    return {
        "addresses": [],
        "vat": {"active": False, "vat_registration_number": None},
        "blocked": {"active": False, "reason": None},
        "externalid": None,
        "language": "nl",
        "payment_term": {"id": 14},
        "is_one_time": False,
        "block_sending_reminders": False,
        "block_collection": False,
    } | {**data, "id": number}


def _addresses(customer: Customer) -> list[dict[str, Any]]:
    addresses = customer.get("addresses")
    if not isinstance(addresses, list):
        return []
    return [address for address in addresses if isinstance(address, dict)]


def _emails(customer: Customer) -> list[str]:
    """Return a customer's e-mail addresses in small letters."""
    emails: list[object] = []
    for address in _addresses(customer):
        emails += address.get("email_addresses") or []

    return [
        str(email.get("email_address", "")).strip().lower()
        for email in emails
        if isinstance(email, dict)
    ]


def _words(customer: Customer) -> list[str]:
    names = [str(address.get("name", "")).lower() for address in _addresses(customer)]
    return [str(customer["id"]), *names, *_emails(customer)]


def _lacks_number(line: Line) -> bool:
    return line.get("invoice_number") is None


def _in_period(line: Line, fiscal_year: int, period: int | None) -> bool:
    booked = line.get("period") or {}
    return booked.get("fiscal_year") == fiscal_year and period in {None, booked.get("id")}


def _open_item(line: Line, customers: Mapping[str, Customer]) -> dict[str, Any]:
    customer = customers.get(str(line["account"].get("id"))) or {}
    days = (customer.get("payment_term") or {}).get("id") or 0
    date = line.get("document_date")
    # A line that was put past the rules may have no date.
    due = dt.date.fromisoformat(date) + dt.timedelta(days=days) if date else None

    return {
        "account": line["account"],
        "invoice_number": line.get("invoice_number"),
        "invoice_date": date,
        "due_date": line.get("due_date") or (due and due.isoformat()),
        "currency": {"id": "EUR"},
        "total": 0.0,
        "paid": 0.0,
        "balance": 0.0,
    }


def _count(line: Line, item: dict[str, Any]) -> None:
    """Add a line to an open item: what a sales journal has is invoiced, all else is paid."""
    debit, credit = (Decimal(str(line.get(side) or 0)) for side in ledger.SIDES)
    amount = float(debit - credit)
    if line["journal"].get("type") == "sales":
        item["total"] = round(item["total"] + amount, 2)
    else:
        item["paid"] = round(item["paid"] - amount, 2)
    item["balance"] = round(item["total"] - item["paid"], 2)
