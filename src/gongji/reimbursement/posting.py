"""Claims in the ledger and on the counters: what a decision posts, and what a bank carried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from gongji.foundation.ids import Serials, bucket_of, compose
from gongji.ledger.model import (
    AccountKind,
    Journal,
    JournalKind,
    Transfer,
    fund_holder,
    open_account,
    personal_account,
)
from gongji.ledger.service import post, register_poster
from gongji.reimbursement import store
from gongji.reimbursement.casework import OfficersDoing
from gongji.reimbursement.model import Decision, Payment
from gongji.settlement.afterwards import move_counters, taken_back
from gongji.settlement.model import Explanation, PayerLine

_FUNDS: Final = (
    ("fund_pool", AccountKind.FUND_POOL),
    ("fund_large", AccountKind.FUND_LARGE),
    ("fund_civil", AccountKind.FUND_CIVIL),
    ("fund_aid", AccountKind.FUND_AID),
)
_AMOUNTS: Final = (
    "total",
    "self_paid",
    "over_limit",
    "first_self_pay",
    "in_scope",
    "deductible",
    "fund_pool",
    "fund_large",
    "fund_civil",
    "fund_aid",
)
_CARRIED: Final = {
    "paid": JournalKind.PAID_OUT,
    "bounced": JournalKind.BOUNCED,
    "recovered": JournalKind.RECOVERED,
}


def standing(decisions: Sequence[Decision]) -> Decision | None:
    """The decision that stands: the last one that was not taken back."""
    undone = {one.reverses for one in decisions}
    return next((one for one in reversed(decisions) if one.kind == "decide" and one.id not in undone), None)


def taken_back_of(doing: OfficersDoing, serials: Serials, one: Decision, by: str, second: str | None) -> Decision:
    """What takes a decision back: a row of its own with all amounts below zero; nothing is written."""
    lines = (
        PayerLine(line.payer, -line.amount, "claim.taken_back", line.clause, line.inputs)
        for line in one.explanation.payers
        if line.amount
    )
    return replace(
        one,
        id=compose(serials.take(1, doing.at)[0], bucket_of(one.id)),
        kind="take_back",
        reverses=one.id,
        at=doing.at,
        by=by,
        second=second,
        explanation=Explanation(tuple(lines), ()),
        moves=taken_back(one.moves),
        lines=(),
        **{name: -getattr(one, name) for name in _AMOUNTS},
    )


def post_decisions(doing: OfficersDoing, serials: Serials, person_id: int, ones: Sequence[Decision]) -> None:
    """Keep decisions in order, count them, and post what each moves between the funds and what we owe the person."""
    journals = []
    for one in ones:
        store.insert_decision(doing.connection, one, person_id)
        move_counters(doing.connection, person_id, one.moves, doing.at)
        legs = _legs(one, person_id)
        if legs:
            kind = JournalKind.REIMBURSE if one.kind == "decide" else JournalKind.REIMBURSE_BACK
            journals.append(Journal(one.id, kind, None, doing.at, legs))
    if journals:
        post(doing.connection, register_poster(doing.connection, serials, doing.at), journals)


def post_payment(
    doing: OfficersDoing,
    serials: Serials,
    claim_id: int,
    person_id: int,
    region: str,
    kind: str,
    amount: int,
    reference: str,
) -> Payment:
    """Keep that the bank of a region carried money to the person (``paid``) or back (``bounced``, ``recovered``)."""
    one = Payment(
        compose(serials.take(1, doing.at)[0], bucket_of(person_id)),
        kind,
        amount,
        reference,
        doing.at,
        doing.caller.holder,
    )
    owed = personal_account(AccountKind.PAYABLE_PERSON, person_id)
    bank = open_account(AccountKind.TREASURY, int(region), bucket_of(person_id))
    leg = Transfer(owed, bank, amount) if kind == "paid" else Transfer(bank, owed, amount)
    store.insert_payment(doing.connection, claim_id, one)
    writer = register_poster(doing.connection, serials, doing.at)
    post(doing.connection, writer, [Journal(one.id, _CARRIED[kind], None, doing.at, (leg,))])
    return one


def _legs(one: Decision, person_id: int) -> tuple[Transfer, ...]:
    holder, bucket = fund_holder(one.region, one.scheme), bucket_of(person_id)
    owed = personal_account(AccountKind.PAYABLE_PERSON, person_id)
    legs = []
    for name, kind in _FUNDS:
        amount, fund = getattr(one, name), open_account(kind, holder, bucket)
        if amount > 0:
            legs.append(Transfer(fund, owed, amount))
        elif amount < 0:
            legs.append(Transfer(owed, fund, -amount))
    return tuple(legs)
