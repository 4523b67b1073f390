"""Words of a reconciliation that the terminal and the document have alike."""

from mww2minox.books.model import Reason
from mww2minox.books.reconciliation import Reconciliation, Standing, Step, VatLine
from mww2minox.books.vat_return import DISTANCE_SALES_LIMIT
from mww2minox.commands.reconcile.document import Document
from mww2minox.language.texts import N_, _, country_name, day, money, ngettext
from mww2minox.reasons import REASONS
from mww2minox.state import StoredViesAnswer

STEPS = {
    "shop": N_("in the shop"),
    "elsewhere": N_("less: document date in another period"),
    "to_book": N_("to be booked"),
    Standing.MISSING: N_("less: missing"),
    Standing.UNKNOWN: N_("less: not certain yet"),
    "booked": N_("booked"),
    "differing": N_("less: with differences"),
    "read_back": N_("read back as they are in the shop"),
}
ALWAYS = ("shop", "to_book", "booked", "read_back")
"""The steps that are shown with nothing in them too."""
PREFIXES = {"EL": "GR", "XI": "GB"}
"""The prefixes of VAT numbers that are no country's code."""


def verdict(reconciliation: Reconciliation) -> str:
    """Return whether the period is closed, in a few words."""
    count = len(reconciliation.open_points)
    if count == 0:
        return _("CLOSED: shop and books agree.")
    sentence = ngettext("OPEN: {count} point.", "OPEN: {count} points.", count)
    return sentence.format(count=count)


def summary(reconciliation: Reconciliation) -> str:
    """Return how many orders of the period are booked, missing, and not to be booked."""
    booked = reconciliation.count(Standing.BOOKED)
    missing = reconciliation.count(Standing.MISSING) + reconciliation.count(Standing.UNKNOWN)
    sentence = _("Orders: {booked} booked, {missing} missing, {excluded} not to be booked.")

    return sentence.format(
        booked=booked, missing=missing, excluded=reconciliation.count(Standing.EXCLUDED)
    )


def not_over(document: Document) -> str:
    """Say until which day a period is proven that is not over; nothing of another one."""
    if document.proven_until is None:
        return ""

    sentence = _("The period is not over: proven are its orders until {day}.")
    return sentence.format(day=day(document.proven_until))


def step_in_words(step: Step) -> str:
    """Name a step of the bridge."""
    if step.name in STEPS:
        return _(STEPS[step.name])
    row = REASONS[Reason(step.name)]
    return _("less: {reason}").format(reason=_(row.brief))


def is_shown(step: Step) -> bool:
    """Tell whether a step of the bridge has anything to say."""
    return bool(step.count) or step.name in ALWAYS


def country(code: str) -> str:
    """Return what the reader calls a country, by its code or by the prefix of a VAT number."""
    return country_name(PREFIXES.get(code, code))


def country_of(line: VatLine) -> str:
    """Return the country of a line of VAT; what has no code is named as that."""
    return country(line.region) if line.code else _("no VAT code")


def notes(document: Document) -> list[str]:
    """Say what was not compared to the cent, and what else stands in the journal."""
    reconciliation = document.reconciliation
    sentences: list[str] = []

    if reconciliation.untold:
        sentence = ngettext(
            "Of {count} booking Minox does not tell the VAT of the order: ledger accounts and total"
            " were compared.",
            "Of {count} bookings Minox does not tell the VAT of the order: ledger accounts and"
            " totals were compared.",
            reconciliation.untold,
        )
        sentences.append(sentence.format(count=reconciliation.untold))
    if reconciliation.rounded_by_minox:
        sentence = _("Rounded by Minox: {amount} of VAT.")
        sentences.append(sentence.format(amount=money(reconciliation.rounded_by_minox)))
    if reconciliation.other_bookings:
        sentence = ngettext(
            "{count} booking in the journal names no order: other revenue, perhaps.",
            "{count} bookings in the journal name no order: other revenue, perhaps.",
            reconciliation.other_bookings,
        )
        sentences.append(sentence.format(count=reconciliation.other_bookings))
    return sentences


def distance_sales(document: Document) -> str:
    """Say how much of the limit of distance sales the year has come to; nothing without any."""
    if not document.distance_sales:
        return ""

    period = document.reconciliation.period
    sentence = _(
        "Distance sales of {year} until {day}, as booked here: {amount} of the {limit} up to which"
        " your own country's VAT may be charged."
    )
    return sentence.format(
        year=period.first.year,
        day=day(period.last),
        amount=money(document.distance_sales),
        limit=money(DISTANCE_SALES_LIMIT),
    )


def vies_in_words(answer: StoredViesAnswer | None) -> str:
    """Say what VIES answered about a VAT number, and when; nothing where it was not asked."""
    if answer is None:
        return ""

    sentence = _("valid on {day}") if answer.valid else _("not valid on {day}")
    return sentence.format(day=day(answer.asked_at.astimezone()))


def icp_check(document: Document) -> str:
    """Hold what the ICP listing adds up to against box 3b; nothing where there is neither."""
    total, box = document.icp_total, document.box_3b
    if not (document.icp or box):
        return ""
    if total == box:
        return _("Adds up to {total}, which is box 3b.").format(total=money(total))

    sentence = _("Adds up to {total}; box 3b has {box}: a difference of {difference}.")
    return sentence.format(total=money(total), box=money(box), difference=money(box - total))


def large_correction(document: Document) -> str:
    """Say that what changed since the period closed has to be filed apart; nothing where it need
    not be.
    """
    if document.known_since is None:
        return ""

    sentence = _(
        "A correction of more than €1,000 of VAT has to be filed within 8 weeks; it is known since"
        " {since}."
    )
    return sentence.format(since=day(document.known_since))
