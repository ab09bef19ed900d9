"""The scenarios. A scenario stands here as soon as the platform serves all its transactions."""

from __future__ import annotations

from typing import Final

from gongji.entrances.sandbox.conformance.checks import (
    another_message,
    answers,
    given,
    holds,
    patient,
    pays,
    refers,
    same_message,
    signed_anew,
)
from gongji.entrances.sandbox.conformance.model import Scenario, Step
from gongji.entrances.sandbox.failures import FailureKind
from gongji.registry.model import InstitutionKind

_IDENTIFY: Final = Step("1101", "刷就诊人的身份证（mdtrt_cert_type 02），取得 psn_no")
_REGISTER: Final = Step("2201", "挂号，使用 1101 返回的 psn_no", checks=(patient("data.psn_no"),))


def _lines(registered: int = 1, says: str = "上传费用明细，mdtrt_id 使用 2201 返回的值") -> Step:
    """2204 for the visit of the step `registered`."""
    return Step(
        "2204", says, checks=(patient("feedetail.psn_no"), given("feedetail.mdtrt_id", registered, "data.mdtrt_id"))
    )


def _pay(
    says: str = "结算，医疗费总额等于上传明细之和", *, infno: str = "2207", registered: int = 1, refused: str = "",
    plays: FailureKind | None = None,
) -> Step:  # fmt: skip
    """2206 or 2207 for the visit of the step `registered`."""
    checks = (patient("data.psn_no"), given("data.mdtrt_id", registered, "data.mdtrt_id"))
    return Step(infno, says, refused, plays, checks=checks)


#: From the card to the lines: what stands before every settlement. Steps 0, 1 and 2.
_UP_TO_LINES: Final = (_IDENTIFY, _REGISTER, _lines())

_RETRIED: Final = "没有收到回复：用原 msgid、原 input 重新签名后再发一次"

SCENARIOS: Final = (
    Scenario(
        "sign_on", ("签到与签退", "Sign on and off"),
        "操作员签到，取得签到编号，再用这个编号签退。", "",
        (
            Step("9001", "签到"),
            Step("9002", "签退，sign_no 使用 9001 返回的值",
                 checks=(given("signOut.sign_no", 0, "signinoutb.sign_no"),)),
        ),
        kind=None,
    ),
    Scenario(
        "settle_and_reverse", ("门诊结算与撤销", "A visit settled and reversed"),
        "完整的一次门诊：识别、挂号、诊断、明细、预结算、结算、撤销。撤销后钱退回原处。", "plain",
        (
            *_UP_TO_LINES[:2],
            Step("2203", "上传诊断", checks=(given("mdtrtinfo.mdtrt_id", 1, "data.mdtrt_id"),)),
            _lines(),
            _pay("预结算，向收费员显示各方支付金额", infno="2206"),
            _pay(),
            Step("2208", "撤销结算，setl_id 使用 2207 返回的值",
                 checks=(patient("data.psn_no"), given("data.setl_id", 5, "setlinfo.setl_id"))),
        ),
    ),
    Scenario(
        "sharing", ("家庭共济支付", "A relative pays"),
        "沙奶奶自己的账户不够，由家人的账户支付。刷的始终是就诊人本人的卡；acct_pay 已包含 acct_mulaid_pay。",
        "two_sharers",
        (
            *_UP_TO_LINES,
            Step("2207", "结算，acct_used_flag 为 1 或 2",
                 checks=(patient("data.psn_no"), given("data.mdtrt_id", 1, "data.mdtrt_id"),
                         holds("data.acct_used_flag", "1", "2"), pays("setlinfo.acct_mulaid_pay"))),
        ),
    ),
    Scenario(
        "somebody_else_s_card", ("刷了家人的卡", "A relative's card is shown"),
        "用共济人的证件给就诊人挂号会被拒绝。系统应把错误信息显示给收费员，不要自动重试。", "two_sharers",
        (
            _IDENTIFY,
            Step("2201", "psn_no 用沙奶奶的，mdtrt_cert_no 故意填沙次女的身份证号", "person.other_credential",
                 checks=(patient("data.psn_no"),)),
        ),
    ),
    Scenario(
        "lost_reply", ("结算回复丢失", "The reply to a settlement is lost"),
        "2207 已结算但收不到回复。应用原 msgid 重发，得到第一次的结果，不会重复扣款。", "plain",
        (
            *_UP_TO_LINES,
            _pay("结算；这一次连接会断开，收不到回复", plays=FailureKind.LOST_REPLY),
            Step("2207", _RETRIED, checks=(same_message(3),)),
        ),
    ),
    Scenario(
        "undone", ("丢失的结算冲正", "A lost settlement is undone"),
        "2207 收不到回复，又不想重发（病人已离开）：用 2601 冲正原报文，之后换新 msgid 可以重新结算。", "plain",
        (
            *_UP_TO_LINES,
            _pay("结算；这一次连接会断开，收不到回复", plays=FailureKind.LOST_REPLY),
            Step("2601", "冲正，omsgid 和 oinfno 填原报文的 msgid 和 infno",
                 checks=(patient("data.psn_no"), refers("data.omsgid", 3, "msgid"), refers("data.oinfno", 3, "infno"))),
            Step("2207", "换新 msgid 重新结算",
                 checks=(given("data.mdtrt_id", 1, "data.mdtrt_id"), another_message(3))),
        ),
    ),
    Scenario(
        "lost_request", ("结算请求丢失", "The settlement itself is lost"),
        "2207 没有到达平台。对系统来说与回复丢失没有区别，做法也一样：原 msgid 重发。", "plain",
        (
            *_UP_TO_LINES,
            _pay("结算；这一次报文在途中丢失", plays=FailureKind.LOST_REQUEST),
            Step("2207", _RETRIED, checks=(same_message(3),)),
        ),
    ),
    Scenario(
        "bad_gateway", ("网关返回 502", "A gateway answers 502"),
        "回复不是接口报文，而是 HTTP 502 的网页。不能当作结算失败，应原 msgid 重发。", "plain",
        (
            *_UP_TO_LINES,
            _pay("结算；这一次返回 HTTP 502", plays=FailureKind.BAD_GATEWAY),
            Step("2207", _RETRIED, checks=(same_message(3),)),
        ),
    ),
    Scenario(
        "delivered_twice", ("报文被投递两次", "The network delivers twice"),
        "网络把 2207 投递了两次，平台只结算一次。用 5203 核对。", "plain",
        (
            *_UP_TO_LINES,
            _pay("结算；这一次会被投递两次", plays=FailureKind.DUPLICATE),
            Step("5203", "查询这笔结算", checks=(given("data.setl_id", 3, "setlinfo.setl_id"),)),
        ),
    ),
    Scenario(
        "signature_refused", ("签名被拒绝后重签", "Signed anew after a refusal"),
        "签名时间戳超时被拒绝。应校准时钟，重新签名再发；旧签名不能再用。", "plain",
        (
            Step("1101", "刷身份证；这一次签名会被判为超时", "access.timestamp", FailureKind.SKEW, 40),
            Step("1101", "重新签名再发", checks=(signed_anew(0),)),
        ),
        kind=None,
    ),
    Scenario(
        "amounts_differ", ("总额与明细不符", "The total is not the lines' sum"),
        "医疗费总额故意写错，结算被拒绝；改正后换新 msgid 再结算。", "plain",
        (
            *_UP_TO_LINES,
            _pay("结算，medfee_sumamt 故意多写 1 元", refused="settlement.total"),
            Step("2207", "改正总额，用新的 msgid 结算",
                 checks=(given("data.mdtrt_id", 1, "data.mdtrt_id"), another_message(3))),
        ),
    ),
    Scenario(
        "reversed_twice", ("重复撤销", "Reversed twice"),
        "同一笔结算撤销第二次（新 msgid）会被拒绝，系统应显示“已经退费”而不是再退钱。", "plain",
        (
            *_UP_TO_LINES,
            _pay(),
            Step("2208", "撤销", checks=(given("data.setl_id", 3, "setlinfo.setl_id"),)),
            Step("2208", "用新的 msgid 再撤销一次", "settlement.reversed",
                 checks=(given("data.setl_id", 3, "setlinfo.setl_id"), another_message(4))),
        ),
    ),
    Scenario(
        "lines_corrected", ("明细传错后更正", "Lines withdrawn and sent again"),
        "上传的明细有误：用 2205 撤销，再上传正确的明细并结算。", "plain",
        (
            *_UP_TO_LINES,
            Step("2205", "撤销明细", checks=(given("data.mdtrt_id", 1, "data.mdtrt_id"),)),
            _lines(says="重新上传明细，使用新的 feedetl_sn"),
            _pay(),
        ),
    ),
    Scenario(
        "no_cover", ("参保暂停", "Cover is paused"),
        "沙停保的参保已暂停。2001 会说明原因；结算会被拒绝，应转为自费。", "paused_cover",
        (
            _IDENTIFY,
            Step("2001", "待遇检查，把 trt_chk_rslt 显示给收费员", checks=(patient("data.psn_no"),)),
        ),
    ),
    Scenario(
        "stay", ("住院与押金", "A stay with a deposit"),
        "入院时冻结押金（exp_content 的 deposit_amt、deposit_acct），上传明细、预结算、出院、结算、撤销。押金先付，多余的退回。",
        "retired",
        (
            _IDENTIFY,
            Step("2401", "办理入院，可在 exp_content 中申请押金",
                 checks=(patient("mdtrtinfo.psn_no"), holds("mdtrtinfo.exp_content.deposit_acct", "1", "2"))),
            Step("2301", "上传住院明细，mdtrt_id 使用 2401 返回的值",
                 checks=(patient("feedetail.psn_no"), given("feedetail.mdtrt_id", 1, "result.mdtrt_id"))),
            Step("2303", "住院预结算", checks=(given("data.mdtrt_id", 1, "result.mdtrt_id"),)),
            Step("2402", "办理出院", checks=(given("dscginfo.mdtrt_id", 1, "result.mdtrt_id"),)),
            Step("2304", "住院结算", checks=(patient("data.psn_no"), given("data.mdtrt_id", 1, "result.mdtrt_id"))),
            Step("2305", "撤销住院结算", checks=(given("data.mdtrt_id", 1, "result.mdtrt_id"),)),
        ),
    ),
    Scenario(
        "day_end", ("日终对账", "The day's end"),
        "结算一笔，再用 3201 对当天的总账。可用 insutype 和 setl_optins 只对一部分；撤销的按负数计。不平时不能当作对过账。",
        "other_region",
        (
            *_UP_TO_LINES,
            _pay(),
            Step("3201", "对总账：总额、基金、个人账户和笔数都要相等",
                 checks=(answers("stmtinfo.stmt_rslt", "0", "平"),)),
        ),
    ),
    Scenario(
        "purchase", ("药店购药与退药", "A purchase and its return"),
        "药店预结算、结算、撤销。", "plain",
        (
            _IDENTIFY,
            Step("2101", "预结算", checks=(patient("druginfo.psn_no"),)),
            Step("2102", "结算", checks=(patient("druginfo.psn_no"),)),
            Step("2103", "撤销，setl_id 使用 2102 返回的值", checks=(given("data.setl_id", 2, "setlinfo.setl_id"),)),
        ),
        kind=InstitutionKind.PHARMACY,
    ),
    Scenario(
        "purchase_lost_reply", ("药店结算回复丢失", "The reply to a purchase is lost"),
        "2102 已结算但收不到回复。应用原 msgid 重发。", "plain",
        (
            _IDENTIFY,
            Step("2102", "结算；这一次连接会断开，收不到回复", plays=FailureKind.LOST_REPLY,
                 checks=(patient("druginfo.psn_no"),)),
            Step("2102", _RETRIED, checks=(same_message(1),)),
        ),
        kind=InstitutionKind.PHARMACY,
    ),
)  # fmt: skip

BY_KEY: Final = {scenario.key: scenario for scenario in SCENARIOS}
