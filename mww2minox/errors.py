"""What can go wrong, as one exception tree, and the exit codes.

    MwwError
    ├── ConfigError          the config cannot be used                       exit 2
    ├── StateError           the state file is damaged or not ours           exit 2
    │   └── LogUnwritable    the log beside it cannot be written
    ├── OrderNotInShop       the user named an order the shop does not have  exit 2
    ├── UsageError           options that cannot go together, a missing extra  exit 2
    │   └── CannotWrite      a file that the user named
    ├── RunInProgress        another run holds the lock                      exit 75
    └── VendorError          a vendor cannot be used now                     exit 4
        ├── Unreachable      no answer
        │   └── ServerFails  only server errors (5xx)
        ├── UnusableAnswer   HTML, a message, half an answer, an unknown shape, a redirect
        ├── KeysRefused      401 or 403
        │   └── TokenRefused   by the shop
        ├── LoginNeeded      Minox wants a new consent
        ├── WaitTooLong      Retry-After is longer than a run may wait
        └── Stopped          the run ends, and a worker begins nothing more

Every message is a sentence for the user, followed by what to do; an error that is raised in several
places fills in its own. A text never holds a secret or an address. `Refused` is no `MwwError`: it
carries a vendor's "no" to one request up to the code that turns it into a value.
"""

import errno
from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from mww2minox.language.texts import _, ngettext, system_problem

if TYPE_CHECKING:
    from pathlib import Path


class ExitStatus(IntEnum):
    """The exit codes (docs/exit-codes.md)."""

    OK = 0
    BUG = 1
    USAGE = 2
    ATTENTION = 3
    VENDOR = 4
    LOCKED = 75
    INTERRUPTED = 130


NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def advice_on_full_disk(error: OSError) -> str:
    """Return what to do where a disk is full, and nothing where it is something else."""
    if error.errno not in NO_ROOM:
        return ""
    return _(
        "Nothing that was stored is lost. Make room on the disk (df), then run the same command"
        " again, or: mww2minox report"
    )


def with_words(sentence: str, words: str) -> str:
    """Return a sentence with what a vendor said behind it, or by itself where that is nothing."""
    return f"{sentence}: {words}" if words else f"{sentence}."


class MwwError(Exception):
    """A failure that the user is told in one sentence, with what to do."""

    exit_status = ExitStatus.BUG

    def __init__(self, message: str, suggestion: str = "") -> None:
        """Keep the sentence and the suggestion apart: each is shown on a line of its own."""
        super().__init__(f"{message} {suggestion}".strip())
        self.message = message
        self.suggestion = suggestion


class ConfigError(MwwError):
    """The config cannot be used; `problems` holds every reason at once, each with its place."""

    exit_status = ExitStatus.USAGE

    def __init__(
        self, problems: Sequence[str], path: "Path | None" = None, suggestion: str = ""
    ) -> None:
        """Put all problems, a line each, under the path of the file that has them."""
        self.problems = tuple(problems)
        self.path = path

        count = len(self.problems)
        if path:
            heading = ngettext("{count} problem in {path}:", "{count} problems in {path}:", count)
        else:
            heading = ngettext(
                "{count} problem with the config:", "{count} problems with the config:", count
            )

        listing = "".join(f"\n  {problem}" for problem in self.problems)
        suggestion = suggestion or _("Correct the config, then run: mww2minox check")
        super().__init__(f"{heading.format(count=count, path=path)}{listing}\n", suggestion)


class StateError(MwwError):
    """The state file cannot be used: damaged, of a newer version, or not ours."""

    exit_status = ExitStatus.USAGE


class LogUnwritable(StateError):
    """The log beside the state file cannot be written."""

    def __init__(self, path: "Path | str", error: BaseException | None) -> None:
        """`error` is what came of writing it."""
        problem = type(error).__name__
        suggestion = _("Look at the disk (df) and at the file's owner; then run: mww2minox report")
        if isinstance(error, OSError):
            problem = system_problem(error)
            suggestion = advice_on_full_disk(error) or suggestion

        message = _("The log {path} cannot be written: {problem}.")
        super().__init__(message.format(path=path, problem=problem), suggestion)


class OrderNotInShop(MwwError):
    """An order that the user named is not in the shop."""

    exit_status = ExitStatus.USAGE


class UsageError(MwwError):
    """The command was given something it cannot work with."""

    exit_status = ExitStatus.USAGE


class CannotWrite(UsageError):
    """A file that the user named cannot be written."""

    def __init__(self, path: "Path | str", error: OSError, suggestion: str) -> None:
        """`suggestion` names the option that takes another file."""
        message = _("Cannot write {path}: {problem}.").format(
            path=path, problem=system_problem(error)
        )
        super().__init__(message, advice_on_full_disk(error) or suggestion)


class RunInProgress(MwwError):
    """Another run holds the lock."""

    exit_status = ExitStatus.LOCKED


class VendorError(MwwError):
    """The shop or Minox cannot be used now.

    `in_doubt` says whether what was asked may have been carried out all the same.
    """

    exit_status = ExitStatus.VENDOR
    in_doubt = False


class Unreachable(VendorError):
    """No answer within the time limit, or only server errors."""


class ServerFails(Unreachable):
    """Only server errors, again and again: it may be this one request that the server chokes on."""


class UnusableAnswer(VendorError):
    """An answer that is not what the vendor's document promises, as during maintenance."""


OF_ONE_REQUEST = (ServerFails, UnusableAnswer)
"""What may be the fault of one request alone, or of the order that it is about."""


class KeysRefused(VendorError):
    """The vendor does not accept our keys (401) or our rights (403)."""


class TokenRefused(KeysRefused):
    """The shop does not accept its token."""


class LoginNeeded(VendorError):
    """Only a new consent helps: `mww2minox login`."""


class WaitTooLong(VendorError):
    """The vendor asks to wait longer than a run may."""


class Stopped(VendorError):
    """The run ends for another reason, and a worker of it begins nothing more: nobody is told."""


class Refused(Exception):
    """A 4xx answer, or a 2xx with an error message in it: understood, and not carried out.

    `in_doubt` says whether an earlier attempt of the same request may have been. `data` is the
    whole answer, for who knows its form: it may hold anything, and is never shown.
    """

    in_doubt = False
    data: object = None

    def __init__(self, status: int, messages: Sequence[str]) -> None:
        """Keep the HTTP status and the vendor's own messages."""
        super().__init__(f"HTTP {status}")
        self.status = status
        self.messages = tuple(messages)
