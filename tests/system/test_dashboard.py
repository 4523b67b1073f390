"""The dashboard: written anew after each run, whole, with the rights that it had; that it cannot be
written changes nothing but what is told.
"""

import os
from pathlib import Path

import pytest

from mww2minox.commands.report import dashboard
from mww2minox.sandbox import Fault, Sandbox
from mww2minox.sandbox.order_parts import goods, invoice, order, person
from tests.harness.inside import Inside


@pytest.fixture
def samples() -> bool:
    return False


@pytest.fixture
def page(inside: Inside, vendors: Sandbox) -> Path:
    """The page that the config asks for; nothing is there yet."""
    path = inside.folder / "page.html"
    config = {**vendors.config(), "language": "en", "state": str(inside.state)}
    inside.write_config({**config, "dashboard": "page.html"})
    return path


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_it_is_written_anew_after_each_run_and_is_private(inside: Inside, page: Path) -> None:
    assert inside("fetch").status == 0
    assert _mode(page) == 0o600
    for line in ("push", "verify", "retry --all", "adopt"):
        page.write_text("old")
        assert inside(*line.split()).status == 0, line
        assert page.read_text().startswith("<!doctype html>"), line


def test_what_only_looks_leaves_it_alone(inside: Inside, page: Path) -> None:
    for line in ("push --dry-run", "check", "report"):
        inside(*line.split())
    assert not page.exists()


def test_it_keeps_its_rights_and_a_link_stays_a_link(inside: Inside, page: Path) -> None:
    real = inside.folder / "real.html"
    real.touch()
    real.chmod(0o644)
    page.symlink_to(real)
    inside("fetch")
    assert page.is_symlink()
    assert real.read_text().startswith("<!doctype html>")
    assert _mode(real) == 0o644
    assert not list(inside.folder.glob(".real*")), "nothing is left beside it"


def test_it_is_written_after_a_run_that_failed(
    inside: Inside, vendors: Sandbox, page: Path
) -> None:
    vendors.faults.append(Fault("status", side="shop", status=401, times=None))
    assert inside("fetch").status == 4
    assert "fetch" in page.read_text()


def test_that_it_cannot_be_written_is_told_and_changes_no_outcome(
    inside: Inside, vendors: Sandbox, page: Path
) -> None:
    page.mkdir()
    ended = inside("-q", "fetch")
    assert ended.status == 0
    assert f"Cannot write {page}: Is a directory." in ended.err
    assert "mww2minox report" in ended.err

    vendors.faults.append(Fault("status", side="shop", status=401, times=None))
    assert inside("fetch").status == 4, "as it ended without"


def test_a_bug_in_it_is_told_too(
    inside: Inside, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = "Truus Jansen"

    def broken(*_: object) -> str:
        raise ZeroDivisionError(customer)

    monkeypatch.setattr(dashboard, "_page", broken)
    ended = inside("fetch")
    assert ended.status == 0
    assert f"The dashboard {page} is not written: ZeroDivisionError." in ended.err
    assert "test_dashboard.py" in inside.log
    assert customer not in inside.log + ended.err


def test_a_run_that_did_not_get_the_lock_leaves_it_alone(inside: Inside, page: Path) -> None:
    from mww2minox.state import Store  # noqa: PLC0415 - for this one alone

    with Store(inside.state) as store, store.run():
        assert inside("fetch").status == 75
    assert not os.path.lexists(page)


def test_it_holds_nothing_that_a_customer_is_known_by(
    inside: Inside, vendors: Sandbox, page: Path
) -> None:
    right = person("Truus Voorbeeldig", "truus@example.nl", company="Kaashuis Oss")
    wrong = person("Piet Wrong", "piet@example.be", country="BE", vat_number="BE0403170702")
    vendors.shop.add(
        order("501", vendors.today, right, [goods("21", "12.10")], invoice("12.10", ("21", "2.10")))
    )
    vendors.shop.add(
        order(
            "502",
            vendors.today,
            wrong,
            [goods("0", "75.00")],
            invoice("75.00", ("0", "0.00")),
            tax_strategy="reverse_charged_vat",
            tax_region="BE",
        )
    )
    inside("fetch")
    inside("push")

    made = page.read_text()
    assert made.count('<th scope="row">501</th>') == 1
    assert "Order 502" in made
    private = ("Truus", "Kaashuis", "Molenstraat", "5341", "example.nl", "Piet", "0403170702")
    assert [text for text in private if text in made] == []
    assert inside("report", "--format", "html").out.startswith("<!doctype html>")
