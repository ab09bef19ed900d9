"""5201 就诊信息, 5202 诊断信息, 5204 费用明细 and 5205 慢特病用药记录: what was, read back."""

from __future__ import annotations

from datetime import datetime

from gongji.entrances.national.fields import COUNT, MOMENT, MONEY, PRICE, C
from gongji.entrances.national.lines import CLASS_CODES, NO_CEILING
from gongji.entrances.national.messages import asked, needed, node, read_node, write_node
from gongji.entrances.national.outpatient import visit_number
from gongji.entrances.national.patient import person_numbered
from gongji.entrances.national.transaction import Answer, Call, Transaction, record
from gongji.foundation.errors import InvalidInput
from gongji.registry import service as registry
from gongji.registry.model import ItemClass
from gongji.settlement import history, refusals
from gongji.settlement import queries as settlements
from gongji.settlement.admissions import find_admission
from gongji.settlement.model import UNDO, FeeLine, from_wire, wire_id
from gongji.settlement.visits import find_visit


@node("data", "表 264 就诊信息查询")
class VisitQuery:
    """A person's visits to the asking institution in a span."""

    psn_no: str = needed(C(30), "人员编号")
    begntime: datetime = needed(MOMENT, "开始时间")
    endtime: datetime = needed(MOMENT, "结束时间", "a day alone is the whole day")
    med_type: str = asked(C(6), "医疗类别", "without one, all")


@node("mdtrtinfo", "表 265 就诊信息", many=True)
class VisitRow:
    """A visit or a stay."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    psn_cert_type: str = needed(C(6), "人员证件类型")
    certno: str = needed(C(50), "证件号码")
    psn_name: str = needed(C(50), "人员姓名")
    gend: str = needed(C(6), "性别")
    insutype: str = needed(C(6), "险种类型")
    psn_type: str | None = asked(C(6), "人员类别", "null without insurance on that day")
    cvlserv_flag: str = needed(C(3), "公务员标志")
    begntime: datetime = needed(MOMENT, "开始时间")
    endtime: datetime | None = asked(MOMENT, "结束时间", "null while the patient is in hospital")
    med_type: str = needed(C(6), "医疗类别")


@node("data", "表 266 诊断信息查询")
class DiagnosisQuery:
    """What was diagnosed in a visit to the asking institution."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")


@node("diseinfo", "表 267 诊断信息", many=True)
class DiagnosisRow:
    """One diagnosis, as it was told."""

    diag_info_id: str = needed(C(30), "诊断信息ID")
    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    inout_diag_type: str | None = asked(C(3), "出入院诊断类别", "of a stay")
    diag_type: str = needed(C(3), "诊断类别")
    maindiag_flag: str = needed(C(3), "主诊断标志", "without one told, the first is the main one")
    diag_srt_no: str | None = asked(C(6), "诊断排序号")
    diag_code: str = needed(C(30), "诊断代码")
    diag_name: str = needed(C(100), "诊断名称")
    diag_dept: str | None = asked(C(50), "诊断科室")
    dise_dor_no: str | None = asked(C(30), "诊断医生编码")
    dise_dor_name: str | None = asked(C(50), "诊断医生姓名")
    diag_time: str | None = asked(C(19), "诊断时间")


@node("data", "表 271 费用明细查询")
class LinesQuery:
    """The fee lines of a settlement at the asking institution."""

    psn_no: str = needed(C(30), "人员编号")
    setl_id: str = needed(C(30), "结算ID")
    mdtrt_id: str = asked(C(30), "就诊ID", "held against the settlement's when it is sent")


@node("feedetail", "表 272 费用明细", many=True)
class LineRow:
    """One fee line of a settlement."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    setl_id: str = needed(C(30), "结算ID")
    feedetl_sn: str = needed(C(30), "费用明细流水号")
    med_type: str = needed(C(6), "医疗类别")
    fee_ocur_time: datetime = needed(MOMENT, "费用发生时间")
    cnt: int = needed(COUNT, "数量")
    pric: int = needed(PRICE, "单价")
    det_item_fee_sumamt: int = needed(MONEY, "明细项目费用总额")
    pric_uplmt_amt: int = needed(PRICE, "定价上限金额", "999999 without one, as real centres answer")
    chrgitm_lv: str = needed(C(3), "收费项目等级")
    hilist_code: str = needed(C(50), "医保目录编码")
    hilist_name: str | None = needed(C(200), "医保目录名称")
    list_type: str | None = asked(C(6), "目录类别", "the catalogue does not tell it")
    med_list_codg: str = needed(C(50), "医疗目录编码")
    medins_list_codg: str = needed(C(150), "医药机构目录编码")
    medins_list_name: str | None = asked(C(100), "医药机构目录名称", "not told by 2204")
    med_chrgitm_type: str | None = asked(C(6), "医疗收费项目类别")
    dosform_name: str | None = asked(C(200), "剂型名称", "not in the catalogue")


@node("data", "表 273 人员慢特病用药记录查询")
class DispensedQuery:
    """What was dispensed for a person's special diseases since a moment."""

    psn_no: str = needed(C(30), "人员编号")
    begntime: datetime = needed(MOMENT, "开始时间")
    endtime: datetime | None = asked(MOMENT, "结束时间", "without one, now")


@node("feedetail", "表 274 人员慢特病用药记录", many=True)
class DispensedRow:
    """One line of special-disease care, at any institution."""

    feedetl_sn: str = needed(C(30), "费用明细流水号")
    fixmedins_name: str = needed(C(200), "定点医药机构名称")
    psn_no: str = needed(C(30), "人员编号")
    med_type: str = needed(C(6), "医疗类别")
    fee_ocur_time: datetime = needed(MOMENT, "费用发生时间")
    cnt: int = needed(COUNT, "数量")
    pric: int = needed(PRICE, "单价")
    hilist_code: str = needed(C(50), "医保目录编码")
    hilist_name: str | None = needed(C(200), "医保目录名称")
    list_type: str | None = asked(C(6), "目录类别")
    med_list_codg: str = needed(C(50), "医疗目录编码")
    medins_list_codg: str = needed(C(150), "医药机构目录编码")
    medins_list_name: str | None = asked(C(100), "医药机构目录名称")
    med_chrgitm_type: str | None = asked(C(6), "医疗收费项目类别")
    spec: str | None = asked(C(200), "规格", "not in the catalogue")


def query_visits(call: Call) -> Answer:
    """5201. An institution sees its own visits only."""
    data = read_node(VisitQuery, call.input)
    until = _until(data.begntime, data.endtime)
    region = call.institution.region
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psn_no)
        found = history.visits_of(connection, call.institution.id, person.id, data.begntime, until, data.med_type)
        rows = []
        for one in found:
            stay = find_admission(connection, one.id)
            insured = registry.enrolment_on(connection, person.id, one.began_at.date())
            row = VisitRow(
                mdtrt_id=wire_id(region, one.id),
                psn_no=person.psn_no,
                psn_cert_type=person.certificate_type,
                certno=person.certificate,
                psn_name=person.name,
                gend=person.gender,
                insutype=one.scheme.value,
                psn_type=insured.psn_type if insured else None,
                cvlserv_flag="1" if insured and insured.civil_servant else "0",
                begntime=one.began_at,
                endtime=stay.discharged_at if stay else one.began_at,
                med_type=one.med_type,
            )
            rows.append(write_node(row))
        record(connection, call, "visit.read", person.id)
    return Answer({"mdtrtinfo": rows})


def query_diagnoses(call: Call) -> Answer:
    """5202. An institution sees its own visits only."""
    data = read_node(DiagnosisQuery, call.input)
    visit_id = visit_number(data.mdtrt_id)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psn_no)
        found = find_visit(connection, visit_id)
        if found is None or found.person_id != person.id or found.institution_id != call.institution.id:
            raise refusals.visit_unknown()
        record(connection, call, "visit.read", person.id)
    rows = [
        DiagnosisRow(
            diag_info_id=f"{data.mdtrt_id}{number:04d}",
            mdtrt_id=data.mdtrt_id,
            psn_no=person.psn_no,
            inout_diag_type=one.get("inout_diag_type"),
            diag_type=one.get("diag_type", ""),
            maindiag_flag=one.get("maindiag_flag") or ("1" if number == 1 else "0"),
            diag_srt_no=one.get("diag_srt_no"),
            diag_code=one.get("diag_code", ""),
            diag_name=one.get("diag_name", ""),
            diag_dept=one.get("diag_dept") or one.get("adm_dept_codg"),
            dise_dor_no=one.get("dise_dor_no"),
            dise_dor_name=one.get("dise_dor_name"),
            diag_time=one.get("diag_time"),
        )
        for number, one in enumerate(found.diagnoses, start=1)
    ]
    return Answer({"diseinfo": [write_node(row) for row in rows]})


def query_lines(call: Call) -> Answer:
    """5204. An institution sees its own settlements only; one that was undone is not there any more."""
    data = read_node(LinesQuery, call.input)
    settlement_id = from_wire(data.setl_id)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psn_no)
        stored = None if settlement_id is None else settlements.find_settlement(connection, settlement_id)
        if (
            stored is None
            or stored.undone
            or stored.settlement.infno == UNDO
            or stored.settlement.institution_id != call.institution.id
            or stored.settlement.person_id != person.id
            or (data.mdtrt_id and from_wire(data.mdtrt_id) != stored.settlement.visit_id)
        ):
            raise refusals.settlement_unknown()
        settlement = stored.settlement
        found = history.lines_of_settlement(connection, settlement)
        record(connection, call, "settlement.read", person.id)
    mdtrt_id = wire_id(call.institution.region, settlement.visit_id)
    rows = [_line(mdtrt_id, data.setl_id, settlement.med_type, one) for one in found]
    return Answer({"feedetail": [write_node(row) for row in rows]})


def _line(mdtrt_id: str, setl_id: str, med_type: str, fee: FeeLine) -> LineRow:
    line = fee.line
    item = line.item
    return LineRow(
        mdtrt_id=mdtrt_id,
        setl_id=setl_id,
        feedetl_sn=line.sn,
        med_type=med_type,
        fee_ocur_time=line.occurred_at,
        cnt=line.count,
        pric=line.price,
        det_item_fee_sumamt=line.total,
        pric_uplmt_amt=NO_CEILING if item is None or item.ceiling is None else item.ceiling,
        chrgitm_lv=CLASS_CODES[item.item_class if item else ItemClass.C],
        hilist_code=line.item_code,
        hilist_name=item.name if item else None,
        list_type=None,
        med_list_codg=line.item_code,
        medins_list_codg=line.own_code,
        medins_list_name=None,
        med_chrgitm_type=item.charge_type if item else None,
        dosform_name=None,
    )


def query_dispensed(call: Call) -> Answer:
    """5205. What other institutions dispensed is told too: that is what the question is for."""
    data = read_node(DispensedQuery, call.input)
    until = _until(data.begntime, data.endtime or call.received_at)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psn_no)
        found = history.dispensed_for_diseases(connection, person.id, data.begntime, until)
        where = registry.institutions_by_id(connection, {one.institution_id for one in found})
        record(connection, call, "dispensed.read", person.id)
    rows = []
    for one in found:
        line, item = one.line.line, one.line.line.item
        row = DispensedRow(
            feedetl_sn=line.sn,
            fixmedins_name=where[one.institution_id].name,
            psn_no=person.psn_no,
            med_type=one.med_type,
            fee_ocur_time=line.occurred_at,
            cnt=line.count,
            pric=line.price,
            hilist_code=line.item_code,
            hilist_name=item.name if item else None,
            list_type=None,
            med_list_codg=line.item_code,
            medins_list_codg=line.own_code,
            medins_list_name=None,
            med_chrgitm_type=item.charge_type if item else None,
            spec=None,
        )
        rows.append(write_node(row))
    return Answer({"feedetail": rows})


def _until(since: datetime, until: datetime) -> datetime:
    """The end of a span; a day without an hour is the whole day."""
    if (until.hour, until.minute, until.second) == (0, 0, 0):
        until = until.replace(hour=23, minute=59, second=59)
    if until < since:
        raise InvalidInput(
            "field.invalid",
            "input.data.endtime lies before begntime",
            "input.data.endtime 早于 begntime",
            field="input.data.endtime",
            accepted="a moment after begntime",
        )
    return until


TRANSACTIONS = (
    Transaction("5201", "就诊信息查询", (VisitQuery,), (VisitRow,), query_visits),
    Transaction("5202", "诊断信息查询", (DiagnosisQuery,), (DiagnosisRow,), query_diagnoses),
    Transaction("5204", "费用明细查询", (LinesQuery,), (LineRow,), query_lines),
    Transaction("5205", "人员慢特病用药记录查询", (DispensedQuery,), (DispensedRow,), query_dispensed),
)
