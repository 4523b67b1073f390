"""The document of a proof: in Dutch, on two pages, fit for a phone, and without names
(books/rules.md, "ICP and OSS").
"""

import datetime as dt
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from mww2minox.sandbox import Sandbox
from mww2minox.state import Store, StoredViesAnswer
from tests.harness.browser import CHROMIUM, View, look_at
from tests.harness.inside import Inside
from tests.harness.words import ENGLISH

YEAR = "2026"
NAMES = ("Voorbeeldig", "Molenstraat", "@example")


@pytest.fixture
def reconciled(inside: Inside, vendors: Sandbox) -> Inside:
    """The sample orders, booked."""
    del vendors
    config = yaml.safe_load(inside.config.read_text())
    inside.write_config({**config, "language": "nl"})
    for command in ("fetch", "push"):
        inside(command)
    return inside


def test_the_samples_in_dutch_with_icp_and_what_is_open(reconciled: Inside) -> None:
    table = reconciled("reconcile", YEAR).out
    page = reconciled("reconcile", YEAR, "--format", "html").out
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)
    for shown in (table, text):
        assert not ENGLISH.search(re.sub(r"(booking|minox)[.][a-z_]+: [a-z]+", "", shown)), shown
        assert not [name for name in NAMES if name in shown]
        assert "OPEN: 17 punten." in shown
        assert "Griekenland" in shown
        assert "EL094259216" in shown
        assert "gelijk aan rubriek 3b" in shown
    assert all(
        len(line) <= 80
        for line in table.splitlines()
        if "\N{BOX DRAWINGS LIGHT HORIZONTAL}" in line
    )

    proof = json.loads(reconciled("reconcile", YEAR, "--format", "json").out)
    assert proof["icp_total"] == sum_of(proof, "3b")
    assert proof["distance_sales"] == sum_of(proof, "3c")
    assert len(proof["differences"]) == 17


def sum_of(proof: dict[str, Any], box: str) -> str:
    sums = {line["box"]: line["minox"]["turnover"] for line in proof["boxes"]}
    return str(sums[box])


def test_what_vies_said_stands_in_the_icp_listing(reconciled: Inside) -> None:
    with Store(reconciled.state) as store:
        for number, valid in (("BE0403170701", True), ("EL094259216", False)):
            line = icp_line(reconciled, number)
            asked_at = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
            answer = StoredViesAnswer(
                number=line["orders"][0],
                vat_number=number,
                valid=valid,
                asked_at=asked_at,
                consultation="",
            )
            store.keep_vies_answer(answer)

    assert icp_line(reconciled, "BE0403170701")["vies"] == {
        "valid": True,
        "asked_at": "2026-03-20T12:00:00+00:00",
        "consultation": None,
    }
    assert icp_line(reconciled, "DE136695976")["vies"] is None
    for form in ("table", "html"):
        shown = reconciled("reconcile", YEAR, "--format", form).out
        assert "ongeldig op 20-03-2026" in shown
    listing = reconciled("reconcile", YEAR, "--part", "icp").out
    assert "true,2026-03-20T12:00:00+00:00" in listing


def icp_line(command: Inside, number: str) -> dict[str, Any]:
    proof = json.loads(command("reconcile", YEAR, "--format", "json").out)
    return next(line for line in proof["icp"] if line["vat_number"] == number)


@pytest.mark.thorough
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_it_fits_a_phone_is_accessible_and_prints_on_two_pages(
    reconciled: Inside, tmp_path: Path
) -> None:
    reconciled("skip", *[str(number) for number in range(1001, 1070)])
    target = tmp_path / "proof.html"
    assert reconciled("reconcile", YEAR, "--output", str(target)).status == 0

    page = target.read_text()
    views = [
        View(page="proof", width=390, axe=True),
        View(page="proof", width=1280, scheme="dark", axe=True),
    ]
    seen = look_at({"proof": page}, views, tmp_path / "browser")
    assert [result["axe"] for result in seen.results] == [[], []]
    assert [result["outside"] for result in seen.results] == [[], []]
    assert all(result["scrolls"] <= result["width"] for result in seen.results)
    assert not [request for request in seen.requests if "proof" in request]

    printed = tmp_path / "proof.pdf"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/printer"]
    print_to = ["--no-pdf-header-footer", f"--print-to-pdf={printed}", target.as_uri()]
    subprocess.run([str(CHROMIUM), *flags, *print_to], check=True, capture_output=True, timeout=60)
    assert len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes())) == 2
