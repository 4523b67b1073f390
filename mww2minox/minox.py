"""The Minox REST API: lists, customers and bookings. The only module that knows its JSON.

Takes every reading of what is open (vendors.md): either kind of paging, look-ups that answer a collection, one object
or 404, a created customer as a whole, an id, a `Location` or nothing, errors inside a 2xx.
"""

import json
from collections.abc import Iterator, Mapping as Map
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from mww2minox.errors import KeysRefused, Refused, UnusableAnswer, UsageError
from mww2minox.model import Administration, Booking, BookingLine, Customer, EmailDebtor, FiscalYear
from mww2minox.oauth import MinoxLogin
from mww2minox.texts import _
from mww2minox.transport import Answer, Transport

NOT_FOUND = 404
MOST_PAGES = 10_000
FIRST_OWN_LINE = 9_000
"""Minox' own counter and collective lines are numbered from here (Minox' manual)."""
CENT = Decimal("0.01")
LONGEST_ID = 100
SHORTEST_PRIVATE = 4
"""A shorter text tells nothing of a person, and stands in many words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCustomer:
    """A customer in Minox. `emails` are lower-case; `vat_number` is without spaces and dots."""

    number: str
    blocked: bool
    emails: tuple[str, ...]
    vat_number: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    """A line as Minox tells it. `own` says that Minox numbers it among the lines that it made itself."""

    batch_id: str
    account: str
    type: str
    debit: Decimal
    credit: Decimal
    vat_code: str
    vat_amount: Decimal | None
    invoice_number: str
    period: str
    fiscal_year: str
    description: str
    journal: str
    own: bool

    @property
    def amount(self) -> Decimal:
        """Credit minus debit, in euros: positive for revenue."""
        return self.credit - self.debit


@dataclass(frozen=True, slots=True, kw_only=True)
class VatCode:
    """A VAT code of Minox."""

    code: str
    percentage: Decimal
    type: str
    description: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An entry of one of Minox' lists: journals, ledger accounts. `vat` is the VAT code that an account carries."""

    id: str
    description: str
    type: str
    blocked: bool
    vat: str = ""


def booking_body(booking: Booking, customer: str) -> bytes:
    """Return the exact bytes of a booking for `customer`: amounts as JSON numbers of at most two decimals.

    `entry_number`, `payment_term` and `due_date` are Minox' own business and left out (domain.md, rule 10).
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
    """Return a body that was sent with the order number as its description: a template can put a name there."""
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
    """The float nearest to whole cents: its shortest form has at most two decimals below ten billion."""
    return float(amount)


def customer_body(debtor: EmailDebtor, externalid: str) -> bytes:
    """Return a new customer: company as name with the person as contact, else the person (domain.md, rule 9)."""
    customer = debtor.customer
    address = {
        "address_type": "postal",
        "name": customer.company or customer.name or debtor.email,
        "contact_name": customer.name if customer.company else "",
        "streetname_and_number": customer.street,
        "postal_code": customer.postal_code,
        "city": customer.city,
        "country_code": customer.country_code,
        "email_addresses": [{"email_address_type": "general", "email_address": debtor.email}],
        "phone_numbers": [{"phone_number_type": "general", "phone_number": customer.phone}] if customer.phone else [],
    }
    body: dict[str, Any] = {"externalid": externalid, "addresses": [_filled(address)]}
    if customer.vat_number:
        body["vat"] = {"active": True, "vat_registration_number": compact(customer.vat_number)}
    return json.dumps(body, ensure_ascii=False).encode()


def _filled(fields: Map[str, Any]) -> dict[str, Any]:
    return {key: _visible(value) if isinstance(value, str) else value for key, value in fields.items() if value}


def _visible(text: str) -> str:
    """Leave out control and direction characters, so that a name is harmless wherever it is shown."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def compact(vat_number: str) -> str:
    """Write a VAT number without spaces, dots and dashes, in capitals."""
    return "".join(char for char in vat_number.upper() if char.isalnum())


def error_messages(data: object) -> list[str]:
    """Read Minox' error answer: a list of `{message_code, message_type, message, field}`, or OAuth's `error`."""
    if isinstance(data, dict) and isinstance(data.get("error"), str):
        return [data["error"]]
    return [_message(entry) for entry in _messages(data)]


def errors_inside(data: object) -> list[str]:
    """Return the messages of type `error` in a 2xx answer, those inside lines too; warnings are none."""
    return [
        _message(entry) for entry in _messages(data) if str(entry.get("message_type", "")).lower() in ("error", "fatal")
    ]


def _message(entry: Map[str, Any]) -> str:
    """The message; where Minox gives none, its code and field."""
    return str(entry.get("message") or f"{entry.get('message_code', '')} {entry.get('field', '')}").strip()


def _messages(data: object) -> Iterator[Map[str, Any]]:
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


class Minox:
    """One administration in Minox."""

    def __init__(self, transport: Transport, login: MinoxLogin, *, tenant: str, administration: str) -> None:
        """Use `login` for the bearer token."""
        self._transport = transport
        self._login = login
        self._tenant = f"/api/1/tenant/{quote(tenant, safe='')}/administration"
        self._administration = administration
        self._base = f"{self._tenant}/{quote(administration, safe='')}"

    def keep_private(self, person: Customer, email: str) -> None:
        """Keep what is known of a person out of everything that Minox says."""
        for text in (person.name, person.company, person.street, person.phone, email.strip()):
            if len(text) >= SHORTEST_PRIVATE:
                self._transport.hide(text)

    # Lists

    def administration(self) -> Administration:
        """Return the administration: currency, periods and fiscal years. Raises UsageError when there is none."""
        rows = self._collection(self._tenant)
        row = next((row for row in rows if _id(row) == self._administration), None)
        if row is None:
            there = ", ".join(f"{_id(row)} ({row.get('name', '')})" for row in rows) or _("none")
            message = _("Minox has no administration {wanted} for this tenant; there is: {there}.")
            raise UsageError(
                message.format(wanted=self._administration, there=there),
                _("Correct minox.administration in the config, then run: mww2minox check"),
            )
        try:
            return _administration(row)
        except (KeyError, TypeError, ValueError):
            raise self._strange(_("the administration")) from None

    def administrations(self) -> list[Listed]:
        """Return the administrations of the tenant, by id, with their names as descriptions."""
        rows = self._collection(self._tenant)
        return [replace(_listed(row), description=_plain(str(row.get("name") or ""))) for row in rows]

    def vat_codes(self) -> list[VatCode]:
        """Return the VAT codes."""
        return [
            VatCode(
                code=_id(row),
                percentage=_percentage(row.get("percentage")),
                type=str(row.get("type") or ""),
                description=str(row.get("description") or ""),
                account=str(row.get("account_id") or ""),
            )
            for row in self._collection(f"{self._base}/vat")
        ]

    def journals(self) -> list[Listed]:
        """Return the journals."""
        return [_listed(row) for row in self._collection(f"{self._base}/journal")]

    def ledger_accounts(self) -> list[Listed]:
        """Return the ledger accounts."""
        return [_listed(row) for row in self._collection(f"{self._base}/ledger_account")]

    # Customers

    def customer(self, number: str) -> FoundCustomer | None:
        """Return the customer with this number, or None."""
        found = self._found(f"{self._base}/customer/{quote(number, safe='')}", shown="customer/...")
        return next(iter(found), None)

    def customers_by_email(self, email: str) -> list[FoundCustomer]:
        """Return the customers with this e-mail, whatever its capitals, by number.

        Where the look-up tells one alone, and that one is blocked, a search tells the others.
        """
        wanted = email.lower()
        found = self._by_email(email) or (self._by_email(wanted) if wanted != email else [])
        if found and all(customer.blocked for customer in found):
            searched = self._found(f"{self._base}/customer", shown="customer?search=...", params={"search": email})
            found += [one for one in searched if wanted in one.emails]
        fitting = {one.number: one for one in found if not one.emails or wanted in one.emails}
        return sorted(fitting.values(), key=_by_number)

    def customers_by_search(self, text: str) -> list[FoundCustomer]:
        """Return the customers that a search finds, by number."""
        found = self._found(f"{self._base}/customer", shown="customer?search=...", params={"search": text})
        return sorted(found, key=_by_number)

    def _by_email(self, email: str) -> list[FoundCustomer]:
        path = f"{self._base}/customer/by_email/{quote(email, safe='')}"
        return self._found(path, shown="customer/by_email/...")

    def customers_by_externalid(self, externalid: str) -> list[FoundCustomer]:
        """Return the customers that were made with this externalid, by number."""
        return sorted(self._found(f"{self._base}/customer/by_externalid/{quote(externalid, safe='')}"), key=_by_number)

    def create_customer(self, body: bytes, journal: str) -> str | None:
        """POST a customer, once; return its number, or None when the answer does not tell.

        Raises Refused, Unreachable or UnusableAnswer; after the last two it may have been made.
        """
        answer = self._request(
            "POST", f"{self._base}/customer", params={"journal_id": journal}, body=body, repeat=False
        )
        errors = errors_inside(answer.data)
        if errors:
            raise Refused(answer.status, self._transport.cleaned(errors))
        return _created(answer)

    def _found(self, path: str, shown: str = "", params: Map[str, str] | None = None) -> list[FoundCustomer]:
        try:
            answer = self._request("GET", path, shown=shown, params=params)
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return []
            raise
        return [_customer(row) for row in _rows(answer.data) if _id(row)]

    # Bookings

    def put_booking(self, batch_id: str, body: bytes, *, repeat: bool = True) -> None:
        """PUT a booking: the same bytes at the same place replace themselves.

        Without `repeat` it is sent once: for what is to be deleted again, before an earlier PUT can come late.
        Raises Refused when Minox says no; after Unreachable or UnusableAnswer it is not known what happened.
        """
        answer = self._request("PUT", f"{self._base}/transaction_line_batch/{batch_id}", body=body, repeat=repeat)
        if not isinstance(answer.data, dict | list):
            raise self._strange(_("a booking"))
        errors = errors_inside(answer.data)
        if errors:
            raise Refused(answer.status, self._transport.cleaned(errors))

    def booking(self, batch_id: str) -> list[ReadLine]:
        """Read a booking back: its lines, none when there is no such booking."""
        try:
            answer = self._request("GET", f"{self._base}/transaction_line_batch/{quote(batch_id, safe='')}")
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return []
            raise self._refusal(refused) from None
        return [self._line(row) for row in _lines(answer.data)]

    @property
    def books(self) -> str:
        """The path of the administration, without spaces."""
        return self._base

    def delete_booking(self, batch_id: str, books: str) -> bool:
        """Take a booking out of these `books` again, whichever are ours now; return whether there was one.

        Raises Refused, Unreachable, UnusableAnswer.
        """
        try:
            answer = self._request("DELETE", f"{books}/transaction_line_batch/{quote(batch_id, safe='')}")
        except Refused as refused:
            if refused.status != NOT_FOUND:
                raise
            return False
        errors = errors_inside(answer.data)
        if errors:
            raise Refused(answer.status, self._transport.cleaned(errors))
        return True

    def lines_of_period(self, fiscal_year: int, period: int) -> list[ReadLine]:
        """Return every line of a period."""
        path = f"{self._base}/year/{fiscal_year}/transaction_lines"
        return [self._line(row) for row in _lines(self._collection(path, {"period": str(period)}))]

    def _line(self, row: Map[str, Any]) -> ReadLine:
        try:
            return _read_line(row)
        except (InvalidOperation, TypeError, ValueError, AttributeError):
            raise self._strange(_("a booking's line")) from None

    # Requests

    def _collection(self, path: str, params: Map[str, str] | None = None) -> list[Map[str, Any]]:
        """Return all rows of a list, with either kind of paging. A list that is not there is empty."""
        rows: list[Map[str, Any]] = []
        asked = dict(params or {})
        for _page in range(MOST_PAGES):
            try:
                data = self._request("GET", path, params=asked).data
            except Refused as refused:
                if refused.status == NOT_FOUND and path != self._tenant:
                    return rows
                raise self._refusal(refused) from None
            rows += _rows(data)
            following = _next_page(data, asked)
            if following is None or following == asked:
                return rows
            asked = following
        raise self._strange(_("a list without end"))

    def _request(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        shown: str = "",
        params: Map[str, str] | None = None,
        body: bytes | None = None,
        repeat: bool = True,
    ) -> Answer:
        """Send with the bearer token, renewing it once when Minox does not take it."""
        token = self._login.access_token()
        for renewed in (False, True):
            self._transport.hide(token)
            try:
                answer = self._transport.request(
                    method,
                    path,
                    shown=shown,
                    params=params,
                    headers={"Authorization": f"Bearer {token}"},
                    body=body,
                    repeat=repeat,
                )
            except Refused as refused:
                if refused.status == 401 and not renewed:  # noqa: PLR2004 - unauthorized
                    token = self._login.renew(token)
                    continue
                if refused.status in (401, 403):
                    raise self._refusal(refused) from None
                raise
            self._login.worked()
            return answer
        raise AssertionError  # the second round returns or raises

    def _refusal(self, refused: Refused) -> KeysRefused | UnusableAnswer:
        said = "; ".join(refused.messages)
        if refused.status not in (401, 403, NOT_FOUND):
            message = _("Minox refuses to tell what is asked (HTTP {status}): {words}")
            return UnusableAnswer(
                message.format(status=refused.status, words=said),
                _("Check minox.url and minox.tenant in the config, then run: mww2minox check"),
            )
        message = _("Minox refuses our keys or rights (HTTP {status}): {words}")
        return KeysRefused(
            message.format(status=refused.status, words=said),
            _("Check minox.tenant and the rights, then log in as the subscription's main user: mww2minox login"),
        )

    def _strange(self, what: str) -> UnusableAnswer:
        message = _("Minox answers {what} in a shape that is not known.").format(what=what)
        return UnusableAnswer(message, _("Check minox.url in the config, then run: mww2minox check"))


def _rows(data: object) -> list[Map[str, Any]]:
    """Return the rows of an answer: a bare list, a `collection`, or one object."""
    if isinstance(data, dict):
        inner = data.get("collection")
        data = inner if isinstance(inner, list) else [data] if inner is None else list(inner.values())
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else []


def _lines(data: object) -> Iterator[Map[str, Any]]:
    """Find a booking's lines anywhere in an answer: what has an account and a side."""
    if isinstance(data, dict) and "account" in data and ("debit" in data or "credit" in data):
        yield data
    elif isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _lines(value)


def sent_lines(body: str) -> list[ReadLine]:
    """Read the lines of a body that was sent (see `booking_body`)."""
    return [_read_line(row) for row in json.loads(body, parse_float=Decimal)]


def _next_page(data: object, asked: Map[str, str]) -> dict[str, str] | None:
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


def _id(row: Map[str, Any]) -> str:
    found = row.get("id")
    return "" if found is None else _plain(str(found))


def _plain(text: str) -> str:
    """Return an identifier without what cannot be printed, and cut: no real one has any, or is so long."""
    return "".join(char for char in text[:LONGEST_ID] if char.isprintable())


def _blocked(row: Map[str, Any]) -> bool:
    blocked = row.get("blocked")
    return bool(blocked.get("active")) if isinstance(blocked, dict) else bool(blocked)


def _listed(row: Map[str, Any]) -> Listed:
    return Listed(
        id=_id(row),
        description=str(row.get("description") or ""),
        type=str(row.get("type") or ""),
        blocked=_blocked(row),
        vat=_vat_of(row),
    )


def _vat_of(row: Map[str, Any]) -> str:
    """Read an account's VAT code: an object with its id, or the id alone."""
    vat = row.get("vat")
    return _id(vat) if isinstance(vat, dict) else "" if vat is None else _plain(str(vat))


def _fiscal_year(year: Map[str, Any]) -> FiscalYear | None:
    """Read a fiscal year; one that cannot be read is left out, and orders of its dates are told so."""
    try:
        return FiscalYear(
            year=int(year["fiscal_year"]),
            start=date.fromisoformat(str(year["start_date"])[:10]),
            end=date.fromisoformat(str(year["end_date"])[:10]),
            number_of_periods=int(year.get("number_of_periods") or 0) or None,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _administration(row: Map[str, Any]) -> Administration:
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
    return _id(found) if isinstance(found, dict) else _plain(str(found or ""))


def _customer(row: Map[str, Any]) -> FoundCustomer:
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
    return FoundCustomer(
        number=_id(row),
        name=next((_plain(str(address.get("name") or "")) for address in addresses if isinstance(address, dict)), ""),
        blocked=_blocked(row),
        emails=tuple(filter(None, emails)),
        vat_number=compact(str(number or "")),
    )


def _by_number(customer: FoundCustomer) -> tuple[int, str]:
    """The lowest number first, as numbers."""
    return (int(customer.number) if customer.number.isdigit() else 0, customer.number)


def _created(answer: Answer) -> str | None:
    """Find the number of a new customer: in the customer, as a bare id, or at the end of `Location`."""
    data = answer.data
    if isinstance(data, str | int) and not isinstance(data, bool):
        return _plain(str(data)) or None
    for row in _rows(data):
        inner = row.get("customer")
        number = _id(inner if isinstance(inner, dict) else row)
        if number:
            return number
    location = urlsplit(answer.headers.get("Location", "")).path.rstrip("/")
    return _plain(location.rpartition("/")[2]) or None


def _decimal(value: object) -> Decimal | None:
    """Read an amount to the cent; None where there is none."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    return Decimal(str(value)).quantize(CENT)


def _percentage(value: object) -> Decimal:
    """Read a VAT code's percentage; what is no number fits no rate, and `check` says so."""
    try:
        return _decimal(value) or Decimal(0)
    except (InvalidOperation, ValueError):
        return Decimal(-1)


def _read_line(row: Map[str, Any]) -> ReadLine:
    account, vat, period, journal = (row.get(key) or {} for key in ("account", "vat", "period", "journal"))
    number = str(row.get("line_number") or row.get("entry_line") or row.get("sequence") or "")
    return ReadLine(
        batch_id=_plain(str(row.get("batch_id") or "").lower()),
        account=_id(account),
        type=str(account.get("type") or ""),
        debit=_decimal(row.get("debit")) or Decimal(0),
        credit=_decimal(row.get("credit")) or Decimal(0),
        vat_code=_id(vat),
        vat_amount=_decimal(vat.get("amount")),
        invoice_number=str(row.get("invoice_number") or ""),
        period=_id(period),
        fiscal_year=str(period.get("fiscal_year") or ""),
        description=str(row.get("description") or ""),
        journal=_id(journal),
        own=number.isdigit() and int(number) >= FIRST_OWN_LINE,
    )
