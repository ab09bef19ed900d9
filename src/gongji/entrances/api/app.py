"""The REST API as one application, to be mounted at ``/api``: ``/api/v1/…``, its documentation at ``/api/docs``."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gongji.entrances.api import (
    accounts,
    alert_rules,
    alerts,
    allotment,
    authorisations,
    claims,
    clearing,
    counter,
    filings,
    freezes,
    holds,
    institution_keys,
    ledger,
    letters,
    people,
    premiums,
    quotas,
    reminders,
    rules,
    settlements,
    wallet,
)
from gongji.entrances.api.docs_page import docs_html
from gongji.entrances.api.problems import add_problems
from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.platform import Platform
from gongji.foundation.errors import InvalidInput

#: The largest document is 5 MiB (see `gongji.family.evidence`); the rest is the form around it.
LARGEST_BODY: Final = 6 * 1024 * 1024

_ABOUT: Final = (
    "家庭共济 for programs: people, balances, settlements with their explanation, authorisations, and the rules. Amounts are whole fen "
    "(分); moments carry their zone; names of other people are masked. Every failure is a problem document with a "
    "stable code and a sentence in Chinese and English."
)

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


def build_api(platform: Platform) -> FastAPI:
    """The API over a running platform, for mounting at ``/api``."""
    app = FastAPI(
        title="Gongji 共济 REST API",
        version=version("gongji"),
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
    )
    app.state.platform = platform
    app.state.atlas = Atlas(platform.rules)
    app.add_middleware(BodyLimit)
    add_problems(app)
    for router in (
        people.router,
        accounts.router,
        filings.router,
        freezes.router,
        holds.router,
        counter.router,
        settlements.router,
        authorisations.router,
        premiums.router,
        wallet.router,
        quotas.router,
        allotment.router,
        claims.router,
        reminders.router,
        ledger.router,
        alerts.router,
        alert_rules.router,
        letters.router,
        clearing.router,
        institution_keys.router,
        rules.router,
    ):
        app.include_router(router)

    @app.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(
            docs_html(app.openapi(), request.scope.get("root_path", "")),
            headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"},
        )

    return app


class BodyLimit:
    """Stops reading a body that is too large, whatever its Content-Length says, and completes the answer's headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what comes in."""
        read = 0

        async def receive_counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST_BODY:
                raise InvalidInput(
                    "request.too_large",
                    f"the request is larger than {LARGEST_BODY >> 20} MiB",
                    f"请求超过 {LARGEST_BODY >> 20} MB，请缩小文件后再传",
                    accepted=f"at most {LARGEST_BODY} bytes",
                )
            return message

        async def send_complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in _HEADERS.items()
                        if name.lower().encode() not in told
                    ),
                ]
            await send(message)

        await self._app(scope, receive_counted, send_complete)
