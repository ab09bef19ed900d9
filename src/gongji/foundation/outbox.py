"""Messages to people's phones, written in the transaction of what they tell of and sent afterwards by an adapter.

Number and text are sealed: a code is as good as a signature while it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.foundation.schema import metadata, moment_column

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

#: Messages taken in one transaction.
_AT_ONCE: Final = 100

#: Hands a text to the network: (phone, text).
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


def send_waiting(database: Database, vault: Vault, send: Send, *, at: datetime) -> int:
    """Send what waits, oldest first; several processes may do so at once, none sends what another has taken.

    A message is marked in the transaction that sends it: after a crash in between it is sent twice rather than never.

    Returns:
        How many were sent.
    """
    waiting = (
        sa.select(outbox_message)
        .where(outbox_message.c.sent_at.is_(None))
        .order_by(outbox_message.c.id)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    with database.transaction() as connection:
        rows = connection.execute(waiting).all()
        for row in rows:
            send(vault.open(row.phone_sealed), vault.open(row.text_sealed))
        ids = [row.id for row in rows]
        connection.execute(outbox_message.update().where(outbox_message.c.id.in_(ids)).values(sent_at=at))
    return len(rows)
