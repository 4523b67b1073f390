"""Writes a file that a person asked for: whole or not at all, and for its owner only."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from mww2minox.errors import CannotWrite


def write_output(target: Path, parts: Iterable[str], suggestion: str) -> None:
    """Write the texts one after another; what was there stays until all of them are written.

    A new file has mode 0600, another keeps its own, and its group where that may be given. Where
    `target` is no file (`/dev/stdout`, a pipe), it is written to as it is. Raises CannotWrite, with
    the suggestion.
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
    rights = target.stat() if target.exists() else None

    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())

        if rights:
            # The group of a web server, say: only a member of it may give it.
            with contextlib.suppress(PermissionError):
                os.chown(name, -1, rights.st_gid)
            os.chmod(name, stat.S_IMODE(rights.st_mode))  # noqa: PTH101 - a name, as tempfile gives it
        os.replace(name, target)  # noqa: PTH105 - the same
    except BaseException:
        os.unlink(name)  # noqa: PTH108 - the same
        raise
