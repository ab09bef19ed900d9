"""Sharing arranged at a hospital's counter, for the hospital's own program: both people show their credentials."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field, StringConstraints

from gongji.entrances import counter_sharing
from gongji.entrances.api.authorisations import relative
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.holds import Key
from gongji.entrances.api.problems import RESPONSES
from gongji.entrances.api.shapes import AuthorisationDetail, AuthorisationOut, Body, Fen, RelativeIn
from gongji.entrances.api.sides import detail_out, outs
from gongji.entrances.counter_sharing import Evidence, Wish
from gongji.family import service as family
from gongji.foundation.access import Role
from gongji.foundation.errors import NotAllowed, NotFound
from gongji.foundation.replies import digest_of, once
from gongji.registry import service as registry
from gongji.registry.at_once import person_of_token
from gongji.registry.model import Institution
from gongji.rules.model import Purpose, Relation

router = APIRouter(prefix="/v1/counter/authorisations", tags=["counter"], responses=RESPONSES)

At = Annotated[Door, Depends()]


class TokenIn(Body):
    """A person's e-credential as this institution has read it (6101)."""

    ec_token: Annotated[str, StringConstraints(min_length=6, max_length=64)]


Credential = TokenIn | RelativeIn


class EvidenceIn(Body):
    """A document that was sent before as a file (9101)."""

    kind: Annotated[str, StringConstraints(max_length=64)] = Field(examples=["household_book"])
    file: Annotated[str, StringConstraints(max_length=30)] = Field(description="file_qury_no")


class CounterBindIn(Body):
    """Both are there: who shares, who uses, and what the user is to the sharer."""

    sharer: Credential
    user: Credential
    relation: Relation = Field(description="what the user is to the sharer", examples=["parent"])
    commitment: bool = Field(default=False, description="the sharer has read and signed the commitment (承诺书)")
    limit_total_fen: Fen | None = None
    limit_month_fen: Fen | None = None
    purposes: list[Purpose] | None = Field(default=None, description="null: all that the region allows")
    evidence: list[EvidenceIn] = Field(default=[], max_length=20)


class CounterQueryIn(Body):
    """Who is there."""

    person: Credential


@router.post("")
def bind(body: CounterBindIn, door: At, key: Key) -> AuthorisationDetail:
    """Bind two people at the counter. The region's procedure decides: in force at once on the sharer's commitment, or
    under review with the documents that were sent."""
    with door.open(Role.INTEGRATOR) as call:
        own = _institution(call)
    wanted = [Evidence(one.kind, one.file) for one in body.evidence]
    shown = counter_sharing.documents(call.platform, own, wanted, call.now)
    with door.open(Role.INTEGRATOR) as call:
        wish = Wish(
            _person(call, own, body.sharer),
            _person(call, own, body.user),
            body.relation,
            body.commitment,
            body.limit_total_fen,
            body.limit_month_fen,
            body.purposes,
        )

        def work() -> str:
            return str(counter_sharing.authorise(call.connection, call.platform, own, wish, shown, call.now).id)

        digest = digest_of("counter.bind", body.model_dump_json())
        number = once(call.connection, call.caller, key, digest, call.now, work)
        return detail_out(call, family.authorisation(call.connection, int(number)))


@router.post("/query")
def query(body: CounterQueryIn, door: At) -> list[AuthorisationOut]:
    """What somebody at the counter shares and what is shared with them; a POST, so that no credential stands in an address."""
    with door.open(Role.INTEGRATOR) as call:
        own = _institution(call)
        return outs(call, counter_sharing.of_person(call.connection, own, _person(call, own, body.person), call.now))


@router.post("/{number}/end")
def end(
    number: Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="id of the authorisation")],
    body: CounterQueryIn,
    door: At,
) -> AuthorisationDetail:
    """End an authorisation for the side that is at the counter; at once."""
    with door.open(Role.INTEGRATOR) as call:
        own = _institution(call)
        person_id = _person(call, own, body.person)
        return detail_out(call, counter_sharing.end(call.connection, own, int(number), person_id, call.now))


def _institution(call: Call) -> Institution:
    """The institution whose token it is.

    Raises:
        NotAllowed: ``access.institution``.
    """
    found = registry.institution_by_code(call.connection, call.caller.holder)
    if found is None or not found.designated(call.now.date()):
        raise NotAllowed(
            "access.institution",
            "this token is no designated institution's: make one with `gongji token institution`",
            "这个令牌不属于定点医药机构",
            accepted="a token of an institution",
        )
    return found


def _person(call: Call, own: Institution, credential: Credential) -> int:
    if isinstance(credential, RelativeIn):
        return relative(call, credential)
    holder = person_of_token(call.connection, call.platform.vault, credential.ec_token, own.id, call.now)
    if holder is None:
        raise NotFound(
            "person.unknown",
            "nobody's e-credential was read into this token here, or its time is over: scan the code again",
            "电子凭证令牌无效或已过期，请重新扫码",
            field="ec_token",
            accepted="ecToken of 6101",
        )
    return holder
