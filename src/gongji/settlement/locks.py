"""Locking rows in the order of their ids: in one statement, or shard by shard where the tables lie on several nodes.

There it is first asked which rows are wanted, and then those of each shard are locked (`gongji.foundation.shards`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import psycopg

from gongji.foundation.arrays import Integers
from gongji.foundation.prepared import Asked, run_together
from gongji.foundation.shards import buckets_of, by_shard

_OF_SHARD: Final = "SELECT id FROM unnest(%(wanted)b::bigint[]) AS w(id)"
_BUCKETS: Final = "ANY(%(buckets)b::smallint[])"

Where = psycopg.Connection[Any] | psycopg.Cursor[Any]
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Locking:
    """Rows of a table with a bucket and an id, to be locked.

    Attributes:
        wanted: a query for the ids.
        table: where they are.
        told: what is told of each row, ``a`` being the row; with ``{near}`` after the condition on the bucket of a table ``f``
            that is looked into for it.
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
        return self._statement(f"SELECT id FROM ({self.wanted}) AS w OFFSET 0", "", self.only)

    def __str__(self) -> str:
        return self.statement

    def take(self, on: Where, parameters: Mapping[str, object], *, spread: bool) -> Rows:
        """Lock them and tell of them, wherever the tables lie."""
        return self.on_nodes(on, parameters) if spread else on.execute(self.statement, parameters).fetchall()

    def on_nodes(self, on: Where, parameters: Mapping[str, object]) -> Rows:
        """Lock them shard by shard and tell of them."""
        connection = on.connection if isinstance(on, psycopg.Cursor) else on
        ids = [wanted for (wanted,) in on.execute(self.wanted_on_nodes or self.wanted, parameters).fetchall()]
        return [
            row for answer in run_together(connection, self.of_shards(connection, ids, parameters)) for row in answer
        ]

    def of_shards(
        self, connection: psycopg.Connection[Any], ids: Iterable[int], parameters: Mapping[str, object]
    ) -> list[Asked]:
        """What locks them, shard by shard, where their ids are known; for `gongji.foundation.prepared.run_together`."""
        return [
            (self._of_shard, {**parameters, "wanted": Integers(some), "buckets": buckets_of(some)})
            for some in by_shard(connection, ids)
        ]

    @cached_property
    def _of_shard(self) -> str:
        return self._statement(_OF_SHARD, f" AND f.bucket = {_BUCKETS}", f"{self.only} AND a.bucket = {_BUCKETS}")

    def _statement(self, wanted: str, near: str, only: str) -> str:
        return f"""
SELECT {self.told.format(near=near)}
  FROM {self.table} a JOIN ({wanted}) AS k ON a.bucket = (k.id & 1023)::smallint AND a.id = k.id
 WHERE {only}
 ORDER BY a.id FOR NO KEY UPDATE OF a{"" if self.waits else " SKIP LOCKED"}
"""
