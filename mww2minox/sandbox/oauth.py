"""Minox' OAuth: codes, tokens, and the three addresses that deal with them."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, request

from mww2minox.sandbox.administration import TENANT
from mww2minox.sandbox.current import current

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mww2minox.sandbox.settings import Settings

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105 - opens nothing but the sandbox
SCOPES = (
    "administration:read ledger_account:read vat:read journal:read payment_term:read "
    "customer:read customer:write transaction:read transaction:write"
)
CODE_LIFE = 600.0
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
        """Give a pair of tokens, as the answer of `/oauth/token`."""
        refresh = f"refresh-{secrets.token_urlsafe(24)}"
        self.refresh[refresh] = scope
        return self._answer(scope, refresh)

    def renew(self, refresh: str) -> dict[str, Any]:
        """Give new tokens for a refresh token, which is dead afterwards when they rotate."""
        scope = self.refresh.get(refresh)
        if scope is None:
            code = "invalid_grant"
            raise OAuthError(code)
        if not self.settings.rotate_refresh_tokens:
            return self._answer(scope, refresh)
        del self.refresh[refresh]
        return self.issue(scope)

    def scope_of(self, access: str) -> str | None:
        """Give an access token's scope, None when it is not (or no longer) good."""
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
    """Give `/oauth/authorize`, `/oauth/token` and `/api/1/inspect`."""
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
        """Consent at once, like a user who always says yes, and send the browser back with a
        code.
        """
        redirect_uri = request.args.get("redirect_uri", "")
        if request.args.get("client_id") != CLIENT_ID or not _on_loopback(redirect_uri):
            code = "invalid_request"
            raise OAuthError(code)
        objection = self._objection()
        answer = {"error": objection} if objection else {"code": self._new_code(redirect_uri)}
        if "state" in request.args:
            answer["state"] = request.args["state"]
        joint = "&" if urlsplit(redirect_uri).query else "?"
        return Response(
            status=302, headers={"Location": f"{redirect_uri}{joint}{urlencode(answer)}"}
        )

    def token(self) -> Response:
        """Give tokens for a code or for a refresh token."""
        form = self._body()
        _check_client(form)
        grants = {"authorization_code": self._for_code, "refresh_token": self._for_refresh}
        grant = grants.get(str(form.get("grant_type")))
        if grant is None:
            code = "unsupported_grant_type"
            raise OAuthError(code)
        return jsonify(grant(form))

    def inspect(self) -> Response:
        """Tell what a token is good for."""
        login = request.authorization
        if login is None or (login.username, login.password) != (CLIENT_ID, CLIENT_SECRET):
            code = "invalid_client"
            raise OAuthError(code, 401)
        scope = self._tokens.scope_of(str((request.get_json(silent=True) or {}).get("token")))
        if scope is None:
            return jsonify({"active": False})
        if self._settings.inspect == "nothing":
            return jsonify({"active": True})
        if self._settings.inspect == "ids":
            return jsonify({"scopes": scope.split(), "linked_tenants": [TENANT]})
        tenants = [{"id": TENANT, "name": "Voorbeeldwinkel"}]
        return jsonify({"active": True, "scope": scope, "linked_tenants": tenants})

    def _objection(self) -> str | None:
        if request.args.get("response_type") != "code":
            return "unsupported_response_type"
        scope = request.args.get("scope", "").split()
        if not scope or not set(scope) <= set(SCOPES.split()):
            return "invalid_scope"
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
        kind = "json" if request.is_json else "form"
        if self._settings.token_body not in {"both", kind}:
            code = "invalid_request"
            raise OAuthError(code, 415)
        if kind == "form":
            return request.form
        body = request.get_json(silent=True)
        return body if isinstance(body, dict) else {}

    def _for_code(self, form: Mapping[str, Any]) -> dict[str, Any]:
        code = self._tokens.codes.pop(str(form.get("code")), None)
        fits = (
            code is not None
            and time.time() < code.ends
            and form.get("redirect_uri") == code.redirect_uri
        )
        if code is None or not fits or not self._verified(code, form):
            error = "invalid_grant"
            raise OAuthError(error)
        return self._tokens.issue(code.scope)

    def _verified(self, code: Code, form: Mapping[str, Any]) -> bool:
        if self._settings.pkce == "ignore" or code.challenge is None:
            return True
        digest = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code.challenge

    def _for_refresh(self, form: Mapping[str, Any]) -> dict[str, Any]:
        return self._tokens.renew(str(form.get("refresh_token")))


def _check_client(form: Mapping[str, Any]) -> None:
    login = request.authorization
    given = (
        (login.username, login.password)
        if login
        else (form.get("client_id"), form.get("client_secret"))
    )
    if given != (CLIENT_ID, CLIENT_SECRET):
        code = "invalid_client"
        raise OAuthError(code, 401)


def _on_loopback(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def _refusal(error: OAuthError) -> Response:
    response = jsonify({"error": error.code})
    response.status_code = error.status
    return response
