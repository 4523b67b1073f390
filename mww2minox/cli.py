"""The command line: parse, wire, call one command, exit.

Errors are caught here and nowhere else.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from mww2minox import __version__
from mww2minox.errors import ExitStatus, MwwError
from mww2minox.language.commands import carried, carry, carry_nothing
from mww2minox.language.help import (
    Day,
    FilePath,
    FloatRange,
    Group,
    IntRange,
    Option,
    Time,
    argument,
    option,
)
from mww2minox.language.texts import N_, _, default_language, system_problem, use, use_zone
from mww2minox.register import COMMANDS, Command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime
    from logging import Logger
    from pathlib import Path
    from types import FrameType

    from mww2minox.wiring import Wiring


class Settings:
    """The options that stand before the command; `config_path` is the config that is used."""

    def __init__(
        self, config: Path | None, state: Path | None, *, verbose: bool, quiet: bool
    ) -> None:
        self.config = config
        self.state = state
        self.verbose = verbose
        self.quiet = quiet
        self.config_path: Path | None = None


@click.group(
    cls=Group,
    help=N_("Book the orders of a Mijnwebwinkel shop in Minox: each exactly once, to the cent."),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(
    __version__,
    prog_name="mww2minox",
    message="%(prog)s %(version)s",
    cls=Option,
    help=N_("Show the version and exit."),
)
@option(
    "--config",
    type=FilePath(),
    metavar=N_("PATH"),
    envvar="MWW2MINOX_CONFIG",
    help=N_("The config file."),
)
@option(
    "--state",
    type=FilePath(expands_home=True),
    metavar=N_("PATH"),
    envvar="MWW2MINOX_STATE",
    help=N_("The state file."),
)
@option("-v", "--verbose", is_flag=True, help=N_("Show each request on stderr."))
@option("-q", "--quiet", is_flag=True, help=N_("Say nothing when all is well."))
@click.pass_context
def cli(
    context: click.Context,
    config: Path | None,
    state: Path | None,
    verbose: bool,  # noqa: FBT001 - click
    quiet: bool,  # noqa: FBT001 - click
) -> None:
    context.obj = Settings(config, state, verbose=verbose, quiet=quiet)
    _refuse_both(context.obj)
    _log()


def _refuse_both(settings: Settings) -> None:
    if settings.verbose and settings.quiet:
        raise click.UsageError(_("Give either --verbose or --quiet."))


def _taken_after(context: click.Context, parameter: click.Parameter, value: Any) -> None:  # noqa: ANN401 - click
    """Take an option of the group that stands after the command: people write both."""
    settings = context.find_object(Settings)
    if not value or settings is None:
        return

    setattr(settings, str(parameter.name), value)
    _refuse_both(settings)


def _take_after(command: click.Command) -> None:
    """Let a command take the options that stand before it too; its help shows its own alone."""
    for before in cli.params:
        if isinstance(before, Option) and before.name != "version":
            after = Option(
                before.opts,
                type=before.type,
                is_flag=before.is_flag or None,
                expose_value=False,
                hidden=True,
                callback=_taken_after,
            )
            command.params.append(after)


# Options that several commands share.

_output_option = option(
    "--output",
    "target",
    type=FilePath(),
    metavar=N_("FILE"),
    help=N_("Write to this file."),
)
_since_option = option(
    "--since", type=Day, metavar=N_("DATE"), help=N_("Orders from this date on.")
)
_until_option = option("--until", type=Day, metavar=N_("DATE"), help=N_("Orders until this date."))
_order_option = option(
    "--order", "orders", multiple=True, metavar="N", help=N_("Only this order; may be repeated.")
)
_wait_option = option(
    "--wait",
    type=FloatRange(min=0),
    default=0,
    metavar=N_("SECONDS"),
    help=N_("Wait this long for another run to end."),
)
_no_browser_option = option(
    "--no-browser", is_flag=True, help=N_("Only print the address to consent at.")
)
_paste_option = option(
    "--paste",
    is_flag=True,
    help=N_("For a server without a browser: ask for the redirected address."),
)


def _format_option(*forms: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return `--format`, which writes the first of `forms` when it is not given."""
    return option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help=N_("How the output is written."),
    )


# The commands.


@cli.command(
    help=N_("Ask for the keys, log in, propose the mapping, try it, and write the config.")
)
@option(
    "--answers",
    type=FilePath(),
    metavar=N_("FILE"),
    help=N_("Answers beforehand, as in a config."),
)
@_no_browser_option
@_paste_option
@option(
    "--secrets",
    type=click.Choice(["env", "inline"]),
    default="env",
    show_default=True,
    help=N_("Where the keys go: a file of their own, or the config itself."),
)
@option(
    "--shop-url", metavar="URL", help=N_("The address of the shop's API, where it is another one.")
)
@option("--minox-url", metavar="URL", help=N_("The address of Minox, where it is another one."))
@option("--redirect-uri", metavar="URL", help=N_("The redirect address registered with Minox."))
@click.pass_obj
def setup(  # noqa: PLR0913 - the command's options
    settings: Settings,
    answers: Path | None,
    no_browser: bool,  # noqa: FBT001 - click
    paste: bool,  # noqa: FBT001 - click
    secrets: str,
    shop_url: str | None,
    minox_url: str | None,
    redirect_uri: str | None,
) -> ExitStatus:
    from mww2minox.commands.setup import setup as run
    from mww2minox.commands.setup.session import Options
    from mww2minox.config.loading import place_for_config
    from mww2minox.output import Output

    target = place_for_config(settings.config)
    _carry(target)
    options = Options(
        target=target,
        state=settings.state,
        answers=answers,
        browser=not no_browser,
        paste=paste,
        inline_secrets=secrets == "inline",
        verbose=settings.verbose,
        given={"shop.url": shop_url, "minox.url": minox_url, "minox.redirect_uri": redirect_uri},
    )
    return run(Output(quiet=settings.quiet), options)


@cli.command(help=N_("Log in at Minox, as the subscription's main user."))
@_no_browser_option
@_paste_option
@option(
    "--vat-return",
    is_flag=True,
    help=N_("Ask to read Minox' own VAT returns as well, which `reconcile` shows."),
)
@click.pass_obj
def login(
    settings: Settings,
    no_browser: bool,  # noqa: FBT001 - click
    paste: bool,  # noqa: FBT001 - click
    vat_return: bool,  # noqa: FBT001 - click
) -> ExitStatus:
    from mww2minox.commands.login import login as run

    return _wired(
        settings,
        "login",
        lambda wiring: run(wiring, browser=not no_browser, paste=paste, vat_return=vat_return),
    )


@cli.command(help=N_("Check both connections, the mapping and the files: a line each."))
@_format_option("table", "json")
@click.pass_obj
def check(settings: Settings, form: str) -> ExitStatus:
    from pathlib import Path

    from mww2minox.commands.check import check as run

    return _wired(
        settings, "check", lambda wiring: run(wiring, settings.config_path or Path(), form=form)
    )


@cli.command(help=N_("Get new orders, and look again at those that are not booked."))
@_since_option
@_until_option
@_order_option
@_wait_option
@click.pass_obj
def fetch(
    settings: Settings,
    since: datetime | None,
    until: datetime | None,
    orders: Sequence[str],
    wait: float,
) -> ExitStatus:
    from mww2minox.commands.fetch import fetch as run

    if orders and (since or until):
        raise click.UsageError(_("Give either --order or --since and --until."))

    return _wired(
        settings,
        "fetch",
        lambda wiring: run(wiring, since=_day(since), until=_day(until), numbers=_numbers(orders)),
        wait=wait,
    )


@cli.command(help=N_("Book the orders that are ready, and try again those that failed."))
@option("--dry-run", is_flag=True, help=N_("Show each booking's lines, and send nothing."))
@option("--limit", type=IntRange(min=1), metavar="N", help=N_("At most this many orders."))
@_until_option
@_order_option
@_format_option("table", "json")
@_wait_option
@click.pass_obj
def push(  # noqa: PLR0913 - the command's options
    settings: Settings,
    dry_run: bool,  # noqa: FBT001 - click
    limit: int | None,
    until: datetime | None,
    orders: Sequence[str],
    form: str,
    wait: float,
) -> ExitStatus:
    from mww2minox.commands.push import push as run

    if form != "table" and not dry_run:
        raise click.UsageError(_("Give --format json with --dry-run."))

    return _wired(
        settings,
        "push --dry-run" if dry_run else "push",
        lambda wiring: run(
            wiring,
            dry_run=dry_run,
            limit=limit,
            until=_day(until),
            numbers=_numbers(orders),
            form=form,
        ),
        wait=wait,
    )


@cli.command(help=N_("Read bookings back from Minox and compare them with their orders."))
@option("--all", "everything", is_flag=True, help=N_("Also bookings that were right before."))
@_since_option
@_order_option
@_wait_option
@click.pass_obj
def verify(
    settings: Settings,
    everything: bool,  # noqa: FBT001 - click
    since: datetime | None,
    orders: Sequence[str],
    wait: float,
) -> ExitStatus:
    from mww2minox.commands.verify import verify as run

    return _wired(
        settings,
        "verify",
        lambda wiring: run(
            wiring, everything=everything, since=_day(since), numbers=_numbers(orders)
        ),
        wait=wait,
    )


@cli.command(
    help=N_("Take differences and warnings of these orders off the list, until there is a new one.")
)
@argument("orders", nargs=-1, required=True, metavar=N_("ORDER..."))
@_wait_option
@click.pass_obj
def seen(settings: Settings, orders: Sequence[str], wait: float) -> ExitStatus:
    from mww2minox.commands.seen import seen as run

    return _wired(settings, "seen", lambda wiring: run(wiring, _numbers(orders)), wait=wait)


@cli.command(help=N_("Read orders again from the shop, and book them now."))
@argument("orders", nargs=-1, metavar=N_("ORDER..."))
@option("--all", "everything", is_flag=True, help=N_("Every order that failed."))
@option(
    "--not-adopted",
    is_flag=True,
    help=N_("What was found in the books is not this order: book it."),
)
@_wait_option
@click.pass_obj
def retry(
    settings: Settings,
    orders: Sequence[str],
    everything: bool,  # noqa: FBT001 - click
    not_adopted: bool,  # noqa: FBT001 - click
    wait: float,
) -> ExitStatus:
    from mww2minox.commands.retry import retry as run

    if bool(orders) == everything:
        raise click.UsageError(_("Give the orders to retry, or --all."))
    if not_adopted and everything:
        raise click.UsageError(_("Give either --all or --not-adopted."))

    return _wired(
        settings,
        "retry",
        lambda wiring: run(
            wiring, _numbers(orders), everything=everything, not_adopted=not_adopted
        ),
        wait=wait,
    )


@cli.command(help=N_("Never book these orders: they leave the list, whatever changes in the shop."))
@argument("orders", nargs=-1, required=True, metavar=N_("ORDER..."))
@option("--undo", "taken_back", is_flag=True, help=N_("Undo that, and decide about them again."))
@option("--note", default="", metavar=N_("TEXT"), help=N_("Why, for the report."))
@_wait_option
@click.pass_obj
def skip(
    settings: Settings,
    orders: Sequence[str],
    taken_back: bool,  # noqa: FBT001 - click
    note: str,
    wait: float,
) -> ExitStatus:
    from mww2minox.commands.skip import skip as run, undo

    if taken_back and note:
        raise click.UsageError(_("Give either --undo or --note."))

    numbers = _numbers(orders)
    action: Callable[[Wiring], ExitStatus] = partial(run, numbers=numbers, note=note)
    if taken_back:
        action = partial(undo, numbers=numbers)
    return _wired(settings, "skip", action, wait=wait)


@cli.command(help=N_("Mark orders as booked that the sales journal already holds."))
@_since_option
@option(
    "--order",
    "orders",
    multiple=True,
    metavar="N",
    help=N_("The booking that names this order belongs to it; may be repeated."),
)
@option("--booking", metavar="UUID", help=N_("With one --order: which of several bookings it is."))
@option(
    "--undo",
    multiple=True,
    metavar="N",
    help=N_("Take back that this order was adopted; may be repeated."),
)
@_wait_option
@click.pass_obj
def adopt(  # noqa: PLR0913 - the command's options
    settings: Settings,
    since: datetime | None,
    orders: Sequence[str],
    booking: str | None,
    undo: Sequence[str],
    wait: float,
) -> ExitStatus:
    from mww2minox.commands.adopt import adopt as run, adopt_orders, undo as run_undo

    if bool(since) + bool(orders) + bool(undo) > 1:
        raise click.UsageError(_("Give one of --since, --order and --undo."))
    if booking and len(_numbers(orders)) != 1:
        raise click.UsageError(_("Give --booking with one --order."))

    action: Callable[[Wiring], ExitStatus] = partial(run, since=_day(since))
    if undo:
        action = partial(run_undo, numbers=_numbers(undo))
    elif orders:
        action = partial(adopt_orders, numbers=_numbers(orders), booking=booking)
    return _wired(settings, "adopt", action, wait=wait)


@cli.command(help=N_("Show how things stand: what ran last, what waits, what is next."))
@_format_option("table", "json")
@click.pass_obj
def status(settings: Settings, form: str) -> ExitStatus:
    from pathlib import Path

    from mww2minox.commands.status import status as run

    return _wired(
        settings, "status", lambda wiring: run(wiring, settings.config_path or Path(), form=form)
    )


@cli.command(help=N_("Show what was booked, what was not, why, and what to do."))
@argument("orders", nargs=-1, metavar="")
@option("--errors", is_flag=True, help=N_("Only orders that need attention, in full."))
@_since_option
@_until_option
@option("--all", "everything", is_flag=True, help=N_("Every order, however many there are."))
@option(
    "--format",
    "form",
    type=click.Choice(("table", "json", "csv", "csv-nl", "html")),
    help=N_("How the output is written; else by the ending of FILE, or as a table."),
)
@_output_option
@click.pass_obj
def report(  # noqa: PLR0913 - the command's options
    settings: Settings,
    orders: Sequence[str],
    errors: bool,  # noqa: FBT001 - click
    since: datetime | None,
    until: datetime | None,
    everything: bool,  # noqa: FBT001 - click
    form: str | None,
    target: Path | None,
) -> ExitStatus:
    from mww2minox.commands.report import report as run

    return _wired(
        settings,
        "report",
        lambda wiring: run(
            wiring,
            numbers=_numbers(orders),
            errors=errors,
            since=_day(since),
            until=_day(until),
            everything=everything,
            form=form,
            target=target,
        ),
    )


@cli.command(help=N_("Prove that a VAT period is complete, or name each fault."))
@argument("period", metavar=N_("PERIOD"), required=False)
@option(
    "--format",
    "form",
    type=click.Choice(("table", "json", "csv", "csv-nl", "html")),
    help=N_("How the output is written; else by the ending of FILE, or as a table."),
)
@option(
    "--part",
    type=click.Choice(("orders", "lines", "icp", "oss")),
    metavar=N_("PART"),
    help=N_("Only this part, as CSV: `orders`, `lines`, `icp` or `oss`."),
)
@_output_option
@option(
    "--filed",
    multiple=True,
    metavar=N_("BOX=TURNOVER/VAT"),
    help=N_("What was filed in a box, such as 1a=1234.56/259.26; may be given more than once."),
)
@option(
    "--recompute",
    type=FilePath(),
    metavar=N_("FILE"),
    help=N_("Compute the hash of a proof.csv anew."),
)
@click.pass_obj
def reconcile(  # noqa: PLR0913 - the command's options
    settings: Settings,
    period: str | None,
    form: str | None,
    part: str | None,
    target: Path | None,
    filed: tuple[str, ...],
    recompute: Path | None,
) -> ExitStatus:
    from mww2minox.commands.reconcile import reconcile as run
    from mww2minox.commands.reconcile.recomputing import recompute as run_again
    from mww2minox.output import Output

    if recompute:
        return run_again(Output(quiet=settings.quiet), recompute)
    return _wired(
        settings,
        "reconcile",
        lambda wiring: run(wiring, period or "", form=form, part=part, target=target, filed=filed),
    )


@cli.command(help=N_("Show why an order is booked the way it is, or why it is not."))
@argument("order", metavar=N_("ORDER"))
@_format_option("table", "json")
@click.pass_obj
def explain(settings: Settings, order: str, form: str) -> ExitStatus:
    from mww2minox.commands.explain import explain as run

    (number,) = _numbers([order])
    return _wired(settings, "explain", lambda wiring: run(wiring, number, form=form))


@cli.command(
    help=N_("Show or install what runs it: fetch every half hour, push and verify every day.")
)
@option(
    "--systemd",
    "kind",
    flag_value="systemd",
    help=N_("Timer units, even where systemd is not found."),
)
@option("--cron", "kind", flag_value="cron", help=N_("Lines for a crontab."))
@option("--install", is_flag=True, help=N_("Put them in place, instead of showing them."))
@option("--uninstall", is_flag=True, help=N_("Take away what was put in place, nothing else."))
@option("--user", "scope", flag_value="user", help=N_("Units of your own (default)."))
@option(
    "--system",
    "scope",
    flag_value="system",
    help=N_("Units of the system; to install them takes root."),
)
@option(
    "--template",
    is_flag=True,
    help=N_("Units for several shops: mww2minox@SHOP for the config SHOP.yaml."),
)
@option(
    "--at",
    type=Time,
    default="06:15",
    show_default=True,
    metavar=N_("HH:MM"),
    help=N_("When the day's orders are booked."),
)
@click.pass_obj
def schedule(  # noqa: PLR0913 - the command's options
    settings: Settings,
    kind: Literal["systemd", "cron"] | None,
    install: bool,  # noqa: FBT001 - click
    uninstall: bool,  # noqa: FBT001 - click
    scope: Literal["user", "system"] | None,
    template: bool,  # noqa: FBT001 - click
    at: datetime,
) -> ExitStatus:
    from mww2minox.commands.schedule import schedule as run
    from mww2minox.commands.schedule.job import Wanted
    from mww2minox.config.loading import find_config, place_for_config
    from mww2minox.output import Output

    if install and uninstall:
        raise click.UsageError(_("Give either --install or --uninstall."))
    wanted = Wanted(
        kind=kind,
        scope=scope,
        template=template,
        install=install,
        at=at.time(),
        uninstall=uninstall,
    )
    # Who leaves may have thrown the config away already.
    config = place_for_config(settings.config) if uninstall else find_config(settings.config)
    _carry(config, settings.state)
    return run(Output(quiet=settings.quiet), config, settings.state, wanted)


@cli.command(
    help=N_("Serve both vendors' APIs on this machine, with sample orders, until interrupted.")
)
@option(
    "--shop-port",
    type=IntRange(0, 65535),
    metavar=N_("PORT"),
    default=8001,
    show_default=True,
    help=N_("The port of the shop."),
)
@option(
    "--minox-port",
    type=IntRange(0, 65535),
    metavar=N_("PORT"),
    default=8002,
    show_default=True,
    help=N_("The port of Minox."),
)
@option(
    "--write-config",
    type=FilePath(),
    metavar=N_("PATH"),
    help=N_("Write a config that fits."),
)
@click.pass_obj
def sandbox(
    settings: Settings, shop_port: int, minox_port: int, write_config: Path | None
) -> ExitStatus:
    from mww2minox.commands.sandbox import sandbox as run
    from mww2minox.output import Output

    output = Output(quiet=settings.quiet)
    return run(output, shop_port=shop_port, minox_port=minox_port, write_config=write_config)


@cli.command(help=N_("Do the whole job against the sandbox, ending in the report."))
@argument("folder", type=FilePath(), metavar=N_("[DIR]"), required=False)
@click.pass_obj
def demo(settings: Settings, folder: Path | None) -> ExitStatus:
    from mww2minox.commands.demo import demo as run
    from mww2minox.output import Output

    return run(Output(quiet=settings.quiet), folder)


@cli.command(
    "help", help=N_("Show the reference: a page on a topic, or without one the list of topics.")
)
@argument("topic", metavar=N_("[TOPIC]"), required=False)
@click.pass_obj
def show_help(settings: Settings, topic: str | None) -> ExitStatus:
    from mww2minox.commands.help import show_page, show_topics
    from mww2minox.output import Output

    output = Output(quiet=settings.quiet)
    return show_page(output, topic) if topic else show_topics(output)


for _command in cli.commands.values():
    _take_after(_command)


# What surrounds a command.

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What stdout or stderr may say: the state file, the log and files that the user names have
sentences of their own.
"""


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _numbers(given: Sequence[str]) -> list[str]:
    """Take order numbers as people write them, `#1024` or ` 01024`, each once."""
    numbers: list[str] = []
    for text in given:
        number = text.strip().lstrip("#")
        if number.isascii() and number.isdigit():
            number = number.lstrip("0") or "0"
        if number not in numbers:
            numbers.append(number)
    return numbers


def _carry(config_path: Path, state: Path | None = None) -> None:
    """From now on name commands with this config and state, where these are not the usual ones."""
    from mww2minox.config.loading import is_usual

    commands = [command.name for command in COMMANDS.values() if command.takes_config]
    config = None if is_usual(config_path) else config_path.absolute()
    carry(commands=commands, config=config, state=state.absolute() if state else None)


def _wired(
    settings: Settings, name: str, action: Callable[[Wiring], ExitStatus], *, wait: float = 0
) -> ExitStatus:
    """Load the config, open the state and the log, and run; under the lock where it is needed."""
    from zoneinfo import ZoneInfo

    from mww2minox.config.loading import find_config, load_config
    from mww2minox.output import Output, log_beside, log_to
    from mww2minox.state import Store
    from mww2minox.wiring import SHOP_NAME, Wiring, read_order

    # Plugins of pydantic are other people's code: none is looked for, and none gets to see a key.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    command = COMMANDS[name]
    settings.config_path = find_config(settings.config)
    _carry(settings.config_path, settings.state)
    config = load_config(settings.config_path, keyless=command.keyless)
    use_zone(ZoneInfo(config.shop.timezone))
    path = settings.state or config.state_path
    if path.absolute() == config.state_path:
        _carry(settings.config_path)

    is_new = not path.exists()
    with Store(path, read=read_order) as store:
        shop = store.note(SHOP_NAME) or str(settings.config_path)
        log_to(log_beside(path), verbose=settings.verbose, shop=shop)
        wiring = Wiring(config, store, Output(quiet=settings.quiet))
        # A --state that was mistyped looks like one on the first day, for cron too; who logs in
        # expects one to be made.
        if is_new and command.name != "login":
            wiring.output.warn(_("A new, empty state file was made: {path}").format(path=path))

        log = _log()
        log.info("%s starts, version %s", command.name, __version__)
        return _noting(
            lambda: _locked(wiring, command, action, wait) if command.locks else action(wiring),
            lambda status: log.info("%s ends with %d", command.name, status),
        )


def _locked(
    wiring: Wiring, command: Command, action: Callable[[Wiring], ExitStatus], wait: float
) -> ExitStatus:
    """Run under the lock, and note the run in the state.

    Who is to be told of what the run brought up is told when the lock is free again; then the
    dashboard is written anew.
    """
    from mww2minox.alerts import told_about
    from mww2minox.commands.report.dashboard import drawn_after

    drawn, told = drawn_after(wiring, command), told_about(wiring, command)
    with drawn, told as run, wiring.store.run(wait=wait):
        wiring.keep_to_config()
        run.number = wiring.store.start_run(command.name)
        return _noting(
            lambda: action(_without_trial(wiring, command)),
            lambda status: wiring.store.finish_run(
                run.number,
                status,
                refused=wiring.refusal is not None,
                counts=wiring.counts,
            ),
        )


def _without_trial(wiring: Wiring, command: Command) -> Wiring:
    """Take out of Minox what a `setup` that was killed left there.

    It comes before anything that looks at the books; `fetch` does not.
    """
    from mww2minox.minox import TRIAL

    if command.removes_trial and wiring.store.note(TRIAL):
        from mww2minox.minox.trial_booking import take_out

        take_out(wiring.store, wiring.minox)
    return wiring


def _log() -> Logger:
    """Return the log. Until a command opens it nothing of it is shown: sentences tell the user."""
    import logging

    package = logging.getLogger("mww2minox")
    if not package.handlers:
        package.addHandler(logging.NullHandler())
    return logging.getLogger(__name__)


def _noting(action: Callable[[], ExitStatus], note: Callable[[ExitStatus], None]) -> ExitStatus:
    """Run, and note how it ended, whatever happens."""
    status = ExitStatus.BUG  # what a traceback leaves behind

    try:
        status = action()
    except MwwError as error:
        status = error.exit_status
        raise
    except KeyboardInterrupt:
        status = ExitStatus.INTERRUPTED
        raise
    except BrokenPipeError:  # a reader who has gone: `report | head`
        status = ExitStatus.OK
        raise
    finally:
        note(status)

    return status


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status. The one place where errors are caught."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal or cron that knows no UTF-8
    use(default_language(os.environ))
    use_zone(None)
    carry_nothing()

    try:
        return int(cli.main(arguments, prog_name="mww2minox", standalone_mode=False) or 0)
    except MwwError as error:
        _log().error("%s", error)  # no traceback: it is a sentence
        _complain(error.message)
        _complain(error.suggestion)
        return error.exit_status
    except click.ClickException as error:
        error.show()
        return ExitStatus.USAGE
    except (click.Abort, KeyboardInterrupt):
        _complain(_("Interrupted. Nothing is lost: run the same command again."))
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return ExitStatus.OK
    except Exception as error:  # noqa: BLE001 - the user gets a sentence, the log the traceback
        return _unexpected(error)


def _let_go_of_stdout() -> None:
    """Let what is still to be shown go nowhere.

    Python would try once more at the end, and spoil the exit status.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unexpected(error: Exception) -> ExitStatus:
    """Tell of a bug, or of a disk that takes no more of what is shown."""
    _log_bug(error)

    if isinstance(error, OSError) and error.errno in NO_ROOM:
        _let_go_of_stdout()
        unwritten = _("The output cannot be written: {problem}.")
        _complain(unwritten.format(problem=system_problem(error)))
        _complain(
            _("Nothing that was stored is lost. Look at the disk (df), then run: mww2minox report")
        )
        return ExitStatus.USAGE

    bug = _("This is a bug in mww2minox ({error}). The log says where.")
    _complain(bug.format(error=type(error).__name__))
    _complain(_("Nothing that was stored is lost. Report it, then run: mww2minox report"))
    return ExitStatus.BUG


def _log_bug(error: Exception) -> None:
    """Log where it happened; not the text of the exception, which may hold a customer's data."""
    import traceback

    frames = "".join(traceback.format_tb(error.__traceback__)).replace("\n", " | ")
    _log().error("bug: %s at %s", type(error).__name__, frames)


def _complain(sentence: str) -> None:
    if sentence:
        click.echo(carried(sentence), err=True)


def main() -> NoReturn:
    """Be the console script.

    To be stopped, as by a system that goes down, is to be interrupted: what is under way is stored,
    and what was done is told. The process ends as soon as all is written: Python's own way out
    takes every module down first, which takes longer than many a command.
    """
    _open_what_is_closed()
    signal.signal(signal.SIGTERM, _interrupt)
    status = run()

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(status)


def _open_what_is_closed() -> None:
    """Let what is read or shown by way of a closed stream (`>&-`) come from or go nowhere.

    Python has no stream there then, and the next file that is opened gets its number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # The lowest number that is free is taken: this one.
            descriptor = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(descriptor, mode))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
