"""What is credited to a personal account each month: a part of a base, or an amount, by age where a text says so.

    accrual:
      active:
        - {effective: 2023-01-01, value: {of: contribution_base, share: 2 %}, source: …}
      retired:
        - {effective: 2024-01-01, value: {monthly: {under_70: 100.00, from_70: 125.00}}, source: …}

Somebody who pays for the pooled fund alone (``pooled_only``, 单建统筹) is credited 0.00 where a text says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import part_of
from gongji.rules.entries import Dated
from gongji.rules.expand import Reader, Table, make_grid
from gongji.rules.grid import Grid, Key, lower_bound
from gongji.rules.node import Node
from gongji.rules.problems import Problems
from gongji.rules.sources import Clause, DatedAmount
from gongji.rules.structure import TableShape
from gongji.rules.vocabulary import AccrualBase, Contributor, Dimension, StatusChange


@dataclass(frozen=True, slots=True)
class AccrualEntry:
    """A value of ``accrual`` as a pack writes it.

    Attributes:
        base: what the percentages are of; None where the numbers are yuan a month.
        table: the numbers, a single one or one by age class.
        shape: what the table is keyed by.
        change: from which month a new status counts; None where no text says.
    """

    base: AccrualBase | None
    table: Table
    shape: TableShape
    change: StatusChange | None

    def paths(self, entry: Dated[AccrualEntry], problems: Problems) -> dict[Key, Key] | None:
        """The path of the table that answers each age class; None (and problems) where classes are missing."""
        return Reader((), problems).paths(self.shape, entry.holding(self.table), ratio=self.base is not None)


@dataclass(frozen=True, slots=True)
class AccrualRule:
    """What is credited each month in a region to one kind of contributor.

    Attributes:
        region: the region asked for.
        contributor: to whom.
        base: what the numbers are a part of; None where they are fen a month.
        numbers: per ten thousand of the base, or fen a month; by age where a text says so.
        change: from which month a new status counts; None where no text says.
        digest: digest of the packs the rule rests on.
    """

    region: str
    contributor: Contributor
    base: AccrualBase | None
    numbers: Grid
    change: StatusChange | None
    digest: str

    @property
    def clauses(self) -> Mapping[str, Clause]:
        """The source of each number, by age class; of a single number under an empty name."""
        return {".".join(key): one for key, one in self.numbers.clauses.items()}

    def monthly(self, age: int, base: int | None = None) -> DatedAmount:
        """What is credited for one month.

        Args:
            age: full years on the day of the credit.
            base: fen of the base named by `base`: the person's contribution base of the month, or the average basic
                pension of the pooling region in the year that the clause names; not needed for a fixed amount.

        Returns:
            Fen, rounded half-up once, with the clause.

        Raises:
            InvalidInput: ``accrual.base_needed`` when the rule is a part of a base and none is given.
        """
        words = self.numbers.words(Dimension.AGE)
        key = ([word for word in words if lower_bound(word) <= age][-1],) if words else ()
        number, clause = self.numbers.numbers[key], self.numbers.clauses[key]
        if self.base is None:
            return DatedAmount(number, clause)
        if base is None or base < 0:
            raise InvalidInput(
                "accrual.base_needed",
                f"the monthly credit is a part of {self.base}: that amount is needed",
                "划入金额按比例计算，需要先提供计算基数",
                field="base",
                accepted="0 or more, in fen",
            )
        return DatedAmount(part_of(base, number), clause)


def read_accrual(node: Node) -> AccrualEntry:
    """Read ``{monthly}`` or ``{of, share}``, and from which month a new status counts (``from: following_month``)."""
    given = node.table()
    found = node.fields(("monthly",) if "monthly" in given else ("of", "share"), ("from",))
    table = found["monthly" if "monthly" in found else "share"]
    leaves = table.leaves()
    by = (Dimension.AGE,) if any(leaves) else ()
    return AccrualEntry(
        base=found["of"].choice(AccrualBase) if "of" in found else None,
        table=leaves,
        shape=TableShape("accrual", by, table.at),
        change=found["from"].choice(StatusChange) if "from" in found else None,
    )


def accrual_rule(
    region: str,
    contributor: Contributor,
    entry: Dated[AccrualEntry],
    clause_of: Mapping[Key, Clause],
    digest: str,
) -> AccrualRule | None:
    """The rule of an entry; None where its table has a hole, which a check has told before.

    Args:
        region: the region asked for.
        contributor: to whom.
        entry: the entry in force.
        clause_of: the clause of each path of its table.
        digest: digest of the packs.
    """
    paths = entry.value.paths(entry, Problems())
    if paths is None:
        return None
    table = entry.holding(entry.value.table)
    numbers = make_grid(entry.value.shape, table, paths, clause_of.__getitem__, None)
    return AccrualRule(region, contributor, entry.value.base, numbers, entry.value.change, digest)
