"""What a rule is once it is loaded: enums of the domain, clauses with their source, rules with integer numbers.

Amounts are fen, ratios are per ten thousand. Everything here is frozen and can be pickled, so that a worker of a
population run gets the very rule that the cashier's desk used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gongji.rules.vocabulary import (
    AccountScope,
    Area,
    BalanceSource,
    CareKind,
    Combine,
    FlagTwo,
    ForbiddenUse,
    Grade,
    Procedure,
    Purpose,
    Relation,
    Scheme,
    Status,
    Tier,
    Trigger,
)

__all__ = [
    "ENGINE",
    "AccountScope",
    "Area",
    "BalanceSource",
    "BenefitRule",
    "CareKind",
    "Clause",
    "Combine",
    "Conflict",
    "Counter",
    "DatedAmount",
    "Deductible",
    "FlagTwo",
    "ForbiddenUse",
    "Gap",
    "Grade",
    "Interpretation",
    "Layer",
    "Procedure",
    "Purpose",
    "Relation",
    "Scheme",
    "Share",
    "SharingRule",
    "Status",
    "Tier",
    "Trigger",
]

#: Raised whenever the same rule and the same bill would give another number or another explanation.
ENGINE: Final = "1"


@dataclass(frozen=True, slots=True)
class Clause:
    """Where a number comes from.

    Attributes:
        rule: the rule's id, ``<pack>#<section>.<value>.<key>``.
        doc: id of the document in the pack's register.
        title: the document's title.
        publisher: who issued or printed it.
        grade: how far it can be trusted, A best.
        quote: the words the number rests on; our own summary when `verbatim` is false.
        verbatim: whether `quote` is the document's own wording.
        effective: first day the value holds.
        checked: day somebody last compared the value with its source.
        published: when it became known, if that differs from `effective`.
        note: what a reader should know about the value (an assumption, a date only known by its month).
    """

    rule: str
    doc: str
    title: str
    publisher: str
    grade: Grade
    quote: str
    verbatim: bool
    effective: date
    checked: date
    published: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A named switch for what a text leaves open.

    Attributes:
        name: the switch (``mixed_tiers``).
        pack: id of the pack that declares it.
        default: the reading taken when nobody chooses.
        options: all readings that can be computed.
        why: what the text leaves open.
        docs: documents that bear on it.
    """

    name: str
    pack: str
    default: str
    options: tuple[str, ...]
    why: str
    docs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sources that disagree: `says` is what the pack holds, `against` what it was held against."""

    pack: str
    about: str
    says: str
    against: str
    docs: tuple[str, ...]
    handling: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the packs deliberately leave silent, so that an explanation can say so.

    Attributes:
        rule: the gap's id, ``<pack>#gap.<about>``.
        about: ``<scheme>.<kind>`` for a missing benefit (``resident.outpatient``), else a free name.
        says: one Chinese sentence: what is not known.
        digest: digest of the pack that records it.
    """

    rule: str
    about: str
    says: str
    digest: str


@dataclass(frozen=True, slots=True)
class DatedAmount:
    """A plain value of a pack (a premium, an account credit) on a date: fen or per ten thousand, with its clause."""

    amount: int
    clause: Clause


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that lives across visits: per person, back to zero with each calendar year."""

    name: str

    def period(self, on: date) -> str:
        """The period a visit on that day counts in, as text (``"2024"``)."""
        return f"{on.year:04d}"


@dataclass(frozen=True, slots=True)
class Deductible:
    """A cumulative yearly deductible by tier.

    Attributes:
        combine: how tiers add up.
        counter: name of the counter of what was borne (per tier: ``<counter>.<tier>``).
        amounts: threshold in fen by tier.
        clauses: their sources.
    """

    combine: Combine
    counter: str
    amounts: Mapping[Tier, int]
    clauses: Mapping[Tier, Clause]

    def counter_of(self, tier: Tier) -> str:
        """Name of the counter that a visit to an institution of this tier adds to."""
        return f"{self.counter}.{tier}" if self.combine is Combine.COUNTER_PER_TIER else self.counter

    @property
    def target_counter(self) -> str:
        """Name of the counter of the highest threshold met so far this year (`HIGHER_TOPS_UP` only)."""
        return f"{self.counter}.target"


@dataclass(frozen=True, slots=True)
class Share:
    """The fund's ratio of what is left after the deductible: per ten thousand, by status and tier."""

    ratios: Mapping[tuple[Status, Tier], int]
    clauses: Mapping[tuple[Status, Tier], Clause]


@dataclass(frozen=True, slots=True)
class Layer:
    """A fund that pays its part of the share up to a yearly limit, then hands the rest to the next layer.

    Attributes:
        name: the value's name in the pack (``pool_cap``).
        fund: ``fund.pool`` or ``fund.large``.
        counter: name of the counter of what this fund paid.
        limits: yearly limit in fen by status.
        clauses: their sources.
    """

    name: str
    fund: str
    counter: str
    limits: Mapping[Status, int]
    clauses: Mapping[Status, Clause]


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


@dataclass(frozen=True, slots=True)
class SharingRule:
    """Who may share with whom in a region on a date, and how the shared money is spent.

    Attributes:
        region: the region asked for.
        max_relatives: most users one sharer may have; None where no text names a number.
        procedure: how an authorisation comes into force.
        exclusive_user: whether a user has at most one sharer at a time.
        dual_role_forbidden: whether nobody may be sharer and user at once.
        relations: what a user may be to the sharer, on that date.
        area: how far apart the two may be insured.
        trigger: what makes shared accounts pay.
        account_scope: which part of the bill accounts (own and shared) may pay.
        own_account_first: whether the patient's own account pays before shared ones.
        flag_2_means: what acct_used_flag 2 asks for.
        balance_source: which balance may be shared.
        retained_floor: fen that must stay in the sharer's account.
        sharer_limit_allowed: whether the sharer may set a spending limit per user.
        purposes: what shared money may be spent on.
        review_working_days: longest review in working days; None where none is named or there is no review.
        clauses: the source of each of the names above that a text sets.
        interpretations: the reading in use, by the switch's name.
        digest: digest of the packs the rule rests on.
        forbidden_uses: what no account may be spent on.
    """

    region: str
    max_relatives: int | None
    procedure: Procedure
    exclusive_user: bool
    dual_role_forbidden: bool
    relations: frozenset[Relation]
    area: Area
    trigger: Trigger
    account_scope: AccountScope
    own_account_first: bool
    flag_2_means: FlagTwo
    balance_source: BalanceSource
    retained_floor: int
    sharer_limit_allowed: bool
    purposes: frozenset[Purpose]
    review_working_days: int | None
    clauses: Mapping[str, Clause]
    interpretations: Mapping[str, str]
    digest: str
    forbidden_uses: frozenset[ForbiddenUse] = frozenset()

    @property
    def first_self_pay_payable(self) -> bool:
        """Whether accounts may pay the first-self-pay part of the bill (always under ``self_borne``)."""
        return self.interpretations.get("first_self_pay", "payable") == "payable"
