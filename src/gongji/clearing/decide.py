"""Pure decisions of reconciliation: whether totals agree, what is wrong with a line, who has to clear it."""

from __future__ import annotations

from typing import Final

from gongji.clearing.model import Compared, Difference, Told, Totals, Verdict
from gongji.foundation.clock import CHINA
from gongji.foundation.money import yuan


def compare_totals(told: Totals, ours: Totals) -> Verdict:
    """Hold an institution's sums against ours.

    Institutions count a refunded settlement as none or as two rows, centres take both: here both agree, for equal
    amounts of equally many rows are the same settlements either way.
    """
    wrong = [
        f"{label} 机构 {yuan(theirs)}、中心 {yuan(our)}、差 {yuan(theirs - our)}"
        for label, theirs, our in (
            ("医疗费总额", told.total, ours.total),
            ("基金支付总额", told.funds, ours.funds),
            ("个人账户支付", told.accounts, ours.accounts),
            ("现金支付", told.cash, ours.cash),
        )
        if theirs is not None and our is not None and theirs != our
    ]
    if told.count not in (ours.count, ours.rows):
        either = f"{ours.count}" if ours.count == ours.rows else f"{ours.count}（含退费 {ours.rows}）"
        wrong.append(f"笔数 机构 {told.count}、中心 {either}")
    if wrong:
        return Verdict(False, "不平：" + "；".join(wrong))
    return Verdict(True, f"平：{ours.count} 笔，医疗费总额 {yuan(ours.total)}，基金 {yuan(ours.funds)}")


#: Who has to clear a difference: what an institution tells wrongly it corrects; where the two books have other amounts for
#: the same settlement, the agency looks into it.
OWNERS: Final = {
    Difference.MISSING_HERE: "institution",
    Difference.MISSING_THERE: "institution",
    Difference.TWICE: "institution",
    Difference.SIGN: "institution",
    Difference.PERSON: "agency",
    Difference.AMOUNTS: "agency",
}

_ELSEWHERE: Final = {
    "undone": "中心端没有：该笔已冲正",
    "outside": "中心端该笔不在对账范围内，结算时间 {at}",
    "": "中心端没有这笔结算",
}


def memo(one: Compared, told: Told | None) -> str:
    """What the result file says of a line, for the hospital's clerk; "" when it agrees."""
    if one.difference is Difference.MISSING_HERE:
        at = f"{one.settled_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}" if one.settled_at else ""
        return _ELSEWHERE[one.elsewhere].format(at=at)
    if one.difference is Difference.MISSING_THERE:
        return "机构端没有这笔结算：请按报文ID查找，确属未收到应答的可冲正（2601）"
    if one.difference is Difference.TWICE:
        return "机构端重复上传同一笔结算"
    if one.difference is Difference.SIGN:
        return "机构端金额的正负号与中心端相反"
    if one.difference is Difference.PERSON:
        return "人员编号与中心端不同"
    if one.difference is Difference.AMOUNTS and told is not None:
        pairs = (
            ("医疗费总额", told.total, one.total),
            ("基金支付总额", told.funds, one.funds),
            ("个人账户支出", told.accounts, one.accounts),
        )
        wrong = [
            f"{label} 机构 {yuan(theirs)}、中心 {yuan(ours or 0)}" for label, theirs, ours in pairs if theirs != ours
        ]
        return "金额不同：" + "；".join(wrong)
    return ""
