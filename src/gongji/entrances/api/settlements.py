"""One settlement with its explanation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.explained import payers_out, steps_out
from gongji.entrances.api.problems import RESPONSES
from gongji.entrances.api.shapes import ExplainedOut, PlaceOut, SettlementOut, SharedOut
from gongji.foundation.access import Role
from gongji.foundation.errors import NotFound
from gongji.registry import service as registry
from gongji.registry.model import Institution
from gongji.settlement import queries
from gongji.settlement.model import Settlement, from_wire, wire_id
from gongji.settlement.queries import StoredSettlement

router = APIRouter(prefix="/v1/settlements", tags=["settlements"], responses=RESPONSES)


def settlement_out(stored: StoredSettlement, place: Institution) -> SettlementOut:
    """A settlement in figures."""
    one = stored.settlement
    return SettlementOut(
        id=wire_id(one.region, one.id),
        kind="reverse" if one.kind == "reverse" else "settle",
        at=one.settled_at,
        place=PlaceOut(code=place.code, name=place.name),
        total_fen=one.total,
        fund_fen=one.fund_total,
        own_fen=one.own,
        shared_fen=one.shared,
        wallet_fen=one.wallet,
        cash_fen=one.cash,
        reverses=wire_id(one.region, one.reverses) if one.reverses else None,
        reversed_by=wire_id(one.region, stored.reversed_by) if stored.reversed_by else None,
    )


@router.get("/{number}")
def read_settlement(
    number: Annotated[str, Path(description="setl_id, 22 digits")], door: Annotated[Door, Depends()]
) -> ExplainedOut | SharedOut:
    """Who paid what, and why: to the patient and to officers of the patient's region. A sharer gets place, time and
    what their own account paid."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        identifier = from_wire(number)
        stored = queries.find_settlement(call.connection, identifier) if identifier else None
        if stored is None:
            raise _unknown()
        one = stored.settlement
        place = registry.institutions_by_id(call.connection, [one.institution_id])[one.institution_id]
        if call.caller.person_id == one.person_id or call.caller.covers(one.region):
            call.note("settlement.read", one.person_id, settlement=str(one.id))
            return _explained(stored, place)
        return _as_sharer(call, one, place)


def _as_sharer(call: Call, one: Settlement, place: Institution) -> SharedOut:
    paid = queries.sharers_of(queries.transfers_of(call.connection, one.id)).get(call.caller.person_id or 0, 0)
    if not paid:
        raise _unknown()
    call.note("settlement.read_as_sharer", one.person_id, settlement=str(one.id))
    return SharedOut(
        id=wire_id(one.region, one.id),
        kind="reverse" if one.kind == "reverse" else "settle",
        at=one.settled_at,
        place=PlaceOut(code=place.code, name=place.name),
        paid_fen=paid,
    )


def _explained(stored: StoredSettlement, place: Institution) -> ExplainedOut:
    one = stored.settlement
    figures = settlement_out(stored, place)
    return ExplainedOut(
        **dict(figures),
        payers=payers_out(one.explanation),
        steps=steps_out(one.explanation),
        pack_digest=one.pack_digest,
    )


def _unknown() -> NotFound:
    return NotFound(
        "settlement.unknown",
        "there is no settlement with this number that you may see",
        "没有找到这笔结算，或者您不能查看",
        field="number",
        accepted="a settlement's 22 digits",
    )
