"""1101 人员信息获取 and 2001 人员待遇享受检查."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from gongji.entrances.national.fields import AMOUNT, DAY, MOMENT, NESTED, SMALL, C, choice, padded
from gongji.entrances.national.messages import asked, free, needed, node, read_node, write_node
from gongji.entrances.national.patient import CERTIFICATE, person_known_here, person_shown
from gongji.entrances.national.setlinfo import ACCOUNT, POOLED, POOLED_INPATIENT
from gongji.entrances.national.transaction import Answer, Call, Transaction, record
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.foundation.money import yuan
from gongji.ledger import service as ledger
from gongji.ledger.model import AccountKind
from gongji.registry import service as registry
from gongji.registry.certificate import CITIZEN_ID, clean_number
from gongji.registry.filings import Filing, filings_of
from gongji.registry.model import Enrolment, Institution, InstitutionKind, Person
from gongji.registry.name import check_name
from gongji.registry.presented import note_presented
from gongji.rules.model import BenefitRule, CareKind, Scheme
from gongji.settlement.kinds import entitled_disease, kind_of_care
from gongji.settlement.model import is_inpatient
from gongji.settlement.refusals import SCHEME_NAMES


@node("data", "表 7 人员信息获取")
class PersonQuery:
    """Whose credential is this?"""

    mdtrt_cert_type: str = needed(padded(3, 2), "就诊凭证类型", "01 token, 02 identity card, 03 social-security card")
    mdtrt_cert_no: str = asked(C(200), "就诊凭证编号", "may stand in certno instead when the type is 02")
    card_sn: str = free(C(32), "卡识别码")
    begntime: datetime | None = free(MOMENT, "开始时间", "with it, enrolments that have ended since are told too")
    psn_cert_type: str = asked(padded(6, 2), "人员证件类型")
    certno: str = asked(C(50), "证件号码")
    psn_name: str = asked(C(50), "人员姓名", "held against the person's when it is sent")


@node("baseinfo", "表 8 基本信息")
class BaseInfo:
    """The person."""

    psn_no: str = needed(C(30), "人员编号")
    psn_cert_type: str = needed(C(6), "人员证件类型")
    certno: str = needed(C(50), "证件号码")
    psn_name: str = needed(C(50), "人员姓名")
    gend: str = needed(C(6), "性别")
    naty: str = free(C(3), "民族")
    brdy: date = free(DAY, "出生日期")
    age: int = needed(SMALL, "年龄", "hundredths of a year here, years on the wire")
    exp_content: str | None = free(C(4000), "字段扩展", "JSON text: crtYearBalc current-year, calYearBalc historical")


@node("insuinfo", "表 9 参保信息列表", many=True)
class InsuInfo:
    """One enrolment."""

    balc: int = needed(AMOUNT, "余额", "of the personal account, on the newest row of the employee scheme")
    insutype: str = needed(C(6), "险种类型")
    psn_type: str = needed(C(6), "人员类别")
    psn_insu_stas: str = free(C(6), "人员参保状态", "1 in order, 2 paused, 4 ended")
    psn_insu_date: date = free(DAY, "个人参保日期")
    paus_insu_date: date | None = free(DAY, "暂停参保日期")
    cvlserv_flag: str = needed(C(3), "公务员标志")
    insuplc_admdvs: str = needed(C(6), "参保地医保区划")
    emp_name: str = free(C(200), "单位名称")


@node("data", "表 57 人员待遇享受检查")
class EntitlementQuery:
    """May this person use the funds and the account here?"""

    psn_no: str = needed(C(30), "人员编号")
    insutype: Scheme = needed(choice(6, Scheme), "险种类型")
    fixmedins_code: str = asked(C(12), "定点医药机构编号")
    med_type: str = needed(C(6), "医疗类别")
    begntime: datetime = needed(MOMENT, "开始时间")
    endtime: datetime | None = free(MOMENT, "结束时间")
    dise_codg: str = free(C(30), "病种编码")
    dise_name: str = free(C(500), "病种名称")
    oprn_oprt_code: str = free(C(30), "手术操作代码")
    oprn_oprt_name: str = free(C(500), "手术操作名称")
    matn_type: str = free(C(6), "生育类别")
    birctrl_type: str = free(C(6), "计划生育手术类别")
    exp_content: Any = free(NESTED, "字段扩展")


@node("trtinfo", "表 58 待遇享受", many=True)
class Entitlement:
    """Whether one fund, or the account, may be used, and why not."""

    psn_no: str = needed(C(30), "人员编号")
    trt_chk_type: str = needed(C(6), "待遇检查类型")
    fund_pay_type: str = needed(C(6), "基金支付类型")
    trt_enjymnt_flag: str = needed(C(3), "基金款项待遇享受标志")
    begndate: date = needed(DAY, "开始日期")
    enddate: date | None = free(DAY, "结束日期")
    trt_chk_rslt: str | None = free(C(500), "待遇检查结果", "why not")
    exp_content: str | None = free(C(4000), "字段扩展")


#: psn_insu_stas 4: ended.
_ENDED: Final = "4"

#: trt_chk_type 01: a fund's entitlement.
_FUND_CHECK: Final = "01"


def query_person(call: Call) -> Answer:
    """1101."""
    output, _ = read_person(call)
    return Answer(output)


def read_person(call: Call) -> tuple[dict[str, object], Person]:
    """The nodes of 1101's answer, and who showed a credential; the reading is audited.

    Raises:
        InvalidInput: ``field.missing``. NotFound: ``person.unknown``. Refused: ``person.other_credential``.
    """
    data = read_node(PersonQuery, call.input)
    number = data.mdtrt_cert_no or (data.certno if data.mdtrt_cert_type == CERTIFICATE else "")
    if not number:
        raise InvalidInput(
            "field.missing",
            "input.data.mdtrt_cert_no is missing",
            "input.data.mdtrt_cert_no（就诊凭证编号）不能为空",
            field="input.data.mdtrt_cert_no",
            accepted="the number of the credential shown",
        )
    with call.platform.database.transaction() as connection:
        person = person_shown(
            connection,
            call,
            kind=data.mdtrt_cert_type,
            number=number,
            certificate_type=data.psn_cert_type or CITIZEN_ID,
        )
        _check_same_person(data, person)
        note_presented(connection, call.institution.id, person.id, call.received_at)
        enrolments = registry.enrolments_of(connection, person.id)
        balances = ledger.balances_of(connection, person.id)
        record(connection, call, "person.read", person.id)
    today = call.received_at.date()
    since = data.begntime.date() if data.begntime else today
    output: dict[str, object] = {
        "baseinfo": write_node(base_info(person, balances, today)),
        "insuinfo": [write_node(row) for row in insurance_rows(enrolments, balances, since, today)],
        "idetinfo": [],
    }
    return output, person


def _check_same_person(data: PersonQuery, person: Person) -> None:
    """A certificate number or a name sent beside the credential must be that person's."""
    for field, told, known in (
        ("certno", clean_number(data.certno), person.certificate),
        ("psn_name", data.psn_name and check_name(data.psn_name, field="input.data.psn_name"), person.name),
    ):
        if told and told != known:
            raise Refused(
                "person.other_credential",
                f"input.data.{field} is not that of the person whose credential is shown",
                f"input.data.{field} 与就诊凭证不是同一人，请核对后重试",
                field=f"input.data.{field}",
                accepted="what stands on the credential, or nothing",
            )


def base_info(person: Person, balances: Mapping[AccountKind, int], on: date) -> BaseInfo:
    """The person, with both parts of the account as Hangzhou's centre tells them."""
    parts = {
        "crtYearBalc": msgspec.Raw(yuan(balances.get(AccountKind.PERSONAL_CURRENT, 0)).encode()),
        "calYearBalc": msgspec.Raw(yuan(balances.get(AccountKind.PERSONAL_HISTORICAL, 0)).encode()),
    }
    return BaseInfo(
        psn_no=person.psn_no,
        psn_cert_type=person.certificate_type,
        certno=person.certificate,
        psn_name=person.name,
        gend=person.gender,
        naty=person.nationality,
        brdy=person.born_on,
        age=person.age(on) * 100,
        exp_content=msgspec.json.encode(parts).decode(),
    )


def insurance_rows(
    enrolments: list[Enrolment], balances: Mapping[AccountKind, int], since: date, today: date
) -> list[InsuInfo]:
    """The enrolments that were there on or after a day; when none was, the last one, so that its end is told.

    Args:
        enrolments: newest first.
        balances: fen by kind of account.
        since: 1101's begntime, else today.
        today: on which an enrolment counts as ended.

    Raises:
        NotFound: ``person.not_enrolled`` when there never was one.
    """
    if not enrolments:
        raise NotFound(
            "person.not_enrolled",
            "the person has never been insured here",
            "该人员没有参保信息，请联系参保地医保经办机构",
        )
    told = [each for each in enrolments if each.until is None or each.until >= since] or enrolments[:1]
    own = balances.get(AccountKind.PERSONAL_CURRENT, 0) + balances.get(AccountKind.PERSONAL_HISTORICAL, 0)
    holder = next((each for each in told if each.scheme is Scheme.EMPLOYEE), told[0])
    return [_insurance_row(each, own if each is holder else 0, today) for each in told]


def _insurance_row(enrolment: Enrolment, balance: int, today: date) -> InsuInfo:
    ended = enrolment.until is not None and enrolment.until < today
    return InsuInfo(
        balc=balance,
        insutype=enrolment.scheme.value,
        psn_type=enrolment.psn_type,
        psn_insu_stas=_ENDED if ended else enrolment.standing,
        psn_insu_date=enrolment.since,
        paus_insu_date=enrolment.until if ended else None,
        cvlserv_flag="1" if enrolment.civil_servant else "0",
        insuplc_admdvs=enrolment.region,
        emp_name=enrolment.employer,
    )


def check_entitlement(call: Call) -> Answer:
    """2001."""
    data = read_node(EntitlementQuery, call.input)
    on = data.begntime.date()
    with call.platform.database.transaction() as connection:
        person = person_known_here(connection, call, data.psn_no)
        enrolment = registry.enrolment_on(connection, person.id, on)
        balance = _own_balance(connection, person)
        filings = filings_of(connection, person.id)
    # As the desk decides it.
    stay = is_inpatient(data.med_type) and call.institution.kind is InstitutionKind.HOSPITAL
    kind = CareKind.INPATIENT if stay else kind_of_care(call.institution.kind, data.med_type)
    pool = POOLED_INPATIENT if stay else POOLED
    general = insurance_refusal(person, enrolment, data.insutype, call.institution, on)
    pooled = general
    if enrolment is not None and general is None:
        rule = call.platform.rules.benefit(enrolment.region, enrolment.scheme, kind, on) if kind is not None else None
        pooled = filing_refusal(kind, data.dise_codg, filings, on) or pool_refusal(rule, enrolment, on)
    rows = [_entitlement(data, enrolment, pool[data.insutype][0], on, pooled)]
    if data.insutype is Scheme.EMPLOYEE:
        empty = None if balance else "个人账户余额为 0；可使用共济人的个人账户"
        rows.append(_entitlement(data, enrolment, ACCOUNT[0], on, general or empty))
    return Answer({"trtinfo": [write_node(row) for row in rows]})


def _own_balance(connection: sa.Connection, person: Person) -> int:
    balances = ledger.balances_of(connection, person.id)
    return balances.get(AccountKind.PERSONAL_CURRENT, 0) + balances.get(AccountKind.PERSONAL_HISTORICAL, 0)


def insurance_refusal(
    person: Person, enrolment: Enrolment | None, scheme: Scheme, institution: Institution, on: date
) -> str | None:
    """Why nothing at all may be used that day, as trt_chk_rslt tells it; None when insurance and place hold."""
    if person.died_on is not None:
        return "参保人已登记死亡"
    if enrolment is None:
        return f"{on.isoformat()} 没有参保"
    if enrolment.scheme is not scheme:
        return f"当日参加的是{SCHEME_NAMES[enrolment.scheme][1]}（{enrolment.scheme}），不是 {scheme}"
    if not enrolment.holds(on):
        return "参保暂停，恢复缴费后可享受待遇"
    if not institution.designated(on):
        return "本机构当日不是定点医药机构"
    return None


def filing_refusal(kind: CareKind | None, disease: str, filings: Sequence[Filing], on: date) -> str | None:
    """Why such care cannot be settled that day for want of a filing; None when nothing is missing."""
    try:
        entitled_disease(kind, disease, filings, on)
    except GongjiError as refusal:
        return refusal.zh
    return None


def pool_refusal(rule: BenefitRule | None, enrolment: Enrolment, on: date) -> str | None:
    """Why the pooled fund pays nothing that day although the person is insured; None when it may pay."""
    if rule is None:
        return "参保地没有这类医疗的统筹基金支付规则，费用由个人账户或现金支付"
    if enrolment.late is not None and rule.waiting is not None:
        months = rule.waiting.terms.months(enrolment.late, enrolment.missed_years, enrolment.repaid_years)
        if enrolment.months_covered(on) < months:
            return f"参保后的等待期为 {months} 个月，还没有满"
    return None


def _entitlement(
    data: EntitlementQuery, enrolment: Enrolment | None, fund: str, on: date, refusal: str | None
) -> Entitlement:
    return Entitlement(
        psn_no=data.psn_no,
        trt_chk_type=_FUND_CHECK,
        fund_pay_type=fund,
        trt_enjymnt_flag="1" if refusal is None else "0",
        begndate=on if enrolment is None else enrolment.since,
        enddate=None if enrolment is None else enrolment.until,
        trt_chk_rslt=refusal,
        exp_content=None,
    )


TRANSACTIONS = (
    Transaction("1101", "人员信息获取", (PersonQuery,), (BaseInfo, InsuInfo), query_person),
    Transaction("2001", "人员待遇享受检查", (EntitlementQuery,), (Entitlement,), check_entitlement),
)
