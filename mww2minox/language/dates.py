"""Dates as people write them, taken and shown."""

import re
from datetime import date

from mww2minox.language.texts import language

FORMS = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)", re.ASCII),
    re.compile(r"(?P<day>\d{1,2})-(?P<month>\d{1,2})-(?P<year>\d{4})", re.ASCII),
)
"""`2026-01-31`, and `31-1-2026` with or without zeros."""


def date_of(text: str) -> date:
    """Return the date that was typed; ValueError for what is none."""
    for form in FORMS:
        match = form.fullmatch(text.strip())
        if match:
            return date(int(match["year"]), int(match["month"]), int(match["day"]))
    raise ValueError(text)


def typed(when: date) -> str:
    """Write a date as the reader would type it: what is proposed can be typed over."""
    return f"{when.day}-{when.month}-{when.year}" if language() == "nl" else when.isoformat()
