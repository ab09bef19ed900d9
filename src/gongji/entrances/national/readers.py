"""1161, 1162 and 1201: a card is read, a code is read in the form of the first clients, an institution asks who it is.

The national text has no field tables of these three at hand; inputs are those of 1101 and 6101, answers those of real
centres (Hebei, Chongqing, Hangzhou).
"""

from __future__ import annotations

from typing import Final

from gongji.entrances.national.e_credential import CodeHolder, CodeShown, holder_of
from gongji.entrances.national.fields import C
from gongji.entrances.national.messages import free, needed, node, read_node, write_node
from gongji.entrances.national.patient import CARD
from gongji.entrances.national.person import BaseInfo, InsuInfo, PersonQuery, read_person
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation.errors import GongjiError
from gongji.registry.model import InstitutionKind


@node("cardecinfo", "1161 卡信息")
class CardInfo:
    """The card that was read."""

    psn_cert_type: str = needed(C(6), "人员证件类型")
    certno: str = needed(C(50), "证件号码")
    psn_name: str = needed(C(50), "人员姓名")
    cardno: str = free(C(32), "卡号", "empty where no card was shown")
    card_sn: str = free(C(32), "卡识别码")
    ecToken: str = free(C(64), "电子凭证令牌", "empty: a card has none")


@node("medinsinfo", "1201 医药机构信息", many=True)
class InstitutionInfo:
    """A designated institution."""

    fixmedins_code: str = needed(C(12), "定点医药机构编号")
    uscc: str | None = free(C(50), "统一社会信用代码", "not kept here")
    fixmedins_name: str = needed(C(200), "定点医药机构名称")
    fixmedins_type: str = needed(C(6), "定点医疗服务机构类型")
    hosp_lv: str | None = free(C(6), "医院等级", "not kept here to the grade")


#: fixmedins_type.
_TYPES: Final = {InstitutionKind.HOSPITAL: "1", InstitutionKind.PHARMACY: "2"}

#: What Hebei's reader says of a code that it cannot read.
_UNREADABLE: Final = 500159


def read_card(call: Call) -> Answer:
    """1161: as 1101, and what stands on the card."""
    shown = read_node(PersonQuery, call.input)
    output, person = read_person(call)
    card = CardInfo(
        psn_cert_type=person.certificate_type,
        certno=person.certificate,
        psn_name=person.name,
        cardno=shown.mdtrt_cert_no if shown.mdtrt_cert_type == CARD else "",
        card_sn=shown.card_sn,
        ecToken="",
    )
    return Answer(output | {"cardecinfo": write_node(card)})


def read_code(call: Call) -> Answer:
    """1162: as 6101, in a form without envelope."""
    try:
        holder = write_node(holder_of(call))
    except GongjiError as refusal:
        return Answer(None, own={"message": f"{refusal.zh}[{refusal.code}]", "success": False, "code": _UNREADABLE})
    return Answer(None, own={"code": 0, "type": "success", "message": "成功", "data": holder})


def who_am_i(call: Call) -> Answer:
    """1201: the asking institution; of others nothing is told."""
    own = call.institution
    row = InstitutionInfo(
        fixmedins_code=own.code,
        uscc=None,
        fixmedins_name=own.name,
        fixmedins_type=_TYPES[own.kind],
        hosp_lv=None,
    )
    return Answer({"medinsinfo": [write_node(row)]})


TRANSACTIONS = (
    Transaction("1161", "读卡", (PersonQuery,), (BaseInfo, InsuInfo, CardInfo), read_card),
    Transaction("1162", "电子凭证解码", (CodeShown,), (CodeHolder,), read_code),
    Transaction("1201", "医药机构信息获取", (), (InstitutionInfo,), who_am_i),
)
