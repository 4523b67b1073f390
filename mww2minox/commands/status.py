"""`status`: what ran last and how it ended, what waits, what needs attention, what runs next.

Asks the state file and this machine alone: no network, no lock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mww2minox.books.model import State
from mww2minox.books.money import euros
from mww2minox.errors import ExitStatus
from mww2minox.language.commands import carried
from mww2minox.language.texts import N_, _, moment, ngettext
from mww2minox.output import Output
from mww2minox.register import DAILY
from mww2minox.state import LastRun
from mww2minox.steps.timers import NextRun, next_runs
from mww2minox.wiring import ADMINISTRATION, SHOP_NAME, Wiring

WIDTH = 80
GAP = 2
"""Columns between a label and what is told."""
ENDINGS = {
    ExitStatus.OK: N_("well"),
    ExitStatus.ATTENTION: N_("needs attention"),
    ExitStatus.VENDOR: N_("the shop or Minox could not be used"),
    ExitStatus.USAGE: N_("not carried out: config, state file or options"),
    ExitStatus.BUG: N_("stopped by a bug; the log says where"),
    ExitStatus.INTERRUPTED: N_("interrupted"),
}
WELL = (ExitStatus.OK, ExitStatus.ATTENTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """How many orders or bookings need a person, by what is the matter."""

    failed: int
    differences: int
    warnings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All there is to tell. Moments are aware; `ended_well` is by command, None for never."""

    shop: str
    administration: str
    runs: Mapping[str, LastRun | None]
    ended_well: Mapping[str, datetime | None]
    orders: Mapping[State, int]
    attention: Attention
    has_login: bool
    login_ends_at: datetime | None
    next_runs: Sequence[NextRun]


def status(wiring: Wiring, config_path: Path, *, form: str = "table") -> ExitStatus:
    """Show how things stand, a line each, or as JSON (docs/json.md). StateError for a state file of
    other books.
    """
    wiring.refuse_other_books(ADMINISTRATION, wiring.books)
    situation = _situation(wiring, config_path.absolute())

    if form == "json":
        wiring.output.data(_json(situation))
    else:
        _show(wiring.output, _lines(situation))
    return ExitStatus.OK


def _situation(wiring: Wiring, config_path: Path) -> Situation:
    store = wiring.store
    orders = store.count_orders()
    tokens = store.tokens()
    ended_well: dict[str, datetime | None] = {}
    for command in DAILY:
        past = store.past_runs(command)
        ended_well[command] = past.ended_well if past else None

    return Situation(
        shop=store.note(SHOP_NAME) or str(config_path),
        administration=wiring.books,
        runs={command: store.last_run(command) for command in DAILY},
        ended_well=ended_well,
        orders=orders,
        attention=_attention(wiring, orders[State.FAILED]),
        has_login=tokens is not None,
        login_ends_at=tokens.login_ends_at if tokens else None,
        next_runs=next_runs(config_path, datetime.now(UTC).astimezone()),
    )


def _attention(wiring: Wiring, failed: int) -> Attention:
    bookings = wiring.store.bookings_to_look_at()

    return Attention(
        failed=failed,
        differences=sum(bool(booking.unseen_differences) for booking in bookings),
        warnings=sum(bool(booking.unseen_warnings) for booking in bookings),
    )


# For a person


@dataclass(frozen=True, slots=True)
class Line:
    """What is told, what about it, and the command to run, where there is one."""

    label: str
    text: str
    command: str = ""


def _show(output: Output, lines: Sequence[Line]) -> None:
    """Show each line; a command that has no room on it comes under it."""
    width = max(len(line.label) for line in lines) + GAP
    for line in lines:
        if not line.command:
            output.row(line.label, line.text, width=width)
            continue

        whole = f"{line.text}: {line.command}"
        if width + len(carried(whole)) <= WIDTH:
            output.row(line.label, whole, width=width)
        else:
            output.row(line.label, f"{line.text}:", width=width)
            output.row("", line.command, width=width)


def _lines(situation: Situation) -> list[Line]:
    about = _("{shop}, administration {administration}")
    shop = about.format(shop=situation.shop, administration=situation.administration)

    lines = [Line(_("shop"), shop)]
    for command, run in situation.runs.items():
        lines += _of_run(command, run, situation.ended_well[command])
    return [
        *lines,
        _waiting(situation.orders),
        _needs_attention(situation.attention),
        _login(situation),
        _next(situation.next_runs),
    ]


def _of_run(command: str, run: LastRun | None, ended_well: datetime | None) -> list[Line]:
    again = f"mww2minox {command}"
    if run is None:
        return [Line(command, _("never ran; run"), again)]

    began = moment(run.began)
    what = _what_it_did(command, run.counts)
    told = f"{began}, {_ending(run)}"
    if _is_well(run):
        return [Line(command, f"{told}: {what}" if what else told)]

    if ended_well is None:
        return [Line(command, told), Line("", _("it never ended well; run"), again)]
    since = _("it last ended well on {moment}; run").format(moment=moment(ended_well))
    return [Line(command, told), Line("", since, again)]


def _is_well(run: LastRun) -> bool:
    return run.exit_status in WELL and not run.refused


def _ending(run: LastRun) -> str:
    if run.ended is None:
        return _("still running, or cut off")
    if run.refused:
        return _("refused, and nothing was done")
    if run.exit_status is None:
        return _("cut off")

    known = run.exit_status in set(ExitStatus) and ENDINGS.get(ExitStatus(run.exit_status))
    return _(known) if known else _("exit code {code}").format(code=run.exit_status)


def _what_it_did(command: str, counts: Mapping[str, int]) -> str:
    """Say what a run did; of one by an older version that is not known."""
    if not counts:
        return ""

    sentences = {
        "fetch": _("{looked_at} looked at, {new} new, {changed} changed"),
        "push": _("{booked} booked, {skipped} skipped, {failed} failed"),
        "verify": _("{looked_at} compared, {differing} with differences"),
    }
    return sentences[command].format(**counts)


def _waiting(orders: Mapping[State, int]) -> Line:
    waiting, ready = orders[State.WAITING], orders[State.READY]
    if not sum(orders.values()):
        return Line(_("waits"), _("no orders yet; run"), "mww2minox fetch")
    if not waiting and not ready:
        return Line(_("waits"), _("nothing"))

    parts = []
    if waiting:
        parts.append(_("{count} for their status").format(count=waiting))
    if ready:
        parts.append(_("{count} ready to book").format(count=ready))
    return Line(_("waits"), ", ".join(parts), "mww2minox push" if ready else "")


def _needs_attention(attention: Attention) -> Line:
    parts = []
    if attention.failed:
        parts.append(_("{count} not booked").format(count=attention.failed))
    if attention.differences:
        differing = ngettext(
            "{count} with a difference", "{count} with differences", attention.differences
        )
        parts.append(differing.format(count=attention.differences))
    if attention.warnings:
        warned = ngettext("{count} with a warning", "{count} with warnings", attention.warnings)
        parts.append(warned.format(count=attention.warnings))

    if not parts:
        return Line(_("attention"), _("nothing"))
    return Line(_("attention"), ", ".join(parts), "mww2minox report --errors")


def _login(situation: Situation) -> Line:
    login = "mww2minox login"
    if not situation.has_login:
        return Line(_("login"), _("none at Minox; run"), login)

    ends_at = situation.login_ends_at
    if ends_at is None:
        return Line(_("login"), _("there is one; Minox does not tell when it ends"))
    if ends_at <= datetime.now(UTC):
        ended = _("ended on {moment}; run").format(moment=moment(ends_at))
        return Line(_("login"), ended, login)
    return Line(_("login"), _("ends on {moment}").format(moment=moment(ends_at)))


def _next(runs: Sequence[NextRun]) -> Line:
    if not runs:
        return Line(_("next"), _("nothing is scheduled; run"), "mww2minox schedule --install")

    told = [_of_next(run) for run in runs]
    kinds = " + ".join(dict.fromkeys(run.kind for run in runs))
    return Line(_("next"), f"{', '.join(told)} ({kinds})")


def _of_next(run: NextRun) -> str:
    commands = _(" and ").join(run.commands)
    if run.at is None:
        return _("{commands}: not started").format(commands=commands)
    return f"{commands} {moment(run.at)}"


# For programs


def _json(situation: Situation) -> str:
    runs = {
        command: _run(run, situation.ended_well[command]) for command, run in situation.runs.items()
    }

    status = {
        "generated_at": _iso(datetime.now(UTC)),
        "shop": situation.shop,
        "administration": situation.administration,
        "runs": runs,
        "orders": {state.value: count for state, count in situation.orders.items()},
        "needs_attention": asdict(situation.attention),
        "login": {"present": situation.has_login, "ends_at": _iso(situation.login_ends_at)},
        "next_runs": [
            {"commands": list(run.commands), "kind": run.kind, "at": _iso(run.at)}
            for run in situation.next_runs
        ],
    }
    return json.dumps(status, indent=2, ensure_ascii=False)


def _run(run: LastRun | None, ended_well: datetime | None) -> dict[str, Any] | None:
    if run is None:
        return None

    counts: dict[str, int | str] = dict(run.counts)
    if "cents" in counts:
        counts["total"] = euros(Decimal(counts.pop("cents")) / 100)
    return {
        "began_at": _iso(run.began),
        "ended_at": _iso(run.ended),
        "exit_status": run.exit_status,
        "refused": run.refused,
        "ended_well_at": _iso(ended_well),
        "counts": counts,
    }


def _iso(when: datetime | None) -> str | None:
    return when.astimezone(UTC).isoformat(timespec="seconds") if when else None
