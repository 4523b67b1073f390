"""`setup` in a terminal: from an empty home to a green check and a first booking, and the trial
booking.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pexpect
import pytest
import requests
import yaml

from mww2minox.books.model import VatPosting
from mww2minox.config.loading import load_config
from mww2minox.language.texts import _, use
from mww2minox.minox import TRIAL as NOTE
from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.oauth import CLIENT_ID, CLIENT_SECRET
from mww2minox.sandbox.shop_api import PARTNER_TOKEN, TOKEN
from mww2minox.state import Store
from tests.system.conftest import Cli, Ended, Forker, Terminal

SECRETS = (TOKEN, PARTNER_TOKEN, CLIENT_SECRET)
AUTHORIZE = r"(https?://\S+/oauth/authorize\S+)\r"
TRIAL = "Trial booking: put this one booking into Minox, read it back, and delete it again?"
SCREEN = "Enter if this is right, or the number of a line to change"
ACCOUNT = "The ledger account: its number, or a part of its name (- : leave this out)"
DEBTOR = "The customer: its number, or a part of its name (- : by e-mail address)"
ANSWERS = {
    "Partner token": PARTNER_TOKEN,
    "Token": TOKEN,
    "Client id": CLIENT_ID,
    "Client secret": CLIENT_SECRET,
    "The date of the first order to book, like 2026-01-31": "",
    DEBTOR: "kas",
    SCREEN: "",
    TRIAL: "",
    "Send VAT the way that reads back correctly, booking.vat_posting: {way}?": "",
    "Replace {path}? What is there now is kept as {old}.": "",
}


@dataclass
class Wizard:
    """A terminal of 80 columns in which `setup` runs, in a home that is empty at first."""

    sandbox: Sandbox
    forker: Forker
    home: Path
    port: int
    language: str = "en"
    options: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    shown: str = ""

    @property
    def config(self) -> Path:
        return self.home / ".config/mww2minox/config.yaml"

    @property
    def state(self) -> Path:
        return self.home / ".local/state/mww2minox/state.db"

    @property
    def settings(self) -> dict[str, Any]:
        """The config as it was written."""
        found: dict[str, Any] = yaml.safe_load(self.config.read_text())
        return found

    def run(
        self,
        *options: str,
        replies: dict[str, Any] | None = None,
        leave_after: str = "",
        then: Callable[[Terminal], None] | None = None,
    ) -> int:
        """Answer what is asked, by ANSWERS and `replies` (a text, or texts in turn); return the
        exit status.

        After the answer to `leave_after`, or where an answer is None, `then` has the terminal to
        itself.
        """
        answers = {**ANSWERS, **(replies or {})}
        child = self.start(*options)
        use("nl" if self.language == "nl" else "en")
        patterns = {
            question: _pattern(_(question)) for question in sorted(answers, key=len, reverse=True)
        }
        use("en")
        waiting = True
        while waiting:
            found = child.expect([AUTHORIZE, pexpect.EOF, *patterns.values()])
            self.shown += str(child.before) + (child.after if isinstance(child.after, str) else "")
            if found == 0:
                requests.get(_address(child), timeout=10)
            else:
                waiting = found > 1 and self._reply(
                    child, list(patterns)[found - 2], answers, leave_after
                )
        if then:
            then(child)
        return child.end()

    def _reply(
        self, child: Terminal, question: str, answers: dict[str, Any], leave_after: str
    ) -> bool:
        """Answer; return whether more is to be answered."""
        self.asked.append(question)
        reply = answers[question]
        if isinstance(reply, list):
            reply = reply.pop(0) if reply else ""
        if reply is not None:
            child.sendline(reply)
        return reply is not None and question != leave_after

    def start(self, *options: str) -> Terminal:
        """Start the command in the terminal."""
        addresses = ("--shop-url", self.sandbox.shop_url, "--minox-url", self.sandbox.minox_url)
        redirect = ("--redirect-uri", f"http://127.0.0.1:{self.port}/callback")
        arguments = (*self.options, "setup", "--no-browser", *addresses, *redirect, *options)
        env = self.environment | {"TERM": "xterm"}
        return Terminal(self.forker, arguments, env=env, folder=self.home)

    @property
    def environment(self) -> dict[str, str]:
        locale = {"nl": "nl_NL.UTF-8", "en": "en_GB.UTF-8"}[self.language]
        return {**os.environ, "HOME": str(self.home), "LANG": locale, "PYTHONWARNINGS": "error"}


def _address(child: Terminal) -> str:
    assert isinstance(child.match, re.Match)
    return str(child.match.group(1)).strip()


def _pattern(question: str) -> str:
    """Match a question: what it is filled in with, a default, and its colon."""
    return r"\n" + re.sub(r"\\\{\w+\\\}", "[^\n]+", re.escape(question)) + r"[^\n:]*: $"


@pytest.fixture
def wizard(sandbox: Sandbox, forker: Forker, home: Path, unused_port: int) -> Iterator[Wizard]:
    """Nothing is set up yet."""
    yield Wizard(sandbox, forker, home, unused_port)
    use("en")


@pytest.fixture
def command(wizard: Wizard, forker: Forker, tmp_path: Path) -> Callable[..., Ended]:
    """Every other command, by the config that setup wrote."""
    return Cli(tmp_path, forker, env={"MWW2MINOX_CONFIG": str(wizard.config)})


@pytest.mark.parametrize("language", ["en", "nl"])
def test_an_empty_home_becomes_a_green_check_and_a_first_booking(
    wizard: Wizard, command: Callable[..., Ended], language: str
) -> None:
    wizard.language = language
    assert wizard.run() == 0, wizard.shown
    assert "✗" not in wizard.shown
    assert len(wizard.asked) == 8
    assert wizard.settings["language"] == language
    assert command("check").status == 0
    assert command("fetch").status == 0
    first = command("push", "--order", "1001")
    assert first.status == 0, first.err
    assert len(wizard.sandbox.minox.batches) == 1
    assert command("verify").status == 0


def test_the_config_is_commented_and_private_and_without_secrets(wizard: Wizard) -> None:
    wizard.run()
    text = wizard.config.read_text()
    env = wizard.config.with_name("config.env")
    assert not any(secret in text for secret in SECRETS)
    assert not any(secret in wizard.shown for secret in SECRETS), (
        "what is typed as a secret is not shown"
    )
    assert all(secret in env.read_text() for secret in SECRETS)
    assert [path.stat().st_mode & 0o777 for path in (wizard.config, env)] == [0o600, 0o600]
    assert not list(wizard.config.parent.glob("*.draft"))
    assert "# The list of VAT codes and ledger accounts. A row for each kind of revenue" in text
    assert "    since: '" not in text, "dates and numbers need no quotes"


def test_the_mapping_is_proposed_from_both_sides_lists(wizard: Wizard) -> None:
    wizard.run()
    screen, title, _config = wizard.shown.partition("Ways of paying")
    assert title
    assert "reverse_charged" not in screen, "it is named in words"
    assert wizard.settings["vat"][:4] == [
        {"region": "NL", "rate": 21, "code": 1, "ledger": 8000},
        {"region": "NL", "rate": 9, "code": 2, "ledger": 8010},
        {"strategy": "reverse_charged_vat", "code": 6, "ledger": 8100},
        {"strategy": "zero_percent", "code": 5, "ledger": 8200},
    ]
    assert {"region": "BE", "rate": 21, "code": 11, "ledger": 8310} in wizard.settings["vat"]
    assert {"region": "DE", "rate": 19, "code": 10, "ledger": 8300} in wizard.settings["vat"]
    assert wizard.settings["shop"]["statuses"] == [
        "Betaald",
        "Verzonden",
        "Betaald en verzonden",
        "Afgehaald",
        "Gecrediteerd",
    ]
    assert wizard.settings["minox"]["journal"] == "VERK"
    assert wizard.settings["payment_debtors"] == {"basic/cash": 10600}
    assert wizard.settings["booking"] == {"rounding_ledger": 4990}
    assert "none in Minox not booked" in " ".join(wizard.shown.split()), "FI 25.5% has no VAT code"


def test_a_config_at_a_place_of_its_own_gets_a_state_file_of_its_own(wizard: Wizard) -> None:
    """A second shop's must not be that of the first."""
    second = wizard.home / "shops/kaas.yaml"
    wizard.options = ("--config", str(second))
    assert wizard.run() == 0, wizard.shown
    assert yaml.safe_load(second.read_text())["state"] == "kaas.db"
    assert (second.parent / "kaas.db").exists()
    assert not wizard.state.exists()


def test_inline_secrets_stand_in_the_config(wizard: Wizard) -> None:
    assert wizard.run("--secrets", "inline") == 0
    assert wizard.settings["shop"]["token"] == TOKEN
    assert not wizard.config.with_name("config.env").exists()


def test_keys_that_are_refused_are_asked_for_again(wizard: Wizard) -> None:
    replies = {
        "Token": ["wrong", TOKEN],
        "Partner token": ["wrong", PARTNER_TOKEN],
        "Client secret": ["wrong", CLIENT_SECRET],
    }
    assert wizard.run(replies=replies) == 0, wizard.shown
    assert (
        wizard.asked.count("Token")
        == wizard.asked.count("Partner token")
        == wizard.asked.count("Client secret")
        == 2
    )


def test_without_a_partner_token_statuses_are_numbers(wizard: Wizard) -> None:
    question = "The numbers of the statuses that are booked, with commas between them"
    assert wizard.run(replies={"Partner token": "", question: "2,3"}) == 0, wizard.shown
    assert wizard.settings["shop"]["statuses"] == [2, 3]
    assert "partner_token" not in wizard.settings["shop"]


def test_every_line_of_the_screen_can_be_changed(wizard: Wizard) -> None:
    ledger = "The ledger account: its number, or a part of its name (- : none)"
    own = "The ledger account: its number, or a part of its name (- : leave this out)"
    replies = {
        SCREEN: ["1", "2", "4", "5", "9", "17", "99", ""],
        "The sales journal": "VERK",
        "The numbers of the statuses that are booked, with commas between them": "2,8",
        ledger: ["-", "verzend"],
        own: "8000",
        "The VAT code": "2",
        DEBTOR: ["kas", "10610"],
    }
    assert wizard.run(replies=replies) == 0, wizard.shown
    assert wizard.settings["shop"]["statuses"] == ["Betaald", "Gecrediteerd"]
    assert (
        wizard.settings.get("booking") is None
        or "rounding_ledger" not in wizard.settings["booking"]
    )
    assert wizard.settings["ledgers"] == {"shipping": 8900}
    assert wizard.settings["vat"][1] == {"region": "NL", "rate": 9, "code": 2, "ledger": 8000}
    assert wizard.settings["payment_debtors"] == {"basic/cash": 10600, "mollie/ideal": 10610}
    assert "There is no line '99'" in wizard.shown


def test_interrupted_it_goes_on_where_it_was(wizard: Wizard) -> None:
    def interrupt(child: Terminal) -> None:
        child.interrupt()
        child.expect(pexpect.EOF)

    assert wizard.run(replies={"Client id": None}, then=interrupt) == 130
    draft = wizard.config.with_name("config.yaml.draft")
    assert draft.stat().st_mode & 0o777 == 0o600
    assert not wizard.config.exists()
    wizard.asked.clear()
    assert wizard.run() == 0
    assert not {"Token", "Partner token"} & set(wizard.asked)
    assert wizard.config.exists()
    assert not draft.exists()


def test_a_mistyped_client_id_is_asked_for_again_before_anybody_waits(wizard: Wizard) -> None:
    replies = {"Client id": ["mistyped", CLIENT_ID]}
    assert wizard.run(replies=replies) == 0, wizard.shown
    assert "Client id [mistyped]" in wizard.shown
    assert wizard.shown.count("/oauth/authorize?") == 1
    assert wizard.settings["minox"]["client_id"] == CLIENT_ID


def test_a_mistyped_client_id_can_be_corrected_after_an_interrupt(wizard: Wizard) -> None:
    """Where Minox shows its error in the browser only, nothing comes back here."""
    wizard.sandbox.faults.append(
        Fault("status", side="minox", path="/oauth/token", status=500, times=1)
    )

    def leave(child: Terminal) -> None:
        child.expect(AUTHORIZE)
        child.interrupt()
        child.expect(pexpect.EOF)

    assert (
        wizard.run(replies={"Client id": "mistyped"}, leave_after="Client secret", then=leave)
        == 130
    )
    wizard.asked.clear()
    assert wizard.run() == 0, wizard.shown
    assert "Client id [mistyped]" in wizard.shown
    assert "Client secret" not in wizard.asked
    assert wizard.settings["minox"]["client_id"] == CLIENT_ID


def test_what_a_line_cannot_be_is_told_below_the_screen(wizard: Wizard) -> None:
    assert wizard.run(replies={SCREEN: ["13", ""]}) == 0, wizard.shown
    told = wizard.shown.index("Minox has no VAT code of 25.5%")
    assert told > wizard.shown.rindex("Ways of paying")


def test_run_again_it_starts_from_the_present_answers(wizard: Wizard) -> None:
    wizard.run()
    extended = wizard.config.read_text() + "retention_days: 900\n"
    wizard.config.write_text(extended)
    wizard.asked.clear()
    assert (
        wizard.run(
            replies={
                SCREEN: ["3", ""],
                "The date of the first order to book, like 2026-01-31": "2026-02-01",
            }
        )
        == 0
    )
    assert wizard.asked == [
        SCREEN,
        "The date of the first order to book, like 2026-01-31",
        SCREEN,
        TRIAL,
        "Replace {path}? What is there now is kept as {old}.",
    ]
    assert str(wizard.settings["shop"]["since"]) == "2026-02-01"
    assert wizard.settings["retention_days"] == 900
    assert wizard.settings["shop"]["token"] == "${MWW_TOKEN}"
    assert wizard.config.with_name("config.yaml.old").read_text() == extended


def test_an_existing_config_is_not_replaced_without_a_yes(wizard: Wizard) -> None:
    wizard.run()
    before = wizard.config.read_text()
    assert wizard.run(replies={"Replace {path}? What is there now is kept as {old}.": "n"}) == 2
    assert wizard.config.read_text() == before


# The trial booking

READINGS: list[tuple[dict[str, Any], str]] = [
    ({"vat_posting": "net"}, "net"),
    ({"vat_posting": "net", "own_lines": False}, "net"),
    ({"vat_posting": "gross"}, "gross"),
    ({"vat_posting": "gross", "error_status": 200}, "gross"),
    ({"vat_posting": "ledger"}, "ledger"),
    ({"vat_posting": "ledger", "ledger_reading": "net"}, "ledger"),
    ({"vat_posting": "line"}, "line"),
    ({"vat_posting": "line", "own_lines": False}, "line"),
    ({"vat_on_sub": True}, "debtor"),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("reading", "expected"), READINGS, ids=str)
def test_the_trial_booking_finds_the_way_that_reads_back_right(
    wizard: Wizard, command: Callable[..., Ended], reading: dict[str, Any], expected: str
) -> None:
    wizard.sandbox.settings.update(reading)
    # Where VAT is a line of its own, the codes of accounts do not tell which is for what.
    replies = {TRIAL: "y", ACCOUNT: ["8100", "8200"]}
    assert wizard.run(replies=replies) == 0, wizard.shown
    assert load_config_of(wizard).booking.vat_posting is VatPosting(expected)
    assert not wizard.sandbox.minox.batches, "the trial booking is taken out again"
    command("fetch")
    assert command("push", "--order", "1003").status == 0
    assert command("verify").status == 0


def test_without_a_trial_the_administration_tells_where_vat_goes(wizard: Wizard) -> None:
    wizard.sandbox.settings.vat_on_sub = True
    assert wizard.run() == 0, wizard.shown
    assert "VAT is sent with the debtor" in " ".join(wizard.shown.split())
    assert wizard.settings["booking"]["vat_posting"] == "debtor"


def test_a_trial_corrects_what_the_administration_tells(wizard: Wizard) -> None:
    wizard.sandbox.settings.vat_on_sub = True
    administration = wizard.sandbox.minox.administration
    told = administration.as_dict(vat_on_sub=True)
    with mock.patch.object(administration, "as_dict", return_value=told):
        wizard.sandbox.settings.vat_on_sub = False
        assert wizard.run(replies={TRIAL: "y"}) == 3, "check still holds it against what Minox says"
    assert "debtor: Minox refuses it" in wizard.shown
    assert wizard.settings["booking"]["vat_posting"] == "net"


def load_config_of(wizard: Wizard) -> Any:
    """Load what was written, with its env file."""
    return load_config(wizard.config)


def test_no_trial_without_a_plain_yes(wizard: Wizard) -> None:
    wizard.run()
    assert not [request for request in wizard.sandbox.requests if request.method == "PUT"]


def test_what_no_way_of_sending_vat_gets_round_is_tried_once(wizard: Wizard) -> None:
    administration = wizard.sandbox.minox.administration
    administration.closed |= {
        (year, period) for year in administration.fiscal_years for period in range(1, 13)
    }
    assert wizard.run(replies={TRIAL: "y"}) == 3
    shown = " ".join(wizard.shown.split())
    assert "Another way of sending VAT does not help" in shown
    assert "is deleted" not in shown, "nothing was there"
    assert "Minox refuses the trial booking: Periode" in shown.partition("Mend this before")[2]
    assert "What comes next" not in shown
    assert len([request for request in wizard.sandbox.requests if request.method == "PUT"]) == 1
    assert "Minox refuses the trial booking: Periode" in shown
    assert not wizard.sandbox.minox.batches


@pytest.mark.thorough
@pytest.mark.parametrize("following", ["setup", "verify", "push"])
def test_a_trial_that_was_killed_is_taken_out_by_the_next_run(
    wizard: Wizard, command: Callable[..., Ended], following: str
) -> None:
    wizard.run()
    command("fetch")
    wizard.sandbox.faults.append(
        Fault(kind="slow", side="minox", method="GET", path="batch", seconds=20, times=1)
    )

    def kill(child: Terminal) -> None:
        while not wizard.sandbox.minox.batches:
            time.sleep(0.02)
        os.kill(child.process, signal.SIGKILL)
        child.expect(pexpect.EOF)

    assert wizard.run(replies={TRIAL: "y"}, leave_after=TRIAL, then=kill) == -signal.SIGKILL
    assert len(wizard.sandbox.minox.batches) == 1
    wizard.sandbox.faults.clear()
    if following == "setup":
        assert wizard.run() == 3, "the shop has orders that no row covers"
        assert "it is deleted now" in wizard.shown
        assert not wizard.sandbox.minox.batches
    else:
        left = set(wizard.sandbox.minox.batches)
        command(following)
        assert not left & set(wizard.sandbox.minox.batches)
    with Store(wizard.state) as store:
        assert store.note(NOTE) is None


def test_a_trial_that_minox_does_not_delete_is_told_until_it_is_gone(
    wizard: Wizard, command: Callable[..., Ended]
) -> None:
    wizard.run()
    command("fetch")
    wizard.sandbox.faults.append(
        Fault(kind="status", status=409, side="minox", method="DELETE", times=2)
    )
    assert wizard.run(replies={TRIAL: "y"}) == 4
    assert len(wizard.sandbox.minox.batches) == 1
    told = command("push", "--order", "1001")
    assert told.status == 4
    assert "does not delete the trial booking of order" in told.err
    wizard.sandbox.minox.batches.clear()
    assert command("push", "--order", "1001").status == 0


# Scripts


@pytest.fixture
def answers(sandbox: Sandbox, unused_port: int, tmp_path: Path, home: Path) -> Path:
    """All answers in a file, and a login that is there."""
    given: dict[str, Any] = {
        "language": "en",
        "shop": {
            "url": sandbox.shop_url,
            "token": "${SHOP}",
            "partner_token": PARTNER_TOKEN,
            "since": "2026-01-01",
        },
        "minox": {
            "url": sandbox.minox_url,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": f"http://127.0.0.1:{unused_port}/callback",
        },
        "payment_debtors": {"basic/cash": 10600},
        "setup": {"trial": True},
    }
    path = tmp_path / "answers.yaml"
    path.write_text(yaml.safe_dump(given))
    del home
    return path


@pytest.fixture
def scripted(cli: Cli, tmp_path: Path) -> Cli:
    """The command without a terminal, logged in; the config is to be written at a new place."""
    cli.config.unlink()
    cli.env |= {"SHOP": TOKEN, "MWW2MINOX_STATE": str(tmp_path / "state.db")}
    return cli


def test_a_script_answers_everything_beforehand(
    scripted: Cli, answers: Path, sandbox: Sandbox
) -> None:
    sandbox.settings.vat_posting = "gross"
    ended = scripted("setup", "--answers", str(answers))
    assert ended.status == 0, ended.err
    written = yaml.safe_load(scripted.config.read_text())
    assert written["shop"]["token"] == "${SHOP}", "a reference stays one"
    assert written["booking"]["vat_posting"] == "gross"
    assert "setup" not in written
    assert not sandbox.minox.batches
    assert scripted("check").status == 0


def test_what_a_script_does_not_answer_is_named(scripted: Cli, answers: Path) -> None:
    given = yaml.safe_load(answers.read_text())
    del given["minox"]["client_id"]
    answers.write_text(yaml.safe_dump(given))
    ended = scripted("setup", "--answers", str(answers))
    assert ended.status == 2
    assert "minox.client_id is not answered" in ended.err
    assert not scripted.config.exists()


def test_a_script_says_that_a_config_may_be_replaced(scripted: Cli, answers: Path) -> None:
    scripted("setup", "--answers", str(answers))
    before = scripted.config.read_text()
    refused = scripted("setup", "--answers", str(answers))
    assert refused.status == 2
    assert "stays as it is" in refused.err
    assert scripted.config.read_text() == before
    given = yaml.safe_load(answers.read_text())
    given["setup"]["replace"] = True
    answers.write_text(yaml.safe_dump(given))
    assert scripted("setup", "--answers", str(answers)).status == 0
