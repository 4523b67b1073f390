"""`login` through a real redirect and by `--paste`, and that its tokens work."""

import os
import pty
import subprocess
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from mww2minox.minox.oauth import SCOPES
from mww2minox.sandbox import Sandbox
from tests.system.conftest import RUNNER, Cli, Forker


@pytest.fixture
def new(config: dict[str, Any], tmp_path: Any, forker: Forker) -> Cli:
    """The command before its first login."""
    command = Cli(tmp_path, forker)
    command.write_config(config)
    return command


@pytest.mark.parametrize("pkce", ["check", "ignore"])
def test_login_stores_tokens_that_work(new: Cli, sandbox: Sandbox, pkce: Any) -> None:
    sandbox.settings.pkce = pkce
    ended = new.login()
    assert (ended.status, "Voorbeeldwinkel BV" in ended.err) == (0, True)
    query = parse_qs(urlsplit(ended.out.splitlines()[0]).query)
    assert query["scope"] == [SCOPES]
    assert query["code_challenge_method"] == ["S256"]
    assert new("check").status == 0


def test_login_refuses_an_answer_with_another_state(new: Cli, config: dict[str, Any]) -> None:
    with new.start("login", "--no-browser") as process:
        assert process.stdout
        process.stdout.readline()
        requests.get(f"{config['minox']['redirect_uri']}?code=x&state=forged", timeout=10)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 4
    assert "state" in err
    assert "mww2minox login" in err


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8765/callback", "https://shop.example/oauth"]
)
def test_login_by_pasting_the_redirected_address(
    new: Cli, config: dict[str, Any], address: str
) -> None:
    config["minox"]["redirect_uri"] = address
    new.write_config(config)
    ours, theirs = pty.openpty()
    command = [sys.executable, str(RUNNER), "-", "login", "--paste"]
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=new.environment,
    ) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        redirect = requests.get(url, timeout=10, allow_redirects=False).headers["Location"]
        os.write(ours, f"{redirect}\n".encode())
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "Logged in" in err


def test_a_redirect_address_elsewhere_is_not_waited_on(new: Cli, config: dict[str, Any]) -> None:
    config["minox"]["redirect_uri"] = "https://shop.example/oauth"
    new.write_config(config)
    ended = new("login", "--no-browser")
    assert (ended.status, ended.out) == (2, "")
    assert "mww2minox login --paste" in ended.err


def test_a_consent_that_is_denied(new: Cli, sandbox: Sandbox) -> None:
    sandbox.settings.consent = "denied"
    ended = new.login()
    assert ended.status == 4
    assert "mww2minox login" in ended.err
