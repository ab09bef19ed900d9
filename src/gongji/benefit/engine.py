"""Rules made ready for populations: their arrays, and the compiled kernel run over columns of claims.

Needs NumPy and, to be fast, Numba (`pip install gongji[simulate]`). Nothing online imports this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gongji.benefit import compiled, families, population
from gongji.benefit.form import work_out
from gongji.benefit.terms import OPEN
from gongji.rules import layout
from gongji.rules.cells import number_cells
from gongji.rules.model import BenefitRule
from gongji.rules.table import RuleTable, compile_table

Amounts: TypeAlias = NDArray[np.int64]
Indices: TypeAlias = NDArray[np.int32]
Places: TypeAlias = NDArray[np.uint32]
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
        rules, people: one more than the largest of `rule` and `person`.
        largest: the largest of `in_scope`, fen.

    Raises:
        ValueError: columns of other lengths or types than these, or numbers below zero where there can be none.
    """

    rule: Indices
    person: Indices
    visits: Visits
    in_scope: Amounts
    account: Amounts = field(default_factory=lambda: np.zeros(0, np.int64))
    rules: int = field(init=False)
    people: int = field(init=False)
    largest: int = field(init=False)

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
        object.__setattr__(self, "rules", int(self.rule.max(initial=-1)) + 1)
        object.__setattr__(self, "people", int(self.person.max(initial=-1)) + 1)
        object.__setattr__(self, "largest", int(self.in_scope.max(initial=0)))

    def __len__(self) -> int:
        return len(self.rule)

    def unsigned(self) -> tuple[Places, Places]:
        """`rule` and `person` as numbers that cannot be below zero: such a place is not looked at for counting from the end."""
        return self.rule.view(np.uint32), self.person.view(np.uint32)


@dataclass(frozen=True, slots=True)
class Desk:
    """Room to work in for one thread; keeps the terms that it has worked out from one call to the next."""

    where: Places
    pool: Amounts
    work: Amounts


@dataclass(frozen=True, slots=True)
class Purses:
    """Whose account pays what the funds leave.

    Attributes:
        sharing: for each rule of the engine, the terms of sharing in its region (`claims.encode_sharing`).
        bills: for each claim, two rows: the bill's total and its first-self-pay part, fen.
        sharer: for each person, whose account helps, or -1: a number of a person in the same family.
        accounts: for each person, the current-year and the historical balance in fen; drawn down.
        family: for each claim, the family: runs of it are not shared out among threads.
    """

    sharing: Amounts
    bills: Amounts
    sharer: Indices
    accounts: Amounts
    family: Indices

    def check(self, rules: int, claims: int, people: int) -> None:
        """Whether the columns have room for so many rules, claims and people.

        Raises:
            ValueError: when they do not, or have another type.
        """
        shapes = (
            (self.sharing, np.int64, (rules, families.SHARING_SIZE)),
            (self.bills, np.int64, (families.FIRST_SELF_PAY_PART + 1, claims)),
            (self.sharer, np.int32, (people,)),
            (self.accounts, np.int64, (people, families.HISTORICAL + 1)),
            (self.family, np.int32, (claims,)),
        )
        for column, dtype, shape in shapes:
            if column.dtype != dtype or column.shape != shape or not column.flags.c_contiguous:
                raise ValueError(f"a column of purses is no contiguous {np.dtype(dtype)} of {shape}")
        if people and self.sharer.max() >= people:
            raise ValueError("a sharer is nobody of these people")


class Engine:
    """Rules ready for populations.

    Attributes:
        table: the rules as rows; says where the counters of a state stand.
        rows, steps: what the compiled functions read: the rows, and the steps of the rules' cells.
        form: what the kernel is compiled for.
    """

    def __init__(self, rules: Sequence[BenefitRule], *, results: Sequence[int] | None = None) -> None:
        """
        Args:
            rules: any rules.
            results: the places of a result that are wanted. When they are given, the kernel is compiled for the form of
                these very rules and for these results: some seconds the first time on a machine, then two to three times
                as fast. Otherwise all results come out, by machine code that serves all rules.

        Raises:
            Misconfigured: ``table.too_large``, ``table.counters``; see `compile_table`.
        """
        self.table: RuleTable = compile_table(rules)
        cells = number_cells([[row] for row in self.table.rows], self.table.diseases)
        self.rows: Amounts = np.array(self.table.rows, np.int64)
        self.steps: Places = np.array(cells.steps, np.uint32)
        self._cells = cells.count
        self.form = OPEN
        self._pool: Amounts | None = None
        if results is not None and cells.count <= population.POOL_ROWS:
            known = work_out(self.table.rows, cells, results)
            self.form, self._pool = known.form, np.array(known.terms, np.int64)

    def desk(self) -> Desk:
        """Room for one more thread."""
        return Desk(
            where=np.full(self._cells, population.NOWHERE, np.uint32),
            pool=np.zeros((population.POOL_ROWS, population.POOL_SIZE), np.int64) if self._pool is None else self._pool,
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
            `layout`. A row that is not wanted has any content.

        Raises:
            ValueError: a claim names a rule or a person that there is not, or `out` or `state` has another shape.
        """
        out = self._results(claims, state, layout.RESULT_SIZE, out)
        columns = (*claims.unsigned(), claims.visits, claims.in_scope, claims.account)
        settle = compiled.settle_claims(self.form)

        def work(desk: Desk, begin: Any, end: Any) -> None:
            settle(self.rows, self.steps, *columns, state, desk.where, desk.pool, desk.work, out, begin, end)

        _share_among(desks or (self.desk(),), claims.person, work)
        return out

    def settle_families(
        self,
        claims: Claims,
        purses: Purses,
        state: Amounts,
        *,
        out: Amounts | None = None,
        desks: Sequence[Desk] = (),
    ) -> Amounts:
        """What the funds pay for every claim, and whose account pays the rest; see `families`.

        Args:
            claims: the claims, families one after another, a family's claims in the order of their days; `account` is
                not looked at, the balance that is left by then counts.
            purses: bills, accounts and who shares with whom.
            state, out, desks: as for `settle`.

        Returns:
            `families.OUT_SIZE` rows of one place a claim, fen: the kernel's results, then paid by the own account, by the
            sharer's, in cash.

        Raises:
            ValueError: a claim names a rule or a person that there is not, or a column has another shape.
        """
        out = self._results(claims, state, families.OUT_SIZE, out)
        purses.check(len(self.rows), len(claims), len(state))
        columns = (*claims.unsigned(), claims.visits, claims.in_scope)
        settle = compiled.settle_families(self.form)

        def work(desk: Desk, begin: Any, end: Any) -> None:
            settle(
                *(self.rows, self.steps, purses.sharing, *columns, purses.bills, purses.sharer, state),
                *(purses.accounts, desk.where, desk.pool, desk.work, out, begin, end),
            )

        _share_among(desks or (self.desk(),), purses.family, work)
        return out

    def _results(self, claims: Claims, state: Amounts, size: int, out: Amounts | None) -> Amounts:
        """Where the results go, after a look at whether everything fits together."""
        results = np.empty((size, len(claims)), np.int64) if out is None else out
        if results.shape != (size, len(claims)) or state.shape[1] != self.table.width:
            raise ValueError("results or counters have another shape")
        if claims.rules > len(self.rows) or claims.people > len(state):
            raise ValueError("a claim names a rule or a person that there is not")
        return results


def _share_among(desks: Sequence[Desk], together: Indices, work: Callable[[Desk, Any, Any], None]) -> None:
    """Do the work at every desk, each on its part of the claims and in a thread of its own; its ends are unsigned."""
    cuts = [np.uint64(cut) for cut in cuts_between(together, len(desks))]
    if len(desks) == 1:
        work(desks[0], *cuts)
        return
    with ThreadPoolExecutor(len(desks)) as threads:
        list(threads.map(work, desks, cuts, cuts[1:]))


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
