"""A son in Jining lets his mother in Tieling use ¥500.00 of his account: no money moves until she is treated."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from quota_home import PLACE, QuotaHome
from wallet_home import caller_of, refusal

from gongji.accrual.closing import close_at_death, transfer_out
from gongji.accrual.year_end import turn_year
from gongji.family import freezes_store
from gongji.family.freezes import NO_LAST_DAY, FreezeReason
from gongji.foundation.clock import CHINA
from gongji.foundation.distribution import see_whole
from gongji.foundation.errors import GongjiError
from gongji.foundation.ids import bucket_of
from gongji.ledger.service import freeze_accounts
from gongji.registry.service import end_enrolment, record_death
from gongji.rules.model import Relation
from gongji.settlement.desk import Clerk, Desk
from gongji.settlement.model import AccountUse, ReversePart, Settlement, Undo
from gongji.settlement.part_return import PartReturned
from gongji.wallet.quotas import service, store
from gongji.wallet.quotas.ending import EndedQuotas, end_changed_quotas
from gongji.wallet.quotas.model import Moved, QuotaEnd, QuotaState
from gongji.wallet.quotas.verify import CHECKS
from town import JINING

HIS = {"current": 8_000_00, "historical": 1_000_00}


def payers(one: Settlement) -> list[tuple[str, int, str]]:
    """Who paid what on the patient's side, and why, zero lines left out."""
    return [(line.payer, line.amount, line.because) for line in one.explanation.payers if line.amount]


def test_what_is_given_stands_aside_and_is_used_where_she_is_treated(quotas: QuotaHome) -> None:
    """¥1,500.00: the savings first, then this year's; her ¥200.00 in Jining are paid out of it, and he is told."""
    one = quotas.set(1_500_00)
    assert (one.state, one.relation, one.stated, one.left) == (QuotaState.PROPOSED, Relation.PARENT, False, 1_500_00)
    assert quotas.home.purse(quotas.son) == {"current": 7_500_00, "held": 1_500_00}
    assert quotas.bought("50.00").cash == 50_00
    accepted = quotas.accept(one)
    assert (accepted.state, accepted.accepted_at) == (QuotaState.ACTIVE, quotas.home.town.clock.now())
    bought = quotas.bought("200.00")
    assert (bought.wallet, bought.own, bought.shared, bought.cash) == (200_00, 0, 0, 0)
    assert payers(bought) == [("wallet", 200_00, "wallet.quota.paid")]
    (line,) = [line for line in bought.explanation.payers if line.amount]
    assert line.inputs == {"giver": quotas.son, "quota": one.id, "left": 1_300_00}
    assert quotas.home.purse(quotas.son) == {"current": 7_500_00, "held": 1_300_00}
    assert quotas.home.purse(quotas.mother) == {}
    used = quotas.now(one)
    assert (used.amount, used.used, used.left) == (1_500_00, 200_00, 1_300_00)
    assert quotas.told(quotas.mother) == [("wallet.quota.proposed.receiver", 1_500_00)]
    assert quotas.told(quotas.son) == [
        ("wallet.quota.accepted.sender", 1_500_00),
        ("wallet.quota.used.sender", 200_00),
    ]


def test_a_reversal_gives_it_back_to_the_quota_and_it_is_used_again(quotas: QuotaHome) -> None:
    """Of ¥300.00 she used ¥250.00; they come back, and she uses ¥280.00 instead."""
    one = quotas.given(300_00)
    bought = quotas.bought("250.00")
    assert quotas.took_back(bought).wallet == -250_00
    assert (quotas.now(one).left, quotas.now(one).used) == (300_00, 0)
    assert quotas.home.purse(quotas.son) == {"current": 8_000_00, "historical": 700_00, "held": 300_00}
    again = quotas.bought("280.00")
    assert (again.wallet, again.cash, quotas.now(one).left) == (280_00, 0, 20_00)
    with quotas.home.town.database.transaction() as connection:
        lines = store.movements(connection, one.id)
    sums = {what: sum(line.amount for line in lines if line.what is what) for what in Moved}
    assert sums == {Moved.SET: 300_00, Moved.USED: 530_00, Moved.RETURNED: 250_00, Moved.RELEASED: 0}
    assert {line.settlement_id for line in lines if line.what is Moved.USED} == {bought.id, again.id}
    assert quotas.told(quotas.son)[1:] == [
        ("wallet.quota.used.sender", 250_00),
        ("wallet.quota.returned.sender", 250_00),
        ("wallet.quota.used.sender", 280_00),
    ]


def test_after_its_end_a_reversal_gives_it_back_to_the_account(quotas: QuotaHome) -> None:
    """¥120.00 of ¥200.00 used, then he ends it: ¥80.00 are his at once, the ¥120.00 when the hospital takes them back."""
    one = quotas.given(200_00)
    bought = quotas.bought("120.00")
    ended = quotas.end(one, quotas.son)
    assert (ended.state, ended.end, ended.amount, ended.left) == (QuotaState.ENDED, QuotaEnd.BY_GIVER, 120_00, 0)
    assert quotas.end(one, quotas.son) == ended
    assert quotas.home.purse(quotas.son) == {"current": 8_000_00, "historical": 880_00}
    quotas.took_back(bought)
    assert quotas.home.purse(quotas.son) == HIS
    assert quotas.bought("10.00").cash == 10_00
    assert quotas.told(quotas.mother)[-1] == ("wallet.quota.by_giver.receiver", 80_00)


def test_what_was_undone_is_in_the_quota_again_and_is_not_restored(quotas: QuotaHome) -> None:
    """2601 for her purchase of ¥60.00 brings it back; the undo of a reversal is refused: it has to be settled anew."""
    one, town = quotas.given(100_00), quotas.home.town
    place = town.institution(PLACE)
    bought = quotas.bought("60.00")
    undo = Undo(town.key(place, "2601"), place, quotas.mother, (bought.infno,), bought.msgid)
    (undone,) = town.do(undo)
    assert (undone.wallet, quotas.now(one).left) == (-60_00, 100_00)
    again = quotas.bought("70.00")
    back = quotas.took_back(again)
    (refused,) = town.do(Undo(town.key(place, "2601"), place, quotas.mother, (back.infno,), back.msgid))
    assert isinstance(refused, GongjiError)
    assert refused.code == "undo.not_restorable"
    assert quotas.now(one).left == 100_00


def test_half_of_a_purchase_goes_back(quotas: QuotaHome) -> None:
    """Two boxes of ¥40.00, one goes back: ¥40.00 stay used. With a quota that is too small by then nothing changes at all."""
    one, town = quotas.given(80_00), quotas.home.town
    place = town.institution(PLACE)
    bought = town.settled(town.purchase(quotas.mother, place, ("C-A", 2, "40.00")))
    assert (bought.wallet, quotas.now(one).left) == (80_00, 0)
    sn = bought.lines[0].line.sn

    def back(count: int) -> ReversePart:
        key = town.key(place, "2103")
        return ReversePart(key, place, quotas.mother, bought.visit_id, bought.id, {sn: count}, AccountUse.OWN)

    (refused,) = town.do(back(50_000))
    assert isinstance(refused, GongjiError)
    assert quotas.now(one).left == 0
    (done,) = town.do(back(10_000))
    assert isinstance(done, PartReturned)
    assert (done.rest.wallet, done.rest.cash, quotas.now(one).left) == (40_00, 0, 40_00)


def test_several_relatives_one_after_the_other_and_what_is_in_the_wallet_first(quotas: QuotaHome) -> None:
    """¥30.00 that he had sent before, ¥50.00 of his quota, ¥20.00 of his sister's: of ¥110.00, ¥10.00 are cash."""
    home = quotas.home
    sister = home.town.person("张燕", "1983-01-01", "active", balance=500_00, region=JINING)
    home.parent(home.mother, sister)
    home.open(sister, JINING)
    home.open(home.mother, JINING)
    before = replace(home.wallets, quota_from=None)
    home.wallets, after = before, home.wallets
    home.accept(home.send(30_00))
    home.wallets = after
    his, hers = quotas.given(50_00), quotas.given(20_00, giver_id=sister)
    bought = quotas.bought("110.00")
    assert payers(bought) == [
        ("wallet", 30_00, "wallet.paid"),
        ("wallet", 50_00, "wallet.quota.paid"),
        ("wallet", 20_00, "wallet.quota.paid"),
        ("cash", 10_00, "cash.rest"),
    ]
    assert [line.inputs["giver"] for line in bought.explanation.payers if "giver" in line.inputs] == [
        quotas.son,
        sister,
    ]
    quotas.took_back(bought)
    assert (quotas.now(his).left, quotas.now(hers).left) == (50_00, 20_00)
    assert home.purse(home.mother) == {"wallet": 30_00}


def test_each_may_give_the_other(quotas: QuotaHome) -> None:
    """A sister in Tieling and her brother give each other ¥40.00: each one's visit draws on the other's."""
    home = quotas.home
    sister = home.town.person("张燕", "1983-01-01", "active", balance=100_00, region=JINING)
    home.parent(home.mother, sister)
    home.parent(home.mother, quotas.son)
    home.open(sister, JINING)
    his = quotas.given(40_00, user_id=sister)
    hers = quotas.given(40_00, giver_id=sister, user_id=quotas.son)
    assert quotas.bought("120.00", person=sister).wallet == 40_00
    assert (quotas.now(his).left, quotas.now(hers).left) == (0, 40_00)


def test_where_the_wallet_is_not_taken_it_says_so(quotas: QuotaHome) -> None:
    """The pharmacy in Tieling takes no wallet, though it lies in her area of use; the hospital in Jining does, outside it."""
    quotas.given(100_00)
    town = quotas.home.town
    bought = town.settled(town.purchase(quotas.mother, town.institution("P21120200003"), ("C-A", 1, "30.00")))
    (line,) = [line for line in bought.explanation.payers if line.payer == "wallet"]
    assert (line.because, line.inputs, bought.cash) == ("wallet.not_taken_here", {"balance": 100_00}, 30_00)
    assert quotas.bought("30.00").wallet == 30_00
    assert quotas.bought("30.00", use="0").wallet == 0


def test_the_amount_is_changed_and_what_was_used_counts(quotas: QuotaHome) -> None:
    """¥100.00, ¥60.00 used: raised to ¥250.00, lowered to ¥70.00; not below ¥60.00, not above what he has."""
    one = quotas.given(100_00)
    quotas.bought("60.00")
    assert (quotas.change(one, 250_00).left, quotas.home.purse(quotas.son)["held"]) == (190_00, 190_00)
    assert quotas.change(one, 250_00).amount == 250_00
    assert quotas.change(one, 70_00).left == 10_00
    problem = refusal(quotas.change, one, 59_99)
    assert (problem.code, problem.details) == ("quota.used", {"used_fen": 60_00})
    problem = refusal(quotas.change, one, 70_00 + 8_930_01)
    assert (problem.code, problem.details) == ("quota.not_enough", {"available_fen": 8_930_00})
    assert quotas.change(one, 70_00 + 8_930_00).left == 8_940_00
    assert quotas.change(one, 60_00).left == 0
    assert refusal(quotas.change, one, 0).code == "quota.amount"
    assert quotas.home.purse(quotas.son) == {"current": 8_000_00, "historical": 940_00}
    assert quotas.told(quotas.mother)[1:] == [
        ("wallet.quota.changed.receiver", 190_00),
        ("wallet.quota.changed.receiver", 10_00),
        ("wallet.quota.changed.receiver", 8_940_00),
        ("wallet.quota.changed.receiver", 0),
    ]


def test_the_relative_declines_or_leaves_and_the_giver_withdraws(quotas: QuotaHome) -> None:
    """Each way out gives ¥300.00 back at once, and says in its own word who did it."""
    declined = quotas.end(quotas.set(300_00), quotas.mother)
    assert (declined.end, quotas.home.purse(quotas.son)) == (QuotaEnd.DECLINED, HIS)
    withdrawn = quotas.end(quotas.set(300_00), quotas.son)
    assert (withdrawn.end, quotas.home.purse(quotas.son)) == (QuotaEnd.WITHDRAWN, HIS)
    left = quotas.end(quotas.given(300_00), quotas.mother)
    assert (left.end, quotas.home.purse(quotas.son)) == (QuotaEnd.BY_USER, HIS)
    assert quotas.told(quotas.son) == [
        ("wallet.quota.declined.sender", 300_00),
        ("wallet.quota.accepted.sender", 300_00),
        ("wallet.quota.by_user.sender", 300_00),
    ]
    assert refusal(quotas.accept, declined).code == "quota.ended"
    assert refusal(quotas.change, left, 400_00).code == "quota.ended"


def test_the_same_again_moves_nothing(quotas: QuotaHome) -> None:
    one = quotas.set(100_00, key="the-one-key")
    assert quotas.set(100_00, key="the-one-key") == one
    assert refusal(quotas.set, 200_00, key="the-one-key").code == "key.other_content"
    assert quotas.accept(one) == quotas.accept(one)
    assert refusal(quotas.set, 100_00, key="short").code == "key.shape"
    assert quotas.home.purse(quotas.son)["held"] == 100_00


def test_what_stands_in_the_way_is_said_before_an_amount(quotas: QuotaHome) -> None:
    """The regime's first day, an account, both wallets, a near relative, one quota each; of a stranger nothing is told."""
    home, town = quotas.home, quotas.home.town
    assert refusal(quotas.set, 0).code == "quota.amount"
    assert refusal(quotas.set, 9_000_01).details == {"available_fen": 9_000_00}
    problem = refusal(quotas.set, 100_00, giver_id=quotas.mother, user_id=quotas.son)
    assert problem.code == "quota.no_account"
    stranger = town.person("王芳", "1985-05-05", "active", balance=0, region=JINING)
    assert refusal(quotas.set, 100_00, user_id=stranger).code == "wallet.not_a_relative"
    assert refusal(quotas.set, 100_00, user_id=quotas.son).code == "wallet.same_person"
    sister = town.person("张燕", "1983-01-01", "active", balance=500_00, region=JINING)
    home.parent(home.mother, sister)
    home.parent(home.mother, quotas.son)
    assert refusal(quotas.set, 100_00, giver_id=sister).code == "wallet.not_opened"
    assert refusal(quotas.set, 100_00, user_id=sister).code == "wallet.receiver_not_opened"
    one = quotas.set(100_00)
    assert refusal(quotas.set, 100_00).details == {"quota": str(one.id)}
    home.open(stranger, JINING)
    assert quotas.set(10_00, user_id=stranger, stated=Relation.SPOUSE).stated
    home.wallets = replace(home.wallets, quota_from=date(2025, 7, 1))
    later = refusal(quotas.set, 100_00, user_id=sister)
    assert (later.code, later.details["since"]) == ("quota.not_begun", "2025-07-01")
    home.wallets = replace(home.wallets, quota_from=None)
    assert refusal(quotas.set, 100_00, user_id=sister).code == "quota.not_begun"


def test_a_quota_is_for_its_two_people(quotas: QuotaHome) -> None:
    one = quotas.set(100_00)
    wallets = quotas.home.wallets
    stranger = quotas.home.town.person("王芳", "1985-05-05", "active", balance=0, region=JINING)
    acts: list[tuple[Any, dict[str, Any]]] = [
        (service.accept_quota, {"user_id": stranger}),
        (service.end_quota, {"person_id": stranger}),
        (service.change_quota, {"giver_id": stranger, "amount": 1}),
    ]
    for act, named in acts:
        assert refusal(act, wallets, one.id, caller=caller_of(stranger), **named).code == "quota.unknown"
    his, hers = caller_of(quotas.son), caller_of(quotas.mother)
    assert refusal(service.accept_quota, wallets, one.id, user_id=quotas.son, caller=his).code == "quota.not_yours"
    changed = refusal(service.change_quota, wallets, one.id, giver_id=quotas.mother, amount=1, caller=hers)
    assert changed.code == "quota.not_yours"


def test_his_death_pays_what_she_did_not_use_to_the_heirs(quotas: QuotaHome) -> None:
    """¥500.00 given, ¥120.00 used: his heir is owed ¥8,880.00, and her next visit draws on nothing."""
    one = quotas.given(500_00)
    quotas.bought("120.00")
    town = quotas.home.town
    closed = close_at_death(
        town.database, town.clock, quotas.son, date(2025, 6, 11), (), caller=caller_of(quotas.son), reference="case-1"
    )
    assert (closed.amount, closed.held) == (8_880_00, 0)
    assert (quotas.now(one).end, quotas.now(one).amount) == (QuotaEnd.DEATH, 120_00)
    assert quotas.bought("10.00").cash == 10_00


def test_his_move_to_another_region_ends_it(quotas: QuotaHome) -> None:
    """What she did not use goes with the rest of his account to the other region."""
    one = quotas.given(500_00)
    town = quotas.home.town
    moved = transfer_out(
        town.database, town.clock, quotas.son, "110100", caller=caller_of(quotas.son), reference="form-1"
    )
    assert (moved.amount, quotas.now(one).end) == (9_000_00, QuotaEnd.INSURANCE)


@pytest.mark.parametrize("what", ["her_death", "her_insurance", "nothing"])
def test_what_changes_on_her_side_ends_it_by_itself(quotas: QuotaHome, what: str) -> None:
    """The round finds a death or an insurance that ended, gives ¥500.00 back, and finds nothing the second time."""
    one = quotas.given(500_00)
    town = quotas.home.town
    with town.database.transaction() as connection:
        if what == "her_death":
            record_death(connection, quotas.mother, date(2025, 6, 11))
        elif what == "her_insurance":
            end_enrolment(connection, quotas.mother, date(2025, 6, 10))
    found = end_changed_quotas(quotas.home.wallets)
    if what == "nothing":
        assert (found, quotas.now(one).state) == (EndedQuotas(0, 0), QuotaState.ACTIVE)
        return
    assert found == EndedQuotas(1, 500_00)
    assert quotas.now(one).end is (QuotaEnd.DEATH if what == "her_death" else QuotaEnd.INSURANCE)
    assert quotas.home.purse(quotas.son) == HIS
    assert end_changed_quotas(quotas.home.wallets) == EndedQuotas(0, 0)


def test_while_his_account_is_frozen_nothing_of_it_is_used(quotas: QuotaHome) -> None:
    """¥300.00 given, ¥100.00 used, then frozen: she pays in cash, what is refunded stays in his account, nothing new is given;
    the end gives the rest back, and freed it would be used again."""
    one = quotas.given(300_00)
    bought = quotas.bought("100.00")
    with quotas.home.town.database.transaction() as connection:
        freezes_store.insert(
            connection,
            person_id=quotas.son,
            region=JINING,
            reason=FreezeReason.HOLDER_ASKED,
            note=None,
            until=None,
            stands_until=NO_LAST_DAY,
            asked_by="0810",
            at=quotas.home.town.clock.now(),
        )
        freeze_accounts(connection, quotas.son, NO_LAST_DAY)
    again = quotas.bought("50.00")
    assert again.cash == 50_00
    assert "wallet.quota.frozen" in [line.because for line in again.explanation.payers]
    quotas.took_back(bought)
    assert (quotas.now(one).left, quotas.home.purse(quotas.son)) == (
        200_00,
        {"current": 8_000_00, "historical": 800_00, "held": 200_00},
    )
    assert refusal(quotas.change, one, 400_00).code == "hold.account_frozen"
    assert quotas.change(one, 150_00).left == 50_00
    quotas.end(one, quotas.mother)
    assert quotas.home.purse(quotas.son) == HIS


def test_sixteen_visits_at_once_never_use_more_than_there_is(quotas: QuotaHome) -> None:
    """¥100.00 and sixteen bills of ¥10.00 at two desks at once, while he raises and lowers it: never more than he gave."""
    one, town = quotas.given(100_00), quotas.home.town
    place = town.institution(PLACE)
    desk = Desk(town.database, town.rules, town.clock, desks=2)
    bills = [town.purchase(quotas.mother, place, ("C-A", 1, "10.00")) for _ in range(16)]

    def change(amount: int) -> str:
        try:
            return str(quotas.change(one, amount).amount)
        except GongjiError as problem:
            return problem.code

    with ThreadPoolExecutor(16) as pool:
        changed = pool.map(change, (120_00, 90_00))
        made = [settled.result() for settled in pool.map(desk.submit, bills)]
        codes = list(changed)
    desk.close()
    assert all(code in ("12000", "9000", "quota.used") for code in codes)
    used = sum(settled.wallet for settled in made)
    after = quotas.now(one)
    assert (after.used, after.left) == (used, after.amount - used)
    assert 90_00 <= used <= 120_00
    assert sum(settled.wallet + settled.cash for settled in made) == 160_00


def test_sixteen_relatives_of_one_giver_at_once(quotas: QuotaHome) -> None:
    """He gives sixteen children ¥20.00 each: all are treated at once at two desks, forward and back, and nobody waits in a
    circle."""
    home, town = quotas.home, quotas.home.town
    place = town.institution(PLACE)
    children = [town.person(f"张小{n}", f"2010-01-{n:02d}", "resident", region=JINING) for n in range(1, 17)]
    for child in children:
        home.parent(quotas.son, child)
        home.open(child, JINING)
    given = [quotas.given(20_00, user_id=child) for child in children]
    desk = Desk(town.database, town.rules, town.clock, desks=2)
    for _ in range(2):
        bills = [town.purchase(child, place, ("C-A", 1, "15.00")) for child in children]
        with ThreadPoolExecutor(16) as pool:
            made = [settled.result() for settled in pool.map(desk.submit, bills)]
            assert [settled.wallet for settled in made] == [15_00] * 16
            backs = [town.reversal(settled, place) for settled in made]
            assert [one.result().wallet for one in pool.map(desk.submit, backs)] == [-15_00] * 16
    desk.close()
    assert [quotas.now(one).left for one in given] == [20_00] * 16
    assert home.purse(quotas.son)["held"] == 320_00


def test_one_batch_takes_and_gives_back_and_takes(quotas: QuotaHome) -> None:
    """A bill of ¥70.00 goes back and two new ones of ¥60.00 and ¥50.00 are settled in one batch, of ¥100.00."""
    one, town = quotas.given(100_00), quotas.home.town
    place = town.institution(PLACE)
    first = quotas.bought("70.00")
    again = [town.purchase(quotas.mother, place, ("C-A", 1, price)) for price in ("60.00", "50.00")]
    back, *made = town.do(town.reversal(first, place), *again)
    assert (back.wallet, [settled.wallet for settled in made]) == (-70_00, [60_00, 40_00])
    assert quotas.now(one).left == 0


def test_the_turn_of_the_year_between(quotas: QuotaHome) -> None:
    """What was set aside out of this year's money comes back as savings after the year has turned, and stays a quota."""
    one, town = quotas.given(1_500_00), quotas.home.town
    bought = quotas.bought("1200.00")
    town.clock.set(datetime(2026, 2, 1, 9, tzinfo=CHINA))
    turn_year(town.database, town.clock, JINING, 2025, caller=caller_of(quotas.son))
    quotas.took_back(bought)
    assert quotas.now(one).left == 1_500_00
    quotas.end(one, quotas.mother)
    assert quotas.home.purse(quotas.son) == {"historical": 9_000_00}


def test_nobody_without_a_quota_pays_for_it(quotas: QuotaHome) -> None:
    """The statements that a batch asks are the same as ever where no patient has one, and where one has, until it ends."""
    town = quotas.home.town
    place = town.institution(PLACE)
    neighbour = town.person("王芳", "1985-05-05", "active", balance=100_00, region=JINING)
    clerk = Clerk(town.database, town.rules, town.clock)
    asked: list[str] = []
    execute = clerk._connection.execute

    def count(statement: Any, *args: Any, **named: Any) -> Any:
        asked.append(str(statement))
        return execute(statement, *args, **named)

    clerk._connection.execute = count  # type: ignore[method-assign]

    def statements(person: int) -> int:
        asked.clear()
        (done,) = clerk.handle([(town.purchase(person, place, ("C-A", 1, "1.00")), False)])
        assert isinstance(done, Settlement)
        return len([one for one in asked if "wallet_quota" in one])

    assert statements(neighbour) == 0
    one = quotas.given(100_00)
    assert statements(neighbour) == 0
    assert statements(quotas.mother) > 0
    quotas.end(one, quotas.son)
    statements(quotas.mother)
    assert statements(quotas.mother) == 0
    clerk.close()


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("UPDATE wallet_quota SET amount = 9999", "its holds"),
        ("UPDATE person SET quotas = 2 WHERE id = {mother}", "counts 2 quotas"),
        ("UPDATE wallet_quota SET state = 'ended', ending = 'by_user', ended_at = now()", "says"),
        ("UPDATE wallet_quota SET user_id = {stranger}", "was not in force"),
    ],
)
def test_what_somebody_altered_is_found(quotas: QuotaHome, fault: str, found: str) -> None:
    """¥100.00 of which ¥30.00 were used: each alteration is named by the verification, and put back."""
    stranger = quotas.home.town.person("王芳", "1985-05-05", "active", balance=0, region=JINING)
    quotas.given(100_00)
    quotas.bought("30.00")
    with quotas.home.town.database.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE wallet_quota DISABLE TRIGGER USER")
        connection.exec_driver_sql(fault.format(stranger=stranger, mother=quotas.mother))
        see_whole(connection)
        told = [finding.what for check in CHECKS.values() for finding in check(connection)]
        connection.rollback()
    assert any(found in one for one in told), told


def test_the_database_lets_a_quota_go_forward_only(quotas: QuotaHome) -> None:
    one = quotas.given(100_00)
    for change in ("state = 'proposed', accepted_at = NULL", "giver_id = user_id", "asked = 1"):
        with (
            pytest.raises(sa.exc.DBAPIError),
            quotas.home.town.database.transaction() as connection,
        ):
            connection.execute(
                sa.text(f"UPDATE wallet_quota SET {change} WHERE bucket = :bucket AND id = :id"),
                {"bucket": bucket_of(one.id), "id": one.id},
            )
