"""Every way in which a credit, a turn of the year or the closing of an account is refused."""

from __future__ import annotations

from datetime import date

from gongji.accrual.model import CreditKind
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.foundation.money import yuan

KIND_WORDS = {
    CreditKind.EMPLOYER: ("an employer's employee", "单位职工"),
    CreditKind.FLEXIBLE: ("a flexible worker", "灵活就业人员"),
    CreditKind.RETIRED: ("a retired person", "退休人员"),
}


def month_ahead(month: date) -> GongjiError:
    """A credit for a month that has not begun."""
    return InvalidInput(
        "credit.month_ahead",
        f"{month:%Y-%m} has not begun",
        f"{month:%Y-%m} 还没有开始，不能提前计入",
        field="month",
        accepted="the present month or an earlier one",
    )


def nothing_to_credit() -> GongjiError:
    """Neither an amount nor what it could be computed from."""
    return InvalidInput(
        "credit.nothing",
        "neither amount nor base is given",
        "缴费基数和计入金额都没有填写",
        field="amount",
        accepted="an amount of yuan above zero, or the base",
    )


def not_above_zero(field: str) -> GongjiError:
    """An amount or a base of zero."""
    return InvalidInput(
        "credit.zero", f"{field} is zero", f"{field} 为零", field=field, accepted="an amount of yuan above zero"
    )


def not_enrolled(month: date) -> GongjiError:
    """Nobody without the employee scheme has a personal account."""
    return Refused(
        "credit.not_enrolled",
        f"the person was not in the employee scheme in {month:%Y-%m}",
        f"该人员在 {month:%Y-%m} 没有参加职工医保，不能计入个人账户",
        field="certificate",
        accepted="somebody enrolled in scheme 310 in that month: load the enrolments first",
    )


def other_status(kind: CreditKind, retired: bool) -> GongjiError:
    """The kind of credit does not fit the person's status that month."""
    actual = KIND_WORDS[CreditKind.RETIRED] if retired else ("active", "在职")
    return Refused(
        "credit.other_status",
        f"the credit is for {KIND_WORDS[kind][0]}, but the person was {actual[0]} that month",
        f"这笔计入按{KIND_WORDS[kind][1]}申报，但该人员当月是{actual[1]}",
        field="kind",
        accepted="retired" if retired else "employer or flexible",
    )


def no_rule(region: str, kind: CreditKind, month: date) -> GongjiError:
    """The amount is to be computed, but no pack says how."""
    return Refused(
        "credit.no_rule",
        f"no rule of {region} says what {KIND_WORDS[kind][0]} is credited in {month:%Y-%m}: give the amount",
        f"{region} 没有 {month:%Y-%m} {KIND_WORDS[kind][1]}的计入规则，请直接填写计入金额",
        field="amount",
        accepted="an amount of yuan above zero",
    )


def amount_differs(stated: int, computed: int) -> GongjiError:
    """The file's amount is not what the region's rule gives."""
    return Refused(
        "credit.amount_differs",
        f"the rule gives {yuan(computed)}, the file says {yuan(stated)}",
        f"按规则应计入 {yuan(computed)} 元，文件中为 {yuan(stated)} 元",
        field="amount",
        accepted=yuan(computed),
        details={"stated": stated, "computed": computed},
    )


def other_amount(known: int) -> GongjiError:
    """The month was credited before with another amount."""
    return Refused(
        "credit.other_amount",
        f"this month was credited before, with {yuan(known)}",
        f"该月已计入 {yuan(known)} 元，金额不同，不能重复计入",
        field="amount",
        accepted=yuan(known),
        details={"known": known},
    )


def twice_in_file() -> GongjiError:
    """Person, month and kind stand in the file before."""
    return InvalidInput(
        "credit.duplicate",
        "person, month and kind stand in this file before",
        "同一人员同一月份同一类型在文件中重复出现",
        field="certificate",
        accepted="each person, month and kind once",
    )


def account_closed(on: date | None) -> GongjiError:
    """The account was closed."""
    en, zh = (f" on {on.isoformat()}", f"（{on.isoformat()}）") if on else ("", "")
    return Refused(
        "account.closed",
        f"the personal account was closed{en}",
        f"该个人账户已注销{zh}",
        field="person",
        accepted="somebody with an open account",
        details={"closed_on": on.isoformat() if on else None},
    )


def no_account() -> GongjiError:
    """There is no personal account to close."""
    return NotFound(
        "account.none", "the person has no personal account", "该人员没有个人账户", field="person",
        accepted="somebody with a personal account",
    )  # fmt: skip


def year_not_over(year: int) -> GongjiError:
    """The year still runs."""
    return Refused(
        "year.not_over",
        f"{year} is not over: its accounts are turned from 1 January {year + 1} on",
        f"{year} 年还没有结束：请在 {year + 1} 年 1 月 1 日以后办理年度结转",
        field="year",
        accepted=f"{year - 1} or earlier",
    )


def region_shape() -> GongjiError:
    """No region's code."""
    return InvalidInput(
        "region.invalid",
        "this is not a region code",
        "不是统筹区划代码",
        field="region",
        accepted="six digits such as 211200",
    )


def not_in_employee_scheme() -> GongjiError:
    """The region whose books an account stands in cannot be told."""
    return Refused(
        "account.no_region",
        "the person was never in the employee scheme, so the account stands in no region's books",
        "该人员没有参加过职工医保，无法确定账户所属统筹地区",
        field="person",
        accepted="somebody with an enrolment in scheme 310",
    )


def person_unknown() -> GongjiError:
    """There is no such person."""
    return NotFound(
        "person.unknown",
        "there is no such person",
        "没有这位参保人，请核对人员编号",
        field="person",
        accepted="a registered person's number (psn_no) or certificate number",
    )


def died_ahead(on: date) -> GongjiError:
    """A death in the future or before the birth."""
    return InvalidInput(
        "closing.died_on",
        f"{on.isoformat()} is not a day of the person's life up to today",
        f"{on.isoformat()} 不在该人员出生之后、今天以前",
        field="died_on",
        accepted="a day from birth to today",
    )


def same_region(region: str) -> GongjiError:
    """Transfer to where the account is."""
    return InvalidInput(
        "closing.same_region",
        f"the account stands in {region} already",
        f"账户本来就在 {region}，不需要转移",
        field="region",
        accepted="another region",
    )


def heir_is_deceased() -> GongjiError:
    """The deceased cannot inherit; nor can one heir stand there twice."""
    return InvalidInput(
        "closing.heirs",
        "an heir is the deceased, or named twice, or has no part above zero",
        "继承人不能是逝者本人，不能重复，份额须大于零",
        field="heir",
        accepted="each heir once, with a whole number of parts above zero",
    )


def other_content(reference: str) -> GongjiError:
    """The reference was used for something else."""
    return Refused(
        "key.other_content",
        f"reference {reference} was used before for this person with other content",
        f"业务编号 {reference} 已用于该人员的另一笔业务，内容不同",
        field="reference",
        accepted="a reference not used before",
    )


def nothing_credited(month: date) -> GongjiError:
    """No such credit (of a region that the caller works for)."""
    return NotFound(
        "credit.unknown",
        f"nothing of this kind was credited for {month:%Y-%m} that you could take back",
        f"{month:%Y-%m} 没有您可以追回的这类划入",
        field="month",
        accepted="month and kind of a credit that stands",
    )


def credit_was_undone(month: date, owed: int) -> GongjiError:
    """Taken back before, in another case."""
    return Refused(
        "credit.undone",
        f"the credit for {month:%Y-%m} was taken back before; {yuan(owed)} of it are still owed",
        f"{month:%Y-%m} 的划入此前已经追回，尚欠 {yuan(owed)} 元",
        field="month",
        accepted="month and kind of a credit that stands",
        details={"owed": owed},
    )


def nothing_owed() -> GongjiError:
    """There is nothing to collect."""
    return Refused(
        "debt.none",
        "the person owes nothing of a credit that was taken back",
        "该人员没有待追回的误划款项",
        field="person",
        accepted="somebody who spent a part of a wrong credit",
    )


def nothing_to_collect(owed: int) -> GongjiError:
    """The accounts are empty."""
    return Refused(
        "debt.no_money",
        f"{yuan(owed)} are owed, but there is no money in the person's accounts: try again after the next credit",
        f"尚欠 {yuan(owed)} 元，但个人账户没有余额，请在下次划入后再办理",
        field="person",
        accepted="somebody with money in the personal account",
        details={"owed": owed},
    )


def reason_missing() -> GongjiError:
    """What is taken back needs a reason."""
    return InvalidInput(
        "undo.reason",
        "say why it is taken back, and under which number",
        "请填写撤销原因和业务编号",
        field="reason",
        accepted="a reason and a reference of 1 to 200 characters each",
    )


def no_death() -> GongjiError:
    """No account was closed for a death (in a region that the caller works for)."""
    return NotFound(
        "closing.unknown",
        "no account of this person was closed for a death that you could take back",
        "该人员没有您可以撤销的死亡销户记录",
        field="person",
        accepted="somebody whose death was recorded with `gongji accrual close`",
    )


def death_was_undone() -> GongjiError:
    """Taken back before, in another case."""
    return Refused(
        "closing.undone",
        "this death was taken back before",
        "这次死亡登记此前已经撤销",
        field="person",
        accepted="somebody who is recorded as deceased",
    )


def case_was_undone(reference: str) -> GongjiError:
    """A reference whose case was taken back stays used."""
    return Refused(
        "closing.undone",
        f"case {reference} was taken back: give the new case a number of its own",
        f"业务编号 {reference} 对应的业务已被撤销，请使用新的业务编号",
        field="reference",
        accepted="a reference not used before",
    )


def account_moved_on() -> GongjiError:
    """The account was opened again in another way since."""
    return Refused(
        "closing.moved_on",
        "the account was opened again since, by other means: its closing cannot be taken back",
        "账户此后已重新启用，不能撤销原来的销户",
        field="person",
        accepted="somebody whose account is still closed for the death",
    )
