"""The sandbox' OAuth: codes, proofs, rotating tokens, scopes."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine

from mww2minox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = dt.date(2026, 3, 20)
CALLBACK = "http://127.0.0.1:8765/callback"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-client-secret"}
VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Start an administration without orders."""
    with Sandbox(today=TODAY, samples=False) as running:
        yield running


def _authorize(sandbox: Sandbox, **changes: str) -> requests.Response:
    query = {
        "client_id": "sandbox-client",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "administration:read customer:read",
        "state": "s 1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | changes
    url = f"{sandbox.minox_url}/oauth/authorize"
    return requests.get(url, params=query, allow_redirects=False, timeout=5)


def _redirected(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    return {
        name: values[0]
        for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()
    }


def _code(sandbox: Sandbox) -> dict[str, str]:
    return {
        **CLIENT,
        "grant_type": "authorization_code",
        "code": _redirected(_authorize(sandbox))["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }


def _token(sandbox: Sandbox, **body: object) -> requests.Response:
    return requests.post(f"{sandbox.minox_url}/oauth/token", data=body, timeout=5)


def _refresh(sandbox: Sandbox, token: str) -> requests.Response:
    return _token(sandbox, **CLIENT, grant_type="refresh_token", refresh_token=token)


def _customer(sandbox: Sandbox, access: str) -> int:
    url = f"{sandbox.minox_url}/api/1/tenant/12345/administration/1/customer/10600"
    return requests.get(url, headers={"Authorization": f"Bearer {access}"}, timeout=5).status_code


def test_consent_comes_back_with_state_and_code(sandbox: Sandbox) -> None:
    """The code buys tokens that open what their scope says."""
    assert _redirected(_authorize(sandbox))["state"] == "s 1"

    tokens = _token(sandbox, **_code(sandbox)).json()
    assert tokens["expires_in"] == 3600
    assert _customer(sandbox, tokens["access_token"]) == 200


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "other"}, {"redirect_uri": "http://example.com/"}, {"redirect_uri": "nonsense"}],
)
def test_unknown_clients_and_foreign_addresses_get_no_redirect(
    sandbox: Sandbox, changes: dict[str, str]
) -> None:
    """A code must not travel to an address that nobody registered."""
    assert _authorize(sandbox, **changes).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "everything"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_wrong_requests_come_back_with_an_error(
    sandbox: Sandbox, changes: dict[str, str], error: str
) -> None:
    """The state travels along."""
    assert _redirected(_authorize(sandbox, **changes)) == {"error": error, "state": "s 1"}


def test_the_user_may_refuse(sandbox: Sandbox) -> None:
    """By a switch."""
    sandbox.settings.consent = "denied"
    assert _redirected(_authorize(sandbox))["error"] == "access_denied"


def test_a_code_is_good_once(sandbox: Sandbox) -> None:
    """The second time it is refused."""
    body = _code(sandbox)
    assert _token(sandbox, **body).status_code == 200
    assert _token(sandbox, **body).json() == {"error": "invalid_grant"}


def test_a_code_ends_after_ten_minutes(sandbox: Sandbox) -> None:
    """And not before."""
    with time_machine.travel(dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC), tick=False) as clock:
        early, late = _code(sandbox), _code(sandbox)
        clock.shift(599)
        assert _token(sandbox, **early).status_code == 200
        clock.shift(1)
        assert _token(sandbox, **late).status_code == 400


@pytest.mark.parametrize("wrong", [{"code_verifier": "another"}, {"redirect_uri": CALLBACK + "/"}])
def test_a_code_is_bound_to_its_request(sandbox: Sandbox, wrong: dict[str, str]) -> None:
    """To the proof, unless the server ignores it, and to the address."""
    assert _token(sandbox, **_code(sandbox) | wrong).json() == {"error": "invalid_grant"}
    sandbox.settings.pkce = "ignore"
    assert _token(sandbox, **_code(sandbox) | {"code_verifier": "another"}).status_code == 200


@pytest.mark.parametrize("as_json", [False, True])
def test_a_code_needs_no_address_of_return(sandbox: Sandbox, *, as_json: bool) -> None:
    """In a form or in JSON: public clients leave it out. The right to VAT returns can be had."""
    asked_for = _redirected(_authorize(sandbox, scope="vatdeclaration:read"))["code"]
    body = {key: part for key, part in _code(sandbox).items() if key != "redirect_uri"}
    body["code"] = asked_for

    url = f"{sandbox.minox_url}/oauth/token"
    form, json = (None, body) if as_json else (body, None)
    answer = requests.post(url, data=form, json=json, timeout=5)
    assert answer.json()["scope"] == "vatdeclaration:read"


def test_the_client_secret_is_checked(sandbox: Sandbox) -> None:
    """A wrong one is 401, and the code is not spent."""
    body = _code(sandbox)
    assert _token(sandbox, **body | {"client_secret": "wrong"}).json() == {
        "error": "invalid_client"
    }
    assert _token(sandbox, **body).status_code == 200


def test_refresh_tokens_rotate(sandbox: Sandbox) -> None:
    """The old one is dead at once."""
    first = sandbox.minox.tokens.issue()["refresh_token"]
    second = _refresh(sandbox, first).json()["refresh_token"]

    assert second != first
    dead = _refresh(sandbox, first)
    assert (dead.status_code, dead.json()) == (400, {"error": "invalid_grant"})
    assert _refresh(sandbox, second).status_code == 200


def test_refresh_tokens_may_stay(sandbox: Sandbox) -> None:
    """By a switch."""
    sandbox.settings.rotate_refresh_tokens = False
    token = sandbox.minox.tokens.issue()["refresh_token"]
    assert _refresh(sandbox, token).json()["refresh_token"] == token
    assert _refresh(sandbox, token).status_code == 200


@pytest.mark.parametrize(
    ("taken", "form", "json"), [("form", 200, 415), ("json", 415, 200), ("both", 200, 200)]
)
def test_the_kind_of_body_is_a_switch(
    sandbox: Sandbox, taken: object, form: int, json: int
) -> None:
    """The other kind is 415 and spends nothing."""
    sandbox.settings.update({"token_body": taken, "rotate_refresh_tokens": False})
    body = {**CLIENT, "grant_type": "refresh_token"}
    body["refresh_token"] = sandbox.minox.tokens.issue()["refresh_token"]
    url = f"{sandbox.minox_url}/oauth/token"

    assert requests.post(url, data=body, timeout=5).status_code == form
    assert requests.post(url, json=body, timeout=5).status_code == json


def test_access_tokens_end(sandbox: Sandbox) -> None:
    """After the seconds that the answer named."""
    sandbox.settings.expires_in = 60
    with time_machine.travel(dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC), tick=False) as clock:
        access = sandbox.minox.tokens.issue()["access_token"]
        clock.shift(59)
        assert _customer(sandbox, access) == 200
        clock.shift(1)
        assert _customer(sandbox, access) == 401


def test_a_scope_that_was_not_granted_is_forbidden(sandbox: Sandbox) -> None:
    """A token that is good for other things gets 403, none at all 401."""
    access = sandbox.minox.tokens.issue("administration:read")["access_token"]
    assert _customer(sandbox, access) == 403
    assert _customer(sandbox, "nonsense") == 401


def test_inspect_tells_the_tenants(sandbox: Sandbox) -> None:
    """To the client itself only."""
    url = f"{sandbox.minox_url}/api/1/inspect"
    login = (CLIENT["client_id"], CLIENT["client_secret"])
    token = sandbox.minox.tokens.issue("customer:read")["access_token"]

    known = requests.post(url, json={"token": token}, auth=login, timeout=5).json()
    assert (known["active"], known["scope"], known["linked_tenants"][0]["id"]) == (
        True,
        "customer:read",
        12345,
    )
    assert requests.post(url, json={"token": "x"}, auth=login, timeout=5).json() == {
        "active": False
    }
    assert requests.post(url, json={"token": token}, auth=("a", "b"), timeout=5).status_code == 401
