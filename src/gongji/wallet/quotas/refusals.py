"""Every way in which a step of a quota is refused, with what would make it possible."""

from __future__ import annotations

from datetime import date

from gongji.foundation.errors import GongjiError, InvalidInput, NotAllowed, NotFound, Refused
from gongji.foundation.money import yuan


def not_begun(since: date | None) -> GongjiError:
    """The second regime has not begun, or nobody named its first day."""
    if since is None:
        return Refused(
            "quota.not_begun",
            "relatives are sent money in their wallets: quotas have not begun, and their first day is not known",
            "现在还是转账办法，设额度的办法还没有开始",
        )
    return Refused(
        "quota.not_begun",
        f"quotas begin on {since}",
        f"设额度的办法从{since.year}年{since.month}月{since.day}日开始",
        accepted=f"from {since}",
        details={"since": since.isoformat(), "clears_at": f"{since.isoformat()}T00:00:00+08:00"},
    )


def no_rule() -> GongjiError:
    """No pack says how quotas are given in the giver's region, or it says so in a way that is not kept here: the amount stands
    aside in the account, and what is not used is the giver's again."""
    return Refused(
        "quota.no_rule",
        "the rules here do not say how quotas are given, or in a way that this platform does not offer",
        "您的参保地还没有设额度的规定，或者规定的办法这里还不能办，请向当地医保经办机构咨询",
    )


def too_little(least: int) -> GongjiError:
    """Below what the rule lets a quota be."""
    return Refused(
        "quota.too_little",
        f"a quota is at least ¥{yuan(least)} by the rules here",
        f"按当地规定，每项额度至少 {yuan(least)} 元",
        field="amount",
        accepted=f"at least {least} fen",
        details={"least_fen": least},
    )


def too_much(most: int) -> GongjiError:
    """Above what the rule lets a quota be."""
    return Refused(
        "quota.too_much",
        f"a quota is at most ¥{yuan(most)} by the rules here",
        f"按当地规定，每项额度最多 {yuan(most)} 元",
        field="amount",
        accepted=f"at most {most} fen",
        details={"most_fen": most},
    )


def too_many_users(most: int) -> GongjiError:
    """The giver gives as many relatives a quota as the rule allows."""
    return Refused(
        "quota.users",
        f"by the rules here you give quotas to at most {most} relatives: end one first",
        f"按当地规定，最多给 {most} 位家人设额度。要给别的家人，请先结束一位的",
        details={"most": most},
    )


def too_many_givers(most: int) -> GongjiError:
    """The relative has as many quotas as the rule allows."""
    return Refused(
        "quota.givers",
        f"by the rules here a relative is given quotas by at most {most} people, and this one has as many",
        f"按当地规定，一位家人最多由 {most} 个人给额度，这位家人已经满了",
        field="user",
        details={"most": most},
    )


def no_account() -> GongjiError:
    """Residents and whoever is insured without an account."""
    return Refused(
        "quota.no_account",
        "you have no personal account, from which a quota is given: residents' insurance has none",
        "您没有医保个人账户，不能给家人设额度（居民医保没有个人账户）。家人给您的额度您照样能用",
    )


def standing(quota_id: int) -> GongjiError:
    """The same relative has one: it is changed, not set again."""
    return Refused(
        "quota.standing",
        "you have given this relative a quota: change its amount instead",
        "您已经给这位家人设了额度，直接改金额就行",
        field="user",
        details={"quota": str(quota_id)},
    )


def amount_invalid() -> GongjiError:
    """Nothing."""
    return InvalidInput(
        "quota.amount", "name an amount above zero", "请填写大于 0 的金额", field="amount", accepted="fen, above 0"
    )


def not_enough(available: int) -> GongjiError:
    """The account has less than what would be set aside."""
    return Refused(
        "quota.not_enough",
        f"¥{yuan(available)} of your account can be set aside now",
        f"您的个人账户现在最多还能留出 {yuan(available)} 元",
        field="amount",
        accepted=f"at most {available} fen more",
        details={"available_fen": available},
    )


def used_more(used: int) -> GongjiError:
    """The amount would fall below what was used."""
    return Refused(
        "quota.used",
        f"¥{yuan(used)} of it were used: the amount cannot be lower than that",
        f"已经用掉 {yuan(used)} 元，额度不能改得比这少。不想再给可以结束",
        field="amount",
        accepted=f"at least {used} fen",
        details={"used_fen": used},
    )


def ended() -> GongjiError:
    """It is over."""
    return Refused("quota.ended", "this quota has ended", "这项额度已经结束", field="quota")


def unknown() -> GongjiError:
    """No such quota, or not the caller's."""
    return NotFound("quota.unknown", "there is no such quota", "没有找到这项额度，请核对编号", field="quota")


def not_yours(*, givers: bool) -> GongjiError:
    """The step belongs to the other one of the two."""
    if givers:
        return Refused(
            "quota.not_yours", "only the giver changes the amount", "只有给额度的人能改金额，您可以不要这项额度"
        )
    return Refused("quota.not_yours", "only the relative accepts it", "要由家人本人接受")


def own_hands() -> GongjiError:
    """Somebody who helps would set the holder's money aside for a third."""
    return NotAllowed(
        "quota.own_hands",
        "whose money it is gives it: whoever helps may accept or end a quota, not set one",
        "给家人设额度须由本人来办。帮办的人可以替老人接受，也可以替老人结束",
    )
