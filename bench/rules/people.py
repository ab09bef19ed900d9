"""The people of the benchmark and their rule: Tianjin's outpatient year, with deductible, bands, retired people and a cap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gongji.benefit.engine import Claims
from gongji.rules import layout
from gongji.rules.book import RuleBook
from gongji.rules.model import BenefitRule, CareKind, Scheme

YEAR: Final = 2025
MONTHS: Final = 12
TIERS: Final = ("tier_1", "tier_2", "tier_3")
_SEED: Final = 20_250_101


@dataclass(frozen=True, slots=True)
class People:
    """People by row, months by column; nobody has more than one visit a month.

    Attributes:
        retired: whether retired, one a person.
        age: full years, one a person.
        in_scope: the visit's in-scope cost, fen; 0 without a visit.
        tier: the place in `TIERS` of the institution.
    """

    retired: NDArray[np.bool_]
    age: NDArray[np.int16]
    in_scope: NDArray[np.int32]
    tier: NDArray[np.int8]

    @property
    def visits(self) -> NDArray[np.bool_]:
        """Where there is a visit."""
        return self.in_scope > 0


def rule() -> BenefitRule:
    """Tianjin's outpatient rule of the shipped pack."""
    found = RuleBook.shipped().benefit("120000", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(YEAR, 6, 1))
    if found is None:
        raise LookupError("the shipped pack of Tianjin sets no outpatient rule")
    return found


def draw(people: int) -> People:
    """People drawn at random, the same for the same number: up to twelve visits, 1 to 50,000 yuan each."""
    random = np.random.default_rng(_SEED)
    retired = random.random(people) < 0.3
    age = np.where(retired, random.integers(55, 95, people), random.integers(18, 60, people)).astype(np.int16)
    often = random.random((people, 1))
    in_scope = np.clip(random.lognormal(10.2, 1.1, (people, MONTHS)), 100, 5_000_000).astype(np.int32)
    in_scope[random.random((people, MONTHS)) > often] = 0
    return People(retired, age, in_scope, random.integers(0, len(TIERS), (people, MONTHS), dtype=np.int8))


def claims_of(people: People) -> Claims:
    """The same visits as columns of claims."""
    person, month = np.nonzero(people.visits)
    visits = np.zeros((layout.VISIT_SIZE, len(person)), np.int16)
    visits[layout.MONTH] = YEAR * MONTHS + month
    visits[layout.STATUS] = people.retired[person]
    visits[layout.TIER] = people.tier[person, month]
    visits[layout.AGE] = people.age[person]
    active, retired = layout.CASE_BITS["active"], layout.CASE_BITS["retired"]
    visits[layout.CASES] = np.where(people.retired[person], retired, active)
    visits[layout.DAYS] = 1
    visits[layout.DISEASE] = -1
    in_scope = people.in_scope[person, month].astype(np.int64)
    return Claims(np.zeros(len(person), np.int32), person.astype(np.int32), visits, in_scope)


def numbers(of: BenefitRule) -> dict[str, Any]:
    """The rule's numbers, fen and per ten thousand, for engines that have to be told them.

    Raises:
        ValueError: when the pack's rule is no longer of the form that the other engines are written for.
    """
    share, caps = of.share, of.layers[0].caps
    if len(share.edges) != 1 or len(caps) != 1 or len(of.layers) != 1:
        raise ValueError("the rule of the pack has another form than this benchmark is written for")
    ratios = [[share.ratios.numbers[f"band_{band}", tier] for tier in TIERS] for band in (1, 2)]
    amounts = of.deductible.amounts.numbers
    (cap,) = caps[0].limits.numbers.values()
    return {
        "deductible": [amounts["active", "under_70"], amounts["retired", "under_70"], amounts["retired", "from_70"]],
        "edge": share.edges[0],
        "cap": cap,
        "ratios": ratios,
    }
