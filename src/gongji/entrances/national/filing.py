"""2501 to 2506: filings that a hospital makes for a patient, and takes back before the agency has decided; 5301 and 5302
tell which are in force."""

from __future__ import annotations

from datetime import date
from typing import Final

from gongji.entrances.national.fields import DAY, C
from gongji.entrances.national.messages import as_texts, asked, free, needed, node, read_node, write_node
from gongji.entrances.national.patient import person_numbered
from gongji.entrances.national.transaction import Answer, Call, Transaction, record
from gongji.foundation.errors import InvalidInput, NotFound
from gongji.registry import filings
from gongji.registry import service as registry
from gongji.registry.filings import Filing, FilingKind, FilingState, NewFiling
from gongji.settlement.model import from_wire, wire_id
from gongji.settlement.once import made_once
from gongji.settlement.visits import lock_patient


@node("refmedin", "表 116 转院备案")
class Referral:
    """A patient is referred to another hospital."""

    psn_no: str = needed(C(30), "人员编号")
    diag_code: str = asked(C(20), "诊断代码")
    diag_name: str = asked(C(100), "诊断名称")
    reflin_medins_no: str = needed(C(12), "转往定点医药机构编号")
    reflin_medins_name: str = asked(C(200), "转往医院名称")
    mdtrtarea_admdvs: str = asked(C(6), "就医地行政区划")
    refl_type: str = asked(C(30), "转院类型")
    refl_date: date = needed(DAY, "转院日期")
    refl_rea: str = asked(C(100), "转院原因")
    refl_opnn: str = asked(C(200), "转院意见")
    begndate: date | None = free(DAY, "开始日期", "without one, refl_date")
    enddate: date | None = free(DAY, "结束日期", "without one, open")


@node("data", "表 119 人员慢特病备案")
class SpecialDisease:
    """A patient has a special disease."""

    psn_no: str = needed(C(30), "人员编号")
    insutype: str = asked(C(6), "险种类型")
    opsp_dise_code: str = needed(C(30), "门慢门特病种目录代码")
    opsp_dise_name: str = needed(C(300), "门慢门特病种名称")
    insu_optins: str = asked(C(6), "参保机构医保区划")
    ide_fixmedins_no: str = asked(C(30), "鉴定定点医药机构编号")
    ide_fixmedins_name: str = asked(C(200), "鉴定定点医药机构名称")
    hosp_ide_date: date | None = asked(DAY, "医院鉴定日期")
    diag_dr_codg: str = asked(C(30), "诊断医师编码")
    diag_dr_name: str = asked(C(50), "诊断医师姓名")
    begndate: date = needed(DAY, "开始日期")
    enddate: date | None = free(DAY, "结束日期", "without one, open")


@node("data", "表 122 人员定点备案")
class ChosenProvider:
    """A patient chooses an institution, or a family doctor's team."""

    psn_no: str = needed(C(30), "人员编号")
    biz_appy_type: str = needed(C(3), "业务申请类型", "05 a family doctor; 03 and all others an institution")
    begndate: date = needed(DAY, "开始日期")
    enddate: date | None = free(DAY, "结束日期", "without one, open")
    fix_srt_no: str = needed(C(3), "定点排序号")
    fixmedins_code: str = needed(C(12), "定点医药机构编号")
    fixmedins_name: str = asked(C(200), "定点医药机构名称")


@node("result", "表 117/120/123 备案结果")
class FilingNumber:
    """The filing's number."""

    trt_dcla_detl_sn: str = needed(C(30), "待遇申报明细流水号")


@node("data", "表 121/124 备案撤销")
class WithdrawFiling:
    """A filing that the agency has not decided on is taken back."""

    trt_dcla_detl_sn: str = needed(C(30), "待遇申报明细流水号")
    psn_no: str = needed(C(30), "人员编号")
    memo: str = asked(C(500), "备注", "the reason")


@node("data", "表 277 人员慢特病备案查询")
class DiseaseQuery:
    """Which special diseases has this person now?"""

    psn_no: str = needed(C(30), "人员编号")


@node("feedetail", "表 278 人员慢特病备案", many=True)
class FiledDisease:
    """A special disease that is granted today."""

    opsp_dise_code: str = needed(C(30), "门慢门特病种目录代码")
    opsp_dise_name: str = needed(C(300), "门慢门特病种名称")
    begndate: date = needed(DAY, "开始日期")
    enddate: date | None = free(DAY, "结束日期")
    exp_content: str | None = free(C(4000), "字段扩展")


@node("data", "表 279 人员定点信息查询")
class ProviderQuery:
    """Which institutions has this person chosen?"""

    psn_no: str = needed(C(30), "人员编号")
    biz_appy_type: str = asked(C(3), "业务申请类型", "without one, all")


@node("psnfixmedin", "表 280 人员定点信息", many=True)
class FiledProvider:
    """An institution that is granted today."""

    psn_no: str = needed(C(30), "人员编号")
    insutype: str | None = free(C(6), "险种类型")
    fix_srt_no: str = needed(C(3), "定点排序号")
    fixmedins_code: str = needed(C(12), "定点医药机构编号")
    fixmedins_name: str = needed(C(200), "定点医药机构名称")
    begndate: date = needed(DAY, "开始日期")
    enddate: date | None = free(DAY, "结束日期")
    memo: str | None = free(C(500), "备注")


#: biz_appy_type of a family doctor.
_FAMILY_DOCTOR: Final = "05"

_PROVIDERS: Final = (FilingKind.PROVIDER, FilingKind.FAMILY_DOCTOR)


def refer(call: Call) -> Answer:
    """2501."""
    data = read_node(Referral, call.input)
    since = data.begndate or data.refl_date
    subject, name = data.reflin_medins_no, data.reflin_medins_name
    new = NewFiling(0, FilingKind.REFERRAL, subject, since, data.enddate, name, details=as_texts(data))
    return _file(call, data.psn_no, new, node="refmedin")


def file_disease(call: Call) -> Answer:
    """2503."""
    data = read_node(SpecialDisease, call.input)
    subject, name = data.opsp_dise_code, data.opsp_dise_name
    new = NewFiling(0, FilingKind.SPECIAL_DISEASE, subject, data.begndate, data.enddate, name, details=as_texts(data))
    return _file(call, data.psn_no, new)


def choose_provider(call: Call) -> Answer:
    """2505."""
    data = read_node(ChosenProvider, call.input)
    with call.platform.database.transaction() as connection:
        chosen = registry.institution_by_code(connection, data.fixmedins_code)
    if chosen is None:
        raise NotFound(
            "institution.unknown",
            f"there is no designated institution {data.fixmedins_code}",
            f"没有定点医药机构 {data.fixmedins_code}，请核对编号",
            field="input.data.fixmedins_code",
            accepted="the code of a designated institution",
        )
    new = NewFiling(
        0,
        FilingKind.FAMILY_DOCTOR if data.biz_appy_type == _FAMILY_DOCTOR else FilingKind.PROVIDER,
        data.fix_srt_no,
        data.begndate,
        data.enddate,
        chosen.name,
        institution_id=chosen.id,
        details=as_texts(data),
    )
    return _file(call, data.psn_no, new)


def _file(call: Call, psn_no: str, new: NewFiling, node: str = "data") -> Answer:
    """Enter a filing; the same message again gives the same number."""
    if new.until is not None and new.until < new.since:
        raise InvalidInput(
            "field.invalid",
            f"input.{node}.enddate lies before the beginning",
            f"input.{node}.enddate 早于开始日期",
            field=f"input.{node}.enddate",
            accepted="a day on or after the first",
        )
    database = call.platform.database
    with database.transaction() as connection:
        person = person_numbered(connection, call, psn_no, f"input.{node}.psn_no")
        lock_patient(connection, person.id)
        details = {**new.details, "filed_by": call.institution.code}
        filed = NewFiling(
            person.id,
            new.kind,
            new.subject,
            new.since,
            new.until,
            new.name,
            institution_id=new.institution_id,
            details=details,
        )

        def make() -> int:
            made = filings.file(connection, database.serials, filed, call.received_at)
            record(connection, call, "filing.file", person.id, filing=made, kind=str(new.kind))
            return made

        number = made_once(connection, call.key, make)
    told = FilingNumber(trt_dcla_detl_sn=wire_id(call.institution.region, number))
    return Answer({"result": write_node(told)})


def withdraw(call: Call) -> Answer:
    """2504 and 2506."""
    data = read_node(WithdrawFiling, call.input)
    number = from_wire(data.trt_dcla_detl_sn)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psn_no)
        gone = filings.withdraw(connection, person.id, number or 0, data.memo, by=call.institution.code)
        record(connection, call, "filing.withdraw", person.id, filing=gone.id)
    return Answer(None)


def query_diseases(call: Call) -> Answer:
    """5301."""
    data = read_node(DiseaseQuery, call.input)
    found = _in_force(call, data.psn_no, (FilingKind.SPECIAL_DISEASE, FilingKind.TWO_DISEASES))
    rows = [
        FiledDisease(
            opsp_dise_code=one.subject,
            opsp_dise_name=one.name,
            begndate=one.since,
            enddate=one.until,
            exp_content=None,
        )
        for one in found
    ]
    return Answer({"feedetail": [write_node(row) for row in rows]})


def query_providers(call: Call) -> Answer:
    """5302."""
    data = read_node(ProviderQuery, call.input)
    kinds: tuple[FilingKind, ...] = _PROVIDERS
    if data.biz_appy_type:
        kinds = (FilingKind.FAMILY_DOCTOR if data.biz_appy_type == _FAMILY_DOCTOR else FilingKind.PROVIDER,)
    found = [one for one in _in_force(call, data.psn_no, kinds) if one.institution_id is not None]
    with call.platform.database.transaction() as connection:
        chosen = registry.institutions_by_id(connection, {one.institution_id or 0 for one in found})
    rows = [
        FiledProvider(
            psn_no=data.psn_no,
            insutype=None,
            fix_srt_no=one.subject,
            fixmedins_code=chosen[one.institution_id or 0].code,
            fixmedins_name=chosen[one.institution_id or 0].name,
            begndate=one.since,
            enddate=one.until,
            memo=None,
        )
        for one in found
    ]
    return Answer({"psnfixmedin": [write_node(row) for row in rows]})


def _in_force(call: Call, psn_no: str, kinds: tuple[FilingKind, ...]) -> list[Filing]:
    """The person's filings of these kinds that are granted and take in today; that they were read is audited."""
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, psn_no)
        found = filings.filings_of(connection, person.id, kinds, call.received_at.date())
        record(connection, call, "filing.read", person.id)
    return [one for one in found if one.state is FilingState.GRANTED]


TRANSACTIONS = (
    Transaction("2501", "转院备案", (Referral,), (FilingNumber,), refer),
    Transaction("2503", "人员慢特病备案", (SpecialDisease,), (FilingNumber,), file_disease),
    Transaction("2504", "人员慢特病备案撤销", (WithdrawFiling,), (), withdraw),
    Transaction("2505", "人员定点备案", (ChosenProvider,), (FilingNumber,), choose_provider),
    Transaction("2506", "人员定点备案撤销", (WithdrawFiling,), (), withdraw),
    Transaction("5301", "人员慢特病备案查询", (DiseaseQuery,), (FiledDisease,), query_diseases),
    Transaction("5302", "人员定点信息查询", (ProviderQuery,), (FiledProvider,), query_providers),
)
