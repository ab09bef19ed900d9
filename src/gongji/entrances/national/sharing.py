"""GJ01 to GJ03: sharing arranged, asked for and ended at a hospital's counter. No national transaction does this.

``GJ..`` is our own range: infnos of the national text and of the provinces are digits, some with a letter behind.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gongji.entrances import counter_sharing
from gongji.entrances.counter_sharing import Evidence, Wish
from gongji.entrances.national.fields import MOMENT, MONEY, NESTED, C, choice, is_empty, padded, unreadable
from gongji.entrances.national.messages import free, needed, node, read_node, read_rows, write_node
from gongji.entrances.national.patient import person_shown
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.family import service as family
from gongji.family.model import Authorisation
from gongji.family.refusals import Code, refuse
from gongji.family.words import STATE_WORDS
from gongji.foundation.access import Caller, Role
from gongji.foundation.replies import digest_of, once
from gongji.registry import service as registry
from gongji.rules.model import Purpose, Relation


@node("data", "表 GJ01 家庭共济绑定")
class BindInput:
    """The sharer and the relative are both at the counter."""

    sharer_cert_type: str = needed(padded(3, 2), "共济人凭证类型", "01 e-credential token, 02 identity card, 03 card")
    sharer_cert_no: str = needed(C(200), "共济人凭证编号")
    user_cert_type: str = needed(padded(3, 2), "使用人凭证类型")
    user_cert_no: str = needed(C(200), "使用人凭证编号")
    relation: Relation = needed(choice(20, Relation), "使用人是共济人的", "spouse, parent, child …")
    cmtm_flag: str = free(C(1), "承诺标志", "1: the sharer has read and signed the commitment")
    limit_total: int | None = free(MONEY, "累计限额")
    limit_month: int | None = free(MONEY, "每月限额")
    purposes: Any = free(NESTED, "用途", "list of care, pharmacy, inpatient, deposit …; all that the region allows")
    evidence: Any = free(NESTED, "证明材料", "list of rows of the table below, where the region reviews")


@node("data.evidence", "表 GJ01 证明材料", many=True)
class EvidenceRow:
    """A document that was sent before as a file (9101)."""

    evid_type: str = needed(C(64), "材料种类", "household_book, marriage_certificate …")
    file_qury_no: str = needed(C(30), "文件查询号")


@node("data", "表 GJ02/GJ03 家庭共济查询、解除")
class SharingQuery:
    """Whose sharings, or which one is to end: one of its two sides is at the counter."""

    cert_type: str = needed(padded(3, 2), "凭证类型")
    cert_no: str = needed(C(200), "凭证编号")
    auth_id: str = free(C(20), "共济编号", "needed in GJ03")


@node("authinfo", "表 GJ01/GJ02/GJ03 家庭共济信息", many=True)
class SharingRow:
    """One authorisation; names are masked."""

    auth_id: str = needed(C(20), "共济编号")
    sharer_name: str = needed(C(50), "共济人姓名")
    user_name: str = needed(C(50), "使用人姓名")
    relation: str = needed(C(20), "使用人是共济人的")
    procedure: str = needed(C(20), "办理方式", "commitment: in force at once; review: by an officer")
    stas: str = needed(C(20), "状态")
    stas_name: str = needed(C(50), "状态名称")
    begntime: datetime | None = free(MOMENT, "生效时间")
    endtime: datetime | None = free(MOMENT, "终止时间")
    limit_total: int | None = free(MONEY, "累计限额")
    limit_month: int | None = free(MONEY, "每月限额")


def bind(call: Call) -> Answer:
    """GJ01; the same message again gets the same answer."""
    data = read_node(BindInput, call.input)
    rows = () if is_empty(data.evidence) else read_rows(EvidenceRow, {"data.evidence": data.evidence})
    platform, own, at = call.platform, call.institution, call.received_at
    wanted = [Evidence(row.evid_type, row.file_qury_no) for row in rows]
    purposes = _purposes(data.purposes)
    shown = counter_sharing.documents(platform, own, wanted, at)
    with platform.database.transaction() as connection:
        sharer = person_shown(connection, call, kind=data.sharer_cert_type, number=data.sharer_cert_no)
        user = person_shown(connection, call, kind=data.user_cert_type, number=data.user_cert_no)
        wish = Wish(
            sharer.id,
            user.id,
            data.relation,
            data.cmtm_flag == "1",
            data.limit_total,
            data.limit_month,
            purposes,
        )

        def work() -> str:
            return str(counter_sharing.authorise(connection, platform, own, wish, shown, at).id)

        caller, key = Caller(Role.INTEGRATOR, own.code), f"GJ01:{call.envelope.msgid}"
        number = once(connection, caller, key, digest_of(call.key.digest), at, work)
        one = family.authorisation(connection, int(number))
        return _answer(call, connection, [one])


def _purposes(told: object) -> frozenset[Purpose] | None:
    if is_empty(told):
        return None
    try:
        return frozenset(Purpose(str(one)) for one in (told if isinstance(told, list) else [told]))
    except ValueError:
        accepted = " / ".join(Purpose)
        raise unreadable("input.data.purposes", f"可用 {accepted}", f"is not among {accepted}", accepted) from None


def query(call: Call) -> Answer:
    """GJ02."""
    data = read_node(SharingQuery, call.input)
    with call.platform.database.transaction() as connection:
        person = person_shown(connection, call, kind=data.cert_type, number=data.cert_no)
        found = counter_sharing.of_person(connection, call.institution, person.id, call.received_at)
        return _answer(call, connection, found)


def end(call: Call) -> Answer:
    """GJ03; ending again changes nothing and is refused as over."""
    data = read_node(SharingQuery, call.input)
    if not (data.auth_id.isascii() and data.auth_id.isdigit() and len(data.auth_id) <= 18):
        raise refuse(Code.UNKNOWN, field="input.data.auth_id")
    with call.platform.database.transaction() as connection:
        person = person_shown(connection, call, kind=data.cert_type, number=data.cert_no)
        one = counter_sharing.end(connection, call.institution, int(data.auth_id), person.id, call.received_at)
        return _answer(call, connection, [one])


def _answer(call: Call, connection: Any, found: list[Authorisation]) -> Answer:
    sides = {side for one in found for side in (one.sharer_id, one.user_id)}
    people = registry.people_by_id(connection, call.platform.vault, sides)
    rows = [
        SharingRow(
            auth_id=str(one.id),
            sharer_name=people[one.sharer_id].masked_name,
            user_name=people[one.user_id].masked_name,
            relation=str(one.relation),
            procedure=str(one.procedure),
            stas=str(one.state),
            stas_name=STATE_WORDS[one.state][0],
            begntime=one.active_since,
            endtime=one.ended_at,
            limit_total=one.limit_total,
            limit_month=one.limit_month,
        )
        for one in found
    ]
    return Answer({"authinfo": [write_node(row) for row in rows]})


TRANSACTIONS = (
    Transaction("GJ01", "家庭共济绑定", (BindInput,), (SharingRow,), bind),
    Transaction("GJ02", "家庭共济查询", (SharingQuery,), (SharingRow,), query),
    Transaction("GJ03", "家庭共济解除", (SharingQuery,), (SharingRow,), end),
)
