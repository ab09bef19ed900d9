"""Every refusal of binding that stands on the facts, one family each; and the catalogue as a whole."""

from __future__ import annotations

import string
from datetime import date
from pathlib import Path

import pytest
from families import JINING, SHENYANG, TIELING, Families

from gongji.family.evidence import PROOFS, documents_in_words
from gongji.family.kinship import NEAREST_FIRST
from gongji.family.refusals import CATALOGUE, Code, refuse
from gongji.family.transitions import TRANSITIONS
from gongji.family.words import (
    ACTION_WORDS,
    END_WORDS,
    EVIDENCE_WORDS,
    REFUSE_WORDS,
    RELATION_WORDS,
    RETURN_WORDS,
    STATE_WORDS,
)
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound
from gongji.rules.model import Relation

SHARER = ("赵军", "1980-02-02")
MOTHER = ("王秀兰", "1955-08-13")


def refusal_of(families: Families, sharer: dict[str, object], user: dict[str, object]) -> GongjiError:
    """The refusal of a sharer who binds his mother, both with the insurance given."""
    with pytest.raises(GongjiError) as refusal:
        families.bind(families.insured(*SHARER, **sharer), families.insured(*MOTHER, **user), Relation.PARENT)
    assert list(families.rows("SELECT 1 FROM authorisation UNION ALL SELECT 1 FROM authorisation_event")) == []
    return refusal.value


@pytest.mark.parametrize(
    ("sharer", "user", "code", "action"),
    [
        ({"died": "2025-03-03"}, {}, "sharer_died", "inherit"),
        ({"region": None}, {}, "sharer_not_enrolled", "enrol"),
        ({"until": "2025-03-01"}, {}, "sharer_not_enrolled", "enrol"),
        ({"standing": "2"}, {}, "sharer_paused", "pay_arrears"),
        ({"scheme": "390"}, {}, "no_personal_account", "be_user"),
        ({"region": "110100"}, {"region": "110100"}, "procedure_unknown", "ask_agency"),
        ({}, {"died": "2024-12-31"}, "user_died", "counter"),
        ({}, {"region": None}, "user_not_enrolled", "enrol_relative"),
        ({}, {"standing": "2"}, "user_paused", "pay_arrears"),
        ({}, {"region": JINING}, "other_province", "wallet"),
    ],
)
def test_what_the_registers_say_stands_in_the_way(
    families: Families, sharer: dict[str, object], user: dict[str, object], code: str, action: str
) -> None:
    refusal = refusal_of(families, sharer, user)
    assert (refusal.code, refusal.details["action"]) == (f"authorisation.{code}", action)


def test_a_relative_who_will_be_insured_next_month_can_be_bound_from_then(families: Families) -> None:
    refusal = refusal_of(families, {}, {"since": "2025-04-01", "scheme": "390"})
    assert refusal.code == "authorisation.user_not_enrolled"
    assert refusal.details["possible_from"] == date(2025, 4, 1)


def test_another_city_of_the_province_is_too_far_in_2023_and_near_enough_in_2025(families: Families) -> None:
    families.today(2023, 6, 1)
    assert refusal_of(families, {}, {"region": SHENYANG}).code == "authorisation.other_city"
    families.today(2025, 3, 3)
    bound = families.bind(
        families.insured(*SHARER, region=TIELING), families.insured(*MOTHER, region=SHENYANG), Relation.PARENT
    )
    assert bound.region == TIELING


def test_a_mother_younger_than_her_son_was_chosen_the_wrong_way_round(families: Families) -> None:
    son, mother = families.insured(*SHARER), families.insured(*MOTHER)
    for relation in (Relation.CHILD, Relation.GRANDCHILD):
        with pytest.raises(GongjiError, match=r"authorisation\.relation_impossible"):
            families.bind(son, mother, relation)
    for relation in (Relation.PARENT, Relation.GRANDPARENT):
        with pytest.raises(GongjiError, match=r"authorisation\.relation_impossible"):
            families.bind(mother, son, relation)


def test_the_sharers_own_hindrance_is_told_before_anything_about_the_relative(families: Families) -> None:
    assert refusal_of(families, {"standing": "2"}, {"died": "2024-12-31"}).code == "authorisation.sharer_paused"


def test_oneself_and_nobody(families: Families) -> None:
    son = families.insured(*SHARER)
    with pytest.raises(InvalidInput, match=r"authorisation\.same_person"):
        families.bind(son, son, Relation.SIBLING)
    with pytest.raises(NotFound, match=r"authorisation\.person_unknown"):
        families.bind(son, son + 1024, Relation.SIBLING)


FIGURES = {
    "region": "110100",
    "who": "配偶",
    "who_en": "spouse",
    "bound": 7,
    "most": 7,
    "most_mib": 5,
    "documents": "结婚证",
    "documents_en": "marriage certificate",
    "state_zh": "已结束",
    "state_en": "ended",
    "action_zh": "暂停",
    "action_en": "pause",
    "possible_zh": "重新申请",
    "possible_en": "apply anew",
    "when_zh": "2025-07-01 起",
    "when_en": "from 2025-07-01",
    "whose_zh": "账户所有人",
    "whose_en": "sharer",
    "step_zh": "退出",
    "step_en": "leave",
    "given": "x",
    "free": "2027-01-03",
    "day": "2027-01-03",
}


@pytest.mark.parametrize("code", list(Code))
def test_every_refusal_says_in_both_languages_what_is_wrong_and_what_to_do(code: Code) -> None:
    entry = CATALOGUE[code]
    texts = (entry.zh, entry.en, entry.next_zh, entry.next_en)
    wanted = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
    refusal = refuse(code, **{name: FIGURES[name] for name in wanted})
    assert type(refusal) is entry.kind
    assert any("\u4e00" <= character <= "\u9fff" for character in refusal.zh)
    assert refusal.en.isascii()
    assert all(text and "{" not in text for text in (refusal.zh, refusal.en))
    assert {"action", "next", "next_en", "possible_from"} <= refusal.details.keys()
    assert refusal.details["next"]
    # Words that a citizen does not know (forbidden without an explanation).
    for word in ("划拨", "被共济人", "统筹区"):
        assert word not in refusal.zh + str(refusal.details["next"])


def test_unknown_number_and_wrong_name_read_the_same() -> None:
    number, name = refuse(Code.PERSON_UNKNOWN), refuse(Code.NAME_MISMATCH)
    assert (number.zh, number.en, number.details) == (name.zh, name.en, name.details)


def test_every_word_of_the_closed_lists_has_its_wording() -> None:
    lists = (ACTION_WORDS, END_WORDS, EVIDENCE_WORDS, REFUSE_WORDS, RELATION_WORDS, RETURN_WORDS, STATE_WORDS)
    for words in lists:
        (kind,) = {type(word) for word in words}
        assert set(words) == set(kind)
    assert set(NEAREST_FIRST) == set(PROOFS) == set(Relation)
    assert documents_in_words(Relation.PARENT_IN_LAW)[0] == "结婚证和出生医学证明；居民户口簿；亲属关系证明（公证书等）"


def test_the_page_on_authorisations_says_what_the_code_says() -> None:
    page = (Path(__file__).parents[2] / "docs" / "authorisations.md").read_text()
    for code, entry in CATALOGUE.items():
        assert f"| `{code}` | {entry.kind.status} | {entry.zh} | {entry.next_zh} | `{entry.action}` |" in page
    drawn = {line.strip() for line in page.splitlines() if " --> " in line and "[*]" not in line}
    assert drawn == {
        f"{before} --> {after}: {action}" for (before, action), after in TRANSITIONS.items() if before is not after
    }
    for words in (RETURN_WORDS, REFUSE_WORDS, END_WORDS):
        for word, (zh, en) in words.items():
            assert f"| `{word}` | {zh} | {en} |" in page
