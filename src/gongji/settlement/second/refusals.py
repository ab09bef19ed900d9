"""Every way in which a second transaction is refused."""

from __future__ import annotations

from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.foundation.money import yuan
from gongji.settlement.holds.refusals import WITHHELD_WORDS


def not_shared() -> GongjiError:
    """The relative has not authorised the patient."""
    return Refused(
        "second.not_shared",
        "this relative has no authorisation in force for the patient: bind first",
        "这位家人没有对就诊人有效的共济授权，请先绑定家庭共济",
        field="input.data.payer_cert_no",
        accepted="a relative who shares with the patient",
    )


def withheld(code: str) -> GongjiError:
    """The authorisation is there but may not be used for this now."""
    en, zh = WITHHELD_WORDS[code]
    return Refused(
        "second.withheld", f"this account cannot pay: {en}", f"该账户现在不能付款：{zh}", details={"why": code}
    )


def amount_zero() -> GongjiError:
    """Nothing to pay."""
    return InvalidInput(
        "second.amount",
        "the amount is not above zero",
        "付款金额必须大于零",
        field="input.data.acct_pay",
        accepted="more than 0.00",
    )


def too_much(amount: int, most: int) -> GongjiError:
    """More than the part of the settlement's cash that accounts may pay."""
    return Refused(
        "second.too_much",
        f"{yuan(amount)} is more than what accounts may still pay of this settlement's cash: {yuan(most)}",
        f"{yuan(amount)} 元超过这笔结算现金部分还能用账户支付的 {yuan(most)} 元",
        field="input.data.acct_pay",
        accepted=f"at most {yuan(most)}",
        details={"most": most},
    )


def not_enough(amount: int, most: int) -> GongjiError:
    """More than the account, or the authorisation's limit, gives."""
    return Refused(
        "second.not_enough",
        f"{yuan(amount)} is more than this account may give now: {yuan(most)}",
        f"该账户现在最多可付 {yuan(most)} 元，不足 {yuan(amount)} 元",
        field="input.data.acct_pay",
        accepted=f"at most {yuan(most)}",
        details={"most": most},
    )


def unknown() -> GongjiError:
    """No such second payment of this patient here."""
    return NotFound(
        "second.unknown",
        "there is no such second payment of this patient at this institution",
        "没有找到该家人付款记录，请核对编号",
        field="input.data.secd_setl_id",
        accepted="the secd_setl_id that GJ12 answered",
    )


def given_back() -> GongjiError:
    """It went back before."""
    return Refused(
        "second.given_back",
        "this second payment has been taken back before",
        "该家人付款已经撤销过",
        field="input.data.secd_setl_id",
    )
