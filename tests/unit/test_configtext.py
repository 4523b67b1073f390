"""What `setup` writes reads back as what was answered, whatever it holds; secrets stand apart, for
nobody else.
"""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from mww2minox.books.booking import FIELDS
from mww2minox.commands.setup.configtext import (
    SECRET_NAMES,
    config_text,
    env_text,
    save_private,
    secrets_apart,
)
from mww2minox.config.loading import load_config, settings_of
from mww2minox.config.secrets import env_values
from mww2minox.config.yaml_file import Document, Value, read_document
from mww2minox.errors import UsageError
from mww2minox.language.texts import use

ODD_TEXTS = [
    "#1", "a # b", "a: b", "key:", "- x", "? x", "'", '"', "it's", '"quoted"', "\\", "a\\",
    "{x}", "[x]", "&a", "*a", "!x", "%x", "@x", "`x`", "|", ">", "~", "null", "NO", "yes",
    "true", "0100", "1e3", "0x1F", "0o17", "1_000", "12:30", "1.50", ".5", "5.", "+1", "-1",
    "=", "<<", "2026-01-31", "2026-99-99", "9" * 40, "é ü ß", "日本", "\U0001f600", "a,b",
    "x" * 300, "$HOME", "$(x)", "a  b",
]  # fmt: skip
PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
TYPED = st.characters(exclude_categories=["C", "Z"], include_characters=" ")
TEXTS = (
    st.one_of(st.sampled_from(ODD_TEXTS), st.text(TYPED, min_size=1, max_size=30))
    .map(str.strip)
    .filter(lambda text: bool(text) and "${" not in text)
)
WORDS = TEXTS.map(lambda text: "".join(text.split())).filter(bool)
NUMBERS = st.one_of(TEXTS, st.integers(0, 10**12))
DIGITS = st.integers(0, 10**12).map(str)
CODES = NUMBERS.filter(lambda code: str(code).lower() != "none")
RATES = st.one_of(st.integers(0, 100), st.decimals(0, 100, places=2).map(str))
PIECES = st.sampled_from([*(f"{{{name}}}" for name in FIELDS), "{{", "}}", "# ", ": "])
BRACELESS = WORDS.map(lambda text: text.replace("{", "").replace("}", ""))
DESCRIPTIONS = (
    st.lists(st.one_of(PIECES, BRACELESS), min_size=1).map(" ".join).map(str.strip).filter(bool)
)

OPTIONAL: dict[str, st.SearchStrategy[Any]] = {
    "ledgers": st.dictionaries(st.sampled_from(["shipping", "payment", "discount"]), NUMBERS),
    "payment_debtors": st.dictionaries(
        st.tuples(WORDS, WORDS).map("/".join).filter(lambda text: "${" not in text), NUMBERS
    ),
    "customers": st.booleans().map(lambda block: {"block_reminders": block}),
    "verify": st.decimals(0, 9, places=2).map(lambda euros: {"tolerance": str(euros)}),
    "retention_days": st.integers(1, 9999),
}


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """Make the answers of a setup that went through."""
    regions = draw(
        st.lists(st.sampled_from(["NL", "BE", "DE", "FR", "nl"]), min_size=1, unique_by=str.upper)
    )
    rows = [
        {"region": region, "rate": draw(RATES), "code": draw(CODES), "ledger": draw(NUMBERS)}
        for region in regions
    ]
    chosen = draw(st.lists(st.sampled_from(sorted(OPTIONAL)), unique=True))
    return {
        "language": draw(st.sampled_from(["nl", "en"])),
        "shop": {
            "token": draw(WORDS),
            "partner_token": draw(WORDS),
            "statuses": draw(st.lists(NUMBERS, min_size=1)),
            "since": draw(st.dates().map(str)),
        },
        "minox": {
            **{key: draw(NUMBERS) for key in ("client_id", "journal")},
            **{key: draw(DIGITS) for key in ("tenant", "administration")},
            "client_secret": draw(WORDS),
            "redirect_uri": "http://127.0.0.1:8765/callback",
        },
        "booking": {
            "description": draw(DESCRIPTIONS),
            "rounding_ledger": draw(NUMBERS),
            "max_rounding": "0.05",
        },
        "vat": [
            *rows,
            {"strategy": "zero_percent", "code": draw(NUMBERS), "ledger": draw(NUMBERS)},
        ],
        "state": "/var/lib/mww2minox/state.db",
        **{key: draw(OPTIONAL[key]) for key in chosen},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config")


@pytest.mark.thorough
@pytest.mark.parametrize("apart", [True, False])
@given(values=configs())
def test_what_is_written_reads_back_as_the_same_settings(
    folder: Path, values: dict[str, Any], *, apart: bool
) -> None:
    target, env = folder / "config.yaml", folder / "config.env"
    env.unlink(missing_ok=True)
    meant = settings_of(Document(target, values, {(): 1}, {}))
    secrets = secrets_apart(values) if apart else {}
    if secrets:
        save_private(env, env_text(secrets))
    save_private(target, config_text(values))
    assert load_config(target) == meant
    use("en")


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_a_text_stays_what_it_is(tmp_path: Path, text: str) -> None:
    values: dict[str, Value] = {
        "minox": {"journal": text},
        "payment_debtors": {f"a/{text}": text},
        "vat": [{"code": text}],
    }
    (tmp_path / "config.yaml").write_text(config_text(values))
    found = read_document(tmp_path / "config.yaml")
    assert not found.problems
    assert {str(value) for value in _leaves(found.values)} == {text}
    assert list(found.values["payment_debtors"]) == [f"a/{text}"]  # type: ignore[arg-type]


def _leaves(value: Value) -> list[Value]:
    inner = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    )
    return [value] if inner is None else [leaf for one in inner for leaf in _leaves(one)]


def test_numbers_dates_and_amounts_have_no_quotes_and_text_that_looks_like_them_does() -> None:
    text = config_text(
        {
            "minox": {"journal": "0100", "tenant": 12, "administration": "13"},
            "shop": {"since": "2026-01-31"},
        }
    )
    assert [
        line.strip()
        for line in text.splitlines()
        if ": " in line and not line.strip().startswith("#")
    ] == [
        "since: 2026-01-31",
        "journal: '0100'",
        "tenant: 12",
        "administration: 13",
    ]


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_comments_are_comments_in_either_language(language: Any) -> None:
    use(language)
    values: dict[str, Value] = {
        "language": language,
        "verify": {"tolerance": "0.00"},
        "minox": {"tenant": 1},
    }
    assert yaml.safe_load(config_text(values)) == {
        "language": language,
        "minox": {"tenant": 1},
        "verify": {"tolerance": 0},
    }
    assert max(map(len, config_text(values).splitlines())) <= 98


@pytest.mark.parametrize("code", [1, "1", "1H", "01", 0, "0"])
def test_a_vat_code_stays_a_number_or_a_text(tmp_path: Path, code: int | str) -> None:
    (tmp_path / "c.yaml").write_text(
        config_text({"vat": [{"strategy": "zero_percent", "code": code}]})
    )
    assert read_document(tmp_path / "c.yaml").values == {
        "vat": [{"strategy": "zero_percent", "code": code}]
    }


# Secrets


def read_back(folder: Path, text: str) -> dict[str, str]:
    """Read an env file as a config does."""
    (folder / "config.env").write_text(text, encoding="utf-8")
    document = Document(folder / "config.yaml", {}, {(): 1}, {})
    found = env_values(document)
    assert not document.problems, document.problems
    return found


@given(st.tuples(PRINTABLE, PRINTABLE, PRINTABLE))
def test_every_printable_secret_is_read_back(folder: Path, three: tuple[str, str, str]) -> None:
    values: dict[str, Value] = {"shop": {}, "minox": {}}
    for (section, key), secret in zip(SECRET_NAMES, three, strict=True):
        values[section][key] = secret  # type: ignore[call-overload,index]
    secrets = secrets_apart(values)
    assert read_back(folder, env_text(secrets)) == secrets
    assert all("${" in secret for secret in three if secret not in secrets.values())


@pytest.mark.parametrize(
    "secret",
    ["it's", 'a"b', "a\\b", "a\\", "$HOME", "a${b", "#x", "a#b", "a'\\'b", "\\'", "=x", "é"],
)
def test_an_odd_secret_is_read_back_among_others(tmp_path: Path, secret: str) -> None:
    secrets = {"A": "it's", "B": secret, "C": "it's"}
    assert read_back(tmp_path, env_text(secrets)) == secrets


def test_what_else_stands_in_the_env_file_stays(tmp_path: Path) -> None:
    present = "# mine\nHTTPS_PROXY=http://proxy\nMWW_TOKEN=old\n\nexport OTHER='a b'\n"
    text = env_text({"MWW_TOKEN": "new"}, present)
    assert "# mine\n" in text
    assert "export OTHER='a b'\n" in text
    assert read_back(tmp_path, text) == {
        "HTTPS_PROXY": "http://proxy",
        "OTHER": "a b",
        "MWW_TOKEN": "new",
    }
    assert "old" not in text


def test_a_reference_stays_one() -> None:
    values: dict[str, Value] = {
        "shop": {"token": "${MY_TOKEN}"},
        "minox": {"client_secret_file": "secret"},
    }
    assert secrets_apart(values) == {}
    assert values == {"shop": {"token": "${MY_TOKEN}"}, "minox": {"client_secret_file": "secret"}}


# Files


def test_a_file_is_for_its_owner_only_whatever_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.yaml"
    before = os.umask(0)
    try:
        save_private(path, "a: 1\n")
        path.chmod(0o644)
        save_private(path, "a: 2\n")
    finally:
        os.umask(before)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert path.read_text() == "a: 2\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    (tmp_path / "file").touch()
    for path in (tmp_path / "config.yaml", tmp_path / "file" / "config.yaml"):
        with pytest.raises(UsageError, match="Cannot write .*mww2minox --config FILE setup"):
            save_private(path, "a: 1\n")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["config.yaml", "file"]


def test_amounts_are_exact(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(config_text({"verify": {"tolerance": "0.10"}}))
    found = read_document(tmp_path / "c.yaml").values["verify"]
    assert isinstance(found, dict)
    assert Decimal(str(found["tolerance"])) == Decimal("0.10")
