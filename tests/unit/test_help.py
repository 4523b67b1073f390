"""`help` shows the pages of the reference, in a terminal and through a pipe."""

import io
import re

import pytest

from mww2minox.commands import help as command
from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.texts import use
from mww2minox.output import Output

TOPICS = {"commands", "config", "exit-codes", "json", "reasons", "state"}


def shown(topic: str) -> str:
    """Return what `help TOPIC` writes to stdout."""
    data = io.StringIO()
    assert command.show_page(Output(data=data), topic) is ExitStatus.OK
    return data.getvalue()


def test_the_topics_have_a_line_each() -> None:
    data = io.StringIO()
    assert command.show_topics(Output(data=data)) is ExitStatus.OK
    lines = data.getvalue().splitlines()
    assert {line.split()[0] for line in lines} >= TOPICS
    assert all(re.fullmatch(r"[a-z-]+ +\S.+", line) for line in lines)


def test_the_titles_are_in_the_readers_language() -> None:
    headings = {shown(topic).partition("\n")[0].removeprefix("# ") for topic in TOPICS}
    assert headings == set(command.TITLES)
    use("nl")
    data = io.StringIO()
    command.show_topics(Output(data=data))
    assert "exit-codes   Exitcodes (Engels)\n" in data.getvalue()
    assert "handleiding  Handleiding\n" in data.getvalue()
    assert not any(title in data.getvalue() for title in command.TITLES)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_page_is_markdown_without_marks_and_links_through_a_pipe(topic: str) -> None:
    text = shown(topic)
    assert text.startswith("# ")
    assert "<!--" not in text
    assert ".md" not in text


def test_a_page_is_laid_out_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    text = shown("exit-codes")
    assert "| --- |" not in text
    assert "\x1b[" in text
    assert "another run is busy with the same state file" in text


def test_a_page_in_the_readers_language_comes_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("docs")
    (folder / "nl").mkdir()
    (folder / "state.md").write_text("# The state file\n")
    (folder / "nl" / "state.md").write_text("# Het gegevensbestand\n")
    (folder / "nl" / "gids.md").write_text("# De gids\n")
    monkeypatch.setattr(command, "DOCS", folder)
    assert shown("state") == "# The state file\n"
    assert shown("gids") == "# De gids\n"
    use("nl")
    assert shown("state") == "# Het gegevensbestand\n"


def test_an_unknown_topic_is_told_with_the_list() -> None:
    with pytest.raises(UsageError, match="There is no topic 'btw'.*commands, config") as caught:
        shown("btw")
    assert caught.value.exit_status == ExitStatus.USAGE
    assert "mww2minox help" in caught.value.suggestion
