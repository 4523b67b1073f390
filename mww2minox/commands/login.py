"""`login`: the consent at Minox, stored as tokens in the state file."""

import webbrowser

import click

from mww2minox.errors import ExitStatus
from mww2minox.language.texts import _
from mww2minox.minox.consent import Consent, listen, wait_for_redirect
from mww2minox.wiring import Wiring


def login(wiring: Wiring, *, browser: bool = True, paste: bool = False) -> ExitStatus:
    """Get the consent, and say for which administration. Options as of `consent`."""
    consent(wiring, browser=browser, paste=paste)
    name = wiring.administration.name
    told = _("Logged in at Minox, administration {number} ({name}).")
    wiring.output.say(told.format(number=wiring.config.minox.administration, name=name))
    return ExitStatus.OK


def consent(wiring: Wiring, *, browser: bool = True, paste: bool = False) -> None:
    """Print the address to consent at, take the code that comes back, and store the tokens.

    With `paste` the user pastes the address that the browser was sent to, for a server without a
    browser.
    """
    attempt = Consent()
    url = attempt.url(wiring.config.minox.url, wiring.client)
    redirected = _pasted(wiring, url) if paste else _redirected(wiring, url, browser)
    wiring.login.exchange(attempt.code(redirected), attempt.verifier)


def _pasted(wiring: Wiring, url: str) -> str:
    _show(wiring, url)
    prompt = _("Paste the address that the browser was sent to (it may show an error page)")
    return str(click.prompt(prompt, err=True))


def _redirected(wiring: Wiring, url: str, browser: bool) -> str:  # noqa: FBT001 - the command's own option
    server = listen(wiring.config.minox.redirect_uri)
    try:
        _show(wiring, url)
        if browser:
            webbrowser.open(url)
        wiring.output.say(_("Waiting for the consent, ten minutes at most ..."))
        return wait_for_redirect(server)
    finally:
        server.server_close()


def _show(wiring: Wiring, url: str) -> None:
    wiring.output.say(_("Open this address as the subscription's main user, and consent:"))
    wiring.output.data(url)
