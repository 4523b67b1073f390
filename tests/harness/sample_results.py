"""What a first run makes of the sample orders, worked out from what each of them is made for."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from mww2minox.books.model import Reason
from mww2minox.sandbox import Sample, samples
from mww2minox.shop.orders import read_order

NO_SAMPLE = {
    Reason.BEFORE_SINCE: "such an order is fetched where somebody asks for it, or moves shop.since",
    Reason.GONE_FROM_SHOP: "it takes an order that was fetched and is deleted afterwards",
    Reason.SKIPPED_BY_HAND: "it takes somebody who says so",
    Reason.ORIGINAL_NOT_BOOKED: "it takes another order, which is not booked",
    Reason.OUTCOME_UNKNOWN: "it takes an answer of Minox that is lost",
    Reason.SKIPPED_BEFORE: "it takes a state file of an earlier version",
    Reason.PERHAPS_BOOKED: "it takes a booking of somebody else that names the order",
}
"""The reasons that no sample order can show by itself, and why."""


@dataclass(frozen=True)
class Results:
    """How many sample orders end as what, after a `fetch` and a `push`."""

    fetched: int
    unreadable: int
    """Failed at once, since they cannot be read as an order; part of `failed`."""
    waiting: int
    booked: int
    euros: Decimal
    """The total of what is booked: what is credited counts as negative."""
    skipped: int
    failed: int

    @property
    def ready(self) -> int:
        """How many there are to book after the `fetch`."""
        return self.fetched - self.waiting - self.unreadable

    @property
    def not_booked(self) -> int:
        """How many there are that are not in the books after the `push`."""
        return self.fetched - self.booked


def sample_results(today: dt.date) -> Results:
    """Return what comes of the sample orders of a day."""
    fetched = [sample for sample in samples(today) if sample.expected.state != "absent"]
    booked = _ending_as("booked", fetched)

    return Results(
        fetched=len(fetched),
        unreadable=sum(read_order(sample.order).order is None for sample in fetched),
        waiting=len(_ending_as("waiting", fetched)),
        booked=len(booked),
        euros=sum((Decimal(sample.order["price"]["total"]) for sample in booked), Decimal(0)),
        skipped=len(_ending_as("skipped", fetched)),
        failed=len(_ending_as("failed", fetched)),
    )


def _ending_as(state: str, fetched: list[Sample]) -> list[Sample]:
    return [sample for sample in fetched if sample.expected.state == state]
