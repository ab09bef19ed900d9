"""Every way in which freezing or freeing an account is refused, with what the officer can do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused


def reason_unknown(accepted: Iterable[str]) -> GongjiError:
    """No reason, or none of ours."""
    return InvalidInput(
        "freeze.reason",
        "choose why the account is frozen: its holder reads that",
        "请选冻结的原因，本人会看到这句话",
        field="reason",
        accepted=", ".join(accepted),
    )


def lift_reason_unknown(accepted: Iterable[str]) -> GongjiError:
    """The same for its end."""
    return InvalidInput(
        "freeze.lift_reason",
        "choose why the account is freed: its holder reads that",
        "请选解除的原因，本人会看到这句话",
        field="lift_reason",
        accepted=", ".join(accepted),
    )


def day_missing() -> GongjiError:
    """A decision names its last day."""
    return InvalidInput(
        "freeze.until",
        "a decision says until when: give its last day",
        "处理决定写明了期限，请填写最后一天",
        field="until",
        accepted="a day, as in 2026-12-31",
    )


def day_past(on: date) -> GongjiError:
    """The last day is over."""
    return InvalidInput(
        "freeze.until",
        "the last day has to be after today",
        "最后一天应在今天之后；不确定哪天结束的，可以不填",
        field="until",
        accepted=f"a day after {on.isoformat()}, or none",
    )


def note_too_long(most: int) -> GongjiError:
    """More than a note."""
    return InvalidInput(
        "freeze.note",
        f"a note has at most {most} characters",
        f"备注不超过 {most} 个字",
        field="note",
        accepted=f"at most {most} characters",
    )


def already() -> GongjiError:
    """It is frozen."""
    return Refused(
        "freeze.already",
        "this account is frozen already: lift that first, or let it stand",
        "这个账户已经冻结。要换原因的，请先解除再冻结",
        field="reason",
    )


def not_agreed() -> GongjiError:
    """The officer froze it for such a reason before, and no second officer agreed."""
    return Refused(
        "freeze.not_agreed",
        "no second officer agreed when you froze this account last: a colleague has to freeze it",
        "您上次冻结这个账户没有得到复审同意，30 天内请由另一位同事办理",
        field="reason",
    )


def no_account() -> GongjiError:
    """Nothing to freeze."""
    return Refused(
        "freeze.no_account",
        "this person has no personal account, so there is nothing to freeze",
        "此人没有个人账户（居民医保没有，或者已经注销），没有可以冻结的",
        field="reason",
    )


def unknown() -> GongjiError:
    """None of this number in the region."""
    return NotFound(
        "freeze.unknown", "there is no such freeze in your region", "没有找到这项冻结，请从名单里选", field="freeze"
    )


def ended() -> GongjiError:
    """It does not stand any more."""
    return Refused(
        "freeze.ended",
        "this freeze has ended: nothing is to be done any more",
        "这项冻结已经结束，不用再办",
        field="lift_reason",
    )


def lift_asked() -> GongjiError:
    """Somebody has asked for it."""
    return Refused(
        "freeze.lift_asked",
        "lifting it was asked for: a second officer has to agree",
        "已经有人提出解除，请等复审的同事同意",
        field="lift_reason",
    )


def awaits_nobody() -> GongjiError:
    """No second officer is needed."""
    return Refused(
        "freeze.awaits_nobody",
        "this freeze does not wait for a second officer",
        "这项冻结现在不需要复审",
        field="opinion",
    )


def same_officer() -> GongjiError:
    """One officer is not two."""
    return Refused(
        "freeze.same_officer",
        "the second opinion is another officer's",
        "复审要由另一位同事来做",
        field="opinion",
    )
