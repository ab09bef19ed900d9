"""Authorisations as the API shows them: each side by its masked name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gongji.entrances.api.door import Call
from gongji.entrances.api.problems import Words
from gongji.entrances.api.shapes import AuthorisationDetail, AuthorisationOut, DocumentOut, EventOut, SideOut
from gongji.family import service as family
from gongji.family.model import Authorisation
from gongji.family.words import STATE_WORDS
from gongji.foundation.access import Role
from gongji.registry import service as registry
from gongji.registry.model import Person
from gongji.rules.model import Purpose


def outs(call: Call, authorisations: Sequence[Authorisation]) -> list[AuthorisationOut]:
    """Several authorisations, in their order."""
    ids = {side for one in authorisations for side in (one.sharer_id, one.user_id)}
    people = registry.people_by_id(call.connection, call.platform.vault, ids)
    return [_out(call, one, people) for one in authorisations]


def detail_out(call: Call, one: Authorisation) -> AuthorisationDetail:
    """One authorisation with its history and its documents."""
    (figures,) = outs(call, [one])
    return AuthorisationDetail(
        **dict(figures),
        events=[
            EventOut(state=event.state, at=event.at, reason=event.reason)
            for event in family.events(call.connection, one.id)
        ],
        documents=[
            DocumentOut(
                number=item.id,
                kind=item.kind,
                pages=item.pages,
                state=item.state,
                note=item.note,
                handed_in_at=item.handed_in_at,
            )
            for item in family.evidence_list(call.connection, one.id)
        ],
    )


def _out(call: Call, one: Authorisation, people: Mapping[int, Person]) -> AuthorisationOut:
    zh, en = STATE_WORDS[one.state]
    return AuthorisationOut(
        id=str(one.id),
        sharer=_side(call, people[one.sharer_id]),
        user=_side(call, people[one.user_id]),
        relation=one.relation,
        region=one.region,
        procedure=one.procedure,
        state=one.state,
        state_words=Words(zh=zh, en=en),
        purposes=[purpose for purpose in Purpose if purpose in one.purposes],
        limit_total_fen=one.limit_total,
        limit_month_fen=one.limit_month,
        made_at=one.made_at,
        active_since=one.active_since,
        ended_at=one.ended_at,
        end_reason=one.end_reason,
    )


def _side(call: Call, person: Person) -> SideOut:
    known = call.caller.role is Role.OFFICER or call.caller.person_id == person.id
    return SideOut(name=person.masked_name, psn_no=person.psn_no if known else None)
