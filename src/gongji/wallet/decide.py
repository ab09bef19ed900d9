"""The pure decisions on transfers: which conditions hold, when the next may be sent, how a large amount is split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.rules.model import Relation
from gongji.rules.wallet import WalletRule, WalletTerms
from gongji.wallet import refusals
from gongji.wallet.model import Condition, Facts, Part, Side, Source

#: Near relatives (民法典 第一千零四十五条).
NEAR: Final = frozenset(
    {
        Relation.SPOUSE,
        Relation.PARENT,
        Relation.CHILD,
        Relation.SIBLING,
        Relation.GRANDPARENT,
        Relation.GRANDCHILD,
    }
)


def _hour(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), CHINA)


def reopens_at(terms: WalletTerms, at: datetime) -> datetime | None:
    """When transfers are taken again; None when they are now."""
    if at.hour >= terms.closed_from:
        return _hour(at.date() + timedelta(days=1), terms.closed_until)
    return _hour(at.date(), terms.closed_until) if at.hour < terms.closed_until else None


def closes_at(terms: WalletTerms, at: datetime) -> datetime:
    """When transfers are not taken any more on a day."""
    return _hour(at.date(), terms.closed_from)


def next_day_opens(terms: WalletTerms, at: datetime) -> datetime:
    """When transfers count anew: the next day's opening."""
    return _hour(at.date() + timedelta(days=1), terms.closed_until)


def deadline_of(terms: WalletTerms, at: datetime) -> datetime:
    """When a transfer made now goes back unless it was accepted: the next day, at the hour of the terms."""
    return _hour(at.date() + timedelta(days=1), terms.returned_at)


def place_of_today(facts: Facts) -> int:
    """The first free place among the day's transfers; above the most a day when there is none."""
    return next(n for n in range(1, len(facts.sent_today) + 2) if n not in facts.sent_today)


def _terms(facts: Facts) -> WalletRule:
    if facts.rule is None:
        raise refusals.no_terms()
    if facts.quota_from is not None and facts.at.date() >= facts.quota_from:
        raise refusals.quotas_instead(facts.quota_from)
    return facts.rule


def _insured(facts: Facts) -> None:
    if facts.sender.region is None:
        raise refusals.not_insured()


def _place(facts: Facts) -> None:
    if not facts.sender.region_open:
        raise refusals.place_closed(facts.sender.region or "", own=True)


def _opened(facts: Facts) -> None:
    if facts.sender.opening is None:
        raise refusals.not_opened()


def _hours(facts: Facts) -> None:
    terms = _terms(facts).terms
    reopens = reopens_at(terms, facts.at)
    if reopens is not None:
        raise refusals.closed(terms, reopens)


def _day(facts: Facts) -> None:
    terms = _terms(facts).terms
    if place_of_today(facts) > terms.most_a_day:
        raise refusals.day_is_full(terms.most_a_day, next_day_opens(terms, facts.at))


def _receiver(facts: Facts) -> Side:
    assert facts.receiver is not None, "asked only of a named receiver"
    return facts.receiver


def _relative(facts: Facts) -> None:
    if _receiver(facts).person_id == facts.sender.person_id:
        raise refusals.to_oneself()
    if facts.relation not in NEAR:
        raise refusals.not_a_relative()
    if not _receiver(facts).lives:
        raise refusals.receiver_died()


def _receiver_place(facts: Facts) -> None:
    receiver = _receiver(facts)
    if receiver.region is None:
        raise refusals.receiver_not_insured()
    if not receiver.region_open:
        raise refusals.place_closed(receiver.region, own=False)


def _receiver_opened(facts: Facts) -> None:
    if _receiver(facts).opening is None:
        raise refusals.receiver_not_opened()


def _nothing_pending(facts: Facts) -> None:
    if facts.pending is not None:
        raise refusals.pending(facts.pending.amount, facts.pending.deadline)


#: What holds or not before anybody is named, in the order in which a page lists it.
SENDER_CONDITIONS: Final[Mapping[str, Callable[[Facts], object]]] = {
    "terms": _terms,
    "insured": _insured,
    "place": _place,
    "opened": _opened,
    "hours": _hours,
    "day": _day,
}

#: What is asked of the receiver; of a stranger nothing is told but that they are one.
RECEIVER_CONDITIONS: Final[Mapping[str, Callable[[Facts], object]]] = {
    "relative": _relative,
    "receiver_place": _receiver_place,
    "receiver_opened": _receiver_opened,
    "pending": _nothing_pending,
}


def conditions(
    facts: Facts,
    own: Mapping[str, Callable[[Facts], object]] = SENDER_CONDITIONS,
    theirs: Mapping[str, Callable[[Facts], object]] = RECEIVER_CONDITIONS,
) -> tuple[Condition, ...]:
    """Every condition with why it does not hold; the receiver's as soon as somebody is named, and a stranger's end there.

    Args:
        facts: what is known.
        own, theirs: what is asked of whose money it is, and of the relative.
    """
    listed = [_asked(name, check, facts) for name, check in own.items()]
    for name, check in theirs.items() if facts.receiver is not None else ():
        listed.append(_asked(name, check, facts))
        if name == "relative" and listed[-1].refusal is not None:
            break
    return tuple(listed)


def _asked(name: str, check: Callable[[Facts], object], facts: Facts) -> Condition:
    try:
        check(facts)
    except GongjiError as refusal:
        return Condition(name, refusal)
    return Condition(name, None)


def check_transfer(facts: Facts, amount: int, source: Source) -> None:
    """Whether an amount (fen) may be sent now.

    Raises:
        InvalidInput: ``wallet.amount``.
        Refused: the first condition that does not hold; ``wallet.too_much``; ``wallet.not_enough``.
    """
    if amount <= 0:
        raise refusals.amount_invalid()
    for check in (*SENDER_CONDITIONS.values(), *RECEIVER_CONDITIONS.values()):
        check(facts)
    most = _terms(facts).most_each
    if amount > most:
        raise refusals.too_much(most)
    if amount > facts.balance(source):
        raise refusals.not_enough(facts.balance(source), source)


def plan(facts: Facts, amount: int) -> tuple[Part, ...]:
    """How an amount is sent in several transfers, and from when on each may be.

    The next to the same person waits until the one before was accepted or has gone back.

    Args:
        facts: the sender's, with terms.
        amount: fen.
    """
    rule = _terms(facts)
    terms = rule.terms
    free = max(0, terms.most_a_day + 1 - place_of_today(facts))
    earliest = reopens_at(terms, facts.at) or facts.at
    if free == 0 or earliest.date() > facts.at.date():
        earliest, free = max(earliest, next_day_opens(terms, facts.at)), terms.most_a_day
    parts: list[Part] = []
    while amount > 0:
        if free == 0:
            earliest, free = next_day_opens(terms, earliest), terms.most_a_day
        parts.append(Part(min(amount, rule.most_each), earliest, bool(parts)))
        amount -= parts[-1].amount
        free -= 1
    return tuple(parts)
