"""Deposits: what was set aside for a stay, taken by its settlement and the rest given back, in one transaction with it.

A deposit is a hold (see `gongji.settlement.holds`) whose reference is the stay's number on the wire. What a settlement
takes of it stands in the settlement's own journal, as the step of the hold says; what is given back is a journal of its
own. A reversal pays back what was taken to the accounts that the hold was drawn from: the hold itself is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from gongji.foundation.ids import bucket_of, compose
from gongji.ledger.holds import Hold, HoldPurpose, HoldState
from gongji.ledger.model import AccountKind, Transfer, open_account
from gongji.settlement.books import Books, back_home
from gongji.settlement.holds.decide import release, taken_by_settlement
from gongji.settlement.holds.model import HoldBooks, HoldDecision, HoldKey, ReleaseHold
from gongji.settlement.model import MessageKey
from gongji.settlement.waterfall import Deposit


@dataclass(frozen=True, slots=True)
class Captured:
    """What a settlement took out of a hold: `amount` fen, after `before` fen that had been taken earlier."""

    hold: Hold
    before: int
    amount: int


def deposits_for(reference: str, holds: HoldBooks) -> tuple[Deposit, ...]:
    """What is left of the holds for a stay, oldest first.

    A deposit whose time is over but that is still there is taken too: nobody gives it back while the stay lasts.
    """
    mine = [one for one in holds.holds.values() if one.reference == reference and one.state is HoldState.OPEN]
    mine = [one for one in mine if one.purpose is HoldPurpose.DEPOSIT]
    return tuple(
        Deposit(one.id, one.payer_id, one.account, one.remaining, one.authorisation_id)
        for one in sorted(mine, key=lambda one: (one.placed_at, one.id))
    )


def take(
    captured: dict[int, int],
    deposits: Sequence[Deposit],
    key: MessageKey,
    settlement_id: int,
    *,
    stay_is_over: bool,
    holds: HoldBooks,
    books: Books,
    at: datetime,
    serials: list[int],
) -> list[HoldDecision]:
    """The steps of the holds of a stay that was settled: what its settlement took, and at its end the rest given back.

    Args:
        captured: fen by hold, as the settlement's transfers take them.
        deposits: all that was held for the stay.
        key: of the settlement's message.
        settlement_id: in whose journal the taking stands.
        stay_is_over: whether the rest goes back; after a mid-stay settlement it stays.
        holds, books: the batch's working state.
        at: the moment.
        serials: numbers for the steps, taken from the end; two a deposit are enough.
    """
    steps: list[HoldDecision] = []
    for deposit in deposits:
        amount = captured.get(deposit.hold_id, 0)
        bucket = bucket_of(deposit.hold_id)
        if amount:
            step_id = compose(serials.pop(), bucket)
            taken = HoldKey(f"settlement:{settlement_id}:{deposit.hold_id}:taken", key.digest)
            steps.append(taken_by_settlement(taken, deposit.hold_id, amount, settlement_id, holds, at, step_id))
        if stay_is_over and amount < deposit.amount:
            step_id = compose(serials.pop(), bucket)
            rest = HoldKey(f"settlement:{settlement_id}:{deposit.hold_id}:back", key.digest)
            command = ReleaseHold(rest, holds.holds[deposit.hold_id].person_id, deposit.hold_id)
            steps.append(release(command, holds, books, at, step_id))
    return steps


def back_to_payers(
    captured: Iterable[Captured], institution_id: int, books: Books, journal_id: int
) -> tuple[Transfer, ...]:
    """The transfers, in a journal, that pay back what a settlement took out of holds, to the accounts that these were
    drawn from."""
    return tuple(leg for one in captured for leg in back_to_payer(one, institution_id, books, journal_id))


def back_to_payer(one: Captured, institution_id: int, books: Books, journal_id: int) -> list[Transfer]:
    """The same for one hold."""
    payable = open_account(AccountKind.PAYABLE_INSTITUTION, institution_id, bucket_of(one.hold.account))
    return [
        leg
        for account, amount in one.hold.drawn_between(one.before, one.before + one.amount)
        for leg in back_home(
            Transfer(payable, account, amount, one.hold.authorisation_id),
            books,
            one.hold.placed_at,
            journal_id,
            one.hold.id,
            one.before,
        )
    ]
