"""The text of an HTML page, such as a vendor shows while it is being maintained."""

from html.parser import HTMLParser

from mww2minox.language.cleaning import one_line

UNSEEN = frozenset({"script", "style", "template"})
"""Elements of a page whose content nobody sees."""


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
