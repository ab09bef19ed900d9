"""Signing out, the same for citizens and officers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gongji.entrances.web.problems import Problems
from gongji.entrances.web.session import check_csrf, forget, sign_out
from gongji.entrances.web.visits import CSRF_FIELD, read_form

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform


def leave_route(platform: Platform, problems: Problems) -> Route:
    """``POST /leave`` of an area: ends the session and says so."""

    async def endpoint(request: Request) -> Response:
        form = await read_form(request)
        check_csrf(request, problems.area, form.text(CSRF_FIELD))
        return await run_in_threadpool(partial(_leave, platform, problems, request))

    return Route("/leave", endpoint, methods=["POST"])


def _leave(platform: Platform, problems: Problems, request: Request) -> Response:
    with platform.database.transaction() as connection:
        sign_out(connection, platform, problems.area, request)
    response = problems.message("left", request, status=200, signed_in=False)
    forget(response, problems.area)
    return response
