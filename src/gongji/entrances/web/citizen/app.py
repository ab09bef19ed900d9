"""The citizen's pages as one application, to be mounted at ``/c``: plain links and forms, no script."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from gongji.entrances.web.citizen import (
    account,
    allotting,
    binding,
    claim_paper,
    claim_tasks,
    claims,
    disputes,
    documents,
    filings,
    helping,
    letters,
    managing,
    messages,
    orders,
    premiums,
    printing,
    quotas,
    readers,
    reading,
    receivers,
    reminding,
    showing,
    tracker,
    wallet,
)
from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.leaving import leave_route
from gongji.entrances.web.pages import STATIC
from gongji.entrances.web.problems import Problems
from gongji.entrances.web.session import CITIZENS, remember, sign_in
from gongji.entrances.web.switches import YEAR, switch_language, switch_mode
from gongji.entrances.web.visits import Visit, page
from gongji.foundation.access import Role, identify
from gongji.foundation.database import PAGES_AT_ONCE

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform


#: Methods of a page with a form.
BOTH: Final = ["GET", "POST"]


def build_citizen_pages(platform: Platform) -> ASGIApp:
    """The pages, for mounting at ``/c``."""
    problems = Problems(CITIZENS)
    app = Starlette(
        routes=[
            *citizen_routes(platform, problems),
            Mount("/static", _Static(directory=STATIC)),
        ],
        exception_handlers=problems.handlers(),
    )
    # Around the whole, not among its middleware: that would leave out the page of a failure.
    return SafeHeaders(app)


def citizen_routes(platform: Platform, problems: Problems) -> list[Route]:
    """Every address of the pages."""
    here = partial(page, platform, CITIZENS, turns=CapacityLimiter(PAGES_AT_ONCE))
    return [
        Route("/", here(home)),
        Route("/enter", enter(platform)),
        leave_route(platform, problems),
        Route("/mode", switch_mode, methods=["POST"]),
        Route("/language", switch_language, methods=["POST"]),
        Route("/settlements/{number}", here(settlement)),
        Route("/settlements/{number}/receipt", here(printing.receipt)),
        Route("/account", here(account.account)),
        Route("/account/statement", here(account.statement)),
        Route("/settlements/{number}/dispute", here(disputes.dispute), methods=["GET", "POST"]),
        Route("/disputes", here(disputes.disputes)),
        Route("/premiums", here(premiums.overview)),
        Route("/premiums/new", here(premiums.check), methods=["GET", "POST"]),
        Route("/premiums/{number}", here(premiums.order)),
        Route("/claims", here(claims.overview)),
        Route("/claims/new", here(claims.new), methods=BOTH),
        Route("/claims/{number}", here(claims.claim)),
        Route("/claims/{number}/check", here(claims.check), methods=BOTH),
        Route("/claims/{number}/withdraw", here(claims.withdraw), methods=["POST"]),
        Route("/claims/{number}/appeal", here(claims.appeal), methods=BOTH),
        Route("/claims/{number}/paper", here(claim_paper.paper)),
        Route("/claims/{number}/documents/{document}/{page}", here(claims.document)),
        Route("/claims/{number}/{task}", here(claim_tasks.task), methods=BOTH),
        Route("/allotment", here(allotting.overview)),
        Route("/allotment/give", here(allotting.give), methods=BOTH),
        Route("/allotment/back", here(allotting.back), methods=BOTH),
        Route("/allotment/check", here(allotting.check), methods=BOTH),
        Route("/wallet", here(wallet.overview)),
        Route("/wallet/open", here(wallet.opening), methods=BOTH),
        Route("/wallet/who", here(receivers.who), methods=BOTH),
        Route("/wallet/send", here(wallet.send), methods=BOTH),
        Route("/wallet/check", here(wallet.check), methods=BOTH),
        Route("/wallet/places", here(wallet.places)),
        Route("/wallet/transfers/{number}", here(wallet.transfer)),
        Route("/wallet/transfers/{number}/accept", here(wallet.accept), methods=["POST"]),
        Route("/wallet/transfers/{number}/decline", here(wallet.decline), methods=["POST"]),
        Route("/wallet/quotas/new", here(quotas.new), methods=BOTH),
        Route("/wallet/quotas/check", here(quotas.check), methods=BOTH),
        Route("/wallet/quotas/{number}", here(quotas.quota)),
        Route("/wallet/quotas/{number}/change", here(quotas.change), methods=BOTH),
        Route("/wallet/quotas/{number}/accept", here(quotas.accept), methods=["POST"]),
        Route("/wallet/quotas/{number}/end", here(quotas.end), methods=BOTH),
        Route("/reminders", here(reminding.overview), methods=BOTH),
        Route("/reminders/{number}/cancel", here(reminding.cancel), methods=["POST"]),
        Route("/code", here(showing.code), methods=BOTH),
        Route("/orders", here(orders.orders)),
        Route("/orders/{number}", here(orders.pay), methods=BOTH),
        Route("/letters", here(letters.letters)),
        Route("/letters/{number}", here(letters.letter), methods=BOTH),
        Route("/filings", here(filings.filings)),
        Route("/readers", here(readers.readers)),
        Route("/messages", here(messages.messages), methods=BOTH),
        Route("/messages/choices", here(messages.choices), methods=BOTH),
        Route("/messages/phone", here(messages.phone), methods=BOTH),
        Route("/messages/{number}", here(messages.message)),
        Route("/documents/{number}/{document}/{page}", here(documents.document)),
        Route("/start", binding.start),
        Route("/about/{topic}", binding.topic),
        Route("/bind", here(binding.eligibility)),
        Route("/bind/who", here(binding.who), methods=BOTH),
        Route("/bind/consent", here(binding.consent), methods=BOTH),
        Route("/bind/terms", here(binding.terms), methods=BOTH),
        Route("/bind/check", here(binding.check), methods=BOTH),
        Route("/bind/give-up", here(binding.give_up), methods=["POST"]),
        Route("/applications/{number}", here(tracker.tracker)),
        Route("/applications/{number}/evidence", here(tracker.hand_in), methods=["POST"]),
        Route("/applications/{number}/send-code", here(tracker.send_code), methods=["POST"]),
        Route("/applications/{number}/code", here(tracker.take_code), methods=["POST"]),
        Route("/applications/{number}/withdraw", here(tracker.withdraw), methods=["POST"]),
        Route("/consents/{number}", here(tracker.asked), methods=BOTH),
        Route("/sharings/{number}", here(managing.sharing)),
        Route("/sharings/{number}/pause", here(managing.pause), methods=["POST"]),
        Route("/sharings/{number}/limits", here(managing.limits), methods=BOTH),
        Route("/sharings/{number}/end", here(managing.end), methods=BOTH),
        Route("/help", here(helping.helping), methods=BOTH),
        Route("/help/stop", here(helping.stop), methods=["POST"]),
        Route("/help/{number}/begin", here(helping.begin), methods=["POST"]),
        Route("/help/{number}/end", here(helping.end), methods=["POST"]),
        Route("/order", here(managing.order), methods=BOTH),
        Route("/keep", here(managing.keep), methods=BOTH),
    ]


class _Static(StaticFiles):
    """Files whose address holds their digest: browsers may keep them."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """The file, to be kept for a year."""
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response


def enter(platform: Platform) -> Callable[[Request], Response]:
    """Coming in by a link: its token becomes a session and leaves the address.

    The link's token stays good until it ends by itself: messaging apps open links before their reader does, and a
    reader who taps twice must not find it spent. The session gets a token of its own, so that leaving ends only it.
    """

    def endpoint(request: Request) -> Response:
        with platform.database.transaction() as connection:
            caller = identify(connection, request.query_params.get("token", ""), at=platform.clock.now())
            caller.require(Role.CITIZEN)
            token, lasts = sign_in(connection, platform, CITIZENS, request, caller)
        response = RedirectResponse("/c/", status_code=303)
        remember(response, request, CITIZENS, token, lasts)
        return response

    return endpoint


def home(visit: Visit) -> Response:
    """The start page."""
    shown = reading.home(visit, visit.request.query_params.get("before"))
    return visit.render("citizen/home.html", home=shown)


def settlement(visit: Visit) -> Response:
    """One settlement, as the reader may see it."""
    template, shown = reading.settlement(visit, visit.part("number"))
    return visit.render(template, page=shown)
