"""Two configs that share a state file: refused before anything is written or sent."""

from typing import Any

import pytest

from mww2minox.sandbox import Sandbox, shop_api
from mww2minox.state import Store
from tests.harness.inside import Inside

Config = dict[str, Any]


@pytest.fixture
def samples() -> bool:
    """The sample orders are there."""
    return True


def written(inside: Inside) -> list[tuple[Any, ...]]:
    """Return all that the state holds, but for when its file was last looked at for damage."""
    with Store(inside.state) as store:
        tables = ("orders", "bookings", "runs", "notes", "customers", "tokens")
        rows = [row for table in tables for row in store.db.execute(f"SELECT * FROM {table}")]  # noqa: S608 - names of ours
    return [row for row in rows if row[0] != "checked for damage at"]


def other(vendors: Sandbox, inside: Inside, **changes: Any) -> None:
    """Use a config that differs in these keys of `minox` or `shop`, with the same state."""
    config = {**vendors.config(), "language": "en", "state": str(inside.state)}
    for section in ("minox", "shop"):
        for key in config[section]:
            if key in changes:
                config[section][key] = changes[key]
    inside.write_config(config)


@pytest.mark.parametrize("command", ["fetch", "push", "verify", "login"])
@pytest.mark.parametrize("change", [{"administration": 2}, {"tenant": 777}])
def test_another_administration_is_refused_before_anything_happens(
    inside: Inside, vendors: Sandbox, command: str, change: dict[str, int]
) -> None:
    inside("fetch")
    before = written(inside)
    vendors.requests.clear()
    other(vendors, inside, **change)
    ended = inside(command)
    assert (ended.status, "is of administration 12345/1" in ended.err) == (2, True), ended.err
    assert vendors.requests == []
    assert written(inside) == before


@pytest.mark.parametrize("command", ["status", "report", "explain 1001", "reconcile 2026-Q1"])
def test_what_only_shows_says_too_that_the_state_is_of_others(
    inside: Inside, vendors: Sandbox, command: str
) -> None:
    inside("fetch")
    other(vendors, inside, administration=2)
    ended = inside(*command.split())
    assert (ended.status, ended.out) == (2, "")
    assert "is of administration 12345/1; the config is of 12345/2." in ended.err


def test_check_names_a_state_file_of_others_once(inside: Inside, vendors: Sandbox) -> None:
    inside("fetch")
    other(vendors, inside, administration=2)
    (line,) = [one for one in inside("check").out.splitlines() if "is of administration" in one]
    assert line.count(str(inside.state)) == 1


@pytest.mark.parametrize("with_uuid", [True, False])
def test_another_shop_is_refused_and_the_same_one_with_a_new_token_is_not(
    inside: Inside, vendors: Sandbox, monkeypatch: pytest.MonkeyPatch, *, with_uuid: bool
) -> None:
    uuid = shop_api.STORE["id"] if with_uuid else ""
    monkeypatch.setitem(shop_api.STORE, "id", uuid)
    inside("fetch")
    monkeypatch.setattr(shop_api, "TOKEN", "another-token")
    other(vendors, inside, token="another-token")
    assert inside("push", "--order", "1001").status == 0
    vendors.requests.clear()
    assert inside("push", "--order", "1001").status == 0
    assert not [one for one in vendors.requests if one.path == "/v1/store"], "asked once"

    monkeypatch.setattr(shop_api, "TOKEN", "third-token")
    other(vendors, inside, token="third-token")
    monkeypatch.setitem(shop_api.STORE, "id", "b" if with_uuid else "")
    monkeypatch.setitem(shop_api.STORE, "primary_domain", "https://other.example")
    before = written(inside)
    vendors.requests.clear()
    ended = inside("push")
    assert (ended.status, " is of shop " in ended.err) == (2, True), ended.err
    assert [one.path for one in vendors.requests] == ["/v1/store"]
    assert written(inside) == before


def test_a_state_without_these_notes_is_of_the_first_config(
    inside: Inside, vendors: Sandbox
) -> None:
    inside("fetch")
    with Store(inside.state) as store:
        store.set_note("books of administration", None)
        store.set_note("mark of the shop's token", None)
    assert inside("push", "--order", "1001").status == 0
    other(vendors, inside, administration=2)
    assert inside("push").status == 2
