"""click's commands and options, with their help in the reader's language.

Help is written in English where a command is made, at import, and marked with `N_`; it is
translated where it is shown.
"""

from __future__ import annotations

import math
import os
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from mww2minox.language.texts import N_, _

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def _shown(name: str) -> Any:  # noqa: ANN401 - it stands in the place of click's own attribute
    """Return an attribute that is kept in English, and reads in the reader's language."""

    def read(holder: object) -> str | None:
        text: str | None = vars(holder).get(name)
        return _(text) if text else text

    def keep(holder: object, text: str | None) -> None:
        vars(holder)[name] = text

    return property(read, keep)


class Option(click.Option):
    """An option."""

    help = _shown("help")
    metavar = _shown("metavar")


class Argument(click.Argument):
    """An argument."""

    metavar = _shown("metavar")


class Command(click.Command):
    """A command."""

    help = _shown("help")
    options_metavar = _shown("options_metavar")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse as click does; where two options stand for one choice it would take the last."""
        chosen: dict[str | None, str] = {}
        for option in self.params:
            given = [name for name in option.opts if name in args]
            if not given or not isinstance(option, Option) or option.is_bool_flag:
                continue
            if option.is_flag and option.name in chosen:
                message = _("Give either {first} or {second}.")
                raise click.UsageError(
                    message.format(first=chosen[option.name], second=given[0]), ctx
                )
            chosen[option.name] = given[0]

        typed = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            # What is wrong in another way is of a class of its own.
            if type(error) is not click.UsageError:
                raise
            message = f"{error.message}{self._about_orders(ctx, typed)}"
            raise click.UsageError(message, ctx) from None

    def _about_orders(self, ctx: click.Context, args: list[str]) -> str:
        """Return how orders are named, where their numbers are what is too much; else nothing."""
        _values, numbers, _order = self.make_parser(ctx).parse_args(args)
        takes_orders = any("--order" in option.opts for option in self.params)
        if not takes_orders or not all(number.isdecimal() for number in numbers):
            return ""

        options = " ".join(f"--order {number}" for number in numbers)
        return _("; orders are named by {options}").format(options=options)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return `--help`; click keeps its own in the language of the first reader."""
        option = super().get_help_option(ctx)
        if option:
            option.help = _(HELP)
        return option


class Group(Command, click.Group):
    """The commands."""

    command_class = Command
    subcommand_metavar = _shown("subcommand_metavar")


def _word(text: str) -> Any:  # noqa: ANN401 - as `_shown`
    """Return an attribute of a class that reads in the reader's language."""
    return property(lambda _holder: _(text))


def _in_words(low: float | None, high: float | None) -> str:
    if high is None:
        return _("{low} or more").format(low=low)
    return _("{low} to {high}").format(low=low, high=high)


class IntRange(click.IntRange):
    """A whole number."""

    name = _word(N_("integer range"))

    def _describe_range(self) -> str:
        return _in_words(self.min, self.max)


class FloatRange(click.FloatRange):
    """A number; `nan` and `inf` are none."""

    name = _word(N_("float range"))

    def _describe_range(self) -> str:
        return _in_words(self.min, self.max)

    def convert(
        self, value: float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number, or fail. No range holds or excludes `nan`."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            message = _("{value!r} is not a valid {number_type}.")
            self.fail(message.format(value=value, number_type=self.name), param, ctx)

        return number


class FilePath(click.Path):
    """A path, with a `~` at its start replaced where `expands_home`."""

    def __init__(self, *, expands_home: bool = False) -> None:
        super().__init__()
        self._expands_home = expands_home

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path:
        """Return the path, or fail."""
        from pathlib import Path

        path = str(super().convert(value, param, ctx))
        # Path's own raises for an unknown user.
        return Path(os.path.expanduser(path) if self._expands_home else path)  # noqa: PTH111


class Moment(click.DateTime):
    """A date or a time in a few forms; who writes it otherwise is told how, by an example."""

    def __init__(self, *forms: str, wrong: str) -> None:
        super().__init__(forms)
        self._wrong = wrong

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the moment, or fail."""
        try:
            moment: datetime = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(_(self._wrong).format(answer=repr(value)), param, ctx)
        return moment


Day = Moment("%Y-%m-%d", "%d-%m-%Y", wrong=N_("{answer} is not a date; type it like 2026-01-31."))
Time = Moment("%H:%M", wrong=N_("{answer} is not a time of day; type it like 06:15."))
HELP = N_("Show this message and exit.")
option = partial(click.option, cls=Option)
argument = partial(click.argument, cls=Argument)
