"""What a push would do with each order: gathered from the state and from Minox, nothing stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.amounts import Rounding
from mww2minox.books.kept_decision import KeptRounding, KeptShare, kept_shares, read_kept
from mww2minox.books.model import (
    Booking,
    CustomerByEmail,
    CustomerOfOriginal,
    FixedCustomer,
    Rejection,
    State,
)
from mww2minox.books.money import cents
from mww2minox.minox.journal import Found
from mww2minox.reasons import state_of
from mww2minox.state import StoredBooking, StoredOrder
from mww2minox.steps.look import foresee
from mww2minox.steps.taking_over import perhaps_booked
from mww2minox.wiring import Wiring

Code = int | str | None
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a push would do with an order.

    `outcome` is the booking that it would send, the one that it would send once more, or why it
    sends nothing; None where `is_there`: Minox has the booking already. `customer` is its number,
    None while it is not known.
    """

    order: StoredOrder
    batch_id: str
    outcome: Booking | StoredBooking | Rejection | None
    customer: str | None = None
    is_there: bool = False

    @property
    def fails(self) -> bool:
        """Whether somebody has to see to the order."""
        outcome = self.outcome
        return isinstance(outcome, Rejection) and state_of(outcome.reason) is State.FAILED

    @property
    def cents(self) -> int | None:
        """The total: as it was sent, where it was sent before; None where the shop told none."""
        if isinstance(self.outcome, StoredBooking):
            return self.outcome.total_cents
        return self.order.total_cents

    @property
    def is_sent(self) -> bool:
        """Whether something would be sent."""
        return isinstance(self.outcome, Booking | StoredBooking)

    @property
    def shares(self) -> tuple[KeptShare, ...]:
        """What would be sent per VAT code and ledger account, a rounding that has an account of its
        own too; of what an earlier version sent nothing is known.
        """
        match self.outcome:
            case Booking(shares=shares, workings=workings):
                return _and_rounding(kept_shares(shares), workings.rounding if workings else None)
            case StoredBooking(decision=decision):
                kept = read_kept(decision).decision
                return _and_rounding(kept.shares, kept.rounding) if kept else ()
            case _:
                return ()


def _and_rounding(
    shares: tuple[KeptShare, ...], rounding: Rounding | KeptRounding | None
) -> tuple[KeptShare, ...]:
    """Add a rounding that no net has in it: without it the sums do not come to the totals."""
    if rounding is None or not rounding.difference or not rounding.ledger:
        return shares

    share = KeptShare(None, ZERO, rounding.ledger, cents(rounding.difference), ZERO)
    return (*shares, share)


@dataclass(slots=True, kw_only=True)
class Sum:
    """What a VAT code has on a ledger account in all, in signed euros."""

    code: Code
    ledger: str
    orders: int = 0
    net: Decimal = ZERO
    vat: Decimal = ZERO


def plans_of(wiring: Wiring, orders: Sequence[StoredOrder]) -> list[Plan]:
    """Return what a push would do with these orders, in this order. Raises VendorError."""
    in_books = foresee(wiring, orders)

    judged: dict[str, Rejection | None] = {}
    plans: list[Plan] = []
    for order in orders:
        found = in_books.get(order.number)
        plan = _in_books(wiring, order, found) if found else None
        if plan is None:
            plan = _plan(wiring, order, wiring.booker.preview(order, judged=judged))

        judged[order.number] = plan.outcome if isinstance(plan.outcome, Rejection) else None
        plans.append(plan)
    return plans


def _in_books(wiring: Wiring, order: StoredOrder, found: Found) -> Plan | None:
    """Return what is done with an order that the books hold; None where what an earlier run sent
    decides.
    """
    if wiring.store.booking(order.number):
        return None

    if found.booking and found.booking.ours:
        batch_id, customer = found.booking.batch_id, found.booking.customer
        return Plan(order=order, batch_id=batch_id, outcome=None, customer=customer, is_there=True)
    return Plan(
        order=order,
        batch_id=wiring.booker.batch_id(order.number),
        outcome=perhaps_booked(order, found.all),
    )


def _plan(wiring: Wiring, order: StoredOrder, outcome: Booking | StoredBooking | Rejection) -> Plan:
    if isinstance(outcome, StoredBooking):
        is_there = outcome.booked_at is not None
        return Plan(
            order=order,
            batch_id=outcome.batch_id,
            outcome=None if is_there else outcome,
            customer=outcome.customer,
            is_there=is_there,
        )

    return Plan(
        order=order,
        batch_id=wiring.booker.batch_id(order.number),
        outcome=outcome,
        customer=_customer(wiring, outcome) if isinstance(outcome, Booking) else None,
    )


def _customer(wiring: Wiring, booking: Booking) -> str | None:
    """Return the number of a booking's customer, where it is known without asking Minox."""
    match booking.customer:
        case FixedCustomer(number=number):
            return number
        case CustomerByEmail() as customer:
            return wiring.booker.customers.remembered(customer)
        case CustomerOfOriginal(order_number=original):
            booked = wiring.store.booking(original)
            return booked.customer if booked and booked.booked_at else None


def sums_of(plans: Iterable[Plan]) -> list[Sum]:
    """Return what would be sent in all, per VAT code and ledger account."""
    sums: dict[tuple[Code, str], Sum] = {}
    for plan in plans:
        # An order has several where two rates have one code.
        for code, ledger in dict.fromkeys((share.code, share.ledger) for share in plan.shares):
            sums.setdefault((code, ledger), Sum(code=code, ledger=ledger)).orders += 1
        for share in plan.shares:
            sums[share.code, share.ledger].net += share.net
            sums[share.code, share.ledger].vat += share.vat

    return sorted(sums.values(), key=_by_code)


def _by_code(total: Sum) -> tuple[int, str, str]:
    """Sort codes as the numbers that they mostly are."""
    code = str(total.code or "")
    return (int(code) if code.isdecimal() else 0, code, total.ledger)
