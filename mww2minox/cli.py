"""The command line: parse, wire, call one command, exit. Errors are caught here and nowhere else."""

import io
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mww2minox import __version__
from mww2minox.errors import ExitStatus, MwwError

if TYPE_CHECKING:
    from mww2minox.wiring import Wiring

log = logging.getLogger(__name__)
logging.getLogger("mww2minox").addHandler(logging.NullHandler())  # the user is told by sentences, not by the log


@dataclass(slots=True)
class Settings:
    """The options that stand before the command."""

    config: Path | None
    state: Path | None
    verbose: bool
    quiet: bool
    config_path: Path | None = None


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="mww2minox")
@click.option("--config", type=click.Path(path_type=Path), envvar="MWW2MINOX_CONFIG", help="The config file.")
@click.option("--state", type=click.Path(path_type=Path), envvar="MWW2MINOX_STATE", help="The state file.")
@click.option("-v", "--verbose", is_flag=True, help="Show each request on stderr.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@click.pass_context
def cli(context: click.Context, config: Path | None, state: Path | None, verbose: bool, quiet: bool) -> None:  # noqa: FBT001
    """Book the orders of a Mijnwebwinkel shop in Minox: each exactly once, to the cent."""
    if verbose and quiet:
        raise click.UsageError("Give either --verbose or --quiet.")
    context.obj = Settings(config, state, verbose, quiet)


Day = click.DateTime(["%Y-%m-%d"])


def _wait_option(command: Callable[..., Any]) -> Callable[..., Any]:
    text = "Wait so long for another run to end."
    option = click.option("--wait", type=click.FloatRange(min=0), default=0, metavar="SECONDS", help=text)
    return option(command)


def _order_option(command: Callable[..., Any]) -> Callable[..., Any]:
    option = click.option("--order", "orders", multiple=True, metavar="N", help="Only this order; may be repeated.")
    return option(command)


@cli.command()
@click.option("--no-browser", is_flag=True, help="Only print the address to consent at.")
@click.option("--paste", is_flag=True, help="For a server without a browser: ask for the redirected address.")
@click.pass_obj
def login(settings: Settings, no_browser: bool, paste: bool) -> ExitStatus:  # noqa: FBT001 - click
    """Log in at Minox, as the subscription's main user."""
    from mww2minox.commands.login import login as run

    return _wired(settings, "login", lambda wiring: run(wiring, browser=not no_browser, paste=paste))


@cli.command()
@click.pass_obj
def check(settings: Settings) -> ExitStatus:
    """Check both connections, the mapping and the files: a line each."""
    from mww2minox.commands.check import check as run

    return _wired(settings, "check", lambda wiring: run(wiring, settings.config_path or Path()))


@cli.command()
@click.option("--since", type=Day, metavar="DATE", help="Orders from this date on.")
@click.option("--until", type=Day, metavar="DATE", help="Orders until this date.")
@_order_option
@_wait_option
@click.pass_obj
def fetch(
    settings: Settings, since: datetime | None, until: datetime | None, orders: Sequence[str], wait: float
) -> ExitStatus:
    """Take in new orders, and look again at all that are not booked."""
    from mww2minox.commands.fetch import fetch as run

    return _wired(
        settings,
        "fetch",
        lambda wiring: run(wiring, since=_day(since), until=_day(until), numbers=_numbers(orders)),
        wait=wait,
    )


@cli.command()
@click.option("--dry-run", is_flag=True, help="Show each booking's lines, and send nothing.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many orders.")
@click.option("--until", type=Day, metavar="DATE", help="Orders until this date.")
@_order_option
@_wait_option
@click.pass_obj
def push(  # noqa: PLR0913 - the command's options
    settings: Settings,
    dry_run: bool,  # noqa: FBT001 - click
    limit: int | None,
    until: datetime | None,
    orders: Sequence[str],
    wait: float,
) -> ExitStatus:
    """Book the orders that are ready, and try again those that failed."""
    from mww2minox.commands.push import push as run

    return _wired(
        settings,
        "push",
        lambda wiring: run(wiring, dry_run=dry_run, limit=limit, until=_day(until), numbers=_numbers(orders)),
        wait=wait,
    )


@cli.command()
@click.option("--all", "everything", is_flag=True, help="Also those that were right before.")
@_order_option
@_wait_option
@click.pass_obj
def verify(settings: Settings, everything: bool, orders: Sequence[str], wait: float) -> ExitStatus:  # noqa: FBT001
    """Read bookings back from Minox and compare them with their orders."""
    from mww2minox.commands.verify import verify as run

    return _wired(
        settings, "verify", lambda wiring: run(wiring, everything=everything, numbers=_numbers(orders)), wait=wait
    )


@cli.command()
@click.argument("orders", nargs=-1, metavar="ORDER...")
@click.option("--all", "everything", is_flag=True, help="Every order that failed.")
@_wait_option
@click.pass_obj
def retry(settings: Settings, orders: Sequence[str], everything: bool, wait: float) -> ExitStatus:  # noqa: FBT001
    """Read orders again from the shop, and book them now."""
    from mww2minox.commands.retry import retry as run

    if bool(orders) == everything:
        raise click.UsageError("Give the orders to retry, or --all.")
    return _wired(settings, "retry", lambda wiring: run(wiring, _numbers(orders), everything=everything), wait=wait)


@cli.command()
@click.option("--since", type=Day, metavar="DATE", help="Orders from this date on.")
@_wait_option
@click.pass_obj
def adopt(settings: Settings, since: datetime | None, wait: float) -> ExitStatus:
    """Mark orders as booked that the sales journal already holds."""
    from mww2minox.commands.adopt import adopt as run

    return _wired(settings, "adopt", lambda wiring: run(wiring, since=_day(since)), wait=wait)


@cli.command()
@click.option("--errors", is_flag=True, help="Only orders that need attention.")
@click.option("--since", type=Day, metavar="DATE", help="Orders from this date on.")
@click.option("--until", type=Day, metavar="DATE", help="Orders until this date.")
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--output", "target", type=click.Path(path_type=Path), metavar="FILE", help="Write to this file.")
@click.pass_obj
def report(  # noqa: PLR0913 - the command's options
    settings: Settings,
    errors: bool,  # noqa: FBT001 - click
    since: datetime | None,
    until: datetime | None,
    form: str,
    target: Path | None,
) -> ExitStatus:
    """Show what was booked, what was not, why, and what to do."""
    from mww2minox.commands.report import report as run

    return _wired(
        settings,
        "report",
        lambda wiring: run(wiring, errors=errors, since=_day(since), until=_day(until), form=form, target=target),
    )


@cli.command()
@click.option("--shop-port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option("--minox-port", type=click.IntRange(0, 65535), default=8002, show_default=True)
@click.option("--write-config", type=click.Path(path_type=Path), metavar="PATH", help="Write a config that fits.")
@click.pass_obj
def sandbox(settings: Settings, shop_port: int, minox_port: int, write_config: Path | None) -> ExitStatus:
    """Serve both vendors' APIs on this machine, with sample orders, until interrupted."""
    from mww2minox.commands.sandbox import sandbox as run
    from mww2minox.output import Output

    output = Output(quiet=settings.quiet)
    return run(output, shop_port=shop_port, minox_port=minox_port, write_config=write_config)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="[DIR]", required=False)
@click.pass_obj
def demo(settings: Settings, folder: Path | None) -> ExitStatus:
    """Do the whole job against the sandbox, ending in the report."""
    from mww2minox.commands.demo import demo as run
    from mww2minox.output import Output

    return run(Output(quiet=settings.quiet), folder)


LOCKED = ("fetch", "push", "verify", "retry", "adopt")


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _numbers(given: Sequence[str]) -> list[str]:
    """Take order numbers as people write them: `#1024`, ` 1024`."""
    cleaned = (number.strip().lstrip("#") for number in given)
    return list(dict.fromkeys((n.lstrip("0") or "0") if n.isascii() and n.isdigit() else n for n in cleaned))


def _wired(
    settings: Settings, command: str, action: Callable[["Wiring"], ExitStatus], *, wait: float = 0
) -> ExitStatus:
    """Load the config, open the state and the log, take the lock where the command needs it, and run."""
    from mww2minox.config import find_config, load_config
    from mww2minox.output import Output, log_to
    from mww2minox.state import Store
    from mww2minox.wiring import Wiring

    settings.config_path = find_config(settings.config)
    config = load_config(settings.config_path)
    path = settings.state.expanduser() if settings.state else config.state_path
    with Store(path) as store:
        log_to(path.with_name("mww2minox.log"), verbose=settings.verbose)
        wiring = Wiring(config, store, Output(quiet=settings.quiet))
        log.info("%s starts, version %s", command, __version__)
        return _noting(
            lambda: _locked(wiring, command, action, wait) if command in LOCKED else action(wiring),
            lambda status: log.info("%s ends with %d", command, status),
        )


def _locked(wiring: "Wiring", command: str, action: Callable[["Wiring"], ExitStatus], wait: float) -> ExitStatus:
    """Run under the lock, and note the run in the state."""
    with wiring.store.run(wait=wait):
        run = wiring.store.start_run(command)
        return _noting(lambda: action(wiring), lambda status: wiring.store.finish_run(run, status))


def _noting(action: Callable[[], ExitStatus], note: Callable[[ExitStatus], None]) -> ExitStatus:
    """Run, and note how it ended, whatever happens."""
    status = ExitStatus.BUG
    try:
        status = action()
    except MwwError as error:
        status = error.exit_status
        raise
    except KeyboardInterrupt:
        status = ExitStatus.INTERRUPTED
        raise
    finally:
        note(status)
    return status


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status. The one place where errors are caught."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal or cron that knows no UTF-8
    try:
        return int(cli.main(arguments, prog_name="mww2minox", standalone_mode=False) or 0)
    except MwwError as error:
        log.error("%s", error)  # noqa: TRY400 - a sentence, no traceback
        _complain(error.message)
        _complain(error.suggestion)
        return error.exit_status
    except click.ClickException as error:
        error.show()
        return ExitStatus.USAGE
    except (click.Abort, KeyboardInterrupt):
        _complain("Interrupted. Nothing is lost: run the same command again.")
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.OK
    except Exception as error:  # noqa: BLE001 - a bug: the user gets a sentence, the log the traceback
        _log_bug(error)
        _complain(f"This is a bug in mww2minox ({type(error).__name__}). The log says where.")
        _complain("Nothing that was stored is lost. Report it, then run: mww2minox report")
        return ExitStatus.BUG


def _log_bug(error: Exception) -> None:
    """Log where it happened; not the text of the exception, which may hold a customer's data."""
    frames = "".join(traceback.format_tb(error.__traceback__)).replace("\n", " | ")
    log.error("bug: %s at %s", type(error).__name__, frames)


def _complain(sentence: str) -> None:
    if sentence:
        click.echo(sentence, err=True)


def main() -> None:
    """Be the console script."""
    sys.exit(run())
