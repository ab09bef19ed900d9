"""Use cases of oversight: dispute a line, answer it, and tell a person who looked at their data."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from gongji.family import service as family
from gongji.family.model import AuthorisationState
from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.audit import audit_entry
from gongji.foundation.errors import InvalidInput, NotFound, Refused
from gongji.foundation.inbox import Message, tell
from gongji.oversight.model import Dispute, Ground, Outcome, Reading
from gongji.oversight.tables import dispute

#: Most characters of what a citizen writes, and of an answer.
MOST_WORDS: Final = 500


def open_dispute(
    connection: sa.Connection,
    *,
    settlement_id: int,
    setl_id: str,
    region: str,
    person_id: int,
    authorisation_id: int | None,
    ground: str,
    words: str,
    caller: Caller,
    at: datetime,
) -> Dispute:
    """A citizen says that a settlement is wrong; the sharing that paid it is paused with it, so that nothing more is spent.

    Whether the settlement is the citizen's to see is for the entrance to check.

    Args:
        connection: the transaction.
        settlement_id, setl_id: the settlement, and its number on the wire.
        region: whose agency answers.
        person_id: who disputes.
        authorisation_id: under which the citizen's account paid for it; None when it did not, or nothing shall be paused.
        ground: a `Ground`.
        words: what the citizen adds, at most `MOST_WORDS` characters.
        caller: for the audit.
        at: now.

    Raises:
        InvalidInput: ``dispute.ground``, ``dispute.words``. Refused: ``dispute.open_already``.
    """
    _check_complaint(ground, words)
    paused = _pause(connection, authorisation_id, person_id, caller, at)
    values = {
        "settlement_id": settlement_id,
        "setl_id": setl_id,
        "person_id": person_id,
        "authorisation_id": paused,
        "region": region,
        "ground": ground,
        "words": words or None,
        "opened_at": at,
    }
    opened = _insert(connection, values)
    audit.record(connection, caller, "dispute.open", at=at, person_id=person_id, dispute=str(opened.id))
    return opened


def _check_complaint(ground: str, words: str) -> None:
    """Refuse what is no ground, and words that are too many."""
    if ground not in tuple(Ground):
        raise InvalidInput(
            "dispute.ground", "say what is wrong", "请选一项：哪里不对", field="ground", accepted=", ".join(Ground)
        )
    if len(words) > MOST_WORDS:
        raise InvalidInput(
            "dispute.words",
            f"at most {MOST_WORDS} characters",
            f"说明不超过 {MOST_WORDS} 个字",
            field="words",
            accepted=f"at most {MOST_WORDS} characters",
        )


def _insert(connection: sa.Connection, values: dict[str, Any]) -> Dispute:
    """Keep a dispute; the database allows a settlement one that is open, whoever comes at once."""
    try:
        with connection.begin_nested():
            return _from(connection.execute(dispute.insert().values(values).returning(dispute)).one())
    except sa.exc.IntegrityError as problem:
        if not isinstance(problem.orig, psycopg.errors.UniqueViolation):
            raise
        raise Refused(
            "dispute.open_already",
            "you have disputed this already; the agency's answer will stand here",
            "您已经提交过这笔的异议，经办机构答复后会显示在这里",
            field="settlement",
        ) from problem


def _pause(
    connection: sa.Connection, authorisation_id: int | None, person_id: int, caller: Caller, at: datetime
) -> int | None:
    """Pause what can be paused: only an active sharing of the citizen's own account."""
    if authorisation_id is None:
        return None
    found = family.authorisation(connection, authorisation_id)
    if found.sharer_id != person_id or found.state is not AuthorisationState.ACTIVE:
        return None
    family.pause(connection, authorisation_id, person_id=person_id, actor=caller.holder, at=at)
    return authorisation_id


def answer_dispute(
    connection: sa.Connection, dispute_id: int, *, outcome: str, answer: str, caller: Caller, at: datetime
) -> Dispute:
    """An officer of the region answers. Taking a settlement back is the institution's: the answer says so.

    Raises:
        InvalidInput: ``dispute.outcome``, ``dispute.answer``. NotFound: ``dispute.unknown``.
        Refused: ``dispute.answered``.
    """
    if outcome not in tuple(Outcome):
        raise InvalidInput(
            "dispute.outcome", "choose what was found", "请选处理结果", field="outcome", accepted=", ".join(Outcome)
        )
    if not 4 <= len(answer) <= MOST_WORDS:
        raise InvalidInput(
            "dispute.answer",
            f"write the answer that the citizen reads: 4 to {MOST_WORDS} characters",
            f"请写给申请人的答复：4 到 {MOST_WORDS} 个字",
            field="answer",
            accepted=f"4 to {MOST_WORDS} characters",
        )
    found = _one(connection, dispute_id, caller, lock=True)
    if found.outcome is not None:
        raise Refused("dispute.answered", "this has been answered", "这件异议已经答复过了", field="dispute")
    values = {"outcome": outcome, "answer": answer, "holder": caller.holder, "answered_at": at}
    row = connection.execute(dispute.update().where(dispute.c.id == dispute_id).values(values).returning(dispute)).one()
    audit.record(
        connection, caller, "dispute.answer", at=at, person_id=found.person_id, dispute=str(dispute_id), outcome=outcome
    )
    told = Message(found.person_id, "dispute.answered", {"settlement": found.setl_id}, "disputes")
    tell(connection, [told], at=at)
    return _from(row)


def disputes_of(connection: sa.Connection, person_id: int) -> list[Dispute]:
    """What a person disputed, newest first."""
    rows = connection.execute(
        sa.select(dispute)
        .where(dispute.c.person_id == person_id)
        .order_by(dispute.c.opened_at.desc(), dispute.c.id.desc())
    )
    return [_from(row) for row in rows]


def disputes_in(connection: sa.Connection, region_prefix: str, *, limit: int = 200) -> list[Dispute]:
    """What waits for an answer of an agency, the longest waiting first."""
    rows = connection.execute(
        sa.select(dispute)
        .where(dispute.c.outcome.is_(None), dispute.c.region.startswith(region_prefix, autoescape=True))
        .order_by(dispute.c.opened_at, dispute.c.id)
        .limit(limit)
    )
    return [_from(row) for row in rows]


def dispute_of_region(connection: sa.Connection, dispute_id: int, caller: Caller) -> Dispute:
    """One dispute of an officer's region.

    Raises:
        NotFound: ``dispute.unknown``, also when it is another region's.
    """
    return _one(connection, dispute_id, caller)


def readings_of(connection: sa.Connection, person_id: int, *, limit: int = 100) -> list[Reading]:
    """Who looked at or changed a person's data, newest first; what the person did themself is left out."""
    rows = connection.execute(
        sa.select(audit_entry)
        .where(
            audit_entry.c.person_id == person_id,
            audit_entry.c.actor_person_id.is_distinct_from(person_id),
        )
        .order_by(audit_entry.c.at.desc(), audit_entry.c.id.desc())
        .limit(limit)
    )
    return [Reading(row.at, row.role, row.holder, row.actor_person_id, row.action, row.details) for row in rows]


def _one(connection: sa.Connection, dispute_id: int, caller: Caller, *, lock: bool = False) -> Dispute:
    query = sa.select(dispute).where(dispute.c.id == dispute_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None or not caller.covers(row.region):
        raise NotFound(
            "dispute.unknown", "there is no such dispute in your region", "没有找到这件异议", field="dispute"
        )
    return _from(row)


def _from(row: sa.Row[Any]) -> Dispute:
    return Dispute(
        id=row.id,
        settlement_id=row.settlement_id,
        setl_id=row.setl_id,
        person_id=row.person_id,
        authorisation_id=row.authorisation_id,
        region=row.region,
        ground=Ground(row.ground),
        words=row.words,
        opened_at=row.opened_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        answer=row.answer,
        holder=row.holder,
        answered_at=row.answered_at,
    )
