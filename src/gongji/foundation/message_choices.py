"""What people want on their phone: which topics, in which language, and a number whose owner has read us its code."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.errors import InvalidInput
from gongji.foundation.limits import Limit
from gongji.foundation.outbox import post
from gongji.foundation.personal import Vault
from gongji.foundation.schema import metadata, moment_column

#: Without a row, or without a number, nothing goes to a phone.
message_preference = sa.Table(
    "message_preference",
    metadata,
    sa.Column("person_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("phone_sealed", sa.LargeBinary),
    sa.Column("topics", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("quiet", sa.Boolean, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("asked_phone_sealed", sa.LargeBinary),
    sa.Column("code_digest", sa.LargeBinary),
    moment_column("code_until", nullable=True),
    moment_column("changed_at"),
    sa.CheckConstraint(
        "(asked_phone_sealed IS NULL) = (code_digest IS NULL) AND (code_digest IS NULL) = (code_until IS NULL)",
        name="asked_with_a_code",
    ),
    comment="phone_sealed: the number whose owner read us its code; asked_phone_sealed: one that waits for that",
)

CODE_HOLDS: Final = timedelta(minutes=10)

#: Codes that a person may have sent, and tries to type one.
SENT: Final = Limit("message.code_sent", 3, timedelta(hours=1))
TRIED: Final = Limit("message.code_tried", 5, timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person wants on their phone.

    Attributes:
        phone: the confirmed number; "" for none.
        asked: a number that waits for its code; "" for none.
        topics: see `gongji.foundation.inbox.Topic`.
        quiet: nothing between 22:00 and 6:00.
        language: of the texts, as the catalogues call it.
    """

    phone: str
    asked: str
    topics: tuple[str, ...]
    quiet: bool
    language: str


def choices_of(connection: sa.Connection, vault: Vault, person_id: int) -> Choices | None:
    """What a person chose; None before they did."""
    table = message_preference
    row = connection.execute(sa.select(table).where(table.c.person_id == person_id)).one_or_none()
    if row is None:
        return None
    phone, asked = (vault.open(one) if one is not None else "" for one in (row.phone_sealed, row.asked_phone_sealed))
    return Choices(phone, asked, tuple(row.topics), row.quiet, row.language)


def choose(
    connection: sa.Connection, person_id: int, topics: Sequence[str], *, quiet: bool, language: str, at: datetime
) -> None:
    """Keep what a person wants; the number stays as it is."""
    values = {"topics": list(topics), "quiet": quiet, "language": language, "changed_at": at}
    statement = insert(message_preference).values(person_id=person_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))


def forget_phone(connection: sa.Connection, person_id: int, at: datetime) -> None:
    """Nothing goes to the person's phone any more."""
    _change(connection, person_id, at, phone_sealed=None, asked_phone_sealed=None, code_digest=None, code_until=None)


def ask_phone(connection: sa.Connection, vault: Vault, person_id: int, phone: str, text: str, *, at: datetime) -> None:
    """Send a code to a number, so that its owner can show it is theirs. The person has chosen already.

    Args:
        connection: the transaction.
        vault: seals.
        person_id: who wants messages there.
        phone: as `gongji.family.consent_codes.check_phone` gives it.
        text: the message with ``{code}`` where the code goes.
        at: now.
    """
    code = f"{secrets.randbelow(10**6):06d}"
    digest, until = _digest(person_id, phone, code), at + CODE_HOLDS
    _change(connection, person_id, at, asked_phone_sealed=vault.seal(phone), code_digest=digest, code_until=until)
    post(connection, vault, "message.phone_code", phone, text.format(code=code), at=at)


def confirm_phone(connection: sa.Connection, vault: Vault, person_id: int, given: str, *, at: datetime) -> None:
    """Take the number whose owner reads us its code.

    Raises:
        InvalidInput: ``message.phone_code``.
    """
    table = message_preference
    row = connection.execute(sa.select(table).where(table.c.person_id == person_id).with_for_update()).one_or_none()
    digits = "".join(str(int(one)) for one in given if one.isdecimal())
    if row is None or row.asked_phone_sealed is None or row.code_until <= at:
        raise _wrong_code()
    phone = vault.open(row.asked_phone_sealed)
    if not hmac.compare_digest(bytes(row.code_digest), _digest(person_id, phone, digits)):
        raise _wrong_code()
    _change(
        connection,
        person_id,
        at,
        phone_sealed=vault.seal(phone),
        asked_phone_sealed=None,
        code_digest=None,
        code_until=None,
    )


def _wrong_code() -> InvalidInput:
    return InvalidInput(
        "message.phone_code",
        "this is not the code, or it is older than ten minutes: have a new one sent",
        "验证码不对，或者已经超过 10 分钟，请重新发送",
        field="code",
        accepted="6 digits",
    )


def _change(connection: sa.Connection, person_id: int, at: datetime, **values: object) -> None:
    table = message_preference
    connection.execute(table.update().where(table.c.person_id == person_id).values(changed_at=at, **values))


def _digest(person_id: int, phone: str, code: str) -> bytes:
    return hashlib.sha256(f"{person_id} {phone} {code}".encode()).digest()
