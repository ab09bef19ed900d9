"""The sandbox as one ASGI application: its pages below ``/sandbox``, the whole platform at every other address."""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.sandbox.page import BASE
from gongji.entrances.sandbox.pages import build_sandbox_pages

_DOORS: Final = ("/", BASE)


class SandboxApp:
    """Sends each request to where it belongs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._pages: ASGIApp = Starlette(routes=[Mount(BASE, build_sandbox_pages(sandbox))])
        self._server: ASGIApp = Starlette(lifespan=lambda _: sandbox.running())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and end with the process (ASGI)."""
        if scope["type"] == "lifespan":
            await self._server(scope, receive, send)
        elif scope["path"].startswith(f"{BASE}/"):
            await self._pages(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and scope["path"] in _DOORS:
            await RedirectResponse(f"{BASE}/")(scope, receive, send)
        else:
            await self._sandbox.serve(scope, receive, send)
