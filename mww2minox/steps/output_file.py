"""Writes a file that a person asked for: whole or not at all, and for its owner only."""

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mww2minox.errors import CannotWrite


def write_output(target: Path, parts: Iterable[str], suggestion: str) -> None:
    """Write the texts one after another; what was there stays until all of them are written.

    A new file has mode 0600, another keeps its own. Where `target` is no file (`/dev/stdout`, a
    pipe), it is written to as it is. Raises CannotWrite, with the suggestion.
    """
    try:
        if target.exists() and not target.is_file():
            with target.open("w", encoding="utf-8", newline="") as file:
                file.writelines(parts)
            return
        _replace(target.resolve(), parts)
    except OSError as error:
        raise CannotWrite(target, error, suggestion) from None


def _replace(target: Path, parts: Iterable[str]) -> None:
    """Write beside the file, in a temporary one of mode 0600, and put that in its place."""
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None

    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())

        if mode is not None:
            os.chmod(name, mode)  # noqa: PTH101 - a name, as tempfile gives it
        os.replace(name, target)  # noqa: PTH105 - the same
    except BaseException:
        os.unlink(name)  # noqa: PTH108 - the same
        raise
