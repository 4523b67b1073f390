"""`setup`: from two keys to a config that works.

Asks only what neither side can tell, and may be interrupted.
"""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from mww2minox.commands.check import exit_status, look_at_all, show
from mww2minox.commands.check.findings import Finding, Status
from mww2minox.commands.setup.answers import Answers
from mww2minox.commands.setup.configtext import config_text, env_text, save_private, secrets_apart
from mww2minox.commands.setup.dialogue import Dialogue
from mww2minox.commands.setup.keys import Keys
from mww2minox.commands.setup.proposal import EU, Lists
from mww2minox.commands.setup.rehearsal import Rehearsal
from mww2minox.commands.setup.screen import BothSides, Screen
from mww2minox.commands.setup.session import MAPPING, TRIAL, Options, Session
from mww2minox.config.loading import load_config, place_for_config, usual_places
from mww2minox.config.secrets import env_values, variables
from mww2minox.config.yaml_file import env_file, read_document
from mww2minox.errors import ExitStatus, KeysRefused, UnusableAnswer, UsageError
from mww2minox.language.texts import _, country_names, language, ngettext
from mww2minox.output import Output, log_beside, log_to
from mww2minox.shop.orders import read_stored_order
from mww2minox.state import Store
from mww2minox.wiring import Wiring

Answer = TypeVar("Answer")

ABOUT_POSTING = ("trial", "vat_posting")
"""What is red because of the way of sending VAT, which another trial finds out."""
NEWEST_ORDERS = 200
"""So many show what the shop's orders need."""


def setup(output: Output, options: Options) -> ExitStatus:
    """Gather the answers, show a real order as a booking, try it where the user agrees, write the
    config, check it.
    """
    _refuse_env_file(options.target)
    answers = _answers(options)
    # Before the state file's place is kept: what this setup itself keeps is not taken up.
    known = [path for path in (options.target, answers.draft) if path.exists()]
    path = _state(options, answers)

    with Store(path, read=read_stored_order) as store:
        log_to(log_beside(path), verbose=options.verbose)
        session = Session(answers, Dialogue(output), store, options)
        _begin(session, known)

        Keys(session).connect()
        both_sides = _fill_mapping(session)
        rehearsal = Rehearsal(session, both_sides)
        if session.to_mend != MAPPING:
            rehearsal.show_and_try()
        _write(session)
        return _end(session, _failed_trial(rehearsal))


def _failed_trial(rehearsal: Rehearsal) -> list[Finding]:
    """Return what the trial booking found wrong, as `check` would tell it."""
    if rehearsal.failure is None:
        return []
    sentence, suggestion = rehearsal.failure
    return [Finding(name="trial", what=sentence, status=Status.PROBLEM, suggestion=suggestion)]


def _end(session: Session, failed_trial: Sequence[Finding]) -> ExitStatus:
    """Check what was written; say what comes next, or what has to be mended before anything."""
    options = session.options
    wiring = Wiring(load_config(options.target), session.store, session.output)
    findings = [*failed_trial, *look_at_all(wiring, options.target)]
    problems = [finding for finding in findings if finding.status is Status.PROBLEM]
    session.ended_with(_to_mend(problems))

    if problems:
        _tell_what_to_mend(session, problems)
    else:
        _tell_next(session)
    return exit_status(findings)


def _to_mend(problems: Sequence[Finding]) -> str:
    """Say what the next setup is about; empty where all is well."""
    if any(problem.name in ABOUT_POSTING for problem in problems):
        return TRIAL
    return MAPPING if problems else ""


def _tell_what_to_mend(session: Session, problems: Sequence[Finding]) -> None:
    """Show the red lines once more, below all others."""
    session.output.line("")
    session.output.line(_("Mend this before anything is booked:"), style="bold")
    for problem in problems:
        show(session.output, problem)

    session.output.paragraph(
        _("Then run: mww2minox setup. It asks only about what has to be mended.")
    )


def _refuse_env_file(target: Path) -> None:
    if env_file(target) == target:
        message = _("{path} would be the config and its env file at once.").format(path=target)
        raise UsageError(message, _("Choose another file: mww2minox --config FILE setup"))


def _state(options: Options, answers: Answers) -> Path:
    """Return the state file; a config at a place of its own, like that of a second shop, gets one
    beside it.
    """
    if options.state:
        answers.put(str(options.state.absolute()), "state")
    elif answers.get("state") is None and options.target not in map(Path.absolute, usual_places()):
        answers.put(f"{options.target.stem}.db", "state")
    return answers.config().state_path


def _answers(options: Options) -> Answers:
    given = {dotted: value for dotted, value in (options.given or {}).items() if value is not None}
    return Answers(options.target, options.answers, given)


def _begin(session: Session, known: Sequence[Path]) -> None:
    """Say what it is about or what of the `known` files is taken up, and keep the language: cron
    has no locale.
    """
    if session.dialogue.interactive and not known:
        _introduce(session.output)
    for path in known:
        sentence = _("The answers of {path} are taken up; each of them can be changed.")
        session.output.paragraph(sentence.format(path=path))

    if session.answers.get("language") is None:
        session.answers.put(language(), "language")


def _introduce(output: Output) -> None:
    """Say in three lines what this is, before the first question."""
    output.line(_("This connects your shop with Minox. Nothing is booked yet."))
    output.line(_("Needed: the shop's token; of Minox the client id, its secret and main user."))
    output.line(_("Ten minutes; Ctrl-C is safe at any time: setup then goes on where you were."))
    output.line("")


def _fill_mapping(session: Session) -> BothSides:
    """Read both sides' lists and the newest orders, propose a mapping, and let the user change
    it.
    """
    wiring = session.wiring
    both_sides = _read_both_sides(session, wiring)
    sentence = ngettext(
        "Administration {name}; the shop's newest order was looked at.",
        "Administration {name}; the shop's {count} newest orders were looked at.",
        len(both_sides.orders),
    )
    name = both_sides.administration.name
    session.output.line(sentence.format(name=name, count=len(both_sides.orders)))

    screen = Screen(session.answers, session.dialogue, both_sides, wiring.minox)
    screen.fill()
    # Who comes back to mend something has seen the screen, unless there was nothing to ask.
    if not (session.to_mend and session.dialogue.asked):
        screen.confirm()
    return both_sides


def _read_both_sides(session: Session, wiring: Wiring) -> BothSides:
    orders = [received.order for received in wiring.shop.latest(NEWEST_ORDERS) if received.order]
    rates = _or_none(session, wiring.shop.tax_rates)
    shop_country = wiring.shop.store().country

    regions = {shop_country, *rates, *(order.tax_region or shop_country for order in orders), *EU}
    lists = Lists(
        shop_country=shop_country,
        codes=wiring.minox.vat_codes(),
        accounts=wiring.minox.ledger_accounts(),
        distance_sales=wiring.minox.distance_sales(),
        countries={region.upper(): country_names(region) for region in regions},
    )

    # The lists of statuses and of ways of paying are for partners alone.
    is_partner = session.has("shop", "partner_token")
    statuses = wiring.shop.statuses() if is_partner else []
    methods = _or_none(session, wiring.shop.payment_methods) if is_partner else {}

    return BothSides(
        orders=orders,
        statuses=statuses,
        methods=methods,
        rates=rates,
        administration=wiring.administration,
        journals=wiring.minox.journals(),
        lists=lists,
    )


def _or_none(session: Session, look: Callable[[], dict[str, Answer]]) -> dict[str, Answer]:
    """Do without what only makes the proposal better, where the shop does not tell it."""
    try:
        return look()
    except (KeysRefused, UnusableAnswer) as error:
        session.output.warn(error.message)
        return {}


def _write(session: Session) -> None:
    """Write the config, and the secrets beside it.

    One that is there is kept as `.old`, if the user agrees.
    """
    target = session.options.target
    session.answers.complete()  # tells its problems before anything is written
    if target.exists():
        _keep_old(session, target)

    values = session.answers.values
    secrets = {} if session.options.inline_secrets else secrets_apart(values)
    if secrets:
        _save_secrets(env_file(target), secrets)
    save_private(target, config_text(values))
    session.answers.done()

    _tell_written(session, secrets)


def _save_secrets(env: Path, secrets: Mapping[str, str]) -> None:
    """Put the secrets into the env file; what else it holds stays."""
    present = env.read_text(encoding="utf-8-sig") if env.exists() else ""
    save_private(env, env_text(secrets, present))


def _tell_written(session: Session, secrets: Mapping[str, str]) -> None:
    target = session.options.target
    session.output.line("")
    session.output.line(_("Written: {path}").format(path=target))
    if secrets:
        sentence = _("The keys are in {path}; only you can read it.")
        session.output.line(sentence.format(path=env_file(target)))
    _tell_elsewhere(session)

    for name, secret in secrets.items():
        if os.environ.get(name) not in (None, "", secret):
            warning = _(
                "The environment holds another {name}, which goes before that file: unset it."
            )
            session.output.warn(warning.format(name=name))


def _tell_elsewhere(session: Session) -> None:
    """Tell of keys that the config takes from this shell alone: what a timer starts has none."""
    document = read_document(session.options.target)
    held = {name for name, value in env_values(document).items() if value}
    names = ", ".join(sorted(variables(document) - held))

    if names:
        env = env_file(session.options.target)
        message = _("{names} stays in the environment: setup did not write it to {path}.")
        session.output.warn(
            message.format(names=names, path=env),
            _("For cron and systemd put it there, as NAME=VALUE on a line of its own."),
        )


def _keep_old(session: Session, target: Path) -> None:
    old = target.with_name(f"{target.name}.old")
    question = _("Replace {path}? What is there now is kept as {old}.").format(
        path=target, old=old.name
    )

    # The config that has to be mended is the one that setup wrote before.
    agreed = session.to_mend or session.agreed(
        "replace", question, default=session.dialogue.interactive
    )
    if not agreed:
        message = _("{path} stays as it is.").format(path=target)
        raise UsageError(message, _("The answers are kept. To go on: mww2minox setup"))
    save_private(old, target.read_text(encoding="utf-8"))


def _tell_next(session: Session) -> None:
    """Say what comes after a check."""
    target = session.options.target
    config = "" if place_for_config(None) == target else f" --config {shlex.quote(str(target))}"
    session.output.line("")
    session.output.line(_("What comes next:"), style="bold")

    steps = [
        ("fetch", _("take the orders in; nothing is booked yet")),
        ("push --dry-run", _("look at what would be booked")),
        ("push --limit 1", _("book one order, and look at it in Minox")),
        ("push", _("book the rest")),
        ("schedule --install", _("let the machine do it from now on")),
    ]
    for command, what in steps:
        session.output.line(f"  mww2minox{config} {command}")
        session.output.line(f"      {what}")

    session.output.paragraph(
        _(
            "Payments are not booked: each order becomes an open item on its customer in Minox. It"
            " is settled there, by Minox' own link with Mollie or when the bank is booked."
        )
    )
    session.output.paragraph(
        _(
            "Was another connector in use? Stop it, and revoke its token in the shop, in the menu"
            " where you made this one."
        )
    )
