"""Months are closed while settlements go on, over any history, and answer when their books are archived."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from clearing_office import JINING_HOSPITAL, Office, refusal
from hypothesis import given, settings
from hypothesis import strategies as st

from gongji.accrual.year_end import turn_year
from gongji.clearing.monthly import store
from gongji.clearing.monthly.decide import sheet
from gongji.clearing.monthly.gather import gather
from gongji.clearing.monthly.model import LineKind, Position
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.foundation.partitions import add_months
from gongji.ledger.rollup import roll_up
from gongji.rules.book import RuleBook
from gongji.settlement.archive import archive_month
from gongji.settlement.desk import Clerk, Desk
from gongji.settlement.telling import tell_sharers
from town import JINING, TIELING, Town

JUNE, JULY = date(2024, 6, 1), date(2024, 7, 1)


def test_what_is_committed_after_the_month_was_closed_is_in_the_next(office: Office) -> None:
    """A settlement of 30 June, 23:59 is on its way (its transaction is open) while June is closed on 1 July: June has ¥100.00,
    and July the ¥70.00 that came late, marked so."""
    town = office.town
    man = town.person("赵德柱", "1960-05-01", "retired", balance=300_00)
    office.treated_in_jining(man, ("C-A", 1, "100.00"))
    hospital = town.institution(JINING_HOSPITAL)
    late = town.person("钱多", "1962-05-01", "retired", balance=300_00, household="另一家")
    visit, total = town.visit(late, hospital, ("C-A", 1, "70.00"))
    office.at(2024, 6, 30, 23, 59)
    other = Clerk(town.database, RuleBook.shipped(), town.clock)
    with psycopg.connect(town.database.url) as holding, ThreadPoolExecutor() as pool:
        # The desk has read the clock, and waits for the patient whom somebody else has locked.
        holding.execute("SELECT FROM person WHERE bucket = %s AND id = %s FOR UPDATE", [bucket_of(late), late])
        going = pool.submit(other.handle, [(town.settle_visit(late, hospital, visit, total), False)])
        _until_it_waits(town)
        office.at(2024, 7, 1, 0, 5)
        assert office.close(JUNE).statements == 1
        holding.rollback()
        (settled,) = going.result(timeout=30)
    assert settled.settled_at.astimezone(CHINA) == datetime(2024, 6, 30, 23, 59, tzinfo=CHINA)
    assert office.statement(JUNE).amount == 100_00
    office.close(JULY, 2024, 8, 1, 9)
    july = office.statement(JULY)
    assert (july.amount, july.lines, july.late) == (70_00, 1, 1)
    assert office.bill(JULY, JINING_HOSPITAL).amount == 70_00


def _until_it_waits(town: Town) -> None:
    """Look until a connection waits for a lock of another."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(600):
        with town.database.engine.connect() as connection:
            if connection.execute(sa.text(waiting)).scalar_one():
                return
        threading.Event().wait(0.05)
    raise AssertionError("nobody waits")


def test_closing_while_desks_settle_counts_everything_once(office: Office) -> None:
    """Thirty visits at two desks, four closings at once beside them: every fen is in one of the two months, once."""
    town = office.town
    hospital = town.institution(JINING_HOSPITAL)
    people = [town.person(f"人{n}", "1960-05-01", "retired", balance=100_00, household=f"{n}") for n in range(30)]
    visits = [town.visit(one, hospital, ("C-A", 1, "10.00")) for one in people]
    office.at(2024, 6, 30, 23, 59)
    desk = Desk(town.database, RuleBook.shipped(), town.clock, desks=2)
    commands = [town.settle_visit(one, hospital, *visit) for one, visit in zip(people, visits, strict=True)]
    with ThreadPoolExecutor(4) as pool:
        for one in [desk.submit(command) for command in commands[:10]]:
            one.result(timeout=60)
        office.at(2024, 7, 1, 0, 0)
        rest = [desk.submit(command) for command in commands[10:]]
        closed = list(pool.map(lambda _: office.close(JUNE), range(4)))
        for one in rest:
            one.result(timeout=60)
    desk.close()
    assert sum(not one.again for one in closed) == 1
    office.close(JULY, 2024, 8, 1, 9)
    assert office.statement(JUNE).amount + office.statement(JULY).amount == 300_00
    assert office.statement(JUNE).amount >= 100_00


def test_an_archived_month_answers_from_what_was_gathered(office: Office, tmp_path: Path) -> None:
    """Gathered and closed, then its books leave: statement and lines are there; nothing leaves before it was gathered; and a month
    that left long before cannot be closed."""
    town = office.town
    add_months(town.database, date(2023, 3, 1), 4)
    add_months(town.database, date(2026, 11, 1), 1)
    office.at(2023, 3, 6, 10)
    man = town.person("赵德柱", "1960-05-01", "retired", balance=300_00)
    one = office.treated_in_jining(man, ("C-A", 1, "100.00"))
    office.at(2026, 11, 29, 10)
    for year in (2023, 2024, 2025):
        turn_year(town.database, town.clock, TIELING, year, caller=Caller(Role.OPERATOR, "agency"))
    roll_up(town.database)
    tell_sharers(town.database, town.clock.now())
    march = date(2023, 3, 1)
    assert refusal(archive_month, town.database, town.clock, "2023-03", tmp_path / "a.zip").code == "archive.behind"
    gather(town.database)
    archive_month(town.database, town.clock, "2023-03", tmp_path / "a.zip")
    assert office.close(march).statements == 1
    assert office.accept(office.statement(march)).due == 100_00
    office.agreed(office.asks(office.statement(march), 100_00))
    with town.database.transaction() as connection:
        (line,) = store.lines(connection, march, TIELING, JINING)
    assert line.msgid == one.msgid
    assert refusal(office.close, date(2023, 2, 1)).code == "clearing.archived"
    assert office.close(march).again


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["211200", "370800", "370600", "110000"]),
            st.sampled_from(["211200", "370800", "310000"]),
            st.integers(-(10**12), 10**12),
        ),
        max_size=30,
    )
)
def test_nets_of_any_positions_add_up_to_zero(pairs: list[tuple[str, str, int]]) -> None:
    found = [Position(JUNE, a, b, {LineKind.OWN: fen}, fen, min(fen, 0), 1, 0, None) for a, b, fen in pairs if a != b]
    for digits in (6, 2):
        assert sum(one.net for one in sheet(found, digits)) == 0


@pytest.mark.parametrize("seed", range(4))
def test_positions_are_the_sum_of_the_settlements_behind_them(office: Office, seed: int) -> None:
    """Forty random events of six people of three regions at two hospitals over three months: visits, relatives who pay, refunds, months
    that are closed in between. What every pair owes is what the settlements' own sums say."""
    import random

    chance, town = random.Random(seed), office.town
    regions = [TIELING, JINING, "370600"]
    people = [
        town.person(f"人{n}", "1960-05-01", "retired", balance=900_00, region=regions[n % 3], household=f"{n}")
        for n in range(6)
    ]
    home = {person: regions[n % 3] for n, person in enumerate(people)}
    shares = {people[n]: people[(n + 1) % 6] for n in range(0, 6, 2)}
    for patient, sharer in shares.items():
        town.share(sharer, patient)
    hospitals = {code: town.institution(code) for code in ("H21120200001", JINING_HOSPITAL)}
    owed: dict[tuple[str, str], int] = defaultdict(int)
    stands, closed = [], 0
    for _ in range(40):
        town.clock.advance(timedelta(hours=chance.randrange(30, 60)))
        if chance.random() < 0.25 and stands:
            one = stands.pop(chance.randrange(len(stands)))
            code = next(code for code, place in hospitals.items() if place.id == one.institution_id)
            _count(owed, office.taken_back(one, code), home, shares, code)
        else:
            patient, code = chance.choice(people), chance.choice(list(hospitals))
            visit, total = town.visit(
                patient, hospitals[code], ("C-A", 1, f"{chance.randrange(5, 90)}.{chance.randrange(10, 99)}")
            )
            one = town.settled(town.settle_visit(patient, hospitals[code], visit, total, chance.choice("12")))
            stands.append(one)
            _count(owed, one, home, shares, code)
        if chance.random() < 0.3:
            gather(town.database)
        month = town.clock.now().date().replace(day=1)
        while closed < month.month - 6:
            office.close(date(2024, 6 + closed, 1))
            closed += 1
    told: dict[tuple[str, str], int] = defaultdict(int)
    sums = []
    for number in range(6, 13):
        found = office.positions(date(2024, number, 1))
        sums += sheet(found)
        for one in found:
            told[one.debtor, one.creditor] += one.amount
    assert {pair: fen for pair, fen in told.items() if fen} == {pair: fen for pair, fen in owed.items() if fen}
    assert sum(one.net for one in sums) == 0


def _count(
    owed: dict[tuple[str, str], int], one: object, home: dict[int, str], shares: dict[int, int], code: str
) -> None:
    """What a settlement, by its own sums, makes regions owe the hospital's."""
    place = TIELING if code.startswith("H2112") else JINING
    for region, fen in (
        (one.region, one.fund_total),  # type: ignore[attr-defined]
        (home[one.person_id], one.own),  # type: ignore[attr-defined]
        (home[shares.get(one.person_id, one.person_id)], one.shared),  # type: ignore[attr-defined]
    ):
        if region != place:
            owed[region, place] += fen
