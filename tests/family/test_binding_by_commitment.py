"""Jining: the sharer's word is enough, at once; one sharer a user, seven users a sharer, never both roles."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from families import JINING, ZIBO, Families

from gongji.family import service
from gongji.family.model import AuthorisationState, FactKind, KinshipFact
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput, Refused
from gongji.rules.model import Procedure, Purpose, Relation

S = AuthorisationState


def refusal_of(families: Families, sharer: int, user: int, relation: Relation, **wishes: object) -> Refused:
    """The refusal that a request meets; nothing is made."""
    before = len(families.ask(service.authorisations_of_sharer, sharer))
    with pytest.raises(Refused) as refusal:
        families.bind(sharer, user, relation, **wishes)
    assert len(families.ask(service.authorisations_of_sharer, sharer)) == before
    return refusal.value


def test_the_daughter_binds_her_father_at_once_and_her_word_is_kept(families: Families) -> None:
    daughter = families.insured("孔丽", "1982-05-05", region=JINING)
    father = families.insured("孔祥", "1954-04-04", region=ZIBO, scheme="390")
    made = families.bind(daughter, father, Relation.PARENT)
    assert (made.state, made.procedure, made.exclusive) == (S.ACTIVE, Procedure.COMMITMENT, True)
    assert made.active_since == datetime(2025, 3, 3, 10, tzinfo=CHINA)
    assert made.purposes == {
        Purpose.CARE,
        Purpose.DEPOSIT,
        Purpose.INPATIENT,
        Purpose.PHARMACY,
        Purpose.RESIDENT_PREMIUM,
    }
    assert families.states_of(made) == [S.SUBMITTED, S.ACTIVE]
    (stored,) = families.rows("SELECT kind, one, other, evidence, authorisation_id FROM kinship_fact")
    assert tuple(stored) == ("parent", father, daughter, "commitment", made.id)


def test_without_the_commitment_nothing_is_made(families: Families) -> None:
    daughter, father = (families.insured(name, born, region=JINING) for name, born in (("孔丽", "1982-05-05"), ("孔祥", "1954-04-04")))  # fmt: skip
    refusal = refusal_of(families, daughter, father, Relation.PARENT, commitment=False)
    assert (refusal.code, refusal.field) == ("authorisation.commitment_missing", "commitment")


def test_the_second_daughter_is_refused_is_not_told_by_whom_and_the_first_stays(families: Families) -> None:
    first = families.insured("孔丽", "1982-05-05", region=JINING)
    second = families.insured("孔娜", "1985-06-06", region=JINING)
    father = families.insured("孔祥", "1954-04-04", region=JINING, status="retired")
    made = families.bind(first, father, Relation.PARENT)
    refusal = refusal_of(families, second, father, Relation.PARENT)
    assert refusal.code == "authorisation.already_bound"
    assert "另一位家人" in refusal.zh
    assert "请这位家人本人先退出" in str(refusal.details["next"])
    assert str(first) not in repr((refusal.details, refusal.zh, refusal.en))
    assert "丽" not in refusal.zh
    assert families.ask(service.authorisation, made.id) == made


def test_the_father_changes_to_the_second_daughter_himself(families: Families) -> None:
    first = families.insured("孔丽", "1982-05-05", region=JINING)
    second = families.insured("孔娜", "1985-06-06", region=JINING)
    father = families.insured("孔祥", "1954-04-04", region=JINING)
    made = families.bind(first, father, Relation.PARENT)
    families.today(2025, 4, 1)
    left = families.do(service.leave, made, father)
    assert (left.state, left.end_reason) == (S.ENDED, "left")
    assert (left.active_since, left.ended_at) == (made.active_since, datetime(2025, 4, 1, 10, tzinfo=CHINA))
    # The same moment will do: the first ends where the second begins.
    assert families.bind(second, father, Relation.PARENT).state is S.ACTIVE


def test_paused_still_holds_the_father(families: Families) -> None:
    first, second = (families.insured(name, "1982-05-05", region=JINING) for name in ("孔丽", "孔娜"))
    father = families.insured("孔祥", "1954-04-04", region=JINING)
    families.do(service.pause, families.bind(first, father, Relation.PARENT), first)
    assert refusal_of(families, second, father, Relation.PARENT).code == "authorisation.already_bound"


def test_the_eighth_relative_is_refused_until_one_is_unbound(families: Families) -> None:
    sharer = families.insured("孔丽", "1982-05-05", region=JINING)
    seven = [
        families.bind(sharer, families.insured(f"亲属{number}", "1985-01-01", region=JINING), Relation.SIBLING)
        for number in range(7)
    ]
    eighth = families.insured("第八位", "1985-01-01", region=JINING)
    refusal = refusal_of(families, sharer, eighth, Relation.SIBLING)
    assert refusal.code == "authorisation.sharer_at_limit"
    assert (refusal.details["bound"], refusal.details["most"]) == (7, 7)
    families.do(service.unbind, seven[3], sharer)
    assert families.bind(sharer, eighth, Relation.SIBLING).state is S.ACTIVE


def test_nobody_is_user_and_sharer_at_once(families: Families) -> None:
    grandmother, mother, daughter = (
        families.insured(name, born, region=JINING)
        for name, born in (("奶奶", "1930-01-01"), ("妈妈", "1955-01-01"), ("女儿", "1982-01-01"))
    )
    families.bind(daughter, mother, Relation.PARENT)
    assert refusal_of(families, mother, grandmother, Relation.PARENT).code == "authorisation.sharer_is_user"
    assert refusal_of(families, grandmother, daughter, Relation.GRANDCHILD).code == "authorisation.user_is_sharer"


def test_both_roles_were_possible_before_the_rule_of_august_2024(families: Families) -> None:
    families.today(2024, 6, 12)
    grandmother, mother, daughter = (
        families.insured(name, born, region=JINING)
        for name, born in (("奶奶", "1930-01-01"), ("妈妈", "1955-01-01"), ("女儿", "1982-01-01"))
    )
    families.bind(daughter, mother, Relation.PARENT)
    assert families.bind(mother, grandmother, Relation.PARENT).state is S.ACTIVE


def test_parents_in_law_could_be_bound_in_shandong_until_the_list_of_august_2024(families: Families) -> None:
    families.today(2024, 6, 12)
    son_in_law = families.insured("孔强", "1980-05-05", region=JINING)
    one, other = (families.insured(name, "1955-01-01", region=JINING) for name in ("岳母", "岳父"))
    assert families.bind(son_in_law, one, Relation.PARENT_IN_LAW).state is S.ACTIVE
    # Which parent of which spouse is not known from the word alone: no fact is made up.
    assert families.ask(service.kinship_around, [son_in_law]) == []
    families.today(2025, 3, 3)
    assert refusal_of(families, son_in_law, other, Relation.PARENT_IN_LAW).code == "authorisation.not_near_relative"


def test_a_commitment_cannot_contradict_the_register(families: Families) -> None:
    husband, wife, friend = (families.insured(name, "1980-05-05", region=JINING) for name in ("丈夫", "妻子", "朋友"))
    sister = families.insured("妹妹", "1985-05-05", region=JINING)
    mother = families.insured("母亲", "1955-05-05", region=JINING)
    families.kin(
        KinshipFact(FactKind.SPOUSE, wife, husband, date(2005, 1, 1), None, "register"),
        KinshipFact(FactKind.PARENT, mother, husband, date(1980, 5, 5), None, "register"),
        KinshipFact(FactKind.PARENT, mother, sister, date(1985, 5, 5), None, "register"),
    )
    assert refusal_of(families, husband, friend, Relation.SPOUSE).code == "authorisation.relation_differs"
    assert refusal_of(families, husband, sister, Relation.CHILD).code == "authorisation.relation_differs"
    assert refusal_of(families, sister, mother, Relation.CHILD).code == "authorisation.relation_impossible"
    assert families.bind(husband, sister, Relation.SIBLING).state is S.ACTIVE


def test_a_sharer_sets_limits_and_purposes_and_changes_the_limits(families: Families) -> None:
    daughter = families.insured("孔丽", "1982-05-05", region=JINING)
    father = families.insured("孔祥", "1954-04-04", region=JINING)
    made = families.bind(
        daughter, father, Relation.PARENT, limit_total=500_000, limit_month=30_000, purposes=[Purpose.PHARMACY]
    )
    assert (made.limit_total, made.limit_month, made.purposes) == (500_000, 30_000, {Purpose.PHARMACY})
    changed = families.limits(made, daughter, 200_000, None)
    assert (changed.limit_total, changed.limit_month, changed.state) == (200_000, None, S.ACTIVE)
    assert families.ask(service.events, made.id)[-1].details == {
        "limit_total": 200_000,
        "limit_month": None,
        "limit_total_before": 500_000,
        "limit_month_before": 30_000,
    }
    with pytest.raises(InvalidInput, match=r"authorisation\.limit_negative"):
        families.limits(made, daughter, -1, None)
    with pytest.raises(Refused, match=r"authorisation\.not_yours"):
        families.limits(made, father, None, None)


def test_purposes_are_those_of_the_region(families: Families) -> None:
    daughter = families.insured("孔丽", "1982-05-05", region=JINING)
    father = families.insured("孔祥", "1954-04-04", region=JINING)
    refusal = refusal_of(families, daughter, father, Relation.PARENT, purposes=[Purpose.LTC_PREMIUM])
    assert (refusal.code, refusal.field) == ("authorisation.purpose_not_allowed", "purposes")
    assert refusal_of(families, daughter, father, Relation.PARENT, purposes=[]).code == refusal.code
