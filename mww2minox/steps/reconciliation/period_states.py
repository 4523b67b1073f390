"""How the VAT periods of the last year stand: open, closed, changed since, due."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from mww2minox.books.model import State
from mww2minox.books.return_period import ReturnPeriod, quarters_before
from mww2minox.language.texts import _, day, ngettext
from mww2minox.reasons import Text
from mww2minox.state import StoredProof
from mww2minox.steps.reconciliation.closed_periods import ChangedPeriod, changed_periods
from mww2minox.wiring import Wiring

PERIODS = 4
"""So many quarters that have ended are shown: a year."""
BEFORE_DUE = dt.timedelta(days=7)
"""So long before the return is due people are told what stands in its way."""
NOT_BOOKED = (State.READY, State.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodState:
    """How a quarter stands. `proof` is the last one of it, and `closing` the last that closed it.

    `filed` tells who said what was filed, empty where nobody did.
    """

    period: ReturnPeriod
    proof: StoredProof | None
    closing: StoredProof | None
    changed: ChangedPeriod | None
    filed: str

    @property
    def is_closed(self) -> bool:
        """Whether it closed when it was proven last, and has not changed since."""
        is_last = self.closing is not None and self.closing == self.proof
        return is_last and self.changed is None


def period_states(wiring: Wiring, today: dt.date) -> tuple[PeriodState, ...]:
    """Return the quarters of the last year that have ended, the newest first. Sends nothing."""
    changed = {changed.name: changed for changed in changed_periods(wiring)}

    states: list[PeriodState] = []
    for period in quarters_before(today, PERIODS):
        proofs = wiring.store.proofs(period.name)
        states.append(
            PeriodState(
                period=period,
                proof=proofs[0] if proofs else None,
                closing=next((proof for proof in proofs if proof.closed), None),
                changed=changed.get(period.name),
                filed=wiring.store.note(filed_key(period)) or "",
            )
        )
    return tuple(states)


def filed_key(period: ReturnPeriod) -> str:
    """Return under which key the state knows that a period was filed."""
    # no text: a key in the state
    return f"filed {period.name}"


def state_in_words(state: PeriodState) -> str:
    """Return how a period stands, in a few words."""
    words = _("not proven yet")
    if state.closing:
        words = _("closed on {day}").format(day=day(state.closing.proven_at.astimezone()))
    elif state.proof:
        words = _("open")
    if state.changed:
        words = _("{state}, changed since").format(state=words)
    elif state.closing and state.closing != state.proof:
        words = _("{state}, open since").format(state=words)
    return _("{state}; filed").format(state=words) if state.filed else words


def in_the_way(wiring: Wiring, today: dt.date) -> Iterator[tuple[str, Text]]:
    """Yield what still stands in the way of a return that is due within a week, with a name."""
    for state in period_states(wiring, today):
        due = state.period.due
        if state.is_closed or not today <= due <= today + BEFORE_DUE:
            continue
        yield state.period.name, _explained(wiring, state)


def _explained(wiring: Wiring, state: PeriodState) -> Text:
    period = state.period
    message = _("The VAT return of {period} is due on {day}, and the period is not closed.")
    sentences = [message.format(period=period.name, day=day(period.due))]

    count = wiring.store.count_dated(period.first, period.last, NOT_BOOKED)
    if count:
        sentence = ngettext(
            "{count} order of it is not booked.", "{count} orders of it are not booked.", count
        )
        sentences.append(sentence.format(count=count))
    if state.changed:
        sentences.append(_("It has changed since it was closed."))
    return Text(
        " ".join(sentences),
        _("See what is open: mww2minox reconcile {period}").format(period=period.name),
    )
