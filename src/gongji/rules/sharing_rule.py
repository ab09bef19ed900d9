"""What a region's rule of sharing is once it is loaded; `gongji.rules.model` tells it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gongji.rules.sources import Clause
from gongji.rules.vocabulary import (
    AccountScope,
    AllotmentParts,
    AllotmentYearEnd,
    Area,
    BalanceSource,
    FlagTwo,
    ForbiddenUse,
    Procedure,
    Purpose,
    Relation,
    TakeBack,
    Trigger,
)


@dataclass(frozen=True, slots=True)
class Allotment:
    """How money is allotted (划拨) before relatives can spend it.

    Attributes:
        parts: whom it is for.
        take_back: when the sharer gets back what was not used.
        year_end: what becomes of it at the turn of the year.
        clause: the text that asks for it.
    """

    parts: AllotmentParts
    take_back: TakeBack
    year_end: AllotmentYearEnd
    clause: Clause


@dataclass(frozen=True, slots=True)
class SharingRule:
    """Who may share with whom in a region on a date, and how the shared money is spent.

    Attributes:
        region: the region asked for.
        max_relatives: most users one sharer may have; None where no text names a number.
        procedure: how an authorisation comes into force; None where no text says.
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
        user_consent: whether the user has to agree before an authorisation comes into force.
        unbind_after_days: days for which the sharer may not unbind; None where no text says.
        allotment_required: whether relatives spend only what the sharer allotted before (划拨).
        allotment_parts, allotment_take_back, allotment_year_end: how, where a text says; see `allotment`.
    """

    region: str
    max_relatives: int | None
    procedure: Procedure | None
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
    user_consent: bool = False
    unbind_after_days: int | None = None
    allotment_required: bool = False
    allotment_parts: AllotmentParts | None = None
    allotment_take_back: TakeBack | None = None
    allotment_year_end: AllotmentYearEnd | None = None

    @property
    def allotment(self) -> Allotment | None:
        """How money is allotted, by the text or by the reading taken where it is silent; None where it need not be."""
        if not self.allotment_required:
            return None
        read = self.interpretations
        return Allotment(
            self.allotment_parts or AllotmentParts(read["allotment_parts"]),
            self.allotment_take_back or TakeBack(read["allotment_take_back"]),
            self.allotment_year_end or AllotmentYearEnd(read["allotment_year_end"]),
            self.clauses["allotment_required"],
        )

    @property
    def first_self_pay_payable(self) -> bool:
        """Whether accounts may pay the first-self-pay part of the bill (always under ``self_borne``)."""
        return self.interpretations.get("first_self_pay", "payable") == "payable"
