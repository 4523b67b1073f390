"""The sample orders: for each rule and each reason one that shows it, with what must come of it.

The expectations are literals, worked out by hand from the rules of booking for revenue lines that
carry the net amount with its VAT on top: gross per rate from the lines, VAT per rate from the
invoice, net is what is left. Dates are relative to `today`, never after it.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Literal

from mww2minox.sandbox.order_parts import (
    Order,
    cash,
    credit,
    goods,
    invoice,
    line,
    net_price,
    order,
    person,
    rated,
)

Side = Literal["debit", "credit"]
State = Literal["booked", "failed", "skipped", "waiting", "absent"]
CASH_CUSTOMER = "10600"


@dataclass(frozen=True)
class ExpectedLine:
    """One line beside the debtor's: amounts in euros as text, VAT on top of `net`."""

    ledger: str
    net: str
    vat_code: int | None = None
    vat: str | None = None
    side: Side = "credit"


@dataclass(frozen=True)
class Expected:
    """What must come of an order once it was fetched and pushed.

    State `absent`: it never gets into the state file. A booked order goes to `customer` where that
    number is known beforehand, else to a customer that is made for `email`.
    """

    state: State
    reason: str | None = None
    customer: str | None = None
    email: str | None = None
    debtor_side: Side = "debit"
    debtor_amount: str | None = None
    lines: tuple[ExpectedLine, ...] = ()
    document_date: dt.date | None = None
    warnings: tuple[str, ...] = ()

    @property
    def customer_kind(self) -> Literal["existing", "new"] | None:
        """Whether the customer is there beforehand; None when nothing is booked."""
        if self.state != "booked":
            return None
        return "existing" if self.customer else "new"

    @property
    def period(self) -> int | None:
        """The period that the booking belongs to: periods are months here."""
        return self.document_date.month if self.document_date else None

    @property
    def fiscal_year(self) -> int | None:
        """The fiscal year that the booking belongs to: a calendar year here."""
        return self.document_date.year if self.document_date else None


@dataclass(frozen=True)
class Sample:
    """An order, why it is there, and what must come of it."""

    number: str
    order: Order
    why: str
    expected: Expected


def since(today: dt.date) -> dt.date:
    """Return the date from which orders count, a month before the first fiscal year."""
    return dt.date(today.year - 2, 12, 1)


def samples(today: dt.date) -> list[Sample]:
    """Return all sample orders for a date, in the order of their numbers."""
    day = _Calendar(today)
    families = chain(
        _domestic(day),
        _costs(day),
        _customers(day),
        _abroad(day),
        _credits(day),
        _cents(day),
        _refused(day),
        _waiting(day),
        _odd(day),
        _dated(day),
    )

    return sorted(families, key=lambda sample: int(sample.number))


@dataclass(frozen=True)
class _Calendar:
    today: dt.date

    def ago(self, days: int) -> dt.date:
        return self.today - dt.timedelta(days=days)


# Expectations


def _booked(
    amount: str,
    *lines: ExpectedLine,
    side: Side = "debit",
    customer: str | None = None,
    warnings: tuple[str, ...] = (),
) -> Expected:
    """Expect a booking; `amount` and `side` are those of the debtor's line."""
    return Expected(
        "booked",
        debtor_side=side,
        debtor_amount=amount,
        lines=lines,
        customer=customer,
        warnings=warnings,
    )


def _failed(reason: str) -> Expected:
    return Expected("failed", reason)


def _high(net: str, vat: str, side: Side = "credit") -> ExpectedLine:
    return ExpectedLine("8000", net, 1, vat, side)


def _low(net: str, vat: str, side: Side = "credit") -> ExpectedLine:
    return ExpectedLine("8010", net, 2, vat, side)


def _eu(net: str) -> ExpectedLine:
    return ExpectedLine("8100", net, 6, "0.00")


_NOTHING = Expected("skipped", "nothing_to_book")
_WAITING = Expected("waiting", "status_not_selected")
_ABSENT = Expected("absent")


def _sample(why: str, shop_order: Order, expected: Expected, *, email: str | None = None) -> Sample:
    """Complete the expectation with what follows from the order: its date, and its customer.

    `email` is the customer's where it is not the order's own: a credit order goes to the customer
    of the order that it credits (books/rules.md, rule 11).
    """
    if expected.state == "booked":
        expected = replace(
            expected,
            document_date=dt.date.fromisoformat(shop_order["date"]),
            email=email or (shop_order["debtor"].get("email") or "").strip() or None,
        )
    return Sample(shop_order["number"], shop_order, why, expected)


def _plain(number: str, date: dt.date, name: str, email: str, **fields: object) -> Order:
    """Return the plainest order: 12.10 at 21%."""
    lines = [goods("21", "12.10")]
    return order(
        number, date, person(name, email), lines, invoice("12.10", ("21", "2.10")), **fields
    )


# The families


def _domestic(day: _Calendar) -> Iterator[Sample]:
    truus = person("Truus Jansen", "truus.jansen@example.nl")

    yield _sample(
        "A Dutch consumer, 21%.",
        order(
            "1001", day.ago(21), truus, [goods("21", "121.00")], invoice("121.00", ("21", "21.00"))
        ),
        _booked("121.00", _high("100.00", "21.00")),
    )

    yield _sample(
        "Books at 9%.",
        order(
            "1002",
            day.ago(21),
            person("Kees de Boer", "kees@example.nl"),
            [goods("9", "21.80", "Kookboek")],
            invoice("21.80", ("9", "1.80")),
            status=3,
        ),
        _booked("21.80", _low("20.00", "1.80")),
    )

    yield _sample(
        "A basket with both rates.",
        order(
            "1003",
            day.ago(20),
            person("Anna Smit", "anna.smit@example.nl"),
            [goods("21", "60.50"), goods("9", "10.90", "Thee")],
            invoice("71.40", ("21", "10.50"), ("9", "0.90")),
            status=4,
        ),
        _booked("71.40", _high("50.00", "10.50"), _low("10.00", "0.90")),
    )

    yield _sample(
        "VAT per line would come to 5.19; the invoice says 5.20, and so do the books.",
        order(
            "1004",
            day.ago(20),
            person("Bram Bakker", "bram@example.nl"),
            [
                goods("21", "9.99", "Kop"),
                goods("21", "9.99", "Schotel"),
                goods("21", "9.99", "Lepel"),
            ],
            invoice("29.97", ("21", "5.20")),
            status=5,
        ),
        _booked("29.97", _high("24.77", "5.20")),
    )

    yield _sample(
        "A second order of someone who ordered before: the same customer.",
        order("1061", day.ago(3), truus, [goods("21", "24.20")], invoice("24.20", ("21", "4.20"))),
        _booked("24.20", _high("20.00", "4.20")),
    )

    yield _sample(
        "An archived order counts like any other.",
        order(
            "1018",
            day.ago(15),
            person("Oude Klant", "oud@example.nl"),
            [goods("21", "24.20")],
            invoice("24.20", ("21", "4.20")),
            archived=True,
        ),
        _booked("24.20", _high("20.00", "4.20")),
    )

    yield _vendor_example(day)


def _vendor_example(day: _Calendar) -> Sample:
    debtor = person("Truus voorbeeldig", "support@mijnwebwinkel.nl", company="Voorbeeldig BV")
    lines = [
        line("article", "Article A", _exact("21.0", "12.396694", "15.00")),
        line("article", "Article B", _exact("21.0", "8.181818", "9.90"), quantity=2),
        line("article", "Article C", _exact("21.0", "4.83471", "5.85"), quantity=3),
        line("article", "Article D", _exact("9.0", "8.94495", "9.75"), quantity=5),
        line("payment", "", _exact("9.0", "0.192571", "0.21"), _exact("21.0", "0.652972", "0.79")),
        line("payment", "", _exact("21.0", "4.917355", "5.95")),
    ]

    shop_order = order(
        "1027",
        day.ago(11),
        debtor,
        lines,
        invoice("47.45", ("9.0", "0.83"), ("21.0", "6.50")),
        archived=True,
        locale="en_GB",
        reference="MOS103271",
        comments={"customer": "Please send quickly!"},
        payment={"gateway_name": "basic", "method_name": "advance"},
        tax_region="NL",
    )
    why = "The example of the shop's own documentation, whose VAT is a cent off its lines."
    return _sample(why, shop_order, _booked("47.45", _high("30.99", "6.50"), _low("9.13", "0.83")))


def _exact(rate: str, amount: str, gross: str) -> dict[str, str]:
    return {"amount": amount, "amount_including_tax": gross, "rate": rate}


def _costs(day: _Calendar) -> Iterator[Sample]:
    yield _sample(
        "A discount of 10% spread over two rates.",
        order(
            "1005",
            day.ago(19),
            person("Carla Mulder", "carla@example.nl"),
            [
                goods("21", "60.50"),
                goods("9", "32.70", "Thee"),
                line("discount", "Korting 10%", rated("21", "-6.05"), rated("9", "-3.27")),
            ],
            invoice("83.88", ("21", "9.45"), ("9", "2.43")),
            discountcode="korting10",
        ),
        _booked("83.88", _high("45.00", "9.45"), _low("27.00", "2.43")),
    )

    yield _sample(
        "Shipping and payment costs follow the goods, part at 21% and part at 9%.",
        order(
            "1006",
            day.ago(19),
            person("Daan Visser", "daan@example.nl"),
            [
                goods("21", "48.40"),
                goods("9", "10.90", "Thee"),
                line("shipping", "Verzendkosten", rated("21", "5.60"), rated("9", "1.35")),
                line("payment", "Betaalkosten", rated("21", "0.40"), rated("9", "0.10")),
            ],
            invoice("66.75", ("21", "9.44"), ("9", "1.02")),
        ),
        _booked("66.75", _high("44.96", "9.44"), _low("11.33", "1.02")),
    )

    yield _sample(
        "Shipping at 0% beside goods at 21%: the shop is set up wrongly.",
        order(
            "1019",
            day.ago(15),
            person("Eva Post", "eva@example.nl"),
            [goods("21", "60.50"), line("shipping", "Verzendkosten", rated("0", "6.95"))],
            invoice("67.45", ("21", "10.50"), ("0", "0.00")),
        ),
        _failed("shipping_without_vat"),
    )

    yield _sample(
        "A line type that nobody knows counts as goods.",
        order(
            "1053",
            day.ago(5),
            person("Inge Pak", "inge@example.nl"),
            [goods("21", "60.50"), line("giftwrap", "Cadeauverpakking", rated("21", "2.42"))],
            invoice("62.92", ("21", "10.92")),
        ),
        _booked("62.92", _high("52.00", "10.92")),
    )

    yield _sample(
        "What is taken back outweighs the rest of its rate: that line changes side.",
        order(
            "1058",
            day.ago(4),
            person("Joke Ruil", "joke@example.nl"),
            [goods("21", "24.20"), line("custom", "Retour thee", rated("9", "-10.90"))],
            invoice("13.30", ("21", "4.20"), ("9", "-0.90")),
        ),
        _booked("13.30", _high("20.00", "4.20"), _low("10.00", "0.90", "debit")),
    )


def _customers(day: _Calendar) -> Iterator[Sample]:
    company = person(
        "Fatima el Idrissi",
        "info@korenaar.example",
        company="Bakkerij De Korenaar B.V.",
        vat_number="NL004495445B01",
    )

    yield _sample(
        "Paid in cash at the counter, by someone without an e-mail address.",
        order(
            "1007",
            day.ago(18),
            person("Balie", None),
            [goods("21", "30.25")],
            invoice("30.25", ("21", "5.25")),
            payment=cash(),
            status=5,
        ),
        _booked("30.25", _high("25.00", "5.25"), customer=CASH_CUSTOMER),
    )

    yield _sample(
        "No e-mail address and not paid in cash.",
        order(
            "1035",
            day.ago(9),
            person("Naamloos", None),
            [goods("21", "12.10")],
            invoice("12.10", ("21", "2.10")),
        ),
        _failed("email_missing"),
    )

    yield _sample(
        "How it was paid is told nowhere: its customer could be that of a way of paying.",
        order(
            "1068",
            day.ago(3),
            person("Bas Onbetaald", "onbetaald@example.nl"),
            [goods("21", "12.10")],
            invoice("12.10", ("21", "2.10")),
            payment=None,
            payment_status=None,
        ),
        _failed("payment_missing"),
    )

    yield _sample(
        "The only customer with this e-mail address is blocked.",
        _plain("1036", day.ago(9), "Wanbetaler", "geblokkeerd@example.nl"),
        _failed("customer_blocked"),
    )

    yield _sample(
        "Two customers share the e-mail address: the lower number, with a warning.",
        _plain("1037", day.ago(9), "Tweeling", "tweeling@example.nl"),
        _booked(
            "12.10", _high("10.00", "2.10"), customer="10630", warnings=("customer_ambiguous",)
        ),
    )

    yield _sample(
        "Two customers share the e-mail address and the lower number is blocked: the other one.",
        _plain("1038", day.ago(8), "Gedeeld", "gedeeld@example.nl"),
        _booked(
            "12.10", _high("10.00", "2.10"), customer="10621", warnings=("customer_ambiguous",)
        ),
    )

    yield _sample(
        "An e-mail address with everything that a path makes difficult.",
        _plain("1048", day.ago(6), "Jan O'Neil", "Jan+shop/50%#1.O'Neil@Example.com"),
        _booked("12.10", _high("10.00", "2.10")),
    )

    yield _sample(
        "The e-mail address of a customer, written with other capitals and a space.",
        _plain("1049", day.ago(6), "Sanne Visser", "sanne.visser@example.nl "),
        _booked("12.10", _high("10.00", "2.10"), customer="10610"),
    )

    yield _sample(
        "A Dutch company: its name is the customer's, the person is the contact.",
        order(
            "1050", day.ago(6), company, [goods("21", "242.00")], invoice("242.00", ("21", "42.00"))
        ),
        _booked("242.00", _high("200.00", "42.00")),
    )

    yield _sample(
        "A name that would write to the terminal,"
        " and a company that would calculate in a spreadsheet.",
        order(
            "1056",
            day.ago(4),
            person(
                "\x1b[31m[bold]Mallory[/bold]\x07",
                "mallory@example.nl",
                company="=cmd|' /C calc'!A0",
            ),
            [goods("21", "12.10", "[red]\x1b[2J=1+1")],
            invoice("12.10", ("21", "2.10")),
        ),
        _booked("12.10", _high("10.00", "2.10")),
    )


def _abroad(day: _Calendar) -> Iterator[Sample]:
    yield _sample(
        "A Belgian company with a right VAT number: reverse charge.",
        _reverse("1008", day.ago(18), "BE", "BE0403170701", "250.00"),
        _booked("250.00", _eu("250.00")),
    )

    yield _sample(
        "A Belgian company without a VAT number.",
        _reverse("1009", day.ago(18), "BE", None, "75.00"),
        _failed("vat_number_missing"),
    )

    yield _sample(
        "A Belgian VAT number whose check digits are wrong.",
        _reverse("1010", day.ago(17), "BE", "BE0403170702", "75.00"),
        _failed("vat_number_invalid"),
    )

    yield _sample(
        "A German VAT number on an order for Belgium: booked, with a warning.",
        _reverse("1011", day.ago(17), "BE", "DE136695976", "75.00"),
        _booked("75.00", _eu("75.00"), warnings=("vat_number_other_country",)),
    )

    yield _sample(
        "A Dutch VAT number: there is no reverse charge within the merchant's own country.",
        _reverse("1012", day.ago(17), "NL", "NL004495445B01", "75.00"),
        _failed("vat_number_invalid"),
    )

    yield _sample(
        "Greece is GR, its VAT numbers begin with EL; customers write it as they like.",
        _reverse("1013", day.ago(16), "GR", "GR 094.259.216", "400.00"),
        _booked("400.00", _eu("400.00")),
    )

    yield _sample(
        "Reverse charge for a customer whose VAT number Minox does not know:"
        " booked, with a warning.",
        _reverse("1059", day.ago(3), "BE", "BE0428759497", "150.00"),
        _booked("150.00", _eu("150.00"), customer="10650", warnings=("icp_number_missing",)),
    )

    yield _sample(
        "Export to Switzerland at 0%.",
        _foreign(
            "1014", day.ago(16), "CH", invoice("180.00", ("0", "0.00")), tax_strategy="zero_percent"
        ),
        _booked("180.00", ExpectedLine("8200", "180.00", 5, "0.00")),
    )

    yield _sample(
        "A German consumer at the German 19%.",
        _foreign("1015", day.ago(16), "DE", invoice("119.00", ("19", "19.00"))),
        _booked("119.00", ExpectedLine("8300", "100.00", 10, "19.00")),
    )

    yield _sample(
        "A Belgian consumer at the Belgian 21%, which is not the Dutch one.",
        _foreign("1016", day.ago(16), "BE", invoice("60.50", ("21", "10.50"))),
        _booked("60.50", ExpectedLine("8310", "50.00", 11, "10.50")),
    )

    yield _sample(
        "French VAT, which the mapping does not have.",
        _foreign("1017", day.ago(15), "FR", invoice("60.00", ("20", "10.00"))),
        _failed("vat_rate_unmapped"),
    )

    yield _sample(
        "Finnish VAT: a rate with a decimal, and not in the mapping.",
        _foreign("1062", day.ago(3), "FI", invoice("62.75", ("25.5", "12.75"))),
        _failed("vat_rate_unmapped"),
    )

    yield _sample(
        "Reverse charge, and Dutch VAT on the shipping costs: no row can cover that.",
        order(
            "1066",
            day.ago(3),
            person(
                "Karl Zoll",
                "zoll@example.com",
                country="DE",
                company="Zoll GmbH",
                vat_number="DE136695976",
            ),
            [goods("0", "100.00"), line("shipping", "Verzendkosten", rated("21", "6.05"))],
            invoice("106.05", ("21", "1.05")),
            tax_strategy="reverse_charged_vat",
        ),
        _failed("vat_under_strategy"),
    )

    yield _sample(
        "No tax region: the store's own, the Netherlands.",
        _plain("1052", day.ago(5), "Regio Loos", "regioloos@example.nl", tax_region=None),
        _booked("12.10", _high("10.00", "2.10")),
    )


def _reverse(number: str, date: dt.date, country: str, vat_number: str | None, total: str) -> Order:
    email, company = f"inkoop{number}@example.com", f"Zaak {number}"
    debtor = person("Jean Peeters", email, country=country, company=company, vat_number=vat_number)
    bill = invoice(total, ("0", "0.00"))
    return order(
        number, date, debtor, [goods("0", total)], bill, tax_strategy="reverse_charged_vat"
    )


def _foreign(
    number: str, date: dt.date, country: str, bill: dict[str, Any], **fields: object
) -> Order:
    debtor = person(f"Klant uit {country}", f"klant{number}@example.com", country=country)
    return order(
        number, date, debtor, [goods(bill["tax"][0]["rate"], bill["total"])], bill, **fields
    )


def _credits(day: _Calendar) -> Iterator[Sample]:
    yield _sample(
        "An order that is partly credited later.",
        order(
            "1020",
            day.ago(14),
            person("Lies Terug", "lies@example.nl"),
            [goods("21", "84.70")],
            invoice("84.70", ("21", "14.70")),
            credit_order_numbers=["1021"],
        ),
        _booked("84.70", _high("70.00", "14.70")),
    )

    yield _sample(
        "Its credit order: the other way round, on the same customer"
        " whatever e-mail address it has.",
        _credit(
            "1021", day.ago(7), "1020", "lies.nieuw@example.nl", invoice("-36.30", ("21", "-6.30"))
        ),
        _booked("36.30", _high("30.00", "6.30", "debit"), side="credit"),
        email="lies@example.nl",
    )

    yield _sample(
        "A cash sale that is credited later.",
        order(
            "1022",
            day.ago(14),
            person("Balie", None),
            [goods("21", "18.15")],
            invoice("18.15", ("21", "3.15")),
            payment=cash(),
            credit_order_numbers=["1023"],
        ),
        _booked("18.15", _high("15.00", "3.15"), customer=CASH_CUSTOMER),
    )

    yield _sample(
        "Its credit order has an e-mail address, and still belongs to the cash customer.",
        _credit(
            "1023", day.ago(7), "1022", "balieklant@example.nl", invoice("-18.15", ("21", "-3.15"))
        ),
        _booked("18.15", _high("15.00", "3.15", "debit"), side="credit", customer=CASH_CUSTOMER),
    )

    yield _sample(
        "A credit order that asks for money.",
        _credit(
            "1024", day.ago(13), "1001", "truus.jansen@example.nl", invoice("12.10", ("21", "2.10"))
        ),
        _failed("credit_order_positive"),
    )

    yield _sample(
        "An order from before `since`: left alone.",
        _plain(
            "902",
            _long_ago(day, 20),
            "Vroege Vogel",
            "vroeg@example.nl",
            credit_order_numbers=["1025"],
        ),
        _ABSENT,
    )

    yield _sample(
        "The credit order on it: the original is not booked, yet still in the shop.",
        _credit("1025", day.ago(12), "902", "later@example.nl", invoice("-12.10", ("21", "-2.10"))),
        _booked("12.10", _high("10.00", "2.10", "debit"), side="credit"),
        email="vroeg@example.nl",
    )

    yield _sample(
        "A credit order whose original is gone from the shop: its own e-mail address counts.",
        _credit("1026", day.ago(12), "903", "wees@example.nl", invoice("-24.20", ("21", "-4.20"))),
        _booked("24.20", _high("20.00", "4.20", "debit"), side="credit"),
    )


def _credit(number: str, date: dt.date, original: str, email: str, bill: dict[str, Any]) -> Order:
    lines = [goods("21", bill["total"], "Retour")]
    return order(number, date, person("Retour Zender", email), lines, bill, **credit(original))


def _cents(day: _Calendar) -> Iterator[Sample]:
    old_lines = [
        line("article", "Theepot", net_price("21", "20.661157")),
        line("article", "Thee", net_price("9", "9.174312")),
    ]
    large = [
        goods("21" if place % 2 else "9", _gross(place), f"Artikel {place}")
        for place in range(1, 31)
    ]

    yield _sample(
        "The total is 2 cents more than the lines.",
        _one_line("1028", day.ago(11), "45.98", invoice("46.00", ("21", "7.98"))),
        _booked("46.00", _high("38.00", "7.98"), ExpectedLine("4990", "0.02")),
    )

    yield _sample(
        "The total is 3 cents less than the lines.",
        _one_line("1029", day.ago(11), "50.03", invoice("50.00", ("21", "8.68"))),
        _booked("50.00", _high("41.35", "8.68"), ExpectedLine("4990", "0.03", side="debit")),
    )

    yield _sample(
        "The total is a euro more than the lines.",
        _one_line("1030", day.ago(10), "36.30", invoice("37.30", ("21", "6.30"))),
        _failed("totals_mismatch"),
    )

    yield _sample(
        "The invoice tells the VAT twice over.",
        _one_line("1031", day.ago(10), "48.40", invoice("48.40", ("21", "16.80"))),
        _failed("vat_mismatch"),
    )

    yield _sample(
        "An old answer that knows no amounts including tax.",
        order(
            "1051",
            day.ago(5),
            person("Opa Vroeger", "opa@example.nl"),
            old_lines,
            invoice("35.00", ("21", "4.34"), ("9", "0.83")),
        ),
        _booked("35.00", _high("20.66", "4.34"), _low("9.17", "0.83")),
    )

    yield _sample(
        "Amounts with six decimals.",
        order(
            "1054",
            day.ago(5),
            person("Zes Cijfers", "zes@example.nl"),
            [
                line("article", "Knoop", _exact("21", "7.115702", "8.61"), quantity=7),
                line("article", "Koek", _exact("9", "12.550459", "13.68"), quantity=3),
            ],
            invoice("22.29", ("21", "1.49"), ("9", "1.13")),
        ),
        _booked("22.29", _high("7.12", "1.49"), _low("12.55", "1.13")),
    )

    yield _sample(
        "Thirty lines.",
        order(
            "1055",
            day.ago(4),
            person("Grote Besteller", "groot@example.nl"),
            large,
            invoice("533.85", ("21", "47.25"), ("9", "21.60")),
        ),
        _booked("533.85", _high("225.00", "47.25"), _low("240.00", "21.60")),
    )

    yield _sample(
        "The invoice tells no VAT at all: it comes from the lines.",
        order(
            "1060",
            day.ago(3),
            person("Geen Btw", "geenbtw@example.nl"),
            [goods("21", "36.30")],
            invoice("36.30"),
        ),
        _booked("36.30", _high("30.00", "6.30")),
    )


def _gross(place: int) -> str:
    """Return the price of the article at a place: as many euros, and VAT on top."""
    cents = place * (121 if place % 2 else 109)
    return f"{cents // 100}.{cents % 100:02}"


def _one_line(number: str, date: dt.date, gross: str, bill: dict[str, Any]) -> Order:
    debtor = person(f"Klant {number}", f"klant{number}@example.nl")
    return order(number, date, debtor, [goods("21", gross)], bill)


def _refused(day: _Calendar) -> Iterator[Sample]:
    free = {"payment": None, "payment_status": None}
    no_price = _plain("1045", day.ago(7), "Prijs Loos", "prijsloos@example.nl")
    del no_price["price"]
    no_amount = [
        line("article", "Theepot", {"amount": "abc", "amount_including_tax": "abc", "rate": "21"})
    ]

    yield _sample(
        "Something for free: there is nothing to book.",
        order(
            "1032",
            day.ago(10),
            person("Gratis Proef", "gratis@example.nl"),
            [goods("21", "0.00", "Proefje")],
            invoice("0.00", ("21", "0.00")),
            **free,
        ),
        _NOTHING,
    )

    yield _sample(
        "A discount of 100%: there is nothing to book either.",
        order(
            "1033",
            day.ago(10),
            person("Gulle Gever", "gul@example.nl"),
            [goods("21", "30.25"), line("discount", "Korting 100%", rated("21", "-30.25"))],
            invoice("0.00", ("21", "0.00")),
            **free,
        ),
        _NOTHING,
    )

    yield _sample(
        "Paid in dollars.",
        order(
            "1034",
            day.ago(9),
            person("Dolly Dollar", "dolly@example.com", country="US"),
            [goods("0", "99.00")],
            invoice("99.00", ("0", "0.00")),
            currency="USD",
            tax_strategy="zero_percent",
        ),
        _failed("currency_unsupported"),
    )

    yield _sample(
        "An amount that is no amount.",
        order(
            "1044",
            day.ago(7),
            person("A B C", "abc@example.nl"),
            no_amount,
            invoice("12.10", ("21", "2.10")),
        ),
        _failed("order_invalid"),
    )

    yield _sample("An order without a price.", no_price, _failed("order_invalid"))

    yield _sample(
        "A tax strategy that nobody knows.",
        _plain(
            "1046", day.ago(7), "Nieuwe Regel", "nieuw@example.nl", tax_strategy="margin_scheme"
        ),
        _failed("order_invalid"),
    )


def _waiting(day: _Calendar) -> Iterator[Sample]:
    yield _sample(
        "Not paid yet.",
        _plain(
            "1041", day.ago(8), "Nog Niet", "nogniet@example.nl", status=1, payment_status="pending"
        ),
        _WAITING,
    )

    yield _sample(
        "Cancelled.",
        _plain(
            "1042",
            day.ago(8),
            "Toch Niet",
            "tochniet@example.nl",
            status=6,
            payment_status="voided",
        ),
        _WAITING,
    )

    yield _sample(
        "The customer still has to pay.",
        _plain(
            "1043", day.ago(1), "Straks Wel", "straks@example.nl", status=7, payment_status="new"
        ),
        _WAITING,
    )


def _odd(day: _Calendar) -> Iterator[Sample]:
    yield _sample(
        "A test order: the shop never lists it.",
        _plain("1047", day.ago(6), "Test Test", "test@example.nl", test=True),
        _ABSENT,
    )

    yield _sample(
        "Paid with iDEAL, and no country to ship to.",
        order(
            "1057",
            day.ago(4),
            person("Ida Deal", "ida@example.nl"),
            [goods("21", "36.30")],
            invoice("36.30", ("21", "6.30")),
            shipping=[{"country": None}],
        ),
        _booked("36.30", _high("30.00", "6.30")),
    )

    yield _sample(
        "Its status changed after the order was placed.",
        _plain(
            "1063",
            day.ago(30),
            "Late Betaler",
            "laat@example.nl",
            status=3,
            status_changed_date=day.ago(2).isoformat(),
            status_changed_time="09:15:00",
        ),
        _booked("12.10", _high("10.00", "2.10")),
    )


def _dated(day: _Calendar) -> Iterator[Sample]:
    last_year = day.today.year - 1

    yield _sample(
        "Older than `since`: left alone.",
        _plain("901", _long_ago(day, 15), "Heel Vroeg", "heelvroeg@example.nl"),
        _ABSENT,
    )

    yield _sample(
        "In a period that is closed.",
        _plain("1039", dt.date(last_year, 1, 15), "Te Laat", "telaat@example.nl"),
        _failed("rejected_by_minox"),
    )

    yield _sample(
        "In a year for which there is no fiscal year.",
        _plain("1040", dt.date(last_year - 1, 12, 30), "Geen Jaar", "geenjaar@example.nl"),
        _failed("fiscal_year_missing"),
    )

    yield _sample(
        "Late on 31 December: still the old year.",
        _plain(
            "1064", dt.date(last_year, 12, 31), "Oud Jaar", "oudjaar@example.nl", time="23:59:59"
        ),
        _booked("12.10", _high("10.00", "2.10")),
    )

    yield _sample(
        "At the first second of 1 January: the new year.",
        _plain(
            "1065",
            dt.date(last_year + 1, 1, 1),
            "Nieuw Jaar",
            "nieuwjaar@example.nl",
            time="00:00:00",
        ),
        _booked("12.10", _high("10.00", "2.10")),
    )


def _long_ago(day: _Calendar, number: int) -> dt.date:
    return dt.date(day.today.year - 2, 11, number)


SAMPLES: Sequence[Sample] = tuple(samples(dt.date.today()))  # noqa: DTZ011 - the day of whoever reads it
