"""What an officer does with a claim, each a form of its page: take, give back, decide, agree, pay, take back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.claims import ON_CLAIMS, claim_at, doing_of, page, read_proposal
from gongji.entrances.web.office.pages import agrees, for_duties
from gongji.entrances.web.visits import Visit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError, NotFound
from gongji.reimbursement import casework, deciding, paying, refusals
from gongji.reimbursement.model import Claim, ClaimState


@for_duties(Duty.REVIEWER)
def decide(visit: Visit) -> Response:
    """``POST /claims/{number}/decide``: first shows what the choices come to, then decides."""
    one, sure = claim_at(visit), visit.form.text("sure") == "yes"
    try:
        with visit.connection.begin_nested():
            proposal = read_proposal(visit, one)
            casework.check_in_charge(doing_of(visit), one)
            if not sure:
                return page(visit, one, seen=deciding.preview(doing_of(visit), visit.platform.rules, one, proposal))
            after = deciding.decide(
                doing_of(visit), visit.platform.rules, visit.platform.database.serials, one.id, proposal
            )
    except NotFound:
        raise
    except GongjiError as problem:
        return page(visit, one, problem, "lines")
    notice = "claim_proposed" if after.state is ClaimState.SECOND else "claim_decided"
    return visit.go(f"/claims/{one.id}?notice={notice}")


@for_duties(*ON_CLAIMS)
def step(visit: Visit) -> Response:
    """``POST /claims/{number}/{step}``: any other step; the room says whose duty it is.

    Raises:
        NotFound: ``claim.unknown`` when there is no such step.
    """
    one = claim_at(visit)
    found = _STEPS.get(visit.part("step"))
    if found is None:
        raise refusals.unknown()
    work, field, notice = found
    try:
        with visit.connection.begin_nested():
            work(visit, one)
    except NotFound:
        raise
    except GongjiError as problem:
        return page(visit, one, problem, field)
    said = visit.form.text("opinion")
    return visit.go(f"/claims/{one.id}?notice={notice.format(said='agreed' if said == 'agree' else 'disagreed')}")


def _take(visit: Visit, one: Claim) -> None:
    casework.take(doing_of(visit), one.id)


def _release(visit: Visit, one: Claim) -> None:
    casework.release(doing_of(visit), one.id)


def _return(visit: Visit, one: Claim) -> None:
    form = visit.form
    casework.return_task(
        doing_of(visit),
        visit.platform.calendar,
        one.id,
        task=form.text("task"),
        reason=form.text("return_reason"),
        document=form.text("document"),
        note=form.text("note"),
    )


def _refuse(visit: Visit, one: Claim) -> None:
    deciding.refuse(doing_of(visit), one.id, visit.form.text("refuse_reason"))


def _uphold(visit: Visit, one: Claim) -> None:
    deciding.uphold(doing_of(visit), one.id, visit.form.text("uphold_note"))


def _second(visit: Visit, one: Claim) -> None:
    deciding.second_opinion(
        doing_of(visit),
        visit.platform.rules,
        visit.platform.database.serials,
        one.id,
        agree=agrees(visit, "claim.opinion"),
        note=visit.form.text("second_note"),
    )


#: The field of a bank's reference: money that is owed and money that came back may be told on one page.
_REFERENCE_AT: Final = {"paid": "reference", "recovered": "reference", "bounced": "bounced"}


def _carried(kind: str) -> Callable[[Visit, Claim], None]:
    def work(visit: Visit, one: Claim) -> None:
        by_bank = {"paid": paying.paid, "bounced": paying.bounced, "recovered": paying.recovered}[kind]
        by_bank(doing_of(visit), visit.platform.database.serials, one.id, visit.form.text(_REFERENCE_AT[kind]))

    return work


def _take_back(visit: Visit, one: Claim) -> None:
    paying.take_back(doing_of(visit), visit.platform.database.serials, one.id, visit.form.text("take_back_reason"))


#: By step: what it does, beside which field a refusal is told, and what the page says afterwards.
_STEPS: Final[dict[str, tuple[Callable[[Visit, Claim], None], str, str]]] = {
    "take": (_take, "claim", "claim_taken"),
    "release": (_release, "claim", "claim_released"),
    "return": (_return, "task", "claim_returned"),
    "refuse": (_refuse, "refuse_reason", "claim_refused"),
    "uphold": (_uphold, "uphold_note", "claim_upheld"),
    "second": (_second, "second_note", "claim_{said}"),
    "paid": (_carried("paid"), "reference", "claim_paid"),
    "bounced": (_carried("bounced"), "bounced", "claim_bounced"),
    "recovered": (_carried("recovered"), "reference", "claim_recovered"),
    "take-back": (_take_back, "take_back_reason", "claim_taken_back"),
}
