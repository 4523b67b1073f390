"""All that a reconciliation tells of a period, in values: the renderers write it down."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mww2minox import __version__
from mww2minox.books.filed_return import BoxLine, FiledReturn, box_lines
from mww2minox.books.listings import (
    IcpLine,
    OssLine,
    OssSale,
    icp_lines,
    oss_lines,
    oss_sales,
)
from mww2minox.books.model import Reason
from mww2minox.books.number_gaps import NumberRange, gaps_in, range_of
from mww2minox.books.periods import period_of
from mww2minox.books.reconciliation import (
    Amounts,
    ReconciledOrder,
    Reconciliation,
    Step,
    boxes,
    bridge,
)
from mww2minox.books.return_period import ReturnPeriod
from mww2minox.books.vat_return import is_distance_sale
from mww2minox.state import StoredProof, StoredViesAnswer
from mww2minox.steps.reconciliation.both_sides import BothSides
from mww2minox.steps.reconciliation.closed_periods import LARGE, ChangedPeriod
from mww2minox.steps.reconciliation.period_states import filed_key
from mww2minox.wiring import Wiring

MOST_NUMBERS = 2_000
"""Of so many missing numbers the cause is looked up; of more only the stretches are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Order numbers that no order of the period has, and why: empty where nobody knows."""

    numbers: NumberRange
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A reconciliation with what stands beside it.

    `former` is the proof that the period is compared with: the last one before this that closed it,
    or else the last one. `proven_until` is the last day that is proven, where the period is not
    over. `filed` tells what was filed, where that is known; `by_box` has the boxes of the return.
    `vies` has the last answer of VIES for a VAT number of `icp`. `distance_sales` are the euros of
    the calendar year until the end of the period. `changed` is what had changed since the period
    closed before.
    """

    shop: str
    administration: str
    books: str
    version: str
    reconciliation: Reconciliation
    proven_until: dt.date | None
    proof: StoredProof
    former: StoredProof | None
    filed: FiledReturn | None
    by_box: tuple[BoxLine, ...]
    bridge: tuple[Step, ...]
    icp: tuple[IcpLine, ...]
    vies: Mapping[str, StoredViesAnswer]
    oss: tuple[OssLine, ...]
    oss_sales: tuple[OssSale, ...]
    distance_sales: Decimal
    numbers: NumberRange | None
    gaps: tuple[Gap, ...]
    changed: ChangedPeriod | None

    @property
    def credit_orders(self) -> tuple[ReconciledOrder, ...]:
        """The credit orders of the period; each names its original."""
        return tuple(order for order in self.reconciliation.orders if order.credited)

    @property
    def icp_total(self) -> Decimal:
        """What the ICP listing adds up to, in euros."""
        return sum((line.turnover for line in self.icp), Decimal(0))

    @property
    def box_3b(self) -> Decimal:
        """What the books have in the box that the ICP listing is about, in euros."""
        return sum((line.books.turnover for line in self.by_box if line.box == "3b"), Decimal(0))

    @property
    def since_former(self) -> dict[str, Amounts]:
        """What each box has more than in the former proof; nothing where there is none."""
        if self.former is None:
            return {}
        before, now = self.former.boxes, self.proof.boxes

        found: dict[str, Amounts] = {}
        for box in sorted({*before, *now}):
            difference = _in_euros(now.get(box, (0, 0))) - _in_euros(before.get(box, (0, 0)))
            if difference:
                found[box] = difference
        return found

    @property
    def known_since(self) -> dt.date | None:
        """Since when a large correction is known, which is to be filed by `FILED_WITHIN`; None
        where there is none.
        """
        vat = sum((amounts.vat for amounts in self.since_former.values()), Decimal(0))
        if self.former is None or not self.former.closed or abs(vat) * 100 <= LARGE:
            return None

        proven = self.proof.proven_at.astimezone().date()
        return dt.date.fromisoformat(self.changed.known_since) if self.changed else proven


def _in_euros(cents: tuple[int, int]) -> Amounts:
    turnover, vat = cents
    return Amounts(turnover=Decimal(turnover) / 100, vat=Decimal(vat) / 100)


def document_of(
    sides: BothSides,
    reconciliation: Reconciliation,
    proof: StoredProof,
    *,
    changed: ChangedPeriod | None,
    filed: FiledReturn | None,
) -> Document:
    """Return the document of a proof. VendorError where Minox cannot be asked."""
    wiring = sides.wiring
    vat = wiring.readback.vat
    period = reconciliation.period

    filed = filed or _by_minox(wiring, sides)
    if filed:
        wiring.store.set_note(filed_key(period), filed.source)
    in_books = {box: books for box, (_shop, books) in boxes(reconciliation.lines).items()}
    sales = tuple(oss_sales(reconciliation.orders, vat))
    icp = icp_lines(reconciliation.orders, vat)
    numbers = [order.number for order in reconciliation.orders]
    return Document(
        shop=wiring.shop_store.name or wiring.config.shop.url,
        administration=wiring.administration.name,
        books=wiring.books,
        version=__version__,
        reconciliation=reconciliation,
        proven_until=_proven_until(wiring, period),
        proof=proof,
        former=_former(wiring, proof),
        filed=filed,
        by_box=box_lines(in_books, filed),
        bridge=bridge(reconciliation),
        icp=icp,
        vies=_vies_answers(wiring, icp),
        oss=oss_lines(sales),
        oss_sales=sales,
        distance_sales=_distance_sales(wiring, period),
        numbers=range_of(numbers),
        gaps=tuple(_gaps(sides, numbers)),
        changed=changed,
    )


def _vies_answers(wiring: Wiring, icp: Iterable[IcpLine]) -> dict[str, StoredViesAnswer]:
    """Return the last answer of VIES for each VAT number, where it was asked."""
    answers: dict[str, StoredViesAnswer] = {}
    for line in icp:
        for number in line.orders:
            for answer in wiring.store.vies_answers(number):
                known = answers.get(line.vat_number)
                is_later = known is None or known.asked_at < answer.asked_at
                if answer.vat_number == line.vat_number and is_later:
                    answers[line.vat_number] = answer
    return answers


def _proven_until(wiring: Wiring, period: ReturnPeriod) -> dt.date | None:
    today = wiring.today
    return today - dt.timedelta(days=1) if today <= period.last else None


def _former(wiring: Wiring, proof: StoredProof) -> StoredProof | None:
    """Return the proof that a period is compared with: what closed it was filed, perhaps."""
    before = [
        other
        for other in wiring.store.proofs(proof.period)
        if not proof.number or other.number < proof.number
    ]
    closed = [other for other in before if other.closed]
    return next(iter([*closed, *before]), None)


def _distance_sales(wiring: Wiring, period: ReturnPeriod) -> Decimal:
    """Return the year's distance sales in euros, by what is booked here."""
    country = wiring.shop_store.country
    figures = wiring.store.vat_figures(dt.date(period.first.year, 1, 1), period.last)

    return sum(
        (
            figure.net
            for figure in figures
            if is_distance_sale(figure.need, figure.code, figure.country, country)
        ),
        Decimal(0),
    )


def _by_minox(wiring: Wiring, sides: BothSides) -> FiledReturn | None:
    """Return Minox' own return of the period, where the login may read it."""
    days = (sides.period.first, sides.period.last)
    first, last = (period_of(day, wiring.administration) for day in days)
    if first is None or last is None:
        return None
    return wiring.minox.vat_return(first, last)


def _gaps(sides: BothSides, numbers: Sequence[str]) -> Iterator[Gap]:
    """Yield the gaps in the order numbers, by cause as far as the state knows of them."""
    gaps = list(gaps_in(numbers))
    if sum(map(len, gaps)) > MOST_NUMBERS:
        yield from (Gap(numbers=gap, cause="") for gap in gaps)
        return

    tests = _test_orders(sides, gaps)
    for gap in gaps:
        last: Gap | None = None
        for number in range(gap.first, gap.last + 1):
            cause = "test" if str(number) in tests else _cause(sides, str(number))
            if last and last.cause == cause:
                last = replace(last, numbers=replace(last.numbers, last=number))
                continue
            if last:
                yield last
            last = Gap(numbers=NumberRange(first=number, last=number), cause=cause)
        if last:
            yield last


def _test_orders(sides: BothSides, gaps: Iterable[NumberRange]) -> frozenset[str]:
    """Return the numbers of the period's test orders, which no other list shows; asked for only
    where a number is not explained otherwise.
    """
    unknown = (str(number) for gap in gaps for number in range(gap.first, gap.last + 1))
    if all(_cause(sides, number) for number in unknown):
        return frozenset()

    period = sides.period
    return sides.wiring.shop.test_orders(period.first, period.last)


def _cause(sides: BothSides, number: str) -> str:
    """Return why an order number is not one of the period: `gone`, a date elsewhere, or nothing.

    Of test orders the state knows nothing.
    """
    order = sides.stored(number)
    if order is None:
        return ""
    reason = order.rejection.reason if order.rejection else None
    if order.gone or reason is Reason.GONE_FROM_SHOP:
        return "gone"
    return "elsewhere" if order.date and not _holds(sides, order.date) else ""


def _holds(sides: BothSides, date: str) -> bool:
    return sides.period.holds(dt.date.fromisoformat(date))
