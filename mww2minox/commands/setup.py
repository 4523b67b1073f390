"""`setup`: from two keys to a config that works. Asks only what neither side can tell, and may be interrupted."""

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping as Map
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mww2minox.answers import Answers
from mww2minox.booking import book
from mww2minox.commands.check import check
from mww2minox.commands.login import consent
from mww2minox.commands.push import show_booking
from mww2minox.config import Config, load_config, place_for_config
from mww2minox.configtext import config_text, env_text, save_private, secrets_apart
from mww2minox.credentials import env_file
from mww2minox.dialogue import Dialogue
from mww2minox.document import Value
from mww2minox.errors import ExitStatus, KeysRefused, LoginNeeded, Refused, UnusableAnswer, UsageError
from mww2minox.fit import Status, scopes
from mww2minox.minox import FoundCustomer, VatCode
from mww2minox.model import Booking, EmailDebtor, FixedDebtor, Mapping, Order, VatPosting
from mww2minox.oauth import TokenFacts
from mww2minox.output import Output, log_to
from mww2minox.proposal import EU, Lists
from mww2minox.reasons import describe
from mww2minox.screen import Screen, Seen, ask_customer
from mww2minox.state import Store
from mww2minox.texts import _, country_names, language, ngettext
from mww2minox.trial import NOTE, Tried, take_out, try_out
from mww2minox.wiring import Wiring

Told = TypeVar("Told")

ORDERS_SEEN = 200
CANDIDATES = 25
"""So many orders are tried for one whose customer Minox knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    target: Path
    state: Path | None = None
    answers: Path | None = None
    browser: bool = True
    paste: bool = False
    inline_secrets: bool = False
    verbose: bool = False
    given: Map[str, Value] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A real order, the booking that it would become, and its customer's number where Minox knows it."""

    order: Order
    booking: Booking
    customer: str | None


def setup(output: Output, options: Options) -> ExitStatus:
    """Gather the answers, show a real order as a booking, try it where the user agrees, write the config, check it."""
    dialogue = Dialogue(output)
    if env_file(options.target) == options.target:
        message = _("{path} would be the config and its env file at once.").format(path=options.target)
        raise UsageError(message, _("Choose another file: mww2minox --config FILE setup"))
    answers = _answers(options)
    path = options.state.expanduser().absolute() if options.state else answers.config().state_path
    if options.state:
        answers.put(str(path), "state")
    with Store(path) as store:
        log_to(path.with_name("mww2minox.log"), verbose=options.verbose)
        session = _Session(answers, dialogue, store, options)
        session.begin()
        session.connect()
        session.map()
        session.show_and_try()
        session.write()
        status = check(Wiring(load_config(options.target), store, output), options.target)
        session.tell_next()
    return status


def _answers(options: Options) -> Answers:
    given = {dotted: value for dotted, value in (options.given or {}).items() if value is not None}
    return Answers(options.target, options.answers, given)


class _Session:
    """One run of setup: what was answered, and both vendors as far as they can be asked already."""

    def __init__(self, answers: Answers, dialogue: Dialogue, store: Store, options: Options) -> None:
        self.answers = answers
        self.dialogue = dialogue
        self.output = dialogue.output
        self.store = store
        self.options = options
        self.seen: Seen | None = None

    @property
    def config(self) -> Config:
        return self.answers.config()

    @property
    def wiring(self) -> Wiring:
        """The vendors, by the answers so far."""
        return Wiring(self.config, self.store, self.output)

    def _has(self, section: str, key: str) -> bool:
        return any(self.answers.get(section, name) is not None for name in (key, f"{key}_file"))

    def _agreed(self, key: str, question: str, *, default: bool) -> bool:
        """Ask, unless a file of answers says it under `setup`."""
        told = self.answers.about_setup.get(key)
        return told if isinstance(told, bool) else self.dialogue.yes(f"setup.{key}", question, default=default)

    def begin(self) -> None:
        """Say what is taken up, and keep the language: cron has no locale to tell it."""
        for path in (self.options.target, self.answers.draft):
            if path.exists():
                told = _("The answers of {path} are taken up; each of them can be changed.")
                self.output.paragraph(told.format(path=path))
        if self.answers.get("language") is None:
            self.answers.put(language(), "language")

    # Keys and logins

    def connect(self) -> None:
        """Get both sides to answer."""
        self._connect_shop()
        self._connect_minox()
        self._choose_tenant()
        self._choose_administration()

    def _connect_shop(self) -> None:
        """The shop may want the partner token everywhere, so that a refusal is of both."""
        self._ask_shop_token()
        if not self._has("shop", "statuses") or self.answers.has_nameless_statuses:
            self._ask_partner_token()
        while True:
            try:
                store = self.wiring.shop.store()
            except KeysRefused as refused:
                self._ask_again(refused, ("shop", "token"), ("shop", "partner_token"))
                self._ask_shop_token()
                self._ask_partner_token()
                continue
            try:
                if self._has("shop", "partner_token"):
                    self.wiring.shop.statuses()
            except KeysRefused as refused:
                self._ask_again(refused, ("shop", "partner_token"))
                self._ask_partner_token()
            else:
                self.output.line(_("The shop answers: {name}.").format(name=store.name or store.identity))
                return

    def _ask_shop_token(self) -> None:
        if not self._has("shop", "token"):
            self.output.paragraph(_("The shop's token: in the shop, Instellingen > API > Token toevoegen."))
            self.answers.put(self._secret("shop.token", _("Token")), "shop", "token")

    def _ask_partner_token(self) -> None:
        if self._has("shop", "partner_token"):
            return
        hint = _("The partner token, from MyOnlineStore, tells the names of statuses. Without one, press Enter.")
        self.output.paragraph(hint)
        token = self.dialogue.text("shop.partner_token", _("Partner token"), default="", secret=True, check=_word)
        self.answers.put(token or None, "shop", "partner_token")
        if self.answers.has_nameless_statuses:
            self.answers.put(None, "shop", "statuses")

    def _ask_again(self, refused: KeysRefused, *places: tuple[str, str]) -> None:
        """Say that a key is not accepted and forget it, where the user can be asked for another."""
        if not self.dialogue.interactive:
            raise refused
        self.output.warn(refused.message)
        for section, key in places:
            self.answers.put(None, section, key)
            self.answers.put(None, section, f"{key}_file")

    def _secret(self, key: str, question: str) -> str:
        return self.dialogue.text(key, question, secret=True, check=_filled)

    def _connect_minox(self) -> None:
        while True:
            self._ask_client()
            try:
                self._log_in()
            except LoginNeeded as needed:
                if not self.dialogue.interactive or not self._once_more(needed):
                    raise
            except KeysRefused as refused:
                self._ask_again(refused, ("minox", "client_id"), ("minox", "client_secret"))
            else:
                self.output.line(_("Minox answers."))
                return

    def _once_more(self, needed: LoginNeeded) -> bool:
        self.output.warn(needed.message)
        return self._again()

    def _ask_client(self) -> None:
        if not self._has("minox", "redirect_uri"):
            self.answers.put(self.config.minox.redirect_uri, "minox", "redirect_uri")
        if not self._has("minox", "client_id") or not self._has("minox", "client_secret"):
            hint = _("The client for Minox' API, from Minox, for the redirect address {address}.")
            self.output.paragraph(hint.format(address=self.config.minox.redirect_uri))
        if not self._has("minox", "client_id"):
            client = self.dialogue.text("minox.client_id", _("Client id"), check=_filled)
            self.answers.put(client, "minox", "client_id")
        if not self._has("minox", "client_secret"):
            secret = self._secret("minox.client_secret", _("Client secret"))
            self.answers.put(secret, "minox", "client_secret")

    def _log_in(self) -> None:
        """Use the login that is there, else get the consent."""
        wiring = self.wiring
        if self.store.tokens():
            with suppress(LoginNeeded):
                if self._has_rights(wiring.login.inspect()) or not self._again():
                    return
        self._consent()
        self._has_rights(self.wiring.login.inspect())

    def _consent(self) -> None:
        consent(self.wiring, browser=self.options.browser, paste=self.options.paste)

    def _has_rights(self, facts: TokenFacts) -> bool:
        rights = scopes(facts)
        if rights.status is Status.PROBLEM:
            self.output.warn(f"{rights.what}: {rights.problem}")
        return rights.status is not Status.PROBLEM

    def _again(self) -> bool:
        return self.dialogue.yes("setup.login", _("Try to log in once more?"), default=self.dialogue.interactive)

    def _choose_tenant(self) -> None:
        """Take the tenant that the login reaches; ask where there are several, or Minox does not tell."""
        facts: TokenFacts = self.wiring.login.inspect()
        question = _("The number of your Minox subscription (tenant)")
        while not self._has("minox", "tenant") or not self._reached():
            if len(facts.tenants) == 1:
                self.answers.put(facts.tenants[0], "minox", "tenant")
                facts = TokenFacts()
            else:
                options = [(tenant, "") for tenant in facts.tenants]
                ask = (
                    self.dialogue.choose("minox.tenant", question, options) if options else self._typed_tenant(question)
                )
                self.answers.put(ask, "minox", "tenant")

    def _typed_tenant(self, question: str) -> str:
        return self.dialogue.text("minox.tenant", question, check=_filled)

    def _reached(self) -> bool:
        try:
            self.wiring.minox.administrations()
        except KeysRefused as refused:
            self._ask_again(refused, ("minox", "tenant"))
            if self._again():
                self._consent()
            return False
        return True

    def _choose_administration(self) -> None:
        there = self.wiring.minox.administrations()
        known = {one.id for one in there}
        if str(self.answers.get("minox", "administration")) in known:
            return
        if not there:
            raise UsageError(
                _("Minox has no administration for tenant {tenant}.").format(tenant=self.config.minox.tenant),
                _("Log in as the subscription's main user, or ask Minox; then run: mww2minox setup"),
            )
        if len(there) == 1:
            self.answers.put(there[0].id, "minox", "administration")
            return
        options = [(one.id, one.description) for one in there]
        chosen = self.dialogue.choose("minox.administration", _("The administration"), options)
        self.answers.put(chosen, "minox", "administration")

    # The mapping

    def map(self) -> None:
        """Read both sides' lists and the newest orders, propose a mapping, and let the user change it."""
        wiring = self.wiring
        self.seen = self._look(wiring)
        told = ngettext(
            "Administration {name}; the shop's newest order was looked at.",
            "Administration {name}; the shop's {count} newest orders were looked at.",
            len(self.seen.orders),
        )
        self.output.line(told.format(name=self.seen.administration.name, count=len(self.seen.orders)))
        screen = Screen(self.answers, self.dialogue, self.seen, wiring.minox)
        screen.fill()
        screen.confirm()

    def _look(self, wiring: Wiring) -> Seen:
        named = self._has("shop", "partner_token")
        orders = [taken.order for taken in wiring.shop.latest(ORDERS_SEEN) if taken.order]
        rates = self._or_none(wiring.shop.tax_rates)
        home = wiring.shop.store().region
        regions = {home, *rates, *(order.tax_region or home for order in orders), *EU}
        lists = Lists(
            home=home,
            codes=wiring.minox.vat_codes(),
            accounts=wiring.minox.ledger_accounts(),
            countries={region.upper(): country_names(region) for region in regions},
        )
        return Seen(
            orders=orders,
            statuses=wiring.shop.statuses() if named else (),
            methods=self._or_none(wiring.shop.payment_methods) if named else {},
            rates=rates,
            administration=wiring.minox.administration(),
            journals=wiring.minox.journals(),
            lists=lists,
        )

    def _or_none(self, look: Callable[[], dict[str, Told]]) -> dict[str, Told]:
        """Do without what only makes the proposal better, where the shop does not tell it."""
        try:
            return look()
        except (KeysRefused, UnusableAnswer) as error:
            self.output.warn(error.message)
            return {}

    # A real order, and the trial booking

    def show_and_try(self) -> None:
        """Show one real order as the booking it would become; where the user agrees, try it in Minox."""
        wiring = self.wiring
        self._clear_up(wiring)
        assert self.seen  # noqa: S101 - for the type checker: `map` came first
        sample = self._sample(wiring, self.seen)
        if sample is None:
            self.output.paragraph(
                _("None of the newest orders can be booked with this mapping, so there is nothing to show.")
            )
            return
        self.output.line("")
        customer = sample.customer
        debtor = _("customer {number}").format(number=customer) if customer else _("customer by e-mail")
        show_booking(self.output, sample.booking, debtor)
        question = _("Trial booking: put this one booking into Minox, read it back, and delete it again?")
        if self._agreed("trial", question, default=False):
            self._try(wiring, self.seen, sample)

    def _clear_up(self, wiring: Wiring) -> None:
        if self.store.note(NOTE):
            with self.store.run():
                take_out(self.store, wiring.minox)
            self.output.line(_("An earlier trial booking was still in Minox; it is deleted now."))

    def _sample(self, wiring: Wiring, seen: Seen) -> Sample | None:
        """Choose an order with as many VAT rates as there are, of a customer that Minox knows."""
        mapping = self.config.mapping(seen.lists.home)
        selected = wiring.statuses.selected
        able = list(_bookable([order for order in seen.orders if order.status in selected], mapping, seen))
        able.sort(key=lambda sample: -len({share.rate for share in sample.booking.shares if share.vat}))
        with_customer = (_with_customer(wiring, sample) for sample in able[:CANDIDATES])
        return next((sample for sample in with_customer if sample.customer), able[0] if able else None)

    def _try(self, wiring: Wiring, seen: Seen, sample: Sample) -> None:
        customer = sample.customer
        if customer is None:
            question = _("A customer in Minox to try it on: its number, or a part of its name")
            told = self.answers.about_setup.get("trial_customer")
            given = None if told is None else str(told)
            customer = ask_customer(self.dialogue, wiring.minox, "setup.trial_customer", question, default=given)
        mapping = self.config.mapping(seen.lists.home)
        codes = list(seen.lists.codes)
        with self.store.run(), self._telling_what_is_left():
            tried = list(
                self._told(
                    try_out(
                        self.store,
                        wiring.minox,
                        sample.order,
                        mapping=mapping,
                        administration=seen.administration,
                        customer=customer,
                        codes=codes,
                    )
                )
            )
        right = next((one for one in tried if one.right), None)
        if right is None:
            self.output.warn(
                _("None of the ways of sending VAT reads back right. The trial booking is deleted."),
                _("Show this to your accountant, or to Minox. Then run: mww2minox setup"),
            )
        elif right.posting is not mapping.vat_posting:
            self._propose(right.posting, codes)

    @contextmanager
    def _telling_what_is_left(self) -> Iterator[None]:
        """Whatever ends the trial: say so when its booking may still be in Minox."""
        try:
            yield
        finally:
            if self.store.note(NOTE):
                self.output.warn(
                    _("The trial booking may still be in Minox. The next run takes it out."), _("Run: mww2minox setup")
                )

    def _told(self, attempts: Iterator[Tried]) -> Iterator[Tried]:
        for tried in attempts:
            if tried.right:
                self.output.line(_("{way}: reads back right. The trial booking is deleted.").format(way=tried.posting))
            elif tried.refused:
                said = _("{way}: Minox refuses it: {message}").format(way=tried.posting, message=tried.refused)
                self.output.paragraph(said)
            else:
                differences = "; ".join(map(describe, tried.differences))
                self.output.paragraph(
                    _("{way}: reads back otherwise: {differences}").format(way=tried.posting, differences=differences)
                )
            yield tried

    def _propose(self, posting: VatPosting, codes: Iterable[VatCode]) -> None:
        question = _("Send VAT the way that reads back right, booking.vat_posting: {way}?").format(way=posting)
        if not self._agreed("use_what_reads_back", question, default=True):
            return
        self.answers.put(str(posting), "booking", "vat_posting")
        if posting is VatPosting.LEDGER and self.answers.get("ledgers"):
            self.output.warn(
                _("Shipping costs, payment costs and discounts then go with the goods: ledgers is dropped.")
            )
            self.answers.put(None, "ledgers")
        if posting is VatPosting.LINE:
            accounts = {code.code: code.account for code in codes}
            rows = self.answers.get("vat")
            self.answers.put(
                [_with_vat_ledger(row, accounts) for row in rows if isinstance(row, dict)]
                if isinstance(rows, list)
                else None,
                "vat",
            )

    # Writing

    def write(self) -> None:
        """Write the config, and the secrets beside it. One that is there is kept as `.old`, if the user agrees."""
        target = self.options.target
        env = env_file(target)
        self.answers.complete()  # tells its problems before anything is written
        if target.exists():
            self._keep_old(target)
        values = self.answers.values
        secrets = {} if self.options.inline_secrets else secrets_apart(values)
        if secrets:
            present = env.read_text(encoding="utf-8-sig") if env.exists() else ""
            save_private(env, env_text(secrets, present))
        save_private(target, config_text(values))
        self.answers.done()
        self.output.line("")
        self.output.line(_("Written: {path}").format(path=target))
        if secrets:
            self.output.line(_("The secrets are in {path}; only you can read it.").format(path=env))
        for name in [name for name, secret in secrets.items() if os.environ.get(name) not in (None, "", secret)]:
            told = _("The environment holds another {name}, which goes before that file: unset it.")
            self.output.warn(told.format(name=name))

    def _keep_old(self, target: Path) -> None:
        old = target.with_name(f"{target.name}.old")
        question = _("Replace {path}? What is there now is kept as {old}.").format(path=target, old=old.name)
        if not self._agreed("replace", question, default=self.dialogue.interactive):
            message = _("{path} stays as it is.").format(path=target)
            raise UsageError(message, _("The answers are kept. To go on: mww2minox setup"))
        save_private(old, target.read_text(encoding="utf-8"))

    def tell_next(self) -> None:
        """Say what comes after a check."""
        usual = place_for_config(None) == self.options.target
        config = "" if usual else f" --config {shlex.quote(str(self.options.target))}"
        self.output.line("")
        self.output.line(_("What comes next:"), style="bold")
        steps = [
            ("fetch", _("take the orders in; nothing is booked yet")),
            ("push --dry-run", _("look at what would be booked")),
            ("push", _("book it")),
            ("schedule --install", _("let the machine do it from now on")),
        ]
        for command, what in steps:
            self.output.line(f"  mww2minox{config} {command}")
            self.output.line(f"      {what}")


def _bookable(orders: Iterable[Order], mapping: Mapping, seen: Seen) -> Iterator[Sample]:
    """Yield the sales that have a booking."""
    for order in orders:
        booking = book(order, mapping, seen.administration)
        if isinstance(booking, Booking) and booking.total > 0 and isinstance(booking.debtor, FixedDebtor | EmailDebtor):
            yield Sample(order=order, booking=booking, customer=None)


def _with_customer(wiring: Wiring, sample: Sample) -> Sample:
    debtor = sample.booking.debtor
    if isinstance(debtor, FixedDebtor):
        return Sample(order=sample.order, booking=sample.booking, customer=debtor.number)
    found: Iterable[FoundCustomer] = ()
    if isinstance(debtor, EmailDebtor):
        with suppress(Refused):  # an e-mail address that Minox does not take
            found = wiring.minox.customers_by_email(debtor.email.strip())
    usable = next((customer.number for customer in found if not customer.blocked), None)
    return Sample(order=sample.order, booking=sample.booking, customer=usable)


def _with_vat_ledger(row: dict[str, Value], accounts: Map[str, str]) -> dict[str, Value]:
    account = accounts.get(str(row.get("code")))
    return {**row, "vat_ledger": account} if account and row.get("rate") and not row.get("vat_ledger") else row


def _filled(answer: str) -> str:
    if not answer:
        raise ValueError(_("This cannot be empty."))
    return _word(answer)


def _word(answer: str) -> str:
    if any(character.isspace() or not character.isprintable() for character in answer):
        raise ValueError(_("This holds a space; type it alone."))
    if "${" in answer:
        raise ValueError(_("This holds ${, which stands for a variable in a config. A file of answers can name one."))
    return answer
