"""The packs that come with Gongji say what the sources say, and are silent where the sources are."""

from __future__ import annotations

import pickle
from datetime import date

import pytest

from gongji.foundation.errors import InvalidInput
from gongji.rules.book import RuleBook
from gongji.rules.model import (
    AccountScope,
    Area,
    BalanceSource,
    CareKind,
    Combine,
    ForbiddenUse,
    Grade,
    Procedure,
    Purpose,
    Relation,
    Scheme,
    SharingRule,
    Status,
    Tier,
    Trigger,
)

TIELING, YINZHOU, JINING = "211200", "211202", "370800"
TIERS = (Tier.TIER_1, Tier.TIER_2, Tier.TIER_3)
NEAR_RELATIVES = set(Relation) - {Relation.PARENT_IN_LAW}

book = RuleBook.shipped()


def sharing(region: str, on: date) -> SharingRule:
    """The sharing rule of a region that is known to have one on that day."""
    rule = book.sharing(region, on)
    assert rule is not None
    return rule


def test_tieling_2024_ladder_in_fen_and_per_ten_thousand() -> None:
    rule = book.benefit(YINZHOU, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 3, 5))
    assert rule is not None
    assert [rule.deductible.amounts[(tier,)] for tier in TIERS] == [20_000, 20_000, 30_000]
    assert [rule.share.ratios[Status.ACTIVE, tier] for tier in TIERS] == [7_000, 6_000, 5_000]
    assert [rule.share.ratios[Status.RETIRED, tier] for tier in TIERS] == [7_500, 6_500, 5_500]
    (pool,) = rule.layers
    assert pool.fund == "fund.pool"
    assert [dict(cap.limits.numbers) for cap in pool.caps] == [{("active",): 300_000, ("retired",): 300_000}]
    assert rule.interpretations == {"mixed_tiers": "one_counter"}
    assert set(rule.counters) == {"deductible_borne", "fund_paid"}


def test_every_number_of_tieling_cites_the_words_it_rests_on() -> None:
    rule = book.benefit(TIELING, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 3, 5))
    assert rule is not None
    clause = rule.clauses["deductible.tier_3"]
    assert clause.rule == "cn/liaoning/tieling#outpatient.deductible.tier_3"
    assert clause.grade is Grade.SECONDARY
    assert clause.verbatim
    assert "三级医疗机构300元" in clause.quote
    assert clause.effective == date(2024, 1, 1)
    assert set(rule.clauses) == {
        "formula",
        *(f"deductible.{tier}" for tier in TIERS),
        *(f"share.{status}.{tier}" for status in ("active", "retired") for tier in TIERS),
        *(f"yearly_cap.{status}" for status in ("active", "retired")),
    }


def test_tieling_2023_is_not_backdated_and_the_other_figures_are_kept_as_a_conflict() -> None:
    assert book.benefit(TIELING, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2023, 12, 31)) is None
    abouts = {conflict.about for conflict in book.conflicts(TIELING)}
    assert {"deductible.2023", "share.active.tier_1", "sharing.account_scope"} <= abouts


@pytest.mark.parametrize(
    ("region", "scheme", "kind", "words"),
    [
        (TIELING, Scheme.EMPLOYEE, CareKind.PHARMACY, "铁岭药店统筹"),
        (TIELING, Scheme.RESIDENT, CareKind.OUTPATIENT, "铁岭居民医保门诊"),
        (JINING, Scheme.RESIDENT, CareKind.OUTPATIENT, "济宁居民医保门诊"),
        (JINING, Scheme.EMPLOYEE, CareKind.PHARMACY, "济宁职工医保药店"),
    ],
)
def test_where_nothing_reliable_is_known_there_is_no_rule_but_a_reason(
    region: str, scheme: Scheme, kind: CareKind, words: str
) -> None:
    assert book.benefit(region, scheme, kind, date(2026, 6, 1)) is None
    gap = book.gap(region, scheme, kind)
    assert gap is not None
    assert words in gap.says
    assert gap.digest == book.digest(region)


def test_benefit_ladders_are_not_inherited_by_a_neighbour() -> None:
    """Fushun has no pack: it shares by Liaoning's rule but gets no ladder from the province or from Tieling."""
    assert book.benefit("210400", Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 3, 5)) is None
    assert book.gap("210400", Scheme.EMPLOYEE, CareKind.OUTPATIENT) is None
    assert sharing("210400", date(2025, 1, 1)).procedure is Procedure.REVIEW


def test_liaoning_shares_by_review_with_ten_relatives() -> None:
    rule = sharing(YINZHOU, date(2025, 3, 1))
    assert (rule.max_relatives, rule.procedure, rule.review_working_days) == (10, Procedure.REVIEW, 3)
    assert (rule.area, rule.trigger) == (Area.PROVINCE, Trigger.AUTOMATIC)
    assert rule.account_scope is AccountScope.POLICY_ONLY
    assert rule.first_self_pay_payable
    assert (rule.exclusive_user, rule.dual_role_forbidden, rule.own_account_first) == (False, False, True)
    assert rule.retained_floor == 0
    assert Purpose.DEPOSIT not in rule.purposes
    assert rule.forbidden_uses == set(ForbiddenUse)


def test_near_relatives_of_liaoning_come_in_on_their_day() -> None:
    before, after = sharing(TIELING, date(2024, 11, 25)), sharing(TIELING, date(2024, 11, 26))
    assert before.relations == {Relation.SPOUSE, Relation.PARENT, Relation.CHILD}
    assert after.relations == NEAR_RELATIVES
    assert Purpose.RESIDENT_PREMIUM not in before.purposes
    assert Purpose.RESIDENT_PREMIUM in after.purposes


def test_liaoning_named_no_number_of_relatives_before_it_named_ten() -> None:
    rule = sharing(TIELING, date(2024, 3, 1))
    assert rule.max_relatives is None
    assert rule.area is Area.CITY
    assert "max_relatives" not in rule.clauses


def test_the_other_reading_of_policy_scope_keeps_accounts_off_first_self_pay() -> None:
    rule = book.sharing(TIELING, date(2025, 3, 1), {"first_self_pay": "not_payable"})
    assert rule is not None
    assert not rule.first_self_pay_payable


def test_shandong_shares_by_commitment_with_one_sharer_a_user() -> None:
    rule = sharing(JINING, date(2025, 3, 1))
    assert (rule.max_relatives, rule.procedure, rule.review_working_days) == (7, Procedure.COMMITMENT, None)
    assert (rule.exclusive_user, rule.dual_role_forbidden, rule.sharer_limit_allowed) == (True, True, True)
    assert (rule.trigger, rule.interpretations) == (Trigger.ON_REQUEST, {"on_request": "second_swipe"})
    assert rule.account_scope is AccountScope.SELF_BORNE
    assert rule.first_self_pay_payable
    assert Purpose.DEPOSIT in rule.purposes
    assert rule.relations == NEAR_RELATIVES


def test_parents_in_law_leave_shandong_when_near_relatives_come() -> None:
    before = sharing(JINING, date(2024, 8, 29)).relations
    assert before == {Relation.SPOUSE, Relation.PARENT, Relation.CHILD, Relation.PARENT_IN_LAW}
    assert Relation.PARENT_IN_LAW not in sharing(JINING, date(2024, 8, 30)).relations


def test_every_stated_name_of_a_sharing_rule_has_its_clause() -> None:
    restrictions = {"max_relatives", "exclusive_user", "dual_role_forbidden", "retained_floor"}
    restrictions |= {
        "sharer_limit_allowed",
        "review_working_days",
        "forbidden_uses",
        "user_consent",
        "unbind_after_days",
        "allotment_required",
        "allotment_parts",
        "allotment_take_back",
        "allotment_year_end",
    }
    for region in (TIELING, JINING):
        rule = sharing(region, date(2026, 6, 1))
        described = {"region", "clauses", "interpretations", "digest"}
        assert set(SharingRule.__slots__) - described - set(rule.clauses) <= restrictions


def test_a_province_without_a_text_of_its_own_shares_by_national_law_but_nobody_knows_how_to_bind() -> None:
    """Hefei: near relatives since 9 December 2024; before November 2024 not even how far apart they may be insured."""
    rule = sharing("340100", date(2026, 6, 1))
    assert rule.relations == NEAR_RELATIVES
    assert (rule.area, rule.account_scope, rule.trigger) == (Area.PROVINCE, AccountScope.SELF_BORNE, Trigger.AUTOMATIC)
    assert (rule.procedure, rule.max_relatives) == (None, None)
    assert {name: rule.clauses[name].grade for name in ("relations", "trigger", "balance_source")} == {
        "relations": Grade.OFFICIAL,
        "trigger": Grade.SECONDARY,
        "balance_source": Grade.SECONDARY,
    }
    assert "办理方式" in next(gap.says for gap in book.gaps("340100") if gap.about == "sharing")
    assert sharing("340100", date(2024, 11, 1)).relations == {Relation.SPOUSE, Relation.PARENT, Relation.CHILD}
    assert book.sharing("340100", date(2024, 10, 1)) is None


def test_zhejiang_lets_only_savings_be_shared_as_far_as_anybody_knows() -> None:
    rule = sharing("330100", date(2026, 6, 1))
    assert rule.balance_source is BalanceSource.HISTORICAL_ONLY
    assert rule.clauses["balance_source"].grade is Grade.BACKGROUND


def test_jining_2024_has_two_layers_that_add_up_to_the_leaflets_total() -> None:
    rule = book.benefit(JINING, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 1, 1))
    single = book.benefit(
        JINING, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 1, 1), {"large_amount_layer": "single_pool"}
    )
    assert rule is not None
    assert single is not None
    assert [layer.fund for layer in rule.layers] == ["fund.pool", "fund.large"]
    assert [layer.fund for layer in single.layers] == ["fund.pool"]
    for status, total in ((Status.ACTIVE, 450_000), (Status.RETIRED, 550_000)):
        assert sum(layer.caps[0].limits[(status,)] for layer in rule.layers) == total
        assert single.layers[0].caps[0].limits[(status,)] == total
    assert set(rule.counters) == {"deductible_borne", "fund_paid", "large_paid"}


def test_jining_2023_is_one_layer_of_2000_until_the_end_of_the_year() -> None:
    rule = book.benefit(JINING, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2023, 12, 31))
    assert rule is not None
    assert (rule.effective, rule.until) == (date(2023, 1, 1), date(2023, 12, 31))
    assert [set(layer.caps[0].limits.numbers.values()) for layer in rule.layers] == [{200_000}]


@pytest.mark.parametrize(
    ("reading", "counters"),
    [
        (Combine.ONE_COUNTER, {"deductible_borne"}),
        (Combine.COUNTER_PER_TIER, {f"deductible_borne.{tier}" for tier in TIERS}),
        (Combine.HIGHER_TOPS_UP, {"deductible_borne", "deductible_borne.target"}),
    ],
)
def test_each_reading_of_mixed_tiers_names_the_counters_it_needs(reading: Combine, counters: set[str]) -> None:
    readings = {"mixed_tiers": str(reading)}
    rule = book.benefit(TIELING, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 3, 5), readings)
    assert rule is not None
    assert set(rule.counters) == counters | {"fund_paid"}
    assert rule.interpretations == readings


def test_a_reading_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(InvalidInput) as refused:
        book.benefit(TIELING, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 3, 5), {"mixed_tiers": "by_mood"})
    assert (refused.value.code, refused.value.field) == ("reading.unknown", "mixed_tiers")
    assert refused.value.accepted == "one_counter, counter_per_tier, higher_tops_up"
    assert set(book.interpretations(TIELING, Scheme.EMPLOYEE, CareKind.OUTPATIENT)) == {"mixed_tiers"}


@pytest.mark.parametrize("region", ["2112", "21120x", "", "٢١١٢٠٠"])
def test_what_is_no_region_code_is_refused(region: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        book.benefit(region, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 3, 5))
    assert refused.value.code == "region.invalid"


@pytest.mark.parametrize(("year", "fen"), [(2024, 38_000), (2025, 40_000), (2026, 40_000)])
def test_the_least_resident_premium_by_year_of_cover(year: int, fen: int) -> None:
    value = book.value(JINING, "resident_premium_minimum", date(year, 1, 1))
    assert value is not None
    assert value.amount == fen
    assert value.clause.rule == "cn#values.resident_premium_minimum"


def test_the_premium_of_2027_is_not_guessed() -> None:
    assert book.value(JINING, "resident_premium_minimum", date(2027, 1, 1)) is None
    assert "resident_premium_minimum.2027" in {gap.about for gap in book.gaps(JINING)}


def test_a_county_answers_with_its_pooling_region() -> None:
    assert book.name(YINZHOU) == "铁岭市"
    assert book.digest(YINZHOU) == book.digest(TIELING)
    assert {"100000", "210000", TIELING, "370000", JINING} <= set(book.regions())
    assert len(book.digest(TIELING)) == 64


def test_a_rule_can_be_sent_to_a_worker() -> None:
    rule = book.benefit(JINING, Scheme.EMPLOYEE, CareKind.OUTPATIENT, date(2024, 1, 1))
    assert pickle.loads(pickle.dumps(rule)) == rule
