"""The same write twice is done once: the answer is kept under the caller's key and given again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.foundation.access import Caller
from gongji.foundation.database import Database
from gongji.foundation.errors import Busy, Refused
from gongji.foundation.schema import metadata, moment_column

#: Written in the transaction of what it answers: an answer stands here exactly if its effect stands.
rest_reply = sa.Table(
    "rest_reply",
    metadata,
    sa.Column("caller", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("request_digest", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.SmallInteger),
    sa.Column("body", sa.JSON),
    moment_column("at"),
    sa.PrimaryKeyConstraint("caller", "key"),
    sa.CheckConstraint("(status IS NULL) = (body IS NULL)", name="answer_whole"),
    comment="caller: role and holder; request_digest: over method, path and body; no answer yet: only while it is made",
)


#: How long a second call waits for the first one with its key.
_PATIENCE: Final = "3s"

#: SQLSTATE of a lock that was not had in time.
_LOCK_NOT_AVAILABLE: Final = "55P03"


def digest_of(*parts: str | bytes) -> bytes:
    """The digest of a request's method, path and content; each part with its length, so that none runs into another."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.digest()


def once(
    connection: sa.Connection,
    caller: Caller,
    key: str | None,
    digest: bytes,
    at: datetime,
    work: Callable[[], Any],
) -> Any:
    """Do `work` unless this caller's key has been answered before.

    The key is claimed before the work, in the same transaction: a second call with it waits for the first a moment, and
    is then told that it still runs. After a refusal or a crash nothing stands, so that the key may be used again.

    Args:
        connection: the transaction.
        caller: whose key it is.
        key: the Idempotency-Key; None does the work without remembering it.
        digest: of the request, see `digest_of`.
        at: now.
        work: gives the answer's body, as JSON takes it.

    Returns:
        The body, of now or of then.

    Raises:
        Refused: ``key.other_content`` when the key was used for another request.
        Busy: ``key.running`` while the first request with the key is still worked on.
    """
    if key is None:
        return work()
    whose = f"{caller.role}:{caller.person_id or caller.holder}"
    mine = sa.and_(rest_reply.c.caller == whose, rest_reply.c.key == key)
    if not _claim(connection, whose, key, digest, at):
        known = connection.execute(sa.select(rest_reply).where(mine)).one()
        if bytes(known.request_digest) != digest:
            raise Refused(
                "key.other_content",
                "this Idempotency-Key was used for another request: send a new key",
                "这个 Idempotency-Key 已用于另一个请求：请换新的键重新发送",
                field="Idempotency-Key",
                accepted="a key not used before",
            )
        return known.body
    body = work()
    connection.execute(rest_reply.update().where(mine).values(status=200, body=body))
    return body


def _claim(connection: sa.Connection, whose: str, key: str, digest: bytes, at: datetime) -> bool:
    """Whether nobody had the key; waits for whoever has it in hand, as long as `_PATIENCE`."""
    connection.execute(sa.select(sa.func.set_config("lock_timeout", _PATIENCE, True)))
    try:
        claimed = connection.execute(
            insert(rest_reply)
            .values(caller=whose, key=key, request_digest=digest, at=at)
            .on_conflict_do_nothing()
            .returning(rest_reply.c.key)
        ).one_or_none()
    except sa.exc.OperationalError as problem:
        if getattr(problem.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise Busy(
            "key.running",
            "the first request with this Idempotency-Key is still being worked on: send the same again in a moment",
            "同一 Idempotency-Key 的请求仍在处理中：请稍后用同一键重试",
            field="Idempotency-Key",
        ) from problem
    connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
    return claimed is not None


#: Rows that one transaction of purging takes.
_AT_ONCE = 10_000


def forget_replies(database: Database, before: datetime) -> int:
    """Delete answers that were given before a moment; the key may be used for another request from then on.

    Returns:
        How many.
    """
    old = sa.select(rest_reply.c.caller, rest_reply.c.key).where(rest_reply.c.at < before).limit(_AT_ONCE)
    keys = sa.tuple_(rest_reply.c.caller, rest_reply.c.key)
    forgotten = 0
    while True:
        with database.transaction() as connection:
            now = connection.execute(rest_reply.delete().where(keys.in_(old))).rowcount
        forgotten += now
        if now < _AT_ONCE:
            return forgotten
