"""Every way in which a step of the wallet is refused, with what clears it and when."""

from __future__ import annotations

from datetime import date, datetime

from gongji.foundation.errors import GongjiError, InvalidInput, NotAllowed, NotFound, Refused
from gongji.foundation.money import yuan
from gongji.rules.wallet import WalletTerms
from gongji.wallet.model import Source, TransferState

STATE_WORDS = {
    TransferState.PLACING: ("正在发出", "being sent"),
    TransferState.PENDING: ("等对方收下", "waiting to be accepted"),
    TransferState.ACCEPTED: ("对方已收下", "accepted"),
    TransferState.DECLINED: ("对方没有收，钱已退回", "declined; the money has gone back"),
    TransferState.RETURNED: ("到期没有收下，钱已退回", "not accepted in time; the money has gone back"),
}


def told(moment: datetime) -> str:
    """A moment as pages and refusals say it in Chinese."""
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"


def _clears(moment: datetime) -> dict[str, object]:
    return {"clears_at": moment.isoformat()}


def no_terms() -> GongjiError:
    """No pack has terms for the day."""
    return Refused("wallet.no_terms", "the wallet's transfers have not begun on this day", "医保钱包转账还没有开始办理")


def quotas_instead(since: date) -> GongjiError:
    """The second regime: no money is sent any more."""
    return Refused(
        "wallet.quotas_instead",
        f"since {since} relatives set a quota in their own account instead of sending money",
        f"{since.year}年{since.month}月{since.day}日起医保钱包改为给家人设额度，不再转账",
        details={"since": since.isoformat()},
    )


def not_insured() -> GongjiError:
    """The sender is not insured on the day."""
    return Refused(
        "wallet.not_insured",
        "you are not insured today: the wallet can be used again once the insurance holds",
        "您现在没有正常参保，参保恢复后就能用医保钱包",
    )


def place_closed(region: str, *, own: bool) -> GongjiError:
    """The wallet is not open in the sender's or the receiver's place, as far as any text says."""
    zh, en = ("您的参保地", "your region") if own else ("对方的参保地", "the receiver's region")
    return Refused(
        "wallet.place_closed" if own else "wallet.receiver_place_closed",
        f"the wallet is not open in {en} yet: both places have to be",
        f"{zh}还没有开通医保钱包。双方参保地都开通后才能用",
        details={"region": region} if own else {},
    )


def area_closed(area: str) -> GongjiError:
    """An area of use in which the wallet is not open."""
    return Refused(
        "wallet.area_closed",
        "the wallet is not open in this area: choose one where it is",
        "这个使用地还没有开通医保钱包，请选已开通的地区",
        field="area",
        details={"area": area},
    )


def area_unknown() -> GongjiError:
    """Not a region."""
    return InvalidInput(
        "wallet.area",
        "name the area of use by its six-digit code",
        "请填写使用地的六位区划代码",
        field="area",
        accepted="six digits such as 370800",
    )


def not_opened() -> GongjiError:
    """The caller has no wallet."""
    return Refused("wallet.not_opened", "open your wallet first", "请先开通您自己的医保钱包")


def receiver_not_opened() -> GongjiError:
    """The receiver has no wallet."""
    return Refused(
        "wallet.receiver_not_opened",
        "the receiver has not opened a wallet: ask them to, then send again",
        "对方还没有开通医保钱包，请对方先开通",
        field="receiver",
    )


def receiver_not_insured() -> GongjiError:
    """The receiver is not insured."""
    return Refused(
        "wallet.receiver_not_insured",
        "the receiver is not insured today",
        "对方现在没有正常参保，参保恢复后再办",
        field="receiver",
    )


def receiver_died() -> GongjiError:
    """A death is recorded."""
    return Refused("wallet.receiver_ended", "this wallet has ended", "对方的医保钱包已停用", field="receiver")


def to_oneself() -> GongjiError:
    """Sender and receiver are one."""
    return Refused("wallet.same_person", "send to somebody else", "不能给自己，请选家人", field="receiver")


def not_a_relative() -> GongjiError:
    """Neither a register nor the sender's word says that they are near relatives."""
    return Refused(
        "wallet.not_a_relative",
        "money is sent to near relatives only (spouse, parents, children, siblings, grandparents, grandchildren): state "
        "what they are to you, and confirm it",
        "只能给近亲属用（配偶、父母、子女、兄弟姐妹、祖父母、外祖父母、孙子女、外孙子女）。请选择关系并承诺属实",
        field="relation",
    )


def closed(terms: WalletTerms, reopens: datetime) -> GongjiError:
    """Between the closing and the opening hour."""
    return Refused(
        "wallet.closed",
        f"no transfers between {terms.closed_from}:00 and {terms.closed_until:02d}:00: again from {reopens:%Y-%m-%d %H:%M}",
        f"{terms.closed_from}:00 到次日 {terms.closed_until}:00 不办转账，{told(reopens)} 起可以转",
        accepted=f"from {reopens.isoformat()}",
        details=_clears(reopens),
    )


def day_is_full(most: int, clears: datetime) -> GongjiError:
    """All transfers of the day are made."""
    return Refused(
        "wallet.day_is_full",
        f"{most} transfers a day, and you have made them: again from {clears:%Y-%m-%d %H:%M}",
        f"每天最多转 {most} 笔，今天已转满，{told(clears)} 起可以再转",
        accepted=f"from {clears.isoformat()}",
        details=_clears(clears),
    )


def pending(amount: int, deadline: datetime) -> GongjiError:
    """One to the same person is not accepted yet."""
    return Refused(
        "wallet.pending",
        f"¥{yuan(amount)} to this person wait to be accepted: send again once they are, or from "
        f"{deadline:%Y-%m-%d %H:%M} when they have gone back",
        f"您转给对方的 {yuan(amount)} 元还没有收下。对方收下后，或 {told(deadline)} 退回后，才能再转",
        field="receiver",
        details=_clears(deadline),
    )


def amount_invalid() -> GongjiError:
    """Nothing to send."""
    return InvalidInput(
        "wallet.amount", "name an amount above zero", "请填写大于 0 的金额", field="amount", accepted="fen, above 0"
    )


def too_much(most: int) -> GongjiError:
    """More than one transfer may be."""
    return Refused(
        "wallet.too_much",
        f"at most ¥{yuan(most)} in one transfer: send it in parts",
        f"一笔最多 {yuan(most)} 元，请分几笔转",
        field="amount",
        accepted=f"at most {most} fen",
        details={"most_fen": most},
    )


def not_enough(balance: int, source: Source) -> GongjiError:
    """The account or wallet has less."""
    zh, en = ("个人账户", "account") if source is Source.ACCOUNT else ("医保钱包", "wallet")
    return Refused(
        "wallet.not_enough",
        f"there are ¥{yuan(balance)} in your {en}",
        f"您的{zh}里现在有 {yuan(balance)} 元，不够转这笔",
        field="amount",
        accepted=f"at most {balance} fen",
    )


def ended(state: TransferState, at: datetime | None) -> GongjiError:
    """The transfer was answered or went back before."""
    zh, en = STATE_WORDS[state]
    when = f"（{told(at)}）" if at is not None else ""
    return Refused(
        f"wallet.{state}",
        f"this transfer is over: {en}",
        f"这笔转账已经结束：{zh}{when}",
        field="transfer",
        details={"state": str(state)} | ({"ended_at": at.isoformat()} if at is not None else {}),
    )


def own_hands() -> GongjiError:
    """Somebody who helps would send the holder's money, which cannot be asked back."""
    return NotAllowed(
        "wallet.own_hands",
        "money that cannot be asked back is sent by its holder alone: whoever helps may accept, not send",
        "转出去的钱要不回来，须由本人来转。帮办的人可以替老人收，不能替老人转",
    )


def unknown() -> GongjiError:
    """No such transfer, or not the caller's."""
    return NotFound(
        "wallet.transfer_unknown", "there is no such transfer", "没有找到这笔转账，请核对编号", field="transfer"
    )


def institution_unknown() -> GongjiError:
    """No such institution."""
    return NotFound(
        "institution.unknown", "there is no such institution", "没有这家机构，请核对编号", field="institution"
    )
