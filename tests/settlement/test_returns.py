"""What goes back, and where to: over the end of the year, after an authorisation, in part."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gongji.accrual.year_end import turn_year
from gongji.family.service import unbind
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.ledger.service import balances_of
from gongji.registry.model import Institution
from gongji.settlement.model import AccountUse, ReversePart, Settlement
from gongji.settlement.part_return import PartReturned
from gongji.settlement.queries import counters_of, find_settlement
from town import EXAMPLE_BILL, TIELING, Town

AGENCY = Caller(Role.OPERATOR, "agency")
PIECES = 10_000


def standing(town: Town, person: int) -> dict[str, int]:
    """A person's balances in fen, those of zero left out."""
    with town.database.transaction() as connection:
        found = balances_of(connection, person)
    return {kind.name.removeprefix("PERSONAL_").lower(): fen for kind, fen in found.items() if fen}


def counters(town: Town, person: int, year: int) -> dict[str, int]:
    """A person's benefit counters of a year that are not zero."""
    with town.database.transaction() as connection:
        return {name: value for name, value in counters_of(connection, person, str(year)).items() if value}


def used(town: Town, authorisation_id: int) -> dict[str, int]:
    """What counts as used under an authorisation, by period."""
    query = sa.text("SELECT period, used FROM authorisation_usage WHERE authorisation_id = :id")
    with town.database.transaction() as connection:
        return {row.period: row.used for row in connection.execute(query, {"id": authorisation_id})}


def turn(town: Town, year: int = 2024) -> None:
    """The region's year ends."""
    turn_year(town.database, town.clock, TIELING, year, caller=AGENCY)


def test_december_comes_back_in_january_as_savings_and_to_decembers_counters(town: Town) -> None:
    """Mother's visit of December is taken back in January: her money of last year is savings now; the deductible and
    the fund's cap of 2024 are as if it had not been, and those of 2025 are not touched."""
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=500_00, historical=100_00)
    hospital = town.institution("H21120200001")
    town.clock.set(datetime(2024, 12, 30, 9, 0, tzinfo=CHINA))
    december = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    assert december.own > 0
    after_december = standing(town, mother)
    assert counters(town, mother, 2024)
    town.clock.set(datetime(2025, 1, 5, 9, 0, tzinfo=CHINA))
    turn(town)
    saved = sum(after_december.values())
    assert standing(town, mother) == ({"historical": saved} if saved else {})
    january = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    told = counters(town, mother, 2025)
    assert january.deductible == december.deductible
    back = town.settled(town.reversal(december, hospital))
    assert (back.total, back.own, back.fund_pool) == (-december.total, -december.own, -december.fund_pool)
    assert counters(town, mother, 2024) == {}
    assert counters(town, mother, 2025) == told
    assert standing(town, mother) == {"historical": 600_00 - january.own}


def test_what_was_spent_before_a_late_turn_comes_back_to_the_savings(town: Town) -> None:
    """The region is turned on 8 January; what was spent on the 3rd was last year's money."""
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    town.clock.set(datetime(2025, 1, 3, tzinfo=CHINA))
    bought = town.settled(town.purchase(son, pharmacy, ("C-A", 1, "40.00")))
    town.clock.set(datetime(2025, 1, 8, tzinfo=CHINA))
    turn(town)
    town.settled(town.reversal(bought, pharmacy))
    assert standing(town, son) == {"historical": 100_00}


def test_before_the_turn_it_comes_back_to_where_it_was(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    town.clock.set(datetime(2024, 12, 31, tzinfo=CHINA))
    bought = town.settled(town.purchase(son, pharmacy, ("C-A", 1, "40.00")))
    town.clock.set(datetime(2025, 1, 1, tzinfo=CHINA))
    town.settled(town.reversal(bought, pharmacy))
    assert standing(town, son) == {"current": 100_00}
    turn(town)
    assert standing(town, son) == {"historical": 100_00}


def test_a_sharers_money_comes_back_after_the_authorisation_and_the_year_ended(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=0)
    son = town.person("李建国", "1980-03-01", "active", balance=100_00, household="另一家")
    shared = town.share(son, mother)
    pharmacy = town.institution("P21120200003")
    town.clock.set(datetime(2024, 12, 30, tzinfo=CHINA))
    bought = town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "40.00"), use="2"))
    assert used(town, shared) == {"total": 40_00, "2024-12": 40_00}
    town.clock.set(datetime(2025, 1, 2, tzinfo=CHINA))
    with town.database.transaction() as connection:
        unbind(connection, shared, person_id=son, actor="citizen", at=town.clock.now())
    turn(town)
    town.settled(town.reversal(bought, pharmacy))
    assert standing(town, son) == {"historical": 100_00}
    assert used(town, shared) == {"total": 0, "2024-12": 0}


def test_later_settlements_keep_what_they_were_told_and_the_next_one_sees_the_counters(town: Town) -> None:
    """Three visits over the deductible of ¥300.00; the first is taken back: the second keeps its answer, the third
    bears what the deductible has left."""
    son = town.person("李建国", "1980-03-01", "active")
    hospital = town.institution("H21120200001")

    def visit() -> Settlement:
        return town.settled(town.settle_visit(son, hospital, *town.visit(son, hospital, ("C-A", 1, "250.00"))))

    first, second = visit(), visit()
    assert (first.deductible, second.deductible) == (250_00, 50_00)
    town.settled(town.reversal(first, hospital))
    assert counters(town, son, 2024)["310.deductible_borne"] == 50_00
    third = visit()
    assert third.deductible == 250_00
    with town.database.transaction() as connection:
        kept = find_settlement(connection, second.id)
    assert kept is not None
    assert (kept.settlement.deductible, kept.settlement.fund_pool) == (50_00, second.fund_pool)


def returned(
    town: Town, bought: Settlement, pharmacy: Institution, back: dict[str, int], use: str = "1", **key: Any
) -> ReversePart:
    """The command to give some of a purchase back: pieces by line."""
    pieces = {sn: count * PIECES for sn, count in back.items()}
    wire = town.key(pharmacy, "2103", **key)
    who = (bought.person_id, bought.visit_id, bought.id)
    return ReversePart(wire, pharmacy, *who, pieces, AccountUse(use))


def test_two_of_three_boxes_and_a_plaster_go_back(town: Town) -> None:
    """Three boxes at ¥20.00 and a plaster of ¥8.00 were paid by account and, for the plaster, cash; one box stays."""
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(son, pharmacy, ("C-A", 3, "20.00"), ("C-C", 1, "8.00")))
    boxes, plaster = (kept.line.sn for kept in bought.lines)
    before = standing(town, son)["current"]
    (done,) = town.do(returned(town, bought, pharmacy, {boxes: 2, plaster: 1}))
    assert isinstance(done, PartReturned), done
    assert (done.reversal.total, done.reversal.reverses) == (-68_00, bought.id)
    assert (done.rest.total, done.rest.own, len(done.rest.lines)) == (20_00, 20_00, 1)
    assert done.rest.lines[0].line.count == PIECES
    assert standing(town, son)["current"] == before + bought.own - 20_00 == 80_00
    with town.database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM settlement")).scalar_one() == 3


def test_a_partial_return_again_gives_the_same_answer(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(son, pharmacy, ("C-A", 3, "20.00")))
    (line,) = (kept.line.sn for kept in bought.lines)
    command = returned(town, bought, pharmacy, {line: 1}, msgid="R1")
    first, again = town.do(command, command)
    (later,) = town.do(command)
    assert first == again
    assert (later.reversal.id, later.rest.id) == (first.reversal.id, first.rest.id)
    (other,) = town.do(returned(town, bought, pharmacy, {line: 2}, msgid="R1", content="other"))
    assert other.code == "key.other_content"
    (second,) = town.do(returned(town, bought, pharmacy, {line: 1}))
    assert second.code == "settlement.reversed"
    assert standing(town, son) == {"current": 60_00}


def test_what_remains_can_be_returned_in_part_again_and_then_whole(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(son, pharmacy, ("C-A", 3, "20.00")))
    (line,) = (kept.line.sn for kept in bought.lines)
    (first,) = town.do(returned(town, bought, pharmacy, {line: 1}))
    (second,) = town.do(returned(town, first.rest, pharmacy, {line: 1}))
    assert second.rest.total == 20_00
    town.settled(town.reversal(second.rest, pharmacy))
    assert standing(town, son) == {"current": 100_00}


@pytest.mark.parametrize(
    ("back", "code"),
    [({}, "return.line"), ({"?": 1}, "return.line"), ({"1": 4}, "return.line"), ({"1": 0}, "return.line"),
     ({"1": 3}, "return.everything")],
)  # fmt: skip
def test_what_cannot_go_back_in_part_is_refused_and_nothing_moves(town: Town, back: dict[str, int], code: str) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(son, pharmacy, ("C-A", 3, "20.00")))
    (line,) = (kept.line.sn for kept in bought.lines)
    named = {line if sn == "1" else sn: count for sn, count in back.items()}
    next_one = town.purchase(son, pharmacy, ("C-A", 1, "1.00"))
    refused, settled = town.do(returned(town, bought, pharmacy, named), next_one)
    assert refused.code == code
    assert isinstance(settled, Settlement)
    assert standing(town, son) == {"current": 39_00}


def test_a_partial_return_that_cannot_be_settled_anew_leaves_the_purchase_as_it_was(town: Town) -> None:
    """The patient has left the insurance since: the rest could not be settled, so nothing is reversed either."""
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(son, pharmacy, ("C-A", 3, "20.00")))
    (line,) = (kept.line.sn for kept in bought.lines)
    with town.database.transaction() as connection:
        connection.execute(sa.text("UPDATE enrolment SET standing = '2'"))
    (refused,) = town.do(returned(town, bought, pharmacy, {line: 1}))
    assert refused.code == "enrolment.not_in_force"
    assert standing(town, son) == {"current": 40_00}
    town.settled(town.reversal(bought, pharmacy))
    assert standing(town, son) == {"current": 100_00}


def test_a_hospitals_settlement_goes_back_whole(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=500_00)
    hospital = town.institution("H21120200001")
    settled = town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL)))
    (refused,) = town.do(returned(town, settled, hospital, {"1": 1}))
    assert refused.code == "return.visit"


def test_after_the_authorisation_ended_the_rest_is_the_customers_own_and_the_sharer_has_it_all_back(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=0)
    son = town.person("李建国", "1980-03-01", "active", balance=100_00, household="另一家")
    shared = town.share(son, mother)
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(mother, pharmacy, ("C-A", 3, "20.00"), use="2"))
    assert bought.shared == 60_00
    town.clock.advance(timedelta(days=1))
    with town.database.transaction() as connection:
        unbind(connection, shared, person_id=son, actor="citizen", at=town.clock.now())
    town.clock.advance(timedelta(days=1))
    (line,) = (kept.line.sn for kept in bought.lines)
    (done,) = town.do(returned(town, bought, pharmacy, {line: 1}, use="2"))
    assert (done.reversal.shared, done.rest.shared, done.rest.cash) == (-60_00, 0, 40_00)
    assert standing(town, son) == {"current": 100_00}
