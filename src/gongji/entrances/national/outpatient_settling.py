"""2206 门诊预结算, 2207 门诊结算 and 2208 门诊结算撤销."""

from __future__ import annotations

from typing import Any, Protocol

from gongji.entrances.national.fields import MONEY, NESTED, C, choice, padded
from gongji.entrances.national.messages import asked, free, needed, node, read_node
from gongji.entrances.national.outpatient import visit_number
from gongji.entrances.national.patient import served
from gongji.entrances.national.setlinfo import SetlDetail, SetlInfo
from gongji.entrances.national.settled import settled_output
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation.money import yuan
from gongji.registry.model import Person
from gongji.rules.model import Scheme
from gongji.settlement import refusals
from gongji.settlement.invoices import invoice_number
from gongji.settlement.model import AccountUse, Reverse, Settlement, SettleVisit, from_wire
from gongji.settlement.reception import Found


@node("data", "表 82/85 门诊预结算、门诊结算")
class SettleInput:
    """Pay a charging batch of a visit."""

    psn_no: str = needed(C(30), "人员编号")
    mdtrt_cert_type: str = asked(padded(3, 2), "就诊凭证类型")
    mdtrt_cert_no: str = asked(
        C(50), "就诊凭证编号", "must be the patient's own; real clients also send the type again"
    )
    card_sn: str = free(C(32), "卡识别码")
    psn_cert_type: str = asked(padded(6, 2), "证件类型")
    certno: str = asked(C(50), "证件号码")
    psn_type: str = asked(C(6), "人员类别")
    psn_name: str = asked(C(50), "人员姓名")
    med_type: str = needed(C(6), "医疗类别")
    medfee_sumamt: int = needed(MONEY, "医疗费总额", "must be the sum of the batch's lines")
    psn_setlway: str = asked(C(6), "个人结算方式")
    mdtrt_id: str = needed(C(30), "就诊ID")
    chrg_bchno: str = asked(C(30), "收费批次号", "without one, every unsettled line of the visit")
    acct_used_flag: AccountUse = needed(choice(1, AccountUse), "个人账户使用标志", "0 none, 1 own, 2 sharers")
    insutype: Scheme = needed(choice(6, Scheme), "险种类型")
    invono: str = asked(C(20), "发票号", "kept; an invoice is not claimed in cash as well")
    fulamt_ownpay_amt: int | None = asked(MONEY, "全自费金额", "not trusted: a difference is a warning")
    overlmt_selfpay: int | None = asked(MONEY, "超限价金额", "not trusted")
    preselfpay_amt: int | None = asked(MONEY, "先行自付金额", "not trusted")
    inscp_scp_amt: int | None = asked(MONEY, "符合政策范围金额", "not trusted")
    exp_content: Any = free(NESTED, "字段扩展")
    pub_hosp_rfom_flag: str = free(C(6), "公立医院改革标志")


class Echoed(Protocol):
    """The four amounts that a settlement repeats from the answer to its lines."""

    @property
    def fulamt_ownpay_amt(self) -> int | None: ...
    @property
    def overlmt_selfpay(self) -> int | None: ...
    @property
    def preselfpay_amt(self) -> int | None: ...
    @property
    def inscp_scp_amt(self) -> int | None: ...


@node("data", "表 69/88 结算撤销")
class ReverseInput:
    """Give back all that a settlement took (2103, 2208)."""

    setl_id: str = needed(C(30), "结算ID")
    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    exp_content: Any = free(NESTED, "字段扩展")


async def presettle(call: Call) -> Answer:
    """2206 and 2206A: what 2207 would come to; nothing is written."""
    _, whose, settlement = await _settled(call, dry=True)
    return Answer(settled_output(call, whose, settlement))


async def settle(call: Call) -> Answer:
    """2207 and 2207A."""
    data, whose, settlement = await _settled(call, dry=False)
    return Answer(settled_output(call, whose, settlement), echo_warning(data, settlement))


async def _settled(call: Call, *, dry: bool) -> tuple[SettleInput, Person, Settlement]:
    data = read_node(SettleInput, call.input)
    visit_id = visit_number(data.mdtrt_id)

    def command(whose: Person, found: Found) -> SettleVisit:
        return SettleVisit(
            key=call.key,
            institution=call.institution,
            person_id=whose.id,
            visit_id=visit_id,
            batch=data.chrg_bchno or None,
            total=data.medfee_sumamt,
            account_use=data.acct_used_flag,
            scheme=data.insutype,
            med_type=data.med_type,
            certificate_kind=data.mdtrt_cert_type,
            invoice=invoice_number(data.invono),
        )

    return data, *await served(call, data.psn_no, command, dry=dry, shown=data)


def echo_warning(data: Echoed, settlement: Settlement) -> str | None:
    """What 2207's four echoed amounts say otherwise than the settlement; real clients send zeros there and real
    centres settle all the same (§1.5), so it is a warning."""
    echoes = (
        ("fulamt_ownpay_amt", data.fulamt_ownpay_amt, settlement.self_paid),
        ("overlmt_selfpay", data.overlmt_selfpay, settlement.over_limit),
        ("preselfpay_amt", data.preselfpay_amt, settlement.first_self_pay),
        ("inscp_scp_amt", data.inscp_scp_amt, settlement.in_scope),
    )
    differences = [
        f"{name} 上传 {yuan(told)}、核算 {yuan(found)}"
        for name, told, found in echoes
        if told is not None and told != found
    ]
    return f"上传金额与核算不一致，以核算为准：{'；'.join(differences)}" if differences else None


async def reverse(call: Call) -> Answer:
    """2208 and, for a purchase, 2103."""
    data = read_node(ReverseInput, call.input)
    settlement_id = from_wire(data.setl_id)
    if settlement_id is None:
        raise refusals.settlement_unknown()
    visit_id = visit_number(data.mdtrt_id)

    def command(whose: Person, found: Found) -> Reverse:
        return Reverse(
            key=call.key,
            institution=call.institution,
            person_id=whose.id,
            visit_id=visit_id,
            settlement_id=settlement_id,
        )

    whose, settlement = await served(call, data.psn_no, command)
    return Answer(settled_output(call, whose, settlement))


TRANSACTIONS = (
    Transaction("2206", "门诊预结算", (SettleInput,), (SetlInfo, SetlDetail), presettle, at_desk=True),
    Transaction("2206A", "门诊预结算", (SettleInput,), (SetlInfo, SetlDetail), presettle, at_desk=True),
    Transaction("2207", "门诊结算", (SettleInput,), (SetlInfo, SetlDetail), settle, at_desk=True),
    Transaction("2207A", "门诊结算", (SettleInput,), (SetlInfo, SetlDetail), settle, at_desk=True),
    Transaction("2208", "门诊结算撤销", (ReverseInput,), (SetlInfo, SetlDetail), reverse, at_desk=True),
)
