"""Sessions of people who work with the pages: kept in the database, only as digests, so that every process knows them,
each can be ended at once, and one ends by itself after a time without use or, at the latest, some hours after log-in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.database import Database
from gongji.foundation.errors import NotSignedIn
from gongji.foundation.questions import run_prepared
from gongji.foundation.schema import metadata, moment_column

web_session = sa.Table(
    "web_session",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("person_id", sa.BigInteger),
    sa.Column("region", sa.Text),
    sa.Column("duties", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("mandate_id", sa.BigInteger),
    sa.Column("assistance_id", sa.BigInteger),
    moment_column("began_at"),
    moment_column("seen_at"),
    moment_column("expires_at"),
    moment_column("ended_at", nullable=True),
    sa.CheckConstraint("role IN ('citizen', 'officer')", name="role_known"),
    sa.CheckConstraint("(role = 'citizen') = (person_id IS NOT NULL)", name="citizen_is_a_person"),
    sa.CheckConstraint("(role = 'officer') = (region IS NOT NULL)", name="officer_has_a_region"),
    sa.CheckConstraint("mandate_id IS NULL OR role = 'citizen'", name="citizens_act_for_others"),
    sa.CheckConstraint(
        "assistance_id IS NULL OR (role = 'citizen' AND mandate_id IS NULL)", name="clerks_use_citizens_pages"
    ),
    sa.Index(None, "expires_at"),
    comment="mandate_id: on behalf of whom the pages are being used, if of somebody else; assistance_id: by a clerk at the"
    " window, for the person whose session it is",
)

#: How exact it is known when a session was last used: a write a page would be a write too many.
_EXACT: Final = timedelta(minutes=1)

_HOLDING: Final = """
SELECT role, holder, person_id, region, duties, mandate_id, assistance_id, seen_at
  FROM web_session
 WHERE digest = %(digest)s AND ended_at IS NULL AND expires_at > %(at)s AND seen_at > %(since)s
"""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds.

    Attributes:
        digest: its key.
        caller: who logged in.
        mandate_id: under which consent they act for somebody else; None for themself.
        assistance_id: under which a clerk at the window uses the caller's pages; None where the caller does.
    """

    digest: bytes
    caller: Caller
    mandate_id: int | None
    assistance_id: int | None = None


def begin_session(
    connection: sa.Connection,
    caller: Caller,
    *,
    at: datetime,
    lasts: timedelta,
    replaces: str | None = None,
    assistance_id: int | None = None,
) -> str:
    """A new session with a token of its own; the one that the browser had before ends.

    Args:
        connection: the transaction.
        caller: who logged in: a citizen or an officer.
        at: now.
        lasts: after how long it ends whatever is done with it.
        replaces: the token that the browser came with; never taken over into the new session.
        assistance_id: under which a clerk uses the pages of this citizen.

    Returns:
        The token for the cookie: 43 characters, 256 random bits.
    """
    if replaces:
        end_session(connection, replaces, at=at)
    token = secrets.token_urlsafe(32)
    connection.execute(
        web_session.insert().values(
            digest=_digest(token),
            role=caller.role,
            holder=caller.holder,
            person_id=caller.person_id,
            region=caller.region,
            duties=sorted(caller.duties),
            assistance_id=assistance_id,
            began_at=at,
            seen_at=at,
            expires_at=at + lasts,
        )
    )
    return token


def find_session(connection: sa.Connection, token: str, *, at: datetime, idle: timedelta) -> Session:
    """The session that a token belongs to; using it keeps it from ending for another while.

    Raises:
        NotSignedIn: ``access.session_over`` when there is none, it was ended, or its time is over.
    """
    digest = _digest(token)
    found = run_prepared(connection, _HOLDING, {"digest": digest, "at": at, "since": at - idle}).fetchone()
    if found is None:
        raise NotSignedIn(
            "access.session_over",
            "you were signed out, or had not opened anything for a while: log in again",
            "您已退出，或者有一段时间没有操作，请重新登录",
        )
    role, holder, person_id, region, duties, mandate_id, assistance_id, seen_at = found
    if at - seen_at > _EXACT:
        connection.execute(web_session.update().where(web_session.c.digest == digest).values(seen_at=at))
    caller = Caller(Role(role), holder, person_id, region, frozenset(Duty(one) for one in duties))
    return Session(digest, caller, mandate_id, assistance_id)


def act_under(connection: sa.Connection, session: Session, mandate_id: int | None) -> None:
    """Let a citizen's session act for somebody else from now on, or for its own citizen again (None)."""
    connection.execute(web_session.update().where(web_session.c.digest == session.digest).values(mandate_id=mandate_id))


def end_session(connection: sa.Connection, token: str, *, at: datetime) -> None:
    """End a session now."""
    mine = (web_session.c.digest == _digest(token)) & web_session.c.ended_at.is_(None)
    connection.execute(web_session.update().where(mine).values(ended_at=at))


def forget_ended_sessions(database: Database, before: datetime) -> int:
    """Delete sessions that ended by themselves before a moment.

    Returns:
        How many.
    """
    with database.transaction() as connection:
        return connection.execute(web_session.delete().where(web_session.c.expires_at < before)).rowcount


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
