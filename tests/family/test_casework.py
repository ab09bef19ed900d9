"""Officers of Tieling at work: one case in one pair of hands, a second officer where it matters, ten minutes to think again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from families import Families

from gongji.family import casework, service
from gongji.family.model import Authorisation, AuthorisationState, FactKind, KinshipFact
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.errors import GongjiError
from gongji.rules.model import Relation

S = AuthorisationState


def officer(number: str, *duties: Duty) -> Caller:
    """An officer of Tieling; a reviewer unless told otherwise."""
    return Caller(Role.OFFICER, number, None, "211200", frozenset(duties or (Duty.REVIEWER,)))


ZHOU, WU, CHEN = officer("0210"), officer("0212"), officer("0211", Duty.SECOND_REVIEWER)


def waiting_case(families: Families, mother: int | None = None, name: str = "赵军") -> Authorisation:
    """Zhao Jun asks for his mother and hands in the household book."""
    son = families.insured(name, "1980-02-02")
    mother = mother or families.insured("王秀兰", "1955-08-13", status="retired")
    case = families.bind(son, mother, Relation.PARENT)
    return families.hand_in(case, "household_book")


def claim(families: Families, case: Authorisation, by: Caller = ZHOU) -> None:
    """An officer takes the case."""
    with families.database.transaction() as connection:
        casework.claim(connection, case.id, by, families.clock.now())


def decide(families: Families, case: Authorisation, decision: str, by: Caller = ZHOU, **said: Any) -> casework.Decided:
    """The officer decides."""
    told = {"item": None, "reason": None, "note": None, "to_second": False} | said
    with families.database.transaction() as connection:
        return casework.decide(connection, case.id, decision, caller=by, at=families.clock.now(), **told)


def carry_out(families: Families) -> int:
    """What is due is carried out."""
    with families.database.transaction() as connection:
        return casework.carry_out(connection, families.book, families.clock.now())


def state(families: Families, case: Authorisation) -> AuthorisationState:
    """How the case stands for the family."""
    return families.ask(service.authorisation, case.id).state


def refused(families: Families, step: Any, case: Authorisation, *args: Any, **named: Any) -> str:
    """The code of a refusal."""
    with pytest.raises(GongjiError) as caught, families.database.transaction() as connection:
        step(connection, case.id, *args, **named)
    return caught.value.code


def test_a_decision_is_carried_out_ten_minutes_later(families: Families) -> None:
    case = waiting_case(families)
    claim(families, case)
    decided = decide(families, case, "approve")
    assert decided.due_at == families.clock.now() + timedelta(minutes=10)
    assert (carry_out(families), state(families, case)) == (0, S.UNDER_REVIEW)
    families.clock.advance(timedelta(minutes=10))
    assert (carry_out(families), state(families, case)) == (1, S.ACTIVE)
    assert carry_out(families) == 0
    assert families.ask(service.events, case.id)[-1].actor == "0210"
    assert [one.step for one in families.ask(casework.steps, case.id)] == ["claim", "decide"]


def test_a_decision_is_taken_back_in_time_and_made_anew(families: Families) -> None:
    case = waiting_case(families)
    claim(families, case)
    decide(families, case, "refuse", reason="not_same_person")
    now = families.clock.now()
    assert refused(families, casework.claim, case, WU, now) == "case.decided"
    assert refused(families, casework.take_back, case, WU, now) == "case.not_in_charge"
    families.clock.advance(timedelta(minutes=9))
    with families.database.transaction() as connection:
        casework.take_back(connection, case.id, ZHOU, families.clock.now())
    decide(families, case, "return", item="household_book", reason="pages_missing")
    families.clock.advance(timedelta(minutes=10))
    assert refused(families, casework.take_back, case, ZHOU, families.clock.now()) == "case.carried_out"
    assert (carry_out(families), state(families, case)) == (1, S.RETURNED)
    assert families.ask(service.events, case.id)[-1].reason == "pages_missing"


def test_of_two_officers_who_take_a_case_at_once_one_has_it(families: Families) -> None:
    case = waiting_case(families)

    def take(by: Caller) -> str:
        try:
            claim(families, case, by)
        except GongjiError as problem:
            return problem.code
        return "mine"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(take, (ZHOU, WU))) == ["case.taken", "mine"]
    holder, _ = families.ask(casework.in_charge, case.id)
    mine, other = (ZHOU, WU) if holder == "0210" else (WU, ZHOU)
    with pytest.raises(GongjiError, match=r"case\.not_in_charge"):
        decide(families, case, "approve", other)
    now = families.clock.now()
    assert refused(families, casework.check_reader, case, other) == "case.not_in_charge"
    families.ask(casework.check_reader, case.id, mine)
    assert refused(families, casework.release, case, other, now) == "case.not_in_charge"
    with families.database.transaction() as connection:
        casework.release(connection, case.id, mine, now)
    claim(families, case, other)


def test_a_case_that_lies_for_a_day_may_be_taken_by_a_colleague(families: Families) -> None:
    case = waiting_case(families)
    claim(families, case)
    families.clock.advance(timedelta(hours=8))
    claim(families, case, WU)
    assert families.ask(casework.in_charge, case.id)[0] == "0212"


def test_whoever_says_that_a_document_is_false_needs_a_second_officer(families: Families) -> None:
    case = waiting_case(families)
    claim(families, case)
    decided = decide(families, case, "refuse", reason="document_false", note="印章与登记机关不符")
    assert decided.waits_for_second
    now = families.clock.now()
    families.clock.advance(timedelta(days=1))
    assert (carry_out(families), state(families, case)) == (0, S.UNDER_REVIEW)
    second = casework.second_opinion
    assert refused(families, second, case, agree=True, note=None, caller=WU, at=now) == "access.duty"
    both = officer("0210", Duty.REVIEWER, Duty.SECOND_REVIEWER)
    assert refused(families, second, case, agree=True, note=None, caller=both, at=now) == "case.same_officer"
    families.ask(casework.check_reader, case.id, CHEN)
    with families.database.transaction() as connection:
        second(connection, case.id, agree=True, note=None, caller=CHEN, at=families.clock.now())
    assert refused(families, second, case, agree=True, note=None, caller=CHEN, at=now) == "case.not_waiting"
    families.clock.advance(timedelta(minutes=10))
    assert (carry_out(families), state(families, case)) == (1, S.REFUSED)
    assert families.ask(service.events, case.id)[-1].actor == "0210+0211"


def test_a_second_officer_who_does_not_agree_sends_the_case_back(families: Families) -> None:
    case = waiting_case(families)
    claim(families, case)
    assert decide(families, case, "approve", to_second=True).waits_for_second
    with families.database.transaction() as connection:
        note = "第二页看不清"
        casework.second_opinion(connection, case.id, agree=False, note=note, caller=CHEN, at=families.clock.now())
    assert families.ask(casework.in_charge, case.id) == (None, None)
    assert families.ask(casework.steps, case.id)[-1].note == note
    claim(families, case, WU)


def test_the_second_sharer_of_one_mother_is_looked_at_twice(families: Families) -> None:
    mother = families.insured("王秀兰", "1955-08-13")
    first = waiting_case(families, mother)
    claim(families, first)
    assert not decide(families, first, "approve").waits_for_second
    families.clock.advance(timedelta(minutes=10))
    carry_out(families)
    second = waiting_case(families, mother, "赵梅")
    claim(families, second)
    assert decide(families, second, "approve").waits_for_second


def test_an_officer_takes_neither_their_own_nor_a_relatives_case(families: Families) -> None:
    """Officer 0210 is the applicant's sister: both are children of the mother, as the register knows."""
    case = waiting_case(families)
    sister = families.insured("赵梅", "1978-01-01")
    born = date(1978, 1, 1)
    families.kin(KinshipFact(FactKind.PARENT, case.user_id, sister, born, None, "register"))
    families.kin(KinshipFact(FactKind.PARENT, case.user_id, case.sharer_id, born, None, "register"))
    now = families.clock.now()
    for holder, person in (("0210", sister), ("0212", case.sharer_id), ("0213", case.user_id)):
        families.ask(casework.know_officer, holder, person, now)
        assert refused(families, casework.claim, case, officer(holder), now) == "case.own"
    families.ask(casework.know_officer, "0214", families.insured("路人", "1990-01-01"), now)
    claim(families, case, officer("0214"))
    decide(families, case, "approve", officer("0214"), to_second=True)
    families.ask(casework.know_officer, "0211", sister, now)
    assert refused(families, casework.second_opinion, case, agree=True, note=None, caller=CHEN, at=now) == "case.own"


def test_what_cannot_be_carried_out_any_more_comes_back_with_the_reason(families: Families) -> None:
    case = waiting_case(families)
    claim(families, case)
    decide(families, case, "approve")
    families.rows(f"UPDATE person SET died_on = '2025-03-01' WHERE id = {case.sharer_id} RETURNING id")
    families.clock.advance(timedelta(minutes=10))
    assert (carry_out(families), state(families, case)) == (0, S.UNDER_REVIEW)
    (desk,) = families.ask(casework.queue, "2112")
    assert desk.decided is not None
    assert desk.decided.failed is not None
    assert desk.decided.failed[0] == "authorisation.sharer_died"
    assert families.ask(casework.steps, case.id)[-1].step == "failed"
    claim(families, case, WU)
    decide(families, case, "refuse", WU, reason="not_admitted")
    families.clock.advance(timedelta(minutes=10))
    assert (carry_out(families), state(families, case)) == (1, S.REFUSED)


def test_the_queue_says_who_is_at_what(families: Families) -> None:
    first, second = waiting_case(families), waiting_case(families)
    claim(families, first)
    shown = {one.case.authorisation.id: one.claimed_by for one in families.ask(casework.queue, "2112")}
    assert shown == {first.id: "0210", second.id: None}
    assert families.ask(casework.queue, "3708") == []
