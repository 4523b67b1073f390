"""`check`: both connections, the rights, the mapping against Minox' own lists, this machine: a line
each.
"""

import json
import sqlite3
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from mww2minox.books.differences import VatAccounts, posting_of
from mww2minox.books.model import Administration, InvoiceNumber, ListEntry, VatCode
from mww2minox.commands.check import findings
from mww2minox.commands.check.findings import Finding, Status, warning
from mww2minox.config.loading import secret_files
from mww2minox.config.passing import passing
from mww2minox.config.yaml_file import env_file, read_document
from mww2minox.errors import ExitStatus, MwwError, Refused, StateError, UsageError, VendorError
from mww2minox.language.commands import carried
from mww2minox.language.texts import N_, _, moment, ngettext, system_problem
from mww2minox.minox.api import Minox
from mww2minox.minox.customers import said
from mww2minox.minox.kept_lists import keep_names
from mww2minox.minox.oauth import TokenFacts
from mww2minox.minox.wire import sent_lines
from mww2minox.output import Output, log_beside, printable
from mww2minox.register import DAILY
from mww2minox.shop.api import others_book
from mww2minox.shop.census import explain_left
from mww2minox.state import PastRuns
from mww2minox.steps.census import left_over
from mww2minox.steps.shared_journal import bookings_of_other_shops
from mww2minox.transport import Transport
from mww2minox.wiring import ADMINISTRATION, SHOP, Wiring

WORDS = {Status.OK: N_("ok"), Status.WARNING: N_("note"), Status.PROBLEM: N_("WRONG")}
"""In the place of the marks, for a terminal that has letters only."""
MARKS = {Status.OK: ("✓", "green"), Status.WARNING: ("·", "yellow"), Status.PROBLEM: ("✗", "red")}
STRICT_TABLES = (3, 37, 0)
"""The SQLite that has the state's kind of tables."""
MOST_SKEW_SECONDS = 60
MOST_IDLE = timedelta(hours=36)
"""Every command of the timers runs once a day at least."""

Answer = TypeVar("Answer")
Look = Generator[Finding, None, Answer | None]


def check(wiring: Wiring, config_path: Path, *, form: str = "table") -> ExitStatus:
    """Show a line for each thing looked at; ATTENTION when one is red, VENDOR when a vendor is out
    of reach.
    """
    return exit_status(look_at_all(wiring, config_path, form=form))


def look_at_all(wiring: Wiring, config_path: Path, *, form: str = "table") -> list[Finding]:
    """Show a line for each thing looked at, and return them all."""
    findings: list[Finding] = []
    for finding in _findings(wiring, config_path):
        # Who gives no answer does not tell the time either: that is no second matter.
        is_guess = finding.name == "clock" and finding.status is Status.WARNING
        if is_guess and any(earlier.vendor for earlier in findings):
            continue

        findings.append(finding)
        if form == "table":
            show(wiring.output, finding)

    if form == "json":
        wiring.output.data(_json(findings))
    return findings


def exit_status(findings: Iterable[Finding]) -> ExitStatus:
    """Return how `check` ends by what it found."""
    problems = [finding for finding in findings if finding.status is Status.PROBLEM]
    if any(finding.vendor for finding in problems):
        return ExitStatus.VENDOR
    return ExitStatus.ATTENTION if problems else ExitStatus.OK


def show(output: Output, finding: Finding) -> None:
    """Show a finding, and what to do about it."""
    if output.quiet and finding.status is not Status.PROBLEM:
        return

    mark, style = MARKS[finding.status]
    if not output.has_symbols:
        words = {status: _(word) for status, word in WORDS.items()}
        mark = words[finding.status].ljust(max(map(len, words.values())))

    line = f"{finding.what}: {finding.problem}" if finding.problem else finding.what
    output.item(mark, line, style=style)
    if finding.suggestion:
        output.item(" " * len(mark), finding.suggestion)


def _json(findings: Sequence[Finding]) -> str:
    checks = [
        {
            "name": finding.name,
            "what": printable(finding.what),
            "status": finding.status.value,
            "problem": carried(printable(finding.problem)) or None,
            "suggestion": carried(printable(finding.suggestion)) or None,
        }
        for finding in findings
    ]

    well = all(finding.status is not Status.PROBLEM for finding in findings)
    return json.dumps({"ok": well, "checks": checks}, indent=2, ensure_ascii=False)


def _findings(wiring: Wiring, config_path: Path) -> Iterator[Finding]:
    yield from _files(wiring, config_path)
    yield sqlite(sqlite3.sqlite_version_info)
    yield from _past_runs(wiring)
    yield from _census(wiring)
    yield from _books(wiring, ADMINISTRATION, wiring.books)
    shop_country = yield from _shop(wiring)
    yield from _rates(wiring, shop_country)
    yield from _minox(wiring, shop_country)
    yield clock([wiring.shop_transport, wiring.minox_transport])


def _look(name: str, what: str, look: Callable[[], Answer]) -> Look[Answer]:
    """Return what was looked up; a failure is a finding, and then there is nothing to return."""
    try:
        return look()
    except (VendorError, UsageError) as error:
        yield _failed(name, what, error)
        return None


def _failed(name: str, what: str, error: MwwError) -> Finding:
    return Finding(
        name=name,
        what=what,
        status=Status.PROBLEM,
        problem=error.message,
        suggestion=error.suggestion,
        vendor=isinstance(error, VendorError),
    )


# This machine


def _files(wiring: Wiring, config_path: Path) -> Iterator[Finding]:
    """Look at every file that holds a secret."""
    state_path, env_path = wiring.store.path, env_file(config_path)
    yield _private("config_file", _("config {path}").format(path=config_path), config_path)
    yield _private("state_file", _("state {path}").format(path=state_path), state_path)

    for key, path in secret_files(read_document(config_path)).items():
        yield _private("secret_file", f"{key}_file {path}", path)
    for path in passing(wiring.config, config_path, state_path):
        yield warning(
            "passing_file",
            str(path),
            _("it stands among temporary files, which are emptied at a restart"),
            _("Move it to a folder that stays, then run: mww2minox check"),
        )
    if env_path.exists():
        yield _private("env_file", _("environment {path}").format(path=env_path), env_path)


def _private(name: str, what: str, path: Path) -> Finding:
    """Others on this machine must not read the file."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        problem = _("it cannot be looked at: {problem}").format(problem=system_problem(error))
        return warning(name, what, problem)

    if not mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding(name=name, what=what)
    return Finding(
        name=name,
        what=what,
        status=Status.PROBLEM,
        problem=_("others can read it"),
        suggestion=_("Run: chmod 600 {path}").format(path=path),
    )


def _books(wiring: Wiring, what: str, ours: str) -> Iterator[Finding]:
    """Look whether the state file is of another administration, or shop: every run would refuse
    it.
    """
    try:
        wiring.refuse_other_books(what, ours)
    except StateError as error:
        # The sentence names the file.
        yield _failed("books", _(what), error)


def sqlite(version: Sequence[int]) -> Finding:
    """Look whether this SQLite has STRICT tables, which the state file is made of."""
    what = _("SQLite {version}").format(version=".".join(map(str, version)))
    if tuple(version) >= STRICT_TABLES:
        return Finding(name="sqlite", what=what)

    return Finding(
        name="sqlite",
        what=what,
        status=Status.PROBLEM,
        problem=_("the state file needs version 3.37 or newer"),
        suggestion=_("Install a newer Python or SQLite, then run: mww2minox check"),
    )


def _past_runs(wiring: Wiring) -> Iterator[Finding]:
    log = log_beside(wiring.store.path)
    for command in DAILY:
        yield _past_run(command, wiring.store.past_runs(command), log)


def _census(wiring: Wiring) -> Iterator[Finding]:
    """Warn of days of which the shop counted other orders than are known."""
    for left in left_over(wiring):
        if not left.explained:
            yield warning("census", _("Orders in the shop"), *explain_left(left))


def _past_run(command: str, past: PastRuns | None, log: Path) -> Finding:
    what = _("last run of {command}").format(command=command)
    if past is None:
        return warning("last_run", what, _("there was none yet"))

    if past.refused:
        return Finding(
            name="last_run",
            what=what,
            status=Status.PROBLEM,
            problem=_("it refused and did nothing, {moment}").format(moment=moment(past.ended)),
            suggestion=_("To see why, run: mww2minox {command}").format(command=command),
        )

    # One that is far ahead was noted by a clock that was wrong.
    well = past.ended_well
    if well and abs(datetime.now(UTC) - well) < MOST_IDLE:
        return Finding(name="last_run", what=f"{what}: {moment(well)}")

    if well:
        problem = _("it has not ended well since {moment}")
    else:
        problem = _("it never ended well; the last one ended {moment}")
    suggestion = _(
        "See the log, {log}, and whether its timer runs (mww2minox schedule says how); then run:"
        " mww2minox {command}"
    )
    return Finding(
        name="last_run",
        what=what,
        status=Status.PROBLEM,
        problem=problem.format(moment=moment(well or past.ended)),
        suggestion=suggestion.format(log=log, command=command),
    )


def clock(transports: Iterable[Transport]) -> Finding:
    """Hold our clock against those of the vendors, by their last answers."""
    skews = {
        transport.vendor: transport.skew for transport in transports if transport.skew is not None
    }
    what = _("clock")
    if not skews:
        return warning("clock", what, _("neither side tells the time"))

    vendor = max(skews, key=lambda vendor: abs(skews[vendor]))
    if abs(skews[vendor]) <= MOST_SKEW_SECONDS:
        return Finding(name="clock", what=_("the clock is right"))

    return Finding(
        name="clock",
        what=what,
        status=Status.PROBLEM,
        problem=_clock_problem(vendor, skews[vendor]),
        suggestion=_("Set the clock (see: timedatectl), then run: mww2minox check"),
    )


def _clock_problem(vendor: str, skew: float) -> str:
    seconds = round(abs(skew))

    if skew > 0:
        problem = ngettext(
            "it is {n} second behind that of {vendor}",
            "it is {n} seconds behind that of {vendor}",
            seconds,
        )
    else:
        problem = ngettext(
            "it is {n} second ahead of that of {vendor}",
            "it is {n} seconds ahead of that of {vendor}",
            seconds,
        )

    return problem.format(n=seconds, vendor=vendor)


# The shop, and what was fetched from it


def _shop(wiring: Wiring) -> Generator[Finding, None, str]:
    """Look at the shop; return its country, or what the state knows of that, or an empty text."""
    store = yield from _look("shop", _("the shop answers"), lambda: wiring.shop_store)
    if store is None:
        return wiring.store.note("shop region") or ""

    name = store.name or wiring.config.shop.url
    yield Finding(name="shop", what=_("the shop answers: {name}").format(name=name))
    if store.uuid:
        yield from _books(wiring, SHOP, store.uuid)

    # The lists of statuses and of ways of paying are for partners alone.
    if wiring.config.shop.partner_token is None:
        problem = _("without shop.partner_token they cannot be looked up")
        yield warning("status", _("order statuses"), problem, others_book())
    else:
        yield from _statuses(wiring)
        yield from _payment_methods(wiring)
    yield from findings.new_ways_of_paying(wiring.payments.new_ways())
    return store.country


def _statuses(wiring: Wiring) -> Iterator[Finding]:
    statuses = yield from _look("status", _("order statuses"), wiring.shop.statuses)
    if statuses is not None:
        yield from findings.statuses(wiring.config, statuses)
        yield from findings.credit_statuses(wiring.config, statuses)


def _payment_methods(wiring: Wiring) -> Iterator[Finding]:
    """Look at the ways of paying; a shop that does not tell them is no problem, since nothing else
    needs them.
    """
    if not wiring.config.payment_debtors:
        return

    try:
        methods = wiring.shop.payment_methods()
    except VendorError as error:
        yield warning("payment_method", _("ways of paying"), error.message)
    else:
        yield from findings.payment_methods(wiring.config, methods)


def _rates(wiring: Wiring, shop_country: str) -> Iterator[Finding]:
    # One that cannot be read has no rates; `push` tells what is wrong with it.
    stored_orders = wiring.store.orders()
    orders = [(stored.order, stored.state) for stored in stored_orders if stored.order]

    if orders:
        yield from findings.rates(wiring.config, orders, shop_country)
    else:
        yield warning(
            "rate",
            _("VAT rates of the orders"),
            _("no orders were fetched yet"),
            _("Run: mww2minox fetch"),
        )


# Minox


def _minox(wiring: Wiring, shop_country: str) -> Iterator[Finding]:
    facts = yield from _look("login", _("login at Minox"), wiring.login.inspect)
    if facts is None:
        return

    # Where the login tells nothing either, what is wrong is told once, without guesses before it.
    if facts == TokenFacts():
        answers = yield from _look_at_administration(wiring)
        if answers is None:
            return

    yield findings.scopes(facts)
    tenant = findings.tenant(wiring.config, facts)
    yield tenant
    # Of a tenant that is out of reach nothing more can be asked.
    if tenant.status is not Status.PROBLEM:
        yield from _administration(wiring, shop_country)


def _look_at_administration(wiring: Wiring) -> Look[Administration]:
    return _look("administration", _("Minox answers"), lambda: wiring.administration)


def _administration(wiring: Wiring, shop_country: str) -> Iterator[Finding]:
    administration = yield from _look_at_administration(wiring)
    if administration is None:
        return

    what = _("Minox answers: {name}").format(name=administration.name)
    yield Finding(name="administration", what=what)
    yield findings.fiscal_year(administration, wiring.today)

    yield from _lists(wiring, shop_country, administration)
    yield from findings.other_shops(
        wiring.config, bookings_of_other_shops(wiring, administration, wiring.today)
    )
    for payment, number in wiring.config.payment_debtors.items():
        yield from _fixed_customer(wiring.minox, payment, number)


def _lists(wiring: Wiring, shop_country: str, administration: Administration) -> Iterator[Finding]:
    journals = yield from _look("journal", _("journals"), wiring.minox.journals)
    if journals is not None:
        yield findings.journal(wiring.config, journals)
        yield from _invoice_numbers(wiring, journals)

    accounts = yield from _look(
        "ledger_account", _("ledger accounts"), wiring.minox.ledger_accounts
    )
    if accounts is not None:
        yield from findings.ledger_accounts(wiring.config, accounts)
        yield from findings.vat_on_accounts(wiring.config, accounts)

    codes = yield from _look("vat_code", _("VAT codes"), wiring.minox.vat_codes)
    if codes is not None:
        yield from findings.vat_codes(wiring.config, codes, shop_country)
        reads_back = partial(_reads_back, wiring, codes)
        yield from findings.vat_posting(wiring.config, administration, reads_back=reads_back)

    if accounts is not None and codes is not None:
        keep_names(wiring.store, wiring.config.rules(shop_country), accounts, codes)


def _reads_back(wiring: Wiring, codes: Iterable[VatCode]) -> bool:
    """Tell whether a booking that was sent as VAT is sent today has verified."""
    sent_to = [row.vat_ledger for row in wiring.config.vat if row.vat_ledger]
    vat = VatAccounts(codes={code.code: code for code in codes}, sent_to=frozenset(sent_to))

    for booking in reversed(wiring.store.bookings()):
        if booking.verified == "ok" and booking.body:
            posting = posting_of(sent_lines(booking.body), vat)
            if posting is wiring.config.booking.vat_posting:
                return True
    return False


def _invoice_numbers(wiring: Wiring, journals: Iterable[ListEntry]) -> Iterator[Finding]:
    """Look at the order numbers that are invoice numbers too: nothing where Minox gives these."""
    if wiring.config.booking.invoice_number is InvoiceNumber.MINOX:
        return

    if wiring.store.has_long_invoice_numbers():
        yield findings.long_numbers()
    highest = wiring.store.highest_number()
    yield from findings.next_invoice_number(wiring.config, journals, highest)


def _fixed_customer(minox: Minox, payment: str, number: str) -> Iterator[Finding]:
    what = findings.fixed_customer_name(payment, number)
    try:
        yield findings.fixed_customer(payment, number, minox.customer(number))
    except Refused as refused:
        # A number that no customer can have, like one with letters.
        problem = _("Minox does not take it: {message}").format(message=said(refused))
        yield findings.mend("fixed_debtor", what, problem, "payment_debtors")
    except VendorError as error:
        yield _failed("fixed_debtor", what, error)
