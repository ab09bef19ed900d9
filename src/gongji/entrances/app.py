"""All entrances of one process as one ASGI application.

``/c/…`` the citizen's pages, ``/rules/…`` the rules for everybody, ``/api/…`` REST, ``/metrics`` figures for
Prometheus, and everything else that is posted, whatever its path, the national interface: hospitals' systems post to
many addresses, and the transaction stands in the body.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import timedelta

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from gongji.entrances.api.app import build_api
from gongji.entrances.maintenance import Caretaker
from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.platform import Platform, open_platform
from gongji.entrances.web.citizen.app import build_citizen_pages
from gongji.entrances.web.rules import build_rule_pages
from gongji.foundation.settings import load_settings
from gongji.settlement.holds.expiry import ExpiryLoop
from gongji.settlement.watch import Watch

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def build_app(platform: Platform, lifespan: Lifespan | None = None) -> Starlette:
    """The application over a running platform."""

    async def health(request: Request) -> Response:
        with platform.database.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        return JSONResponse({"status": "ok"})

    async def metrics(request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    async def front_door(request: Request) -> Response:
        return RedirectResponse("/c/")

    async def rules_door(request: Request) -> Response:
        return RedirectResponse("/rules/")

    citizen: ASGIApp = build_citizen_pages(platform)
    return Starlette(
        routes=[
            Route("/", front_door, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
            Mount("/c", citizen),
            Route("/rules", rules_door, methods=["GET"]),
            Mount("/rules", build_rule_pages(platform)),
            Mount("/api", build_api(platform)),
            Mount("", NationalGateway(platform)),
        ],
        lifespan=lifespan,
    )


def create_app() -> Starlette:
    """The application of a worker process, over the installation that the settings name (for uvicorn's ``factory``)."""
    opened = ExitStack()
    platform = opened.enter_context(open_platform(load_settings()))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        seconds = platform.settings.watch_seconds
        watch = Watch(platform.database, platform.clock, seconds) if seconds else None
        minutes = platform.settings.maintenance_minutes
        caretaker = Caretaker(platform.database, platform.clock, timedelta(minutes=minutes)) if minutes else None
        every = platform.settings.expire_seconds
        expiry = ExpiryLoop(platform.database, platform.clock, every_seconds=every) if every else None
        try:
            yield
        finally:
            for thread in (watch, caretaker, expiry):
                if thread is not None:
                    thread.close()
            opened.close()

    return build_app(platform, lifespan)
