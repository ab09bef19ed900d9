"""Reading stays back: which settlement a reversal means, and the days of a stay for an answer."""

from __future__ import annotations

import sqlalchemy as sa

from gongji.foundation.ids import bucket_of
from gongji.settlement.model import MessageKey
from gongji.settlement.tables import message, settlement


def to_reverse(connection: sa.Connection, key: MessageKey, person_id: int, visit_id: int) -> int | None:
    """The settlement that a reversal of a stay means when it names none.

    Args:
        connection: a connection.
        key: of the reversal: sent again, it means what it took back the first time.
        person_id, visit_id: the patient and the stay.

    Returns:
        The last settlement of the stay that stands; None when there is none.
    """
    done = connection.execute(
        sa.select(settlement.c.reverses)
        .join(message, message.c.outcome_id == settlement.c.id)
        .where(
            message.c.institution_id == key.institution_id,
            message.c.infno == key.infno,
            message.c.msgid == key.msgid,
            settlement.c.bucket == bucket_of(person_id),
            settlement.c.person_id == person_id,
        )
    ).scalar_one_or_none()
    if done is not None:
        return int(done)
    taken_back = settlement.alias("back")
    standing = (
        sa.select(settlement.c.id)
        .where(
            settlement.c.bucket == bucket_of(person_id),
            settlement.c.person_id == person_id,
            settlement.c.visit_id == visit_id,
            settlement.c.kind == "settle",
            ~sa.exists().where(taken_back.c.bucket == settlement.c.bucket, taken_back.c.reverses == settlement.c.id),
        )
        .order_by(settlement.c.settled_at.desc(), settlement.c.id.desc())
        .limit(1)
    )
    return connection.execute(standing).scalar_one_or_none()
