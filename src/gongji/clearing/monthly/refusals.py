"""Every way in which monthly clearing refuses, with what can be done instead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from gongji.foundation.errors import GongjiError, InvalidInput, NotAllowed, NotFound, Refused
from gongji.foundation.money import yuan


def month_unreadable(text: str) -> GongjiError:
    """No month."""
    return InvalidInput(
        "clearing.month",
        f"{text[:20]} is no month",
        f"“{text[:20]}”不是月份，要写成 2026-10 这样",
        field="month",
        accepted="a month, as in 2026-10",
    )


def month_not_over(month: date) -> GongjiError:
    """It still takes in what happens."""
    return Refused(
        "clearing.not_over",
        f"{month:%Y-%m} is not over yet: close it from the first of the next month on",
        f"{month:%Y 年 %m 月}还没有结束，请在下月 1 日以后关账",
        field="month",
    )


def earlier_first(earlier: date) -> GongjiError:
    """Months are closed in their order."""
    return Refused(
        "clearing.earlier_first",
        f"{earlier:%Y-%m} is still open: close that month first",
        f"{earlier:%Y 年 %m 月}还没有关账，请先关该月",
        field="month",
        accepted=f"{earlier:%Y-%m}",
        details={"month": f"{earlier:%Y-%m}"},
    )


def later_closed(later: date) -> GongjiError:
    """Nothing can join it any more."""
    return Refused(
        "clearing.later_closed",
        f"{later:%Y-%m} was closed without this month: there was nothing in it, and what comes late goes into the next",
        f"{later:%Y 年 %m 月}已经关账，该月当时没有清算数据；迟到的数据计入下一个月",
        field="month",
        accepted=f"a month after {later:%Y-%m}",
    )


def month_archived(month: date) -> GongjiError:
    """Its books left before anything was gathered from them."""
    return Refused(
        "clearing.archived",
        f"the books of {month:%Y-%m} were archived before clearing followed them: bring the month back first",
        f"{month:%Y 年 %m 月}的账目在清算汇集之前已经归档，请先恢复该月账目",
        field="month",
    )


def day_unreadable() -> GongjiError:
    """No day."""
    return InvalidInput(
        "clearing.paid_on",
        "write the day as in 2026-11-10",
        "日期要写成 2026-11-10 这样",
        field="paid_on",
        accepted="a day, as in 2026-11-10",
    )


def file_exists(file: Path) -> GongjiError:
    """Nothing is overwritten."""
    return Refused(
        "clearing.file_exists",
        f"{file} is there already: name a new file",
        f"{file} 已经存在，请换一个文件名",
        field="file",
    )


def file_unwritable(file: Path, problem: OSError) -> GongjiError:
    """No such folder, no leave to write there, no room."""
    return Refused(
        "clearing.file_unwritable",
        f"{file} cannot be written: {problem.strerror}",
        f"{file} 写不进去：{problem.strerror}",
        field="file",
    )


def unknown(field: str = "number") -> GongjiError:
    """None of this number that concerns the officer's region."""
    return NotFound(
        "clearing.unknown",
        "there is nothing of this number in the clearing of your region",
        "没有找到，或者与您的统筹地区无关，请从名单里选",
        field=field,
    )


def other_regions(region: str) -> GongjiError:
    """What the other side of a statement does."""
    return NotAllowed(
        "clearing.other_region",
        f"this is for an officer of {region}",
        f"这一步由 {region} 的经办机构办理",
        accepted=f"an officer whose region takes in {region}",
    )


def checked_before() -> GongjiError:
    """Accepted already."""
    return Refused(
        "clearing.checked",
        "this statement was accepted before: nothing in it can be disputed any more",
        "这张清算单已经核对接受，不能再提异议",
        field="reason",
    )


def not_checked() -> GongjiError:
    """Nobody has looked."""
    return Refused(
        "clearing.not_checked",
        "the owing region has not accepted this statement yet: check it first",
        "付款地区还没有核对接受这张清算单，请先核对",
        field="amount",
    )


def line_unknown() -> GongjiError:
    """None of the statement's."""
    return NotFound("clearing.line", "there is no such line in this statement", "清算单里没有这一笔", field="line")


def line_not_disputable() -> GongjiError:
    """What was taken back is in the debtor's favour, or it is disputed already."""
    return Refused(
        "clearing.line_disputed",
        "this line takes something back, or is disputed already",
        "这一笔是退回的金额，或者已经提过异议",
        field="line",
    )


def reason_unknown(accepted: Iterable[str]) -> GongjiError:
    """Why not?"""
    return InvalidInput(
        "clearing.reason",
        "choose why the line is not accepted",
        "请选不接受这一笔的原因",
        field="reason",
        accepted=", ".join(accepted),
    )


def note_length(most: int) -> GongjiError:
    """The other side has to understand it."""
    return InvalidInput(
        "clearing.note",
        f"write what was found: 4 to {most} characters",
        f"请写明核对的结果：4 到 {most} 个字",
        field="note",
        accepted=f"4 to {most} characters",
    )


def answered_before() -> GongjiError:
    """It has its outcome."""
    return Refused("clearing.answered", "this dispute was answered before", "这项异议已经答复过了", field="outcome")


def outcome_unknown(accepted: Iterable[str]) -> GongjiError:
    """Neither of the two."""
    return InvalidInput(
        "clearing.outcome",
        "say whether the line stands or is given up",
        "请选这一笔维持还是放弃",
        field="outcome",
        accepted=", ".join(accepted),
    )


def amount_wrong(left: int) -> GongjiError:
    """More than is left, or nothing."""
    return InvalidInput(
        "clearing.amount",
        f"pay above zero and at most {yuan(left)} yuan, which is what is left",
        f"金额应大于 0，且不超过未付的 {yuan(left)} 元",
        field="amount",
        accepted=f"0.01 to {yuan(left)}",
        details={"left_fen": left},
    )


def amount_not_above_zero() -> GongjiError:
    """An advance of nothing."""
    return InvalidInput(
        "clearing.amount", "the amount has to be above zero", "金额应大于 0", field="amount", accepted="0.01 or more"
    )


def reference_wrong() -> GongjiError:
    """The bank's reference is what finds the payment again."""
    return InvalidInput(
        "clearing.reference",
        "give the bank's or treasury's reference: 4 to 60 letters, digits or dashes",
        "请填写银行或财政的凭证号：4 到 60 位字母、数字或短横",
        field="reference",
        accepted="4 to 60 letters, digits or dashes",
    )


def reference_used() -> GongjiError:
    """The same payment once more."""
    return Refused(
        "clearing.reference_used",
        "a payment with this reference stands here already",
        "这个凭证号已经登记过同一笔付款",
        field="reference",
    )


def day_wrong(today: date) -> GongjiError:
    """Paid in the future, or no day."""
    return InvalidInput(
        "clearing.paid_on",
        "give the day on which it was paid, today at the latest",
        "请填写付款日期，不能晚于今天",
        field="paid_on",
        accepted=f"a day up to {today.isoformat()}, as in 2026-11-10",
    )


def no_advance(left: int) -> GongjiError:
    """More than the advance holds."""
    return Refused(
        "clearing.advance",
        f"the advance holds {yuan(left)} yuan",
        f"预付金余额只有 {yuan(left)} 元",
        field="amount",
        details={"left_fen": left},
    )


def same_region() -> GongjiError:
    """Nobody pays themself in advance."""
    return InvalidInput(
        "clearing.regions",
        "name two different six-digit regions",
        "请填写两个不同的六位统筹地区代码",
        field="payee",
        accepted="six digits, as in 370800",
    )


def not_pooling(field: str, region: str, pooling: str) -> GongjiError:
    """A district, or a city of a municipality."""
    return InvalidInput(
        "clearing.regions",
        f"{region} lies in the pooling region {pooling}: name that",
        f"{region} 属于统筹地区 {pooling}，请填统筹地区的代码",
        field=field,
        accepted=pooling,
    )


def decided_before() -> GongjiError:
    """The second officer has spoken."""
    return Refused("clearing.decided", "this payment was decided on before", "这笔付款已经复审过了", field="opinion")


def same_officer() -> GongjiError:
    """One officer is not two."""
    return Refused(
        "clearing.same_officer",
        "the second opinion is another officer's",
        "复审要由另一位同事来做",
        field="opinion",
    )
