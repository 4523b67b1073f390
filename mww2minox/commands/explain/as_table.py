"""An explanation for a terminal: sentences, and tables of amounts, lines and requests."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from mww2minox.books.kept_decision import CODE, LEDGER, KeptAmount, KeptDecision
from mww2minox.books.model import DateChoice, State
from mww2minox.commands.explain.explanation import Explanation
from mww2minox.commands.explain.words import (
    adoption_in_words,
    answer_in_words,
    customer_in_words,
    exchange_in_words,
    rules_in_words,
    type_in_words,
)
from mww2minox.language.texts import _, day, moment, money, number, percentage
from mww2minox.output import Output
from mww2minox.reasons import describe, explain_rejection, explain_warning, state_in_words
from mww2minox.state import StoredViesAnswer
from mww2minox.steps.booking_table import (
    customer_of_booking,
    named,
    sent_as_shown,
    show_lines,
    shown_lines,
)

Facts = Iterator[tuple[str, str]]


def show_explanation(output: Output, explanation: Explanation) -> None:
    """Show an explanation: where the order is and why, its amounts, what was sent, what came."""
    _show_heading(output, explanation)
    output.facts([*_facts(explanation)])
    _show_refusals(output, explanation)

    _show_amounts(output, explanation)
    _show_rules(output, explanation)
    _show_lines(output, explanation)
    _show_exchanges(output, explanation)
    _show_since(output, explanation)


def _show_heading(output: Output, explanation: Explanation) -> None:
    order = explanation.order
    cents = order.total_cents
    if explanation.booking and explanation.booking.body:
        cents = explanation.booking.total_cents

    parts = [_("Order {number}").format(number=order.number)]
    if order.date:
        parts.append(day(datetime.fromisoformat(order.date).date()))
    if cents is not None:
        parts.append(money(Decimal(cents) / 100))
    output.line(" · ".join([*parts, state_in_words(order.state)]), style="bold")


# What there is to tell in a line


def _facts(explanation: Explanation) -> Facts:
    booking, kept = explanation.booking, explanation.kept
    if booking is None:
        return

    if booking.booked_at:
        yield _("Booked"), moment(booking.booked_at, explanation.zone)
    else:
        yield (
            _("Sent"),
            _("{moment}; it is not known yet whether Minox has it").format(
                moment=moment(booking.sent_at, explanation.zone)
            ),
        )
    if kept.adoption:
        yield _("Adopted"), adoption_in_words(kept.adoption)

    yield _("Customer"), _customer(explanation)
    if kept.decision:
        yield _("Document"), _document(kept.decision)
    yield _("Booking"), booking.batch_id
    if booking.booked_at:
        yield _("Verified"), _verified(explanation)
    for answer in explanation.vies:
        yield _("VIES"), _vies_in_words(answer, explanation)


def _vies_in_words(answer: StoredViesAnswer, explanation: Explanation) -> str:
    known = _("knew the VAT number on {moment}")
    if not answer.valid:
        known = _("did not know the VAT number on {moment}")
    return known.format(moment=moment(answer.asked_at, explanation.zone))


def _customer(explanation: Explanation) -> str:
    booking, decision = explanation.booking, explanation.kept.decision
    customer = booking.customer if booking else ""
    if decision is None or decision.customer.number != customer:
        return customer

    return f"{customer}, {customer_in_words(decision.customer)}"


def _document(decision: KeptDecision) -> str:
    date = _("{date} (order date)")
    if decision.date_by is DateChoice.STATUS_CHANGED:
        date = _("{date} (date of its status)")
    numbered = _("numbered by Minox")
    if decision.invoice_number is not None:
        numbered = _("invoice {number}").format(number=decision.invoice_number)

    placed = _("journal {journal}, {year} period {period}").format(
        journal=decision.journal, year=decision.fiscal_year, period=decision.period
    )
    return f"{date.format(date=day(decision.document_date))}, {placed}, {numbered}"


def _verified(explanation: Explanation) -> str:
    booking = explanation.booking
    if booking is None or booking.verified_at is None:
        return _("not yet")

    at = moment(booking.verified_at, explanation.zone)
    if booking.verified == "ok":
        return _("right since {moment}").format(moment=at)
    if booking.all_differences:
        return _("{moment}, with differences").format(moment=at)
    if booking.is_absent:
        return _("{moment}: the order wants no booking, and Minox has none").format(moment=at)
    return at


# Why it is not booked


def _show_refusals(output: Output, explanation: Explanation) -> None:
    """Show the reason why an order is not booked, and what the other rules say of it."""
    if explanation.is_booked:
        return

    rejection = explanation.order.rejection
    if rejection:
        text = explain_rejection(rejection)
        output.paragraph(text.message)
        output.paragraph(text.suggestion)

    # What was sent is for Minox to tell, whatever the rules say of it by now.
    if explanation.booking:
        return

    first = rejection.reason if rejection else None
    others = [other for other in explanation.objections if other.reason is not first]
    if others:
        output.line(_("What the other rules say of it now:"))
        for other in others:
            output.item("-", explain_rejection(other).message)
    else:
        output.line(_nothing_else(explanation))


def _nothing_else(explanation: Explanation) -> str:
    """Say that no rule, or no other one, is against booking an order, as far as they can tell."""
    if explanation.order.state is State.READY:
        return _("No rule is against it: the next push books it as follows.")
    if explanation.now:
        return _("No other rule is against it: it would be booked as follows.")
    return _("No other rule is against it.")


# The amounts, from the shop's lines on


def _show_amounts(output: Output, explanation: Explanation) -> None:
    if not explanation.amounts:
        return

    if explanation.is_booked and explanation.kept.decision is None:
        output.line("")
        output.paragraph(_said_of_old(explanation))
    columns = [
        (_("Lines"), "left"),
        (_("Rate"), "right"),
        (_("With VAT"), "right"),
        (_("VAT"), "right"),
        (_("VAT code and account"), "left"),
    ]
    rows = (_amount_row(explanation, amount) for amount in explanation.amounts)
    output.line("")
    output.table(_("From the shop's lines to the books"), columns, rows)


def _show_rules(output: Output, explanation: Explanation) -> None:
    decision = explanation.decision
    if decision is None:
        return

    output.line(_("Rules that played a part"), style="bold")
    for sentence in rules_in_words(decision, explanation.shop_country):
        output.item("-", sentence)
    # Of what was booked, Minox has told them.
    if not (explanation.is_dated or explanation.kept.decision or explanation.is_booked):
        output.item("-", _("Period and fiscal year are told by Minox with the first push."))
    output.line("")


def _said_of_old(explanation: Explanation) -> str:
    if explanation.kept.adoption or not explanation.sent:
        return _(
            "It was booked by others, so nothing was worked out then. This is how the config of now"
            " would book it:"
        )
    return _(
        "It was booked by an earlier version, which kept nothing of what it worked out. This is how"
        " the config of now would book it; what was sent stands below it."
    )


def _amount_row(explanation: Explanation, amount: KeptAmount) -> tuple[str, ...]:
    code = _("no VAT code")
    if amount.code is not None:
        code = named(str(amount.code), CODE, explanation.names)
    place = f"{code} · {named(amount.ledger, LEDGER, explanation.names)}"
    count = f" ({amount.entries})" if amount.entries > 1 else ""

    return (
        f"{type_in_words(amount.type)}{count}",
        f"{percentage(amount.rate)}%",
        number(amount.gross),
        number(amount.vat),
        place if amount.ledger else _("no row in the config"),
    )


# What was sent, and what came


def _show_lines(output: Output, explanation: Explanation) -> None:
    if explanation.sent:
        shown = sent_as_shown(explanation.sent, explanation.names)
        show_lines(output, _("Lines as they were sent"), shown)
    elif explanation.now and not explanation.is_booked:
        customer = customer_of_booking(explanation.now, explanation.remembered)
        shown = shown_lines(explanation.now, customer, explanation.names)
        show_lines(output, _("Lines as they would be sent"), shown)


def _show_exchanges(output: Output, explanation: Explanation) -> None:
    if not explanation.exchanges:
        return

    columns = [
        (_("When"), "left"),
        (_("Asked or sent"), "left"),
        (_("Answer"), "left"),
        (_("Took"), "right"),
    ]
    rows = (
        (
            f"{day(at.date())} {at:%H:%M:%S}",
            exchange_in_words(exchange.what),
            answer_in_words(exchange.status),
            _("{count} ms").format(count=exchange.milliseconds),
        )
        for exchange in explanation.exchanges
        for at in [exchange.at.astimezone(explanation.zone)]
    )
    output.table(_("Requests about this order"), columns, rows)


def _show_since(output: Output, explanation: Explanation) -> None:
    """Show what was seen of a booking since: differences, warnings, and another mapping."""
    booking = explanation.booking
    if booking is None:
        return

    for difference in booking.all_differences:
        output.item("!", describe(difference))
    for warning in booking.warnings:
        output.item("!", explain_warning(warning).message)
    if booking.seen_at:
        seen = _("Somebody looked at that on {moment}.")
        output.line(seen.format(moment=moment(booking.seen_at, explanation.zone)))

    output.line(_mapping(explanation))


def _mapping(explanation: Explanation) -> str:
    if explanation.mapping_is_another is None:
        return _("Which VAT codes and accounts the config had then is not known.")
    if not explanation.mapping_is_another:
        return _("The VAT codes and accounts in the config are those of then.")

    if explanation.books_otherwise:
        return _(
            "The VAT codes and accounts in the config are others now: the same order would be"
            " booked otherwise."
        )
    return _(
        "The VAT codes and accounts in the config are others now; this order would still be booked"
        " the same way."
    )
