"""The login at Minox: the consent, the exchange, and a refresh that survives whatever happens to
it.
"""

import base64
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import requests_mock

from mww2minox.errors import (
    KeysRefused,
    LoginNeeded,
    Unreachable,
    UnusableAnswer,
    UsageError,
    VendorError,
)
from mww2minox.minox.consent import Consent, listen, wait_for_redirect
from mww2minox.minox.oauth import SCOPES, Client, TokenFacts
from mww2minox.sandbox import Fault, Sandbox
from mww2minox.state import Tokens
from mww2minox.wiring import Wiring
from tests.harness.clients import CLIENT_SECRET, Processes, asked, log_in, redirected
from tests.harness.clock import Clock


@pytest.fixture
def samples() -> bool:
    """No test here needs an order."""
    return False


@pytest.fixture
def wiring(sandbox: Sandbox, stranger: Wiring) -> Wiring:
    """Log in the whole way; what that took is not among the sandbox' requests."""
    log_in(stranger)
    sandbox.requests.clear()
    return stranger


def tokens(wiring: Wiring) -> Tokens:
    """Return the stored tokens."""
    found = wiring.store.tokens()
    assert found
    return found


# The consent.


@pytest.mark.parametrize("pkce", ["check", "ignore"])
@pytest.mark.parametrize("body", ["both", "form", "json"])
def test_a_login_works_with_every_kind_of_server(
    sandbox: Sandbox, stranger: Wiring, processes: Processes, pkce: str, body: str
) -> None:
    sandbox.settings.update({"pkce": pkce, "token_body": body})
    log_in(stranger)

    assert stranger.minox.administration().name == "Voorbeeldwinkel BV"
    assert processes.start().minox.journals()


def test_the_consent_asks_for_all_rights_with_a_proof_and_a_state_of_its_own(
    stranger: Wiring,
) -> None:
    consents = [Consent(), Consent()]
    queries = [parse_qs(urlsplit(one.url("https://m", stranger.client)).query) for one in consents]

    assert queries[0]["response_type"] == ["code"]
    assert queries[0]["code_challenge_method"] == ["S256"]
    assert set(queries[0]["scope"][0].split()) == {
        *(
            "administration:read",
            "ledger_account:read",
            "vat:read",
            "journal:read",
            "payment_term:read",
        ),
        *("customer:read", "customer:write", "transaction:read", "transaction:write"),
    }
    assert queries[0]["redirect_uri"] == ["http://127.0.0.1:8765/callback"]
    assert queries[0]["state"] != queries[1]["state"]
    assert queries[0]["code_challenge"] != queries[1]["code_challenge"]
    assert consents[0].verifier not in repr(consents[0])
    assert CLIENT_SECRET not in repr(stranger.client) + consents[0].url(
        "https://m", stranger.client
    )


def test_a_code_without_its_proof_is_refused_by_a_server_that_checks(
    sandbox: Sandbox, stranger: Wiring
) -> None:
    consent = Consent()
    code = consent.code(redirected(consent.url(sandbox.minox_url, stranger.client)))
    with pytest.raises(LoginNeeded, match="mww2minox login$"):
        stranger.login.exchange(code, Consent().verifier)
    assert stranger.store.tokens() is None


@pytest.mark.parametrize("state", ["", "state=", "state=wrong", "state=é", "state=%00"])
def test_an_answer_with_another_state_is_not_ours(state: str) -> None:
    with pytest.raises(LoginNeeded, match="state differs.*mww2minox login$"):
        Consent().code(f"http://127.0.0.1:8765/callback?code=abc&{state}")


def test_a_denied_consent_says_so(sandbox: Sandbox, stranger: Wiring) -> None:
    sandbox.settings.update({"consent": "denied"})
    with pytest.raises(LoginNeeded, match=r"\(access_denied\).*mww2minox login$"):
        log_in(stranger)


def test_a_code_works_only_once(sandbox: Sandbox, stranger: Wiring) -> None:
    consent = Consent()
    code = consent.code(redirected(consent.url(sandbox.minox_url, stranger.client)))
    stranger.login.exchange(code, consent.verifier)
    with pytest.raises(LoginNeeded):
        stranger.login.exchange(code, consent.verifier)
    assert stranger.minox.journals()


def test_an_unknown_application_is_told_as_such(processes: Processes) -> None:
    wiring = processes.start(minox={"client_secret": "another-secret"})
    with pytest.raises(KeysRefused, match=r"invalid_client.*mww2minox check$") as caught:
        log_in(wiring)
    assert "another-secret" not in str(caught.value)


def test_without_a_login_every_request_asks_for_one(sandbox: Sandbox, stranger: Wiring) -> None:
    with pytest.raises(LoginNeeded, match="mww2minox login$"):
        stranger.minox.administration()
    assert not sandbox.requests


# The redirect to this machine.


def free_client() -> Client:
    """Give a client whose redirect is a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Client(
        client_id="x", client_secret="y", redirect_uri=f"http://127.0.0.1:{port}/callback"
    )


def test_the_browser_is_waited_for_on_the_redirect_address(log: pytest.LogCaptureFixture) -> None:
    client, answers = free_client(), []
    server = listen(client.redirect_uri)
    base = client.redirect_uri.removesuffix("/callback")

    def browse() -> None:
        answers.append(requests.get(f"{base}/favicon.ico", timeout=5))
        answers.append(requests.get(f"{client.redirect_uri}?code=secret-code&state=s", timeout=5))

    with server, ThreadPoolExecutor() as browser:
        browser.submit(browse)
        address = wait_for_redirect(server)

    assert address == "/callback?code=secret-code&state=s"
    assert [answer.status_code for answer in answers] == [404, 200]
    assert "secret-code" not in log.text + answers[1].text


def test_a_connection_that_the_browser_does_not_use_keeps_nobody_waiting() -> None:
    client = free_client()
    server = listen(client.redirect_uri)
    port = urlsplit(client.redirect_uri).port
    with (
        server,
        socket.create_connection(("127.0.0.1", port)),
        ThreadPoolExecutor() as browser,
    ):
        browser.submit(requests.get, f"{client.redirect_uri}?code=c&state=s", timeout=20)
        assert wait_for_redirect(server) == "/callback?code=c&state=s"


def test_a_redirect_address_that_is_taken_or_elsewhere_points_to_paste(stranger: Wiring) -> None:
    with listen(free_client().redirect_uri) as server:
        taken = f"http://127.0.0.1:{server.server_address[1]}/callback"
        with pytest.raises(UsageError, match="mww2minox login --paste$"):
            listen(taken)
    with pytest.raises(UsageError, match="mww2minox login --paste$"):
        listen("https://shop.example/callback")
    del stranger


def test_nobody_is_waited_for_longer_than_ten_minutes(clock: Clock) -> None:
    server = listen(free_client().redirect_uri)
    late = threading.Timer(0.05, clock.pass_by, args=(601,))
    late.start()
    with server, pytest.raises(LoginNeeded, match="ten minutes.*mww2minox login$"):
        wait_for_redirect(server)
    late.join()


# The refresh.


@pytest.mark.parametrize("rotate", [True, False])
@pytest.mark.parametrize("expired", ["by the clock", "before its time"])
@pytest.mark.parametrize("body", ["form", "json"])
def test_an_expired_access_token_is_renewed_once(
    sandbox: Sandbox, wiring: Wiring, clock: Clock, expired: str, body: str, *, rotate: bool
) -> None:
    sandbox.settings.update({"rotate_refresh_tokens": rotate, "token_body": body})
    before = tokens(wiring)
    if expired == "by the clock":
        clock.pass_by(3600)
    else:
        sandbox.minox.tokens.expire_access()
    assert wiring.minox.journals()
    assert wiring.minox.journals()

    after = tokens(wiring)
    assert after.access_token != before.access_token
    assert (after.refresh_token != before.refresh_token) is rotate
    assert after.previous_refresh_token is None
    assert [seen.status for seen in asked(sandbox, "POST", "/oauth/token")][-1:] == [200]
    assert len([seen for seen in asked(sandbox, "POST", "/oauth/token") if seen.status == 200]) == 1


def test_it_is_renewed_before_it_expires(sandbox: Sandbox, wiring: Wiring, clock: Clock) -> None:
    clock.pass_by(3600 - 30)
    assert wiring.minox.journals()
    assert 401 not in [seen.status for seen in sandbox.requests]
    assert len(asked(sandbox, "POST", "/oauth/token")) == 1


def test_a_token_of_a_short_life_is_not_renewed_for_every_request(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    sandbox.settings.expires_in = 40
    sandbox.minox.tokens.expire_access()
    for _ in range(3):
        assert wiring.minox.journals()
    assert len(asked(sandbox, "POST", "/oauth/token")) == 1


def test_a_refresh_token_that_was_revoked_needs_a_login(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.minox.tokens.revoke()
    with pytest.raises(LoginNeeded, match="mww2minox login$") as caught:
        wiring.minox.journals()
    stored = tokens(wiring)
    assert stored.refresh_token not in str(caught.value)

    log_in(wiring)
    assert wiring.minox.journals()


def test_a_lost_answer_to_a_refresh_with_rotation_needs_a_login(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    sandbox.minox.tokens.expire_access()
    sandbox.faults.append(Fault("drop_after", path="/oauth/token"))
    with pytest.raises(LoginNeeded, match="mww2minox login$"):
        wiring.minox.journals()


@pytest.mark.parametrize("kind", ["drop_after", "truncated", "drop_before"])
def test_a_lost_answer_to_a_refresh_without_rotation_does_no_harm(
    sandbox: Sandbox, wiring: Wiring, kind: str
) -> None:
    sandbox.settings.update({"rotate_refresh_tokens": False})
    sandbox.minox.tokens.expire_access()
    sandbox.faults.append(Fault(kind, path="/oauth/token"))  # type: ignore[arg-type]
    assert wiring.minox.journals()


def test_a_refresh_that_never_arrived_is_sent_again(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.minox.tokens.expire_access()
    sandbox.faults.append(Fault("drop_before", path="/oauth/token", times=2))
    assert wiring.minox.journals()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("drop_before", path="/oauth/token", times=None), Unreachable),
        (Fault("status", path="/oauth/token", times=None), Unreachable),
        (Fault("html", path="/oauth/token", times=None), UnusableAnswer),
        (Fault("redirect", path="/oauth/token", times=None), UnusableAnswer),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
def test_a_token_endpoint_that_is_out_of_order_costs_no_login(
    sandbox: Sandbox, wiring: Wiring, fault: Fault, error: type[VendorError]
) -> None:
    before = tokens(wiring)
    sandbox.minox.tokens.expire_access()
    sandbox.faults.append(Fault(**fault.as_dict()))
    with pytest.raises(error, match="mww2minox check$"):
        wiring.minox.journals()
    assert tokens(wiring) == before

    sandbox.faults.clear()
    assert wiring.minox.journals()


def test_new_tokens_are_stored_before_they_are_used(
    sandbox: Sandbox, wiring: Wiring, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.minox.tokens.expire_access()
    stored: list[Tokens] = []
    request = wiring.minox_transport.request

    def spy(method: str, path: str, **parts: Any) -> Any:
        used = (parts.get("headers") or {}).get("Authorization", "").removeprefix("Bearer ")
        seen = processes.start().store.tokens()
        if used and seen:
            assert seen.access_token == used
            stored.append(seen)
        return request(method, path, **parts)

    monkeypatch.setattr(wiring.minox_transport, "request", spy)
    assert wiring.minox.journals()

    old, new = stored
    assert new.previous_refresh_token == old.refresh_token
    assert tokens(wiring).previous_refresh_token is None


def test_a_token_that_worked_proves_nothing_of_the_one_that_another_worker_got_since(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    old = tokens(wiring)
    sandbox.settings.rotate_refresh_tokens = True
    wiring.login.renew(old.access_token)
    wiring.login.worked(old.access_token)
    assert tokens(wiring).previous_refresh_token == old.refresh_token
    wiring.login.worked(tokens(wiring).access_token)
    assert tokens(wiring).previous_refresh_token is None


def test_a_new_token_that_never_worked_falls_back_on_the_one_before(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    good = tokens(wiring)
    broken = Tokens(
        access_token="never",
        refresh_token="worked",
        previous_refresh_token=good.refresh_token,
        expires_at=good.expires_at,
    )
    wiring.store.store_tokens(broken)
    assert wiring.minox.journals()
    assert "worked" not in sandbox.minox.tokens.refresh


@pytest.mark.parametrize("expired", ["by the clock", "before its time"])
@pytest.mark.parametrize("rotate", [True, False])
def test_eight_at_once_refresh_once(
    sandbox: Sandbox,
    wiring: Wiring,
    processes: Processes,
    clock: Clock,
    expired: str,
    *,
    rotate: bool,
) -> None:
    sandbox.settings.update({"rotate_refresh_tokens": rotate})
    del wiring
    if expired == "by the clock":
        clock.pass_by(3600)
    else:
        sandbox.minox.tokens.expire_access()
    barrier = threading.Barrier(8, timeout=20)

    def work(_: int) -> int:
        one = Processes(processes.folder, processes.config)
        with one.closing:
            run = one.start()
            barrier.wait()
            return len(run.minox.journals())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [5] * 8
    assert len(asked(sandbox, "POST", "/oauth/token")) == 1


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ({"expires_in": "1800"}, 1800),
        ({"expires_in": 1800}, 1800),
        ({}, 3600),
        ({"expires_in": None}, 3600),
        ({"expires_in": "soon"}, 3600),
    ],
)
def test_an_answer_without_a_refresh_token_keeps_the_old_one(
    wiring: Wiring, clock: Clock, answer: dict[str, Any], seconds: int
) -> None:
    before = tokens(wiring)
    clock.pass_by(4000)
    with requests_mock.Mocker() as minox:
        minox.post("/oauth/token", json={"access_token": "new"} | answer)
        assert wiring.login.access_token() == "new"
        assert wiring.login.access_token() == "new"
        assert minox.call_count == 1
        clock.pass_by(seconds - 70)
        assert wiring.login.access_token() == "new"
        assert minox.call_count == 1
        clock.pass_by(20)
        wiring.login.access_token()
        assert minox.call_count == 2
    assert tokens(wiring).refresh_token == before.refresh_token


@pytest.mark.parametrize(
    "body", ["[]", '"x"', "{}", '{"access_token": null}', '{"access_token": 7}']
)
def test_an_answer_without_an_access_token_is_not_stored(wiring: Wiring, body: str) -> None:
    before = tokens(wiring)
    with requests_mock.Mocker() as minox:
        minox.post("/oauth/token", text=body)
        with pytest.raises(UnusableAnswer, match="mww2minox login$"):
            wiring.login.renew(before.access_token)
    assert tokens(wiring) == before


@pytest.mark.parametrize("body", ["", "null", '{"message": "Onderhoud tot 03:00"}'])
def test_a_token_endpoint_that_is_being_maintained_asks_for_no_login(
    wiring: Wiring, body: str
) -> None:
    before = tokens(wiring)
    with requests_mock.Mocker() as minox:
        minox.post("/oauth/token", text=body)
        with pytest.raises(UnusableAnswer, match="same command again later.*mww2minox check$"):
            wiring.login.renew(before.access_token)
    assert tokens(wiring) == before


def test_no_token_gets_into_the_log(
    sandbox: Sandbox, stranger: Wiring, log: pytest.LogCaptureFixture
) -> None:
    log_in(stranger)
    first = tokens(stranger)
    sandbox.minox.tokens.expire_access()
    stranger.minox.journals()
    second = tokens(stranger)

    assert "/oauth/token: 200" in log.text
    told = "\n".join(
        record.getMessage() for record in log.records if record.levelno >= logging.DEBUG
    )
    for found in (first, second):
        assert found.access_token not in told
        assert found.refresh_token not in told
    assert CLIENT_SECRET not in told
    assert "code_verifier" not in told


# What a login reaches.


@pytest.mark.parametrize("told", ["objects", "ids"])
def test_a_login_tells_its_tenants_and_rights(sandbox: Sandbox, wiring: Wiring, told: Any) -> None:
    sandbox.settings.inspect = told
    assert wiring.login.inspect() == TokenFacts(
        tenants=("12345",), scopes=frozenset(SCOPES.split())
    )
    assert [seen.method for seen in sandbox.requests] == ["POST"]


@pytest.mark.parametrize(
    ("tenants", "read"),
    [
        ({"collection": [{"id": 7}, {"id": "8"}]}, ("7", "8")),
        ([{"name": "without an id"}, None, 9], ("9",)),
        ("12345", ()),
        (None, ()),
    ],
)
def test_tenants_are_read_in_every_shape(
    wiring: Wiring, tenants: Any, read: tuple[str, ...]
) -> None:
    with requests_mock.Mocker() as minox:
        minox.post(
            "/api/1/inspect", json={"linked_tenants": tenants, "scopes": "vat:read,journal:read"}
        )
        assert wiring.login.inspect() == TokenFacts(
            tenants=read, scopes=frozenset({"vat:read", "journal:read"})
        )


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", side="minox", status=400),
        Fault("status", side="minox", status=404),
        Fault("status", side="minox", status=501),
        Fault("html", side="minox"),
        Fault("drop_before", side="minox"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_a_minox_that_does_not_tell_is_asked_once(
    sandbox: Sandbox, wiring: Wiring, fault: Fault
) -> None:
    sandbox.faults.append(Fault(**{**fault.as_dict(), "path": "inspect", "times": None}))
    assert wiring.login.inspect() == TokenFacts(tenants=(), scopes=None)
    assert len(asked(sandbox, "POST", "inspect")) == 1


def test_a_token_that_is_over_is_renewed_before_it_tells_nothing(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    sandbox.minox.tokens.expire_access()
    assert wiring.login.inspect().tenants == ("12345",)


def test_a_login_that_is_over_asks_for_a_new_one(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.minox.tokens.revoke()
    with pytest.raises(LoginNeeded, match="mww2minox login$"):
        wiring.login.inspect()


def test_looking_at_a_login_shows_no_key(
    sandbox: Sandbox, wiring: Wiring, processes: Processes, log: pytest.LogCaptureFixture
) -> None:
    wrong = processes.start(minox={"client_secret": "another-secret"})
    with pytest.raises(KeysRefused, match=r"invalid_client.*mww2minox check$") as caught:
        wrong.login.inspect()
    token = wiring.login.access_token()
    basic = base64.b64encode(f"sandbox-client:{CLIENT_SECRET}".encode()).decode()
    with requests_mock.Mocker() as minox:
        minox.post(
            "/api/1/inspect", status_code=401, json={"error": f"{token} {CLIENT_SECRET} {basic}"}
        )
        assert wiring.login.inspect().scopes is None
    words = wiring.minox_transport.read_messages({"error": f"{token} {CLIENT_SECRET} {basic}"})
    assert asked(sandbox, "POST", "inspect")
    for secret in (token, basic, CLIENT_SECRET, "another-secret"):
        assert secret not in f"{caught.value} {log.text} {words}"
