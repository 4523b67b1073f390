"""Moments and numbers in the headers of an answer."""

import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

CLOCK_TOLERANCE_SECONDS = 2
"""A `Date` header tells whole seconds, so that our own clock is the better one while they agree."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of `Retry-After`, in either form, or None."""
    value = headers.get("Retry-After", "")
    seconds = number_in(value)
    if seconds is None:
        seconds = _seconds_until(value, headers)
    return None if seconds is None else max(seconds, 0.0)


def _seconds_until(http_date: str, headers: Mapping[str, str]) -> float | None:
    until = timestamp(http_date)
    return None if until is None else until - vendors_time(headers)


def vendors_time(headers: Mapping[str, str]) -> float:
    """Return the time (seconds since 1970) by the vendor's clock, where ours is wrong."""
    ours = time.time()
    # no text: a word of HTTP
    theirs = timestamp(headers.get("Date", ""))
    if theirs is None or abs(theirs - ours) < CLOCK_TOLERANCE_SECONDS:
        return ours
    return theirs


def timestamp(http_date: str) -> float | None:
    """Return the seconds since 1970 of a date as HTTP writes it, or None."""
    try:
        moment = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):
        return None

    # "-0000" and no zone at all both come without one; HTTP's dates are UTC.
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp()


def number_in(text: str | None) -> float | None:
    """Return the number, not below 0, that a header is, or None."""
    if text is None or not text.strip().replace(".", "", 1).isdigit():
        return None
    try:
        return float(text)
    except ValueError:  # digits of a kind that float does not read, such as superscripts
        return None
