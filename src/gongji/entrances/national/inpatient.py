"""2401 to 2405: a stay in hospital from the admission to the discharge, changed and undone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from gongji.entrances.national.deposit import place_asked
from gongji.entrances.national.fields import DAY, MOMENT, NESTED, SMALL, C, choice, padded
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
from gongji.entrances.national.outpatient import visit_number
from gongji.entrances.national.patient import person_numbered, person_registering
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.rules.model import Scheme
from gongji.settlement import admission_deposits, admissions
from gongji.settlement.admissions import Admission
from gongji.settlement.model import RegisterVisit, wire_id


@node("mdtrtinfo", "表 103 入院就诊信息")
class AdmissionInfo:
    """A person comes to stay."""

    psn_no: str = needed(C(30), "人员编号")
    insutype: Scheme = needed(choice(6, Scheme), "险种类型")
    begntime: datetime = needed(MOMENT, "开始时间", "the admission")
    mdtrt_cert_type: str = asked(padded(3, 2), "就诊凭证类型")
    mdtrt_cert_no: str = asked(C(200), "就诊凭证编号")
    card_sn: str = free(C(32), "卡识别码")
    cert_type: str = asked(padded(6, 2), "证件类型")
    certno: str = asked(C(50), "证件号码")
    psn_type: str = asked(C(6), "人员类别")
    psn_name: str = asked(C(50), "人员姓名")
    coner_name: str = free(C(50), "联系人姓名")
    tel: str = free(C(50), "联系电话")
    med_type: str = needed(C(6), "医疗类别", "21, 2101, 22 …")
    ipt_no: str = needed(C(30), "住院号", "the hospital's own number of the stay")
    medrcdno: str = free(C(30), "病历号")
    atddr_no: str = asked(C(30), "主治医生编码")
    chfpdr_name: str = asked(C(50), "主诊医师姓名")
    adm_diag_dscr: str = asked(C(200), "入院诊断描述")
    adm_dept_codg: str = asked(C(30), "入院科室编码")
    adm_dept_name: str = asked(C(100), "入院科室名称")
    adm_bed: str = asked(C(30), "入院床位")
    dscg_maindiag_code: str = asked(C(20), "住院主诊断代码")
    dscg_maindiag_name: str = asked(C(300), "住院主诊断名称")
    insuplc_admdvs: str = asked(C(6), "参保地医保区划")
    mdtrtarea_admvs: str = asked(C(6), "就医地医保区划")
    exp_content: Any = free(NESTED, "字段扩展", "deposit_amt, deposit_acct: what to hold for the stay")


@node("diseinfo", "表 104/107/109 住院诊断信息", many=True)
class StayDiagnosis:
    """One diagnosis of a stay; one with the same diag_srt_no replaces it."""

    mdtrt_id: str = free(C(30), "就诊ID")
    psn_no: str = asked(C(30), "人员编号")
    diag_type: str = asked(C(3), "诊断类别")
    maindiag_flag: str = asked(C(3), "主诊断标志")
    diag_srt_no: int | None = asked(SMALL, "诊断排序号")
    diag_code: str = needed(C(30), "诊断代码")
    diag_name: str = needed(C(100), "诊断名称")
    adm_cond: str = free(C(500), "入院病情")
    diag_dept: str = asked(C(50), "诊断科室")
    dise_dor_no: str = asked(C(30), "诊断医生编码")
    dise_dor_name: str = asked(C(50), "诊断医生姓名")
    diag_time: datetime | None = asked(MOMENT, "诊断时间")


@node("result", "表 105 入院办理结果")
class Admitted:
    """The stay's number, and what was held for it."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    exp_content: str | None = free(C(4000), "字段扩展", "deposit_amt, deposit_acct: what is held")


@node("dscginfo", "表 106 出院信息")
class DischargeInfo:
    """The patient leaves."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    insutype: Scheme = asked(choice(6, Scheme), "险种类型")
    endtime: datetime = needed(MOMENT, "结束时间", "the discharge")
    dise_codg: str = free(C(30), "病种编码")
    dise_name: str = free(C(500), "病种名称")
    oprn_oprt_code: str = free(C(30), "手术操作代码")
    oprn_oprt_name: str = free(C(500), "手术操作名称")
    dscg_dept_codg: str = asked(C(30), "出院科室编码")
    dscg_dept_name: str = asked(C(100), "出院科室名称")
    dscg_bed: str = free(C(30), "出院床位")
    dscg_way: str = asked(C(3), "离院方式")
    die_date: date | None = free(DAY, "死亡日期")
    exp_content: Any = free(NESTED, "字段扩展")


@node("adminfo", "表 108 入院登记信息")
class ChangedInfo:
    """What was told at admission, corrected."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    coner_name: str = free(C(50), "联系人姓名")
    tel: str = free(C(50), "联系电话")
    begntime: datetime | None = asked(MOMENT, "开始时间", "left out, it stays")
    endtime: datetime | None = free(MOMENT, "结束时间", "not taken: 2402 tells the discharge")
    mdtrt_cert_type: str = asked(padded(3, 2), "就诊凭证类型")
    med_type: str = asked(C(6), "医疗类别", "left out, it stays")
    ipt_otp_no: str = asked(C(30), "住院/门诊号")
    atddr_no: str = asked(C(30), "主治医生编码")
    chfpdr_name: str = asked(C(50), "主诊医师姓名")
    adm_diag_dscr: str = asked(C(200), "入院诊断描述")
    adm_dept_codg: str = asked(C(30), "入院科室编码")
    adm_dept_name: str = asked(C(100), "入院科室名称")
    adm_bed: str = asked(C(30), "入院床位")
    dscg_maindiag_code: str = asked(C(20), "住院主诊断代码")
    dscg_maindiag_name: str = asked(C(300), "住院主诊断名称")
    exp_content: Any = free(NESTED, "字段扩展")


@node("data", "表 110/111 入院撤销、出院撤销")
class StayNamed:
    """A stay by its number."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    exp_content: Any = free(NESTED, "字段扩展")


#: What of 2401 and 2403 is kept with the stay.
_KEPT = (
    "atddr_no",
    "chfpdr_name",
    "adm_diag_dscr",
    "adm_dept_codg",
    "adm_dept_name",
    "adm_bed",
    "dscg_maindiag_code",
    "dscg_maindiag_name",
)

#: inout_diag_type: told at admission, or at discharge.
_AT_ADMISSION, _AT_DISCHARGE = "1", "2"

#: What of 2402 is kept with it.
_KEPT_AT_DISCHARGE = ("dscg_dept_codg", "dscg_dept_name", "dscg_bed", "dscg_way", "dise_codg", "dise_name")


def own_stay(connection: sa.Connection, call: Call, psn_no: str, mdtrt_id: str, node_name: str) -> Admission:
    """The stay that a message names, under lock, if it is this patient's at the calling institution.

    Raises:
        NotFound: ``person.unknown``, ``visit.unknown``, ``admission.unknown``. Refused: ``admission.outpatient``.
    """
    person = person_numbered(connection, call, psn_no, f"input.{node_name}.psn_no")
    return admissions.own_admission(connection, call.institution.id, person.id, visit_number(mdtrt_id))


def admit(call: Call) -> Answer:
    """2401. A deposit that cannot be held is told in warn_msg: nobody is left outside for it."""
    data = read_node(AdmissionInfo, call.input)
    diagnoses = _diagnoses(call, _AT_ADMISSION)
    deposit = admission_deposits.asked_for(data.exp_content)
    database = call.platform.database
    with database.transaction() as connection:
        person = person_registering(connection, call, data, "mdtrtinfo")
    command = RegisterVisit(
        key=call.key,
        person_id=person.id,
        number=data.ipt_no,
        scheme=data.insutype,
        began_at=data.begntime,
        details=_only(_KEPT, data),
    )
    made = admissions.admit(database, command, call.institution, data.med_type, diagnoses, call.received_at)
    told, warning = place_asked(call, made, deposit) if deposit is not None else (None, None)
    admitted = Admitted(mdtrt_id=wire_id(call.institution.region, made.id), exp_content=told)
    return Answer({"result": write_node(admitted)}, warning)


def discharge(call: Call) -> Answer:
    """2402."""
    data = read_node(DischargeInfo, call.input)
    diagnoses = _diagnoses(call, _AT_DISCHARGE)
    with call.platform.database.transaction() as connection:
        known = own_stay(connection, call, data.psn_no, data.mdtrt_id, "dscginfo")
        details = _only(_KEPT_AT_DISCHARGE, data)
        admissions.discharge(connection, known, data.endtime, details, diagnoses, call.received_at)
    return Answer({})


def change(call: Call) -> Answer:
    """2403."""
    data = read_node(ChangedInfo, call.input)
    diagnoses = _diagnoses(call, _AT_ADMISSION)
    with call.platform.database.transaction() as connection:
        known = own_stay(connection, call, data.psn_no, data.mdtrt_id, "adminfo")
        admissions.change_admission(
            connection,
            known,
            began_at=data.begntime or known.admitted_at,
            med_type=data.med_type or known.visit.med_type,
            number=data.ipt_otp_no,
            details=_only(_KEPT, data),
            diagnoses=diagnoses,
            at=call.received_at,
        )
    return Answer({})


def cancel(call: Call) -> Answer:
    """2404. What was held for the stay goes back at once."""
    data = read_node(StayNamed, call.input)
    with call.platform.database.transaction() as connection:
        known = own_stay(connection, call, data.psn_no, data.mdtrt_id, "data")
        admissions.cancel_admission(connection, known, call.received_at)
    admission_deposits.give_back(call.platform.database, call.platform.desk, wire_id(call.institution.region, known.id))
    return Answer({})


def undo_discharge(call: Call) -> Answer:
    """2405."""
    data = read_node(StayNamed, call.input)
    with call.platform.database.transaction() as connection:
        known = own_stay(connection, call, data.psn_no, data.mdtrt_id, "data")
        admissions.undo_discharge(connection, known, call.received_at)
    return Answer({})


def _diagnoses(call: Call, when: str) -> list[dict[str, str]]:
    """The diagnoses of a message; real systems leave the node out where there is nothing new."""
    if not call.input.get("diseinfo"):
        return []
    return [as_texts(one) | {"inout_diag_type": when} for one in read_rows(StayDiagnosis, call.input)]


def _only(names: tuple[str, ...], row: object) -> dict[str, str]:
    texts = as_texts(row)
    return {name: texts[name] for name in names if name in texts}


TRANSACTIONS = (
    Transaction("2401", "入院办理", (AdmissionInfo, StayDiagnosis), (Admitted,), admit),
    Transaction("2402", "出院办理", (DischargeInfo, StayDiagnosis), (), discharge),
    Transaction("2403", "住院信息变更", (ChangedInfo, StayDiagnosis), (), change),
    Transaction("2404", "入院撤销", (StayNamed,), (), cancel),
    Transaction("2405", "出院撤销", (StayNamed,), (), undo_discharge),
)
