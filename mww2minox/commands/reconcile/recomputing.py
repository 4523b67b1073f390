"""`reconcile --recompute`: the hash of a proof that was written to a file, without any network."""

import csv
from pathlib import Path

from mww2minox.commands.reconcile.proof_file import recomputed
from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.texts import _, system_problem
from mww2minox.output import Output


def recompute(output: Output, path: Path) -> ExitStatus:
    """Show the hash of a `proof.csv` by its rows; ATTENTION where a row was changed.

    Raises UsageError where the file is no proof.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            sha256, wrong = recomputed(file.read())
    except OSError as error:
        raise _no_proof(path, system_problem(error)) from None
    except (KeyError, UnicodeDecodeError, csv.Error, AttributeError):
        raise _no_proof(path, _("it has other columns")) from None

    output.line(_("Proof, sha256 {hash}").format(hash=sha256))
    for row in wrong:
        output.line(_("Changed: {row}").format(row=row))
    if wrong:
        return ExitStatus.ATTENTION
    output.say(_("Compare this with the hash in the document."))
    return ExitStatus.OK


def _no_proof(path: Path, problem: str) -> UsageError:
    message = _("{path} is no proof that can be read: {problem}.")
    return UsageError(
        message.format(path=path, problem=problem),
        _("Make one: mww2minox reconcile 2026-Q1 --output proof.html"),
    )
