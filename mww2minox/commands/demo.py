"""`demo`: the whole job against the sandbox, with the real commands in processes of their own."""

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import requests

from mww2minox.errors import ExitStatus, UsageError
from mww2minox.language.texts import N_, _, system_problem
from mww2minox.output import Output
from mww2minox.steps.running_sandbox import running_sandbox, save_config

STEPS = (
    ("fetch", N_("Get the shop's orders")),
    ("push", N_("Book them in Minox; the report says which were not, and why")),
    ("verify", N_("Read the bookings back and compare")),
    ("report", N_("What was booked, and what needs attention")),
)
PAGE = "dashboard.html"
EXPECTED = (ExitStatus.OK, ExitStatus.ATTENTION)
"""The samples hold orders that need attention, so 3 is as it should be."""


def demo(output: Output, folder: Path | None) -> ExitStatus:
    """Run login, fetch, push, verify and report on the sample orders; leave `folder` to play
    with.

    Nothing is shown twice: what `push` says of each order that failed is in the report too.
    """
    folder = _empty_folder(folder)
    config = folder / "config.yaml"

    with running_sandbox() as sandbox:
        settings = sandbox.config() | {
            "state": str(folder / "state.db"),
            "dashboard": str(folder / PAGE),
        }
        settings["minox"]["redirect_uri"] = f"http://127.0.0.1:{_free_port()}/callback"
        save_config(config, settings)
        # Where it runs is of no use to anybody: it ends with the demo.
        output.line(_("A sandbox of both services runs on this machine, until the demo ends."))

        _log_in(output, config)
        for command, what in STEPS:
            _run(output, config, command, _(what))

    _tell_how_to_look_again(output, folder, config)
    return ExitStatus.OK


def _empty_folder(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="mww2minox-demo-"))

    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        message = _("Cannot use {path}: {problem}.").format(
            path=folder, problem=system_problem(error)
        )
        raise UsageError(message, _("Name another: mww2minox demo DIR")) from None

    if not is_empty:
        raise UsageError(
            _("{path} is not empty.").format(path=folder),
            _("Name a new folder: mww2minox demo DIR"),
        )
    return folder.resolve()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(config: Path, arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "mww2minox", "--config", str(config), *arguments]


def _log_in(output: Output, config: Path) -> None:
    """Run `login`, and consent in the place of the main user's browser."""
    _headline(output, "login", _("Consent at Minox (the sandbox says yes at once)"))

    # It prints the address to consent at, and waits until somebody has been there. What it asks of
    # a person is left out: nobody can open that address.
    with subprocess.Popen(  # noqa: S603 - our own command
        _command(config, ("-q", "login", "--no-browser")), stdout=subprocess.PIPE, text=True
    ) as process:
        url = process.stdout.readline().strip() if process.stdout else ""
        if url:
            requests.get(url, timeout=30)

    _expect(process.returncode, "login")


def _run(output: Output, config: Path, command: str, what: str) -> None:
    _headline(output, command, what)
    done = subprocess.run(  # noqa: S603 - our own command
        _command(config, (command,)), stderr=subprocess.PIPE, text=True, check=False
    )

    # The counts come first. Where the command ended otherwise than it should, all of it counts.
    lines = done.stderr.splitlines()
    as_expected = done.returncode in EXPECTED
    if lines:
        output.say("\n".join(lines[:1] if as_expected else lines))
    _expect(done.returncode, command)


def _tell_how_to_look_again(output: Output, folder: Path, config: Path) -> None:
    program = "mww2minox"
    if not shutil.which(program):
        # Not on the PATH, as in a virtual environment that is not active: name it in full.
        program = str(Path(sys.executable).with_name(program))

    page = _("The same as a page, for your browser: {path}")
    output.line(page.format(path=folder / PAGE))
    sentence = _("Everything is in {folder}. To see it again: {program} --config {config} report")
    output.line(sentence.format(folder=folder, program=program, config=config))


def _headline(output: Output, command: str, what: str) -> None:
    output.line("")
    output.line(f"$ mww2minox {command}", style="bold")
    output.line(f"  {what}")


def _expect(status: int, command: str) -> None:
    """Stop the demo where a command failed."""
    if status not in EXPECTED:
        message = _("The demo's {command} ended with {status}.").format(
            command=command, status=status
        )
        raise UsageError(message, _("Run it again: mww2minox demo"))
