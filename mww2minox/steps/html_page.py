"""A page in one HTML file: no request, no script, and nothing but its own style sheet.

What the templates show is escaped, and cleaned like what a terminal shows. Names of a template that
nobody filled in are an error. Texts are made by the caller, in the reader's language.
"""

import base64
import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mww2minox.language import texts
from mww2minox.language.commands import carried
from mww2minox.output import printable

TEMPLATES = Path(__file__).with_name("templates")
STYLE = "page.css"


def html_page(
    folder: Path,
    template: str,
    values: Mapping[str, Any],
    filters: Mapping[str, Callable[..., Any]],
) -> str:
    """Return the page that `template` in `folder` makes of `values`.

    A template begins with `{% extends "page.html" %}`, and fills its blocks `title` and `body`. It
    has `filters` of its own, beside those for amounts, rates, dates and moments.
    """
    environment = _environment(folder)
    environment.filters |= filters

    style = (TEMPLATES / STYLE).read_text(encoding="utf-8")
    frame = {
        "language": texts.language(),
        "style": Markup(style),  # noqa: S704 - our own file
        "style_hash": _style_hash(style),
    }
    return environment.get_template(template).render({**values, **frame})


def _style_hash(style: str) -> str:
    """Return what the page's policy knows its style sheet by: any other is refused."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _environment(folder: Path) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([folder, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    environment.filters |= {
        "money": texts.money,
        "percentage": texts.percentage,
        "day": texts.day,
        "weekday": texts.weekday,
        "month": texts.month_name,
        "moment": moment,
    }
    return environment


def _shown(value: object) -> object:
    """Return a text without what cannot be printed; what the templates made themselves stays."""
    if isinstance(value, str) and not isinstance(value, Markup):
        # An amount is not parted from its sign at the end of a line.
        return carried(printable(value)).replace("€ ", "€\N{NO-BREAK SPACE}")
    return value


def moment(when: dt.datetime) -> str:
    """Write a moment as the reader's clock has it: `26-11-2026, 13:09`."""
    here = texts.local(when)
    return f"{texts.day(here)}, {here:%H:%M}"
