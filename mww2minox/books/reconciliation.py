"""Whether a period of the VAT return is complete: shop and books side by side. Pure.

Source: books/rules.md, "Reconciliation". All amounts are Decimal euros, signed: negative where
turnover is taken back.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from mww2minox.books.amounts import ZERO
from mww2minox.books.differences import NO_CODE, VatAccounts, vat_on
from mww2minox.books.model import Difference, Rejection, TransactionLine, VatShare
from mww2minox.books.money import euros, percentage
from mww2minox.books.return_period import ReturnPeriod
from mww2minox.books.vat_return import NO_BOX, box_of_code


class Standing(StrEnum):
    """What is proven of an order of the period."""

    BOOKED = "booked"
    EXCLUDED = "excluded"
    """It is not to be booked, for a reason."""
    MISSING = "missing"
    UNKNOWN = "unknown"
    """Whether it is booked is not certain yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a VAT code carries on a ledger account: turnover without VAT, and VAT.

    `code` is empty where there is none. `region` is empty, and `rate` None, where no order tells
    them.
    """

    code: str
    region: str
    rate: Decimal | None
    ledger: str
    turnover: Decimal
    vat: Decimal

    @property
    def amounts(self) -> "Amounts":
        """Both amounts."""
        return Amounts(turnover=self.turnover, vat=self.vat)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that reconciling alone shows: a code, and the values that its sentence shows."""

    code: str
    values: Mapping[str, str]


Cause = Rejection | tuple[Difference, ...] | Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What keeps a period open, about an order, or else about a booking of nobody.

    `accepted`: a person has looked at it and left it as it is, so that it keeps nothing open.
    """

    number: str
    batch_id: str
    amount: Decimal | None
    cause: Cause
    accepted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledOrder:
    """An order of the period, on both sides.

    `date` is the order's and `document_date` the booking's, None where that cannot be told. `total`
    is None where the shop's cannot be read. `country` is that of `region`, whose VAT the shop
    charged, or else of the invoice address. `original_date` is the date of the order that a credit
    order takes back, where that is known. `in_shop` is what the order comes to, `in_books` what
    Minox shows of its booking; None where Minox does not tell the VAT.
    """

    number: str
    date: str
    document_date: str
    total: Decimal | None
    standing: Standing
    rejection: Rejection | None = None
    batch_id: str = ""
    customer: str = ""
    vat_number: str = ""
    country: str = ""
    region: str = ""
    invoice_country: str = ""
    credited: str = ""
    original_date: str = ""
    in_shop: tuple[Share, ...] = ()
    in_books: tuple[Share, ...] | None = ()
    points: tuple[Point, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether it is booked, and reads back as it is in the shop."""
        return self.standing is Standing.BOOKED and not self.points


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """Turnover without VAT, and VAT."""

    turnover: Decimal = ZERO
    vat: Decimal = ZERO

    def __add__(self, other: "Amounts") -> "Amounts":
        """Add both."""
        return Amounts(turnover=self.turnover + other.turnover, vat=self.vat + other.vat)

    def __sub__(self, other: "Amounts") -> "Amounts":
        """Subtract both."""
        return Amounts(turnover=self.turnover - other.turnover, vat=self.vat - other.vat)

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.turnover or self.vat)


NOTHING = Amounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class VatLine:
    """The totals of a VAT code, country and rate on both sides, with the box of the return."""

    code: str
    region: str
    rate: Decimal | None
    box: str
    shop: Amounts
    books: Amounts

    @property
    def difference(self) -> Amounts:
        """What Minox has too much."""
        return self.books - self.shop


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the bridge from the shop to the books: so many orders, that come to so much."""

    name: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Both sides of a period, held against each other.

    `orders` are those whose document date is in it, by number; `elsewhere` are those that the shop
    lists with them and that are booked in another period. `others` are points about no order, and
    `other_bookings` bookings in the journal that name none: those may be right. `untold` counts the
    bookings of which Minox does not tell the VAT.
    """

    period: ReturnPeriod
    orders: tuple[ReconciledOrder, ...]
    elsewhere: tuple[ReconciledOrder, ...]
    others: tuple[Point, ...]
    other_bookings: int
    lines: tuple[VatLine, ...]
    mapping: tuple[str, ...]

    @property
    def points(self) -> tuple[Point, ...]:
        """Everything that was found, in the order of the orders' numbers."""
        of_orders = [point for order in self.orders for point in order.points]
        return (*of_orders, *self.others)

    @property
    def open_points(self) -> tuple[Point, ...]:
        """What keeps the period open."""
        return tuple(point for point in self.points if not point.accepted)

    @property
    def is_closed(self) -> bool:
        """Whether nothing keeps it open."""
        return not self.open_points

    @property
    def untold(self) -> int:
        """Of how many bookings Minox does not tell the VAT."""
        return sum(order.in_books is None for order in self.orders)

    @property
    def rounded_by_minox(self) -> Decimal:
        """What Minox made more VAT than the orders have, where both agree within the tolerance."""
        return sum(map(_rounded, self.orders), ZERO)

    def count(self, standing: Standing) -> int:
        """Count the orders that stand so."""
        return sum(order.standing is standing for order in self.orders)


def _rounded(order: ReconciledOrder) -> Decimal:
    if order.in_books is None or not order.agrees:
        return ZERO
    in_books = sum((share.vat for share in order.in_books), ZERO)
    return in_books - sum((share.vat for share in order.in_shop), ZERO)


# What a booking carries, as Minox shows it


def shares_of(
    shares: Iterable[VatShare], rounding_ledger: str | None, rounding: Decimal
) -> tuple[Share, ...]:
    """Return what an order comes to, with what was rounded on an account of its own."""
    found = [
        Share(
            code="" if share.code is None else str(share.code),
            region=share.region,
            rate=share.rate,
            ledger=share.ledger,
            turnover=share.net,
            vat=share.vat,
        )
        for share in shares
    ]

    if rounding and rounding_ledger:
        found.append(_without_code(rounding_ledger, rounding))
    return tuple(found)


def _without_code(ledger: str, turnover: Decimal) -> Share:
    return Share(code="", region="", rate=None, ledger=ledger, turnover=turnover, vat=ZERO)


def shares_in_books(
    lines: Sequence[TransactionLine],
    wanted: Sequence[Share],
    accounts: Mapping[str, str],
    vat: VatAccounts,
    usual: Mapping[str, Share],
) -> tuple[Share, ...] | None:
    """Return what a booking carries per VAT code as its lines show it, whichever way VAT was sent.

    `wanted` is what its order comes to: country and rate are read from there, or else from what is
    `usual` for a code. `accounts` are the VAT accounts that codes were sent to, by code. None where
    no line tells the VAT.
    """
    not_own = [line for line in lines if not line.own]
    customers = [line for line in not_own if line.type == "customer"]
    on_ledgers = [line for line in not_own if line.type != "customer"]

    if any(line.vat_code not in NO_CODE for line in on_ledgers):
        revenue = [line for line in on_ledgers if line.account not in vat.accounts]
        return _placed(_of_coded_lines(customers, revenue), wanted, usual)
    if any(line.vat_code not in NO_CODE for line in customers):
        return _placed(_of_debtor_lines(customers, on_ledgers, wanted), wanted, usual)
    return _of_accounts(customers, lines, wanted, accounts, vat)


def _of_coded_lines(
    customers: Sequence[TransactionLine], revenue: Sequence[TransactionLine]
) -> list[Share]:
    """Read lines that have a code each: gross ones are in balance with the debtor as they are."""
    total = -sum((line.amount for line in customers), ZERO)
    is_gross = sum((line.amount for line in revenue), ZERO) == total

    found: list[Share] = []
    for line in revenue:
        vat = vat_on(line)
        turnover = line.amount - vat if is_gross else line.amount
        found.append(_share(line, line.account, turnover, vat))
    return found


def _of_debtor_lines(
    customers: Sequence[TransactionLine],
    on_ledgers: Iterable[TransactionLine],
    wanted: Iterable[Share],
) -> list[Share]:
    """Read the debtor's lines, which have a code each, and its VAT in their amount.

    What was rounded on an account of its own is in the largest of them (books/rules.md, rule 10).
    """
    found = [_share(line, "", -line.amount - vat_on(line), vat_on(line)) for line in customers]

    accounts = {share.ledger for share in wanted if _is_rounding(share)}
    roundings = [line for line in on_ledgers if line.account in accounts]
    for line in roundings:
        largest = max(range(len(found)), key=lambda place: _gross_of(found[place]))
        less = found[largest].turnover - line.amount
        found[largest] = replace(found[largest], turnover=less)
    return [*found, *(_without_code(line.account, line.amount) for line in roundings)]


def _is_rounding(share: Share) -> bool:
    return not share.code and share.rate is None


def _gross_of(share: Share) -> Decimal:
    return abs(share.turnover + share.vat)


def _share(line: TransactionLine, ledger: str, turnover: Decimal, vat: Decimal) -> Share:
    code = "" if line.vat_code in NO_CODE else line.vat_code
    return Share(code=code, region="", rate=None, ledger=ledger, turnover=turnover, vat=vat)


def _placed(
    found: Iterable[Share], wanted: Sequence[Share], usual: Mapping[str, Share]
) -> tuple[Share, ...]:
    """Give each share the country and rate of those that the order wants with its code.

    Where several have the same one, each gets what it wants, and the last one what is left.
    """
    sums: dict[tuple[str, str], Amounts] = {}
    for share in found:
        key = (share.code, share.ledger)
        sums[key] = sums.get(key, NOTHING) + share.amounts

    placed: list[Share] = []
    for (code, ledger), amounts in sums.items():
        places = _with_code(code, ledger, wanted) or [usual.get(code, _nowhere(code))]
        placed += _divided(code, ledger, amounts, places)
    return tuple(placed)


def _with_code(code: str, ledger: str, wanted: Sequence[Share]) -> list[Share]:
    """Return the wanted shares with a code: those on that account, where it is told."""
    with_code = [share for share in wanted if share.code == code]
    # A debtor's line names no account, and what was rounded is on none of its own there.
    if not ledger:
        with_code = [share for share in with_code if not _is_rounding(share)]
    on_account = [share for share in with_code if share.ledger == ledger]

    # On another account it is the same turnover; that the account differs is told by itself.
    return on_account or (with_code if not ledger else with_code[:1])


def _nowhere(code: str) -> Share:
    return Share(code=code, region="", rate=None, ledger="", turnover=ZERO, vat=ZERO)


def _divided(code: str, ledger: str, amounts: Amounts, wanted: Sequence[Share]) -> Iterator[Share]:
    for place, share in enumerate(wanted):
        part = share.amounts
        if place == len(wanted) - 1:
            part = amounts
        amounts -= part

        yield Share(
            code=code,
            region=share.region,
            rate=share.rate,
            ledger=ledger or share.ledger,
            turnover=part.turnover,
            vat=part.vat,
        )


def _of_accounts(
    customers: Sequence[TransactionLine],
    lines: Sequence[TransactionLine],
    wanted: Sequence[Share],
    accounts: Mapping[str, str],
    vat: VatAccounts,
) -> tuple[Share, ...] | None:
    """Read a booking whose lines have no code: by ledger accounts, and the accounts for VAT."""
    kept = vat.accounts | frozenset(accounts.values())
    on_vat_accounts = _per_account(line for line in lines if line.account in kept)
    revenue = _per_account(
        line
        for line in lines
        if line.type != "customer" and not line.own and line.account not in kept
    )
    if any(share.vat for share in wanted) and not any(on_vat_accounts.values()):
        return None

    vat_of = _vat_of_shares(wanted, accounts, on_vat_accounts, vat)
    total = -sum((line.amount for line in customers), ZERO)
    # Gross as it was sent, the VAT beside it being Minox' own.
    is_gross = sum(revenue.values(), ZERO) == total
    return tuple(_per_ledger(wanted, revenue, vat_of, is_gross=is_gross))


def _per_account(lines: Iterable[TransactionLine]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in lines:
        sums[line.account] = sums.get(line.account, ZERO) + line.amount
    return sums


def _vat_of_shares(
    wanted: Sequence[Share],
    accounts: Mapping[str, str],
    on_vat_accounts: Mapping[str, Decimal],
    vat: VatAccounts,
) -> list[Decimal]:
    """Divide what stands on VAT accounts over the wanted shares whose VAT goes there."""
    left = dict(on_vat_accounts)
    places = [accounts.get(share.code) or vat.account_of(share.code) for share in wanted]
    last = {account: place for place, account in enumerate(places) if wanted[place].vat}

    found: list[Decimal] = []
    for place, (share, account) in enumerate(zip(wanted, places, strict=True)):
        part = share.vat if account in left else ZERO
        if last.get(account) == place:
            part = left.get(account, ZERO)
        if account in left:
            left[account] -= part
        found.append(part)
    return found


def _per_ledger(
    wanted: Sequence[Share],
    revenue: Mapping[str, Decimal],
    vat_of: Sequence[Decimal],
    *,
    is_gross: bool,
) -> Iterator[Share]:
    """Divide what stands on each ledger account over the wanted shares that go there."""
    left = dict(revenue)
    last = {share.ledger: place for place, share in enumerate(wanted)}

    for place, share in enumerate(wanted):
        inside = vat_of[place] if is_gross else ZERO
        part = share.turnover + (share.vat if is_gross else ZERO)
        if last[share.ledger] == place:
            part = left.get(share.ledger, ZERO)
        left[share.ledger] = left.get(share.ledger, ZERO) - part
        yield Share(
            code=share.code,
            region=share.region,
            rate=share.rate,
            ledger=share.ledger,
            turnover=part - inside,
            vat=vat_of[place],
        )

    for ledger, amount in left.items():
        if amount:
            yield _without_code(ledger, amount)


# Totals, and the bridge


def vat_lines(
    orders: Iterable[ReconciledOrder], extra: Iterable[Share], codes: VatAccounts
) -> tuple[VatLine, ...]:
    """Add up both sides per VAT code, country and rate. `extra` is in the books for no order.

    What Minox does not tell counts as the order has it: its differences are told by themselves.
    """
    sums: dict[tuple[str, str, str], tuple[Amounts, Amounts]] = {}
    for order in orders:
        if order.standing is Standing.EXCLUDED:
            continue
        in_books = order.in_shop if order.in_books is None else order.in_books
        _add_up(sums, order.in_shop, in_books)
    _add_up(sums, (), tuple(extra))

    return tuple(
        VatLine(
            code=code,
            region=region,
            rate=Decimal(rate) if rate else None,
            box=box_of_code(codes.codes.get(code)),
            shop=shop,
            books=books,
        )
        for (code, region, rate), (shop, books) in sorted(sums.items(), key=_by_code)
        if shop or books
    )


def _by_code(entry: tuple[tuple[str, str, str], object]) -> tuple[bool, int, str, str, str]:
    (code, region, rate), _amounts = entry
    return (not code, int(code) if code.isdecimal() else 0, code, region, rate)


def _add_up(
    sums: dict[tuple[str, str, str], tuple[Amounts, Amounts]],
    in_shop: Iterable[Share],
    in_books: Iterable[Share],
) -> None:
    for place, shares in enumerate((in_shop, in_books)):
        for share in shares:
            rate = "" if share.rate is None else percentage(share.rate)
            key = (share.code, share.region, rate)
            both = list(sums.get(key, (NOTHING, NOTHING)))
            both[place] += share.amounts
            sums[key] = (both[0], both[1])


def bridge(reconciliation: Reconciliation) -> tuple[Step, ...]:
    """Return the steps from the shop's orders to what was read back, each with its amount.

    Shop less elsewhere less excluded is what is to be booked; less missing is booked; less what
    differs is read back.
    """
    orders, elsewhere = reconciliation.orders, reconciliation.elsewhere
    excluded = [order for order in orders if order.standing is Standing.EXCLUDED]
    wanted = [order for order in orders if order.standing is not Standing.EXCLUDED]
    booked = [order for order in orders if order.standing is Standing.BOOKED]

    steps = [_step("shop", [*orders, *elsewhere]), _step("elsewhere", elsewhere)]
    reasons = sorted({order.rejection.reason for order in excluded if order.rejection})
    steps += [_step(reason, _with_reason(excluded, reason)) for reason in reasons]
    steps.append(_step("to_book", wanted))
    for standing in (Standing.MISSING, Standing.UNKNOWN):
        of_standing = [order for order in wanted if order.standing is standing]
        if of_standing:
            steps.append(_step(standing, of_standing))
    steps.append(_step("booked", booked))
    steps.append(_step("differing", [order for order in booked if order.points]))
    return (*steps, _step("read_back", [order for order in booked if not order.points]))


def _with_reason(orders: Iterable[ReconciledOrder], reason: str) -> list[ReconciledOrder]:
    return [order for order in orders if order.rejection and order.rejection.reason == reason]


def _step(name: str, orders: Sequence[ReconciledOrder]) -> Step:
    amount = sum((order.total or ZERO for order in orders), ZERO)
    return Step(name=str(name), count=len(orders), amount=amount)


def boxes(lines: Iterable[VatLine]) -> dict[str, tuple[Amounts, Amounts]]:
    """Add up shop and books per box of the return; what belongs in none is left out."""
    sums: dict[str, tuple[Amounts, Amounts]] = {}
    for line in lines:
        if line.box != NO_BOX:
            shop, books = sums.get(line.box, (NOTHING, NOTHING))
            sums[line.box] = (shop + line.shop, books + line.books)

    return dict(sorted(sums.items()))


# What is signed


ORDER, LINE, MAPPING = "order", "line", "mapping"
"""The kinds of canonical lines."""


def canonical_lines(reconciliation: Reconciliation) -> Iterator[tuple[str, str, str]]:
    """Yield kind, key and text of everything that the hash covers: orders, totals and mapping.

    Neither clock, version nor number of the proof is in it: the same books give the same hash.
    """
    for order in reconciliation.orders:
        yield ORDER, order.number, _order_text(order)
    for line in reconciliation.lines:
        yield LINE, line.code, _line_text(line)
    for row in reconciliation.mapping:
        yield MAPPING, reconciliation.period.name, row


def hash_of(text: str) -> str:
    """Return the sha256 of one canonical line."""
    return hashlib.sha256(text.encode()).hexdigest()


def root_hash(hashes: Iterable[str]) -> str:
    """Return the sha256 over the hashes of all canonical lines, in their order."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def proof_hash(reconciliation: Reconciliation) -> str:
    """Return the hash that the document shows: see `canonical_lines`."""
    return root_hash(hash_of(text) for _kind, _key, text in canonical_lines(reconciliation))


def _order_text(order: ReconciledOrder) -> str:
    total = "" if order.total is None else euros(order.total)
    reason = order.rejection.reason if order.rejection else ""
    in_books = "?" if order.in_books is None else _shares_text(order.in_books)
    points = ",".join(sorted(map(_point_text, order.points)))

    facts = [order.number, order.date, order.document_date, total, order.standing, reason]
    booking = [order.batch_id, order.customer, _shares_text(order.in_shop), in_books, points]
    return "|".join([*facts, *booking])


def _shares_text(shares: Iterable[Share]) -> str:
    return ",".join(sorted(map(_share_text, shares)))


def _share_text(share: Share) -> str:
    rate = "" if share.rate is None else percentage(share.rate)
    amounts = f"{euros(share.turnover)}+{euros(share.vat)}"
    return f"{share.code}:{share.region}:{rate}:{share.ledger}:{amounts}"


def _point_text(point: Point) -> str:
    match point.cause:
        case Finding():
            return point.cause.code
        case Rejection():
            return point.cause.reason
        case differences:
            return "+".join(sorted(difference.code for difference in differences))


def _line_text(line: VatLine) -> str:
    rate = "" if line.rate is None else percentage(line.rate)
    sides = [line.shop.turnover, line.shop.vat, line.books.turnover, line.books.vat]
    return "|".join([line.code, line.region, rate, line.box, *map(euros, sides)])
