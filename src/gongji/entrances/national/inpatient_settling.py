"""2303 住院预结算, 2304 住院结算 and 2305 住院结算撤销."""

from __future__ import annotations

from datetime import date
from typing import Any

from gongji.entrances.national.fields import DAY, MONEY, NESTED, C, choice, padded
from gongji.entrances.national.messages import asked, free, needed, node, read_node
from gongji.entrances.national.outpatient import visit_number
from gongji.entrances.national.outpatient_settling import echo_warning
from gongji.entrances.national.patient import served
from gongji.entrances.national.setlinfo import SetlDetail
from gongji.entrances.national.stay_setlinfo import StaySetlInfo, stay_output
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.registry.model import Person
from gongji.rules.model import Scheme
from gongji.settlement import admission_queries, admission_refusals, refusals
from gongji.settlement.invoices import invoice_number
from gongji.settlement.model import AccountUse, Reverse, SettleAdmission, Settlement, from_wire
from gongji.settlement.reception import Found


@node("data", "表 94/97 住院预结算、住院结算")
class StaySettleInput:
    """Pay what a stay has come to and was not settled yet."""

    psn_no: str = needed(C(30), "人员编号")
    mdtrt_cert_type: str = asked(padded(3, 2), "就诊凭证类型")
    mdtrt_cert_no: str = asked(C(50), "就诊凭证编号", "must be the patient's own")
    card_sn: str = free(C(32), "卡识别码")
    psn_cert_type: str = asked(padded(6, 2), "证件类型")
    certno: str = asked(C(50), "证件号码")
    psn_type: str = asked(C(6), "人员类别")
    psn_name: str = asked(C(50), "人员姓名")
    med_type: str = free(C(6), "医疗类别", "left out, that of the admission")
    medfee_sumamt: int = needed(MONEY, "医疗费总额", "must be the sum of the unsettled lines")
    psn_setlway: str = asked(C(6), "个人结算方式")
    mdtrt_id: str = needed(C(30), "就诊ID")
    acct_used_flag: AccountUse | None = asked(choice(1, AccountUse), "个人账户使用标志", "0 none, 1 own, 2 sharers")
    insutype: Scheme = needed(choice(6, Scheme), "险种类型")
    invono: str = asked(C(20), "发票号", "kept; an invoice is not claimed in cash as well")
    mid_setl_flag: str = asked(C(3), "中途结算标志", "1: the stay goes on; empty is 0")
    fulamt_ownpay_amt: int | None = free(MONEY, "全自费金额", "not trusted: a difference is a warning")
    overlmt_selfpay: int | None = free(MONEY, "超限价金额", "not trusted")
    preselfpay_amt: int | None = free(MONEY, "先行自付金额", "not trusted")
    inscp_scp_amt: int | None = free(MONEY, "符合政策范围金额", "not trusted")
    dscgTime: date | None = free(DAY, "出院时间", "for a quote before the discharge; 2402 tells it else")
    insuplc_admdvs: str = asked(C(6), "参保地医保区划")
    mdtrtarea_admvs: str = asked(C(6), "就医地医保区划")
    exp_content: Any = free(NESTED, "字段扩展")


@node("data", "表 100 住院结算撤销")
class StayReverseInput:
    """Give back all that a settlement of a stay took."""

    mdtrt_id: str = needed(C(30), "就诊ID")
    setl_id: str = asked(C(30), "结算ID", "without one, the last settlement of the stay that stands")
    psn_no: str = needed(C(30), "人员编号")
    exp_content: Any = free(NESTED, "字段扩展")


async def presettle(call: Call) -> Answer:
    """2303 and 2303A: what 2304 would come to; nothing is written. May be asked before the discharge."""
    _, whose, settlement = await _settled(call, quote=True)
    return Answer(await stay_output(call, whose, settlement))


async def settle(call: Call) -> Answer:
    """2304 and 2304A."""
    data, whose, settlement = await _settled(call, quote=False)
    return Answer(await stay_output(call, whose, settlement), echo_warning(data, settlement))


async def _settled(call: Call, *, quote: bool) -> tuple[StaySettleInput, Person, Settlement]:
    data = read_node(StaySettleInput, call.input)
    if data.mid_setl_flag not in ("", "0", "1"):
        raise admission_refusals.mid_stay_flag(data.mid_setl_flag)
    if data.acct_used_flag is None and not quote:
        raise admission_refusals.account_flag_missing()
    visit_id = visit_number(data.mdtrt_id)

    def command(whose: Person, found: Found) -> SettleAdmission:
        return SettleAdmission(
            key=call.key,
            institution=call.institution,
            person_id=whose.id,
            visit_id=visit_id,
            batch=None,
            total=data.medfee_sumamt,
            # The text lets a quote leave the flag out; nothing is then taken from accounts.
            account_use=data.acct_used_flag or AccountUse.NONE,
            scheme=data.insutype,
            med_type=data.med_type,
            certificate_kind=data.mdtrt_cert_type,
            invoice=invoice_number(data.invono),
            mid_stay=data.mid_setl_flag == "1",
            quote=quote,
            leaves_on=data.dscgTime,
        )

    return data, *await served(call, data.psn_no, command, dry=quote, shown=data)


async def reverse(call: Call) -> Answer:
    """2305."""
    data = read_node(StayReverseInput, call.input)
    visit_id = visit_number(data.mdtrt_id)

    def command(whose: Person, found: Found) -> Reverse:
        settlement_id = from_wire(data.setl_id) if data.setl_id else _last(call, whose, visit_id)
        if settlement_id is None:
            raise refusals.settlement_unknown()
        return Reverse(
            key=call.key,
            institution=call.institution,
            person_id=whose.id,
            visit_id=visit_id,
            settlement_id=settlement_id,
            stay=True,
        )

    whose, settlement = await served(call, data.psn_no, command)
    return Answer(await stay_output(call, whose, settlement))


def _last(call: Call, whose: Person, visit_id: int) -> int:
    """The settlement that a 2305 without setl_id means: what the same message took back before, else the last that stands.

    Raises:
        NotFound: ``settlement.unknown`` when none stands.
    """
    with call.platform.database.transaction() as connection:
        found = admission_queries.to_reverse(connection, call.key, whose.id, visit_id)
    if found is None:
        raise admission_refusals.nothing_standing()
    return found


TRANSACTIONS = (
    Transaction("2303", "住院预结算", (StaySettleInput,), (StaySetlInfo, SetlDetail), presettle, at_desk=True),
    Transaction("2303A", "住院预结算", (StaySettleInput,), (StaySetlInfo, SetlDetail), presettle, at_desk=True),
    Transaction("2304", "住院结算", (StaySettleInput,), (StaySetlInfo, SetlDetail), settle, at_desk=True),
    Transaction("2304A", "住院结算", (StaySettleInput,), (StaySetlInfo, SetlDetail), settle, at_desk=True),
    Transaction("2305", "住院结算撤销", (StayReverseInput,), (StaySetlInfo, SetlDetail), reverse, at_desk=True),
)
