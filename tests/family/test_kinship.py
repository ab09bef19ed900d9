"""What people are to each other: an extended family by name, then laws that hold in every family."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongji.family.kinship import relation_of, relations_between, stated_fact
from gongji.family.model import FactKind, KinshipFact
from gongji.rules.model import Relation

TODAY = date(2025, 3, 3)
GRANDMOTHER, MOTHER, FATHER, SON, DAUGHTER, WIFE, WIFES_MOTHER, GRANDSON, HALF_SISTER, NEIGHBOUR = range(1, 11)


def parent(one: int, other: int, since: date = date(1950, 1, 1), until: date | None = None) -> KinshipFact:
    return KinshipFact(FactKind.PARENT, one, other, since, until, "register")


def married(one: int, other: int, since: date = date(1970, 1, 1), until: date | None = None) -> KinshipFact:
    return KinshipFact(FactKind.SPOUSE, min(one, other), max(one, other), since, until, "register")


FAMILY = [
    parent(GRANDMOTHER, MOTHER),
    married(MOTHER, FATHER),
    parent(MOTHER, SON),
    parent(FATHER, SON),
    parent(MOTHER, DAUGHTER),
    parent(FATHER, DAUGHTER),
    parent(FATHER, HALF_SISTER),
    married(SON, WIFE, since=date(2005, 5, 1)),
    parent(WIFES_MOTHER, WIFE),
    parent(SON, GRANDSON),
    parent(WIFE, GRANDSON),
]


@pytest.mark.parametrize(
    ("user", "relation"),
    [
        (WIFE, Relation.SPOUSE),
        (MOTHER, Relation.PARENT),
        (FATHER, Relation.PARENT),
        (GRANDSON, Relation.CHILD),
        (DAUGHTER, Relation.SIBLING),
        (HALF_SISTER, Relation.SIBLING),
        (GRANDMOTHER, Relation.GRANDPARENT),
        (WIFES_MOTHER, Relation.PARENT_IN_LAW),
        (NEIGHBOUR, None),
        (SON, None),
    ],
)
def test_what_the_family_is_to_the_son(user: int, relation: Relation | None) -> None:
    assert relation_of(user, SON, FAMILY, TODAY) is relation


def test_the_son_is_the_grandmothers_grandchild_and_nothing_to_his_wifes_mother() -> None:
    assert relation_of(SON, GRANDMOTHER, FAMILY, TODAY) is Relation.GRANDCHILD
    # A son-in-law is not among the relations that any region shares with.
    assert relation_of(SON, WIFES_MOTHER, FAMILY, TODAY) is None


def test_a_divorce_ends_the_spouse_and_her_parents_on_the_day_after_its_last() -> None:
    facts = [*(fact for fact in FAMILY if fact.kind is FactKind.PARENT), married(SON, WIFE, date(2005, 5, 1), TODAY)]
    tomorrow = date(2025, 3, 4)
    assert relation_of(WIFE, SON, facts, TODAY) is Relation.SPOUSE
    assert relation_of(WIFES_MOTHER, SON, facts, TODAY) is Relation.PARENT_IN_LAW
    assert relation_of(WIFE, SON, facts, tomorrow) is None
    assert relation_of(WIFES_MOTHER, SON, facts, tomorrow) is None
    assert relation_of(GRANDSON, SON, facts, tomorrow) is Relation.CHILD


def test_an_adopted_grandchild_is_a_child_first() -> None:
    facts = [*FAMILY, parent(MOTHER, GRANDSON, since=date(2020, 1, 1))]
    assert relations_between(GRANDSON, MOTHER, facts, TODAY) == {Relation.CHILD, Relation.GRANDCHILD}
    assert relation_of(GRANDSON, MOTHER, facts, TODAY) is Relation.CHILD
    assert relation_of(GRANDSON, MOTHER, facts, date(2019, 12, 31)) is Relation.GRANDCHILD


people = st.integers(min_value=1, max_value=7)
days = st.dates(min_value=date(2000, 1, 1), max_value=date(2010, 12, 31))


@st.composite
def kinship_facts(draw: st.DrawFn) -> KinshipFact:
    one, other = draw(st.lists(people, min_size=2, max_size=2, unique=True))
    since, until = draw(days), draw(st.none() | days)
    if until is not None:
        since, until = min(since, until), max(since, until)
    return draw(st.sampled_from([parent, married]))(one, other, since, until)


graphs = st.lists(kinship_facts(), max_size=14)

MIRRORS = {
    Relation.SPOUSE: Relation.SPOUSE,
    Relation.PARENT: Relation.CHILD,
    Relation.CHILD: Relation.PARENT,
    Relation.SIBLING: Relation.SIBLING,
    Relation.GRANDPARENT: Relation.GRANDCHILD,
    Relation.GRANDCHILD: Relation.GRANDPARENT,
}


@given(facts=graphs, user=people, sharer=people, on=days)
def test_every_relation_by_blood_or_marriage_has_its_mirror(
    facts: list[KinshipFact], user: int, sharer: int, on: date
) -> None:
    there = relations_between(user, sharer, facts, on)
    back = relations_between(sharer, user, facts, on)
    assert {MIRRORS[relation] for relation in there if relation in MIRRORS} == back - {Relation.PARENT_IN_LAW}


@given(facts=graphs, person=people, on=days)
def test_nobody_is_a_relative_of_themself(facts: list[KinshipFact], person: int, on: date) -> None:
    assert relation_of(person, person, facts, on) is None


@given(facts=graphs, user=people, sharer=people, on=days)
def test_facts_that_do_not_hold_that_day_change_nothing(
    facts: list[KinshipFact], user: int, sharer: int, on: date
) -> None:
    current = [fact for fact in facts if fact.since <= on and (fact.until is None or on <= fact.until)]
    assert relations_between(user, sharer, facts, on) == relations_between(user, sharer, current, on)


@given(
    relation=st.sampled_from([Relation.SPOUSE, Relation.PARENT, Relation.CHILD]),
    pair=st.lists(people, min_size=2, max_size=2, unique=True),
)
def test_the_fact_that_a_relation_states_proves_that_relation(relation: Relation, pair: list[int]) -> None:
    user, sharer = pair
    fact = stated_fact(relation, user=user, sharer=sharer, since=TODAY, evidence="commitment")
    assert fact is not None
    assert relations_between(user, sharer, [fact], TODAY) == {relation}
    assert stated_fact(Relation.SIBLING, user=user, sharer=sharer, since=TODAY, evidence="commitment") is None
