"""setlinfo and setldetail: what a settlement, a pre-settlement or a reversal came to, in the interface's fields."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from gongji.entrances.national.fields import AMOUNT, DAY, MOMENT, RATIO, SMALL, C
from gongji.entrances.national.messages import asked, free, needed, node
from gongji.registry.model import Institution, Person
from gongji.rules.model import Scheme
from gongji.settlement.model import Settlement, clearing_type, wire_id


@node("setlinfo", "表 61/66/70/83/86/89 结算信息")
class SetlInfo:
    """A settlement. Amounts in fen; negative in a reversal (2103, 2208)."""

    setl_id: str | None = asked(C(30), "结算ID", "null in a pre-settlement")
    mdtrt_id: str | None = asked(C(30), "就诊ID", "null in a purchase's pre-settlement: there is no visit yet")
    psn_no: str = needed(C(30), "人员编号")
    psn_name: str = needed(C(50), "人员姓名")
    psn_cert_type: str = needed(C(6), "人员证件类型")
    certno: str = needed(C(50), "证件号码")
    gend: str = free(C(6), "性别")
    naty: str = free(C(3), "民族")
    brdy: date = free(DAY, "出生日期")
    age: int = free(SMALL, "年龄", "hundredths of a year here, years on the wire")
    insutype: str = free(C(6), "险种类型")
    psn_type: str = needed(C(6), "人员类别")
    cvlserv_flag: str = needed(C(3), "公务员标志")
    setl_time: datetime | None = asked(MOMENT, "结算时间", "null in a pre-settlement")
    mdtrt_cert_type: str = free(C(3), "就诊凭证类型")
    med_type: str = needed(C(6), "医疗类别")
    medfee_sumamt: int = needed(AMOUNT, "医疗费总额")
    fulamt_ownpay_amt: int = needed(AMOUNT, "全自费金额")
    overlmt_selfpay: int = needed(AMOUNT, "超限价自费费用")
    preselfpay_amt: int = needed(AMOUNT, "先行自付金额")
    inscp_scp_amt: int = needed(AMOUNT, "符合政策范围金额")
    act_pay_dedc: int = free(AMOUNT, "实际支付起付线")
    hifp_pay: int = needed(AMOUNT, "基本医疗保险统筹基金支出")
    pool_prop_selfpay: int = needed(RATIO, "基本医疗保险统筹基金支付比例")
    cvlserv_pay: int = needed(AMOUNT, "公务员医疗补助资金支出")
    hifes_pay: int = needed(AMOUNT, "企业补充医疗保险基金支出")
    hifmi_pay: int = needed(AMOUNT, "居民大病保险资金支出")
    hifob_pay: int = needed(AMOUNT, "职工大额医疗费用补助基金支出")
    maf_pay: int = needed(AMOUNT, "医疗救助基金支出")
    oth_pay: int = needed(AMOUNT, "其他支出")
    hifdm_pay: int = needed(AMOUNT, "伤残人员医疗保障基金支出")
    fund_pay_sumamt: int = needed(AMOUNT, "基金支付总额")
    psn_part_amt: int = needed(AMOUNT, "个人负担总金额")
    acct_pay: int = needed(AMOUNT, "个人账户支出", "includes acct_mulaid_pay")
    psn_cash_pay: int = needed(AMOUNT, "个人现金支出", "2208's table misspells it pdn_cash_pay; real answers do not")
    hosp_part_amt: int = needed(AMOUNT, "医院负担金额")
    balc: int = needed(AMOUNT, "余额", "of the patient's own account, after this")
    acct_mulaid_pay: int = needed(AMOUNT, "个人账户共济支付金额", "the part of acct_pay that sharers paid")
    medins_setl_id: str = needed(C(30), "医药机构结算ID", "the sender's msgid")
    clr_optins: str | None = free(C(6), "清算经办机构", "null in a pre-settlement")
    clr_way: str | None = free(C(6), "清算方式", "null in a pre-settlement")
    clr_type: str = needed(C(6), "清算类别")
    exp_content: str | None = free(C(4000), "字段扩展")


@node("setldetail", "表 62/67/71/84/87/90/270 结算基金分项信息", many=True)
class SetlDetail:
    """What one fund, or the accounts, paid."""

    fund_pay_type: str = needed(C(6), "基金支付类型")
    inscp_scp_amt: int = needed(AMOUNT, "符合政策范围金额")
    crt_payb_lmt_amt: int | None = asked(AMOUNT, "本次可支付限额金额", "null, as in real answers")
    fund_payamt: int = needed(AMOUNT, "基金支付金额")
    fund_pay_type_name: str = free(C(200), "基金支付类型名称")
    setl_proc_info: str | None = free(C(4000), "结算过程信息")


#: fund_pay_type and its name (dictionary l.11340) of what our funds pay, by scheme: pooled fund, large amounts.
POOLED: Final = {
    Scheme.EMPLOYEE: ("310102", "职工门诊统筹基金"),
    Scheme.RESIDENT: ("390102", "居民门诊统筹基金"),
}
#: The same of stays in hospital.
POOLED_INPATIENT: Final = {
    Scheme.EMPLOYEE: ("310100", "城镇职工基本医疗保险统筹基金"),
    Scheme.RESIDENT: ("390100", "城乡居民基本医疗保险基金"),
}
LARGE: Final = {
    Scheme.EMPLOYEE: ("330100", "大额医疗费用补助基金"),
    Scheme.RESIDENT: ("390200", "城乡居民大病医疗保险基金"),
}

#: Civil servants' aid and medical aid are the same for both schemes.
CIVIL: Final = ("320100", "公务员医疗补助基金")
AID: Final = ("610100", "医疗救助基金")

#: All accounts together, own and shared: clients add up setldetail by type, so there is one row (facts §4, I6).
ACCOUNT: Final = ("310200", "城镇职工基本医疗保险个人账户基金")

#: clr_way 1: by item.
BY_ITEM: Final = "1"


def setlinfo(settlement: Settlement, person: Person, institution: Institution) -> SetlInfo:
    """A settlement in the interface's fields.

    Args:
        settlement: what it came to; its id is 0 in a pre-settlement.
        person: whose it is.
        institution: where; its region stands in the visit's id.
    """
    done = settlement.id != 0
    employee = settlement.scheme is Scheme.EMPLOYEE
    return SetlInfo(
        setl_id=wire_id(settlement.region, settlement.id) if done else None,
        mdtrt_id=wire_id(institution.region, settlement.visit_id) if settlement.visit_id else None,
        psn_no=person.psn_no,
        psn_name=person.name,
        psn_cert_type=person.certificate_type,
        certno=person.certificate,
        gend=person.gender,
        naty=person.nationality,
        brdy=person.born_on,
        # The day it was settled: the stored answer to a repeated message says the same after a birthday.
        age=person.age(settlement.settled_at.date()) * 100,
        insutype=settlement.scheme.value,
        psn_type=settlement.psn_type,
        cvlserv_flag="1" if settlement.civil_servant else "0",
        setl_time=settlement.settled_at if done else None,
        mdtrt_cert_type=settlement.certificate_kind,
        med_type=settlement.med_type,
        medfee_sumamt=settlement.total,
        fulamt_ownpay_amt=settlement.self_paid,
        overlmt_selfpay=settlement.over_limit,
        preselfpay_amt=settlement.first_self_pay,
        inscp_scp_amt=settlement.in_scope,
        act_pay_dedc=settlement.deductible,
        hifp_pay=settlement.fund_pool,
        pool_prop_selfpay=settlement.ratio,
        cvlserv_pay=settlement.fund_civil,
        hifes_pay=0,
        hifmi_pay=0 if employee else settlement.fund_large,
        hifob_pay=settlement.fund_large if employee else 0,
        maf_pay=settlement.fund_aid,
        oth_pay=0,
        hifdm_pay=0,
        fund_pay_sumamt=settlement.fund_total,
        psn_part_amt=settlement.personal_total,
        acct_pay=settlement.account_total,
        psn_cash_pay=settlement.cash,
        hosp_part_amt=0,
        balc=settlement.balance_after,
        acct_mulaid_pay=settlement.shared,
        medins_setl_id=settlement.msgid,
        clr_optins=settlement.region if done else None,
        clr_way=BY_ITEM if done else None,
        clr_type=clearing_type(settlement.infno, settlement.med_type),
        exp_content=None,
    )


def setldetail(settlement: Settlement) -> tuple[SetlDetail, ...]:
    """One row for each fund that paid (or got money back), and one for the accounts."""
    paid = (
        ((POOLED_INPATIENT if settlement.inpatient else POOLED)[settlement.scheme], settlement.fund_pool),
        (LARGE[settlement.scheme], settlement.fund_large),
        (CIVIL, settlement.fund_civil),
        (AID, settlement.fund_aid),
        (ACCOUNT, settlement.account_total),
    )
    return tuple(
        SetlDetail(
            fund_pay_type=code,
            inscp_scp_amt=settlement.in_scope,
            crt_payb_lmt_amt=None,
            fund_payamt=amount,
            fund_pay_type_name=name,
            setl_proc_info=None,
        )
        for (code, name), amount in paid
        if amount
    )
