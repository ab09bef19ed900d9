"""Corrections of personal accounts by officers: a wrong credit, what is owed of it, a death that was none."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, StringConstraints

from gongji.accrual.credit_undo import collect_debts, undo_credit
from gongji.accrual.death_undo import undo_death
from gongji.accrual.model import CreditKind
from gongji.entrances.accrual_command.credit_file import read_month
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES
from gongji.entrances.api.shapes import Body
from gongji.foundation.access import Role

router = APIRouter(prefix="/v1/people/{psn_no}", tags=["accounts"], responses=RESPONSES)

At = Annotated[Door, Depends()]
PsnNo = Annotated[str, Path(description="人员编号, 20 digits")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Reference = Annotated[Text, Field(description="the agency's number of the case; the same again gives the same answer")]


class CollectIn(Body):
    """What the person owes is to be collected."""

    reference: Reference = Field(examples=["ZH-2024-0007"])


class UndoIn(Body):
    """Something is taken back."""

    reference: Reference = Field(examples=["GZ-2024-0012"])
    reason: Text = Field(description="why; kept with the case", examples=["单位申报基数有误"])


class CreditUndoneOut(BaseModel):
    """A credit that was taken back."""

    event: str = Field(description="id of the journal")
    region: str = Field(description="whose income it went back to")
    amount_fen: int = Field(description="the whole credit")
    taken_fen: int = Field(description="of it, what was still in the accounts")
    owed_fen: int = Field(description="of it, what was spent: the person owes it until it is collected")
    at: datetime


class CollectedOut(BaseModel):
    """What was collected."""

    taken_fen: int
    owed_fen: int = Field(description="what the person owes now")


class HeirOut(BaseModel):
    """Somebody who was to inherit."""

    person: str = Field(description="our id; the same as in the closing")
    amount_fen: int = Field(description="no longer owed; to be asked back where it was paid out")


class DeathUndoneOut(BaseModel):
    """A death that was taken back."""

    event: str = Field(description="id of the journal")
    amount_fen: int = Field(description="back in the accounts")
    returned_fen: int = Field(description="what came back while the account was closed: now in the accounts too")
    heirs: list[HeirOut]
    authorisations_ended: int = Field(description="they stay ended; whoever wants them agrees anew")
    at: datetime


@router.post("/credits/{month}/{kind}/undo")
def undo_monthly_credit(
    psn_no: PsnNo,
    month: Annotated[str, Path(description="2024-06")],
    kind: CreditKind,
    body: UndoIn,
    door: At,
) -> CreditUndoneOut:
    """An officer takes a wrong monthly credit back: what is there at once, the rest is owed."""
    first = read_month(month, "month")
    call, person_id = _asked(door, psn_no, "credit.undo")
    done = undo_credit(
        call.platform.database,
        call.platform.clock,
        person_id,
        first,
        kind,
        reason=body.reason,
        reference=body.reference,
        caller=call.caller,
    )
    return CreditUndoneOut(
        event=str(done.id),
        region=done.region,
        amount_fen=done.amount,
        taken_fen=done.taken,
        owed_fen=done.owed,
        at=done.at,
    )


@router.post("/debts/collect")
def collect_what_is_owed(psn_no: PsnNo, body: CollectIn, door: At) -> CollectedOut:
    """An officer collects from the account what the person still owes of wrong credits, as far as there is money."""
    call, person_id = _asked(door, psn_no, "debts.collect")
    done = collect_debts(
        call.platform.database, call.platform.clock, person_id, reference=body.reference, caller=call.caller
    )
    return CollectedOut(taken_fen=done.taken, owed_fen=done.owed)


@router.post("/death/undo")
def undo_recorded_death(psn_no: PsnNo, body: UndoIn, door: At) -> DeathUndoneOut:
    """An officer takes a death back that was recorded by mistake: the account opens again with all that was in it."""
    call, person_id = _asked(door, psn_no, "death.undo")
    done = undo_death(
        call.platform.database,
        call.platform.clock,
        person_id,
        reason=body.reason,
        reference=body.reference,
        caller=call.caller,
    )
    return DeathUndoneOut(
        event=str(done.id),
        amount_fen=done.amount,
        returned_fen=done.returned,
        heirs=[HeirOut(person=str(heir), amount_fen=share) for heir, share in done.shares.items()],
        authorisations_ended=done.authorisations,
        at=done.at,
    )


def _asked(door: Door, psn_no: str, action: str) -> tuple[Call, int]:
    """Who calls, and whom it is about; that they asked is in the audit whatever comes of it."""
    with door.open(Role.OFFICER) as call:
        person, _ = call.person(psn_no)
        call.note(action, person.id)
        return call, person.id
