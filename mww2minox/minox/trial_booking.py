"""The trial booking: one real order, put into Minox, read back, compared, and taken out again.

Finds out which way of sending VAT an administration takes, which no public text tells
(minox/api.md, "Open: how VAT is sent"). What is put there is noted in the state before it is
sent, so that the next run takes out what a kill left behind.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from mww2minox.books.booking import book
from mww2minox.books.differences import booking_differences
from mww2minox.books.model import (
    Administration,
    Booking,
    BookingRules,
    Difference,
    Order,
    TransactionLine,
    VatCode,
    VatPosting,
    VatRow,
)
from mww2minox.config.loading import LEDGER_TOLERANCE
from mww2minox.errors import Refused, Unreachable, UnusableAnswer
from mww2minox.language.texts import _
from mww2minox.minox.api import Minox
from mww2minox.minox.customers import GHOST_SECONDS, poll, said
from mww2minox.minox.wire import booking_body, sent_lines
from mww2minox.state import Store

NOTE = "trial booking in Minox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How one way of sending VAT went: Minox' own words where it refused, else what reads back
    otherwise.
    """

    posting: VatPosting
    refused: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def right(self) -> bool:
        """Whether the booking read back as it was meant."""
        return not self.refused and not self.differences


def ways(rules: BookingRules, codes: list[VatCode]) -> Iterator[BookingRules]:
    """Yield the mapping with each way of sending VAT that its rows allow, its own way first."""
    accounts = {code.code: code.account for code in codes}
    with_vat_ledgers = tuple(_with_vat_ledger(row, accounts) for row in rules.vat)
    own = rules.vat_posting
    for posting in (own, *(way for way in VatPosting if way is not own)):
        if posting is VatPosting.LEDGER and not _one_code_each(rules):
            continue
        if posting is VatPosting.LINE and any(
            row.rate and not row.vat_ledger for row in with_vat_ledgers
        ):
            continue
        ledgers = {} if posting is VatPosting.LEDGER else rules.ledgers
        yield replace(rules, vat_posting=posting, vat=with_vat_ledgers, ledgers=ledgers)


def _with_vat_ledger(row: VatRow, accounts: dict[str, str]) -> VatRow:
    return (
        replace(row, vat_ledger=row.vat_ledger or accounts.get(str(row.code)) or None)
        if row.rate
        else row
    )


def _one_code_each(rules: BookingRules) -> bool:
    """With `vat_posting: ledger` the account decides the code, so that an account can have one
    only.
    """
    pairs = {(row.ledger, str(row.code)) for row in rules.vat}
    return len(pairs) == len({ledger for ledger, _code in pairs})


def try_out(  # noqa: PLR0913 - both sides, the state, and what a booking depends on
    store: Store,
    minox: Minox,
    order: Order,
    *,
    rules: BookingRules,
    administration: Administration,
    customer: str,
    codes: list[VatCode],
) -> Iterator[Tried]:
    """Book `order` on `customer` in one way after another, up to the first that reads back right;
    leave nothing behind.

    Call under the run lock. Raises VendorError; what is left behind then, the next run takes out
    (`take_out`).
    """
    vat_accounts = frozenset(code.account for code in codes if code.account)
    minox.keep_private(order.buyer, order.email)
    for way in ways(rules, codes):
        booking = book(order, way, administration)
        if not isinstance(booking, Booking):
            continue
        tried = _try(store, minox, booking, customer, way.vat_posting, vat_accounts)
        yield tried
        if tried.right:
            return


def _try(  # noqa: PLR0913 - one attempt
    store: Store,
    minox: Minox,
    booking: Booking,
    customer: str,
    posting: VatPosting,
    vat_accounts: frozenset[str],
) -> Tried:
    batch_id, body = str(uuid.uuid4()), booking_body(booking, customer)
    store.set_note(NOTE, f"{batch_id} {booking.order_number} {minox.books}")
    try:
        found = _put_and_read(minox, batch_id, body)
    except Refused as refused:
        take_out(store, minox, settled=True)
        return Tried(posting=posting, refused=said(refused))
    take_out(store, minox, settled=bool(found))
    return Tried(
        posting=posting, differences=_compared(booking, body, found, posting, vat_accounts)
    )


def _put_and_read(minox: Minox, batch_id: str, body: bytes) -> list[TransactionLine]:
    """Send the booking and read it back; look-ups may lag behind the write, and the answer may be
    lost.
    """
    try:
        minox.put_booking(batch_id, body, repeat=False)
    except (Unreachable, UnusableAnswer):
        found = poll(lambda: minox.booking(batch_id))
        if not found:
            raise
        return found
    return poll(lambda: minox.booking(batch_id)) or []


def _compared(
    booking: Booking,
    body: bytes,
    found: list[TransactionLine],
    posting: VatPosting,
    vat_accounts: frozenset[str],
) -> tuple[Difference, ...]:
    """Compare debtor, ledger accounts, VAT per code and period, as `verify` does."""
    if not found:
        return (Difference(code="booking_gone", values={"batch_id": ""}),)
    by_minox = posting is VatPosting.LEDGER
    return booking_differences(
        sent_lines(body.decode()),
        found,
        vat_accounts=vat_accounts,
        tolerance=Decimal(LEDGER_TOLERANCE) if by_minox else Decimal(0),
        made_vat=sum((share.vat for share in booking.shares), Decimal(0)) if by_minox else None,
    )


def take_out(store: Store, minox: Minox, *, settled: bool = False) -> bool:
    """Delete the trial booking that is noted, if any; return whether there was one.

    `settled`: it is known what became of the PUT. Else one that is not there may still come: it is
    waited for. Raises VendorError; while Minox does not delete it, it stays noted, since the books
    are not right with it.
    """
    noted = store.note(NOTE)
    if noted is None:
        return False
    batch_id, number, books = noted.split()
    try:
        poll(lambda: minox.delete_booking(batch_id, books), seconds=0 if settled else GHOST_SECONDS)
    except Refused as refused:
        message = _("Minox does not delete the trial booking of order {number}: {message}")
        raise UnusableAnswer(
            message.format(number=number, message=said(refused)),
            _("Delete that booking in Minox by hand, then run: mww2minox verify"),
        ) from None
    store.set_note(NOTE, None)
    return True
