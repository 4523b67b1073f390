"""How words are shown: broken between words in a terminal, whole elsewhere, and never within a
command.
"""

import io
import re

import pytest
from hypothesis import given, strategies as st
from rich.console import Console
from rich.progress import Task, TaskID

from mww2minox.output import (
    PAGE_TABLE,
    Output,
    _fitting,
    _folded,
    _progress_columns,
    _Stream,
)

SENTENCE = (
    "Ask the customer for it, and put it in the invoice address in the shop. Then run: mww2minox"
    " retry 1009 or, without its lines: mww2minox push --dry-run --order 1009 and look again."
)


@pytest.mark.parametrize("width", range(44, 100))
def test_a_line_is_broken_between_words_and_not_within_a_command(width: int) -> None:
    lines = _folded(SENTENCE, width).splitlines()
    assert all(len(line) < width for line in lines)
    assert " ".join(lines) == SENTENCE
    assert "mww2minox retry 1009" in "\n".join(lines)
    assert "mww2minox push --dry-run --order 1009" in "\n".join(lines)


@pytest.mark.parametrize(
    "command",
    [
        (
            "mww2minox --config trial/config.yaml setup --shop-url http://127.0.0.1:8001"
            " --minox-url http://127.0.0.1:8002"
        ),
        "mww2minox --config /etc/mww2minox/kaas.yaml retry 1009",
    ],
)
def test_a_command_with_a_path_or_an_address_stays_on_one_line(command: str) -> None:
    lines = _folded(
        f"To try what comes next, run this in another terminal: {command} and look at it.", 80
    ).splitlines()
    assert any(command in line for line in lines)


def test_what_goes_on_keeps_its_indent() -> None:
    lines = _folded(f"  {SENTENCE}", 50).splitlines()
    assert len(lines) > 3
    assert all(re.match("  [^ ]", line) for line in lines)


@given(
    text=st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=300),
    width=st.integers(20, 120),
)
def test_no_word_is_lost(text: str, width: int) -> None:
    assert "".join(_folded(text, width).split()) == "".join(text.split())


def test_outside_a_terminal_a_line_stays_whole() -> None:
    out = io.StringIO()
    Output(data=out).line(f"  {SENTENCE}")
    assert out.getvalue() == f"  {SENTENCE}\n"


def test_in_a_terminal_lines_are_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    _Stream(file=out).tell(SENTENCE)
    assert len(out.getvalue().splitlines()) > 2


@pytest.mark.parametrize("columns", ["40", "80"])
def test_an_item_goes_on_under_its_beginning_and_breaks_no_command(
    monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    Output(data=out).item("!", SENTENCE)
    first, *others = out.getvalue().splitlines()
    assert first.startswith("! Ask the customer")
    assert {line[:2] for line in others} == {"  "}
    assert "mww2minox push --dry-run --order 1009" in out.getvalue()


def test_a_row_goes_on_under_its_text_and_breaks_no_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "is_terminal", True)
    monkeypatch.setenv("COLUMNS", "31")
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    Output(data=out).row("btw", "tot nu toe in kwartaal € 251,19", width=6)
    assert out.getvalue() == "btw   tot nu toe in kwartaal\n      € 251,19\n"


COLUMNS = [("Account", "left"), ("Debit", "right"), ("Credit", "right")]
ROWS = [("customer by e-mail address", "71.40", "0.00"), ("8000", "0.00", "71.40")]


@pytest.mark.parametrize("columns", [20, 30, 40, 80])
def test_no_table_breaks_a_word_or_a_number(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = io.StringIO()
    Output(data=shown).table("Order 1003", COLUMNS, ROWS)
    words = set(shown.getvalue().replace(":", " ").split())
    assert words >= {
        word for row in [*ROWS, ["Debit", "Credit"]] for cell in row for word in cell.split()
    }


def test_a_table_without_room_shows_each_row_as_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "25")
    shown = io.StringIO()
    Output(data=shown).table("Order 1003", COLUMNS, ROWS[1:])
    assert shown.getvalue() == "Order 1003\n8000\n  Debit: 0.00\n  Credit: 71.40\n"


@pytest.mark.parametrize(
    ("environment", "encoding", "has_symbols"),
    [
        ({}, "utf-8", True),
        ({"LANG": "nl_NL.UTF-8"}, "utf-8", True),
        ({"LANG": "nl_NL"}, "iso-8859-1", False),
        ({"LC_ALL": "C", "LANG": "nl_NL.UTF-8"}, "utf-8", False),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C"}, "utf-8", False),
        ({"LC_CTYPE": "C.UTF-8"}, "utf-8", True),
    ],
)
def test_symbols_are_for_where_they_can_be_seen(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], encoding: str, has_symbols: bool
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert Output(data=stream).has_symbols is has_symbols


@pytest.mark.parametrize(
    ("width", "starts"), [(30, "- `a_long_code`\n  - do: wait \\| see"), (80, "| code")]
)
def test_a_table_of_a_page_is_a_list_where_it_would_cut_words(width: int, starts: str) -> None:
    page = "| code | do |\n| --- | --- |\n| `a_long_code` | wait \\| see whathappenstoit |\n"
    (table,) = PAGE_TABLE.finditer(page)
    assert _fitting(table, width).startswith(starts)


def test_a_long_run_shows_its_pace_once_there_is_one() -> None:
    *_others, rate, remaining = _progress_columns()
    task = Task(TaskID(0), "push", total=100, completed=0, _get_time=float)
    assert str(rate.render(task)) == ""
    task.finished_speed = 4.0
    assert str(rate.render(task)) == "4 a second"
    task.finished_speed = 0.5
    assert str(rate.render(task)) == "30 a minute"
    assert str(remaining.render(task)) == "-:--:--"
