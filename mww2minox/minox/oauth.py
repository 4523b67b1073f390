"""The tokens of Minox' OAuth 2.0: exchanged for the code of a consent, and refreshed crash-safely.

Order of storing (minox/exactly_once.md, "The login"): a refresh happens under a lock, reads the
tokens again under that lock, stores the new ones before they are used, and keeps the previous
refresh token until the new one has worked.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from mww2minox.errors import KeysRefused, LoginNeeded, Refused, Unreachable, UnusableAnswer
from mww2minox.language.texts import N_, _
from mww2minox.state import Store, Tokens
from mww2minox.transport import Transport, has_message

SCOPES = (
    # no text: the rights, as OAuth names them
    "administration:read ledger_account:read vat:read journal:read payment_term:read"
    " customer:read customer:write transaction:read transaction:write"
)
VAT_RETURN_SCOPE = "vatdeclaration:read"
"""What reading Minox' own VAT returns takes; asked for by `login --vat-return` alone."""
LOGIN = N_("Log in again, as the subscription's main user: mww2minox login")
EARLY_SECONDS = 60
"""An access token is renewed so long before it expires, or a tenth of its life, if that is less."""
FORM_REFUSED = (400, 415, 422)
"""With these a server may mean the form, and take JSON."""
UNTOLD_SECONDS = 3600
"""How long an access token is taken to be good where Minox does not tell: a 401 renews it too."""

LONGEST_SECONDS = 10 * 365 * 24 * 3600
"""A login that would last longer is one without an end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The application as Minox knows it. The secret stays out of every repr."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What Minox tells of our login: the ids of the tenants it reaches, and its scopes.

    Where Minox does not tell, there are no tenants and the scopes are None.
    """

    tenants: tuple[str, ...] = ()
    scopes: frozenset[str] | None = None


class MinoxLogin:
    """Holds the tokens: exchanges a code for them, gives the access token out, and renews it."""

    def __init__(self, transport: Transport, client: Client, store: Store) -> None:
        """Use `transport` for the token endpoint and `store` for the tokens."""
        self._transport = transport
        self._client = client
        self._store = store
        self._proven = ""
        """The last access token that Minox took."""

    def exchange(self, code: str, verifier: str) -> None:
        """Exchange the code of a consent for tokens, and store them.

        Raises LoginNeeded, KeysRefused.
        """
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri,
            "code_verifier": verifier,
        }

        with self._store.token_lock():
            try:
                answer = self._ask(grant)
            except Refused as refused:
                raise self._refusal(refused) from None
            self._store.store_tokens(self._tokens(answer, previous=None))

    def try_client(self) -> None:
        """Find out whether Minox knows the client, before anybody consents.

        It asks for the tokens of a code that is none: who the client is, is looked at first (RFC
        6749, 5.2). Raises KeysRefused where Minox does not know it; any other answer tells nothing.
        """
        self._transport.hide(self._client.client_secret)
        grant = {
            "grant_type": "authorization_code",
            "code": "none",
            "redirect_uri": self._client.redirect_uri,
            "client_id": self._client.client_id,
            "client_secret": self._client.client_secret,
        }

        try:
            self._transport.request("POST", "/oauth/token", form=grant, repeat=False)
        except Refused as refused:
            if "invalid_client" in refused.messages:
                raise self._refusal(refused) from None
        except (Unreachable, UnusableAnswer):
            return

    def access_token(self) -> str:
        """Return an access token that has not expired, renewing it where needed.

        Raises LoginNeeded.
        """
        tokens = self._stored()
        if tokens.expires_at > datetime.now(UTC):
            return tokens.access_token
        return self.renew(tokens.access_token)

    def renew(self, stale: str) -> str:
        """Return a newer access token than `stale`: another process', or else one of a refresh."""
        with self._store.token_lock():
            # Read under the lock: another process may have refreshed while this one waited.
            tokens = self._stored()
            if tokens.access_token != stale:
                return tokens.access_token

            renewed = self._refresh(tokens)
            self._store.store_tokens(renewed)
            return renewed.access_token

    def inspect(self) -> TokenFacts:
        """Ask Minox what our login reaches (minox/api.md, "Login"). It may not tell: no failure.

        Raises LoginNeeded, KeysRefused (the client is unknown), and what renewing the token raises.
        """
        token = self.access_token()
        facts = self._inspect(token)
        # A token can be withdrawn before the time that Minox told.
        if facts.get("active") is False:
            facts = self._inspect(self.renew(token))

        return TokenFacts(tenants=_tenants(facts.get("linked_tenants")), scopes=_scopes(facts))

    def _inspect(self, token: str) -> dict[str, Any]:
        """Return Minox' answer about a token, empty where it gives none.

        Asked once: whether it answers is a fact.
        """
        client = f"{self._client.client_id}:{self._client.client_secret}"
        basic = base64.b64encode(client.encode()).decode()
        for secret in (token, self._client.client_secret, basic):
            self._transport.hide(secret)

        # no text: a word of HTTP
        headers = {"Authorization": f"Basic {basic}"}
        body = json.dumps({"token": token}).encode()

        try:
            data = self._transport.request(
                "POST", "/api/1/inspect", headers=headers, body=body, repeat=False
            ).data
        except Refused as refused:
            if "invalid_client" in refused.messages:
                raise self._refusal(refused) from None
            return {}
        except (Unreachable, UnusableAnswer):
            return {}

        return data if isinstance(data, dict) else {}

    def worked(self, token: str) -> None:
        """Tell that Minox took this access token, so that the refresh token before it can go.

        Another worker, or process, may have renewed it meanwhile: then it proves nothing.
        """
        if token != self._proven:
            self._store.tokens_worked(token)
            self._proven = token

    def _stored(self) -> Tokens:
        tokens = self._store.tokens()
        if tokens is None:
            raise LoginNeeded(
                _("There is no login at Minox yet."), _("Log in first: mww2minox login")
            )
        return tokens

    def _refresh(self, tokens: Tokens) -> Tokens:
        """Refresh with the newest token, else with the one before it.

        Minox may never have put the newest in the place of that one.
        """
        refusal: Refused | None = None
        for token in filter(None, (tokens.refresh_token, tokens.previous_refresh_token)):
            try:
                answer = self._ask({"grant_type": "refresh_token", "refresh_token": token})
            except Refused as refused:
                refusal = refusal or refused
            else:
                return self._tokens(answer, previous=token)
        raise self._refusal(refusal or Refused(400, ()))

    def _ask(self, grant: dict[str, str]) -> dict[str, Any]:
        """POST to the token endpoint: as a form (RFC 6749), as JSON where the server wants that."""
        for key in ("code", "code_verifier", "refresh_token"):
            self._transport.hide(grant.get(key, ""))
        grant |= {"client_id": self._client.client_id, "client_secret": self._client.client_secret}

        try:
            data = self._transport.request("POST", "/oauth/token", form=grant).data
        except Refused as refused:
            # A code or token that is dead stays dead, in whichever way it is sent.
            if refused.status not in FORM_REFUSED or "invalid_grant" in refused.messages:
                raise
            body = json.dumps(grant).encode()
            data = self._transport.request("POST", "/oauth/token", body=body).data

        # So answers who is being maintained: a new login would not help.
        if data is None or has_message(data):
            raise self._transport.unusable("POST /oauth/token", data)
        if not isinstance(data, dict) or not isinstance(data.get("access_token"), str):
            message = _("Minox answers the token request without an access token.")
            raise UnusableAnswer(message, _(LOGIN))
        return data

    def _tokens(self, answer: dict[str, Any], previous: str | None) -> Tokens:
        """Read the answer.

        Without a new refresh token the old one stays good (RFC 6749, section 6).
        """
        refresh_token = answer.get("refresh_token") or previous or ""
        expires_in = str(answer.get("expires_in"))
        seconds = int(expires_in) if expires_in.isdigit() else UNTOLD_SECONDS
        good_for = timedelta(seconds=seconds - min(EARLY_SECONDS, seconds / 10))

        return Tokens(
            access_token=answer["access_token"],
            refresh_token=str(refresh_token),
            previous_refresh_token=previous if previous != refresh_token else None,
            expires_at=datetime.now(UTC) + good_for,
            login_ends_at=_end_of_login(answer),
        )

    @staticmethod
    def _refusal(refused: Refused) -> LoginNeeded | KeysRefused:
        if "invalid_client" in refused.messages:
            message = _("Minox does not know this application (invalid_client).")
            return KeysRefused(
                message, _("Check minox.client_id and client_secret, then run: mww2minox check")
            )
        message = _("Minox no longer accepts our login (HTTP {status}).").format(
            status=refused.status
        )
        return LoginNeeded(message, _(LOGIN))


def _end_of_login(answer: dict[str, Any]) -> datetime | None:
    """Return until when the login can be renewed, where the answer tells it.

    OAuth has no field for it; these are what servers that tell it call it.
    """
    for name in ("refresh_token_expires_in", "refresh_expires_in"):
        seconds = str(answer.get(name))
        if seconds.isdigit() and 0 < int(seconds) < LONGEST_SECONDS:
            return datetime.now(UTC) + timedelta(seconds=int(seconds))
    return None


def _tenants(linked: object) -> tuple[str, ...]:
    """Read the ids of tenants: a list or a `collection`, of ids or of objects with one.

    Which of them is open (minox/api.md, "Login").
    """
    if isinstance(linked, dict):
        linked = linked.get("collection")
    if not isinstance(linked, list):
        return ()

    ids = [row.get("id") if isinstance(row, dict) else row for row in linked]
    return tuple(str(tenant) for tenant in ids if isinstance(tenant, int | str))


def _scopes(facts: dict[str, Any]) -> frozenset[str] | None:
    """Read scopes: a text with spaces, as in OAuth's own answers, or a list; None without any."""
    scopes = facts.get("scope") or facts.get("scopes")
    if isinstance(scopes, str):
        return frozenset(scopes.replace(",", " ").split())
    return frozenset(map(str, scopes)) if isinstance(scopes, list) else None
