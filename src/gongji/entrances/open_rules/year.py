"""Several visits of one person: each is assessed with the counters where the ones before it left them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from gongji.benefit.model import Bill
from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.open_rules.question import Answer, Question, answer, readings_of
from gongji.foundation.errors import InvalidInput
from gongji.rules.model import BenefitRule, CareKind, OffSite, Tier
from gongji.settlement.model import AccountUse


@dataclass(frozen=True, slots=True)
class Earlier:
    """A visit of the same person before the one that is asked about, at home, no account used."""

    on: date
    kind: CareKind
    tier: Tier
    bill: Bill
    days: int = 1
    disease: str = ""


#: Counters by name and period.
_Counters: TypeAlias = dict[tuple[str, str], int]


def answers(atlas: Atlas, question: Question, earlier: Sequence[Earlier]) -> tuple[Answer, ...]:
    """What every visit comes to, in the order of their days; the one asked about is the last.

    Args:
        atlas: the rules.
        question: the visit asked about; its own counters are added to what the earlier visits left.
        earlier: the visits before it, in any order; those of one day in the order given.

    Raises:
        InvalidInput: ``earlier.later`` when one of them comes after the visit asked about; and as `answer`.
        NotFound: ``region.unknown``.
    """
    if any(visit.on > question.on for visit in earlier):
        raise InvalidInput(
            "earlier.later",
            "an earlier visit cannot come after the visit asked about",
            "以前看病的日期不能晚于这一次",
            field="earlier",
            accepted=f"a day up to {question.on.isoformat()}",
        )
    counters: _Counters = {}
    found = []
    for visit in sorted(earlier, key=lambda one: one.on):
        found.append(answer(atlas, _with_counters(atlas, _asked_of(atlas, question, visit), counters)))
        for move in found[-1].assessment.moves:
            place = (move.counter, move.period)
            counters[place] = counters.get(place, 0) + move.added
    found.append(answer(atlas, _with_counters(atlas, question, counters)))
    return tuple(found)


def _asked_of(atlas: Atlas, question: Question, visit: Earlier) -> Question:
    """The question of an earlier visit, under those readings that its benefit knows."""
    here, there = (readings_of(atlas, question.region, question.scheme, kind) for kind in (question.kind, visit.kind))
    return replace(
        question,
        kind=visit.kind,
        on=visit.on,
        tier=visit.tier,
        bill=visit.bill,
        offsite=OffSite.LOCAL,
        days=visit.days,
        disease=visit.disease,
        counters={},
        own=None,
        sharers=(),
        use=AccountUse.NONE,
        readings={name: one for name, one in question.readings.items() if name in there or name not in here},
    )


def _with_counters(atlas: Atlas, question: Question, counters: _Counters) -> Question:
    rule = atlas.book.benefit(question.region, question.scheme, question.kind, question.on, _known(atlas, question))
    return replace(question, counters=_present(rule, question, counters)) if rule and counters else question


def _known(atlas: Atlas, question: Question) -> dict[str, str]:
    known = readings_of(atlas, question.region, question.scheme, question.kind)
    return {name: one for name, one in question.readings.items() if name in known}


def _present(rule: BenefitRule, question: Question, counters: _Counters) -> dict[str, int]:
    """The rule's counters of the visit's periods, those that the question itself states added."""
    held = {name: counters.get((name, one.period(question.on)), 0) for name, one in rule.counters.items()}
    stated = question.counters
    return {
        name: held.get(name, 0) + stated.get(name, 0) for name in {*held, *stated} if held.get(name) or name in stated
    }
