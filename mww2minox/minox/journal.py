"""Which orders the journals in Minox already hold, whoever booked them.

A booking is ours, a former connector's, or made by hand. It is an order's by its derived UUID, in
any journal, or when it names the order in the sales journal and fits it (minox/exactly_once.md,
"Whose booking is this?").
"""

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal

from mww2minox.books.model import Administration, TransactionLine
from mww2minox.books.periods import period_of
from mww2minox.language.cleaning import one_line
from mww2minox.minox.api import Minox

MONTH = (
    r"(?:jan(?:uar[iy])?|feb(?:ruar[iy])?|maart|mrt|mar(?:ch)?|apr(?:il)?|mei|may|jun[ei]?|jul[iy]?"
    r"|aug(?:ust(?:us)?)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])"
)
DATES = re.compile(
    r"\b(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2}))\b"
    rf"|\b[0-9]{{1,2}}(?:e|st|nd|rd|th)?(?: of)?[ -]{MONTH}[.]?(?:[ -][0-9]{{4}}\b)?",
    re.IGNORECASE,
)
NUMBER_WORD = r"(?:nummer|number|nr|no|id)"
NUMBER_ALONE = re.compile(
    rf"[\s#(\['\"]*(?:{NUMBER_WORD}(?![a-z])[\s.:#]*)?([0-9]+)[\s.,:;)\]'\"]*", re.IGNORECASE
)
BETWEEN = r"[\s.:;,#()\[\]='\"_-]{0,5}"
"""What may stand between a word for an order and its number; more of it would take long to read."""
WORD = (
    # no text: a pattern
    r"(?:#|\b(?:(?:(?:web(?:shop|winkel)?|verkoop)-?)?(?:orders?|bestel(?:ling(?:en)?)?|factu(?:ur|ren))"
    rf"|invoice|webshop|webwinkel|mijnwebwinkel|mww)(?:[ -]?{NUMBER_WORD})?(?![a-z])"
    rf"(?:{BETWEEN}{NUMBER_WORD}(?![a-z]))?){BETWEEN}"
)
NO_AMOUNT = r"(?!\w|[./:-][0-9]|,(?:-|[0-9]{2}(?![0-9]))|\s?%)"
NUMBER_AFTER_A_WORD = re.compile(WORD + r"([0-9]+)" + NO_AMOUNT, re.IGNORECASE)
"""`12 dozen` and `Molenstraat 62` name no order, `Factuur 2026-0012` not that of a year, and
`Order 12,50` not that of an amount."""
ANY_AFTER_A_WORD = re.compile(WORD + r"(\S+)", re.IGNORECASE)
BESIDE_A_NUMBER = " \t#.,:;()[]='\""
"""What may stand beside an order number that is not digits alone."""
NEAR = dt.timedelta(days=31)
"""The document date of an order's booking is at most so far from a date of the order."""
LONGEST_TEXT = 200
"""So much of a booking's description is shown and kept: enough to know it by."""
NEITHER, BY_CUSTOMER, BY_AMOUNT = range(3)
"""How well a booking fits an order that it names; the amount to the cent goes first."""

Batches = Mapping[str, Sequence[TransactionLine]]
"""Lines by the id of the booking that they are of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoughtOrder:
    """An order that a booking may be of.

    `total` is signed euros, None where the shop did not tell it. `batch_id` is the derived UUID of
    its booking.
    """

    number: str
    total: Decimal | None
    batch_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalBooking:
    """A booking in a journal, or the part of one that is about one order.

    `names` are the order numbers that it names. `total` is signed euros, None where no customer's
    line tells it. `text` is the description of its first line.
    """

    batch_id: str
    ours: bool
    names: frozenset[str]
    customer: str
    total: Decimal | None
    journal: str
    date: dt.date | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the books hold for one order: its `booking`, or else `candidates` for a person."""

    booking: JournalBooking | None = None
    candidates: tuple[JournalBooking, ...] = ()

    @property
    def all(self) -> tuple[JournalBooking, ...]:
        """All that may be the order's: the one that is, or the candidates."""
        return (self.booking,) if self.booking else self.candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is known beside the books.

    `orders` are all known orders, by number. `taken` has the orders that each booking was adopted
    for, `disowned` the pairs of order number and booking of which a person said that they do not
    belong together. Asked only where a booking names an order: `dates_of` it and of its status
    change, and whether its e-mail finds a customer (`has_customer`: order number, customer number).
    `by_invoice_number`: invoice numbers name orders too, since Minox does not give out its own.
    """

    journal: str
    orders: Mapping[str, SoughtOrder]
    dates_of: Callable[[str], Iterable[dt.date]]
    has_customer: Callable[[str, str], bool]
    taken: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    disowned: AbstractSet[tuple[str, str]] = frozenset()
    by_invoice_number: bool = True


# Reading


def lines_of_days(
    minox: Minox,
    administration: Administration,
    first: dt.date,
    last: dt.date | None,
    *,
    may_be_empty: bool = False,
) -> list[TransactionLine]:
    """Read every line, of all journals, in the periods that hold the days from `first` to `last`.

    Without `last` all periods until the end of the last fiscal year are read. Raises UnusableAnswer
    where Minox has no list of lines for any of them, unless nothing needs to be there.
    """
    lines: list[TransactionLine] = []
    answers: list[bool] = []
    for fiscal_year, period in _periods(administration, first, last or dt.date.max):
        of_period = minox.lines_of_period(fiscal_year, period)
        answers.append(of_period is not None)
        lines += of_period or []

    # An empty period may have no list; when none has one, Minox was not asked what it knows.
    if answers and not any(answers) and not may_be_empty:
        raise minox.no_lines()
    return lines


def _periods(
    administration: Administration, first: dt.date, last: dt.date
) -> Iterable[tuple[int, int]]:
    """Yield fiscal year and period of each that holds a day from `first` to `last`."""
    for year in administration.fiscal_years:
        if year.end < first or year.start > last:
            continue

        # A year whose end is before its start holds no date: all of its periods are read.
        start = period_of(max(first, year.start), administration)
        end = period_of(min(last, year.end), administration)
        count = year.number_of_periods or administration.number_of_periods
        first_period = start[1] if start else 1
        last_period = end[1] if end else count
        for period in range(first_period, last_period + 1):
            yield year.year, period


# Whose booking it is


def find_bookings(
    lines: Iterable[TransactionLine], wanted: Collection[str], search: Search
) -> dict[str, Found]:
    """Return what the books hold for the `wanted` orders, by number; nothing for the others."""
    batches = by_batch(lines)

    found: dict[str, Found] = {}
    for number in wanted:
        batch_id = search.orders[number].batch_id
        if batch_id in batches:
            booking = own_booking(batch_id, batches[batch_id], number)
            found[number] = Found(booking=booking)

    named = named_bookings(batches, search)
    for number in wanted:
        if number not in found and number in named:
            choice = _choose(search.orders[number], named[number], search)
            if choice.booking or choice.candidates:
                found[number] = choice
    return found


def by_batch(lines: Iterable[TransactionLine]) -> dict[str, list[TransactionLine]]:
    """Return the lines of each booking by its id; a line of no booking is nobody's."""
    batches: dict[str, list[TransactionLine]] = {}
    for line in lines:
        if line.batch_id:
            batches.setdefault(line.batch_id, []).append(line)
    return batches


def own_booking(batch_id: str, lines: Sequence[TransactionLine], number: str) -> JournalBooking:
    """Describe a booking of ours for this order, at least one line, in whichever journal it is."""
    customer_lines = [line for line in lines if line.type == "customer"]

    return _booking(batch_id, frozenset({number}), customer_lines or lines, ours=True)


def named_bookings(batches: Batches, search: Search) -> dict[str, list[JournalBooking]]:
    """Return the bookings in the sales journal that name each order, those of ours left out."""
    our_batches = {order.batch_id for order in search.orders.values()}
    # Digits name an order whether or not it is known; of other words only a number that is known.
    words = frozenset(number for number in search.orders if not number.isdecimal())
    naming = _Naming(words=words, by_invoice_number=search.by_invoice_number)

    named: dict[str, list[JournalBooking]] = {}
    for batch_id, lines in batches.items():
        if batch_id in our_batches:
            continue
        # A line that names no journal may be of this one.
        in_journal = [line for line in lines if line.journal in ("", search.journal)]
        for part in _parts(batch_id, in_journal, naming) if in_journal else ():
            for number in part.names:
                named.setdefault(number, []).append(part)
    return named


@dataclass(frozen=True, slots=True, kw_only=True)
class _Naming:
    """What names an order: in a description also these `words`, and perhaps the invoice number."""

    words: frozenset[str]
    by_invoice_number: bool

    def in_text(self, line: TransactionLine) -> set[str]:
        """Return the orders that a line's description names."""
        return numbers_named(line.description, self.words)

    def by_number(self, line: TransactionLine) -> set[str]:
        """Return the order that a line's invoice number names, if any."""
        return {line.invoice_number} - {""} if self.by_invoice_number else set()


def _parts(
    batch_id: str, lines: Sequence[TransactionLine], naming: _Naming
) -> Iterable[JournalBooking]:
    """Yield what a booking holds for each order: another connector's may hold those of a day."""
    customer_lines = [line for line in lines if line.type == "customer"]
    texts: set[str] = set()
    for line in lines:
        texts |= naming.in_text(line)

    # Without a customer's line nothing tells an amount; the booking may still be an order's.
    if not customer_lines:
        names = texts or {number for line in lines for number in naming.by_number(line)}
        yield _booking(batch_id, frozenset(names), lines, ours=False)
        return

    by_names: dict[frozenset[str], list[TransactionLine]] = {}
    for line in customer_lines:
        by_names.setdefault(_names(line, texts, naming), []).append(line)
    for line_names, part in by_names.items():
        yield _booking(batch_id, line_names, part, ours=False)


def _names(line: TransactionLine, texts: AbstractSet[str], naming: _Naming) -> frozenset[str]:
    """Return the orders that a customer's line names; `texts` are those of its whole booking.

    A description goes before the invoice number, which another connector leaves to Minox.
    """
    in_its_own_text = naming.in_text(line)
    if in_its_own_text:
        return frozenset(in_its_own_text)

    by_number = naming.by_number(line)
    if texts and by_number.isdisjoint(texts):
        return frozenset(texts)
    return frozenset(by_number)


def numbers_named(description: str, words: AbstractSet[str] = frozenset()) -> set[str]:
    """Return the order numbers that a description names.

    It is nothing but the number, or has it right after a word for an order; a date has none.
    `words` are order numbers that are not digits alone.
    """
    text = DATES.sub(" ", description)
    alone = NUMBER_ALONE.fullmatch(text)
    numbers = {alone[1]} if alone else set(NUMBER_AFTER_A_WORD.findall(text))

    # Such a number may look like a date, and hold what else stands beside one.
    if words:
        found = {description, *ANY_AFTER_A_WORD.findall(description)}
        numbers |= words & (found | {word.strip(BESIDE_A_NUMBER) for word in found})
    return numbers


def _booking(
    batch_id: str, names: frozenset[str], lines: Sequence[TransactionLine], *, ours: bool
) -> JournalBooking:
    """Describe lines, at least one, as a booking."""
    customer_lines = [line for line in lines if line.type == "customer"]
    dates = [line.document_date for line in lines if line.document_date]

    return JournalBooking(
        batch_id=batch_id,
        ours=ours,
        names=names,
        customer=customer_lines[0].account if customer_lines else "",
        total=total(customer_lines),
        journal=lines[0].journal,
        date=min(dates, default=None),
        text=one_line(lines[0].description, read=LONGEST_TEXT),
    )


def _choose(order: SoughtOrder, named: Sequence[JournalBooking], search: Search) -> Found:
    """Return the one booking that fits an order best; else all that a person has to judge."""
    fits: list[tuple[int, JournalBooking]] = []
    for booking in named:
        if not _is_open_to(booking, order.number, search):
            continue
        fit = _fit(order, booking, search)
        best_of_others = _best_of_others(booking, order.number, search)

        # What fits another order better is that order's; what fits both as well is a person's.
        if best_of_others < fit:
            fits.append((fit, booking))
        elif best_of_others == fit:
            fits.append((NEITHER, booking))

    best = max((fit for fit, _booking in fits), default=NEITHER)
    fitting = [booking for fit, booking in fits if fit == best]
    if best > NEITHER and len(fitting) == 1:
        return Found(booking=fitting[0])
    return Found(candidates=tuple(booking for _fit, booking in fits))


def _is_open_to(booking: JournalBooking, number: str, search: Search) -> bool:
    """Tell whether a booking may be this order's: nobody said that it is not, nor is another's."""
    if (number, booking.batch_id) in search.disowned:
        return False

    return booking.names.isdisjoint(search.taken.get(booking.batch_id, frozenset()))


def _best_of_others(booking: JournalBooking, number: str, search: Search) -> int:
    """Return how well a booking fits the other orders that it names."""
    best = NEITHER
    for name in booking.names - {number}:
        other = search.orders.get(name)
        if other and _is_open_to(booking, name, search):
            best = max(best, _fit(other, booking, search))
    return best


def _fit(order: SoughtOrder, booking: JournalBooking, search: Search) -> int:
    """Return how well a booking that names an order fits it."""
    if order.total is None or booking.total is None or not _is_near(order, booking, search):
        return NEITHER
    if booking.total == order.total:
        return BY_AMOUNT

    # What takes money back is not the sale, whoever it is for.
    same_side = (booking.total < 0) == (order.total < 0)
    if same_side and search.has_customer(order.number, booking.customer):
        return BY_CUSTOMER
    return NEITHER


def _is_near(order: SoughtOrder, booking: JournalBooking, search: Search) -> bool:
    day = booking.date
    return day is None or any(abs(day - known) <= NEAR for known in search.dates_of(order.number))


def order_lines(number: str, lines: Sequence[TransactionLine]) -> list[TransactionLine]:
    """Return the customers' lines of a booking that are about one order.

    A booking of another connector's may hold several orders.
    """
    customers = [line for line in lines if line.type == "customer"]
    by_text = [line for line in customers if number in numbers_named(line.description, {number})]
    by_invoice = [line for line in customers if line.invoice_number == number]

    return by_text or by_invoice or customers


def total(customer_lines: Sequence[TransactionLine]) -> Decimal | None:
    """Return debit minus credit of the customers' lines in euros, or None where there are none."""
    if not customer_lines:
        return None
    return -sum((line.amount for line in customer_lines), Decimal(0))
