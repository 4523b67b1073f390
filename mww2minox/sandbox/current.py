"""The sandbox that a request came to: one application serves all sandboxes of a process.

Flask takes longer to lay out its addresses than most tests take, and these never differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from mww2minox.sandbox.sandbox import Sandbox

KEY = "mww2minox.sandbox"
"""Where the environment of a request holds its sandbox."""


def serving(sandbox: Sandbox, application: WSGIApplication) -> WSGIApplication:
    """Give the application as this sandbox' own."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return application(environ | {KEY: sandbox}, start_response)

    return serve


def current() -> Sandbox:
    """Return the sandbox that the request at hand came to."""
    return cast("Sandbox", request.environ[KEY])
