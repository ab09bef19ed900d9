"""Holds for stays in hospital: a citizen sets a deposit aside, the hospital takes of it, what is left goes back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Header, Path
from pydantic import BaseModel, Field, StringConstraints

from gongji.entrances import wording
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.shapes import ACCOUNT_NAMES, BalanceOut, Body, Fen
from gongji.entrances.platform import Platform
from gongji.entrances.wording import Language
from gongji.family import service as family
from gongji.family.refusals import Code, refuse
from gongji.foundation.access import Caller, Role
from gongji.foundation.ids import bucket_of
from gongji.foundation.keys import PATTERN
from gongji.foundation.replies import digest_of
from gongji.ledger.holds import Hold, HoldPurpose, HoldReceipt, HoldState
from gongji.ledger.model import AccountKind, kind_of, open_account
from gongji.registry import service as registry
from gongji.registry.model import Institution
from gongji.settlement import admission_refusals as stays
from gongji.settlement import refusals as settlements
from gongji.settlement.admissions import find_admission
from gongji.settlement.holds import refusals
from gongji.settlement.holds.model import CaptureHold, HoldCommand, HoldKey, PlaceHold, ReleaseHold
from gongji.settlement.holds.queries import find_hold
from gongji.settlement.model import Visit, from_wire
from gongji.settlement.visits import find_visit

router = APIRouter(prefix="/v1/holds", tags=["holds"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="id of the hold")]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=PATTERN,
        description="8 to 128 visible ASCII characters, new for every step; a repetition gets the same answer",
    ),
]

#: How long a deposit is held where nobody says: longer than all but a few stays.
USUAL_TIME: Final = timedelta(days=90)
LONGEST_TIME: Final = 366


class PlaceIn(Body):
    """A deposit for a stay, from one's own account or from a sharer's."""

    stay: Annotated[str, StringConstraints(pattern=r"^[0-9]{22}$")] = Field(
        description="mdtrt_id of the admission (2401)", examples=["2112020000000000007171"]
    )
    amount_fen: Fen = Field(examples=[200_000])
    authorisation: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")] | None = Field(
        default=None, description="the sharer's account pays, under this authorisation; both its sides may ask"
    )
    days: Annotated[int, Field(strict=True, ge=1, le=LONGEST_TIME)] = Field(
        default=USUAL_TIME.days, description="after so many days what is left goes back by itself"
    )


class CaptureIn(Body):
    """The hospital takes of a deposit."""

    amount_fen: Fen = Field(examples=[150_000])
    release_rest: bool = Field(default=False, description="give back at once what then remains")


class ReleaseIn(Body):
    """What is held goes back."""

    amount_fen: Fen | None = Field(default=None, description="all that remains where it is left out")


class StepOut(BaseModel):
    """What one step of a hold came to."""

    hold: str
    step: str
    kind: Literal["hold", "capture", "release", "expire"]
    captured_fen: int
    released_fen: int
    remaining_fen: int
    at: datetime
    words: Words = Field(description="the step in a sentence")


class HoldDetail(BaseModel):
    """A hold with where its money came from and where it went."""

    id: str
    purpose: Literal["deposit", "wallet", "transfer", "premium"]
    state: HoldState
    amount_fen: int
    captured_fen: int
    released_fen: int
    remaining_fen: int
    sources: list[BalanceOut] = Field(description="the accounts that gave; to their owner only")
    stay: str | None = Field(description="mdtrt_id; not told to a sharer: a relative's stay is the relative's")
    authorisation: str | None
    placed_at: datetime
    expires_at: datetime
    words: Words = Field(description="where it stands, in a sentence")


def _words(msgid: str, **values: int) -> Words:
    return Words(zh=wording.text(msgid, Language.CHINESE, **values), en=wording.text(msgid, Language.ENGLISH, **values))


@router.post("")
def place(body: PlaceIn, door: At, key: Key) -> StepOut:
    """Set a deposit aside: it leaves the accounts at once, and nobody else can spend it."""
    with door.open(Role.CITIZEN) as call:
        person_id = call.caller.person_id
        assert person_id is not None, "a citizen's token is a person's"
        stay = _stay(call, body.stay)
        payer = person_id
        if body.authorisation is not None:
            one = family.authorisation(call.connection, int(body.authorisation))
            if person_id not in (one.sharer_id, one.user_id) or one.user_id != stay.person_id:
                raise refuse(Code.UNKNOWN)
            payer = one.sharer_id
        elif stay.person_id != person_id:
            raise settlements.visit_unknown()
        call.note("hold.place", stay.person_id, stay=body.stay, amount=body.amount_fen)
        command = PlaceHold(
            key=_key(call.caller, key, "place", body.model_dump_json()),
            person_id=stay.person_id,
            payer_id=payer,
            amount=body.amount_fen,
            purpose=HoldPurpose.DEPOSIT,
            reference=body.stay,
            expires_at=call.now + timedelta(days=body.days),
            authorisation_id=int(body.authorisation) if body.authorisation else None,
        )
        platform = call.platform
    return _step(platform, command)


@router.get("/{number}")
def read(number: Number, door: At) -> HoldDetail:
    """One hold: to whose money it is, for whom it is, to the institution of the stay and to officers."""
    with door.open(Role.CITIZEN, Role.OFFICER, Role.INTEGRATOR) as call:
        hold = _visible(call, number)
        call.note("hold.read", hold.person_id, hold=number)
        owner = call.caller.person_id == hold.payer_id
        only_sharer = owner and hold.person_id != hold.payer_id
        return HoldDetail(
            id=str(hold.id),
            purpose=hold.purpose.value,
            state=hold.state,
            amount_fen=hold.amount,
            captured_fen=hold.captured,
            released_fen=hold.released,
            remaining_fen=hold.remaining,
            sources=[
                BalanceOut(account=ACCOUNT_NAMES[kind_of(account)], amount_fen=amount)
                for account, amount in hold.sources
                if owner
            ],
            stay=None if only_sharer else hold.reference,
            authorisation=str(hold.authorisation_id) if hold.authorisation_id else None,
            placed_at=hold.placed_at,
            expires_at=hold.expires_at,
            words=_words(
                f"hold.{hold.state}",
                amount=hold.amount,
                captured=hold.captured,
                released=hold.released,
                remaining=hold.remaining,
            ),
        )


@router.post("/{number}/capture")
def capture(number: Number, body: CaptureIn, door: At, key: Key) -> StepOut:
    """The institution of the stay takes a part or all of a deposit."""
    with door.open(Role.INTEGRATOR) as call:
        hold = _visible(call, number)
        place = _institution(call, hold)
        assert place is not None, "an integrator sees the holds of its own stays only"
        call.note("hold.capture", hold.person_id, hold=number, amount=body.amount_fen)
        command = CaptureHold(
            key=_key(call.caller, key, "capture", number, body.model_dump_json()),
            person_id=hold.person_id,
            hold_id=hold.id,
            amount=body.amount_fen,
            credit=open_account(AccountKind.PAYABLE_INSTITUTION, place.id, bucket_of(hold.account)),
            release_rest=body.release_rest,
        )
        platform = call.platform
    return _step(platform, command)


@router.post("/{number}/release")
def release(number: Number, body: ReleaseIn, door: At, key: Key) -> StepOut:
    """The institution of the stay, or an officer of the patient's region, gives back a part or all of what remains."""
    with door.open(Role.INTEGRATOR, Role.OFFICER) as call:
        hold = _visible(call, number)
        call.note("hold.release", hold.person_id, hold=number, amount=body.amount_fen)
        command = ReleaseHold(
            key=_key(call.caller, key, "release", number, body.model_dump_json()),
            person_id=hold.person_id,
            hold_id=hold.id,
            amount=body.amount_fen,
        )
        platform = call.platform
    return _step(platform, command)


def _step(platform: Platform, command: HoldCommand) -> StepOut:
    """Wait at the desk, outside of any transaction of ours: it locks what it needs."""
    receipt: HoldReceipt = platform.desk.hold(command).result()
    amount = command.amount if isinstance(command, PlaceHold) else receipt.captured + receipt.released
    return StepOut(
        hold=str(receipt.hold_id),
        step=str(receipt.step_id),
        kind=receipt.kind.value,
        captured_fen=receipt.captured,
        released_fen=receipt.released,
        remaining_fen=receipt.remaining,
        at=receipt.at,
        words=_words(
            f"hold.step.{receipt.kind}",
            amount=amount or 0,
            captured=receipt.captured,
            released=receipt.released,
            remaining=receipt.remaining,
        ),
    )


def _key(caller: Caller, key: str, *content: str) -> HoldKey:
    whose = f"rest:{caller.role}:{caller.person_id or caller.holder}:{key}"
    return HoldKey(whose, digest_of(*content))


def _stay(call: Call, number: str) -> Visit:
    """The stay that a deposit is for.

    Raises:
        NotFound: ``visit.unknown``. Refused: ``admission.state`` for one that is settled or cancelled.
    """
    identifier = from_wire(number)
    found = find_admission(call.connection, identifier) if identifier is not None else None
    if found is None:
        raise settlements.visit_unknown()
    if not found.awaits_settlement:
        raise stays.wrong_state(found.state)
    return found.visit


def _institution(call: Call, hold: Hold) -> Institution | None:
    """Where the stay is that a hold is for."""
    identifier = from_wire(hold.reference) if hold.purpose is HoldPurpose.DEPOSIT else None
    visit = find_visit(call.connection, identifier) if identifier is not None else None
    if visit is None:
        return None
    return registry.institutions_by_id(call.connection, [visit.institution_id])[visit.institution_id]


def _visible(call: Call, number: str) -> Hold:
    """A hold that the caller may see.

    Raises:
        NotFound: ``hold.unknown``, whether there is none or it is not the caller's to see.
    """
    hold = find_hold(call.connection, int(number))
    if hold is None or not _may_see(call, hold):
        raise refusals.unknown()
    return hold


def _may_see(call: Call, hold: Hold) -> bool:
    if call.caller.role is Role.CITIZEN:
        return call.caller.person_id in (hold.payer_id, hold.person_id)
    if call.caller.role is Role.INTEGRATOR:
        place = _institution(call, hold)
        return place is not None and place.code == call.caller.holder
    enrolment = registry.enrolment_on(call.connection, hold.person_id, call.now.date())
    return enrolment is not None and call.caller.covers(enrolment.region)
