"""The trial booking: one real order, put into Minox, read back, compared, and taken out again.

Finds out which way of sending VAT an administration takes, which no public text tells
(minox/api.md, "Open: how VAT is sent"). What is put there is noted in the state before it is sent,
so that the next run takes out what a kill left behind.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from mww2minox.books.decision import decide
from mww2minox.books.differences import VatAccounts, booking_differences
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
from mww2minox.minox import TRIAL
from mww2minox.minox.api import Minox
from mww2minox.minox.asking import GHOST_SECONDS, poll
from mww2minox.minox.customers import said
from mww2minox.minox.wire import booking_body, sent_lines
from mww2minox.state import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How one way of sending VAT went: Minox' own words where it refused, else what differs."""

    posting: VatPosting
    refused: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def right(self) -> bool:
        """Whether the booking read back as it was meant."""
        return not self.refused and not self.differences


def ways(
    rules: BookingRules, codes: list[VatCode], *, vat_on_sub: bool | None = None
) -> Iterator[BookingRules]:
    """Yield the rules with each way of sending VAT that their rows allow, their own way first.

    `debtor` goes before it where the administration has its VAT on the sub-administration, and is
    left out where it has not: what reads back there could still be missing in the VAT return.
    """
    accounts = {code.code: code.account for code in codes}
    rows = tuple(_with_vat_ledger(row, accounts) for row in rules.vat)
    all_have_vat_ledger = all(row.vat_ledger for row in rows if row.rate)

    first = VatPosting.DEBTOR if vat_on_sub else rules.vat_posting
    for posting in dict.fromkeys((first, rules.vat_posting, *VatPosting)):
        if posting is VatPosting.LEDGER and not _one_code_each(rules):
            continue
        if posting is VatPosting.DEBTOR and vat_on_sub is False:
            continue
        # A line for the VAT needs an account to go to.
        if posting is VatPosting.LINE and not all_have_vat_ledger:
            continue

        # With `ledger` one account cannot hold two rates, as that of shipping costs would.
        ledgers = {} if posting is VatPosting.LEDGER else rules.ledgers
        yield replace(rules, vat_posting=posting, vat=rows, ledgers=ledgers)


def _with_vat_ledger(row: VatRow, accounts: dict[str, str]) -> VatRow:
    if not row.rate:
        return row

    return replace(row, vat_ledger=row.vat_ledger or accounts.get(str(row.code)) or None)


def _one_code_each(rules: BookingRules) -> bool:
    """Tell whether no account has two codes: with `vat_posting: ledger` it decides the code."""
    codes: dict[str, set[str]] = {}
    for row in rules.vat:
        codes.setdefault(row.ledger, set()).add(str(row.code))

    return all(len(of_account) == 1 for of_account in codes.values())


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
    """Book `order` on `customer` in one way after another, up to the first that reads back right.

    Nothing is left behind. Call under the run lock. Raises VendorError; what is left behind then,
    the next run takes out (`take_out`).
    """
    vat = VatAccounts(codes={code.code: code for code in codes})
    minox.keep_private(order.buyer, order.email)

    for way in ways(rules, codes, vat_on_sub=administration.vat_on_sub):
        booking = decide(order, way, administration).outcome
        if not isinstance(booking, Booking):
            continue
        tried = _try(store, minox, booking, customer, way.vat_posting, vat)
        yield tried
        if tried.right:
            return


def _try(  # noqa: PLR0913 - one attempt
    store: Store,
    minox: Minox,
    booking: Booking,
    customer: str,
    posting: VatPosting,
    vat: VatAccounts,
) -> Tried:
    # A random UUID: the derived one is for the order's own booking. Noted before it is sent.
    batch_id, body = str(uuid.uuid4()), booking_body(booking, customer)
    store.set_note(TRIAL, f"{batch_id} {booking.order_number} {minox.books}")

    try:
        lines = _put_and_read(minox, batch_id, body)
    except Refused as refused:
        take_out(store, minox, settled=True)
        return Tried(posting=posting, refused=said(refused))

    take_out(store, minox, settled=bool(lines))
    differences = _differences(booking, body, lines, posting, vat)
    return Tried(posting=posting, differences=differences)


def _put_and_read(minox: Minox, batch_id: str, body: bytes) -> list[TransactionLine]:
    """Send the booking and read it back.

    Look-ups may lag behind the write, and the answer may be lost: then it is raised only when the
    booking is not there.
    """
    try:
        minox.put_booking(batch_id, body, repeat=False)
    except (Unreachable, UnusableAnswer):
        lines = poll(lambda: minox.booking(batch_id))
        if not lines:
            raise
        return lines

    return poll(lambda: minox.booking(batch_id)) or []


def _differences(
    booking: Booking,
    body: bytes,
    lines: list[TransactionLine],
    posting: VatPosting,
    vat: VatAccounts,
) -> tuple[Difference, ...]:
    """Compare customer, ledger accounts, VAT per code and period, as `verify` does."""
    if not lines:
        return (Difference(code="booking_gone", values={"batch_id": ""}),)

    # Minox rounds the VAT that it makes from the accounts; what was sent must be there to the cent.
    tolerance, made_vat = Decimal(0), None
    if posting is VatPosting.LEDGER:
        tolerance = Decimal(LEDGER_TOLERANCE)
        made_vat = sum((share.vat for share in booking.shares), Decimal(0))

    return booking_differences(
        sent_lines(body.decode()),
        lines,
        vat=vat,
        tolerance=tolerance,
        made_vat=made_vat,
    )


def take_out(store: Store, minox: Minox, *, settled: bool = False) -> bool:
    """Delete the trial booking that is noted, if any; return whether there was one.

    `settled`: it is known what became of the PUT. Else one that is not there may still come: it is
    waited for. Raises VendorError; while Minox does not delete it, it stays noted, since the books
    are not right with it.
    """
    note = store.note(TRIAL)
    if note is None:
        return False
    batch_id, rest = note.split(maxsplit=1)
    number, books = rest.rsplit(maxsplit=1)  # the order number may hold spaces

    try:
        poll(lambda: minox.delete_booking(batch_id, books), seconds=0 if settled else GHOST_SECONDS)
    except Refused as refused:
        message = _("Minox does not delete the trial booking of order {number}: {message}")
        raise UnusableAnswer(
            message.format(number=number, message=said(refused)),
            _("Delete that booking in Minox by hand, then run: mww2minox verify"),
        ) from None

    store.set_note(TRIAL, None)
    return True
