"""Stores the proof of a period: under the run lock, which it waits for, and for nothing else."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from mww2minox.books.differences import VatAccounts
from mww2minox.books.money import cents
from mww2minox.books.reconciliation import (
    MAPPING,
    ORDER,
    Amounts,
    Reconciliation,
    boxes,
    canonical_lines,
    hash_of,
    proof_hash,
    root_hash,
    vat_lines,
)
from mww2minox.books.vat_return import box_of_code
from mww2minox.errors import RunInProgress
from mww2minox.language.texts import _
from mww2minox.state import ProvenOrder, StoredProof
from mww2minox.wiring import Wiring

# no text: a key in the state
BOXES = "boxes of VAT codes"
WAIT_SECONDS = 30
"""How long another run is waited for."""


def store_proof(wiring: Wiring, reconciliation: Reconciliation, vat: VatAccounts) -> StoredProof:
    """Store what was proven; the same books are the same proof, and keep its number.

    Where another run goes on for too long the proof is returned as it is, without a number: it is
    told, and not stored.
    """
    proof = _proof(wiring, reconciliation)
    if proof.number:
        return proof

    try:
        with wiring.store.run(wait=WAIT_SECONDS):
            # Another one may have stored it meanwhile.
            proof = _proof(wiring, reconciliation)
            if proof.number:
                return proof
            wiring.store.set_note(BOXES, json.dumps(_boxes_of_codes(vat)))
            return wiring.store.store_proof(proof, proven_orders(reconciliation, vat))
    except RunInProgress as busy:
        wiring.output.warn(
            busy.message,
            _("The proof is shown, and not stored. Store it: mww2minox reconcile {period}").format(
                period=proof.period
            ),
        )
        return proof


def _proof(wiring: Wiring, reconciliation: Reconciliation) -> StoredProof:
    """Return the period's last proof where it says the same, or a new one without a number."""
    former = wiring.store.proofs(reconciliation.period.name)
    sha256 = proof_hash(reconciliation)
    if former and former[0].sha256 == sha256 and former[0].closed == reconciliation.is_closed:
        return former[0]

    return StoredProof(
        number=0,
        period=reconciliation.period.name,
        proven_at=datetime.now(UTC),
        closed=reconciliation.is_closed,
        sha256=sha256,
        former_sha256=former[0].sha256 if former else None,
        config=config_hash(reconciliation),
        boxes=_in_cents(boxes(reconciliation.lines)),
    )


def _boxes_of_codes(vat: VatAccounts) -> dict[str, str]:
    """Return the box of each VAT code: `fetch` tells by it what has changed, and asks no Minox."""
    return {code: box_of_code(known) for code, known in vat.codes.items()}


def config_hash(reconciliation: Reconciliation) -> str:
    """Return the hash of the mapping that a period was proven by."""
    lines = canonical_lines(reconciliation)

    return root_hash(hash_of(text) for kind, _key, text in lines if kind == MAPPING)


def proven_orders(reconciliation: Reconciliation, vat: VatAccounts) -> Iterator[ProvenOrder]:
    """Yield each order of the proof with its hash, and what it comes to per box."""
    hashes = {
        key: hash_of(text) for kind, key, text in canonical_lines(reconciliation) if kind == ORDER
    }
    for order in reconciliation.orders:
        amounts = _in_cents(boxes(vat_lines([order], (), vat)))
        yield ProvenOrder(
            number=order.number,
            standing=order.standing,
            sha256=hashes[order.number],
            boxes=amounts,
        )


def _in_cents(sums: dict[str, tuple[Amounts, Amounts]]) -> dict[str, tuple[int, int]]:
    """Return what the books have per box, in cents."""
    return {
        box: (int(cents(books.turnover) * 100), int(cents(books.vat) * 100))
        for box, (_shop, books) in sums.items()
    }
