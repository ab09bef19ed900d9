"""Pure decisions on credits, inheritance and what is carried into a new year: facts in, outcome or refusal out."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from gongji.accrual import refusals
from gongji.accrual.model import Credit, CreditFacts, CreditKind, CreditLine, Debt, Heir
from gongji.registry.model import Enrolment, full_years
from gongji.rules.accrual import AccrualRule
from gongji.rules.book import RuleBook
from gongji.rules.model import Scheme, Status
from gongji.rules.vocabulary import AccrualBase, Contributor

#: What the packs call those whose contribution a credit comes from. Of flexible workers who pay for an account of their
#: own no pack speaks, so their amounts are never computed.
_CONTRIBUTORS: Final = {CreditKind.EMPLOYER: Contributor.ACTIVE, CreditKind.RETIRED: Contributor.RETIRED}


def rule_for(line: CreditLine, region: str, rules: RuleBook) -> AccrualRule | None:
    """What a region's pack credits to somebody of the line's kind in its month."""
    contributor = _CONTRIBUTORS.get(line.kind)
    return rules.accrual(region, contributor, line.month) if contributor is not None else None


def check_line(line: CreditLine, today: date) -> None:
    """What a line can get wrong by itself.

    Raises:
        InvalidInput: ``credit.month_ahead``, ``credit.nothing``, ``credit.zero``.
    """
    if line.month > today:
        raise refusals.month_ahead(line.month)
    for name, fen in (("amount", line.amount), ("base", line.base)):
        if fen is not None and fen <= 0:
            raise refusals.not_above_zero(name)
    if line.amount is None and line.base is None and line.kind is not CreditKind.RETIRED:
        raise refusals.nothing_to_credit()


def enrolment_in(line: CreditLine, facts: CreditFacts) -> Enrolment:
    """The newest employee enrolment that takes in a day of the line's month and has the status of its kind.

    Raises:
        Refused: ``credit.not_enrolled``; ``credit.other_status`` when there are only others.
    """
    first = line.month
    last = first.replace(day=monthrange(first.year, first.month)[1])
    enrolled = [
        one
        for one in facts.enrolments
        if one.scheme is Scheme.EMPLOYEE and one.since <= last and (one.until is None or one.until >= first)
    ]
    if not enrolled:
        raise refusals.not_enrolled(line.month)
    # In the month of retirement a person has both; which of the two is credited is told by the file.
    for one in enrolled:
        if (one.status is Status.RETIRED) == (line.kind is CreditKind.RETIRED):
            return one
    raise refusals.other_status(line.kind, enrolled[0].status is Status.RETIRED)


def decide_credit(line: CreditLine, facts: CreditFacts, region: str, rule: AccrualRule | None) -> Credit:
    """Decide one credit, in this order: the account is open; the amount is computed, compared, or taken as told; the
    same credit of before is no new one.

    Args:
        line: a line that `check_line` let pass.
        facts: what is known of its person.
        region: of the enrolment in that month (see `enrolment_in`).
        rule: what the region credits such a person that month; None where no pack says it.

    Raises:
        Refused: ``account.closed``, ``credit.no_rule``, ``credit.amount_differs``, ``credit.other_amount``.
        InvalidInput: ``credit.zero`` when the rule credits nothing.
    """
    if facts.closed_on is not None:
        raise refusals.account_closed(facts.closed_on)
    computed = _computed(line, facts, rule)
    if computed is not None and line.amount is not None and computed != line.amount:
        raise refusals.amount_differs(line.amount, computed)
    amount = computed if computed is not None else line.amount
    if amount is None:
        raise refusals.no_rule(region, line.kind, line.month)
    if amount <= 0:
        raise refusals.not_above_zero("amount")
    if facts.known is not None and facts.known != amount:
        raise refusals.other_amount(facts.known)
    return Credit(line, region, amount, checked=computed is not None, already=facts.known is not None)


def _computed(line: CreditLine, facts: CreditFacts, rule: AccrualRule | None) -> int | None:
    """What the rule gives, in fen; None where it says nothing, or needs a base that the line does not tell."""
    if rule is None or facts.born_on is None:
        return None
    if rule.base is not None and (rule.base is not AccrualBase.CONTRIBUTION or line.base is None):
        return None
    return rule.monthly(full_years(facts.born_on, line.month), line.base).amount


def share_out(amount: int, heirs: Sequence[Heir]) -> dict[int, int]:
    """An inheritance by parts, to the fen: what division leaves over goes, a fen each, to those who lost most by it.

    Args:
        amount: fen.
        heirs: each once; in the order in which equals get the odd fen.

    Returns:
        Fen by heir; they add up to `amount`.

    Raises:
        InvalidInput: ``closing.heirs``.
    """
    if len({heir.person_id for heir in heirs}) < len(heirs) or any(heir.parts <= 0 for heir in heirs):
        raise refusals.heir_is_deceased()
    parts = sum(heir.parts for heir in heirs)
    shares = {heir.person_id: amount * heir.parts // parts for heir in heirs}
    over = amount - sum(shares.values())
    # `sorted` keeps the order of equals.
    for heir in sorted(heirs, key=lambda heir: -(amount * heir.parts % parts))[:over]:
        shares[heir.person_id] += 1
    return shares


def pay_out(balances: Sequence[tuple[int, int]], owed: Sequence[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Which account pays whom how much: each who is owed is paid from the accounts in turn until all are empty.

    Args:
        balances: (account, fen), whose sum is that of `owed`.
        owed: (account to credit, fen).

    Returns:
        (debit, credit, fen above zero).
    """
    legs: list[tuple[int, int, int]] = []
    left = dict(balances)
    for credit, amount in owed:
        due = amount
        for account, balance in left.items():
            paid = min(balance, due)
            if paid:
                legs.append((account, credit, paid))
                left[account] = balance - paid
                due -= paid
    return legs


def collect(
    debts: Sequence[Debt], balances: Mapping[int, int]
) -> tuple[list[tuple[Debt, dict[int, int]]], dict[int, int]]:
    """Which account pays how much of which debt, the oldest first, as far as there is money.

    Args:
        debts: oldest first.
        balances: fen by account, in the order in which they pay.

    Returns:
        For each debt of which something is paid, fen by account; and what is left in the accounts.
    """
    left, paid = dict(balances), []
    for debt in debts:
        due, legs = debt.owed, dict[int, int]()
        for account, balance in left.items():
            if part := min(balance, due):
                legs[account] = part
                due -= part
        for account, part in legs.items():
            left[account] -= part
        if legs:
            paid.append((debt, legs))
    return paid, left
