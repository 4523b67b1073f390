"""Asks VIES about the VAT numbers of reverse-charged orders that were booked, once each.

The answer is kept as evidence, with its time. An outage holds nothing up: what was not answered is
asked by the next run. Source: books/rules.md, "VIES".
"""

from datetime import UTC, datetime, timedelta

from mww2minox.books.model import BookingWarning, WarningCode
from mww2minox.books.vat_number import vat_number_on
from mww2minox.language.texts import ngettext
from mww2minox.reasons import explain_warning
from mww2minox.state import StoredViesAnswer
from mww2minox.vies import COUNTRY_LETTERS, Silence
from mww2minox.wiring import Wiring

ASKED_FOR = timedelta(days=60)
"""Of older documents the answer of today proves nothing any more."""


def ask_vies(wiring: Wiring) -> None:
    """Ask about each booked order whose number was not answered yet, and tell what is not known.

    Raises nothing of VIES' own.
    """
    silent: set[str] = set()
    left = 0
    since = (datetime.now(UTC) - ASKED_FOR).date()
    for number in wiring.store.not_asked_of_vies(since):
        booking = wiring.store.booking(number)
        vat_number = vat_number_on(booking.order) if booking and booking.order else ""
        # Emptied with the addresses: there is nothing to ask about.
        if not vat_number:
            continue
        if vat_number[:COUNTRY_LETTERS] in silent:
            left += 1
            continue

        answer = wiring.vies.ask(vat_number)
        if answer is Silence.SERVICE:
            left += 1
            break
        if isinstance(answer, Silence):
            silent.add(vat_number[:COUNTRY_LETTERS])
            left += 1
            continue
        _keep(
            wiring,
            StoredViesAnswer(
                number=number,
                vat_number=vat_number,
                valid=answer.valid,
                asked_at=datetime.now(UTC),
                consultation=answer.consultation,
            ),
        )

    if left:
        sentence = ngettext(
            "VIES did not answer about {count} VAT number; the next run asks again.",
            "VIES did not answer about {count} VAT numbers; the next run asks again.",
            left,
        )
        wiring.output.say(sentence.format(count=left))


def _keep(wiring: Wiring, answer: StoredViesAnswer) -> None:
    """Store the answer; where the number is not known, as a warning too."""
    warning = BookingWarning(
        code=WarningCode.VIES_INVALID,
        values={"number": answer.number, "date": answer.asked_at.date().isoformat()},
    )
    with wiring.store.transaction():
        wiring.store.keep_vies_answer(answer)
        if not answer.valid:
            wiring.store.warn_of(answer.number, warning)

    if not answer.valid:
        text = explain_warning(warning)
        wiring.output.warn(text.message, f"  {text.suggestion}")
