"""Puts the parts together: one object that a command takes what it needs from.

A part is imported when it is made: most commands need a few of them.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from mww2minox.errors import OF_ONE_REQUEST, ConfigError, KeysRefused, StateError
from mww2minox.language.texts import N_, _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from mww2minox.books.model import Administration, BookingRules, Difference
    from mww2minox.config.settings import Config
    from mww2minox.minox.api import Minox
    from mww2minox.minox.booker import Booker
    from mww2minox.minox.exchanges import Exchanges
    from mww2minox.minox.kept_lists import Names
    from mww2minox.minox.oauth import Client, MinoxLogin
    from mww2minox.minox.readback import Readback
    from mww2minox.output import Output
    from mww2minox.shop.api import StoreFacts, Webshop
    from mww2minox.shop.intake import Statuses
    from mww2minox.shop.kept import KeptFacts
    from mww2minox.shop.payments import Payments
    from mww2minox.state import OrderNow, ReadOrder, Store
    from mww2minox.transport import Transport
    from mww2minox.vies import Vies

SHOP_PER_SECOND = 10.0
ADMINISTRATION, SHOP = N_("administration"), N_("shop")
"""What a state file can be of another one of."""
# no text: a key in the state, or what a UUID is derived from
PRICES, EXCLUDING = "shop prices", "excluding VAT"
"""A note of the state: whether the shop's prices exclude VAT, where an order does not tell it."""
# no text: a key in the state, or what a UUID is derived from
SHOP_NAME, ADMINISTRATION_NAME = "shop name", "administration name"
# no text: a key in the state, or what a UUID is derived from
SHOP_REGION, SHOP_IDENTITY = "shop region", "shop identity"
# no text: a key in the state, or what a UUID is derived from
SHOP_MARK = "mark of the shop's token"
"""A note of the state: by what the shop's config is known; no token can be read back from it."""
NAMESPACE = uuid.UUID("6f2b8f6e-5d0b-5c4e-9a55-6d7777326d78")
"""The root of all derived UUIDs; a change would book every order again."""


def read_order(payload: dict[str, Any]) -> ReadOrder:
    """Read an order back from the state, by the shop's own knowledge."""
    from mww2minox.shop.orders import read_stored_order

    return read_stored_order(payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a run did nothing of its work: told once for each `cause`, which no user sees."""

    cause: str
    message: str
    suggestion: str


class Wiring:
    """The parts of one run, made when they are first needed.

    `refusal` is why the run refused to do its work, if it did; `counts` is what it did, by name.
    """

    def __init__(self, config: Config, store: Store, output: Output) -> None:
        """Use an open state file."""
        self.config = config
        self.store = store
        self.output = output
        self.refusal: Refusal | None = None
        self.counts: dict[str, int] = {}

    def refuse(self, cause: str, message: str, suggestion: str) -> None:
        """Note that this run does nothing of its work, and why.

        It may end as one that needs attention, but it is no sign of life, and people are told.
        """
        self.refusal = Refusal(cause=cause, message=message, suggestion=suggestion)

    def count(self, **counts: int) -> None:
        """Add to what this run did, in orders, bookings or cents: `status` shows it later."""
        for name, number in counts.items():
            self.counts[name] = self.counts.get(name, 0) + number

    @property
    def today(self) -> date:
        """The day that it is by the shop's clock."""
        return datetime.now(ZoneInfo(self.config.shop.timezone)).date()

    @cached_property
    def shop(self) -> Webshop:
        """The shop's API."""
        from mww2minox.shop.api import Webshop

        return Webshop(self.shop_transport, ZoneInfo(self.config.shop.timezone))

    @cached_property
    def shop_transport(self) -> Transport:
        """HTTP to the shop, with its tokens."""
        from mww2minox.shop.api import error_messages, exchange_of
        from mww2minox.transport import Transport

        settings = self.config.shop
        params = {
            "token": settings.token.get_secret_value(),
            "language": settings.language,
            "format": "json",
        }
        if settings.partner_token:
            params["partner_token"] = settings.partner_token.get_secret_value()

        transport = Transport(
            vendor=N_("The shop"),
            base_url=settings.url,
            notes=self.store,
            per_second=SHOP_PER_SECOND,
            params=params,
            messages=error_messages,
        )

        transport.observe = self.exchanges.observer(exchange_of)
        for secret in self._secrets:
            transport.hide(secret)
        return transport

    @cached_property
    def payments(self) -> Payments:
        """How orders were paid, where they do not tell it themselves."""
        from mww2minox.shop.payments import Payments

        return Payments(self.shop, self.store, self.config.payment_debtors)

    def asked(self, transport: Literal["shop_transport", "minox_transport"]) -> bool:
        """Tell whether that vendor was sent a request in this run."""
        return transport in vars(self) and getattr(self, transport).requests_sent > 0

    @property
    def _secrets(self) -> list[str]:
        """Every key of the config: neither vendor's words may show any of them."""
        shop, minox = self.config.shop, self.config.minox
        secrets = (shop.token, shop.partner_token, minox.client_secret)
        return [secret.get_secret_value() for secret in secrets if secret]

    @cached_property
    def minox_transport(self) -> Transport:
        """HTTP to Minox, shared by the login and the administration."""
        from mww2minox.minox.api import exchange_of
        from mww2minox.minox.wire import error_messages
        from mww2minox.transport import Transport

        settings = self.config.minox
        transport = Transport(
            vendor=N_("Minox"),
            base_url=settings.url,
            notes=self.store,
            per_second=settings.requests_per_second,
            messages=error_messages,
        )

        transport.observe = self.exchanges.observer(exchange_of)
        for secret in self._secrets:
            transport.hide(secret)
        return transport

    @cached_property
    def exchanges(self) -> Exchanges:
        """What keeps the requests about each order."""
        from mww2minox.minox.exchanges import Exchanges

        return Exchanges(self.store)

    @cached_property
    def vies(self) -> Vies:
        """The EU's list of VAT numbers, where the config wants it to be asked."""
        from mww2minox.transport import Transport
        from mww2minox.vies import PER_SECOND, URL, Vies, messages

        address = self.config.vies if isinstance(self.config.vies, str) else URL
        transport = Transport(
            vendor=N_("VIES"),
            base_url=address,
            notes=self.store,
            per_second=PER_SECOND,
            messages=messages,
        )
        return Vies(transport)

    @cached_property
    def client(self) -> Client:
        """Our application as Minox knows it."""
        from mww2minox.minox.oauth import Client

        settings = self.config.minox
        return Client(
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
            redirect_uri=settings.redirect_uri,
        )

    @cached_property
    def login(self) -> MinoxLogin:
        """The tokens."""
        from mww2minox.minox.oauth import MinoxLogin

        return MinoxLogin(self.minox_transport, self.client, self.store)

    @cached_property
    def minox(self) -> Minox:
        """The administration in Minox."""
        from mww2minox.minox.api import Minox

        settings = self.config.minox
        return Minox(
            self.minox_transport,
            self.login,
            tenant=settings.tenant,
            administration=settings.administration,
        )

    @cached_property
    def administration(self) -> Administration:
        """What Minox tells of the administration, asked for once a run, and kept."""
        from mww2minox.minox.kept_lists import keep_administration

        administration = self.minox.administration()
        if self.store.note(f"books of {ADMINISTRATION}") in (None, self.books):
            keep_administration(self.store, administration)
            self._keep_name(ADMINISTRATION_NAME, administration.name)
        return administration

    def _keep_name(self, key: str, name: str) -> None:
        if name != (self.store.note(key) or ""):
            self.store.set_note(key, name or None)

    @cached_property
    def names(self) -> Names:
        """Minox' names of the ledger accounts and VAT codes of the config, for who looks at lines.

        They are asked for where they are not kept, or were long ago; without the rights for that
        there are none.
        """
        from mww2minox.minox.kept_lists import are_fresh, keep_names, kept_names, used_keys

        names, rules = kept_names(self.store), self.config.rules("")
        if are_fresh(self.store) and all(key in names for key in used_keys(rules)):
            return names

        try:
            accounts, codes = self.minox.ledger_accounts(), self.minox.vat_codes()
        except (KeysRefused, *OF_ONE_REQUEST):
            return names
        return keep_names(self.store, rules, accounts, codes)

    @cached_property
    def rules(self) -> BookingRules:
        """How orders become bookings: the config's rules, with the shop's country and prices."""
        return self._rules_in(self.shop_facts[0])

    @property
    def kept_rules(self) -> BookingRules:
        """The same as far as the state knows the shop; nothing is asked."""
        return self._rules_in(self.store.note(SHOP_REGION) or "")

    def _rules_in(self, country: str) -> BookingRules:
        return replace(
            self.config.rules(country),
            takes_long_numbers=self.store.has_long_invoice_numbers(),
            prices_include_tax=self.store.note(PRICES) != EXCLUDING,
        )

    @cached_property
    def namespace(self) -> uuid.UUID:
        """What the UUIDs of this tenant's, administration's and shop's bookings are derived in."""
        return self.namespace_of(self.shop_facts[1])

    def namespace_of(self, identity: str) -> uuid.UUID:
        """Return the namespace of a shop, by its identity."""
        settings = self.config.minox
        return uuid.uuid5(NAMESPACE, f"{settings.tenant}/{settings.administration}/{identity}")

    @cached_property
    def shop_facts(self) -> tuple[str, str]:
        """The shop's country and identity, as the state keeps them; else as the shop tells them."""
        self._keep_to_books(ADMINISTRATION, self.books)

        country, identity = self.store.note(SHOP_REGION), self.store.note(SHOP_IDENTITY)
        if country is None or identity is None:
            return self.ask_shop()
        return country, identity

    @cached_property
    def shop_store(self) -> StoreFacts:
        """What the shop tells of itself, asked for once a run; its name is kept for reports."""
        store = self.shop.store()
        if not self._other_shop(store):
            self._keep_name(SHOP_NAME, store.name)
        return store

    def ask_shop(self) -> tuple[str, str]:
        """Ask the shop for its country and identity, and keep them.

        StateError when the state is another shop's.
        """
        shop = self.shop_store

        # The first one stays: the UUIDs of all bookings are derived from it.
        identity = self.store.note(SHOP_IDENTITY) or shop.identity

        with self.store.transaction():
            if shop.uuid:
                self._keep_to_books(SHOP, shop.uuid)
            self.store.set_note(SHOP_REGION, shop.country)
            self.store.set_note(SHOP_IDENTITY, identity)
            self.store.set_note(PRICES, None if shop.prices_include_tax else EXCLUDING)
            self._kept.note_store()
        return shop.country, identity

    def know_shop(self) -> None:
        """See to it that the shop has told today which one it is. StateError as in `ask_shop`."""
        if self.store.note("shop identity") is None or not self._kept.knows_store():
            self.ask_shop()

    @cached_property
    def _kept(self) -> KeptFacts:
        """What is kept of the shop that these keys open."""
        from mww2minox.shop.kept import KeptFacts, mark_of

        settings = self.config.shop
        tokens = [
            token.get_secret_value() for token in (settings.token, settings.partner_token) if token
        ]
        mark = mark_of(settings.url, settings.language, *tokens)
        return KeptFacts(store=self.store, mark=mark)

    def keep_to_config(self) -> None:
        """Refuse a state file that is of another shop's config, before anything is written.

        What a state without these notes is of, the first config says. A shop's config is known by
        its token; with a new one the shop is asked who it is. StateError, or VendorError where it
        does not answer.
        """
        self._keep_to_books(ADMINISTRATION, self.books)

        token = f"{self.config.shop.url} {self.config.shop.token.get_secret_value()}"
        mark = hashlib.sha256(token.encode()).hexdigest()[:16]
        known = self.store.note(SHOP_MARK)
        if known == mark:
            return

        if known is not None:
            other = self._other_shop(self.shop_store)
            if other:
                raise self._of_others(SHOP, other, self.shop_store.identity)
            self.ask_shop()
        self.store.set_note(SHOP_MARK, mark)

    @property
    def books(self) -> str:
        """The administration of the config, as the state names it."""
        return f"{self.config.minox.tenant}/{self.config.minox.administration}"

    def _keep_to_books(self, what: str, ours: str) -> None:
        """Refuse a state file of another administration or shop; from now on it is of ours."""
        self.refuse_other_books(what, ours)
        if self.store.note(f"books of {what}") is None:
            self.store.set_note(f"books of {what}", ours)

    def _other_shop(self, shop: StoreFacts) -> str | None:
        """Return which other shop the state file is of, if it is; one without a UUID is known by
        its address.
        """
        known = self.store.note(f"books of {SHOP}" if shop.uuid else "shop identity")
        return known if known != (shop.uuid or shop.identity) else None

    def refuse_other_books(self, what: str, ours: str) -> None:
        """Raise StateError when the state file is of another administration or shop than `ours`."""
        theirs = self.store.note(f"books of {what}")
        if theirs not in (None, ours):
            raise self._of_others(what, str(theirs), ours)

    def _of_others(self, what: str, theirs: str, ours: str) -> StateError:
        message = _("The state file {path} is of {what} {known}; the config is of {ours}.")
        return StateError(
            message.format(path=self.store.path, what=_(what), known=theirs, ours=ours),
            _("Give each its own state file: mww2minox --state PATH fetch"),
        )

    @cached_property
    def booker(self) -> Booker:
        """What books an order."""
        from mww2minox.minox.booker import Booker

        return Booker(
            store=self.store,
            minox=self.minox,
            original=self.shop.order,
            with_payment=self.payments.told,
            rules=self.rules,
            administration=self.administration,
            namespace=self.namespace,
            changes=self.changes_since,
            exchanges=self.exchanges,
        )

    @cached_property
    def readback(self) -> Readback:
        """What compares bookings with their orders."""
        from mww2minox.minox.readback import Readback

        return Readback(
            store=self.store,
            minox=self.minox,
            customers=lambda: self.booker.customers,
            rules=self.rules,
            administration=lambda: self.administration,
            tolerance=self.config.verify.tolerance,
        )

    def changes_since(self, booked: ReadOrder, now: OrderNow) -> tuple[Difference, ...]:
        """Return how an order differs `now` from what was `booked`, and what was undone of it."""
        from mww2minox.shop.intake import changes_since, undone_since

        return (*changes_since(booked, now), *undone_since(booked, now, self.statuses))

    @cached_property
    def statuses(self) -> Statuses:
        """The statuses that book, and the date from which on.

        Names are looked up in the shop, once a day; ConfigError lists the available ones.
        """
        from mww2minox.shop.api import selected_statuses
        from mww2minox.shop.intake import Statuses

        wanted = self.config.shop.statuses
        since = self.config.shop.since.isoformat()

        # Numbers need no look-up, for which the shop wants a partner token.
        numbers = [status for status in wanted if isinstance(status, int)]
        if len(numbers) == len(wanted):
            return Statuses(selected=frozenset(numbers), since=since, by_hand=self._by_hand)

        available = self._kept.statuses()
        selected, unknown = selected_statuses(wanted, available)
        # The shop may have another one since it was asked.
        if unknown:
            available = self.shop.statuses()
            self._kept.keep_statuses(available)
            selected, unknown = selected_statuses(wanted, available)

        if unknown:
            listing = ", ".join(f"{status.name} ({status.number})" for status in available)
            problem = _("shop.statuses: the shop has no status {unknown}; it has: {available}")
            names = ", ".join(map(repr, unknown))
            raise ConfigError([problem.format(unknown=names, available=listing)])

        names_by_number = {status.number: status.name for status in available}
        return Statuses(
            selected=selected,
            names=names_by_number,
            since=since,
            by_hand=self._by_hand,
        )

    @property
    def _by_hand(self) -> Mapping[str, str]:
        """What an order that cannot be read is named by when it is booked by hand."""
        return self.config.rules("").by_hand
