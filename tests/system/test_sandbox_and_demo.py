"""`sandbox` serves where it was told to, and `demo` does the whole job."""

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from mww2minox.commands.sandbox import _state_beside
from tests.system.conftest import Cli, Forker


@pytest.fixture(
    params=[signal.default_int_handler, signal.SIG_IGN], ids=["in front", "in the background"]
)
def where(request: pytest.FixtureRequest) -> Iterator[None]:
    """Start processes as a terminal does, or as a script does with `&`: then they ignore SIGINT."""
    before = signal.signal(signal.SIGINT, request.param)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("where")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_sandbox_serves_both_apis_until_stopped(
    tmp_path: Path, forker: Forker, unused_port: int, stop: signal.Signals
) -> None:
    target = tmp_path / "config.yaml"
    cli = Cli(tmp_path, forker)
    arguments = (
        "sandbox",
        "--shop-port",
        str(unused_port),
        "--minox-port",
        "0",
        "--write-config",
        str(target),
    )
    with cli.start(*arguments) as process:
        assert process.stdout
        told = [process.stdout.readline() for _ in range(3)]
        shop = f"http://127.0.0.1:{unused_port}"
        assert told[0].split()[-1] == shop
        assert yaml.safe_load(target.read_text())["shop"]["url"] == shop
        assert target.stat().st_mode & 0o777 == 0o600
        assert requests.get(f"{shop}/v1/orders", timeout=10).status_code == 401
        process.send_signal(stop)
        # What was read ahead with the first lines is in this file alone.
        rest = process.stdout.read()
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert "mww2minox --config practice.yaml setup --shop-url " in rest
    assert "8020 Omzet 0% · VAT code 4 " in rest
    assert f"mww2minox --config {target} retry 1009" in rest


def served(cli: Cli, target: Path) -> None:
    """Start the sandbox with a config, and stop it."""
    ports = ("--shop-port", "0", "--minox-port", "0")
    with cli.start("sandbox", *ports, "--write-config", str(target)) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        assert str(target) in lines[2]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def test_sandbox_writes_over_its_own_config_only(tmp_path: Path, forker: Forker) -> None:
    cli, target = Cli(tmp_path, forker), tmp_path / "config.yaml"
    served(cli, target)
    before = target.read_text()
    served(cli, target)
    assert target.read_text() != before, "the ports are others"

    mine = {**yaml.safe_load(before), "shop": {"token": "${MWW_TOKEN}"}}
    for text in (yaml.safe_dump(mine), "shop: [", "", "42\n", "\x00\ufeff"):
        target.write_text(text)
        ended = cli("sandbox", "--shop-port=0", "--minox-port=0", "--write-config", str(target))
        assert ended.status == 2
        assert f"{target} is there already" in ended.err
        assert "mww2minox sandbox --write-config FILE" in ended.err
        assert target.read_text() == text


@pytest.mark.parametrize(("config", "state"), [("config", "state.db"), ("cheese", "cheese.db")])
def test_two_configs_in_a_folder_have_a_state_each(config: str, state: str) -> None:
    assert _state_beside(Path(f"trial/{config}.yaml")) == state


def test_a_test_that_fails_takes_its_process_along(tmp_path: Path, forker: Forker) -> None:
    sandbox = Cli(tmp_path, forker).start("sandbox", "--shop-port", "0", "--minox-port", "0")
    with pytest.raises(subprocess.TimeoutExpired), sandbox as process:
        process.wait(0.1)
    assert process.returncode == -signal.SIGKILL


def test_sandbox_on_a_port_that_is_taken(cli: Cli) -> None:
    taken = yaml.safe_load(cli.config.read_text())["shop"]["url"].rpartition(":")[2]
    ended = cli("sandbox", "--shop-port", taken, "--minox-port", "0")
    assert ended.status == 2
    assert "--shop-port N" in ended.err


def test_demo_ends_with_the_report(tmp_path: Path, forker: Forker) -> None:
    cli = Cli(tmp_path, forker)
    with cli.start("demo", "here") as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    for command in ("login", "fetch", "push", "verify", "report"):
        assert re.search(rf"^\$ mww2minox {command}", out, re.MULTILINE)
    assert "1017" in out
    assert (tmp_path / "here" / "dashboard.html").read_text().startswith("<!doctype html>")

    # Nothing is told twice, and no address is that nobody can open afterwards.
    assert "http://" not in out + err
    assert err.count("\n") == 3, err
    assert f"mww2minox --config {tmp_path / 'here' / 'config.yaml'} retry" in out
    assert cli("--config", str(tmp_path / "here" / "config.yaml"), "report").status == 0
    ended = cli("demo", "here")
    assert (ended.status, "not empty" in ended.err) == (2, True)
