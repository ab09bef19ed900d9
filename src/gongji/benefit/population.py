"""A file of claims under many rules: what the funds pay, claim by claim, in integers.

Written like the kernel, in integers, indexing and loops, to run as it stands and compiled (`compiled`). Claims are
columns: `visits` has one row for each of the first `VISIT_SIZE` places of a claim. A person's claims come one after
another in the order of their days; people in any order.

The terms of each kind of visit (`terms`) are worked out when it first comes up and kept in a pool.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from gongji.benefit.kernel import PARTS_SIZE, room_for, settle_visit
from gongji.benefit.terms import F_CELLS, F_RULES, F_STEPS, F_WANTED, OPEN, PLACED_SIZE, TERMS_SIZE, Row, resolve
from gongji.rules.cells import (
    AGE_MASK,
    AGE_STEPS,
    CASE_MASK,
    CASE_STEPS,
    COVER_MASK,
    COVER_STEPS,
    DISEASE_MASK,
    DISEASE_STEPS,
    TIER_MASK,
    TIER_STEPS,
)
from gongji.rules.layout import AGE, CASES, COVERED, DAYS, DISEASE, MONTH, RESULT_SIZE, TIER, VISIT_SIZE

#: Integers in rows, and in one: numpy arrays, or lists where Numba is not installed.
Matrix: TypeAlias = Any
Vector: TypeAlias = Any

# Rows of the room to work in.
PLACED_ROW: Final = 0
VISIT_ROW: Final = 1
POOL_USED_ROW: Final = 2
WORK_ROWS: Final = 3
WORK_SIZE: Final = max(PLACED_SIZE, VISIT_SIZE)

#: Stands for a cell whose terms have not been worked out.
NOWHERE: Final = (1 << 32) - 1

#: How many terms a pool has room for.
POOL_ROWS: Final = 4096
POOL_SIZE: Final = TERMS_SIZE

#: What is known of all terms beforehand. Where the kernel is compiled for rules, `compiled` puts theirs in its place.
FORM: Final = OPEN


def settle_claims(
    rows: Matrix,
    steps: Matrix,
    rule: Vector,
    person: Vector,
    visits: Matrix,
    in_scope: Vector,
    account: Vector,
    state: Matrix,
    where: Vector,
    pool: Matrix,
    work: Matrix,
    out: Matrix,
    begin: int,
    end: int,
) -> None:
    """Settle the claims from `begin` up to `end`, one after another.

    Args:
        rows: the rule table's rows, 64-bit.
        steps: the steps of each rule's cells, 32-bit.
        rule: for each claim, its row; 32-bit, unsigned.
        person: for each claim, whose it is: a row of `state`; 32-bit, unsigned.
        visits: `VISIT_SIZE` rows of one place a claim; 16-bit.
        in_scope: for each claim, the in-scope cost, fen; 64-bit.
        account: for each claim, the balance of the current-year account, fen; empty where no rule asks for it; 64-bit.
        state: for each person, the counters; zeros at the beginning; 64-bit.
        where: for each cell, where its terms are in `pool`; `NOWHERE` at the beginning; 32-bit, unsigned.
        pool: terms worked out, `POOL_ROWS` by `POOL_SIZE`; 64-bit.
        work: room to work in, `WORK_ROWS` by `WORK_SIZE`, zeros at the beginning; 64-bit.
        out: `RESULT_SIZE` rows of one place a claim; 64-bit. Those that are not wanted are left alone.
        begin: the first claim; unsigned where compiled, so that no place is looked at for counting from the end.
        end: one more than the last claim; likewise.
    """
    parts, result = room_for(PARTS_SIZE), room_for(RESULT_SIZE)
    balances = len(account) > 0
    claim = begin
    while claim < end:
        who = person[claim]
        # Compiled for a known form, a person's counters stay in registers from claim to claim.
        counters = state[who]
        while claim < end and person[claim] == who:
            terms = pool[recall(rows, steps, rule_of(rule, claim), visits, claim, where, pool, work)]
            month, days = visits[MONTH][claim], visits[DAYS][claim]
            balance = account[claim] if balances else 0
            settle_visit(FORM, terms, month, days, in_scope[claim], balance, counters, parts, result)
            for place in range(RESULT_SIZE):
                if FORM[F_WANTED + place]:
                    out[place][claim] = result[place]
            claim = following(claim)


def following(claim: int) -> int:
    """The next claim; compiled, as unsigned as the one before."""
    return claim + 1


def rule_of(rule: Vector, claim: int) -> int:
    """The row of a claim's rule."""
    return int(rule[claim]) if FORM[F_RULES] else 0


def recall(
    rows: Matrix, steps: Matrix, rule: int, visits: Matrix, claim: int, where: Vector, pool: Matrix, work: Matrix
) -> int:
    """Where the pool has the terms of a claim; worked out if they are not there yet."""
    cell = cell_of(steps[rule], visits, claim)
    if not FORM[F_CELLS]:
        return cell
    if where[cell] == NOWHERE:
        work_out(rows[rule], visits, claim, cell, where, pool, work)
    place: int = where[cell]
    return place


def work_out(row: Row, visits: Matrix, claim: int, cell: int, where: Vector, pool: Matrix, work: Matrix) -> None:
    """Work out the terms of a claim for the pool."""
    place = take_place(where, len(pool), work)
    copy_visit(visits, claim, work)
    resolve(row, work[VISIT_ROW], work[PLACED_ROW], pool[place])
    where[cell] = place


def cell_of(step: Vector, visits: Matrix, claim: int) -> int:
    """The number of a claim's cell, by the steps of its rule."""
    cell: int = step[CASE_STEPS + (visits[CASES][claim] & CASE_MASK)]
    if FORM[F_STEPS + 1]:
        cell += step[TIER_STEPS + (visits[TIER][claim] & TIER_MASK)]
    if FORM[F_STEPS + 2]:
        cell += step[AGE_STEPS + (visits[AGE][claim] & AGE_MASK)]
    if FORM[F_STEPS + 3]:
        cell += step[COVER_STEPS + (visits[COVERED][claim] & COVER_MASK)]
    if FORM[F_STEPS + 4]:
        cell += step[DISEASE_STEPS + (visits[DISEASE][claim] + 1 & DISEASE_MASK)]
    return cell


def take_place(where: Vector, places: int, work: Matrix) -> int:
    """The next free place of a pool; when it is full it begins anew."""
    used = work[POOL_USED_ROW]
    if used[0] == places:
        used[0] = 0
        for cell in range(len(where)):
            where[cell] = NOWHERE
    used[0] += 1
    return int(used[0]) - 1


def copy_visit(visits: Matrix, claim: int, work: Matrix) -> None:
    """Lay out a claim's visit in the room to work in."""
    visit = work[VISIT_ROW]
    for place in range(VISIT_SIZE):
        visit[place] = visits[place][claim]
