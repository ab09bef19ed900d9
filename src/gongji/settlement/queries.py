"""Reading settlements back: for the citizen's page, the REST API and the national queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.arrays import Integers
from gongji.foundation.ids import bucket_of
from gongji.foundation.questions import Question, ask, run_prepared
from gongji.ledger.model import AccountKind, Transfer, kind_of, person_of
from gongji.ledger.tables import STANDS, transfer
from gongji.settlement.admission_tables import admission
from gongji.settlement.model import Settlement
from gongji.settlement.rows import READ, settlement_from
from gongji.settlement.tables import benefit_counter, fee_line, visit


@dataclass(frozen=True, slots=True)
class StoredSettlement:
    """A settlement, the reversal that took it back, if one did, and whether that was an undo (2601)."""

    settlement: Settlement
    reversed_by: int | None
    undone: bool


_STORED: Final = f"""
SELECT {", ".join(READ)}, r.reversed_by, coalesce(r.undo, false)
  FROM settlement s LEFT JOIN reversal r ON r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS}
"""

_BY_ID: Final = f"{_STORED} WHERE s.bucket = %(bucket)s AND s.id = %(id)s"

_NEWEST_OF: Final = f"""{_STORED}
 WHERE s.bucket = %(bucket)s AND s.person_id = %(person)s AND s.settled_at < %(before)s
 ORDER BY s.settled_at DESC, s.id DESC LIMIT %(most)s
"""

#: Nothing was settled after it.
_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)


def find_settlement(connection: sa.Connection, settlement_id: int) -> StoredSettlement | None:
    """A settlement by its id, with whether it has been taken back."""
    values = {"bucket": bucket_of(settlement_id), "id": settlement_id}
    return next(iter(_stored(run_prepared(connection, _BY_ID, values))), None)


def settlements_of(
    connection: sa.Connection, person_id: int, limit: int = 20, before: datetime | None = None
) -> list[StoredSettlement]:
    """A patient's settlements and reversals, newest first.

    Args:
        connection: a connection.
        person_id: the patient.
        limit: at most so many.
        before: only those settled before this moment (to page on).
    """
    values = {"bucket": bucket_of(person_id), "person": person_id, "before": before or _LAST, "most": limit}
    return _stored(run_prepared(connection, _NEWEST_OF, values))


def _stored(rows: Iterable[tuple[Any, ...]]) -> list[StoredSettlement]:
    return [StoredSettlement(settlement_from(row)[0], *row[-2:]) for row in rows]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a journal of a settlement, a reversal or a second payment belongs: its settlement, region and institution."""

    settlement_id: int
    region: str
    institution_id: int
    institution: str
    person_id: int


_PLACES: Final = """
SELECT k.id, s.id AS settlement_id, s.region, s.institution_id, i.name, s.person_id
  FROM unnest(%(journals)b::bigint[]) AS k(id)
  LEFT JOIN second_payment p ON p.bucket = (k.id & 1023)::smallint AND p.id = k.id
  JOIN settlement s ON s.bucket = (k.id & 1023)::smallint AND s.id = coalesce(p.settlement_id, k.id)
  JOIN institution i ON i.id = s.institution_id
"""


def places_of(connection: sa.Connection, journals: Collection[int]) -> dict[int, Place]:
    """The settlements that journals belong to, by journal; others are missing."""
    return ask(connection, places_question(journals)) if journals else {}


def places_question(journals: Collection[int]) -> Question[dict[int, Place]]:
    """`places_of`."""
    return Question(_PLACES, {"journals": Integers(journals)}, lambda rows: {row[0]: Place(*row[1:]) for row in rows})


def transfers_of(connection: sa.Connection, settlement_id: int) -> tuple[Transfer, ...]:
    """A settlement's transfers, in order."""
    rows = connection.execute(
        sa.select(transfer.c.debit, transfer.c.credit, transfer.c.amount, transfer.c.authorisation_id)
        .where(transfer.c.journal_id == settlement_id)
        .order_by(transfer.c.leg)
    )
    return tuple(Transfer(*row) for row in rows)


def sharers_of(transfers: Sequence[Transfer]) -> dict[int, int]:
    """What each sharer paid, in fen by person id; below zero what a reversal gave back."""
    paid: dict[int, int] = {}
    for one in transfers:
        if one.authorisation_id is not None:
            outgoing = kind_of(one.credit) is AccountKind.PAYABLE_INSTITUTION
            person, amount = (person_of(one.debit), one.amount) if outgoing else (person_of(one.credit), -one.amount)
            paid[person] = paid.get(person, 0) + amount
    return paid


def counters_of(connection: sa.Connection, person_id: int, period: str) -> dict[str, int]:
    """A person's benefit counters in a period (``"2024"``), in fen by name (``310.fund_paid``)."""
    rows = connection.execute(
        sa.select(benefit_counter.c.counter, benefit_counter.c.value).where(
            benefit_counter.c.bucket == bucket_of(person_id),
            benefit_counter.c.person_id == person_id,
            benefit_counter.c.period == period,
        )
    )
    return {row.counter: row.value for row in rows}


def unsettled_visits(connection: sa.Connection, person_id: int) -> tuple[int, bool]:
    """What would still be settled for a person: visits with fee lines that are not, and whether they are in hospital."""
    lines = sa.exists().where(
        fee_line.c.bucket == visit.c.bucket, fee_line.c.visit_id == visit.c.id, fee_line.c.settlement_id.is_(None)
    )
    mine = visit.c.bucket == bucket_of(person_id), visit.c.person_id == person_id
    visits = sa.select(sa.func.count()).select_from(visit).where(*mine, visit.c.state == "open", lines)
    stays = sa.exists().where(
        admission.c.bucket == bucket_of(person_id),
        admission.c.person_id == person_id,
        admission.c.state.in_(("admitted", "discharged")),
    )
    count, in_hospital = connection.execute(sa.select(visits.scalar_subquery(), stays)).one()
    return int(count), bool(in_hospital)
