"""What the shop told of itself is known for a day, to the keys that it was asked with."""

from pathlib import Path

import pytest

from mww2minox.shop.api import Status
from mww2minox.shop.kept import STATUSES, STORE_ASKED, KeptFacts
from mww2minox.state import Store

PAID = Status(number=2, name="Betaald", credit_order=False)


def test_it_is_known_by_the_keys_that_it_was_asked_with(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        kept, others = KeptFacts(store=store, mark="ours"), KeptFacts(store=store, mark="theirs")
        kept.note_store()
        kept.keep_statuses([PAID])
        assert (kept.knows_store(), kept.statuses()) == (True, [PAID])
        assert (others.knows_store(), others.statuses()) == (False, [])


@pytest.mark.parametrize("note", ["?", "[]", "{}", "7", '["?", "ours", []]', '[7, "ours", []]'])
def test_what_cannot_be_read_is_asked_again(tmp_path: Path, note: str) -> None:
    with Store(tmp_path / "state.db") as store:
        kept = KeptFacts(store=store, mark="ours")
        for key in (STORE_ASKED, STATUSES):
            store.set_note(key, note)
        assert (kept.knows_store(), kept.statuses()) == (False, [])
