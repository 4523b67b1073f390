"""A reconciliation for the terminal: the verdict, the bridge, VAT per box, and what is open."""

from mww2minox.books.filed_return import BoxLine
from mww2minox.books.listings import OssLine
from mww2minox.books.money import percentage
from mww2minox.books.reconciliation import Reconciliation, VatLine
from mww2minox.commands.reconcile.document import Document
from mww2minox.commands.reconcile.words import (
    country,
    country_of,
    distance_sales,
    icp_check,
    is_shown,
    large_correction,
    not_over,
    notes,
    step_in_words,
    verdict,
    vies_in_words,
)
from mww2minox.language.texts import _, day, money, ngettext
from mww2minox.output import Output
from mww2minox.steps.reconciliation.closed_periods import explain_change
from mww2minox.steps.reconciliation.words import text_of


def show_table(output: Output, document: Document) -> None:
    """Show what was proven, and each point that is open with what to do."""
    reconciliation, proof = document.reconciliation, document.proof
    period = reconciliation.period
    heading = _("Period {name}: document dates {first} to {last}")
    output.line(
        heading.format(name=period.name, first=day(period.first), last=day(period.last)),
        style="bold",
    )
    # no text: how it is shown
    style = "bold green" if reconciliation.is_closed else "bold red"
    output.line(verdict(reconciliation), style=style)

    if document.proven_until:
        output.line(not_over(document))

    _show_bridge(output, document)
    _show_vat(output, reconciliation)
    _show_filed(output, document)
    _show_listings(output, document)
    for note in (*notes(document), distance_sales(document)):
        if note:
            output.line(note)
    _show_changes(output, document)
    _show_points(output, reconciliation)
    closing = _("Proof {number} of {day}, sha256 {hash}")
    if not proof.number:
        closing = _("Proof of {day}, not stored, sha256 {hash}")
    output.line(
        closing.format(
            number=proof.number, day=day(proof.proven_at.astimezone()), hash=proof.sha256
        )
    )


def _show_changes(output: Output, document: Document) -> None:
    """Show what has changed since the period closed before, and per box since that proof."""
    if document.changed:
        output.line(explain_change(document.changed).message)

    former = document.former
    if former and document.since_former:
        columns = [(_("Box"), "left"), (_("Turnover"), "right"), (_("VAT"), "right")]
        rows = [
            (box, money(amounts.turnover), money(amounts.vat))
            for box, amounts in document.since_former.items()
        ]
        title = _("Changes since proof {number} of {day}, per box")
        day_of_former = day(former.proven_at.astimezone())
        output.table(title.format(number=former.number, day=day_of_former), columns, rows)

    large = large_correction(document)
    if large:
        output.line(large)


def _show_bridge(output: Output, document: Document) -> None:
    columns = [
        (_("From the shop to the books"), "left"),
        (_("Orders"), "right"),
        (_("Amount"), "right"),
    ]
    rows = [
        (step_in_words(step), str(step.count), money(step.amount))
        for step in document.bridge
        if is_shown(step)
    ]
    output.table(_("Bridge"), columns, rows)


def _show_vat(output: Output, reconciliation: Reconciliation) -> None:
    if not reconciliation.lines:
        return

    columns = [
        (_("Box"), "left"),
        (_("Country"), "left"),
        (_("Rate"), "right"),
        (_("Turnover"), "right"),
        (_("VAT"), "right"),
        (_("In Minox"), "right"),
        (_("VAT"), "right"),
    ]
    output.table(_("VAT per box, shop and Minox"), columns, map(_vat_row, reconciliation.lines))


def _vat_row(line: VatLine) -> list[str]:
    rate = "" if line.rate is None else f"{percentage(line.rate)}%"
    amounts = (line.shop.turnover, line.shop.vat, line.books.turnover, line.books.vat)
    return [line.box, country_of(line), rate, *map(money, amounts)]


def _show_filed(output: Output, document: Document) -> None:
    """Show what was filed beside what the books have, where that is known."""
    if document.filed is None:
        return

    columns = [
        (_("Box"), "left"),
        (_("Turnover"), "right"),
        (_("VAT"), "right"),
        (_("Filed"), "right"),
        (_("VAT"), "right"),
        (_("Difference"), "right"),
        (_("VAT"), "right"),
    ]
    output.table(_("Against the return"), columns, map(_filed_row, document.by_box))
    if any(line.difference for line in document.by_box):
        output.line(_("A difference is no fault by itself: other revenue may be in the return."))


def _filed_row(line: BoxLine) -> list[str]:
    filed = line.filed
    vat = "" if filed is None or filed.vat is None else money(filed.vat)
    difference = ["", ""]
    if line.difference is not None:
        difference = [money(line.difference.turnover), money(line.difference.vat)]

    books = [line.box, money(line.books.turnover), money(line.books.vat)]
    return [*books, money(filed.turnover) if filed else "", vat, *difference]


def _show_listings(output: Output, document: Document) -> None:
    """Show ICP per customer and OSS per country and rate, where there is any."""
    if document.icp:
        columns = [
            (_("Country"), "left"),
            (_("VAT number"), "left"),
            (_("Turnover"), "right"),
            (_("VIES"), "left"),
        ]
        rows = [
            (
                country(line.country),
                line.vat_number or "-",
                money(line.turnover),
                vies_in_words(document.vies.get(line.vat_number)),
            )
            for line in document.icp
        ]
        output.table(_("ICP listing"), columns, rows)

    if icp_check(document):
        output.line(icp_check(document))

    if document.oss:
        columns = [
            (_("Country"), "left"),
            (_("Rate"), "right"),
            (_("Sold"), "right"),
            (_("VAT"), "right"),
            (_("Taken back"), "right"),
            (_("VAT"), "right"),
        ]
        output.table(_("Distance sales (OSS)"), columns, map(_oss_row, document.oss))


def _oss_row(line: OssLine) -> list[str]:
    amounts = (line.sold.turnover, line.sold.vat, line.taken_back.turnover, line.taken_back.vat)
    return [country(line.country), f"{percentage(line.rate)}%", *map(money, amounts)]


def _show_points(output: Output, reconciliation: Reconciliation) -> None:
    for place, point in enumerate(reconciliation.open_points, 1):
        text = text_of(point, reconciliation.period.name)
        amount = "" if point.amount is None else f" ({money(point.amount)})"
        output.line(f"{place}. {text.message}{amount}")
        output.line(f"   {text.suggestion}")

    accepted = sum(point.accepted for point in reconciliation.points)
    if accepted:
        note = ngettext(
            "{count} difference was looked at and left as it is.",
            "{count} differences were looked at and left as they are.",
            accepted,
        )
        output.line(note.format(count=accepted))
