"""The first date that books: what was fetched from before a later `shop.since` waits."""

from mww2minox.language.texts import _, day_of, ngettext
from mww2minox.wiring import Wiring


def keep_to_since(wiring: Wiring) -> None:
    """Let orders from before `shop.since` that are not booked wait, and say how many now do.

    Where it was moved later they count as booked elsewhere (books/rules.md, "An order's life").
    """
    since = wiring.config.shop.since.isoformat()
    if not wiring.store.has_unbooked_before(since):
        return

    from mww2minox.shop.intake import wait_for_since

    count = wait_for_since(wiring.store, since)
    if not count:
        return

    message = ngettext(
        "{count} order from before shop.since ({since}) waits: it is not booked.",
        "{count} orders from before shop.since ({since}) wait: they are not booked.",
        count,
    )
    told = message.format(count=count, since=day_of(since))
    wiring.output.warn(told, _("See which: mww2minox report"))
