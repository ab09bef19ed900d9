"""Authorisations: a sharer binds a relative, proves the relation, pauses, limits, ends; an officer reviews."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, File, Form, Header, Path, Query, Response, UploadFile

from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES
from gongji.entrances.api.shapes import (
    AuthorisationDetail,
    AuthorisationsOut,
    BindIn,
    CaseOut,
    EndIn,
    LimitsIn,
    RelativeIn,
    ReviewIn,
)
from gongji.entrances.api.sides import detail_out, outs
from gongji.family import casework
from gongji.family import service as family
from gongji.family.model import Authorisation
from gongji.family.refusals import Code, refuse
from gongji.foundation.access import Role
from gongji.foundation.documents import PAGE_TYPE, read_document
from gongji.foundation.errors import InvalidInput
from gongji.foundation.keys import PATTERN
from gongji.foundation.replies import digest_of, once
from gongji.registry import service as registry
from gongji.registry.certificate import check_certificate
from gongji.registry.name import check_name

router = APIRouter(prefix="/v1", tags=["authorisations"], responses=RESPONSES)

At = Annotated[Door, Depends()]
Number = Annotated[str, Path(pattern=r"^[0-9]{1,18}$", description="id of the authorisation")]
_KEY = Header(
    alias="Idempotency-Key",
    pattern=PATTERN,
    description="8 to 128 visible ASCII characters, new for every request; a repetition gets the first answer",
)
Key = Annotated[str | None, _KEY]


@router.post("/authorisations")
def make_authorisation(body: BindIn, door: At, key: Annotated[str, _KEY]) -> AuthorisationDetail:
    """A sharer gives a relative leave to spend from the sharer's account. Where the region goes by commitment it is
    in force at once, where it goes by review it waits for a document or an officer."""
    with door.open(Role.CITIZEN) as call:
        sharer_id = call.caller.person_id
        assert sharer_id is not None

        def work() -> Authorisation:
            return family.bind(
                call.connection,
                call.platform.rules,
                sharer_id=sharer_id,
                user_id=relative(call, body.user),
                relation=body.relation,
                limit_total=body.limit_total_fen,
                limit_month=body.limit_month_fen,
                purposes=body.purposes,
                commitment=body.commitment,
                actor=call.caller.holder,
                at=call.now,
                serials=call.platform.database.serials,
            )

        return _change(call, "bind", key, digest_of("bind", body.model_dump_json()), work)


def relative(call: Call, told: RelativeIn, under: str = "user") -> int:
    """The person whose certificate and name these are; one answer for "no such number" and "another name", so that
    whoever tries numbers learns nothing."""
    certificate = check_certificate(
        told.certificate_type,
        told.certificate_number,
        type_field=f"{under}.certificate_type",
        field=f"{under}.certificate_number",
    )
    name = check_name(told.name, field=f"{under}.name")
    found = registry.person_by_credential(call.connection, call.platform.vault, "certificate", certificate.key)
    if found is None or found.name != name:
        raise refuse(Code.NAME_MISMATCH)
    return found.id


@router.get("/authorisations")
def read_authorisations(
    door: At, person: Annotated[str, Query(description="psn_no: one's own, or of the officer's region")]
) -> AuthorisationsOut:
    """Everything that a person shares and that is shared with them."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        found, _ = call.person(person)
        call.note("authorisations.read", found.id)
        given = family.authorisations_of_sharer(call.connection, found.id)
        had = family.authorisations_of_user(call.connection, found.id)
        shown = outs(call, [*given, *had])
        return AuthorisationsOut(as_sharer=shown[: len(given)], as_user=shown[len(given) :])


@router.get("/authorisations/{number}")
def read_authorisation(number: Number, door: At) -> AuthorisationDetail:
    """One authorisation with its history and documents: to its two sides and to officers of its region."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        one = _visible(call, int(number))
        _note(call, "authorisation.read", one)
        return detail_out(call, one)


@router.post("/authorisations/{number}/evidence")
def hand_in(
    number: Number,
    door: At,
    kind: Annotated[str, Form(description="marriage_certificate, household_book, birth_certificate …", max_length=64)],
    file: Annotated[UploadFile, File(description="JPEG, PNG, WebP or PDF, by its content; at most 5 MiB")],
    key: Key = None,
) -> AuthorisationDetail:
    """The sharer hands in one document; once what is there proves the relation, the case goes to the officers."""
    with door.open(Role.CITIZEN) as call:
        _visible(call, int(number))
    document = read_document(file.file.read())
    digest = digest_of("evidence", number, kind, document.sha256)
    with door.open(Role.CITIZEN) as call:
        return _change(
            call,
            "hand_in",
            key,
            digest,
            lambda: family.hand_in_evidence(
                call.connection,
                call.platform.files,
                int(number),
                kind=kind,
                document=document,
                **_citizen(call),
            ),
        )


@router.get("/authorisations/{number}/evidence/{document}", response_class=Response)
def read_evidence(
    number: Number,
    document: Annotated[int, Path(ge=1, le=2**63 - 1)],
    door: At,
    page: Annotated[int, Query(ge=1, le=100, description="which page, from 1")] = 1,
) -> Response:
    """One page of a document as a JPEG picture, for the officer in charge: reading takes a free case in charge. Every
    reading is audited."""
    with door.open(Role.OFFICER) as call:
        one = _visible(call, int(number))
        casework.claim(call.connection, one.id, call.caller, call.now)
        content = family.evidence_content(
            call.connection, call.platform.files, one.id, document, page=page, at=call.now
        )
        _note(call, "evidence.read", one, document=document, page=page)
    return Response(content, media_type=PAGE_TYPE, headers={"Content-Disposition": "attachment"})


@router.post("/authorisations/{number}/review")
def decide(number: Number, body: ReviewIn, door: At, key: Key = None) -> AuthorisationDetail:
    """An officer of the region approves, returns for one named document, or refuses, at once; nobody else may have the
    case in charge."""
    with door.open(Role.OFFICER) as call:
        _visible(call, int(number))

        def work() -> Authorisation:
            casework.claim(call.connection, int(number), call.caller, call.now)
            after = family.review(
                call.connection,
                call.platform.rules,
                int(number),
                body.decision,
                item=body.item,
                reason=body.reason,
                note=body.note,
                actor=call.caller.holder,
                at=call.now,
            )
            casework.done(call.connection, int(number))
            return after

        return _change(call, body.decision, key, digest_of("review", number, body.model_dump_json()), work)


@router.post("/authorisations/{number}/pause")
def pause(number: Number, door: At, key: Key = None) -> AuthorisationDetail:
    """The sharer stops spending without ending the authorisation."""
    with door.open(Role.CITIZEN) as call:
        return _change(
            call,
            "pause",
            key,
            digest_of("pause", number),
            lambda: family.pause(call.connection, int(number), **_citizen(call)),
        )


@router.post("/authorisations/{number}/resume")
def resume(number: Number, door: At, key: Key = None) -> AuthorisationDetail:
    """The sharer lets a paused authorisation be used again."""
    with door.open(Role.CITIZEN) as call:
        return _change(
            call,
            "resume",
            key,
            digest_of("resume", number),
            lambda: family.resume(call.connection, int(number), **_citizen(call)),
        )


@router.post("/authorisations/{number}/limits")
def change_limits(number: Number, body: LimitsIn, door: At, key: Key = None) -> AuthorisationDetail:
    """The sharer sets both limits anew, where the region allows limits; what was spent stays spent."""
    with door.open(Role.CITIZEN) as call:
        return _change(
            call,
            "limits",
            key,
            digest_of("limits", number, body.model_dump_json()),
            lambda: family.change_limits(
                call.connection,
                call.platform.rules,
                int(number),
                limit_total=body.limit_total_fen,
                limit_month=body.limit_month_fen,
                **_citizen(call),
            ),
        )


@router.post("/authorisations/{number}/end")
def end(number: Number, door: At, key: Key = None, body: Annotated[EndIn | None, Body()] = None) -> AuthorisationDetail:
    """The sharer unbinds, the user leaves, or an officer of the region ends it with a reason; at once."""
    reason = body.reason if body else None
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        one = _visible(call, int(number))

        def work() -> Authorisation:
            if call.caller.role is Role.OFFICER:
                if reason is None:
                    raise InvalidInput(
                        "end.reason_missing", "an officer gives a reason", "请填写终止原因", field="reason"
                    )
                return family.end_by_agency(
                    call.connection, one.id, reason=reason, actor=call.caller.holder, at=call.now
                )
            leave = family.unbind if call.caller.person_id == one.sharer_id else family.leave
            return leave(call.connection, one.id, **_citizen(call))

        return _change(call, "end", key, digest_of("end", number, reason or ""), work)


@router.get("/review-queue")
def read_queue(door: At, limit: Annotated[int, Query(ge=1, le=500, description="most cases")] = 100) -> list[CaseOut]:
    """The cases that wait for an officer of the caller's region, the longest waiting first."""
    with door.open(Role.OFFICER) as call:
        region = call.caller.region or ""
        call.note("review_queue.read")
        prefix = region[:2] if region.endswith("0000") else region[:4]
        cases = family.review_queue(call.connection, prefix, limit=limit)
        shown = outs(call, [case.authorisation for case in cases])
        return [
            CaseOut(authorisation=one, waiting_since=case.waiting_since, documents=case.documents)
            for case, one in zip(cases, shown, strict=True)
        ]


def _citizen(call: Call) -> dict[str, Any]:
    """For whom a citizen's step is done, by whom, and when."""
    return {"person_id": call.caller.person_id, "actor": call.caller.holder, "at": call.now}


def _visible(call: Call, authorisation_id: int) -> Authorisation:
    """An authorisation that the caller may see.

    Raises:
        NotFound: ``authorisation.unknown``, whether there is none or it is not the caller's to see.
    """
    one = family.authorisation(call.connection, authorisation_id)
    if call.caller.person_id not in (one.sharer_id, one.user_id) and not call.caller.covers(one.region):
        raise refuse(Code.UNKNOWN)
    return one


def _change(
    call: Call, verb: str, key: str | None, digest: bytes, work: Callable[[], Authorisation]
) -> AuthorisationDetail:
    """Do a change once for its key, note it in the audit, and answer with how the authorisation now stands."""

    def done() -> Any:
        changed = work()
        _note(call, f"authorisation.{verb}", changed)
        return detail_out(call, changed).model_dump(mode="json")

    return AuthorisationDetail.model_validate(once(call.connection, call.caller, key, digest, call.now, done))


def _note(call: Call, action: str, one: Authorisation, **details: object) -> None:
    """The audit's line is about the other person; about the user when an officer acts."""
    other = one.sharer_id if call.caller.person_id == one.user_id else one.user_id
    call.note(action, other, authorisation=str(one.id), **details)
