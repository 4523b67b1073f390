"""Every text that a user sees is in both languages, and the catalogue is what the code asks for."""

import ast
import inspect
import io
import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

import click
import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import mww2minox
from mww2minox.cli import cli
from mww2minox.config.yaml_file import read_document
from mww2minox.errors import ConfigError
from mww2minox.language import borrowed
from mww2minox.language.help import Argument, Command, Option
from mww2minox.language.texts import (
    CATALOGUES,
    Language,
    _,
    day,
    money,
    ngettext,
    number,
    percentage,
    system_problem,
    use,
)
from tests.harness.words import ENGLISH

PACKAGE = Path(mww2minox.__file__).parent
SOURCES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "sandbox" not in path.relative_to(PACKAGE).parts[:-1]
]
PO = Path(CATALOGUES, "nl/LC_MESSAGES/mww2minox.po")
PLACEHOLDER = re.compile(r"\{[a-z_]*(?:![rs])?\}")
AS_TYPED = re.compile(r"mww2minox (?!with|met)[a-z]+|--[a-z-]+|\b[a-z_]+\.[a-z_]+\b|`[^`]+`")
"""What stays as it is in every language: commands, options, keys."""
ENDS = re.compile(r"^ *|[ .:!?]*$")


# The catalogue


@pytest.fixture(scope="module")
def dutch() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="nl", domain="mww2minox")


def _asked_for() -> set[str]:
    """Return the texts that the code asks for; of a plural the singular, which is what a catalogue
    knows it by.
    """
    return {forms[0] for forms in _extracted()}


@cache
def _extracted() -> list[tuple[str, ...]]:
    """Return the forms of each text that the extraction finds."""
    messages = [
        message
        for path in SOURCES
        for _line, message, _comments, _context in extract_from_file("python", path)
    ]
    return [(forms,) if isinstance(forms, str) else tuple(forms) for forms in messages]


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _translated(catalogue: Catalog) -> list[Message]:
    return [message for message in _messages(catalogue) if all(_dutch(message))]


def _forms(message: Message) -> list[tuple[str, str]]:
    """Return each form in English and in Dutch."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string or (), strict=True))


def test_the_dutch_catalogue_has_the_texts_of_the_code_and_no_others(dutch: Catalog) -> None:
    known = {english for message in _messages(dutch) for english, _dutch in _forms(message)[:1]}
    asked_for = _asked_for()
    assert sorted(asked_for - known) == [], "run: make texts, and translate"
    assert sorted(known - asked_for) == [], "run: make texts"


def test_every_text_is_translated(dutch: Catalog) -> None:
    assert [
        message.id for message in _messages(dutch) if message.fuzzy or not all(_dutch(message))
    ] == []


def _dutch(message: Message) -> list[str]:
    return [dutch.strip() for _english, dutch in _forms(message)]


def test_both_languages_have_the_same_values_commands_and_keys(dutch: Catalog) -> None:
    for message in _translated(dutch):
        for english, translated in _forms(message):
            for kept in (PLACEHOLDER, AS_TYPED):
                assert sorted(kept.findall(english)) == sorted(kept.findall(translated)), english


def test_a_text_keeps_its_spaces_and_its_end(dutch: Catalog) -> None:
    for message in _translated(dutch):
        for english, translated in _forms(message):
            assert ENDS.findall(english) == ENDS.findall(translated), english


def test_the_compiled_catalogue_is_that_of_the_texts(dutch: Catalog) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, dutch)
    assert PO.with_suffix(".mo").read_bytes() == compiled.getvalue(), "run: make texts"


# No text escapes

MARKS = {"_", "N_", "ngettext"}
UNSHOWN_CALLS = {
    "log.debug": "the log stays English",
    "log.info": "the log stays English",
    "log.warning": "the log stays English",
    "log.error": "the log stays English",
    "re.compile": "a pattern",
    "re.fullmatch": "a pattern",
    "re.search": "a pattern",
    "re.sub": "a pattern",
    "note": "a key in the state",
    "set_note": "a key in the state",
    "moment": "a key in the state",
    "TypeVar": "a type",
    "cast": "a type",
}
SHOWING_CALLS = {"say", "warn", "line", "data"}
SQL = re.compile(r"(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|PRAGMA|VACUUM) ")
COMMAND = re.compile(r"mww2minox( --[a-z-]+ [\w./]+)* [a-z]+( --[a-z-]+| \{\})*")
SENTENCE = re.compile(r"(?<![\w./-])[A-Za-z][a-z']+[,:;.]? +[A-Za-z][a-z']*(?![\w/=(])")
SHOWN_WORD = re.compile(r"[A-Z][a-z]+[.:!?]?")
WORD_BESIDE_A_VALUE = re.compile(r"(?<![\w./<:-])[A-Za-z]?[a-z]{2,}(?![\w./=>(\[-]|:[/{])")
NO_TEXT = re.compile(r"\s*# no text: \w")
"""Stands above what reads like a shown text and is none, with the reason."""


def _called(node: ast.Call) -> str:
    """Return the name of what is called, with `log.` and `re.` before it where that is what it
    belongs to.
    """
    match node.func:
        case ast.Attribute(value=ast.Name(id="log" | "re" as owner), attr=name):
            return f"{owner}.{name}"
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""


def _escaped(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and text of what a user may be shown as it is."""
    if isinstance(node, ast.Call) and _called(node) in MARKS | UNSHOWN_CALLS.keys():
        yield from _f_strings(node)
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
        return
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        return
    yield from ((node.lineno, text) for text in _shown(node) if isinstance(node, ast.expr))
    for name, child in _parts(node):
        if name not in ("annotation", "returns"):
            yield from _escaped(child)


@cache
def _escaped_from(path: Path) -> list[tuple[int, str]]:
    """Return what escapes from a module, unless it is no text by what it says."""
    escaped = _escaped(ast.parse(path.read_text()))
    return [(line, text) for line, text in escaped if not _is_no_text(text)]


def _f_strings(marked: ast.Call) -> Iterator[tuple[int, str]]:
    """A text that holds its values already is in no catalogue."""
    if _called(marked) in MARKS:
        yield from (
            (part.lineno, "an f-string")
            for part in ast.walk(marked)
            if isinstance(part, ast.JoinedStr)
        )


def _shown(node: ast.AST) -> Iterator[str]:
    """Yield what reads like a sentence or a shown word."""
    match node:
        case ast.Constant(value=str(text)) if SENTENCE.search(text) or SHOWN_WORD.fullmatch(text):
            yield text
        case ast.JoinedStr(values=parts):
            text = "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts
            )
            if WORD_BESIDE_A_VALUE.search(text):
                yield text
        case ast.Call() if _called(node) in SHOWING_CALLS:
            yield from _words(node.args)


def _words(arguments: list[ast.expr]) -> Iterator[str]:
    """Yield what is shown as it is, even a single small word."""
    for argument in arguments:
        match argument:
            case ast.Constant(value=str(text)) if re.search("[a-z]{2}", text):
                yield text
            case _:
                pass


def _parts(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            plain = isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)
            if isinstance(child, ast.AST) and not plain:
                yield name, child


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_text_escapes_the_catalogue(path: Path) -> None:
    lines = path.read_text().splitlines()
    escaped = [(line, text) for line, text in _escaped_from(path) if not _has_reason(lines, line)]
    assert escaped == []


def test_the_extraction_finds_every_text_that_is_marked() -> None:
    """It does not look into f-strings."""
    messages = {text for found in _extracted() for text in found}
    calls = (
        node
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
    )
    texts = (
        call.args for call in calls if isinstance(call.func, ast.Name) and call.func.id in MARKS
    )
    marked = {word.value for words in texts for word in words if isinstance(word, ast.Constant)}
    assert {text for text in marked if isinstance(text, str)} - messages == set()


def _is_no_text(text: str) -> bool:
    return bool(SQL.match(text) or COMMAND.fullmatch(text))


def _has_reason(lines: Sequence[str], line: int) -> bool:
    """Tell whether the line before says why what stands there is no text."""
    return line > 1 and NO_TEXT.match(lines[line - 2]) is not None


@pytest.mark.parametrize(
    "code",
    [
        'raise UsageError("There is no order.")',
        'raise UsageError(f"{path} is full")',
        'output.say("done")',
        'columns = [("Amount", "right")]',
        'shown = f"customer {number}"',
        '_(f"Order {number} is booked.")',
        'option("--all", help="Also those before.")',
    ],
)
def test_a_text_that_escapes_is_found(code: str) -> None:
    assert list(_escaped(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        '"""A docstring of two words."""',
        '_("There is no order {number}.").format(number=number)',
        'log.info("Order %s is booked.", number)',
        'state = "waiting"',
        'path = f"{base}/ledger_account/{number}"',
        'suggestion = f"mww2minox retry {number}"',
        'def read() -> "Wiring": ...',
    ],
)
def test_what_is_no_shown_text_is_left_alone(code: str) -> None:
    assert [text for _line, text in _escaped(ast.parse(code)) if not _is_no_text(text)] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_exception_is_still_needed(path: Path) -> None:
    lines = path.read_text().splitlines()
    needed = {line for line, _text in _escaped_from(path)}
    marked = {number + 2 for number, line in enumerate(lines) if NO_TEXT.match(line)}
    assert sorted(marked - needed) == []


# What other packages say


def _sources(package: object) -> str:
    folder = Path(inspect.getfile(package)).parent  # type: ignore[arg-type]
    return "".join(path.read_text() for path in folder.glob("*.py"))


def test_click_still_says_what_is_translated() -> None:
    source = _sources(click)
    for text in [*borrowed.CLICK, *(form for forms in borrowed.CLICK_PLURALS for form in forms)]:
        assert f'"{text}"' in source, text


def test_the_system_still_says_what_is_translated() -> None:
    for code, text in borrowed.SYSTEM.items():
        assert os.strerror(code) == text
        use("nl")
        assert system_problem(OSError(code, text)) != text


@pytest.mark.parametrize(
    ("text", "dutch"),
    [
        ("a: b: c", "een dubbele punt"),
        ("shop:\n\turl: x", "teken"),
        ("a: @x", "teken '@'"),
        ("a: 'x", "einde"),
        ("a: [1, 2", "iets anders"),
        ("a:\n  - b\n c: d", "inspringing"),
        ('a: "x" y', "inspringing"),
        ("- a\nb: c", "inspringing"),
        ("a: b\n---\nc: d", "document"),
    ],
)
def test_what_yaml_says_is_translated(text: str, dutch: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    use("nl")
    with pytest.raises(ConfigError) as caught:
        read_document(path)
    assert dutch in caught.value.problems[0]
    assert not ENGLISH.search(caught.value.problems[0])


# The help


def _all_commands() -> list[click.Command]:
    return [cli, *cli.commands.values()]


def test_the_help_of_every_command_and_option_is_shown_in_the_readers_language() -> None:
    for command in _all_commands():
        assert isinstance(command, Command), command.name
        for param in command.params:
            assert isinstance(param, Option | Argument), f"{command.name} {param.name}"


@pytest.mark.parametrize("command", _all_commands(), ids=lambda command: command.name)
def test_the_help_has_no_english_left(command: click.Command) -> None:
    context = click.Context(command, info_name=command.name)
    english = command.get_help(context)
    use("nl")
    dutch = command.get_help(context)
    assert "Toon deze uitleg." in dutch
    assert not ENGLISH.search(dutch)
    use("en")
    assert command.get_help(context) == english


# The reader's form


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("nl", ["€ 1.234,56", "€ -0,05", "1.234,56", "-0,05", "25,5", "21", "31-01-2026"]),
        ("en", ["€1,234.56", "-€0.05", "1234.56", "-0.05", "25.5", "21", "31 Jan 2026"]),
    ],
)
def test_amounts_rates_and_dates_have_the_readers_form(
    language: Language, shown: list[str]
) -> None:
    use(language)
    euros, cents = Decimal("1234.56"), Decimal("-0.05")
    amounts = [money(euros), money(cents), number(euros), number(cents)]
    rates = [percentage(Decimal("25.5")), percentage(Decimal("21.000000"))]
    assert [*amounts, *rates, day(date(2026, 1, 31))] == shown


def test_a_count_has_its_own_form() -> None:
    use("nl")
    assert [
        ngettext("{count} order", "{count} orders", count).format(count=count)
        for count in (0, 1, 2)
    ] == [
        "0 bestellingen",
        "1 bestelling",
        "2 bestellingen",
    ]


def test_a_text_that_is_in_no_catalogue_is_shown_as_it_is() -> None:
    use("nl")
    assert _("never seen") == "never seen"
