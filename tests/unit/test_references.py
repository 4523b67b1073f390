"""Knowledge stands beside the code: what a docstring or a comment names of a document is there."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mww2minox"
MODULES = [*sorted(PACKAGE.rglob("*.py")), *sorted((ROOT / "tests").rglob("*.py"))]
DOCUMENTS = [
    path for path in sorted(PACKAGE.rglob("*.md")) if "docs" not in path.relative_to(PACKAGE).parts
]
"""Those for who changes the code; the users' are another matter."""

REFERENCE = re.compile(
    r"""(?P<document>[\w./-]*\w\.md)\b"""
    r"""(?:,\ (?:rules?\ (?P<rules>[0-9]+(?:\ (?:and|to)\ [0-9]+)?)"""
    r"""|(?P<headings>"[^"]+"(?:\ and\ "[^"]+")*)))?"""
)
NAMES_ANYTHING = re.compile(r"\.md\b|\brules?\b", re.IGNORECASE)
"""What stands in each module that names a document or a rule; the others need no reading."""
BARE_RULE = re.compile(r"(?<!\.md, )\b[Rr]ules? [0-9]+")
FILE = re.compile(r"[\w./-]+\.(?:py|po|yaml|toml)\b|(?<=`)[\w/-]+/(?=`)|\b[\w-]+/[\w/-]+/(?=\s)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


NOT_LISTED = {"__init__.py", "__main__.py", "__pycache__"}
"""What every package has."""


def docstrings(source: str) -> Iterator[str]:
    """Yield each text that stands as a statement of its own: docstrings, and those of values."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)


def comments(source: str) -> Iterator[str]:
    """Yield each comment; one that goes on over several lines as one text."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]
    text = ""
    for (line, comment), (following, _next) in pairwise([*lines, (0, "")]):
        text += comment.lstrip("#")
        if following != line + 1:
            yield text
            text = ""


def problems(text: str) -> list[str]:
    """Return the documents, headings and rules that `text` names and that are not there."""
    missing = []
    for reference in REFERENCE.finditer(" ".join(text.split())):
        headings = headings_of(reference["document"])
        wanted = re.findall(r'"([^"]+)"', reference["headings"] or "")
        wanted += [f"Rule {number}" for number in numbers(reference["rules"] or "")]
        if not headings:
            missing.append(reference["document"])
        elif not headings.issuperset(wanted):
            missing.append(reference[0])
    return missing


@cache
def headings_of(document: str) -> set[str]:
    """Return the headings of a document, by its path in the repository, else in the package.

    A rule's heading counts by its number alone as well.
    """
    for path in (ROOT / document, PACKAGE / document):
        if path.is_file():
            headings = HEADING.findall(path.read_text(encoding="utf-8"))
            return {*headings, *(heading.partition(":")[0] for heading in headings)}
    return set()


def is_there(path: str) -> bool:
    """Tell whether a file or folder is there, in the package or in the repository."""
    return (PACKAGE / path).exists() or (ROOT / path).exists()


def bare_rules(text: str) -> list[str]:
    """Return the rules that `text` names without the document that they stand in."""
    return BARE_RULE.findall(" ".join(text.split()))


def numbers(rules: str) -> range:
    """Return the numbers of `7`, `8 and 9` or `3 to 6`."""
    named = [int(number) for number in re.findall("[0-9]+", rules)]
    return range(named[0], named[-1] + 1) if named else range(0)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_module_names_is_there(module: Path) -> None:
    """Documents and headings exist, and a rule is named with the document that it stands in."""
    source = module.read_text(encoding="utf-8")
    if not NAMES_ANYTHING.search(source):
        return
    for text in (*docstrings(source), *comments(source)):
        assert problems(text) == []
        assert bare_rules(text) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_names_is_there(document: Path) -> None:
    """Documents name each other in the same way, on lines that a screen has room for."""
    text = document.read_text(encoding="utf-8")

    assert problems(text) == []
    assert [line for line in text.splitlines() if len(line) > 100] == []


def test_the_map_shows_what_is_there() -> None:
    """Every file and folder that it names exists, and no module is left out of its listing."""
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    named = set(FILE.findall(text))
    assert sorted(path for path in named if not is_there(path)) == []

    listing = set(re.findall(r"^\| `([\w.]+)/?` \|", text, re.MULTILINE))
    modules = {path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert listing == modules - NOT_LISTED


@pytest.mark.parametrize(
    "text",
    [
        "see nowhere.md",
        'see books/rules.md, "No such heading"',
        "see books/rules.md, rule 99",
        "see books/rules.md, rules 3 to 99",
        'see books/rules.md, "VAT facts" and "No such heading"',
        'see minox/exactly_once.md,\n    "No such heading"',
    ],
)
def test_what_is_not_there_is_found(text: str) -> None:
    """The test itself can fail."""
    assert len(problems(text)) == 1


def test_a_rule_without_its_document_is_found() -> None:
    """Also where the line breaks in between."""
    assert bare_rules("as in books/rules.md, rule 3, and in rule\n4") == ["rule 4"]
