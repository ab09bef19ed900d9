"""The log-in pages, to be mounted at ``/login``: choose the way, go to the provider, come back with a session."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import httpx
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gongji.entrances.web.headers import SafeHeaders
from gongji.entrances.web.log_in.claims import caller_of, officer_person
from gongji.entrances.web.log_in.provider import Provider, failed
from gongji.entrances.web.pages import render
from gongji.entrances.web.problems import Problems
from gongji.entrances.web.session import AREAS, CITIZENS, Area, area_at, remember, sign_in
from gongji.entrances.web.switches import OUR_PAGE, switch_language, switch_mode
from gongji.family.casework import know_officer
from gongji.foundation.access import Role
from gongji.foundation.errors import GongjiError, NotFound
from gongji.foundation.limits import Limit, check_limit, count_attempt, forget_attempts
from gongji.foundation.log_ins import LOG_IN_LASTS, LogIn, note_account, remember_log_in, take_log_in
from gongji.foundation.settings import IdentityProvider

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform

_log = structlog.get_logger()

BASE: Final = "/login"

#: Binds a log-in to the browser that began it.
BROWSER_COOKIE: Final = "gongji_log_in"

#: Log-ins that one address may begin; many phones share the address of their network's gateway.
BEGUN: Final = Limit("log_in.begun", 600, timedelta(minutes=10))

#: Log-ins from one address that may fail.
FAILED_FROM: Final = Limit("log_in.failed_from", 60, timedelta(minutes=15))

#: Log-ins by one account that may fail, one after the other.
FAILED_BY: Final = Limit("log_in.failed_by", 10, timedelta(minutes=15))


def build_log_in_pages(platform: Platform) -> ASGIApp:
    """The pages, for mounting at ``/login``."""
    pages = LogInPages(platform)
    app = Starlette(
        routes=[
            Route("/", pages.choose),
            Route("/go", pages.go),
            Route("/back", pages.back),
            Route("/mode", switch_mode, methods=["POST"]),
            Route("/language", switch_language, methods=["POST"]),
        ],
        exception_handlers=Problems(CITIZENS).handlers(),
    )
    return SafeHeaders(app)


class LogInPages:
    """What the addresses answer; blocking work runs in Starlette's threads."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._client = httpx.Client(timeout=10, follow_redirects=False, trust_env=False)
        self._providers: dict[tuple[Role, str, str], Provider] = {}

    def choose(self, request: Request) -> Response:
        """The page with the button."""
        area, back = _wanted(request)
        return render(
            "log_in/choose.html",
            request,
            base=BASE,
            signed_in=False,
            open=self._settings(area) is not None,
            officer=area.role is Role.OFFICER,
            go=f"{BASE}/go?back={back}",
        )

    def go(self, request: Request) -> Response:
        """Begin a log-in and send the browser to the provider."""
        area, back = _wanted(request)
        now, address = self._platform.clock.now(), _address(request)
        provider = self._provider(area)
        count_attempt(self._platform.database, BEGUN, address, at=now)
        state, browser, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        url = provider.authorization_url(
            redirect_uri=self._redirect_uri(request), state=state, nonce=nonce, verifier=verifier
        )
        with self._platform.database.transaction() as connection:
            check_limit(connection, BEGUN, address, at=now)
            check_limit(connection, FAILED_FROM, address, at=now)
            log_in = LogIn(area.role, nonce, verifier, back)
            remember_log_in(connection, log_in, state=state, browser=browser, at=now)
        response = RedirectResponse(url, status_code=303)
        response.set_cookie(
            BROWSER_COOKIE,
            browser,
            max_age=int(LOG_IN_LASTS.total_seconds()),
            path=BASE,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    def back(self, request: Request) -> Response:
        """The provider's answer: check it, and begin a session."""
        database, now, address = self._platform.database, self._platform.clock.now(), _address(request)
        with database.transaction() as connection:
            check_limit(connection, FAILED_FROM, address, at=now)
        try:
            return self._come_in(request)
        except GongjiError as problem:
            _log.info("log_in.failed", code=problem.code, why=problem.details.get("why"))
            count_attempt(database, FAILED_FROM, address, at=now)
            raise

    def _come_in(self, request: Request) -> Response:
        database, now, query = self._platform.database, self._platform.clock.now(), request.query_params
        with database.transaction() as connection:  # taken for good, whatever comes of it
            log_in = take_log_in(
                connection, state=query.get("state", ""), browser=request.cookies.get(BROWSER_COOKIE, ""), at=now
            )
        if "code" not in query:
            raise failed(f"the provider says {query.get('error', 'nothing')[:40]}")
        area = next(area for area in AREAS if area.role is log_in.role)
        provider = self._provider(area)
        claims = provider.claims(
            code=query["code"],
            redirect_uri=self._redirect_uri(request),
            nonce=log_in.nonce,
            verifier=log_in.verifier,
            at=now,
        )
        issuer, subject = provider.settings.issuer, str(claims["sub"])
        account = f"{issuer} {subject}"
        try:
            with database.transaction() as connection:
                check_limit(connection, FAILED_BY, account, at=now)
                caller = caller_of(connection, self._platform.vault, provider.settings, area.role, claims)
                if area.role is Role.OFFICER:
                    itself = officer_person(connection, self._platform.vault, provider.settings, claims)
                    if itself is not None:
                        know_officer(connection, caller.holder, itself, now)
                note_account(connection, issuer, subject, caller, at=now)
                forget_attempts(connection, FAILED_BY, account)
                token, lasts = sign_in(connection, self._platform, area, request, caller)
        except GongjiError:
            count_attempt(database, FAILED_BY, account, at=now)
            raise
        response = RedirectResponse(log_in.back, status_code=303)
        remember(response, request, area, token, lasts)
        response.delete_cookie(BROWSER_COOKIE, path=BASE, httponly=True, samesite="lax")
        return response

    def _settings(self, area: Area) -> IdentityProvider | None:
        settings = self._platform.settings
        return settings.officer_log_in if area.role is Role.OFFICER else settings.citizen_log_in

    def _provider(self, area: Area) -> Provider:
        settings = self._settings(area)
        if settings is None:
            raise NotFound(
                "access.no_log_in", "there is no log-in here: open your link", "这里没有开通登录，请打开收到的链接"
            )
        key = (area.role, settings.issuer, settings.client_id)
        return self._providers.setdefault(key, Provider(settings, self._client))

    def _redirect_uri(self, request: Request) -> str:
        base = self._platform.settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
        return f"{base}{BASE}/back"


def _wanted(request: Request) -> tuple[Area, str]:
    """The area to come into, and the page of it to go to; its start for anything that is no page of ours."""
    back = request.query_params.get("back", "")
    area = area_at(back)
    if area is None or not OUR_PAGE.fullmatch(back):
        area = area or CITIZENS
        return area, f"{area.base}/"
    return area, back


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
