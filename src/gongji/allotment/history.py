"""How the parts of a pot stood and moved in a span of time, from the moves; the parts as they are now are the fixed point."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.family.model import Authorisation
from gongji.family.transitions import IN_FORCE_STATES
from gongji.foundation.ids import bucket_of
from gongji.ledger.pots import FOR_ALL

#: What only changes from one origin to the other within a part nets to nothing, and counts neither as come nor as gone.
_SPAN: Final = """
SELECT p.sharer_id, p.part, p.historical + p.current AS now,
       coalesce(sum(m.net) FILTER (WHERE m.at >= :until), 0)::bigint AS after,
       coalesce(sum(m.net) FILTER (WHERE m.at < :until AND m.net > 0), 0)::bigint AS came,
       coalesce(-sum(m.net) FILTER (WHERE m.at < :until AND m.net < 0), 0)::bigint AS went
  FROM pot_part p
  LEFT JOIN LATERAL (SELECT v.at, v.historical + v.current AS net FROM pot_move v
                      WHERE v.bucket = p.bucket AND v.sharer_id = p.sharer_id AND v.part = p.part AND v.at >= :since) m ON true
 WHERE p.bucket = ANY(CAST(:buckets AS smallint[])) AND p.sharer_id = ANY(CAST(:sharers AS bigint[]))
 GROUP BY p.sharer_id, p.part, p.historical, p.current
"""


@dataclass(frozen=True, slots=True)
class PartSpan:
    """A part of a pot over a span of time, in fen.

    Attributes:
        opening: what was left of it as the span began.
        came: allotted, or back from a refund.
        went: spent, taken back, returned.
    """

    opening: int
    came: int
    went: int

    @property
    def closing(self) -> int:
        """What is left of it at the end."""
        return self.opening + self.came - self.went

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was there and nothing moved."""
        return not (self.opening or self.came or self.went)


def parts_given(connection: sa.Connection, sharer_id: int, since: datetime, until: datetime) -> dict[int, PartSpan]:
    """The parts of a sharer's own pot by authorisation (`FOR_ALL` for all relatives), those left out in which nothing was.

    Args:
        connection: a connection.
        sharer_id: whose pot.
        since: the first moment.
        until: the first moment after it.
    """
    found = _spans(connection, [sharer_id], since, until)
    return {part: span for (_, part), span in found.items() if not span.is_nothing}


def parts_had(
    connection: sa.Connection, shares: Collection[Authorisation], since: datetime, until: datetime
) -> list[tuple[Authorisation, bool, PartSpan]]:
    """What a user of authorisations had of their sharers' pots: the authorisation, whether it is what is for all relatives,
    and the part. What is for all is told to whom it is still for.

    Args:
        connection: a connection.
        shares: the user's authorisations.
        since, until: as `parts_given`.
    """
    found = _spans(connection, {one.sharer_id for one in shares}, since, until) if shares else {}
    had = []
    for one in shares:
        for part in (one.id, FOR_ALL):
            span = found.get((one.sharer_id, part))
            theirs = part != FOR_ALL or one.state in IN_FORCE_STATES
            if span is not None and theirs and not span.is_nothing:
                had.append((one, part == FOR_ALL, span))
    return had


def _spans(
    connection: sa.Connection, sharers: Collection[int], since: datetime, until: datetime
) -> dict[tuple[int, int], PartSpan]:
    ids = sorted(sharers)
    values = {"sharers": ids, "buckets": sorted({bucket_of(one) for one in ids}), "since": since, "until": until}
    rows = connection.execute(sa.text(_SPAN), values)
    return {
        (row.sharer_id, row.part): PartSpan(row.now - row.after - row.came + row.went, row.came, row.went)
        for row in rows
    }
