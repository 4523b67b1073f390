"""`help`: the users' reference of docs/, a page on each topic.

A page is shown in the reader's language where there is one in it: the pages themselves are English,
docs/nl/ holds those in Dutch.
"""

import re
from pathlib import Path

import mww2minox
from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.texts import N_, _, language
from mww2minox.output import Output, printable

DOCS = Path(mww2minox.__file__).with_name("docs")
MARK = re.compile(r"^<!-- .* -->\n", re.MULTILINE)
"""Where a part begins or ends that is made from the code."""
LINK = re.compile(r"\[([^]]+)\]\((?!https?:)[^)]*\)")
"""A link to another page, which nobody can follow in a terminal."""
TITLE = re.compile(r"^# (.*)$", re.MULTILINE)


TITLES = (
    N_("Commands, and what their options do"),
    N_("The config, key by key"),
    N_("Exit codes"),
    N_("JSON and CSV of report, explain, push and check"),
    N_("Reasons why an order is not booked, warnings and differences"),
    N_("The state file, and what is stored where"),
)
"""The headings of the pages in English, for the catalogue."""


def show_topics(output: Output) -> ExitStatus:
    """List the topics, with the title of each page."""
    pages = _pages()
    width = max(map(len, pages))

    lines = []
    for topic, path in pages.items():
        heading = TITLE.search(_text(path))
        title = _(heading[1]) if heading else topic
        lines.append(f"{topic:<{width}}  {title}")
    output.data("\n".join(lines))

    output.say(
        _(
            "To read one: mww2minox help TOPIC. For the options of a command: mww2minox COMMAND"
            " --help"
        )
    )
    return ExitStatus.OK


def show_page(output: Output, topic: str) -> ExitStatus:
    """Show the page on a topic. Raises UsageError, with the list, where there is none."""
    pages = _pages()
    if topic not in pages:
        unknown = _("There is no topic '{topic}'. The topics are: {topics}.")
        raise UsageError(
            unknown.format(topic=printable(topic), topics=", ".join(pages)),
            _("To see what each is about, run: mww2minox help"),
        )

    output.page(_text(pages[topic]))
    return ExitStatus.OK


def _pages() -> dict[str, Path]:
    """Return the page on each topic: that in the reader's language comes before all others."""
    pages: dict[str, Path] = {}
    for folder in (DOCS / language(), DOCS, DOCS / "nl"):
        for path in sorted(folder.glob("*.md")):
            pages.setdefault(path.stem, path)
    return dict(sorted(pages.items()))


def _text(path: Path) -> str:
    """Return a page without what serves its source and its place in the repository alone."""
    return LINK.sub(r"\1", MARK.sub("", path.read_text(encoding="utf-8")))
