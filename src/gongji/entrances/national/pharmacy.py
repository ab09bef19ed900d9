"""2101 药店预结算, 2102 药店结算 and 2103 药店结算撤销."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gongji.entrances.national.fields import MOMENT, MONEY, NESTED, C, choice, padded
from gongji.entrances.national.lines import DrugDetail, SplitRow, item_key, priced, refuse_repeats, traces_of
from gongji.entrances.national.messages import asked, free, needed, node, read_node, read_rows
from gongji.entrances.national.outpatient_settling import ReverseInput, reverse
from gongji.entrances.national.patient import served
from gongji.entrances.national.prescription import prescribing_hospital, tier_of_prescriber
from gongji.entrances.national.setlinfo import SetlDetail, SetlInfo
from gongji.entrances.national.settled import settled_output
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.registry.model import Person
from gongji.rules.model import Scheme
from gongji.settlement.invoices import invoice_number
from gongji.settlement.model import AccountUse, SettlePurchase
from gongji.settlement.reception import Found


@node("druginfo", "表 59/64 购药信息")
class Purchase:
    """A purchase at a pharmacy."""

    psn_no: str = needed(C(30), "人员编号")
    mdtrt_cert_type: str = asked(padded(3, 2), "就诊凭证类型")
    mdtrt_cert_no: str = asked(C(200), "就诊凭证编号", "must be the patient's own")
    card_sn: str = free(C(32), "卡识别码")
    psn_cert_type: str = asked(padded(6, 2), "证件类型")
    certno: str = asked(C(50), "证件号码")
    psn_type: str = asked(C(6), "人员类别")
    psn_name: str = asked(C(50), "人员姓名")
    begntime: datetime = needed(MOMENT, "开始时间", "when the drugs were bought")
    medfee_sumamt: int = needed(MONEY, "医疗费总额", "must be the sum of the lines")
    invono: str = asked(C(20), "发票号", "kept; an invoice is not claimed in cash as well")
    insutype: Scheme = needed(choice(6, Scheme), "险种类型")
    dise_codg: str = free(C(30), "病种编码")
    dise_name: str = free(C(500), "病种名称")
    acct_used_flag: AccountUse = needed(choice(1, AccountUse), "个人账户使用标志", "0 none, 1 own, 2 sharers")
    med_type: str = needed(C(6), "医疗类别")
    exp_content: Any = free(NESTED, "字段扩展", "rxfixmedinsCode: the hospital whose prescription is filled")


#: The lines of a purchase are one batch.
_BATCH = "1"


async def presettle_purchase(call: Call) -> Answer:
    """2101: what 2102 would come to; nothing is written."""
    return await _purchase(call, dry=True)


async def settle_purchase(call: Call) -> Answer:
    """2102."""
    return await _purchase(call, dry=False)


async def _purchase(call: Call, *, dry: bool) -> Answer:
    purchase = read_node(Purchase, call.input)
    details = read_rows(DrugDetail, call.input)
    refuse_repeats(details, "drugdetail")
    region = call.institution.region
    hospital = prescribing_hospital(purchase.exp_content)

    def command(whose: Person, found: Found) -> SettlePurchase:
        return SettlePurchase(
            key=call.key,
            institution=call.institution,
            person_id=whose.id,
            lines=tuple(
                priced(each, found.items.get(item_key(region, each)), batch=_BATCH, traces=traces_of(each))
                for each in details
            ),
            total=purchase.medfee_sumamt,
            account_use=purchase.acct_used_flag,
            scheme=purchase.insutype,
            med_type=purchase.med_type,
            certificate_kind=purchase.mdtrt_cert_type,
            began_at=purchase.begntime,
            disease=purchase.dise_codg,
            prescriber=tier_of_prescriber(hospital, found.named),
            invoice=invoice_number(purchase.invono),
        )

    keys = frozenset(item_key(region, each) for each in details)
    whose, settlement = await served(
        call, purchase.psn_no, command, dry=dry, shown=purchase, node="druginfo", items=keys, named=hospital
    )
    return Answer(settled_output(call, whose, settlement))


_ANSWER = (SetlInfo, SetlDetail, SplitRow)

TRANSACTIONS = (
    Transaction("2101", "药店预结算", (Purchase, DrugDetail), _ANSWER, presettle_purchase, at_desk=True),
    Transaction("2102", "药店结算", (Purchase, DrugDetail), _ANSWER, settle_purchase, at_desk=True),
    Transaction("2103", "药店结算撤销", (ReverseInput,), (SetlInfo, SetlDetail), reverse, at_desk=True),
)
