"""The pure decisions on quotas: which conditions hold, how much may be set, what a change sets aside or gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gongji.wallet.decide import RECEIVER_CONDITIONS, SENDER_CONDITIONS
from gongji.wallet.model import Facts
from gongji.wallet.quotas import refusals
from gongji.wallet.quotas.model import Quota, QuotaFacts, QuotaState


def _begun(facts: Facts) -> None:
    if facts.quota_from is None or facts.at.date() < facts.quota_from:
        raise refusals.not_begun(facts.quota_from)


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
    "account": _account,
    "place": SENDER_CONDITIONS["place"],
    "opened": SENDER_CONDITIONS["opened"],
}

#: What is asked of the relative; of a stranger nothing is told but that they are one.
USER_CONDITIONS: Final[Mapping[str, Callable[[Facts], object]]] = {
    "relative": RECEIVER_CONDITIONS["relative"],
    "standing": _none_standing,
    "receiver_place": RECEIVER_CONDITIONS["receiver_place"],
    "receiver_opened": RECEIVER_CONDITIONS["receiver_opened"],
}


def check_quota(facts: QuotaFacts, amount: int) -> None:
    """Whether a quota of an amount (fen) may be set now.

    Raises:
        InvalidInput: ``quota.amount``.
        Refused: the first condition that does not hold; ``quota.not_enough``.
    """
    if amount <= 0:
        raise refusals.amount_invalid()
    for check in (*GIVER_CONDITIONS.values(), *USER_CONDITIONS.values()):
        check(facts)
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
        Refused: ``quota.ended``, ``quota.used``; where more is set aside, the giver's first condition that does not hold,
            ``quota.not_enough``.
    """
    if amount <= 0:
        raise refusals.amount_invalid()
    if quota.state is QuotaState.ENDED:
        raise refusals.ended()
    if amount < quota.used:
        raise refusals.used_more(quota.used)
    more = amount - quota.amount
    if more > 0:
        for check in GIVER_CONDITIONS.values():
            check(facts)
        if more > facts.account:
            raise refusals.not_enough(facts.account)
    return more
