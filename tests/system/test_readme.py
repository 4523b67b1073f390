"""The README and the reference hold: their command lines run, their links lead somewhere, and they
leave out no command, option, reason, exit code or key; the demo that they show is the real one.
"""

import datetime as dt
import json
import re
import shlex
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import BaseModel

from mww2minox.books.model import Reason
from mww2minox.cli import cli as group
from mww2minox.config.loading import SECRET_FILES
from mww2minox.config.settings import Config, VatSettings
from mww2minox.errors import ExitStatus
from mww2minox.language.texts import Language, number, use
from mww2minox.sandbox import samples
from tests.harness.sample_results import sample_results
from tests.system.conftest import Cli

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "mww2minox" / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
BLOCK = re.compile(r"^ *```(?P<kind>\w+)\n(?P<text>.*?)^ *```$", re.DOTALL | re.MULTILINE)
PROMPTED = re.compile(r"^ *(?:\$ )?(?:sudo )?(mww2minox .*)$", re.MULTILINE)
INLINE = re.compile(r"`(?:sudo )?(mww2minox\s[^`]*)`")
SCHEDULED = re.compile(r"/mww2minox ([^;&\n]*)")
LINK = re.compile(r"\[[^]]*\]\((?!https?:)([^)#]*)#?([^)]*)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
NUMBER = re.compile(r"\d[\d.,]*\d|\d")
WITH_DEMO: list[tuple[str, Language]] = [
    ("README.md", "en"),
    ("mww2minox/docs/nl/handleiding.md", "nl"),
]
"""The pages that show the demo, with the language that they show it in."""
ANY_DAY = dt.date(2026, 3, 20)
"""What comes of the sample orders is the same on every day, their dates apart."""
PARSED_ONLY = {"login", "sandbox", "demo"}
"""They wait for a person, or run until interrupted; the demo has a test of its own."""


def blocks(text: str, *kinds: str) -> str:
    """Return the fenced blocks of these kinds as one text."""
    return "".join(block["text"] for block in BLOCK.finditer(text) if block["kind"] in kinds)


def run_lines(text: str) -> list[list[str]]:
    """Return the command lines of a page that can be run as they stand."""
    lines = PROMPTED.findall(blocks(text, "console", "sh"))
    return [shlex.split(line, comments=True)[1:] for line in lines]


def parsed_lines(text: str) -> list[list[str]]:
    """Return the other command lines of a page: in a sentence, beside an output, in a crontab."""
    prose = BLOCK.sub("", text)
    lines = [shlex.split(line)[1:] for line in PROMPTED.findall(blocks(text, "text"))]
    lines += [shlex.split(line)[1:] for line in INLINE.findall(prose)]
    lines += [shlex.split(line) for line in SCHEDULED.findall(blocks(text, "crontab"))]
    return lines


def every_line() -> Iterator[tuple[str, str]]:
    """Yield each command line with the page that has it."""
    for name, text in TEXTS.items():
        lines = [*run_lines(text), *parsed_lines(text)]
        yield from dict.fromkeys((name, shlex.join(line)) for line in lines)


def parsed(arguments: list[str]) -> click.Context:
    """Parse a command line as click would, and run nothing; a wrong option raises UsageError."""
    context = group.make_context("mww2minox", list(arguments))
    _, words, _ = group.make_parser(context).parse_args(list(arguments))
    name, command, rest = group.resolve_command(context, words)
    assert command
    return command.make_context(name, rest, parent=context)


def page(name: str) -> str:
    """Return a page of the reference."""
    return TEXTS[f"mww2minox/docs/{name}.md"]


def section(command: str) -> str:
    """Return what the reference says under a command's heading."""
    return page("commands").partition(f"## `{command}`\n")[2].partition("\n## ")[0]


def demo(text: str, command: str) -> list[str]:
    """Return the lines that a page shows under the first prompt of a command, up to a gap."""
    output = blocks(text, "text").partition(f"$ mww2minox {command}\n")[2]
    return re.split(r"^(?:\.\.\.)?$", output, maxsplit=1, flags=re.MULTILINE)[0].splitlines()


def squeezed(text: str) -> str:
    """Return a text with one plain space for each stretch of white space."""
    return " ".join(text.split())


def anchors(text: str) -> set[str]:
    """Return what links to a page's headings are named: as GitHub makes it of each."""
    headings = HEADING.findall(BLOCK.sub("", text))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield every key of the config as `section.key`, and of a row as `vat[].key`."""
    for name, field in model.model_fields.items():
        kind = VatSettings if name == "vat" else field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from keys(kind, f"{prefix}{name}{'[]' if name == 'vat' else ''}.")
        else:
            yield f"{prefix}{field.alias or name}"


def shape(value: Any) -> Any:
    """Return the keys of JSON, those of the first item where there is a list of objects."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list) and value:
        return [shape(value[0])]
    return None


COMMANDS = sorted(group.commands)
KEYS = [*keys(Config), *(f"{part}.{key}_file" for part, key in sorted(SECRET_FILES))]


LINES = list(every_line())


def test_command_lines_are_found() -> None:
    assert len(run_lines(TEXTS["README.md"])) > 15
    assert len(run_lines(page("commands"))) > 15
    assert len(LINES) > 60


@pytest.mark.parametrize(("name", "line"), LINES)
def test_a_command_line_has_the_right_options(name: str, line: str) -> None:
    assert name
    assert parsed(shlex.split(line)).command.name in COMMANDS


def test_a_wrong_option_is_noticed() -> None:
    with pytest.raises(click.UsageError):
        parsed(["-q", "push", "--all"])


@pytest.mark.thorough
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if run_lines(text)])
def test_the_command_lines_of_a_page_run_in_order(cli: Cli, name: str) -> None:
    """0, or 3 because of the sample orders that need attention; a name that does not exist would be
    2.
    """
    for arguments in run_lines(TEXTS[name]):
        if parsed(arguments).command.name in PARSED_ONLY:
            continue
        assert "--install" not in arguments, "that would change this machine"
        ended = cli(*arguments)
        assert ended.status in (ExitStatus.OK, ExitStatus.ATTENTION), (
            f"{shlex.join(arguments)}: {ended.err}"
        )


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    for name, text in TEXTS.items():
        for path, anchor in LINK.findall(BLOCK.sub("", text)):
            target = (ROOT / name).parent / path if path else ROOT / name
            assert target.exists(), f"{name}: {path}"
            if anchor:
                assert anchor in anchors(target.read_text(encoding="utf-8")), f"{name}: #{anchor}"


@pytest.mark.parametrize(
    "arguments", [("report", "--format", "json"), ("check", "--format", "json")], ids=" ".join
)
def test_the_json_has_the_fields_that_its_page_shows(cli: Cli, arguments: tuple[str, ...]) -> None:
    text = page("json").partition(f"## `{shlex.join(arguments)}`")[2].partition("\n## ")[0]
    shown = shape(json.loads(blocks(text, "json")))
    cli("fetch")
    cli("push", "--order", "1003")
    answer = json.loads(cli(*arguments).out)
    # A list that is empty tells no fields: the order that is booked has lines.
    answer.get("orders", []).sort(key=lambda order: not order["lines"])
    assert shape(answer) == shown
    fields = [*shown, *(shown.get("orders") or shown.get("checks"))[0]]
    assert [field for field in fields if f"`{field}`" not in text] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_described_with_its_options(command: str) -> None:
    text = section(command)
    assert text
    options = [
        name
        for param in group.commands[command].params
        if not getattr(param, "hidden", False)
        for name in param.opts
        if name.startswith("-")
    ]
    assert [name for name in options if f"`{name}" not in text] == []


def test_the_options_of_all_commands_are_described() -> None:
    text = page("commands").partition("## Options before the command\n")[2].partition("\n##")[0]
    assert [name for param in group.params for name in param.opts if f"`{name}" not in text] == []


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_a_row(reason: Reason) -> None:
    assert re.search(rf"^\| `{reason.value}` \|", page("reasons"), re.MULTILINE)


@pytest.mark.parametrize("code", [*Reason, *COMMANDS])
def test_the_dutch_guide_has_a_row_for_each_reason_and_command(code: str) -> None:
    assert re.search(rf"^\| `{code}` \|", page("nl/handleiding"), re.MULTILINE)


@pytest.mark.parametrize(("name", "language"), WITH_DEMO)
def test_the_demo_has_the_numbers_of_the_sample_orders(name: str, language: Language) -> None:
    use(language)
    results = sample_results(ANY_DAY)
    fetched, pushed, verified = (
        NUMBER.findall(demo(TEXTS[name], command)[0]) for command in ("fetch", "push", "verify")
    )

    counts = (results.fetched, 0, results.ready, results.waiting, results.unreadable)
    assert fetched == [str(count) for count in counts]
    assert pushed == [
        str(results.booked),
        number(results.euros),
        str(results.skipped),
        str(results.failed),
    ]
    assert verified == [str(results.booked), "0"]


@pytest.mark.parametrize(("name", "language"), WITH_DEMO)
def test_the_report_of_the_demo_has_the_verdict_on_the_sample_orders(
    name: str, language: Language
) -> None:
    use(language)
    results = sample_results(ANY_DAY)
    _names, verdict, *_rest = demo(TEXTS[name], "report")
    attention, failed, _euros, to_look_at, *_more = NUMBER.findall(verdict)
    assert failed == str(results.failed)
    assert int(attention) == int(failed) + int(to_look_at)


@pytest.mark.parametrize(("name", "language"), WITH_DEMO)
def test_the_booking_that_is_shown_is_that_of_the_sample_order(
    name: str, language: Language
) -> None:
    use(language)
    (sample,) = [sample for sample in samples(ANY_DAY) if sample.number == "1003"]
    shown = squeezed(blocks(TEXTS[name], "text"))

    assert f"{number(Decimal(sample.expected.debtor_amount or 0))} 8000" in shown
    for line in sample.expected.lines:
        net, vat = number(Decimal(line.net)), number(Decimal(line.vat or 0))
        assert re.search(rf" {line.ledger} Omzet \S+ {net} {vat} {line.vat_code} ", shown)


@pytest.mark.parametrize("status", ExitStatus)
def test_an_exit_code_has_a_row(status: ExitStatus) -> None:
    assert re.search(rf"^\| {status.value} \|", page("exit-codes"), re.MULTILINE)


@pytest.mark.parametrize("key", KEYS)
def test_a_config_key_has_a_row(key: str) -> None:
    assert f"`{key}`" in page("config")
