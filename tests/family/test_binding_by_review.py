"""Tieling: the agency looks at a document before a relative may use the account."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from families import PHOTO, TIELING, Families

from gongji.family import service
from gongji.family.evidence import EvidenceState
from gongji.family.model import Authorisation, AuthorisationState, FactKind, KinshipFact
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.rules.model import Procedure, Relation

S = AuthorisationState


def zhao_asks_for_his_mother(families: Families) -> Authorisation:
    """Zhao Jun, 45, employed in Tieling; his mother, retired, on the employee scheme herself."""
    son = families.insured("赵军", "1980-02-02")
    mother = families.insured("王秀兰", "1955-08-13", status="retired")
    return families.bind(son, mother, Relation.PARENT)


def test_the_mother_is_bound_after_one_document_was_returned_and_handed_in_again(families: Families) -> None:
    asked = zhao_asks_for_his_mother(families)
    assert (asked.state, asked.procedure, asked.region) == (S.SUBMITTED, Procedure.REVIEW, TIELING)
    assert asked.active_since is None

    families.today(2025, 3, 4)
    reviewed = families.hand_in(asked, "household_book", content=PHOTO + b"a blurred household book")
    assert reviewed.state is S.UNDER_REVIEW
    (waiting,) = families.ask(service.review_queue, "2112")
    assert (waiting.authorisation.id, waiting.documents) == (asked.id, 1)
    assert waiting.waiting_since == datetime(2025, 3, 4, 10, tzinfo=CHINA)
    assert families.ask(service.review_queue, "2101") == []

    families.today(2025, 3, 5)
    returned = families.review(asked, "return", item="household_book", reason="unreadable", note="第二页")
    assert returned.state is S.RETURNED
    assert families.ask(service.review_queue, "21") == []
    said = families.ask(service.events, asked.id)[-1]
    assert (said.reason, said.details, said.actor) == (
        "unreadable",
        {"item": "household_book", "note": "第二页"},
        "officer 7",
    )

    families.today(2025, 3, 6)
    assert families.hand_in(asked, "household_book", content=PHOTO + b"a sharp household book").state is S.UNDER_REVIEW
    (waiting,) = families.ask(service.review_queue, "21")
    assert waiting.waiting_since == datetime(2025, 3, 6, 10, tzinfo=CHINA)
    families.today(2025, 3, 6, hour=15)
    families.hand_in(asked, "kinship_certificate")
    (waiting,) = families.ask(service.review_queue, "21")
    assert (waiting.waiting_since, waiting.documents) == (datetime(2025, 3, 6, 10, tzinfo=CHINA), 2)
    first, second, _ = families.ask(service.evidence_list, asked.id)
    assert (first.state, first.note, second.state) == (EvidenceState.REPLACED, "unreadable", EvidenceState.HANDED_IN)

    families.today(2025, 3, 7)
    approved = families.review(asked, "approve")
    assert approved.state is S.ACTIVE
    assert approved.active_since == datetime(2025, 3, 7, 10, tzinfo=CHINA)
    assert families.ask(service.evidence_list, asked.id)[1].state is EvidenceState.ACCEPTED
    assert families.ask(service.kinship_around, [asked.sharer_id]) == [
        KinshipFact(FactKind.PARENT, asked.user_id, asked.sharer_id, date(2025, 3, 7), None, "household_book")
    ]
    assert families.states_of(asked) == [
        S.SUBMITTED,
        S.UNDER_REVIEW,
        S.RETURNED,
        S.UNDER_REVIEW,
        S.UNDER_REVIEW,
        S.ACTIVE,
    ]


def test_what_the_register_knows_needs_no_upload_but_still_a_review(families: Families) -> None:
    son, mother = families.insured("赵军", "1980-02-02"), families.insured("王秀兰", "1955-08-13")
    families.kin(KinshipFact(FactKind.PARENT, mother, son, date(1980, 2, 2), None, "register"))
    case = families.bind(son, mother, Relation.PARENT)
    assert case.state is S.UNDER_REVIEW
    assert families.review(case, "approve").state is S.ACTIVE
    (fact,) = families.ask(service.kinship_around, [son])
    assert (fact.evidence, fact.since) == ("register", date(1980, 2, 2))


def test_a_commitment_elsewhere_is_no_proof_for_a_review(families: Families) -> None:
    son, mother = families.insured("赵军", "1980-02-02"), families.insured("王秀兰", "1955-08-13")
    families.kin(KinshipFact(FactKind.PARENT, mother, son, date(2024, 1, 1), None, "commitment"))
    assert families.bind(son, mother, Relation.PARENT).state is S.SUBMITTED


def test_an_officer_cannot_approve_before_a_document_is_there(families: Families) -> None:
    case = zhao_asks_for_his_mother(families)
    with pytest.raises(Refused) as refusal:
        families.review(case, "approve")
    assert refusal.value.code == "authorisation.transition"
    assert refusal.value.details["next"] == "现在可以：等申请人补交证明或重新申请"
    families.hand_in(case, "birth_certificate")
    families.review(case, "return", item="birth_certificate", reason="other_people")
    with pytest.raises(Refused, match=r"authorisation\.transition"):
        families.review(case, "approve")


def test_a_fact_that_ends_during_the_review_leaves_the_relation_unproven(families: Families) -> None:
    husband, wife = families.insured("李明", "1980-02-02"), families.insured("周敏", "1981-03-03")
    families.kin(KinshipFact(FactKind.SPOUSE, wife, husband, date(2005, 1, 1), None, "register"))
    case = families.bind(husband, wife, Relation.SPOUSE)
    families.today(2025, 3, 10)
    families.kin(KinshipFact(FactKind.SPOUSE, wife, husband, date(2005, 1, 1), date(2025, 3, 9), "register"))
    with pytest.raises(Refused) as refusal:
        families.review(case, "approve")
    assert refusal.value.code == "authorisation.not_proven"
    assert refusal.value.details["next"] == "请交其中一样：结婚证；居民户口簿"
    assert families.ask(service.authorisation, case.id).state is S.UNDER_REVIEW


def test_a_refusal_carries_a_coded_reason_and_a_new_request_may_follow(families: Families) -> None:
    case = zhao_asks_for_his_mother(families)
    families.hand_in(case, "household_book")
    with pytest.raises(InvalidInput) as wrong:
        families.review(case, "refuse", reason="不像")
    assert (wrong.value.field, "relation_not_shown" in (wrong.value.accepted or "")) == ("reason", True)
    refused = families.review(case, "refuse", reason="relation_not_shown")
    assert (refused.state, refused.active_since) == (S.REFUSED, None)
    again = families.bind(case.sharer_id, case.user_id, Relation.PARENT)
    assert (again.state, again.id != case.id) == (S.SUBMITTED, True)


def test_approval_looks_again_at_the_insurance(families: Families) -> None:
    case = zhao_asks_for_his_mother(families)
    families.hand_in(case, "household_book")
    with families.database.transaction() as connection:
        connection.execute(sa.text("UPDATE enrolment SET standing = '2' WHERE person_id = :id"), {"id": case.user_id})
    with pytest.raises(Refused, match=r"authorisation\.user_paused"):
        families.review(case, "approve")
    assert families.ask(service.evidence_list, case.id)[0].state is EvidenceState.HANDED_IN
    assert families.ask(service.kinship_around, [case.sharer_id]) == []


def test_the_eleventh_relative_is_refused_in_liaoning_also_while_ten_wait_for_review(families: Families) -> None:
    sharer = families.insured("赵军", "1980-02-02")
    for number in range(10):
        families.bind(sharer, families.insured(f"亲属{number}", "1985-01-01"), Relation.SIBLING)
    with pytest.raises(Refused) as refusal:
        families.bind(sharer, families.insured("第十一位", "1985-01-01"), Relation.SIBLING)
    assert refusal.value.code == "authorisation.sharer_at_limit"
    assert refusal.value.zh == "您已绑定 10 人，本地最多 10 人"
    assert len(families.ask(service.authorisations_of_sharer, sharer)) == 10


def test_a_sibling_is_refused_in_2023_and_allowed_in_2025(families: Families) -> None:
    families.today(2023, 6, 1)
    sister, brother = families.insured("赵梅", "1978-01-01"), families.insured("赵军", "1980-02-02")
    with pytest.raises(Refused) as refusal:
        families.bind(sister, brother, Relation.SIBLING)
    assert refusal.value.code == "authorisation.not_near_relative"
    assert refusal.value.zh == "这里的账户只能给配偶、父母、子女用"
    families.today(2025, 3, 3)
    assert families.bind(sister, brother, Relation.SIBLING).state is S.SUBMITTED


def test_parents_in_law_are_no_near_relatives_in_liaoning(families: Families) -> None:
    sharer, mother_in_law = families.insured("赵军", "1980-02-02"), families.insured("孙桂芝", "1956-01-01")
    with pytest.raises(Refused) as refusal:
        families.bind(sharer, mother_in_law, Relation.PARENT_IN_LAW)
    assert refusal.value.details["who"] == "配偶、父母、子女、兄弟姐妹、祖父母、外祖父母、孙子女、外孙子女"


def test_two_sharers_may_share_with_one_mother_in_liaoning_one_after_the_other(families: Families) -> None:
    mother = families.insured("王秀兰", "1955-08-13")
    for rank, name in enumerate(("赵军", "赵梅"), start=1):
        case = families.bind(families.insured(name, "1980-02-02"), mother, Relation.PARENT)
        assert case.rank == rank
        families.hand_in(case, "household_book", content=PHOTO + name.encode())
        families.review(case, "approve")
    assert [one.state for one in families.ask(service.authorisations_of_user, mother)] == [S.ACTIVE, S.ACTIVE]


def test_documents_are_sealed_at_rest_and_opened_only_through_their_own_case(
    families: Families, tmp_path: Path
) -> None:
    case, other = zhao_asks_for_his_mother(families), zhao_asks_for_his_mother(families)
    pages = (PHOTO + "王秀兰".encode(), PHOTO + b"page 2")
    families.hand_in(case, "kinship_certificate", pages=pages)
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert not any("王秀兰".encode() in content or PHOTO in content for content in kept)
    (item,) = families.ask(service.evidence_list, case.id)
    assert item.pages == 2

    def page(number: int, of: Authorisation = case) -> bytes:
        with families.database.transaction() as connection:
            at = families.clock.now()
            return service.evidence_content(connection, families.files, of.id, item.id, page=number, at=at)

    assert (page(1), page(2)) == pages
    for wrong in ((3, case), (0, case), (1, other)):
        with pytest.raises(NotFound, match=r"evidence\.unknown"):
            page(*wrong)


def test_pages_of_one_document_the_same_file_twice_and_a_file_that_came_back(families: Families) -> None:
    case = zhao_asks_for_his_mother(families)
    first, second = PHOTO + b"page 1", PHOTO + b"page 2"
    for content in (first, second, second):
        families.hand_in(case, "household_book", content=content)
    assert len(families.ask(service.evidence_list, case.id)) == 2
    families.review(case, "return", item="household_book", reason="pages_missing")
    with pytest.raises(Refused, match=r"evidence\.same_file"):
        families.hand_in(case, "household_book", content=first)
    assert families.ask(service.authorisation, case.id).state is S.RETURNED
    assert families.hand_in(case, "birth_certificate").state is S.UNDER_REVIEW


def test_a_document_that_says_nothing_about_the_relation_is_refused_with_those_that_do(families: Families) -> None:
    case = zhao_asks_for_his_mother(families)
    with pytest.raises(Refused) as refusal:
        families.hand_in(case, "marriage_certificate")
    assert refusal.value.code == "evidence.kind"
    assert "居民户口簿" in str(refusal.value.details["next"])
    with pytest.raises(InvalidInput, match=r"authorisation\.word_unknown"):
        families.hand_in(case, "selfie")


def test_a_request_takes_twenty_files(families: Families) -> None:
    case = zhao_asks_for_his_mother(families)
    for number in range(20):
        families.hand_in(case, "household_book", content=PHOTO + bytes([number]))
    with pytest.raises(Refused, match=r"evidence\.too_many"):
        families.hand_in(case, "household_book", content=PHOTO + b"page 21")


def test_documents_are_the_sharers_to_hand_in(families: Families) -> None:
    case = zhao_asks_for_his_mother(families)
    stranger = families.insured("路人", "1990-01-01")
    with pytest.raises(Refused, match=r"authorisation\.not_yours"):
        families.hand_in(case, "household_book", person_id=case.user_id)
    with pytest.raises(NotFound, match=r"authorisation\.unknown"):
        families.hand_in(case, "household_book", person_id=stranger)


def test_a_case_that_is_refused_at_approval_can_be_sent_back(families: Families) -> None:
    """Whatever stops an approval leaves the case where the officer can still return or refuse it."""
    case = zhao_asks_for_his_mother(families)
    families.hand_in(case, "household_book")
    families.rows("UPDATE person SET died_on = '2025-03-01' WHERE id = " + str(case.sharer_id) + " RETURNING id")
    with pytest.raises(GongjiError, match=r"authorisation\.sharer_died"):
        families.review(case, "approve")
    assert families.review(case, "refuse", reason="not_admitted").state is S.REFUSED
