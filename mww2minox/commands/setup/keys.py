"""The keys of both sides: asked for, tried at once, and asked for again where a vendor does not
take them.
"""

from collections.abc import Sequence
from contextlib import suppress

from mww2minox.books.model import ListEntry
from mww2minox.commands.check.findings import Status, scopes
from mww2minox.commands.setup.session import Session
from mww2minox.errors import KeysRefused, LoginNeeded, UsageError
from mww2minox.language.texts import _
from mww2minox.minox.consent import is_on_this_machine
from mww2minox.minox.oauth import TokenFacts
from mww2minox.steps.consent import consent


class Keys:
    """Gets the shop and Minox to answer."""

    def __init__(self, session: Session) -> None:
        """Fill the answers of `session`."""
        self.session = session
        self.answers = session.answers
        self.dialogue = session.dialogue
        self.output = session.output
        self.store = session.store
        self._tenants: Sequence[str] = ()
        self._told_of_shop_token = False
        self._client_refused = False

    def connect(self) -> None:
        """Get both sides to answer."""
        self._connect_shop()
        self._connect_minox()
        self._choose_administration(self._choose_tenant())

    def _connect_shop(self) -> None:
        """Ask for the shop's tokens; each is tried as soon as it is there."""
        self._ask_shop_token()
        while not self._takes_shop_token():
            pass

        if not self.session.has("shop", "statuses") or self.answers.has_nameless_statuses:
            self._ask_partner_token()
        while not self._takes_partner_token():
            pass

    def _takes_shop_token(self) -> bool:
        """Try the token; ask for another where the shop refuses it."""
        try:
            store = self.session.wiring.shop.store()
        except KeysRefused as refused:
            self._ask_shop_token_again(refused)
            return False

        name = store.name or store.identity
        self.output.line(_("The shop answers: {name}.").format(name=name))
        return True

    def _ask_shop_token_again(self, refused: KeysRefused) -> None:
        """The shop may want the partner token everywhere, so that a refusal can be of both."""
        token = self.answers.get("shop", "token")
        had_partner_token = self.session.has("shop", "partner_token")
        self._ask_again(
            refused,
            ("shop", "token"),
            ("shop", "partner_token"),
            expected=_("the token as the shop shows it, without spaces"),
        )
        self._ask_shop_token()

        if self.answers.get("shop", "token") == token:
            self.output.paragraph(
                _("If that token is right, the shop may want the partner token with it.")
            )
            had_partner_token = True
        if had_partner_token:
            self._ask_partner_token()

    def _takes_partner_token(self) -> bool:
        """Try the partner token, if there is one; ask for another where the shop refuses it."""
        if not self.session.has("shop", "partner_token"):
            return True
        try:
            self.session.wiring.shop.statuses()
        except KeysRefused as refused:
            self._ask_again(refused, ("shop", "partner_token"))
            self._ask_partner_token()
            return False

        self.output.line(_("The shop accepts the partner token."))
        return True

    def _ask_shop_token(self) -> None:
        if self.session.has("shop", "token"):
            return

        if not self._told_of_shop_token:
            self._tell_of_shop_token()
        self._told_of_shop_token = True
        expected = _("the token as the shop shows it, without spaces")
        self.answers.put(self._secret("shop.token", _("Token"), expected), "shop", "token")

    def _tell_of_shop_token(self) -> None:
        place = _(
            "The shop's token. In the shop: Instellingen > API > Token toevoegen, or Instellingen >"
            " Add-ons & Modules > Integraties & koppelingen. The API comes with the package PREMIUM"
            " and above."
        )
        partner = _(
            "That menu makes you choose a partner. Which one is right for a program that you run"
            " yourself is for MyOnlineStore to say: ask them."
        )
        self.output.paragraph(place)
        self.output.paragraph(partner)

    def _ask_partner_token(self) -> None:
        if self.session.has("shop", "partner_token"):
            return

        hint = _(
            "The partner token, from MyOnlineStore, is needed to show status names. Without one,"
            " press Enter."
        )
        self.output.line("")
        self.output.paragraph(hint)
        token = self.dialogue.text(
            "shop.partner_token",
            _("Partner token"),
            default="",
            secret=True,
            expected=_("the partner token without spaces, or only Enter"),
            check=_word,
        )
        self.answers.put(token or None, "shop", "partner_token")

        # Without the token nothing tells which numbers those names are: they are asked for anew.
        if self.answers.has_nameless_statuses:
            self.answers.put(None, "shop", "statuses")

    def _ask_again(
        self, refused: KeysRefused, *places: tuple[str, str], expected: str = ""
    ) -> None:
        """Say that a key is not accepted and forget it, where the user can be asked for another."""
        if not self.dialogue.interactive:
            raise refused
        hint = _("Expected: {what}.").format(what=expected) if expected else ""
        self.output.warn(refused.message, hint)
        for section, key in places:
            self.answers.put(None, section, key)
            self.answers.put(None, section, f"{key}_file")

    def _secret(self, key: str, question: str, expected: str) -> str:
        return self.dialogue.text(key, question, secret=True, expected=expected, check=_filled)

    def _connect_minox(self) -> None:
        while True:
            self._ask_client()
            try:
                self._log_in()
            except LoginNeeded as needed:
                # The consent was refused, or did not come in time.
                if not self.dialogue.interactive or not self._once_more(needed):
                    raise
            except KeysRefused as refused:
                self._ask_again(refused, ("minox", "client_secret"))
                self._client_refused = True
            else:
                self.output.line(_("Minox answers."))
                return

    def _once_more(self, needed: LoginNeeded) -> bool:
        self.output.warn(needed.message)
        return self._again()

    def _ask_client(self) -> None:
        """Ask for a client id that never worked once more: Minox may tell of a wrong one in the
        browser only.
        """
        if not self.session.has("minox", "redirect_uri"):
            self.answers.put(self.session.config.minox.redirect_uri, "minox", "redirect_uri")
        present = self.answers.get("minox", "client_id")
        never_worked = self.dialogue.interactive and not self.store.tokens()
        doubtful = present is None or never_worked or self._client_refused

        asks = doubtful or not self.session.has("minox", "client_secret")
        if asks and not self._client_refused:
            self._tell_of_client()

        if doubtful:
            default = None if present is None else str(present)
            expected = _("the client id as Minox sent it, without spaces")
            client = self.dialogue.text(
                "minox.client_id", _("Client id"), default=default, expected=expected, check=_filled
            )
            self.answers.put(client, "minox", "client_id")
        if not self.session.has("minox", "client_secret"):
            expected = _("the client secret as Minox sent it, without spaces")
            secret = self._secret("minox.client_secret", _("Client secret"), expected)
            self.answers.put(secret, "minox", "client_secret")

    def _tell_of_client(self) -> None:
        hint = _(
            "The client for Minox' API, from Minox, for the redirect address {address}. It is asked"
            " for at https://minox.nl/aanvragen-koppeling-via-open-api; a processing agreement is"
            " signed with it."
        )
        other_address = _(
            "Was it given for another address, https too, start again with: mww2minox setup"
            " --redirect-uri ADDRESS"
        )

        self.output.line("")
        self.output.paragraph(hint.format(address=self.session.config.minox.redirect_uri))
        self.output.paragraph(other_address)

    def _log_in(self) -> None:
        """Use the login that is there, else get the consent."""
        wiring = self.session.wiring
        if self.store.tokens():
            with suppress(LoginNeeded):  # it has ended, so that there is none any more
                if self._has_rights(wiring.login.inspect()) or not self._again():
                    return

        # Before anybody opens a browser, and waits.
        self.session.wiring.login.try_client()
        self._consent()
        self._has_rights(self.session.wiring.login.inspect())

    def _consent(self) -> None:
        # An address elsewhere cannot be waited on.
        here = is_on_this_machine(self.session.config.minox.redirect_uri)

        consent(
            self.session.wiring,
            browser=self.session.options.browser,
            paste=self.session.options.paste or not here,
        )

    def _has_rights(self, facts: TokenFacts) -> bool:
        self._tenants = facts.tenants
        rights = scopes(facts)
        if rights.status is Status.PROBLEM:
            self.output.warn(f"{rights.what}: {rights.problem}")
        return rights.status is not Status.PROBLEM

    def _again(self) -> bool:
        return self.dialogue.yes(
            "setup.login", _("Try to log in once more?"), default=self.dialogue.interactive
        )

    def _choose_tenant(self) -> list[ListEntry]:
        """Take the tenant that the login reaches; ask where there are several, or Minox does not
        tell. Return its administrations.
        """
        tenants = self._tenants
        while True:
            reached = self._reached() if self.session.has("minox", "tenant") else None
            if reached is not None:
                return reached

            if len(tenants) == 1:
                self.answers.put(tenants[0], "minox", "tenant")
                # Where even that one is not reached, the user has to know.
                tenants = ()
            else:
                self.answers.put(self._ask_tenant(tenants), "minox", "tenant")

    def _ask_tenant(self, tenants: Sequence[str]) -> str:
        question = _("Your customer number at Minox (klantnummer; the tenant)")
        if tenants:
            options = [(tenant, "") for tenant in tenants]
            return self.dialogue.choose("minox.tenant", question, options)
        expected = _("a number, like 12345")
        return self.dialogue.text("minox.tenant", question, expected=expected, check=_digits)

    def _reached(self) -> list[ListEntry] | None:
        """Return the tenant's administrations, or None where the login does not reach it."""
        try:
            return self.session.wiring.minox.administrations()
        except KeysRefused as refused:
            self._ask_again(refused, ("minox", "tenant"))
            if self._again():
                self._consent()
            return None

    def _choose_administration(self, administrations: Sequence[ListEntry]) -> None:
        """Keep the administration that was chosen, or take the only one, or ask."""
        if not administrations:
            raise self._no_administration()

        numbers = [administration.id for administration in administrations]
        if str(self.answers.get("minox", "administration")) in numbers:
            return
        if len(numbers) == 1:
            self.answers.put(numbers[0], "minox", "administration")
            return

        options = [(entry.id, entry.description) for entry in administrations]
        chosen = self.dialogue.choose("minox.administration", _("The administration"), options)
        self.answers.put(chosen, "minox", "administration")

    def _no_administration(self) -> UsageError:
        tenant = self.session.config.minox.tenant
        return UsageError(
            _("Minox has no administration for tenant {tenant}.").format(tenant=tenant),
            _("Log in as the subscription's main user, or ask Minox; then run: mww2minox setup"),
        )


def _filled(answer: str) -> str:
    if not answer:
        raise ValueError(_("This cannot be empty."))
    return _word(answer)


def _digits(answer: str) -> str:
    if not (answer.isascii() and answer.isdecimal()):
        raise ValueError(_("{answer} is no number.").format(answer=repr(answer)))
    return answer


def _word(answer: str) -> str:
    if any(character.isspace() or not character.isprintable() for character in answer):
        raise ValueError(_("This holds a space; type it alone."))

    # The config would take it for a variable of the environment.
    if "${" in answer:
        raise ValueError(
            _(
                "This holds ${, which stands for a variable in a config. A file of answers can name"
                " one."
            )
        )
    return answer
