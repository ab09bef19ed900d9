"""The SQL of authorisations and their events, and of the two people that a decision is about."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from gongji.family.messages import messages_of_event
from gongji.family.model import Authorisation, AuthorisationEvent, AuthorisationState
from gongji.family.refusals import Code, refuse
from gongji.family.tables import authorisation, authorisation_event, authorisation_usage
from gongji.family.transitions import IN_FORCE_STATES, OPEN_STATES
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.foundation.inbox import tell
from gongji.foundation.shards import lockable
from gongji.registry.model import Enrolment
from gongji.registry.tables import enrolment, person
from gongji.rules.model import Procedure, Purpose, Relation, Scheme, Status

#: An authorisation that ended before it was in force: an empty range meets no other and holds at no moment.
_NEVER: Final[Range[datetime]] = Range(empty=True)

#: What a race that the checks could not see means to the citizen.
_EXCLUSIONS: Final[Mapping[str, Code]] = {
    "authorisation_one_sharer_at_a_time": Code.ALREADY_BOUND,
    "authorisation_once_per_pair": Code.ALREADY_OPEN,
}


@dataclass(frozen=True, slots=True)
class Life:
    """Dates of birth and death."""

    born_on: date
    died_on: date | None


def lock_people(connection: sa.Connection, ids: Collection[int]) -> dict[int, Life]:
    """Lock the rows of people in the order of their ids, until the transaction ends.

    A settlement locks its patient's row in the same way, so that it never overlaps with a change of the patient's
    authorisations. What is read afterwards in the same transaction is what the last holder of the lock committed.

    Raises:
        NotFound: ``authorisation.person_unknown``.
    """
    found: dict[int, Life] = {}
    for some in lockable(connection, ids):
        rows = connection.execute(
            sa.select(person.c.id, person.c.born_on, person.c.died_on)
            .where(person.c.bucket.in_([bucket_of(one) for one in some]), person.c.id.in_(some))
            .order_by(person.c.id)
            .with_for_update(key_share=True)
        )
        found |= {row.id: Life(row.born_on, row.died_on) for row in rows}
    if len(found) < len(set(ids)):
        raise refuse(Code.PERSON_UNKNOWN)
    return found


def enrolments_of(connection: sa.Connection, ids: Collection[int]) -> dict[int, list[Enrolment]]:
    """The enrolments of people, oldest first; every person is in the answer."""
    found: dict[int, list[Enrolment]] = {one: [] for one in ids}
    for row in connection.execute(
        sa.select(enrolment)
        .where(enrolment.c.bucket.in_([bucket_of(one) for one in ids]), enrolment.c.person_id.in_(ids))
        .order_by(sa.func.lower(enrolment.c.during))
    ):
        span: Range[date] = row.during
        assert span.lower is not None
        found[row.person_id].append(
            Enrolment(
                scheme=Scheme(row.scheme),
                region=row.region,
                status=Status(row.status),
                psn_type=row.psn_type,
                standing=row.standing,
                employer=row.employer,
                civil_servant=row.civil_servant,
                since=span.lower,
                until=span.upper - timedelta(days=1) if span.upper is not None else None,
            )
        )
    return found


def select_authorisations(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Authorisation]:
    """The authorisations for which all conditions hold, oldest first."""
    rows = connection.execute(
        sa.select(authorisation).where(*conditions).order_by(authorisation.c.made_at, authorisation.c.id)
    )
    return [authorisation_from(row) for row in rows]


def select_authorisation(connection: sa.Connection, authorisation_id: int) -> Authorisation:
    """One authorisation.

    Raises:
        NotFound: ``authorisation.unknown``.
    """
    found = select_authorisations(
        connection, authorisation.c.bucket == bucket_of(authorisation_id), authorisation.c.id == authorisation_id
    )
    if not found:
        raise refuse(Code.UNKNOWN)
    return found[0]


def lock_authorisation(connection: sa.Connection, authorisation_id: int) -> tuple[Authorisation, dict[int, Life]]:
    """One authorisation as it stands once both people are locked, and the two.

    Raises:
        NotFound: ``authorisation.unknown``.
    """
    before = select_authorisation(connection, authorisation_id)
    lives = lock_people(connection, (before.user_id, before.sharer_id))
    return select_authorisation(connection, authorisation_id), lives


def open_authorisations_around(connection: sa.Connection, ids: Collection[int]) -> list[Authorisation]:
    """Every open authorisation in which one of the people is the user or the sharer."""
    as_user = sa.and_(authorisation.c.bucket.in_([bucket_of(one) for one in ids]), authorisation.c.user_id.in_(ids))
    return select_authorisations(
        connection,
        sa.or_(as_user, authorisation.c.sharer_id.in_(ids)),
        authorisation.c.state.in_(OPEN_STATES),
    )


def in_force_of_sharers(connection: sa.Connection, ids: Collection[int]) -> list[Authorisation]:
    """Every authorisation in force of which one of the people is the sharer."""
    return select_authorisations(
        connection, authorisation.c.sharer_id.in_(ids), authorisation.c.state.in_(IN_FORCE_STATES)
    )


def insert_authorisation(connection: sa.Connection, made: Authorisation, pack_digest: str) -> None:
    """Keep a new authorisation.

    Args:
        connection: the transaction.
        made: the authorisation; in force from `active_since` when that is set.
        pack_digest: digest of the rule packs that it was decided under.

    Raises:
        Refused: ``authorisation.already_bound`` or ``authorisation.already_open`` when the database sees another one
            in force that the check could not.
    """
    with _exclusions_as_refusals():
        connection.execute(
            authorisation.insert().values(
                bucket=bucket_of(made.id),
                id=made.id,
                user_id=made.user_id,
                sharer_id=made.sharer_id,
                region=made.region,
                relation=made.relation,
                procedure=made.procedure,
                state=made.state,
                exclusive=made.exclusive,
                purposes=sorted(made.purposes),
                limit_total=made.limit_total,
                limit_month=made.limit_month,
                kept=made.kept,
                unbind_after_days=made.unbind_after_days,
                rank=made.rank,
                in_force=Range(made.active_since, None) if made.active_since else None,
                made_at=made.made_at,
                pack_digest=pack_digest,
            )
        )


def change_state(
    connection: sa.Connection,
    before: Authorisation,
    after: AuthorisationState,
    *,
    at: datetime,
    end_reason: str | None = None,
) -> None:
    """Write a new state, and with it when the authorisation begins and ends to be in force.

    Raises:
        Refused: as `insert_authorisation`.
    """
    values: dict[str, object] = {"state": after, "end_reason": end_reason}
    if after is AuthorisationState.ACTIVE and before.active_since is None:
        values["in_force"] = Range(at, None)
    elif after is AuthorisationState.ENDED:
        # Ended in the moment it began, it was never in force.
        began, ended = before.active_since, max(at, _after_last_use(connection, before.id))
        values["in_force"] = Range(began, ended) if began is not None and began < ended else _NEVER
    with _exclusions_as_refusals():
        connection.execute(_row_of(before.id).values(values))


def _after_last_use(connection: sa.Connection, authorisation_id: int) -> datetime:
    """The first moment at which an authorisation can end: just after it was last used.

    Whoever ends it read the clock before waiting for the people's locks; a settlement that held them may carry a later
    moment, and was lawful.
    """
    last = connection.execute(
        sa.select(sa.func.max(authorisation_usage.c.last_used_at)).where(
            authorisation_usage.c.bucket == bucket_of(authorisation_id),
            authorisation_usage.c.authorisation_id == authorisation_id,
        )
    ).scalar_one()
    return datetime.min.replace(tzinfo=CHINA) if last is None else last + timedelta(microseconds=1)


def change_limits(
    connection: sa.Connection, authorisation_id: int, limit_total: int | None, limit_month: int | None
) -> None:
    """Write new limits, in fen."""
    connection.execute(_row_of(authorisation_id).values(limit_total=limit_total, limit_month=limit_month))


def insert_event(
    connection: sa.Connection,
    authorisation_id: int,
    state: AuthorisationState,
    *,
    actor: str,
    at: datetime,
    reason: str | None = None,
    details: Mapping[str, object] | None = None,
) -> None:
    """Add to an authorisation's history the state it has now, who brought it there, and why; and tell both sides."""
    mine = authorisation_event.c.authorisation_id == authorisation_id
    newest = sa.select(authorisation_event.c.state).where(mine).order_by(authorisation_event.c.id.desc()).limit(1)
    before = connection.execute(newest).scalar_one_or_none()
    connection.execute(
        authorisation_event.insert().values(
            authorisation_id=authorisation_id, state=state, actor=actor, reason=reason, details=details or {}, at=at
        )
    )
    made = authorisation
    both = sa.select(made.c.sharer_id, made.c.user_id).where(
        made.c.bucket == bucket_of(authorisation_id), made.c.id == authorisation_id
    )
    sides = connection.execute(both).one()
    tell(connection, messages_of_event(authorisation_id, sides.sharer_id, sides.user_id, state, reason, before), at=at)


def select_events(connection: sa.Connection, authorisation_id: int) -> list[AuthorisationEvent]:
    """An authorisation's history, oldest first."""
    event = authorisation_event
    rows = connection.execute(sa.select(event).where(event.c.authorisation_id == authorisation_id).order_by(event.c.id))
    return [AuthorisationEvent(AuthorisationState(r.state), r.actor, r.reason, r.details, r.at) for r in rows]


def authorisation_from(row: Any) -> Authorisation:
    """A row of the table as the room's type."""
    in_force: Range[datetime] | None = row.in_force
    return Authorisation(
        id=row.id,
        user_id=row.user_id,
        sharer_id=row.sharer_id,
        region=row.region,
        relation=Relation(row.relation),
        procedure=Procedure(row.procedure),
        state=AuthorisationState(row.state),
        exclusive=row.exclusive,
        purposes=frozenset(Purpose(one) for one in row.purposes),
        limit_total=row.limit_total,
        limit_month=row.limit_month,
        rank=row.rank,
        active_since=in_force.lower if in_force is not None else None,
        ended_at=in_force.upper if in_force is not None else None,
        end_reason=row.end_reason,
        made_at=row.made_at,
        kept=row.kept,
        unbind_after_days=row.unbind_after_days,
    )


def next_enrolment(enrolments: Sequence[Enrolment], on: date) -> date | None:
    """The first day of the next enrolment after a day."""
    return min((one.since for one in enrolments if one.since > on), default=None)


def enrolment_covering(enrolments: Sequence[Enrolment], on: date) -> Enrolment | None:
    """The enrolment whose span covers a day, also when it is paused."""
    return next((one for one in enrolments if one.since <= on and (one.until is None or on <= one.until)), None)


def _row_of(authorisation_id: int) -> sa.Update:
    return authorisation.update().where(
        authorisation.c.bucket == bucket_of(authorisation_id), authorisation.c.id == authorisation_id
    )


@contextmanager
def _exclusions_as_refusals() -> Iterator[None]:
    try:
        yield
    except sa.exc.IntegrityError as problem:
        if not isinstance(problem.orig, psycopg.errors.ExclusionViolation):
            raise
        raise refuse(_EXCLUSIONS[problem.orig.diag.constraint_name or ""]) from problem
