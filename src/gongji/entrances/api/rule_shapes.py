"""What the API says of rules, as data: numbers are fen, per ten thousand or times, each with the clause it rests on."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from gongji.entrances.api.problems import Words
from gongji.entrances.api.shapes import Body, ClauseOut, Fen, Line, PayerOut, StepOut
from gongji.rules.model import Attribute, CareKind, Grade, OffSite, Scheme, Status, Tier
from gongji.rules.vocabulary import Late
from gongji.settlement.model import AccountUse


class SpanOut(BaseModel):
    """Days on which one rule holds."""

    effective: date
    until: date | None = Field(description="null while open")


class BenefitOut(BaseModel):
    """A benefit with the spans of all its rules, past ones too."""

    scheme: Scheme
    kind: CareKind
    spans: list[SpanOut]


class RegionOut(BaseModel):
    """A region with what its packs set."""

    region: str = Field(examples=["211200"])
    name: str = Field(examples=["铁岭市"])
    benefits: list[BenefitOut]
    sharing: list[SpanOut]
    grade: Grade | None = Field(description="weakest source of the newest rules: A, B, C, D, K; null without a benefit")
    gaps: int
    conflicts: int
    digest: str


class RegionsOut(BaseModel):
    """All regions, in the order of their codes."""

    items: list[RegionOut]


class NumberOut(BaseModel):
    """One number of a rule with the visits it holds for."""

    section: Literal["deductible", "share", "modifier", "cap", "further"]
    name: str = Field(examples=["yearly_cap"])
    about: str = Field(examples=["cap.fund.calendar_year"], description="what the number is")
    case: dict[str, str] = Field(
        examples=[{"status": "retired", "tier": "tier_3"}], description="what it depends on; empty: holds for all"
    )
    only: list[str] = Field(description="statuses, attributes or off-site cases it is limited to; empty: none")
    number: int
    unit: Literal["fen", "ratio", "times"] = Field(description="ratio: per ten thousand")
    clause: ClauseOut | None


class ReadingOut(BaseModel):
    """What a text leaves open."""

    name: str = Field(examples=["mixed_tiers"])
    default: str
    options: list[str]
    why: str


class BenefitRuleOut(BaseModel):
    """A benefit's rule in force."""

    scheme: Scheme
    kind: CareKind
    effective: date
    until: date | None
    pack: str
    counts_as: Tier | None = Field(description="the tier that every visit counts as, where the rule says one")
    account_first: bool = Field(description="whether this year's account money has to be spent first")
    counters: list[str] = Field(description="what `counters` of an assessment may name")
    numbers: list[NumberOut]
    interpretations: dict[str, str] = Field(description="the reading in use")
    readings: list[ReadingOut]


class TermOut(BaseModel):
    """One term of a sharing rule."""

    name: str = Field(examples=["trigger"])
    value: str | int | bool | list[str] | None
    clause: ClauseOut | None


class KnownOut(BaseModel):
    """What a pack knows beside benefits: a premium, a monthly credit, who waits, who may join when, the wallet."""

    section: Literal["values", "accrual", "waiting", "enrolment", "wallet", "sharing"] = Field(
        description="sharing: single terms, where the whole rule is not known"
    )
    name: str = Field(examples=["resident_premium_minimum"])
    path: list[str] = Field(examples=[["within_days"]], description="the case, or the part of a term; empty: all of it")
    value: bool | int | date | str | list[str]
    unit: Literal["fen", "ratio"] | None = Field(description="ratio: per ten thousand; null: a count, a word, a day")
    clause: ClauseOut


class SharingOut(BaseModel):
    """The sharing rule in force."""

    terms: list[TermOut]
    interpretations: dict[str, str]


class ConflictOut(BaseModel):
    """Two sources that disagree."""

    pack: str
    about: str
    says: str = Field(description="what the pack holds")
    against: str
    handling: str


class GapOut(BaseModel):
    """What the packs leave silent on purpose."""

    rule: str
    about: str
    says: str


class CoverageOut(BaseModel):
    """How far a year of a benefit is known."""

    benefit: str = Field(examples=["employee.outpatient", "employee.sharing"])
    year: int
    state: Literal["gap", "partial", "secondary", "conflicting", "complete"]
    days: int = Field(description="days of the year with a rule")
    best: Grade | None
    worst: Grade | None
    conflicts: int
    checked: date | None = Field(description="since when every number has been compared with its source")


class TimelineOut(BaseModel):
    """A benefit, or sharing, over the years; past rules too."""

    benefit: str = Field(examples=["310.outpatient", "sharing"])
    spans: list[SpanOut]


class RegionRulesOut(BaseModel):
    """Everything that holds in a region on a day, and over the years."""

    region: str
    name: str
    on: date
    benefits: list[BenefitRuleOut]
    sharing: SharingOut | None
    known: list[KnownOut] = Field(description="what the packs know beside benefits and a whole sharing rule")
    conflicts: list[ConflictOut]
    gaps: list[GapOut]
    grade: Grade | None = Field(description="weakest source of what is in force on the day; null where nothing is")
    coverage: list[CoverageOut] = Field(description="the year of the day")
    timeline: list[TimelineOut]
    digest: str


class AccountsIn(Body):
    """What somebody has."""

    current_fen: Fen = Field(default=0, description="this year's money", examples=[20_000])
    historical_fen: Fen = Field(default=0, description="savings of former years")
    limit_fen: Fen | None = Field(default=None, description="a sharer's limit on this bill")


Name = Annotated[str, StringConstraints(max_length=80)]


class EarlierIn(Body):
    """A visit of the same person before this one, at home, all of its cost in scope."""

    on: date = Field(examples=["2024-02-01"])
    kind: CareKind = CareKind.OUTPATIENT
    tier: Tier = Field(examples=["tier_1"])
    in_scope_fen: Fen = Field(examples=[15_000])
    days: Annotated[int, Field(strict=True, ge=1, le=3660)] = 1
    disease: Line = Field(default="", examples=[""])


class AssessIn(Body):
    """A bill and everything that decides who pays it. Nothing is stored."""

    region: Annotated[str, StringConstraints(pattern=r"^\d{6}$")] = Field(examples=["211202"])
    scheme: Scheme = Scheme.EMPLOYEE
    kind: CareKind = CareKind.OUTPATIENT
    on: date | None = Field(default=None, description="day of the visit; today when left out", examples=["2024-03-05"])
    status: Status = Field(examples=["retired"])
    tier: Tier = Field(examples=["tier_3"])
    age: Annotated[int, Field(strict=True, ge=0, le=150)] | None = Field(default=None, examples=[68])
    total_fen: Fen = Field(examples=[126_850])
    self_paid_fen: Fen = Field(default=0, examples=[6_850], description="全自费")
    over_limit_fen: Fen = Field(default=0, examples=[1_000], description="超限价")
    first_self_pay_fen: Fen = Field(default=0, examples=[3_900], description="先行自付")
    in_scope_fen: Fen | None = Field(
        default=None,
        examples=[115_100],
        description="符合政策范围; what the other parts leave of the total if left out",
    )
    offsite: OffSite = OffSite.LOCAL
    attributes: list[Attribute] = Field(default=[], examples=[[]])
    months_covered: Annotated[int, Field(strict=True, ge=0, le=1200)] | None = Field(default=None)
    days: Annotated[int, Field(strict=True, ge=1, le=3660)] = 1
    disease: Line = Field(default="", examples=[""])
    prescriber: Tier | None = Field(default=None, description="at a pharmacy: tier of the hospital that prescribed")
    late: Late | None = Field(default=None, description="what made the patient be insured late; null: in time")
    missed_years: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    repaid_years: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    earlier: list[EarlierIn] = Field(
        default=[], max_length=50, examples=[[]], description="visits before this one: they move the counters"
    )
    counters: dict[Name, Fen] = Field(
        default={}, max_length=50, examples=[{"deductible_borne": 0}], description="where the rule's counters stand"
    )
    own: AccountsIn | None = Field(default=None, description="the patient's accounts; null: empty, or none as resident")
    sharers: list[AccountsIn] = Field(
        default=[], max_length=20, examples=[[{"historical_fen": 100_000}]], description="in the order they pay"
    )
    account_use: AccountUse = Field(default=AccountUse.SHARERS, description="acct_used_flag: 0 none, 1 own, 2 sharers'")
    readings: dict[Name, Name] = Field(default={}, max_length=50, examples=[{"mixed_tiers": "one_counter"}])


class FundOut(BaseModel):
    """What one fund pays."""

    fund: str = Field(examples=["fund.pool"])
    amount_fen: int


class MoveOut(BaseModel):
    """What the visit adds to a counter."""

    counter: str = Field(examples=["deductible_borne"])
    period: str = Field(examples=["2024"])
    added: int
    cap: int | None


class VisitOut(BaseModel):
    """One visit of the year."""

    on: date
    kind: CareKind
    total_fen: int
    fund_fen: int


class AssessOut(BaseModel):
    """Who pays, how much, and why; the payers add up to the total."""

    region: str
    name: str
    on: date
    applies: bool = Field(description="false where no pack sets a rule: the funds' nothing then means not known")
    total_fen: int
    in_scope_fen: int
    deductible_fen: int
    ratio: int = Field(description="per ten thousand, of the first band reached")
    funds: list[FundOut]
    fund_fen: int
    own_fen: int
    shared_fen: int
    cash_fen: int
    counters: list[MoveOut]
    payers: list[PayerOut]
    steps: list[StepOut]
    cautions: list[Words] = Field(description="what is to be known of the sources and of what was left out")
    interpretations: dict[str, str] = Field(description="the readings that the numbers rest on")
    year: list[VisitOut] = Field(description="every visit, this one last; empty without `earlier`")
    grade: Grade | None = Field(description="weakest source of the rule applied; null where there is none")
    coverage: CoverageOut | None = Field(description="how far the year of this benefit is known")
    timeline: list[SpanOut] = Field(description="all rules of this benefit over the years; one of them was applied")
    digest: str
