"""Minox' OAuth: codes, tokens, and the three addresses that deal with them.

Source: minox/api.md, "Login". What it leaves open is a switch in `settings`.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, request

from mww2minox.sandbox.administration import TENANT
from mww2minox.sandbox.current import current
from mww2minox.sandbox.settings import Settings

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - opens nothing but the sandbox
SCOPES = (
    "administration:read ledger_account:read vat:read journal:read payment_term:read "
    "customer:read customer:write transaction:read transaction:write"
)
KNOWN_SCOPES = frozenset({*SCOPES.split(), "vatdeclaration:read"})
"""All that a client may ask for."""
CODE_LIFE = 600.0
"""Seconds."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class OAuthError(Exception):
    """A refusal, by the code that RFC 6749 has for it."""

    def __init__(self, code: str, status: int = 400) -> None:
        """Keep code and HTTP status."""
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class Code:
    """An authorization code that was given out, and what it was given out for."""

    redirect_uri: str
    scope: str
    challenge: str | None
    ends: float

    def fits(self, form: Mapping[str, Any]) -> bool:
        """Tell whether it is good for this request, whose `redirect_uri` must be the same.

        A public client that works sends none.
        """
        uri = form.get("redirect_uri")
        return time.time() < self.ends and uri in (None, self.redirect_uri)


@dataclass
class Tokens:
    """All codes and tokens that are good."""

    settings: Settings
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Access token -> scope and the time at which it ends."""
    refresh: dict[str, str] = field(default_factory=dict)
    """Refresh token -> scope."""

    def issue(self, scope: str = SCOPES) -> dict[str, Any]:
        """Return a pair of tokens, as the answer of `/oauth/token`."""
        refresh = f"refresh-{secrets.token_urlsafe(24)}"
        self.refresh[refresh] = scope
        return self._answer(scope, refresh)

    def renew(self, refresh: str) -> dict[str, Any]:
        """Return new tokens for a refresh token, which is dead afterwards when they rotate."""
        scope = self.refresh.get(refresh)
        if scope is None:
            raise OAuthError("invalid_grant")

        if not self.settings.rotate_refresh_tokens:
            return self._answer(scope, refresh)
        del self.refresh[refresh]
        return self.issue(scope)

    def scope_of(self, access: str) -> str | None:
        """Return an access token's scope, None when it is not (or no longer) good."""
        scope, ends = self.access.get(access, ("", 0.0))
        return scope if time.time() < ends else None

    def expire_access(self) -> None:
        """End all access tokens now."""
        self.access.clear()

    def revoke(self) -> None:
        """End everything: only a new login helps."""
        self.access.clear()
        self.refresh.clear()

    def _answer(self, scope: str, refresh: str) -> dict[str, Any]:
        access = f"access-{secrets.token_urlsafe(24)}"
        self.access[access] = (scope, time.time() + self.settings.expires_in)
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": self.settings.expires_in,
            "scope": scope,
        }


def create_blueprint() -> Blueprint:
    """Return `/oauth/authorize`, `/oauth/token` and `/api/1/inspect`."""
    api = _OAuthApi()
    blueprint = Blueprint("oauth", __name__)

    blueprint.register_error_handler(OAuthError, _refusal)
    blueprint.add_url_rule("/oauth/authorize", view_func=api.authorize)
    blueprint.add_url_rule("/oauth/token", view_func=api.token, methods=["POST"])
    blueprint.add_url_rule("/api/1/inspect", view_func=api.inspect, methods=["POST"])
    return blueprint


class _OAuthApi:
    @property
    def _tokens(self) -> Tokens:
        return current().minox.tokens

    @property
    def _settings(self) -> Settings:
        return current().settings

    def authorize(self) -> Response:
        """Consent at once, and send the browser back with a code."""
        redirect_uri = request.args.get("redirect_uri", "")
        # Nobody is sent back to an address that may not be the client's (RFC 6749, 4.1.2.1).
        if request.args.get("client_id") != CLIENT_ID or not _may_be_registered(redirect_uri):
            raise OAuthError("invalid_request")

        objection = self._objection()
        answer = {"error": objection} if objection else {"code": self._new_code(redirect_uri)}
        if "state" in request.args:
            answer["state"] = request.args["state"]

        joint = "&" if urlsplit(redirect_uri).query else "?"
        return Response(
            status=302, headers={"Location": f"{redirect_uri}{joint}{urlencode(answer)}"}
        )

    def token(self) -> Response:
        """Return tokens for a code or for a refresh token."""
        form = self._body()
        _check_client(form)

        grants = {"authorization_code": self._for_code, "refresh_token": self._for_refresh}
        grant = grants.get(str(form.get("grant_type")))
        if grant is None:
            raise OAuthError("unsupported_grant_type")
        return jsonify(grant(form))

    def inspect(self) -> Response:
        """Tell what a token is good for."""
        login = request.authorization
        if login is None or (login.username, login.password) != (CLIENT_ID, CLIENT_SECRET):
            raise OAuthError("invalid_client", 401)

        body = request.get_json(silent=True) or {}
        scope = self._tokens.scope_of(str(body.get("token")))
        if scope is None:
            return jsonify({"active": False})

        # Minox tells the tenants in one of two ways, or not at all.
        if self._settings.inspect == "nothing":
            return jsonify({"active": True})
        if self._settings.inspect == "ids":
            return jsonify({"scopes": scope.split(), "linked_tenants": [TENANT]})
        tenants = [{"id": TENANT, "name": "Voorbeeldwinkel"}]
        return jsonify({"active": True, "scope": scope, "linked_tenants": tenants})

    def _objection(self) -> str | None:
        """Return the error that goes back with the browser, None when there is none."""
        if request.args.get("response_type") != "code":
            return "unsupported_response_type"

        scope = request.args.get("scope", "").split()
        if not scope or not set(scope) <= KNOWN_SCOPES:
            return "invalid_scope"

        # A client that is able to use S256 must do so (RFC 7636, 4.2).
        if "code_challenge" in request.args and request.args.get("code_challenge_method") != "S256":
            return "invalid_request"
        return "access_denied" if self._settings.consent == "denied" else None

    def _new_code(self, redirect_uri: str) -> str:
        code = secrets.token_urlsafe(16)
        challenge = request.args.get("code_challenge")
        ends = time.time() + CODE_LIFE
        self._tokens.codes[code] = Code(redirect_uri, request.args["scope"], challenge, ends)
        return code

    def _body(self) -> Mapping[str, Any]:
        """Read a form or JSON: public clients of Minox use either."""
        kind = "json" if request.is_json else "form"
        if self._settings.token_body not in {"both", kind}:
            raise OAuthError("invalid_request", 415)

        if kind == "form":
            return request.form
        body = request.get_json(silent=True)
        return body if isinstance(body, dict) else {}

    def _for_code(self, form: Mapping[str, Any]) -> dict[str, Any]:
        # A code is good once, also when the request that brings it is refused.
        code = self._tokens.codes.pop(str(form.get("code")), None)
        if code is None or not code.fits(form) or not self._verified(code, form):
            raise OAuthError("invalid_grant")
        return self._tokens.issue(code.scope)

    def _verified(self, code: Code, form: Mapping[str, Any]) -> bool:
        if self._settings.pkce == "ignore" or code.challenge is None:
            return True

        digest = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code.challenge

    def _for_refresh(self, form: Mapping[str, Any]) -> dict[str, Any]:
        return self._tokens.renew(str(form.get("refresh_token")))


def _check_client(form: Mapping[str, Any]) -> None:
    """Take id and secret from basic authorization, else from the body (RFC 6749, 2.3.1)."""
    login = request.authorization
    credentials = (form.get("client_id"), form.get("client_secret"))
    if login:
        credentials = (login.username, login.password)

    if credentials != (CLIENT_ID, CLIENT_SECRET):
        raise OAuthError("invalid_client", 401)


def _may_be_registered(uri: str) -> bool:
    """Tell whether Minox may have an address for a client: on this machine, or a public one."""
    parts = urlsplit(uri)
    on_loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
    return on_loopback or (parts.scheme == "https" and bool(parts.hostname))


def _refusal(error: OAuthError) -> Response:
    response = jsonify({"error": error.code})
    response.status_code = error.status
    return response
