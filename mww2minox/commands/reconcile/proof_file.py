"""The file beside the document: a row for each line that the hash of a proof covers, and that hash
computed from the rows alone.
"""

import csv
import io
from pathlib import Path

from mww2minox.books.reconciliation import (
    MAPPING,
    Reconciliation,
    canonical_lines,
    hash_of,
    root_hash,
)
from mww2minox.books.return_period import ReturnPeriod
from mww2minox.steps.spreadsheet import FORMULA_STARTS

PROOF_NAME = "proof.csv"
COLUMNS = ("kind", "key", "text", "sha256")


def proof_as_csv(reconciliation: Reconciliation) -> str:
    """Return a row for each line that the hash of the proof covers, with the line's own hash."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")

    writer.writerow(COLUMNS)
    for kind, key, text in canonical_lines(reconciliation):
        writer.writerow((kind, _kept(key), _kept(text), hash_of(text)))
    return out.getvalue()


def _kept(text: str) -> str:
    """Return a text as no formula, so that the `'` before it can be taken off again."""
    return f"'{text}" if text.startswith((*FORMULA_STARTS, "'")) else text


def recomputed(text: str) -> tuple[str, list[str]]:
    """Return the hash of a proof by its rows alone, and the keys of rows whose own hash is wrong.

    Raises KeyError where it has other columns, and csv.Error where it is no CSV.
    """
    hashes: list[str] = []
    wrong: list[str] = []
    for row in csv.DictReader(io.StringIO(text, newline="")):
        hashes.append(hash_of(row["text"].removeprefix("'")))
        if row["sha256"] != hashes[-1]:
            wrong.append(f"{row['kind']} {row['key']}")

    return root_hash(hashes), wrong


def proof_beside(target: Path, period: ReturnPeriod) -> Path:
    """Return where the proof of a document goes: `proof.csv` beside it, or, where that is there and
    is of another period, one that has the period in its name.
    """
    usual = target.with_name(PROOF_NAME)
    if not usual.exists() or _period_of(usual) == period.name:
        return usual

    return target.with_name(f"proof-{period.name}.csv")


def _period_of(path: Path) -> str:
    """Return the period that a proof is of; empty where the file is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            keys = [row["key"] for row in csv.DictReader(file) if row["kind"] == MAPPING]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error):
        return ""
    return keys[0] if keys else ""
