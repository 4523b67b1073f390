"""What a run finds: a config, a state file, the tokens of a login.

Tests begin with them thousands of times. That they are made right is for a few tests to ask, which
make them as a user does; the others copy.
"""

import datetime as dt
import functools
import tempfile
from pathlib import Path
from typing import Any

import yaml

from mww2minox.sandbox import Sandbox
from mww2minox.state import Store, Tokens

DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""Writes the same, five times as fast."""


def write_config(path: Path, config: dict[str, Any]) -> None:
    """Write a config file that its owner alone may read."""
    path.touch(mode=0o600)
    path.write_text(yaml.dump(config, Dumper=DUMPER))


def make_state(path: Path) -> None:
    """Put an empty state file there, unless there is one: to take all steps since the first version
    again would be a fifth of the time of most tests.
    """
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(_empty_state())


@functools.cache
def _empty_state() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state.db")
        with Store(path):
            pass
        return path.read_bytes()


def log_in(state: Path, sandbox: Sandbox) -> None:
    """Store new tokens in a state file, as a login does."""
    make_state(state)
    with Store(state) as store:
        give_tokens(store, sandbox)


def give_tokens(store: Store, sandbox: Sandbox) -> None:
    """Store new tokens, without a walk by way of a browser."""
    issued = sandbox.minox.tokens.issue()
    store.store_tokens(
        Tokens(
            access_token=issued["access_token"],
            refresh_token=issued["refresh_token"],
            previous_refresh_token=None,
            expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=issued["expires_in"]),
        )
    )
