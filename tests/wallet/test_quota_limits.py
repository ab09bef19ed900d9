"""What a rule may limit: how much one quota is, how many relatives have one, whose consent it needs, what ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from quota_home import QuotaHome
from wallet_home import refusal

from gongji.foundation.inbox import messages_of
from gongji.registry.service import end_enrolment
from gongji.rules.problems import PackError
from gongji.rules.wallet import QUOTA_LIMITS
from gongji.wallet.quotas.ending import EndedQuotas, end_changed_quotas
from gongji.wallet.quotas.model import QuotaEnd, QuotaState
from quota_region import limited_quotas
from town import JINING, TIELING


def under(quotas: QuotaHome, folder: Path, **terms: object) -> None:
    """The family's quotas go by these terms."""
    quotas.home.wallets = replace(quotas.home.wallets, rules=limited_quotas(folder, **terms))


def test_one_quota_is_neither_too_small_nor_too_large(quotas: QuotaHome, tmp_path: Path) -> None:
    """¥50.00 to ¥500.00 by the rule: ¥49.99 and ¥500.01 are refused with the limit, when it is set and when it is changed."""
    under(quotas, tmp_path, least_each="50.00", most_each="500.00")
    little = refusal(quotas.set, 49_99)
    assert (little.code, little.field, little.details) == ("quota.too_little", "amount", {"least_fen": 50_00})
    assert "至少 50.00 元" in little.zh
    much = refusal(quotas.set, 500_01)
    assert (much.code, much.details) == ("quota.too_much", {"most_fen": 500_00})
    one = quotas.given(500_00)
    assert refusal(quotas.change, one, 500_01).code == "quota.too_much"
    assert refusal(quotas.change, one, 49_99).code == "quota.too_little"
    assert quotas.change(one, 50_00).left == 50_00


def test_what_is_above_a_limit_of_later_may_be_lowered_and_not_raised(quotas: QuotaHome, tmp_path: Path) -> None:
    one = quotas.given(800_00)
    under(quotas, tmp_path, most_each="500.00")
    assert quotas.change(one, 800_00).amount == 800_00, "the same again changes nothing"
    assert quotas.change(one, 700_00).amount == 700_00
    assert refusal(quotas.change, one, 750_00).code == "quota.too_much"


def test_so_many_relatives_and_no_more(quotas: QuotaHome, tmp_path: Path) -> None:
    """Two by the rule: the third is refused until one has ended; whoever has one is told that instead."""
    under(quotas, tmp_path, most_users=2)
    home = quotas.home
    sisters = [home.town.person(name, "1983-01-01", "active", balance=0, region=JINING) for name in ("张燕", "张梅")]
    home.parent(home.mother, quotas.son)
    for one in sisters:
        home.parent(home.mother, one)
        home.open(one, JINING)
    first = quotas.set(100_00)
    quotas.given(100_00, user_id=sisters[0])
    full = refusal(quotas.set, 100_00, user_id=sisters[1])
    assert (full.code, full.details) == ("quota.users", {"most": 2})
    assert refusal(quotas.set, 100_00).code == "quota.standing"
    assert quotas.change(first, 200_00).amount == 200_00, "a change is no quota more"
    quotas.end(first, quotas.mother)
    assert quotas.set(100_00, user_id=sisters[1]).state is QuotaState.PROPOSED


@pytest.mark.parametrize("terms", [{"most_givers": 1}, {"many_to_many": "false"}])
def test_so_many_people_give_to_one(quotas: QuotaHome, tmp_path: Path, terms: dict[str, object]) -> None:
    """One by the rule, or nobody to several: her daughter waits until her son's has ended."""
    under(quotas, tmp_path, **terms)
    home = quotas.home
    daughter = home.town.person("张燕", "1983-01-01", "active", balance=500_00, region=JINING)
    home.parent(home.mother, daughter)
    home.open(daughter, JINING)
    one = quotas.set(100_00)
    assert refusal(quotas.set, 50_00, giver_id=daughter).code == "quota.givers"
    quotas.end(one, quotas.son)
    assert quotas.set(50_00, giver_id=daughter).left == 50_00


def test_without_her_consent_where_the_rule_asks_for_none(quotas: QuotaHome, tmp_path: Path) -> None:
    """In force at once, she is told, and her next bill draws on it; accepting it again changes nothing."""
    under(quotas, tmp_path, both_agree="false")
    one = quotas.set(300_00)
    assert (one.state, one.accepted_at) == (QuotaState.ACTIVE, quotas.home.town.clock.now())
    with quotas.home.town.database.transaction() as connection:
        assert [told.kind for told in messages_of(connection, quotas.mother, 5)] == ["wallet.quota.given.receiver"]
    assert quotas.bought("120.00").wallet == 120_00
    assert quotas.accept(one).left == 180_00


def test_an_insurance_that_changes_ends_it_only_where_the_rule_says_so(quotas: QuotaHome, tmp_path: Path) -> None:
    one = quotas.given(300_00)
    shipped = quotas.home.wallets
    with quotas.home.town.database.transaction() as connection:
        end_enrolment(connection, quotas.mother, date(2025, 6, 10))
    under(quotas, tmp_path, ends_with_insurance="false")
    assert end_changed_quotas(quotas.home.wallets) == EndedQuotas(0, 0)
    assert quotas.now(one).state is QuotaState.ACTIVE
    assert end_changed_quotas(shipped) == EndedQuotas(1, 300_00)
    assert quotas.now(one).end is QuotaEnd.INSURANCE


@pytest.mark.parametrize("terms", [{"freezes": "false"}, {"unused_returns": "false"}])
def test_a_way_that_is_not_kept_here_is_refused_and_ends_nothing(
    quotas: QuotaHome, tmp_path: Path, terms: dict[str, object]
) -> None:
    one = quotas.given(300_00)
    under(quotas, tmp_path, **terms)
    assert refusal(quotas.change, one, 400_00).code == "quota.no_rule"
    assert quotas.change(one, 200_00).left == 200_00
    assert quotas.end(one, quotas.mother).state is QuotaState.ENDED
    assert refusal(quotas.set, 100_00).code == "quota.no_rule"


def test_the_shipped_rule_limits_nothing_and_holds_before_its_own_day(quotas: QuotaHome) -> None:
    """The notice names no amount and no number; an installation may begin before the day on which it was published."""
    rules, on = quotas.home.wallets.rules, quotas.home.town.clock.now().date()
    for region in (JINING, TIELING):
        rule = rules.wallet_quota(region, on)
        assert rule is not None
        assert {name: getattr(rule, name) for name in QUOTA_LIMITS} == dict.fromkeys(QUOTA_LIMITS)
        assert (rule.both_agree, rule.ends_with_insurance, str(rule.clause.effective)) == (True, True, "2026-01-09")


@pytest.mark.parametrize(
    "terms", [{"most_each": "0.00"}, {"most_users": 0}, {"least_each": "9.00", "most_each": "8.00"}, {"most": 1}]
)
def test_limits_that_make_no_sense_are_refused_when_the_pack_loads(tmp_path: Path, terms: dict[str, object]) -> None:
    with pytest.raises(PackError):
        limited_quotas(tmp_path, **terms)
