"""2601: what a lost message did is undone, what did not come is closed, and a refund can be taken back while its money
is still there."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gongji.foundation.errors import GongjiError
from gongji.registry.model import Institution
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Clerk
from gongji.settlement.model import Reverse, Settlement, SettlePurchase, Undo
from gongji.settlement.queries import find_settlement
from town import EXAMPLE_BILL, Town

HOSPITAL, PHARMACY = "H21120200001", "P21120200003"


def undo_of(town: Town, what: Any, institution: Institution, *, person: int | None = None, **key: str) -> Undo:
    """2601 for a command or for the message of a settlement."""
    infno, msgid = (what.infno, what.msgid) if isinstance(what, Settlement) else (what.key.infno, what.key.msgid)
    infnos = ("2207", "2207A") if infno == "2207" else (infno,)
    return Undo(town.key(institution, "2601", **key), institution, person or what.person_id, infnos, msgid)


def refused(outcome: object) -> str:
    """The code of a refusal."""
    assert isinstance(outcome, GongjiError), outcome
    return outcome.code


def state(town: Town, *people: int) -> dict[str, object]:
    """All that a settlement moves: balances, counters, use of authorisations, unsettled lines."""
    queries = {
        "counters": "SELECT person_id, counter, period, value FROM benefit_counter WHERE value <> 0 ORDER BY 1, 2, 3",
        "usage": "SELECT authorisation_id, period, used FROM authorisation_usage WHERE used <> 0 ORDER BY 1, 2",
        "lines": "SELECT sn, settlement_id FROM fee_line ORDER BY 1",
    }
    with town.database.transaction() as connection:
        found: dict[str, object] = {
            name: [tuple(row) for row in connection.execute(sa.text(query))] for name, query in queries.items()
        }
    return found | {"balances": [town.balance(person) for person in people]}


@pytest.fixture
def family(town: Town) -> tuple[int, int]:
    """A retired mother with ¥200.00 and her son with ¥3,000.00 behind her."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=200_00)
    son = town.person("李建国", "1980-03-01", "active", balance=3_000_00)
    town.share(son, mother)
    return mother, son


def test_an_undone_visit_leaves_everything_as_it_was(town: Town, family: tuple[int, int]) -> None:
    mother, son = family
    hospital = town.institution(HOSPITAL)
    visit = town.visit(mother, hospital, *EXAMPLE_BILL)
    before = state(town, mother, son)
    command = town.settle_visit(mother, hospital, *visit, use="2")
    settled = town.settled(command)
    assert settled.shared > 0
    undone = town.settled(undo_of(town, command, hospital))
    assert (undone.kind, undone.total, undone.infno) == ("reverse", -settled.total, "2601")
    assert state(town, mother, son) == before
    with town.database.transaction() as connection:
        kinds = connection.execute(sa.text("SELECT kind FROM journal WHERE reverses IS NOT NULL")).scalars().all()
        stored = find_settlement(connection, settled.id)
    assert kinds == ["undo"]
    assert stored is not None
    assert stored.undone


def test_the_same_undo_again_and_another_one_change_nothing(town: Town, family: tuple[int, int]) -> None:
    mother, son = family
    hospital = town.institution(HOSPITAL)
    command = town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL))
    settled = town.settled(command)
    first = undo_of(town, command, hospital)
    undone = town.settled(first)
    after = state(town, mother, son)
    assert town.settled(first).id == undone.id
    assert town.settled(undo_of(town, command, hospital)).id == settled.id
    assert state(town, mother, son) == after
    assert refused(town.do(command)[0]) == "message.undone"
    assert refused(town.do(town.reversal(settled, hospital))[0]) == "settlement.reversed"


def test_after_an_undo_the_visit_is_settled_anew_with_a_new_message(town: Town, family: tuple[int, int]) -> None:
    mother, _ = family
    hospital = town.institution(HOSPITAL)
    visit = town.visit(mother, hospital, *EXAMPLE_BILL)
    command = town.settle_visit(mother, hospital, *visit)
    first = town.settled(command)
    town.settled(undo_of(town, command, hospital))
    again = town.settled(town.settle_visit(mother, hospital, *visit))
    assert (again.total, again.fund_pool, again.own) == (first.total, first.fund_pool, first.own)


def test_what_was_refunded_is_not_undone(town: Town, family: tuple[int, int]) -> None:
    mother, _ = family
    hospital = town.institution(HOSPITAL)
    command = town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL))
    town.settled(town.reversal(town.settled(command), hospital))
    (outcome,) = town.do(undo_of(town, command, hospital))
    assert refused(outcome) == "undo.reversed"
    assert "退费结算标志不为未退费，不能办理冲正交易" in str(outcome.zh)


def test_a_message_that_comes_after_its_undo_settles_nothing(town: Town, family: tuple[int, int]) -> None:
    mother, son = family
    pharmacy = town.institution(PHARMACY)
    before = state(town, mother, son)
    late = town.purchase(mother, pharmacy, ("C-A", 1, "40.00"))
    assert refused(town.do(undo_of(town, late, pharmacy))[0]) == "undo.unknown"
    assert refused(town.do(undo_of(town, late, pharmacy))[0]) == "undo.unknown"
    assert refused(town.do(late)[0]) == "message.undone"
    assert state(town, mother, son) == before
    assert town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "40.00"))).total == 40_00


def test_another_spelling_of_the_transaction_is_undone_and_closed_too(town: Town, family: tuple[int, int]) -> None:
    mother, _ = family
    hospital = town.institution(HOSPITAL)
    command = town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL))
    either = undo_of(town, command, hospital)
    assert either.infnos == ("2207", "2207A")
    assert refused(town.do(either)[0]) == "undo.unknown"
    with town.database.transaction() as connection:
        closed = connection.execute(sa.text("SELECT infno FROM message WHERE outcome_id IS NULL ORDER BY 1"))
        assert closed.scalars().all() == ["2207", "2207A"]


def test_another_hospitals_and_another_persons_message_stay(town: Town, family: tuple[int, int]) -> None:
    mother, son = family
    hospital, other = town.institution(HOSPITAL), town.institution("H21120200002")
    command = town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL))
    settled = town.settled(command)
    assert refused(town.do(undo_of(town, command, other))[0]) == "undo.unknown"
    assert refused(town.do(undo_of(town, command, hospital, person=son))[0]) == "undo.unknown"
    assert town.settled(command).id == settled.id
    assert town.settled(undo_of(town, command, hospital)).total == -settled.total


def test_together_the_first_one_wins_and_the_second_one_is_told(town: Town, family: tuple[int, int]) -> None:
    """Message and undo at the desk in one batch, in both orders."""
    mother, _ = family
    pharmacy = town.institution(PHARMACY)
    bought = town.purchase(mother, pharmacy, ("C-A", 1, "40.00"))
    settled, running = town.do(bought, undo_of(town, bought, pharmacy))
    assert isinstance(settled, Settlement)
    assert refused(running) == "undo.running"
    assert town.settled(undo_of(town, bought, pharmacy)).total == -40_00
    late = town.purchase(mother, pharmacy, ("C-A", 1, "30.00"))
    unknown, never = town.do(undo_of(town, late, pharmacy), late)
    assert (refused(unknown), refused(never)) == ("undo.unknown", "message.undone")
    assert town.balance(mother) == 200_00


def test_an_undo_races_its_message_under_another_persons_name(town: Town, family: tuple[int, int]) -> None:
    """The 2601 names the wrong patient, so it does not wait for the message's lock: the message's key decides. Either
    nothing was settled and never will be, or the settlement stands."""
    mother, son = family
    pharmacy = town.institution(PHARMACY)
    clerks = [Clerk(town.database, RuleBook.shipped(), town.clock) for _ in range(2)]
    for _ in range(12):
        bought = town.purchase(mother, pharmacy, ("C-A", 1, "1.00"))
        wrong = undo_of(town, bought, pharmacy, person=son)
        outcomes: list[object] = [None, None]
        start = threading.Barrier(2)

        def work(place: int, command: SettlePurchase | Undo, outcomes: list[object], start: threading.Barrier) -> None:
            start.wait()
            (outcomes[place],) = clerks[place].handle([(command, False)])

        threads = [
            threading.Thread(target=work, args=(place, command, outcomes, start))
            for place, command in enumerate((bought, wrong))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert refused(outcomes[1]) == "undo.unknown"
        (again,) = town.do(bought)
        if isinstance(outcomes[0], Settlement):
            assert again == outcomes[0]
        else:
            assert (refused(outcomes[0]), refused(again)) == ("message.undone", "message.undone")
    for clerk in clerks:
        clerk.close()


def test_a_refund_of_a_visit_is_undone_and_may_be_refunded_again(town: Town, family: tuple[int, int]) -> None:
    """The reply to 2208 was lost and the patient keeps the medicine after all: everything as before the refund."""
    mother, son = family
    hospital = town.institution(HOSPITAL)
    visit = town.visit(mother, hospital, *EXAMPLE_BILL)
    untouched = state(town, mother, son)
    settled = town.settled(town.settle_visit(mother, hospital, *visit, use="2"))
    paid = state(town, mother, son)
    refund = town.reversal(settled, hospital)
    town.settled(refund)
    town.clock.advance(timedelta(days=40))
    restored = town.settled(undo_of(town, refund, hospital, person=mother))
    assert (restored.kind, restored.total, restored.shared) == ("restore", settled.total, settled.shared)
    assert state(town, mother, son) == paid
    assert refused(town.do(refund)[0]) == "message.undone"
    town.settled(town.reversal(settled, hospital))
    assert state(town, mother, son) == untouched
    assert refused(town.do(town.reversal(settled, hospital))[0]) == "settlement.reversed"


def _spend(town: Town, mother: int, refund: Reverse) -> None:
    town.settled(town.purchase(mother, town.institution(PHARMACY), ("C-A", 1, "900.00")))


def _withdraw_a_line(town: Town, mother: int, refund: Reverse) -> None:
    with town.database.transaction() as connection:
        connection.execute(sa.text("DELETE FROM fee_line WHERE item_code = 'C-C'"))


def _settle_again(town: Town, mother: int, refund: Reverse) -> None:
    hospital = town.institution(HOSPITAL)
    town.settled(town.settle_visit(mother, hospital, refund.visit_id, 1_268_50))


def _end_sharing(town: Town, mother: int, refund: Reverse) -> None:
    with town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE authorisation SET state = 'paused'"))


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (_spend, "退回账户的钱已被使用"),
        (_withdraw_a_line, "退费后费用明细有变动"),
        (_settle_again, "冲正这笔退费"),
        (_end_sharing, "共济授权已暂停或结束"),
    ],
)
def test_a_refund_is_not_undone_when_what_went_back_is_gone(
    town: Town, family: tuple[int, int], meanwhile: Any, reason: str
) -> None:
    mother, son = family
    hospital = town.institution(HOSPITAL)
    visit = town.visit(mother, hospital, *EXAMPLE_BILL)
    settled = town.settled(town.settle_visit(mother, hospital, *visit, use="2" if meanwhile is _end_sharing else "1"))
    refund = town.reversal(settled, hospital)
    town.settled(refund)
    meanwhile(town, mother, refund)
    before = state(town, mother, son)
    (outcome,) = town.do(undo_of(town, refund, hospital, person=mother))
    assert refused(outcome) == "undo.not_restorable"
    assert reason in outcome.zh
    assert state(town, mother, son) == before
