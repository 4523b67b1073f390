"""The page is one file that asks for nothing, says in words what the report holds in values, and
holds nothing private.
"""

import base64
import hashlib
import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from mww2minox.books.model import State
from mww2minox.commands.report.as_charts import per_month
from mww2minox.commands.report.as_html import NEWEST, TEMPLATES, as_html
from mww2minox.commands.report.html_words import WORDS, matter_of, standing
from mww2minox.commands.report.value import Day, Month, Mood, Report, Total, Verdict
from mww2minox.language.texts import use
from tests.harness.reports import NOW, TODAY, empty_report, full_report
from tests.harness.words import ENGLISH


def test_it_is_one_file_that_asks_for_nothing() -> None:
    page = as_html(full_report())
    assert not re.search(r"<(script|link|img|iframe|object|embed|form|base)|https?:|url\(", page)
    assert not re.search(r" (style|src|srcset|on[a-z]+)=", page)
    assert "@import" not in page


def test_its_policy_lets_in_its_own_style_alone() -> None:
    page = as_html(empty_report())
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page


def test_it_shows_the_discreet_message_and_no_other() -> None:
    page = as_html(full_report())
    assert "Order 4001: Kaas" in page
    assert "the private one" not in page


def test_headings_and_tables_are_in_order() -> None:
    page = as_html(full_report())
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.count("<table") == page.count("<caption>")
    assert not re.search(r"<th(?! scope=)[ >]", page)


def test_in_dutch_nothing_is_english() -> None:
    use("nl")
    page = re.sub(r"<style>.*?</style>|<[^>]+>", " ", as_html(empty_report()), flags=re.DOTALL)
    assert not ENGLISH.search(page)
    assert '<html lang="nl">' in as_html(empty_report())


def test_every_word_is_used() -> None:
    template = (TEMPLATES / "report.html").read_text()
    assert set(re.findall(r"words\.(\w+)", template)) == set(WORDS)


@pytest.mark.parametrize(
    ("verdict", "level", "sentence"),
    [
        (Verdict(mood=Mood.EMPTY), "wait", "no orders yet"),
        (Verdict(mood=Mood.WELL), "good", "All is in order"),
        (Verdict(mood=Mood.LATE), "wait", "push did not end well for a day"),
        (
            Verdict(mood=Mood.ATTENTION, unbooked=Total(orders=1, total=Decimal("12.1"))),
            "bad",
            "1 order needs attention: 1 not booked (€12.10).",
        ),
        (
            Verdict(mood=Mood.ATTENTION, to_look_at=Total(orders=2, total=Decimal(1))),
            "wait",
            "2 orders need attention: 2 booked and to be looked at (€1.00).",
        ),
        (Verdict(mood=Mood.ATTENTION, uncounted=True), "wait", "The shop counts other orders"),
    ],
)
def test_the_verdict_is_a_sentence_with_the_money_at_stake(
    verdict: Verdict, level: str, sentence: str
) -> None:
    stands = standing(replace(full_report(), verdict=verdict))
    assert stands.level == level
    assert sentence in stands.sentence


def test_what_to_do_ends_in_its_command() -> None:
    (group, *_rest) = full_report().groups
    assert [(step.text, step.command) for step in matter_of(group).steps] == [
        ("Look at it: Kaas If it is right, run:", "mww2minox seen 4000"),
        ("If not, run:", "mww2minox retry 4000"),
    ]
    unknown = replace(group, commands=("mww2minox push",), then="Ask somebody.")
    assert [step.command for step in matter_of(unknown).steps] == [""]


def test_a_chart_has_the_numbers_of_its_table() -> None:
    months = [
        Month(date=TODAY.replace(month=1, day=1), states={}, net=Decimal(60), vat=Decimal(20)),
        Month(date=TODAY.replace(month=2, day=1), states={}, net=Decimal(-5), vat=Decimal(-1)),
    ]
    chart = per_month(months)
    assert chart.highest == "€80.00"
    assert [(part.kind, part.y, part.height) for part in chart.bars[0].parts] == [
        ("net", "25.00", "75.00"),
        ("vat", "0.00", "25.00"),
    ]
    assert chart.bars[1].parts == [], "below nothing there is nothing to draw"
    assert chart.rows[1] == ["Feb 2026", "-€5.00", "-€1.00"]


def test_a_state_without_orders_has_no_column() -> None:
    days = tuple(replace(day, states={State.READY: Total(orders=1)}) for day in empty_report().days)
    page = as_html(replace(empty_report(), days=days))
    assert '<rect class="ready"' in page
    assert '<th scope="col" class="n">failed</th>' not in page
    assert isinstance(days[0], Day)


def test_no_more_than_the_newest_are_shown_and_the_last_day_says_that_it_has_more() -> None:
    page = as_html(full_report(booked=NEWEST + 20))
    assert len(re.findall(r'<th scope="row">4[789]\d\d</th>', page)) == NEWEST - 1
    assert f"the newest {NEWEST}" in page
    assert len(page.encode()) < 250_000
    assert "20 orders, of which 10 are here" in page
    assert "are here" not in as_html(full_report(booked=NEWEST))


def test_the_hash_is_that_of_the_data_in_any_language_and_at_any_time() -> None:
    def digest(report: Report) -> str:
        return str(re.findall(r"<code>([0-9a-f]{64})</code>", as_html(report))[-1])

    first = digest(full_report())
    use("nl")
    assert digest(replace(full_report(), generated_at=NOW.replace(hour=1), version="2")) == first
    assert digest(full_report(booked=39)) != first
