"""The officers' pages as one application, to be mounted at ``/office``. Who may do what is said at each page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.leaving import leave_route
from gongji.entrances.web.office import (
    alert_case,
    alert_rules,
    alerts,
    assisting,
    case,
    claim_steps,
    claims,
    clearing,
    clearing_payments,
    counter,
    differences,
    disputes,
    filings,
    freezing,
    people,
    sending,
    takers,
    tax,
    trail,
)
from gongji.entrances.web.office.queue import home
from gongji.entrances.web.problems import Problems
from gongji.entrances.web.session import OFFICERS
from gongji.entrances.web.switches import switch_language, switch_mode
from gongji.entrances.web.visits import PageWork, page

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

#: Address, method and page of everything that an officer can see or do.
PAGES: Final[tuple[tuple[str, str, PageWork], ...]] = (
    ("/", "GET", home),
    ("/cases/{number}", "GET", case.case),
    ("/cases/{number}/documents/{document}/{page}", "GET", case.document),
    ("/cases/{number}/claim", "POST", case.claim),
    ("/cases/{number}/release", "POST", case.release),
    ("/cases/{number}/decide", "POST", case.decide),
    ("/cases/{number}/take-back", "POST", case.take_back),
    ("/cases/{number}/second", "POST", case.second),
    ("/disputes", "GET", disputes.disputes),
    ("/disputes/{number}", "GET", disputes.dispute),
    ("/disputes/{number}", "POST", disputes.answer),
    ("/people", "GET", people.look_up),
    ("/people", "POST", people.find),
    ("/people/{psn_no}", "GET", people.overview),
    ("/people/{psn_no}/filings", "GET", filings.listed),
    ("/people/{psn_no}/filings/new", "GET", filings.new),
    ("/people/{psn_no}/filings/new", "POST", filings.file),
    ("/people/{psn_no}/filings/{number}", "POST", filings.step),
    ("/people/{psn_no}/assist", "GET", assisting.asked),
    ("/people/{psn_no}/assist", "POST", assisting.begin),
    ("/people/{psn_no}/freeze", "GET", freezing.account),
    ("/people/{psn_no}/freeze", "POST", freezing.freeze),
    ("/claims", "GET", claims.queue),
    ("/claims/{number}", "GET", claims.claim),
    ("/claims/{number}/documents/{document}/{page}", "GET", claims.document),
    ("/claims/{number}/decide", "POST", claim_steps.decide),
    ("/claims/{number}/{step}", "POST", claim_steps.step),
    ("/filings", "GET", filings.waiting),
    ("/freezes", "GET", freezing.standing),
    ("/freezes/{number}/lift", "POST", freezing.lift),
    ("/freezes/{number}/second", "POST", freezing.second),
    ("/people/{psn_no}/messages", "GET", sending.of_person),
    ("/messages", "GET", sending.troubled),
    ("/messages/{number}/resend", "POST", sending.resend),
    ("/takers", "GET", takers.listed),
    ("/takers/{number}", "GET", takers.taker),
    ("/takers/{number}", "POST", takers.say),
    ("/differences", "GET", differences.listed),
    ("/differences/{number}", "GET", differences.difference),
    ("/differences/{number}", "POST", differences.step),
    ("/clearing", "GET", clearing.month_page),
    ("/clearing/close", "POST", clearing.close),
    ("/clearing/check", "GET", clearing.to_check),
    ("/clearing/check", "POST", clearing.check),
    ("/clearing/statements/{number}", "GET", clearing.statement),
    ("/clearing/statements/{number}", "POST", clearing.step),
    ("/clearing/statements/{number}/file", "GET", clearing.file),
    ("/clearing/statements/{number}/lines/{line}", "GET", clearing.line),
    ("/clearing/statements/{number}/lines/{line}", "POST", clearing.dispute),
    ("/clearing/bills", "GET", clearing_payments.bills),
    ("/clearing/bills/{number}", "GET", clearing_payments.bill),
    ("/clearing/bills/{number}", "POST", clearing_payments.pay_bill),
    ("/clearing/advances", "GET", clearing_payments.advanced),
    ("/clearing/advances", "POST", clearing_payments.pay_advance),
    ("/clearing/payments", "GET", clearing_payments.waiting),
    ("/clearing/payments/{number}", "POST", clearing_payments.second),
    ("/alerts", "GET", alerts.queue),
    ("/alerts/rules", "GET", alert_rules.rules),
    ("/alerts/rules/{rule}", "GET", alert_rules.rule),
    ("/alerts/rules/{rule}", "POST", alert_rules.change),
    ("/alerts/counts", "GET", alert_rules.counts),
    ("/alerts/{number}", "GET", alert_case.case),
    ("/alerts/{number}", "POST", alert_case.step),
    ("/alerts/{number}/letters/{letter}/{page}", "GET", alert_case.document),
    ("/counter", "GET", counter.counter),
    ("/counter/consent", "POST", counter.consent),
    ("/counter/helper", "POST", counter.helper),
    ("/tax", "GET", tax.orders),
    ("/tax/orders/{number}", "GET", tax.order),
    ("/tax/orders/{number}", "POST", tax.answer),
    ("/trail", "GET", trail.trail),
)


def build_office_pages(platform: Platform) -> ASGIApp:
    """The pages, for mounting at ``/office``."""
    problems = Problems(OFFICERS)
    here = partial(page, platform, OFFICERS)
    app = Starlette(
        routes=[
            *(Route(address, here(work), methods=[method]) for address, method, work in PAGES),
            leave_route(platform, problems),
            Route("/mode", switch_mode, methods=["POST"]),
            Route("/language", switch_language, methods=["POST"]),
        ],
        exception_handlers=problems.handlers(),
    )
    return SafeHeaders(app)
