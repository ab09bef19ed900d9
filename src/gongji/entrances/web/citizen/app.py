"""The citizen's pages as one application, to be mounted at ``/c``: plain links and forms, no script."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from gongji.entrances.web.citizen import reading, session
from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.pages import STATIC, Reader, render
from gongji.entrances.web.switches import YEAR, switch_language, switch_mode
from gongji.foundation.errors import Busy, GongjiError, InvalidInput, NotAllowed, NotFound, NotSignedIn

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

_log = structlog.get_logger()


def build_citizen_pages(platform: Platform) -> ASGIApp:
    """The pages, for mounting at ``/c``."""
    pages = CitizenPages(platform)
    app = Starlette(
        routes=[
            Route("/", pages.home),
            Route("/enter", pages.enter),
            Route("/leave", pages.leave, methods=["POST"]),
            Route("/mode", switch_mode, methods=["POST"]),
            Route("/language", switch_language, methods=["POST"]),
            Route("/settlements/{number}", pages.settlement),
            Mount("/static", _Static(directory=STATIC)),
        ],
        exception_handlers={GongjiError: refusal, HTTPException: no_such_page, Exception: our_fault},
    )
    # Around the whole, not among its middleware: that would leave out the page of a failure.
    return SafeHeaders(app)


class _Static(StaticFiles):
    """Files whose address holds their digest: browsers may keep them."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """The file, to be kept for a year."""
        response: Response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response


class CitizenPages:
    """What the addresses answer; blocking work runs in Starlette's threads."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def enter(self, request: Request) -> Response:
        """Come in by a link: the token becomes a session and leaves the address."""
        now = self._platform.clock.now()
        with self._platform.database.transaction() as connection:
            token = session.begin(connection, request.query_params.get("token", ""), now)
        response = RedirectResponse("/c/", status_code=303)
        session.remember(response, request, token)
        return response

    def leave(self, request: Request) -> Response:
        """End the session."""
        with self._platform.database.transaction() as connection:
            session.end(connection, request, self._platform.clock.now())
        response = _message("left", request, status=200, signed_in=False)
        session.forget(response)
        return response

    def home(self, request: Request) -> Response:
        """The start page."""
        reader = Reader.of(request)
        with self._platform.database.transaction() as connection:
            caller, person_id = session.citizen(connection, request, self._platform.clock.now())
            home = reading.home(
                connection, self._platform, caller, person_id, request.query_params.get("before"), reader.language
            )
        return render("citizen/home.html", request, home=home)

    def settlement(self, request: Request) -> Response:
        """One settlement, as the reader may see it."""
        reader = Reader.of(request)
        with self._platform.database.transaction() as connection:
            caller, person_id = session.citizen(connection, request, self._platform.clock.now())
            template, page = reading.settlement(
                connection, self._platform, caller, person_id, request.path_params["number"], reader.language
            )
        return render(template, request, page=page)


#: Which page tells of a refusal.
_KINDS: Final[tuple[tuple[type[GongjiError], str], ...]] = (
    (NotSignedIn, "signed_out"),
    (NotFound, "missing"),
    (NotAllowed, "not_citizen"),
    (InvalidInput, "input"),
    (Busy, "busy"),
)


def refusal(request: Request, problem: Exception) -> Response:
    """A refusal, in words."""
    assert isinstance(problem, GongjiError)
    kind = next((kind for error, kind in _KINDS if isinstance(problem, error)), None)
    if kind is None:
        return our_fault(request, problem)
    signed_in = not isinstance(problem, (NotSignedIn, NotAllowed))
    return _message(kind, request, status=problem.status, signed_in=signed_in)


def no_such_page(request: Request, problem: Exception) -> Response:
    """An address or a method that the pages do not have."""
    assert isinstance(problem, HTTPException)
    kind = "missing" if problem.status_code in (404, 405) else "input"
    return _message(kind, request, status=problem.status_code)


def our_fault(request: Request, problem: Exception) -> Response:
    """A failure of ours: the reader gets a number to tell, the log has the rest under it."""
    number = secrets.token_hex(4)
    _log.error("page.failed", request_id=number, path=request.url.path, problem=type(problem).__name__)
    return _message("ours", request, status=500, request_id=number)


def _message(
    kind: str, request: Request, *, status: int, signed_in: bool | None = None, request_id: str = ""
) -> HTMLResponse:
    has_session = session.SESSION_COOKIE in request.cookies
    return render(
        "citizen/message.html",
        request,
        status=status,
        signed_in=has_session if signed_in is None else signed_in and has_session,
        kind=kind,
        request_id=request_id,
    )
