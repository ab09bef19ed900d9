"""Every way in which a settlement or a reversal is refused, with the sentence the cashier or the patient can act on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gongji.foundation.errors import Busy, GongjiError, InvalidInput, NotFound, Refused
from gongji.foundation.money import yuan
from gongji.registry.model import Institution
from gongji.rules.model import CareKind, Scheme
from gongji.settlement.model import MessageKey

SCHEME_NAMES = {Scheme.EMPLOYEE: ("employee", "职工医保"), Scheme.RESIDENT: ("resident", "居民医保")}


def other_content(key: MessageKey, differs: Sequence[str] = ()) -> GongjiError:
    """The same institution, infno and msgid were used before for something else.

    Args:
        key: of both messages.
        differs: fields that are known not to be the same.
    """
    fields = ", ".join(differs)
    en = f" ({fields} differ)" if fields else ""
    zh = f"（{fields} 不一致）" if fields else ""
    return Refused(
        "key.other_content",
        f"msgid {key.msgid} was used before by this institution for another {key.infno}{en}: send a new msgid",
        f"报文ID {key.msgid} 已用于另一笔 {key.infno}，内容不同{zh}：请换新的报文ID重新发送",
        field="msgid",
        accepted="a msgid not used before",
        details={"differs": fields} if fields else None,
    )


def archived(*, field: str) -> GongjiError:
    """The settlement lies in a month that was archived."""
    return Refused(
        "settlement.archived",
        "this settlement is of a month whose books were archived: nothing was settled or taken back; ask the agency",
        "该结算所属月份的账目已归档，未作结算也未退费，请联系经办机构",
        field=field,
    )


def undone(key: MessageKey) -> GongjiError:
    """The message was undone (2601), before it came or after."""
    return Refused(
        "message.undone",
        f"message {key.msgid} ({key.infno}) was undone by 2601 and settles nothing any more: send a new msgid",
        f"报文 {key.msgid}（{key.infno}）已被冲正，不再结算：如需结算，请换新的报文ID重新发送",
        field="msgid",
        accepted="a msgid not used before",
    )


def nothing_to_undo(infno: str, msgid: str) -> GongjiError:
    """No such message came from this institution for this patient; if it comes now, it settles nothing."""
    return NotFound(
        "undo.unknown",
        f"no {infno} with msgid {msgid} of this patient came from this institution: nothing was booked, and should the"
        " message still come it will not be",
        f"冲正失败：没有收到本机构这位参保人的 {infno} 报文 {msgid}，没有入账；该报文以后再到也不会结算，请换新的报文ID",
        field="omsgid",
        accepted="msgid and infno of a message that was sent for this patient",
    )


def still_running(infno: str, msgid: str) -> GongjiError:
    """The message that is to be undone is being settled in this very moment."""
    return Busy(
        "undo.running",
        f"{infno} with msgid {msgid} is being settled right now: send the same 2601 again in a moment",
        f"原交易 {infno}（报文 {msgid}）正在处理中，请稍后用同一报文再次冲正",
        field="omsgid",
    )


def undo_reversed() -> GongjiError:
    """What is to be undone was taken back in the ordinary way."""
    return Refused(
        "undo.reversed",
        "the settlement was reversed before (2208, 2103 or 2305): there is nothing to undo",
        "冲正失败：冲正的结算信息退费结算标志不为未退费，不能办理冲正交易",
        field="omsgid",
        accepted="a settlement that stands",
    )


def restore_impossible(what: str, zh: str) -> GongjiError:
    """A reversal cannot be undone, since what went back is not there any more."""
    return Refused(
        "undo.not_restorable",
        f"the reversal cannot be undone: {what}; settle again with a new message instead",
        f"不能冲正这笔退费：{zh}；请用新的报文重新结算",
        field="omsgid",
    )


def not_designated(institution: Institution, on: date) -> GongjiError:
    """The institution may not settle on that day."""
    return Refused(
        "institution.not_designated",
        f"{institution.code} is not a designated institution on {on.isoformat()}",
        f"{institution.name}在{on.isoformat()}不是定点医药机构，不能医保结算",
        field="fixmedins_code",
        accepted="an institution designated on that day",
    )


def patient_died() -> GongjiError:
    """The patient is registered as deceased."""
    return Refused(
        "patient.died",
        "the patient is registered as deceased: ask the agency if this is a mistake",
        "参保人已登记死亡，不能结算；如登记有误，请联系医保经办机构",
        field="psn_no",
    )


def visit_unknown() -> GongjiError:
    """No such visit of this patient at this institution (whose visit it is is not told)."""
    return NotFound(
        "visit.unknown",
        "there is no such visit of this patient at this institution",
        "本机构没有这位参保人的这次就诊，请核对就诊ID和人员编号",
        field="mdtrt_id",
        accepted="the mdtrt_id that 2201 answered",
    )


def visit_cancelled() -> GongjiError:
    """The registration was cancelled."""
    return Refused(
        "visit.cancelled",
        "the visit was cancelled: register it again",
        "这次挂号已撤销，请重新挂号后再结算",
        field="mdtrt_id",
    )


def not_insured(on: date) -> GongjiError:
    """No insurance in order on that day."""
    return Refused(
        "enrolment.not_in_force",
        f"the patient has no insurance in order on {on.isoformat()}",
        f"参保人在{on.isoformat()}没有正常参保，不能医保结算；请联系参保地医保经办机构",
        field="psn_no",
    )


def other_scheme(stated: Scheme, actual: Scheme) -> GongjiError:
    """The message names another scheme than the patient's."""
    return Refused(
        "enrolment.other_scheme",
        f"the patient is in the {SCHEME_NAMES[actual][0]} scheme ({actual}), the message says {stated}",
        f"参保人参加的是{SCHEME_NAMES[actual][1]}（{actual}），报文里写的是{stated}",
        field="insutype",
        accepted=str(actual),
    )


def nothing_to_settle(batch: str | None) -> GongjiError:
    """There is no unsettled fee line."""
    return Refused(
        "settlement.nothing",
        "no fee line is waiting to be settled" + (f" in batch {batch}" if batch else ""),
        "没有待结算的费用明细" + (f"（收费批次 {batch}）" if batch else "") + "，请先上传明细",
        field="chrg_bchno" if batch else "mdtrt_id",
        accepted="a charging batch with uploaded, unsettled lines",
    )


def total_differs(*, stated: int, uploaded: int) -> GongjiError:
    """The institution's total is not the sum of its lines."""
    return InvalidInput(
        "settlement.total",
        f"medfee_sumamt is {yuan(stated)} but the uploaded lines add up to {yuan(uploaded)}",
        f"医疗费总额 {yuan(stated)} 元与已上传明细合计 {yuan(uploaded)} 元不一致",
        field="medfee_sumamt",
        accepted=yuan(uploaded),
        details={"stated": stated, "uploaded": uploaded},
    )


def disease_not_told() -> GongjiError:
    """A special disease without its code."""
    return InvalidInput(
        "settlement.disease",
        "med_type 14 needs the disease: send dise_codg with 2203, or in druginfo of 2102",
        "门诊慢特病结算必须有病种编码：请在 2203（药店在 2102）上传 dise_codg",
        field="dise_codg",
        accepted="the code of the special disease, such as M03900",
    )


def filing_under_review(code: str) -> GongjiError:
    """The entitlement is filed, the agency has not granted it yet."""
    return Refused(
        "settlement.under_review",
        f"the filing of {code} is under review: settle as ordinary care (med_type 11), or wait until it is granted",
        f"病种 {code} 的备案还在医保经办机构审核中，现在不能按该病种结算；可以先按普通门诊（11）结算，或等审核通过",
        field="dise_codg",
        accepted="a disease whose filing is granted",
    )


def not_entitled(kind: CareKind, code: str, on: date) -> GongjiError:
    """No filing for the disease is in force."""
    special = kind is CareKind.SPECIAL_DISEASE
    name = "门诊慢特病" if special else "高血压、糖尿病（两病）"
    return Refused(
        "settlement.not_entitled",
        f"nothing filed for the patient covers {code or 'the two diseases'} on {on.isoformat()}: file it at a designated"
        " hospital (2503) or the agency, or settle as ordinary care (med_type 11)",
        f"参保人在{on.isoformat()}没有有效的{name}备案{f'（{code}）' if code else ''}："
        "请先在定点医院（2503）或医保经办机构办理备案，或改按普通门诊（11）结算",
        field="dise_codg",
        accepted="a disease for which a filing is in force (5301 lists them)",
    )


def settlement_unknown() -> GongjiError:
    """No such settlement of this patient, visit and institution."""
    return NotFound(
        "settlement.unknown",
        "there is no such settlement of this patient and visit at this institution",
        "本机构没有这笔结算，请核对结算ID、就诊ID和人员编号",
        field="setl_id",
        accepted="the setl_id that 2207 or 2102 answered",
    )


def already_reversed() -> GongjiError:
    """The settlement was taken back before."""
    return Refused(
        "settlement.reversed", "the settlement was reversed before", "这笔结算已经退费，不能再退", field="setl_id"
    )


def line_exists(sn: str) -> GongjiError:
    """A fee line with this number was uploaded before."""
    return Refused(
        "fee_line.exists",
        f"fee line {sn} was uploaded before with other content: withdraw it first, or use a new number",
        f"费用明细流水号 {sn} 已上传过且内容不同：请先撤销，或使用新的流水号",
        field="feedetl_sn",
        accepted="a number not used in this visit",
    )


def line_amount(sn: str, stated: int, computed: int) -> GongjiError:
    """A line's total is not count times price."""
    return InvalidInput(
        "fee_line.amount",
        f"line {sn}: count × price is {yuan(computed)}, det_item_fee_sumamt says {yuan(stated)}",
        f"明细 {sn}：数量×单价为 {yuan(computed)} 元，与明细金额 {yuan(stated)} 元不符",
        field="det_item_fee_sumamt",
        accepted=yuan(computed),
    )


def lines_settled() -> GongjiError:
    """Settled lines cannot be withdrawn."""
    return Refused(
        "fee_line.settled",
        "lines that were settled cannot be withdrawn: reverse the settlement first",
        "已结算的明细不能撤销，请先办理退费",
        field="chrg_bchno",
    )


def visit_settled() -> GongjiError:
    """A visit with lines or a settlement cannot be cancelled."""
    return Refused(
        "visit.has_lines",
        "the visit has fee lines: withdraw them (and reverse what was settled) before cancelling it",
        "这次就诊还有费用明细，请先撤销明细（已结算的先退费），再撤销挂号",
        field="mdtrt_id",
    )


def visit_returns_whole() -> GongjiError:
    """Only a purchase is returned in part."""
    return Refused(
        "return.visit",
        "a hospital's settlement goes back whole: reverse it (2208), withdraw the lines (2205), settle the rest (2207)",
        "医院结算只能整单退费：请先退费（2208），撤销要退的明细（2205），再结算其余部分（2207）",
        field="setl_id",
        accepted="the settlement of a purchase",
    )


def line_not_returnable(sn: str) -> GongjiError:
    """No such line in this purchase, or fewer pieces than that."""
    return InvalidInput(
        "return.line",
        f"line {sn or '(none)'} is not of this purchase, or so many pieces of it were not bought",
        f"明细 {sn or '（未填写）'} 不属于这次购药，或退回数量不正确",
        field="feedetl_sn",
        accepted="lines of the purchase, each with a number of pieces above zero and at most what was bought",
    )


def returns_everything() -> GongjiError:
    """Nothing would remain."""
    return Refused(
        "return.everything",
        "all lines go back: reverse the whole purchase (2103)",
        "全部明细都要退回，请办理整单退费（2103）",
        field="feedetl_sn",
        accepted="some of the lines",
    )


def second_payment_stands() -> GongjiError:
    """A relative's account paid part of its cash in a second transaction, which has to go back first."""
    return Refused(
        "settlement.second_payment",
        "a relative's account paid part of this settlement's cash: take that back first (GJ13)",
        "家人账户已为这笔结算的现金部分付款，请先撤销家人的付款（GJ13）",
        field="setl_id",
    )
