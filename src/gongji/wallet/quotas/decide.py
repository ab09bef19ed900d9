"""The pure decisions on quotas: which conditions hold, how much may be set, what a change sets aside or gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gongji.rules.wallet import QuotaRule
from gongji.wallet.decide import RECEIVER_CONDITIONS, SENDER_CONDITIONS
from gongji.wallet.model import Facts
from gongji.wallet.quotas import refusals
from gongji.wallet.quotas.model import Quota, QuotaFacts, QuotaState


def _begun(facts: Facts) -> None:
    if facts.quota_from is None or facts.at.date() < facts.quota_from:
        raise refusals.not_begun(facts.quota_from)


def rule_of(facts: Facts) -> QuotaRule:
    """How quotas are given where the giver is insured.

    Raises:
        Refused: ``quota.no_rule``.
    """
    assert isinstance(facts, QuotaFacts), "asked only of quotas"
    rule = facts.quota_rule
    if rule is None or not (rule.freezes and rule.unused_returns):
        raise refusals.no_rule()
    return rule


def _users(facts: Facts) -> None:
    assert isinstance(facts, QuotaFacts), "asked only of quotas"
    most = rule_of(facts).most_users
    # Of a relative who has one already is told that, which leads to it.
    if facts.standing is None and most is not None and facts.given >= most:
        raise refusals.too_many_users(most)


def _givers(facts: Facts) -> None:
    assert isinstance(facts, QuotaFacts), "asked only of quotas"
    most = rule_of(facts).most_givers
    if most is not None and facts.received >= most:
        raise refusals.too_many_givers(most)


def _account(facts: Facts) -> None:
    assert isinstance(facts, QuotaFacts), "asked only of quotas"
    if not facts.has_account:
        raise refusals.no_account()


def _none_standing(facts: Facts) -> None:
    assert isinstance(facts, QuotaFacts), "asked only of quotas"
    if facts.standing is not None:
        raise refusals.standing(facts.standing.id)


#: What holds or not before anybody is named, in the order in which a page lists it: hours and a number a day were of transfers.
GIVER_CONDITIONS: Final[Mapping[str, Callable[[Facts], object]]] = {
    "begun": _begun,
    "insured": SENDER_CONDITIONS["insured"],
    "rule": rule_of,
    "account": _account,
    "place": SENDER_CONDITIONS["place"],
    "opened": SENDER_CONDITIONS["opened"],
    "users": _users,
}

#: The same of an amount that is raised: how many there are stays as it is.
_OF_RAISING: Final = {name: check for name, check in GIVER_CONDITIONS.items() if name != "users"}

#: What is asked of the relative; of a stranger nothing is told but that they are one.
USER_CONDITIONS: Final[Mapping[str, Callable[[Facts], object]]] = {
    "relative": RECEIVER_CONDITIONS["relative"],
    "standing": _none_standing,
    "givers": _givers,
    "receiver_place": RECEIVER_CONDITIONS["receiver_place"],
    "receiver_opened": RECEIVER_CONDITIONS["receiver_opened"],
}


def check_quota(facts: QuotaFacts, amount: int) -> None:
    """Whether a quota of an amount (fen) may be set now.

    Raises:
        InvalidInput: ``quota.amount``.
        Refused: the first condition that does not hold; ``quota.too_little``, ``quota.too_much``, ``quota.not_enough``.
    """
    if amount <= 0:
        raise refusals.amount_invalid()
    for check in (*GIVER_CONDITIONS.values(), *USER_CONDITIONS.values()):
        check(facts)
    _check_limits(rule_of(facts), amount, raised=True)
    if amount > facts.account:
        raise refusals.not_enough(facts.account)


def check_change(facts: QuotaFacts, quota: Quota, amount: int) -> int:
    """By how much what stands aside changes when the amount (fen) is set anew: above zero more is set aside.

    Args:
        facts: the giver's, now.
        quota: the quota, under lock, so that what was used is known.
        amount: the new amount, what was used included.

    Raises:
        InvalidInput: ``quota.amount``.
        Refused: ``quota.ended``, ``quota.used``, ``quota.too_little``; where more is set aside, the giver's first condition
            that does not hold, ``quota.too_much``, ``quota.not_enough``.
    """
    if amount <= 0:
        raise refusals.amount_invalid()
    if quota.state is QuotaState.ENDED:
        raise refusals.ended()
    if amount < quota.used:
        raise refusals.used_more(quota.used)
    more = amount - quota.amount
    if more > 0:
        for check in _OF_RAISING.values():
            check(facts)
        if more > facts.account:
            raise refusals.not_enough(facts.account)
    if more != 0 and facts.quota_rule is not None:
        _check_limits(facts.quota_rule, amount, raised=more > 0)
    return more


def _check_limits(rule: QuotaRule, amount: int, *, raised: bool) -> None:
    """What is above the most by a rule of later may be lowered, not raised."""
    if rule.least_each is not None and amount < rule.least_each:
        raise refusals.too_little(rule.least_each)
    if raised and rule.most_each is not None and amount > rule.most_each:
        raise refusals.too_much(rule.most_each)
