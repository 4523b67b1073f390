"""`setup` in this process, with a terminal in which lines are typed."""

import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from mww2minox.sandbox import Sandbox
from mww2minox.sandbox.oauth import CLIENT_ID, CLIENT_SECRET
from mww2minox.sandbox.shop_api import PARTNER_TOKEN, TOKEN
from tests.harness.inside import Ended, Inside

SCREEN = "Enter if this is right, or the number of a line to change"


class Typed(io.StringIO):
    """A terminal in which these lines are typed."""

    def isatty(self) -> bool:
        return True


class Wizard:
    """`setup` in this process, with keys given by a file of answers and a login that is there."""

    def __init__(self, inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inside, self.vendors, self._patch = inside, vendors, monkeypatch
        self.target = inside.folder / "new" / "config.yaml"
        self.given: dict[str, Any] = {
            "language": "en",
            "shop": {
                "url": vendors.shop_url,
                "token": TOKEN,
                "partner_token": PARTNER_TOKEN,
                "since": "2026-01-01",
            },
            "minox": {
                "url": vendors.minox_url,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "redirect_uri": "http://127.0.0.1:8765/callback",
            },
            "state": str(inside.state),
        }

    def __call__(self, *lines: str, options: tuple[str, ...] = (), script: bool = True) -> Ended:
        """Run it, and type these lines; then the terminal is closed."""
        self._patch.setattr("sys.stdin", Typed("".join(f"{line}\n" for line in lines)))
        self._patch.setattr("click.termui.hidden_prompt_func", input)
        answers = self.inside.folder / "answers.yaml"
        answers.write_text(yaml.safe_dump(self.given))
        given = ("--answers", str(answers)) if script else ()
        ended = self.inside("--config", str(self.target), "setup", "--no-browser", *given, *options)
        assert "bug in mww2minox" not in ended.err, self.inside.log
        return ended

    @property
    def settings(self) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load(self.target.read_text())
        return found

    @property
    def draft(self) -> Path:
        return self.target.with_name("config.yaml.draft")


@pytest.fixture
def wizard(inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Wizard:
    return Wizard(inside, vendors, monkeypatch)
