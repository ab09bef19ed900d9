"""2601 of a 2401: an admission whose answer was lost never was, whether its message came or is still to come."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import sqlalchemy as sa

from gongji.settlement.admissions import cancel_admission, find_admission
from gongji.settlement.tables import message
from gongji.settlement.visits import lock_patient

#: The transaction that admits.
ADMITS: Final = "2401"

#: A message that never came has no content.
_NOTHING: Final = b""


def undo_admission(
    connection: sa.Connection, institution_id: int, person_id: int, msgid: str, at: datetime
) -> int | None:
    """Undo the admission that a message made; a message that has not come is closed, so that it admits nobody later.

    The same again changes nothing.

    Args:
        connection: a transaction, in which the patient is locked; to be committed whatever is returned.
        institution_id, person_id: whose message, about whom.
        msgid: of the 2401.
        at: now.

    Returns:
        The stay, whose deposits are to be given back; 0 when it was undone before; None when no such message came.

    Raises:
        Refused: as `cancel_admission`.
    """
    lock_patient(connection, person_id)
    place = (message.c.institution_id == institution_id, message.c.infno == ADMITS, message.c.msgid == msgid)
    known = connection.execute(sa.select(message.c.request_digest, message.c.outcome_id).where(*place)).one_or_none()
    if known is None:
        values = {"institution_id": institution_id, "infno": ADMITS, "msgid": msgid, "request_digest": _NOTHING}
        connection.execute(message.insert().values(values | {"outcome_id": None}))
        return None
    if known.outcome_id is None:
        return 0 if bytes(known.request_digest) != _NOTHING else None
    stay = find_admission(connection, known.outcome_id)
    if stay is None or stay.visit.person_id != person_id:
        return None
    cancel_admission(connection, stay, at)
    connection.execute(message.update().where(*place).values(outcome_id=None))
    return stay.id
