"""The family's use cases, one function each, each in the caller's transaction; this is what other rooms call.

Every function that changes an authorisation locks both people first, reads again, decides and writes; if it refuses,
nothing was written. Where making, changing and reviewing stand: `binding`, `changes`, `reviewing`; requests that
are made screen by screen: `applications`, `consent_codes`; what families set beside limits: `wishes`; freezes of
accounts: `freezes`.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from gongji.family import store
from gongji.family.binding import bind
from gongji.family.changes import (
    change_limits,
    end_by_agency,
    end_everything_of,
    leave,
    lock_with_partners,
    pause,
    resume,
    unbind,
)
from gongji.family.kinship_store import kinship_around, record_kinship
from gongji.family.model import Authorisation, AuthorisationEvent
from gongji.family.questions import given_question, had_question
from gongji.family.reviewing import evidence_content, evidence_list, hand_in_evidence, review, review_queue
from gongji.family.store import lock_people
from gongji.family.tables import authorisation_usage
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.foundation.questions import ask

__all__ = [
    "authorisation",
    "authorisations_of_sharer",
    "authorisations_of_user",
    "bind",
    "change_limits",
    "end_by_agency",
    "end_everything_of",
    "events",
    "evidence_content",
    "evidence_list",
    "hand_in_evidence",
    "kinship_around",
    "leave",
    "lock_people",
    "lock_with_partners",
    "pause",
    "record_kinship",
    "resume",
    "review",
    "review_queue",
    "unbind",
    "used_in_month",
]


def authorisation(connection: sa.Connection, authorisation_id: int) -> Authorisation:
    """One authorisation. Whether the caller may see it is for the entrance to check.

    Raises:
        NotFound: ``authorisation.unknown``.
    """
    return store.select_authorisation(connection, authorisation_id)


def authorisations_of_sharer(connection: sa.Connection, sharer_id: int) -> list[Authorisation]:
    """All authorisations that a sharer ever gave, those that are over included, oldest first."""
    return ask(connection, given_question(sharer_id))


def authorisations_of_user(connection: sa.Connection, user_id: int) -> list[Authorisation]:
    """All authorisations that a user ever had, those that are over included, oldest first."""
    return ask(connection, had_question(user_id))


def used_in_month(connection: sa.Connection, authorisation_id: int, at: datetime) -> int:
    """Fen that were shared under an authorisation in the calendar month of a moment, in China's time."""
    used = connection.execute(
        sa.select(authorisation_usage.c.used).where(
            authorisation_usage.c.bucket == bucket_of(authorisation_id),
            authorisation_usage.c.authorisation_id == authorisation_id,
            authorisation_usage.c.period == f"{at.astimezone(CHINA):%Y-%m}",
        )
    ).scalar_one_or_none()
    return int(used or 0)


def events(connection: sa.Connection, authorisation_id: int) -> list[AuthorisationEvent]:
    """The history of an authorisation, oldest first."""
    return store.select_events(connection, authorisation_id)
