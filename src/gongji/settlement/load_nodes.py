"""Asking what a batch wants where the tables lie on several nodes: in three rounds, whatever it is.

First the patients are locked, shard by shard, and their authorisations read, which change under these locks alone. Then their
payers are known and it is asked which accounts are wanted; these are locked, shard by shard, and everything else is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import psycopg

from gongji.foundation.arrays import Integers
from gongji.foundation.prepared import run_together
from gongji.foundation.shards import buckets_of
from gongji.ledger.model import person_of
from gongji.settlement.holds import store
from gongji.settlement.load_statements import ALONE, AUTHORISATIONS, LEFT_BY_ALONE, LOCK_PATIENTS
from gongji.settlement.locks import Locking
from gongji.settlement.wanted import Rows, Statement

#: Columns of `AUTHORISATIONS`: the sharer, and the end of what has one.
_SHARER: Final = 2
_ENDED: Final = 13


def ask_nodes(
    connection: psycopg.Connection[Any], statements: Sequence[Statement], parameters: dict[str, object]
) -> Rows:
    """The rows of statements, the patients' locks among them."""
    patients = cast("Integers", parameters["patients"])
    asked = parameters | {"patients_buckets": buckets_of(patients)}
    first = LOCK_PATIENTS.of_shards(connection, patients, asked)
    if AUTHORISATIONS not in statements:
        return {LOCK_PATIENTS: [row for answer in run_together(connection, first) for row in answer]}
    *locked, authorised = run_together(connection, [*first, (ALONE[AUTHORISATIONS], asked)])
    rows: Rows = {LOCK_PATIENTS: [row for answer in locked for row in answer], AUTHORISATIONS: authorised.fetchall()}
    insured = {*patients, *(row[_SHARER] for row in rows[AUTHORISATIONS] if row[_ENDED] is None)}
    asked |= {"insured": Integers(sorted(insured)), "insured_buckets": buckets_of(insured)}
    _ask_for_the_rest(connection, rows, [one for one in statements if one not in rows], asked)
    return rows


def _ask_for_the_rest(
    connection: psycopg.Connection[Any], rows: Rows, statements: Sequence[Statement], asked: dict[str, object]
) -> None:
    locking = next(one for one in statements if isinstance(one, Locking))
    wanted = [row[0] for row in connection.execute(locking.wanted_on_nodes, asked)]
    locks = locking.of_shards(connection, wanted, asked)
    others = [one for one in statements if isinstance(one, str)]
    told = [(ALONE.get(one) or LEFT_BY_ALONE.get(one, one), asked) for one in others]
    answers = run_together(connection, [*locks, *told])
    rows[locking] = [row for answer in answers[: len(locks)] for row in answer]
    rows.update((one, answer.fetchall()) for one, answer in zip(others, answers[len(locks) :], strict=True))
    for one in LEFT_BY_ALONE.keys() & rows.keys():
        accounts = Integers(row[1] for row in rows[one])
        turns = {row[0]: row[1:] for row in connection.execute(store.TURNS, {"accounts": accounts})}
        rows[one] = [(*row[:5], *turns.get(person_of(row[1]), (None, None))) for row in rows[one]]
