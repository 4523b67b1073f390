"""Questions and answers in a plain terminal; a script that answers beforehand is asked nothing."""

import sys
from collections.abc import Callable, Iterable, Sequence

import click

from mww2minox.errors import UsageError
from mww2minox.language.texts import N_, _
from mww2minox.output import Output

NONE = "-"
"""What the user types for "none of these"."""
LONGEST_NUMBER = 9
UNSEEN = N_("This holds a character that cannot be printed; type it without.")


class Dialogue:
    """Asks the user. `asked` counts the questions."""

    def __init__(self, output: Output, *, interactive: bool | None = None) -> None:
        """Ask where there is a terminal; else take defaults, and fail where there is none."""
        self.output = output
        self.interactive = sys.stdin.isatty() if interactive is None else interactive
        self.asked = 0

    def text(  # noqa: PLR0913 - a question, and what holds for its answer
        self,
        key: str,
        question: str,
        *,
        default: str | None = None,
        secret: bool = False,
        plain: bool = False,
        check: Callable[[str], str] = str,
    ) -> str:
        """Return what the user types, as `check` makes it; asked again while that raises ValueError
        with a sentence.

        `key` names the answer for scripts; `plain`: the question itself shows the default. Raises
        UsageError where nobody can be asked and there is no default.
        """
        while True:
            try:
                return check(
                    _typed(
                        self._answer(key, question, default, hidden=secret, plain=plain or secret)
                    )
                )
            except ValueError as error:
                self.output.warn(str(error))
                if not self.interactive:
                    raise self._unanswered(key, question) from None

    def _answer(
        self, key: str, question: str, default: str | None, *, hidden: bool, plain: bool
    ) -> str:
        if self.interactive:
            self.asked += 1
            shown = bool(default) and not plain
            try:
                return str(
                    click.prompt(
                        question, default=default, hide_input=hidden, show_default=shown, err=True
                    )
                )
            except UnicodeError:
                raise ValueError(_(UNSEEN)) from None
        if default is None:
            raise self._unanswered(key, question)
        return default

    def yes(self, key: str, question: str, *, default: bool) -> bool:
        """Return whether the user agrees."""
        yes, no = _("y/n").split("/")
        letters = f"{yes.upper()}/{no}" if default else f"{yes}/{no.upper()}"

        def agreed(answer: str) -> str:
            first = answer.lower()[:1]
            if first not in (yes, no):
                raise ValueError(_("Type {yes} or {no}.").format(yes=yes, no=no))
            return first

        return (
            self.text(
                key,
                f"{question} [{letters}]",
                default=yes if default else no,
                plain=True,
                check=agreed,
            )
            == yes
        )

    def choose(
        self,
        key: str,
        question: str,
        options: Sequence[tuple[str, str]],
        *,
        default: str | None = None,
        none: str = "",
    ) -> str:
        """Return the value of one of the options, each a value and its description; with `none`
        also NONE.
        """
        for value, description in options:
            self.output.line(f"  {value:>8}  {description}")
        if none:
            self.output.line(f"  {NONE:>8}  {none}")
        values = [value for value, _description in options] + ([NONE] if none else [])
        return self.text(
            key, question, default=default, check=lambda answer: _one_of(answer, values)
        )

    def several(
        self,
        key: str,
        question: str,
        options: Sequence[tuple[str, str]],
        *,
        default: str | None,
        any_number: bool,
    ) -> list[str]:
        """Return the values of some of the options, one at least, typed with commas between them.

        `any_number`: other whole numbers are right too.
        """
        for value, description in options:
            self.output.line(f"  {value:>8}  {description}")
        values = [value for value, _description in options]

        def known(answer: str) -> str:
            parts = [part.strip() for part in answer.split(",") if part.strip()]
            if not parts:
                raise ValueError(_("Type one at least."))
            return ",".join(
                part if any_number and _is_number(part) else _one_of(part, values) for part in parts
            )

        return list(
            dict.fromkeys(self.text(key, question, default=default, check=known).split(","))
        )

    def _unanswered(self, key: str, question: str) -> UsageError:
        message = _("Nobody can be asked here, and {key} is not answered: {question}").format(
            key=key, question=question
        )
        return UsageError(
            message, _("Put it in a file of answers, then run: mww2minox setup --answers FILE")
        )


def _typed(answer: str) -> str:
    """Return what was typed, without what came along by accident.

    Raises ValueError for what nobody can see.
    """
    answer = answer.strip()
    if not answer.isprintable():
        raise ValueError(_(UNSEEN))
    return answer


def _is_number(answer: str) -> bool:
    return answer.isascii() and answer.isdecimal() and len(answer) <= LONGEST_NUMBER


def _one_of(answer: str, values: Iterable[str]) -> str:
    known = {value.lower(): value for value in values}
    if answer.lower() not in known:
        raise ValueError(_("There is no {answer} in the list.").format(answer=repr(answer)))
    return known[answer.lower()]
