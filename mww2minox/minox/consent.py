"""The consent at Minox: where the main user is sent, and the one redirect that comes back.

OAuth's authorization code with PKCE (RFC 7636). What the code is worth, `oauth` finds out.
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from mww2minox.errors import LoginNeeded, UsageError
from mww2minox.language.texts import _, system_problem
from mww2minox.minox.oauth import LOGIN, SCOPES, VAT_RETURN_SCOPE, Client

CONSENT_SECONDS = 600
"""How long the main user is waited for."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One attempt to log in: its `state`, and the PKCE verifier."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)

    def url(self, base_url: str, client: Client, *, vat_return: bool = False) -> str:
        """Return the address where the main user consents; `vat_return`: to VAT returns as well."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

        query = {
            "client_id": client.client_id,
            "redirect_uri": client.redirect_uri,
            "response_type": "code",
            "scope": f"{SCOPES} {VAT_RETURN_SCOPE}" if vat_return else SCOPES,
            "state": self.state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{base_url}/oauth/authorize?{urlencode(query)}"

    def problem(self, address: str) -> str:
        """Return why an address cannot be the one that the browser was sent to; empty where it can.

        The address holds a code, so that no text repeats it.
        """
        state = _query(address).get("state", "")
        if self._is_ours(state):
            return ""
        if state:
            return _(
                "This address belongs to an earlier attempt. Open the address above, and paste"
                " where the browser comes out now."
            )
        return _("This is not the address that the browser was sent to.")

    def _is_ours(self, state: str) -> bool:
        return secrets.compare_digest(state.encode(), self.state.encode())

    def code(self, redirected: str) -> str:
        """Return the code in the address that the browser was sent to.

        Raises LoginNeeded when it is another login's, or Minox did not consent.
        """
        query = _query(redirected)
        if not self._is_ours(query.get("state", "")):
            message = _("The answer does not belong to this login (its state differs).")
            raise LoginNeeded(
                message, _("Start again, and use the newest address: mww2minox login")
            )

        if "code" not in query:
            error = query.get("error", _("no code"))[:80]
            message = _("Minox did not give its consent ({error}).").format(error=error)
            raise LoginNeeded(message, _(LOGIN))
        return query["code"]


def _query(address: str) -> dict[str, str]:
    try:
        query = parse_qs(urlsplit(address.strip()).query)
    except ValueError:  # an address with half a bracket, say
        return {}
    return {key: values[0] for key, values in query.items()}


class _Callback(BaseHTTPRequestHandler):
    """Takes the one redirect of the browser."""

    timeout = 1
    """Browsers open connections that they do not use; those must not keep the redirect waiting."""

    def do_GET(self) -> None:
        """Answer the browser, and keep the address when it is the redirect."""
        server = self.server
        assert isinstance(server, _CallbackServer)  # noqa: S101 - for the type checker: only that server uses it

        # A browser asks for an icon as well, on a path of its own.
        status, text = 404, _("Not found")
        if urlsplit(self.path).path == server.path:
            status, text = 200, _("Done. You can close this window.")
            server.received = self.path

        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        # no text: a word of HTTP
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(f"{text}\n".encode())

    def log_message(self, *record: Any) -> None:  # noqa: ANN401 - the signature of http.server
        """Keep the code out of every log."""


class _CallbackServer(HTTPServer):
    allow_reuse_address = True
    path = "/"
    received = ""


def is_on_this_machine(redirect_uri: str) -> bool:
    """Tell whether the redirect can be waited for: the config takes http for loopback alone."""
    return urlsplit(redirect_uri).scheme == "http"


def listen(redirect_uri: str) -> _CallbackServer:
    """Listen on the loopback address of `redirect_uri`; UsageError when that cannot be."""
    parts = urlsplit(redirect_uri)
    if not is_on_this_machine(redirect_uri):
        message = _("minox.redirect_uri is {url}, which is not on this machine.").format(
            url=redirect_uri
        )
        raise UsageError(message, _("Run: mww2minox login --paste"))

    try:
        server = _CallbackServer((parts.hostname or "", parts.port or 80), _Callback)
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
            raise LoginNeeded(_("Nobody gave consent within ten minutes."), _(LOGIN))
        server.handle_request()
    return server.received
