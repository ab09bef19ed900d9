"""What a message makes besides a settlement (a visit, a filing), once: the same message again finds it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from gongji.settlement import refusals
from gongji.settlement.model import MessageKey
from gongji.settlement.tables import message


def made_once(connection: sa.Connection, key: MessageKey, make: Callable[[], int]) -> int:
    """The id of what the message made, or makes now. Whoever calls holds a lock that keeps a repeat of it waiting.

    Args:
        connection: the transaction.
        key: the message.
        make: makes it, and gives its id.

    Raises:
        Refused: ``key.other_content``; ``message.undone`` when it was undone (2601).
    """
    known = connection.execute(
        sa.select(message.c.request_digest, message.c.outcome_id).where(
            message.c.institution_id == key.institution_id,
            message.c.infno == key.infno,
            message.c.msgid == key.msgid,
        )
    ).one_or_none()
    if known is not None:
        if known.outcome_id is None:
            raise refusals.undone(key)
        if bytes(known.request_digest) != key.digest:
            raise refusals.other_content(key)
        return int(known.outcome_id)
    made = make()
    entered = connection.execute(
        insert(message)
        .values(
            institution_id=key.institution_id,
            infno=key.infno,
            msgid=key.msgid,
            request_digest=key.digest,
            outcome_id=made,
        )
        .on_conflict_do_nothing()
        .returning(message.c.outcome_id)
    )
    if entered.one_or_none() is None:
        # At the same moment, under another lock: for another person, that is with other content.
        raise refusals.other_content(key)
    return made
