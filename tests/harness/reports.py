"""Reports as values, for tests of what is made of them: an empty one, and one with all in it."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from mww2minox.books.model import Difference, State, VatNeed, VatRow
from mww2minox.books.vat_return import quarter_of
from mww2minox.commands.report.rows import Row
from mww2minox.commands.report.value import (
    Box,
    Day,
    Freshness,
    Group,
    Identity,
    Kind,
    MappingInForce,
    Month,
    Mood,
    OrderToSeeTo,
    Report,
    ThisQuarter,
    Total,
    VatTotal,
    Verdict,
    WayOfPaying,
)
from mww2minox.reasons import Text
from mww2minox.state import PastRun, VatFigure

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
TODAY = NOW.date()
NOTHING_MAPPED = MappingInForce(
    journal="VERK",
    vat_posting="net",
    document_date="order",
    rounding_ledger="",
    vat=(),
    ledgers={},
    payment_debtors={},
    sha256="00",
)


def empty_report() -> Report:
    """Return the report of a shop without orders, of which nothing ever ran."""
    return Report(
        generated_at=NOW,
        today=TODAY,
        version="1.2.3",
        identity=Identity(shop="Kaaswinkel", tenant="12345", administration="1"),
        freshness=tuple(Freshness(command=command) for command in ("fetch", "push", "verify")),
        verdict=Verdict(mood=Mood.EMPTY),
        groups=(),
        uncounted=(),
        periods=(),
        changed=(),
        states={},
        quarter=ThisQuarter(
            quarter=quarter_of(TODAY),
            boxes=(),
            vat=Decimal(0),
            missing={},
            distance_sales=Decimal(0),
            distance_sales_limit=Decimal(10_000),
            unexplained=0,
        ),
        days=tuple(Day(date=date, states={}) for date in _last_days()),
        months=tuple(Month(date=date, states={}) for date in _last_months()),
        vat_of_quarter=(),
        vat_of_year=(),
        ways_of_paying=(),
        mapping=NOTHING_MAPPED,
        runs=lambda: iter(()),
        rows=lambda: iter(()),
        newest=lambda _count: iter(()),
        latest=lambda _count: iter(()),
        days_of=lambda _date: {},
    )


def full_report(text: str = "Kaas", *, booked: int = 40) -> Report:
    """Return a report with something of each kind; `text` stands wherever a shop, Minox or a config
    can have it. So many of its orders are booked.
    """
    report = empty_report()
    orders = [_booked(place, text) for place in range(booked)]
    figures = [_figure(box, code, text) for code, box in enumerate(("1a", "1b", "3b", "3c", ""))]

    return replace(
        report,
        identity=replace(report.identity, shop=text, administration_name=text),
        freshness=(
            Freshness(command="fetch", began=NOW, ended_well=NOW),
            Freshness(command="push", began=NOW - dt.timedelta(9), is_late=True),
            Freshness(command="verify"),
        ),
        verdict=Verdict(
            mood=Mood.ATTENTION,
            unbooked=Total(orders=31, total=Decimal("1234.50")),
            to_look_at=Total(orders=2, total=Decimal("24.20")),
            uncounted=True,
        ),
        groups=tuple(_group(kind, text) for kind in Kind),
        uncounted=(Text(f"The shop counts 4 orders, 3 are known: {text}", "Run: mww2minox fetch"),),
        quarter=replace(
            report.quarter,
            boxes=tuple(
                Box(name=figure.box, net=Decimal("1234567.89"), vat=Decimal("259259.26"))
                for figure in figures
            ),
            missing={State.READY: Total(orders=3, total=Decimal("36.30"))},
            distance_sales=Decimal("9999.99"),
            unexplained=7,
        ),
        days=tuple(_day(place, day) for place, day in enumerate(report.days)),
        months=tuple(
            replace(month, net=Decimal(1000 * place - 2000), vat=Decimal(200 * place - 400))
            for place, month in enumerate(report.months)
        ),
        vat_of_quarter=tuple(figures),
        ways_of_paying=(
            WayOfPaying(name=text, booked=Total(orders=3, total=Decimal("36.30"))),
            WayOfPaying(name="", booked=Total(orders=1, total=Decimal("-12.10"))),
        ),
        mapping=replace(
            NOTHING_MAPPED,
            vat=(
                VatRow(region="NL", rate=Decimal(21), code=text, ledger=text),
                VatRow(strategy="reverse_charged_vat", code=6, ledger="8100"),
                VatRow(region="NL", rate=Decimal(0), type="gift_card", code=None, ledger="1850"),
            ),
            ledgers={"shipping": text},
            payment_debtors={text: text},
        ),
        runs=lambda: iter(_runs()),
        newest=lambda count: iter(orders[:count]),
        days_of=lambda _date: _days_of(orders),
    )


def _last_days() -> list[dt.date]:
    return [TODAY - dt.timedelta(days=ago) for ago in reversed(range(30))]


def _last_months() -> list[dt.date]:
    numbers = range(12 * 2025 + 10, 12 * 2026 + 11)
    return [dt.date(number // 12, number % 12 + 1, 1) for number in numbers]


def _booked(place: int, text: str) -> Row:
    difference = Difference(code="total_differs", values={"expected": "1.00", "found": text})
    return Row(
        number=str(5000 - place) if place else text,
        date=TODAY - dt.timedelta(days=(place + 10) // 20),
        total=Decimal("12.10"),
        state=State.BOOKED,
        customer=text,
        booked_at=NOW,
        verified="mismatch" if place == 1 else "ok",
        differences=(difference,) if place == 1 else (),
        unseen_differences=(difference,) if place == 1 else (),
        seen_at=NOW if place == 2 else None,
    )


def _days_of(orders: list[Row]) -> dict[dt.date | None, dict[State, Total]]:
    totals: dict[dt.date | None, Total] = {}
    for row in orders:
        totals[row.date] = totals.get(row.date, Total()).plus(row.total)
    return {date: {State.BOOKED: total} for date, total in totals.items()}


def _figure(box: str, code: int, text: str) -> VatTotal:
    need = VatNeed(strategy=text if code == 2 else "", region="NL", rate=Decimal("25.5"))
    net, vat = Decimal("1234567.89"), Decimal("259259.26")

    figure = VatFigure(need=need, code=text, ledger=text, bookings=3, net=net, vat=vat)
    return VatTotal(box=box, figure=figure)


def _day(place: int, day: Day) -> Day:
    states = {state: Total(orders=(place + shift) % 5) for shift, state in enumerate(State)}
    return replace(day, states=states)


def _group(kind: Kind, text: str) -> Group:
    orders = tuple(
        OrderToSeeTo(
            number=str(4000 + place),
            date=TODAY if place else None,
            total=Decimal("12.10") if place else None,
            message="the private one",
            discreet=f"Order {4000 + place}: {text}",
        )
        for place in range(20)
    )
    return Group(
        kind=kind,
        code="order_invalid",
        brief=f"incomplete: {text}",
        count=23,
        total=Decimal("278.30"),
        orders=orders,
        advice=f"Look at it: {text}",
        then="If it is right, run: mww2minox seen 4000. If not, run: mww2minox retry 4000",
        commands=("mww2minox seen 4000", "mww2minox retry 4000"),
        is_private=True,
    )


def _runs() -> list[PastRun]:
    statuses = (0, 3, 4, 1, 130, None)
    return [
        PastRun(
            command="push" if place % 2 else "fetch",
            started=NOW - dt.timedelta(hours=place),
            finished=NOW,
            exit_status=status,
            refused=place == 1,
        )
        for place, status in enumerate(statuses)
    ]
