"""A son in Jining sends his mother in Tieling money: set aside with him, hers once she accepts, his again when she does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from wallet_home import Home, caller_of, refusal

from gongji.foundation.clock import CHINA
from gongji.foundation.distribution import see_whole
from gongji.foundation.errors import GongjiError
from gongji.foundation.following import Followed
from gongji.ledger.model import AccountKind, clearing_holder, personal_account
from gongji.ledger.service import statement
from gongji.registry.service import record_death
from gongji.rules.model import Relation
from gongji.settlement.holds.expiry import expire_holds
from gongji.wallet import answering, decide, service, store
from gongji.wallet.following import follow_transfers
from gongji.wallet.model import Source, TransferState
from gongji.wallet.verify import CHECKS
from town import JINING, TIELING


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of June 2025."""
    return datetime(2025, 6, day, hour, minute, tzinfo=CHINA)


def test_what_she_accepts_is_hers(home: Home) -> None:
    """¥2,000.00 of ¥9,000.00: held with the son until the mother accepts, then in her wallet, by way of the clearing
    between Jining and Tieling, each leg with its own account."""
    sent = home.send(2_000_00)
    assert (sent.state, sent.relation, sent.stated, sent.nth) == (TransferState.PENDING, Relation.PARENT, False, 1)
    assert sent.deadline == at(12, 6)
    assert home.purse(home.son) == {"current": 6_000_00, "historical": 1_000_00, "held": 2_000_00}
    accepted = home.accept(sent)
    assert (accepted.state, accepted.ended_at) == (TransferState.ACCEPTED, at(11, 10, 30))
    assert home.purse(home.son) == {"current": 6_000_00, "historical": 1_000_00}
    assert home.purse(home.mother) == {"wallet": 2_000_00}
    with home.town.database.transaction() as connection:
        (line,) = statement(connection, personal_account(AccountKind.WALLET, home.mother))
    assert (line.amount, line.balance) == (2_000_00, 2_000_00)
    assert line.counter_account >> 18 == clearing_holder(JINING, TIELING)


def test_the_same_again_moves_nothing(home: Home) -> None:
    """A repeated key gives the same transfer, another amount under it a refusal; accepting twice is accepting once."""
    sent = home.send(500_00, key="the-one-key")
    assert home.send(500_00, key="the-one-key") == sent
    assert refusal(home.send, 600_00, key="the-one-key").code == "key.other_content"
    assert home.accept(sent) == home.accept(sent)
    assert home.send(500_00, key="the-one-key").state is TransferState.ACCEPTED
    assert home.purse(home.mother) == {"wallet": 500_00}
    assert refusal(home.decline, sent).code == "wallet.accepted"


def test_what_she_declines_goes_back_to_the_accounts_it_came_from(home: Home) -> None:
    """¥2,000.00 twice leave ¥4,000.00 of this year's money; she declines the second."""
    home.accept(home.send(2_000_00))
    second = home.send(2_000_00)
    declined = home.decline(second)
    assert declined.state is TransferState.DECLINED
    assert home.decline(second) == declined
    assert home.purse(home.son) == {"current": 6_000_00, "historical": 1_000_00}
    assert refusal(home.accept, second).code == "wallet.declined"


def test_what_she_does_not_accept_is_back_at_six(home: Home) -> None:
    """A minute before six it still waits; from six on it is his again, though nobody has come by yet."""
    sent = home.send(300_00)
    home.town.clock.set(at(12, 5, 59))
    assert follow_transfers(home.wallets) == Followed(0, 0)
    home.town.clock.set(at(12, 6))
    problem = refusal(home.accept, sent)
    assert problem.code == "wallet.returned"
    assert "6月12日 06:00" in problem.zh
    assert home.purse(home.son) == {"current": 8_000_00, "historical": 1_000_00}
    assert home.now(sent).state is TransferState.RETURNED


def test_the_rounds_bring_it_back_by_themselves(home: Home) -> None:
    """The loop over holds gives the money back, the round over transfers tells the transfer."""
    sent = home.send(300_00)
    home.town.clock.set(at(12, 6))
    assert expire_holds(home.town.database, home.town.clock).amount == 300_00
    assert home.now(sent).state is TransferState.PENDING
    assert follow_transfers(home.wallets) == Followed(1, 0)
    assert (home.now(sent).state, home.now(sent).ended_at) == (TransferState.RETURNED, at(12, 6))
    assert follow_transfers(home.wallets) == Followed(0, 0)


def test_one_that_waits_blocks_the_next_to_her_and_to_nobody_else(home: Home) -> None:
    """¥100.00 wait: the next to the mother is told when it clears; one to the father goes."""
    home.send(100_00)
    problem = refusal(home.send, 100_00)
    assert problem.code == "wallet.pending"
    assert problem.details["clears_at"] == at(12, 6).isoformat()
    assert "100.00" in problem.zh
    father = home.town.person("张守田", "1953-02-02", "retired", balance=0, region=JINING)
    home.parent(father, home.son)
    home.open(father, JINING)
    assert home.send(100_00, receiver_id=father).state is TransferState.PENDING
    # What is over stands in nobody's way, even before the rounds have come by.
    home.town.clock.set(at(12, 6, 0))
    assert home.send(200_00).state is TransferState.PENDING


def test_the_limits_of_the_day(home: Home) -> None:
    """¥2,000.01 is too much for one; three a day, whatever became of them; the fourth from six o'clock tomorrow."""
    assert refusal(home.send, 2_000_01).details == {"most_fen": 2_000_00}
    assert refusal(home.send, 0).code == "wallet.amount"
    home.accept(home.send(2_000_00))
    home.decline(home.send(10_00))
    home.accept(home.send(20_00))
    problem = refusal(home.send, 30_00)
    assert (problem.code, problem.details["clears_at"]) == ("wallet.day_is_full", at(12, 6).isoformat())
    home.town.clock.set(at(12, 6))
    assert home.send(30_00).nth == 1


@pytest.mark.parametrize(
    ("now", "reopens"),
    [(at(11, 22), at(12, 6)), (at(11, 23, 59), at(12, 6)), (at(12, 0), at(12, 6)), (at(12, 5, 59), at(12, 6))],
)
def test_nothing_is_sent_at_night(home: Home, now: datetime, reopens: datetime) -> None:
    home.town.clock.set(now)
    problem = refusal(home.send, 100_00)
    assert (problem.code, problem.details["clears_at"]) == ("wallet.closed", reopens.isoformat())
    assert home.purse(home.son) == {"current": 8_000_00, "historical": 1_000_00}


def test_a_minute_before_ten_is_day(home: Home) -> None:
    home.town.clock.set(at(11, 21, 59))
    assert home.send(100_00).deadline == at(12, 6)


def test_accepting_is_possible_at_night(home: Home) -> None:
    sent = home.send(100_00)
    home.town.clock.set(at(12, 2))
    assert home.accept(sent).state is TransferState.ACCEPTED


def test_only_near_relatives_and_of_strangers_nothing_is_told(home: Home) -> None:
    """A stranger's wallet, opened or not, gives the same refusal; what the sender states and confirms is kept as stated."""
    stranger = home.town.person("王芳", "1985-05-05", "active", balance=0, region=JINING)
    assert refusal(home.send, 50_00, receiver_id=stranger).code == "wallet.not_a_relative"
    home.open(stranger, JINING)
    assert refusal(home.send, 50_00, receiver_id=stranger).code == "wallet.not_a_relative"
    assert (
        refusal(home.send, 50_00, receiver_id=stranger, stated=Relation.PARENT_IN_LAW).code == "wallet.not_a_relative"
    )
    sent = home.send(50_00, receiver_id=stranger, stated=Relation.SIBLING)
    assert (sent.relation, sent.stated) == (Relation.SIBLING, True)
    assert refusal(home.send, 50_00, receiver_id=home.son).code == "wallet.same_person"


def test_both_open_it_in_places_that_have_it(home: Home) -> None:
    """Who has not opened one, lives where it is not open, or is not insured, is told so before any money moves."""
    sister = home.town.person("张燕", "1983-01-01", "active", balance=500_00, region=JINING)
    home.parent(home.mother, sister)
    assert refusal(home.send, 50_00, sender_id=sister).code == "wallet.not_opened"
    assert refusal(home.send, 50_00, receiver_id=sister).code == "wallet.receiver_not_opened"
    uncle = home.town.person("李强", "1958-01-01", "retired", balance=0, region="210300")
    assert refusal(home.open, uncle, "210300").code == "wallet.place_closed"
    assert refusal(home.open, sister, "210300").code == "wallet.area_closed"
    assert refusal(home.open, sister, "济宁").code == "wallet.area"
    closed = replace(home.wallets, opened=frozenset())
    problem = refusal(
        service.send,
        closed,
        sender_id=home.son,
        receiver_id=home.mother,
        amount=50_00,
        key="to-a-closed-place",
        caller=caller_of(home.son),
    )
    assert problem.code == "wallet.receiver_place_closed"


def test_not_enough_and_a_death_in_between(home: Home) -> None:
    """More than there is is refused; what was sent to somebody who died cannot be sent again, and goes back at six."""
    daughter = home.town.person("张敏", "1990-01-01", "active", balance=80_00, region=JINING)
    home.parent(home.mother, daughter)
    home.open(daughter, JINING)
    problem = refusal(home.send, 80_01, sender_id=daughter)
    assert (problem.code, problem.accepted) == ("wallet.not_enough", "at most 8000 fen")
    with home.town.database.transaction() as connection:
        record_death(connection, home.mother, date(2025, 6, 11))
    assert refusal(home.send, 80_00, sender_id=daughter).code == "wallet.receiver_ended"


def test_from_wallet_to_wallet(home: Home) -> None:
    """The mother, a resident without an account, sends ¥300.00 of the ¥1,000.00 in her wallet on, and back comes the rest
    to her wallet when it is declined."""
    home.accept(home.send(1_000_00))
    problem = refusal(home.send, 300_00, sender_id=home.mother, receiver_id=home.son)
    assert (problem.code, problem.accepted) == ("wallet.not_enough", "at most 0 fen")
    back = home.send(300_00, sender_id=home.mother, receiver_id=home.son, source=Source.WALLET)
    assert (back.relation, home.purse(home.mother)) == (Relation.CHILD, {"wallet": 700_00, "held": 300_00})
    home.accept(back)
    assert home.purse(home.son) == {"current": 7_000_00, "historical": 1_000_00, "wallet": 300_00}
    again = home.send(200_00, sender_id=home.mother, receiver_id=home.son, source=Source.WALLET)
    home.decline(again)
    assert home.purse(home.mother) == {"wallet": 700_00}


def test_a_transfer_is_for_its_two_people(home: Home) -> None:
    sent = home.send(100_00)
    stranger = home.town.person("王芳", "1985-05-05", "active", balance=0, region=JINING)
    for act in (answering.accept, answering.decline):
        problem = refusal(act, home.wallets, sent.id, receiver_id=stranger, caller=caller_of(stranger))
        assert problem.code == "wallet.transfer_unknown"
    assert refusal(answering.accept, home.wallets, sent.id, receiver_id=home.son, caller=caller_of(home.son)).code == (
        "wallet.transfer_unknown"
    )
    with home.town.database.transaction() as connection:
        assert service.transfer_of(connection, sent.id, home.mother) == sent
        assert store.transfers_of(connection, home.mother, 10) == [sent]
        assert refusal(service.transfer_of, connection, sent.id, stranger).code == "wallet.transfer_unknown"


def test_the_second_regime_takes_no_transfers(home: Home) -> None:
    """From the day that an installation names, relatives set quotas: what was sent before is still accepted."""
    sent = home.send(100_00)
    later = replace(home.wallets, quota_from=date(2025, 6, 11))
    home.wallets = later
    problem = refusal(home.send, 100_00, key="after-the-switch")
    assert (problem.code, problem.details) == ("wallet.quotas_instead", {"since": "2025-06-11"})
    assert home.accept(sent).state is TransferState.ACCEPTED


def test_five_thousand_in_three_parts(home: Home) -> None:
    """¥5,000.00 = 2,000 + 2,000 + 1,000: the first now, each next once the one before is answered; with one place of the
    day left, the rest from six o'clock tomorrow."""
    with home.town.database.transaction() as connection:
        facts, _ = service.wallet_conditions(connection, home.wallets, home.son, home.mother)
    parts = decide.plan(facts, 5_000_00)
    assert [(one.amount, one.earliest, one.after_answer) for one in parts] == [
        (2_000_00, at(11, 10, 30), False),
        (2_000_00, at(11, 10, 30), True),
        (1_000_00, at(11, 10, 30), True),
    ]
    two_sent = replace(facts, sent_today=frozenset({1, 2}))
    assert [(one.amount, one.earliest) for one in decide.plan(two_sent, 5_000_00)] == [
        (2_000_00, at(11, 10, 30)),
        (2_000_00, at(12, 6)),
        (1_000_00, at(12, 6)),
    ]
    at_night = replace(facts, at=at(11, 23))
    assert [one.earliest for one in decide.plan(at_night, 8_000_00)] == [at(12, 6)] * 3 + [at(13, 6)]
    early = replace(facts, at=at(11, 5))
    assert [one.earliest for one in decide.plan(early, 2_500_00)] == [at(11, 6)] * 2


def test_the_conditions_before_an_amount(home: Home) -> None:
    """All ten hold; at night with one waiting, two do not, each with the moment that clears it."""
    home.send(100_00)
    home.town.clock.set(at(11, 22))
    with home.town.database.transaction() as connection:
        _, listed = service.wallet_conditions(connection, home.wallets, home.son, home.mother)
    assert [one.name for one in listed] == [*decide.SENDER_CONDITIONS, *decide.RECEIVER_CONDITIONS]
    broken = {one.name: one.refusal.details["clears_at"] for one in listed if one.refusal is not None}
    assert broken == {"hours": at(12, 6).isoformat(), "pending": at(12, 6).isoformat()}


def together(*calls: Any) -> list[Any]:
    """What calls come to that run at once: results, or the codes of refusals."""

    def outcome(call: Any) -> Any:
        try:
            return call()
        except GongjiError as problem:
            return problem.code

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(outcome, calls))


def test_six_at_once_and_three_go(home: Home) -> None:
    """Six relatives, six threads, one sender: three transfers, three refusals of the day."""
    people = []
    for n in range(6):
        one = home.town.person(f"张{n}", f"200{n}-01-01", "resident", region=JINING)
        home.parent(home.son, one)
        home.open(one, JINING)
        people.append(one)
    came = together(
        *(lambda p=p: home.send(100_00, receiver_id=p, key=f"all-at-once-{p}").state for p in people)  # type: ignore[misc]
    )
    assert sorted(map(str, came)) == ["pending"] * 3 + ["wallet.day_is_full"] * 3
    assert home.purse(home.son) == {"current": 7_700_00, "historical": 1_000_00, "held": 300_00}


def test_two_at_once_to_her_and_one_goes(home: Home) -> None:
    came = together(*(lambda n=n: home.send(100_00, key=f"to-her-{n:04d}").state for n in range(4)))  # type: ignore[misc]
    assert sorted(map(str, came)) == ["pending"] + ["wallet.pending"] * 3
    assert home.purse(home.son)["held"] == 100_00


def test_one_key_from_four_threads_is_one_transfer(home: Home) -> None:
    came = together(*(lambda: home.send(100_00, key="double-click").id for _ in range(4)))
    assert len(set(came)) == 1
    assert home.purse(home.son)["held"] == 100_00


def test_accepted_by_four_and_declined_by_four_is_one_of_both(home: Home) -> None:
    """Whatever wins, the money is in one place, and every answer says which."""
    sent = home.send(100_00)
    calls = [lambda: home.accept(sent).state, lambda: home.decline(sent).state] * 4
    came = {str(one) for one in together(*calls)}
    if home.now(sent).state is TransferState.ACCEPTED:
        assert came == {"accepted", "wallet.accepted"}
        assert home.purse(home.mother) == {"wallet": 100_00}
    else:
        assert came == {"declined", "wallet.declined"}
        assert home.purse(home.mother) == {}


def test_accepting_against_the_return_at_six(home: Home) -> None:
    """Ten mornings at a minute before six and at six: acceptances, the expiry and the round at once; before six she gets
    it, at six he does, and it is never lost nor doubled."""
    came: list[str] = []
    for n in range(6):
        home.town.clock.set(at(13 + n, 12))
        sent = home.send(100_00)
        home.town.clock.set(sent.deadline - (timedelta(microseconds=1) if n % 2 else timedelta(0)))
        outcomes = together(
            lambda one=sent: home.accept(one).state,  # type: ignore[misc]
            lambda: expire_holds(home.town.database, home.town.clock).holds,
            lambda: follow_transfers(home.wallets).left,
            lambda one=sent: home.accept(one).state,  # type: ignore[misc]
        )
        follow_transfers(home.wallets)
        came.append(str(home.now(sent).state))
        assert {str(outcomes[0]), str(outcomes[3])} == {"accepted" if n % 2 else "wallet.returned"}
    assert came == ["returned", "accepted"] * 3
    assert home.purse(home.mother) == {"wallet": 300_00}
    assert sum(home.purse(home.son).values()) == 8_700_00


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("UPDATE wallet_transfer SET amount = 9999", "and its hold differ"),
        ("UPDATE wallet_transfer SET state = 'declined'", "and its hold differ"),
        ("UPDATE wallet_transfer SET receiver_id = {stranger}", "is not in the receiver's wallet"),
        ("DELETE FROM wallet_opening WHERE person_id = {mother}", "and its account do not go together"),
    ],
)
def test_what_somebody_altered_is_found(home: Home, fault: str, found: str) -> None:
    """¥100.00 that were accepted: each alteration of the wallet's rows is named by the verification, and put back."""
    stranger = home.town.person("王芳", "1985-05-05", "active", balance=0, region=JINING)
    home.accept(home.send(100_00))
    with home.town.database.engine.connect() as connection:
        connection.exec_driver_sql(fault.format(stranger=stranger, mother=home.mother))
        see_whole(connection)
        told = [finding.what for check in CHECKS.values() for finding in check(connection)]
        connection.rollback()
    assert any(found in one for one in told), told


def test_a_wallet_that_was_closed_meanwhile_takes_nothing(home: Home) -> None:
    """Her accounts are closed while ¥100.00 wait: accepting says so, and the money goes back in the morning."""
    sent = home.send(100_00)
    with home.town.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE account SET closed_at = now() WHERE kind = 5 AND balance = 0")
    assert refusal(home.accept, sent).code == "wallet.receiver_ended"
    assert home.now(sent).state is TransferState.PENDING
    home.town.clock.set(at(12, 6))
    assert follow_transfers(home.wallets) == Followed(1, 0)
    assert home.now(sent).state is TransferState.RETURNED
    assert home.purse(home.son) == {"current": 8_000_00, "historical": 1_000_00}
