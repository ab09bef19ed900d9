"""Messages to people's phones, written in the transaction of what they tell of and sent afterwards by an adapter.

Number and text are sealed: a code is as good as a signature while it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog

from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.foundation.schema import metadata, moment_column

log = structlog.get_logger()

outbox_message = sa.Table(
    "outbox_message",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("phone_sealed", sa.LargeBinary, nullable=False),
    sa.Column("text_sealed", sa.LargeBinary, nullable=False),
    moment_column("made_at"),
    moment_column("sent_at", nullable=True),
    sa.Index("outbox_message_waiting", "id", postgresql_where=sa.text("sent_at IS NULL")),
)

#: What would have gone to phones, where no network of text messages is connected (the demo, a trial).
logged_text = sa.Table(
    "logged_text",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("phone_sealed", sa.LargeBinary, nullable=False),
    sa.Column("text_sealed", sa.LargeBinary, nullable=False),
    moment_column("at"),
)

#: Messages taken in one transaction.
_AT_ONCE: Final = 100

#: How long a text is worth sending: a code holds ten minutes.
_WORTH_SENDING: Final = timedelta(hours=1)

#: Hands a text to the network: (phone, text). Raises `OSError` when the network does not take it.
Send = Callable[[str, str], None]


def post(connection: sa.Connection, vault: Vault, kind: str, phone: str, text: str, *, at: datetime) -> None:
    """Leave a message to be sent once the transaction has committed.

    Args:
        connection: the transaction.
        vault: seals number and text.
        kind: ``room.what``.
        phone: the number.
        text: what it says, in the reader's language.
        at: now.
    """
    connection.execute(
        outbox_message.insert().values(
            kind=kind, phone_sealed=vault.seal(phone), text_sealed=vault.seal(text), made_at=at
        )
    )


def log_text(connection: sa.Connection, vault: Vault, phone: str, text: str, *, at: datetime) -> None:
    """Keep a text in place of sending it."""
    values = {"phone_sealed": vault.seal(phone), "text_sealed": vault.seal(text), "at": at}
    connection.execute(logged_text.insert().values(values))


def logged_texts(connection: sa.Connection, vault: Vault, limit: int = 50) -> list[tuple[datetime, str, str]]:
    """What was kept in place of being sent, newest first: when, to which number, what."""
    rows = connection.execute(sa.select(logged_text).order_by(logged_text.c.id.desc()).limit(limit))
    return [(row.at, vault.open(row.phone_sealed), vault.open(row.text_sealed)) for row in rows]


def send_waiting(database: Database, vault: Vault, send: Send, *, at: datetime) -> int:
    """Send what waits, oldest first; several processes may do so at once, none sends what another has taken.

    A message is marked in the transaction that sends it: after a crash in between it is sent twice rather than never.
    One that the network does not take is left for the next round and keeps no other from going; after an hour nobody
    waits for it any more.

    Returns:
        How many were sent.
    """
    waiting = (
        sa.select(outbox_message)
        .where(outbox_message.c.sent_at.is_(None), outbox_message.c.made_at > at - _WORTH_SENDING)
        .order_by(outbox_message.c.id)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    sent = []
    with database.transaction() as connection:
        for row in connection.execute(waiting).all():
            try:
                send(vault.open(row.phone_sealed), vault.open(row.text_sealed))
            except OSError as problem:
                log.warning("outbox.not_sent", message=row.id, problem=str(problem))
            else:
                sent.append(row.id)
        connection.execute(outbox_message.update().where(outbox_message.c.id.in_(sent)).values(sent_at=at))
    return len(sent)
