"""How things stand, in a sentence: the same in the terminal and on the page."""

from collections.abc import Iterable

from mww2minox.commands.report.value import Freshness, Mood, Total, Verdict
from mww2minox.language.texts import _, money, ngettext


def verdict_in_words(verdict: Verdict, freshness: Iterable[Freshness]) -> str:
    """Return how things stand in one sentence, with the money at stake."""
    match verdict.mood:
        case Mood.EMPTY if verdict.elsewhere:
            return _("There are no orders of these days.")
        case Mood.EMPTY:
            return _("There are no orders yet. To get them, run: mww2minox fetch")
        case Mood.WELL:
            return _("All is in order: nothing needs attention.")
        case Mood.LATE:
            return _is_late(freshness)
        case Mood.ATTENTION:
            return _needs_attention(verdict)


def _is_late(freshness: Iterable[Freshness]) -> str:
    late = ", ".join(one.command for one in freshness if one.is_late)
    text = _(
        "Nothing needs attention, but {commands} did not end well for a day. See what happened"
        " with: mww2minox status"
    )
    return text.format(commands=late)


def _needs_attention(verdict: Verdict) -> str:
    parts = []
    if verdict.unbooked.orders:
        text = _("{count} not booked ({amount})")
        parts.append(_filled(text, verdict.unbooked))
    if verdict.to_look_at.orders:
        text = _("{count} booked and to be looked at ({amount})")
        parts.append(_filled(text, verdict.to_look_at))
    if not parts:
        return _("The shop counts other orders than are known here.")

    count = verdict.attention.orders
    text = ngettext(
        "{count} order needs attention: {parts}.", "{count} orders need attention: {parts}.", count
    )
    return text.format(count=count, parts=", ".join(parts))


def _filled(text: str, total: Total) -> str:
    return text.format(count=total.orders, amount=money(total.total))
