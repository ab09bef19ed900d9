"""Saying that a settlement is wrong, and the agency's answer to it."""

from __future__ import annotations

from starlette.responses import Response

from gongji.entrances.web.citizen import reading
from gongji.entrances.web.visits import Visit
from gongji.family import service as family
from gongji.family.model import AuthorisationState
from gongji.foundation.errors import InvalidInput
from gongji.ledger.model import person_of
from gongji.oversight import service as oversight
from gongji.oversight.model import Ground
from gongji.settlement import queries
from gongji.settlement.model import Settlement, from_wire


def dispute(visit: Visit) -> Response:
    """``GET /settlements/{number}/dispute`` asks what is wrong; ``POST`` opens the dispute and pauses the sharing."""
    number = visit.part("number")
    # The page of the settlement decides whether it is the reader's to see.
    reading.settlement(visit, number)
    stored = queries.find_settlement(visit.connection, from_wire(number) or 0)
    assert stored is not None, "the settlement's page was shown"
    one = stored.settlement
    under = _shared_under(visit, one)
    errors: dict[str, str] = {}
    if visit.posted:
        try:
            oversight.open_dispute(
                visit.connection,
                settlement_id=one.id,
                setl_id=number,
                region=one.region,
                person_id=visit.person_id,
                authorisation_id=under,
                ground=visit.form.text("ground"),
                words=visit.form.text("words"),
                caller=visit.caller,
                at=visit.now,
            )
        except InvalidInput as problem:
            errors[problem.field or "ground"] = visit.reader.sentence(problem)
        else:
            return visit.go("/disputes?notice=sent")
    return visit.render(
        "citizen/dispute.html",
        status=422 if errors else 200,
        number=number,
        at=one.settled_at,
        pauses=under is not None,
        grounds=[(ground.value, visit.reader.text(f"dispute.ground.{ground}"), "") for ground in Ground],
        form=visit.form,
        errors=errors,
    )


def disputes(visit: Visit) -> Response:
    """``GET /disputes``: what the reader disputed, with the answers."""
    return visit.render(
        "citizen/disputes.html",
        disputes=oversight.disputes_of(visit.connection, visit.person_id),
        sent=visit.query("notice") == "sent",
    )


def _shared_under(visit: Visit, one: Settlement) -> int | None:
    """The active sharing of the reader's own account that paid for a settlement."""
    for transfer in queries.transfers_of(visit.connection, one.id):
        if transfer.authorisation_id is not None and person_of(transfer.debit) == visit.person_id:
            found = family.authorisation(visit.connection, transfer.authorisation_id)
            if found.state is AuthorisationState.ACTIVE:
                return found.id
    return None
