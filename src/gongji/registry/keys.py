"""The keys with which institutions sign: added, rotated without a gap, withdrawn at once; secrets lie sealed."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.clock import CHINA
from gongji.foundation.personal import Vault
from gongji.registry import refusals, store
from gongji.registry.model import Institution
from gongji.registry.tables import institution, institution_key

#: PostgreSQL's channel on which every change of a key is told to all processes.
CHANNEL: Final = "institution_key"

#: Keys that may hold under one name at the same time: each is tried until one fits.
MOST_AT_ONCE: Final = 4

#: An apikey is sent as it is and guards everything alone: a guess must be hopeless.
_SHORTEST_APIKEY: Final = 32

#: Names stand in HTTP headers.
_NAME = re.compile(r"[\x21-\x7e]{1,128}")


class SigningDialect(StrEnum):
    """Ways of signing (facts of the interface, §1.4)."""

    X_TIF = "x-tif"
    API = "api"
    X_CA = "x-ca"
    APIKEY = "apikey"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key as the door checks it. `valid_until` is the first moment at which it does not hold; None: it holds on."""

    institution: Institution
    secret: str
    valid_from: datetime
    valid_until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it may sign at a moment."""
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """A key as it is listed: never with its secret."""

    id: int
    dialect: SigningDialect
    client: str
    valid_from: datetime
    valid_until: datetime | None


def fingerprint(apikey: str) -> str:
    """The name of an apikey, which has none of its own: its SHA-256, as safe to keep as the key is long."""
    return hashlib.sha256(apikey.encode()).hexdigest()


def new_secret() -> str:
    """A secret of 43 characters, 256 random bits."""
    return secrets.token_urlsafe(32)


def signing_keys(
    connection: sa.Connection, vault: Vault, dialect: SigningDialect, client: str, at: datetime
) -> tuple[SigningKey, ...]:
    """All keys under a name that hold at a moment or will later; none when nobody has it."""
    rows = connection.execute(
        sa.select(
            institution, institution_key.c.secret_sealed, institution_key.c.valid_from, institution_key.c.valid_until
        )
        .join(institution_key, institution_key.c.institution_id == institution.c.id)
        .where(institution_key.c.dialect == dialect, institution_key.c.client == client, _not_over(at))
        .order_by(institution_key.c.valid_from.desc())
    )
    return tuple(
        SigningKey(store.institution_from(row), vault.open(row.secret_sealed), row.valid_from, row.valid_until)
        for row in rows
    )


def add_institution_key(
    connection: sa.Connection,
    vault: Vault,
    institution_id: int,
    client: str,
    secret: str,
    valid_from: datetime,
    valid_until: datetime | None = None,
    dialect: SigningDialect = SigningDialect.X_TIF,
) -> int:
    """Let an institution sign with a secret under a new name; earlier keys hold on, so that a key can be changed
    without a gap.

    Args:
        connection: the transaction.
        vault: seals the secret.
        institution_id: whose key it is.
        client: what the sender will call itself; an apikey has no name, whatever is given.
        secret: what it signs with.
        valid_from, valid_until: when it holds.
        dialect: how it signs.

    Returns:
        The key's number.

    Raises:
        InvalidInput: ``institution_key.client``, ``institution_key.weak``, ``institution_key.until``.
        Refused: ``institution_key.duplicate``.
    """
    if dialect is SigningDialect.APIKEY:
        if len(secret) < _SHORTEST_APIKEY:
            raise refusals.apikey_too_short(_SHORTEST_APIKEY)
        client = fingerprint(secret)
    if not _NAME.fullmatch(client):
        raise refusals.client_unreadable()
    known = sa.select(institution_key.c.id).where(
        institution_key.c.dialect == dialect, institution_key.c.client == client
    )
    if connection.execute(known.limit(1)).one_or_none() is not None:
        raise refusals.paasid_taken()
    return _insert(connection, vault, institution_id, dialect, client, secret, valid_from, valid_until)


def rotate_key(
    connection: sa.Connection,
    vault: Vault,
    institution_id: int,
    key_id: int,
    secret: str,
    at: datetime,
    until: datetime,
) -> int:
    """A new secret under an old key's name; the old one holds beside it until a moment.

    Returns:
        The new key's number.

    Raises:
        NotFound: ``institution_key.unknown``.
        Refused: ``institution_key.over``, ``institution_key.too_many``.
        InvalidInput: ``institution_key.until`` when that moment has passed; ``institution_key.weak``.
    """
    old = _locked(connection, institution_id, key_id)
    if old.valid_until is not None and old.valid_until <= at:
        raise refusals.key_over()
    if until < at:
        raise refusals.key_ends_before_it_begins()
    dialect = SigningDialect(old.dialect)
    connection.execute(
        institution_key.update()
        .where(institution_key.c.id == key_id)
        .values(valid_until=sa.func.least(institution_key.c.valid_until, until))
    )
    if dialect is SigningDialect.APIKEY:
        return add_institution_key(connection, vault, institution_id, "", secret, at, dialect=dialect)
    beside = sa.select(sa.func.count()).where(
        institution_key.c.dialect == dialect, institution_key.c.client == old.client, _not_over(at)
    )
    if connection.execute(beside).scalar_one() >= MOST_AT_ONCE:
        raise refusals.too_many_keys(MOST_AT_ONCE)
    return _insert(connection, vault, institution_id, dialect, old.client, secret, at, None)


def withdraw_key(connection: sa.Connection, institution_id: int, key_id: int, at: datetime) -> None:
    """End a key now: every process stops taking it as soon as this is committed.

    Raises:
        NotFound: ``institution_key.unknown``.
        Refused: ``institution_key.over``.
    """
    old = _locked(connection, institution_id, key_id)
    if old.valid_until is not None and old.valid_until <= at:
        raise refusals.key_over()
    ended = sa.func.greatest(institution_key.c.valid_from, at)
    connection.execute(institution_key.update().where(institution_key.c.id == key_id).values(valid_until=ended))
    _tell(connection)


def list_keys(connection: sa.Connection, institution_id: int) -> list[KeyEntry]:
    """An institution's keys, those that are over too, newest first."""
    rows = connection.execute(
        sa.select(institution_key)
        .where(institution_key.c.institution_id == institution_id)
        .order_by(institution_key.c.id.desc())
    )
    return [
        KeyEntry(
            row.id,
            SigningDialect(row.dialect),
            row.client,
            row.valid_from.astimezone(CHINA),
            row.valid_until and row.valid_until.astimezone(CHINA),
        )
        for row in rows
    ]


def _insert(
    connection: sa.Connection,
    vault: Vault,
    institution_id: int,
    dialect: SigningDialect,
    client: str,
    secret: str,
    valid_from: datetime,
    valid_until: datetime | None,
) -> int:
    if valid_until is not None and valid_until < valid_from:
        raise refusals.key_ends_before_it_begins()
    values = {
        "dialect": dialect,
        "client": client,
        "institution_id": institution_id,
        "secret_sealed": vault.seal(secret),
        "valid_from": valid_from,
        "valid_until": valid_until,
    }
    # The constraint refuses a name that another institution took in the same moment.
    statement = insert(institution_key).values(values).on_conflict_do_nothing().returning(institution_key.c.id)
    made = connection.execute(statement).scalar_one_or_none()
    if made is None:
        raise refusals.paasid_taken()
    _tell(connection)
    return int(made)


def _locked(connection: sa.Connection, institution_id: int, key_id: int) -> sa.Row[tuple[object, ...]]:
    row = connection.execute(
        sa.select(institution_key)
        .where(institution_key.c.id == key_id, institution_key.c.institution_id == institution_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise refusals.key_unknown()
    return row


def _not_over(at: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(institution_key.c.valid_until.is_(None), institution_key.c.valid_until > at)


def _tell(connection: sa.Connection) -> None:
    """Heard by every process when the transaction is committed."""
    connection.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))
