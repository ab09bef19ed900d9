"""The answer to a settlement, a pre-settlement or a reversal: built, checked against the identities, written."""

from __future__ import annotations

from gongji.entrances.national.identities import check
from gongji.entrances.national.lines import SplitRow, split_row
from gongji.entrances.national.messages import write_node
from gongji.entrances.national.setlinfo import SetlDetail, SetlInfo, setldetail, setlinfo
from gongji.entrances.national.transaction import Call
from gongji.registry.model import Person
from gongji.settlement.model import Settlement


class IdentityBroken(RuntimeError):
    """An answer whose amounts do not add up: a fault of ours that must never reach a hospital."""


def settled_output(call: Call, person: Person, settlement: Settlement) -> dict[str, object]:
    """The nodes of the answer: setlinfo, setldetail and, for a purchase, detlcutinfo.

    Raises:
        IdentityBroken: when an identity of §4 does not hold.
    """
    info = setlinfo(settlement, person, call.institution)
    # 2103 answers no lines (H 表 70/71); those of the original would stand against its negative total.
    lines = tuple(split_row(line) for line in settlement.lines) if settlement.kind == "settle" else ()
    details = checked(settlement, info, lines)
    output: dict[str, object] = {
        "setlinfo": write_node(info),
        "setldetail": [write_node(row) for row in details],
    }
    if lines:
        output["detlcutinfo"] = [write_node(row) for row in lines]
    return output


def checked(settlement: Settlement, info: SetlInfo, lines: tuple[SplitRow, ...] = ()) -> tuple[SetlDetail, ...]:
    """The rows by fund of an answer, once all its identities hold.

    Raises:
        IdentityBroken: when one does not.
    """
    details = setldetail(settlement)
    broken = check(info, details, lines)
    if broken:
        raise IdentityBroken(
            f"settlement {settlement.id} of {settlement.infno} {settlement.msgid}: {'; '.join(broken)}"
        )
    return details
