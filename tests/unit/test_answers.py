"""The answers of `setup`: where they come from, which one counts, and that none is lost."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mww2minox.commands.setup.answers import Answers
from mww2minox.commands.setup.configtext import config_text
from mww2minox.config.loading import load_config
from mww2minox.errors import ConfigError

WHOLE: dict[str, Any] = {
    "language": "en",
    "shop": {"token": "secret", "statuses": [2], "since": "2026-01-01"},
    "minox": {
        "client_id": "id",
        "client_secret": "secret",
        "redirect_uri": "http://127.0.0.1:8765/callback",
        "tenant": 1,
        "administration": 1,
        "journal": "VERK",
    },
    "booking": {"rounding_ledger": 4990},
    "vat": [{"region": "NL", "rate": 21, "code": 1, "ledger": 8000}],
    "payment_debtors": {"basic/cash": 10600},
}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Give a place for a config."""
    return tmp_path / "config.yaml"


def write(path: Path, values: dict[str, Any]) -> Path:
    """Write values as YAML."""
    path.write_text(yaml.safe_dump(values))
    return path


def test_it_begins_with_nothing_and_asks_by_placeholders(target: Path) -> None:
    answers = Answers(target)
    assert answers.values == {}
    assert answers.config().shop.url == "https://api.myonlinestore.com"
    assert list(target.parent.iterdir()) == []


def test_a_script_goes_before_the_draft_and_that_before_the_present_config(target: Path) -> None:
    write(target, WHOLE)
    write(
        target.with_name("config.yaml.draft"),
        {"minox": {"journal": "DRAFT", "tenant": 2}, "shop": {"statuses": [3]}},
    )
    script = write(
        target.with_name("script.yaml"), {"minox": {"journal": "SCRIPT"}, "setup": {"trial": True}}
    )
    answers = Answers(target, script, {"minox.url": "http://127.0.0.1:1"})
    minox = answers.config().minox
    assert (minox.journal, minox.tenant, minox.administration) == ("SCRIPT", "2", "1")
    assert minox.url == "http://127.0.0.1:1"
    assert answers.config().shop.statuses == (3,), "a list is one answer, not merged"
    assert answers.about_setup == {"trial": True}
    assert "setup" not in answers.values


def test_each_answer_is_in_the_draft_at_once_for_its_owner_only(target: Path) -> None:
    answers = Answers(target)
    answers.put("secret", "shop", "token")
    answers.put(10600, "payment_debtors", "basic/cash")
    assert answers.draft.stat().st_mode & 0o777 == 0o600
    again = Answers(target)
    assert again.values == {"shop": {"token": "secret"}, "payment_debtors": {"basic/cash": 10600}}
    again.done()
    assert not answers.draft.exists()
    again.done()


def test_an_answer_that_was_taken_away_stays_away_after_an_interruption(target: Path) -> None:
    write(target, WHOLE)
    answers = Answers(target)
    answers.put(None, "booking", "rounding_ledger")
    answers.put(None, "payment_debtors", "basic/cash")
    for one in (answers, Answers(target)):
        assert one.get("booking", "rounding_ledger") is None
        assert not one.get("payment_debtors", "basic/cash")
        assert one.config().booking.rounding_ledger is None
        assert one.config().payment_debtors == {}
        assert "null" not in config_text(one.values)


@pytest.mark.parametrize("section", ["ledgers", "payment_debtors", "booking"])
def test_a_key_without_a_value_loses_no_answer(target: Path, section: str) -> None:
    write(target, WHOLE | {section: None})
    answers = Answers(target)
    answers.put("8900", section, "shipping" if section == "ledgers" else "a/b")
    assert answers.get(section) == {"shipping" if section == "ledgers" else "a/b": "8900"}


def test_what_is_complete_is_what_a_config_needs(target: Path) -> None:
    answers = Answers(target, write(target.with_name("script.yaml"), WHOLE))
    assert answers.complete().minox.journal == "VERK"
    answers.put(None, "vat")
    answers.put(None, "shop", "statuses")
    assert answers.config().minox.journal == "VERK", "the vendors can be asked all the same"
    with pytest.raises(
        ConfigError, match=r"(?s)shop\.statuses.*is missing.*vat.*is missing.*mww2minox setup"
    ):
        answers.complete()


def test_secrets_in_files_need_no_placeholder(target: Path) -> None:
    (target.parent / "token").write_text("from-a-file\n")
    shop = {"token_file": "token", "statuses": [2], "since": "2026-01-01"}
    answers = Answers(write(target, WHOLE | {"shop": shop}))
    assert answers.config().shop.token.get_secret_value() == "from-a-file"


def test_a_reference_is_resolved_by_the_env_file_of_the_target(target: Path) -> None:
    target.with_suffix(".env").write_text("MWW_TOKEN=from-env\n")
    answers = Answers(target)
    answers.put("${MWW_TOKEN}", "shop", "token")
    assert answers.config().shop.token.get_secret_value() == "from-env"
    assert answers.values == {"shop": {"token": "${MWW_TOKEN}"}}


# What cannot be taken up


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "\x00",
        "- a list",
        "shop: {token: 'a b'}",
        "nonsense: 1",
        "language: en\nlanguage: en",
        "",
    ],
)
@pytest.mark.parametrize("which", ["config.yaml", "config.yaml.draft", "script.yaml"])
def test_what_is_broken_is_named_with_what_to_do(target: Path, which: str, text: str) -> None:
    broken = target.with_name(which)
    broken.write_text(text)
    with pytest.raises(ConfigError) as raised:
        Answers(target, broken if which == "script.yaml" else None)
    assert raised.value.path == broken
    assert raised.value.suggestion.endswith("run: mww2minox setup")
    assert ("remove it" in raised.value.suggestion) == which.endswith(".draft")
    assert broken.read_text() == text, "and stays as it is"


def test_a_problem_has_the_line_of_the_file_that_has_it(target: Path) -> None:
    write(target, WHOLE)
    script = target.with_name("script.yaml")
    script.write_text("language: en\nminox:\n  url: nonsense\n")
    with pytest.raises(ConfigError, match=r"script\.yaml:\s+minox\.url \(line 3\)"):
        Answers(target, script)


def test_a_script_that_is_not_there_is_told(target: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        Answers(target, target.with_name("nowhere.yaml"))


def test_a_wrong_option_is_told_and_not_kept(target: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)shop\.url.*mww2minox setup"):
        Answers(target, options={"shop.url": "nonsense"})
    assert list(target.parent.iterdir()) == []


def test_a_secret_stays_out_of_what_is_told(target: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        Answers(target, write(target.with_name("s.yaml"), {"shop": {"token": "very secret"}}))
    assert "very" not in str(raised.value)


def test_what_was_read_is_not_what_is_kept(target: Path) -> None:
    before = write(target, WHOLE).read_text()
    answers = Answers(target)
    answers.put("OTHER", "minox", "journal")
    assert target.read_text() == before
    assert load_config(target).minox.journal == "VERK"
