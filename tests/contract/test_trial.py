"""The trial booking: whatever Minox does or the machine suffers, it finds the right way and leaves
nothing behind.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from mww2minox.books.model import BookingRules, Order, VatPosting
from mww2minox.errors import Refused, Unreachable, UnusableAnswer, VendorError
from mww2minox.minox import TRIAL
from mww2minox.minox.api import Minox
from mww2minox.minox.trial_booking import Tried, take_out, try_out, ways
from mww2minox.sandbox import Fault, Settings
from mww2minox.state import Store
from mww2minox.wiring import Wiring
from tests.harness.clients import INSIDE, LINE_SHAPES
from tests.harness.world import World, an_order, world

CUSTOMER = "10600"
NUMBER = "1003"
BATCH = "transaction_line_batch"
READINGS: list[tuple[dict[str, Any], VatPosting]] = [
    ({"vat_posting": "net"}, VatPosting.NET),
    ({"vat_posting": "net", "own_lines": False}, VatPosting.NET),
    ({"vat_posting": "net", "lookup_lag": 3.0}, VatPosting.NET),
    ({"vat_posting": "gross"}, VatPosting.GROSS),
    ({"vat_posting": "gross", "own_lines": False}, VatPosting.GROSS),
    ({"vat_posting": "gross", "error_status": 200}, VatPosting.GROSS),
    ({"vat_posting": "gross", "lookup_lag": 3.0}, VatPosting.GROSS),
    ({"vat_posting": "ledger"}, VatPosting.LEDGER),
    ({"vat_posting": "ledger", "ledger_reading": "net"}, VatPosting.LEDGER),
    ({"vat_posting": "ledger", "ledger_reading": "net", "own_lines": False}, VatPosting.LEDGER),
    ({"vat_posting": "line"}, VatPosting.LINE),
    ({"vat_posting": "line", "own_lines": False}, VatPosting.LINE),
    ({"vat_on_sub": True}, VatPosting.DEBTOR),
    ({"vat_on_sub": True, "own_lines": False}, VatPosting.DEBTOR),
    ({"vat_on_sub": True, "lookup_lag": 3.0}, VatPosting.DEBTOR),
]
ON_LEDGERS = [posting for posting in VatPosting if posting is not VatPosting.DEBTOR]
READINGS += [
    ({"vat_posting": str(posting), **shape}, posting)
    for posting in ON_LEDGERS
    for shape in LINE_SHAPES
]
READINGS += [({"vat_on_sub": True, **shape}, VatPosting.DEBTOR) for shape in LINE_SHAPES]


class Killed(BaseException):
    """The process is gone at this place."""


@pytest.fixture
def settings() -> Settings:
    """The sandbox' switches; its clock is not the client's, so there is no rate limit."""
    return Settings(rate_limit=10**6)


@pytest.fixture
def here(tmp_path: Path, settings: Settings) -> Iterator[World]:
    with world(tmp_path, settings=settings) as made:
        yield made


def order_of(wiring: Wiring, number: str) -> Order:
    found = wiring.shop.order(number).order
    assert found
    return found


def trial(wiring: Wiring, store: Store, number: str = NUMBER, **changes: Any) -> list[Tried]:
    """Make the trial, as `setup` does; `changes` are of the mapping."""
    rules = replace(wiring.config.rules("NL"), **changes)
    with store.run():
        return list(
            try_out(
                store,
                wiring.minox,
                order_of(wiring, number),
                rules=rules,
                administration=wiring.minox.administration(),
                customer=CUSTOMER,
                codes=wiring.minox.vat_codes(),
            )
        )


def tried(here: World, **options: Any) -> list[Tried]:
    """Make the trial in a process of its own, with options of `trial`."""
    with here.opened() as store:
        return trial(here.wiring(store), store, **options)


def cleared(here: World) -> bool:
    """Do what the next run does first."""
    with here.opened() as store, store.run():
        return take_out(store, here.wiring(store).minox)


def noted(here: World) -> str | None:
    with here.opened() as store:
        return store.note(TRIAL)


@pytest.mark.parametrize(("reading", "expected"), READINGS, ids=str)
def test_the_way_that_reads_back_right_is_found_and_nothing_is_left(
    here: World, reading: dict[str, Any], expected: VatPosting
) -> None:
    here.sandbox.settings.update(reading)
    found = tried(here)
    assert [one.posting for one in found if one.right] == [expected]
    assert found[-1].right, "it stops at the first that is right"
    assert here.sandbox.minox.batches == {}
    assert noted(here) is None


def test_the_configs_own_way_comes_first(here: World) -> None:
    here.sandbox.settings.vat_posting = "gross"
    found = tried(here, vat_posting=VatPosting.GROSS)
    assert [(one.posting, one.right) for one in found] == [(VatPosting.GROSS, True)]


def test_where_minox_refuses_every_way_its_words_are_kept(here: World) -> None:
    here.sandbox.minox.close_period(2026, 3)
    here.sandbox.minox.close_period(2026, 2)
    found = tried(here)
    assert len(found) == len(VatPosting) - 1, "all but debtor, which is for other administrations"
    assert all("Periode" in one.refused for one in found)
    assert here.sandbox.minox.batches == {}


def test_a_customer_that_is_not_there_is_a_refusal(here: World) -> None:
    del here.sandbox.minox.customers[CUSTOMER]
    assert all(one.refused for one in tried(here))
    assert here.sandbox.minox.batches == {}


# Answers that get lost


@pytest.mark.parametrize("kind", ["drop_after", "truncated", "broken_json", "html"])
def test_a_lost_answer_to_the_put_is_asked_after(here: World, kind: Any) -> None:
    here.sandbox.faults.append(Fault(kind, side="minox", method="PUT", path=BATCH, effect=True))
    assert tried(here)[-1].right
    assert here.sandbox.minox.batches == {}
    assert noted(here) is None


def test_a_put_that_never_came_is_noted_until_it_cannot_come_any_more(here: World) -> None:
    here.sandbox.faults.append(Fault("drop_before", side="minox", method="PUT", path=BATCH))
    with pytest.raises(Unreachable):
        tried(here)
    assert noted(here)
    before = here.clock.true_time()
    assert cleared(here)
    assert here.clock.true_time() - before >= 20
    assert noted(here) is None


@pytest.mark.parametrize("seconds", [1.0, 6.0, 15.0])
def test_a_put_that_comes_late_is_taken_out_again(here: World, seconds: float) -> None:
    here.sandbox.faults.append(
        Fault("ghost", side="minox", method="PUT", path=BATCH, seconds=seconds)
    )
    try:
        tried(here)
    except Unreachable:
        assert noted(here)
        cleared(here)
    here.pending()
    assert here.sandbox.minox.batches == {}
    assert noted(here) is None
    assert len([one for one in here.sandbox.requests if one.method == "PUT"]) == 1, (
        "a second one could come late"
    )


def test_a_booking_that_cannot_be_seen_yet_is_waited_for_before_it_is_forgotten(
    here: World,
) -> None:
    here.sandbox.settings.lookup_lag = 10.0
    real = Minox.delete_booking
    seen_from = here.clock.true_time() + 12

    def lags(minox: Minox, batch_id: str, books: str) -> bool:
        return here.clock.true_time() > seen_from and real(minox, batch_id, books)

    with mock.patch.object(Minox, "delete_booking", lags):
        tried(here)
    assert here.sandbox.minox.batches == {}


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "429", "status", "truncated"])
def test_a_lost_answer_to_the_delete_is_no_matter(here: World, kind: Any) -> None:
    here.sandbox.faults.append(
        Fault(kind, side="minox", method="DELETE", path=BATCH, status=503, retry_after="1")
    )
    try:
        assert tried(here)[-1].right
    except UnusableAnswer:
        assert noted(here)
        cleared(here)
    assert here.sandbox.minox.batches == {}
    assert noted(here) is None


def test_minox_down_at_the_delete_is_told_and_the_next_run_takes_it_out(here: World) -> None:
    here.sandbox.faults.append(
        Fault("drop_before", side="minox", method="DELETE", path=BATCH, times=None)
    )
    with pytest.raises(Unreachable):
        tried(here)
    (left,) = here.sandbox.minox.batches
    assert noted(here) == f"{left} {NUMBER} {INSIDE}"
    with pytest.raises(Unreachable):
        cleared(here)
    assert noted(here), "until it is gone"
    here.sandbox.faults.clear()
    assert cleared(here)
    assert here.sandbox.minox.batches == {}
    assert not cleared(here), "once is enough"


@pytest.mark.parametrize("status", [400, 200])
def test_a_delete_that_minox_refuses_stays_noted(here: World, status: int) -> None:

    def refused(*_: object) -> bool:
        raise Refused(status, ("Periode 3 is afgesloten.",))

    with (
        mock.patch.object(Minox, "delete_booking", refused),
        pytest.raises(UnusableAnswer, match="afgesloten.*verify"),
    ):
        tried(here)
    assert noted(here)
    assert cleared(here)
    assert here.sandbox.minox.batches == {}


def test_the_next_push_takes_it_out_before_it_books(here: World) -> None:
    here.sandbox.faults.append(
        Fault("drop_before", side="minox", method="DELETE", path=BATCH, times=None)
    )
    with pytest.raises(VendorError):
        tried(here)
    here.sandbox.faults.clear()
    left = set(here.sandbox.minox.batches)
    assert cleared(here)
    here.run("fetch")
    here.run("push", numbers=[NUMBER])
    assert len(here.sandbox.minox.batches) == 1
    assert not left & here.sandbox.minox.batches.keys()


def test_it_is_taken_out_of_the_books_that_it_was_put_in(here: World) -> None:
    here.sandbox.faults.append(
        Fault("drop_before", side="minox", method="DELETE", path=BATCH, times=None)
    )
    with pytest.raises(Unreachable):
        tried(here)
    here.sandbox.faults.clear()
    with here.opened() as store:
        wiring = here.wiring(store)
        others = Minox(wiring.minox_transport, wiring.login, tenant="12345", administration="2")
        assert take_out(store, others)
    assert here.sandbox.minox.batches == {}


# A kill at each moment


def moments() -> list[tuple[str, type, bool]]:
    """Return where the process can be killed: before or after each step that leaves a trace."""
    steps = [
        ("set_note", Store),
        ("put_booking", Minox),
        ("booking", Minox),
        ("delete_booking", Minox),
    ]
    return [(name, owner, after) for name, owner in steps for after in (False, True)]


@pytest.mark.parametrize("reading", ["net", "gross"])
@pytest.mark.parametrize(("step", "owner", "after"), moments())
@pytest.mark.parametrize("skip", [0, 1])
def test_a_kill_at_any_moment_leaves_nothing_that_the_next_run_does_not_take_out(
    here: World, step: str, owner: type, after: bool, skip: int, reading: Any
) -> None:
    here.sandbox.settings.vat_posting = reading
    killed = {"calls": 0}
    real: Callable[..., Any] = getattr(owner, step)

    def dies(*arguments: Any, **options: Any) -> Any:
        ours = step != "set_note" or arguments[1] == TRIAL
        killed["calls"] += ours
        now = ours and killed["calls"] == skip + 1
        if now and not after:
            raise Killed
        answer = real(*arguments, **options)
        if now:
            raise Killed
        return answer

    with mock.patch.object(owner, step, dies):
        try:
            tried(here)
        except Killed:
            pass
        else:
            assert killed["calls"] <= skip
    if here.sandbox.minox.batches:
        assert noted(here), "what is there is noted"
    cleared(here)
    here.pending()
    assert here.sandbox.minox.batches == {}
    assert noted(here) is None


# Which ways there are


def mapping_of(here: World, **changes: Any) -> BookingRules:
    with here.opened() as store:
        return replace(here.wiring(store).config.rules("NL"), **changes)


def test_an_account_with_two_codes_cannot_decide_the_vat(here: World) -> None:
    rules = mapping_of(here)
    twice = replace(rules, vat=tuple(replace(row, ledger="8000") for row in rules.vat))
    without = [way.vat_posting for way in ways(twice, [])]
    assert without == [VatPosting.NET, VatPosting.GROSS, VatPosting.DEBTOR]
    assert [way.vat_posting for way in ways(rules, codes_of(here))] == list(VatPosting)


@pytest.mark.parametrize("own", VatPosting)
@pytest.mark.parametrize("vat_on_sub", [None, True, False])
def test_the_administration_itself_tells_whether_the_debtor_has_the_vat(
    here: World, vat_on_sub: bool | None, own: VatPosting
) -> None:
    rules = mapping_of(here, vat_posting=own)
    found = [way.vat_posting for way in ways(rules, codes_of(here), vat_on_sub=vat_on_sub)]
    assert len(found) == len(set(found)) == len(VatPosting) - (vat_on_sub is False)
    if vat_on_sub is False:
        assert VatPosting.DEBTOR not in found
    else:
        assert found[0] is (VatPosting.DEBTOR if vat_on_sub else own)
    if vat_on_sub is None and own is not VatPosting.DEBTOR:
        assert found[-1] is VatPosting.DEBTOR


def test_vat_that_minox_makes_once_more_does_not_read_back_right(here: World) -> None:
    here.sandbox.settings.update({"vat_posting": "line", "line_with_codes": True})
    found = {one.posting: one for one in tried(here)}
    assert not found[VatPosting.LINE].right
    assert {each.code for each in found[VatPosting.LINE].differences} == {"ledger_differs"}


def codes_of(here: World) -> Any:
    with here.opened() as store:
        return here.wiring(store).minox.vat_codes()


def test_ledger_keeps_costs_with_the_goods(here: World) -> None:
    rules = mapping_of(here, ledgers={"shipping": "8900"})
    kept = {way.vat_posting: way.ledgers for way in ways(rules, codes_of(here))}
    assert kept[VatPosting.LEDGER] == {}
    assert kept[VatPosting.NET] == {"shipping": "8900"}


def test_what_minox_says_of_the_customer_is_not_shown(here: World) -> None:
    given = an_order(7001, total="12.10", email="klant7001@example.nl", date=dt.date(2026, 3, 14))
    here.sandbox.shop.add(json.loads(json.dumps(given).replace("Klant 7001", "Afgesloten")))
    here.sandbox.minox.close_period(2026, 3)
    words = [one.refused for one in tried(here, number="7001")]
    assert all(words)
    assert not any("afgesloten" in said.lower() for said in words), "that is the customer's name"
