"""Every way in which a step of a hold is refused."""

from __future__ import annotations

from datetime import datetime

from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.foundation.money import yuan
from gongji.ledger.holds import HoldPurpose, HoldState

STATE_WORDS = {
    HoldState.CAPTURED: ("taken", "已扣款"),
    HoldState.RELEASED: ("given back", "已退回"),
    HoldState.EXPIRED: ("over and given back", "已到期退回"),
}

PURPOSE_WORDS = {
    HoldPurpose.DEPOSIT: ("a deposit", "住院押金"),
    HoldPurpose.WALLET: ("a wallet quota", "医保钱包额度"),
    HoldPurpose.TRANSFER: ("a transfer", "转账"),
    HoldPurpose.PREMIUM: ("a premium", "参保缴费"),
}

WITHHELD_WORDS = {
    "shared.none.paused": ("the authorisation is paused", "家庭共济已暂停"),
    "shared.none.frozen": ("the account that would pay is frozen for now", "付款的个人账户暂时冻结"),
    "shared.none.sharer_not_insured": (
        "the sharer's employee insurance is not in order",
        "共济人的职工医保当前不正常",
    ),
    "shared.none.purpose": (
        "the authorisation or the region does not allow this purpose",
        "授权或当地规则不允许这种用途",
    ),
    "shared.none.not_allotted": (
        "the sharer has not allotted anything for this relative yet",
        "共济人还没有给这位家人划拨资金",
    ),
    "shared.none.allotted_used": (
        "what the sharer had allotted is used up, or was taken back",
        "共济人划拨的资金已用完或已收回",
    ),
}


def other_content(key: str) -> GongjiError:
    """The key was used for another command."""
    return Refused(
        "key.other_content",
        f"key {key} was used before for another command: use a new key",
        f"幂等键 {key} 已用于另一项操作，内容不同：请换新的键",
        field="key",
        accepted="a key not used before",
    )


def amount_zero() -> GongjiError:
    """Nothing to hold, take or give back."""
    return InvalidInput(
        "hold.amount", "the amount is not above zero", "金额必须大于零", field="amount", accepted="fen above zero"
    )


def expires_too_early(at: datetime) -> GongjiError:
    """The end lies in the past."""
    return InvalidInput(
        "hold.expires_at",
        "the hold would be over already",
        "到期时间早于现在",
        field="expires_at",
        accepted=f"a moment after {at.isoformat(timespec='seconds')}",
    )


def payer_unknown() -> GongjiError:
    """Somebody else's money without an authorisation for it."""
    return Refused(
        "hold.payer",
        "this money can only be held by its owner, or under an authorisation in force for this person",
        "只能冻结本人账户的资金，或在有效的家庭共济授权下冻结共济人的资金",
        field="authorisation_id",
        accepted="an authorisation in force from this payer for this person",
    )


def account_frozen() -> GongjiError:
    """The person's own account is frozen by the agency."""
    return Refused(
        "hold.account_frozen",
        "the agency has frozen this personal account: nothing can be paid from it for now; ask the agency, or call 12393",
        "个人账户暂时冻结，现在不能用它付钱；原因写在“我的账户”里，有疑问请到参保地医保经办窗口，或拨 12393",
        field="payer_id",
    )


def withheld(because: str) -> GongjiError:
    """The authorisation is there, but nothing may be taken under it now."""
    en, zh = WITHHELD_WORDS[because]
    return Refused("hold.withheld", en, zh, field="authorisation_id", details={"because": because})


def not_shareable(purpose: HoldPurpose) -> GongjiError:
    """A sharer's money for something that is not shared."""
    en, zh = PURPOSE_WORDS[purpose]
    return Refused(
        "hold.not_shareable",
        f"a sharer's money is not held for {en}",
        f"共济人的资金不能用于{zh}",
        field="purpose",
        accepted="deposit or premium",
    )


def person_died() -> GongjiError:
    """The person or the payer is registered as deceased."""
    return Refused(
        "hold.died", "the person is registered as deceased", "该人员已登记死亡，不能冻结资金", field="person_id"
    )


def not_insured() -> GongjiError:
    """The person whose region decides has no insurance in order."""
    return Refused(
        "enrolment.not_in_force",
        "the person has no insurance in order today",
        "该人员当前没有正常参保，不能使用共济人的资金",
        field="person_id",
    )


def not_enough(amount: int, available: int) -> GongjiError:
    """There is less than what is to be held."""
    return Refused(
        "hold.not_enough",
        f"{yuan(amount)} is to be held, {yuan(available)} can be",
        f"需要冻结 {yuan(amount)} 元，可用 {yuan(available)} 元",
        field="amount",
        accepted=yuan(available) if available else "nothing now",
        details={"amount": amount, "available": available},
    )


def unknown() -> GongjiError:
    """No such hold of this person."""
    return NotFound(
        "hold.unknown",
        "there is no such hold for this person",
        "没有这位人员的这笔冻结，请核对编号",
        field="hold_id",
        accepted="the id that placing it answered",
    )


def ended(state: HoldState) -> GongjiError:
    """Nothing is left of it."""
    en, zh = STATE_WORDS[state]
    return Refused(
        "hold.ended", f"the hold was {en} before", f"这笔冻结{zh}", field="hold_id", details={"state": str(state)}
    )


def over(expires_at: datetime) -> GongjiError:
    """Its time is over; it goes back by itself."""
    return Refused(
        "hold.expired",
        f"the hold was over at {expires_at.isoformat(timespec='seconds')}: place a new one",
        f"这笔冻结已于 {expires_at:%Y-%m-%d %H:%M} 到期，请重新冻结",
        field="hold_id",
    )


def too_much(amount: int, remaining: int) -> GongjiError:
    """More than what remains."""
    return Refused(
        "hold.too_much",
        f"{yuan(amount)} is more than the {yuan(remaining)} that are still held",
        f"{yuan(amount)} 元超过仍冻结的 {yuan(remaining)} 元",
        field="amount",
        accepted=f"at most {yuan(remaining)}",
        details={"amount": amount, "remaining": remaining},
    )


def target() -> GongjiError:
    """The money cannot go there."""
    return InvalidInput(
        "hold.credit",
        "held money cannot go to this account: it is unknown, closed, or the payer's own",
        "冻结资金不能转入该账户：账户不存在、已注销，或就是付款人自己的账户",
        field="credit",
        accepted="a payable of an institution, a tax office or another person, or another open account",
    )
