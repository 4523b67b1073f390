"""Places whose files are gone some day."""

from pathlib import Path

from mww2minox.config.settings import Config
from mww2minox.config.values import is_on_loopback

PASSING = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108 - nothing is written there
"""What a restart, or a cleaner of temporary files, empties."""


def passing(config: Config, *paths: Path) -> list[Path]:
    """Return those of the paths that stand among temporary files.

    None for a config of a sandbox: there is nothing to lose.
    """
    if is_on_loopback(config.shop.url):
        return []

    full = [path.absolute() for path in paths]
    return [path for path in full if any(path.is_relative_to(folder) for folder in PASSING)]
