"""A file of claims, whole families in the order of time: what the funds pay, then whose account pays the rest.

Shared accounts pay whenever the patient's own fall short, as if always asked for; limits of authorisations are not
looked at. The sharer's balance is common to a family, so a family stays in one file and its claims in the order of their days.
Written like the kernel, in integers, indexing and loops, to run as it stands and compiled (`compiled`).
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from gongji.benefit.kernel import assess_row
from gongji.rules.layout import ACCOUNT, IN_SCOPE, LAYER_COUNT, PAID, RESULT_SIZE

#: Integers in rows, and in one: numpy arrays of 64-bit integers, or lists where Numba is not installed.
Matrix: TypeAlias = Any
Vector: TypeAlias = Any

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

# What a claim carries beside what the kernel reads.
TOTAL: Final = 0
FIRST_SELF_PAY_PART: Final = 1

# What comes out for a claim, behind the kernel's result.
OWN: Final = RESULT_SIZE
SHARED: Final = RESULT_SIZE + 1
CASH: Final = RESULT_SIZE + 2
OUT_SIZE: Final = RESULT_SIZE + 3


def settle_families(
    rows: Matrix,
    sharing: Matrix,
    rule: Vector,
    person: Vector,
    claims: Matrix,
    bills: Matrix,
    sharer: Vector,
    state: Matrix,
    accounts: Matrix,
    work: Vector,
    out: Matrix,
) -> None:
    """Settle claims one after another; `claims` is changed in the column of the account's balance.

    Args:
        rows: the rule table's rows.
        sharing: for each row of `rows`, the sharing rule of its region (`sharing_row`).
        rule: for each claim, its row.
        person: for each claim, whose it is; claims sorted by family and time.
        claims: the claims as the kernel reads them.
        bills: for each claim, the bill's total and its first-self-pay part, fen.
        sharer: for each person, whose account helps, or -1.
        state: for each person, the counters; zeros at the beginning.
        accounts: for each person, the current-year and the historical balance in fen; drawn down.
        work: room to work in, `WORK_SIZE` places.
        out: for each claim, the kernel's result, then paid by the own account, the sharer's, in cash.
    """
    for claim in range(len(rule)):
        row, who, visit, bill = rows[rule[claim]], person[claim], claims[claim], bills[claim]
        terms, own, result = sharing[rule[claim]], accounts[who], out[claim]
        visit[ACCOUNT] = own[CURRENT]
        assess_row(row, visit, state[who], work, result)
        funds = 0
        for layer in range(row[LAYER_COUNT]):
            funds += result[PAID + layer]
        due = bill[TOTAL] - funds
        payable = due
        if terms[POLICY_ONLY]:
            payable = visit[IN_SCOPE] - funds
            if terms[FIRST_SELF_PAY_PAYABLE]:
                payable += bill[FIRST_SELF_PAY_PART]
        result[OWN] = draw_own(own, payable)
        result[SHARED] = 0
        if terms[SHARES] and sharer[who] >= 0:
            result[SHARED] = draw_shared(accounts[sharer[who]], payable - result[OWN], terms)
        result[CASH] = due - result[OWN] - result[SHARED]


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
