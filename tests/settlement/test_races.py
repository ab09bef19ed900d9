"""Races across processes, between the family and the desk, and between posters: real threads, a real PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gongji.family import service as family
from gongji.foundation.clock import SystemClock
from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import bucket_of, compose
from gongji.ledger.model import AccountKind, Journal, JournalKind, Transfer, open_account, personal_account
from gongji.ledger.service import post, register_poster
from gongji.rules.book import RuleBook
from gongji.rules.model import Relation
from gongji.settlement.desk import Desk
from gongji.settlement.model import Settlement, SettlePurchase
from gongji.settlement.proof import prove
from gongji.settlement.watch import verify_recent
from town import JINING, Town

#: Sends one message as a process of its own: waits for a line on standard input, then settles, and prints what came.
SENDER = """
import sys
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Desk
from torture.writer import known_at
from gongji.settlement.model import AccountUse, MessageKey, PricedLine, SettlePurchase
from gongji.rules.model import Scheme
database, clock, person = Database(sys.argv[1]), SystemClock(), int(sys.argv[2])
places, item = known_at(database)
place = places["211200"][0]
desk = Desk(database, RuleBook.shipped(), clock)
line = PricedLine("1", "1", item, item.code, item.code, clock.now(), 10**4, 10**7, 10_00)
key = MessageKey(place.id, "2102", "THE-CODE", b"the same claim".ljust(32, b"."))
command = SettlePurchase(key, place, person, (line,), 10_00, AccountUse.OWN, Scheme.EMPLOYEE, "41", "02", clock.now())
print("ready", flush=True)
sys.stdin.readline()
print(desk.submit(command).result().id, flush=True)
desk.close()
"""


@pytest.fixture
def desk(town: Town) -> Iterator[Desk]:
    """A desk with two clerks, on the machine's clock."""
    made = Desk(town.database, RuleBook.shipped(), SystemClock(), desks=2)
    yield made
    made.close()


def test_one_claim_code_from_four_processes_settles_once(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=600_00)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])}
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", SENDER, town.database.url, str(son)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for _ in range(4)
    ]
    for sender in senders:
        assert sender.stdout is not None
        assert sender.stdout.readline() == "ready\n"
    for sender in senders:
        assert sender.stdin is not None
        sender.stdin.write("now\n")
        sender.stdin.flush()
    told = [sender.communicate(timeout=60)[0].strip() for sender in senders]
    assert len(set(told)) == 1
    assert int(told[0]) > 0
    assert town.balance(son) == 590_00


def test_bind_unbind_and_settle_race_and_money_moves_only_under_what_is_in_force(town: Town, desk: Desk) -> None:
    """The daughter gives leave and takes it back, over and over, while her father buys; the town's own verification
    asks afterwards of every shared fen whether an authorisation was in force at that moment."""
    father = town.person("孔祥", "1954-04-04", "retired", balance=0, region=JINING, household="孔")
    daughter = town.person("孔丽", "1982-05-05", "active", balance=50_000_00, region=JINING, household="孔")
    clock, place = SystemClock(), town.institution("H37080000001")
    over = threading.Event()
    refused: set[str] = set()

    def bind_and_unbind() -> int:
        rounds = 0
        while not over.is_set():
            with town.database.transaction() as connection:
                made = family.bind(
                    connection,
                    RuleBook.shipped(),
                    sharer_id=daughter,
                    user_id=father,
                    relation=Relation.PARENT,
                    commitment=True,
                    actor="citizen",
                    at=clock.now(),
                    serials=town.database.serials,
                )
            try:
                with town.database.transaction() as connection:
                    family.unbind(connection, made.id, person_id=daughter, actor="citizen", at=clock.now())
            except GongjiError as refusal:
                refused.add(refusal.code)
            rounds += 1
        return rounds

    def buy(number: int) -> Settlement:
        command = town.purchase(father, place, ("C-A", 1, "1.00"), use="2", msgid=f"RACE-{number}")
        assert isinstance(command, SettlePurchase)
        return desk.submit(command).result(timeout=60)

    with ThreadPoolExecutor(9) as pool:
        binding = pool.submit(bind_and_unbind)
        paid = list(pool.map(buy, range(300)))
        over.set()
        assert binding.result() > 3
    shared = [one.shared for one in paid]
    assert set(shared) <= {0, 1_00}
    assert 0 < sum(shared) < 300_00
    assert refused <= {"authorisation.already_open", "authorisation.already_bound"}
    assert town.balance(daughter) == 50_000_00 - sum(shared)


def test_the_chain_holds_with_a_poster_that_commits_late(town: Town) -> None:
    """A poster's block waits uncommitted while others commit later ones, and everything is verified in between: what
    comes late is new to whoever verifies what is new, and the whole proof holds before and after."""
    son = town.person("李建国", "1980-03-01", "active", balance=600_00)
    pharmacy = town.institution("P21120200003")
    at = town.clock.now()
    bucket = bucket_of(son)
    (serial,) = town.database.serials.take(1)
    leg = Transfer(
        open_account(AccountKind.INCOME, 211200, bucket), personal_account(AccountKind.PERSONAL_HISTORICAL, son), 1_00
    )
    late = Journal(compose(serial, bucket), JournalKind.OPENING, None, at, (leg,))
    with town.database.transaction() as connection:
        slow = register_poster(connection, town.database.serials, at)
    with town.database.engine.connect() as waiting, waiting.begin():
        post(waiting, slow, [late])
        other = town.person("李建军", "1982-03-01", "active", balance=600_00, household="另一家")
        for _ in range(5):
            town.settled(town.purchase(other, pharmacy, ("C-A", 1, "1.00")))
        seen = verify_recent(town.database, town.clock)
        assert seen is not None
        assert (seen.blocks, seen.findings) == (7, [])
        assert prove(town.database, town.clock).findings == []
    after = verify_recent(town.database, town.clock)
    assert after is not None
    assert (after.blocks, after.findings) == (1, [])
    assert prove(town.database, town.clock).findings == []
    assert town.balance(son) == 601_00


def test_sixteen_posters_at_once_leave_sixteen_whole_chains(town: Town) -> None:
    people = [town.person(f"李{n}", "1980-03-01", "active", balance=100_00, household=f"家{n}") for n in range(16)]
    pharmacy = town.institution("P21120200003")
    desks = [Desk(town.database, RuleBook.shipped(), town.clock, desks=4) for _ in range(4)]
    commands = [town.purchase(people[n % 16], pharmacy, ("C-A", 1, "1.00")) for n in range(320)]
    with ThreadPoolExecutor(32) as pool:
        waiting = [pool.submit(lambda n=n: desks[n % 4].submit(commands[n]).result(timeout=60)) for n in range(320)]
        assert sum(one.result().own for one in waiting) == 320_00
    for one in desks:
        one.close()
    proof = prove(town.database, town.clock)
    assert proof.findings == []
