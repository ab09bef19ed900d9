"""5203 结算信息查询 and 5206 人员累计信息查询."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from gongji.entrances.national.fields import AMOUNT, DAY, MOMENT, RATIO, SMALL, C
from gongji.entrances.national.messages import asked, free, needed, node, read_node, table_of, write_node
from gongji.entrances.national.patient import person_known_here, person_numbered
from gongji.entrances.national.setlinfo import SetlDetail, SetlInfo, setldetail, setlinfo
from gongji.entrances.national.transaction import Answer, Call, Transaction, record
from gongji.foundation.errors import InvalidInput
from gongji.registry.model import Institution, Person
from gongji.settlement import queries as settlements
from gongji.settlement import refusals
from gongji.settlement.admissions import Admission, find_admission
from gongji.settlement.model import UNDO, from_wire
from gongji.settlement.queries import StoredSettlement


@node("data", "表 268 结算信息查询")
class SettlementQuery:
    """A settlement at the asking institution."""

    psn_no: str = needed(C(30), "人员编号")
    setl_id: str = needed(C(30), "结算ID")
    mdtrt_id: str = asked(C(30), "就诊ID", "held against the settlement's when it is sent")


@node("setlinfo", "表 269 结算信息")
class StoredSetlInfo:
    """A settlement read back. Amounts in fen; the text names two of them otherwise than 2207 does."""

    setl_id: str = needed(C(30), "结算ID")
    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    psn_name: str = needed(C(50), "人员姓名")
    psn_cert_type: str = needed(C(6), "人员证件类型")
    certno: str = needed(C(50), "证件号码")
    gend: str = needed(C(6), "性别")
    naty: str = free(C(3), "民族")
    brdy: date = free(DAY, "出生日期")
    age: int = free(SMALL, "年龄", "hundredths of a year here, years on the wire")
    insutype: str = needed(C(6), "险种类型")
    psn_type: str = needed(C(6), "人员类别")
    cvlserv_flag: str = needed(C(3), "公务员标志")
    flxempe_flag: str | None = free(C(3), "灵活就业标志")
    nwb_flag: str | None = free(C(3), "新生儿标志")
    insu_optins: str | None = free(C(6), "参保机构医保区划")
    emp_name: str | None = free(C(200), "单位名称")
    pay_loc: str = needed(C(6), "支付地点类别", "2: at the institution")
    fixmedins_code: str = needed(C(12), "定点医药机构编号")
    fixmedins_name: str = needed(C(200), "定点医药机构名称")
    hosp_lv: str | None = free(C(6), "医院等级")
    fixmedins_poolarea: str | None = free(C(6), "定点归属机构")
    lmtpric_hosp_lv: str | None = free(C(6), "限价医院等级")
    dedc_hosp_lv: str | None = free(C(6), "起付线医院等级")
    begndate: date = needed(DAY, "开始日期")
    enddate: date = needed(DAY, "结束日期")
    setl_time: datetime = needed(MOMENT, "结算时间")
    mdtrt_cert_type: str = free(C(3), "就诊凭证类型")
    med_type: str = needed(C(6), "医疗类别")
    clr_type: str = needed(C(6), "清算类别")
    clr_way: str = free(C(6), "清算方式")
    clr_optins: str = free(C(6), "清算经办机构")
    medfee_sumamt: int = needed(AMOUNT, "医疗费总额")
    fulamt_ownpay_amt: int = needed(AMOUNT, "全自费金额")
    overlmt_selfpay: int = needed(AMOUNT, "超限价自费费用")
    preselfpay_amt: int = needed(AMOUNT, "先行自付金额")
    inscp_scp_amt: int = needed(AMOUNT, "符合政策范围金额")
    act_pay_dedc: int = needed(AMOUNT, "实际支付起付线")
    hifp_pay: int = needed(AMOUNT, "基本医疗保险统筹基金支出")
    pool_prop_selfpay: int = needed(RATIO, "基本医疗保险统筹基金支付比例")
    cvlserv_pay: int = needed(AMOUNT, "公务员医疗补助资金支出")
    hifes_pay: int = needed(AMOUNT, "企业补充医疗保险基金支出")
    hifmi_pay: int = needed(AMOUNT, "居民大病保险资金支出")
    hifob_pay: int = needed(AMOUNT, "职工大额医疗费用补助基金支出")
    maf_pay: int = needed(AMOUNT, "医疗救助基金支出")
    oth_pay: int = needed(AMOUNT, "其他支出")
    fund_pay_sumamt: int = needed(AMOUNT, "基金支付总额")
    psn_pay: int = needed(AMOUNT, "个人支付金额", "psn_part_amt of 2207")
    acct_pay: int = needed(AMOUNT, "个人账户支出", "includes acct_mulaid_pay")
    cash_payamt: int = needed(AMOUNT, "现金支付金额", "psn_cash_pay of 2207")
    balc: int = needed(AMOUNT, "余额")
    acct_mulaid_pay: int = needed(AMOUNT, "个人账户共济支付金额")
    medins_setl_id: str = needed(C(30), "医药机构结算ID", "the msgid of the settlement")
    refd_setl_flag: str = needed(C(3), "退费结算标志", "1 for a reversal, and for what was taken back")
    year: str = needed(C(4), "年度")
    dise_codg: str | None = free(C(30), "病种编码")
    dise_name: str | None = free(C(500), "病种名称")
    invono: str | None = free(C(20), "发票号")
    opter_id: str | None = free(C(20), "经办人ID")
    opter_name: str | None = free(C(50), "经办人姓名")
    opt_time: datetime = free(MOMENT, "经办时间")
    pref_fund_pay: int | None = free(AMOUNT, "优抚对象基金支出")


@node("data", "表 275 人员累计信息查询")
class TotalsQuery:
    """What has this person used this year?"""

    psn_no: str = needed(C(30), "人员编号")
    cum_ym: str = free(C(6), "累计年月", "yyyyMM or yyyy; without it, the present month")


@node("cuminfo", "表 276 人员累计信息", many=True)
class Total:
    """One counter of the year."""

    insutype: str = needed(C(6), "险种类型")
    year: str = needed(C(4), "年度")
    cum_ym: str = needed(C(6), "累计年月")
    cum_type_code: str = needed(C(10), "累计类别代码", "no public code table; ours: see TOTAL_CODES")
    cum: int = needed(AMOUNT, "累计值")


#: The fields of 2207's setlinfo that 5203 tells under the same names.
_SHARED: Final = {column.name for column in table_of(StoredSetlInfo).columns} & {
    column.name for column in table_of(SetlInfo).columns
}

#: pay_loc 2: at the institution.
_AT_INSTITUTION: Final = "2"

#: cum_type_code of our counters; the text leaves the codes to each centre.
TOTAL_CODES: Final = {
    "deductible_borne": "DEDC",
    "deductible_borne.tier_1": "DEDC1",
    "deductible_borne.tier_2": "DEDC2",
    "deductible_borne.tier_3": "DEDC3",
    "deductible_borne.target": "DEDCMAX",
    "fund_paid": "HIFP",
    "large_paid": "HIFOB",
}

_LONGEST_CODE: Final = 10


def query_settlement(call: Call) -> Answer:
    """5203. An institution sees its own settlements only."""
    data = read_node(SettlementQuery, call.input)
    settlement_id = from_wire(data.setl_id)
    with call.platform.database.transaction() as connection:
        person = person_numbered(connection, call, data.psn_no)
        stored = None if settlement_id is None else settlements.find_settlement(connection, settlement_id)
        stay = find_admission(connection, stored.settlement.visit_id) if stored is not None else None
        if (
            stored is None
            or stored.undone
            or stored.settlement.infno == UNDO
            or stored.settlement.institution_id != call.institution.id
            or stored.settlement.person_id != person.id
            or (data.mdtrt_id and from_wire(data.mdtrt_id) != stored.settlement.visit_id)
        ):
            raise refusals.settlement_unknown()
        record(connection, call, "settlement.read", person.id)
    return Answer(
        {
            "setlinfo": write_node(stored_setlinfo(stored, person, call.institution, stay)),
            "setldetail": [write_node(row) for row in setldetail(stored.settlement)],
        }
    )


def stored_setlinfo(
    stored: StoredSettlement, person: Person, institution: Institution, stay: Admission | None = None
) -> StoredSetlInfo:
    """A settlement read back, in 5203's fields; of a stay in hospital, `stay` tells its days."""
    settlement, day = stored.settlement, stored.settlement.settled_at.date()
    settled = setlinfo(settlement, person, institution)
    shared = {name: getattr(settled, name) for name in _SHARED}
    return StoredSetlInfo(
        **shared,
        flxempe_flag=None,
        nwb_flag=None,
        insu_optins=settlement.region,
        emp_name=None,
        pay_loc=_AT_INSTITUTION,
        fixmedins_code=institution.code,
        fixmedins_name=institution.name,
        hosp_lv=None,
        fixmedins_poolarea=institution.region,
        lmtpric_hosp_lv=None,
        dedc_hosp_lv=None,
        begndate=day if stay is None else stay.admitted_at.date(),
        enddate=day if stay is None or stay.discharged_at is None else stay.discharged_at.date(),
        psn_pay=settlement.personal_total,
        cash_payamt=settlement.cash,
        refd_setl_flag="1" if settlement.kind == "reverse" or stored.reversed_by is not None else "0",
        year=f"{day.year:04d}",
        dise_codg=None,
        dise_name=None,
        invono=settlement.invoice or None,
        opter_id=None,
        opter_name=None,
        opt_time=settlement.settled_at,
        pref_fund_pay=None,
    )


def query_totals(call: Call) -> Answer:
    """5206. The counters run by the calendar year, so every month of a year answers the same."""
    data = read_node(TotalsQuery, call.input)
    month = data.cum_ym or f"{call.received_at:%Y%m}"
    if len(month) not in (4, 6) or not (month.isascii() and month.isdigit()):
        raise InvalidInput(
            "field.invalid",
            "input.data.cum_ym is not a month",
            "input.data.cum_ym 不是年月，格式应为 yyyyMM",
            field="input.data.cum_ym",
            accepted="yyyyMM or yyyy",
        )
    year = month[:4]
    with call.platform.database.transaction() as connection:
        person = person_known_here(connection, call, data.psn_no)
        counters = settlements.counters_of(connection, person.id, year)
        record(connection, call, "totals.read", person.id)
    rows = [
        Total(
            insutype=name.partition(".")[0],
            year=year,
            cum_ym=month,
            cum_type_code=total_code(name.partition(".")[2]),
            cum=value,
        )
        for name, value in sorted(counters.items())
    ]
    return Answer({"cuminfo": [write_node(row) for row in rows]})


def total_code(counter: str) -> str:
    """cum_type_code of a counter; a pack's own counter goes by its name, as far as the field is long."""
    return TOTAL_CODES.get(counter, counter[:_LONGEST_CODE])


TRANSACTIONS = (
    Transaction("5203", "结算信息查询", (SettlementQuery,), (StoredSetlInfo, SetlDetail), query_settlement),
    Transaction("5206", "人员累计信息查询", (TotalsQuery,), (Total,), query_totals),
)
