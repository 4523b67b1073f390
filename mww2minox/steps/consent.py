"""The consent at Minox: the user gives it in a browser, and its tokens go into the state file."""

import webbrowser

import click

from mww2minox.language.texts import _
from mww2minox.minox.consent import Consent, listen, wait_for_redirect
from mww2minox.wiring import Wiring


def consent(wiring: Wiring, *, browser: bool = True, paste: bool = False) -> None:
    """Print the address to consent at, take the code that comes back, and store the tokens.

    With `paste` the user pastes the address that the browser was sent to, for a server without a
    browser. Raises LoginNeeded when there is no consent, KeysRefused when Minox does not take the
    client.
    """
    attempt = Consent()
    url = attempt.url(wiring.config.minox.url, wiring.client)

    redirected = _pasted(wiring, url) if paste else _awaited(wiring, url, browser=browser)
    wiring.login.exchange(attempt.code(redirected), attempt.verifier)


def _pasted(wiring: Wiring, url: str) -> str:
    _show(wiring, url)
    prompt = _("Paste the address that the browser was sent to (it may show an error page)")
    return str(click.prompt(prompt, err=True))


def _awaited(wiring: Wiring, url: str, *, browser: bool) -> str:
    # Listen first: a browser that has consented before is sent back at once.
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
