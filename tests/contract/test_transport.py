"""HTTP to a vendor: what is sent again, how fast, when it stops, and what it says."""

import datetime as dt
from email.utils import format_datetime
from socket import gaierror
from typing import Any, NoReturn
from unittest import mock
from urllib.parse import urlsplit

import pytest
import requests
import requests_mock
from urllib3 import HTTPSConnectionPool
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import LocationParseError, MaxRetryError, NameResolutionError

from mww2minox.errors import Refused, Unreachable, UnusableAnswer, VendorError, WaitTooLong
from mww2minox.sandbox import Fault, Sandbox
from mww2minox.transport import ATTEMPTS, Answer
from mww2minox.wiring import Wiring
from tests.harness.clients import INSIDE, Processes, asked, log_in
from tests.harness.clock import Clock

NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
LISTED = f"{INSIDE}/journal"
UNKNOWN_NAME = MaxRetryError(
    HTTPSConnectionPool("shop.example"),
    "/",
    NameResolutionError("shop.example", HTTPSConnection("shop.example"), gaierror()),
)


@pytest.fixture
def samples() -> bool:
    """No test here needs an order."""
    return False


def get(wiring: Wiring, path: str = LISTED) -> Answer:
    """Send one GET to Minox, with a token."""
    headers = {"Authorization": f"Bearer {wiring.login.access_token()}"}
    return wiring.minox_transport.request("GET", path, headers=headers)


def send(wiring: Wiring, method: str, *, repeat: bool = True) -> Answer:
    """Send a request that the sandbox answers with 404."""
    headers = {"Authorization": f"Bearer {wiring.login.access_token()}"}
    return wiring.minox_transport.request(
        method, f"{INSIDE}/nothing", headers=headers, body=b"{}", repeat=repeat, shown="nothing"
    )


PASSING = [
    Fault("drop_before", side="minox"),
    Fault("drop_after", side="minox"),
    Fault("truncated", side="minox"),
    Fault("status", side="minox", status=500),
    Fault("status", side="minox", status=503),
    Fault("status", side="minox", status=408),
    Fault("429", side="minox", retry_after="1"),
]


def test_a_host_that_is_no_name_is_out_of_reach(wiring: Wiring) -> None:
    wiring.shop_transport.base_url = "https://api..example"
    with pytest.raises(Unreachable, match="gives no answer.*mww2minox check$") as caught:
        wiring.shop.store()
    # It never answered there, so it may be the url that is wrong.
    assert "that https://api..example is the right url in the config" in caught.value.suggestion


# What is sent again.


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_a_get_is_sent_again_while_what_is_wrong_may_pass(
    sandbox: Sandbox, wiring: Wiring, fault: Fault
) -> None:
    sandbox.faults.append(Fault(**{**fault.as_dict(), "times": ATTEMPTS - 1}))
    assert get(wiring).status == 200
    assert len(sandbox.requests) == ATTEMPTS


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_a_put_is_sent_again_with_the_same_bytes(
    sandbox: Sandbox, wiring: Wiring, fault: Fault
) -> None:
    sandbox.faults.append(Fault(**{**fault.as_dict(), "times": 2}))
    with pytest.raises(Refused) as caught:
        send(wiring, "PUT")
    assert caught.value.status == 404
    assert len(asked(sandbox, "PUT")) == 3


@pytest.mark.parametrize("fault", PASSING[:-1], ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_a_post_that_may_have_been_carried_out_is_not_sent_again(
    sandbox: Sandbox, wiring: Wiring, fault: Fault
) -> None:
    sandbox.faults.append(Fault(**fault.as_dict()))
    with pytest.raises(Unreachable):
        send(wiring, "POST", repeat=False)
    assert len(asked(sandbox, "POST")) == 1


def test_a_post_that_was_refused_by_429_is_sent_again(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.faults.append(Fault("429", side="minox", retry_after="3"))
    with pytest.raises(Refused):
        send(wiring, "POST", repeat=False)
    assert [seen.status for seen in asked(sandbox, "POST")] == [429, 404]


def test_a_post_that_never_left_is_sent_again(
    sandbox: Sandbox, wiring: Wiring, clock: Clock
) -> None:
    wiring.login.access_token()
    port = urlsplit(sandbox.minox_url).port or 0
    sandbox.stop()
    slept = clock.sleep

    def start_again(seconds: float) -> None:
        if not sandbox.minox_url.endswith("/"):
            sandbox.start(minox_port=port)
            sandbox.minox_url += "/"
        slept(seconds)

    with mock.patch("time.sleep", start_again), pytest.raises(Refused):
        send(wiring, "POST", repeat=False)
    assert len(asked(sandbox, "POST")) == 1


def test_a_put_is_not_sent_again_after_a_2xx_that_makes_no_sense(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    sandbox.faults.append(Fault("html", side="minox"))
    with pytest.raises(UnusableAnswer):
        send(wiring, "PUT")
    assert len(asked(sandbox, "PUT")) == 1


def test_a_redirect_is_never_followed_and_takes_no_token_along(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    sandbox.faults.append(Fault("redirect", side="minox", location=f"{sandbox.shop_url}/v1/store"))
    with pytest.raises(UnusableAnswer, match=r"redirect \(302\).*mww2minox check$"):
        get(wiring)
    assert [(seen.side, seen.status) for seen in sandbox.requests] == [("minox", 302)]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 418, 422])
def test_a_refusal_is_not_sent_again(sandbox: Sandbox, wiring: Wiring, status: int) -> None:
    sandbox.faults.append(Fault("status", side="minox", status=status, times=None))
    with pytest.raises(Refused) as caught:
        get(wiring)
    assert caught.value.status == status
    assert len(sandbox.requests) == 1


def test_a_vendor_that_stays_silent_ends_it_after_half_a_minute(
    sandbox: Sandbox, wiring: Wiring, clock: Clock
) -> None:
    sandbox.faults.append(Fault("drop_before", side="minox", times=None))
    with pytest.raises(Unreachable, match="gives no answer.*mww2minox check$"):
        get(wiring)
    assert len(sandbox.requests) <= ATTEMPTS
    assert sum(clock.slept) < 60


def test_an_answer_that_takes_longer_than_half_a_minute_is_none(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    sandbox.faults.append(Fault("slow", side="minox", seconds=31, times=None))
    with pytest.raises(Unreachable):
        get(wiring)
    assert len(sandbox.requests) == 1


def test_an_answer_that_takes_its_time_is_waited_for(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.faults.append(Fault("slow", side="minox", seconds=25))
    assert get(wiring).status == 200


def test_nobody_listening_is_told_with_the_address_and_a_command(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    wiring.login.access_token()
    sandbox.stop()
    with pytest.raises(
        Unreachable, match=r"Minox at http://127\.0\.0\.1:\d+ gives no answer.*mww2minox check$"
    ) as caught:
        get(wiring)
    assert caught.value.message.endswith("gives no answer: Connection refused.")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.ReadTimeout(), "it takes too long"),
        (requests.exceptions.SSLError(), "the secure connection fails"),
        (requests.exceptions.ProxyError(), "the proxy cannot be reached"),
        (LocationParseError("api..example"), "this address cannot be used"),
        (requests.ConnectionError("an address"), "the connection was broken off"),
        (requests.ConnectionError(UNKNOWN_NAME), "the name of the server is not found"),
    ],
)
def test_why_no_answer_came_is_told_in_words(
    wiring: Wiring, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(*_arguments: object, **_options: object) -> NoReturn:
        raise error

    monkeypatch.setattr(wiring.shop_transport, "send", fail)
    with pytest.raises(Unreachable, match=words) as caught:
        wiring.shop.store()
    assert type(error).__name__ not in str(caught.value)


def test_waits_between_attempts_differ_and_stay_short(
    sandbox: Sandbox, wiring: Wiring, clock: Clock
) -> None:
    sandbox.faults.append(Fault("status", side="minox", times=None))
    for _ in range(5):
        with pytest.raises(Unreachable):
            get(wiring)
    assert len({round(seconds, 4) for seconds in clock.slept}) > 10
    assert max(clock.slept) <= 8


# Leaving a vendor alone.


@pytest.mark.parametrize(
    "retry_after", ["7", " 7", "7.0", format_datetime(NOON + dt.timedelta(seconds=8), usegmt=True)]
)
def test_retry_after_is_obeyed_in_either_form(
    sandbox: Sandbox, wiring: Wiring, clock: Clock, retry_after: str
) -> None:
    sandbox.faults.append(Fault("429", side="minox", retry_after=retry_after))
    assert get(wiring).status == 200
    assert 5 <= max(clock.slept) <= 8


@pytest.mark.parametrize("retry_after", [None, "", "soon", "-5", "0", "Mon, 99 Foo 2026"])
def test_a_429_that_names_no_moment_is_waited_for_all_the_same(
    sandbox: Sandbox, wiring: Wiring, clock: Clock, retry_after: str | None
) -> None:
    sandbox.faults.append(Fault("429", side="minox", retry_after=retry_after, times=8))
    assert get(wiring).status == 200
    assert sum(clock.slept) > 0.5


def test_a_date_in_the_past_does_not_wait(sandbox: Sandbox, wiring: Wiring, clock: Clock) -> None:
    past = format_datetime(NOON - dt.timedelta(days=1), usegmt=True)
    sandbox.faults.append(Fault("429", side="minox", retry_after=past))
    assert get(wiring).status == 200
    assert sum(clock.slept) < 10


def test_retry_after_as_a_date_goes_by_the_vendors_own_clock(wiring: Wiring, clock: Clock) -> None:
    vendors = NOON - dt.timedelta(hours=2)
    headers = {
        "Date": format_datetime(vendors, usegmt=True),
        "Retry-After": format_datetime(vendors + dt.timedelta(seconds=20), usegmt=True),
    }
    with requests_mock.Mocker() as minox:
        minox.get(LISTED, [{"status_code": 429, "headers": headers}, {"json": []}])
        assert get(wiring).status == 200
    assert 19 <= max(clock.slept) <= 20


@pytest.mark.parametrize("seconds", [-7200, 0, 300])
def test_how_far_the_vendors_clock_is_from_ours_is_remembered(wiring: Wiring, seconds: int) -> None:
    assert wiring.shop_transport.skew is None
    dated = {"Date": format_datetime(NOON + dt.timedelta(seconds=seconds), usegmt=True)}
    with requests_mock.Mocker() as minox:
        minox.get(
            LISTED,
            [
                {"json": [], "headers": dated},
                {"json": [], "headers": {"Date": "soon"}},
                {"json": []},
            ],
        )
        for _ in range(3):
            get(wiring)
            assert wiring.minox_transport.skew == pytest.approx(seconds, abs=5)


@pytest.mark.parametrize(
    "told", ["", "soon", "Fri, 20 Mar 2026 12:00:00 +99999999999999999", "Fri, 99 Xyz 0000 99:99"]
)
def test_a_date_that_is_none_is_passed_over(wiring: Wiring, told: str) -> None:
    before = wiring.minox_transport.skew
    with requests_mock.Mocker() as minox:
        minox.get(LISTED, json=[], headers={"Date": told})
        assert get(wiring).status == 200
    assert wiring.minox_transport.skew == before


def test_retry_after_of_a_503_is_obeyed(sandbox: Sandbox, wiring: Wiring, clock: Clock) -> None:
    sandbox.faults.append(Fault("status", side="minox", status=503, retry_after="100"))
    assert get(wiring).status == 200
    assert sum(clock.slept) >= 99


def test_what_was_waited_for_the_vendor_does_not_count_as_its_silence(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    sandbox.faults.append(Fault("429", side="minox", retry_after="100"))
    sandbox.faults.append(Fault("status", side="minox", status=502))
    assert get(wiring).status == 200


def test_a_vendor_that_asks_for_too_much_is_left_alone_by_the_next_process_too(
    sandbox: Sandbox, wiring: Wiring, processes: Processes, clock: Clock
) -> None:
    sandbox.faults.append(Fault("429", side="minox", retry_after="3000"))
    with pytest.raises(WaitTooLong, match=r"until 20 Mar 2026 .*mww2minox report$"):
        get(wiring)
    assert len(sandbox.requests) == 1
    assert sum(clock.slept) < 1

    another = processes.start()
    with pytest.raises(WaitTooLong):
        get(another)
    clock.pass_by(2600)
    with pytest.raises(WaitTooLong):
        get(processes.start())
    assert len(sandbox.requests) == 1

    clock.pass_by(150)
    assert get(processes.start()).status == 200
    assert 200 <= sum(clock.slept) <= 250


def test_waits_add_up_to_five_minutes_in_all(
    sandbox: Sandbox, wiring: Wiring, clock: Clock
) -> None:
    sandbox.faults.append(Fault("429", side="minox", retry_after="80", times=None))
    with pytest.raises(WaitTooLong):
        get(wiring)
    assert len(sandbox.requests) == 4
    assert 239 <= sum(clock.slept) <= 300


def test_one_vendors_pause_is_not_the_others(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.faults.append(Fault("429", side="minox", retry_after="3600"))
    with pytest.raises(WaitTooLong):
        get(wiring)
    assert wiring.shop.store().country == "NL"


def test_a_shorter_pause_does_not_end_a_longer_one(
    sandbox: Sandbox, wiring: Wiring, processes: Processes, clock: Clock
) -> None:
    another = processes.start()
    another.minox_transport.pause(200)
    wiring.minox_transport.pause(2)
    get(wiring)
    assert sum(clock.slept) >= 199
    assert len(sandbox.requests) == 1


def test_a_pause_that_grows_while_it_is_sat_out_is_obeyed(
    sandbox: Sandbox, wiring: Wiring, processes: Processes, clock: Clock
) -> None:
    another = processes.start()

    def meanwhile(seconds: float) -> None:
        another.minox_transport.pause(3600)
        clock.sleep(seconds)

    wiring.minox_transport.pause(10)
    with mock.patch("time.sleep", meanwhile), pytest.raises(WaitTooLong):
        get(wiring)
    assert not sandbox.requests


# Whether it may have been carried out, whatever it ends with.


LONG = Fault("429", side="minox", retry_after="1000")
LOST = [Fault("status", status=502), Fault("status", status=408), Fault("drop_after")]
MADE_NO_SENSE = [Fault("html"), Fault("redirect")]


@pytest.mark.parametrize(
    ("faults", "in_doubt"),
    [
        ([LONG], False),
        ([Fault("status", status=400)], False),
        ([Fault("429", retry_after="1"), Fault("status", status=400)], False),
        *[([fault], True) for fault in MADE_NO_SENSE],
        *[([fault, LONG], True) for fault in LOST],
        *[([fault, Fault("status", status=400)], True) for fault in LOST],
    ],
)
def test_what_ends_a_request_tells_whether_any_attempt_may_have_been_carried_out(
    sandbox: Sandbox, wiring: Wiring, faults: list[Fault], in_doubt: bool
) -> None:
    sandbox.faults.extend(Fault(**{**fault.as_dict(), "method": "PUT"}) for fault in faults)
    with pytest.raises((Refused, VendorError)) as ended:
        send(wiring, "PUT")
    assert isinstance(ended.value, Refused | VendorError)
    assert ended.value.in_doubt is in_doubt


def test_a_request_that_never_left_was_not_carried_out(sandbox: Sandbox, wiring: Wiring) -> None:
    wiring.login.access_token()
    sandbox.stop()
    with pytest.raises(Unreachable) as ended:
        send(wiring, "PUT")
    assert not ended.value.in_doubt


def test_each_attempt_is_told_before_it_leaves(sandbox: Sandbox, wiring: Wiring) -> None:
    sandbox.faults.append(Fault("status", status=500, method="PUT"))
    seen: list[int] = []
    with pytest.raises(Refused):
        wiring.minox_transport.request(
            "PUT",
            f"{INSIDE}/nothing",
            headers={"Authorization": f"Bearer {wiring.login.access_token()}"},
            leaving=lambda: seen.append(len(asked(sandbox, "PUT"))),
        )
    assert seen == [0, 1]


# Pace.


@pytest.mark.parametrize("retry_after", ["seconds", "date", "none"])
def test_a_hundred_requests_learn_the_servers_limit_and_never_meet_it(
    sandbox: Sandbox, wiring: Wiring, clock: Clock, retry_after: str
) -> None:
    sandbox.settings.update({"rate_limit": 20, "rate_window": 2.0, "retry_after": retry_after})
    started = clock.true_time()
    for _ in range(100):
        get(wiring)
    assert {seen.status for seen in sandbox.requests} == {200}
    assert len(sandbox.requests) == 100
    assert clock.true_time() - started >= 9, "a slow machine sleeps less"
    assert sum(clock.slept) <= 13
    assert max(clock.slept) < 1


def test_a_limit_that_is_lowered_meanwhile_is_learned_anew(
    sandbox: Sandbox, wiring: Wiring
) -> None:
    for limit in (100, 10, 40):
        sandbox.settings.update({"rate_limit": limit, "rate_window": 2.0})
        for _ in range(60):
            get(wiring)
    assert [seen.status for seen in sandbox.requests].count(429) <= 2


def test_a_window_that_others_use_too_is_stopped_for_at_remaining_0(
    sandbox: Sandbox, wiring: Wiring, processes: Processes, clock: Clock
) -> None:
    sandbox.settings.update({"rate_limit": 20, "rate_window": 60.0})
    another = processes.start()
    for _ in range(12):
        get(another)
    slept = sum(clock.slept)
    for _ in range(9):
        get(wiring)
    assert {seen.status for seen in sandbox.requests} == {200}
    assert sum(clock.slept) - slept > 5


def test_remaining_0_stops_until_the_reset(wiring: Wiring, clock: Clock) -> None:
    reset = str(int((NOON.timestamp() + 40) * 1000))
    headers = {
        "X-Rate-Limit-Limit": "20",
        "X-Rate-Limit-Remaining": "0",
        "X-Rate-Limit-Reset": reset,
    }
    with requests_mock.Mocker() as minox:
        minox.get(LISTED, [{"json": [], "headers": headers}, {"json": []}])
        get(wiring)
        assert sum(clock.slept) < 1
        get(wiring)
    assert 38 <= sum(clock.slept) <= 41


def used_up(clock: Clock, seconds: float) -> dict[str, str]:
    """Return headers that say that nothing remains for so long."""
    return {
        "X-Rate-Limit-Limit": "20",
        "X-Rate-Limit-Remaining": "0",
        "X-Rate-Limit-Reset": str(int((clock.true_time() + seconds) * 1000)),
    }


def test_waiting_for_windows_that_are_used_up_is_pace(
    wiring: Wiring, processes: Processes, clock: Clock
) -> None:
    def nothing_left(_request: object, context: Any) -> list[Any]:
        context.headers.update(used_up(clock, 100))
        return []

    with requests_mock.Mocker() as minox:
        minox.get(LISTED, json=nothing_left)
        for _ in range(4):
            get(wiring)
    assert 295 <= sum(clock.slept) <= 305
    assert wiring.minox_transport.waited_as_asked == 0

    another = processes.start()
    with requests_mock.Mocker() as minox:
        minox.get(LISTED, json=[])
        get(another)
    assert 395 <= sum(clock.slept) <= 405, "the next process waits for it too"
    assert another.minox_transport.waited_as_asked == 0


def test_a_429_is_no_pace_also_when_its_headers_tell_the_window(
    wiring: Wiring, clock: Clock
) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(LISTED, status_code=429, headers=used_up(clock, 301))
        with pytest.raises(WaitTooLong):
            get(wiring)
    assert sum(clock.slept) < 1


def test_a_window_of_more_than_an_hour_ends_the_run(wiring: Wiring, clock: Clock) -> None:
    with requests_mock.Mocker() as minox:
        minox.get(LISTED, json=[], headers=used_up(clock, 4000))
        get(wiring)
        with pytest.raises(WaitTooLong):
            get(wiring)
    assert sum(clock.slept) < 1


@pytest.mark.parametrize("odd", ["", "x", "-1", "0", None])
@pytest.mark.parametrize("name", ["Limit", "Reset"])
def test_rate_limit_headers_that_make_no_sense_are_left_alone(
    wiring: Wiring, clock: Clock, name: str, odd: str | None
) -> None:
    right = {"Limit": "20", "Remaining": "0", "Reset": str(int((NOON.timestamp() + 100) * 1000))}
    headers = {
        f"X-Rate-Limit-{key}": value
        for key, value in (right | {name: odd}).items()
        if value is not None
    }
    with requests_mock.Mocker() as minox:
        minox.get(LISTED, json=[], headers=headers)
        for _ in range(3):
            get(wiring)
    assert sum(clock.slept) < 1


def test_without_headers_the_configured_pace_is_kept(
    wiring: Wiring, processes: Processes, clock: Clock
) -> None:
    del wiring
    slow = processes.start(minox={"requests_per_second": 5})
    with requests_mock.Mocker() as minox:
        minox.get(LISTED, json=[])
        for _ in range(11):
            get(slow)
    assert 1.5 <= sum(clock.slept) <= 2


# What it says.


@pytest.mark.parametrize(
    "kind", ["html", "broken_json", "truncated", "drop_before", "redirect", "status", "slow"]
)
def test_neither_tokens_nor_addresses_get_into_a_sentence_or_the_log(
    sandbox: Sandbox, stranger: Wiring, log: pytest.LogCaptureFixture, kind: str
) -> None:
    log_in(stranger)
    sandbox.faults.append(Fault(kind, path="by_email", seconds=31, times=None))  # type: ignore[arg-type]
    with pytest.raises(VendorError) as caught:
        stranger.minox.customers_by_email("jan.jansen+1@example.nl")

    tokens = stranger.store.tokens()
    assert tokens
    told = str(caught.value) + log.text
    assert "customer/by_email/..." in log.text
    for secret in (
        "jan.jansen",
        "example.nl",
        tokens.access_token,
        tokens.refresh_token,
        "sandbox-client-secret",
    ):
        assert secret not in told


def test_what_a_vendor_says_is_cut_cleaned_and_without_secrets(wiring: Wiring) -> None:
    token = wiring.login.access_token()
    said = f"No: {token} sandbox-client-secret \x1b[31m\u202eabc " + "x" * 1000
    with requests_mock.Mocker() as minox:
        minox.get(f"{INSIDE}/customer/by_email/a%40b.nl", status_code=400, json=[{"message": said}])
        with pytest.raises(Refused) as caught:
            wiring.minox.customers_by_email("a@b.nl")
    message = caught.value.messages[0]
    assert message.startswith("No: *** *** [31m abc xxx")
    assert len(message) <= 300


def test_a_password_in_netrc_does_not_take_the_tokens_place(wiring: Wiring, home: object) -> None:
    with open(f"{home}/.netrc", "w", encoding="utf-8") as netrc:  # noqa: PTH123
        netrc.write("machine 127.0.0.1 login a password b\n")
    assert get(wiring).status == 200
