"""2201 to 2205: an outpatient visit from its registration to its fee lines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from gongji.entrances.national.fields import DAY, MOMENT, NESTED, SMALL, C, choice, padded
from gongji.entrances.national.lines import (
    FeeDetail,
    UploadedRow,
    item_key,
    priced,
    refuse_repeats,
    uploaded_row,
)
from gongji.entrances.national.messages import (
    as_texts,
    asked,
    free,
    needed,
    node,
    read_node,
    read_rows,
    write_node,
)
from gongji.entrances.national.patient import person_numbered, person_registering
from gongji.entrances.national.prescription import tier_of_prescriber
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation.errors import InvalidInput
from gongji.registry import service as registry
from gongji.rules.model import Scheme
from gongji.settlement import refusals, visits
from gongji.settlement.model import RegisterVisit, from_wire, wire_id
from gongji.settlement.reception import catalogue_items


@node("data", "表 72 门诊挂号")
class Registration:
    """A person comes to a hospital."""

    psn_no: str = needed(C(30), "人员编号")
    insutype: Scheme = needed(choice(6, Scheme), "险种类型")
    begntime: datetime = needed(MOMENT, "开始时间")
    mdtrt_cert_type: str = asked(padded(3, 2), "就诊凭证类型")
    mdtrt_cert_no: str = asked(C(200), "就诊凭证编号")
    card_sn: str = free(C(32), "卡识别码")
    psn_cert_type: str = asked(padded(6, 2), "证件类型")
    certno: str = asked(C(50), "证件号码")
    psn_type: str = asked(C(6), "人员类别")
    psn_name: str = asked(C(50), "人员姓名")
    ipt_otp_no: str = needed(C(30), "住院/门诊号", "the hospital's own number of the visit")
    atddr_no: str = free(C(30), "医师编码")
    dr_name: str = free(C(50), "医师姓名")
    dept_code: str = asked(C(30), "科室编码")
    dept_name: str = asked(C(100), "科室名称")
    caty: str = asked(C(10), "科别")
    exp_content: Any = free(NESTED, "字段扩展")


@node("data", "表 73 挂号结果")
class Registered:
    """The visit's number."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    ipt_otp_no: str = needed(C(30), "住院/门诊号")
    exp_content: str | None = free(C(4000), "字段扩展")


@node("data", "表 74 门诊挂号撤销")
class Cancellation:
    """The visit will not take place."""

    psn_no: str = needed(C(30), "人员编号")
    mdtrt_id: str = needed(C(30), "就诊ID")
    ipt_otp_no: str = needed(C(30), "住院/门诊号")
    exp_content: Any = free(NESTED, "字段扩展")


@node("mdtrtinfo", "表 75/77 就诊信息")
class VisitInfo:
    """What kind of visit it was."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    med_type: str = needed(C(6), "医疗类别")
    begntime: datetime | None = asked(MOMENT, "开始时间")
    main_cond_dscr: str = free(C(1000), "主要病情描述")
    dise_type_code: str = free(C(30), "病种类型代码")
    dise_codg: str = asked(C(30), "病种编码")
    dise_name: str = asked(C(500), "病种名称")
    birctrl_type: str = free(C(6), "计划生育手术类别")
    birctrl_matn_date: date | None = free(DAY, "计划生育手术或生育日期")
    matn_type: str = free(C(6), "生育类别", "2203A")
    geso_val: int | None = free(SMALL, "孕周数", "2203A")
    rxfixmedinsCode: str = free(C(12), "处方医药机构编码", "2203A of a pharmacy")
    rxfixmedinsName: str = free(C(200), "处方医药机构名称", "2203A of a pharmacy")
    exp_content: Any = free(NESTED, "字段扩展")


@node("diseinfo", "表 76/88 诊断信息", many=True)
class Diagnosis:
    """One diagnosis."""

    diag_type: str = needed(C(3), "诊断类别")
    diag_srt_no: int | None = asked(SMALL, "诊断排序号")
    diag_code: str = needed(C(30), "诊断代码")
    diag_name: str = needed(C(100), "诊断名称")
    diag_dept: str = asked(C(50), "诊断科室")
    dise_dor_no: str = asked(C(30), "诊断医生编码")
    dise_dor_name: str = asked(C(50), "诊断医生姓名")
    diag_time: datetime | None = asked(MOMENT, "诊断时间")
    vali_flag: str = asked(C(3), "有效标志", "0 withdraws the diagnosis")


@node("data", "表 81 门诊费用明细信息撤销")
class Withdrawal:
    """Uploaded lines are taken back."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    chrg_bchno: str = needed(C(30), "收费批次号", "0000: all unsettled lines")
    psn_no: str = needed(C(30), "人员编号")
    exp_content: Any = free(NESTED, "字段扩展")


#: What of 2201 is kept with the visit.
_KEPT = ("atddr_no", "dr_name", "dept_code", "dept_name", "caty")


def visit_number(mdtrt_id: str) -> int:
    """Our number of a visit.

    Raises:
        NotFound: ``visit.unknown`` when it is no mdtrt_id of ours.
    """
    number = from_wire(mdtrt_id)
    if number is None:
        raise refusals.visit_unknown()
    return number


def register(call: Call) -> Answer:
    """2201."""
    data = read_node(Registration, call.input)
    database = call.platform.database
    with database.transaction() as connection:
        person = person_registering(connection, call, data)
    texts = as_texts(data)
    command = RegisterVisit(
        key=call.key,
        person_id=person.id,
        number=data.ipt_otp_no,
        scheme=data.insutype,
        began_at=data.begntime,
        details={name: texts[name] for name in _KEPT if name in texts},
    )
    visit = visits.register_visit(database, command, call.received_at)
    registered = Registered(
        mdtrt_id=wire_id(call.institution.region, visit.id),
        psn_no=person.psn_no,
        ipt_otp_no=visit.number,
        exp_content=None,
    )
    return Answer({"data": write_node(registered)})


def cancel(call: Call) -> Answer:
    """2202."""
    data = read_node(Cancellation, call.input)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psn_no)
        visits.cancel_visit(connection, call.institution.id, person.id, visit_number(data.mdtrt_id), data.ipt_otp_no)
    return Answer(None)


def record_diagnoses(call: Call) -> Answer:
    """2203 and 2203A."""
    info = read_node(VisitInfo, call.input)
    diagnoses = read_rows(Diagnosis, call.input)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, info.psn_no, "input.mdtrtinfo.psn_no")
        if info.rxfixmedinsCode:
            hospital = registry.institution_by_code(connection, info.rxfixmedinsCode)
            tier_of_prescriber(info.rxfixmedinsCode, hospital, "input.mdtrtinfo.rxfixmedinsCode")
        details = as_texts(info)
        for already_known in ("mdtrt_id", "psn_no", "med_type"):
            del details[already_known]
        visits.record_diagnoses(
            connection,
            call.institution.id,
            person.id,
            visit_number(info.mdtrt_id),
            info.med_type,
            details,
            [as_texts(diagnosis) for diagnosis in diagnoses],
        )
    return Answer(None)


def upload_lines(call: Call) -> Answer:
    """2204."""
    details = read_rows(FeeDetail, call.input)
    refuse_repeats(details, "feedetail")
    first = details[0]
    for number, other in enumerate(details):
        if (other.mdtrt_id, other.psn_no) != (first.mdtrt_id, first.psn_no):
            raise _several_visits(number)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, first.psn_no, "input.feedetail[0].psn_no")
        keys = [item_key(call.institution.region, each) for each in details]
        items = catalogue_items(connection, frozenset(keys))
        lines = [
            priced(each, items.get(key), batch=each.chrg_bchno, approval=each.hosp_appr_flag or "")
            for each, key in zip(details, keys, strict=True)
        ]
        kept = visits.upload_lines(connection, call.institution, person.id, visit_number(first.mdtrt_id), lines)
        rows = [write_node(uploaded_row(fee)) for fee in kept]
    return Answer({"result": rows})


def _several_visits(number: int) -> InvalidInput:
    path = f"input.feedetail[{number}]"
    return InvalidInput(
        "fee_line.other_visit",
        f"{path} belongs to another visit or person than the first line",
        f"{path} 的就诊ID或人员编号与第 1 行不同：一次只能上传一次就诊的明细",
        field=f"{path}.mdtrt_id",
        accepted="lines of one visit",
    )


def withdraw_lines(call: Call) -> Answer:
    """2205."""
    data = read_node(Withdrawal, call.input)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psn_no)
        visits.drop_lines(connection, call.institution.id, person.id, visit_number(data.mdtrt_id), data.chrg_bchno)
    return Answer(None)


TRANSACTIONS = (
    Transaction("2201", "门诊挂号", (Registration,), (Registered,), register),
    Transaction("2202", "门诊挂号撤销", (Cancellation,), (), cancel),
    Transaction("2203", "门诊就诊信息上传", (VisitInfo, Diagnosis), (), record_diagnoses),
    Transaction("2203A", "定点零售药店门诊就诊信息上传", (VisitInfo, Diagnosis), (), record_diagnoses),
    Transaction("2204", "门诊费用明细信息上传", (FeeDetail,), (UploadedRow,), upload_lines),
    Transaction("2205", "门诊费用明细信息撤销", (Withdrawal,), (), withdraw_lines),
)
