"""`check`: both connections, the rights, the mapping against Minox' own lists, file permissions: a line each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from mww2minox.config import Config
from mww2minox.customers import said
from mww2minox.errors import ExitStatus, MwwError, Refused, UsageError, VendorError
from mww2minox.minox import Listed, VatCode
from mww2minox.model import Administration
from mww2minox.periods import period_of
from mww2minox.wiring import Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the check: what was looked at, and what is wrong with it, if anything."""

    what: str
    problem: str = ""
    suggestion: str = ""
    status: ExitStatus = ExitStatus.ATTENTION


def check(wiring: Wiring, config_path: Path) -> ExitStatus:
    """Show a line for each thing looked at; ATTENTION when one is red, VENDOR when a vendor is out of reach."""
    status = ExitStatus.OK
    for finding in _findings(wiring, config_path):
        if finding.problem or not wiring.output.quiet:
            _show(wiring, finding)
        if finding.problem and status is not ExitStatus.VENDOR:
            status = finding.status
    return status


def _show(wiring: Wiring, finding: Finding) -> None:
    mark, style = ("✗", "red") if finding.problem else ("✓", "green")
    wiring.output.line(f"{mark} {finding.what}{': ' if finding.problem else ''}{finding.problem}", style=style)
    if finding.suggestion:
        wiring.output.line(f"  {finding.suggestion}")


def _findings(wiring: Wiring, config_path: Path) -> Iterator[Finding]:
    yield _private("config", config_path)
    yield _private("state", wiring.store.path)
    yield from _shop(wiring)
    yield from _minox(wiring)


def _private(name: str, path: Path) -> Finding:
    """Others on this machine must not read the file."""
    what = f"{name} {path}"
    if path.stat().st_mode & 0o077:
        return Finding(what=what, problem="others can read it", suggestion=f"Run: chmod 600 {path}")
    return Finding(what=what)


def _shop(wiring: Wiring) -> Iterator[Finding]:
    yield _tried("the shop answers", wiring.shop.store)
    yield _tried("order statuses", lambda: wiring.statuses)


def _tried(what: str, look: Callable[[], object]) -> Finding:
    """Look at something that may fail; a failure is a finding."""
    try:
        look()
    except MwwError as error:
        status = ExitStatus.VENDOR if isinstance(error, VendorError) else ExitStatus.ATTENTION
        return Finding(what=what, problem=error.message, suggestion=error.suggestion, status=status)
    return Finding(what=what)


def _minox(wiring: Wiring) -> Iterator[Finding]:
    try:
        administration = wiring.minox.administration()
        journals = wiring.minox.journals()
        accounts = wiring.minox.ledger_accounts()
        codes = wiring.minox.vat_codes()
    except (VendorError, UsageError) as error:
        status = ExitStatus.VENDOR if isinstance(error, VendorError) else ExitStatus.ATTENTION
        yield Finding(what="Minox answers", problem=error.message, suggestion=error.suggestion, status=status)
        return
    config = wiring.config
    yield Finding(what=f"Minox answers: {administration.name}")
    yield _fiscal_year(administration, datetime.now(ZoneInfo(config.shop.timezone)).date())
    yield _journal(config, journals)
    yield from _accounts(config, accounts)
    yield from _vat_rows(config, codes)
    yield from _fixed_debtors(wiring)


def _fiscal_year(administration: Administration, today: date) -> Finding:
    placed = period_of(today, administration)
    if placed:
        return Finding(what=f"fiscal year {placed[0]}, period {placed[1]}")
    return Finding(
        what="fiscal year",
        problem=f"the administration has none for today ({today})",
        suggestion="Open it in Minox, then run: mww2minox check",
    )


def _journal(config: Config, journals: Iterable[Listed]) -> Finding:
    """Public sources show the type `general` only, so a type never seen is no error (vendors.md)."""
    there = {journal.id: journal for journal in journals}
    wanted = config.minox.journal
    what = f"journal {wanted}"
    if wanted not in there:
        available = ", ".join(there) or "none"
        return _mend(what, f"Minox does not have it; it has: {available}", "minox.journal")
    if there[wanted].type.lower() in ("purchase", "bank", "cash"):
        return _mend(what, f"it is a journal of type {there[wanted].type}, not sales", "minox.journal")
    return Finding(what=what)


def _mend(what: str, problem: str, key: str) -> Finding:
    return Finding(what=what, problem=problem, suggestion=f"Correct {key} in the config, then run: mww2minox check")


def _accounts(config: Config, accounts: Iterable[Listed]) -> Iterator[Finding]:
    there = {account.id: account for account in accounts}
    for key, wanted in _wanted_accounts(config):
        what = f"ledger account {wanted} ({key})"
        account = there.get(wanted)
        if account is None:
            yield _mend(what, "Minox does not have it", key)
        elif account.blocked:
            yield _mend(what, "it is blocked in Minox", key)
        else:
            yield Finding(what=f"{what}: {account.description}")


def _wanted_accounts(config: Config) -> Iterable[tuple[str, str]]:
    """Every ledger account of the config, once, with the key that names it."""
    named: dict[str, str] = {}
    for place, row in enumerate(config.vat):
        named.setdefault(row.ledger, f"vat[{place}].ledger")
        if row.vat_ledger:
            named.setdefault(row.vat_ledger, f"vat[{place}].vat_ledger")
    for kind, ledger in config.mapping("NL").ledgers.items():
        named.setdefault(ledger, f"ledgers.{kind}")
    if config.booking.rounding_ledger:
        named.setdefault(config.booking.rounding_ledger, "booking.rounding_ledger")
    return ((key, ledger) for ledger, key in named.items())


def _vat_rows(config: Config, codes: Iterable[VatCode]) -> Iterator[Finding]:
    there = {code.code: code for code in codes}
    for place, row in enumerate(config.vat):
        key = f"vat[{place}].code"
        what = f"VAT code {row.code} ({row.strategy or f'{row.region} {row.rate}%'})"
        code = there.get(str(row.code))
        if code is None:
            yield _mend(what, "Minox does not have it", key)
        elif code.percentage != (row.rate or 0):
            yield _mend(what, f"in Minox it is {code.percentage}% ({code.type})", key)
        else:
            yield Finding(what=f"{what}: {code.type or code.description}")


def _fixed_debtors(wiring: Wiring) -> Iterator[Finding]:
    for payment, number in wiring.config.payment_debtors.items():
        what = f"fixed debtor {number} ({payment})"
        try:
            customer = wiring.minox.customer(number)
        except Refused as refused:
            yield _mend(what, f"Minox does not take it: {said(refused)}", "payment_debtors")
            continue
        if customer is None:
            yield _mend(what, "Minox does not have it", "payment_debtors")
        elif customer.blocked:
            yield _mend(what, "it is blocked in Minox", "payment_debtors")
        else:
            yield Finding(what=what)
