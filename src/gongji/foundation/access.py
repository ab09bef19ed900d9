"""Who may come in: bearer tokens with a role, kept only as digests; each ends by itself or is revoked."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from gongji.foundation.database import Database
from gongji.foundation.errors import NotAllowed, NotSignedIn
from gongji.foundation.schema import metadata, moment_column


class Role(StrEnum):
    """What a token's holder is."""

    CITIZEN = "citizen"
    OFFICER = "officer"
    INTEGRATOR = "integrator"
    #: The tax office of a region: books premiums that the agency has set money aside for.
    TAX = "tax"
    #: Whoever runs the installation: at its own command line, or with a token for a region to keep institutions' keys.
    OPERATOR = "operator"


class Duty(StrEnum):
    """What an officer may do beside reading; an identity provider tells it at log-in, a token carries it."""

    #: At the window: looks people up, files for them, takes down what they say.
    CLERK = "clerk"
    REVIEWER = "reviewer"
    SECOND_REVIEWER = "second_reviewer"
    TAX_CLERK = "tax_clerk"
    #: Holds the agency's books against the institutions'.
    CLEARING_CLERK = "clearing_clerk"
    #: Looks into what alerts find, and says how their rules measure (稽核).
    INSPECTOR = "inspector"
    AUDITOR = "auditor"


access_token = sa.Table(
    "access_token",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("person_id", sa.BigInteger),
    sa.Column("region", sa.Text),
    sa.Column("duties", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    moment_column("made_at"),
    moment_column("expires_at"),
    moment_column("revoked_at", nullable=True),
    sa.CheckConstraint("role IN ('citizen', 'officer', 'integrator', 'tax', 'operator')", name="role_known"),
    sa.CheckConstraint("(role = 'citizen') = (person_id IS NOT NULL)", name="citizen_is_a_person"),
    sa.CheckConstraint("role NOT IN ('officer', 'tax', 'operator') OR region IS NOT NULL", name="officer_has_a_region"),
    sa.CheckConstraint("role = 'officer' OR duties = '{}'", name="officers_have_duties"),
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever makes a call.

    Attributes:
        role: what they are.
        holder: a name for the audit (an officer's number, a client's name); never a citizen's real name.
        person_id: the person, for a citizen.
        region: the six-digit region that an officer works for; a code ending in 0000 is a whole province.
        duties: what an officer may do beside reading; the identity provider or their token tells it.
    """

    role: Role
    holder: str
    person_id: int | None = None
    region: str | None = None
    duties: frozenset[Duty] = frozenset()

    def require(self, *roles: Role) -> None:
        """Refuse callers of other roles.

        Raises:
            NotAllowed: ``access.role``.
        """
        if self.role not in roles:
            allowed = ", ".join(roles)
            raise NotAllowed(
                "access.role",
                f"this call is for {allowed}; the token belongs to a {self.role}",
                "您的身份不能进行这项操作",
                accepted=allowed,
            )

    def require_duty(self, *duties: Duty) -> None:
        """Refuse officers who have none of these duties.

        Raises:
            NotAllowed: ``access.duty``.
        """
        if not self.duties.intersection(duties):
            allowed = ", ".join(duties)
            raise NotAllowed(
                "access.duty",
                f"this is for officers with one of these duties: {allowed}",
                "您的岗位不能进行这项操作，请由有相应岗位的同事办理",
                accepted=allowed,
            )

    def covers(self, region: str) -> bool:
        """Whether an officer's region takes in this one (a province takes in its cities)."""
        if self.region is None:
            return False
        if self.region.endswith("0000"):
            return region[:2] == self.region[:2]
        return region[:4] == self.region[:4]


def grant(connection: sa.Connection, caller: Caller, *, at: datetime, lasts: timedelta) -> str:
    """Make a token for a caller and keep its digest.

    Returns:
        The token: shown once, 43 characters, 256 random bits.
    """
    token = secrets.token_urlsafe(32)
    connection.execute(
        access_token.insert().values(
            digest=_digest(token),
            role=caller.role,
            holder=caller.holder,
            person_id=caller.person_id,
            region=caller.region,
            duties=sorted(caller.duties),
            made_at=at,
            expires_at=at + lasts,
        )
    )
    return token


def identify(connection: sa.Connection, token: str, *, at: datetime) -> Caller:
    """The caller that a token belongs to.

    Raises:
        NotSignedIn: ``access.token`` when it is unknown, revoked or over.
    """
    row = connection.execute(
        sa.select(access_token).where(
            access_token.c.digest == _digest(token),
            access_token.c.revoked_at.is_(None),
            access_token.c.expires_at > at,
        )
    ).one_or_none()
    if row is None:
        raise NotSignedIn(
            "access.token",
            "the token is unknown, revoked or over: ask for a new one",
            "登录已失效，请重新打开链接或重新登录",
        )
    duties = frozenset(one for one in Duty if one in row.duties)
    return Caller(Role(row.role), row.holder, row.person_id, row.region, duties)


def revoke(connection: sa.Connection, token: str, *, at: datetime) -> None:
    """End a token now."""
    connection.execute(access_token.update().where(access_token.c.digest == _digest(token)).values(revoked_at=at))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def forget_ended_tokens(database: Database, before: datetime) -> int:
    """Delete tokens that ended by themselves before a moment, revoked or not; they were worth nothing any more.

    Returns:
        How many.
    """
    with database.transaction() as connection:
        return connection.execute(access_token.delete().where(access_token.c.expires_at < before)).rowcount
