"""Kinship in the database: what stands above what, how far one sees, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from families import Families
from msgspec.structs import replace

from gongji.family import service
from gongji.family.kinship import relation_of
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.errors import InvalidInput
from gongji.rules.model import Relation

MARRIED = KinshipFact(FactKind.SPOUSE, 11, 12, date(2005, 5, 1), None, "register")
PARENT = KinshipFact(FactKind.PARENT, 11, 13, date(2006, 6, 1), None, "birth_certificate")


def around(families: Families, *people: int) -> Sequence[KinshipFact]:
    return families.ask(service.kinship_around, people)


def test_spouses_are_kept_once_whoever_is_named_first(families: Families) -> None:
    families.kin(MARRIED, replace(MARRIED, one=12, other=11))
    families.kin(replace(MARRIED, one=12, other=11))
    assert around(families, 12) == [MARRIED]


def test_the_register_stands_above_a_commitment_and_not_the_other_way_round(families: Families) -> None:
    families.kin(MARRIED)
    families.kin(replace(MARRIED, evidence="commitment"))
    assert around(families, 11) == [MARRIED]
    families.kin(PARENT)
    families.kin(replace(PARENT, evidence="register"))
    assert around(families, 13)[-1].evidence == "register"


def test_a_registered_divorce_ends_the_marriage_that_was_only_committed_to(families: Families) -> None:
    committed = KinshipFact(FactKind.SPOUSE, 11, 12, date(2024, 1, 1), None, "commitment")
    families.kin(committed)
    divorce = replace(MARRIED, until=date(2025, 2, 1))
    families.kin(divorce)
    assert around(families, 11) == [replace(committed, until=date(2025, 2, 1)), divorce]


def test_a_registered_divorce_leaves_the_next_marriage_and_other_registers_alone(families: Families) -> None:
    earlier = replace(MARRIED, since=date(1999, 1, 1), until=None)
    remarried = KinshipFact(FactKind.SPOUSE, 11, 12, date(2025, 3, 1), None, "commitment")
    families.kin(earlier, remarried)
    divorce = replace(MARRIED, until=date(2025, 2, 1))
    families.kin(divorce)
    assert around(families, 11) == [earlier, remarried, divorce]


def test_nothing_is_recorded_when_one_fact_of_many_is_wrong(families: Families) -> None:
    for wrong, code in (
        (replace(PARENT, other=11), "same_person"),
        (replace(PARENT, until=date(2006, 5, 31)), "dates"),
        (replace(PARENT, since=date(2025, 3, 4)), "dates"),
    ):
        with pytest.raises(InvalidInput, match=rf"kinship\.{code}"):
            families.kin(MARRIED, wrong)
    families.kin()
    assert around(families, 11, 12, 13) == []


def test_one_sees_two_steps_and_no_further(families: Families) -> None:
    """Five generations, each the parent of the next: from the middle one sees all, from the end only three."""
    chain = [KinshipFact(FactKind.PARENT, n, n + 1, date(1950 + n, 1, 1), None, "register") for n in range(1, 5)]
    families.kin(*chain)
    assert around(families, 3) == chain
    assert around(families, 1) == chain[:2]
    assert relation_of(1, 3, around(families, 3), date(2025, 3, 3)) is Relation.GRANDPARENT
    assert around(families, 1, 5) == chain
