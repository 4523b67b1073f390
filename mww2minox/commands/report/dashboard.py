"""The dashboard: the report in HTML, written anew after each run where the config names a file.

It is for people to look at: that it cannot be written changes nothing of how the run ended, and is
told.
"""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mww2minox.errors import MwwError, RunInProgress, StateError
from mww2minox.language.texts import _
from mww2minox.register import Command
from mww2minox.steps.output_file import write_output
from mww2minox.wiring import Wiring

log = logging.getLogger(__name__)


@contextmanager
def drawn_after(wiring: Wiring, command: Command) -> Iterator[None]:
    """Write the dashboard when the run inside is over, whether it went well or not.

    One that is interrupted leaves it as it is.
    """
    path = wiring.config.dashboard if command.draws else None
    try:
        yield
    # One that did not get the lock did nothing; of a state file that cannot be used it is told.
    except (RunInProgress, StateError):
        raise
    except Exception:
        if path:
            _draw(wiring, path)
        raise

    if path:
        _draw(wiring, path)


def _draw(wiring: Wiring, path: Path) -> None:
    suggestion = _("Look at dashboard in the config. All of it is also shown by: mww2minox report")
    try:
        write_output(path, [_page(wiring)], suggestion)
    except MwwError as error:
        message = error.message
    # A bug in it is none of the run's; the log says where, without the data that it met.
    except Exception as error:  # noqa: BLE001
        frames = "".join(traceback.format_tb(error.__traceback__)).replace("\n", " | ")
        log.error("The dashboard: %s at %s", type(error).__name__, frames)  # noqa: TRY400
        bug = _("The dashboard {path} is not written: {problem}.")
        message = bug.format(path=path, problem=type(error).__name__)
    else:
        return

    log.warning("%s", message)
    wiring.output.warn(message, suggestion)


def _page(wiring: Wiring) -> str:
    from mww2minox.commands.report.as_html import as_html
    from mww2minox.commands.report.gathering import gather

    with wiring.store.snapshot():
        return as_html(gather(wiring))
