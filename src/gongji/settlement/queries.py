"""Reading settlements back: for the citizen's page, the REST API and the national queries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.ledger.model import AccountKind, Transfer, kind_of, person_of, personal_account
from gongji.ledger.service import held
from gongji.ledger.tables import STANDS, transfer
from gongji.settlement.admission_tables import admission
from gongji.settlement.model import Settlement
from gongji.settlement.rows import READ, settlement_from
from gongji.settlement.tables import benefit_counter, fee_line, settlement, visit


@dataclass(frozen=True, slots=True)
class StoredSettlement:
    """A settlement, the reversal that took it back, if one did, and whether that was an undo (2601)."""

    settlement: Settlement
    reversed_by: int | None
    undone: bool


@dataclass(frozen=True, slots=True)
class SharedPayment:
    """What a sharer may see of a relative's settlement: who, where, when and how much; not what was treated.

    Attributes:
        settlement_id: the settlement or reversal.
        user_id: the relative who was treated.
        institution_id: where.
        settled_at: when.
        amount: fen from the sharer's account; below zero when it came back.
        authorisation_id: under which authorisation.
        kind: ``settle`` or ``reverse``.
    """

    settlement_id: int
    user_id: int
    institution_id: int
    settled_at: datetime
    amount: int
    authorisation_id: int
    kind: str


def find_settlement(connection: sa.Connection, settlement_id: int) -> StoredSettlement | None:
    """A settlement by its id, with whether it has been taken back."""
    found = _read(connection, "s.bucket = :bucket AND s.id = :id", bucket=bucket_of(settlement_id), id=settlement_id)
    return found[0] if found else None


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
    condition = "s.bucket = :bucket AND s.person_id = :person"
    if before is not None:
        condition += " AND s.settled_at < :before"
    return _read(connection, condition, bucket=bucket_of(person_id), person=person_id, before=before, limit=limit)


def _read(connection: sa.Connection, condition: str, *, limit: int = 1, **parameters: object) -> list[StoredSettlement]:
    statement = f"""
        SELECT {", ".join(READ)}, r.reversed_by, coalesce(r.undo, false)
          FROM settlement s LEFT JOIN reversal r ON r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS}
         WHERE {condition} ORDER BY s.settled_at DESC, s.id DESC LIMIT :limit
    """
    wanted = {name: value for name, value in parameters.items() if value is not None} | {"limit": limit}
    rows = connection.execute(sa.text(statement), wanted)
    return [StoredSettlement(settlement_from(tuple(row))[0], *row[-2:]) for row in rows]


def paid_by(
    connection: sa.Connection, sharer_id: int, limit: int = 20, before: datetime | None = None
) -> list[SharedPayment]:
    """What a sharer's accounts paid for others, newest first, reversals among them."""
    accounts = [personal_account(kind, sharer_id) for kind in AccountKind if kind.bounded]
    accounts.append(personal_account(AccountKind.PAYABLE_PERSON, sharer_id))
    leaving = transfer.c.debit.in_(accounts)
    statement = (
        sa.select(
            transfer.c.journal_id,
            transfer.c.authorisation_id,
            settlement.c.person_id,
            settlement.c.institution_id,
            settlement.c.settled_at,
            settlement.c.kind,
            sa.func.sum(sa.case((leaving, transfer.c.amount), else_=-transfer.c.amount)).label("amount"),
        )
        .join(
            settlement,
            (settlement.c.bucket == transfer.c.journal_id.bitwise_and(1023))
            & (settlement.c.id == transfer.c.journal_id),
        )
        .where(
            transfer.c.bucket == bucket_of(sharer_id),
            transfer.c.authorisation_id.is_not(None),
            sa.or_(leaving & held(transfer.c.debit), transfer.c.credit.in_(accounts) & held(transfer.c.credit)),
        )
        .group_by(
            transfer.c.journal_id,
            transfer.c.authorisation_id,
            settlement.c.person_id,
            settlement.c.institution_id,
            settlement.c.settled_at,
            settlement.c.kind,
        )
        .order_by(settlement.c.settled_at.desc(), transfer.c.journal_id.desc())
        .limit(limit)
    )
    if before is not None:
        statement = statement.where(settlement.c.settled_at < before)
    return [
        SharedPayment(
            row.journal_id,
            row.person_id,
            row.institution_id,
            row.settled_at.astimezone(CHINA),
            int(row.amount),
            row.authorisation_id,
            row.kind,
        )
        for row in connection.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a journal of a settlement, a reversal or a second payment belongs: its settlement, region and institution."""

    settlement_id: int
    region: str
    institution_id: int
    person_id: int


def places_of(connection: sa.Connection, journals: Collection[int]) -> dict[int, Place]:
    """The settlements that journals belong to, by journal; others are missing."""
    if not journals:
        return {}
    rows = connection.execute(
        sa.text(
            """
            SELECT k.id AS journal_id, s.id, s.region, s.institution_id, s.person_id
              FROM unnest(CAST(:journals AS bigint[])) AS k(id)
              LEFT JOIN second_payment p ON p.bucket = (k.id & 1023)::smallint AND p.id = k.id
              JOIN settlement s ON s.bucket = (k.id & 1023)::smallint AND s.id = coalesce(p.settlement_id, k.id)
            """
        ),
        {"journals": list(journals)},
    )
    return {row.journal_id: Place(row.id, row.region, row.institution_id, row.person_id) for row in rows}


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
