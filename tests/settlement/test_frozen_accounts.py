"""A daughter's account is frozen and freed: what is paid meanwhile, by whom, and that the database and the books agree."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from threading import Thread

import pytest
import sqlalchemy as sa

from gongji.family import casework, freezes_store
from gongji.family.freezes import Awaited, Ending
from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.foundation.inbox import messages_of
from gongji.ledger.holds import HoldPurpose
from gongji.ledger.service import freeze_accounts
from gongji.oversight import freezes
from gongji.settlement.freeze_checks import frozen_accounts_paid_nothing
from gongji.settlement.holds.model import HoldKey, PlaceHold
from town import Town

ZHOU = Caller(Role.OFFICER, "0210", None, "211200", frozenset({Duty.REVIEWER}))
CHEN = Caller(Role.OFFICER, "0211", None, "211200", frozenset({Duty.SECOND_REVIEWER}))
ELSEWHERE = Caller(Role.OFFICER, "0810", None, "370800", frozenset(Duty))


@pytest.fixture
def pair(town: Town) -> tuple[int, int]:
    """A mother with ¥20.00 and a daughter with ¥500.00 who shares with her, on a Monday."""
    town.clock.set(datetime(2025, 3, 3, 10, 0, tzinfo=CHINA))
    mother = town.person("王秀兰", "1953-03-08", "retired", balance=20_00, gender=2)
    daughter = town.person("李婷", "1980-05-20", "active", balance=500_00, gender=2)
    town.share(daughter, mother)
    return mother, daughter


def lift(town: Town, number: int, reason: str = "checked", caller: Caller = ZHOU) -> None:
    with town.database.transaction() as connection:
        freezes.lift(connection, number, reason=reason, caller=caller, at=town.clock.now())


def agree(town: Town, number: int, *, yes: bool = True, caller: Caller = CHEN) -> None:
    with town.database.transaction() as connection:
        freezes.second_opinion(connection, number, agree=yes, caller=caller, at=town.clock.now())


def bought(town: Town, person: int, price: str = "30.00") -> dict[str, tuple[int, str]]:
    """A purchase with all accounts: what each payer gave, and why."""
    pharmacy = town.institution("P21120200003")
    made = town.settled(town.purchase(person, pharmacy, ("C-A", 1, price), use="2"))
    return {line.payer: (line.amount, line.because) for line in made.explanation.payers}


def findings(town: Town) -> list[str]:
    with town.database.transaction() as connection:
        return [str(one) for one in frozen_accounts_paid_nothing(connection)]


def test_nothing_is_paid_from_it_for_herself_or_her_mother_until_it_is_lifted(
    town: Town, pair: tuple[int, int]
) -> None:
    """¥30.00 each: the mother's own ¥20.00 pay, the daughter's account does not; after the lifting it does again."""
    mother, daughter = pair
    number = town.freeze(daughter)
    told = bought(town, mother)
    assert told["own"] == (20_00, "own.paid")
    assert told["shared"] == (0, "shared.none.frozen")
    assert told["cash"][0] == 10_00
    hers = bought(town, daughter)
    assert hers["own"] == (0, "own.none.frozen")
    assert hers["cash"][0] == 30_00
    assert town.balance(daughter) == 500_00
    town.clock.advance(timedelta(minutes=5))
    assert findings(town) == []
    lift(town, number)
    assert bought(town, mother)["shared"] == (30_00, "shared.paid")
    assert bought(town, daughter)["own"] == (30_00, "own.paid")
    with town.database.transaction() as connection:
        kinds = [one.kind for one in messages_of(connection, daughter, 10)]
    assert kinds[-1] == "money.frozen"
    assert "money.freed" in kinds


def test_what_comes_in_comes_in_and_a_refund_too(town: Town, pair: tuple[int, int]) -> None:
    _, daughter = pair
    pharmacy = town.institution("P21120200003")
    made = town.settled(town.purchase(daughter, pharmacy, ("C-A", 1, "30.00"), use="2"))
    assert town.balance(daughter) == 470_00
    town.freeze(daughter)
    town.settled(town.reversal(made, pharmacy))
    assert town.balance(daughter) == 500_00


def test_nothing_is_set_aside_from_it(town: Town, pair: tuple[int, int]) -> None:
    _, daughter = pair
    town.freeze(daughter)
    now = town.clock.now()
    held = PlaceHold(HoldKey("gift-0001", b"1"), daughter, daughter, 1_00, HoldPurpose.TRANSFER, "", now + timedelta(1))
    (refused,) = town.do(held)
    assert isinstance(refused, GongjiError)
    assert refused.code == "hold.account_frozen"
    assert "暂时冻结" in refused.zh


def test_one_with_a_last_day_ends_by_itself(town: Town, pair: tuple[int, int]) -> None:
    """Frozen through 10 March: on the 10th nothing, on the 11th it pays; nobody has to do anything."""
    _, daughter = pair
    number = town.freeze(daughter, until=date(2025, 3, 10))
    town.clock.set(datetime(2025, 3, 10, 23, 59, tzinfo=CHINA))
    assert bought(town, daughter)["own"] == (0, "own.none.frozen")
    town.clock.set(datetime(2025, 3, 11, 0, 1, tzinfo=CHINA))
    assert bought(town, daughter)["own"] == (30_00, "own.paid")
    with pytest.raises(GongjiError, match="ended"):
        lift(town, number)
    again = town.freeze(daughter)
    with town.database.transaction() as connection:
        newest, first = freezes_store.freezes_of(connection, daughter)
    assert (newest.id, first.ending) == (again, Ending.OVER)
    assert findings(town) == []


def test_one_that_accuses_her_stands_three_working_days_without_a_second_officer(
    town: Town, pair: tuple[int, int]
) -> None:
    _, daughter = pair
    number = town.freeze(daughter, "misuse_check")
    with town.database.transaction() as connection:
        one = freezes_store.find(connection, number)
    assert one is not None
    assert (one.stands_until, one.awaits(date(2025, 3, 3))) == (date(2025, 3, 6), Awaited.FREEZE)
    assert bought(town, daughter)["own"] == (0, "own.none.frozen")
    town.clock.set(datetime(2025, 3, 7, 9, 0, tzinfo=CHINA))
    assert bought(town, daughter)["own"] == (30_00, "own.paid")
    with pytest.raises(GongjiError, match="ended"):
        agree(town, number)


def test_one_officer_does_not_freeze_her_alone_time_after_time(town: Town, pair: tuple[int, int]) -> None:
    """Over without a second officer on 6 March: the same officer may not accuse her again, a colleague may."""
    _, daughter = pair
    town.freeze(daughter, "misuse_check")
    town.clock.set(datetime(2025, 3, 10, 9, 0, tzinfo=CHINA))
    with pytest.raises(GongjiError, match="not_agreed"):
        town.freeze(daughter, "decision", date(2025, 9, 1))
    number = town.freeze(daughter)
    lift(town, number)
    town.clock.set(datetime(2025, 4, 7, 9, 0, tzinfo=CHINA))
    town.freeze(daughter, "misuse_check")


def test_two_officers_freeze_and_two_free(town: Town, pair: tuple[int, int]) -> None:
    _, daughter = pair
    number = town.freeze(daughter, "decision", date(2025, 9, 1))
    with pytest.raises(GongjiError, match="duty"):
        agree(town, number, caller=ZHOU)
    both = Caller(Role.OFFICER, "0210", None, "211200", frozenset(Duty))
    with pytest.raises(GongjiError, match="same_officer"):
        agree(town, number, caller=both)
    agree(town, number)
    with pytest.raises(GongjiError, match="awaits_nobody"):
        agree(town, number)
    town.clock.set(datetime(2025, 4, 7, 10, 0, tzinfo=CHINA))
    assert bought(town, daughter)["own"] == (0, "own.none.frozen")
    lift(town, number, "decision_ended")
    with pytest.raises(GongjiError, match="lift_asked"):
        lift(town, number, "checked")
    assert bought(town, daughter)["own"] == (0, "own.none.frozen"), "asked for, not yet agreed to"
    agree(town, number, yes=False)
    assert bought(town, daughter)["own"] == (0, "own.none.frozen")
    lift(town, number, "decision_ended")
    agree(town, number)
    assert bought(town, daughter)["own"] == (30_00, "own.paid")
    with town.database.transaction() as connection:
        one = freezes_store.find(connection, number)
    assert one is not None
    assert (one.asked_by, one.agreed_by, one.lift_asked_by, one.ended_by) == ("0210", "0211", "0210", "0211")


def test_a_second_officer_who_does_not_agree_frees_it(town: Town, pair: tuple[int, int]) -> None:
    _, daughter = pair
    number = town.freeze(daughter, "misuse_check")
    agree(town, number, yes=False)
    assert bought(town, daughter)["own"] == (30_00, "own.paid")


def test_the_database_itself_wants_two_officers(town: Town, pair: tuple[int, int]) -> None:
    _, daughter = pair
    number = town.freeze(daughter, "misuse_check")
    values = {"id": number, "at": town.clock.now()}
    for statement in (
        "UPDATE account_freeze SET agreed_by = '0210', agreed_at = :at WHERE id = :id",
        "UPDATE account_freeze SET ending = 'lifted', ended_by = '0210', ended_at = :at, lift_asked_by = '0210',"
        " lift_asked_at = :at, lift_reason = 'checked' WHERE id = :id",
    ):
        with pytest.raises(sa.exc.IntegrityError, match="two_officers"), town.database.transaction() as connection:
            connection.execute(sa.text(statement), values)


def test_what_is_refused_changes_nothing(town: Town, pair: tuple[int, int]) -> None:
    mother, daughter = pair
    resident = town.person("赵磊", "1979-01-15", "resident")
    for person, reason, until, code in (
        (daughter, "mood", None, "freeze.reason"),
        (daughter, "decision", None, "freeze.until"),
        (daughter, "holder_asked", date(2025, 3, 3), "freeze.until"),
        (resident, "holder_asked", None, "freeze.no_account"),
    ):
        with pytest.raises(GongjiError, match=code):
            town.freeze(person, reason, until)
    number = town.freeze(daughter)
    with pytest.raises(GongjiError, match="already"):
        town.freeze(daughter)
    with pytest.raises(GongjiError, match="lift_reason"):
        lift(town, number, "mood")
    with pytest.raises(GongjiError, match="unknown"):
        lift(town, number, caller=ELSEWHERE)
    with town.database.transaction() as connection:
        casework.know_officer(connection, "0210", mother, town.clock.now())
    with pytest.raises(GongjiError, match="own"):
        lift(town, number)
    with town.database.transaction() as connection:
        assert [one.id for one in freezes_store.freezes_of(connection, daughter)] == [number]
        assert freezes_store.freezes_of(connection, resident) == []


def test_money_that_leaves_a_frozen_account_is_found(town: Town, pair: tuple[int, int]) -> None:
    """Somebody with the owner's rights takes the mark off the account, and it pays: the proof names the transfer."""
    _, daughter = pair
    town.freeze(daughter)
    with town.database.transaction() as connection:
        freeze_accounts(connection, daughter, None)
    (otherwise, *more) = findings(town)
    assert "frozen otherwise" in otherwise
    assert len(more) == 1, "both halves of the account"
    town.clock.advance(timedelta(minutes=5))
    assert bought(town, daughter)["own"] == (30_00, "own.paid")
    assert "left an account under freeze" in findings(town)[0]
    with town.database.transaction() as connection:
        connection.execute(sa.text("DELETE FROM account_freeze"))  # the books are verified once more after the test


def test_a_freeze_waits_for_a_settlement_under_way_and_none_passes_it(town: Town, pair: tuple[int, int]) -> None:
    """Forty purchases of ¥1.00 while an officer freezes: whatever was paid was paid before; then nothing more is."""
    _, daughter = pair
    pharmacy = town.institution("P21120200003")
    commands = [town.purchase(daughter, pharmacy, ("C-A", 1, "1.00"), use="2") for _ in range(40)]
    paid: list[int] = []
    started = Thread(target=lambda: paid.extend(town.settled(one).own for one in commands))
    started.start()
    town.freeze(daughter)
    after_freeze = town.balance(daughter)
    started.join()
    assert town.balance(daughter) == after_freeze
    assert 500_00 - after_freeze == sum(paid)
    assert sorted(paid, reverse=True) == paid, "once it did not pay, it never paid again"
