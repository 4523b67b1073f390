"""Sends words out of this machine: messages by Apprise (the extra `notify`), and the dead man's
switch.

Every URL here is a secret: none gets into an exception, a log or a text. Apprise is imported only
where there is a URL for it, and is kept from saying anything itself: its log names URLs.
"""

import logging
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

SEND_SECONDS = 30
"""How long a run waits for all messages together; most services answer within a few seconds or
never.
"""
SILENCE_SECONDS = 10
"""How long a service may be silent, whatever its URL says: Apprise's own threads hold up the end of
the process.
"""
PING_SECONDS = 10

log = logging.getLogger(__name__)


def takes(url: str) -> bool:
    """Tell whether Apprise knows what to do with a URL.

    Sends nothing. ImportError without the extra `notify`.
    """
    with _quiet():
        import apprise

        return isinstance(apprise.Apprise.instantiate(url), apprise.NotifyBase)


def send(urls: Sequence[str], title: str, body: str) -> list[bool]:
    """Send a message to all URLs at once; return for each whether it took the message within half a
    minute.
    """
    taken = [False] * len(urls)
    threads = [
        threading.Thread(target=_send, args=(taken, index, url, title, body), daemon=True)
        for index, url in enumerate(urls)
    ]
    deadline = time.monotonic() + SEND_SECONDS
    with _quiet():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
    return list(taken)


def _send(taken: list[bool], index: int, url: str, title: str, body: str) -> None:
    """Send one message, in a thread of its own: there is no other time limit that holds for every
    service.
    """
    import apprise

    try:
        service = apprise.Apprise()
        service.add(url)
        for plugin in service:
            plugin.socket_read_timeout = min(plugin.socket_read_timeout, SILENCE_SECONDS)
        taken[index] = bool(
            service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
        )
    except Exception as error:  # noqa: BLE001 - whatever a service's plugin trips over; its text may hold the URL
        log.warning("notify.urls[%d]: %s", index, type(error).__name__)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the logs and warnings of Apprise and its libraries away from stderr, where Python puts
    what nobody handles.

    What an abandoned thread logs later goes nowhere either; only the filter of warnings ends here.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def ping(url: str) -> None:
    """Tell the dead man's switch that all is well.

    No redirect is followed; a failure is a line in the log.
    """
    try:
        with requests.Session() as session:
            session.trust_env = (
                urlsplit(url).scheme == "https"
            )  # no proxy gets to see what is for this machine
            with session.get(
                url, timeout=PING_SECONDS, allow_redirects=False, stream=True
            ) as answer:
                status = answer.status_code
    except (
        requests.RequestException,
        HTTPError,
    ) as error:  # a host that is no name comes as urllib3's own
        log.warning("The dead man's switch gives no answer (%s).", type(error).__name__)
        return
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        log.warning("The dead man's switch answers with HTTP %d.", status)
