"""2601 冲正: a message whose answer was lost is undone, whether it arrived or not."""

from __future__ import annotations

import asyncio
from typing import Final

from gongji.entrances.national.fields import C
from gongji.entrances.national.messages import needed, node, read_node
from gongji.entrances.national.patient import person_numbered, served
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation.errors import InvalidInput
from gongji.settlement import admission_deposits, refusals
from gongji.settlement.admission_undo import ADMITS, undo_admission
from gongji.settlement.model import UNDO, Undo, wire_id


@node("data", "表 127 冲正交易")
class UndoInput:
    """Which message is to be undone."""

    psn_no: str = needed(C(30), "人员编号")
    omsgid: str = needed(C(30), "原发送方报文ID", "the msgid of the message whose answer was lost")
    oinfno: str = needed(C(6), "原交易编号", "C(4) in the text; 2207A is sent")


#: What may be undone, each with the other names that its messages go by.
UNDOABLE: Final = {
    infno: (infno, *others)
    for infno, *others in (
        ("2102",),
        ("2103",),
        ("2207", "2207A"),
        ("2207A", "2207"),
        ("2208",),
        ("2304", "2304A"),
        ("2304A", "2304"),
        ("2305",),
    )
}


async def undo(call: Call) -> Answer:
    """2601."""
    data = read_node(UndoInput, call.input)
    if data.oinfno == ADMITS:
        return await asyncio.to_thread(_undo_admission, call, data)
    infnos = UNDOABLE.get(data.oinfno)
    if infnos is None:
        raise InvalidInput(
            "undo.infno",
            f"{data.oinfno} cannot be undone",
            f"input.data.oinfno 交易 {data.oinfno} 不能冲正",
            field="input.data.oinfno",
            accepted=" / ".join((*UNDOABLE, ADMITS)),
        )
    await served(call, data.psn_no, lambda whose, _: Undo(call.key, call.institution, whose.id, infnos, data.omsgid))
    return Answer(None)


def _undo_admission(call: Call, data: UndoInput) -> Answer:
    """2601 of a 2401: the stay never was, and what was held for it goes back."""
    platform, institution = call.platform, call.institution
    with platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psn_no)
        stay = undo_admission(connection, institution.id, person.id, data.omsgid, call.received_at)
    if stay is None:
        raise refusals.nothing_to_undo(ADMITS, data.omsgid)
    if stay:
        admission_deposits.give_back(platform.database, platform.desk, wire_id(institution.region, stay))
    return Answer(None)


TRANSACTIONS = (Transaction(UNDO, "冲正交易", (UndoInput,), (), undo),)
