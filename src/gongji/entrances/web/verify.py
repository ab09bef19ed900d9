"""``/verify/``: whoever holds a printed paper reads here whether its sums are those that were printed. No log-in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.pages import render
from gongji.entrances.web.switches import switch_language, switch_mode
from gongji.foundation.issued import Issued, find_issued, grouped
from gongji.settlement import queries
from gongji.settlement.model import from_wire

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

_BASE: Final = "/verify"


def build_verify_pages(platform: Platform) -> ASGIApp:
    """The page, for mounting at ``/verify``."""

    async def verify(request: Request) -> Response:
        return await run_in_threadpool(partial(_verify, platform, request))

    async def typed(request: Request) -> Response:
        code = request.query_params.get("code", "")
        plain = "".join(one for one in code.upper() if one.isascii() and one.isalnum())[:32]
        return RedirectResponse(f"{_BASE}/{plain}", status_code=303)

    app = Starlette(
        routes=[
            Route("/", verify),
            Route("/find", typed),
            Route("/mode", switch_mode, methods=["POST"]),
            Route("/language", switch_language, methods=["POST"]),
            Route("/{code}", verify),
        ]
    )
    return SafeHeaders(app)


def _verify(platform: Platform, request: Request) -> Response:
    code = request.path_params.get("code", "")
    found, taken_back = None, False
    with platform.database.transaction() as connection:
        if code:
            found = find_issued(connection, code)
        if found is not None and found.kind == "receipt":
            stored = queries.find_settlement(connection, from_wire(found.content["settlement"]) or 0)
            taken_back = stored is not None and stored.reversed_by is not None
    return render(
        "verify.html",
        request,
        status=404 if code and found is None else 200,
        signed_in=False,
        base=_BASE,
        typed=code[:32],
        paper=found,
        shown=_shown(found),
        taken_back=taken_back,
    )


def _shown(found: Issued | None) -> str:
    return grouped(found.code) if found is not None else ""
