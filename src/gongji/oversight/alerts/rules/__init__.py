"""The rules, a module each, in the order in which officers see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gongji.oversight.alerts.model import RuleCode
from gongji.oversight.alerts.rule import Rule
from gongji.oversight.alerts.rules.age_or_sex import AgeOrSex
from gongji.oversight.alerts.rules.bind_drain_unbind import BindDrainUnbind
from gongji.oversight.alerts.rules.bound_by_many import BoundByMany
from gongji.oversight.alerts.rules.impossible_travel import ImpossibleTravel
from gongji.oversight.alerts.rules.invoice_used_twice import InvoiceUsedTwice
from gongji.oversight.alerts.rules.over_volume import OverVolume
from gongji.oversight.alerts.rules.relatives_at_one_till import RelativesAtOneTill
from gongji.oversight.alerts.rules.repeat_purchase import RepeatPurchase
from gongji.oversight.alerts.rules.round_sums_at_one_till import RoundSumsAtOneTill
from gongji.oversight.alerts.rules.strange_area import StrangeArea
from gongji.oversight.alerts.rules.trace_code_reused import TraceCodeReused
from gongji.oversight.alerts.rules.use_after_death import UseAfterDeath
from gongji.oversight.alerts.rules.wallet_round_trip import WalletRoundTrip
from gongji.oversight.alerts.rules.whole_balance import WholeBalance
from gongji.oversight.alerts.rules.year_end_rush import YearEndRush

RULES: Final[Mapping[RuleCode, type[Rule]]] = {
    rule.code: rule
    for rule in (
        OverVolume,
        RepeatPurchase,
        TraceCodeReused,
        UseAfterDeath,
        RelativesAtOneTill,
        RoundSumsAtOneTill,
        WholeBalance,
        BindDrainUnbind,
        AgeOrSex,
        StrangeArea,
        ImpossibleTravel,
        WalletRoundTrip,
        BoundByMany,
        YearEndRush,
        InvoiceUsedTwice,
    )
}
