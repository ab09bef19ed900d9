"""What a rule is once it is loaded: enums of the domain, clauses with their source, rules with integer numbers.

Amounts are fen, ratios are per ten thousand. Everything here is frozen and can be pickled, so that a worker of a
population run gets the very rule that the cashier's desk used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gongji.rules.grid import Grid
from gongji.rules.sharing_rule import Allotment, SharingRule
from gongji.rules.sources import Clause, Conflict, DatedAmount, Gap, Interpretation
from gongji.rules.vocabulary import (
    STATUSES,
    AccountScope,
    AllotmentParts,
    AllotmentYearEnd,
    Area,
    Attribute,
    BalanceSource,
    Basis,
    CareKind,
    Combine,
    DeductibleKind,
    Dimension,
    Effect,
    FlagTwo,
    ForbiddenUse,
    Grade,
    Measure,
    OffSite,
    Procedure,
    Purpose,
    Relation,
    Reset,
    Scheme,
    Status,
    TakeBack,
    Tier,
    Trigger,
)
from gongji.rules.waiting import WaitingRule

__all__ = [
    "ENGINE",
    "STATUSES",
    "AccountScope",
    "Allotment",
    "AllotmentParts",
    "AllotmentYearEnd",
    "Area",
    "Attribute",
    "BalanceSource",
    "Basis",
    "BenefitRule",
    "Cap",
    "CareKind",
    "Clause",
    "Combine",
    "Conflict",
    "Counter",
    "DatedAmount",
    "Deductible",
    "DeductibleKind",
    "Dimension",
    "Effect",
    "FlagTwo",
    "ForbiddenUse",
    "Gap",
    "Grade",
    "Grid",
    "Interpretation",
    "Layer",
    "Measure",
    "Modifier",
    "OffSite",
    "Procedure",
    "Purpose",
    "Relation",
    "Reset",
    "Scheme",
    "Share",
    "SharingRule",
    "Status",
    "TakeBack",
    "Tier",
    "Trigger",
    "Waiver",
]

#: Raised whenever the same rule and the same bill would give another number or another explanation.
ENGINE: Final = "3"


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that lives across visits: per person, back to zero with each period.

    Attributes:
        name: its name; kinds of care that name the same counter share it.
        reset: the period.
        starts: first month of an insurance year (7 in Shanghai); 1 for every other period.
    """

    name: str
    reset: Reset = Reset.CALENDAR_YEAR
    starts: int = 1

    def period(self, on: date) -> str:
        """The period a visit on that day counts in, as text (``"2024"``, ``"2024/25"``, ``"2024-Q3"``, ``"2024-07"``)."""
        if self.reset is Reset.MONTH:
            return f"{on.year:04d}-{on.month:02d}"
        if self.reset is Reset.QUARTER:
            return f"{on.year:04d}-Q{(on.month + 2) // 3}"
        if self.reset is Reset.INSURANCE_YEAR:
            year = on.year if on.month >= self.starts else on.year - 1
            return f"{year:04d}/{(year + 1) % 100:02d}"
        return f"{on.year:04d}"


@dataclass(frozen=True, slots=True)
class Waiver:
    """What is taken off the deductible of a visit with an attribute, fen."""

    attribute: Attribute
    less: Grid


@dataclass(frozen=True, slots=True)
class Deductible:
    """What the patient bears before the funds begin.

    Attributes:
        kind: what it is charged on.
        amounts: the threshold in fen; by admission too for `BY_ADMISSION`, its last also for all later ones.
        combine: how tiers add up (`CUMULATIVE` only).
        counter: name of the counter of what was borne (`CUMULATIVE`) or of admissions (`BY_ADMISSION`); empty without.
        at_most: how often it is charged, by the counter of how often it was (`PER_VISIT`).
        cycle_days: length in days of a stretch of a long stay that counts as an admission of its own; 0 without.
        waivers: what is taken off for an attribute.
    """

    kind: DeductibleKind
    amounts: Grid
    combine: Combine = Combine.ONE_COUNTER
    counter: str = ""
    at_most: Mapping[str, int] = field(default_factory=dict)
    cycle_days: int = 0
    waivers: tuple[Waiver, ...] = ()

    def counter_of(self, tier: Tier) -> str:
        """Name of the counter that a visit to an institution of this tier adds to (`CUMULATIVE`)."""
        return f"{self.counter}.{tier.base}" if self.combine is Combine.COUNTER_PER_TIER else self.counter

    @property
    def target_counter(self) -> str:
        """Name of the counter of the threshold met so far in the period (`HIGHER_TOPS_UP` and `ONCE`)."""
        return f"{self.counter}.target"

    @property
    def keeps_target(self) -> bool:
        """Whether what is asked for depends on the thresholds met before."""
        return self.combine in (Combine.HIGHER_TOPS_UP, Combine.ONCE)


@dataclass(frozen=True, slots=True)
class Modifier:
    """What changes the ratio, or takes a part out of scope, for some visits.

    Attributes:
        name: the value's name in the pack.
        cases: for which visits: ``retired``, an attribute, or ways of being treated off-site.
        effect: what it does.
        numbers: per ten thousand: points, factor, or part.
    """

    name: str
    cases: frozenset[str]
    effect: Effect
    numbers: Grid


@dataclass(frozen=True, slots=True)
class Share:
    """The fund's ratio of what is left after the deductible.

    Attributes:
        ratios: per ten thousand; by band too when there are edges.
        edges: upper edges of the bands in fen, ascending, the last band open; empty without bands.
        edge_clauses: their sources.
        measure: what the edges are measured on.
        counter: name of the counter of the measure; empty when the bands begin anew at each visit.
        modifiers: what changes the ratio, in the order in which it applies.
    """

    ratios: Grid
    edges: tuple[int, ...] = ()
    edge_clauses: tuple[Clause, ...] = ()
    measure: Measure = Measure.NET
    counter: str = ""
    modifiers: tuple[Modifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit, in fen.

    Attributes:
        name: the value's name in the pack (``yearly_cap``).
        measure: whether it limits what the funds pay or the cost they reckon with.
        counter: name of the counter of the measure; empty for a limit of each visit.
        each_disease: whether every disease has a counter of its own (``<counter>.<disease>``).
        limits: the limit.
    """

    name: str
    measure: Measure
    counter: str
    each_disease: bool
    limits: Grid

    def counter_of(self, disease: str) -> str:
        """Name of the counter that a visit for this disease adds to; empty for a limit of each visit."""
        return f"{self.counter}.{disease}" if self.each_disease else self.counter

    @property
    def counters(self) -> tuple[str, ...]:
        """The names of all its counters, those of each disease where they have their own; none for a limit of each visit."""
        if not self.counter:
            return ()
        diseases = self.limits.words(Dimension.DISEASE) if self.each_disease else ("",)
        return tuple(self.counter_of(disease) for disease in diseases)


@dataclass(frozen=True, slots=True)
class Layer:
    """A fund that pays what its caps leave room for, then hands over to the next layer.

    Attributes:
        fund: ``fund.pool``, ``fund.large``, ``fund.civil`` or ``fund.aid``.
        caps: its limits, all binding at once; none when it pays without limit.
        share: its own ratio, in bands or not, of the cost it takes; None when it goes on with the share of the fund
            before it.
        basis: which cost it takes, when it has a share of its own.
        deductible: what the patient bears of that cost first: `NONE`, or `CUMULATIVE` on one counter.
    """

    fund: str
    caps: tuple[Cap, ...]
    share: Share | None = None
    basis: Basis = Basis.NO_ROOM
    deductible: Deductible | None = None

    @property
    def ratios(self) -> Grid | None:
        """The ratios of its own share; None without one."""
        return self.share.ratios if self.share is not None else None

    @property
    def grids(self) -> tuple[Grid, ...]:
        """Every table it reads."""
        found = [cap.limits for cap in self.caps]
        found += [self.share.ratios] if self.share is not None else []
        found += [self.deductible.amounts] if self.deductible is not None else []
        return tuple(found)


@dataclass(frozen=True, slots=True)
class BenefitRule:
    """What the funds pay for one kind of care in one pooling region, over one span of dates.

    Attributes:
        pack: id of the pack that sets it.
        region: 6-digit code of the pooling region.
        scheme: insurance scheme.
        kind: kind of care.
        effective: first day of the span in which none of its numbers changes.
        until: last day of that span, None while open.
        deductible: shape and numbers of the deductible.
        share: the fund's ratios.
        layers: the pooled fund first, then overflow stages in order.
        counters: every counter the rule reads or adds to, by name.
        clauses: every source by name (``deductible.tier_3``, ``share.retired.tier_3``, ``yearly_cap.retired``,
            ``formula``).
        interpretations: the reading in use, by the switch's name.
        digest: sha256 of the pack and all it inherits, hex.
        engine: version of the arithmetic.
        as_tier: the tier that every visit counts as (a pharmacy); None where the institution's own counts.
        account_first: whether the current-year account has to be empty before the deductible begins.
        by_prescriber: whether the tier of the hospital that prescribed counts; without a prescription nothing is paid.
        waiting: how long somebody insured late waits; None where no text says that anybody does.
    """

    pack: str
    region: str
    scheme: Scheme
    kind: CareKind
    effective: date
    until: date | None
    deductible: Deductible
    share: Share
    layers: tuple[Layer, ...]
    counters: Mapping[str, Counter]
    clauses: Mapping[str, Clause]
    interpretations: Mapping[str, str]
    digest: str
    engine: str = ENGINE
    as_tier: Tier | None = None
    account_first: bool = False
    by_prescriber: bool = False
    waiting: WaitingRule | None = None

    def grids(self) -> Iterator[Grid]:
        """Every table of numbers that the rule reads."""
        yield from (self.deductible.amounts, self.share.ratios)
        yield from (waiver.less for waiver in self.deductible.waivers)
        yield from (modifier.numbers for modifier in self.share.modifiers)
        for layer in self.layers:
            yield from layer.grids
