"""What somebody has to see to, gathered by what it asks for: each row is looked at once, and no
more of them is kept than a report names.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from mww2minox.books.model import BookingWarning, Difference, Rejection, State
from mww2minox.commands.report.rows import Row
from mww2minox.commands.report.value import NOTHING, ZERO, Group, Kind, OrderToSeeTo, Total
from mww2minox.output import COMMAND
from mww2minox.reasons import (
    MOST_IN_COMMAND,
    Text,
    advise,
    advise_on_difference,
    advise_on_warning,
    brief,
    brief_difference,
    brief_warning,
    discreet_difference,
    discreet_rejection,
    discreet_warning,
    explain_differences,
    explain_rejection,
    explain_warning,
    has_private_values,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    """One thing to see to of one order.

    `advise` gives what to do about orders of some numbers, and how to go on then.
    """

    kind: Kind
    code: str
    brief: str
    message: str
    discreet: str
    advise: Callable[[Sequence[str]], Text]
    is_private: bool

    @property
    def key(self) -> tuple[Kind, str, str, str]:
        """What it has in common with the others of its group."""
        return self.kind, self.code, self.brief, self.advise(()).message


@dataclass(slots=True)
class _Gathering:
    """A group under way: its first matter, and what was counted of it so far."""

    first: _Matter
    sum: Total = NOTHING
    orders: list[OrderToSeeTo] = field(default_factory=list)

    def add(self, row: Row, matter: _Matter) -> None:
        self.sum = self.sum.plus(row.total)
        if len(self.orders) < MOST_IN_COMMAND:
            order = OrderToSeeTo(
                number=row.number,
                date=row.date,
                total=row.total,
                message=matter.message,
                discreet=matter.discreet,
            )
            self.orders.append(order)

    def group(self) -> Group:
        # Of more orders than are named, the advice is that for more.
        numbers = [order.number for order in self.orders]
        is_cut = self.sum.orders > len(numbers)
        text = self.first.advise([*numbers, *numbers[:1]] if is_cut else numbers)

        return Group(
            kind=self.first.kind,
            code=self.first.code,
            brief=self.first.brief,
            count=self.sum.orders,
            total=self.sum.total,
            orders=tuple(self.orders),
            advice=text.message,
            then=text.suggestion,
            commands=tuple(command[0] for command in COMMAND.finditer(text.suggestion)),
            is_private=self.first.is_private,
        )


@dataclass(slots=True)
class Attention:
    """What was gathered of the rows so far. An order counts once in `unbooked` or `to_look_at`, by
    its amount whatever its sign.
    """

    unbooked: Total = NOTHING
    to_look_at: Total = NOTHING
    _gatherings: dict[tuple[Kind, str, str, str], _Gathering] = field(default_factory=dict)

    def add(self, rows: Iterable[Row]) -> None:
        """Count rows, and put each that needs attention with those that ask for the same."""
        for row in rows:
            if not row.needs_attention:
                continue

            amount = abs(row.total or ZERO)
            if row.state is State.FAILED:
                self.unbooked = self.unbooked.plus(amount)
            else:
                self.to_look_at = self.to_look_at.plus(amount)
            for matter in _matters(row):
                gathering = self._gatherings.setdefault(matter.key, _Gathering(matter))
                gathering.add(row, matter)

    def groups(self) -> tuple[Group, ...]:
        """Return failures, then differences, then warnings; of each the largest group first."""
        groups = [gathering.group() for gathering in self._gatherings.values()]

        return tuple(sorted(groups, key=_place))


def _place(group: Group) -> tuple[int, int, Decimal]:
    return group.kind.value, -group.count, -abs(group.total)


def _matters(row: Row) -> Iterator[_Matter]:
    if row.rejection:
        yield _failure(row.rejection)
    if row.unseen_differences:
        yield _difference(row.number, row.unseen_differences)
    yield from map(_warning, row.unseen_warnings)


def _failure(rejection: Rejection) -> _Matter:
    discreet = discreet_rejection(rejection)

    return _Matter(
        kind=Kind.FAILURE,
        code=rejection.reason.value,
        brief=brief(rejection),
        message=explain_rejection(rejection).message,
        discreet=explain_rejection(discreet).message,
        advise=partial(advise, discreet),
        is_private=has_private_values(rejection.reason),
    )


def _difference(number: str, differences: Sequence[Difference]) -> _Matter:
    """Return what an order differs in: it is with those whose first difference is the same."""
    first = differences[0]
    discreet = [discreet_difference(difference) for difference in differences]

    return _Matter(
        kind=Kind.DIFFERENCE,
        code=first.code,
        brief=brief_difference(first),
        message=explain_differences(number, differences).message,
        discreet=explain_differences(number, discreet).message,
        advise=partial(advise_on_difference, first),
        is_private=any(one != other for one, other in zip(differences, discreet, strict=True)),
    )


def _warning(warning: BookingWarning) -> _Matter:
    discreet = discreet_warning(warning)

    return _Matter(
        kind=Kind.WARNING,
        code=warning.code.value,
        brief=brief_warning(warning.code),
        message=explain_warning(warning).message,
        discreet=explain_warning(discreet).message,
        advise=partial(advise_on_warning, discreet),
        is_private=has_private_values(warning.code),
    )
