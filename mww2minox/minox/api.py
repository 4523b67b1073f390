"""The Minox REST API: lists, customers and bookings of one administration."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import InvalidOperation
from typing import Any
from urllib.parse import quote

from mww2minox.books.model import (
    Administration,
    Buyer,
    ListEntry,
    MinoxCustomer,
    TransactionLine,
    VatCode,
)
from mww2minox.errors import KeysRefused, Refused, UnusableAnswer, UsageError
from mww2minox.language.texts import _
from mww2minox.minox.oauth import MinoxLogin
from mww2minox.minox.wire import (
    by_number,
    created_number,
    errors_inside,
    id_of,
    lines_of,
    next_page,
    plain_id,
    read_administration,
    read_customer,
    read_entry,
    read_line,
    read_percentage,
    rows_of,
)
from mww2minox.transport import Answer, Transport

NOT_FOUND = 404


MOST_PAGES = 10_000
SHORTEST_PRIVATE = 4
"""A shorter text tells nothing of a person, and stands in many words."""


class Minox:
    """One administration in Minox."""

    def __init__(
        self, transport: Transport, login: MinoxLogin, *, tenant: str, administration: str
    ) -> None:
        """Use `login` for the bearer token."""
        self._transport = transport
        self._login = login
        self._tenant = f"/api/1/tenant/{quote(tenant, safe='')}/administration"
        self._administration = administration
        self._base = f"{self._tenant}/{quote(administration, safe='')}"

    def keep_private(self, person: Buyer, email: str) -> None:
        """Keep what is known of a person out of everything that Minox says."""
        for text in (person.name, person.company, person.street, person.phone, email.strip()):
            if len(text) >= SHORTEST_PRIVATE:
                self._transport.hide(text)

    # Lists

    def administration(self) -> Administration:
        """Return the administration: currency, periods and fiscal years.

        Raises UsageError when there is none.
        """
        rows = self._collection(self._tenant)
        row = next((row for row in rows if id_of(row) == self._administration), None)
        if row is None:
            there = ", ".join(f"{id_of(row)} ({row.get('name', '')})" for row in rows) or _("none")
            message = _("Minox has no administration {wanted} for this tenant; there is: {there}.")
            raise UsageError(
                message.format(wanted=self._administration, there=there),
                _("Correct minox.administration in the config, then run: mww2minox check"),
            )
        try:
            return read_administration(row)
        except (KeyError, TypeError, ValueError):
            raise self._strange(_("the administration")) from None

    def administrations(self) -> list[ListEntry]:
        """Return the administrations of the tenant, by id, with their names as descriptions."""
        rows = self._collection(self._tenant)
        return [
            replace(read_entry(row), description=plain_id(str(row.get("name") or "")))
            for row in rows
        ]

    def vat_codes(self) -> list[VatCode]:
        """Return the VAT codes."""
        return [
            VatCode(
                code=id_of(row),
                percentage=read_percentage(row.get("percentage")),
                type=str(row.get("type") or ""),
                description=str(row.get("description") or ""),
                account=str(row.get("account_id") or ""),
            )
            for row in self._collection(f"{self._base}/vat")
        ]

    def journals(self) -> list[ListEntry]:
        """Return the journals."""
        return [read_entry(row) for row in self._collection(f"{self._base}/journal")]

    def ledger_accounts(self) -> list[ListEntry]:
        """Return the ledger accounts."""
        return [read_entry(row) for row in self._collection(f"{self._base}/ledger_account")]

    # Customers

    def customer(self, number: str) -> MinoxCustomer | None:
        """Return the customer with this number, or None."""
        found = self._found(f"{self._base}/customer/{quote(number, safe='')}", shown="customer/...")
        return next(iter(found), None)

    def customers_by_email(self, email: str) -> list[MinoxCustomer]:
        """Return the customers with this e-mail, whatever its capitals, by number.

        Where the look-up tells one alone, and that one is blocked, a search tells the others.
        """
        wanted = email.lower()
        found = self._by_email(email) or (self._by_email(wanted) if wanted != email else [])
        if found and all(customer.blocked for customer in found):
            searched = self._found(
                f"{self._base}/customer", shown="customer?search=...", params={"search": email}
            )
            found += [one for one in searched if wanted in one.emails]
        fitting = {one.number: one for one in found if not one.emails or wanted in one.emails}
        return sorted(fitting.values(), key=by_number)

    def customers_by_search(self, text: str) -> list[MinoxCustomer]:
        """Return the customers that a search finds, by number."""
        found = self._found(
            f"{self._base}/customer", shown="customer?search=...", params={"search": text}
        )
        return sorted(found, key=by_number)

    def _by_email(self, email: str) -> list[MinoxCustomer]:
        path = f"{self._base}/customer/by_email/{quote(email, safe='')}"
        return self._found(path, shown="customer/by_email/...")

    def customers_by_externalid(self, externalid: str) -> list[MinoxCustomer]:
        """Return the customers that were made with this externalid, by number."""
        return sorted(
            self._found(f"{self._base}/customer/by_externalid/{quote(externalid, safe='')}"),
            key=by_number,
        )

    def create_customer(self, body: bytes, journal: str) -> str | None:
        """POST a customer, once; return its number, or None when the answer does not tell.

        Raises Refused, Unreachable or UnusableAnswer; after the last two it may have been made.
        """
        answer = self._request(
            "POST",
            f"{self._base}/customer",
            params={"journal_id": journal},
            body=body,
            repeat=False,
        )
        errors = errors_inside(answer.data)
        if errors:
            raise Refused(answer.status, self._transport.cleaned(errors))
        return created_number(answer)

    def _found(
        self, path: str, shown: str = "", params: Mapping[str, str] | None = None
    ) -> list[MinoxCustomer]:
        try:
            answer = self._request("GET", path, shown=shown, params=params)
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return []
            raise
        return [read_customer(row) for row in rows_of(answer.data) if id_of(row)]

    # Bookings

    def put_booking(self, batch_id: str, body: bytes, *, repeat: bool = True) -> None:
        """PUT a booking: the same bytes at the same place replace themselves.

        Without `repeat` it is sent once: for what is to be deleted again, before an earlier PUT can
        come late. Raises Refused when Minox says no; after Unreachable or UnusableAnswer it is not
        known what happened.
        """
        answer = self._request(
            "PUT", f"{self._base}/transaction_line_batch/{batch_id}", body=body, repeat=repeat
        )
        if not isinstance(answer.data, dict | list):
            raise self._strange(_("a booking"))
        errors = errors_inside(answer.data)
        if errors:
            raise Refused(answer.status, self._transport.cleaned(errors))

    def booking(self, batch_id: str) -> list[TransactionLine]:
        """Read a booking back: its lines, none when there is no such booking."""
        try:
            answer = self._request(
                "GET", f"{self._base}/transaction_line_batch/{quote(batch_id, safe='')}"
            )
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return []
            raise self._refusal(refused) from None
        return [self._line(row) for row in lines_of(answer.data)]

    @property
    def books(self) -> str:
        """The path of the administration, without spaces."""
        return self._base

    def delete_booking(self, batch_id: str, books: str) -> bool:
        """Take a booking out of these `books` again, whichever are ours now; return whether there
        was one.

        Raises Refused, Unreachable, UnusableAnswer.
        """
        try:
            answer = self._request(
                "DELETE", f"{books}/transaction_line_batch/{quote(batch_id, safe='')}"
            )
        except Refused as refused:
            if refused.status != NOT_FOUND:
                raise
            return False
        errors = errors_inside(answer.data)
        if errors:
            raise Refused(answer.status, self._transport.cleaned(errors))
        return True

    def lines_of_period(self, fiscal_year: int, period: int) -> list[TransactionLine]:
        """Return every line of a period."""
        path = f"{self._base}/year/{fiscal_year}/transaction_lines"
        return [
            self._line(row) for row in lines_of(self._collection(path, {"period": str(period)}))
        ]

    def _line(self, row: Mapping[str, Any]) -> TransactionLine:
        try:
            return read_line(row)
        except (InvalidOperation, TypeError, ValueError, AttributeError):
            raise self._strange(_("a booking's line")) from None

    # Requests

    def _collection(
        self, path: str, params: Mapping[str, str] | None = None
    ) -> list[Mapping[str, Any]]:
        """Return all rows of a list, with either kind of paging.

        A list that is not there is empty.
        """
        rows: list[Mapping[str, Any]] = []
        asked = dict(params or {})
        for _page in range(MOST_PAGES):
            try:
                data = self._request("GET", path, params=asked).data
            except Refused as refused:
                if refused.status == NOT_FOUND and path != self._tenant:
                    return rows
                raise self._refusal(refused) from None
            rows += rows_of(data)
            following = next_page(data, asked)
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
        params: Mapping[str, str] | None = None,
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
            _(
                "Check minox.tenant and the rights, then log in as the subscription's main user:"
                " mww2minox login"
            ),
        )

    def _strange(self, what: str) -> UnusableAnswer:
        message = _("Minox answers {what} in a shape that is not known.").format(what=what)
        return UnusableAnswer(
            message, _("Check minox.url in the config, then run: mww2minox check")
        )
