"""The keys with which institutions sign at the national interface: listed for officers, changed by operators."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, StringConstraints

from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES
from gongji.entrances.api.shapes import Body
from gongji.foundation.access import Role
from gongji.registry import keys
from gongji.registry.keys import SigningDialect
from gongji.registry.model import Institution
from gongji.registry.refusals import institution_unknown
from gongji.registry.service import institution_by_code

router = APIRouter(prefix="/v1/institutions/{code}/keys", tags=["institution keys"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Code = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{1,30}$", description="fixmedins_code", examples=["H21120200001"])]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,9}$", description="number of the key")]
Secret = Annotated[str, StringConstraints(pattern=r"^[!-~]{16,256}$")]

#: Longest time for which a key is made, or an old secret holds beside a new one: ten years, and one.
LONGEST_LIFE: Final = 3653
LONGEST_OVERLAP: Final = 366


class KeyOut(BaseModel):
    """A key without its secret."""

    number: str
    dialect: SigningDialect = Field(description="how it signs")
    client: str = Field(description="what the sender calls itself (paasid, access key …); of an apikey its fingerprint")
    valid_from: datetime
    valid_until: datetime | None = Field(description="the first moment at which it does not hold; null: it holds on")
    holds: bool = Field(description="whether it may sign now")


class MadeKeyOut(KeyOut):
    """A new key; its secret is told here and never again."""

    secret: str | None = Field(description="as it was made here; null where the caller gave it")


class AddIn(Body):
    """A key under a new name; earlier keys hold on."""

    dialect: SigningDialect = SigningDialect.X_TIF
    client: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")] | None = Field(
        default=None, description="the institution's code when left out; an apikey has no name of its own"
    )
    days: Annotated[int, Field(strict=True, ge=1, le=LONGEST_LIFE)] | None = Field(
        default=None, description="how long it holds; without end when left out"
    )
    secret: Secret | None = Field(
        default=None, description="made here when left out; an apikey has at least 32 characters"
    )


class RotateIn(Body):
    """A new secret under an old key's name, valid at once."""

    days: Annotated[int, Field(strict=True, ge=0, le=LONGEST_OVERLAP)] = Field(
        default=14, description="how long the old secret holds beside the new one"
    )
    secret: Secret | None = Field(default=None, description="made here when left out")


@router.get("")
def list_keys(code: Code, door: At) -> list[KeyOut]:
    """An institution's keys, newest first, those that ended too."""
    with door.open(Role.OFFICER, Role.OPERATOR) as call:
        own = _institution(call, code)
        call.note("institution_key.list", institution=own.code)
        return _outs(call, own)


@router.post("")
def add_key(code: Code, body: AddIn, door: At) -> MadeKeyOut:
    """Add a key. Not kept for repetitions, as its answer is a secret: the same name again is `institution_key.duplicate`."""
    with door.open(Role.OPERATOR) as call:
        own = _institution(call, code)
        secret = body.secret or keys.new_secret()
        until = None if body.days is None else call.now + timedelta(days=body.days)
        vault = call.platform.vault
        number = keys.add_institution_key(
            call.connection, vault, own.id, body.client or own.code, secret, call.now, until, body.dialect
        )
        call.note("institution_key.add", institution=own.code, key=number)
        return _made(call, own, number, None if body.secret else secret)


@router.post("/{number}/rotate")
def rotate_key(code: Code, number: Number, body: RotateIn, door: At) -> MadeKeyOut:
    """A new secret under the same name, valid at once; the old one ends after some days."""
    with door.open(Role.OPERATOR) as call:
        own = _institution(call, code)
        secret = body.secret or keys.new_secret()
        until = call.now + timedelta(days=body.days)
        made = keys.rotate_key(call.connection, call.platform.vault, own.id, int(number), secret, call.now, until)
        call.note("institution_key.rotate", institution=own.code, key=made)
        return _made(call, own, made, None if body.secret else secret)


@router.post("/{number}/withdraw")
def withdraw_key(code: Code, number: Number, door: At) -> KeyOut:
    """End a key now, at every process."""
    with door.open(Role.OPERATOR) as call:
        own = _institution(call, code)
        keys.withdraw_key(call.connection, own.id, int(number), call.now)
        call.note("institution_key.withdraw", institution=own.code, key=int(number))
        return _one(call, own, int(number))


def _institution(call: Call, code: str) -> Institution:
    """The institution, when it lies in the caller's region.

    Raises:
        NotFound: ``institution.unknown``, also for one of another region.
    """
    found = institution_by_code(call.connection, code)
    if found is None or not call.caller.covers(found.region):
        raise institution_unknown()
    return found


def _outs(call: Call, own: Institution) -> list[KeyOut]:
    return [
        KeyOut(
            number=str(key.id),
            dialect=key.dialect,
            client=key.client,
            valid_from=key.valid_from,
            valid_until=key.valid_until,
            holds=key.valid_from <= call.now and (key.valid_until is None or call.now < key.valid_until),
        )
        for key in keys.list_keys(call.connection, own.id)
    ]


def _one(call: Call, own: Institution, number: int) -> KeyOut:
    (found,) = (key for key in _outs(call, own) if key.number == str(number))
    return found


def _made(call: Call, own: Institution, number: int, secret: str | None) -> MadeKeyOut:
    return MadeKeyOut(**dict(_one(call, own, number)), secret=secret)
