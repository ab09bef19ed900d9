"""5303 在院信息查询: who is in this hospital now."""

from __future__ import annotations

from datetime import date, datetime

from gongji.entrances.national.fields import DAY, MOMENT, SMALL, C
from gongji.entrances.national.messages import asked, free, needed, node, read_node, write_node
from gongji.entrances.national.patient import person_numbered
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.foundation.errors import InvalidInput
from gongji.registry import service as registry
from gongji.registry.model import Person
from gongji.settlement.admissions import Admission, in_house
from gongji.settlement.model import wire_id


@node("data", "表 281 在院信息查询")
class InHouseQuery:
    """Who came in a span and is still here?"""

    psn_no: str = free(C(30), "人员编号", "only this patient")
    begntime: datetime = needed(MOMENT, "开始时间", "of the admission")
    endtime: datetime = needed(MOMENT, "结束时间", "of the admission; a day alone is the whole day")


@node("data", "表 282 在院信息", many=True)
class InHouse:
    """A patient who is in this hospital."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    psn_cert_type: str = needed(C(6), "人员证件类型")
    certno: str = needed(C(50), "证件号码")
    psn_name: str = needed(C(50), "人员姓名")
    gend: str = needed(C(6), "性别")
    brdy: date = free(DAY, "出生日期")
    age: int = needed(SMALL, "年龄", "hundredths of a year here, years on the wire")
    insutype: str = needed(C(6), "险种类型")
    begndate: date = needed(DAY, "开始日期", "of the admission")
    med_type: str = needed(C(6), "医疗类别")
    ipt_otp_no: str = free(C(30), "住院/门诊号")
    out_flag: str | None = asked(C(3), "异地标志")


def query(call: Call) -> Answer:
    """5303. A hospital sees its own patients only."""
    data = read_node(InHouseQuery, call.input)
    ends = data.endtime
    if (ends.hour, ends.minute, ends.second) == (0, 0, 0):
        ends = ends.replace(hour=23, minute=59, second=59)
    if ends < data.begntime:
        raise InvalidInput(
            "field.invalid",
            "input.data.endtime lies before begntime",
            "input.data.endtime 早于 begntime",
            field="input.data.endtime",
            accepted="a moment after begntime",
        )
    with call.platform.database.transaction() as connection:
        only = person_numbered(connection, call, data.psn_no).id if data.psn_no else None
        found = in_house(connection, call.institution.id, data.begntime, ends, only)
        people = registry.people_by_id(connection, call.platform.vault, {one.visit.person_id for one in found})
        caller = Caller(Role.INTEGRATOR, f"{call.institution.code}/{call.envelope.opter}")
        audit.record_each(connection, caller, "admission.read", people, at=call.received_at, infno="5303")
    rows = [_row(call, one, people[one.visit.person_id]) for one in found]
    return Answer({"data": [write_node(row) for row in rows]})


def _row(call: Call, one: Admission, person: Person) -> InHouse:
    region = call.institution.region
    return InHouse(
        mdtrt_id=wire_id(region, one.id),
        psn_no=person.psn_no,
        psn_cert_type=person.certificate_type,
        certno=person.certificate,
        psn_name=person.name,
        gend=person.gender,
        brdy=person.born_on,
        age=person.age(call.received_at.date()) * 100,
        insutype=one.visit.scheme.value,
        begndate=one.admitted_at.date(),
        med_type=one.visit.med_type,
        ipt_otp_no=one.visit.number,
        out_flag="0" if person.psn_no[:4] == region[:4] else "1",
    )


TRANSACTIONS = (Transaction("5303", "在院信息查询", (InHouseQuery,), (InHouse,), query),)
