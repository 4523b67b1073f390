"""The page in a browser: it fits a phone, axe-core finds nothing in it, it asks for nothing, and
whatever a shop or Minox writes stays a text.
"""

from typing import Any

import pytest

from mww2minox.commands.report.as_html import as_html
from mww2minox.language.texts import use
from tests.harness.browser import CHROMIUM, Seen, View, look_at
from tests.harness.reports import empty_report, full_report

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

ELSEWHERE = "http://elsewhere.test"
HOSTILE = (
    f"</td><script>ran = true</script><img src={ELSEWHERE}/name onerror='ran = true'>"
    f"<b onmouseover=x>\"'<style>@import '{ELSEWHERE}/style'</style>&amp;{{{{ 7 * 7 }}}}\u202e"
)
BROKEN_OUT = (
    f'<script>ran = true</script><img alt="" src="{ELSEWHERE}/%s-image">'
    f"<style>body {{ max-width: none; background: url({ELSEWHERE}/%s-style) }}</style>"
    f'<iframe src="{ELSEWHERE}/%s-frame"></iframe>'
)
"""What would run, load and look otherwise, should a text ever become more than a text."""
VIEWS = [
    View(page="full", width=390, axe=True),
    View(page="full", width=1280, scheme="dark", axe=True),
    View(page="empty", width=390, scheme="dark", axe=True),
    View(page="hostile", width=390),
    View(page="broken-out", width=1280),
    View(page="unguarded", width=1280),
]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    use("nl")
    full = as_html(full_report())
    empty = as_html(empty_report())
    use("en")

    policy = next(line for line in full.splitlines() if "Content-Security-Policy" in line)
    pages = {
        "full": full,
        "empty": empty,
        "hostile": as_html(full_report(HOSTILE)),
        "broken-out": full.replace("<main>", f"<main>{BROKEN_OUT.replace('%s', 'guarded')}"),
        "unguarded": full.replace(policy, "").replace(
            "<main>", f"<main>{BROKEN_OUT.replace('%s', 'unguarded')}"
        ),
    }
    return look_at(pages, VIEWS, tmp_path_factory.mktemp("browser"))


def _of(seen: Seen, page: str) -> list[dict[str, Any]]:
    return [result for view, result in zip(VIEWS, seen.results, strict=True) if view.page == page]


def test_each_view_was_looked_at(seen: Seen) -> None:
    for view, result in zip(VIEWS, seen.results, strict=True):
        assert "error" not in result
        assert (result["width"], result["dark"]) == (view.width, view.scheme == "dark")


@pytest.mark.parametrize("page", ["full", "empty", "hostile"])
def test_nothing_is_wider_than_the_screen(seen: Seen, page: str) -> None:
    for result in _of(seen, page):
        assert result["scrolls"] <= result["width"]
        assert result["outside"] == []


@pytest.mark.parametrize("page", ["full", "empty"])
def test_axe_finds_nothing(seen: Seen, page: str) -> None:
    results = [result for result in _of(seen, page) if "axe" in result]
    assert results
    for result in results:
        assert result["axe"] == []
        assert result["rules"] > 20, "it did look"


def test_its_style_is_let_in(seen: Seen) -> None:
    (result,) = _of(seen, "hostile")
    assert result["styled"], "it has its policy, unlike what axe-core looks at"


def test_hostile_text_stays_a_text(seen: Seen) -> None:
    (result,) = _of(seen, "hostile")
    assert not result["ran"]
    assert set(result["elements"].values()) == {0}
    assert result["text"].count("<script>ran = true</script>") > 30
    assert "{{ 7 * 7 }}" in result["text"]
    assert "\u202e" not in result["text"]


def test_what_would_break_out_is_stopped_by_the_policy(seen: Seen) -> None:
    (guarded,), (unguarded,) = _of(seen, "broken-out"), _of(seen, "unguarded")
    assert (guarded["ran"], guarded["styled"]) == (False, True)
    assert (unguarded["ran"], unguarded["styled"]) == (True, False), "without it, it would"


def test_no_request_leaves(seen: Seen) -> None:
    elsewhere = [request for request in seen.requests if "elsewhere.test" in request]
    # That those of the page without a policy are there shows that a request would be seen.
    assert sorted(elsewhere) == [
        f"elsewhere.test/unguarded-{what}" for what in ("frame", "image", "style")
    ]
