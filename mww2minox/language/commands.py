"""The commands that texts name, as this run's reader is to type them.

Texts name a command as it is for whoever has one shop: `mww2minox retry 1040`. Where a run has
another config or state file than a command finds by itself, each command that is shown carries
them: typed as it stands it would be about another shop. This happens where a sentence is rendered,
so that neither the texts nor the state know of paths.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

GLOBAL = r"(?:-[qv] |--(?:quiet|verbose) )*"
"""The options before a command that say nothing of files."""


class _Run:
    """What this run's commands carry: one for a process."""

    config = ""
    state = ""
    pattern: re.Pattern[str] | None = None


def carry(
    *, commands: Iterable[str], config: Path | None = None, state: Path | None = None
) -> None:
    """Let each of these commands be shown with these files from now on; None: the usual ones."""
    names = "|".join(map(re.escape, commands))

    _Run.config = _option("--config", config)
    _Run.state = _option("--state", state)
    # A text may name a file itself, as in `mww2minox --state PATH fetch`.
    _Run.pattern = re.compile(
        rf"\bmww2minox (?={GLOBAL}(?P<state>--state \S+ )?(?:{names})(?![\w-]))"
    )


def carry_nothing() -> None:
    """Show commands as texts have them: nobody knows yet, or any more, what is in use."""
    _Run.config = _Run.state = ""
    _Run.pattern = None


def carried(text: str) -> str:
    """Return a rendered text with each command that it names as it is to be typed.

    What carries its files already stays as it is.
    """
    if _Run.pattern is None or not (_Run.config or _Run.state):
        return text
    return _Run.pattern.sub(_with_files, text)


def _option(name: str, path: Path | None) -> str:
    if path is None:
        return ""

    # Most runs have the usual files.
    import shlex

    from mww2minox.language.cleaning import visible

    return f"{name} {visible(shlex.quote(str(path)))} "


def _with_files(command: re.Match[str]) -> str:
    state = "" if command["state"] else _Run.state
    return f"{command[0]}{_Run.config}{state}"
