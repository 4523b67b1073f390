"""Text of a vendor or a user is harmless wherever it ends up, and no word of it is lost."""

import pytest
from hypothesis import given, strategies as st

from mww2minox.language.cleaning import (
    one_line,
    visible,
    visible_lines,
    without_format_marks,
)
from mww2minox.language.page import page_text

NASTY = st.text(st.sampled_from("ab é\n\t\r\x1b\x85\u200b\u202e\u00ad\u2028\u00a0\ud800"))
TEXTS = st.text(max_size=60) | NASTY


@given(text=TEXTS)
def test_what_is_shown_can_be_printed(text: str) -> None:
    assert visible(text).isprintable()
    assert one_line(text).isprintable()
    assert all(line.isprintable() for line in visible_lines(text).split("\n"))


@given(text=TEXTS)
def test_what_can_be_printed_stays(text: str) -> None:
    assert visible(text, instead="") == "".join(filter(str.isprintable, text))
    assert one_line(text).split() == visible(text).split()
    assert len(visible(text)) == len(text)


@given(text=TEXTS, read=st.integers(0, 30), longest=st.integers(0, 30))
def test_a_line_is_as_long_as_it_may_be_and_folded(text: str, read: int, longest: int) -> None:
    line = one_line(text, read=read, longest=longest)
    assert len(line) <= min(read, longest)
    assert line == " ".join(line.split())
    assert one_line(text[:read]).startswith(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Jan\t de\r\nVries ", "Jan de Vries"),
        ("\x1b[31mrood\x1b[0m", "[31mrood [0m"),
        ("a\u202eb", "a b"),
        ("half \ud800 character", "half character"),
    ],
)
def test_a_text_on_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_lines_stay_lines_with_their_indent() -> None:
    assert visible_lines("one\n  two\x1b three\n") == "one\n  two  three"


def test_a_mark_without_a_width_parts_no_word() -> None:
    assert without_format_marks("Gro\u00adnin\u200bgen \u202eNL") == "Groningen NL"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<title>Onderhoud</title><h1>Onderhoud</h1><p>Tot\n 03:00", "Onderhoud Tot 03:00"),
        ("<p>Even geduld&nbsp;a.u.b. &amp; tot zo", "Even geduld a.u.b. & tot zo"),
        ("<style>p {}</style><script>alert('x')</script>Terug om 3 uur", "Terug om 3 uur"),
        ("Onderhoud tot 03:00\n", "Onderhoud tot 03:00"),
        ("<html><body></body></html>", ""),
        ("", ""),
    ],
)
def test_a_page_is_read_as_its_reader_sees_it(page: str, text: str) -> None:
    assert page_text(page) == text


@given(text=TEXTS | st.text(st.sampled_from("<>/!-[]&;='\"ab ")))
def test_whatever_a_page_holds_its_text_can_be_printed(text: str) -> None:
    assert page_text(text).isprintable()
