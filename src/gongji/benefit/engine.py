"""Rules made ready for populations: their arrays, and the compiled kernel run over columns of claims.

Needs NumPy and, to be fast, Numba (`pip install gongji[simulate]`). Nothing online imports this.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gongji.benefit import compiled, population
from gongji.rules import layout
from gongji.rules.cells import number_cells
from gongji.rules.model import BenefitRule
from gongji.rules.table import RuleTable, compile_table

Amounts: TypeAlias = NDArray[np.int64]
Indices: TypeAlias = NDArray[np.int32]
Visits: TypeAlias = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Claims:
    """Columns of claims: each person's one after another, in the order of their days.

    Attributes:
        rule: for each claim, the place of its rule in the engine's rules.
        person: for each claim, whose it is: a number from 0.
        visits: `layout.VISIT_SIZE` rows of one place a claim, what each means is told in `layout`; ages and months of
            cover at most `layout.OLDEST` and `layout.LONGEST_COVER`.
        in_scope: for each claim, the in-scope cost, fen; at most `layout.LARGEST`.
        account: for each claim, the balance of the current-year account, fen; empty where no rule asks for it.

    Raises:
        ValueError: columns of other lengths or types than these, or numbers below zero where there can be none.
    """

    rule: Indices
    person: Indices
    visits: Visits
    in_scope: Amounts
    account: Amounts = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        expected = {"rule": np.int32, "person": np.int32, "visits": np.int16, "in_scope": np.int64, "account": np.int64}
        for name, dtype in expected.items():
            column: NDArray[Any] = getattr(self, name)
            if column.dtype != dtype or not column.flags.c_contiguous:
                raise ValueError(f"{name} is no contiguous column of {np.dtype(dtype)}")
        shapes = {self.rule.shape, self.person.shape, self.in_scope.shape}
        if shapes != {(len(self),)} or self.visits.shape != (layout.VISIT_SIZE, len(self)):
            raise ValueError("columns of claims differ in length")
        if len(self.account) not in (0, len(self)):
            raise ValueError("account has neither a balance for each claim nor none")
        if len(self) and min(self.rule.min(), self.person.min(), self.in_scope.min()) < 0:
            raise ValueError("a rule, a person or an amount is below zero")

    def __len__(self) -> int:
        return len(self.rule)


@dataclass(frozen=True, slots=True)
class Desk:
    """Room to work in for one thread; keeps the terms that it has worked out from one call to the next."""

    where: Indices
    pool: Amounts
    work: Amounts


class Engine:
    """Rules ready for populations.

    Attributes:
        table: the rules as rows; says where the counters of a state stand.
        rows, steps: what the compiled functions read: the rows, and the steps of the rules' cells.

    Raises:
        Misconfigured: ``table.too_large``, ``table.counters``; see `compile_table`.
    """

    def __init__(self, rules: Sequence[BenefitRule]) -> None:
        self.table: RuleTable = compile_table(rules)
        cells = number_cells([[row] for row in self.table.rows], self.table.diseases)
        self.rows: Amounts = np.array(self.table.rows, np.int64)
        self.steps: Indices = np.array(cells.steps, np.int32)
        self._cells = cells.count

    def desk(self) -> Desk:
        """Room for one more thread."""
        return Desk(
            where=np.full(self._cells, -1, np.int32),
            pool=np.zeros((population.POOL_ROWS, population.POOL_SIZE), np.int64),
            work=np.zeros((population.WORK_ROWS, population.WORK_SIZE), np.int64),
        )

    def state(self, people: int) -> Amounts:
        """The counters of so many people, at zero: `table.slots` says which stands where."""
        return np.zeros((people, self.table.width), np.int64)

    def settle(
        self, claims: Claims, state: Amounts, *, out: Amounts | None = None, desks: Sequence[Desk] = ()
    ) -> Amounts:
        """What the funds pay for every claim; the accounts are not looked at.

        Args:
            claims: the claims.
            state: for each person, the counters (`state`); moved.
            out: where the results go, to use the same memory again; made where it is None.
            desks: one for each thread to work in; one is made where there is none.

        Returns:
            `layout.RESULT_SIZE` rows of one place a claim, in fen and per ten thousand: what each means is told in
            `layout`.

        Raises:
            ValueError: a claim names a rule or a person that there is not, or `out` or `state` has another shape.
        """
        out = np.empty((layout.RESULT_SIZE, len(claims)), np.int64) if out is None else out
        if out.shape != (layout.RESULT_SIZE, len(claims)) or state.shape[1] != self.table.width:
            raise ValueError("results or counters have another shape")
        if len(claims) and (claims.rule.max() >= len(self.rows) or claims.person.max() >= len(state)):
            raise ValueError("a claim names a rule or a person that there is not")
        given = desks or (self.desk(),)
        settle = compiled.settle_claims()
        columns = (claims.rule, claims.person, claims.visits, claims.in_scope, claims.account)
        cuts = cuts_between(claims.person, len(given))

        def work(place: int) -> None:
            desk = given[place]
            room = (state, desk.where, desk.pool, desk.work, out)
            settle(self.rows, self.steps, *columns, *room, cuts[place], cuts[place + 1])

        if len(given) == 1:
            work(0)
        else:
            with ThreadPoolExecutor(len(given)) as threads:
                list(threads.map(work, range(len(given))))
        return out


def cuts_between(together: Indices, parts: int) -> list[int]:
    """Where to cut claims into so many parts of about one size, so that no run of equal numbers is cut apart.

    Args:
        together: for each claim, the person or the family.
        parts: how many parts; some may be empty.

    Returns:
        The first claim of every part, and the number of claims.
    """
    cuts = [0]
    for part in range(1, parts):
        cut = max(cuts[-1], len(together) * part // parts)
        while 0 < cut < len(together) and together[cut] == together[cut - 1]:
            cut += 1
        cuts.append(cut)
    return [*cuts, len(together)]
