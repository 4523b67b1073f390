"""What the user sees: tables, sentences, progress; and the log.

Data goes to stdout, sentences to stderr. Text of a vendor is shown as plain text: no terminal
escapes, no markup, no direction characters.
"""

import logging
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager, suppress
from functools import cached_property
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from mww2minox.errors import LogUnwritable
from mww2minox.language.cleaning import one_line, visible, visible_lines
from mww2minox.language.commands import carried
from mww2minox.language.texts import _

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import ProgressColumn, Task

WIDTH = 80
USUAL_STATE = "state.db"
"""The name that the state file has where nobody gave another."""
LOG_BYTES = 1_000_000
LOGS_KEPT = 5
CELL_LENGTH = 400
PARAGRAPH_LENGTH = 2_000
LOG_LINE_LENGTH = 20_000
"""Room for where a bug is: a line for each call."""

COMMAND = re.compile(
    r"mww2minox(?: --(?:config|state) (?:'[^']*'|[^ ])+| --?[a-z-]+)* [a-z]+"
    r"(?: (?:--?[a-z-]+|[0-9]+|[A-Z]{4,}\b|http[^ ]+))*"
)
"""A command line within a sentence: its options, its name, and what it is given."""
UNBROKEN = "\N{NO-BREAK SPACE}"
ASCII_ONLY = ("C", "POSIX")
"""The locales of a terminal that promises no more than letters."""
PAGE_TABLE = re.compile(
    r"^(?P<headings>\|.*\|)\n\|[-: |]+\|\n(?P<rows>(?:\|.*\|(?:\n|\Z))+)", re.MULTILINE
)
"""A table of Markdown."""
CELL_BORDER = re.compile(r"(?<!\\)\|")
SYMBOLS = "✓✗·"
"""What marks a line as right, wrong, or worth a look."""

FORCED = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""The variables by which rich takes what is none for a terminal."""

Item = TypeVar("Item")


def printable(text: str, length: int = CELL_LENGTH) -> str:
    """Return `text`, cut to `length` characters, as it may be shown in a line or a cell."""
    return one_line(text, read=length)


class _Stream:
    """Stdout, stderr or a file, which shows text as it is; a terminal where it is one.

    Elsewhere than in a terminal a line is written without rich, which is imported for tables alone.
    """

    def __init__(self, *, stderr: bool = False, file: TextIO | None = None) -> None:
        self._stderr = stderr
        self._file = file

    @property
    def file(self) -> TextIO:
        """What is written to: what stdout or stderr is by now."""
        return self._file or (sys.stderr if self._stderr else sys.stdout)

    @cached_property
    def console(self) -> "Console":
        """The same in rich."""
        from rich.console import Console

        class Terminal(Console):
            def on_broken_pipe(self) -> None:
                """Leave a reader who has gone (`report | head`) to the caller; rich would exit."""
                raise BrokenPipeError

        return Terminal(
            stderr=self._stderr, file=self._file, markup=False, highlight=False, emoji=False
        )

    @property
    def is_terminal(self) -> bool:
        """Whether somebody sits before it."""
        may_be = self.file.isatty() or any(name in os.environ for name in FORCED)
        return may_be and self.console.is_terminal

    @property
    def width(self) -> int:
        """How many characters a line has room for; where it is no terminal, `COLUMNS` or 80."""
        if self.is_terminal:
            return self.console.width

        columns = os.environ.get("COLUMNS", "")
        return int(columns) if columns.isdecimal() else WIDTH

    @property
    def has_symbols(self) -> bool:
        """Whether it shows more than letters: not in the locale C, or in a narrower encoding."""
        # Python itself puts C.UTF-8 into LC_CTYPE where the locale is C.
        named = [os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG")]
        if next((name for name in named if name not in (None, "", "C.UTF-8")), "") in ASCII_ONLY:
            return False

        try:
            SYMBOLS.encode(self.file.encoding or "utf-8")
        except UnicodeEncodeError:
            return False
        return True

    def tell(self, text: str, style: str = "") -> None:
        """Print lines of words; a terminal breaks each between words, elsewhere it stays whole."""
        if not self.is_terminal:
            self.write(text, "\n")
            return

        from rich.text import Text

        text = "\n".join(_folded(line, self.console.width) for line in text.splitlines())
        self.console.print(Text(text, style=style), soft_wrap=True)

    def write(self, *texts: str) -> None:
        """Write texts as they are, one after the other."""
        # One with a number of the system would be taken by click, which exits with 1.
        try:
            self.file.writelines(texts)
            self.file.flush()
        except BrokenPipeError:
            raise BrokenPipeError from None


def _folded(line: str, width: int) -> str:
    """Break a line between words, but not within a command or an amount, and keep its indent."""
    indent = line[: len(line) - len(line.lstrip(" "))]

    kept = COMMAND.sub(lambda command: command[0].replace(" ", UNBROKEN), line.strip())
    kept = kept.replace("€ ", f"€{UNBROKEN}")

    lines = textwrap.wrap(
        kept,
        width - 1,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(UNBROKEN, " ")


def _width_of(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]]) -> int:
    """Return how wide a table is at least, without breaking a word or a number."""
    widths = []
    for place, (heading, justify) in enumerate(columns):
        texts = [heading, *(row[place] for row in rows)]
        parts = texts if justify == "right" else [word for text in texts for word in text.split()]
        widths.append(max(map(len, parts), default=0))

    # Between two columns there are three spaces, and one on either side.
    return sum(widths) + 3 * len(widths) - 1


def _fitting(table: re.Match[str], width: int) -> str:
    """Return a table of Markdown, or the same as a list where it would cut words off."""
    headings, *rows = [
        [cell.strip() for cell in CELL_BORDER.split(line.strip("|"))]
        for line in (table["headings"], *table["rows"].splitlines())
    ]
    if _width_of([(heading, "left") for heading in headings], rows) <= width:
        return table[0]

    items = []
    for first, *others in rows:
        items.append(f"- {first}")
        cells = zip(headings[1:], others, strict=True)
        items += [f"  - {heading}: {cell}" for heading, cell in cells if cell]
    return "\n".join(items) + "\n"


def _words_of(sentence: str) -> str:
    """Return a sentence as it may be shown, its commands as they are to be typed."""
    return carried(visible_lines(sentence))


class Output:
    """The terminal, or what stands in for it under cron."""

    def __init__(self, *, quiet: bool = False, data: TextIO | None = None) -> None:
        """With `quiet` only problems are told; `data` takes the place of stdout."""
        self.quiet = quiet
        self._data = _Stream(file=data)
        self._words = _Stream(stderr=True)

    def say(self, sentence: str) -> None:
        """Tell how it goes; not when quiet."""
        if not self.quiet:
            self._words.tell(_words_of(sentence))

    def warn(self, sentence: str, suggestion: str = "") -> None:
        """Tell what needs attention, and what to do."""
        self._words.tell(_words_of(sentence), style="yellow")
        if suggestion:
            self._words.tell(_words_of(suggestion))

    def data(self, text: str) -> None:
        """Write data as it is."""
        self._data.write(text.removesuffix("\n"), "\n")

    @property
    def has_symbols(self) -> bool:
        """Whether lines of data can be marked by symbols; elsewhere it takes words."""
        return self._data.has_symbols

    @property
    def width(self) -> int:
        """How many characters a line of data has room for; elsewhere than in a terminal, 80 or
        what `COLUMNS` says.
        """
        return self._data.width

    def laid_out(self, text: str, style: str = "") -> None:
        """Show a line of data with its spaces as they are: it was made for this width."""
        self._data.tell(visible(text), style=style)

    def stream(self, texts: Iterable[str]) -> None:
        """Write data as it is, piece by piece."""
        for text in texts:
            self._data.write(text)

    def table(
        self,
        title: str,
        columns: Sequence[tuple[str, str]],
        rows: Iterable[Sequence[str]],
    ) -> None:
        """Show a table; a column is its heading and `left` or `right`.

        Where there is no room for it, each row is some lines.
        """
        from rich.box import SIMPLE_HEAD
        from rich.table import Table
        from rich.text import Text

        self.line(title, style="bold")
        shown = [[printable(cell) for cell in row] for row in rows]
        if _width_of(columns, shown) > self.width:
            self._stacked([heading for heading, _justify in columns], shown)
            return

        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading, justify in columns:
            if justify == "right":  # a number that is broken over two lines reads as another one
                table.add_column(heading, justify="right", no_wrap=True, overflow="fold")
            else:
                table.add_column(heading, overflow="fold")
        for row in shown:
            table.add_row(*(Text(carried(cell)) for cell in row))

        self._data.console.print(table)

    def _stacked(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show each row as some lines: in a narrow terminal columns would break up words."""
        for first, *others in rows:
            self.line(first)
            for heading, cell in zip(headings[1:], others, strict=True):
                if cell:
                    self.line(f"  {heading}: {cell}")

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show what is known, each behind its name; in a terminal it goes on under its own
        beginning.
        """
        width = max((len(name) for name, _text in rows), default=0) + 2
        if not self._data.is_terminal:
            for name, text in rows:
                self._data.tell(f"{name:<{width}}{printable(text)}")
            return

        from rich.table import Table
        from rich.text import Text

        grid = Table.grid(padding=(0, 0))
        grid.add_column(width=width)
        grid.add_column(overflow="fold")
        for name, text in rows:
            grid.add_row(name, Text(printable(text)))
        self._data.console.print(grid)

    def line(self, text: str, style: str = "") -> None:
        """Show a line of data, in a colour where there is a terminal."""
        indent = text[: len(text) - len(text.lstrip(" "))]
        self._data.tell(indent + carried(printable(text)), style=style)

    def row(self, label: str, text: str, *, width: int) -> None:
        """Show a line of data behind a label that takes `width` characters; in a terminal it goes
        on under its own beginning.
        """
        self._behind(f"{printable(label):<{width}}", text)

    def item(self, mark: str, text: str, style: str = "") -> None:
        """Show a line of data behind a mark; in a terminal it goes on under its own beginning."""
        self._behind(f"{mark} ", text, style)

    def _behind(self, label: str, text: str, style: str = "") -> None:
        """Show a text behind a label, and what has no room on its line under it."""
        shown = carried(printable(text))
        if not self._data.is_terminal:
            self._data.tell(f"{label}{shown}")
            return

        from rich.text import Text

        # Never within a command: who copies it gets all of it.
        console = self._data.console
        body = _folded(" " * len(label) + shown, console.width)
        console.print(Text(label + body[len(label) :], style=style), soft_wrap=True)

    def paragraph(self, text: str) -> None:
        """Show a longer text."""
        self._data.tell(carried(printable(text, PARAGRAPH_LENGTH)))

    def page(self, markdown: str) -> None:
        """Show a page of Markdown: laid out in a terminal, elsewhere as it is written.

        A table that has no room becomes a list.
        """
        if not self._data.is_terminal:
            self.data(markdown)
            return

        from rich.markdown import Markdown

        fitting = PAGE_TABLE.sub(lambda table: _fitting(table, self.width), markdown)
        self._data.console.print(Markdown(fitting, hyperlinks=False))

    @contextmanager
    def telling_so_far(self, sentence: Callable[[], str]) -> Iterator[None]:
        """Say what was done so far, where the work inside is interrupted."""
        try:
            yield
        except KeyboardInterrupt:
            self.say(sentence())
            raise

    def each(
        self, label: str, items: Iterable[Item], *, total: int | None = None
    ) -> Iterator[Item]:
        """Yield the items behind a progress bar, where there is a terminal and not quiet.

        `total` tells how many there are, where they do not tell it themselves.
        """
        if self.quiet or not self._words.is_terminal:
            yield from items
            return

        from rich.progress import Progress

        columns = _progress_columns()
        total = len(items) if isinstance(items, Sized) else total
        with Progress(*columns, console=self._words.console, transient=True) as bar:
            yield from bar.track(items, description=label, total=total)


def _progress_columns() -> tuple["ProgressColumn", ...]:
    """Return what is shown of a long run: how far it is, how fast it goes, how long it takes."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: "Task") -> Text:
            speed = task.finished_speed or task.speed
            # Before the second there is none.
            if not speed:
                return Text("")
            if speed < 1:
                return Text(_("{count:.0f} a minute").format(count=speed * 60))
            return Text(_("{count:.0f} a second").format(count=speed))

    named = TextColumn("{task.description}")
    return named, BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn()


class _PrivateHandler(RotatingFileHandler):
    """A rotated log file that only its owner can read. That it cannot be written is told once."""

    _told = False

    def _open(self) -> Any:  # noqa: ANN401 - the type of the base class differs between versions
        path = Path(self.baseFilename)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))

        # One of an older version, or of another's umask; a device such as /dev/null stays as it is.
        if path.is_file() and path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the base class names them so
        if not self._told:
            unwritable = LogUnwritable(self.baseFilename, sys.exception())
            sys.stderr.write(f"{unwritable.message}\n{unwritable.suggestion}\n")
        self._told = True


class _OneLine(logging.Formatter):
    """A record is one line of plain text, which names the shop that it is about."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.exc_info else carried(printable(text, LOG_LINE_LENGTH))


def log_beside(state: Path) -> Path:
    """Return the log that goes with a state file: each shop has one of its own."""
    stem = "mww2minox" if state.name == USUAL_STATE else state.stem

    log = state.with_name(f"{stem}.log")
    return log if log != state else state.with_name(f"{state.name}.log")


def log_to(path: Path, *, verbose: bool, shop: str = "") -> None:
    """Write the log beside the state file, each line with the `shop` it is about; with `verbose`
    also to stderr.
    """
    logger = logging.getLogger("mww2minox")
    logger.setLevel(logging.INFO)
    logger.propagate = False

    try:
        file = _PrivateHandler(path, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8")
    except OSError as error:
        raise LogUnwritable(path, error) from None

    stop_logging()
    about = f"[{printable(shop)}] ".replace("%", "%%") if shop else ""
    handlers: list[logging.Handler] = [file]
    if verbose:
        handlers.append(logging.StreamHandler())
    for handler in handlers:
        # no text: what a line of the log begins with
        handler.setFormatter(_OneLine(f"%(asctime)s %(levelname)s {about}%(message)s"))
        logger.addHandler(handler)


def stop_logging() -> None:
    """Close the log."""
    logger = logging.getLogger("mww2minox")
    for handler in tuple(logger.handlers):
        if isinstance(handler, logging.NullHandler):  # the library's own: it stays
            continue
        logger.removeHandler(handler)
        with suppress(OSError):
            handler.close()
