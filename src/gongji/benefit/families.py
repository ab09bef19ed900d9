"""A file of claims, whole families in the order of time: what the funds pay, then whose account pays the rest.

Shared accounts pay whenever the patient's own fall short, as if always asked for; limits of authorisations are not
looked at. The sharer's balance is common to a family, so a family stays in one file and its claims in the order of their days.
Written like the kernel, in integers, indexing and loops, to run as it stands and compiled (`compiled`).
"""

from __future__ import annotations

from typing import Final

from gongji.benefit.kernel import PARTS_SIZE, room_for, settle_visit
from gongji.benefit.population import FORM, Matrix, Vector, recall
from gongji.rules.layout import DAYS, MONTH, MOST_LAYERS, PAID, RESULT_SIZE

# A sharing rule's row.
POLICY_ONLY: Final = 0  # accounts pay in-scope cost only
FIRST_SELF_PAY_PAYABLE: Final = 1  # …and the first-self-pay part
HISTORICAL_ONLY: Final = 2  # only the historical balance is shared
RETAINED_FLOOR: Final = 3  # fen of what may be shared that stay with the sharer
SHARES: Final = 4  # whether a relative's account pays at all
SHARING_SIZE: Final = 5

# A person's accounts.
CURRENT: Final = 0
HISTORICAL: Final = 1

# The rows of the bills.
TOTAL: Final = 0
FIRST_SELF_PAY_PART: Final = 1

# What comes out for a claim, behind the kernel's result.
OWN: Final = RESULT_SIZE
SHARED: Final = RESULT_SIZE + 1
CASH: Final = RESULT_SIZE + 2
OUT_SIZE: Final = RESULT_SIZE + 3


def settle_families(
    rows: Matrix,
    steps: Matrix,
    sharing: Matrix,
    rule: Vector,
    person: Vector,
    visits: Matrix,
    in_scope: Vector,
    bills: Matrix,
    sharer: Vector,
    state: Matrix,
    accounts: Matrix,
    where: Vector,
    pool: Matrix,
    work: Matrix,
    out: Matrix,
    begin: int,
    end: int,
) -> None:
    """Settle the claims from `begin` up to `end`, one after another.

    The arguments are those of `population.settle_claims`, and

    Args:
        sharing: for each row of `rows`, the sharing rule of its region (`claims.encode_sharing`); 64-bit.
        bills: two rows of one place a claim: the bill's total and its first-self-pay part, fen; 64-bit.
        sharer: for each person, whose account helps, or -1; 32-bit.
        accounts: for each person, the current-year and the historical balance in fen; drawn down; 64-bit.
        out: `OUT_SIZE` rows of one place a claim: the kernel's result, then paid by the own account, the sharer's, in
            cash; 64-bit.
    """
    parts, result = room_for(PARTS_SIZE), room_for(RESULT_SIZE)
    for claim in range(begin, end):
        terms = pool[recall(rows, steps, rule[claim], visits, claim, where, pool, work)]
        who = person[claim]
        own, conditions = accounts[who], sharing[rule[claim]]
        month, days = visits[MONTH][claim], visits[DAYS][claim]
        settle_visit(FORM, terms, month, days, in_scope[claim], own[CURRENT], state[who], parts, result)
        funds = 0
        for layer in range(MOST_LAYERS):
            funds += result[PAID + layer]
        due = bills[TOTAL][claim] - funds
        payable = due
        if conditions[POLICY_ONLY]:
            payable = in_scope[claim] - funds
            if conditions[FIRST_SELF_PAY_PAYABLE]:
                payable += bills[FIRST_SELF_PAY_PART][claim]
        drawn = draw_own(own, payable)
        shared = 0
        if conditions[SHARES] and sharer[who] >= 0:
            shared = draw_shared(accounts[sharer[who]], payable - drawn, conditions)
        for place in range(RESULT_SIZE):
            out[place][claim] = result[place]
        out[OWN][claim] = drawn
        out[SHARED][claim] = shared
        out[CASH][claim] = due - drawn - shared


def draw_own(accounts: Vector, wanted: int) -> int:
    """Take what is wanted from the patient's own accounts, the current year first; returns what was taken."""
    current: int = min(wanted, accounts[CURRENT])
    historical: int = min(wanted - current, accounts[HISTORICAL])
    accounts[CURRENT] -= current
    accounts[HISTORICAL] -= historical
    return current + historical


def draw_shared(accounts: Vector, wanted: int, terms: Vector) -> int:
    """Take what is wanted from a sharer's accounts, the savings first, within the terms; returns what was taken."""
    offered = accounts[HISTORICAL]
    if not terms[HISTORICAL_ONLY]:
        offered += accounts[CURRENT]
    taken: int = min(wanted, max(0, offered - terms[RETAINED_FLOOR]))
    historical = min(taken, accounts[HISTORICAL])
    accounts[HISTORICAL] -= historical
    accounts[CURRENT] -= taken - historical
    return taken
