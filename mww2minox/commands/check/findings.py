"""How the config fits what both sides have: a finding for each thing that is looked at.

Pure: asks nobody itself.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mww2minox import reasons
from mww2minox.books.differences import NO_CODE
from mww2minox.books.model import (
    Administration,
    ListEntry,
    MinoxCustomer,
    Order,
    State,
    VatCode,
    VatNeed,
    VatPosting,
    VatRow,
)
from mww2minox.books.periods import period_of
from mww2minox.books.vat_return import PURCHASES, boxes_for, boxes_of, fits
from mww2minox.books.vat_rows import need_met_by, row_for, vat_needs
from mww2minox.config.settings import Config
from mww2minox.language.texts import _, day, ngettext, percentage
from mww2minox.minox.oauth import LOGIN, SCOPES, TokenFacts
from mww2minox.reasons import journal_type
from mww2minox.shop.api import Status as ShopStatus, named

DONE = (State.BOOKED, State.SKIPPED)
OTHER_JOURNALS = ("purchase", "bank", "cash")


class Status(StrEnum):
    """How a finding is shown, and whether it colours the exit code: only a problem does."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, what is wrong with it or not certain, and what to do.

    `name` is a stable key for programs. `vendor` says that a vendor could not be asked.
    """

    name: str
    what: str
    status: Status = Status.OK
    problem: str = ""
    suggestion: str = ""
    vendor: bool = False


def mend(name: str, what: str, problem: str, key: str) -> Finding:
    """Return a problem that a change of `key` in the config solves."""
    suggestion = _("Correct {key} in the config, then run: mww2minox check").format(key=key)
    return Finding(
        name=name, what=what, status=Status.PROBLEM, problem=problem, suggestion=suggestion
    )


def warning(name: str, what: str, problem: str, suggestion: str = "") -> Finding:
    """Return what cannot be told, or is worth a look."""
    return Finding(
        name=name, what=what, status=Status.WARNING, problem=problem, suggestion=suggestion
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or _("none")


# The shop


def statuses(config: Config, shop_statuses: Iterable[ShopStatus]) -> Iterator[Finding]:
    """Look whether the shop has each status that books, by name or by number."""
    available = list(shop_statuses)
    for wanted in config.shop.statuses:
        matching = named(wanted, available)
        if not matching:
            yield _missing_status(wanted, available)

        for status in matching:
            what = _("status {name} ({number}) is booked")
            yield Finding(name="status", what=what.format(name=status.name, number=status.number))


def credit_statuses(config: Config, shop_statuses: Iterable[ShopStatus]) -> Iterator[Finding]:
    """Look whether any status of credit orders books: an ordinary one never stands on these."""
    available = list(shop_statuses)
    for_credit = [status for status in available if status.credit_order]
    booking = [status for wanted in config.shop.statuses for status in named(wanted, available)]
    if not for_credit or any(status.credit_order for status in booking):
        return

    problem = ngettext(
        "the only one that the shop has is not booked, so no credit order is booked: {names}",
        "none of those that the shop has is booked, so no credit order is booked: {names}",
        len(for_credit),
    )
    names = _listed(f"{status.name} ({status.number})" for status in for_credit)
    suggestion = _(
        "Add it to shop.statuses in the config, unless credit orders are booked elsewhere; then"
        " run: mww2minox check"
    )
    yield warning("status", _("statuses of credit orders"), problem.format(names=names), suggestion)


def _missing_status(wanted: str | int, available: Iterable[ShopStatus]) -> Finding:
    names = _listed(f"{status.name} ({status.number})" for status in available)
    problem = _("the shop does not have it; it has: {available}").format(available=names)
    return mend("status", _("status {name}").format(name=wanted), problem, "shop.statuses")


def payment_methods(config: Config, methods: Mapping[str, str]) -> Iterator[Finding]:
    """Look whether the shop has the ways of paying that have a debtor of their own; it may have had
    them before.
    """
    available = {payment.casefold() for payment in methods}
    for payment in config.payment_debtors:
        what = _("way of paying {payment} (payment_debtors)").format(payment=payment)
        if payment in available:
            yield Finding(name="payment_method", what=what)
            continue

        problem = _("the shop does not have it now; it has: {available}")
        suggestion = _(
            "If this is a mistake, correct payment_debtors in the config, then run: mww2minox check"
        )
        yield warning(
            "payment_method", what, problem.format(available=_listed(methods)), suggestion
        )


def new_ways_of_paying(ways: Mapping[str, str]) -> Iterator[Finding]:
    """Tell of ways of paying that are about to go by e-mail address for the first time, each with
    an order.
    """
    for payment, number in ways.items():
        problem = _(
            "it is new (order {number}) and has no fixed customer: its orders go to the customers"
            " with their e-mail addresses"
        )
        suggestion = _(
            "If it belongs to a fixed customer, add it to payment_debtors in the config before the"
            " next push, then run: mww2minox check"
        )
        what = _("way of paying {payment}").format(payment=payment)
        yield warning("payment_method", what, problem.format(number=number), suggestion)


def rates(
    config: Config, orders: Iterable[tuple[Order, State]], shop_country: str
) -> Iterator[Finding]:
    """Look whether each VAT rate of the orders that were fetched has a row, for a shop in the
    country `shop_country`.

    A rate that only orders have which are booked, or have nothing to book, keeps nothing from being
    booked.
    """
    rows = config.rules(shop_country).vat
    of_types = {need_met_by(row) for row in rows if row.type}

    counts: Counter[VatNeed] = Counter()
    examples: dict[VatNeed, str] = {}
    needed: set[VatNeed] = set()
    for order, state in orders:
        for need in vat_needs(order, shop_country, of_types):
            counts[need] += 1
            examples.setdefault(need, order.number)
            if state not in DONE:
                needed.add(need)

    for need, count in counts.most_common():
        if row_for(need, rows):
            what = ngettext("VAT {rate}: {n} order", "VAT {rate}: {n} orders", count)
            yield Finding(name="rate", what=what.format(rate=use(need), n=count))
        else:
            status = Status.PROBLEM if need in needed else Status.WARNING
            yield _uncovered(need, count, examples[need], status)


def _uncovered(need: VatNeed, count: int, example: str, status: Status) -> Finding:
    problem = ngettext(
        "{n} order has it, {number}, and no row of vat covers it",
        "{n} orders have it, such as {number}, and no row of vat covers it",
        count,
    )

    # A strategy means that no VAT is due, so VAT all the same is the shop's mistake.
    if need.strategy and need.rate:
        suggestion = _(
            "No row can cover that: look at the order in the shop, then run: mww2minox retry"
            " {number}"
        ).format(number=example)
    else:
        suggestion = _(
            "Add a row for it to vat in the config, or correct the order in the shop if it is a"
            " mistake; then run: mww2minox check"
        )

    return Finding(
        name="rate",
        what=_("VAT {rate}").format(rate=use(need)),
        status=status,
        problem=problem.format(n=count, number=example),
        suggestion=suggestion,
    )


def use(need: VatNeed | VatRow) -> str:
    """Name what a row of `vat` is for, as the config does: `NL 21%`, `zero_percent`."""
    rate = f"{percentage(need.rate)}%" if need.rate is not None else ""
    if need.strategy and not need.rate:
        rate = ""

    return " ".join(filter(None, (need.strategy or need.region, rate, need.type)))


# The login at Minox, and the administration


def tenant(config: Config, facts: TokenFacts) -> Finding:
    """Look whether our login reaches the tenant."""
    wanted = config.minox.tenant
    what = _("tenant {tenant}").format(tenant=wanted)
    if not facts.tenants:
        return warning("tenant", what, _("Minox does not tell which tenants the login reaches"))
    if wanted in facts.tenants:
        return Finding(name="tenant", what=what)

    problem = _("the login does not reach it, but it does: {tenants}")
    return mend("tenant", what, problem.format(tenants=", ".join(facts.tenants)), "minox.tenant")


def scopes(facts: TokenFacts) -> Finding:
    """Look whether our login has all rights."""
    what = _("rights of the login")
    if facts.scopes is None:
        return warning("scopes", what, _("Minox does not tell them"))

    missing = [scope for scope in SCOPES.split() if scope not in facts.scopes]
    if not missing:
        return Finding(name="scopes", what=what)
    problem = _("it lacks {scopes}").format(scopes=", ".join(missing))
    return Finding(
        name="scopes", what=what, status=Status.PROBLEM, problem=problem, suggestion=_(LOGIN)
    )


def fiscal_year(administration: Administration, today: date) -> Finding:
    """Look whether the administration has a fiscal year for today."""
    placed = period_of(today, administration)
    if placed:
        year, period = placed
        what = _("fiscal year {year}, period {period}").format(year=year, period=period)
        return Finding(name="fiscal_year", what=what)

    problem = _("the administration has none for today ({today})")
    return Finding(
        name="fiscal_year",
        what=_("fiscal year"),
        status=Status.PROBLEM,
        problem=problem.format(today=day(today)),
        suggestion=_("Open it in Minox, then run: mww2minox check"),
    )


def journal(config: Config, journals: Iterable[ListEntry]) -> Finding:
    """Look whether the journal is one for sales."""
    wanted = config.minox.journal
    what = _("journal {journal}").format(journal=wanted)

    by_id = {entry.id: entry for entry in journals}
    chosen = by_id.get(wanted)
    if chosen is None:
        problem = _("Minox does not have it; it has: {available}")
        return mend("journal", what, problem.format(available=_listed(by_id)), "minox.journal")

    if chosen.type.lower() in OTHER_JOURNALS:
        problem = _("it is a journal for {type}, not for sales")
        return mend(
            "journal", what, problem.format(type=journal_type(chosen.type)), "minox.journal"
        )

    # Public sources show the type `general` only, so a type that is unknown is no error
    # (minox/api.md, "Lists").
    if chosen.type.lower() != "sales":
        problem = _("its type, {type}, does not tell whether it is for sales")
        suggestion = _("Ask your bookkeeper whether it is the sales journal.")
        kind = chosen.type or _("unknown")
        return warning("journal", what, problem.format(type=kind), suggestion)
    return Finding(name="journal", what=what)


def other_shops(config: Config, descriptions: Sequence[str]) -> Iterator[Finding]:
    """Look whether the journal is this shop's alone: `descriptions` are of others' bookings."""
    if not descriptions:
        return

    problem = ngettext(
        "{n} booking of the last month is of another shop, {text}: order numbers collide",
        "{n} bookings of the last month are of another shop, such as {text}: order numbers collide",
        len(descriptions),
    )
    suggestion = _(
        "Give each shop a sales journal of its own in Minox (Onderhoud > Algemeen > Dagboeken), at"
        " minox.journal in its config, then run: mww2minox check"
    )
    yield warning(
        "journal_shared",
        _("journal {journal}").format(journal=config.minox.journal),
        problem.format(n=len(descriptions), text=repr(descriptions[0])),
        suggestion,
    )


def long_numbers() -> Finding:
    """Tell of order numbers that were taken as invoice numbers, and are too long for it."""
    message, suggestion = reasons.long_numbers()
    return warning("invoice_number", _("invoice numbers"), message, suggestion)


def next_invoice_number(
    config: Config, journals: Iterable[ListEntry], highest: int
) -> Iterator[Finding]:
    """Look whether Minox' own invoice numbers in the journal are still to pass our order numbers.

    `highest` is the highest of these. Source: minox/api.md, "Invoice numbers".
    """
    for entry in journals:
        following = entry.next_invoice_number
        # A journal whose next number is the first gave none out: nothing runs there.
        if entry.id != config.minox.journal or not 1 < following <= highest:
            continue

        problem = _(
            "Minox' own numbering is at {following} and will meet the order numbers (now at"
            " {highest}): if a customer gets the same number twice, Minox refuses the second"
        )
        suggestion = _(
            "In Minox, let this journal's invoice numbers begin above the order numbers (Onderhoud"
            " > Algemeen > Dagboeken), or set booking.invoice_number: minox in the config; then"
            " run: mww2minox check"
        )
        yield warning(
            "invoice_number",
            _("invoice numbers of journal {journal}").format(journal=entry.id),
            problem.format(following=following, highest=highest),
            suggestion,
        )


def ledger_accounts(config: Config, accounts: Iterable[ListEntry]) -> Iterator[Finding]:
    """Look whether each ledger account of the config is there, and open."""
    by_number = {account.id: account for account in accounts}
    for key, wanted in _wanted_accounts(config):
        what = _("ledger account {account} ({key})").format(account=wanted, key=key)
        account = by_number.get(wanted)

        if account is None:
            yield mend("ledger_account", what, _("Minox does not have it"), key)
        elif account.blocked:
            yield mend("ledger_account", what, _("it is blocked in Minox"), key)
        else:
            yield Finding(name="ledger_account", what=f"{what}: {account.description}")


def _wanted_accounts(config: Config) -> list[tuple[str, str]]:
    """Every ledger account of the config, once, after the first key that names it."""
    keys: dict[str, str] = {}
    for row in config.vat:
        keys.setdefault(row.ledger, _of_row("ledger", row.row()))
        if row.vat_ledger:
            keys.setdefault(row.vat_ledger, _of_row("vat_ledger", row.row()))

    for kind, ledger in config.rules("NL").ledgers.items():
        keys.setdefault(ledger, f"ledgers.{kind}")
    if config.booking.rounding_ledger:
        keys.setdefault(config.booking.rounding_ledger, "booking.rounding_ledger")

    return [(key, ledger) for ledger, key in keys.items()]


def _of_row(key: str, row: VatRow) -> str:
    """Name a key of a row of `vat` by what the row is for: nobody counts its rows."""
    return _("{key} of {use} at vat").format(key=key, use=use(row))


def vat_codes(config: Config, codes: Iterable[VatCode], shop_country: str) -> Iterator[Finding]:
    """Look whether each row's VAT code is there, with the row's percentage, and goes to the right
    box.
    """
    by_code = {code.code: code for code in codes}
    for settings in config.vat:
        row = settings.row()
        key = _of_row("code", row)
        # What is no turnover goes to Minox without a code.
        if row.code is None:
            continue

        what = _("VAT code {code} ({use})").format(code=row.code, use=use(row))
        code = by_code.get(str(row.code))

        if code is None:
            yield mend("vat_code", what, _("Minox does not have it"), key)
        elif code.percentage != (row.rate or 0):
            problem = _("in Minox it is {percentage}% ({type})").format(
                percentage=percentage(code.percentage), type=code.type
            )
            yield mend("vat_code", what, problem, key)
        else:
            yield _box(row, code, what, key, shop_country)


def _box(row: VatRow, code: VatCode, what: str, key: str, shop_country: str) -> Finding:
    """Look whether a code goes to the box of the VAT return where the row's sales belong."""
    need = need_met_by(row)
    fitting = fits(need, shop_country, code.type)
    if fitting:
        return Finding(name="vat_code", what=f"{what}: {code.type}")

    if boxes_of(code.type) & PURCHASES:
        problem = _("in Minox it is for VAT on purchases: {type}").format(type=code.type)
        return mend("vat_code", what, problem, key)

    if fitting is False:
        boxes = ", ".join(sorted(boxes_for(need, shop_country)))
        problem = _(
            "in Minox it is {type}, and these sales belong in box {boxes} of the VAT return"
        )
        return mend("vat_code", what, problem.format(type=code.type, boxes=boxes), key)

    # None: Minox' type names no box, so only a bookkeeper can tell.
    problem = _("its type in Minox, {type}, does not show whether it fits")
    suggestion = _("Ask your bookkeeper in which box of the VAT return these sales belong.")
    return warning("vat_code", what, problem.format(type=code.type or _("none")), suggestion)


def vat_posting(
    config: Config, administration: Administration, *, reads_back: Callable[[], bool]
) -> Iterator[Finding]:
    """Look whether VAT is sent to where the administration has it, as far as Minox tells that.

    `reads_back` tells whether a booking that was sent in this way has verified: then it may stay.
    """
    posting, vat_on_sub = config.booking.vat_posting, administration.vat_on_sub
    if vat_on_sub is None:
        return

    what = _("VAT on ledger accounts (booking.vat_posting: {way})")
    problem = _(
        "in Minox VAT stands on the ledger accounts here, and with vat_posting {way} it is sent on"
        " the debtor's lines"
    )
    fitting = VatPosting.NET
    if vat_on_sub:
        what = _("VAT on the sub-administration (booking.vat_posting: {way})")
        problem = _(
            "in Minox VAT stands on the debtor's lines here, and with vat_posting {way} it is not"
            " sent there"
        )
        fitting = VatPosting.DEBTOR

    what = what.format(way=posting)
    if vat_on_sub == (posting is VatPosting.DEBTOR):
        yield Finding(name="vat_posting", what=what)
        return

    problem = problem.format(way=posting)
    if reads_back():
        # What reads back right is right, whatever the administration says of itself.
        suggestion = _("It may stay: bookings that were sent in this way read back correctly.")
        yield warning("vat_posting", what, problem, suggestion)
        return
    suggestion = _(
        "Set booking.vat_posting: {way} in the config, or let the trial booking of mww2minox setup"
        " find out; then run: mww2minox check"
    )
    yield Finding(
        name="vat_posting",
        what=what,
        status=Status.PROBLEM,
        problem=problem,
        suggestion=suggestion.format(way=fitting),
    )


def vat_on_accounts(config: Config, accounts: Iterable[ListEntry]) -> Iterator[Finding]:
    """Look whether the revenue accounts take VAT in the way in which it is sent."""
    by_number = {account.id: account for account in accounts}
    match config.booking.vat_posting:
        case VatPosting.LEDGER:
            yield from _codes_of_rows(config, by_number)
        case VatPosting.LINE:
            yield from _codes_beside_lines(config, by_number)
        case VatPosting.NET | VatPosting.GROSS:
            yield from _own_amounts(config, by_number)
        case VatPosting.DEBTOR:
            # On the sub-administration ledger accounts have no part in the VAT.
            return


def _revenue_accounts(
    config: Config, by_number: Mapping[str, ListEntry]
) -> Iterator[tuple[str, ListEntry]]:
    """Yield each revenue account of the config that Minox has, once, with what to call it."""
    numbers = [row.ledger for row in config.vat] + [*config.rules("NL").ledgers.values()]
    for number in dict.fromkeys(numbers):
        # An account that is not there is told by `ledger_accounts`.
        if number in by_number:
            what = _("VAT code of ledger account {account}").format(account=number)
            yield what, by_number[number]


def _codes_beside_lines(config: Config, by_number: Mapping[str, ListEntry]) -> Iterator[Finding]:
    """Where VAT is a line of its own, look whether no revenue account has Minox make it again."""
    for what, account in _revenue_accounts(config, by_number):
        if account.vat in NO_CODE:
            yield Finding(name="ledger_vat_code", what=what)
            continue

        problem = _(
            "it carries code {code}, so its VAT would be made twice: by Minox, and with vat_posting"
            " line on a line of its own"
        )
        suggestion = _(
            "Take the code off that account in Minox (Onderhoud > Grootboek), or let the trial"
            " booking of mww2minox setup find another way of sending VAT; then run: mww2minox check"
        )
        yield Finding(
            name="ledger_vat_code",
            what=what,
            status=Status.PROBLEM,
            problem=problem.format(code=account.vat),
            suggestion=suggestion,
        )


def _own_amounts(config: Config, by_number: Mapping[str, ListEntry]) -> Iterator[Finding]:
    """Look whether the revenue accounts take the VAT of the customer's invoice, to the cent."""
    for _what, account in _revenue_accounts(config, by_number):
        if account.free_vat_input:
            continue

        what = _("VAT amounts on ledger account {account}").format(account=account.id)
        problem = _(
            "in Minox it is set to take only VAT that Minox works out, and what is sent is that of"
            " the customer's invoice"
        )
        suggestion = _(
            "If Minox refuses a booking for this, allow your own VAT amounts at that account in"
            " Minox (Onderhoud > Grootboek), then run: mww2minox check"
        )
        yield warning("free_vat_input", what, problem, suggestion)


def _codes_of_rows(config: Config, by_number: Mapping[str, ListEntry]) -> Iterator[Finding]:
    """Where the ledger account decides the VAT, look whether each carries the VAT code of its
    row.
    """
    for place, row in enumerate(config.vat):
        account = by_number.get(row.ledger)
        what = _("VAT code of ledger account {account}").format(account=row.ledger)

        # An account that is not there is told by `ledger_accounts`.
        if account is None:
            continue
        if account.vat == str(row.code or ""):
            yield Finding(name="ledger_vat_code", what=what)
        else:
            yield mend("ledger_vat_code", what, _another_code(account, row.code), f"vat[{place}]")


def _another_code(account: ListEntry, expected: int | str | None) -> str:
    if expected is None:
        problem = _("in Minox it is {found}, and in the config none")
        return problem.format(found=account.vat)
    if not account.vat:
        problem = _("in Minox it carries none, and in the config it is {expected}")
        return problem.format(expected=expected)
    problem = _("in Minox it is {found}, and in the config {expected}")
    return problem.format(found=account.vat, expected=expected)


def fixed_customer(payment: str, number: str, customer: MinoxCustomer | None) -> Finding:
    """Look whether the fixed customer of a way of paying is there, and open."""
    what = fixed_customer_name(payment, number)
    if customer is None:
        return mend("fixed_debtor", what, _("Minox does not have it"), "payment_debtors")
    if customer.blocked:
        return mend("fixed_debtor", what, _("it is blocked in Minox"), "payment_debtors")
    return Finding(name="fixed_debtor", what=what)


def fixed_customer_name(payment: str, number: str) -> str:
    """Name the fixed customer of a way of paying."""
    return _("fixed customer {number} ({payment})").format(number=number, payment=payment)
