"""Cleaning text of a vendor or a user, so that it is harmless wherever it is shown, logged or sent.

What cannot be printed goes: control characters and terminal escapes, direction and other format
marks, half characters, white space but for the plain space. How much may be read and kept is each
caller's own; a text is cut before it is cleaned, so that a very long one costs nothing.
"""

from html.parser import HTMLParser
from unicodedata import category

# no text: a category of Unicode
FORMAT = "Cf"
"""Unicode's category of marks without a width: directions, joiners, soft hyphens."""
UNSEEN = frozenset({"script", "style", "template"})
"""Elements of a page whose content nobody sees."""


def visible(text: str, *, instead: str = " ") -> str:
    """Return `text` with `instead` in the place of each character that cannot be printed."""
    return "".join(char if char.isprintable() else instead for char in text)


def visible_lines(text: str) -> str:
    """Return `text` as `visible` does, line by line: the line breaks stay."""
    return "\n".join(map(visible, text.splitlines()))


def one_line(text: str, *, read: int | None = None, longest: int | None = None) -> str:
    """Return `text` on one line, its white space folded, without what cannot be printed.

    At most `read` characters are looked at, and at most `longest` are returned.
    """
    words = visible(text[:read]).split()
    return " ".join(words)[:longest].rstrip()


def without_format_marks(text: str) -> str:
    """Return `text` without format marks: they part no words, so no space comes in their place."""
    return "".join(char for char in text if category(char) != FORMAT)


def page_text(page: str) -> str:
    """Return what a reader sees of an HTML page, or of a plain text; what is said twice is once."""
    reader = _PageReader()
    reader.feed(page)
    reader.close()
    return " ".join(dict.fromkeys(reader.texts))


class _PageReader(HTMLParser):
    """Gathers the texts of a page, each on one line."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag in UNSEEN:
            self._unseen = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""

    def handle_data(self, data: str) -> None:
        text = one_line(data)
        if text and not self._unseen:
            self.texts.append(text)
