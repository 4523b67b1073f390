"""`login`: the consent at Minox, stored as tokens in the state file."""

from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _
from mww2minox.steps.consent import consent
from mww2minox.wiring import ADMINISTRATION, Wiring


def login(
    wiring: Wiring, *, browser: bool = True, paste: bool = False, vat_return: bool = False
) -> ExitStatus:
    """Get the consent, and say for which administration. Options as of `consent`."""
    wiring.refuse_other_books(ADMINISTRATION, wiring.books)
    consent(wiring, browser=browser, paste=paste, vat_return=vat_return)

    name = wiring.administration.name
    sentence = _("Logged in at Minox, administration {number} ({name}).")
    wiring.output.say(sentence.format(number=wiring.config.minox.administration, name=name))
    return ExitStatus.OK
