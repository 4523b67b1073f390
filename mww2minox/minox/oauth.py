"""Minox' OAuth 2.0: the consent (authorization code with PKCE) and the crash-safe refresh.

Order of storing (minox/exactly_once.md, "The login"): a refresh happens under a lock, reads
the tokens again under that lock, stores the new ones before they are used, and keeps the previous
refresh token until the new one has worked.
"""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from mww2minox.errors import (
    KeysRefused,
    LoginNeeded,
    Refused,
    Unreachable,
    UnusableAnswer,
    UsageError,
)
from mww2minox.language.texts import N_, _, system_problem
from mww2minox.state import Store, Tokens
from mww2minox.transport import Transport

SCOPES = (
    "administration:read ledger_account:read vat:read journal:read payment_term:read"
    " customer:read customer:write transaction:read transaction:write"
)
LOGIN = N_("Log in again, as the subscription's main user: mww2minox login")
CONSENT_SECONDS = 600
EARLY_SECONDS = 60
"""An access token is renewed so long before it expires, or a tenth of its life before, whichever is
less.
"""
UNTOLD_SECONDS = 3600
"""How long an access token is taken to be good where Minox does not tell; a 401 renews it
anyway.
"""


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


@dataclass(frozen=True, slots=True)
class Consent:
    """One attempt to log in: its `state`, and the PKCE verifier (RFC 7636)."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    def url(self, base_url: str, client: Client) -> str:
        """Return the address where the main user consents."""
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(self.verifier.encode()).digest()
        ).rstrip(b"=")
        query = {
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "response_type": "code",
            "scope": SCOPES,
            "state": self.state,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        return f"{base_url}/oauth/authorize?{urlencode(query)}"

    def code(self, redirected: str) -> str:
        """Return the code in the address that the browser was sent to; LoginNeeded when it is not
        ours.
        """
        query = {key: values[0] for key, values in parse_qs(urlsplit(redirected).query).items()}
        if not secrets.compare_digest(query.get("state", "").encode(), self.state.encode()):
            message = _("The answer does not belong to this login (its state differs).")
            raise LoginNeeded(
                message, _("Start again, and use the newest address: mww2minox login")
            )
        if "code" not in query:
            error = query.get("error", _("no code"))[:80]
            raise LoginNeeded(
                _("Minox did not give its consent ({error}).").format(error=error), _(LOGIN)
            )
        return query["code"]


class _Callback(BaseHTTPRequestHandler):
    """Takes the one redirect of the browser."""

    timeout = 1
    """Browsers open connections that they do not use; those must not keep the redirect waiting."""

    def do_GET(self) -> None:
        """Answer the browser, and keep the address when it is the redirect."""
        server = self.server
        assert isinstance(server, _CallbackServer)  # noqa: S101 - for the type checker: only that server uses it
        ours = urlsplit(self.path).path == server.path
        text = _("Done. You can close this window.") if ours else _("Not found")
        if ours:
            server.received = self.path
        self.send_response(200 if ours else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(f"{text}\n".encode())

    def log_message(self, *record: Any) -> None:  # noqa: ANN401 - the signature of http.server
        """Keep the code out of every log."""


class _CallbackServer(HTTPServer):
    allow_reuse_address = True
    path = "/"
    received = ""


def listen(redirect_uri: str) -> _CallbackServer:
    """Listen on the loopback address of `redirect_uri`; UsageError when that cannot be."""
    parts = urlsplit(redirect_uri)
    host = parts.hostname or ""
    if parts.scheme != "http":
        message = _("minox.redirect_uri is {url}, which is not on this machine.").format(
            url=redirect_uri
        )
        raise UsageError(message, _("Run: mww2minox login --paste"))
    try:
        server = _CallbackServer((host, parts.port or 80), _Callback)
    except OSError as error:
        message = _("Cannot listen on minox.redirect_uri, {url}: {problem}.")
        raise UsageError(
            message.format(url=redirect_uri, problem=system_problem(error)),
            _("Free that port, or run: mww2minox login --paste"),
        ) from None
    server.path = parts.path or "/"
    return server


def wait_for_redirect(server: _CallbackServer) -> str:
    """Wait for the browser; return the path and query that it was sent to.

    LoginNeeded after ten minutes.
    """
    deadline = time.monotonic() + CONSENT_SECONDS
    server.timeout = 1
    while not server.received:
        if time.monotonic() > deadline:
            raise LoginNeeded(_("Nobody consented within ten minutes."), _(LOGIN))
        server.handle_request()
    return server.received


class MinoxLogin:
    """Holds the tokens: exchanges a code for them, gives the access token out, and renews it."""

    def __init__(self, transport: Transport, client: Client, store: Store) -> None:
        """Use `transport` for the token endpoint and `store` for the tokens."""
        self._transport = transport
        self._client = client
        self._store = store
        self._proven = False

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

    def access_token(self) -> str:
        """Return an access token that has not expired, renewing it where needed.

        Raises LoginNeeded.
        """
        tokens = self._stored()
        if tokens.expires_at > datetime.now(UTC):
            return tokens.access_token
        return self.renew(tokens.access_token)

    def renew(self, stale: str) -> str:
        """Return a newer access token than `stale`: another process' when there is one, else
        refresh.
        """
        with self._store.token_lock():
            tokens = self._stored()
            if tokens.access_token != stale:
                return tokens.access_token
            renewed = self._refresh(tokens)
            self._store.store_tokens(renewed)
            self._proven = False
            return renewed.access_token

    def inspect(self) -> TokenFacts:
        """Ask Minox what our login reaches (minox/api.md, "Login"); a Minox that cannot tell is no
        failure.

        Raises LoginNeeded, KeysRefused (the client is unknown), and what renewing the token raises.
        """
        token = self.access_token()
        told = self._inspected(token)
        if told.get("active") is False:
            told = self._inspected(self.renew(token))
        return TokenFacts(tenants=_tenants(told.get("linked_tenants")), scopes=_scopes(told))

    def _inspected(self, token: str) -> dict[str, Any]:
        """Return Minox' answer about a token, empty where it gives none.

        Asked once: whether it answers is a fact.
        """
        client = f"{self._client.client_id}:{self._client.client_secret}"
        basic = base64.b64encode(client.encode()).decode()
        for secret in (token, self._client.client_secret, basic):
            self._transport.hide(secret)
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

    def worked(self) -> None:
        """Tell that Minox took the current access token, so that the one before it can go."""
        if not self._proven:
            self._store.tokens_worked()
            self._proven = True

    def _stored(self) -> Tokens:
        tokens = self._store.tokens()
        if tokens is None:
            raise LoginNeeded(
                _("There is no login at Minox yet."), _("Log in first: mww2minox login")
            )
        return tokens

    def _refresh(self, tokens: Tokens) -> Tokens:
        """Refresh with the newest token, else with the one before it: it may never have been
        replaced.
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
            if refused.status not in (400, 415, 422) or "invalid_grant" in refused.messages:
                raise
            data = self._transport.request(
                "POST", "/oauth/token", body=json.dumps(grant).encode()
            ).data
        if not isinstance(data, dict) or not isinstance(data.get("access_token"), str):
            message = _("Minox answers the token request without an access token.")
            raise UnusableAnswer(message, _(LOGIN))
        return data

    def _tokens(self, answer: dict[str, Any], previous: str | None) -> Tokens:
        """Read the answer.

        Without a new refresh token the old one stays good (RFC 6749, section 6).
        """
        refresh_token = answer.get("refresh_token") or previous or ""
        told = str(answer.get("expires_in"))
        seconds = int(told) if told.isdigit() else UNTOLD_SECONDS
        return Tokens(
            access_token=answer["access_token"],
            refresh_token=str(refresh_token),
            previous_refresh_token=previous if previous != refresh_token else None,
            expires_at=datetime.now(UTC)
            + timedelta(seconds=seconds - min(EARLY_SECONDS, seconds / 10)),
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


def _tenants(told: object) -> tuple[str, ...]:
    """Read the ids of tenants: a list or a `collection` of ids, or of objects with one
    (minox/api.md, "Login").
    """
    rows = told.get("collection") if isinstance(told, dict) else told
    ids = (
        row.get("id") if isinstance(row, dict) else row
        for row in (rows if isinstance(rows, list) else [])
    )
    return tuple(str(found) for found in ids if isinstance(found, int | str))


def _scopes(told: dict[str, Any]) -> frozenset[str] | None:
    """Read scopes: a text with spaces, as in OAuth's own answers, or a list; None where there are
    none.
    """
    found = told.get("scope") or told.get("scopes")
    if isinstance(found, str):
        return frozenset(found.replace(",", " ").split())
    return frozenset(map(str, found)) if isinstance(found, list) else None
