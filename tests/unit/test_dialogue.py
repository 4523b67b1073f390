"""Questions in a terminal that is a text, and answers nobody is there to type."""

import io
from collections.abc import Callable

import click
import pytest

from mww2minox.commands.setup.dialogue import NONE, Dialogue
from mww2minox.errors import UsageError
from mww2minox.language.texts import Language, use
from mww2minox.output import Output

Typing = Callable[..., Dialogue]
OPTIONS = [("VERK", "Verkoopboek"), ("MEMO", "Memoriaal")]
NUMBERS = [("1", "new"), ("2", "paid"), ("3", "sent")]


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Typing:
    """Give a dialogue with somebody who types these lines, and then leaves."""

    def start(*lines: str) -> Dialogue:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return Dialogue(Output(), interactive=True)

    return start


@pytest.fixture
def nobody() -> Dialogue:
    """Give a dialogue without a terminal."""
    return Dialogue(Output(), interactive=False)


def test_what_is_typed_comes_back_without_spaces_around_it(typing: Typing) -> None:
    assert typing("  a b \t").text("key", "What") == "a b"


def test_enter_takes_the_default_that_is_shown(
    typing: Typing, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typing("").text("key", "What", default="this") == "this"
    assert "What [this]: " in capsys.readouterr().err


def test_without_a_default_something_has_to_be_typed(typing: Typing) -> None:
    dialogue = typing("", "", "x")
    assert dialogue.text("key", "What") == "x"


def test_it_is_asked_until_it_is_right_and_said_why(
    typing: Typing, capsys: pytest.CaptureFixture[str]
) -> None:
    def even(answer: str) -> str:
        if int(answer) % 2:
            message = f"{answer} is odd"
            raise ValueError(message)
        return answer

    dialogue = typing("1", "3", "4")
    assert dialogue.text("key", "What", check=even) == "4"
    assert dialogue.asked == 3
    assert capsys.readouterr().err.count("is odd") == 2


@pytest.mark.parametrize("odd", ["a\x1b[31mb", "a\0b", "a\u202eb", "\udcff"])
def test_what_cannot_be_printed_is_refused(
    typing: Typing, capsys: pytest.CaptureFixture[str], odd: str
) -> None:
    assert typing(odd, "plain").text("key", "What") == "plain"
    shown = capsys.readouterr().err
    assert "cannot be printed" in shown
    assert odd not in shown


def test_what_is_no_text_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\nplain\n"), encoding="utf-8")
    )
    with pytest.raises(click.Abort):  # the end of what is typed
        Dialogue(Output(), interactive=True).text("key", "What")
    assert "cannot be printed" in capsys.readouterr().err


@pytest.mark.parametrize("answer", ["x" * 100_000, "ü" * 5_000, "日本"])
def test_long_and_foreign_answers_come_back_whole(typing: Typing, answer: str) -> None:
    assert typing(answer).text("key", "What") == answer


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [
        ("en", "y", True),
        ("en", "YES", True),
        ("en", "n", False),
        ("en", "", False),
        ("nl", "j", True),
        ("nl", "Ja", True),
        ("nl", "nee", False),
    ],
)
def test_yes_and_no_in_the_readers_language(
    typing: Typing, language: Language, typed: str, expected: bool
) -> None:
    use(language)
    assert typing(typed).yes("key", "Sure?", default=False) is expected


def test_only_a_plain_yes_is_one(typing: Typing) -> None:
    dialogue = typing("perhaps", "1", "ok", "n")
    assert not dialogue.yes("key", "Sure?", default=True)
    assert dialogue.asked == 4


def test_one_of_a_list_is_chosen_whatever_its_capitals(
    typing: Typing, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typing("KAS", NONE, "memo").choose("key", "Which", OPTIONS) == "MEMO"
    told = capsys.readouterr()
    assert "    VERK Verkoopboek" in told.out
    assert told.err.count("There is no") == 2, "none is no answer where it is not offered"


def test_none_is_an_answer_where_it_is_offered(typing: Typing) -> None:
    assert typing(NONE).choose("key", "Which", OPTIONS, none="leave it out") == NONE


def test_several_are_typed_with_commas(typing: Typing) -> None:
    dialogue = typing("2 , 3,,2,")
    assert dialogue.several("key", "Which", NUMBERS, default=None, any_number=False) == ["2", "3"]


def test_one_at_least_is_chosen(typing: Typing, capsys: pytest.CaptureFixture[str]) -> None:
    dialogue = typing(",", " , ", "1")
    assert dialogue.several("key", "Which", NUMBERS, default=None, any_number=False) == ["1"]
    assert "one at least" in capsys.readouterr().err


def test_numbers_that_are_not_listed_are_right_only_where_the_list_is_not_whole(
    typing: Typing,
) -> None:
    assert typing("2,17").several("key", "Which", NUMBERS, default=None, any_number=True) == [
        "2",
        "17",
    ]
    assert typing("17", "2").several("key", "Which", NUMBERS, default=None, any_number=False) == [
        "2"
    ]
    for odd in ("-1", "1.5", "x", "\u00b2", "1" * 10):
        assert typing(odd, "5").several("key", "Which", [], default=None, any_number=True) == ["5"]


# Nobody there


def test_nobody_is_asked_and_defaults_are_taken(nobody: Dialogue) -> None:
    assert nobody.text("key", "What", default="this") == "this"
    assert nobody.yes("key", "Sure?", default=True)
    assert nobody.several("key", "Which", NUMBERS, default="2,3", any_number=False) == ["2", "3"]
    assert nobody.asked == 0


def test_what_nobody_answers_is_named_with_what_to_do(nobody: Dialogue) -> None:
    with pytest.raises(
        UsageError, match=r"minox\.journal is not answered: Which.*mww2minox setup --answers FILE"
    ):
        nobody.choose("minox.journal", "Which", OPTIONS)


def test_a_default_that_is_wrong_ends_it(nobody: Dialogue) -> None:
    with pytest.raises(UsageError, match="key is not answered"):
        nobody.several("key", "Which", NUMBERS, default="9", any_number=False)
