"""The pure decisions on holds: the order of the checks, and that every fen finds its way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongji.family.model import Authorisation, AuthorisationState
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.ledger.holds import Hold, HoldPurpose, HoldState
from gongji.ledger.model import AccountKind, kind_of, open_account, personal_account
from gongji.registry.model import Enrolment
from gongji.rules.book import RuleBook
from gongji.rules.model import Procedure, Purpose, Relation, Scheme, Status
from gongji.settlement.books import Books, PatientFacts, Sharing
from gongji.settlement.holds.decide import capture, expire, place, release
from gongji.settlement.holds.model import CaptureHold, HoldBooks, HoldDecision, HoldKey, PlaceHold, ReleaseHold

AT = datetime(2024, 6, 12, 10, 30, tzinfo=CHINA)
LATER = AT + timedelta(days=30)
MOTHER, SON = 7 << 10 | 5, 8 << 10 | 6
CURRENT, HISTORICAL, HELD = (
    personal_account(kind, SON)
    for kind in (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL, AccountKind.PERSONAL_HELD)
)
WARD = open_account(AccountKind.PAYABLE_INSTITUTION, 3, 6)
JINING = Enrolment(Scheme.EMPLOYEE, "370800", Status.RETIRED, "12", "1", "", False, date(2020, 1, 1), None)


def key(text: str = "k") -> HoldKey:
    """A key with its digest."""
    return HoldKey(text, text.encode())


def person(person_id: int = SON, **more: Any) -> PatientFacts:
    """A living person of Jining, where a sharer's money may pay a deposit."""
    return PatientFacts(**{"id": person_id, "born_on": date(1950, 1, 1), "died_on": None, "enrolment": JINING,
                           "has_account": True} | more)  # fmt: skip


def sharing(**more: Any) -> Sharing:
    """The son shares with his mother, deposits and premiums included."""
    values: dict[str, Any] = {
        "id": 9 << 10 | 5,
        "user_id": MOTHER,
        "sharer_id": SON,
        "region": "370800",
        "relation": Relation.PARENT,
        "procedure": Procedure.COMMITMENT,
        "state": AuthorisationState.ACTIVE,
        "exclusive": True,
        "purposes": frozenset(Purpose),
        "limit_total": None,
        "limit_month": None,
        "rank": 1,
        "active_since": AT - timedelta(days=1),
        "ended_at": None,
        "end_reason": None,
        "made_at": AT - timedelta(days=1),
    }
    return Sharing(Authorisation(**(values | more)), True)


def own(amount: int, **more: Any) -> PlaceHold:
    """The son sets his own money aside."""
    return PlaceHold(**{"key": key(), "person_id": SON, "payer_id": SON, "amount": amount,
                        "purpose": HoldPurpose.DEPOSIT, "reference": "住院1", "expires_at": LATER} | more)  # fmt: skip


def shared(amount: int, **more: Any) -> PlaceHold:
    """The son's money is set aside for his mother."""
    return own(amount, **({"person_id": MOTHER, "authorisation_id": 9 << 10 | 5} | more))


def books(current: int = 300_00, historical: int = 400_00) -> Books:
    """The son's accounts."""
    return Books({CURRENT: current, HISTORICAL: historical})


def placed(
    command: PlaceHold, state: Books, holds: HoldBooks, who: PatientFacts | None = None, *offers: Sharing
) -> HoldDecision:
    """Decide a placing."""
    return place(command, who or person(command.person_id), offers, holds, state, RuleBook.shipped(), AT, 100 << 10 | 6)


def test_a_deposit_is_drawn_like_a_payment_and_stands_in_held() -> None:
    """¥500.00: ¥300.00 of this year, ¥200.00 of the savings."""
    state, holds = books(), HoldBooks()
    decision = placed(own(500_00), state, holds)
    assert decision.journal is not None
    assert [(one.debit, one.credit, one.amount) for one in decision.journal.transfers] == [
        (CURRENT, HELD, 300_00),
        (HISTORICAL, HELD, 200_00),
    ]
    assert state.balances == {CURRENT: 0, HISTORICAL: 200_00, HELD: 500_00}
    assert decision.receipt.remaining == 500_00


def test_two_captures_and_the_rest_back_where_it_came_from() -> None:
    """Of ¥500.00 the ward takes ¥350.00 and ¥30.00: this year's money and then savings; ¥120.00 are savings again."""
    state, holds = books(), HoldBooks()
    hold_id = placed(own(500_00), state, holds).receipt.hold_id
    capture(CaptureHold(key("a"), SON, hold_id, 350_00, WARD), holds, state, AT, 101 << 10 | 6)
    done = capture(CaptureHold(key("b"), SON, hold_id, 30_00, WARD, True), holds, state, AT, 102 << 10 | 6)
    assert done.journal is not None
    assert [(one.debit, one.credit, one.amount) for one in done.journal.transfers] == [
        (HELD, WARD, 30_00),
        (HELD, HISTORICAL, 120_00),
    ]
    assert (done.receipt.captured, done.receipt.released, done.receipt.remaining) == (30_00, 120_00, 0)
    assert holds.holds[hold_id].state is HoldState.CAPTURED
    assert state.balances == {CURRENT: 0, HISTORICAL: 320_00, HELD: 0}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (own(0), "hold.amount"),
        (own(700_01), "hold.not_enough"),
        (own(1, expires_at=AT), "hold.expires_at"),
        (own(1, payer_id=MOTHER), "hold.payer"),
        (shared(1, authorisation_id=1), "hold.payer"),
        (shared(1, purpose=HoldPurpose.WALLET), "hold.not_shareable"),
        (shared(700_01), "hold.not_enough"),
    ],
)
def test_what_cannot_be_held_is_refused_and_changes_nothing(command: PlaceHold, code: str) -> None:
    state, holds = books(), HoldBooks()
    with pytest.raises(GongjiError) as refused:
        placed(command, state, holds, None, sharing())
    assert refused.value.code == code
    assert (state, holds) == (books(), HoldBooks())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"state": AuthorisationState.PAUSED}, "hold.withheld"),
        ({"purposes": frozenset({Purpose.CARE})}, "hold.withheld"),
        ({"limit_month": 99_99}, "hold.not_enough"),
        ({"sharer_id": 5 << 10}, "hold.payer"),
    ],
)
def test_a_sharers_hold_keeps_the_authorisation(changed: dict[str, Any], code: str) -> None:
    state, holds = books(), HoldBooks()
    with pytest.raises(GongjiError) as refused:
        placed(shared(100_00), state, holds, None, sharing(**changed))
    assert refused.value.code == code


def test_a_sharers_hold_counts_as_use_and_a_release_gives_the_use_back() -> None:
    state, holds = books(), HoldBooks()
    decision = placed(shared(100_00), state, holds, None, sharing(limit_month=150_00))
    under = 9 << 10 | 5
    assert state.usage == {(under, "total"): 100_00, (under, "2024-06"): 100_00}
    with pytest.raises(GongjiError) as refused:
        place(
            shared(50_01),
            person(MOTHER),
            (sharing(limit_month=150_00),),
            holds,
            state,
            RuleBook.shipped(),
            AT,
            200 << 10,
        )
    assert refused.value.details == {"amount": 50_01, "available": 50_00}
    command = ReleaseHold(key("r"), MOTHER, decision.receipt.hold_id, 40_00)
    release(command, holds, state, AT + timedelta(days=25), 101 << 10 | 6)
    assert state.usage == {(under, "total"): 60_00, (under, "2024-06"): 60_00}


def test_money_can_be_taken_after_the_authorisation_ended_but_not_after_the_holds_time() -> None:
    state, holds = books(), HoldBooks()
    hold_id = placed(shared(100_00), state, holds, None, sharing()).receipt.hold_id
    capture(CaptureHold(key("c"), MOTHER, hold_id, 60_00, WARD), holds, state, AT + timedelta(days=29), 101 << 10 | 6)
    with pytest.raises(GongjiError) as refused:
        capture(CaptureHold(key("d"), MOTHER, hold_id, 1, WARD), holds, state, LATER, 102 << 10 | 6)
    assert refused.value.code == "hold.expired"
    back = expire(holds.holds[hold_id], holds, state, LATER, 103 << 10 | 6)
    assert back.receipt.released == 40_00
    assert holds.holds[hold_id].state is HoldState.EXPIRED
    assert state.usage[9 << 10 | 5, "total"] == 60_00


def test_somebody_elses_hold_is_unknown_and_an_ended_one_stays_ended() -> None:
    state, holds = books(), HoldBooks()
    hold_id = placed(own(10_00), state, holds).receipt.hold_id
    with pytest.raises(GongjiError) as stranger:
        release(ReleaseHold(key("a"), MOTHER, hold_id), holds, state, AT, 101 << 10 | 6)
    release(ReleaseHold(key("b"), SON, hold_id), holds, state, AT, 102 << 10 | 6)
    with pytest.raises(GongjiError) as again:
        release(ReleaseHold(key("c"), SON, hold_id), holds, state, AT, 103 << 10 | 6)
    assert (stranger.value.code, again.value.code) == ("hold.unknown", "hold.ended")
    assert state.balances[HELD] == 0


@pytest.mark.parametrize("credit", [CURRENT, HELD, personal_account(AccountKind.WALLET, MOTHER),
                                    personal_account(AccountKind.PAYABLE_PERSON, SON),
                                    open_account(AccountKind.FUND_POOL, 370800310, 6)])  # fmt: skip
def test_held_money_does_not_go_just_anywhere(credit: int) -> None:
    state, holds = books(), HoldBooks()
    hold_id = placed(own(10_00), state, holds).receipt.hold_id
    with pytest.raises(GongjiError) as refused:
        capture(CaptureHold(key("a"), SON, hold_id, 5_00, credit), holds, state, AT, 101 << 10 | 6)
    assert refused.value.code == "hold.credit"


def test_an_institutions_payable_is_taken_in_the_payers_bucket() -> None:
    state, holds = books(), HoldBooks()
    hold_id = placed(own(10_00), state, holds).receipt.hold_id
    elsewhere = open_account(AccountKind.PAYABLE_INSTITUTION, 3, 1000)
    done = capture(CaptureHold(key("a"), SON, hold_id, 5_00, elsewhere), holds, state, AT, 101 << 10 | 6)
    assert done.journal is not None
    assert done.journal.transfers[0].credit == WARD


def test_after_the_turn_of_the_year_this_years_money_goes_back_as_savings() -> None:
    state, holds = books(), HoldBooks()
    hold_id = placed(own(500_00), state, holds).receipt.hold_id
    state.turned[SON] = (2024, datetime(2025, 1, 1, tzinfo=CHINA))
    release(ReleaseHold(key("a"), SON, hold_id), holds, state, datetime(2025, 1, 2, tzinfo=CHINA), 101 << 10 | 6)
    assert state.balances == {CURRENT: 0, HISTORICAL: 700_00, HELD: 0}


def test_what_came_from_a_closed_account_is_owed_to_its_holder() -> None:
    state, holds = books(), HoldBooks()
    hold_id = placed(own(500_00), state, holds).receipt.hold_id
    del state.balances[CURRENT], state.balances[HISTORICAL]
    done = release(ReleaseHold(key("a"), SON, hold_id), holds, state, AT, 101 << 10 | 6)
    assert done.journal is not None
    assert {kind_of(one.credit) for one in done.journal.transfers} == {AccountKind.PAYABLE_PERSON}
    assert sum(one.amount for one in done.journal.transfers) == 500_00


@given(
    sources=st.lists(st.integers(1, 1000), min_size=1, max_size=4),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 600)), max_size=8),
)
def test_whatever_is_taken_and_given_back_the_sources_add_up(sources: list[int], steps: list[tuple[bool, int]]) -> None:
    """What was given back to each source and what was taken make up what was held; nothing goes back that was taken."""
    drawn = tuple(
        (personal_account(AccountKind.PERSONAL_CURRENT, n << 10 | 6), amount) for n, amount in enumerate(sources, 1)
    )
    hold = Hold(
        1 << 10 | 6, SON, HELD, sum(sources), 0, 0, HoldState.OPEN, HoldPurpose.DEPOSIT, "", None, AT, LATER, drawn
    )
    back: dict[int, int] = {}
    for take, wanted in steps:
        amount = min(wanted, hold.remaining)
        if not amount:
            break
        if take:
            assert sum(one.amount for one in hold.taking(amount, WARD)) == amount
            hold = replace(hold, captured=hold.captured + amount)
            continue
        pieces = hold.giving_back(amount)
        assert sum(one.amount for one in pieces) == amount
        for one in pieces:
            back[one.credit] = back.get(one.credit, 0) + one.amount
        hold = replace(hold, released=hold.released + amount)
    for one in hold.giving_back(hold.remaining):
        back[one.credit] = back.get(one.credit, 0) + one.amount
    assert sum(back.values()) + hold.captured == sum(sources)
    assert all(back.get(account, 0) <= amount for account, amount in drawn)
