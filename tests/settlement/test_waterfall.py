"""Who pays the rest: properties that hold for every bill, rule and purse, and the cases that the texts name."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as altered

from gongji.benefit.model import Assessment, Bill, FundPayment
from gongji.ledger.model import AccountKind, personal_account
from gongji.rules.book import RuleBook
from gongji.rules.model import AccountScope, FlagTwo, SharingRule, Trigger
from gongji.settlement.model import AccountUse
from gongji.settlement.waterfall import Offer, Payment, Purse, pay, payable_by_accounts, purse_of

LIAONING = RuleBook.shipped().sharing("211200", date(2026, 1, 5))
SHANDONG = RuleBook.shipped().sharing("370800", date(2026, 1, 5))
assert LIAONING is not None
assert SHANDONG is not None

fen = st.integers(0, 1_000_000)


@st.composite
def bills(draw: st.DrawFn) -> tuple[Bill, Assessment]:
    """A bill, and a fund that pays some of its in-scope part."""
    parts = [draw(fen) for _ in range(4)]
    bill = Bill(sum(parts), *parts)
    paid = draw(st.integers(0, bill.in_scope))
    funds = (FundPayment("fund.pool", paid),) if paid else ()
    return bill, Assessment(0, 0, funds, (), (), "", {})


@st.composite
def rules(draw: st.DrawFn) -> SharingRule | None:
    """A sharing rule of any kind, or none."""
    base: SharingRule = draw(st.sampled_from([LIAONING, SHANDONG]))
    changed = replace(
        base,
        account_scope=draw(st.sampled_from(AccountScope)),
        trigger=draw(st.sampled_from(Trigger)),
        flag_2_means=draw(st.sampled_from(FlagTwo)),
    )
    return draw(st.sampled_from([changed, None]))


@st.composite
def offers(draw: st.DrawFn) -> list[Offer]:
    """Up to three sharers with limits and reasons."""
    made = []
    for n in range(draw(st.integers(0, 3))):
        purse = Purse(((n * 2 + 10, draw(fen)), (n * 2 + 11, draw(fen))))
        room = draw(st.none() | fen)
        withheld = draw(st.sampled_from([None, None, None, "shared.none.paused"]))
        made.append(Offer(n, n + 100, purse, room, withheld))
    return made


purses = st.none() | st.builds(lambda one, two: Purse(((1, one), (2, two))), fen, fen)


@given(bills(), rules(), st.sampled_from(AccountUse), purses, offers())
def test_every_fen_is_paid_once_and_nobody_pays_more_than_they_may(
    case: tuple[Bill, Assessment],
    rule: SharingRule | None,
    use: AccountUse,
    own: Purse | None,
    sharers: list[Offer],
) -> None:
    bill, assessment = case
    paid = pay(bill, assessment, rule, use, own, sharers)
    assert assessment.fund_total + paid.own + paid.shared + paid.cash == bill.total
    assert sum(line.amount for line in paid.lines) == bill.total - assessment.fund_total
    assert min(paid.own, paid.shared, paid.cash, *(line.amount for line in paid.lines)) >= 0
    assert paid.own + paid.shared <= payable_by_accounts(bill, assessment.fund_total, rule)
    assert sum(draw.amount for draw in paid.draws) == paid.own + paid.shared
    assert len({draw.account for draw in paid.draws}) == len(paid.draws)
    for offer in sharers:
        taken = sum(draw.amount for draw in paid.draws if draw.authorisation_id == offer.authorisation_id)
        assert taken <= offer.most
    if use is AccountUse.NONE:
        assert paid.draws == ()


@given(bills(), rules(), st.sampled_from(AccountUse), purses, offers())
def test_more_money_in_the_family_never_means_more_cash(
    case: tuple[Bill, Assessment],
    rule: SharingRule | None,
    use: AccountUse,
    own: Purse | None,
    sharers: list[Offer],
) -> None:
    poorer = pay(*case, rule, use, own, sharers)
    richer = [altered(offer, purse=Purse(((*offer.purse.accounts[0][:1], 10**9),))) for offer in sharers]
    assert pay(*case, rule, use, own, richer).cash <= poorer.cash


def mothers_bill() -> tuple[Bill, Assessment]:
    """The worked example: 1,268.50, of which the fund pays 468.05."""
    bill = Bill(1_268_50, 68_50, 10_00, 39_00, 1_151_00)
    return bill, Assessment(300_00, 5_500, (FundPayment("fund.pool", 468_05),), (), (), "", {})


def paid(rule: SharingRule | None, use: str, own: int | None, *sharers: int, **offer: Any) -> Payment:
    """Pay the worked example."""
    purse = Purse(((1, own),)) if own is not None else None
    made = [Offer(n, n, Purse(((10 + n, amount),)), **{"room": None} | offer) for n, amount in enumerate(sharers)]
    return pay(*mothers_bill(), rule, AccountUse(use), purse, made)


def test_liaoning_starts_sharing_by_itself_and_leaves_what_is_out_of_scope_to_cash() -> None:
    answer = paid(LIAONING, "1", 200_00, 5_000_00)
    assert (answer.own, answer.shared, answer.cash) == (200_00, 521_95, 78_50)


def test_shandong_shares_only_when_asked_and_then_everything_the_patient_bears() -> None:
    first_swipe = paid(SHANDONG, "1", None, 5_000_00)
    assert (first_swipe.shared, first_swipe.cash) == (0, 800_45)
    assert [line.because for line in first_swipe.lines][:2] == ["own.none.no_account", "shared.none.not_started"]
    asked = paid(SHANDONG, "2", None, 5_000_00)
    assert (asked.shared, asked.cash) == (800_45, 0)


def test_two_sharers_pay_in_their_order() -> None:
    answer = paid(LIAONING, "1", 0, 100_00, 5_000_00)
    assert [line.amount for line in answer.lines if line.payer == "shared"] == [100_00, 621_95]


def test_a_limit_that_is_used_up_and_a_pause_say_so() -> None:
    assert paid(LIAONING, "1", 0, 500_00, room=0).lines[1].because == "shared.none.limit"
    assert paid(LIAONING, "1", 0, 500_00, room=50_00).shared == 50_00
    assert paid(LIAONING, "1", 0, 500_00, withheld="shared.none.paused").lines[1].because == "shared.none.paused"
    assert paid(LIAONING, "1", 0, 0).lines[1].because == "shared.none.empty"
    assert paid(LIAONING, "1", 0).lines[1].because == "shared.none.nobody"


def test_where_no_sharing_rule_is_known_the_line_says_so_and_not_that_nobody_shares() -> None:
    """Nobody knows Hubei's rule of 2023: the daughter's money stays where it is, and her mother reads why."""
    answer = paid(None, "2", 200_00, 5_000_00)
    assert (answer.own, answer.shared, answer.cash) == (200_00, 0, 600_45)
    assert answer.lines[1].because == "shared.none.unknown"
    assert paid(None, "1", 200_00).lines[1].because == "shared.none.unknown"


def test_flag_2_may_mean_the_sharers_alone() -> None:
    only = replace(SHANDONG, flag_2_means=FlagTwo.SHARERS_ONLY)
    answer = paid(only, "2", 300_00, 500_00)
    assert (answer.own, answer.shared, answer.cash) == (0, 500_00, 300_45)
    assert answer.lines[0].because == "own.none.not_asked"


def test_a_floor_stays_in_the_sharers_account() -> None:
    """A region may say that only what is above ¥2,000.00 is shared; the savings go first."""
    person = 7 << 10
    past, current = (
        personal_account(kind, person) for kind in (AccountKind.PERSONAL_HISTORICAL, AccountKind.PERSONAL_CURRENT)
    )
    purse = purse_of(
        person,
        (AccountKind.PERSONAL_HISTORICAL, AccountKind.PERSONAL_CURRENT),
        {past: 1_500_00, current: 1_000_00},
        2_000_00,
    )
    assert purse.accounts == ((past, 500_00), (current, 0))
