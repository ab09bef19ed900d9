"""Wallet quotas: what stands in the way, set one for a relative, accept it, change its amount, end it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from gongji.entrances.api.authorisations import relative
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES
from gongji.entrances.api.wallet import At, ConditionOut, Key, ReceiverIn, citizen, condition_out, stated
from gongji.foundation.access import Role
from gongji.registry import service as registry
from gongji.rules.model import Relation
from gongji.wallet.quotas import service, store
from gongji.wallet.quotas.model import Moved, Quota, QuotaEnd, QuotaState

router = APIRouter(prefix="/v1", tags=["wallet"], responses=RESPONSES)

Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="id of the quota")]

#: Quotas in one answer: what stands first, then the newest.
MOST_QUOTAS = 200


class QuotaIn(ReceiverIn):
    """How much a relative may use; the amount is set aside in the caller's account."""

    amount_fen: int = Field(gt=0, le=10**12)


class AmountIn(BaseModel):
    """The amount anew, what was used included."""

    amount_fen: int = Field(gt=0, le=10**12)


class MovementOut(BaseModel):
    """What happened to a quota's money: `returned` came back by a refund and can be used again."""

    at: datetime
    what: Moved
    amount_fen: int


class QuotaOut(BaseModel):
    """What one person lets a near relative use of their account. No money moves until it is used."""

    id: str
    given: bool = Field(description="whether you gave it; else it was given to you")
    name: str = Field(description="of the other one, masked")
    relation: Relation = Field(description="what the user is to the giver")
    stated: bool = Field(description="whether that rests on the giver's word alone")
    amount_fen: int = Field(description="in all; after the end what was used")
    used_fen: int
    left_fen: int
    state: QuotaState
    end: QuotaEnd | None = Field(description="what ended it; null until it has ended")
    made_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None


class QuotaHistoryOut(QuotaOut):
    """A quota with what happened to its money, newest first."""

    movements: list[MovementOut]


@router.get("/wallet/quotas")
def read_quotas(door: At) -> list[QuotaOut]:
    """What the caller gave and was given, what stands first."""
    with door.open(Role.CITIZEN) as call:
        me = citizen(call.caller)
        return _outs(call, store.quotas_of(call.connection, me, MOST_QUOTAS), me)


@router.post("/wallet/quotas/conditions")
def read_quota_conditions(body: ReceiverIn, door: At) -> list[ConditionOut]:
    """Every condition of a quota for a relative, before an amount is asked for; of a stranger nothing is told."""
    with door.open(Role.CITIZEN) as call:
        me, user = citizen(call.caller), relative(call, body.receiver, "receiver")
        call.note("wallet.conditions", user)
        _, listed = service.quota_conditions(call.connection, call.platform.wallets, me, user, stated(body))
        return [condition_out(one) for one in listed]


@router.post("/wallet/quotas")
def set_quota(body: QuotaIn, door: At, key: Key) -> QuotaOut:
    """Let a near relative use an amount: it is set aside at once, and can be used once they accept."""
    with door.open(Role.CITIZEN) as call:
        me, user = citizen(call.caller), relative(call, body.receiver, "receiver")
    made = service.set_quota(
        call.platform.wallets,
        giver_id=me,
        user_id=user,
        amount=body.amount_fen,
        stated=stated(body),
        key=key,
        caller=call.caller,
    )
    return _told(door, made, me)


@router.get("/wallet/quotas/{number}")
def read_quota(number: Number, door: At) -> QuotaHistoryOut:
    """One quota with its history, to its two people."""
    with door.open(Role.CITIZEN) as call:
        me = citizen(call.caller)
        one = service.quota_of(call.connection, int(number), me)
        moved = store.movements(call.connection, one.id)
        listed = [MovementOut(at=line.at, what=line.what, amount_fen=line.amount) for line in moved]
        (out,) = _outs(call, [one], me)
        return QuotaHistoryOut(**out.model_dump(), movements=listed)


@router.put("/wallet/quotas/{number}/amount")
def change_quota(number: Number, body: AmountIn, door: At) -> QuotaOut:
    """The giver sets the amount anew: more is set aside, or what is too much given back. The same again changes nothing."""
    with door.open(Role.CITIZEN) as call:
        me = citizen(call.caller)
    changed = service.change_quota(
        call.platform.wallets, int(number), giver_id=me, amount=body.amount_fen, caller=call.caller
    )
    return _told(door, changed, me)


@router.post("/wallet/quotas/{number}/accept")
def accept_quota(number: Number, door: At) -> QuotaOut:
    """The relative accepts: their visits draw on it from now on. Accepting again gives the same answer."""
    with door.open(Role.CITIZEN) as call:
        me = citizen(call.caller)
    return _told(door, service.accept_quota(call.platform.wallets, int(number), user_id=me, caller=call.caller), me)


@router.post("/wallet/quotas/{number}/end")
def end_quota(number: Number, door: At) -> QuotaOut:
    """Either of the two ends it: what was not used is the giver's again at once. Ending again gives the same answer."""
    with door.open(Role.CITIZEN) as call:
        me = citizen(call.caller)
    return _told(door, service.end_quota(call.platform.wallets, int(number), person_id=me, caller=call.caller), me)


def _told(door: Door, one: Quota, me: int) -> QuotaOut:
    with door.open(Role.CITIZEN) as call:
        return _outs(call, [one], me)[0]


def _outs(call: Call, found: Collection[Quota], me: int) -> list[QuotaOut]:
    others = {one.user_id if one.giver_id == me else one.giver_id for one in found}
    people = registry.people_by_id(call.connection, call.platform.vault, others)
    for person in sorted(people):
        call.note("wallet.read", person)
    return [
        QuotaOut(
            id=str(one.id),
            given=one.giver_id == me,
            name=people[one.user_id if one.giver_id == me else one.giver_id].masked_name,
            relation=one.relation,
            stated=one.stated,
            amount_fen=one.amount,
            used_fen=one.used,
            left_fen=one.left,
            state=one.state,
            end=one.end,
            made_at=one.made_at,
            accepted_at=one.accepted_at,
            ended_at=one.ended_at,
        )
        for one in found
    ]
