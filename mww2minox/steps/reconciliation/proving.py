"""Holds shop and books of a period against each other, order by order, and what is left over.

Source: books/rules.md, "Reconciliation". Nothing is written to Minox, nor to the state.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from mww2minox.books.amounts import ZERO
from mww2minox.books.decision import UNPAID, decide, document_date_of, lacks_money
from mww2minox.books.differences import VatAccounts
from mww2minox.books.model import (
    BOOKED_ELSEWHERE,
    ORDER_GONE,
    PAYMENT_UNDONE,
    Booking,
    Difference,
    Order,
    Reason,
    Rejection,
    State,
    TransactionLine,
)
from mww2minox.books.money import euros
from mww2minox.books.reconciliation import (
    Finding,
    Point,
    ReconciledOrder,
    Reconciliation,
    Share,
    Standing,
    shares_in_books,
    shares_of,
    vat_lines,
)
from mww2minox.books.vat_number import vat_number_on
from mww2minox.minox.journal import JournalBooking, find_bookings, order_lines, own_booking
from mww2minox.minox.readback import Compared
from mww2minox.shop.intake import changes_since, next_order, undone_since
from mww2minox.shop.orders import ReceivedOrder
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.steps.reconciliation.both_sides import BothSides
from mww2minox.wiring import Wiring


def prove(sides: BothSides) -> Reconciliation:
    """Return both sides of a period, with everything that does not agree. Raises VendorError."""
    proof = _Proof(sides)
    numbers = sorted({*sides.listed, *sides.gone}, key=_by_number)

    orders: list[ReconciledOrder] = []
    elsewhere: list[ReconciledOrder] = []
    for number in numbers:
        order = proof.order(number)
        is_here = proof.is_of_period(order)
        (orders if is_here else elsewhere).append(order)

    others, other_bookings = proof.of_nobody()
    return Reconciliation(
        period=sides.period,
        orders=tuple(orders),
        elsewhere=tuple(elsewhere),
        others=(*others, *proof.count_differs()),
        other_bookings=other_bookings,
        lines=vat_lines(orders, proof.shares_beside, proof.vat),
        mapping=_mapping(sides.wiring),
    )


def _by_number(number: str) -> tuple[bool, int, str]:
    return (not number.isdecimal(), int(number) if number.isdecimal() else 0, number)


def _mapping(wiring: Wiring) -> tuple[str, ...]:
    """Return what decides how orders become bookings, a line each."""
    rules = wiring.rules
    rows = [
        (
            "vat",
            row.strategy or row.region,
            row.rate,
            row.type,
            row.code,
            row.ledger,
            row.vat_ledger,
        )
        for row in rules.vat
    ]
    booking = ("booking", rules.journal, rules.vat_posting, rules.invoice_number, rules.date)
    rounding = ("rounding", rules.rounding_ledger, euros(rules.max_rounding))

    ledgers = [("ledger", kind, account) for kind, account in sorted(rules.ledgers.items())]
    return tuple(map(_mapping_line, (booking, rounding, *rows, *ledgers)))


def _mapping_line(values: Iterable[object]) -> str:
    return "|".join("" if value is None else str(value) for value in values)


@dataclass
class _Proof:
    """A proof under way."""

    sides: BothSides
    shares_beside: list[Share] = field(default_factory=list)
    counted: set[str] = field(default_factory=set)

    @property
    def wiring(self) -> Wiring:
        """The parts of this run."""
        return self.sides.wiring

    @cached_property
    def vat(self) -> VatAccounts:
        """Where Minox keeps VAT."""
        return self.wiring.readback.vat

    @cached_property
    def accounts(self) -> Mapping[str, str]:
        """The accounts that VAT is sent to, by code."""
        rows = self.wiring.rules.vat
        return {str(row.code): row.vat_ledger for row in rows if row.vat_ledger}

    @cached_property
    def usual(self) -> Mapping[str, Share]:
        """Country and rate of each code that the config has a single row for."""
        places: dict[str, set[tuple[str, Decimal]]] = {}
        for row in self.wiring.rules.vat:
            place = (row.region or "", Decimal(row.rate or 0))
            places.setdefault(str(row.code), set()).add(place)

        return {
            code: Share(code=code, region=region, rate=rate, ledger="", turnover=ZERO, vat=ZERO)
            for code, of_code in places.items()
            if len(of_code) == 1
            for region, rate in of_code
        }

    @cached_property
    def elsewhere(self) -> Mapping[str, JournalBooking]:
        """Bookings in these periods of orders that the state does not have as booked."""
        wanted = [number for number in self.sides.listed if not self._is_booked(number)]
        found = find_bookings(
            [line for lines in self.sides.batches.values() for line in lines],
            wanted,
            self.sides.search,
        )
        return {number: what.booking for number, what in found.items() if what.booking}

    def _is_booked(self, number: str) -> bool:
        return number in self.sides.booked

    def is_of_period(self, order: ReconciledOrder) -> bool:
        """Tell whether an order counts in this period: by its own date, or by its booking's."""
        period = self.sides.period
        is_dated = period.first.isoformat() <= order.document_date <= period.last.isoformat()
        # One without a date is nobody's to leave out.
        if is_dated or not order.document_date:
            return True
        return self.sides.is_of_period(self.sides.batches.get(order.batch_id, ()))

    # An order

    def order(self, number: str) -> ReconciledOrder:
        """Prove an order."""
        received = self.sides.listed.get(number)
        booking = self.sides.bookings.get(number)
        if booking and booking.booked_at:
            return self._booked(received, booking)

        # What is gone without a booking is not among those that were asked for.
        if received is None:
            raise KeyError(number)
        return self._not_booked(received)

    def _order_facts(self, received: ReceivedOrder) -> ReconciledOrder:
        """Return what the shop tells of an order, and what it comes to by the rules of today."""
        order = received.order
        day = self.sides.document_date(received)
        shares: tuple[Share, ...] = ()
        if order:
            decision = decide(
                replace(order, payment=order.payment or None),
                self.wiring.readback.any_number,
                self.wiring.administration,
            )
            # What is no rounding is no turnover either.
            rounding = decision.workings.rounding
            is_rounding = isinstance(decision.outcome, Booking)
            ledger = rounding.ledger if is_rounding else None
            shares = shares_of(decision.workings.shares, ledger, rounding.difference)

        total = order.total if order else None
        facts = ReconciledOrder(
            number=received.number,
            date=received.date,
            document_date=day.isoformat() if day else "",
            total=total,
            standing=Standing.MISSING,
            in_shop=shares,
        )
        return self._with_buyer(facts, order) if order else facts

    def _with_buyer(self, facts: ReconciledOrder, order: Order) -> ReconciledOrder:
        """Add what the listings beside the return tell of an order."""
        credited = order.credited_order_number or ""
        original = self.sides.listed.get(credited) or self.sides.stored(credited)

        return replace(
            facts,
            vat_number=vat_number_on(order),
            country=_country(order),
            region=order.tax_region or "",
            invoice_country=order.buyer.country_code,
            credited=credited,
            original_date=original.date if original else "",
        )

    def _not_booked(self, received: ReceivedOrder) -> ReconciledOrder:
        """Prove an order that the state does not have as booked: excluded, or missing."""
        facts = self._order_facts(received)
        number = received.number
        in_books = self.elsewhere.get(number)
        following = self._following(received)
        excluded = following.state in (State.WAITING, State.SKIPPED)

        if excluded:
            points = self._though_excluded(facts, in_books)
            return replace(
                facts,
                standing=Standing.EXCLUDED,
                rejection=following.rejection,
                points=points,
                in_shop=(),
            )
        if in_books:
            cause = Finding(
                code="not_known_as_booked",
                values={"number": number, "batch_id": in_books.batch_id},
            )
            point = Point(
                number=number, batch_id=in_books.batch_id, amount=in_books.total, cause=cause
            )
            shares = self._in_books(facts, self.sides.batches.get(in_books.batch_id, ()))
            return replace(facts, batch_id=in_books.batch_id, in_books=shares, points=(point,))
        return self._missing(facts, following)

    def _following(self, received: ReceivedOrder) -> StoredOrder:
        """Return an order as `fetch` would take it in now, and `push` skip what is nothing."""
        stored = self.sides.stored(received.number)
        under_way = received.number in self.sides.bookings
        following = next_order(stored, received, self.wiring.statuses, under_way=under_way)
        if following.state is not State.READY:
            return following

        outcome = (
            decide(
                following.order, self.wiring.readback.any_number, self.wiring.administration
            ).outcome
            if following.order
            else None
        )
        if isinstance(outcome, Rejection) and outcome.reason is Reason.NOTHING_TO_BOOK:
            return replace(following, state=State.SKIPPED, rejection=outcome)
        return following

    def _though_excluded(
        self, facts: ReconciledOrder, in_books: JournalBooking | None
    ) -> tuple[Point, ...]:
        """Return that the books hold a booking of an order that is not to be booked."""
        if in_books is None:
            return ()

        rejection = self.sides.stored(facts.number)
        reason = rejection.rejection.reason if rejection and rejection.rejection else None
        # Others booked these, and are to have done so.
        if reason in BOOKED_ELSEWHERE:
            return ()
        self._count_beside(in_books.batch_id)
        values = {"number": facts.number, "batch_id": in_books.batch_id}
        cause = Finding(code="booked_though_excluded", values=values)
        return (
            Point(
                number=facts.number, batch_id=in_books.batch_id, amount=in_books.total, cause=cause
            ),
        )

    def _missing(self, facts: ReconciledOrder, following: StoredOrder) -> ReconciledOrder:
        """Return an order that is to be booked and is not, with the reason as far as it is told."""
        rejection = following.rejection
        is_unknown = rejection is not None and rejection.reason is Reason.OUTCOME_UNKNOWN
        if self.sides.stored(facts.number) is None:
            cause: Finding | Rejection = Finding(
                code="not_fetched", values={"number": facts.number, "date": facts.date}
            )
        else:
            cause = rejection or Finding(code="not_pushed", values={"number": facts.number})

        point = Point(number=facts.number, batch_id="", amount=facts.total, cause=cause)
        # What it takes back is to be seen to before it can be booked.
        of_original = () if rejection else tuple(self._of_original(facts))
        return replace(
            facts,
            standing=Standing.UNKNOWN if is_unknown else Standing.MISSING,
            rejection=rejection,
            points=of_original or (point,),
        )

    def _booked(self, received: ReceivedOrder | None, booking: StoredBooking) -> ReconciledOrder:
        """Prove an order that is booked: what was sent, what is in the books, and what is in the
        shop now.
        """
        facts = self._order_facts(received) if received else self._gone_facts(booking)
        changes, undone = self._in_shop(received, booking)
        lines, compared = self._read_back(booking, received, changes)
        batch_id = booking.batch_id
        found = replace(
            facts, standing=Standing.BOOKED, batch_id=batch_id, customer=booking.customer
        )
        if not lines:
            return self._deleted(found, booking, received, (*changes, *undone))

        in_shop = (*undone,) if compared.agreed else (*changes, *undone)
        now = replace(booking, differences=compared.differences, shop_differences=in_shop)
        points = [*self._difference_points(found, now)]
        points += self._beside(found)
        points += self._of_credit(found, received)

        accounts = {line.account for line in order_lines(found.number, lines)}
        return replace(
            found,
            customer=", ".join(sorted(accounts)) or booking.customer,
            in_books=self._in_books(found, lines),
            points=tuple(points),
        )

    def _in_books(
        self, found: ReconciledOrder, lines: Sequence[TransactionLine]
    ) -> tuple[Share, ...] | None:
        """Return what Minox shows of an order's VAT; None where a booking of several orders tells
        none of one.
        """
        customers = [line for line in lines if line.type == "customer"]
        if len(order_lines(found.number, lines)) < len(customers):
            return None

        return self._shares(lines, found.in_shop)

    def _shares(
        self, lines: Sequence[TransactionLine], wanted: Sequence[Share]
    ) -> tuple[Share, ...] | None:
        return shares_in_books(lines, wanted, self.accounts, self.vat, self.usual)

    def _gone_facts(self, booking: StoredBooking) -> ReconciledOrder:
        """Return what is known of an order that the shop does not have any more."""
        order = booking.order
        date = str(booking.payload.get("date", ""))
        day = document_date_of(order, self.wiring.rules).isoformat() if order else date
        return ReconciledOrder(
            number=booking.number,
            date=date,
            document_date=day,
            total=order.total if order else Decimal(booking.total_cents) / 100,
            standing=Standing.BOOKED,
        )

    def _in_shop(
        self, received: ReceivedOrder | None, booking: StoredBooking
    ) -> tuple[Sequence[Difference], Sequence[Difference]]:
        """Return what changed on an order since it was booked, and what was undone of it."""
        if received is None:
            return (), (ORDER_GONE,)
        undone = undone_since(booking, received, self.wiring.statuses)
        return changes_since(booking, received), undone

    def _read_back(
        self,
        booking: StoredBooking,
        received: ReceivedOrder | None,
        changes: Sequence[Difference],
    ) -> tuple[Sequence[TransactionLine], Compared]:
        """Return a booking's lines and what differs in them; what is not right by the lists may
        stand elsewhere in part.
        """
        compare = self.wiring.readback.compare
        listed = self.sides.batches.get(booking.batch_id, ())
        if listed:
            compared = compare(booking, listed, received, changes)
            if not compared.differences:
                return listed, compared

        lines = self.wiring.minox.booking(booking.batch_id)
        if not lines:
            return (), Compared(differences=())
        return lines, compare(booking, lines, received, changes)

    def _deleted(
        self,
        found: ReconciledOrder,
        booking: StoredBooking,
        received: ReceivedOrder | None,
        in_shop: Sequence[Difference],
    ) -> ReconciledOrder:
        """Return an order whose booking is gone, which is right where the order wants none."""
        waits = received and self.wiring.statuses.rejection(found.number, received.status)
        if received is None or waits:
            return replace(
                found, standing=Standing.EXCLUDED, rejection=waits or _gone(found), in_shop=()
            )

        gone = Difference(code="booking_gone", values={"batch_id": booking.batch_id})
        now = replace(booking, differences=(gone,), shop_differences=tuple(in_shop))
        points = tuple(self._difference_points(found, now))
        return replace(found, standing=Standing.MISSING, points=points)

    def _difference_points(self, found: ReconciledOrder, booking: StoredBooking) -> Iterator[Point]:
        differences = booking.all_differences
        if differences:
            yield Point(
                number=found.number,
                batch_id=found.batch_id,
                amount=found.total,
                cause=differences,
                accepted=not booking.unseen_differences,
            )

    def _beside(self, found: ReconciledOrder) -> Iterator[Point]:
        """Yield the bookings that name an order beside its own."""
        for other in self.sides.named.get(found.number, ()):
            taken = self.sides.search.taken.get(other.batch_id, frozenset())
            is_disowned = (found.number, other.batch_id) in self.sides.search.disowned
            if other.batch_id == found.batch_id or is_disowned or taken:
                continue
            self._count_beside(other.batch_id)
            yield _double(found.number, other)

        # An adopted order may have been booked by us as well, before its adoption.
        own = self.wiring.booker.batch_id(found.number)
        if own != found.batch_id and own in self.sides.batches:
            self._count_beside(own)
            yield _double(found.number, own_booking(own, self.sides.batches[own], found.number))

    def _of_credit(self, found: ReconciledOrder, received: ReceivedOrder | None) -> Iterator[Point]:
        """Yield what is wrong with a credit order, or with money that was paid back without one."""
        order = received.order if received else None
        if order is None:
            return
        if found.credited:
            yield from self._of_original(found)
        elif lacks_money(order):
            yield from self._uncredited(found, order)

    def _of_original(self, found: ReconciledOrder) -> Iterator[Point]:
        stored = self.sides.stored(found.credited)
        is_booked = self._is_booked(found.credited)
        reason = stored.rejection.reason if stored and stored.rejection else None
        # One that the shop no longer has, or never showed, is before our time.
        if not found.credited or is_booked or stored is None or reason in BOOKED_ELSEWHERE:
            return
        # It is booked first, in the same run.
        if stored.state is State.READY:
            return

        values = {"number": found.number, "original": found.credited, "state": stored.state.value}
        cause = Finding(code="credits_what_is_not_booked", values=values)
        yield Point(number=found.number, batch_id=found.batch_id, amount=found.total, cause=cause)

    def _uncredited(self, found: ReconciledOrder, order: Order) -> Iterator[Point]:
        booking = self.sides.bookings[found.number]
        differences = undone_since(booking, self.sides.listed[found.number], self.wiring.statuses)
        # Told already as a difference, or taken back by a credit order.
        told = any(difference.code == PAYMENT_UNDONE for difference in differences)
        if told or booking.credited_cents is not None or order.payment_status not in UNPAID:
            return

        values = {"number": found.number, "payment_status": order.payment_status}
        cause = Finding(code="paid_back_uncredited", values=values)
        accepted = bool(booking.warnings) and not booking.unseen_warnings
        yield Point(
            number=found.number,
            batch_id=found.batch_id,
            amount=found.total,
            cause=cause,
            accepted=accepted,
        )

    # What is left over

    def of_nobody(self) -> tuple[list[Point], int]:
        """Return the bookings in the sales journal that name an order which nobody has, and how
        many there are that name none.
        """
        known = set(self.sides.search.taken)
        known |= {order.batch_id for order in self.sides.search.orders.values()}
        named: dict[str, list[tuple[str, JournalBooking]]] = {}
        for number, bookings in self.sides.named.items():
            for booking in bookings:
                named.setdefault(booking.batch_id, []).append((number, booking))

        points: list[Point] = []
        others = 0
        for batch_id, lines in self.sides.batches.items():
            if batch_id in known or not self._is_in_journal(lines):
                continue
            if not self.sides.is_of_period(lines):
                continue
            names = named.get(batch_id, [])
            if not names:
                others += 1
            elif not any(number in self.sides.search.orders for number, _booking in names):
                points.append(_of_nobody(*names[0]))
                self._count_beside(batch_id)
        return points, others

    def _is_in_journal(self, lines: Iterable[TransactionLine]) -> bool:
        journal = self.wiring.config.minox.journal
        return any(line.journal in ("", journal) for line in lines)

    def _count_beside(self, batch_id: str) -> None:
        """Count a booking in the books that no order of the shop wants, once."""
        lines = self.sides.batches.get(batch_id, ())
        if batch_id not in self.counted and self.sides.is_of_period(lines):
            self.counted.add(batch_id)
            self.shares_beside += self._shares(lines, ()) or ()

    def count_differs(self) -> Iterator[Point]:
        """Yield that the shop counts other orders of these days than it shows."""
        counted, shown = self.sides.counted, self.sides.shown
        if counted == shown:
            return

        period = self.sides.period
        values = {
            "counted": str(counted),
            "shown": str(shown),
            "first": period.first.isoformat(),
            "last": period.last.isoformat(),
        }
        cause = Finding(code="count_differs", values=values)
        yield Point(number="", batch_id="", amount=None, cause=cause)


def _country(order: Order) -> str:
    return order.tax_region or order.buyer.country_code


def _gone(found: ReconciledOrder) -> Rejection:
    return Rejection(reason=Reason.GONE_FROM_SHOP, values={"number": found.number})


def _double(number: str, other: JournalBooking) -> Point:
    total = "" if other.total is None else euros(other.total)
    values = {
        "number": number,
        "batch_id": other.batch_id,
        "journal": other.journal,
        "date": other.date.isoformat() if other.date else "",
        "total": total,
    }
    cause = Finding(code="booked_twice", values=values)
    return Point(number=number, batch_id=other.batch_id, amount=other.total, cause=cause)


def _of_nobody(number: str, other: JournalBooking) -> Point:
    point = _double(number, other)
    values = dict(point.cause.values) if isinstance(point.cause, Finding) else {}
    # It names an order that the shop does not have, so that it is known by its batch.
    return replace(point, number="", cause=Finding(code="of_nobody", values=values))
