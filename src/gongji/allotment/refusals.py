"""Every way in which allotting or taking back is refused, with what would make it possible."""

from __future__ import annotations

from gongji.foundation.errors import GongjiError, InvalidInput, NotAllowed, Refused
from gongji.foundation.money import yuan


def not_here() -> GongjiError:
    """No sharing of the caller's lies in a region whose rule asks for allotment."""
    return Refused(
        "allotment.not_here",
        "nothing has to be allotted where you are insured: relatives spend from your account directly, once you share it",
        "您的参保地不用先给家人备钱，绑定家人后就能直接用您的账户",
    )


def amount_invalid() -> GongjiError:
    """Nothing, or less than nothing."""
    return InvalidInput(
        "allotment.amount",
        "write an amount above zero",
        "请填写大于 0 的金额",
        field="amount",
        accepted="fen above zero",
    )


def for_whom(*, for_all: bool) -> GongjiError:
    """A relative was named where all share one pot, or nobody where each has a part of their own."""
    if for_all:
        return InvalidInput(
            "allotment.for_whom",
            "here all relatives share what you allot: name nobody",
            "这里给家人备用的钱由大家共用，不用选给谁",
            field="authorisation",
            accepted="nothing",
        )
    return InvalidInput(
        "allotment.for_whom",
        "here each relative has a part of their own: say for whom it is",
        "请先选给哪位家人",
        field="authorisation",
        accepted="the id of a sharing that is in force",
    )


def not_enough(most: int, floor: int) -> GongjiError:
    """More than may be given."""
    stays_zh = f"账户里要留下 {yuan(floor)} 元。" if floor else ""
    stays_en = f"{yuan(floor)} yuan have to stay in the account; " if floor else ""
    return Refused(
        "allotment.not_enough",
        f"{stays_en}at most {yuan(most)} yuan can be given now",
        f"{stays_zh}现在最多还能给 {yuan(most)} 元",
        field="amount",
        accepted=f"at most {most} fen",
        details={"most_fen": most, "floor_fen": floor},
    )


def nothing_given() -> GongjiError:
    """There is nothing left to take back."""
    return Refused(
        "allotment.nothing_given",
        "nothing is left there: it was used, or came back already",
        "这里没有还没用的钱：可能已经用完，或者已经收回",
    )


def only_at_end() -> GongjiError:
    """The rule gives it back only with the end of the sharing."""
    return Refused(
        "allotment.only_at_end",
        "by the rule where you are insured it comes back only when the sharing ends: unbind, and what is left is yours again",
        "按您参保地的规定，给家人备用的钱要到解绑时才退回；解绑后没用完的会自动回到您的账户",
    )


def too_much_back(most: int) -> GongjiError:
    """More than is left."""
    return Refused(
        "allotment.too_much_back",
        f"only {yuan(most)} yuan are left",
        f"只剩 {yuan(most)} 元还没用",
        field="amount",
        accepted=f"at most {most} fen",
        details={"most_fen": most},
    )


def own_hands() -> GongjiError:
    """Whoever helps may look, but moves nobody's money."""
    return NotAllowed(
        "allotment.own_hands",
        "only the account's holder allots money or takes it back; whoever helps may look",
        "给家人备钱和收回，要账户所有人自己办，帮办人只能查看",
    )
