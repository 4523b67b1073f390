"""Sends words out of this machine: messages by Apprise (extra `notify`), and the dead man's switch.

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

SEND_SECONDS = 30
"""How long a run waits for all messages; most services answer in a few seconds or never."""
SILENCE_SECONDS = 10
"""How long a service may be silent, whatever its URL says.

Apprise's own threads hold up the end of the process.
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
    """Send a message to all URLs at once; return for each whether it took it in half a minute."""
    accepted = [False] * len(urls)
    threads = [
        threading.Thread(target=_send, args=(accepted, index, url, title, body), daemon=True)
        for index, url in enumerate(urls)
    ]

    deadline = time.monotonic() + SEND_SECONDS
    with _quiet():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    # A copy: a thread that was given up may still write in the list.
    return list(accepted)


def _send(accepted: list[bool], index: int, url: str, title: str, body: str) -> None:
    """Send one message, in a thread of its own: no other time limit holds for every service."""
    import apprise

    try:
        service = apprise.Apprise()
        service.add(url)
        for plugin in service:
            plugin.socket_read_timeout = min(plugin.socket_read_timeout, SILENCE_SECONDS)
        text = apprise.NotifyFormat.TEXT
        accepted[index] = bool(service.notify(title=title, body=body, body_format=text))
    except Exception as error:  # noqa: BLE001 - what a plugin trips over; its text may hold the URL
        log.warning("notify.urls[%d]: %s", index, type(error).__name__)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the logs and warnings of Apprise and its libraries away from stderr.

    What an abandoned thread logs later goes nowhere either; only the filter of warnings ends here.
    """
    root = logging.getLogger()
    if not root.handlers:  # without any, Python puts what nobody handles on stderr
        root.addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def ping(url: str) -> None:
    """Tell the dead man's switch that all is well.

    No redirect is followed; a failure is a line in the log.
    """
    import requests
    from urllib3.exceptions import HTTPError

    try:
        with requests.Session() as session:
            # Plain http is for this machine: no proxy of the environment gets to see it.
            session.trust_env = urlsplit(url).scheme == "https"
            answer = session.get(url, timeout=PING_SECONDS, allow_redirects=False, stream=True)
            with answer:
                status = answer.status_code
    # A host that is no name comes as urllib3's own error.
    except (requests.RequestException, HTTPError) as error:
        log.warning("The dead man's switch gives no answer (%s).", type(error).__name__)
        return

    if status >= HTTPStatus.MULTIPLE_CHOICES:
        log.warning("The dead man's switch answers with HTTP %d.", status)
