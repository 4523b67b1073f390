"""What the users' reference says of options, config keys and reasons is what the code says."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from mww2minox.books.booking import FIELDS
from mww2minox.books.model import DateChoice, VatPosting
from mww2minox.config.keys import Key, explained, keys, needed
from mww2minox.config.settings import SECTIONS
from mww2minox.config.values import FASTEST
from mww2minox.language.texts import use

ROOT = Path(__file__).parents[2]
KEYS = {key.place: key for key in keys()}


@pytest.fixture(scope="module")
def docs() -> dict[str, Any]:
    """What `make docs` runs."""
    return runpy.run_path(str(ROOT / ".ci" / "docs.py"))


def test_what_is_checked_in_is_what_would_be_made(docs: dict[str, Any]) -> None:
    for path, text in docs["made"]().items():
        assert path.read_text(encoding="utf-8") == text, "run: make docs"


def test_each_part_that_is_made_stands_on_one_page(docs: dict[str, Any]) -> None:
    """A command without options may leave its part out."""
    names: list[str] = []
    for page in docs["PAGES"].rglob("*.md"):
        names += [part["name"] for part in docs["PART"].finditer(page.read_text(encoding="utf-8"))]
    parts = docs["parts"]()
    without_options = {name for name, text in parts.items() if text == docs["NO_OPTIONS"]}

    assert sorted({*names, *without_options}) == sorted(parts)
    assert len(names) == len(set(names))


def test_the_part_of_a_command_without_options_is_a_sentence(docs: dict[str, Any]) -> None:
    assert docs["parts"]()["options of help"] == "It has no options.\n"


def test_a_part_that_nothing_makes_is_an_error(docs: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("<!-- made by `make docs`: weather -->\n<!-- end -->\n")
    docs["made"].__globals__["PAGES"] = tmp_path
    try:
        with pytest.raises(KeyError, match="weather"):
            docs["made"]()
    finally:
        docs["made"].__globals__["PAGES"] = docs["PAGES"]


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.place)
def test_a_key_is_explained_with_its_default_where_it_has_one(key: Key) -> None:
    is_section, is_of_a_row = key.place in SECTIONS, key.place.startswith("vat[]")
    assert key.description
    assert key.is_required or is_section or is_of_a_row or "Default: " in explained(key)


@pytest.mark.parametrize(
    ("place", "values"),
    [
        ("language", ["nl", "en"]),
        ("booking.date", list(DateChoice)),
        ("booking.vat_posting", list(VatPosting)),
        ("booking.description", [f"{{{name}}}" for name in FIELDS]),
        ("minox.requests_per_second", [str(FASTEST)]),
        ("vat[].strategy", ["reverse_charged_vat", "zero_percent"]),
    ],
)
def test_the_explanation_of_a_key_has_every_value_that_it_takes(
    place: str, values: list[str]
) -> None:
    text = KEYS[place].description
    assert [value for value in values if not re.search(rf"(?<!\w){re.escape(value)}", text)] == []


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.place)
def test_an_explanation_says_the_same_in_dutch(key: Key) -> None:
    english = explained(key)
    short = needed(key.description)
    use("nl")
    assert explained(key) != english
    assert needed(key.description) != short
    assert ("Standaard: " in explained(key)) == ("Default: " in english)


def test_a_menu_that_minox_does_not_have_is_named_nowhere() -> None:
    """It is called Onderhoud."""
    kinds = ("*.md", "*.py", "*.po", "*.yaml")
    files = [path for kind in kinds for path in (ROOT / "mww2minox").rglob(kind)]
    files += [ROOT / "README.md", ROOT / "config.example.yaml"]
    assert [path for path in files if "Stamgegevens" in path.read_text(encoding="utf-8")] == []


def test_what_a_key_needs_is_its_first_sentence() -> None:
    assert needed(KEYS["shop.since"].description) == (
        "the first order date that is booked, like 2026-01-01"
    )
    assert needed(KEYS["minox.tenant"].description) == (
        "your customer number at Minox (klantnummer)"
    )
