"""Holds at the desk, on a real PostgreSQL: an inpatient deposit from the family's accounts, a premium, and races."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gongji.accrual.year_end import turn_year
from gongji.family.service import unbind
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import bucket_of
from gongji.ledger.holds import HoldPurpose, HoldReceipt, HoldState, StepKind
from gongji.ledger.model import AccountKind, open_account, personal_account
from gongji.ledger.service import balances_of
from gongji.rules.book import RuleBook
from gongji.settlement.desk import Desk
from gongji.settlement.holds.expiry import ExpiryLoop, ExpiryReport, expire_holds
from gongji.settlement.holds.model import CaptureHold, HoldKey, PlaceHold, ReleaseHold
from gongji.settlement.holds.queries import find_hold, open_holds_of
from gongji.settlement.model import Settlement
from gongji.settlement.verify import verify_everything
from tampering import as_superuser
from town import JINING, Town

WARD = open_account(AccountKind.PAYABLE_INSTITUTION, 1, 0)


@pytest.fixture
def desk(town: Town) -> Iterator[Desk]:
    """A desk with two clerks."""
    made = Desk(town.database, RuleBook.shipped(), town.clock, desks=2)
    yield made
    made.close()


def key(text: str, content: str = "") -> HoldKey:
    """A key; the same content has the same digest."""
    return HoldKey(text, (content or text).encode().ljust(32, b"."))


def deposit(town: Town, payer: int, amount: int, name: str = "deposit", **more: Any) -> PlaceHold:
    """A deposit for thirty days."""
    values = {
        "key": key(name),
        "person_id": payer,
        "payer_id": payer,
        "amount": amount,
        "purpose": HoldPurpose.DEPOSIT,
        "reference": "住院20240612001",
        "expires_at": town.clock.now() + timedelta(days=30),
    }
    return PlaceHold(**(values | more))


def standing(town: Town, person: int) -> dict[str, int]:
    """A person's balances in fen, those of zero left out."""
    with town.database.transaction() as connection:
        found = balances_of(connection, person)
    return {kind.name.removeprefix("PERSONAL_").lower(): fen for kind, fen in found.items() if fen}


def usage(town: Town, authorisation_id: int) -> dict[str, int]:
    """What counts as used under an authorisation, by period."""
    with town.database.transaction() as connection:
        rows = connection.execute(
            sa.text("SELECT period, used FROM authorisation_usage WHERE authorisation_id = :id"),
            {"id": authorisation_id},
        )
        return {row.period: row.used for row in rows}


def receipt(outcome: Any) -> HoldReceipt:
    """The receipt of a step that went through."""
    assert isinstance(outcome, HoldReceipt), outcome
    return outcome


def test_an_inpatient_deposit_is_held_taken_and_the_rest_given_back(town: Town) -> None:
    """¥500.00 of ¥300.00 current and ¥400.00 saved; the ward takes ¥350.00; ¥150.00 are savings again."""
    son = town.person("李建国", "1980-03-01", "active", balance=300_00, historical=400_00)
    placed = receipt(town.do(deposit(town, son, 500_00))[0])
    assert standing(town, son) == {"historical": 200_00, "held": 500_00}
    town.clock.advance(timedelta(days=3))
    taken = receipt(town.do(CaptureHold(key("discharge"), son, placed.hold_id, 350_00, WARD, True))[0])
    assert (taken.captured, taken.released, taken.remaining) == (350_00, 150_00, 0)
    assert standing(town, son) == {"historical": 350_00}
    with town.database.transaction() as connection:
        found = find_hold(connection, placed.hold_id)
        assert found is not None
        assert (found.state, found.captured, found.released) == (HoldState.CAPTURED, 350_00, 150_00)
        assert open_holds_of(connection, son) == []


def test_held_money_is_not_there_for_a_purchase(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    outcomes = town.do(deposit(town, son, 80_00), town.purchase(son, pharmacy, ("C-A", 1, "50.00")))
    assert (outcomes[1].own, outcomes[1].cash) == (20_00, 30_00)
    assert standing(town, son) == {"held": 80_00}


def test_the_same_command_gives_the_same_receipt_another_under_its_key_is_refused(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    first, again = town.do(deposit(town, son, 80_00), deposit(town, son, 80_00))
    assert first == again
    (later,) = town.do(deposit(town, son, 80_00))
    assert later == first
    (other,) = town.do(deposit(town, son, 10_00, key=key("deposit", "other")))
    assert other.code == "key.other_content"
    release = ReleaseHold(key("release"), son, first.hold_id)
    assert receipt(town.do(release)[0]) == receipt(town.do(release)[0])
    assert standing(town, son) == {"current": 100_00}


def test_a_refused_hold_leaves_its_neighbours_alone(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    refused, bought = town.do(deposit(town, son, 100_01), town.purchase(son, pharmacy, ("C-A", 1, "50.00")))
    assert refused.code == "hold.not_enough"
    assert refused.details == {"amount": 100_01, "available": 100_00}
    assert isinstance(bought, Settlement)
    assert standing(town, son) == {"current": 50_00}


def family_of_jining(town: Town, **more: Any) -> tuple[int, int, int]:
    """A mother, her son with ¥1,000.00, and his authorisation, deposits included."""
    mother = town.person("孔母", "1955-08-13", "retired", balance=0, region=JINING)
    son = town.person("孔明", "1980-03-01", "active", balance=1_000_00, region=JINING, household="另一家")
    purposes = ["care", "pharmacy", "inpatient", "deposit", "resident_premium"]
    shared = town.share(son, mother, region=JINING, purposes=purposes, exclusive=True, **more)
    return mother, son, shared


def test_a_sons_hold_for_his_mother_counts_against_his_limit(town: Town) -> None:
    """Of ¥600.00 a month ¥500.00 are held: a purchase of ¥200.00 gets ¥100.00; after a release there is room again."""
    mother, son, shared = family_of_jining(town, limit_month=600_00)
    hold = deposit(town, son, 500_00, person_id=mother, authorisation_id=shared)
    placed = receipt(town.do(hold)[0])
    assert usage(town, shared) == {"total": 500_00, "2024-06": 500_00}
    pharmacy = town.institution("P21120200003")
    bought = town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "200.00"), use="2"))
    assert bought.shared == 100_00
    receipt(town.do(ReleaseHold(key("some"), mother, placed.hold_id, 200_00))[0])
    assert usage(town, shared) == {"total": 400_00, "2024-06": 400_00}
    assert town.settled(town.purchase(mother, pharmacy, ("C-A", 1, "250.00"), use="2")).shared == 200_00
    assert standing(town, son) == {"current": 400_00, "held": 300_00}


def test_what_was_held_under_an_authorisation_is_taken_after_it_ended_and_comes_back_to_the_son(town: Town) -> None:
    mother, son, shared = family_of_jining(town)
    placed = receipt(town.do(deposit(town, son, 500_00, person_id=mother, authorisation_id=shared))[0])
    town.clock.advance(timedelta(days=1))
    with town.database.transaction() as connection:
        unbind(connection, shared, person_id=son, actor="citizen", at=town.clock.now())
    town.clock.advance(timedelta(days=1))
    refused, taken = town.do(
        deposit(town, son, 1_00, "new", person_id=mother, authorisation_id=shared),
        CaptureHold(key("discharge"), mother, placed.hold_id, 450_00, WARD, True),
    )
    assert refused.code == "hold.payer"
    assert receipt(taken).released == 50_00
    assert standing(town, son) == {"current": 550_00}
    assert usage(town, shared) == {"total": 450_00, "2024-06": 450_00}


def test_a_transfer_that_the_receiver_accepts_goes_to_their_account(town: Town) -> None:
    mother = town.person("王秀兰", "1955-08-13", "retired", balance=5_00)
    son = town.person("李建国", "1980-03-01", "active", balance=100_00, household="另一家")
    placed = receipt(town.do(deposit(town, son, 60_00, purpose=HoldPurpose.TRANSFER))[0])
    savings = personal_account(AccountKind.PERSONAL_HISTORICAL, mother)
    receipt(town.do(CaptureHold(key("accept"), son, placed.hold_id, 60_00, savings))[0])
    assert (standing(town, son), standing(town, mother)) == ({"current": 40_00}, {"current": 5_00, "historical": 60_00})


def test_a_hold_whose_time_is_over_goes_back_by_itself(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=300_00, historical=400_00)
    short, long = (
        receipt(town.do(deposit(town, son, 300_00, f"d{days}", expires_at=town.clock.now() + timedelta(days=days)))[0])
        for days in (1, 5)
    )
    receipt(town.do(CaptureHold(key("part"), son, short.hold_id, 100_00, WARD))[0])
    assert expire_holds(town.database, town.clock) == ExpiryReport(0, 0, 0)
    town.clock.advance(timedelta(days=1))
    assert expire_holds(town.database, town.clock, dry_run=True) == ExpiryReport(1, 200_00, 0)
    (refused,) = town.do(CaptureHold(key("late"), son, short.hold_id, 1_00, WARD))
    assert refused.code == "hold.expired"
    assert expire_holds(town.database, town.clock) == ExpiryReport(1, 200_00, 0)
    assert expire_holds(town.database, town.clock) == ExpiryReport(0, 0, 0)
    assert standing(town, son) == {"current": 200_00, "historical": 100_00, "held": 300_00}
    with town.database.transaction() as connection:
        found = find_hold(connection, short.hold_id)
        assert found is not None
        assert found.state is HoldState.EXPIRED
        assert [one.id for one in open_holds_of(connection, son)] == [long.hold_id]


def test_many_due_holds_go_back_in_batches_with_the_use_of_their_authorisation(town: Town) -> None:
    mother, son, shared = family_of_jining(town)
    commands = [
        deposit(town, son, 10_00, f"d{n}", person_id=mother, authorisation_id=shared) if n % 2 else deposit(town, son, 10_00, f"d{n}")
        for n in range(12)
    ]  # fmt: skip
    assert all(isinstance(one, HoldReceipt) for one in town.do(*commands))
    assert usage(town, shared)["total"] == 60_00
    town.clock.advance(timedelta(days=31))
    told: list[int] = []
    assert expire_holds(town.database, town.clock, batch=5, progress=told.append) == ExpiryReport(12, 120_00, 0)
    assert told[-1] == 12
    assert standing(town, son) == {"current": 1_000_00}
    assert usage(town, shared) == {"total": 0, "2024-06": 0}


def test_the_expiry_leaves_what_somebody_has_in_hand(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=300_00)
    receipt(town.do(deposit(town, son, 100_00))[0])
    town.clock.advance(timedelta(days=31))
    with town.database.transaction() as connection:
        held = personal_account(AccountKind.PERSONAL_HELD, son)
        lock = sa.text("SELECT id FROM account WHERE bucket = :bucket AND id = :id FOR UPDATE")
        connection.execute(lock, {"bucket": bucket_of(held), "id": held})
        assert expire_holds(town.database, town.clock) == ExpiryReport(0, 0, 1)
    assert expire_holds(town.database, town.clock).holds == 1
    assert standing(town, son) == {"current": 300_00}


def test_a_server_gives_back_by_itself(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=300_00)
    receipt(town.do(deposit(town, son, 100_00))[0])
    town.clock.advance(timedelta(days=31))
    loop = ExpiryLoop(town.database, town.clock, every_seconds=0.01)
    waited = threading.Event()
    for _ in range(1_000):
        if standing(town, son) == {"current": 300_00}:
            break
        waited.wait(0.02)
    loop.close()
    assert standing(town, son) == {"current": 300_00}


def test_capture_release_and_expiry_of_one_hold_race_and_one_of_them_wins(town: Town, desk: Desk) -> None:
    """Twenty holds of ¥10.00: for each a capture and a release race, while the clock passes their end and they expire."""
    son = town.person("李建国", "1980-03-01", "active", balance=200_00)
    holds = [receipt(desk.hold(deposit(town, son, 10_00, f"d{n}")).result(60)) for n in range(20)]
    soon = town.clock.now() + timedelta(days=30)
    started = threading.Barrier(4)

    def attempt(step: StepKind) -> list[Any]:
        started.wait(10)
        outcomes = []
        for hold in holds:
            name = key(f"{step}{hold.hold_id}")
            command = (
                ReleaseHold(name, son, hold.hold_id)
                if step is StepKind.RELEASE
                else CaptureHold(name, son, hold.hold_id, 10_00, WARD)
            )
            future = desk.hold(command)
            outcomes.append(future.exception(60) or future.result())
        return outcomes

    def expiring() -> int:
        started.wait(10)
        town.clock.set(soon)
        return sum(expire_holds(town.database, town.clock, batch=3).holds for _ in range(10))

    with ThreadPoolExecutor(3) as pool:
        captures, releases = pool.submit(attempt, StepKind.CAPTURE), pool.submit(attempt, StepKind.RELEASE)
        expiry = pool.submit(expiring)
        started.wait(10)
        taken = [one for one in captures.result(120) if isinstance(one, HoldReceipt)]
        given = [one for one in releases.result(120) if isinstance(one, HoldReceipt)]
        expired = expiry.result(120)
    expired += expire_holds(town.database, town.clock).holds
    lost = [one for one in (*captures.result(), *releases.result()) if isinstance(one, GongjiError)]
    assert len(taken) + len(given) + expired == 20
    assert {one.code for one in lost} <= {"hold.ended", "hold.expired"}
    assert standing(town, son).get("current", 0) == 200_00 - 10_00 * len(taken)


def test_sixteen_clients_take_from_one_hold_no_more_than_it_holds(town: Town, desk: Desk) -> None:
    """¥100.00 held, forty captures of ¥10.00: ten go through."""
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    hold = receipt(desk.hold(deposit(town, son, 100_00)).result(60))

    def take(number: int) -> Any:
        future = desk.hold(CaptureHold(key(f"c{number}"), son, hold.hold_id, 10_00, WARD))
        return future.exception(60) or future.result()

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(take, range(40)))
    assert sum(isinstance(one, HoldReceipt) for one in outcomes) == 10
    assert {one.code for one in outcomes if isinstance(one, GongjiError)} == {"hold.ended"}
    assert standing(town, son) == {}


def test_holds_and_purchases_of_one_family_race_for_the_last_fen(town: Town, desk: Desk) -> None:
    """¥100.00, forty purchases of ¥3.00 and forty holds of ¥3.00 at once: what is paid and held is ¥100.00 at most,
    and the purchases take the rest in cash."""
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    pharmacy = town.institution("P21120200003")
    bought = [town.purchase(son, pharmacy, ("C-A", 1, "3.00")) for _ in range(40)]

    def attempt(number: int) -> Any:
        future: Any = desk.submit(bought[number]) if number < 40 else desk.hold(deposit(town, son, 3_00, f"d{number}"))
        return future.exception(60) or future.result()

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(attempt, [n // 2 + n % 2 * 40 for n in range(80)]))
    paid = sum(one.own for one in outcomes if isinstance(one, Settlement))
    held = sum(one.remaining for one in outcomes if isinstance(one, HoldReceipt))
    assert paid + held + standing(town, son).get("current", 0) == 100_00
    assert standing(town, son).get("held", 0) == held


def test_the_database_keeps_a_holds_story(town: Town) -> None:
    """What was taken stays taken, steps are history, and more than the amount is never moved, whoever asks."""
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    placed = receipt(town.do(deposit(town, son, 80_00))[0])
    receipt(town.do(CaptureHold(key("c"), son, placed.hold_id, 50_00, WARD))[0])
    for wrong in (
        "UPDATE hold SET captured = 0",
        "UPDATE hold SET amount = 90000",
        "UPDATE hold SET captured = 9000",
        "UPDATE hold SET state = 'released'",
        "DELETE FROM hold",
        "TRUNCATE hold CASCADE",
        "UPDATE hold_step SET captured = 1",
    ):
        with town.database.engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
            connection.execute(sa.text(wrong))
    assert standing(town, son) == {"current": 20_00, "held": 30_00}


def test_a_hold_over_the_turn_of_the_year_comes_back_as_savings(town: Town) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=300_00)
    town.clock.set(datetime(2024, 12, 20, tzinfo=CHINA))
    placed = receipt(town.do(deposit(town, son, 200_00))[0])
    town.clock.set(datetime(2025, 1, 1, tzinfo=CHINA))
    turn_year(town.database, town.clock, "211200", 2024, caller=Caller(Role.OPERATOR, "agency"))
    assert standing(town, son) == {"historical": 100_00, "held": 200_00}
    receipt(town.do(ReleaseHold(key("r"), son, placed.hold_id, 50_00))[0])
    town.clock.set(datetime(2025, 1, 25, tzinfo=CHINA))
    assert expire_holds(town.database, town.clock).amount == 150_00
    assert standing(town, son) == {"historical": 300_00}


@pytest.mark.parametrize(
    ("tampered", "restored", "found"),
    [
        ("UPDATE hold SET captured = 1000", "UPDATE hold SET captured = 5000", "is not the sum of its steps"),
        ("UPDATE hold SET captured = 1000", "UPDATE hold SET captured = 5000", "its open holds have 70.00 left"),
        (
            "UPDATE hold_step SET captured = 6000 WHERE kind = 'capture'",
            "UPDATE hold_step SET captured = 5000 WHERE kind = 'capture'",
            "and its transfers differ",
        ),
        (
            "UPDATE hold SET person_id = person_id + 1024",
            "UPDATE hold SET person_id = person_id - 1024",
            "was not authorised when it was made",
        ),
    ],
)
def test_the_proof_finds_a_hold_that_was_tampered_with(town: Town, tampered: str, restored: str, found: str) -> None:
    son = town.person("李建国", "1980-03-01", "active", balance=100_00)
    placed = receipt(town.do(deposit(town, son, 80_00))[0])
    receipt(town.do(CaptureHold(key("c"), son, placed.hold_id, 50_00, WARD))[0])
    as_superuser(town.database.url, tampered)
    with town.database.engine.connect() as connection:
        told = [str(finding) for finding in verify_everything(connection)]
    assert any(found in one for one in told), told
    as_superuser(town.database.url, restored)
