"""What `explain` tells, in words: how a customer was found, which rules played a part, answers."""

from collections.abc import Iterator

from mww2minox.books.kept_decision import KeptAdoption, KeptCustomer, KeptDecision, KeptVat
from mww2minox.books.model import (
    REVERSE_CHARGED,
    AdoptedBy,
    DateChoice,
    FoundBy,
    VatPosting,
)
from mww2minox.language.texts import N_, _, country_name, day, number, percentage
from mww2minox.reasons import STRATEGIES, TYPES

GOODS = ("article", "custom")
"""The types of order lines that others are held against."""
OK_UNTIL, REFUSED_UNTIL, NOT_FOUND, TOO_MANY = 300, 500, 404, 429

FOUND_BY: dict[FoundBy, str] = {
    FoundBy.FIXED: N_("fixed for this way of paying ({of}), by payment_debtors in the config"),
    FoundBy.REMEMBERED: N_("known by its e-mail address from an earlier order"),
    FoundBy.LOOKED_UP: N_("found in Minox by its e-mail address"),
    FoundBy.CREATED: N_("made in Minox for this order"),
    FoundBy.ORIGINAL: N_("that of the booking of order {of}"),
    FoundBy.IN_BOOKING: N_("that of the booking that was in Minox already"),
}
ADOPTED_BY: dict[AdoptedBy, str] = {
    AdoptedBy.OURS: N_(
        "it was in Minox, by the id that this order's booking gets, though this state file did not"
        " know of it"
    ),
    AdoptedBy.NAME: N_("it was in the journal, names this order and fits it"),
    AdoptedBy.PERSON: N_("somebody said that it is this order's (adopt --order)"),
    AdoptedBy.ANEW: N_("somebody entered it in the place of ours, which is gone from Minox"),
}
POSTINGS: dict[VatPosting, str] = {
    VatPosting.NET: N_("Each line on a ledger account is without VAT, and tells the VAT on top."),
    VatPosting.GROSS: N_("Each line on a ledger account is with VAT, and tells the VAT in it."),
    VatPosting.LEDGER: N_("Each line is with VAT: Minox takes the VAT out by the ledger account."),
    VatPosting.LINE: N_("VAT stands on lines of its own, beside lines without VAT."),
    VatPosting.DEBTOR: N_("VAT stands on the customer's lines, one for each VAT code."),
}
EXCHANGES: dict[str, str] = {
    "put_booking": N_("booking sent"),
    "read_booking": N_("booking looked up"),
    "post_customer": N_("customer made"),
    "read_customer": N_("customer looked up by number"),
    "customer_by_email": N_("customer looked up by e-mail"),
    "customer_by_externalid": N_("customer looked up by our own mark"),
    "search_customer": N_("customers searched"),
    "read_order": N_("order read (shop)"),
    "read_payments": N_("payments read (shop)"),
}


def customer_in_words(customer: KeptCustomer) -> str:
    """Return how the customer of a booking was found."""
    return _(FOUND_BY[customer.found_by]).format(of=customer.of)


def adoption_in_words(adoption: KeptAdoption) -> str:
    """Return which booking an order was taken to be booked by, and how that was known."""
    date = day(adoption.date) if adoption.date else "-"
    total = "-" if adoption.total is None else number(adoption.total)

    which = _("journal {journal}, {date}, {total} euros").format(
        journal=adoption.journal, date=date, total=total
    )
    return f"{which}; {_(ADOPTED_BY[adoption.by])}"


def exchange_in_words(what: str) -> str:
    """Return what a request was for."""
    return _(EXCHANGES.get(what, what))


def answer_in_words(status: int | None) -> str:
    """Return how a request was answered."""
    if status is None:
        return _("no answer")

    if status < OK_UNTIL:
        words = _("done")
    elif status == NOT_FOUND:
        words = _("not found")
    elif status == TOO_MANY:
        words = _("asked to wait")
    else:
        words = _("refused") if status < REFUSED_UNTIL else _("server error")
    return f"{status} {words}"


def type_in_words(line_type: str) -> str:
    """Return a type of order lines."""
    return _(TYPES.get(line_type, line_type))


# The rules that played a part


def rules_in_words(decision: KeptDecision, shop_country: str) -> Iterator[str]:
    """Yield what decided about a booking, a sentence each, in the order of the rules.

    `shop_country` is the shop's own, by two letters.
    """
    yield _about_region(decision, shop_country)
    for vat in decision.vat:
        yield from _about_vat(vat)
    yield from _about_rounding(decision)
    yield from _about_places(decision)
    yield from _about_document(decision)


def _about_region(decision: KeptDecision, shop_country: str) -> str:
    country = country_name(decision.region)
    if decision.strategy == REVERSE_CHARGED:
        sentence = _(
            "VAT is reverse-charged, as the shop says. The customer has a VAT number ({country})"
            " that is right by its form and check digits."
        )
        country = country_name(decision.vat_country)
    elif decision.strategy:
        sentence = _("No VAT is due, as the shop says: {strategy}.")
    elif not decision.region_told:
        sentence = _("VAT country: {country}, the shop's own, since the order tells none.")
    elif decision.region != shop_country:
        sentence = _("VAT country: {country}, as the order says; it is not that of the shop.")
    else:
        sentence = _("VAT country: {country}, as the order says.")

    strategy = _(STRATEGIES.get(decision.strategy, decision.strategy))
    return sentence.format(country=country, strategy=strategy)


def _about_vat(vat: KeptVat) -> Iterator[str]:
    rate, charged = f"{percentage(vat.rate)}%", vat.by_invoice
    if charged is None:
        charged = vat.by_lines
        sentence = _("VAT at {rate} is that of the lines: the shop tells none for the invoice.")
    else:
        sentence = _(
            "VAT at {rate} is that of the invoice, {invoice}; by the lines it is {lines}, which is"
            " a rounding."
        )

    # What agrees, as it mostly does, needs no word.
    if charged != vat.by_lines or (vat.by_invoice is None and vat.rate):
        yield sentence.format(rate=rate, invoice=number(charged), lines=number(vat.by_lines))
    if charged != vat.booked:
        yield _(
            "VAT of {charged} at {rate} does not go with its amount: {booked} is booked, and the"
            " cents stay in the revenue."
        ).format(rate=rate, charged=number(charged), booked=number(vat.booked))


def _about_rounding(decision: KeptDecision) -> Iterator[str]:
    rounding = decision.rounding
    if rounding is None:
        return

    difference = number(rounding.difference)
    if rounding.ledger:
        yield _(
            "The total differs {difference} from the lines: that goes to the ledger account for"
            " roundings, {ledger}."
        ).format(difference=difference, ledger=rounding.ledger)
    elif rounding.rate is not None:
        yield _(
            "The total differs {difference} from the lines: that goes into the largest amount"
            " without VAT, at {rate}."
        ).format(difference=difference, rate=f"{percentage(rounding.rate)}%")


def _about_places(decision: KeptDecision) -> Iterator[str]:
    """Yield what has an account of its own, and what is no turnover."""
    of_goods = {(amount.rate, amount.ledger) for amount in decision.amounts if amount.type in GOODS}
    rates_of_goods = {rate for rate, _ledger in of_goods}

    for amount in decision.amounts:
        words = type_in_words(amount.type)
        is_apart = amount.rate in rates_of_goods and (amount.rate, amount.ledger) not in of_goods
        if amount.code is None:
            yield _("No turnover, so without VAT code: {type}.").format(type=words)
        elif is_apart:
            yield _("A ledger account of their own, {ledger}: {type}.").format(
                ledger=amount.ledger, type=words
            )


def _about_document(decision: KeptDecision) -> Iterator[str]:
    if decision.credits:
        yield _("It takes back order {original}, so it is booked the other way round.").format(
            original=decision.credits
        )
    if decision.date_by is DateChoice.STATUS_CHANGED:
        yield _("It is dated by the change of its status, as booking.date in the config says.")
    if decision.invoice_number is None:
        yield _("Minox numbers the invoice, as booking.invoice_number in the config says.")
    yield _(POSTINGS[decision.posting])
