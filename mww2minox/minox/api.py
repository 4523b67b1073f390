"""The Minox REST API: lists, customers and bookings of one administration."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from mww2minox.books.email_address import address_of, one_form, spellings
from mww2minox.books.filed_return import FiledReturn
from mww2minox.books.model import (
    Administration,
    Buyer,
    DistanceSale,
    ListEntry,
    MinoxCustomer,
    TransactionLine,
    VatCode,
)
from mww2minox.errors import (
    KeysRefused,
    Refused,
    UnusableAnswer,
    UsageError,
    VendorError,
    with_words,
)
from mww2minox.language.texts import _
from mww2minox.minox.oauth import MinoxLogin
from mww2minox.minox.wire import (
    by_number,
    covers,
    errors_inside,
    find_lines,
    only_messages,
    read_administration,
    read_administration_entry,
    read_created_number,
    read_customer,
    read_distance_sale,
    read_entry,
    read_id,
    read_line,
    read_look_up,
    read_next_page,
    read_rows,
    read_vat_code,
    read_vat_return,
)
from mww2minox.transport import Answer, Transport

NO_CONTENT = 204
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
MOST_PAGES = 10_000
SHORTEST_PRIVATE = 4
"""A shorter text tells nothing of a person, and stands in many words."""


EXCHANGES = (
    ("PUT", "/transaction_line_batch/", "put_booking"),
    ("GET", "/transaction_line_batch/", "read_booking"),
    ("POST", "/customer", "post_customer"),
    ("GET", "/customer/by_email/", "customer_by_email"),
    ("GET", "/customer/by_externalid/", "customer_by_externalid"),
    ("GET", "/customer/", "read_customer"),
    ("GET", "/customer", "search_customer"),
)
"""What requests about an order are for, by method and part of the path; the first that fits."""


def exchange_of(method: str, path: str) -> str:
    """Return a code for what a request is for; empty for one that is about no order."""
    for of_method, part, what in EXCHANGES:
        if method == of_method and part in path:
            return what
    return ""


class _NoListError(Exception):
    """Minox has no such list (404)."""


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
        known = (person.name, person.company, person.street, person.phone)
        for text in (*known, email.strip(), address_of(email)):
            if len(text) >= SHORTEST_PRIVATE:
                self._transport.hide(text)

    # Lists

    def administration(self) -> Administration:
        """Return the administration: currency, periods and fiscal years.

        Raises UsageError when there is none.
        """
        rows = self._collection(self._tenant)
        own_rows = [row for row in rows if read_id(row) == self._administration]
        if not own_rows:
            raise self._no_administration(rows)

        try:
            return read_administration(own_rows[0])
        except (KeyError, TypeError, ValueError):
            raise self._strange(_("the administration")) from None

    def _no_administration(self, rows: list[Mapping[str, Any]]) -> UsageError:
        choices = ", ".join(f"{read_id(row)} ({row.get('name', '')})" for row in rows) or _("none")
        message = _("Minox has no administration {wanted} for this tenant; there is: {there}.")
        return UsageError(
            message.format(wanted=self._administration, there=choices),
            _("Correct minox.administration in the config, then run: mww2minox check"),
        )

    def administrations(self) -> list[ListEntry]:
        """Return the administrations of the tenant, by id, with their names as descriptions."""
        return [read_administration_entry(row) for row in self._collection(self._tenant)]

    def vat_codes(self) -> list[VatCode]:
        """Return the VAT codes."""
        return [read_vat_code(row) for row in self._collection(f"{self._base}/vat")]

    def journals(self) -> list[ListEntry]:
        """Return the journals."""
        return [read_entry(row) for row in self._collection(f"{self._base}/journal")]

    def ledger_accounts(self) -> list[ListEntry]:
        """Return the ledger accounts."""
        return [read_entry(row) for row in self._collection(f"{self._base}/ledger_account")]

    def distance_sales(self) -> list[DistanceSale]:
        """Return what the administration books distance sales with; nothing where it does not tell.

        Which rights that needs is open (minox/api.md, "Lists").
        """
        try:
            rows = self._collection(f"{self._base}/distance_sales")
        except KeysRefused:
            return []
        return [read_distance_sale(row) for row in rows]

    def vat_return(self, first: tuple[int, int], last: tuple[int, int]) -> FiledReturn | None:
        """Return Minox' own VAT return over the periods from `first` to `last` (fiscal year,
        number); None where there is none, or our login may not read it (minox/api.md, "VAT
        returns").
        """
        path = f"{self._base}/vat_declaration"
        try:
            rows = self._collection(path)
        except KeysRefused:
            return None

        for row in rows:
            if covers(row, first, last):
                whole = self._get(f"{path}/{quote(str(row.get('id')), safe='')}")
                return read_vat_return(whole)
        return None

    # Customers

    def customer(self, number: str) -> MinoxCustomer | None:
        """Return the customer with this number, or None."""
        path = f"{self._base}/customer/{quote(number, safe='')}"
        return next(iter(self._customers(path, shown="customer/...")), None)

    def customers_by_email(self, email: str) -> list[MinoxCustomer]:
        """Return the customers with this e-mail, however it is written, by number.

        Where all that the look-up tells are blocked, a search may tell others.
        """
        wanted = one_form(email)
        # Whether Minox minds capitals is open, and a domain may stand there in either of two forms.
        customers: list[MinoxCustomer] = []
        for spelling in spellings(email):
            customers = customers or self._by_email(spelling)

        # The look-up may tell one customer where several have the e-mail.
        if customers and all(customer.blocked for customer in customers):
            others = self._by_search(email)
            customers += [customer for customer in others if wanted in customer.emails]

        fitting: dict[str, MinoxCustomer] = {}
        for customer in customers:
            # An answer without any e-mail says nothing against it: Minox looked it up by that.
            if not customer.emails or wanted in customer.emails:
                fitting[customer.number] = customer
        return sorted(fitting.values(), key=by_number)

    def customers_by_search(self, text: str) -> list[MinoxCustomer]:
        """Return the customers that a search finds, by number."""
        return sorted(self._by_search(text), key=by_number)

    def customers_by_externalid(self, externalid: str) -> list[MinoxCustomer]:
        """Return the customers that were made with this externalid, by number."""
        path = f"{self._base}/customer/by_externalid/{quote(externalid, safe='')}"
        return sorted(self._customers(path), key=by_number)

    def _by_email(self, email: str) -> list[MinoxCustomer]:
        path = f"{self._base}/customer/by_email/{quote(email, safe='')}"
        return self._customers(path, shown="customer/by_email/...")

    def _by_search(self, text: str) -> list[MinoxCustomer]:
        path = f"{self._base}/customer"
        return self._customers(path, shown="customer?search=...", params={"search": text})

    def _customers(
        self, path: str, shown: str = "", params: Mapping[str, str] | None = None
    ) -> list[MinoxCustomer]:
        """Look customers up; `shown` stands for a path with personal data."""
        try:
            data = self._get(path, shown=shown, params=params)
        except Refused as refused:
            if refused.status != NOT_FOUND:
                raise
            return []  # a look-up that finds nothing answers 404, or no rows

        return [read_customer(row) for row in self._rows(data, read_look_up)]

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
        self._refuse_errors(answer)
        return read_created_number(answer)

    # Bookings

    def booking_url(self, batch_id: str) -> str:
        """Return where a booking is sent to."""
        return f"{self._transport.base_url}{self._base}/transaction_line_batch/{batch_id}"

    def put_booking(
        self,
        batch_id: str,
        body: bytes,
        *,
        repeat: bool = True,
        leaving: Callable[[], None] | None = None,
    ) -> None:
        """PUT a booking: the same bytes at the same place replace themselves.

        Without `repeat` it is sent once: for what is to be deleted again, before an earlier PUT can
        come late. `leaving` is called each time that it is about to leave. Raises Refused when
        Minox says no, and VendorError; their `in_doubt` says whether any PUT may have been carried
        out.
        """
        path = f"{self._base}/transaction_line_batch/{batch_id}"
        answer = self._request("PUT", path, body=body, repeat=repeat, leaving=leaving)

        # A 2xx that is neither lines nor an error, as during maintenance, does not tell what
        # happened.
        self._refuse_errors(answer)
        if not isinstance(answer.data, dict | list) or only_messages(answer.data):
            unusable = self._transport.unusable(f"PUT {path}", answer.data)
            unusable.in_doubt = True
            raise unusable

    def booking(self, batch_id: str) -> list[TransactionLine]:
        """Read a booking back: its lines, none when there is no such booking."""
        path = f"{self._base}/transaction_line_batch/{quote(batch_id, safe='')}"
        try:
            data = self._get(path)
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return []
            raise self._refusal(refused) from None

        return [self._line(row) for row in find_lines(data)]

    @property
    def books(self) -> str:
        """The path of the administration, without spaces."""
        return self._base

    def delete_booking(self, batch_id: str, books: str) -> bool:
        """Take a booking out again, and return whether there was one.

        `books` are those that it was put into, whichever are ours now. Raises Refused, Unreachable
        or UnusableAnswer.
        """
        path = f"{books}/transaction_line_batch/{quote(batch_id, safe='')}"
        try:
            answer = self._request("DELETE", path)
        except Refused as refused:
            if refused.status != NOT_FOUND:
                raise
            return False

        self._refuse_errors(answer)
        return True

    def lines_of_period(
        self, fiscal_year: int, period: int, *, most: int | None = None
    ) -> list[TransactionLine] | None:
        """Return every line of a period; None where Minox has no such list, or more pages of it
        than `most`.

        Raises UnusableAnswer where it has the first page and no further one.
        """
        path = f"{self._base}/year/{fiscal_year}/transaction_lines"
        try:
            rows = self._pages(path, {"period": str(period)}, most=most)
        except _NoListError:
            return None
        return [self._line(row) for row in find_lines(rows)]

    def no_lines(self) -> UnusableAnswer:
        """Return the failure of a Minox that has no list of lines for any period."""
        return self._strange(_("a list"))

    def _line(self, row: Mapping[str, Any]) -> TransactionLine:
        try:
            return read_line(row)
        except (InvalidOperation, TypeError, ValueError, AttributeError):
            raise self._strange(_("a booking's line")) from None

    # Requests

    def _collection(
        self, path: str, params: Mapping[str, str] | None = None
    ) -> list[Mapping[str, Any]]:
        """Return all rows of a list; one that is not there is empty."""
        try:
            return self._pages(path, params)
        except _NoListError:
            return []

    def _pages(
        self, path: str, params: Mapping[str, str] | None = None, *, most: int | None = None
    ) -> list[Mapping[str, Any]]:
        """Return all rows of a list, with either kind of paging.

        Raises _NoListError where it is not there, or has more pages than `most`, and UnusableAnswer
        where a further page is not.
        """
        rows: list[Mapping[str, Any]] = []
        query = dict(params or {})
        for page in range(MOST_PAGES):
            try:
                data = self._get(path, params=query)
            except Refused as refused:
                # Without its administrations a tenant is no tenant: that is told, not passed over.
                if refused.status != NOT_FOUND or path == self._tenant:
                    raise self._refusal(refused) from None
                # Half a list would be taken for the whole.
                if page:
                    raise self._strange(_("a list")) from None
                raise _NoListError from None

            rows += self._rows(data, read_rows)
            next_query = read_next_page(data, query)
            # A page that names itself as the next one is the last.
            if next_query is None or next_query == query:
                return rows
            if page + 1 == most:
                raise _NoListError
            query = next_query

        raise self._strange(_("a list without end"))

    def _rows(
        self, data: object, read: Callable[[object], list[Mapping[str, Any]]]
    ) -> list[Mapping[str, Any]]:
        try:
            return read(data)
        except ValueError:
            raise self._strange(_("a list")) from None

    def _get(
        self, path: str, *, shown: str = "", params: Mapping[str, str] | None = None
    ) -> object:
        """GET a list, a customer or a booking.

        Raises UnusableAnswer where there is something to say in its place, or nothing at all: so
        answers who is being maintained. Taken for an empty list it would hide what is there.
        """
        answer = self._request("GET", path, shown=shown, params=params)
        is_empty = answer.data is None and answer.status != NO_CONTENT
        is_scalar = isinstance(answer.data, str | int | Decimal) and answer.data
        if is_empty or is_scalar or only_messages(answer.data):
            raise self._transport.unusable(f"GET {shown or path}", answer.data)

        return answer.data

    def _request(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        shown: str = "",
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        repeat: bool = True,
        leaving: Callable[[], None] | None = None,
    ) -> Answer:
        """Send with the bearer token, renewing it once when Minox does not take it."""

        def send(token: str) -> Answer:
            self._transport.hide(token)
            return self._transport.request(
                method,
                path,
                shown=shown,
                params=params,
                # no text: a word of HTTP
                headers={"Authorization": f"Bearer {token}"},
                body=body,
                repeat=repeat,
                leaving=leaving,
            )

        token = self._token()
        try:
            answer = send(token)
        except Refused as refused:
            if refused.status != UNAUTHORIZED:
                raise self._of_rights(refused) from None
            # Minox may withdraw a token before the time that it told.
            return self._once_more(send, token, in_doubt=refused.in_doubt)

        self._login.worked(token)
        return answer

    def _once_more(self, send: Callable[[str], Answer], stale: str, *, in_doubt: bool) -> Answer:
        """Send with a newer token than `stale`.

        `in_doubt`: what was sent with that one may have been carried out.
        """
        try:
            token = self._token(stale)
            answer = send(token)
        except Refused as refused:
            refused.in_doubt |= in_doubt
            raise self._of_rights(refused) from None
        except VendorError as error:
            error.in_doubt |= in_doubt
            raise

        self._login.worked(token)
        return replace(answer, in_doubt=answer.in_doubt or in_doubt)

    def _token(self, stale: str | None = None) -> str:
        """Return a bearer token, a newer one than `stale`."""
        try:
            if stale is None:
                return self._login.access_token()
            return self._login.renew(stale)
        except VendorError as error:
            # The doubt is about a token: what needs it has not left.
            error.in_doubt = False
            raise

    def _of_rights(self, refused: Refused) -> Refused | VendorError:
        """Return a refusal of our keys or rights as what it is, another as it came."""
        if refused.status not in (UNAUTHORIZED, FORBIDDEN):
            return refused

        refusal = self._refusal(refused)
        refusal.in_doubt = refused.in_doubt
        return refusal

    def _refuse_errors(self, answer: Answer) -> None:
        """Raise Refused for a 2xx with errors inside: it is a "no" all the same."""
        errors = errors_inside(answer.data)
        if errors:
            refused = Refused(answer.status, self._transport.clean_messages(errors))
            refused.in_doubt, refused.data = answer.in_doubt, answer.data
            raise refused

    def _refusal(self, refused: Refused) -> KeysRefused | UnusableAnswer:
        words = "; ".join(refused.messages)
        if refused.status not in (UNAUTHORIZED, FORBIDDEN, NOT_FOUND):
            message = _("Minox refuses to tell what is asked (HTTP {status})")
            return UnusableAnswer(
                with_words(message.format(status=refused.status), words),
                _("Check minox.url and minox.tenant in the config, then run: mww2minox check"),
            )

        # A tenant that our login does not reach can be a 404 as well.
        message = _("Minox refuses our keys or rights (HTTP {status})")
        suggestion = _(
            "Check minox.tenant and the rights, then log in as the subscription's main user:"
            " mww2minox login"
        )
        return KeysRefused(with_words(message.format(status=refused.status), words), suggestion)

    def _strange(self, what: str) -> UnusableAnswer:
        message = _("Minox sends {what} in a form that is not known.").format(what=what)
        return UnusableAnswer(message, self._transport.advice())
