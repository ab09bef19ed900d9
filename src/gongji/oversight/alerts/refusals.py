"""Every way in which work on alerts is refused, with what can be done."""

from __future__ import annotations

from collections.abc import Iterable

from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.oversight.alerts.rule import Threshold


def rule_unknown() -> GongjiError:
    """No rule has the code."""
    return NotFound("rule.unknown", "there is no such rule", "没有这条规则，请从名单里选", field="rule")


def threshold_unknown(name: str, known: Iterable[str]) -> GongjiError:
    """The rule has no such figure."""
    return InvalidInput(
        "rule.threshold",
        f"this rule has no threshold {name}",
        "这条规则没有这个数值",
        field=name,
        accepted=", ".join(known),
    )


def threshold_beyond(one: Threshold) -> GongjiError:
    """A figure that no rule should have, or none at all."""
    return InvalidInput(
        "rule.threshold",
        f"{one.name} is a whole number from {one.least} to {one.most}",
        f"请填 {one.least} 到 {one.most} 的整数",
        field=one.name,
        accepted=f"{one.least} to {one.most}",
    )


def words(code: str, field: str, between: tuple[int, int]) -> GongjiError:
    """Too few or too many words."""
    least, most = between
    return InvalidInput(
        code,
        f"write {least} to {most} characters",
        f"请写 {least} 到 {most} 个字",
        field=field,
        accepted=f"{least} to {most} characters",
    )


def case_unknown() -> GongjiError:
    """No such case, or another region's."""
    return NotFound("alert_case.unknown", "there is no such case in your region", "没有找到这个案件", field="case")


def case_taken(holder: str) -> GongjiError:
    """Somebody else has it."""
    return Refused(
        "alert_case.taken",
        f"officer {holder} has this case in charge",
        f"这件由工号 {holder} 的同事在办",
        field="case",
        details={"holder": holder},
    )


def not_in_charge() -> GongjiError:
    """The officer does not have it."""
    return Refused(
        "alert_case.not_in_charge",
        "you do not have this case in charge: take it first",
        "这件不在您手上，请先点“我来办”",
        field="case",
    )


def concluded() -> GongjiError:
    """It is over."""
    return Refused("alert_case.concluded", "this case has been concluded", "这件已经办结", field="case")


def new_alert() -> GongjiError:
    """Nothing is decided unseen."""
    return Refused(
        "alert_case.new_alert",
        "another alert has joined this case since you opened it: look at it, then conclude",
        "您打开以后，又有新的线索并入这件：请看过再办结",
        field="founded",
    )


def account_elsewhere(region: str) -> GongjiError:
    """The account stands in another region's books by now."""
    return Refused(
        "alert_case.account_elsewhere",
        f"the account stands in the books of {region} by now: refer the case, and it is frozen there",
        f"账户现在在 {region}：请选“移送”，由当地冻结",
        field="outcome",
        details={"region": region},
    )


def outcome_unknown(accepted: Iterable[str]) -> GongjiError:
    """No outcome, or none of ours."""
    return InvalidInput(
        "alert_case.outcome",
        "choose what was found",
        "请选处理结果",
        field="outcome",
        accepted=", ".join(accepted),
    )


def reason_unknown(accepted: Iterable[str]) -> GongjiError:
    """No reason, or one that does not go with the outcome."""
    return InvalidInput(
        "alert_case.reason",
        "choose a reason that goes with the outcome",
        "请选与处理结果相符的原因",
        field="reason",
        accepted=", ".join(accepted),
    )


def nothing_founded(accepted: Iterable[str]) -> GongjiError:
    """An outcome that says that something was wrong, and no alert that was right."""
    return InvalidInput(
        "alert_case.founded",
        "say which alerts were right, or choose another outcome",
        "请勾选属实的是哪几条；都不属实的，请换一个处理结果",
        field="founded",
        accepted=", ".join(accepted),
    )


def outcome_unfit(en: str, zh: str) -> GongjiError:
    """The outcome cannot be carried out on this subject."""
    return InvalidInput("alert_case.outcome", en, zh, field="outcome")


def reader_unknown(accepted: Iterable[str]) -> GongjiError:
    """Nobody, or somebody whom the case is not about."""
    return InvalidInput(
        "alert_letter.reader",
        "choose whom to ask: somebody whom the case is about",
        "请选要问谁",
        field="reader",
        accepted=", ".join(accepted),
    )


def asked_already() -> GongjiError:
    """A letter waits for its answer."""
    return Refused(
        "alert_letter.asked_already",
        "they have been asked and have not answered yet",
        "已经发过信，对方还没有答复",
        field="reader",
    )


def letter_unknown() -> GongjiError:
    """No such letter, or somebody else's."""
    return NotFound("alert_letter.unknown", "there is no such letter for you", "没有找到这封信", field="letter")


def letter_answered() -> GongjiError:
    """It has its answer."""
    return Refused("alert_letter.answered", "this letter has been answered", "这封信您已经答复过了", field="letter")


def letter_asks_nothing() -> GongjiError:
    """It tells a decision."""
    return Refused("alert_letter.asks_nothing", "this letter asks for no answer", "这封信不用答复", field="letter")


def letter_over() -> GongjiError:
    """Its case is concluded."""
    return Refused(
        "alert_letter.over",
        "the matter has been concluded: nothing needs to be answered any more",
        "这件事已经办结，不用再答复",
        field="letter",
    )
