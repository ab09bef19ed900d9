"""The tax office's pages: orders for premiums of its region, booked, rejected or sent back.

They stand in for the tax office's own system and do what that system does by `/api/v1/tax/…`: the same answers, also too
late or twice.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gongji.entrances.web.office.comparing import region_name, word
from gongji.entrances.web.office.pages import area_prefix, for_duties, show
from gongji.entrances.web.visits import Visit
from gongji.foundation import audit
from gongji.foundation.access import Duty
from gongji.foundation.errors import GongjiError
from gongji.premium import store
from gongji.premium import tax as answers
from gongji.premium.model import Order, OrderState, RejectReason
from gongji.premium.refusals import order_unknown
from gongji.premium.words import REASON_WORDS, STATE_WORDS
from gongji.registry import service as registry

_MOST: Final = 200


@for_duties(Duty.TAX_CLERK)
def orders(visit: Visit) -> Response:
    """``GET /tax``: the orders of the region in one state, the nearest deadline first."""
    asked = visit.query("state")
    state = OrderState(asked) if asked in tuple(OrderState) and asked != OrderState.PLACING else OrderState.BOOKING
    found = store.orders_in(visit.connection, area_prefix(visit), [state], limit=_MOST)
    people = registry.people_by_id(visit.connection, visit.platform.vault, {one.person_id for one in found})
    audit.record(visit.connection, visit.caller, "premium.read_orders", at=visit.now)
    return show(
        visit,
        "tax.html",
        orders=found,
        names={one.id: people[one.person_id].masked_name for one in found},
        late={one.id for one in found if one.deadline <= visit.now},
        state=state.value,
        states=[
            (one.value, word(STATE_WORDS[one], visit.reader)) for one in OrderState if one is not OrderState.PLACING
        ],
    )


@for_duties(Duty.TAX_CLERK)
def order(visit: Visit) -> Response:
    """``GET /tax/orders/{number}``: one order in full, with the ways to answer it."""
    return _page(visit, _order(visit))


@for_duties(Duty.TAX_CLERK)
def answer(visit: Visit) -> Response:
    """``POST /tax/orders/{number}``: confirm, reject or send back. What the platform says to it is shown as it is."""
    found = _order(visit)
    office, form, caller = visit.platform.premiums, visit.form, visit.caller
    try:
        match form.text("step"):
            case "confirm":
                answers.confirm(office, found.id, form.text("voucher"), caller=caller)
            case "reject":
                answers.reject(office, found.id, form.text("reason"), caller=caller)
            case _:
                answers.send_back(office, found.id, form.text("reason"), caller=caller)
    except GongjiError as problem:
        field = problem.field if problem.field in ("voucher", "reason") else "answer"
        return _page(visit, _order(visit), errors={field: visit.reader.sentence(problem)}, status=problem.status)
    return visit.go(f"/tax/orders/{found.id}?notice=answered")


def _order(visit: Visit) -> Order:
    found = store.select_order(visit.connection, visit.number())
    if not visit.caller.covers(found.region) or found.state is OrderState.PLACING:
        raise order_unknown()
    return found


def _page(visit: Visit, found: Order, *, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    person = registry.people_by_id(visit.connection, visit.platform.vault, [found.person_id])[found.person_id]
    audit.record(
        visit.connection,
        visit.caller,
        "premium.read_in_full",
        at=visit.now,
        person_id=found.person_id,
        order=str(found.id),
    )
    ended = found.state in (OrderState.REJECTED, OrderState.SENT_BACK)
    return show(
        visit,
        "tax_order.html",
        status=status,
        order=found,
        person=person,
        region=region_name(visit.platform.rules, found.region),
        state=word(STATE_WORDS[found.state], visit.reader),
        why=word(REASON_WORDS[found.reason], visit.reader) if ended and found.reason else "",
        late=found.deadline <= visit.now,
        reasons=[(one.value, word(REASON_WORDS[one], visit.reader), "") for one in RejectReason],
        errors=errors or {},
        form=visit.form,
    )
