"""No key and no customer's data gets out: not by an error, a log, a report, a redirect, a proxy or
a file's mode.
"""

import json
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml

from mww2minox.sandbox import Fault, Sandbox, oauth, shop_api
from mww2minox.sandbox.gate import Gate
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from mww2minox.sandbox.server import Answer, HttpServer, Incoming
from tests.harness.inside import Ended, Inside

pytestmark = pytest.mark.thorough

SHOP_TOKEN = "canary/Shop+Token=="
PARTNER_TOKEN = "canary-partner-token"
CLIENT_SECRET = "canary&client%secret"
ACCESS, REFRESH = "canary-access-token", "canary-refresh-token"
SECRETS = [SHOP_TOKEN, PARTNER_TOKEN, CLIENT_SECRET, ACCESS, REFRESH]
PERSON = [
    "Hélène Kanarie",
    "helene.kanarie@kooi.example",
    "Vogelkooilaan 62",
    "Zangzaad BV",
    "06-98765432",
]
COMMANDS = {"shop": ("fetch", "verify", "check"), "minox": ("push", "adopt", "check")}
JSON = [("Content-Type", "application/json")]


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture(autouse=True)
def canaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the vendors want these keys, before their config is made."""
    monkeypatch.setattr(shop_api, "TOKEN", SHOP_TOKEN)
    monkeypatch.setattr(shop_api, "PARTNER_TOKEN", PARTNER_TOKEN)
    monkeypatch.setattr(oauth, "CLIENT_SECRET", CLIENT_SECRET)


@pytest.fixture
def secretive(inside: Inside, vendors: Sandbox) -> Inside:
    """The command with tokens that are known, and orders of a person who is."""
    tokens = vendors.minox.tokens
    tokens.access[ACCESS] = (oauth.SCOPES, vendors.today.toordinal() * 86400.0)
    tokens.refresh[REFRESH] = oauth.SCOPES
    inside.give_tokens(ACCESS, REFRESH)
    name, email, _, company, phone = PERSON
    for number, status, total in (
        ("501", 2, "24.20"),
        ("502", 2, "12.10"),
        ("503", 7, "12.10"),
        ("504", 2, "9.99"),
    ):
        buyer = person(name, email, company=company if number == "502" else None)
        buyer["address"]["invoice"] |= {"street": "Vogelkooilaan", "number": "62", "phone": phone}
        lines = [goods("21", total if number != "504" else "12.10")]
        vendors.shop.add(order(number, vendors.today, buyer, lines, invoice(total), status=status))
    return inside


def echo(_gate: Gate, fault: Fault, incoming: Incoming) -> Answer:
    """Answer with all that was asked, as some vendors do with an error: the address, the headers,
    the body.
    """
    body = incoming.body.decode()
    texts = [
        incoming.target,
        unquote(incoming.target),
        *(f"{name}: {value}" for name, value in incoming.headers),
    ]
    texts = (
        [text for text in texts if "canary" in text or "@" in text]
        + _strings(body)
        + [unquote(body)]
    )
    answer = [{"message": text, "message_type": "error"} for text in texts[-10:]]
    if fault.side == "shop":
        return Answer(
            fault.status, JSON, json.dumps({"title": "Error", "detail": " ".join(texts)}).encode()
        )
    return Answer(fault.status, JSON, json.dumps(answer).encode())


def _strings(body: str) -> list[str]:
    """Return the texts in a JSON body that say something of a person."""
    return [one for one in body.split('"') if any(part[:5] in one for part in PERSON)]


def all_told(command: Inside, ended: Ended) -> str:
    return ended.out + ended.err + command.log


def stored(command: Inside) -> dict[str, str]:
    """Return all that the state file holds, by table."""
    with closing(sqlite3.connect(command.state)) as db:
        names = [
            row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {name: repr(db.execute(f"SELECT * FROM {name}").fetchall()) for name in names}  # noqa: S608 - its own


def assert_nothing_leaks(command: Inside, vendors: Sandbox, commands: Sequence[str]) -> None:
    """Run the commands; look for the canaries, as they are and as a URL or JSON writes them."""
    tokens = vendors.minox.tokens
    for line in commands:
        ended = command("-v", *line.split())
        assert ended.status != 1, ended.err
        secrets = [*SECRETS, *tokens.access, *tokens.refresh, *tokens.codes]
        for secret in secrets + PERSON:
            for written in {secret, unquote(secret), json.dumps(secret)[1:-1]}:
                assert written not in all_told(command, ended), line
    for form in ("table", "json", "csv"):
        told = command("report", "--format", form).out
        assert [canary for canary in SECRETS + PERSON if canary in told] == []
    for table, held in stored(command).items():
        found = [secret for secret in secrets if secret in held]
        assert not found or table == "tokens", table
        assert table in ("orders", "bookings") or not any(text in held for text in PERSON), table


def test_when_all_is_well_nothing_is_told_of_keys_and_people(
    secretive: Inside, vendors: Sandbox
) -> None:
    some = (
        "fetch",
        "push",
        "verify",
        "adopt",
        "retry --all",
        "fetch --order 501",
        "check",
        "report",
    )
    assert_nothing_leaks(secretive, vendors, some)
    assert secretive.booked() == ["501", "502"]
    assert "helene" in json.dumps(vendors.minox.customers), "that person is in it"
    assert ACCESS in stored(secretive)["tokens"]


def test_a_dry_run_shows_who_buys_to_who_looks_and_no_more(secretive: Inside) -> None:
    secretive("fetch")
    ended = secretive("-v", "push", "--dry-run")
    name, company = PERSON[0], "Zangzaad BV"
    assert name in ended.out
    private = set(SECRETS + PERSON) - {name, company}
    assert [text for text in private if text in ended.out] == []
    assert [text for text in SECRETS + PERSON if text in ended.err + secretive.log] == []


ECHOES = [
    ("minox", "POST", "/customer", 400),
    ("minox", "POST", "/customer", 403),
    ("minox", "POST", "/customer", 200),
    ("minox", "PUT", "", 400),
    ("minox", "PUT", "", 401),
    ("minox", "PUT", "", 200),
    ("minox", "GET", "by_email", 400),
    ("minox", "GET", "by_email", 403),
    ("minox", "GET", "by_email", 500),
    ("minox", "GET", "", 401),
    ("minox", "GET", "", 422),
    ("minox", "POST", "/oauth/token", 400),
    ("minox", "POST", "/oauth/token", 401),
    ("minox", "POST", "/oauth/token", 403),
    ("minox", "POST", "/oauth/token", 200),
    ("shop", "GET", "", 400),
    ("shop", "GET", "", 401),
    ("shop", "GET", "orders/5", 403),
    ("shop", "GET", "", 500),
    ("shop", "GET", "", 200),
]


@pytest.mark.parametrize(("side", "method", "path", "status"), ECHOES)
def test_a_vendor_that_tells_back_what_it_was_asked_leaks_nothing(
    secretive: Inside,
    vendors: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    side: Any,
    method: str,
    path: str,
    status: int,
) -> None:
    secretive("fetch")
    monkeypatch.setattr(Gate, "_go_wrong", echo)
    if "token" in path:
        vendors.minox.tokens.access.clear()
    vendors.faults.append(
        Fault("status", side=side, method=method, path=path, status=status, times=None)
    )
    assert_nothing_leaks(secretive, vendors, COMMANDS[side])


@pytest.mark.parametrize("side", ["shop", "minox"])
@pytest.mark.parametrize(
    "kind", ["drop_before", "html", "truncated", "broken_json", "redirect", "429", "slow"]
)
def test_no_fault_of_the_network_leaks_anything(
    secretive: Inside, vendors: Sandbox, side: Any, kind: Any
) -> None:
    secretive("fetch")
    vendors.faults.append(Fault(kind, side=side, times=None, retry_after="86400", seconds=40))
    assert_nothing_leaks(secretive, vendors, COMMANDS[side])


def test_minox_words_about_an_order_come_through_without_its_person(
    secretive: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, email, street, *_ = PERSON
    message = (
        f"Periode 3 is afgesloten voor {name.upper()} ({email}, {street}), vraag"
        " boek@houder.example om VERK."
    )
    answer = Answer(400, JSON, json.dumps([{"message": message, "message_type": "error"}]).encode())
    monkeypatch.setattr(Gate, "_go_wrong", lambda *_: answer)
    vendors.faults.append(Fault("status", side="minox", method="PUT", status=400, times=None))
    secretive("fetch")
    told = (
        "Minox refuses the booking of order 501: Periode 3 is afgesloten voor *** (***, ***), vraag"
        " *** om VERK."
    )
    assert told in secretive("push").err
    assert told in secretive("retry", "501").err, "when the customer is known, too"


def test_a_login_that_fails_tells_neither_code_nor_verifier(
    secretive: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mww2minox.minox.consent.secrets.token_urlsafe", lambda size: f"canary-{size}"
    )
    monkeypatch.setattr(Gate, "_go_wrong", echo)
    for status in (400, 401, 403, 500, 200):
        vendors.faults[:] = [
            Fault("status", side="minox", method="POST", status=status, times=None)
        ]
        monkeypatch.setattr(
            "sys.stdin", StringIO("http://127.0.0.1/callback?code=canary-code&state=canary-24\n")
        )
        ended = secretive("-v", "login", "--paste")
        assert ended.status == 4
        told = all_told(secretive, ended).replace("state=canary-24", "")
        assert [word for word in ("canary-code", "canary-48", *SECRETS) if word in told] == []


def test_a_login_with_a_wrong_state_does_not_tell_its_code(
    secretive: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "sys.stdin", StringIO("http://127.0.0.1/callback?code=canary-code&state=wrong\n")
    )
    ended = secretive("-v", "login", "--paste")
    assert (ended.status, "canary-code" in all_told(secretive, ended)) == (4, False)


@pytest.mark.parametrize("error", [ValueError, KeyError, RuntimeError, OSError])
def test_a_bug_tells_where_it_is_but_not_what_it_saw(
    secretive: Inside, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise error(f"{SHOP_TOKEN} {PERSON[0]}")

    secretive("fetch")
    monkeypatch.setattr("mww2minox.steps.booking_run.book_all", stumble)
    ended = secretive("-v", "push")
    assert ended.status == 1
    assert "in stumble" in secretive.log
    assert [
        canary for canary in (SHOP_TOKEN, PERSON[0]) if canary in all_told(secretive, ended)
    ] == []


@pytest.mark.parametrize(
    "break_config",
    [
        lambda config: config["shop"].update(tokn=config["shop"].pop("token")),
        lambda config: config["shop"].update(token=[SHOP_TOKEN]),
        lambda config: config["shop"].update(token=f"{SHOP_TOKEN} x"),
        lambda config: config["minox"].update(client_secret={"is": CLIENT_SECRET}),
        lambda config: config["minox"].update(url=f"https://user:{CLIENT_SECRET}@app.minox.nl"),
        lambda config: config["minox"].update(client_secret_file=CLIENT_SECRET),
    ],
)
def test_a_mistake_in_the_config_does_not_show_a_key(
    secretive: Inside, break_config: Callable[[dict[str, Any]], None]
) -> None:
    config = yaml.safe_load(secretive.config.read_text())
    break_config(config)
    secretive.write_config(config)
    ended = secretive("-v", "check")
    assert ended.status == 2
    assert "canary" not in ended.out + ended.err


# Where keys are sent


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[Incoming]]]:
    """A server that nothing should come to, and what came."""
    came: list[Incoming] = []

    def listen(incoming: Incoming) -> Answer:
        came.append(incoming)
        return Answer(200, JSON, b"{}")

    server = HttpServer(listen)
    yield f"http://127.0.0.1:{server.start()}", came
    server.stop()


@pytest.mark.parametrize(
    ("side", "method"), [("shop", "GET"), ("minox", "GET"), ("minox", "PUT"), ("minox", "POST")]
)
def test_a_redirect_is_not_followed(
    secretive: Inside,
    vendors: Sandbox,
    elsewhere: tuple[str, list[Incoming]],
    side: Any,
    method: str,
) -> None:
    url, came = elsewhere
    if side == "minox":
        secretive("fetch")
    vendors.faults.append(
        Fault("redirect", side=side, method=method, location=f"{url}/?token=x", times=None)
    )
    for command in ("fetch", "push"):
        secretive(command)
    assert came == []
    assert secretive("check").status in (0, 4)
    assert all(one["state"] != "booked" for one in secretive.report().values())


def test_a_proxy_of_the_environment_does_not_see_the_keys_for_this_machine(
    secretive: Inside, elsewhere: tuple[str, list[Incoming]]
) -> None:
    url, came = elsewhere
    secretive.env = {
        name: url
        for scheme in ("http", "https", "all")
        for name in (f"{scheme}_proxy", f"{scheme}_PROXY")
    }
    secretive.env["HTTP_PROXY"] = url
    assert (secretive("fetch").status, secretive("push").status) == (0, 3)
    assert came == []


def test_a_proxys_password_is_not_told(secretive: Inside, config_https: dict[str, Any]) -> None:
    secretive.write_config(config_https)
    secretive.env = {"https_proxy": "http://user:canary-password@127.0.0.1:9", "no_proxy": ""}
    ended = secretive("-v", "fetch")
    assert (ended.status, "canary" in all_told(secretive, ended)) == (4, False)


@pytest.fixture
def config_https(secretive: Inside) -> dict[str, Any]:
    """A config whose shop is reached over https."""
    config: dict[str, Any] = yaml.safe_load(secretive.config.read_text())
    config["shop"]["url"] = "https://127.0.0.1:9"
    return config


def test_a_netrc_file_gets_nowhere(
    secretive: Inside, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".netrc").write_text("machine 127.0.0.1 login somebody password canary-netrc\n")
    (home / ".netrc").chmod(0o600)
    sent: list[str] = []
    answer = Gate.__call__

    def remember(gate: Gate, incoming: Incoming) -> Answer:
        sent.extend(value for name, value in incoming.headers if name.lower() == "authorization")
        return answer(gate, incoming)

    monkeypatch.setattr(Gate, "__call__", remember)
    assert (secretive("fetch").status, secretive("push").status) == (0, 3)
    assert set(sent) == {f"Bearer {ACCESS}"}


@pytest.mark.parametrize(
    "url", ["http://api.myonlinestore.com", "http://127.0.0.1.example.com", "http://10.0.0.1"]
)
@pytest.mark.parametrize("section", ["shop", "minox"])
def test_keys_are_sent_over_https_only(secretive: Inside, url: str, section: str) -> None:
    config = yaml.safe_load(secretive.config.read_text())
    config[section]["url"] = url
    secretive.write_config(config)
    ended = secretive("fetch")
    assert (ended.status, f"{section}.url" in ended.err, "https://" in ended.err) == (2, True, True)


# Files


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_check_calls_out_a_config_that_others_can_read(secretive: Inside, mode: int) -> None:
    assert "others can read it" not in secretive("check").out
    secretive.config.chmod(mode)
    ended = secretive("check")
    assert ended.status == 3
    assert "others can read it" in ended.out
    assert f"chmod 600 {secretive.config}" in "".join(ended.out.split("\n"))


def test_a_state_file_and_log_that_others_can_read_are_closed_again(secretive: Inside) -> None:
    secretive("fetch")
    files = [secretive.state, secretive.folder / "mww2minox.log"]
    for file in files:
        file.chmod(0o644)
    secretive("report")
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
