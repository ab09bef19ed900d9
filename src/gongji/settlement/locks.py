"""Locking rows in the order of their ids: in one statement, or node by node where the tables lie on several.

Citus locks rows of one bucket in a statement, not of several: there it is first asked which rows are wanted, and then
each bucket's are locked, in the order of the buckets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import psycopg

from gongji.foundation.arrays import Integers
from gongji.foundation.ids import bucket_of

_OF_BUCKET: Final = "SELECT id FROM unnest(%(wanted)b::bigint[]) AS w(id)"


Where = psycopg.Connection[Any] | psycopg.Cursor[Any]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Locking:
    """Rows of a table with a bucket and an id, to be locked.

    Attributes:
        wanted: a query for the ids.
        table: where they are.
        told: what is told of each row, ``a`` being the row and ``{bucket}`` its bucket.
        only: which of the rows are there for us.
        waits: whether to wait for rows that somebody else has in hand; else they are left out.
        wanted_on_nodes: the query for the ids where the tables lie on several nodes; "" for the same.
    """

    wanted: str
    table: str
    told: str
    only: str = "true"
    waits: bool = True
    wanted_on_nodes: str = ""

    @cached_property
    def statement(self) -> str:
        """Locks them all."""
        # OFFSET 0 keeps the query for the ids apart. A UNION ALL that the planner merges into the join is run anew for each
        # row that somebody else changed while it was waited for, and under a nested loop finds no ids any more: rows that
        # are there would be missing (seen with PostgreSQL 18; tests/settlement/test_locks.py).
        return self._statement(f"SELECT id FROM ({self.wanted}) AS w OFFSET 0", "a.bucket", self.only)

    def __str__(self) -> str:
        return self.statement

    def take(self, on: Where, parameters: Mapping[str, object], *, spread: bool) -> Rows:
        """Lock them and tell of them, wherever the tables lie."""
        return self.on_nodes(on, parameters) if spread else on.execute(self.statement, parameters).fetchall()

    def on_nodes(self, on: Where, parameters: Mapping[str, object]) -> Rows:
        """Lock them bucket by bucket and tell of them."""
        buckets: dict[int, list[int]] = {}
        for (wanted,) in on.execute(self.wanted_on_nodes or self.wanted, parameters).fetchall():
            buckets.setdefault(bucket_of(wanted), []).append(wanted)
        statement = self._statement(_OF_BUCKET, "%(bucket)s", f"{self.only} AND a.bucket = %(bucket)s")
        rows: Rows = []
        for bucket, ids in sorted(buckets.items()):
            own = {"wanted": Integers(ids), "bucket": bucket}
            rows += on.execute(statement, {**parameters, **own}).fetchall()
        return rows

    def _statement(self, wanted: str, bucket: str, only: str) -> str:
        return f"""
SELECT {self.told.format(bucket=bucket)}
  FROM {self.table} a JOIN ({wanted}) AS k ON a.bucket = (k.id & 1023)::smallint AND a.id = k.id
 WHERE {only}
 ORDER BY a.id FOR NO KEY UPDATE OF a{"" if self.waits else " SKIP LOCKED"}
"""
