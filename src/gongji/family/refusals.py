"""Every refusal of binding and of an authorisation's life: a closed catalogue.

Each entry has a stable code, a sentence in Chinese and English that the reader can act on, and the next step. What a
refusal never says: who else shares with the person, or what somebody else's account holds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused

_Word = TypeVar("_Word", bound=StrEnum)


class Code(StrEnum):
    """The codes of the catalogue."""

    SAME_PERSON = "authorisation.same_person"
    PERSON_UNKNOWN = "authorisation.person_unknown"
    NAME_MISMATCH = "authorisation.name_mismatch"
    SHARER_DIED = "authorisation.sharer_died"
    SHARER_NOT_ENROLLED = "authorisation.sharer_not_enrolled"
    SHARER_PAUSED = "authorisation.sharer_paused"
    NO_PERSONAL_ACCOUNT = "authorisation.no_personal_account"
    ACCOUNT_FROZEN = "authorisation.account_frozen"
    REGION_UNKNOWN = "authorisation.region_unknown"
    PROCEDURE_UNKNOWN = "authorisation.procedure_unknown"
    COMMITMENT_MISSING = "authorisation.commitment_missing"
    NOT_NEAR_RELATIVE = "authorisation.not_near_relative"
    RELATION_IMPOSSIBLE = "authorisation.relation_impossible"
    RELATION_DIFFERS = "authorisation.relation_differs"
    LIMIT_NOT_ALLOWED = "authorisation.limit_not_allowed"
    LIMIT_NEGATIVE = "authorisation.limit_negative"
    PURPOSE_NOT_ALLOWED = "authorisation.purpose_not_allowed"
    USER_DIED = "authorisation.user_died"
    USER_NOT_ENROLLED = "authorisation.user_not_enrolled"
    USER_PAUSED = "authorisation.user_paused"
    OTHER_PROVINCE = "authorisation.other_province"
    OTHER_CITY = "authorisation.other_city"
    ALREADY_OPEN = "authorisation.already_open"
    SHARER_AT_LIMIT = "authorisation.sharer_at_limit"
    SHARER_IS_USER = "authorisation.sharer_is_user"
    USER_IS_SHARER = "authorisation.user_is_sharer"
    ALREADY_BOUND = "authorisation.already_bound"
    NOT_PROVEN = "authorisation.not_proven"
    TRANSITION = "authorisation.transition"
    UNBIND_TOO_EARLY = "authorisation.unbind_too_early"
    CONSENT_MISSING = "authorisation.consent_missing"
    CONSENT_CODE = "authorisation.consent_code"
    CONSENT_OVER = "authorisation.consent_over"
    APPLICATION_UNKNOWN = "application.unknown"
    APPLICATION_OVER = "application.over"
    UNKNOWN = "authorisation.unknown"
    NOT_YOURS = "authorisation.not_yours"
    WORD_UNKNOWN = "authorisation.word_unknown"
    EVIDENCE_KIND = "evidence.kind"
    EVIDENCE_SAME_FILE = "evidence.same_file"
    EVIDENCE_TOO_MANY = "evidence.too_many"
    EVIDENCE_UNKNOWN = "evidence.unknown"


@dataclass(frozen=True, slots=True)
class Entry:
    """One refusal of the catalogue; braces in the sentences are figures given when it is raised.

    Attributes:
        zh, en: what is wrong.
        action: a name for the next step, by which a page chooses its link or button.
        next_zh, next_en: the next step in words.
        kind: which error it is.
        field: the input field at fault, if one is.
    """

    zh: str
    en: str
    action: str
    next_zh: str
    next_en: str
    kind: type[GongjiError] = Refused
    field: str | None = None


def refuse(
    code: Code,
    *,
    field: str | None = None,
    accepted: str | None = None,
    possible_from: date | None = None,
    **figures: str | int,
) -> GongjiError:
    """The error for a code, to be raised by the caller.

    Args:
        code: which refusal.
        field: the input field at fault, when it is not the entry's own.
        accepted: what would be accepted, in words.
        possible_from: the first day on which it would be possible, when there is one.
        figures: the values for the braces in the entry's sentences; programs find them in `details` too.

    Returns:
        The entry's error (`Refused` unless it says otherwise) with `details` ``next`` and ``next_en`` (the next step in
        words), ``action`` (its name), ``possible_from`` and the figures.
    """
    entry = CATALOGUE[code]
    return entry.kind(
        code,
        entry.en.format(**figures),
        entry.zh.format(**figures),
        field=field or entry.field,
        accepted=accepted,
        details={
            "action": entry.action,
            "next": entry.next_zh.format(**figures),
            "next_en": entry.next_en.format(**figures),
            "possible_from": possible_from,
            **figures,
        },
    )


def account_frozen(until: date | None) -> GongjiError:
    """``authorisation.account_frozen``: nothing is paid from the sharer's account until this last day; None: until the
    freeze is lifted."""
    if until is None:
        return refuse(Code.ACCOUNT_FROZEN, when_zh="解除冻结以后", when_en="once the freeze is lifted")
    free = until + timedelta(days=1)
    zh, en = f"{free.isoformat()} 起", f"from {free.isoformat()}"
    return refuse(Code.ACCOUNT_FROZEN, possible_from=free, when_zh=zh, when_en=en)


def coded(words: type[_Word], given: str | None, field: str, *, among: Collection[_Word] | None = None) -> _Word:
    """The member of a closed list that a text names.

    Args:
        words: the list.
        given: the text.
        field: where it stood.
        among: the members that are allowed, when not all are.

    Raises:
        InvalidInput: ``authorisation.word_unknown`` with what is accepted.
    """
    allowed = list(words) if among is None else [one for one in words if one in among]
    found = next((one for one in allowed if one == given), None)
    if found is None:
        raise refuse(Code.WORD_UNKNOWN, field=field, accepted=", ".join(allowed), given=(given or "")[:40])
    return found


_IDENTITY: Final = ("姓名和证件号码对不上", "name and certificate number do not belong together")
_CHECK_CARD: Final = (
    "check_certificate",
    "请对照证件，改好姓名或号码再试",
    "compare both with the certificate and correct them",
)

CATALOGUE: Final[Mapping[Code, Entry]] = {
    Code.SAME_PERSON: Entry(
        "不能绑定自己；您看病时本来就先用自己的账户",
        "nobody needs an authorisation for themself: the own account pays anyway",
        "choose_relative", "请填写家人的姓名和证件号码", "name a relative",
        InvalidInput, "user_id",
    ),
    # The same words for "no such number" and "another name": whoever tries numbers learns nothing.
    Code.PERSON_UNKNOWN: Entry(*_IDENTITY, *_CHECK_CARD, NotFound),
    Code.NAME_MISMATCH: Entry(*_IDENTITY, *_CHECK_CARD, NotFound),
    Code.SHARER_DIED: Entry(
        "账户所有人已去世，账户不能再共济",
        "the account's holder has died: the account can no longer be shared",
        "inherit", "账户余额可以依法继承，请到医保经办窗口办理", "what it holds can be inherited: ask at the agency's counter",
    ),
    Code.SHARER_NOT_ENROLLED: Entry(
        "您现在没有参加职工医保，账户不能共济",
        "you are not in the employee scheme now, so there is no account to share",
        "enrol", "参保恢复后再来绑定；有疑问请拨 12393", "bind once you are insured again; questions: 12393",
    ),
    Code.SHARER_PAUSED: Entry(
        "您的职工医保目前暂停，账户暂时不能共济",
        "your employee insurance is paused, so the account cannot be shared for now",
        "pay_arrears", "补缴或续保后再来绑定；请问单位或拨 12393", "pay what is owed or renew, then bind; ask your employer or 12393",
    ),
    Code.NO_PERSONAL_ACCOUNT: Entry(
        "居民医保没有个人账户，不能给家人共济",
        "the resident scheme has no personal account, so there is nothing to share",
        "be_user", "您可以请参加职工医保的家人给您共济", "a relative in the employee scheme can share with you",
    ),
    Code.ACCOUNT_FROZEN: Entry(
        "您的个人账户暂时冻结，{when_zh}才能共济",
        "your account is frozen for now and can be shared again {when_en}",
        "counter", "对冻结有疑问，请到参保地医保经办窗口，或拨 12393", "ask at the agency's counter, or call 12393",
    ),
    Code.REGION_UNKNOWN: Entry(
        "您的参保地（{region}）还没有家庭共济的规则",
        "there is no sharing rule for your pooling region ({region})",
        "ask_agency", "请向参保地医保经办机构询问", "ask the agency of your region",
    ),
    Code.PROCEDURE_UNKNOWN: Entry(
        "国家允许近亲属共济，但您的参保地（{region}）怎样办理绑定，还没有查到文件",
        "near relatives may share by national law, but how it is done in your pooling region ({region}) is not known",
        "ask_agency", "请向参保地医保经办机构询问，电话 12393", "ask the agency of your region: 12393",
    ),
    Code.COMMITMENT_MISSING: Entry(
        "本地凭承诺办理，请先看完并确认承诺书",
        "this region binds on your commitment: read and confirm it first",
        "commit", "看完承诺书，勾选确认后再提交", "confirm the commitment and submit again",
        field="commitment",
    ),
    Code.NOT_NEAR_RELATIVE: Entry(
        "这里的账户只能给{who}用",
        "accounts here are shared only with: {who_en}",
        "choose_relative", "请选择上面所列的家人；如果填错了关系，请改正", "choose one of these relatives, or correct the relation",
        field="relation",
    ),
    Code.RELATION_IMPOSSIBLE: Entry(
        "从出生日期看，这个关系不成立",
        "going by the dates of birth this relation cannot be",
        "correct_relation", "请检查关系是不是选反了", "check whether the relation was chosen the wrong way round",
        field="relation",
    ),
    Code.RELATION_DIFFERS: Entry(
        "您填的关系和登记的不一样，不能凭承诺绑定",
        "the relation differs from what is registered, so a commitment is not enough",
        "counter", "请改正关系；登记有误的，带证明到医保经办窗口办理", "correct it; if the register is wrong, bring proof to the counter",
        field="relation",
    ),
    Code.LIMIT_NOT_ALLOWED: Entry(
        "本地不设共济限额",
        "this region does not let the sharer set a limit",
        "drop_limit", "请去掉限额再提交；需要时可以随时暂停", "submit without a limit; you can pause at any time",
        field="limit",
    ),
    Code.LIMIT_NEGATIVE: Entry(
        "限额不能小于 0 元", "a limit cannot be below zero",
        "correct_limit", "请填 0 元或更多，不限就留空", "give 0 or more, or leave it empty for no limit",
        InvalidInput, "limit",
    ),
    Code.PURPOSE_NOT_ALLOWED: Entry(
        "所选用途中有本地不允许的，或一项都没选",
        "a chosen purpose is not allowed in this region, or none was chosen",
        "choose_purposes", "请在允许的用途里至少选一项", "choose at least one of the purposes allowed",
        field="purposes",
    ),
    Code.USER_DIED: Entry(
        "登记显示这位家人已去世，不能绑定",
        "this relative is registered as deceased",
        "counter", "登记有误的，请带证件到医保经办窗口更正", "if that is wrong, have it corrected at the counter",
    ),
    Code.USER_NOT_ENROLLED: Entry(
        "这位家人现在没有参加基本医保",
        "this relative is not in basic medical insurance now",
        "enrol_relative", "请先为家人参保（居民医保或职工医保），参保生效后再绑定", "enrol the relative first, then bind",
    ),
    Code.USER_PAUSED: Entry(
        "这位家人的医保目前暂停",
        "this relative's insurance is paused",
        "pay_arrears", "请先补缴或续保；可拨 12393 询问", "renew it or pay what is owed first; questions: 12393",
    ),
    Code.OTHER_PROVINCE: Entry(
        "这位家人在外省参保，省内共济绑定不了",
        "this relative is insured in another province, where this kind of sharing does not reach",
        "wallet", "可以用“医保钱包”跨省给家人用", "use the wallet, which works across provinces",
    ),
    Code.OTHER_CITY: Entry(
        "这位家人在外市参保，本地的共济目前限本市",
        "this relative is insured in another city; sharing is limited to the city here",
        "wallet", "可以用“医保钱包”给家人用", "use the wallet",
    ),
    Code.ALREADY_OPEN: Entry(
        "您和这位家人已经绑定，或申请正在办理",
        "you already share with this relative, or the request is under way",
        "see_authorisation", "请在“我的共济”里查看进度；结束后才能重新绑定", "see its state; bind anew once it has ended",
    ),
    Code.SHARER_AT_LIMIT: Entry(
        "您已绑定 {bound} 人，本地最多 {most} 人",
        "you share with {bound} relatives; {most} is the most here",
        "unbind_one", "先解绑一位不再使用的家人，再来绑定", "unbind one who no longer needs it, then bind",
    ),
    Code.SHARER_IS_USER: Entry(
        "您正在使用家人的共济账户，本地不能同时再给别人共济",
        "you use a relative's account; here nobody may be user and sharer at once",
        "leave_first", "先退出您正在使用的共济，再来绑定", "leave that authorisation first",
    ),
    Code.USER_IS_SHARER: Entry(
        "这位家人正把自己的账户给别人共济，本地不能同时再用您的",
        "this relative shares an account of their own; here nobody may be user and sharer at once",
        "relative_ends", "请这位家人先解绑自己的共济，再来绑定", "the relative has to unbind first",
    ),
    Code.ALREADY_BOUND: Entry(
        "这位家人已由另一位家人共济，本地同时只能有一位",
        "another family member already shares with this relative; one at a time is the rule here",
        "relative_switches", "要换成您，请这位家人本人先退出现在的共济", "to change to you, the relative has to leave the present one",
    ),
    Code.NOT_PROVEN: Entry(
        "没有查到你们的关系，还需要一份证明",
        "the relation is not in the registers: a document is needed",
        "hand_in", "请交其中一样：{documents}", "hand in one of: {documents_en}",
    ),
    Code.TRANSITION: Entry(
        "这项共济现在是“{state_zh}”，不能{action_zh}",
        "this authorisation is {state_en}: it is not possible to {action_en} it now",
        "see_authorisation", "现在可以：{possible_zh}", "possible now: {possible_en}",
    ),
    Code.UNBIND_TOO_EARLY: Entry(
        "按参保地的规定，{day} 起才能解绑",
        "by the rule of your region you can unbind from {day}",
        "pause_instead", "现在可以先暂停：暂停后马上停止支付", "pause it meanwhile: nothing is paid while it is paused",
    ),
    Code.CONSENT_MISSING: Entry(
        "本地要家人本人同意才能绑定，家人还没有同意",
        "in this region the relative has to agree, and has not yet",
        "ask_relative", "请在手机页面上办理，由家人登录、短信或到窗口确认", "use the pages: the relative agrees there, by a code, or at the counter",
    ),
    Code.CONSENT_CODE: Entry(
        "验证码不对，或者已经过期",
        "the code is wrong or over",
        "code_again", "请核对短信里的 6 位数字；过期了可以重新发送", "check the six digits, or have a new code sent",
        InvalidInput, "code",
    ),
    Code.CONSENT_OVER: Entry(
        "这项申请不再等家人确认",
        "this request does not wait for the relative any more",
        "see_application", "请看申请的最新进度", "see how the request stands",
    ),
    Code.APPLICATION_UNKNOWN: Entry(
        "没有找到这项申请", "there is no such request",
        "list", "请回到首页重新选择", "choose it from the start page",
        NotFound,
    ),
    Code.APPLICATION_OVER: Entry(
        "这项申请已经提交，不能再改", "this request was sent and cannot be changed any more",
        "see_application", "请看申请的进度；需要改的，可以撤回后重新申请", "see how it stands; withdraw it to apply anew",
    ),
    Code.UNKNOWN: Entry(
        "没有找到这项共济", "there is no such authorisation",
        "list", "请回到“我的共济”重新选择", "choose it from your list",
        NotFound,
        "id",
    ),
    Code.NOT_YOURS: Entry(
        "这一步只能由{whose_zh}本人办理",
        "only the {whose_en} can do this",
        "own_step", "{step_zh}", "{step_en}",
    ),
    Code.WORD_UNKNOWN: Entry(
        "“{given}”不是可选的值", "'{given}' is not one of the values",
        "choose_value", "请在可选的值里选", "choose one of the accepted values",
        InvalidInput,
    ),
    Code.EVIDENCE_KIND: Entry(
        "这种证明不能说明你们的关系", "this kind of document does not show the relation",
        "hand_in", "请交其中一样：{documents}", "hand in one of: {documents_en}",
        field="kind",
    ),
    Code.EVIDENCE_SAME_FILE: Entry(
        "这份文件刚被退回过，请换一份", "this very file was returned before",
        "other_file", "请按退回的原因重拍或换一份证明", "hand in a new picture or another document",
    ),
    Code.EVIDENCE_TOO_MANY: Entry(
        "一次申请最多交 {most} 份证明", "a request takes {most} documents at most",
        "counter", "请等审核结果，或到医保经办窗口办理", "wait for the review, or go to the counter",
    ),
    Code.EVIDENCE_UNKNOWN: Entry(
        "没有找到这份证明", "there is no such document",
        "list", "请回到申请页重新选择", "choose it from the request",
        NotFound,
    ),
}  # fmt: skip
