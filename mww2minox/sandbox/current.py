"""The sandbox that a request came to: one application serves all sandboxes of a process.

Flask takes longer to lay out its addresses than most tests take, and these never differ.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import request

# The sandbox is made of the modules that ask here which one they serve.
if TYPE_CHECKING:
    from mww2minox.sandbox.sandbox import Sandbox

KEY = "mww2minox.sandbox"
"""Where the environment of a request holds its sandbox."""


def serving(sandbox: "Sandbox", application: WSGIApplication) -> WSGIApplication:
    """Return the application as this sandbox' own."""

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return application(environ | {KEY: sandbox}, start_response)

    return serve


def current() -> "Sandbox":
    """Return the sandbox that the request at hand came to."""
    return cast("Sandbox", request.environ[KEY])
