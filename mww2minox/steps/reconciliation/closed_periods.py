"""What has changed in a period of the VAT return since it was proven closed.

Source: books/rules.md, "Closed and then changed". By what the state knows, without a request;
once a week `verify` proves the closed periods again.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from mww2minox.books.decision import decide, document_date_of
from mww2minox.books.model import Administration, Order
from mww2minox.books.reconciliation import Standing, hash_of
from mww2minox.books.return_period import ReturnPeriod, read_return_period
from mww2minox.books.vat_return import NO_BOX
from mww2minox.errors import VendorError
from mww2minox.language.texts import N_, _, day, money
from mww2minox.reasons import Text
from mww2minox.shop.rereading import reread
from mww2minox.state import ProvenOrder, StoredBooking, StoredOrder, StoredProof
from mww2minox.state.stored import Boxes
from mww2minox.steps.reconciliation.storing import BOXES, config_hash, proven_orders
from mww2minox.wiring import Wiring

log = logging.getLogger(__name__)

# no text: a key in the state
BY_STATE, BY_PROOF = "closed periods changed", "closed periods proven otherwise"
REMEMBERED = timedelta(days=396)
"""Periods that ended so long ago are not looked at any more: thirteen months."""
LARGE = 100_000
"""Cents of VAT: a larger correction is filed apart, within 8 weeks after it became known.

Source: Algemene wet inzake rijksbelastingen, article 10a; Uitvoeringsbesluit OB 1968, article 15.
"""
MOST_SHOWN = 5
"""So many changes are named in a sentence; the others are counted."""
ANY_YEARS = Administration(currency="", number_of_periods=12, fiscal_years=())
"""What an order comes to per VAT code follows from no fiscal year."""
ADDED, DIFFERS, GONE = "added", "differs", "gone"
KINDS = {
    ADDED: N_("order {number} was added"),
    DIFFERS: N_("order {number} is another now"),
    GONE: N_("order {number} is no longer in the shop"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changed with an order of a closed period; `boxes` is by how much, in cents."""

    number: str
    kind: str
    boxes: Boxes
    mark: str = ""
    """What tells it from another change of the same order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedPeriod:
    """A period that was closed by a proof of this number, and what has changed since.

    Both days are ISO 8601.
    """

    name: str
    proof: int
    closed_on: str
    known_since: str
    changes: tuple[Change, ...]

    @property
    def boxes(self) -> Boxes:
        """The sum of the changes per box, in cents."""
        sums: Boxes = {}
        for change in self.changes:
            for box, (turnover, vat) in change.boxes.items():
                before = sums.get(box, (0, 0))
                sums[box] = (before[0] + turnover, before[1] + vat)
        return dict(sorted(sums.items()))


def note_changes(wiring: Wiring, today: date) -> None:
    """Find what changed in closed periods by what the state knows, keep it, and tell what is new.

    Call after `fetch` has taken orders in. The shop alone is asked, for orders that changed.
    """
    recent = _recent(wiring, today)
    found = {proof.period: _by_state(wiring, proof) for proof in recent}
    _keep(wiring, today, BY_STATE, found)


def prove_again(wiring: Wiring, today: date) -> bool:
    """Prove the closed periods again, keep what changed, and tell what is new; return whether there
    is any.

    A period within another that closed is not read twice. Raises VendorError.
    """
    from mww2minox.steps.reconciliation.both_sides import gather
    from mww2minox.steps.reconciliation.proving import prove

    found: dict[str, list[Change]] = {}
    for proof in _widest(_recent(wiring, today)):
        reconciliation = prove(gather(wiring, _period(proof)))
        before = wiring.store.proven_orders(proof.period)
        later = {
            order.number
            for order in reconciliation.orders
            if order.number not in before and _is_later(proof, order.document_date)
        }
        now = {
            order.number: order
            for order in proven_orders(reconciliation, wiring.readback.vat)
            if order.number not in later
        }
        changes = list(_compared(before, now))
        # By another mapping every line is another one; the amounts tell what changed all the same.
        if config_hash(reconciliation) != proof.config:
            points = {point.number for point in reconciliation.open_points}
            changes = [one for one in changes if one.boxes or one.number in points]
        found[proof.period] = changes
    return _keep(wiring, today, BY_PROOF, found)


def changed_periods(wiring: Wiring) -> list[ChangedPeriod]:
    """Return the closed periods that have changed, as they were noted last, by either way.

    What was found before a period closed again is over.
    """
    numbers = {proof.period: proof.number for proof in wiring.store.closed_periods()}
    by_name: dict[str, ChangedPeriod] = {}
    for key in (BY_STATE, BY_PROOF):
        for changed in _noted(wiring, key):
            if numbers.get(changed.name) != changed.proof:
                continue
            known = by_name.get(changed.name)
            by_name[changed.name] = _together(known, changed) if known else changed
    return [by_name[name] for name in sorted(by_name)]


def _noted(wiring: Wiring, key: str) -> list[ChangedPeriod]:
    return [
        ChangedPeriod(
            name=row["period"],
            proof=row["proof"],
            closed_on=row["closed_on"],
            known_since=row["known_since"],
            changes=tuple(map(_as_change, row["changes"])),
        )
        for row in json.loads(wiring.store.note(key) or "[]")
    ]


def _as_change(row: Mapping[str, Any]) -> Change:
    boxes = {box: (turnover, vat) for box, (turnover, vat) in row["boxes"].items()}
    return Change(number=row["number"], kind=row["kind"], boxes=boxes, mark=row.get("mark", ""))


def _together(known: ChangedPeriod, other: ChangedPeriod) -> ChangedPeriod:
    """Add what is not known of other orders; of the same ones what tells the boxes."""
    by_number = {change.number: change for change in known.changes}
    for change in other.changes:
        if change.number not in by_number or not by_number[change.number].boxes:
            by_number[change.number] = change
    since = min(known.known_since, other.known_since)

    return replace(known, known_since=since, changes=tuple(by_number.values()))


def explain_change(changed: ChangedPeriod) -> Text:
    """Return what has changed in a closed period, with the boxes, and what to do about it."""
    message = _("Period {period} was closed on {day}, and has changed since: {changes}. {boxes}")
    shown = changed.changes[:MOST_SHOWN]
    kinds = [_(KINDS[change.kind]).format(number=change.number) for change in shown]
    if len(changed.changes) > len(shown):
        kinds.append(_("and {count} more").format(count=len(changed.changes) - len(shown)))
    boxes = [
        _("box {box}: {turnover}, VAT {vat}").format(
            box=box, turnover=_signed(turnover), vat=_signed(vat)
        )
        for box, (turnover, vat) in changed.boxes.items()
    ]

    suggestion = _("Put it right, or correct the return; then run: mww2minox reconcile {period}")
    if abs(sum(vat for _turnover, vat in changed.boxes.values())) > LARGE:
        suggestion = _(
            "A correction of more than €1,000 of VAT has to be filed within 8 weeks; it is known"
            " since {since}. Then run: mww2minox reconcile {period}"
        )
    return Text(
        message.format(
            period=changed.name,
            day=day(date.fromisoformat(changed.closed_on)),
            changes="; ".join(kinds),
            boxes="; ".join(boxes),
        ).strip(),
        suggestion.format(period=changed.name, since=day(date.fromisoformat(changed.known_since))),
    )


def _signed(cents: int) -> str:
    sign = "+" if cents > 0 else ""
    return f"{sign}{money(Decimal(cents) / 100)}"


def _recent(wiring: Wiring, today: date) -> Iterator[StoredProof]:
    for proof in wiring.store.closed_periods():
        if _period(proof).last >= today - REMEMBERED:
            yield proof


def _widest(proofs: Iterable[StoredProof]) -> list[StoredProof]:
    """Leave out the periods that are a part of another one."""
    by_length = sorted(proofs, key=lambda proof: _period(proof).first - _period(proof).last)

    widest: list[StoredProof] = []
    for proof in by_length:
        if not any(_period(other).contains(_period(proof)) for other in widest):
            widest.append(proof)
    return widest


def _period(proof: StoredProof) -> ReturnPeriod:
    period = read_return_period(proof.period)
    if period is None:  # a state file that a later version has written
        return ReturnPeriod(name=proof.period, first=date.min, last=date.min)
    return period


def _by_state(wiring: Wiring, proof: StoredProof) -> list[Change]:
    """Return what the state knows of a closed period that was not so when it was proven.

    The shop is asked for orders that changed there since this was noted last: the state keeps them
    as they were booked.
    """
    period = _period(proof)
    numbers = wiring.store.changed_since_proof(proof, period.first, period.last)
    if not numbers:
        return []

    before = wiring.store.proven_orders(period.name)
    suspects = [_Suspect(wiring, proof, number, before.get(number)) for number in numbers]
    suspects = [suspect for suspect in suspects if suspect.is_changed]
    noted = _noted_of(wiring, proof)
    fresh = [suspect for suspect in suspects if noted.get(suspect.mark) is None]

    in_shop = _asked_for(wiring, fresh)
    codes: Mapping[str, str] = json.loads(wiring.store.note(BOXES) or "{}")
    changes = (
        noted.get(suspect.mark) or _change(suspect, in_shop.get(suspect.number), codes)
        for suspect in suspects
    )
    return list(changes)


def _noted_of(wiring: Wiring, proof: StoredProof) -> dict[str, Change]:
    """Return the changes that were noted of this proof, by what tells them from others."""
    return {
        change.mark: change
        for changed in _noted(wiring, BY_STATE)
        for change in changed.changes
        if changed.proof == proof.number and change.mark
    }


def _asked_for(wiring: Wiring, suspects: Iterable["_Suspect"]) -> dict[str, Order]:
    """Read the booked orders that changed in the shop once more, by number."""
    wanted = {
        suspect.number: suspect.booking.payload.get("date", "")
        for suspect in suspects
        if suspect.booking and suspect.booking.shop_differences and not suspect.is_gone
    }
    in_shop: dict[str, Order] = {}
    try:
        for read in reread(wiring.shop, wanted):
            in_shop |= {order.number: order.order for order in read.orders if order.order}
    except VendorError:
        # What was fetched stays so; the amounts are told by the weekly proof.
        log.warning("The shop could not be asked for what changed in a closed period.")
    return in_shop


@dataclass
class _Suspect:
    """An order that may not be as it was when its period closed."""

    wiring: Wiring
    proof: StoredProof
    number: str
    proven: ProvenOrder | None

    @cached_property
    def stored(self) -> StoredOrder | None:
        """The order as the state has it."""
        return self.wiring.store.order(self.number)

    @cached_property
    def booking(self) -> StoredBooking | None:
        """Its booking as the state has it."""
        return self.wiring.store.booking(self.number)

    @property
    def is_gone(self) -> bool:
        """Whether the shop does not have it any more."""
        return self.stored is not None and self.stored.gone

    @property
    def was_booked(self) -> bool:
        """Whether it counted when the period closed."""
        return self.proven is not None and self.proven.standing != Standing.EXCLUDED

    @property
    def is_changed(self) -> bool:
        """Whether it came into the period, or differs in what nobody had looked at by then."""
        if not self.was_booked:
            order = self.stored.order if self.stored else None
            return order is not None and _counts_in(
                self.proof, document_date_of(order, self.wiring.rules)
            )

        booking = self.booking
        if booking is None or not booking.all_differences:
            return self.is_gone and booking is not None and not booking.is_absent
        looked_at = booking.looked_at
        was_seen = looked_at is not None and looked_at <= self.proof.proven_at
        return bool(booking.unseen_differences) or not was_seen

    @property
    def mark(self) -> str:
        """What tells this change from another one of the same order."""
        differences = self.booking.all_differences if self.booking else ()
        total = self.stored.total_cents if self.stored else None
        return hash_of(f"{self.number} {self.was_booked} {self.is_gone} {total} {differences}")[:16]


def _counts_in(proof: StoredProof, day: date) -> bool:
    """Tell whether a document date is one that a proof was about."""
    return _period(proof).holds(day) and not _is_later(proof, day.isoformat())


def _is_later(proof: StoredProof, day: str) -> bool:
    """Tell whether a document date (ISO 8601) had not passed when its period was proven: what comes
    in a period that is not over is no change of it.
    """
    return day >= proof.proven_at.astimezone().date().isoformat()


def _change(suspect: _Suspect, in_shop: Order | None, codes: Mapping[str, str]) -> Change:
    """Return what changed with an order, with the boxes as far as the shop tells it now."""
    before = suspect.proven.boxes if suspect.proven and suspect.was_booked else {}
    order = in_shop or (suspect.stored.order if suspect.stored else None)
    period = _period(suspect.proof)
    is_here = order is not None and period.holds(document_date_of(order, suspect.wiring.rules))

    kind, now = ADDED, {}
    if suspect.was_booked:
        kind = GONE if suspect.is_gone else DIFFERS
    if order and is_here and kind != GONE:
        now = _boxes_of(suspect.wiring, order, codes)
    return Change(
        number=suspect.number, kind=kind, boxes=_difference(now, before), mark=suspect.mark
    )


def _boxes_of(wiring: Wiring, order: Order, codes: Mapping[str, str]) -> Boxes:
    """Return what an order comes to per box, in cents, by the rules of today."""
    rules = wiring.readback.any_number
    paid = replace(order, payment=order.payment or None, currency=None)
    sums: Boxes = {}
    for share in decide(paid, rules, ANY_YEARS).workings.shares:
        box = codes.get(str(share.code), NO_BOX)
        if box != NO_BOX:
            turnover, vat = sums.get(box, (0, 0))
            sums[box] = (turnover + int(share.net * 100), vat + int(share.vat * 100))
    return sums


def _difference(now: Boxes, before: Boxes) -> Boxes:
    difference: Boxes = {}
    for box in sorted({*now, *before}):
        (turnover, vat), (old_turnover, old_vat) = now.get(box, (0, 0)), before.get(box, (0, 0))
        if (turnover, vat) != (old_turnover, old_vat):
            difference[box] = (turnover - old_turnover, vat - old_vat)
    return difference


def _compared(
    before: Mapping[str, ProvenOrder], now: Mapping[str, ProvenOrder]
) -> Iterator[Change]:
    """Yield the orders whose proven lines are not the same."""
    for number in sorted({*before, *now}):
        proven, present = before.get(number), now.get(number)
        if proven and present and proven.sha256 == present.sha256:
            continue

        kind = DIFFERS
        if present is None:
            kind = GONE
        elif proven is None or proven.standing == Standing.EXCLUDED:
            kind = ADDED

        old = proven.boxes if proven else {}
        new = present.boxes if present else {}
        boxes = _difference(new, old)
        # What is left out, and was left out then, is no change of the period.
        if boxes or (present and present.standing != Standing.EXCLUDED):
            yield Change(number=number, kind=kind, boxes=boxes)


def _keep(wiring: Wiring, today: date, key: str, found: Mapping[str, Sequence[Change]]) -> bool:
    """Note what changed, and tell of each period that has changed otherwise than was told; return
    whether there was any.
    """
    before = {changed.name: changed for changed in changed_periods(wiring)}
    closed = {proof.period: proof for proof in wiring.store.closed_periods()}

    rows = []
    for name, changes in found.items():
        if changes:
            known = before.get(name)
            changed = ChangedPeriod(
                name=name,
                proof=closed[name].number,
                closed_on=closed[name].proven_at.date().isoformat(),
                known_since=known.known_since if known else today.isoformat(),
                changes=tuple(changes),
            )
            rows.append(_as_row(changed))
    wiring.store.set_note(key, json.dumps(rows))

    news = False
    for changed in changed_periods(wiring):
        known = before.get(changed.name)
        if known is None or set(_numbers(changed)) - set(_numbers(known)):
            news = True
            wiring.output.warn(*explain_change(changed))
    return news


def _numbers(changed: ChangedPeriod) -> list[str]:
    return [change.number for change in changed.changes]


def _as_row(changed: ChangedPeriod) -> dict[str, object]:
    return {
        "period": changed.name,
        "proof": changed.proof,
        "closed_on": changed.closed_on,
        "known_since": changed.known_since,
        "changes": list(map(asdict, changed.changes)),
    }
