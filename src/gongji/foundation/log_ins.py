"""Log-ins at an identity provider: those under way, and the accounts that have come in before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.access import Caller, Role
from gongji.foundation.database import Database
from gongji.foundation.errors import NotSignedIn
from gongji.foundation.schema import metadata, moment_column

#: How long somebody may take to log in at the provider.
LOG_IN_LASTS: Final = timedelta(minutes=10)

log_in_attempt = sa.Table(
    "log_in_attempt",
    metadata,
    sa.Column("state_digest", sa.LargeBinary, primary_key=True),
    sa.Column("browser_digest", sa.LargeBinary, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("nonce", sa.Text, nullable=False),
    sa.Column("verifier", sa.Text, nullable=False),
    sa.Column("back", sa.Text, nullable=False),
    moment_column("expires_at"),
    sa.CheckConstraint("role IN ('citizen', 'officer')", name="role_known"),
    sa.Index(None, "expires_at"),
)

#: Whoever has logged in: what the provider calls them, and what they were when they last came.
account_seen = sa.Table(
    "account_seen",
    metadata,
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("person_id", sa.BigInteger),
    sa.Column("region", sa.Text),
    sa.Column("duties", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    moment_column("first_at"),
    moment_column("last_at"),
    sa.PrimaryKeyConstraint("issuer", "subject", "role"),
    sa.CheckConstraint("role IN ('citizen', 'officer')", name="role_known"),
)


@dataclass(frozen=True, slots=True)
class LogIn:
    """A log-in under way.

    Attributes:
        role: as what somebody wants to come in.
        nonce, verifier: what binds the provider's answer to this log-in (nonce, PKCE).
        back: the page to go to afterwards.
    """

    role: Role
    nonce: str
    verifier: str
    back: str


def remember_log_in(connection: sa.Connection, log_in: LogIn, *, state: str, browser: str, at: datetime) -> None:
    """Keep a log-in until the provider answers.

    Args:
        connection: the transaction.
        log_in: what is to be remembered.
        state: travels to the provider and back.
        browser: stays in the browser's cookie: nobody can finish another browser's log-in, or have theirs finished there.
        at: now.
    """
    connection.execute(
        log_in_attempt.insert().values(
            state_digest=_digest(state),
            browser_digest=_digest(browser),
            role=log_in.role,
            nonce=log_in.nonce,
            verifier=log_in.verifier,
            back=log_in.back,
            expires_at=at + LOG_IN_LASTS,
        )
    )


def take_log_in(connection: sa.Connection, *, state: str, browser: str, at: datetime) -> LogIn:
    """The log-in that a provider's answer belongs to; it can be taken once.

    Raises:
        NotSignedIn: ``access.log_in_over`` when it is not known, is another browser's, or took too long.
    """
    row = connection.execute(
        log_in_attempt.delete()
        .where(
            log_in_attempt.c.state_digest == _digest(state),
            log_in_attempt.c.browser_digest == _digest(browser),
            log_in_attempt.c.expires_at > at,
        )
        .returning(log_in_attempt)
    ).one_or_none()
    if row is None:
        raise NotSignedIn(
            "access.log_in_over",
            "this log-in is over or was begun in another browser: begin again",
            "这次登录已经过期，或者不是在这个浏览器里开始的，请重新登录",
        )
    return LogIn(Role(row.role), row.nonce, row.verifier, row.back)


def note_account(connection: sa.Connection, issuer: str, subject: str, caller: Caller, *, at: datetime) -> None:
    """Keep that an account came in, and as what."""
    new = insert(account_seen).values(
        issuer=issuer,
        subject=subject,
        role=caller.role,
        holder=caller.holder,
        person_id=caller.person_id,
        region=caller.region,
        duties=sorted(caller.duties),
        first_at=at,
        last_at=at,
    )
    changed = {name: new.excluded[name] for name in ("holder", "person_id", "region", "duties", "last_at")}
    connection.execute(new.on_conflict_do_update(index_elements=["issuer", "subject", "role"], set_=changed))


def forget_log_ins(database: Database, before: datetime) -> int:
    """Delete log-ins that nobody finished before a moment.

    Returns:
        How many.
    """
    with database.transaction() as connection:
        return connection.execute(log_in_attempt.delete().where(log_in_attempt.c.expires_at < before)).rowcount


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
