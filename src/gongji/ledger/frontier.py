"""What was posted since somebody looked last, told by block: sums and messages follow the books without slowing them.

A transfer that says 23:59 may be committed after midnight was read; but the blocks of one poster are committed in their
order, one transaction each, so "poster p through block n" has no late-comers, whatever the clocks say and however long
a transaction stays open. Whoever follows keeps a table of marks (``poster_id``, ``block``) and moves them in the
transaction that writes what follows from the blocks: a run that is killed leaves both or neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.distribution import is_spread
from gongji.ledger.archive_tables import ENDS

#: The journals of a `Frontier`, found by (poster, block): each poster's newest blocks, whatever month they lie in. OFFSET 0 keeps
#: them apart from the transfers, which on a cluster lie elsewhere.
_FRESH: Final = """
SELECT j.id FROM unnest(CAST(:posters AS bigint[]), CAST(:done AS bigint[]), CAST(:newest AS bigint[]))
                 AS f(poster_id, done, newest)
       CROSS JOIN LATERAL (SELECT unnest(journals) AS id FROM block WHERE poster_id = f.poster_id
                              AND number > f.done AND number <= f.newest ORDER BY number) AS j OFFSET 0
"""

#: For a FROM: the transfers ``t`` of a frontier, whose parameters the statement takes.
FRESH_TRANSFERS: Final = f"({_FRESH}) AS fresh JOIN transfer t ON t.journal_id = fresh.id"


_STANDINGS: Final = f"""
SELECT p.id AS poster_id, coalesce(d.block, 0) AS done,
       coalesce((SELECT max(b.number) FROM block b WHERE b.poster_id = p.id), e.number, 0) AS newest
  FROM poster p LEFT JOIN {{marks}} d ON d.poster_id = p.id LEFT JOIN {ENDS} AS e ON e.poster_id = p.id
"""

#: The same where Citus has the blocks, which takes no subquery for each poster: from the marks on, the marked block included,
#: so that a mark past the last block stands out.
_STANDINGS_ON_NODES: Final = f"""
WITH followed AS MATERIALIZED (
    SELECT p.id AS poster_id, coalesce(d.block, 0) AS done FROM poster p LEFT JOIN {{marks}} d ON d.poster_id = p.id
), since AS MATERIALIZED (
    SELECT f.poster_id, max(b.number) AS newest
      FROM followed f JOIN block b ON b.poster_id = f.poster_id AND b.number >= f.done GROUP BY f.poster_id
)
SELECT f.poster_id, f.done, coalesce(s.newest, e.number, 0) AS newest
  FROM followed f LEFT JOIN since s ON s.poster_id = f.poster_id LEFT JOIN {ENDS} AS e ON e.poster_id = f.poster_id
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a poster's blocks were followed (`done`), and its `newest`; 0 for none."""

    poster_id: int
    done: int
    newest: int


@dataclass(frozen=True, slots=True)
class Frontier:
    """Blocks after `done` and up to `newest`, of each of the posters."""

    posters: list[int]
    done: list[int]
    newest: list[int]

    def __bool__(self) -> bool:
        return bool(self.posters)

    @property
    def blocks(self) -> int:
        """How many blocks they are."""
        return sum(self.newest) - sum(self.done)

    @property
    def parameters(self) -> dict[str, Any]:
        """What statements over `FRESH_TRANSFERS` take."""
        return {"posters": self.posters, "done": self.done, "newest": self.newest}


def standings(connection: sa.Connection, marks: sa.Table) -> list[Standing]:
    """How far each poster's blocks were followed, by a table of marks."""
    statement = (_STANDINGS_ON_NODES if is_spread(connection) else _STANDINGS).format(marks=marks.name)
    return [Standing(row.poster_id, row.done, row.newest) for row in connection.execute(sa.text(statement))]


def frontier(connection: sa.Connection, marks: sa.Table, at_most: int | None = None) -> Frontier:
    """The blocks after the marks; `at_most` so many of each poster."""
    ahead = [one for one in standings(connection, marks) if one.newest > one.done]
    newest = [one.newest if at_most is None else min(one.newest, one.done + at_most) for one in ahead]
    return Frontier([one.poster_id for one in ahead], [one.done for one in ahead], newest)


def fresh_journals(connection: sa.Connection, past: Frontier) -> list[int]:
    """The journals of a frontier's blocks, the ids in order."""
    return sorted(connection.execute(sa.text(_FRESH), past.parameters).scalars())


def advance(connection: sa.Connection, marks: sa.Table, past: Frontier) -> None:
    """Move the marks past a frontier, in the transaction that wrote what follows from it."""
    statement = f"""
        INSERT INTO {marks.name} AS d (poster_id, block)
        SELECT * FROM unnest(CAST(:posters AS bigint[]), CAST(:newest AS bigint[]))
            ON CONFLICT (poster_id) DO UPDATE SET block = excluded.block
    """
    connection.execute(sa.text(statement), {"posters": past.posters, "newest": past.newest})
