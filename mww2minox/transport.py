"""HTTP to a vendor: time limits, retries, pace, pauses; errors become sentences without secrets.

The only seam to the network. GET and PUT are repeated on connection errors, 429 and 5xx, with full
jitter and `Retry-After`; a POST never, unless it was refused by a 429 or never left; no redirect
is followed (minox/exactly_once.md, "What is repeated").
"""

import json
import logging
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Protocol
from urllib.parse import quote, quote_plus

import requests
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from urllib3.exceptions import HTTPError, NewConnectionError

from mww2minox import __version__
from mww2minox.errors import (
    Refused,
    ServerFails,
    Unreachable,
    UnusableAnswer,
    VendorError,
    WaitTooLong,
)
from mww2minox.language.texts import _

CONNECT_SECONDS = 10
SILENCE_SECONDS = 30
"""A vendor that gives no answer for so long ends the run."""
ATTEMPTS = 6
BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 8
WAIT_SECONDS = 300
"""How long a run waits in all for one vendor's `Retry-After`."""
LONGEST_PAUSE_SECONDS = 86_400
"""No vendor is left alone for more than a day; a moment that is further off was set by a wrong
clock.
"""
CLOCK_TOLERANCE_SECONDS = 2
"""A `Date` header tells whole seconds, so that our own clock is the better one while they agree."""
MESSAGE_LENGTH = 300
MOST_READ = 2_000
EMAIL = re.compile(r"""[^\s@<>()\[\],;:"'=/?&]{1,64}(?:@|%40)[^\s@<>()\[\],;:"'=/?&]{1,255}""")
LARGEST_ANSWER = 64 * 1024 * 1024
SHARE_OF_LIMIT = 0.95
"""Just under the server's own limit."""

log = logging.getLogger(__name__)


class Pauses(Protocol):
    """Where the moment is kept until which a vendor must be left alone, for the next process
    too.
    """

    def moment(self, key: str) -> datetime | None:
        """Return the moment (aware), or None."""

    def set_note(self, key: str, value: str | None) -> None:
        """Keep a text, or forget it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A 2xx answer. `data` is its JSON with numbers as Decimal, or None when it has no body."""

    status: int
    headers: Mapping[str, str]
    data: Any


class _TryAgain(Exception):
    """An attempt failed in a way that may pass; `error` is what to raise when it does not."""

    def __init__(self, error: VendorError) -> None:
        super().__init__()
        self.error = error


class _Paused(Exception):
    """The vendor answered 429: it did nothing, and wants to be left alone for a while."""


class _NoNetrc(AuthBase):
    """Keeps requests from putting a password of ~/.netrc in the place of our own authorization."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


@dataclass(slots=True)
class Pace:
    """Spreads requests evenly: at most `per_second`, and just under the limit that the server's
    headers tell.
    """

    per_second: float
    interval: float = 0.0
    next_at: float = field(default=0.0)

    def wait_for_turn(self) -> None:
        """Sleep until the next request may be sent."""
        now = time.monotonic()
        wait = self.next_at - now
        if wait > 0:
            time.sleep(wait)
        self.next_at = max(now, self.next_at) + max(self.interval, 1 / self.per_second)

    def learn(self, headers: Mapping[str, str]) -> float:
        """Learn from the rate-limit headers; return the seconds to wait when nothing remains."""
        limit, remaining, reset = (
            _number(headers.get(f"X-Rate-Limit-{name}")) for name in _LIMIT_HEADERS
        )
        if limit is None or remaining is None or reset is None or limit < 1:
            return 0.0
        window = reset / 1000 - _vendors_time(headers)
        if remaining == limit - 1 and window > 0:
            self.interval = window / limit / SHARE_OF_LIMIT
        return max(window, 0.0) if remaining <= 0 else 0.0


_LIMIT_HEADERS = ("Limit", "Remaining", "Reset")


class Transport:
    """Requests to one vendor.

    `vendor` is its name in sentences, marked with `N_`; times are seconds.
    """

    def __init__(  # noqa: PLR0913 - who, where, how fast, and how it tells errors
        self,
        *,
        vendor: str,
        base_url: str,
        pauses: Pauses,
        per_second: float,
        params: Mapping[str, str] | None = None,
        messages: Callable[[Any], list[str]],
    ) -> None:
        """`params` go with every request and never into a text; `messages` reads a vendor's error
        answer.
        """
        self.vendor = vendor
        self.base_url = base_url
        self.pauses = pauses
        self.pace = Pace(per_second)
        self.messages = messages
        self.waited = 0.0
        self.requests_sent = 0
        self.skew: float | None = None
        """How many seconds the vendor's clock is ahead of ours, by its last answer; None: it does
        not tell.
        """
        self._params = dict(params or {})
        self._secrets: set[str] = set()
        self._session = requests.Session()
        self._session.auth = _NoNetrc()
        self._session.headers.update(
            {"Accept": "application/json", "User-Agent": f"mww2minox/{__version__}"}
        )
        for key, value in self._params.items():
            if "token" in key:
                self.hide(value)

    def request(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        *,
        shown: str = "",
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
        repeat: bool = True,
    ) -> Answer:
        """Send a request and return its 2xx answer.

        `shown` stands for the path in texts where the path holds personal data. `repeat` says that
        sending it twice does no harm. A PUT is not repeated after a 2xx that makes no sense: the
        caller reads back. Raises Refused (4xx), Unreachable, UnusableAnswer or WaitTooLong.
        """
        sent = requests.Request(
            method,
            self.base_url + path,
            params={**(params or {}), **self._params},
            headers=(
                {"Content-Type": "application/json", **(headers or {})}
                if body is not None
                else dict(headers or {})
            ),
            data=body if body is not None else form,
        )
        attempt = _Attempt(self, sent, f"{method} {shown or path}", repeat=repeat)
        return attempt.until_answered()

    def hide(self, secret: str) -> None:
        """Keep `secret`, a key or what is known of a person, out of everything the vendor says,
        however written.
        """
        self._secrets |= {
            secret,
            quote(secret, safe=""),
            quote_plus(secret),
            json.dumps(secret)[1:-1],
        }

    def said(self, data: Any) -> list[str]:  # noqa: ANN401 - an error answer is any JSON
        """Return the vendor's own messages, in one line each, cut, without secrets and without
        e-mail addresses.
        """
        return self.cleaned(self.messages(data))

    def cleaned(self, messages: Sequence[str]) -> list[str]:
        """Return messages that a vendor's answer holds as `said` does."""
        return [self._cleaned(message[:MOST_READ]) for message in messages[:10]]

    def _cleaned(self, message: str) -> str:
        for secret in sorted(filter(None, self._secrets), key=len, reverse=True):
            message = re.sub(re.escape(secret), "***", message, flags=re.IGNORECASE)
        message = EMAIL.sub("***", message)
        visible = "".join(char if char.isprintable() else " " for char in message[:MESSAGE_LENGTH])
        return " ".join(visible.split())

    def send(self, request: requests.Request) -> tuple[requests.Response, bytes]:
        """Send once, at the vendor's pace, and read the whole answer within the time limit."""
        self._sit_out_pause()
        self.pace.wait_for_turn()
        self.requests_sent += 1
        deadline = time.monotonic() + SILENCE_SECONDS
        prepared = self._session.prepare_request(request)
        settings = self._session.merge_environment_settings(
            prepared.url, {}, stream=True, verify=None, cert=None
        )
        if self.base_url.startswith("http:"):
            settings[
                "proxies"
            ] = {}  # that is this machine: no proxy of the environment gets to see our keys
        response = self._session.send(
            prepared, timeout=(CONNECT_SECONDS, SILENCE_SECONDS), allow_redirects=False, **settings
        )
        told = _timestamp(response.headers.get("Date", ""))
        self.skew = self.skew if told is None else told - time.time()
        with response:
            content = bytearray()
            for chunk in response.iter_content(65536):
                content += chunk
                if time.monotonic() > deadline or len(content) > LARGEST_ANSWER:
                    raise requests.exceptions.ReadTimeout
        wait = self.pace.learn(response.headers)
        if wait:
            self.pause(wait)
        return response, bytes(content)

    def pause(self, seconds: float) -> None:
        """Leave the vendor alone for so long, or longer where that was asked before: this process
        and the next ones.
        """
        if seconds > self._pause_left():
            until = datetime.now(UTC) + timedelta(seconds=min(seconds, LONGEST_PAUSE_SECONDS))
            self.pauses.set_note(self._pause_key, until.isoformat())

    @property
    def _pause_key(self) -> str:
        return f"pause {self.base_url}"

    def _pause_left(self) -> float:
        until = self.pauses.moment(self._pause_key)
        left = (until - datetime.now(UTC)).total_seconds() if until else 0.0
        return left if left <= LONGEST_PAUSE_SECONDS else 0.0

    def _sit_out_pause(self) -> None:
        """Wait until the vendor may be asked again; another process may make that later
        meanwhile.
        """
        while (seconds := self._pause_left()) > 0:
            if self.waited + seconds > WAIT_SECONDS:
                until = (datetime.now(UTC) + timedelta(seconds=seconds)).astimezone()
                message = _("{vendor} asks to be left alone until {moment}.")
                raise WaitTooLong(
                    message.format(vendor=_(self.vendor), moment=f"{until:%Y-%m-%d %H:%M:%S}"),
                    _(
                        "Nothing is lost. Run the same command again after that; until then:"
                        " mww2minox report"
                    ),
                )
            log.info("%s asks to wait %.0f s", self.vendor, seconds)
            self.waited += seconds
            time.sleep(seconds)


class _Attempt:
    """One request with its repetitions."""

    def __init__(
        self, transport: Transport, request: requests.Request, shown: str, *, repeat: bool
    ) -> None:
        self.transport = transport
        self.request = request
        self.shown = shown
        self.repeat = repeat
        self.failures = 0
        self.pauses = 0
        self.started = time.monotonic() - transport.waited

    @property
    def vendor(self) -> str:
        """The vendor's name in the reader's language."""
        return _(self.transport.vendor)

    def until_answered(self) -> Answer:
        retrying = Retrying(
            retry=retry_if_exception_type((_TryAgain, _Paused)),
            stop=self._give_up,
            wait=self._wait,
            reraise=True,
        )
        try:
            return retrying(self._once)
        except _TryAgain as failed:
            raise failed.error from None

    def _once(self) -> Answer:
        try:
            response, content = self.transport.send(self.request)
        except (
            requests.RequestException,
            HTTPError,
        ) as error:  # a host that is no name comes as urllib3's own
            log.info("%s: no answer (%s)", self.shown, type(error).__name__)
            raise self._no_answer(error) from None
        log.info("%s: %s", self.shown, response.status_code)
        return self._read(response, content)

    def _no_answer(self, error: Exception) -> Exception:
        message = _("{vendor} at {url} gives no answer ({error}).")
        unreachable = Unreachable(
            message.format(
                vendor=self.vendor, url=self.transport.base_url, error=type(error).__name__
            ),
            _(
                "Nothing is lost. Check the connection, then run the same command again, or:"
                " mww2minox check"
            ),
        )
        never_left = isinstance(error, requests.ConnectionError) and _is_refused_connection(error)
        return _TryAgain(unreachable) if self.repeat or never_left else unreachable

    def _read(self, response: requests.Response, content: bytes) -> Answer:
        """Turn a response into an answer, or into the error that it stands for."""
        status = response.status_code
        if status == requests.codes.too_many_requests:
            self.pauses += 1
            self.transport.pause(_retry_after(response) or self._backoff(self.pauses + 2))
            raise _Paused
        if status >= requests.codes.server_error or status == requests.codes.request_timeout:
            self.transport.pause(_retry_after(response) or 0.0)
            raise self._failing(status)
        if status >= requests.codes.bad_request:
            raise Refused(status, self.transport.said(_json_or_none(content)))
        if status >= requests.codes.multiple_choices:
            message = _(
                "{vendor} answers {request} with a redirect ({status}), which is not followed."
            )
            raise UnusableAnswer(
                message.format(vendor=self.vendor, request=self.shown, status=status),
                _("Check the url in the config, then run: mww2minox check"),
            )
        try:
            return Answer(status=status, headers=response.headers, data=_json(content))
        except ValueError:
            raise self._unusable(response, content) from None

    def _failing(self, status: int) -> Exception:
        message = _("{vendor} answers {request} with a server error ({status}).")
        failing = ServerFails(
            message.format(vendor=self.vendor, request=self.shown, status=status),
            _("Nothing is lost. Run the same command again later, or: mww2minox check"),
        )
        return _TryAgain(failing) if self.repeat else failing

    def _unusable(self, response: requests.Response, content: bytes) -> Exception:
        kind = response.headers.get("Content-Type", "").partition(";")[0] or _("no content type")
        message = _(
            "{vendor} answers {request} with something that is not JSON ({kind}, {count} bytes)."
        )
        suggestion = _("Check that {url} is the right url in the config, then run: mww2minox check")
        unusable = UnusableAnswer(
            message.format(
                vendor=self.vendor, request=self.shown, kind=kind[:60], count=len(content)
            ),
            suggestion.format(url=self.transport.base_url),
        )
        return _TryAgain(unusable) if self.repeat and self.request.method == "GET" else unusable

    def _give_up(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Paused):
            return False
        self.failures += 1
        return self.failures >= ATTEMPTS or self._silent() > SILENCE_SECONDS

    def _silent(self) -> float:
        """How long it has been trying; what it waited because the vendor asked for it does not
        count.
        """
        return time.monotonic() - self.started - self.transport.waited

    def _wait(self, state: RetryCallState) -> float:
        """Full jitter after a failure; a pause is sat out before the next request is sent."""
        error = state.outcome.exception() if state.outcome else None
        return 0.0 if isinstance(error, _Paused) else self._backoff(self.failures)

    def _backoff(self, exponent: int) -> float:
        return random.uniform(0, min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2**exponent))  # noqa: S311 - jitter


def _is_refused_connection(error: requests.ConnectionError) -> bool:
    """Tell whether a connection was never made, so that nothing can have been carried out."""
    cause = error.args[0] if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(
        getattr(cause, "reason", None), NewConnectionError
    )


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds of `Retry-After`, in either form, or None."""
    value = response.headers.get("Retry-After", "")
    seconds = _number(value)
    if seconds is None:
        seconds = _seconds_until(value, response.headers)
    return max(seconds, 0.0) if seconds is not None else None


def _seconds_until(http_date: str, headers: Mapping[str, str]) -> float | None:
    until = _timestamp(http_date)
    return None if until is None else until - _vendors_time(headers)


def _vendors_time(headers: Mapping[str, str]) -> float:
    """Return the time (seconds since 1970) by the vendor's clock, where it tells it and ours is
    wrong.
    """
    ours, told = time.time(), _timestamp(headers.get("Date", ""))
    return ours if told is None or abs(told - ours) < CLOCK_TOLERANCE_SECONDS else told


def _timestamp(http_date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(text: str | None) -> float | None:
    try:
        return (
            float(text) if text is not None and text.strip().replace(".", "", 1).isdigit() else None
        )
    except ValueError:
        return None


def _json(content: bytes) -> Any:  # noqa: ANN401 - JSON is anything until a client has looked at it
    """Read JSON with numbers as Decimal; None for an empty body. Raises ValueError."""
    if not content.strip():
        return None
    try:
        return json.loads(content.decode(), parse_float=Decimal, parse_constant=_refuse_constant)
    except (RecursionError, ArithmeticError):  # too deep, or an exponent that no Decimal holds
        raise ValueError from None


def _refuse_constant(name: str) -> Any:  # noqa: ANN401 - never returns
    raise ValueError(name)


def _json_or_none(content: bytes) -> Any:  # noqa: ANN401 - see _json
    try:
        return _json(content)
    except ValueError:
        return None
