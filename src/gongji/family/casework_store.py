"""The SQL of the officers' work on cases."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.family import evidence_store
from gongji.family.casework_tables import officer_identity, review_claim, review_decision, review_step
from gongji.family.evidence_store import ReviewCase
from gongji.family.words import EvidenceKind, RefuseReason, ReturnReason, ReviewDecision


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that is not carried out (yet).

    Attributes:
        decision, item, reason, note: as `gongji.family.reviewing.review` takes them.
        holder, decided_at: who decided, and when.
        second: who agreed as the second officer; None without one.
        due_at: from when it is carried out; None while a second officer is waited for, or once it failed.
        failed: why it could not be carried out: code, and the sentence in Chinese and English; None else.
    """

    decision: ReviewDecision
    item: EvidenceKind | None
    reason: ReturnReason | RefuseReason | None
    note: str | None
    holder: str
    decided_at: datetime
    second: str | None
    due_at: datetime | None
    failed: tuple[str, str, str] | None

    @property
    def waits_for_second(self) -> bool:
        """Whether a second officer has to agree first."""
        return self.due_at is None and self.failed is None


@dataclass(frozen=True, slots=True)
class Desk:
    """A case in the queue, and who is at it.

    Attributes:
        case: the case.
        claimed_by, claimed_at: who has it in charge; None while nobody has.
        decided: what was decided on it, if anything.
    """

    case: ReviewCase
    claimed_by: str | None
    claimed_at: datetime | None
    decided: Decided | None


@dataclass(frozen=True, slots=True)
class Step:
    """Something that an officer did with a case: see `review_step`."""

    holder: str
    step: str
    note: str | None
    at: datetime


def queue(connection: sa.Connection, region_prefix: str, *, limit: int = 500) -> list[Desk]:
    """The cases under review of a region with who is at them, the longest waiting first."""
    cases = evidence_store.select_review_cases(connection, region_prefix, limit)
    ids = [one.authorisation.id for one in cases]
    claims = {row.authorisation_id: row for row in connection.execute(_of(review_claim, ids))}
    decisions = {row.authorisation_id: _decided(row) for row in connection.execute(_of(review_decision, ids))}
    return [
        Desk(
            one,
            claims[one.authorisation.id].holder if one.authorisation.id in claims else None,
            claims[one.authorisation.id].claimed_at if one.authorisation.id in claims else None,
            decisions.get(one.authorisation.id),
        )
        for one in cases
    ]


def in_charge(connection: sa.Connection, authorisation_id: int) -> tuple[str | None, Decided | None]:
    """Who has a case, and what was decided on it and waits."""
    claim = connection.execute(_of(review_claim, [authorisation_id])).one_or_none()
    row = connection.execute(_of(review_decision, [authorisation_id])).one_or_none()
    return (claim.holder if claim else None), (_decided(row) if row else None)


def steps(connection: sa.Connection, authorisation_id: int) -> list[Step]:
    """What officers did with a case, oldest first."""
    rows = connection.execute(
        sa.select(review_step).where(review_step.c.authorisation_id == authorisation_id).order_by(review_step.c.id)
    )
    return [Step(row.holder, row.step, row.note, row.at) for row in rows]


def know_officer(connection: sa.Connection, holder: str, person_id: int, at: datetime) -> None:
    """Keep which insured person an officer is."""
    values = {"person_id": person_id, "known_since": at}
    statement = insert(officer_identity).values(holder=holder, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["holder"], set_=values))


def officer_person(connection: sa.Connection, holder: str) -> int | None:
    """Which insured person an officer is; None where that is not known."""
    return connection.execute(
        sa.select(officer_identity.c.person_id).where(officer_identity.c.holder == holder)
    ).scalar_one_or_none()


def take_charge(connection: sa.Connection, authorisation_id: int, holder: str, at: datetime) -> None:
    """Put a case into an officer's hands, whoever had it."""
    values = {"holder": holder, "claimed_at": at}
    statement = insert(review_claim).values(authorisation_id=authorisation_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["authorisation_id"], set_=values))


def claimed_at(connection: sa.Connection, authorisation_id: int) -> datetime:
    """Since when the officer who has a case has it."""
    moment: datetime = connection.execute(
        sa.select(review_claim.c.claimed_at).where(review_claim.c.authorisation_id == authorisation_id)
    ).scalar_one()
    return moment


def keep_decision(connection: sa.Connection, authorisation_id: int, **values: object) -> None:
    """Keep a decision, in place of one that failed."""
    statement = insert(review_decision).values(authorisation_id=authorisation_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["authorisation_id"], set_=values))


def change_decision(connection: sa.Connection, authorisation_id: int, **values: object) -> None:
    """Write some columns of a decision."""
    connection.execute(
        review_decision.update().where(review_decision.c.authorisation_id == authorisation_id).values(values)
    )


def lock_due(connection: sa.Connection, at: datetime) -> dict[int, Decided]:
    """The decisions whose time to be taken back is over, but for those that somebody else is at."""
    rows = connection.execute(
        sa.select(review_decision)
        .where(review_decision.c.due_at <= at)
        .order_by(review_decision.c.due_at)
        .with_for_update(skip_locked=True)
    )
    return {row.authorisation_id: _decided(row) for row in rows}


def note_step(
    connection: sa.Connection, authorisation_id: int, holder: str, step: str, at: datetime, note: str | None = None
) -> None:
    """Keep what an officer did with a case."""
    connection.execute(
        review_step.insert().values(
            authorisation_id=authorisation_id, holder=holder, step=step, note=note or None, at=at
        )
    )


def give_up(connection: sa.Connection, authorisation_id: int) -> None:
    """Nobody has the case in charge any more."""
    connection.execute(review_claim.delete().where(review_claim.c.authorisation_id == authorisation_id))


def forget_decision(connection: sa.Connection, authorisation_id: int) -> None:
    """There is no decision on the case any more."""
    connection.execute(review_decision.delete().where(review_decision.c.authorisation_id == authorisation_id))


def _of(table: sa.Table, ids: Collection[int]) -> sa.Select[Any]:
    return sa.select(table).where(table.c.authorisation_id.in_(ids))


def _decided(row: sa.Row[Any]) -> Decided:
    decision = ReviewDecision(row.decision)
    reasons = ReturnReason if decision is ReviewDecision.RETURN else RefuseReason
    return Decided(
        decision=decision,
        item=EvidenceKind(row.item) if row.item else None,
        reason=reasons(row.reason) if row.reason else None,
        note=row.note,
        holder=row.holder,
        decided_at=row.decided_at,
        second=row.second,
        due_at=row.due_at,
        failed=(row.failed, row.failed_zh, row.failed_en) if row.failed else None,
    )
