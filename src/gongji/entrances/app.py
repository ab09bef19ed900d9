"""All entrances of one process as one ASGI application.

``/c/…`` the citizen's pages, ``/login/…`` log-in, ``/rules/…`` the rules for everybody, ``/api/…`` REST, ``/metrics`` figures for
Prometheus, and everything else that is posted, whatever its path, the national interface: hospitals' systems post to
many addresses, and the transaction stands in the body.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gongji.entrances.api.app import build_api
from gongji.entrances.api.problems import answer_unknown_path
from gongji.entrances.maintenance import Caretaker
from gongji.entrances.messaging.loop import Messenger
from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.national.mobile_door import MobileDoor
from gongji.entrances.national.notices import NoticeLoop
from gongji.entrances.platform import Platform, open_platform
from gongji.entrances.posts import Answering, TakesWhole
from gongji.entrances.reminding import carry_out_reminders
from gongji.entrances.web.citizen.app import build_citizen_pages
from gongji.entrances.web.log_in import build_log_in_pages
from gongji.entrances.web.office import build_office_pages, carry_out_decisions
from gongji.entrances.web.pages import make_ready
from gongji.entrances.web.rules import build_rule_pages
from gongji.entrances.web.verify import build_verify_pages
from gongji.foundation.files import files_folder
from gongji.foundation.rounds import Rounds
from gongji.foundation.settings import load_settings
from gongji.premium.following import follow_orders
from gongji.settlement.holds.expiry import ExpiryLoop
from gongji.settlement.watch import Watch
from gongji.wallet.following import follow_transfers
from gongji.wallet.quotas.ending import end_changed_quotas

#: Below these, a POST is for a page or for REST.
_NOT_THE_GATEWAYS: Final = ("/c/", "/verify/", "/login/", "/office/", "/rules/", "/api/")

#: How often the quotas of people whose insurance changed are looked for, at most: it reads every quota.
QUOTA_SECONDS: Final = 600

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def build_app(
    platform: Platform,
    lifespan: Lifespan | None = None,
    beside: Sequence[Mount] = (),
    gateway: ASGIApp | None = None,
) -> ASGIApp:
    """The application over a running platform.

    Args:
        platform: what the entrances are given.
        lifespan: what lives as long as the application.
        beside: further applications, such as the demo's identity provider.
        gateway: what answers the national interface, where it is not the plain gateway.
    """

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

    async def verify_door(request: Request) -> Response:
        return RedirectResponse("/verify/")

    async def office_door(request: Request) -> Response:
        return RedirectResponse("/office/")

    citizen: ASGIApp = build_citizen_pages(platform)
    gateway = gateway or MobileDoor(platform, NationalGateway(platform))
    site = Starlette(
        routes=[
            Route("/", front_door, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            Route("/metrics", metrics, methods=["GET"]),
            Mount("/c", citizen),
            Route("/verify", verify_door, methods=["GET"]),
            Mount("/verify", build_verify_pages(platform)),
            Mount("/login", build_log_in_pages(platform)),
            Route("/office", office_door, methods=["GET"]),
            Mount("/office", build_office_pages(platform)),
            Route("/rules", rules_door, methods=["GET"]),
            Mount("/rules", build_rule_pages(platform)),
            Mount("/api", build_api(platform)),
            *beside,
            Mount("", gateway),
        ],
        lifespan=lifespan,
        exception_handlers={404: answer_unknown_path},
    )
    return Entrances(site, gateway, (*_NOT_THE_GATEWAYS, *(f"{mount.path}/" for mount in beside)))


class Entrances:
    """Sends each request to where it belongs; what hospitals post goes straight to the gateway.

    On the way through Starlette's layers a settlement passed two handlers of errors, of which the gateway has its own,
    and eight routes: a tenth of the time it takes on the event loop.
    """

    def __init__(self, site: ASGIApp, gateway: ASGIApp, sites: tuple[str, ...] = _NOT_THE_GATEWAYS) -> None:
        self._site = site
        self._gateway = gateway
        self._sites = sites
        self._whole = gateway.whole if isinstance(gateway, TakesWhole) else None

    def whole(self, path: str) -> Answering | None:
        """Who answers what is posted to a path without ASGI between (see `gongji.entrances.posts`)."""
        return None if self._whole is None or (path + "/").startswith(self._sites) else self._whole(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and end with the process (ASGI)."""
        ours = scope["type"] == "http" and scope["method"] == "POST"
        posted = ours and not (scope["path"] + "/").startswith(self._sites)
        await (self._gateway if posted else self._site)(scope, receive, send)


def create_app() -> ASGIApp:
    """The application of a worker process, over the installation that the settings name (for uvicorn's ``factory``)."""
    make_ready()
    opened = ExitStack()
    platform = opened.enter_context(open_platform(load_settings()))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        seconds = platform.settings.watch_seconds
        watch = Watch(platform.database, platform.clock, seconds) if seconds else None
        minutes = platform.settings.maintenance_minutes
        every_round = timedelta(minutes=minutes)
        folder = files_folder(platform.settings)
        caretaker = Caretaker(platform.database, platform.clock, every_round, folder) if minutes else None
        every = platform.settings.expire_seconds
        expiry = ExpiryLoop(platform.database, platform.clock, every_seconds=every) if every else None
        between = platform.settings.notice_seconds
        notices = NoticeLoop(platform, every_seconds=between) if between else None
        pause = platform.settings.message_seconds
        messenger = Messenger(platform, every_seconds=pause) if pause else None
        rounds = (
            [
                Rounds("premiums", lambda: follow_orders(platform.premiums), every_seconds=every),
                Rounds("wallet", lambda: follow_transfers(platform.wallets), every_seconds=every),
                Rounds("quotas", lambda: end_changed_quotas(platform.wallets), every_seconds=max(every, QUOTA_SECONDS)),
                Rounds("reminders", lambda: carry_out_reminders(platform), every_seconds=every),
                Rounds("decisions", lambda: carry_out_decisions(platform), every_seconds=every),
            ]
            if every
            else []
        )
        try:
            yield
        finally:
            for thread in (watch, caretaker, expiry, notices, messenger, *rounds):
                if thread is not None:
                    thread.close()
            opened.close()

    return build_app(platform, lifespan)
