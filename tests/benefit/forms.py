"""Random rules of every form and random years of claims under them, reproducible from one number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from random import Random

from msgspec.structs import replace as altered

from gongji.benefit.assess import assess
from gongji.benefit.model import Assessment, Bill, Circumstances
from gongji.rules.book import RuleBook
from gongji.rules.grid import Grid
from gongji.rules.model import (
    Attribute,
    Basis,
    BenefitRule,
    Cap,
    CareKind,
    Clause,
    Combine,
    Counter,
    Deductible,
    DeductibleKind,
    Dimension,
    Effect,
    Layer,
    Measure,
    Modifier,
    OffSite,
    Reset,
    Scheme,
    Share,
    Status,
    Tier,
    Waiver,
)
from gongji.rules.vocabulary import Late
from gongji.rules.waiting import WaitingRule, WaitingTerms

STATUSES = (Status.ACTIVE, Status.RETIRED)
DISEASES = ("dialysis", "tumour")
WORDS: dict[Dimension, tuple[str, ...]] = {
    Dimension.STATUS: STATUSES,
    Dimension.TIER: tuple(Tier),
    Dimension.AGE: ("under_45", "from_45", "from_70"),
    Dimension.COVER: ("under_72_months", "from_72_months"),
    Dimension.PROVIDER: ("other", "selected"),
    Dimension.GRADE: ("grade_1", "grade_2"),
    Dimension.DISEASE: DISEASES,
    Dimension.ADMISSION: ("admission_1", "admission_2", "admission_3"),
    Dimension.BAND: ("band_1", "band_2", "band_3"),
}
#: What a table can be keyed by without a shape of its own.
FREE = (
    *(Dimension.STATUS, Dimension.TIER, Dimension.AGE, Dimension.COVER),
    *(Dimension.PROVIDER, Dimension.DISEASE, Dimension.GRADE),
)

_tieling = RuleBook.shipped().benefit("211200", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 6, 1))
assert _tieling is not None
TIELING = _tieling
CLAUSE: Clause = TIELING.clauses["formula"]


def grid_of(by: tuple[Dimension, ...], numbers: dict[tuple[str, ...], int]) -> Grid:
    """A grid whose numbers all rest on one clause."""
    return Grid(by, numbers, dict.fromkeys(numbers, CLAUSE))


def random_grid(random: Random, low: int, high: int, *special: Dimension) -> Grid:
    """A table of random numbers by random dimensions."""
    by = (*random.sample(FREE, random.randint(0, 3)), *special)
    keys = product(*(WORDS[dimension] for dimension in by))
    return grid_of(by, {key: random.choice((low, high, random.randint(low, high))) for key in keys})


def favouring_retired(grid: Grid, *, more: bool = True) -> Grid:
    """The same table with no number of the retired below (`more`) or above that of the active."""
    if Dimension.STATUS not in grid.by:
        return grid
    place = grid.by.index(Dimension.STATUS)
    best = max if more else min
    numbers = {
        key: best(number, grid.numbers[(*key[:place], Status.ACTIVE, *key[place + 1 :])])
        for key, number in grid.numbers.items()
    }
    return grid_of(grid.by, numbers)


def random_deductible(random: Random) -> Deductible:
    """A deductible of any kind."""
    kind = random.choice(list(DeductibleKind))
    if kind is DeductibleKind.NONE:
        return Deductible(kind, grid_of((), {(): 0}))
    special = (Dimension.ADMISSION,) if kind is DeductibleKind.BY_ADMISSION else ()
    amounts = random_grid(random, 0, 180_000, *special)
    waiving = random.sample((Attribute.FAMILY_DOCTOR, Attribute.ESSENTIAL_DRUGS), random.randint(0, 2))
    waivers = tuple(Waiver(attribute, random_grid(random, 0, 50_000)) for attribute in waiving)
    if kind is DeductibleKind.CUMULATIVE:
        return Deductible(kind, amounts, random.choice(list(Combine)), "borne", waivers=waivers)
    if kind is DeductibleKind.PER_VISIT:
        at_most = random.choice(({}, {"charged_month": 1, "charged_year": 4}, {"charged_year": 2}))
        return Deductible(kind, amounts, at_most=at_most, waivers=waivers)
    return Deductible(kind, amounts, counter="admissions", cycle_days=random.choice((0, 90)), waivers=waivers)


def random_modifiers(random: Random) -> tuple[Modifier, ...]:
    """Some of the modifiers there are, in their order."""
    effects = (Effect.POINTS, Effect.LESS_POINTS, Effect.FACTOR, Effect.SELF_PAY_FACTOR)
    found = []
    if random.random() < 0.3:
        found.append(Modifier("grade", frozenset({Attribute.GRADE_2}), Effect.FACTOR, random_grid(random, 0, 10_000)))
    if random.random() < 0.5:
        effect = random.choice((Effect.POINTS, Effect.SELF_PAY_FACTOR))
        found.append(Modifier("retired", frozenset({Status.RETIRED}), effect, random_grid(random, 0, 10_000)))
    if random.random() < 0.2:
        case = frozenset({Attribute.PRE_1949})
        found.append(Modifier("pre_1949", case, Effect.SET, random_grid(random, 0, 10_000)))
    if random.random() < 0.3:
        case = frozenset({Attribute.FAMILY_DOCTOR})
        found.append(Modifier("doctor", case, random.choice(effects), random_grid(random, 0, 2_000)))
    if random.random() < 0.5:
        away = frozenset(random.sample([way for way in OffSite if way is not OffSite.LOCAL], 2))
        effect = random.choice((*effects, Effect.FIRST_SELF_PAY))
        found.append(Modifier("away", away, effect, random_grid(random, 0, 3_000)))
    return tuple(found)


def random_share(random: Random) -> Share:
    """One ratio, or three bands on any measure, over the visit or the year."""
    modifiers = random_modifiers(random)
    if random.random() < 0.4:
        return Share(random_grid(random, 0, 10_000), modifiers=modifiers)
    edges = tuple(sorted(random.sample(range(1, 300_000), 2)))
    measure, counter = random.choice(list(Measure)), random.choice(("", "band_year"))
    return Share(random_grid(random, 0, 10_000, Dimension.BAND), edges, (CLAUSE, CLAUSE), measure, counter, modifiers)


def random_layers(random: Random) -> tuple[Layer, ...]:
    """The pooled fund with any caps, then up to two further funds."""
    caps = [
        Cap("visit_cap", Measure.FUND, "", False, random_grid(random, 0, 100_000)),
        Cap("month_cap", Measure.FUND, "paid_month", False, random_grid(random, 0, 150_000)),
        Cap("yearly_cap", Measure.FUND, "fund_paid", False, random_grid(random, 0, 400_000)),
        Cap("total_cap", Measure.FUND, "total_paid", False, random_grid(random, 0, 500_000)),
        Cap("gross_cap", Measure.GROSS, "gross_year", False, random_grid(random, 0, 600_000)),
        Cap("net_cap", Measure.NET, "net_year", False, random_grid(random, 0, 600_000)),
        Cap("disease_cap", Measure.FUND, "disease", True, disease_limits(random)),
    ]
    layers = [Layer("fund.pool", tuple(random.sample(caps, random.randint(0, 3))))]
    for fund in ("large", "civil", "aid")[: random.randint(0, 3)]:
        further = (
            Cap(f"{fund}_cap", Measure.FUND, f"{fund}_paid", False, random_grid(random, 0, 300_000)),
            Cap("total_cap", Measure.FUND, "total_paid", False, random_grid(random, 0, 500_000)),
        )
        stage = random_stage(random, fund) if random.random() < 0.6 else (None,)
        layers.append(Layer(f"fund.{fund}", tuple(random.sample(further, random.randint(0, 1))), *stage))
    return tuple(layers)


def random_stage(random: Random, fund: str) -> tuple[Share, Basis, Deductible | None]:
    """A share of a further fund's own, which cost it takes, and what is borne first."""
    share = Share(random_grid(random, 0, 10_000))
    if random.random() < 0.4:
        edges = tuple(sorted(random.sample(range(1, 300_000), 2)))
        grid = random_grid(random, 0, 10_000, Dimension.BAND)
        share = Share(grid, edges, (CLAUSE, CLAUSE), random.choice(list(Measure)), f"{fund}_bands")
    first = None
    if random.random() < 0.5:
        first = Deductible(DeductibleKind.CUMULATIVE, random_grid(random, 0, 180_000), counter=f"{fund}_borne")
    return share, random.choice(list(Basis)), first


def disease_limits(random: Random) -> Grid:
    """A limit for each disease."""
    return grid_of((Dimension.DISEASE,), {(disease,): random.randint(0, 300_000) for disease in DISEASES})


#: The national terms for residents, and half a year for whoever pays alone.
WAITING = WaitingRule(WaitingTerms({Late.OUTSIDE_WINDOW: 3, Late.INTERRUPTED: 3, Late.FLEXIBLE: 6}, 1, 1, 4, 6), CLAUSE)


def random_rule(seed: int) -> BenefitRule:
    """A rule of any form."""
    random = Random(seed)
    deductible, share, layers = random_deductible(random), random_share(random), random_layers(random)
    year = random.choice(((Reset.CALENDAR_YEAR, 1), (Reset.INSURANCE_YEAR, 7)))
    short = random.choice((Reset.MONTH, Reset.QUARTER))
    by_prescriber = random.random() < 0.1
    names = {"borne": random.choice((year, (short, 1))), "charged_month": (Reset.MONTH, 1), "paid_month": (short, 1)}
    counters = {
        name: Counter(name, *names.get(name.partition(".")[0], year))
        for name in counter_names(deductible, share, layers)
    }
    return replace(
        TIELING,
        deductible=deductible,
        share=share,
        layers=layers,
        counters=counters,
        as_tier=None if by_prescriber else random.choice((None, None, Tier.TIER_1)),
        account_first=random.random() < 0.2,
        by_prescriber=by_prescriber,
        waiting=WAITING if random.random() < 0.3 else None,
    )


def counter_names(deductible: Deductible, share: Share, layers: tuple[Layer, ...]) -> set[str]:
    """Every counter that these parts of a rule name."""
    names = {deductible.counter, share.counter, *deductible.at_most}
    if deductible.kind is DeductibleKind.CUMULATIVE:
        names = {share.counter, *(deductible.counter_of(tier) for tier in Tier)}
        names |= {deductible.target_counter} if deductible.keeps_target else set()
    names |= {cap.counter_of(disease) for layer in layers for cap in layer.caps for disease in DISEASES}
    names |= {layer.deductible.counter for layer in layers if layer.deductible is not None}
    names |= {layer.share.counter for layer in layers if layer.share is not None}
    return names - {""}


def fair(rule: BenefitRule) -> BenefitRule:
    """The rule with nothing worse for the retired than for the active.

    Two forms can turn a better number into a worse year, and are left out: a further fund that pays a better ratio
    than the pooled one, and a cap on net cost, which a lower deductible uses up sooner.
    """
    deductible = replace(
        rule.deductible,
        amounts=favouring_retired(rule.deductible.amounts, more=False),
        waivers=tuple(replace(one, less=favouring_retired(one.less)) for one in rule.deductible.waivers),
    )
    modifiers = tuple(
        replace(
            one, numbers=favouring_retired(one.numbers, more=one.effect in (Effect.POINTS, Effect.FACTOR, Effect.SET))
        )
        for one in rule.share.modifiers
    )
    share = replace(rule.share, ratios=favouring_retired(rule.share.ratios), modifiers=modifiers)
    layers = tuple(
        replace(
            layer,
            caps=tuple(
                replace(cap, limits=favouring_retired(cap.limits))
                for cap in layer.caps
                if cap.measure is not Measure.NET
            ),
            share=None,
            deductible=None,
        )
        for layer in rule.layers
    )
    return replace(rule, deductible=deductible, share=share, layers=layers)


def cumulative(seed: int) -> BenefitRule:
    """A rule of any form whose deductible adds up over a period, under any reading of mixed tiers."""
    return next(
        rule
        for rule in map(random_rule, range(seed, seed + 1_000))
        if rule.deductible.kind is DeductibleKind.CUMULATIVE
    )


def capped(seed: int) -> BenefitRule:
    """A rule of any form whose pooled fund has a yearly cap."""
    return next(
        rule
        for rule in map(random_rule, range(seed, seed + 1_000))
        if any(cap.counter == "fund_paid" for cap in rule.layers[0].caps)
    )


def annual(rule: BenefitRule) -> BenefitRule:
    """The rule without what begins anew at each visit: its deductible, bands and caps are of the year."""
    deductible = rule.deductible
    if deductible.kind in (DeductibleKind.PER_VISIT, DeductibleKind.BY_ADMISSION):
        deductible = Deductible(DeductibleKind.NONE, grid_of((), {(): 0}))
    share = replace(rule.share, counter="band_year") if rule.share.edges else rule.share
    layers = tuple(Layer(one.fund, tuple(cap for cap in one.caps if cap.counter)) for one in rule.layers)
    names = counter_names(deductible, share, layers)
    counters = {name: rule.counters.get(name, Counter(name)) for name in names}
    return replace(rule, deductible=deductible, share=share, layers=layers, counters=counters)


@dataclass(frozen=True)
class Claim:
    """One bill of a person."""

    bill: Bill
    person: Circumstances


def random_circumstances(random: Random) -> Circumstances:
    """Anybody, anywhere, on any day of two years."""
    return Circumstances(
        random.choice(STATUSES),
        random.choice(list(Tier)),
        date(2024, 1, 1) + timedelta(random.randint(0, 730)),
        random.choice((0, 44, 45, 69, 70, 90)),
        offsite=random.choice((OffSite.LOCAL, *OffSite)),
        attributes=frozenset(random.sample(list(Attribute), random.randint(0, 3))),
        months_covered=random.choice((0, 3, 5, 6, 71, 72, 200)),
        current_account=random.choice((0, random.randint(0, 50_000))),
        days=random.choice((1, 1, 90, 91, 200)),
        disease=random.choice(DISEASES),
        prescriber=random.choice((None, *Tier)),
        late=random.choice((None, None, *Late)),
        missed_years=random.randint(0, 6),
        repaid_years=random.randint(0, 6),
    )


def random_bill(random: Random) -> Bill:
    """A bill of any four parts, small and large ones alike."""
    in_scope = random.choice((0, 1, random.randint(0, 5_000), random.randint(0, 200_000), random.randint(0, 2_000_000)))
    others = [random.choice((0, random.randint(0, 20_000))) for _ in range(3)]
    return Bill(sum(others) + in_scope, *others, in_scope)


def random_year(seed: int, most: int = 8) -> list[Claim]:
    """Bills of one person in the order of their days: everything about the person may change between them."""
    random = Random(seed)
    claims = [Claim(random_bill(random), random_circumstances(random)) for _ in range(random.randint(1, most))]
    return sorted(claims, key=lambda claim: claim.person.on)


def steady(claims: list[Claim], **fixed: object) -> list[Claim]:
    """The same bills with everything as at the first one, days apart, and what is `fixed` on top."""
    first = altered(claims[0].person, current_account=0, **fixed)  # type: ignore[arg-type]
    return [Claim(claim.bill, first) for claim in claims]


def live(rule: BenefitRule, claims: list[Claim]) -> tuple[dict[tuple[str, str], int], list[Assessment]]:
    """Assess the bills in order, counters carried from one to the next; counters by name and period."""
    counters: dict[tuple[str, str], int] = {}
    outcomes = []
    for claim in claims:
        outcome = assess(rule, claim.bill, claim.person, present(rule, counters, claim.person.on))
        for move in outcome.moves:
            counters[move.counter, move.period] = counters.get((move.counter, move.period), 0) + move.added
        outcomes.append(outcome)
    return counters, outcomes


def present(rule: BenefitRule, counters: dict[tuple[str, str], int], on: date) -> dict[str, int]:
    """The counters of the periods of a day."""
    return {name: counters.get((name, counter.period(on)), 0) for name, counter in rule.counters.items()}


def paid(outcomes: list[Assessment]) -> int:
    """What the funds paid in all, fen."""
    return sum(outcome.fund_total for outcome in outcomes)
