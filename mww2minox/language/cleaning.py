"""Cleaning text of a vendor or a user, so that it is harmless wherever it is shown, logged or sent.

What cannot be printed goes: control characters and terminal escapes, direction and other format
marks, half characters, white space but for the plain space. How much may be read and kept is each
caller's own; a text is cut before it is cleaned, so that a very long one costs nothing.
"""

from unicodedata import category

# no text: a category of Unicode
FORMAT = "Cf"
"""Unicode's category of marks without a width: directions, joiners, soft hyphens."""


def visible(text: str, *, instead: str = " ") -> str:
    """Return `text` with `instead` in the place of each character that cannot be printed."""
    # Nearly every text is: it is looked at as a whole first, which is quick.
    if text.isprintable():
        return text
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
    if text.isascii():
        return text
    return "".join(char for char in text if category(char) != FORMAT)
