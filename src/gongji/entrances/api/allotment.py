"""Allotment (划拨), where the region asks for it: three figures that add up, allot to a relative, take back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, Field

from gongji.allotment import service
from gongji.allotment.model import Deed, Done, Standing
from gongji.allotment.refusals import not_here
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES
from gongji.foundation.access import Role
from gongji.foundation.keys import PATTERN
from gongji.rules.model import AllotmentParts, AllotmentYearEnd, TakeBack

router = APIRouter(prefix="/v1", tags=["allotment"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=PATTERN,
        description="8 to 128 visible ASCII characters, new for every deed; a repetition gets the same answer",
    ),
]


class DeedIn(BaseModel):
    """For whom, and how much."""

    authorisation: str | None = Field(
        default=None,
        pattern=r"^[0-9]{1,18}$",
        description="id of the sharing it is for; null where all relatives share one pot",
    )
    amount_fen: int = Field(gt=0, le=10**12)


class PartOut(BaseModel):
    """What is left of a part of what was allotted."""

    authorisation: str | None = Field(description="id of the sharing; null for all relatives together")
    amount_fen: int
    ever: bool = Field(description="whether something was allotted before: a zero is then what was used or taken back")


class AllotmentOut(BaseModel):
    """The caller's money: `total_fen` = `kept_fen` + `given_fen` + `can_give_fen`. The rule's words are null where no
    region of theirs asks for allotment any more and only something is left to take back."""

    total_fen: int
    kept_fen: int
    given_fen: int
    can_give_fen: int
    given: list[PartOut]
    parts: AllotmentParts | None
    take_back: TakeBack | None
    year_end: AllotmentYearEnd | None
    retained_floor_fen: int = Field(description="what has to stay in the account by the rule")
    rule: str | None = Field(description="the clause that asks for allotment")


class DoneOut(BaseModel):
    """What was done; its journal in the ledger has the same number."""

    id: str
    deed: Deed
    authorisation: str | None
    amount_fen: int
    at: datetime


@router.get("/allotment")
def read_allotment(door: At) -> AllotmentOut:
    """The caller's figures and every relative's part; refused where nothing has to be allotted."""
    with door.open(Role.CITIZEN) as call:
        now = service.standing_of(call.connection, call.platform.rules, _citizen(call), call.now)
        if now is None:
            raise not_here()
        call.note("allotment.read", _citizen(call))
        return _standing_out(now)


@router.post("/allotment/give")
def give(body: DeedIn, door: At, key: Key) -> DoneOut:
    """Allot to a relative, or to all where they share one pot: it stays the caller's until it is spent."""
    return _do(door, body, key, service.allot)


@router.post("/allotment/take-back")
def take_back(body: DeedIn, door: At, key: Key) -> DoneOut:
    """Take back what was not used, where the rule allows it: it goes to the account that it came from."""
    return _do(door, body, key, service.take_back)


def _do(door: Door, body: DeedIn, key: str, act: Callable[..., Done]) -> DoneOut:
    with door.open(Role.CITIZEN) as call:
        done = act(
            call.connection,
            call.platform.rules,
            call.platform.database.serials,
            sharer_id=_citizen(call),
            authorisation_id=None if body.authorisation is None else int(body.authorisation),
            amount=body.amount_fen,
            key=key,
            caller=call.caller,
            at=call.now,
        )
        return DoneOut(
            id=str(done.id),
            deed=done.deed,
            authorisation=None if done.authorisation_id is None else str(done.authorisation_id),
            amount_fen=done.amount,
            at=done.at,
        )


def _standing_out(now: Standing) -> AllotmentOut:
    rule = now.allotment
    return AllotmentOut(
        total_fen=now.total,
        kept_fen=now.kept,
        given_fen=now.allotted,
        can_give_fen=now.can_give,
        given=[
            PartOut(
                authorisation=None if one.authorisation_id is None else str(one.authorisation_id),
                amount_fen=one.amount,
                ever=one.ever,
            )
            for one in now.given
        ],
        parts=rule.parts if rule is not None else None,
        take_back=rule.take_back if rule is not None else None,
        year_end=rule.year_end if rule is not None else None,
        retained_floor_fen=now.sharing.retained_floor if now.sharing is not None else 0,
        rule=rule.clause.rule if rule is not None else None,
    )


def _citizen(call: Call) -> int:
    assert call.caller.person_id is not None, "the database holds no citizen's token without a person"
    return call.caller.person_id
