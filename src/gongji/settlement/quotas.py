"""Quotas that relatives give a patient's wallet (医保钱包额度): what a settlement takes of them, and what goes back to them.

The money of a quota stands in holds of its giver (see `gongji.settlement.holds`), whose reference is the quota's number: one
from its setting, one for each time that it was raised, one for each time that something came back. What a settlement takes
stands in the settlement's own journal. What is taken back goes to the accounts that it came from, as that of a deposit
does; while the quota is in force it is set aside there again at once, in the same transaction, and can be used again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from gongji.foundation.ids import bucket_of, compose
from gongji.ledger.holds import Hold, HoldPurpose, HoldState
from gongji.ledger.model import is_bounded
from gongji.settlement.books import Books
from gongji.settlement.deposits import Captured, back_to_payer
from gongji.settlement.holds.decide import set_aside, taken_by_settlement
from gongji.settlement.holds.model import HoldBooks, HoldDecision, HoldKey
from gongji.settlement.model import MessageKey
from gongji.settlement.waterfall import Quota

#: A quota is over when one of the two ends it, or their insurance does: its holds have no end of their own.
NO_END: Final = datetime.fromisoformat("9999-12-31T00:00:00+08:00")


def quotas_for(person_id: int, holds: HoldBooks, books: Books) -> tuple[Quota, ...]:
    """What is left of each quota for a person, in the order in which they are taken; those that are used up are left out."""
    left: dict[int, list[Hold]] = {number: [] for number, user_id in holds.quotas.items() if user_id == person_id}
    for one in holds.holds.values() if left else ():
        if one.purpose is HoldPurpose.WALLET and one.state is HoldState.OPEN and int(one.reference) in left:
            left[int(one.reference)].append(one)
    return tuple(
        Quota(
            number,
            mine[0].payer_id,
            mine[0].account,
            tuple((one.id, one.remaining) for one in mine),
            locked=mine[0].payer_id in books.frozen,
        )
        for number, mine in left.items()
        if mine
    )


def take_from_quotas(
    captured: Mapping[int, int], key: MessageKey, settlement_id: int, holds: HoldBooks, at: datetime, serials: list[int]
) -> list[HoldDecision]:
    """The steps of the quotas' holds that a settlement took from.

    Args:
        captured: fen by hold, as the settlement's transfers take them; deposits among them are none of ours.
        key: of the settlement's message.
        settlement_id: in whose journal the taking stands.
        holds: the batch's working state.
        at: the moment.
        serials: numbers for the steps, taken from the end.
    """
    steps = []
    for hold_id, amount in captured.items():
        if holds.holds[hold_id].purpose is HoldPurpose.WALLET:
            taken = HoldKey(f"settlement:{settlement_id}:{hold_id}:taken", key.digest)
            step_id = compose(serials.pop(), bucket_of(hold_id))
            steps.append(taken_by_settlement(taken, hold_id, amount, settlement_id, holds, at, step_id))
    return steps


def give_back_to_quotas(
    captured: Iterable[Captured],
    institution_id: int,
    key: MessageKey,
    reversal_id: int,
    holds: HoldBooks,
    books: Books,
    at: datetime,
    serials: list[int],
) -> list[HoldDecision]:
    """Set aside again what a reversal has paid back to givers, as far as their quotas are still in force and their accounts not
    frozen: what comes back to a frozen account stays there.

    Args:
        captured: what the original took out of holds; the reversal has moved it to the accounts it came from.
        institution_id: which institution has given it back.
        key, reversal_id: of the reversal.
        holds, books, at, serials: as in `take_from_quotas`.
    """
    steps = []
    for one in captured:
        if (
            one.hold.purpose is not HoldPurpose.WALLET
            or int(one.hold.reference) not in holds.quotas
            or one.hold.payer_id in books.frozen
        ):
            continue
        legs = back_to_payer(one, institution_id, books, reversal_id)
        # What is owed to the giver of an account that is closed is nobody's quota any more.
        came_back = tuple((leg.credit, leg.amount) for leg in legs if is_bounded(leg.credit))
        if came_back:
            hold_id = compose(serials.pop(), bucket_of(one.hold.account))
            again = HoldKey(f"settlement:{reversal_id}:{one.hold.id}:again", key.digest)
            amount = sum(part for _, part in came_back)
            fresh = replace(one.hold, id=hold_id, captured=0, released=0, state=HoldState.OPEN, placed_at=at)
            steps.append(set_aside(replace(fresh, amount=amount, sources=came_back), again, holds, books))
    return steps
