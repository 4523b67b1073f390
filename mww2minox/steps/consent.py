"""The consent at Minox: the user gives it in a browser, and its tokens go into the state file."""

import sys
import webbrowser

import click

from mww2minox.language.texts import _
from mww2minox.minox.consent import Consent, listen, wait_for_redirect
from mww2minox.wiring import Wiring


def consent(
    wiring: Wiring, *, browser: bool = True, paste: bool = False, vat_return: bool = False
) -> None:
    """Print the address to consent at, take the code that comes back, and store the tokens.

    With `paste` the user pastes the address that the browser was sent to, for a server without a
    browser; with `vat_return` Minox' VAT returns may be read as well. Raises LoginNeeded when there
    is no consent, KeysRefused when Minox does not take the client.
    """
    attempt = Consent()
    url = attempt.url(wiring.config.minox.url, wiring.client, vat_return=vat_return)

    address = _pasted(wiring, url, attempt) if paste else _awaited(wiring, url, browser=browser)
    wiring.login.exchange(attempt.code(address), attempt.verifier)


def _pasted(wiring: Wiring, url: str, attempt: Consent) -> str:
    """Return the address that was pasted; somebody at a terminal is asked until it is this
    login's.
    """
    _show(wiring, url)
    prompt = _("Paste the address that the browser was sent to (it may show an error page)")
    expected = _("Expected: the whole address, beginning with {address}?").format(
        address=wiring.config.minox.redirect_uri
    )

    while True:
        address = str(click.prompt(prompt, err=True))
        problem = attempt.problem(address)
        if not problem or not sys.stdin.isatty():
            return address
        wiring.output.warn(problem, expected)


def _awaited(wiring: Wiring, url: str, *, browser: bool) -> str:
    # Listen first: a browser that has consented before is sent back at once.
    server = listen(wiring.config.minox.redirect_uri)
    try:
        _show(wiring, url)
        if browser:
            webbrowser.open(url)

        wiring.output.say(
            _("Waiting for your consent in the browser (ten minutes at most, Ctrl-C stops) ...")
        )
        # Minox tells of a wrong client in the browser alone: nothing comes back here.
        wiring.output.say(
            _(
                "Does the browser show an error, and no question? Then Minox has another client id,"
                " or another redirect address than {address}: press Ctrl-C, and run: mww2minox"
                " setup"
            ).format(address=wiring.config.minox.redirect_uri)
        )
        return wait_for_redirect(server)
    finally:
        server.server_close()


def _show(wiring: Wiring, url: str) -> None:
    wiring.output.say(_("Open this address as the subscription's main user, and consent:"))
    wiring.output.data(url)
