"""setlinfo of a stay: the fields of every settlement, and those that real centres add for inpatients (facts §2.4)."""

from __future__ import annotations

import asyncio
from datetime import date

from gongji.entrances.national.fields import AMOUNT, DAY, C
from gongji.entrances.national.messages import free, node, table_of, write_node
from gongji.entrances.national.setlinfo import SetlInfo, setlinfo
from gongji.entrances.national.settled import checked
from gongji.entrances.national.transaction import Call
from gongji.registry.model import Person
from gongji.settlement.admissions import Admission, find_admission
from gongji.settlement.model import Settlement

#: setl_type 2: at the institution.
_AT_INSTITUTION = "2"


@node("setlinfo", "表 95/98/101 住院结算信息")
class StaySetlInfo(SetlInfo):
    """A settlement of a stay. Amounts in fen; negative in a reversal (2305)."""

    begndate: date | None = free(DAY, "开始日期", "of the admission")
    enddate: date | None = free(DAY, "结算日期", "of the discharge; null while the patient is there")
    psn_pay: int = free(AMOUNT, "个人支付金额", "psn_part_amt once more, as real centres send it")
    cashPayamt: int = free(AMOUNT, "现金支付金额", "psn_cash_pay once more")
    inscp_amt: int = free(AMOUNT, "符合政策范围金额", "inscp_scp_amt once more")
    othfund_pay: int = free(AMOUNT, "其他基金支出")
    ownpay_hosp_part: int = free(AMOUNT, "医院负担部分")
    dedc_std: int = free(AMOUNT, "起付标准", "asked of this stay; 0 in a reversal")
    crt_dedc: int = free(AMOUNT, "本次起付线", "act_pay_dedc once more")
    insu_admdvs: str = free(C(6), "参保机构行政区划")
    mdtrt_cert_no: str | None = free(C(50), "就诊凭证编号", "not kept")
    psn_insu_rlts_id: str = free(C(40), "人员参保关系ID", "psn_no and insutype")
    setl_type: str = free(C(6), "结算类别", "2: at the institution")
    invono: str | None = free(C(20), "发票号", "as it was told")


async def stay_output(call: Call, person: Person, settlement: Settlement) -> dict[str, object]:
    """The nodes of the answer to 2303, 2304 and 2305.

    Raises:
        IdentityBroken: when an identity of §4 does not hold.
    """
    stay = await asyncio.to_thread(_stay, call, settlement.visit_id)
    info = setlinfo(settlement, person, call.institution)
    details = checked(settlement, info)
    return {
        "setlinfo": write_node(stay_setlinfo(info, settlement, stay)),
        "setldetail": [write_node(row) for row in details],
    }


def _stay(call: Call, visit_id: int) -> Admission | None:
    with call.platform.database.transaction() as connection:
        return find_admission(connection, visit_id)


def stay_setlinfo(info: SetlInfo, settlement: Settlement, stay: Admission | None) -> StaySetlInfo:
    """A settlement's fields with those of a stay; `stay` is None only where the stay is gone."""
    asked = [step.inputs.get("threshold", 0) for step in settlement.explanation.steps if step.code == "deductible"]
    discharged_at = stay.discharged_at if stay else None
    return StaySetlInfo(
        **{column.name: getattr(info, column.name) for column in table_of(SetlInfo).columns},
        begndate=stay.admitted_at.date() if stay else None,
        enddate=discharged_at.date() if discharged_at else None,
        psn_pay=info.psn_part_amt,
        cashPayamt=info.psn_cash_pay,
        inscp_amt=info.inscp_scp_amt,
        othfund_pay=0,
        ownpay_hosp_part=info.hosp_part_amt,
        dedc_std=int(asked[0]) if asked else 0,
        crt_dedc=info.act_pay_dedc,
        insu_admdvs=settlement.region,
        mdtrt_cert_no=None,
        psn_insu_rlts_id=f"{info.psn_no}{settlement.scheme}",
        setl_type=_AT_INSTITUTION,
        invono=settlement.invoice or None,
    )
