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
MOST_NAMED = 8
"""So many of the right answers are named after a wrong one."""
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
        expected: str = "",
        check: Callable[[str], str] = str,
    ) -> str:
        """Return what the user types, as `check` makes it; asked again while that raises ValueError
        with a sentence.

        `key` names the answer for scripts; `plain`: the question itself shows the default;
        `expected` says what would have been right, before it is asked again. Raises UsageError
        where nobody can be asked and there is no default.
        """
        hint = _("Expected: {what}.").format(what=expected) if expected else ""
        while True:
            try:
                answer = self._answer(key, question, default, hidden=secret, plain=plain or secret)
                return check(_typed(answer))
            except ValueError as error:
                self.output.warn(str(error), hint)
                if not self.interactive:
                    raise self._unanswered(key, question) from None

    def _answer(
        self, key: str, question: str, default: str | None, *, hidden: bool, plain: bool
    ) -> str:
        """Return what the user types, or the default where nobody can be asked."""
        if not self.interactive:
            if default is None:
                raise self._unanswered(key, question)
            return default

        self.asked += 1
        shown = bool(default) and not plain
        asked = question
        if hidden:
            # Who sees nothing happen types it twice.
            asked = _("{question} (what you type stays invisible)").format(question=question)
        try:
            answer = click.prompt(
                asked, default=default, hide_input=hidden, show_default=shown, err=True
            )
        except UnicodeError:
            raise ValueError(_(UNSEEN)) from None
        return str(answer)

    def yes(self, key: str, question: str, *, default: bool) -> bool:
        """Return whether the user agrees."""
        yes, no = _("y/n").split("/")
        letters = f"{yes.upper()}/{no}" if default else f"{yes}/{no.upper()}"
        usual = yes if default else no

        def agreed(answer: str) -> str:
            first = answer.lower()[:1]
            if first not in (yes, no):
                raise ValueError(_("Type {yes} or {no}.").format(yes=yes, no=no))
            return first

        asked = f"{question} [{letters}]"
        return self.text(key, asked, default=usual, plain=True, check=agreed) == yes

    def choose(  # noqa: PLR0913 - a question, and what holds for its answer
        self,
        key: str,
        question: str,
        options: Sequence[tuple[str, str]],
        *,
        default: str | None = None,
        none: str = "",
        check: Callable[[str], str] = str,
    ) -> str:
        """Return the value of one of the options, each a value and its description; with `none`
        also NONE.

        `check` may know a better reason than that an answer is not in the list.
        """
        for value, description in options:
            self.output.line(f"  {value:>8}  {description}")
        values = [value for value, _description in options]
        if none:
            self.output.line(f"  {NONE:>8}  {none}")
            values.append(NONE)

        return self.text(
            key,
            question,
            default=default,
            expected=_one_of_these(values),
            check=lambda answer: _one_of(check(answer), values),
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

        def listed(answer: str) -> str:
            parts = [part.strip() for part in answer.split(",") if part.strip()]
            if not parts:
                raise ValueError(_("Type one at least."))

            chosen = []
            for part in parts:
                is_right = any_number and _is_number(part)
                chosen.append(part if is_right else _one_of(part, values))
            return ",".join(chosen)

        expected = _("numbers with commas between them, like 2,3")
        answer = self.text(key, question, default=default, expected=expected, check=listed)
        return list(dict.fromkeys(answer.split(",")))  # each once

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


def _one_of_these(values: Sequence[str]) -> str:
    """Name what may be typed, the first of a long list."""
    listed = ", ".join(values[:MOST_NAMED])
    if len(values) == 1:
        return listed
    return _("one of {values}").format(
        values=f"{listed}, ..." if len(values) > MOST_NAMED else listed
    )


def _one_of(answer: str, values: Iterable[str]) -> str:
    by_lower_case = {value.lower(): value for value in values}
    if answer.lower() not in by_lower_case:
        raise ValueError(_("There is no {answer} in the list.").format(answer=repr(answer)))
    return by_lower_case[answer.lower()]
