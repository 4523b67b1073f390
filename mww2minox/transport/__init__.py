"""HTTP to a vendor: time limits, retries, pace, pauses; errors become sentences without secrets.

The only seam to the network; any number of workers may use it at once. GET and PUT are repeated on
connection errors, 429 and 5xx, with full jitter and `Retry-After`; a POST never, unless it was
refused by a 429 or never left; no redirect is followed (minox/exactly_once.md, "What is repeated").
"""

import json
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import quote, quote_plus

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from tenacity import RetryCallState, Retrying, retry_if_exception_type
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from mww2minox import __version__
from mww2minox.errors import (
    Refused,
    ServerFails,
    Unreachable,
    UnusableAnswer,
    VendorError,
    WaitTooLong,
)
from mww2minox.language.cleaning import one_line
from mww2minox.language.page import page_text
from mww2minox.language.texts import N_, _, moment, system_problem
from mww2minox.transport.headers import retry_after, timestamp
from mww2minox.transport.limiter import Limiter
from mww2minox.transport.waiting import go_on, wait

SILENCES = {
    requests.Timeout: N_("it takes too long"),
    requests.exceptions.ProxyError: N_("the proxy cannot be reached"),
    requests.exceptions.SSLError: N_(
        "the secure connection fails (is the certificate valid, and the clock right?)"
    ),
    requests.exceptions.InvalidURL: N_("this address cannot be used"),
    HTTPError: N_("this address cannot be used"),
}
"""Why no answer came, by the exception."""
CONNECT_SECONDS = 10
SILENCE_SECONDS = 30
"""A vendor that gives no answer for so long ends the run."""
ATTEMPTS = 6
BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 8
WAIT_SECONDS = 300
"""How long a run waits in all for one vendor's `Retry-After`."""
LONGEST_WINDOW_SECONDS = 3_600
"""How long a run waits for a window that is used up; a longer one ends it."""
LONGEST_PAUSE_SECONDS = 86_400
"""No vendor is left alone for more than a day: a later moment was set by a wrong clock."""
MESSAGE_LENGTH = 300
MOST_READ = 2_000
MOST_OF_PAGE = 20_000
EMAIL = re.compile(r"""[^\s@<>()\[\],;:"'=/?&]{1,64}(?:@|%40)[^\s@<>()\[\],;:"'=/?&]{1,255}""")
LARGEST_ANSWER = 64 * 1024 * 1024
MOST_CONNECTIONS = 64
"""More than there are workers: none waits for another's connection."""

log = logging.getLogger(__name__)

Observer = Callable[[str, str, int | None, int], None]
"""Takes the method and the path of a request, the status of its answer (None: there was none), and
the milliseconds that it took.
"""


class Notes(Protocol):
    """Keeps small facts of a vendor, for the next process too: until when it must be left alone,
    and at which url it answered.
    """

    def note(self, key: str) -> str | None:
        """Return a text, or None."""

    def moment(self, key: str) -> datetime | None:
        """Return the moment (aware), or None."""

    def set_note(self, key: str, value: str | None) -> None:
        """Keep a text, or forget it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A 2xx answer. `data` is its JSON with numbers as Decimal, or None when it has no body.

    `in_doubt`: an earlier attempt of the same request may have been carried out too.
    """

    status: int
    headers: Mapping[str, str]
    data: Any
    in_doubt: bool = False


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


class Transport:
    """Requests to one vendor.

    `vendor` is its name in sentences, marked with `N_`; times are seconds.
    """

    def __init__(  # noqa: PLR0913 - who, where, how fast, and how it tells errors
        self,
        *,
        vendor: str,
        base_url: str,
        notes: Notes,
        per_second: float,
        params: Mapping[str, str] | None = None,
        messages: Callable[[Any], list[str]],
    ) -> None:
        """`params` go with every request and into no text; `messages` reads a vendor's errors."""
        self.vendor = vendor
        self.base_url = base_url
        self.notes = notes
        self.limiter = Limiter(per_second)
        self.messages = messages
        self.waited_as_asked = 0.0
        """The seconds that were waited because it asked for them by `Retry-After`."""
        self.requests_sent = 0
        self.observe: Observer = _nobody
        """Is told of each request once it is answered, or that there was no answer."""
        self.skew: float | None = None
        """The seconds that the vendor's clock is ahead, by the last answer that told its time."""
        self._noted = False
        """Whether this process has seen to it that the url is noted as one that answers."""

        self._door = threading.Lock()
        """Held by the one worker whose request is the next to leave; others wait behind it."""
        self.is_failing = False
        """Whether the vendor failed on the last request that any worker sent."""
        self._noting = threading.Lock()
        """Held while it is noted until when the vendor is left alone."""

        self._params = dict(params or {})
        self._secrets: set[str] = set()
        for key, value in self._params.items():
            if "token" in key:
                self.hide(value)

        self._session = requests.Session()
        self._session.auth = _NoNetrc()
        # Workers share it: its pool of connections is made for that, and its cookies have a lock.
        for prefix in ("https://", "http://"):
            self._session.mount(prefix, HTTPAdapter(pool_maxsize=MOST_CONNECTIONS))
        self._session.headers.update(
            # no text: a word of HTTP
            {"Accept": "application/json", "User-Agent": f"mww2minox/{__version__}"}
        )

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
        leaving: Callable[[], None] | None = None,
    ) -> Answer:
        """Send a request and return its 2xx answer.

        `shown` stands for the path in texts where the path holds personal data. `repeat` says that
        sending it twice does no harm; `leaving` is called each time that it is about to leave. A
        PUT is not repeated after a 2xx that makes no sense: the caller reads back. Raises Refused
        (4xx), Unreachable, UnusableAnswer or WaitTooLong; their `in_doubt` says whether any attempt
        may have been carried out.
        """
        all_headers = dict(headers or {})
        if body is not None:
            all_headers = {"Content-Type": "application/json", **all_headers}

        request = requests.Request(
            method,
            self.base_url + path,
            params={**(params or {}), **self._params},
            headers=all_headers,
            data=form if body is None else body,
        )
        attempt = _Attempt(
            self, request, f"{method} {shown or path}", repeat=repeat, leaving=leaving
        )
        return attempt.until_answered()

    def hide(self, secret: str) -> None:
        """Keep a key, or what is known of a person, out of all that the vendor says."""
        if secret not in self._secrets:
            self._secrets.update(_forms(secret))

    def read_messages(self, data: Any) -> list[str]:  # noqa: ANN401 - an error answer is any JSON
        """Return the vendor's own messages in an error answer, cleaned."""
        return self.clean_messages(self.messages(data))

    def clean_messages(self, messages: Sequence[str]) -> list[str]:
        """Return up to ten messages, cut, each on a line, without secrets and e-mail addresses."""
        return [self._clean(message[:MOST_READ]) for message in messages[:10]]

    def page_words(self, kind: str, content: bytes) -> str:
        """Return what a page says that came in the place of JSON, cleaned; often nothing.

        Half an answer is no page: it may hold what is known of a person.
        """
        if not kind.startswith("text/"):
            return ""
        return self._clean(page_text(content[:MOST_OF_PAGE].decode(errors="replace")))

    def _clean(self, message: str) -> str:
        # Of a copy: other workers add theirs meanwhile. There are several of each order, so that
        # most are passed over quickly.
        folded = message.casefold()
        secrets = [secret for secret in tuple(self._secrets) if secret.casefold() in folded]

        # The longest first: a shorter secret may be a part of a longer one.
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            message = re.sub(re.escape(secret), "***", message, flags=re.IGNORECASE)
        return one_line(EMAIL.sub("***", message), read=MESSAGE_LENGTH)

    def unusable(self, request: str, data: object) -> UnusableAnswer:
        """Return the failure of an answer of status 200 whose JSON is not what was asked for.

        A vendor that is being maintained may answer so (shop/api.md, "Errors and strange answers").
        """
        words = "; ".join(filter(None, self.read_messages(data)))
        if words:
            message = _("{vendor} answers {request} with a message and no data: {words}")
        elif data in (None, "", [], {}):
            message = _("{vendor} gives an empty answer to {request}.")
        else:
            message = _("{vendor} answers {request} in a form that is not known.")

        sentence = message.format(vendor=_(self.vendor), request=request, words=words)
        return UnusableAnswer(sentence, self.advice())

    def advice(self) -> str:
        """Return what to do about an answer that makes no sense.

        The url is suspected only while no answer from there ever made sense.
        """
        if self._has_answered:
            return _("Nothing is lost. Run the same command again later, or: mww2minox check")

        suggestion = _(
            "Check that {url} is the right url in the config. If it is, try again later: mww2minox"
            " check"
        )
        return suggestion.format(url=self.base_url)

    def advice_on_silence(self) -> str:
        """Return what to do when no answer came; the url is suspected as in `advice`."""
        if self._has_answered:
            return _(
                "Nothing is lost. Check the connection, then run the same command again, or:"
                " mww2minox check"
            )

        suggestion = _(
            "Check the connection, and that {url} is the right url in the config; then run:"
            " mww2minox check"
        )
        return suggestion.format(url=self.base_url)

    @property
    def _has_answered(self) -> bool:
        """Whether an answer from this url ever made sense.

        Of older states it is known that the vendor answered, and not where.
        """
        return self.notes.note(self._url_key) in (self.base_url, "")

    def note_sense(self, data: object) -> None:
        """Remember that the url is right, once a process, where an answer from there makes sense.

        A page of maintenance is no proof, nor is its message.
        """
        makes_sense = isinstance(data, list | dict) and data and not has_message(data)
        if self._noted or not makes_sense:
            return

        if self.notes.note(self._url_key) != self.base_url:
            self.notes.set_note(self._url_key, self.base_url)
        self._noted = True

    @property
    def _url_key(self) -> str:
        # no text: a key in the state, or what a UUID is derived from
        return f"url of {self.vendor}"

    def wait_at_door(self) -> None:
        """Wait until a request may leave, at the vendor's pace, whichever worker sends it.

        One worker waits here, and all others behind it. Raises WaitTooLong, and Stopped where the
        run ends.
        """
        with self._door:
            go_on()
            self.limiter.missed += self.limiter.idle()
            # While one is sat out, another worker or process may have set another.
            while self._sit_out_window() or self._sit_out_pause() or self._wait_for_turn():
                continue
            self.limiter.leave()

    @property
    def missed(self) -> float:
        """The seconds in all in which a request might have left, and none was there."""
        now = 0.0 if self._door.locked() else self.limiter.idle()
        return self.limiter.missed + now

    def _wait_for_turn(self) -> bool:
        """Wait as long as the pace asks; return whether it did."""
        seconds = self.limiter.seconds_to_turn()
        if seconds:
            wait(seconds)
        return seconds > 0

    def send(
        self, request: requests.Request, leaving: Callable[[], None] | None = None
    ) -> tuple[requests.Response, bytes]:
        """Send once, after `wait_at_door`, and read the whole answer within the time limit."""
        try:
            if leaving:
                leaving()
            return self._send(request)
        finally:
            self.limiter.come_back()

    def _send(self, request: requests.Request) -> tuple[requests.Response, bytes]:
        self.requests_sent += 1
        left_at = time.monotonic()
        response, content = self._exchange(request)
        # no text: a word of HTTP
        vendors_time = timestamp(response.headers.get("Date", ""))
        if vendors_time is not None:
            self.skew = vendors_time - time.time()

        seconds = self.limiter.learn(response.headers, took=time.monotonic() - left_at)
        if response.status_code == requests.codes.too_many_requests:
            # It asks for this one; `Retry-After` may ask for more.
            self.limiter.refused()
            self.pause(seconds)
        elif seconds:
            self._leave_alone(self._window_key, seconds)
        return response, content

    def _exchange(self, request: requests.Request) -> tuple[requests.Response, bytes]:
        """Send, read the whole answer, and tell who observes."""
        started = time.monotonic()
        status = None
        try:
            response = self._open(request)
            content = _read_content(response, started + SILENCE_SECONDS)
            status = response.status_code
        finally:
            path = request.url.removeprefix(self.base_url)
            milliseconds = int((time.monotonic() - started) * 1000)
            self.observe(request.method, path, status, milliseconds)

        return response, content

    def _open(self, request: requests.Request) -> requests.Response:
        """Send, and read no further than the headers."""
        return self._session.send(
            self._session.prepare_request(request),
            timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
            allow_redirects=False,
            **self._environment,
        )

    @cached_property
    def _environment(self) -> dict[str, Any]:
        """What the environment says of proxies and certificates: the same for all requests."""
        settings = self._session.merge_environment_settings(
            self.base_url, {}, stream=True, verify=None, cert=None
        )
        # Without TLS it is this machine: no proxy of the environment gets to see our keys.
        if self.base_url.startswith("http:"):
            settings["proxies"] = {}

        return dict(settings)

    def pause(self, seconds: float) -> None:
        """Leave the vendor alone for so long, in this process and the next ones.

        Where it asked for a longer pause before, that stays.
        """
        self._leave_alone(self._pause_key, seconds)

    @property
    def _pause_key(self) -> str:
        # no text: a key in the state, or what a UUID is derived from
        return f"pause {self.base_url}"

    @property
    def _window_key(self) -> str:
        # no text: a key in the state, or what a UUID is derived from
        return f"window {self.base_url}"

    def _leave_alone(self, key: str, seconds: float) -> None:
        with self._noting:
            if seconds > self._seconds_left(key):
                until = datetime.now(UTC) + timedelta(seconds=min(seconds, LONGEST_PAUSE_SECONDS))
                self.notes.set_note(key, until.isoformat())

    def _seconds_left(self, key: str) -> float:
        until = self.notes.moment(key)
        if until is None:
            return 0.0

        left = (until - datetime.now(UTC)).total_seconds()
        return left if left <= LONGEST_PAUSE_SECONDS else 0.0

    def _sit_out_window(self) -> bool:
        """Wait for the next window where this one is used up; return whether there was one.

        That is pace: it does not count as waiting for `Retry-After`. Raises WaitTooLong.
        """
        seconds = self._seconds_left(self._window_key)
        if seconds <= 0:
            return False
        if seconds > LONGEST_WINDOW_SECONDS:
            raise self._wait_too_long(seconds)

        log.info("%s has no requests left for %.0f s", self.vendor, seconds)
        wait(seconds)
        return True

    def _sit_out_pause(self) -> bool:
        """Wait as long as the vendor asked; return whether it had. Raises WaitTooLong."""
        seconds = self._seconds_left(self._pause_key)
        if seconds <= 0:
            return False
        if self.waited_as_asked + seconds > WAIT_SECONDS:
            raise self._wait_too_long(seconds)

        log.info("%s asks to wait %.0f s", self.vendor, seconds)
        self.waited_as_asked += seconds
        wait(seconds)
        return True

    def _wait_too_long(self, seconds: float) -> WaitTooLong:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        message = _("{vendor} takes no requests until {moment} (there were too many).")
        suggestion = _(
            "Nothing is lost. Run the same command again after that; until then: mww2minox report"
        )
        return WaitTooLong(message.format(vendor=_(self.vendor), moment=moment(until)), suggestion)


class _Attempt:
    """One request with its repetitions."""

    def __init__(
        self,
        transport: Transport,
        request: requests.Request,
        shown: str,
        *,
        repeat: bool,
        leaving: Callable[[], None] | None,
    ) -> None:
        self.transport = transport
        self.request = request
        self.shown = shown
        self.repeat = repeat
        self.leaving = leaving
        self.in_doubt = False
        """Whether one of the attempts so far may have been carried out."""
        self.failures = 0
        self.pauses = 0
        self.started = time.monotonic()

    @property
    def vendor(self) -> str:
        """The vendor's name in the reader's language."""
        return _(self.transport.vendor)

    def until_answered(self) -> Answer:
        retrying = Retrying(
            retry=retry_if_exception_type((_TryAgain, _Paused)),
            stop=self._give_up,
            wait=self._pause,
            sleep=wait,
            reraise=True,
        )

        try:
            return retrying(self._once)
        except _TryAgain as failed:
            failed.error.in_doubt = self.in_doubt
            raise failed.error from None
        except (VendorError, Refused) as error:
            error.in_doubt = self.in_doubt
            raise

    def _once(self) -> Answer:
        arrived = time.monotonic()
        self.transport.wait_at_door()
        # What it waits for the vendor's sake, and behind others, is no silence.
        self.started += time.monotonic() - arrived

        try:
            response, content = self.transport.send(self.request, self.leaving)
        except (requests.RequestException, HTTPError) as error:
            # HTTPError is urllib3's own: so comes a host that is no name.
            log.info("%s: no answer (%s)", self.shown, type(error).__name__)
            self.transport.is_failing = True
            raise self._no_answer(error) from None

        log.info("%s: %s", self.shown, response.status_code)
        self.transport.is_failing = response.status_code >= requests.codes.server_error
        return self._read(response, content)

    def _no_answer(self, error: Exception) -> Exception:
        message = _("{vendor} at {url} gives no answer: {problem}.").format(
            vendor=self.vendor, url=self.transport.base_url, problem=_silence(error)
        )
        unreachable = Unreachable(message, self.transport.advice_on_silence())

        never_left = isinstance(error, requests.ConnectionError) and _is_refused_connection(error)
        self.in_doubt |= not never_left
        return _TryAgain(unreachable) if self.repeat or never_left else unreachable

    def _read(self, response: requests.Response, content: bytes) -> Answer:
        """Turn a response into an answer, or into the error that it stands for."""
        status = response.status_code
        if status == requests.codes.too_many_requests:
            self.pauses += 1
            self.transport.pause(retry_after(response.headers) or self._backoff(self.pauses + 2))
            raise _Paused

        if status >= requests.codes.server_error or status == requests.codes.request_timeout:
            self.in_doubt = True
            self.transport.pause(retry_after(response.headers) or 0.0)
            raise self._failing(status)

        if status >= requests.codes.bad_request:
            data = _json_or_none(content)
            refused = Refused(status, self.transport.read_messages(data))
            refused.data = data
            raise refused

        # Followed, a PUT would become a GET whose 200 looks like a booking.
        if status >= requests.codes.multiple_choices:
            self.in_doubt = True
            raise self._redirected(status)

        try:
            data = _json(content)
        except ValueError:
            self.in_doubt = True
            raise self._unusable(response, content) from None

        self.transport.note_sense(data)
        return Answer(status=status, headers=response.headers, data=data, in_doubt=self.in_doubt)

    def _redirected(self, status: int) -> UnusableAnswer:
        message = _("{vendor} answers {request} with a redirect ({status}), which is not followed.")
        return UnusableAnswer(
            message.format(vendor=self.vendor, request=self.shown, status=status),
            self.transport.advice(),
        )

    def _failing(self, status: int) -> Exception:
        message = _("{vendor} answers {request} with a server error ({status}).")
        failing = ServerFails(
            message.format(vendor=self.vendor, request=self.shown, status=status),
            _("Nothing is lost. Run the same command again later, or: mww2minox check"),
        )
        return _TryAgain(failing) if self.repeat else failing

    def _unusable(self, response: requests.Response, content: bytes) -> Exception:
        kind = response.headers.get("Content-Type", "").partition(";")[0] or _("no content type")
        words = self.transport.page_words(kind, content)
        if words:
            message = _("{vendor} answers {request} with a page and no data: {words}")
        else:
            message = _(
                "{vendor} answers {request} with something that is not JSON ({kind}, {count}"
                " bytes)."
            )

        sentence = message.format(
            vendor=self.vendor,
            request=self.shown,
            words=words,
            kind=kind[:60],
            count=len(content),
        )
        unusable = UnusableAnswer(sentence, self.transport.advice())

        # Half an answer may come whole the next time. A write may have been carried out, though:
        # the caller reads back.
        again = self.repeat and self.request.method == "GET"
        return _TryAgain(unusable) if again else unusable

    def _give_up(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Paused):
            return False

        self.failures += 1
        return self.failures >= ATTEMPTS or self._silent() > SILENCE_SECONDS

    def _silent(self) -> float:
        """Return the seconds of trying, without what it waited because the vendor asked for it."""
        return time.monotonic() - self.started

    def _pause(self, state: RetryCallState) -> float:
        """Full jitter after a failure; a pause is sat out before the next request is sent."""
        error = state.outcome.exception() if state.outcome else None
        return 0.0 if isinstance(error, _Paused) else self._backoff(self.failures)

    def _backoff(self, exponent: int) -> float:
        return random.uniform(0, min(LONGEST_BACKOFF_SECONDS, BACKOFF_SECONDS * 2**exponent))  # noqa: S311 - jitter


def _nobody(method: str, path: str, status: int | None, milliseconds: int) -> None:
    """Observe nothing."""


def has_message(data: object) -> bool:
    """Tell whether an answer is an object with something to say, as one in the place of data is."""
    return isinstance(data, dict) and bool(data.get("message"))


def _silence(error: Exception) -> str:
    """Tell in words why no answer came; the name of the exception is for the log."""
    for kind, words in SILENCES.items():
        if isinstance(error, kind):
            return _(words)

    # Of a connection that could not be made the system says why.
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    problem = getattr(reason, "__cause__", None)
    if isinstance(reason, NameResolutionError):
        return _("the name of the server is not found")
    if isinstance(problem, OSError) and problem.strerror:
        return system_problem(problem)
    return _("the connection was broken off")


def _is_refused_connection(error: requests.ConnectionError) -> bool:
    """Tell whether a connection was never made, so that nothing can have been carried out."""
    cause = error.args[0] if error.args else None
    return isinstance(error, requests.ConnectTimeout) or isinstance(
        getattr(cause, "reason", None), NewConnectionError
    )


def _forms(secret: str) -> set[str]:
    """Return a secret as it stands in an address, in a form and in JSON: a vendor may quote it."""
    in_json = json.dumps(secret)[1:-1]
    return {secret, quote(secret, safe=""), quote_plus(secret), in_json}


def _read_content(response: requests.Response, deadline: float) -> bytes:
    """Read the whole answer. Raises ReadTimeout past `deadline` (of the monotonic clock).

    An answer too large is one too: a vendor that drips or floods must not hold the run.
    """
    content = bytearray()
    with response:
        for chunk in response.iter_content(65536):
            content += chunk
            if time.monotonic() > deadline or len(content) > LARGEST_ANSWER:
                raise requests.exceptions.ReadTimeout
    return bytes(content)


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
