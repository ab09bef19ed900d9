"""Every way in which a claim is refused a step, with what the reader can do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused


def unknown() -> GongjiError:
    """No claim of this number that is the caller's to see."""
    return NotFound("claim.unknown", "there is no such claim", "没有找到这件报销申请，请从列表里选", field="claim")


def document_unknown() -> GongjiError:
    """No such document of the claim."""
    return NotFound("claim.document_unknown", "this claim has no such document", "没有这份材料", field="document")


def word_unknown(field: str, accepted: Iterable[str]) -> GongjiError:
    """Not one of a list."""
    words = ", ".join(accepted)
    return InvalidInput("claim.word", f"choose one of: {words}", "请从列出的选项里选一个", field=field, accepted=words)


def not_your_turn() -> GongjiError:
    """The claim is with the agency, or over."""
    return Refused(
        "claim.not_open",
        "this claim is not open for changes: it is with the agency, or finished",
        "这件申请现在不能改：正在审核，或者已经办完",
        field="claim",
    )


def only_task(task: str) -> GongjiError:
    """One task came back; the others stand."""
    return Refused(
        "claim.other_task",
        f"only what was returned can be changed: {task}",
        "只有被退回的那一项可以改，其他项已经核过",
        field="task",
        accepted=task,
    )


def text_wrong(field: str, most: int) -> GongjiError:
    """Empty or too long."""
    return InvalidInput(
        f"claim.{field}",
        f"write 1 to {most} characters",
        f"请填写，最多 {most} 个字",
        field=field,
        accepted=f"1 to {most} characters",
    )


def region_wrong() -> GongjiError:
    """No six-digit code of a place."""
    return InvalidInput(
        "claim.region",
        "name the place by its six-digit code",
        "请选择医院所在的地方",
        field="region",
        accepted="six digits, as in 370800",
    )


def institution_unknown() -> GongjiError:
    """A code of nobody."""
    return InvalidInput(
        "claim.institution",
        "no designated institution has this code: give its name, place, kind and tier instead",
        "名单里没有这家机构，请填写名称、所在地、类型和级别",
        field="institution",
        accepted="a code of the register, or name, region, kind and tier",
    )


def med_type_wrong(accepted: Iterable[str]) -> GongjiError:
    """A category that cannot be claimed there."""
    words = ", ".join(accepted)
    return InvalidInput(
        "claim.med_type",
        f"at this place one of these can be claimed: {words}",
        "这类机构不能选这个就医类型，请重新选",
        field="med_type",
        accepted=words,
    )


def disease_missing() -> GongjiError:
    """A special disease is named."""
    return InvalidInput(
        "claim.disease",
        "for a special disease give its code as it was filed",
        "门诊慢特病要选是哪一种病",
        field="disease",
        accepted="the code of a granted filing",
    )


def dates_wrong(on: date) -> GongjiError:
    """In the future, or the end before the beginning."""
    return InvalidInput(
        "claim.dates",
        f"the visit lies between the patient's birth and {on.isoformat()}, and ends on or after its first day",
        "就医日期不能晚于今天，也不能早于出生日期；出院日期不能早于入院日期",
        field="began_on",
        accepted=f"days up to {on.isoformat()}, as in 2026-03-31",
    )


def day_unreadable(field: str) -> GongjiError:
    """No date."""
    return InvalidInput(
        "claim.day",
        "write the day as in 2026-03-31",
        "日期请写成 2026-03-31 这样",
        field=field,
        accepted="2026-03-31",
    )


def invoices_wrong(most: int) -> GongjiError:
    """None, too many, or not a number."""
    return InvalidInput(
        "claim.invoices",
        f"give 1 to {most} invoice numbers of 8 to 30 digits or letters each, none twice",
        f"请填 1 到 {most} 个发票号，每个 8 到 30 位数字或字母，不要重复",
        field="invoices",
        accepted="8 to 30 digits or capital letters each",
    )


def invoice_claimed(number: str) -> GongjiError:
    """An invoice is claimed once, by whoever claims it first."""
    return Refused(
        "claim.invoice_claimed",
        f"invoice {number} has been claimed already: take it out, or ask the agency if you did not claim it",
        f"发票 {number} 已经申请过报销。如果不是您申请的，请联系医保经办机构",
        field="invoices",
        details={"invoice": number},
    )


def invoice_settled(number: str) -> GongjiError:
    """The bill was settled where it was made, after all."""
    return Refused(
        "claim.invoice_settled",
        f"the bill of invoice {number} was settled directly, so the funds have paid their part: ask the agency if it was not",
        f"发票 {number} 的费用在医院或药店已经直接结算过，基金该付的已经付了，不能再报。如果您是全额付的现金，请联系医保经办机构",
        field="invoices",
        details={"invoice": number},
    )


def lines_wrong(most: int) -> GongjiError:
    """None, or too many."""
    return InvalidInput(
        "claim.lines",
        f"give 1 to {most} lines",
        f"请填 1 到 {most} 行费用",
        field="lines",
        accepted=f"1 to {most} lines",
    )


def line_wrong(n: int) -> GongjiError:
    """A line without a name, or with figures that cannot be."""
    return InvalidInput(
        "claim.line",
        f"line {n}: give a name or code of up to 100 characters, 1 to 9999 pieces, and an amount above zero",
        f"第 {n} 行：请填项目名称、数量（1 到 9999）和金额",
        field="lines",
        accepted="name or code, count 1 to 9999, amount above 0.00",
        details={"line": n},
    )


def bank_wrong(field: str, accepted: str) -> GongjiError:
    """An account that cannot be."""
    zh = {
        "bank": "请填开户银行的名称",
        "account": "请填银行账号，8 到 30 位数字",
        "holder": "请填户名，和银行卡上的一样",
    }
    return InvalidInput(f"claim.{field}", f"fill in the {field}: {accepted}", zh[field], field=field, accepted=accepted)


def too_many_documents(most: int) -> GongjiError:
    """Somebody fills the disk."""
    return Refused(
        "claim.too_many_documents",
        f"a claim has at most {most} documents",
        f"一件申请最多 {most} 份材料",
        field="file",
    )


def incomplete(tasks: Iterable[str]) -> GongjiError:
    """Something is not filled in yet."""
    words = ", ".join(tasks)
    return Refused(
        "claim.incomplete",
        f"not filled in yet: {words}",
        "还有没填完的项，填完才能提交",
        field="claim",
        accepted=words,
        details={"tasks": words},
    )


def not_insured(on: date) -> GongjiError:
    """No insurance on the day."""
    return Refused(
        "claim.not_insured",
        f"no insurance is entered for {on.isoformat()}: ask the agency to complete it, then hand the claim in",
        f"没有查到 {on.isoformat()} 那天的参保记录。如果单位已经缴费，请先到医保窗口补登，再提交",
        field="began_on",
        details={"on": on.isoformat()},
    )


def moved(region: str) -> GongjiError:
    """Another region insures the patient for that day, by what was entered since."""
    return Refused(
        "claim.moved",
        f"by what was entered since, region {region} insures the patient for that day: return the visit,"
        " and the claim goes there when it is handed in again",
        f"那天的参保地现在登记为 {region}：请把“哪天、看的什么”一项退回，重新提交后由当地办理",
        field="claim",
        details={"region": region},
    )


def not_waiting() -> GongjiError:
    """Nothing of the kind is to be done on the claim now."""
    return Refused("claim.not_waiting", "this claim does not wait for that", "这件现在不需要这一步", field="claim")


def not_in_charge() -> GongjiError:
    """Another officer's, or nobody's."""
    return Refused(
        "claim.not_in_charge",
        "you do not have this claim in charge: take it first",
        "这件不在您手上，请先点“我来办”",
        field="claim",
    )


def taken(holder: str) -> GongjiError:
    """Another officer has it."""
    return Refused(
        "claim.taken",
        f"officer {holder} has this claim in charge",
        f"这件由工号 {holder} 的同事在办",
        field="claim",
        details={"holder": holder},
    )


def same_officer() -> GongjiError:
    """One officer is not two."""
    return Refused(
        "claim.same_officer",
        "this takes another officer than the one who decided first",
        "要由另一位同事来办，不能是先前作决定的人",
        field="claim",
    )


def note_missing() -> GongjiError:
    """A disagreement says why."""
    return InvalidInput(
        "claim.note",
        "say why, in at most 200 characters",
        "请写明原因，最多 200 字",
        field="note",
        accepted="1 to 200 characters",
    )


def appealed_before() -> GongjiError:
    """Once."""
    return Refused(
        "claim.appealed",
        "a decision is looked at again once: this one was",
        "复核只能申请一次，这件已经复核过",
        field="claim",
    )


def appeal_late(last: date) -> GongjiError:
    """Too late."""
    return Refused(
        "claim.appeal_late",
        f"a decision could be appealed until {last.isoformat()}",
        f"申请复核的期限到 {last.isoformat()} 为止",
        field="claim",
        details={"until": last.isoformat()},
    )


def worse() -> GongjiError:
    """An appeal never takes away."""
    return Refused(
        "claim.worse",
        "on an appeal the funds pay at least what they paid before: uphold the decision, or take it back for a stated reason",
        "复核后基金支付不能比原来少。原决定有错的，请用“追回”另办",
        field="lines",
    )


def reference_wrong() -> GongjiError:
    """A bank's reference."""
    return InvalidInput(
        "claim.reference",
        "give the bank's reference, 4 to 40 letters and digits",
        "请填银行流水号，4 到 40 位字母或数字",
        field="reference",
        accepted="4 to 40 letters, digits or hyphens",
    )


def reference_used() -> GongjiError:
    """The bank's reference stands for another step."""
    return Refused(
        "claim.reference_used",
        "this reference stands for another amount of this claim",
        "这个流水号已经用在这件申请的另一笔上，请核对",
        field="reference",
    )
